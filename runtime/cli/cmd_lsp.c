/* mig lsp: the language server, for editors. */
#include "runtime/cli/cli.h"

#include "compiler/lsp/lsp.h"
#include "compiler/lsp/text.h"
#include "runtime/engine/run.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HELP[] =
    "Speaks the Language Server Protocol on standard input and output: started by an editor, not by hand.\n"
    "It needs no database; tests are run in memory.\n\n"
    "  mig lsp\n\n"
    "docs/editors/ tells how to set up VS Code, vim, Neovim, emacs and helix.\n\n"
    "Exit codes: 0 the editor has shut the server down, 1 it went away without, 2 usage.\n";

/* The pages of codes are part of the program; an editor opens files. They are written once, into the user's
 * cache. */
struct code_pages {
    char *folder; /* NULL: no place for them */
    bool tried[DIAG_CODE_COUNT], there[DIAG_CODE_COUNT];
};

static char *make_folder(struct arena *arena, const char *base, const char *tail) {
    struct str path = arena_printf(arena, "%s/%s", base, tail);
    for (size_t i = strlen(base); i <= path.len; i++) {
        if (path.ptr[i] != '/' && path.ptr[i] != '\0') continue;
        char *part = arena_copy_cstr(arena, str_from(path.ptr, i));
        if (mkdir(part, 0700) != 0 && errno != EEXIST) return NULL;
    }
    return arena_copy_cstr(arena, path);
}

static void find_folder(struct arena *arena, struct code_pages *pages) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && cache[0] == '/')
        pages->folder = make_folder(arena, cache, "mig/errors-" MIG_VERSION);
    else if (home && home[0] == '/')
        pages->folder = make_folder(arena, home, ".cache/mig/errors-" MIG_VERSION);
}

/* A page that stands there already with this size is this program's own. */
static bool write_page(const char *path, struct str bytes, mode_t mode) {
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) && (size_t)status.st_size == bytes.len)
        return true;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) return false;
    bool fine = write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len;
    return close(fd) == 0 && fine;
}

static bool find_page(void *context, enum diag_code code, struct arena *arena, struct str *uri) {
    struct code_pages *pages = context;
    struct str bytes;
    if (pages->folder == NULL) return false;
    struct str path = arena_printf(arena, "%s/%s.md", pages->folder, diag_code_id(code));
    if (!pages->tried[code]) pages->there[code] = cli_page(code, &bytes) && write_page(path.ptr, bytes, 0600);
    pages->tried[code] = true;
    if (!pages->there[code]) return false;
    *uri = lsp_path_to_uri(arena, path);
    return true;
}

/* A module of the standard library, for an editor to show: std/text.mig stands as std-text.mig beside the
 * pages. */
static bool copy_module(void *context, struct str name, struct arena *arena, struct str *uri) {
    const struct code_pages *pages = context;
    struct str bytes;
    if (pages->folder == NULL || !cli_embedded(name, &bytes)) return false;
    struct str path = arena_printf(arena, "%s/%.*s", pages->folder, STR_ARG(name));
    for (size_t i = strlen(pages->folder) + 1; i < path.len; i++)
        if (path.ptr[i] == '/') ((char *)path.ptr)[i] = '-';
    if (!write_page(path.ptr, bytes, 0400)) return false;
    *uri = lsp_path_to_uri(arena, path);
    return true;
}

/* The plan goes through its file format, as it does on every way to a run. */
static bool run_test(void *context, const struct plan *compiled, struct str title, struct buf *message) {
    (void)context;
    struct arena arena = {0};
    struct diag_list diags;
    struct buf written = {0};
    struct spec_test_report report = {0};
    diag_list_init(&diags, &arena);
    plan_write(compiled, &written);
    struct plan *plan = plan_read(&arena, buf_str(&written), STR("the spec"), &diags);
    const struct spec_test_options options = {.filter = title};
    if (plan) run_spec_tests(plan, &options, &arena, &report);
    const struct spec_test_result *test = NULL;
    for (uint32_t i = 0; i < report.tests.count; i++)
        if (str_eq(report.tests.items[i].title, title)) test = &report.tests.items[i];
    bool passed = test && test->passed;
    if (test == NULL)
        buf_printf(message, "'%.*s' could not be run%s%.*s", STR_ARG(title), diags.items.count ? ": " : "",
                   STR_ARG(diags.items.count ? diags.items.items[0]->message : STR("")));
    else
        buf_printf(message, "%s: '%.*s'", passed ? "passed" : "FAILED", STR_ARG(title));
    for (uint32_t i = 0; test && i < test->failures.count; i++)
        buf_printf(message, "\n%.*s", STR_ARG(test->failures.items[i]));
    buf_release(&written);
    arena_release(&arena);
    return passed;
}

int cmd_lsp(struct cli *cli, int argc, char **argv) {
    bool stdio = false;
    const struct option options[] = {
        {"stdio", 0, OPTION_FLAG, &stdio, NULL, "what it does anyway; some editors insist on saying so"},
        OPTION_END,
    };
    struct arguments arguments;
    struct code_pages pages = {0};
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 0) return cli_usage(cli, "it takes no arguments");
    find_folder(&cli->arena, &pages);
    /* Each change takes and gives back the memory of a whole compile: it stays with the process. */
    mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024 * 1024);
    const struct lsp_options server = {.in = STDIN_FILENO,
                                       .out = STDOUT_FILENO,
                                       .version = MIG_VERSION,
                                       .embedded = cli_embedded,
                                       .run_test = run_test,
                                       .code_page = find_page,
                                       .embedded_copy = copy_module,
                                       .context = &pages};
    return lsp_serve(&server);
}

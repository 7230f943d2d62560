/* Specs and plans from disk. */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_error(struct cli *cli, struct str path, const char *why) {
    struct diag *diag = diag_report(&cli->diags, X_FILE_UNREADABLE, (struct span){0}, "cannot read %.*s: %s",
                                    STR_ARG(path), why);
    if (strcmp(why, strerror(EISDIR)) == 0)
        diag_help(&cli->diags, diag, "Name a file in it.");
    else
        diag_help(&cli->diags, diag, "Check the path; it is taken from the current folder.");
    return false;
}

bool cli_read_file(struct cli *cli, struct str path, size_t limit, struct str *bytes) {
    struct buf content = {0};
    int fd = open(arena_copy_cstr(&cli->arena, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return file_error(cli, path, strerror(errno));
    ssize_t n;
    while ((n = read(fd, buf_reserve(&content, 65536), 65536)) != 0) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 || content.len + (size_t)n > limit) break;
        content.len += (size_t)n;
    }
    int failed = errno;
    close(fd);
    if (n == 0) *bytes = arena_copy_str(&cli->arena, buf_str(&content));
    buf_release(&content);
    return n == 0 || file_error(cli, path, n < 0 ? strerror(failed) : "it is too large");
}

struct str cli_folder_of(struct cli *cli, struct str path) {
    size_t end = path.len;
    while (end > 0 && path.ptr[end - 1] != '/')
        end--;
    if (end == 0) return STR(".");
    return arena_copy_str(&cli->arena, str_from(path.ptr, end > 1 ? end - 1 : 1));
}

/* std.text is std/text.mig inside the program; everything else is a file beside the spec. */
struct spec_files {
    struct cli *cli;
    struct str folder;
};

static struct str join_path(struct cli *cli, struct str folder, struct str path) {
    if (path.len && path.ptr[0] == '/') return path;
    if (str_is(folder, ".")) return path;
    return arena_printf(&cli->arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(path));
}

static const struct source_text *read_spec_file(void *context, struct str path, struct span asked_at,
                                                struct diag_list *diags) {
    struct spec_files *files = context;
    struct cli *cli = files->cli;
    struct str bytes;
    if (cli_embedded(path, &bytes)) return source_text_new(&cli->arena, path, bytes);
    struct str full = join_path(cli, files->folder, path);
    struct cli quiet = {.arena = {0}};
    diag_list_init(&quiet.diags, &quiet.arena);
    const struct source_text *text = NULL;
    if (cli_read_file(&quiet, full, PARSE_MAX_BYTES, &bytes)) {
        text = source_text_new(&cli->arena, full, bytes);
    } else {
        struct diag *diag = diag_report(diags, X_FILE_MISSING, asked_at, "%.*s",
                                        STR_ARG(quiet.diags.items.items[0]->message));
        diag_help(diags, diag, "Paths in a spec start at the spec's own folder.");
    }
    arena_release(&quiet.arena);
    return text;
}

const struct source_text *cli_open_spec(struct cli *cli, struct str path, struct compile_files *files) {
    struct str bytes;
    if (!cli_read_file(cli, path, PARSE_MAX_BYTES, &bytes)) return NULL;
    struct spec_files *context = ARENA_NEW(&cli->arena, struct spec_files);
    *context = (struct spec_files){cli, cli_folder_of(cli, path)};
    *files = (struct compile_files){read_spec_file, context};
    return source_text_new(&cli->arena, path, bytes);
}

struct plan *cli_compile(struct cli *cli, struct str path) {
    struct compile_files files;
    const struct source_text *spec = cli_open_spec(cli, path, &files);
    if (spec == NULL) return NULL;
    return cli->measured ? compile_spec_measured(&cli->arena, spec, &files, &cli->diags)
                         : compile_spec(&cli->arena, spec, &files, &cli->diags);
}

struct plan *cli_load_plan(struct cli *cli, struct str path, struct str *base_dir, int *exit_code) {
    struct str bytes;
    *base_dir = cli_folder_of(cli, path);
    *exit_code = EXIT_SPEC;
    if (str_ends_with(path, STR(".mig"))) {
        struct plan *compiled = cli_compile(cli, path);
        if (compiled == NULL) return NULL;
        struct buf written = {0};
        plan_write(compiled, &written);
        struct plan *plan = plan_read(&cli->arena, buf_str(&written), path, &cli->diags);
        buf_release(&written);
        return plan;
    }
    if (!cli_read_file(cli, path, PLAN_MAX_BYTES, &bytes)) return NULL;
    return plan_read(&cli->arena, bytes, path, &cli->diags);
}

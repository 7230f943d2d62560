/* mig fmt: lays specs out. */
#include "compiler/format/format.h"
#include "compiler/syntax/parse.h"
#include "runtime/cli/cli.h"

#include <errno.h>
#include <stdio.h>

static const char HELP[] =
    "Lays specs out in mig's one style and writes them back where anything changed. Only blanks, "
    "indentation\n"
    "and blank lines change: lines stay lines, and no word, text or comment is touched. A spec with syntax\n"
    "errors stays as it is.\n\n"
    "  mig fmt portal.mig\n"
    "  mig fmt --check specs/*.mig             for CI: writes nothing\n"
    "  mig fmt --diff portal.mig               shows what would change; writes nothing\n"
    "  mig fmt --stdin --stdin-filepath portal.mig < portal.mig    for editors\n\n"
    "Exit codes: 0 done, 1 a spec has syntax errors or could not be written, or (--check) is not laid out,\n"
    "2 usage.\n";

struct fmt {
    struct cli *cli;
    bool check, diff;
    uint32_t changed;
    struct buf files; /* JSON */
};

static bool read_stdin(struct cli *cli, struct str name, struct str *bytes) {
    struct buf content = {0};
    size_t n;
    while (content.len <= PARSE_MAX_BYTES && (n = fread(buf_reserve(&content, 65536), 1, 65536, stdin)) > 0)
        content.len += n;
    bool good = !ferror(stdin);
    if (good)
        *bytes = arena_copy_str(&cli->arena, buf_str(&content));
    else
        diag_report(&cli->diags, X_FILE_UNREADABLE, (struct span){0}, "cannot read %.*s: %s", STR_ARG(name),
                    strerror(errno));
    buf_release(&content);
    return good;
}

/* ------------------------------------------------------------------ results */

static void show_diff(struct fmt *fmt, struct str name, struct str before, struct str after) {
    struct buf out = {0};
    format_unified_diff(name, before, arena_printf(&fmt->cli->arena, "%.*s (formatted)", STR_ARG(name)),
                        after, &out);
    cli_print(&out);
    buf_release(&out);
}

static void add_json(struct fmt *fmt, struct str name, bool changed, struct str before, struct str after) {
    struct buf diff = {0};
    buf_append_cstr(&fmt->files, fmt->files.len ? ",{\"file\":" : "{\"file\":");
    buf_append_json(&fmt->files, name);
    buf_printf(&fmt->files, ",\"changed\":%s", changed ? "true" : "false");
    if (fmt->diff) {
        format_unified_diff(name, before, name, after, &diff);
        buf_append_cstr(&fmt->files, ",\"diff\":");
        buf_append_json(&fmt->files, buf_str(&diff));
    }
    buf_append_char(&fmt->files, '}');
    buf_release(&diff);
}

static bool format_text(struct fmt *fmt, struct str name, struct str bytes, bool is_stdin) {
    struct cli *cli = fmt->cli;
    struct str text;
    if (!format_source(&cli->arena, source_text_new(&cli->arena, name, bytes), &cli->diags, &text))
        return false;
    bool changed = !str_eq(text, bytes), writes = !fmt->check && !fmt->diff;
    fmt->changed += changed;
    if (cli->json) add_json(fmt, name, changed, bytes, text);
    if (!cli->json && changed && fmt->diff) show_diff(fmt, name, bytes, text);
    if (!cli->json && changed && fmt->check && !fmt->diff) printf("%.*s\n", STR_ARG(name));
    if (!cli->json && writes && is_stdin) fwrite(text.ptr, 1, text.len, stdout);
    return !writes || is_stdin || !changed || cli_replace_file(cli, name, text);
}

static void show_json(struct fmt *fmt) {
    struct buf out = {0}, diags = {0};
    diag_list_sort(&fmt->cli->diags);
    diag_list_render_json(&fmt->cli->diags, &diags);
    buf_printf(&out, "{\"files\":[%.*s],", STR_ARG(buf_str(&fmt->files)));
    buf_append(&out, diags.ptr + 1, diags.len - 1);
    cli_print(&out);
    buf_release(&out);
    buf_release(&diags);
}

/* ------------------------------------------------------------------ the command */

static bool format_files(struct fmt *fmt, const struct arguments *arguments) {
    bool good = true;
    for (uint32_t i = 0; i < arguments->words.count; i++) {
        struct str bytes, path = arguments->words.items[i];
        good = cli_read_file(fmt->cli, path, PARSE_MAX_BYTES, &bytes) &&
               format_text(fmt, path, bytes, false) && good;
    }
    return good;
}

int cmd_fmt(struct cli *cli, int argc, char **argv) {
    struct fmt fmt = {.cli = cli};
    bool from_stdin = false, good;
    struct str name = STR("standard input"), bytes;
    const struct option options[] = {
        {"check", 0, OPTION_FLAG, &fmt.check, NULL, "list the specs that are not laid out; write nothing"},
        {"diff", 0, OPTION_FLAG, &fmt.diff, NULL, "show what would change; write nothing"},
        {"stdin", 0, OPTION_FLAG, &from_stdin, NULL, "read standard input, write standard output"},
        {"stdin-filepath", 0, OPTION_TEXT, &name, "PATH", "what messages call standard input"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (from_stdin && arguments.words.count) return cli_usage(cli, "--stdin takes no files");
    if (!from_stdin && arguments.words.count == 0) return cli_usage(cli, "which spec?");
    if (from_stdin)
        good = read_stdin(cli, name, &bytes) && format_text(&fmt, name, bytes, true);
    else
        good = format_files(&fmt, &arguments);
    fflush(stdout);
    if (cli->json)
        show_json(&fmt);
    else
        cli_show_diags(cli);
    buf_release(&fmt.files);
    return good && !(fmt.check && fmt.changed) ? EXIT_WELL : EXIT_SPEC;
}

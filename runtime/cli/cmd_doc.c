/* mig doc: the mapping document that people sign. */
#include "compiler/document/document.h"
#include "runtime/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char HELP[] =
    "Writes the mapping document: for each target table where each column comes from, in words, and what is "
    "rejected, left out and warned of; codes, checks, personal data; a diagram; lines to sign on. The same "
    "input gives the same bytes.\n\n"
    "  mig doc portal.mig -o portal.html           one page that needs nothing else\n"
    "  mig doc portal.migc -o portal.md            the same as Markdown\n"
    "  mig doc portal.mig --format json            its content for other programs\n\n"
    "Exit codes: 0 written, 1 the spec is wrong or the file could not be written, 2 usage.\n";

enum { MOST_DATE_BYTES = 100 };

/* A new file, or in the place of an old one. */
static bool write_file(struct cli *cli, struct str path, struct str text) {
    int fd = open(arena_copy_cstr(&cli->arena, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST) return cli_replace_file(cli, path, text);
    int failed = fd < 0 ? errno : 0;
    for (size_t at = 0; failed == 0 && at < text.len;) {
        ssize_t n = write(fd, text.ptr + at, text.len - at);
        if (n < 0 && errno != EINTR) failed = errno;
        if (n > 0) at += (size_t)n;
    }
    if (fd >= 0 && close(fd) != 0 && failed == 0) failed = errno;
    if (failed == 0) return true;
    if (fd >= 0) unlink(arena_copy_cstr(&cli->arena, path));
    struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0}, "cannot write %.*s: %s",
                                    STR_ARG(path), strerror(failed));
    diag_help(&cli->diags, diag, "Name another place: `-o FILE.html`.");
    return false;
}

/* By the option, else by the file's name, else HTML. False: the name says nothing. */
static bool choose_format(struct cli *cli, struct str output) {
    if (cli->format != FORMAT_TEXT) return true;
    cli->format = FORMAT_HTML;
    if (str_ends_with(output, STR(".md")))
        cli->format = FORMAT_MARKDOWN;
    else if (str_ends_with(output, STR(".json")))
        cli->format = FORMAT_JSON;
    else
        return output.len == 0 || str_ends_with(output, STR(".html")) || str_ends_with(output, STR(".htm"));
    return true;
}

static bool write_document(struct cli *cli, const struct document *document, struct str output) {
    struct buf out = {0};
    if (cli->format == FORMAT_JSON)
        document_render_json(document, &out);
    else if (cli->format == FORMAT_MARKDOWN)
        document_render_markdown(document, &out);
    else
        document_render_html(document, &out);
    bool written = true;
    if (output.len)
        written = write_file(cli, output, buf_str(&out));
    else
        cli_print(&out);
    buf_release(&out);
    return written;
}

int cmd_doc(struct cli *cli, int argc, char **argv) {
    struct str output = {0}, date = {0}, base;
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, &output, "FILE",
         "where it goes: .html, .md or .json (default: HTML to standard output)"},
        {"date", 0, OPTION_TEXT, &date, "DATE", "the date that is to stand in it (default: none)"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    cli->for_pages = true;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 1) return cli_usage(cli, "one spec or plan, please");
    struct str from = arguments.words.items[0];
    if (date.len > MOST_DATE_BYTES) return cli_usage(cli, "--date is longer than %d bytes", MOST_DATE_BYTES);
    if (str_eq(output, from)) return cli_usage(cli, "-o names the spec itself: it would be overwritten");
    if (!choose_format(cli, output))
        return cli_usage(cli, "%.*s ends neither in .html nor .md nor .json: say which by --format",
                         STR_ARG(output));
    struct plan *plan = cli_load_plan(cli, from, &base, &code);
    struct document *document = plan ? document_make(&cli->arena, plan, date, &cli->diags) : NULL;
    if (document == NULL || !write_document(cli, document, output)) {
        cli_show_diags(cli);
        return EXIT_SPEC;
    }
    return EXIT_WELL;
}

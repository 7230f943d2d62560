/* mig disasm: a plan for people. */
#include "runtime/cli/cli.h"

static const char HELP[] =
    "Shows a plan's declarations and instructions beside the lines of the spec they come from.\n"
    "docs/plan-format.md says what each instruction does.\n\n"
    "  mig disasm portal.migc | less\n";

/* The text's lines: what tools search and compare. */
static void add_json(struct str text, struct buf *out) {
    buf_append_cstr(out, "{\"lines\":[");
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.ptr) - at : text.len - at;
        if (at) buf_append_char(out, ',');
        buf_append_json(out, str_from(text.ptr + at, len));
        at += len + 1;
    }
    buf_append_cstr(out, "]}\n");
}

int cmd_disasm(struct cli *cli, int argc, char **argv) {
    const struct option options[] = {OPTION_END};
    struct arguments arguments;
    struct str base;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 1) return cli_usage(cli, "one plan or spec, please");
    struct plan *plan = cli_load_plan(cli, arguments.words.items[0], &base, &code);
    if (plan == NULL) {
        cli_show_diags(cli);
        return code;
    }
    struct buf out = {0}, text = {0};
    plan_disassemble(plan, cli->json ? &text : &out);
    if (cli->json) add_json(buf_str(&text), &out);
    buf_release(&text);
    cli_print(&out);
    buf_release(&out);
    return EXIT_WELL;
}

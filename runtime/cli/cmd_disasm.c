/* mig disasm: a plan for people. */
#include "runtime/cli/cli.h"

static const char HELP[] =
    "Shows a plan's declarations and instructions beside the lines of the spec they come from.\n"
    "docs/plan-format.md says what each instruction does.\n\n"
    "  mig disasm portal.migc | less\n";

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
    struct buf out = {0};
    plan_disassemble(plan, &out);
    cli_print(&out);
    buf_release(&out);
    return EXIT_WELL;
}

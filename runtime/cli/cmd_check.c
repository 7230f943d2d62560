/* mig check: what is wrong with specs. */
#include "runtime/cli/cli.h"

#include <stdio.h>

static const char HELP[] =
    "Compiles each spec and shows everything that is wrong with it, each with its place, the reason and what "
    "to do.\n"
    "Needs no database: the target's DDL is read from the file that the spec names.\n\n"
    "  mig check portal.mig\n"
    "  mig check --format json specs/*.mig     for tools\n\n"
    "Exit codes: 0 no errors (warnings are shown), 1 errors, 2 usage.\n";

int cmd_check(struct cli *cli, int argc, char **argv) {
    bool strict = false;
    const struct option options[] = {
        {"strict", 0, OPTION_FLAG, &strict, NULL, "warnings count as errors"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "which spec?");
    for (uint32_t i = 0; i < arguments.words.count; i++) {
        struct plan *plan = cli_compile(cli, arguments.words.items[i]);
        if (plan == NULL || cli->json) continue;
        printf("%.*s: no errors, %u maps, %u checks, %u tests\n", STR_ARG(arguments.words.items[i]),
               plan->maps_count, plan->checks_count, plan->tests_count);
    }
    fflush(stdout);
    cli_show_diags(cli);
    return cli->diags.error_count || (strict && cli->diags.warning_count) ? EXIT_SPEC : EXIT_WELL;
}

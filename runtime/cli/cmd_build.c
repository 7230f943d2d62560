/* mig build: a spec to a plan. */
#include "runtime/cli/cli.h"

#include <stdio.h>

static const char HELP[] =
    "Compiles a spec to a plan: one file that holds everything a run needs but the data and the secrets. The "
    "same\n"
    "spec gives the same bytes. The plan runs on a machine that has neither the spec nor the DDL.\n\n"
    "  mig build portal.mig -o portal.migc\n"
    "  mig run portal.migc --env staging --data /exports\n\n"
    "Exit codes: 0 built, 1 the spec is wrong, 2 usage.\n";

int cmd_build(struct cli *cli, int argc, char **argv) {
    struct str output = {0};
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, &output, "PLAN",
         "where the plan goes (default: the spec's name with .migc)"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 1) return cli_usage(cli, "one spec, please");
    struct str spec = arguments.words.items[0];
    if (output.len == 0) {
        struct str stem = str_ends_with(spec, STR(".mig")) ? str_from(spec.ptr, spec.len - 4) : spec;
        output = arena_printf(&cli->arena, "%.*s.migc", STR_ARG(stem));
    }
    struct plan *plan = cli_compile(cli, spec);
    struct buf bytes = {0};
    bool good = plan != NULL;
    if (good) {
        plan_write(plan, &bytes);
        good = plan_read(&cli->arena, buf_str(&bytes), output, &cli->diags) &&
               cli_write_file(cli, output, buf_str(&bytes));
    }
    if (good && !cli->json) {
        uint8_t hash[32];
        plan_hash(plan, hash);
        printf("%.*s: %zu bytes, sha256 ", STR_ARG(output), bytes.len);
        for (int i = 0; i < 32; i++)
            printf("%02x", hash[i]);
        printf("\n");
    }
    fflush(stdout);
    cli_show_diags(cli);
    buf_release(&bytes);
    return good ? EXIT_WELL : EXIT_SPEC;
}

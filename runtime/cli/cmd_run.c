/* mig run: migrate. */
#include "runtime/cli/cli.h"
#include "runtime/cli/run_params.h"
#include "runtime/cli/run_session.h"
#include "runtime/postgres/sandbox.h"

#include <stdlib.h>

static const char HELP[] =
    "Reads the sources, transforms and validates every row, loads the target, runs the checks and prints a "
    "report.\n"
    "Rows that cannot go are kept whole, each with its reason, under WORK_DIR/RUN/quarantine/.\n\n"
    "  mig run portal.mig --sandbox --param 'cutover=2025-09-19 00:00 Australia/Sydney'\n"
    "  mig run portal.migc --env staging --data /exports\n"
    "  mig run portal.mig --env prod --dry-run       reads and transforms, writes nothing\n"
    "  mig run portal.mig --env prod --only tenant=acme\n\n"
    "Secrets come from the environment (MIG_PARAM_NAME) or --param-file, never from the command line.\n"
    "Exit codes: 0 done, 1 the spec is wrong, 2 usage, 3 rows rejected beyond tolerance, 4 a check failed,\n"
    "5 source or target unreachable, 6 stopped half-way, 7 refused.\n";

struct run_arguments {
    struct str environment, data, phase, work_dir, param_file, log, target_url, sandbox_dir;
    struct option_texts params, only;
    bool rehearse, sandbox, dry_run, allow_extern, quiet;
};

/* The sandbox with the target's schema in it: applied once, when the database is still empty of it. */
static bool use_sandbox(struct cli *cli, const struct run_arguments *a, const struct plan *plan,
                        struct run_options *options) {
    struct sandbox sandbox;
    struct str dir = a->sandbox_dir.len ? a->sandbox_dir : sandbox_default_dir(&cli->arena);
    if (!sandbox_start(&cli->arena, dir, &sandbox, &cli->diags)) return false;
    options->target_url = sandbox.url;
    options->sandbox_dir = sandbox.dir;
    return cli_apply_schema(cli, sandbox.url, plan);
}

static int prepare_and_run(struct cli *cli, struct run_arguments *a, struct str path) {
    struct run_options options = {.environment = a->environment,
                                  .phase = a->phase,
                                  .dry_run = a->dry_run,
                                  .rehearse = a->rehearse,
                                  .allow_extern = a->allow_extern,
                                  .target_url = a->target_url};
    struct run_param_list params = {0}, given = {0}, only = {0};
    struct str base;
    int code = EXIT_USAGE;
    if (!cli_collect_pairs(cli, &a->params, "param", &given, &code) ||
        !cli_collect_pairs(cli, &a->only, "only", &only, &code))
        return code;
    struct plan *plan = cli_load_plan(cli, path, &base, &code);
    if (plan == NULL) {
        cli_show_diags(cli);
        return code;
    }
    if (!cli_refuse_secrets(cli, plan, &given, &code)) return code;
    if (a->param_file.len && !cli_read_param_file(cli, a->param_file, &params)) {
        cli_show_diags(cli);
        return EXIT_USAGE;
    }
    for (uint32_t i = 0; i < given.items.count; i++)
        VEC_PUSH(&cli->arena, &params.items, given.items.items[i]);
    options.params = params.items.items;
    options.param_count = params.items.count;
    options.only = only.items.items;
    options.only_count = only.items.count;
    options.base_dir = a->data.len ? a->data : base;
    options.work_dir = a->work_dir.len ? a->work_dir : STR(".mig");
    const char *temp = getenv("TMPDIR");
    options.temp_dir = str_cstr(temp && *temp ? temp : "/tmp");
    if ((a->sandbox || a->sandbox_dir.len) && !use_sandbox(cli, a, plan, &options)) {
        cli_show_diags(cli);
        return EXIT_UNREACHABLE;
    }
    return cli_run_session(cli, plan, &options, a->log, a->quiet);
}

int cli_run_command(struct cli *cli, bool rehearse, const char *help, int argc, char **argv) {
    struct run_arguments a = {.rehearse = rehearse};
    struct option options[] = {
        {"env", 'e', OPTION_TEXT, &a.environment, "NAME",
         "environment of the spec: its target, its tolerance"},
        {"param", 'p', OPTION_LIST, &a.params, "NAME=VALUE",
         "a parameter's value (not for secrets); repeatable"},
        {"param-file", 0, OPTION_TEXT, &a.param_file, "FILE", "lines NAME=VALUE, secrets too"},
        {"data", 0, OPTION_TEXT, &a.data, "DIR",
         "where relative source paths start (default: the spec's folder)"},
        {"only", 0, OPTION_LIST, &a.only, "PART=VALUE", "only rows of that part, see `partition by`"},
        {"phase", 0, OPTION_TEXT, &a.phase, "NAME", "only the maps of that phase"},
        {"sandbox", 0, OPTION_FLAG, &a.sandbox, NULL,
         "load into the sandbox, a private Postgres that mig starts"},
        {"sandbox-dir", 0, OPTION_TEXT, &a.sandbox_dir, "DIR", "the sandbox's folder (implies --sandbox)"},
        {"target", 0, OPTION_TEXT, &a.target_url, "URL", "load here instead of the environment's target"},
        {"work-dir", 0, OPTION_TEXT, &a.work_dir, "DIR", "for reports and quarantine (default: .mig)"},
        {"log", 0, OPTION_TEXT, &a.log, "FILE", "log file (default: WORK_DIR/mig.log)"},
        {"quiet", 'q', OPTION_FLAG, &a.quiet, NULL, "no log and progress on the console"},
        {"allow-extern", 0, OPTION_FLAG, &a.allow_extern, NULL,
         "load the spec's extern functions (they can do anything)"},
        {"dry-run", 0, OPTION_FLAG, &a.dry_run, NULL,
         "read and transform everything, write nothing to the target"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (rehearse) options[sizeof options / sizeof *options - 2].name = NULL; /* no --dry-run */
    if (!cli_start(cli, options, help, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 1) return cli_usage(cli, "one spec or plan, please");
    return prepare_and_run(cli, &a, arguments.words.items[0]);
}

int cmd_run(struct cli *cli, int argc, char **argv) {
    return cli_run_command(cli, false, HELP, argc, argv);
}

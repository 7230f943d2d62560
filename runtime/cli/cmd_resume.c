/* mig resume: goes on with a run that was interrupted. */
#include "runtime/cli/run_ref.h"
#include "runtime/cli/run_session.h"

static const char HELP[] =
    "Goes on with the latest run, or RUN, where it was interrupted: a kill, a lost server, a closed window. "
    "Rows whose\n"
    "batches are committed are passed over, the rest is loaded; the target ends as if nothing had happened.\n"
    "Refused when the sources or the target's tables have changed since; what has changed is said.\n\n"
    "  mig resume\n"
    "  mig resume 2cde99ae --data /mnt/exports\n\n"
    "Secrets are given as for `mig run`: MIG_PARAM_NAME or --param-file. Exit codes: as `mig run`.\n";

static bool may_resume(struct cli *cli, const struct run_ref *ref) {
    struct str state = ref->info->state;
    if (ref->info->purged) {
        struct diag *diag = diag_report(&cli->diags, X_NOT_RESUMABLE, (struct span){0},
                                        "what the run kept of its rows has expired and was purged");
        diag_help(&cli->diags, diag, "`mig run` starts a new one.");
        return false;
    }
    if (str_is(state, "running") || str_is(state, "stopped") || str_is(state, "failed")) return true;
    struct diag *diag = diag_report(&cli->diags, X_NOT_RESUMABLE, (struct span){0},
                                    "the run is %.*s: there is nothing to resume", STR_ARG(state));
    diag_help(&cli->diags, diag, "`mig status` shows it; `mig run` starts a new one.");
    return false;
}

int cmd_resume(struct cli *cli, int argc, char **argv) {
    struct run_ref_arguments a = {0};
    struct str log = {0};
    bool quiet = false;
    const struct option options[] = {
        RUN_REF_OPTIONS(a),
        RUN_REPLAY_OPTIONS(a),
        {"log", 0, OPTION_TEXT, &log, "FILE", "log file (default: WORK_DIR/mig.log)"},
        {"quiet", 'q', OPTION_FLAG, &quiet, NULL, "no log and progress on the console"},
        OPTION_END,
    };
    struct arguments arguments;
    struct run_ref ref;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1) return cli_usage(cli, "one run, please");
    struct str word = arguments.words.count ? arguments.words.items[0] : STR("");
    bool found = run_ref_open(cli, &a, word, &ref, &code);
    if (found && !may_resume(cli, &ref)) {
        found = false;
        code = EXIT_REFUSED;
    }
    run_ref_close(&ref);
    if (!found) {
        cli_show_diags(cli);
        return code;
    }
    ref.options.again = ref.info;
    return cli_run_session(cli, ref.plan, &ref.options, log, quiet);
}

/* mig report: what a run did, from the file it left. */
#include "runtime/cli/cli.h"
#include "runtime/engine/run.h"

#include <unistd.h>

static const char HELP[] = "Prints the report of the latest run, or of RUN, a run's id. It is read from a "
                           "file; no database is needed.\n\n"
                           "  mig report\n"
                           "  mig report --work-dir specs/portal/.mig --format json\n\n"
                           "Exit code: that of the run.\n";

int cmd_report(struct cli *cli, int argc, char **argv) {
    struct str work_dir = STR(".mig"), bytes;
    const struct option options[] = {
        {"work-dir", 0, OPTION_TEXT, &work_dir, "DIR", "where runs leave their reports (default: .mig)"},
        OPTION_END,
    };
    struct arguments arguments;
    struct run_report report;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1) return cli_usage(cli, "one run, please");
    struct str run = arguments.words.count ? arguments.words.items[0] : STR("latest");
    struct str path = arena_printf(&cli->arena, "%.*s/%.*s/report.json", STR_ARG(work_dir), STR_ARG(run));
    struct str started =
        arena_printf(&cli->arena, "%.*s/%.*s/invocation.json", STR_ARG(work_dir), STR_ARG(run));
    if (access(path.ptr, F_OK) != 0 && access(started.ptr, F_OK) == 0) {
        struct diag *diag = diag_report(&cli->diags, X_FILE_UNREADABLE, (struct span){0},
                                        "the run has left no report: it is under way, or was interrupted");
        diag_help(&cli->diags, diag, "`mig status` shows what it has committed, and the next command.");
        cli_show_diags(cli);
        return EXIT_USAGE;
    }
    if (access(path.ptr, F_OK) != 0) {
        struct diag *diag = diag_report(&cli->diags, X_FILE_UNREADABLE, (struct span){0},
                                        "there is no report %.*s", STR_ARG(path));
        diag_help(&cli->diags, diag,
                  "A run leaves it in .mig of the folder where it was started, or in its --work-dir: "
                  "`mig report --work-dir FOLDER/.mig`.");
        cli_show_diags(cli);
        return EXIT_USAGE;
    }
    if (!cli_read_file(cli, path, 64 << 20, &bytes) ||
        !run_report_read(bytes, &cli->arena, &report, &cli->diags)) {
        cli_show_diags(cli);
        return EXIT_USAGE;
    }
    struct buf out = {0};
    if (cli->json)
        run_report_json(&report, &out);
    else
        run_report_text(&report, isatty(STDOUT_FILENO) && cli->colour, &out);
    cli_print(&out);
    buf_release(&out);
    return run_exit_code(report.status);
}

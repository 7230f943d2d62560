/* See run_session.h. */
#include "runtime/cli/run_session.h"

#include "runtime/cli/run_log.h"
#include "runtime/engine/invocation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile int stop_asked;

static void ask_to_stop(int signal_number) {
    (void)signal_number;
    stop_asked = 1;
}

static bool make_dirs(struct cli *cli, struct str path) {
    for (size_t i = 1; i <= path.len; i++)
        if (i == path.len || path.ptr[i] == '/')
            if (mkdir(arena_copy_cstr(&cli->arena, str_from(path.ptr, i)), 0700) != 0 && errno != EEXIST)
                return false;
    return true;
}

static void save_report(struct cli *cli, const struct run_report *report, struct str work_dir) {
    struct buf json = {0};
    struct str dir = arena_printf(&cli->arena, "%.*s/%s", STR_ARG(work_dir), report->run_id);
    struct str path = arena_printf(&cli->arena, "%.*s/report.json", STR_ARG(dir));
    struct str fresh = arena_printf(&cli->arena, "%.*s.new", STR_ARG(path));
    run_report_json(report, &json);
    bool good = make_dirs(cli, dir);
    int fd = good ? open(fresh.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    good = fd >= 0 && write(fd, json.ptr, json.len) == (ssize_t)json.len;
    if (fd >= 0 && close(fd) != 0) good = false;
    buf_release(&json);
    /* Whoever is killed here leaves the report whole, or the one before. */
    good = good && rename(fresh.ptr, path.ptr) == 0 &&
           invocation_point(work_dir, report->rehearsal ? "rehearsal" : "latest", report->run_id);
    if (good) return;
    struct diag *diag = diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0},
                                    "could not write the report: %s", strerror(errno));
    diag_place(&cli->diags, diag, "%.*s", STR_ARG(path));
}

static void print_report(struct cli *cli, const struct run_report *report) {
    struct buf out = {0};
    if (cli->json)
        run_report_json(report, &out);
    else
        run_report_text(report, isatty(STDOUT_FILENO) && cli->colour, &out);
    cli_print(&out);
    fflush(stdout);
    buf_release(&out);
}

static void show_run_diags(struct cli *cli) {
    enum output_format format = cli->format;
    cli->format = FORMAT_TEXT; /* standard output holds the report */
    cli_show_diags(cli);
    cli->format = format;
}

static enum undo_status undo_run(struct cli *cli, const struct plan *plan, const struct run_options *options,
                                 struct run_report *report, struct undo_report *undone) {
    enum pg_error error = PG_OK;
    struct str url =
        run_target_url(plan, options->environment, options->target_url, &cli->arena, &cli->diags);
    struct pg_connection *connection = url.len ? pg_connect(url, NULL, &error, &cli->diags) : NULL;
    if (connection == NULL) return UNDO_UNREACHABLE;
    struct journal_run_info *info =
        journal_read_run(connection, &cli->arena, str_cstr(report->run_id), &cli->diags);
    struct run_options again = *options;
    again.target_url = url;
    struct undo_options undo = {
        .policy = UNDO_STOP, .url = url, .run = &again, .observer = options->observer, .stop = options->stop};
    enum undo_status status =
        info ? undo_execute(connection, plan, info, &undo, &cli->arena, undone, &cli->diags)
             : UNDO_UNREACHABLE;
    pg_close(connection);
    return status;
}

/* `window … else rollback`: what the run committed is taken out, as by `mig rollback`. The exit code. */
static int undo_now(struct cli *cli, const struct plan *plan, const struct run_options *options,
                    struct run_report *report) {
    struct undo_report undone = {0};
    uint64_t rows = 0;
    enum undo_status status = undo_run(cli, plan, options, report, &undone);
    for (uint32_t i = 0; i < undone.maps.count; i++)
        rows += undone.maps.items[i]->rows_deleted + undone.maps.items[i]->rows_restored;
    if (status == UNDO_DONE) {
        report->rolled_back = true;
        struct str note =
            arena_printf(&cli->arena,
                         "The run did not fit into its window; %llu rows were taken out in %.2f s, as the "
                         "environment says. `mig resume` cannot go on with it: `mig run` starts anew.",
                         (unsigned long long)rows, undone.seconds);
        VEC_PUSH(&cli->arena, &report->notes, note);
        return EXIT_STOPPED;
    }
    struct diag *diag =
        diag_report(&cli->diags, X_WINDOW_UNDO, (struct span){0},
                    "the run did not fit into its window, and what it committed is not all taken out");
    diag_help(
        &cli->diags, diag,
        "Look at it by `mig rollback --check`, go on by `mig rollback`, with `--policy` where others changed "
        "rows.");
    return cli_undo_exit_code(status);
}

int cli_run_session(struct cli *cli, const struct plan *plan, struct run_options *options,
                    struct str log_path, bool quiet) {
    struct run_log log;
    struct run_report report = {0};
    const char *path = log_path.len ? arena_copy_cstr(&cli->arena, log_path) : "";
    if (log_path.len == 0 && make_dirs(cli, options->work_dir))
        path = arena_printf(&cli->arena, "%.*s/mig.log", STR_ARG(options->work_dir)).ptr;
    if (!run_log_open(&log, path, quiet)) {
        diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0}, "cannot open the log file %s: %s", path,
                    strerror(errno));
        show_run_diags(cli);
        return EXIT_USAGE;
    }
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    options->stop = &stop_asked;
    options->observer = run_log_observer(&log);
    enum run_status status = run_execute(plan, options, &cli->arena, &report, &cli->diags);
    int code = run_exit_code(status);
    if (report.undo_asked) code = undo_now(cli, plan, options, &report);
    run_log_close(&log);
    /* What an earlier go at the run left is worth more than the report of one that was refused. */
    if (report.began || options->again == NULL) save_report(cli, &report, options->work_dir);
    print_report(cli, &report);
    show_run_diags(cli);
    return code;
}

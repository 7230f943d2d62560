/* mig rollback: takes a run back, or shows what that would do. */
#include "runtime/cli/run_log.h"
#include "runtime/cli/run_ref.h"
#include "runtime/cli/run_session.h"
#include "runtime/rollback/rollback.h"

#include <signal.h>
#include <stdio.h>

static const char HELP[] =
    "Undoes the latest run, or RUN: deletes what it inserted, puts back what it updated, in batches, the "
    "last one "
    "first. Rows that others have changed since are told apart; --policy says what becomes of them:\n\n"
    "  stop       nothing is done if there are any (the default)\n"
    "  keep       they stay, and are listed\n"
    "  overwrite  they are undone, too; what others wrote is kept in mig.conflict\n"
    "  merge      where others changed other columns than the run, the run's are put back; else they stay\n\n"
    "  mig rollback --check                     what there is to undo; changes nothing\n"
    "  mig rollback\n"
    "  mig rollback 2cde99ae --env prod --policy keep\n"
    "  mig rollback --only tenant=acme          that part alone, as `partition by` names it\n\n"
    "To tell which inserted rows were changed, the run's sources are read again if there is need to.\n"
    "Interrupted, it goes on when it is started again.\n"
    "Exit codes: 0 undone, 2 usage, 4 something is not as it was, 5 target unreachable, 6 stopped half-way, "
    "7 refused.\n";

static volatile int stop_asked;

static void ask_to_stop(int signal_number) {
    (void)signal_number;
    stop_asked = 1;
}

static bool find_policy(struct cli *cli, struct str name, enum undo_policy *policy, int *code) {
    struct str names[UNDO_POLICY_COUNT];
    *policy = UNDO_STOP;
    if (name.len == 0) return true;
    for (int i = 0; i < UNDO_POLICY_COUNT; i++) {
        names[i] = str_cstr(undo_policy_name((enum undo_policy)i));
        *policy = (enum undo_policy)i;
        if (str_eq(name, names[i])) return true;
    }
    struct str close = diag_closest_name(name, names, UNDO_POLICY_COUNT);
    *code = close.len ? cli_usage(cli, "there is no policy `%.*s`; did you mean `%.*s`?", STR_ARG(name),
                                  STR_ARG(close))
                      : cli_usage(cli, "there is no policy `%.*s`; there are stop, keep, overwrite and merge",
                                  STR_ARG(name));
    return false;
}

static bool read_part(struct cli *cli, struct str only, struct undo_options *undo, int *code) {
    size_t at = 0;
    while (at < only.len && only.ptr[at] != '=')
        at++;
    if (only.len == 0) return true;
    if (at == 0 || at == only.len) {
        *code = cli_usage(cli, "--only takes PART=VALUE");
        return false;
    }
    undo->part = str_from(only.ptr, at);
    undo->value = str_from(only.ptr + at + 1, only.len - at - 1);
    return true;
}

int cli_undo_exit_code(enum undo_status status) {
    switch (status) {
    case UNDO_DONE: return EXIT_WELL;
    case UNDO_REFUSED: return EXIT_REFUSED;
    case UNDO_USAGE: return EXIT_USAGE;
    case UNDO_WRONG: return EXIT_CHECK;
    case UNDO_UNREACHABLE: return EXIT_UNREACHABLE;
    default: return EXIT_STOPPED;
    }
}

/* Standard output holds one document: the report, or where there is none the diagnostics. */
static void show_diags(struct cli *cli, bool reported) {
    enum output_format format = cli->format;
    if (reported) cli->format = FORMAT_TEXT;
    cli_show_diags(cli);
    cli->format = format;
}

static int roll_back(struct cli *cli, struct run_ref *ref, struct undo_options *options, bool quiet) {
    struct undo_report report;
    struct run_log log;
    struct buf out = {0};
    run_log_open(&log, "", quiet || options->check);
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    options->stop = &stop_asked;
    options->observer = run_log_observer(&log);
    options->url = ref->options.target_url;
    options->run = &ref->options;
    enum undo_status status =
        undo_execute(ref->connection, ref->plan, ref->info, options, &cli->arena, &report, &cli->diags);
    run_log_close(&log);
    if (cli->json)
        undo_report_json(&report, &out);
    else
        undo_report_text(&report, &out);
    cli_print(&out);
    fflush(stdout);
    buf_release(&out);
    return cli_undo_exit_code(status);
}

int cmd_rollback(struct cli *cli, int argc, char **argv) {
    struct run_ref_arguments a = {0};
    struct undo_options undo = {0};
    struct str policy = STR("");
    struct str only = STR("");
    bool quiet = false;
    const struct option options[] = {
        {"check", 0, OPTION_FLAG, &undo.check, NULL, "only show what there is to undo"},
        {"policy", 0, OPTION_TEXT, &policy, "POLICY", "rows changed by others: stop, keep, overwrite, merge"},
        {"only", 0, OPTION_TEXT, &only, "PART=VALUE", "only rows of that part, see `partition by`"},
        {"skip-irreversible", 0, OPTION_FLAG, &undo.skip_irreversible, NULL,
         "leave what maps without a way back wrote"},
        {"quiet", 'q', OPTION_FLAG, &quiet, NULL, "no log and progress on the console"},
        RUN_REF_OPTIONS(a),
        RUN_REPLAY_OPTIONS(a),
        OPTION_END,
    };
    struct arguments arguments;
    struct run_ref ref;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1) return cli_usage(cli, "one run, please");
    if (!read_part(cli, only, &undo, &code)) return code;
    if (!find_policy(cli, policy, &undo.policy, &code)) return code;
    struct str word = arguments.words.count ? arguments.words.items[0] : STR("");
    bool opened = run_ref_open(cli, &a, word, &ref, &code);
    if (opened) code = roll_back(cli, &ref, &undo, quiet);
    run_ref_close(&ref);
    show_diags(cli, opened);
    return code;
}

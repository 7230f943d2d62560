/* mig retry: repaired rows go in behind what the run has loaded; others are closed without. */
#include "runtime/cli/repair_file.h"
#include "runtime/cli/run_log.h"
#include "runtime/cli/run_ref.h"
#include "runtime/engine/target_postgres.h"
#include "runtime/value/uuid.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

static const char HELP[] = "Takes repaired rows of the latest run, or RUN, through the same plan, into the "
                           "target, each once; rows that "
                           "were rejected\n"
                           "because they refer to one of them go along. Rows that fail again stay open with "
                           "the new reason. Or closes "
                           "rows without loading them.\n\n"
                           "  mig quarantine export -o repair           then repair the files\n"
                           "  mig retry --from repair\n"
                           "  mig retry 2cde99ae --from repair/orders.csv\n"
                           "  mig retry --dismiss orders:17 --because 'a test order, not a customer'\n\n"
                           "Secrets are given as for `mig run`. Exit codes: 0 what was given is loaded or "
                           "closed; 2 usage, or a file that "
                           "does not fit;\n"
                           "3 rows were rejected again; 5 source or target unreachable; 6 stopped half-way: "
                           "what is committed stands; 7 "
                           "refused.\n";

struct retry_arguments {
    struct run_ref_arguments ref;
    struct str from, because, log;
    struct option_texts dismiss;
    bool quiet;
    bool shown; /* a result is printed */
};

static const char *state_name(enum journal_state state) {
    return state == JOURNAL_DONE ? "done" : state == JOURNAL_STOPPED ? "stopped" : "failed";
}

static void print_left(const struct ledger_totals *left, enum journal_state state, struct str run) {
    printf("\nrejected rows: %llu open, %llu closed\nrun %.8s is %s\n", (unsigned long long)left->open,
           (unsigned long long)left->closed, run.ptr, state_name(state));
    if (state == JOURNAL_STOPPED)
        printf("next: `mig resume %.8s` runs the maps and checks that its tolerance kept from running\n",
               run.ptr);
    else if (left->open)
        printf("next: `mig quarantine show %.8s`\n", run.ptr);
    else
        printf("next: `mig verify %.8s` proves it\n", run.ptr);
}

static void append_left(struct buf *out, const struct ledger_totals *left, enum journal_state state) {
    buf_printf(out, ",\"open\":%llu,\"closed\":%llu,\"state\":\"%s\"}\n", (unsigned long long)left->open,
               (unsigned long long)left->closed, state_name(state));
}

/* ---------------------------------------------------------------- repaired rows */

static void print_text(const struct run_report *report, const struct retry_report *retried) {
    for (uint32_t i = 0; i < retried->maps.count; i++) {
        const struct retry_map_report *m = &retried->maps.items[i];
        printf("%.*s: %llu repaired rows: %llu loaded, %llu rejected again, %llu left out", STR_ARG(m->map),
               (unsigned long long)m->repaired, (unsigned long long)m->loaded, (unsigned long long)m->again,
               (unsigned long long)m->skipped);
        if (m->unchanged)
            printf("; %llu rows of the files are as they were", (unsigned long long)m->unchanged);
        if (m->followed)
            printf("; %llu more, because what they refer to is there now", (unsigned long long)m->followed);
        printf("\n");
    }
    if (retried->maps.count == 0) printf("nothing was loaded\n");
    for (uint32_t m = 0; m < report->maps.count; m++)
        for (uint32_t i = 0; i < report->maps.items[m]->reasons.count; i++) {
            const struct run_reason *reason = &report->maps.items[m]->reasons.items[i];
            if (reason->kind != OUTCOME_REJECTED) continue;
            printf("  %.*s: %llu rejected", STR_ARG(report->maps.items[m]->name),
                   (unsigned long long)reason->count);
            if (reason->line) printf(" by %.*s:%u", STR_ARG(reason->file), reason->line);
            printf("  %.*s\n", STR_ARG(reason->example.len ? reason->example : reason->text));
        }
}

static void print_json(struct str run, const struct retry_report *retried) {
    struct buf out = {0};
    buf_printf(&out, "{\"run\":\"%.*s\",\"maps\":[", STR_ARG(run));
    for (uint32_t i = 0; i < retried->maps.count; i++) {
        const struct retry_map_report *m = &retried->maps.items[i];
        buf_append_cstr(&out, i ? ",{\"name\":" : "{\"name\":");
        buf_append_json(&out, m->map);
        buf_printf(&out,
                   ",\"repaired\":%llu,\"loaded\":%llu,\"rejected\":%llu,\"skipped\":%llu,\"followed\":%llu,"
                   "\"unchanged\":%llu}",
                   (unsigned long long)m->repaired, (unsigned long long)m->loaded,
                   (unsigned long long)m->again, (unsigned long long)m->skipped,
                   (unsigned long long)m->followed, (unsigned long long)m->unchanged);
    }
    buf_append_char(&out, ']');
    append_left(&out, &retried->left, retried->state);
    cli_print(&out);
    buf_release(&out);
}

static int load_repairs(struct cli *cli, struct retry_arguments *a, struct run_ref *ref) {
    struct repairs repairs = {0};
    struct run_report report = {0};
    struct retry_report retried = {0};
    struct run_log log;
    if (!repairs_read(cli, ref->plan, a->from, &repairs)) return EXIT_USAGE;
    struct str path =
        a->log.len ? a->log : arena_printf(&cli->arena, "%.*s/mig.log", STR_ARG(ref->options.work_dir));
    if (!run_log_open(&log, arena_copy_cstr(&cli->arena, path), a->quiet)) {
        diag_report(&cli->diags, X_OUTPUT_WRITE, (struct span){0}, "cannot open the log file %.*s: %s",
                    STR_ARG(path), strerror(errno));
        return EXIT_USAGE;
    }
    ref->options.observer = run_log_observer(&log);
    enum run_status status = retry_execute(ref->plan, &ref->options, ref->info, repairs.items.items,
                                           repairs.items.count, &cli->arena, &report, &retried, &cli->diags);
    run_log_close(&log);
    if (status != RUN_OK && retried.maps.count == 0) return run_exit_code(status);
    struct str run = uuid_format(&cli->arena, ref->info->run_id);
    a->shown = true;
    if (cli->json) {
        print_json(run, &retried);
    } else {
        print_text(&report, &retried);
        print_left(&retried.left, retried.state, run);
    }
    uint64_t again = 0;
    for (uint32_t i = 0; i < retried.maps.count; i++)
        again += retried.maps.items[i].again;
    return status != RUN_OK ? run_exit_code(status) : again ? EXIT_TOLERANCE : EXIT_WELL;
}

/* ---------------------------------------------------------------- dismissed rows */

static bool parse_ids(struct cli *cli, const struct retry_arguments *a, const struct run_ref *ref,
                      struct ledger_id *ids) {
    for (uint32_t i = 0; i < a->dismiss.items.count; i++) {
        uint32_t map;
        if (repair_id_parse(ref->plan, a->dismiss.items.items[i], &map, &ids[i].row_ordinal)) {
            ids[i].map = ref->plan->maps[map].name;
            continue;
        }
        struct diag *diag =
            diag_report(&cli->diags, X_REPAIR_FILE, (struct span){0}, "`%.*s` is no id of a rejected row",
                        STR_ARG(a->dismiss.items.items[i]));
        diag_help(&cli->diags, diag, "`mig quarantine show` lists them, as in `orders:17:0`.");
        return false;
    }
    return true;
}

static bool may_dismiss(struct cli *cli, const struct run_ref *ref) {
    if (str_is(ref->info->state, "done") || str_is(ref->info->state, "failed")) return true;
    struct diag *diag = diag_report(&cli->diags, X_NOT_RETRIABLE, (struct span){0},
                                    "the run is not finished: it is %.*s", STR_ARG(ref->info->state));
    diag_help(&cli->diags, diag, "`mig resume` goes on with it; `mig status` shows the next command.");
    return false;
}

static int dismiss(struct cli *cli, struct retry_arguments *a, struct run_ref *ref) {
    enum { LOCK_PATIENCE_MS = 3000 };
    struct ledger_id *ids = ARENA_ARRAY(&cli->arena, struct ledger_id, a->dismiss.items.count);
    const struct passwd *user = getpwuid(getuid());
    struct journal_run run;
    struct ledger_totals left;
    enum journal_state state;
    uint64_t closed = 0;
    if (!parse_ids(cli, a, ref, ids)) return EXIT_USAGE;
    if (!may_dismiss(cli, ref) || !journal_lock(ref->connection, LOCK_PATIENCE_MS, &cli->diags) ||
        !journal_reopen(ref->connection, ref->info->run_id, &run, &cli->diags))
        return EXIT_REFUSED;
    bool good =
        ledger_dismiss(ref->connection, &run, ids, a->dismiss.items.count, a->because,
                       str_cstr(user ? user->pw_name : "unknown"), timestamptz_now(), &closed, &cli->diags);
    if (!retry_settle_state(ref->connection, ref->plan, ref->info, &run, &left, &state, &cli->diags) || !good)
        return EXIT_UNREACHABLE;
    struct str run_text = uuid_format(&cli->arena, ref->info->run_id);
    a->shown = true;
    if (cli->json) {
        struct buf out = {0};
        buf_printf(&out, "{\"run\":\"%.*s\",\"dismissed\":%llu", STR_ARG(run_text),
                   (unsigned long long)closed);
        append_left(&out, &left, state);
        cli_print(&out);
        buf_release(&out);
    } else {
        printf("closed without loading: %llu\n", (unsigned long long)closed);
        print_left(&left, state, run_text);
    }
    if (closed >= a->dismiss.items.count) return EXIT_WELL;
    diag_help(&cli->diags,
              diag_report(&cli->diags, X_REPAIR_FILE, (struct span){0}, "only %llu of the rows were open",
                          (unsigned long long)closed),
              "`mig quarantine show` lists what is open, `--closed` the others, too.");
    return EXIT_USAGE;
}

int cmd_retry(struct cli *cli, int argc, char **argv) {
    struct retry_arguments a = {0};
    const struct option options[] = {
        {"from", 0, OPTION_TEXT, &a.from, "FILE|DIR",
         "repaired rows, as `mig quarantine export` writes them"},
        {"dismiss", 0, OPTION_LIST, &a.dismiss, "ID", "close this row without loading it; repeatable"},
        {"because", 0, OPTION_TEXT, &a.because, "REASON", "why; part of the audit trail"},
        RUN_REF_OPTIONS(a.ref),
        RUN_REPLAY_OPTIONS(a.ref),
        {"log", 0, OPTION_TEXT, &a.log, "FILE", "log file (default: WORK_DIR/mig.log)"},
        {"quiet", 'q', OPTION_FLAG, &a.quiet, NULL, "no log and progress on the console"},
        OPTION_END,
    };
    struct arguments arguments;
    struct run_ref ref = {0};
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1) return cli_usage(cli, "one run, please");
    if ((a.from.len > 0) == (a.dismiss.items.count > 0)) return cli_usage(cli, "either --from or --dismiss");
    if ((a.dismiss.items.count > 0) != (a.because.len > 0))
        return cli_usage(cli, "--dismiss needs --because 'the reason', and nothing else does");
    struct str word = arguments.words.count ? arguments.words.items[0] : STR("");
    if (run_ref_open(cli, &a.ref, word, &ref, &code))
        code = a.from.len ? load_repairs(cli, &a, &ref) : dismiss(cli, &a, &ref);
    run_ref_close(&ref);
    fflush(stdout);
    if (a.shown) cli->format = FORMAT_TEXT; /* standard output has the result */
    if (cli->diags.items.count || !a.shown) cli_show_diags(cli);
    return code;
}

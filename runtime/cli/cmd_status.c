/* mig status: the journal's word on a run, and the next command. */
#include "runtime/cli/run_ref.h"
#include "runtime/engine/run.h"
#include "runtime/postgres/pg_journal_ledger.h"
#include "runtime/postgres/pg_toggle.h"
#include "runtime/value/uuid.h"

#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "What the latest run, or RUN, has committed, map by map, from the journal in its target, and the command "
    "that comes next.\n\n"
    "  mig status\n"
    "  mig status 2cde99ae --env prod\n"
    "  mig status --target $PORTAL_URL             the latest run into that database\n";

/* Each state with the command that goes on from it. %.8s: the run. */
static const char *next_command(const struct journal_run_info *run, bool locked) {
    if (str_is(run->state, "running"))
        return locked ? "it is under way: wait for it" : "it was interrupted: `mig resume %.8s`";
    if (str_is(run->state, "stopped")) return "`mig resume %.8s` goes on; `mig rollback %.8s` undoes it";
    if (str_is(run->state, "rolling back")) return "`mig rollback %.8s` goes on";
    if (str_is(run->state, "rolled back")) return "nothing is open: its rows are gone, `mig run` starts anew";
    if (str_is(run->state, "failed") && run->exit_code == 4)
        return "`mig resume %.8s` makes the checks again; `mig rollback %.8s` undoes what is committed";
    if (str_is(run->state, "failed"))
        return run->exit_code == 3 ? "repair the rejected rows and `mig retry %.8s`, or `mig rollback %.8s`"
                                   : "read `mig report %.8s`; `mig rollback %.8s` undoes what is committed";
    return "`mig verify %.8s` proves it";
}

static struct str run_text(struct cli *cli, const struct journal_run_info *run) {
    return uuid_format(&cli->arena, run->run_id);
}

static struct str next_text(struct cli *cli, const struct journal_run_info *run, bool locked) {
    struct buf out = {0};
    struct str id = run_text(cli, run);
    for (const char *p = next_command(run, locked); *p; p++) {
        if (strncmp(p, "%.8s", 4) != 0) {
            buf_append_char(&out, *p);
            continue;
        }
        buf_append(&out, id.ptr, 8);
        p += 3;
    }
    struct str text = arena_copy_str(&cli->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

struct part_list {
    struct journal_part_info *items;
    uint32_t count;
};

static void print_parts(struct cli *cli, const struct journal_run_info *run, const struct part_list *parts) {
    for (uint32_t i = 0; i < parts->count; i++) {
        const struct journal_part_info *p = &parts->items[i];
        if (p->done)
            printf("\npart %.*s=%.*s was rolled back, %.*s", STR_ARG(p->part), STR_ARG(p->value),
                   STR_ARG(p->changed_at));
        else
            printf("\npart %.*s=%.*s is rolled back half-way since %.*s: `mig rollback %.8s --only "
                   "%.*s=%.*s` goes on",
                   STR_ARG(p->part), STR_ARG(p->value), STR_ARG(p->changed_at), run_text(cli, run).ptr,
                   STR_ARG(p->part), STR_ARG(p->value));
    }
    if (parts->count) printf("\n");
}

static void print_text(struct cli *cli, const struct journal_run_info *run, const struct part_list *parts,
                       const struct ledger_totals *rejects, bool locked, uint32_t dropped) {
    printf("run %.*s of %.*s version %lld: %.*s\n", STR_ARG(run_text(cli, run)), STR_ARG(run->migration),
           (long long)run->version, STR_ARG(run->state));
    printf("started %.*s by %.*s on %.*s", STR_ARG(run->started_at), STR_ARG(run->who), STR_ARG(run->host));
    if (run->finished_at.len) printf(", finished %.*s", STR_ARG(run->finished_at));
    printf("\n\n");
    for (uint32_t i = 0; i < run->step_count; i++) {
        const struct journal_step_info *step = &run->steps[i];
        const struct journal_counts *c = &step->counts;
        printf("  %-24.*s %-8.*s %llu in, %llu written, %llu updated, %llu unchanged, %llu skipped, %llu "
               "rejected\n",
               STR_ARG(step->map), STR_ARG(step->state), (unsigned long long)c->in,
               (unsigned long long)c->written, (unsigned long long)c->updated,
               (unsigned long long)c->unchanged, (unsigned long long)c->skipped,
               (unsigned long long)c->rejected);
    }
    if (rejects->open + rejects->closed)
        printf("\nrejected rows: %llu open, %llu closed since; `mig quarantine show %.8s` lists them\n",
               (unsigned long long)rejects->open, (unsigned long long)rejects->closed,
               run_text(cli, run).ptr);
    print_parts(cli, run, parts);
    if (dropped)
        printf("\n%u indexes and foreign keys are dropped for a load that was interrupted; the next `mig "
               "resume` or "
               "`mig run` puts them back first\n",
               dropped);
    printf("\nnext: %.*s\n", STR_ARG(next_text(cli, run, locked)));
}

static void append_parts(const struct part_list *parts, struct buf *out) {
    buf_append_cstr(out, ",\"parts\":[");
    for (uint32_t i = 0; i < parts->count; i++) {
        const struct journal_part_info *p = &parts->items[i];
        buf_append_cstr(out, i ? ",{\"part\":" : "{\"part\":");
        buf_append_json(out, p->part);
        buf_append_cstr(out, ",\"value\":");
        buf_append_json(out, p->value);
        buf_printf(out, ",\"state\":\"%s\",\"at\":", p->done ? "rolled back" : "rolling back");
        buf_append_json(out, p->changed_at);
        buf_append_char(out, '}');
    }
    buf_append_char(out, ']');
}

static void print_json(struct cli *cli, const struct journal_run_info *run, const struct part_list *parts,
                       const struct ledger_totals *rejects, bool locked, uint32_t dropped) {
    struct buf out = {0};
    buf_append_cstr(&out, "{\"run\":");
    buf_append_json(&out, run_text(cli, run));
    buf_append_cstr(&out, ",\"migration\":");
    buf_append_json(&out, run->migration);
    buf_append_cstr(&out, ",\"state\":");
    buf_append_json(&out, run->state);
    buf_append_cstr(&out, ",\"started_at\":");
    buf_append_json(&out, run->started_at);
    buf_printf(&out, ",\"rejects_open\":%llu,\"rejects_closed\":%llu", (unsigned long long)rejects->open,
               (unsigned long long)rejects->closed);
    buf_append_cstr(&out, ",\"next\":");
    buf_append_json(&out, next_text(cli, run, locked));
    append_parts(parts, &out);
    buf_printf(&out, ",\"dropped_objects\":%u,\"maps\":[", dropped);
    for (uint32_t i = 0; i < run->step_count; i++) {
        const struct journal_counts *c = &run->steps[i].counts;
        buf_append_cstr(&out, i ? ",{\"map\":" : "{\"map\":");
        buf_append_json(&out, run->steps[i].map);
        buf_append_cstr(&out, ",\"state\":");
        buf_append_json(&out, run->steps[i].state);
        buf_printf(&out,
                   ",\"in\":%llu,\"written\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"skipped\":%llu,"
                   "\"rejected\":%llu}",
                   (unsigned long long)c->in, (unsigned long long)c->written, (unsigned long long)c->updated,
                   (unsigned long long)c->unchanged, (unsigned long long)c->skipped,
                   (unsigned long long)c->rejected);
    }
    buf_append_cstr(&out, "]}\n");
    cli_print(&out);
    buf_release(&out);
}

/* Objects that an interrupted load has dropped. */
static uint32_t count_dropped(struct cli *cli, struct pg_connection *connection) {
    struct toggle_list list = {0};
    struct diag_list quiet;
    diag_list_init(&quiet, &cli->arena);
    return toggle_read_pending(connection, &cli->arena, &list, &quiet) ? list.items.count : 0;
}

/* A run that no journal knows: its report is all there is. */
static int show_report(struct cli *cli, struct str folder) {
    struct str bytes, path = arena_printf(&cli->arena, "%.*s/report.json", STR_ARG(folder));
    struct run_report report;
    if (!cli_read_file(cli, path, 64 << 20, &bytes) ||
        !run_report_read(bytes, &cli->arena, &report, &cli->diags)) {
        cli_show_diags(cli);
        return EXIT_USAGE;
    }
    const char *why = report.dry_run ? "This was a dry run: it wrote nothing, and no journal knows it."
                      : report.rehearsal
                          ? "This was a rehearsal: it was rolled back, and no journal knows it."
                          : "This run used no database, so no journal knows it.";
    struct str next = arena_printf(&cli->arena, "`mig report %s` shows it again%s", report.run_id,
                                   report.dry_run || report.rehearsal ? "; `mig run` loads" : "");
    struct buf out = {0};
    if (cli->json) {
        buf_append_cstr(&out, "{\"run\":");
        buf_append_json(&out, str_cstr(report.run_id));
        buf_append_cstr(&out, ",\"journal\":false,\"next\":");
        buf_append_json(&out, next);
        buf_append_cstr(&out, ",\"report\":");
        run_report_json(&report, &out);
        while (out.len && out.ptr[out.len - 1] == '\n')
            out.len--;
        buf_append_cstr(&out, "}\n");
    } else {
        run_report_text(&report, false, &out);
        buf_printf(&out, "\n%s\nnext: %.*s\n", why, STR_ARG(next));
    }
    cli_print(&out);
    buf_release(&out);
    return EXIT_WELL;
}

int cmd_status(struct cli *cli, int argc, char **argv) {
    struct run_ref_arguments a = {0};
    const struct option options[] = {RUN_REF_OPTIONS(a), OPTION_END};
    struct arguments arguments;
    struct run_ref ref;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count > 1) return cli_usage(cli, "one run, please");
    struct str word = arguments.words.count ? arguments.words.items[0] : STR("");
    struct str folder = run_ref_only_report(cli, &a, word);
    if (folder.len) return show_report(cli, folder);
    if (!run_ref_open(cli, &a, word, &ref, &code)) {
        run_ref_close(&ref);
        cli_show_diags(cli);
        return code;
    }
    bool locked = journal_is_locked(ref.connection);
    uint32_t dropped = locked ? 0 : count_dropped(cli, ref.connection);
    struct part_list parts = {0};
    struct ledger_totals rejects;
    if (!journal_read_parts(ref.connection, ref.info->run_id, &cli->arena, &parts.items, &parts.count,
                            &cli->diags) ||
        !ledger_count(ref.connection, ref.info->run_id, &rejects, &cli->diags)) {
        run_ref_close(&ref);
        cli_show_diags(cli);
        return EXIT_UNREACHABLE;
    }
    if (cli->json)
        print_json(cli, ref.info, &parts, &rejects, locked, dropped);
    else
        print_text(cli, ref.info, &parts, &rejects, locked, dropped);
    run_ref_close(&ref);
    fflush(stdout);
    return EXIT_WELL;
}

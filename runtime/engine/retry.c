/* See retry.h. */
#include "runtime/engine/retry.h"

#include "runtime/engine/checks.h"
#include "runtime/engine/fingerprint.h"
#include "runtime/engine/map_internal.h"
#include "runtime/engine/replay.h"
#include "runtime/engine/target_postgres.h"

#include <stdlib.h>

struct retrying {
    struct engine *engine;
    struct target_postgres *pg;
    const struct journal_run_info *info;
    const struct retry_row *rows;
    uint32_t row_count;
    struct retry_report *report;
};

bool retry_has_run(const struct journal_run_info *info, struct str map) {
    for (uint32_t i = 0; i < info->step_count; i++)
        if (str_eq(info->steps[i].map, map)) return true;
    return false;
}

/* ---------------------------------------------------------------- what is fed */

static bool many_rows(const struct plan_map *map) {
    return map->stages_count > 0; /* a source row may make several */
}

static const char *not_retriable(const struct plan_map *map) {
    if (map->grouped) return "it groups rows: a repaired one would change a group's row that is loaded";
    if (map->target_table == 0) return "it writes a file";
    if (map->self_reference && many_rows(map))
        return "its rows refer to each other, and a source row makes several of them";
    return NULL;
}

static bool refuse_map(struct retrying *r, const struct plan_map *map, const char *why, struct str place) {
    struct diag *diag =
        diag_report(r->engine->diags, X_NOT_RETRIABLE, no_span(),
                    "rejected rows of map `%.*s` cannot be loaded on their own: %s", STR_ARG(map->name), why);
    diag_place(r->engine->diags, diag, "%.*s", STR_ARG(place));
    diag_help(
        r->engine->diags, diag,
        "Repair the source, `mig rollback`, and run again; or leave the rows out of the file, and close them "
        "with --dismiss and --because.");
    return engine_fail(r->engine, RUN_REFUSED);
}

/* Rejected only because of what a row refers to: worth another try when that may be there. */
static bool follows(const struct plan_map *map, const struct ledger_entry *entry) {
    return (str_is(entry->fault, fault_id(FAULT_MISSING_ROW)) ||
            str_is(entry->fault, fault_id(FAULT_PARENT_REJECTED)) ||
            (map->self_reference && str_is(entry->fault, fault_id(FAULT_REFERENCE_LOOP)))) &&
           not_retriable(map) == NULL;
}

static int compare_feeds(const void *a, const void *b) {
    const struct retry_feed *x = a, *y = b;
    if (x->ordinal != y->ordinal) return x->ordinal < y->ordinal ? -1 : 1;
    return (x->repair == NULL) - (y->repair == NULL); /* the repaired one first */
}

static const struct ledger_entry *find_entry(const struct ledger_entry *entries, uint32_t count,
                                             uint64_t ordinal, bool open_only) {
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].row_ordinal == ordinal && (entries[i].open || !open_only)) return &entries[i];
    return NULL;
}

static bool was_retried(const struct ledger_entry *entries, uint32_t count, uint64_t ordinal) {
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].row_ordinal == ordinal && !entries[i].open &&
            (str_is(entries[i].resolution, "loaded") || str_is(entries[i].resolution, "rejected again")))
            return true;
    return false;
}

static bool refuse_row(struct retrying *r, const struct retry_row *row, const struct ledger_entry *closed) {
    struct str map = r->engine->plan->maps[row->map].name;
    struct diag *diag =
        closed ? diag_report(r->engine->diags, X_REPAIR_FILE, no_span(),
                             "source row %llu of map `%.*s` is closed in the ledger: %.*s",
                             (unsigned long long)row->ordinal + 1, STR_ARG(map), STR_ARG(closed->resolution))
               : diag_report(r->engine->diags, X_REPAIR_FILE, no_span(),
                             "the run has not rejected source row %llu of map `%.*s`",
                             (unsigned long long)row->ordinal + 1, STR_ARG(map));
    diag_place(r->engine->diags, diag, "%.*s", STR_ARG(row->place));
    diag_help(r->engine->diags, diag,
              closed ? "Take the line out: nothing is loaded twice. `mig quarantine show` lists what is open."
                     : "Is it the file of another run? `mig quarantine show` lists what is open.");
    return engine_fail(r->engine, RUN_USAGE);
}

static bool add_repairs(struct retrying *r, uint32_t m, const struct ledger_entry *entries,
                        uint32_t entry_count) {
    struct retry_map *map = &r->engine->retry->maps[m];
    const struct plan_map *plan_map = &r->engine->plan->maps[m];
    bool good = true;
    for (uint32_t i = 0; i < r->row_count; i++) {
        const struct retry_row *row = &r->rows[i];
        if (row->map != m) continue;
        if (not_retriable(plan_map)) return refuse_map(r, plan_map, not_retriable(plan_map), row->place);
        if (plan_map->from_kind != FROM_SOURCE)
            return refuse_map(r, plan_map, "its rows are made from another map's", row->place);
        if (find_entry(entries, entry_count, row->ordinal, true) == NULL)
            good = refuse_row(r, row, find_entry(entries, entry_count, row->ordinal, false));
        else if (many_rows(plan_map) && was_retried(entries, entry_count, row->ordinal))
            good = refuse_map(r, plan_map,
                              "a source row makes several of its rows, and this one was retried before",
                              row->place);
        map->feeds[map->feed_count++] = (struct retry_feed){row->ordinal, row};
    }
    map->report.repaired = map->feed_count;
    return good;
}

static bool plan_map_feeds(struct retrying *r, uint32_t m) {
    struct engine *engine = r->engine;
    struct retry_map *map = &engine->retry->maps[m];
    const struct plan_map *plan_map = &engine->plan->maps[m];
    struct ledger_entry *entries;
    uint32_t count, kept = 0;
    map->report.map = plan_map->name;
    if (!ledger_read(r->pg->look, r->info->run_id, plan_map->name, false, engine->arena, &entries, &count,
                     engine->diags))
        return engine_fail(engine, RUN_UNREACHABLE);
    map->feeds = ARENA_ARRAY(engine->arena, struct retry_feed, count + r->row_count + 1);
    if (!add_repairs(r, m, entries, count)) return false;
    if (!many_rows(plan_map)) {
        map->rejected = ARENA_ARRAY(engine->arena, uint64_t, count + 1);
        for (uint32_t i = 0; i < count; i++) /* entries come by ordinal */
            if (!entries[i].by_server && !entries[i].from_retry)
                map->rejected[map->rejected_count++] = entries[i].row_ordinal;
    }
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].open && follows(plan_map, &entries[i]) &&
            !(many_rows(plan_map) && was_retried(entries, count, entries[i].row_ordinal)))
            map->feeds[map->feed_count++] = (struct retry_feed){entries[i].row_ordinal, NULL};
    qsort(map->feeds, map->feed_count, sizeof *map->feeds, compare_feeds);
    for (uint32_t i = 0; i < map->feed_count; i++)
        if (i == 0 || map->feeds[i].ordinal != map->feeds[kept - 1].ordinal)
            map->feeds[kept++] = map->feeds[i];
    map->feed_count = kept;
    return true;
}

/* What the crosswalk of a personal map says of repaired rows goes into the journal: sealed, or not at all. */
static bool may_journal(struct retrying *r, uint32_t m) {
    struct engine *engine = r->engine;
    const struct plan_map *map = &engine->plan->maps[m];
    if (engine->retry->maps[m].feed_count == 0 || engine->has_seal_key ||
        !crosswalk_is_personal(engine->plan, map))
        return true;
    struct diag *diag = diag_report(engine->diags, X_SEAL_KEY, no_span(),
                                    "rows of map `%.*s` are found by personal data, and %s is not set",
                                    STR_ARG(map->name), SEAL_KEY_VARIABLE);
    diag_help(engine->diags, diag,
              "A repaired row is in no source, so the journal keeps how it is found, sealed with that key.");
    return engine_fail(engine, RUN_USAGE);
}

static bool plan_feeds(struct retrying *r) {
    struct engine *engine = r->engine;
    for (uint32_t m = 0; m < engine->plan->maps_count; m++)
        if (!plan_map_feeds(r, m) || !may_journal(r, m)) return false;
    return true;
}

/* ---------------------------------------------------------------- feeding */

/* Rows that the server refused were taken for loaded when they came again. */
static bool forget_refused(struct retrying *r, uint32_t m) {
    struct engine *engine = r->engine;
    struct retry_map *map = &engine->retry->maps[m];
    struct ledger_entry *entries;
    uint32_t count, kept = 0;
    if (map->loaded.count == 0) return true;
    if (!ledger_read(r->pg->look, r->info->run_id, map->report.map, true, engine->arena, &entries, &count,
                     engine->diags))
        return engine_fail(engine, RUN_UNREACHABLE);
    for (uint32_t l = 0; l < map->loaded.count; l++) {
        const struct retry_position *p = &map->loaded.items[l];
        bool refused = false;
        for (uint32_t i = 0; i < count; i++)
            refused |=
                entries[i].by_server && entries[i].row_ordinal == p->ordinal && entries[i].nth == p->nth;
        if (!refused) map->loaded.items[kept++] = *p;
    }
    map->loaded.count = kept;
    return true;
}

/* Which rows of other maps' crosswalks were there before anything is fed. */
static void note_present(struct engine *engine, uint32_t m) {
    const struct plan_map *map = &engine->plan->maps[m];
    struct retry_map *state = &engine->retry->maps[m];
    if (map->from_kind != FROM_MAP) return;
    const struct keyed_table *table = engine->tables[engine->plan->maps[map->source].crosswalk - 1];
    state->present_count = table ? keyed_table_count(table) : 0;
    state->present = ARENA_ARRAY(engine->arena, uint8_t, state->present_count + 1);
    for (uint64_t row = 0; row < state->present_count; row++)
        state->present[row] = keyed_table_status(table, (int64_t)row) == KEYED_PRESENT;
}

static bool reads_fed_map(const struct engine *engine, uint32_t m) {
    const struct plan_map *map = &engine->plan->maps[m];
    return map->from_kind == FROM_MAP && engine->retry->maps[map->source].feed_count > 0 && !map->grouped;
}

static bool feed_map(struct retrying *r, uint32_t m) {
    struct engine *engine = r->engine;
    struct retry_map *map = &engine->retry->maps[m];
    if (!retry_has_run(r->info, engine->plan->maps[m].name)) return true;
    if (!engine_runs_map(engine, m) || (map->feed_count == 0 && !reads_fed_map(engine, m))) return true;
    if (!target_postgres_revive(r->pg)) return false;
    if (!engine_run_map(engine, m)) return false;
    const struct run_map_report *done = engine->report->maps.items[engine->report->maps.count - 1];
    uint64_t loaded = done->written + done->updated + done->unchanged;
    if (map->report.followed > loaded) map->report.followed = loaded;
    map->report.loaded = loaded - map->report.followed;
    map->report.repaired -= map->report.unchanged;
    map->report.again = done->rejected;
    map->report.skipped = done->skipped;
    engine_log(engine, done->rejected ? 'W' : 'I',
               "map %.*s: %llu repaired rows, %llu loaded, %llu rejected again, %llu left out, %llu followed",
               STR_ARG(map->report.map), (unsigned long long)map->report.repaired,
               (unsigned long long)map->report.loaded, (unsigned long long)map->report.again,
               (unsigned long long)map->report.skipped, (unsigned long long)map->report.followed);
    if (done->read || map->report.unchanged) VEC_PUSH(engine->report->arena, &r->report->maps, map->report);
    return true;
}

static bool feed_all(struct retrying *r) {
    struct engine *engine = r->engine;
    if (!retry_load_crosswalks(engine, RETRY_ALL)) return false;
    for (uint32_t m = 0; m < engine->plan->maps_count; m++) {
        if (!forget_refused(r, m)) return false;
        note_present(engine, m);
    }
    engine->replay = NULL;
    engine->retry->feeding = true;
    engine->writes++; /* lookups into the target see it as it is */
    engine->report->maps.count = 0;
    for (uint32_t m = 0; m < engine->plan->maps_count; m++)
        if (!feed_map(r, m)) return false;
    return true;
}

/* ---------------------------------------------------------------- before and after */

static bool is_finished(struct retrying *r) {
    const struct journal_run_info *info = r->info;
    struct engine *engine = r->engine;
    bool finished = str_is(info->state, "done") || str_is(info->state, "failed");
    for (uint32_t i = 0; i < info->step_count; i++)
        finished = finished && str_is(info->steps[i].state, "done");
    if (finished && !info->purged) return true;
    struct diag *diag = diag_report(engine->diags, X_NOT_RETRIABLE, no_span(),
                                    info->purged ? "what the run kept of its rows has expired and was purged"
                                                 : "the run is not finished: it is %.*s",
                                    STR_ARG(info->state));
    if (!info->purged)
        diag_help(engine->diags, diag, "`mig resume` goes on with it; `mig status` shows the next command.");
    return engine_fail(engine, RUN_REFUSED);
}

/* Done when nothing is open and nothing is left to run; a run that its tolerance stopped goes on by resume.
 */
static enum journal_state state_after(const struct plan *plan, const struct journal_run_info *info,
                                      uint64_t open) {
    if (str_is(info->state, "done")) return JOURNAL_DONE;
    bool tolerance = info->exit_code == run_exit_code(RUN_TOLERANCE);
    if (!tolerance || open) return JOURNAL_FAILED;
    bool all = info->phase.len == 0 && info->only.len == 0 && plan->checks_count == 0;
    for (uint32_t m = 0; m < plan->maps_count && all; m++) {
        all = plan->maps[m].target_table == 0 || retry_has_run(info, plan->maps[m].name);
    }
    return all ? JOURNAL_DONE : JOURNAL_STOPPED;
}

bool retry_settle_state(struct pg_connection *connection, const struct plan *plan,
                        const struct journal_run_info *info, const struct journal_run *run,
                        struct ledger_totals *left, enum journal_state *state, struct diag_list *diags) {
    if (!ledger_count(connection, info->run_id, left, diags)) return false;
    *state = state_after(plan, info, left->open);
    int32_t code = *state == JOURNAL_DONE      ? 0
                   : *state == JOURNAL_STOPPED ? run_exit_code(RUN_STOPPED)
                                               : info->exit_code;
    struct arena arena = {0};
    struct str detail = arena_printf(&arena, "{\"open\":%llu,\"closed\":%llu}",
                                     (unsigned long long)left->open, (unsigned long long)left->closed);
    bool good = journal_close_again(connection, run, *state, code, detail, timestamptz_now(), diags);
    arena_release(&arena);
    return good;
}

static void free_keys(struct engine *engine) {
    for (uint32_t m = 0; engine->retry && m < engine->plan->maps_count; m++) {
        struct retry_map *map = &engine->retry->maps[m];
        key_set_free(map->row_keys);
        key_set_free(map->unique_keys);
        winners_free(map->winners);
    }
}

static bool open_quarantine(struct retrying *r) {
    struct engine *engine = r->engine;
    engine->report->quarantine_dir = arena_printf(engine->arena, "%.*s/%s/quarantine",
                                                  STR_ARG(engine->options->work_dir), engine->report->run_id);
    engine->quarantine = quarantine_open(engine, engine->report->quarantine_dir);
    return !engine_stopped(engine);
}

static void run_retry(struct retrying *r, struct str url, struct target *target) {
    static const struct replay_options LOOK_ONLY = {0};
    struct engine *engine = r->engine;
    if (!target_postgres_open(r->pg, engine, url, target)) return;
    /* The run is this one's: its state is set again whatever happens now. */
    bool good = audit_write(engine, r->pg, "retry_started", STR(""), STR("{}")) && plan_feeds(r);
    engine->replay = &LOOK_ONLY;
    good = good && engine_replay_maps(engine);
    engine->replay = NULL;
    good = good && open_quarantine(r) && feed_all(r);
    if (good && r->pg->look && !pg_is_alive(r->pg->look)) pg_reconnect(r->pg->look, engine->diags);
    pg_rollback(r->pg->look);
    if (!retry_settle_state(r->pg->look, engine->plan, r->info, &r->pg->run, &r->report->left,
                            &r->report->state, engine->diags))
        engine_fail(engine, RUN_UNREACHABLE);
}

enum run_status retry_execute(const struct plan *plan, const struct run_options *options,
                              const struct journal_run_info *info, const struct retry_row *rows,
                              uint32_t count, struct arena *arena, struct run_report *report,
                              struct retry_report *retried, struct diag_list *diags) {
    struct target target = {0};
    struct target_postgres pg = {0};
    struct run_options again = *options;
    struct retry retry = {.maps = ARENA_ARRAY(arena, struct retry_map, plan->maps_count + 1)};
    again.again = info;
    struct engine engine = {.plan = plan,
                            .options = &again,
                            .arena = arena,
                            .diags = diags,
                            .report = report,
                            .retry = &retry,
                            .target = &target,
                            .started = monotonic_seconds()};
    struct retrying r = {&engine, &pg, info, rows, count, retried};
    engine_begin(&engine, report);
    engine_take_environment(&engine);
    bool good = is_finished(&r) && engine_prepare(&engine) && engine_check_sources(&engine);
    struct str url =
        good ? run_target_url(plan, options->environment, options->target_url, arena, diags) : STR("");
    if (good && url.len == 0) engine_fail(&engine, RUN_USAGE);
    if (!engine_stopped(&engine)) run_retry(&r, url, &target);
    report->seconds = monotonic_seconds() - engine.started;
    report->status = engine.status;
    free_keys(&engine);
    engine_release(&engine);
    target_postgres_close(&pg);
    return report->status;
}

/* Rolling back: the look, the decision, then batch by batch, the last one first, each in a transaction with a
 * row of its own in mig.undo. Killed at any point, it goes on where it was. */
#include "runtime/rollback/undo.h"

#include "runtime/engine/target_postgres.h"
#include "runtime/value/uuid.h"

#include <time.h>

enum { LOCK_PATIENCE_MS = 3000, TRIES = 6, PAUSE_NS = 200000000 };

static const char *const POLICY_NAMES[UNDO_POLICY_COUNT] = {"stop", "keep", "overwrite", "merge"};

const char *undo_policy_name(enum undo_policy policy) {
    return POLICY_NAMES[policy];
}

void undo_log(struct undo *u, char level, const char *format, ...) {
    struct buf line = {0};
    va_list args;
    if (u->options->observer.log == NULL) return;
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    u->options->observer.log(u->options->observer.context, level, buf_str(&line));
    buf_release(&line);
}

static struct str number_text(struct undo *u, int64_t n) {
    return arena_printf(u->arena, "%lld", (long long)n);
}

/* -- one transaction */

/* The run is still ours; whoever takes it over waits for this transaction. */
static bool check_fence(struct undo *u, bool *ours) {
    if (undo_has_part(u)) return undo_part_fence(u, ours);
    struct str params[] = {u->run_id, number_text(u, u->run.fence)};
    struct pg_result *r =
        pg_query(u->connection,
                 "SELECT FROM mig.run WHERE run_id = $1::uuid AND fence = $2::bigint AND state = "
                 "'rolling back' FOR SHARE",
                 params, 2, NULL);
    *ours = r && pg_result_rows(r) == 1;
    pg_result_free(r);
    return r != NULL;
}

static bool write_undo(struct undo *u, const struct undo_map *map, int64_t ordinal,
                       const struct undo_counts *c) {
    struct str params[] = {u->run_id,
                           map->map->name,
                           number_text(u, ordinal),
                           number_text(u, u->run.fence),
                           number_text(u, (int64_t)c->deleted),
                           number_text(u, (int64_t)c->restored),
                           number_text(u, (int64_t)c->overwritten),
                           number_text(u, (int64_t)c->merged)};
    return undo_run(
        u,
        "INSERT INTO mig.undo (run_id, map, ordinal, fence, deleted, restored, overwritten, merged)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params, 8, NULL);
}

static enum undo_status stop_fenced(struct undo *u) {
    pg_rollback(u->connection);
    diag_report(u->diags, X_PG_FENCED, (struct span){0}, "another mig has taken over run %.*s",
                STR_ARG(u->run_id));
    return UNDO_STOPPED;
}

static void help_go_on(struct undo *u, struct diag *d) {
    if (undo_has_part(u)) {
        diag_help(
            u->diags, d,
            "What is undone stays undone and is in the journal. `mig rollback %.8s --only %.*s=%.*s` goes on "
            "where this stopped.",
            u->run_id.ptr, STR_ARG(u->options->part), STR_ARG(u->options->value));
        return;
    }
    diag_help(
        u->diags, d,
        "What is undone stays undone and is in the journal. `mig rollback %.8s` goes on where this stopped.",
        u->run_id.ptr);
}

/* Rows whose versions changed between the look and the transaction. */
bool undo_count_now(struct undo *u, const struct undo_map *map, const struct undo_batch *batch,
                    uint64_t *now) {
    const struct undo_table *table = &u->tables.items[map->table];
    struct buf sql = {0}, xid = {0};
    buf_printf(&xid, "ARRAY['%.*s'::xid]", STR_ARG(batch->xid));
    buf_append_cstr(&sql, "SELECT count(*) FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE ");
    undo_append_written_by(&sql, table, "t", xid.ptr);
    if (batch->first.len)
        buf_printf(&sql, " AND t.ctid >= '%.*s'::tid AND t.ctid <= '%.*s'::tid", STR_ARG(batch->first),
                   STR_ARG(batch->last));
    undo_append_part(&sql, table, "t");
    struct pg_result *r = pg_query(u->connection, sql.ptr, NULL, 0, NULL);
    if (r) *now = (uint64_t)pg_result_int(r, 0, 0);
    pg_result_free(r);
    buf_release(&sql);
    buf_release(&xid);
    return r != NULL;
}

enum attempt { ATTEMPT_DONE, ATTEMPT_AGAIN, ATTEMPT_STOP };

static enum attempt stop_changed(struct undo *u, const struct undo_map *map, uint64_t rows) {
    pg_rollback(u->connection);
    struct diag *d = diag_report(u->diags, X_ROLLBACK_STOPPED, (struct span){0},
                                 "%llu rows of map `%.*s` were changed by others while the rollback went on",
                                 (unsigned long long)rows, STR_ARG(map->map->name));
    help_go_on(u, d);
    return ATTEMPT_STOP;
}

static enum attempt stop_refused(struct undo *u, const struct undo_map *map, struct str refused) {
    pg_rollback(u->connection);
    struct diag *d = diag_report(u->diags, X_ROLLBACK_STOPPED, (struct span){0},
                                 "a row that map `%.*s` updated cannot be put back: %.*s",
                                 STR_ARG(map->map->name), STR_ARG(refused));
    diag_help(
        u->diags, d,
        "Others have written a row since that stands in its way, or deleted one that it refers to. Correct "
        "that, or leave such rows as they are with --policy keep.");
    help_go_on(u, d);
    return ATTEMPT_STOP;
}

static enum attempt batch_failed(struct undo *u, const struct undo_map *map) {
    enum pg_error kind = pg_last_failure(u->connection)->kind;
    bool again = kind == PG_TRANSIENT || kind == PG_REFUSED;
    if (!again)
        help_go_on(u,
                   pg_report_failure(u->connection, u->diags,
                                     arena_printf(u->arena, "undo map %.*s", STR_ARG(map->map->name)).ptr));
    if (!again) pg_rollback(u->connection);
    return again ? ATTEMPT_AGAIN : ATTEMPT_STOP;
}

static enum attempt try_batch(struct undo *u, struct undo_map *map, struct undo_batch *batch) {
    struct undo_counts counts = {0};
    struct str refused = STR("");
    uint64_t now = 0;
    bool ours = true;
    if (!pg_exec(u->connection, "BEGIN", NULL) || !check_fence(u, &ours)) return batch_failed(u, map);
    if (!ours) {
        stop_fenced(u);
        return ATTEMPT_STOP;
    }
    if (!undo_count_now(u, map, batch, &now)) return batch_failed(u, map);
    if (now < batch->present && u->options->policy == UNDO_STOP)
        return stop_changed(u, map, batch->present - now);
    if (!undo_batch_rows(u, map, batch, &counts, &refused)) return batch_failed(u, map);
    if (refused.len && u->options->policy == UNDO_STOP) return stop_refused(u, map, refused);
    bool written = undo_has_part(u) ? undo_part_write(u, map, batch, now, &counts)
                                    : write_undo(u, map, batch->ordinal, &counts);
    if (!written) return batch_failed(u, map);
    if (!pg_exec(u->connection, "COMMIT", NULL)) return batch_failed(u, map);
    batch->undone = true;
    map->report->batches_undone++;
    map->report->rows_deleted += counts.deleted;
    map->report->rows_restored += counts.restored;
    map->report->rows_overwritten += counts.overwritten;
    map->report->rows_merged += counts.merged;
    map->report->rows_kept += counts.kept;
    return ATTEMPT_DONE;
}

static enum undo_status failure_status(struct undo *u) {
    return pg_is_alive(u->connection) ? UNDO_STOPPED : UNDO_UNREACHABLE;
}

static enum undo_status undo_one_batch(struct undo *u, struct undo_map *map, struct undo_batch *batch) {
    for (int i = 0; i < TRIES; i++) {
        enum attempt attempt = try_batch(u, map, batch);
        if (attempt == ATTEMPT_DONE) return UNDO_DONE;
        if (attempt == ATTEMPT_STOP) return failure_status(u);
        if (i + 1 < TRIES) {
            pg_rollback(u->connection);
            nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
        }
    }
    help_go_on(u, pg_report_failure(u->connection, u->diags,
                                    arena_printf(u->arena, "undo map %.*s", STR_ARG(map->map->name)).ptr));
    pg_rollback(u->connection);
    return failure_status(u);
}

/* -- maps */

static enum undo_status run_sql(struct undo *u, struct undo_map *map) {
    struct undo_counts none = {0};
    bool ours = true;
    if (map->sql_done) return UNDO_DONE;
    char *sql = arena_copy_cstr(u->arena, map->map->rollback_text);
    bool ok = pg_exec(u->connection, "BEGIN", NULL) && check_fence(u, &ours);
    if (ok && !ours) return stop_fenced(u);
    ok = ok && pg_exec(u->connection, sql, NULL) && write_undo(u, map, UNDO_SQL_ORDINAL, &none) &&
         pg_exec(u->connection, "COMMIT", NULL);
    if (!ok) {
        struct diag *d = pg_report_failure(
            u->connection, u->diags,
            arena_printf(u->arena, "run the rollback SQL of map %.*s", STR_ARG(map->map->name)).ptr);
        help_go_on(u, d);
        pg_rollback(u->connection);
        return failure_status(u);
    }
    map->report->sql_run = true;
    return UNDO_DONE;
}

static enum undo_status stopped_by_signal(struct undo *u) {
    struct diag *d =
        diag_report(u->diags, X_INTERRUPTED, (struct span){0}, "the rollback was stopped by a signal");
    help_go_on(u, d);
    return UNDO_STOPPED;
}

static enum undo_status lost_lock(struct undo *u) {
    struct diag *d = diag_report(u->diags, X_PG_LOST, (struct span){0},
                                 "the connection that kept other migs off this target was lost");
    help_go_on(u, d);
    return UNDO_UNREACHABLE;
}

static enum undo_status undo_map(struct undo *u, struct undo_map *map) {
    if (map->report->blocked.len) return UNDO_DONE;
    if (map->map->rollback == ROLLBACK_SQL) return run_sql(u, map);
    enum undo_status status = UNDO_DONE;
    for (uint32_t i = 0; i < map->batch_count && status == UNDO_DONE; i++) {
        if (map->batches[i].undone) continue;
        if (u->options->stop && *u->options->stop) return stopped_by_signal(u);
        if (!journal_lock_is_held(u->guard)) return lost_lock(u);
        status = undo_one_batch(u, map, &map->batches[i]);
        if (u->options->observer.progress)
            u->options->observer.progress(u->options->observer.context, map->map->name, i + 1, i + 1,
                                          map->batch_count);
    }
    if (status == UNDO_DONE)
        undo_log(u, 'I', "map %.*s: %llu rows deleted, %llu put back", STR_ARG(map->map->name),
                 (unsigned long long)map->report->rows_deleted,
                 (unsigned long long)map->report->rows_restored);
    return status;
}

enum undo_status undo_apply(struct undo *u) {
    enum undo_status status = UNDO_DONE;
    for (uint32_t m = 0; m < u->maps.count && status == UNDO_DONE; m++)
        status = undo_map(u, &u->maps.items[m]);
    if (status == UNDO_DONE) status = undo_sweep(u);
    return status;
}

/* -- the decision */

static bool refuse_blocked(struct undo *u) {
    if (u->options->skip_irreversible) return false;
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct undo_map_report *r = u->maps.items[m].report;
        if (r->blocked.len == 0 || r->inserted + r->updated == 0) continue;
        struct diag *d =
            diag_report(u->diags, r->none ? X_ROLLBACK_NO_WAY : X_ROLLBACK_IDENTITY, (struct span){0},
                        "map `%.*s` cannot be undone: %.*s", STR_ARG(r->map), STR_ARG(r->blocked));
        if (u->maps.items[m].untold && u->report->replay_failed.len)
            diag_help(u->diags, d, "Its sources would tell its rows from others, but: %.*s.",
                      STR_ARG(u->report->replay_failed));
        diag_help(
            u->diags, d,
            r->none
                ? "The spec says so (`rollback none`). --skip-irreversible leaves its rows and undoes the "
                  "other maps, as far as its rows do not refer to theirs."
                : "Nothing was done. Put right what is named, or leave this map's rows with "
                  "--skip-irreversible and undo them by hand.");
    }
    return u->report->blocked != 0;
}

static void append_count(struct buf *out, uint64_t n, const char *what) {
    if (n) buf_printf(out, "%s%llu %s", out->len ? ", " : "", (unsigned long long)n, what);
}

static bool refuse_conflicts(struct undo *u) {
    if (u->options->policy != UNDO_STOP || u->report->conflicts == 0) return false;
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct undo_map_report *r = u->maps.items[m].report;
        struct buf text = {0};
        if (r->blocked.len || r->way == ROLLBACK_SQL) continue;
        append_count(&text, r->edited.rows, "edited");
        append_count(&text, r->deleted.rows, "deleted");
        append_count(&text, r->between.rows, "changed between two writes of the run");
        append_count(&text, r->unclear.rows, "changed or deleted");
        append_count(&text, r->held.rows, "referred to by rows that stay");
        if (text.len) {
            struct diag *d = diag_report(u->diags, X_ROLLBACK_CONFLICT, (struct span){0},
                                         "rows of map `%.*s` are no longer as the run left them: %s",
                                         STR_ARG(r->map), text.ptr);
            diag_help(u->diags, d,
                      "Nothing was done. `mig rollback %.8s --check` shows which; --policy keep, overwrite "
                      "or merge "
                      "says what becomes of them.",
                      u->run_id.ptr);
        }
        buf_release(&text);
    }
    return true;
}

/* The policies that write over rows need to know them. */
static bool refuse_unclear(struct undo *u) {
    uint64_t unclear = 0;
    for (uint32_t m = 0; m < u->maps.count; m++)
        unclear += u->maps.items[m].report->unclear.rows;
    if (u->options->policy != UNDO_OVERWRITE || unclear == 0) return false;
    struct diag *d =
        diag_report(u->diags, X_ROLLBACK_IDENTITY, (struct span){0},
                    "%llu rows that the run inserted were changed or deleted since, and the journal does "
                    "not say which",
                    (unsigned long long)unclear);
    diag_help(u->diags, d, "Nothing was done. --policy keep undoes all other rows and leaves these.");
    return true;
}

/* -- from start to end */

/* What the temporary tables hold decides what is deleted: they must outlive the look. */
static bool chains_stand(struct undo *u) {
    for (uint32_t t = 0; t < u->tables.count; t++) {
        const struct undo_table *table = &u->tables.items[t];
        uint64_t rows = 0;
        struct str sql = arena_printf(u->arena, "SELECT count(*) FROM %.*s", STR_ARG(table->chain));
        if (table->chain.len == 0) continue;
        if (!undo_number(u, sql.ptr, &rows)) return false;
        if (rows == table->chain_rows) continue;
        diag_report(u->diags, X_ROLLBACK_STOPPED, (struct span){0},
                    "the rollback's list of updated rows of %.*s.%.*s is not complete: nothing was done",
                    STR_ARG(table->schema), STR_ARG(table->name));
        return false;
    }
    return true;
}

static bool look_once(struct undo *u) {
    bool ok = pg_exec(u->connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", u->diags) &&
              undo_preflight(u);
    ok = ok && pg_commit(u->connection, u->diags) && chains_stand(u);
    if (!ok) pg_rollback(u->connection);
    return ok;
}

static bool look_at_part(struct undo *u) {
    if (!undo_read_part(u)) return false;
    if (u->report->part_rows == 0 && !u->part_begun) {
        u->report->nothing = true;
        return true;
    }
    return look_once(u) && (!undo_unblock(u) || (undo_forget(u) && look_once(u)));
}

static bool look(struct undo *u) {
    if (!undo_survey(u) || !undo_make_temporary(u)) return false;
    if (undo_has_part(u)) return look_at_part(u);
    if (!look_once(u)) return false;
    if (u->options->run == NULL || !undo_needs_sources(u) || !undo_read_sources(u))
        return pg_is_alive(u->connection);
    return undo_forget(u) && look_once(u);
}

static struct str detail_json(struct undo *u) {
    uint64_t totals[5] = {0};
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct undo_map_report *r = u->maps.items[m].report;
        const uint64_t counts[] = {r->rows_deleted, r->rows_restored, r->rows_overwritten, r->rows_merged,
                                   r->rows_kept};
        for (int i = 0; i < 5; i++)
            totals[i] += counts[i];
    }
    return arena_printf(
        u->arena,
        "{\"policy\":\"%s\",\"deleted\":%llu,\"restored\":%llu,\"overwritten\":%llu,\"merged\":%llu,"
        "\"kept\":%llu}",
        undo_policy_name(u->options->policy), (unsigned long long)totals[0], (unsigned long long)totals[1],
        (unsigned long long)totals[2], (unsigned long long)totals[3], (unsigned long long)totals[4]);
}

static struct str kept_maps(struct undo *u) {
    struct buf out = {0};
    buf_append_char(&out, '{');
    for (uint32_t m = 0; m < u->maps.count; m++) {
        if (u->maps.items[m].report->blocked.len == 0) continue;
        buf_printf(&out, "%s\"%.*s\"", out.len > 1 ? "," : "", STR_ARG(u->maps.items[m].map->name));
    }
    buf_append_char(&out, '}');
    struct str text = arena_copy_str(u->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static enum undo_status check_state(struct undo *u) {
    if (!undo_read_parts(u)) return UNDO_UNREACHABLE;
    enum undo_status of_part = undo_has_part(u) ? undo_part_check(u) : UNDO_DONE;
    if (of_part != UNDO_DONE) return of_part;
    if (str_is(u->info->state, "rolled back")) {
        struct diag *d = diag_report(u->diags, X_ROLLBACK_STATE, (struct span){0},
                                     "run %.*s is rolled back already", STR_ARG(u->run_id));
        diag_help(u->diags, d, "Nothing is left to do; `mig run` starts anew.");
        return UNDO_REFUSED;
    }
    if (u->info->purged) {
        struct diag *d = diag_report(u->diags, X_ROLLBACK_STATE, (struct span){0},
                                     "run %.*s can no longer be rolled back: its retention is over, and `mig "
                                     "purge` has removed what it kept of rows",
                                     STR_ARG(u->run_id));
        diag_help(u->diags, d, "Rows as they were before are only in your own backups now.");
        return UNDO_REFUSED;
    }
    if (u->options->check) undo_warn_of_indexes(u);
    if (!u->options->check || !journal_is_locked(u->connection)) return UNDO_DONE;
    diag_set_severity(u->diags,
                      diag_report(u->diags, X_PG_LOCKED, (struct span){0},
                                  "a mig is at work on this target: what this shows may change"),
                      DIAG_WARNING);
    return UNDO_DONE;
}

static enum undo_status take_lock(struct undo *u) {
    enum pg_error error = PG_OK;
    struct pg_options options = {.application_name =
                                     arena_printf(u->arena, "mig rollback %.8s", u->run_id.ptr)};
    u->guard = pg_connect(u->options->url, &options, &error, u->diags);
    if (u->guard == NULL) return UNDO_UNREACHABLE;
    return journal_lock(u->guard, LOCK_PATIENCE_MS, u->diags) ? UNDO_DONE : UNDO_REFUSED;
}

/* A run that was thought dead may have committed one more batch before its fence was raised. */
static enum undo_status check_batches(struct undo *u) {
    uint64_t known = 0, now = 0;
    if (undo_has_part(u)) return UNDO_DONE; /* the run has come to its end */
    struct str sql =
        arena_printf(u->arena,
                     "SELECT count(*) FROM mig.batch b JOIN mig.step s USING (run_id, map) WHERE "
                     "b.run_id = '%.*s' AND s.target_table <> ''",
                     STR_ARG(u->run_id));
    for (uint32_t m = 0; m < u->maps.count; m++)
        known += u->maps.items[m].batch_count;
    if (!undo_number(u, sql.ptr, &now)) return failure_status(u);
    if (now == known) return UNDO_DONE;
    struct diag *d = diag_report(u->diags, X_ROLLBACK_STOPPED, (struct span){0},
                                 "the run wrote another batch just before it was taken over");
    help_go_on(u, d);
    return UNDO_STOPPED;
}

static enum undo_status start(struct undo *u) {
    if (undo_has_part(u)) return undo_part_start(u, detail_json(u), timestamptz_now());
    if (journal_start_rollback(u->connection, u->info->run_id, &u->run, detail_json(u), timestamptz_now(),
                               u->diags))
        return UNDO_DONE;
    return failure_status(u) == UNDO_STOPPED ? UNDO_REFUSED : UNDO_UNREACHABLE;
}

static bool finish(struct undo *u) {
    if (undo_has_part(u)) return undo_part_finish(u, detail_json(u), timestamptz_now());
    return journal_finish_rollback(u->connection, &u->run, kept_maps(u), detail_json(u), timestamptz_now(),
                                   u->diags);
}

static enum undo_status go(struct undo *u) {
    enum undo_status status = take_lock(u);
    if (status == UNDO_DONE) status = undo_restore_indexes(u);
    if (status != UNDO_DONE) return status;
    if (!look(u)) return pg_is_alive(u->connection) ? UNDO_REFUSED : UNDO_UNREACHABLE;
    if (u->report->nothing) return UNDO_DONE;
    bool blocked = refuse_blocked(u), conflicts = refuse_conflicts(u), unclear = refuse_unclear(u);
    if (blocked || conflicts || unclear) return UNDO_REFUSED;
    status = start(u);
    if (status != UNDO_DONE) return status;
    status = check_batches(u);
    if (status == UNDO_DONE) status = undo_apply(u);
    if (status == UNDO_DONE) status = undo_prove(u);
    if (status == UNDO_DONE) status = undo_validate_keys(u);
    if (status != UNDO_DONE && status != UNDO_WRONG) return status;
    return finish(u) ? status : failure_status(u);
}

enum undo_status undo_execute(struct pg_connection *connection, const struct plan *plan,
                              const struct journal_run_info *info, const struct undo_options *options,
                              struct arena *arena, struct undo_report *report, struct diag_list *diags) {
    struct timespec start, end;
    struct undo u = {.connection = connection,
                     .plan = plan,
                     .info = info,
                     .options = options,
                     .report = report,
                     .arena = arena,
                     .diags = diags};
    struct undo_options whole = *options;
    if (undo_part_is_whole_run(options)) {
        whole.part = whole.value = STR("");
        u.options = &whole;
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    u.run_id = uuid_format(arena, info->run_id);
    *report = (struct undo_report){.run_id = u.run_id,
                                   .migration = info->migration,
                                   .state = info->state,
                                   .policy = options->policy,
                                   .part = options->part,
                                   .value = options->value,
                                   .check = options->check};
    if (undo_has_part(&u)) undo_list_left_alone(&u);
    enum undo_status status = check_state(&u);
    if (status == UNDO_DONE) {
        if (!options->check)
            status = go(&u);
        else if (!look(&u))
            status = pg_is_alive(connection) ? UNDO_REFUSED : UNDO_UNREACHABLE;
    }
    pg_close(u.guard);
    undo_free_written(&u);
    clock_gettime(CLOCK_MONOTONIC, &end);
    report->seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    report->status = status;
    return status;
}

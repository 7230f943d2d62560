/* Reading the journal, for status, report, resume and verify. */
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"
#include "runtime/value/uuid.h"

static const char RUN_COLUMNS[] =
    "SELECT run_id, migration, environment, phase, only_part, state, mig_version, who, host, params::text,"
    " coalesce(summary::text, ''), version, fence, coalesce(exit_code, -1), pg_catalog.encode(plan_hash, "
    "'hex'),"
    " to_char(started_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " coalesce(to_char(finished_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), ''),"
    " (extract(epoch FROM started_at - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint,"
    " options::text, purged_at IS NOT NULL"
    " FROM mig.run";

static struct str copy_text(struct arena *arena, const struct pg_result *r, uint32_t row, uint32_t column) {
    return arena_copy_str(arena, pg_result_text(r, row, column));
}

static void fill_run(struct arena *arena, const struct pg_result *r, uint32_t row,
                     struct journal_run_info *run) {
    uuid_parse(pg_result_text(r, row, 0), &run->run_id);
    struct str *texts[] = {&run->migration,   &run->environment, &run->phase, &run->only,
                           &run->state,       &run->mig_version, &run->who,   &run->host,
                           &run->params_json, &run->summary_json};
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = copy_text(arena, r, row, i + 1);
    run->version = pg_result_int(r, row, 11);
    run->fence = pg_result_int(r, row, 12);
    run->exit_code = (int32_t)pg_result_int(r, row, 13);
    run->plan_hash = copy_text(arena, r, row, 14);
    run->started_at = copy_text(arena, r, row, 15);
    run->finished_at = copy_text(arena, r, row, 16);
    run->started_micros = pg_result_int(r, row, 17);
    run->options_json = copy_text(arena, r, row, 18);
    run->purged = pg_result_bool(r, row, 19);
}

bool journal_read_runs(struct pg_connection *connection, struct arena *arena, uint32_t limit,
                       struct journal_run_info **runs, uint32_t *count, struct diag_list *diags) {
    *runs = NULL;
    *count = 0;
    enum journal_presence presence = journal_find(connection, diags);
    if (presence != JOURNAL_PRESENT) return presence == JOURNAL_ABSENT;
    struct str sql = arena_printf(arena, "%s ORDER BY started_at DESC, run_id LIMIT %u", RUN_COLUMNS, limit);
    struct pg_result *r = pg_query(connection, sql.ptr, NULL, 0, diags);
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *runs = ARENA_ARRAY(arena, struct journal_run_info, *count);
    for (uint32_t i = 0; i < *count; i++)
        fill_run(arena, r, i, &(*runs)[i]);
    pg_result_free(r);
    return true;
}

static bool read_sources(struct pg_connection *connection, struct arena *arena, struct journal_run_info *run,
                         struct diag_list *diags) {
    char text[UUID_TEXT_SIZE];
    struct str param = journal_uuid_text(run->run_id, text);
    struct pg_result *r =
        pg_query(connection,
                 "SELECT source, file, bytes, pg_catalog.encode(sha256, 'hex') FROM mig.run_source"
                 " WHERE run_id = $1 ORDER BY seq",
                 &param, 1, diags);
    if (r == NULL) return false;
    run->source_count = pg_result_rows(r);
    run->sources = ARENA_ARRAY(arena, struct journal_source, run->source_count);
    for (uint32_t i = 0; i < run->source_count; i++) {
        struct journal_source *s = &run->sources[i];
        s->source = copy_text(arena, r, i, 0);
        s->file = copy_text(arena, r, i, 1);
        s->bytes = (uint64_t)pg_result_int(r, i, 2);
        s->hashed = !pg_result_is_null(r, i, 3);
        struct str hex = pg_result_text(r, i, 3);
        for (size_t b = 0; b < sizeof s->sha256 && 2 * b + 1 < hex.len; b++) {
            char c = hex.ptr[2 * b], d = hex.ptr[2 * b + 1];
            s->sha256[b] =
                (uint8_t)((c <= '9' ? c - '0' : c - 'a' + 10) << 4 | (d <= '9' ? d - '0' : d - 'a' + 10));
        }
    }
    pg_result_free(r);
    return true;
}

static bool read_steps(struct pg_connection *connection, struct arena *arena, struct journal_run_info *run,
                       struct diag_list *diags) {
    static const char SQL[] =
        "SELECT s.map, CASE WHEN s.target_table = '' THEN '' ELSE s.target_schema || '.' || s.target_table "
        "END,"
        " s.state, s.identity, coalesce(b.rows_in, s.rows_in, 0), coalesce(b.written, s.written, 0),"
        " coalesce(b.updated, s.updated, 0), coalesce(b.unchanged, s.unchanged, 0), coalesce(b.skipped, "
        "s.skipped, 0),"
        " coalesce(b.rejected, s.rejected, 0), coalesce(b.warned, s.warned, 0), coalesce(b.batches, 0),"
        " coalesce(b.next, 0), coalesce(b.end_row, 0), to_char(s.started_at, "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
        " coalesce(to_char(s.finished_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')"
        /* a row that was retried counts once, as what became of it in the end */
        " FROM mig.step s LEFT JOIN (SELECT map, sum(rows_in) FILTER (WHERE origin = 'source') AS rows_in,"
        "  sum(written) AS written, sum(updated) AS updated, sum(unchanged) AS unchanged, sum(skipped) AS "
        "skipped,"
        "  sum(rejected) - (SELECT count(*) FROM mig.quarantine q WHERE q.run_id = $1::uuid AND q.map = "
        "batch.map"
        "   AND q.resolution IN ('loaded', 'left out', 'rejected again')) AS rejected,"
        "  sum(warned) AS warned, count(*) AS batches, max(ordinal) + 1 AS next, max(end_row) AS end_row"
        "  FROM mig.batch WHERE run_id = $1::uuid GROUP BY map) b ON b.map = s.map"
        " WHERE s.run_id = $1::uuid ORDER BY s.started_at, s.map";
    char text[UUID_TEXT_SIZE];
    struct str param = journal_uuid_text(run->run_id, text);
    struct pg_result *r = pg_query(connection, SQL, &param, 1, diags);
    if (r == NULL) return false;
    run->step_count = pg_result_rows(r);
    run->steps = ARENA_ARRAY(arena, struct journal_step_info, run->step_count);
    for (uint32_t i = 0; i < run->step_count; i++) {
        struct journal_step_info *s = &run->steps[i];
        s->map = copy_text(arena, r, i, 0);
        s->target = copy_text(arena, r, i, 1);
        s->state = copy_text(arena, r, i, 2);
        s->identity = copy_text(arena, r, i, 3);
        uint64_t *numbers[] = {&s->counts.in,        &s->counts.written, &s->counts.updated,
                               &s->counts.unchanged, &s->counts.skipped, &s->counts.rejected,
                               &s->counts.warned,    &s->batches,        &s->next_ordinal,
                               &s->end_row};
        for (uint32_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++)
            *numbers[n] = (uint64_t)pg_result_int(r, i, n + 4);
        s->started_at = copy_text(arena, r, i, 14);
        s->finished_at = copy_text(arena, r, i, 15);
    }
    pg_result_free(r);
    return true;
}

static struct pg_result *find_run(struct pg_connection *connection, struct arena *arena, struct str run_text,
                                  struct diag_list *diags) {
    /* A prefix, compared as text; the argument holds no pattern characters, because starts_with takes none.
     */
    struct str sql = arena_printf(arena,
                                  "%s WHERE pg_catalog.starts_with(run_id::text, pg_catalog.lower($1))"
                                  " ORDER BY started_at DESC, run_id LIMIT 2",
                                  RUN_COLUMNS);
    struct str prefix = run_text.ptr ? run_text : STR("");
    struct pg_result *r = pg_query(connection, sql.ptr, &prefix, 1, diags);
    if (r == NULL) return NULL;
    uint32_t rows = pg_result_rows(r);
    if (rows == 1 || (rows == 2 && run_text.len == 0)) return r;
    if (rows == 2)
        diag_report(diags, X_PG_JOURNAL, pg_no_span(), "several runs start with `%.*s`", STR_ARG(run_text));
    else if (run_text.len)
        diag_help(diags,
                  diag_report(diags, X_PG_JOURNAL, pg_no_span(), "there is no run `%.*s`", STR_ARG(run_text)),
                  "`mig status` without a run shows the latest one.");
    else
        diag_report(diags, X_PG_JOURNAL, pg_no_span(), "there is no run in this target yet");
    pg_result_free(r);
    return NULL;
}

struct journal_run_info *journal_read_run(struct pg_connection *connection, struct arena *arena,
                                          struct str run_text, struct diag_list *diags) {
    enum journal_presence presence = journal_find(connection, diags);
    if (presence == JOURNAL_ABSENT)
        diag_report(diags, X_PG_JOURNAL, pg_no_span(), "there is no run in this target yet");
    if (presence != JOURNAL_PRESENT) return NULL;
    struct pg_result *r = find_run(connection, arena, run_text, diags);
    if (r == NULL) return NULL;
    struct journal_run_info *run = ARENA_NEW(arena, struct journal_run_info);
    fill_run(arena, r, 0, run);
    pg_result_free(r);
    return read_sources(connection, arena, run, diags) && read_steps(connection, arena, run, diags) ? run
                                                                                                    : NULL;
}

bool journal_read_parts(struct pg_connection *connection, struct uuid run_id, struct arena *arena,
                        struct journal_part_info **parts, uint32_t *count, struct diag_list *diags) {
    struct str param = uuid_format(arena, run_id);
    *parts = NULL;
    *count = 0;
    struct pg_result *r =
        pg_query(connection, "SELECT pg_catalog.to_regclass('mig.part_undo') IS NOT NULL", NULL, 0, diags);
    bool there = r && pg_result_bool(r, 0, 0), ok = r != NULL;
    pg_result_free(r);
    if (!there) return ok;
    r = pg_query(
        connection,
        "SELECT part, value, state = 'rolled back', pg_catalog.to_char(coalesce(finished_at, started_at) AT "
        "TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM mig.part_undo WHERE run_id = $1::uuid "
        "ORDER BY started_at, part, value",
        &param, 1, diags);
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *parts = ARENA_ARRAY(arena, struct journal_part_info, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        (*parts)[i] = (struct journal_part_info){
            arena_copy_str(arena, pg_result_text(r, i, 0)), arena_copy_str(arena, pg_result_text(r, i, 1)),
            pg_result_bool(r, i, 2), arena_copy_str(arena, pg_result_text(r, i, 3))};
    pg_result_free(r);
    return true;
}

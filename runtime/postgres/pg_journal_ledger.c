/* See pg_journal_ledger.h. */
#include "runtime/postgres/pg_journal_ledger.h"

#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"

static struct str copy_text(struct arena *arena, const struct pg_result *r, uint32_t row, uint32_t column) {
    return arena_copy_str(arena, pg_result_text(r, row, column));
}

static void fill_entry(struct arena *arena, const struct pg_result *r, uint32_t row, struct ledger_entry *e) {
    *e = (struct ledger_entry){.map = copy_text(arena, r, row, 0),
                               .row_ordinal = (uint64_t)pg_result_int(r, row, 1),
                               .nth = (uint32_t)pg_result_int(r, row, 2),
                               .batch = (uint64_t)pg_result_int(r, row, 3),
                               .seq = (uint64_t)pg_result_int(r, row, 4),
                               .by_server = pg_result_bool(r, row, 5),
                               .open = pg_result_bool(r, row, 6),
                               .file = copy_text(arena, r, row, 7),
                               .line = (uint64_t)pg_result_int(r, row, 8),
                               .row = (uint64_t)pg_result_int(r, row, 9),
                               .fault = copy_text(arena, r, row, 10),
                               .message = copy_text(arena, r, row, 11),
                               .resolution = copy_text(arena, r, row, 12),
                               .spec_file = copy_text(arena, r, row, 13),
                               .spec_line = (uint32_t)pg_result_int(r, row, 14),
                               .spec = copy_text(arena, r, row, 15),
                               .from_retry = pg_result_bool(r, row, 16)};
}

bool ledger_read(struct pg_connection *connection, struct uuid run_id, struct str map, bool open_only,
                 struct arena *arena, struct ledger_entry **entries, uint32_t *count,
                 struct diag_list *diags) {
    static const char SQL[] =
        "SELECT q.map, q.row_ordinal, q.nth, q.batch, q.seq, q.by_server, q.state = 'open', q.file,"
        " coalesce(q.line, 0), coalesce(q.row_number, 0), q.fault, q.message, coalesce(q.resolution, ''),"
        " coalesce(q.faults->0->'spec'->>'file', ''), coalesce((q.faults->0->'spec'->>'line')::bigint, 0),"
        " coalesce(q.faults->0->'spec'->>'text', ''), coalesce(b.origin = 'retry', false)"
        " FROM mig.quarantine q JOIN mig.step s ON s.run_id = q.run_id AND s.map = q.map"
        " LEFT JOIN mig.batch b ON b.run_id = q.run_id AND b.map = q.map AND b.ordinal = q.batch"
        " WHERE q.run_id = $1::uuid AND ($2 = '' OR q.map = $2) AND (NOT $3::boolean OR q.state = 'open')"
        " ORDER BY s.started_at, q.map, q.row_ordinal, q.nth, q.batch, q.seq";
    char text[UUID_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run_id, text), map.ptr ? map : STR(""),
                           open_only ? STR("t") : STR("f")};
    struct pg_result *r = pg_query(connection, SQL, params, 3, diags);
    *entries = NULL;
    *count = 0;
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *entries = ARENA_ARRAY(arena, struct ledger_entry, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        fill_entry(arena, r, i, &(*entries)[i]);
    pg_result_free(r);
    return true;
}

bool ledger_count(struct pg_connection *connection, struct uuid run_id, struct ledger_totals *totals,
                  struct diag_list *diags) {
    static const char SQL[] = "SELECT count(*) FILTER (WHERE state = 'open'),"
                              " count(*) FILTER (WHERE state = 'closed') FROM mig.quarantine"
                              " WHERE run_id = $1::uuid";
    char text[UUID_TEXT_SIZE];
    struct str param = journal_uuid_text(run_id, text);
    struct pg_result *r = pg_query(connection, SQL, &param, 1, diags);
    *totals = (struct ledger_totals){0};
    if (r == NULL) return false;
    totals->open = (uint64_t)pg_result_int(r, 0, 0);
    totals->closed = (uint64_t)pg_result_int(r, 0, 1);
    pg_result_free(r);
    return true;
}

bool ledger_count_closed(struct pg_connection *connection, struct uuid run_id, struct str map,
                         uint64_t *closed, struct diag_list *diags) {
    /* A row that was rejected again has an open entry of its own. */
    static const char SQL[] = "SELECT count(*) FILTER (WHERE state = 'closed')"
                              " - count(*) FILTER (WHERE resolution = 'rejected again')"
                              " FROM mig.quarantine WHERE run_id = $1::uuid AND map = $2";
    char text[UUID_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run_id, text), map};
    struct pg_result *r = pg_query(connection, SQL, params, 2, diags);
    *closed = r ? (uint64_t)pg_result_int(r, 0, 0) : 0;
    pg_result_free(r);
    return r != NULL;
}

/* ---------------------------------------------------------------- closing */

static bool dismiss_one(struct pg_connection *connection, const struct journal_run *run,
                        const struct ledger_id *id, struct str resolution, uint64_t *closed,
                        struct diag_list *diags) {
    static const char SQL[] = "UPDATE mig.quarantine SET state = 'closed', resolution = $4,"
                              " closed_at = pg_catalog.now()"
                              " WHERE run_id = $1::uuid AND map = $2 AND row_ordinal = $3::bigint"
                              " AND state = 'open'";
    char text[UUID_TEXT_SIZE], number[INT_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run->id, text), id->map,
                           journal_int_text((int64_t)id->row_ordinal, number), resolution};
    struct pg_result *r = pg_query(connection, SQL, params, 4, diags);
    if (r) *closed += pg_result_affected(r);
    pg_result_free(r);
    return r != NULL;
}

bool ledger_dismiss(struct pg_connection *connection, const struct journal_run *run,
                    const struct ledger_id *ids, uint32_t count, struct str because, struct str who,
                    int64_t at, uint64_t *closed, struct diag_list *diags) {
    struct arena arena = {0};
    struct buf detail = {0};
    struct str resolution = arena_printf(&arena, "dismissed: %.*s", STR_ARG(because));
    *closed = 0;
    bool good = pg_begin(connection, diags);
    buf_append_cstr(&detail, "{\"because\":");
    buf_append_json(&detail, because);
    buf_append_cstr(&detail, ",\"who\":");
    buf_append_json(&detail, who);
    buf_append_cstr(&detail, ",\"rows\":[");
    for (uint32_t i = 0; good && i < count; i++) {
        good = dismiss_one(connection, run, &ids[i], resolution, closed, diags);
        struct str id =
            arena_printf(&arena, "%.*s:%llu", STR_ARG(ids[i].map), (unsigned long long)ids[i].row_ordinal);
        if (i) buf_append_char(&detail, ',');
        buf_append_json(&detail, id);
    }
    buf_append_cstr(&detail, "]}");
    good = good && (*closed == 0 || journal_append_event(connection, run, STR("rejects_dismissed"), STR(""),
                                                         buf_str(&detail), at, diags));
    if (good) good = pg_commit(connection, diags);
    if (!good) pg_rollback(connection);
    buf_release(&detail);
    arena_release(&arena);
    return good;
}

/* ---------------------------------------------------------------- the run */

bool journal_reopen(struct pg_connection *connection, struct uuid run_id, struct journal_run *run,
                    struct diag_list *diags) {
    char text[UUID_TEXT_SIZE];
    struct str param = journal_uuid_text(run_id, text);
    struct pg_result *r = pg_query(connection,
                                   "UPDATE mig.run SET fence = fence + 1, state = 'running'"
                                   " WHERE run_id = $1::uuid AND state IN ('done', 'failed') RETURNING fence",
                                   &param, 1, diags);
    if (r == NULL) return false;
    bool found = pg_result_rows(r) == 1;
    if (found)
        *run = (struct journal_run){run_id, pg_result_int(r, 0, 0)};
    else
        diag_report(diags, X_PG_JOURNAL, pg_no_span(), "run %s is not finished, or unknown", text);
    pg_result_free(r);
    return found;
}

static bool set_state(struct pg_connection *connection, const struct journal_run *run,
                      enum journal_state state, int32_t exit_code, struct diag_list *diags) {
    static const char *const NAMES[] = {[JOURNAL_RUNNING] = "running",
                                        [JOURNAL_DONE] = "done",
                                        [JOURNAL_FAILED] = "failed",
                                        [JOURNAL_STOPPED] = "stopped"};
    char text[UUID_TEXT_SIZE], fence[INT_TEXT_SIZE], code[INT_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run->id, text), journal_int_text(run->fence, fence),
                           str_cstr(NAMES[state]), journal_int_text(exit_code, code)};
    struct pg_result *r = pg_query(connection,
                                   "UPDATE mig.run SET state = $3, exit_code = $4::integer"
                                   " WHERE run_id = $1::uuid AND fence = $2::bigint",
                                   params, 4, diags);
    bool good = r && pg_result_affected(r) == 1;
    if (r && !good) diag_report(diags, X_PG_FENCED, pg_no_span(), "another mig has taken over run %s", text);
    pg_result_free(r);
    return good;
}

bool journal_close_again(struct pg_connection *connection, const struct journal_run *run,
                         enum journal_state state, int32_t exit_code, struct str detail_json, int64_t at,
                         struct diag_list *diags) {
    bool good =
        pg_begin(connection, diags) && set_state(connection, run, state, exit_code, diags) &&
        journal_append_event(connection, run, STR("retry_finished"), STR(""), detail_json, at, diags) &&
        pg_commit(connection, diags);
    if (!good) pg_rollback(connection);
    return good;
}

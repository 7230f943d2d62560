/* Reading back what a run has settled so far: its plan, the batches of a map, what the server said of single
 * rows. For resume, verify, retry and lineage, which go through the same rows again. */
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"

#include "runtime/base/fault.h"

static uint8_t hex_digit(char c) {
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* The text form of a bytea, "\x…". */
static struct str bytes_of(struct arena *arena, struct str text) {
    if (text.len < 2) return STR("");
    size_t len = (text.len - 2) / 2;
    char *bytes = ARENA_ARRAY(arena, char, len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(hex_digit(text.ptr[2 + 2 * i]) << 4 | hex_digit(text.ptr[3 + 2 * i]));
    return str_from(bytes, len);
}

bool journal_read_plan(struct pg_connection *connection, struct uuid run_id, struct arena *arena,
                       struct str *bytes, struct diag_list *diags) {
    char text[UUID_TEXT_SIZE];
    struct str param = journal_uuid_text(run_id, text);
    struct pg_result *r =
        pg_query(connection, "SELECT plan FROM mig.run WHERE run_id = $1", &param, 1, diags);
    if (r == NULL) return false;
    bool found = pg_result_rows(r) == 1 && !pg_result_is_null(r, 0, 0);
    if (found)
        *bytes = bytes_of(arena, pg_result_text(r, 0, 0));
    else
        diag_report(diags, X_PG_JOURNAL, pg_no_span(), "the journal has no plan of run %.*s", STR_ARG(param));
    pg_result_free(r);
    return found;
}

static unsigned __int128 sum_of(struct str text) {
    unsigned __int128 sum = 0;
    for (size_t i = 2; i < text.len && i < 34; i++)
        sum = sum << 4 | hex_digit(text.ptr[i]);
    return sum;
}

static void fill_batch(const struct pg_result *r, uint32_t row, struct journal_batch_info *b) {
    uint64_t *numbers[] = {&b->ordinal,          &b->first_row,      &b->end_row,
                           &b->counts.in,        &b->counts.written, &b->counts.updated,
                           &b->counts.unchanged, &b->counts.skipped, &b->counts.rejected,
                           &b->counts.warned,    &b->sent,           &b->xid};
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
    unsigned __int128 *sums[] = {&b->sent_sum, &b->row_sum, &b->key_sum, &b->update_row_sum,
                                 &b->update_key_sum};
    for (uint32_t i = 0; i < NUMBERS; i++)
        *numbers[i] = (uint64_t)pg_result_int(r, row, i);
    for (uint32_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        *sums[i] = sum_of(pg_result_text(r, row, NUMBERS + i));
    b->from_retry = str_is(pg_result_text(r, row, NUMBERS + 5), "retry");
}

bool journal_read_batches(struct pg_connection *connection, struct uuid run_id, struct str map,
                          struct arena *arena, struct journal_batch_info **batches, uint32_t *count,
                          struct diag_list *diags) {
    static const char SQL[] =
        "SELECT ordinal, first_row, end_row, rows_in, written, updated, unchanged, skipped, rejected, warned,"
        " sent, xid::text::bigint, sent_sum, row_sum, key_sum, update_row_sum, update_key_sum, origin"
        " FROM mig.batch WHERE run_id = $1::uuid AND map = $2 ORDER BY ordinal";
    char text[UUID_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run_id, text), map};
    struct pg_result *r = pg_query(connection, SQL, params, 2, diags);
    *batches = NULL;
    *count = 0;
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *batches = ARENA_ARRAY(arena, struct journal_batch_info, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        fill_batch(r, i, &(*batches)[i]);
    pg_result_free(r);
    return true;
}

bool journal_count_sent(struct pg_connection *connection, const struct journal_run *run, struct str map,
                        uint64_t *sent, struct diag_list *diags) {
    char text[UUID_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run->id, text), map};
    struct pg_result *r = pg_query(
        connection, "SELECT coalesce(sum(sent), 0) FROM mig.batch WHERE run_id = $1::uuid AND map = $2",
        params, 2, diags);
    *sent = r ? (uint64_t)pg_result_int(r, 0, 0) : 0;
    pg_result_free(r);
    return r != NULL;
}

bool journal_read_verdicts(struct pg_connection *connection, struct uuid run_id, struct str map,
                           struct arena *arena, struct journal_verdict **verdicts, uint32_t *count,
                           struct diag_list *diags) {
    static const char SQL[] = "SELECT q.row_ordinal, q.nth, q.fault = $3, q.message FROM mig.quarantine q"
                              " JOIN mig.batch b ON b.run_id = q.run_id AND b.map = q.map"
                              "  AND b.ordinal = q.batch AND b.origin = 'source'"
                              " WHERE q.run_id = $1::uuid AND q.map = $2 AND q.by_server"
                              " ORDER BY q.row_ordinal, q.nth";
    char text[UUID_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run_id, text), map, str_cstr(fault_id(FAULT_CONFLICT))};
    struct pg_result *r = pg_query(connection, SQL, params, 3, diags);
    *verdicts = NULL;
    *count = 0;
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *verdicts = ARENA_ARRAY(arena, struct journal_verdict, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        (*verdicts)[i] = (struct journal_verdict){.row_ordinal = (uint64_t)pg_result_int(r, i, 0),
                                                  .nth = (uint32_t)pg_result_int(r, i, 1),
                                                  .conflict = pg_result_bool(r, i, 2),
                                                  .message = arena_copy_str(arena, pg_result_text(r, i, 3))};
    pg_result_free(r);
    return true;
}

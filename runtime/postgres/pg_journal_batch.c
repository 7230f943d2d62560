/* The part of the journal that is written with each batch, in the transaction of its rows. */
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"

#include <stdio.h>

/* COPY of a small text buffer into one of the journal's tables. False: see pg_last_failure. */
static bool copy_in(struct pg_connection *connection, const char *command, const struct buf *data) {
    PGresult *result = PQexec(connection->pg, command);
    bool started = PQresultStatus(result) == PGRES_COPY_IN;
    if (!started) pg_note_failure(connection, result);
    PQclear(result);
    if (!started) return false;
    enum { PIECE = 1 << 20 };
    bool sent = true;
    for (size_t at = 0; at < data->len && sent; at += PIECE) {
        size_t n = data->len - at < PIECE ? data->len - at : PIECE;
        sent = PQputCopyData(connection->pg, data->ptr + at, (int)n) == 1;
    }
    PQputCopyEnd(connection->pg, sent ? NULL : "sending failed");
    return pg_drain_results(connection, NULL) && sent;
}

static void append_field(struct buf *out, struct str text) {
    buf_append_char(out, '\t');
    pg_append_copy_text(out, text);
}

static void append_int_or_null(struct buf *out, uint64_t n) {
    if (n)
        buf_printf(out, "\t%llu", (unsigned long long)n);
    else
        buf_append_cstr(out, "\t\\N");
}

/* Under COPY's text form the backslash of '\x…' is doubled. */
static void append_bytes_field(struct buf *out, struct str bytes) {
    if (bytes.ptr == NULL) {
        buf_append_cstr(out, "\t\\N");
        return;
    }
    buf_append_cstr(out, "\t\\");
    pg_append_hex(out, bytes.ptr, bytes.len);
}

static void append_time_field(struct buf *out, int64_t micros) {
    buf_append_char(out, '\t');
    if (micros)
        pg_append_timestamptz(out, micros);
    else
        buf_append_cstr(out, "\\N");
}

static struct str or_empty(struct str s) {
    return s.ptr ? s : STR("");
}

static bool write_rejects(struct pg_connection *connection, struct str run_text, struct str map,
                          uint64_t batch, const struct journal_reject *rejects, uint32_t count) {
    if (count == 0) return true;
    struct buf rows = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct journal_reject *r = &rejects[i];
        buf_append_str(&rows, run_text);
        append_field(&rows, map);
        buf_printf(&rows, "\t%llu\t%llu\t%u\t%c", (unsigned long long)batch,
                   (unsigned long long)r->row_ordinal, r->nth, r->by_server ? 't' : 'f');
        append_field(&rows, or_empty(r->file));
        append_int_or_null(&rows, r->line);
        append_int_or_null(&rows, r->row);
        append_field(&rows, or_empty(r->fault));
        append_field(&rows, or_empty(r->message));
        append_field(&rows, r->faults_json.len ? r->faults_json : (struct str){0});
        append_bytes_field(&rows, r->raw.len ? r->raw : (struct str){0});
        append_time_field(&rows, r->expires_at);
        buf_append_char(&rows, '\n');
    }
    bool ok = copy_in(connection,
                      "COPY mig.quarantine (run_id, map, batch, row_ordinal, nth, by_server, file, line, "
                      "row_number, fault, message,"
                      " faults, raw, expires_at) FROM STDIN",
                      &rows);
    buf_release(&rows);
    return ok;
}

static bool write_crosswalk(struct pg_connection *connection, struct str run_text, struct str map,
                            const struct journal_batch *batch) {
    if (batch->crosswalk_count == 0) return true;
    struct buf rows = {0};
    for (uint32_t i = 0; i < batch->crosswalk_count; i++) {
        const struct journal_crosswalk *c = &batch->crosswalk[i];
        buf_append_str(&rows, run_text);
        append_field(&rows, map);
        append_bytes_field(&rows, or_empty(c->key));
        append_field(&rows, c->columns_json.len ? c->columns_json : STR("[]"));
        buf_printf(&rows, "\t%llu\t%llu", (unsigned long long)batch->ordinal, (unsigned long long)c->seq);
        append_time_field(&rows, batch->crosswalk_expires_at);
        buf_append_char(&rows, '\n');
    }
    bool ok =
        copy_in(connection,
                "COPY mig.crosswalk (run_id, map, key, columns, batch, seq, expires_at) FROM STDIN", &rows);
    buf_release(&rows);
    return ok;
}

static bool close_entries(struct pg_connection *connection, struct str run_text, struct str map,
                          const struct journal_batch *batch) {
    static const char SQL[] =
        "UPDATE mig.quarantine q SET state = 'closed', resolution = c.resolution, closed_at = "
        "pg_catalog.now()"
        " FROM ROWS FROM (pg_catalog.unnest($3::bigint[]), pg_catalog.unnest($4::text[])) AS c (ordinal, "
        "resolution)"
        " WHERE q.run_id = $1::uuid AND q.map = $2 AND q.row_ordinal = c.ordinal AND q.state = 'open'"
        " AND q.batch < $5::bigint";
    static const char *const NAMES[] = {[JOURNAL_LEFT_OUT] = "left out",
                                        [JOURNAL_LOADED] = "loaded",
                                        [JOURNAL_REJECTED_AGAIN] = "rejected again"};
    if (batch->close_count == 0) return true;
    struct buf ordinals = {0}, names = {0};
    char number[INT_TEXT_SIZE];
    for (uint32_t i = 0; i < batch->close_count; i++) {
        buf_printf(&ordinals, "%s%llu", i ? "," : "{", (unsigned long long)batch->closes[i].row_ordinal);
        buf_printf(&names, "%s\"%s\"", i ? "," : "{", NAMES[batch->closes[i].resolution]);
    }
    buf_append_char(&ordinals, '}');
    buf_append_char(&names, '}');
    struct str params[] = {run_text, map, buf_str(&ordinals), buf_str(&names),
                           journal_int_text((int64_t)batch->close_below, number)};
    struct pg_result *r = pg_query(connection, SQL, params, 5, NULL);
    buf_release(&ordinals);
    buf_release(&names);
    pg_result_free(r);
    return r != NULL;
}

/* 16 bytes, most significant first. */
static struct str sum_text(struct arena *arena, unsigned __int128 sum) {
    uint8_t bytes[16];
    for (int i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(sum >> (120 - 8 * i));
    struct buf hex = {0};
    pg_append_hex(&hex, bytes, sizeof bytes);
    struct str text = arena_copy_str(arena, buf_str(&hex));
    buf_release(&hex);
    return text;
}

static struct str count_text(struct arena *arena, uint64_t n) {
    return arena_printf(arena, "%llu", (unsigned long long)n);
}

enum journal_write journal_write_batch(struct pg_connection *connection, const struct journal_run *run,
                                       struct str map, const struct journal_batch *b,
                                       const struct journal_load *load) {
    /* The share lock on the run's row makes whoever takes the run over wait for this batch. */
    static const char SQL[] =
        "INSERT INTO mig.batch (run_id, map, ordinal, fence, first_row, end_row, first_place, last_place, "
        "end_offset,"
        " rows_in, written, updated, unchanged, skipped, rejected, warned, row_sum, key_sum, update_row_sum,"
        " update_key_sum, sent, sent_sum, origin)"
        " SELECT $1::uuid, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::text, $8::text, "
        "$9::bigint,"
        " $10::bigint, $11::bigint, $12::bigint, $13::bigint, $14::bigint, $15::bigint, $16::bigint, "
        "$17::bytea,"
        " $18::bytea, $19::bytea, $20::bytea, $21::bigint, $22::bytea, $23::text"
        " FROM mig.run WHERE run_id = $1::uuid AND fence = $4::bigint AND state = 'running' FOR SHARE";
    struct arena arena = {0};
    char run_text[UUID_TEXT_SIZE], fence[INT_TEXT_SIZE];
    struct str id = journal_uuid_text(run->id, run_text);
    struct str params[] = {
        id,
        map,
        count_text(&arena, b->ordinal),
        journal_int_text(run->fence, fence),
        count_text(&arena, b->first_row),
        count_text(&arena, b->end_row),
        or_empty(b->first_place),
        or_empty(b->last_place),
        count_text(&arena, b->end_offset),
        count_text(&arena, b->in),
        count_text(&arena, load->written),
        count_text(&arena, load->updated),
        count_text(&arena, load->unchanged),
        count_text(&arena, b->skipped),
        count_text(&arena, b->rejected),
        count_text(&arena, b->warned),
        sum_text(&arena, load->inserted.row),
        sum_text(&arena, load->inserted.key),
        sum_text(&arena, load->changed.row),
        sum_text(&arena, load->changed.key),
        count_text(&arena, b->sent),
        sum_text(&arena, b->sent_sum),
        b->from_retry ? STR("retry") : STR("source"),
    };
    enum journal_write outcome = JOURNAL_WRITE_FAILED;
    if (write_rejects(connection, id, map, b->ordinal, b->rejects, b->reject_count) &&
        close_entries(connection, id, map, b) && write_crosswalk(connection, id, map, b)) {
        struct pg_result *r = pg_query(connection, SQL, params, sizeof params / sizeof params[0], NULL);
        if (r) outcome = pg_result_affected(r) == 1 ? JOURNAL_WRITTEN : JOURNAL_FENCED;
        pg_result_free(r);
    }
    arena_release(&arena);
    return outcome;
}

int journal_find_batch(struct pg_connection *connection, const struct journal_run *run, struct str map,
                       uint64_t ordinal, int32_t backend_id, bool *in_progress) {
    /* First the process, then the row: once the process is gone its transaction is decided, and the row tells
     * how. */
    char run_text[UUID_TEXT_SIZE], number[INT_TEXT_SIZE], pid[INT_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run->id, run_text), map,
                           journal_int_text((int64_t)ordinal, number), journal_int_text(backend_id, pid)};
    struct pg_result *r = pg_query(connection,
                                   "SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(NULL) a"
                                   " WHERE a.pid = $1::integer AND a.pid <> pg_catalog.pg_backend_pid())",
                                   &params[3], 1, NULL);
    if (r == NULL) return -1;
    *in_progress = pg_result_bool(r, 0, 0);
    pg_result_free(r);
    r = pg_query(
        connection,
        "SELECT EXISTS (SELECT FROM mig.batch WHERE run_id = $1::uuid AND map = $2 AND ordinal = $3::bigint)",
        params, 3, NULL);
    if (r == NULL) return -1;
    int found = pg_result_bool(r, 0, 0);
    pg_result_free(r);
    return found;
}

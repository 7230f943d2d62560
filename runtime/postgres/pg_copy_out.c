/* COPY (SELECT …) TO STDOUT into batches of cells: text form (manual: COPY, Text Format), one message a row.
 */
#include "runtime/postgres/pg_copy_out.h"

#include <stdio.h>
#include <stdlib.h>

enum { OID_BOOL = 16, BATCH_BYTES = 16 << 20 };

struct pg_copy_reader {
    struct pg_connection *connection;
    struct arena arena;
    struct str what; /* NUL-terminated */
    bool *is_bool;   /* by column: 't' and 'f' become true and false */
    uint32_t columns;
    size_t max_row_bytes;
    bool keep_raw, copying;
    uint64_t rows, bytes;
};

static bool start_copy(struct pg_copy_reader *r, struct str select) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "COPY (");
    buf_append_str(&sql, select);
    buf_append_cstr(&sql, "\n) TO STDOUT");
    PGresult *result = PQexec(r->connection->pg, sql.ptr);
    r->copying = PQresultStatus(result) == PGRES_COPY_OUT;
    bool right = r->copying && (uint32_t)PQnfields(result) == r->columns;
    if (!r->copying) pg_note_failure(r->connection, result);
    PQclear(result);
    buf_release(&sql);
    return right;
}

struct pg_copy_reader *pg_copy_reader_new(struct pg_connection *connection, struct str select,
                                          uint32_t columns, struct str what, size_t max_row_bytes,
                                          bool keep_raw, struct diag_list *diags) {
    struct pg_copy_reader *r = memory_zalloc(sizeof *r);
    r->connection = connection;
    r->columns = columns;
    r->what = arena_printf(&r->arena, "read %.*s", STR_ARG(what));
    r->is_bool = ARENA_ARRAY(&r->arena, bool, columns);
    r->max_row_bytes = max_row_bytes;
    r->keep_raw = keep_raw;
    struct pg_description description;
    bool ok = pg_describe(connection, &r->arena, select, &description);
    for (uint32_t i = 0; ok && i < columns && i < description.count; i++)
        r->is_bool[i] = description.types[i] == OID_BOOL;
    if (ok && start_copy(r, select)) return r;
    if (r->copying)
        diag_report(diags, X_PG_STATEMENT, pg_no_span(),
                    "could not %s: the query gives another number of columns", r->what.ptr);
    else
        pg_report_failure(connection, diags, r->what.ptr);
    pg_copy_reader_close(r);
    return NULL;
}

bool pg_describe(struct pg_connection *connection, struct arena *arena, struct str select,
                 struct pg_description *out) {
    char *sql = arena_copy_cstr(arena, select);
    PGresult *result = PQprepare(connection->pg, "", sql, 0, NULL);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (ok) {
        PQclear(result);
        result = PQdescribePrepared(connection->pg, "");
        ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    }
    if (!ok) pg_note_failure(connection, result);
    out->count = ok ? (uint32_t)PQnfields(result) : 0;
    out->names = ARENA_ARRAY(arena, struct str, out->count);
    out->types = ARENA_ARRAY(arena, uint32_t, out->count);
    for (uint32_t i = 0; i < out->count; i++) {
        out->names[i] = arena_copy_str(arena, str_cstr(PQfname(result, (int)i)));
        out->types[i] = PQftype(result, (int)i);
    }
    PQclear(result);
    return ok;
}

/* -- rows */

static char unescape(char c) {
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return c; /* the server writes no other escapes than these and `\\` */
    }
}

/* Takes one field off the row, unescaped in place. Returns where the next one starts. */
static char *take_field(char *at, char *end, struct str *text, bool *null) {
    char *from = at, *to = at;
    *null = end - at >= 2 && at[0] == '\\' && at[1] == 'N' && (end - at == 2 || at[2] == '\t');
    if (*null) {
        *text = STR("");
        return at + 2;
    }
    char *tab = memchr(at, '\t', (size_t)(end - at));
    char *stop = tab ? tab : end;
    if (memchr(at, '\\', (size_t)(stop - at)) == NULL) {
        *text = str_from(from, (size_t)(stop - from));
        return stop;
    }
    for (; at < stop; at++)
        *to++ = *at == '\\' && at + 1 < stop ? unescape(*++at) : *at;
    *text = str_from(from, (size_t)(to - from));
    return stop;
}

static struct str bool_cell(struct str text) {
    return str_is(text, "t") ? STR("true") : str_is(text, "f") ? STR("false") : text;
}

static bool add_row(struct pg_copy_reader *r, struct row_batch *batch, const char *line, size_t len) {
    uint32_t row = batch->count;
    if (len && line[len - 1] == '\n') len--;
    char *at = arena_copy_cstr(&batch->arena, str_from(line, len)), *end = at + len;
    for (uint32_t c = 0; c < r->columns; c++) {
        bool null;
        if (c) {
            if (at >= end || *at != '\t') return false;
            at++;
        }
        struct str text;
        at = take_field(at, end, &text, &null);
        if (c >= batch->column_count) continue; /* a SELECT without columns yields one null */
        struct cell_column *column = &batch->columns[c];
        column->text[row] = text;
        column->state[row] = null ? ROW_NULL : ROW_VALUE;
        if (null)
            column->clean = false;
        else if (r->is_bool[c])
            column->text[row] = bool_cell(column->text[row]);
    }
    return at == end;
}

static struct str raw_row(const struct row_batch *batch, struct arena *arena, uint32_t row) {
    struct buf out = {0};
    buf_append_char(&out, '[');
    for (uint32_t c = 0; c < batch->column_count; c++) {
        if (c) buf_append_char(&out, ',');
        if (batch->columns[c].state[row] == ROW_NULL)
            buf_append_cstr(&out, "null");
        else
            buf_append_json(&out, batch->columns[c].text[row]);
    }
    buf_append_char(&out, ']');
    struct str raw = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return raw;
}

static enum reader_status fail(struct pg_copy_reader *r, struct diag_list *diags, const char *why) {
    if (why)
        diag_report(diags, X_PG_STATEMENT, pg_no_span(), "could not %s: %s (row %llu)", r->what.ptr, why,
                    (unsigned long long)r->rows + 1);
    else
        pg_report_failure(r->connection, diags, r->what.ptr);
    return READER_FAILED;
}

/* The COPY has ended, one way or the other. */
static enum reader_status end_copy(struct pg_copy_reader *r, int status, const struct row_batch *batch,
                                   struct diag_list *diags) {
    r->copying = false;
    bool ok = pg_drain_results(r->connection, NULL);
    if (status == -1 && ok) return batch->count ? READER_ROWS : READER_END;
    if (ok) pg_note_lost(r->connection);
    return fail(r, diags, NULL);
}

enum reader_status pg_copy_reader_next(struct pg_copy_reader *r, struct row_batch *batch,
                                       struct diag_list *diags) {
    batch->first = r->rows;
    for (uint32_t c = 0; c < batch->column_count; c++)
        batch->columns[c].clean = batch->columns[c].checked = true;
    if (!r->copying) return READER_END;
    size_t bytes = 0;
    while (batch->count < BATCH_ROWS && bytes < BATCH_BYTES) {
        char *line;
        int n = PQgetCopyData(r->connection->pg, &line, 0);
        if (n < 0) {
            enum reader_status status = end_copy(r, n, batch, diags);
            batch->end_offset = r->bytes;
            return status;
        }
        bool fits = (size_t)n <= r->max_row_bytes, good = fits && add_row(r, batch, line, (size_t)n);
        PQfreemem(line);
        if (!fits) return fail(r, diags, "a row is larger than the limit of a record");
        if (!good) return fail(r, diags, "a row does not have the expected fields");
        uint32_t row = batch->count++;
        batch->places[row] = (struct row_place){.row = ++r->rows};
        if (r->keep_raw) batch->places[row].raw = raw_row(batch, &batch->arena, row);
        bytes += (size_t)n;
        r->bytes += (size_t)n;
    }
    batch->end_offset = r->bytes;
    return READER_ROWS;
}

void pg_copy_reader_close(struct pg_copy_reader *r) {
    if (r == NULL) return;
    if (r->copying) {
        pg_cancel(r->connection);
        struct pg_failure kept = r->connection->failure;
        pg_drain_results(r->connection, NULL); /* the cancellation is what it is told */
        if (pg_is_alive(r->connection)) r->connection->failure = kept;
    }
    arena_release(&r->arena);
    free(r);
}

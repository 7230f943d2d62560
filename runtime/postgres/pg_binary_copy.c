/* See pg_binary_copy.h. Manual: COPY, Binary Format. */
#include "runtime/postgres/pg_binary_copy.h"
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_wire.h"

#include <stdlib.h>

enum { HEADER_BYTES = 19, END_MARK = 0xffff };

struct pg_binary_copy {
    struct pg_connection *connection;
    struct arena arena;
    char *what;
    uint32_t fields;
    char *message; /* libpq's, of the row at hand */
    bool copying, headed;
    uint64_t rows;
};

static bool start_copy(struct pg_binary_copy *c, struct str select) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "COPY (");
    buf_append_str(&sql, select);
    buf_append_cstr(&sql, "\n) TO STDOUT (FORMAT binary)");
    PGresult *result = PQexec(c->connection->pg, sql.ptr);
    c->copying = PQresultStatus(result) == PGRES_COPY_OUT;
    if (!c->copying) pg_note_failure(c->connection, result);
    PQclear(result);
    buf_release(&sql);
    return c->copying;
}

struct pg_binary_copy *pg_binary_copy_open(struct pg_connection *connection, struct str select,
                                           uint32_t fields, struct str what, struct diag_list *diags) {
    struct pg_binary_copy *c = memory_zalloc(sizeof *c);
    c->connection = connection;
    c->what = arena_copy_cstr(&c->arena, what);
    c->fields = fields;
    if (start_copy(c, select)) return c;
    pg_report_failure(connection, diags, c->what);
    pg_binary_copy_close(c);
    return NULL;
}

static enum pg_binary_status fail(struct pg_binary_copy *c, const char *why, struct diag_list *diags) {
    if (why)
        diag_report(diags, X_PG_STATEMENT, pg_no_span(), "could not %s: %s (row %llu)", c->what, why,
                    (unsigned long long)c->rows + 1);
    else
        pg_report_failure(c->connection, diags, c->what);
    return PG_BINARY_FAILED;
}

static enum pg_binary_status end_copy(struct pg_binary_copy *c, int status, struct diag_list *diags) {
    c->copying = false;
    bool ok = pg_drain_results(c->connection, NULL);
    if (status == -1 && ok) return PG_BINARY_END;
    if (ok) pg_note_lost(c->connection);
    return fail(c, NULL, diags);
}

/* Offsets of the fields; false when they do not fill the row exactly. */
static bool find_fields(const char *at, size_t size, uint32_t fields, size_t *starts) {
    size_t pos = 0;
    for (uint32_t i = 0; i < fields; i++) {
        starts[i] = pos;
        if (size - pos < 4) return false;
        uint32_t len = wire_get_u32(at + pos);
        pos += 4;
        if (len == UINT32_MAX) continue;
        if (len > size - pos) return false;
        pos += len;
    }
    starts[fields] = pos;
    return pos == size;
}

enum pg_binary_status pg_binary_copy_next(struct pg_binary_copy *c, struct pg_binary_row *row, size_t *starts,
                                          struct diag_list *diags) {
    while (c->copying) {
        PQfreemem(c->message);
        c->message = NULL;
        int n = PQgetCopyData(c->connection->pg, &c->message, 0);
        if (n < 0) return end_copy(c, n, diags);
        char *at = c->message;
        size_t size = (size_t)n;
        if (!c->headed) {
            if (size < HEADER_BYTES) return fail(c, "the answer is no binary COPY", diags);
            at += HEADER_BYTES;
            size -= HEADER_BYTES;
            c->headed = true;
        }
        if (size == 0) continue;
        if (size < 2) return fail(c, "a row is cut short", diags);
        uint32_t count = (uint32_t)(uint8_t)at[0] << 8 | (uint8_t)at[1];
        if (count == END_MARK) continue;
        if (count != c->fields || !find_fields(at + 2, size - 2, count, starts))
            return fail(c, "a row does not have the expected fields", diags);
        *row = (struct pg_binary_row){at + 2, size - 2};
        c->rows++;
        return PG_BINARY_ROW;
    }
    return PG_BINARY_END;
}

void pg_binary_copy_close(struct pg_binary_copy *c) {
    if (c == NULL) return;
    PQfreemem(c->message);
    if (c->copying) {
        pg_cancel(c->connection);
        struct pg_failure kept = c->connection->failure;
        pg_drain_results(c->connection, NULL); /* the cancellation is what it is told */
        if (pg_is_alive(c->connection)) c->connection->failure = kept;
    }
    arena_release(&c->arena);
    free(c);
}

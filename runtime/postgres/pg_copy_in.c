/* See pg_copy_in.h. */
#include "runtime/postgres/pg_copy_in.h"

#include "runtime/postgres/pg_internal.h"

enum { PIECE = 1 << 18 };

static const char HEADER[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
static const char TRAILER[2] = {'\377', '\377'};

static bool put(struct pg_connection *connection, const char *bytes, size_t len) {
    for (size_t at = 0; at < len; at += PIECE) {
        size_t n = len - at < PIECE ? len - at : PIECE;
        if (PQputCopyData(connection->pg, bytes + at, (int)n) != 1) return false;
    }
    return true;
}

bool pg_copy_in(struct pg_connection *connection, struct str target, bool text,
                const struct encoded_rows *rows, struct diag_list *diags) {
    struct buf sql = {0};
    buf_printf(&sql, "COPY %.*s FROM STDIN%s", STR_ARG(target), text ? "" : " (FORMAT binary)");
    PGresult *r = PQexec(connection->pg, sql.ptr);
    bool ok = PQresultStatus(r) == PGRES_COPY_IN;
    if (!ok) pg_note_failure(connection, r);
    PQclear(r);
    buf_release(&sql);
    if (ok) {
        ok = (text || put(connection, HEADER, sizeof HEADER)) &&
             put(connection, rows->bytes.ptr, rows->bytes.len) &&
             (text || put(connection, TRAILER, sizeof TRAILER));
        PQputCopyEnd(connection->pg, ok ? NULL : "sending failed");
        ok = pg_drain_results(connection, NULL) && ok;
    }
    if (!ok) pg_report_failure(connection, diags, "keep rows in a temporary table");
    return ok;
}

/* COPY (SELECT …) TO STDOUT (FORMAT binary), row by row as the server sends it: for verify, which hashes the
 * fields as they are. */
#ifndef MIG_POSTGRES_PG_BINARY_COPY_H
#define MIG_POSTGRES_PG_BINARY_COPY_H

#include "runtime/postgres/pg_connection.h"

struct pg_binary_copy;

enum pg_binary_status { PG_BINARY_ROW, PG_BINARY_END, PG_BINARY_FAILED };

/* Its fields one behind the other, each with its length word. Lives until the next call; may be written to.
 */
struct pg_binary_row {
    char *fields;
    size_t size;
};

/* select: without parameters, yielding `fields` columns. what: "read portal.users", for messages. The
 * connection is the copy's alone until close. NULL with a diagnostic. */
struct pg_binary_copy *pg_binary_copy_open(struct pg_connection *connection, struct str select,
                                           uint32_t fields, struct str what, struct diag_list *diags);
/* starts gets fields + 1 offsets. FAILED: with a diagnostic. */
enum pg_binary_status pg_binary_copy_next(struct pg_binary_copy *copy, struct pg_binary_row *row,
                                          size_t *starts, struct diag_list *diags);
/* Early is fine: the rest is cancelled. NULL is fine. */
void pg_binary_copy_close(struct pg_binary_copy *copy);

#endif

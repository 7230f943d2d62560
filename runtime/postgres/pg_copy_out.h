/* Reading with COPY TO STDOUT, below the readers. Not for others. */
#ifndef MIG_POSTGRES_PG_COPY_OUT_H
#define MIG_POSTGRES_PG_COPY_OUT_H

#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_reader.h"

struct pg_description {
    struct str *names;
    uint32_t *types; /* pg_type.oid */
    uint32_t count;
};

/* Names and types of a SELECT's columns, without running it. False: see pg_last_failure. */
bool pg_describe(struct pg_connection *connection, struct arena *arena, struct str select,
                 struct pg_description *out);

/* what: "portal.users", for messages. keep_raw: rows get their JSON array. */
struct pg_copy_reader *pg_copy_reader_new(struct pg_connection *connection, struct str select,
                                          uint32_t columns, struct str what, size_t max_row_bytes,
                                          bool keep_raw, struct diag_list *diags);

#endif

/* What the files of this folder share: the connection's insides and helpers around libpq. Not for others. */
#ifndef MIG_POSTGRES_PG_INTERNAL_H
#define MIG_POSTGRES_PG_INTERNAL_H

#include "runtime/postgres/pg_connection.h"

#include <libpq-fe.h>

struct pg_connection {
    PGconn *pg;
    struct arena arena; /* url, name, options: lives with the connection */
    struct arena failure_arena;
    struct str url, name;
    struct pg_options options;
    struct pg_failure failure;
    struct str copy_relation; /* what a COPY under way calls its table in messages */
    bool show_values;
    bool broken; /* the server has ended the session, whatever libpq still thinks */
};

struct pg_result {
    PGresult *pg;
};

/* Keeps why a statement failed (result may be NULL). Returns the kind. */
enum pg_error pg_note_failure(struct pg_connection *connection, const PGresult *result);
/* Keeps a loss that no result tells of. */
void pg_note_lost(struct pg_connection *connection);
/* Reads results until the server has nothing more to say; the last error among them is kept as failure. True
 * when there was none. affected (or NULL): rows of the last command. */
bool pg_drain_results(struct pg_connection *connection, uint64_t *affected);
/* Text of a spec as a span without place. */
static inline struct span pg_no_span(void) {
    return (struct span){0};
}

/* -- texts for COPY TEXT into mig's own tables */

/* Appends a text field with COPY's escapes (manual, COPY, Text Format). ptr NULL: \N. */
void pg_append_copy_text(struct buf *out, struct str text);
/* '\x…' */
void pg_append_hex(struct buf *out, const void *bytes, size_t len);
/* timestamptz as ISO text, from microseconds since 2000. */
void pg_append_timestamptz(struct buf *out, int64_t micros);

#endif

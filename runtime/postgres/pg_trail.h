/* The audit trail: events of the journal, chained by SHA-256, each over the hash of the one before it. Read
 * from the target, written to and read from lines of JSON, and checked wherever it comes from.
 *
 * What the chain shows: an event that was changed, taken out, put in or moved. What it cannot show by itself
 * is that the newest events were cut off: for that, an export kept elsewhere is compared with the target. */
#ifndef MIG_POSTGRES_PG_TRAIL_H
#define MIG_POSTGRES_PG_TRAIL_H

#include "runtime/postgres/pg_connection.h"

enum trail_field {
    TRAIL_PREVIOUS, /* hexadecimal; empty for the first event */
    TRAIL_ID,
    TRAIL_RUN, /* uuid; empty: of no run */
    TRAIL_AT,  /* microseconds since 2000-01-01 UTC */
    TRAIL_KIND,
    TRAIL_MAP,
    TRAIL_DETAIL, /* JSON as it was written */
    TRAIL_HASH,   /* hexadecimal */
    TRAIL_FIELDS
};

enum { TRAIL_MAX_LINE = 16 << 20 };

struct trail_event {
    struct str fields[TRAIL_FIELDS]; /* never NULL */
};

/* A check under way. All-zero to start with. */
struct trail_check {
    uint64_t count;
    char head[65]; /* hash of the last event */
};

/* Does the event follow on those before it? False with a diagnostic that names it. */
bool trail_check_event(struct trail_check *check, const struct trail_event *event, struct diag_list *diags);

/* All events in order. visit: false stops (its own diagnostics say why). False with diagnostics. */
bool trail_read(struct pg_connection *connection,
                bool (*visit)(void *context, const struct trail_event *event), void *context,
                struct diag_list *diags);
/* The hash of one event of the target; empty: it is not there. False with a diagnostic. */
bool trail_read_hash(struct pg_connection *connection, uint64_t id, struct arena *arena, struct str *hash,
                     struct diag_list *diags);

/* One line of JSON, with its line break. */
void trail_write_line(const struct trail_event *event, struct buf *out);
/* Reads one back; texts in the arena. False with a diagnostic. */
bool trail_read_line(struct str line, uint64_t number, struct arena *arena, struct trail_event *event,
                     struct diag_list *diags);

#endif

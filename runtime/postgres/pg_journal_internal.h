/* What journal and loader share. Not for others. */
#ifndef MIG_POSTGRES_PG_JOURNAL_INTERNAL_H
#define MIG_POSTGRES_PG_JOURNAL_INTERNAL_H

#include "runtime/postgres/pg_journal.h"

/* What only the loader knows of a batch. */
struct journal_load {
    uint64_t written, updated, unchanged;
    struct batch_checksum inserted; /* rows that the batch added: row and key hashes */
    struct batch_checksum changed;  /* rows that it updated: update and key hashes */
};

enum journal_write { JOURNAL_WRITTEN, JOURNAL_FENCED, JOURNAL_WRITE_FAILED };

/* Writes quarantine, crosswalk and batch row into the open transaction. FAILED: see pg_last_failure. */
enum journal_write journal_write_batch(struct pg_connection *connection, const struct journal_run *run,
                                       struct str map, const struct journal_batch *batch,
                                       const struct journal_load *load);

/* Whether a batch is there: 1 yes, 0 no, -1 could not ask. in_progress: a transaction of the server process
 * with this id is still open (the answer may change). */
int journal_find_batch(struct pg_connection *connection, const struct journal_run *run, struct str map,
                       uint64_t ordinal, int32_t backend_id, bool *in_progress);

/* SHA-256 over the length-prefixed fields of an event: previous, id, run, at, kind, map, detail. */
void journal_hash_event(const struct str *fields, uint32_t count, uint8_t hash[32]);
enum { UUID_TEXT_SIZE = 37, INT_TEXT_SIZE = 24 };
/* NUL-terminated texts for parameters. */
struct str journal_uuid_text(struct uuid id, char text[static UUID_TEXT_SIZE]);
struct str journal_int_text(int64_t n, char text[static INT_TEXT_SIZE]);

#endif

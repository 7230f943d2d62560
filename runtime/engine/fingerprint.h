/* Size and SHA-256 of each source file, for the journal: a run is resumed and verified only over the files
 * that it read. Hashed by a thread of its own, while the run goes on. */
#ifndef MIG_ENGINE_FINGERPRINT_H
#define MIG_ENGINE_FINGERPRINT_H

#include "runtime/engine/engine.h"
#include "runtime/postgres/pg_journal.h"

/* A file that a reader has opened, noted once. */
void fingerprint_add(struct engine *engine, struct str source, struct str name, struct str path,
                     uint64_t bytes);
/* Notes that a source comes through a pipe or standard input: it cannot be read again. */
void fingerprint_add_pipe(struct engine *engine, struct str source);
/* The files so far, without hashes, for journal_start_run. */
uint32_t fingerprint_list(const struct engine *engine, const struct journal_source **sources);
/* Begins to hash. */
void fingerprint_start(struct engine *engine);
/* Hands hashes that are ready over to the journal; wait: all of them. False with diagnostics: a file could
 * not be read, the journal not be written. */
bool fingerprint_write(struct engine *engine, struct pg_connection *connection, const struct journal_run *run,
                       bool wait);
/* Compares the files with those of an earlier run, hashing them now. False: a diagnostic for each difference.
 */
bool fingerprint_compare(struct engine *engine, const struct journal_source *then, uint32_t count);
/* Ends the thread. */
void fingerprint_release(struct engine *engine);

#endif

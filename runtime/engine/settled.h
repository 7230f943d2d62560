/* What a run has settled of one map before it was interrupted, as the journal has it, beside the rows as they
 * come again: the first rows that the map accepts are those of the first batches. */
#ifndef MIG_ENGINE_SETTLED_H
#define MIG_ENGINE_SETTLED_H

#include "runtime/engine/engine.h"
#include "runtime/engine/load_thread.h"
#include "runtime/engine/replay.h"

struct settled;

/* NULL with diagnostics. returning_count: columns that the crosswalk has of the server; seal: the key that
 * they may be sealed with, or NULL. */
struct settled *settled_open(struct pg_connection *connection, struct uuid run_id, const struct plan_map *map,
                             uint32_t returning_count, const struct seal_key *seal, struct arena *arena,
                             struct diag_list *diags);
void settled_close(struct settled *settled); /* NULL is fine */
/* The next accepted row: false when no batch has it. *fate and *batch say what became of it, *message why it
 * was refused. */
bool settled_take(struct settled *settled, const struct row_hash *hash, struct load_source source,
                  enum replay_fate *fate, uint64_t *batch, struct str *message);
/* Rows of the journal that have not come again yet. */
uint64_t settled_rows_left(const struct settled *settled);
/* The batch of source rows [first, end) ends here: *counts gets what the journal has of the batches that came
 * to their end since the last call. False with a diagnostic: their rows are not what they were. */
bool settled_end_batch(struct settled *settled, uint64_t first, uint64_t end, struct journal_counts *counts,
                       struct diag_list *diags);
/* What the server stored of row seq, from the journal: cells, or NULL. False with diagnostics. */
bool settled_stored(struct settled *settled, uint64_t seq, const struct str **cells, struct diag_list *diags);
/* The map has come to its end: every settled row must have come again. */
bool settled_finish(struct settled *settled, struct diag_list *diags);
/* Sums of all of the map's batches; one past the highest ordinal. */
const struct journal_counts *settled_counts(const struct settled *settled);
/* Of them, those that `mig retry` has made since. */
const struct journal_counts *settled_retried(const struct settled *settled);
uint64_t settled_next_batch(const struct settled *settled);

#endif

/* One transaction over all maps: `commit per run`, which ends in one COMMIT, and a rehearsal, which ends in a
 * rollback. Rows go over the load connection; whoever must see them before the end (lookups, checks) asks
 * over that connection too, while no COPY is under way on it. */
#ifndef MIG_ENGINE_ONE_TRANSACTION_H
#define MIG_ENGINE_ONE_TRANSACTION_H

#include "runtime/engine/target_postgres.h"

/* Is it such a run? One map with `commit per run` is enough. */
bool one_transaction_wanted(const struct engine *engine);
/* Opens it. False: engine->status and diagnostics. */
bool one_transaction_begin(struct target_postgres *pg);
/* What deferred constraints say, before checks judge. False: one is violated (engine->status). */
bool one_transaction_check_deferred(struct target_postgres *pg);
/* Ends it: commits where all went well and it is no rehearsal, else rolls back. The report and the journal
 * say which. */
void one_transaction_end(struct target_postgres *pg);

#endif

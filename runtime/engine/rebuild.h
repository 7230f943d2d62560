/* `rebuild indexes`: a table's plain indexes and its foreign keys are dropped before the first map that
 * writes it and put back after the last, as they were. They are in the journal (mig.toggled) before they are
 * touched, so that after a crash the next run or resume on the target puts them back first. Under `commit per
 * run` all of it is part of the one transaction instead. A rehearsal leaves them alone: it is to find rows
 * one by one. */
#ifndef MIG_ENGINE_REBUILD_H
#define MIG_ENGINE_REBUILD_H

#include "runtime/engine/target_postgres.h"

struct rebuild;

/* Before anything is done: may the role do it, on each table that asks for it? */
bool rebuild_check_rights(struct target_postgres *pg);
/* What an earlier run left dropped is put back. False: it cannot be (engine->status, diagnostics). */
bool rebuild_pending(struct target_postgres *pg);
bool rebuild_before_map(struct target_postgres *pg, uint32_t map);
/* False: rows without parents, or an index that cannot be made. */
bool rebuild_after_map(struct target_postgres *pg, uint32_t map);
/* However the run ended: nothing stays dropped. */
bool rebuild_finish(struct target_postgres *pg);
void rebuild_free(struct rebuild *rebuild); /* NULL is fine */

#endif

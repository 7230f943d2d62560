/* The target of a dry run: nothing is written, but lookups into a target table see the rows that this run
 * would have written there by then, beside those that are in the table. Only tables that some lookup reads
 * are kept, with the columns that lookups or conflicts need; past a limit they lie in a temporary file. */
#ifndef MIG_ENGINE_TARGET_DRY_H
#define MIG_ENGINE_TARGET_DRY_H

#include "runtime/engine/engine.h"

struct target_dry;

/* Stands in front of *target: its open_sink keeps rows, its open_table reads them together with what the
 * target behind it reads. */
struct target_dry *target_dry_open(struct engine *engine, struct target *target);
void target_dry_close(struct target_dry *dry); /* NULL is fine */

#endif

/* What must hold before and after a run. */
#ifndef MIG_ENGINE_CHECKS_H
#define MIG_ENGINE_CHECKS_H

#include "runtime/engine/target_postgres.h"

/* Runs the checks of one time. False: one failed (engine->status is RUN_CHECK) or could not run. */
bool checks_run(struct engine *engine, struct target_postgres *pg, bool before);
/* check_scope.c: why a run of one phase leaves a check out; empty: it does not. A check belongs to the phase
 * that loads the last of what it asks about. */
struct str check_left_out(const struct engine *engine, const struct plan_check *check);
/* Room for the samples that checks will draw, before any map runs. */
void checks_prepare_samples(struct engine *engine);

/* Writes an audit row for an event into the spec's `audit into` table. kind: run_started, map_finished,
 * check, run_finished. detail: a JSON object. */
bool audit_write(struct engine *engine, struct target_postgres *pg, const char *kind, struct str map,
                 struct str detail);

#endif

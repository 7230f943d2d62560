/* Before a run: do enough people agree with it? */
#ifndef MIG_ENGINE_APPROVALS_H
#define MIG_ENGINE_APPROVALS_H

#include "runtime/engine/engine.h"
#include "runtime/postgres/pg_connection.h"

/* The environment's `approvals N` against those of exactly this plan. False: the run is refused, with a
 * diagnostic that names who has approved and the command that the others type. */
bool approvals_suffice(struct engine *engine, struct pg_connection *connection);

#endif

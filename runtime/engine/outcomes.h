/* What became of single rows, beside the report: a line of JSON for each row that was rejected, left out or
 * warned about, in WORK_DIR/RUN_ID/outcomes.ndjson.zst. From two of these files `mig compare` tells which
 * rows changed.
 *
 * {"map":"tasks","file":"tasks.csv","line":7,"row":6,"outcome":"rejected","code":"R0141","at":"portal.mig:16",
 *  "message":"no parent Eve"}    messages as in the quarantine: personal values masked */
#ifndef MIG_ENGINE_OUTCOMES_H
#define MIG_ENGINE_OUTCOMES_H

#include "runtime/engine/engine.h"

struct outcomes;

/* WORK_DIR/RUN_ID/outcomes.ndjson.zst, written anew. Never NULL; what cannot be written ends the run. */
struct outcomes *outcomes_open(struct engine *engine);
/* The row's reports of one kind: of a rejected or skipped row the first, of an accepted one each warning. */
bool outcomes_add(struct map_run *run, const struct plan_program *program, const struct vm *vm, uint32_t row,
                  const struct row_place *place, uint8_t kind);
/* A row that was left out without a report of the spec's, or rejected after all. */
bool outcomes_add_skip(struct map_run *run, const struct row_place *place, const char *reason);
bool outcomes_add_plain(struct map_run *run, const struct row_place *place, enum fault fault,
                        struct str message);
/* Everything handed over is in the file. False with a diagnostic. */
bool outcomes_finish(struct outcomes *outcomes);
void outcomes_close(struct outcomes *outcomes); /* NULL is fine */

#endif

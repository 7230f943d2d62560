/* When a run will end, as far as can be told while it runs: from what is read of the sources so far and, for
 * maps to come, from how long they took in the last run or rehearsal of the same plan (its report in the work
 * folder), scaled by how this run compares with it, or else from their sources' bytes. With a window, a run
 * that will not fit into it stops early: what is left of the window is then for what comes instead. */
#ifndef MIG_ENGINE_ETA_H
#define MIG_ENGINE_ETA_H

#include "runtime/engine/engine.h"

struct eta;

/* Before the maps; engine->environment's window begins with engine->started. */
void eta_open(struct engine *engine);
/* Bytes that a table's files have, as the sources are looked at. 0: unknown. */
void eta_note_source(struct engine *engine, uint32_t source, uint32_t table, uint64_t bytes);
void eta_begin_map(struct engine *engine, uint32_t map);
void eta_end_map(struct engine *engine, const struct run_map_report *report);
/* How far the map's reading is: bytes of total (0: unknown), in pass `pass` of `passes`, from 0. */
void eta_note_progress(struct engine *engine, uint64_t bytes, uint64_t total, uint64_t rows, uint32_t pass,
                       uint32_t passes);
/* True: the window is over, or the run will not end within it; reported (X_WINDOW, X_WINDOW_TOO_SHORT). The
 * caller ends with RUN_STOPPED. */
bool eta_is_too_late(struct engine *engine);
/* A rehearsal is not stopped by a window; a note says whether a run would fit. */
void eta_note_rehearsal(struct engine *engine);

#endif

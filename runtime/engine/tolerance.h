/* What a map may reject: the tolerance of the map or its environment, and its rules (`10 of R0106`). A row
 * that rules count is counted by each of them and not by the general tolerance. */
#ifndef MIG_ENGINE_TOLERANCE_H
#define MIG_ENGINE_TOLERANCE_H

#include "runtime/engine/engine.h"

/* Puts the rules that hold for a map into its report, all counts 0. */
void tolerance_begin(struct engine *engine, const struct plan_map *map, struct run_map_report *report);
/* One rejected row, by its first reason. program NULL: it was not the spec that rejected it. */
void tolerance_count(const struct engine *engine, struct run_map_report *report,
                     const struct plan_program *program, uint32_t instr, enum fault fault,
                     struct str message);
/* The map's last row is in. closed: rejected rows that `mig retry` has seen to since; which rule counted them
 * is not known, so each leaves them out. False: more was rejected than tolerated, each rule reported
 * (RUN_TOLERANCE is set, except in a rehearsal's and a dry run's way). */
bool tolerance_judge(struct engine *engine, const struct plan_map *map, struct run_map_report *report,
                     uint64_t closed);

#endif

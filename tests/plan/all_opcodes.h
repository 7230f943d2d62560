/* A plan in which every instruction that the table alone can describe stands once, over cells of all types.
 */
#ifndef MIG_TESTS_PLAN_ALL_OPCODES_H
#define MIG_TESTS_PLAN_ALL_OPCODES_H

#include "runtime/plan/plan.h"

/* *count: instructions of different kinds in it. */
struct plan *make_all_opcodes(struct arena *arena, uint32_t *count);

#endif

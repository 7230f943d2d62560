/* A target in memory, for the tests of a spec. */
#ifndef MIG_ENGINE_TARGET_MEMORY_H
#define MIG_ENGINE_TARGET_MEMORY_H

#include "runtime/engine/engine.h"

/* A row that a map wrote: values of the map's columns; enums as their labels, arrays as text. */
struct memory_row {
    uint32_t map;
    uint32_t table; /* index + 1 in target.tables */
    struct value *values;
};

struct target_memory {
    const struct plan *plan;
    const struct plan_test *test; /* its given rows of target tables are what lookups find at first */
    struct arena *arena;
    VEC(struct memory_row) rows;
};

void target_memory_init(struct target_memory *memory, const struct plan *plan, const struct plan_test *test,
                        struct arena *arena, struct target *target);

#endif

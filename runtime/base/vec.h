/* Growable arrays in an arena: a struct with items, count and cap. The old storage stays in the arena when
 * the array grows, so build lists that live as long as the arena, not ones that churn.
 *
 *   VEC(struct column) columns;      declares (an all-zero value is empty)
 *   VEC_PUSH(arena, &columns, col);  appends a copy
 */
#ifndef MIG_BASE_VEC_H
#define MIG_BASE_VEC_H

#include "runtime/base/arena.h"

#define VEC(type)                                                                                            \
    struct {                                                                                                 \
        type *items;                                                                                         \
        uint32_t count, cap;                                                                                 \
    }

#define VEC_PUSH(arena, vec, ...)                                                                            \
    do {                                                                                                     \
        if ((vec)->count == (vec)->cap)                                                                      \
            (vec)->items = vec_grow((arena), (vec)->items, (vec)->count, &(vec)->cap, sizeof *(vec)->items); \
        (vec)->items[(vec)->count++] = (__VA_ARGS__);                                                        \
    } while (0)

static inline void *vec_grow(struct arena *arena, const void *items, uint32_t count, uint32_t *cap,
                             size_t size) {
    uint32_t wider = *cap ? *cap * 2 : 8;
    if (wider < *cap) memory_exhausted(SIZE_MAX);
    void *grown = arena_alloc(arena, size * wider);
    if (count) memcpy(grown, items, size * count);
    *cap = wider;
    return grown;
}

#endif

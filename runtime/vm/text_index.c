/* A small hash index over texts that never change: lists of `in (…)`, labels of enums. */
#include "runtime/vm/vm_internal.h"

#include "runtime/base/hash.h"

/* The lists come from the plan, not from rows, so a fixed seed does. */
static const uint64_t SEED = 0x5bd1e9955bd1e995u;

void text_index_build(struct arena *arena, const struct str *texts, uint32_t count,
                      struct text_index *index) {
    uint32_t size = 8;
    while (size < count * 2)
        size *= 2;
    *index = (struct text_index){texts, ARENA_ARRAY(arena, uint32_t, size), size - 1};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)hash_bytes64(SEED, texts[i].ptr, texts[i].len) & index->mask;
        while (index->slots[at])
            at = (at + 1) & index->mask;
        index->slots[at] = i + 1;
    }
}

int64_t text_index_find(const struct text_index *index, struct str text) {
    uint32_t at = (uint32_t)hash_bytes64(SEED, text.ptr, text.len) & index->mask;
    for (; index->slots[at]; at = (at + 1) & index->mask) {
        uint32_t i = index->slots[at] - 1;
        if (str_eq(index->texts[i], text)) return i;
    }
    return -1;
}

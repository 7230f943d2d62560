/* Sketches of a column's values. */
#include "runtime/profile/sketch.h"

#include "runtime/base/hash.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64, SEED = 0x6d6967 };

uint64_t sketch_hash(struct str text) {
    uint64_t hash = hash_bytes64(SEED, text.len ? text.ptr : "", text.len);
    return hash ? hash : 1;
}

/* ---------------------------------------------------------------- distinct values */

void sketch_init(struct sketch *sketch, uint32_t k) {
    *sketch = (struct sketch){.cap = FIRST_SLOTS, .k = k, .threshold = UINT64_MAX};
    sketch->slots = memory_zalloc(sizeof *sketch->slots * sketch->cap);
}

void sketch_release(struct sketch *sketch) {
    free(sketch->slots);
    *sketch = (struct sketch){0};
}

static bool put_hash(uint64_t *slots, uint32_t cap, uint64_t hash) {
    uint32_t at = (uint32_t)hash & (cap - 1);
    for (; slots[at]; at = (at + 1) & (cap - 1))
        if (slots[at] == hash) return false;
    slots[at] = hash;
    return true;
}

static bool has_hash(const struct sketch *sketch, uint64_t hash) {
    uint32_t at = (uint32_t)hash & (sketch->cap - 1);
    for (; sketch->slots[at]; at = (at + 1) & (sketch->cap - 1))
        if (sketch->slots[at] == hash) return true;
    return false;
}

static int compare_hashes(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Into a table of another size, only hashes below the threshold. */
static void rebuild(struct sketch *sketch, uint32_t cap) {
    uint64_t *slots = memory_zalloc(sizeof *slots * cap);
    uint32_t count = 0;
    for (uint32_t i = 0; i < sketch->cap; i++)
        if (sketch->slots[i] && sketch->slots[i] < sketch->threshold)
            count += put_hash(slots, cap, sketch->slots[i]);
    free(sketch->slots);
    sketch->slots = slots;
    sketch->cap = cap;
    sketch->count = count;
}

/* Keeps the k smallest. */
static void prune(struct sketch *sketch) {
    uint64_t *all = memory_alloc(sizeof *all * sketch->count);
    uint32_t n = 0;
    for (uint32_t i = 0; i < sketch->cap; i++)
        if (sketch->slots[i]) all[n++] = sketch->slots[i];
    qsort(all, n, sizeof *all, compare_hashes);
    sketch->threshold = all[sketch->k];
    free(all);
    rebuild(sketch, sketch->cap);
}

bool sketch_add(struct sketch *sketch, uint64_t hash) {
    if (hash >= sketch->threshold || !put_hash(sketch->slots, sketch->cap, hash)) return false;
    sketch->count++;
    if (sketch->count >= 2 * sketch->k)
        prune(sketch);
    else if (sketch->count * 2 > sketch->cap)
        rebuild(sketch, sketch->cap * 2);
    return true;
}

bool sketch_is_exact(const struct sketch *sketch) {
    return sketch->threshold == UINT64_MAX;
}

uint64_t sketch_count(const struct sketch *sketch) {
    if (sketch_is_exact(sketch)) return sketch->count;
    return (uint64_t)((double)sketch->count / ((double)sketch->threshold / 18446744073709551616.0));
}

double sketch_contained(const struct sketch *a, const struct sketch *b) {
    uint64_t limit = a->threshold < b->threshold ? a->threshold : b->threshold;
    uint32_t seen = 0, found = 0;
    for (uint32_t i = 0; i < a->cap; i++) {
        if (a->slots[i] == 0 || a->slots[i] >= limit) continue;
        seen++;
        found += has_hash(b, a->slots[i]);
    }
    return seen ? (double)found / seen : 0;
}

/* ---------------------------------------------------------------- frequent values */

void counted_init(struct counted *counted, uint32_t cap) {
    *counted = (struct counted){.cap = cap, .slot_count = FIRST_SLOTS};
    counted->slots = memory_zalloc(sizeof *counted->slots * counted->slot_count);
}

void counted_release(struct counted *counted) {
    for (uint32_t i = 0; i < counted->slot_count; i++)
        free(counted->slots[i].text);
    free(counted->slots);
    *counted = (struct counted){0};
}

static struct counted_value *slot_of(struct counted_value *slots, uint32_t slot_count, uint64_t hash) {
    uint32_t at = (uint32_t)hash & (slot_count - 1);
    while (slots[at].hash && slots[at].hash != hash)
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static void move_slots(struct counted *counted, uint32_t slot_count) {
    struct counted_value *slots = memory_zalloc(sizeof *slots * slot_count);
    for (uint32_t i = 0; i < counted->slot_count; i++)
        if (counted->slots[i].hash) *slot_of(slots, slot_count, counted->slots[i].hash) = counted->slots[i];
    free(counted->slots);
    counted->slots = slots;
    counted->slot_count = slot_count;
}

/* Takes the median count off all and drops what is left with nothing. */
static void make_room(struct counted *counted) {
    uint64_t *counts = memory_alloc(sizeof *counts * counted->count);
    uint32_t n = 0;
    for (uint32_t i = 0; i < counted->slot_count; i++)
        if (counted->slots[i].hash) counts[n++] = counted->slots[i].count;
    qsort(counts, n, sizeof *counts, compare_hashes);
    uint64_t off = counts[n / 2];
    free(counts);
    counted->missed += off;
    for (uint32_t i = 0; i < counted->slot_count; i++) {
        struct counted_value *value = &counted->slots[i];
        if (value->hash == 0) continue;
        if (value->count > off) {
            value->count -= off;
            continue;
        }
        free(value->text);
        *value = (struct counted_value){0};
        counted->count--;
    }
    move_slots(counted, counted->slot_count);
}

void counted_add_hashed(struct counted *counted, uint64_t hash, struct str text) {
    struct counted_value *slot = slot_of(counted->slots, counted->slot_count, hash);
    if (slot->hash) {
        slot->count++;
        return;
    }
    if (counted->count == counted->cap) make_room(counted);
    if ((counted->count + 1) * 2 > counted->slot_count) move_slots(counted, counted->slot_count * 2);
    slot = slot_of(counted->slots, counted->slot_count, hash);
    size_t len = text.len;
    if (len > COUNTED_TEXT) /* not within a character */
        for (len = COUNTED_TEXT; len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80;)
            len--;
    *slot = (struct counted_value){hash, 1, memory_alloc(len + 1), (uint32_t)len, len < text.len};
    if (len) memcpy(slot->text, text.ptr, len);
    slot->text[len] = '\0';
    counted->count++;
}

void counted_add(struct counted *counted, struct str text) {
    counted_add_hashed(counted, sketch_hash(text), text);
}

static int compare_counts(const void *a, const void *b) {
    const struct counted_value *x = *(const struct counted_value *const *)a;
    const struct counted_value *y = *(const struct counted_value *const *)b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return str_compare(str_from(x->text, x->len), str_from(y->text, y->len));
}

uint32_t counted_top(const struct counted *counted, struct arena *arena, uint32_t limit,
                     const struct counted_value ***out) {
    const struct counted_value **all = ARENA_ARRAY(arena, const struct counted_value *, counted->count + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < counted->slot_count; i++)
        if (counted->slots[i].hash) all[n++] = &counted->slots[i];
    qsort(all, n, sizeof *all, compare_counts);
    *out = all;
    return n < limit ? n : limit;
}

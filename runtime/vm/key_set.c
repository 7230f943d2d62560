/* Open addressing with linear probing over 16-byte places. */
#include "runtime/vm/key_set.h"

#include "runtime/base/arena.h"
#include "runtime/base/hash.h"
#include "runtime/vm/spill.h"

#include <stdlib.h>

enum { FIRST_PLACES = 1024, ORDINAL_BITS = 40 };

/* An empty place has tail 0: ordinals are stored plus one. */
struct place {
    uint64_t head; /* 64 bits of the hash: where the search starts */
    uint64_t tail; /* 24 bits of the hash above 40 bits of ordinal + 1 */
};

struct key_set {
    struct spill spill;
    struct place *places;
    uint64_t mask; /* places - 1, a power of two */
    uint64_t count;
    uint64_t seed;
};

static const uint64_t ORDINAL_MASK = (UINT64_C(1) << ORDINAL_BITS) - 1;

struct key_set *key_set_new(size_t memory_limit, struct str temp_dir, uint64_t seed) {
    struct key_set *set = memory_zalloc(sizeof *set);
    spill_init(&set->spill, memory_limit, temp_dir);
    set->seed = seed;
    return set;
}

void key_set_free(struct key_set *set) {
    if (set == NULL) return;
    spill_release(&set->spill);
    free(set);
}

uint64_t key_set_count(const struct key_set *set) {
    return set->count;
}

size_t key_set_memory(const struct key_set *set) {
    return set->spill.heap + set->spill.disk;
}

static struct place *find_place(struct place *places, uint64_t mask, uint64_t head, uint64_t check) {
    for (uint64_t i = head & mask;; i = (i + 1) & mask) {
        struct place *place = &places[i];
        if (place->tail == 0 || (place->head == head && (place->tail & ~ORDINAL_MASK) == check)) return place;
    }
}

static bool grow(struct key_set *set, struct diag_list *diags) {
    uint64_t wider = set->places ? (set->mask + 1) * 2 : FIRST_PLACES;
    struct place *places = spill_alloc(&set->spill, wider * sizeof *places, diags);
    if (places == NULL) return false;
    for (uint64_t i = 0; set->places && i <= set->mask; i++) {
        const struct place *old = &set->places[i];
        if (old->tail) *find_place(places, wider - 1, old->head, old->tail & ~ORDINAL_MASK) = *old;
    }
    if (set->places) spill_free(&set->spill, set->places);
    set->places = places;
    set->mask = wider - 1;
    return true;
}

struct hash128 key_set_hash(const struct key_set *set, struct str key) {
    struct hash128 hash = hash_bytes128(set->seed, key.ptr, key.len);
    if (set->places) __builtin_prefetch(&set->places[hash.lo & set->mask], 1);
    return hash;
}

static enum key_set_result add(struct key_set *set, struct hash128 hash, uint64_t ordinal, bool replace,
                               uint64_t *earlier, struct diag_list *diags) {
    if (ordinal > KEY_SET_ORDINAL_MAX) {
        diag_report(diags, X_TABLE_FULL, (struct span){0}, "a set of keys cannot number more than 2^40 rows");
        return KEY_SET_FAILED;
    }
    /* Three quarters full at most. */
    if ((set->places == NULL || (set->count + 1) * 4 > (set->mask + 1) * 3) && !grow(set, diags))
        return KEY_SET_FAILED;
    uint64_t check = hash.hi << ORDINAL_BITS;
    struct place *place = find_place(set->places, set->mask, hash.lo, check);
    bool seen = place->tail != 0;
    if (seen && earlier) *earlier = (place->tail & ORDINAL_MASK) - 1;
    if (!seen || replace) *place = (struct place){hash.lo, check | (ordinal + 1)};
    set->count += !seen;
    return seen ? KEY_SET_SEEN : KEY_SET_NEW;
}

enum key_set_result key_set_add(struct key_set *set, struct str key, uint64_t ordinal, uint64_t *earlier,
                                struct diag_list *diags) {
    return add(set, key_set_hash(set, key), ordinal, false, earlier, diags);
}

enum key_set_result key_set_add_hashed(struct key_set *set, struct hash128 hash, uint64_t ordinal,
                                       uint64_t *earlier, struct diag_list *diags) {
    return add(set, hash, ordinal, false, earlier, diags);
}

enum key_set_result key_set_put(struct key_set *set, struct str key, uint64_t ordinal, uint64_t *earlier,
                                struct diag_list *diags) {
    return add(set, key_set_hash(set, key), ordinal, true, earlier, diags);
}

bool key_set_find(const struct key_set *set, struct str key, uint64_t *ordinal) {
    if (set->places == NULL) return false;
    struct hash128 hash = hash_bytes128(set->seed, key.ptr, key.len);
    const struct place *place = find_place(set->places, set->mask, hash.lo, hash.hi << ORDINAL_BITS);
    if (place->tail == 0) return false;
    if (ordinal) *ordinal = (place->tail & ORDINAL_MASK) - 1;
    return true;
}

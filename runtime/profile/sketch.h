/* Sketches of a column's values, of bounded size whatever the column holds: how many distinct values there
 * are and which are frequent. Up to their limits they are exact, and they know whether they still are. */
#ifndef MIG_PROFILE_SKETCH_H
#define MIG_PROFILE_SKETCH_H

#include "runtime/base/arena.h"

/* The values with the k smallest hashes (Bar-Yossef and others, 2002). Exact up to k distinct values; beyond,
 * the count is estimated with a standard error of 1/sqrt(k). Two sketches of the same k also tell how many of
 * one column's values are found in the other. */
struct sketch {
    uint64_t *slots; /* open addressing, 0: free */
    uint32_t count, cap, k;
    uint64_t threshold; /* only hashes below count; UINT64_MAX while exact */
};

enum { SKETCH_EXACT_DEFAULT = 16384 };

void sketch_init(struct sketch *sketch, uint32_t k);
void sketch_release(struct sketch *sketch);
/* The hash that sketches take, never 0: the same for equal texts in every sketch of a process. */
uint64_t sketch_hash(struct str text);
/* True when the value was not there before; only to be believed while the sketch is exact. */
bool sketch_add(struct sketch *sketch, uint64_t hash);
bool sketch_is_exact(const struct sketch *sketch);
/* Distinct values. */
uint64_t sketch_count(const struct sketch *sketch);
/* The share (0 to 1) of a's distinct values that b holds. 0 for an empty a. */
double sketch_contained(const struct sketch *a, const struct sketch *b);

/* Values with how often each came. Exact up to `cap` distinct ones; then rare ones make room and counts are
 * lower bounds that miss at most `missed` (Misra and Gries, 1982). Texts are cut to COUNTED_TEXT bytes; what
 * counts is the whole value. */
enum { COUNTED_TEXT = 160 };
struct counted_value {
    uint64_t hash; /* 0: free */
    uint64_t count;
    char *text;
    uint32_t len;
    bool cut; /* the value is longer than the text */
};
struct counted {
    struct counted_value *slots;
    uint32_t count, cap, slot_count;
    uint64_t missed;
};

void counted_init(struct counted *counted, uint32_t cap);
void counted_release(struct counted *counted);
void counted_add(struct counted *counted, struct str text);
void counted_add_hashed(struct counted *counted, uint64_t hash, struct str text);
/* The most frequent ones, most frequent first, then by text; at most `limit`. In the arena; the texts stay in
 * the table. Returns how many. */
uint32_t counted_top(const struct counted *counted, struct arena *arena, uint32_t limit,
                     const struct counted_value ***out);

#endif

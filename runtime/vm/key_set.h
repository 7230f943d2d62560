/* A set of keys, for uniqueness: which row came first (or last) with a key. 16 bytes for each place: 88 bits
 * of the key's hash and a 40-bit ordinal, so keys themselves are not kept. Two different keys meet with a
 * probability of n * n / 2^89: below 2e-9 for a thousand million keys; the seed makes meetings impossible to
 * provoke from outside. Past the memory limit the places live in an unlinked, memory-mapped file. */
#ifndef MIG_VM_KEY_SET_H
#define MIG_VM_KEY_SET_H

#include "runtime/base/diag.h"
#include "runtime/base/hash.h"

struct key_set;

/* Ordinals are below this. */
#define KEY_SET_ORDINAL_MAX ((UINT64_C(1) << 40) - 2)

enum key_set_result {
    KEY_SET_NEW,   /* the key was not there */
    KEY_SET_SEEN,  /* it was: *earlier is the ordinal that stands (put: stood) */
    KEY_SET_FAILED /* the temporary file cannot grow, or the ordinal is too large: see the diagnostic */
};

/* memory_limit in bytes; temp_dir: folder of the file that holds what is beyond it. seed: random, the same
 * for sets that are compared. */
struct key_set *key_set_new(size_t memory_limit, struct str temp_dir, uint64_t seed);
void key_set_free(struct key_set *set); /* NULL is fine */

/* Adds a key; the first ordinal stands (keep first, key). earlier may be NULL. */
enum key_set_result key_set_add(struct key_set *set, struct str key, uint64_t ordinal, uint64_t *earlier,
                                struct diag_list *diags);
/* The same in two steps, for many keys: hashing some before adding the first of them lets the memory of their
 * places arrive meanwhile. */
struct hash128 key_set_hash(const struct key_set *set, struct str key);
enum key_set_result key_set_add_hashed(struct key_set *set, struct hash128 hash, uint64_t ordinal,
                                       uint64_t *earlier, struct diag_list *diags);
/* Adds a key or puts this ordinal in the place of the one that stood (keep last, keep … by). */
enum key_set_result key_set_put(struct key_set *set, struct str key, uint64_t ordinal, uint64_t *earlier,
                                struct diag_list *diags);
/* True with the ordinal that stands. */
bool key_set_find(const struct key_set *set, struct str key, uint64_t *ordinal);
uint64_t key_set_count(const struct key_set *set);
size_t key_set_memory(const struct key_set *set); /* bytes, file included */

#endif

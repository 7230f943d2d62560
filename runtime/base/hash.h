/* A fast keyed 64-bit and 128-bit hash for tables in memory (not for files, not for secrets: those use
 * OpenSSL). Multiply-and-fold mixing as in wyhash (Wang Yi, public domain); the seed makes collisions
 * unpredictable from outside. */
#ifndef MIG_BASE_HASH_H
#define MIG_BASE_HASH_H

#include "runtime/base/str.h"

struct hash128 {
    uint64_t lo, hi;
};

/* (libpg_query exports a `hash_bytes`: that name must not be used.) */
uint64_t hash_bytes64(uint64_t seed, const void *bytes, size_t len);
struct hash128 hash_bytes128(uint64_t seed, const void *bytes, size_t len);

static inline uint64_t hash_fold(uint64_t a, uint64_t b) {
    __uint128_t r = (__uint128_t)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}
static inline uint64_t hash_u64(uint64_t seed, uint64_t value) {
    return hash_fold(value ^ seed ^ 0xa0761d6478bd642fu, seed ^ 0xe7037ed1a0b428dbu);
}

#endif

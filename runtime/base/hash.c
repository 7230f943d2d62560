/* The table hash. */
#include "runtime/base/hash.h"

static const uint64_t SALT[4] = {0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u,
                                 0x589965cc75374cc3u};

static inline uint64_t load_8(const unsigned char *p) {
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

static inline uint64_t load_4(const unsigned char *p) {
    uint32_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

/* Up to 16 bytes as two words. Loads may overlap: the length, which is hashed too, tells how. */
static inline void load_short(const unsigned char *p, size_t len, uint64_t *w0, uint64_t *w1) {
    *w0 = *w1 = 0;
    if (len >= 8) {
        *w0 = load_8(p);
        *w1 = load_8(p + len - 8);
    } else if (len >= 4) {
        *w0 = load_4(p) << 32 | load_4(p + len - 4);
    } else if (len > 0) {
        *w0 = (uint64_t)p[0] << 16 | (uint64_t)p[len / 2] << 8 | p[len - 1];
    }
}

struct hash128 hash_bytes128(uint64_t seed, const void *bytes, size_t len) {
    const unsigned char *p = bytes;
    uint64_t a = seed ^ SALT[0], b = hash_fold(seed ^ SALT[1], SALT[2]), w0, w1;
    if (len <= 16) {
        load_short(p, len, &w0, &w1);
    } else {
        const unsigned char *end = p + len;
        /* Neither product waits for the other; what one loses when a factor is 0, the other keeps. */
        for (; end - p > 16; p += 16) {
            w0 = load_8(p);
            w1 = load_8(p + 8);
            uint64_t m = hash_fold(w0 ^ SALT[1] ^ a, w1 ^ SALT[2] ^ b);
            b = hash_fold(w0 ^ SALT[3] ^ b, w1 ^ SALT[0] ^ a) ^ a;
            a = m;
        }
        w0 = load_8(end - 16);
        w1 = load_8(end - 8);
    }
    uint64_t lo = hash_fold(w0 ^ SALT[1] ^ a, w1 ^ SALT[2] ^ b ^ len);
    uint64_t hi = hash_fold(w0 ^ SALT[3] ^ b, w1 ^ SALT[0] ^ a ^ (uint64_t)len << 32);
    return (struct hash128){hash_fold(lo ^ SALT[3], hi ^ SALT[2] ^ len),
                            hash_fold(hi ^ SALT[0], lo ^ SALT[1])};
}

uint64_t hash_bytes64(uint64_t seed, const void *bytes, size_t len) {
    return hash_bytes128(seed, bytes, len).lo;
}

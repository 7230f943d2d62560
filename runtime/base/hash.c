/* The table hash. */
#include "runtime/base/hash.h"

static const uint64_t SALT[4] = {0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u,
                                 0x589965cc75374cc3u};

static uint64_t read_tail(const unsigned char *p, size_t n) {
    uint64_t w = 0;
    if (n) memcpy(&w, p, n); /* p may be NULL then */
    return w;
}

struct hash128 hash_bytes128(uint64_t seed, const void *bytes, size_t len) {
    const unsigned char *p = bytes;
    uint64_t a = seed ^ SALT[0], b = hash_fold(seed ^ SALT[1], SALT[2]), w[2];
    size_t left = len;
    for (; left >= 16; p += 16, left -= 16) {
        memcpy(w, p, 16);
        uint64_t m = hash_fold(w[0] ^ SALT[1] ^ a, w[1] ^ SALT[2] ^ b);
        b = hash_fold(w[0] ^ SALT[3] ^ b, w[1] ^ SALT[0] ^ m) ^ a;
        a = m;
    }
    w[0] = left >= 8 ? read_tail(p, 8) : read_tail(p, left);
    w[1] = left > 8 ? read_tail(p + 8, left - 8) : 0;
    uint64_t lo = hash_fold(w[0] ^ SALT[1] ^ a, w[1] ^ SALT[2] ^ b ^ len);
    uint64_t hi = hash_fold(w[0] ^ SALT[3] ^ b, w[1] ^ SALT[0] ^ a ^ (uint64_t)len << 32);
    return (struct hash128){hash_fold(lo ^ SALT[3], hi ^ SALT[2] ^ len),
                            hash_fold(hi ^ SALT[0], lo ^ SALT[1])};
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len) {
    return hash_bytes128(seed, bytes, len).lo;
}

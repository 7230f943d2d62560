/* The scanning stage, plain and with SSE2 or AVX2. */
#include "runtime/reader/csv_scan.h"

#include <string.h>

uint32_t csv_scan_scalar(const char *data, uint32_t from, uint32_t to, const struct csv_specials *specials,
                         uint32_t *out, unsigned *flags) {
    uint32_t count = 0;
    unsigned high = 0, nul = 0;
    for (uint32_t i = from; i < to; i++) {
        unsigned char c = (unsigned char)data[i];
        out[count] = i;
        count += c == '\n' || c == '\r' || c == specials->delimiter || c == specials->quote ||
                 c == specials->escape;
        high |= c >= 0x80;
        nul |= c == 0;
    }
    *flags |= (high ? (unsigned)CSV_HAS_HIGH : 0u) | (nul ? (unsigned)CSV_HAS_NUL : 0u);
    return count;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* 64 for no bit: what the instruction gives, without a branch. */
static inline uint32_t lowest_bit(uint64_t mask) {
    return mask ? (uint32_t)__builtin_ctzll(mask) : 64;
}

/* Eight at a time: writing a few places too many costs less than a branch for each. The caller's room is
 * enough, for there are never more places than bytes looked at, rounded up. */
static inline uint32_t put_positions(uint64_t mask, uint32_t at, uint32_t *out, uint32_t count) {
    uint32_t *to = out + count;
    uint32_t found = (uint32_t)__builtin_popcountll(mask);
    for (uint32_t done = 0; done < found; done += 8)
        for (unsigned i = 0; i < 8; i++) {
            to[done + i] = at + lowest_bit(mask);
            mask &= mask - 1;
        }
    return count + found;
}

static uint32_t scan_sse2(const char *data, uint32_t from, uint32_t to, const struct csv_specials *specials,
                          uint32_t *out, unsigned *flags) {
    const __m128i d = _mm_set1_epi8((char)specials->delimiter), q = _mm_set1_epi8((char)specials->quote),
                  e = _mm_set1_epi8((char)specials->escape), n = _mm_set1_epi8('\n'), r = _mm_set1_epi8('\r');
    __m128i all = _mm_setzero_si128(), least = _mm_set1_epi8((char)0xff);
    uint32_t count = 0, i = from;
    for (; to - i >= 64; i += 64) {
        uint64_t mask = 0;
        for (unsigned part = 0; part < 4; part++) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(data + i + part * 16));
            __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, d), _mm_cmpeq_epi8(v, q)),
                                       _mm_or_si128(_mm_cmpeq_epi8(v, n), _mm_cmpeq_epi8(v, r)));
            hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, e));
            all = _mm_or_si128(all, v);
            least = _mm_min_epu8(least, v);
            mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (part * 16);
        }
        count = put_positions(mask, i, out, count);
    }
    if (_mm_movemask_epi8(all)) *flags |= CSV_HAS_HIGH;
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128()))) *flags |= CSV_HAS_NUL;
    return count + csv_scan_scalar(data, i, to, specials, out + count, flags);
}

__attribute__((target("avx2,bmi,popcnt"))) static uint32_t scan_avx2(const char *data, uint32_t from,
                                                                     uint32_t to,
                                                                     const struct csv_specials *specials,
                                                                     uint32_t *out, unsigned *flags) {
    const __m256i d = _mm256_set1_epi8((char)specials->delimiter),
                  q = _mm256_set1_epi8((char)specials->quote), e = _mm256_set1_epi8((char)specials->escape),
                  n = _mm256_set1_epi8('\n'), r = _mm256_set1_epi8('\r');
    __m256i all = _mm256_setzero_si256(), least = _mm256_set1_epi8((char)0xff);
    uint32_t count = 0, i = from;
    for (; to - i >= 64; i += 64) {
        uint64_t mask = 0;
        for (unsigned part = 0; part < 2; part++) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(data + i + part * 32));
            __m256i hit = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(v, d), _mm256_cmpeq_epi8(v, q)),
                                          _mm256_or_si256(_mm256_cmpeq_epi8(v, n), _mm256_cmpeq_epi8(v, r)));
            hit = _mm256_or_si256(hit, _mm256_cmpeq_epi8(v, e));
            all = _mm256_or_si256(all, v);
            least = _mm256_min_epu8(least, v);
            mask |= (uint64_t)(uint32_t)_mm256_movemask_epi8(hit) << (part * 32);
        }
        count = put_positions(mask, i, out, count);
    }
    if (_mm256_movemask_epi8(all)) *flags |= CSV_HAS_HIGH;
    if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256()))) *flags |= CSV_HAS_NUL;
    return count + csv_scan_scalar(data, i, to, specials, out + count, flags);
}

csv_scan_fn *csv_scan_variant(unsigned n) {
    if (n == 0) return csv_scan_scalar;
    if (n == 1) return scan_sse2;
    if (n == 2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) return scan_avx2;
    return NULL;
}
#else
csv_scan_fn *csv_scan_variant(unsigned n) {
    return n == 0 ? csv_scan_scalar : NULL;
}
#endif

csv_scan_fn *csv_scan_best(void) {
    unsigned n = 0;
    while (csv_scan_variant(n + 1))
        n++;
    return csv_scan_variant(n);
}

/* Loops over bytes that compilers turn into vector code, and one by hand. */
#include "runtime/reader/utf8_check.h"

#if defined(__x86_64__)
#include <emmintrin.h>
static size_t skip_ascii(const char *p, size_t at, size_t len) {
    while (len - at >= 16) {
        int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + at)));
        if (high) return at + (size_t)__builtin_ctz((unsigned)high);
        at += 16;
    }
    while (at < len && (unsigned char)p[at] < 0x80)
        at++;
    return at;
}
#else
static size_t skip_ascii(const char *p, size_t at, size_t len) {
    while (at < len && (unsigned char)p[at] < 0x80)
        at++;
    return at;
}
#endif

size_t utf8_check_text(struct str s) {
    for (size_t at = 0;;) {
        at = skip_ascii(s.ptr, at, s.len);
        if (at == s.len) return at;
        do {
            size_t n = utf8_char_len(s, at);
            if (n == 0) return at;
            at += n;
        } while (at < s.len && (unsigned char)s.ptr[at] >= 0x80);
    }
}

#if defined(__x86_64__)
/* Adds up the low bits of 16 bytes, whatever their number: 255 rounds fit a byte. */
static size_t sum_bytes(__m128i counts) {
    __m128i sums = _mm_sad_epu8(counts, _mm_setzero_si128());
    return (size_t)_mm_cvtsi128_si64(sums) + (size_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums));
}

/* Counts line feeds, or bytes that begin a character: as signed numbers those are above 0xbf. */
static size_t count_blocks(const char *p, size_t blocks, bool line_feeds) {
    const __m128i feed = _mm_set1_epi8('\n'), continuation = _mm_set1_epi8((char)0xbf);
    size_t count = 0;
    while (blocks > 0) {
        __m128i counts = _mm_setzero_si128();
        for (unsigned round = 0; round < 255 && blocks > 0; round++, blocks--, p += 16) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
            __m128i hit = line_feeds ? _mm_cmpeq_epi8(v, feed) : _mm_cmpgt_epi8(v, continuation);
            counts = _mm_sub_epi8(counts, hit);
        }
        count += sum_bytes(counts);
    }
    return count;
}
#else
static size_t count_blocks(const char *p, size_t blocks, bool line_feeds) {
    size_t count = 0;
    for (size_t i = 0; i < blocks * 16; i++)
        count += line_feeds ? p[i] == '\n' : ((unsigned char)p[i] & 0xc0) != 0x80;
    return count;
}
#endif

size_t count_line_feeds(struct str s) {
    size_t blocks = s.len / 16, count = blocks ? count_blocks(s.ptr, blocks, true) : 0;
    for (size_t i = blocks * 16; i < s.len; i++)
        count += s.ptr[i] == '\n';
    return count;
}

size_t count_columns(struct str s) {
    size_t blocks = s.len / 16, count = blocks ? count_blocks(s.ptr, blocks, false) : 0;
    for (size_t i = blocks * 16; i < s.len; i++)
        count += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return count;
}

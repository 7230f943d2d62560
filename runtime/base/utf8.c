/* UTF-8 with a word-wise ASCII fast path. */
#include "runtime/base/utf8.h"

static bool is_cont(struct str s, size_t at) {
    return at < s.len && ((unsigned char)s.ptr[at] & 0xc0) == 0x80;
}

size_t utf8_char_len(struct str s, size_t at) {
    if (at >= s.len) return 0;
    unsigned char c = (unsigned char)s.ptr[at];
    if (c < 0x80) return 1;
    if (c < 0xc2 || c > 0xf4) return 0;
    if (!is_cont(s, at + 1)) return 0;
    if (c < 0xe0) return 2;
    unsigned char d = (unsigned char)s.ptr[at + 1];
    if (!is_cont(s, at + 2)) return 0;
    if (c < 0xf0) return (c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) ? 0 : 3;
    if (!is_cont(s, at + 3)) return 0;
    return (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f) ? 0 : 4;
}

int32_t utf8_next(struct str s, size_t *at) {
    size_t n = utf8_char_len(s, *at);
    const unsigned char *p = (const unsigned char *)s.ptr + *at;
    if (n == 0) {
        ++*at;
        return -1;
    }
    *at += n;
    switch (n) {
    case 1: return p[0];
    case 2: return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3: return (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    default: return (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    }
}

size_t utf8_encode(int32_t cp, char out[4]) {
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

static size_t ascii_run(struct str s, size_t at) {
    while (at + 8 <= s.len) {
        uint64_t w;
        memcpy(&w, s.ptr + at, 8);
        if (w & 0x8080808080808080u) break;
        at += 8;
    }
    while (at < s.len && (unsigned char)s.ptr[at] < 0x80)
        at++;
    return at;
}

size_t utf8_find_invalid(struct str s) {
    for (size_t at = 0;;) {
        at = ascii_run(s, at);
        if (at == s.len) return at;
        size_t n = utf8_char_len(s, at);
        if (n == 0) return at;
        at += n;
    }
}

bool utf8_is_ascii(struct str s) {
    return ascii_run(s, 0) == s.len;
}

size_t utf8_count(struct str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

size_t utf8_offset(struct str s, size_t index) {
    size_t at = 0;
    while (at < s.len) {
        if (((unsigned char)s.ptr[at] & 0xc0) != 0x80) {
            if (index == 0) return at;
            index--;
        }
        at++;
    }
    return at;
}

static size_t char_width(int32_t cp) {
    if (cp < 0x300) return 1;
    if (cp < 0x370 || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0xfe00 && cp <= 0xfe0f)) return 0;
    if ((cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) || (cp >= 0xac00 && cp <= 0xd7a3) ||
        (cp >= 0xf900 && cp <= 0xfaff) || (cp >= 0xfe30 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff60) ||
        (cp >= 0x1f300 && cp <= 0x1faff) || (cp >= 0x20000 && cp <= 0x3fffd))
        return 2;
    return 1;
}

size_t utf8_display_width(struct str s) {
    size_t width = 0;
    for (size_t at = 0; at < s.len;)
        width += char_width(utf8_next(s, &at));
    return width;
}

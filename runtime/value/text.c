/* Texts: white space, slices, search and replace. Cases, accents and normal forms are in text_unicode.c,
 * masking and LIKE in text_match.c. */
#include "runtime/value/text.h"
#include "runtime/base/utf8.h"

#include <unicode/uchar.h>

enum fault text_check(struct str text, size_t *at) {
    size_t bad = utf8_find_invalid(text);
    const char *nul = text.len ? memchr(text.ptr, '\0', text.len) : NULL;
    size_t first = nul ? (size_t)(nul - text.ptr) : text.len;
    if (at) *at = bad < first ? bad : first;
    if (bad < text.len && bad < first) return FAULT_BAD_UTF8;
    return nul ? FAULT_NUL_BYTE : bad < text.len ? FAULT_BAD_UTF8 : FAULT_NONE;
}

/* ---- white space ---- */

static inline bool is_ascii_space(unsigned char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes of the white space character at s.ptr[at]; 0 when it is none. Outside ASCII they all start with one
 * of four bytes. */
static inline size_t space_len(struct str s, size_t at) {
    unsigned char c = (unsigned char)s.ptr[at];
    if (c < 0x80) return is_ascii_space(c);
    if (c != 0xc2 && c != 0xe1 && c != 0xe2 && c != 0xe3) return 0;
    size_t next = at;
    int32_t cp = utf8_next(s, &next);
    return cp >= 0 && u_isUWhiteSpace(cp) ? next - at : 0;
}

struct str text_trim_left(struct str s) {
    size_t at = 0, len;
    while (at < s.len && (len = space_len(s, at)) > 0)
        at += len;
    return str_from(s.ptr + at, s.len - at);
}

struct str text_trim_right(struct str s) {
    while (s.len > 0) {
        size_t at = s.len - 1;
        while (at > 0 && s.len - at < 4 && ((unsigned char)s.ptr[at] & 0xc0) == 0x80)
            at--;
        if (space_len(s, at) != s.len - at) break;
        s.len = at;
    }
    return s;
}

struct str text_trim(struct str s) {
    return text_trim_right(text_trim_left(s));
}

bool text_is_blank(struct str s) {
    return text_trim_left(s).len == 0;
}

/* Offset of the first white space that squeeze would change, or s.len. */
static size_t find_squeezable(struct str s) {
    for (size_t at = 0; at < s.len; at++) {
        unsigned char c = (unsigned char)s.ptr[at];
        if (c > ' ' && c < 0xc2) continue; /* most bytes: no white space starts with them */
        if (space_len(s, at) == 0) continue;
        if (c != ' ' || (at > 0 && s.ptr[at - 1] == ' ')) return at;
    }
    return s.len;
}

struct str text_squeeze(struct arena *arena, struct str s) {
    size_t at = find_squeezable(s);
    if (at == s.len) return s;
    char *out = arena_alloc(arena, s.len), *to = out + at;
    if (at) memcpy(out, s.ptr, at);
    bool after_space = at > 0 && s.ptr[at - 1] == ' ';
    while (at < s.len) {
        size_t len = space_len(s, at);
        if (len == 0) {
            *to++ = s.ptr[at++];
            after_space = false;
            continue;
        }
        if (!after_space) *to++ = ' ';
        after_space = true;
        at += len;
    }
    return str_from(out, (size_t)(to - out));
}

/* ---- slices ---- */

int64_t text_length(struct str s) {
    return (int64_t)utf8_count(s);
}

bool text_fits(struct str s, int64_t n) {
    if (n < 0) return false;
    if (s.len <= (size_t)n) return true;
    if (s.len / 4 > (size_t)n) return false;
    return utf8_count(s) <= (size_t)n;
}

static struct str slice(struct str s, size_t from, size_t to) {
    return str_from(s.ptr + from, to - from);
}

/* Byte offset of the character n from the end, 0 when there are fewer. */
static size_t offset_from_end(struct str s, int64_t n) {
    size_t at = s.len;
    for (; n > 0 && at > 0; n--)
        do
            at--;
        while (at > 0 && ((unsigned char)s.ptr[at] & 0xc0) == 0x80);
    return at;
}

struct str text_left(struct str s, int64_t n) {
    if (n >= 0) return (uint64_t)n >= s.len ? s : slice(s, 0, utf8_offset(s, (size_t)n));
    return slice(s, 0, offset_from_end(s, n == INT64_MIN ? INT64_MAX : -n));
}

struct str text_right(struct str s, int64_t n) {
    if (n >= 0) return slice(s, offset_from_end(s, n), s.len);
    uint64_t skip = -(uint64_t)n;
    return slice(s, skip >= s.len ? s.len : utf8_offset(s, (size_t)skip), s.len);
}

struct str text_substr_from(struct str s, int64_t start) {
    if (start <= 1) return s;
    size_t skip = (uint64_t)start - 1 > s.len ? s.len : (size_t)start - 1;
    return slice(s, utf8_offset(s, skip), s.len);
}

enum fault text_substr(struct str s, int64_t start, int64_t count, struct str *out) {
    int64_t end;
    if (count < 0) return FAULT_BAD_ARGUMENT;
    if (__builtin_add_overflow(start, count, &end)) end = INT64_MAX;
    *out = end <= 1 ? slice(s, 0, 0) : text_left(text_substr_from(s, start), end - (start > 1 ? start : 1));
    return FAULT_NONE;
}

static const char *find(const char *from, const char *end, struct str part) {
    if (part.len == 1) return from < end ? memchr(from, part.ptr[0], (size_t)(end - from)) : NULL;
    return memmem(from, (size_t)(end - from), part.ptr, part.len);
}

int64_t text_position(struct str s, struct str part) {
    if (part.len == 0) return 1;
    if (s.len == 0) return 0;
    const char *at = find(s.ptr, s.ptr + s.len, part);
    return at ? (int64_t)utf8_count(slice(s, 0, (size_t)(at - s.ptr))) + 1 : 0;
}

bool text_contains(struct str s, struct str part) {
    return part.len == 0 || (s.len > 0 && find(s.ptr, s.ptr + s.len, part) != NULL);
}

/* ---- replacing ---- */

static size_t count_parts(struct str s, struct str part) {
    size_t count = 0;
    const char *end = s.ptr + s.len;
    for (const char *p = s.ptr; (p = find(p, end, part)) != NULL; p += part.len)
        count++;
    return count;
}

enum fault text_replace(struct arena *arena, struct str s, struct str from, struct str to, struct str *out) {
    size_t count = from.len == 0 || s.len < from.len ? 0 : count_parts(s, from);
    *out = s;
    if (count == 0) return FAULT_NONE;
    if (to.len > from.len &&
        (to.len - from.len) > (TEXT_BYTES_MAX - (s.len < TEXT_BYTES_MAX ? s.len : TEXT_BYTES_MAX)) / count)
        return FAULT_TOO_LARGE;
    char *start = arena_alloc(arena, s.len - count * from.len + count * to.len), *w = start;
    const char *p = s.ptr, *end = s.ptr + s.len;
    for (const char *hit; (hit = find(p, end, from)) != NULL; p = hit + from.len) {
        memcpy(w, p, (size_t)(hit - p));
        w += hit - p;
        if (to.len) memcpy(w, to.ptr, to.len);
        w += to.len;
    }
    memcpy(w, p, (size_t)(end - p));
    *out = str_from(start, (size_t)(w + (end - p) - start));
    return FAULT_NONE;
}

/* The bytes of the character at `at`; invalid ones count one byte each. */
static struct str char_at(struct str s, size_t at) {
    size_t len = utf8_char_len(s, at);
    return slice(s, at, at + (len ? len : 1));
}

enum fault text_translate(struct arena *arena, struct str s, struct str from, struct str to,
                          struct str *out) {
    if (s.len > TEXT_BYTES_MAX / 4) return FAULT_TOO_LARGE;
    char *start = arena_alloc(arena, s.len * 4), *w = start;
    for (size_t at = 0; at < s.len;) {
        struct str c = char_at(s, at), found;
        at += c.len;
        size_t index = 0, f = 0;
        while (f < from.len && !str_eq(found = char_at(from, f), c))
            f += found.len, index++;
        if (f < from.len) {
            size_t t = utf8_offset(to, index);
            c = t < to.len ? char_at(to, t) : (struct str){0};
        }
        if (c.len) memcpy(w, c.ptr, c.len);
        w += c.len;
    }
    *out = str_from(start, (size_t)(w - start));
    return FAULT_NONE;
}

/* ---- building ---- */

/* The padding that brings s to n characters; empty when there is none to add. */
static enum fault make_padding(struct arena *arena, struct str s, int64_t n, struct str fill,
                               struct str *out) {
    int64_t missing = n > 0 ? n - text_length(s) : 0;
    *out = (struct str){0};
    if (missing <= 0 || fill.len == 0) return FAULT_NONE;
    if (s.len > TEXT_BYTES_MAX || (uint64_t)missing > (TEXT_BYTES_MAX - s.len) / 4) return FAULT_TOO_LARGE;
    size_t fill_chars = utf8_count(fill), whole = (size_t)missing / fill_chars;
    size_t rest = utf8_offset(fill, (size_t)missing % fill_chars), len = whole * fill.len + rest;
    char *start = arena_alloc(arena, len);
    for (size_t i = 0; i < whole; i++)
        memcpy(start + i * fill.len, fill.ptr, fill.len);
    memcpy(start + whole * fill.len, fill.ptr, rest);
    *out = str_from(start, len);
    return FAULT_NONE;
}

enum fault text_pad_left(struct arena *arena, struct str s, int64_t n, struct str fill, struct str *out) {
    struct str padding;
    enum fault fault = make_padding(arena, s, n, fill, &padding);
    *out = s;
    return fault != FAULT_NONE || padding.len == 0 ? fault : text_concat(arena, padding, s, out);
}

enum fault text_pad_right(struct arena *arena, struct str s, int64_t n, struct str fill, struct str *out) {
    struct str padding;
    enum fault fault = make_padding(arena, s, n, fill, &padding);
    *out = s;
    return fault != FAULT_NONE || padding.len == 0 ? fault : text_concat(arena, s, padding, out);
}

enum fault text_repeat(struct arena *arena, struct str s, int64_t n, struct str *out) {
    *out = STR("");
    if (n <= 0 || s.len == 0) return FAULT_NONE;
    if ((uint64_t)n > TEXT_BYTES_MAX / s.len) return FAULT_TOO_LARGE;
    char *start = arena_alloc(arena, s.len * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        memcpy(start + (size_t)i * s.len, s.ptr, s.len);
    *out = str_from(start, s.len * (size_t)n);
    return FAULT_NONE;
}

enum fault text_concat(struct arena *arena, struct str a, struct str b, struct str *out) {
    if (a.len > TEXT_BYTES_MAX || b.len > TEXT_BYTES_MAX - a.len) return FAULT_TOO_LARGE;
    char *start = arena_alloc(arena, a.len + b.len);
    if (a.len) memcpy(start, a.ptr, a.len);
    if (b.len) memcpy(start + a.len, b.ptr, b.len);
    *out = str_from(start, a.len + b.len);
    return FAULT_NONE;
}

struct str text_reverse(struct arena *arena, struct str s) {
    char *start = arena_alloc(arena, s.len), *w = start + s.len;
    for (size_t at = 0; at < s.len;) {
        struct str c = char_at(s, at);
        w -= c.len;
        memcpy(w, c.ptr, c.len);
        at += c.len;
    }
    return str_from(start, s.len);
}

struct str text_only_digits(struct arena *arena, struct str s) {
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.ptr[i] >= '0' && s.ptr[i] <= '9';
    if (count == s.len) return s;
    char *start = arena_alloc(arena, count), *w = start;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= '0' && s.ptr[i] <= '9') *w++ = s.ptr[i];
    return str_from(start, count);
}

/* ---- fields ---- */

enum fault text_split_part(struct str s, struct str delimiter, int64_t n, struct str *out) {
    if (n == 0) return FAULT_BAD_ARGUMENT;
    *out = STR("");
    if (s.len == 0) return FAULT_NONE;
    if (delimiter.len == 0) {
        if (n == 1 || n == -1) *out = s;
        return FAULT_NONE;
    }
    if (n < 0) {
        if (n == INT64_MIN) return FAULT_NONE;
        n += (int64_t)count_parts(s, delimiter) + 2;
        if (n < 1) return FAULT_NONE;
    }
    const char *p = s.ptr, *end = s.ptr + s.len, *hit;
    for (; n > 1; n--, p = hit + delimiter.len)
        if ((hit = find(p, end, delimiter)) == NULL) return FAULT_NONE;
    hit = find(p, end, delimiter);
    *out = str_from(p, (size_t)((hit ? hit : end) - p));
    return FAULT_NONE;
}

struct array text_split(struct arena *arena, struct str s, struct str delimiter) {
    if (s.len == 0) return (struct array){0};
    size_t count = delimiter.len ? count_parts(s, delimiter) + 1 : 1;
    struct str *items = arena_alloc(arena, sizeof *items * count);
    const char *p = s.ptr, *end = s.ptr + s.len;
    for (size_t i = 0; i < count; i++) {
        const char *hit = i + 1 < count ? find(p, end, delimiter) : end;
        items[i] = str_from(p, (size_t)(hit - p));
        p = hit + delimiter.len;
    }
    return (struct array){items, NULL, count};
}

enum fault text_join(struct arena *arena, const struct array *texts, struct str delimiter, struct str *out) {
    const struct str *items = texts->items;
    size_t len = 0, parts = 0;
    for (size_t i = 0; i < texts->count; i++) {
        if (texts->nulls && texts->nulls[i]) continue;
        size_t more = items[i].len + (parts++ ? delimiter.len : 0);
        if (more > TEXT_BYTES_MAX - len) return FAULT_TOO_LARGE;
        len += more;
    }
    char *start = arena_alloc(arena, len), *w = start;
    parts = 0;
    for (size_t i = 0; i < texts->count; i++) {
        if (texts->nulls && texts->nulls[i]) continue;
        if (parts++ && delimiter.len) {
            memcpy(w, delimiter.ptr, delimiter.len);
            w += delimiter.len;
        }
        if (items[i].len) memcpy(w, items[i].ptr, items[i].len);
        w += items[i].len;
    }
    *out = str_from(start, len);
    return FAULT_NONE;
}

/* Walking JSON that json_scan has proved. Everything is bounded by `end`, so that even unproved text does no
 * harm. */
#include "runtime/base/utf8.h"
#include "runtime/reader/json_scan.h"

const char *json_skip_blanks(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* Behind the string that begins at p with its quote. */
static const char *json_skip_string(const char *p, const char *end) {
    for (p++; p < end;) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        if (quote == NULL) return end;
        size_t slashes = 0;
        while (quote - slashes > p && quote[-1 - (ptrdiff_t)slashes] == '\\')
            slashes++;
        p = quote + 1;
        if (slashes % 2 == 0) return p;
    }
    return end;
}

const char *json_skip_value(const char *p, const char *end) {
    size_t depth = 0;
    p = json_skip_blanks(p, end);
    if (p < end && *p != '{' && *p != '[' && *p != '"') {
        while (p < end && *p != ',' && *p != ']' && *p != '}' && *p != ' ' && *p != '\n' && *p != '\r' &&
               *p != '\t')
            p++;
        return p;
    }
    while (p < end) {
        if (*p == '"') {
            p = json_skip_string(p, end);
        } else {
            if (*p == '{' || *p == '[') depth++;
            if ((*p == '}' || *p == ']') && depth) depth--;
            p++;
        }
        if (depth == 0) break;
    }
    return p;
}

bool json_walk_start(struct json_walk *walk, struct str text) {
    const char *end = text.ptr + text.len, *p = json_skip_blanks(text.ptr, end);
    if (p == end || (*p != '{' && *p != '[')) return false;
    *walk = (struct json_walk){p + 1, end, *p == '{', true};
    return true;
}

bool json_walk_next(struct json_walk *walk, struct str *key, struct str *value) {
    const char *p = json_skip_blanks(walk->p, walk->end), *end = walk->end;
    if (p < end && *p == ',' && !walk->first) p = json_skip_blanks(p + 1, end);
    walk->first = false;
    if (p >= end || *p == '}' || *p == ']') return false;
    *key = (struct str){"", 0};
    if (walk->object) {
        const char *behind = *p == '"' ? json_skip_string(p, end) : p;
        *key = str_from(p, (size_t)(behind - p));
        p = json_skip_blanks(behind, end);
        if (p >= end || *p != ':') return false;
        p = json_skip_blanks(p + 1, end);
    }
    const char *behind = json_skip_value(p, end);
    *value = str_from(p, (size_t)(behind - p));
    walk->p = behind;
    return behind > p;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The four digits at s.ptr[at], -1 when they are not there. */
static int32_t hex4(struct str s, size_t at) {
    int32_t unit = 0;
    if (s.len < 4 || at > s.len - 4) return -1;
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_digit(s.ptr[at + i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The code point of the \u escape whose digits begin at *at; moves behind it. -1 with a flaw. */
static int32_t take_unicode(struct str s, size_t *at, const char **flaw) {
    int32_t unit = hex4(s, *at);
    *at += 4;
    if (unit == 0) *flaw = "holds a NUL character";
    if (unit >= 0xd800 && unit < 0xdc00 && *at + 6 <= s.len && s.ptr[*at] == '\\' && s.ptr[*at + 1] == 'u') {
        int32_t low = hex4(s, *at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            *at += 6;
            return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    if (unit < 0 || (unit >= 0xd800 && unit < 0xe000)) *flaw = "holds half a surrogate pair";
    return *flaw ? -1 : unit;
}

static char plain_escape(char c) {
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

/* out may be NULL: only looks for flaws. Returns the length written. */
static size_t unescape(struct str inner, char *out, const char **flaw) {
    size_t len = 0;
    for (size_t i = 0; i < inner.len && *flaw == NULL;) {
        const char *slash = memchr(inner.ptr + i, '\\', inner.len - i);
        size_t run = slash ? (size_t)(slash - inner.ptr) - i : inner.len - i;
        if (out) memcpy(out + len, inner.ptr + i, run);
        len += run;
        i += run;
        if (i + 1 >= inner.len) break;
        char c = inner.ptr[i + 1];
        i += 2;
        if (c != 'u') {
            if (out) out[len] = plain_escape(c);
            len++;
            continue;
        }
        int32_t cp = take_unicode(inner, &i, flaw);
        char bytes[4];
        size_t n = cp < 0 ? 0 : utf8_encode(cp, bytes);
        if (out) memcpy(out + len, bytes, n);
        len += n;
    }
    return len;
}

bool json_string_text(struct arena *arena, struct str raw, struct str *text, const char **flaw) {
    struct str inner = raw.len >= 2 ? str_from(raw.ptr + 1, raw.len - 2) : STR("");
    *flaw = NULL;
    *text = inner;
    if (memchr(inner.ptr, '\\', inner.len) == NULL) return true;
    char *out = arena_alloc(arena, inner.len); /* no escape is shorter than what it stands for */
    *text = str_from(out, unescape(inner, out, flaw));
    return *flaw == NULL;
}

const char *json_fragment_flaw(struct str fragment) {
    const char *flaw = NULL;
    if (fragment.len && memchr(fragment.ptr, '\\', fragment.len)) unescape(fragment, NULL, &flaw);
    return flaw;
}

bool json_key_equals(struct str raw_key, struct str key) {
    if (raw_key.len < 2) return false;
    struct str inner = str_from(raw_key.ptr + 1, raw_key.len - 2);
    if (inner.len == key.len && memcmp(inner.ptr, key.ptr, key.len) == 0)
        return memchr(inner.ptr, '\\', inner.len) == NULL;
    if (inner.len <= key.len || memchr(inner.ptr, '\\', inner.len) == NULL) return false;
    struct arena arena = {0};
    struct str text;
    const char *flaw;
    bool equal = json_string_text(&arena, raw_key, &text, &flaw) && str_eq(text, key);
    arena_release(&arena);
    return equal;
}

/* Postgres' text forms of arrays, bytea, bool. */
#include "runtime/value/pg.h"
#include "runtime/value/encode.h"

/* ---- arrays ---- */

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct array_reader {
    struct arena *arena;
    struct str text;
    size_t at;
};

static bool at_char(const struct array_reader *r, char c) {
    return r->at < r->text.len && r->text.ptr[r->at] == c;
}

static void skip_spaces(struct array_reader *r) {
    while (r->at < r->text.len && is_space(r->text.ptr[r->at]))
        r->at++;
}

/* "…" with backslash escapes. */
static bool read_quoted(struct array_reader *r, struct str *out) {
    size_t end = r->at + 1, escapes = 0;
    while (end < r->text.len && r->text.ptr[end] != '"') {
        bool escape = r->text.ptr[end] == '\\';
        escapes += escape;
        end += 1 + escape;
    }
    if (end >= r->text.len) return false;
    const char *start = r->text.ptr + r->at + 1;
    size_t len = end - r->at - 1;
    r->at = end + 1;
    *out = str_from(start, len);
    if (escapes == 0) return true;
    char *copy = arena_alloc(r->arena, len), *w = copy;
    for (size_t i = 0; i < len; i++) {
        if (start[i] == '\\') i++;
        *w++ = start[i];
    }
    *out = str_from(copy, (size_t)(w - copy));
    return true;
}

/* A bare element: up to the comma or brace, without blanks at its ends; a backslash keeps what follows. */
static bool read_bare(struct array_reader *r, struct str *out, bool *escaped) {
    char *copy = arena_alloc(r->arena, r->text.len - r->at), *w = copy, *kept = copy;
    *escaped = false;
    for (; r->at < r->text.len; r->at++) {
        char c = r->text.ptr[r->at];
        if (c == ',' || c == '}') break;
        if (c == '"' || c == '{') return false;
        bool escape = c == '\\';
        if (escape) {
            *escaped = true;
            if (++r->at == r->text.len) return false;
            c = r->text.ptr[r->at];
        }
        *w++ = c;
        if (escape || !is_space(c)) kept = w;
    }
    *out = str_from(copy, (size_t)(kept - copy));
    return kept > copy;
}

static bool is_null_word(struct str s) {
    return s.len == 4 && (s.ptr[0] | 32) == 'n' && (s.ptr[1] | 32) == 'u' && (s.ptr[2] | 32) == 'l' &&
           (s.ptr[3] | 32) == 'l';
}

static bool read_element(struct array_reader *r, struct str *item, uint8_t *null) {
    bool escaped = false;
    *null = 0;
    skip_spaces(r);
    if (at_char(r, '"')) {
        if (!read_quoted(r, item)) return false;
        skip_spaces(r);
        return true;
    }
    if (!read_bare(r, item, &escaped)) return false;
    if (!escaped && is_null_word(*item)) {
        *null = 1;
        *item = (struct str){0};
    }
    return true;
}

enum fault pg_array_parse(struct arena *arena, struct str text, struct array *out) {
    struct array_reader r = {arena, text, 0};
    VEC(struct str) items = {0};
    VEC(uint8_t) nulls = {0};
    bool any_null = false;
    skip_spaces(&r);
    if (!at_char(&r, '{')) return FAULT_NOT_ARRAY;
    r.at++;
    skip_spaces(&r);
    bool empty = at_char(&r, '}');
    for (bool more = !empty; more; r.at += more) {
        struct str item;
        uint8_t null;
        if (!read_element(&r, &item, &null)) return FAULT_NOT_ARRAY;
        VEC_PUSH(arena, &items, item);
        VEC_PUSH(arena, &nulls, null);
        any_null |= null;
        more = at_char(&r, ',');
    }
    if (!at_char(&r, '}')) return FAULT_NOT_ARRAY;
    r.at++;
    skip_spaces(&r);
    if (r.at != text.len) return FAULT_NOT_ARRAY;
    *out = (struct array){items.items, any_null ? nulls.items : NULL, items.count};
    return FAULT_NONE;
}

static bool needs_quotes(struct str s) {
    if (s.len == 0 || is_null_word(s)) return true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || is_space(c)) return true;
    }
    return false;
}

static char *put_quoted(char *w, struct str s) {
    *w++ = '"';
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\') *w++ = '\\';
        *w++ = s.ptr[i];
    }
    *w++ = '"';
    return w;
}

struct str pg_array_format(struct arena *arena, const struct array *texts) {
    const struct str *items = texts->items;
    size_t size = 2;
    for (size_t i = 0; i < texts->count; i++)
        size += texts->nulls && texts->nulls[i] ? 5 : items[i].len * 2 + 3;
    char *start = arena_alloc(arena, size), *w = start;
    *w++ = '{';
    for (size_t i = 0; i < texts->count; i++) {
        if (i > 0) *w++ = ',';
        if (texts->nulls && texts->nulls[i]) {
            memcpy(w, "NULL", 4);
            w += 4;
        } else if (needs_quotes(items[i])) {
            w = put_quoted(w, items[i]);
        } else {
            memcpy(w, items[i].ptr, items[i].len);
            w += items[i].len;
        }
    }
    *w++ = '}';
    return str_from(start, (size_t)(w - start));
}

/* ---- bytea, bool ---- */

static bool is_octal(char c, char most) {
    return c >= '0' && c <= most;
}

/* The old form: bytes as they are, \\ a backslash, \ooo a byte. */
static enum fault parse_escape_form(struct arena *arena, struct str text, struct str *out) {
    char *start = arena_alloc(arena, text.len), *w = start;
    for (size_t i = 0; i < text.len; i++) {
        const char *p = text.ptr + i;
        size_t left = text.len - i;
        if (*p != '\\') {
            *w++ = *p;
        } else if (left >= 2 && p[1] == '\\') {
            *w++ = '\\';
            i++;
        } else if (left >= 4 && is_octal(p[1], '3') && is_octal(p[2], '7') && is_octal(p[3], '7')) {
            *w++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            i += 3;
        } else {
            return FAULT_NOT_BYTES;
        }
    }
    *out = str_from(start, (size_t)(w - start));
    return FAULT_NONE;
}

enum fault pg_bytea_parse(struct arena *arena, struct str text, struct str *out) {
    if (text.len >= 2 && text.ptr[0] == '\\' && text.ptr[1] == 'x')
        return hex_decode(arena, str_from(text.ptr + 2, text.len - 2), out);
    return parse_escape_form(arena, text, out);
}

struct str pg_bytea_format(struct arena *arena, struct str bytes) {
    struct str hex = hex_encode(arena, bytes);
    char *out = arena_alloc(arena, hex.len + 2);
    out[0] = '\\';
    out[1] = 'x';
    if (hex.len) memcpy(out + 2, hex.ptr, hex.len);
    return str_from(out, hex.len + 2);
}

enum fault pg_bool_parse(struct str text, uint8_t *out) {
    if (text.len != 1 || (text.ptr[0] != 't' && text.ptr[0] != 'f')) return FAULT_NOT_BOOL;
    *out = text.ptr[0] == 't';
    return FAULT_NONE;
}

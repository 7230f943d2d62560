/* JSON values as slices: members, conversions, quoting. */
#include "runtime/base/utf8.h"
#include "runtime/value/decimal.h"
#include "runtime/value/json.h"
#include "runtime/value/number.h"

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

struct str json_trim(struct str value) {
    while (value.len && is_blank(value.ptr[0]))
        value.ptr++, value.len--;
    while (value.len && is_blank(value.ptr[value.len - 1]))
        value.len--;
    return value;
}

enum json_kind json_kind_of(struct str value) {
    value = json_trim(value);
    if (value.len == 0) return JSON_NONE;
    switch (value.ptr[0]) {
    case '{': return JSON_OBJECT;
    case '[': return JSON_ARRAY;
    case '"': return JSON_STRING;
    case 't': return JSON_TRUE;
    case 'f': return JSON_FALSE;
    case 'n': return JSON_NULL;
    default: return JSON_NUMBER;
    }
}

/* ---- walking ---- */

/* Offset behind the string that starts at text.ptr[at]. */
static size_t skip_string(struct str text, size_t at) {
    for (at++; at < text.len; at++) {
        if (text.ptr[at] == '\\')
            at++;
        else if (text.ptr[at] == '"')
            return at + 1;
    }
    return text.len;
}

/* Offset behind the value that starts at text.ptr[at]. */
static size_t skip_value(struct str text, size_t at) {
    size_t depth = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        if (c == '"') {
            at = skip_string(text, at);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
        } else if (c == '}' || c == ']') {
            if (depth == 0) return at;
            depth--;
            at++;
        } else if (depth > 0) {
            at++;
            continue;
        } else if (c == ',' || c == ':' || is_blank(c)) {
            return at;
        } else {
            at++;
            continue; /* inside a number or word */
        }
        if (depth == 0) return at;
    }
    return text.len;
}

static size_t skip_blanks(struct str text, size_t at) {
    while (at < text.len && is_blank(text.ptr[at]))
        at++;
    return at;
}

bool json_iter_start(struct str value, struct json_iter *iter) {
    value = json_trim(value);
    if (value.len < 2 || (value.ptr[0] != '{' && value.ptr[0] != '[')) return false;
    *iter = (struct json_iter){str_from(value.ptr + 1, value.len - 2), value.ptr[0] == '{'};
    return true;
}

bool json_iter_next(struct json_iter *iter, struct json_member *member) {
    struct str rest = iter->rest;
    size_t at = skip_blanks(rest, 0);
    *member = (struct json_member){0};
    if (at == rest.len) return false;
    if (iter->object) {
        if (rest.ptr[at] != '"') return false;
        size_t end = skip_string(rest, at);
        member->key = str_from(rest.ptr + at, end - at);
        at = skip_blanks(rest, end);
        if (at == rest.len || rest.ptr[at] != ':') return false;
        at = skip_blanks(rest, at + 1);
    }
    size_t end = skip_value(rest, at);
    if (end == at) return false;
    member->value = str_from(rest.ptr + at, end - at);
    at = skip_blanks(rest, end);
    if (at < rest.len) at++; /* the comma */
    iter->rest = str_from(rest.ptr + at, rest.len - at);
    return true;
}

/* ---- strings ---- */

static int32_t hex4(const char *p) {
    int32_t n = 0;
    for (int i = 0; i < 4; i++) {
        int c = (unsigned char)p[i];
        n = n << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return n & 0xffff;
}

/* The character that the escape at body.ptr[*at] (the backslash) means; -1: broken. */
static int32_t read_escape(struct str body, size_t *at) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (*at + 1 >= body.len) return -1;
    char c = body.ptr[*at + 1];
    if (c != 'u') {
        const char *found = c ? strchr(from, c) : NULL;
        *at += 2;
        return found ? to[found - from] : -1;
    }
    if (body.len - *at < 6) return -1;
    int32_t unit = hex4(body.ptr + *at + 2);
    *at += 6;
    if (unit < 0xd800 || unit > 0xdfff) return unit ? unit : -1;
    if (unit > 0xdbff || body.len - *at < 6) return -1;
    int32_t second = hex4(body.ptr + *at + 2);
    *at += 6;
    if (second < 0xdc00 || second > 0xdfff) return -1;
    return 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
}

/* The inside of a string without its quotes; false when it is no string. */
static bool string_body(struct str value, struct str *body) {
    if (value.len < 2 || value.ptr[0] != '"' || value.ptr[value.len - 1] != '"') return false;
    *body = str_from(value.ptr + 1, value.len - 2);
    return true;
}

enum fault json_to_text(struct arena *arena, struct str value, struct str *out) {
    struct str body;
    if (!string_body(json_trim(value), &body)) return FAULT_WRONG_JSON_TYPE;
    const char *escape = body.len ? memchr(body.ptr, '\\', body.len) : NULL;
    *out = body;
    if (escape == NULL) return FAULT_NONE;
    char *start = arena_alloc(arena, body.len), *w = start;
    for (size_t at = 0; at < body.len;) {
        if (body.ptr[at] != '\\') {
            *w++ = body.ptr[at++];
            continue;
        }
        int32_t c = read_escape(body, &at);
        if (c < 0) return FAULT_NOT_JSON;
        w += utf8_encode(c, w);
    }
    *out = str_from(start, (size_t)(w - start));
    return FAULT_NONE;
}

/* True when the raw key (with quotes) means this text. */
static bool json_key_is(struct str raw_key, struct str key) {
    struct str body;
    if (!string_body(raw_key, &body)) return false;
    if (body.len < key.len) return false;
    if (!body.len || !memchr(body.ptr, '\\', body.len)) return str_eq(body, key);
    size_t matched = 0;
    for (size_t at = 0; at < body.len;) {
        char bytes[4];
        size_t len = 1;
        bytes[0] = body.ptr[at];
        if (bytes[0] == '\\') {
            int32_t c = read_escape(body, &at);
            if (c < 0) return false;
            len = utf8_encode(c, bytes);
        } else {
            at++;
        }
        if (key.len - matched < len || memcmp(key.ptr + matched, bytes, len) != 0) return false;
        matched += len;
    }
    return matched == key.len;
}

/* ---- members ---- */

bool json_get(struct str object, struct str key, struct str *value) {
    struct json_iter iter;
    struct json_member member;
    bool found = false;
    if (!json_iter_start(object, &iter) || !iter.object) return false;
    while (json_iter_next(&iter, &member)) {
        if (!json_key_is(member.key, key)) continue;
        *value = member.value;
        found = true;
    }
    return found;
}

int64_t json_array_length(struct str array) {
    struct json_iter iter;
    struct json_member member;
    int64_t count = 0;
    if (!json_iter_start(array, &iter) || iter.object) return -1;
    while (json_iter_next(&iter, &member))
        count++;
    return count;
}

bool json_get_index(struct str array, int64_t index, struct str *value) {
    struct json_iter iter;
    struct json_member member;
    if (!json_iter_start(array, &iter) || iter.object) return false;
    if (index < 0) index += json_array_length(array);
    if (index < 0) return false;
    for (; json_iter_next(&iter, &member); index--) {
        if (index > 0) continue;
        *value = member.value;
        return true;
    }
    return false;
}

/* ---- conversions ---- */

enum fault json_to_bool(struct str value, uint8_t *out) {
    enum json_kind kind = json_kind_of(value);
    if (kind != JSON_TRUE && kind != JSON_FALSE) return FAULT_WRONG_JSON_TYPE;
    *out = kind == JSON_TRUE;
    return FAULT_NONE;
}

enum fault json_to_decimal(struct str value, struct decimal *out) {
    if (json_kind_of(value) != JSON_NUMBER) return FAULT_WRONG_JSON_TYPE;
    return decimal_parse(json_trim(value), out);
}

enum fault json_to_int(struct str value, int64_t *out) {
    struct decimal d;
    if (json_kind_of(value) != JSON_NUMBER) return FAULT_WRONG_JSON_TYPE;
    value = json_trim(value);
    enum fault fault = int_parse(value, out);
    if (fault != FAULT_NOT_INT) return fault;
    fault = decimal_parse(value, &d);
    if (fault == FAULT_OVERFLOW) return FAULT_OUT_OF_RANGE;
    return fault != FAULT_NONE ? fault : decimal_to_int(d, out);
}

enum fault json_to_float(struct str value, double *out) {
    if (json_kind_of(value) != JSON_NUMBER) return FAULT_WRONG_JSON_TYPE;
    return float_parse(json_trim(value), out);
}

enum fault json_to_any_text(struct arena *arena, struct str value, struct str *out) {
    value = json_trim(value);
    if (json_kind_of(value) == JSON_STRING) return json_to_text(arena, value, out);
    *out = value;
    return value.len ? FAULT_NONE : FAULT_NOT_JSON;
}

/* ---- writing ---- */

/* What follows the backslash for c; 0: c needs none, 'u': as \u00XX. */
static char escape_for(unsigned char c) {
    switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\b': return 'b';
    case '\f': return 'f';
    default: return c < 0x20 ? 'u' : '\0';
    }
}

struct str json_quote(struct arena *arena, struct str text) {
    static const char digits[] = "0123456789abcdef";
    size_t size = text.len + 2;
    for (size_t i = 0; i < text.len; i++) {
        char escape = escape_for((unsigned char)text.ptr[i]);
        size += escape == 'u' ? 5 : escape != 0;
    }
    char *start = arena_alloc(arena, size), *w = start;
    *w++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        char escape = escape_for((unsigned char)text.ptr[i]);
        if (escape == 0) {
            *w++ = text.ptr[i];
            continue;
        }
        *w++ = '\\';
        *w++ = escape;
        if (escape != 'u') continue;
        *w++ = '0';
        *w++ = '0';
        *w++ = digits[(unsigned char)text.ptr[i] >> 4];
        *w++ = digits[(unsigned char)text.ptr[i] & 15];
    }
    *w++ = '"';
    return str_from(start, (size_t)(w - start));
}

struct str json_minify(struct arena *arena, struct str value) {
    char *start = arena_alloc(arena, value.len), *w = start;
    for (size_t at = 0; at < value.len;) {
        if (value.ptr[at] == '"') {
            size_t end = skip_string(value, at);
            memcpy(w, value.ptr + at, end - at);
            w += end - at;
            at = end;
            continue;
        }
        if (!is_blank(value.ptr[at])) *w++ = value.ptr[at];
        at++;
    }
    return str_from(start, (size_t)(w - start));
}

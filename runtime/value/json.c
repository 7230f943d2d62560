/* JSON: validation of raw text. Lookup and conversion are in json_value.c, paths in json_path.c. */
#include "runtime/value/json.h"
#include "runtime/base/utf8.h"

struct validator {
    struct str text;
    size_t at;
    const char *message;
    size_t message_at;
    uint32_t depth;
    uint64_t is_object[JSON_DEPTH_MAX / 64]; /* a bit per open bracket */
};

static bool fail(struct validator *v, size_t at, const char *message) {
    v->message = message;
    v->message_at = at;
    return false;
}

static int peek(const struct validator *v) {
    return v->at < v->text.len ? (unsigned char)v->text.ptr[v->at] : -1;
}

static void skip_blanks(struct validator *v) {
    while (v->at < v->text.len) {
        char c = v->text.ptr[v->at];
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
        v->at++;
    }
}

static int32_t hex4(const char *p) {
    int32_t n = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0) return -1;
        n = n << 4 | digit;
    }
    return n;
}

/* \uXXXX with v->at on the `u`. */
static bool check_unicode_escape(struct validator *v) {
    size_t start = v->at - 1;
    const char *p = v->text.ptr + v->at + 1;
    size_t left = v->text.len - v->at - 1;
    int32_t unit = left >= 4 ? hex4(p) : -1;
    if (unit < 0) return fail(v, start, "expected four hexadecimal digits behind `\\u`");
    if (unit == 0) return fail(v, start, "a text cannot hold \\u0000: Postgres cannot store it");
    v->at += 5;
    if (unit < 0xd800 || unit > 0xdfff) return true;
    if (unit >= 0xdc00) return fail(v, start, "the second half of a surrogate pair stands alone");
    int32_t second = left >= 10 && p[4] == '\\' && p[5] == 'u' ? hex4(p + 6) : -1;
    if (second < 0xdc00 || second > 0xdfff)
        return fail(v, start, "the first half of a surrogate pair stands alone");
    v->at += 6;
    return true;
}

static bool check_string(struct validator *v) {
    size_t start = v->at++;
    while (v->at < v->text.len) {
        unsigned char c = (unsigned char)v->text.ptr[v->at];
        if (c == '"') {
            v->at++;
            return true;
        }
        if (c < 0x20) return fail(v, v->at, "a control character in a string must be escaped");
        if (c >= 0x80) {
            size_t len = utf8_char_len(v->text, v->at);
            if (len == 0) return fail(v, v->at, "invalid UTF-8");
            v->at += len;
            continue;
        }
        v->at++;
        if (c != '\\') continue;
        int escaped = peek(v);
        if (escaped == 'u') {
            if (!check_unicode_escape(v)) return false;
            continue;
        }
        if (escaped <= 0 || !memchr("\"\\/bfnrt", escaped, 8)) return fail(v, v->at - 1, "no such escape");
        v->at++;
    }
    return fail(v, start, "the string is not closed");
}

static bool check_digits(struct validator *v, const char *message) {
    size_t start = v->at;
    while (v->at < v->text.len && v->text.ptr[v->at] >= '0' && v->text.ptr[v->at] <= '9')
        v->at++;
    return v->at > start || fail(v, start, message);
}

/* The digits of an exponent, far beyond every limit where there are many. */
static int64_t read_exponent(struct str text, size_t from, size_t to) {
    enum { FAR = 1000000000 };
    int64_t n = 0;
    for (; from < to && n < FAR; from++)
        n = n * 10 + (text.ptr[from] - '0');
    return n;
}

/* jsonb keeps numbers as numeric, which has its limits (numeric.c, NUMERIC_DSCALE_MAX and the weight). */
static bool check_magnitude(struct validator *v, size_t start, int64_t whole, int64_t fraction,
                            int64_t exponent) {
    enum { WHOLE_MAX = 131072, FRACTION_MAX = 16383 };
    if (whole + exponent <= WHOLE_MAX && fraction - exponent <= FRACTION_MAX) return true;
    return fail(v, start, "the number has more digits than Postgres can store");
}

static bool check_number(struct validator *v) {
    size_t start = v->at;
    int64_t fraction = 0, exponent = 0;
    if (peek(v) == '-') v->at++;
    size_t whole_start = v->at;
    if (peek(v) == '0') {
        v->at++;
        int next = peek(v);
        if (next >= '0' && next <= '9') return fail(v, v->at - 1, "a number cannot start with 0");
    } else if (!check_digits(v, "expected a digit")) {
        return false;
    }
    bool zero = v->text.ptr[whole_start] == '0';
    int64_t whole = zero ? 0 : (int64_t)(v->at - whole_start);
    if (peek(v) == '.') {
        size_t point = v->at++;
        if (!check_digits(v, "expected a digit behind the point")) return false;
        fraction = (int64_t)(v->at - point) - 1;
    }
    if (peek(v) == 'e' || peek(v) == 'E') {
        v->at++;
        bool negative = peek(v) == '-';
        if (negative || peek(v) == '+') v->at++;
        size_t digits = v->at;
        if (!check_digits(v, "expected a digit in the exponent")) return false;
        exponent = read_exponent(v->text, digits, v->at);
        if (negative) exponent = -exponent;
    }
    return check_magnitude(v, start, whole, fraction, exponent);
}

static bool check_word(struct validator *v, const char *word) {
    size_t len = strlen(word);
    if (v->text.len - v->at < len || memcmp(v->text.ptr + v->at, word, len) != 0)
        return fail(v, v->at, "expected a value");
    v->at += len;
    return true;
}

static bool open_bracket(struct validator *v, bool object) {
    if (v->depth == JSON_DEPTH_MAX) return fail(v, v->at, "nested too deeply");
    uint64_t bit = (uint64_t)1 << (v->depth % 64), *word = &v->is_object[v->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    v->depth++;
    v->at++;
    return true;
}

static bool in_object(const struct validator *v) {
    return v->is_object[(v->depth - 1) / 64] >> ((v->depth - 1) % 64) & 1;
}

/* A key and its colon. */
static bool check_key(struct validator *v) {
    skip_blanks(v);
    if (peek(v) != '"') return fail(v, v->at, "expected a key in double quotes");
    if (!check_string(v)) return false;
    skip_blanks(v);
    if (peek(v) != ':') return fail(v, v->at, "expected `:` after the key");
    v->at++;
    return true;
}

/* A scalar, or the opening of an array or object. *done: a whole value stands behind us. */
static bool check_start(struct validator *v, bool *done) {
    *done = true;
    switch (peek(v)) {
    case '"': return check_string(v);
    case 't': return check_word(v, "true");
    case 'f': return check_word(v, "false");
    case 'n': return check_word(v, "null");
    case '{':
    case '[': {
        bool object = peek(v) == '{';
        if (!open_bracket(v, object)) return false;
        skip_blanks(v);
        if (peek(v) == (object ? '}' : ']')) {
            v->at++;
            v->depth--;
            return true;
        }
        *done = false;
        return !object || check_key(v);
    }
    case -1: return fail(v, v->at, "expected a value, the text ends here");
    default:
        if (peek(v) == '-' || (peek(v) >= '0' && peek(v) <= '9')) return check_number(v);
        return fail(v, v->at, "expected a value");
    }
}

/* Behind a value inside a bracket: a comma (*more) or the closing bracket. */
static bool check_after(struct validator *v, bool *more) {
    bool object = in_object(v);
    skip_blanks(v);
    *more = peek(v) == ',';
    if (*more) {
        v->at++;
        return !object || check_key(v);
    }
    if (peek(v) != (object ? '}' : ']'))
        return fail(v, v->at, object ? "expected `,` or `}`" : "expected `,` or `]`");
    v->at++;
    v->depth--;
    return true;
}

static bool check_value(struct validator *v) {
    for (;;) {
        bool done, more = false;
        skip_blanks(v);
        if (!check_start(v, &done)) return false;
        if (!done) continue;
        while (v->depth > 0 && !more)
            if (!check_after(v, &more)) return false;
        if (!more) return true;
    }
}

static void give_error(const struct validator *v, struct json_error *error) {
    if (error) *error = (struct json_error){v->message_at, v->message};
}

size_t json_validate_prefix(struct str text, size_t at, struct json_error *error) {
    struct validator v = {.text = text, .at = at};
    if (check_value(&v)) return v.at;
    give_error(&v, error);
    return 0;
}

bool json_validate(struct str text, struct json_error *error) {
    struct validator v = {.text = text};
    bool ok = check_value(&v);
    if (ok) {
        skip_blanks(&v);
        ok = v.at == text.len || fail(&v, v.at, "something stands behind the value");
    }
    if (!ok) give_error(&v, error);
    return ok;
}

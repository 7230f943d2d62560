/* The incremental JSON checker. */
#include "runtime/reader/json_scan.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

enum state {
    WANT_VALUE,
    WANT_VALUE_OR_END, /* behind [ */
    WANT_KEY,
    WANT_KEY_OR_END, /* behind { */
    WANT_COLON,
    WANT_COMMA_OR_END,
    IN_STRING,
    IN_ESCAPE,
    IN_HEX1,
    IN_HEX2,
    IN_HEX3,
    IN_HEX4,
    IN_KEY,
    KEY_ESCAPE,
    KEY_HEX1,
    KEY_HEX2,
    KEY_HEX3,
    KEY_HEX4,
    IN_LITERAL,
    NUM_MINUS,
    NUM_ZERO,
    NUM_INT,
    NUM_DOT,
    NUM_FRACTION,
    NUM_E,
    NUM_SIGN,
    NUM_EXPONENT,
    ALL_DONE
};

void json_scan_start(struct json_scanner *s, uint32_t max_depth) {
    s->state = WANT_VALUE;
    s->depth = 0;
    s->max_depth = max_depth < JSON_SCAN_DEPTH ? max_depth : JSON_SCAN_DEPTH;
    s->error = NULL;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* First byte of p[i..len) that ends a run of plain characters in a string. */
static size_t skip_plain(const char *p, size_t i, size_t len) {
#if defined(__x86_64__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), low = _mm_set1_epi8(0x1f);
    while (len - i >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                                   _mm_cmpeq_epi8(_mm_min_epu8(v, low), v));
        int mask = _mm_movemask_epi8(hit);
        if (mask) return i + (size_t)__builtin_ctz((unsigned)mask);
        i += 16;
    }
#endif
    while (i < len && p[i] != '"' && p[i] != '\\' && (unsigned char)p[i] >= 0x20)
        i++;
    return i;
}

static bool fail(struct json_scanner *s, const char *error) {
    s->error = error;
    return false;
}

static void end_value(struct json_scanner *s) {
    s->state = s->depth ? WANT_COMMA_OR_END : ALL_DONE;
}

static bool in_object(const struct json_scanner *s) {
    return s->objects[(s->depth - 1) / 64] >> ((s->depth - 1) % 64) & 1;
}

static bool open_container(struct json_scanner *s, bool object) {
    if (s->depth >= s->max_depth) return fail(s, "nested deeper than the limit");
    uint64_t bit = (uint64_t)1 << (s->depth % 64);
    if (object)
        s->objects[s->depth / 64] |= bit;
    else
        s->objects[s->depth / 64] &= ~bit;
    s->depth++;
    s->state = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
    return true;
}

static void close_container(struct json_scanner *s) {
    s->depth--;
    end_value(s);
}

static bool start_literal(struct json_scanner *s, const char *literal) {
    s->literal = literal;
    s->literal_at = 1;
    s->state = IN_LITERAL;
    return true;
}

static bool start_value(struct json_scanner *s, char c) {
    switch (c) {
    case '{': return open_container(s, true);
    case '[': return open_container(s, false);
    case '"': s->state = IN_STRING; return true;
    case 't': return start_literal(s, "true");
    case 'f': return start_literal(s, "false");
    case 'n': return start_literal(s, "null");
    case '-': s->state = NUM_MINUS; return true;
    case '0': s->state = NUM_ZERO; return true;
    default:
        if (!is_digit(c)) return fail(s, "expected a value");
        s->state = NUM_INT;
        return true;
    }
}

/* A character between tokens. */
static bool take_structure(struct json_scanner *s, char c) {
    if (is_blank(c)) return true;
    switch (s->state) {
    case WANT_VALUE: return start_value(s, c);
    case WANT_VALUE_OR_END:
        if (c != ']') return start_value(s, c);
        close_container(s);
        return true;
    case WANT_KEY_OR_END:
        if (c == '}') {
            close_container(s);
            return true;
        }
        /* fall through */
    case WANT_KEY:
        if (c != '"') return fail(s, "expected a key in double quotes");
        s->state = IN_KEY;
        return true;
    case WANT_COLON:
        if (c != ':') return fail(s, "expected `:` behind the key");
        s->state = WANT_VALUE;
        return true;
    default:
        if (c == ',') {
            s->state = in_object(s) ? WANT_KEY : WANT_VALUE;
            return true;
        }
        if (c != (in_object(s) ? '}' : ']'))
            return fail(s, in_object(s) ? "expected `,` or `}`" : "expected `,` or `]`");
        close_container(s);
        return true;
    }
}

static bool take_escape(struct json_scanner *s, char c) {
    uint8_t base = s->state >= IN_KEY ? IN_KEY : IN_STRING, at = s->state - base;
    if (at == 1) {
        if (strchr("\"\\/bfnrtu", c) == NULL || c == '\0') return fail(s, "there is no such escape");
        s->state = base + (c == 'u' ? 2 : 0);
        return true;
    }
    if (!is_hex(c)) return fail(s, "expected four hexadecimal digits behind \\u");
    s->state = at == 5 ? base : s->state + 1;
    return true;
}

static bool take_literal(struct json_scanner *s, char c) {
    if (s->literal[s->literal_at] != c)
        return fail(s, "expected a value; only true, false and null are words");
    if (s->literal[++s->literal_at] == '\0') end_value(s);
    return true;
}

/* True: the character belongs to the number. False without an error: the number ended before it. */
static bool take_number(struct json_scanner *s, char c) {
    bool digit = is_digit(c);
    switch (s->state) {
    case NUM_MINUS:
        if (!digit) return fail(s, "expected a digit behind `-`");
        s->state = c == '0' ? NUM_ZERO : NUM_INT;
        return true;
    case NUM_ZERO:
    case NUM_INT:
        if (digit && s->state == NUM_ZERO) return fail(s, "a number must not begin with 0");
        if (digit) return true;
        if (c == '.')
            s->state = NUM_DOT;
        else if (c == 'e' || c == 'E')
            s->state = NUM_E;
        else
            return false;
        return true;
    case NUM_DOT:
        if (!digit) return fail(s, "expected a digit behind the decimal point");
        s->state = NUM_FRACTION;
        return true;
    case NUM_FRACTION:
        if (digit) return true;
        if (c != 'e' && c != 'E') return false;
        s->state = NUM_E;
        return true;
    case NUM_E:
        if (c == '+' || c == '-') {
            s->state = NUM_SIGN;
            return true;
        }
        /* fall through */
    case NUM_SIGN:
        if (!digit) return fail(s, "expected a digit in the exponent");
        s->state = NUM_EXPONENT;
        return true;
    default: return digit;
    }
}

enum json_scan_status json_scan(struct json_scanner *s, const char *bytes, size_t len, size_t *used) {
    size_t i = 0;
    bool good = true;
    while (i < len && good && s->state != ALL_DONE) {
        char c = bytes[i];
        if (s->state == IN_STRING || s->state == IN_KEY) {
            i = skip_plain(bytes, i, len);
            if (i == len) break;
            c = bytes[i];
            if (c == '\\')
                s->state++;
            else if (c != '"')
                good = fail(s, "a control character must be written as an escape in a text");
            else if (s->state == IN_KEY)
                s->state = WANT_COLON;
            else
                end_value(s);
        } else if (s->state < IN_STRING) {
            good = take_structure(s, c);
        } else if (s->state < IN_LITERAL) {
            good = take_escape(s, c);
        } else if (s->state == IN_LITERAL) {
            good = take_literal(s, c);
        } else if (!take_number(s, c)) {
            if (s->error == NULL) end_value(s);
            good = s->error == NULL;
            continue; /* the character was not part of the number */
        }
        i += good;
    }
    *used = i;
    if (!good) return JSON_SCAN_ERROR;
    return s->state == ALL_DONE ? JSON_SCAN_DONE : JSON_SCAN_MORE;
}

enum json_scan_status json_scan_end(struct json_scanner *s) {
    if (s->state == ALL_DONE) return JSON_SCAN_DONE;
    if (s->depth == 0 && (s->state == NUM_ZERO || s->state == NUM_INT || s->state == NUM_FRACTION ||
                          s->state == NUM_EXPONENT)) {
        s->state = ALL_DONE;
        return JSON_SCAN_DONE;
    }
    if (s->state >= IN_STRING && s->state < IN_LITERAL)
        s->error = "it ends in the middle of a text";
    else if (s->depth)
        s->error = in_object(s) ? "it ends in the middle of an object" : "it ends in the middle of an array";
    else
        s->error = "it ends where a value is expected";
    return JSON_SCAN_ERROR;
}

bool json_scan_text(struct json_scanner *s, struct str text, uint32_t max_depth, size_t *at,
                    const char **error) {
    json_scan_start(s, max_depth);
    enum json_scan_status status = json_scan(s, text.ptr, text.len, at);
    if (status == JSON_SCAN_MORE) status = json_scan_end(s);
    *error = s->error;
    if (status != JSON_SCAN_DONE) return false;
    while (*at < text.len && is_blank(text.ptr[*at]))
        ++*at;
    *error = "expected nothing behind the value";
    return *at == text.len;
}

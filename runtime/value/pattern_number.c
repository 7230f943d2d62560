/* Number patterns: arranging, reading strictly, printing as Postgres' to_char. */
#include "runtime/value/decimal.h"
#include "runtime/value/pattern_item.h"

#include <stdio.h>

static bool is_core(uint8_t field) {
    return field == FIELD_NINE || field == FIELD_ZERO || field == FIELD_POINT || field == FIELD_GROUP;
}

#define SIGN_BITS                                                                                            \
    (FIELD_BIT(FIELD_SIGN) | FIELD_BIT(FIELD_SIGN_HERE) | FIELD_BIT(FIELD_MINUS) | FIELD_BIT(FIELD_PLUS) |   \
     FIELD_BIT(FIELD_ANGLE))

static bool fail(struct str *error, struct str message) {
    *error = message;
    return false;
}

static bool count_digits(struct pattern *pattern, struct str *error) {
    bool point = false;
    for (uint32_t i = pattern->core_start; i < pattern->core_end; i++) {
        uint8_t field = pattern->items[i].field;
        bool zero = field == FIELD_ZERO;
        if (field == FIELD_POINT) {
            if (point) return fail(error, STR("the decimal point is there twice"));
            point = true;
        } else if (field == FIELD_GROUP) {
            if (point) return fail(error, STR("a group separator stands behind the decimal point"));
            if (pattern->whole_digits == 0)
                return fail(error, STR("a group separator needs a digit before it"));
        } else if (point) {
            pattern->fraction_digits++;
            if (zero) pattern->fraction_required = pattern->fraction_digits;
        } else {
            pattern->whole_digits++;
            if (zero || pattern->whole_required) pattern->whole_required++;
        }
    }
    if (pattern->whole_digits + pattern->fraction_digits == 0)
        return fail(error, STR("the pattern has no digit (9 or 0)"));
    if (pattern->whole_digits + pattern->fraction_digits > DECIMAL_DIGITS_MAX)
        return fail(error, STR("the pattern has more than 38 digits"));
    if (point && pattern->fraction_digits == 0)
        return fail(error, STR("the decimal point needs a digit behind it"));
    if (pattern->items[pattern->core_end - 1].field == FIELD_GROUP)
        return fail(error, STR("a group separator needs a digit behind it"));
    return true;
}

bool pattern_arrange_number(struct arena *arena, struct pattern *pattern, struct str *error) {
    uint32_t start = 0, signs = 0, angles = 0;
    while (start < pattern->count && !is_core(pattern->items[start].field))
        start++;
    uint32_t end = start;
    while (end < pattern->count && is_core(pattern->items[end].field))
        end++;
    pattern->core_start = start;
    pattern->core_end = end;
    if (start == end) return fail(error, STR("the pattern has no digit (9 or 0)"));
    for (uint32_t i = 0; i < pattern->count; i++) {
        const struct pattern_item *item = &pattern->items[i];
        if (i >= end && is_core(item->field))
            return fail(
                error, arena_printf(arena, "`%.*s` stands apart from the other digits", STR_ARG(item->text)));
        if (item->field != FIELD_LITERAL) signs += (SIGN_BITS & FIELD_BIT(item->field)) != 0;
        angles += item->field == FIELD_ANGLE && i + 1 < pattern->count;
    }
    if (signs > 1) return fail(error, STR("the sign is there twice"));
    if (angles > 0) return fail(error, STR("PR stands at the end"));
    return count_digits(pattern, error);
}

/* ---- reading ---- */

struct number_reader {
    const char *p, *end;
    bool negative;
};

static bool take(struct number_reader *r, char c) {
    if (r->p == r->end || *r->p != c) return false;
    r->p++;
    return true;
}

static bool read_affix(struct number_reader *r, const struct pattern_item *item) {
    switch ((enum pattern_field)item->field) {
    case FIELD_LITERAL:
        if ((size_t)(r->end - r->p) < item->text.len || memcmp(r->p, item->text.ptr, item->text.len) != 0)
            return false;
        r->p += item->text.len;
        return true;
    case FIELD_SIGN:
    case FIELD_SIGN_HERE:
        if (!take(r, '+')) r->negative = take(r, '-');
        return true;
    case FIELD_MINUS:
        r->negative = take(r, '-');
        if (!r->negative) take(r, ' ');
        return true;
    case FIELD_PLUS:
        if (!take(r, '+') && !take(r, ' ')) r->negative = take(r, '-');
        return true;
    case FIELD_CURRENCY: return take(r, '$');
    default: return true; /* PR's brackets are read around the whole */
    }
}

/* Whether a group separator stands before the position with `behind` digits between it and the point. */
static bool group_at(const struct pattern *pattern, int32_t behind) {
    int32_t digits = pattern->whole_digits;
    for (uint32_t i = pattern->core_start; i < pattern->core_end; i++) {
        uint8_t field = pattern->items[i].field;
        if (field == FIELD_POINT) return false;
        if (field == FIELD_GROUP && digits == behind) return true;
        if (field != FIELD_GROUP) digits--;
    }
    return false;
}

/* Digits and separators before the point, into out. */
static bool read_whole(struct number_reader *r, const struct pattern *pattern, char *out, int32_t *count) {
    const char *start = r->p;
    int32_t digits = 0, groups = 0;
    for (; r->p < r->end && ((*r->p >= '0' && *r->p <= '9') || *r->p == ','); r->p++) {
        groups += *r->p == ',';
        digits += *r->p != ',';
    }
    if (digits > pattern->whole_digits || digits < pattern->whole_required) return false;
    *count = 0;
    for (const char *p = start; p < r->p; p++) {
        int32_t behind = digits - *count; /* digits from here to the point */
        bool expected = groups > 0 && *count > 0 && group_at(pattern, behind) && p[-1] != ',';
        if ((*p == ',') != expected) return false;
        if (*p != ',') out[(*count)++] = *p;
    }
    return true;
}

static bool read_core(struct number_reader *r, const struct pattern *pattern, struct decimal *out) {
    char text[DECIMAL_DIGITS_MAX + 2];
    int32_t whole, fraction = 0;
    if (!read_whole(r, pattern, text, &whole)) return false;
    char *to = text + whole;
    if (pattern_has(pattern, FIELD_POINT) && take(r, '.')) {
        *to++ = '.';
        for (; r->p < r->end && *r->p >= '0' && *r->p <= '9' && fraction < pattern->fraction_digits;
             fraction++)
            *to++ = *r->p++;
        if (fraction == 0) return false;
    }
    if (fraction < pattern->fraction_required || whole + fraction == 0) return false;
    return decimal_parse(str_from(text, (size_t)(to - text)), out) == FAULT_NONE;
}

enum fault pattern_parse_decimal(const struct pattern *pattern, struct str text, struct decimal *out) {
    struct number_reader r = {text.ptr, text.ptr + text.len, false};
    if (pattern_has(pattern, FIELD_ANGLE) && text.len >= 2 && text.ptr[0] == '<') {
        if (text.ptr[text.len - 1] != '>') return FAULT_NOT_DECIMAL;
        r = (struct number_reader){text.ptr + 1, text.ptr + text.len - 1, true};
    } else if (!(pattern->fields & SIGN_BITS)) {
        r.negative = take(&r, '-');
    }
    for (uint32_t i = 0; i < pattern->core_start; i++)
        if (!read_affix(&r, &pattern->items[i])) return FAULT_NOT_DECIMAL;
    if (!read_core(&r, pattern, out)) return FAULT_NOT_DECIMAL;
    for (uint32_t i = pattern->core_end; i < pattern->count; i++)
        if (!read_affix(&r, &pattern->items[i])) return FAULT_NOT_DECIMAL;
    if (r.p != r.end) return FAULT_NOT_DECIMAL;
    if (r.negative) *out = decimal_negate(*out);
    return FAULT_NONE;
}

enum fault pattern_parse_int(const struct pattern *pattern, struct str text, int64_t *out) {
    struct decimal d;
    enum fault fault = pattern_parse_decimal(pattern, text, &d);
    if (fault != FAULT_NONE) return FAULT_NOT_INT;
    return decimal_to_int(d, out);
}

/* ---- printing ---- */

struct number_printer {
    char *p;
    const char *whole, *fraction; /* digits, the whole ones right-aligned to the pattern's positions */
    int32_t whole_count;          /* digits of the whole part that are printed */
    int32_t fraction_count;       /* digits behind the point that are printed */
    bool negative, signed_yet, unpadded;
    const struct pattern *pattern;
};

/* The sign that stands beside the first digit: without a sign field, or for a leading S. */
static void put_leading_sign(struct number_printer *w) {
    if (w->signed_yet) return;
    w->signed_yet = true;
    const struct pattern *pattern = w->pattern;
    if (pattern_has(pattern, FIELD_SIGN)) {
        *w->p++ = w->negative ? '-' : '+';
    } else if (pattern_has(pattern, FIELD_ANGLE)) {
        if (w->negative)
            *w->p++ = '<';
        else if (!w->unpadded)
            *w->p++ = ' ';
    } else if (w->negative) {
        *w->p++ = '-';
    } else if (!w->unpadded) {
        *w->p++ = ' ';
    }
}

static void put_core(struct number_printer *w) {
    int32_t left = w->pattern->whole_digits, fraction = 0;
    bool point = false;
    for (uint32_t i = w->pattern->core_start; i < w->pattern->core_end; i++) {
        uint8_t field = w->pattern->items[i].field;
        if (field == FIELD_POINT) {
            put_leading_sign(w);
            point = true;
            *w->p++ = '.';
        } else if (point) {
            if (fraction < w->fraction_count) *w->p++ = w->fraction[fraction];
            fraction++;
        } else if (field == FIELD_GROUP) {
            if (left < w->whole_count)
                *w->p++ = ',';
            else if (!w->unpadded)
                *w->p++ = ' ';
        } else if (left <= w->whole_count) {
            put_leading_sign(w);
            *w->p++ = w->whole[w->pattern->whole_digits - left--];
        } else {
            left--;
            if (!w->unpadded) *w->p++ = ' ';
        }
    }
    put_leading_sign(w);
}

static void put_affix(struct number_printer *w, const struct pattern_item *item) {
    switch ((enum pattern_field)item->field) {
    case FIELD_LITERAL:
        memcpy(w->p, item->text.ptr, item->text.len);
        w->p += item->text.len;
        break;
    case FIELD_SIGN_HERE: *w->p++ = w->negative ? '-' : '+'; break;
    case FIELD_MINUS:
        if (w->negative || !w->unpadded) *w->p++ = w->negative ? '-' : ' ';
        break;
    case FIELD_PLUS:
        if (!w->negative || !w->unpadded) *w->p++ = w->negative ? ' ' : '+';
        break;
    case FIELD_CURRENCY: *w->p++ = '$'; break;
    case FIELD_ANGLE:
        if (w->negative || !w->unpadded) *w->p++ = w->negative ? '>' : ' ';
        break;
    default: break; /* S is put beside the digits, or at the end */
    }
}

/* True when S stands behind the digits. */
static bool has_trailing_sign(const struct pattern *pattern) {
    for (uint32_t i = pattern->core_end; i < pattern->count; i++)
        if (pattern->items[i].field == FIELD_SIGN) return true;
    return false;
}

static void print_items(struct number_printer *w) {
    const struct pattern *pattern = w->pattern;
    bool trailing = has_trailing_sign(pattern);
    bool placed = pattern->fields & (FIELD_BIT(FIELD_SIGN_HERE) | FIELD_BIT(FIELD_MINUS));
    w->signed_yet = trailing || placed;
    for (uint32_t i = 0; i < pattern->core_start; i++)
        put_affix(w, &pattern->items[i]);
    put_core(w);
    for (uint32_t i = pattern->core_end; i < pattern->count; i++) {
        if (pattern->items[i].field == FIELD_SIGN)
            *w->p++ = w->negative ? '-' : '+';
        else
            put_affix(w, &pattern->items[i]);
    }
}

enum fault pattern_format_decimal(struct arena *arena, const struct pattern *pattern, struct decimal d,
                                  struct str *out) {
    d = decimal_canonical(d);
    if (d.scale > pattern->fraction_digits) return FAULT_LOSSY;
    char text[DECIMAL_TEXT_MAX], whole[DECIMAL_DIGITS_MAX], fraction[DECIMAL_DIGITS_MAX];
    size_t len = decimal_write(decimal_abs(d), text);
    const char *point = memchr(text, '.', len);
    int32_t whole_count = (int32_t)(point ? point - text : (ptrdiff_t)len);
    bool zero_whole = whole_count == 1 && text[0] == '0';
    if (zero_whole) whole_count = 0;
    if (whole_count > pattern->whole_digits) return FAULT_OUT_OF_RANGE;
    memset(whole, '0', sizeof whole);
    memcpy(whole + pattern->whole_digits - whole_count, text, (size_t)whole_count);
    memset(fraction, '0', sizeof fraction);
    if (point) memcpy(fraction, point + 1, (size_t)d.scale);
    if (whole_count < pattern->whole_required) whole_count = pattern->whole_required;
    /* A zero without any digit behind the point is still a digit. */
    int32_t fraction_count = pattern->fraction_digits;
    if (pattern->unpadded)
        fraction_count = d.scale > pattern->fraction_required ? d.scale : pattern->fraction_required;
    bool bare = pattern->unpadded ? fraction_count == 0 : !pattern_has(pattern, FIELD_POINT);
    if (whole_count == 0 && pattern->whole_digits > 0 && bare) whole_count = 1;
    size_t size = 8;
    for (uint32_t i = 0; i < pattern->count; i++)
        size += pattern->items[i].field == FIELD_LITERAL ? pattern->items[i].text.len : 2;
    char *start = arena_alloc(arena, size);
    struct number_printer w = {.p = start,
                               .whole = whole,
                               .fraction = fraction,
                               .whole_count = whole_count,
                               .fraction_count = fraction_count,
                               .negative = d.hi < 0,
                               .unpadded = pattern->unpadded,
                               .pattern = pattern};
    print_items(&w);
    *out = str_from(start, (size_t)(w.p - start));
    return FAULT_NONE;
}

/* Exact decimal arithmetic: reading, printing, conversions, the operations. Postgres' binary form is in
 * decimal_binary.c. */
#include "runtime/value/decimal.h"
#include "runtime/base/hash.h"
#include "runtime/value/decimal_power.h"
#include "runtime/value/number.h"
#include "runtime/value/wide.h"

#include <stdlib.h>

typedef unsigned __int128 u128;

static u128 magnitude(struct decimal d) {
    __int128 c = decimal_coefficient(d);
    return c < 0 ? -(u128)c : (u128)c;
}

static struct decimal make_signed(bool negative, u128 coefficient, int32_t scale) {
    return decimal_make(negative ? -(__int128)coefficient : (__int128)coefficient, scale);
}

static int32_t count_digits(u128 n) {
    int32_t digits = 0;
    while (digits < DECIMAL_DIGITS_MAX && n >= decimal_power(digits))
        digits++;
    return digits;
}

/* w * 10^-scale as a decimal; trailing zeros are given up where it is too long otherwise. */
enum fault decimal_from_wide(bool negative, struct wide *w, int32_t scale, struct decimal *out) {
    int32_t digits = (int32_t)wide_count_digits(w);
    if (digits - scale > DECIMAL_DIGITS_MAX) return FAULT_OVERFLOW;
    while (scale > DECIMAL_SCALE_MAX || (digits > DECIMAL_DIGITS_MAX && scale > 0)) {
        if (wide_divide_small(w, 10) != 0) return FAULT_LOSSY;
        scale--;
        digits -= digits > 0;
    }
    u128 coefficient;
    if (!wide_to(w, &coefficient)) return FAULT_OVERFLOW;
    *out = make_signed(negative, coefficient, scale);
    return FAULT_NONE;
}

static struct wide scaled_up(struct decimal d, int32_t by) {
    struct wide w = wide_from(magnitude(d));
    wide_scale_up(&w, (uint32_t)by);
    return w;
}

/* ---- reading ---- */

/* digits * 10^exponent with at least min_scale digits behind the point where they fit. */
static enum fault make_from_digits(bool negative, u128 digits, int64_t exponent, int64_t want_scale,
                                   struct decimal *out) {
    if (digits == 0) {
        *out = decimal_make(0, (int32_t)(want_scale > DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX : want_scale));
        return FAULT_NONE;
    }
    int64_t count = count_digits(digits);
    if (count + exponent > DECIMAL_DIGITS_MAX) return FAULT_OVERFLOW;
    if (exponent < -DECIMAL_SCALE_MAX) return FAULT_LOSSY;
    int64_t least = exponent < 0 ? -exponent : 0; /* without loss no scale is smaller than this */
    int64_t scale = want_scale > DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX : want_scale;
    int64_t room = DECIMAL_DIGITS_MAX - count - exponent;
    if (scale > room) scale = room;
    if (scale < least) scale = least;
    *out = make_signed(negative, digits * decimal_power((int32_t)(scale + exponent)), (int32_t)scale);
    return FAULT_NONE;
}

/* [e|E] [+-] digits up to the end; saturates far beyond every range. */
static bool parse_exponent(const char *p, const char *end, int64_t *out) {
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    int64_t n = 0;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9') return false;
        if (n < 1000000000) n = n * 10 + (*p - '0');
    }
    *out = negative ? -n : n;
    return true;
}

/* What stands between sign and exponent. */
struct mantissa {
    const char *end;
    int64_t digits, fraction; /* digits in all, digits behind the point */
    u128 value;               /* of the first to the last digit other than zero */
    int64_t significant, trailing_zeros;
};

static void scan_mantissa(const char *p, const char *end, struct mantissa *m) {
    *m = (struct mantissa){0};
    bool point = false;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        uint32_t digit = (uint32_t)(uint8_t)*p - '0';
        if (digit > 9) break;
        m->digits++;
        m->fraction += point;
        if (digit == 0) {
            m->trailing_zeros += m->significant > 0;
            continue;
        }
        m->significant += m->trailing_zeros + 1;
        if (m->significant <= DECIMAL_DIGITS_MAX)
            m->value = m->value * decimal_power((int32_t)m->trailing_zeros + 1) + digit;
        m->trailing_zeros = 0;
    }
    m->end = p;
}

static enum fault parse_general(const char *p, const char *end, bool negative, struct decimal *out) {
    struct mantissa m;
    scan_mantissa(p, end, &m);
    int64_t exponent = 0;
    if (m.digits == 0) return FAULT_NOT_DECIMAL;
    if (m.end < end) {
        if (*m.end != 'e' && *m.end != 'E') return FAULT_NOT_DECIMAL;
        if (!parse_exponent(m.end + 1, end, &exponent)) return FAULT_NOT_DECIMAL;
    }
    int64_t want_scale = m.fraction - exponent > 0 ? m.fraction - exponent : 0;
    int64_t last = exponent - m.fraction + m.trailing_zeros; /* power of ten of the last digit that counts */
    if (m.significant > DECIMAL_DIGITS_MAX)
        return m.significant + last > DECIMAL_DIGITS_MAX ? FAULT_OVERFLOW : FAULT_LOSSY;
    return make_from_digits(negative, m.value, last, want_scale, out);
}

enum fault decimal_parse(struct str text, struct decimal *out) {
    const char *p = text.ptr, *end = p + text.len;
    if (text.len == 0) return FAULT_NOT_DECIMAL;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+') p++;
    if (end - p > 19) return parse_general(p, end, negative, out);
    uint64_t n = 0;
    const char *point = NULL;
    for (const char *q = p; q < end; q++) {
        uint32_t digit = (uint32_t)(uint8_t)*q - '0';
        if (digit <= 9)
            n = n * 10 + digit;
        else if (*q == '.' && !point)
            point = q;
        else
            return parse_general(p, end, negative, out);
    }
    if (end - p == (point ? 1 : 0)) return FAULT_NOT_DECIMAL;
    *out = make_signed(negative, n, point ? (int32_t)(end - point - 1) : 0);
    return FAULT_NONE;
}

/* ---- printing ---- */

/* n in decimal, right-aligned before end, at least `least` digits; returns the first one. */
static char *write_digits_before(char *end, u128 n, int32_t least) {
    char *p = end;
    while (n >> 64) {
        uint64_t low = (uint64_t)(n % 10000000000000000000u);
        n /= 10000000000000000000u;
        for (int i = 0; i < 19; i++, low /= 10)
            *--p = (char)('0' + low % 10);
    }
    for (uint64_t rest = (uint64_t)n; rest; rest /= 10)
        *--p = (char)('0' + rest % 10);
    while (end - p < least)
        *--p = '0';
    return p;
}

size_t decimal_write(struct decimal d, char out[static DECIMAL_TEXT_MAX]) {
    char digits[48], *end = digits + sizeof digits, *to = out;
    char *p = write_digits_before(end, magnitude(d), d.scale + 1);
    if (d.hi < 0) *to++ = '-';
    size_t whole = (size_t)(end - p) - (size_t)d.scale;
    memcpy(to, p, whole);
    to += whole;
    if (d.scale > 0) {
        *to++ = '.';
        memcpy(to, p + whole, (size_t)d.scale);
        to += d.scale;
    }
    return (size_t)(to - out);
}

struct str decimal_format(struct arena *arena, struct decimal d) {
    char *out = arena_alloc(arena, DECIMAL_TEXT_MAX);
    return str_from(out, decimal_write(d, out));
}

/* ---- conversions ---- */

enum fault decimal_to_int(struct decimal d, int64_t *out) {
    u128 unit = decimal_power(d.scale), n = magnitude(d);
    if (n % unit != 0) return FAULT_LOSSY;
    n /= unit;
    if (n > (u128)INT64_MAX + (d.hi < 0)) return FAULT_OUT_OF_RANGE;
    *out = (int64_t)(d.hi < 0 ? -n : n);
    return FAULT_NONE;
}

enum fault decimal_from_float(double f, struct decimal *out) {
    char text[FLOAT_TEXT_MAX];
    if (!(f - f == 0)) return FAULT_NOT_DECIMAL;
    return decimal_parse(str_from(text, float_write(f, text)), out);
}

double decimal_to_float(struct decimal d) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    /* Both operands exact: one division rounds correctly. */
    if (d.scale <= 22 && magnitude(d) <= (u128)1 << 53)
        return (double)decimal_coefficient(d) / powers[d.scale];
    char text[DECIMAL_TEXT_MAX + 1];
    text[decimal_write(d, text)] = '\0';
    return strtod(text, NULL);
}

/* ---- sums, products, order ---- */

enum fault decimal_add_wide(struct decimal a, struct decimal b, bool negate_b, struct decimal *out) {
    int32_t scale = a.scale > b.scale ? a.scale : b.scale;
    bool a_negative = a.hi < 0, b_negative = (b.hi < 0) != negate_b;
    u128 x = magnitude(a), y = magnitude(b);
    int32_t up_a = scale - a.scale, up_b = scale - b.scale;
    if (x >> 64 == 0 && y >> 64 == 0 && up_a <= 18 &&
        up_b <= 18) { /* below 2^64 * 10^18 < 10^38: no overflow */
        __int128 p = (__int128)(x * decimal_power(up_a)), q = (__int128)(y * decimal_power(up_b));
        *out = decimal_make((a_negative ? -p : p) + (b_negative ? -q : q), scale);
        return FAULT_NONE;
    }
    struct wide p = scaled_up(a, up_a), q = scaled_up(b, up_b);
    if (a_negative == b_negative) {
        wide_add(&p, &q);
        return decimal_from_wide(a_negative, &p, scale, out);
    }
    if (wide_compare(&p, &q) >= 0) {
        wide_subtract(&p, &q);
        return decimal_from_wide(a_negative, &p, scale, out);
    }
    wide_subtract(&q, &p);
    return decimal_from_wide(b_negative, &q, scale, out);
}

enum fault decimal_multiply_wide(struct decimal a, struct decimal b, struct decimal *out) {
    struct wide product = wide_multiply(magnitude(a), magnitude(b));
    return decimal_from_wide((a.hi < 0) != (b.hi < 0), &product, a.scale + b.scale, out);
}

int decimal_compare_wide(struct decimal a, struct decimal b) {
    int sign_a = decimal_sign(a), sign_b = decimal_sign(b);
    if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
    int32_t scale = a.scale > b.scale ? a.scale : b.scale;
    int32_t up_a = scale - a.scale, up_b = scale - b.scale;
    if (up_a <= 18 && up_b <= 18 && decimal_is_small(a) && decimal_is_small(b)) {
        u128 x = magnitude(a) * decimal_power(up_a), y = magnitude(b) * decimal_power(up_b);
        return x == y ? 0 : (x < y) == (sign_a > 0) ? -1 : 1;
    }
    struct wide x = scaled_up(a, up_a), y = scaled_up(b, up_b);
    int order = wide_compare(&x, &y);
    return sign_a < 0 ? -order : order;
}

/* ---- division ---- */

/* Weight and first digit of Postgres' base-10000 form. */
static void leading_group(struct decimal d, int32_t *weight, int32_t *first) {
    u128 n = magnitude(d);
    *weight = *first = 0;
    if (n == 0) return;
    int32_t digits = count_digits(n), exponent = digits - 1 - d.scale;
    *weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
    int32_t top = exponent - 4 * *weight + 1; /* digits in the first group */
    *first = digits >= top ? (int32_t)(n / decimal_power(digits - top))
                           : (int32_t)(n * decimal_power(top - digits));
}

/* Postgres' select_div_scale. */
static int32_t select_quotient_scale(struct decimal a, struct decimal b) {
    int32_t weight_a, weight_b, first_a, first_b;
    leading_group(a, &weight_a, &first_a);
    leading_group(b, &weight_b, &first_b);
    int32_t weight = weight_a - weight_b - (first_a <= first_b);
    int32_t scale = 16 - weight * 4;
    if (scale < a.scale) scale = a.scale;
    if (scale < b.scale) scale = b.scale;
    return scale < 0 ? 0 : scale > DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX : scale;
}

static void round_quotient(struct wide *quotient, struct wide *remainder, const struct wide *divisor) {
    wide_multiply_small(remainder, 2);
    if (wide_compare(remainder, divisor) >= 0) wide_add_small(quotient, 1);
}

/* a / b at the given scale, rounded. */
static struct wide divide_at_scale(struct decimal a, struct decimal b, int32_t scale) {
    int32_t up = scale + b.scale - a.scale;
    struct wide dividend = scaled_up(a, up > 0 ? up : 0), divisor = scaled_up(b, up < 0 ? -up : 0);
    struct wide quotient, remainder;
    wide_divide(&dividend, &divisor, &quotient, &remainder);
    round_quotient(&quotient, &remainder, &divisor);
    return quotient;
}

enum fault decimal_divide(struct decimal a, struct decimal b, struct decimal *out) {
    u128 x = magnitude(a), y = magnitude(b);
    bool negative = (a.hi < 0) != (b.hi < 0);
    if (y == 0) return FAULT_DIVISION_BY_ZERO;
    int32_t scale = select_quotient_scale(a, b), up = scale + b.scale - a.scale;
    if (x >> 64 == 0 && up >= 0 && up <= 18 && y < (u128)1 << 126) {
        u128 dividend = x * decimal_power(up), quotient = dividend / y, rest = dividend - quotient * y;
        quotient += 2 * rest >= y;
        if (quotient < decimal_power(DECIMAL_DIGITS_MAX)) {
            *out = make_signed(negative, quotient, scale);
            return FAULT_NONE;
        }
    }
    for (;;) {
        struct wide quotient = divide_at_scale(a, b, scale);
        int32_t excess = (int32_t)wide_count_digits(&quotient) - DECIMAL_DIGITS_MAX;
        if (excess <= 0 || scale == 0) return decimal_from_wide(negative, &quotient, scale, out);
        scale = scale > excess ? scale - excess : 0;
    }
}

enum fault decimal_modulo(struct decimal a, struct decimal b, struct decimal *out) {
    if (decimal_sign(b) == 0) return FAULT_DIVISION_BY_ZERO;
    int32_t scale = a.scale > b.scale ? a.scale : b.scale;
    struct wide dividend = scaled_up(a, scale - a.scale), divisor = scaled_up(b, scale - b.scale);
    struct wide quotient, remainder;
    wide_divide(&dividend, &divisor, &quotient, &remainder);
    return decimal_from_wide(a.hi < 0, &remainder, scale, out);
}

/* ---- rounding ---- */

enum rounding { ROUND_HALF_AWAY, ROUND_TO_ZERO, ROUND_UP, ROUND_DOWN };

static enum fault round_to(struct decimal d, int64_t n, enum rounding how, struct decimal *out) {
    if (n < -DECIMAL_SCALE_MAX || n > DECIMAL_SCALE_MAX) return FAULT_BAD_ARGUMENT;
    bool negative = d.hi < 0;
    u128 coefficient = magnitude(d);
    int32_t target = n < 0 ? 0 : (int32_t)n;
    if (n >= d.scale) {
        if (coefficient >> 64 == 0 && n - d.scale <= 18) {
            *out = make_signed(negative, coefficient * decimal_power((int32_t)n - d.scale), target);
            return FAULT_NONE;
        }
        struct wide w = scaled_up(d, (int32_t)n - d.scale);
        return decimal_from_wide(negative, &w, target, out);
    }
    int32_t drop = d.scale - (int32_t)n; /* digits that go; up to 76 */
    u128 quotient = 0, unit = 0, rest = coefficient;
    if (drop <= DECIMAL_DIGITS_MAX) {
        unit = decimal_power(drop);
        if (coefficient >> 64 == 0 && unit >> 64 == 0) { /* much cheaper than in 128 bits */
            quotient = (uint64_t)coefficient / (uint64_t)unit;
            rest = (uint64_t)coefficient % (uint64_t)unit;
        } else {
            quotient = coefficient / unit;
            rest = coefficient % unit;
        }
    }
    if (how == ROUND_HALF_AWAY) quotient += unit != 0 && rest >= unit - rest;
    if (how == ROUND_UP) quotient += rest != 0 && !negative;
    if (how == ROUND_DOWN) quotient += rest != 0 && negative;
    struct wide w = wide_from(quotient);
    if (n < 0) wide_scale_up(&w, (uint32_t)-n);
    return decimal_from_wide(negative, &w, target, out);
}

enum fault decimal_round(struct decimal d, int64_t n, struct decimal *out) {
    return round_to(d, n, ROUND_HALF_AWAY, out);
}

enum fault decimal_truncate(struct decimal d, int64_t n, struct decimal *out) {
    return round_to(d, n, ROUND_TO_ZERO, out);
}

enum fault decimal_ceil(struct decimal d, struct decimal *out) {
    return round_to(d, 0, ROUND_UP, out);
}

enum fault decimal_floor(struct decimal d, struct decimal *out) {
    return round_to(d, 0, ROUND_DOWN, out);
}

/* ---- fitting a column, one form for equal values ---- */

enum fault decimal_fit(struct decimal d, int32_t precision, int32_t scale, struct decimal *out) {
    if (d.scale == scale && precision <= DECIMAL_DIGITS_MAX && precision >= 0) {
        if (magnitude(d) >= decimal_power(precision)) return FAULT_NOT_FITTING_NUMERIC;
        *out = d;
        return FAULT_NONE;
    }
    struct decimal shortest = decimal_canonical(d);
    u128 coefficient = magnitude(shortest);
    if (coefficient == 0) return decimal_round(d, scale < 0 ? 0 : scale > 38 ? 38 : scale, out);
    if (shortest.scale > (scale > 0 ? scale : 0)) return FAULT_NOT_FITTING_NUMERIC;
    if (scale < 0 && (scale < -DECIMAL_DIGITS_MAX || coefficient % decimal_power(-scale) != 0))
        return FAULT_NOT_FITTING_NUMERIC;
    if (count_digits(coefficient) - shortest.scale > precision - scale) return FAULT_NOT_FITTING_NUMERIC;
    if (scale < 0) return decimal_round(d, 0, out);
    return decimal_round(shortest, scale > DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX : scale, out);
}

struct decimal decimal_canonical(struct decimal d) {
    if (d.scale == 0) return d;
    if ((d.lo | (uint64_t)d.hi) == 0) return decimal_make(0, 0);
    if (decimal_is_small(d)) {
        int64_t n = (int64_t)d.lo;
        while (d.scale > 0 && n % 10 == 0)
            n /= 10, d.scale--;
        return (struct decimal){(uint64_t)n, n >> 63, d.scale};
    }
    __int128 n = decimal_coefficient(d);
    while (d.scale > 0 && n % 10 == 0)
        n /= 10, d.scale--;
    return decimal_make(n, d.scale);
}

uint64_t decimal_hash(uint64_t seed, struct decimal d) {
    d = decimal_canonical(d);
    uint64_t rest = decimal_is_small(d) ? 0 : (uint64_t)d.hi;
    return hash_u64(hash_u64(seed, d.lo), rest ^ (uint64_t)d.scale << 1);
}

/* Exact decimal arithmetic on struct decimal, with the results and result scales of Postgres' numeric.
 *
 * Limits: magnitude below 10^38, 38 significant digits, scale 0 to 38. A result that needs more digits before
 * the point is FAULT_OVERFLOW; one that needs more digits behind it is FAULT_LOSSY (never rounded in
 * silence). Trailing zeros are given up first, where that makes a result fit. Division is the one operation
 * that rounds: see decimal_divide. All functions accept any decimal that these functions made. */
#ifndef MIG_VALUE_DECIMAL_H
#define MIG_VALUE_DECIMAL_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

enum {
    DECIMAL_DIGITS_MAX = 38,
    DECIMAL_SCALE_MAX = 38,
    DECIMAL_TEXT_MAX = 42,          /* sign, leading 0, point, 38 digits, and one to spare */
    DECIMAL_NUMERIC_BINARY_MAX = 32 /* bytes of Postgres' binary form */
};

static inline __int128 decimal_coefficient(struct decimal d) {
    return (__int128)(((unsigned __int128)(uint64_t)d.hi << 64) | d.lo);
}
static inline struct decimal decimal_make(__int128 coefficient, int32_t scale) {
    return (struct decimal){(uint64_t)coefficient, (int64_t)(coefficient >> 64), scale};
}
/* True when the coefficient fits in an int64; then d.lo as int64 is the coefficient. */
static inline bool decimal_is_small(struct decimal d) {
    return d.hi == (int64_t)d.lo >> 63;
}
static inline struct decimal decimal_from_int(int64_t n) {
    return (struct decimal){(uint64_t)n, n >> 63, 0};
}

/* [+-] digits [. digits] [e[+-]digits], a digit on at least one side of the point, the whole text. NaN and
 * Infinity are FAULT_NOT_DECIMAL. Keeps the scale that was written: '2.50' has scale 2, '1.5e2' is 150. */
enum fault decimal_parse(struct str text, struct decimal *out);
/* Plain notation with exactly `scale` digits behind the point, as Postgres prints it. Returns the bytes. */
size_t decimal_write(struct decimal d, char out[static DECIMAL_TEXT_MAX]);
struct str decimal_format(struct arena *arena, struct decimal d);

/* FAULT_LOSSY for a fraction other than zero, FAULT_OUT_OF_RANGE beyond int64. */
enum fault decimal_to_int(struct decimal d, int64_t *out);
/* The shortest decimal that reads back as the same float. NaN and infinities: FAULT_NOT_DECIMAL. */
enum fault decimal_from_float(double f, struct decimal *out);
double decimal_to_float(struct decimal d); /* nearest */

/* Slow paths of the inline functions below; use those. */
enum fault decimal_add_wide(struct decimal a, struct decimal b, bool negate_b, struct decimal *out);
enum fault decimal_multiply_wide(struct decimal a, struct decimal b, struct decimal *out);
int decimal_compare_wide(struct decimal a, struct decimal b);

/* Scale of the result: the larger one. */
static inline enum fault decimal_add(struct decimal a, struct decimal b, struct decimal *out) {
    int64_t sum;
    if (a.scale == b.scale && decimal_is_small(a) && decimal_is_small(b) &&
        !__builtin_add_overflow((int64_t)a.lo, (int64_t)b.lo, &sum)) {
        *out = (struct decimal){(uint64_t)sum, sum >> 63, a.scale};
        return FAULT_NONE;
    }
    return decimal_add_wide(a, b, false, out);
}
static inline enum fault decimal_subtract(struct decimal a, struct decimal b, struct decimal *out) {
    int64_t difference;
    if (a.scale == b.scale && decimal_is_small(a) && decimal_is_small(b) &&
        !__builtin_sub_overflow((int64_t)a.lo, (int64_t)b.lo, &difference)) {
        *out = (struct decimal){(uint64_t)difference, difference >> 63, a.scale};
        return FAULT_NONE;
    }
    return decimal_add_wide(a, b, true, out);
}
/* Scale of the result: the sum of the scales. */
static inline enum fault decimal_multiply(struct decimal a, struct decimal b, struct decimal *out) {
    int64_t product;
    if (a.scale + b.scale <= DECIMAL_SCALE_MAX && decimal_is_small(a) && decimal_is_small(b) &&
        !__builtin_mul_overflow((int64_t)a.lo, (int64_t)b.lo, &product)) {
        *out = (struct decimal){(uint64_t)product, product >> 63, a.scale + b.scale};
        return FAULT_NONE;
    }
    return decimal_multiply_wide(a, b, out);
}
/* <0, 0, >0 by value: 2.50 equals 2.5. */
static inline int decimal_compare(struct decimal a, struct decimal b) {
    if (a.scale == b.scale) {
        __int128 x = decimal_coefficient(a), y = decimal_coefficient(b);
        return (x > y) - (x < y);
    }
    return decimal_compare_wide(a, b);
}
static inline struct decimal decimal_negate(struct decimal d) {
    return decimal_make(-decimal_coefficient(d), d.scale);
}
static inline struct decimal decimal_abs(struct decimal d) {
    return d.hi < 0 ? decimal_negate(d) : d;
}

/* Rounded half away from zero to the scale that Postgres' numeric division chooses (select_div_scale: at
 * least 16 significant digits, no scale less than either input's), fewer where 38 digits would not do.
 * FAULT_DIVISION_BY_ZERO, FAULT_OVERFLOW. */
enum fault decimal_divide(struct decimal a, struct decimal b, struct decimal *out);
/* Remainder with the sign of a (truncating), scale the larger one. FAULT_DIVISION_BY_ZERO. */
enum fault decimal_modulo(struct decimal a, struct decimal b, struct decimal *out);

/* To n digits behind the point, half away from zero; negative n rounds before the point. The result has
 * scale max(n, 0), as Postgres' round(x, n), less where 38 digits would not do. FAULT_OVERFLOW when it
 * rounds up to 10^38, FAULT_BAD_ARGUMENT when n is not within -38..38. */
enum fault decimal_round(struct decimal d, int64_t n, struct decimal *out);
enum fault decimal_truncate(struct decimal d, int64_t n, struct decimal *out); /* towards zero */
/* Scale of the results: 0. */
enum fault decimal_ceil(struct decimal d, struct decimal *out);
enum fault decimal_floor(struct decimal d, struct decimal *out);
static inline int decimal_sign(struct decimal d) {
    return d.hi < 0 ? -1 : (d.lo | (uint64_t)d.hi) != 0;
}

/* As numeric(precision, scale) stores it, with exactly that scale. FAULT_NOT_FITTING_NUMERIC when a digit
 * other than zero would be rounded away or when there are too many digits before the point. Scale may be
 * negative or above precision, as in Postgres 15; where that scale needs more than 38 digits the value
 * keeps fewer zeros at its end. */
enum fault decimal_fit(struct decimal d, int32_t precision, int32_t scale, struct decimal *out);

/* The same value without trailing zeros behind the point (zero: scale 0). Equal values have equal
 * canonical forms: hash and compare these bitwise. */
struct decimal decimal_canonical(struct decimal d);
uint64_t decimal_hash(uint64_t seed, struct decimal d); /* equal for equal values */

/* Postgres' binary form (numeric_send: ndigits, weight, sign, dscale, base-10000 digits, big-endian).
 * Returns the bytes written. */
size_t decimal_to_numeric_binary(struct decimal d, uint8_t out[static DECIMAL_NUMERIC_BINARY_MAX]);
/* Reads it back. NaN and infinities, and bytes that are no numeric: FAULT_NOT_DECIMAL; FAULT_OVERFLOW,
 * FAULT_LOSSY beyond mig's 38 digits. */
enum fault decimal_from_numeric_binary(const uint8_t *bytes, size_t len, struct decimal *out);

#endif

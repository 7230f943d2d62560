/* int (64-bit, every operation checked) and float. Texts are read strictly: the whole text is the number, no
 * blanks, no thousands separators. */
#ifndef MIG_VALUE_NUMBER_H
#define MIG_VALUE_NUMBER_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

enum { INT_TEXT_MAX = 20, FLOAT_TEXT_MAX = 32 };

/* [+-] digits. FAULT_NOT_INT, FAULT_OUT_OF_RANGE beyond int64. */
enum fault int_parse(struct str text, int64_t *out);
size_t int_write(int64_t n, char out[static INT_TEXT_MAX]); /* returns the bytes; no NUL */
struct str int_format(struct arena *arena, int64_t n);

static inline enum fault int_add(int64_t a, int64_t b, int64_t *out) {
    return __builtin_add_overflow(a, b, out) ? FAULT_OVERFLOW : FAULT_NONE;
}
static inline enum fault int_subtract(int64_t a, int64_t b, int64_t *out) {
    return __builtin_sub_overflow(a, b, out) ? FAULT_OVERFLOW : FAULT_NONE;
}
static inline enum fault int_multiply(int64_t a, int64_t b, int64_t *out) {
    return __builtin_mul_overflow(a, b, out) ? FAULT_OVERFLOW : FAULT_NONE;
}
/* Towards zero, as SQL. (The language's `/` is decimal_divide.) */
static inline enum fault int_divide(int64_t a, int64_t b, int64_t *out) {
    if (b == 0) return FAULT_DIVISION_BY_ZERO;
    if (b == -1) return __builtin_sub_overflow((int64_t)0, a, out) ? FAULT_OVERFLOW : FAULT_NONE;
    *out = a / b;
    return FAULT_NONE;
}
/* Remainder with the sign of a. */
static inline enum fault int_modulo(int64_t a, int64_t b, int64_t *out) {
    if (b == 0) return FAULT_DIVISION_BY_ZERO;
    *out = b == -1 ? 0 : a % b;
    return FAULT_NONE;
}
static inline enum fault int_negate(int64_t a, int64_t *out) {
    return __builtin_sub_overflow((int64_t)0, a, out) ? FAULT_OVERFLOW : FAULT_NONE;
}
static inline enum fault int_abs(int64_t a, int64_t *out) {
    return a < 0 ? int_negate(a, out) : (*out = a, FAULT_NONE);
}
/* To n digits before the point where n is negative, half away from zero; unchanged for n >= 0. */
enum fault int_round(int64_t a, int64_t n, int64_t *out);

/* Decimal notation with or without exponent; NaN, Infinity and hexadecimal are FAULT_NOT_FLOAT, values beyond
 * the range (and ones that would become 0 without being 0) FAULT_OUT_OF_RANGE, texts longer than 1000 bytes
 * FAULT_TOO_LARGE. The process must keep the "C" numeric locale. */
enum fault float_parse(struct str text, double *out);
/* The shortest text that reads back as the same float, laid out as Postgres prints float8. */
size_t float_write(double f, char out[static FLOAT_TEXT_MAX]);
struct str float_format(struct arena *arena, double f);
/* Results that are not finite are FAULT_OVERFLOW. */
enum fault float_add(double a, double b, double *out);
enum fault float_subtract(double a, double b, double *out);
enum fault float_multiply(double a, double b, double *out);
enum fault float_divide(double a, double b, double *out); /* FAULT_DIVISION_BY_ZERO */
/* FAULT_LOSSY for a fraction, FAULT_OUT_OF_RANGE. */
enum fault float_to_int(double f, int64_t *out);
/* Decimal rounding of the shortest form, half away from zero. FAULT_BAD_ARGUMENT: n not within -308..308. */
enum fault float_round(double f, int64_t n, double *out);
/* -1, 0, 1; -0 equals 0; NaN (which no function here makes) sorts last, as in Postgres. */
int float_compare(double a, double b);

/* true false t f yes no y n on off 1 0 in any case, else FAULT_NOT_BOOL. */
enum fault bool_parse(struct str text, uint8_t *out);

#endif

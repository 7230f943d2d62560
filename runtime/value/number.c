/* int, float, bool: reading and printing, checked arithmetic. */
#include "runtime/value/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum fault int_parse(struct str text, int64_t *out) {
    const char *p = text.ptr, *end = p + text.len;
    if (text.len == 0) return FAULT_NOT_INT;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+') p++;
    if (p == end) return FAULT_NOT_INT;
    uint64_t n = 0;
    bool overflow = false;
    for (; p < end; p++) {
        uint32_t digit = (uint32_t)(uint8_t)*p - '0';
        if (digit > 9) return FAULT_NOT_INT;
        if (n > UINT64_MAX / 10 - 1) overflow = true;
        n = n * 10 + digit;
    }
    if (overflow || n > (uint64_t)INT64_MAX + negative) return FAULT_OUT_OF_RANGE;
    *out = (int64_t)(negative ? -n : n);
    return FAULT_NONE;
}

size_t int_write(int64_t n, char out[static INT_TEXT_MAX]) {
    char digits[INT_TEXT_MAX], *end = digits + sizeof digits, *p = end;
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0) *--p = '-';
    memcpy(out, p, (size_t)(end - p));
    return (size_t)(end - p);
}

struct str int_format(struct arena *arena, int64_t n) {
    char *out = arena_alloc(arena, INT_TEXT_MAX);
    return str_from(out, int_write(n, out));
}

enum fault int_round(int64_t a, int64_t n, int64_t *out) {
    if (n >= 0) {
        *out = a;
        return FAULT_NONE;
    }
    if (n < -19) {
        *out = 0;
        return FAULT_NONE;
    }
    __int128 unit = 1;
    for (int64_t i = n; i < 0; i++)
        unit *= 10;
    __int128 rest = a % unit, result = a - rest;
    if (2 * (rest < 0 ? -rest : rest) >= unit) result += rest < 0 ? -unit : unit;
    if (result > INT64_MAX || result < INT64_MIN) return FAULT_OVERFLOW;
    *out = (int64_t)result;
    return FAULT_NONE;
}

/* ---- float ---- */

enum { FLOAT_INPUT_MAX = 1000 };

/* Whether text is [+-] digits [. digits] [e[+-]digits] with a digit at the point; *zero: only zeros. */
static bool check_float_syntax(struct str text, bool *zero) {
    size_t at = 0, digits = 0;
    bool point = false;
    *zero = true;
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+')) at++;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        digits++;
        if (c != '0') *zero = false;
    }
    if (digits == 0) return false;
    if (at == text.len) return true;
    if (text.ptr[at] != 'e' && text.ptr[at] != 'E') return false;
    at++;
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+')) at++;
    if (at == text.len) return false;
    for (; at < text.len; at++)
        if (text.ptr[at] < '0' || text.ptr[at] > '9') return false;
    return true;
}

enum fault float_parse(struct str text, double *out) {
    char copy[FLOAT_INPUT_MAX + 1];
    bool zero;
    if (text.len > FLOAT_INPUT_MAX) return FAULT_TOO_LARGE;
    if (!check_float_syntax(text, &zero)) return FAULT_NOT_FLOAT;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    double f = strtod(copy, NULL);
    if (!isfinite(f) || (f == 0 && !zero)) return FAULT_OUT_OF_RANGE;
    *out = f;
    return FAULT_NONE;
}

/* Whether the text lies exactly between f and its neighbour: it reads back as f only because ties go to even,
 * and Postgres does not print such texts. Only integers beyond 2^53 have them. */
static bool is_midpoint(const char *text, double f) {
    if (fabs(f) < 9007199254740992.0) return false;
    long double exact = strtold(text, NULL), up = nextafter(f, INFINITY), down = nextafter(f, -INFINITY);
    return exact == (f + up) / 2 || exact == (f + down) / 2;
}

/* The fewest significant digits that read back as f, as "d.ddde±xx". A text of up to 15 digits survives the
 * way through a normal double, so that its shortest form is found by dropping zeros; denormal ones are
 * tried from one digit on. */
static void shortest_digits(double f, char text[static 40]) {
    int first = fabs(f) < 2.2250738585072014e-308 ? 1 : 15;
    for (int digits = first; digits <= 17; digits++) {
        snprintf(text, 40, "%.*e", digits - 1, f);
        if (strtod(text, NULL) == f && !is_midpoint(text, f)) return;
    }
}

/* The digits of shortest_digits() without the point; the value is d.ddd × 10^exponent. */
static int split_shortest(double f, char digits[static 24], int *exponent) {
    char text[40];
    int count = 0;
    shortest_digits(f, text);
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9') digits[count++] = *p;
    *exponent = *p ? (int)strtol(p + 1, NULL, 10) : 0;
    return count;
}

size_t float_write(double f, char out[static FLOAT_TEXT_MAX]) {
    if (f == 0) {
        memcpy(out, signbit(f) ? "-0" : "0", 2);
        return signbit(f) ? 2 : 1;
    }
    if (!isfinite(f))
        return (size_t)snprintf(out, FLOAT_TEXT_MAX, "%s",
                                isnan(f) ? "NaN"
                                : f > 0  ? "Infinity"
                                         : "-Infinity");
    char digits[24], *to = out;
    int exponent, count = split_shortest(f, digits, &exponent);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (f < 0) *to++ = '-';
    if (exponent < -4 || exponent >= 15) {
        *to++ = digits[0];
        if (count > 1) *to++ = '.';
        memcpy(to, digits + 1, (size_t)count - 1);
        to += count - 1;
        to += snprintf(to, 8, "e%c%02d", exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
        return (size_t)(to - out);
    }
    if (exponent < 0) {
        *to++ = '0';
        *to++ = '.';
        for (int i = -1; i > exponent; i--)
            *to++ = '0';
        memcpy(to, digits, (size_t)count);
        return (size_t)(to + count - out);
    }
    for (int i = 0; i < count || i <= exponent; i++) {
        if (i == exponent + 1) *to++ = '.';
        *to++ = i < count ? digits[i] : '0';
    }
    return (size_t)(to - out);
}

struct str float_format(struct arena *arena, double f) {
    char *out = arena_alloc(arena, FLOAT_TEXT_MAX);
    return str_from(out, float_write(f, out));
}

static enum fault give_finite(double f, double *out) {
    if (!isfinite(f)) return FAULT_OVERFLOW;
    *out = f;
    return FAULT_NONE;
}

enum fault float_add(double a, double b, double *out) {
    return give_finite(a + b, out);
}

enum fault float_subtract(double a, double b, double *out) {
    return give_finite(a - b, out);
}

enum fault float_multiply(double a, double b, double *out) {
    return give_finite(a * b, out);
}

enum fault float_divide(double a, double b, double *out) {
    return b == 0 ? FAULT_DIVISION_BY_ZERO : give_finite(a / b, out);
}

enum fault float_to_int(double f, int64_t *out) {
    if (!(f >= -9223372036854775808.0 && f < 9223372036854775808.0)) return FAULT_OUT_OF_RANGE;
    if (f != trunc(f)) return FAULT_LOSSY;
    *out = (int64_t)f;
    return FAULT_NONE;
}

/* digits (with room for one more in front) rounded to the first `keep` ones; true when it carried over. */
static bool round_digits(char *digits, int keep) {
    if (digits[keep] < '5') return false;
    int i = keep - 1;
    while (i >= 0 && digits[i] == '9')
        digits[i--] = '0';
    if (i < 0) return true;
    digits[i]++;
    return false;
}

enum fault float_round(double f, int64_t n, double *out) {
    char digits[24];
    if (n < -308 || n > 308) return FAULT_BAD_ARGUMENT;
    *out = f;
    if (f == 0 || !isfinite(f)) return FAULT_NONE;
    int exponent, count = split_shortest(f, digits, &exponent);
    int64_t keep = exponent + 1 + n; /* digits that stay */
    if (keep >= count) return FAULT_NONE;
    bool carry = keep >= 0 && round_digits(digits, (int)keep);
    if (keep < 0) keep = 0;
    char rounded[64];
    snprintf(rounded, sizeof rounded, "%s%s%.*se%d", f < 0 ? "-" : "", carry ? "1" : "0", (int)keep, digits,
             (int)(exponent + 1 - keep));
    return give_finite(strtod(rounded, NULL), out);
}

int float_compare(double a, double b) {
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

/* ---- bool ---- */

enum fault bool_parse(struct str text, uint8_t *out) {
    static const char *const spellings[] = {"true", "false", "t",  "f",   "yes", "no",
                                            "y",    "n",     "on", "off", "1",   "0"};
    char lower[5];
    if (text.len == 0 || text.len > sizeof lower) return FAULT_NOT_BOOL;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (!str_is(str_from(lower, text.len), spellings[i])) continue;
        *out = i % 2 == 0;
        return FAULT_NONE;
    }
    return FAULT_NOT_BOOL;
}

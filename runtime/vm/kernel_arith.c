/* Kernels for numbers: arithmetic, rounding, conversions between number types, what a column can take. */
#include "runtime/vm/kernel_map.h"

#include "runtime/value/datetime.h"
#include "runtime/value/decimal.h"
#include "runtime/value/interval.h"
#include "runtime/value/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct decimal decimal_t;

/* ---------------------------------------------------------------- arithmetic */

TRY2(ADD_INT, int64_t, int64_t, int64_t, int_add(x, y, &r))
TRY2(SUB_INT, int64_t, int64_t, int64_t, int_subtract(x, y, &r))
TRY2(MUL_INT, int64_t, int64_t, int64_t, int_multiply(x, y, &r))
TRY2(MOD_INT, int64_t, int64_t, int64_t, int_modulo(x, y, &r))
TRY2(DIV_INT, int64_t, int64_t, int64_t, int_divide(x, y, &r))
TRY1(NEG_INT, int64_t, int64_t, int_negate(x, &r))

TRY2(ADD_DECIMAL, decimal_t, decimal_t, decimal_t, decimal_add(x, y, &r))
TRY2(SUB_DECIMAL, decimal_t, decimal_t, decimal_t, decimal_subtract(x, y, &r))
TRY2(MUL_DECIMAL, decimal_t, decimal_t, decimal_t, decimal_multiply(x, y, &r))
TRY2(DIV_DECIMAL, decimal_t, decimal_t, decimal_t, decimal_divide(x, y, &r))
TRY2(MOD_DECIMAL, decimal_t, decimal_t, decimal_t, decimal_modulo(x, y, &r))
MAP1(NEG_DECIMAL, decimal_t, decimal_t, decimal_negate(x))

TRY2(ADD_FLOAT, double, double, double, float_add(x, y, &r))
TRY2(SUB_FLOAT, double, double, double, float_subtract(x, y, &r))
TRY2(MUL_FLOAT, double, double, double, float_multiply(x, y, &r))
TRY2(DIV_FLOAT, double, double, double, float_divide(x, y, &r))
MAP1(NEG_FLOAT, double, double, -x)

/* ---------------------------------------------------------------- functions */

TRY1(ABS_INT, int64_t, int64_t, int_abs(x, &r))
MAP1(ABS_DECIMAL, decimal_t, decimal_t, decimal_abs(x))
MAP1(ABS_FLOAT, double, double, fabs(x))
MAP1(SIGN_INT, int64_t, int64_t, (x > 0) - (x < 0))
MAP1(SIGN_DECIMAL, int64_t, decimal_t, decimal_sign(x))
MAP1(SIGN_FLOAT, int64_t, double, (x > 0) - (x < 0))
TRY1(ROUND_DECIMAL, decimal_t, decimal_t, decimal_round(x, 0, &r))
TRY2(ROUND_DECIMAL_TO, decimal_t, decimal_t, int64_t, decimal_round(x, y, &r))
TRY1(ROUND_FLOAT, double, double, float_round(x, 0, &r))
TRY2(ROUND_FLOAT_TO, double, double, int64_t, float_round(x, y, &r))
TRY1(TRUNCATE_DECIMAL, decimal_t, decimal_t, decimal_truncate(x, 0, &r))
TRY2(TRUNCATE_DECIMAL_TO, decimal_t, decimal_t, int64_t, decimal_truncate(x, y, &r))
TRY1(CEIL_DECIMAL, decimal_t, decimal_t, decimal_ceil(x, &r))
TRY1(FLOOR_DECIMAL, decimal_t, decimal_t, decimal_floor(x, &r))

#define EXTREMES(suffix, type, order)                                                                        \
    MAP2(GREATEST_##suffix, type, type, type, (order) >= 0 ? x : y)                                          \
    MAP2(LEAST_##suffix, type, type, type, (order) <= 0 ? x : y)
#define ORDER_INT ((x > y) - (x < y))
EXTREMES(INT, int64_t, ORDER_INT)
EXTREMES(DATE, int64_t, ORDER_INT)
EXTREMES(TIME, int64_t, ORDER_INT)
EXTREMES(TIMESTAMP, int64_t, ORDER_INT)
EXTREMES(TIMESTAMPTZ, int64_t, ORDER_INT)
EXTREMES(DECIMAL, decimal_t, decimal_compare(x, y))
EXTREMES(FLOAT, double, float_compare(x, y))
EXTREMES(TEXT, struct str, str_compare(x, y))
EXTREMES(INTERVAL, struct interval, interval_compare(x, y))

/* ---------------------------------------------------------------- conversions */

MAP1(INT_TO_DECIMAL, decimal_t, int64_t, decimal_from_int(x))
MAP1(INT_AS_DECIMAL, decimal_t, int64_t, decimal_from_int(x))
MAP1(BOOL_TO_INT, int64_t, uint8_t, x != 0)
TRY1(DECIMAL_TO_INT, int64_t, decimal_t, decimal_to_int(x, &r))
TRY1(FLOAT_TO_INT, int64_t, double, float_to_int(x, &r))
TRY1(FLOAT_TO_DECIMAL, decimal_t, double, decimal_from_float(x, &r))

static inline enum fault int_to_float(int64_t n, double *out) {
    *out = (double)n;
    /* 2^63 itself would overflow the way back. */
    return *out < 0x1p63 && (int64_t)*out == n ? FAULT_NONE : FAULT_LOSSY;
}
TRY1(INT_TO_FLOAT, double, int64_t, int_to_float(x, &r))

/* Lossless when the float's shortest form is that decimal again. */
static enum fault decimal_to_float_exact(struct decimal d, double *out) {
    struct decimal back;
    *out = decimal_to_float(d);
    enum fault fault = decimal_from_float(*out, &back);
    return fault != FAULT_NONE || decimal_compare(d, back) != 0 ? FAULT_LOSSY : FAULT_NONE;
}
TRY1(DECIMAL_TO_FLOAT, double, decimal_t, decimal_to_float_exact(x, &r))

/* ---------------------------------------------------------------- what a column can take */

TRY1(FIT_NUMERIC, decimal_t, decimal_t,
     decimal_fit(x, (int32_t)call->instr->imm, (int32_t)call->instr->imm2, &r))
TRY1(FIT_INT2, int64_t, int64_t, (r = x, x >= INT16_MIN && x <= INT16_MAX ? FAULT_NONE : FAULT_OUT_OF_RANGE))
TRY1(FIT_INT4, int64_t, int64_t, (r = x, x >= INT32_MIN && x <= INT32_MAX ? FAULT_NONE : FAULT_OUT_OF_RANGE))

/* A real keeps the number when its own shortest text reads back as this float: 0.1 is kept, 0.123456789 is
 * not. */
static enum fault fit_float4(double f, double *out) {
    *out = f;
    if (fabs(f) > (double)FLT_MAX) return FAULT_OUT_OF_RANGE;
    float narrow = (float)f;
    if ((double)narrow == f) return FAULT_NONE;
    char text[32];
    for (int digits = FLT_DIG; digits <= FLT_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)narrow);
        if (strtof(text, NULL) == narrow) return strtod(text, NULL) == f ? FAULT_NONE : FAULT_LOSSY;
    }
    return FAULT_LOSSY;
}
TRY1(FIT_FLOAT4, double, double, fit_float4(x, &r))

/* Powers of ten and the way back from wide integers. Internal to runtime/value. */
#ifndef MIG_VALUE_DECIMAL_POWER_H
#define MIG_VALUE_DECIMAL_POWER_H

#include "runtime/value/decimal.h"

struct wide;

/* 10^n for n 0 to 38. */
static inline unsigned __int128 decimal_power(int32_t n) {
    static const uint64_t powers[] = {1u,
                                      10u,
                                      100u,
                                      1000u,
                                      10000u,
                                      100000u,
                                      1000000u,
                                      10000000u,
                                      100000000u,
                                      1000000000u,
                                      10000000000u,
                                      100000000000u,
                                      1000000000000u,
                                      10000000000000u,
                                      100000000000000u,
                                      1000000000000000u,
                                      10000000000000000u,
                                      100000000000000000u,
                                      1000000000000000000u,
                                      10000000000000000000u};
    return n < 20 ? powers[n] : (unsigned __int128)powers[19] * powers[n - 19];
}

/* w * 10^-scale as a decimal; trailing zeros are given up where it has too many digits otherwise.
 * FAULT_OVERFLOW, FAULT_LOSSY. */
enum fault decimal_from_wide(bool negative, struct wide *w, int32_t scale, struct decimal *out);

#endif

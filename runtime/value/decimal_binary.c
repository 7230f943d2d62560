/* Postgres' binary numeric: int16 ndigits, weight, sign, dscale, then base-10000 digits, all big-endian
 * (src/backend/utils/adt/numeric.c, numeric_send and numeric_recv). */
#include "runtime/value/decimal_power.h"
#include "runtime/value/wide.h"

typedef unsigned __int128 u128;

enum { SIGN_POSITIVE = 0x0000, SIGN_NEGATIVE = 0x4000, GROUPS_MAX = 22, HEADER_SIZE = 8 };

static void put_u16(uint8_t *out, uint32_t n) {
    out[0] = (uint8_t)(n >> 8);
    out[1] = (uint8_t)n;
}

static uint32_t get_u16(const uint8_t *in) {
    return (uint32_t)in[0] << 8 | in[1];
}

/* Base-10000 digits of n, least significant first, at least `least` of them. */
static int32_t split_groups(u128 n, int32_t least, uint16_t *groups) {
    int32_t count = 0;
    while (n >> 64) {
        groups[count++] = (uint16_t)(n % 10000);
        n /= 10000;
    }
    for (uint64_t rest = (uint64_t)n; rest; rest /= 10000)
        groups[count++] = (uint16_t)(rest % 10000);
    while (count < least)
        groups[count++] = 0;
    return count;
}

size_t decimal_to_numeric_binary(struct decimal d, uint8_t out[static DECIMAL_NUMERIC_BINARY_MAX]) {
    __int128 coefficient = decimal_coefficient(d);
    u128 n = coefficient < 0 ? -(u128)coefficient : (u128)coefficient;
    uint16_t groups[GROUPS_MAX]; /* least significant first */
    int32_t odd = d.scale % 4, fraction = (d.scale + 3) / 4, count = 0;
    if (odd) { /* the last group is filled up with zeros; apart, because n * 1000 may not fit */
        u128 unit = decimal_power(odd);
        groups[count++] = (uint16_t)(n % unit * decimal_power(4 - odd));
        n /= unit;
    }
    count += split_groups(n, fraction - count, groups + count);
    int32_t weight = count - fraction - 1, low = 0;
    while (count > 0 && groups[count - 1] == 0)
        count--, weight--;
    while (low < count && groups[low] == 0)
        low++;
    if (count == low) weight = 0;
    put_u16(out, (uint32_t)(count - low));
    put_u16(out + 2, (uint32_t)weight);
    put_u16(out + 4, coefficient < 0 ? SIGN_NEGATIVE : SIGN_POSITIVE);
    put_u16(out + 6, (uint32_t)d.scale);
    uint8_t *to = out + HEADER_SIZE;
    for (int32_t i = count - 1; i >= low; i--, to += 2)
        put_u16(to, groups[i]);
    return (size_t)(to - out);
}

enum fault decimal_from_numeric_binary(const uint8_t *bytes, size_t len, struct decimal *out) {
    if (len < HEADER_SIZE) return FAULT_NOT_DECIMAL;
    int32_t count = (int16_t)get_u16(bytes), weight = (int16_t)get_u16(bytes + 2);
    uint32_t sign = get_u16(bytes + 4), shown = get_u16(bytes + 6);
    if (sign != SIGN_POSITIVE && sign != SIGN_NEGATIVE) return FAULT_NOT_DECIMAL;
    if (count < 0 || len != HEADER_SIZE + 2 * (size_t)count) return FAULT_NOT_DECIMAL;
    const uint8_t *group = bytes + HEADER_SIZE;
    for (int32_t i = 0; i < count; i++)
        if (get_u16(group + 2 * i) > 9999) return FAULT_NOT_DECIMAL;
    for (; count > 0 && get_u16(group) == 0; group += 2)
        count--, weight--;
    while (count > 0 && get_u16(group + 2 * (count - 1)) == 0)
        count--;
    int32_t scale = shown > DECIMAL_SCALE_MAX ? DECIMAL_SCALE_MAX : (int32_t)shown;
    if (count == 0) {
        *out = decimal_make(0, scale);
        return FAULT_NONE;
    }
    if (weight > 9) return FAULT_OVERFLOW; /* 10000^10 is beyond 10^38 */
    if (weight - count + 1 < -10) return FAULT_LOSSY;
    struct wide w = {{0}};
    for (int32_t i = 0; i < count; i++) {
        wide_multiply_small(&w, 10000);
        wide_add_small(&w, get_u16(group + 2 * i));
    }
    int32_t have = 4 * (count - 1 - weight); /* scale of w */
    if (have < scale) {
        wide_scale_up(&w, (uint32_t)(scale - have));
        have = scale;
    }
    while (have > scale) { /* the last group's filling */
        struct wide shorter = w;
        if (wide_divide_small(&shorter, 10) != 0) break;
        w = shorter;
        have--;
    }
    return decimal_from_wide(sign == SIGN_NEGATIVE, &w, have, out);
}

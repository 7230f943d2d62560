/* Unsigned 512-bit integers. */
#include "runtime/value/wide.h"

#include <string.h>

struct wide wide_from(unsigned __int128 n) {
    struct wide w = {{(uint32_t)n, (uint32_t)(n >> 32), (uint32_t)(n >> 64), (uint32_t)(n >> 96)}};
    return w;
}

static int count_limbs(const struct wide *w) {
    int n = WIDE_LIMBS;
    while (n > 0 && w->limb[n - 1] == 0)
        n--;
    return n;
}

bool wide_to(const struct wide *w, unsigned __int128 *out) {
    if (count_limbs(w) > 4) return false;
    *out = 0;
    for (int i = 3; i >= 0; i--)
        *out = *out << 32 | w->limb[i];
    return true;
}

int wide_compare(const struct wide *a, const struct wide *b) {
    for (int i = WIDE_LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

void wide_add(struct wide *a, const struct wide *b) {
    uint64_t carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (uint64_t)a->limb[i] + b->limb[i];
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

void wide_subtract(struct wide *a, const struct wide *b) {
    int64_t borrow = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        int64_t t = (int64_t)a->limb[i] - b->limb[i] + borrow;
        a->limb[i] = (uint32_t)t;
        borrow = t < 0 ? -1 : 0;
    }
}

void wide_multiply_small(struct wide *w, uint32_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (uint64_t)w->limb[i] * factor;
        w->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

void wide_add_small(struct wide *w, uint32_t n) {
    uint64_t carry = n;
    for (int i = 0; i < WIDE_LIMBS && carry; i++) {
        carry += w->limb[i];
        w->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

uint32_t wide_divide_small(struct wide *w, uint32_t divisor) {
    uint64_t rest = 0;
    for (int i = count_limbs(w) - 1; i >= 0; i--) {
        rest = rest << 32 | w->limb[i];
        w->limb[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

struct wide wide_multiply(unsigned __int128 a, unsigned __int128 b) {
    struct wide x = wide_from(a), y = wide_from(b), product = {{0}};
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 4; j++) {
            carry += (uint64_t)x.limb[i] * y.limb[j] + product.limb[i + j];
            product.limb[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product.limb[i + 4] = (uint32_t)carry;
    }
    return product;
}

void wide_scale_up(struct wide *w, uint32_t power_of_ten) {
    for (; power_of_ten >= 9; power_of_ten -= 9)
        wide_multiply_small(w, 1000000000);
    uint32_t factor = 1;
    for (; power_of_ten; power_of_ten--)
        factor *= 10;
    if (factor > 1) wide_multiply_small(w, factor);
}

static void shift_left(struct wide *w, int bits) {
    if (bits == 0) return;
    for (int i = WIDE_LIMBS - 1; i > 0; i--)
        w->limb[i] = w->limb[i] << bits | w->limb[i - 1] >> (32 - bits);
    w->limb[0] <<= bits;
}

static void shift_right(struct wide *w, int bits) {
    if (bits == 0) return;
    for (int i = 0; i < WIDE_LIMBS - 1; i++)
        w->limb[i] = w->limb[i] >> bits | w->limb[i + 1] << (32 - bits);
    w->limb[WIDE_LIMBS - 1] >>= bits;
}

/* One digit of the quotient: Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D, steps D3 to D6. */
static uint32_t divide_step(uint32_t *u, const uint32_t *v, int n) {
    uint64_t top = (uint64_t)u[n] << 32 | u[n - 1];
    uint64_t guess = top / v[n - 1], rest = top % v[n - 1];
    while (guess >> 32 || guess * v[n - 2] > (rest << 32 | u[n - 2])) {
        guess--;
        rest += v[n - 1];
        if (rest >> 32) break;
    }
    int64_t borrow = 0;
    uint64_t carry = 0;
    for (int i = 0; i < n; i++) {
        carry += guess * v[i];
        int64_t t = (int64_t)u[i] - (int64_t)(uint32_t)carry + borrow;
        u[i] = (uint32_t)t;
        borrow = t < 0 ? -1 : 0;
        carry >>= 32;
    }
    int64_t t = (int64_t)u[n] - (int64_t)carry + borrow;
    u[n] = (uint32_t)t;
    if (t >= 0) return (uint32_t)guess;
    carry = 0; /* the guess was one too large: add the divisor back */
    for (int i = 0; i < n; i++) {
        carry += (uint64_t)u[i] + v[i];
        u[i] = (uint32_t)carry;
        carry >>= 32;
    }
    u[n] += (uint32_t)carry;
    return (uint32_t)(guess - 1);
}

void wide_divide(const struct wide *dividend, const struct wide *divisor, struct wide *quotient,
                 struct wide *remainder) {
    int n = count_limbs(divisor), m = count_limbs(dividend);
    memset(quotient, 0, sizeof *quotient);
    if (wide_compare(dividend, divisor) < 0) {
        *remainder = *dividend;
        return;
    }
    if (n == 1) {
        *quotient = *dividend;
        *remainder = wide_from(wide_divide_small(quotient, divisor->limb[0]));
        return;
    }
    int shift = __builtin_clz(divisor->limb[n - 1]);
    struct wide v = *divisor;
    shift_left(&v, shift);
    uint32_t u[WIDE_LIMBS + 1] = {0};
    struct wide shifted = *dividend;
    shift_left(&shifted, shift);
    memcpy(u, shifted.limb, sizeof shifted.limb);
    if (m == WIDE_LIMBS && shift) u[WIDE_LIMBS] = dividend->limb[WIDE_LIMBS - 1] >> (32 - shift);
    for (int j = m - n; j >= 0; j--)
        quotient->limb[j] = divide_step(u + j, v.limb, n);
    memcpy(remainder->limb, u, sizeof remainder->limb);
    shift_right(remainder, shift);
}

uint32_t wide_count_digits(const struct wide *w) {
    struct wide rest = *w;
    uint32_t digits = 0;
    while (count_limbs(&rest) > 1) {
        wide_divide_small(&rest, 1000000000);
        digits += 9;
    }
    for (uint32_t low = rest.limb[0]; low; low /= 10)
        digits++;
    return digits;
}

/* Unsigned 512-bit integers, for what decimal arithmetic needs beyond 128 bits. Internal to runtime/value. */
#ifndef MIG_VALUE_WIDE_H
#define MIG_VALUE_WIDE_H

#include <stdbool.h>
#include <stdint.h>

enum { WIDE_LIMBS = 16 };

/* Little-endian limbs. No operation here may overflow 512 bits: callers bound their factors. */
struct wide {
    uint32_t limb[WIDE_LIMBS];
};

struct wide wide_from(unsigned __int128 n);
/* False when it does not fit. */
bool wide_to(const struct wide *w, unsigned __int128 *out);
int wide_compare(const struct wide *a, const struct wide *b);
void wide_add(struct wide *a, const struct wide *b);
void wide_subtract(struct wide *a, const struct wide *b); /* a >= b */
void wide_multiply_small(struct wide *w, uint32_t factor);
void wide_add_small(struct wide *w, uint32_t n);
uint32_t wide_divide_small(struct wide *w, uint32_t divisor); /* the remainder */
struct wide wide_multiply(unsigned __int128 a, unsigned __int128 b);
void wide_scale_up(struct wide *w, uint32_t power_of_ten);
/* quotient and remainder; divisor is not zero. */
void wide_divide(const struct wide *dividend, const struct wide *divisor, struct wide *quotient,
                 struct wide *remainder);
uint32_t wide_count_digits(const struct wide *w); /* decimal digits, 0 for zero */

#endif

/* Random typed expressions as mig text, and rows of nasty cells, over the columns of tests/expr/world.h. */
#ifndef MIG_TESTS_GENERATE_H
#define MIG_TESTS_GENERATE_H

#include "tests/reference/reference.h"

struct random {
    uint64_t state;
};
uint32_t random_below(struct random *random, uint32_t n);

/* An expression of any type; `lines` are the types (letters) of x0, x1 … that it may name. Returns its
 * letter. */
char generate_expression(struct random *random, const char *lines, uint32_t line_count, struct buf *out);
/* A cell of a column of this type (letter). */
struct ref_cell generate_cell(struct random *random, char type);

#endif

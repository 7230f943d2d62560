/* Comparing functions with a real Postgres: rows of up to three texts go to both sides, the results must be
 * the same text. */
#ifndef MIG_TESTS_VALUE_ORACLE_H
#define MIG_TESTS_VALUE_ORACLE_H

#include "runtime/base/arena.h"
#include "runtime/base/fault.h"

enum { ORACLE_ARGS = 3 };

struct oracle; /* the connection and the tally */

struct oracle_rows {
    struct arena *arena;
    struct str *args; /* ORACLE_ARGS per row */
    uint32_t count, cap;
};

/* What a function under test answers: a text, or one of these. */
#define ORACLE_ERROR STR("<error>") /* Postgres must raise an error too */
#define ORACLE_LIMIT                                                                                         \
    STR("<limit>") /* a number that needs more than 38 digits: Postgres' result must say so */
#define ORACLE_STRICTER STR("<stricter>") /* refused on purpose, whatever Postgres says; counted */

typedef struct str (*oracle_function)(struct arena *arena, const struct str *args);

/* expression: SQL over the texts a, b, c, giving a text. */
void oracle_compare(struct oracle *oracle, const char *name, const char *expression,
                    const struct oracle_rows *rows, oracle_function function);

void oracle_rows_init(struct oracle_rows *rows, struct arena *arena);
void oracle_rows_add(struct oracle_rows *rows, struct str a, struct str b, struct str c);

/* Repeatable random numbers (splitmix64). Compilers evaluate arguments in different orders, so that the rows
 * differ between them. */
uint64_t oracle_random(void);
uint64_t oracle_below(uint64_t n);
static inline int64_t oracle_between(int64_t low, int64_t high) {
    return low + (int64_t)oracle_below((uint64_t)(high - low) + 1);
}

void oracle_decimal(struct oracle *oracle);
void oracle_datetime(struct oracle *oracle);
void oracle_text(struct oracle *oracle);
void oracle_pg(struct oracle *oracle);

#endif

/* Guesses what type a column's texts have: every value is held against each type that it may be, read exactly
 * as a spec would read it; the counts tell which type most of them fit. */
#ifndef MIG_PROFILE_GUESS_H
#define MIG_PROFILE_GUESS_H

#include "runtime/vm/batch.h"

enum guess_kind {
    GUESS_TEXT,
    GUESS_UUID,
    GUESS_EMAIL,
    GUESS_URL,
    GUESS_JSON,
    GUESS_TIMESTAMPTZ,
    GUESS_TIMESTAMP,
    GUESS_DATE,
    GUESS_TIME,
    GUESS_BOOL,
    GUESS_INT,
    GUESS_DECIMAL,        /* 12.50 */
    GUESS_DECIMAL_GROUPS, /* 1,234.50, $1,234, 12.50 */
    GUESS_DECIMAL_COMMA,  /* 12,50, 1.234,50, 12.50 */
    GUESS_CARD,           /* a payment card's number */
    GUESS_PHONE,
    GUESS_KIND_COUNT
};
const char *guess_kind_name(enum guess_kind kind); /* as a spec calls the type, or in plain words */

enum { GUESS_MISFITS = 3, GUESS_EXAMPLE = 48, GUESS_CANDIDATES = 48 };

/* A text kept by value, cut to fit. */
struct guess_text {
    char bytes[GUESS_EXAMPLE];
    uint8_t len;
    bool cut;
};

struct guess_candidate {
    uint64_t fits;
    uint64_t misfits;
    bool dead;     /* so few of the first values fitted that no more were tried */
    bool any;      /* lo and hi are set */
    double lo, hi; /* for types with an order: numbers, days, microseconds */
    struct guess_text lo_text, hi_text;
    struct guess_text misfit[GUESS_MISFITS];
    uint64_t misfit_row[GUESS_MISFITS]; /* 1-based, in the table */
};

struct guesser {
    uint64_t values;                                                   /* taken */
    uint64_t native_dates, native_times, native_numbers, native_bools; /* cells that say what they are */
    uint64_t leading_zeros;               /* digits only, more than one, the first a 0 */
    uint64_t currency;                    /* numbers with a currency sign */
    uint64_t bool_words;                  /* bools that are not 0 or 1 */
    uint32_t digits_before, digits_after; /* most digits of numbers, either side of the point */
    struct guess_candidate candidates[GUESS_CANDIDATES];
};

/* What the candidates need to read patterns; shared between columns. */
struct guess_patterns;
const struct guess_patterns *guess_patterns_new(struct arena *arena);

/* A value (not null, not empty), without white space around it. */
void guesser_add(struct guesser *guesser, const struct guess_patterns *patterns, enum cell_kind cell,
                 struct str text, uint64_t row);

/* One answer. */
struct guess {
    enum guess_kind kind;
    struct str pattern; /* of dates and the like, for `format`; empty: ISO 8601 */
    uint64_t fits;
    double share;                            /* of all values */
    const struct guess_candidate *candidate; /* NULL for text */
    struct str other_pattern; /* another pattern that fits as many: day and month cannot be told apart */
};
enum { GUESS_ANSWERS = 4 };
/* The likely types, best first, then others that most values fit; text is last and always fits. At most
 * GUESS_ANSWERS; returns how many. */
uint32_t guesser_answers(const struct guesser *guesser, struct guess answers[static GUESS_ANSWERS]);

/* The number that a text of one of the number kinds means, written as mig's `decimal` reads it, in `to` (room
 * for text.len bytes). False: it is none. */
bool guess_plain_number(enum guess_kind kind, struct str text, char *to, size_t *len);
/* The place of a value on the axis of its kind. False: it does not fit. */
bool guess_axis(const struct guess_patterns *patterns, enum guess_kind kind, struct str pattern,
                struct str text, double *out);

#endif

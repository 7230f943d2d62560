/* Statistics of one column, taken value by value in bounded memory. */
#ifndef MIG_PROFILE_COLUMN_H
#define MIG_PROFILE_COLUMN_H

#include "runtime/profile/guess.h"
#include "runtime/profile/sketch.h"

/* Kinds of personal data that a column may hold. */
enum personal_kind {
    PERSONAL_NOT,
    PERSONAL_EMAIL,
    PERSONAL_PHONE,
    PERSONAL_NAME,
    PERSONAL_ADDRESS,
    PERSONAL_CARD,
    PERSONAL_BIRTH,
    PERSONAL_ID_NUMBER,
    PERSONAL_SECRET,
    PERSONAL_DECLARED, /* the spec says so */
    PERSONAL_KIND_COUNT
};
const char *personal_kind_name(enum personal_kind kind);

/* The histogram's bars. */
enum { HISTOGRAM_BARS = 24, SAMPLE_VALUES = 2048, NULL_SPELLINGS = 12 };

struct column_sample {
    struct guess_text text;
    uint32_t length;
};

struct column_profile {
    struct str name, from; /* in a spec, in the file */
    struct arena *arena;   /* of the table's profile */
    uint64_t rows;
    uint64_t nulls;      /* as the source has them: empty fields, blank cells, absent keys */
    uint64_t empty;      /* texts of length 0 */
    uint64_t blank;      /* texts of white space alone */
    uint64_t null_words; /* N/A, NULL and the like, which may mean nothing */
    uint64_t null_word_counts[NULL_SPELLINGS];
    uint64_t unreadable; /* cells that the reader cannot read */
    uint64_t padded;     /* texts with white space around them */
    uint64_t values;     /* what is left: what the guesses are about */
    uint64_t length_sum;
    uint32_t length_min, length_max; /* characters */
    struct guess_text text_min, text_max;
    struct sketch distinct; /* as written */
    struct sketch folded;   /* white space and case set aside, as people write keys */
    struct counted top, patterns;
    struct guesser guesser;
    struct column_sample *sample;
    uint32_t sample_count;
    uint64_t random;
    struct arena scratch;             /* of the present value */
    bool nested;                      /* JSON: objects or arrays */
    uint64_t child_rows, child_nulls; /* of rows below others */
    enum personal_kind declared;
    /* After column_finish: */
    struct guess answers[GUESS_ANSWERS];
    uint32_t answer_count;
    enum personal_kind personal;
    bool is_code; /* few distinct values */
    uint64_t bars[HISTOGRAM_BARS];
    uint32_t bar_count;
    struct str bars_of; /* what the bars count: "value", "length"; empty: none */
    struct str bars_from, bars_to;
    bool bars_sampled;
};

/* Spellings that may mean null, as a spec's `null …` would list them. */
extern const char *const NULL_SPELLING[NULL_SPELLINGS];

/* exact: distinct values up to which counts are exact. */
void column_init(struct column_profile *column, struct arena *arena, uint32_t exact);
void column_release(struct column_profile *column);
/* A cell; state and kind as in a batch. */
void column_add(struct column_profile *column, const struct guess_patterns *patterns, uint8_t state,
                enum cell_kind kind, struct str text, uint64_t row);
/* Answers, suspicions, histogram. table: its name, which may tell what a `name` is of. */
void column_finish(struct column_profile *column, const struct guess_patterns *patterns, struct str table);

/* The likely type: the first answer that at least 9 of 10 values fit, else text. */
const struct guess *column_type(const struct column_profile *column);
/* Every row has a value of its own (as far as the sketch can tell: sketch_is_exact). */
bool column_is_unique(const struct column_profile *column);
/* The shape of a text: 9 digits, A capitals, a+ runs of small letters, all else itself. In the arena. */
struct str column_pattern(struct arena *arena, struct str text);
/* A text as people write keys: white space squeezed, case folded. In the arena. */
struct str column_fold(struct arena *arena, struct str text);

#endif

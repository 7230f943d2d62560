/* How alike two names are: words, synonyms, abbreviations, misspellings. */
#ifndef MIG_INFER_NAMES_H
#define MIG_INFER_NAMES_H

#include "runtime/profile/words.h"

/* 0 to 1. */
double names_word_likeness(struct str a, struct str b);
double names_likeness(const struct words *a, const struct words *b);
/* a without the words that `less` has, too, or that mean the same; true when anything is left. */
bool names_without(const struct words *a, const struct words *less, struct words *out);
/* True when each word of `of` is among the words, or one that means the same. */
bool names_holds(const struct words *words, const struct words *of);
/* A name without what stands in brackets. In the arena. */
struct str names_outside_brackets(struct arena *arena, struct str name);
/* Which of the labels a value of a code means, -1: none. Labels and values are compared by their words,
 * synonyms of common states included. */
int names_label_of(struct str value, const struct str *labels, uint32_t count);

#endif

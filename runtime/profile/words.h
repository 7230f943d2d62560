/* Names in words: `ProjectCode`, `project_code` and "Project Code" are the same two. */
#ifndef MIG_PROFILE_WORDS_H
#define MIG_PROFILE_WORDS_H

#include "runtime/base/arena.h"

enum { WORDS_MAX = 12 };
struct words {
    struct str word[WORDS_MAX]; /* in lower case, singular */
    uint32_t count;
};

/* Splits at signs, blanks, capitals and digits; what stands in brackets counts, too. In the arena. */
struct words words_split(struct arena *arena, struct str name);
bool words_has(const struct words *words, const char *word);
/* As a name of a spec: words in lower case with `_` between them, never a keyword. fallback: where nothing is
 * left. In the arena. */
struct str words_identifier(struct arena *arena, struct str name, const char *fallback);

#endif

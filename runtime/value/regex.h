/* Regular expressions: PCRE2 with its JIT, in UTF mode. \d \w \s and the POSIX classes are ASCII unless the
 * pattern starts with (*UCP); `$` matches at the very end only; a match is searched anywhere in the text. */
#ifndef MIG_VALUE_REGEX_H
#define MIG_VALUE_REGEX_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

struct regex;         /* compiled: immutable, shared between threads; on the heap */
struct regex_scratch; /* what matching needs: one per thread, for any regex; on the heap */

/* False: *error is PCRE2's message (in the arena) and *error_at the byte in pattern; *out is NULL. */
bool regex_compile(struct arena *arena, struct str pattern, struct regex **out, struct str *error,
                   size_t *error_at);
void regex_free(struct regex *regex); /* NULL is fine */
/* Capture groups, without group 0. */
uint32_t regex_group_count(const struct regex *regex);
/* Number of a named group, or -1. */
int32_t regex_group_find(const struct regex *regex, struct str name);

struct regex_scratch *regex_scratch_new(void);
void regex_scratch_free(struct regex_scratch *scratch); /* NULL is fine */

/* All: text must be valid UTF-8. FAULT_REGEX_LIMIT when matching takes more than the limits in regex.c. */
enum fault regex_match(const struct regex *regex, struct regex_scratch *scratch, struct str text, bool *out);
/* The group's text in the first match (0: the whole match), a slice of text. *found false: no match, or the
 * group took no part in it. FAULT_BAD_ARGUMENT for a group that the regex does not have. */
enum fault regex_extract(const struct regex *regex, struct regex_scratch *scratch, struct str text,
                         uint32_t group, bool *found, struct str *out);
/* Every match (first_only: the first one) by `replacement`, where $1 to $9 and ${name} are groups and $$ is a
 * dollar. Groups that took no part are empty. FAULT_BAD_ARGUMENT for an unknown group, FAULT_TOO_LARGE. */
enum fault regex_replace(const struct regex *regex, struct regex_scratch *scratch, struct arena *arena,
                         struct str text, struct str replacement, bool first_only, struct str *out);
/* Fields between matches. */
enum fault regex_split(const struct regex *regex, struct regex_scratch *scratch, struct arena *arena,
                       struct str text, struct array *out);

#endif

/* What may stand at a place of a text that is being written: for completion. Only the declaration around the
 * place is read, up to the place. */
#ifndef MIG_SYNTAX_EXPECTED_H
#define MIG_SYNTAX_EXPECTED_H

#include "compiler/syntax/token.h"

enum { EXPECTED_MAX = 200 };

struct syntax_expected {
    const char *names[EXPECTED_MAX]; /* as the grammar calls its tokens: "from", "a name", "group by", "(" */
    uint32_t count;
};

/* Where the declaration around `at` starts: the first byte of its line, 0 where there is none above. */
uint32_t syntax_declaration_start(struct str text, uint32_t at);
/* Where the next declaration starts, or the text's end. */
uint32_t syntax_declaration_end(struct str text, uint32_t at);
/* The tokens that may follow what stands before `at`, where a word is about to be written. expression: the
 * bytes [from, at) are the start of an expression, else of declarations. `scratch` holds what is read on the
 * way. Errors before the place are passed over as the parser does; count is 0 where nothing is known. */
void syntax_expect(struct arena *scratch, struct str text, uint32_t from, uint32_t at, bool expression,
                   struct syntax_expected *expected);
/* True when the token is among them. */
bool syntax_expects(const struct syntax_expected *expected, const char *name);

#endif

/* The values of text literals. */
#ifndef MIG_SYNTAX_TEXT_LITERAL_H
#define MIG_SYNTAX_TEXT_LITERAL_H

#include "compiler/syntax/parser.h"

/* 'raw': the text between the quotes, '' made one quote. Copies into the arena only where it must. */
struct str text_literal_raw(struct arena *arena, struct str token);
/* Any of the three as an expression: X_TEXT, X_INTERPOLATED for "…{expr}…", X_ERROR for one that is bad. */
struct ast_expr *text_literal_expr(struct parser *parser, uint32_t token);
/* Where in a literal (quotes included) the byte at this offset of its value stands; the literal's end for the
 * value's. For places in texts that another language reads. */
size_t text_literal_find(struct str token, struct str value, size_t offset);

#endif

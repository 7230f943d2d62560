/* The values of text literals. */
#ifndef MIG_SYNTAX_TEXT_LITERAL_H
#define MIG_SYNTAX_TEXT_LITERAL_H

#include "compiler/syntax/parser.h"

/* 'raw': the text between the quotes, '' made one quote. Copies into the arena only where it must. */
struct str text_literal_raw(struct arena *arena, struct str token);
/* Three quotes: a line break right behind the opening ones is dropped, so is the last line when it is blank;
 * the indent common to all lines that are not blank is removed (those after the first, when text stands right
 * behind the opening quotes). CR LF becomes LF. */
struct str text_literal_block(struct arena *arena, struct str token);
/* Any of the three as an expression: X_TEXT, X_INTERPOLATED for "…{expr}…", X_ERROR for one that is bad. */
struct ast_expr *text_literal_expr(struct parser *parser, uint32_t token);

#endif

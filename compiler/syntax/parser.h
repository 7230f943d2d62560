/* The state of one parse: the token stream that the grammar reads and what it builds. Private to the syntax
 * library. */
#ifndef MIG_SYNTAX_PARSER_H
#define MIG_SYNTAX_PARSER_H

#include "compiler/syntax/ast.h"
#include "compiler/syntax/filter.h"
#include "compiler/syntax/parse.h"

struct parser {
    struct arena *arena; /* the tree */
    struct arena *scratch;
    const struct source_text *source;
    struct syntax_reporter *reporter;
    struct token_list tokens;
    struct parse_stream stream;
    int start_token;       /* which of the grammar's entries; 0 once it was delivered */
    uint32_t next;         /* of the stream, to be delivered */
    uint32_t current;      /* delivered last */
    bool recovering;       /* an error was found and no line end has passed since */
    bool too_deep;         /* reported once */
    uint32_t text_depth;   /* texts within `{}` of texts */
    uint32_t *holes;       /* `{}` in texts so far, in the whole of the text */
    struct ast_file *file; /* what a whole file yields */
    struct ast_expr *expr; /* what an expression yields */
};

/* Texts inside the braces of texts, at most; and such braces in one spec. */
enum { PARSER_MAX_TEXT_DEPTH = 4, PARSER_MAX_HOLES = 200 * 1000 };

/* Reports a syntax error at the token that was delivered last. `expected` are the names of the tokens that
 * could stand there (syntax_error.c). */
void parser_report_error(struct parser *parser, const char *const *expected, uint32_t count);
/* The parser's stack is full. */
void parser_report_exhausted(struct parser *parser);
/* The expression in [from, to) of the source, as it stands in the braces of a text. X_ERROR when it has
 * errors (reported). */
struct ast_expr *parser_read_hole(struct parser *parser, uint32_t from, uint32_t to);

#endif

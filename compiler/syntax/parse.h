/* From text to tree. */
#ifndef MIG_SYNTAX_PARSE_H
#define MIG_SYNTAX_PARSE_H

#include "compiler/syntax/ast.h"

/* Limits on untrusted text, each with its own diagnostic. */
enum { PARSE_MAX_BYTES = 16 * 1024 * 1024, PARSE_MAX_DEPTH = 200 };

/* Parses a whole spec or module. Never NULL: what could not be read is missing from decls and reported in
 * diags (has_errors is then set). The tree lives in `arena`. */
struct ast_file *parse_file(struct arena *arena, const struct source_text *source, struct diag_list *diags);

/* Parses one expression (for tests and for parameters' values). NULL when it has errors. */
struct ast_expr *parse_expression(struct arena *arena, const struct source_text *source,
                                  struct diag_list *diags);

/* The tree as indented text, one node a line, for golden tests and for debugging. */
void ast_dump(const struct ast_file *file, struct buf *out);
void ast_dump_expr(const struct ast_expr *expr, struct buf *out);

#endif

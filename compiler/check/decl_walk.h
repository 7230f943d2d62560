/* Walks over trees: what an expression names, which rows and cells a typed expression reads. */
#ifndef MIG_CHECK_DECL_WALK_H
#define MIG_CHECK_DECL_WALK_H

#include "compiler/check/scope.h"

/* Calls visit for the expression and everything in it, handlers and match arms included, parents first. False
 * from visit: its children are passed over. */
typedef bool walk_expr_visit(const struct ast_expr *expr, void *context);
void walk_expr(const struct ast_expr *expr, walk_expr_visit *visit, void *context);

/* Whether two expressions were written alike, but for blanks, comments and parentheses around them. */
bool walk_expr_equal(const struct ast_expr *a, const struct ast_expr *b);
const struct ast_expr *walk_expr_ungroup(const struct ast_expr *expr);

/* Calls visit for each node of a typed tree once, bindings' expressions, handlers' messages and values
 * included, parents first. */
typedef bool walk_texpr_visit(struct texpr *texpr, void *context);
void walk_texpr(struct arena *arena, struct texpr *texpr, walk_texpr_visit *visit, void *context);

bool walk_texpr_equal(const struct texpr *a, const struct texpr *b);

/* Which of a query's rows an expression depends on: bit 0 the row of `from`, bit n + 1 that of stage n. */
uint64_t walk_texpr_rows(struct arena *arena, struct texpr *texpr);

#endif

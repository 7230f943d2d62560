/* A small spec made by hand, for testing expressions alone: rows with columns of all types, parameters, code
 * tables, maps, functions. What the declaration checker would have found stands here as plain data.
 *
 * Names: `t` a row with the columns b i d f s y da ti ts tz iv u j a e and their nullable twins b_n …, a
 * personal `phone`, and `n` of no known type; `c` a row with parent and root (id text, item text?); `item` a
 * let of type text?, `owner` the row of a left lookup in users, `boss` the row of a lookup, `project` a
 * record of map projects. Codes: states (text -> status), labels (int -> text), rates (text, int -> decimal),
 * strict (text -> bool, with `on missing use false`). Maps: projects (key text), pairs (key text, int),
 * unkeyed, broken. */
#ifndef MIG_TESTS_EXPR_WORLD_H
#define MIG_TESTS_EXPR_WORLD_H

#include "compiler/check/expr.h"

struct world {
    struct arena arena;
    struct diag_list diags;
    struct checker checker;
    struct scope scope;
    struct schema_table users, projects;
    struct keyed_columns owner_columns;
    struct schema_enum status;
    struct checked_table rows, family;
};

void world_init(struct world *world);
void world_release(struct world *world);
/* Declares a function from its declaration's text; its body is checked. */
void world_add_fn(struct world *world, const char *text);
/* Parses and checks an expression; NULL when it does not parse. Diagnostics are those of this expression. */
struct texpr *world_check(struct world *world, const char *text, const struct expected *expected);
const struct ast_expr *world_parse(struct world *world, const char *text);
/* "text? FMSPV": the type and what can happen: fails, missing, skipped, personal, varies; C: a constant. */
struct str world_describe(struct world *world, const struct texpr *node);
/* The type of a name: text, text?, status, text[]. */
struct plan_type world_type(struct world *world, struct str name);

/* Where a column of `t` stands: the index in world->rows. */
enum { WORLD_KINDS = 15 };

#endif

/* Inside the expression checker: what its files (expr*.c, type*.c, function*.c) share. Others use scope.h.
 *
 * Two ways down the tree: check_expr delivers a value of the wanted type and nullability; expr_infer only
 * takes the wanted type as a hint for literals and tells what the expression is by itself. Both report what
 * is wrong and then return a node of TYPE_NONE, about which nobody reports again. */
#ifndef MIG_CHECK_EXPR_H
#define MIG_CHECK_EXPR_H

#include "compiler/check/scope.h"

/* Limits on what a spec can make the checker recurse or grow to. */
enum { EXPR_MAX_DEPTH = 400, EXPR_MAX_INLINED = 20000, EXPR_MAX_ARMS = 200 };

/* What cannot be null at this place: a path (a, a.b, $p) as it was written in a condition. */
struct fact {
    const struct ast_expr *path;
    const struct fact *next;
};

/* ---------------------------------------------------------------- types (type.c) */

struct plan_type type_of(enum type_kind kind, bool nullable);
struct plan_type type_nullable(struct plan_type type, bool nullable);
/* Equal but for nullability. */
bool type_same(struct plan_type a, struct plan_type b);
/* The type that holds values of both (int and decimal: decimal; null and T: T?). False: there is none. */
bool type_unify(struct plan_type a, struct plan_type b, struct plan_type *both);
/* True when a value of `from` is one of `to`, perhaps widened; nullability aside. */
bool type_widens(struct plan_type from, struct plan_type to);
struct plan_type type_element(struct plan_type array);
/* For signatures: the types that a letter of the opcode table stands for: "text", "int", "any value". */
const char *type_letter_text(char letter);
bool type_letter_takes(char letter, enum type_kind kind);
/* How to write the conversion of `subject` from one type to another: "`date(t.due, 'DD/MM/YYYY')`", or empty.
 */
struct str type_conversion_text(struct arena *arena, struct plan_type from, struct plan_type to,
                                struct str subject);

/* ---------------------------------------------------------------- nodes (expr_node.c) */

struct texpr *node_new(struct scope *scope, enum texpr_kind kind, struct plan_type type, struct span span);
struct texpr *node_error(struct scope *scope, struct span span);
struct texpr *node_const(struct scope *scope, struct plan_type type, const struct value *value,
                         struct span span);
struct texpr *node_text(struct scope *scope, struct str text, struct span span);
struct texpr *node_bool(struct scope *scope, bool truth, struct span span);
struct texpr *node_null(struct scope *scope, struct plan_type type, struct span span);
/* Appends an argument; the node takes over its flags. */
void node_push(struct scope *scope, struct texpr *node, struct texpr *arg);
/* A call of up to three arguments (NULL: none); null if an argument is; folded where all are constants, and
 * reported where that always fails. Arguments must be well-typed; if one has TYPE_NONE, so has the call. */
struct texpr *node_call(struct scope *scope, enum opcode opcode, struct plan_type result, struct span span,
                        struct texpr *a, struct texpr *b, struct texpr *c);
/* Ends the making of a call whose arguments were pushed one by one. */
struct texpr *node_finish(struct scope *scope, struct texpr *call);
struct texpr *node_if(struct scope *scope, struct texpr *condition, struct texpr *then,
                      struct texpr *otherwise, struct span span);
struct texpr *node_logic(struct scope *scope, enum texpr_kind kind, struct texpr *left, struct texpr *right,
                         struct span span);
struct texpr *node_is_null(struct scope *scope, struct texpr *arg, bool negated, struct span span);
struct texpr *node_bound(struct scope *scope, struct tbinding *binding, struct span span);
/* The expression in a form that may stand in several places and is evaluated once. */
struct texpr *node_share(struct scope *scope, struct texpr *expr);
/* A shallow copy, so that a place can have its own type or flags. */
struct texpr *node_copy(struct scope *scope, const struct texpr *expr);
static inline bool node_failed(const struct texpr *node) {
    return node->type.kind == TYPE_NONE;
}
static inline bool node_is_const(const struct texpr *node) {
    return node->kind == TX_CONST && node->type.kind != TYPE_NONE;
}
/* A constant text that is not null. */
static inline bool node_is_text_const(const struct texpr *node) {
    return node_is_const(node) && node->value.kind == TYPE_TEXT;
}
/* Gives a bare null (also as the branches of an if) the type that its place wants. */
struct texpr *node_retype_null(struct scope *scope, struct texpr *node, struct plan_type type);
/* Widens int to decimal and types nulls; the caller knows that the type widens. */
struct texpr *node_widen(struct scope *scope, struct texpr *node, struct plan_type to);

/* ---------------------------------------------------------------- scopes (expr_scope.c) */

/* A scope inside `outer` that starts with what is known there. */
struct scope scope_inner(struct scope *outer);
/* Facts that hold when the condition is true (or false), before those of the scope. */
const struct fact *scope_facts(struct scope *scope, const struct ast_expr *condition, bool truth);
/* Adds a fact, where the expression is a path. */
void scope_note_not_null(struct scope *scope, const struct ast_expr *path);
bool scope_knows_not_null(const struct scope *scope, const struct ast_expr *path);
struct checked_map *scope_find_map(struct scope *scope, struct str name);
struct checked_codes *scope_find_codes(struct scope *scope, struct str name);
struct checked_fn *scope_find_fn(struct scope *scope, struct str name);
/* The expression without the parentheses around it. */
const struct ast_expr *ast_strip(const struct ast_expr *expr);

/* Names that somebody may have meant, for did-you-mean. */
struct name_list {
    VEC(struct str) names;
};
void name_list_add(struct scope *scope, struct name_list *list, struct str name);
void name_list_add_scope(struct scope *scope, struct name_list *list);
/* Adds "did you mean `x`?" and the fix where a name is close. True when one was. */
bool diag_suggest(struct scope *scope, struct diag *diag, struct span span, struct str wanted,
                  const struct name_list *list);

/* ---------------------------------------------------------------- expressions */

struct texpr *expr_infer(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
/* expr_literal.c */
struct texpr *expr_literal(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
/* expr_name.c */
struct texpr *expr_name(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
struct texpr *expr_param(struct scope *scope, const struct ast_expr *expr);
/* expr_path.c: members, and indexes of values (json) */
struct texpr *expr_member(struct scope *scope, const struct ast_expr *expr);
struct texpr *expr_value_index(struct scope *scope, const struct ast_expr *expr);
/* Whether the expression stands for the row of a source, and for which. */
enum path_row { PATH_NO_ROW, PATH_SELF, PATH_PARENT, PATH_ROOT };
enum path_row path_find_row(struct scope *scope, const struct ast_expr *expr);
/* expr_row.c: columns of rows */
struct texpr *row_source_column(struct scope *scope, const struct scope_name *name, uint8_t via,
                                const struct ast_name *column, struct span span);
struct texpr *row_keyed_column(struct scope *scope, const struct scope_name *name, struct texpr *row,
                               const struct ast_name *column, struct span span);
/* `c.parent is null`, or is not null. */
struct texpr *row_parent_is_null(struct scope *scope, bool negated, struct span span);
/* A column of any expression of type ROW. */
struct texpr *row_column(struct scope *scope, struct texpr *row, const struct ast_name *column,
                         struct span span);
/* expr_index.c: code tables and maps; hands other indexes on to expr_value_index */
struct texpr *expr_index(struct scope *scope, const struct ast_expr *expr);
/* expr_operator.c */
struct texpr *expr_negate(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
struct texpr *expr_binary(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
/* expr_compare.c */
struct texpr *expr_compare(struct scope *scope, const struct ast_expr *expr);
struct texpr *expr_in(struct scope *scope, const struct ast_expr *expr);
struct texpr *expr_between(struct scope *scope, const struct ast_expr *expr);
struct texpr *expr_like(struct scope *scope, const struct ast_expr *expr);
struct texpr *expr_matches(struct scope *scope, const struct ast_expr *expr);
/* left OP right over checked operands; op_span for messages. */
struct texpr *compare_nodes(struct scope *scope, enum ast_operator op, struct texpr *left,
                            struct texpr *right, struct span span);
/* left is one of the constants or expressions. */
struct texpr *compare_any(struct scope *scope, struct texpr *left, struct texpr *const *items, uint32_t count,
                          struct span span);
/* expr_branch.c */
struct texpr *expr_if(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
struct texpr *expr_and_or(struct scope *scope, const struct ast_expr *expr);
struct texpr *expr_coalesce(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
struct texpr *expr_is_null(struct scope *scope, const struct ast_expr *expr);
struct texpr *expr_match(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
/* expr_handler.c: `convert`: expected is what must come out; else its type is only a hint. */
struct texpr *expr_handled(struct scope *scope, const struct ast_expr *expr, const struct expected *expected,
                           bool convert);
struct texpr *expr_action(struct scope *scope, const struct ast_action *action, struct span span);
/* expr_text.c */
struct texpr *expr_interpolated(struct scope *scope, const struct ast_expr *expr);
struct texpr *expr_array(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
/* Any value as text; reports what has none. */
struct texpr *node_to_text(struct scope *scope, struct texpr *node);
/* expr_convert.c: only the null check of check_convert. */
struct texpr *convert_null_check(struct scope *scope, struct texpr *node, const struct expected *expected);
/* The part of an expression that makes it nullable. */
const struct texpr *convert_find_null(const struct texpr *node);
/* Reports E_SECRET_USE for a secret and says true. */
bool secret_refused(struct scope *scope, const struct texpr *node);

/* ---------------------------------------------------------------- functions (function*.c) */

struct texpr *expr_call(struct scope *scope, const struct ast_expr *expr, struct plan_type hint);
/* The overloads of a name with checked arguments. */
struct texpr *function_resolve(struct scope *scope, struct str name, struct texpr **args, uint32_t count,
                               const struct ast_expr *call);
/* The pattern argument of an opcode, checked by its kind; stores what imm becomes. False when reported. */
bool function_pattern(struct scope *scope, enum opcode opcode, enum imm_kind kind, const struct texpr *arg,
                      uint32_t *imm);
/* function_special.c: functions with arguments of their own form. NULL: not one of them. */
struct texpr *function_special(struct scope *scope, const struct ast_expr *call, struct str name);
/* True for functions whose result is not personal any more. */
bool function_clears_personal(struct str name);
/* function_aggregate.c. NULL: not an aggregate, or not called as one. */
/* count(), sum(x) … */
bool function_is_aggregate(const struct ast_expr *call);
bool function_is_special(struct str name);
/* A call of what neither mig nor the spec has. */
bool function_is_unknown(struct scope *scope, const struct ast_expr *call);
struct texpr *function_aggregate(struct scope *scope, const struct ast_expr *call, struct str name);
void function_add_names(struct scope *scope, struct name_list *list);
/* function_user.c */
struct texpr *function_user(struct scope *scope, const struct ast_expr *call, struct checked_fn *fn);

#endif

/* What the grammar's actions call: they build the tree and decide nothing. */
#ifndef MIG_SYNTAX_BUILD_H
#define MIG_SYNTAX_BUILD_H

#include "compiler/syntax/ast.h"
#include "compiler/syntax/parser.h"

/* A token as a semantic value. */
struct lexeme {
    struct str text; /* as written; a name's backticks removed */
    struct span span;
    uint32_t index; /* in parser.stream */
};

/* Lists under construction: heads live in the arena, VEC_MOVE takes their arrays over. */
struct expr_list {
    VEC(struct ast_expr *) v;
};
struct name_list {
    VEC(struct ast_name) v;
};
struct handler_list {
    VEC(struct ast_handler) v;
};
struct arm_list {
    VEC(struct ast_arm) v;
};
struct type_list {
    VEC(struct ast_type) v;
};
struct order_list {
    VEC(struct ast_order_item) v;
};
struct clause_list {
    VEC(struct ast_clause) v;
};
struct item_list {
    VEC(struct ast_item) v;
};
struct option_list {
    VEC(struct ast_option) v;
    VEC(struct ast_handler) handlers;
};
struct table_list { /* the inside of a source's braces */
    VEC(struct ast_source_column) columns;
    VEC(struct ast_source_table) sheets;
};
struct row_list {
    VEC(struct ast_inline_row) v;
};
struct line_list {
    VEC(struct ast_code_line) v;
};
struct rule_list {
    VEC(struct ast_tolerance_rule) v;
    bool open; /* the first rule's amount stands before the list */
};
/* What may stand behind the value of a setting, or of a clause `tolerance`. */
struct setting_tail {
    struct rule_list *rules; /* or NULL */
    struct ast_name otherwise;
};
struct setting_list {
    VEC(struct ast_setting) v;
};
struct field_list {
    VEC(struct ast_field) v;
};
struct step_list {
    VEC(struct ast_test_step) v;
};
struct change_list {
    VEC(struct ast_change_step) v;
};
struct named_list { /* e as name, … */
    VEC(struct ast_expr *) exprs;
    VEC(struct ast_name) names;
};

/* A check while its parts come in. */
struct check_parts {
    struct ast_check check;
    uint32_t forms; /* how many of: source and target, sql, sample */
};

#define VEC_MOVE(to, from)                                                                                   \
    do {                                                                                                     \
        __typeof__(to) *to_ = &(to);                                                                         \
        __typeof__(from) *from_ = &(from);                                                                   \
        to_->items = from_->items;                                                                           \
        to_->count = from_->count;                                                                           \
        to_->cap = from_->cap;                                                                               \
    } while (0)

/* ------------------------------------------------------------------ expressions */

struct ast_expr *build_expr(struct parser *parser, enum ast_expr_kind kind, struct span span);
/* Measures the finished node; one that is too deep is reported and becomes X_ERROR. Every constructor below
 * ends with it. */
struct ast_expr *build_seal(struct parser *parser, struct ast_expr *expr);
struct ast_expr *build_word(struct parser *parser, enum ast_expr_kind kind, struct lexeme word);
struct ast_expr *build_name(struct parser *parser, struct ast_name name);
/* INT, DECIMAL, FLOAT, DURATION, PERCENT, TYPED. */
struct ast_expr *build_number(struct parser *parser, enum ast_expr_kind kind, struct lexeme number);
struct ast_expr *build_typed(struct parser *parser, struct lexeme literal);
struct ast_expr *build_duration(struct parser *parser, struct lexeme literal);
struct ast_expr *build_bool(struct parser *parser, bool truth, struct span span);
struct ast_expr *build_text(struct parser *parser, struct lexeme text);
struct ast_expr *build_unary(struct parser *parser, enum ast_expr_kind kind, struct ast_expr *left,
                             struct span op_span, struct span span);
struct ast_expr *build_binary(struct parser *parser, enum ast_operator op, struct ast_expr *left,
                              struct ast_expr *right, struct span op_span);
/* X_LIKE, X_MATCHES, X_IS_NULL (right NULL). */
struct ast_expr *build_predicate(struct parser *parser, enum ast_expr_kind kind, bool negated,
                                 struct ast_expr *left, struct ast_expr *right, struct span op_span,
                                 struct span span);
struct ast_expr *build_in(struct parser *parser, bool negated, struct ast_expr *left, struct expr_list *items,
                          struct span op_span, struct span span);
struct ast_expr *build_between(struct parser *parser, bool negated, struct ast_expr *left,
                               struct ast_expr *low, struct ast_expr *high, struct span op_span);
struct ast_expr *build_member(struct parser *parser, struct ast_expr *left, struct ast_name name,
                              struct span span);
struct ast_expr *build_list(struct parser *parser, enum ast_expr_kind kind, struct ast_expr *left,
                            struct expr_list *items, struct span span);
/* A call: `callee` must be a name or names joined by dots. */
struct ast_expr *build_call(struct parser *parser, struct ast_expr *callee, struct expr_list *args,
                            struct span close, struct span span);
struct ast_expr *build_keep(struct parser *parser, struct lexeme which, struct ast_expr *count,
                            struct span span);
struct ast_expr *build_if(struct parser *parser, struct ast_expr *condition, struct ast_expr *then,
                          struct ast_expr *otherwise, struct span span);
struct ast_expr *build_match(struct parser *parser, struct ast_expr *subject, struct arm_list *arms,
                             struct span span);
struct ast_expr *build_handled(struct parser *parser, struct ast_expr *left, struct handler_list *handlers,
                               struct span span);
struct ast_expr *build_action_result(struct parser *parser, struct ast_action *action);
struct ast_action *build_action(struct parser *parser, enum ast_action_kind kind, struct ast_expr *message,
                                struct ast_expr *use, struct name_list *columns, struct span span);
struct ast_handler build_handler(struct parser *parser, struct lexeme event, struct name_list *columns,
                                 struct ast_action *action, struct span span);

/* ------------------------------------------------------------------ SQL's spellings (sql_spelling.c) */

/* a = b for a == b. */
struct ast_expr *build_sql_equal(struct parser *parser, struct ast_expr *left, struct ast_expr *right,
                                 struct span op_span);
void report_sql_equal(struct parser *parser, struct span op_span);
/* x::t and cast(x as t): become t(x). */
struct ast_expr *build_sql_cast(struct parser *parser, struct ast_expr *value, struct ast_type *type,
                                struct span span, bool colons);
/* case [subject] when … then … [else …] end: arms hold when (or one pattern) and result. */
struct ast_expr *build_sql_case(struct parser *parser, struct ast_expr *subject, struct arm_list *arms,
                                struct ast_expr *otherwise, struct span span);
/* count(*) */
struct ast_expr *build_sql_count_star(struct parser *parser, struct ast_expr *callee, struct span star,
                                      struct span span);

/* ------------------------------------------------------------------ names, texts, clauses, declarations */

struct ast_name build_ast_name(struct lexeme word);
/* A constant text (an option, a file name, SQL): `{expr}` in it is an error. */
struct ast_name build_constant_text(struct parser *parser, struct lexeme text);
struct ast_type *build_type(struct parser *parser, struct ast_path *path, struct span span);
/* Adds a declaration to the file; span and doc are set here. */
struct ast_decl *build_decl(struct parser *parser, enum ast_decl_kind kind, struct ast_name name,
                            struct span span);
/* A declaration whose header did not parse: what is known of it from the tokens that were skipped. */
void build_broken_decl(struct parser *parser, struct span span);
/* The comment above the token at the span's start. */
struct str build_doc(struct parser *parser, struct span span);
/* rebuild indexes */
void build_rebuild(struct parser *parser, struct ast_clause *clause, struct ast_name word);
/* commit per run | map | N rows */
void build_commit(struct parser *parser, struct ast_clause *clause, struct ast_expr *count,
                  struct ast_name word);
/* Takes sheets or the one nameless table into the source. */
void build_source_tables(struct parser *parser, struct ast_source *source, struct table_list *tables,
                         struct span span);
struct ast_source_table *build_sheet(struct parser *parser, struct ast_name name, struct ast_name title,
                                     struct option_list *options, struct table_list *lines, struct span span);
struct ast_option *build_option(struct parser *parser, struct span word, struct expr_list *values,
                                struct span span);
struct ast_inline_row build_row(struct expr_list *values, struct span span);
struct ast_tolerance_rule *build_rule(struct parser *parser, struct ast_name name, struct ast_expr *message,
                                      struct span span);
struct rule_list *build_rules(struct parser *parser, const struct ast_tolerance_rule *first,
                              const struct rule_list *rest);
void build_setting_tail(struct ast_setting *setting, struct setting_tail *tail);
/* rules may be NULL. */
void build_tolerance(struct ast_clause *clause, const struct ast_tolerance_rule *limit,
                     struct rule_list *rules);
/* A rule without its subject yet. */
struct ast_tolerance_rule *build_limit(struct parser *parser, struct ast_expr *amount, bool percent);
/* limit NULL: the value is `env 'NAME'`. */
struct ast_setting *build_setting(struct parser *parser, struct ast_name name,
                                  const struct ast_tolerance_rule *limit, struct span span);
struct ast_decl *build_codes(struct parser *parser, struct ast_name name, struct type_list *keys,
                             struct ast_type *value, struct span span);
/* more may be NULL. */
void build_add_handlers(struct parser *parser, struct ast_handlers *handlers, struct handler_list *more);
struct ast_clause *build_clause(struct parser *parser, enum ast_clause_kind kind, struct span span);
struct ast_clause *build_join(struct parser *parser, enum ast_clause_kind kind, struct ast_name alias,
                              struct ast_path *source, struct ast_expr *condition,
                              struct handler_list *handlers, struct span span);
/* after a, b: a clause each. */
void build_after(struct parser *parser, struct clause_list *clauses, struct name_list *maps,
                 struct span span);
struct ast_item *build_item(struct parser *parser, enum ast_item_kind kind, struct ast_name name,
                            struct ast_expr *expr, struct span span);
void build_dropped_item(struct parser *parser, struct item_list *items, struct span span);
void build_dropped_clause(struct parser *parser, struct clause_list *clauses, struct span span);
struct ast_test_step *build_step(struct parser *parser, enum ast_test_step_kind kind, struct span span);
struct ast_change_step *build_change_step(struct parser *parser, enum ast_change_step_kind kind,
                                          struct ast_name sql, struct span span);
/* `tolerance` belongs to the check, the other clauses to its source. */
void build_check_clause(struct parser *parser, struct check_parts *parts, struct ast_clause *clause);
/* Reports a check that says nothing, or says it twice. */
void build_check_form(struct parser *parser, struct ast_check *check, uint32_t forms, struct span span);

#endif

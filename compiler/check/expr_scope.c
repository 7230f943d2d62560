/* Names at a place: finding them, suggesting them, and what is known there not to be null. */
#include "compiler/check/expr.h"

const struct scope_name *scope_find(const struct scope *scope, struct str name) {
    for (; scope != NULL; scope = scope->outer)
        for (uint32_t i = scope->names.count; i-- > 0;)
            if (str_eq(scope->names.items[i].name, name)) return &scope->names.items[i];
    return NULL;
}

struct scope scope_inner(struct scope *outer) {
    struct scope inner = *outer;
    memset(&inner.names, 0, sizeof inner.names);
    inner.outer = outer;
    return inner;
}

#define FIND_BY_NAME(list, wanted)                                                                           \
    for (uint32_t i = 0; i < (list).count; i++)                                                              \
        if (str_eq((list).items[i]->name, (wanted))) return (list).items[i];                                 \
    return NULL

struct checked_map *scope_find_map(struct scope *scope, struct str name) {
    FIND_BY_NAME(scope->checker->maps, name);
}

struct checked_codes *scope_find_codes(struct scope *scope, struct str name) {
    FIND_BY_NAME(scope->checker->codes, name);
}

struct checked_fn *scope_find_fn(struct scope *scope, struct str name) {
    FIND_BY_NAME(scope->checker->fns, name);
}

const struct ast_expr *ast_strip(const struct ast_expr *expr) {
    while (expr != NULL && expr->kind == X_GROUP)
        expr = expr->left;
    return expr;
}

/* ---------------------------------------------------------------- facts */

static bool path_is_one(const struct ast_expr *expr) {
    expr = ast_strip(expr);
    while (expr != NULL && expr->kind == X_MEMBER)
        expr = ast_strip(expr->left);
    return expr != NULL && (expr->kind == X_NAME || expr->kind == X_PARAM);
}

static bool path_equal(const struct ast_expr *a, const struct ast_expr *b) {
    for (;;) {
        a = ast_strip(a);
        b = ast_strip(b);
        if (a == NULL || b == NULL || a->kind != b->kind || !str_eq(a->name.text, b->name.text)) return false;
        if (a->kind != X_MEMBER) return a->kind == X_NAME || a->kind == X_PARAM;
        a = a->left;
        b = b->left;
    }
}

bool scope_knows_not_null(const struct scope *scope, const struct ast_expr *path) {
    for (const struct fact *fact = scope->facts; fact != NULL; fact = fact->next)
        if (path_equal(fact->path, path)) return true;
    return false;
}

static const struct fact *fact_new(struct scope *scope, const struct ast_expr *path,
                                   const struct fact *next) {
    struct fact *fact = ARENA_NEW(scope->checker->arena, struct fact);
    fact->path = path;
    fact->next = next;
    return fact;
}

void scope_note_not_null(struct scope *scope, const struct ast_expr *path) {
    if (path_is_one(path)) scope->facts = fact_new(scope, path, scope->facts);
}

static const struct fact *facts_add(struct scope *scope, const struct ast_expr *condition, bool truth,
                                    const struct fact *facts) {
    condition = ast_strip(condition);
    if (condition == NULL) return facts;
    if (condition->kind == X_NOT) return facts_add(scope, condition->left, !truth, facts);
    if (condition->kind == X_IS_NULL && condition->negated == truth && path_is_one(condition->left))
        return fact_new(scope, condition->left, facts);
    /* `x != null` is reported where it stands; it was meant as `x is not null`. */
    if (condition->kind == X_BINARY && condition->op == (truth ? AST_NOT_EQUAL : AST_EQUAL) &&
        ast_strip(condition->right)->kind == X_NULL && path_is_one(condition->left))
        return fact_new(scope, condition->left, facts);
    if (condition->kind == X_BINARY && condition->op == (truth ? AST_AND : AST_OR)) {
        facts = facts_add(scope, condition->left, truth, facts);
        return facts_add(scope, condition->right, truth, facts);
    }
    return facts;
}

const struct fact *scope_facts(struct scope *scope, const struct ast_expr *condition, bool truth) {
    return facts_add(scope, condition, truth, scope->facts);
}

void scope_assume(struct scope *scope, const struct ast_expr *condition) {
    scope->facts = scope_facts(scope, condition, true);
}

/* ---------------------------------------------------------------- did you mean */

void name_list_add(struct scope *scope, struct name_list *list, struct str name) {
    if (name.len > 0) VEC_PUSH(scope->checker->arena, &list->names, name);
}

void name_list_add_scope(struct scope *scope, struct name_list *list) {
    for (const struct scope *s = scope; s != NULL; s = s->outer)
        for (uint32_t i = 0; i < s->names.count; i++)
            name_list_add(scope, list, s->names.items[i].name);
}

bool diag_suggest(struct scope *scope, struct diag *diag, struct span span, struct str wanted,
                  const struct name_list *list) {
    struct str best = diag_closest_name(wanted, list->names.items, list->names.count);
    if (best.len == 0) return false;
    diag_help(scope->checker->diags, diag, "did you mean `%.*s`?", STR_ARG(best));
    if (span.source != NULL) diag_fix(scope->checker->diags, diag, span, best);
    return true;
}

/* The entry to checking expressions: one function for each kind of node, found here. */
#include "compiler/check/expr.h"

#include "compiler/check/recorder.h"

static struct texpr *expr_dispatch(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    switch (expr->kind) {
    case X_ERROR: return node_error(scope, expr->span);
    case X_NULL:
    case X_BOOL:
    case X_INT:
    case X_DECIMAL:
    case X_FLOAT:
    case X_TEXT:
    case X_TYPED:
    case X_DURATION: return expr_literal(scope, expr, hint);
    case X_INTERPOLATED: return expr_interpolated(scope, expr);
    case X_NAME: return expr_name(scope, expr, hint);
    case X_PARAM: return expr_param(scope, expr);
    case X_MEMBER: return expr_member(scope, expr);
    case X_INDEX: return expr_index(scope, expr);
    case X_CALL: return expr_call(scope, expr, hint);
    case X_NEGATE: return expr_negate(scope, expr, hint);
    case X_BINARY: return expr_binary(scope, expr, hint);
    case X_IN: return expr_in(scope, expr);
    case X_BETWEEN: return expr_between(scope, expr);
    case X_IS_NULL: return expr_is_null(scope, expr);
    case X_LIKE: return expr_like(scope, expr);
    case X_MATCHES: return expr_matches(scope, expr);
    case X_IF: return expr_if(scope, expr, hint);
    case X_MATCH: return expr_match(scope, expr, hint);
    case X_ARRAY: return expr_array(scope, expr, hint);
    case X_GROUP: return expr_infer(scope, expr->left, hint);
    case X_NOT: {
        struct texpr *arg = check_condition(scope, expr->left);
        return node_call(scope, OP_NOT, type_of(TYPE_BOOL, false), expr->span, arg, NULL, NULL);
    }
    case X_HANDLED: {
        struct expected expected = {.type = hint, .allow_null = true};
        return expr_handled(scope, expr, &expected, false);
    }
    case X_ACTION: return expr_action(scope, &expr->action, expr->span);
    case X_KEEP: break;
    }
    struct diag *diag = diag_report(scope->checker->diags, E_NAME_PLACE, expr->span,
                                    "`keep first` and `keep last` stand only in `mask(…)`");
    diag_help(scope->checker->diags, diag, "write `mask(x, keep last 3)`");
    return node_error(scope, expr->span);
}

/* Trees are walked by recursion here and by everybody after us: their depth is bounded once. */
static bool expr_enter(struct scope *scope, struct span span) {
    struct checker *checker = scope->checker;
    if (checker->depth < EXPR_MAX_DEPTH) {
        checker->depth++;
        return true;
    }
    struct diag *diag =
        diag_report(checker->diags, E_TOO_DEEP, span,
                    "the expression nests deeper than %d levels, inlined functions included", EXPR_MAX_DEPTH);
    diag_help(checker->diags, diag, "give parts of it names with `let`");
    return false;
}

struct texpr *expr_infer(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    if (!expr_enter(scope, expr->span)) return node_error(scope, expr->span);
    struct texpr *node = expr_dispatch(scope, expr, hint);
    scope->checker->depth--;
    return record_expr(scope->checker, expr->span, node);
}

struct texpr *check_expr(struct scope *scope, const struct ast_expr *expr, const struct expected *expected) {
    static const struct expected anything = {.allow_null = true};
    if (expected == NULL) expected = &anything;
    expr = ast_strip(expr);
    if (!expr_enter(scope, expr->span)) return node_error(scope, expr->span);
    struct texpr *node;
    if (expr->kind == X_HANDLED) {
        node = record_expr(scope->checker, expr->span, expr_handled(scope, expr, expected, true));
    } else {
        node = expr_dispatch(scope, expr, expected->type);
        node = check_convert(scope, record_expr(scope->checker, expr->span, node), expected);
    }
    scope->checker->depth--;
    return node;
}

struct texpr *check_condition(struct scope *scope, const struct ast_expr *expr) {
    struct expected wanted = {.type = type_of(TYPE_BOOL, true), .what = "a condition", .allow_null = true};
    return check_expr(scope, expr, &wanted);
}

bool check_constant(struct scope *scope, const struct ast_expr *expr, const struct expected *expected,
                    struct value *value) {
    struct checker *checker = scope->checker;
    struct texpr *node = check_expr(scope, expr, expected);
    if (node_failed(node)) return false;
    if (node->kind == TX_CONST) {
        *value = node->value;
        return true;
    }
    enum fault fault = FAULT_NONE;
    if (!node->varies && emit_fold(checker->builder, node, value, &fault)) {
        if (fault == FAULT_NONE) return true;
        struct str text = span_text(expr->span);
        diag_report(checker->diags, E_ALWAYS_FAILS, expr->span, "`%.*s` always fails: it %s", STR_ARG(text),
                    fault_title(fault));
        return false;
    }
    struct diag *diag = diag_report(checker->diags, E_NOT_CONSTANT, expr->span,
                                    "a constant is needed here: a value that is known before the run");
    diag_help(checker->diags, diag, "rows, parameters and `$run` are only known when the migration runs");
    return false;
}

/* Comparisons, `in`, `between`, `like`, `matches`. */
#include "compiler/check/expr.h"

#include "runtime/value/regex.h"
#include "runtime/value/text.h"

/* The first of the six comparisons of each storage; the others follow it in the order of enum ast_operator.
 */
static enum opcode compare_base(enum type_kind kind) {
    switch (kind) {
    case TYPE_INT:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
    case TYPE_ENUM: return OP_EQ_I64;
    case TYPE_BOOL: return OP_EQ_BOOL;
    case TYPE_DECIMAL: return OP_EQ_DECIMAL;
    case TYPE_FLOAT: return OP_EQ_FLOAT;
    case TYPE_TEXT: return OP_EQ_TEXT;
    case TYPE_BYTES: return OP_EQ_BYTES;
    case TYPE_UUID: return OP_EQ_UUID;
    case TYPE_INTERVAL: return OP_EQ_INTERVAL;
    default: return OP_COUNT;
    }
}

_Static_assert(AST_GREATER_EQUAL - AST_EQUAL == OP_GE_I64 - OP_EQ_I64 &&
                   AST_LESS - AST_EQUAL == OP_LT_I64 - OP_EQ_I64,
               "comparisons stand in the order of the operators");

static const char *compare_text(enum ast_operator op) {
    static const char *const texts[] = {"==", "!=", "<", "<=", ">", ">="};
    return texts[op - AST_EQUAL];
}

static void compare_help(struct scope *scope, struct diag *diag, const struct texpr *left,
                         const struct texpr *right) {
    struct checker *checker = scope->checker;
    enum type_kind l = (enum type_kind)left->type.kind, r = (enum type_kind)right->type.kind;
    if (type_same(left->type, right->type)) {
        diag_help(checker->diags, diag,
                  l == TYPE_JSON
                      ? "convert both to a type that can be compared: `text(x)`, `int(x)`, `decimal(x)`"
                  : l == TYPE_ROW ? "compare the rows' keys: `a.id == b.id`"
                                  : "compare its elements: `contains(x, y)`, `element(x, 1)`");
        return;
    }
    if ((l == TYPE_ENUM) != (r == TYPE_ENUM)) {
        diag_help(checker->diags, diag,
                  "a label is written as a text literal: `x == 'label'`; a text that rows bring "
                  "becomes a label through a code table");
        return;
    }
    /* The text, or else the left side, is the one to convert. */
    const struct texpr *from = r == TYPE_TEXT || r == TYPE_JSON ? right : left;
    const struct texpr *to = from == right ? left : right;
    struct str spelling = type_conversion_text(checker->arena, from->type, to->type, span_text(from->span));
    if (spelling.len == 0) {
        const struct texpr *swap = from;
        from = to;
        to = swap;
        spelling = type_conversion_text(checker->arena, from->type, to->type, span_text(from->span));
    }
    if (spelling.len > 0)
        diag_help(checker->diags, diag, "convert one side: %.*s", STR_ARG(spelling));
    else
        diag_help(checker->diags, diag, "bring both sides to one type");
}

static struct texpr *compare_refuse(struct scope *scope, enum ast_operator op, const struct texpr *left,
                                    const struct texpr *right, struct span span) {
    struct checker *checker = scope->checker;
    if (secret_refused(scope, left) || secret_refused(scope, right)) return node_error(scope, span);
    struct str l = type_to_text(checker, left->type), r = type_to_text(checker, right->type);
    struct diag *diag =
        diag_report(checker->diags, E_OPERATOR_TYPES, span, "`%s` does not compare %.*s with %.*s",
                    compare_text(op), STR_ARG(l), STR_ARG(r));
    compare_help(scope, diag, left, right);
    return node_error(scope, span);
}

struct texpr *compare_nodes(struct scope *scope, enum ast_operator op, struct texpr *left,
                            struct texpr *right, struct span span) {
    if (node_failed(left) || node_failed(right)) return node_error(scope, span);
    struct plan_type both;
    if (!type_unify(left->type, right->type, &both)) return compare_refuse(scope, op, left, right, span);
    if (both.kind == TYPE_NULL) return node_null(scope, type_of(TYPE_BOOL, true), span);
    enum opcode base = compare_base((enum type_kind)both.kind);
    if (base == OP_COUNT) return compare_refuse(scope, op, left, right, span);
    left = node_widen(scope, left, both);
    right = node_widen(scope, right, both);
    return node_call(scope, (enum opcode)(base + (op - AST_EQUAL)), type_of(TYPE_BOOL, false), span, left,
                     right, NULL);
}

/* Only a literal adapts to the other side's type. */
static bool compare_is_literal(const struct ast_expr *expr) {
    expr = ast_strip(expr);
    if (expr->kind == X_NEGATE) expr = ast_strip(expr->left);
    return expr->kind == X_TEXT || expr->kind == X_INT || expr->kind == X_DECIMAL || expr->kind == X_NAME;
}

static struct plan_type compare_hint(struct plan_type other) {
    bool adapts = other.kind == TYPE_ENUM || other.kind == TYPE_FLOAT;
    return adapts ? other : type_of(TYPE_NONE, true);
}

static bool compare_refuse_null(struct scope *scope, const struct ast_expr *expr) {
    const struct ast_expr *left = ast_strip(expr->left), *right = ast_strip(expr->right);
    if (left->kind != X_NULL && right->kind != X_NULL) return false;
    if (expr->op != AST_EQUAL && expr->op != AST_NOT_EQUAL) return false;
    if (str_is(span_text(expr->op_span), "=")) return true; /* told as SQL's spelling */
    struct checker *checker = scope->checker;
    struct str other = span_text(left->kind == X_NULL ? expr->right->span : expr->left->span);
    const char *is = expr->op == AST_EQUAL ? "is null" : "is not null";
    struct diag *diag = diag_report(checker->diags, E_NULL_COMPARISON, expr->span,
                                    "a comparison with null is null, never true");
    diag_help(checker->diags, diag, "write `%.*s %s`", STR_ARG(other), is);
    diag_fix(checker->diags, diag, expr->span, arena_printf(checker->arena, "%.*s %s", STR_ARG(other), is));
    return true;
}

struct texpr *expr_compare(struct scope *scope, const struct ast_expr *expr) {
    if (compare_refuse_null(scope, expr)) return node_error(scope, expr->span);
    struct texpr *left, *right;
    if (compare_is_literal(expr->left) && !compare_is_literal(expr->right)) {
        right = expr_infer(scope, expr->right, type_of(TYPE_NONE, true));
        left = expr_infer(scope, expr->left, compare_hint(right->type));
    } else {
        left = expr_infer(scope, expr->left, type_of(TYPE_NONE, true));
        right = expr_infer(scope, expr->right, compare_hint(left->type));
        /* 'todo' == status: both look like literals before names are known. */
        if (left->type.kind == TYPE_TEXT && right->type.kind == TYPE_ENUM &&
            ast_strip(expr->left)->kind == X_TEXT)
            left = expr_infer(scope, expr->left, right->type);
    }
    return compare_nodes(scope, expr->op, left, right, expr->span);
}

/* ---------------------------------------------------------------- in */

/* The constants as one array, for the instruction that searches them hashed. */
static struct texpr *compare_in_const(struct scope *scope, struct texpr *left, struct texpr *const *items,
                                      uint32_t count, struct span span) {
    struct checker *checker = scope->checker;
    enum type_kind kind = (enum type_kind)left->type.kind;
    size_t size = type_kind_size(kind);
    char *elements = arena_alloc(checker->arena, size * count);
    for (uint32_t i = 0; i < count; i++) {
        const struct value *value = &items[i]->value;
        memcpy(elements + i * size,
               kind == TYPE_TEXT ? (const void *)&value->as_text : (const void *)&value->as_int, size);
    }
    struct value array = {.kind = TYPE_ARRAY, .as_array = {.items = elements, .count = count}};
    struct plan_type type = {.kind = TYPE_ARRAY, .element = (uint8_t)kind};
    struct texpr *call = node_new(scope, TX_CALL, type_of(TYPE_BOOL, false), span);
    call->opcode = kind == TYPE_TEXT ? OP_IN_TEXT : OP_IN_INT;
    call->imm = plan_builder_const(checker->builder, type, &array);
    node_push(scope, call, left);
    return node_finish(scope, call);
}

struct texpr *compare_any(struct scope *scope, struct texpr *left, struct texpr *const *items, uint32_t count,
                          struct span span) {
    enum type_kind kind = (enum type_kind)left->type.kind;
    bool constant = count > 1 && (kind == TYPE_TEXT || kind == TYPE_INT);
    for (uint32_t i = 0; i < count && constant; i++)
        constant = node_is_const(items[i]) && items[i]->value.kind == kind;
    if (constant) return compare_in_const(scope, left, items, count, span);
    left = node_share(scope, left);
    struct texpr **any = ARENA_ARRAY(scope->checker->arena, struct texpr *, count);
    for (uint32_t i = 0; i < count; i++) {
        any[i] = compare_nodes(scope, AST_EQUAL, node_copy(scope, left), items[i], span);
        if (node_failed(any[i])) return any[i];
    }
    /* Pair by pair, so that a long list makes no deep tree. */
    for (uint32_t step = 1; step < count; step *= 2)
        for (uint32_t i = 0; i + step < count; i += 2 * step)
            any[i] = node_logic(scope, TX_OR, any[i], any[i + step], span);
    return count > 0 ? any[0] : node_error(scope, span);
}

static struct texpr *compare_negate(struct scope *scope, struct texpr *node, bool negated, struct span span) {
    if (!negated || node_failed(node)) return node;
    return node_call(scope, OP_NOT, type_of(TYPE_BOOL, false), span, node, NULL, NULL);
}

struct texpr *expr_in(struct scope *scope, const struct ast_expr *expr) {
    struct checker *checker = scope->checker;
    struct texpr *left = expr_infer(scope, expr->left, type_of(TYPE_NONE, true));
    struct texpr **items = ARENA_ARRAY(checker->arena, struct texpr *, expr->items.count);
    bool good = !node_failed(left);
    for (uint32_t i = 0; i < expr->items.count; i++) {
        const struct ast_expr *item = expr->items.items[i];
        if (ast_strip(item)->kind == X_NULL) {
            struct diag *diag = diag_report(checker->diags, E_NULL_COMPARISON, item->span,
                                            "a null in `in (…)` never matches");
            struct str subject = span_text(expr->left->span);
            diag_help(checker->diags, diag, "write `%.*s is null or %.*s in (…)`", STR_ARG(subject),
                      STR_ARG(subject));
            good = false;
            continue;
        }
        items[i] = expr_infer(scope, item, compare_hint(left->type));
        good &= !node_failed(items[i]);
    }
    if (!good || expr->items.count == 0) return node_error(scope, expr->span);
    if (left->type.kind == TYPE_INT) {
        for (uint32_t i = 0; i < expr->items.count; i++)
            if (items[i]->type.kind == TYPE_DECIMAL)
                left = node_widen(scope, left, type_of(TYPE_DECIMAL, true));
    }
    return compare_negate(scope, compare_any(scope, left, items, expr->items.count, expr->span),
                          expr->negated, expr->span);
}

/* ---------------------------------------------------------------- between */

struct texpr *expr_between(struct scope *scope, const struct ast_expr *expr) {
    if (expr->items.count != 2) return node_error(scope, expr->span);
    struct texpr *left = expr_infer(scope, expr->left, type_of(TYPE_NONE, true));
    struct texpr *low = expr_infer(scope, expr->items.items[0], compare_hint(left->type));
    struct texpr *high = expr_infer(scope, expr->items.items[1], compare_hint(left->type));
    if (node_failed(left) || node_failed(low) || node_failed(high)) return node_error(scope, expr->span);
    left = node_share(scope, left);
    struct texpr *from = compare_nodes(scope, AST_GREATER_EQUAL, left, low, expr->span);
    if (node_failed(from)) return from;
    struct texpr *to = compare_nodes(scope, AST_LESS_EQUAL, node_copy(scope, left), high, expr->span);
    if (node_failed(to)) return to;
    return compare_negate(scope, node_logic(scope, TX_AND, from, to, expr->span), expr->negated, expr->span);
}

/* ---------------------------------------------------------------- like, matches */

static struct texpr *compare_text_operand(struct scope *scope, const struct ast_expr *expr,
                                          const char *operator_name) {
    struct checker *checker = scope->checker;
    struct texpr *node = expr_infer(scope, expr, type_of(TYPE_NONE, true));
    if (node_failed(node)) return node;
    if (type_widens(node->type, type_of(TYPE_TEXT, true)))
        return node_widen(scope, node, type_of(TYPE_TEXT, true));
    if (secret_refused(scope, node)) return node_error(scope, expr->span);
    struct str type = type_to_text(checker, node->type);
    struct diag *diag = diag_report(checker->diags, E_OPERATOR_TYPES, node->span,
                                    "`%s` takes texts, not %.*s", operator_name, STR_ARG(type));
    struct str spelling =
        type_conversion_text(checker->arena, node->type, type_of(TYPE_TEXT, false), span_text(node->span));
    if (spelling.len > 0)
        diag_help(checker->diags, diag, "write %.*s", STR_ARG(spelling));
    else
        diag_help(checker->diags, diag, "compare a text instead");
    return node_error(scope, expr->span);
}

struct texpr *expr_like(struct scope *scope, const struct ast_expr *expr) {
    struct checker *checker = scope->checker;
    struct texpr *left = compare_text_operand(scope, expr->left, "like");
    struct texpr *right = compare_text_operand(scope, expr->right, "like");
    if (node_failed(left) || node_failed(right)) return node_error(scope, expr->span);
    if (!node_is_text_const(right)) {
        struct texpr *any =
            node_call(scope, OP_LIKE_ANY, type_of(TYPE_BOOL, false), expr->span, left, right, NULL);
        return compare_negate(scope, any, expr->negated, expr->span);
    }
    struct str pattern = right->value.as_text;
    if (text_like_check(pattern) != FAULT_NONE) {
        struct diag *diag = diag_report(checker->diags, E_BAD_PATTERN, right->span,
                                        "the pattern ends on its escape character `\\`");
        diag_help(checker->diags, diag,
                  "`\\` makes the next character stand for itself: a backslash is `\\\\`");
        return node_error(scope, expr->span);
    }
    struct texpr *call = node_new(scope, TX_CALL, type_of(TYPE_BOOL, false), expr->span);
    call->opcode = OP_LIKE;
    call->imm = plan_builder_pattern(checker->builder, PATTERN_LIKE, TYPE_TEXT, pattern);
    node_push(scope, call, left);
    return compare_negate(scope, node_finish(scope, call), expr->negated, expr->span);
}

struct texpr *expr_matches(struct scope *scope, const struct ast_expr *expr) {
    struct texpr *left = compare_text_operand(scope, expr->left, "matches");
    struct texpr *right = compare_text_operand(scope, expr->right, "matches");
    if (node_failed(left) || node_failed(right)) return node_error(scope, expr->span);
    struct texpr *call = node_new(scope, TX_CALL, type_of(TYPE_BOOL, false), expr->span);
    call->opcode = OP_MATCHES;
    if (!function_pattern(scope, OP_MATCHES, IMM_REGEX, right, &call->imm))
        return node_error(scope, expr->span);
    node_push(scope, call, left);
    return compare_negate(scope, node_finish(scope, call), expr->negated, expr->span);
}

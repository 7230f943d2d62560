/* Arithmetic and `||`: which instruction an operator means is found in a table by the types of its operands,
 * which the opcode table itself gives. */
#include "compiler/check/expr.h"

static const struct {
    uint8_t operator;
    uint16_t opcode;
} ARITHMETIC[] = {
    {AST_ADD, OP_ADD_INT},
    {AST_ADD, OP_ADD_DECIMAL},
    {AST_ADD, OP_ADD_FLOAT},
    {AST_ADD, OP_ADD_DATE_INT},
    {AST_ADD, OP_ADD_DATE_INTERVAL},
    {AST_ADD, OP_ADD_TIMESTAMP_INTERVAL},
    {AST_ADD, OP_ADD_TIMESTAMPTZ_INTERVAL},
    {AST_ADD, OP_ADD_INTERVAL},
    {AST_SUBTRACT, OP_SUB_INT},
    {AST_SUBTRACT, OP_SUB_DECIMAL},
    {AST_SUBTRACT, OP_SUB_FLOAT},
    {AST_SUBTRACT, OP_SUB_DATE_INT},
    {AST_SUBTRACT, OP_SUB_DATE_DATE},
    {AST_SUBTRACT, OP_SUB_DATE_INTERVAL},
    {AST_SUBTRACT, OP_SUB_TIMESTAMP_INTERVAL},
    {AST_SUBTRACT, OP_SUB_TIMESTAMP_TIMESTAMP},
    {AST_SUBTRACT, OP_SUB_TIMESTAMPTZ_INTERVAL},
    {AST_SUBTRACT, OP_SUB_TIMESTAMPTZ_TIMESTAMPTZ},
    {AST_SUBTRACT, OP_SUB_INTERVAL},
    {AST_MULTIPLY, OP_MUL_INT},
    {AST_MULTIPLY, OP_MUL_DECIMAL},
    {AST_MULTIPLY, OP_MUL_FLOAT},
    {AST_MULTIPLY, OP_MUL_INTERVAL_INT},
    {AST_DIVIDE, OP_DIV_DECIMAL},
    {AST_DIVIDE, OP_DIV_FLOAT},
    {AST_MODULO, OP_MOD_INT},
    {AST_MODULO, OP_MOD_DECIMAL},
};

static const char *operator_text(enum ast_operator op) {
    switch (op) {
    case AST_ADD: return "+";
    case AST_SUBTRACT: return "-";
    case AST_MULTIPLY: return "*";
    case AST_DIVIDE: return "/";
    case AST_MODULO: return "%";
    default: return "||";
    }
}

static enum type_kind operator_kind_of_letter(char letter) {
    for (enum type_kind kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++)
        if (type_kind_letter(kind) == letter) return kind;
    return TYPE_NONE;
}

static bool operator_letter_fits(char letter, enum type_kind kind, bool exact) {
    if (letter == type_kind_letter(kind)) return true;
    return !exact && (kind == TYPE_NULL || (letter == 'd' && kind == TYPE_INT));
}

/* The instruction for these operands: exact types before widened ones. OP_COUNT: none. */
static enum opcode operator_find(enum ast_operator op, enum type_kind left, enum type_kind right) {
    for (int exact = 1; exact >= 0; exact--) {
        for (size_t i = 0; i < sizeof ARITHMETIC / sizeof *ARITHMETIC; i++) {
            if (ARITHMETIC[i].operator!= op) continue;
            const char *letters = OPCODES[ARITHMETIC[i].opcode].operands;
            if (operator_letter_fits(letters[0], left, exact) &&
                operator_letter_fits(letters[1], right, exact))
                return (enum opcode)ARITHMETIC[i].opcode;
        }
    }
    return OP_COUNT;
}

/* ---------------------------------------------------------------- messages */

static void operator_help(struct scope *scope, struct diag *diag, enum ast_operator op,
                          const struct texpr *left, const struct texpr *right) {
    struct diag_list *diags = scope->checker->diags;
    struct arena *arena = scope->checker->arena;
    enum type_kind l = (enum type_kind)left->type.kind, r = (enum type_kind)right->type.kind;
    if (op == AST_ADD && (l == TYPE_TEXT || r == TYPE_TEXT)) {
        diag_help(diags, diag,
                  "`||` joins texts, `+` adds numbers; a text is made a number by `int(x)` or `decimal(x)`");
        return;
    }
    if (l == TYPE_TEXT || r == TYPE_TEXT) {
        const struct texpr *text = l == TYPE_TEXT ? left : right;
        struct plan_type other = l == TYPE_TEXT ? right->type : left->type;
        if (other.kind == TYPE_TEXT || other.kind == TYPE_INTERVAL) other = type_of(TYPE_DECIMAL, false);
        struct str spelling = type_conversion_text(arena, text->type, other, span_text(text->span));
        if (spelling.len > 0) diag_help(diags, diag, "convert the text first: %.*s", STR_ARG(spelling));
        return;
    }
    if (l == TYPE_FLOAT || r == TYPE_FLOAT) {
        const struct texpr *other = l == TYPE_FLOAT ? right : left;
        struct str spelling =
            type_conversion_text(arena, other->type, type_of(TYPE_FLOAT, false), span_text(other->span));
        if (spelling.len > 0)
            diag_help(diags, diag, "only int widens to decimal by itself: %.*s", STR_ARG(spelling));
        return;
    }
    if (l == TYPE_TIMESTAMP || l == TYPE_TIMESTAMPTZ || l == TYPE_DATE)
        diag_help(diags, diag,
                  "a date or timestamp plus or minus an interval: `x + 14 days`; the difference of two "
                  "needs both of one type");
    else
        diag_help(diags, diag,
                  "see the conversions `int(x)`, `decimal(x)`, `float(x)`, `date(x, 'DD/MM/YYYY')`");
}

static struct texpr *operator_refuse(struct scope *scope, const struct ast_expr *expr,
                                     const struct texpr *left, const struct texpr *right) {
    struct checker *checker = scope->checker;
    if (secret_refused(scope, left) || secret_refused(scope, right)) return node_error(scope, expr->span);
    struct str l = type_to_text(checker, left->type), r = type_to_text(checker, right->type);
    struct diag *diag =
        diag_report(checker->diags, E_OPERATOR_TYPES, expr->op_span, "`%s` does not take %.*s and %.*s",
                    operator_text(expr->op), STR_ARG(l), STR_ARG(r));
    diag_label(checker->diags, diag, left->span, "%.*s", STR_ARG(l));
    diag_label(checker->diags, diag, right->span, "%.*s", STR_ARG(r));
    operator_help(scope, diag, expr->op, left, right);
    return node_error(scope, expr->span);
}

/* ---------------------------------------------------------------- what always fails */

static bool operator_is_zero(const struct texpr *node) {
    if (!node_is_const(node)) return false;
    const struct value *v = &node->value;
    return (v->kind == TYPE_INT && v->as_int == 0) || (v->kind == TYPE_FLOAT && v->as_float == 0) ||
           (v->kind == TYPE_DECIMAL && v->as_decimal.lo == 0 && v->as_decimal.hi == 0);
}

/* Faults that the right operand decides alone. True when reported. */
static bool operator_always_fails(struct scope *scope, const struct ast_expr *expr, enum opcode opcode,
                                  const struct texpr *right) {
    struct diag_list *diags = scope->checker->diags;
    if ((expr->op == AST_DIVIDE || expr->op == AST_MODULO) && operator_is_zero(right)) {
        struct diag *diag = diag_report(diags, E_DIVISION_BY_ZERO, expr->span, "a division by zero");
        diag_help(diags, diag, "every row would fail: correct the divisor");
        return true;
    }
    if (!node_is_const(right) || right->value.kind != TYPE_INTERVAL) return false;
    bool date = opcode == OP_ADD_DATE_INTERVAL || opcode == OP_SUB_DATE_INTERVAL;
    bool instant = opcode == OP_ADD_TIMESTAMPTZ_INTERVAL || opcode == OP_SUB_TIMESTAMPTZ_INTERVAL;
    if (date && right->value.as_interval.micros != 0) {
        struct diag *diag = diag_report(diags, E_ALWAYS_FAILS, expr->span,
                                        "a date has no time of day to add hours or minutes to");
        diag_help(diags, diag, "make it a timestamp first: `timestamp(x) + 3 hours`");
        return true;
    }
    if (instant && right->value.as_interval.months != 0) {
        struct diag *diag =
            diag_report(diags, E_ALWAYS_FAILS, expr->span,
                        "how long a month is depends on the place: a timestamptz takes no months");
        diag_help(diags, diag,
                  "count in local time: `at_zone(timestamp_at(x, 'Australia/Sydney') + 1 month, "
                  "'Australia/Sydney')`");
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- binary operators */

/* Operands may stand either way round where that means the same: 12 months + x. */
static bool operator_commutes(enum ast_operator op) {
    return op == AST_ADD || op == AST_MULTIPLY;
}

/* A number literal is read as a float beside a float. */
static void operator_check_pair(struct scope *scope, const struct ast_expr *expr, struct texpr **left,
                                struct texpr **right) {
    *left = expr_infer(scope, expr->left, type_of(TYPE_NONE, true));
    struct plan_type hint = type_of((*left)->type.kind == TYPE_FLOAT ? TYPE_FLOAT : TYPE_NONE, true);
    *right = expr_infer(scope, expr->right, hint);
    const struct ast_expr *literal = ast_strip(expr->left);
    if ((*right)->type.kind == TYPE_FLOAT && (literal->kind == X_INT || literal->kind == X_DECIMAL))
        *left = expr_infer(scope, literal, type_of(TYPE_FLOAT, true));
}

static struct texpr *operator_apply(struct scope *scope, const struct ast_expr *expr, enum opcode opcode,
                                    struct texpr *left, struct texpr *right) {
    if (operator_always_fails(scope, expr, opcode, right)) return node_error(scope, expr->span);
    const struct opcode_info *info = &OPCODES[opcode];
    left = node_widen(scope, left, type_of(operator_kind_of_letter(info->operands[0]), true));
    right = node_widen(scope, right, type_of(operator_kind_of_letter(info->operands[1]), true));
    return node_call(scope, opcode, type_of(operator_kind_of_letter(info->result[0]), false), expr->span,
                     left, right, NULL);
}

static struct texpr *operator_arithmetic(struct scope *scope, const struct ast_expr *expr) {
    struct texpr *left, *right;
    operator_check_pair(scope, expr, &left, &right);
    if (node_failed(left) || node_failed(right)) return node_error(scope, expr->span);
    enum type_kind l = (enum type_kind)left->type.kind, r = (enum type_kind)right->type.kind;
    if (l == TYPE_NULL && r == TYPE_NULL) return node_null(scope, type_of(TYPE_NULL, true), expr->span);
    enum opcode opcode = operator_find(expr->op, l, r);
    if (opcode == OP_COUNT && operator_commutes(expr->op)) {
        opcode = operator_find(expr->op, r, l);
        struct texpr *swap = left;
        if (opcode != OP_COUNT) {
            left = right;
            right = swap;
        }
    }
    if (opcode == OP_COUNT) return operator_refuse(scope, expr, left, right);
    return operator_apply(scope, expr, opcode, left, right);
}

/* ---------------------------------------------------------------- || */

static void operator_concat_push(struct scope *scope, struct texpr *call, struct texpr *part) {
    /* a || b || c is one instruction. */
    if (part->kind == TX_CALL && part->opcode == OP_CONCAT) {
        for (uint32_t i = 0; i < part->args.count; i++)
            node_push(scope, call, part->args.items[i]);
    } else {
        node_push(scope, call, part);
    }
}

static struct texpr *operator_concat(struct scope *scope, const struct ast_expr *expr) {
    struct checker *checker = scope->checker;
    struct texpr *sides[2] = {expr_infer(scope, expr->left, type_of(TYPE_NONE, true)),
                              expr_infer(scope, expr->right, type_of(TYPE_NONE, true))};
    struct texpr *call = node_new(scope, TX_CALL, type_of(TYPE_TEXT, false), expr->span);
    call->opcode = OP_CONCAT;
    bool good = true;
    for (int i = 0; i < 2; i++) {
        struct texpr *side = sides[i];
        if (node_failed(side) || secret_refused(scope, side)) {
            good = false;
        } else if (!type_widens(side->type, type_of(TYPE_TEXT, true))) {
            struct str type = type_to_text(checker, side->type);
            struct diag *diag = diag_report(checker->diags, E_OPERATOR_TYPES, side->span,
                                            "`||` joins texts, and this is %.*s", STR_ARG(type));
            struct str spelling = type_conversion_text(checker->arena, side->type, type_of(TYPE_TEXT, false),
                                                       span_text(side->span));
            if (spelling.len > 0)
                diag_help(checker->diags, diag, "write %.*s, or build the whole text as \"… {x} …\"",
                          STR_ARG(spelling));
            else
                diag_help(checker->diags, diag, "build the text from values that have one");
            good = false;
        } else {
            operator_concat_push(scope, call, node_widen(scope, side, type_of(TYPE_TEXT, true)));
        }
    }
    return good ? node_finish(scope, call) : node_error(scope, expr->span);
}

struct texpr *expr_binary(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    switch (expr->op) {
    case AST_AND:
    case AST_OR: return expr_and_or(scope, expr);
    case AST_COALESCE: return expr_coalesce(scope, expr, hint);
    case AST_CONCAT: return operator_concat(scope, expr);
    case AST_ADD:
    case AST_SUBTRACT:
    case AST_MULTIPLY:
    case AST_DIVIDE:
    case AST_MODULO: return operator_arithmetic(scope, expr);
    default: return expr_compare(scope, expr);
    }
}

/* ---------------------------------------------------------------- - x */

struct texpr *expr_negate(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    static const uint16_t opcodes[] = {OP_NEG_INT, OP_NEG_DECIMAL, OP_NEG_FLOAT, OP_NEG_INTERVAL};
    struct checker *checker = scope->checker;
    const struct ast_expr *inner = ast_strip(expr->left);
    if (inner->kind == X_INT || inner->kind == X_DECIMAL || inner->kind == X_FLOAT) {
        /* One literal with its sign: the smallest int has no positive twin. */
        struct ast_expr literal = *inner;
        literal.text = arena_printf(checker->arena, "-%.*s", STR_ARG(inner->text));
        literal.span = expr->span;
        return expr_literal(scope, &literal, hint);
    }
    struct texpr *arg = expr_infer(scope, expr->left, hint);
    if (node_failed(arg) || arg->type.kind == TYPE_NULL) return arg;
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++) {
        enum opcode opcode = (enum opcode)opcodes[i];
        if (OPCODES[opcode].operands[0] == type_kind_letter((enum type_kind)arg->type.kind))
            return node_call(scope, opcode, type_nullable(arg->type, false), expr->span, arg, NULL, NULL);
    }
    if (secret_refused(scope, arg)) return node_error(scope, expr->span);
    struct str type = type_to_text(checker, arg->type);
    struct diag *diag =
        diag_report(checker->diags, E_OPERATOR_TYPES, expr->span, "`-` does not take %.*s", STR_ARG(type));
    struct str spelling =
        type_conversion_text(checker->arena, arg->type, type_of(TYPE_DECIMAL, false), span_text(arg->span));
    if (spelling.len > 0)
        diag_help(checker->diags, diag, "numbers and intervals have a negative: `-`%.*s", STR_ARG(spelling));
    else
        diag_help(checker->diags, diag, "numbers and intervals have a negative");
    return node_error(scope, expr->span);
}

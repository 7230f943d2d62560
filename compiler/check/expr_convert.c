/* A value for its place: the wanted type, widened where that loses nothing, null only where it may be, and
 * within the limits of its column. What would lose something is refused with the spelling that says so. */
#include "compiler/check/expr.h"

#include "runtime/base/utf8.h"
#include "runtime/value/convert.h"
#include "runtime/value/decimal.h"

/* ---------------------------------------------------------------- types */

static bool convert_is_lossy(enum type_kind from, enum type_kind to) {
    switch (from) {
    case TYPE_DECIMAL: return to == TYPE_INT || to == TYPE_FLOAT;
    case TYPE_FLOAT: return to == TYPE_INT || to == TYPE_DECIMAL;
    case TYPE_TIMESTAMP: return to == TYPE_DATE || to == TYPE_TIME;
    case TYPE_TIMESTAMPTZ: return to == TYPE_DATE || to == TYPE_TIMESTAMP;
    default: return false;
    }
}

static void convert_help(struct scope *scope, struct diag *diag, const struct texpr *node,
                         struct plan_type to) {
    struct checker *checker = scope->checker;
    enum type_kind from = (enum type_kind)node->type.kind;
    struct str text = span_text(node->span);
    if (to.kind == TYPE_ENUM && from == TYPE_TEXT) {
        struct str name = type_to_text(checker, type_nullable(to, false));
        diag_help(
            checker->diags, diag,
            "map the texts to labels: `codes states : text -> %.*s { 'old' => label }`, then `states[%.*s]`",
            STR_ARG(name), STR_ARG(text));
        return;
    }
    if (from == TYPE_ROW) {
        diag_help(checker->diags, diag, "name one of the row's columns: `%.*s.id`", STR_ARG(text));
        return;
    }
    if (to.kind == TYPE_SECRET) {
        diag_help(checker->diags, diag,
                  "a secret comes from a parameter: `param signing_key secret`, then `$signing_key`");
        return;
    }
    if (to.kind == TYPE_BOOL && text.len && text.ptr[0] == '\'') {
        diag_help(checker->diags, diag,
                  "a bool is `true`, `false` or a comparison; a default for null is written `a ?? %.*s`",
                  STR_ARG(text));
        return;
    }
    if (to.kind == TYPE_BOOL) {
        diag_help(checker->diags, diag, "say what makes it true: `%.*s is not null`, `%.*s == …`",
                  STR_ARG(text), STR_ARG(text));
        return;
    }
    struct str spelling = type_conversion_text(checker->arena, node->type, to, text);
    if (spelling.len == 0)
        diag_help(checker->diags, diag,
                  "nothing converts one into the other; build the value from its parts");
    else if (from == TYPE_DECIMAL && to.kind == TYPE_INT)
        diag_help(checker->diags, diag,
                  "write %.*s, which fails for a fraction, or round it first: `int(round(%.*s))`",
                  STR_ARG(spelling), STR_ARG(text));
    else
        diag_help(checker->diags, diag, "write %.*s", STR_ARG(spelling));
}

static struct texpr *convert_refuse(struct scope *scope, const struct texpr *node,
                                    const struct expected *expected) {
    struct checker *checker = scope->checker;
    if (expected->type.kind != TYPE_SECRET && secret_refused(scope, node))
        return node_error(scope, node->span);
    bool lossy = convert_is_lossy((enum type_kind)node->type.kind, (enum type_kind)expected->type.kind);
    struct str found = type_to_text(checker, type_nullable(node->type, false));
    struct str wanted = type_to_text(checker, type_nullable(expected->type, false));
    const char *what = expected->what != NULL ? expected->what : "this place";
    struct diag *diag = lossy
                            ? diag_report(checker->diags, E_LOSSY, node->span,
                                          "%s takes %.*s, and making that of %.*s loses a part of the value",
                                          what, STR_ARG(wanted), STR_ARG(found))
                            : diag_report(checker->diags, E_TYPE_MISMATCH, node->span,
                                          "%s takes %.*s, not %.*s", what, STR_ARG(wanted), STR_ARG(found));
    convert_help(scope, diag, node, expected->type);
    return node_error(scope, node->span);
}

/* ---------------------------------------------------------------- null */

static const struct texpr *convert_find_null_arg(const struct texpr *node, uint32_t from) {
    for (uint32_t i = from; i < node->args.count; i++)
        if (node->args.items[i]->type.nullable) return convert_find_null(node->args.items[i]);
    return node;
}

const struct texpr *convert_find_null(const struct texpr *node) {
    if (node->null_argument.source) return node; /* said with the argument's own words */
    switch (node->kind) {
    case TX_IF: return convert_find_null_arg(node, 1);
    case TX_COALESCE: return convert_find_null_arg(node, 1);
    case TX_HANDLED:
        for (uint32_t i = 0; i < node->handlers.count; i++) {
            const struct texpr *use = node->handlers.items[i].use;
            if (use != NULL && use->type.nullable) return convert_find_null(use);
        }
        return convert_find_null_arg(node, 0);
    case TX_CALL:
    case TX_FIND:
    case TX_FETCH:
    case TX_AND:
    case TX_OR: return convert_find_null_arg(node, 0);
    default: return node;
    }
}

static const char *convert_default_example(enum type_kind kind) {
    switch (kind) {
    case TYPE_BOOL: return "false";
    case TYPE_INT:
    case TYPE_DECIMAL: return "0";
    case TYPE_TEXT: return "'unknown'";
    case TYPE_DATE: return "date '2025-01-01'";
    case TYPE_JSON: return "json '{}'";
    default: return "…";
    }
}

struct texpr *convert_null_check(struct scope *scope, struct texpr *node, const struct expected *expected) {
    if (node_failed(node) || expected->type.kind == TYPE_NONE) return node;
    if (!node->type.nullable || expected->type.nullable || expected->allow_null) return node;
    struct diag_list *diags = scope->checker->diags;
    const char *what = expected->what != NULL ? expected->what : "this place";
    const struct texpr *origin = convert_find_null(node);
    struct str text = span_text(origin->span);
    if (origin->kind == TX_CONST) {
        struct diag *diag = diag_report(diags, E_NULL_NOT_ALLOWED, origin->span, "%s must not be null", what);
        diag_help(diags, diag,
                  "use a value, or an action that leaves the row out: `reject 'message'`, `skip`");
        return node_error(scope, node->span);
    }
    struct diag *diag = diag_report(diags, E_NULL_NOT_ALLOWED, node->span,
                                    "%s must not be null, and `%.*s` may be", what, STR_ARG(text));
    if (origin->span.start != node->span.start || origin->span.end != node->span.end)
        diag_label(diags, diag, origin->span, "may be null");
    if (origin->null_argument.source) {
        diag_label(diags, diag, origin->null_argument, "`%.*s` may be null, and then the result is",
                   STR_ARG(span_text(origin->null_argument)));
        diag_label(diags, diag, origin->null_parameter,
                   "`%.*s` takes no null (with `?` behind its type the function sees it itself)",
                   STR_ARG(span_text(origin->null_parameter)));
    }
    diag_help(diags, diag,
              "say what happens then: `on null reject 'no value'` behind the expression, or a default: `%.*s "
              "?? %s`",
              STR_ARG(text), convert_default_example((enum type_kind)origin->type.kind));
    return node_error(scope, node->span);
}

/* ---------------------------------------------------------------- limits of columns */

enum fit_limit { FIT_NO_LIMIT, FIT_TEXT, FIT_DECIMAL, FIT_SMALLINT, FIT_INTEGER, FIT_REAL };

static enum fit_limit fit_find_limit(const struct schema_type *column) {
    if (column == NULL) return FIT_NO_LIMIT;
    switch (column->kind) {
    case TYPE_TEXT: return column->length > 0 ? FIT_TEXT : FIT_NO_LIMIT;
    case TYPE_DECIMAL: return column->precision > 0 ? FIT_DECIMAL : FIT_NO_LIMIT;
    case TYPE_INT:
        return column->wire == WIRE_INT2   ? FIT_SMALLINT
               : column->wire == WIRE_INT4 ? FIT_INTEGER
                                           : FIT_NO_LIMIT;
    case TYPE_FLOAT: return column->wire == WIRE_FLOAT4 ? FIT_REAL : FIT_NO_LIMIT;
    default: return FIT_NO_LIMIT;
    }
}

static bool fit_value(const struct value *value, const struct schema_type *column, enum fit_limit limit) {
    struct decimal fitted;
    switch (limit) {
    case FIT_TEXT: return value->kind != TYPE_TEXT || utf8_count(value->as_text) <= (size_t)column->length;
    case FIT_DECIMAL:
        return value->kind != TYPE_DECIMAL ||
               decimal_fit(value->as_decimal, column->precision, column->scale, &fitted) == FAULT_NONE;
    case FIT_SMALLINT:
        return value->kind != TYPE_INT || (value->as_int >= INT16_MIN && value->as_int <= INT16_MAX);
    case FIT_INTEGER:
        return value->kind != TYPE_INT || (value->as_int >= INT32_MIN && value->as_int <= INT32_MAX);
    default: return true;
    }
}

static void fit_report(struct scope *scope, const struct texpr *node, const struct expected *expected) {
    struct checker *checker = scope->checker;
    struct str value = value_format(checker->arena, &node->value);
    if (value.len > 60) value.len = utf8_offset(value, 40);
    struct diag *diag = diag_report(
        checker->diags, E_DOES_NOT_FIT, node->span, "`%.*s` does not fit %s, which is %.*s", STR_ARG(value),
        expected->what != NULL ? expected->what : "the column", STR_ARG(expected->column->name));
    if (node->value.kind == TYPE_TEXT)
        diag_help(checker->diags, diag, "it has %zu characters; what may be cut is cut by `left(x, %d)`",
                  utf8_count(node->value.as_text), expected->column->length);
    else if (node->value.kind == TYPE_DECIMAL)
        diag_help(checker->diags, diag, "what may be rounded is rounded by `round(x, %d)`",
                  expected->column->scale);
    else
        diag_help(checker->diags, diag, "use a value that fits, or widen the column");
}

/* Reports every constant that the expression can yield and that does not fit. False when one was. */
static bool fit_check_constants(struct scope *scope, const struct texpr *node,
                                const struct expected *expected, enum fit_limit limit) {
    bool good = true;
    switch (node->kind) {
    case TX_CONST:
        if (fit_value(&node->value, expected->column, limit)) return true;
        fit_report(scope, node, expected);
        return false;
    case TX_IF:
        for (uint32_t i = 1; i < node->args.count; i++)
            good &= fit_check_constants(scope, node->args.items[i], expected, limit);
        return good;
    case TX_COALESCE:
        for (uint32_t i = 0; i < node->args.count; i++)
            good &= fit_check_constants(scope, node->args.items[i], expected, limit);
        return good;
    default: return true;
    }
}

/* True where nothing that the expression yields can be too long or too large. */
static bool fit_is_sure(const struct texpr *node, const struct schema_type *column, enum fit_limit limit) {
    switch (node->kind) {
    case TX_CONST: return limit != FIT_DECIMAL && limit != FIT_REAL;
    case TX_ACT:
    case TX_RAISE: return true;
    case TX_IF:
        return fit_is_sure(node->args.items[1], column, limit) &&
               fit_is_sure(node->args.items[2], column, limit);
    case TX_COALESCE:
        return fit_is_sure(node->args.items[0], column, limit) &&
               fit_is_sure(node->args.items[1], column, limit);
    case TX_CALL: {
        if (limit != FIT_TEXT || (node->opcode != OP_LEFT && node->opcode != OP_RIGHT)) return false;
        const struct texpr *count = node->args.items[1];
        return count->kind == TX_CONST && count->value.kind == TYPE_INT && count->value.as_int >= 0 &&
               count->value.as_int <= column->length;
    }
    default: return false;
    }
}

static struct texpr *fit_column(struct scope *scope, struct texpr *node, const struct expected *expected) {
    const struct schema_type *column = expected->column;
    enum fit_limit limit = fit_find_limit(column);
    if (limit == FIT_NO_LIMIT || (node->kind == TX_CONST && node->value.kind == TYPE_NULL)) return node;
    if (!fit_check_constants(scope, node, expected, limit)) return node_error(scope, node->span);
    if (fit_is_sure(node, column, limit)) return node;
    static const uint16_t opcodes[] = {[FIT_TEXT] = OP_FIT_LENGTH,
                                       [FIT_DECIMAL] = OP_FIT_NUMERIC,
                                       [FIT_SMALLINT] = OP_FIT_INT2,
                                       [FIT_INTEGER] = OP_FIT_INT4,
                                       [FIT_REAL] = OP_FIT_FLOAT4};
    struct texpr *fit = node_new(scope, TX_CALL, type_nullable(node->type, false), node->span);
    fit->opcode = (enum opcode)opcodes[limit];
    if (limit == FIT_TEXT) fit->imm = (uint32_t)column->length;
    if (limit == FIT_DECIMAL) {
        fit->imm = (uint32_t)column->precision;
        fit->imm2 = (uint32_t)column->scale;
    }
    node_push(scope, fit, node);
    return node_finish(scope, fit);
}

/* ---------------------------------------------------------------- all of it */

struct texpr *check_convert(struct scope *scope, struct texpr *node, const struct expected *expected) {
    if (node_failed(node) || expected == NULL || expected->type.kind == TYPE_NONE) return node;
    if (!type_widens(node->type, expected->type)) return convert_refuse(scope, node, expected);
    node = node_widen(scope, node, expected->type);
    if (!node_failed(node) && expected->exact) node = fit_column(scope, node, expected);
    return convert_null_check(scope, node, expected);
}

bool check_not_personal(struct scope *scope, const struct texpr *node, const char *what) {
    if (node_failed(node) || (!node->pii && node->type.kind != TYPE_SECRET)) return true;
    if (node->type.kind == TYPE_SECRET) return !secret_refused(scope, node);
    if (scope->checker->pii.incomplete) return true;
    struct diag_list *diags = scope->checker->diags;
    const struct texpr *origin = node;
    /* Down to where the data come in; bindings lead to the lines where they were given names. */
    struct texpr *next;
    struct diag *diag = diag_report(diags, E_PERSONAL_DATA, node->span,
                                    "personal data would reach %s, which is not declared for it", what);
    do {
        next = NULL;
        for (uint32_t i = 0; i < origin->args.count && next == NULL; i++)
            if (origin->args.items[i]->pii) next = origin->args.items[i];
        for (uint32_t i = 0; i < origin->handlers.count && next == NULL; i++)
            if (origin->handlers.items[i].use != NULL && origin->handlers.items[i].use->pii)
                next = origin->handlers.items[i].use;
        if (next == NULL && origin->kind == TX_BOUND && origin->binding->expr->pii)
            next = origin->binding->expr;
        if (next != NULL) {
            if (origin->kind == TX_BOUND && origin != node)
                diag_label(diags, diag, origin->span, "by way of this");
            origin = next;
        }
    } while (next != NULL);
    if (origin != node) {
        struct str text = span_text(origin->span);
        diag_label(diags, diag, origin->span, "`%.*s` is personal", STR_ARG(text));
    }
    if (origin->declared.source) diag_label(diags, diag, origin->declared, "declared `pii` here");
    diag_help(diags, diag,
              "declare it at top level, `pii table (column)`, or send something else: `redact(x)`, `mask(x, "
              "keep last 3)`, "
              "`pseudonym(x, $secret)`, `hmac_sha256($secret, x)`");
    return false;
}

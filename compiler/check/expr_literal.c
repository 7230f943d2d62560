/* Literals: their values are read now, so a date that does not exist is a mistake in the spec. A text becomes
 * a label where its place wants an enum; a whole number becomes a decimal or float where its place wants one.
 */
#include "compiler/check/expr.h"

#include "runtime/value/convert.h"
#include "runtime/value/decimal.h"
#include "runtime/value/interval.h"
#include "runtime/value/number.h"
#include "runtime/value/zone.h"

static struct texpr *literal_bad(struct scope *scope, struct span span, struct str text, enum fault fault,
                                 const char *help) {
    struct diag_list *diags = scope->checker->diags;
    struct diag *diag =
        diag_report(diags, E_BAD_LITERAL, span, "`%.*s` %s", STR_ARG(text), fault_title(fault));
    diag_help(diags, diag, "%s", help);
    return node_error(scope, span);
}

static struct texpr *literal_number(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    struct value value = {0};
    enum fault fault;
    enum type_kind kind = expr->kind == X_INT       ? TYPE_INT
                          : expr->kind == X_DECIMAL ? TYPE_DECIMAL
                                                    : TYPE_FLOAT;
    if (hint.kind == TYPE_FLOAT) kind = TYPE_FLOAT;
    if (hint.kind == TYPE_DECIMAL && kind == TYPE_INT) kind = TYPE_DECIMAL;
    value.kind = kind;
    switch (kind) {
    case TYPE_INT: fault = int_parse(expr->text, &value.as_int); break;
    case TYPE_DECIMAL: fault = decimal_parse(expr->text, &value.as_decimal); break;
    default: fault = float_parse(expr->text, &value.as_float); break;
    }
    if (fault == FAULT_NONE) return node_const(scope, type_of(kind, false), &value, expr->span);
    return literal_bad(scope, expr->span, expr->text, fault,
                       kind == TYPE_INT
                           ? "an int goes from -9223372036854775808 to 9223372036854775807; with a "
                             "point (`1.0`) it is a decimal of up to 38 digits"
                           : "a decimal has up to 38 digits; a float goes up to about 1e308");
}

static void literal_list_labels(struct scope *scope, struct diag *diag, const struct plan_enum *e) {
    struct buf text = {0};
    for (uint32_t i = 0; i < e->labels_count && i < 12; i++)
        buf_printf(&text, "%s'%.*s'", i ? ", " : "", STR_ARG(e->labels[i].text));
    if (e->labels_count > 12) buf_append_cstr(&text, ", …");
    diag_help(scope->checker->diags, diag, "its labels are %.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
}

static struct texpr *literal_label(struct scope *scope, const struct ast_expr *expr, struct plan_type type) {
    struct checker *checker = scope->checker;
    const struct plan_enum *e = &checker->builder->enums.items[type.ref];
    struct name_list labels = {0};
    for (uint32_t i = 0; i < e->labels_count; i++) {
        if (str_eq(e->labels[i].text, expr->text)) {
            struct value value = {.kind = TYPE_ENUM, .as_int = i};
            return node_const(scope, type_nullable(type, false), &value, expr->span);
        }
        name_list_add(scope, &labels, e->labels[i].text);
    }
    struct str name = type_to_text(checker, type_nullable(type, false));
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_LABEL, expr->span, "`%.*s` has no label '%.*s'",
                                    STR_ARG(name), STR_ARG(expr->text));
    struct str best = diag_closest_name(expr->text, labels.names.items, labels.names.count);
    if (best.len > 0) {
        diag_help(checker->diags, diag, "did you mean '%.*s'?", STR_ARG(best));
        struct str quoted = arena_printf(checker->arena, "'%.*s'", STR_ARG(best));
        if (memchr(best.ptr, '\'', best.len) == NULL) diag_fix(checker->diags, diag, expr->span, quoted);
    }
    literal_list_labels(scope, diag, e);
    return node_error(scope, expr->span);
}

static const char *literal_form(enum type_kind kind) {
    switch (kind) {
    case TYPE_DATE: return "a date is written `date '2025-12-31'`";
    case TYPE_TIME: return "a time of day is written `time '13:45'` or `time '13:45:30.5'`";
    case TYPE_TIMESTAMP: return "a timestamp is written `timestamp '2025-12-31 13:45'`";
    case TYPE_TIMESTAMPTZ:
        return "a timestamptz is written with its offset or zone: `timestamptz '2025-09-19 00:00 "
               "Australia/Sydney'`";
    case TYPE_INTERVAL: return "an interval is written `interval '1 month 3 days'`, or short: `14 days`";
    case TYPE_UUID: return "a UUID is written `uuid '6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10'`";
    case TYPE_JSON: return "json is written as RFC 8259 wants it: `json '{\"a\": 1}'`";
    default: return "write the value as Postgres prints it";
    }
}

static struct texpr *literal_typed(struct scope *scope, const struct ast_expr *expr) {
    struct checker *checker = scope->checker;
    enum type_kind kind;
    if (!type_kind_find(expr->name.text, &kind) || kind == TYPE_SECRET || kind == TYPE_ENUM ||
        kind == TYPE_ARRAY || kind == TYPE_ROW) {
        struct diag *diag =
            diag_report(checker->diags, E_BAD_LITERAL, expr->name.span,
                        "`%.*s` is not a type that a literal can have", STR_ARG(expr->name.text));
        diag_help(
            checker->diags, diag,
            "typed literals are `date`, `time`, `timestamp`, `timestamptz`, `interval`, `uuid` and `json`");
        return node_error(scope, expr->span);
    }
    struct value value = {0};
    struct zone_cache zones = {.arena = checker->arena};
    enum fault fault = value_parse(checker->arena, kind, expr->text, &zones, &value);
    if (fault != FAULT_NONE) {
        struct span at = expr->text_span.source != NULL ? expr->text_span : expr->span;
        return literal_bad(scope, at, expr->text, fault, literal_form(kind));
    }
    return node_const(scope, type_of(kind, false), &value, expr->span);
}

static struct texpr *literal_duration(struct scope *scope, const struct ast_expr *expr) {
    struct value value = {.kind = TYPE_INTERVAL};
    int64_t n;
    enum fault fault = int_parse(expr->text, &n);
    if (fault == FAULT_NONE) fault = interval_from_unit(n, expr->name.text, &value.as_interval);
    if (fault != FAULT_NONE)
        return literal_bad(
            scope, expr->span, span_text(expr->span), fault,
            "units are years, months, weeks, days, hours, minutes, seconds and ms, after a whole number");
    return node_const(scope, type_of(TYPE_INTERVAL, false), &value, expr->span);
}

struct texpr *expr_literal(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    switch (expr->kind) {
    case X_NULL: return node_null(scope, type_of(TYPE_NULL, true), expr->span);
    case X_BOOL: return node_bool(scope, expr->truth, expr->span);
    case X_TEXT:
        if (hint.kind == TYPE_ENUM) return literal_label(scope, expr, hint);
        return node_text(scope, expr->text, expr->span);
    case X_TYPED: return literal_typed(scope, expr);
    case X_DURATION: return literal_duration(scope, expr);
    default: return literal_number(scope, expr, hint);
    }
}

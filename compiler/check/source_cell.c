/* Literals of inline rows and test rows as the raw cells that a reader would have delivered. */
#include "compiler/check/decl.h"

#include "compiler/check/expr.h"
#include "runtime/value/convert.h"
#include "runtime/value/pattern.h"
#include "runtime/value/zone.h"

static bool cell_set(struct plan_cell *cell, enum cell_kind kind, struct str text) {
    *cell = (struct plan_cell){.kind = (uint8_t)kind, .text = text};
    return true;
}

static bool cell_bad(struct checker *checker, const struct checked_column *column,
                     const struct ast_expr *expr, enum diag_code code) {
    struct diag *diag =
        diag_report(checker->diags, code, expr->span, "column `%.*s` is %.*s and cannot hold this value",
                    STR_ARG(column->name), STR_ARG(type_to_text(checker, column->type)));
    switch (column->type.kind) {
    case TYPE_DATE:
        diag_help(checker->diags, diag,
                  "write a date as `date '2025-12-31'`, or the text as the file has it");
        break;
    case TYPE_INT:
    case TYPE_DECIMAL:
    case TYPE_FLOAT: diag_help(checker->diags, diag, "write a number, or the text as the file has it"); break;
    case TYPE_BOOL:
        diag_help(checker->diags, diag, "write `true` or `false`, or the text as the file has it");
        break;
    default: diag_help(checker->diags, diag, "write the value as a text, as the file would have it"); break;
    }
    return false;
}

/* Whether a number may stand in such a column: a reader hands it to text as it is written. */
static bool cell_takes_number(enum type_kind kind) {
    return kind == TYPE_INT || kind == TYPE_DECIMAL || kind == TYPE_FLOAT || kind == TYPE_TEXT ||
           kind == TYPE_JSON || kind == TYPE_NONE;
}

static bool cell_of_number(struct checker *checker, const struct checked_column *column,
                           const struct ast_expr *expr, enum diag_code code, bool minus,
                           struct plan_cell *cell) {
    if (!cell_takes_number(column->type.kind) || (column->type.kind == TYPE_INT && expr->kind != X_INT))
        return cell_bad(checker, column, expr, code);
    return cell_set(cell, CELL_NUMBER,
                    arena_printf(checker->arena, "%s%.*s", minus ? "-" : "", STR_ARG(expr->text)));
}

/* A typed literal: its canonical text, as a spreadsheet's own date would arrive. */
static bool cell_of_typed(struct checker *checker, const struct checked_column *column,
                          const struct ast_expr *expr, enum diag_code code, struct plan_cell *cell) {
    struct scope scope = {.checker = checker, .clause = "a row of values"};
    struct expected any = {.allow_null = true};
    struct value value;
    if (!check_constant(&scope, expr, &any, &value)) return false;
    enum type_kind kind = column->type.kind;
    bool fits = value.kind == kind || kind == TYPE_TEXT || kind == TYPE_NONE ||
                (value.kind == TYPE_ARRAY && kind == TYPE_JSON);
    if (!fits) return cell_bad(checker, column, expr, code);
    bool datetime = value.kind == TYPE_DATE || value.kind == TYPE_TIME || value.kind == TYPE_TIMESTAMP;
    if (value.kind == TYPE_ARRAY)
        return cell_set(cell, CELL_TEXT,
                        value_format_array(checker->arena, column->type.element, &value.as_array));
    if (value.kind == TYPE_JSON) return cell_set(cell, CELL_JSON, value.as_text);
    return cell_set(cell, datetime ? CELL_DATETIME : CELL_TEXT, value_format(checker->arena, &value));
}

/* Inline rows hold what is read for certain; a test's row may be wrong on purpose. */
static bool cell_text_is_readable(struct checker *checker, const struct checked_column *column,
                                  struct str text) {
    enum type_kind kind = column->type.kind;
    if (column->pattern || kind == TYPE_NONE || kind == TYPE_TEXT || kind == TYPE_ENUM || kind == TYPE_ARRAY)
        return true;
    struct zone_cache *zones = NULL;
    if (kind == TYPE_TIMESTAMPTZ) return true; /* zones are opened at run time */
    struct value value;
    return value_parse(checker->arena, kind, text, zones, &value) == FAULT_NONE;
}

bool source_cell_of(struct checker *checker, const struct checked_column *column, const struct ast_expr *expr,
                    enum diag_code code, struct plan_cell *cell) {
    *cell = (struct plan_cell){.is_null = 1};
    switch (expr->kind) {
    case X_ERROR: return false;
    case X_GROUP: return source_cell_of(checker, column, expr->left, code, cell);
    case X_NULL:
        if (code == E_INLINE_ROW && !column->type.nullable && column->type.kind != TYPE_NONE) {
            struct diag *diag = diag_report(checker->diags, code, expr->span, "column `%.*s` cannot be null",
                                            STR_ARG(column->name));
            diag_help(checker->diags, diag, "declare it as `%.*s?`, or give it a value",
                      STR_ARG(type_to_text(checker, column->type)));
            return false;
        }
        return true;
    case X_BOOL:
        if (column->type.kind != TYPE_BOOL && column->type.kind != TYPE_TEXT &&
            column->type.kind != TYPE_JSON && column->type.kind != TYPE_NONE)
            return cell_bad(checker, column, expr, code);
        return cell_set(cell, CELL_BOOL, expr->truth ? STR("true") : STR("false"));
    case X_INT:
    case X_DECIMAL:
    case X_FLOAT: return cell_of_number(checker, column, expr, code, false, cell);
    case X_NEGATE:
        if (expr->left->kind == X_INT || expr->left->kind == X_DECIMAL || expr->left->kind == X_FLOAT)
            return cell_of_number(checker, column, expr->left, code, true, cell);
        break;
    case X_TEXT:
        if (code == E_INLINE_ROW && !cell_text_is_readable(checker, column, expr->text))
            return cell_bad(checker, column, expr, code);
        return cell_set(cell, column->type.kind == TYPE_JSON ? CELL_JSON : CELL_TEXT, expr->text);
    default: break;
    }
    return cell_of_typed(checker, column, expr, code, cell);
}

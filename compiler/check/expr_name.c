/* Names and parameters as values, and what to say about names that are none. */
#include "compiler/check/expr.h"

#include "compiler/check/recorder.h"

/* ---------------------------------------------------------------- unknown names */

/* A bare word that is a column of a row here: `t.word`. True when that was said. */
static bool name_suggest_column(struct scope *scope, struct diag *diag, const struct ast_expr *expr) {
    struct str found = {0};
    uint32_t count = 0;
    for (const struct scope *s = scope; s != NULL; s = s->outer) {
        for (uint32_t i = 0; i < s->names.count; i++) {
            const struct scope_name *name = &s->names.items[i];
            if (name->kind != BIND_SOURCE_ROW || name->table == NULL) continue;
            for (uint32_t c = 0; c < name->table->columns.count; c++) {
                if (!str_eq(name->table->columns.items[c].name, expr->name.text)) continue;
                found = arena_printf(scope->checker->arena, "%.*s.%.*s", STR_ARG(name->name),
                                     STR_ARG(expr->name.text));
                count++;
            }
        }
    }
    if (count != 1) return false;
    diag_help(scope->checker->diags, diag, "it is a column of a row: write `%.*s`", STR_ARG(found));
    diag_fix(scope->checker->diags, diag, expr->span, found);
    return true;
}

/* A bare word that is the label of the enum that the place wants. */
static bool name_suggest_label(struct scope *scope, struct diag *diag, const struct ast_expr *expr,
                               struct plan_type hint) {
    if (hint.kind != TYPE_ENUM) return false;
    const struct plan_enum *e = &scope->checker->builder->enums.items[hint.ref];
    for (uint32_t i = 0; i < e->labels_count; i++) {
        if (!str_eq(e->labels[i].text, expr->name.text)) continue;
        struct str quoted = arena_printf(scope->checker->arena, "'%.*s'", STR_ARG(expr->name.text));
        diag_help(scope->checker->diags, diag, "a label is written as a text: %.*s", STR_ARG(quoted));
        diag_fix(scope->checker->diags, diag, expr->span, quoted);
        return true;
    }
    return false;
}

static struct texpr *name_unknown(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    struct diag_list *diags = scope->checker->diags;
    struct str name = expr->name.text;
    struct diag *diag =
        diag_report(diags, E_UNKNOWN_NAME, expr->span, "nothing here is named `%.*s`", STR_ARG(name));
    if (name_suggest_label(scope, diag, expr, hint) || name_suggest_column(scope, diag, expr))
        return node_error(scope, expr->span);
    for (uint32_t i = 0; i < scope->checker->params.count; i++) {
        if (!str_eq(scope->checker->params.items[i]->name, name)) continue;
        struct str dollar = arena_printf(scope->checker->arena, "$%.*s", STR_ARG(name));
        diag_help(diags, diag, "a parameter is written with its dollar sign: `%.*s`", STR_ARG(dollar));
        diag_fix(diags, diag, expr->span, dollar);
        return node_error(scope, expr->span);
    }
    struct name_list list = {0};
    name_list_add_scope(scope, &list);
    if (!diag_suggest(scope, diag, expr->span, name, &list)) {
        if (list.names.count == 0) {
            diag_help(diags, diag, "no names stand for anything here; texts are written in single quotes");
        } else {
            diag_help(diags, diag,
                      "names here are rows (`from`, `lookup`, `join`, `each`), `let`s and columns "
                      "assigned above; a text is written in single quotes");
        }
    }
    return node_error(scope, expr->span);
}

/* Names of declarations that are used in another way than as values. NULL: not one. */
static struct texpr *name_of_declaration(struct scope *scope, const struct ast_expr *expr) {
    struct checker *checker = scope->checker;
    struct str name = expr->name.text;
    struct diag *diag = NULL;
    if (scope_find_map(scope, name) != NULL) {
        diag = diag_report(checker->diags, E_NAME_PLACE, expr->span, "`%.*s` is a map, not a value",
                           STR_ARG(name));
        diag_help(checker->diags, diag,
                  "the row that it wrote for a key is `%.*s[key]`, a column of that row `%.*s[key].id`",
                  STR_ARG(name), STR_ARG(name));
    } else if (scope_find_codes(scope, name) != NULL) {
        diag = diag_report(checker->diags, E_NAME_PLACE, expr->span, "`%.*s` is a code table, not a value",
                           STR_ARG(name));
        diag_help(checker->diags, diag, "the value for a key is `%.*s[key]`", STR_ARG(name));
    } else if (scope_find_fn(scope, name) != NULL) {
        diag = diag_report(checker->diags, E_NAME_PLACE, expr->span, "`%.*s` is a function, not a value",
                           STR_ARG(name));
        diag_help(checker->diags, diag, "call it with its arguments: `%.*s(…)`", STR_ARG(name));
    } else {
        for (uint32_t i = 0; i < checker->sources.count; i++) {
            if (!str_eq(checker->sources.items[i]->name, name)) continue;
            diag = diag_report(checker->diags, E_NAME_PLACE, expr->span, "`%.*s` is a source, not a value",
                               STR_ARG(name));
            diag_help(checker->diags, diag,
                      "name its rows with `from x in %.*s` and their columns as `x.column`", STR_ARG(name));
            break;
        }
    }
    return diag == NULL ? NULL : node_error(scope, expr->span);
}

/* ---------------------------------------------------------------- names */

static struct texpr *name_row_as_value(struct scope *scope, const struct ast_expr *expr) {
    struct diag_list *diags = scope->checker->diags;
    struct str text = span_text(expr->span);
    struct diag *diag =
        diag_report(diags, E_ROW_AS_VALUE, expr->span, "`%.*s` is a row, not a value", STR_ARG(text));
    diag_help(diags, diag, "name one of its columns: `%.*s.column`", STR_ARG(text));
    return node_error(scope, expr->span);
}

/* The value, as non-null where a condition has said so. */
static struct texpr *name_narrow(struct scope *scope, struct texpr *node, const struct ast_expr *path) {
    if (!node->type.nullable || node->type.kind == TYPE_NULL || !scope_knows_not_null(scope, path))
        return node;
    struct texpr *narrowed = node_copy(scope, node);
    narrowed->type.nullable = 0;
    return narrowed;
}

struct texpr *expr_name(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    if (expr->name.text.len == 0) return node_error(scope, expr->span);
    struct scope_name *name = (struct scope_name *)scope_find(scope, expr->name.text);
    if (name == NULL) {
        struct texpr *node = name_of_declaration(scope, expr);
        return node != NULL ? node : name_unknown(scope, expr, hint);
    }
    name->used = true;
    record_use(scope->checker, expr->span, name->span);
    struct texpr *node;
    if (name->binding != NULL) {
        node = node_bound(scope, name->binding, expr->span);
    } else if (name->expr != NULL) {
        node = node_copy(scope, name->expr);
        if (!name->is_argument) node->span = expr->span;
    } else {
        return name_row_as_value(scope, expr);
    }
    return name_narrow(scope, node, expr);
}

static struct texpr *param_unknown(struct scope *scope, const struct ast_expr *expr) {
    struct checker *checker = scope->checker;
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_PARAM, expr->span,
                                    "there is no parameter `$%.*s`", STR_ARG(expr->name.text));
    struct name_list list = {0};
    for (uint32_t i = 0; i < checker->params.count; i++)
        name_list_add(scope, &list, checker->params.items[i]->name);
    struct str best = diag_closest_name(expr->name.text, list.names.items, list.names.count);
    if (best.len > 0) {
        diag_help(checker->diags, diag, "did you mean `$%.*s`?", STR_ARG(best));
        diag_fix(checker->diags, diag, expr->span, arena_printf(checker->arena, "$%.*s", STR_ARG(best)));
    } else {
        diag_help(checker->diags, diag, "declare it: `param %.*s text`", STR_ARG(expr->name.text));
    }
    return node_error(scope, expr->span);
}

struct texpr *expr_param(struct scope *scope, const struct ast_expr *expr) {
    struct checker *checker = scope->checker;
    struct str wanted = expr->name.text;
    for (uint32_t i = 0; i < checker->params.count; i++) {
        struct checked_param *param = checker->params.items[i];
        if (!str_eq(param->name, wanted)) continue;
        param->used = true;
        record_use(checker, expr->span, param->span);
        struct texpr *node = node_new(scope, TX_PARAM, param->type, expr->span);
        node->index = param->index;
        return name_narrow(scope, node, expr);
    }
    if (str_is(wanted, "run") || str_is(wanted, "event")) {
        bool run = str_is(wanted, "run");
        struct diag *diag = diag_report(checker->diags, E_NAME_PLACE, expr->span,
                                        "`$%s` has parts and is no value itself", run ? "run" : "event");
        diag_help(checker->diags, diag,
                  run ? "they are `$run.id`, `$run.started_at` and `$run.environment`"
                      : "they are `$event.kind`, `$event.map`, `$event.at` and `$event.json`");
        return node_error(scope, expr->span);
    }
    return param_unknown(scope, expr);
}

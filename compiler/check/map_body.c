/* The body of a map, line by line as written: columns, lets, validations. */
#include "compiler/check/map.h"

#include "compiler/check/decl_walk.h"
#include "compiler/check/expr.h"
#include "compiler/check/recorder.h"

/* ---------------------------------------------------------------- rows after group by */

struct grouped_walk {
    struct map_work *work;
    const struct ast_expr *found; /* the first row that is named outside an aggregate */
};

static bool body_visit_grouped(const struct ast_expr *expr, void *context) {
    struct grouped_walk *walk = context;
    if (walk->found || function_is_aggregate(expr) || function_is_unknown(&walk->work->query.body, expr))
        return false;
    bool row = expr->kind == X_NAME && scope_find(&walk->work->query.body, expr->name.text) == NULL &&
               scope_find(&walk->work->query.rows, expr->name.text) != NULL;
    if (row) walk->found = expr;
    return !row;
}

/* After `group by` there are groups, no rows. Says so in the map's own words, where an unknown name would
 * puzzle. */
static bool body_names_row(struct map_work *work, const struct ast_expr *expr) {
    struct checker *checker = &work->compile->checker;
    if (!work->query.grouped || expr == NULL) return false;
    struct grouped_walk walk = {.work = work};
    walk_expr(expr, body_visit_grouped, &walk);
    if (walk.found == NULL) return false;
    struct str name = walk.found->name.text;
    struct diag *diag =
        diag_report(checker->diags, E_GROUPED_ROW, walk.found->span,
                    "`%.*s` is a single row, but after `group by` there are only groups", STR_ARG(name));
    diag_label(checker->diags, diag, map_clause(work->ast, CLAUSE_GROUP_BY)->span,
               "the rows are grouped here");
    diag_help(checker->diags, diag,
              "use a group's name, or an aggregate such as `first(%.*s.column)` or `max(%.*s.column)`",
              STR_ARG(name), STR_ARG(name));
    return true;
}

/* ---------------------------------------------------------------- names of lines */

static void body_name_line(struct map_work *work, struct ast_name name, struct tbinding *binding,
                           bool is_let) {
    struct checker *checker = &work->compile->checker;
    struct scope_name line = {
        .name = name.text, .kind = BIND_VALUE, .expr = binding->expr, .is_let = is_let, .span = name.span};
    if (binding->expr->type.kind != TYPE_NONE) {
        line.binding = binding;
        line.expr = node_bound(&work->query.body, binding, name.span);
    }
    if (binding->expr->type.kind == TYPE_ROW) {
        line.kind = BIND_RECORD;
        for (uint32_t i = 0; i < checker->maps.count; i++)
            if (checker->maps.items[i]->table == (int32_t)binding->expr->type.ref)
                line.map = checker->maps.items[i];
    }
    VEC_PUSH(checker->arena, &work->query.body.names, line);
}

static struct tbinding *body_new_binding(struct map_work *work, struct ast_name name, struct texpr *expr) {
    struct tbinding *binding = ARENA_NEW(work->compile->checker.arena, struct tbinding);
    *binding = (struct tbinding){.name = name.text, .expr = expr, .reported = true};
    return binding;
}

/* ---------------------------------------------------------------- columns */

static bool body_column_is_pii(const struct map_work *work, uint32_t column, struct str name) {
    const struct compile *compile = work->compile;
    if (work->map->target) return target_column_is_pii(&compile->checker, work->map->target, column);
    for (uint32_t i = 0; i < compile->csv_pii.count; i++)
        if (compile->csv_pii.items[i].map == work->map && str_eq(compile->csv_pii.items[i].column.text, name))
            return true;
    return false;
}

static void body_report_twice(struct map_work *work, struct ast_name name, struct span first) {
    struct checker *checker = &work->compile->checker;
    struct diag *diag = diag_report(checker->diags, E_COLUMN_TWICE, name.span,
                                    "column `%.*s` is assigned twice", STR_ARG(name.text));
    diag_label(checker->diags, diag, first, "it has a value already");
    diag_help(checker->diags, diag, "keep one of the two; a value that both need is a `let`");
}

/* `catgory = …`: that `category` has no value is said already. */
static void body_note_misspelt(struct map_work *work, struct str name) {
    const struct schema_table *table = work->map->target;
    struct arena *arena = work->compile->checker.arena;
    struct str *names = ARENA_ARRAY(arena, struct str, table->columns.count);
    for (uint32_t i = 0; i < table->columns.count; i++)
        names[i] = table->columns.items[i].name;
    work->incomplete = true;
    struct str meant = diag_closest_name(name, names, table->columns.count);
    if (meant.len > 0) VEC_PUSH(arena, &work->misspelt, meant);
}

/* The target column, with everything that can be wrong with it as such reported. -1: reported. */
static int body_find_column(struct map_work *work, struct ast_name name, struct expected *expected) {
    struct checker *checker = &work->compile->checker;
    const struct schema_table *table = work->map->target;
    int column = target_find_column(work->compile, table, name);
    if (column < 0) {
        body_note_misspelt(work, name.text);
        return -1;
    }
    const struct schema_column *found = &table->columns.items[column];
    if (work->assigned[column] != NULL) body_report_twice(work, name, work->assigned[column]->span);
    if (found->generated || found->identity == 2) {
        struct diag *diag = diag_report(checker->diags, E_COLUMN_GENERATED, name.span,
                                        "column `%.*s` is %s: it takes no value", STR_ARG(name.text),
                                        found->generated ? "generated by the database"
                                                         : "an identity that the database always fills");
        diag_label(checker->diags, diag, found->span, "declared here");
        diag_help(checker->diags, diag, "remove the line");
        return -1;
    }
    if (found->type.kind == TYPE_NONE) {
        struct diag *diag = diag_report(checker->diags, E_COLUMN_TYPE, name.span,
                                        "column `%.*s` is of type %.*s, which mig cannot write",
                                        STR_ARG(name.text), STR_ARG(found->type.name));
        diag_help(checker->diags, diag, "leave it empty, or fill it afterwards in the database");
        return -1;
    }
    expected->type = checker_type_of_column(checker, &found->type, !found->not_null);
    expected->exact = true;
    expected->column = &found->type;
    expected->allow_null = expected->type.nullable;
    return column;
}

static int body_find_csv_column(struct map_work *work, struct ast_name name, struct expected *expected) {
    expected->allow_null = true;
    for (uint32_t i = 0; i < work->lines.count; i++)
        if (work->lines.items[i].kind == LINE_COLUMN && str_eq(work->lines.items[i].name, name.text))
            body_report_twice(work, name, work->lines.items[i].span);
    VEC_PUSH(work->compile->checker.arena, &work->csv_columns, name.text);
    return (int)work->csv_columns.count - 1;
}

void map_add_column(struct map_work *work, struct ast_name name, const struct ast_expr *expr) {
    struct checker *checker = &work->compile->checker;
    struct expected expected = {
        .what = arena_copy_cstr(checker->arena,
                                arena_printf(checker->arena, "column `%.*s`", STR_ARG(name.text)))};
    work->query.body.clause = expected.what;
    int column = -1;
    if (work->map->target)
        column = body_find_column(work, name, &expected);
    else if (work->plan.csv_file.len)
        column = body_find_csv_column(work, name, &expected);
    struct texpr *value;
    if (expr == NULL || body_names_row(work, expr)) {
        value = node_error(&work->query.body, name.span);
    } else {
        value = check_expr(&work->query.body, expr, &expected);
        bool refused =
            value->type.kind == TYPE_SECRET || !body_column_is_pii(work, (uint32_t)column, name.text);
        if (column >= 0 && refused && !check_not_personal(&work->query.body, value, expected.what)) {
            if (work->map->target == NULL && value->type.kind != TYPE_SECRET)
                diag_help(checker->diags, checker->diags->items.items[checker->diags->items.count - 1],
                          "for a csv file, name the map: `pii %.*s (%.*s)`", STR_ARG(work->map->name),
                          STR_ARG(name.text));
            value = node_error(&work->query.body, expr->span);
        }
    }
    struct tbinding *binding = body_new_binding(work, name, value);
    body_name_line(work, name, binding, false);
    struct map_line line = {.kind = LINE_COLUMN,
                            .binding = binding,
                            .column = (uint32_t)column,
                            .name = name.text,
                            .span = name.span};
    if (column < 0) return;
    VEC_PUSH(checker->arena, &work->lines, line);
    if (work->map->target == NULL) return;
    struct map_line *kept = ARENA_NEW(checker->arena, struct map_line);
    *kept = line;
    if (work->assigned[column] == NULL) work->assigned[column] = kept;
}

/* ---------------------------------------------------------------- the other lines */

bool map_assigns_by_name(const struct map_work *work, struct str column) {
    for (uint32_t i = 0; i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        if (item->kind == ITEM_ASSIGN && str_eq(item->name.text, column)) return true;
    }
    return false;
}

static void body_check_let(struct map_work *work, const struct ast_item *item) {
    struct checker *checker = &work->compile->checker;
    struct scope *scope = &work->query.body;
    struct expected any = {.what = arena_copy_cstr(checker->arena, arena_printf(checker->arena, "`%.*s`",
                                                                                STR_ARG(item->name.text))),
                           .allow_null = true};
    scope->clause = "let";
    for (uint32_t i = 0; i < scope->names.count; i++)
        if (scope->names.items[i].is_let && str_eq(scope->names.items[i].name, item->name.text)) {
            struct diag *diag = diag_report(checker->diags, E_DECLARED_TWICE, item->name.span,
                                            "`let %.*s` stands twice", STR_ARG(item->name.text));
            diag_label(checker->diags, diag, scope->names.items[i].span, "the first one is here");
            diag_help(checker->diags, diag, "give one of them another name: values never change");
        }
    bool fine = item->expr != NULL && !body_names_row(work, item->expr);
    struct texpr *value = fine ? check_expr(scope, item->expr, &any) : node_error(scope, item->name.span);
    struct tbinding *binding = body_new_binding(work, item->name, value);
    body_name_line(work, item->name, binding, true);
    struct map_line line = {
        .kind = LINE_LET, .binding = binding, .name = item->name.text, .span = item->name.span};
    VEC_PUSH(checker->arena, &work->lines, line);
}

static void body_check_validate(struct map_work *work, const struct ast_item *item) {
    struct checker *checker = &work->compile->checker;
    struct scope *scope = &work->query.body;
    struct map_line line = {.kind = LINE_VALIDATE, .name = item->name.text, .span = item->span};
    scope->clause = "validate";
    if (item->expr == NULL || body_names_row(work, item->expr)) return;
    line.condition = check_condition(scope, item->expr);
    line.on_fail = (struct thandler){.event = HANDLE_ERROR, .action = TACT_REJECT, .span = item->span};
    if (item->handlers.list.count) check_fail_handler(scope, &item->handlers, &line.on_fail);
    if (line.condition->type.kind != TYPE_NONE && line.condition->type.nullable) {
        struct diag *diag = diag_report(checker->diags, E_VALIDATE_NULL, item->expr->span,
                                        "validation `%.*s` does not say what holds where a value is null",
                                        STR_ARG(item->name.text));
        diag_help(
            checker->diags, diag,
            "start it with `x is null or …` where null is fine, with `x is not null and …` where it is not");
    }
    VEC_PUSH(checker->arena, &work->lines, line);
}

static void body_check_ignored(struct map_work *work, const struct ast_item *item) {
    struct checker *checker = &work->compile->checker;
    if (work->map->target == NULL) {
        if (work->plan.csv_file.len == 0) return;
        struct diag *diag = diag_report(checker->diags, E_IGNORED, item->span,
                                        "a csv file has only the columns that the map assigns");
        diag_help(checker->diags, diag, "remove the line");
        return;
    }
    if (item->because.text.len == 0 && !work->broken) {
        struct diag *diag = diag_report(checker->diags, E_IGNORED, item->span, "`ignored` does not say why");
        diag_help(checker->diags, diag,
                  "write the reason, which the documentation shows: `ignored a because '…'`");
    }
    for (uint32_t i = 0; i < item->names.count; i++) {
        struct ast_name name = item->names.items[i];
        int column = target_find_column(work->compile, work->map->target, name);
        if (column < 0) continue;
        const struct schema_column *found = &work->map->target->columns.items[column];
        bool filled = found->has_default || found->generated || found->identity;
        if (map_assigns_by_name(work, name.text)) {
            struct diag *diag = diag_report(checker->diags, E_IGNORED, name.span,
                                            "column `%.*s` is ignored, but has a value", STR_ARG(name.text));
            diag_help(checker->diags, diag, "remove it here, or remove its assignment");
        } else if (found->not_null && !filled) {
            struct diag *diag = diag_report(
                checker->diags, E_IGNORED, name.span,
                "column `%.*s` cannot stay empty: it is NOT NULL and has no default", STR_ARG(name.text));
            diag_label(checker->diags, diag, found->span, "declared here");
            diag_help(checker->diags, diag, "assign it a value");
        }
    }
}

/* ---------------------------------------------------------------- columns without a value */

bool map_ignores_column(const struct map_work *work, struct str column) {
    for (uint32_t i = 0; i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        for (uint32_t j = 0; item->kind == ITEM_IGNORED && j < item->names.count; j++)
            if (str_eq(item->names.items[j].text, column)) return true;
    }
    return false;
}

enum { MOST_NAMED = 8 };

/* NOT NULL, and nothing fills it; nothing was said about it yet. */
static bool body_is_missing(const struct map_work *work, uint32_t index) {
    const struct schema_column *column = &work->map->target->columns.items[index];
    if (!column->not_null || column->has_default || column->generated || column->identity ||
        work->assigned[index] || map_assigns_by_name(work, column->name) ||
        map_ignores_column(work, column->name) || map_spread_leaves_out(work, index))
        return false;
    for (uint32_t i = 0; i < work->misspelt.count; i++)
        if (str_eq(work->misspelt.items[i], column->name)) return false;
    return true;
}

static void body_report_missing(struct map_work *work, const struct schema_column *column) {
    struct checker *checker = &work->compile->checker;
    work->incomplete = true;
    struct diag *diag = diag_report(checker->diags, E_COLUMN_MISSING, work->map->span,
                                    "map `%.*s` gives column `%.*s` no value, and it is NOT NULL",
                                    STR_ARG(work->map->name), STR_ARG(column->name));
    diag_label(checker->diags, diag, column->span, "declared here, without a default");
    diag_help(checker->diags, diag, "assign it in the body: `%.*s = …`", STR_ARG(column->name));
}

static void map_check_columns_complete(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    const struct schema_table *table = work->map->target;
    if (work->broken) return;
    if (table == NULL) {
        if (work->plan.csv_file.len == 0 || work->csv_columns.count > 0) return;
        struct diag *diag = diag_report(checker->diags, E_MAP_SHAPE, work->map->span,
                                        "map `%.*s` gives its file no columns", STR_ARG(work->map->name));
        diag_help(checker->diags, diag, "assign each in the body: `email = u.email`");
        return;
    }
    VEC(const struct schema_column *) missing = {0};
    for (uint32_t i = 0; i < table->columns.count; i++)
        if (body_is_missing(work, i)) VEC_PUSH(checker->arena, &missing, &table->columns.items[i]);
    if (missing.count == 1) body_report_missing(work, missing.items[0]);
    if (missing.count < 2) return;
    struct buf names = {0};
    for (uint32_t i = 0; i < missing.count && i < MOST_NAMED; i++)
        buf_printf(&names, "%s`%.*s`", i ? ", " : "", STR_ARG(missing.items[i]->name));
    if (missing.count > MOST_NAMED) buf_printf(&names, " and %u more", missing.count - MOST_NAMED);
    struct diag *diag = diag_report(checker->diags, E_COLUMN_MISSING, work->map->span,
                                    "map `%.*s` gives %u columns no value, and they are NOT NULL: %.*s",
                                    STR_ARG(work->map->name), missing.count, STR_ARG(buf_str(&names)));
    buf_release(&names);
    work->incomplete = true;
    for (uint32_t i = 0; i < missing.count && i < MOST_NAMED; i++)
        diag_label(checker->diags, diag, missing.items[i]->span, "declared here, without a default");
    diag_help(checker->diags, diag, "assign them in the body: `%.*s = …`", STR_ARG(missing.items[0]->name));
}

void map_check_body(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    uint32_t columns = work->map->target ? work->map->target->columns.count : 0;
    work->assigned = ARENA_ARRAY(checker->arena, const struct map_line *, columns);
    for (uint32_t i = 0; i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        switch (item->kind) {
        case ITEM_ASSIGN: map_add_column(work, item->name, item->expr); break;
        case ITEM_LET: body_check_let(work, item); break;
        case ITEM_VALIDATE: body_check_validate(work, item); break;
        case ITEM_SPREAD: map_check_spread(work, item); break;
        case ITEM_IGNORED: body_check_ignored(work, item); break;
        }
    }
    map_report_left_out(work);
    map_check_columns_complete(work);
}

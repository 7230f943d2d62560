/* `...row except (…)` in a map's body: every column of the row that the table has under the same name. One
 * that cannot be copied as it is would be lost without a word, so that is said: as an error where the column
 * then gets no value, as a warning where another line gives it one. */
#include "compiler/check/map.h"

#include "compiler/check/expr.h"
#include "compiler/check/recorder.h"

static bool spread_excepts(const struct ast_item *item, struct str column) {
    for (uint32_t i = 0; i < item->names.count; i++)
        if (str_eq(item->names.items[i].text, column)) return true;
    return false;
}

/* The columns of the row that a spread copies from. False: it is no row. */
static bool spread_row_columns(struct map_work *work, struct ast_name alias, struct str **names,
                               uint32_t *count) {
    struct checker *checker = &work->compile->checker;
    const struct scope_name *row = scope_find(&work->query.body, alias.text);
    const struct schema_table *table = NULL;
    if (row && row->kind == BIND_SOURCE_ROW) {
        *names = ARENA_ARRAY(checker->arena, struct str, row->table->columns.count);
        for (uint32_t i = 0; i < row->table->columns.count; i++)
            (*names)[(*count)++] = row->table->columns.items[i].name;
        return true;
    }
    if (row && row->kind == BIND_KEYED_ROW && row->keyed && row->keyed->source_table) {
        const struct checked_table *source = row->keyed->source_table;
        *names = ARENA_ARRAY(checker->arena, struct str, source->columns.count);
        for (uint32_t i = 0; i < source->columns.count; i++)
            (*names)[(*count)++] = source->columns.items[i].name;
        return true;
    }
    if (row && (row->kind == BIND_KEYED_ROW || row->kind == BIND_RECORD))
        table = row->map ? row->map->target : row->target;
    if (table == NULL) return false;
    *names = ARENA_ARRAY(checker->arena, struct str, table->columns.count);
    for (uint32_t i = 0; i < table->columns.count; i++)
        (*names)[(*count)++] = table->columns.items[i].name;
    return true;
}

/* ---------------------------------------------------------------- copying */

/* What the target's column takes. False: it takes nothing. */
static bool spread_expect(struct map_work *work, uint32_t column, struct expected *expected) {
    const struct schema_column *found = &work->map->target->columns.items[column];
    if (found->generated || found->identity == 2 || found->type.kind == TYPE_NONE) return false;
    *expected = (struct expected){
        .type = checker_type_of_column(&work->compile->checker, &found->type, !found->not_null),
        .exact = true,
        .column = &found->type};
    expected->allow_null = expected->type.nullable;
    return true;
}

/* Whether the row's column can be assigned as it is; what is wrong with it is kept to itself. *type: what it
 * is by itself. */
static bool spread_is_assignable(struct map_work *work, const struct ast_expr *member,
                                 const struct expected *expected, struct plan_type *type) {
    struct checker *checker = &work->compile->checker;
    struct diag_list quiet;
    struct diag_list *loud = checker->diags;
    diag_list_init(&quiet, checker->arena);
    checker->diags = &quiet;
    *type = expr_infer(&work->query.body, member, (struct plan_type){0})->type;
    if (expected != NULL) check_expr(&work->query.body, member, expected);
    checker->diags = loud;
    return expected != NULL && quiet.error_count == 0;
}

static void spread_copy_column(struct map_work *work, const struct ast_item *item, struct str column,
                               uint32_t *copied) {
    struct checker *checker = &work->compile->checker;
    struct ast_expr *base = ARENA_NEW(checker->arena, struct ast_expr),
                    *member = ARENA_NEW(checker->arena, struct ast_expr);
    *base = (struct ast_expr){.kind = X_NAME, .depth = 1, .span = item->name.span, .name = item->name};
    *member = (struct ast_expr){
        .kind = X_MEMBER, .depth = 2, .span = item->span, .left = base, .name = {column, item->name.span}};
    struct expected expected = {.allow_null = true};
    struct plan_type type;
    int at = work->map->target ? schema_find_column(work->map->target, column) : 0;
    if (at < 0) return;
    bool takes = work->map->target == NULL || spread_expect(work, (uint32_t)at, &expected);
    if (spread_is_assignable(work, member, takes ? &expected : NULL, &type)) {
        map_add_column(work, (struct ast_name){column, item->span}, member);
        (*copied)++;
        return;
    }
    if (work->map->target == NULL || type.kind == TYPE_NONE) return;
    struct left_out left = {.item = item, .column = (uint32_t)at, .type = type};
    VEC_PUSH(checker->arena, &work->left_out, left);
}

static void spread_report_no_row(struct map_work *work, const struct ast_item *item) {
    struct checker *checker = &work->compile->checker;
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_NAME, item->name.span,
                                    "there is no row `%.*s` to copy columns from", STR_ARG(item->name.text));
    struct str rows[MAP_MAX_STAGES];
    uint32_t rows_count = 0;
    for (uint32_t i = 0; i < work->query.rows.names.count && rows_count < MAP_MAX_STAGES; i++)
        rows[rows_count++] = work->query.rows.names.items[i].name;
    if (work->query.grouped)
        diag_help(checker->diags, diag, "after `group by` there are no rows: assign each column");
    else
        decl_suggest(checker, diag, item->name, rows, rows_count);
}

static void spread_check_excepted(struct map_work *work, const struct ast_item *item, const struct str *names,
                                  uint32_t count) {
    struct checker *checker = &work->compile->checker;
    for (uint32_t i = 0; i < item->names.count; i++) {
        bool known = false;
        for (uint32_t j = 0; j < count; j++)
            known = known || str_eq(names[j], item->names.items[i].text);
        if (known) continue;
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_MEMBER, item->names.items[i].span,
                                        "`%.*s` has no column `%.*s` to leave out", STR_ARG(item->name.text),
                                        STR_ARG(item->names.items[i].text));
        decl_suggest(checker, diag, item->names.items[i], names, count);
    }
}

void map_check_spread(struct map_work *work, const struct ast_item *item) {
    struct checker *checker = &work->compile->checker;
    struct str *names = NULL;
    uint32_t count = 0, copied = 0, before = work->left_out.count;
    const struct scope_name *row = scope_find(&work->query.body, item->name.text);
    if (row && row->expr && row->expr->type.kind == TYPE_NONE && row->kind == BIND_VALUE) return;
    if (!spread_row_columns(work, item->name, &names, &count)) {
        spread_report_no_row(work, item);
        return;
    }
    if (row) record_use(checker, item->name.span, row->span);
    spread_check_excepted(work, item, names, count);
    /* A column called like the row would hide it from the others: it comes last. */
    for (uint32_t i = 0; i < count; i++)
        if (str_eq(names[i], item->name.text)) {
            struct str last = names[count - 1];
            names[count - 1] = names[i];
            names[i] = last;
            break;
        }
    const struct check_recorder *recorder = record_pause(checker);
    for (uint32_t i = 0; i < count; i++)
        if (!spread_excepts(item, names[i]) && !map_assigns_by_name(work, names[i]))
            spread_copy_column(work, item, names[i], &copied);
    record_resume(checker, recorder);
    if (copied > 0 || work->left_out.count > before) return;
    struct diag *diag =
        diag_report(checker->diags, W_NO_EFFECT, item->span,
                    "`...%.*s` copies nothing: no column of it has a free column of the same name",
                    STR_ARG(item->name.text));
    diag_help(checker->diags, diag, "remove it");
}

/* ---------------------------------------------------------------- what is not copied */

bool map_spread_leaves_out(const struct map_work *work, uint32_t column) {
    for (uint32_t i = 0; i < work->left_out.count; i++)
        if (work->left_out.items[i].column == column) return true;
    return false;
}

/* "`budget` is text?, the table's is numeric(8,2): write `budget = decimal(w.budget)`" */
static void spread_explain(struct map_work *work, struct diag *diag, const struct left_out *left) {
    struct checker *checker = &work->compile->checker;
    const struct schema_column *column = &work->map->target->columns.items[left->column];
    struct str type = type_to_text(checker, left->type), name = column->name;
    if (column->generated || column->identity == 2) {
        diag_help(checker->diags, diag, "`%.*s` is %.*s, and in the table %s: it takes no value",
                  STR_ARG(name), STR_ARG(type),
                  column->generated ? "a generated column" : "an identity that the database always fills");
        return;
    }
    if (column->type.kind == TYPE_NONE) {
        diag_help(checker->diags, diag, "`%.*s` is %.*s, and in the table %.*s, which mig cannot write",
                  STR_ARG(name), STR_ARG(type), STR_ARG(column->type.name));
        return;
    }
    struct plan_type wanted = checker_type_of_column(checker, &column->type, !column->not_null);
    struct str from =
        arena_printf(checker->arena, "%.*s.%.*s", STR_ARG(left->item->name.text), STR_ARG(name));
    struct str table_type = arena_printf(checker->arena, "%.*s%s", STR_ARG(column->type.name),
                                         column->not_null ? " not null" : "");
    if (type_widens(left->type, wanted)) {
        diag_help(checker->diags, diag,
                  "`%.*s` is %.*s, and in the table %.*s: say what null becomes, `%.*s = %.*s ?? …`",
                  STR_ARG(name), STR_ARG(type), STR_ARG(table_type), STR_ARG(name), STR_ARG(from));
        return;
    }
    struct str how = type_conversion_text(checker->arena, left->type, wanted, from);
    if (how.len > 2)
        diag_help(checker->diags, diag, "`%.*s` is %.*s, and in the table %.*s: assign it, `%.*s = %.*s",
                  STR_ARG(name), STR_ARG(type), STR_ARG(table_type), STR_ARG(name), (int)how.len - 1,
                  how.ptr + 1);
    else
        diag_help(checker->diags, diag, "`%.*s` is %.*s, and in the table %.*s: assign it, `%.*s = …`",
                  STR_ARG(name), STR_ARG(type), STR_ARG(table_type), STR_ARG(name));
}

/* Columns that nobody fills are lost: an error. Where the database or another line fills them: a warning. */
static bool spread_loses(const struct map_work *work, const struct left_out *left) {
    const struct schema_column *column = &work->map->target->columns.items[left->column];
    return work->assigned[left->column] == NULL && !column->generated && column->identity != 2;
}

static void spread_report(struct map_work *work, const struct ast_item *item, bool lost) {
    struct checker *checker = &work->compile->checker;
    struct str names = {0}, except = {0};
    struct diag *diag = NULL;
    for (uint32_t i = 0; i < item->names.count; i++)
        except =
            arena_printf(checker->arena, "%.*s%.*s, ", STR_ARG(except), STR_ARG(item->names.items[i].text));
    for (uint32_t pass = 0; pass < 2; pass++) {
        if (pass == 1 && names.len == 0) return;
        if (pass == 1)
            diag = lost ? diag_report(
                              checker->diags, E_SPREAD_LOSES, item->span,
                              "`...%.*s` would lose %.*s: the table has the name, but the type does not fit",
                              STR_ARG(item->name.text), STR_ARG(names))
                        : diag_report(checker->diags, W_SPREAD_SKIPS, item->span,
                                      "`...%.*s` does not copy %.*s, though the table has it",
                                      STR_ARG(item->name.text), STR_ARG(names));
        for (uint32_t i = 0; i < work->left_out.count; i++) {
            const struct left_out *left = &work->left_out.items[i];
            struct str name = work->map->target->columns.items[left->column].name;
            if (left->item != item || spread_loses(work, left) != lost || map_ignores_column(work, name))
                continue;
            if (pass == 1) {
                spread_explain(work, diag, left);
                continue;
            }
            except = arena_printf(checker->arena, "%.*s%s%.*s", STR_ARG(except), names.len ? ", " : "",
                                  STR_ARG(name));
            names = arena_printf(checker->arena, "%.*s%s`%.*s`", STR_ARG(names), names.len ? ", " : "",
                                 STR_ARG(name));
        }
    }
    diag_help(checker->diags, diag, "what shall not be copied is left out by `...%.*s except (%.*s)`",
              STR_ARG(item->name.text), STR_ARG(except));
}

void map_report_left_out(struct map_work *work) {
    if (work->broken) return;
    for (uint32_t i = 0; i < work->left_out.count; i++) {
        const struct ast_item *item = work->left_out.items[i].item;
        if (i > 0 && work->left_out.items[i - 1].item == item) continue;
        spread_report(work, item, true);
        spread_report(work, item, false);
    }
}

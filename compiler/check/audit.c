/* `audit into TABLE { column = expression over $event }`: a row for each action of the run. */
#include "compiler/check/map.h"

#include "compiler/check/expr.h"

struct audit_column {
    uint32_t column;
    struct texpr *value;
};

struct audit_work {
    const struct schema_table *table;
    struct scope scope;
    VEC(struct audit_column) columns;
};

static const struct ast_item *audit_find(const struct ast_decl *decl, struct str column, uint32_t before) {
    for (uint32_t i = 0; i < decl->audit.items.count && i < before; i++)
        if (str_eq(decl->audit.items.items[i].name.text, column)) return &decl->audit.items.items[i];
    return NULL;
}

static void audit_check_item(struct compile *compile, const struct ast_decl *decl, uint32_t n,
                             struct audit_work *work) {
    struct checker *checker = &compile->checker;
    const struct ast_item *item = &decl->audit.items.items[n];
    if (item->kind != ITEM_ASSIGN) {
        struct diag *diag =
            diag_report(checker->diags, E_AUDIT, item->span, "an audit's block holds columns only");
        diag_help(checker->diags, diag, "write `column = value`");
        return;
    }
    int column = target_find_column(compile, work->table, item->name);
    if (column < 0 || item->expr == NULL) return;
    const struct schema_column *found = &work->table->columns.items[column];
    if (audit_find(decl, item->name.text, n)) {
        struct diag *diag = diag_report(checker->diags, E_COLUMN_TWICE, item->name.span,
                                        "column `%.*s` is assigned twice", STR_ARG(item->name.text));
        diag_help(checker->diags, diag, "keep one of the two");
    }
    if (found->generated || found->identity == 2 || found->type.kind == TYPE_NONE) {
        struct diag *diag = diag_report(checker->diags, E_COLUMN_GENERATED, item->name.span,
                                        "column `%.*s` takes no value", STR_ARG(item->name.text));
        diag_label(checker->diags, diag, found->span, "declared here");
        diag_help(checker->diags, diag, "remove the line");
        return;
    }
    struct expected expected = {.type = checker_type_of_column(checker, &found->type, !found->not_null),
                                .exact = true,
                                .column = &found->type};
    expected.allow_null = expected.type.nullable;
    expected.what = arena_copy_cstr(checker->arena,
                                    arena_printf(checker->arena, "column `%.*s`", STR_ARG(item->name.text)));
    work->scope.clause = expected.what;
    struct texpr *value = check_expr(&work->scope, item->expr, &expected);
    check_not_personal(&work->scope, value, expected.what);
    VEC_PUSH(checker->arena, &work->columns, (struct audit_column){(uint32_t)column, value});
}

/* A name that the table does not have was probably meant as this column: that was said. */
static bool audit_is_meant(const struct audit_work *work, const struct ast_decl *decl, uint32_t column) {
    struct str names[1] = {work->table->columns.items[column].name};
    for (uint32_t i = 0; i < decl->audit.items.count; i++) {
        struct str name = decl->audit.items.items[i].name.text;
        if (schema_find_column(work->table, name) < 0 && diag_closest_name(name, names, 1).len > 0)
            return true;
    }
    return false;
}

static void audit_check(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    struct audit_work *work = ARENA_NEW(checker->arena, struct audit_work);
    work->table = target_find_table(compile, &decl->audit.table);
    if (work->table == NULL) return;
    work->scope = (struct scope){.checker = checker, .clause = "audit"};
    struct scope_name event = {.name = STR("event"), .kind = BIND_EVENT, .span = decl->audit.table.span};
    VEC_PUSH(checker->arena, &work->scope.names, event);
    for (uint32_t i = 0; i < decl->audit.items.count; i++)
        audit_check_item(compile, decl, i, work);
    for (uint32_t i = 0; i < work->table->columns.count && !decl->broken; i++) {
        const struct schema_column *column = &work->table->columns.items[i];
        if (!column->not_null || column->has_default || column->generated || column->identity) continue;
        if (audit_find(decl, column->name, decl->audit.items.count) || audit_is_meant(work, decl, i))
            continue;
        struct diag *diag =
            diag_report(checker->diags, E_COLUMN_MISSING, decl->audit.table.span,
                        "the audit gives column `%.*s` no value, and it is NOT NULL", STR_ARG(column->name));
        diag_label(checker->diags, diag, column->span, "declared here, without a default");
        diag_help(checker->diags, diag, "assign it, such as `%.*s = $event.kind`", STR_ARG(column->name));
    }
    compile->audit = work;
}

void audit_check_all(struct compile *compile) {
    struct checker *checker = &compile->checker;
    const struct ast_decl *first = NULL;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind != DECL_AUDIT) continue;
        if (first == NULL) {
            first = decl;
            audit_check(compile, decl);
            continue;
        }
        struct diag *diag =
            diag_report(checker->diags, E_DECLARED_TWICE, decl->audit.table.span, "a spec has one audit");
        diag_label(checker->diags, diag, first->audit.table.span, "the first one is here");
        diag_help(checker->diags, diag, "remove one of the two");
    }
}

void audit_emit(struct compile *compile) {
    struct checker *checker = &compile->checker;
    struct audit_work *work = compile->audit;
    if (work == NULL) return;
    struct plan_audit *plan = &checker->builder->plan.audit;
    struct emitter *emitter = emitter_new(checker->builder);
    plan->target_table = target_use_table(compile, work->table) + 1;
    plan->columns = ARENA_ARRAY(checker->arena, uint32_t, work->columns.count);
    plan->columns_count = work->columns.count;
    for (uint32_t i = 0; i < work->columns.count; i++) {
        plan->columns[i] = work->columns.items[i].column;
        emit_output_value(emitter, OUT_COLUMN, i, work->columns.items[i].value);
    }
    plan->program = emitter_finish(emitter);
}

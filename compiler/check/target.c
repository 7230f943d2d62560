/* The target: its DDL, its tables as the plan holds them, and what personal data may go into. */
#include "compiler/check/decl.h"

#include "compiler/check/recorder.h"

static const struct ast_option *target_find_schema(struct checker *checker, const struct ast_target *target) {
    const struct ast_option *schema = NULL;
    for (uint32_t i = 0; i < target->options.count; i++) {
        const struct ast_option *option = &target->options.items[i];
        if (str_is(option->name.text, "schema") && option->values.count == 1 &&
            option->values.items[0]->kind == X_TEXT) {
            schema = option;
            continue;
        }
        struct str known = STR("schema");
        struct diag *diag = diag_report(checker->diags, E_BAD_OPTION, option->span,
                                        "a target has no option `%.*s`", STR_ARG(option->name.text));
        decl_suggest(checker, diag, option->name, &known, 1);
    }
    return schema;
}

static void target_read_schema(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    const struct ast_option *option = target_find_schema(checker, &decl->target);
    if (option == NULL) {
        if (decl->broken) return;
        struct diag *diag = diag_report(checker->diags, E_NO_TARGET, decl->target.name.span,
                                        "target `%.*s` has no schema", STR_ARG(decl->target.name.text));
        diag_help(checker->diags, diag,
                  "add `schema 'file.sql'`: the DDL of its tables, such as `pg_dump --schema-only` writes");
        return;
    }
    const struct ast_expr *path = option->values.items[0];
    const struct source_text *ddl =
        checker->files->read(checker->files->context, path->text, path->span, checker->diags);
    if (ddl == NULL) return;
    checker->target_schema = schema_parse(checker->arena, ddl, checker->diags);
    compile->target_ddl = checker->target_schema ? checker->target_schema->sql : ddl->text;
}

void target_read(struct compile *compile) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind != DECL_TARGET) continue;
        const struct ast_target *target = &decl->target;
        if (compile->target_decl != NULL) {
            struct diag *diag =
                diag_report(checker->diags, E_NOT_SUPPORTED, target->name.span, "a second target");
            diag_label(checker->diags, diag, compile->target_decl->target.name.span, "the first one is here");
            diag_help(checker->diags, diag, "a run writes to one target: write a spec for each");
            continue;
        }
        compile->target_decl = decl;
        checker->target_name = target->name.text;
        if (target->format.text.len && !str_is(target->format.text, "postgres")) {
            struct str known = STR("postgres");
            struct diag *diag = diag_report(checker->diags, E_UNKNOWN_FORMAT, target->format.span,
                                            "a target cannot be `%.*s`", STR_ARG(target->format.text));
            decl_suggest(checker, diag, target->format, &known, 1);
        }
        struct plan_target *plan = &checker->builder->plan.target;
        plan->name = target->name.text;
        plan->location = target->location.text;
        plan->location_is_env = target->location_is_env;
        plan->span = plan_builder_span(checker->builder, decl->span);
        target_read_schema(compile, decl);
    }
}

/* ---------------------------------------------------------------- tables and columns */

struct str target_table_name(struct checker *checker, const struct schema_table *table) {
    if (str_is(table->schema, "public"))
        return arena_printf(checker->arena, "%.*s.%.*s", STR_ARG(checker->target_name), STR_ARG(table->name));
    return arena_printf(checker->arena, "%.*s.%.*s.%.*s", STR_ARG(checker->target_name),
                        STR_ARG(table->schema), STR_ARG(table->name));
}

static bool target_is_known(struct compile *compile, const struct ast_path *path) {
    struct checker *checker = &compile->checker;
    if (path->parts.count == 0) return false;
    if (compile->target_decl == NULL) {
        struct diag *diag =
            diag_report(checker->diags, E_NO_TARGET, path->span, "the spec declares no target");
        diag_help(checker->diags, diag,
                  "add one: `target %.*s : postgres env 'DATABASE_URL' schema 'schema.sql'`",
                  STR_ARG(path->parts.items[0].text));
        return false;
    }
    if (str_eq(path->parts.items[0].text, checker->target_name) && path->parts.count >= 2 &&
        path->parts.count <= 3)
        return true;
    struct diag *diag;
    if (str_eq(path->parts.items[0].text, checker->target_name) || path->parts.count == 1) {
        diag = diag_report(checker->diags, E_UNKNOWN_TABLE, path->span, "`%.*s` is no table of the target",
                           STR_ARG(span_text(path->span)));
        diag_help(checker->diags, diag, "write target and table: `%.*s.%.*s`", STR_ARG(checker->target_name),
                  STR_ARG(path->parts.items[path->parts.count - 1].text));
    } else {
        diag = diag_report(checker->diags, E_UNKNOWN_TABLE, path->parts.items[0].span,
                           "there is no target `%.*s`", STR_ARG(path->parts.items[0].text));
        decl_suggest(checker, diag, path->parts.items[0], &checker->target_name, 1);
    }
    return false;
}

const struct schema_table *target_find_table(struct compile *compile, const struct ast_path *path) {
    struct checker *checker = &compile->checker;
    if (!target_is_known(compile, path)) return NULL;
    const struct schema *schema = checker->target_schema;
    if (schema == NULL) return NULL; /* its DDL did not parse, or is not there: reported */
    bool with_schema = path->parts.count == 3;
    struct ast_name name = path->parts.items[path->parts.count - 1];
    struct str schema_name = with_schema ? path->parts.items[1].text : (struct str){0};
    const struct schema_table *table = schema_find_table(schema, schema_name, name.text);
    if (table != NULL) {
        record_use(checker, path->parts.items[0].span, compile->target_decl->target.name.span);
        record_use(checker, name.span, table->span);
        return table;
    }
    struct str *names = ARENA_ARRAY(checker->arena, struct str, schema->tables.count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < schema->tables.count; i++)
        if (!with_schema || str_eq(schema->tables.items[i]->schema, schema_name))
            names[count++] = schema->tables.items[i]->name;
    struct diag *diag =
        diag_report(checker->diags, E_UNKNOWN_TABLE, name.span, "the target `%.*s` has no table `%.*s`",
                    STR_ARG(checker->target_name), STR_ARG(name.text));
    if (count == 0 && with_schema)
        diag_help(checker->diags, diag, "its DDL has no schema `%.*s` either", STR_ARG(schema_name));
    decl_suggest(checker, diag, name, names, count);
    return NULL;
}

int target_find_column(struct compile *compile, const struct schema_table *table, struct ast_name name) {
    struct checker *checker = &compile->checker;
    int column = schema_find_column(table, name.text);
    if (column >= 0) record_use(checker, name.span, table->columns.items[column].span);
    if (column >= 0 || name.text.len == 0) return column;
    struct str *names = ARENA_ARRAY(checker->arena, struct str, table->columns.count);
    for (uint32_t i = 0; i < table->columns.count; i++)
        names[i] = table->columns.items[i].name;
    struct diag *diag =
        diag_report(checker->diags, E_UNKNOWN_COLUMN, name.span, "table `%.*s` has no column `%.*s`",
                    STR_ARG(target_table_name(checker, table)), STR_ARG(name.text));
    decl_suggest(checker, diag, name, names, table->columns.count);
    return -1;
}

/* ---------------------------------------------------------------- the plan's side */

static struct plan_target_column target_plan_column(struct checker *checker, const struct schema_table *table,
                                                    uint32_t n) {
    const struct schema_column *column = &table->columns.items[n];
    struct plan_type type = checker_type_of_column(checker, &column->type, !column->not_null);
    /* A type that mig has no values for: nothing assigns such a column, and none reads it but as text. */
    if (type.kind == TYPE_NONE) type = (struct plan_type){.kind = TYPE_TEXT, .nullable = type.nullable};
    return (struct plan_target_column){
        .name = column->name,
        .type = type,
        .pg_type = column->type.name,
        .wire = column->type.kind == TYPE_ARRAY ? WIRE_ARRAY : column->type.wire,
        .not_null = column->not_null,
        .has_default = column->has_default,
        .generated = column->generated,
        .identity = column->identity,
        .pii = target_column_is_pii(checker, table, n),
    };
}

static void target_plan_keys(struct checker *checker, const struct schema_table *table,
                             struct plan_target_table *plan) {
    plan->keys = ARENA_ARRAY(checker->arena, struct plan_target_key, table->keys.count);
    for (uint32_t i = 0; i < table->keys.count; i++) {
        const struct schema_key *key = &table->keys.items[i];
        if (key->partial) continue;
        plan->keys[plan->keys_count++] = (struct plan_target_key){.name = key->name,
                                                                  .columns = key->columns.items,
                                                                  .columns_count = key->columns.count,
                                                                  .deferrable = key->deferrable,
                                                                  .primary = key->primary};
    }
    plan->fks = ARENA_ARRAY(checker->arena, struct plan_target_fk, table->fks.count);
    for (uint32_t i = 0; i < table->fks.count; i++) {
        const struct schema_fk *fk = &table->fks.items[i];
        struct plan_text *columns = ARENA_ARRAY(checker->arena, struct plan_text, fk->ref_columns.count);
        for (uint32_t j = 0; j < fk->ref_columns.count; j++)
            columns[j].text = fk->ref_columns.items[j];
        plan->fks[plan->fks_count++] = (struct plan_target_fk){.name = fk->name,
                                                               .columns = fk->columns.items,
                                                               .columns_count = fk->columns.count,
                                                               .ref_schema = fk->ref_schema,
                                                               .ref_table = fk->ref_table,
                                                               .ref_columns = columns,
                                                               .ref_columns_count = fk->ref_columns.count,
                                                               .deferrable = fk->deferrable};
    }
}

uint32_t target_use_table(struct compile *compile, const struct schema_table *table) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < compile->tables.count; i++)
        if (compile->tables.items[i] == table) return i;
    struct plan_target_table plan = {.schema = table->schema, .name = table->name};
    plan.columns = ARENA_ARRAY(checker->arena, struct plan_target_column, table->columns.count);
    plan.columns_count = table->columns.count;
    for (uint32_t i = 0; i < table->columns.count; i++)
        plan.columns[i] = target_plan_column(checker, table, i);
    target_plan_keys(checker, table, &plan);
    plan.rls = table->rls_forced ? 2 : table->rls_enabled ? 1 : 0;
    VEC_PUSH(checker->arena, &compile->tables, table);
    VEC_PUSH(checker->arena, &checker->builder->target_tables, plan);
    return compile->tables.count - 1;
}

/* ---------------------------------------------------------------- personal data */

bool target_column_is_pii(const struct checker *checker, const struct schema_table *table, uint32_t column) {
    for (uint32_t i = 0; i < checker->pii.tables.count; i++)
        if (checker->pii.tables.items[i] == table && checker->pii.columns.items[i] == column) return true;
    return false;
}

/* `pii map (columns)`: a map into a csv file; which columns it has is known when its body was checked. */
static bool target_pii_of_map(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    if (decl->pii.table.parts.count != 1) return false;
    for (uint32_t i = 0; i < checker->maps.count; i++) {
        const struct checked_map *map = checker->maps.items[i];
        if (!str_eq(map->name, decl->pii.table.parts.items[0].text)) continue;
        for (uint32_t j = 0; j < decl->pii.columns.count; j++)
            VEC_PUSH(checker->arena, &compile->csv_pii, (struct csv_pii){map, decl->pii.columns.items[j]});
        if (map->target != NULL) {
            struct diag *diag = diag_report(checker->diags, E_UNKNOWN_TABLE, decl->pii.table.span,
                                            "map `%.*s` writes into a table", STR_ARG(map->name));
            diag_help(checker->diags, diag,
                      "name the table: `pii %.*s (…)`; a map is named only where it writes a csv file",
                      STR_ARG(target_table_name(checker, map->target)));
        }
        return true;
    }
    return false;
}

void target_check_csv_pii(struct compile *compile, const struct checked_map *map, const struct str *columns,
                          uint32_t count) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < compile->csv_pii.count; i++) {
        const struct csv_pii *pii = &compile->csv_pii.items[i];
        bool known = pii->map != map;
        for (uint32_t j = 0; j < count && !known; j++)
            known = str_eq(columns[j], pii->column.text);
        if (known) continue;
        struct diag *diag =
            diag_report(checker->diags, E_UNKNOWN_COLUMN, pii->column.span,
                        "map `%.*s` writes no column `%.*s`", STR_ARG(map->name), STR_ARG(pii->column.text));
        decl_suggest(checker, diag, pii->column, columns, count);
    }
}

void target_check_pii(struct compile *compile) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind != DECL_PII || target_pii_of_map(compile, decl)) continue;
        const struct schema_table *table = target_find_table(compile, &decl->pii.table);
        if (table == NULL) {
            checker->pii.incomplete = true;
            continue;
        }
        for (uint32_t j = 0; j < decl->pii.columns.count; j++) {
            int column = target_find_column(compile, table, decl->pii.columns.items[j]);
            if (column < 0) {
                checker->pii.incomplete = true;
                continue;
            }
            VEC_PUSH(checker->arena, &checker->pii.tables, table);
            VEC_PUSH(checker->arena, &checker->pii.columns, (uint32_t)column);
        }
    }
}

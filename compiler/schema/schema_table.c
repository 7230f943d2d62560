/* Tables: columns, keys, foreign keys, indexes, row-level security, and what ALTER TABLE does to them. */
#include "compiler/schema/pg_tree.h"

static void read_relation(struct schema_reader *reader, const cJSON *relation, struct str *schema_name,
                          struct str *name) {
    const char *written = pg_tree_text(relation, "schemaname");
    *schema_name = arena_copy_str(reader->arena, str_cstr(*written ? written : "public"));
    *name = arena_copy_str(reader->arena, str_cstr(pg_tree_text(relation, "relname")));
}

static struct schema_table *find_relation(struct schema_reader *reader, const cJSON *relation) {
    struct str schema_name, name;
    read_relation(reader, relation, &schema_name, &name);
    return (struct schema_table *)schema_find_table(reader->schema, schema_name, name);
}

/* Columns named in a list of String nodes. False when one does not exist (Postgres would refuse the DDL). */
static bool read_columns(struct schema_reader *reader, const struct schema_table *table, const cJSON *names,
                         int location, struct schema_key *key) {
    const cJSON *item;
    cJSON_ArrayForEach(item, names) {
        int column = schema_find_column(table, str_cstr(pg_tree_string(item)));
        if (column < 0) {
            diag_report(reader->diags, E_SCHEMA_COLUMN, schema_span(reader, location),
                        "table `%.*s` has no column `%s`", STR_ARG(table->name), pg_tree_string(item));
            return false;
        }
        VEC_PUSH(reader->arena, &key->columns, (uint32_t)column);
    }
    return true;
}

static void add_key(struct schema_reader *reader, struct schema_table *table, struct schema_key key) {
    if (key.primary) {
        for (uint32_t i = 0; i < key.columns.count; i++)
            table->columns.items[key.columns.items[i]].not_null = true;
        VEC_PUSH(reader->arena, &table->keys, key);
        struct schema_key last = table->keys.items[table->keys.count - 1];
        memmove(table->keys.items + 1, table->keys.items, (table->keys.count - 1) * sizeof key);
        table->keys.items[0] = last;
    } else {
        VEC_PUSH(reader->arena, &table->keys, key);
    }
}

static void read_fk_target(struct schema_reader *reader, const cJSON *constraint, struct schema_fk *fk) {
    read_relation(reader, pg_tree_get(constraint, "pktable"), &fk->ref_schema, &fk->ref_table);
    const cJSON *item;
    cJSON_ArrayForEach(item, pg_tree_get(constraint, "pk_attrs")) VEC_PUSH(
        reader->arena, &fk->ref_columns, arena_copy_str(reader->arena, str_cstr(pg_tree_string(item))));
}

/* A key or foreign key, written at a column (column >= 0) or at the table. */
static void read_constraint(struct schema_reader *reader, struct schema_table *table, const cJSON *constraint,
                            int column) {
    bool primary = pg_tree_is(constraint, "contype", "CONSTR_PRIMARY");
    bool foreign = pg_tree_is(constraint, "contype", "CONSTR_FOREIGN");
    if (!primary && !foreign && !pg_tree_is(constraint, "contype", "CONSTR_UNIQUE")) return;
    int location = pg_tree_int(constraint, "location");
    struct schema_key key = {.primary = primary,
                             .deferrable = pg_tree_flag(constraint, "deferrable"),
                             .name =
                                 arena_copy_str(reader->arena, str_cstr(pg_tree_text(constraint, "conname"))),
                             .span = schema_span(reader, location)};
    if (column >= 0)
        VEC_PUSH(reader->arena, &key.columns, (uint32_t)column);
    else if (!read_columns(reader, table, pg_tree_get(constraint, foreign ? "fk_attrs" : "keys"), location,
                           &key))
        return;
    if (!foreign) {
        add_key(reader, table, key);
        return;
    }
    struct schema_fk fk = {.name = key.name, .deferrable = key.deferrable, .span = key.span};
    for (uint32_t i = 0; i < key.columns.count; i++)
        VEC_PUSH(reader->arena, &fk.columns, key.columns.items[i]);
    read_fk_target(reader, constraint, &fk);
    VEC_PUSH(reader->arena, &table->fks, fk);
}

static void read_column_flags(struct schema_column *column, const cJSON *constraint) {
    if (pg_tree_is(constraint, "contype", "CONSTR_NOTNULL")) column->not_null = true;
    if (pg_tree_is(constraint, "contype", "CONSTR_DEFAULT")) column->has_default = true;
    if (pg_tree_is(constraint, "contype", "CONSTR_GENERATED")) column->generated = true;
    if (pg_tree_is(constraint, "contype", "CONSTR_IDENTITY")) {
        column->identity = pg_tree_is(constraint, "generated_when", "a") ? 2 : 1;
        column->not_null = true;
    }
}

/* `deferrable` behind a column's constraint comes as a constraint of its own. */
static void mark_last_deferrable(struct schema_table *table, const cJSON *previous) {
    if (pg_tree_is(previous, "contype", "CONSTR_FOREIGN") && table->fks.count)
        table->fks.items[table->fks.count - 1].deferrable = true;
    else if (pg_tree_is(previous, "contype", "CONSTR_PRIMARY") && table->keys.count)
        table->keys.items[0].deferrable = true;
    else if (table->keys.count)
        table->keys.items[table->keys.count - 1].deferrable = true;
}

static void add_column(struct schema_reader *reader, struct schema_table *table, const cJSON *definition) {
    struct schema_column column = {
        .name = arena_copy_str(reader->arena, str_cstr(pg_tree_text(definition, "colname"))),
        .type = schema_read_type(reader, pg_tree_get(definition, "typeName")),
        .span = schema_span(reader, pg_tree_int(definition, "location")),
    };
    const cJSON *names = pg_tree_get(pg_tree_get(definition, "typeName"), "names");
    const char *written = pg_tree_string(cJSON_GetArrayItem(names, cJSON_GetArraySize(names) - 1));
    if (strstr(written, "serial")) column.has_default = column.not_null = true;
    if (column.type.domain) column.not_null = column.type.domain->not_null;
    const cJSON *item, *previous = NULL;
    cJSON_ArrayForEach(item, pg_tree_get(definition, "constraints"))
        read_column_flags(&column, pg_tree_get(item, "Constraint"));
    VEC_PUSH(reader->arena, &table->columns, column);
    cJSON_ArrayForEach(item, pg_tree_get(definition, "constraints")) {
        const cJSON *constraint = pg_tree_get(item, "Constraint");
        if (pg_tree_is(constraint, "contype", "CONSTR_ATTR_DEFERRABLE")) {
            mark_last_deferrable(table, previous);
            continue;
        }
        read_constraint(reader, table, constraint, (int)table->columns.count - 1);
        previous = constraint;
    }
}

/* LIKE and INHERITS: the other table's columns; its keys only with INCLUDING INDEXES (bit 64) or ALL. */
static void copy_table(struct schema_reader *reader, struct schema_table *table,
                       const struct schema_table *from, bool keys) {
    for (uint32_t i = 0; i < from->columns.count; i++) {
        struct schema_column column = from->columns.items[i];
        VEC_PUSH(reader->arena, &table->columns, column);
    }
    for (uint32_t i = 0; keys && i < from->keys.count; i++)
        add_key(reader, table, from->keys.items[i]);
}

void schema_add_table(struct schema_reader *reader, const cJSON *statement) {
    enum { LIKE_INCLUDING_INDEXES = 1 << 5 }; /* CREATE_TABLE_LIKE_INDEXES, parsenodes.h */
    struct schema_table *table = ARENA_NEW(reader->arena, struct schema_table);
    const cJSON *relation = pg_tree_get(statement, "relation"), *item;
    read_relation(reader, relation, &table->schema, &table->name);
    table->span = schema_span(reader, pg_tree_int(relation, "location"));
    table->is_partitioned = pg_tree_get(statement, "partspec") != NULL;
    cJSON_ArrayForEach(item, pg_tree_get(statement, "inhRelations")) {
        const struct schema_table *parent = find_relation(reader, pg_tree_get(item, "RangeVar"));
        if (parent) copy_table(reader, table, parent, pg_tree_get(statement, "partbound") != NULL);
    }
    cJSON_ArrayForEach(item, pg_tree_get(statement, "tableElts")) {
        const cJSON *like = pg_tree_get(item, "TableLikeClause");
        const struct schema_table *from = like ? find_relation(reader, pg_tree_get(like, "relation")) : NULL;
        if (from) copy_table(reader, table, from, pg_tree_int(like, "options") & LIKE_INCLUDING_INDEXES);
        if (pg_tree_get(item, "ColumnDef")) add_column(reader, table, pg_tree_get(item, "ColumnDef"));
    }
    cJSON_ArrayForEach(item, pg_tree_get(statement, "tableElts")) if (pg_tree_get(item, "Constraint"))
        read_constraint(reader, table, pg_tree_get(item, "Constraint"), -1);
    VEC_PUSH(reader->arena, &reader->schema->tables, table);
}

static void alter_column(struct schema_reader *reader, struct schema_table *table, const cJSON *command) {
    int at = schema_find_column(table, str_cstr(pg_tree_text(command, "name")));
    if (at < 0) return;
    struct schema_column *column = &table->columns.items[at];
    if (pg_tree_is(command, "subtype", "AT_SetNotNull")) column->not_null = true;
    if (pg_tree_is(command, "subtype", "AT_DropNotNull")) column->not_null = false;
    if (pg_tree_is(command, "subtype", "AT_ColumnDefault"))
        column->has_default = pg_tree_get(command, "def") != NULL;
    if (pg_tree_is(command, "subtype", "AT_AddIdentity")) {
        const cJSON *constraint = pg_tree_get(pg_tree_get(command, "def"), "Constraint");
        column->identity = pg_tree_is(constraint, "generated_when", "a") ? 2 : 1;
    }
    if (pg_tree_is(command, "subtype", "AT_AlterColumnType")) {
        const cJSON *definition = pg_tree_get(pg_tree_get(command, "def"), "ColumnDef");
        column->type = schema_read_type(reader, pg_tree_get(definition, "typeName"));
    }
    if (pg_tree_is(command, "subtype", "AT_DropColumn")) {
        /* Other lists hold indexes: the column stays in place, without a name that anything can match. */
        column->name = STR("");
        column->not_null = false;
        column->generated = true;
    }
}

void schema_alter_table(struct schema_reader *reader, const cJSON *statement) {
    struct schema_table *table = find_relation(reader, pg_tree_get(statement, "relation"));
    const cJSON *item;
    if (table == NULL) return;
    cJSON_ArrayForEach(item, pg_tree_get(statement, "cmds")) {
        const cJSON *command = pg_tree_get(item, "AlterTableCmd"), *def = pg_tree_get(command, "def");
        if (pg_tree_is(command, "subtype", "AT_AddColumn"))
            add_column(reader, table, pg_tree_get(def, "ColumnDef"));
        else if (pg_tree_is(command, "subtype", "AT_AddConstraint"))
            read_constraint(reader, table, pg_tree_get(def, "Constraint"), -1);
        else if (pg_tree_is(command, "subtype", "AT_EnableRowSecurity"))
            table->rls_enabled = true;
        else if (pg_tree_is(command, "subtype", "AT_ForceRowSecurity"))
            table->rls_forced = true;
        else if (pg_tree_is(command, "subtype", "AT_DisableRowSecurity"))
            table->rls_enabled = false;
        else
            alter_column(reader, table, command);
    }
}

void schema_add_policy(struct schema_reader *reader, const cJSON *statement) {
    const cJSON *relation = pg_tree_get(statement, "table");
    struct schema_table *table = find_relation(reader, relation);
    if (table)
        VEC_PUSH(reader->arena, &table->policies, schema_span(reader, pg_tree_int(relation, "location")));
}

void schema_add_trigger(struct schema_reader *reader, const cJSON *statement) {
    const cJSON *relation = pg_tree_get(statement, "relation");
    struct schema_table *table = find_relation(reader, relation);
    if (table)
        VEC_PUSH(reader->arena, &table->triggers, schema_span(reader, pg_tree_int(relation, "location")));
}

void schema_add_index(struct schema_reader *reader, const cJSON *statement) {
    struct schema_table *table = find_relation(reader, pg_tree_get(statement, "relation"));
    if (table == NULL) return;
    struct schema_key key = {
        .name = arena_copy_str(reader->arena, str_cstr(pg_tree_text(statement, "idxname"))),
        .partial = pg_tree_get(statement, "whereClause") != NULL,
        .span = schema_span(reader, pg_tree_int(pg_tree_get(statement, "relation"), "location")),
    };
    const cJSON *item;
    cJSON_ArrayForEach(item, pg_tree_get(statement, "indexParams")) {
        const char *name = pg_tree_text(pg_tree_get(item, "IndexElem"), "name");
        int column = schema_find_column(table, str_cstr(name));
        if (*name == '\0' || column < 0)
            key.partial = true;
        else
            VEC_PUSH(reader->arena, &key.columns, (uint32_t)column);
    }
    if (pg_tree_flag(statement, "unique"))
        add_key(reader, table, key);
    else
        VEC_PUSH(reader->arena, &table->indexes, key);
}

void schema_resolve_fks(struct schema_reader *reader) {
    for (uint32_t t = 0; t < reader->schema->tables.count; t++) {
        struct schema_table *table = reader->schema->tables.items[t];
        for (uint32_t f = 0; f < table->fks.count; f++) {
            struct schema_fk *fk = &table->fks.items[f];
            const struct schema_table *to = schema_find_table(reader->schema, fk->ref_schema, fk->ref_table);
            if (fk->ref_columns.count || to == NULL || to->keys.count == 0 || !to->keys.items[0].primary)
                continue;
            for (uint32_t i = 0; i < to->keys.items[0].columns.count; i++) {
                struct str name = to->columns.items[to->keys.items[0].columns.items[i]].name;
                VEC_PUSH(reader->arena, &fk->ref_columns, name);
            }
        }
    }
}

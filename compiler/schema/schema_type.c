/* Postgres' types as mig sees them: built-in types by one table, enums, domains. */
#include "compiler/schema/pg_tree.h"

#include "runtime/base/buf.h"

/* pg_catalog name, mig's type, wire, the name Postgres prints. */
static const struct {
    const char *name;
    enum type_kind kind;
    enum plan_wire wire;
    const char *printed;
} BUILT_IN[] = {
    {"bool", TYPE_BOOL, WIRE_BOOL, "boolean"},
    {"boolean", TYPE_BOOL, WIRE_BOOL, "boolean"},
    {"int2", TYPE_INT, WIRE_INT2, "smallint"},
    {"smallserial", TYPE_INT, WIRE_INT2, "smallint"},
    {"serial2", TYPE_INT, WIRE_INT2, "smallint"},
    {"int4", TYPE_INT, WIRE_INT4, "integer"},
    {"serial", TYPE_INT, WIRE_INT4, "integer"},
    {"serial4", TYPE_INT, WIRE_INT4, "integer"},
    {"int8", TYPE_INT, WIRE_INT8, "bigint"},
    {"bigserial", TYPE_INT, WIRE_INT8, "bigint"},
    {"serial8", TYPE_INT, WIRE_INT8, "bigint"},
    {"numeric", TYPE_DECIMAL, WIRE_NUMERIC, "numeric"},
    {"decimal", TYPE_DECIMAL, WIRE_NUMERIC, "numeric"},
    {"float4", TYPE_FLOAT, WIRE_FLOAT4, "real"},
    {"float8", TYPE_FLOAT, WIRE_FLOAT8, "double precision"},
    {"text", TYPE_TEXT, WIRE_TEXT, "text"},
    {"varchar", TYPE_TEXT, WIRE_TEXT, "character varying"},
    {"bpchar", TYPE_TEXT, WIRE_TEXT, "character"},
    {"name", TYPE_TEXT, WIRE_TEXT, "name"},
    {"citext", TYPE_TEXT, WIRE_TEXT_FORM, "citext"},
    {"inet", TYPE_TEXT, WIRE_TEXT_FORM, "inet"},
    {"cidr", TYPE_TEXT, WIRE_TEXT_FORM, "cidr"},
    {"macaddr", TYPE_TEXT, WIRE_TEXT_FORM, "macaddr"},
    {"xml", TYPE_TEXT, WIRE_TEXT_FORM, "xml"},
    {"money", TYPE_TEXT, WIRE_TEXT_FORM, "money"},
    {"tsvector", TYPE_TEXT, WIRE_TEXT_FORM, "tsvector"},
    {"bytea", TYPE_BYTES, WIRE_BYTEA, "bytea"},
    {"date", TYPE_DATE, WIRE_DATE, "date"},
    {"time", TYPE_TIME, WIRE_TIME, "time without time zone"},
    {"timestamp", TYPE_TIMESTAMP, WIRE_TIMESTAMP, "timestamp without time zone"},
    {"timestamptz", TYPE_TIMESTAMPTZ, WIRE_TIMESTAMPTZ, "timestamp with time zone"},
    {"interval", TYPE_INTERVAL, WIRE_INTERVAL, "interval"},
    {"uuid", TYPE_UUID, WIRE_UUID, "uuid"},
    {"json", TYPE_JSON, WIRE_JSON, "json"},
    {"jsonb", TYPE_JSON, WIRE_JSONB, "jsonb"},
};

/* The schema and name of a list of one or two String nodes. */
static void schema_read_name(struct arena *arena, const cJSON *names, struct str *schema_name,
                             struct str *name) {
    *schema_name = STR("public");
    *name = STR("");
    int count = cJSON_GetArraySize(names);
    if (count > 0)
        *name = arena_copy_str(arena, str_cstr(pg_tree_string(cJSON_GetArrayItem(names, count - 1))));
    if (count > 1)
        *schema_name = arena_copy_str(arena, str_cstr(pg_tree_string(cJSON_GetArrayItem(names, count - 2))));
}

static int read_typmod(const cJSON *type_name, int index, int absent) {
    const cJSON *item = cJSON_GetArrayItem(pg_tree_get(type_name, "typmods"), index);
    const cJSON *constant = pg_tree_get(item, "A_Const");
    if (constant == NULL || pg_tree_get(constant, "ival") == NULL) return absent;
    return pg_tree_int(pg_tree_get(constant, "ival"), "ival");
}

static void apply_typmods(struct schema_reader *reader, struct schema_type *type, const char *base,
                          const cJSON *type_name) {
    int first = read_typmod(type_name, 0, -1), second = read_typmod(type_name, 1, 0);
    if (strcmp(base, "bpchar") == 0) type->length = first < 0 ? 1 : first;
    if (strcmp(base, "varchar") == 0 && first > 0) type->length = first;
    if (strcmp(base, "numeric") == 0 && first > 0) {
        type->precision = first;
        type->scale = second;
        type->name = arena_printf(reader->arena, "numeric(%d,%d)", first, second);
    } else if (type->length) {
        type->name = arena_printf(reader->arena, "%.*s(%d)", STR_ARG(type->name), type->length);
    }
}

static bool find_built_in(struct schema_reader *reader, const char *base, const cJSON *type_name,
                          struct schema_type *type) {
    for (size_t i = 0; i < sizeof BUILT_IN / sizeof *BUILT_IN; i++) {
        if (strcmp(BUILT_IN[i].name, base)) continue;
        type->kind = BUILT_IN[i].kind;
        type->wire = (uint8_t)BUILT_IN[i].wire;
        type->name = str_cstr(BUILT_IN[i].printed);
        apply_typmods(reader, type, base, type_name);
        return true;
    }
    return false;
}

static bool find_domain(struct schema_reader *reader, struct str schema_name, struct str name, bool qualified,
                        struct schema_type *type) {
    for (uint32_t i = 0; i < reader->schema->domains.count; i++) {
        const struct schema_domain *domain = reader->schema->domains.items[i];
        if (!str_eq(domain->name, name) || (qualified && !str_eq(domain->schema, schema_name))) continue;
        *type = *domain->base;
        type->domain = domain;
        return true;
    }
    return false;
}

struct schema_type schema_read_type(struct schema_reader *reader, const cJSON *type_name) {
    struct schema_type type = {0};
    const cJSON *names = pg_tree_get(type_name, "names");
    struct str schema_name, name;
    schema_read_name(reader->arena, names, &schema_name, &name);
    bool qualified = cJSON_GetArraySize(names) > 1, catalog = str_is(schema_name, "pg_catalog");
    const struct schema_enum *e =
        catalog ? NULL : schema_find_enum(reader->schema, qualified ? schema_name : STR(""), name);
    if (e) {
        type.kind = TYPE_ENUM;
        type.wire = WIRE_ENUM;
        type.enumeration = e;
        type.name = str_is(e->schema, "public")
                        ? e->name
                        : arena_printf(reader->arena, "%.*s.%.*s", STR_ARG(e->schema), STR_ARG(e->name));
    } else if (!(!catalog && find_domain(reader, schema_name, name, qualified, &type)) &&
               !((catalog || !qualified) && find_built_in(reader, name.ptr, type_name, &type))) {
        type.name = qualified && !catalog
                        ? arena_printf(reader->arena, "%.*s.%.*s", STR_ARG(schema_name), STR_ARG(name))
                        : name;
        type.wire = WIRE_TEXT_FORM;
    }
    if (pg_tree_get(type_name, "arrayBounds")) {
        type.element = type.kind;
        type.kind = type.kind == TYPE_NONE ? TYPE_NONE : TYPE_ARRAY;
        type.name = arena_printf(reader->arena, "%.*s[]", STR_ARG(type.name));
        if (type.wire == WIRE_TEXT_FORM) type.kind = TYPE_NONE;
    }
    return type;
}

void schema_add_enum(struct schema_reader *reader, const cJSON *statement) {
    struct schema_enum *e = ARENA_NEW(reader->arena, struct schema_enum);
    schema_read_name(reader->arena, pg_tree_get(statement, "typeName"), &e->schema, &e->name);
    const cJSON *label;
    cJSON_ArrayForEach(label, pg_tree_get(statement, "vals"))
        VEC_PUSH(reader->arena, &e->labels, arena_copy_str(reader->arena, str_cstr(pg_tree_string(label))));
    VEC_PUSH(reader->arena, &reader->schema->enums, e);
}

void schema_alter_enum(struct schema_reader *reader, const cJSON *statement) {
    struct str schema_name, name;
    schema_read_name(reader->arena, pg_tree_get(statement, "typeName"), &schema_name, &name);
    struct schema_enum *e = (struct schema_enum *)schema_find_enum(reader->schema, schema_name, name);
    struct str added = arena_copy_str(reader->arena, str_cstr(pg_tree_text(statement, "newVal")));
    struct str beside = str_cstr(pg_tree_text(statement, "newValNeighbor"));
    struct str renamed = str_cstr(pg_tree_text(statement, "oldVal"));
    if (e == NULL || added.len == 0) return;
    uint32_t at = e->labels.count;
    for (uint32_t i = 0; i < e->labels.count; i++) {
        if (renamed.len && str_eq(e->labels.items[i], renamed)) {
            e->labels.items[i] = added;
            return;
        }
        if (str_eq(e->labels.items[i], added)) return;
        if (beside.len && str_eq(e->labels.items[i], beside))
            at = i + pg_tree_flag(statement, "newValIsAfter");
    }
    VEC_PUSH(reader->arena, &e->labels, added);
    for (uint32_t i = e->labels.count - 1; i > at; i--)
        e->labels.items[i] = e->labels.items[i - 1];
    e->labels.items[at] = added;
}

void schema_add_domain(struct schema_reader *reader, const cJSON *statement) {
    struct schema_domain *domain = ARENA_NEW(reader->arena, struct schema_domain);
    schema_read_name(reader->arena, pg_tree_get(statement, "domainname"), &domain->schema, &domain->name);
    domain->base = ARENA_NEW(reader->arena, struct schema_type);
    *domain->base = schema_read_type(reader, pg_tree_get(statement, "typeName"));
    const cJSON *item;
    cJSON_ArrayForEach(item, pg_tree_get(statement, "constraints")) {
        const cJSON *constraint = pg_tree_get(item, "Constraint");
        domain->not_null |= pg_tree_is(constraint, "contype", "CONSTR_NOTNULL");
        domain->has_check |= pg_tree_is(constraint, "contype", "CONSTR_CHECK");
    }
    VEC_PUSH(reader->arena, &reader->schema->domains, domain);
}

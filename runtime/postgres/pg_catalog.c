/* The live catalog against the plan: one query for columns, one for enums, one for keys, one for rights. */
#include "runtime/postgres/pg_catalog.h"
#include "runtime/postgres/pg_encode.h"
#include "runtime/postgres/pg_internal.h"

enum { NEED_SELECT = 1, NEED_INSERT = 2, NEED_UPDATE = 4 };

/* What the plan does with a table of the target. */
struct table_use {
    uint8_t needs; /* NEED_ bits; 0: not used */
    bool staged;   /* through a temporary table */
    bool *written; /* by column */
    bool *read;
};

struct catalog_check {
    struct pg_connection *connection;
    const struct plan *plan;
    struct diag_list *diags;
    struct arena arena;
    struct table_use *uses; /* by target table */
};

/* -- what the plan uses */

static void use_columns(bool *flags, const uint32_t *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        flags[columns[i]] = true;
}

/* Other maps ask for columns of this one's rows that only the server knows. */
static bool reads_stored(const struct plan *plan, const struct plan_map *map) {
    if (map->crosswalk == 0) return false;
    const struct plan_keyed_table *crosswalk = &plan->tables[map->crosswalk - 1];
    return pg_map_needs_returning(plan, map, crosswalk->target_columns, plan_stored_columns(crosswalk));
}

static void find_uses(struct catalog_check *k) {
    const struct plan *plan = k->plan;
    k->uses = ARENA_ARRAY(&k->arena, struct table_use, plan->target.tables_count);
    for (uint32_t t = 0; t < plan->target.tables_count; t++) {
        k->uses[t].written = ARENA_ARRAY(&k->arena, bool, plan->target.tables[t].columns_count);
        k->uses[t].read = ARENA_ARRAY(&k->arena, bool, plan->target.tables[t].columns_count);
    }
    for (uint32_t m = 0; m < plan->maps_count; m++) {
        const struct plan_map *map = &plan->maps[m];
        if (map->target_table == 0) continue;
        struct table_use *use = &k->uses[map->target_table - 1];
        use->needs |= NEED_INSERT;
        if (map->conflict != CONFLICT_NONE || reads_stored(plan, map)) use->needs |= NEED_SELECT;
        if (map->conflict == CONFLICT_UPDATE) use->needs |= NEED_UPDATE;
        use->staged = use->staged || map->conflict != CONFLICT_NONE;
        use_columns(use->written, map->columns, map->columns_count);
    }
    for (uint32_t i = 0; i < plan->tables_count; i++) {
        const struct plan_keyed_table *table = &plan->tables[i];
        if (table->kind != KEYED_TARGET) continue;
        k->uses[table->source].needs |= NEED_SELECT;
        use_columns(k->uses[table->source].read, table->target_columns, table->target_columns_count);
    }
    if (plan->audit.target_table) {
        struct table_use *use = &k->uses[plan->audit.target_table - 1];
        use->needs |= NEED_INSERT;
        use_columns(use->written, plan->audit.columns, plan->audit.columns_count);
    }
}

static struct str schema_of(const struct plan_target_table *table) {
    return table->schema.len ? table->schema : STR("public");
}

static struct str table_name(struct catalog_check *k, const struct plan_target_table *table) {
    struct str schema = schema_of(table);
    return arena_printf(&k->arena, "%.*s.%.*s", STR_ARG(schema), STR_ARG(table->name));
}

/* ('schema', 'table', index) rows for the tables in use; false when there are none. */
static bool append_table_values(struct catalog_check *k, struct buf *sql) {
    bool any = false;
    for (uint32_t t = 0; t < k->plan->target.tables_count; t++) {
        if (k->uses[t].needs == 0) continue;
        buf_append_cstr(sql, any ? ", (" : "(VALUES (");
        pg_append_literal(sql, schema_of(&k->plan->target.tables[t]));
        buf_append_cstr(sql, ", ");
        pg_append_literal(sql, k->plan->target.tables[t].name);
        buf_printf(sql, ", %u)", t);
        any = true;
    }
    if (any) buf_append_cstr(sql, ") w(schema, name, i)");
    return any;
}

static struct pg_result *query_tables(struct catalog_check *k, const char *before, const char *after) {
    struct buf sql = {0};
    struct pg_result *r = NULL;
    buf_append_cstr(&sql, before);
    if (append_table_values(k, &sql)) {
        buf_append_cstr(&sql, after);
        r = pg_query(k->connection, sql.ptr, NULL, 0, k->diags);
    }
    buf_release(&sql);
    return r;
}

static bool uses_any(const struct catalog_check *k) {
    for (uint32_t t = 0; t < k->plan->target.tables_count; t++)
        if (k->uses[t].needs) return true;
    return false;
}

static struct diag *differ(struct catalog_check *k, enum diag_code code, uint32_t table, const char *format,
                           ...) __attribute__((format(printf, 4, 5)));
static struct diag *differ(struct catalog_check *k, enum diag_code code, uint32_t table, const char *format,
                           ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    struct diag *d = diag_report(k->diags, code, pg_no_span(), "%.*s", STR_ARG(buf_str(&text)));
    struct str name = table_name(k, &k->plan->target.tables[table]);
    diag_place(k->diags, d, "%.*s", STR_ARG(name));
    buf_release(&text);
    return d;
}

/* -- columns */

/* Postgres names a type with its schema when that is not in the search path; the plan may or may not. */
static bool same_type(struct str plan, struct str live) {
    if (str_eq(plan, live)) return true;
    const char *dot = live.len ? memchr(live.ptr, '.', live.len) : NULL;
    bool plan_qualified = plan.len && memchr(plan.ptr, '.', plan.len);
    if (dot == NULL && plan_qualified) return same_type(live, plan);
    if (dot == NULL || plan_qualified) return false;
    return str_eq(plan, str_from(dot + 1, live.len - (size_t)(dot + 1 - live.ptr)));
}

static struct str unquoted(struct arena *arena, struct str s) {
    char *out = arena_alloc(arena, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != '"') out[n++] = s.ptr[i];
    return str_from(out, n);
}

static void compare_column(struct catalog_check *k, uint32_t t, uint32_t c, const struct pg_result *r,
                           uint32_t row) {
    const struct plan_target_column *column = &k->plan->target.tables[t].columns[c];
    const struct table_use *use = &k->uses[t];
    bool used = use->written[c] || use->read[c], written = use->written[c];
    struct str live_type = pg_result_text(r, row, 2);
    bool not_null = pg_result_bool(r, row, 3), has_default = pg_result_bool(r, row, 4);
    bool generated = pg_result_bool(r, row, 5);
    if (!same_type(unquoted(&k->arena, column->pg_type), unquoted(&k->arena, live_type)))
        differ(k, used ? X_PG_DRIFT : X_PG_DRIFT_MINOR, t, "column `%.*s` is %.*s, the plan expects %.*s",
               STR_ARG(column->name), STR_ARG(live_type), STR_ARG(column->pg_type));
    if (generated && !column->generated)
        differ(k, written ? X_PG_DRIFT : X_PG_DRIFT_MINOR, t, "column `%.*s` is generated by the server now",
               STR_ARG(column->name));
    if (not_null && !column->not_null && !generated) {
        bool breaks = written || (!has_default && (use->needs & NEED_INSERT));
        differ(k, breaks ? X_PG_DRIFT : X_PG_DRIFT_MINOR, t, "column `%.*s` is NOT NULL now",
               STR_ARG(column->name));
    }
    if (!not_null && column->not_null)
        differ(k, use->read[c] ? X_PG_DRIFT : X_PG_DRIFT_MINOR, t,
               "column `%.*s` may be null, the plan expects NOT NULL", STR_ARG(column->name));
    if (column->has_default && !has_default && !written && not_null && (use->needs & NEED_INSERT))
        differ(k, X_PG_DRIFT, t, "column `%.*s` has no default any more, and the plan does not write it",
               STR_ARG(column->name));
}

static void compare_unknown_column(struct catalog_check *k, uint32_t t, const struct pg_result *r,
                                   uint32_t row) {
    struct str name = pg_result_text(r, row, 1);
    bool required = pg_result_bool(r, row, 3) && !pg_result_bool(r, row, 4) && !pg_result_bool(r, row, 5);
    bool breaks = required && (k->uses[t].needs & NEED_INSERT);
    struct str type = pg_result_text(r, row, 2);
    if (breaks)
        differ(k, X_PG_DRIFT, t,
               "column `%.*s` (%.*s) is new and needs a value, which the plan does not give", STR_ARG(name),
               STR_ARG(type));
    else
        differ(k, X_PG_DRIFT_MINOR, t, "column `%.*s` (%.*s) is new", STR_ARG(name), STR_ARG(type));
}

static int32_t find_column(const struct plan_target_table *table, struct str name) {
    for (uint32_t c = 0; c < table->columns_count; c++)
        if (str_eq(table->columns[c].name, name)) return (int32_t)c;
    return -1;
}

static void report_missing(struct catalog_check *k, uint32_t t, const bool *seen, bool table_exists,
                           const struct str *live, uint32_t live_count) {
    const struct plan_target_table *table = &k->plan->target.tables[t];
    if (!table_exists) {
        struct diag *d = differ(k, X_PG_DRIFT, t, "there is no such table in %.*s",
                                STR_ARG(pg_connection_name(k->connection)));
        diag_help(k->diags, d,
                  "Create the target's schema first (psql -f its DDL), or point the environment at the right "
                  "database.");
        return;
    }
    for (uint32_t c = 0; c < table->columns_count; c++) {
        if (seen[c]) continue;
        bool used = k->uses[t].written[c] || k->uses[t].read[c];
        struct diag *d = differ(k, used ? X_PG_DRIFT : X_PG_DRIFT_MINOR, t, "column `%.*s` is missing",
                                STR_ARG(table->columns[c].name));
        struct str near = diag_closest_name(table->columns[c].name, live, live_count);
        if (near.len) diag_help(k->diags, d, "Did you mean `%.*s`, which is there?", STR_ARG(near));
    }
}

/* Rows of the result that belong to table t, from *row on. */
static void compare_table(struct catalog_check *k, uint32_t t, const struct pg_result *r, uint32_t *row) {
    const struct plan_target_table *table = &k->plan->target.tables[t];
    bool *seen = ARENA_ARRAY(&k->arena, bool, table->columns_count), exists = false;
    struct str *live = ARENA_ARRAY(&k->arena, struct str, pg_result_rows(r));
    uint32_t live_count = 0;
    for (; *row < pg_result_rows(r) && pg_result_int(r, *row, 0) == t; ++*row) {
        exists = exists || pg_result_bool(r, *row, 6);
        if (pg_result_is_null(r, *row, 1)) continue;
        int32_t c = find_column(table, pg_result_text(r, *row, 1));
        live[live_count++] = pg_result_text(r, *row, 1);
        if (c < 0)
            compare_unknown_column(k, t, r, *row);
        else {
            seen[c] = true;
            compare_column(k, t, (uint32_t)c, r, *row);
        }
    }
    report_missing(k, t, seen, exists, live, live_count);
}

static bool compare_columns(struct catalog_check *k) {
    struct pg_result *r = query_tables(
        k,
        "SELECT w.i, a.attname, base.type, a.attnotnull OR base.not_null,"
        " a.atthasdef OR a.attidentity <> '', a.attgenerated <> '', c.oid IS NOT NULL FROM ",
        " LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        "  AND c.relkind IN ('r', 'p', 'v', 'f')) ON n.nspname = w.schema AND c.relname = w.name"
        " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        /* What a domain is made of, as the plan has it. */
        " LEFT JOIN LATERAL (WITH RECURSIVE d (type, mod, not_null) AS ("
        "   SELECT a.atttypid, a.atttypmod, false UNION ALL"
        "   SELECT t.typbasetype, t.typtypmod, d.not_null OR t.typnotnull"
        "   FROM d JOIN pg_catalog.pg_type t ON t.oid = d.type AND t.typtype = 'd')"
        "  SELECT pg_catalog.format_type(d.type, d.mod) AS type, d.not_null"
        "  FROM d JOIN pg_catalog.pg_type t ON t.oid = d.type AND t.typtype <> 'd') base ON true"
        " ORDER BY w.i, a.attnum");
    if (r == NULL) return false;
    uint32_t row = 0;
    while (row < pg_result_rows(r))
        compare_table(k, (uint32_t)pg_result_int(r, row, 0), r, &row);
    pg_result_free(r);
    return true;
}

/* -- enums */

static bool enum_is_used(const struct catalog_check *k, uint32_t e) {
    for (uint32_t t = 0; t < k->plan->target.tables_count; t++)
        for (uint32_t c = 0; c < k->plan->target.tables[t].columns_count; c++) {
            const struct plan_type *type = &k->plan->target.tables[t].columns[c].type;
            bool is = type->kind == TYPE_ENUM || (type->kind == TYPE_ARRAY && type->element == TYPE_ENUM);
            if (is && type->ref == e && (k->uses[t].written[c] || k->uses[t].read[c])) return true;
        }
    return false;
}

static bool has_label(const struct plan_enum *e, struct str label) {
    for (uint32_t i = 0; i < e->labels_count; i++)
        if (str_eq(e->labels[i].text, label)) return true;
    return false;
}

static void compare_enum(struct catalog_check *k, const struct plan_enum *e, const struct pg_result *r) {
    struct str schema = e->schema.len ? e->schema : STR("public");
    bool *seen = ARENA_ARRAY(&k->arena, bool, e->labels_count), exists = false;
    for (uint32_t row = 0; row < pg_result_rows(r); row++) {
        if (!str_eq(pg_result_text(r, row, 0), schema) || !str_eq(pg_result_text(r, row, 1), e->name))
            continue;
        exists = true;
        struct str label = pg_result_text(r, row, 2);
        for (uint32_t i = 0; i < e->labels_count; i++)
            seen[i] = seen[i] || str_eq(e->labels[i].text, label);
        if (!has_label(e, label))
            diag_report(k->diags, X_PG_DRIFT_MINOR, pg_no_span(), "enum %.*s.%.*s has a new label `%.*s`",
                        STR_ARG(schema), STR_ARG(e->name), STR_ARG(label));
    }
    if (!exists) {
        diag_report(k->diags, X_PG_DRIFT, pg_no_span(), "there is no enum type %.*s.%.*s", STR_ARG(schema),
                    STR_ARG(e->name));
        return;
    }
    for (uint32_t i = 0; i < e->labels_count; i++)
        if (!seen[i])
            diag_report(k->diags, X_PG_DRIFT, pg_no_span(), "enum %.*s.%.*s lacks the label `%.*s`",
                        STR_ARG(schema), STR_ARG(e->name), STR_ARG(e->labels[i].text));
}

static bool compare_enums(struct catalog_check *k) {
    bool any = false;
    for (uint32_t e = 0; e < k->plan->enums_count; e++)
        any = any || enum_is_used(k, e);
    if (!any) return true;
    struct pg_result *r = pg_query(k->connection,
                                   "SELECT n.nspname, t.typname, e.enumlabel FROM pg_catalog.pg_enum e"
                                   " JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid"
                                   " JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace ORDER BY 1, 2,"
                                   " e.enumsortorder",
                                   NULL, 0, k->diags);
    if (r == NULL) return false;
    for (uint32_t e = 0; e < k->plan->enums_count; e++)
        if (enum_is_used(k, e)) compare_enum(k, &k->plan->enums[e], r);
    pg_result_free(r);
    return true;
}

/* -- keys */

/* Names of the columns, sorted as the query below sorts them, joined by a character that no name holds. */
static struct str key_text(struct catalog_check *k, const struct plan_target_table *table,
                           const uint32_t *columns, uint32_t count) {
    struct str *names = ARENA_ARRAY(&k->arena, struct str, count);
    for (uint32_t i = 0; i < count; i++)
        names[i] = table->columns[columns[i]].name;
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0 && str_compare(names[j - 1], names[j]) > 0; j--) {
            struct str swap = names[j];
            names[j] = names[j - 1];
            names[j - 1] = swap;
        }
    struct buf out = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_append_char(&out, '\x1f');
        buf_append_str(&out, names[i]);
    }
    struct str text = arena_copy_str(&k->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static bool live_key_exists(const struct pg_result *r, uint32_t table, struct str columns) {
    for (uint32_t row = 0; row < pg_result_rows(r); row++)
        if (pg_result_int(r, row, 0) == table && str_eq(pg_result_text(r, row, 1), columns)) return true;
    return false;
}

static bool table_exists(const struct pg_result *r, uint32_t table) {
    for (uint32_t row = 0; row < pg_result_rows(r); row++)
        if (pg_result_int(r, row, 0) == table) return true;
    return false;
}

static void compare_table_keys(struct catalog_check *k, uint32_t t, const struct pg_result *r) {
    const struct plan_target_table *table = &k->plan->target.tables[t];
    for (uint32_t i = 0; i < table->keys_count; i++) {
        struct str columns = key_text(k, table, table->keys[i].columns, table->keys[i].columns_count);
        if (live_key_exists(r, t, columns)) continue;
        differ(k, X_PG_DRIFT_MINOR, t, "%s `%.*s` is missing",
               table->keys[i].primary ? "primary key" : "unique key", STR_ARG(table->keys[i].name));
    }
}

static bool compare_keys(struct catalog_check *k) {
    struct pg_result *r = query_tables(
        k,
        "SELECT w.i, (SELECT pg_catalog.string_agg(a.attname, chr(31) ORDER BY a.attname COLLATE \"C\")"
        "  FROM pg_catalog.pg_attribute a WHERE a.attrelid = x.indrelid"
        "  AND a.attnum = ANY ((x.indkey::smallint[])[0:x.indnkeyatts - 1])) FROM ",
        " JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema"
        " JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name"
        " LEFT JOIN pg_catalog.pg_index x ON x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND "
        "x.indimmediate"
        "  AND x.indpred IS NULL AND x.indexprs IS NULL ORDER BY 1, 2");
    if (r == NULL) return false;
    for (uint32_t t = 0; t < k->plan->target.tables_count; t++)
        if (k->uses[t].needs && table_exists(r, t)) compare_table_keys(k, t, r);
    for (uint32_t m = 0; m < k->plan->maps_count; m++) {
        const struct plan_map *map = &k->plan->maps[m];
        if (map->target_table == 0 || map->conflict == CONFLICT_NONE || map->conflict_columns_count == 0)
            continue;
        uint32_t t = map->target_table - 1;
        struct str columns =
            key_text(k, &k->plan->target.tables[t], map->conflict_columns, map->conflict_columns_count);
        if (!table_exists(r, t) || live_key_exists(r, t, columns)) continue;
        struct diag *d =
            differ(k, X_PG_DRIFT, t, "map `%.*s`: no unique index holds the columns of its `on conflict`",
                   STR_ARG(map->name));
        diag_help(k->diags, d,
                  "Create a unique index over exactly these columns (not partial, not deferrable).");
    }
    pg_result_free(r);
    return true;
}

bool pg_catalog_compare(struct pg_connection *connection, const struct plan *plan, struct diag_list *diags) {
    struct catalog_check k = {.connection = connection, .plan = plan, .diags = diags};
    uint32_t before = diags->error_count;
    find_uses(&k);
    bool ok = true;
    if (uses_any(&k)) {
        /* With an empty path every type outside pg_catalog is named with its schema. */
        ok = pg_begin(connection, diags) &&
             pg_exec(connection, "SET LOCAL search_path = pg_catalog", diags) && compare_columns(&k) &&
             compare_enums(&k) && compare_keys(&k);
        pg_rollback(connection);
    }
    arena_release(&k.arena);
    return ok && diags->error_count == before;
}

/* -- rights */

static void append_rights(struct buf *out, uint8_t rights) {
    static const char *const NAMES[] = {"SELECT", "INSERT", "UPDATE"};
    bool any = false;
    for (int i = 0; i < 3; i++)
        if (rights & 1 << i) {
            buf_append_cstr(out, any ? ", " : "");
            buf_append_cstr(out, NAMES[i]);
            any = true;
        }
}

static void check_table_rights(struct catalog_check *k, const struct pg_result *r, uint32_t row) {
    uint32_t t = (uint32_t)pg_result_int(r, row, 0);
    const struct table_use *use = &k->uses[t];
    struct str role = pg_result_text(r, row, 7), name = pg_result_text(r, row, 8),
               schema = pg_result_text(r, row, 9);
    if (!pg_result_bool(r, row, 1)) {
        struct diag *d = diag_report(k->diags, X_PG_PERMISSION, pg_no_span(),
                                     "role %.*s may not use schema %.*s", STR_ARG(role), STR_ARG(schema));
        diag_help(k->diags, d, "GRANT USAGE ON SCHEMA %.*s TO %.*s;", STR_ARG(schema), STR_ARG(role));
        return;
    }
    uint8_t missing = 0;
    for (int i = 0; i < 3; i++)
        if ((use->needs & 1 << i) && !pg_result_bool(r, row, (uint32_t)(2 + i))) missing |= (uint8_t)(1 << i);
    if (missing) {
        struct buf rights = {0};
        append_rights(&rights, missing);
        struct diag *d =
            diag_report(k->diags, X_PG_PERMISSION, pg_no_span(), "role %.*s lacks %s on table %.*s",
                        STR_ARG(role), rights.ptr, STR_ARG(name));
        diag_help(k->diags, d, "GRANT %s ON %.*s TO %.*s;", rights.ptr, STR_ARG(name), STR_ARG(role));
        buf_release(&rights);
    }
    if (pg_result_bool(r, row, 5)) {
        struct diag *d = diag_report(
            k->diags, X_PG_RLS, pg_no_span(), "row level security of table %.*s applies to role %.*s%s",
            STR_ARG(name), STR_ARG(role), pg_result_bool(r, row, 6) ? " (FORCE ROW LEVEL SECURITY)" : "");
        diag_help(k->diags, d,
                  "A load under policies is refused, or misses rows in silence. Use a role with BYPASSRLS: "
                  "ALTER ROLE %.*s BYPASSRLS; or load as the owner, without FORCE.",
                  STR_ARG(role));
    }
}

static void check_temporary(struct catalog_check *k) {
    bool staged = false;
    for (uint32_t t = 0; t < k->plan->target.tables_count; t++)
        staged = staged || k->uses[t].staged;
    if (!staged) return;
    struct pg_result *r = pg_query(
        k->connection,
        "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY'),"
        " pg_catalog.quote_ident(current_user), pg_catalog.quote_ident(pg_catalog.current_database())",
        NULL, 0, k->diags);
    if (r && !pg_result_bool(r, 0, 0)) {
        struct str role = pg_result_text(r, 0, 1), database = pg_result_text(r, 0, 2);
        struct diag *d =
            diag_report(k->diags, X_PG_PERMISSION, pg_no_span(),
                        "role %.*s may not make temporary tables, which `on conflict` needs", STR_ARG(role));
        diag_help(k->diags, d, "GRANT TEMPORARY ON DATABASE %.*s TO %.*s;", STR_ARG(database), STR_ARG(role));
    }
    pg_result_free(r);
}

bool pg_catalog_check_privileges(struct pg_connection *connection, const struct plan *plan,
                                 struct diag_list *diags) {
    struct catalog_check k = {.connection = connection, .plan = plan, .diags = diags};
    uint32_t before = diags->error_count;
    find_uses(&k);
    bool ok = true;
    if (uses_any(&k)) {
        struct pg_result *r =
            query_tables(&k,
                         "SELECT w.i, pg_catalog.has_schema_privilege(n.oid, 'USAGE'),"
                         " pg_catalog.has_table_privilege(c.oid, 'SELECT') OR "
                         "pg_catalog.has_any_column_privilege(c.oid, 'SELECT'),"
                         " pg_catalog.has_table_privilege(c.oid, 'INSERT') OR "
                         "pg_catalog.has_any_column_privilege(c.oid, 'INSERT'),"
                         " pg_catalog.has_table_privilege(c.oid, 'UPDATE') OR "
                         "pg_catalog.has_any_column_privilege(c.oid, 'UPDATE'),"
                         " c.relrowsecurity AND NOT u.rolsuper AND NOT u.rolbypassrls"
                         "  AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')),"
                         " c.relforcerowsecurity, pg_catalog.quote_ident(current_user),"
                         " pg_catalog.quote_ident(w.schema) || '.' || pg_catalog.quote_ident(w.name),"
                         " pg_catalog.quote_ident(w.schema) FROM ",
                         " JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema"
                         " JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name"
                         " JOIN pg_catalog.pg_roles u ON u.rolname = current_user ORDER BY w.i");
        ok = r != NULL;
        for (uint32_t row = 0; r && row < pg_result_rows(r); row++)
            check_table_rights(&k, r, row);
        pg_result_free(r);
        check_temporary(&k);
    }
    arena_release(&k.arena);
    return ok && diags->error_count == before;
}

/* Which rows break a constraint: asked of the server in one query, instead of halving a batch until each of
 * them is alone. The rows go into a temporary table, in a transaction that is rolled back; there the
 * constraint's own definition finds them. Only CHECK and foreign keys can be asked, and only where no trigger
 * changes rows before they are checked; for anything else the answer is that nothing is known. */
#include "runtime/postgres/pg_loader_internal.h"

#define PROBE_NAME  "mig: probe"
#define PROBE_TABLE "pg_temp.\"" PROBE_NAME "\""

/* $1 table, $2 constraint, $3 columns that the map writes, $4 those that are written whether or not the row
 * is there already. */
static const char FIND_CONSTRAINT[] =
    "SELECT CASE c.contype WHEN 'c' THEN format('(%s) IS FALSE', pg_get_expr(c.conbin, c.conrelid))"
    " ELSE format('%s AND NOT EXISTS (SELECT FROM %s p WHERE %s)', k.given, c.confrelid::regclass, k.match)"
    " || CASE WHEN c.confrelid = c.conrelid"
    " THEN format(' AND NOT EXISTS (SELECT FROM mig_rows p WHERE %s)', k.match) ELSE '' END END,"
    " k.always"
    " FROM pg_catalog.pg_constraint c CROSS JOIN LATERAL ("
    " SELECT bool_and(a.attname = ANY ($3::text[])) AS known, bool_and(a.attname = ANY ($4::text[])) AS "
    "always,"
    " string_agg(format('s.%I IS NOT NULL', a.attname), ' AND ') AS given,"
    " string_agg(format('p.%I = s.%I', coalesce(f.attname, a.attname), a.attname), ' AND ') AS match"
    " FROM unnest(c.conkey, c.confkey) AS u (key, ref)"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.key"
    " LEFT JOIN pg_catalog.pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = u.ref) k"
    " WHERE c.conrelid = to_regclass($1) AND c.conname = $2 AND k.known"
    " AND (c.contype = 'c' OR c.contype = 'f' AND c.confmatchtype = 's')"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.conrelid AND NOT t.tgisinternal"
    " AND t.tgenabled IN ('O', 'A') AND t.tgtype & 2 = 2)";

static void append_columns(struct buf *sql, const struct pg_loader *l) {
    for (uint32_t i = 0; i < l->map->columns_count; i++) {
        if (i) buf_append_cstr(sql, ", ");
        pg_append_identifier(sql, l->table->columns[l->map->columns[i]].name);
    }
}

/* The table for rows without a stage; numbered as they come. */
static bool create_table(struct pg_loader *l) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "CREATE TEMPORARY TABLE \"" PROBE_NAME "\" AS SELECT ");
    append_columns(&sql, l);
    buf_append_cstr(&sql, " FROM ");
    pg_append_qualified(&sql, l->table->schema, l->table->name);
    buf_append_cstr(&sql, " WITH NO DATA; ALTER TABLE " PROBE_TABLE " ADD COLUMN " STAGE_ORDINAL
                          " bigint GENERATED ALWAYS AS IDENTITY");
    bool good = pg_exec(l->connection, buf_str(&sql).ptr, NULL);
    buf_clear(&sql);
    buf_append_cstr(&sql, "COPY " PROBE_TABLE " (");
    append_columns(&sql, l);
    buf_append_cstr(&sql, l->text ? ") FROM STDIN" : ") FROM STDIN (FORMAT binary)");
    l->probe_copy = arena_copy_cstr(&l->batch_arena, buf_str(&sql));
    buf_release(&sql);
    return good;
}

bool pg_loader_begin_probe(struct pg_loader *l, struct diag_list *diags) {
    struct load_result ignored;
    if (l->probe_fails || l->options.rehearse || l->state != LOADER_IDLE) return false;
    l->probing = true;
    if (pg_loader_open_batch(l, &ignored, diags) == LOAD_OK && (l->staged || create_table(l))) return true;
    pg_loader_end_probe(l);
    l->probe_fails = true;
    return false;
}

void pg_loader_end_probe(struct pg_loader *l) {
    pg_loader_abort(l, "rows were only looked at");
    l->probing = false;
}

static void append_array_item(struct buf *array, struct str name) {
    buf_append_cstr(array, array->len ? ",\"" : "{\"");
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"' || name.ptr[i] == '\\') buf_append_char(array, '\\');
        buf_append_char(array, name.ptr[i]);
    }
    buf_append_char(array, '"');
}

static bool is_among(const uint32_t *columns, uint32_t count, uint32_t column) {
    for (uint32_t i = 0; i < count; i++)
        if (columns[i] == column) return true;
    return false;
}

/* Columns as arrays in Postgres' text form: all that the map writes, and those written to rows that are there
 * already, too. */
static void list_columns(struct pg_loader *l, struct buf *written, struct buf *always) {
    uint32_t count;
    uint32_t *updated = pg_map_update_columns(&l->batch_arena, l->map, l->table, &count);
    for (uint32_t i = 0; i < l->map->columns_count; i++) {
        uint32_t column = l->map->columns[i];
        bool key = is_among(l->map->conflict_columns, l->map->conflict_columns_count, column);
        append_array_item(written, l->table->columns[column].name);
        if (l->map->conflict == CONFLICT_NONE ||
            (l->map->conflict == CONFLICT_UPDATE && (key || is_among(updated, count, column))))
            append_array_item(always, l->table->columns[column].name);
    }
    buf_append_cstr(written, written->len ? "}" : "{}");
    buf_append_cstr(always, always->len ? "}" : "{}");
}

static void append_same_key(struct buf *sql, const struct pg_loader *l, const char *other) {
    for (uint32_t i = 0; i < l->map->conflict_columns_count; i++) {
        struct str name = l->table->columns[l->map->conflict_columns[i]].name;
        buf_printf(sql, "%s%s.", i ? " AND " : "", other);
        pg_append_identifier(sql, name);
        buf_append_cstr(sql, " = s.");
        pg_append_identifier(sql, name);
    }
}

/* A row whose key is there already, in the target or from an earlier row, may never meet the constraint. */
static void append_only_new(struct buf *sql, const struct pg_loader *l) {
    buf_append_cstr(sql, " AND NOT EXISTS (SELECT FROM ");
    pg_append_qualified(sql, l->table->schema, l->table->name);
    buf_append_cstr(sql, " t WHERE ");
    append_same_key(sql, l, "t");
    buf_append_cstr(sql, ") AND NOT EXISTS (SELECT FROM mig_rows e WHERE e." STAGE_ORDINAL
                         " < s." STAGE_ORDINAL " AND ");
    append_same_key(sql, l, "e");
    buf_append_cstr(sql, ")");
}

/* The query for the constraint. False: it cannot be asked. */
static bool make_query(struct pg_loader *l, struct str constraint, struct buf *sql) {
    struct buf name = {0}, written = {0}, always = {0};
    pg_append_qualified(&name, l->table->schema, l->table->name);
    list_columns(l, &written, &always);
    struct str params[] = {buf_str(&name), constraint, buf_str(&written), buf_str(&always)};
    struct pg_result *r = pg_query(l->connection, FIND_CONSTRAINT, params, 4, NULL);
    bool known = r && pg_result_rows(r) == 1;
    if (known) {
        struct str predicate = pg_result_text(r, 0, 0);
        buf_printf(sql,
                   "WITH mig_rows AS (SELECT * FROM %s) SELECT " STAGE_ORDINAL " FROM mig_rows s WHERE %.*s",
                   l->staged ? STAGE_TABLE : PROBE_TABLE, STR_ARG(predicate));
        if (!pg_result_bool(r, 0, 1)) append_only_new(sql, l);
        buf_append_cstr(sql, " ORDER BY 1");
    }
    pg_result_free(r);
    buf_release(&name);
    buf_release(&written);
    buf_release(&always);
    return known;
}

/* The position in the order sent of the row that the temporary table calls so. */
static uint64_t sent_position(const struct pg_loader *l, uint64_t ordinal) {
    return l->staged ? loader_row_position(l, ordinal) : ordinal - 1;
}

uint64_t *pg_loader_probe(struct pg_loader *l, struct str constraint, struct arena *arena, uint32_t *count) {
    struct buf sql = {0};
    uint64_t *rows = NULL;
    *count = 0;
    bool good = l->state == LOADER_COPYING && pg_loader_end_copy(l) && make_query(l, constraint, &sql);
    struct pg_result *r = good ? pg_query(l->connection, buf_str(&sql).ptr, NULL, 0, NULL) : NULL;
    if (r) {
        rows = ARENA_ARRAY(arena, uint64_t, pg_result_rows(r) + 1);
        for (uint32_t i = 0; i < pg_result_rows(r); i++)
            rows[(*count)++] = sent_position(l, (uint64_t)pg_result_int(r, i, 0));
    }
    pg_result_free(r);
    buf_release(&sql);
    return rows;
}

/* See pg_image.h. */
#include "runtime/postgres/pg_image.h"

bool pg_live_columns_read(struct pg_connection *connection, struct arena *arena, struct str schema,
                          struct str table, struct pg_live_column **columns, uint32_t *count,
                          struct diag_list *diags) {
    static const char SQL[] =
        "SELECT a.attname, pg_catalog.format_type(a.atttypid, -1), base.type IN ('json'::regtype, "
        "'jsonb'::regtype),"
        " a.attgenerated <> '', a.attidentity = 'a'"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " JOIN LATERAL (WITH RECURSIVE d (type) AS (SELECT a.atttypid UNION ALL"
        "   SELECT t.typbasetype FROM d JOIN pg_catalog.pg_type t ON t.oid = d.type AND t.typtype = 'd')"
        "  SELECT d.type FROM d JOIN pg_catalog.pg_type t ON t.oid = d.type AND t.typtype <> 'd') base ON "
        "true"
        " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'f', 'v') ORDER BY a.attnum";
    struct str params[] = {schema.len ? schema : STR("public"), table};
    struct pg_result *r = pg_query(connection, SQL, params, 2, diags);
    *columns = NULL;
    *count = 0;
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *columns = ARENA_ARRAY(arena, struct pg_live_column, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        (*columns)[i] = (struct pg_live_column){
            .name = arena_copy_str(arena, pg_result_text(r, i, 0)),
            .type = arena_copy_str(arena, pg_result_text(r, i, 1)),
            .json = pg_result_bool(r, i, 2),
            .generated = pg_result_bool(r, i, 3),
            .identity_always = pg_result_bool(r, i, 4),
        };
    pg_result_free(r);
    return true;
}

void pg_append_column_text(struct buf *sql, const char *alias, const struct pg_live_column *column) {
    buf_printf(sql, "%s.", alias);
    pg_append_identifier(sql, column->name);
    buf_append_cstr(sql, "::text");
}

/* '"name":' as a literal. */
static void append_member(struct buf *sql, struct str name) {
    struct buf member = {0};
    buf_append_json(&member, name);
    buf_append_char(&member, ':');
    pg_append_literal(sql, buf_str(&member));
    buf_release(&member);
}

void pg_append_image(struct buf *sql, const char *alias, const struct pg_live_column *columns,
                     uint32_t count) {
    buf_append_cstr(sql, "('{' || pg_catalog.concat_ws(','");
    for (uint32_t i = 0; i < count; i++) {
        buf_append_cstr(sql, ", ");
        append_member(sql, columns[i].name);
        buf_append_cstr(sql, " || ");
        if (!columns[i].json) buf_append_cstr(sql, "coalesce(pg_catalog.to_json(");
        pg_append_column_text(sql, alias, &columns[i]);
        if (!columns[i].json) buf_append_cstr(sql, ")::text, 'null')");
    }
    buf_append_cstr(sql, ") || '}')::json");
}

void pg_append_image_text(struct buf *sql, const char *image, const struct pg_live_column *column) {
    buf_printf(sql, "(%s %s ", image, column->json ? "->" : "->>");
    pg_append_literal(sql, column->name);
    buf_append_cstr(sql, column->json ? ")::text" : ")");
}

void pg_append_image_value(struct buf *sql, const char *image, const struct pg_live_column *column) {
    pg_append_image_text(sql, image, column);
    buf_printf(sql, "::%.*s", STR_ARG(column->type));
}

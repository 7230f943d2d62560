/* Sequences behind columns that a map has filled itself: set past the loaded values, so that the next row
 * that leaves the column to the server does not collide with one of them. A sequence is only ever moved
 * forward. */
#include "runtime/engine/target_postgres.h"

/* The column's own sequence (serial, identity) in `name`; false: it has none. */
static bool owned_sequence(struct pg_connection *connection, struct str table, struct str column,
                           struct buf *name, struct diag_list *diags) {
    struct str params[] = {table, column};
    struct pg_result *result =
        pg_query(connection, "select pg_catalog.pg_get_serial_sequence($1, $2)", params, 2, diags);
    bool found = result && pg_result_rows(result) == 1 && !pg_result_is_null(result, 0, 0);
    buf_clear(name);
    if (found) buf_append_str(name, pg_result_text(result, 0, 0));
    pg_result_free(result);
    return found;
}

/* No right to do this is no reason to stop: what is loaded is right, and the log says what to run. */
static void advance(struct engine *engine, struct pg_connection *connection, struct str sequence,
                    struct str table, struct str column) {
    struct buf sql = {0}, name = {0};
    pg_append_identifier(&name, column);
    buf_append_cstr(&sql, "select pg_catalog.setval(");
    pg_append_literal(&sql, sequence);
    buf_printf(&sql,
               "::pg_catalog.regclass, top) from (select max(%.*s) as top from %.*s) t, %.*s s"
               " where s.last_value < top or (s.last_value = top and not s.is_called)",
               STR_ARG(buf_str(&name)), STR_ARG(table), STR_ARG(sequence));
    if (!pg_exec(connection, sql.ptr, NULL))
        engine_log(engine, 'W',
                   "sequence %.*s could not be set past the values of %.*s.%.*s: %.*s; run as its owner: %s",
                   STR_ARG(sequence), STR_ARG(table), STR_ARG(column),
                   STR_ARG(pg_last_failure(connection)->message), sql.ptr);
    buf_release(&sql);
    buf_release(&name);
}

void sequences_advance(struct target_postgres *pg, const struct plan_map *map) {
    const struct plan_target_table *table = &pg->engine->plan->target.tables[map->target_table - 1];
    struct buf table_name = {0}, sequence = {0};
    pg_append_qualified(&table_name, table->schema, table->name);
    for (uint32_t i = 0; i < map->columns_count; i++) {
        const struct plan_target_column *column = &table->columns[map->columns[i]];
        if (column->type.kind != TYPE_INT) continue;
        if (owned_sequence(pg->look, buf_str(&table_name), column->name, &sequence, pg->engine->diags))
            advance(pg->engine, pg->look, buf_str(&sequence), buf_str(&table_name), column->name);
    }
    buf_release(&table_name);
    buf_release(&sequence);
}

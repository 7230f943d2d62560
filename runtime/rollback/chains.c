/* The rows that the run updated: all that it did to one row, however often, is one row of a temporary table,
 * with the row as it was before the run, as the run left it, and what it is now. Rows that it inserted and
 * updated later are among them, without the former. */
#include "runtime/rollback/undo.h"

static bool table_has_images(const struct undo *u, uint32_t t) {
    for (uint32_t m = 0; m < u->maps.count; m++)
        if (u->maps.items[m].table == (int32_t)t && u->maps.items[m].report->updated) return true;
    return false;
}

/* '{"a","b"}' of the maps into the table, for = ANY (…::text[]). */
static struct str map_names(struct undo *u, uint32_t t, bool going) {
    struct buf out = {0};
    buf_append_char(&out, '{');
    for (uint32_t m = 0; m < u->maps.count; m++) {
        if (u->maps.items[m].table != (int32_t)t || (going && u->maps.items[m].report->blocked.len)) continue;
        if (out.len > 1) buf_append_char(&out, ',');
        buf_append_char(&out, '"');
        buf_append_str(&out, u->maps.items[m].map->name);
        buf_append_char(&out, '"');
    }
    buf_append_char(&out, '}');
    struct str text = arena_copy_str(u->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static void append_keys(struct buf *sql, const struct undo_table *table, const char *prefix) {
    for (uint32_t i = 0; i < table->key_count; i++)
        buf_printf(sql, "%s%sk%u", i ? ", " : "", prefix, i);
}

bool undo_make_temporary(struct undo *u) {
    struct buf sql = {0};
    buf_append_cstr(&sql,
                    "CREATE TEMPORARY TABLE \"mig: held\" (relation oid, place tid, table_index integer, "
                    "xid xid, fk integer)");
    bool ok = true;
    for (uint32_t t = 0; t < u->tables.count; t++) {
        struct undo_table *table = &u->tables.items[t];
        if (!table->exists || table->key_count == 0) continue;
        table->chain = arena_printf(u->arena, "pg_temp.\"mig: chain %u\"", t);
        buf_printf(&sql, "; CREATE TEMPORARY TABLE \"mig: chain %u\" (", t);
        for (uint32_t i = 0; i < table->key_count; i++)
            buf_printf(&sql, "k%u %.*s, ", i, STR_ARG(table->columns[table->key[i]].type));
        buf_append_cstr(
            &sql,
            "map text, ordinal bigint, xid xid, old_xmin xid, old_row json, new_row json, "
            "class text, here boolean, wrote text[], goes boolean NOT NULL, seq bigint, images bigint)");
        buf_printf(&sql, "; CREATE INDEX ON pg_temp.\"mig: chain %u\" (", t);
        append_keys(&sql, table, "");
        buf_append_char(&sql, ')');
        undo_make_part_table(u, t, &sql);
    }
    buf_append_cstr(&sql, "; CREATE INDEX ON pg_temp.\"mig: held\" (relation, place)");
    ok = pg_exec(u->connection, sql.ptr, NULL);
    if (!ok) {
        struct diag *d = pg_report_failure(u->connection, u->diags, "make the rollback's temporary tables");
        if (pg_last_failure(u->connection)->kind == PG_PERMISSION)
            diag_help(u->diags, d, "A rollback needs TEMPORARY on the database, as `on conflict` does.");
    }
    u->temporary = ok;
    buf_release(&sql);
    return ok;
}

/* Each row's images in one pass: its last one, and of those that replaced a row of somebody else the first.
 */
static void append_chain_query(struct buf *sql, const struct undo_table *table) {
    buf_append_cstr(
        sql, "WITH i AS (SELECT im.map, im.ordinal, im.seq, im.old_xmin, im.old_row, im.new_row, b.xid AS "
             "full_xid, pg_catalog.xid(b.xid) AS xid, im.old_xmin <> ALL ($3::xid[]) AS others, "
             "-pg_catalog.array_position($2::text[], im.map) AS place");
    for (uint32_t i = 0; i < table->key_count; i++) {
        buf_append_cstr(sql, ", ");
        pg_append_image_value(sql, "im.new_row", &table->columns[table->key[i]]);
        buf_printf(sql, " AS k%u", i);
    }
    buf_append_cstr(sql, " FROM mig.image im JOIN mig.batch b USING (run_id, map, ordinal) WHERE im.run_id = "
                         "$1::uuid AND im.map = ANY ($2::text[])), l AS (SELECT i.*, NULL::text[] AS wrote, "
                         "row_number() OVER (PARTITION BY ");
    append_keys(sql, table, "");
    buf_append_cstr(sql,
                    " ORDER BY full_xid DESC, place DESC, ordinal DESC, seq DESC) AS nth, first_value(CASE "
                    "WHEN others THEN old_row END) "
                    "OVER first AS first_row, first_value(CASE WHEN others THEN old_xmin END) OVER first AS "
                    "first_xmin, count(*) FILTER (WHERE others) OVER (PARTITION BY ");
    append_keys(sql, table, "");
    buf_append_cstr(sql, ") AS writers, count(*) OVER (PARTITION BY ");
    append_keys(sql, table, "");
    buf_append_cstr(sql, ") AS images FROM i WINDOW first AS (PARTITION BY ");
    append_keys(sql, table, "");
    buf_append_cstr(sql, " ORDER BY others DESC, full_xid, place, ordinal, seq))");
}

/* One query: the images of each row put together, and the row as it is now. */
static const char *make_fill(struct undo *u, struct undo_table *table) {
    struct buf sql = {0};
    buf_printf(&sql, "INSERT INTO %.*s ", STR_ARG(table->chain));
    append_chain_query(&sql, table);
    buf_append_cstr(&sql, " SELECT ");
    append_keys(&sql, table, "l.");
    buf_append_cstr(
        &sql, ", l.map, l.ordinal, l.xid, l.first_xmin, l.first_row, l.new_row, CASE WHEN d.ordinal IS NOT "
              "NULL THEN 'undone' WHEN t.tableoid IS NULL THEN 'deleted' WHEN l.writers > 1 THEN 'between' "
              "WHEN ");
    undo_append_written_by(&sql, table, "t", "ARRAY[l.xid]");
    buf_append_cstr(&sql, " THEN 'untouched' WHEN ");
    undo_append_differs(&sql, table, "t", "l");
    buf_append_cstr(&sql, " THEN 'edited' ELSE 'same' END, coalesce(");
    undo_append_written_by(&sql, table, "t", "ARRAY[l.xid]");
    buf_append_cstr(&sql,
                    ", false), NULL::text[], l.map = ANY ($4::text[]), l.seq, l.images FROM l LEFT JOIN ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t ON ");
    undo_append_key_match(&sql, table, "t", "l");
    buf_append_cstr(
        &sql, undo_has_part(u) && u->knows_parts
                  ? " LEFT JOIN mig.part_undo_batch d ON d.part = $5 AND d.value = $6 AND d.run_id = $1::uuid"
                  : /* The parameters must stand somewhere; without a part they are null. */
                  " LEFT JOIN mig.undo d ON coalesce($5::text, $6::text, '') IS NOT NULL AND d.run_id = "
                  "$1::uuid");
    buf_append_cstr(&sql, " AND d.map = l.map AND d.ordinal = l.ordinal WHERE l.nth = 1");
    const char *text = undo_take_sql(u, &sql);
    buf_release(&sql);
    return text;
}

/* Which columns the images have, which of them the run changed, and whether those are still there. */
static bool note_imaged(struct undo *u, struct undo_table *table, struct str maps) {
    static const char SQL[] =
        "SELECT DISTINCT pg_catalog.json_object_keys(i.old_row) FROM (SELECT old_row FROM "
        "mig.image WHERE run_id = $1::uuid AND map = ANY ($2::text[]) LIMIT 100) i";
    struct str params[] = {u->run_id, maps};
    struct pg_result *r = pg_query(u->connection, SQL, params, 2, u->diags);
    if (r == NULL) return false;
    for (uint32_t row = 0; row < pg_result_rows(r); row++) {
        bool found = false;
        for (uint32_t c = 0; c < table->column_count; c++)
            if (str_eq(table->columns[c].name, pg_result_text(r, row, 0))) found = table->imaged[c] = true;
        if (!found && table->lost_column.len == 0) { /* it matters if the run changed it */
            struct str name = arena_copy_str(u->arena, pg_result_text(r, row, 0));
            struct str key[] = {u->run_id, maps, name};
            struct pg_result *changed = pg_query(
                u->connection,
                "SELECT EXISTS (SELECT FROM mig.image WHERE run_id = $1::uuid AND map = ANY ($2::text[])"
                " AND old_row ->> $3 IS DISTINCT FROM new_row ->> $3)",
                key, 3, u->diags);
            if (changed && pg_result_bool(changed, 0, 0)) table->lost_column = name;
            pg_result_free(changed);
        }
    }
    pg_result_free(r);
    /* Nulls of json columns are not in the images. */
    for (uint32_t c = 0; c < table->column_count; c++)
        table->imaged[c] = table->imaged[c] || table->columns[c].json;
    return true;
}

static bool note_changed(struct undo *u, struct undo_table *table) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "SELECT true");
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (!table->imaged[c]) {
            buf_append_cstr(&sql, ", false");
            continue;
        }
        buf_append_cstr(&sql, ", coalesce(bool_or(");
        pg_append_image_text(&sql, "old_row", &table->columns[c]);
        buf_append_cstr(&sql, " IS DISTINCT FROM ");
        pg_append_image_text(&sql, "new_row", &table->columns[c]);
        buf_append_cstr(&sql, "), false)");
    }
    buf_printf(&sql, " FROM %.*s WHERE old_row IS NOT NULL", STR_ARG(table->chain));
    struct pg_result *r = pg_query(u->connection, sql.ptr, NULL, 0, u->diags);
    for (uint32_t c = 0; r && c < table->column_count; c++)
        table->changed[c] = pg_result_bool(r, 0, c + 1);
    buf_release(&sql);
    pg_result_free(r);
    return r != NULL;
}

static void block_updates(struct undo *u, uint32_t t, struct str why) {
    for (uint32_t m = 0; m < u->maps.count; m++) {
        struct undo_map *map = &u->maps.items[m];
        if (map->table == (int32_t)t && map->report->updated && map->report->blocked.len == 0 &&
            map->map->rollback != ROLLBACK_SQL)
            map->report->blocked = why;
    }
}

static bool fill_chain(struct undo *u, uint32_t t) {
    struct undo_table *table = &u->tables.items[t];
    struct str names = map_names(u, t, false);
    if (!note_imaged(u, table, names)) return false;
    struct str params[] = {u->run_id,        names, table->all_xids, map_names(u, t, true), u->options->part,
                           u->options->value};
    struct pg_result *r = pg_query(u->connection, make_fill(u, table), params, 6, u->diags);
    if (r == NULL) return false;
    table->chain_rows = pg_result_affected(r);
    pg_result_free(r);
    if (!undo_prune_chain(u, t)) return false;
    if (table->lost_column.len)
        block_updates(
            u, t,
            arena_printf(u->arena,
                         "column `%.*s`, which it updated, is not in table %.*s.%.*s any more; if it was "
                         "renamed, give it its old name for the time of the rollback",
                         STR_ARG(table->lost_column), STR_ARG(table->schema), STR_ARG(table->name)));
    struct str analyze = arena_printf(u->arena, "ANALYZE %.*s", STR_ARG(table->chain));
    return pg_exec(u->connection, analyze.ptr, u->diags) && note_changed(u, table);
}

bool undo_fill_chains(struct undo *u) {
    for (uint32_t t = 0; t < u->tables.count; t++) {
        struct undo_table *table = &u->tables.items[t];
        if (!table_has_images(u, t) || !table->exists) continue;
        if (table->chain.len == 0)
            block_updates(u, t,
                          arena_printf(u->arena,
                                       "rows of %.*s.%.*s that it updated cannot be found again: %.*s",
                                       STR_ARG(table->schema), STR_ARG(table->name),
                                       table->unkeyed.len ? (int)table->unkeyed.len : 17,
                                       table->unkeyed.len ? table->unkeyed.ptr : "it has no key now"));
        else if (!fill_chain(u, t))
            return false;
    }
    undo_collect_xids(u);
    return true;
}

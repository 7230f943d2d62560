/* Pieces of the statements that find and undo a run's rows. Names come from the catalog and are quoted,
 * values travel as parameters or out of the journal's own tables. */
#include "runtime/rollback/undo.h"

const char *undo_take_sql(struct undo *u, struct buf *sql) {
    const char *text = arena_copy_cstr(u->arena, buf_str(sql));
    buf_clear(sql);
    return text;
}

void undo_append_table(struct buf *sql, const struct undo_table *table) {
    pg_append_qualified(sql, table->schema, table->name);
}

void undo_append_xids(struct buf *sql, struct str xids) {
    pg_append_literal(sql, xids);
    buf_append_cstr(sql, "::xid[]");
}

void undo_append_key_match(struct buf *sql, const struct undo_table *table, const char *row,
                           const char *chain) {
    for (uint32_t i = 0; i < table->key_count; i++) {
        buf_printf(sql, "%s%s.", i ? " AND " : "", row);
        pg_append_identifier(sql, table->columns[table->key[i]].name);
        buf_printf(sql, " = %s.k%u", chain, i);
    }
}

void undo_append_key_text(struct buf *sql, const struct undo_table *table, const char *row) {
    buf_append_cstr(sql, "pg_catalog.json_build_array(");
    for (uint32_t i = 0; i < table->key_count; i++) {
        if (i) buf_append_cstr(sql, ", ");
        pg_append_column_text(sql, row, &table->columns[table->key[i]]);
    }
    buf_append_cstr(sql, ")::text");
}

void undo_append_key_json(struct buf *sql, const struct undo_table *table, const char *row) {
    buf_append_cstr(sql, "pg_catalog.json_build_object(");
    for (uint32_t i = 0; i < table->key_count; i++) {
        if (i) buf_append_cstr(sql, ", ");
        pg_append_literal(sql, table->columns[table->key[i]].name);
        buf_append_cstr(sql, ", ");
        pg_append_column_text(sql, row, &table->columns[table->key[i]]);
    }
    buf_append_cstr(sql, ")");
}

void undo_append_chain_key_json(struct buf *sql, const struct undo_table *table, const char *chain) {
    buf_append_cstr(sql, "pg_catalog.json_build_object(");
    for (uint32_t i = 0; i < table->key_count; i++) {
        if (i) buf_append_cstr(sql, ", ");
        pg_append_literal(sql, table->columns[table->key[i]].name);
        buf_printf(sql, ", %s.k%u::text", chain, i);
    }
    buf_append_cstr(sql, ")");
}

void undo_append_written_by(struct buf *sql, const struct undo_table *table, const char *row,
                            const char *xids) {
    if (table->by_content) {
        buf_append_cstr(sql, "false");
        return;
    }
    if (!table->aliases) {
        buf_printf(sql, "%s.xmin = ANY (%s)", row, xids);
        return;
    }
    buf_printf(sql,
               "(%s.xmin = ANY (%s) OR EXISTS (SELECT FROM mig.same_row put WHERE put.relation = %.*s AND "
               "put.xid = %s.xmin::text::bigint AND put.stands_for = ANY (%s) AND put.key = ",
               row, xids, STR_ARG(table->oid), row, xids);
    undo_append_key_text(sql, table, row);
    buf_append_cstr(sql, "))");
}

void undo_append_ours(struct buf *sql, const struct undo *u, const struct undo_table *table,
                      const char *row) {
    struct buf xids = {0};
    undo_append_xids(&xids, table->going_xids);
    buf_append_cstr(sql, "((");
    undo_append_written_by(sql, table, row, xids.ptr);
    buf_release(&xids);
    if (table->chain.len) {
        buf_printf(sql, " AND NOT EXISTS (SELECT FROM %.*s was WHERE ", STR_ARG(table->chain));
        undo_append_key_match(sql, table, row, "was");
        buf_printf(sql, " AND was.old_row IS NOT NULL) OR EXISTS (SELECT FROM %.*s was WHERE ",
                   STR_ARG(table->chain));
        undo_append_key_match(sql, table, row, "was");
        buf_printf(sql, " AND was.old_row IS NULL AND was.goes AND was.class IN ('same'%s))",
                   u->options->policy == UNDO_OVERWRITE ? ", 'edited'" : "");
    }
    buf_append_char(sql, ')');
    undo_append_part(sql, table, row);
    buf_append_char(sql, ')');
}

void undo_append_goes(struct buf *sql, const struct undo *u, const struct undo_table *table,
                      const char *row) {
    undo_append_ours(sql, u, table, row);
    buf_printf(
        sql,
        " AND NOT EXISTS (SELECT FROM pg_temp.\"mig: held\" stay WHERE stay.relation = %s.tableoid AND "
        "stay.place = %s.ctid)",
        row, row);
}

void undo_append_reference(struct buf *sql, const struct undo_fk *fk, const char *child, const char *parent) {
    for (uint32_t i = 0; i < fk->count; i++) {
        buf_printf(sql, "%s%s.", i ? " AND " : "", child);
        pg_append_identifier(sql, fk->columns[i]);
        buf_printf(sql, " = %s.", parent);
        pg_append_identifier(sql, fk->keys[i]);
    }
    /* A row may refer to itself. */
    buf_printf(sql, " AND (%s.ctid, %s.tableoid) IS DISTINCT FROM (%s.ctid, %s.tableoid)", child, child,
               parent, parent);
}

void undo_append_unreferenced(struct buf *sql, const struct undo_table *table, const char *row) {
    for (uint32_t i = 0; i < table->fks.count; i++) {
        const struct undo_fk *fk = &table->fks.items[i];
        buf_append_cstr(sql, " AND NOT EXISTS (SELECT FROM ");
        pg_append_qualified(sql, fk->schema, fk->table);
        buf_append_cstr(sql, " child WHERE ");
        undo_append_reference(sql, fk, "child", row);
        buf_append_char(sql, ')');
    }
}

/* <row's text> IS DISTINCT FROM <new_row's text> */
static void append_by_others(struct buf *sql, const struct pg_live_column *column, const char *row,
                             const char *image) {
    pg_append_column_text(sql, row, column);
    buf_append_cstr(sql, " IS DISTINCT FROM ");
    pg_append_image_text(sql, image, column);
}

void undo_append_differs(struct buf *sql, const struct undo_table *table, const char *row,
                         const char *chain) {
    struct buf image = {0};
    buf_printf(&image, "%s.new_row", chain);
    buf_append_cstr(sql, "(false");
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (table->columns[c].generated) continue;
        /* Rows from the sources have the columns that their map writes. */
        buf_printf(sql, " OR ((%s%s OR ", table->imaged[c] ? chain : "false",
                   table->imaged[c] ? ".wrote IS NULL" : "");
        buf_append_cstr(sql, "coalesce(");
        pg_append_literal(sql, table->columns[c].name);
        buf_printf(sql, " = ANY (%s.wrote), false)) AND ", chain);
        append_by_others(sql, &table->columns[c], row, image.ptr);
        buf_append_char(sql, ')');
    }
    buf_append_char(sql, ')');
    buf_release(&image);
}

void undo_append_overlaps(struct buf *sql, const struct undo_table *table, const char *row,
                          const char *chain) {
    struct buf image = {0}, old = {0};
    buf_printf(&image, "%s.new_row", chain);
    buf_printf(&old, "%s.old_row", chain);
    buf_append_cstr(sql, "(false");
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (!table->changed[c] || table->columns[c].generated) continue;
        buf_append_cstr(sql, " OR (");
        append_by_others(sql, &table->columns[c], row, image.ptr);
        buf_append_cstr(sql, " AND ");
        pg_append_image_text(sql, old.ptr, &table->columns[c]);
        buf_append_cstr(sql, " IS DISTINCT FROM ");
        pg_append_image_text(sql, image.ptr, &table->columns[c]);
        buf_append_char(sql, ')');
    }
    buf_append_char(sql, ')');
    buf_release(&image);
    buf_release(&old);
}

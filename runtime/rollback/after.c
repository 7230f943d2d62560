/* After the batches: rows that could not go in their turn, and the proof that what went is gone and what came
 * back is as it was. */
#include "runtime/rollback/undo.h"

static bool is_open(const struct undo_map *map) {
    return map->report->blocked.len == 0 && map->map->rollback != ROLLBACK_SQL;
}

/* -- sweeping */

static bool delete_left(struct undo *u, const struct undo_table *table, uint64_t *deleted) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "DELETE FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE ");
    undo_append_goes(&sql, u, table, "t");
    undo_append_unreferenced(&sql, table, "t");
    bool ok = undo_has_part(u) ? undo_part_sweep(u, (uint32_t)(table - u->tables.items), sql.ptr, deleted)
                               : undo_run(u, sql.ptr, NULL, 0, deleted);
    buf_release(&sql);
    return ok;
}

static bool count_left(struct undo *u, const struct undo_table *table, uint64_t *left) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "SELECT count(*) FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE ");
    undo_append_goes(&sql, u, table, "t");
    bool ok = undo_number(u, sql.ptr, left);
    buf_release(&sql);
    return ok;
}

static const struct undo_map *first_map(const struct undo *u, uint32_t t) {
    for (uint32_t m = 0; m < u->maps.count; m++)
        if (u->maps.items[m].table == (int32_t)t && is_open(&u->maps.items[m])) return &u->maps.items[m];
    return NULL;
}

static bool note_sweep(struct undo *u, const struct undo_map *map, uint64_t deleted) {
    static const char SQL[] =
        "INSERT INTO mig.undo (run_id, map, ordinal, fence, deleted, restored, overwritten, merged)"
        " SELECT $1::uuid, $2::text, $3::bigint, fence, $5::bigint, 0, 0, 0 FROM mig.run WHERE run_id = "
        "$1::uuid"
        " AND fence = $4::bigint AND state = 'rolling back'"
        " ON CONFLICT (run_id, map, ordinal) DO UPDATE SET deleted = undo.deleted + excluded.deleted";
    struct str params[] = {u->run_id, map->map->name, arena_printf(u->arena, "%d", UNDO_SWEEP_ORDINAL),
                           arena_printf(u->arena, "%lld", (long long)u->run.fence),
                           arena_printf(u->arena, "%llu", (unsigned long long)deleted)};
    uint64_t affected = 0;
    bool ok = undo_run(u, SQL, params, 5, &affected) && affected == 1;
    if (ok) map->report->rows_deleted += deleted;
    return ok;
}

static enum undo_status failed(struct undo *u, const char *what) {
    bool lost = pg_last_failure(u->connection)->kind == PG_LOST;
    pg_report_failure(u->connection, u->diags, what);
    pg_rollback(u->connection);
    return lost ? UNDO_UNREACHABLE : UNDO_STOPPED;
}

static enum undo_status sweep_table(struct undo *u, uint32_t t, uint64_t *moved) {
    const struct undo_table *table = &u->tables.items[t];
    const struct undo_map *map = first_map(u, t);
    uint64_t left = 0, deleted = 0;
    if (map == NULL || !table->exists) return UNDO_DONE;
    if (!count_left(u, table, &left)) return failed(u, "look for rows that are left");
    if (left == 0) return UNDO_DONE;
    bool ok = pg_begin(u->connection, u->diags) && delete_left(u, table, &deleted) &&
              (deleted == 0 || undo_has_part(u) || note_sweep(u, map, deleted)) &&
              pg_commit(u->connection, u->diags);
    if (!ok) return failed(u, "delete rows that are left");
    *moved += deleted;
    return UNDO_DONE;
}

/* -- loops of foreign keys */

/* References among the rows that go are set to null where they may be; the rest is deferred to the end. No
 * savepoints here: the rows are known again by this transaction's id. */
static bool unlink_left(struct undo *u, const struct undo_table *table, const struct undo_fk *fk) {
    const struct undo_table *child = &u->tables.items[fk->child];
    struct buf sql = {0};
    if (!fk->nullable) return true;
    buf_append_cstr(&sql, "UPDATE ");
    undo_append_table(&sql, child);
    buf_append_cstr(&sql, " t SET ");
    for (uint32_t i = 0; i < fk->count; i++) {
        buf_append_cstr(&sql, i ? ", " : "");
        pg_append_identifier(&sql, fk->columns[i]);
        buf_append_cstr(&sql, " = NULL");
    }
    buf_append_cstr(&sql, " WHERE (t.xmin = pg_catalog.xid(pg_catalog.pg_current_xact_id()) OR (");
    undo_append_goes(&sql, u, child, "t");
    buf_append_cstr(&sql, ")) AND EXISTS (SELECT FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " p WHERE ");
    undo_append_reference(&sql, fk, "t", "p");
    buf_append_char(&sql, ')');
    bool ok = pg_exec(u->connection, sql.ptr, NULL);
    buf_release(&sql);
    return ok;
}

static bool delete_all_left(struct undo *u, uint32_t t) {
    const struct undo_table *table = &u->tables.items[t];
    const struct undo_map *map = first_map(u, t);
    uint64_t deleted = 0;
    struct buf sql = {0};
    if (map == NULL || !table->exists) return true;
    buf_append_cstr(&sql, "DELETE FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE t.xmin = pg_catalog.xid(pg_catalog.pg_current_xact_id()) OR (");
    undo_append_goes(&sql, u, table, "t");
    buf_append_char(&sql, ')');
    bool ok = undo_run(u, sql.ptr, NULL, 0, &deleted) &&
              (deleted == 0 || undo_has_part(u) || note_sweep(u, map, deleted));
    buf_release(&sql);
    return ok;
}

static enum undo_status untie(struct undo *u, bool *tied) {
    uint64_t all = 0;
    *tied = false;
    for (uint32_t t = 0; t < u->tables.count; t++) {
        uint64_t left = 0;
        if (first_map(u, t) == NULL || !u->tables.items[t].exists) continue;
        if (!count_left(u, &u->tables.items[t], &left)) return failed(u, "look for rows that are left");
        all += left;
    }
    if (all == 0) return UNDO_DONE;
    *tied = true;
    undo_log(u, 'I', "%llu rows refer to each other in a loop: they go at once", (unsigned long long)all);
    bool ok =
        pg_begin(u->connection, u->diags) && pg_exec(u->connection, "SET CONSTRAINTS ALL DEFERRED", NULL);
    for (uint32_t t = 0; t < u->tables.count && ok && undo_has_part(u); t++)
        ok = first_map(u, t) == NULL || !u->tables.items[t].exists || undo_part_note_left(u, t);
    for (uint32_t t = 0; t < u->tables.count && ok; t++)
        for (uint32_t f = 0; f < u->tables.items[t].fks.count && ok; f++)
            if (u->tables.items[t].fks.items[f].child != UNDO_NO_TABLE &&
                first_map(u, (uint32_t)u->tables.items[t].fks.items[f].child))
                ok = unlink_left(u, &u->tables.items[t], &u->tables.items[t].fks.items[f]);
    for (uint32_t t = 0; t < u->tables.count && ok; t++)
        ok = delete_all_left(u, t);
    ok = ok && pg_commit(u->connection, u->diags);
    return ok ? UNDO_DONE : failed(u, "delete rows that refer to each other in a loop");
}

enum undo_status undo_sweep(struct undo *u) {
    enum undo_status status = UNDO_DONE;
    uint64_t moved = 1;
    while (status == UNDO_DONE && moved) {
        moved = 0;
        for (uint32_t t = 0; t < u->tables.count && status == UNDO_DONE; t++)
            status = sweep_table(u, t, &moved);
    }
    bool tied = false;
    return status == UNDO_DONE ? untie(u, &tied) : status;
}

/* -- the proof */

/* Rows of the run that stay: those that others refer to. They are listed. */
static bool list_held(struct undo *u, uint32_t t) {
    const struct undo_table *table = &u->tables.items[t];
    const struct undo_map *map = first_map(u, t);
    struct buf sql = {0};
    uint64_t kept = 0;
    if (map == NULL || !table->exists) return true;
    buf_append_cstr(&sql,
                    "INSERT INTO mig.conflict (run_id, map, outcome, reason, key) SELECT $1::uuid, $2::text, "
                    "'kept', 'referenced', ");
    if (table->key_count)
        undo_append_key_json(&sql, table, "t");
    else
        buf_append_cstr(&sql, "'{}'::json");
    buf_append_cstr(&sql, " FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE ");
    undo_append_ours(&sql, u, table, "t");
    struct str params[] = {u->run_id, map->map->name};
    bool ok = undo_run(u, sql.ptr, params, 2, &kept);
    map->report->rows_kept += kept;
    buf_release(&sql);
    return ok;
}

/* Rows that were put back against their images, column by column. */
static bool compare_put_back(struct undo *u, const struct undo_table *table, struct undo_class *wrong) {
    struct buf sql = {0};
    if (table->chain.len == 0) return true;
    buf_append_cstr(&sql, "SELECT count(*) FROM ");
    buf_printf(&sql, "%.*s c JOIN ", STR_ARG(table->chain));
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t ON ");
    undo_append_key_match(&sql, table, "t", "c");
    buf_printf(
        &sql,
        " JOIN mig.same_row put ON put.relation = %.*s AND put.xid = t.xmin::text::bigint AND put.key = ",
        STR_ARG(table->oid));
    undo_append_key_text(&sql, table, "t");
    buf_append_cstr(&sql, " WHERE c.old_row IS NOT NULL AND c.class <> 'undone' AND (false");
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (!table->imaged[i]) continue;
        buf_append_cstr(&sql, " OR ");
        pg_append_column_text(&sql, "t", &table->columns[i]);
        buf_append_cstr(&sql, " IS DISTINCT FROM ");
        pg_append_image_text(&sql, "c.old_row", &table->columns[i]);
    }
    buf_append_char(&sql, ')');
    struct pg_result *r = pg_query(u->connection, sql.ptr, NULL, 0, u->diags);
    if (r) wrong->rows = (uint64_t)pg_result_int(r, 0, 0);
    pg_result_free(r);
    buf_release(&sql);
    return r != NULL;
}

enum undo_status undo_prove(struct undo *u) {
    bool ok = pg_begin(u->connection, u->diags);
    for (uint32_t t = 0; t < u->tables.count && ok; t++)
        ok = list_held(u, t);
    if (!ok || !pg_commit(u->connection, u->diags)) return failed(u, "list the rows that stay");
    for (uint32_t t = 0; t < u->tables.count; t++) {
        const struct undo_table *table = &u->tables.items[t];
        struct undo_class wrong = {0};
        if (!table->exists) continue;
        if (!compare_put_back(u, table, &wrong)) return UNDO_STOPPED;
        u->report->left_wrong += wrong.rows;
        if (wrong.rows == 0) continue;
        struct diag *d =
            diag_report(u->diags, X_ROLLBACK_LEFT, (struct span){0},
                        "%llu rows of %.*s.%.*s were put back and are not as they were before the run",
                        (unsigned long long)wrong.rows, STR_ARG(table->schema), STR_ARG(table->name));
        diag_help(u->diags, d,
                  "A trigger of the table changes rows as they are updated, a time stamp most often. What "
                  "they were "
                  "stands in mig.image (old_row): compare, and correct what matters.");
    }
    return u->report->left_wrong ? UNDO_WRONG : UNDO_DONE;
}

/* Which maps of the run there are to undo, in which order; their tables as they are now; who refers to them;
 * and whether the role may do it all. */
#include "runtime/rollback/undo.h"

#include "runtime/postgres/pg_map.h"

#include <stdlib.h>

/* Row versions tell transactions apart as long as fewer than half of all 32-bit ids have gone by. */
#define XID_HORIZON INT64_C(2147483648)

static struct str copy(struct undo *u, const struct pg_result *r, uint32_t row, uint32_t column) {
    return arena_copy_str(u->arena, pg_result_text(r, row, column));
}

static void block(struct undo_map *map, struct str why) {
    if (map->report->blocked.len == 0) map->report->blocked = why;
}

/* -- maps */

static int32_t find_table(const struct undo *u, struct str schema, struct str name) {
    for (uint32_t i = 0; i < u->tables.count; i++)
        if (str_eq(u->tables.items[i].schema, schema) && str_eq(u->tables.items[i].name, name))
            return (int32_t)i;
    return UNDO_NO_TABLE;
}

static void add_map(struct undo *u, const struct plan_map *plan, const struct pg_result *r, uint32_t row) {
    struct undo_map map = {.map = plan, .report = ARENA_NEW(u->arena, struct undo_map_report)};
    struct str schema = copy(u, r, row, 1), name = copy(u, r, row, 2);
    map.identity = copy(u, r, row, 8);
    map.table = find_table(u, schema, name);
    if (map.table == UNDO_NO_TABLE) {
        map.table = (int32_t)u->tables.count;
        VEC_PUSH(u->arena, &u->tables,
                 ((struct undo_table){.schema = schema,
                                      .name = name,
                                      .oid = copy(u, r, row, 3),
                                      .exists = pg_result_bool(r, row, 4),
                                      .partitioned = pg_result_bool(r, row, 5),
                                      .same_oid = pg_result_bool(r, row, 6),
                                      .same_file = pg_result_bool(r, row, 7)}));
    }
    *map.report = (struct undo_map_report){
        .map = plan->name,
        .table = arena_printf(u->arena, "%.*s.%.*s", STR_ARG(schema), STR_ARG(name)),
        .way = (enum plan_rollback)plan->rollback,
        .text = plan->rollback_text,
        .seconds = (double)pg_result_int(r, row, 9) / 1e6,
    };
    const struct undo_table *table = &u->tables.items[map.table];
    if (plan->rollback == ROLLBACK_NONE) {
        map.report->none = true;
        block(&map, plan->rollback_text);
    } else if (!table->exists)
        block(&map, arena_printf(u->arena, "table %.*s is not there any more", STR_ARG(map.report->table)));
    else if (!table->same_oid && plan->rollback != ROLLBACK_SQL && (map.untold = true))
        block(&map, arena_printf(u->arena,
                                 "table %.*s is another one than the run wrote into: it was dropped and made "
                                 "anew, or restored from a dump, so that row versions say nothing",
                                 STR_ARG(map.report->table)));
    VEC_PUSH(u->arena, &u->maps, map);
    VEC_PUSH(u->arena, &u->report->maps, map.report);
}

static bool read_maps(struct undo *u) {
    static const char SQL[] =
        "SELECT s.map, s.target_schema, s.target_table, coalesce(c.oid, 0), c.oid IS NOT NULL, c.relkind = "
        "'p',"
        " coalesce(c.oid = s.target_oid, false),"
        " coalesce(pg_catalog.pg_relation_filenode(c.oid) = s.target_filenode, false), s.identity,"
        " coalesce((SELECT (extract(epoch FROM max(b.written_at) - s.started_at) * 1e6)::bigint FROM "
        "mig.batch b"
        "  WHERE b.run_id = s.run_id AND b.map = s.map), 0)"
        " FROM mig.step s LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
        "c.relnamespace)"
        "  ON n.nspname = s.target_schema AND c.relname = s.target_table"
        " WHERE s.run_id = $1::uuid AND s.target_table <> ''";
    struct pg_result *r = pg_query(u->connection, SQL, &u->run_id, 1, u->diags);
    if (r == NULL) return false;
    for (uint32_t m = u->plan->maps_count; m-- > 0;)
        for (uint32_t row = 0; row < pg_result_rows(r); row++)
            if (str_eq(pg_result_text(r, row, 0), u->plan->maps[m].name) &&
                (!undo_has_part(u) || str_eq(u->plan->maps[m].partition, u->options->part)))
                add_map(u, &u->plan->maps[m], r, row);
    pg_result_free(r);
    return true;
}

/* -- batches */

static bool read_batches(struct undo *u, struct undo_map *map) {
    static const char SQL[] =
        "SELECT b.ordinal, pg_catalog.xid(b.xid), b.written, b.updated, coalesce(o.n, 0), d.ordinal IS NOT "
        "NULL,"
        " EXISTS (SELECT FROM mig.undo s WHERE s.run_id = b.run_id AND s.map = b.map AND s.ordinal = -1),"
        " b.unchanged, b.origin = 'retry'"
        " FROM mig.batch b LEFT JOIN (SELECT old_xmin, count(*) AS n FROM mig.image WHERE run_id = $1::uuid"
        "  AND map = ANY (SELECT s.map FROM mig.step s JOIN mig.step mine ON mine.run_id = s.run_id AND "
        "mine.map = $2"
        "   AND mine.target_schema = s.target_schema AND mine.target_table = s.target_table WHERE s.run_id = "
        "$1::uuid)"
        "  GROUP BY 1) o ON o.old_xmin = pg_catalog.xid(b.xid)"
        " LEFT JOIN mig.undo d ON d.run_id = b.run_id AND d.map = b.map AND d.ordinal = b.ordinal"
        " WHERE b.run_id = $1::uuid AND b.map = $2 ORDER BY b.xid DESC, b.ordinal DESC";
    struct str params[] = {u->run_id, map->map->name};
    struct pg_result *r = pg_query(u->connection, SQL, params, 2, u->diags);
    if (r == NULL) return false;
    map->batch_count = pg_result_rows(r);
    map->batches = ARENA_ARRAY(u->arena, struct undo_batch, map->batch_count + 1);
    for (uint32_t i = 0; i < map->batch_count; i++) {
        struct undo_batch *b = &map->batches[i];
        *b = (struct undo_batch){.ordinal = pg_result_int(r, i, 0),
                                 .xid = copy(u, r, i, 1),
                                 .written = (uint64_t)pg_result_int(r, i, 2),
                                 .updated = (uint64_t)pg_result_int(r, i, 3),
                                 .superseded = (uint64_t)pg_result_int(r, i, 4),
                                 .undone = pg_result_bool(r, i, 5),
                                 .unchanged = (uint64_t)pg_result_int(r, i, 7),
                                 .repaired = pg_result_bool(r, i, 8)};
        map->sql_done = pg_result_bool(r, i, 6);
        map->report->inserted += b->written;
        map->report->updated += b->updated;
        map->report->batches++;
        map->report->batches_undone += b->undone;
    }
    pg_result_free(r);
    return true;
}

/* Batches of one transaction (commit per run) are told apart by nothing: the first to be undone counts for
 * all of the table's. */
static void fold_batch(struct undo *u, int32_t table, struct undo_batch *b) {
    for (uint32_t m = 0; m < u->maps.count; m++)
        for (uint32_t i = 0; u->maps.items[m].table == table && i < u->maps.items[m].batch_count; i++) {
            struct undo_batch *lead = &u->maps.items[m].batches[i];
            if (lead == b) return;
            if (lead->undone || lead->lead || !str_eq(lead->xid, b->xid)) continue;
            b->lead = lead;
            lead->written += b->written;
            lead->updated += b->updated;
            lead->unchanged += b->unchanged;
            b->written = b->updated = b->superseded = b->unchanged = 0;
            return;
        }
}

static void fold_batches(struct undo *u) {
    for (uint32_t m = 0; m < u->maps.count; m++)
        for (uint32_t i = 0; i < u->maps.items[m].batch_count; i++)
            if (!u->maps.items[m].batches[i].undone)
                fold_batch(u, u->maps.items[m].table, &u->maps.items[m].batches[i]);
}

static void append_xids(struct buf *out, const struct undo_map *map) {
    for (uint32_t i = 0; i < map->batch_count; i++) {
        if (out->len > 1) buf_append_char(out, ',');
        buf_append_str(out, map->batches[i].xid);
    }
}

static void collect_table_xids(struct undo *u, uint32_t t) {
    struct buf all = {0}, going = {0};
    buf_append_char(&all, '{');
    buf_append_char(&going, '{');
    for (uint32_t m = 0; m < u->maps.count; m++) {
        if (u->maps.items[m].table != (int32_t)t) continue;
        append_xids(&all, &u->maps.items[m]);
        if (u->maps.items[m].report->blocked.len == 0) append_xids(&going, &u->maps.items[m]);
    }
    buf_append_char(&all, '}');
    buf_append_char(&going, '}');
    u->tables.items[t].all_xids = arena_copy_str(u->arena, buf_str(&all));
    u->tables.items[t].going_xids = arena_copy_str(u->arena, buf_str(&going));
    buf_release(&all);
    buf_release(&going);
}

void undo_collect_xids(struct undo *u) {
    for (uint32_t t = 0; t < u->tables.count; t++)
        collect_table_xids(u, t);
}

static bool read_age(struct undo *u) {
    static const char SQL[] =
        "SELECT coalesce(pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint"
        " - min(xid::text::bigint), 0) FROM mig.batch WHERE run_id = $1::uuid";
    struct pg_result *r = pg_query(u->connection, SQL, &u->run_id, 1, u->diags);
    if (r == NULL) return false;
    u->report->xids_left = XID_HORIZON - pg_result_int(r, 0, 0);
    pg_result_free(r);
    for (uint32_t m = 0; m < u->maps.count && u->report->xids_left <= 0; m++)
        if (u->maps.items[m].map->rollback != ROLLBACK_SQL && u->maps.items[m].report->blocked.len == 0) {
            u->maps.items[m].untold = true;
            block(&u->maps.items[m],
                  STR("more than 2^31 transactions have gone by since: row versions say nothing any more"));
        }
    return true;
}

/* -- keys */

static const struct plan_target_table *plan_table(const struct undo *u, const struct undo_table *table) {
    for (uint32_t m = 0; m < u->maps.count; m++)
        if (&u->tables.items[u->maps.items[m].table] == table)
            return &u->plan->target.tables[u->maps.items[m].map->target_table - 1];
    return NULL;
}

static int32_t live_column(const struct undo_table *table, struct str name) {
    for (uint32_t c = 0; c < table->column_count; c++)
        if (str_eq(table->columns[c].name, name)) return (int32_t)c;
    return -1;
}

static bool updates_column(struct undo *u, const struct undo_map *map, const struct plan_target_table *table,
                           uint32_t column) {
    uint32_t count = 0;
    if (map->map->conflict != CONFLICT_UPDATE) return false;
    const uint32_t *updated = pg_map_update_columns(u->arena, map->map, table, &count);
    for (uint32_t i = 0; i < count; i++)
        if (updated[i] == column) return true;
    return false;
}

static bool primary_key_is_overwritten(struct undo *u, const struct undo_table *table,
                                       const struct plan_target_table *plan) {
    if (plan->keys_count == 0 || !plan->keys[0].primary) return true;
    for (uint32_t m = 0; m < u->maps.count; m++)
        for (uint32_t i = 0; i < plan->keys[0].columns_count; i++)
            if (&u->tables.items[u->maps.items[m].table] == table &&
                updates_column(u, &u->maps.items[m], plan, plan->keys[0].columns[i]))
                return true;
    return false;
}

static void take_key(struct undo *u, struct undo_table *table, const struct plan_target_table *plan,
                     const uint32_t *columns, uint32_t count) {
    table->key = ARENA_ARRAY(u->arena, uint32_t, count);
    table->key_count = count;
    for (uint32_t i = 0; i < count; i++) {
        int32_t c = live_column(table, plan->columns[columns[i]].name);
        if (c < 0) {
            table->key_count = 0;
            table->unkeyed = arena_printf(u->arena, "its key column `%.*s` was renamed or dropped since",
                                          STR_ARG(plan->columns[columns[i]].name));
            return;
        }
        table->key[i] = (uint32_t)c;
    }
}

/* The primary key tells rows apart, unless the run itself has overwritten it: then the columns by which its
 * maps found the rows, if they are the same for all. */
static void choose_key(struct undo *u, struct undo_table *table, const struct plan_target_table *plan) {
    if (!primary_key_is_overwritten(u, table, plan)) {
        take_key(u, table, plan, plan->keys[0].columns, plan->keys[0].columns_count);
        return;
    }
    const struct plan_map *found = NULL;
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct plan_map *map = u->maps.items[m].map;
        if (&u->tables.items[u->maps.items[m].table] != table || map->conflict != CONFLICT_UPDATE) continue;
        bool same =
            found == NULL || (found->conflict_columns_count == map->conflict_columns_count &&
                              memcmp(found->conflict_columns, map->conflict_columns,
                                     sizeof *map->conflict_columns * map->conflict_columns_count) == 0);
        if (!same)
            table->unkeyed = STR("its maps find rows by different columns, and one of them overwrites the "
                                 "primary key or there is none");
        found = map;
    }
    for (uint32_t k = 0; k < plan->keys_count && found == NULL; k++)
        if (!plan->keys[k].primary) { /* nothing is updated: any key will do to name rows by */
            take_key(u, table, plan, plan->keys[k].columns, plan->keys[k].columns_count);
            return;
        }
    if (found && table->unkeyed.len == 0)
        take_key(u, table, plan, found->conflict_columns, found->conflict_columns_count);
}

static bool read_columns(struct undo *u, struct undo_table *table) {
    if (!pg_live_columns_read(u->connection, u->arena, table->schema, table->name, &table->columns,
                              &table->column_count, u->diags))
        return false;
    table->personal = ARENA_ARRAY(u->arena, bool, table->column_count);
    table->imaged = ARENA_ARRAY(u->arena, bool, table->column_count);
    table->changed = ARENA_ARRAY(u->arena, bool, table->column_count);
    const struct plan_target_table *plan = plan_table(u, table);
    for (uint32_t c = 0; plan && c < plan->columns_count; c++) {
        int32_t live = live_column(table, plan->columns[c].name);
        if (live >= 0) table->personal[live] = plan->columns[c].pii;
    }
    if (plan) choose_key(u, table, plan);
    return true;
}

/* -- foreign keys that refer to the tables */

static void add_fk(struct undo *u, struct undo_table *table, const struct pg_result *r, uint32_t row) {
    struct undo_fk fk = {.name = copy(u, r, row, 0),
                         .schema = copy(u, r, row, 1),
                         .table = copy(u, r, row, 2),
                         .action = pg_result_text(r, row, 3).ptr[0],
                         .indexed = pg_result_bool(r, row, 4),
                         .nullable = pg_result_bool(r, row, 8),
                         .count = (uint32_t)pg_result_int(r, row, 5)};
    fk.child = find_table(u, fk.schema, fk.table);
    fk.columns = ARENA_ARRAY(u->arena, struct str, fk.count);
    fk.keys = ARENA_ARRAY(u->arena, struct str, fk.count);
    for (uint32_t i = 0; i < fk.count; i++) { /* one row for each column */
        fk.columns[i] = copy(u, r, row + i, 6);
        fk.keys[i] = copy(u, r, row + i, 7);
    }
    VEC_PUSH(u->arena, &table->fks, fk);
}

static bool read_fks(struct undo *u, struct undo_table *table) {
    static const char SQL[] =
        "SELECT k.conname, n.nspname, c.relname, k.confdeltype,"
        " EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = k.conrelid AND i.indisvalid"
        "  AND i.indpred IS NULL AND i.indkey[0] = ANY (k.conkey)),"
        " pg_catalog.cardinality(k.conkey), a.attname, f.attname,"
        " NOT EXISTS (SELECT FROM pg_catalog.pg_attribute v WHERE v.attrelid = k.conrelid AND v.attnotnull"
        "  AND v.attnum = ANY (k.conkey))"
        " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey))"
        "  WITH ORDINALITY AS x (a, f, n)"
        " JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.a"
        " JOIN pg_catalog.pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = x.f"
        " WHERE k.contype = 'f' AND k.confrelid = $1::oid AND k.conparentid = 0"
        " ORDER BY n.nspname, c.relname, k.conname, x.n";
    struct pg_result *r = pg_query(u->connection, SQL, &table->oid, 1, u->diags);
    if (r == NULL) return false;
    for (uint32_t row = 0; row < pg_result_rows(r); row += (uint32_t)pg_result_int(r, row, 5))
        add_fk(u, table, r, row);
    pg_result_free(r);
    return true;
}

/* -- rights */

static void report_right(struct undo *u, const struct pg_result *r, const char *right) {
    struct diag *d =
        diag_report(u->diags, X_PG_PERMISSION, (struct span){0}, "role %.*s lacks %s on table %.*s",
                    STR_ARG(pg_result_text(r, 0, 5)), right, STR_ARG(pg_result_text(r, 0, 6)));
    diag_help(u->diags, d, "GRANT %s ON %.*s TO %.*s;", right, STR_ARG(pg_result_text(r, 0, 6)),
              STR_ARG(pg_result_text(r, 0, 5)));
}

/* updates: rows are to be updated, or locked; deletes: or deleted */
static bool check_rights(struct undo *u, struct str schema, struct str name, bool deletes, bool updates) {
    static const char SQL[] =
        "SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT'),"
        " pg_catalog.has_table_privilege(c.oid, 'DELETE'), pg_catalog.has_table_privilege(c.oid, 'UPDATE'),"
        " c.relrowsecurity AND NOT u.rolsuper AND NOT u.rolbypassrls"
        "  AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')),"
        " c.relforcerowsecurity, pg_catalog.quote_ident(current_user),"
        " pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),"
        " pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.quote_ident(n.nspname)"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_catalog.pg_roles u ON u.rolname = current_user WHERE n.nspname = $1 AND c.relname = $2";
    struct str params[] = {schema, name};
    uint32_t before = u->diags->error_count;
    struct pg_result *r = pg_query(u->connection, SQL, params, 2, u->diags);
    if (r == NULL) return false;
    if (pg_result_rows(r) == 1) {
        if (!pg_result_bool(r, 0, 7)) {
            struct diag *d =
                diag_report(u->diags, X_PG_PERMISSION, (struct span){0}, "role %.*s may not use schema %.*s",
                            STR_ARG(pg_result_text(r, 0, 5)), STR_ARG(pg_result_text(r, 0, 8)));
            diag_help(u->diags, d, "GRANT USAGE ON SCHEMA %.*s TO %.*s;", STR_ARG(pg_result_text(r, 0, 8)),
                      STR_ARG(pg_result_text(r, 0, 5)));
        }
        if (!pg_result_bool(r, 0, 0)) report_right(u, r, "SELECT");
        if (deletes && !pg_result_bool(r, 0, 1)) report_right(u, r, "DELETE");
        if (updates && !pg_result_bool(r, 0, 2)) report_right(u, r, "UPDATE");
        if (pg_result_bool(r, 0, 3)) {
            struct diag *d = diag_report(u->diags, X_PG_RLS, (struct span){0},
                                         "row level security of table %.*s applies to role %.*s%s",
                                         STR_ARG(pg_result_text(r, 0, 6)), STR_ARG(pg_result_text(r, 0, 5)),
                                         pg_result_bool(r, 0, 4) ? " (FORCE ROW LEVEL SECURITY)" : "");
            diag_help(
                u->diags, d,
                "Rows that a policy hides could be neither undone nor seen to refer to others. Use a role "
                "with BYPASSRLS, as for the run: ALTER ROLE %.*s BYPASSRLS;",
                STR_ARG(pg_result_text(r, 0, 5)));
        }
    }
    pg_result_free(r);
    return u->diags->error_count == before;
}

static bool locks_parents(const struct undo_table *table) {
    for (uint32_t i = 0; i < table->fks.count; i++)
        if (strchr("cnd", table->fks.items[i].action)) return true;
    return false;
}

static bool check_table_rights(struct undo *u, const struct undo_table *table) {
    bool deletes = false, updates = false;
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct undo_map *map = &u->maps.items[m];
        if (&u->tables.items[map->table] != table || map->report->blocked.len) continue;
        if (map->map->rollback == ROLLBACK_SQL) continue;
        deletes = deletes || map->report->inserted;
        updates = updates || map->report->updated;
    }
    bool ok =
        check_rights(u, table->schema, table->name, deletes, updates || (deletes && locks_parents(table)));
    for (uint32_t i = 0; i < table->fks.count && deletes; i++)
        if (table->fks.items[i].child == UNDO_NO_TABLE)
            ok = check_rights(u, table->fks.items[i].schema, table->fks.items[i].table, false, false) && ok;
    return ok;
}

/* -- other runs */

static bool read_later_runs(struct undo *u) {
    static const char SQL[] =
        "SELECT r.run_id, count(*) OVER () FROM mig.run r WHERE r.state <> 'rolled back'"
        " AND r.started_at > (SELECT started_at FROM mig.run WHERE run_id = $1::uuid) AND r.run_id <> "
        "$1::uuid"
        " AND EXISTS (SELECT FROM mig.step a JOIN mig.step b ON b.target_oid = a.target_oid"
        "  WHERE a.run_id = r.run_id AND b.run_id = $1::uuid AND coalesce(a.updated, 1) > 0)"
        " ORDER BY r.started_at DESC LIMIT 1";
    struct pg_result *r = pg_query(u->connection, SQL, &u->run_id, 1, u->diags);
    if (r == NULL) return false;
    if (pg_result_rows(r)) {
        u->report->later_run = copy(u, r, 0, 0);
        u->report->later_runs = (uint64_t)pg_result_int(r, 0, 1);
    }
    pg_result_free(r);
    return true;
}

static bool read_aliases(struct undo *u, struct undo_table *table) {
    static const char SQL[] = "SELECT EXISTS (SELECT FROM mig.same_row WHERE relation = $1::oid"
                              " AND stands_for = ANY ($2::xid[]))";
    struct str params[] = {table->oid, table->all_xids};
    struct pg_result *r = pg_query(u->connection, SQL, params, 2, u->diags);
    if (r == NULL) return false;
    table->aliases = table->key_count && pg_result_bool(r, 0, 0);
    pg_result_free(r);
    return true;
}

bool undo_survey(struct undo *u) {
    if (!read_maps(u)) return false;
    bool ok = true;
    for (uint32_t m = 0; m < u->maps.count && ok; m++)
        ok = read_batches(u, &u->maps.items[m]) && undo_read_settled(u, &u->maps.items[m]);
    fold_batches(u);
    ok = ok && read_age(u) && read_later_runs(u);
    for (uint32_t t = 0; t < u->tables.count && ok; t++)
        if (u->tables.items[t].exists)
            ok = read_columns(u, &u->tables.items[t]) && read_fks(u, &u->tables.items[t]);
    if (ok && undo_has_part(u)) undo_part_check_maps(u);
    undo_collect_xids(u);
    for (uint32_t t = 0; t < u->tables.count && ok; t++)
        ok = !u->tables.items[t].exists || read_aliases(u, &u->tables.items[t]);
    if (!ok) return false;
    for (uint32_t t = 0; t < u->tables.count; t++)
        if (u->tables.items[t].exists) ok = check_table_rights(u, &u->tables.items[t]) && ok;
    if (u->plan->audit.target_table) {
        const struct plan_target_table *audit = &u->plan->target.tables[u->plan->audit.target_table - 1];
        u->report->audit_table = audit->name;
    }
    return ok;
}

/* Rolling one part of a run back (`partition by … as tenant`, --only tenant=acme). Which rows are of it
 * stands in the sources alone: they are gone through again, and the part's rows go into temporary tables that
 * every statement of the rollback joins. The journal notes batch by batch what was taken back of which part,
 * so that the rest of the run can be undone, verified, or taken back part by part later. */
#include "runtime/rollback/undo.h"

#include "runtime/engine/replay.h"

bool undo_has_part(const struct undo *u) {
    return u->options->part.len > 0;
}

/* -- which maps, which keys */

static bool is_not_null(const struct plan_target_table *target, const uint32_t *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!target->columns[columns[i]].not_null) return false;
    return true;
}

static void block(struct undo_map *map, struct str why) {
    if (map->report->blocked.len == 0) map->report->blocked = why;
}

/* A key that the map writes and in which nothing is null; else the part's rows cannot be told from others. */
static void choose_key(struct undo *u, struct undo_map *map) {
    const struct undo_table *table = &u->tables.items[map->table];
    const struct plan_target_table *target = &u->plan->target.tables[map->map->target_table - 1];
    map->match_count = 0;
    for (uint32_t k = 0; k < target->keys_count && map->match_count == 0; k++)
        if (is_not_null(target, target->keys[k].columns, target->keys[k].columns_count))
            undo_match_key(u, map, &target->keys[k]);
    if (map->match_count && table->key_count) return;
    block(map, arena_printf(u->arena,
                            "which of its rows in %.*s are of the part cannot be told: it writes no key of "
                            "the table whole (a primary key, or a unique key without nulls)",
                            STR_ARG(map->report->table)));
}

/* Rows that were repaired and loaded later are not in the sources as they were loaded. */
static void check_repaired(struct undo *u, struct undo_map *map) {
    uint64_t rows = 0;
    for (uint32_t i = 0; i < map->batch_count; i++)
        if (map->batches[i].repaired && !map->batches[i].undone)
            rows += map->batches[i].written + map->batches[i].updated;
    if (rows && u->options->policy == UNDO_STOP)
        block(map, arena_printf(
                       u->arena,
                       "%llu of its rows were repaired and loaded by `mig retry`, and which part they are of "
                       "is not known; with --policy keep they stay as they are, and the others go",
                       (unsigned long long)rows));
}

void undo_part_check_maps(struct undo *u) {
    for (uint32_t m = 0; m < u->maps.count; m++) {
        struct undo_map *map = &u->maps.items[m];
        if (map->map->rollback == ROLLBACK_SQL)
            block(map, STR("its way back is the spec's own SQL, which knows no parts"));
        else if (map->map->grouped)
            block(map, STR("it groups its rows: which part a group is of is not known"));
        else if (map->report->blocked.len == 0 || map->untold)
            choose_key(u, map);
        check_repaired(u, map);
    }
}

void undo_make_part_table(struct undo *u, uint32_t t, struct buf *sql) {
    struct undo_table *table = &u->tables.items[t];
    if (!undo_has_part(u)) return;
    table->part = arena_printf(u->arena, "pg_temp.\"mig: part %u\"", t);
    buf_printf(sql, "; CREATE TEMPORARY TABLE \"mig: part %u\" (", t);
    for (uint32_t i = 0; i < table->key_count; i++)
        buf_printf(sql, "%sk%u %.*s", i ? ", " : "", i, STR_ARG(table->columns[table->key[i]].type));
    buf_printf(sql, "); CREATE INDEX ON pg_temp.\"mig: part %u\" (", t);
    for (uint32_t i = 0; i < table->key_count; i++)
        buf_printf(sql, "%sk%u", i ? ", " : "", i);
    buf_append_char(sql, ')');
}

void undo_append_part(struct buf *sql, const struct undo_table *table, const char *row) {
    if (table->part.len == 0) return;
    buf_printf(sql, " AND EXISTS (SELECT FROM %.*s of_part WHERE ", STR_ARG(table->part));
    undo_append_key_match(sql, table, row, "of_part");
    buf_append_char(sql, ')');
}

/* The keys of the part's rows that are in the table now, as its maps find them. */
static bool fill_part(struct undo *u, uint32_t t) {
    const struct undo_table *table = &u->tables.items[t];
    struct buf sql = {0};
    bool any = false;
    buf_printf(&sql, "INSERT INTO %.*s ", STR_ARG(table->part));
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct undo_map *map = &u->maps.items[m];
        if (map->table != (int32_t)t || map->wrote.len == 0) continue;
        buf_append_cstr(&sql, any ? " UNION SELECT " : "SELECT DISTINCT ");
        for (uint32_t i = 0; i < table->key_count; i++) {
            buf_append_cstr(&sql, i ? ", t." : "t.");
            pg_append_identifier(&sql, table->columns[table->key[i]].name);
        }
        buf_printf(&sql, " FROM %.*s w JOIN ", STR_ARG(map->wrote));
        undo_append_table(&sql, table);
        buf_append_cstr(&sql, " t ON ");
        undo_append_match(&sql, map, table);
        any = true;
    }
    buf_printf(&sql, "; ANALYZE %.*s", STR_ARG(table->part));
    bool ok = !any || pg_exec(u->connection, sql.ptr, u->diags);
    buf_release(&sql);
    return ok;
}

bool undo_read_part(struct undo *u) {
    if (!undo_read_sources(u)) {
        struct diag *d = diag_report(u->diags, X_ROLLBACK_PART_SOURCES, (struct span){0},
                                     "which rows of run %.8s are of part %.*s=%.*s cannot be told: %.*s",
                                     u->run_id.ptr, STR_ARG(u->options->part), STR_ARG(u->options->value),
                                     STR_ARG(u->report->replay_failed));
        diag_help(
            u->diags, d,
            "Nothing was done. Only the run's sources tell that: --data DIR says where the files are now, "
            "--param-file FILE gives its secrets. Without --only the whole run can be rolled back.");
        return false;
    }
    bool ok = true;
    for (uint32_t m = 0; m < u->maps.count && ok; m++) {
        struct undo_map *map = &u->maps.items[m];
        struct str analyze = arena_printf(u->arena, "ANALYZE %.*s", STR_ARG(map->wrote));
        struct str count = arena_printf(u->arena, "SELECT count(*) FROM %.*s", STR_ARG(map->wrote));
        if (map->wrote.len == 0) continue;
        ok = pg_exec(u->connection, analyze.ptr, u->diags) &&
             undo_number(u, count.ptr, &map->report->part_rows);
        u->report->part_rows += map->report->part_rows;
    }
    for (uint32_t t = 0; t < u->tables.count && ok; t++)
        ok = u->tables.items[t].part.len == 0 || fill_part(u, t);
    return ok;
}

/* Rows of other parts leave the list of updated rows. */
bool undo_prune_chain(struct undo *u, uint32_t t) {
    struct undo_table *table = &u->tables.items[t];
    struct buf sql = {0};
    bool any = false;
    if (table->part.len == 0) return true;
    buf_printf(&sql, "DELETE FROM %.*s c WHERE NOT EXISTS (SELECT FROM (", STR_ARG(table->chain));
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct undo_map *map = &u->maps.items[m];
        if (map->table != (int32_t)t || map->wrote.len == 0) continue;
        buf_printf(&sql, "%sSELECT x.ctid AS place FROM %.*s x JOIN %.*s w ON true", any ? " UNION ALL " : "",
                   STR_ARG(table->chain), STR_ARG(map->wrote));
        for (uint32_t i = 0; i < map->match_count; i++) {
            buf_append_cstr(&sql, " AND ");
            pg_append_image_text(&sql, "x.new_row", &table->columns[map->match[i]]);
            buf_append_cstr(&sql, " = ");
            pg_append_column_text(&sql, "w", &table->columns[map->match[i]]);
        }
        any = true;
    }
    if (!any) buf_append_cstr(&sql, "SELECT NULL::tid AS place WHERE false");
    buf_append_cstr(&sql, ") of_part WHERE of_part.place = c.ctid)");
    struct pg_result *r = pg_query(u->connection, sql.ptr, NULL, 0, u->diags);
    if (r) table->chain_rows -= pg_result_affected(r);
    bool ok = r != NULL;
    pg_result_free(r);
    buf_release(&sql);
    return ok;
}

/* -- what the journal knows of parts taken back before */

bool undo_read_parts(struct undo *u) {
    struct pg_result *r = pg_query(
        u->connection, "SELECT pg_catalog.to_regclass('mig.part_undo') IS NOT NULL", NULL, 0, u->diags);
    if (r == NULL) return false;
    u->knows_parts = pg_result_bool(r, 0, 0);
    pg_result_free(r);
    struct journal_part_info *parts;
    uint32_t count = 0;
    if (!journal_read_parts(u->connection, u->info->run_id, u->arena, &parts, &count, u->diags)) return false;
    for (uint32_t i = 0; i < count; i++)
        VEC_PUSH(u->arena, &u->report->parts,
                 ((struct undo_part){parts[i].part, parts[i].value, parts[i].done}));
    return true;
}

static struct undo_batch *batch_of(struct undo_map *map, int64_t ordinal) {
    for (uint32_t i = 0; i < map->batch_count; i++)
        if (map->batches[i].ordinal == ordinal) return &map->batches[i];
    return NULL;
}

static void note_part(struct undo *u, struct undo_map *map, const struct pg_result *r, uint32_t row) {
    struct undo_batch *b = batch_of(map, pg_result_int(r, row, 0));
    struct str part = pg_result_text(r, row, 1), value = pg_result_text(r, row, 2);
    if (b == NULL) return;
    b->settled += (uint64_t)pg_result_int(r, row, 3);
    if (!undo_has_part(u)) {
        VEC_PUSH(u->arena, &b->parts,
                 ((struct undo_part){arena_copy_str(u->arena, part), arena_copy_str(u->arena, value), true}));
        return;
    }
    if (!str_eq(part, u->options->part) || !str_eq(value, u->options->value)) return;
    b->undone = true;
    b->left = (uint64_t)pg_result_int(r, row, 4);
    map->report->batches_undone++;
}

/* Rows of a batch that rollbacks of parts have settled: they are missing for that reason. */
bool undo_read_settled(struct undo *u, struct undo_map *map) {
    static const char PARTS[] = "SELECT ordinal, part, value, settled, rows_left FROM mig.part_undo_batch "
                                "WHERE run_id = $1::uuid AND map = $2";
    static const char IMAGES[] =
        "SELECT b.ordinal, o.n FROM mig.batch b JOIN (SELECT i.old_xmin, count(*) AS n FROM mig.undone_image "
        "i"
        " JOIN mig.step s USING (run_id, map) JOIN mig.step mine ON mine.run_id = s.run_id AND mine.map = $2"
        "  AND mine.target_schema = s.target_schema AND mine.target_table = s.target_table"
        " WHERE i.run_id = $1::uuid GROUP BY 1) o ON o.old_xmin = pg_catalog.xid(b.xid)"
        " WHERE b.run_id = $1::uuid AND b.map = $2";
    struct str params[] = {u->run_id, map->map->name};
    if (!u->knows_parts) return true;
    struct pg_result *r = pg_query(u->connection, PARTS, params, 2, u->diags);
    for (uint32_t row = 0; r && row < pg_result_rows(r); row++)
        note_part(u, map, r, row);
    bool ok = r != NULL;
    pg_result_free(r);
    r = ok ? pg_query(u->connection, IMAGES, params, 2, u->diags) : NULL;
    for (uint32_t row = 0; r && row < pg_result_rows(r); row++) {
        struct undo_batch *b = batch_of(map, pg_result_int(r, row, 0));
        if (b) b->settled += (uint64_t)pg_result_int(r, row, 1);
    }
    ok = r != NULL;
    pg_result_free(r);
    return ok;
}

/* Is a row of the batch to be looked at? Of a part: the part's; else those of no part that was taken back. */
bool undo_row_is_wanted(struct undo *u, const struct undo_batch *batch, const struct replay_row *row) {
    if (!undo_has_part(u) && batch->parts.count == 0) return true;
    arena_reset(&u->scratch);
    struct str value = map_row_part(row->run, row->row, &u->scratch);
    struct str part = u->plan->maps[row->map].partition;
    if (undo_has_part(u))
        return (!batch->undone || batch->left) && value.ptr && str_eq(value, u->options->value);
    for (uint32_t i = 0; i < batch->parts.count; i++)
        if (value.ptr && str_eq(part, batch->parts.items[i].part) &&
            str_eq(value, batch->parts.items[i].value))
            return false;
    return true;
}

/* -- the transaction of a batch */

static struct str number_text(struct undo *u, uint64_t n) {
    return arena_printf(u->arena, "%llu", (unsigned long long)n);
}

bool undo_part_fence(struct undo *u, bool *ours) {
    struct str params[] = {u->run_id, number_text(u, (uint64_t)u->run.fence)};
    struct pg_result *r = pg_query(
        u->connection,
        "SELECT FROM mig.run WHERE run_id = $1::uuid AND fence = $2::bigint AND state = 'done' FOR SHARE",
        params, 2, NULL);
    *ours = r && pg_result_rows(r) == 1;
    pg_result_free(r);
    return r != NULL;
}

/* The images of rows that went back are no longer the run's: they are set aside. which: further conditions on
 * the chain's row c and the image i. */
static bool set_images_aside(struct undo *u, const struct undo_map *map, const char *which,
                             const struct str *params, uint64_t *count) {
    const struct undo_table *table = &u->tables.items[map->table];
    struct buf sql = {0}, xids = {0};
    buf_printf(
        &sql,
        "WITH back AS (DELETE FROM mig.image i USING %.*s c WHERE i.run_id = $1::uuid AND c.map = $2 AND "
        "c.ordinal = $3::bigint AND c.wrote IS NULL AND %s AND NOT EXISTS (SELECT FROM ",
        STR_ARG(table->chain), which);
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE ");
    undo_append_key_match(&sql, table, "t", "c");
    buf_append_cstr(&sql, " AND ");
    undo_append_xids(&xids, table->all_xids);
    undo_append_written_by(&sql, table, "t", xids.ptr);
    buf_release(&xids);
    buf_append_cstr(
        &sql,
        ") RETURNING i.*) INSERT INTO mig.undone_image (run_id, map, ordinal, seq, operation, old_xmin,"
        " old_row, new_row, part, value) SELECT run_id, map, ordinal, seq, operation, old_xmin, old_row,"
        " new_row, $4::text, $5::text FROM back");
    bool ok = undo_run(u, sql.ptr, params, 5, count);
    buf_release(&sql);
    return ok;
}

/* A row that the run updated more than once has images in other batches, too. */
static bool set_older_aside(struct undo *u, const struct undo_map *map, const struct str *params) {
    const struct undo_table *table = &u->tables.items[map->table];
    struct buf which = {0};
    uint64_t more = 0;
    struct str sql =
        arena_printf(u->arena,
                     "SELECT FROM %.*s WHERE map = $2 AND ordinal = $3::bigint AND images > 1 AND "
                     "$1::uuid IS NOT NULL LIMIT 1",
                     STR_ARG(table->chain));
    struct pg_result *r = pg_query(u->connection, sql.ptr, params, 3, NULL);
    if (r) more = pg_result_rows(r);
    bool ok = r != NULL;
    pg_result_free(r);
    if (!ok || more == 0) return ok;
    buf_append_cstr(&which, "c.images > 1 AND i.map IN (");
    bool first = true;
    for (uint32_t m = 0; m < u->maps.count; m++) {
        if (u->maps.items[m].table != map->table) continue;
        if (!first) buf_append_cstr(&which, ", ");
        pg_append_literal(&which, u->maps.items[m].map->name);
        first = false;
    }
    buf_append_char(&which, ')');
    for (uint32_t i = 0; i < table->key_count; i++) {
        buf_append_cstr(&which, " AND ");
        pg_append_image_value(&which, "i.new_row", &table->columns[table->key[i]]);
        buf_printf(&which, " = c.k%u", i);
    }
    ok = set_images_aside(u, map, which.ptr, params, NULL);
    buf_release(&which);
    return ok;
}

bool undo_part_write(struct undo *u, const struct undo_map *map, const struct undo_batch *batch,
                     uint64_t before, const struct undo_counts *c) {
    const struct undo_table *table = &u->tables.items[map->table];
    struct str params[] = {u->run_id, map->map->name,
                           arena_printf(u->arena, "%lld", (long long)batch->ordinal), u->options->part,
                           u->options->value};
    uint64_t after = 0, changed = 0;
    if (!undo_count_now(u, map, batch, &after)) return false;
    if (table->chain.len) {
        struct str sql =
            arena_printf(u->arena,
                         "SELECT count(*) FROM %.*s WHERE map = $2 AND ordinal = $3::bigint AND NOT "
                         "coalesce(here, false) AND class <> 'undone' AND $1::uuid IS NOT NULL",
                         STR_ARG(table->chain));
        struct pg_result *r = pg_query(u->connection, sql.ptr, params, 3, NULL);
        if (r == NULL) return false;
        changed = (uint64_t)pg_result_int(r, 0, 0);
        pg_result_free(r);
        if (!set_older_aside(u, map, params) ||
            !set_images_aside(u, map, "i.map = c.map AND i.ordinal = c.ordinal AND i.seq = c.seq", params,
                              NULL))
            return false;
    }
    struct str row[] = {params[0],
                        params[1],
                        params[2],
                        params[3],
                        params[4],
                        number_text(u, (uint64_t)u->run.fence),
                        number_text(u, c->deleted),
                        number_text(u, c->restored),
                        number_text(u, c->overwritten),
                        number_text(u, c->merged),
                        number_text(u, (before > after ? before - after : 0) + changed),
                        number_text(u, after)};
    return undo_run(
        u,
        "INSERT INTO mig.part_undo_batch (run_id, map, ordinal, part, value, fence, deleted, restored,"
        " overwritten, merged, settled, rows_left) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
        "$12)",
        row, 12, NULL);
}

/* -- rows that went later than their batch */

/* counted: versions of rows that went, and how many of each. */
static bool note_swept(struct undo *u, uint32_t t, const struct pg_result *counted, uint64_t *deleted) {
    static const char SQL[] =
        "UPDATE mig.part_undo_batch SET deleted = deleted + $6::bigint, settled = settled + $6::bigint,"
        " rows_left = greatest(rows_left - $6::bigint, 0) WHERE run_id = $1::uuid AND map = $2"
        " AND ordinal = $3::bigint AND part = $4 AND value = $5";
    bool ok = true;
    for (uint32_t row = 0; ok && row < pg_result_rows(counted); row++) {
        struct undo_map *map;
        const struct undo_batch *batch =
            undo_find_batch(u, (int32_t)t, pg_result_text(counted, row, 0), &map);
        *deleted += (uint64_t)pg_result_int(counted, row, 1);
        if (batch == NULL) continue; /* written again by others with the same content: settled already */
        struct str params[] = {
            u->run_id,        map->map->name,    arena_printf(u->arena, "%lld", (long long)batch->ordinal),
            u->options->part, u->options->value, number_text(u, (uint64_t)pg_result_int(counted, row, 1))};
        ok = undo_run(u, SQL, params, 6, NULL);
        map->report->rows_deleted += (uint64_t)pg_result_int(counted, row, 1);
    }
    return ok;
}

bool undo_part_sweep(struct undo *u, uint32_t t, const char *statement, uint64_t *deleted) {
    struct buf sql = {0};
    bool ours = true;
    *deleted = 0;
    buf_printf(&sql, "WITH gone AS (%s RETURNING ", statement);
    undo_append_version(&sql, &u->tables.items[t], "t");
    buf_append_cstr(&sql, " AS xid) SELECT xid, count(*) FROM gone GROUP BY 1");
    struct pg_result *r =
        undo_part_fence(u, &ours) && ours ? pg_query(u->connection, sql.ptr, NULL, 0, NULL) : NULL;
    bool ok = r && note_swept(u, t, r, deleted);
    pg_result_free(r);
    buf_release(&sql);
    return ok;
}

bool undo_part_note_left(struct undo *u, uint32_t t) {
    const struct undo_table *table = &u->tables.items[t];
    struct buf sql = {0};
    uint64_t deleted = 0;
    bool ours = true;
    buf_append_cstr(&sql, "SELECT ");
    undo_append_version(&sql, table, "t");
    buf_append_cstr(&sql, " AS xid, count(*) FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE ");
    undo_append_goes(&sql, u, table, "t");
    buf_append_cstr(&sql, " GROUP BY 1");
    struct pg_result *r =
        undo_part_fence(u, &ours) && ours ? pg_query(u->connection, sql.ptr, NULL, 0, NULL) : NULL;
    bool ok = r && note_swept(u, t, r, &deleted);
    pg_result_free(r);
    buf_release(&sql);
    return ok;
}

/* -- may it be taken back? */

static bool is_partitioned(const struct undo *u) {
    for (uint32_t m = 0; m < u->plan->maps_count; m++)
        if (str_eq(u->plan->maps[m].partition, u->options->part)) return true;
    return false;
}

static void report_unknown(struct undo *u) {
    struct str *names = ARENA_ARRAY(u->arena, struct str, u->plan->maps_count + 1);
    uint32_t count = 0;
    for (uint32_t m = 0; m < u->plan->maps_count; m++)
        if (u->plan->maps[m].partition.len) names[count++] = u->plan->maps[m].partition;
    struct diag *d = diag_report(u->diags, X_PARTITION_UNKNOWN, (struct span){0},
                                 "no map is partitioned by `%.*s`", STR_ARG(u->options->part));
    struct str close = diag_closest_name(u->options->part, names, count);
    if (close.len) diag_help(u->diags, d, "Did you mean `%.*s`?", STR_ARG(close));
    diag_help(u->diags, d, "%s",
              count ? "Name a part that a map declares with `partition by … as name`."
                    : "The run's spec has no parts: it can be rolled back whole, without --only.");
}

static bool refuse_state(struct undo *u, const char *why, const char *help) {
    struct diag *d =
        diag_report(u->diags, X_ROLLBACK_PART_STATE, (struct span){0}, "part %.*s=%.*s of run %.8s %s",
                    STR_ARG(u->options->part), STR_ARG(u->options->value), u->run_id.ptr, why);
    diag_help(u->diags, d, "%s", help);
    return false;
}

enum undo_status undo_part_check(struct undo *u) {
    if (!is_partitioned(u)) {
        report_unknown(u);
        return UNDO_USAGE;
    }
    for (uint32_t i = 0; i < u->report->parts.count; i++) {
        const struct undo_part *p = &u->report->parts.items[i];
        if (!str_eq(p->part, u->options->part) || !str_eq(p->value, u->options->value)) continue;
        u->part_begun = true;
        if (!p->done) continue;
        refuse_state(u, "is rolled back already",
                     "Nothing is left to do; `mig run --only` with that part loads it anew.");
        return UNDO_REFUSED;
    }
    if (str_is(u->info->state, "done")) return UNDO_DONE;
    refuse_state(
        u, arena_printf(u->arena, "cannot be taken back: the run is %.*s", STR_ARG(u->info->state)).ptr,
        str_is(u->info->state, "rolling back")
            ? "A rollback of the whole run is under way: `mig rollback` without --only goes on with it."
            : "Parts are taken out of runs that have come to their end: `mig resume` goes on with it, "
              "`mig rollback` without --only undoes all of it.");
    return UNDO_REFUSED;
}

bool undo_part_is_whole_run(const struct undo_options *options) {
    const struct run_options *run = options->run;
    return options->part.len && run && run->only_count == 1 && str_eq(run->only[0].name, options->part) &&
           str_eq(run->only[0].value, options->value);
}

void undo_list_left_alone(struct undo *u) {
    for (uint32_t i = 0; i < u->info->step_count; i++)
        for (uint32_t m = 0; m < u->plan->maps_count; m++) {
            const struct plan_map *map = &u->plan->maps[m];
            if (map->target_table == 0 || !str_eq(map->name, u->info->steps[i].map)) continue;
            if (!str_eq(map->partition, u->options->part))
                VEC_PUSH(u->arena, &u->report->left_alone, map->name);
        }
}

/* -- the journal's word */

static struct str event_detail(struct undo *u, struct str detail) {
    struct buf out = {0};
    buf_append_cstr(&out, "{\"part\":");
    buf_append_json(&out, u->options->part);
    buf_append_cstr(&out, ",\"value\":");
    buf_append_json(&out, u->options->value);
    buf_append_char(&out, ',');
    buf_append_str(&out, str_from(detail.ptr + 1, detail.len - 1));
    struct str text = arena_copy_str(u->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

/* Raises the fence after all batches under way have ended. */
enum undo_status undo_part_start(struct undo *u, struct str detail, int64_t at) {
    struct str params[] = {u->run_id, u->options->part, u->options->value};
    if (!u->knows_parts && !journal_prepare(u->connection, u->diags)) return UNDO_REFUSED;
    u->knows_parts = true;
    if (!pg_begin(u->connection, u->diags)) return UNDO_UNREACHABLE;
    struct pg_result *r = pg_query(
        u->connection,
        "UPDATE mig.run SET fence = fence + 1 WHERE run_id = $1::uuid AND state = 'done' RETURNING fence",
        params, 1, u->diags);
    bool done = r && pg_result_rows(r) == 1;
    u->run = (struct journal_run){u->info->run_id, done ? pg_result_int(r, 0, 0) : 0};
    bool ok = r != NULL;
    pg_result_free(r);
    if (ok && !done)
        refuse_state(u, "cannot be taken back: the run is not done any more", "See `mig status`.");
    r = done
            ? pg_query(
                  u->connection,
                  "INSERT INTO mig.part_undo (run_id, part, value, state) VALUES ($1, $2, $3, 'rolling back')"
                  " ON CONFLICT (run_id, part, value) DO NOTHING",
                  params, 3, u->diags)
            : NULL;
    ok = r &&
         journal_append_event(u->connection, &u->run, STR("part_rollback_started"), STR(""),
                              event_detail(u, detail), at, u->diags) &&
         pg_commit(u->connection, u->diags);
    pg_result_free(r);
    if (ok) return UNDO_DONE;
    pg_rollback(u->connection);
    return pg_is_alive(u->connection) ? UNDO_REFUSED : UNDO_UNREACHABLE;
}

bool undo_part_finish(struct undo *u, struct str detail, int64_t at) {
    struct str params[] = {u->run_id, u->options->part, u->options->value};
    bool ours = true;
    bool ok = pg_begin(u->connection, u->diags) && undo_part_fence(u, &ours);
    if (ok && !ours)
        diag_report(u->diags, X_PG_FENCED, (struct span){0}, "another mig has taken over run %.*s",
                    STR_ARG(u->run_id));
    struct pg_result *r =
        ok && ours
            ? pg_query(u->connection,
                       "UPDATE mig.part_undo SET state = 'rolled back', finished_at = "
                       "pg_catalog.clock_timestamp() WHERE run_id = $1::uuid AND part = $2 AND value = $3",
                       params, 3, u->diags)
            : NULL;
    ok = r &&
         journal_append_event(u->connection, &u->run, STR("part_rolled_back"), STR(""),
                              event_detail(u, detail), at, u->diags) &&
         pg_commit(u->connection, u->diags);
    pg_result_free(r);
    if (!ok) pg_rollback(u->connection);
    return ok;
}

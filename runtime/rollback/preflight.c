/* What the run's rows are now: exact counts, from one look at each table. */
#include "runtime/rollback/undo.h"

#include <stdlib.h>

bool undo_number(struct undo *u, const char *sql, uint64_t *number) {
    struct pg_result *r = pg_query(u->connection, sql, NULL, 0, u->diags);
    if (r) *number = pg_result_rows(r) ? (uint64_t)pg_result_int(r, 0, 0) : 0;
    pg_result_free(r);
    return r != NULL;
}

/* -- rows that carry the run's versions */

struct undo_batch *undo_find_batch(struct undo *u, int32_t t, struct str xid, struct undo_map **map) {
    for (uint32_t m = 0; m < u->maps.count; m++) {
        *map = &u->maps.items[m];
        for (uint32_t b = 0; b < (*map)->batch_count && (*map)->table == t; b++)
            if (str_eq((*map)->batches[b].xid, xid)) return &(*map)->batches[b];
    }
    return NULL;
}

void undo_append_version(struct buf *sql, const struct undo_table *table, const char *row) {
    if (!table->aliases) {
        buf_printf(sql, "%s.xmin", row);
        return;
    }
    buf_printf(sql,
               "coalesce((SELECT put.stands_for FROM mig.same_row put WHERE put.relation = %.*s AND "
               "put.xid = %s.xmin::text::bigint AND put.key = ",
               STR_ARG(table->oid), row);
    undo_append_key_text(sql, table, row);
    buf_printf(sql, "), %s.xmin)", row);
}

static bool count_present(struct undo *u, int32_t t) {
    struct undo_table *table = &u->tables.items[t];
    struct buf sql = {0}, xids = {0};
    undo_append_xids(&xids, table->all_xids);
    buf_append_cstr(&sql, "SELECT w.xid, count(*), min(w.ctid), max(w.ctid) FROM (SELECT ");
    undo_append_version(&sql, table, "t");
    buf_append_cstr(&sql, " AS xid, t.ctid FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE ");
    undo_append_written_by(&sql, table, "t", xids.ptr);
    undo_append_part(&sql, table, "t");
    buf_append_cstr(&sql, ") w GROUP BY w.xid");
    struct pg_result *r = pg_query(u->connection, sql.ptr, NULL, 0, u->diags);
    for (uint32_t row = 0; r && row < pg_result_rows(r); row++) {
        struct undo_map *map;
        struct undo_batch *b = undo_find_batch(u, t, pg_result_text(r, row, 0), &map);
        if (b == NULL) continue;
        b->present = (uint64_t)pg_result_int(r, row, 1);
        if (table->aliases || table->partitioned) continue;
        b->first = arena_copy_str(u->arena, pg_result_text(r, row, 2));
        b->last = arena_copy_str(u->arena, pg_result_text(r, row, 3));
    }
    pg_result_free(r);
    buf_release(&sql);
    buf_release(&xids);
    return r != NULL;
}

/* -- classes of changed rows */

static struct undo_class *class_of(struct undo_map_report *report, struct str name, bool existed) {
    if (str_is(name, "untouched")) return existed ? &report->untouched_updated : NULL;
    if (str_is(name, "same")) return &report->same;
    if (str_is(name, "edited")) return &report->edited;
    if (str_is(name, "deleted")) return existed ? &report->deleted : &report->gone;
    if (str_is(name, "between")) return &report->between;
    return NULL;
}

static struct undo_map *map_named(struct undo *u, struct str name) {
    for (uint32_t m = 0; m < u->maps.count; m++)
        if (str_eq(u->maps.items[m].map->name, name)) return &u->maps.items[m];
    return NULL;
}

static bool key_is_personal(const struct undo_table *table) {
    for (uint32_t i = 0; i < table->key_count; i++)
        if (table->personal[table->key[i]]) return true;
    return false;
}

static void add_sample(struct undo *u, const struct undo_table *table, struct undo_class *class,
                       struct str key) {
    if (class->samples.count >= UNDO_SAMPLES) return;
    VEC_PUSH(u->arena, &class->samples,
             key_is_personal(table) ? STR("(personal)") : arena_copy_str(u->arena, key));
}

static bool count_chain(struct undo *u, const struct undo_table *table) {
    struct buf sql = {0};
    buf_append_cstr(
        &sql, "SELECT x.map, x.class, x.existed, max(x.n), x.key FROM (SELECT c.map, c.class, c.old_row IS "
              "NOT NULL AS existed, count(*) OVER w AS n, row_number() OVER w2 AS nth, ");
    undo_append_chain_key_json(&sql, table, "c");
    buf_printf(
        &sql,
        "::text AS key FROM %.*s c WINDOW w AS (PARTITION BY c.map, c.class, c.old_row IS NOT NULL), w2 AS "
        "(PARTITION BY c.map, c.class, c.old_row IS NOT NULL ORDER BY c.ordinal, c.k0)) x WHERE x.nth <= %d "
        "GROUP BY 1, 2, 3, 5, x.nth ORDER BY 1, 2, 3, x.nth",
        STR_ARG(table->chain), UNDO_SAMPLES);
    struct pg_result *r = pg_query(u->connection, sql.ptr, NULL, 0, u->diags);
    for (uint32_t row = 0; r && row < pg_result_rows(r); row++) {
        struct undo_map *map = map_named(u, pg_result_text(r, row, 0));
        struct undo_class *class =
            map ? class_of(map->report, pg_result_text(r, row, 1), pg_result_bool(r, row, 2)) : NULL;
        if (class == NULL) continue;
        /* Rows that existed and rows that did not may share a class; their groups come one after the other.
         */
        if (row == 0 || !str_eq(pg_result_text(r, row, 0), pg_result_text(r, row - 1, 0)) ||
            !str_eq(pg_result_text(r, row, 1), pg_result_text(r, row - 1, 1)) ||
            pg_result_bool(r, row, 2) != pg_result_bool(r, row - 1, 2))
            class->rows += (uint64_t)pg_result_int(r, row, 3);
        add_sample(u, table, class, pg_result_text(r, row, 4));
    }
    pg_result_free(r);
    buf_release(&sql);
    return r != NULL;
}

/* How many rows of each batch neither carry its xid nor were written again by the run. */
static void set_missing(struct undo_map *map) {
    for (uint32_t i = 0; i < map->batch_count; i++) {
        struct undo_batch *b = &map->batches[i];
        uint64_t wrote = b->written + b->updated, known = b->present + b->superseded + b->settled;
        b->missing = b->undone || wrote < known ? 0 : wrote - known;
    }
}

static void subtract_known(struct undo_batch *b, uint64_t rows) {
    b = b->lead ? b->lead : b;
    b->missing -= rows < b->missing ? rows : b->missing;
}

/* Rows of the map's that are in the chain: of those that are there as the run left them (here), how many were
 * there before the run. Those that are not so are no longer missing from their batches. */
static bool count_known(struct undo *u, struct undo_map *map) {
    const struct undo_table *table = &u->tables.items[map->table];
    map->existed_here = 0;
    if (table->chain.len == 0) return true;
    struct str sql =
        arena_printf(u->arena,
                     "SELECT ordinal, count(*) FILTER (WHERE here AND old_row IS NOT NULL), count(*) FILTER "
                     "(WHERE NOT here) FROM %.*s WHERE map = $1 AND class <> 'undone' GROUP BY 1",
                     STR_ARG(table->chain));
    struct pg_result *r = pg_query(u->connection, sql.ptr, &map->map->name, 1, u->diags);
    for (uint32_t row = 0; r && row < pg_result_rows(r); row++) {
        map->existed_here += (uint64_t)pg_result_int(r, row, 1);
        for (uint32_t i = 0; i < map->batch_count; i++)
            if (map->batches[i].ordinal == pg_result_int(r, row, 0))
                subtract_known(&map->batches[i], (uint64_t)pg_result_int(r, row, 2));
    }
    pg_result_free(r);
    return r != NULL;
}

/* -- inserted rows */

/* Rows that others wrote since the run's first transaction in the table, and that are none of its updates. */
static bool count_newer(struct undo *u, struct undo_table *table, bool *counted) {
    struct buf sql = {0}, xids = {0};
    if (*counted) return true;
    *counted = true;
    undo_append_xids(&xids, table->all_xids);
    buf_append_cstr(&sql, "SELECT count(*) FROM ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE NOT ");
    undo_append_written_by(&sql, table, "t", xids.ptr);
    buf_printf(&sql,
               " AND pg_catalog.age(t.xmin) <= (SELECT max(pg_catalog.age(x)) FROM pg_catalog.unnest(%s) x)",
               xids.ptr);
    if (table->chain.len) {
        buf_printf(&sql, " AND NOT EXISTS (SELECT FROM %.*s c WHERE ", STR_ARG(table->chain));
        undo_append_key_match(&sql, table, "t", "c");
        buf_append_char(&sql, ')');
    }
    bool ok = undo_number(u, sql.ptr, &table->newer);
    buf_release(&sql);
    buf_release(&xids);
    return ok;
}

static void block_for_extra(struct undo *u, struct undo_map *map, const struct undo_batch *b) {
    struct undo_map_report *report = map->report;
    if (report->blocked.len || map->map->rollback == ROLLBACK_SQL) return;
    map->untold = true;
    report->blocked = arena_printf(
        u->arena,
        "batch %lld has %llu rows in %.*s that the run did not write: a trigger wrote them in its "
        "transaction, so that row versions cannot tell them from its own",
        (long long)b->ordinal, (unsigned long long)(b->present + b->superseded - b->written - b->updated),
        STR_ARG(report->table));
}

/* A rewriting ALTER TABLE gives all rows a version of its own. */
static void block_rewritten(struct undo *u, struct undo_map *map, uint64_t present) {
    const struct undo_table *table = &u->tables.items[map->table];
    struct undo_map_report *report = map->report;
    uint64_t left = 0;
    for (uint32_t i = 0; i < map->batch_count; i++)
        left += map->batches[i].undone ? 0 : map->batches[i].written + map->batches[i].updated;
    if (report->blocked.len || map->map->rollback == ROLLBACK_SQL) return;
    if (left == 0 || present || table->same_file || table->newer == 0) return;
    map->untold = true;
    report->blocked =
        arena_printf(u->arena,
                     "table %.*s was rewritten since (ALTER TABLE of a column's type, or the like), "
                     "which gave all its rows new versions",
                     STR_ARG(report->table));
}

/* Of a part, the sources have told which rows are not as the run left them; in batches that found rows as
 * they were, those may have been somebody else's. */
static bool count_of_part(struct undo *u, struct undo_map *map, uint64_t present, uint64_t missing) {
    struct undo_table *table = &u->tables.items[map->table];
    map->report->unclear.rows = missing;
    table->newer = table->chain_rows;
    block_rewritten(u, map, present);
    return true;
}

static bool count_inserted(struct undo *u, struct undo_map *map, bool *newer_counted) {
    struct undo_map_report *report = map->report;
    struct undo_table *table = &u->tables.items[map->table];
    uint64_t present = 0, missing = 0, existed_here = map->existed_here;
    if (!undo_add_written(u, map)) return false;
    for (uint32_t i = 0; i < map->batch_count; i++) {
        const struct undo_batch *b = &map->batches[i];
        if (b->undone) continue;
        if (b->present + b->superseded > b->written + b->updated) block_for_extra(u, map, b);
        present += b->present;
        missing += b->missing;
    }
    report->untouched_inserted.rows = present > existed_here ? present - existed_here : 0;
    if (undo_has_part(u) && !table->by_content) return count_of_part(u, map, present, missing);
    if (missing == 0) return true;
    if (table->by_content) {
        report->blocked =
            arena_printf(u->arena,
                         "table %.*s is not the one that the run wrote into, or its row versions say "
                         "nothing, and %llu rows that it inserted cannot be found by their content",
                         STR_ARG(report->table), (unsigned long long)missing);
        return true;
    }
    if (!count_newer(u, table, newer_counted)) return false;
    if (table->newer)
        report->unclear.rows = missing;
    else
        report->gone.rows += missing;
    block_rewritten(u, map, present);
    return true;
}

/* Where inserted rows were changed by others, a row that the run updated after others had written it may be
 * one that it had inserted itself. */
static bool doubt_chains(struct undo *u, int32_t t) {
    const struct undo_table *table = &u->tables.items[t];
    bool unclear = false;
    for (uint32_t m = 0; m < u->maps.count; m++)
        unclear = unclear || (u->maps.items[m].table == t && u->maps.items[m].report->unclear.rows);
    if (!unclear || table->chain.len == 0) return true;
    struct str sql = arena_printf(u->arena,
                                  "UPDATE %.*s SET class = 'between' WHERE class IN ('untouched', 'same') "
                                  "AND pg_catalog.age(old_xmin) < "
                                  "(SELECT max(pg_catalog.age(x)) FROM pg_catalog.unnest('%.*s'::xid[]) x)",
                                  STR_ARG(table->chain), STR_ARG(table->all_xids));
    return pg_exec(u->connection, sql.ptr, u->diags);
}

/* -- rows that must stay because rows that stay refer to them */

/* The child is put back to a row that refers to another parent. */
static void append_not_put_back(struct buf *sql, const struct undo *u, const struct undo_fk *fk) {
    const struct undo_table *child = fk->child == UNDO_NO_TABLE ? NULL : &u->tables.items[fk->child];
    if (child == NULL || child->chain.len == 0) return;
    buf_printf(sql, " AND NOT EXISTS (SELECT FROM %.*s back WHERE ", STR_ARG(child->chain));
    undo_append_key_match(sql, child, "child", "back");
    buf_append_cstr(sql, " AND back.class IN ('untouched', 'same') AND back.old_row IS NOT NULL AND (false");
    for (uint32_t i = 0; i < fk->count; i++)
        for (uint32_t c = 0; c < child->column_count; c++)
            if (str_eq(child->columns[c].name, fk->columns[i]) && child->imaged[c]) {
                buf_append_cstr(sql, " OR ");
                pg_append_column_text(sql, "child", &child->columns[c]);
                buf_append_cstr(sql, " IS DISTINCT FROM ");
                pg_append_image_text(sql, "back.old_row", &child->columns[c]);
            }
    buf_append_cstr(sql, "))");
}

static bool hold_for(struct undo *u, uint32_t t, uint32_t f, uint64_t *added) {
    const struct undo_table *table = &u->tables.items[t];
    const struct undo_fk *fk = &table->fks.items[f];
    const struct undo_table *child = fk->child == UNDO_NO_TABLE ? NULL : &u->tables.items[fk->child];
    struct buf sql = {0};
    buf_printf(&sql, "INSERT INTO pg_temp.\"mig: held\" SELECT t.tableoid, t.ctid, %u, ", t);
    undo_append_version(&sql, table, "t");
    buf_printf(&sql, ", %u FROM ", f);
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t WHERE ");
    undo_append_goes(&sql, u, table, "t");
    buf_append_cstr(&sql, " AND EXISTS (SELECT FROM ");
    pg_append_qualified(&sql, fk->schema, fk->table);
    buf_append_cstr(&sql, " child WHERE ");
    undo_append_reference(&sql, fk, "child", "t");
    if (child && child->exists) {
        buf_append_cstr(&sql, " AND NOT (");
        undo_append_goes(&sql, u, child, "child");
        buf_append_char(&sql, ')');
    }
    append_not_put_back(&sql, u, fk);
    buf_append_char(&sql, ')');
    struct pg_result *r = pg_query(u->connection, sql.ptr, NULL, 0, u->diags);
    if (r) *added += pg_result_affected(r);
    pg_result_free(r);
    buf_release(&sql);
    return r != NULL;
}

static bool goes_at_all(const struct undo_table *table) {
    return table->exists && table->going_xids.len > 2;
}

static bool hold_rows(struct undo *u) {
    uint64_t added = 1;
    while (added) {
        added = 0;
        for (uint32_t t = 0; t < u->tables.count; t++)
            for (uint32_t f = 0; goes_at_all(&u->tables.items[t]) && f < u->tables.items[t].fks.count; f++)
                if (!hold_for(u, t, f, &added)) return false;
    }
    return true;
}

static void note_held(struct undo *u, const struct pg_result *r, uint32_t row) {
    int32_t t = (int32_t)pg_result_int(r, row, 0);
    const struct undo_table *table = &u->tables.items[t];
    uint64_t rows = (uint64_t)pg_result_int(r, row, 3);
    uint32_t f = (uint32_t)pg_result_int(r, row, 2);
    struct undo_map *map;
    struct undo_batch *batch = undo_find_batch(u, t, pg_result_text(r, row, 1), &map);
    if (batch == NULL || f >= table->fks.count) return;
    table->fks.items[f].held += rows;
    batch->held += rows;
    map->report->held.rows += rows;
    map->report->untouched_inserted.rows -=
        rows < map->report->untouched_inserted.rows ? rows : map->report->untouched_inserted.rows;
}

static const char *action_name(char action) {
    switch (action) {
    case 'r': return "restrict";
    case 'c': return "cascade";
    case 'n': return "set null";
    case 'd': return "set default";
    default: return "no action";
    }
}

static void report_references(struct undo *u) {
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct undo_map *map = &u->maps.items[m];
        const struct undo_table *table = &u->tables.items[map->table];
        bool first = true; /* the table's first map in the report tells of it */
        for (uint32_t k = 0; k < m; k++)
            first = first && u->maps.items[k].table != map->table;
        for (uint32_t f = 0; first && f < table->fks.count; f++) {
            const struct undo_fk *fk = &table->fks.items[f];
            if (fk->held == 0 && fk->indexed) continue;
            VEC_PUSH(u->arena, &map->report->references,
                     ((struct undo_reference){
                         arena_printf(u->arena, "%.*s.%.*s", STR_ARG(fk->schema), STR_ARG(fk->table)),
                         fk->name, action_name(fk->action), fk->held, !fk->indexed}));
        }
    }
}

static bool sample_held(struct undo *u, struct undo_map *map) {
    const struct undo_table *table = &u->tables.items[map->table];
    if (map->report->held.rows == 0 || table->key_count == 0) return true;
    struct buf sql = {0}, xids = {0};
    buf_append_char(&xids, '{');
    for (uint32_t i = 0; i < map->batch_count; i++)
        buf_printf(&xids, "%s%.*s", i ? "," : "", STR_ARG(map->batches[i].xid));
    buf_append_char(&xids, '}');
    buf_append_cstr(&sql, "SELECT ");
    undo_append_key_json(&sql, table, "t");
    buf_append_cstr(&sql, "::text FROM pg_temp.\"mig: held\" h JOIN ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t ON t.ctid = h.place AND t.tableoid = h.relation WHERE h.xid = ANY (");
    undo_append_xids(&sql, buf_str(&xids));
    buf_printf(&sql, ") ORDER BY 1 LIMIT %d", UNDO_SAMPLES);
    struct pg_result *r = pg_query(u->connection, sql.ptr, NULL, 0, u->diags);
    for (uint32_t row = 0; r && row < pg_result_rows(r); row++)
        add_sample(u, table, &map->report->held, pg_result_text(r, row, 0));
    pg_result_free(r);
    buf_release(&sql);
    buf_release(&xids);
    return r != NULL;
}

static bool count_held(struct undo *u) {
    struct pg_result *r = pg_query(
        u->connection, "SELECT table_index, xid, fk, count(*) FROM pg_temp.\"mig: held\" GROUP BY 1, 2, 3",
        NULL, 0, u->diags);
    if (r == NULL) return false;
    for (uint32_t row = 0; row < pg_result_rows(r); row++)
        note_held(u, r, row);
    pg_result_free(r);
    report_references(u);
    for (uint32_t m = 0; m < u->maps.count; m++)
        if (!sample_held(u, &u->maps.items[m])) return false;
    return true;
}

/* -- all of it */

static void sum_up(struct undo *u) {
    u->report->conflicts = u->report->blocked = 0;
    u->report->load_seconds = 0;
    for (uint32_t m = 0; m < u->maps.count; m++) {
        const struct undo_map_report *report = u->maps.items[m].report;
        u->report->load_seconds += report->seconds;
        bool done = report->batches_undone == report->batches && report->batches;
        if (report->blocked.len && !done && report->inserted + report->updated)
            u->report->blocked++;
        else if (report->blocked.len == 0 && report->way != ROLLBACK_SQL)
            u->report->conflicts += report->edited.rows + report->deleted.rows + report->between.rows +
                                    report->unclear.rows + report->held.rows;
    }
}

bool undo_forget(struct undo *u) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "TRUNCATE pg_temp.\"mig: held\"");
    for (uint32_t t = 0; t < u->tables.count; t++) {
        struct undo_table *table = &u->tables.items[t];
        if (table->chain.len) buf_printf(&sql, ", %.*s", STR_ARG(table->chain));
        table->newer = table->chain_rows = 0;
        for (uint32_t f = 0; f < table->fks.count; f++)
            table->fks.items[f].held = 0;
    }
    for (uint32_t m = 0; m < u->maps.count; m++) {
        struct undo_map_report *r = u->maps.items[m].report;
        struct undo_class *classes[] = {&r->untouched_inserted,
                                        &r->untouched_updated,
                                        &r->same,
                                        &r->edited,
                                        &r->deleted,
                                        &r->gone,
                                        &r->unclear,
                                        &r->between,
                                        &r->held};
        for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
            *classes[i] = (struct undo_class){0};
        r->references.count = 0;
        for (uint32_t b = 0; b < u->maps.items[m].batch_count; b++) {
            struct undo_batch *batch = &u->maps.items[m].batches[b];
            batch->present = batch->held = batch->missing = 0;
            batch->first = batch->last = STR("");
        }
    }
    bool ok = pg_exec(u->connection, sql.ptr, u->diags);
    buf_release(&sql);
    return ok;
}

bool undo_preflight(struct undo *u) {
    if (!undo_fill_chains(u)) return false;
    for (uint32_t t = 0; t < u->tables.count; t++) {
        bool newer_counted = false;
        if (!u->tables.items[t].exists) continue;
        if (!count_present(u, (int32_t)t)) return false;
        for (uint32_t m = 0; m < u->maps.count; m++)
            if (u->maps.items[m].table == (int32_t)t) set_missing(&u->maps.items[m]);
        for (uint32_t m = 0; m < u->maps.count; m++)
            if (u->maps.items[m].table == (int32_t)t && !count_known(u, &u->maps.items[m])) return false;
        for (uint32_t m = 0; m < u->maps.count; m++)
            if (u->maps.items[m].table == (int32_t)t && !count_inserted(u, &u->maps.items[m], &newer_counted))
                return false;
        if (!doubt_chains(u, (int32_t)t)) return false;
        if (u->tables.items[t].chain.len && !count_chain(u, &u->tables.items[t])) return false;
    }
    undo_collect_xids(u);
    if (!hold_rows(u) || !count_held(u)) return false;
    sum_up(u);
    return true;
}

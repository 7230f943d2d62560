/* The rows that the run inserted, one by one. The journal has no list of them, but the sources have: they are
 * gone through again, and what the maps made of them then is compared with what stands in the tables now.
 * That is done only where row versions leave a question open: which rows others have changed, and which they
 * have deleted; or all of it, after a dump and restore. */
#include "runtime/rollback/undo.h"

#include "runtime/engine/replay.h"
#include "runtime/postgres/pg_copy_in.h"

#include <stdlib.h>

enum { FLUSH_BYTES = 4 << 20 };

#define BATCH_COLUMN "\"mig: batch\""

static bool has_open_batch(const struct undo_map *map) {
    for (uint32_t i = 0; i < map->batch_count; i++)
        if (!map->batches[i].undone || map->batches[i].left) return true;
    return false;
}

static bool map_needs_sources(const struct undo *u, const struct undo_map *map) {
    const struct undo_map_report *r = map->report;
    if (undo_has_part(u)) return (r->blocked.len == 0 || map->untold) && has_open_batch(map);
    return map->map->rollback != ROLLBACK_SQL && !r->none &&
           (map->untold || (r->blocked.len == 0 && r->unclear.rows));
}

bool undo_needs_sources(const struct undo *u) {
    for (uint32_t m = 0; m < u->maps.count; m++)
        if (map_needs_sources(u, &u->maps.items[m])) return true;
    return false;
}

/* -- which columns tell the rows apart */

static const struct plan_target_table *target_of(const struct undo *u, const struct undo_map *map) {
    return &u->plan->target.tables[map->map->target_table - 1];
}

static int32_t live_index(const struct undo_table *table, struct str name) {
    for (uint32_t c = 0; c < table->column_count; c++)
        if (str_eq(table->columns[c].name, name)) return (int32_t)c;
    return -1;
}

static bool map_writes(const struct undo *u, const struct undo_map *map, struct str column) {
    const struct plan_target_table *target = target_of(u, map);
    for (uint32_t i = 0; i < map->map->columns_count; i++)
        if (str_eq(target->columns[map->map->columns[i]].name, column)) return true;
    return false;
}

bool undo_match_key(struct undo *u, struct undo_map *map, const struct plan_target_key *key) {
    const struct undo_table *table = &u->tables.items[map->table];
    const struct plan_target_table *target = target_of(u, map);
    for (uint32_t i = 0; i < map->map->columns_count; i++)
        if (live_index(table, target->columns[map->map->columns[i]].name) < 0) return false;
    for (uint32_t i = 0; i < key->columns_count; i++)
        if (!map_writes(u, map, target->columns[key->columns[i]].name)) return false;
    map->match = ARENA_ARRAY(u->arena, uint32_t, key->columns_count);
    map->match_count = key->columns_count;
    for (uint32_t i = 0; i < key->columns_count; i++)
        map->match[i] = (uint32_t)live_index(table, target->columns[key->columns[i]].name);
    return true;
}

static bool choose_match(struct undo *u, struct undo_map *map) {
    const struct plan_target_table *target = target_of(u, map);
    if (undo_has_part(u)) return map->match_count > 0;
    for (uint32_t k = 0; k < target->keys_count; k++)
        if (undo_match_key(u, map, &target->keys[k])) return true;
    return false;
}

/* -- reading */

static void append_map_columns(struct buf *sql, const struct undo *u, const struct undo_map *map) {
    const struct plan_target_table *target = target_of(u, map);
    for (uint32_t i = 0; i < map->map->columns_count; i++) {
        buf_append_cstr(sql, ", ");
        pg_append_identifier(sql, target->columns[map->map->columns[i]].name);
    }
}

static bool make_table(struct undo *u, uint32_t m) {
    struct undo_map *map = &u->maps.items[m];
    const struct plan_program *program =
        &u->plan->programs[map->map->grouped ? map->map->group_program - 1 : map->map->program];
    struct buf sql = {0};
    map->wrote = arena_printf(u->arena, "pg_temp.\"mig: wrote %u\"", m);
    buf_printf(&sql, "CREATE TEMPORARY TABLE \"mig: wrote %u\" AS SELECT 0::bigint AS " BATCH_COLUMN, m);
    append_map_columns(&sql, u, map);
    buf_append_cstr(&sql, " FROM ");
    undo_append_table(&sql, &u->tables.items[map->table]);
    buf_append_cstr(&sql, " WITH NO DATA");
    bool ok = pg_exec(u->connection, sql.ptr, u->diags);
    buf_release(&sql);
    map->encoder = pg_row_encoder_new(u->plan, map->map, program, true);
    return ok;
}

static bool flush(struct undo *u, struct undo_map *map) {
    struct buf target = {0};
    if (map->rows.count == 0) return true;
    buf_printf(&target, "%.*s (" BATCH_COLUMN, STR_ARG(map->wrote));
    append_map_columns(&target, u, map);
    buf_append_char(&target, ')');
    bool ok = pg_copy_in(u->connection, buf_str(&target), pg_row_encoder_is_text(map->encoder), &map->rows,
                         u->diags);
    buf_release(&target);
    encoded_rows_clear(&map->rows);
    return ok;
}

static const struct undo_batch *lead_of(const struct undo_batch *b) {
    return b->lead ? b->lead : b;
}

/* Rows come batch by batch. */
static const struct undo_batch *batch_of_row(struct undo_map *map, uint64_t ordinal) {
    if (map->last_batch < map->batch_count && map->batches[map->last_batch].ordinal == (int64_t)ordinal)
        return &map->batches[map->last_batch];
    for (uint32_t i = 0; i < map->batch_count; i++)
        if (map->batches[i].ordinal == (int64_t)ordinal) return &map->batches[map->last_batch = i];
    return NULL;
}

static bool row_is_asked(struct undo *u, struct undo_map *map, const struct replay_row *row) {
    const struct undo_batch *b = batch_of_row(map, row->batch);
    if (b == NULL) return false;
    if (!undo_has_part(u) && (b->undone || !(map->untold || lead_of(b)->missing))) return false;
    return undo_row_is_wanted(u, b, row);
}

static bool visit_row(void *context, const struct replay_row *row) {
    struct undo *u = context;
    const struct plan_map *plan_map = &u->plan->maps[row->map];
    if (row->fate != REPLAY_LOADED) return true;
    for (uint32_t m = 0; m < u->maps.count; m++) {
        struct undo_map *map = &u->maps.items[m];
        if (map->map != plan_map || map->wrote.len == 0 || !row_is_asked(u, map, row)) continue;
        if (!pg_encode_rows(map->encoder, row->vm, &row->row, 1, row->batch, &map->rows, u->diags))
            return false;
        return map->rows.bytes.len < FLUSH_BYTES || flush(u, map);
    }
    return true;
}

static bool replay(struct undo *u, struct diag_list *diags) {
    struct run_report report = {0};
    struct run_options options = *u->options->run;
    bool *wanted = ARENA_ARRAY(u->arena, bool, u->plan->maps_count), any = false;
    for (uint32_t m = 0; m < u->maps.count; m++)
        if (u->maps.items[m].wrote.len) any = wanted[u->maps.items[m].map - u->plan->maps] = true;
    if (!any) return true;
    struct replay_options replay = {.context = u, .visit = visit_row, .wanted = wanted};
    options.stop = u->options->stop;
    undo_log(u, 'I', "%s",
             undo_has_part(u)
                 ? "the run's sources are gone through again to tell which rows are of the part"
                 : "others have changed rows of the run: its sources are gone through again to tell which");
    enum run_status status = replay_execute(u->plan, &options, u->info, &replay, u->arena, &report, diags);
    return status == RUN_OK || status == RUN_TOLERANCE || status == RUN_CHECK;
}

/* What can be known once the sources were read: nothing is blocked for its row versions any more. */
bool undo_unblock(struct undo *u) {
    bool any = false;
    for (uint32_t m = 0; m < u->maps.count; m++) {
        struct undo_map *map = &u->maps.items[m];
        if (!map->untold || map->wrote.len == 0) continue;
        u->tables.items[map->table].by_content = true;
        map->report->blocked = STR("");
        map->report->by_content = true;
        map->untold = false;
        any = true;
    }
    return any;
}

bool undo_read_sources(struct undo *u) {
    struct diag_list diags;
    diag_list_init(&diags, u->arena);
    bool ok = true;
    for (uint32_t m = 0; m < u->maps.count && ok; m++) {
        struct undo_map *map = &u->maps.items[m];
        if (map_needs_sources(u, map) && u->tables.items[map->table].chain.len && choose_match(u, map))
            ok = make_table(u, m);
    }
    ok = ok && replay(u, &diags);
    for (uint32_t m = 0; m < u->maps.count && ok; m++)
        ok = u->maps.items[m].wrote.len == 0 || flush(u, &u->maps.items[m]);
    if (ok) {
        u->report->replayed = true;
        undo_unblock(u);
        return true;
    }
    u->report->replay_failed =
        diags.items.count ? diags.items.items[0]->message : STR("its sources could not be read again");
    for (uint32_t m = 0; m < u->maps.count; m++)
        u->maps.items[m].wrote = STR("");
    return false;
}

void undo_free_written(struct undo *u) {
    for (uint32_t m = 0; m < u->maps.count; m++) {
        struct undo_map *map = &u->maps.items[m];
        if (map->encoder) pg_row_encoder_free(map->encoder);
        encoded_rows_release(&map->rows);
        map->encoder = NULL;
    }
    arena_release(&u->scratch);
}

/* -- comparing */

static bool is_open_batch(const struct undo_map *map, const struct undo_table *table,
                          const struct undo_batch *b) {
    if (b->undone || (table->part.len == 0 && lead_of(b)->missing == 0)) return false;
    /* By content alone, rows that were there before and needed no change look like rows of the run. */
    return !table->by_content || map->map->conflict == CONFLICT_NONE || lead_of(b)->unchanged == 0;
}

static bool append_batches(struct buf *sql, const struct undo_map *map, const struct undo_table *table) {
    bool any = false;
    buf_append_cstr(sql, "(VALUES ");
    for (uint32_t i = 0; i < map->batch_count; i++) {
        const struct undo_batch *b = &map->batches[i];
        if (!is_open_batch(map, table, b)) continue;
        buf_printf(sql, "%s(%lld::bigint, '%.*s'::xid)", any ? ", " : "", (long long)b->ordinal,
                   STR_ARG(b->xid));
        any = true;
    }
    buf_append_cstr(sql, ") b (ordinal, xid)");
    return any;
}

void undo_append_match(struct buf *sql, const struct undo_map *map, const struct undo_table *table) {
    for (uint32_t i = 0; i < map->match_count; i++) {
        buf_append_cstr(sql, i ? " AND t." : "t.");
        pg_append_identifier(sql, table->columns[map->match[i]].name);
        buf_append_cstr(sql, " = w.");
        pg_append_identifier(sql, table->columns[map->match[i]].name);
    }
}

static void append_match_names(struct buf *sql, const struct undo_map *map, const struct undo_table *table) {
    for (uint32_t i = 0; i < map->match_count; i++) {
        buf_append_cstr(sql, i ? ", w." : "w.");
        pg_append_identifier(sql, table->columns[map->match[i]].name);
    }
}

static void append_keys(struct buf *sql, const struct undo *u, const struct undo_map *map,
                        const struct undo_table *table) {
    for (uint32_t i = 0; i < table->key_count; i++) {
        struct str name = table->columns[table->key[i]].name;
        bool writes = map_writes(u, map, name);
        buf_append_cstr(sql, writes ? "coalesce(t." : "t.");
        pg_append_identifier(sql, name);
        if (writes) {
            buf_append_cstr(sql, ", w.");
            pg_append_identifier(sql, name);
            buf_append_char(sql, ')');
        }
        buf_append_cstr(sql, ", ");
    }
}

/* Same content: of what the map writes, and there is nothing else that others could have changed; by content,
 * of what the map writes. */
static void append_same(struct buf *sql, const struct undo *u, const struct undo_map *map,
                        const struct undo_table *table) {
    buf_append_cstr(sql, "true");
    for (uint32_t c = 0; c < table->column_count; c++) {
        const struct pg_live_column *column = &table->columns[c];
        if (column->generated) continue;
        if (!map_writes(u, map, column->name)) {
            if (!table->by_content) buf_append_cstr(sql, " AND false");
            continue;
        }
        buf_append_cstr(sql, " AND ");
        pg_append_column_text(sql, "t", column);
        buf_append_cstr(sql, " IS NOT DISTINCT FROM ");
        pg_append_column_text(sql, "w", column);
    }
}

static void append_image(struct buf *sql, struct undo *u, const struct undo_map *map,
                         const struct undo_table *table) {
    struct pg_live_column *columns = ARENA_ARRAY(u->arena, struct pg_live_column, table->column_count);
    uint32_t count = 0;
    for (uint32_t c = 0; c < table->column_count; c++)
        if (map_writes(u, map, table->columns[c].name)) columns[count++] = table->columns[c];
    pg_append_image(sql, "w", columns, count);
}

static void append_names(struct buf *sql, const struct undo *u, const struct undo_map *map) {
    const struct plan_target_table *target = target_of(u, map);
    buf_append_cstr(sql, "ARRAY[");
    for (uint32_t i = 0; i < map->map->columns_count; i++) {
        if (i) buf_append_cstr(sql, ", ");
        pg_append_literal(sql, target->columns[map->map->columns[i]].name);
    }
    buf_append_cstr(sql, "]::text[]");
}

static void append_unknown(struct buf *sql, const struct undo_map *map, const struct undo_table *table) {
    struct buf xids = {0};
    undo_append_xids(&xids, table->all_xids);
    buf_append_cstr(sql, " WHERE coalesce(NOT ");
    undo_append_written_by(sql, table, "t", xids.ptr);
    buf_append_cstr(sql, ", true)");
    if (!table->by_content)
        buf_append_cstr(sql, " AND (t.tableoid IS NULL OR pg_catalog.age(t.xmin) <= pg_catalog.age(b.xid))");
    buf_printf(sql, " AND NOT EXISTS (SELECT FROM %.*s x WHERE x.wrote IS NULL", STR_ARG(table->chain));
    for (uint32_t i = 0; i < map->match_count; i++) {
        buf_append_cstr(sql, " AND ");
        pg_append_image_text(sql, "x.new_row", &table->columns[map->match[i]]);
        buf_append_cstr(sql, " = ");
        pg_append_column_text(sql, "w", &table->columns[map->match[i]]);
    }
    buf_append_char(sql, ')');
    buf_release(&xids);
}

static bool add_rows(struct undo *u, struct undo_map *map, struct undo_table *table) {
    struct buf sql = {0};
    buf_printf(&sql, "INSERT INTO %.*s SELECT DISTINCT ON (", STR_ARG(table->chain));
    append_match_names(&sql, map, table);
    buf_append_cstr(&sql, ") ");
    append_keys(&sql, u, map, table);
    buf_append_cstr(&sql, "$1::text, w." BATCH_COLUMN ", b.xid, NULL::xid, NULL::json, ");
    append_image(&sql, u, map, table);
    buf_append_cstr(&sql, ", CASE WHEN t.tableoid IS NULL THEN 'deleted' WHEN ");
    append_same(&sql, u, map, table);
    buf_append_cstr(&sql, " THEN 'same' ELSE 'edited' END, false, ");
    append_names(&sql, u, map);
    buf_printf(&sql, ", true FROM %.*s w JOIN ", STR_ARG(map->wrote));
    bool any = append_batches(&sql, map, table);
    buf_append_cstr(&sql, " ON b.ordinal = w." BATCH_COLUMN " LEFT JOIN ");
    undo_append_table(&sql, table);
    buf_append_cstr(&sql, " t ON ");
    undo_append_match(&sql, map, table);
    append_unknown(&sql, map, table);
    buf_append_cstr(&sql, " ORDER BY ");
    append_match_names(&sql, map, table);
    buf_append_cstr(&sql, ", w." BATCH_COLUMN);
    struct pg_result *r = any ? pg_query(u->connection, sql.ptr, &map->map->name, 1, u->diags) : NULL;
    if (r) table->chain_rows += pg_result_affected(r);
    bool ok = !any || r != NULL;
    pg_result_free(r);
    buf_release(&sql);
    return ok;
}

static bool forget_candidates(struct undo *u, const struct undo_map *map, struct undo_table *table,
                              const struct undo_batch *b, uint64_t found) {
    struct str params[] = {map->map->name, arena_printf(u->arena, "%lld", (long long)b->ordinal)};
    struct str sql = arena_printf(
        u->arena, "DELETE FROM %.*s WHERE map = $1 AND ordinal = $2::bigint AND wrote IS NOT NULL",
        STR_ARG(table->chain));
    table->chain_rows -= found;
    return undo_run(u, sql.ptr, params, 2, NULL);
}

/* All candidates of one transaction of the map: as many as its missing rows, or forgotten. */
static bool settle_transaction(struct undo *u, struct undo_map *map, struct undo_table *table,
                               struct undo_batch *lead, const uint64_t *found) {
    bool own = lead >= map->batches && lead < map->batches + map->batch_count, ok = true;
    uint64_t sum = 0;
    for (uint32_t k = 0; k < map->batch_count; k++)
        if (lead_of(&map->batches[k]) == lead) sum += found[k];
    if (own && sum == lead->missing) {
        lead->missing = 0;
        return true;
    }
    for (uint32_t k = 0; k < map->batch_count && ok; k++)
        if (lead_of(&map->batches[k]) == lead && found[k])
            ok = forget_candidates(u, map, table, &map->batches[k], found[k]);
    return ok;
}

/* Of a part it is not known how many rows a batch has. Those of a batch that found rows as they were may be
 * such rows: only deleted ones are sure to need nothing. */
static bool settle_part(struct undo *u, struct undo_map *map, struct undo_table *table) {
    for (uint32_t i = 0; i < map->batch_count; i++) {
        struct undo_batch *b = &map->batches[i];
        uint64_t doubtful = 0;
        b->missing = 0;
        if (b->undone || lead_of(b)->unchanged == 0) continue;
        if (table->by_content) { /* nothing tells them: the map has no way back */
            b->missing = is_open_batch(map, table, b) ? 0 : lead_of(b)->unchanged;
            continue;
        }
        struct str params[] = {map->map->name, arena_printf(u->arena, "%lld", (long long)b->ordinal)};
        struct str sql =
            arena_printf(u->arena,
                         "DELETE FROM %.*s WHERE map = $1 AND ordinal = $2::bigint AND wrote IS NOT "
                         "NULL AND class <> 'deleted'",
                         STR_ARG(table->chain));
        if (!undo_run(u, sql.ptr, params, 2, &doubtful)) {
            pg_report_failure(u->connection, u->diags, "look at the part's rows");
            return false;
        }
        b->missing = doubtful;
        table->chain_rows -= doubtful;
    }
    return true;
}

/* A batch (or all batches of one transaction) whose candidates are not as many as its missing rows stays
 * unclear. */
static bool settle_batches(struct undo *u, struct undo_map *map, struct undo_table *table) {
    struct str sql = arena_printf(
        u->arena, "SELECT ordinal, count(*) FROM %.*s WHERE map = $1 AND wrote IS NOT NULL GROUP BY 1",
        STR_ARG(table->chain));
    uint64_t *found = ARENA_ARRAY(u->arena, uint64_t, map->batch_count + 1);
    bool *settled = ARENA_ARRAY(u->arena, bool, map->batch_count + 1);
    struct pg_result *r = pg_query(u->connection, sql.ptr, &map->map->name, 1, u->diags);
    for (uint32_t row = 0; r && row < pg_result_rows(r); row++)
        for (uint32_t i = 0; i < map->batch_count; i++)
            if (map->batches[i].ordinal == pg_result_int(r, row, 0))
                found[i] = (uint64_t)pg_result_int(r, row, 1);
    bool ok = r != NULL;
    pg_result_free(r);
    for (uint32_t i = 0; i < map->batch_count && ok; i++) {
        struct undo_batch *lead = map->batches[i].lead ? map->batches[i].lead : &map->batches[i];
        if (settled[i] || found[i] == 0) continue;
        for (uint32_t k = i; k < map->batch_count; k++)
            settled[k] = settled[k] || lead_of(&map->batches[k]) == lead;
        ok = settle_transaction(u, map, table, lead, found);
    }
    return ok;
}

bool undo_add_written(struct undo *u, struct undo_map *map) {
    struct undo_table *table = &u->tables.items[map->table];
    if (map->wrote.len == 0) return true;
    return add_rows(u, map, table) &&
           (undo_has_part(u) ? settle_part(u, map, table) : settle_batches(u, map, table));
}

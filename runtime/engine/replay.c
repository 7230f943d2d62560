/* Going through an earlier run's rows again; see replay.h. */
#include "runtime/engine/replay.h"

#include "runtime/engine/target_postgres.h"

/* xids of the run's batches that wrote `table` in this map or a later one, as a literal of type xid[]. */
static bool append_xids(struct engine *engine, struct pg_connection *connection, uint32_t table,
                        uint32_t from, struct buf *list) {
    const struct plan *plan = engine->plan;
    struct arena arena = {0};
    bool good = true;
    buf_append_cstr(list, "'{");
    size_t start = list->len;
    for (uint32_t m = from; good && m < plan->maps_count; m++) {
        struct journal_batch_info *batches;
        uint32_t count;
        if (plan->maps[m].target_table != table + 1) continue;
        good = journal_read_batches(connection, engine->values.run_id, plan->maps[m].name, &arena, &batches,
                                    &count, engine->diags);
        for (uint32_t i = 0; good && i < count; i++)
            buf_printf(list, "%s%u", list->len > start ? "," : "", (uint32_t)batches[i].xid);
    }
    buf_append_cstr(list, "}'::pg_catalog.xid[]");
    arena_release(&arena);
    return good;
}

static void append_map_names(const struct plan *plan, uint32_t table, uint32_t from, struct buf *list) {
    bool first = true;
    for (uint32_t m = from; m < plan->maps_count; m++) {
        if (plan->maps[m].target_table != table + 1) continue;
        if (!first) buf_append_cstr(list, ", ");
        pg_append_literal(list, plan->maps[m].name);
        first = false;
    }
}

static bool writes_table(const struct plan *plan, uint32_t table, uint32_t from) {
    for (uint32_t m = from; m < plan->maps_count; m++)
        if (plan->maps[m].target_table == table + 1) return true;
    return false;
}

bool replay_append_table(struct engine *engine, struct pg_connection *connection, uint32_t table,
                         uint32_t from_map, struct buf *sql) {
    const struct plan *plan = engine->plan;
    const struct plan_target_table *t = &plan->target.tables[table];
    struct buf xids = {0}, name = {0};
    char run[37];
    pg_append_qualified(&name, t->schema, t->name);
    if (!writes_table(plan, table, from_map)) {
        buf_append_str(sql, buf_str(&name));
        buf_release(&name);
        return true;
    }
    bool good = append_xids(engine, connection, table, from_map, &xids);
    memcpy(run, engine->report->run_id, sizeof run);
    buf_printf(sql, "(SELECT t.* FROM %.*s t WHERE t.xmin <> ALL (%.*s)", STR_ARG(buf_str(&name)),
               STR_ARG(buf_str(&xids)));
    buf_printf(sql,
               " UNION ALL SELECT r.* FROM mig.image i,"
               " pg_catalog.json_populate_record(NULL::%.*s, i.old_row) r WHERE i.run_id = '%s'"
               " AND i.old_xmin <> ALL (%.*s) AND i.map IN (",
               STR_ARG(buf_str(&name)), run, STR_ARG(buf_str(&xids)));
    append_map_names(plan, table, from_map, sql);
    buf_append_cstr(sql, ")) AS as_it_stood");
    buf_release(&xids);
    buf_release(&name);
    return good;
}

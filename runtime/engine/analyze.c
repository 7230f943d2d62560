/* See analyze.h. */
#include "runtime/engine/analyze.h"

static const struct run_map_report *find_report(const struct engine *engine, struct str map) {
    for (uint32_t i = 0; i < engine->report->maps.count; i++)
        if (str_eq(engine->report->maps.items[i]->name, map)) return engine->report->maps.items[i];
    return NULL;
}

/* Has a map of this run changed the table? */
static bool was_written(const struct engine *engine, uint32_t table) {
    for (uint32_t i = 0; i < engine->plan->maps_count; i++) {
        const struct plan_map *map = &engine->plan->maps[i];
        if (map->target_table != table + 1) continue;
        const struct run_map_report *r = find_report(engine, map->name);
        if (r && (r->written || r->updated)) return true;
    }
    return false;
}

static void note(struct engine *engine, struct str table, struct str why) {
    struct str text =
        arena_printf(engine->arena,
                     "no statistics were made of %.*s: %.*s. Run ANALYZE %.*s as its owner before the "
                     "application starts",
                     STR_ARG(table), STR_ARG(why), STR_ARG(table));
    VEC_PUSH(engine->arena, &engine->report->notes, text);
    engine_log(engine, 'W', "%.*s", STR_ARG(text));
}

/* ANALYZE of a table that one may not analyze is no error to the server, only a warning that is easily
 * missed: so the right is asked for first. */
static bool may_analyze(struct target_postgres *pg, struct str table) {
    static const char SQL[] =
        "SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE') OR (SELECT d.datdba = (SELECT oid FROM"
        " pg_catalog.pg_roles WHERE rolname = current_user) FROM pg_catalog.pg_database d WHERE d.datname ="
        " pg_catalog.current_database()) OR CASE WHEN pg_catalog.current_setting('server_version_num')::int "
        ">="
        " 170000 THEN pg_catalog.has_table_privilege(c.oid, 'MAINTAIN') ELSE false END"
        " FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1)";
    struct pg_result *r = pg_query(pg->look, SQL, &table, 1, NULL);
    bool may = r && pg_result_rows(r) == 1 && pg_result_bool(r, 0, 0);
    pg_result_free(r);
    return may;
}

static void analyze_table(struct target_postgres *pg, const struct plan_target_table *table) {
    struct engine *engine = pg->engine;
    struct buf name = {0};
    pg_append_qualified(&name, table->schema, table->name);
    double started = monotonic_seconds();
    if (!may_analyze(pg, buf_str(&name)))
        note(engine, buf_str(&name), STR("the role is not its owner"));
    else if (!pg_execf(pg->look, NULL, "ANALYZE %.*s", STR_ARG(buf_str(&name))))
        note(engine, buf_str(&name), pg_last_failure(pg->look)->message);
    else
        engine_log(engine, 'I', "analyzed %.*s in %.2f s", STR_ARG(buf_str(&name)),
                   monotonic_seconds() - started);
    buf_release(&name);
}

void analyze_tables(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    if (!pg->journaling || engine->report->rolled_back) return;
    for (uint32_t t = 0; t < engine->plan->target.tables_count; t++)
        if (was_written(engine, t) && pg_is_alive(pg->look))
            analyze_table(pg, &engine->plan->target.tables[t]);
}

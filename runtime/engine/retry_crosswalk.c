/* What earlier retries of a run have loaded, put into its crosswalks: a repaired row is in no source, so
 * whoever goes through the run again has its key from the journal. */
#include "runtime/engine/crosswalk_row.h"
#include "runtime/engine/retry.h"
#include "runtime/engine/target_postgres.h"

static bool ask_for_retries(struct engine *engine, struct target_postgres *pg) {
    struct str param = str_cstr(engine->report->run_id);
    struct pg_result *r = pg_query(
        pg->look, "SELECT EXISTS (SELECT FROM mig.batch WHERE run_id = $1::uuid AND origin = 'retry')",
        &param, 1, engine->diags);
    if (r == NULL) return engine_fail(engine, RUN_UNREACHABLE);
    engine->has_retries = pg_result_bool(r, 0, 0) ? 1 : -1;
    pg_result_free(r);
    return true;
}

static bool add_rows(struct engine *engine, const struct plan_map *map, const struct pg_result *r) {
    uint32_t table = map->crosswalk - 1;
    struct seal_box *box = engine->has_seal_key ? seal_box_new(&engine->seal_key) : NULL;
    struct arena arena = {0};
    bool good = true;
    for (uint32_t i = 0; good && i < pg_result_rows(r); i++) {
        struct value values[256];
        int64_t found;
        struct journal_crosswalk row = {.seq = (uint64_t)pg_result_int(r, i, 0),
                                        .key = crosswalk_key_bytes(&arena, pg_result_text(r, i, 1)),
                                        .columns_json = pg_result_text(r, i, 2)};
        if (!crosswalk_row_open(box, engine->values.run_id, map->name, &row, &arena)) {
            good = crosswalk_report_sealed(map->name, engine->has_seal_key, engine->diags) ||
                   engine_fail(engine, RUN_REFUSED);
            break;
        }
        if (row.key.len && keyed_table_find(engine->tables[table], row.key, &found) != KEYED_FOUND) {
            crosswalk_read_columns(engine, &engine->plan->tables[table], NULL, row.columns_json, &arena,
                                   values);
            good = keyed_table_add(engine->tables[table], row.key, KEYED_PRESENT, values, engine->diags) ||
                   engine_fail(engine, RUN_STOPPED);
        }
        arena_reset(&arena);
    }
    seal_box_free(box);
    arena_release(&arena);
    return good;
}

static bool load_map(struct engine *engine, struct target_postgres *pg, const struct plan_map *map,
                     struct str before) {
    static const char SQL[] =
        "SELECT c.seq, c.key, c.columns::text FROM mig.crosswalk c JOIN mig.batch b"
        " ON b.run_id = c.run_id AND b.map = c.map AND b.ordinal = c.batch AND b.origin = 'retry'"
        " LEFT JOIN mig.step s ON s.run_id = c.run_id AND s.map = $3"
        " WHERE c.run_id = $1::uuid AND c.map = $2"
        " AND ($3 = '' OR s.started_at IS NULL OR b.written_at < s.started_at) ORDER BY c.seq";
    struct str params[] = {str_cstr(engine->report->run_id), map->name, before};
    struct pg_result *r = pg_query(pg->look, SQL, params, 3, engine->diags);
    if (r == NULL) return engine_fail(engine, RUN_UNREACHABLE);
    bool good = add_rows(engine, map, r);
    pg_result_free(r);
    return good;
}

bool retry_load_crosswalks(struct engine *engine, uint32_t before) {
    const struct plan *plan = engine->plan;
    struct target_postgres *pg = engine->pg;
    uint32_t end = before == RETRY_ALL ? plan->maps_count : before;
    struct str name = before == RETRY_ALL ? STR("") : plan->maps[before].name;
    if (engine->has_retries == 0 && !ask_for_retries(engine, pg)) return false;
    for (uint32_t m = 0; engine->has_retries > 0 && m < end; m++)
        if (plan->maps[m].crosswalk && plan->maps[m].target_table &&
            engine->table_states[plan->maps[m].crosswalk - 1].built &&
            !load_map(engine, pg, &plan->maps[m], name))
            return false;
    return true;
}

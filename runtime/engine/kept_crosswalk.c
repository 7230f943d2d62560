/* `keep crosswalk N days`: maps that a run leaves out (--phase, --only) are found in what earlier runs have
 * kept. Of each key the latest row counts; rows of runs that were rolled back do not. */
#include "runtime/engine/crosswalk_row.h"
#include "runtime/engine/target_postgres.h"

#include "runtime/value/uuid.h"

bool crosswalk_is_kept(const struct engine *engine, uint32_t needed) {
    const struct plan_map *map = &engine->plan->maps[needed];
    if (map->crosswalk_days == 0 || map->crosswalk == 0) return false;
    const struct plan_keyed_table *table = &engine->plan->tables[map->crosswalk - 1];
    /* A row's part is not kept: with --only, rows would not know theirs. */
    return engine->options->only_count == 0 || plan_stored_columns(table) == table->target_columns_count;
}

static bool key_is_personal(const struct plan *plan, const struct plan_map *map) {
    const struct plan_program *program =
        &plan->programs[map->grouped ? map->group_program - 1 : map->program];
    for (uint32_t k = 0; k < program_output_count(program, OUT_KEY); k++) {
        uint32_t reg = program_output(program, OUT_KEY, k);
        for (uint32_t i = 0; i < program->code_count; i++)
            if (program->code[i].dst == reg && i < program->spans_count && program->spans[i].pii) return true;
    }
    return false;
}

bool crosswalk_is_personal(const struct plan *plan, const struct plan_map *map) {
    if (map->crosswalk == 0 || map->target_table == 0) return false;
    const struct plan_keyed_table *table = &plan->tables[map->crosswalk - 1];
    const struct plan_target_table *target = &plan->target.tables[map->target_table - 1];
    for (uint32_t c = 0; c < plan_stored_columns(table); c++)
        if (target->columns[table->target_columns[c]].pii) return true;
    return key_is_personal(plan, map);
}

/* ---------------------------------------------------------------- reading */

/* A run that has kept rows: where the columns wanted now stand in its rows. */
struct kept_run {
    struct uuid id;
    bool usable;
    uint32_t *columns;
};

struct kept_load {
    struct engine *engine;
    struct target_postgres *pg;
    uint32_t map;
    const struct plan_keyed_table *table;
    struct keyed_table *rows;
    struct seal_box *box;
    VEC(struct kept_run) runs;
    uint64_t loaded;
    struct arena arena; /* of one piece */
};

static const struct plan_map *find_map(const struct plan *plan, struct str name) {
    for (uint32_t i = 0; i < plan->maps_count; i++)
        if (str_eq(plan->maps[i].name, name)) return &plan->maps[i];
    return NULL;
}

/* The plan that a run had may be another version of this one: its columns are found by their names. */
static bool match_columns(const struct kept_load *load, const struct plan *theirs, struct kept_run *run) {
    const struct plan *ours = load->engine->plan;
    const struct plan_map *our_map = &ours->maps[load->map], *map = find_map(theirs, our_map->name);
    if (map == NULL || map->crosswalk == 0 || map->target_table == 0) return false;
    const struct plan_keyed_table *table = &theirs->tables[map->crosswalk - 1];
    const struct plan_target_column *columns = theirs->target.tables[map->target_table - 1].columns;
    const struct plan_target_column *wanted = ours->target.tables[our_map->target_table - 1].columns;
    if (table->keys_count != load->table->keys_count) return false;
    for (uint32_t k = 0; k < table->keys_count; k++)
        if (table->keys[k].kind != load->table->keys[k].kind) return false;
    for (uint32_t c = 0; c < plan_stored_columns(load->table); c++) {
        uint32_t at = 0, count = plan_stored_columns(table);
        while (at < count &&
               !str_eq(columns[table->target_columns[at]].name, wanted[load->table->target_columns[c]].name))
            at++;
        if (at == count) return false;
        run->columns[c] = at;
    }
    return true;
}

static bool read_run(struct kept_load *load, struct kept_run *run) {
    struct engine *engine = load->engine;
    struct str bytes;
    if (!journal_read_plan(load->pg->look, run->id, engine->arena, &bytes, engine->diags))
        return engine_fail(engine, RUN_REFUSED);
    const struct plan *plan = plan_read(engine->arena, bytes, STR("the journal's plan"), engine->diags);
    if (plan == NULL) return engine_fail(engine, RUN_REFUSED);
    run->columns = ARENA_ARRAY(engine->arena, uint32_t, load->table->columns_count + 1);
    run->usable = match_columns(load, plan, run);
    if (!run->usable)
        engine_log(engine, 'W',
                   "map %.*s: run %.*s kept other columns than are needed now; its rows are left out",
                   STR_ARG(engine->plan->maps[load->map].name), STR_ARG(uuid_format(engine->arena, run->id)));
    return true;
}

static const struct kept_run *find_run(struct kept_load *load, struct str id_text) {
    struct kept_run run = {0};
    uuid_parse(id_text, &run.id);
    for (uint32_t i = 0; i < load->runs.count; i++)
        if (memcmp(load->runs.items[i].id.bytes, run.id.bytes, sizeof run.id.bytes) == 0)
            return &load->runs.items[i];
    if (!read_run(load, &run)) return NULL;
    VEC_PUSH(load->engine->arena, &load->runs, run);
    return &load->runs.items[load->runs.count - 1];
}

static bool add_row(struct kept_load *load, const struct pg_result *r, uint32_t i) {
    struct engine *engine = load->engine;
    struct str map = engine->plan->maps[load->map].name;
    const struct kept_run *run = find_run(load, pg_result_text(r, i, 0));
    struct value values[256];
    int64_t found;
    if (run == NULL) return false;
    if (!run->usable) return true;
    struct journal_crosswalk row = {.seq = (uint64_t)pg_result_int(r, i, 1),
                                    .key = crosswalk_key_bytes(&load->arena, pg_result_text(r, i, 2)),
                                    .columns_json = pg_result_text(r, i, 3)};
    if (!crosswalk_row_open(load->box, run->id, map, &row, &load->arena))
        return crosswalk_report_sealed(map, engine->has_seal_key, engine->diags) ||
               engine_fail(engine, RUN_REFUSED);
    if (keyed_table_find(load->rows, row.key, &found) != KEYED_MISSING)
        return true; /* a later run's stands */
    crosswalk_read_columns(engine, load->table, run->columns, row.columns_json, &load->arena, values);
    load->loaded++;
    return keyed_table_add(load->rows, row.key, KEYED_PRESENT, values, engine->diags) ||
           engine_fail(engine, RUN_STOPPED);
}

static bool read_pieces(struct kept_load *load) {
    struct engine *engine = load->engine;
    bool good = true;
    for (uint32_t rows = 1; good && rows;) {
        struct pg_result *r = pg_query(load->pg->look, "FETCH 10000 FROM mig_kept", NULL, 0, engine->diags);
        if (r == NULL) return engine_fail(engine, RUN_UNREACHABLE);
        rows = pg_result_rows(r);
        for (uint32_t i = 0; good && i < rows; i++)
            good = add_row(load, r, i);
        pg_result_free(r);
        arena_reset(&load->arena);
    }
    return good;
}

/* Newest first. A run that is gone through again sees what it saw then. */
static bool open_rows(struct kept_load *load) {
    static const char SQL[] =
        "DECLARE mig_kept NO SCROLL CURSOR FOR SELECT c.run_id, c.seq, c.key, c.columns::text"
        " FROM mig.crosswalk c JOIN mig.run r ON r.run_id = c.run_id"
        " WHERE r.migration = $1 AND c.map = $2 AND c.key <> '' AND c.run_id <> $3::uuid"
        " AND (c.expires_at IS NULL OR c.expires_at > pg_catalog.now())"
        " AND r.state NOT IN ('rolling back', 'rolled back') AND r.started_at <= $4::timestamptz"
        " ORDER BY r.started_at DESC, c.run_id, c.batch DESC, c.seq DESC";
    struct engine *engine = load->engine;
    struct str params[] = {engine->plan->migration, engine->plan->maps[load->map].name,
                           str_cstr(engine->report->run_id), engine->report->started_at};
    if (!pg_begin(load->pg->look, engine->diags)) return engine_fail(engine, RUN_UNREACHABLE);
    struct pg_result *r = pg_query(load->pg->look, SQL, params, 4, engine->diags);
    pg_result_free(r);
    return r != NULL || engine_fail(engine, RUN_UNREACHABLE);
}

static bool refuse_empty(const struct kept_load *load) {
    struct engine *engine = load->engine;
    const struct plan_map *map = &engine->plan->maps[load->map];
    struct diag *diag = diag_report(engine->diags, X_KEPT_CROSSWALK, no_span(),
                                    "this run leaves map `%.*s` out, and no earlier run has kept its rows",
                                    STR_ARG(map->name));
    diag_help(
        engine->diags, diag,
        "None of this migration has run it into this target within the last %u days, or those were rolled "
        "back: run its phase first.",
        map->crosswalk_days);
    return engine_fail(engine, RUN_REFUSED);
}

bool crosswalk_load_kept(struct engine *engine, uint32_t map) {
    const uint32_t table = engine->plan->maps[map].crosswalk - 1;
    struct kept_load load = {.engine = engine,
                             .pg = engine->pg,
                             .map = map,
                             .table = &engine->plan->tables[table],
                             .rows = engine->tables[table]};
    if (load.pg == NULL || load.pg->look == NULL) return refuse_empty(&load);
    enum journal_presence journal = journal_find(load.pg->look, engine->diags);
    if (journal == JOURNAL_UNUSABLE) return engine_fail(engine, RUN_REFUSED);
    if (journal == JOURNAL_ABSENT) return refuse_empty(&load);
    if (engine->has_seal_key) load.box = seal_box_new(&engine->seal_key);
    bool good = open_rows(&load) && read_pieces(&load);
    pg_rollback(load.pg->look);
    seal_box_free(load.box);
    arena_release(&load.arena);
    if (!good) return false;
    engine_log(engine, 'I', "map %.*s: %llu rows that earlier runs have kept",
               STR_ARG(engine->plan->maps[map].name), (unsigned long long)load.loaded);
    return load.loaded > 0 || refuse_empty(&load);
}

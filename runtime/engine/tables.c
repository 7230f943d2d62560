/* What programs find rows in: codes (from the plan), lookups (rows of a source or of the target, read through
 * a build program) and crosswalks (empty at first, filled by their map). */
#include "runtime/engine/engine.h"

#include "runtime/value/convert.h"

enum { DEFAULT_TABLE_MEMORY = 64 << 20 };

static size_t table_memory(const struct engine *engine) {
    return engine->options->memory_limit ? engine->options->memory_limit : DEFAULT_TABLE_MEMORY;
}

static bool open_table(struct engine *engine, uint32_t table) {
    keyed_table_free(engine->tables[table]);
    engine->tables[table] =
        keyed_table_new(engine->plan, table, table_memory(engine), engine->options->temp_dir);
    if (engine->tables[table]) return true;
    struct diag *diag =
        diag_report(engine->diags, X_TEMP_FILE, no_span(), "could not open a table in memory for `%.*s`",
                    STR_ARG(engine->plan->tables[table].name));
    diag_help(engine->diags, diag, "Check free space and rights of the temporary folder.");
    return engine_fail(engine, RUN_STOPPED);
}

bool engine_open_crosswalk(struct engine *engine, uint32_t table) {
    engine->table_states[table].built = true;
    return open_table(engine, table);
}

static struct value const_value(const struct engine *engine, uint32_t index, struct arena *arena) {
    const struct plan_const *c = &engine->plan->consts[index];
    struct value value = {.kind = TYPE_NULL};
    if (c->is_null) return value;
    if (c->type.kind == TYPE_ENUM) {
        const struct plan_enum *e = &engine->plan->enums[c->type.ref];
        for (uint32_t i = 0; i < e->labels_count; i++)
            if (str_eq(e->labels[i].text, c->text)) return (struct value){.kind = TYPE_ENUM, .as_int = i};
    }
    value_parse(arena, (enum type_kind)c->type.kind, c->text, engine->zones, &value);
    return value;
}

bool engine_build_codes(struct engine *engine) {
    const struct plan *plan = engine->plan;
    struct buf key = {0};
    bool good = true;
    for (uint32_t t = 0; good && t < plan->tables_count; t++) {
        const struct plan_keyed_table *table = &plan->tables[t];
        if (table->kind != KEYED_CODES) continue;
        good = open_table(engine, t);
        struct value parts[MOST_KEY_PARTS];
        for (uint32_t i = 0; good && i < table->codes_count; i++) {
            const struct plan_code *code = &table->codes[i];
            for (uint32_t k = 0; k < code->keys_count && k < MOST_KEY_PARTS; k++)
                parts[k] = const_value(engine, code->keys[k], engine->arena);
            struct value value = const_value(engine, code->value, engine->arena);
            buf_clear(&key);
            if (keyed_table_encode(table->keys, parts, code->keys_count, &key))
                good =
                    keyed_table_add(engine->tables[t], buf_str(&key), KEYED_PRESENT, &value, engine->diags) ||
                    engine_fail(engine, RUN_STOPPED);
        }
        engine->table_states[t].built = true;
    }
    buf_release(&key);
    return good;
}

/* ---------------------------------------------------------------- lookups */

struct table_build {
    struct engine *engine;
    uint32_t table;
    const struct plan_program *program;
    struct vm *vm;
    struct projection projection;
    uint32_t *cells;
    struct arena arena;
    uint32_t *keys, *values;
    uint32_t rejected;
};

/* A row that the build program rejects can be found by nobody: said once, it is not in the counts of any map.
 */
static void note_rejected(struct table_build *build, uint32_t row) {
    const struct row_report *report = vm_first_report(build->vm, row);
    if (build->rejected++ == 0 && report)
        engine_log(build->engine, 'W', "lookup table %.*s: row left out: %.*s",
                   STR_ARG(build->engine->plan->tables[build->table].name), STR_ARG(report->message));
}

static bool add_row(struct table_build *build, uint32_t row, struct buf *key) {
    const struct plan_keyed_table *table = &build->engine->plan->tables[build->table];
    struct value parts[MOST_KEY_PARTS], columns[256];
    uint32_t key_count = table->keys_count < MOST_KEY_PARTS ? table->keys_count : MOST_KEY_PARTS;
    uint32_t column_count = table->columns_count < 256 ? table->columns_count : 256;
    for (uint32_t k = 0; k < key_count; k++)
        parts[k] = vm_value_at(build->vm, build->keys[k], row);
    for (uint32_t c = 0; c < column_count; c++)
        columns[c] = vm_value_at(build->vm, build->values[c], row);
    buf_clear(key);
    if (!keyed_table_encode(table->keys, parts, key_count, key))
        return true; /* a null key is found by nobody */
    return keyed_table_add(build->engine->tables[build->table], buf_str(key), KEYED_PRESENT, columns,
                           build->engine->diags) ||
           engine_fail(build->engine, RUN_STOPPED);
}

static bool add_batch(struct table_build *build, struct row_batch *batch) {
    struct buf key = {0};
    bool good = true;
    const struct vm_input *none =
        ARENA_ARRAY(&build->arena, struct vm_input, build->program->slots_count + 1);
    vm_begin(build->vm, batch, batch->count, build->cells, NULL, none);
    vm_run_pre(build->vm);
    vm_run_rest(build->vm);
    for (uint32_t row = 0; good && row < batch->count; row++) {
        enum outcome outcome = vm_row_outcome(build->vm, row);
        if (outcome == OUTCOME_OK) good = add_row(build, row, &key);
        if (outcome == OUTCOME_REJECTED || outcome == OUTCOME_FAILED) note_rejected(build, row);
    }
    buf_release(&key);
    return good;
}

static bool build_from_source(struct table_build *build) {
    struct engine *engine = build->engine;
    const struct plan_keyed_table *table = &engine->plan->tables[build->table];
    struct reader *reader =
        engine_open_source(engine, table->source, table->table, build->projection.columns.items,
                           build->projection.columns.count);
    if (reader == NULL) return false;
    struct scan *scan = scan_open(engine, reader, build->projection.columns.count);
    bool good = true;
    for (struct row_batch *batch; good && (batch = scan_next(scan)) != NULL;) {
        good = add_batch(build, batch);
        scan_recycle(scan, batch);
    }
    if (scan_failed(scan)) good = engine_fail(engine, RUN_UNREACHABLE);
    scan_close(scan);
    return good;
}

static bool build_from_target(struct table_build *build) {
    struct engine *engine = build->engine;
    const struct plan_keyed_table *table = &engine->plan->tables[build->table];
    struct table_feed *feed = engine->target->ops->open_table(
        engine->target->context, table->source, table->target_columns, table->target_columns_count);
    if (feed == NULL) return engine_fail(engine, RUN_UNREACHABLE);
    struct row_batch batch = {0};
    row_batch_init(&batch, table->target_columns_count);
    enum reader_status status;
    bool good = true;
    while (good && (status = feed->next(feed, &batch, engine->diags)) != READER_END) {
        good = status == READER_ROWS ? add_batch(build, &batch) : engine_fail(engine, RUN_UNREACHABLE);
        row_batch_reset(&batch);
    }
    row_batch_release(&batch);
    feed->close(feed);
    return good;
}

/* CELL slots of a build program over the target number the columns of plan_keyed_table.target_columns. */
static uint32_t *bind_target_cells(struct table_build *build) {
    uint32_t *cells = ARENA_ARRAY(&build->arena, uint32_t, build->program->slots_count + 1), n = 0;
    for (uint32_t i = 0; i < build->program->slots_count; i++)
        if (build->program->slots[i].kind == SLOT_CELL) cells[n++] = build->program->slots[i].column;
    return cells;
}

static bool build_table(struct engine *engine, uint32_t table_index) {
    const struct plan_keyed_table *table = &engine->plan->tables[table_index];
    struct table_build build = {.engine = engine, .table = table_index};
    if (!open_table(engine, table_index)) return false;
    build.program = &engine->plan->programs[table->program - 1];
    build.vm = vm_new(engine->programs, table->program - 1);
    build.keys = ARENA_ARRAY(&build.arena, uint32_t, table->keys_count + 1);
    build.values = ARENA_ARRAY(&build.arena, uint32_t, table->columns_count + 1);
    for (uint32_t i = 0; i < table->keys_count; i++)
        build.keys[i] = program_output(build.program, OUT_KEY, i);
    for (uint32_t i = 0; i < table->columns_count; i++)
        build.values[i] = program_output(build.program, OUT_VALUE, i);
    bool good;
    if (table->kind == KEYED_SOURCE) {
        projection_add_program(&build.arena, &build.projection, build.program);
        build.cells = projection_bind(&build.arena, &build.projection, build.program);
        good = build_from_source(&build);
    } else {
        build.cells = bind_target_cells(&build);
        good = build_from_target(&build);
    }
    if (build.rejected > 1)
        engine_log(engine, 'W', "lookup table %.*s: %u rows left out", STR_ARG(table->name), build.rejected);
    vm_free(build.vm);
    arena_release(&build.arena);
    engine->table_states[table_index] = (struct table_state){true, engine->writes};
    return good;
}

static bool prepare_table(struct engine *engine, uint32_t table_index) {
    const struct plan_keyed_table *table = &engine->plan->tables[table_index];
    const struct table_state *state = &engine->table_states[table_index];
    if (table->kind == KEYED_SOURCE) return state->built || build_table(engine, table_index);
    if (table->kind == KEYED_TARGET)
        return (state->built && state->built_at == engine->writes) || build_table(engine, table_index);
    if (table->kind == KEYED_MAP && !state->built)
        return engine_open_crosswalk(engine, table_index) &&
               (engine_runs_map(engine, table->source) || crosswalk_load_kept(engine, table->source));
    return true;
}

bool engine_prepare_tables(struct engine *engine, const uint32_t *programs, uint32_t count,
                           const struct plan_map *map) {
    for (uint32_t s = 0; s < map->stages_count; s++)
        if (map->stages[s].kind != STAGE_EACH && !prepare_table(engine, map->stages[s].table)) return false;
    for (uint32_t p = 0; p < count; p++) {
        const struct plan_program *program = &engine->plan->programs[programs[p]];
        for (uint32_t i = 0; i < program->code_count; i++) {
            const struct plan_instr *in = &program->code[i];
            if (OPCODES[in->op].imm2 == IMM_TABLE && !prepare_table(engine, in->imm2)) return false;
        }
    }
    return true;
}

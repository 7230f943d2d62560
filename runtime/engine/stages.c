/* Multiplying rows: `each v in array` and `join y in table`, stage by stage. A stage turns a chunk into
 * chunks of at most BATCH_ROWS rows for the next one; the last go to map_run_chunk. Rows that a stage ends
 * (no match in an inner join, an empty array) are counted as skipped right here. */
#include "runtime/engine/map_internal.h"

size_t stages_width(const struct map_work *work, uint32_t stage) {
    const struct plan_stage *s = &work->run->map->stages[stage];
    if (s->kind != STAGE_EACH) return sizeof(int64_t);
    const struct plan_program *program = work->stages[stage].program.program;
    return type_kind_size((enum type_kind)program->regs[program_output(program, OUT_VALUE, 0)].element);
}

bool stages_gives_text(const struct map_work *work, uint32_t stage) {
    if (work->run->map->stages[stage].kind != STAGE_EACH) return false;
    const struct plan_program *program = work->stages[stage].program.program;
    enum type_kind kind = program->regs[program_output(program, OUT_VALUE, 0)].element;
    return kind == TYPE_TEXT || kind == TYPE_BYTES || kind == TYPE_JSON;
}

void stages_make_room(struct map_work *work, struct chunk *chunk) {
    uint32_t stages = work->run->map->stages_count;
    struct arena *arena = &chunk->batch->arena;
    chunk->values = ARENA_ARRAY(arena, struct stage_values, stages + 1);
    for (uint32_t s = 0; s < stages; s++) {
        chunk->values[s].data = arena_zalloc(arena, stages_width(work, s) * BATCH_ROWS);
        chunk->values[s].state = arena_zalloc(arena, BATCH_ROWS);
    }
}

static struct chunk *chunk_new(struct map_work *work, struct row_batch *batch) {
    struct chunk *chunk = ARENA_NEW(&batch->arena, struct chunk);
    chunk->batch = batch;
    stages_make_room(work, chunk);
    return chunk;
}

/* ---------------------------------------------------------------- inputs that the batch itself gives */

static const void *place_column(struct map_work *work, const struct chunk *chunk,
                                const struct plan_slot *slot) {
    struct arena *arena = &chunk->batch->arena;
    int64_t *numbers = slot->kind == SLOT_FILE || slot->kind == SLOT_HAS_PARENT
                           ? NULL
                           : arena_alloc(arena, sizeof(int64_t) * BATCH_ROWS);
    struct str *files = slot->kind == SLOT_FILE ? arena_alloc(arena, sizeof(struct str) * BATCH_ROWS) : NULL;
    uint8_t *flags = slot->kind == SLOT_HAS_PARENT ? arena_alloc(arena, BATCH_ROWS) : NULL;
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct row_place *place = &chunk->batch->places[chunk->row_index[i]];
        switch (slot->kind) {
        case SLOT_FILE: files[i] = map_place_file(work->run, place); break;
        case SLOT_LINE: numbers[i] = (int64_t)place->line; break;
        case SLOT_ROW: numbers[i] = (int64_t)place->row; break;
        case SLOT_DEPTH: numbers[i] = place->depth; break;
        default: flags[i] = place->depth > (slot->via == VIA_PARENT); break;
        }
    }
    return files ? (const void *)files : flags ? (const void *)flags : (const void *)numbers;
}

static struct vm_input map_column(struct map_work *work, const struct chunk *chunk,
                                  const struct plan_slot *slot) {
    const struct engine *engine = work->run->engine;
    const struct plan_map *from = &engine->plan->maps[work->run->map->source];
    const struct keyed_table *table = engine->tables[from->crosswalk - 1];
    size_t width = type_kind_size((enum type_kind)slot->type.kind);
    char *data = arena_zalloc(&chunk->batch->arena, width * BATCH_ROWS);
    uint8_t *state = arena_zalloc(&chunk->batch->arena, BATCH_ROWS);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = chunk->row_index[i];
        int64_t row = (int64_t)(chunk->ordinals ? chunk->ordinals[at] : chunk->batch->first + at);
        state[i] = keyed_table_fetch(table, row, slot->column, data + i * width) ? ROW_VALUE : ROW_NULL;
    }
    return (struct vm_input){data, state};
}

void stages_bind_inputs(struct map_work *work, struct map_program *p, struct chunk *chunk, uint32_t stages) {
    for (uint32_t i = 0; i < p->program->slots_count; i++) {
        const struct plan_slot *slot = &p->program->slots[i];
        switch (slot->kind) {
        case SLOT_JOIN:
        case SLOT_EACH:
            if (slot->column < stages)
                p->inputs[i] =
                    (struct vm_input){chunk->values[slot->column].data, chunk->values[slot->column].state};
            break;
        case SLOT_FILE:
        case SLOT_LINE:
        case SLOT_ROW:
        case SLOT_DEPTH:
        case SLOT_HAS_PARENT: p->inputs[i] = (struct vm_input){place_column(work, chunk, slot), NULL}; break;
        case SLOT_MAP_COLUMN: p->inputs[i] = map_column(work, chunk, slot); break;
        default: break;
        }
    }
}

/* ---------------------------------------------------------------- multiplying */

struct stage_run {
    struct map_work *work;
    uint32_t stage;
    struct chunk *in, *out;
    size_t width;
};

static bool run_from(struct map_work *work, struct chunk *chunk, uint32_t stage);

static bool flush(struct stage_run *run) {
    bool good = run->out->count == 0 || run_from(run->work, run->out, run->stage + 1);
    run->out->count = 0;
    return good;
}

/* One row more for the next stage: row `from` of the incoming chunk with this stage's value. */
static bool emit_row(struct stage_run *run, uint32_t from, const void *value, uint8_t state) {
    uint32_t to = run->out->count++;
    run->out->row_index[to] = run->in->row_index[from];
    for (uint32_t s = 0; s < run->stage; s++) {
        size_t width = stages_width(run->work, s);
        memcpy(run->out->values[s].data + to * width, run->in->values[s].data + from * width, width);
        run->out->values[s].state[to] = run->in->values[s].state[from];
    }
    if (value) memcpy(run->out->values[run->stage].data + to * run->width, value, run->width);
    run->out->values[run->stage].state[to] = state;
    return run->out->count < BATCH_ROWS || flush(run);
}

static void count_ended(struct stage_run *run, enum skip_reason reason) {
    if (run->work->pass != PASS_ROWS) return;
    struct map_run *map = run->work->run;
    map->report->read++;
    map->report->skipped++;
    tallies_count_skip(map->tallies, map->report, reason);
}

static bool multiply_each(struct stage_run *run, uint32_t row) {
    const struct map_program *p = &run->work->stages[run->stage].program;
    struct value array = vm_value_at(p->vm, program_output(p->program, OUT_VALUE, 0), row);
    if (array.kind == TYPE_NULL || array.as_array.count == 0) {
        count_ended(run, SKIPPED_EMPTY);
        return true;
    }
    for (size_t i = 0; i < array.as_array.count; i++) {
        bool null = array.as_array.nulls && array.as_array.nulls[i];
        const char *item = (const char *)array.as_array.items + i * run->width;
        if (!emit_row(run, row, null ? NULL : item, null ? ROW_NULL : ROW_VALUE)) return false;
    }
    return true;
}

static bool multiply_join(struct stage_run *run, uint32_t row) {
    const struct plan_stage *stage = &run->work->run->map->stages[run->stage];
    const struct map_program *p = &run->work->stages[run->stage].program;
    const struct keyed_table *table = run->work->run->engine->tables[stage->table];
    const struct plan_keyed_table *plan_table = &run->work->run->engine->plan->tables[stage->table];
    struct value parts[MOST_KEY_PARTS];
    struct buf key = {0};
    int64_t match = -1;
    uint32_t count = plan_table->keys_count < MOST_KEY_PARTS ? plan_table->keys_count : MOST_KEY_PARTS;
    for (uint32_t i = 0; i < count; i++)
        parts[i] = vm_value_at(p->vm, program_output(p->program, OUT_KEY, i), row);
    if (keyed_table_encode(plan_table->keys, parts, count, &key)) {
        enum keyed_result found = keyed_table_find(table, buf_str(&key), &match);
        if (found != KEYED_FOUND && found != KEYED_SEVERAL) match = -1;
    }
    buf_release(&key);
    if (match < 0 && stage->kind == STAGE_LEFT_JOIN) return emit_row(run, row, NULL, ROW_NULL);
    if (match < 0) count_ended(run, SKIPPED_NO_MATCH);
    for (; match >= 0; match = keyed_table_next(table, match))
        if (!emit_row(run, row, &match, ROW_VALUE)) return false;
    return true;
}

/* A row whose array or key could not be computed is rejected here: it has no rows to go on with. */
static bool end_failed_row(struct stage_run *run, uint32_t row) {
    struct map_work *work = run->work;
    if (work->pass != PASS_ROWS) return true;
    map_use_chunk(work, run->in);
    work->run->report->read++;
    return map_finish_rows(work, &work->stages[run->stage].program, &row, 1);
}

static bool run_stage(struct stage_run *run) {
    struct map_program *p = &run->work->stages[run->stage].program;
    bool each = run->work->run->map->stages[run->stage].kind == STAGE_EACH;
    stages_bind_inputs(run->work, p, run->in, run->stage);
    vm_begin(p->vm, run->in->batch, run->in->count, p->cells, chunk_index(run->in), p->inputs);
    vm_run_pre(p->vm);
    vm_run_rest(p->vm);
    for (uint32_t row = 0; row < run->in->count; row++) {
        bool good = vm_row_outcome(p->vm, row) != OUTCOME_OK ? end_failed_row(run, row)
                    : each                                   ? multiply_each(run, row)
                                                             : multiply_join(run, row);
        if (!good) return false;
    }
    return flush(run);
}

static bool run_from(struct map_work *work, struct chunk *chunk, uint32_t stage) {
    if (stage == work->run->map->stages_count) return map_run_chunk(work, chunk);
    struct stage_run run = {.work = work, .stage = stage, .in = chunk, .width = stages_width(work, stage)};
    run.out = chunk_new(work, chunk->batch);
    return run_stage(&run);
}

bool stages_run(struct map_work *work, struct row_batch *batch, const uint32_t *rows, uint32_t count) {
    struct chunk *chunk = chunk_new(work, batch);
    chunk->count = count;
    chunk->whole = count == batch->count;
    memcpy(chunk->row_index, rows, sizeof *rows * count);
    return run_from(work, chunk, 0);
}

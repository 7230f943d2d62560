/* Rows that refer to rows of their own map go in waves, parents first: a row runs once the row it refers to
 * is known (written, rejected or left out). Within a batch this repeats until nothing moves; rows whose
 * parent has not come yet wait, as copies of their cells, for the end of the source. What then still waits
 * refers to rows that do not exist (missing), or in a circle (rejected as a loop). */
#include "runtime/engine/map_internal.h"
#include "runtime/engine/retry.h"

#include <stdlib.h>

struct waiting_row {
    struct row_place place;
    uint64_t ordinal;
    struct str *text; /* by column of the projection */
    uint8_t *state, *kind;
    struct str key, parent; /* encoded; key empty: null */
    enum fault fault;       /* what the reader found wrong with it */
    struct str detail;
};

struct waves {
    struct map_work *work;
    struct arena arena;
    VEC(struct waiting_row) waiting;
    struct buf key;
    bool last_wave; /* the source has ended: nobody waits any longer */
};

struct waves *waves_new(struct map_work *work) {
    struct waves *waves = memory_zalloc(sizeof *waves);
    waves->work = work;
    return waves;
}

void waves_free(struct waves *waves) {
    if (waves == NULL) return;
    arena_release(&waves->arena);
    buf_release(&waves->key);
    free(waves);
}

/* The encoded key in waves->key. False: a part is null. */
static bool encode_registers(struct waves *waves, const uint32_t *registers, uint32_t count, uint32_t row) {
    const struct map_program *p = &waves->work->main;
    struct value parts[MOST_KEY_PARTS];
    struct plan_type types[MOST_KEY_PARTS];
    if (count > MOST_KEY_PARTS) count = MOST_KEY_PARTS;
    for (uint32_t i = 0; i < count; i++) {
        parts[i] = vm_value_at(p->vm, registers[i], row);
        types[i] = p->program->regs[registers[i]];
    }
    buf_clear(&waves->key);
    return count && keyed_table_encode(types, parts, count, &waves->key);
}

/* Is the parent's fate known? One that was rejected by the run may come repaired (mig retry). */
static bool is_known(const struct waves *waves, struct str parent) {
    const struct map_run *run = waves->work->run;
    int64_t found;
    enum keyed_result result = keyed_table_find(run->crosswalk, parent, &found);
    return result != KEYED_MISSING &&
           (result != KEYED_WAS_REJECTED || retry_feeding(run->engine, run->index) == NULL);
}

static bool is_ready(struct waves *waves, uint32_t row) {
    return !encode_registers(waves, waves->work->parents, waves->work->parent_count, row) ||
           is_known(waves, buf_str(&waves->key));
}

static bool run_rows(struct waves *waves, const uint32_t *rows, uint32_t count) {
    if (count == 0) return true;
    vm_run_rest_rows(waves->work->main.vm, rows, count);
    return map_finish_rows(waves->work, &waves->work->main, rows, count);
}

/* Runs every row that is ready, until none is; left: those that are not. */
static bool run_ready(struct waves *waves, uint32_t *left, uint32_t *left_count) {
    uint32_t *ready = ARENA_ARRAY(&waves->work->chunk->batch->arena, uint32_t, BATCH_ROWS), ready_count;
    do {
        uint32_t still = 0;
        ready_count = 0;
        for (uint32_t i = 0; i < *left_count; i++) {
            if (is_ready(waves, left[i]))
                ready[ready_count++] = left[i];
            else
                left[still++] = left[i];
        }
        *left_count = still;
        if (!run_rows(waves, ready, ready_count)) return false;
    } while (ready_count && *left_count);
    return true;
}

static void keep_waiting(struct waves *waves, struct chunk *chunk, uint32_t row) {
    const struct row_batch *batch = chunk->batch;
    uint32_t columns = batch->column_count, at = chunk->row_index[row];
    struct waiting_row w = {.place = batch->places[at], .ordinal = waves->work->ordinal_of(waves->work, row)};
    w.place.raw = arena_copy_str(&waves->arena, w.place.raw);
    w.text = ARENA_ARRAY(&waves->arena, struct str, columns + 1);
    w.state = ARENA_ARRAY(&waves->arena, uint8_t, columns + 1);
    w.kind = ARENA_ARRAY(&waves->arena, uint8_t, columns + 1);
    for (uint32_t c = 0; c < columns; c++) {
        const struct cell_column *cells = &batch->columns[c];
        w.state[c] = cells->state[at];
        w.kind[c] = cells->kind ? cells->kind[at] : CELL_TEXT;
        if (w.state[c] != ROW_NULL) w.text[c] = arena_copy_str(&waves->arena, cells->text[at]);
    }
    if (encode_registers(waves, waves->work->run->outputs.keys, waves->work->run->outputs.key_count, row))
        w.key = arena_copy_str(&waves->arena, buf_str(&waves->key));
    encode_registers(waves, waves->work->parents, waves->work->parent_count, row);
    w.parent = arena_copy_str(&waves->arena, buf_str(&waves->key));
    for (uint32_t f = 0; f < batch->faults.count; f++)
        if (batch->faults.items[f].row == at) {
            w.fault = batch->faults.items[f].fault;
            w.detail = arena_copy_str(&waves->arena, batch->faults.items[f].detail);
        }
    VEC_PUSH(&waves->arena, &waves->waiting, w);
}

bool waves_run(struct map_work *work, struct chunk *chunk) {
    struct waves *waves = work->waves;
    uint32_t *left = ARENA_ARRAY(&chunk->batch->arena, uint32_t, BATCH_ROWS), *ended, left_count = 0,
             ended_count = 0;
    ended = ARENA_ARRAY(&chunk->batch->arena, uint32_t, BATCH_ROWS);
    for (uint32_t row = 0; row < chunk->count; row++) {
        enum outcome outcome = vm_row_outcome(waves->work->main.vm, row);
        if (outcome == OUTCOME_SKIPPED || outcome == OUTCOME_FAILED)
            ended[ended_count++] = row;
        else
            left[left_count++] = row;
    }
    if (!map_finish_rows(waves->work, &waves->work->main, ended, ended_count)) return false;
    if (!run_ready(waves, left, &left_count)) return false;
    if (waves->last_wave) return run_rows(waves, left, left_count);
    for (uint32_t i = 0; i < left_count; i++)
        keep_waiting(waves, chunk, left[i]);
    return true;
}

/* ---------------------------------------------------------------- the end of the source */

static void fill_batch(struct row_batch *batch, const struct waiting_row *const *rows, uint32_t count,
                       uint64_t *ordinals) {
    row_batch_reset(batch);
    batch->count = count;
    for (uint32_t c = 0; c < batch->column_count; c++) {
        struct cell_column *cells = &batch->columns[c];
        cells->clean = false;
        if (cells->kind == NULL) cells->kind = arena_zalloc(&batch->fixed, BATCH_ROWS);
        for (uint32_t i = 0; i < count; i++) {
            cells->text[i] = rows[i]->text[c];
            cells->state[i] = rows[i]->state[c];
            cells->kind[i] = rows[i]->kind[c];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        batch->places[i] = rows[i]->place;
        struct row_fault fault = {.row = i, .fault = rows[i]->fault, .detail = rows[i]->detail};
        if (fault.fault != FAULT_NONE) VEC_PUSH(&batch->arena, &batch->faults, fault);
        ordinals[i] = rows[i]->ordinal;
    }
}

/* Runs waiting rows again; with loop set they are rejected as parts of a loop. */
static bool run_waiting(struct waves *waves, const struct waiting_row *const *rows, uint32_t count,
                        bool loop) {
    struct map_work *work = waves->work;
    struct row_batch batch = {0};
    uint64_t *ordinals = ARENA_ARRAY(&waves->arena, uint64_t, BATCH_ROWS);
    row_batch_init(&batch, work->run->projection.columns.count);
    bool good = true;
    for (uint32_t first = 0; good && first < count; first += BATCH_ROWS) {
        uint32_t n = count - first < BATCH_ROWS ? count - first : BATCH_ROWS;
        fill_batch(&batch, rows + first, n, ordinals);
        struct chunk *chunk = ARENA_NEW(&batch.arena, struct chunk);
        *chunk = (struct chunk){.batch = &batch, .ordinals = ordinals, .again = true, .count = n};
        for (uint32_t i = 0; i < n; i++)
            chunk->row_index[i] = i;
        work->reject_loops = loop;
        good = map_run_chunk(work, chunk);
    }
    work->reject_loops = false;
    row_batch_release(&batch);
    return good;
}

bool waves_reject_loop(struct map_work *work, struct chunk *chunk) {
    for (uint32_t row = 0; row < chunk->count; row++)
        vm_reject_row(work->main.vm, row, FAULT_REFERENCE_LOOP, NO_REGISTER,
                      STR("the rows it refers to lead back to itself"));
    return map_finish_rows(work, &work->main, NULL, chunk->count);
}

/* Takes out of the waiting those that can run now: their parent is known, or will never come. */
static uint32_t take_runnable(struct waves *waves, const struct key_set *waiting_keys,
                              const struct waiting_row **runnable) {
    uint32_t count = 0, left = 0;
    struct waiting_row *items = waves->waiting.items;
    for (uint32_t i = 0; i < waves->waiting.count; i++) {
        uint64_t slot;
        if (is_known(waves, items[i].parent) || !key_set_find(waiting_keys, items[i].parent, &slot)) {
            struct waiting_row *copy = ARENA_NEW(&waves->arena, struct waiting_row);
            *copy = items[i];
            runnable[count++] = copy;
        } else {
            items[left++] = items[i];
        }
    }
    waves->waiting.count = left;
    return count;
}

static struct key_set *waiting_key_set(struct waves *waves) {
    struct key_set *keys = map_new_key_set(waves->work->run->engine);
    for (uint32_t i = 0; keys && i < waves->waiting.count; i++)
        if (waves->waiting.items[i].key.len)
            key_set_add(keys, waves->waiting.items[i].key, i, NULL, waves->work->run->engine->diags);
    return keys;
}

bool waves_finish(struct map_work *work, uint64_t end) {
    struct waves *waves = work->waves;
    bool good = true;
    while (good && waves->waiting.count) {
        /* What the server stored is known only after a commit. */
        if (work->run->sink_remembers && !map_flush(work, end)) return false;
        uint32_t before = waves->waiting.count;
        struct key_set *keys = waiting_key_set(waves);
        const struct waiting_row **runnable = memory_alloc(before * sizeof *runnable);
        uint32_t count = keys ? take_runnable(waves, keys, runnable) : 0;
        waves->last_wave = true;
        if (count) {
            good = run_waiting(waves, runnable, count, false);
        } else { /* nobody can go first: loops */
            for (uint32_t i = 0; i < before; i++) {
                struct waiting_row *copy = ARENA_NEW(&waves->arena, struct waiting_row);
                *copy = waves->waiting.items[i];
                runnable[count++] = copy;
            }
            waves->waiting.count = 0;
            good = run_waiting(waves, runnable, count, true);
        }
        free(runnable);
        key_set_free(keys);
    }
    return good;
}

/* Rows that refer to rows of their own map go in waves, parents first: a row runs once the row it refers to
 * is written and no earlier row of its own key still waits (wave_order.c). Rows that cannot run within their
 * batch wait, as copies of their cells (beyond a limit in a temporary file), for the end of the source. What
 * then still waits refers to rows that are not written (rejected, left out, missing), or in a circle
 * (rejected as a loop). */
#include "runtime/engine/map_internal.h"

#include "runtime/engine/wave_order.h"
#include "runtime/vm/spill.h"

#include <stdlib.h>

/* In one piece of memory with everything it points to. */
struct waiting_row {
    struct row_place place;
    uint64_t ordinal;
    struct str *text; /* by column of the projection */
    uint8_t *state, *kind;
    char *values;           /* of the stages, one after the other, each by its width */
    uint8_t *value_state;   /* by stage */
    struct str key, parent; /* encoded; key empty: null */
    enum fault fault;       /* what the reader found wrong with it */
    struct str detail;
};

enum { ROWS_OF_BLOCK = 4096, MOST_WAITING = 100 * 1000 * 1000 };

struct waves {
    struct map_work *work;
    struct arena arena;
    struct spill spill;                /* the waiting rows: memory up to a limit, then a temporary file */
    VEC(struct waiting_row **) blocks; /* ROWS_OF_BLOCK each, in the source's order */
    uint32_t waiting;
    struct key_set *waiting_keys; /* of those */
    struct buf key;
    bool last_wave; /* the source has ended: rows come as they can run */

    /* of the last waves */
    struct row_batch batch;
    struct chunk *chunk;
    uint64_t *ordinals;
};

struct waves *waves_new(struct map_work *work) {
    struct waves *waves = memory_zalloc(sizeof *waves);
    waves->work = work;
    spill_init(&waves->spill, map_key_memory(work->run->engine), work->run->engine->options->temp_dir);
    return waves;
}

void waves_free(struct waves *waves) {
    if (waves == NULL) return;
    arena_release(&waves->arena);
    spill_release(&waves->spill);
    buf_release(&waves->key);
    key_set_free(waves->waiting_keys);
    row_batch_release(&waves->batch);
    free(waves);
}

static const struct waiting_row *waiting_row(const struct waves *waves, uint32_t number) {
    return waves->blocks.items[number / ROWS_OF_BLOCK][number % ROWS_OF_BLOCK];
}

static struct wave_order *new_order(struct waves *waves, bool complete) {
    struct engine *engine = waves->work->run->engine;
    return wave_order_new(map_new_key_set(engine), complete, map_key_memory(engine),
                          engine->options->temp_dir);
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

static struct str own_key(struct waves *waves, uint32_t row) {
    const struct map_outputs *outputs = &waves->work->run->outputs;
    return encode_registers(waves, outputs->keys, outputs->key_count, row) ? buf_str(&waves->key) : STR("");
}

/* Empty: it refers to none. */
static struct str parent_key(struct waves *waves, uint32_t row) {
    return encode_registers(waves, waves->work->parents, waves->work->parent_count, row)
               ? buf_str(&waves->key)
               : STR("");
}

/* Whether the key finds a row that was written. */
static bool is_written(const struct waves *waves, struct str key) {
    int64_t found;
    return keyed_table_find(waves->work->run->crosswalk, key, &found) == KEYED_FOUND;
}

/* After the load everything is known that ever will be. */
static bool has_to_wait(struct waves *waves, uint32_t row) {
    uint64_t earlier;
    if (waves->work->run->mode != MAP_LOAD) return false;
    struct str parent = parent_key(waves, row);
    if (parent.len && !is_written(waves, parent)) return true;
    return waves->waiting && key_set_find(waves->waiting_keys, own_key(waves, row), &earlier);
}

static bool run_rows(struct waves *waves, const uint32_t *rows, uint32_t count) {
    if (count == 0) return true;
    vm_run_rest_rows(waves->work->main.vm, rows, count);
    return map_finish_rows(waves->work, &waves->work->main, rows, count);
}

/* ---------------------------------------------------------------- waiting */

static size_t values_size(const struct waves *waves) {
    size_t size = 0;
    for (uint32_t s = 0; s < waves->work->run->map->stages_count; s++)
        size += stages_width(waves->work, s);
    return size;
}

static struct str value_text(const struct chunk *chunk, uint32_t stage, uint32_t row) {
    struct str text = {0};
    if (chunk->values[stage].state[row] == ROW_VALUE)
        memcpy(&text, chunk->values[stage].data + row * sizeof text, sizeof text);
    return text;
}

/* What follows the fixed part: bytes that are read front to back while the row is put together. */
static struct str put_bytes(char **to, struct str bytes) {
    if (bytes.len == 0) return bytes;
    memcpy(*to, bytes.ptr, bytes.len);
    bytes.ptr = *to;
    *to += bytes.len;
    return bytes;
}

static size_t row_size(const struct waves *waves, const struct chunk *chunk, uint32_t row,
                       const struct waiting_row *w) {
    const struct row_batch *batch = chunk->batch;
    uint32_t stages = waves->work->run->map->stages_count;
    size_t size = sizeof *w + batch->column_count * (sizeof(struct str) + 2) + values_size(waves) + stages +
                  w->place.raw.len + w->key.len + w->parent.len + w->detail.len;
    for (uint32_t c = 0; c < batch->column_count; c++)
        if (w->state[c] != ROW_NULL) size += w->text[c].len;
    for (uint32_t s = 0; s < stages; s++)
        if (stages_gives_text(waves->work, s)) size += value_text(chunk, s, row).len;
    return size;
}

/* Looks at the row where it lies now. */
static struct waiting_row look_at_row(struct waves *waves, const struct chunk *chunk, uint32_t row) {
    const struct row_batch *batch = chunk->batch;
    struct arena *arena = &chunk->batch->arena;
    uint32_t columns = batch->column_count, at = chunk->row_index[row];
    struct waiting_row w = {.place = batch->places[at], .ordinal = waves->work->ordinal_of(waves->work, row)};
    w.text = ARENA_ARRAY(arena, struct str, columns + 1);
    w.state = ARENA_ARRAY(arena, uint8_t, columns + 1);
    w.kind = ARENA_ARRAY(arena, uint8_t, columns + 1);
    for (uint32_t c = 0; c < columns; c++) {
        const struct cell_column *cells = &batch->columns[c];
        w.state[c] = cells->state[at];
        w.kind[c] = cells->kind ? cells->kind[at] : CELL_TEXT;
        if (w.state[c] != ROW_NULL) w.text[c] = cells->text[at];
    }
    w.key = arena_copy_str(arena, own_key(waves, row));
    w.parent = arena_copy_str(arena, parent_key(waves, row));
    for (uint32_t f = 0; f < batch->faults.count; f++)
        if (batch->faults.items[f].row == at) {
            w.fault = batch->faults.items[f].fault;
            w.detail = batch->faults.items[f].detail;
        }
    return w;
}

/* A copy in one piece: fixed parts by their alignment, then bytes. NULL with a diagnostic. */
static struct waiting_row *copy_row(struct waves *waves, const struct chunk *chunk, uint32_t row,
                                    const struct waiting_row *from) {
    uint32_t columns = chunk->batch->column_count, stages = waves->work->run->map->stages_count;
    char *to = spill_piece(&waves->spill, row_size(waves, chunk, row, from), waves->work->run->engine->diags);
    if (to == NULL) return NULL;
    struct waiting_row *w = (struct waiting_row *)to;
    *w = *from;
    to += sizeof *w;
    w->text = (struct str *)to;
    to += columns * sizeof *w->text;
    w->values = to;
    to += values_size(waves);
    w->state = (uint8_t *)to;
    w->kind = w->state + columns;
    w->value_state = w->kind + columns;
    to += 2 * columns + stages;
    memcpy(w->state, from->state, columns);
    memcpy(w->kind, from->kind, columns);
    for (uint32_t c = 0; c < columns; c++)
        w->text[c] = w->state[c] == ROW_NULL ? (struct str){0} : put_bytes(&to, from->text[c]);
    char *value = w->values;
    for (uint32_t s = 0; s < stages; s++) {
        size_t width = stages_width(waves->work, s);
        memcpy(value, chunk->values[s].data + row * width, width);
        w->value_state[s] = chunk->values[s].state[row];
        if (stages_gives_text(waves->work, s)) {
            struct str text = put_bytes(&to, value_text(chunk, s, row));
            memcpy(value, &text, sizeof text);
        }
        value += width;
    }
    w->place.raw = put_bytes(&to, from->place.raw);
    w->key = put_bytes(&to, from->key);
    w->parent = put_bytes(&to, from->parent);
    w->detail = put_bytes(&to, from->detail);
    return w;
}

static bool too_many_wait(struct waves *waves) {
    struct map_run *run = waves->work->run;
    struct diag *diag = diag_report(run->engine->diags, X_TABLE_FULL, no_span(),
                                    "more than %d rows of map `%.*s` wait for the rows that they refer to",
                                    MOST_WAITING, STR_ARG(run->map->name));
    diag_help(
        run->engine->diags, diag,
        "Put parents in front of their children in the source: such rows need not wait. Or write the rows "
        "by one map without the reference, and fill it by a second with `on conflict (…) update (column)`.");
    return engine_fail(run->engine, RUN_STOPPED);
}

static bool keep_waiting(struct waves *waves, struct chunk *chunk, uint32_t row) {
    struct engine *engine = waves->work->run->engine;
    if (waves->waiting == MOST_WAITING) return too_many_wait(waves);
    if (waves->waiting % ROWS_OF_BLOCK == 0) {
        struct waiting_row **block =
            spill_alloc(&waves->spill, ROWS_OF_BLOCK * sizeof(struct waiting_row *), engine->diags);
        if (block == NULL) return engine_fail(engine, RUN_STOPPED);
        VEC_PUSH(&waves->arena, &waves->blocks, block);
    }
    struct waiting_row seen = look_at_row(waves, chunk, row);
    struct waiting_row *w = copy_row(waves, chunk, row, &seen);
    if (w == NULL) return engine_fail(engine, RUN_STOPPED);
    waves->blocks.items[waves->waiting / ROWS_OF_BLOCK][waves->waiting % ROWS_OF_BLOCK] = w;
    waves->waiting++;
    if (w->key.len == 0) return true;
    if (waves->waiting_keys == NULL) waves->waiting_keys = map_new_key_set(engine);
    return key_set_add(waves->waiting_keys, w->key, 0, NULL, engine->diags) != KEY_SET_FAILED ||
           engine_fail(engine, RUN_STOPPED);
}

/* ---------------------------------------------------------------- a batch of the source */

/* Some rows have to wait: perhaps only for others of this batch. */
static bool run_in_order(struct waves *waves, struct chunk *chunk, const uint32_t *rows, uint32_t count) {
    struct engine *engine = waves->work->run->engine;
    struct wave_order *order = new_order(waves, false);
    uint32_t *members = ARENA_ARRAY(&chunk->batch->arena, uint32_t, count + 1), member_count = 0;
    uint32_t *now = ARENA_ARRAY(&chunk->batch->arena, uint32_t, count + 1), wave_count = 0;
    bool *stays = ARENA_ARRAY(&chunk->batch->arena, bool, count + 1), good = true;
    uint64_t earlier;
    for (uint32_t i = 0; good && i < count; i++) {
        struct str key = own_key(waves, rows[i]);
        stays[i] = waves->waiting && key_set_find(waves->waiting_keys, key, &earlier);
        if (stays[i]) continue;
        key = arena_copy_str(&chunk->batch->arena, key);
        struct str parent = parent_key(waves, rows[i]);
        if (parent.len && is_written(waves, parent)) parent.len = 0;
        members[member_count++] = i;
        good = wave_order_add(order, key, parent, engine->diags) || engine_fail(engine, RUN_STOPPED);
    }
    wave_order_start(order);
    for (const uint32_t *wave; good && (wave = wave_order_take(order, &wave_count)) != NULL;) {
        for (uint32_t i = 0; i < wave_count; i++)
            now[i] = rows[members[wave[i]]];
        good = run_rows(waves, now, wave_count);
        for (uint32_t i = 0; good && i < wave_count; i++)
            wave_order_done(order, wave[i], is_written(waves, own_key(waves, now[i])));
    }
    for (uint32_t m = 0; m < member_count; m++)
        stays[members[m]] = !wave_order_is_done(order, m);
    for (uint32_t i = 0; good && i < count; i++)
        if (stays[i]) good = keep_waiting(waves, chunk, rows[i]);
    wave_order_free(order);
    return good;
}

bool waves_run(struct map_work *work, struct chunk *chunk) {
    struct waves *waves = work->waves;
    uint32_t *going = ARENA_ARRAY(&chunk->batch->arena, uint32_t, BATCH_ROWS), *ended, going_count = 0,
             ended_count = 0;
    bool wait = false;
    ended = ARENA_ARRAY(&chunk->batch->arena, uint32_t, BATCH_ROWS);
    for (uint32_t row = 0; row < chunk->count; row++) {
        enum outcome outcome = vm_row_outcome(work->main.vm, row);
        if (outcome == OUTCOME_SKIPPED || outcome == OUTCOME_FAILED)
            ended[ended_count++] = row;
        else
            going[going_count++] = row;
    }
    if (!map_finish_rows(work, &work->main, ended, ended_count)) return false;
    for (uint32_t i = 0; !waves->last_wave && !wait && i < going_count; i++)
        wait = has_to_wait(waves, going[i]);
    return wait ? run_in_order(waves, chunk, going, going_count) : run_rows(waves, going, going_count);
}

/* ---------------------------------------------------------------- the end of the source */

static void fill_batch(struct row_batch *batch, const struct waiting_row *const *rows, uint32_t count,
                       uint64_t *ordinals) {
    row_batch_reset(batch);
    batch->count = count;
    for (uint32_t c = 0; c < batch->column_count; c++) {
        struct cell_column *cells = &batch->columns[c];
        cells->clean = false;
        cells->kind = arena_alloc(&batch->arena, BATCH_ROWS); /* reset with the batch */
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

/* What each and join gave the rows. */
static void fill_values(struct waves *waves, const struct waiting_row *const *rows, uint32_t count) {
    struct chunk *chunk = waves->chunk;
    size_t at = 0;
    stages_make_room(waves->work, chunk);
    for (uint32_t s = 0; s < waves->work->run->map->stages_count; s++) {
        size_t width = stages_width(waves->work, s);
        for (uint32_t i = 0; i < count; i++) {
            memcpy(chunk->values[s].data + i * width, rows[i]->values + at, width);
            chunk->values[s].state[i] = rows[i]->value_state[s];
        }
        at += width;
    }
}

/* Runs waiting rows again; with loop set they are rejected as parts of a loop. */
static bool run_waiting(struct waves *waves, const uint32_t *rows, uint32_t count, uint64_t end, bool loop) {
    struct map_work *work = waves->work;
    const struct waiting_row *some[BATCH_ROWS];
    bool good = true;
    work->reject_loops = loop;
    for (uint32_t first = 0; good && first < count; first += BATCH_ROWS) {
        uint32_t n = count - first < BATCH_ROWS ? count - first : BATCH_ROWS;
        for (uint32_t i = 0; i < n; i++)
            some[i] = waiting_row(waves, rows[first + i]);
        fill_batch(&waves->batch, some, n, waves->ordinals);
        waves->chunk->count = n;
        fill_values(waves, some, n);
        good = map_run_chunk(work, waves->chunk);
        if (good && work->run->sink && work->run->sink->full) good = map_flush(work, end);
    }
    work->reject_loops = false;
    return good;
}

bool waves_reject_loop(struct map_work *work, struct chunk *chunk) {
    for (uint32_t row = 0; row < chunk->count; row++)
        vm_reject_row(work->main.vm, row, FAULT_REFERENCE_LOOP, NO_REGISTER,
                      STR("the rows it refers to lead back to itself"));
    return map_finish_rows(work, &work->main, NULL, chunk->count);
}

static struct wave_order *order_waiting(struct waves *waves) {
    struct engine *engine = waves->work->run->engine;
    struct wave_order *order = new_order(waves, true);
    for (uint32_t i = 0; i < waves->waiting; i++) {
        const struct waiting_row *w = waiting_row(waves, i);
        bool known = w->parent.len == 0 || is_written(waves, w->parent);
        if (wave_order_add(order, w->key, known ? STR("") : w->parent, engine->diags)) continue;
        engine_fail(engine, RUN_STOPPED);
        wave_order_free(order);
        return NULL;
    }
    wave_order_start(order);
    return order;
}

static void make_room(struct waves *waves) {
    row_batch_init(&waves->batch, waves->work->run->projection.columns.count);
    waves->ordinals = ARENA_ARRAY(&waves->arena, uint64_t, BATCH_ROWS);
    waves->chunk = ARENA_NEW(&waves->arena, struct chunk);
    *waves->chunk = (struct chunk){.batch = &waves->batch, .ordinals = waves->ordinals, .again = true};
    for (uint32_t i = 0; i < BATCH_ROWS; i++)
        waves->chunk->row_index[i] = i;
}

bool waves_finish(struct map_work *work, uint64_t end) {
    struct waves *waves = work->waves;
    /* What the server stored is known only after a commit. */
    bool asks = work->run->sink_remembers, good = true;
    if (waves->waiting == 0) return true;
    if (asks && !map_flush(work, end)) return false;
    struct wave_order *order = order_waiting(waves);
    if (order == NULL) return false;
    make_room(waves);
    waves->last_wave = true;
    for (uint32_t left = waves->waiting, count; good && left; left -= count) {
        bool loop = false;
        const uint32_t *wave = wave_order_take(order, &count);
        if (wave == NULL) {
            wave = wave_order_take_loop(order, &count);
            loop = true;
        }
        if (wave == NULL) break;
        good = run_waiting(waves, wave, count, end, loop) && (!asks || map_flush(work, end));
        for (uint32_t i = 0; good && i < count; i++)
            wave_order_done(order, wave[i], is_written(waves, waiting_row(waves, wave[i])->key));
    }
    wave_order_free(order);
    return good;
}

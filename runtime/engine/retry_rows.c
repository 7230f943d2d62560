/* Repaired rows on their way through a map: which rows of a batch are fed, their repairs, and what became of
 * the others in the run. */
#include "runtime/engine/map_internal.h"
#include "runtime/engine/retry.h"

#include "runtime/value/datetime.h"
#include "runtime/value/decimal.h"

#include <stdlib.h>

const struct retry_feed *retry_find_feed(const struct retry_map *map, uint64_t ordinal) {
    uint32_t low = 0, high = map->feed_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (map->feeds[middle].ordinal < ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->feed_count && map->feeds[low].ordinal == ordinal ? &map->feeds[low] : NULL;
}

bool retry_was_loaded(const struct retry_map *map, uint64_t ordinal, uint32_t position) {
    for (uint32_t i = 0; i < map->loaded.count; i++)
        if (map->loaded.items[i].ordinal == ordinal && map->loaded.items[i].position == position) return true;
    return false;
}

/* ---------------------------------------------------------------- repairs */

static bool refuse_cell(struct map_run *run, const struct retry_row *row, const struct retry_cell *cell) {
    struct engine *engine = run->engine;
    const struct plan_source_table *table =
        &engine->plan->sources[run->map->source].tables[run->map->source_table];
    struct diag *diag =
        diag_report(engine->diags, X_REPAIR_FILE, no_span(), "map `%.*s` does not read column `%.*s`",
                    STR_ARG(run->map->name), STR_ARG(table->columns[cell->column].name));
    diag_place(engine->diags, diag, "%.*s", STR_ARG(row->place));
    diag_help(engine->diags, diag, "Take the column out of the file: it would change nothing.");
    return engine_fail(engine, RUN_USAGE);
}

/* A number in a spreadsheet stays a number, and so on: as far as the repaired text is one. */
static enum cell_kind kind_of_repair(enum cell_kind before, struct str text) {
    struct decimal d;
    int64_t n;
    switch (before) {
    case CELL_NUMBER: return decimal_parse(text, &d) == FAULT_NONE ? CELL_NUMBER : CELL_TEXT;
    case CELL_BOOL: return str_is(text, "true") || str_is(text, "false") ? CELL_BOOL : CELL_TEXT;
    case CELL_DATETIME:
        return date_parse(text, &n) == FAULT_NONE || timestamp_parse(text, &n) == FAULT_NONE ? CELL_DATETIME
                                                                                             : CELL_TEXT;
    case CELL_JSON: return text.len && (text.ptr[0] == '{' || text.ptr[0] == '[') ? CELL_JSON : CELL_TEXT;
    default: return CELL_TEXT;
    }
}

/* True: it differs from what the source has. Null and empty text are one in a spreadsheet. */
static bool put_cell(struct row_batch *batch, uint32_t column, uint32_t row, struct str text) {
    struct cell_column *cells = &batch->columns[column];
    enum row_state state = cells->clean ? ROW_VALUE : (enum row_state)cells->state[row];
    enum cell_kind kind = cells->kind ? (enum cell_kind)cells->kind[row] : CELL_TEXT;
    bool readable = state == ROW_VALUE && kind != CELL_BAD;
    struct str before = readable ? cells->text[row] : STR("");
    if (str_eq(before, text)) return false;
    if (cells->clean) memset(cells->state, ROW_VALUE, BATCH_ROWS);
    cells->clean = false;
    cells->state[row] = text.ptr && text.len ? ROW_VALUE : text.ptr && !readable ? ROW_VALUE : ROW_NULL;
    cells->text[row] = text;
    if (cells->kind) cells->kind[row] = (uint8_t)kind_of_repair(kind, text);
    return true;
}

static void drop_reader_faults(struct row_batch *batch, uint32_t row) {
    uint32_t kept = 0;
    for (uint32_t f = 0; f < batch->faults.count; f++)
        if (batch->faults.items[f].row != row) batch->faults.items[kept++] = batch->faults.items[f];
    batch->faults.count = kept;
}

/* A row that comes as it was is no repair: it goes along where it can go now. */
static bool repair_row(struct map_run *run, struct retry_map *map, struct row_batch *batch, uint32_t row,
                       struct retry_feed *feed) {
    const struct retry_row *repair = feed->repair;
    bool changed = repair->accepted;
    for (uint32_t i = 0; i < repair->cell_count; i++) {
        const struct retry_cell *cell = &repair->cells[i];
        bool read = false;
        for (uint32_t c = 0; c < run->projection.columns.count; c++) {
            const struct reader_column *column = &run->projection.columns.items[c];
            if (column->column != cell->column || column->via != VIA_SELF) continue;
            changed = put_cell(batch, c, row, cell->text) || changed;
            read = true;
        }
        if (!read) return refuse_cell(run, repair, cell);
    }
    if (changed) {
        drop_reader_faults(batch, row); /* the record is another now */
    } else {
        feed->repair = NULL;
        map->report.unchanged++;
    }
    return true;
}

bool retry_take_rows(struct map_run *run, struct retry_map *map, struct row_batch *batch, uint32_t *rows,
                     uint32_t *count) {
    *count = 0;
    for (uint32_t row = 0; row < batch->count; row++) {
        struct retry_feed *feed = (struct retry_feed *)retry_find_feed(map, batch->first + row);
        if (feed == NULL) continue;
        if (feed->repair && !repair_row(run, map, batch, row, feed)) return false;
        rows[(*count)++] = row;
    }
    return true;
}

void retry_take_map_rows(struct retry_map *map, const struct keyed_table *table, uint64_t first,
                         uint32_t *rows, uint32_t *count) {
    uint64_t total = keyed_table_count(table);
    *count = 0;
    for (uint64_t row = first; row < total && row < first + BATCH_ROWS; row++) {
        bool had = row < map->present_count && map->present[row];
        if (keyed_table_status(table, (int64_t)row) != KEYED_PRESENT) continue;
        if (!had || retry_find_feed(map, row)) rows[(*count)++] = (uint32_t)(row - first);
    }
}

/* ---------------------------------------------------------------- rows that are finished */

static uint32_t position_of(struct map_work *work, uint64_t ordinal) {
    work->position = ordinal == work->position_ordinal ? work->position + 1 : 0;
    work->position_ordinal = ordinal;
    return work->position;
}

static void note_loaded(struct map_work *work, struct retry_map *map, uint64_t ordinal, uint32_t position) {
    struct retry_position loaded = {ordinal, position, work->nth};
    VEC_PUSH(work->run->engine->arena, &map->loaded, loaded);
}

static int compare_ordinals(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* What was missing then may be in the target now, and the row come out good: in the run it did not. */
static void reject_as_then(const struct map_program *p, const struct retry_map *map, uint64_t ordinal,
                           uint32_t row) {
    if (map->rejected && vm_row_outcome(p->vm, row) == OUTCOME_OK &&
        bsearch(&ordinal, map->rejected, map->rejected_count, sizeof ordinal, compare_ordinals))
        vm_reject_row(p->vm, row, FAULT_REJECTED, NO_REGISTER, STR("the run rejected it"));
}

bool map_retry_passes(struct map_work *work, const struct map_program *p, uint32_t row) {
    struct map_run *run = work->run;
    struct retry_map *map = &run->engine->retry->maps[run->index];
    uint64_t ordinal = work->ordinal_of(work, row);
    uint32_t position = position_of(work, ordinal);
    bool good = vm_row_outcome(p->vm, row) == OUTCOME_OK;
    if (!run->engine->retry->feeding) {
        reject_as_then(p, map, ordinal, row);
        work->retry_position = position;
        return false;
    }
    const struct retry_feed *feed = retry_find_feed(map, ordinal);
    bool followed = feed == NULL || feed->repair == NULL;
    if (!retry_was_loaded(map, ordinal, position) && (good || !followed)) return false;
    run->report->read--;
    return true;
}

bool map_retry_follows(const struct map_work *work, uint32_t row) {
    const struct retry_map *map = retry_feeding(work->run->engine, work->run->index);
    if (map == NULL) return false;
    const struct retry_feed *feed = retry_find_feed(map, work->ordinal_of((struct map_work *)work, row));
    return feed == NULL || feed->repair == NULL;
}

void map_retry_note(struct map_work *work, uint32_t row) {
    struct map_run *run = work->run;
    struct retry_map *map = &run->engine->retry->maps[run->index];
    uint64_t ordinal = work->ordinal_of(work, row);
    if (run->engine->retry->feeding)
        map->report.followed += map_retry_follows(work, row);
    else if (run->map->stages_count && retry_find_feed(map, ordinal))
        note_loaded(work, map, ordinal, work->retry_position);
}

/* ---------------------------------------------------------------- keys */

void map_retry_lend_keys(struct map_work *work) {
    struct retry_map *map = retry_feeding(work->run->engine, work->run->index);
    if (map == NULL || work->run->mode != MAP_LOAD) return;
    if (work->row_keys) key_set_free(work->row_keys);
    if (work->unique_keys) key_set_free(work->unique_keys);
    work->row_keys = map->row_keys;
    work->unique_keys = map->unique_keys;
    work->winners = map->winners;
}

void map_retry_keep_keys(struct map_work *work) {
    struct retry *retry = work->run->engine->retry;
    if (retry == NULL || work->run->mode != MAP_LOAD) return;
    struct retry_map *map = &retry->maps[work->run->index];
    map->row_keys = work->row_keys;
    map->unique_keys = work->unique_keys;
    map->winners = work->winners;
    work->row_keys = work->unique_keys = NULL;
    work->winners = NULL;
}

bool map_retry_owns_key(const struct map_work *work, const struct key_set *set, uint64_t earlier,
                        uint64_t ordinal) {
    if (retry_feeding(work->run->engine, work->run->index) == NULL) return false;
    if (set == work->unique_keys && work->winners) earlier = winners_row(work->winners, earlier);
    return earlier == ordinal;
}

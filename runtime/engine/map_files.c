/* Names of source files for messages and the report; a row's cells for the quarantine; samples that
 * checks ask for. */
#include "runtime/engine/map_internal.h"

struct str map_place_file(const struct map_run *run, const struct row_place *place) {
    if (run->scan == NULL)
        return place->file < run->file_names.count ? run->file_names.items[place->file] : run->map->name;
    const struct reader *reader = scan_reader(run->scan);
    return place->file < reader_file_count(reader) ? reader_file_name(reader, place->file) : STR("");
}

void map_note_files(struct map_run *run, const struct reader *reader, uint64_t rows) {
    struct run_report *report = run->engine->report;
    const struct plan_source *source = &run->engine->plan->sources[run->map->source];
    const struct plan_source_table *table = &source->tables[run->map->source_table];
    struct str name = table->name.len ? arena_printf(run->engine->arena, "%.*s.%.*s", STR_ARG(source->name),
                                                     STR_ARG(table->name))
                                      : source->name;
    for (uint32_t i = 0; i < report->files.count; i++)
        if (str_eq(report->files.items[i].source, name)) return;
    struct buf files = {0};
    for (uint32_t f = 0; f < reader_file_count(reader); f++) {
        struct str file = reader_file_name(reader, f);
        if (f) buf_append_cstr(&files, ", ");
        buf_append_str(&files, file);
    }
    struct run_file_report entry = {name, arena_copy_str(run->engine->arena, buf_str(&files)), rows};
    buf_release(&files);
    VEC_PUSH(run->engine->arena, &report->files, entry);
}

void map_keep_file_names(struct map_run *run, const struct reader *reader) {
    run->file_names.count = 0;
    for (uint32_t f = 0; f < reader_file_count(reader); f++)
        VEC_PUSH(&run->arena, &run->file_names, arena_copy_str(&run->arena, reader_file_name(reader, f)));
}

/* Are the map's cells all that the raw record holds? Not where the reader could not take it apart, nor where
 * a record holds others, nor in JSON that is no object. */
static bool cells_are_whole(const struct map_run *run, const struct row_batch *batch, uint32_t row) {
    const struct plan_source *source = &run->engine->plan->sources[run->map->source];
    bool json = source->format == SOURCE_JSON || source->format == SOURCE_NDJSON;
    struct str raw = batch->places[row].raw;
    if (source->children.len || (json && (raw.len == 0 || raw.ptr[0] != '{'))) return false;
    for (uint32_t f = 0; f < batch->faults.count; f++)
        if (batch->faults.items[f].row == row) return false;
    return true;
}

bool map_row_cells(const struct map_run *run, const struct row_place *place, bool copy, struct arena *arena,
                   struct row_cells *cells) {
    const struct row_batch *batch = run->current_batch;
    if (run->map->from_kind != FROM_SOURCE || batch == NULL || place < batch->places ||
        place >= batch->places + BATCH_ROWS)
        return false;
    uint32_t count = run->projection.columns.count, row = (uint32_t)(place - batch->places);
    struct str *text = ARENA_ARRAY(arena, struct str, count + 1);
    uint8_t *state = ARENA_ARRAY(arena, uint8_t, count + 1);
    for (uint32_t c = 0; c < count; c++) {
        state[c] = batch->columns[c].state[row];
        if (state[c] != ROW_NULL) text[c] = batch->columns[c].text[row];
        if (copy && text[c].len) text[c] = arena_copy_str(arena, text[c]);
    }
    *cells = (struct row_cells){&run->projection, text, state, cells_are_whole(run, batch, row)};
    return true;
}

uint32_t map_sample_size(const struct map_run *run) {
    const struct plan *plan = run->engine->plan;
    uint32_t largest = 0;
    for (uint32_t i = 0; i < plan->checks_count; i++)
        if (plan->checks[i].kind == CHECK_SAMPLE && plan->checks[i].map == run->index &&
            plan->checks[i].sample > largest)
            largest = plan->checks[i].sample;
    return largest;
}

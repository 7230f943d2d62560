/* Profiles of source tables. */
#include "runtime/profile/profile.h"

#include "runtime/profile/words.h"

#include <stdlib.h>

enum { SKETCH_MEMORY = 64 << 20 };

/* Sketches of all columns together keep within a limit. */
static uint32_t exact_limit(uint32_t columns) {
    uint32_t k = SKETCH_EXACT_DEFAULT;
    while (k > 512 && (uint64_t)k * columns * 2 * 32 > SKETCH_MEMORY)
        k /= 2;
    return k;
}

static void note_fault(struct table_profile *profile, const struct reader *reader,
                       const struct row_batch *batch, const struct row_fault *fault) {
    const struct row_place *place = &batch->places[fault->row];
    profile->ragged += fault->fault == FAULT_RAGGED;
    profile->bad_encoding += fault->fault == FAULT_BAD_ENCODING;
    profile->malformed += fault->fault != FAULT_RAGGED && fault->fault != FAULT_BAD_ENCODING;
    if (profile->fault_example_count == PROFILE_EXAMPLES) return;
    profile->fault_examples[profile->fault_example_count++] =
        arena_printf(&profile->arena, "%.*s line %llu: %.*s", STR_ARG(reader_file_name(reader, place->file)),
                     (unsigned long long)place->line, STR_ARG(fault->detail));
}

static void take_batch(struct table_profile *profile, const struct guess_patterns *patterns,
                       const struct reader *reader, const struct row_batch *batch) {
    for (uint32_t i = 0; i < batch->faults.count; i++)
        note_fault(profile, reader, batch, &batch->faults.items[i]);
    for (uint32_t c = 0; c < batch->column_count; c++) {
        const struct cell_column *cells = &batch->columns[c];
        struct column_profile *column = &profile->columns[c];
        for (uint32_t i = 0; i < batch->count; i++) {
            enum cell_kind kind = cells->kind ? (enum cell_kind)cells->kind[i] : CELL_TEXT;
            column_add(column, patterns, cells->state[i], kind, cells->text[i], profile->rows + i + 1);
            if (batch->places[i].depth == 0) continue;
            column->child_rows++;
            column->child_nulls += cells->state[i] == ROW_NULL;
        }
    }
    for (uint32_t i = 0; i < batch->count; i++)
        profile->child_rows += batch->places[i].depth > 0;
    profile->rows += batch->count;
}

static void start_columns(struct table_profile *profile) {
    const struct plan_source_table *table = profile->table;
    profile->exact = exact_limit(table->columns_count);
    profile->column_count = table->columns_count;
    profile->columns = ARENA_ARRAY(&profile->arena, struct column_profile, table->columns_count);
    for (uint32_t i = 0; i < table->columns_count; i++) {
        column_init(&profile->columns[i], &profile->arena, profile->exact);
        profile->columns[i].name = table->columns[i].name;
        profile->columns[i].from = table->columns[i].from;
        if (table->columns[i].pii) profile->columns[i].declared = PERSONAL_DECLARED;
    }
}

static bool read_rows(struct table_profile *profile, struct reader *reader,
                      const struct guess_patterns *patterns, struct diag_list *diags) {
    struct row_batch batch;
    enum reader_status status;
    row_batch_init(&batch, profile->column_count);
    while ((status = reader_next(reader, &batch, diags)) == READER_ROWS) {
        take_batch(profile, patterns, reader, &batch);
        row_batch_reset(&batch);
    }
    row_batch_release(&batch);
    struct str *names;
    uint32_t count = reader_unnamed_columns(reader, &profile->arena, &names);
    for (uint32_t i = 0; i < count; i++)
        VEC_PUSH(&profile->arena, &profile->unnamed, names[i]);
    profile->file_count = reader_file_count(reader);
    profile->bytes = reader_total_bytes(reader);
    return status == READER_END;
}

struct table_profile *profile_read_in_plan(const struct plan *plan, uint32_t source, uint32_t table,
                                           const struct reader_options *options, struct diag_list *diags) {
    struct table_profile *profile = memory_zalloc(sizeof *profile);
    profile->source = &plan->sources[source];
    profile->table = &profile->source->tables[table];
    profile->name = profile->table->name.len == 0
                        ? profile->source->name
                        : arena_printf(&profile->arena, "%.*s.%.*s", STR_ARG(profile->source->name),
                                       STR_ARG(profile->table->name));
    start_columns(profile);
    const struct guess_patterns *patterns = guess_patterns_new(&profile->arena);
    struct reader_column *projection =
        ARENA_ARRAY(&profile->arena, struct reader_column, profile->column_count);
    for (uint32_t i = 0; i < profile->column_count; i++)
        projection[i] = (struct reader_column){i, VIA_SELF};
    struct reader *reader =
        reader_open(plan, source, table, projection, profile->column_count, options, diags);
    bool good = reader && read_rows(profile, reader, patterns, diags);
    reader_close(reader);
    if (!good) {
        profile_free(profile);
        return NULL;
    }
    for (uint32_t i = 0; i < profile->column_count; i++)
        column_finish(&profile->columns[i], patterns, profile->name);
    return profile;
}

struct table_profile *profile_read(const struct plan_source *source, uint32_t table,
                                   const struct reader_options *options, struct diag_list *diags) {
    struct plan plan = {.sources = (struct plan_source *)source, .sources_count = 1};
    return profile_read_in_plan(&plan, 0, table, options, diags);
}

void profile_free(struct table_profile *profile) {
    if (profile == NULL) return;
    for (uint32_t i = 0; i < profile->column_count; i++)
        column_release(&profile->columns[i]);
    arena_release(&profile->arena);
    free(profile);
}

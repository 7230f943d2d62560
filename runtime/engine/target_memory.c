/* A target in memory, for the tests of a spec: rows that maps write are kept as values, and lookups read them
 * and the rows that the test gives. No conflicts: two rows of one key are two rows. */
#include "runtime/engine/target_memory.h"

#include "runtime/value/convert.h"

#include <stdlib.h>

struct sink_memory {
    struct sink base;
    struct target_memory *memory;
    uint64_t rows;
};

static struct value keep_value(struct arena *arena, const struct plan *plan, const struct plan_type *type,
                               struct value value) {
    if (value.kind == TYPE_ENUM) /* the label: tests compare and print it */
        return (struct value){.kind = TYPE_TEXT, .as_text = plan->enums[type->ref].labels[value.as_int].text};
    if (value.kind == TYPE_ARRAY)
        return (struct value){.kind = TYPE_TEXT,
                              .as_text =
                                  value_format_array(arena, (enum type_kind)type->element, &value.as_array)};
    if (value.kind == TYPE_TEXT || value.kind == TYPE_BYTES || value.kind == TYPE_JSON)
        value.as_text = arena_copy_str(arena, value.as_text);
    return value;
}

static bool memory_write(struct sink *base, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                         uint32_t count) {
    struct sink_memory *sink = (struct sink_memory *)base;
    struct target_memory *memory = sink->memory;
    const struct plan_map *map = run->map;
    const struct plan_program *program =
        &memory->plan->programs[map->grouped ? map->group_program - 1 : map->program];
    for (uint32_t i = 0; i < count; i++) {
        struct memory_row row = {.map = run->index, .table = map->target_table};
        row.values = ARENA_ARRAY(memory->arena, struct value, map->columns_count + 1);
        for (uint32_t c = 0; c < map->columns_count; c++) {
            uint32_t reg = program_output(program, OUT_COLUMN, c);
            row.values[c] =
                keep_value(memory->arena, memory->plan, &program->regs[reg], vm_value_at(vm, reg, rows[i]));
        }
        VEC_PUSH(memory->arena, &memory->rows, row);
    }
    sink->rows += count;
    return true;
}

static bool memory_end_batch(struct sink *sink, struct map_run *run, uint64_t first, uint64_t end) {
    (void)sink, (void)run, (void)first, (void)end;
    return true;
}
static bool memory_finish(struct sink *sink, struct map_run *run, struct sink_counts *counts) {
    (void)run;
    counts->written = ((struct sink_memory *)sink)->rows;
    return true;
}
static void memory_close(struct sink *sink) {
    free(sink);
}

static struct sink *open_sink(void *context, struct map_run *run) {
    (void)run;
    static const struct sink_ops OPS = {memory_write, memory_end_batch, memory_finish, memory_close};
    struct sink_memory *sink = memory_zalloc(sizeof *sink);
    sink->base.ops = &OPS;
    sink->memory = context;
    return &sink->base;
}

/* ---------------------------------------------------------------- lookups */

struct memory_feed {
    struct table_feed base;
    const struct target_memory *memory;
    uint32_t table;
    const uint32_t *columns;
    uint32_t count, given, written; /* how far it has read */
};

static void put_cell(struct row_batch *batch, uint32_t column, const struct value *value) {
    struct cell_column *cells = &batch->columns[column];
    uint32_t row = batch->count;
    cells->clean = false;
    cells->state[row] = value->kind == TYPE_NULL ? ROW_NULL : ROW_VALUE;
    if (value->kind != TYPE_NULL) cells->text[row] = value_format(&batch->arena, value);
}

static void put_given(struct memory_feed *feed, struct row_batch *batch, const struct plan_row *row) {
    for (uint32_t c = 0; c < feed->count; c++) {
        struct value value = {.kind = TYPE_NULL};
        const struct plan_cell *cell = &row->cells[feed->columns[c]];
        if (feed->columns[c] < row->cells_count && !cell->is_null)
            value = (struct value){.kind = TYPE_TEXT, .as_text = cell->text};
        put_cell(batch, c, &value);
    }
    batch->count++;
}

static void put_written(struct memory_feed *feed, struct row_batch *batch, const struct memory_row *row) {
    const struct plan_map *map = &feed->memory->plan->maps[row->map];
    for (uint32_t c = 0; c < feed->count; c++) {
        struct value value = {.kind = TYPE_NULL};
        for (uint32_t i = 0; i < map->columns_count; i++)
            if (map->columns[i] == feed->columns[c]) value = row->values[i];
        put_cell(batch, c, &value);
    }
    batch->count++;
}

static enum reader_status next_rows(struct table_feed *base, struct row_batch *batch,
                                    struct diag_list *diags) {
    (void)diags;
    struct memory_feed *feed = (struct memory_feed *)base;
    const struct plan_test *test = feed->memory->test;
    for (; feed->given < test->givens_count && batch->count < BATCH_ROWS; feed->given++)
        if (test->givens[feed->given].is_target && test->givens[feed->given].table == feed->table)
            put_given(feed, batch, &test->givens[feed->given].row);
    for (; feed->written < feed->memory->rows.count && batch->count < BATCH_ROWS; feed->written++)
        if (feed->memory->rows.items[feed->written].table == feed->table + 1)
            put_written(feed, batch, &feed->memory->rows.items[feed->written]);
    return batch->count ? READER_ROWS : READER_END;
}

static void close_feed(struct table_feed *feed) {
    free(feed);
}

static struct table_feed *open_table(void *context, uint32_t table, const uint32_t *columns, uint32_t count) {
    struct memory_feed *feed = memory_zalloc(sizeof *feed);
    feed->base = (struct table_feed){next_rows, close_feed};
    feed->memory = context;
    feed->table = table;
    feed->columns = columns;
    feed->count = count;
    return &feed->base;
}

void target_memory_init(struct target_memory *memory, const struct plan *plan, const struct plan_test *test,
                        struct arena *arena, struct target *target) {
    static const struct target_ops OPS = {open_sink, open_table};
    *memory = (struct target_memory){.plan = plan, .test = test, .arena = arena};
    *target = (struct target){.ops = &OPS, .context = memory};
}

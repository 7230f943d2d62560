/* Inline sources: the rows stand in the plan. */
#include "runtime/reader/reader_internal.h"

struct inline_state {
    uint32_t next_row;
};

static bool inline_open(struct reader *reader, struct diag_list *diags) {
    (void)diags;
    reader->state = ARENA_NEW(&reader->arena, struct inline_state);
    return true;
}

static struct str raw_row(struct row_batch *batch, const struct plan_row *row) {
    struct buf out = {0};
    buf_append_char(&out, '[');
    for (uint32_t i = 0; i < row->cells_count; i++) {
        const struct plan_cell *cell = &row->cells[i];
        if (i) buf_append_char(&out, ',');
        if (cell->is_null)
            buf_append_cstr(&out, "null");
        else if (cell->kind == CELL_NUMBER || cell->kind == CELL_BOOL || cell->kind == CELL_JSON)
            buf_append_str(&out, cell->text);
        else
            buf_append_json(&out, cell->text);
    }
    buf_append_char(&out, ']');
    struct str raw = arena_copy_str(&batch->arena, buf_str(&out));
    buf_release(&out);
    return raw;
}

/* The row whose cell a column reads: the row itself, its parent or its root. NULL: it has none. */
static const struct plan_row *row_of(const struct reader *reader, const struct plan_row *row, uint8_t via) {
    const struct plan_row *rows = reader->table->rows;
    if (via == VIA_PARENT) return row->parent ? &rows[row->parent - 1] : NULL;
    while (via == VIA_ROOT && row->parent)
        row = &rows[row->parent - 1];
    return row;
}

static uint32_t depth_of(const struct reader *reader, const struct plan_row *row) {
    uint32_t depth = 0;
    for (; row->parent; row = &reader->table->rows[row->parent - 1])
        depth++;
    return depth;
}

static void fill_cell(const struct reader *reader, struct row_batch *batch, uint32_t column, uint32_t at,
                      const struct plan_row *self) {
    const struct reader_column *wanted = &reader->projection[column];
    const struct plan_row *row = row_of(reader, self, wanted->via);
    if (row == NULL) {
        batch_set_null(batch, column, at);
        return;
    }
    const struct plan_cell *cell = wanted->column < row->cells_count ? &row->cells[wanted->column] : NULL;
    if (cell == NULL || cell->is_null)
        batch_set_null(batch, column, at);
    else if (cell->kind == CELL_BAD)
        batch_set_bad(batch, column, at, cell->text);
    else
        batch_set_cell(batch, column, at, (enum cell_kind)cell->kind, cell->text);
}

static enum reader_status inline_next(struct reader *reader, struct row_batch *batch,
                                      struct diag_list *diags) {
    (void)diags;
    struct inline_state *state = reader->state;
    uint32_t count = 0;
    batch_begin_cells(batch, true);
    for (; count < BATCH_ROWS && state->next_row < reader->table->rows_count; count++) {
        const struct plan_row *row = &reader->table->rows[state->next_row++];
        for (uint32_t i = 0; i < reader->projection_count; i++)
            fill_cell(reader, batch, i, count, row);
        batch->places[count] = (struct row_place){
            .line = state->next_row, .row = state->next_row, .depth = depth_of(reader, row)};
        if (reader->options.keep_raw) batch->places[count].raw = raw_row(batch, row);
    }
    batch_finish(reader, batch, count);
    return count ? READER_ROWS : READER_END;
}

const struct reader_ops INLINE_READER = {inline_open, inline_next, NULL};

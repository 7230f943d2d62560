/* Batches: columns made once, texts in an arena that goes with the rows. */
#include "runtime/vm/batch.h"

void row_batch_init(struct row_batch *batch, uint32_t column_count) {
    *batch = (struct row_batch){.column_count = column_count};
    batch->columns = ARENA_ARRAY(&batch->fixed, struct cell_column, column_count);
    batch->places = ARENA_ARRAY(&batch->fixed, struct row_place, BATCH_ROWS);
    for (uint32_t c = 0; c < column_count; c++) {
        batch->columns[c].text = ARENA_ARRAY(&batch->fixed, struct str, BATCH_ROWS);
        batch->columns[c].state = ARENA_ARRAY(&batch->fixed, uint8_t, BATCH_ROWS);
    }
}

void row_batch_reset(struct row_batch *batch) {
    arena_reset(&batch->arena);
    batch->count = 0;
    batch->faults.items = NULL;
    batch->faults.count = batch->faults.cap = 0;
    /* Readers that give kinds make the arrays anew, in the arena that was just reset. */
    for (uint32_t c = 0; c < batch->column_count; c++) {
        batch->columns[c].kind = NULL;
        batch->columns[c].clean = batch->columns[c].checked = false;
    }
}

void row_batch_release(struct row_batch *batch) {
    arena_release(&batch->arena);
    arena_release(&batch->fixed);
    *batch = (struct row_batch){0};
}

/* A batch: up to BATCH_ROWS rows of one source table on their way through the VM, with all memory that they
 * need. Readers fill `cells`, the VM computes registers, the engine reads outcomes and outputs. One thread at
 * a time owns a batch; batches are recycled (batch_reset), not freed, between rounds. */
#ifndef MIG_VM_BATCH_H
#define MIG_VM_BATCH_H

#include "runtime/plan/plan.h"

enum { BATCH_ROWS = 2048 };

/* One column of raw cells: text[i] counts where state[i] is ROW_VALUE; ROW_NULL: a null; ROW_ERROR with
 * kind CELL_BAD: unreadable, text[i] says why. */
struct cell_column {
    struct str *text; /* BATCH_ROWS */
    uint8_t *state;   /* BATCH_ROWS, enum row_state */
    uint8_t *kind;    /* BATCH_ROWS, enum cell_kind; NULL: every value is CELL_TEXT */
    bool clean;       /* true: no row is anything but ROW_VALUE */
    bool checked; /* true: the reader has seen to it that every text is valid UTF-8 without NUL; else the VM
                     checks each (CELL_TEXT, CELL_JSON) */
};

/* Where a row came from. */
struct row_place {
    uint64_t line;  /* 1-based line of its first byte (xlsx, inline: the row of the sheet); 0: has none */
    uint64_t row;   /* 1-based number of the row in its file */
    uint32_t file;  /* index in the reader's list of files */
    uint32_t depth; /* JSON children: 0 for a top row */
    struct str raw; /* the record as it stands in the source (CSV: its bytes; JSON: the element; xlsx,
                       postgres: a JSON array of the row's cells) */
};

/* A row that the reader itself finds fault with (ragged, bad encoding). */
struct row_fault {
    uint32_t row;
    enum fault fault;
    struct str detail;
};

struct row_batch {
    uint32_t count; /* rows */
    uint32_t column_count;
    struct cell_column *columns;  /* one for each column of the reader's projection */
    struct row_place *places;     /* BATCH_ROWS */
    VEC(struct row_fault) faults; /* in row order; in the arena */
    uint64_t first;               /* 0-based ordinal of row 0 among all rows of this source table */
    uint64_t end_offset;          /* bytes of input consumed after this batch, over all files, for progress */
    struct arena arena;           /* everything the rows point to that is not in the plan */
    /* Columns and places live in `fixed`, allocated once by row_batch_init. */
    struct arena fixed;
};

void row_batch_init(struct row_batch *batch, uint32_t column_count);
/* Drops the rows and the arena, keeps the columns' memory. */
void row_batch_reset(struct row_batch *batch);
void row_batch_release(struct row_batch *batch);

#endif

/* What the readers share among themselves: the reader's state, its files, cells of a batch. */
#ifndef MIG_READER_READER_INTERNAL_H
#define MIG_READER_READER_INTERNAL_H

#include "runtime/reader/reader.h"

struct source_file {
    struct str name; /* as the user would write it */
    char *path;      /* to open; empty: standard input */
    uint64_t size;   /* as stored; 0: unknown */
};

struct reader {
    const struct plan *plan;
    const struct plan_source *source;
    const struct plan_source_table *table;
    uint32_t source_index, table_index;
    const struct reader_column *projection;
    uint32_t projection_count;
    struct reader_options options; /* limits complete */
    const struct reader_ops *ops;
    void *state; /* of the format */
    struct source_file *files;
    uint32_t file_count;
    uint64_t total_bytes;
    uint64_t bytes_before;   /* of the files already finished */
    uint64_t next_first;     /* ordinal of the next row */
    VEC(struct str) unnamed; /* columns of the files that the spec does not name */
    struct arena arena;      /* lives as long as the reader */
};

extern const struct reader_ops CSV_READER, JSON_READER, XLSX_READER, DYNAMODB_READER, INLINE_READER;

/* Finds the source's files into reader->files. False with a diagnostic. */
bool source_files_find(struct reader *reader, struct diag_list *diags);

/* Checks a header against the table's columns: field_of[n] becomes the index of column n's name in the
 * header. Names are compared without white space at their ends. Adds the header's other names to
 * reader->unnamed. False with diagnostics about every missing or repeated name. `place` says where the header
 * stands ("users.csv line 1"). */
bool header_check(struct reader *reader, const struct str *names, uint32_t count, struct str place,
                  uint32_t *field_of, struct diag_list *diags);
/* The name a column has in the source. */
struct str source_column_name(const struct plan_source_column *column);

/* Sets the columns' kind arrays for this round: with_kinds: all CELL_TEXT, in the batch's arena. */
void batch_begin_cells(struct row_batch *batch, bool with_kinds);
/* Fills count, first and the columns' clean flags. */
void batch_finish(struct reader *reader, struct row_batch *batch, uint32_t rows);
/* One cell that cannot be read; adds the kind array where there was none. text: why. */
void batch_set_bad(struct row_batch *batch, uint32_t column, uint32_t row, struct str text);
static inline void batch_set_null(struct row_batch *batch, uint32_t column, uint32_t row) {
    batch->columns[column].state[row] = ROW_NULL;
    batch->columns[column].text[row] = (struct str){"", 0};
}
/* A value of a batch that has kinds. */
static inline void batch_set_cell(struct row_batch *batch, uint32_t column, uint32_t row, enum cell_kind kind,
                                  struct str text) {
    struct cell_column *c = &batch->columns[column];
    c->state[row] = ROW_VALUE;
    c->text[row] = text;
    c->kind[row] = (uint8_t)kind;
}
/* detail is formatted into the batch's arena. One fault a row: later ones of the same row are dropped. */
void batch_add_fault(struct row_batch *batch, uint32_t row, enum fault fault, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));

/* Text for a cell that holds bytes which are not UTF-8: by the source's on_bad_encoding either CELL_BAD or
 * the text with U+FFFD, and a BAD_ENCODING fault of the row. */
void batch_set_bad_encoding(const struct reader *reader, struct row_batch *batch, uint32_t column,
                            uint32_t row, struct str text, struct str where);

/* A diagnostic without a span; its place is `place`. */
struct diag *reader_error(struct diag_list *diags, enum diag_code code, struct str place, const char *message,
                          ...) __attribute__((format(printf, 4, 5)));

/* True when the source's null spellings hold this text. */
bool source_is_null_text(const struct plan_source *source, struct str text);

/* A list of names for help: "`a`, `b`, `c` and 12 more". In the diagnostics' arena. */
struct str list_names(struct arena *arena, const struct str *names, uint32_t count);

#endif

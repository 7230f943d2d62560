/* One CSV file: blocks of it in memory, and records one after the other. Blocks lie in an arena of the
 * caller's choice, so that fields can point into them for as long as a batch lives. */
#ifndef MIG_READER_CSV_FILE_H
#define MIG_READER_CSV_FILE_H

#include "runtime/reader/csv_record.h"
#include "runtime/reader/csv_scan.h"
#include "runtime/reader/input.h"

struct csv_file {
    struct input *input;
    const struct source_file *file;
    const struct reader_limits *limits;
    struct csv_dialect dialect;
    struct csv_specials specials;
    csv_scan_fn *scan;
    struct csv_cursor cursor;
    char *data;        /* the block, room for one byte behind cursor.end */
    uint64_t offset;   /* of data[0] in the text */
    uint64_t line;     /* of the next record, 1-based */
    uint32_t *special; /* the array behind cursor.special */
    size_t special_cap;
    unsigned flags; /* CSV_HAS_ of the block */
    char *carry;    /* bytes between two batches */
    size_t carry_len, carry_cap;
};

/* False with a diagnostic. */
bool csv_file_open(struct csv_file *csv, const struct source_file *file, struct str encoding,
                   const struct csv_dialect *dialect, const struct reader_limits *limits,
                   struct diag_list *diags);
void csv_file_close(struct csv_file *csv);

/* Puts the bytes that were kept into a block of this arena; they can then be read on. */
void csv_file_resume(struct csv_file *csv, struct arena *arena);
/* Keeps the bytes that were not consumed: the arena of the block may go. */
void csv_file_suspend(struct csv_file *csv);

enum csv_read { CSV_READ_ROW, CSV_READ_NOTHING, CSV_READ_REFILL, CSV_READ_END, CSV_READ_FAILED };
/* The next record of the block. REFILL: there is none whole: look at the rows so far, for their block ends
 * here, and call csv_file_refill. On ROW *line is the record's first line. */
enum csv_read csv_file_next(struct csv_file *csv, struct csv_record *record, uint64_t *line);
/* More of the file: a new block in the arena that begins with the unfinished record. CSV_READ_ROW: go on.
 * END: the file is done. FAILED: with a diagnostic. */
enum csv_read csv_file_refill(struct csv_file *csv, struct arena *arena, struct csv_record *record,
                              struct diag_list *diags);
/* Bytes of the stored file consumed. */
uint64_t csv_file_stored_bytes(const struct csv_file *csv);

#endif

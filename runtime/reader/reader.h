/* Readers: source files and tables as batches of raw cells. One interface, a table of callbacks for each
 * format. A reader converts nothing: cells are text with a kind, types are the VM's business. A read error is
 * never an end of file. */
#ifndef MIG_READER_READER_H
#define MIG_READER_READER_H

#include "runtime/vm/batch.h"

/* A column the plan wants: the n-th of the projection is columns[n] of each batch. */
struct reader_column {
    uint32_t column; /* in plan_source_table.columns */
    uint8_t via;     /* enum plan_via */
};

/* A field that is 0 takes its default. */
struct reader_limits {
    size_t max_record_bytes;   /* one row; default 64 MiB */
    size_t max_unpacked_ratio; /* unpacked / packed size of zip entries and gz/zst; default 1000 */
    size_t max_unpacked_bytes; /* of one xlsx part held in memory (shared strings); default 1 GiB */
    uint32_t max_columns;      /* of a header; default 10000 */
    uint32_t max_depth;        /* JSON nesting, children; default 256, at most 1024 */
    size_t block_bytes;        /* files are read in pieces of this size; default 64 KiB (tests cut smaller) */
};
extern const struct reader_limits READER_DEFAULT_LIMITS;

struct reader_options {
    struct str base_dir; /* relative paths start here (the spec's folder or --data DIR) */
    struct reader_limits limits;
    struct str stdin_copy; /* file that standard input was spooled to, for '-' ; empty: read fd 0 */
    bool keep_raw;         /* fill row_place.raw */
    const struct reader_ops
        *postgres_ops;      /* for POSTGRES and QUERY sources: runtime/postgres gives them, so that
                               this folder needs no libpq; NULL: such a source is an error */
    void *postgres_context; /* for postgres_ops: the connections */
};

struct reader_ops;

enum reader_status { READER_ROWS, READER_END, READER_FAILED };

struct reader;

/* Opens all files of the source (glob sorted bytewise), checks the header against every column of the table:
 * a missing one is an error with did-you-mean, so are duplicate names of wanted columns. NULL with
 * diagnostics. The plan must outlive the reader. */
struct reader *reader_open(const struct plan *plan, uint32_t source, uint32_t table,
                           const struct reader_column *projection, uint32_t projection_count,
                           const struct reader_options *options, struct diag_list *diags);
/* Faults of rows (batch->faults, in row order) are RAGGED, BAD_ENCODING (both by the source's actions),
 * MALFORMED (CSV quotes), NOT_JSON (an NDJSON line): the engine judges them. RAGGED under DO_PAD: missing
 * fields are null and there is no fault; surplus fields stay one. BAD_ENCODING: the cell is CELL_BAD, but
 * under DO_WARN it is the text with U+FFFD for what could not be read. Cells with NUL bytes or lone
 * surrogates are CELL_BAD without a row fault. Fills a batch that row_batch_init made with projection_count
 * columns and that was reset. READER_ROWS: one row at least. READER_FAILED: diagnostics name file, line or
 * byte, and what to do; what the batch holds then counts for nothing. */
/* After reader_open failed: whether the reason was the file as a whole, so that its other tables cannot be
 * read either. */
bool reader_lacks_file(const struct diag_list *diags);
enum reader_status reader_next(struct reader *reader, struct row_batch *batch, struct diag_list *diags);
void reader_close(struct reader *reader);

uint32_t reader_file_count(const struct reader *reader);
struct str reader_file_name(const struct reader *reader, uint32_t file); /* as the user would write it */
/* The path to open it by, empty for what is no file; its size as stored, 0: unknown. */
struct str reader_file_path(const struct reader *reader, uint32_t file, uint64_t *bytes);
uint64_t reader_total_bytes(const struct reader *reader); /* of all files as stored; 0: unknown */
/* Columns that the files have and the spec does not name, for `mig check --data`. */
uint32_t reader_unnamed_columns(const struct reader *reader, struct arena *arena, struct str **names);

/* What a format implements; csv.c, json.c, xlsx.c, dynamodb.c, inline.c here, postgres in
 * runtime/postgres/pg_reader.c. */
struct reader_ops {
    bool (*open)(struct reader *reader, struct diag_list *diags);
    enum reader_status (*next)(struct reader *reader, struct row_batch *batch, struct diag_list *diags);
    void (*close)(struct reader *reader);
};

#endif

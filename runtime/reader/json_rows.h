/* JSON elements as rows of batches: column paths, children depth first, cells of parent and root. Used by the
 * json, ndjson and dynamodb readers. */
#ifndef MIG_READER_JSON_ROWS_H
#define MIG_READER_JSON_ROWS_H

#include "runtime/reader/json_cells.h"
#include "runtime/reader/reader_internal.h"

/* A row of the present element, not yet in a batch. */
struct json_pending {
    uint32_t start, len; /* in the element */
    uint32_t depth;
};

/* Where a column's value stands in the element; offset UINT32_MAX: nowhere. */
struct json_spot {
    uint32_t offset, len;
};

struct json_rows {
    struct reader *reader;
    const struct path_steps *path; /* from an element to its rows; NULL: the element is the row */
    bool has_children;
    struct path_steps children;
    struct json_cells cells[VIA_COUNT];
    uint32_t *column_of[VIA_COUNT]; /* slot -> column of the projection */
    struct str *found;              /* scratch: one for each slot of the largest set */
    struct json_spot *root;         /* of VIA_ROOT slots: the present root's */
    struct json_spot *parents;      /* [depth][slot] of VIA_PARENT */
    uint32_t parents_depth;         /* depths that `parents` has room for */
    struct str element;             /* in the batch's arena, or in `kept` between two batches */
    struct str raw; /* of the element as the source has it, when that is other text; else empty */
    bool valid_utf8;
    struct buf kept, kept_raw;
    struct json_pending *pending;
    uint32_t pending_at, pending_count, pending_cap;
    uint32_t counted; /* offset in the element whose line is `line` */
    uint64_t line;
    uint32_t file;
    uint64_t row; /* rows of this file so far */
};

/* False with a diagnostic when a path is wrong. */
bool json_rows_init(struct json_rows *rows, struct reader *reader, struct diag_list *diags);
void json_rows_release(struct json_rows *rows);
void json_rows_start_file(struct json_rows *rows, uint32_t file);

/* Takes an element (copied into the batch's arena). raw: see above. Only when nothing is pending. */
void json_rows_add(struct json_rows *rows, struct row_batch *batch, struct str element, struct str raw,
                   uint64_t line);
/* Puts pending rows into the batch, as long as there is room. */
void json_rows_emit(struct json_rows *rows, struct row_batch *batch, uint32_t *row);
static inline bool json_rows_pending(const struct json_rows *rows) {
    return rows->pending_at < rows->pending_count;
}
/* At the beginning and the end of a batch: pending rows move over. */
void json_rows_resume(struct json_rows *rows, struct row_batch *batch);
void json_rows_suspend(struct json_rows *rows);
/* A row that is no JSON: all cells null, a NOT_JSON fault. */
void json_rows_put_malformed(struct json_rows *rows, struct row_batch *batch, uint32_t row, struct str text,
                             uint64_t line, size_t at, const char *error);

#endif

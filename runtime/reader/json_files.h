/* The files of a JSON source, one after the other: what the json, ndjson and dynamodb readers share. */
#ifndef MIG_READER_JSON_FILES_H
#define MIG_READER_JSON_FILES_H

#include "runtime/reader/json_rows.h"
#include "runtime/reader/json_stream.h"

struct json_files {
    struct json_rows rows;
    struct json_stream stream; /* of the present file, when it is open */
    struct path_steps path;    /* from a document to its elements; empty: the document is the element */
    bool many;                 /* several documents may follow each other in a file */
    bool open;
    uint32_t file;
};

/* Opens a file of the reader's; true also where there is none of this number. */
bool json_files_open(struct json_files *files, struct reader *reader, uint32_t file, struct diag_list *diags);
/* Closes what is open and releases the rows. */
void json_files_close(struct json_files *files);

/* Adds the next element of the present file to the rows, or puts a row into the batch at *row. */
typedef enum json_read json_files_feed(struct reader *reader, struct row_batch *batch, uint32_t *row,
                                       struct diag_list *diags);
/* Fills a batch from what feed gives, over all files; a reader's `next`. */
enum reader_status json_files_next(struct json_files *files, struct reader *reader, struct row_batch *batch,
                                   json_files_feed *feed, struct diag_list *diags);

#endif

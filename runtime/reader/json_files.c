/* The files of a JSON source, one after the other. */
#include "runtime/reader/json_files.h"

bool json_files_open(struct json_files *files, struct reader *reader, uint32_t file,
                     struct diag_list *diags) {
    if (file >= reader->file_count) return true;
    files->file = file;
    json_rows_start_file(&files->rows, file);
    files->open = true;
    return json_stream_open(&files->stream, &reader->files[file], reader->source->encoding, &files->path,
                            files->many, &reader->options.limits, diags);
}

static void close_file(struct json_files *files) {
    if (files->open) json_stream_close(&files->stream);
    files->open = false;
}

void json_files_close(struct json_files *files) {
    close_file(files);
    json_rows_release(&files->rows);
}

enum reader_status json_files_next(struct json_files *files, struct reader *reader, struct row_batch *batch,
                                   json_files_feed *feed, struct diag_list *diags) {
    uint32_t row = 0;
    batch_begin_cells(batch, true);
    json_rows_resume(&files->rows, batch);
    for (;;) {
        json_rows_emit(&files->rows, batch, &row);
        if (row == BATCH_ROWS || !files->open) break;
        enum json_read read = feed(reader, batch, &row, diags);
        if (read == JSON_READ_FAILED) return READER_FAILED;
        if (read == JSON_READ_VALUE) continue;
        close_file(files);
        reader->bytes_before += reader->files[files->file].size;
        if (!json_files_open(files, reader, files->file + 1, diags)) return READER_FAILED;
    }
    json_rows_suspend(&files->rows);
    batch->end_offset = reader->bytes_before + (files->open ? json_stream_stored_bytes(&files->stream) : 0);
    batch_finish(reader, batch, row);
    return row ? READER_ROWS : READER_END;
}

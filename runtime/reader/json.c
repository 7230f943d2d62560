/* The json and ndjson readers. */
#include "runtime/reader/json_rows.h"
#include "runtime/reader/json_stream.h"

struct json_reader {
    struct path_steps rows_path;
    struct json_rows rows;
    struct json_stream stream;
    bool file_open;
    uint32_t file;
    bool lines; /* ndjson */
};

static bool open_file(struct reader *reader, struct json_reader *state, uint32_t file,
                      struct diag_list *diags) {
    if (file >= reader->file_count) return true;
    state->file = file;
    json_rows_start_file(&state->rows, file);
    state->file_open = true;
    return json_stream_open(&state->stream, &reader->files[file], reader->source->encoding, &state->rows_path,
                            false, &reader->options.limits, diags);
}

static bool json_open(struct reader *reader, struct diag_list *diags) {
    struct json_reader *state = ARENA_NEW(&reader->arena, struct json_reader);
    struct str path = reader->source->rows, error;
    reader->state = state;
    state->lines = reader->source->format == SOURCE_NDJSON;
    if (path.len && !path_parse(&reader->arena, path, &state->rows_path, &error)) {
        struct diag *d = reader_error(diags, X_SOURCE_OPTION, STR(""),
                                      "source `%.*s`: rows path `%.*s` is not a path: %.*s",
                                      STR_ARG(reader->source->name), STR_ARG(path), STR_ARG(error));
        diag_help(diags, d, "write a path like threads[*] or data.items[*]");
        return false;
    }
    if (!json_rows_init(&state->rows, reader, diags)) return false;
    if (state->lines && path.len) state->rows.path = &state->rows_path;
    return open_file(reader, state, 0, diags);
}

static void close_file(struct json_reader *state) {
    if (state->file_open) json_stream_close(&state->stream);
    state->file_open = false;
}

static void json_close(struct reader *reader) {
    struct json_reader *state = reader->state;
    close_file(state);
    json_rows_release(&state->rows);
}

/* A line that is no JSON is a row with a fault: it is rejected and counted like any other. */
static void add_line(struct reader *reader, struct json_reader *state, struct row_batch *batch, uint32_t *row,
                     struct str text, uint64_t line) {
    size_t at;
    const char *error;
    if (json_scan_text(&state->stream.scanner, text, reader->options.limits.max_depth, &at, &error))
        json_rows_add(&state->rows, batch, text, STR(""), line);
    else
        json_rows_put_malformed(&state->rows, batch, (*row)++, text, line, at, error);
}

static enum json_read next_element(struct reader *reader, struct json_reader *state, struct row_batch *batch,
                                   uint32_t *row, struct diag_list *diags) {
    struct str text;
    uint64_t line;
    enum json_read read;
    if (state->lines) {
        read = json_stream_line(&state->stream, &text, &line, diags);
        if (read == JSON_READ_VALUE) add_line(reader, state, batch, row, text, line);
        return read;
    }
    read = json_stream_next(&state->stream, &text, &line, diags);
    if (read == JSON_READ_VALUE) json_rows_add(&state->rows, batch, text, STR(""), line);
    return read;
}

static enum reader_status json_next(struct reader *reader, struct row_batch *batch, struct diag_list *diags) {
    struct json_reader *state = reader->state;
    uint32_t row = 0;
    batch_begin_cells(batch, true);
    json_rows_resume(&state->rows, batch);
    for (;;) {
        json_rows_emit(&state->rows, batch, &row);
        if (row == BATCH_ROWS || !state->file_open) break;
        enum json_read read = next_element(reader, state, batch, &row, diags);
        if (read == JSON_READ_FAILED) return READER_FAILED;
        if (read == JSON_READ_VALUE) continue;
        close_file(state);
        reader->bytes_before += reader->files[state->file].size;
        if (state->file + 1 < reader->file_count && !open_file(reader, state, state->file + 1, diags))
            return READER_FAILED;
    }
    json_rows_suspend(&state->rows);
    batch->end_offset =
        reader->bytes_before + (state->file_open ? json_stream_stored_bytes(&state->stream) : 0);
    batch_finish(reader, batch, row);
    return row ? READER_ROWS : READER_END;
}

const struct reader_ops JSON_READER = {json_open, json_next, json_close};

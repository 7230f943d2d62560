/* The json and ndjson readers. */
#include "runtime/reader/json_files.h"

struct json_reader {
    struct json_files files;
    bool lines; /* ndjson */
};

static bool json_open(struct reader *reader, struct diag_list *diags) {
    struct json_reader *state = ARENA_NEW(&reader->arena, struct json_reader);
    struct str path = reader->source->rows, error;
    reader->state = state;
    state->lines = reader->source->format == SOURCE_NDJSON;
    if (path.len && !path_parse(&reader->arena, path, &state->files.path, &error)) {
        struct diag *d = reader_error(diags, X_SOURCE_OPTION, STR(""),
                                      "source `%.*s`: rows path `%.*s` is not a path: %.*s",
                                      STR_ARG(reader->source->name), STR_ARG(path), STR_ARG(error));
        diag_help(diags, d, "write a path like threads[*] or data.items[*]");
        return false;
    }
    if (!json_rows_init(&state->files.rows, reader, diags)) return false;
    if (state->lines && path.len) state->files.rows.path = &state->files.path;
    return json_files_open(&state->files, reader, 0, diags);
}

static void json_close(struct reader *reader) {
    struct json_reader *state = reader->state;
    json_files_close(&state->files);
}

/* A line that is no JSON is a row with a fault: it is rejected and counted like any other. */
static void add_line(struct reader *reader, struct row_batch *batch, uint32_t *row, struct str text,
                     uint64_t line) {
    struct json_files *files = &((struct json_reader *)reader->state)->files;
    size_t at;
    const char *error;
    if (json_scan_text(&files->stream.scanner, text, reader->options.limits.max_depth, &at, &error))
        json_rows_add(&files->rows, batch, text, STR(""), line);
    else
        json_rows_put_malformed(&files->rows, batch, (*row)++, text, line, at, error);
}

static enum json_read feed(struct reader *reader, struct row_batch *batch, uint32_t *row,
                           struct diag_list *diags) {
    struct json_reader *state = reader->state;
    struct json_stream *stream = &state->files.stream;
    struct str text;
    uint64_t line;
    enum json_read read;
    if (state->lines) {
        read = json_stream_line(stream, &text, &line, diags);
        if (read == JSON_READ_VALUE) add_line(reader, batch, row, text, line);
        return read;
    }
    read = json_stream_next(stream, &text, &line, diags);
    if (read == JSON_READ_VALUE) json_rows_add(&state->files.rows, batch, text, STR(""), line);
    return read;
}

static enum reader_status json_next(struct reader *reader, struct row_batch *batch, struct diag_list *diags) {
    struct json_reader *state = reader->state;
    return json_files_next(&state->files, reader, batch, feed, diags);
}

const struct reader_ops JSON_READER = {json_open, json_next, json_close};

/* The readers' common front: opening by format, batches, cells, diagnostics. */
#include "runtime/reader/reader_internal.h"

#include "runtime/base/utf8.h"

#include <stdlib.h>

const struct reader_limits READER_DEFAULT_LIMITS = {
    .max_record_bytes = (size_t)64 << 20,
    .max_unpacked_ratio = 1000,
    .max_unpacked_bytes = (size_t)1 << 30,
    .max_columns = 10000,
    .max_depth = 256,
    .block_bytes = 64 * 1024,
};

enum { DEPTH_CEILING = 1024, LISTED_NAMES = 12 };

static void complete_limits(struct reader_limits *limits) {
    const struct reader_limits *d = &READER_DEFAULT_LIMITS;
    if (limits->max_record_bytes == 0) limits->max_record_bytes = d->max_record_bytes;
    if (limits->max_unpacked_ratio == 0) limits->max_unpacked_ratio = d->max_unpacked_ratio;
    if (limits->max_unpacked_bytes == 0) limits->max_unpacked_bytes = d->max_unpacked_bytes;
    if (limits->max_columns == 0) limits->max_columns = d->max_columns;
    if (limits->max_depth == 0) limits->max_depth = d->max_depth;
    if (limits->max_depth > DEPTH_CEILING) limits->max_depth = DEPTH_CEILING;
    if (limits->block_bytes == 0) limits->block_bytes = d->block_bytes;
    /* Offsets within a record and its block are 32 bits wide. */
    if (limits->max_record_bytes > (size_t)1 << 30) limits->max_record_bytes = (size_t)1 << 30;
    if (limits->block_bytes > (size_t)16 << 20) limits->block_bytes = (size_t)16 << 20;
}

static const struct reader_ops *find_ops(const struct reader *reader) {
    switch ((enum plan_source_format)reader->source->format) {
    case SOURCE_CSV: return &CSV_READER;
    case SOURCE_JSON:
    case SOURCE_NDJSON: return &JSON_READER;
    case SOURCE_XLSX: return &XLSX_READER;
    case SOURCE_DYNAMODB: return &DYNAMODB_READER;
    case SOURCE_INLINE: return &INLINE_READER;
    case SOURCE_POSTGRES:
    case SOURCE_QUERY: return reader->options.postgres_ops;
    case SOURCE_FORMAT_COUNT: break;
    }
    return NULL;
}

static bool reads_files(const struct plan_source *source) {
    return source->format != SOURCE_INLINE && source->format != SOURCE_POSTGRES &&
           source->format != SOURCE_QUERY;
}

struct reader *reader_open(const struct plan *plan, uint32_t source, uint32_t table,
                           const struct reader_column *projection, uint32_t projection_count,
                           const struct reader_options *options, struct diag_list *diags) {
    struct reader *reader = memory_zalloc(sizeof *reader);
    reader->plan = plan;
    reader->source = &plan->sources[source];
    reader->table = &reader->source->tables[table];
    reader->source_index = source;
    reader->table_index = table;
    reader->options = *options;
    complete_limits(&reader->options.limits);
    struct reader_column *columns = ARENA_ARRAY(&reader->arena, struct reader_column, projection_count);
    if (projection_count) memcpy(columns, projection, projection_count * sizeof *columns);
    reader->projection = columns;
    reader->projection_count = projection_count;
    reader->ops = find_ops(reader);
    if (reader->ops == NULL) {
        struct diag *d = reader_error(diags, X_NO_SOURCE_DRIVER, STR(""),
                                      "source `%.*s` needs a database, and none is connected",
                                      STR_ARG(reader->source->name));
        diag_help(diags, d, "use a command that connects to databases, such as `mig run`");
    } else if (!reads_files(reader->source) || source_files_find(reader, diags)) {
        if (reader->ops->open(reader, diags)) return reader;
        if (reader->ops->close) reader->ops->close(reader);
    }
    arena_release(&reader->arena);
    free(reader);
    return NULL;
}

enum reader_status reader_next(struct reader *reader, struct row_batch *batch, struct diag_list *diags) {
    return reader->ops->next(reader, batch, diags);
}

void reader_close(struct reader *reader) {
    if (reader == NULL) return;
    if (reader->ops->close) reader->ops->close(reader);
    arena_release(&reader->arena);
    free(reader);
}

uint32_t reader_file_count(const struct reader *reader) {
    return reader->file_count;
}
struct str reader_file_path(const struct reader *reader, uint32_t file, uint64_t *bytes) {
    *bytes = file < reader->file_count ? reader->files[file].size : 0;
    return file < reader->file_count && reader->files[file].path ? str_cstr(reader->files[file].path)
                                                                 : STR("");
}

struct str reader_file_name(const struct reader *reader, uint32_t file) {
    return file < reader->file_count ? reader->files[file].name : STR("");
}
uint64_t reader_total_bytes(const struct reader *reader) {
    return reader->total_bytes;
}

bool reader_lacks_file(const struct diag_list *diags) {
    if (diags->items.count == 0) return false;
    switch (diags->items.items[diags->items.count - 1]->code) {
    case X_FILE_MISSING:
    case X_FILE_UNREADABLE:
    case X_NO_MATCH:
    case X_NOT_WORKBOOK: return true;
    default: return false;
    }
}

uint32_t reader_unnamed_columns(const struct reader *reader, struct arena *arena, struct str **names) {
    struct str *copy = ARENA_ARRAY(arena, struct str, reader->unnamed.count);
    for (uint32_t i = 0; i < reader->unnamed.count; i++)
        copy[i] = arena_copy_str(arena, reader->unnamed.items[i]);
    *names = copy;
    return reader->unnamed.count;
}

void batch_begin_cells(struct row_batch *batch, bool with_kinds) {
    for (uint32_t i = 0; i < batch->column_count; i++) {
        struct cell_column *c = &batch->columns[i];
        c->kind = with_kinds ? arena_zalloc(&batch->arena, BATCH_ROWS) : NULL;
        memset(c->state, ROW_VALUE, BATCH_ROWS);
        c->clean = true;
    }
}

void batch_finish(struct reader *reader, struct row_batch *batch, uint32_t rows) {
    batch->count = rows;
    batch->first = reader->next_first;
    reader->next_first += rows;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        struct cell_column *c = &batch->columns[i];
        uint8_t any = 0;
        for (uint32_t r = 0; r < rows; r++)
            any |= c->state[r];
        c->clean = any == 0;
        c->checked = reader->source->format != SOURCE_INLINE;
    }
}

void batch_set_bad(struct row_batch *batch, uint32_t column, uint32_t row, struct str text) {
    struct cell_column *c = &batch->columns[column];
    if (c->kind == NULL) c->kind = arena_zalloc(&batch->arena, BATCH_ROWS);
    c->state[row] = ROW_ERROR;
    c->kind[row] = CELL_BAD;
    c->text[row] = text;
}

void batch_add_fault(struct row_batch *batch, uint32_t row, enum fault fault, const char *detail, ...) {
    if (batch->faults.count && batch->faults.items[batch->faults.count - 1].row == row) return;
    struct buf text = {0};
    va_list args;
    va_start(args, detail);
    buf_vprintf(&text, detail, args);
    va_end(args);
    struct row_fault f = {row, fault, arena_copy_str(&batch->arena, buf_str(&text))};
    buf_release(&text);
    VEC_PUSH(&batch->arena, &batch->faults, f);
}

static struct str replace_invalid(struct arena *arena, struct str text) {
    struct buf out = {0};
    for (size_t at = 0; at < text.len;) {
        size_t n = utf8_char_len(text, at);
        if (n)
            buf_append(&out, text.ptr + at, n);
        else
            buf_append_cstr(&out, "\xef\xbf\xbd");
        at += n ? n : 1;
    }
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

void batch_set_bad_encoding(const struct reader *reader, struct row_batch *batch, uint32_t column,
                            uint32_t row, struct str text, struct str where) {
    const struct plan_source_column *c = &reader->table->columns[reader->projection[column].column];
    struct str encoding = reader->source->encoding.len ? reader->source->encoding : STR("UTF-8");
    batch_add_fault(batch, row, FAULT_BAD_ENCODING, "`%.*s` holds bytes that are not %.*s (%.*s)",
                    STR_ARG(c->name), STR_ARG(encoding), STR_ARG(where));
    if (reader->source->on_bad_encoding.kind == DO_WARN) {
        batch->columns[column].state[row] = ROW_VALUE;
        batch->columns[column].text[row] = replace_invalid(&batch->arena, text);
        if (batch->columns[column].kind) batch->columns[column].kind[row] = CELL_TEXT;
        return;
    }
    batch_set_bad(batch, column, row,
                  arena_printf(&batch->arena, "holds bytes that are not %.*s (%.*s)", STR_ARG(encoding),
                               STR_ARG(where)));
}

struct diag *reader_error(struct diag_list *diags, enum diag_code code, struct str place, const char *message,
                          ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, message);
    buf_vprintf(&text, message, args);
    va_end(args);
    struct diag *d = diag_report(diags, code, (struct span){0}, "%.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
    if (place.len) diag_place(diags, d, "%.*s", STR_ARG(place));
    return d;
}

bool source_is_null_text(const struct plan_source *source, struct str text) {
    for (uint32_t i = 0; i < source->nulls_count; i++)
        if (str_eq(source->nulls[i].text, text)) return true;
    return false;
}

struct str list_names(struct arena *arena, const struct str *names, uint32_t count) {
    struct buf out = {0};
    uint32_t shown = count <= LISTED_NAMES + 1 ? count : LISTED_NAMES;
    for (uint32_t i = 0; i < shown; i++) {
        if (i) buf_append_cstr(&out, ", ");
        buf_append_char(&out, '`');
        for (size_t at = 0; at < names[i].len && at < 80;) {
            size_t n = utf8_char_len(names[i], at);
            unsigned char c = (unsigned char)names[i].ptr[at];
            if (n == 0 || c < 0x20)
                buf_append_char(&out, '?');
            else
                buf_append(&out, names[i].ptr + at, n);
            at += n ? n : 1;
        }
        buf_append_char(&out, '`');
    }
    if (shown < count) buf_printf(&out, " and %u more", count - shown);
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

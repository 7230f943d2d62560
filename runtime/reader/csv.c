/* The CSV reader: rows of all files of the source into batches. Fields point into blocks that the batch owns;
 * only fields with doubled quotes are copied. */
#include "runtime/reader/csv_file.h"
#include "runtime/reader/utf8_check.h"

#include "runtime/value/text.h"

#include <stdlib.h>

struct csv_reader {
    struct csv_dialect dialect;
    struct csv_file csv; /* the file being read */
    bool file_open;
    uint32_t file;
    uint64_t row;       /* rows of this file so far */
    uint32_t expected;  /* fields of a row in this file */
    uint32_t *field_of; /* per column of the table */
    uint32_t *wanted;   /* per column of the projection: field, UINT32_MAX: always null (a parent's) */
    bool odd;           /* every field needs a closer look: trim, or nulls spelled out */
    struct csv_record record;
    uint32_t block_row; /* first row of the batch whose fields lie in the present block */
};

static bool one_character(struct reader *reader, const char *option, struct str text, int *out,
                          struct diag_list *diags) {
    *out = -1;
    if (text.len == 0) return true;
    unsigned char c = (unsigned char)text.ptr[0];
    if (text.len == 1 && c < 0x80 && c != '\n' && c != '\r' && c != 0) {
        *out = c;
        return true;
    }
    struct diag *d = reader_error(diags, X_SOURCE_OPTION, STR(""), "source `%.*s`: `%s` cannot be '%.*s'",
                                  STR_ARG(reader->source->name), option, STR_ARG(text));
    diag_help(diags, d, "write one ASCII character that is no line break");
    return false;
}

static bool read_dialect(struct reader *reader, struct csv_dialect *dialect, struct diag_list *diags) {
    const struct plan_source *s = reader->source;
    if (!one_character(reader, "delimiter", s->delimiter, &dialect->delimiter, diags) ||
        !one_character(reader, "quote", s->quote, &dialect->quote, diags) ||
        !one_character(reader, "escape", s->escape, &dialect->escape, diags) ||
        !one_character(reader, "comment", s->comment, &dialect->comment, diags))
        return false;
    if (dialect->delimiter < 0) dialect->delimiter = ',';
    if (dialect->escape == dialect->quote) dialect->escape = -1;
    dialect->trim = s->trim;
    bool clash = dialect->quote == dialect->delimiter || dialect->escape == dialect->delimiter ||
                 dialect->comment == dialect->delimiter ||
                 (dialect->comment >= 0 && dialect->comment == dialect->quote);
    if (!clash && (dialect->escape < 0 || dialect->quote >= 0)) return true;
    struct diag *d = reader_error(diags, X_SOURCE_OPTION, STR(""), "source `%.*s`: %s", STR_ARG(s->name),
                                  clash ? "delimiter, quote, escape and comment must be different characters"
                                        : "an escape character needs a quote character");
    diag_help(diags, d, "an escape character counts inside quoted fields only");
    return false;
}

static struct str field_text(struct csv_reader *state, const struct csv_field *field, struct arena *arena) {
    struct str text = str_from(state->csv.data + field->start, field->end - field->start);
    if (field->escaped) {
        char *to = arena_alloc(arena, text.len);
        text = str_from(to, csv_unescape(&state->dialect, text, to));
    } else if (state->dialect.trim && !field->quoted) {
        text = text_trim(text);
    }
    return text;
}

/* ---- opening a file: its header */

static bool fail_no_header(struct csv_reader *state, struct diag_list *diags) {
    struct diag *d =
        reader_error(diags, X_NO_HEADER, state->csv.file->name,
                     state->csv.line > 1 ? "the file ends before its header row" : "the file is empty");
    diag_help(diags, d, "a CSV source needs a row that names the columns, or the option `header none`");
    return false;
}

static bool take_header(struct reader *reader, struct csv_reader *state, struct arena *arena, uint64_t line,
                        struct diag_list *diags) {
    struct csv_record *record = &state->record;
    struct str place =
        arena_printf(arena, "%.*s line %llu", STR_ARG(state->csv.file->name), (unsigned long long)line);
    if (record->flaw != CSV_SOUND || record->field_count > record->max_fields) {
        struct diag *d =
            reader_error(diags, X_NO_HEADER, place, "the header row cannot be read: %s",
                         record->flaw != CSV_SOUND ? "it has a stray quote" : "it has too many fields");
        diag_help(diags, d, "check the `delimiter`, `quote` and `encoding` options");
        return false;
    }
    struct str *names = ARENA_ARRAY(arena, struct str, record->field_count);
    for (uint32_t i = 0; i < record->field_count; i++) {
        names[i] = field_text(state, &record->fields[i], arena);
        if (utf8_check_text(names[i]) == names[i].len && memchr(names[i].ptr, 0, names[i].len) == NULL)
            continue;
        struct diag *d =
            reader_error(diags, X_SOURCE_ENCODING, place, "the header row holds bytes that are not %.*s text",
                         STR_ARG(reader->source->encoding.len ? reader->source->encoding : STR("UTF-8")));
        diag_help(diags, d, "name the file's encoding: encoding 'windows-1252', say");
        return false;
    }
    state->expected = record->field_count;
    return header_check(reader, names, record->field_count, place, state->field_of, diags);
}

/* Reads up to the header row and takes it. */
static bool read_header(struct reader *reader, struct csv_reader *state, struct arena *arena,
                        struct diag_list *diags) {
    uint32_t skip = reader->table->header_row > 1 ? reader->table->header_row - 1 : 0;
    for (;;) {
        uint64_t line;
        enum csv_read read = csv_file_next(&state->csv, &state->record, &line);
        if (read == CSV_READ_REFILL) {
            read = csv_file_refill(&state->csv, arena, &state->record, diags);
            if (read == CSV_READ_FAILED) return false;
            if (read == CSV_READ_END) return fail_no_header(state, diags);
            continue;
        }
        if (skip > 0)
            skip--; /* blank lines count: header row 3 is what an editor or a spreadsheet shows as row 3 */
        else if (read == CSV_READ_ROW)
            return take_header(reader, state, arena, line, diags);
    }
}

static bool open_file(struct reader *reader, struct csv_reader *state, uint32_t index,
                      struct diag_list *diags) {
    struct arena arena = {0};
    if (!csv_file_open(&state->csv, &reader->files[index], reader->source->encoding, &state->dialect,
                       &reader->options.limits, diags))
        return false;
    state->file_open = true;
    state->file = index;
    state->row = 0;
    bool good = true;
    if (reader->source->header) {
        good = read_header(reader, state, &arena, diags);
    } else {
        state->expected = reader->table->columns_count;
        for (uint32_t i = 0; i < state->expected; i++)
            state->field_of[i] = i;
    }
    for (uint32_t i = 0; good && i < reader->projection_count; i++)
        state->wanted[i] = reader->projection[i].via == VIA_PARENT
                               ? UINT32_MAX
                               : state->field_of[reader->projection[i].column];
    if (good) csv_file_suspend(&state->csv);
    arena_release(&arena);
    return good;
}

static void close_file(struct csv_reader *state) {
    if (state->file_open) csv_file_close(&state->csv);
    state->file_open = false;
}

static void csv_close(struct reader *reader) {
    struct csv_reader *state = reader->state;
    if (state == NULL) return;
    close_file(state);
    free(state->record.fields);
}

static bool csv_open(struct reader *reader, struct diag_list *diags) {
    struct csv_reader *state = ARENA_NEW(&reader->arena, struct csv_reader);
    reader->state = state;
    if (!read_dialect(reader, &state->dialect, diags)) return false;
    state->odd = state->dialect.trim || reader->source->has_nulls;
    uint32_t columns = reader->table->columns_count, max = reader->options.limits.max_columns;
    state->field_of = ARENA_ARRAY(&reader->arena, uint32_t, columns);
    state->wanted = ARENA_ARRAY(&reader->arena, uint32_t, reader->projection_count);
    state->record.max_fields = max > columns ? max : columns;
    state->record.fields = memory_alloc(sizeof *state->record.fields * state->record.max_fields);
    /* All headers are checked before a row moves; the first file is the last one opened, and stays open. */
    bool good = true;
    for (uint32_t i = reader->file_count; i-- > 0;) {
        if (!open_file(reader, state, i, diags)) good = false;
        if (i > 0 || !good) close_file(state);
    }
    return good;
}

/* ---- rows */

/* A field whose text is not simply what stands in the file, or whose null is spelled out. */
static void put_odd_field(const struct reader *reader, struct csv_reader *state, struct row_batch *batch,
                          uint32_t column, uint32_t row, const struct csv_field *field) {
    struct cell_column *c = &batch->columns[column];
    const struct plan_source *source = reader->source;
    struct str text = field_text(state, field, &batch->arena);
    bool null = source->has_nulls ? source_is_null_text(source, text) : text.len == 0 && !field->quoted;
    c->text[row] = text;
    c->state[row] = null ? ROW_NULL : ROW_VALUE;
}

static inline void put_field(const struct reader *reader, struct csv_reader *state, struct row_batch *batch,
                             uint32_t column, uint32_t row, const struct csv_field *field) {
    struct cell_column *c = &batch->columns[column];
    if (field->escaped || state->odd) {
        put_odd_field(reader, state, batch, column, row, field);
        return;
    }
    c->text[row] = str_from(state->csv.data + field->start, field->end - field->start);
    c->state[row] = field->end == field->start && !field->quoted ? ROW_NULL : ROW_VALUE;
}

static void check_shape(const struct reader *reader, struct csv_reader *state, struct row_batch *batch,
                        uint32_t row) {
    const struct csv_record *record = &state->record;
    if (record->flaw == CSV_QUOTE_INSIDE)
        batch_add_fault(
            batch, row, FAULT_MALFORMED,
            "field %u has a quote in it but does not begin with one; a field with quotes must be quoted "
            "and each quote in it doubled",
            record->flaw_field + 1);
    else if (record->flaw == CSV_TEXT_BEHIND_QUOTE)
        batch_add_fault(batch, row, FAULT_MALFORMED,
                        "field %u goes on behind its closing quote; a quote inside a quoted field must be %s",
                        record->flaw_field + 1, state->dialect.escape >= 0 ? "escaped" : "doubled");
    else if (record->field_count != state->expected &&
             !(record->field_count < state->expected && reader->source->on_ragged.kind == DO_PAD))
        batch_add_fault(batch, row, FAULT_RAGGED, "%u field%s, expected %u", record->field_count,
                        record->field_count == 1 ? "" : "s", state->expected);
}

static void put_row(const struct reader *reader, struct csv_reader *state, struct row_batch *batch,
                    uint32_t row, uint64_t line) {
    const struct csv_record *record = &state->record;
    uint32_t fields = record->field_count < record->max_fields ? record->field_count : record->max_fields;
    for (uint32_t i = 0; i < reader->projection_count; i++) {
        if (state->wanted[i] < fields)
            put_field(reader, state, batch, i, row, &record->fields[state->wanted[i]]);
        else
            batch_set_null(batch, i, row);
    }
    if (record->flaw != CSV_SOUND || record->field_count != state->expected)
        check_shape(reader, state, batch, row);
    batch->places[row] =
        (struct row_place){.line = line,
                           .row = ++state->row,
                           .file = state->file,
                           .raw = str_from(state->csv.data + record->start, record->end - record->start)};
}

static void check_cell(const struct reader *reader, const struct csv_reader *state, struct row_batch *batch,
                       uint32_t column, uint32_t row) {
    const struct row_place *place = &batch->places[row];
    struct str text = batch->columns[column].text[row];
    size_t bad = utf8_check_text(text);
    if (bad < text.len) {
        struct str where = arena_printf(&batch->arena, "line %llu", (unsigned long long)place->line);
        bool inside = text.ptr >= place->raw.ptr && text.ptr < place->raw.ptr + place->raw.len;
        if (input_is_plain(state->csv.input)) {
            const char *at = inside ? text.ptr + bad : place->raw.ptr + utf8_check_text(place->raw);
            uint64_t byte =
                state->csv.offset + (uint64_t)(at - state->csv.data) + input_mark_bytes(state->csv.input);
            where = arena_printf(&batch->arena, "line %llu, byte %llu of the file",
                                 (unsigned long long)place->line, (unsigned long long)byte);
        }
        batch_set_bad_encoding(reader, batch, column, row, text, where);
    } else if (memchr(text.ptr, 0, text.len)) {
        batch_set_bad(batch, column, row, STR("holds a NUL byte"));
    }
}

/* Looks at the rows whose fields lie in the present block, which is about to be left. */
static void check_block(const struct reader *reader, struct csv_reader *state, struct row_batch *batch,
                        uint32_t rows) {
    uint32_t from = state->block_row;
    state->block_row = rows;
    if (from == rows || state->csv.flags == 0) return;
    const struct row_place *first = &batch->places[from], *last = &batch->places[rows - 1];
    struct str region = str_from(first->raw.ptr, (size_t)(last->raw.ptr + last->raw.len - first->raw.ptr));
    if (!(state->csv.flags & CSV_HAS_NUL) && utf8_check_text(region) == region.len) return;
    for (uint32_t row = from; row < rows; row++)
        for (uint32_t i = 0; i < reader->projection_count; i++)
            if (batch->columns[i].state[row] == ROW_VALUE) check_cell(reader, state, batch, i, row);
}

/* Encoding faults come after a block's other faults: back into row order, one for each row. */
static void order_faults(struct row_batch *batch) {
    struct row_fault *f = batch->faults.items;
    uint32_t kept = 0;
    for (uint32_t i = 1; i < batch->faults.count; i++) {
        struct row_fault moving = f[i];
        uint32_t j = i;
        for (; j > 0 && f[j - 1].row > moving.row; j--)
            f[j] = f[j - 1];
        f[j] = moving;
    }
    for (uint32_t i = 0; i < batch->faults.count; i++)
        if (i == 0 || f[i].row != f[kept - 1].row) f[kept++] = f[i];
    batch->faults.count = kept;
}

static enum reader_status next_file(struct reader *reader, struct csv_reader *state, struct arena *arena,
                                    struct diag_list *diags) {
    uint32_t next = state->file + 1;
    reader->bytes_before += reader->files[state->file].size;
    close_file(state);
    if (next >= reader->file_count) return READER_END;
    if (!open_file(reader, state, next, diags)) return READER_FAILED;
    csv_file_resume(&state->csv, arena);
    return READER_ROWS;
}

/* Up to BATCH_ROWS rows; READER_END: the last file is done. */
static enum reader_status fill_batch(struct reader *reader, struct csv_reader *state, struct row_batch *batch,
                                     uint32_t *rows, struct diag_list *diags) {
    while (*rows < BATCH_ROWS) {
        uint64_t line;
        enum csv_read read = csv_file_next(&state->csv, &state->record, &line);
        if (read == CSV_READ_ROW) {
            put_row(reader, state, batch, *rows, line);
            ++*rows;
        } else if (read == CSV_READ_REFILL) {
            check_block(reader, state, batch, *rows);
            read = csv_file_refill(&state->csv, &batch->arena, &state->record, diags);
            if (read == CSV_READ_FAILED) return READER_FAILED;
            if (read != CSV_READ_END) continue;
            enum reader_status status = next_file(reader, state, &batch->arena, diags);
            if (status != READER_ROWS) return status;
        }
    }
    return READER_ROWS;
}

static enum reader_status csv_next(struct reader *reader, struct row_batch *batch, struct diag_list *diags) {
    struct csv_reader *state = reader->state;
    uint32_t rows = 0;
    if (!state->file_open) return READER_END;
    batch_begin_cells(batch, false);
    state->block_row = 0;
    csv_file_resume(&state->csv, &batch->arena);
    enum reader_status status = fill_batch(reader, state, batch, &rows, diags);
    if (status == READER_FAILED) return status;
    if (state->file_open) {
        check_block(reader, state, batch, rows);
        csv_file_suspend(&state->csv);
        batch->end_offset = reader->bytes_before + csv_file_stored_bytes(&state->csv);
    } else {
        batch->end_offset = reader->bytes_before;
    }
    if (batch->faults.count > 1) order_faults(batch);
    batch_finish(reader, batch, rows);
    return rows ? READER_ROWS : READER_END;
}

const struct reader_ops CSV_READER = {csv_open, csv_next, csv_close};

/* The xlsx reader: finds the sheet and its header row, then rows into batches. */
#include "runtime/reader/xlsx_sheet.h"

#include "runtime/value/text.h"

enum { HEADER_SEARCH_ROWS = 100 };

struct xlsx_reader {
    struct xlsx_book book;
    struct xlsx_sheet sheet;
    bool file_open;
    uint32_t file;
    uint64_t row;       /* rows of this file so far */
    uint32_t *field_of; /* per column of the table: column of the sheet */
    uint32_t *cell_at;  /* XLSX_COLUMNS: index + 1 in the row's cells */
};

/* A row that may be the header: its names by column. */
struct candidate {
    struct str *names;
    uint32_t count, matches;
    uint64_t row;
};

static struct candidate read_candidate(const struct reader *reader, const struct xlsx_sheet *sheet,
                                       struct arena *arena) {
    struct candidate c = {.row = sheet->row};
    for (uint32_t i = 0; i < sheet->cells.count; i++)
        if (sheet->cells.items[i].column >= c.count) c.count = sheet->cells.items[i].column + 1;
    c.names = ARENA_ARRAY(arena, struct str, c.count);
    for (uint32_t i = 0; i < c.count; i++)
        c.names[i] = STR("");
    for (uint32_t i = 0; i < sheet->cells.count; i++)
        c.names[sheet->cells.items[i].column] = arena_copy_str(arena, sheet->cells.items[i].text);
    for (uint32_t i = 0; i < reader->table->columns_count; i++) {
        struct str wanted = text_trim(source_column_name(&reader->table->columns[i]));
        for (uint32_t n = 0; n < c.count; n++)
            if (str_eq(text_trim(c.names[n]), wanted)) {
                c.matches++;
                break;
            }
    }
    return c;
}

static struct str sheet_place(const struct xlsx_reader *state, const struct xlsx_sheet_entry *entry,
                              uint64_t row, struct arena *arena) {
    return arena_printf(arena, "%.*s sheet `%.*s` row %llu", STR_ARG(state->book.package.file->name),
                        STR_ARG(entry->title), (unsigned long long)row);
}

/* The header's names without the blank cells between them. */
static bool check_candidate(struct reader *reader, struct xlsx_reader *state,
                            const struct xlsx_sheet_entry *entry, const struct candidate *best,
                            struct arena *arena, struct diag_list *diags) {
    struct str *names = ARENA_ARRAY(arena, struct str, best->count);
    uint32_t *columns = ARENA_ARRAY(arena, uint32_t, best->count), count = 0;
    for (uint32_t i = 0; i < best->count; i++)
        if (best->names[i].len) {
            columns[count] = i;
            names[count++] = best->names[i];
        }
    if (!header_check(reader, names, count, sheet_place(state, entry, best->row, arena), state->field_of,
                      diags))
        return false;
    for (uint32_t i = 0; i < reader->table->columns_count; i++)
        state->field_of[i] = columns[state->field_of[i]];
    return true;
}

static bool fail_no_header(struct reader *reader, struct xlsx_reader *state,
                           const struct xlsx_sheet_entry *entry, struct diag_list *diags) {
    uint32_t row = reader->table->header_row;
    struct diag *d;
    if (row)
        d = reader_error(diags, X_NO_HEADER, sheet_place(state, entry, row, diags->arena),
                         "the header row is blank");
    else
        d = reader_error(diags, X_NO_HEADER, state->book.package.file->name, "sheet `%.*s` is empty",
                         STR_ARG(entry->title));
    diag_help(diags, d, "a sheet needs a row that names its columns; `header row N` says which it is");
    return false;
}

/* Finds the header: row `header_row`, or the first that holds every name; else the closest tells what is
 * missing. */
static bool find_header(struct reader *reader, struct xlsx_reader *state,
                        const struct xlsx_sheet_entry *entry, struct arena *arena, struct diag_list *diags) {
    struct candidate best = {0};
    uint32_t wanted_row = reader->table->header_row;
    for (uint32_t seen = 0; seen < HEADER_SEARCH_ROWS || wanted_row; seen++) {
        enum xlsx_feed_status status = xlsx_sheet_next(&state->sheet, diags);
        if (status == XLSX_FEED_FAILED) return false;
        if (status == XLSX_PART_END || (wanted_row && state->sheet.row > wanted_row)) break;
        if (wanted_row && state->sheet.row != wanted_row) continue;
        struct candidate c = read_candidate(reader, &state->sheet, arena);
        if (best.names == NULL || c.matches > best.matches) best = c;
        if (wanted_row || best.matches == reader->table->columns_count) break;
    }
    if (best.names == NULL) return fail_no_header(reader, state, entry, diags);
    return check_candidate(reader, state, entry, &best, arena, diags);
}

/* "C" is 2; UINT32_MAX: no letters of a column. */
static uint32_t column_of_letters(struct str letters) {
    enum { MOST_LETTERS = 3 };
    uint32_t number = 0;
    if (letters.len == 0 || letters.len > MOST_LETTERS) return UINT32_MAX;
    for (size_t i = 0; i < letters.len; i++) {
        char c = (char)(letters.ptr[i] & ~0x20);
        if (c < 'A' || c > 'Z') return UINT32_MAX;
        number = number * 26 + (uint32_t)(c - 'A') + 1;
    }
    return number - 1;
}

/* Without a header: a column is where its letters say, or else as far right as it stands in the list. */
static bool place_columns(struct reader *reader, struct xlsx_reader *state,
                          const struct xlsx_sheet_entry *entry, struct arena *arena,
                          struct diag_list *diags) {
    bool good = true;
    for (uint32_t i = 0; i < reader->table->columns_count; i++) {
        const struct plan_source_column *column = &reader->table->columns[i];
        state->field_of[i] = column->from.len ? column_of_letters(column->from) : i;
        if (state->field_of[i] != UINT32_MAX) continue;
        struct diag *d = reader_error(
            diags, X_MISSING_COLUMN, sheet_place(state, entry, 1, arena),
            "there is no column `%.*s`: with `header none` no row names the columns", STR_ARG(column->from));
        diag_help(diags, d, "write the letters of column `%.*s`, such as `from 'C'`", STR_ARG(column->name));
        good = false;
    }
    return good;
}

static bool open_file(struct reader *reader, struct xlsx_reader *state, uint32_t file,
                      struct diag_list *diags) {
    struct arena arena = {0};
    state->file = file;
    state->row = 0;
    state->file_open = true;
    memset(&state->sheet, 0, sizeof state->sheet);
    if (!xlsx_book_open(&state->book, &reader->files[file], &reader->options.limits, diags)) return false;
    const struct xlsx_sheet_entry *entry = xlsx_book_find_sheet(&state->book, reader->table->title, diags);
    if (entry == NULL || !xlsx_sheet_open(&state->sheet, &state->book, entry->part, diags)) return false;
    bool good = true;
    if (reader->source->header && !reader->table->no_header)
        good = find_header(reader, state, entry, &arena, diags);
    else
        good = place_columns(reader, state, entry, &arena, diags);
    arena_release(&arena);
    return good;
}

static void close_file(struct xlsx_reader *state) {
    if (!state->file_open) return;
    xlsx_sheet_close(&state->sheet);
    xlsx_book_close(&state->book);
    state->file_open = false;
}

static void xlsx_close(struct reader *reader) {
    close_file(reader->state);
}

static bool xlsx_open(struct reader *reader, struct diag_list *diags) {
    struct xlsx_reader *state = ARENA_NEW(&reader->arena, struct xlsx_reader);
    reader->state = state;
    state->field_of = ARENA_ARRAY(&reader->arena, uint32_t, reader->table->columns_count);
    state->cell_at = ARENA_ARRAY(&reader->arena, uint32_t, XLSX_COLUMNS);
    bool good = true;
    for (uint32_t i = reader->file_count; i-- > 0;) { /* every header is checked; the first file stays open */
        if (!open_file(reader, state, i, diags)) good = false;
        if (i > 0 || !good) close_file(state);
    }
    return good;
}

/* ---- rows */

static struct str raw_row(const struct xlsx_reader *state, struct row_batch *batch) {
    const struct xlsx_sheet *sheet = &state->sheet;
    struct buf out = {0};
    uint32_t width = 0;
    for (uint32_t i = 0; i < sheet->cells.count; i++)
        if (sheet->cells.items[i].column >= width) width = sheet->cells.items[i].column + 1;
    buf_append_char(&out, '[');
    for (uint32_t column = 0; column < width; column++) {
        if (column) buf_append_char(&out, ',');
        uint32_t at = state->cell_at[column];
        const struct xlsx_cell *cell = at ? &sheet->cells.items[at - 1] : NULL;
        if (cell == NULL)
            buf_append_cstr(&out, "null");
        else if (cell->kind == CELL_NUMBER || cell->kind == CELL_BOOL)
            buf_append_str(&out, cell->text);
        else
            buf_append_json(&out, cell->text);
    }
    buf_append_char(&out, ']');
    struct str raw = arena_copy_str(&batch->arena, buf_str(&out));
    buf_release(&out);
    return raw;
}

static void put_cell(const struct reader *reader, struct row_batch *batch, uint32_t column, uint32_t row,
                     const struct xlsx_cell *cell) {
    struct str text = cell ? cell->text : STR("");
    if (cell && cell->kind == CELL_TEXT && reader->source->trim) text = text_trim(text);
    bool null = cell == NULL || text.len == 0 ||
                (cell->kind == CELL_TEXT && source_is_null_text(reader->source, text));
    if (null)
        batch_set_null(batch, column, row);
    else if (cell->kind == CELL_BAD)
        batch_set_bad(batch, column, row, arena_copy_str(&batch->arena, text));
    else
        batch_set_cell(batch, column, row, cell->kind, arena_copy_str(&batch->arena, text));
}

static void put_row(const struct reader *reader, struct xlsx_reader *state, struct row_batch *batch,
                    uint32_t row) {
    const struct xlsx_sheet *sheet = &state->sheet;
    for (uint32_t i = 0; i < sheet->cells.count; i++)
        state->cell_at[sheet->cells.items[i].column] = i + 1;
    for (uint32_t i = 0; i < reader->projection_count; i++) {
        const struct reader_column *wanted = &reader->projection[i];
        uint32_t field = state->field_of[wanted->column];
        uint32_t at = wanted->via == VIA_PARENT || field >= XLSX_COLUMNS ? 0 : state->cell_at[field];
        put_cell(reader, batch, i, row, at ? &sheet->cells.items[at - 1] : NULL);
    }
    batch->places[row] = (struct row_place){.line = sheet->row, .row = ++state->row, .file = state->file};
    if (reader->options.keep_raw) batch->places[row].raw = raw_row(state, batch);
    for (uint32_t i = 0; i < sheet->cells.count; i++)
        state->cell_at[sheet->cells.items[i].column] = 0;
}

/* Bytes of the file gone by: of the sheet's packed part, by how much of it has been unpacked. */
static uint64_t bytes_done(const struct reader *reader, const struct xlsx_reader *state) {
    if (!state->file_open) return reader->bytes_before;
    const struct xlsx_feed *feed = &state->sheet.feed;
    if (feed->size == 0 || feed->unpacked >= feed->size) return reader->bytes_before + feed->packed;
    return reader->bytes_before +
           (uint64_t)((double)feed->packed * ((double)feed->unpacked / (double)feed->size));
}

static enum reader_status xlsx_next(struct reader *reader, struct row_batch *batch, struct diag_list *diags) {
    struct xlsx_reader *state = reader->state;
    uint32_t row = 0;
    batch_begin_cells(batch, true);
    while (state->file_open && row < BATCH_ROWS) {
        enum xlsx_feed_status status = xlsx_sheet_next(&state->sheet, diags);
        if (status == XLSX_FEED_FAILED) return READER_FAILED;
        if (status == XLSX_PAUSED) {
            put_row(reader, state, batch, row++);
            continue;
        }
        close_file(state);
        reader->bytes_before += reader->files[state->file].size;
        if (state->file + 1 < reader->file_count && !open_file(reader, state, state->file + 1, diags))
            return READER_FAILED;
    }
    batch->end_offset = bytes_done(reader, state);
    batch_finish(reader, batch, row);
    return row ? READER_ROWS : READER_END;
}

const struct reader_ops XLSX_READER = {xlsx_open, xlsx_next, xlsx_close};

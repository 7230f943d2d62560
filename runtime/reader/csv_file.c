/* Blocks of a CSV file. */
#include "runtime/reader/csv_file.h"

#include <stdlib.h>

bool csv_file_open(struct csv_file *csv, const struct source_file *file, struct str encoding,
                   const struct csv_dialect *dialect, const struct reader_limits *limits,
                   struct diag_list *diags) {
    *csv = (struct csv_file){.file = file, .limits = limits, .dialect = *dialect, .line = 1};
    unsigned char delimiter = (unsigned char)dialect->delimiter;
    csv->specials =
        (struct csv_specials){delimiter, dialect->quote >= 0 ? (unsigned char)dialect->quote : delimiter,
                              dialect->escape >= 0 ? (unsigned char)dialect->escape : delimiter};
    csv->scan = csv_scan_best();
    csv->input = input_open(file, encoding, limits, diags);
    return csv->input != NULL;
}

void csv_file_close(struct csv_file *csv) {
    input_close(csv->input);
    free(csv->special);
    free(csv->carry);
    *csv = (struct csv_file){0};
}

static void reserve_specials(struct csv_file *csv, size_t count) {
    if (count <= csv->special_cap) return;
    csv->special_cap = count < 1024 ? 1024 : count + count / 2;
    csv->special = memory_realloc(csv->special, csv->special_cap * sizeof *csv->special);
}

/* A new block that begins with `len` bytes already scanned. */
static void start_block(struct csv_file *csv, struct arena *arena, const char *bytes, size_t len,
                        size_t room) {
    char *block = arena_alloc(arena, len + room + 1);
    if (len) memcpy(block, bytes, len);
    uint32_t shift = csv->cursor.pos, kept = csv->cursor.count - csv->cursor.next;
    for (uint32_t i = 0; i < kept; i++)
        csv->special[i] = csv->special[csv->cursor.next + i] - shift;
    bool last = csv->cursor.last;
    if (last) block[len] = '\n';
    csv->offset += shift;
    csv->data = block;
    csv->cursor = (struct csv_cursor){block, 0, (uint32_t)len, csv->special, 0, kept, last};
}

void csv_file_suspend(struct csv_file *csv) {
    size_t len = csv->cursor.end - csv->cursor.pos;
    if (len > csv->carry_cap) {
        csv->carry_cap = len + len / 2;
        csv->carry = memory_realloc(csv->carry, csv->carry_cap);
    }
    if (len) memcpy(csv->carry, csv->data + csv->cursor.pos, len);
    csv->carry_len = len;
}

void csv_file_resume(struct csv_file *csv, struct arena *arena) {
    start_block(csv, arena, csv->carry, csv->carry_len, 0);
    csv->carry_len = 0;
}

static struct str line_place(const struct csv_file *csv, uint64_t line, struct diag_list *diags) {
    return arena_printf(diags->arena, "%.*s line %llu", STR_ARG(csv->file->name), (unsigned long long)line);
}

static enum csv_read fail_too_long(struct csv_file *csv, const struct csv_record *record,
                                   struct diag_list *diags) {
    struct diag *d =
        reader_error(diags, X_RECORD_LIMIT, line_place(csv, csv->line, diags),
                     "the row that begins here is longer than %zu bytes", csv->limits->max_record_bytes);
    if (record->open_at != UINT32_MAX)
        diag_help(diags, d, "a quote opens in line %llu: is it ever closed?",
                  (unsigned long long)(csv->line + record->open_line));
    else
        diag_help(diags, d, "check the file's line breaks, and the `delimiter` and `quote` options");
    return CSV_READ_FAILED;
}

static enum csv_read fail_open_quote(struct csv_file *csv, const struct csv_record *record,
                                     struct diag_list *diags) {
    struct diag *d = reader_error(diags, X_QUOTE_OPEN, line_place(csv, csv->line + record->open_line, diags),
                                  "a quote opens here, in field %u, and the file ends before it is closed",
                                  record->field_count + 1);
    diag_help(diags, d, "close the quote, or write a quote inside a field twice");
    return CSV_READ_FAILED;
}

enum csv_read csv_file_next(struct csv_file *csv, struct csv_record *record, uint64_t *line) {
    enum csv_outcome outcome = csv_next_record(&csv->cursor, &csv->dialect, record);
    if (outcome == CSV_MORE) return CSV_READ_REFILL;
    *line = csv->line;
    csv->line += record->line_breaks;
    return outcome == CSV_ROW ? CSV_READ_ROW : CSV_READ_NOTHING;
}

static void end_data(struct csv_file *csv) {
    struct csv_cursor *c = &csv->cursor;
    c->last = true;
    reserve_specials(csv, (size_t)c->count + 1);
    csv->data[c->end] = '\n';
    csv->special[c->count++] = c->end;
    c->special = csv->special;
}

enum csv_read csv_file_refill(struct csv_file *csv, struct arena *arena, struct csv_record *record,
                              struct diag_list *diags) {
    size_t tail = csv->cursor.end - csv->cursor.pos;
    if (csv->cursor.last) {
        if (tail == 0) return CSV_READ_END;
        return fail_open_quote(csv, record, diags); /* any other record has ended at the end of the file */
    }
    if (tail > csv->limits->max_record_bytes) return fail_too_long(csv, record, diags);
    /* A long record is looked at again from its start with each block: blocks grow with it. */
    size_t room = csv->limits->block_bytes > tail / 2 ? csv->limits->block_bytes : tail;
    if (tail == 0) csv->flags = 0;
    start_block(csv, arena, tail ? csv->data + csv->cursor.pos : NULL, tail, room);
    struct csv_cursor *c = &csv->cursor;
    uint32_t from = c->end;
    while (room > 0) {
        ptrdiff_t n = input_read(csv->input, csv->data + c->end, room, diags);
        if (n < 0) return CSV_READ_FAILED;
        if (n == 0) break;
        c->end += (uint32_t)n;
        room -= (size_t)n;
    }
    reserve_specials(csv, (size_t)c->count + (c->end - from) + 1);
    c->special = csv->special;
    c->count += csv->scan(csv->data, from, c->end, &csv->specials, csv->special + c->count, &csv->flags);
    if (room > 0) end_data(csv);
    return CSV_READ_ROW;
}

uint64_t csv_file_stored_bytes(const struct csv_file *csv) {
    uint64_t stored = input_stored_bytes(csv->input);
    uint64_t left = input_is_plain(csv->input) ? csv->cursor.end - csv->cursor.pos : 0;
    return stored > left ? stored - left : 0;
}

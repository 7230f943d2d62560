/* Sheet XML into rows of cells (ECMA-376 part 1, 18.3.1). */
#include "runtime/reader/xlsx_sheet.h"

#include "runtime/value/datetime.h"

#include <stdlib.h>

static struct xlsx_sheet *sheet_of(void *data) {
    return ((struct xlsx_feed *)data)->owner;
}

/* "AB12": its column, 0-based. False when it is no reference into a sheet. */
static bool parse_column(const char *reference, uint32_t *column) {
    uint32_t value = 0;
    const char *p = reference;
    for (; *p >= 'A' && *p <= 'Z' && value <= XLSX_COLUMNS; p++)
        value = value * 26 + (uint32_t)(*p - 'A') + 1;
    *column = value - 1;
    return value >= 1 && value <= XLSX_COLUMNS && *p >= '0' && *p <= '9';
}

static void start_row(struct xlsx_sheet *sheet, const char **attributes) {
    const char *number = xlsx_attribute(attributes, "r");
    sheet->row = number ? strtoull(number, NULL, 10) : sheet->row + 1;
    sheet->next_column = 0;
    sheet->in_row = true;
}

static void start_cell(struct xlsx_sheet *sheet, const char **attributes) {
    const char *reference = xlsx_attribute(attributes, "r"), *type = xlsx_attribute(attributes, "t"),
               *style = xlsx_attribute(attributes, "s");
    sheet->column = sheet->next_column;
    if (reference && !parse_column(reference, &sheet->column)) {
        xlsx_feed_refuse(&sheet->feed, "a cell has an impossible reference");
        return;
    }
    if (sheet->column >= XLSX_COLUMNS) {
        xlsx_feed_refuse(&sheet->feed, "a row has more columns than a sheet can have");
        return;
    }
    sheet->next_column = sheet->column + 1;
    sheet->type[0] = '\0';
    if (type && strlen(type) < sizeof sheet->type) memcpy(sheet->type, type, strlen(type) + 1);
    sheet->style = style ? (uint32_t)strtoul(style, NULL, 10) : 0;
    sheet->in_cell = true;
    sheet->in_value = sheet->in_inline = sheet->has_value = sheet->has_formula = false;
    sheet->phonetic = 0;
    buf_clear(&sheet->text);
}

static void sheet_start(void *data, const char *name, const char **attributes) {
    struct xlsx_sheet *sheet = sheet_of(data);
    name = xlsx_local_name(name);
    if (strcmp(name, "sheetData") == 0) {
        sheet->in_data = true;
    } else if (sheet->in_data && strcmp(name, "row") == 0) {
        start_row(sheet, attributes);
    } else if (sheet->in_row && strcmp(name, "c") == 0) {
        start_cell(sheet, attributes);
    } else if (sheet->in_cell) {
        if (strcmp(name, "v") == 0)
            sheet->in_value = sheet->has_value = true;
        else if (strcmp(name, "f") == 0)
            sheet->has_formula = true;
        else if (strcmp(name, "is") == 0)
            sheet->in_inline = sheet->has_value = true;
        else if (strcmp(name, "rPh") == 0)
            sheet->phonetic++;
        else if (strcmp(name, "t") == 0)
            sheet->in_value = sheet->in_inline && sheet->phonetic == 0;
    }
}

static void put_cell(struct xlsx_sheet *sheet, enum cell_kind kind, struct str text) {
    if (text.len == 0) return; /* shows nothing: blank */
    /* A NUL (written _x0000_) is the cell's own fault. */
    if (memchr(text.ptr, '\0', text.len)) {
        kind = CELL_BAD;
        text = STR("holds a NUL character");
    }
    VEC_PUSH(&sheet->arena, &sheet->cells, (struct xlsx_cell){sheet->column, kind, text});
}

static void put_shared(struct xlsx_sheet *sheet, struct str index) {
    char digits[16] = "x", *end;
    if (index.len && index.len < sizeof digits)
        memcpy(digits, index.ptr, index.len), digits[index.len] = '\0';
    unsigned long at = strtoul(digits, &end, 10);
    if (*end == '\0' && digits[0] != '-' && at < sheet->book->strings.count)
        put_cell(sheet, CELL_TEXT, sheet->book->strings.items[at]);
    else
        put_cell(sheet, CELL_BAD, STR("refers to a text that the workbook does not hold"));
}

static void put_iso_date(struct xlsx_sheet *sheet, struct str text) {
    int64_t value;
    if (str_ends_with(text, STR("T00:00:00"))) text.len -= strlen("T00:00:00");
    bool good = date_parse(text, &value) == FAULT_NONE || timestamp_parse(text, &value) == FAULT_NONE ||
                time_parse(text, &value) == FAULT_NONE;
    put_cell(sheet, good ? CELL_DATETIME : CELL_BAD,
             good ? arena_copy_str(&sheet->arena, text) : STR("is marked as a date and holds none"));
}

static void put_number(struct xlsx_sheet *sheet, struct str text) {
    enum xlsx_format format = sheet->style < sheet->book->style_formats.count
                                  ? (enum xlsx_format)sheet->book->style_formats.items[sheet->style]
                                  : XLSX_NUMBER;
    struct str out;
    double serial;
    if (text.len == 0) return;
    if (format == XLSX_NUMBER) {
        bool good = xlsx_number_text(&sheet->arena, text, &out);
        put_cell(sheet, good ? CELL_NUMBER : CELL_BAD,
                 good ? out : STR("is marked as a number and holds none"));
    } else if (!xlsx_parse_number(text, &serial)) {
        put_cell(sheet, CELL_BAD, STR("is marked as a number and holds none"));
    } else if (!xlsx_serial_text(&sheet->arena, serial, format, sheet->book->date1904, &out)) {
        put_cell(sheet, CELL_BAD, out);
    } else {
        put_cell(sheet, format == XLSX_ELAPSED ? CELL_TEXT : CELL_DATETIME, out);
    }
}

static void end_cell(struct xlsx_sheet *sheet) {
    struct str text = buf_str(&sheet->text);
    const char *type = sheet->type;
    sheet->in_cell = false;
    if (sheet->has_formula && !sheet->has_value)
        put_cell(sheet, CELL_BAD,
                 STR("is a formula whose result was not stored: open and save the workbook in Excel"));
    else if (!sheet->has_value)
        return;
    else if (strcmp(type, "s") == 0)
        put_shared(sheet, text);
    else if (strcmp(type, "str") == 0 || strcmp(type, "inlineStr") == 0)
        put_cell(sheet, CELL_TEXT, xlsx_decode_text(&sheet->arena, text));
    else if (strcmp(type, "b") == 0)
        put_cell(sheet, CELL_BOOL, str_is(text, "1") || str_is(text, "true") ? STR("true") : STR("false"));
    else if (strcmp(type, "e") == 0)
        put_cell(sheet, CELL_BAD, text.len ? arena_copy_str(&sheet->arena, text) : STR("holds an error"));
    else if (strcmp(type, "d") == 0)
        put_iso_date(sheet, text);
    else
        put_number(sheet, text);
}

static void sheet_end(void *data, const char *name) {
    struct xlsx_sheet *sheet = sheet_of(data);
    name = xlsx_local_name(name);
    if (strcmp(name, "sheetData") == 0) {
        sheet->in_data = false;
    } else if (sheet->in_data && strcmp(name, "row") == 0) {
        sheet->in_row = false;
        if (sheet->cells.count) xlsx_feed_pause(&sheet->feed);
    } else if (sheet->in_cell) {
        if (strcmp(name, "c") == 0)
            end_cell(sheet);
        else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
            sheet->in_value = false;
        else if (strcmp(name, "is") == 0)
            sheet->in_inline = false;
        else if (strcmp(name, "rPh") == 0 && sheet->phonetic)
            sheet->phonetic--;
    }
}

static void sheet_text(void *data, const char *text, int len) {
    struct xlsx_sheet *sheet = sheet_of(data);
    if (!sheet->in_cell || !sheet->in_value) return;
    size_t limit = sheet->book->package.limits->max_record_bytes;
    if (sheet->text.len + (size_t)len + sheet->arena.total > limit + (1u << 20)) {
        sheet->feed.too_large = true;
        xlsx_feed_refuse(&sheet->feed, "a row is larger than the limit");
        return;
    }
    buf_append(&sheet->text, text, (size_t)len);
}

bool xlsx_sheet_open(struct xlsx_sheet *sheet, const struct xlsx_book *book, struct str part,
                     struct diag_list *diags) {
    *sheet = (struct xlsx_sheet){.book = book};
    return xlsx_feed_open(&sheet->feed, &book->package, part, 0, sheet_start, sheet_end, sheet_text, sheet,
                          diags);
}

void xlsx_sheet_close(struct xlsx_sheet *sheet) {
    xlsx_feed_close(&sheet->feed);
    buf_release(&sheet->text);
    arena_release(&sheet->arena);
}

enum xlsx_feed_status xlsx_sheet_next(struct xlsx_sheet *sheet, struct diag_list *diags) {
    arena_reset(&sheet->arena);
    memset(&sheet->cells, 0, sizeof sheet->cells);
    return xlsx_feed_run(&sheet->feed, diags);
}

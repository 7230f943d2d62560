/* What a workbook holds: its sheets, each with the row that names its columns. */
#include "runtime/profile/discover_internal.h"

#include "runtime/profile/words.h"
#include "runtime/reader/xlsx_sheet.h"
#include "runtime/value/text.h"

enum { LOOKED_AT = 60, WIDEST = 2048 };

/* One of the first rows of a sheet. */
struct sheet_row {
    uint64_t row;
    uint32_t cells, texts, width;
    bool distinct;
    struct str *names; /* by column */
};

static struct sheet_row look_at_row(const struct xlsx_sheet *sheet, struct arena *arena) {
    struct sheet_row row = {.row = sheet->row, .distinct = true};
    for (uint32_t i = 0; i < sheet->cells.count; i++)
        if (sheet->cells.items[i].column >= row.width) row.width = sheet->cells.items[i].column + 1;
    if (row.width > WIDEST) row.width = WIDEST;
    row.names = ARENA_ARRAY(arena, struct str, row.width);
    for (uint32_t i = 0; i < row.width; i++)
        row.names[i] = STR("");
    for (uint32_t i = 0; i < sheet->cells.count; i++) {
        const struct xlsx_cell *cell = &sheet->cells.items[i];
        struct str text = text_trim(cell->text);
        if (cell->column >= row.width || text.len == 0) continue;
        row.cells++;
        row.texts += cell->kind == CELL_TEXT;
        for (uint32_t c = 0; c < row.width; c++)
            if (row.names[c].len && str_eq(row.names[c], text)) row.distinct = false;
        row.names[cell->column] = arena_copy_str(arena, text);
    }
    return row;
}

/* Whether a row may name the columns: distinct texts, and rows behind it that fill about as many cells. */
static bool may_be_header(const struct sheet_row *rows, uint32_t count, uint32_t index, uint32_t least) {
    const struct sheet_row *row = &rows[index];
    uint32_t behind = 0;
    for (uint32_t n = index + 1; n < count; n++)
        behind += rows[n].cells * 2 >= row->cells;
    return row->cells > 0 && row->cells >= least && row->texts * 5 >= row->cells * 4 && row->distinct &&
           behind > 0;
}

/* The first row that names as many columns as the widest row fills, or the row right above it when that one
 * names nearly as many (a column without a name is no reason to take data for names); else the first that
 * names most of them. */
static const struct sheet_row *choose_header(const struct sheet_row *rows, uint32_t count) {
    uint32_t widest = 0;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i].cells > widest) widest = rows[i].cells;
    uint32_t most = (widest * 4 + 4) / 5;
    for (uint32_t i = 0; i < count; i++) {
        if (!may_be_header(rows, count, i, widest)) continue;
        bool above = i > 0 && rows[i - 1].row + 1 == rows[i].row && may_be_header(rows, count, i - 1, most);
        return &rows[above ? i - 1 : i];
    }
    for (uint32_t i = 0; i < count; i++)
        if (may_be_header(rows, count, i, most)) return &rows[i];
    return NULL;
}

static const struct sheet_row *find_header(struct xlsx_book *book, const struct xlsx_sheet_entry *entry,
                                           struct arena *arena, uint32_t *seen, bool *good,
                                           struct diag_list *diags) {
    struct xlsx_sheet sheet = {0};
    struct sheet_row *rows = ARENA_ARRAY(arena, struct sheet_row, LOOKED_AT);
    *seen = 0;
    *good = xlsx_sheet_open(&sheet, book, entry->part, diags);
    while (*good && *seen < LOOKED_AT) {
        enum xlsx_feed_status status = xlsx_sheet_next(&sheet, diags);
        if (status == XLSX_FEED_FAILED) *good = false;
        if (status != XLSX_PAUSED) break;
        rows[(*seen)++] = look_at_row(&sheet, arena);
    }
    xlsx_sheet_close(&sheet);
    return choose_header(rows, *seen);
}

/* The names without the blank cells in front, between and behind. */
static void add_sheet(struct finding *finding, struct plan_source_table *table,
                      const struct xlsx_sheet_entry *entry, const struct sheet_row *header) {
    struct arena *arena = finding->discovery->arena;
    struct str *names = ARENA_ARRAY(arena, struct str, header->width);
    uint32_t count = 0;
    for (uint32_t i = 0; i < header->width; i++)
        if (header->names[i].len) names[count++] = arena_copy_str(arena, header->names[i]);
    *table = (struct plan_source_table){.name = words_identifier(arena, entry->title, "sheet"),
                                        .title = arena_copy_str(arena, entry->title),
                                        .header_row = (uint32_t)header->row};
    discover_columns(
        finding, table, names, count,
        arena_printf(arena, "%.*s, sheet `%.*s`", STR_ARG(finding->files[0].name), STR_ARG(entry->title)));
}

static bool look_at_sheets(struct finding *finding, struct xlsx_book *book, struct plan_source *source) {
    struct arena *arena = finding->discovery->arena;
    source->tables = ARENA_ARRAY(arena, struct plan_source_table, book->sheets.count);
    for (uint32_t i = 0; i < book->sheets.count; i++) {
        const struct xlsx_sheet_entry *entry = &book->sheets.items[i];
        struct arena scratch = {0};
        uint32_t seen;
        bool good;
        const struct sheet_row *header = find_header(book, entry, &scratch, &seen, &good, finding->diags);
        if (good && header)
            add_sheet(finding, &source->tables[source->tables_count++], entry, header);
        else if (good)
            discover_note(finding->discovery, "%.*s, sheet `%.*s`: %s, so the sheet is left out.",
                          STR_ARG(finding->files[0].name), STR_ARG(entry->title),
                          seen ? "no row names its columns" : "it is empty");
        arena_release(&scratch);
        if (!good) return false;
    }
    for (uint32_t i = 0; i < source->tables_count; i++)
        for (uint32_t n = 2, j = 0; j < i; j++)
            if (str_eq(source->tables[j].name, source->tables[i].name)) {
                source->tables[i].name = arena_printf(arena, "%.*s_%u", STR_ARG(source->tables[i].name), n++);
                j = UINT32_MAX;
            }
    return true;
}

bool discover_xlsx(struct finding *finding) {
    struct xlsx_book book = {0};
    struct plan_source source = discover_source(finding, SOURCE_XLSX, STR(""));
    bool good = xlsx_book_open(&book, &finding->files[0], &finding->options.limits, finding->diags) &&
                look_at_sheets(finding, &book, &source);
    if (good && source.tables_count == 0) {
        struct diag *d = reader_error(finding->diags, X_NO_HEADER, finding->files[0].name,
                                      "no sheet has a row that names its columns");
        diag_help(finding->diags, d, "write a row of headings above the data");
        good = false;
    }
    if (good) discover_add(finding, source);
    xlsx_book_close(&book);
    return good;
}

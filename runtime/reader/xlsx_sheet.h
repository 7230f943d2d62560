/* The rows of one sheet, one at a time. */
#ifndef MIG_READER_XLSX_SHEET_H
#define MIG_READER_XLSX_SHEET_H

#include "runtime/reader/xlsx_book.h"

enum { XLSX_COLUMNS = 16384 };

struct xlsx_cell {
    uint32_t column; /* 0-based */
    enum cell_kind kind;
    struct str text;
};

struct xlsx_sheet {
    const struct xlsx_book *book;
    struct xlsx_feed feed;
    /* The present row. */
    uint64_t row;                /* 1-based, as the sheet numbers it */
    VEC(struct xlsx_cell) cells; /* those that hold something, as they come */
    struct arena arena;          /* of the row */
    /* The cell being read. */
    bool in_data, in_row, in_cell, in_value, in_inline, has_value, has_formula;
    uint32_t phonetic;
    uint32_t column, next_column, style;
    char type[12];
    struct buf text;
};

/* False with a diagnostic; close it all the same. */
bool xlsx_sheet_open(struct xlsx_sheet *sheet, const struct xlsx_book *book, struct str part,
                     struct diag_list *diags);
void xlsx_sheet_close(struct xlsx_sheet *sheet);
/* PAUSED: sheet->row and cells are the next row that holds anything; until the next call. */
enum xlsx_feed_status xlsx_sheet_next(struct xlsx_sheet *sheet, struct diag_list *diags);

#endif

/* What a workbook's sheets share: their list, the date system, number formats, shared strings. */
#ifndef MIG_READER_XLSX_BOOK_H
#define MIG_READER_XLSX_BOOK_H

#include "runtime/reader/xlsx_number.h"
#include "runtime/reader/xlsx_package.h"

struct xlsx_sheet_entry {
    struct str title, relation, part;
};

struct xlsx_book {
    struct xlsx_package package;
    struct arena arena;
    bool date1904;
    VEC(struct xlsx_sheet_entry) sheets;
    VEC(uint8_t) style_formats; /* enum xlsx_format by a cell's style number */
    VEC(struct str) strings;
};

/* Opens the package and reads everything but sheets. False with a diagnostic; close it all the same. */
bool xlsx_book_open(struct xlsx_book *book, const struct source_file *file,
                    const struct reader_limits *limits, struct diag_list *diags);
void xlsx_book_close(struct xlsx_book *book);
/* The sheet with this title: exactly, or else but for case and white space around it. NULL with a diagnostic.
 * An empty title is the only sheet. */
const struct xlsx_sheet_entry *xlsx_book_find_sheet(const struct xlsx_book *book, struct str title,
                                                    struct diag_list *diags);
/* Text of an XML string with its _xHHHH_ escapes (ECMA-376 part 1, 22.9.2.19 ST_Xstring) resolved, in the
 * arena. */
struct str xlsx_decode_text(struct arena *arena, struct str text);

#endif

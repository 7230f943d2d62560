/* Numbers of a workbook as text: which formats mean dates, and what a serial number says. (ECMA-376 part
 * 1, 18.8.30 numFmt, 18.17.4 dates.) */
#ifndef MIG_READER_XLSX_NUMBER_H
#define MIG_READER_XLSX_NUMBER_H

#include "runtime/base/arena.h"

enum xlsx_format {
    XLSX_NUMBER,
    XLSX_DATE,   /* shows a day, perhaps with a time */
    XLSX_TIME,   /* shows hours, minutes, seconds only */
    XLSX_ELAPSED /* [h]:mm: a duration */
};

enum xlsx_format xlsx_builtin_format(uint32_t id);
/* By the format's first section. */
enum xlsx_format xlsx_format_of(struct str code);

/* The number as Excel shows it in a wide cell of format General: 15 significant digits, no exponent up to
 * 10^20. A whole number keeps all the digits it is written with. False when text is not a number. */
bool xlsx_number_text(struct arena *arena, struct str text, struct str *out);

/* A number in a date format as ISO 8601 text: 2025-09-19, 2025-09-19T08:30:00, 08:30:00; to the millisecond.
 * ELAPSED: 255:10:10. False when it is no date (29 February 1900, before the first or behind the last day);
 * *out then says why. */
bool xlsx_serial_text(struct arena *arena, double serial, enum xlsx_format format, bool date1904,
                      struct str *out);

/* The double that text writes. False: not a finite number. */
bool xlsx_parse_number(struct str text, double *out);

#endif

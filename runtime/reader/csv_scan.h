/* First stage of CSV splitting: where the characters stand that mean something. Blocks of 64 bytes are
 * compared at once; the second stage (csv_record.h) only looks at these places. */
#ifndef MIG_READER_CSV_SCAN_H
#define MIG_READER_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What to look for besides CR and LF. Where there is no quote or escape: the delimiter again. */
struct csv_specials {
    unsigned char delimiter, quote, escape;
};

enum { CSV_HAS_HIGH = 1, CSV_HAS_NUL = 2 }; /* some byte >= 0x80; some byte 0 */

/* Writes the offsets of special characters in data[from..to), ascending, to out (room for to - from) and
 * returns how many. Sets bits of CSV_HAS_ in *flags. */
typedef uint32_t csv_scan_fn(const char *data, uint32_t from, uint32_t to,
                             const struct csv_specials *specials, uint32_t *out, unsigned *flags);

csv_scan_fn csv_scan_scalar;
/* The fastest that this machine has. */
csv_scan_fn *csv_scan_best(void);
/* All that this machine has, for tests that compare them: entry n, or NULL behind the last. */
csv_scan_fn *csv_scan_variant(unsigned n);

#endif

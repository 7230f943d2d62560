/* Finds text that is not UTF-8, fast where most bytes are ASCII. */
#ifndef MIG_READER_UTF8_CHECK_H
#define MIG_READER_UTF8_CHECK_H

#include "runtime/base/utf8.h"

/* As utf8_find_invalid, 16 bytes at a time through ASCII. */
size_t utf8_check_text(struct str s);
/* Counts line feeds in s. */
size_t count_line_feeds(struct str s);
/* Code points in s, invalid bytes each as one. */
size_t count_columns(struct str s);

#endif

/* The records of a csv text that the compiler reads itself: codes and fixtures. RFC 4180, LF or CRLF. */
#ifndef MIG_CHECK_CSV_TEXT_H
#define MIG_CHECK_CSV_TEXT_H

#include "runtime/base/arena.h"
#include "runtime/base/source_text.h"
#include "runtime/base/vec.h"

struct csv_cursor {
    const struct source_text *source;
    uint32_t at;
    char delimiter;
    struct arena *arena;
};

struct csv_record {
    VEC(struct str) fields;
    VEC(bool) quoted; /* by field */
    struct span span;
    bool open_quote; /* a quoted field reaches to the end of the text */
};

/* Behind a byte order mark. */
struct csv_cursor csv_start(struct arena *arena, const struct source_text *source, char delimiter);
/* False at the end of the text. */
bool csv_next(struct csv_cursor *cursor, struct csv_record *record);
/* One field without anything in it. */
bool csv_is_blank(const struct csv_record *record);

#endif

/* Second stage of CSV splitting: records and fields (RFC 4180) from the places that the first stage found. */
#ifndef MIG_READER_CSV_RECORD_H
#define MIG_READER_CSV_RECORD_H

#include "runtime/base/str.h"

/* The characters of the dialect; -1: none. */
struct csv_dialect {
    int delimiter, quote, escape, comment;
    bool trim;
};

struct csv_field {
    uint32_t start, end; /* in the data, without quotes */
    bool quoted;
    bool escaped; /* holds doubled quotes or escapes: csv_unescape */
};

enum csv_flaw { CSV_SOUND, CSV_QUOTE_INSIDE, CSV_TEXT_BEHIND_QUOTE };

struct csv_record {
    uint32_t start, end;  /* without its line break */
    uint32_t field_count; /* as found; fields[] holds at most max_fields of them */
    uint32_t line_breaks; /* in it and behind it */
    enum csv_flaw flaw;
    uint32_t flaw_field; /* 0-based */
    uint32_t open_at;    /* CSV_MORE inside quotes: where the quoted field began; else UINT32_MAX */
    uint32_t open_line;  /* and in which of the record's lines, 0-based */
    struct csv_field *fields;
    uint32_t max_fields;
};

/* Data with the special places in it. When the file ends without a line break, the caller puts one behind the
 * data and its place behind the others; `end` does not count it. */
struct csv_cursor {
    const char *data;
    uint32_t pos; /* start of the next record */
    uint32_t end;
    const uint32_t *special; /* special[next] is the first at or behind pos */
    uint32_t next, count;
    bool last; /* there is no data behind end */
};

enum csv_outcome {
    CSV_ROW,
    CSV_NOTHING, /* a blank line, a comment, a record of empty unquoted fields */
    CSV_MORE     /* the record does not end within the data; the cursor did not move */
};

enum csv_outcome csv_next_record(struct csv_cursor *cursor, const struct csv_dialect *dialect,
                                 struct csv_record *record);

/* The text of an escaped field, at most text.len bytes at to. Returns its length. */
size_t csv_unescape(const struct csv_dialect *dialect, struct str text, char *to);

#endif

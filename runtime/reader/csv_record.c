/* Records and fields from special places. A quote counts only at the beginning of a field (behind blanks,
 * with `trim`); a flawed record ends at its next line break outside the fields that were properly quoted, so
 * that one stray quote costs one row. */
#include "runtime/reader/csv_record.h"

struct splitter {
    const char *data;
    const uint32_t *special;
    uint32_t next, count, end;
    bool last;
    const struct csv_dialect *dialect;
    struct csv_record *record;
};

static inline int char_at(const struct splitter *s, uint32_t at) {
    return (unsigned char)s->data[at];
}

static inline bool is_blank(int c) {
    return c == ' ' || c == '\t';
}

static void note_flaw(struct csv_record *record, enum csv_flaw flaw) {
    if (record->flaw != CSV_SOUND) return;
    record->flaw = flaw;
    record->flaw_field = record->field_count;
}

static void count_break(struct splitter *s, uint32_t at) {
    /* CR LF is one break, counted at its LF. */
    if (char_at(s, at) == '\r' && at + 1 < s->end && char_at(s, at + 1) == '\n') return;
    s->record->line_breaks++;
}

/* From behind the opening quote to the closing one: its place, or UINT32_MAX when more data is needed. */
static uint32_t find_closing_quote(struct splitter *s, bool *escaped) {
    const int quote = s->dialect->quote, escape = s->dialect->escape;
    while (s->next < s->count) {
        uint32_t at = s->special[s->next++];
        int c = char_at(s, at);
        if (at >= s->end) return UINT32_MAX;
        if (c == escape) {
            if (at + 1 >= s->end) return UINT32_MAX;
            *escaped = true;
            if (s->next < s->count && s->special[s->next] == at + 1) {
                s->next++;
                if (char_at(s, at + 1) == '\n' || char_at(s, at + 1) == '\r') count_break(s, at + 1);
            }
        } else if (c == quote) {
            if (at + 1 >= s->end && !s->last) return UINT32_MAX;
            if (at + 1 >= s->end || char_at(s, at + 1) != quote || escape >= 0) return at;
            *escaped = true;
            s->next++;
        } else if (c == '\n' || c == '\r') {
            count_break(s, at);
        }
    }
    return UINT32_MAX;
}

/* To the special place that ends the field: a delimiter or a line break. UINT32_MAX: more data is needed. */
static uint32_t find_field_end(struct splitter *s, enum csv_flaw flaw) {
    for (; s->next < s->count; s->next++) {
        uint32_t at = s->special[s->next];
        int c = char_at(s, at);
        if (c == s->dialect->delimiter || c == '\n' || c == '\r') return at;
        if (c == s->dialect->quote) note_flaw(s->record, flaw);
    }
    return UINT32_MAX;
}

static uint32_t split_quoted(struct splitter *s, uint32_t open, struct csv_field *field) {
    struct csv_record *record = s->record;
    record->open_at = open;
    record->open_line = record->line_breaks;
    s->next++;
    uint32_t close = find_closing_quote(s, &field->escaped);
    if (close == UINT32_MAX) return UINT32_MAX;
    record->open_at = UINT32_MAX;
    field->quoted = true;
    field->start = open + 1;
    field->end = close;
    uint32_t behind = close + 1;
    if (s->dialect->trim)
        while (behind < s->end && is_blank(char_at(s, behind)))
            behind++;
    uint32_t end = find_field_end(s, CSV_TEXT_BEHIND_QUOTE);
    if (end != UINT32_MAX && end != behind) note_flaw(record, CSV_TEXT_BEHIND_QUOTE);
    return end;
}

/* The place where a quoted field opens when the field at start is one, else UINT32_MAX. */
static inline uint32_t quote_opens(const struct splitter *s, uint32_t start) {
    uint32_t at = s->special[s->next];
    if (char_at(s, at) != s->dialect->quote || at >= s->end) return UINT32_MAX;
    if (at == start) return at;
    if (!s->dialect->trim) return UINT32_MAX;
    for (uint32_t i = start; i < at; i++)
        if (!is_blank(char_at(s, i))) return UINT32_MAX;
    return at;
}

static inline uint32_t split_field(struct splitter *s, uint32_t start, struct csv_field *field) {
    if (s->next >= s->count) return UINT32_MAX;
    *field = (struct csv_field){.start = start};
    if (char_at(s, s->special[s->next]) == s->dialect->quote) {
        uint32_t open = quote_opens(s, start);
        if (open != UINT32_MAX) return split_quoted(s, open, field);
    }
    return field->end = find_field_end(s, CSV_QUOTE_INSIDE);
}

/* Behind the line break at `at`; UINT32_MAX when it cannot be told yet whether an LF follows the CR. */
static inline uint32_t pass_line_break(struct splitter *s, uint32_t at) {
    s->next++;
    if (char_at(s, at) == '\n') return at + 1 < s->end ? at + 1 : s->end;
    if (at + 1 >= s->end) return s->last ? s->end : UINT32_MAX;
    if (char_at(s, at + 1) != '\n') return at + 1;
    s->next++;
    return at + 2;
}

static uint32_t skip_line(struct splitter *s) {
    for (; s->next < s->count; s->next++) {
        uint32_t at = s->special[s->next];
        if (char_at(s, at) == '\n' || char_at(s, at) == '\r') return pass_line_break(s, at);
    }
    return UINT32_MAX;
}

/* The fields that are not quoted and end at a delimiter, as most do. Returns where the first other one
 * begins. */
static inline uint32_t split_simple_fields(struct splitter *s, uint32_t pos) {
    struct csv_record *record = s->record;
    struct csv_field *fields = record->fields;
    const int delimiter = s->dialect->delimiter;
    uint32_t next = s->next, field = record->field_count;
    for (; next < s->count && field < record->max_fields; next++) {
        uint32_t at = s->special[next];
        if (char_at(s, at) != delimiter) break;
        fields[field++] = (struct csv_field){.start = pos, .end = at};
        pos = at + 1;
    }
    s->next = next;
    record->field_count = field;
    return pos;
}

static uint32_t split_record(struct splitter *s, uint32_t pos) {
    struct csv_record *record = s->record;
    struct csv_field spare;
    for (;;) {
        pos = split_simple_fields(s, pos);
        struct csv_field *field =
            record->field_count < record->max_fields ? &record->fields[record->field_count] : &spare;
        uint32_t at = split_field(s, pos, field);
        if (at == UINT32_MAX) return UINT32_MAX;
        record->field_count++;
        if (char_at(s, at) != s->dialect->delimiter) {
            record->end = at;
            return pass_line_break(s, at);
        }
        s->next++;
        pos = at + 1;
    }
}

enum csv_outcome csv_next_record(struct csv_cursor *cursor, const struct csv_dialect *dialect,
                                 struct csv_record *record) {
    struct splitter s = {cursor->data, cursor->special, cursor->next, cursor->count,
                         cursor->end,  cursor->last,    dialect,      record};
    record->start = record->end = cursor->pos;
    record->field_count = record->line_breaks = 0;
    record->flaw = CSV_SOUND;
    record->open_at = UINT32_MAX;
    if (cursor->pos >= cursor->end) return CSV_MORE;
    bool comment = char_at(&s, cursor->pos) == dialect->comment;
    uint32_t behind = comment ? skip_line(&s) : split_record(&s, cursor->pos);
    if (behind == UINT32_MAX) return CSV_MORE;
    record->line_breaks++;
    cursor->pos = behind;
    cursor->next = s.next;
    if (comment) return CSV_NOTHING;
    /* No byte but the delimiters between the fields: all of them are empty, none is quoted. */
    return record->end - record->start == record->field_count - 1 ? CSV_NOTHING : CSV_ROW;
}

size_t csv_unescape(const struct csv_dialect *dialect, struct str text, char *to) {
    int mark = dialect->escape >= 0 ? dialect->escape : dialect->quote;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] == mark && i + 1 < text.len) i++;
        to[len++] = text.ptr[i];
    }
    return len;
}

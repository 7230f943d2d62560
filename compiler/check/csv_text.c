/* Csv texts, record by record. */
#include "compiler/check/csv_text.h"

#include "runtime/value/text.h"

struct csv_cursor csv_start(struct arena *arena, const struct source_text *source, char delimiter) {
    struct csv_cursor cursor = {.source = source, .arena = arena, .delimiter = delimiter};
    if (str_starts_with(source->text, STR("\xEF\xBB\xBF"))) cursor.at = 3;
    return cursor;
}

bool csv_is_blank(const struct csv_record *record) {
    return record->fields.count == 1 && text_trim(record->fields.items[0]).len == 0;
}

static struct str csv_quoted_field(struct csv_cursor *cursor, bool *open_quote) {
    struct str text = cursor->source->text;
    uint32_t start = cursor->at + 1, end = start;
    while (end < text.len && (text.ptr[end] != '"' || (end + 1 < text.len && text.ptr[end + 1] == '"')))
        end += text.ptr[end] == '"' ? 2 : 1;
    *open_quote = end >= text.len;
    if (end > text.len) end = (uint32_t)text.len;
    char *out = arena_alloc(cursor->arena, end - start + 1);
    size_t len = 0;
    for (uint32_t i = start; i < end; i++) {
        out[len++] = text.ptr[i];
        if (text.ptr[i] == '"') i++;
    }
    cursor->at = *open_quote ? end : end + 1;
    return str_from(out, len);
}

static struct str csv_plain_field(struct csv_cursor *cursor) {
    struct str text = cursor->source->text;
    uint32_t start = cursor->at;
    while (cursor->at < text.len && text.ptr[cursor->at] != cursor->delimiter && text.ptr[cursor->at] != '\n')
        cursor->at++;
    uint32_t end = cursor->at;
    if (end > start && text.ptr[end - 1] == '\r') end--;
    return str_from(text.ptr + start, end - start);
}

bool csv_next(struct csv_cursor *cursor, struct csv_record *record) {
    struct str text = cursor->source->text;
    *record = (struct csv_record){.span = {cursor->source, cursor->at, cursor->at}};
    if (cursor->at >= text.len) return false;
    for (;;) {
        bool quoted = cursor->at < text.len && text.ptr[cursor->at] == '"';
        struct str field = quoted ? csv_quoted_field(cursor, &record->open_quote) : csv_plain_field(cursor);
        VEC_PUSH(cursor->arena, &record->fields, field);
        VEC_PUSH(cursor->arena, &record->quoted, quoted);
        while (cursor->at < text.len && text.ptr[cursor->at] != cursor->delimiter &&
               text.ptr[cursor->at] != '\n')
            cursor->at++;
        if (cursor->at >= text.len || text.ptr[cursor->at] == '\n') break;
        cursor->at++;
    }
    record->span.end = cursor->at;
    while (record->span.end > record->span.start && text.ptr[record->span.end - 1] == '\r')
        record->span.end--;
    if (cursor->at < text.len) cursor->at++;
    return true;
}

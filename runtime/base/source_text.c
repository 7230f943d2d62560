/* Line tables. */
#include "runtime/base/source_text.h"

#include "runtime/base/utf8.h"

static uint32_t count_lines(struct str text) {
    uint32_t n = 1;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

const struct source_text *source_text_new(struct arena *arena, struct str name, struct str text) {
    struct source_text *s = ARENA_NEW(arena, struct source_text);
    s->name = arena_copy_str(arena, name);
    s->text = arena_copy_str(arena, text);
    s->line_count = count_lines(s->text);
    uint32_t *starts = ARENA_ARRAY(arena, uint32_t, s->line_count);
    uint32_t line = 0;
    starts[line++] = 0;
    for (size_t i = 0; i < s->text.len; i++)
        if (s->text.ptr[i] == '\n') starts[line++] = (uint32_t)i + 1;
    s->line_start = starts;
    return s;
}

struct line_column source_text_locate(const struct source_text *source, uint32_t offset) {
    uint32_t low = 0, high = source->line_count;
    if (offset > source->text.len) offset = (uint32_t)source->text.len;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (source->line_start[mid] <= offset)
            low = mid;
        else
            high = mid;
    }
    struct str before =
        str_from(source->text.ptr + source->line_start[low], offset - source->line_start[low]);
    return (struct line_column){low + 1, (uint32_t)utf8_count(before) + 1};
}

struct str source_text_line(const struct source_text *source, uint32_t line) {
    if (line == 0 || line > source->line_count) return STR("");
    size_t start = source->line_start[line - 1];
    size_t end = line < source->line_count ? source->line_start[line] - 1 : source->text.len;
    if (end > start && source->text.ptr[end - 1] == '\r') end--;
    return str_from(source->text.ptr + start, end - start);
}

struct str span_text(struct span span) {
    if (span.source == NULL || span.end > span.source->text.len || span.start > span.end) return STR("");
    return str_from(span.source->text.ptr + span.start, span.end - span.start);
}

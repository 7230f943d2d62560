/* A source text (a spec, a module, a DDL file) with its line table: byte offsets inside, lines and columns
 * outside. */
#ifndef MIG_BASE_SOURCE_TEXT_H
#define MIG_BASE_SOURCE_TEXT_H

#include "runtime/base/arena.h"

struct source_text {
    struct str name;            /* as the user wrote it, for messages */
    struct str text;            /* UTF-8; NUL-terminated behind its end */
    const uint32_t *line_start; /* byte offset of each line's first byte */
    uint32_t line_count;
};

/* Half-open byte range in a source text. source NULL means: no place (a command line, an environment). */
struct span {
    const struct source_text *source;
    uint32_t start, end;
};

/* 1-based line; 1-based column counted in code points. */
struct line_column {
    uint32_t line, column;
};

/* Copies name and text into the arena. text must be shorter than 4 GiB. */
const struct source_text *source_text_new(struct arena *arena, struct str name, struct str text);
struct line_column source_text_locate(const struct source_text *source, uint32_t offset);
/* The line (1-based) without its line break. */
struct str source_text_line(const struct source_text *source, uint32_t line);
/* The text a span covers. */
struct str span_text(struct span span);
/* From the start of a to the end of b. */
static inline struct span span_join(struct span a, struct span b) {
    if (a.source == NULL) return b;
    if (b.source != a.source) return a;
    return (struct span){a.source, a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end};
}

#endif

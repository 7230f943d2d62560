/* What the two halves of the disassembler share; internal to runtime/plan. Plans of any content are printed:
 * indexes that are out of range print as numbers. */
#ifndef MIG_PLAN_DISASSEMBLE_H
#define MIG_PLAN_DISASSEMBLE_H

#include "runtime/plan/plan.h"

struct disassembler {
    const struct plan *plan;
    struct buf *out;
    struct arena arena;
    const struct source_text **files; /* beside plan->files, for lines */
};

/* Everything but programs and the long texts. */
void disassemble_declarations(struct disassembler *d);
void disassemble_type(const struct disassembler *d, struct plan_type type);
/* Text in single quotes on one line, cut after `limit` bytes at a character. */
void disassemble_text(struct disassembler *d, struct str text, size_t limit);
/* File and line of a span's start; false: it has none. */
bool disassemble_locate(const struct disassembler *d, const struct plan_span *span, uint32_t *line);

#endif

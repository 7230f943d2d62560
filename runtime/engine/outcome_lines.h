/* Reading outcomes.ndjson.zst back, line by line. */
#ifndef MIG_ENGINE_OUTCOME_LINES_H
#define MIG_ENGINE_OUTCOME_LINES_H

#include "runtime/base/diag.h"

struct outcome_lines;

struct outcome_line {
    struct str map, file, outcome, code, at, message; /* live until the next line */
    uint64_t line, row;
};

/* NULL with a diagnostic. */
struct outcome_lines *outcome_lines_open(struct str path, struct diag_list *diags);
/* 1: a line, 0: the end, -1: the file is damaged, with a diagnostic. */
int outcome_lines_next(struct outcome_lines *lines, struct outcome_line *line, struct diag_list *diags);
void outcome_lines_close(struct outcome_lines *lines); /* NULL is fine */

#endif

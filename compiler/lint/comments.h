/* What comments.c (specs) and comments_sql.c (DDL) share. */
#ifndef MIG_LINT_COMMENTS_H
#define MIG_LINT_COMMENTS_H

#include "compiler/lint/rules.h"

/* Reads a comment (its text starts with `--`): adds what it allows to the file; what it covers is not known
 * yet. Reports suppressions without a reason and unknown rules. */
void lint_read_allow(struct arena *arena, struct lint_comments *file, struct span comment,
                     struct diag_list *diags);

#endif

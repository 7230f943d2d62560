/* The formatter: one layout for every spec, without options. It changes blanks, indentation and blank lines
 * only: which words stand on a line is the author's, every word, sign, text and comment stays as it was
 * written (blanks at the end of a comment go).
 *
 *  - indentation is two blanks for each level; what continues a line stands two further in;
 *  - lines of a kind that follow each other (columns of a source, assignments, codes, settings, parameters)
 *    are aligned: where the author aligned all of them, at the author's column, else as tightly as they fit;
 *  - anywhere else, the same word or sign in the same column of neighbouring lines, set there with two or
 * more blanks, stays aligned; other runs of blanks become one;
 *  - two blanks stand before an item's first `on EVENT` and before a comment behind code;
 *  - one blank line at most, none behind an opening and before a closing bracket; one line end at the end. */
#ifndef MIG_FORMAT_FORMAT_H
#define MIG_FORMAT_FORMAT_H

#include "runtime/base/diag.h"

/* Lays `source` out. False, with diagnostics, when it has syntax errors, or when the result would not be the
 * same spec (X_FORMAT_BROKEN: the formatter is wrong then, and the text must stay as it is). Otherwise *text
 * is the result, in `arena`; it equals source->text when nothing is to be done. Line ends are those of the
 * source's first line. */
bool format_source(struct arena *arena, const struct source_text *source, struct diag_list *diags,
                   struct str *text);

/* The lines that differ between two texts as a unified diff with three lines of context, headed by
 * `--- old_name` and `+++ new_name`. Appends nothing when the texts are equal. */
void format_unified_diff(struct str old_name, struct str old_text, struct str new_name, struct str new_text,
                         struct buf *out);

#endif

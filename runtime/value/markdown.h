/* CommonMark through libcmark. */
#ifndef MIG_VALUE_MARKDOWN_H
#define MIG_VALUE_MARKDOWN_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

/* The same document in one spelling: \r\n and \r become \n, then parsed and rendered as CommonMark without
 * re-wrapping; no blank lines at the end. FAULT_TOO_LARGE above 16 MiB. */
enum fault markdown_normalise(struct arena *arena, struct str text, struct str *out);
/* HTML; raw HTML and dangerous links (javascript:, …) are left out. */
enum fault markdown_to_html(struct arena *arena, struct str text, struct str *out);
/* The text alone: no markup, no link targets, blocks apart by an empty line. */
enum fault markdown_to_text(struct arena *arena, struct str text, struct str *out);

#endif

/* What a file holds, without a spec: its format, encoding and separators, its tables and their columns, as
 * plan_sources that readers open. Every column is text that may be null. */
#ifndef MIG_PROFILE_DISCOVER_H
#define MIG_PROFILE_DISCOVER_H

#include "runtime/reader/reader.h"

struct discovery {
    VEC(struct plan_source) sources; /* of one table each, but for workbooks; named by files and paths */
    VEC(struct str) notes;           /* what was left out or had to be guessed, in whole sentences */
    struct arena *arena;
};

void discovery_init(struct discovery *discovery, struct arena *arena);
/* Adds what a file, or the files of a pattern, hold. location and base_dir as in plan_source and
 * reader_options. False with diagnostics. */
bool discover_location(struct discovery *discovery, struct str location, struct str base_dir,
                       struct diag_list *diags);

/* An array of texts or of anything: the type of a JSON column that holds arrays. */
struct plan_type discover_array_type(enum type_kind element);

#endif

/* What the discoverers of formats share. */
#ifndef MIG_PROFILE_DISCOVER_INTERNAL_H
#define MIG_PROFILE_DISCOVER_INTERNAL_H

#include "runtime/profile/discover.h"
#include "runtime/reader/reader_internal.h"

enum { DISCOVER_MOST_COLUMNS = 1600 }; /* of a table; more are left out, and said so */

/* One location being looked at. */
struct finding {
    struct discovery *discovery;
    struct reader_options options;
    struct str location;
    struct source_file *files; /* at least one */
    uint32_t file_count;
    struct diag_list *diags;
};

typedef bool discover_fn(struct finding *finding);
discover_fn discover_csv, discover_json, discover_xlsx;

void discover_note(struct discovery *discovery, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A source at the location, not yet added. suffix: of its name, behind the file's; may be empty. */
struct plan_source discover_source(struct finding *finding, enum plan_source_format format,
                                   struct str suffix);
/* Columns with identifiers of their own for these names. Blank and repeated names are left out with a note
 * that begins with `place`. */
void discover_columns(struct finding *finding, struct plan_source_table *table, const struct str *names,
                      uint32_t count, struct str place);
/* Makes the names of columns differ, in their order. */
void discover_distinct_names(struct arena *arena, struct plan_source_column *columns, uint32_t count);
void discover_add(struct finding *finding, struct plan_source source);

#endif

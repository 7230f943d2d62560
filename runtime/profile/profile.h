/* Profiles of source tables: every row is read, memory is bounded by the number of columns. */
#ifndef MIG_PROFILE_PROFILE_H
#define MIG_PROFILE_PROFILE_H

#include "runtime/profile/column.h"
#include "runtime/reader/reader.h"

enum { PROFILE_EXAMPLES = 3 };

struct table_profile {
    const struct plan_source *source; /* belongs to who asked for the profile */
    const struct plan_source_table *table;
    struct str name; /* of the source, and of the sheet or table where there are several */
    uint64_t rows;
    uint64_t child_rows; /* of these, below others */
    uint64_t ragged, malformed, bad_encoding;
    struct str fault_examples[PROFILE_EXAMPLES];
    uint32_t fault_example_count;
    uint32_t exact; /* distinct values up to which counts are exact */
    uint32_t file_count;
    uint64_t bytes;
    struct column_profile *columns; /* table->columns_count */
    uint32_t column_count;
    VEC(struct str) unnamed; /* columns of the files that the table does not have */
    struct arena arena;
};

/* Reads the whole table. A profile with diagnostics that are warnings is complete; NULL: with errors. Free
 * with profile_free. The source must outlive it. */
struct table_profile *profile_read(const struct plan_source *source, uint32_t table,
                                   const struct reader_options *options, struct diag_list *diags);
/* As an option of profile_read: plan for sources in databases, which are found by it. */
struct table_profile *profile_read_in_plan(const struct plan *plan, uint32_t source, uint32_t table,
                                           const struct reader_options *options, struct diag_list *diags);
void profile_free(struct table_profile *profile);

struct report_options {
    bool show_values; /* of suspected personal data, too */
    bool colour;
};

/* For terminals. */
void profile_write_text(const struct table_profile *profile, const struct report_options *options,
                        struct buf *out);
/* One JSON object. */
void profile_write_json(const struct table_profile *profile, const struct report_options *options,
                        struct buf *out);
/* One page about all of them, complete in itself. notes: sentences about all. */
void profile_write_html(const struct table_profile *const *profiles, uint32_t count, const struct str *notes,
                        uint32_t note_count, const struct report_options *options, struct buf *out);

#endif

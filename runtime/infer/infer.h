/* A draft of a spec, from profiles of source tables and a target's DDL. What is guessed is marked as such;
 * the draft compiles, always: what does not compile is left out and listed. */
#ifndef MIG_INFER_INFER_H
#define MIG_INFER_INFER_H

#include "compiler/check/check.h"
#include "runtime/profile/profile.h"

struct infer_request {
    struct str name;                 /* of the migration: an identifier */
    struct table_profile **profiles; /* of every table of every source */
    uint32_t profile_count;
    struct str *notes; /* from looking at the files: sentences for the top of the draft */
    uint32_t note_count;
    const struct source_text *ddl; /* of the target; NULL: none, then each table becomes a csv file */
    struct str ddl_path;           /* as the spec names it */
};

struct infer_result {
    struct str text; /* the spec, formatted */
    uint32_t maps;
    uint32_t columns, matched; /* of the target tables that have a map; those with a value from a source */
    uint32_t removed;          /* lines that did not compile and were taken out */
};

/* False with diagnostics: the DDL does not parse, or nothing could be drafted. */
bool infer_draft(struct arena *arena, const struct infer_request *request, struct infer_result *result,
                 struct diag_list *diags);

#endif

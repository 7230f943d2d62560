/* The checker: from trees to a plan. Declarations are collected (modules included), resolved, typed, ordered;
 * every independent mistake is reported once. */
#ifndef MIG_CHECK_CHECK_H
#define MIG_CHECK_CHECK_H

#include "compiler/emit/emit.h"
#include "compiler/schema/schema.h"
#include "compiler/syntax/parse.h"

/* Reads a file that the spec names (a module, DDL, a codes file), relative to the spec's folder; stdlib
 * modules as `std/name.mig`. NULL when it cannot be read (the reader of files has said why in diags). So the
 * compiler itself opens no files, and the language server can serve unsaved texts. */
struct compile_files {
    const struct source_text *(*read)(void *context, struct str path, struct span asked_at,
                                      struct diag_list *diags);
    void *context;
};

/* Compiles a spec. NULL when diags has errors; warnings may be there either way. The plan lives in the arena
 * and is complete but not yet verified: plan_write and plan_read follow. */
struct plan *compile_spec(struct arena *arena, const struct source_text *spec,
                          const struct compile_files *files, struct diag_list *diags);

/* The same, with instructions that note what rows of tests come to: for coverage, not for runs. */
struct plan *compile_spec_measured(struct arena *arena, const struct source_text *spec,
                                   const struct compile_files *files, struct diag_list *diags);

struct check_recorder;
/* The same, telling a recorder (compiler/check/recorder.h) what names and expressions are; for editors. */
struct plan *compile_spec_recorded(struct arena *arena, const struct source_text *spec,
                                   const struct compile_files *files, struct check_recorder *recorder,
                                   struct diag_list *diags);

#endif

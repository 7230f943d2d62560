/* The linter: what is legal in a spec, and in the target's DDL, but doubtful. The rules are those of
 * runtime/base/rules.def; each is one function that looks at a checked spec.
 *
 * Suppressions stand in the text: `-- mig:allow rule-name because …` covers the next item only: a
 * declaration, a clause, a line of a block; in DDL a statement, or inside of one a line. */
#ifndef MIG_LINT_LINT_H
#define MIG_LINT_LINT_H

#include "compiler/check/check.h"
#include "runtime/base/rule.h"

/* How severe each rule is: from a project file. */
struct lint_settings {
    struct lint_setting {
        bool off;
        enum diag_severity severity;
    } rules[DIAG_CODE_COUNT]; /* by code; those that are no rule's are not used */
};

/* As rules.def has it. */
void lint_settings_init(struct lint_settings *settings);
/* Reads the lines of a project file (.mig-lint): `rule-name off|note|warning|error`, `--` starts a comment.
 * False: some lines are wrong (L0003); the others hold. */
bool lint_settings_read(struct lint_settings *settings, const struct source_text *text,
                        struct diag_list *diags);

/* Checks and lints a spec. With errors of the compiler (they are in diags then) no rule is looked at.
 * Diagnostics that the settings or the text switch off are not in diags. */
void lint_spec(struct arena *arena, const struct source_text *spec, const struct compile_files *files,
               const struct lint_settings *settings, struct diag_list *diags);

struct compile;
/* The same for a spec that the compiler has checked or compiled already, without errors. found: what it said;
 * diags is another list. */
void lint_checked(struct arena *arena, struct compile *compile, const struct diag_list *found,
                  const struct lint_settings *settings, struct diag_list *diags);

/* Takes out warnings that the spec's own comments suppress: for commands that only compile. */
void lint_drop_suppressed(struct arena *arena, const struct source_text *spec, struct diag_list *diags);

/* The text with the fixes that diags offer for it. Of two that overlap the first one is taken. *count: how
 * many. The text unchanged and 0: there are none, or the result would have more syntax errors than before. */
struct str lint_apply_fixes(struct arena *arena, const struct source_text *source,
                            const struct diag_list *diags, uint32_t *count);

#endif

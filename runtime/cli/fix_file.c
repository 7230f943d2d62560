/* Writing fixes back into a spec's file. */
#include "compiler/lint/lint.h"
#include "runtime/cli/cli.h"

bool cli_fix_file(struct cli *cli, const struct source_text *spec, const struct diag_list *diags,
                  uint32_t *count) {
    struct str fixed = lint_apply_fixes(&cli->arena, spec, diags, count);
    return *count == 0 || cli_replace_file(cli, spec->name, fixed);
}

/* mig explain: the page of a code. */
#include "runtime/base/rule.h"
#include "runtime/cli/cli.h"

#include <ctype.h>
#include <stdio.h>

static const char HELP[] =
    "Prints the page of a code: what it means, a spec that raises it, one that does not, what to do.\n\n"
    "  mig explain E0301\n"
    "  mig explain hidden-error\n"
    "  mig explain            lists all codes; `mig lint --rules` the linter's\n";

static void list_codes(void) {
    for (int i = 0; i < DIAG_CODE_COUNT; i++) {
        if (diag_code_id((enum diag_code)i)[0] == 'L') continue; /* `mig lint --rules` lists those */
        printf("%s  %s\n", diag_code_id((enum diag_code)i), diag_code_title((enum diag_code)i));
    }
}

int cmd_explain(struct cli *cli, int argc, char **argv) {
    const struct option options[] = {OPTION_END};
    struct arguments arguments;
    enum diag_code known;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) {
        list_codes();
        return EXIT_WELL;
    }
    if (arguments.words.count > 1) return cli_usage(cli, "one code, please");
    const struct rule *rule = rule_find(arguments.words.items[0]);
    if (rule)
        known = rule->code;
    else if (!diag_code_find(arguments.words.items[0], &known))
        return cli_usage(cli, "there is no code %.*s; `mig explain` lists all",
                         STR_ARG(arguments.words.items[0]));
    struct str page;
    if (cli_page(known, &page))
        fwrite(page.ptr, 1, page.len, stdout);
    else
        printf("%s: %s\n", diag_code_id(known), diag_code_title(known));
    return EXIT_WELL;
}

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

static void add_json(enum diag_code code, struct buf *out) {
    buf_append_cstr(out, "{\"code\":");
    buf_append_json(out, str_cstr(diag_code_id(code)));
    buf_append_cstr(out, ",\"title\":");
    buf_append_json(out, str_cstr(diag_code_title(code)));
}

static void list_codes(struct cli *cli) {
    struct buf out = {0};
    for (int i = 0; i < DIAG_CODE_COUNT; i++) {
        enum diag_code code = (enum diag_code)i;
        if (diag_code_id(code)[0] == 'L') continue; /* `mig lint --rules` lists those */
        if (cli->json) {
            buf_append_cstr(&out, out.len ? "},\n" : "[");
            add_json(code, &out);
        } else {
            buf_printf(&out, "%s  %s\n", diag_code_id(code), diag_code_title(code));
        }
    }
    if (cli->json) buf_append_cstr(&out, "}]\n");
    cli_print(&out);
    buf_release(&out);
}

static void show_page(struct cli *cli, enum diag_code code, struct str page) {
    struct buf out = {0};
    if (cli->json) {
        add_json(code, &out);
        buf_append_cstr(&out, ",\"page\":");
        buf_append_json(&out, page);
        buf_append_cstr(&out, "}\n");
    } else {
        buf_append_str(&out, page);
    }
    cli_print(&out);
    buf_release(&out);
}

int cmd_explain(struct cli *cli, int argc, char **argv) {
    const struct option options[] = {OPTION_END};
    struct arguments arguments;
    enum diag_code known;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) {
        list_codes(cli);
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
    if (!cli_page(known, &page))
        page = arena_printf(&cli->arena, "%s: %s\n", diag_code_id(known), diag_code_title(known));
    show_page(cli, known, page);
    return EXIT_WELL;
}

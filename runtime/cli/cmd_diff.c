/* mig diff: what two versions of a migration do differently. */
#include "compiler/compare/compare.h"
#include "runtime/cli/cli.h"

#include <stdio.h>

static const char HELP[] =
    "Shows what changed in meaning between two specs or plans, with its kind, gravest first:\n\n"
    "  breaking   something is gone or narrower: a column, map, source, type; a parameter that must be "
    "given\n"
    "  key        what identifies rows: keys, uuid5 arguments, conflict columns, the migration's name\n"
    "  rollback   what a rollback does\n"
    "  behaviour  other values, rows, handlers, checks\n"
    "  widening   more is accepted: tolerance up, codes added, nullable, a default\n"
    "  cosmetic   layout, comments, documentation, tests\n\n"
    "  mig diff portal-v3.migc portal.mig\n"
    "  mig diff old.mig new.mig --fail-on breaking,key      for CI\n\n"
    "Exit codes: 0 compared, 1 a change of a --fail-on kind, or a spec is wrong, 2 usage.\n";

/* "breaking,key" as a set of classes. False for an unknown one, which *unknown then is. */
static bool read_classes(struct str list, bool wanted[COMPARE_CLASS_COUNT], struct str *unknown) {
    for (size_t at = 0; at < list.len;) {
        const char *comma = memchr(list.ptr + at, ',', list.len - at);
        size_t end = comma ? (size_t)(comma - list.ptr) : list.len;
        enum compare_class class;
        *unknown = str_from(list.ptr + at, end - at);
        if (!compare_class_find(*unknown, &class)) return false;
        wanted[class] = true;
        at = end + 1;
    }
    return true;
}

int cmd_diff(struct cli *cli, int argc, char **argv) {
    struct str fail_on = {0}, base, unknown;
    bool wanted[COMPARE_CLASS_COUNT] = {0};
    const struct option options[] = {
        {"fail-on", 0, OPTION_TEXT, &fail_on, "KIND,…",
         "exit with 1 when a change of one of these kinds is there"},
        OPTION_END,
    };
    struct arguments arguments;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count != 2)
        return cli_usage(cli, "two specs or plans, please: the old and the new one");
    if (!read_classes(fail_on, wanted, &unknown))
        return cli_usage(
            cli, "--fail-on knows breaking, key, rollback, behaviour, widening and cosmetic, not %.*s",
            STR_ARG(unknown));
    struct compare_result result = {0};
    struct plan *before = cli_load_plan(cli, arguments.words.items[0], &base, &code);
    struct plan *after = before ? cli_load_plan(cli, arguments.words.items[1], &base, &code) : NULL;
    if (after == NULL || !compare_plans(&cli->arena, before, after, &result, &cli->diags)) {
        cli_show_diags(cli);
        return code;
    }
    struct buf out = {0};
    if (cli->json)
        compare_render_json(&result, &out);
    else
        compare_render_text(&result, &out);
    cli_print(&out);
    buf_release(&out);
    for (int c = 0; c < COMPARE_CLASS_COUNT; c++)
        if (wanted[c] && result.counts[c]) return EXIT_SPEC;
    return EXIT_WELL;
}

/* mig test: the tests written in specs. */
#include "runtime/cli/cli.h"
#include "runtime/engine/run.h"

#include <stdio.h>

static const char HELP[] =
    "Runs the tests of each spec in memory: the rows that a test gives stand in for sources and target.\n\n"
    "  mig test portal.mig\n"
    "  mig test portal.mig --only 'a task finds'\n\n"
    "Exit codes: 0 all passed, 1 a test failed, the spec is wrong, or no test was selected, 2 usage.\n";

static void print_text(const struct spec_test_report *report) {
    for (uint32_t i = 0; i < report->tests.count; i++) {
        const struct spec_test_result *test = &report->tests.items[i];
        printf("%s  %.*s\n", test->passed ? "ok    " : "FAILED", STR_ARG(test->title));
        for (uint32_t f = 0; f < test->failures.count; f++)
            printf("        %.*s\n", STR_ARG(test->failures.items[f]));
    }
    printf("%u passed, %u failed\n", report->passed, report->failed);
}

static void print_json(struct str spec, const struct spec_test_report *report) {
    struct buf out = {0};
    buf_append_cstr(&out, "{\"spec\":");
    buf_append_json(&out, spec);
    buf_printf(&out, ",\"passed\":%u,\"failed\":%u,\"tests\":[", report->passed, report->failed);
    for (uint32_t i = 0; i < report->tests.count; i++) {
        const struct spec_test_result *test = &report->tests.items[i];
        buf_append_cstr(&out, i ? ",{\"title\":" : "{\"title\":");
        buf_append_json(&out, test->title);
        buf_printf(&out, ",\"passed\":%s,\"failures\":[", test->passed ? "true" : "false");
        for (uint32_t f = 0; f < test->failures.count; f++) {
            if (f) buf_append_char(&out, ',');
            buf_append_json(&out, test->failures.items[f]);
        }
        buf_append_cstr(&out, "]}");
    }
    buf_append_cstr(&out, "]}\n");
    cli_print(&out);
    buf_release(&out);
}

int cmd_test(struct cli *cli, int argc, char **argv) {
    struct str only = {0};
    bool allow_extern = false, good = true;
    const struct option options[] = {
        {"only", 0, OPTION_TEXT, &only, "TEXT", "only tests whose title holds TEXT"},
        {"allow-extern", 0, OPTION_FLAG, &allow_extern, NULL, "load the spec's extern functions"},
        OPTION_END,
    };
    struct arguments arguments;
    struct str base;
    int code;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "which spec?");
    for (uint32_t i = 0; i < arguments.words.count; i++) {
        struct plan *plan = cli_load_plan(cli, arguments.words.items[i], &base, &code);
        struct spec_test_report report = {0};
        good = plan && run_spec_tests(plan, only, allow_extern, &cli->arena, &report, &cli->diags) && good;
        if (report.tests.count == 0) continue;
        if (cli->json)
            print_json(arguments.words.items[i], &report);
        else
            print_text(&report);
    }
    fflush(stdout);
    if (!cli->json || cli->diags.error_count) cli_show_diags(cli);
    return good ? EXIT_WELL : EXIT_SPEC;
}

/* mig test: the tests written in specs. */
#include "runtime/base/diag_formats.h"
#include "runtime/cli/cli.h"
#include "runtime/engine/run.h"

#include <stdio.h>

static const char HELP[] =
    "Runs the tests of each spec in memory: the rows that a test gives stand in for sources and target.\n\n"
    "  mig test portal.mig\n"
    "  mig test portal.mig --only 'a task finds'\n"
    "  mig test --format junit portal.mig      for CI servers\n\n"
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

/* For the formats of CI servers: what failed, as a diagnostic at the test. */
static void add_diags(struct cli *cli, const struct plan *plan, const struct spec_test_report *report) {
    for (uint32_t i = 0; i < report->tests.count; i++) {
        const struct spec_test_result *test = &report->tests.items[i];
        struct span span = {0};
        if (test->passed) continue;
        if (test->span.file < plan->files_count) {
            const struct plan_file *file = &plan->files[test->span.file];
            span = (struct span){source_text_new(&cli->arena, file->name, file->text), test->span.start,
                                 test->span.start};
            while (span.end < test->span.end && span.end < file->text.len && file->text.ptr[span.end] != '\n')
                span.end++; /* the test's first line */
        }
        struct diag *diag =
            diag_report(&cli->diags, X_TEST_FAILED, span, "test '%.*s' failed", STR_ARG(test->title));
        for (uint32_t f = 0; f < test->failures.count; f++)
            diag_help(&cli->diags, diag, "%.*s", STR_ARG(test->failures.items[f]));
    }
}

static struct junit_suite make_suite(struct cli *cli, struct str spec, const struct plan *plan,
                                     const struct spec_test_report *report) {
    struct junit_suite suite = {.name = spec};
    for (uint32_t i = 0; i < report->tests.count; i++) {
        const struct spec_test_result *test = &report->tests.items[i];
        struct junit_case one = {.name = test->title};
        if (test->span.file < plan->files_count) {
            const struct plan_file *file = &plan->files[test->span.file];
            one.file = file->name;
            one.line =
                source_text_locate(source_text_new(&cli->arena, file->name, file->text), test->span.start)
                    .line;
        }
        for (uint32_t f = 0; f < test->failures.count; f++)
            VEC_PUSH(&cli->arena, &one.failures, test->failures.items[f]);
        VEC_PUSH(&cli->arena, &suite.cases, one);
    }
    return suite;
}

struct suites {
    VEC(struct junit_suite) items;
};

/* A spec that does not compile is a suite of its errors. */
static void print_junit(struct cli *cli, struct suites *suites) {
    struct buf out = {0};
    if (cli->diags.error_count) {
        struct junit_suite errors = {.name = STR("specs")};
        junit_add_diags(&cli->arena, &cli->diags, false, &errors);
        for (uint32_t i = 0; i < errors.cases.count; i++)
            errors.cases.items[i].is_error = true;
        VEC_PUSH(&cli->arena, &suites->items, errors);
    }
    junit_render(STR("mig test"), suites->items.items, suites->items.count, &out);
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
    struct suites suites = {0};
    struct str base;
    int code;
    cli->for_ci = true;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "which spec?");
    for (uint32_t i = 0; i < arguments.words.count; i++) {
        struct str spec = arguments.words.items[i];
        struct plan *plan = cli_load_plan(cli, spec, &base, &code);
        struct spec_test_report report = {0};
        good = plan && run_spec_tests(plan, only, allow_extern, &cli->arena, &report, &cli->diags) && good;
        if (report.tests.count == 0) continue;
        switch (cli->format) {
        case FORMAT_TEXT: print_text(&report); break;
        case FORMAT_JSON: print_json(spec, &report); break;
        case FORMAT_JUNIT: VEC_PUSH(&cli->arena, &suites.items, make_suite(cli, spec, plan, &report)); break;
        default: add_diags(cli, plan, &report);
        }
    }
    fflush(stdout);
    if (cli->format == FORMAT_JUNIT)
        print_junit(cli, &suites);
    else if (!cli->json || cli->diags.error_count)
        cli_show_diags(cli);
    return good ? EXIT_WELL : EXIT_SPEC;
}

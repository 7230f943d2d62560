/* mig test: the tests written in specs. */
#include "runtime/base/diag_formats.h"
#include "runtime/cli/cli.h"
#include "runtime/engine/coverage.h"

#include <stdio.h>

static const char HELP[] =
    "Runs the tests of each spec in memory: the rows that a test gives stand in for sources and target.\n\n"
    "  mig test portal.mig\n"
    "  mig test portal.mig --only 'a task finds'\n"
    "  mig test portal.mig --coverage --min-mapping 100 --min-transform 90\n"
    "  mig test --format junit portal.mig      for CI servers\n\n"
    "Exit codes: 0 all passed, 1 a test failed, the spec is wrong, no test was selected, or they cover less\n"
    "than asked for, 2 usage.\n";

/* What the command was asked for, and what came out over all specs. */
struct test_command {
    struct cli *cli;
    struct str only, min_mapping, min_transform, lcov;
    bool allow_extern, coverage, named; /* named: several specs, each with its name above its tests */
    uint32_t mapping_gate, transform_gate;
    uint32_t selected; /* tests, over all specs */
    struct buf lcov_text;
    struct buf json; /* the specs that were tested, as JSON, commas between them */
    VEC(struct junit_suite) suites;
};

static void print_text(const struct spec_test_report *report, struct str name) {
    if (name.len) printf("%.*s\n", STR_ARG(name));
    for (uint32_t i = 0; i < report->tests.count; i++) {
        const struct spec_test_result *test = &report->tests.items[i];
        printf("%s  %.*s\n", test->passed ? "ok    " : "FAILED", STR_ARG(test->title));
        for (uint32_t f = 0; f < test->failures.count; f++)
            printf("        %.*s\n", STR_ARG(test->failures.items[f]));
    }
    printf("%u passed, %u failed\n", report->passed, report->failed);
}

static void add_json(struct buf *out, struct str spec, const struct spec_test_report *report,
                     const struct coverage *coverage) {
    buf_append_cstr(out, out->len ? ",{\"spec\":" : "{\"spec\":");
    buf_append_json(out, spec);
    buf_printf(out, ",\"passed\":%u,\"failed\":%u,\"tests\":[", report->passed, report->failed);
    for (uint32_t i = 0; i < report->tests.count; i++) {
        const struct spec_test_result *test = &report->tests.items[i];
        buf_append_cstr(out, i ? ",{\"title\":" : "{\"title\":");
        buf_append_json(out, test->title);
        buf_printf(out, ",\"passed\":%s,\"failures\":[", test->passed ? "true" : "false");
        for (uint32_t f = 0; f < test->failures.count; f++) {
            if (f) buf_append_char(out, ',');
            buf_append_json(out, test->failures.items[f]);
        }
        buf_append_cstr(out, "]}");
    }
    buf_append_char(out, ']');
    if (coverage) {
        buf_append_cstr(out, ",\"coverage\":");
        coverage_json(coverage, out);
    }
    buf_append_char(out, '}');
}

/* One document: the specs, and the fields of diagnostics. */
static void print_json(struct test_command *command) {
    struct buf out = {0}, diags = {0};
    diag_list_sort(&command->cli->diags);
    diag_list_render_json(&command->cli->diags, &diags);
    buf_append_cstr(&out, "{\"specs\":[");
    buf_append_str(&out, buf_str(&command->json));
    buf_append_cstr(&out, "],");
    buf_append(&out, diags.ptr + 1, diags.len - 1); /* behind its brace */
    cli_print(&out);
    buf_release(&out);
    buf_release(&diags);
    buf_release(&command->json);
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

/* A failure's lines below its first are indented: one failure each, whole. */
static void add_failures(struct cli *cli, const struct spec_test_result *test, struct junit_case *one) {
    struct buf text = {0};
    for (uint32_t f = 0; f < test->failures.count; f++) {
        bool more = f + 1 < test->failures.count && str_starts_with(test->failures.items[f + 1], STR(" "));
        buf_append_str(&text, test->failures.items[f]);
        if (more) {
            buf_append_char(&text, '\n');
            continue;
        }
        VEC_PUSH(&cli->arena, &one->failures, arena_copy_str(&cli->arena, buf_str(&text)));
        buf_clear(&text);
    }
    buf_release(&text);
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
        add_failures(cli, test, &one);
        VEC_PUSH(&cli->arena, &suite.cases, one);
    }
    return suite;
}

/* A spec that does not compile is a suite of its errors. */
static void print_junit(struct test_command *command) {
    struct cli *cli = command->cli;
    struct buf out = {0};
    if (cli->diags.error_count) {
        struct junit_suite errors = {.name = STR("specs")};
        junit_add_diags(&cli->arena, &cli->diags, false, &errors);
        for (uint32_t i = 0; i < errors.cases.count; i++)
            errors.cases.items[i].is_error = true;
        VEC_PUSH(&cli->arena, &command->suites, errors);
    }
    junit_render(STR("mig test"), command->suites.items, command->suites.count, &out);
    cli_print(&out);
    buf_release(&out);
}

/* ---------------------------------------------------------------- coverage */

static bool read_gate(struct str text, uint32_t *gate) {
    *gate = 0;
    if (text.len == 0) return true;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || *gate > 100) return false;
        *gate = *gate * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    return *gate <= 100;
}

/* Rounding never lets a gate pass. */
static bool check_gate(struct test_command *command, struct str spec, const char *name, uint32_t gate,
                       struct coverage_count count) {
    if ((uint64_t)count.covered * 100 >= (uint64_t)gate * count.total) return true;
    struct diag_list *diags = &command->cli->diags;
    struct diag *diag =
        diag_report(diags, X_COVERAGE, (struct span){0}, "%s coverage of %.*s is %u %%, below %u %%", name,
                    STR_ARG(spec), coverage_percent(count), gate);
    diag_help(diags, diag, "%u of %u are covered: `mig test %.*s --coverage` lists the others.",
              count.covered, count.total, STR_ARG(spec));
    return false;
}

static bool show_coverage(struct test_command *command, struct str spec, struct coverage *coverage) {
    coverage_finish(coverage);
    if (command->cli->format == FORMAT_TEXT) {
        struct buf out = {0};
        coverage_text(coverage, &out);
        cli_print(&out);
        buf_release(&out);
    }
    if (command->lcov.len) coverage_lcov(coverage, &command->lcov_text);
    bool mapping = check_gate(command, spec, "mapping", command->mapping_gate, coverage->mapping);
    return check_gate(command, spec, "transform", command->transform_gate, coverage->transform) && mapping;
}

static bool write_lcov(struct test_command *command) {
    if (command->lcov.len == 0) return true;
    bool good = cli_write_file(command->cli, command->lcov, buf_str(&command->lcov_text));
    buf_release(&command->lcov_text);
    return good;
}

/* ---------------------------------------------------------------- specs */

static struct plan *load_plan(struct test_command *command, struct str spec) {
    struct cli *cli = command->cli;
    struct str base;
    int code;
    if (command->coverage && !str_ends_with(spec, STR(".mig"))) {
        struct diag *diag =
            diag_report(&cli->diags, X_COVERAGE, (struct span){0},
                        "%.*s is a plan: what its tests cover can be told of a spec only", STR_ARG(spec));
        diag_help(&cli->diags, diag, "Name the spec that the plan was made from.");
        return NULL;
    }
    cli->measured = command->coverage;
    return cli_load_plan(cli, spec, &base, &code);
}

static bool test_spec(struct test_command *command, struct str spec) {
    struct cli *cli = command->cli;
    struct plan *plan = load_plan(command, spec);
    if (plan == NULL) return false;
    struct spec_test_report report = {0};
    struct spec_test_options options = {.filter = command->only, .allow_extern = command->allow_extern};
    if (command->coverage) options.coverage = coverage_new(&cli->arena, plan);
    bool good = run_spec_tests(plan, &options, &cli->arena, &report);
    command->selected += report.tests.count;
    if (cli->format == FORMAT_TEXT && report.tests.count)
        print_text(&report, command->named ? spec : (struct str){0});
    fflush(stdout);
    if (options.coverage) good = show_coverage(command, spec, options.coverage) && good;
    if (report.tests.count == 0 && !command->coverage) return good;
    switch (cli->format) {
    case FORMAT_TEXT: break;
    case FORMAT_JSON: add_json(&command->json, spec, &report, options.coverage); break;
    case FORMAT_JUNIT: VEC_PUSH(&cli->arena, &command->suites, make_suite(cli, spec, plan, &report)); break;
    default: add_diags(cli, plan, &report);
    }
    return good;
}

/* Where nothing ran, nothing is known. */
static bool some_test_ran(struct test_command *command) {
    struct diag_list *diags = &command->cli->diags;
    if (command->selected > 0 || diags->error_count > 0) return true;
    struct diag *diag =
        diag_report(diags, X_NO_TESTS, (struct span){0},
                    command->only.len ? "no test's title holds `%.*s`" : "there are no tests%.*s",
                    STR_ARG(command->only));
    if (command->only.len)
        diag_help(diags, diag, "Without `--only` all tests run, with their titles.");
    else
        diag_help(diags, diag, "Write `test 'title' { given … expect … }` in the spec.");
    return false;
}

int cmd_test(struct cli *cli, int argc, char **argv) {
    struct test_command command = {.cli = cli};
    const struct option options[] = {
        {"only", 0, OPTION_TEXT, &command.only, "TEXT", "only tests whose title holds TEXT"},
        {"coverage", 0, OPTION_FLAG, &command.coverage, NULL, "what the tests cover, and what they do not"},
        {"min-mapping", 0, OPTION_TEXT, &command.min_mapping, "N", "fail below N % of mapping coverage"},
        {"min-transform", 0, OPTION_TEXT, &command.min_transform, "N",
         "fail below N % of transform coverage"},
        {"lcov", 0, OPTION_TEXT, &command.lcov, "FILE",
         "transform coverage for tools that read lcov's format"},
        {"allow-extern", 0, OPTION_FLAG, &command.allow_extern, NULL, "load the spec's extern functions"},
        OPTION_END,
    };
    struct arguments arguments;
    bool good = true;
    int code;
    cli->for_ci = true;
    if (!cli_start(cli, options, HELP, argc, argv, &arguments, &code)) return code;
    if (arguments.words.count == 0) return cli_usage(cli, "which spec?");
    if (!read_gate(command.min_mapping, &command.mapping_gate) ||
        !read_gate(command.min_transform, &command.transform_gate))
        return cli_usage(cli, "--min-mapping and --min-transform take a whole number from 0 to 100");
    command.coverage |= command.min_mapping.len || command.min_transform.len || command.lcov.len;
    command.named = arguments.words.count > 1;
    for (uint32_t i = 0; i < arguments.words.count; i++)
        good = test_spec(&command, arguments.words.items[i]) && good;
    good = some_test_ran(&command) && good;
    good = write_lcov(&command) && good;
    if (cli->format == FORMAT_JUNIT)
        print_junit(&command);
    else if (cli->json)
        print_json(&command);
    else
        cli_show_diags(cli);
    return good ? EXIT_WELL : EXIT_SPEC;
}

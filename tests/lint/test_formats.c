/* Diagnostics in the formats of other programs, with texts that need escaping; fixes of texts; settings. */
#include "compiler/lint/lint.h"
#include "runtime/base/diag_formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct bench {
    struct arena arena;
    struct diag_list diags;
    const struct source_text *text;
    struct buf out;
};

static int set_up(void **state) {
    struct bench *bench = memory_zalloc(sizeof *bench);
    diag_list_init(&bench->diags, &bench->arena);
    bench->text =
        source_text_new(&bench->arena, STR("a, b:c.mig"), STR("first line\nsecond \xc3\xa9 line\n"));
    *state = bench;
    return 0;
}

static int tear_down(void **state) {
    struct bench *bench = *state;
    buf_release(&bench->out);
    arena_release(&bench->arena);
    free(bench);
    return 0;
}

static struct span span_at(const struct bench *bench, uint32_t start, uint32_t end) {
    return (struct span){bench->text, start, end};
}

static void test_github_escapes(void **state) {
    struct bench *bench = *state;
    struct diag *diag = diag_report(&bench->diags, W_UNUSED, span_at(bench, 18, 20), "100%% of\nit");
    diag_help(&bench->diags, diag, "one: two, three");
    diag_report(&bench->diags, X_FILE_MISSING, (struct span){0}, "gone");
    diag_report(&bench->diags, E_SYNTAX, span_at(bench, 6, 17), "over two lines");
    diag_list_render_github(&bench->diags, &bench->out);
    assert_string_equal(
        bench->out.ptr,
        "::warning file=a%2C b%3Ac.mig,line=2,endLine=2,col=8,endColumn=9,title=W0910%3A something that is "
        "declared and never used::100%25 of%0Ait%0Ahelp: one: two, three\n"
        "::error title=X0201%3A a source file does not exist::gone\n"
        "::error file=a%2C b%3Ac.mig,line=1,endLine=2,title=E0101%3A this is not mig syntax::over two "
        "lines\n");
}

static void test_junit_escapes(void **state) {
    struct bench *bench = *state;
    struct junit_suite suite = {.name = STR("a & b")};
    struct junit_case bad = {.name = STR("<\"x\">"), .file = STR("f.mig"), .line = 3, .kind = STR("X0423")};
    struct junit_case good = {.name = STR("fine")};
    VEC_PUSH(&bench->arena, &bad.failures, STR("first\nsecond \x01\xff"));
    VEC_PUSH(&bench->arena, &suite.cases, bad);
    VEC_PUSH(&bench->arena, &suite.cases, good);
    junit_render(STR("mig test"), &suite, 1, &bench->out);
    assert_string_equal(
        bench->out.ptr,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"mig test\" tests=\"2\" failures=\"1\" errors=\"0\">\n"
        "  <testsuite name=\"a &amp; b\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">\n"
        "    <testcase classname=\"a &amp; b\" name=\"&lt;&quot;x&quot;&gt;\" file=\"f.mig\" line=\"3\">\n"
        "      <failure message=\"first\" type=\"X0423\">first&#10;second "
        "\xef\xbf\xbd\xef\xbf\xbd</failure>\n"
        "    </testcase>\n"
        "    <testcase classname=\"a &amp; b\" name=\"fine\"/>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
}

static void test_junit_strict(void **state) {
    struct bench *bench = *state;
    struct junit_suite lenient = {.name = STR("s")}, strict = {.name = STR("s")}, empty = {.name = STR("s")};
    struct diag_list none;
    diag_list_init(&none, &bench->arena);
    diag_report(&bench->diags, W_UNUSED, span_at(bench, 0, 5), "never used");
    junit_add_diags(&bench->arena, &bench->diags, false, &lenient);
    junit_add_diags(&bench->arena, &bench->diags, true, &strict);
    junit_add_diags(&bench->arena, &none, true, &empty);
    assert_int_equal(lenient.cases.items[0].failures.count, 0);
    assert_int_equal(strict.cases.items[0].failures.count, 1);
    assert_int_equal(empty.cases.count, 1);
    assert_int_equal(empty.cases.items[0].failures.count, 0);
}

static void test_severity_is_counted(void **state) {
    struct bench *bench = *state;
    struct diag *diag = diag_report(&bench->diags, L_HIDDEN_ERROR, span_at(bench, 0, 5), "x");
    assert_int_equal(bench->diags.warning_count, 1);
    diag_set_severity(&bench->diags, diag, DIAG_ERROR);
    assert_int_equal(bench->diags.warning_count, 0);
    assert_int_equal(bench->diags.error_count, 1);
    diag_set_severity(&bench->diags, diag, DIAG_NOTE);
    assert_int_equal(bench->diags.error_count, 0);
}

/* ---------------------------------------------------------------- fixes */

static void check_fixed(struct bench *bench, const char *spec, const uint32_t (*spans)[2],
                        const char *const *texts, uint32_t fixes, const char *expected,
                        uint32_t expected_count) {
    struct diag_list diags;
    uint32_t count;
    diag_list_init(&diags, &bench->arena);
    const struct source_text *text = source_text_new(&bench->arena, STR("s.mig"), str_cstr(spec));
    for (uint32_t i = 0; i < fixes; i++) {
        struct span span = {text, spans[i][0], spans[i][1]};
        diag_fix(&diags, diag_report(&diags, W_NO_EFFECT, span, "x"), span, str_cstr(texts[i]));
    }
    struct str fixed = lint_apply_fixes(&bench->arena, text, &diags, &count);
    assert_int_equal(count, expected_count);
    assert_true(str_is(fixed, expected));
}

static void test_fixes(void **state) {
    const char *spec = "migration m version 1\nparam abc text\nparam def text\n";
    const uint32_t apart[][2] = {{43, 46}, {28, 31}};
    const char *const names[] = {"second", "first"};
    check_fixed(*state, spec, apart, names, 2, "migration m version 1\nparam first text\nparam second text\n",
                2);
    const uint32_t overlapping[][2] = {{28, 31}, {29, 36}, {28, 28}, {31, 31}};
    const char *const texts[] = {"x", "y", "z", "w"};
    check_fixed(*state, spec, overlapping, texts, 4, "migration m version 1\nparam xw text\nparam def text\n",
                2);
    const uint32_t breaking[][2] = {{28, 36}};
    const char *const nothing[] = {")("};
    check_fixed(*state, spec, breaking, nothing, 1, spec, 0);
    const char *broken = "migration m version 1\nparam abc txt txt\n";
    const uint32_t mending[][2] = {{32, 36}};
    const char *const removed[] = {""};
    check_fixed(*state, broken, mending, removed, 1, "migration m version 1\nparam abc txt\n", 1);
    const uint32_t outside[][2] = {{10, 4000}};
    check_fixed(*state, spec, outside, removed, 1, spec, 0);
}

/* ---------------------------------------------------------------- settings */

static void test_settings(void **state) {
    struct bench *bench = *state;
    struct lint_settings *settings = ARENA_NEW(&bench->arena, struct lint_settings);
    const struct source_text *good = source_text_new(&bench->arena, STR(".mig-lint"),
                                                     STR("-- ours\n\n  hidden-error\terror -- why\r\nL0106 "
                                                         "off\ndead-handler note\nno-primary-key warning"));
    lint_settings_init(settings);
    assert_true(lint_settings_read(settings, good, &bench->diags));
    assert_int_equal(settings->rules[L_HIDDEN_ERROR].severity, DIAG_ERROR);
    assert_true(settings->rules[L_NO_ROLLBACK].off);
    assert_int_equal(settings->rules[W_USELESS_HANDLER].severity, DIAG_NOTE);
    assert_false(settings->rules[L_NO_PRIMARY_KEY].off);
    const struct source_text *bad = source_text_new(
        &bench->arena, STR(".mig-lint"),
        STR("hidden-erorr error\nno-rollback never\nno-rollback\nno-rollback off now\nzzz off\n"
            "tiny-commits off\nE0301 off\n"));
    assert_false(lint_settings_read(settings, bad, &bench->diags));
    diag_list_render_text(&bench->diags, false, 0, &bench->out);
    assert_non_null(strstr(bench->out.ptr, "did you mean `hidden-error`?"));
    assert_non_null(strstr(bench->out.ptr, "there is no severity `never`"));
    assert_non_null(strstr(bench->out.ptr, "the line does not say how severe the rule is"));
    assert_non_null(strstr(bench->out.ptr, "`now` is one word too many"));
    assert_non_null(strstr(bench->out.ptr, "there is no rule `zzz`"));
    assert_non_null(strstr(bench->out.ptr, "there is no rule `E0301`"));
    assert_int_equal(bench->diags.error_count, 6);
    assert_true(settings->rules[L_TINY_COMMITS].off);
}

/* ---------------------------------------------------------------- the table of rules */

static void test_rules_are_consistent(void **state) {
    (void)state;
    for (uint32_t i = 0; i < RULE_COUNT; i++) {
        assert_ptr_equal(rule_find(str_cstr(RULES[i].name)), &RULES[i]);
        assert_ptr_equal(rule_of_code(RULES[i].code), &RULES[i]);
        assert_ptr_equal(rule_find(str_cstr(diag_code_id(RULES[i].code))), &RULES[i]);
        for (const char *c = RULES[i].name; *c; c++)
            assert_true((*c >= 'a' && *c <= 'z') || *c == '-');
        if (i && diag_code_id(RULES[i].code)[0] == 'L')
            assert_true(strcmp(diag_code_id(RULES[i - 1].code), diag_code_id(RULES[i].code)) < 0);
    }
    assert_null(rule_of_code(E_SYNTAX));
    assert_null(rule_find(STR("E0101")));
    assert_null(rule_closest(STR("completely different")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_github_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_junit_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_junit_strict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_severity_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fixes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settings, set_up, tear_down),
        cmocka_unit_test(test_rules_are_consistent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Markdown: one spelling, and nothing dangerous in HTML. */
#include "runtime/value/markdown.h"
#include "tests/value/check.h"

static void test_normalise(void **state) {
    static const char *const cases[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"line one\r\n\r\nline two\r\n", "line one\n\nline two"},
        {"old\rmac", "old\nmac"},
        {"Title\n=====\n", "# Title"},
        {"* a\n* b", "  - a\n  - b"},
        {"__bold__ and _it_", "**bold** and *it*"},
        {"na\u00efve \"quote\" \\ slash", "na\u00efve \"quote\" \\\\ slash"},
        {"See [brief](https://example.test/b)", "See [brief](https://example.test/b)"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str once, twice;
        assert_ok(markdown_normalise(*state, str_cstr(cases[i][0]), &once));
        assert_text(once, cases[i][1]);
        assert_ok(markdown_normalise(*state, once, &twice)); /* a fixed point */
        assert_text(twice, cases[i][1]);
    }
}

static void test_html_and_text(void **state) {
    struct str out;
    assert_ok(markdown_to_html(*state, STR("a *b*\n\n<script>x</script>\n\n[l](javascript:x)"), &out));
    assert_text(out, "<p>a <em>b</em></p>\n<!-- raw HTML omitted -->\n<p><a href=\"\">l</a></p>");
    assert_ok(markdown_to_text(*state, STR("# T\n\na *b* [l](u)\nc\n\n- x\n- y\n\n```\ncode\n```"), &out));
    assert_text(out, "T\n\na b l\nc\n\nx\ny\n\ncode");
    assert_ok(markdown_to_text(*state, (struct str){0}, &out));
    assert_text(out, "");
    char *huge = arena_zalloc(*state, (16 << 20) + 1);
    memset(huge, 'a', (16 << 20) + 1);
    assert_fault(markdown_normalise(*state, str_from(huge, (16 << 20) + 1), &out), FAULT_TOO_LARGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_normalise), ARENA_TEST(test_html_and_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

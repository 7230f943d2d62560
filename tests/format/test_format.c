/* The formatter's layout, against golden files, and what it does with odd texts. */
#include "compiler/format/format.h"
#include "tests/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct result {
    struct arena arena;
    struct diag_list diags;
    bool good;
    struct str text;
};

static void format_text(struct result *result, struct str text) {
    *result = (struct result){0};
    diag_list_init(&result->diags, &result->arena);
    const struct source_text *source = source_text_new(&result->arena, STR("test.mig"), text);
    result->good = format_source(&result->arena, source, &result->diags, &result->text);
}

static void assert_formats(const char *text, const char *expected) {
    struct result result;
    format_text(&result, str_cstr(text));
    assert_true(result.good);
    if (!str_is(result.text, expected))
        fprintf(stderr, "---- expected\n%s---- but got\n%.*s", expected, STR_ARG(result.text));
    assert_true(str_is(result.text, expected));
    arena_release(&result.arena);
}

static void test_golden(void **state) {
    (void)state;
    struct arena arena = {0};
    struct file_names names = {0};
    uint32_t wrong = 0;
    files_find(&arena, MIG_SOURCE_DIR "/tests/format/golden", ".mig", &names);
    assert_true(names.v.count > 0);
    for (uint32_t i = 0; i < names.v.count; i++) {
        struct str text;
        struct result result;
        assert_true(files_read(&arena, names.v.items[i].ptr, &text));
        format_text(&result, text);
        assert_true(result.good);
        struct str stem = str_from(names.v.items[i].ptr, names.v.items[i].len - 4);
        if (!files_match(&arena, arena_printf(&arena, "%.*s.formatted", STR_ARG(stem)).ptr, result.text))
            wrong++;
        arena_release(&result.arena);
    }
    arena_release(&arena);
    assert_int_equal(wrong, 0);
}

/* The specs that show how mig is written are in its style, but for an alignment here and there. */
static void test_specs_hardly_change(void **state) {
    (void)state;
    struct arena arena = {0};
    struct file_names names = {0};
    files_find(&arena, MIG_SOURCE_DIR "/specs", ".mig", &names);
    files_find(&arena, MIG_SOURCE_DIR "/stdlib", ".mig", &names);
    uint32_t lines = 0, changed = 0;
    for (uint32_t i = 0; i < names.v.count; i++) {
        struct str text;
        struct result result;
        struct buf diff = {0};
        assert_true(files_read(&arena, names.v.items[i].ptr, &text));
        format_text(&result, text);
        assert_true(result.good);
        format_unified_diff(STR("a"), text, STR("b"), result.text, &diff);
        for (size_t at = 0; at < text.len; at++)
            lines += text.ptr[at] == '\n';
        for (size_t at = 1; at < diff.len; at++)
            changed += diff.ptr[at - 1] == '\n' && diff.ptr[at] == '-';
        buf_release(&diff);
        arena_release(&result.arena);
    }
    arena_release(&arena);
    assert_true(changed * 50 < lines);
}

static void test_ends_of_lines_and_files(void **state) {
    (void)state;
    assert_formats("", "");
    assert_formats("\n \n\n", "");
    assert_formats("-- only this  \n\n\n", "-- only this\n");
    assert_formats("migration a", "migration a\n");
    assert_formats("\n\nmigration a\n\n\n\nuse std.text\n\n", "migration a\n\nuse std.text\n");
    assert_formats("migration  a\r\n\r\n\r\n-- c \r\nuse std . text",
                   "migration a\r\n\r\n-- c\r\nuse std.text\r\n");
    assert_formats("\xEF\xBB\xBFmigration  a\n", "\xEF\xBB\xBFmigration a\n");
    assert_formats("migration a -- c\n -- d\n", "migration a  -- c\n-- d\n");
}

static void test_blanks_that_mean_something(void **state) {
    (void)state;
    assert_formats("fn f(x int) int = - - x - -1\n", "fn f(x int) int = - -x - -1\n");
    assert_formats("fn f(x int) int = -( x ) % 5 * - x\n", "fn f(x int) int = -(x) % 5 * -x\n");
    assert_formats("fn f(x int) int = x -1\n", "fn f(x int) int = x - 1\n");
    assert_formats("environment e { tolerance  5% }\n", "environment e { tolerance 5% }\n");
    assert_formats("fn f ( a text ? , b int [ ] ) text ? [ ] = [ ]\n",
                   "fn f(a text?, b int[]) text?[] = []\n");
    assert_formats("fn f() json = a [ 'x' ] . b ?? c ( ) ?? [a [ 0 ],( b )]\n",
                   "fn f() json = a['x'].b ?? c() ?? [a[0], (b)]\n");
    assert_formats("codes c : text->int{ 'a'=>-1;'b' =>2 }\n",
                   "codes c : text -> int { 'a' => -1; 'b' => 2 }\n");
}

static void test_syntax_errors(void **state) {
    (void)state;
    static const char *const texts[] = {"map", "map a {\n  x = \n}\n", "fn f( = 1\n", "x\xFF",
                                        "fn f() int = 'a"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct result result;
        format_text(&result, str_cstr(texts[i]));
        assert_false(result.good);
        assert_true(result.diags.error_count > 0);
        for (uint32_t d = 0; d < result.diags.items.count; d++)
            assert_int_not_equal(result.diags.items.items[d]->code, X_FORMAT_BROKEN);
        arena_release(&result.arena);
    }
}

/* ------------------------------------------------------------------ unified diffs */

static void assert_diff(const char *before, const char *after, const char *expected) {
    struct buf out = {0};
    format_unified_diff(STR("a"), str_cstr(before), STR("b"), str_cstr(after), &out);
    if (!str_is(buf_str(&out), expected))
        fprintf(stderr, "---- expected\n%s---- but got\n%.*s", expected, STR_ARG(buf_str(&out)));
    assert_true(str_is(buf_str(&out), expected));
    buf_release(&out);
}

static void test_unified_diff(void **state) {
    (void)state;
    assert_diff("a\n", "a\n", "");
    assert_diff("", "a\n", "--- a\n+++ b\n@@ -0,0 +1 @@\n+a\n");
    assert_diff("a\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-a\n");
    assert_diff("a", "a\n", "--- a\n+++ b\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
    assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5!\n6\n7\n8\n9\n",
                "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+5!\n 6\n 7\n 8\n");
    assert_diff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n",
                "--- a\n+++ b\n@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n");
    assert_diff("x\n1\n2\n3\n4\n5\n6\n7\n8\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\n8\nY\n",
                "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n@@ -7,4 +7,4 @@\n 6\n 7\n 8\n-y\n+Y\n");
    assert_diff("x\n1\n2\n3\n4\n5\n6\ny\n", "X\n1\n2\n3\n4\n5\n6\nY\n",
                "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-x\n+X\n 1\n 2\n 3\n 4\n 5\n 6\n-y\n+Y\n");
}

/* More differences than are looked for: all between the first and the last one is replaced. */
static void test_long_diff(void **state) {
    (void)state;
    struct buf before = {0}, after = {0}, out = {0};
    for (int i = 0; i < 2000; i++) {
        buf_printf(&before, "old %d\n", i);
        buf_printf(&after, "new %d\n", i);
    }
    format_unified_diff(STR("a"), buf_str(&before), STR("b"), buf_str(&after), &out);
    assert_true(str_starts_with(buf_str(&out), STR("--- a\n+++ b\n@@ -1,2000 +1,2000 @@\n-old 0\n-old 1\n")));
    buf_release(&before);
    buf_release(&after);
    buf_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_specs_hardly_change),
        cmocka_unit_test(test_ends_of_lines_and_files),
        cmocka_unit_test(test_blanks_that_mean_something),
        cmocka_unit_test(test_syntax_errors),
        cmocka_unit_test(test_unified_diff),
        cmocka_unit_test(test_long_diff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

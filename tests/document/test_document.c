/* Whole documents: golden ones, all specs of the tree, hostile names, escaping. */
#include "compiler/document/document.h"
#include "compiler/document/page.h"
#include "tests/compiler/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum rendering { AS_HTML, AS_MARKDOWN, AS_JSON };

static void render(const struct document *document, enum rendering as, struct buf *out) {
    if (as == AS_HTML) document_render_html(document, out);
    if (as == AS_MARKDOWN) document_render_markdown(document, out);
    if (as == AS_JSON) document_render_json(document, out);
}

/* Hashes change with the compiler: they are no part of the golden files. */
static struct document *make(struct compiled *compiled, struct arena *arena, const char *path) {
    golden_compile(compiled, path);
    if (compiled->plan == NULL) fail_msg("%s\n%.*s", path, STR_ARG(golden_render(compiled)));
    struct document *document = document_make(arena, compiled->plan, (struct str){0}, &compiled->diags);
    if (document == NULL) fail_msg("%s: no document", path);
    document->plan_hash = document->spec_hash = document->schema = STR("0123456789abcdef");
    document->compiler = STR("0.0.0");
    return document;
}

/* ------------------------------------------------------------------ golden documents */

/* The page without its style sheet: that is a file of its own, compiler/document/document.css. */
static struct str without_style(struct arena *arena, struct str page) {
    const char *from = memmem(page.ptr, page.len, "<style>\n", 8);
    const char *to = memmem(page.ptr, page.len, "</style>", 8);
    if (from == NULL || to == NULL || to < from) return page;
    return arena_printf(arena, "%.*s%.*s", (int)(from + 8 - page.ptr), page.ptr,
                        (int)(page.ptr + page.len - to), to);
}

/* renderings: the bits of those that there is a golden file for. */
static void check_golden(const char *spec, const char *name, unsigned renderings) {
    static const char *const ENDINGS[] = {"html", "md", "json"};
    struct compiled compiled;
    struct arena arena = {0};
    struct str path = arena_printf(&arena, "%s/%s", MIG_SOURCE_DIR, spec);
    struct document *document = make(&compiled, &arena, path.ptr);
    for (int as = AS_HTML; as <= AS_JSON; as++) {
        struct buf once = {0}, again = {0};
        render(document, (enum rendering)as, &once);
        render(document, (enum rendering)as, &again);
        assert_true(str_eq(buf_str(&once), buf_str(&again)));
        struct str golden =
            arena_printf(&arena, "%s/tests/document/golden/%s.%s", MIG_SOURCE_DIR, name, ENDINGS[as]);
        bool same = (renderings >> as & 1) == 0 ||
                    files_match(&arena, golden.ptr, without_style(&arena, buf_str(&once)));
        buf_release(&once);
        buf_release(&again);
        assert_true(same);
    }
    golden_release(&compiled);
    arena_release(&arena);
}

static void test_portal(void **state) {
    (void)state;
    check_golden("specs/portal/portal.mig", "portal", 1u << AS_HTML | 1u << AS_MARKDOWN);
}

static void test_events(void **state) {
    (void)state;
    check_golden("specs/github_events/events.mig", "events", 1u << AS_MARKDOWN);
}

static void test_everything(void **state) {
    (void)state;
    check_golden("tests/document/everything.mig", "everything", 1u << AS_MARKDOWN | 1u << AS_JSON);
}

static void test_hostile(void **state) {
    (void)state;
    check_golden("tests/document/hostile.mig", "hostile", 1u << AS_HTML | 1u << AS_MARKDOWN | 1u << AS_JSON);
}

/* ------------------------------------------------------------------ all specs */

static void check_ends(const char *path, struct str text, const char *start, const char *end) {
    if (!str_starts_with(text, str_cstr(start)) || !str_ends_with(text, str_cstr(end)))
        fail_msg("%s: does not begin with %s and end with %s", path, start, end);
}

static void test_all_specs(void **state) {
    (void)state;
    struct arena names_arena = {0};
    struct file_names names = {0};
    files_find(&names_arena, MIG_SOURCE_DIR "/specs", ".mig", &names);
    assert_true(names.v.count >= 18);
    for (uint32_t i = 0; i < names.v.count; i++) {
        const char *path = names.v.items[i].ptr;
        struct compiled compiled;
        struct arena arena = {0};
        struct document *document = make(&compiled, &arena, path);
        struct buf html = {0}, markdown = {0}, json = {0};
        render(document, AS_HTML, &html);
        render(document, AS_MARKDOWN, &markdown);
        render(document, AS_JSON, &json);
        check_ends(path, buf_str(&html), "<!doctype html>", "</html>\n");
        check_ends(path, buf_str(&markdown), "# ", "|\n");
        check_ends(path, buf_str(&json), "{\"migration\":", "}\n");
        assert_int_equal(document->maps.count, compiled.plan->maps_count);
        for (uint32_t m = 0; m < document->maps.count; m++)
            for (uint32_t c = 0; c < document->maps.items[m].columns.count; c++) {
                const struct document_column *column = &document->maps.items[m].columns.items[c];
                bool filled = column->origin == ORIGIN_ASSIGNED || column->origin == ORIGIN_COPIED;
                if (filled && phrase_is_empty(&column->words))
                    fail_msg("%s: no words for %.*s", path, STR_ARG(column->name));
            }
        buf_release(&html);
        buf_release(&markdown);
        buf_release(&json);
        golden_release(&compiled);
        arena_release(&arena);
    }
    arena_release(&names_arena);
}

/* ------------------------------------------------------------------ escaping */

static void check_escaped(void (*append)(struct buf *, struct str), const char *text, const char *expected) {
    struct buf out = {0};
    append(&out, str_cstr(text));
    assert_string_equal(out.ptr ? out.ptr : "", expected);
    buf_release(&out);
}

static void test_html_escapes(void **state) {
    (void)state;
    check_escaped(html_append, "plain é 日本", "plain é 日本");
    check_escaped(html_append, "<script>\"'&</script>", "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;");
    check_escaped(html_append, "a\nb\tc\x01", "a\nb\tc\xef\xbf\xbd");
}

static void test_markdown_escapes(void **state) {
    (void)state;
    check_escaped(markdown_append, "plain é - 1.5 (x)", "plain é - 1.5 (x)");
    check_escaped(markdown_append, "<b>&amp;", "&lt;b&gt;&amp;amp;");
    check_escaped(markdown_append, "*a* _b_ `c` [d](e) |f| ~g~ $h$ \\",
                  "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) \\|f\\| \\~g\\~ \\$h\\$ \\\\");
    check_escaped(markdown_append, "# x", "\\# x");
    check_escaped(markdown_append, "- x", "\\- x");
    check_escaped(markdown_append, "12. x", "12\\. x");
    check_escaped(markdown_append, "http://x www.y", "http\\://x www\\.y");
    check_escaped(markdown_append, "a\nb", "a b");
}

static void test_anchors(void **state) {
    (void)state;
    struct arena arena = {0};
    assert_true(str_is(phrase_anchor(&arena, "map", STR("a-b_1")), "map-a-b_1"));
    assert_true(str_is(phrase_anchor(&arena, "map", STR("a b")), "map-a.20b"));
    assert_true(str_is(phrase_anchor(&arena, "map", STR("a.20b")), "map-a.2e20b"));
    arena_release(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_portal),           cmocka_unit_test(test_events),
        cmocka_unit_test(test_everything),       cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_all_specs),        cmocka_unit_test(test_html_escapes),
        cmocka_unit_test(test_markdown_escapes), cmocka_unit_test(test_anchors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

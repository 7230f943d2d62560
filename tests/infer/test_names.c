/* How alike names are, and which label a value means. */
#include "runtime/infer/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static double likeness(const char *a, const char *b) {
    struct arena arena = {0};
    struct words x = words_split(&arena, str_cstr(a)), y = words_split(&arena, str_cstr(b));
    double like = names_likeness(&x, &y);
    arena_release(&arena);
    return like;
}

static void test_likeness(void **state) {
    (void)state;
    assert_true(likeness("full_name", "Full Name") == 1);
    assert_true(likeness("projects", "Project") == 1);
    assert_true(likeness("starts_on", "Start") > 0.7);
    assert_true(likeness("tenant_id", "Agency") > 0.6);
    assert_true(likeness("postcode", "postalCode") > 0.5);
    assert_true(likeness("manager_id", "reportsTo") > 0.4);
    assert_true(likeness("title", "Titel") > 0.6); /* misspelled */
    assert_true(likeness("price", "colour") == 0);
    assert_true(likeness("project_id", "Project Code") > likeness("project_id", "Milestone Code"));
    assert_true(likeness("created_at", "created") > likeness("created_at", "updated_at"));
}

static void test_without(void **state) {
    (void)state;
    struct arena arena = {0};
    struct words words = words_split(&arena, STR("product_unit_price")),
                 of = words_split(&arena, STR("products")), left;
    assert_true(names_without(&words, &of, &left));
    assert_int_equal(left.count, 2);
    words = words_split(&arena, STR("Product"));
    assert_false(names_without(&words, &of, &left));
    assert_true(str_is(names_outside_brackets(&arena, STR("Budget (AUD) net")), "Budget  net"));
    assert_true(str_is(names_outside_brackets(&arena, STR("(h)")), "(h)")); /* nothing would be left */
    arena_release(&arena);
}

static void expect_label(const char *value, const char *wanted) {
    static const struct str LABELS[] = {
        {"todo", 4}, {"in_progress", 11}, {"blocked", 7}, {"done", 4}, {"cancelled", 9}};
    int label = names_label_of(str_cstr(value), LABELS, 5);
    assert_string_equal(label < 0 ? "none" : LABELS[label].ptr, wanted);
}

static void test_labels(void **state) {
    (void)state;
    expect_label("To Do", "todo");
    expect_label("open", "todo");
    expect_label("WIP", "in_progress");
    expect_label("In  Progress", "in_progress");
    expect_label("Completed", "done");
    expect_label("canceled", "cancelled");
    expect_label("waiting", "blocked");
    expect_label("blockd", "blocked"); /* misspelled */
    expect_label("b", "blocked");      /* what only one begins with */
    expect_label("TaskDoneEvent", "done");
    expect_label("purple", "none");
    expect_label("", "none");
    expect_label("???", "none");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_likeness),
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

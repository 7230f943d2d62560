/* The compiler from end to end: specs that are wrong and what is said about them, specs that are right and
 * what becomes of them. */
#include "tests/compiler/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ERRORS MIG_SOURCE_DIR "/tests/compiler/errors"
#define GOOD   MIG_SOURCE_DIR "/tests/compiler/good"
#define PORTAL MIG_SOURCE_DIR "/specs/portal/portal.mig"

/* Each spec in errors/ says what its .expected file holds, and gives no plan where it has an error. */
static void test_errors(void **state) {
    (void)state;
    struct arena arena = {0};
    struct str *names;
    uint32_t count = golden_list(&arena, ERRORS, ".mig", &names), wrong = 0;
    assert_true(count >= 60);
    for (uint32_t i = 0; i < count; i++) {
        struct compiled compiled;
        golden_compile(&compiled, arena_printf(&arena, ERRORS "/%.*s", STR_ARG(names[i])).ptr);
        struct str expected =
            arena_printf(&arena, ERRORS "/%.*s.expected", (int)names[i].len - 4, names[i].ptr);
        if (!golden_matches(&arena, expected.ptr, golden_render(&compiled))) wrong++;
        assert_int_equal(compiled.plan == NULL, compiled.diags.error_count > 0);
        assert_true(compiled.diags.items.count > 0);
        golden_release(&compiled);
    }
    arena_release(&arena);
    assert_int_equal(wrong, 0);
}

static void check_plan(struct compiled *compiled, const char *name) {
    if (compiled->diags.items.count > 0) fprintf(stderr, "%s:\n%.*s", name, STR_ARG(golden_render(compiled)));
    assert_int_equal(compiled->diags.items.count, 0);
    assert_non_null(compiled->plan);
    /* What is written can be read again, is verified on the way, and is the same when it is written once
     * more. */
    struct buf once = {0}, twice = {0};
    plan_write(compiled->plan, &once);
    struct plan *plan = plan_read(&compiled->arena, buf_str(&once), STR("plan"), &compiled->diags);
    if (plan == NULL) fprintf(stderr, "%s:\n%.*s", name, STR_ARG(golden_render(compiled)));
    assert_non_null(plan);
    plan_write(plan, &twice);
    assert_true(str_eq(buf_str(&once), buf_str(&twice)));
    buf_release(&once);
    buf_release(&twice);
}

static void test_good(void **state) {
    (void)state;
    struct arena arena = {0};
    struct str *names;
    uint32_t count = golden_list(&arena, GOOD, ".mig", &names);
    assert_true(count > 0);
    for (uint32_t i = 0; i < count; i++) {
        struct compiled compiled;
        golden_compile(&compiled, arena_printf(&arena, GOOD "/%.*s", STR_ARG(names[i])).ptr);
        check_plan(&compiled, names[i].ptr);
        golden_release(&compiled);
    }
    arena_release(&arena);
}

static const struct plan_map *find_map(const struct plan *plan, const char *name) {
    for (uint32_t i = 0; i < plan->maps_count; i++)
        if (str_is(plan->maps[i].name, name)) return &plan->maps[i];
    return NULL;
}

static void test_portal(void **state) {
    (void)state;
    struct compiled compiled;
    golden_compile(&compiled, PORTAL);
    check_plan(&compiled, PORTAL);
    const struct plan *plan = compiled.plan;
    assert_int_equal(plan->maps_count, 8);
    assert_int_equal(plan->version, 3);
    assert_int_equal(plan->environments_count, 2);
    assert_int_equal(plan->checks_count, 4);
    assert_int_equal(plan->tests_count, 2);
    assert_true(plan->audit.target_table > 0);
    const struct plan_map *comments = find_map(plan, "comments"), *tasks = find_map(plan, "tasks"),
                          *tenants = find_map(plan, "tenants");
    assert_true(comments->self_reference && comments->level > tasks->level && tasks->level > tenants->level);
    assert_int_equal(tenants->unique, UNIQUE_FIRST);
    assert_true(str_is(tenants->partition, "tenant"));
    assert_true(tasks->crosswalk > 0 && find_map(plan, "share_links")->crosswalk == 0);
    golden_release(&compiled);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors), cmocka_unit_test(test_good),
                                       cmocka_unit_test(test_portal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

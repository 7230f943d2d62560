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
        if (!files_match(&arena, expected.ptr, golden_render(&compiled))) wrong++;
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
    assert_int_equal(plan->tests_count, 15);
    assert_true(plan->audit.target_table > 0);
    const struct plan_map *comments = find_map(plan, "comments"), *tasks = find_map(plan, "tasks"),
                          *tenants = find_map(plan, "tenants");
    assert_true(comments->self_reference && comments->level > tasks->level && tasks->level > tenants->level);
    assert_int_equal(tenants->unique, UNIQUE_FIRST);
    assert_true(str_is(tenants->partition, "tenant"));
    assert_true(tasks->crosswalk > 0 && find_map(plan, "share_links")->crosswalk == 0);
    golden_release(&compiled);
}

#define HEAD                                                                                                 \
    "migration demo\ntarget app : postgres env 'U' schema 'app.sql'\n"                                       \
    "source people : csv 'p.csv' { id text; email text; name text; tags text[] }\n"

static void compile_text(struct compiled *compiled, const char *text) {
    golden_compile_text(compiled, ERRORS, str_cstr(text));
    if (compiled->plan == NULL) fprintf(stderr, "%.*s", STR_ARG(golden_render(compiled)));
}

/* Searches by the same keys share a keyed table; another key, a join, or a table that a map writes do not. */
static void test_shared_tables(void **state) {
    (void)state;
    struct compiled compiled;
    compile_text(&compiled, HEAD "map a\n from p in people\n"
                                 " lookup x in people on x.email == p.name\n"
                                 " lookup y in people on y.email == upper(p.name)\n"
                                 " lookup z in people on z.name == p.name\n"
                                 " lookup w in people on w.email == p.name and w.name != ''\n"
                                 " left join v in people on v.email == p.name\n"
                                 " into csv 'a.csv' unique by p.id keep first { x = x.id; y = y.name; z = "
                                 "z.id; w = w.id; v = v.id }\n");
    assert_non_null(compiled.plan);
    assert_int_equal(compiled.plan->tables_count, 4);
    const struct plan_keyed_table *shared = NULL;
    for (uint32_t i = 0; i < compiled.plan->tables_count; i++)
        if (compiled.plan->tables[i].columns_count == 2) shared = &compiled.plan->tables[i];
    assert_non_null(shared);
    assert_true(shared->kind == KEYED_SOURCE && !shared->many);
    golden_release(&compiled);
}

/* Whoever reads what another map writes comes after it, wherever it stands in the spec. */
static void test_order(void **state) {
    (void)state;
    struct compiled compiled;
    compile_text(&compiled,
                 HEAD "map labels\n from p in people\n lookup u in app.users on u.email == p.email\n"
                      " into app.labels { id = u.id; name = p.name }\n"
                      "map users\n from p in people\n into app.users\n key p.id\n"
                      "{ id = uuid5('u', p.id); email = p.email; name = left(p.name, 40) }\n"
                      "map first\n from p in people\n into csv 'x.csv' { id = p.id }\n");
    assert_non_null(compiled.plan);
    const struct plan *plan = compiled.plan;
    assert_true(str_is(plan->maps[0].name, "users") && str_is(plan->maps[1].name, "first") &&
                str_is(plan->maps[2].name, "labels"));
    assert_int_equal(plan->maps[2].level, 1);
    assert_int_equal(plan->maps[2].depends_count, 1);
    assert_int_equal(plan->maps[2].depends[0], 0);
    golden_release(&compiled);
}

static bool has_code(const struct compiled *compiled, enum diag_code code) {
    for (uint32_t i = 0; i < compiled->diags.items.count; i++)
        if (compiled->diags.items.items[i]->code == code) return true;
    return false;
}

/* Each limit ends in its own error, not in a plan that cannot run. */
static void test_limits(void **state) {
    (void)state;
    struct compiled compiled;
    struct buf text = {0};
    buf_append_cstr(&text, HEAD "map a\n from p in people\n");
    for (int i = 0; i < 70; i++)
        buf_printf(&text, " each t%d in p.tags\n", i);
    buf_append_cstr(&text, " into csv 'a.csv' { id = p.id }\n");
    golden_compile_text(&compiled, ERRORS, buf_str(&text));
    assert_true(compiled.plan == NULL && has_code(&compiled, E_TOO_MANY));
    golden_release(&compiled);

    buf_clear(&text);
    buf_append_cstr(&text, "migration demo\nsource wide : csv 'w.csv' {\n");
    for (int i = 0; i < 1700; i++)
        buf_printf(&text, "  c%d text\n", i);
    buf_append_cstr(&text, "}\nmap a from w in wide into csv 'a.csv' { id = w.c0 }\n");
    golden_compile_text(&compiled, ERRORS, buf_str(&text));
    assert_true(compiled.plan == NULL && has_code(&compiled, E_TOO_MANY));
    golden_release(&compiled);

    /* A parent's key made of values that double with each line. */
    buf_clear(&text);
    buf_append_cstr(&text, HEAD
                    "map projects\n from p in people\n into app.projects\n key p.id\n{\n let a0 = p.name\n");
    for (int i = 1; i < 40; i++)
        buf_printf(&text, " let a%d = a%d || a%d\n", i, i - 1, i - 1);
    buf_append_cstr(&text, " id = uuid5('x', p.id)\n code = left(p.id, 10)\n title = p.name\n status = "
                           "'open'\n parent_id = projects[a39].id\n}\n");
    golden_compile_text(&compiled, ERRORS, buf_str(&text));
    assert_true(compiled.plan == NULL && has_code(&compiled, E_TOO_MANY));
    golden_release(&compiled);
    buf_release(&text);
}

/* The same spec gives the same bytes. */
static void test_reproducible(void **state) {
    (void)state;
    struct buf plans[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        struct compiled compiled;
        golden_compile(&compiled, PORTAL);
        assert_non_null(compiled.plan);
        plan_write(compiled.plan, &plans[i]);
        golden_release(&compiled);
    }
    assert_true(str_eq(buf_str(&plans[0]), buf_str(&plans[1])));
    buf_release(&plans[0]);
    buf_release(&plans[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),        cmocka_unit_test(test_good),  cmocka_unit_test(test_portal),
        cmocka_unit_test(test_shared_tables), cmocka_unit_test(test_order), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_reproducible)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What kind of change each edit of a spec is, and how changes are shown. */
#include "compiler/compare/compare.h"
#include "tests/compiler/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char FOLDER[] = MIG_SOURCE_DIR "/tests/compare";

struct edit {
    const char *from, *to;
};

/* The text with each edit applied once. */
static struct str edit_text(struct arena *arena, struct str text, const struct edit *edits, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        size_t from_len = strlen(edits[i].from);
        const char *found = memmem(text.ptr, text.len, edits[i].from, from_len);
        if (found == NULL) fail_msg("the spec does not hold: %s", edits[i].from);
        size_t at = (size_t)(found - text.ptr), rest = at + from_len;
        text = arena_printf(arena, "%.*s%s%.*s", (int)at, text.ptr, edits[i].to, (int)(text.len - rest),
                            text.ptr + rest);
    }
    return text;
}

static void compile(struct compiled *compiled, struct str text) {
    golden_compile_text(compiled, FOLDER, text);
    if (compiled->plan == NULL) fail_msg("%.*s", STR_ARG(golden_render(compiled)));
}

struct compared {
    struct arena arena;
    struct compiled before, after;
    struct compare_result result;
};

static void compare(struct compared *compared, const struct edit *edits, uint32_t count) {
    *compared = (struct compared){0};
    struct str text;
    struct diag_list diags;
    diag_list_init(&diags, &compared->arena);
    assert_true(
        files_read(&compared->arena, arena_printf(&compared->arena, "%s/base.mig", FOLDER).ptr, &text));
    compile(&compared->before, text);
    compile(&compared->after, edit_text(&compared->arena, text, edits, count));
    assert_true(compare_plans(&compared->arena, compared->before.plan, compared->after.plan,
                              &compared->result, &diags));
}

static void compared_release(struct compared *compared) {
    golden_release(&compared->before);
    golden_release(&compared->after);
    arena_release(&compared->arena);
}

/* ------------------------------------------------------------------ one edit, one change */

static const struct {
    struct edit edit;
    enum compare_class class;
    const char *place;
} SINGLE[] = {
    {{"-- Who buys.", "-- Who pays."}, COMPARE_COSMETIC, "layout, comments or documentation"},
    {{"  where p.email != ''\n", "  where (p.email\n    != '')\n"},
     COMPARE_COSMETIC,
     "layout, comments or documentation"},
    {{"  into shop.orders\n  key s.number\n", "  key s.number\n  into shop.orders\n"},
     COMPARE_COSMETIC,
     "layout, comments or documentation"},
    {{"version 1", "version 2"}, COMPARE_COSMETIC, "migration, version"},
    {{"'every order'", "'each order'"}, COMPARE_COSMETIC, "check all_there, title"},
    {{"' a  b '", "' a   b '"}, COMPARE_COSMETIC, "test 'tidy'"},

    {{"tolerance 5\n", "tolerance 6\n"}, COMPARE_WIDENING, "map people, tolerance"},
    {{"tolerance 1%", "tolerance 1.5%"}, COMPARE_WIDENING, "environment prod, tolerance"},
    {{"'p'        => paid", "'p', 'paid' => paid"}, COMPARE_WIDENING, "codes states, code 'paid'"},
    {{"param cutover date", "param cutover date = date '2025-01-01'"},
     COMPARE_WIDENING,
     "param cutover, default"},
    {{"  name  = tidy(p.name)\n", "  name  = tidy(p.name)\n  score = 1\n"},
     COMPARE_BEHAVIOUR,
     "map people, column score"},
    {{"param region text = 'north'", "param region text? = 'north'"}, COMPARE_WIDENING, "param region, type"},
    {{"  validate named: p.name != ''  on fail reject 'no name'\n", ""},
     COMPARE_WIDENING,
     "map people, validate named"},
    {{"environment prod {", "environment test { approvals 0 }\nenvironment prod {"},
     COMPARE_WIDENING,
     "environment test"},

    {{"tolerance 5\n", "tolerance 4\n"}, COMPARE_BEHAVIOUR, "map people, tolerance"},
    {{"tolerance 5\n", "tolerance 5%\n"}, COMPARE_BEHAVIOUR, "map people, tolerance"},
    {{"where p.email != ''", "where p.email != 'x'"}, COMPARE_BEHAVIOUR, "map people, where"},
    {{"on error use null", "on error skip"}, COMPARE_BEHAVIOUR, "map people, handlers of column born"},
    {{"reject 'no name'", "reject 'nameless'"}, COMPARE_BEHAVIOUR, "map people, handlers of validate named"},
    {{"p.name != ''  on fail", "p.name != '-'  on fail"}, COMPARE_BEHAVIOUR, "map people, validate named"},
    {{"total     = s.total", "total     = s.total + 1"}, COMPARE_BEHAVIOUR, "map orders, column total"},
    {{"'p'        => paid", "'p'        => sent"}, COMPARE_BEHAVIOUR, "codes states, code 'p'"},
    {{"= 'north'", "= 'south'"}, COMPARE_BEHAVIOUR, "param region, default"},
    {{"delimiter ';'", "delimiter '|'"}, COMPARE_BEHAVIOUR, "source sales, delimiter"},
    {{"from 'No.'", "from 'Number'"}, COMPARE_BEHAVIOUR, "source sales, column number"},
    {{"'DD/MM/YYYY'\n}", "'MM/DD/YYYY'\n}"}, COMPARE_BEHAVIOUR, "source sales, column placed"},
    {{"'people.csv'", "'persons.csv'"}, COMPARE_BEHAVIOUR, "source persons, location"},
    {{"(email) update\n", "(email) update (name)\n"}, COMPARE_BEHAVIOUR, "map people, on conflict"},
    {{"\"\"\" > 0", "\"\"\" > 1"}, COMPARE_BEHAVIOUR, "check all_there"},
    {{"sample 5 of", "sample 6 of"}, COMPARE_BEHAVIOUR, "check sample of orders"},
    {{"approvals 1", "approvals 2"}, COMPARE_BEHAVIOUR, "environment prod, approvals"},
    {{"  key s.number\n", "  key s.number\n  commit per run\n"}, COMPARE_BEHAVIOUR, "map orders, commit"},

    {{"rollback restore", "rollback none because 'x'"}, COMPARE_ROLLBACK, "map people, rollback"},
    {{"  rollback restore\n", ""}, COMPARE_ROLLBACK, "map people, rollback"},

    {{"migration shop", "migration store"}, COMPARE_KEY, "migration"},
    {{"uuid5('order', s.number)", "uuid5('order', s.number, s.state)"}, COMPARE_KEY, "map orders, column id"},
    {{"  key s.number\n", "  key s.number, s.state\n"}, COMPARE_KEY, "map orders, key"},
    {{"keep first", "keep last"}, COMPARE_KEY, "map people, unique by"},

    {{"param region text = 'north'", "param region text"}, COMPARE_BREAKING, "param region, default"},
    {{"param region text = 'north'", ""}, COMPARE_BREAKING, "param region"},
    {{"param cutover date", "param limit int\nparam cutover date"}, COMPARE_BREAKING, "param limit"},
    {{"param cutover date", "param cutover int"}, COMPARE_BREAKING, "param cutover, type"},
    {{"  born  = date(p.born, 'DD/MM/YYYY')  on error use null\n", ""},
     COMPARE_BREAKING,
     "map people, column born"},
    {{"'p'        => paid", ""}, COMPARE_BREAKING, "codes states, code 'p'"},
    {{"check sample 5 of orders",
      "map more from s in sales into csv 'm.csv' { a = s.number }\ncheck sample 5 of orders"},
     COMPARE_BEHAVIOUR,
     "map more"},
};

static void test_single(void **state) {
    (void)state;
    uint32_t wrong = 0;
    for (size_t i = 0; i < sizeof SINGLE / sizeof *SINGLE; i++) {
        struct compared compared;
        compare(&compared, &SINGLE[i].edit, 1);
        const struct compare_change *first = compared.result.changes.items;
        if (compared.result.changes.count != 1 || first->class != SINGLE[i].class ||
            !str_is(first->place, SINGLE[i].place)) {
            struct buf out = {0};
            compare_render_text(&compared.result, &out);
            fprintf(stderr, "---- %s -> %s: expected %s %s, but got\n%.*s", SINGLE[i].edit.from,
                    SINGLE[i].edit.to, compare_class_name(SINGLE[i].class), SINGLE[i].place,
                    STR_ARG(buf_str(&out)));
            buf_release(&out);
            wrong++;
        }
        compared_release(&compared);
    }
    assert_int_equal(wrong, 0);
}

/* ------------------------------------------------------------------ as shown */

static void show(const char *name, const struct edit *edits, uint32_t count) {
    struct compared compared;
    struct buf text = {0}, json = {0};
    compare(&compared, edits, count);
    compare_render_text(&compared.result, &text);
    compare_render_json(&compared.result, &json);
    buf_append_str(&text, buf_str(&json));
    assert_true(files_match(
        &compared.arena, arena_printf(&compared.arena, "%s/%s.expected", FOLDER, name).ptr, buf_str(&text)));
    buf_release(&text);
    buf_release(&json);
    compared_release(&compared);
}

static void test_nothing(void **state) {
    (void)state;
    show("nothing", NULL, 0);
}

/* A function, let or column that changes shows where it is used; ids made from it are a matter of keys. */
static void test_through(void **state) {
    (void)state;
    static const struct edit edits[] = {
        {"= lower(trim(email))", "= lower(squeeze(email))"},
        {"fn tidy(x text) text = squeeze(trim(x))", "fn tidy(x text) text = trim(x)"}};
    show("through", edits, 2);
}

static void test_conflict_columns(void **state) {
    (void)state;
    static const struct edit edits[] = {{"on conflict (email) update", "on conflict (id) update"}};
    show("conflict_columns", edits, 1);
}

static void test_target(void **state) {
    (void)state;
    static const struct edit edits[] = {{"'base.sql'", "'other.sql'"},
                                        {"left(key_of, 60)", "left(key_of, 40)"}};
    show("target", edits, 2);
}

static void test_removed(void **state) {
    (void)state;
    static const struct edit edits[] = {
        {"  key person_key(p.email)\n", "  key person_key(p.email)\n  partition by p.name as part\n"},
        {"map mails\n  from p in persons\n  into csv 'mails.csv'\n{\n  email = p.email\n  name  = "
         "p.name\n}\n",
         ""},
        {"source persons : csv 'people.csv' {\n  id    text\n", "source persons : csv 'people.csv' {\n"}};
    show("removed", edits, 3);
}

static void test_file_columns(void **state) {
    (void)state;
    static const struct edit edits[] = {
        {"  email = p.email\n  name  = p.name\n", "  name  = p.name\n  email = p.email\n"}};
    show("file_columns", edits, 1);
}

/* Copied columns are told one by one. */
static void test_spread(void **state) {
    (void)state;
    static const struct edit edits[] = {
        {"  email = p.email\n  name  = p.name\n", "  ...p except (name, born)\n"}};
    show("spread", edits, 1);
}

/* A plan whose texts are no spec: an error, not a comparison. */
static void test_texts_that_are_no_spec(void **state) {
    (void)state;
    struct compared compared;
    struct diag_list diags;
    compare(&compared, NULL, 0);
    diag_list_init(&diags, &compared.arena);
    compared.after.plan->files[0].text = STR("map {");
    assert_false(
        compare_plans(&compared.arena, compared.before.plan, compared.after.plan, &compared.result, &diags));
    assert_true(diags.error_count > 0);
    compared_release(&compared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_through),
        cmocka_unit_test(test_conflict_columns),
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_removed),
        cmocka_unit_test(test_file_columns),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_texts_that_are_no_spec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The live catalog against the plan. */
#include "tests/postgres/support.h"

static const struct column_spec ITEMS[] = {
    {"id", TYPE_INT, "integer", WIRE_INT4, true, 0},
    {"name", TYPE_TEXT, "character varying(10)", WIRE_TEXT, true, 0},
    {"mood", TYPE_ENUM, "portal.mood", WIRE_ENUM, false, 0},
    {"amount", TYPE_DECIMAL, "numeric(12,2)", WIRE_NUMERIC, false, 0},
};

static const char TABLE[] =
    "CREATE TABLE items (id int PRIMARY KEY, name varchar(10) NOT NULL, mood portal.mood,"
    " amount numeric(12,2))";

static struct plan *prepare(struct fixture *f) {
    run_sql(f, TABLE);
    return make_plan(f, "items", ITEMS, 4);
}

/* Compares after a change; the change is undone. */
static const char *compare(struct fixture *f, const struct plan *plan, const char *change, bool expected) {
    run_sql(f, change);
    bool ok = pg_catalog_compare(f->c, plan, &f->diags);
    const char *text = take_diags(f);
    if (ok != expected) fprintf(stderr, "%s\n%s", change, text);
    assert_int_equal(ok, expected);
    run_sql(f, "DROP TABLE IF EXISTS items");
    run_sql(f, TABLE);
    return text;
}

static void expect(struct fixture *f, const struct plan *plan, const char *change, bool ok,
                   const char *words) {
    const char *text = compare(f, plan, change, ok);
    if (strstr(text, words) == NULL) fprintf(stderr, "%s\n%s\n", change, text);
    assert_non_null(strstr(text, words));
}

static void test_same(void **state) {
    struct fixture *f = *state;
    struct plan *plan = prepare(f);
    assert_string_equal(compare(f, plan, "SELECT 1", true), "");
    plan->target.tables[0].columns[2].pg_type = STR("mood");
    plan->target.tables[0].schema = STR("");
    assert_string_equal(compare(f, plan, "SELECT 1", true), "");
}

static void test_differences(void **state) {
    struct fixture *f = *state;
    struct plan *plan = prepare(f);
    expect(f, plan, "DROP TABLE items", false, "no such table");
    expect(f, plan, "ALTER TABLE items RENAME amount TO amounts", false, "`amounts`");
    expect(f, plan, "ALTER TABLE items ALTER name TYPE varchar(9)", false,
           "column `name` is character varying(9), the plan expects character varying(10)");
    expect(f, plan, "ALTER TABLE items ALTER amount TYPE numeric(12,3)", false, "numeric(12,3)");
    expect(f, plan, "ALTER TABLE items ALTER amount SET NOT NULL", false, "NOT NULL now");
    expect(f, plan, "ALTER TABLE items ALTER name DROP NOT NULL", true, "may be null");
    expect(f, plan, "ALTER TABLE items ADD extra int", true, "column `extra` (integer) is new");
    expect(f, plan, "ALTER TABLE items ADD extra int NOT NULL", false, "needs a value");
    expect(f, plan, "ALTER TABLE items ADD extra int NOT NULL DEFAULT 1", true, "is new");
    expect(f, plan, "ALTER TABLE items DROP amount, ADD amount numeric(12,2) GENERATED ALWAYS AS (1) STORED",
           false, "generated");
    expect(f, plan, "ALTER TABLE items DROP CONSTRAINT items_pkey", true, "primary key `pkey` is missing");
    expect(f, plan, "ALTER TABLE items ADD CONSTRAINT u UNIQUE (id, name)", true, "");
}

static void test_enum_labels(void **state) {
    struct fixture *f = *state;
    struct plan *plan = prepare(f);
    expect(f, plan, "ALTER TYPE portal.mood ADD VALUE 'angry'", true, "new label `angry`");
    expect(f, plan, "ALTER TYPE portal.mood RENAME VALUE 'ok' TO 'fine'", false, "lacks the label `ok`");
}

static void test_conflict_needs_unique_key(void **state) {
    struct fixture *f = *state;
    struct plan *plan = prepare(f);
    static uint32_t columns[] = {2, 1};
    plan->maps[0].conflict = CONFLICT_SKIP;
    plan->maps[0].conflict_columns = columns;
    plan->maps[0].conflict_columns_count = 2;
    expect(f, plan, "SELECT 1", false, "no unique index");
    expect(f, plan, "CREATE UNIQUE INDEX ON items (mood, name) WHERE id > 5", false, "no unique index");
    expect(f, plan, "ALTER TABLE items ADD UNIQUE (mood, name) DEFERRABLE", false, "no unique index");
    assert_string_equal(compare(f, plan, "CREATE UNIQUE INDEX ON items (name, mood) INCLUDE (amount)", true),
                        "");
}

static void test_unused_tables_do_not_matter(void **state) {
    struct fixture *f = *state;
    struct plan *plan = prepare(f);
    plan->maps_count = 0;
    assert_string_equal(compare(f, plan, "DROP TABLE items", true), "");
}

static void check_rights(struct fixture *f, const struct plan *plan, const char *change, const char *words) {
    if (change) run_sql(f, change);
    run_sql(f, "SET ROLE weak");
    bool ok = pg_catalog_check_privileges(f->c, plan, &f->diags);
    run_sql(f, "RESET ROLE");
    const char *text = take_diags(f);
    if (words ? ok || !strstr(text, words) : !ok) fprintf(stderr, "%s\n%s", change ? change : "", text);
    assert_int_equal(ok, words == NULL);
    if (words) assert_non_null(strstr(text, words));
}

static void test_privileges(void **state) {
    struct fixture *f = *state;
    struct plan *plan = prepare(f);
    run_sql(f, "DROP ROLE IF EXISTS weak; CREATE ROLE weak");
    check_rights(f, plan, NULL, "GRANT INSERT ON public.items TO weak");
    check_rights(f, plan, "GRANT INSERT ON items TO weak", NULL);
    plan->maps[0].conflict = CONFLICT_UPDATE;
    check_rights(f, plan, NULL, "GRANT SELECT, UPDATE ON public.items TO weak");
    check_rights(f, plan, "GRANT SELECT, UPDATE ON items TO weak", NULL);
    check_rights(f, plan, "REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC",
                 "GRANT TEMPORARY ON DATABASE postgres");
    check_rights(f, plan,
                 "GRANT TEMPORARY ON DATABASE postgres TO PUBLIC; REVOKE USAGE ON SCHEMA public FROM PUBLIC",
                 "GRANT USAGE ON SCHEMA public TO weak");
    run_sql(f, "GRANT USAGE ON SCHEMA public TO PUBLIC");
}

static void test_row_level_security(void **state) {
    struct fixture *f = *state;
    struct plan *plan = prepare(f);
    run_sql(f, "DROP ROLE IF EXISTS weak; CREATE ROLE weak; GRANT INSERT ON items TO weak");
    check_rights(f, plan, "ALTER TABLE items ENABLE ROW LEVEL SECURITY",
                 "row level security of table public.items");
    check_rights(f, plan, "ALTER ROLE weak BYPASSRLS", NULL);
    check_rights(
        f, plan,
        "ALTER ROLE weak NOBYPASSRLS; GRANT CREATE ON SCHEMA public TO weak; ALTER TABLE items OWNER TO weak",
        NULL);
    check_rights(f, plan, "ALTER TABLE items FORCE ROW LEVEL SECURITY", "FORCE");
    run_sql(f, "DROP OWNED BY weak");
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_same),
        CASE(test_differences),
        CASE(test_enum_labels),
        CASE(test_conflict_needs_unique_key),
        CASE(test_unused_tables_do_not_matter),
        CASE(test_privileges),
        CASE(test_row_level_security),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The journal: schema, locks, runs, events, reading back. */
#include "tests/postgres/support.h"

static const struct column_spec ITEMS[] = {{"id", TYPE_INT, "integer", WIRE_INT4, true, 0}};

static void test_prepare_twice(void **state) {
    struct fixture *f = *state;
    assert_int_equal(journal_find(f->c, &f->diags), JOURNAL_ABSENT);
    assert_true(journal_prepare(f->c, &f->diags));
    assert_true(journal_prepare(f->c, &f->diags));
    assert_int_equal(journal_find(f->c, &f->diags), JOURNAL_PRESENT);
    assert_answer(
        f,
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = "
        "'mig'::regnamespace"
        " AND relkind = 'r'",
        "approval batch conflict crosswalk event image part_undo part_undo_batch quarantine run run_source "
        "same_row schema_version step toggled undo undone_image");
}

static void test_newer_version_is_refused(void **state) {
    struct fixture *f = *state;
    assert_true(journal_prepare(f->c, &f->diags));
    run_sql(f, "INSERT INTO mig.schema_version (version) VALUES (99)");
    assert_false(journal_prepare(f->c, &f->diags));
    assert_true(has_code(f, X_PG_JOURNAL));
    assert_int_equal(journal_find(f->c, &f->diags), JOURNAL_UNUSABLE);
    assert_non_null(strstr(take_diags(f), "99"));
}

static void test_foreign_schema_is_left_alone(void **state) {
    struct fixture *f = *state;
    run_sql(f, "CREATE SCHEMA mig; CREATE TABLE mig.something (a int)");
    assert_false(journal_prepare(f->c, &f->diags));
    assert_non_null(strstr(take_diags(f), "not a journal"));
    assert_answer(f, "SELECT count(*) FROM pg_class WHERE relnamespace = 'mig'::regnamespace", "1");
}

static void test_rights(void **state) {
    struct fixture *f = *state;
    run_sql(f, "DROP ROLE IF EXISTS weak; CREATE ROLE weak; SET ROLE weak");
    assert_false(journal_prepare(f->c, &f->diags));
    const char *text = take_diags(f);
    assert_non_null(strstr(text, "GRANT CREATE ON DATABASE postgres TO weak"));
    run_sql(f, "RESET ROLE");
    assert_true(journal_prepare(f->c, &f->diags));
    run_sql(f, "SET ROLE weak");
    assert_false(journal_prepare(f->c, &f->diags));
    assert_int_equal(journal_find(f->c, &f->diags), JOURNAL_UNUSABLE);
    assert_non_null(strstr(take_diags(f), "GRANT USAGE ON SCHEMA mig TO weak"));
    run_sql(f, "RESET ROLE; GRANT USAGE ON SCHEMA mig TO weak; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN "
               "SCHEMA mig TO"
               " weak; SET ROLE weak");
    assert_true(journal_prepare(f->c, &f->diags));
    run_sql(f, "RESET ROLE; DROP SCHEMA mig CASCADE; CREATE SCHEMA mig AUTHORIZATION weak; SET ROLE weak");
    assert_true(journal_prepare(f->c, &f->diags));
    run_sql(f, "RESET ROLE; DROP SCHEMA mig CASCADE; DROP ROLE weak");
}

static void test_lock_names_its_holder(void **state) {
    struct fixture *f = *state;
    struct pg_connection *other =
        pg_connect(test_url(), &(struct pg_options){.application_name = STR("mig 7f3a")}, NULL, &f->diags);
    assert_true(journal_lock(other, 0, &f->diags));
    assert_true(journal_lock_is_held(other));
    assert_false(journal_lock(f->c, 200, &f->diags));
    assert_true(has_code(f, X_PG_LOCKED));
    assert_non_null(strstr(take_diags(f), "mig 7f3a"));
    assert_false(journal_lock_is_held(f->c));
    journal_unlock(other);
    assert_true(journal_lock(f->c, 0, &f->diags));
    pg_close(other);
    journal_unlock(f->c);
}

static void test_run_and_steps(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "items", ITEMS, 1);
    struct journal_source sources[] = {{STR("links"), STR("a.csv"), 12345, true, {1, 0xab}},
                                       {STR("links"), STR("b.csv"), 1, true, {2}}};
    uint8_t spec_hash[32] = {9};
    struct journal_run_start start = {.run_id = {{1, 2, 3}},
                                      .migration = STR("portal"),
                                      .version = 3,
                                      .environment = STR("prod"),
                                      .plan_hash = {0xde, 0xad},
                                      .spec_hash = spec_hash,
                                      .params_json = STR("{\"cutover\":\"2025\"}"),
                                      .mig_version = STR("0.1"),
                                      .who = STR("bo"),
                                      .host = STR("h"),
                                      .started_at = 811728000000000,
                                      .sources = sources,
                                      .source_count = 2};
    struct journal_run run;
    run_sql(f, "CREATE TABLE items (id int PRIMARY KEY)");
    assert_true(journal_prepare(f->c, &f->diags));
    assert_true(journal_start_run(f->c, &start, &run, &f->diags));
    assert_true(journal_start_step(f->c, &run, plan, 0, 811728000000001, &f->diags));
    assert_answer(f,
                  "SELECT concat_ws('/', map, state, identity, target_oid::regclass, target_filenode > 0) "
                  "FROM mig.step",
                  "items/running/xmin/items/t");
    struct journal_counts counts = {.in = 10, .written = 7, .skipped = 2, .rejected = 1};
    assert_true(journal_finish_step(f->c, &run, plan, 0, JOURNAL_DONE, &counts, 811728000000002, &f->diags));
    struct journal_run_info *info = journal_read_run(f->c, &f->arena, STR(""), &f->diags);
    assert_non_null(info);
    assert_true(str_is(info->state, "running") && str_is(info->environment, "prod") && info->exit_code == -1);
    assert_true(str_starts_with(info->plan_hash, STR("dead0000")));
    assert_int_equal(info->started_micros, 811728000000000);
    assert_true(str_is(info->started_at, "2025-09-21T00:00:00Z") && info->finished_at.len == 0);
    assert_int_equal(info->step_count, 1);
    assert_true(str_is(info->steps[0].target, "public.items") && info->steps[0].counts.written == 7);
    assert_int_equal(info->source_count, 2);
    assert_int_equal(info->sources[0].bytes, 12345);
    assert_int_equal(info->sources[0].sha256[1], 0xab);
    assert_true(
        journal_finish_run(f->c, &run, JOURNAL_DONE, 0, STR("{\"ok\":true}"), 811728000000003, &f->diags));
    struct journal_run_info *runs;
    uint32_t count;
    assert_true(journal_read_runs(f->c, &f->arena, 10, &runs, &count, &f->diags));
    assert_int_equal(count, 1);
    assert_true(str_is(runs[0].state, "done") && runs[0].exit_code == 0 &&
                str_is(runs[0].summary_json, "{\"ok\":true}"));
    assert_non_null(journal_read_run(f->c, &f->arena, STR("010203"), &f->diags));
    assert_null(journal_read_run(f->c, &f->arena, STR("ff%"), &f->diags));
    /* A finished run is not taken over. */
    assert_false(journal_take_over(f->c, run.id, &run, &f->diags));
    take_diags(f);
}

static void test_reading_without_journal(void **state) {
    struct fixture *f = *state;
    struct journal_run_info *runs;
    uint32_t count = 9;
    assert_true(journal_read_runs(f->c, &f->arena, 10, &runs, &count, &f->diags));
    assert_int_equal(count, 0);
    assert_null(journal_read_run(f->c, &f->arena, STR(""), &f->diags));
    assert_non_null(strstr(take_diags(f), "no run"));
    assert_answer(f, "SELECT count(*) FROM pg_namespace WHERE nspname = 'mig'", "0");
}

static void test_identity_of_tables(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "items", ITEMS, 1);
    run_sql(f, "CREATE TABLE items (id int PRIMARY KEY) PARTITION BY RANGE (id)");
    start_run(f, plan);
    assert_answer(f, "SELECT identity FROM mig.step", "content");
    run_sql(f, "DROP TABLE items; CREATE TABLE items (id int PRIMARY KEY); CREATE FUNCTION t() RETURNS "
               "trigger LANGUAGE plpgsql"
               " AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW "
               "EXECUTE FUNCTION t();"
               " DELETE FROM mig.step");
    start_run(f, plan);
    assert_answer(f, "SELECT identity FROM mig.step", "content");
}

static void test_events_are_a_chain(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "items", ITEMS, 1);
    run_sql(f, "CREATE TABLE items (id int PRIMARY KEY)");
    struct journal_run run = start_run(f, plan);
    uint64_t count;
    assert_true(journal_event(f->c, &run, STR("map_finished"), STR("items"), STR("{\"a\": [1, 2.50]}"),
                              811728000123456, &f->diags));
    assert_true(journal_event(f->c, &run, STR("note"), STR(""), STR(""), -1, &f->diags));
    assert_true(journal_verify_events(f->c, &count, &f->diags));
    assert_int_equal(count, 3);
    assert_false(pg_exec(f->c, "UPDATE mig.event SET kind = 'x'", NULL));
    assert_false(pg_exec(f->c, "TRUNCATE mig.event", NULL));
    static const char *const CHANGES[] = {
        "UPDATE mig.event SET detail = '{}' WHERE id = 2",
        "UPDATE mig.event SET at = at + interval '1 microsecond' WHERE id = 2",
        "UPDATE mig.event SET map = 'other' WHERE id = 2", "DELETE FROM mig.event WHERE id = 2",
        "DELETE FROM mig.event WHERE id = 1"};
    for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
        run_sql(f, "BEGIN; ALTER TABLE mig.event DISABLE TRIGGER ALL");
        run_sql(f, CHANGES[i]);
        assert_false(journal_verify_events(f->c, &count, &f->diags));
        assert_true(has_code(f, X_PG_TAMPERED));
        take_diags(f);
        run_sql(f, "ROLLBACK");
    }
    assert_true(journal_verify_events(f->c, &count, &f->diags));
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_prepare_twice),
        CASE(test_newer_version_is_refused),
        CASE(test_foreign_schema_is_left_alone),
        CASE(test_rights),
        CASE(test_lock_names_its_holder),
        CASE(test_run_and_steps),
        CASE(test_reading_without_journal),
        CASE(test_identity_of_tables),
        CASE(test_events_are_a_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

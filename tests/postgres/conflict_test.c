/* `on conflict`: what is counted, changed, kept, returned. */
#include "tests/postgres/support.h"

static const struct column_spec USERS[] = {
    {"id", TYPE_INT, "integer", WIRE_INT4, true, 0},
    {"email", TYPE_TEXT, "text", WIRE_TEXT, false, 0},
    {"name", TYPE_TEXT, "text", WIRE_TEXT, false, 0},
    {"extra", TYPE_JSON, "json", WIRE_JSON, false, 0},
};

struct user_row {
    int64_t id;
    const char *email, *name;
};

struct load {
    struct fixture *f;
    struct plan *plan;
    struct journal_run run;
    struct pg_loader *loader;
    struct load_result result;
    bool returning;
};

static uint32_t EMAIL[] = {1}, NAME[] = {2}, RETURNED[] = {0, 2, 4};

static void open_load(struct load *l, struct fixture *f, enum plan_conflict conflict, bool returning) {
    *l = (struct load){.f = f, .plan = make_plan(f, "users", USERS, 4), .returning = returning};
    struct plan_map *map = &l->plan->maps[0];
    map->conflict = (uint8_t)conflict;
    if (conflict != CONFLICT_NONE) {
        map->conflict_columns = EMAIL;
        map->conflict_columns_count = 1;
    }
    /* A fifth column that the map does not write. */
    struct plan_target_table *table = l->plan->target.tables;
    struct plan_target_column *columns = ARENA_ARRAY(&f->arena, struct plan_target_column, 5);
    memcpy(columns, table->columns, sizeof *columns * 4);
    columns[4] = (struct plan_target_column){
        .name = STR("code"), .pg_type = STR("text"), .wire = WIRE_TEXT, .has_default = 1};
    table->columns = columns;
    table->columns_count = 5;
    run_sql(f, "CREATE SEQUENCE codes; CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, name text, "
               "extra json,"
               " code text DEFAULT 'c' || nextval('codes')); INSERT INTO users (id, email, name) VALUES "
               "(101, 'a@x', 'Al'),"
               " (102, 'b@x', 'Bo'), (103, NULL, 'Nul')");
    l->run = start_run(f, l->plan);
}

static void open_loader(struct load *l) {
    struct pg_loader_options options = {.returning = RETURNED, .returning_count = l->returning ? 3 : 0};
    l->loader = pg_loader_open(l->f->c, l->plan, 0, &l->run, &options, &l->f->diags);
    if (l->loader == NULL) fprintf(stderr, "%s", take_diags(l->f));
    assert_non_null(l->loader);
}

static enum load_status load(struct load *l, const struct user_row *rows, uint32_t count, uint64_t ordinal) {
    struct vm *vm = fake_vm_new(l->f, l->plan, count);
    for (uint32_t i = 0; i < count; i++) {
        fake_vm_set(vm, 0, i, int_value(rows[i].id));
        fake_vm_set(vm, 1, i, rows[i].email ? text_value(rows[i].email) : null_value());
        fake_vm_set(vm, 2, i, text_value(rows[i].name));
        fake_vm_set(vm, 3, i, null_value());
    }
    struct encoded_rows encoded = encode_all(l->f, l->plan, vm, count, 500, l->returning);
    enum load_status status = pg_loader_send(l->loader, &encoded, 0, count, &l->result, &l->f->diags);
    if (status == LOAD_OK) status = pg_loader_finish(l->loader, ordinal, &l->result, &l->f->diags);
    struct journal_batch batch = batch_of(ordinal, count);
    batch.rejected = l->result.conflicting_count;
    if (status == LOAD_OK) status = pg_loader_commit(l->loader, &batch, &l->result, &l->f->diags);
    if (status != LOAD_OK && l->f->diags.items.count) fprintf(stderr, "%s", take_diags(l->f));
    encoded_rows_release(&encoded);
    return status;
}

static const char *ALL_USERS =
    "SELECT string_agg(concat_ws('/', id, coalesce(email, '-'), name), ' ' ORDER BY id) FROM users";

static void test_skip(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, CONFLICT_SKIP, true);
    open_loader(&l);
    struct user_row rows[] = {
        {1, "b@x", "Bee"}, {2, "c@x", "Cy"}, {3, "c@x", "Cyr"}, {4, NULL, "N"}, {5, NULL, "M"}};
    assert_int_equal(load(&l, rows, 5, 0), LOAD_OK);
    assert_int_equal(l.result.written, 3);
    assert_int_equal(l.result.unchanged, 2);
    assert_int_equal(l.result.unchanged_count, 2);
    assert_int_equal(l.result.unchanged_rows[0], 500);
    assert_int_equal(l.result.unchanged_rows[1], 502);
    assert_answer(f, ALL_USERS, "2/c@x/Cy 4/-/N 5/-/M 101/a@x/Al 102/b@x/Bo 103/-/Nul");
    /* The stored rows: Bo for the first, Cy for both that wanted to be c@x. */
    assert_int_equal(l.result.returned_count, 5);
    const struct load_returned *r = l.result.returned;
    assert_true(r[0].existing && str_is(r[0].cells[0], "102") && str_is(r[0].cells[1], "Bo") &&
                str_is(r[0].cells[2], "c2"));
    assert_true(!r[1].existing && r[1].ordinal == 501 && str_is(r[1].cells[0], "2") &&
                str_is(r[1].cells[2], "c4"));
    assert_true(r[2].existing && r[2].ordinal == 502 && str_is(r[2].cells[0], "2"));
    assert_true(!r[3].existing && str_is(r[3].cells[1], "N"));
    pg_loader_close(l.loader);
    assert_answer(f, "SELECT concat_ws('/', rows_in, written, updated, unchanged, rejected) FROM mig.batch",
                  "5/3/0/2/0");
    assert_answer(f, "SELECT count(*) FROM pg_class WHERE relname LIKE 'mig: %'", "0");
}

static void test_reject(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, CONFLICT_REJECT, false);
    open_loader(&l);
    struct user_row rows[] = {{1, "b@x", "Bee"}, {2, "c@x", "Cy"}, {3, "c@x", "Cyr"}, {4, "d@x", "Di"}};
    assert_int_equal(load(&l, rows, 4, 0), LOAD_OK);
    assert_int_equal(l.result.written, 2);
    assert_int_equal(l.result.conflicting_count, 2);
    assert_int_equal(l.result.conflicting[0], 500);
    assert_int_equal(l.result.conflicting[1], 502);
    assert_answer(f, ALL_USERS, "2/c@x/Cy 4/d@x/Di 101/a@x/Al 102/b@x/Bo 103/-/Nul");
    pg_loader_close(l.loader);
    assert_answer(f, "SELECT concat_ws('/', rows_in, written, updated, unchanged, rejected) FROM mig.batch",
                  "4/2/0/0/2");
}

static void test_update(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, CONFLICT_UPDATE, true);
    l.plan->maps[0].update_columns = NAME;
    l.plan->maps[0].update_columns_count = 1;
    open_loader(&l);
    struct user_row rows[] = {
        {1, "b@x", "Bee"}, {2, "a@x", "Al"}, {3, "c@x", "Cy"}, {4, "c@x", "Cyr"}, {5, "c@x", "Cyr"}};
    assert_int_equal(load(&l, rows, 5, 0), LOAD_OK);
    assert_int_equal(l.result.written, 1);
    assert_int_equal(l.result.updated, 2);
    assert_int_equal(l.result.unchanged, 2);
    assert_answer(f, ALL_USERS, "3/c@x/Cyr 101/a@x/Al 102/b@x/Bee 103/-/Nul");
    assert_answer(f,
                  "SELECT string_agg(concat_ws('/', seq, operation, old_row->>'id', old_row->>'name', "
                  "old_row->>'code'),"
                  " ' ' ORDER BY seq) FROM mig.image",
                  "1/update/102/Bo/c2 2/update/3/Cy/c4");
    assert_int_equal(l.result.returned_count, 5);
    assert_true(str_is(l.result.returned[0].cells[0], "102") && str_is(l.result.returned[0].cells[1], "Bee"));
    /* Untouched rows keep their version. */
    assert_answer(f, "SELECT count(*) FROM users u JOIN mig.batch b ON b.xid::text = u.xmin::text", "2");
    assert_answer(f, "SELECT row_sum <> update_row_sum FROM mig.batch", "t");
    /* An image gives its row back, whole. */
    run_sql(
        f, "UPDATE users u SET name = i.name FROM mig.image m, json_populate_record(null::users, m.old_row) i"
           " WHERE m.seq = 1 AND u.id = i.id");
    assert_answer(f, "SELECT name FROM users WHERE id = 102", "Bo");
    pg_loader_close(l.loader);
}

static void test_update_of_all_columns(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, CONFLICT_UPDATE, false);
    open_loader(&l);
    struct user_row rows[] = {{1, "b@x", "Bo"}, {101, "a@x", "Al"}};
    assert_int_equal(load(&l, rows, 2, 0), LOAD_OK);
    assert_int_equal(l.result.updated, 1);
    assert_int_equal(l.result.unchanged, 1);
    assert_answer(f, ALL_USERS, "1/b@x/Bo 101/a@x/Al 103/-/Nul");
    /* Again: nothing left to change. */
    assert_int_equal(load(&l, rows, 2, 1), LOAD_OK);
    assert_int_equal(l.result.unchanged, 2);
    assert_answer(f, "SELECT count(*) FROM mig.image", "1");
    pg_loader_close(l.loader);
}

static void test_refused_in_stage_and_target(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, CONFLICT_SKIP, false);
    run_sql(f, "ALTER TABLE users ALTER name TYPE varchar(5), ADD CHECK (name <> 'bad')");
    open_loader(&l);
    struct user_row long_name[] = {{1, "k@x", "Kay"}, {2, "l@x", "much too long"}};
    assert_int_equal(load(&l, long_name, 2, 0), LOAD_REFUSED);
    assert_int_equal(l.result.refused_row, 1);
    struct user_row bad_name[] = {{1, "k@x", "Kay"}, {2, "l@x", "bad"}};
    assert_int_equal(load(&l, bad_name, 2, 0), LOAD_REFUSED);
    assert_int_equal(l.result.refused_row, -1);
    /* A conflict with another key than the one named is the row's fault. */
    struct user_row other_key[] = {{101, "k@x", "Kay"}};
    assert_int_equal(load(&l, other_key, 1, 0), LOAD_REFUSED);
    struct user_row good[] = {{1, "k@x", "Kay"}};
    assert_int_equal(load(&l, good, 1, 0), LOAD_OK);
    pg_loader_close(l.loader);
}

static void test_identity_always_and_returning(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, CONFLICT_NONE, true);
    run_sql(f, "DROP TABLE users; CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email "
               "text, name text,"
               " extra json, code text DEFAULT 'c' || nextval('codes'))");
    l.plan->target.tables[0].columns[0].identity = 2;
    open_loader(&l);
    struct user_row rows[] = {{77, "b@x", "Bo"}, {7, "b@x", "Ba"}};
    assert_int_equal(load(&l, rows, 2, 0), LOAD_OK);
    assert_int_equal(l.result.returned_count, 2);
    assert_true(str_is(l.result.returned[0].cells[0], "77") && str_is(l.result.returned[0].cells[2], "c4"));
    assert_true(str_is(l.result.returned[1].cells[0], "7") && str_is(l.result.returned[1].cells[2], "c5"));
    pg_loader_close(l.loader);
}

static void test_concurrent_insert_is_retried(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, CONFLICT_SKIP, false);
    /* Another session inserts between looking and inserting: a trigger on the stage's own insert plays it. */
    run_sql(f, "CREATE EXTENSION IF NOT EXISTS dblink");
    open_loader(&l);
    const char *sql =
        arena_printf(&f->arena,
                     "CREATE FUNCTION race() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                     " PERFORM dblink_exec('host=%s user=tester dbname=postgres',"
                     "  'INSERT INTO public.users (id, email) VALUES (900, ''z@x'')"
                     " ON CONFLICT DO NOTHING'); RETURN NULL; END $$;"
                     "CREATE TRIGGER race BEFORE INSERT ON users FOR EACH STATEMENT"
                     " WHEN (pg_trigger_depth() = 0 AND current_setting('mig.race', true) = 'on')"
                     " EXECUTE FUNCTION race(); SET mig.race = 'on'",
                     getenv("PGHOST"))
            .ptr;
    run_sql(f, sql);
    struct user_row rows[] = {{1, "z@x", "Zed"}};
    assert_int_equal(load(&l, rows, 1, 0), LOAD_RETRY);
    assert_int_equal(load(&l, rows, 1, 0), LOAD_OK);
    assert_int_equal(l.result.unchanged, 1);
    pg_loader_close(l.loader);
}

static void test_conflict_columns_must_be_written(void **state) {
    struct fixture *f = *state;
    struct load l;
    uint32_t code[] = {4};
    open_load(&l, f, CONFLICT_SKIP, false);
    l.plan->maps[0].conflict_columns = code;
    assert_null(pg_loader_open(f->c, l.plan, 0, &l.run, NULL, &f->diags));
    assert_true(has_code(f, X_PG_STATEMENT));
}

static void test_rehearsed_conflicts(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, CONFLICT_UPDATE, false);
    assert_true(pg_begin(f->c, &f->diags));
    l.loader =
        pg_loader_open(f->c, l.plan, 0, NULL, &(struct pg_loader_options){.rehearse = true}, &f->diags);
    struct user_row rows[] = {{1, "b@x", "Bee"}, {2, "q@x", "Q"}};
    assert_int_equal(load(&l, rows, 2, 0), LOAD_OK);
    assert_true(l.result.updated == 1 && l.result.written == 1);
    assert_int_equal(load(&l, rows, 2, 1), LOAD_OK);
    assert_int_equal(l.result.unchanged, 2);
    pg_loader_close(l.loader);
    pg_rollback(f->c);
    assert_answer(f, "SELECT count(*) FROM mig.image", "0");
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_skip),
        CASE(test_reject),
        CASE(test_update),
        CASE(test_update_of_all_columns),
        CASE(test_refused_in_stage_and_target),
        CASE(test_identity_always_and_returning),
        CASE(test_concurrent_insert_is_retried),
        CASE(test_conflict_columns_must_be_written),
        CASE(test_rehearsed_conflicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

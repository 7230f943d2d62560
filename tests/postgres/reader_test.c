/* Reading target tables and sources: cells, nulls, escapes, snapshots, losses. */
#include "tests/postgres/support.h"

static const struct column_spec ITEMS[] = {
    {"id", TYPE_INT, "integer", WIRE_INT4, true, 0},
    {"name", TYPE_TEXT, "text", WIRE_TEXT, false, 0},
    {"ok", TYPE_BOOL, "boolean", WIRE_BOOL, false, 0},
    {"tags", TYPE_ARRAY, "text[]", WIRE_ARRAY, false, TYPE_TEXT},
};

static void make_items(struct fixture *f, uint32_t rows) {
    run_sql(f, "CREATE TABLE items (id int PRIMARY KEY, name text, ok boolean, tags text[])");
    run_sql(f, arena_printf(
                   &f->arena,
                   "INSERT INTO items SELECT i, 'n' || i, i %% 2 = 0, '{}' FROM generate_series(%u, 1, -1) i",
                   rows)
                   .ptr);
}

static const char *cell(const struct row_batch *batch, uint32_t column, uint32_t row) {
    static char text[256];
    if (batch->columns[column].state[row] == ROW_NULL) return "NULL";
    snprintf(text, sizeof text, "%.*s", STR_ARG(batch->columns[column].text[row]));
    return text;
}

static void test_cells(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "items", ITEMS, 4);
    make_items(f, 0);
    run_sql(f, "INSERT INTO items VALUES (2, E'tab\\t nl\\n cr\\r bs\\\\ \\b\\f\\x0b \\\\N', true, "
               "ARRAY['a\\b', 'c,d', NULL]),"
               " (1, '', false, NULL), (3, NULL, NULL, '{}'), (4, '\\N', NULL, NULL)");
    static const uint32_t columns[] = {1, 2, 0, 3};
    struct row_batch batch;
    row_batch_init(&batch, 4);
    struct pg_copy_reader *r = pg_reader_target_table(f->c, plan, 0, columns, 4, STR(""), &f->diags);
    assert_non_null(r);
    assert_int_equal(pg_copy_reader_next(r, &batch, &f->diags), READER_ROWS);
    assert_int_equal(batch.count, 4);
    assert_string_equal(cell(&batch, 0, 0), "");
    assert_string_equal(cell(&batch, 1, 0), "false");
    assert_string_equal(cell(&batch, 2, 0), "1");
    assert_string_equal(cell(&batch, 3, 0), "NULL");
    assert_string_equal(cell(&batch, 0, 1), "tab\t nl\n cr\r bs\\ \b\f\v \\N");
    assert_string_equal(cell(&batch, 1, 1), "true");
    assert_string_equal(cell(&batch, 3, 1), "{\"a\\\\b\",\"c,d\",NULL}");
    assert_string_equal(cell(&batch, 0, 2), "NULL");
    assert_string_equal(cell(&batch, 1, 2), "NULL");
    assert_string_equal(cell(&batch, 0, 3), "\\N");
    assert_true(batch.columns[2].clean && !batch.columns[0].clean && batch.columns[0].checked);
    assert_int_equal(batch.places[3].row, 4);
    row_batch_reset(&batch);
    assert_int_equal(pg_copy_reader_next(r, &batch, &f->diags), READER_END);
    pg_copy_reader_close(r);
    assert_answer(f, "SELECT 1", "1");
    row_batch_release(&batch);
}

static void test_many_batches_and_early_close(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "items", ITEMS, 4);
    make_items(f, 5000);
    static const uint32_t columns[] = {0};
    struct row_batch batch;
    row_batch_init(&batch, 1);
    struct pg_copy_reader *r = pg_reader_target_table(f->c, plan, 0, columns, 1, STR(""), &f->diags);
    uint64_t rows = 0;
    while (pg_copy_reader_next(r, &batch, &f->diags) == READER_ROWS) {
        assert_int_equal(batch.first, rows);
        char first[24];
        snprintf(first, sizeof first, "%llu", (unsigned long long)rows + 1);
        assert_string_equal(cell(&batch, 0, 0), first); /* by key */
        rows += batch.count;
        row_batch_reset(&batch);
    }
    assert_int_equal(rows, 5000);
    pg_copy_reader_close(r);
    r = pg_reader_query(f->c, STR("SELECT repeat('x', 1000) FROM generate_series(1, 100000);  "), 1,
                        STR("numbers"), &f->diags);
    row_batch_reset(&batch);
    assert_int_equal(pg_copy_reader_next(r, &batch, &f->diags), READER_ROWS);
    pg_copy_reader_close(r);
    assert_answer(f, "SELECT 1", "1");
    row_batch_release(&batch);
}

static void test_errors(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "items", ITEMS, 4);
    static const uint32_t columns[] = {0};
    assert_null(pg_reader_target_table(f->c, plan, 0, columns, 1, STR(""), &f->diags));
    assert_true(has_code(f, X_PG_MISSING));
    assert_null(pg_reader_query(f->c, STR("SELECT 1, 2"), 1, STR("pair"), &f->diags));
    take_diags(f);
    /* An error in the middle is no end. */
    struct row_batch batch;
    row_batch_init(&batch, 1);
    struct pg_copy_reader *r = pg_reader_query(
        f->c, STR("SELECT 1 / (3000 - i) FROM generate_series(1, 5000) i"), 1, STR("numbers"), &f->diags);
    enum reader_status status = pg_copy_reader_next(r, &batch, &f->diags);
    assert_int_equal(status, READER_ROWS);
    row_batch_reset(&batch);
    assert_int_equal(pg_copy_reader_next(r, &batch, &f->diags), READER_FAILED);
    assert_non_null(strstr(take_diags(f), "division by zero"));
    pg_copy_reader_close(r);
    /* Nor is a lost connection. */
    r = pg_reader_query(f->c, STR("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)"), 1,
                        STR("numbers"), &f->diags);
    struct pg_connection *killer = pg_connect(test_url(), NULL, NULL, &f->diags);
    assert_true(pg_execf(killer, &f->diags, "SELECT pg_terminate_backend(%d, 5000)", pg_backend_id(f->c)));
    pg_close(killer);
    do {
        row_batch_reset(&batch);
        status = pg_copy_reader_next(r, &batch, &f->diags);
    } while (status == READER_ROWS);
    assert_int_equal(status, READER_FAILED);
    assert_true(has_code(f, X_PG_LOST));
    pg_copy_reader_close(r);
    row_batch_release(&batch);
}

/* -- sources */

static struct plan *source_plan(struct fixture *f, enum plan_source_format format, const char *title,
                                const char *second) {
    struct plan *plan = make_plan(f, "items", ITEMS, 4);
    struct plan_source *sources = ARENA_ARRAY(&f->arena, struct plan_source, 2);
    struct plan_source_table *table = ARENA_NEW(&f->arena, struct plan_source_table);
    table->name = STR("items");
    table->title = str_cstr(title);
    table->columns = ARENA_ARRAY(&f->arena, struct plan_source_column, 2);
    table->columns_count = 2;
    table->columns[0] = (struct plan_source_column){.name = STR("id")};
    table->columns[1] = (struct plan_source_column){.name = STR("label"), .from = str_cstr(second)};
    sources[0] = (struct plan_source){.name = STR("old"),
                                      .format = SOURCE_POSTGRES,
                                      .location = STR("MIG_TEST_PG_URL"),
                                      .location_is_env = 1,
                                      .tables = table,
                                      .tables_count = 1};
    sources[1] = (struct plan_source){
        .name = STR("active"), .format = (uint8_t)format, .query_of = 1, .tables = table, .tables_count = 1};
    if (format == SOURCE_POSTGRES) sources[1] = sources[0];
    plan->sources = sources;
    plan->sources_count = 2;
    return plan;
}

static struct reader *open_source(struct fixture *f, const struct plan *plan, struct pg_sources *sources) {
    static const struct reader_column projection[] = {{1, VIA_SELF}, {1, VIA_PARENT}, {0, VIA_ROOT}};
    struct reader_options options = {
        .postgres_ops = &PG_READER_OPS, .postgres_context = sources, .keep_raw = true};
    return reader_open(plan, 1, 0, projection, 3, &options, &f->diags);
}

static void read_three(struct fixture *f, const struct plan *plan, struct pg_sources *sources) {
    struct reader *r = open_source(f, plan, sources);
    if (r == NULL) fprintf(stderr, "%s", take_diags(f));
    assert_non_null(r);
    struct row_batch batch;
    row_batch_init(&batch, 3);
    assert_int_equal(reader_next(r, &batch, &f->diags), READER_ROWS);
    assert_int_equal(batch.count, 3);
    assert_string_equal(cell(&batch, 0, 2), "n3");
    assert_string_equal(cell(&batch, 1, 2), "NULL");
    assert_string_equal(cell(&batch, 2, 2), "3");
    assert_true(str_is(batch.places[2].raw, "[\"n3\",\"3\"]"));
    row_batch_reset(&batch);
    assert_int_equal(reader_next(r, &batch, &f->diags), READER_END);
    assert_true(reader_file_count(r) == 1 && reader_file_name(r, 0).len > 0);
    reader_close(r);
    row_batch_release(&batch);
}

static void test_source_table_and_query(void **state) {
    struct fixture *f = *state;
    make_items(f, 3);
    struct plan *plan = source_plan(f, SOURCE_POSTGRES, "\"public\".\"items\"", "name");
    struct pg_sources *sources = pg_sources_new(plan, test_url(), NULL);
    read_three(f, plan, sources);
    /* One snapshot for the whole run. */
    run_sql(f, "DELETE FROM items; INSERT INTO items VALUES (9, 'late')");
    read_three(f, plan, sources);
    pg_sources_free(sources);
    run_sql(f, "DELETE FROM items; INSERT INTO items SELECT i, 'n' || i FROM generate_series(1, 3) i");
    plan = source_plan(f, SOURCE_QUERY, "SELECT id, name AS \"La bel\" FROM items ORDER BY id -- all\n ; ",
                       "La bel");
    sources = pg_sources_new(plan, test_url(), NULL);
    read_three(f, plan, sources);
    plan->sources[1].query_of = 0;
    read_three(f, plan, sources);
    pg_sources_free(sources);
    /* A source is never written. */
    plan = source_plan(f, SOURCE_QUERY, "WITH d AS (DELETE FROM items RETURNING id, name) SELECT * FROM d",
                       "name");
    sources = pg_sources_new(plan, test_url(), NULL);
    assert_null(open_source(f, plan, sources));
    pg_sources_free(sources);
    assert_answer(f, "SELECT count(*) FROM items", "3");
}

static void test_source_errors(void **state) {
    struct fixture *f = *state;
    make_items(f, 3);
    struct plan *plan = source_plan(f, SOURCE_POSTGRES, "\"public\".\"items\"", "nane");
    struct pg_sources *sources = pg_sources_new(plan, test_url(), NULL);
    assert_null(open_source(f, plan, sources));
    const char *text = take_diags(f);
    assert_non_null(strstr(text, "nane"));
    assert_non_null(strstr(text, "name"));
    plan->sources[1].location = STR("MIG_NO_SUCH_VARIABLE");
    assert_null(open_source(f, plan, sources));
    assert_non_null(strstr(take_diags(f), "`MIG_NO_SUCH_VARIABLE`"));
    pg_sources_free(sources);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {CASE(test_cells), CASE(test_many_batches_and_early_close),
                                       CASE(test_errors), CASE(test_source_table_and_query),
                                       CASE(test_source_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

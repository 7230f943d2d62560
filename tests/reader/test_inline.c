/* Inline sources, and sources that need a database. */
#include "tests/reader/reader_fixture.h"

static void test_rows(void **state) {
    (void)state;
    struct fixture f;
    struct plan_cell cells[] = {{CELL_TEXT, 0, STR("wip \"1\"")},
                                {CELL_NUMBER, 0, STR("1.50")},
                                {CELL_TEXT, 1, STR("")},
                                {CELL_BOOL, 0, STR("true")}};
    struct plan_row rows[] = {{cells, 2, 0}, {cells + 2, 2, 0}};
    fixture_start(&f, SOURCE_INLINE, "");
    fixture_columns(&f, "code label");
    f.table.rows = rows;
    f.table.rows_count = 2;
    f.show_raw = true;
    assert_reads(&f, "1/1 \"wip \\\"1\\\"\" #1.50 raw \"[\\\"wip \\\\\\\"1\\\\\\\"\\\",1.50]\"\n2/2 - ?true "
                     "raw \"[null,true]\"\n");
    f.table.rows_count = 0;
    assert_reads(&f, "");
    fixture_end(&f);
}

static void test_more_than_a_batch(void **state) {
    (void)state;
    struct fixture f;
    struct plan_cell cell = {CELL_NUMBER, 0, STR("7")};
    static struct plan_row rows[2 * BATCH_ROWS];
    fixture_start(&f, SOURCE_INLINE, "");
    fixture_columns(&f, "n");
    for (uint32_t i = 0; i < 2 * BATCH_ROWS; i++)
        rows[i] = (struct plan_row){&cell, 1, 0};
    f.table.rows = rows;
    f.table.rows_count = 2 * BATCH_ROWS;
    fixture_read(&f);
    assert_int_equal(f.rows, 2 * BATCH_ROWS);
    fixture_end(&f);
}

static void test_database_source(void **state) {
    (void)state;
    struct fixture f;
    fixture_start(&f, SOURCE_POSTGRES, "OLD_URL");
    fixture_columns(&f, "n");
    assert_reads(&f, "X0217 source `src` needs a database, and none is connected\n"
                     "  use a command that connects to databases, such as `mig run`\n");
    fixture_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_more_than_a_batch),
        cmocka_unit_test(test_database_source),
    };
    return cmocka_run_group_tests_name("reader_inline", tests, NULL, NULL);
}

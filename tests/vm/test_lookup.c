/* FIND, FETCH, on duplicate, and the messages of what is not found. */
#include "tests/vm/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void add_row(struct program_builder *b, uint32_t table, const char *key, enum keyed_status status,
                    int64_t column) {
    struct value part = {.kind = TYPE_TEXT, .as_text = str_cstr(key)};
    struct value value = {.kind = column < 0 ? TYPE_NULL : TYPE_INT, .as_int = column};
    struct buf bytes = {0};
    assert_true(keyed_table_encode(b->plan.tables[table].keys, &part, 1, &bytes));
    assert_true(keyed_table_add(b->values.tables[table], buf_str(&bytes), status, &value, &b->diags));
    buf_release(&bytes);
}

struct lookup {
    struct program_builder b;
    uint32_t row, column, reported;
};

/* cells: keys; the table has one text key and one int column. */
static void make_lookup(struct lookup *l, enum plan_keyed_kind kind, bool pii) {
    struct program_builder *b = &l->b;
    builder_init(b);
    struct plan_type key = type_of(TYPE_TEXT), column = type_of(TYPE_INT);
    uint32_t table = builder_table(b, "projects", kind, &key, 1, &column, 1);
    uint32_t text = builder_op(b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, builder_cell_slot(b, 0), 0);
    l->row = builder_op(b, OP_FIND, TYPE_ROW, 0, 0, 0, 0, builder_list(b, 1, &text), table);
    builder_span(b, "projects[t.project]", pii);
    l->column = builder_op(b, OP_FETCH, TYPE_INT, 0, l->row, 0, 0, 0, 0);
    l->reported = builder_op(b, OP_REPORT, TYPE_INT, 0, l->column, 0, 0, 0, 0);
}

static void load(struct lookup *l) {
    l->b.values.tables = ARENA_ARRAY(&l->b.arena, struct keyed_table *, 1);
    l->b.values.tables[0] = keyed_table_new(&l->b.plan, 0, 1 << 20, STR("/tmp"));
    assert_true(builder_load(&l->b));
}

static void run(struct lookup *l, const char *const *cells, uint32_t count) {
    builder_cells(&l->b, 1, count, cells);
    builder_run(&l->b, count);
}

static void rows_are_found_and_read(void **state) {
    (void)state;
    const char *cells[] = {"a", "b", NULL, "zz", "rejected", "skipped", "twice"};
    struct lookup l;
    make_lookup(&l, KEYED_MAP, false);
    load(&l);
    add_row(&l.b, 0, "a", KEYED_PRESENT, 1);
    add_row(&l.b, 0, "b", KEYED_PRESENT, -1);
    add_row(&l.b, 0, "rejected", KEYED_REJECTED, -1);
    add_row(&l.b, 0, "skipped", KEYED_SKIPPED, -1);
    add_row(&l.b, 0, "twice", KEYED_PRESENT, 5);
    add_row(&l.b, 0, "twice", KEYED_PRESENT, 6);
    run(&l, cells, 7);
    static const char *const columns[] = {
        "1", "null", "null", "missing R0141", "missing R0142", "skipped R0143", "duplicate R0144"};
    static const char *const messages[] = {NULL,
                                           NULL,
                                           NULL,
                                           "no row for \"zz\" in projects",
                                           "the row \"rejected\" of projects was rejected",
                                           "the row \"skipped\" of projects was left out",
                                           "several rows for \"twice\" in projects"};
    static const enum outcome outcomes[] = {OUTCOME_OK,       OUTCOME_OK,       OUTCOME_OK,
                                            OUTCOME_REJECTED, OUTCOME_REJECTED, OUTCOME_SKIPPED,
                                            OUTCOME_REJECTED};
    for (uint32_t r = 0; r < 7; r++) {
        assert_string_equal(builder_show(&l.b, l.column, r), columns[r]);
        assert_int_equal(vm_row_outcome(l.b.vm, r), outcomes[r]);
        const struct row_report *report = vm_first_report(l.b.vm, r);
        if (messages[r] == NULL)
            assert_null(report);
        else
            assert_string_equal(report->message.ptr, messages[r]);
    }
    assert_int_equal(vm_row_skip_reason(l.b.vm, 5), SKIPPED_PARENT);
    builder_release(&l.b);
}

static void codes_and_personal_keys(void **state) {
    (void)state;
    const char *cells[] = {"zzz"};
    struct lookup l;
    make_lookup(&l, KEYED_CODES, false);
    load(&l);
    run(&l, cells, 1);
    assert_string_equal(vm_first_report(l.b.vm, 0)->message.ptr, "\"zzz\" is not in projects");
    assert_int_equal(vm_first_report(l.b.vm, 0)->fault, FAULT_MISSING_CODE);
    builder_release(&l.b);

    make_lookup(&l, KEYED_SOURCE, true);
    load(&l);
    run(&l, cells, 1);
    assert_string_equal(vm_first_report(l.b.vm, 0)->message.ptr,
                        "no row for *** (1-4 characters) in projects");
    builder_release(&l.b);
}

static void tables_not_built_yet_hold_nothing(void **state) {
    (void)state;
    const char *cells[] = {"a"};
    struct lookup l;
    make_lookup(&l, KEYED_MAP, false);
    assert_true(builder_load(&l.b));
    run(&l, cells, 1);
    assert_string_equal(builder_show(&l.b, l.column, 0), "missing R0141");
    builder_release(&l.b);
}

/* More rows than one group of lookups, keys in several parts and of several types. */
static void composite_keys(void **state) {
    (void)state;
    enum { COUNT = 100 };
    const char *cells[COUNT * 2];
    static char numbers[COUNT][8];
    struct program_builder b;
    builder_init(&b);
    struct plan_type keys[] = {type_of(TYPE_TEXT), type_of(TYPE_DECIMAL)}, column = type_of(TYPE_TEXT);
    uint32_t table = builder_table(&b, "prices", KEYED_SOURCE, keys, 2, &column, 1);
    uint32_t list[2];
    list[0] = builder_op(&b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    list[1] = builder_op(&b, OP_CELL_DECIMAL, TYPE_DECIMAL, 0, 0, 0, 0, builder_cell_slot(&b, 1), 0);
    uint32_t row = builder_op(&b, OP_FIND, TYPE_ROW, 0, 0, 0, 0, builder_list(&b, 2, list), table);
    uint32_t text = builder_op(&b, OP_FETCH, TYPE_TEXT, 0, row, 0, 0, 0, 0);
    b.values.tables = ARENA_ARRAY(&b.arena, struct keyed_table *, 1);
    b.values.tables[0] = keyed_table_new(&b.plan, 0, 1 << 20, STR("/tmp"));
    struct buf bytes = {0};
    for (int i = 0; i < COUNT; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%d.%s", i, i % 2 ? "5" : "50");
        cells[2 * i] = "k";
        cells[2 * i + 1] = numbers[i];
        struct value parts[] = {{.kind = TYPE_TEXT, .as_text = STR("k")},
                                {.kind = TYPE_DECIMAL, .as_decimal = {(uint64_t)(10 * i + 5), 0, 1}}};
        struct value value = {.kind = TYPE_TEXT, .as_text = str_cstr(numbers[i])};
        if (i % 10 == 9) continue;
        assert_true(keyed_table_encode(keys, parts, 2, &bytes));
        assert_true(keyed_table_add(b.values.tables[0], buf_str(&bytes), KEYED_PRESENT, &value, &b.diags));
    }
    buf_release(&bytes);
    assert_true(builder_load(&b));
    builder_cells(&b, 2, COUNT, cells);
    builder_run(&b, COUNT);
    for (uint32_t r = 0; r < COUNT; r++)
        assert_string_equal(builder_show(&b, text, r), r % 10 == 9 ? "missing R0141" : numbers[r]);
    builder_release(&b);
}

static void duplicates_settle_on_first_or_last(void **state) {
    (void)state;
    const char *cells[] = {"twice", "once", "none", NULL};
    struct lookup l;
    make_lookup(&l, KEYED_SOURCE, false);
    uint32_t first = builder_op(&l.b, OP_FIRST_MATCH, TYPE_ROW, 0, l.row, 0, 0, 0, 0);
    uint32_t last = builder_op(&l.b, OP_LAST_MATCH, TYPE_ROW, 0, l.row, 0, 0, 0, 0);
    uint32_t of_first = builder_op(&l.b, OP_FETCH, TYPE_INT, 0, first, 0, 0, 0, 0);
    uint32_t of_last = builder_op(&l.b, OP_FETCH, TYPE_INT, 0, last, 0, 0, 0, 0);
    load(&l);
    add_row(&l.b, 0, "twice", KEYED_PRESENT, 1);
    add_row(&l.b, 0, "once", KEYED_PRESENT, 7);
    add_row(&l.b, 0, "twice", KEYED_PRESENT, 2);
    add_row(&l.b, 0, "twice", KEYED_PRESENT, 3);
    run(&l, cells, 4);
    static const char *const firsts[] = {"1", "7", "missing R0141", "null"};
    static const char *const lasts[] = {"3", "7", "missing R0141", "null"};
    for (uint32_t r = 0; r < 4; r++) {
        assert_string_equal(builder_show(&l.b, of_first, r), firsts[r]);
        assert_string_equal(builder_show(&l.b, of_last, r), lasts[r]);
    }
    builder_release(&l.b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_and_read),
        cmocka_unit_test(codes_and_personal_keys),
        cmocka_unit_test(tables_not_built_yet_hold_nothing),
        cmocka_unit_test(composite_keys),
        cmocka_unit_test(duplicates_settle_on_first_or_last),
    };
    return cmocka_run_group_tests_name("vm lookup", tests, NULL, NULL);
}

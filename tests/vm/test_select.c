/* Selections, merges, and how states travel. */
#include "tests/vm/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A register whose rows are: 0 true, 1 false, 2 null, 3 a fresh error, 4 true … */
static uint32_t mixed_bool(struct program_builder *b) {
    return builder_op(b, OP_CELL_BOOL, TYPE_BOOL, 0, 0, 0, 0, builder_cell_slot(b, 0), 0);
}

static const char *const BOOLS[] = {"true", "false", NULL, "junk", "true"};
enum { ROWS = 5 };

static void run(struct program_builder *b, const char *const *cells, uint32_t columns) {
    assert_true(builder_load(b));
    builder_cells(b, columns, ROWS, cells);
    builder_run(b, ROWS);
}

static void expect_rows(struct program_builder *b, uint32_t reg, const char *const *expected) {
    for (uint32_t r = 0; r < ROWS; r++) {
        const char *got = builder_show(b, reg, r);
        if (strcmp(got, expected[r]) != 0) fail_msg("row %u: %s instead of %s", r, got, expected[r]);
    }
}

static void selections_take_their_rows(void **state) {
    (void)state;
    static const struct {
        enum opcode op;
        uint32_t imm;
        const char *rows; /* 1: in it */
    } cases[] = {
        {OP_SEL_TRUE, 0, "10001"},
        {OP_SEL_FALSE, 0, "01000"},
        {OP_SEL_NOT_TRUE, 0, "01100"},
        {OP_SEL_NOT_FALSE, 0, "10101"},
        {OP_SEL_NULL, 0, "00100"},
        {OP_SEL_NOT_NULL, 0, "11001"},
        {OP_SEL_STATE, 1u << ROW_ERROR, "00010"},
        {OP_SEL_STATE, 1u << ROW_ERROR | 1u << ROW_NULL, "00110"},
        {OP_SEL_STATE, 1u << ROW_SKIPPED, "00000"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct program_builder b;
        builder_init(&b);
        uint32_t a = mixed_bool(&b);
        uint32_t sel = builder_select(&b, cases[c].op, 0, a, cases[c].imm);
        uint32_t no = builder_literal(&b, TYPE_TEXT, "0"), yes = builder_literal(&b, TYPE_TEXT, "1");
        uint32_t in = builder_op(&b, OP_PATCH, TYPE_TEXT, 0, no, yes, 0, sel, 0);
        run(&b, BOOLS, 1);
        for (uint32_t r = 0; r < ROWS; r++)
            assert_int_equal(builder_show(&b, in, r)[0], cases[c].rows[r]);
        builder_release(&b);
    }
}

static void if_takes_each_branch_where_it_holds(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t a = mixed_bool(&b);
    uint32_t yes = builder_select(&b, OP_SEL_TRUE, 0, a, 0),
             no = builder_select(&b, OP_SEL_NOT_TRUE, 0, a, 0);
    uint32_t one = builder_reg(&b, type_of(TYPE_INT)), zero = builder_reg(&b, type_of(TYPE_INT));
    /* Each branch is computed for its own rows only. */
    builder_into(&b, OP_CONST, one, yes, 0, 0, 0, builder_const(&b, type_of(TYPE_INT), "1"), 0);
    builder_into(&b, OP_CONST, zero, no, 0, 0, 0, builder_const(&b, type_of(TYPE_INT), NULL), 0);
    uint32_t merged = builder_op(&b, OP_IF, TYPE_INT, 0, a, one, zero, yes, no);
    run(&b, BOOLS, 1);
    static const char *const expected[] = {"1", "null", "null", "error R0102", "1"};
    expect_rows(&b, merged, expected);
    builder_release(&b);
}

/* a × b over true, false, null: the tables of SQL. The right side holds only where the left does not decide.
 */
static void logic_is_three_valued(void **state) {
    (void)state;
    static const char *const values[] = {"true", "false", NULL};
    static const char *const and_table[3][3] = {
        {"true", "false", "null"}, {"false", "false", "false"}, {"null", "false", "null"}};
    static const char *const or_table[3][3] = {
        {"true", "true", "true"}, {"true", "false", "null"}, {"true", "null", "null"}};
    for (int left = 0; left < 3; left++) {
        for (int right = 0; right < 3; right++) {
            struct program_builder b;
            builder_init(&b);
            uint32_t a = builder_literal(&b, TYPE_BOOL, values[left]);
            uint32_t open = builder_select(&b, OP_SEL_NOT_FALSE, 0, a, 0);
            uint32_t open_or = builder_select(&b, OP_SEL_NOT_TRUE, 0, a, 0);
            uint32_t x = builder_reg(&b, type_of(TYPE_BOOL)), y = builder_reg(&b, type_of(TYPE_BOOL));
            uint32_t constant = builder_const(&b, type_of(TYPE_BOOL), values[right]);
            builder_into(&b, OP_CONST, x, open, 0, 0, 0, constant, 0);
            builder_into(&b, OP_CONST, y, open_or, 0, 0, 0, constant, 0);
            uint32_t both = builder_op(&b, OP_AND, TYPE_BOOL, 0, a, x, 0, open, 0);
            uint32_t either = builder_op(&b, OP_OR, TYPE_BOOL, 0, a, y, 0, open_or, 0);
            assert_true(builder_load(&b));
            builder_run(&b, 2);
            assert_string_equal(builder_show(&b, both, 1), and_table[left][right]);
            assert_string_equal(builder_show(&b, either, 1), or_table[left][right]);
            builder_release(&b);
        }
    }
}

static void failures_travel_through_logic(void **state) {
    (void)state;
    const char *cells[] = {"true", "junk", "false", "junk", NULL, "junk", "junk", "false", "junk", NULL};
    struct program_builder b;
    builder_init(&b);
    uint32_t a = mixed_bool(&b);
    uint32_t slot = builder_cell_slot(&b, 1);
    uint32_t open = builder_select(&b, OP_SEL_NOT_FALSE, 0, a, 0);
    uint32_t x = builder_reg(&b, type_of(TYPE_BOOL));
    builder_into(&b, OP_CELL_BOOL, x, open, 0, 0, 0, slot, 0);
    uint32_t both = builder_op(&b, OP_AND, TYPE_BOOL, 0, a, x, 0, open, 0);
    run(&b, cells, 2);
    static const char *const expected[] = {"error R0102", "false", "error R0102", "error R0102",
                                           "error R0102"};
    expect_rows(&b, both, expected);
    builder_release(&b);
}

static void handlers_patch_poison_and_null(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t a = mixed_bool(&b);
    uint32_t failed = builder_select(&b, OP_SEL_STATE, 0, a, 1u << ROW_ERROR);
    uint32_t null = builder_select(&b, OP_SEL_NULL, 0, a, 0);
    uint32_t use = builder_reg(&b, type_of(TYPE_BOOL));
    builder_into(&b, OP_CONST, use, failed, 0, 0, 0, builder_const(&b, type_of(TYPE_BOOL), "false"), 0);
    uint32_t patched = builder_op(&b, OP_PATCH, TYPE_BOOL, 0, a, use, 0, failed, 0);
    uint32_t poisoned = builder_op(&b, OP_POISON, TYPE_BOOL, 0, a, 0, 0, failed, 0);
    uint32_t nulled = builder_op(&b, OP_NULLED, TYPE_BOOL, 0, a, 0, 0, failed, 0);
    uint32_t both = builder_op(&b, OP_PATCH, TYPE_BOOL, 0, patched, use, 0, null, 0);
    uint32_t required = builder_op(&b, OP_REQUIRE, TYPE_BOOL, 0, a, 0, 0, 0, 0);
    uint32_t is_null = builder_op(&b, OP_IS_NULL, TYPE_BOOL, 0, a, 0, 0, 0, 0);
    uint32_t is_not = builder_op(&b, OP_IS_NOT_NULL, TYPE_BOOL, 0, nulled, 0, 0, 0, 0);
    run(&b, BOOLS, 1);
    static const char *const want_patched[] = {"true", "false", "null", "false", "true"};
    static const char *const want_poisoned[] = {"true", "false", "null", "poison", "true"};
    static const char *const want_nulled[] = {"true", "false", "null", "null", "true"};
    static const char *const want_required[] = {"true", "false", "error R0101", "error R0102", "true"};
    static const char *const want_is_null[] = {"false", "false", "true", "error R0102", "false"};
    static const char *const want_is_not[] = {"true", "true", "false", "false", "true"};
    expect_rows(&b, patched, want_patched);
    expect_rows(&b, poisoned, want_poisoned);
    expect_rows(&b, nulled, want_nulled);
    expect_rows(&b, required, want_required);
    expect_rows(&b, is_null, want_is_null);
    expect_rows(&b, is_not, want_is_not);
    (void)both;
    builder_release(&b);
}

/* The allocator may give a merge's result the register of one of its operands. */
static void merges_may_write_over_their_operands(void **state) {
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct program_builder b;
        builder_init(&b);
        uint32_t a = mixed_bool(&b);
        uint32_t failed = builder_select(&b, OP_SEL_STATE, 0, a, 1u << ROW_ERROR);
        uint32_t use = builder_reg(&b, type_of(TYPE_BOOL));
        builder_into(&b, OP_CONST, use, 0, 0, 0, 0, builder_const(&b, type_of(TYPE_BOOL), "false"), 0);
        uint32_t dst = over ? use : a;
        builder_into(&b, OP_PATCH, dst, 0, a, use, 0, failed, 0);
        run(&b, BOOLS, 1);
        static const char *const expected[] = {"true", "false", "null", "false", "true"};
        expect_rows(&b, dst, expected);
        builder_release(&b);
    }
}

static void the_strongest_state_wins(void **state) {
    (void)state;
    /* a: value, null, error, null, value; b: null, error, null, null, value */
    const char *cells[] = {"1", NULL, NULL, "x", "x", NULL, NULL, NULL, "4", "5"};
    struct program_builder b;
    builder_init(&b);
    uint32_t x = builder_op(&b, OP_CELL_INT, TYPE_INT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    uint32_t y = builder_op(&b, OP_CELL_INT, TYPE_INT, 0, 0, 0, 0, builder_cell_slot(&b, 1), 0);
    uint32_t sum = builder_op(&b, OP_ADD_INT, TYPE_INT, 0, x, y, 0, 0, 0);
    uint32_t failed = builder_select(&b, OP_SEL_STATE, 0, y, 1u << ROW_ERROR);
    uint32_t poisoned = builder_op(&b, OP_POISON, TYPE_INT, 0, y, 0, 0, failed, 0);
    uint32_t product = builder_op(&b, OP_MUL_INT, TYPE_INT, 0, x, poisoned, 0, 0, 0);
    run(&b, cells, 2);
    static const char *const want_sum[] = {"null", "error R0103", "error R0103", "null", "9"};
    static const char *const want_product[] = {"null", "poison", "error R0103", "null", "20"};
    expect_rows(&b, sum, want_sum);
    expect_rows(&b, product, want_product);
    builder_release(&b);
}

static void nullif_is_not_strict(void **state) {
    (void)state;
    const char *cells[] = {"a", "a", "a", "b", NULL, "a", "a", NULL, NULL, NULL};
    struct program_builder b;
    builder_init(&b);
    uint32_t x = builder_op(&b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    uint32_t y = builder_op(&b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, builder_cell_slot(&b, 1), 0);
    uint32_t r = builder_op(&b, OP_NULLIF_TEXT, TYPE_TEXT, 0, x, y, 0, 0, 0);
    run(&b, cells, 2);
    static const char *const expected[] = {"null", "a", "null", "a", "null"};
    expect_rows(&b, r, expected);
    builder_release(&b);
}

static void arrays_and_messages_of_any_state(void **state) {
    (void)state;
    const char *cells[] = {"1", "2", NULL, "2", "x", "2", "1", NULL, "5", "6"};
    struct program_builder b;
    builder_init(&b);
    uint32_t x = builder_op(&b, OP_CELL_INT, TYPE_INT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    uint32_t y = builder_op(&b, OP_CELL_INT, TYPE_INT, 0, 0, 0, 0, builder_cell_slot(&b, 1), 0);
    uint32_t both[] = {x, y};
    uint32_t array =
        builder_reg(&b, (struct plan_type){.kind = TYPE_ARRAY, .element = TYPE_INT, .element_nullable = 1});
    builder_into(&b, OP_ARRAY, array, 0, 0, 0, 0, builder_list(&b, 2, both), 0);
    uint32_t text = builder_op(&b, OP_TO_TEXT, TYPE_TEXT, 0, x, 0, 0, 0, 0);
    uint32_t prefix = builder_literal(&b, TYPE_TEXT, "x is ");
    uint32_t parts[] = {prefix, text};
    uint32_t message =
        builder_op(&b, OP_CONCAT_MESSAGE, TYPE_TEXT, 0, 0, 0, 0, builder_list(&b, 2, parts), 0);
    run(&b, cells, 2);
    static const char *const arrays[] = {"{1,2}", "{NULL,2}", "error R0103", "{1,NULL}", "{5,6}"};
    static const char *const messages[] = {"x is 1", "x is null", "x is null", "x is 1", "x is 5"};
    expect_rows(&b, array, arrays);
    expect_rows(&b, message, messages);
    builder_release(&b);
}

static void selections_nest(void **state) {
    (void)state;
    const char *cells[] = {"1", "2", "3", "4", "5"};
    struct program_builder b;
    builder_init(&b);
    uint32_t x = builder_op(&b, OP_CELL_INT, TYPE_INT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    uint32_t two = builder_literal(&b, TYPE_INT, "2"), four = builder_literal(&b, TYPE_INT, "4");
    uint32_t outer =
        builder_select(&b, OP_SEL_TRUE, 0, builder_op(&b, OP_GE_I64, TYPE_BOOL, 0, x, two, 0, 0, 0), 0);
    uint32_t inner = builder_select(&b, OP_SEL_TRUE, outer,
                                    builder_op(&b, OP_LT_I64, TYPE_BOOL, outer, x, four, 0, 0, 0), 0);
    uint32_t square = builder_op(&b, OP_MUL_INT, TYPE_INT, inner, x, x, 0, 0, 0);
    uint32_t half = builder_op(&b, OP_PATCH, TYPE_INT, outer, x, square, 0, inner, 0);
    uint32_t all = builder_op(&b, OP_PATCH, TYPE_INT, 0, x, half, 0, outer, 0);
    run(&b, cells, 1);
    static const char *const expected[] = {"1", "4", "9", "4", "5"};
    expect_rows(&b, all, expected);
    builder_release(&b);
}

/* A second batch starts afresh: states, faults and outcomes of the first are gone. */
static void batches_do_not_mix(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t a = mixed_bool(&b);
    uint32_t reported = builder_op(&b, OP_REPORT, TYPE_BOOL, 0, a, 0, 0, 0, 0);
    run(&b, BOOLS, 1);
    assert_int_equal(vm_row_outcome(b.vm, 3), OUTCOME_REJECTED);
    assert_string_equal(builder_show(&b, reported, 3), "poison");
    const char *clean[] = {"1", "1", "1", "1", "1"};
    builder_cells(&b, 1, ROWS, clean);
    builder_run(&b, ROWS);
    for (uint32_t r = 0; r < ROWS; r++) {
        assert_int_equal(vm_row_outcome(b.vm, r), OUTCOME_OK);
        assert_null(vm_first_report(b.vm, r));
        assert_string_equal(builder_show(&b, reported, r), "true");
    }
    builder_run(&b, 0); /* no rows at all */
    builder_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selections_take_their_rows),
        cmocka_unit_test(if_takes_each_branch_where_it_holds),
        cmocka_unit_test(logic_is_three_valued),
        cmocka_unit_test(failures_travel_through_logic),
        cmocka_unit_test(handlers_patch_poison_and_null),
        cmocka_unit_test(merges_may_write_over_their_operands),
        cmocka_unit_test(the_strongest_state_wins),
        cmocka_unit_test(nullif_is_not_strict),
        cmocka_unit_test(arrays_and_messages_of_any_state),
        cmocka_unit_test(selections_nest),
        cmocka_unit_test(batches_do_not_mix),
    };
    return cmocka_run_group_tests_name("vm select", tests, NULL, NULL);
}

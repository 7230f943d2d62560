/* What becomes of rows: reports, their order and texts, the strongest outcome, rows that drop out, waves. */
#include "tests/vm/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint32_t cell(struct program_builder *b, enum opcode op, enum type_kind kind, uint32_t column,
                     const char *template, const char *span, bool pii) {
    uint32_t pattern = template ? builder_pattern(b, PATTERN_TEMPLATE, kind, template) + 1 : 0;
    uint32_t reg = builder_op(b, op, kind, 0, 0, 0, 0, builder_cell_slot(b, column), pattern);
    builder_span(b, span, pii);
    return reg;
}

static uint32_t report(struct program_builder *b, uint32_t reg) {
    return builder_op(b, OP_REPORT, (enum type_kind)b->program.regs[reg].kind, 0, reg, 0, 0, 0, 0);
}

static const char *message(struct program_builder *b, uint32_t row, uint32_t number) {
    const struct row_report *r = vm_first_report(b->vm, row);
    while (number-- > 0 && r)
        r = vm_next_report(b->vm, r);
    return r ? arena_copy_cstr(&b->arena, r->message) : "(none)";
}

static void default_messages(void **state) {
    (void)state;
    const char *cells[] = {"31/02/2025", "4x", "0412 345 678", NULL, "12"};
    struct program_builder b;
    builder_init(&b);
    uint32_t due = cell(&b, OP_CELL_DATE, TYPE_DATE, 0, "DD/MM/YYYY", "t.due", false);
    report(&b, due);
    uint32_t count = cell(&b, OP_CELL_INT, TYPE_INT, 1, NULL, "int(\n      t.count)", false);
    report(&b, count);
    uint32_t phone = cell(&b, OP_CELL_INT, TYPE_INT, 2, NULL, "t.phone", true);
    report(&b, phone);
    uint32_t name = cell(&b, OP_CELL_TEXT, TYPE_TEXT, 3, NULL, "t.name", false);
    uint32_t required = builder_op(&b, OP_REQUIRE, TYPE_TEXT, 0, name, 0, 0, 0, 0);
    builder_span(&b, "t.name", false);
    report(&b, required);
    uint32_t hours = cell(&b, OP_CELL_INT, TYPE_INT, 4, NULL, "t.hours", false);
    uint32_t zero = builder_op(&b, OP_SUB_INT, TYPE_INT, 0, hours, hours, 0, 0, 0);
    uint32_t share = builder_op(&b, OP_MOD_INT, TYPE_INT, 0, hours, zero, 0, 0, 0);
    builder_span(&b, "t.hours % 0", false);
    report(&b, share);
    uint32_t date = builder_op(&b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    uint32_t read = builder_op(&b, OP_TEXT_TO_DATE, TYPE_DATE, 0, date, 0, 0,
                               builder_pattern(&b, PATTERN_TEMPLATE, TYPE_DATE, "YYYY-MM-DD") + 1, 0);
    builder_span(&b, "date(t.due, 'YYYY-MM-DD')", false);
    report(&b, read);
    uint32_t fit = builder_op(&b, OP_FIT_LENGTH, TYPE_TEXT, 0, date, 0, 0, 4, 0);
    builder_span(&b, "t.due", false);
    report(&b, fit);
    assert_true(builder_load(&b));
    builder_cells(&b, 5, 1, cells);
    builder_run(&b, 1);
    assert_int_equal(vm_row_outcome(b.vm, 0), OUTCOME_REJECTED);
    assert_string_equal(message(&b, 0, 0), "t.due: \"31/02/2025\" is not a date (DD/MM/YYYY)");
    assert_string_equal(message(&b, 0, 1), "int( t.count): \"4x\" is not a whole number");
    assert_string_equal(message(&b, 0, 2), "t.phone: *** (9-16 characters) is not a whole number");
    assert_string_equal(message(&b, 0, 3), "t.name is empty, but a value is required");
    assert_string_equal(message(&b, 0, 4), "t.hours % 0 is a division by zero");
    assert_string_equal(message(&b, 0, 5), "date(t.due, 'YYYY-MM-DD'): \"31/02/2025\" is not a date");
    assert_string_equal(message(&b, 0, 6),
                        "t.due: \"31/02/2025\" is longer than its column allows (4 characters)");
    assert_string_equal(message(&b, 0, 7), "(none)");
    const struct row_report *first = vm_first_report(b.vm, 0);
    assert_int_equal(first->fault, FAULT_NOT_DATE);
    assert_int_equal(first->instr, 0);
    assert_memory_equal(first->value.ptr, "31/02/2025", 10);
    const struct row_report *masked = vm_next_report(b.vm, vm_next_report(b.vm, first));
    assert_null(memmem(masked->value.ptr, masked->value.len, "0412", 4));
    builder_release(&b);
}

/* One fault that feeds two columns is reported once; what it feeds stays silent. */
static void one_fault_is_one_report(void **state) {
    (void)state;
    const char *cells[] = {"x"};
    struct program_builder b;
    builder_init(&b);
    uint32_t n = cell(&b, OP_CELL_INT, TYPE_INT, 0, NULL, "t.n", false);
    uint32_t twice = builder_op(&b, OP_ADD_INT, TYPE_INT, 0, n, n, 0, 0, 0);
    uint32_t first = report(&b, twice);
    uint32_t again = report(&b, n);
    uint32_t fed = builder_op(&b, OP_ADD_INT, TYPE_INT, 0, first, first, 0, 0, 0);
    report(&b, fed);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 1, cells);
    builder_run(&b, 1);
    assert_string_equal(message(&b, 0, 0), "t.n: \"x\" is not a whole number");
    assert_string_equal(message(&b, 0, 1), "(none)");
    assert_string_equal(builder_show(&b, again, 0), "poison");
    assert_string_equal(builder_show(&b, fed, 0), "poison");
    builder_release(&b);
}

/* warn, reject, reject, skip, fail: the strongest is the outcome and the first report. */
static void the_strongest_outcome_stands(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t w = builder_literal(&b, TYPE_TEXT, "a warning"), r = builder_literal(&b, TYPE_TEXT, "a reject");
    uint32_t r2 = builder_literal(&b, TYPE_TEXT, "another"), f = builder_literal(&b, TYPE_TEXT, "stop");
    uint32_t id = builder_op(&b, OP_CELL_INT, TYPE_INT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    uint32_t sel[4];
    for (int n = 0; n < 4; n++) {
        char text[2] = {(char)('0' + n), '\0'};
        uint32_t limit = builder_literal(&b, TYPE_INT, arena_copy_cstr(&b.arena, str_cstr(text)));
        sel[n] = builder_select(&b, OP_SEL_TRUE, 0,
                                builder_op(&b, OP_GE_I64, TYPE_BOOL, 0, id, limit, 0, 0, 0), 0);
    }
    builder_act(&b, OP_WARN, sel[0], w, 0, 0);
    builder_act(&b, OP_REJECT, sel[1], r, 0, FAULT_INVALID);
    builder_act(&b, OP_REJECT, sel[1], r2, 0, FAULT_REJECTED);
    builder_act(&b, OP_SKIP, sel[2], 0, 0, SKIPPED_BY_ACTION);
    uint32_t four = builder_literal(&b, TYPE_INT, "4");
    uint32_t last =
        builder_select(&b, OP_SEL_TRUE, 0, builder_op(&b, OP_EQ_I64, TYPE_BOOL, 0, id, four, 0, 0, 0), 0);
    builder_act(&b, OP_FAIL, last, f, 0, 0);
    builder_act(&b, OP_FAIL, sel[3], f, 0, 0);
    assert_true(builder_load(&b));
    const char *cells[] = {"0", "1", "2", "3", "4"};
    builder_cells(&b, 1, 5, cells);
    builder_run(&b, 5);
    static const enum outcome outcomes[] = {OUTCOME_OK, OUTCOME_REJECTED, OUTCOME_SKIPPED, OUTCOME_SKIPPED,
                                            OUTCOME_SKIPPED};
    for (uint32_t row = 0; row < 5; row++) {
        assert_int_equal(vm_row_outcome(b.vm, row), outcomes[row]);
        assert_int_equal(vm_row_warnings(b.vm, row), 1);
    }
    assert_string_equal(message(&b, 0, 0), "a warning");
    assert_string_equal(message(&b, 1, 0), "a reject");
    assert_int_equal(vm_first_report(b.vm, 1)->fault, FAULT_INVALID);
    assert_string_equal(message(&b, 1, 1), "a warning");
    assert_string_equal(message(&b, 1, 2), "another");
    /* A skipped row is out: FAIL never reached it. */
    assert_int_equal(vm_row_skip_reason(b.vm, 3), SKIPPED_BY_ACTION);
    assert_int_equal(vm_first_report(b.vm, 3)->kind, OUTCOME_SKIPPED);
    builder_release(&b);
}

static void fail_stops_the_row(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t text = builder_literal(&b, TYPE_TEXT, "stop here");
    uint32_t none = builder_literal(&b, TYPE_TEXT, NULL);
    builder_act(&b, OP_REJECT, 0, none, 0, FAULT_INVALID);
    builder_act(&b, OP_FAIL, 0, text, 0, 0);
    builder_act(&b, OP_WARN, 0, text, 0, 0);
    assert_true(builder_load(&b));
    builder_run(&b, 1);
    assert_int_equal(vm_row_outcome(b.vm, 0), OUTCOME_FAILED);
    assert_int_equal(vm_row_warnings(b.vm, 0), 0);
    assert_string_equal(message(&b, 0, 0), "stop here");
    assert_string_equal(message(&b, 0, 1), "fails a validation");
    builder_release(&b);
}

/* The message of a handler stands in place of the default; the fault is then reported. */
static void reject_event_takes_its_message(void **state) {
    (void)state;
    const char *cells[] = {"x", "5"};
    struct program_builder b;
    builder_init(&b);
    uint32_t n = cell(&b, OP_CELL_INT, TYPE_INT, 0, NULL, "t.n", false);
    uint32_t failed = builder_select(&b, OP_SEL_STATE, 0, n, 1u << ROW_ERROR);
    uint32_t text = builder_reg(&b, type_of(TYPE_TEXT));
    builder_into(&b, OP_CONST, text, failed, 0, 0, 0, builder_const(&b, type_of(TYPE_TEXT), "bad count x"),
                 0);
    builder_act(&b, OP_REJECT_EVENT, failed, n, text, 0);
    uint32_t poisoned = builder_op(&b, OP_POISON, TYPE_INT, 0, n, 0, 0, failed, 0);
    report(&b, poisoned);
    report(&b, n);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 2, cells);
    builder_run(&b, 2);
    assert_string_equal(message(&b, 0, 0), "bad count x");
    assert_string_equal(message(&b, 0, 1), "(none)");
    assert_int_equal(vm_first_report(b.vm, 0)->fault, FAULT_NOT_INT);
    assert_int_equal(vm_first_report(b.vm, 0)->value.ptr[0], 'x');
    assert_int_equal(vm_row_outcome(b.vm, 1), OUTCOME_OK);
    builder_release(&b);
}

/* where in the first part; the rest runs over what is left, the engine dropping more in between. */
static void dropped_rows_are_out_of_the_rest(void **state) {
    (void)state;
    const char *cells[] = {"0", "1", "x", "2", "3"};
    struct program_builder b;
    builder_init(&b);
    uint32_t one = builder_literal(&b, TYPE_INT, "1");
    builder_init_end(&b);
    uint32_t n = cell(&b, OP_CELL_INT, TYPE_INT, 0, NULL, "t.n", false);
    uint32_t known = report(&b, n);
    uint32_t in = builder_op(&b, OP_GE_I64, TYPE_BOOL, 0, known, one, 0, 0, 0);
    builder_act(&b, OP_SKIP, builder_select(&b, OP_SEL_NOT_TRUE, 0, in, 0), 0, 0, SKIPPED_WHERE);
    builder_pre_end(&b);
    uint32_t text = builder_literal(&b, TYPE_TEXT, "seen");
    builder_act(&b, OP_WARN, 0, text, 0, 0);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 5, cells);
    vm_begin(b.vm, &b.batch, 5, b.cell_columns, NULL, NULL);
    vm_run_pre(b.vm);
    assert_int_equal(vm_row_outcome(b.vm, 0), OUTCOME_SKIPPED);
    assert_int_equal(vm_row_skip_reason(b.vm, 0), SKIPPED_WHERE);
    assert_int_equal(vm_row_outcome(b.vm, 2), OUTCOME_REJECTED);
    vm_skip_row(b.vm, 3, SKIPPED_DUPLICATE);
    vm_reject_row(b.vm, 4, FAULT_DUPLICATE_KEY, VM_NO_INSTR, STR("key 3 repeats"));
    vm_skip_row(b.vm, 0, SKIPPED_DUPLICATE); /* skipped already: the first reason stands */
    vm_run_rest(b.vm);
    static const uint32_t warned[] = {0, 1, 1, 0, 1}; /* rejected rows go on: they may have more faults */
    for (uint32_t r = 0; r < 5; r++)
        assert_int_equal(vm_row_warnings(b.vm, r), warned[r]);
    assert_int_equal(vm_row_skip_reason(b.vm, 0), SKIPPED_WHERE);
    assert_int_equal(vm_row_skip_reason(b.vm, 3), SKIPPED_DUPLICATE);
    assert_string_equal(message(&b, 4, 0), "key 3 repeats");
    builder_release(&b);
}

/* A row that is skipped inside the first part takes part in nothing behind, selections made before included.
 */
static void a_skip_takes_the_row_out_at_once(void **state) {
    (void)state;
    const char *cells[] = {"1", "0", "1"};
    struct program_builder b;
    builder_init(&b);
    uint32_t n = cell(&b, OP_CELL_BOOL, TYPE_BOOL, 0, NULL, "t.n", false);
    uint32_t text = builder_literal(&b, TYPE_TEXT, "seen");
    uint32_t all = builder_select(&b, OP_SEL_NOT_NULL, 0, n, 0);
    builder_act(&b, OP_SKIP, builder_select(&b, OP_SEL_FALSE, 0, n, 0), 0, 0, SKIPPED_BY_ACTION);
    builder_act(&b, OP_WARN, all, text, 0, 0);
    builder_act(&b, OP_WARN, 0, text, 0, 0);
    uint32_t still = builder_select(&b, OP_SEL_NOT_NULL, all, n, 0);
    builder_act(&b, OP_WARN, still, text, 0, 0);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 3, cells);
    builder_run(&b, 3);
    assert_int_equal(vm_row_warnings(b.vm, 0), 3);
    assert_int_equal(vm_row_warnings(b.vm, 1), 0);
    assert_int_equal(vm_row_warnings(b.vm, 2), 3);
    builder_release(&b);
}

/* The key of a row that left before it was computed is null, whatever stood there in the batch before. */
static void outputs_of_rows_that_left_are_null(void **state) {
    (void)state;
    const char *first[] = {"1", "1"}, *second[] = {"0", "1"};
    struct program_builder b;
    builder_init(&b);
    uint32_t in = builder_op(&b, OP_CELL_BOOL, TYPE_BOOL, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    builder_act(&b, OP_SKIP, builder_select(&b, OP_SEL_NOT_TRUE, 0, in, 0), 0, 0, SKIPPED_WHERE);
    uint32_t key = builder_op(&b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    builder_output(&b, OUT_KEY, 0, key);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 2, first);
    builder_run(&b, 2);
    assert_int_equal(vm_value_at(b.vm, key, 0).kind, TYPE_TEXT);
    builder_cells(&b, 1, 2, second);
    builder_run(&b, 2);
    assert_int_equal(vm_value_at(b.vm, key, 0).kind, TYPE_NULL);
    assert_int_equal(vm_value_at(b.vm, key, 1).kind, TYPE_TEXT);
    builder_release(&b);
}

static void waves_run_each_row_once(void **state) {
    (void)state;
    const char *cells[] = {"1", "x", "3", "4"};
    struct program_builder b;
    builder_init(&b);
    uint32_t n = builder_op(&b, OP_CELL_INT, TYPE_INT, 0, 0, 0, 0, builder_cell_slot(&b, 0), 0);
    builder_pre_end(&b);
    uint32_t twice = builder_op(&b, OP_ADD_INT, TYPE_INT, 0, n, n, 0, 0, 0);
    builder_span(&b, "n + n", false);
    builder_output(&b, OUT_COLUMN, 0, twice);
    uint32_t odd = builder_select(&b, OP_SEL_NOT_NULL, 0, twice, 0);
    uint32_t text = builder_literal(&b, TYPE_TEXT, "seen");
    builder_act(&b, OP_WARN, odd, text, 0, 0);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 4, cells);
    vm_begin(b.vm, &b.batch, 4, b.cell_columns, NULL, NULL);
    vm_run_pre(b.vm);
    static const uint32_t first[] = {1, 3}, second[] = {0, 2};
    vm_run_rest_rows(b.vm, first, 2);
    assert_int_equal(vm_row_warnings(b.vm, 0), 0);
    vm_run_rest_rows(b.vm, second, 2);
    static const char *const expected[] = {"2", "error R0103", "6", "8"};
    for (uint32_t r = 0; r < 4; r++) {
        assert_int_equal(vm_row_warnings(b.vm, r), r != 1);
        assert_string_equal(builder_show(&b, twice, r), expected[r]);
    }
    /* The output's fresh error was reported although no REPORT stands there. */
    assert_int_equal(vm_row_outcome(b.vm, 1), OUTCOME_REJECTED);
    builder_release(&b);
}

/* A constant that always fails, computed once, is each row's own fault: reported once for each. */
static void init_faults_belong_to_every_row(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t bad =
        builder_op(&b, OP_TEXT_TO_INT, TYPE_INT, 0, builder_literal(&b, TYPE_TEXT, "x"), 0, 0, 0, 0);
    builder_span(&b, "int('x')", false);
    builder_init_end(&b);
    report(&b, bad);
    report(&b, bad);
    assert_true(builder_load(&b));
    for (int round = 0; round < 2; round++) {
        builder_run(&b, 2);
        for (uint32_t r = 0; r < 2; r++) {
            assert_string_equal(message(&b, r, 0), "int('x'): \"x\" is not a whole number");
            assert_string_equal(message(&b, r, 1), "(none)");
        }
    }
    builder_release(&b);
}

/* What cannot fail by its signature and fails in the init part, and a failed value that nobody reported: both
 * reject the row rather than pass in silence. */
static void nothing_fails_in_silence(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t x = builder_literal(&b, TYPE_TEXT, "x"), n = builder_literal(&b, TYPE_INT, "140000000");
    uint32_t big = builder_op(&b, OP_REPEAT, TYPE_TEXT, 0, x, n, 0, 0, 0), twice[] = {big, big};
    uint32_t id = builder_op(&b, OP_CONCAT, TYPE_TEXT, 0, 0, 0, 0, builder_list(&b, 2, twice), 0);
    builder_span(&b, "$a || $a", false);
    builder_init_end(&b);
    uint32_t known = builder_op(&b, OP_IS_NOT_NULL, TYPE_BOOL, 0, id, 0, 0, 0, 0);
    builder_act(&b, OP_SKIP, builder_select(&b, OP_SEL_NOT_TRUE, 0, known, 0), 0, 0, SKIPPED_WHERE);
    assert_true(builder_load(&b));
    for (int round = 0; round < 2; round++) {
        builder_run(&b, 2);
        assert_int_equal(vm_row_outcome(b.vm, 1), OUTCOME_REJECTED);
        assert_string_equal(message(&b, 1, 0), "$a || $a is larger than the limit");
    }
    builder_release(&b);

    builder_init(&b);
    uint32_t one = builder_literal(&b, TYPE_INT, "1");
    uint32_t poisoned = builder_op(&b, OP_POISON, TYPE_INT, 0, one, 0, 0, 0, 0);
    builder_output(&b, OUT_COLUMN, 0, poisoned);
    assert_true(builder_load(&b));
    builder_run(&b, 1);
    assert_int_equal(vm_row_outcome(b.vm, 0), OUTCOME_REJECTED);
    assert_string_equal(message(&b, 0, 0), "a value of the row could not be computed");
    builder_release(&b);
}

static void raised_events(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t none = builder_op(&b, OP_RAISE_MISSING, TYPE_INT, 0, 0, 0, 0, FAULT_NO_BRANCH, 0);
    builder_span(&b, "match t.state", false);
    report(&b, none);
    assert_true(builder_load(&b));
    builder_run(&b, 1);
    assert_string_equal(builder_show(&b, none, 0), "missing R0146");
    assert_string_equal(message(&b, 0, 0), "match t.state matches no branch");
    builder_release(&b);
}

static void programs_without_rows(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t text = builder_literal(&b, TYPE_TEXT, "7");
    uint32_t n = builder_op(&b, OP_TEXT_TO_INT, TYPE_INT, 0, text, 0, 0, 0, 0);
    builder_output(&b, OUT_VALUE, 0, n);
    uint32_t twice[] = {text, text};
    builder_output(&b, OUT_VALUE, 1,
                   builder_op(&b, OP_CONCAT, TYPE_TEXT, 0, 0, 0, 0, builder_list(&b, 2, twice), 0));
    uint32_t bad = builder_op(&b, OP_TEXT_TO_DATE, TYPE_DATE, 0, text, 0, 0, 0, 0);
    (void)bad;
    assert_true(builder_load(&b));
    struct value value;
    assert_true(program_evaluate(b.set, 0, 0, &b.arena, &value, &b.diags));
    assert_int_equal(value.kind, TYPE_INT);
    assert_int_equal(value.as_int, 7);
    assert_true(program_evaluate(b.set, 0, 1, &b.arena, &value, &b.diags));
    assert_string_equal(value.as_text.ptr, "77");
    assert_false(program_evaluate(b.set, 0, 2, &b.arena, &value, &b.diags));
    assert_int_equal(b.diags.items.items[0]->code, X_EVALUATE);
    builder_release(&b);

    builder_init(&b);
    uint32_t wrong =
        builder_op(&b, OP_TEXT_TO_INT, TYPE_INT, 0, builder_literal(&b, TYPE_TEXT, "x"), 0, 0, 0, 0);
    builder_span(&b, "int('x')", false);
    builder_output(&b, OUT_VALUE, 0, wrong);
    assert_true(builder_load(&b));
    assert_false(program_evaluate(b.set, 0, 0, &b.arena, &value, &b.diags));
    assert_string_equal(b.diags.items.items[0]->message.ptr, "int('x'): \"x\" is not a whole number");
    builder_release(&b);
}

static void long_messages_are_cut_at_a_character(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t e = builder_literal(&b, TYPE_TEXT, "xé"), n = builder_literal(&b, TYPE_INT, "5000");
    uint32_t text = builder_op(&b, OP_REPEAT, TYPE_TEXT, 0, e, n, 0, 0, 0);
    builder_act(&b, OP_REJECT, 0, text, 0, FAULT_REJECTED);
    assert_true(builder_load(&b));
    builder_run(&b, 1);
    struct str m = vm_first_report(b.vm, 0)->message;
    assert_in_range(m.len, 900, 1010);
    assert_memory_equal(m.ptr + m.len - 3, "\xE2\x80\xA6", 3);
    builder_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_messages),
        cmocka_unit_test(one_fault_is_one_report),
        cmocka_unit_test(the_strongest_outcome_stands),
        cmocka_unit_test(fail_stops_the_row),
        cmocka_unit_test(reject_event_takes_its_message),
        cmocka_unit_test(dropped_rows_are_out_of_the_rest),
        cmocka_unit_test(a_skip_takes_the_row_out_at_once),
        cmocka_unit_test(outputs_of_rows_that_left_are_null),
        cmocka_unit_test(waves_run_each_row_once),
        cmocka_unit_test(init_faults_belong_to_every_row),
        cmocka_unit_test(nothing_fails_in_silence),
        cmocka_unit_test(raised_events),
        cmocka_unit_test(programs_without_rows),
        cmocka_unit_test(long_messages_are_cut_at_a_character),
    };
    return cmocka_run_group_tests_name("vm outcome", tests, NULL, NULL);
}

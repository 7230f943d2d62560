/* emit_fold: what is known at compile time, what always fails, and what cannot be known. */
#include "tests/emit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct tree tree;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    tree_init(&f->tree, &f->arena, "f(x)\n");
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    free(f);
    return 0;
}

static const struct plan_type INTEGER = {.kind = TYPE_INT}, TEXT = {.kind = TYPE_TEXT},
                              BOOLEAN = {.kind = TYPE_BOOL};

static void assert_int_value(struct tree *t, struct texpr *x, int64_t wanted) {
    struct value value;
    enum fault fault;
    assert_true(emit_fold(t->builder, x, &value, &fault));
    assert_int_equal(fault, FAULT_NONE);
    assert_int_equal(value.kind, TYPE_INT);
    assert_int_equal(value.as_int, wanted);
}

static void assert_text_value(struct tree *t, struct texpr *x, const char *wanted) {
    struct value value;
    enum fault fault;
    assert_true(emit_fold(t->builder, x, &value, &fault));
    assert_int_equal(fault, FAULT_NONE);
    assert_int_equal(value.kind, TYPE_TEXT);
    assert_true(str_is(value.as_text, wanted));
}

static void assert_fault(struct tree *t, struct texpr *x, enum fault wanted) {
    struct value value;
    enum fault fault;
    assert_true(emit_fold(t->builder, x, &value, &fault));
    assert_string_equal(fault_id(fault), fault_id(wanted));
}

static void assert_unknown(struct tree *t, struct texpr *x) {
    struct value value;
    enum fault fault;
    assert_false(emit_fold(t->builder, x, &value, &fault));
}

static struct texpr *parse(struct tree *t, const char *text) {
    return tx_call(t, OP_TEXT_TO_INT, INTEGER, NULL, 1, tx_text(t, text));
}

static void test_values(void **state) {
    struct tree *t = &((struct fixture *)*state)->tree;
    assert_int_value(t, tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, tx_int(t, 40), tx_int(t, 2)), 42);
    assert_int_value(t, tx_call(t, OP_MUL_INT, INTEGER, NULL, 2, parse(t, "6"), parse(t, "7")), 42);
    assert_text_value(t,
                      tx_call(t, OP_UPPER, TEXT, NULL, 1,
                              tx_text(t, "stra\xc3\x9f"
                                         "e")),
                      "STRASSE");
    assert_text_value(
        t, tx_call(t, OP_CONCAT, TEXT, NULL, 3, tx_text(t, "a"), tx_text(t, ""), tx_text(t, "'b'")), "a'b'");
    struct texpr *part = tx_call(t, OP_LEFT, TEXT, NULL, 2, tx_text(t, "abc"), tx_int(t, 2));
    assert_text_value(t, part, "ab");
}

static void test_null(void **state) {
    struct tree *t = &((struct fixture *)*state)->tree;
    struct value value;
    enum fault fault;
    struct texpr *x = tx_call(t, OP_UPPER, TEXT, NULL, 1, tx_null(t, TEXT));
    assert_true(emit_fold(t->builder, x, &value, &fault));
    assert_int_equal(value.kind, TYPE_NULL);
    assert_int_value(t, tx_node(t, TX_COALESCE, INTEGER, NULL, 2, tx_null(t, INTEGER), tx_int(t, 5)), 5);
}

static void test_branches(void **state) {
    struct tree *t = &((struct fixture *)*state)->tree;
    assert_int_value(t, tx_node(t, TX_IF, INTEGER, NULL, 3, tx_bool(t, true), tx_int(t, 1), parse(t, "x")),
                     1);
    assert_int_value(t, tx_node(t, TX_IF, INTEGER, NULL, 3, tx_null(t, BOOLEAN), tx_int(t, 1), tx_int(t, 2)),
                     2);
    assert_int_value(t, tx_on(t, tx_int(t, 3), HANDLE_ERROR, TACT_USE, NULL, tx_int(t, 9)), 3);
}

static void test_faults(void **state) {
    struct tree *t = &((struct fixture *)*state)->tree;
    assert_fault(t, parse(t, "x"), FAULT_NOT_INT);
    assert_fault(t, tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, tx_int(t, INT64_MAX), tx_int(t, 1)),
                 FAULT_OVERFLOW);
    assert_fault(t, tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, parse(t, "x"), tx_int(t, 1)), FAULT_NOT_INT);
    struct texpr *zero = tx_call(t, OP_MOD_INT, INTEGER, NULL, 2, tx_int(t, 1), tx_int(t, 0));
    assert_fault(t, zero, FAULT_DIVISION_BY_ZERO);
}

static void test_unknown(void **state) {
    struct tree *t = &((struct fixture *)*state)->tree;
    assert_unknown(t, tx_cell(t, 0, TEXT, NULL));
    assert_unknown(t, tx_call(t, OP_UPPER, TEXT, NULL, 1, tx_cell(t, 0, TEXT, NULL)));
    assert_unknown(t, tx_param(t, 0, INTEGER, NULL));
    assert_unknown(t, tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, tx_param(t, 0, INTEGER, NULL), tx_int(t, 1)));
    assert_unknown(t, tx_call(t, OP_UUID4, type_of_kind(TYPE_UUID, false), NULL, 0));
}

static void test_leaves_no_trace(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    assert_int_value(t, tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, tx_int(t, 40), tx_int(t, 2)), 42);
    struct plan *plan = plan_builder_finish(t->builder);
    assert_int_equal(plan->consts_count, 0);
    assert_int_equal(plan->programs_count, 0);
    assert_int_equal(t->diags.items.count, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(test_values), TEST(test_null),    TEST(test_branches),
                                       TEST(test_faults), TEST(test_unknown), TEST(test_leaves_no_trace)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

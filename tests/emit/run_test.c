/* Emitted programs on rows: what handlers, borders and branches do to each row (language.md, section 6). */
#include "runtime/vm/keyed_table.h"
#include "runtime/vm/vm.h"
#include "tests/emit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { COLUMNS = 3, ROWS_MAX = 8 };

struct fixture {
    struct arena arena;
    struct tree tree;
    struct emitter *e;
    struct keyed_table *table; /* text -> int: one = 1, two = 2 (several), bad: rejected, left: skipped */
    struct program_set *set;
    struct vm *vm;
    struct row_batch batch;
};

static const struct plan_type TEXT = {.kind = TYPE_TEXT, .nullable = 1},
                              INTEGER = {.kind = TYPE_INT, .nullable = 1},
                              BOOLEAN = {.kind = TYPE_BOOL, .nullable = 1};

static void add_table(struct tree *t) {
    struct plan_keyed_table table = {
        .name = STR("numbers"), .kind = KEYED_CODES, .keys_count = 1, .columns_count = 1, .names_count = 1};
    table.keys = ARENA_NEW(t->arena, struct plan_type);
    table.columns = ARENA_NEW(t->arena, struct plan_type);
    table.names = ARENA_NEW(t->arena, struct plan_text);
    table.keys->kind = TYPE_TEXT;
    table.columns->kind = TYPE_INT;
    VEC_PUSH(t->arena, &t->builder->tables, table);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    tree_init(&f->tree, &f->arena, "int(a)\nint(b)\nnumbers[a]\n");
    add_table(&f->tree);
    f->e = emitter_new(f->tree.builder);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    if (f->vm) vm_free(f->vm);
    if (f->set) program_set_free(f->set);
    if (f->table) keyed_table_free(f->table);
    row_batch_release(&f->batch);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static struct texpr *cell(struct fixture *f, uint32_t column) {
    return tx_cell(&f->tree, column, TEXT, NULL);
}
static struct texpr *parsed(struct fixture *f, uint32_t column) {
    return tx_call(&f->tree, OP_TEXT_TO_INT, INTEGER, column ? "int(b)" : "int(a)", 1, cell(f, column));
}
static struct texpr *looked_up(struct fixture *f) {
    struct texpr *row = tx_find(&f->tree, 0, "numbers[a]", cell(f, 0));
    row->can_skip = true;
    return tx_fetch(&f->tree, row, 0, INTEGER, "numbers[a]");
}

static void fill_table(struct fixture *f, const struct plan *plan) {
    static const struct {
        const char *key;
        enum keyed_status status;
        int64_t value;
    } rows[] = {{"one", KEYED_PRESENT, 1}, {"two", KEYED_PRESENT, 2}, {"two", KEYED_PRESENT, 22}};
    f->table = keyed_table_new(plan, 0, 1 << 20, STR("/tmp"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct value value = {.kind = TYPE_INT, .as_int = rows[i].value};
        assert_true(keyed_table_add(f->table, str_cstr(rows[i].key), rows[i].status, &value, &f->tree.diags));
    }
}

static void run_batch(struct fixture *f, const char *const (*rows)[COLUMNS], uint32_t count);

/* Finishes the program and runs it; NULL cells are null. */
static void run(struct fixture *f, const char *const (*rows)[COLUMNS], uint32_t count) {
    uint32_t program = emitter_finish(f->e);
    struct plan *plan = plan_builder_finish(f->tree.builder);
    if (!plan_verify(plan, &f->tree.diags)) fail_msg("%.*s", STR_ARG(f->tree.diags.items.items[0]->message));
    fill_table(f, plan);
    struct keyed_table **tables = ARENA_NEW(&f->arena, struct keyed_table *);
    tables[0] = f->table;
    struct run_values values = {.tables = tables};
    f->set = program_set_new(plan, &values, &f->tree.diags);
    assert_non_null(f->set);
    f->vm = vm_new(f->set, program);
    row_batch_init(&f->batch, COLUMNS);
    run_batch(f, rows, count);
}

static void run_batch(struct fixture *f, const char *const (*rows)[COLUMNS], uint32_t count) {
    f->batch.count = count;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        for (uint32_t i = 0; i < count; i++) {
            f->batch.columns[c].state[i] = rows[i][c] ? ROW_VALUE : ROW_NULL;
            f->batch.columns[c].text[i] = str_cstr(rows[i][c] ? rows[i][c] : "");
            if (f->batch.columns[c].kind) f->batch.columns[c].kind[i] = CELL_TEXT;
        }
        f->batch.columns[c].clean = false;
    }
    const struct plan_program *p = &f->tree.builder->plan.programs[0];
    uint32_t *columns = ARENA_ARRAY(&f->arena, uint32_t, p->slots_count);
    for (uint32_t s = 0, n = 0; s < p->slots_count; s++)
        if (p->slots[s].kind == SLOT_CELL) columns[n++] = p->slots[s].column;
    vm_begin(f->vm, &f->batch, count, columns, NULL, NULL);
    vm_run_pre(f->vm);
    vm_run_rest(f->vm);
}

static void assert_int_output(struct fixture *f, uint32_t output, uint32_t row, int64_t wanted) {
    struct value value = vm_value_at(f->vm, f->tree.builder->plan.programs[0].outputs[output].reg, row);
    assert_int_equal(value.kind, TYPE_INT);
    assert_int_equal(value.as_int, wanted);
}

static void assert_null_output(struct fixture *f, uint32_t output, uint32_t row) {
    assert_int_equal(vm_value_at(f->vm, f->tree.builder->plan.programs[0].outputs[output].reg, row).kind,
                     TYPE_NULL);
}

static uint32_t count_reports(struct fixture *f, uint32_t row) {
    uint32_t count = 0;
    for (const struct row_report *r = vm_first_report(f->vm, row); r; r = vm_next_report(f->vm, r))
        count++;
    return count;
}

static void assert_first(struct fixture *f, uint32_t row, enum outcome outcome, enum fault fault,
                         const char *message) {
    assert_int_equal(vm_row_outcome(f->vm, row), outcome);
    const struct row_report *report = vm_first_report(f->vm, row);
    assert_non_null(report);
    assert_string_equal(fault_id(report->fault), fault_id(fault));
    if (message && !str_is(report->message, message)) fail_msg("%.*s", STR_ARG(report->message));
}

/* ---------------------------------------------------------------- borders */

/* A fault is reported at the let, and what the let feeds stays silent. */
static void test_let_reports_once(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct tbinding let = {.expr = parsed(f, 0), .reported = true};
    emit_binding(f->e, &let);
    struct texpr *use = tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, tx_bound(t, &let, NULL), tx_int(t, 1));
    use = tx_on(t, use, HANDLE_ERROR, TACT_USE, NULL, tx_int(t, -1));
    emit_output_value(f->e, OUT_VALUE, 0, use);
    static const char *const rows[][COLUMNS] = {{"41"}, {"x"}, {NULL}, {"9223372036854775807"}};
    run(f, rows, 4);
    assert_int_output(f, 0, 0, 42);
    assert_first(f, 1, OUTCOME_REJECTED, FAULT_NOT_INT, NULL);
    assert_int_equal(count_reports(f, 1), 1);
    assert_null_output(f, 0, 1); /* poison does not trigger the handler */
    assert_null_output(f, 0, 2);
    assert_int_equal(vm_row_outcome(f->vm, 2), OUTCOME_OK);
    assert_int_output(f, 0, 3, -1); /* the overflow is the column's own */
    assert_int_equal(vm_row_outcome(f->vm, 3), OUTCOME_OK);
}

/* Two columns over one computation share it and report its fault once; two faults are two reports. */
static void test_shared_fault_once(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    emit_output_value(f->e, OUT_VALUE, 0, parsed(f, 0));
    emit_output_value(f->e, OUT_VALUE, 1,
                      tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, parsed(f, 0), tx_int(t, 1)));
    emit_output_value(f->e, OUT_VALUE, 2, parsed(f, 1));
    static const char *const rows[][COLUMNS] = {{"1", "2"}, {"x", "2"}, {"x", "y"}};
    run(f, rows, 3);
    assert_int_output(f, 1, 0, 2);
    assert_int_equal(count_reports(f, 0), 0);
    assert_int_equal(count_reports(f, 1), 1);
    assert_int_equal(count_reports(f, 2), 2);
}

/* ---------------------------------------------------------------- handlers */

static void test_warn_use(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct texpr *message =
        tx_call(t, OP_CONCAT_MESSAGE, TEXT, NULL, 3, tx_text(t, "a is "), cell(f, 0), cell(f, 1));
    emit_output_value(f->e, OUT_VALUE, 0,
                      tx_on(t, parsed(f, 0), HANDLE_ERROR, TACT_WARN, message, tx_int(t, 7)));
    static const char *const rows[][COLUMNS] = {{"1"}, {"x"}, {NULL}};
    run(f, rows, 3);
    assert_int_output(f, 0, 0, 1);
    assert_int_output(f, 0, 1, 7);
    assert_int_equal(vm_row_outcome(f->vm, 1), OUTCOME_OK);
    assert_int_equal(vm_row_warnings(f->vm, 1), 1);
    assert_true(str_is(vm_first_report(f->vm, 1)->message, "a is xnull"));
    assert_int_equal(vm_row_warnings(f->vm, 0) + vm_row_warnings(f->vm, 2), 0);
    assert_null_output(f, 0, 2);
}

/* Events of their own kinds; what one handler puts in is no event for the next. */
static void test_several_handlers(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct texpr *x = tx_on(t, parsed(f, 0), HANDLE_ERROR, TACT_USE, NULL, tx_null(t, INTEGER));
    x = tx_on(t, x, HANDLE_NULL, TACT_USE, NULL, tx_int(t, 5));
    emit_output_value(f->e, OUT_VALUE, 0, x);
    x = tx_on(t, parsed(f, 1), HANDLE_NULL, TACT_REJECT, tx_text(t, "b is needed"), NULL);
    x = tx_on(t, x, HANDLE_ERROR, TACT_SKIP, NULL, NULL);
    emit_output_value(f->e, OUT_VALUE, 1, x);
    static const char *const rows[][COLUMNS] = {{"x", "1"}, {NULL, "1"}, {"2", NULL}, {"2", "y"}};
    run(f, rows, 4);
    assert_null_output(f, 0, 0);
    assert_int_output(f, 0, 1, 5);
    assert_int_equal(vm_row_outcome(f->vm, 0), OUTCOME_OK);
    assert_first(f, 2, OUTCOME_REJECTED, FAULT_NULL_VALUE, "b is needed");
    assert_int_equal(vm_row_outcome(f->vm, 3), OUTCOME_SKIPPED);
    assert_int_equal(vm_row_skip_reason(f->vm, 3), SKIPPED_BY_ACTION);
}

static void test_lookup_events(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct texpr *x = tx_on(t, looked_up(f), HANDLE_MISSING, TACT_USE, NULL, tx_int(t, 0));
    emit_output_value(f->e, OUT_VALUE, 0, x);
    emit_output_value(f->e, OUT_VALUE, 1,
                      tx_on(t, tx_on(t, looked_up(f), HANDLE_DUPLICATE, TACT_FIRST, NULL, NULL),
                            HANDLE_MISSING, TACT_USE, NULL, tx_int(t, 0)));
    emit_output_value(f->e, OUT_VALUE, 2,
                      tx_on(t, tx_on(t, looked_up(f), HANDLE_DUPLICATE, TACT_LAST, NULL, NULL),
                            HANDLE_MISSING, TACT_USE, NULL, tx_int(t, 0)));
    static const char *const rows[][COLUMNS] = {{"one"}, {"three"}, {NULL}, {"two"}};
    run(f, rows, 4);
    assert_int_output(f, 0, 0, 1);
    assert_int_output(f, 0, 1, 0);
    assert_null_output(f, 0, 2); /* a null key finds null */
    assert_first(f, 3, OUTCOME_REJECTED, FAULT_DUPLICATE_MATCH, NULL);
    assert_int_output(f, 1, 3, 2);
    assert_int_output(f, 2, 3, 22);
    assert_int_equal(count_reports(f, 3), 1);
}

static void test_reject_and_fail(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    emit_output_value(f->e, OUT_VALUE, 0,
                      tx_on(t, parsed(f, 0), HANDLE_ERROR, TACT_REJECT, tx_text(t, "no number"), NULL));
    emit_output_value(f->e, OUT_VALUE, 1,
                      tx_on(t, parsed(f, 1), HANDLE_ERROR, TACT_FAIL, tx_text(t, "stop"), NULL));
    static const char *const rows[][COLUMNS] = {{"1", "1"}, {"x", "1"}, {"x", "y"}};
    run(f, rows, 3);
    assert_first(f, 1, OUTCOME_REJECTED, FAULT_NOT_INT, "no number");
    assert_int_equal(count_reports(f, 1), 1);
    assert_int_equal(vm_row_outcome(f->vm, 2), OUTCOME_FAILED);
}

/* ---------------------------------------------------------------- branches */

static void test_if_evaluates_its_rows_only(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct texpr *test = tx_call(t, OP_EQ_TEXT, BOOLEAN, NULL, 2, cell(f, 2), tx_text(t, "a"));
    emit_output_value(f->e, OUT_VALUE, 0,
                      tx_node(t, TX_IF, INTEGER, NULL, 3, test, parsed(f, 0), parsed(f, 1)));
    static const char *const rows[][COLUMNS] = {
        {"1", "x", "a"}, {"x", "2", "b"}, {"x", "3", NULL}, {"y", "4", "a"}};
    run(f, rows, 4);
    assert_int_output(f, 0, 0, 1);
    assert_int_output(f, 0, 1, 2);
    assert_int_output(f, 0, 2, 3); /* null is false */
    assert_first(f, 3, OUTCOME_REJECTED, FAULT_NOT_INT, NULL);
    for (uint32_t row = 0; row < 3; row++)
        assert_int_equal(vm_row_outcome(f->vm, row), OUTCOME_OK);
}

static void test_where_and_validate(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    emit_where(f->e, tx_call(t, OP_NE_TEXT, BOOLEAN, NULL, 2, cell(f, 2), tx_text(t, "out")));
    emit_pre_end(f->e);
    struct texpr *positive = tx_call(t, OP_GT_I64, BOOLEAN, NULL, 2, parsed(f, 0), tx_int(t, 0));
    emit_validate(f->e, positive, NULL, STR("positive"));
    struct thandler warn = {.action = TACT_WARN, .message = tx_text(t, "big")};
    emit_validate(f->e, tx_call(t, OP_LT_I64, BOOLEAN, NULL, 2, parsed(f, 0), tx_int(t, 100)), &warn,
                  STR("small"));
    static const char *const rows[][COLUMNS] = {{"1", NULL, "in"}, {"1", NULL, "out"}, {"1", NULL, NULL},
                                                {"0", NULL, "in"}, {"x", NULL, "in"},  {"200", NULL, "in"}};
    run(f, rows, 6);
    assert_int_equal(vm_row_outcome(f->vm, 0), OUTCOME_OK);
    for (uint32_t row = 1; row <= 2; row++) {
        assert_int_equal(vm_row_outcome(f->vm, row), OUTCOME_SKIPPED);
        assert_int_equal(vm_row_skip_reason(f->vm, row), SKIPPED_WHERE);
    }
    assert_first(f, 3, OUTCOME_REJECTED, FAULT_INVALID, "positive fails: ");
    assert_first(f, 4, OUTCOME_REJECTED, FAULT_NOT_INT, NULL); /* the fault, not the validation */
    assert_int_equal(count_reports(f, 4), 1);
    assert_int_equal(vm_row_outcome(f->vm, 5), OUTCOME_OK);
    assert_int_equal(vm_row_warnings(f->vm, 5), 1);
}

/* An argument that warns does so once for a row, however often and wherever it is used. */
static void test_argument_acts_once(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct tbinding argument = {
        .expr = tx_on(t, parsed(f, 0), HANDLE_ERROR, TACT_WARN, tx_text(t, "bad"), tx_int(t, 1))};
    struct texpr *test = tx_node(t, TX_IS_NULL, BOOLEAN, NULL, 1, cell(f, 1));
    struct texpr *branch =
        tx_node(t, TX_IF, INTEGER, NULL, 3, test, tx_bound(t, &argument, NULL), tx_int(t, 10));
    emit_output_value(f->e, OUT_VALUE, 0,
                      tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, branch, tx_bound(t, &argument, NULL)));
    static const char *const rows[][COLUMNS] = {{"4", NULL}, {"4", "b"}, {"x", NULL}, {"x", "b"}};
    run(f, rows, 4);
    static const int64_t sums[] = {8, 14, 2, 11};
    for (uint32_t row = 0; row < 4; row++) {
        assert_int_output(f, 0, row, sums[row]);
        assert_int_equal(vm_row_warnings(f->vm, row), row >= 2);
    }
}

static void test_arm_actions(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct texpr *reject = tx_node(t, TX_ACT, INTEGER, NULL, 0),
                 *raise = tx_node(t, TX_RAISE, INTEGER, NULL, 0);
    struct thandler handler = {.action = TACT_REJECT, .message = tx_text(t, "not b")};
    VEC_PUSH(t->arena, &reject->handlers, handler);
    raise->index = FAULT_NO_BRANCH;
    raise->can_miss = true;
    struct texpr *is_a = tx_call(t, OP_EQ_TEXT, BOOLEAN, NULL, 2, cell(f, 0), tx_text(t, "a"));
    struct texpr *is_b = tx_call(t, OP_EQ_TEXT, BOOLEAN, NULL, 2, cell(f, 0), tx_text(t, "b"));
    struct texpr *match = tx_node(t, TX_IF, INTEGER, NULL, 3, is_b, reject, raise);
    emit_output_value(f->e, OUT_VALUE, 0, tx_node(t, TX_IF, INTEGER, NULL, 3, is_a, tx_int(t, 1), match));
    emit_output_value(f->e, OUT_VALUE, 1,
                      tx_on(t, tx_node(t, TX_IF, INTEGER, NULL, 3, is_a, tx_int(t, 1), raise), HANDLE_MISSING,
                            TACT_USE, NULL, tx_int(t, 9)));
    static const char *const rows[][COLUMNS] = {{"a"}, {"b"}, {"c"}};
    run(f, rows, 3);
    assert_int_output(f, 0, 0, 1);
    assert_first(f, 1, OUTCOME_REJECTED, FAULT_REJECTED, "not b");
    assert_first(f, 2, OUTCOME_REJECTED, FAULT_NO_BRANCH, NULL);
    assert_int_output(f, 1, 2, 9);
}

static struct texpr *null_test(struct fixture *f, struct texpr *x) {
    return tx_node(&f->tree, TX_IS_NULL, BOOLEAN, NULL, 1, x);
}

static struct texpr *guarded(struct fixture *f, struct texpr *condition, struct texpr *body) {
    return tx_node(&f->tree, TX_IF, body->type, NULL, 3, condition, tx_null(&f->tree, body->type), body);
}

/* Inlined functions: null for null, failed for failed, whether or not the question is left out. */
static void test_guards(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct tbinding a = {.expr = parsed(f, 0)}, b = {.expr = parsed(f, 1)};
    struct texpr *product = tx_call(t, OP_MUL_INT, INTEGER, NULL, 2, tx_bound(t, &a, NULL), tx_int(t, 2));
    emit_output_value(f->e, OUT_VALUE, 0, guarded(f, null_test(f, tx_bound(t, &a, NULL)), product));
    /* the second argument may fail: null and failed is null, so the question stays */
    struct texpr *sum =
        tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, tx_bound(t, &a, NULL), tx_bound(t, &b, NULL));
    struct texpr *either = tx_node(t, TX_OR, BOOLEAN, NULL, 2, null_test(f, tx_bound(t, &a, NULL)),
                                   null_test(f, tx_bound(t, &b, NULL)));
    emit_output_value(f->e, OUT_VALUE, 1, guarded(f, either, sum));
    /* a body that does not depend on its argument: the question decides */
    emit_output_value(f->e, OUT_VALUE, 2, guarded(f, null_test(f, cell(f, 2)), tx_int(t, 7)));
    /* inside, the cell counts as not null: no EMPTY for it */
    struct texpr *inside = tx_cell(t, 2, type_of_kind(TYPE_TEXT, false), NULL);
    struct texpr *length =
        tx_call(t, OP_LENGTH, INTEGER, NULL, 1, tx_call(t, OP_TRIM, TEXT, NULL, 1, inside));
    emit_output_value(f->e, OUT_VALUE, 3, guarded(f, null_test(f, cell(f, 2)), length));
    static const char *const rows[][COLUMNS] = {
        {"3", "4", " x "}, {NULL, "4", NULL}, {NULL, "y", "x"}, {"3", NULL, "x"}, {"x", NULL, "x"}};
    run(f, rows, 5);
    assert_int_output(f, 0, 0, 6);
    assert_int_output(f, 1, 0, 7);
    assert_int_output(f, 2, 0, 7);
    assert_int_output(f, 3, 0, 1);
    for (uint32_t output = 0; output < 4; output++)
        assert_null_output(f, output, 1);
    for (uint32_t output = 0; output < 2; output++)
        assert_null_output(f, output, 2);
    for (uint32_t row = 0; row < 4; row++)
        assert_int_equal(vm_row_outcome(f->vm, row), OUTCOME_OK);
    assert_int_output(f, 0, 3, 6);
    assert_null_output(f, 1, 3);
    assert_first(f, 4, OUTCOME_REJECTED, FAULT_NOT_INT, NULL);
}

/* A row that leaves before its key is computed has no key; one that leaves after it has it. */
static void test_key_of_skipped_row(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    emit_value(f->e, tx_on(t, parsed(f, 0), HANDLE_ERROR, TACT_SKIP, NULL, NULL));
    struct texpr *trimmed = tx_call(t, OP_TRIM, TEXT, NULL, 1, cell(f, 2));
    emit_output_value(f->e, OUT_KEY, 0, tx_call(t, OP_UPPER, TEXT, NULL, 1, trimmed));
    emit_where(f->e, tx_call(t, OP_NE_TEXT, BOOLEAN, NULL, 2, cell(f, 1), tx_text(t, "out")));
    emit_pre_end(f->e);
    emit_output_value(f->e, OUT_COLUMN, 0, parsed(f, 0));
    static const char *const before[][COLUMNS] = {{"1", "in", "a"}, {"1", "in", "b"}, {"1", "in", "c"}};
    static const char *const rows[][COLUMNS] = {{"x", "in", "d"}, {"1", "out", "e"}, {"1", "in", "f"}};
    run(f, before, 3);
    run_batch(f, rows, 3);
    uint32_t key = f->tree.builder->plan.programs[0].outputs[0].reg;
    assert_int_equal(vm_row_outcome(f->vm, 0), OUTCOME_SKIPPED);
    assert_int_equal(vm_value_at(f->vm, key, 0).kind, TYPE_NULL);
    assert_int_equal(vm_row_outcome(f->vm, 1), OUTCOME_SKIPPED);
    assert_true(str_is(vm_value_at(f->vm, key, 1).as_text, "E"));
    assert_true(str_is(vm_value_at(f->vm, key, 2).as_text, "F"));
}

/* ---------------------------------------------------------------- the init part */

static void test_hoisted_fault_hits_every_row(void **state) {
    struct fixture *f = *state;
    struct tree *t = &f->tree;
    struct texpr *always = tx_call(t, OP_TEXT_TO_INT, INTEGER, "int(b)", 1, tx_text(t, "x"));
    emit_output_value(f->e, OUT_VALUE, 0, tx_call(t, OP_ADD_INT, INTEGER, NULL, 2, parsed(f, 0), always));
    emit_output_value(f->e, OUT_VALUE, 1, tx_on(t, always, HANDLE_ERROR, TACT_USE, NULL, tx_int(t, 3)));
    static const char *const rows[][COLUMNS] = {{"1"}, {"2"}};
    run(f, rows, 2);
    for (uint32_t row = 0; row < 2; row++) {
        assert_first(f, row, OUTCOME_REJECTED, FAULT_NOT_INT, NULL);
        assert_int_equal(count_reports(f, row), 1);
        assert_int_output(f, 1, row, 3);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_let_reports_once),
        TEST(test_shared_fault_once),
        TEST(test_warn_use),
        TEST(test_several_handlers),
        TEST(test_lookup_events),
        TEST(test_reject_and_fail),
        TEST(test_if_evaluates_its_rows_only),
        TEST(test_where_and_validate),
        TEST(test_argument_acts_once),
        TEST(test_arm_actions),
        TEST(test_hoisted_fault_hits_every_row),
        TEST(test_key_of_skipped_row),
        TEST(test_guards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

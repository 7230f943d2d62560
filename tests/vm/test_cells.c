/* Raw cells of every kind read as every type; typed inputs; null, bad cells, selections of the batch's rows.
 */
#include "tests/vm/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct cell_case {
    enum opcode op;
    enum cell_kind kind;
    const char *text;
    const char *template;
    const char *expected;
};

static const struct cell_case CASES[] = {
    {OP_CELL_BOOL, CELL_TEXT, "yes", NULL, "true"},
    {OP_CELL_BOOL, CELL_BOOL, "false", NULL, "false"},
    {OP_CELL_BOOL, CELL_NUMBER, "1", NULL, "true"},
    {OP_CELL_BOOL, CELL_NUMBER, "2", NULL, "error R0102"},
    {OP_CELL_BOOL, CELL_JSON, "{}", NULL, "error R0102"},
    {OP_CELL_INT, CELL_TEXT, "42", NULL, "42"},
    {OP_CELL_INT, CELL_TEXT, "42.0", NULL, "error R0103"},
    {OP_CELL_INT, CELL_TEXT, "99999999999999999999", NULL, "error R0120"},
    {OP_CELL_INT, CELL_TEXT, "1,234", "9,999", "1234"},
    {OP_CELL_INT, CELL_NUMBER, "1e3", NULL, "1000"},
    {OP_CELL_INT, CELL_NUMBER, "5.0", NULL, "5"},
    {OP_CELL_INT, CELL_NUMBER, "5.5", NULL, "error R0103"},
    {OP_CELL_INT, CELL_NUMBER, "1e30", NULL, "error R0120"},
    {OP_CELL_INT, CELL_BOOL, "true", NULL, "error R0103"},
    {OP_CELL_DECIMAL, CELL_TEXT, "12.50", NULL, "12.50"},
    {OP_CELL_DECIMAL, CELL_TEXT, "$12.50", "$99.99", "12.50"},
    {OP_CELL_DECIMAL, CELL_NUMBER, "12.5", "$99.99", "12.5"},
    {OP_CELL_DECIMAL, CELL_DATETIME, "2025-01-01", NULL, "error R0104"},
    {OP_CELL_FLOAT, CELL_TEXT, "1e-3", NULL, "0.001"},
    {OP_CELL_FLOAT, CELL_NUMBER, "0.5", NULL, "0.5"},
    {OP_CELL_FLOAT, CELL_TEXT, "inf", NULL, "error R0105"},
    {OP_CELL_TEXT, CELL_TEXT, "héllo", NULL, "héllo"},
    {OP_CELL_TEXT, CELL_TEXT, "a\xff", NULL, "error R0127"},
    {OP_CELL_TEXT, CELL_NUMBER, "12.5", NULL, "12.5"},
    {OP_CELL_TEXT, CELL_BOOL, "true", NULL, "true"},
    {OP_CELL_TEXT, CELL_DATETIME, "2025-02-01", NULL, "2025-02-01"},
    {OP_CELL_TEXT, CELL_DATETIME, "2025-02-01", "DD/MM/YYYY", "01/02/2025"},
    {OP_CELL_TEXT, CELL_DATETIME, "2025-02-01T10:30:00", "DD/MM/YYYY HH24:MI", "01/02/2025 10:30"},
    {OP_CELL_TEXT, CELL_DATETIME, "2025-02-01", "DD/MM/YYYY HH24:MI", "01/02/2025 00:00"},
    {OP_CELL_TEXT, CELL_DATETIME, "10:30:00", "HH24:MI", "10:30"},
    {OP_CELL_TEXT, CELL_DATETIME, "10:30:00", "DD/MM/YYYY", "error R0115"},
    {OP_CELL_TEXT, CELL_TEXT, "as it is", "DD/MM/YYYY", "as it is"},
    {OP_CELL_TEXT, CELL_JSON, "{\"a\":1}", NULL, "error R0116"},
    {OP_CELL_TEXT, CELL_BAD, "#REF!", NULL, "error R0115"},
    {OP_CELL_BYTES, CELL_TEXT, "\\x0aff", NULL, "\\x0aff"},
    {OP_CELL_BYTES, CELL_TEXT, "+/8=", NULL, "\\xfbff"},
    {OP_CELL_BYTES, CELL_TEXT, "!", NULL, "error R0113"},
    {OP_CELL_DATE, CELL_TEXT, "31/12/2024", "DD/MM/YYYY", "2024-12-31"},
    {OP_CELL_DATE, CELL_TEXT, "2024-12-31", NULL, "2024-12-31"},
    {OP_CELL_DATE, CELL_TEXT, "31.12.24", "DD/MM/YYYY", "error R0106"},
    {OP_CELL_DATE, CELL_DATETIME, "2024-12-31", "DD/MM/YYYY", "2024-12-31"},
    {OP_CELL_DATE, CELL_DATETIME, "2024-12-31T00:00:00", NULL, "2024-12-31"},
    {OP_CELL_DATE, CELL_DATETIME, "2024-12-31T10:00:00", NULL, "error R0123"},
    {OP_CELL_DATE, CELL_NUMBER, "45657", NULL, "error R0106"},
    {OP_CELL_TIME, CELL_DATETIME, "10:30:00", NULL, "10:30:00"},
    {OP_CELL_TIME, CELL_TEXT, "1030", NULL, "error R0107"},
    {OP_CELL_TIMESTAMP, CELL_DATETIME, "2024-12-31", NULL, "2024-12-31 00:00:00"},
    {OP_CELL_TIMESTAMP, CELL_TEXT, "2024-12-31", NULL, "error R0108"},
    {OP_CELL_TIMESTAMP, CELL_TEXT, "2024-12-31 07:05", "YYYY-MM-DD HH24:MI", "2024-12-31 07:05:00"},
    {OP_CELL_TIMESTAMPTZ, CELL_TEXT, "2024-12-31T07:05:00+11:00", NULL, "2024-12-30 20:05:00+00"},
    {OP_CELL_TIMESTAMPTZ, CELL_TEXT, "2024-12-31T07:05:00 Mars/Base", NULL, "error R0132"},
    {OP_CELL_INTERVAL, CELL_TEXT, "P1D", NULL, "1 day"},
    {OP_CELL_UUID, CELL_TEXT, "6F1C9A52-0F0E-4B58-9A55-0D6F2A1F3C10", NULL,
     "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10"},
    {OP_CELL_UUID, CELL_TEXT, "6F1C", NULL, "error R0111"},
    {OP_CELL_JSON, CELL_JSON, "[1, 2]", NULL, "[1, 2]"},
    {OP_CELL_JSON, CELL_TEXT, "[1,", NULL, "error R0112"},
    {OP_CELL_JSON, CELL_NUMBER, "12", NULL, "12"},
    {OP_CELL_JSON, CELL_DATETIME, "2024-12-31", NULL, "\"2024-12-31\""},
};

static enum type_kind kind_of(enum opcode op) {
    for (int k = TYPE_NULL + 1; k < TYPE_KIND_COUNT; k++)
        if (type_kind_letter((enum type_kind)k) == OPCODES[op].result[0]) return (enum type_kind)k;
    return TYPE_NONE;
}

static void cells_of_every_kind(void **state) {
    (void)state;
    for (size_t t = 0; t < sizeof CASES / sizeof CASES[0]; t++) {
        const struct cell_case *test = &CASES[t];
        enum type_kind kind = kind_of(test->op);
        struct program_builder b;
        builder_init(&b);
        uint32_t slot = builder_cell_slot(&b, 0);
        uint32_t template =
            test->template ? builder_pattern(&b, PATTERN_TEMPLATE, kind, test->template) + 1 : 0;
        uint32_t reg = builder_op(&b, test->op, kind, 0, 0, 0, 0, slot, template);
        assert_true(builder_load(&b));
        const char *cells[] = {test->text, NULL, test->text};
        builder_cells(&b, 1, 3, cells);
        uint8_t kinds[BATCH_ROWS] = {(uint8_t)test->kind, (uint8_t)test->kind, (uint8_t)test->kind};
        if (test->kind != CELL_TEXT) b.batch.columns[0].kind = kinds;
        builder_run(&b, 3);
        const char *got = builder_show(&b, reg, 0);
        if (strcmp(got, test->expected) != 0)
            fail_msg("%s of kind %d \"%s\": %s instead of %s", OPCODES[test->op].name, test->kind, test->text,
                     got, test->expected);
        assert_string_equal(builder_show(&b, reg, 1), "null");
        assert_string_equal(builder_show(&b, reg, 2), test->expected);
        builder_release(&b);
    }
}

static const char *read_array(const char *text, enum type_kind element, enum cell_kind kind) {
    static char shown[128];
    struct program_builder b;
    builder_init(&b);
    uint32_t slot = builder_cell_slot(&b, 0);
    uint32_t reg = builder_reg(&b, (struct plan_type){.kind = TYPE_ARRAY, .element = (uint8_t)element});
    builder_into(&b, OP_CELL_ARRAY, reg, 0, 0, 0, 0, slot, 0);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 1, &text);
    uint8_t kinds[BATCH_ROWS] = {(uint8_t)kind};
    b.batch.columns[0].kind = kinds;
    builder_run(&b, 1);
    snprintf(shown, sizeof shown, "%s", builder_show(&b, reg, 0));
    builder_release(&b);
    return shown;
}

static void arrays(void **state) {
    (void)state;
    assert_string_equal(read_array("[\"a\", \"b c\"]", TYPE_TEXT, CELL_JSON), "{a,\"b c\"}");
    assert_string_equal(read_array("{a,\"b c\"}", TYPE_TEXT, CELL_TEXT), "{a,\"b c\"}");
    assert_string_equal(read_array("[1, 2]", TYPE_INT, CELL_TEXT), "{1,2}");
    assert_string_equal(read_array("{1,x}", TYPE_INT, CELL_TEXT), "error R0103");
    assert_string_equal(read_array("[1, null]", TYPE_INT, CELL_JSON), "error R0149");
    assert_string_equal(read_array("[1", TYPE_INT, CELL_TEXT), "error R0114");
    assert_string_equal(read_array("", TYPE_INT, CELL_TEXT), "error R0114");
    assert_string_equal(read_array("[]", TYPE_INT, CELL_TEXT), "{}");
    assert_string_equal(read_array("7", TYPE_INT, CELL_NUMBER), "error R0114");
}

static void enum_cells(void **state) {
    (void)state;
    static const char *const labels[] = {"a", "b"};
    const char *cells[] = {"b", "c", NULL};
    struct program_builder b;
    builder_init(&b);
    uint32_t slot = builder_cell_slot(&b, 0);
    uint32_t reg = builder_reg(&b, (struct plan_type){.kind = TYPE_ENUM, .ref = builder_enum(&b, 2, labels)});
    builder_into(&b, OP_CELL_ENUM, reg, 0, 0, 0, 0, slot, 0);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 3, cells);
    builder_run(&b, 3);
    assert_string_equal(builder_show(&b, reg, 0), "1");
    assert_string_equal(builder_show(&b, reg, 1), "error R0158");
    assert_string_equal(builder_show(&b, reg, 2), "null");
    builder_release(&b);
}

/* A clean, checked column is shown, not copied; a later instruction that writes the register leaves the
 * column alone. */
static void clean_texts_are_not_copied(void **state) {
    (void)state;
    const char *cells[] = {" a ", " b "};
    struct program_builder b;
    builder_init(&b);
    uint32_t slot = builder_cell_slot(&b, 0);
    uint32_t reg = builder_op(&b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, slot, 0);
    uint32_t other = builder_op(&b, OP_TRIM, TYPE_TEXT, 0, reg, 0, 0, 0, 0);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 2, cells);
    b.batch.columns[0].checked = true;
    builder_run(&b, 2);
    assert_ptr_equal(vm_register_at(b.vm, reg)->data, b.batch.columns[0].text);
    assert_string_equal(builder_show(&b, other, 1), "b");
    vm_free(b.vm);
    /* The same with the register written again. */
    builder_into(&b, OP_UPPER, reg, 0, other, 0, 0, 0, 0);
    program_set_free(b.set);
    b.program.pre_end = b.program.code_count;
    assert_true(builder_load(&b));
    builder_run(&b, 2);
    assert_string_equal(builder_show(&b, reg, 1), "B");
    assert_string_equal(b.batch.columns[0].text[1].ptr, " b ");
    builder_release(&b);
}

static void rows_of_the_batch_by_index(void **state) {
    (void)state;
    const char *cells[] = {"a", "b", "c"};
    const uint32_t index[] = {2, 2, 0};
    struct program_builder b;
    builder_init(&b);
    uint32_t slot = builder_cell_slot(&b, 0);
    uint32_t text = builder_op(&b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, slot, 0);
    uint32_t line = builder_op(&b, OP_INPUT, TYPE_INT, 0, 0, 0, 0,
                               builder_input_slot(&b, SLOT_LINE, type_of(TYPE_INT)), 0);
    uint32_t element = builder_op(&b, OP_INPUT, TYPE_INT, 0, 0, 0, 0,
                                  builder_input_slot(&b, SLOT_EACH, type_of(TYPE_INT)), 0);
    uint32_t none = builder_op(&b, OP_INPUT, TYPE_TEXT, 0, 0, 0, 0,
                               builder_input_slot(&b, SLOT_FILE, type_of(TYPE_TEXT)), 0);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 3, cells);
    b.batch.columns[0].checked = true;
    for (uint32_t r = 0; r < 3; r++)
        b.batch.places[r].line = 10 + r;
    int64_t elements[] = {7, 8, 9};
    uint8_t states[] = {ROW_VALUE, ROW_NULL, ROW_VALUE};
    struct vm_input inputs[4] = {[2] = {elements, states}};
    vm_begin(b.vm, &b.batch, 3, b.cell_columns, index, inputs);
    vm_run_pre(b.vm);
    assert_string_equal(builder_show(&b, text, 0), "c");
    assert_string_equal(builder_show(&b, text, 1), "c");
    assert_string_equal(builder_show(&b, text, 2), "a");
    assert_string_equal(builder_show(&b, line, 1), "12");
    assert_string_equal(builder_show(&b, line, 2), "10");
    assert_string_equal(builder_show(&b, element, 0), "7");
    assert_string_equal(builder_show(&b, element, 1), "null");
    assert_string_equal(builder_show(&b, none, 0), "null");
    builder_release(&b);
}

static void parents_and_depth(void **state) {
    (void)state;
    const char *cells[] = {"a", "b", "c"};
    struct program_builder b;
    builder_init(&b);
    uint32_t slots[5];
    slots[0] = builder_input_slot(&b, SLOT_DEPTH, type_of(TYPE_INT));
    slots[1] = builder_input_slot(&b, SLOT_HAS_PARENT, type_of(TYPE_BOOL));
    slots[2] = builder_input_slot(&b, SLOT_HAS_PARENT, type_of(TYPE_BOOL));
    b.program.slots[slots[2]].via = VIA_PARENT;
    slots[3] = builder_input_slot(&b, SLOT_DEPTH, type_of(TYPE_INT));
    b.program.slots[slots[3]].via = VIA_PARENT;
    slots[4] = builder_input_slot(&b, SLOT_HAS_PARENT, type_of(TYPE_BOOL));
    b.program.slots[slots[4]].via = VIA_ROOT;
    uint32_t regs[5];
    for (int i = 0; i < 5; i++)
        regs[i] = builder_op(&b, OP_INPUT, (enum type_kind)b.program.slots[slots[i]].type.kind, 0, 0, 0, 0,
                             slots[i], 0);
    assert_true(builder_load(&b));
    builder_cells(&b, 1, 3, cells);
    for (uint32_t r = 0; r < 3; r++)
        b.batch.places[r].depth = r;
    builder_run(&b, 3);
    static const char *const expected[5][3] = {{"0", "1", "2"},
                                               {"false", "true", "true"},
                                               {"false", "false", "true"},
                                               {"null", "0", "1"},
                                               {"false", "false", "false"}};
    for (int i = 0; i < 5; i++)
        for (uint32_t r = 0; r < 3; r++)
            assert_string_equal(builder_show(&b, regs[i], r), expected[i][r]);
    builder_release(&b);
}

static void params_and_the_run(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    struct plan_param params[2] = {{.name = STR("p"), .type = type_of(TYPE_INT)},
                                   {.name = STR("q"), .type = type_of(TYPE_INT)}};
    struct value values[2] = {{.kind = TYPE_INT, .as_int = 5}, {.kind = TYPE_NULL}};
    b.plan.params = params;
    b.plan.params_count = 2;
    b.values.params = values;
    b.values.environment = STR("prod");
    uint32_t p = builder_op(&b, OP_PARAM, TYPE_INT, 0, 0, 0, 0, 0, 0);
    uint32_t q = builder_op(&b, OP_PARAM, TYPE_INT, 0, 0, 0, 0, 1, 0);
    uint32_t environment = builder_op(&b, OP_RUN, TYPE_TEXT, 0, 0, 0, 0, RUN_ENVIRONMENT, 0);
    uint32_t started = builder_op(&b, OP_RUN, TYPE_TIMESTAMPTZ, 0, 0, 0, 0, RUN_STARTED_AT, 0);
    builder_init_end(&b);
    uint32_t sum = builder_op(&b, OP_ADD_INT, TYPE_INT, 0, p, p, 0, 0, 0);
    assert_true(builder_load(&b));
    builder_run(&b, 2);
    assert_string_equal(builder_show(&b, sum, 1), "10");
    assert_string_equal(builder_show(&b, q, 1), "null");
    assert_string_equal(builder_show(&b, environment, 1), "prod");
    assert_string_equal(builder_show(&b, started, 0), "2000-01-01 00:00:00+00");
    builder_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_every_kind),
        cmocka_unit_test(arrays),
        cmocka_unit_test(enum_cells),
        cmocka_unit_test(clean_texts_are_not_copied),
        cmocka_unit_test(rows_of_the_batch_by_index),
        cmocka_unit_test(parents_and_depth),
        cmocka_unit_test(params_and_the_run),
    };
    return cmocka_run_group_tests_name("vm cells", tests, NULL, NULL);
}

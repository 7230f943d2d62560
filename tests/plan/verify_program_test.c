/* The verifier on single programs: small pieces of code, one for each rule of plan.h, right and wrong. */
#include "runtime/plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Registers of every program here, by type. */
enum { T0, T1, T2, I0, I1, I2, B0, B1, B2, D0, E0, R0, R1, J0, A0, X0, AT0, R2, REG_COUNT };

static const struct plan_type REGS[REG_COUNT] = {
    [T0] = {.kind = TYPE_TEXT},
    [T1] = {.kind = TYPE_TEXT},
    [T2] = {.kind = TYPE_TEXT},
    [I0] = {.kind = TYPE_INT},
    [I1] = {.kind = TYPE_INT},
    [I2] = {.kind = TYPE_INT},
    [B0] = {.kind = TYPE_BOOL},
    [B1] = {.kind = TYPE_BOOL},
    [B2] = {.kind = TYPE_BOOL},
    [D0] = {.kind = TYPE_DATE},
    [E0] = {.kind = TYPE_ENUM},
    [R0] = {.kind = TYPE_ROW},
    [R1] = {.kind = TYPE_ROW, .ref = 1},
    [J0] = {.kind = TYPE_JSON},
    [A0] = {.kind = TYPE_ARRAY, .element = TYPE_INT},
    [X0] = {.kind = TYPE_SECRET},
    [R2] = {.kind = TYPE_ROW},
    [AT0] = {.kind = TYPE_ARRAY, .element = TYPE_TEXT},
};

struct program_case {
    const char *message; /* NULL: it is right */
    uint32_t init_end, pre_end;
    uint32_t selections;
    struct plan_instr code[12];
    uint32_t operands[8];
    struct plan_output outputs[2];
    uint32_t output_count;
};

#define CELL(reg)                                                                                            \
    { .op = OP_CELL_TEXT, .dst = (reg) }
#define CELL_I(reg)                                                                                          \
    { .op = OP_CELL_INT, .dst = (reg) }
#define CELL_B(reg)                                                                                          \
    { .op = OP_CELL_BOOL, .dst = (reg) }
#define SEL(which, to, of)                                                                                   \
    { .op = OP_SEL_##which, .dst = (to), .a = (of) }

/* Constants: 0 int 1, 1 text[] ['a'], 2 text[] [null]. Patterns: 0 date template, 1 regex. Slots: 0 cell, 1
 * row. Tables: 0 key text, column int; 1 key int, column text. Param 0: int. Extern 0: (text) bool. */
static const struct program_case CASES[] = {
    {NULL, .code = {CELL(T0), {.op = OP_TRIM, .dst = T1, .a = T0}}},
    {"opcode 9999", .code = {{.op = 9999}}},
    {"register 99 of", .code = {{.op = OP_CELL_TEXT, .dst = 99}}},
    {"register 99 of", .code = {{.op = OP_TRIM, .dst = T1, .a = 99}}},
    {"register 0 is not written", .code = {{.op = OP_TRIM, .dst = T1, .a = T0}}},
    {"register 0 is operand and result", .code = {CELL(T0), {.op = OP_TRIM, .dst = T0, .a = T0}}},
    {"is int, which is not the type asked for (t)",
     .code = {CELL_I(I0), {.op = OP_TRIM, .dst = T0, .a = I0}}},
    {"is text, which is not the type asked for (i)",
     .code = {CELL_I(I0), {.op = OP_NEG_INT, .dst = T0, .a = I0}}},
    {"an operand that the instruction does not have",
     .code = {CELL(T0), {.op = OP_TRIM, .dst = T1, .a = T0, .b = T0 + 1}}},
    {"an immediate that the instruction does not have",
     .code = {CELL(T0), {.op = OP_TRIM, .dst = T1, .a = T0, .imm = 1}}},
    {"a result that the instruction does not have", .code = {{.op = OP_SKIP, .dst = 1, .imm = 1}}},
    {"skip reason 0", .code = {{.op = OP_SKIP}}},
    {"fault 0", .code = {CELL(T0), {.op = OP_REJECT, .a = T0}}},
    {"length 0", .code = {CELL(T0), {.op = OP_FIT_LENGTH, .dst = T1, .a = T0}}},

    /* '=' and N */
    {"which is not the type asked for (=)", .code = {CELL(T0), {.op = OP_REQUIRE, .dst = I0, .a = T0}}},
    {NULL, .code = {CELL_I(I0), CELL_I(I1), {.op = OP_EQ_I64, .dst = B0, .a = I0, .b = I1}}},
    {"type asked for (N)",
     .code = {CELL_I(I0), {.op = OP_CELL_DATE, .dst = D0}, {.op = OP_EQ_I64, .dst = B0, .a = I0, .b = D0}}},
    {"type asked for (N)", .code = {CELL(T0), {.op = OP_EQ_I64, .dst = B0, .a = T0, .b = T0}}},

    /* immediates */
    {"constant 3 of 3", .code = {{.op = OP_CONST, .dst = I0, .imm = 3}}},
    {"constant 0 has another type", .code = {{.op = OP_CONST, .dst = T1}}},
    {"parameter 2 of 2", .code = {{.op = OP_PARAM, .dst = I0, .imm = 2}}},
    {"parameter 0 has another type", .code = {{.op = OP_PARAM, .dst = T0}}},
    {"slot 2 of 2", .code = {{.op = OP_CELL_TEXT, .dst = T0, .imm = 2}}},
    {"slot 1 is not a raw cell", .code = {{.op = OP_CELL_TEXT, .dst = T0, .imm = 1}}},
    {"slot 0 is a raw cell", .code = {{.op = OP_INPUT, .dst = T0}}},
    {"slot 1 has another type", .code = {{.op = OP_INPUT, .dst = T0, .imm = 1}}},
    {NULL, .code = {{.op = OP_INPUT, .dst = I0, .imm = 1}}},
    {"value of the run 3", .code = {{.op = OP_RUN, .dst = T0, .imm = 3}}},
    {"the result has another type", .code = {{.op = OP_RUN, .dst = T0, .imm = RUN_ID}}},
    {"pattern 2 of 2", .code = {CELL(T0), {.op = OP_MATCHES, .dst = B0, .a = T0, .imm = 2}}},
    {"pattern 0 is of another kind", .code = {CELL(T0), {.op = OP_MATCHES, .dst = B0, .a = T0}}},
    {NULL, .code = {CELL(T0), {.op = OP_MATCHES, .dst = B0, .a = T0, .imm = 1}}},
    {"pattern 1 is of another kind",
     .code = {CELL(T0), {.op = OP_TEXT_TO_DATE, .dst = D0, .a = T0, .imm = 2}}},
    {"pattern 0 is for another type",
     .code = {CELL(T0), {.op = OP_TEXT_TO_INT, .dst = I0, .a = T0, .imm = 1}}},
    {"no pattern to write by",
     .code = {{.op = OP_CELL_DATE, .dst = D0}, {.op = OP_FORMAT_DATE, .dst = T0, .a = D0}}},
    {"is not an array of such values", .code = {CELL(T0), {.op = OP_IN_TEXT, .dst = B0, .a = T0, .imm = 0}}},
    {"is not an array of such values", .code = {CELL(T0), {.op = OP_IN_TEXT, .dst = B0, .a = T0, .imm = 2}}},
    {NULL, .code = {CELL(T0), {.op = OP_IN_TEXT, .dst = B0, .a = T0, .imm = 1}}},
    {"set of states 0", .selections = 2, .code = {CELL(T0), SEL(STATE, 1, T0)}},
    {"set of states 128", .selections = 2,
     .code = {CELL(T0), {.op = OP_SEL_STATE, .dst = 1, .a = T0, .imm = 128}}},

    /* lists */
    {NULL, .code = {CELL(T0), {.op = OP_CONCAT, .dst = T1}}, .operands = {2, T0, T0}},
    {"list at 8 of 8", .code = {CELL(T0), {.op = OP_CONCAT, .dst = T1, .imm = 8}}},
    {"reaches beyond the end", .code = {CELL(T0), {.op = OP_CONCAT, .dst = T1, .imm = 6}},
     .operands = {0, 0, 0, 0, 0, 0, 2, T0}},
    {"a list of 4294967295 registers", .code = {{.op = OP_CONCAT, .dst = T1}}, .operands = {UINT32_MAX}},
    {"register 1 is operand and result", .code = {CELL(T0), CELL(T1), {.op = OP_CONCAT, .dst = T1}},
     .operands = {2, T0, T1}},
    {"is int, which is not the type asked for (t)", .code = {CELL_I(I0), {.op = OP_CONCAT, .dst = T1}},
     .operands = {1, I0}},
    {NULL, .code = {CELL_I(I0), {.op = OP_ARRAY, .dst = A0}}, .operands = {1, I0}},
    {"element 0 has another type", .code = {CELL(T0), {.op = OP_ARRAY, .dst = A0}}, .operands = {1, T0}},

    /* tables, functions with rules of their own */
    {NULL, .code = {CELL(T0), {.op = OP_FIND, .dst = R0}, {.op = OP_FETCH, .dst = I0, .a = R0}},
     .operands = {1, T0}},
    {"2 key parts for a key of 1", .code = {CELL(T0), {.op = OP_FIND, .dst = R0}}, .operands = {2, T0, T0}},
    {"key part 0 has another type", .code = {CELL_I(I0), {.op = OP_FIND, .dst = R0}}, .operands = {1, I0}},
    {"a row of another table", .code = {CELL(T0), {.op = OP_FIND, .dst = R1}}, .operands = {1, T0}},
    {"table 2 of 2", .code = {CELL(T0), {.op = OP_FIND, .dst = R0, .imm2 = 2}}, .operands = {1, T0}},
    {"column 1 of 1",
     .code = {CELL(T0), {.op = OP_FIND, .dst = R0}, {.op = OP_FETCH, .dst = I0, .a = R0, .imm = 1}},
     .operands = {1, T0}},
    {"column 0 has another type",
     .code = {CELL(T0), {.op = OP_FIND, .dst = R0}, {.op = OP_FETCH, .dst = T1, .a = R0}},
     .operands = {1, T0}},
    {NULL, .code = {CELL(T0), {.op = OP_FIND, .dst = R0}, {.op = OP_FIRST_MATCH, .dst = R2, .a = R0}},
     .operands = {1, T0}},
    {"is not written by FIND",
     .code = {CELL(T0),
              {.op = OP_FIND, .dst = R0},
              {.op = OP_REQUIRE, .dst = R2, .a = R0},
              {.op = OP_LAST_MATCH, .dst = R0, .a = R2}},
     .operands = {1, T0}},
    {"a value of this type has no text",
     .code = {CELL(T0), {.op = OP_FIND, .dst = R0}, {.op = OP_TO_TEXT, .dst = T1, .a = R0}},
     .operands = {1, T0}},
    {NULL, .code = {CELL(T0), {.op = OP_EXTERN, .dst = B0}}, .operands = {1, T0}},
    {"0 arguments for 1 parameters", .code = {{.op = OP_EXTERN, .dst = B0}}},
    {"argument 0 has another type", .code = {CELL_I(I0), {.op = OP_EXTERN, .dst = B0}}, .operands = {1, I0}},
    {"the result has another type", .code = {CELL(T0), {.op = OP_EXTERN, .dst = T1}}, .operands = {1, T0}},
    {"extern 1 of 1", .code = {CELL(T0), {.op = OP_EXTERN, .dst = B0, .imm2 = 1}}, .operands = {1, T0}},
    {"register 3 has another type than the elements",
     .code = {{.op = OP_CELL_ARRAY, .dst = AT0},
              CELL_I(I0),
              {.op = OP_ARRAY_CONTAINS, .dst = B0, .a = AT0, .b = I0}}},
    {"the result is not an array of texts",
     .code = {CELL(T0), CELL(T1), {.op = OP_SPLIT, .dst = A0, .a = T0, .b = T1}}},

    /* selections */
    {NULL, .selections = 2,
     .code = {CELL_B(B0),
              SEL(TRUE, 1, B0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T0},
              {.op = OP_TRIM, .sel = 1, .dst = T1, .a = T0}}},
    {"selection 1 of 1", .code = {{.op = OP_CELL_TEXT, .sel = 1, .dst = T0}}},
    {"selection 1 is not made yet", .selections = 2, .code = {{.op = OP_CELL_TEXT, .sel = 1, .dst = T0}}},
    {"selection 1 is not made yet", .selections = 2,
     .code = {{.op = OP_CELL_TEXT, .sel = 1, .dst = T0}, CELL_B(B0), SEL(TRUE, 1, B0)}},
    {"selection 1 is made twice", .selections = 2, .code = {CELL_B(B0), SEL(TRUE, 1, B0), SEL(FALSE, 1, B0)}},
    {"selection 0 is made twice", .selections = 2, .code = {CELL_B(B0), SEL(TRUE, 0, B0)}},
    {"selection 2 of 2", .selections = 2, .code = {CELL_B(B0), SEL(TRUE, 2, B0)}},
    {"selection 2 is not made yet", .selections = 3,
     .code = {CELL_B(B0), {.op = OP_SEL_TRUE, .sel = 2, .dst = 1, .a = B0}, SEL(TRUE, 2, B0)}},
    /* written for a part only, read for all */
    {"register 0 is not written for the rows of selection 0", .selections = 2,
     .code = {CELL_B(B0),
              SEL(TRUE, 1, B0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T0},
              {.op = OP_TRIM, .dst = T1, .a = T0}}},
    /* written for one part, read for the other */
    {"register 0 is not written for the rows of selection 2", .selections = 3,
     .code = {CELL_B(B0),
              SEL(TRUE, 1, B0),
              SEL(FALSE, 2, B0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T0},
              {.op = OP_TRIM, .sel = 2, .dst = T1, .a = T0}}},
    /* written for all, then again for a part: the others' elements are of another value */
    {"register 0 is not written for the rows of selection 0", .selections = 2,
     .code = {CELL_B(B0),
              CELL(T0),
              SEL(TRUE, 1, B0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T0},
              {.op = OP_TRIM, .dst = T1, .a = T0}}},
    /* a part of a part reads what the part wrote */
    {NULL, .selections = 3,
     .code = {CELL_B(B0),
              SEL(TRUE, 1, B0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T0},
              {.op = OP_SEL_NULL, .sel = 1, .dst = 2, .a = T0},
              {.op = OP_TRIM, .sel = 2, .dst = T1, .a = T0}}},

    /* merges */
    {NULL, .selections = 3,
     .code = {CELL_B(B0),
              SEL(TRUE, 1, B0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T0},
              SEL(NOT_TRUE, 2, B0),
              {.op = OP_CELL_TEXT, .sel = 2, .dst = T1},
              {.op = OP_IF, .dst = T2, .a = B0, .b = T0, .c = T1, .imm = 1, .imm2 = 2}}},
    {"is made by SEL_FALSE instead of SEL_NOT_TRUE", .selections = 3,
     .code = {CELL_B(B0),
              SEL(TRUE, 1, B0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T0},
              SEL(FALSE, 2, B0),
              {.op = OP_CELL_TEXT, .sel = 2, .dst = T1},
              {.op = OP_IF, .dst = T2, .a = B0, .b = T0, .c = T1, .imm = 1, .imm2 = 2}}},
    {"register 0 is not written for the rows of selection 1", .selections = 3,
     .code = {CELL_B(B0),
              SEL(TRUE, 1, B0),
              SEL(NOT_TRUE, 2, B0),
              {.op = OP_CELL_TEXT, .sel = 2, .dst = T0},
              {.op = OP_IF, .dst = T2, .a = B0, .b = T0, .c = T0, .imm = 1, .imm2 = 2}}},
    {"is not made from the value of register 6", .selections = 3,
     .code = {CELL_B(B0),
              CELL(T0),
              SEL(TRUE, 1, B0),
              SEL(NOT_TRUE, 2, B0),
              CELL_B(B0),
              {.op = OP_IF, .dst = T2, .a = B0, .b = T0, .c = T0, .imm = 1, .imm2 = 2}}},
    {"is not made from the value of register 7", .selections = 3,
     .code = {CELL_B(B0),
              CELL_B(B1),
              CELL(T0),
              SEL(TRUE, 1, B0),
              SEL(NOT_TRUE, 2, B0),
              {.op = OP_IF, .dst = T2, .a = B1, .b = T0, .c = T0, .imm = 1, .imm2 = 2}}},
    {"selection 1 is not a part of selection 2", .selections = 4,
     .code = {CELL_B(B0),
              CELL(T0),
              SEL(TRUE, 1, B0),
              SEL(NOT_TRUE, 2, B0),
              {.op = OP_IF, .sel = 2, .dst = T2, .a = B0, .b = T0, .c = T0, .imm = 1, .imm2 = 2}}},
    {"selection 0 is not a part", .selections = 2,
     .code = {CELL_B(B0), CELL_B(B1), {.op = OP_AND, .dst = B2, .a = B0, .b = B1}}},
    {NULL, .selections = 2,
     .code = {CELL_B(B0),
              SEL(NOT_FALSE, 1, B0),
              {.op = OP_CELL_BOOL, .sel = 1, .dst = B1},
              {.op = OP_AND, .dst = B2, .a = B0, .b = B1, .imm = 1}}},
    {"is made by SEL_NOT_FALSE instead of SEL_NOT_TRUE", .selections = 2,
     .code = {CELL_B(B0),
              SEL(NOT_FALSE, 1, B0),
              {.op = OP_CELL_BOOL, .sel = 1, .dst = B1},
              {.op = OP_OR, .dst = B2, .a = B0, .b = B1, .imm = 1}}},
    {NULL, .selections = 2,
     .code = {CELL(T0),
              SEL(NULL, 1, T0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T1},
              {.op = OP_PATCH, .dst = T2, .a = T0, .b = T1, .imm = 1}}},
    {"register 1 is not written for the rows of selection 2", .selections = 3,
     .code = {CELL(T0),
              SEL(NULL, 1, T0),
              SEL(NOT_NULL, 2, T0),
              {.op = OP_CELL_TEXT, .sel = 1, .dst = T1},
              {.op = OP_PATCH, .dst = T2, .a = T0, .b = T1, .imm = 2}}},
    {"selection 1 is not within selection 2", .selections = 3,
     .code = {CELL(T0),
              SEL(NULL, 1, T0),
              SEL(NOT_NULL, 2, T0),
              {.op = OP_POISON, .sel = 2, .dst = T2, .a = T0, .imm = 1}}},

    /* parts */
    {NULL, .init_end = 2, .pre_end = 3,
     .code = {{.op = OP_CONST, .dst = I0}, {.op = OP_NEG_INT, .dst = I1, .a = I0}, CELL(T0)}},
    {"it may not stand in init", .init_end = 1, .code = {CELL(T0)}},
    {"it may not stand in init", .init_end = 1, .code = {{.op = OP_UUID4, .dst = T0}}},
    {"it may not stand in init", .init_end = 1, .code = {{.op = OP_SKIP, .imm = 1}}},
    {"register 3 belongs to init", .init_end = 1, .code = {{.op = OP_CONST, .dst = I0}, CELL_I(I0)}},
    {"its parts do not follow on", .init_end = 2, .pre_end = 1,
     .code = {{.op = OP_CONST, .dst = I0}, {.op = OP_CONST, .dst = I1}}},
    {"its parts do not follow on", .pre_end = 5, .code = {CELL(T0)}},
    {"selection 1 belongs to the first part", .selections = 2, .pre_end = 2,
     .code = {CELL_B(B0), SEL(TRUE, 1, B0), {.op = OP_CELL_TEXT, .sel = 1, .dst = T0}}},
    {"register 0 belongs to the first part", .pre_end = 1, .code = {CELL(T0), CELL(T0)}},
    {NULL, .pre_end = 1, .code = {CELL(T0), {.op = OP_TRIM, .dst = T1, .a = T0}}},

    /* outputs */
    {NULL, .pre_end = 1, .code = {CELL(T0), CELL(T1)},
     .outputs = {{.role = OUT_KEY, .reg = T0}, {.role = OUT_VALUE, .reg = T1}}, .output_count = 2},
    {"outputs[0]: register 1 is not written for all rows", .pre_end = 1, .code = {CELL(T0), CELL(T1)},
     .outputs = {{.role = OUT_KEY, .reg = T1}}, .output_count = 1},
    {"outputs[0]: register 0 is not written for all rows", .selections = 2,
     .code = {CELL_B(B0), SEL(TRUE, 1, B0), {.op = OP_CELL_TEXT, .sel = 1, .dst = T0}},
     .outputs = {{.role = OUT_VALUE, .reg = T0}}, .output_count = 1},
    {"outputs[0]: register 0 is written more than once",
     .code = {CELL(T0), {.op = OP_TRIM, .dst = T1, .a = T0}, {.op = OP_UPPER, .dst = T0, .a = T1}},
     .outputs = {{.role = OUT_VALUE, .reg = T0}}, .output_count = 1},
    {"register 99 of", .outputs = {{.role = OUT_VALUE, .reg = 99}}, .output_count = 1},
    {"a secret leaves the program", .code = {{.op = OP_PARAM, .dst = X0, .imm = 1}},
     .outputs = {{.role = OUT_VALUE, .reg = X0}}, .output_count = 1},
};

static bool verify(const struct program_case *c, struct diag_list *diags) {
    static struct plan_type text = {.kind = TYPE_TEXT}, integer = {.kind = TYPE_INT};
    static struct plan_text names[1] = {{STR("c")}}, labels[1] = {{STR("l")}};
    static struct plan_enum enums[1] = {{.labels = labels, .labels_count = 1}};
    static struct plan_keyed_table tables[2] = {{.kind = KEYED_CODES,
                                                 .keys = &text,
                                                 .keys_count = 1,
                                                 .columns = &integer,
                                                 .columns_count = 1,
                                                 .names = names,
                                                 .names_count = 1},
                                                {.kind = KEYED_CODES,
                                                 .keys = &integer,
                                                 .keys_count = 1,
                                                 .columns = &text,
                                                 .columns_count = 1,
                                                 .names = names,
                                                 .names_count = 1}};
    static struct plan_const consts[3] = {
        {.type = {.kind = TYPE_INT}, .text = STR("1")},
        {.type = {.kind = TYPE_ARRAY, .element = TYPE_TEXT}, .text = STR("[\"a\"]")},
        {.type = {.kind = TYPE_ARRAY, .element = TYPE_TEXT}, .text = STR("[null]")}};
    static struct plan_param params[2] = {{.name = STR("p"), .type = {.kind = TYPE_INT}},
                                          {.name = STR("s"), .type = {.kind = TYPE_SECRET}}};
    static struct plan_pattern patterns[2] = {
        {.kind = PATTERN_TEMPLATE, .type = TYPE_DATE, .text = STR("DD/MM/YYYY")},
        {.kind = PATTERN_REGEX, .text = STR("a")}};
    static struct plan_extern externs[1] = {
        {.params = &text, .params_count = 1, .result = {.kind = TYPE_BOOL}}};
    struct plan_slot slots[2] = {{.kind = SLOT_CELL}, {.kind = SLOT_ROW, .type = {.kind = TYPE_INT}}};
    struct plan_span spans[12] = {{0}};
    struct plan_program program = {.slots = slots,
                                   .slots_count = 2,
                                   .regs = (struct plan_type *)REGS,
                                   .regs_count = REG_COUNT,
                                   .selections = c->selections ? c->selections : 1,
                                   .code = (struct plan_instr *)c->code,
                                   .spans = spans,
                                   .operands = (uint32_t *)c->operands,
                                   .operands_count = 8,
                                   .outputs = (struct plan_output *)c->outputs,
                                   .outputs_count = c->output_count};
    static const struct plan_instr none;
    while (program.code_count < 12 && memcmp(&c->code[program.code_count], &none, sizeof none) != 0)
        program.code_count++;
    program.spans_count = program.code_count;
    program.init_end = c->init_end;
    program.pre_end = c->pre_end ? c->pre_end : program.code_count;
    struct plan plan = {.consts = consts,
                        .consts_count = 3,
                        .params = params,
                        .params_count = 2,
                        .patterns = patterns,
                        .patterns_count = 2,
                        .externs = externs,
                        .externs_count = 1,
                        .tables = tables,
                        .tables_count = 2,
                        .programs = &program,
                        .programs_count = 1,
                        .enums = enums,
                        .enums_count = 1};
    return plan_verify(&plan, diags);
}

static void complain(uint32_t *failures, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(uint32_t *failures, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprint_error(format, args);
    va_end(args);
    print_error("\n");
    ++*failures;
}

static void test_cases(void **state) {
    (void)state;
    uint32_t failures = 0;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct arena arena = {0};
        struct diag_list diags;
        diag_list_init(&diags, &arena);
        const char *wanted = CASES[i].message;
        bool good = verify(&CASES[i], &diags);
        struct str message = diags.items.count ? diags.items.items[0]->message : STR("");
        if (good != (wanted == NULL))
            complain(&failures, "case %zu (%s): %.*s", i, wanted ? wanted : "right", STR_ARG(message));
        if (wanted && memmem(message.ptr, message.len, wanted, strlen(wanted)) == NULL)
            complain(&failures, "case %zu: wanted: %s\ngot: %.*s", i, wanted, STR_ARG(message));
        arena_release(&arena);
    }
    assert_int_equal(failures, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

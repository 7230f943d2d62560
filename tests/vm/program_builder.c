/* Plans by hand, for tests. */
#include "tests/vm/program_builder.h"

#include "runtime/value/convert.h"
#include "runtime/vm/vm_internal.h"

#include <assert.h>
#include <stdio.h>

void builder_init(struct program_builder *b) {
    *b = (struct program_builder){0};
    diag_list_init(&b->diags, &b->arena);
    struct plan *plan = &b->plan;
    plan->migration = STR("test");
    plan->files = ARENA_NEW(&b->arena, struct plan_file);
    plan->files_count = 1;
    plan->consts = ARENA_ARRAY(&b->arena, struct plan_const, BUILDER_MAX);
    plan->patterns = ARENA_ARRAY(&b->arena, struct plan_pattern, BUILDER_MAX);
    plan->enums = ARENA_ARRAY(&b->arena, struct plan_enum, BUILDER_MAX);
    plan->tables = ARENA_ARRAY(&b->arena, struct plan_keyed_table, BUILDER_MAX);
    struct plan_program *p = &b->program;
    p->regs = ARENA_ARRAY(&b->arena, struct plan_type, BUILDER_MAX);
    p->code = ARENA_ARRAY(&b->arena, struct plan_instr, BUILDER_MAX);
    p->spans = ARENA_ARRAY(&b->arena, struct plan_span, BUILDER_MAX);
    p->slots = ARENA_ARRAY(&b->arena, struct plan_slot, BUILDER_MAX);
    p->operands = ARENA_ARRAY(&b->arena, uint32_t, 4 * BUILDER_MAX);
    p->outputs = ARENA_ARRAY(&b->arena, struct plan_output, BUILDER_MAX);
    p->selections = 1;
    p->pre_end = UINT32_MAX;
}

void builder_release(struct program_builder *b) {
    vm_free(b->vm);
    program_set_free(b->set);
    for (uint32_t t = 0; b->values.tables && t < b->plan.tables_count; t++)
        keyed_table_free(b->values.tables[t]);
    row_batch_release(&b->batch);
    arena_release(&b->arena);
}

struct plan_type type_of(enum type_kind kind) {
    return (struct plan_type){.kind = (uint8_t)kind, .nullable = 1};
}

uint32_t builder_reg(struct program_builder *b, struct plan_type type) {
    b->program.regs[b->program.regs_count] = type;
    return b->program.regs_count++;
}

static void add(struct program_builder *b, struct plan_instr instr) {
    b->program.code[b->program.code_count++] = instr;
    b->program.spans_count = b->program.code_count;
}

void builder_into(struct program_builder *b, enum opcode op, uint32_t dst, uint32_t sel, uint32_t x,
                  uint32_t y, uint32_t z, uint32_t imm, uint32_t imm2) {
    add(b, (struct plan_instr){op, sel, dst, x, y, z, imm, imm2});
}

uint32_t builder_op(struct program_builder *b, enum opcode op, enum type_kind result, uint32_t sel,
                    uint32_t x, uint32_t y, uint32_t z, uint32_t imm, uint32_t imm2) {
    uint32_t dst = builder_reg(b, type_of(result));
    builder_into(b, op, dst, sel, x, y, z, imm, imm2);
    return dst;
}

uint32_t builder_select(struct program_builder *b, enum opcode op, uint32_t sel, uint32_t x, uint32_t imm) {
    uint32_t selection = b->program.selections++;
    add(b, (struct plan_instr){op, sel, selection, x, 0, 0, imm, 0});
    return selection;
}

void builder_act(struct program_builder *b, enum opcode op, uint32_t sel, uint32_t x, uint32_t y,
                 uint32_t imm) {
    add(b, (struct plan_instr){op, sel, 0, x, y, 0, imm, 0});
}

uint32_t builder_list(struct program_builder *b, uint32_t count, const uint32_t *regs) {
    uint32_t at = b->program.operands_count;
    b->program.operands[at] = count;
    for (uint32_t i = 0; i < count; i++)
        b->program.operands[at + 1 + i] = regs[i];
    b->program.operands_count = at + 1 + count;
    return at;
}

void builder_init_end(struct program_builder *b) {
    b->program.init_end = b->program.code_count;
}

void builder_pre_end(struct program_builder *b) {
    b->program.pre_end = b->program.code_count;
}

void builder_output(struct program_builder *b, enum plan_output_role role, uint32_t index, uint32_t reg) {
    b->program.outputs[b->program.outputs_count++] =
        (struct plan_output){.role = (uint8_t)role, .index = index, .reg = reg};
}

void builder_span(struct program_builder *b, const char *text, bool pii) {
    size_t start = b->spec.len;
    b->spec = arena_printf(&b->arena, "%.*s%s\n", STR_ARG(b->spec), text);
    b->program.spans[b->program.code_count - 1] =
        (struct plan_span){(uint32_t)start, (uint32_t)(start + strlen(text)), 0, pii};
}

uint32_t builder_const(struct program_builder *b, struct plan_type type, const char *text) {
    b->plan.consts[b->plan.consts_count] =
        (struct plan_const){.type = type, .is_null = text == NULL, .text = str_cstr(text)};
    return b->plan.consts_count++;
}

uint32_t builder_literal(struct program_builder *b, enum type_kind kind, const char *text) {
    return builder_op(b, OP_CONST, kind, 0, 0, 0, 0, builder_const(b, type_of(kind), text), 0);
}

uint32_t builder_pattern(struct program_builder *b, enum plan_pattern_kind kind, enum type_kind type,
                         const char *text) {
    b->plan.patterns[b->plan.patterns_count] =
        (struct plan_pattern){(uint8_t)kind, (uint8_t)type, str_cstr(text)};
    return b->plan.patterns_count++;
}

uint32_t builder_cell_slot(struct program_builder *b, uint32_t column) {
    uint32_t cells = 0;
    for (uint32_t s = 0; s < b->program.slots_count; s++)
        cells += b->program.slots[s].kind == SLOT_CELL;
    b->cell_columns[cells] = column;
    b->program.slots[b->program.slots_count] = (struct plan_slot){.kind = SLOT_CELL, .column = column};
    return b->program.slots_count++;
}

uint32_t builder_input_slot(struct program_builder *b, enum plan_slot_kind kind, struct plan_type type) {
    b->program.slots[b->program.slots_count] = (struct plan_slot){.kind = (uint8_t)kind, .type = type};
    return b->program.slots_count++;
}

uint32_t builder_enum(struct program_builder *b, uint32_t count, const char *const *labels) {
    struct plan_enum *e = &b->plan.enums[b->plan.enums_count];
    e->name = STR("status");
    e->labels = ARENA_ARRAY(&b->arena, struct plan_text, count);
    e->labels_count = count;
    for (uint32_t i = 0; i < count; i++)
        e->labels[i].text = str_cstr(labels[i]);
    return b->plan.enums_count++;
}

uint32_t builder_table(struct program_builder *b, const char *name, enum plan_keyed_kind kind,
                       const struct plan_type *keys, uint32_t key_count, const struct plan_type *columns,
                       uint32_t column_count) {
    struct plan_keyed_table *t = &b->plan.tables[b->plan.tables_count];
    *t = (struct plan_keyed_table){.name = str_cstr(name), .kind = (uint8_t)kind};
    t->keys = ARENA_ARRAY(&b->arena, struct plan_type, key_count);
    memcpy(t->keys, keys, sizeof *keys * key_count);
    t->keys_count = key_count;
    t->columns = ARENA_ARRAY(&b->arena, struct plan_type, column_count);
    memcpy(t->columns, columns, sizeof *columns * column_count);
    t->columns_count = column_count;
    return b->plan.tables_count++;
}

bool builder_load(struct program_builder *b) {
    if (b->program.pre_end == UINT32_MAX) b->program.pre_end = b->program.code_count;
    b->plan.files[0] = (struct plan_file){STR("test.mig"), b->spec};
    b->plan.programs = &b->program;
    b->plan.programs_count = 1;
    if (b->values.tables == NULL)
        b->values.tables = ARENA_ARRAY(&b->arena, struct keyed_table *, b->plan.tables_count + 1);
    b->set = program_set_new(&b->plan, &b->values, &b->diags);
    if (b->set == NULL) return false;
    b->vm = vm_new(b->set, 0);
    return true;
}

void builder_cells(struct program_builder *b, uint32_t columns, uint32_t rows, const char *const *cells) {
    row_batch_release(&b->batch);
    row_batch_init(&b->batch, columns);
    b->batch.count = rows;
    for (uint32_t c = 0; c < columns; c++) {
        struct cell_column *column = &b->batch.columns[c];
        column->clean = true;
        for (uint32_t r = 0; r < rows; r++) {
            const char *text = cells[r * columns + c];
            column->text[r] = str_cstr(text ? text : "");
            column->state[r] = text ? ROW_VALUE : ROW_NULL;
            column->clean &= text != NULL;
        }
    }
}

void builder_run(struct program_builder *b, uint32_t count) {
    vm_begin(b->vm, b->batch.columns ? &b->batch : NULL, count, b->cell_columns, NULL, NULL);
    vm_run_pre(b->vm);
    vm_run_rest(b->vm);
}

static const char *show_array(struct program_builder *b, const struct plan_type *type,
                              const struct array *array) {
    struct str text = value_format_array(&b->arena, (enum type_kind)type->element, array);
    return arena_copy_cstr(&b->arena, text);
}

const char *builder_show(struct program_builder *b, uint32_t reg, uint32_t row) {
    static const char *const names[ROW_STATE_COUNT] = {
        [ROW_NULL] = "null",       [ROW_POISON] = "poison",   [ROW_ERROR] = "error",
        [ROW_MISSING] = "missing", [ROW_SKIPPED] = "skipped", [ROW_DUPLICATE] = "duplicate"};
    const struct vm_register *r = vm_register_at(b->vm, reg);
    uint32_t at = r->scalar ? 0 : row;
    enum row_state state = (enum row_state)r->state[at];
    assert(!r->clean || state == ROW_VALUE);
    if (state >= ROW_ERROR)
        return arena_printf(&b->arena, "%s %s", names[state],
                            fault_id((enum fault)b->vm->faults[r->fault[at]].fault))
            .ptr;
    if (state != ROW_VALUE) return names[state];
    struct value value = vm_value_at(b->vm, reg, row);
    if (value.kind == TYPE_ARRAY) return show_array(b, &b->program.regs[reg], &value.as_array);
    return arena_copy_cstr(&b->arena, value_format(&b->arena, &value));
}

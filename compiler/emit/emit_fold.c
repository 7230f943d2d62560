/* Constant folding with the VM itself, so that compile time and run time cannot differ: the instruction
 * becomes a plan of its own, over constants, run for one row. What fails is not folded: it fails for each row
 * at run time, with the row's message, or is reported by the checker (emit_fold). */
#include "compiler/emit/ir.h"
#include "runtime/vm/vm.h"

#include <stdlib.h>

enum { FOLD_TEXT_MAX = 65536 };

/* The plan of one instruction. */
struct fold {
    struct emitter *e;
    struct plan plan;
    struct plan_program program;
    struct plan_const consts[PLAN_MAX_LIST + 1];
    struct plan_type regs[PLAN_MAX_LIST + 2];
    struct plan_instr code[PLAN_MAX_LIST + 2];
    struct plan_span spans[PLAN_MAX_LIST + 2];
    uint32_t operands[PLAN_MAX_LIST + 1];
    struct plan_pattern pattern;
    struct plan_output output;
    struct plan_file file;
};

static void add_operand(struct fold *f, const struct ir_reg *reg) {
    uint32_t n = f->program.regs_count++;
    f->consts[n] = (struct plan_const){.type = reg->type, .is_null = reg->value.kind == TYPE_NULL};
    f->consts[n].text = plan_const_text(f->e->arena, f->e->builder->enums.items, reg->type, &reg->value);
    f->regs[n] = reg->type;
    f->code[n] = (struct plan_instr){.op = OP_CONST, .dst = n, .imm = n};
    f->plan.consts_count++;
    f->program.code_count++;
}

/* imm and imm2 in the small plan: what they refer to is copied into it. */
static uint32_t move_immediate(struct fold *f, enum imm_kind kind, uint32_t imm) {
    const struct plan_builder *builder = f->e->builder;
    switch (kind) {
    case IMM_TEMPLATE:
        if (imm == 0) return 0;
        f->pattern = builder->patterns.items[imm - 1];
        f->plan.patterns_count = 1;
        return 1;
    case IMM_REGEX:
    case IMM_LIKE:
    case IMM_ZONE:
    case IMM_PATH:
        f->pattern = builder->patterns.items[imm];
        f->plan.patterns_count = 1;
        return 0;
    case IMM_CONST:
        f->consts[f->plan.consts_count] = builder->consts.items[imm];
        return f->plan.consts_count++;
    default: return imm;
    }
}

static void build(struct fold *f, const struct ir_instr *instr, struct plan_type type) {
    struct emitter *e = f->e;
    uint32_t count;
    const uint32_t *regs = ir_operands(instr, &count);
    f->operands[0] = count;
    for (uint32_t i = 0; i < count; i++) {
        add_operand(f, &e->regs.items[regs[i]]);
        f->operands[1 + i] = i;
    }
    struct plan_instr code = {.op = instr->op, .dst = count, .b = count > 1, .c = count > 2 ? 2 : 0};
    if (opcode_has_list(instr->op)) code.b = code.c = 0;
    code.imm = opcode_has_list(instr->op) ? 0 : move_immediate(f, OPCODES[instr->op].imm, instr->imm);
    code.imm2 = move_immediate(f, OPCODES[instr->op].imm2, instr->imm2);
    f->code[f->program.code_count++] = code;
    f->code[f->program.code_count++] = (struct plan_instr){.op = OP_REPORT, .dst = count + 1, .a = count};
    f->regs[count] = f->regs[count + 1] = type;
    f->program.regs_count = count + 2;
    f->program.regs = f->regs;
    f->program.code = f->code;
    f->program.spans = f->spans;
    f->program.spans_count = f->program.code_count;
    f->program.operands = f->operands;
    f->program.operands_count = count + 1;
    f->program.selections = 1;
    f->program.pre_end = f->program.code_count;
    f->output = (struct plan_output){.role = OUT_VALUE, .reg = count + 1};
    f->program.outputs = &f->output;
    f->program.outputs_count = 1;
    f->plan.migration = e->builder->plan.migration;
    f->plan.consts = f->consts;
    f->plan.patterns = &f->pattern;
    f->plan.enums = e->builder->enums.items;
    f->plan.enums_count = e->builder->enums.count;
    f->plan.programs = &f->program;
    f->plan.programs_count = 1;
    f->plan.files = &f->file;
    f->plan.files_count = 1;
}

/* The texts of a value point into the VM; its canonical text is what the plan would hold anyway, and reading
 * that back proves that it can hold it. */
static bool keep_value(struct fold *f, struct plan_type type, const struct value *from, struct value *out) {
    struct arena *arena = f->e->arena;
    const struct plan_enum *enums = f->plan.enums;
    struct plan_const constant = {.type = type, .is_null = from->kind == TYPE_NULL};
    constant.text = arena_copy_str(arena, plan_const_text(arena, enums, type, from));
    if (constant.text.len > FOLD_TEXT_MAX) return false;
    if (plan_const_value(arena, &f->plan, &constant, out) != FAULT_NONE) return false;
    return str_eq(plan_const_text(arena, enums, type, out), constant.text);
}

static enum ir_known run(struct fold *f, struct plan_type type, struct value *value, enum fault *fault) {
    struct run_values values = {.environment = STR("")};
    struct diag_list ignored;
    diag_list_init(&ignored, f->e->arena);
    struct program_set *set = program_set_new(&f->plan, &values, &ignored);
    if (set == NULL) return KNOWN_NOTHING;
    enum ir_known known = KNOWN_NOTHING;
    struct vm *vm = vm_new(set, 0);
    vm_begin(vm, NULL, 1, NULL, NULL, NULL);
    vm_run_pre(vm);
    vm_run_rest(vm);
    const struct row_report *report = vm_first_report(vm, 0);
    if (report != NULL) {
        *fault = report->fault;
        known = KNOWN_FAULT;
    } else {
        struct value result = vm_value_at(vm, f->output.reg, 0);
        if (keep_value(f, type, &result, value)) known = KNOWN_VALUE;
    }
    vm_free(vm);
    program_set_free(set);
    return known;
}

static bool can_be_constant(struct plan_type type) {
    return type.kind != TYPE_SECRET && type.kind != TYPE_ROW;
}

enum ir_known fold_instr(struct emitter *e, const struct ir_instr *instr, struct plan_type type,
                         struct value *value, enum fault *fault) {
    uint32_t count;
    const uint32_t *regs = ir_operands(instr, &count);
    if (count == 0 || count > PLAN_MAX_LIST || !can_be_constant(type)) return KNOWN_NOTHING;
    for (uint32_t i = 0; i < count; i++)
        if (!can_be_constant(e->regs.items[regs[i]].type)) return KNOWN_NOTHING;
    struct fold *f = memory_zalloc(sizeof *f);
    f->e = e;
    build(f, instr, type);
    enum ir_known known = run(f, type, value, fault);
    free(f);
    return known;
}

/* ---------------------------------------------------------------- whole expressions */

bool emit_fold(struct plan_builder *builder, struct texpr *expr, struct value *value, enum fault *fault) {
    if (expr->varies) return false;
    struct emitter *e = emitter_new(builder); /* never finished: nothing of it reaches the plan */
    uint32_t at = emit_expr(e, expr, 0);      /* before regs.items is read: it moves as registers are added */
    const struct ir_reg *reg = &e->regs.items[at];
    *fault = FAULT_NONE;
    if (reg->known == KNOWN_VALUE) *value = reg->value;
    if (reg->known == KNOWN_FAULT) *fault = reg->fault;
    return reg->known != KNOWN_NOTHING;
}

/* Finishing a program: what nothing needs is dropped, selections are numbered anew, registers are shared by
 * values of one type whose lives do not overlap (linear scan), and the instructions get their final form. */
#include "compiler/emit/ir.h"

enum { NEVER_FREE = UINT32_MAX };

struct finish {
    struct emitter *e;
    uint32_t *order; /* instructions in their final order: init, first, rest */
    uint32_t count, init_end, pre_end;
    bool *reg_used, *sel_used, *is_output;
    uint32_t *last_use; /* by register: position in order, NEVER_FREE for outputs */
    uint32_t *physical; /* by register */
    uint32_t *sel_number, *slot_number;
    VEC(uint32_t) free;          /* physical registers without a value */
    VEC(struct plan_type) types; /* of physical registers */
};

static bool is_select(const struct ir_instr *instr) {
    return OPCODES[instr->op].flags & OPF_SELECT;
}

static bool has_result(const struct ir_instr *instr) {
    return OPCODES[instr->op].result[0] != '\0';
}

/* ---------------------------------------------------------------- what is needed */

static void mark_operands(struct finish *f, const struct ir_instr *instr) {
    uint32_t count;
    const uint32_t *regs = ir_operands(instr, &count);
    for (uint32_t i = 0; i < count; i++)
        f->reg_used[regs[i]] = true;
    f->sel_used[instr->sel] = true;
    if (OPCODES[instr->op].imm == IMM_SEL) f->sel_used[instr->imm] = true;
    if (OPCODES[instr->op].imm2 == IMM_SEL) f->sel_used[instr->imm2] = true;
}

/* Backwards: definitions stand before uses, so each instruction's uses are known when it is looked at. */
static void find_needed(struct finish *f) {
    struct emitter *e = f->e;
    for (uint32_t i = 0; i < e->outputs.count; i++)
        f->reg_used[e->outputs.items[i].reg] = true;
    for (uint32_t i = e->instrs.count; i-- > 0;) {
        struct ir_instr *instr = &e->instrs.items[i];
        bool acts = OPCODES[instr->op].flags & OPF_ACTION;
        instr->live = acts || (is_select(instr) ? f->sel_used[instr->dst]
                                                : has_result(instr) && f->reg_used[instr->dst]);
        if (instr->live) mark_operands(f, instr);
    }
}

static void put_in_order(struct finish *f) {
    struct emitter *e = f->e;
    for (int part = PART_INIT; part <= PART_REST; part++) {
        for (uint32_t i = 0; i < e->instrs.count; i++)
            if (e->instrs.items[i].live && (int)e->instrs.items[i].part == part) f->order[f->count++] = i;
        if (part == PART_INIT) f->init_end = f->count;
        if (part == PART_FIRST) f->pre_end = f->count;
    }
}

/* ---------------------------------------------------------------- registers */

static void use_register(struct finish *f, uint32_t reg, uint32_t position) {
    const struct ir_reg *r = &f->e->regs.items[reg];
    /* A register is written in one part only (plan_verify), so what crosses over is never given to another
     * value. */
    bool crosses = position >= f->pre_end && f->e->instrs.items[r->instr].part == PART_FIRST;
    if (f->last_use[reg] != NEVER_FREE) f->last_use[reg] = crosses || r->scalar ? NEVER_FREE : position;
}

static void find_last_uses(struct finish *f) {
    for (uint32_t at = 0; at < f->count; at++) {
        const struct ir_instr *instr = &f->e->instrs.items[f->order[at]];
        uint32_t count;
        const uint32_t *regs = ir_operands(instr, &count);
        if (!is_select(instr) && has_result(instr)) use_register(f, instr->dst, at);
        for (uint32_t i = 0; i < count; i++)
            use_register(f, regs[i], at);
    }
    for (uint32_t i = 0; i < f->e->outputs.count; i++) {
        f->last_use[f->e->outputs.items[i].reg] = NEVER_FREE;
        f->is_output[f->e->outputs.items[i].reg] = true;
    }
}

/* An output's register is its own from the start (plan_verify). */
static uint32_t take_register(struct finish *f, struct plan_type type, bool is_output) {
    for (uint32_t i = is_output ? 0 : f->free.count; i-- > 0;) {
        uint32_t reg = f->free.items[i];
        if (memcmp(&f->types.items[reg], &type, sizeof type) != 0) continue;
        f->free.items[i] = f->free.items[--f->free.count];
        return reg;
    }
    VEC_PUSH(f->e->arena, &f->types, type);
    return f->types.count - 1;
}

static void free_register(struct finish *f, uint32_t reg, uint32_t position) {
    if (f->last_use[reg] != position) return;
    f->last_use[reg] = NEVER_FREE; /* freed: an operand may stand twice */
    VEC_PUSH(f->e->arena, &f->free, f->physical[reg]);
}

/* Operands are freed after the result has its register: a result is none of its operands. */
static void assign_registers(struct finish *f) {
    for (uint32_t at = 0; at < f->count; at++) {
        const struct ir_instr *instr = &f->e->instrs.items[f->order[at]];
        bool result = !is_select(instr) && has_result(instr);
        uint32_t count;
        const uint32_t *regs = ir_operands(instr, &count);
        if (at == f->pre_end) f->free.count = 0; /* see use_register */
        if (result)
            f->physical[instr->dst] =
                take_register(f, f->e->regs.items[instr->dst].type, f->is_output[instr->dst]);
        for (uint32_t i = 0; i < count; i++)
            free_register(f, regs[i], at);
        if (result) free_register(f, instr->dst, at);
    }
}

/* ---------------------------------------------------------------- the final form */

static uint32_t final_slot(struct finish *f, struct plan_program *program, uint32_t slot) {
    if (f->slot_number[slot] == 0) {
        program->slots[program->slots_count++] = f->e->slots.items[slot];
        f->slot_number[slot] = program->slots_count;
    }
    return f->slot_number[slot] - 1;
}

static uint32_t final_immediate(struct finish *f, struct plan_program *program, const struct ir_instr *instr,
                                enum imm_kind kind, uint32_t imm) {
    const struct ir_const *constant;
    switch (kind) {
    case IMM_SLOT: return final_slot(f, program, imm);
    case IMM_SEL: return f->sel_number[imm];
    case IMM_CONST:
        if (instr->op != OP_CONST) return imm;
        constant = &f->e->consts.items[imm];
        return plan_builder_const(f->e->builder, constant->type, &constant->value);
    case IMM_LIST:
        imm = program->operands_count;
        program->operands[program->operands_count++] = instr->list_count;
        for (uint32_t i = 0; i < instr->list_count; i++)
            program->operands[program->operands_count++] = f->physical[instr->list[i]];
        return imm;
    default: return imm;
    }
}

static void write_instr(struct finish *f, struct plan_program *program, const struct ir_instr *instr) {
    struct plan_instr *out = &program->code[program->code_count];
    struct plan_span *span = &program->spans[program->code_count++];
    const struct opcode_info *info = &OPCODES[instr->op];
    uint32_t count = opcode_operand_count(instr->op);
    out->op = instr->op;
    if (is_select(instr)) f->sel_number[instr->dst] = program->selections++;
    out->sel = f->sel_number[instr->sel];
    if (is_select(instr))
        out->dst = f->sel_number[instr->dst];
    else if (has_result(instr))
        out->dst = f->physical[instr->dst];
    out->a = count > 0 ? f->physical[instr->args[0]] : 0;
    out->b = count > 1 ? f->physical[instr->args[1]] : 0;
    out->c = count > 2 ? f->physical[instr->args[2]] : 0;
    out->imm = final_immediate(f, program, instr, (enum imm_kind)info->imm, instr->imm);
    out->imm2 = final_immediate(f, program, instr, (enum imm_kind)info->imm2, instr->imm2);
    *span = plan_builder_span(f->e->builder, instr->span);
    span->pii = instr->pii;
}

static uint32_t count_list_items(const struct finish *f) {
    uint32_t items = 0;
    for (uint32_t at = 0; at < f->count; at++) {
        const struct ir_instr *instr = &f->e->instrs.items[f->order[at]];
        if (opcode_has_list(instr->op)) items += 1 + instr->list_count;
    }
    return items;
}

static void write_program(struct finish *f, struct plan_program *program) {
    struct emitter *e = f->e;
    program->slots = ARENA_ARRAY(e->arena, struct plan_slot, e->slots.count);
    program->code = ARENA_ARRAY(e->arena, struct plan_instr, f->count);
    program->spans = ARENA_ARRAY(e->arena, struct plan_span, f->count);
    program->operands = ARENA_ARRAY(e->arena, uint32_t, count_list_items(f));
    program->outputs = ARENA_ARRAY(e->arena, struct plan_output, e->outputs.count);
    program->selections = 1;
    for (uint32_t at = 0; at < f->count; at++)
        write_instr(f, program, &e->instrs.items[f->order[at]]);
    program->spans_count = program->code_count;
    program->regs = f->types.items ? f->types.items : ARENA_ARRAY(e->arena, struct plan_type, 1);
    program->regs_count = f->types.count;
    program->init_end = f->init_end;
    program->pre_end = f->pre_end;
    for (uint32_t i = 0; i < e->outputs.count; i++) {
        const struct ir_output *out = &e->outputs.items[i];
        program->outputs[program->outputs_count++] =
            (struct plan_output){(uint8_t)out->role, out->index, f->physical[out->reg], out->descending};
    }
}

/* A program that the verifier would refuse for its size is a mistake that the author can act on. */
static void check_size(struct finish *f, const struct plan_program *program) {
    if (program->regs_count <= PLAN_MAX_REGS && program->selections <= PLAN_MAX_SELECTIONS &&
        program->code_count <= PLAN_MAX_CODE)
        return;
    struct span span = f->count > 0 ? f->e->instrs.items[f->order[0]].span : (struct span){0};
    struct diag *diag = diag_report(
        f->e->builder->diags, E_TOO_LARGE, span,
        "this makes a program of %u instructions, %u registers and %u selections, which is too large",
        program->code_count, program->regs_count, program->selections);
    diag_help(f->e->builder->diags, diag,
              "Turn long chains of `match` or `if` into a `codes` table, or split the map.");
}

uint32_t emitter_finish(struct emitter *e) {
    struct finish f = {.e = e};
    f.order = ARENA_ARRAY(e->arena, uint32_t, e->instrs.count);
    f.reg_used = ARENA_ARRAY(e->arena, bool, e->regs.count);
    f.is_output = ARENA_ARRAY(e->arena, bool, e->regs.count);
    f.last_use = ARENA_ARRAY(e->arena, uint32_t, e->regs.count);
    f.physical = ARENA_ARRAY(e->arena, uint32_t, e->regs.count);
    f.sel_used = ARENA_ARRAY(e->arena, bool, e->sels.count);
    f.sel_number = ARENA_ARRAY(e->arena, uint32_t, e->sels.count);
    f.slot_number = ARENA_ARRAY(e->arena, uint32_t, e->slots.count);
    find_needed(&f);
    put_in_order(&f);
    find_last_uses(&f);
    assign_registers(&f);
    struct plan_program program = {0};
    write_program(&f, &program);
    check_size(&f, &program);
    VEC_PUSH(e->builder->arena, &e->builder->programs, program);
    return e->builder->programs.count - 1;
}

/* The emitter's calls: a program is built in the order of the row's way. */
#include "compiler/emit/ir.h"
#include "runtime/vm/vm.h"

struct emitter *emitter_new(struct plan_builder *builder) {
    struct emitter *e = ARENA_NEW(builder->arena, struct emitter);
    e->builder = builder;
    e->arena = builder->arena;
    e->part = PART_FIRST;
    VEC_PUSH(e->arena, &e->sels, (struct ir_sel){0});
    return e;
}

uint32_t emit_value(struct emitter *e, struct texpr *expr) {
    emit_find_pins(e, expr);
    return emit_report(e, expr, emit_expr(e, expr, 0), 0);
}

uint32_t emit_binding(struct emitter *e, struct tbinding *binding) {
    uint32_t reg = emit_value(e, binding->expr);
    struct ir_binding *there = ir_binding(e, binding);
    there->reg = reg;
    there->sel = 0;
    there->emitted = true;
    return reg;
}

/* Rows where the condition is false or null; 0: none, it is known to hold. */
static uint32_t select_failing(struct emitter *e, struct texpr *condition) {
    uint32_t reg = emit_value(e, condition);
    const struct ir_reg *known = &e->regs.items[reg];
    if (known->known == KNOWN_VALUE && known->value.kind != TYPE_NULL && known->value.as_bool) return 0;
    struct ir_instr select = expr_instr(condition, OP_SEL_NOT_TRUE, 0);
    select.args[0] = reg;
    return ir_add(e, select, (struct plan_type){0});
}

void emit_where(struct emitter *e, struct texpr *condition) {
    uint32_t sel = select_failing(e, condition);
    if (sel == 0) return;
    struct ir_instr skip = expr_instr(condition, OP_SKIP, sel);
    skip.imm = SKIPPED_WHERE;
    ir_add(e, skip, (struct plan_type){0});
}

void emit_validate(struct emitter *e, struct texpr *condition, const struct thandler *on_fail,
                   struct str name) {
    uint32_t sel = select_failing(e, condition);
    if (sel == 0) return;
    if (on_fail) note_place(e, NOTE_HANDLER, on_fail->span, sel);
    enum taction action = on_fail ? on_fail->action : TACT_REJECT;
    struct ir_instr instr = expr_instr(condition, OP_REJECT, sel);
    instr.imm = FAULT_INVALID;
    if (action == TACT_SKIP) {
        instr.op = OP_SKIP;
        instr.imm = SKIPPED_BY_ACTION;
        ir_add(e, instr, (struct plan_type){0});
        return;
    }
    if (on_fail && on_fail->message) {
        emit_find_pins(e, on_fail->message);
        instr.args[0] = emit_expr(e, on_fail->message, sel);
        instr.pii |= on_fail->message->pii;
    } else {
        struct str text = span_text(condition->span);
        instr.args[0] = ir_text(e, arena_printf(e->arena, "%.*s fails: %.*s", STR_ARG(name), STR_ARG(text)),
                                condition->span);
    }
    if (action == TACT_WARN || action == TACT_FAIL) {
        instr.op = action == TACT_WARN ? OP_WARN : OP_FAIL;
        instr.imm = 0;
    }
    ir_add(e, instr, (struct plan_type){0});
}

void emit_pre_end(struct emitter *e) {
    e->part = PART_REST;
}

void emit_output(struct emitter *e, enum plan_output_role role, uint32_t index, uint32_t reg,
                 bool descending) {
    VEC_PUSH(e->arena, &e->outputs, (struct ir_output){role, index, reg, descending});
}

void emit_output_value(struct emitter *e, enum plan_output_role role, uint32_t index, struct texpr *expr) {
    emit_output(e, role, index, emit_value(e, expr), false);
}

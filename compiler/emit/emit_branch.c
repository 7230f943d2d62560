/* What is evaluated for a part of the rows only: if, and, or, ??, and the bindings that such parts share. */
#include "compiler/emit/ir.h"

static uint32_t select_rows(struct emitter *e, const struct texpr *x, enum opcode op, uint32_t reg,
                            uint32_t sel) {
    struct ir_instr select = expr_instr(x, op, sel);
    select.args[0] = reg;
    return ir_add(e, select, (struct plan_type){0});
}

/* The truth of a register that is known: 1, 0, -1 for null, -2 for not known. */
static int known_truth(const struct emitter *e, uint32_t reg) {
    const struct ir_reg *r = &e->regs.items[reg];
    if (r->known != KNOWN_VALUE) return -2;
    return r->value.kind == TYPE_NULL ? -1 : r->value.as_bool != 0;
}

uint32_t emit_if(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct texpr *condition = x->args.items[0], *then = x->args.items[1], *otherwise = x->args.items[2];
    uint32_t whole;
    /* An author's own question is measured as it stands. */
    bool written = e->builder->measured && x->sides[0].source != NULL;
    if (!written && emit_without_guard(e, x, sel, &whole)) return whole;
    uint32_t test = emit_expr(e, condition, sel);
    int truth = known_truth(e, test);
    if (truth != -2) {
        note_place(e, NOTE_BRANCH, x->sides[truth != 1], sel);
        return emit_expr(e, truth == 1 ? then : otherwise, sel);
    }
    emit_pins(e, then, sel);
    emit_pins(e, otherwise, sel);
    struct ir_instr merge = expr_instr(x, OP_IF, sel);
    merge.args[0] = test;
    merge.imm = select_rows(e, condition, OP_SEL_TRUE, test, sel);
    note_place(e, NOTE_BRANCH, x->sides[0], merge.imm);
    merge.args[1] = emit_expr(e, then, merge.imm);
    merge.imm2 = select_rows(e, condition, OP_SEL_NOT_TRUE, test, sel);
    note_place(e, NOTE_BRANCH, x->sides[1], merge.imm2);
    merge.args[2] = emit_expr(e, otherwise, merge.imm2);
    return ir_add(e, merge, x->type);
}

uint32_t emit_logic(struct emitter *e, struct texpr *x, uint32_t sel) {
    bool is_and = x->kind == TX_AND;
    struct texpr *left = x->args.items[0], *right = x->args.items[1];
    uint32_t a = emit_expr(e, left, sel);
    int truth = known_truth(e, a);
    if (truth == !is_and) return a;                       /* false and …, true or … */
    if (truth == is_and) return emit_expr(e, right, sel); /* true and …, false or … */
    emit_pins(e, right, sel);
    struct ir_instr merge = expr_instr(x, is_and ? OP_AND : OP_OR, sel);
    merge.args[0] = a;
    merge.imm = select_rows(e, left, is_and ? OP_SEL_NOT_FALSE : OP_SEL_NOT_TRUE, a, sel);
    merge.args[1] = emit_expr(e, right, merge.imm);
    return ir_add(e, merge, type_simple(TYPE_BOOL));
}

uint32_t emit_coalesce(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct texpr *left = x->args.items[0], *right = x->args.items[1];
    uint32_t a = emit_expr(e, left, sel);
    const struct ir_reg *known = &e->regs.items[a];
    if (known->known == KNOWN_VALUE) {
        if (known->value.kind != TYPE_NULL) return a;
        note_place(e, NOTE_BRANCH, x->sides[1], sel);
        return emit_expr(e, right, sel);
    }
    emit_pins(e, right, sel);
    struct ir_instr patch = expr_instr(x, OP_PATCH, sel);
    patch.args[0] = a;
    patch.imm = select_rows(e, left, OP_SEL_NULL, a, sel);
    note_place(e, NOTE_BRANCH, x->sides[1], patch.imm);
    patch.args[1] = emit_expr(e, right, patch.imm);
    return ir_add(e, patch, x->type);
}

/* ---------------------------------------------------------------- bindings */

/* A let or column has its register from its own line. An argument is evaluated where it is first used; a use
 * elsewhere that the first one does not cover evaluates it again, which costs time and changes nothing as
 * long as evaluating does not act on rows: emit_pins sees to that. */
uint32_t emit_bound(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct ir_binding *there = ir_binding(e, x->binding);
    if (there->emitted && ir_is_within(e, sel, there->sel)) return there->reg;
    int match = e->match;
    e->match = MATCH_ONE;
    uint32_t reg = emit_expr(e, x->binding->expr, sel);
    e->match = match;
    there = ir_binding(e, x->binding); /* the list may have moved */
    *there = (struct ir_binding){
        .binding = x->binding, .reg = reg, .sel = sel, .emitted = true, .acts = there->acts};
    return reg;
}

/* Whether evaluating the expression can warn, reject, skip or fail rows. */
static bool has_actions(struct emitter *e, const struct texpr *x) {
    if (x->kind == TX_ACT) return true;
    for (uint32_t i = 0; i < x->handlers.count; i++) {
        const struct thandler *handler = &x->handlers.items[i];
        if (handler->action != TACT_USE && handler->action != TACT_FIRST && handler->action != TACT_LAST)
            return true;
        if (handler->use != NULL && has_actions(e, handler->use)) return true;
    }
    if (x->kind == TX_BOUND) {
        int8_t acts = ir_binding(e, x->binding)->acts;
        if (acts < 0) {
            acts = has_actions(e, x->binding->expr);
            ir_binding(e, x->binding)->acts = acts;
        }
        return acts;
    }
    for (uint32_t i = 0; i < x->args.count; i++)
        if (has_actions(e, x->args.items[i])) return true;
    return false;
}

/* Calls visit for each use of a binding that is not evaluated yet. */
static void walk_uses(struct emitter *e, struct texpr *x,
                      void (*visit)(struct emitter *, struct tbinding *, void *), void *context) {
    if (x == NULL) return;
    if (x->kind == TX_BOUND && !ir_binding(e, x->binding)->emitted) visit(e, x->binding, context);
    for (uint32_t i = 0; i < x->args.count; i++)
        walk_uses(e, x->args.items[i], visit, context);
    for (uint32_t i = 0; i < x->handlers.count; i++) {
        walk_uses(e, x->handlers.items[i].message, visit, context);
        walk_uses(e, x->handlers.items[i].use, visit, context);
    }
}

/* Counts uses, those in the expression of a binding at its first use. */
static void count_use(struct emitter *e, struct tbinding *binding, void *context) {
    (void)context;
    struct texpr use = {.kind = TX_BOUND, .binding = binding};
    if (!has_actions(e, &use)) return;
    for (uint32_t i = 0; i < e->pins.count; i++) {
        if (e->pins.items[i].binding != binding) continue;
        e->pins.items[i].uses++;
        return;
    }
    VEC_PUSH(e->arena, &e->pins, (struct ir_pin){binding, 1});
    walk_uses(e, binding->expr, count_use, NULL);
}

void emit_find_pins(struct emitter *e, struct texpr *x) {
    e->pins.count = 0;
    walk_uses(e, x, count_use, NULL);
}

struct use_count {
    const struct tbinding *binding;
    uint32_t uses;
};

static void count_one(struct emitter *e, struct tbinding *binding, void *context) {
    (void)e;
    struct use_count *count = context;
    count->uses += binding == count->binding;
}

void emit_pins(struct emitter *e, struct texpr *branch, uint32_t sel) {
    for (uint32_t i = 0; branch != NULL && i < e->pins.count; i++) {
        struct ir_pin pin = e->pins.items[i];
        if (pin.uses < 2 || ir_binding(e, pin.binding)->emitted) continue;
        struct use_count count = {.binding = pin.binding};
        walk_uses(e, branch, count_one, &count);
        if (count.uses == 0 || count.uses == pin.uses) continue;
        struct texpr use = {.kind = TX_BOUND, .binding = pin.binding};
        emit_bound(e, &use, sel);
    }
}

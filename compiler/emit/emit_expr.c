/* Walking a typed expression: one case for each kind of node. */
#include "compiler/emit/ir.h"

enum { EXPR_DEPTH_MAX = 4000 };

/* Values met in an instruction are personal when one of the node's parts is: messages that quote them mask.
 */
static bool is_personal(const struct texpr *x) {
    bool pii = x->pii || x->type.kind == TYPE_SECRET;
    for (uint32_t i = 0; i < x->args.count; i++)
        pii |= x->args.items[i]->pii || x->args.items[i]->type.kind == TYPE_SECRET;
    return pii;
}

struct ir_instr expr_instr(const struct texpr *x, enum opcode op, uint32_t sel) {
    return (struct ir_instr){.op = op, .sel = sel, .span = x->span, .pii = is_personal(x)};
}

static uint32_t emit_null(struct emitter *e, const struct texpr *x) {
    struct value null = {.kind = TYPE_NULL};
    return ir_const(e, x->type, &null, x->span);
}

static const uint32_t *emit_args(struct emitter *e, struct texpr *x, uint32_t sel) {
    uint32_t *regs = ARENA_ARRAY(e->arena, uint32_t, x->args.count);
    for (uint32_t i = 0; i < x->args.count; i++)
        regs[i] = emit_expr(e, x->args.items[i], sel);
    return regs;
}

static enum opcode cell_opcode(enum type_kind kind) {
    switch (kind) {
    case TYPE_BOOL: return OP_CELL_BOOL;
    case TYPE_INT: return OP_CELL_INT;
    case TYPE_DECIMAL: return OP_CELL_DECIMAL;
    case TYPE_FLOAT: return OP_CELL_FLOAT;
    case TYPE_BYTES: return OP_CELL_BYTES;
    case TYPE_DATE: return OP_CELL_DATE;
    case TYPE_TIME: return OP_CELL_TIME;
    case TYPE_TIMESTAMP: return OP_CELL_TIMESTAMP;
    case TYPE_TIMESTAMPTZ: return OP_CELL_TIMESTAMPTZ;
    case TYPE_INTERVAL: return OP_CELL_INTERVAL;
    case TYPE_UUID: return OP_CELL_UUID;
    case TYPE_JSON: return OP_CELL_JSON;
    case TYPE_ENUM: return OP_CELL_ENUM;
    case TYPE_ARRAY: return OP_CELL_ARRAY;
    default: return OP_CELL_TEXT;
    }
}

static uint32_t emit_cell(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct ir_instr read = expr_instr(x, cell_opcode((enum type_kind)x->type.kind), sel);
    read.imm =
        ir_slot(e, (struct plan_slot){.kind = SLOT_CELL, .via = x->cell.via, .column = x->cell.column});
    read.imm2 = x->cell.pattern;
    uint32_t reg = ir_add(e, read, x->type);
    if (x->type.nullable || emit_is_assumed(e, x)) return reg;
    struct ir_instr require = expr_instr(x, OP_REQUIRE, sel);
    require.args[0] = reg;
    return ir_add(e, require, x->type);
}

static uint32_t emit_input(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct ir_instr read = expr_instr(x, OP_INPUT, sel);
    struct plan_slot slot = {.kind = x->slot_kind, .via = x->via, .column = x->index, .type = x->type};
    read.imm = ir_slot(e, slot);
    return ir_add(e, read, x->type);
}

static uint32_t emit_call(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct ir_instr call = expr_instr(x, x->opcode, sel);
    const uint32_t *regs = emit_args(e, x, sel);
    call.imm2 = x->imm2;
    if (opcode_has_list(x->opcode)) {
        call.list = regs;
        call.list_count = x->args.count;
    } else {
        for (uint32_t i = 0; i < x->args.count && i < 3; i++)
            call.args[i] = regs[i];
        call.imm = x->imm;
    }
    return ir_add(e, call, x->type);
}

static uint32_t emit_find(struct emitter *e, struct texpr *x, uint32_t sel) {
    int match = e->match;
    e->match = MATCH_ONE; /* keys may find rows of their own */
    struct ir_instr find = expr_instr(x, OP_FIND, sel);
    find.list = emit_args(e, x, sel);
    find.list_count = x->args.count;
    find.imm2 = x->index;
    e->match = match;
    struct plan_type row = {.kind = TYPE_ROW, .ref = x->index};
    uint32_t reg = ir_add(e, find, row);
    note_codes(e, x, reg, sel);
    if (match == MATCH_ONE) return reg;
    struct ir_instr choose = expr_instr(x, match == MATCH_FIRST ? OP_FIRST_MATCH : OP_LAST_MATCH, sel);
    choose.args[0] = reg;
    return ir_add(e, choose, row);
}

static uint32_t emit_fetch(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct ir_instr fetch = expr_instr(x, OP_FETCH, sel);
    fetch.args[0] = emit_expr(e, x->args.items[0], sel);
    fetch.imm = x->imm;
    return ir_add(e, fetch, x->type);
}

static uint32_t emit_is_null(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct ir_instr test = expr_instr(x, x->negated ? OP_IS_NOT_NULL : OP_IS_NULL, sel);
    test.args[0] = emit_expr(e, x->args.items[0], sel);
    return ir_add(e, test, type_simple(TYPE_BOOL));
}

static uint32_t emit_node(struct emitter *e, struct texpr *x, uint32_t sel) {
    struct ir_instr simple;
    switch (x->kind) {
    case TX_CONST: return ir_const(e, x->type, &x->value, x->span);
    case TX_PARAM:
    case TX_RUN:
        simple = expr_instr(x, x->kind == TX_PARAM ? OP_PARAM : OP_RUN, sel);
        simple.imm = x->index;
        return ir_add(e, simple, x->type);
    case TX_CELL: return emit_cell(e, x, sel);
    case TX_INPUT: return emit_input(e, x, sel);
    case TX_CALL: return emit_call(e, x, sel);
    case TX_FIND: return emit_find(e, x, sel);
    case TX_FETCH: return emit_fetch(e, x, sel);
    case TX_IF: return emit_if(e, x, sel);
    case TX_AND:
    case TX_OR: return emit_logic(e, x, sel);
    case TX_COALESCE: return emit_coalesce(e, x, sel);
    case TX_IS_NULL: return emit_is_null(e, x, sel);
    case TX_HANDLED: return emit_handled(e, x, sel);
    case TX_BOUND: return emit_bound(e, x, sel);
    case TX_ACT: return emit_act(e, x, sel);
    case TX_RAISE:
        simple = expr_instr(x, OP_RAISE_MISSING, sel);
        simple.imm = x->index;
        return ir_add(e, simple, x->type);
    }
    return emit_null(e, x);
}

uint32_t emit_expr(struct emitter *e, struct texpr *x, uint32_t sel) {
    if (e->depth >= EXPR_DEPTH_MAX) {
        if (!e->too_deep)
            diag_report(e->builder->diags, E_TOO_DEEP, x->span,
                        "the expression is nested too deeply once its functions stand in it");
        e->too_deep = true;
        return emit_null(e, x);
    }
    e->depth++;
    note_place(e, NOTE_FUNCTION, x->body, sel);
    uint32_t reg = emit_node(e, x, sel);
    e->depth--;
    return reg;
}

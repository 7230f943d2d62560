/* `on EVENT ACTION`: the rows of an expression whose state is the event are selected, acted on, and patched,
 * poisoned or given another value. */
#include "compiler/emit/ir.h"
#include "runtime/vm/vm.h"

_Static_assert((int)SKIP_REASON_COUNT == (int)PLAN_SKIP_REASONS, "the verifier knows all reasons");

static uint32_t event_states(enum thandler_event event) {
    switch (event) {
    case HANDLE_ERROR: return EVENT_ERROR;
    case HANDLE_NULL: return 1u << ROW_NULL;
    case HANDLE_MISSING: return EVENT_MISSING;
    case HANDLE_SKIPPED: return EVENT_SKIPPED;
    case HANDLE_DUPLICATE: return EVENT_DUPLICATE;
    }
    return 0;
}

/* "`due` is null where a value is required": for actions without a message of their own. */
static uint32_t emit_default_message(struct emitter *e, const struct texpr *x, enum thandler_event event) {
    static const enum fault faults[] = {[HANDLE_NULL] = FAULT_NULL_VALUE,
                                        [HANDLE_MISSING] = FAULT_MISSING_ROW,
                                        [HANDLE_SKIPPED] = FAULT_PARENT_SKIPPED,
                                        [HANDLE_DUPLICATE] = FAULT_DUPLICATE_MATCH};
    const char *what = event == HANDLE_ERROR ? "cannot be computed" : fault_title(faults[event]);
    struct str text = span_text(x->span);
    return ir_text(e, arena_printf(e->arena, "`%.*s` %s", STR_ARG(text), what), x->span);
}

static uint32_t emit_message(struct emitter *e, const struct texpr *x, const struct thandler *handler,
                             uint32_t sel) {
    if (handler->message == NULL) return emit_default_message(e, x, handler->event);
    return emit_expr(e, handler->message, sel);
}

static void act(struct emitter *e, const struct texpr *x, enum opcode op, uint32_t sel, uint32_t a,
                uint32_t b, uint32_t imm) {
    struct ir_instr instr = expr_instr(x, op, sel);
    instr.args[0] = a;
    instr.args[1] = b;
    instr.imm = imm;
    ir_add(e, instr, (struct plan_type){0});
}

uint32_t emit_report(struct emitter *e, const struct texpr *x, uint32_t reg, uint32_t sel) {
    if (e->regs.items[reg].events == 0) return reg;
    struct ir_instr report = expr_instr(x, OP_REPORT, sel);
    report.args[0] = reg;
    return ir_add(e, report, e->regs.items[reg].type);
}

/* Rows of sel are rejected for the event that reg holds. */
static void emit_reject(struct emitter *e, const struct texpr *x, const struct thandler *handler,
                        uint32_t reg, uint32_t sel) {
    bool reported = handler->event == HANDLE_ERROR || handler->event == HANDLE_MISSING ||
                    handler->event == HANDLE_DUPLICATE;
    if (handler->message == NULL && reported)
        emit_report(e, x, reg, sel); /* the VM's own message, which quotes the value */
    else
        act(e, x, OP_REJECT_EVENT, sel, reg, emit_message(e, x, handler, sel), 0);
}

/* result with the handler's rows dealt with; original: the register whose events are handled. */
static uint32_t apply_handler(struct emitter *e, struct texpr *x, const struct thandler *handler,
                              uint32_t result, uint32_t original, uint32_t sel, uint32_t event_sel) {
    struct plan_type type = e->regs.items[original].type;
    struct ir_instr change = expr_instr(x, OP_POISON, sel);
    change.args[0] = result;
    change.imm = event_sel;
    switch (handler->action) {
    case TACT_SKIP: act(e, x, OP_SKIP, event_sel, 0, 0, SKIPPED_BY_ACTION); break;
    case TACT_REJECT: emit_reject(e, x, handler, original, event_sel); break;
    case TACT_FAIL: act(e, x, OP_FAIL, event_sel, emit_message(e, x, handler, event_sel), 0, 0); break;
    case TACT_WARN: act(e, x, OP_WARN, event_sel, emit_message(e, x, handler, event_sel), 0, 0); break;
    case TACT_USE:
    case TACT_FIRST:
    case TACT_LAST: break;
    }
    if (handler->action == TACT_USE || handler->action == TACT_WARN) {
        if (handler->use == NULL) return result;
        uint32_t use = emit_expr(e, handler->use, event_sel);
        const struct ir_reg *known = &e->regs.items[use];
        bool null = known->known == KNOWN_VALUE && known->value.kind == TYPE_NULL;
        change.op = null ? OP_NULLED : OP_PATCH;
        change.args[1] = null ? 0 : use;
    }
    return ir_add(e, change, type);
}

static bool chooses_match(const struct thandler *handler) {
    return handler->event == HANDLE_DUPLICATE &&
           (handler->action == TACT_FIRST || handler->action == TACT_LAST);
}

static uint32_t emit_inner(struct emitter *e, struct texpr *x, uint32_t sel) {
    int match = e->match;
    for (uint32_t i = 0; i < x->handlers.count; i++) {
        const struct thandler *handler = &x->handlers.items[i];
        if (chooses_match(handler)) e->match = handler->action == TACT_FIRST ? MATCH_FIRST : MATCH_LAST;
    }
    uint32_t reg = emit_expr(e, x->args.items[0], sel);
    e->match = match;
    return reg;
}

/* All rows are selected before any is patched: what one handler puts in is no other handler's business. A
 * handler for an event that cannot happen leaves no code. */
uint32_t emit_handled(struct emitter *e, struct texpr *x, uint32_t sel) {
    uint32_t original = emit_inner(e, x, sel), result = original;
    if (e->regs.items[original].known == KNOWN_VALUE && e->regs.items[original].value.kind != TYPE_NULL)
        return original;
    uint32_t *selections = ARENA_ARRAY(e->arena, uint32_t, x->handlers.count);
    for (uint32_t i = 0; i < x->handlers.count; i++) {
        const struct thandler *handler = &x->handlers.items[i];
        uint32_t states = event_states(handler->event);
        bool possible = handler->event == HANDLE_NULL || (e->regs.items[original].events & states);
        if (!possible || chooses_match(handler)) continue;
        emit_pins(e, handler->message, sel);
        emit_pins(e, handler->use, sel);
        struct ir_instr select = expr_instr(x, OP_SEL_STATE, sel);
        select.args[0] = original;
        select.imm = states;
        if (handler->span.source != NULL) select.span = handler->span;
        selections[i] = ir_add(e, select, (struct plan_type){0});
    }
    for (uint32_t i = 0; i < x->handlers.count; i++)
        if (selections[i] != 0) note_place(e, NOTE_HANDLER, x->handlers.items[i].span, selections[i]);
    for (uint32_t i = 0; i < x->handlers.count; i++)
        if (selections[i] != 0)
            result = apply_handler(e, x, &x->handlers.items[i], result, original, sel, selections[i]);
    return result;
}

/* An arm that is an action: all rows that come here. */
uint32_t emit_act(struct emitter *e, struct texpr *x, uint32_t sel) {
    const struct thandler *handler = &x->handlers.items[0];
    switch (handler->action) {
    case TACT_SKIP: act(e, x, OP_SKIP, sel, 0, 0, SKIPPED_BY_ACTION); break;
    case TACT_FAIL: act(e, x, OP_FAIL, sel, emit_message(e, x, handler, sel), 0, 0); break;
    case TACT_WARN: act(e, x, OP_WARN, sel, emit_message(e, x, handler, sel), 0, 0); break;
    default: act(e, x, OP_REJECT, sel, emit_message(e, x, handler, sel), 0, FAULT_REJECTED); break;
    }
    if (handler->action == TACT_WARN && handler->use != NULL) return emit_expr(e, handler->use, sel);
    struct value null = {.kind = TYPE_NULL};
    struct ir_instr poison = expr_instr(x, OP_POISON, sel);
    poison.args[0] = ir_const(e, x->type, &null, x->span);
    poison.imm = sel;
    return ir_add(e, poison, x->type);
}

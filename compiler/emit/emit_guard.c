/* `if x is null then null else f(x)`: the shape of every inlined function, and of what authors write around
 * lookups. Instructions yield null for a null operand by themselves, so where f is made of such instructions
 * only, the question and the branch are left out: f(x) alone is the same, is shared with other uses of it,
 * and works on all rows at once.
 *
 * It is the same when, for each x that the question asks about, a null x makes f null and not something
 * stronger. A call's result takes the strongest state of its operands, so: one operand is null where x is,
 * and the others hold no event of their own then. */
#include "compiler/emit/ir.h"

enum { GUARD_ARGS_MAX = 8, GUARD_NODES_MAX = 400 };

/* What an expression is where x is null. */
enum effect { EFFECT_UNKNOWN, EFFECT_INERT /* a value or null */, EFFECT_NULL /* null */ };

struct guard {
    struct texpr *args[GUARD_ARGS_MAX];
    uint32_t count;
    const struct texpr *x; /* the one that is null */
    uint32_t nodes;        /* looked at so far */
};

static bool same_cell(const struct texpr *a, const struct texpr *b) {
    return a->cell.column == b->cell.column && a->cell.via == b->cell.via &&
           a->cell.pattern == b->cell.pattern && a->cell.stage == b->cell.stage &&
           plan_type_same(a->type, b->type);
}

/* Two mentions of one thing; their types may differ in nullability. */
static bool same_thing(const struct texpr *a, const struct texpr *b) {
    if (a == b) return true;
    if (a->kind != b->kind) return false;
    if (a->kind == TX_CELL) return same_cell(a, b);
    if (a->kind == TX_BOUND) return a->binding == b->binding;
    return a->kind == TX_INPUT && a->slot_kind == b->slot_kind && a->via == b->via && a->index == b->index;
}

/* `a is null`, or several with `or`. */
static bool find_args(struct texpr *condition, struct guard *guard) {
    if (condition->kind == TX_OR)
        return find_args(condition->args.items[0], guard) && find_args(condition->args.items[1], guard);
    if (condition->kind != TX_IS_NULL || condition->negated || guard->count == GUARD_ARGS_MAX) return false;
    guard->args[guard->count++] = condition->args.items[0];
    return true;
}

static bool is_null_const(const struct texpr *x) {
    return x->kind == TX_CONST && x->value.kind == TYPE_NULL;
}

static enum effect effect_of(struct guard *guard, const struct texpr *f);

/* The strongest of the operands' states. */
static enum effect effect_of_call(struct guard *guard, const struct texpr *f) {
    enum effect all = EFFECT_INERT;
    for (uint32_t i = 0; i < f->args.count; i++) {
        enum effect one = effect_of(guard, f->args.items[i]);
        if (one == EFFECT_UNKNOWN) return EFFECT_UNKNOWN;
        if (one == EFFECT_NULL) all = EFFECT_NULL;
    }
    return all == EFFECT_NULL ? EFFECT_NULL : EFFECT_UNKNOWN; /* without a null it runs, and may fail */
}

/* An inner question: null when one of its own is null and those asked before it are no events. */
static enum effect effect_of_guard(struct guard *guard, const struct texpr *f) {
    struct guard inner = {0};
    if (!is_null_const(f->args.items[1]) || !find_args(f->args.items[0], &inner)) return EFFECT_UNKNOWN;
    for (uint32_t i = 0; i < inner.count; i++) {
        enum effect one = effect_of(guard, inner.args[i]);
        if (one != EFFECT_INERT) return one;
    }
    return EFFECT_UNKNOWN;
}

static enum effect effect_of(struct guard *guard, const struct texpr *f) {
    if (++guard->nodes > GUARD_NODES_MAX) return EFFECT_UNKNOWN;
    if (same_thing(f, guard->x)) return EFFECT_NULL;
    for (uint32_t i = 0; i < guard->count; i++)
        if (same_thing(f, guard->args[i])) return EFFECT_INERT;
    switch (f->kind) {
    case TX_CONST:
    case TX_PARAM:
    case TX_RUN: return EFFECT_INERT;
    case TX_BOUND: return effect_of(guard, f->binding->expr);
    case TX_CALL:
        if (OPCODES[f->opcode].flags & (OPF_RAW | OPF_VOLATILE | OPF_ACTION)) return EFFECT_UNKNOWN;
        return effect_of_call(guard, f);
    case TX_FIND:
    case TX_FETCH: return effect_of_call(guard, f);
    case TX_IF: return effect_of_guard(guard, f);
    default: return EFFECT_UNKNOWN;
    }
}

/* Where the first of several arguments has an event, both ways give the event. Where a later one has and an
 * earlier one is null, the question is answered by the null alone: so later ones must have none. */
static bool can_drop(struct emitter *e, struct guard *guard, const struct texpr *body, uint32_t sel) {
    for (uint32_t i = 0; i < guard->count; i++) {
        guard->x = guard->args[i];
        if (effect_of(guard, body) != EFFECT_NULL) return false;
    }
    for (uint32_t i = 1; i < guard->count; i++) {
        enum texpr_kind kind = guard->args[i]->kind;
        if (kind != TX_CELL && kind != TX_INPUT && kind != TX_PARAM && kind != TX_BOUND) return false;
        if (e->regs.items[emit_expr(e, guard->args[i], sel)].events != 0) return false;
    }
    return true;
}

bool emit_is_assumed(const struct emitter *e, const struct texpr *cell) {
    for (uint32_t i = 0; i < e->assumed.count; i++)
        if (same_cell(e->assumed.items[i], cell)) return true;
    return false;
}

bool emit_without_guard(struct emitter *e, struct texpr *x, uint32_t sel, uint32_t *reg) {
    struct guard guard = {0};
    struct texpr *body = x->args.items[2];
    if (!is_null_const(x->args.items[1]) || !find_args(x->args.items[0], &guard)) return false;
    if (!can_drop(e, &guard, body, sel)) return false;
    uint32_t before = e->assumed.count;
    for (uint32_t i = 0; i < guard.count; i++)
        if (guard.args[i]->kind == TX_CELL && guard.args[i]->type.nullable)
            VEC_PUSH(e->arena, &e->assumed, (const struct texpr *)guard.args[i]);
    *reg = emit_expr(e, body, sel);
    e->assumed.count = before;
    return true;
}

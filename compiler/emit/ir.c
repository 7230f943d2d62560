/* Adding instructions: folding, sharing, hoisting, and what is known of each register. */
#include "compiler/emit/ir.h"
#include "runtime/base/hash.h"

struct plan_type type_simple(enum type_kind kind) {
    return (struct plan_type){.kind = (uint8_t)kind};
}

/* Registers carry no nullability: any row may be null, and equal types can share a register. */
static struct plan_type reg_type(struct plan_type type) {
    if (type.kind == TYPE_NONE || type.kind == TYPE_NULL) type = type_simple(TYPE_TEXT);
    type.nullable = 0;
    return type;
}

const uint32_t *ir_operands(const struct ir_instr *instr, uint32_t *count) {
    *count = opcode_has_list(instr->op) ? instr->list_count : opcode_operand_count(instr->op);
    return opcode_has_list(instr->op) ? instr->list : instr->args;
}

bool ir_is_within(const struct emitter *e, uint32_t inner, uint32_t outer) {
    uint32_t depth = e->sels.items[outer].depth;
    while (e->sels.items[inner].depth > depth)
        inner = e->sels.items[inner].parent;
    return inner == outer;
}

/* ---------------------------------------------------------------- sharing */

/* REPORT acts, but a second one of the same register says nothing new: each fault is reported once. */
static bool is_shared(enum opcode op) {
    uint16_t flags = OPCODES[op].flags;
    if (op == OP_REPORT) return true;
    return !(flags & (OPF_ACTION | OPF_VOLATILE)) && op != OP_RAISE_MISSING;
}

static bool is_bound_to_selection(enum opcode op) {
    return (OPCODES[op].flags & OPF_SELECT) || opcode_is_merge(op);
}

static uint64_t hash_instr(const struct ir_instr *instr, struct plan_type type) {
    uint32_t count;
    const uint32_t *regs = ir_operands(instr, &count);
    uint64_t hash = hash_u64(instr->op, (uint64_t)type.kind << 40 | (uint64_t)type.element << 32 | type.ref);
    hash = hash_u64(hash, (uint64_t)instr->imm << 32 | instr->imm2);
    if (is_bound_to_selection(instr->op)) hash = hash_u64(hash, (uint64_t)instr->sel << 2 | instr->part);
    return count ? hash_bytes64(hash, regs, count * sizeof *regs) : hash;
}

static bool same_instr(const struct ir_instr *a, const struct ir_instr *b) {
    uint32_t a_count, b_count;
    const uint32_t *a_regs = ir_operands(a, &a_count), *b_regs = ir_operands(b, &b_count);
    if (a->op != b->op || a->imm != b->imm || a->imm2 != b->imm2 || a_count != b_count) return false;
    if (is_bound_to_selection(a->op) && (a->sel != b->sel || a->part != b->part)) return false;
    return a_count == 0 || memcmp(a_regs, b_regs, a_count * sizeof *a_regs) == 0;
}

/* An equal instruction whose result holds for all rows of instr->sel; UINT32_MAX: none. */
static uint32_t find_shared(struct emitter *e, const struct ir_instr *instr, struct plan_type type,
                            uint64_t hash) {
    if (e->bucket_mask == 0) return UINT32_MAX;
    for (uint32_t at = e->buckets[hash & e->bucket_mask]; at != 0; at = e->chain.items[at - 1]) {
        struct ir_instr *there = &e->instrs.items[at - 1];
        if (!same_instr(there, instr)) continue;
        if (OPCODES[there->op].flags & OPF_SELECT) {
            there->pii |= instr->pii;
            return at - 1;
        }
        const struct ir_reg *reg = &e->regs.items[there->dst];
        if (!plan_type_same(reg->type, type) || !ir_is_within(e, instr->sel, reg->sel)) continue;
        there->pii |= instr->pii;
        return at - 1;
    }
    return UINT32_MAX;
}

static void grow_buckets(struct emitter *e) {
    uint32_t buckets = e->bucket_mask == 0 ? 256 : 2 * (e->bucket_mask + 1);
    e->bucket_mask = buckets - 1;
    e->buckets = ARENA_ARRAY(e->arena, uint32_t, buckets);
    for (uint32_t i = 0; i < e->instrs.count; i++) {
        const struct ir_instr *instr = &e->instrs.items[i];
        if (!is_shared(instr->op)) continue;
        bool select = OPCODES[instr->op].flags & OPF_SELECT;
        struct plan_type type = select ? (struct plan_type){0} : e->regs.items[instr->dst].type;
        uint64_t slot = hash_instr(instr, type) & e->bucket_mask;
        e->chain.items[i] = e->buckets[slot];
        e->buckets[slot] = i + 1;
    }
}

static void push_instr(struct emitter *e, const struct ir_instr *instr, uint64_t hash) {
    if (e->shared_count >= e->bucket_mask) grow_buckets(e);
    uint32_t next = 0;
    VEC_PUSH(e->arena, &e->instrs, *instr);
    if (is_shared(instr->op)) {
        next = e->buckets[hash & e->bucket_mask];
        e->buckets[hash & e->bucket_mask] = e->instrs.count;
        e->shared_count++;
    }
    VEC_PUSH(e->arena, &e->chain, next);
}

/* ---------------------------------------------------------------- what a result is */

/* Fresh events of a merge's or patch's result: what the operands hold, without what the selection took away.
 */
static uint32_t merged_events(const struct emitter *e, const struct ir_instr *instr, uint32_t events) {
    if (instr->op != OP_PATCH && instr->op != OP_POISON && instr->op != OP_NULLED) return events;
    uint32_t of_a = e->regs.items[instr->args[0]].events;
    const struct ir_instr *maker = &e->instrs.items[e->sels.items[instr->imm].instr];
    if (instr->imm != 0 && maker->op == OP_SEL_STATE) of_a &= ~maker->imm;
    return instr->op == OP_PATCH ? of_a | e->regs.items[instr->args[1]].events : of_a;
}

static uint32_t result_events(const struct emitter *e, const struct ir_instr *instr) {
    uint32_t count, events = 0;
    const uint32_t *regs = ir_operands(instr, &count);
    for (uint32_t i = 0; i < count; i++)
        events |= e->regs.items[regs[i]].events;
    switch (instr->op) {
    case OP_REPORT: return 0;
    case OP_FIND: return events | EVENT_MISSING | EVENT_SKIPPED | EVENT_DUPLICATE;
    case OP_FIRST_MATCH:
    case OP_LAST_MATCH: return events & ~(uint32_t)EVENT_DUPLICATE;
    case OP_RAISE_MISSING: return EVENT_MISSING;
    case OP_CONCAT_MESSAGE: return 0; /* prints what failed */
    default: break;
    }
    if (opcode_is_merge(instr->op)) return merged_events(e, instr, events);
    return OPCODES[instr->op].flags & OPF_CAN_FAIL ? events | EVENT_ERROR : events;
}

static uint32_t push_reg(struct emitter *e, const struct ir_instr *instr, struct plan_type type) {
    struct ir_reg reg = {.type = type, .instr = e->instrs.count, .sel = instr->sel};
    reg.scalar = instr->part == PART_INIT;
    reg.events = result_events(e, instr);
    VEC_PUSH(e->arena, &e->regs, reg);
    return e->regs.count - 1;
}

/* ---------------------------------------------------------------- folding and hoisting */

static bool are_scalar(const struct emitter *e, const struct ir_instr *instr) {
    uint32_t count;
    const uint32_t *regs = ir_operands(instr, &count);
    for (uint32_t i = 0; i < count; i++)
        if (!e->regs.items[regs[i]].scalar) return false;
    return true;
}

/* All operands known: computed now. A fault of an operand is the result's. */
static enum ir_known try_fold(struct emitter *e, const struct ir_instr *instr, struct plan_type type,
                              struct value *value, enum fault *fault) {
    if (OPCODES[instr->op].flags & (OPF_NO_FOLD | OPF_VOLATILE) || instr->op == OP_CONST)
        return KNOWN_NOTHING;
    uint32_t count;
    const uint32_t *regs = ir_operands(instr, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct ir_reg *reg = &e->regs.items[regs[i]];
        if (reg->known == KNOWN_NOTHING) return KNOWN_NOTHING;
        if (reg->known != KNOWN_FAULT) continue;
        *fault = reg->fault;
        return OPCODES[instr->op].flags & OPF_RAW ? KNOWN_NOTHING : KNOWN_FAULT;
    }
    return fold_instr(e, instr, type, value, fault);
}

uint32_t ir_add(struct emitter *e, struct ir_instr instr, struct plan_type type) {
    uint16_t flags = OPCODES[instr.op].flags;
    bool select = flags & OPF_SELECT, result = OPCODES[instr.op].result[0] != '\0';
    type = select || !result ? (struct plan_type){0} : reg_type(type);
    instr.part = e->part;
    enum ir_known known = KNOWN_NOTHING;
    struct value value = {.kind = TYPE_NULL};
    enum fault fault = FAULT_NONE;
    if (result && opcode_is_hoistable(instr.op) && are_scalar(e, &instr)) {
        if (!e->no_folding) known = try_fold(e, &instr, type, &value, &fault);
        if (known == KNOWN_VALUE) return ir_const(e, type, &value, instr.span);
        instr.part = PART_INIT;
        instr.sel = 0;
    }
    uint64_t hash = 0;
    if (is_shared(instr.op)) {
        hash = hash_instr(&instr, type);
        uint32_t there = find_shared(e, &instr, type, hash);
        if (there != UINT32_MAX) return e->instrs.items[there].dst;
    }
    if (select) {
        struct ir_sel sel = {
            .parent = instr.sel, .depth = e->sels.items[instr.sel].depth + 1, .instr = e->instrs.count};
        instr.dst = e->sels.count;
        VEC_PUSH(e->arena, &e->sels, sel);
    } else if (result) {
        instr.dst = push_reg(e, &instr, type);
        e->regs.items[instr.dst].known = known;
        e->regs.items[instr.dst].fault = fault;
    }
    push_instr(e, &instr, hash);
    return instr.dst;
}

/* ---------------------------------------------------------------- constants, slots, bindings */

/* Constants stay the emitter's own until the program is finished: those that folding used up never reach the
 * plan. Sharing compares imm, so equal values get one number. */
static uint32_t const_index(struct emitter *e, struct plan_type type, const struct value *value) {
    struct ir_const constant = {type, *value,
                                plan_const_text(e->arena, e->builder->enums.items, type, value)};
    for (uint32_t i = 0; i < e->consts.count; i++) {
        const struct ir_const *there = &e->consts.items[i];
        bool same_null = (there->value.kind == TYPE_NULL) == (value->kind == TYPE_NULL);
        if (same_null && plan_type_same(there->type, type) && str_eq(there->text, constant.text)) return i;
    }
    VEC_PUSH(e->arena, &e->consts, constant);
    return e->consts.count - 1;
}

uint32_t ir_const(struct emitter *e, struct plan_type type, const struct value *value, struct span span) {
    type = reg_type(type);
    struct ir_instr instr = {.op = OP_CONST, .imm = const_index(e, type, value), .span = span};
    uint32_t reg = ir_add(e, instr, type);
    e->regs.items[reg].known = KNOWN_VALUE;
    e->regs.items[reg].value = *value;
    return reg;
}

uint32_t ir_text(struct emitter *e, struct str text, struct span span) {
    struct value value = {.kind = TYPE_TEXT, .as_text = text};
    return ir_const(e, type_simple(TYPE_TEXT), &value, span);
}

uint32_t ir_slot(struct emitter *e, struct plan_slot slot) {
    slot.type.nullable = 0;
    for (uint32_t i = 0; i < e->slots.count; i++) {
        const struct plan_slot *there = &e->slots.items[i];
        if (there->kind == slot.kind && there->via == slot.via && there->column == slot.column &&
            plan_type_same(there->type, slot.type))
            return i;
    }
    VEC_PUSH(e->arena, &e->slots, slot);
    return e->slots.count - 1;
}

struct ir_binding *ir_binding(struct emitter *e, const struct tbinding *binding) {
    if (e->binding_mask == 0 || e->bindings.count > e->binding_mask / 2) {
        uint32_t buckets = e->binding_mask == 0 ? 64 : 2 * (e->binding_mask + 1);
        e->binding_mask = buckets - 1;
        e->binding_buckets = ARENA_ARRAY(e->arena, uint32_t, buckets);
        for (uint32_t i = 0; i < e->bindings.count; i++) {
            uint64_t at = hash_u64(0, (uintptr_t)e->bindings.items[i].binding);
            while (e->binding_buckets[at & e->binding_mask] != 0)
                at++;
            e->binding_buckets[at & e->binding_mask] = i + 1;
        }
    }
    uint64_t at = hash_u64(0, (uintptr_t)binding);
    for (; e->binding_buckets[at & e->binding_mask] != 0; at++) {
        struct ir_binding *there = &e->bindings.items[e->binding_buckets[at & e->binding_mask] - 1];
        if (there->binding == binding) return there;
    }
    VEC_PUSH(e->arena, &e->bindings, (struct ir_binding){.binding = binding, .acts = -1});
    e->binding_buckets[at & e->binding_mask] = e->bindings.count;
    return &e->bindings.items[e->bindings.count - 1];
}

/* One program proven safe in one pass over its code; plan.h (plan_verify) has the rules. */
#include "runtime/plan/verify.h"

struct selection {
    uint32_t made_by; /* instruction + 1; 0: by none */
    uint32_t parent;
    uint32_t version; /* of the operand that it was made from */
    uint32_t enter;   /* numbering of the tree: descendants have enter in [enter, enter + size) */
    uint32_t size;
    bool defined; /* the pass has come by its instruction */
};

struct reg {
    uint32_t version; /* instruction + 1 that wrote it last; 0: none */
    uint32_t sel;     /* under which selection */
    uint32_t writes;  /* how often it was written so far */
    bool scalar;      /* written in init */
};

struct checker {
    struct verifier *v;
    struct arena arena; /* of this program's check */
    const struct plan *plan;
    const struct plan_program *program;
    struct selection *sels;
    struct reg *regs;
    uint32_t at; /* instruction */
};

static bool fail_at(struct checker *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail_at(struct checker *c, const char *format, ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    uint32_t op = c->program->code[c->at].op;
    struct str message = buf_str(&text);
    verify_fail(c->v, "instruction %u (%s): %.*s", c->at, op < OP_COUNT ? OPCODES[op].name : "?",
                STR_ARG(message));
    buf_release(&text);
    return false;
}

#define REQUIRE(c, condition, ...)                                                                           \
    do {                                                                                                     \
        if (!(condition)) return fail_at((c), __VA_ARGS__);                                                  \
    } while (0)

/* ---------------------------------------------------------------- selections */

/* The tree of selections, before the pass: parents are made before their children, so sizes add up backwards
 * and places are given forwards. */
static bool number_selections(struct checker *c) {
    const struct plan_program *p = c->program;
    uint32_t *order = ARENA_ARRAY(&c->arena, uint32_t, p->selections);
    uint32_t *next = ARENA_ARRAY(&c->arena, uint32_t, p->selections);
    uint32_t made = 0;
    c->sels[0] = (struct selection){.made_by = UINT32_MAX, .size = 1, .defined = true};
    for (c->at = 0; c->at < p->code_count; c->at++) {
        const struct plan_instr *in = &p->code[c->at];
        if (in->op >= OP_COUNT || !(OPCODES[in->op].flags & OPF_SELECT)) continue;
        REQUIRE(c, in->dst < p->selections, "selection %u of %u", in->dst, p->selections);
        REQUIRE(c, c->sels[in->dst].made_by == 0, "selection %u is made twice", in->dst);
        REQUIRE(c, in->sel < p->selections && c->sels[in->sel].made_by != 0, "selection %u is not made yet",
                in->sel);
        c->sels[in->dst] = (struct selection){.made_by = c->at + 1, .parent = in->sel, .size = 1};
        order[made++] = in->dst;
    }
    for (uint32_t i = made; i-- > 0;)
        c->sels[c->sels[order[i]].parent].size += c->sels[order[i]].size;
    next[0] = 1;
    for (uint32_t i = 0; i < made; i++) {
        struct selection *sel = &c->sels[order[i]];
        sel->enter = next[sel->parent];
        next[sel->parent] += sel->size;
        next[order[i]] = sel->enter + 1;
    }
    return true;
}

/* Inner is outer or a descendant of it. */
static bool is_within(const struct checker *c, uint32_t inner, uint32_t outer) {
    const struct selection *o = &c->sels[outer];
    return c->sels[inner].enter >= o->enter && c->sels[inner].enter - o->enter < o->size;
}

static bool check_selection(struct checker *c, uint32_t sel) {
    REQUIRE(c, sel < c->program->selections, "selection %u of %u", sel, c->program->selections);
    REQUIRE(c, c->sels[sel].defined, "selection %u is not made yet", sel);
    REQUIRE(c, sel == 0 || c->at < c->program->pre_end || c->sels[sel].made_by > c->program->pre_end,
            "selection %u belongs to the first part", sel);
    return true;
}

/* ---------------------------------------------------------------- registers */

static bool is_readable(const struct checker *c, uint32_t reg, uint32_t sel) {
    return c->regs[reg].version != 0 && is_within(c, sel, c->regs[reg].sel);
}

static bool check_read(struct checker *c, uint32_t reg, uint32_t sel) {
    REQUIRE(c, reg < c->program->regs_count, "register %u of %u", reg, c->program->regs_count);
    REQUIRE(c, is_readable(c, reg, sel), "register %u is not written for the rows of selection %u", reg, sel);
    REQUIRE(c, c->at >= c->program->init_end || c->regs[reg].scalar, "init reads register %u of rows", reg);
    return true;
}

static bool is_int64_kind(uint8_t kind) {
    return kind == TYPE_INT || kind == TYPE_DATE || kind == TYPE_TIME || kind == TYPE_TIMESTAMP ||
           kind == TYPE_TIMESTAMPTZ || kind == TYPE_ENUM || kind == TYPE_ROW;
}

/* What the letters of one instruction have stood for so far. */
struct letters {
    const struct plan_type *same;   /* '=' */
    const struct plan_type *number; /* 'N' */
};

static bool check_letter(struct checker *c, char letter, uint32_t reg, struct letters *seen) {
    const struct plan_type *type = &c->program->regs[reg];
    bool fits = true;
    switch (letter) {
    case '*': break;
    case '=':
        fits = seen->same == NULL || plan_type_same(*seen->same, *type);
        seen->same = type;
        break;
    case 'N':
        fits = is_int64_kind(type->kind) && (seen->number == NULL || plan_type_same(*seen->number, *type));
        seen->number = type;
        break;
    default: fits = type_kind_letter(type->kind) == letter; break;
    }
    if (fits) return true;
    struct str text = verify_type_text(c->v, *type);
    return fail_at(c, "register %u is %.*s, which is not the type asked for (%c)", reg, STR_ARG(text),
                   letter);
}

/* ---------------------------------------------------------------- merges */

/* imm of a merge names the selection op(a) with the merge's own selection as parent, of the same value of a.
 */
static bool check_branch(struct checker *c, uint32_t sel, enum opcode op) {
    const struct plan_instr *in = &c->program->code[c->at];
    if (!check_selection(c, sel)) return false;
    const struct selection *s = &c->sels[sel];
    REQUIRE(c, sel != 0 && s->parent == in->sel, "selection %u is not a part of selection %u", sel, in->sel);
    const struct plan_instr *maker = &c->program->code[s->made_by - 1];
    REQUIRE(c, maker->op == op, "selection %u is made by %s instead of %s", sel, OPCODES[maker->op].name,
            OPCODES[op].name);
    REQUIRE(c, maker->a == in->a && s->version == c->regs[in->a].version,
            "selection %u is not made from the value of register %u", sel, in->a);
    return true;
}

/* Where operand n of the instruction is read. */
static bool find_read_selection(struct checker *c, uint32_t operand, uint32_t *sel) {
    const struct plan_instr *in = &c->program->code[c->at];
    *sel = in->sel;
    if (!opcode_is_merge(in->op) || operand == 0) return true;
    switch ((enum opcode)in->op) {
    case OP_IF: *sel = operand == 1 ? in->imm : in->imm2; break;
    default: *sel = in->imm; break;
    }
    return true;
}

static bool check_merge(struct checker *c) {
    const struct plan_instr *in = &c->program->code[c->at];
    switch ((enum opcode)in->op) {
    case OP_IF: return check_branch(c, in->imm, OP_SEL_TRUE) && check_branch(c, in->imm2, OP_SEL_NOT_TRUE);
    case OP_AND: return check_branch(c, in->imm, OP_SEL_NOT_FALSE);
    case OP_OR: return check_branch(c, in->imm, OP_SEL_NOT_TRUE);
    default:
        if (!check_selection(c, in->imm)) return false;
        REQUIRE(c, is_within(c, in->imm, in->sel), "selection %u is not within selection %u", in->imm,
                in->sel);
        return true;
    }
}

/* ---------------------------------------------------------------- imm and imm2 */

static bool check_pattern(struct checker *c, uint32_t index, enum plan_pattern_kind kind) {
    REQUIRE(c, index < c->plan->patterns_count, "pattern %u of %u", index, c->plan->patterns_count);
    REQUIRE(c, c->plan->patterns[index].kind == kind, "pattern %u is of another kind", index);
    return true;
}

/* A template reads a text into its type, or writes a value of its type as text. */
static bool check_template(struct checker *c, uint32_t index_1) {
    const struct plan_instr *in = &c->program->code[c->at];
    uint8_t result = c->program->regs[in->dst].kind;
    bool writes = result == TYPE_TEXT && opcode_operand_count(in->op) > 0;
    REQUIRE(c, index_1 > 0 || !writes, "no pattern to write by");
    if (index_1 == 0) return true;
    if (!check_pattern(c, index_1 - 1, PATTERN_TEMPLATE)) return false;
    uint8_t type = c->plan->patterns[index_1 - 1].type;
    if (in->op == OP_CELL_TEXT) return true;
    uint8_t wanted = writes ? c->program->regs[in->a].kind : result;
    REQUIRE(c, type == wanted, "pattern %u is for another type", index_1 - 1);
    return true;
}

static bool check_number(struct checker *c, uint32_t n, bool second) {
    switch ((enum opcode)c->program->code[c->at].op) {
    case OP_SKIP: REQUIRE(c, n > 0 && n < PLAN_SKIP_REASONS, "skip reason %u", n); break;
    case OP_NOTE: REQUIRE(c, n < NOTE_KIND_COUNT, "kind of note %u", n); break;
    case OP_REJECT:
    case OP_RAISE_MISSING: REQUIRE(c, n > FAULT_NONE && n < FAULT_COUNT, "fault %u", n); break;
    case OP_FIT_LENGTH: REQUIRE(c, n >= 1 && n <= 10485760, "length %u", n); break;
    case OP_FIT_NUMERIC: REQUIRE(c, n <= 1000 && (second || n > 0), "precision or scale %u", n); break;
    default: break;
    }
    return true;
}

static bool check_list(struct checker *c, uint32_t offset) {
    const struct plan_program *p = c->program;
    const struct plan_instr *in = &p->code[c->at];
    REQUIRE(c, offset < p->operands_count, "list at %u of %u", offset, p->operands_count);
    uint32_t count = p->operands[offset];
    REQUIRE(c, count <= PLAN_MAX_LIST, "a list of %u registers", count);
    REQUIRE(c, count <= p->operands_count - offset - 1, "the list at %u reaches beyond the end", offset);
    struct letters seen = {0};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t reg = p->operands[offset + 1 + i];
        if (!check_read(c, reg, in->sel)) return false;
        REQUIRE(c, reg != in->dst, "register %u is operand and result", reg);
        if (OPCODES[in->op].operands[0] != '\0' && !check_letter(c, OPCODES[in->op].operands[0], reg, &seen))
            return false;
    }
    return true;
}

static bool check_immediate(struct checker *c, enum imm_kind kind, uint32_t n, bool second) {
    const struct plan *plan = c->plan;
    const struct plan_program *p = c->program;
    switch (kind) {
    case IMM_NONE: REQUIRE(c, n == 0, "an immediate that the instruction does not have"); break;
    case IMM_CONST: REQUIRE(c, n < plan->consts_count, "constant %u of %u", n, plan->consts_count); break;
    case IMM_PARAM: REQUIRE(c, n < plan->params_count, "parameter %u of %u", n, plan->params_count); break;
    case IMM_SLOT: REQUIRE(c, n < p->slots_count, "slot %u of %u", n, p->slots_count); break;
    case IMM_TEMPLATE: return check_template(c, n);
    case IMM_REGEX: return check_pattern(c, n, PATTERN_REGEX);
    case IMM_LIKE: return check_pattern(c, n, PATTERN_LIKE);
    case IMM_ZONE: return check_pattern(c, n, PATTERN_ZONE);
    case IMM_PATH: return check_pattern(c, n, PATTERN_JSON_PATH);
    case IMM_TABLE: REQUIRE(c, n < plan->tables_count, "table %u of %u", n, plan->tables_count); break;
    case IMM_LIST: return check_list(c, n);
    case IMM_SEL: return check_selection(c, n);
    case IMM_EVENTS: REQUIRE(c, n > 0 && n < 1u << ROW_STATE_COUNT, "set of states %u", n); break;
    case IMM_EXTERN: REQUIRE(c, n < plan->externs_count, "extern %u of %u", n, plan->externs_count); break;
    case IMM_RUN: REQUIRE(c, n < RUN_VALUE_COUNT, "value of the run %u", n); break;
    case IMM_NUMBER: return check_number(c, n, second);
    case IMM_COLUMN: /* FETCH's own rule knows the table */
    case IMM_KIND_COUNT: break;
    }
    return true;
}

/* ---------------------------------------------------------------- rules of single opcodes */

static bool check_find(struct checker *c, const struct plan_instr *in) {
    const struct plan_keyed_table *table = &c->plan->tables[in->imm2];
    const uint32_t *list = &c->program->operands[in->imm];
    REQUIRE(c, list[0] == table->keys_count, "%u key parts for a key of %u", list[0], table->keys_count);
    for (uint32_t i = 0; i < table->keys_count; i++)
        REQUIRE(c, plan_type_same(c->program->regs[list[1 + i]], table->keys[i]),
                "key part %u has another type", i);
    REQUIRE(c, c->program->regs[in->dst].ref == in->imm2, "the result is a row of another table");
    return true;
}

/* The found row stands behind a state that is no value, so the register must come from FIND itself. */
static bool check_match(struct checker *c, const struct plan_instr *in) {
    REQUIRE(c, c->program->code[c->regs[in->a].version - 1].op == OP_FIND,
            "register %u is not written by FIND", in->a);
    return true;
}

/* A register has the type of the elements of array a. */
static bool check_element(struct checker *c, const struct plan_instr *in, uint32_t reg) {
    struct plan_type array = c->program->regs[in->a], item = c->program->regs[reg];
    REQUIRE(c, item.kind == array.element && (item.kind != TYPE_ENUM || item.ref == array.ref),
            "register %u has another type than the elements", reg);
    return true;
}

static bool check_fetch(struct checker *c, const struct plan_instr *in) {
    const struct plan_keyed_table *table = &c->plan->tables[c->program->regs[in->a].ref];
    REQUIRE(c, in->imm < table->columns_count, "column %u of %u", in->imm, table->columns_count);
    REQUIRE(c, plan_type_same(c->program->regs[in->dst], table->columns[in->imm]),
            "column %u has another type", in->imm);
    return true;
}

static bool check_array(struct checker *c, const struct plan_instr *in) {
    const uint32_t *list = &c->program->operands[in->imm];
    struct plan_type array = c->program->regs[in->dst];
    for (uint32_t i = 0; i < list[0]; i++) {
        struct plan_type item = c->program->regs[list[1 + i]];
        REQUIRE(c, item.kind == array.element && (item.kind != TYPE_ENUM || item.ref == array.ref),
                "element %u has another type", i);
    }
    return true;
}

static bool check_extern(struct checker *c, const struct plan_instr *in) {
    const struct plan_extern *function = &c->plan->externs[in->imm2];
    const uint32_t *list = &c->program->operands[in->imm];
    REQUIRE(c, list[0] == function->params_count, "%u arguments for %u parameters", list[0],
            function->params_count);
    for (uint32_t i = 0; i < list[0]; i++)
        REQUIRE(c, plan_type_same(c->program->regs[list[1 + i]], function->params[i]),
                "argument %u has another type", i);
    REQUIRE(c, plan_type_same(c->program->regs[in->dst], function->result), "the result has another type");
    return true;
}

static bool check_input(struct checker *c, const struct plan_instr *in) {
    const struct plan_slot *slot = &c->program->slots[in->imm];
    REQUIRE(c, slot->kind != SLOT_CELL, "slot %u is a raw cell", in->imm);
    REQUIRE(c, plan_type_same(slot->type, c->program->regs[in->dst]), "slot %u has another type", in->imm);
    return true;
}

static bool check_run(struct checker *c, const struct plan_instr *in) {
    static const uint8_t kinds[RUN_VALUE_COUNT] = {TYPE_UUID, TYPE_TIMESTAMPTZ, TYPE_TEXT};
    REQUIRE(c, c->program->regs[in->dst].kind == kinds[in->imm], "the result has another type");
    return true;
}

static bool check_to_text(struct checker *c, const struct plan_instr *in) {
    uint8_t kind = c->program->regs[in->a].kind;
    REQUIRE(c, kind != TYPE_SECRET && kind != TYPE_ARRAY && kind != TYPE_ROW,
            "a value of this type has no text");
    return true;
}

/* IN_ walks the constant without looking at states: it must be an array of values. */
static bool check_in(struct checker *c, const struct plan_instr *in, uint8_t element) {
    const struct plan_const *constant = &c->plan->consts[in->imm];
    REQUIRE(c,
            constant->type.kind == TYPE_ARRAY && constant->type.element == element && !constant->is_null &&
                !c->v->const_has_nulls[in->imm],
            "constant %u is not an array of such values", in->imm);
    return true;
}

static bool check_special(struct checker *c) {
    const struct plan_instr *in = &c->program->code[c->at];
    switch ((enum opcode)in->op) {
    case OP_CONST:
        REQUIRE(c, plan_type_same(c->plan->consts[in->imm].type, c->program->regs[in->dst]),
                "constant %u has another type", in->imm);
        return true;
    case OP_PARAM:
        REQUIRE(c, plan_type_same(c->plan->params[in->imm].type, c->program->regs[in->dst]),
                "parameter %u has another type", in->imm);
        return true;
    case OP_RUN: return check_run(c, in);
    case OP_INPUT: return check_input(c, in);
    case OP_FIND: return check_find(c, in);
    case OP_FIRST_MATCH:
    case OP_LAST_MATCH: return check_match(c, in);
    case OP_FETCH: return check_fetch(c, in);
    case OP_ARRAY: return check_array(c, in);
    case OP_EXTERN: return check_extern(c, in);
    case OP_TO_TEXT: return check_to_text(c, in);
    case OP_ARRAY_CONTAINS: return check_element(c, in, in->b);
    case OP_ARRAY_AT: return check_element(c, in, in->dst);
    case OP_IN_TEXT: return check_in(c, in, TYPE_TEXT);
    case OP_IN_INT: return check_in(c, in, TYPE_INT);
    default:
        if (OPCODES[in->op].imm == IMM_SLOT)
            REQUIRE(c, c->program->slots[in->imm].kind == SLOT_CELL, "slot %u is not a raw cell", in->imm);
        return true;
    }
}

/* ---------------------------------------------------------------- instructions */

static bool check_operands(struct checker *c, struct letters *seen) {
    const struct plan_instr *in = &c->program->code[c->at];
    const char *letters = OPCODES[in->op].operands;
    const uint32_t fields[3] = {in->a, in->b, in->c};
    uint32_t count = opcode_operand_count(in->op);
    for (uint32_t i = 0; i < 3; i++) {
        if (i >= count) {
            REQUIRE(c, fields[i] == 0, "an operand that the instruction does not have");
            continue;
        }
        uint32_t sel;
        if (!find_read_selection(c, i, &sel) || !check_read(c, fields[i], sel)) return false;
        if (!check_letter(c, letters[i], fields[i], seen)) return false;
    }
    return true;
}

static bool check_result(struct checker *c, struct letters *seen) {
    const struct plan_program *p = c->program;
    const struct plan_instr *in = &p->code[c->at];
    const struct opcode_info *info = &OPCODES[in->op];
    if (info->flags & OPF_SELECT) return true;
    if (info->result[0] == '\0') {
        REQUIRE(c, in->dst == 0, "a result that the instruction does not have");
        return true;
    }
    REQUIRE(c, in->dst < p->regs_count, "register %u of %u", in->dst, p->regs_count);
    uint32_t count = opcode_operand_count(in->op);
    bool operand =
        (count > 0 && in->a == in->dst) || (count > 1 && in->b == in->dst) || (count > 2 && in->c == in->dst);
    REQUIRE(c, !operand, "register %u is operand and result", in->dst);
    const struct reg *there = &c->regs[in->dst];
    REQUIRE(c, !there->scalar, "register %u belongs to init", in->dst);
    REQUIRE(c, c->at < p->pre_end || there->version == 0 || there->version > p->pre_end,
            "register %u belongs to the first part", in->dst);
    if (info->result[0] == 'a' && in->op != OP_CELL_ARRAY && in->op != OP_ARRAY)
        REQUIRE(c, p->regs[in->dst].element == TYPE_TEXT, "the result is not an array of texts");
    return check_letter(c, info->result[0], in->dst, seen);
}

/* After everything about the instruction holds: what it changes. */
static void define_result(struct checker *c) {
    const struct plan_instr *in = &c->program->code[c->at];
    const struct opcode_info *info = &OPCODES[in->op];
    if (info->flags & OPF_SELECT) {
        c->sels[in->dst].defined = true;
        c->sels[in->dst].version = c->regs[in->a].version;
    } else if (info->result[0] != '\0') {
        struct reg *reg = &c->regs[in->dst];
        *reg = (struct reg){c->at + 1, in->sel, reg->writes + 1, c->at < c->program->init_end};
    }
}

static bool check_instruction(struct checker *c) {
    const struct plan_instr *in = &c->program->code[c->at];
    REQUIRE(c, in->op < OP_COUNT, "opcode %u", in->op);
    if (!check_selection(c, in->sel)) return false;
    if (c->at < c->program->init_end)
        REQUIRE(c, in->sel == 0 && opcode_is_hoistable(in->op), "it may not stand in init");
    const struct opcode_info *info = &OPCODES[in->op];
    struct letters seen = {0};
    if (opcode_is_merge(in->op)) { /* first: operands are read under its selections */
        if (!check_read(c, in->a, in->sel) || !check_merge(c)) return false;
    }
    if (!check_operands(c, &seen) || !check_result(c, &seen)) return false;
    if (!check_immediate(c, info->imm, in->imm, false) || !check_immediate(c, info->imm2, in->imm2, true))
        return false;
    if (!check_special(c)) return false;
    define_result(c);
    return true;
}

/* ---------------------------------------------------------------- slots, outputs, the program */

static bool is_first_part_output(uint8_t role) {
    return role != OUT_COLUMN && role != OUT_VALUE;
}

static bool check_slot(struct verifier *v, const struct plan_slot *slot) {
    VERIFY(v, slot->kind < SLOT_KIND_COUNT, "slot kind %u", slot->kind);
    VERIFY(v, slot->via < VIA_COUNT, "slot via %u", slot->via);
    if (slot->kind == SLOT_CELL) return true;
    VERIFY(v, slot->kind == SLOT_HAS_PARENT || slot->via == VIA_SELF, "a slot of this kind has no via");
    if (!verify_type(v, &slot->type, "the slot")) return false;
    uint8_t kind = slot->type.kind, wanted = kind;
    switch ((enum plan_slot_kind)slot->kind) {
    case SLOT_FILE:
    case SLOT_EVENT_KIND:
    case SLOT_EVENT_MAP: wanted = TYPE_TEXT; break;
    case SLOT_LINE:
    case SLOT_ROW:
    case SLOT_DEPTH: wanted = TYPE_INT; break;
    case SLOT_HAS_PARENT: wanted = TYPE_BOOL; break;
    case SLOT_JOIN: wanted = TYPE_ROW; break;
    case SLOT_EVENT_AT: wanted = TYPE_TIMESTAMPTZ; break;
    case SLOT_EVENT_JSON: wanted = TYPE_JSON; break;
    default: VERIFY(v, kind != TYPE_ROW && kind != TYPE_SECRET, "a slot holds a row or a secret"); break;
    }
    VERIFY(v, kind == wanted, "a slot of this kind has another type");
    return true;
}

static bool check_register_type(struct verifier *v, const struct plan_type *type) {
    return verify_type(v, type, "the register");
}

/* Outputs of the first part at its end (end false), all at the end of the code. */
static bool check_outputs(struct checker *c, bool end) {
    const struct plan_program *p = c->program;
    for (uint32_t i = 0; i < p->outputs_count; i++) {
        const struct plan_output *out = &p->outputs[i];
        verify_enter(c->v, "outputs", i);
        VERIFY(c->v, out->role < OUT_ROLE_COUNT, "output role %u", out->role);
        VERIFY(c->v, out->reg < p->regs_count, "register %u of %u", out->reg, p->regs_count);
        VERIFY(c->v, out->descending <= 1 && (out->descending == 0 || out->role == OUT_ORDER),
               "a direction on what is not an order");
        uint8_t kind = p->regs[out->reg].kind;
        VERIFY(c->v, kind != TYPE_SECRET, "a secret leaves the program");
        bool first = is_first_part_output(out->role);
        if (end || first)
            VERIFY(c->v, is_readable(c, out->reg, 0), "register %u is not written for all rows", out->reg);
        if (end)
            VERIFY(c->v, c->regs[out->reg].writes == 1, "register %u is written more than once", out->reg);
        verify_leave(c->v);
    }
    return true;
}

static bool check_code(struct checker *c) {
    const struct plan_program *p = c->program;
    if (!number_selections(c)) return false;
    for (c->at = 0; c->at < p->code_count; c->at++) {
        if (c->at == p->pre_end && !check_outputs(c, false)) return false;
        if (!check_instruction(c)) return false;
    }
    if (p->pre_end == p->code_count && !check_outputs(c, false)) return false;
    return check_outputs(c, true);
}

bool verify_program(struct verifier *v, const struct plan_program *program) {
    VERIFY(v, program->regs_count <= PLAN_MAX_REGS, "%u registers, the limit is %d", program->regs_count,
           PLAN_MAX_REGS);
    VERIFY(v, program->selections >= 1 && program->selections <= PLAN_MAX_SELECTIONS,
           "%u selections, the limit is %d", program->selections, PLAN_MAX_SELECTIONS);
    VERIFY(v, program->code_count <= PLAN_MAX_CODE, "%u instructions, the limit is %d", program->code_count,
           PLAN_MAX_CODE);
    VERIFY(v, program->slots_count <= PLAN_MAX_REGS, "%u slots, the limit is %d", program->slots_count,
           PLAN_MAX_REGS);
    VERIFY(v, program->outputs_count <= PLAN_MAX_REGS, "%u outputs, the limit is %d", program->outputs_count,
           PLAN_MAX_REGS);
    VERIFY(v, program->spans_count == program->code_count, "%u spans for %u instructions",
           program->spans_count, program->code_count);
    VERIFY(v, program->init_end <= program->pre_end && program->pre_end <= program->code_count,
           "its parts do not follow on");
    VERIFY_EACH(v, program, slots, check_slot);
    VERIFY_EACH(v, program, regs, check_register_type);
    struct checker c = {.v = v, .plan = v->plan, .program = program};
    c.sels = ARENA_ARRAY(&c.arena, struct selection, program->selections);
    c.regs = ARENA_ARRAY(&c.arena, struct reg, program->regs_count);
    bool ok = check_code(&c);
    arena_release(&c.arena);
    return ok;
}

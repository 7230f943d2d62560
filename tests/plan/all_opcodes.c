/* A plan made from the opcode table: for each type a cell that is read into a register, then each instruction
 * over such registers into a register of its own. */
#include "tests/plan/all_opcodes.h"

struct maker {
    struct arena *arena;
    struct plan_program *program;
    VEC(struct plan_type) regs;
    VEC(struct plan_instr) code;
    VEC(uint32_t) operands;
    uint32_t of_type[TYPE_KIND_COUNT]; /* register that holds a value of the type */
};

/* Patterns by place: templates by type, then the others. */
enum { PATTERN_OF_REGEX = 6, PATTERN_OF_LIKE, PATTERN_OF_ZONE, PATTERN_OF_PATH };
static struct plan_pattern PATTERNS[] = {
    {.kind = PATTERN_TEMPLATE, .type = TYPE_DATE, .text = STR("DD/MM/YYYY")},
    {.kind = PATTERN_TEMPLATE, .type = TYPE_TIME, .text = STR("HH24:MI")},
    {.kind = PATTERN_TEMPLATE, .type = TYPE_TIMESTAMP, .text = STR("YYYY-MM-DD HH24:MI:SS")},
    {.kind = PATTERN_TEMPLATE, .type = TYPE_TIMESTAMPTZ, .text = STR("YYYY-MM-DD HH24:MI:SS TZH:TZM")},
    {.kind = PATTERN_TEMPLATE, .type = TYPE_INT, .text = STR("9999")},
    {.kind = PATTERN_TEMPLATE, .type = TYPE_DECIMAL, .text = STR("9999.99")},
    {.kind = PATTERN_REGEX, .text = STR("([a-z]+)|(\\d)")},
    {.kind = PATTERN_LIKE, .text = STR("%a_")},
    {.kind = PATTERN_ZONE, .text = STR("Europe/Berlin")},
    {.kind = PATTERN_JSON_PATH, .text = STR("a[0]")},
};

static uint32_t find_template(uint8_t type) {
    for (uint32_t i = 0; i < PATTERN_OF_REGEX; i++)
        if (PATTERNS[i].type == type) return i + 1;
    return 0;
}

static uint32_t new_reg(struct maker *m, struct plan_type type) {
    VEC_PUSH(m->arena, &m->regs, type);
    return m->regs.count - 1;
}

static uint8_t kind_of_letter(char letter) {
    for (uint8_t kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++)
        if (type_kind_letter((enum type_kind)kind) == letter) return kind;
    return letter == 'N' ? TYPE_INT : TYPE_TEXT;
}

static uint32_t immediate(struct maker *m, const struct opcode_info *info, enum imm_kind kind,
                          struct plan_instr *in, bool second) {
    uint8_t result = m->regs.items[in->dst].kind;
    switch (kind) {
    case IMM_TEMPLATE:
        return find_template(result == TYPE_TEXT && info->operands[0] ? m->regs.items[in->a].kind : result);
    case IMM_REGEX: return PATTERN_OF_REGEX;
    case IMM_LIKE: return PATTERN_OF_LIKE;
    case IMM_ZONE: return PATTERN_OF_ZONE;
    case IMM_PATH: return PATTERN_OF_PATH;
    case IMM_CONST: return in->op == OP_IN_INT;
    case IMM_NUMBER: return second ? 2 : 12;
    case IMM_LIST:
        VEC_PUSH(m->arena, &m->operands, 2);
        for (int i = 0; i < 2; i++)
            VEC_PUSH(m->arena, &m->operands, m->of_type[kind_of_letter(info->operands[0])]);
        return m->operands.count - 3;
    default: return 0;
    }
}

static void add(struct maker *m, enum opcode op) {
    const struct opcode_info *info = &OPCODES[op];
    struct plan_instr in = {.op = op};
    uint32_t *fields[3] = {&in.a, &in.b, &in.c};
    for (uint32_t i = 0; i < opcode_operand_count(op); i++)
        *fields[i] = m->of_type[kind_of_letter(info->operands[i])];
    struct plan_type result = {.kind = kind_of_letter(info->result[0])};
    if (result.kind == TYPE_ARRAY) result.element = TYPE_TEXT;
    in.dst = new_reg(m, result);
    in.imm = immediate(m, info, (enum imm_kind)info->imm, &in, false);
    in.imm2 = immediate(m, info, (enum imm_kind)info->imm2, &in, true);
    VEC_PUSH(m->arena, &m->code, in);
    if (opcode_operand_count(op) == 0 && info->imm == IMM_SLOT) m->of_type[result.kind] = in.dst;
}

static bool is_plain(enum opcode op) {
    const struct opcode_info *info = &OPCODES[op];
    if (info->flags & (OPF_SELECT | OPF_ACTION) || info->result[0] == '\0' || opcode_is_merge(op))
        return false;
    if (op == OP_ARRAY_CONTAINS || op == OP_ARRAY_AT || op == OP_TO_TEXT)
        return true; /* texts fit their rules */
    return !(info->flags & OPF_SPECIAL);
}

struct plan *make_all_opcodes(struct arena *arena, uint32_t *count) {
    static const struct plan_text labels[] = {{STR("wip")}, {STR("done")}};
    struct maker m = {.arena = arena};
    struct plan *plan = ARENA_NEW(arena, struct plan);
    struct plan_program *p = m.program = ARENA_NEW(arena, struct plan_program);
    plan->migration = STR("all");
    plan->patterns = PATTERNS;
    plan->patterns_count = sizeof PATTERNS / sizeof PATTERNS[0];
    plan->enums = ARENA_NEW(arena, struct plan_enum);
    plan->enums_count = 1;
    *plan->enums = (struct plan_enum){
        .schema = STR("s"), .name = STR("e"), .labels = (struct plan_text *)labels, .labels_count = 2};
    plan->consts = ARENA_ARRAY(arena, struct plan_const, 2);
    plan->consts_count = 2;
    plan->consts[0] = (struct plan_const){.type = {.kind = TYPE_ARRAY, .element = TYPE_TEXT},
                                          .text = STR("[\"abc\",\"\"]")};
    plan->consts[1] =
        (struct plan_const){.type = {.kind = TYPE_ARRAY, .element = TYPE_INT}, .text = STR("[\"3\",\"-1\"]")};
    plan->params = ARENA_NEW(arena, struct plan_param);
    plan->params_count = 1;
    *plan->params = (struct plan_param){.name = STR("key"), .type = {.kind = TYPE_SECRET}};
    m.of_type[TYPE_SECRET] = new_reg(&m, plan->params->type);
    VEC_PUSH(arena, &m.code, (struct plan_instr){.op = OP_PARAM, .dst = m.of_type[TYPE_SECRET]});
    *count = 1;
    for (int pass = 0; pass < 2; pass++) {
        for (int op = 0; op < OP_COUNT; op++) {
            bool is_cell = OPCODES[op].imm == IMM_SLOT;
            if (!is_plain((enum opcode)op) || is_cell != (pass == 0)) continue;
            add(&m, (enum opcode)op);
            ++*count;
        }
    }
    p->regs = m.regs.items;
    p->regs_count = m.regs.count;
    p->code = m.code.items;
    p->code_count = p->spans_count = m.code.count;
    p->spans = ARENA_ARRAY(arena, struct plan_span, m.code.count);
    p->operands = m.operands.items;
    p->operands_count = m.operands.count;
    p->slots = ARENA_NEW(arena, struct plan_slot);
    p->slots_count = 1;
    p->selections = 1;
    p->init_end = 1;
    p->pre_end = p->code_count;
    p->outputs = ARENA_ARRAY(arena, struct plan_output, m.regs.count);
    for (uint32_t r = 1; r < m.regs.count; r++)
        p->outputs[p->outputs_count++] = (struct plan_output){.role = OUT_VALUE, .index = r - 1, .reg = r};
    plan->programs = p;
    plan->programs_count = 1;
    return plan;
}

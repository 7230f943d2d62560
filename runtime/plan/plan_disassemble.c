/* The disassembler's second half: programs, each instruction beside the spec's text that it stands for. */
#include "runtime/plan/disassemble.h"

enum { TEXT_COLUMN = 52 };

static void print_reg(struct disassembler *d, uint32_t reg) {
    buf_printf(d->out, " r%u", reg);
}

static void print_const(struct disassembler *d, uint32_t index) {
    buf_printf(d->out, " const %u ", index);
    if (index >= d->plan->consts_count) return;
    const struct plan_const *constant = &d->plan->consts[index];
    if (constant->is_null)
        buf_append_cstr(d->out, "null");
    else
        disassemble_text(d, constant->text, 40);
}

static void print_pattern(struct disassembler *d, uint32_t index) {
    buf_printf(d->out, " pattern %u ", index);
    if (index < d->plan->patterns_count) disassemble_text(d, d->plan->patterns[index].text, 40);
}

static void print_slot_name(struct disassembler *d, const struct plan_program *p, uint32_t index) {
    buf_printf(d->out, " slot %u", index);
    if (index >= p->slots_count) return;
    const struct plan_slot *slot = &p->slots[index];
    const char *kind = plan_field_value_name("plan_slot", "kind", slot->kind);
    const char *via = plan_field_value_name("plan_slot", "via", slot->via);
    buf_printf(d->out, " (%s%s%s %u)", slot->via != VIA_SELF && via ? via : "",
               slot->via != VIA_SELF ? " " : "", kind ? kind : "?", slot->column);
}

static void print_list(struct disassembler *d, const struct plan_program *p, uint32_t offset) {
    buf_append_cstr(d->out, " [");
    uint32_t count = offset < p->operands_count ? p->operands[offset] : 0;
    for (uint32_t i = 0; i < count && offset + 1 + i < p->operands_count; i++)
        buf_printf(d->out, i ? " r%u" : "r%u", p->operands[offset + 1 + i]);
    buf_append_char(d->out, ']');
}

static void print_states(struct disassembler *d, uint32_t set) {
    const char *separator = " ";
    for (uint32_t i = 0; i < ROW_STATE_COUNT; i++) {
        if (!(set >> i & 1)) continue;
        buf_printf(d->out, "%s%s", separator, ROW_STATE_NAMES[i]);
        separator = "|";
    }
}

static void print_table(struct disassembler *d, uint32_t index) {
    buf_printf(d->out, " table %u", index);
    if (index < d->plan->tables_count) buf_printf(d->out, " %.*s", STR_ARG(d->plan->tables[index].name));
}

static void print_number(struct disassembler *d, uint32_t op, uint32_t n) {
    bool fault = (op == OP_REJECT || op == OP_RAISE_MISSING) && n > FAULT_NONE && n < FAULT_COUNT;
    if (fault)
        buf_printf(d->out, " %s", fault_id((enum fault)n));
    else
        buf_printf(d->out, " %u", n);
}

static void print_immediate(struct disassembler *d, const struct plan_program *p, uint32_t op,
                            enum imm_kind kind, uint32_t n) {
    static const char *const RUN_VALUES[RUN_VALUE_COUNT] = {"id", "started_at", "environment"};
    switch (kind) {
    case IMM_NONE:
    case IMM_KIND_COUNT: break;
    case IMM_CONST: print_const(d, n); break;
    case IMM_PARAM:
        buf_printf(d->out, " param %u", n);
        if (n < d->plan->params_count) buf_printf(d->out, " $%.*s", STR_ARG(d->plan->params[n].name));
        break;
    case IMM_SLOT: print_slot_name(d, p, n); break;
    case IMM_TEMPLATE:
        if (n > 0) print_pattern(d, n - 1);
        break;
    case IMM_REGEX:
    case IMM_LIKE:
    case IMM_ZONE:
    case IMM_PATH: print_pattern(d, n); break;
    case IMM_TABLE: print_table(d, n); break;
    case IMM_COLUMN: buf_printf(d->out, " column %u", n); break;
    case IMM_LIST: print_list(d, p, n); break;
    case IMM_SEL: buf_printf(d->out, " s%u", n); break;
    case IMM_EVENTS: print_states(d, n); break;
    case IMM_EXTERN:
        buf_printf(d->out, " extern %u", n);
        if (n < d->plan->externs_count) buf_printf(d->out, " %.*s", STR_ARG(d->plan->externs[n].name));
        break;
    case IMM_NUMBER: print_number(d, op, n); break;
    case IMM_RUN: buf_printf(d->out, " $run.%s", n < RUN_VALUE_COUNT ? RUN_VALUES[n] : "?"); break;
    }
}

/* "   7  s2  r4 = ADD_INT r1 r3": number, selection (none for all rows), result, name, operands, immediates.
 */
static void print_instruction(struct disassembler *d, const struct plan_program *p, uint32_t at) {
    const struct plan_instr *in = &p->code[at];
    buf_printf(d->out, "%6u  ", at);
    if (in->sel > 0) {
        size_t before = d->out->len;
        buf_printf(d->out, "s%u", in->sel);
        while (d->out->len - before < 5)
            buf_append_char(d->out, ' ');
    } else {
        buf_append_cstr(d->out, "     ");
    }
    if (in->op >= OP_COUNT) {
        buf_printf(d->out, "opcode %u", in->op);
        return;
    }
    const struct opcode_info *info = &OPCODES[in->op];
    if (info->flags & OPF_SELECT)
        buf_printf(d->out, "s%u = ", in->dst);
    else if (info->result[0] != '\0')
        buf_printf(d->out, "r%u = ", in->dst);
    buf_append_cstr(d->out, info->name);
    const uint32_t fields[3] = {in->a, in->b, in->c};
    for (uint32_t i = 0; i < opcode_operand_count(in->op); i++)
        print_reg(d, fields[i]);
    print_immediate(d, p, in->op, info->imm, in->imm);
    print_immediate(d, p, in->op, info->imm2, in->imm2);
}

/* The text that the instruction stands for, on the same line; the line's number where it changes. */
static void print_place(struct disassembler *d, const struct plan_span *span, size_t line_start,
                        uint32_t *last_line, uint32_t *last_file) {
    uint32_t line;
    if (!disassemble_locate(d, span, &line)) {
        buf_append_char(d->out, '\n');
        return;
    }
    size_t width = d->out->len - line_start;
    buf_repeat_char(d->out, ' ', width < TEXT_COLUMN ? TEXT_COLUMN - width : 1);
    bool new_place = line != *last_line || span->file != *last_file;
    if (new_place)
        buf_printf(d->out, "-- %.*s:%u ", STR_ARG(d->plan->files[span->file].name), line);
    else
        buf_append_cstr(d->out, "-- ");
    struct str text = d->files[span->file]->text;
    uint32_t end = span->end < text.len ? span->end : (uint32_t)text.len;
    disassemble_text(d, str_from(text.ptr + span->start, end > span->start ? end - span->start : 0), 60);
    if (span->pii) buf_append_cstr(d->out, " personal");
    buf_append_char(d->out, '\n');
    *last_line = line;
    *last_file = span->file;
}

static void print_slots(struct disassembler *d, const struct plan_program *p) {
    for (uint32_t i = 0; i < p->slots_count; i++) {
        buf_append_cstr(d->out, " ");
        print_slot_name(d, p, i);
        if (p->slots[i].kind != SLOT_CELL) {
            buf_append_cstr(d->out, ": ");
            disassemble_type(d, p->slots[i].type);
        }
        buf_append_char(d->out, '\n');
    }
}

static void print_registers(struct disassembler *d, const struct plan_program *p) {
    for (uint32_t i = 0; i < p->regs_count; i++) {
        buf_append_cstr(d->out, i % 6 == 0 ? "  " : ", ");
        buf_printf(d->out, "r%u ", i);
        disassemble_type(d, p->regs[i]);
        if (i % 6 == 5 || i + 1 == p->regs_count) buf_append_char(d->out, '\n');
    }
}

static void print_code(struct disassembler *d, const struct plan_program *p) {
    uint32_t last_line = 0, last_file = UINT32_MAX;
    for (uint32_t i = 0; i < p->code_count; i++) {
        if (i == 0 && p->init_end > 0) buf_append_cstr(d->out, "  init\n");
        if (i == p->init_end && i < p->pre_end) buf_append_cstr(d->out, "  first part\n");
        if (i == p->pre_end) buf_append_cstr(d->out, "  rest\n");
        size_t start = d->out->len;
        print_instruction(d, p, i);
        static const struct plan_span nowhere;
        print_place(d, i < p->spans_count ? &p->spans[i] : &nowhere, start, &last_line, &last_file);
    }
}

static void print_program(struct disassembler *d, uint32_t index) {
    const struct plan_program *p = &d->plan->programs[index];
    buf_printf(d->out, "\nprogram %u: %u instructions, %u registers, %u selections\n", index, p->code_count,
               p->regs_count, p->selections);
    print_slots(d, p);
    print_registers(d, p);
    print_code(d, p);
    for (uint32_t i = 0; i < p->outputs_count; i++) {
        const struct plan_output *out = &p->outputs[i];
        const char *role = plan_field_value_name("plan_output", "role", out->role);
        buf_printf(d->out, "  output %s %u = r%u%s\n", role ? role : "?", out->index, out->reg,
                   out->descending ? " descending" : "");
    }
}

void plan_disassemble(const struct plan *plan, struct buf *out) {
    struct disassembler d = {.plan = plan, .out = out};
    d.files = ARENA_ARRAY(&d.arena, const struct source_text *, plan->files_count);
    for (uint32_t i = 0; i < plan->files_count; i++)
        d.files[i] = source_text_new(&d.arena, plan->files[i].name, plan->files[i].text);
    disassemble_declarations(&d);
    for (uint32_t i = 0; i < plan->programs_count; i++)
        print_program(&d, i);
    arena_release(&d.arena);
}

/* Default messages: `t.due: "31/02/2025" is not a date (DD/MM/YYYY)`. Personal values never appear in them.
 */
#include "runtime/vm/vm_internal.h"

#include "runtime/base/utf8.h"
#include "runtime/value/convert.h"

enum { SHOWN_VALUE_MAX = 120, SHOWN_SPAN_MAX = 80 };

/* At most `max` bytes, cut at a character, with an ellipsis where something was cut. */
static struct str clip(struct arena *arena, struct str text, size_t max) {
    if (text.len <= max) return text;
    size_t end = max;
    while (end > 0 && ((unsigned char)text.ptr[end] & 0xC0) == 0x80)
        end--;
    return arena_printf(arena, "%.*s\u2026", (int)end, text.ptr);
}

struct str vm_clip_message(struct arena *arena, struct str text) {
    return clip(arena, text, VM_MESSAGE_MAX);
}

struct str vm_mask_text(struct str text) {
    size_t n = utf8_count(text);
    if (n == 0) return STR("*** (empty)");
    if (n <= 4) return STR("*** (1-4 characters)");
    if (n <= 8) return STR("*** (5-8 characters)");
    if (n <= 16) return STR("*** (9-16 characters)");
    if (n <= 32) return STR("*** (17-32 characters)");
    return STR("*** (more than 32 characters)");
}

/* The spec's own text of an instruction, on one line. */
static struct str span_line(const struct vm *vm, uint32_t instr, struct arena *arena) {
    const struct plan_span *span = &vm->program->spans[instr];
    if (span->file >= vm->plan->files_count) return STR("");
    struct str text = vm->plan->files[span->file].text;
    if (span->start >= span->end || span->end > text.len) return STR("");
    text = str_from(text.ptr + span->start, span->end - span->start);
    char *line = arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        if (!blank || (n > 0 && line[n - 1] != ' ')) line[n++] = blank ? ' ' : c;
    }
    return clip(arena, str_from(line, n), SHOWN_SPAN_MAX);
}

static struct str show_value(struct arena *arena, const struct value *value, bool pii) {
    if (value->kind == TYPE_NULL) return STR("");
    struct str text = value_format(arena, value);
    return pii ? vm_mask_text(text) : clip(arena, text, SHOWN_VALUE_MAX);
}

/* Texts stand in quotes, masks and numbers do not. */
static struct str quote(struct arena *arena, const struct value *value, struct str shown, bool pii) {
    if (pii || (value->kind != TYPE_TEXT && value->kind != TYPE_JSON)) return shown;
    return arena_printf(arena, "\"%.*s\"", STR_ARG(shown));
}

static const struct plan_keyed_table *table_of(const struct vm *vm, const struct plan_instr *instr) {
    if (instr->op != OP_FIND || instr->imm2 >= vm->plan->tables_count) return NULL;
    return &vm->plan->tables[instr->imm2];
}

static struct str lookup_message(const struct plan_keyed_table *table, enum fault fault, struct str key,
                                 struct arena *arena) {
    switch (fault) {
    case FAULT_MISSING_CODE:
        return arena_printf(arena, "%.*s is not in %.*s", STR_ARG(key), STR_ARG(table->name));
    case FAULT_PARENT_REJECTED:
        return arena_printf(arena, "the row %.*s of %.*s was rejected", STR_ARG(key), STR_ARG(table->name));
    case FAULT_PARENT_SKIPPED:
        return arena_printf(arena, "the row %.*s of %.*s was left out", STR_ARG(key), STR_ARG(table->name));
    case FAULT_DUPLICATE_MATCH:
        return arena_printf(arena, "several rows for %.*s in %.*s", STR_ARG(key), STR_ARG(table->name));
    default: return arena_printf(arena, "no row for %.*s in %.*s", STR_ARG(key), STR_ARG(table->name));
    }
}

/* " (DD/MM/YYYY)" where the spec's text does not show the pattern already; what a column takes; an enum's
 * name. */
static struct str limit_note(const struct vm *vm, const struct plan_instr *instr, struct str span,
                             struct arena *arena) {
    const struct opcode_info *info = &OPCODES[instr->op];
    uint32_t template = info->imm == IMM_TEMPLATE ? instr->imm : info->imm2 == IMM_TEMPLATE ? instr->imm2 : 0;
    if (instr->op == OP_FIT_LENGTH) return arena_printf(arena, " (%u characters)", instr->imm);
    if (instr->op == OP_FIT_NUMERIC) return arena_printf(arena, " (%u, %u)", instr->imm, instr->imm2);
    if (instr->op == OP_TEXT_TO_ENUM || instr->op == OP_CELL_ENUM) {
        const struct plan_enum *enumeration = &vm->plan->enums[vm->program->regs[instr->dst].ref];
        return arena_printf(arena, " (%.*s)", STR_ARG(enumeration->name));
    }
    if (template == 0 || template > vm->plan->patterns_count) return STR("");
    struct str text = vm->plan->patterns[template - 1].text;
    if (text.len == 0 || memmem(span.ptr, span.len, text.ptr, text.len)) return STR("");
    return arena_printf(arena, " (%.*s)", STR_ARG(text));
}

void vm_fault_message(const struct vm *vm, enum row_state state, const struct vm_fault *fault, bool pii,
                      struct arena *arena, struct str *message, struct str *value) {
    const struct plan_instr *instr = &vm->program->code[fault->instr];
    enum fault why = (enum fault)fault->fault;
    *value = show_value(arena, &fault->value, pii);
    struct str quoted = quote(arena, &fault->value, *value, pii);
    const struct plan_keyed_table *table = table_of(vm, instr);
    if (table && state != ROW_ERROR) {
        *message = lookup_message(table, why, quoted, arena);
        return;
    }
    struct str span = span_line(vm, fault->instr, arena);
    const char *title = fault_title(why);
    struct str note = limit_note(vm, instr, span, arena);
    if (fault->value.kind == TYPE_NULL)
        *message = arena_printf(arena, "%.*s%s%s%.*s", STR_ARG(span.len ? span : STR("the value")), " ",
                                title, STR_ARG(note));
    else if (span.len == 0)
        *message = arena_printf(arena, "%.*s %s%.*s", STR_ARG(quoted), title, STR_ARG(note));
    else
        *message =
            arena_printf(arena, "%.*s: %.*s %s%.*s", STR_ARG(span), STR_ARG(quoted), title, STR_ARG(note));
}

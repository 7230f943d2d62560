/* Coverage: in a measured plan NOTE instructions stand where a test can come to or not. A normal plan has
 * none, so a run pays nothing for them. */
#include "compiler/emit/ir.h"

void note_place(struct emitter *e, enum plan_note note, struct span span, uint32_t sel) {
    if (!e->builder->measured || span.source == NULL) return;
    /* A handler that the checker adds stands where the expression does. */
    if (note == NOTE_HANDLER && !str_starts_with(span_text(span), STR("on"))) return;
    struct ir_instr instr = {.op = OP_NOTE, .sel = sel, .imm = note, .span = span};
    ir_add(e, instr, (struct plan_type){0});
}

void note_codes(struct emitter *e, const struct texpr *x, uint32_t reg, uint32_t sel) {
    if (!e->builder->measured) return;
    if (e->builder->tables.items[x->index].kind != KEYED_CODES) return;
    struct ir_instr instr = {.op = OP_NOTE_CODES, .sel = sel, .args = {reg}, .span = x->span};
    ir_add(e, instr, (struct plan_type){0});
}

void emit_note(struct emitter *e, enum plan_note note, struct span span) {
    note_place(e, note, span, 0);
}

void emit_without_folding(struct emitter *e) {
    e->no_folding = e->builder->measured;
}

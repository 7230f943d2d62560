/* Kernels that decide what becomes of rows. Messages are texts that the plan built, personal parts masked by
 * it; default messages come from message.c. */
#include "runtime/vm/vm_internal.h"

#include "runtime/value/convert.h"

KERNEL(REPORT) {
    struct vm *vm = call->vm;
    size_t size = type_kind_size((enum type_kind)call_type(call, call->instr->dst)->kind);
    const struct operand *a = &call->arg[0];
    if (a->reg->clean && a->data == call->out && !a->reg->scalar) return; /* dst is a */
    if (call_take_column(call, size)) return;
    USE_ROWS;
    EACH_ROW(i) {
        enum row_state state = register_state(a->reg, i);
        if (state_is_fresh(state)) {
            vm_report_event(vm, i, state, a->reg->fault[register_row(a->reg, i)], call->index);
            call->dst->state[i] = ROW_POISON;
            call->dirty = true;
            continue;
        }
        call_copy_state(call, i, a->reg);
        copy_item((char *)call->out + i * size, (const char *)a->data + size * i * a->step, size);
    }
}

/* The message of a row; `standard` where the plan has none for it. */
static struct str message_at(struct vm_call *call, const struct operand *text, uint32_t row,
                             struct str standard) {
    const struct str *texts = text->data;
    if (register_state(text->reg, row) != ROW_VALUE || texts[row * text->step].len == 0) return standard;
    return vm_clip_message(call->arena, texts[row * text->step]);
}

KERNEL(REJECT) {
    enum fault fault = FAULT_REJECTED;
    if (call->instr->imm > FAULT_NONE && call->instr->imm < FAULT_COUNT) fault = (enum fault)call->instr->imm;
    USE_ROWS;
    EACH_ROW(i) {
        struct row_report report = {.row = i,
                                    .kind = OUTCOME_REJECTED,
                                    .fault = fault,
                                    .instr = call->index,
                                    .action = call->index + 1};
        report.message = message_at(call, &call->arg[0], i, str_cstr(fault_title(fault)));
        vm_report(call->vm, &report, 0);
    }
}

KERNEL(REJECT_EVENT) {
    struct vm *vm = call->vm;
    const struct vm_register *event = call->arg[0].reg;
    USE_ROWS;
    EACH_ROW(i) {
        enum row_state state = register_state(event, i);
        struct row_report report = {
            .row = i, .kind = OUTCOME_REJECTED, .instr = call->index, .action = call->index + 1};
        uint32_t fault = 0;
        if (state == ROW_POISON) continue; /* reported already */
        if (state_is_fresh(state)) {
            uint32_t index = event->fault[register_row(event, i)];
            const struct vm_fault *why = &vm->faults[index];
            bool pii = vm->program->spans[why->instr].pii || vm->program->spans[call->index].pii;
            if (vm_fault_is_reported(vm, i, index)) continue;
            vm_fault_message(vm, state, why, pii, call->arena, &report.message, &report.value);
            report.fault = (enum fault)why->fault;
            report.instr = why->instr;
            fault = index + 1;
        } else {
            report.fault = state == ROW_NULL ? FAULT_NULL_VALUE : FAULT_REJECTED;
            report.message = str_cstr(fault_title(report.fault));
        }
        report.message = message_at(call, &call->arg[1], i, report.message);
        vm_report(vm, &report, fault);
    }
}

KERNEL(SKIP) {
    uint32_t reason = call->instr->imm < SKIP_REASON_COUNT ? call->instr->imm : SKIPPED_BY_ACTION;
    USE_ROWS;
    EACH_ROW(i) {
        struct row_report report = {.row = i,
                                    .kind = OUTCOME_SKIPPED,
                                    .skip_reason = (uint8_t)reason,
                                    .fault = FAULT_NONE,
                                    .instr = call->index};
        vm_report(call->vm, &report, 0);
    }
}

KERNEL(WARN) {
    USE_ROWS;
    EACH_ROW(i) {
        struct row_report report = {.row = i, .kind = OUTCOME_OK, .fault = FAULT_NONE, .instr = call->index};
        report.message = message_at(call, &call->arg[0], i, STR("warning"));
        vm_report(call->vm, &report, 0);
    }
}

KERNEL(FAIL) {
    USE_ROWS;
    EACH_ROW(i) {
        struct row_report report = {
            .row = i, .kind = OUTCOME_FAILED, .fault = FAULT_REJECTED, .instr = call->index};
        report.message = message_at(call, &call->arg[0], i, STR("the spec stops the run here"));
        vm_report(call->vm, &report, 0);
    }
}

/* ---------------------------------------------------------------- coverage */

/* Called for selections that have rows only. */
KERNEL(NOTE) {
    const struct vm *vm = call->vm;
    struct coverage_marks *marks = vm->set->values.coverage;
    if (marks != NULL) marks->notes[vm->program - vm->plan->programs][call->index] = 1;
}

KERNEL(NOTE_CODES) {
    struct coverage_marks *marks = call->vm->set->values.coverage;
    const struct vm_register *reg = call->arg[0].reg;
    uint32_t table = call_type(call, call->instr->a)->ref;
    uint8_t *lines = marks != NULL && table < call->vm->plan->tables_count ? marks->codes[table] : NULL;
    const int64_t *found = call->arg[0].data;
    if (lines == NULL) return;
    USE_ROWS;
    EACH_ROW(i) {
        int64_t line = found[i * call->arg[0].step];
        if (register_state(reg, i) == ROW_VALUE && line >= 0 &&
            line < call->vm->plan->tables[table].codes_count)
            lines[line] = 1;
    }
}

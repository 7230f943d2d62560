/* What becomes of rows: faults, reports, outcomes. */
#include "runtime/vm/vm_internal.h"

/* ---------------------------------------------------------------- faults */

static uint32_t add_fault(struct vm *vm, uint32_t instr, enum fault fault, struct value value) {
    if (vm->fault_count == vm->fault_cap) {
        vm->fault_cap = vm->fault_cap ? vm->fault_cap * 2 : 256;
        vm->faults = memory_realloc(vm->faults, sizeof *vm->faults * vm->fault_cap);
    }
    vm->faults[vm->fault_count] = (struct vm_fault){instr, (uint16_t)fault, false, value};
    return vm->fault_count++;
}

void call_event(struct vm_call *call, uint32_t row, enum row_state state, enum fault fault,
                struct value value) {
    call->dst->state[row] = (uint8_t)state;
    call->dst->fault[row] = add_fault(call->vm, call->index, fault, value);
    call->dirty = true;
}

void call_fail_value(struct vm_call *call, uint32_t row, enum fault fault, struct value value) {
    call_event(call, row, ROW_ERROR, fault, value);
    call->failed = true;
}

void call_fail_operand(struct vm_call *call, uint32_t row, enum fault fault, uint32_t operand) {
    struct value value = {.kind = TYPE_NULL};
    const struct operand *arg = &call->arg[operand];
    if (operand < call->code->operand_count && arg->data) {
        const struct plan_type *type = call_type(call, call->code->operands[operand]);
        size_t size = type_kind_size((enum type_kind)type->kind);
        value = vm_element_value(call->vm, type, (const char *)arg->data + size * row * arg->step);
    }
    call_fail_value(call, row, fault, value);
}

void call_fail(struct vm_call *call, uint32_t row, enum fault fault) {
    /* Neither is a property of one of the operands. */
    if (fault == FAULT_OVERFLOW || fault == FAULT_DIVISION_BY_ZERO || fault == FAULT_BAD_ARGUMENT)
        call_fail_value(call, row, fault, (struct value){.kind = TYPE_NULL});
    else
        call_fail_operand(call, row, fault, 0);
}

/* ---------------------------------------------------------------- reports */

static void grow_reports(struct vm *vm) {
    vm->report_cap = vm->report_cap ? vm->report_cap * 2 : 256;
    vm->reports = memory_realloc(vm->reports, sizeof *vm->reports * vm->report_cap);
    vm->report_faults = memory_realloc(vm->report_faults, sizeof *vm->report_faults * vm->report_cap);
}

void vm_report(struct vm *vm, const struct row_report *report, uint32_t fault_index) {
    struct row_info *info = &vm->rows[report->row];
    if (vm->report_count == vm->report_cap) grow_reports(vm);
    uint32_t number = ++vm->report_count;
    struct row_report *added = &vm->reports[number - 1];
    *added = *report;
    added->next = 0;
    vm->report_faults[number - 1] = fault_index;
    if (fault_index) vm->faults[fault_index - 1].reported = true;
    if (info->first == 0) {
        info->first = info->last = number;
    } else if (report->kind > info->outcome) {
        /* Stronger than all before: the main reason now. */
        added->next = info->first;
        info->first = number;
    } else {
        vm->reports[info->last - 1].next = number;
        info->last = number;
    }
    if (report->kind == OUTCOME_OK) info->warnings++;
    if (report->kind <= info->outcome) return;
    info->outcome = report->kind;
    info->skip_reason = report->skip_reason;
    if (report->kind >= OUTCOME_SKIPPED) vm_drop_row(vm, report->row);
}

bool vm_fault_is_reported(const struct vm *vm, uint32_t row, uint32_t fault_index) {
    if (fault_index >= vm->init_faults) return vm->faults[fault_index].reported;
    /* Faults of the init part belong to all rows. */
    for (uint32_t n = vm->rows[row].first; n; n = vm->reports[n - 1].next)
        if (vm->report_faults[n - 1] == fault_index + 1) return true;
    return false;
}

void vm_report_event(struct vm *vm, uint32_t row, enum row_state state, uint32_t fault_index,
                     uint32_t instr) {
    if (vm_fault_is_reported(vm, row, fault_index)) return;
    const struct vm_fault *fault = &vm->faults[fault_index];
    bool skipped = state == ROW_SKIPPED;
    struct row_report report = {.row = row,
                                .kind = skipped ? OUTCOME_SKIPPED : OUTCOME_REJECTED,
                                .skip_reason = skipped ? SKIPPED_PARENT : SKIPPED_NOT,
                                .fault = (enum fault)fault->fault,
                                .instr = fault->instr};
    bool pii = vm->program->spans[fault->instr].pii || vm->program->spans[instr].pii;
    vm_fault_message(vm, state, fault, pii, vm->arena, &report.message, &report.value);
    vm_report(vm, &report, fault_index + 1);
}

/* ---------------------------------------------------------------- for the engine */

enum outcome vm_row_outcome(const struct vm *vm, uint32_t row) {
    return (enum outcome)vm->rows[row].outcome;
}

enum skip_reason vm_row_skip_reason(const struct vm *vm, uint32_t row) {
    return (enum skip_reason)vm->rows[row].skip_reason;
}

uint32_t vm_row_warnings(const struct vm *vm, uint32_t row) {
    return vm->rows[row].warnings;
}

const struct row_report *vm_first_report(const struct vm *vm, uint32_t row) {
    uint32_t first = vm->rows[row].first;
    return first ? &vm->reports[first - 1] : NULL;
}

const struct row_report *vm_next_report(const struct vm *vm, const struct row_report *report) {
    return report->next ? &vm->reports[report->next - 1] : NULL;
}

void vm_skip_row(struct vm *vm, uint32_t row, enum skip_reason reason) {
    if (vm->dropped[row]) return;
    struct row_report report = {.row = row,
                                .kind = OUTCOME_SKIPPED,
                                .skip_reason = (uint8_t)reason,
                                .fault = reason == SKIPPED_DUPLICATE ? FAULT_DUPLICATE_KEY : FAULT_NONE,
                                .instr = VM_NO_INSTR};
    vm_report(vm, &report, 0);
}

void vm_reject_row(struct vm *vm, uint32_t row, enum fault fault, uint32_t instr, struct str message) {
    if (vm->dropped[row]) return;
    struct row_report report = {.row = row,
                                .kind = OUTCOME_REJECTED,
                                .fault = fault,
                                .instr = instr,
                                .message = arena_copy_str(vm->arena, message)};
    vm_report(vm, &report, 0);
}

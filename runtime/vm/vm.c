/* The machine: registers, selections, and the loop over a program's code. */
#include "runtime/vm/vm_internal.h"

#include <stdlib.h>

/* ---------------------------------------------------------------- making */

/* Registers that only the init part writes hold one element, all others one for each row. */
static void make_registers(struct vm *vm) {
    const struct plan_program *program = vm->program;
    uint32_t count = program->regs_count;
    vm->regs = ARENA_ARRAY(&vm->long_arena, struct vm_register, count);
    vm->own = ARENA_ARRAY(&vm->long_arena, void *, count);
    bool *rows = ARENA_ARRAY(&vm->long_arena, bool, count);
    for (uint32_t i = program->init_end; i < program->code_count; i++)
        if (vm->prepared->code[i].has_result) rows[program->code[i].dst] = true;
    for (uint32_t r = 0; r < count; r++) {
        size_t size = type_kind_size((enum type_kind)program->regs[r].kind);
        size_t n = rows[r] ? BATCH_ROWS : 1;
        vm->own[r] = memory_zalloc(size * n);
        vm->regs[r].data = vm->own[r];
        vm->regs[r].scalar = !rows[r];
        vm->regs[r].fault = memory_zalloc(sizeof(uint32_t) * n);
        vm->regs[r].state = memory_zalloc(n);
    }
}

struct vm *vm_new(const struct program_set *set, uint32_t program) {
    struct vm *vm = memory_zalloc(sizeof *vm);
    vm->set = set;
    vm->plan = set->plan;
    vm->program = &set->plan->programs[program];
    vm->prepared = &set->programs[program];
    vm->zones.arena = &vm->long_arena;
    make_registers(vm);
    uint32_t selections = vm->program->selections ? vm->program->selections : 1;
    vm->sels = ARENA_ARRAY(&vm->long_arena, struct selection, selections);
    for (uint32_t s = 0; s < selections; s++) {
        vm->sels[s].rows = memory_alloc(2 * sizeof(uint16_t) * BATCH_ROWS);
        vm->sels[s].live = vm->sels[s].rows + BATCH_ROWS;
    }
    vm->alive = ARENA_ARRAY(&vm->long_arena, uint8_t, BATCH_ROWS);
    vm->dropped = ARENA_ARRAY(&vm->long_arena, uint8_t, BATCH_ROWS);
    vm->rows = ARENA_ARRAY(&vm->long_arena, struct row_info, BATCH_ROWS);
    vm->list = ARENA_ARRAY(&vm->long_arena, uint16_t, BATCH_ROWS);
    vm->mask = ARENA_ARRAY(&vm->long_arena, uint8_t, BATCH_ROWS);
    return vm;
}

void vm_free(struct vm *vm) {
    if (vm == NULL) return;
    for (uint32_t r = 0; r < vm->program->regs_count; r++) {
        free(vm->own[r]);
        free(vm->regs[r].fault);
        free(vm->regs[r].state);
    }
    uint32_t selections = vm->program->selections ? vm->program->selections : 1;
    for (uint32_t s = 0; s < selections; s++)
        free(vm->sels[s].rows);
    regex_scratch_free(vm->scratch);
    buf_release(&vm->key);
    free(vm->faults);
    free(vm->reports);
    free(vm->report_faults);
    arena_release(&vm->batch_arena);
    arena_release(&vm->long_arena);
    free(vm);
}

/* ---------------------------------------------------------------- selections */

static void renew_selection(struct vm *vm, struct selection *sel) {
    uint32_t n = 0;
    for (uint32_t k = 0; k < sel->count; k++) {
        uint32_t row = sel->dense ? k : sel->rows[k];
        sel->live[n] = (uint16_t)row;
        n += vm->alive[row];
    }
    sel->live_dense = sel->dense && n == sel->count;
    sel->live_count = n;
    sel->stamp = vm->stamp;
}

struct selection *vm_select(struct vm *vm, uint32_t index) {
    struct selection *sel = &vm->sels[index];
    if (sel->stamp != vm->stamp) renew_selection(vm, sel);
    return sel;
}

static void select_all(struct vm *vm, uint32_t count) {
    struct selection *root = &vm->sels[0];
    root->count = root->live_count = count;
    root->dense = root->live_dense = true;
    root->stamp = vm->stamp;
}

void vm_drop_row(struct vm *vm, uint32_t row) {
    vm->dropped[row] = 1;
    if (vm->alive[row]) vm->stamp++;
    vm->alive[row] = 0;
}

/* ---------------------------------------------------------------- one instruction */

static void set_states(struct vm_call *call) {
    uint8_t *state = call->dst->state;
    if (call->rows == NULL) {
        memset(state, ROW_VALUE, call->count);
        return;
    }
    for (uint32_t k = 0; k < call->count; k++)
        state[call->rows[k]] = ROW_VALUE;
}

/* One operand is not clean: its state goes to dst; rows that are values go to vm->list. */
static uint32_t split_by_one(struct vm_call *call, const struct vm_register *reg) {
    uint16_t *list = call->vm->list;
    const uint8_t *from = reg->state;
    uint8_t *state = call->dst->state;
    const uint32_t step = reg->scalar ? 0 : 1;
    uint32_t n = 0;
    USE_ROWS;
    EACH_ROW(i) {
        const uint8_t s = from[i * step];
        state[i] = s;
        list[n] = (uint16_t)i;
        n += s == ROW_VALUE;
        if (__builtin_expect(s >= ROW_ERROR, 0)) call->dst->fault[i] = reg->fault[i * step];
    }
    return n;
}

/* The same for several: the strongest state. */
static uint32_t split_by_all(struct vm_call *call) {
    struct vm *vm = call->vm;
    const struct prepared *code = call->code;
    uint32_t n = 0;
    USE_ROWS;
    EACH_ROW(i) {
        enum row_state strongest = ROW_VALUE;
        const struct vm_register *source = NULL;
        for (uint32_t o = 0; o < code->operand_count; o++) {
            const struct vm_register *reg = &vm->regs[code->operands[o]];
            enum row_state state = register_state(reg, i);
            if (state > strongest) {
                strongest = state;
                source = reg;
            }
        }
        call->dst->state[i] = (uint8_t)strongest;
        vm->list[n] = (uint16_t)i;
        n += source == NULL;
        if (state_is_fresh(strongest)) call->dst->fault[i] = source->fault[register_row(source, i)];
    }
    return n;
}

static void run_strict(struct vm_call *call) {
    const struct vm_register *unclean = NULL;
    uint32_t count = 0;
    for (uint32_t o = 0; o < call->code->operand_count; o++) {
        const struct vm_register *reg = &call->vm->regs[call->code->operands[o]];
        if (reg->clean || reg == unclean) continue;
        unclean = reg;
        count++;
    }
    if (count == 0) {
        set_states(call);
    } else {
        uint32_t n = count == 1 ? split_by_one(call, unclean) : split_by_all(call);
        if (n < call->count) {
            call->rows = call->vm->list;
            call->count = n;
            call->dirty = true;
        }
    }
    if (call->count) call->code->kernel(call);
}

/* A kernel that cannot fail by its signature met a limit (a text too large): nobody handles that, so it is
 * reported on the spot. */
static void report_failures(struct vm_call *call) {
    struct vm *vm = call->vm;
    if (vm->in_init) {
        /* Every row's own failure, from vm_begin on. */
        if (vm->init_failure == 0) vm->init_failure = call->dst->fault[0] + 1;
        call->dst->state[0] = ROW_POISON;
        return;
    }
    USE_ROWS;
    EACH_ROW(i) {
        if (call->dst->state[i] != ROW_ERROR) continue;
        vm_report_event(vm, i, ROW_ERROR, call->dst->fault[i], call->index);
        call->dst->state[i] = ROW_POISON;
    }
}

static void run_instr(struct vm *vm, uint32_t index) {
    const struct plan_instr *instr = &vm->program->code[index];
    const struct prepared *code = &vm->prepared->code[index];
    const struct selection *sel = vm_select(vm, vm->in_init ? 0 : instr->sel);
    struct vm_call call = {.vm = vm,
                           .arena = vm->arena,
                           .instr = instr,
                           .code = code,
                           .index = index,
                           .count = sel->live_count,
                           .rows = sel->live_dense ? NULL : sel->live};
    /* Operands before dst: dst may be one of them, and its data may point elsewhere than to its own. */
    uint32_t args = code->operand_count < 3 ? code->operand_count : 3;
    for (uint32_t o = 0; o < args; o++) {
        const struct vm_register *reg = &vm->regs[code->operands[o]];
        call.arg[o] = (struct operand){reg->data, reg, reg->scalar ? 0 : 1};
    }
    if (!code->has_result) {
        if (call.count || code->flags & OPF_SELECT) code->kernel(&call);
        return;
    }
    struct vm_register *dst = &vm->regs[instr->dst];
    bool clean_before = vm->waves > 1 ? dst->clean : true;
    call.dst = dst;
    dst->data = call.out = vm->own[instr->dst];
    dst->scalar = vm->in_init;
    if (!(code->flags & OPF_RAW))
        run_strict(&call);
    else if (call.count)
        code->kernel(&call);
    if (call.failed && !(code->flags & OPF_CAN_FAIL)) report_failures(&call);
    dst->clean = !call.dirty && clean_before;
}

static void run_code(struct vm *vm, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++)
        run_instr(vm, i);
}

/* ---------------------------------------------------------------- a batch */

static void run_init(struct vm *vm) {
    vm->in_init = true;
    vm->arena = &vm->long_arena;
    vm->arena_limit = VM_ARENA_LIMIT;
    vm->count = 1;
    vm->stamp++;
    vm->alive[0] = 1;
    select_all(vm, 1);
    run_code(vm, 0, vm->program->init_end);
    vm->init_faults = vm->fault_count;
    vm->init_done = true;
    vm->in_init = false;
}

void vm_begin(struct vm *vm, struct row_batch *batch, uint32_t count, const uint32_t *cell_columns,
              const uint32_t *row_index, const struct vm_input *inputs) {
    if (count > BATCH_ROWS) count = BATCH_ROWS;
    if (!vm->init_done) run_init(vm);
    vm->batch = batch;
    vm->count = count;
    vm->cell_columns = cell_columns;
    vm->row_index = row_index;
    vm->inputs = inputs;
    vm->waves = 0;
    vm->fault_count = vm->init_faults;
    vm->report_count = 0;
    memset(vm->rows, 0, sizeof *vm->rows * count);
    memset(vm->dropped, 0, count);
    memset(vm->alive, 1, count);
    /* Rows that leave before an output is written have null there, not what a batch before left behind. */
    for (uint32_t o = 0; o < vm->program->outputs_count; o++) {
        struct vm_register *reg = &vm->regs[vm->program->outputs[o].reg];
        if (!reg->scalar) memset(reg->state, ROW_NULL, count);
    }
    arena_reset(&vm->batch_arena);
    vm->arena = batch ? &batch->arena : &vm->batch_arena;
    vm->arena_limit = vm->arena->total + VM_ARENA_LIMIT;
    vm->stamp++;
    /* Selections of the batch before are void. */
    for (uint32_t s = 1; s < vm->program->selections; s++)
        vm->sels[s].count = 0;
    select_all(vm, count);
    for (uint32_t row = 0; vm->init_failure && row < count; row++)
        vm_report_event(vm, row, ROW_ERROR, vm->init_failure - 1, vm->faults[vm->init_failure - 1].instr);
}

/* The row whose output this is cannot be written: why. */
static void report_hole(struct vm *vm, const struct vm_register *reg, uint32_t row) {
    enum row_state state = register_state(reg, row);
    if (state_is_fresh(state)) {
        uint32_t fault = reg->fault[register_row(reg, row)];
        vm_report_event(vm, row, state, fault, vm->faults[fault].instr);
    } else if (state == ROW_POISON && vm->rows[row].outcome == OUTCOME_OK) {
        struct row_report report = {.row = row,
                                    .kind = OUTCOME_REJECTED,
                                    .fault = FAULT_REJECTED,
                                    .instr = VM_NO_INSTR,
                                    .message = STR("a value of the row could not be computed")};
        vm_report(vm, &report, 0);
    }
}

/* The last net: an output that still holds a failure is reported, so that no row is written with a hole. (The
 * key of the row referred to may fail: the reference itself then says so, or handles it.) */
static void report_outputs(struct vm *vm, bool pre) {
    const struct plan_program *program = vm->program;
    for (uint32_t o = 0; o < program->outputs_count; o++) {
        const struct vm_register *reg = &vm->regs[program->outputs[o].reg];
        if (reg->clean || vm->prepared->output_in_pre[o] != pre || program->outputs[o].role == OUT_PARENT)
            continue;
        for (uint32_t row = 0; row < vm->count; row++)
            if (vm->alive[row]) report_hole(vm, reg, row);
    }
}

static uint32_t pre_end(const struct vm *vm) {
    const struct plan_program *program = vm->program;
    return program->pre_end > program->init_end ? program->pre_end : program->init_end;
}

void vm_run_pre(struct vm *vm) {
    run_code(vm, vm->program->init_end, pre_end(vm));
    report_outputs(vm, true);
}

void vm_run_rest(struct vm *vm) {
    vm->waves = 1;
    run_code(vm, pre_end(vm), vm->program->code_count);
    report_outputs(vm, false);
}

void vm_run_rest_rows(struct vm *vm, const uint32_t *rows, uint32_t count) {
    memset(vm->alive, 0, vm->count);
    for (uint32_t k = 0; k < count; k++)
        if (rows[k] < vm->count) vm->alive[rows[k]] = !vm->dropped[rows[k]];
    vm->stamp++;
    vm->waves++;
    run_code(vm, pre_end(vm), vm->program->code_count);
    report_outputs(vm, false);
}

/* ---------------------------------------------------------------- reading results */

const struct vm_register *vm_register_at(const struct vm *vm, uint32_t reg) {
    return &vm->regs[reg];
}

struct value vm_value_at(const struct vm *vm, uint32_t reg, uint32_t row) {
    const struct vm_register *r = &vm->regs[reg];
    struct value value = {.kind = TYPE_NULL};
    /* `clean` speaks of the rows that were there; a row that has left may have left before. */
    bool left = vm->dropped[row] && !r->scalar;
    if ((left ? (enum row_state)r->state[row] : register_state(r, row)) != ROW_VALUE) return value;
    value.kind = (enum type_kind)vm->program->regs[reg].kind;
    size_t size = type_kind_size(value.kind);
    memcpy(value_storage(&value), (const char *)r->data + size * register_row(r, row), size);
    return value;
}

const struct plan_type *call_type(const struct vm_call *call, uint32_t reg) {
    return &call->vm->program->regs[reg];
}

struct value vm_element_value(const struct vm *vm, const struct plan_type *type, const void *item) {
    struct value value = {.kind = (enum type_kind)type->kind};
    if (type->kind == TYPE_ROW || type->kind == TYPE_SECRET || type->kind == TYPE_ARRAY)
        return (struct value){.kind = TYPE_NULL};
    if (type->kind != TYPE_ENUM) {
        memcpy(value_storage(&value), item, type_kind_size(value.kind));
        return value;
    }
    const struct plan_enum *enumeration = &vm->plan->enums[type->ref];
    int64_t label = *(const int64_t *)item;
    if (label < 0 || label >= enumeration->labels_count) return (struct value){.kind = TYPE_NULL};
    return text_value(enumeration->labels[label].text);
}

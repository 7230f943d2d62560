/* Kernels that bring values in: constants, parameters, the run's own, typed inputs of rows. */
#include "runtime/vm/vm_internal.h"

#include "runtime/value/convert.h"

static void set_null(struct vm_call *call) {
    USE_ROWS;
    EACH_ROW(i) {
        call_null(call, i);
    }
}

/* One value for all rows. A value of another type than dst's cannot be read and becomes null. */
static void fill(struct vm_call *call, const struct value *value) {
    enum type_kind kind = (enum type_kind)call_type(call, call->instr->dst)->kind;
    if (value == NULL || value->kind != kind) {
        set_null(call);
        return;
    }
    size_t size = type_kind_size(kind);
    const void *item = value_item(value);
    char *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        copy_item(out + i * size, item, size);
    }
}

KERNEL(CONST) {
    fill(call, &call->vm->set->consts[call->instr->imm]);
}

KERNEL(PARAM) {
    const struct value *params = call->vm->set->values.params;
    fill(call, params ? &params[call->instr->imm] : NULL);
}

KERNEL(RUN) {
    const struct run_values *values = &call->vm->set->values;
    struct value value = {.kind = TYPE_NULL};
    switch (call->instr->imm) {
    case RUN_ID: value = (struct value){.kind = TYPE_UUID, .as_uuid = values->run_id}; break;
    case RUN_STARTED_AT:
        value = (struct value){.kind = TYPE_TIMESTAMPTZ, .as_int = values->started_at};
        break;
    case RUN_ENVIRONMENT:
        if (values->environment.len) value = text_value(values->environment);
        break;
    default: break;
    }
    fill(call, &value);
}

static const struct row_place *place_at(const struct vm *vm, uint32_t row) {
    return &vm->batch->places[vm->row_index ? vm->row_index[row] : row];
}

/* What the batch itself knows of a row. */
static void input_from_place(struct vm_call *call, const struct plan_slot *slot) {
    const struct vm *vm = call->vm;
    int64_t *out = call->out;
    uint8_t *flags = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        const struct row_place *place = place_at(vm, i);
        switch (slot->kind) {
        case SLOT_LINE: out[i] = (int64_t)place->line; break;
        case SLOT_ROW: out[i] = (int64_t)place->row; break;
        case SLOT_DEPTH:
            out[i] = slot->via == VIA_ROOT ? 0 : (int64_t)place->depth - (slot->via == VIA_PARENT);
            break;
        default:
            /* The root has no parent; the parent of a row has one from depth 2 on. */
            flags[i] = slot->via != VIA_ROOT && place->depth > (slot->via == VIA_PARENT ? 1 : 0);
            break;
        }
        if (slot->kind == SLOT_DEPTH && out[i] < 0) call_null(call, i);
    }
}

static bool place_knows(uint8_t kind) {
    return kind == SLOT_LINE || kind == SLOT_ROW || kind == SLOT_DEPTH || kind == SLOT_HAS_PARENT;
}

KERNEL(INPUT) {
    const struct vm *vm = call->vm;
    const struct plan_slot *slot = &vm->program->slots[call->instr->imm];
    const struct vm_input *input = vm->inputs && !vm->in_init ? &vm->inputs[call->instr->imm] : NULL;
    size_t size = type_kind_size((enum type_kind)call_type(call, call->instr->dst)->kind);
    if (input == NULL || input->data == NULL) {
        if (vm->batch && !vm->in_init && place_knows(slot->kind))
            input_from_place(call, slot);
        else
            set_null(call);
        return;
    }
    const char *data = input->data;
    char *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        if (input->state && input->state[i] != ROW_VALUE)
            call_null(call, i);
        else
            copy_item(out + i * size, data + i * size, size);
    }
}

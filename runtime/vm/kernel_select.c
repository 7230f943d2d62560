/* Kernels for selections and merges: `if`, `and`, `or`, handlers. All are RAW: they see rows of any state. A
 * merge goes row by row, so that dst may be one of its operands. */
#include "runtime/vm/vm_internal.h"

/* ---------------------------------------------------------------- selections */

#define SELECT(symbol, condition)                                                                            \
    KERNEL(symbol) {                                                                                         \
        struct vm *vm = call->vm;                                                                            \
        struct selection *out = &vm->sels[call->instr->dst];                                                 \
        const struct vm_register *reg = call->arg[0].reg;                                                    \
        const uint8_t *a = call->arg[0].data;                                                                \
        const uint32_t step = call->arg[0].step;                                                             \
        uint32_t n = 0;                                                                                      \
        (void)a;                                                                                             \
        (void)step;                                                                                          \
        USE_ROWS;                                                                                            \
        EACH_ROW(i) {                                                                                        \
            enum row_state state = register_state(reg, i);                                                   \
            out->rows[n] = (uint16_t)i;                                                                      \
            n += (condition);                                                                                \
        }                                                                                                    \
        finish_selection(call, out, n);                                                                      \
    }

static void finish_selection(const struct vm_call *call, struct selection *out, uint32_t n) {
    out->count = out->live_count = n;
    out->dense = out->live_dense = call->rows == NULL && n == call->count;
    if (!out->dense) memcpy(out->live, out->rows, sizeof *out->rows * n);
    out->stamp = call->vm->stamp;
}

SELECT(SEL_TRUE, state == ROW_VALUE && a[i * step])
SELECT(SEL_FALSE, state == ROW_VALUE && !a[i * step])
SELECT(SEL_NOT_TRUE, state == ROW_NULL || (state == ROW_VALUE && !a[i * step]))
SELECT(SEL_NOT_FALSE, state == ROW_NULL || (state == ROW_VALUE && a[i * step]))
SELECT(SEL_NULL, state == ROW_NULL)
SELECT(SEL_NOT_NULL, state == ROW_VALUE)
SELECT(SEL_STATE, (call->instr->imm >> state) & 1)

/* ---------------------------------------------------------------- merges */

static void mark(struct vm *vm, uint32_t selection, uint8_t value) {
    const struct selection *sel = vm_select(vm, selection);
    for (uint32_t k = 0; k < sel->live_count; k++)
        vm->mask[sel->live_dense ? k : sel->live[k]] = value;
}

/* dst's row becomes src's: element, state and fault. */
static inline void take_row(struct vm_call *call, uint32_t row, const struct operand *src, size_t size) {
    call_copy_state(call, row, src->reg);
    copy_item((char *)call->out + row * size, (const char *)src->data + size * row * src->step, size);
}

bool call_take_column(struct vm_call *call, size_t size) {
    const struct operand *a = &call->arg[0];
    if (call->rows || a->step == 0 || call->count != call->vm->count) return false;
    if (a->reg->clean) {
        memset(call->dst->state, ROW_VALUE, call->count);
    } else {
        uint8_t strongest = ROW_VALUE;
        for (uint32_t i = 0; i < call->count; i++)
            strongest = a->reg->state[i] > strongest ? a->reg->state[i] : strongest;
        if (state_is_fresh((enum row_state)strongest)) return false;
        memmove(call->dst->state, a->reg->state, call->count);
        call->dirty |= strongest != ROW_VALUE;
    }
    if (a->data != call->vm->own[call->code->operands[0]])
        call->dst->data = (void *)a->data; /* as CELL_TEXT left it: the batch's column */
    else if (a->data != call->out)
        memcpy(call->out, a->data, size * call->count);
    return true;
}

static size_t dst_size(const struct vm_call *call) {
    return type_kind_size((enum type_kind)call_type(call, call->instr->dst)->kind);
}

KERNEL(IF) {
    struct vm *vm = call->vm;
    size_t size = dst_size(call);
    mark(vm, call->instr->imm, 1);
    mark(vm, call->instr->imm2, 2);
    USE_ROWS;
    EACH_ROW(i) {
        switch (vm->mask[i]) {
        case 1: take_row(call, i, &call->arg[1], size); break;
        case 2: take_row(call, i, &call->arg[2], size); break;
        default:
            call_copy_state(call, i, call->arg[0].reg);
            /* In neither selection: a failed, or has a value that no selection asked for. */
            if (call->dst->state[i] == ROW_VALUE) call_null(call, i);
            break;
        }
    }
    mark(vm, call->instr->imm, 0);
    mark(vm, call->instr->imm2, 0);
}

/* Three-valued: `decided` (false for and, true for or) on either side decides; b is only looked at in imm. */
static inline void logic(struct vm_call *call, uint8_t decided) {
    struct vm *vm = call->vm;
    const struct operand *a = &call->arg[0], *b = &call->arg[1];
    const uint8_t *av = a->data, *bv = b->data;
    uint8_t *out = call->out;
    mark(vm, call->instr->imm, 1);
    USE_ROWS;
    EACH_ROW(i) {
        enum row_state sa = register_state(a->reg, i);
        bool a_null = sa == ROW_NULL;
        if (sa != ROW_VALUE && !a_null) {
            call_copy_state(call, i, a->reg);
            continue;
        }
        if (!a_null && (av[i * a->step] != 0) == decided) {
            call->dst->state[i] = ROW_VALUE;
            out[i] = decided;
            continue;
        }
        enum row_state sb = vm->mask[i] ? register_state(b->reg, i) : ROW_NULL;
        bool b_decides = sb == ROW_VALUE && (bv[i * b->step] != 0) == decided;
        if (sb > ROW_NULL) {
            call_copy_state(call, i, b->reg);
        } else if (b_decides || (sb == ROW_VALUE && !a_null)) {
            call->dst->state[i] = ROW_VALUE;
            out[i] = b_decides ? decided : !decided;
        } else {
            call_null(call, i);
        }
    }
    mark(vm, call->instr->imm, 0);
}

KERNEL(AND) {
    logic(call, 0);
}

KERNEL(OR) {
    logic(call, 1);
}

KERNEL(PATCH) {
    struct vm *vm = call->vm;
    size_t size = dst_size(call);
    mark(vm, call->instr->imm, 1);
    USE_ROWS;
    EACH_ROW(i) {
        take_row(call, i, &call->arg[vm->mask[i]], size);
    }
    mark(vm, call->instr->imm, 0);
}

static void replace_state(struct vm_call *call, enum row_state state) {
    struct vm *vm = call->vm;
    size_t size = dst_size(call);
    if (vm_select(vm, call->instr->imm)->live_count == 0 && call_take_column(call, size)) return;
    mark(vm, call->instr->imm, 1);
    USE_ROWS;
    EACH_ROW(i) {
        if (vm->mask[i]) {
            call->dst->state[i] = (uint8_t)state;
            call->dirty = true;
        } else {
            take_row(call, i, &call->arg[0], size);
        }
    }
    mark(vm, call->instr->imm, 0);
}

KERNEL(POISON) {
    replace_state(call, ROW_POISON);
}

KERNEL(NULLED) {
    replace_state(call, ROW_NULL);
}

/* ---------------------------------------------------------------- null and logic */

KERNEL(REQUIRE) {
    size_t size = dst_size(call);
    if (call->arg[0].reg->clean && call_take_column(call, size)) return;
    USE_ROWS;
    EACH_ROW(i) {
        bool null = register_state(call->arg[0].reg, i) == ROW_NULL;
        if (null)
            call_fail_value(call, i, FAULT_EMPTY, (struct value){.kind = TYPE_NULL});
        else
            take_row(call, i, &call->arg[0], size);
    }
}

static void test_null(struct vm_call *call, bool wanted) {
    uint8_t *out = call->out;
    const struct vm_register *a = call->arg[0].reg;
    USE_ROWS;
    EACH_ROW(i) {
        enum row_state state = register_state(a, i);
        if (state > ROW_NULL) {
            call_copy_state(call, i, a);
            continue;
        }
        call->dst->state[i] = ROW_VALUE;
        out[i] = (state == ROW_NULL) == wanted;
    }
}

KERNEL(IS_NULL) {
    test_null(call, true);
}

KERNEL(IS_NOT_NULL) {
    test_null(call, false);
}

KERNEL(NOT) {
    const uint8_t *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    uint8_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        out[i] = !a[i * step];
    }
}

KERNEL(RAISE_MISSING) {
    uint32_t fault = call->instr->imm < FAULT_COUNT ? call->instr->imm : FAULT_NO_BRANCH;
    USE_ROWS;
    EACH_ROW(i) {
        call_event(call, i, ROW_MISSING, (enum fault)fault, (struct value){.kind = TYPE_NULL});
    }
}

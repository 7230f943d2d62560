/* Kernels for arrays. Element types are the registers' own, looked at once for each call; types that do not
 * fit together find nothing rather than being misread. */
#include "runtime/vm/kernel_map.h"

#include "runtime/value/convert.h"
#include "runtime/value/text.h"

typedef struct array array_t;

/* ---------------------------------------------------------------- making */

/* The strongest failed operand of a row, or NULL; nulls become null elements. */
static const struct vm_register *failed_part(const struct vm_call *call, uint32_t row) {
    const struct vm_register *strongest = NULL;
    for (uint32_t n = 0; n < call->code->operand_count; n++) {
        const struct vm_register *reg = &call->vm->regs[call->code->operands[n]];
        enum row_state state = register_state(reg, row);
        if (state > ROW_NULL && (strongest == NULL || state > register_state(strongest, row)))
            strongest = reg;
    }
    return strongest;
}

KERNEL(ARRAY) {
    const uint32_t count = call->code->operand_count;
    const enum type_kind element = (enum type_kind)call_type(call, call->instr->dst)->element;
    const size_t size = type_kind_size(element);
    array_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        const struct vm_register *failed = failed_part(call, i);
        if (failed) {
            call_copy_state(call, i, failed);
            continue;
        }
        char *items = arena_zalloc(call->arena, size * count);
        uint8_t *nulls = NULL;
        for (uint32_t n = 0; n < count; n++) {
            const uint32_t r = call->code->operands[n];
            const struct vm_register *reg = &call->vm->regs[r];
            if (register_state(reg, i) == ROW_VALUE && call_type(call, r)->kind == element) {
                copy_item(items + n * size, (const char *)reg->data + size * register_row(reg, i), size);
                continue;
            }
            if (nulls == NULL) nulls = ARENA_ARRAY(call->arena, uint8_t, count);
            nulls[n] = 1;
        }
        call->dst->state[i] = ROW_VALUE;
        out[i] = (array_t){items, nulls, count};
    }
}

MAP2(SPLIT, array_t, struct str, struct str, text_split(arena, x, y))

/* ---------------------------------------------------------------- reading */

MAP1(ARRAY_LENGTH, int64_t, array_t, (int64_t)x.count)

/* The elements as texts. */
static array_t to_texts(const struct vm_call *call, const struct plan_type *type, const array_t *array) {
    const size_t size = type_kind_size((enum type_kind)type->element);
    const struct plan_type element = {.kind = type->element, .ref = type->ref};
    if (type->element == TYPE_TEXT) return *array;
    struct str *texts = ARENA_ARRAY(call->arena, struct str, array->count);
    for (size_t n = 0; n < array->count; n++) {
        if (array->nulls && array->nulls[n]) continue;
        struct value value = vm_element_value(call->vm, &element, (const char *)array->items + n * size);
        texts[n] = value.kind == TYPE_NULL ? STR("") : value_format(call->arena, &value);
    }
    return (array_t){texts, array->nulls, array->count};
}

KERNEL(JOIN) {
    const struct plan_type *type = call_type(call, call->code->operands[0]);
    MAP_OPERAND(0, x, array_t);
    MAP_OPERAND(1, y, struct str);
    struct str *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        array_t texts = to_texts(call, type, &x_data[i * x_step]);
        enum fault fault = WITHIN_BUDGET(text_join(call->arena, &texts, y_data[i * y_step], &out[i]));
        if (fault != FAULT_NONE) call_fail_value(call, i, fault, (struct value){.kind = TYPE_NULL});
    }
}

KERNEL(ARRAY_CONTAINS) {
    const enum type_kind element = (enum type_kind)call_type(call, call->code->operands[0])->element;
    const bool fits = call_type(call, call->code->operands[1])->kind == element;
    const size_t size = type_kind_size(element);
    MAP_OPERAND(0, x, array_t);
    const char *y = call->arg[1].data;
    const uint32_t y_step = call->arg[1].step;
    uint8_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        const array_t *array = &x_data[i * x_step];
        bool found = false;
        for (size_t n = 0; fits && !found && n < array->count; n++)
            found = !(array->nulls && array->nulls[n]) &&
                    value_compare_item(element, (const char *)array->items + n * size,
                                       y + size * i * y_step) == 0;
        out[i] = found;
    }
}

KERNEL(ARRAY_AT) {
    const enum type_kind element = (enum type_kind)call_type(call, call->code->operands[0])->element;
    const bool fits = call_type(call, call->instr->dst)->kind == element;
    const size_t size = type_kind_size(element);
    MAP_OPERAND(0, x, array_t);
    MAP_OPERAND(1, y, int64_t);
    char *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        const array_t *array = &x_data[i * x_step];
        const int64_t place = y_data[i * y_step], count = (int64_t)array->count;
        const int64_t n = place > 0 ? place - 1 : place < 0 && place >= -count ? count + place : count;
        if (!fits || n >= count || (array->nulls && array->nulls[n]))
            call_null(call, i);
        else
            copy_item(out + i * size, (const char *)array->items + (size_t)n * size, size);
    }
}

/* Programs without rows: defaults, expected values, assertions. */
#include "runtime/vm/vm_internal.h"

/* A copy whose texts live in the arena. */
static struct value copy_value(struct arena *arena, const struct plan_type *type, struct value value) {
    switch (value.kind) {
    case TYPE_TEXT:
    case TYPE_BYTES:
    case TYPE_JSON:
    case TYPE_SECRET: value.as_text = arena_copy_str(arena, value.as_text); break;
    case TYPE_ARRAY: {
        const struct array from = value.as_array;
        enum type_kind element = (enum type_kind)type->element;
        size_t size = type_kind_size(element);
        char *items = arena_alloc(arena, size * from.count);
        uint8_t *nulls = from.nulls ? arena_alloc(arena, from.count) : NULL;
        if (from.count) memcpy(items, from.items, size * from.count);
        if (nulls && from.count) memcpy(nulls, from.nulls, from.count);
        bool texts = element == TYPE_TEXT || element == TYPE_BYTES || element == TYPE_JSON;
        for (size_t i = 0; texts && i < from.count; i++) {
            struct str *item = &((struct str *)(void *)items)[i];
            *item = nulls && nulls[i] ? STR("") : arena_copy_str(arena, *item);
        }
        value.as_array = (struct array){items, nulls, from.count};
        break;
    }
    default: break;
    }
    return value;
}

static const struct plan_output *find_output(const struct plan_program *program, uint32_t index) {
    for (uint32_t o = 0; o < program->outputs_count; o++)
        if (program->outputs[o].role == OUT_VALUE && program->outputs[o].index == index)
            return &program->outputs[o];
    return NULL;
}

/* The fault or failure that stands in the way of a value; empty: none. */
static struct str find_obstacle(const struct vm *vm, const struct plan_output *output, struct arena *arena) {
    const struct row_report *report = vm_first_report(vm, 0);
    if (report && report->kind != OUTCOME_OK)
        return arena_copy_str(arena, report->message.len ? report->message : STR("the row is left out"));
    const struct vm_register *reg = &vm->regs[output->reg];
    if (register_state(reg, 0) > ROW_NULL) return STR("the expression has no value");
    return STR("");
}

bool program_evaluate(const struct program_set *set, uint32_t program, uint32_t output, struct arena *arena,
                      struct value *result, struct diag_list *diags) {
    const struct plan_output *out = find_output(&set->plan->programs[program], output);
    *result = (struct value){.kind = TYPE_NULL};
    if (out == NULL) {
        diag_report(diags, X_EVALUATE, (struct span){0}, "the program has no value %u", output);
        return false;
    }
    struct vm *vm = vm_new(set, program);
    vm_begin(vm, NULL, 1, NULL, NULL, NULL);
    vm_run_pre(vm);
    vm_run_rest(vm);
    struct str obstacle = find_obstacle(vm, out, arena);
    if (obstacle.len)
        diag_report(diags, X_EVALUATE, (struct span){0}, "%.*s", STR_ARG(obstacle));
    else
        *result = copy_value(arena, &vm->program->regs[out->reg], vm_value_at(vm, out->reg, 0));
    vm_free(vm);
    return obstacle.len == 0;
}

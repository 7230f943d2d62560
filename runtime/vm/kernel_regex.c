/* Kernels for regular expressions beyond MATCHES. Each thread has its own scratch memory for matching. */
#include "runtime/vm/kernel_map.h"

static const struct regex *open_regex(struct vm_call *call) {
    if (call->vm->scratch == NULL) call->vm->scratch = regex_scratch_new();
    return call->vm->set->patterns[call->instr->imm].regex;
}

KERNEL(REGEX_REPLACE) {
    const struct regex *regex = open_regex(call);
    const struct str *a = call->arg[0].data, *b = call->arg[1].data;
    const uint32_t sa = call->arg[0].step, sb = call->arg[1].step;
    struct str *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        enum fault fault = WITHIN_BUDGET(
            regex_replace(regex, call->vm->scratch, call->arena, a[i * sa], b[i * sb], false, &out[i]));
        if (fault == FAULT_BAD_ARGUMENT)
            call_fail_operand(call, i, fault, 1);
        else if (fault != FAULT_NONE)
            call_fail(call, i, fault);
    }
}

KERNEL(REGEX_EXTRACT) {
    const struct regex *regex = open_regex(call);
    const struct str *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    const uint32_t group = regex_group_count(regex) > 0;
    struct str *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        bool found = false;
        struct str part;
        enum fault fault = regex_extract(regex, call->vm->scratch, a[i * step], group, &found, &part);
        if (fault != FAULT_NONE)
            call_fail(call, i, fault);
        else if (!found)
            call_null(call, i);
        else
            out[i] = part;
    }
}

KERNEL(REGEX_SPLIT) {
    const struct regex *regex = open_regex(call);
    const struct str *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    struct array *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        enum fault fault = regex_split(regex, call->vm->scratch, call->arena, a[i * step], &out[i]);
        if (fault != FAULT_NONE) call_fail(call, i, fault);
    }
}

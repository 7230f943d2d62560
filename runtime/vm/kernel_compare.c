/* Kernels that compare: six for each storage, lists, patterns. */
#include "runtime/vm/vm_internal.h"

#include "runtime/value/decimal.h"
#include "runtime/value/interval.h"
#include "runtime/value/number.h"
#include "runtime/value/text.h"

/* The loop for integers has no call in it; the two common shapes (column with column, column with one value)
 * stand alone, so that the compiler can vectorise them. */
#define COMPARE_PLAIN(symbol, type, operator)                                                                \
    KERNEL(symbol) {                                                                                         \
        const type *a = call->arg[0].data, *b = call->arg[1].data;                                           \
        const uint32_t sa = call->arg[0].step, sb = call->arg[1].step;                                       \
        uint8_t *out = call->out;                                                                            \
        USE_ROWS;                                                                                            \
        if (rows_ == NULL && sa == 1 && sb == 1) {                                                           \
            for (uint32_t i = 0; i < count_; i++)                                                            \
                out[i] = a[i] operator b[i];                                                                 \
        } else if (rows_ == NULL && sa == 1) {                                                               \
            const type right = b[0];                                                                         \
            for (uint32_t i = 0; i < count_; i++)                                                            \
                out[i] = a[i] operator right;                                                                \
        } else {                                                                                             \
            EACH_ROW(i) {                                                                                    \
                out[i] = a[i * sa] operator b[i * sb];                                                       \
            }                                                                                                \
        }                                                                                                    \
    }

#define COMPARE_CALL(symbol, type, expression)                                                               \
    KERNEL(symbol) {                                                                                         \
        const type *a = call->arg[0].data, *b = call->arg[1].data;                                           \
        const uint32_t sa = call->arg[0].step, sb = call->arg[1].step;                                       \
        uint8_t *out = call->out;                                                                            \
        USE_ROWS;                                                                                            \
        EACH_ROW(i) {                                                                                        \
            const type x = a[i * sa], y = b[i * sb];                                                         \
            out[i] = (expression);                                                                           \
        }                                                                                                    \
    }

#define COMPARE_SIX(storage, type, order)                                                                    \
    COMPARE_CALL(EQ_##storage, type, order == 0)                                                             \
    COMPARE_CALL(NE_##storage, type, order != 0)                                                             \
    COMPARE_CALL(LT_##storage, type, order < 0)                                                              \
    COMPARE_CALL(LE_##storage, type, order <= 0)                                                             \
    COMPARE_CALL(GT_##storage, type, order > 0)                                                              \
    COMPARE_CALL(GE_##storage, type, order >= 0)

COMPARE_PLAIN(EQ_I64, int64_t, ==)
COMPARE_PLAIN(NE_I64, int64_t, !=)
COMPARE_PLAIN(LT_I64, int64_t, <)
COMPARE_PLAIN(LE_I64, int64_t, <=)
COMPARE_PLAIN(GT_I64, int64_t, >)
COMPARE_PLAIN(GE_I64, int64_t, >=)

COMPARE_PLAIN(EQ_BOOL, uint8_t, ==)
COMPARE_PLAIN(NE_BOOL, uint8_t, !=)
COMPARE_PLAIN(LT_BOOL, uint8_t, <)
COMPARE_PLAIN(LE_BOOL, uint8_t, <=)
COMPARE_PLAIN(GT_BOOL, uint8_t, >)
COMPARE_PLAIN(GE_BOOL, uint8_t, >=)

COMPARE_SIX(DECIMAL, struct decimal, decimal_compare(x, y))
COMPARE_SIX(FLOAT, double, float_compare(x, y))
COMPARE_SIX(UUID, struct uuid, uuid_compare(x, y))
COMPARE_SIX(INTERVAL, struct interval, interval_compare(x, y))

/* Texts that differ in length or in the first byte need no memcmp to be unequal. */
static inline bool text_equal(struct str x, struct str y) {
    return x.len == y.len && (x.len == 0 || (x.ptr[0] == y.ptr[0] && memcmp(x.ptr, y.ptr, x.len) == 0));
}
#define COMPARE_TEXTS(storage)                                                                               \
    COMPARE_CALL(EQ_##storage, struct str, text_equal(x, y))                                                 \
    COMPARE_CALL(NE_##storage, struct str, !text_equal(x, y))                                                \
    COMPARE_CALL(LT_##storage, struct str, str_compare(x, y) < 0)                                            \
    COMPARE_CALL(LE_##storage, struct str, str_compare(x, y) <= 0)                                           \
    COMPARE_CALL(GT_##storage, struct str, str_compare(x, y) > 0)                                            \
    COMPARE_CALL(GE_##storage, struct str, str_compare(x, y) >= 0)
COMPARE_TEXTS(TEXT)
COMPARE_TEXTS(BYTES)

/* ---------------------------------------------------------------- lists and patterns */

KERNEL(IN_TEXT) {
    const struct text_index *index = &call->vm->set->lists[call->instr->imm].texts;
    const struct str *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    uint8_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        out[i] = text_index_find(index, a[i * step]) >= 0;
    }
}

static bool holds_int(const struct const_list *list, int64_t n) {
    uint32_t low = 0, high = list->int_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (list->ints[middle] < n)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->int_count && list->ints[low] == n;
}

KERNEL(IN_INT) {
    const struct const_list *list = &call->vm->set->lists[call->instr->imm];
    const int64_t *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    uint8_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        out[i] = holds_int(list, a[i * step]);
    }
}

KERNEL(LIKE) {
    const struct compiled_pattern *pattern = &call->vm->set->patterns[call->instr->imm];
    const struct str *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    uint8_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        out[i] = like_match(pattern, a[i * step]);
    }
}

KERNEL(LIKE_ANY) {
    const struct str *a = call->arg[0].data, *b = call->arg[1].data;
    const uint32_t sa = call->arg[0].step, sb = call->arg[1].step;
    uint8_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        bool match = false;
        enum fault fault = text_like(a[i * sa], b[i * sb], &match);
        if (fault != FAULT_NONE)
            call_fail_operand(call, i, fault, 1);
        else
            out[i] = match;
    }
}

KERNEL(MATCHES) {
    struct vm *vm = call->vm;
    const struct regex *regex = vm->set->patterns[call->instr->imm].regex;
    const struct str *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    uint8_t *out = call->out;
    if (vm->scratch == NULL) vm->scratch = regex_scratch_new();
    USE_ROWS;
    EACH_ROW(i) {
        bool match = false;
        enum fault fault = regex_match(regex, vm->scratch, a[i * step], &match);
        if (fault != FAULT_NONE) call_fail(call, i, fault);
        out[i] = match;
    }
}

/* nullif: RAW, because a null second operand must not make the first one null. */
#include "runtime/vm/vm_internal.h"

#include "runtime/value/decimal.h"

#define NULLIF(symbol, type, equal)                                                                          \
    KERNEL(symbol) {                                                                                         \
        const struct vm_register *ra = call->arg[0].reg, *rb = call->arg[1].reg;                             \
        const type *a = call->arg[0].data, *b = call->arg[1].data;                                           \
        const uint32_t sa = call->arg[0].step, sb = call->arg[1].step;                                       \
        type *out = call->out;                                                                               \
        USE_ROWS;                                                                                            \
        EACH_ROW(i) {                                                                                        \
            enum row_state of_a = register_state(ra, i), of_b = register_state(rb, i);                       \
            if (of_a != ROW_VALUE || of_b > ROW_NULL) {                                                      \
                call_copy_state(call, i, of_a >= of_b ? ra : rb);                                            \
                continue;                                                                                    \
            }                                                                                                \
            const type x = a[i * sa], y = of_b == ROW_VALUE ? b[i * sb] : x;                                 \
            call->dst->state[i] = ROW_VALUE;                                                                 \
            out[i] = x;                                                                                      \
            if (of_b == ROW_VALUE && (equal)) call_null(call, i);                                            \
        }                                                                                                    \
    }

NULLIF(NULLIF_TEXT, struct str, str_eq(x, y))
NULLIF(NULLIF_INT, int64_t, x == y)
NULLIF(NULLIF_DATE, int64_t, x == y)
NULLIF(NULLIF_DECIMAL, struct decimal, decimal_compare(x, y) == 0)

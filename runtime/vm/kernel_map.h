/* Shapes of kernels: loops over one, two or three columns around an expression or a function that may fail.
 * MAP: the result is the expression (x, y, z are the operands' elements). TRY: the expression is a fault; it
 * writes the result to `r`. GROW: a TRY whose results can be much larger than their operands: beyond the
 * batch's memory limit it is FAULT_TOO_LARGE. Internal to runtime/vm. */
#ifndef MIG_VM_KERNEL_MAP_H
#define MIG_VM_KERNEL_MAP_H

#include "runtime/vm/vm_internal.h"

#define MAP_OPERAND(n, name, type)                                                                           \
    const type *const name##_data = call->arg[n].data;                                                       \
    const uint32_t name##_step = call->arg[n].step

#define MAP_LOOP(result, body)                                                                               \
    struct arena *const arena = call->arena;                                                                 \
    result *const out = call->out;                                                                           \
    (void)arena;                                                                                             \
    USE_ROWS;                                                                                                \
    EACH_ROW(i) {                                                                                            \
        body                                                                                                 \
    }

#define MAP1(symbol, result, ta, expression)                                                                 \
    KERNEL(symbol) {                                                                                         \
        MAP_OPERAND(0, x, ta);                                                                               \
        MAP_LOOP(result, const ta x = x_data[i * x_step]; out[i] = (expression);)                            \
    }
#define MAP2(symbol, result, ta, tb, expression)                                                             \
    KERNEL(symbol) {                                                                                         \
        MAP_OPERAND(0, x, ta);                                                                               \
        MAP_OPERAND(1, y, tb);                                                                               \
        MAP_LOOP(result, const ta x = x_data[i * x_step]; const tb y = y_data[i * y_step];                   \
                 out[i] = (expression);)                                                                     \
    }

#define TRY_BODY(result, expression)                                                                         \
    result r;                                                                                                \
    enum fault fault = (expression);                                                                         \
    if (__builtin_expect(fault != FAULT_NONE, 0))                                                            \
        call_fail(call, i, fault);                                                                           \
    else                                                                                                     \
        out[i] = r;

#define TRY1(symbol, result, ta, expression)                                                                 \
    KERNEL(symbol) {                                                                                         \
        MAP_OPERAND(0, x, ta);                                                                               \
        MAP_LOOP(result, const ta x = x_data[i * x_step]; TRY_BODY(result, expression))                      \
    }
#define TRY2(symbol, result, ta, tb, expression)                                                             \
    KERNEL(symbol) {                                                                                         \
        MAP_OPERAND(0, x, ta);                                                                               \
        MAP_OPERAND(1, y, tb);                                                                               \
        MAP_LOOP(result, const ta x = x_data[i * x_step]; const tb y = y_data[i * y_step];                   \
                 TRY_BODY(result, expression))                                                               \
    }
#define TRY3(symbol, result, ta, tb, tc, expression)                                                         \
    KERNEL(symbol) {                                                                                         \
        MAP_OPERAND(0, x, ta);                                                                               \
        MAP_OPERAND(1, y, tb);                                                                               \
        MAP_OPERAND(2, z, tc);                                                                               \
        MAP_LOOP(result, const ta x = x_data[i * x_step]; const tb y = y_data[i * y_step];                   \
                 const tc z = z_data[i * z_step]; TRY_BODY(result, expression))                              \
    }

#define WITHIN_BUDGET(expression)                 (call_over_budget(call) ? FAULT_TOO_LARGE : (expression))
#define GROW1(symbol, result, ta, expression)     TRY1(symbol, result, ta, WITHIN_BUDGET(expression))
#define GROW2(symbol, result, ta, tb, expression) TRY2(symbol, result, ta, tb, WITHIN_BUDGET(expression))
#define GROW3(symbol, result, ta, tb, tc, expression)                                                        \
    TRY3(symbol, result, ta, tb, tc, WITHIN_BUDGET(expression))

#endif

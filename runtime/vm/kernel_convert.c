/* Kernels that read texts as other types and print values as texts. */
#include "runtime/vm/kernel_map.h"
#include "runtime/vm/kernel_read.h"

#include "runtime/value/convert.h"
#include "runtime/value/interval.h"

typedef struct str str_t;

/* ---------------------------------------------------------------- from text */

#define READ(symbol, result, read)                                                                           \
    KERNEL(symbol) {                                                                                         \
        const struct compiled_pattern *template =                                                            \
            call->instr->imm ? &call->vm->set->patterns[call->instr->imm - 1] : NULL;                        \
        MAP_OPERAND(0, x, str_t);                                                                            \
        MAP_LOOP(result, const str_t x = x_data[i * x_step]; TRY_BODY(result, read))                         \
    }

READ(TEXT_TO_INT, int64_t, read_int_text(template, x, &r))
READ(TEXT_TO_DECIMAL, struct decimal, read_decimal_text(template, x, &r))
READ(TEXT_TO_DATE, int64_t, read_date_text(template, x, &r))
READ(TEXT_TO_TIME, int64_t, read_time_text(template, x, &r))
READ(TEXT_TO_TIMESTAMP, int64_t, read_timestamp_text(template, x, &r))
READ(TEXT_TO_TIMESTAMPTZ, int64_t, read_timestamptz_text(call->vm, template, x, &r))
TRY1(TEXT_TO_BOOL, uint8_t, str_t, bool_parse(x, &r))
TRY1(TEXT_TO_FLOAT, double, str_t, float_parse(x, &r))
TRY1(TEXT_TO_INTERVAL, struct interval, str_t, interval_parse(x, &r))
TRY1(TEXT_TO_UUID, struct uuid, str_t, uuid_parse(x, &r))
TRY1(TEXT_TO_JSON, str_t, str_t, (r = x, json_validate(x, NULL) ? FAULT_NONE : FAULT_NOT_JSON))
MAP1(TEXT_TO_BYTES, str_t, str_t, x)

KERNEL(TEXT_TO_ENUM) {
    const struct text_index *labels = &call->vm->set->labels[call_type(call, call->instr->dst)->ref];
    const str_t *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    int64_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        int64_t label = text_index_find(labels, a[i * step]);
        if (label < 0)
            call_fail(call, i, FAULT_NOT_LABEL);
        else
            out[i] = label;
    }
}

/* ---------------------------------------------------------------- to text */

#define WRITE(name, type, max, write)                                                                        \
    static inline str_t name(struct arena *arena, type x) {                                                  \
        char *text = arena_alloc(arena, max);                                                                \
        return str_from(text, write(x, text));                                                               \
    }
WRITE(text_of_int, int64_t, INT_TEXT_MAX, int_write)
WRITE(text_of_decimal, struct decimal, DECIMAL_TEXT_MAX, decimal_write)
WRITE(text_of_float, double, FLOAT_TEXT_MAX, float_write)
WRITE(text_of_date, int64_t, DATETIME_TEXT_MAX, date_write)
WRITE(text_of_time, int64_t, DATETIME_TEXT_MAX, time_write)
WRITE(text_of_timestamp, int64_t, DATETIME_TEXT_MAX, timestamp_write)
WRITE(text_of_timestamptz, int64_t, DATETIME_TEXT_MAX, timestamptz_write)

MAP1(TEXT_OF_BOOL, str_t, uint8_t, x ? STR("true") : STR("false"))
MAP1(TEXT_OF_INT, str_t, int64_t, text_of_int(arena, x))
MAP1(TEXT_OF_DECIMAL, str_t, struct decimal, text_of_decimal(arena, x))
MAP1(TEXT_OF_FLOAT, str_t, double, text_of_float(arena, x))
MAP1(TEXT_OF_TEXT, str_t, str_t, x)
MAP1(TEXT_OF_BYTES, str_t, str_t, value_format_item(arena, TYPE_BYTES, &x))
MAP1(TEXT_OF_DATE, str_t, int64_t, text_of_date(arena, x))
MAP1(TEXT_OF_TIME, str_t, int64_t, text_of_time(arena, x))
MAP1(TEXT_OF_TIMESTAMP, str_t, int64_t, text_of_timestamp(arena, x))
MAP1(TEXT_OF_TIMESTAMPTZ, str_t, int64_t, text_of_timestamptz(arena, x))
MAP1(TEXT_OF_INTERVAL, str_t, struct interval, interval_format(arena, x))
MAP1(TEXT_OF_UUID, str_t, struct uuid, uuid_format(arena, x))

KERNEL(TEXT_OF_ENUM) {
    const struct plan_enum *enumeration =
        &call->vm->plan->enums[call_type(call, call->code->operands[0])->ref];
    const int64_t *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step;
    str_t *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        int64_t label = a[i * step];
        out[i] = label >= 0 && label < enumeration->labels_count ? enumeration->labels[label].text : STR("");
    }
}

KERNEL(TO_TEXT) {
    switch (call_type(call, call->code->operands[0])->kind) {
    case TYPE_BOOL: op_TEXT_OF_BOOL(call); break;
    case TYPE_INT: op_TEXT_OF_INT(call); break;
    case TYPE_DECIMAL: op_TEXT_OF_DECIMAL(call); break;
    case TYPE_FLOAT: op_TEXT_OF_FLOAT(call); break;
    case TYPE_TEXT:
    case TYPE_JSON: op_TEXT_OF_TEXT(call); break;
    case TYPE_BYTES: op_TEXT_OF_BYTES(call); break;
    case TYPE_DATE: op_TEXT_OF_DATE(call); break;
    case TYPE_TIME: op_TEXT_OF_TIME(call); break;
    case TYPE_TIMESTAMP: op_TEXT_OF_TIMESTAMP(call); break;
    case TYPE_TIMESTAMPTZ: op_TEXT_OF_TIMESTAMPTZ(call); break;
    case TYPE_INTERVAL: op_TEXT_OF_INTERVAL(call); break;
    case TYPE_UUID: op_TEXT_OF_UUID(call); break;
    case TYPE_ENUM: op_TEXT_OF_ENUM(call); break;
    default: { /* secrets, arrays and rows have no text */
        str_t *out = call->out;
        USE_ROWS;
        EACH_ROW(i) {
            out[i] = STR("[redacted]");
        }
        break;
    }
    }
}

/* ---------------------------------------------------------------- by a pattern */

/* Without a pattern (which the compiler asks for): as text(x) prints. */
#define PRINT(symbol, type, plain, print)                                                                    \
    KERNEL(symbol) {                                                                                         \
        const struct pattern *pattern =                                                                      \
            call->instr->imm ? call->vm->set->patterns[call->instr->imm - 1].template : NULL;                \
        MAP_OPERAND(0, x, type);                                                                             \
        MAP_LOOP(str_t, const type x = x_data[i * x_step];                                                   \
                 TRY_BODY(str_t, pattern ? print : (r = plain, FAULT_NONE)))                                 \
    }
PRINT(FORMAT_DATE, int64_t, text_of_date(arena, x), pattern_format_date(arena, pattern, x, &r))
PRINT(FORMAT_TIME, int64_t, text_of_time(arena, x), pattern_format_time(arena, pattern, x, &r))
PRINT(FORMAT_TIMESTAMP, int64_t, text_of_timestamp(arena, x), pattern_format_timestamp(arena, pattern, x, &r))
PRINT(FORMAT_TIMESTAMPTZ, int64_t, text_of_timestamptz(arena, x),
      pattern_format_timestamptz(arena, pattern, x, &r))
PRINT(FORMAT_DECIMAL, struct decimal, text_of_decimal(arena, x),
      pattern_format_decimal(arena, pattern, x, &r))
PRINT(FORMAT_INT, int64_t, text_of_int(arena, x),
      pattern_format_decimal(arena, pattern, decimal_from_int(x), &r))

/* Kernels for JSON: a value is the slice of text it was written in. JSON's null is null. */
#include "runtime/vm/kernel_map.h"

#include "runtime/value/decimal.h"
#include "runtime/value/number.h"

typedef struct str str_t;

/* ---------------------------------------------------------------- going into it */

#define JSON_STEP(symbol, declare, find)                                                                     \
    KERNEL(symbol) {                                                                                         \
        MAP_OPERAND(0, x, str_t);                                                                            \
        declare;                                                                                             \
        str_t *out = call->out;                                                                              \
        USE_ROWS;                                                                                            \
        EACH_ROW(i) {                                                                                        \
            const str_t x = x_data[i * x_step];                                                              \
            str_t found;                                                                                     \
            if ((find) && json_kind_of(found) != JSON_NULL)                                                  \
                out[i] = found;                                                                              \
            else                                                                                             \
                call_null(call, i);                                                                          \
        }                                                                                                    \
    }
JSON_STEP(JSON_GET, const struct json_path *path = &call->vm->set->patterns[call->instr->imm].path,
          json_path_find(path, x, &found))
JSON_STEP(JSON_KEY, MAP_OPERAND(1, y, str_t), json_get(x, y_data[i * y_step], &found))
JSON_STEP(JSON_AT, MAP_OPERAND(1, y, int64_t), json_get_index(x, y_data[i * y_step], &found))

/* ---------------------------------------------------------------- out of it */

#define JSON_READ(symbol, result, read)                                                                      \
    KERNEL(symbol) {                                                                                         \
        MAP_OPERAND(0, x, str_t);                                                                            \
        MAP_LOOP(                                                                                            \
            result, const str_t x = json_trim(x_data[i * x_step]); if (json_kind_of(x) == JSON_NULL) {       \
                call_null(call, i);                                                                          \
                continue;                                                                                    \
            } TRY_BODY(result, read))                                                                        \
    }

static enum fault length_of(str_t value, int64_t *out) {
    *out = json_array_length(value);
    return *out < 0 ? FAULT_WRONG_JSON_TYPE : FAULT_NONE;
}

static enum fault texts_of(struct arena *arena, str_t value, struct array *out) {
    struct json_iter iter;
    struct json_member member;
    int64_t count = json_array_length(value);
    if (count < 0 || !json_iter_start(value, &iter)) return FAULT_WRONG_JSON_TYPE;
    str_t *items = ARENA_ARRAY(arena, str_t, count);
    size_t n = 0;
    for (; n < (size_t)count && json_iter_next(&iter, &member); n++) {
        enum fault fault = json_to_text(arena, member.value, &items[n]);
        if (fault != FAULT_NONE) return fault;
    }
    *out = (struct array){items, NULL, n};
    return FAULT_NONE;
}

JSON_READ(JSON_TO_BOOL, uint8_t, json_to_bool(x, &r))
JSON_READ(JSON_TO_INT, int64_t, json_to_int(x, &r))
JSON_READ(JSON_TO_DECIMAL, struct decimal, json_to_decimal(x, &r))
JSON_READ(JSON_TO_FLOAT, double, json_to_float(x, &r))
JSON_READ(JSON_TO_TEXT, str_t, json_to_text(arena, x, &r))
JSON_READ(JSON_LENGTH, int64_t, length_of(x, &r))
JSON_READ(JSON_TEXTS, struct array, texts_of(arena, x, &r))
MAP1(JSON_RAW, str_t, str_t, x)

/* ---------------------------------------------------------------- into JSON */

GROW1(JSON_OF_TEXT, str_t, str_t, (r = json_quote(arena, x), FAULT_NONE))
MAP1(JSON_OF_INT, str_t, int64_t, int_format(arena, x))
MAP1(JSON_OF_DECIMAL, str_t, struct decimal, decimal_format(arena, x))
MAP1(JSON_OF_BOOL, str_t, uint8_t, x ? STR("true") : STR("false"))

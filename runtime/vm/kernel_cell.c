/* Kernels that read raw cells as typed values. What a cell's kind allows: a text is read by the template, or
 * else in the type's own strict form; a number, a bool, a date cell or a JSON fragment only as what it can be
 * without loss. */
#include "runtime/vm/kernel_read.h"

#include "runtime/value/convert.h"
#include "runtime/value/encode.h"
#include "runtime/value/interval.h"
#include "runtime/value/pg.h"

/* The cells of one instruction. */
struct cells {
    const struct cell_column *column;        /* NULL: nothing is there */
    const uint32_t *index;                   /* row of the batch by row of the vm; NULL: the same */
    const struct compiled_pattern *template; /* NULL: none */
    struct vm_call *call;
};

static struct cells open_cells(struct vm_call *call) {
    const struct vm *vm = call->vm;
    struct cells cells = {.call = call};
    if (call->instr->imm2) cells.template = &vm->set->patterns[call->instr->imm2 - 1];
    if (vm->in_init || vm->batch == NULL || vm->cell_columns == NULL) return cells;
    uint32_t number = vm->prepared->cell_slots[call->instr->imm];
    if (number == UINT32_MAX || vm->cell_columns[number] >= vm->batch->column_count) return cells;
    cells.column = &vm->batch->columns[vm->cell_columns[number]];
    cells.index = vm->row_index;
    return cells;
}

/* A row without a readable text: null, or an error cell with its reason. */
static void absent_cell(struct vm_call *call, uint32_t row, enum row_state state, struct str why) {
    if (state == ROW_NULL)
        call_null(call, row);
    else
        call_fail_value(call, row, FAULT_BAD_CELL, text_value(why));
}

/* Defines a CELL_ kernel: read(cells, row of dst, text, kind, out) gives a fault or the value. */
#define READ_CELLS(symbol, type, read)                                                                       \
    KERNEL(symbol) {                                                                                         \
        const struct cells cells = open_cells(call);                                                         \
        const struct cell_column *column = cells.column;                                                     \
        type *out = call->out;                                                                               \
        USE_ROWS;                                                                                            \
        EACH_ROW(i) {                                                                                        \
            if (column == NULL) {                                                                            \
                call_null(call, i);                                                                          \
                continue;                                                                                    \
            }                                                                                                \
            uint32_t row = cells.index ? cells.index[i] : i;                                                 \
            enum row_state state = column->clean ? ROW_VALUE : (enum row_state)column->state[row];           \
            enum cell_kind kind = column->kind ? (enum cell_kind)column->kind[row] : CELL_TEXT;              \
            if (state != ROW_VALUE || kind == CELL_BAD) {                                                    \
                absent_cell(call, i, state == ROW_VALUE ? ROW_ERROR : state, column->text[row]);             \
                continue;                                                                                    \
            }                                                                                                \
            enum fault fault = read(&cells, column->text[row], kind, &out[i]);                               \
            if (__builtin_expect(fault != FAULT_NONE, 0))                                                    \
                call_fail_value(call, i, fault, text_value(column->text[row]));                              \
        }                                                                                                    \
    }

/* ---------------------------------------------------------------- numbers */

static enum fault read_bool(const struct cells *cells, struct str text, enum cell_kind kind, uint8_t *out) {
    (void)cells;
    if (kind == CELL_DATETIME || kind == CELL_JSON) return FAULT_NOT_BOOL;
    return bool_parse(text, out);
}

static inline enum fault read_int(const struct cells *cells, struct str text, enum cell_kind kind,
                                  int64_t *out) {
    if (kind == CELL_TEXT) return read_int_text(cells->template, text, out);
    /* 5.0 and 1e3 are whole numbers where a program wrote them. */
    struct decimal d;
    if (kind != CELL_NUMBER || decimal_parse(text, &d) != FAULT_NONE) return FAULT_NOT_INT;
    enum fault fault = decimal_to_int(d, out);
    return fault == FAULT_LOSSY ? FAULT_NOT_INT : fault;
}

static inline enum fault read_decimal(const struct cells *cells, struct str text, enum cell_kind kind,
                                      struct decimal *out) {
    if (kind == CELL_TEXT) return read_decimal_text(cells->template, text, out);
    return kind == CELL_NUMBER ? decimal_parse(text, out) : FAULT_NOT_DECIMAL;
}

static enum fault read_float(const struct cells *cells, struct str text, enum cell_kind kind, double *out) {
    if (kind == CELL_TEXT && cells->template) {
        struct decimal d;
        enum fault fault = read_decimal_text(cells->template, text, &d);
        if (fault == FAULT_NONE) *out = decimal_to_float(d);
        return fault;
    }
    return kind == CELL_TEXT || kind == CELL_NUMBER ? float_parse(text, out) : FAULT_NOT_FLOAT;
}

READ_CELLS(CELL_BOOL, uint8_t, read_bool)
READ_CELLS(CELL_INT, int64_t, read_int)
READ_CELLS(CELL_DECIMAL, struct decimal, read_decimal)
READ_CELLS(CELL_FLOAT, double, read_float)

/* ---------------------------------------------------------------- dates and times */

static inline enum fault read_date(const struct cells *cells, struct str text, enum cell_kind kind,
                                   int64_t *out) {
    if (kind == CELL_TEXT) return read_date_text(cells->template, text, out);
    if (kind != CELL_DATETIME) return FAULT_NOT_DATE;
    int64_t micros;
    if (date_parse(text, out) == FAULT_NONE) return FAULT_NONE;
    if (timestamp_parse(text, &micros) != FAULT_NONE) return FAULT_NOT_DATE;
    *out = date_of_timestamp(micros);
    return time_of_timestamp(micros) == 0 ? FAULT_NONE : FAULT_LOSSY;
}

static enum fault read_time(const struct cells *cells, struct str text, enum cell_kind kind, int64_t *out) {
    if (kind == CELL_TEXT) return read_time_text(cells->template, text, out);
    return kind == CELL_DATETIME ? time_parse(text, out) : FAULT_NOT_TIME;
}

/* A date cell is that day's start. */
static enum fault read_date_cell(struct str text, int64_t *out) {
    int64_t days;
    if (timestamp_parse(text, out) == FAULT_NONE) return FAULT_NONE;
    return date_parse(text, &days) == FAULT_NONE ? timestamp_from_date(days, 0, out) : FAULT_NOT_TIMESTAMP;
}

static enum fault read_timestamp(const struct cells *cells, struct str text, enum cell_kind kind,
                                 int64_t *out) {
    if (kind == CELL_TEXT) return read_timestamp_text(cells->template, text, out);
    return kind == CELL_DATETIME ? read_date_cell(text, out) : FAULT_NOT_TIMESTAMP;
}

static enum fault read_timestamptz(const struct cells *cells, struct str text, enum cell_kind kind,
                                   int64_t *out) {
    if (kind == CELL_TEXT) return read_timestamptz_text(cells->call->vm, cells->template, text, out);
    return kind == CELL_DATETIME ? timestamptz_parse(text, &cells->call->vm->zones, out)
                                 : FAULT_NOT_TIMESTAMPTZ;
}

static enum fault read_interval(const struct cells *cells, struct str text, enum cell_kind kind,
                                struct interval *out) {
    (void)cells;
    return kind == CELL_TEXT ? interval_parse(text, out) : FAULT_NOT_INTERVAL;
}

READ_CELLS(CELL_DATE, int64_t, read_date)
READ_CELLS(CELL_TIME, int64_t, read_time)
READ_CELLS(CELL_TIMESTAMP, int64_t, read_timestamp)
READ_CELLS(CELL_TIMESTAMPTZ, int64_t, read_timestamptz)
READ_CELLS(CELL_INTERVAL, struct interval, read_interval)

/* ---------------------------------------------------------------- texts */

/* A date cell in the template; each kind of it as far as the template has room for it. */
static enum fault print_datetime(const struct cells *cells, struct str text, struct str *out) {
    const struct pattern *template = cells->template->template;
    struct arena *arena = cells->call->arena;
    struct str why;
    int64_t v;
    if (template == NULL) return FAULT_BAD_CELL;
    if (date_parse(text, &v) == FAULT_NONE && pattern_check_printing(arena, template, TYPE_DATE, &why))
        return pattern_format_date(arena, template, v, out);
    if (time_parse(text, &v) == FAULT_NONE && pattern_check_printing(arena, template, TYPE_TIME, &why))
        return pattern_format_time(arena, template, v, out);
    if (read_date_cell(text, &v) == FAULT_NONE &&
        pattern_check_printing(arena, template, TYPE_TIMESTAMP, &why))
        return pattern_format_timestamp(arena, template, v, out);
    return FAULT_BAD_CELL;
}

static inline enum fault read_text(const struct cells *cells, struct str text, enum cell_kind kind,
                                   struct str *out) {
    if (kind == CELL_DATETIME && cells->template) return print_datetime(cells, text, out);
    if (kind == CELL_JSON) return FAULT_WRONG_JSON_TYPE;
    *out = text;
    return cells->column->checked ? FAULT_NONE : check_text(text);
}

static kernel_function op_CELL_TEXT_SLOW;
READ_CELLS(CELL_TEXT_SLOW, struct str, read_text)

/* Clean texts that the reader has checked need no copy: dst shows the batch's own column until it is written
 * again. */
KERNEL(CELL_TEXT) {
    const struct cells cells = open_cells(call);
    const struct cell_column *column = cells.column;
    bool plain = column && column->checked && column->kind == NULL && cells.index == NULL;
    if (plain && column->clean) {
        call->dst->data = column->text;
    } else if (plain && call->rows == NULL && call->count == call->vm->count) {
        /* Texts and nulls: without kinds there is nothing else. */
        call->dst->data = column->text;
        memcpy(call->dst->state, column->state, call->count);
        call->dirty = true;
    } else {
        op_CELL_TEXT_SLOW(call);
    }
}

static enum fault read_bytes(const struct cells *cells, struct str text, enum cell_kind kind,
                             struct str *out) {
    struct arena *arena = cells->call->arena;
    if (kind != CELL_TEXT) return FAULT_NOT_BYTES;
    return str_starts_with(text, STR("\\x")) ? pg_bytea_parse(arena, text, out)
                                             : base64_decode(arena, text, out);
}

static enum fault read_uuid(const struct cells *cells, struct str text, enum cell_kind kind,
                            struct uuid *out) {
    (void)cells;
    return kind == CELL_TEXT ? uuid_parse(text, out) : FAULT_NOT_UUID;
}

static enum fault read_json(const struct cells *cells, struct str text, enum cell_kind kind,
                            struct str *out) {
    if (kind == CELL_DATETIME) {
        *out = json_quote(cells->call->arena, text);
        return FAULT_NONE;
    }
    *out = text;
    return json_validate(text, NULL) ? FAULT_NONE : FAULT_NOT_JSON;
}

READ_CELLS(CELL_BYTES, struct str, read_bytes)
READ_CELLS(CELL_UUID, struct uuid, read_uuid)
READ_CELLS(CELL_JSON, struct str, read_json)

/* ---------------------------------------------------------------- enums and arrays */

static enum fault read_enum(const struct cells *cells, struct str text, enum cell_kind kind, int64_t *out) {
    const struct vm_call *call = cells->call;
    if (kind == CELL_DATETIME || kind == CELL_JSON) return FAULT_NOT_LABEL;
    *out = text_index_find(&call->vm->set->labels[call_type(call, call->instr->dst)->ref], text);
    return *out < 0 ? FAULT_NOT_LABEL : FAULT_NONE;
}

/* The texts of a JSON array's elements: strings unescaped, anything else as it was written. */
static enum fault json_texts(struct arena *arena, struct str text, struct array *out) {
    struct json_iter iter;
    struct json_member member;
    int64_t count = json_validate(text, NULL) ? json_array_length(text) : -1;
    if (count < 0 || !json_iter_start(text, &iter)) return FAULT_NOT_ARRAY;
    struct str *items = ARENA_ARRAY(arena, struct str, count);
    uint8_t *nulls = ARENA_ARRAY(arena, uint8_t, count);
    size_t n = 0;
    for (; n < (size_t)count && json_iter_next(&iter, &member); n++) {
        nulls[n] = json_kind_of(member.value) == JSON_NULL;
        if (nulls[n]) continue;
        enum fault fault = json_to_any_text(arena, member.value, &items[n]);
        if (fault != FAULT_NONE) return fault;
    }
    *out = (struct array){items, nulls, n};
    return FAULT_NONE;
}

static enum fault read_element(const struct vm_call *call, const struct plan_type *type, struct str text,
                               void *out) {
    if (type->element == TYPE_ENUM) {
        int64_t label = text_index_find(&call->vm->set->labels[type->ref], text);
        *(int64_t *)out = label;
        return label < 0 ? FAULT_NOT_LABEL : FAULT_NONE;
    }
    return value_parse_item(call->arena, (enum type_kind)type->element, text, &call->vm->zones, out);
}

static enum fault read_array(const struct cells *cells, struct str text, enum cell_kind kind,
                             struct array *out) {
    struct vm_call *call = cells->call;
    const struct plan_type *type = call_type(call, call->instr->dst);
    struct str trimmed = json_trim(text);
    bool braces = trimmed.len && trimmed.ptr[0] == '{';
    struct array texts;
    if (kind != CELL_TEXT && kind != CELL_JSON) return FAULT_NOT_ARRAY;
    enum fault fault = kind == CELL_TEXT && braces ? pg_array_parse(call->arena, text, &texts)
                                                   : json_texts(call->arena, text, &texts);
    if (fault != FAULT_NONE) return fault;
    size_t size = type_kind_size((enum type_kind)type->element);
    char *items = arena_zalloc(call->arena, size * texts.count);
    uint8_t *nulls = ARENA_ARRAY(call->arena, uint8_t, texts.count);
    bool any_null = false;
    for (size_t n = 0; n < texts.count; n++) {
        nulls[n] = texts.nulls && texts.nulls[n];
        any_null |= nulls[n];
        if (nulls[n]) continue;
        fault = read_element(call, type, ((const struct str *)texts.items)[n], items + n * size);
        if (fault != FAULT_NONE) return fault;
    }
    if (any_null && !type->element_nullable) return FAULT_NULL_VALUE;
    *out = (struct array){items, any_null ? nulls : NULL, texts.count};
    return FAULT_NONE;
}

READ_CELLS(CELL_ENUM, int64_t, read_enum)
READ_CELLS(CELL_ARRAY, struct array, read_array)

/* What each instruction means, said once more by direct calls of the value library. See reference.h. */
#include "tests/reference/reference.h"

#include "runtime/plan/plan.h"
#include "runtime/value/convert.h"
#include "runtime/value/datetime.h"
#include "runtime/value/decimal.h"
#include "runtime/value/digest.h"
#include "runtime/value/encode.h"
#include "runtime/value/interval.h"
#include "runtime/value/json.h"
#include "runtime/value/markdown.h"
#include "runtime/value/number.h"
#include "runtime/value/pattern.h"
#include "runtime/value/pg.h"
#include "runtime/value/regex.h"
#include "runtime/value/text.h"
#include "runtime/value/uuid.h"
#include "runtime/value/zone.h"

#include <math.h>

/* ---------------------------------------------------------------- patterns */

static struct str ref_pattern_text(const struct ref_row *row, uint32_t index) {
    return row->builder->patterns.items[index].text;
}

static const struct pattern *ref_template(struct ref_row *row, uint32_t imm) {
    const struct plan_pattern *p = &row->builder->patterns.items[imm - 1];
    bool number = p->type == TYPE_INT || p->type == TYPE_DECIMAL;
    const struct pattern *pattern = NULL;
    struct str error;
    size_t at;
    pattern_compile(row->arena, p->text, number ? PATTERN_NUMBER : PATTERN_DATETIME, &pattern, &error, &at);
    return pattern;
}

static const struct zone *ref_zone(struct ref_row *row, uint32_t imm) {
    const struct zone *zone = NULL;
    zone_open(row->arena, ref_pattern_text(row, imm), &zone);
    return zone;
}

static struct regex *ref_regex(struct ref_row *row, uint32_t imm) {
    struct regex *regex = NULL;
    struct str error;
    size_t at;
    regex_compile(row->arena, ref_pattern_text(row, imm), &regex, &error, &at);
    return regex;
}

/* ---------------------------------------------------------------- reading texts */

static enum fault ref_read_text(struct ref_row *row, enum type_kind kind, uint32_t template, struct str text,
                                struct value *out) {
    out->kind = kind;
    if (template == 0) {
        struct zone_cache zones = {.arena = row->arena};
        switch (kind) {
        case TYPE_BOOL: return bool_parse(text, &out->as_bool);
        case TYPE_INT: return int_parse(text, &out->as_int);
        case TYPE_DECIMAL: return decimal_parse(text, &out->as_decimal);
        case TYPE_FLOAT: return float_parse(text, &out->as_float);
        case TYPE_DATE: return date_parse(text, &out->as_int);
        case TYPE_TIME: return time_parse(text, &out->as_int);
        case TYPE_TIMESTAMP: return timestamp_parse(text, &out->as_int);
        case TYPE_TIMESTAMPTZ: return timestamptz_parse(text, &zones, &out->as_int);
        case TYPE_INTERVAL: return interval_parse(text, &out->as_interval);
        case TYPE_UUID: return uuid_parse(text, &out->as_uuid);
        case TYPE_JSON: out->as_text = text; return json_validate(text, NULL) ? FAULT_NONE : FAULT_NOT_JSON;
        case TYPE_TEXT: out->as_text = text; return text_check(text, NULL);
        default: return FAULT_BAD_ARGUMENT;
        }
    }
    const struct pattern *pattern = ref_template(row, template);
    switch (kind) {
    case TYPE_INT: return pattern_parse_int(pattern, text, &out->as_int);
    case TYPE_DECIMAL: return pattern_parse_decimal(pattern, text, &out->as_decimal);
    case TYPE_DATE: return pattern_parse_date(pattern, text, &out->as_int);
    case TYPE_TIME: return pattern_parse_time(pattern, text, &out->as_int);
    case TYPE_TIMESTAMP: return pattern_parse_timestamp(pattern, text, &out->as_int);
    case TYPE_TIMESTAMPTZ: return pattern_parse_timestamptz(pattern, text, &out->as_int);
    default: return FAULT_BAD_ARGUMENT;
    }
}

static enum fault ref_read_label(const struct ref_row *row, uint32_t ref, struct str text,
                                 struct value *out) {
    const struct plan_enum *e = &row->builder->enums.items[ref];
    for (uint32_t i = 0; i < e->labels_count; i++) {
        if (!str_eq(e->labels[i].text, text)) continue;
        *out = (struct value){.kind = TYPE_ENUM, .as_int = i};
        return FAULT_NONE;
    }
    return FAULT_NOT_LABEL;
}

/* Only text arrays, as JSON: that is what the tests' cells hold. */
static enum fault ref_read_texts(struct ref_row *row, struct str text, struct value *out) {
    struct json_iter iter;
    struct json_member member;
    if (!json_validate(text, NULL) || json_array_length(text) < 0) return FAULT_NOT_ARRAY;
    size_t count = (size_t)json_array_length(text), n = 0;
    struct str *items = ARENA_ARRAY(row->arena, struct str, count + 1);
    json_iter_start(text, &iter);
    while (json_iter_next(&iter, &member)) {
        if (json_kind_of(member.value) == JSON_NULL) return FAULT_NULL_VALUE;
        enum fault fault = json_to_any_text(row->arena, member.value, &items[n++]);
        if (fault != FAULT_NONE) return fault;
    }
    *out = (struct value){.kind = TYPE_ARRAY, .as_array = {.items = items, .count = count}};
    return FAULT_NONE;
}

enum fault ref_read_cell(struct ref_row *row, struct plan_type type, uint32_t pattern, struct str text,
                         struct value *out) {
    switch ((enum type_kind)type.kind) {
    case TYPE_ENUM: return ref_read_label(row, type.ref, text, out);
    case TYPE_ARRAY: return ref_read_texts(row, text, out);
    case TYPE_BYTES:
        out->kind = TYPE_BYTES;
        return str_starts_with(text, STR("\\x")) ? pg_bytea_parse(row->arena, text, &out->as_text)
                                                 : base64_decode(row->arena, text, &out->as_text);
    default: return ref_read_text(row, (enum type_kind)type.kind, pattern, text, out);
    }
}

/* ---------------------------------------------------------------- helpers with more than one step */

static struct str ref_text_of(struct ref_row *row, const struct texpr *arg, const struct value *value) {
    if (value->kind != TYPE_ENUM) return value_format(row->arena, value);
    return row->builder->enums.items[arg->type.ref].labels[value->as_int].text;
}

static enum fault ref_concat(struct ref_row *row, const struct value *args, uint32_t count,
                             struct value *out) {
    struct buf text = {0};
    for (uint32_t i = 0; i < count; i++)
        buf_append_str(&text, args[i].as_text);
    out->as_text = arena_copy_str(row->arena, buf_str(&text));
    buf_release(&text);
    return FAULT_NONE;
}

static enum fault ref_uuid5(struct ref_row *row, const struct value *args, uint32_t count,
                            struct value *out) {
    struct str *texts = ARENA_ARRAY(row->arena, struct str, count);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = args[i].as_text;
    return uuid5_in_migration(uuid5_migration_namespace(row->builder->plan.migration), texts, count,
                              &out->as_uuid);
}

static enum fault ref_age(int64_t a, int64_t b, struct interval *out) {
    int64_t from, to;
    enum fault fault = timestamp_from_date(a, 0, &to);
    if (fault == FAULT_NONE) fault = timestamp_from_date(b, 0, &from);
    return fault == FAULT_NONE ? timestamp_age(to, from, out) : fault;
}

static enum fault ref_truncate(int64_t x, struct str unit, bool date, int64_t *out) {
    enum datetime_part part;
    if (!datetime_part_find(unit, &part)) return FAULT_BAD_ARGUMENT;
    return date ? date_truncate(x, part, out) : timestamp_truncate(x, part, out);
}

/* A step into JSON: null where there is nothing, or JSON's null. */
static enum fault ref_json_found(bool found, struct str value, struct value *out) {
    if (!found || json_kind_of(value) == JSON_NULL) {
        out->kind = TYPE_NULL;
    } else {
        out->as_text = value;
    }
    return FAULT_NONE;
}

static enum fault ref_json_path(struct ref_row *row, uint32_t imm, struct str json, struct value *out) {
    struct json_path path;
    struct str error, found = {0};
    json_path_compile(row->arena, ref_pattern_text(row, imm), &path, &error);
    bool is = json_path_find(&path, json, &found);
    return ref_json_found(is, found, out);
}

static enum fault ref_json_read(struct ref_row *row, enum opcode op, struct str json, struct value *out) {
    json = json_trim(json);
    if (json_kind_of(json) == JSON_NULL) {
        out->kind = TYPE_NULL;
        return FAULT_NONE;
    }
    switch (op) {
    case OP_JSON_TO_BOOL: return json_to_bool(json, &out->as_bool);
    case OP_JSON_TO_INT: return json_to_int(json, &out->as_int);
    case OP_JSON_TO_DECIMAL: return json_to_decimal(json, &out->as_decimal);
    case OP_JSON_TO_FLOAT: return json_to_float(json, &out->as_float);
    case OP_JSON_TO_TEXT: return json_to_text(row->arena, json, &out->as_text);
    default:
        out->as_int = json_array_length(json);
        return out->as_int < 0 ? FAULT_WRONG_JSON_TYPE : FAULT_NONE;
    }
}

static enum fault ref_regex_op(struct ref_row *row, const struct texpr *call, const struct value *a,
                               struct value *out) {
    struct regex *regex = ref_regex(row, call->imm);
    struct regex_scratch *scratch = regex_scratch_new();
    enum fault fault = FAULT_NONE;
    bool found = false;
    switch (call->opcode) {
    case OP_MATCHES:
        fault = regex_match(regex, scratch, a[0].as_text, &found);
        out->as_bool = found;
        break;
    case OP_REGEX_REPLACE:
        fault = regex_replace(regex, scratch, row->arena, a[0].as_text, a[1].as_text, false, &out->as_text);
        break;
    case OP_REGEX_SPLIT: fault = regex_split(regex, scratch, row->arena, a[0].as_text, &out->as_array); break;
    default:
        fault =
            regex_extract(regex, scratch, a[0].as_text, regex_group_count(regex) > 0, &found, &out->as_text);
        if (!found) out->kind = TYPE_NULL;
        out->as_text = arena_copy_str(row->arena, found ? out->as_text : STR(""));
        break;
    }
    regex_scratch_free(scratch);
    regex_free(regex);
    return fault;
}

static bool ref_in(struct ref_row *row, const struct texpr *call, const struct value *x) {
    const struct plan_const *list = &row->builder->consts.items[call->imm];
    struct value all = {.kind = TYPE_NULL};
    if (plan_const_value(row->arena, &row->builder->plan, list, &all) != FAULT_NONE || all.kind != TYPE_ARRAY)
        return false;
    struct array items = all.as_array;
    for (size_t i = 0; i < items.count; i++) {
        if (x->kind == TYPE_TEXT && str_eq(((const struct str *)items.items)[i], x->as_text)) return true;
        if (x->kind == TYPE_INT && ((const int64_t *)items.items)[i] == x->as_int) return true;
    }
    return false;
}

static enum fault ref_array_at(const struct texpr *call, const struct value *a, struct value *out) {
    const struct array *array = &a[0].as_array;
    int64_t n = a[1].as_int, count = (int64_t)array->count;
    if (n < 0) n = n >= -count ? count + n + 1 : 0;
    if (n < 1 || n > count || (array->nulls != NULL && array->nulls[n - 1])) {
        out->kind = TYPE_NULL;
        return FAULT_NONE;
    }
    size_t size = type_kind_size((enum type_kind)call->type.kind);
    memcpy((void *)value_item(out), (const char *)array->items + (size_t)(n - 1) * size, size);
    return FAULT_NONE;
}

static bool ref_array_contains(const struct texpr *call, const struct value *a) {
    const struct array *array = &a[0].as_array;
    enum type_kind kind = (enum type_kind)call->args.items[0]->type.element;
    size_t size = type_kind_size(kind);
    for (size_t i = 0; i < array->count; i++) {
        if (array->nulls != NULL && array->nulls[i]) continue;
        if (value_compare_item(kind, (const char *)array->items + i * size, value_item(&a[1])) == 0)
            return true;
    }
    return false;
}

static enum fault ref_join(struct ref_row *row, const struct texpr *call, const struct value *a,
                           struct value *out) {
    const struct array *array = &a[0].as_array;
    enum type_kind kind = (enum type_kind)call->args.items[0]->type.element;
    struct str *texts = ARENA_ARRAY(row->arena, struct str, array->count + 1);
    for (size_t i = 0; i < array->count; i++)
        if (array->nulls == NULL || !array->nulls[i])
            texts[i] =
                value_format_item(row->arena, kind, (const char *)array->items + i * type_kind_size(kind));
    struct array all = {texts, array->nulls, array->count};
    return text_join(row->arena, &all, a[1].as_text, &out->as_text);
}

static enum fault ref_decimal_to_float(struct decimal d, double *out) {
    struct decimal back;
    *out = decimal_to_float(d);
    if (decimal_from_float(*out, &back) != FAULT_NONE || decimal_compare(d, back) != 0) return FAULT_LOSSY;
    return FAULT_NONE;
}

static enum fault ref_int_to_float(int64_t n, double *out) {
    *out = (double)n;
    /* Exact: what comes back is the same number. */
    return *out >= -9223372036854775808.0 && *out < 9223372036854775808.0 && (int64_t)*out == n ? FAULT_NONE
                                                                                                : FAULT_LOSSY;
}

/* ---------------------------------------------------------------- comparisons */

static bool ref_compare(enum opcode op, enum opcode base, const struct value *a) {
    int order = value_compare(&a[0], &a[1]);
    switch (op - base) {
    case 0: return order == 0;
    case 1: return order != 0;
    case 2: return order < 0;
    case 3: return order <= 0;
    case 4: return order > 0;
    default: return order >= 0;
    }
}

static bool ref_comparison(enum opcode op, const struct value *a, struct value *out) {
    static const uint16_t bases[] = {OP_EQ_I64,  OP_EQ_BOOL,  OP_EQ_DECIMAL, OP_EQ_FLOAT,
                                     OP_EQ_TEXT, OP_EQ_BYTES, OP_EQ_UUID,    OP_EQ_INTERVAL};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if ((int)op < bases[i] || (int)op > bases[i] + 5) continue;
        out->as_bool = ref_compare(op, (enum opcode)bases[i], a);
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- the instructions, by what they are about
 */

#define T(n) a[n].as_text
#define I(n) a[n].as_int
#define D(n) a[n].as_decimal
#define F(n) a[n].as_float
#define V(n) a[n].as_interval
#define GIVES(field, expression)                                                                             \
    out->field = (expression);                                                                               \
    return true
#define TRIES(expression)                                                                                    \
    *fault = (expression);                                                                                   \
    return true

static bool ref_number_op(enum opcode op, const struct value *a, struct value *out, enum fault *fault) {
    switch (op) {
    case OP_ADD_INT: TRIES(int_add(I(0), I(1), &out->as_int));
    case OP_SUB_INT: TRIES(int_subtract(I(0), I(1), &out->as_int));
    case OP_MUL_INT: TRIES(int_multiply(I(0), I(1), &out->as_int));
    case OP_MOD_INT: TRIES(int_modulo(I(0), I(1), &out->as_int));
    case OP_DIV_INT: TRIES(int_divide(I(0), I(1), &out->as_int));
    case OP_NEG_INT: TRIES(int_negate(I(0), &out->as_int));
    case OP_ABS_INT: TRIES(int_abs(I(0), &out->as_int));
    case OP_SIGN_INT: GIVES(as_int, (I(0) > 0) - (I(0) < 0));
    case OP_GREATEST_INT: GIVES(as_int, I(0) > I(1) ? I(0) : I(1));
    case OP_LEAST_INT: GIVES(as_int, I(0) < I(1) ? I(0) : I(1));
    case OP_ADD_DECIMAL: TRIES(decimal_add(D(0), D(1), &out->as_decimal));
    case OP_SUB_DECIMAL: TRIES(decimal_subtract(D(0), D(1), &out->as_decimal));
    case OP_MUL_DECIMAL: TRIES(decimal_multiply(D(0), D(1), &out->as_decimal));
    case OP_DIV_DECIMAL: TRIES(decimal_divide(D(0), D(1), &out->as_decimal));
    case OP_MOD_DECIMAL: TRIES(decimal_modulo(D(0), D(1), &out->as_decimal));
    case OP_NEG_DECIMAL: GIVES(as_decimal, decimal_negate(D(0)));
    case OP_ABS_DECIMAL: GIVES(as_decimal, decimal_abs(D(0)));
    case OP_SIGN_DECIMAL: GIVES(as_int, decimal_sign(D(0)));
    case OP_ROUND_DECIMAL: TRIES(decimal_round(D(0), 0, &out->as_decimal));
    case OP_ROUND_DECIMAL_TO: TRIES(decimal_round(D(0), I(1), &out->as_decimal));
    case OP_TRUNCATE_DECIMAL: TRIES(decimal_truncate(D(0), 0, &out->as_decimal));
    case OP_TRUNCATE_DECIMAL_TO: TRIES(decimal_truncate(D(0), I(1), &out->as_decimal));
    case OP_CEIL_DECIMAL: TRIES(decimal_ceil(D(0), &out->as_decimal));
    case OP_FLOOR_DECIMAL: TRIES(decimal_floor(D(0), &out->as_decimal));
    case OP_GREATEST_DECIMAL: GIVES(as_decimal, decimal_compare(D(0), D(1)) >= 0 ? D(0) : D(1));
    case OP_LEAST_DECIMAL: GIVES(as_decimal, decimal_compare(D(0), D(1)) <= 0 ? D(0) : D(1));
    case OP_ADD_FLOAT: TRIES(float_add(F(0), F(1), &out->as_float));
    case OP_SUB_FLOAT: TRIES(float_subtract(F(0), F(1), &out->as_float));
    case OP_MUL_FLOAT: TRIES(float_multiply(F(0), F(1), &out->as_float));
    case OP_DIV_FLOAT: TRIES(float_divide(F(0), F(1), &out->as_float));
    case OP_NEG_FLOAT: GIVES(as_float, -F(0));
    case OP_ABS_FLOAT: GIVES(as_float, fabs(F(0)));
    case OP_ROUND_FLOAT: TRIES(float_round(F(0), 0, &out->as_float));
    case OP_ROUND_FLOAT_TO: TRIES(float_round(F(0), I(1), &out->as_float));
    case OP_GREATEST_FLOAT: GIVES(as_float, float_compare(F(0), F(1)) >= 0 ? F(0) : F(1));
    case OP_INT_TO_DECIMAL:
    case OP_INT_AS_DECIMAL: GIVES(as_decimal, decimal_from_int(I(0)));
    case OP_BOOL_TO_INT: GIVES(as_int, a[0].as_bool != 0);
    case OP_DECIMAL_TO_INT: TRIES(decimal_to_int(D(0), &out->as_int));
    case OP_FLOAT_TO_INT: TRIES(float_to_int(F(0), &out->as_int));
    case OP_FLOAT_TO_DECIMAL: TRIES(decimal_from_float(F(0), &out->as_decimal));
    case OP_INT_TO_FLOAT: TRIES(ref_int_to_float(I(0), &out->as_float));
    case OP_DECIMAL_TO_FLOAT: TRIES(ref_decimal_to_float(D(0), &out->as_float));
    default: return false;
    }
}

static bool ref_date_op(struct ref_row *row, const struct texpr *call, const struct value *a,
                        struct value *out, enum fault *fault) {
    switch (call->opcode) {
    case OP_ADD_DATE_INT: TRIES(date_add_days(I(0), I(1), &out->as_int));
    case OP_SUB_DATE_INT:
        TRIES(I(1) == INT64_MIN ? FAULT_OUT_OF_RANGE : date_add_days(I(0), -I(1), &out->as_int));
    case OP_SUB_DATE_DATE: TRIES(date_subtract_date(I(0), I(1), &out->as_int));
    case OP_ADD_DATE_INTERVAL: TRIES(date_add_interval(I(0), V(1), &out->as_int));
    case OP_SUB_DATE_INTERVAL: TRIES(date_subtract_interval(I(0), V(1), &out->as_int));
    case OP_ADD_TIMESTAMP_INTERVAL: TRIES(timestamp_add_interval(I(0), V(1), &out->as_int));
    case OP_SUB_TIMESTAMP_INTERVAL: TRIES(timestamp_subtract_interval(I(0), V(1), &out->as_int));
    case OP_SUB_TIMESTAMP_TIMESTAMP:
    case OP_SUB_TIMESTAMPTZ_TIMESTAMPTZ: TRIES(timestamp_subtract_timestamp(I(0), I(1), &out->as_interval));
    case OP_ADD_TIMESTAMPTZ_INTERVAL: TRIES(timestamptz_add_interval(I(0), V(1), &out->as_int));
    case OP_SUB_TIMESTAMPTZ_INTERVAL: TRIES(timestamptz_subtract_interval(I(0), V(1), &out->as_int));
    case OP_ADD_INTERVAL: TRIES(interval_add(V(0), V(1), &out->as_interval));
    case OP_SUB_INTERVAL: TRIES(interval_subtract(V(0), V(1), &out->as_interval));
    case OP_MUL_INTERVAL_INT: TRIES(interval_multiply(V(0), I(1), &out->as_interval));
    case OP_NEG_INTERVAL: TRIES(interval_negate(V(0), &out->as_interval));
    case OP_AGE: TRIES(timestamp_age(I(0), I(1), &out->as_interval));
    case OP_AGE_DATE: TRIES(ref_age(I(0), I(1), &out->as_interval));
    case OP_AT_ZONE: TRIES(zone_to_utc(ref_zone(row, call->imm), I(0), &out->as_int));
    case OP_ASSUME_ZONE: TRIES(zone_assume(ref_zone(row, call->imm), I(0), ZONE_LATER, &out->as_int));
    case OP_DATE_AT: TRIES(zone_to_local_date(ref_zone(row, call->imm), I(0), &out->as_int));
    case OP_TIMESTAMP_AT: TRIES(zone_to_local(ref_zone(row, call->imm), I(0), &out->as_int));
    case OP_DATE_OF: GIVES(as_int, date_of_timestamp(I(0)));
    case OP_TIME_OF: GIVES(as_int, time_of_timestamp(I(0)));
    case OP_DATE_TO_TIMESTAMP: TRIES(timestamp_from_date(I(0), 0, &out->as_int));
    case OP_DATE_AND_TIME: TRIES(timestamp_from_date(I(0), I(1), &out->as_int));
    case OP_MAKE_DATE: TRIES(date_from_parts(I(0), I(1), I(2), &out->as_int));
    case OP_TIMESTAMPTZ_OF_EPOCH: TRIES(timestamptz_from_epoch(I(0), &out->as_int));
    case OP_EPOCH_OF_TIMESTAMPTZ: GIVES(as_int, timestamptz_to_epoch(I(0)));
    case OP_YEAR_OF_DATE: TRIES(date_extract(I(0), PART_YEAR, &out->as_int));
    case OP_MONTH_OF_DATE: TRIES(date_extract(I(0), PART_MONTH, &out->as_int));
    case OP_WEEKDAY_OF_DATE: TRIES(date_extract(I(0), PART_WEEKDAY, &out->as_int));
    case OP_HOUR_OF_TIMESTAMP: TRIES(timestamp_extract(I(0), PART_HOUR, &out->as_int));
    case OP_TRUNCATE_DATE: TRIES(ref_truncate(I(0), T(1), true, &out->as_int));
    case OP_TRUNCATE_TIMESTAMP: TRIES(ref_truncate(I(0), T(1), false, &out->as_int));
    case OP_MONTH_END: TRIES(date_month_end(I(0), &out->as_int));
    case OP_GREATEST_DATE: GIVES(as_int, I(0) > I(1) ? I(0) : I(1));
    case OP_FORMAT_DATE:
        TRIES(pattern_format_date(row->arena, ref_template(row, call->imm), I(0), &out->as_text));
    case OP_FORMAT_TIMESTAMP:
        TRIES(pattern_format_timestamp(row->arena, ref_template(row, call->imm), I(0), &out->as_text));
    case OP_FORMAT_DECIMAL:
        TRIES(pattern_format_decimal(row->arena, ref_template(row, call->imm), D(0), &out->as_text));
    default: return false;
    }
}

static bool ref_text_op(struct ref_row *row, const struct texpr *call, const struct value *a,
                        struct value *out, enum fault *fault) {
    struct arena *arena = row->arena;
    bool is = false;
    switch (call->opcode) {
    case OP_CONCAT: TRIES(ref_concat(row, a, call->args.count, out));
    case OP_LOWER: GIVES(as_text, text_lower(arena, T(0)));
    case OP_UPPER: GIVES(as_text, text_upper(arena, T(0)));
    case OP_TITLE: GIVES(as_text, text_title(arena, T(0)));
    case OP_FOLD: GIVES(as_text, text_fold(arena, T(0)));
    case OP_TRIM: GIVES(as_text, text_trim(T(0)));
    case OP_SQUEEZE: GIVES(as_text, text_squeeze(arena, T(0)));
    case OP_SLUG: GIVES(as_text, text_slug(arena, T(0)));
    case OP_UNACCENT: GIVES(as_text, text_unaccent(arena, T(0)));
    case OP_NORMALISE: TRIES(text_normalize(arena, T(0), TEXT_NFC, &out->as_text));
    case OP_DIGITS: GIVES(as_text, text_only_digits(arena, T(0)));
    case OP_LEFT: GIVES(as_text, text_left(T(0), I(1)));
    case OP_RIGHT: GIVES(as_text, text_right(T(0), I(1)));
    case OP_SUBSTR_FROM: GIVES(as_text, text_substr_from(T(0), I(1)));
    case OP_SUBSTR: TRIES(text_substr(T(0), I(1), I(2), &out->as_text));
    case OP_LENGTH: GIVES(as_int, text_length(T(0)));
    case OP_POSITION: GIVES(as_int, text_position(T(0), T(1)));
    case OP_STARTS_WITH: GIVES(as_bool, str_starts_with(T(0), T(1)));
    case OP_ENDS_WITH: GIVES(as_bool, str_ends_with(T(0), T(1)));
    case OP_CONTAINS: GIVES(as_bool, text_contains(T(0), T(1)));
    case OP_IS_BLANK: GIVES(as_bool, text_is_blank(T(0)));
    case OP_REPLACE: TRIES(text_replace(arena, T(0), T(1), T(2), &out->as_text));
    case OP_TRANSLATE: TRIES(text_translate(arena, T(0), T(1), T(2), &out->as_text));
    case OP_PAD_LEFT: TRIES(text_pad_left(arena, T(0), I(1), T(2), &out->as_text));
    case OP_REPEAT: TRIES(text_repeat(arena, T(0), I(1), &out->as_text));
    case OP_REVERSE: GIVES(as_text, text_reverse(arena, T(0)));
    case OP_SPLIT_PART: TRIES(text_split_part(T(0), T(1), I(2), &out->as_text));
    case OP_SPLIT: GIVES(as_array, text_split(arena, T(0), T(1)));
    case OP_JOIN: TRIES(ref_join(row, call, a, out));
    case OP_BLANK_TO_NULL:
        if (text_is_blank(T(0))) out->kind = TYPE_NULL;
        GIVES(as_text, T(0));
    case OP_URL_ENCODE: GIVES(as_text, url_encode(arena, T(0)));
    case OP_URL_DECODE: TRIES(url_decode(arena, T(0), false, &out->as_text));
    case OP_SHA256: GIVES(as_text, digest_sha256_hex(arena, T(0)));
    case OP_MD5: GIVES(as_text, digest_md5_hex(arena, T(0)));
    case OP_CRC32: GIVES(as_int, (int64_t)digest_crc32(T(0)));
    case OP_REDACT: GIVES(as_text, text_redact(T(0)));
    case OP_MASK_ALL: TRIES(text_mask_keep_first(arena, T(0), 0, &out->as_text));
    case OP_MASK_FIRST: TRIES(text_mask_keep_first(arena, T(0), I(1), &out->as_text));
    case OP_MASK_LAST: TRIES(text_mask_keep_last(arena, T(0), I(1), &out->as_text));
    case OP_HMAC_SHA256: GIVES(as_text, digest_hmac_sha256(arena, T(0), T(1)));
    case OP_PSEUDONYM: GIVES(as_text, digest_pseudonym(arena, T(1), T(0)));
    case OP_BASE64URL: GIVES(as_text, base64url_encode(arena, T(0)));
    case OP_HEX: GIVES(as_text, hex_encode(arena, T(0)));
    case OP_BYTES_LENGTH: GIVES(as_int, (int64_t)T(0).len);
    case OP_GREATEST_TEXT: GIVES(as_text, str_compare(T(0), T(1)) >= 0 ? T(0) : T(1));
    case OP_IN_TEXT:
    case OP_IN_INT: GIVES(as_bool, ref_in(row, call, &a[0]));
    case OP_LIKE: *fault = text_like(T(0), ref_pattern_text(row, call->imm), &is); GIVES(as_bool, is);
    case OP_LIKE_ANY: *fault = text_like(T(0), T(1), &is); GIVES(as_bool, is);
    case OP_MATCHES:
    case OP_REGEX_REPLACE:
    case OP_REGEX_EXTRACT:
    case OP_REGEX_SPLIT: TRIES(ref_regex_op(row, call, a, out));
    case OP_UUID5: TRIES(ref_uuid5(row, a, call->args.count, out));
    case OP_FIT_LENGTH:
        *fault = text_fits(T(0), call->imm) ? FAULT_NONE : FAULT_TOO_LONG;
        GIVES(as_text, T(0));
    default: return false;
    }
}

static bool ref_convert_op(struct ref_row *row, const struct texpr *call, const struct value *a,
                           struct value *out, enum fault *fault) {
    switch (call->opcode) {
    case OP_TEXT_TO_BOOL:
    case OP_TEXT_TO_INT:
    case OP_TEXT_TO_DECIMAL:
    case OP_TEXT_TO_FLOAT:
    case OP_TEXT_TO_DATE:
    case OP_TEXT_TO_TIME:
    case OP_TEXT_TO_TIMESTAMP:
    case OP_TEXT_TO_TIMESTAMPTZ:
    case OP_TEXT_TO_INTERVAL:
    case OP_TEXT_TO_UUID:
    case OP_TEXT_TO_JSON: TRIES(ref_read_text(row, out->kind, call->imm, T(0), out));
    case OP_TEXT_TO_BYTES: GIVES(as_text, T(0));
    case OP_TO_TEXT:
    case OP_TEXT_OF_BOOL:
    case OP_TEXT_OF_INT:
    case OP_TEXT_OF_DECIMAL:
    case OP_TEXT_OF_FLOAT:
    case OP_TEXT_OF_TEXT:
    case OP_TEXT_OF_BYTES:
    case OP_TEXT_OF_DATE:
    case OP_TEXT_OF_TIME:
    case OP_TEXT_OF_TIMESTAMP:
    case OP_TEXT_OF_TIMESTAMPTZ:
    case OP_TEXT_OF_INTERVAL:
    case OP_TEXT_OF_UUID:
    case OP_TEXT_OF_ENUM: GIVES(as_text, ref_text_of(row, call->args.items[0], &a[0]));
    case OP_FIT_NUMERIC: TRIES(decimal_fit(D(0), (int32_t)call->imm, (int32_t)call->imm2, &out->as_decimal));
    case OP_FIT_INT2:
        *fault = I(0) >= INT16_MIN && I(0) <= INT16_MAX ? FAULT_NONE : FAULT_OUT_OF_RANGE;
        GIVES(as_int, I(0));
    case OP_FIT_INT4:
        *fault = I(0) >= INT32_MIN && I(0) <= INT32_MAX ? FAULT_NONE : FAULT_OUT_OF_RANGE;
        GIVES(as_int, I(0));
    case OP_NOT: GIVES(as_bool, !a[0].as_bool);
    case OP_JSON_GET: TRIES(ref_json_path(row, call->imm, T(0), out));
    case OP_JSON_KEY: {
        struct str found = {0};
        bool is = json_get(T(0), T(1), &found);
        TRIES(ref_json_found(is, found, out));
    }
    case OP_JSON_AT: {
        struct str found = {0};
        bool is = json_get_index(T(0), I(1), &found);
        TRIES(ref_json_found(is, found, out));
    }
    case OP_JSON_TO_BOOL:
    case OP_JSON_TO_INT:
    case OP_JSON_TO_DECIMAL:
    case OP_JSON_TO_FLOAT:
    case OP_JSON_TO_TEXT:
    case OP_JSON_LENGTH: TRIES(ref_json_read(row, call->opcode, T(0), out));
    case OP_JSON_RAW: GIVES(as_text, T(0));
    case OP_JSON_OF_TEXT: GIVES(as_text, json_quote(row->arena, T(0)));
    case OP_JSON_OF_INT: GIVES(as_text, int_format(row->arena, I(0)));
    case OP_ARRAY_LENGTH: GIVES(as_int, (int64_t)a[0].as_array.count);
    case OP_ARRAY_CONTAINS: GIVES(as_bool, ref_array_contains(call, a));
    case OP_ARRAY_AT: TRIES(ref_array_at(call, a, out));
    default: return false;
    }
}

bool ref_call(struct ref_row *row, const struct texpr *call, const struct value *args,
              struct ref_value *result) {
    struct value out = {.kind = (enum type_kind)call->type.kind};
    enum fault fault = FAULT_NONE;
    bool known = ref_comparison(call->opcode, args, &out) ||
                 ref_number_op(call->opcode, args, &out, &fault) ||
                 ref_date_op(row, call, args, &out, &fault) || ref_text_op(row, call, args, &out, &fault) ||
                 ref_convert_op(row, call, args, &out, &fault);
    *result = (struct ref_value){.state = ROW_VALUE, .value = out};
    if (fault != FAULT_NONE) {
        *result = (struct ref_value){.state = ROW_ERROR, .fault = fault, .value = {.kind = TYPE_NULL}};
    } else if (out.kind == TYPE_NULL) {
        result->state = ROW_NULL;
    }
    return known;
}

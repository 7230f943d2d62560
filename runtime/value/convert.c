/* Values by type: canonical texts, reading, order, hashes. */
#include "runtime/value/convert.h"
#include "runtime/base/hash.h"
#include "runtime/value/datetime.h"
#include "runtime/value/decimal.h"
#include "runtime/value/interval.h"
#include "runtime/value/json.h"
#include "runtime/value/number.h"
#include "runtime/value/pg.h"
#include "runtime/value/text.h"
#include "runtime/value/uuid.h"

const void *value_item(const struct value *value) {
    return &value->as_bool; /* the union's members share one address */
}

/* ---- printing ---- */

struct str value_format_item(struct arena *arena, enum type_kind kind, const void *item) {
    switch (kind) {
    case TYPE_BOOL: return *(const uint8_t *)item ? STR("true") : STR("false");
    case TYPE_INT:
    case TYPE_ENUM:
    case TYPE_ROW: return int_format(arena, *(const int64_t *)item);
    case TYPE_DECIMAL: return decimal_format(arena, *(const struct decimal *)item);
    case TYPE_FLOAT: return float_format(arena, *(const double *)item);
    case TYPE_TEXT:
    case TYPE_JSON: return *(const struct str *)item;
    case TYPE_SECRET: return text_redact(*(const struct str *)item);
    case TYPE_BYTES: return pg_bytea_format(arena, *(const struct str *)item);
    case TYPE_DATE: return date_format(arena, *(const int64_t *)item);
    case TYPE_TIME: return time_format(arena, *(const int64_t *)item);
    case TYPE_TIMESTAMP: return timestamp_format(arena, *(const int64_t *)item);
    case TYPE_TIMESTAMPTZ: return timestamptz_format(arena, *(const int64_t *)item);
    case TYPE_INTERVAL: return interval_format(arena, *(const struct interval *)item);
    case TYPE_UUID: return uuid_format(arena, *(const struct uuid *)item);
    default: return STR("null");
    }
}

struct str value_format_key(struct arena *arena, enum type_kind kind, const void *item) {
    switch (kind) {
    case TYPE_SECRET: return *(const struct str *)item;
    case TYPE_DECIMAL: return decimal_format(arena, decimal_canonical(*(const struct decimal *)item));
    case TYPE_FLOAT:
        return *(const double *)item == 0 ? STR("0") : float_format(arena, *(const double *)item);
    case TYPE_INTERVAL: {
        char *out = arena_alloc(arena, INTERVAL_TEXT_MAX);
        return str_from(out, interval_write_key(*(const struct interval *)item, out));
    }
    default: return value_format_item(arena, kind, item);
    }
}

static const void *element_at(enum type_kind element, const struct array *array, size_t index) {
    return (const char *)array->items + index * type_kind_size(element);
}

static bool is_null_at(const struct array *array, size_t index) {
    return array->nulls && array->nulls[index];
}

struct str value_format_array(struct arena *arena, enum type_kind element, const struct array *array) {
    struct str *texts = ARENA_ARRAY(arena, struct str, array->count);
    for (size_t i = 0; i < array->count; i++) {
        if (is_null_at(array, i)) continue;
        const void *item = element_at(element, array, i);
        texts[i] = value_format_item(arena, element, item);
        if (element == TYPE_BOOL) texts[i].len = 1; /* Postgres' array of bool reads {t,f} */
    }
    struct array all = {texts, array->nulls, array->count};
    return pg_array_format(arena, &all);
}

struct str value_format(struct arena *arena, const struct value *value) {
    return value_format_item(arena, value->kind, value_item(value));
}

/* ---- reading ---- */

static enum fault parse_text(struct str text, void *item) {
    enum fault fault = text_check(text, NULL);
    if (fault == FAULT_NONE) *(struct str *)item = text;
    return fault;
}

static enum fault parse_json(struct str text, void *item) {
    if (!json_validate(text, NULL)) return FAULT_NOT_JSON;
    *(struct str *)item = text;
    return FAULT_NONE;
}

enum fault value_parse_item(struct arena *arena, enum type_kind kind, struct str text,
                            struct zone_cache *zones, void *item) {
    switch (kind) {
    case TYPE_BOOL: return bool_parse(text, item);
    case TYPE_INT: return int_parse(text, item);
    case TYPE_DECIMAL: return decimal_parse(text, item);
    case TYPE_FLOAT: return float_parse(text, item);
    case TYPE_TEXT:
    case TYPE_SECRET: return parse_text(text, item);
    case TYPE_BYTES: return pg_bytea_parse(arena, text, item);
    case TYPE_DATE: return date_parse(text, item);
    case TYPE_TIME: return time_parse(text, item);
    case TYPE_TIMESTAMP: return timestamp_parse(text, item);
    case TYPE_TIMESTAMPTZ: return timestamptz_parse(text, zones, item);
    case TYPE_INTERVAL: return interval_parse(text, item);
    case TYPE_UUID: return uuid_parse(text, item);
    case TYPE_JSON: return parse_json(text, item);
    default: return FAULT_BAD_ARGUMENT;
    }
}

enum fault value_parse_array(struct arena *arena, enum type_kind element, struct str text,
                             struct zone_cache *zones, struct array *out) {
    struct array texts;
    enum fault fault = pg_array_parse(arena, text, &texts);
    if (fault != FAULT_NONE) return fault;
    size_t size = type_kind_size(element);
    const struct str *items = texts.items;
    char *to = arena_zalloc(arena, size * texts.count);
    for (size_t i = 0; i < texts.count; i++) {
        if (is_null_at(&texts, i)) continue;
        fault = value_parse_item(arena, element, items[i], zones, to + i * size);
        if (fault != FAULT_NONE) return fault;
    }
    *out = (struct array){to, texts.nulls, texts.count};
    return FAULT_NONE;
}

enum fault value_parse(struct arena *arena, enum type_kind kind, struct str text, struct zone_cache *zones,
                       struct value *out) {
    struct value value = {.kind = kind};
    enum fault fault = value_parse_item(arena, kind, text, zones, &value.as_bool);
    if (fault == FAULT_NONE) *out = value;
    return fault;
}

/* ---- order and hashes ---- */

int value_compare_item(enum type_kind kind, const void *a, const void *b) {
    switch (kind) {
    case TYPE_BOOL: return *(const uint8_t *)a - *(const uint8_t *)b;
    case TYPE_DECIMAL: return decimal_compare(*(const struct decimal *)a, *(const struct decimal *)b);
    case TYPE_FLOAT: return float_compare(*(const double *)a, *(const double *)b);
    case TYPE_TEXT:
    case TYPE_BYTES:
    case TYPE_JSON:
    case TYPE_SECRET: return str_compare(*(const struct str *)a, *(const struct str *)b);
    case TYPE_INTERVAL: return interval_compare(*(const struct interval *)a, *(const struct interval *)b);
    case TYPE_UUID: return uuid_compare(*(const struct uuid *)a, *(const struct uuid *)b);
    case TYPE_INT:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
    case TYPE_ENUM:
    case TYPE_ROW: {
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
        return (x > y) - (x < y);
    }
    default: return 0;
    }
}

int value_compare_array(enum type_kind element, const struct array *a, const struct array *b) {
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        bool null_a = is_null_at(a, i), null_b = is_null_at(b, i);
        int order = null_a || null_b
                        ? null_a - null_b
                        : value_compare_item(element, element_at(element, a, i), element_at(element, b, i));
        if (order != 0) return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

int value_compare(const struct value *a, const struct value *b) {
    bool null_a = a->kind == TYPE_NULL, null_b = b->kind == TYPE_NULL;
    if (null_a || null_b) return null_a - null_b;
    return value_compare_item(a->kind, value_item(a), value_item(b));
}

uint64_t value_hash_item(uint64_t seed, enum type_kind kind, const void *item) {
    switch (kind) {
    case TYPE_BOOL: return hash_u64(seed, *(const uint8_t *)item);
    case TYPE_DECIMAL: return decimal_hash(seed, *(const struct decimal *)item);
    case TYPE_FLOAT: {
        double f = *(const double *)item;
        uint64_t bits;
        if (f == 0) f = 0; /* -0 equals 0 */
        memcpy(&bits, &f, sizeof bits);
        return hash_u64(seed, bits);
    }
    case TYPE_TEXT:
    case TYPE_BYTES:
    case TYPE_JSON:
    case TYPE_SECRET: {
        struct str s = *(const struct str *)item;
        return hash_bytes64(seed, s.ptr, s.len);
    }
    case TYPE_INTERVAL: return interval_hash(seed, *(const struct interval *)item);
    case TYPE_UUID: return hash_bytes64(seed, item, sizeof(struct uuid));
    case TYPE_NONE:
    case TYPE_NULL:
    case TYPE_ARRAY: return seed;
    default: return hash_u64(seed, *(const uint64_t *)item);
    }
}

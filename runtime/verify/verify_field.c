/* Fields in binary form as texts for people, and whether two of them are the same value. */
#include "runtime/verify/verify_internal.h"

#include "runtime/value/convert.h"
#include "runtime/value/interval.h"
#include "runtime/value/pg.h"

enum {
    SHOWN_MAX = 200,
    NUMERIC_HEAD = 8,
    NUMERIC_NAN = 0xc000,
    NUMERIC_NEGATIVE = 0x4000,
    DIGITS_MAX = 20000
};

static uint16_t get_u16(const char *at) {
    return (uint16_t)((uint8_t)at[0] << 8 | (uint8_t)at[1]);
}

static uint64_t get_u64(const char *at) {
    return (uint64_t)wire_get_u32(at) << 32 | wire_get_u32(at + 4);
}

/* numeric_send: ndigits, weight, sign, dscale, digits to the base of 10,000. */
static struct str numeric_text(const char *bytes, size_t size, struct arena *arena) {
    if (size < NUMERIC_HEAD) return STR("?");
    uint16_t count = get_u16(bytes), sign = get_u16(bytes + 4), scale = get_u16(bytes + 6);
    int weight = (int16_t)get_u16(bytes + 2);
    if (sign == NUMERIC_NAN) return STR("NaN");
    if (sign > NUMERIC_NAN) return sign == 0xd000 ? STR("Infinity") : STR("-Infinity");
    if (size < NUMERIC_HEAD + 2 * (size_t)count || count > DIGITS_MAX || weight > DIGITS_MAX) return STR("?");
    struct buf out = {0};
    if (sign == NUMERIC_NEGATIVE) buf_append_char(&out, '-');
    if (weight < 0) buf_append_char(&out, '0');
    for (int i = 0; i <= weight; i++)
        buf_printf(&out, i ? "%04u" : "%u", i < count ? get_u16(bytes + NUMERIC_HEAD + 2 * i) : 0);
    size_t point = out.len;
    if (scale) {
        buf_append_char(&out, '.');
        for (int place = -1; (int)(out.len - point - 1) < scale; place--) {
            int i = weight - place;
            buf_printf(&out, "%04u", i >= 0 && i < count ? get_u16(bytes + NUMERIC_HEAD + 2 * i) : 0);
        }
        out.len = point + 1 + scale;
    }
    struct str text = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static struct str array_text(const struct wire_column *wire, const char *bytes, size_t size,
                             struct arena *arena);

static struct str fixed_text(uint8_t wire, const char *bytes, size_t size, struct arena *arena) {
    static const uint8_t SIZES[] = {
        [WIRE_BOOL] = 1,      [WIRE_INT2] = 2,        [WIRE_INT4] = 4,      [WIRE_INT8] = 8,
        [WIRE_FLOAT4] = 4,    [WIRE_FLOAT8] = 8,      [WIRE_DATE] = 4,      [WIRE_TIME] = 8,
        [WIRE_TIMESTAMP] = 8, [WIRE_TIMESTAMPTZ] = 8, [WIRE_INTERVAL] = 16, [WIRE_UUID] = 16};
    if (wire >= sizeof SIZES || size != SIZES[wire]) return STR("?");
    int64_t n = size == 2 ? (int16_t)get_u16(bytes) : size == 4 ? (int32_t)wire_get_u32(bytes) : 0;
    if (size == 8) n = (int64_t)get_u64(bytes);
    bool least = size == 4 ? n == INT32_MIN : n == INT64_MIN,
         most = size == 4 ? n == INT32_MAX : n == INT64_MAX;
    if (least && (wire == WIRE_DATE || wire == WIRE_TIMESTAMP || wire == WIRE_TIMESTAMPTZ))
        return STR("-infinity");
    if (most && (wire == WIRE_DATE || wire == WIRE_TIMESTAMP || wire == WIRE_TIMESTAMPTZ))
        return STR("infinity");
    switch (wire) {
    case WIRE_BOOL: return bytes[0] ? STR("true") : STR("false");
    case WIRE_DATE: return value_format_item(arena, TYPE_DATE, &n);
    case WIRE_TIME: return value_format_item(arena, TYPE_TIME, &n);
    case WIRE_TIMESTAMP: return value_format_item(arena, TYPE_TIMESTAMP, &n);
    case WIRE_TIMESTAMPTZ: return value_format_item(arena, TYPE_TIMESTAMPTZ, &n);
    case WIRE_UUID: return value_format_item(arena, TYPE_UUID, bytes);
    case WIRE_INTERVAL: {
        struct interval i = {.micros = (int64_t)get_u64(bytes),
                             .days = (int32_t)wire_get_u32(bytes + 8),
                             .months = (int32_t)wire_get_u32(bytes + 12)};
        return value_format_item(arena, TYPE_INTERVAL, &i);
    }
    case WIRE_FLOAT4: {
        float f;
        uint32_t bits = wire_get_u32(bytes);
        memcpy(&f, &bits, 4);
        return arena_printf(arena, "%.9g", (double)f);
    }
    case WIRE_FLOAT8: {
        double d;
        memcpy(&d, &n, 8);
        return value_format_item(arena, TYPE_FLOAT, &d);
    }
    default: return arena_printf(arena, "%lld", (long long)n);
    }
}

static struct str plain_text(const struct wire_column *wire, const char *bytes, size_t size,
                             struct arena *arena) {
    struct str whole = str_from(bytes, size);
    switch (wire->wire) {
    case WIRE_TEXT:
    case WIRE_ENUM:
    case WIRE_JSON:
    case WIRE_TEXT_FORM: return whole;
    case WIRE_JSONB: return size ? str_from(bytes + 1, size - 1) : whole;
    case WIRE_BYTEA: return value_format_item(arena, TYPE_BYTES, &whole);
    case WIRE_NUMERIC: return numeric_text(bytes, size, arena);
    case WIRE_ARRAY: return array_text(wire, bytes, size, arena);
    default: return fixed_text(wire->wire, bytes, size, arena);
    }
}

static struct str array_text(const struct wire_column *wire, const char *bytes, size_t size,
                             struct arena *arena) {
    enum { HEAD = 12, DIMENSION = 8 };
    if (size < HEAD) return STR("?");
    uint32_t dimensions = wire_get_u32(bytes);
    if (dimensions == 0) return STR("{}");
    if (dimensions != 1 || size < HEAD + DIMENSION) return STR("an array of several dimensions");
    struct wire_column element = {.wire = wire->element_wire, .kind = wire->element_kind};
    size_t count = wire_get_u32(bytes + HEAD), at = HEAD + DIMENSION;
    if (count > (size - at) / 4) return STR("?");
    struct str *texts = ARENA_ARRAY(arena, struct str, count);
    uint8_t *nulls = ARENA_ARRAY(arena, uint8_t, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t len = size - at >= 4 ? wire_get_u32(bytes + at) : UINT32_MAX;
        at += 4;
        nulls[i] = len == UINT32_MAX;
        if (nulls[i]) continue;
        if (len > size - at) return STR("?");
        texts[i] = plain_text(&element, bytes + at, len, arena);
        at += len;
    }
    struct array as_texts = {texts, nulls, count};
    return pg_array_format(arena, &as_texts);
}

struct str verify_shown(const struct plan_target_column *column, struct str text, struct arena *arena) {
    if (text.ptr == NULL) return text;
    if (column->pii) return STR("***");
    if (text.len <= SHOWN_MAX) return arena_copy_str(arena, text);
    size_t end = SHOWN_MAX;
    while (end && ((uint8_t)text.ptr[end] & 0xc0) == 0x80)
        end--;
    return arena_printf(arena, "%.*s… (%zu bytes)", (int)end, text.ptr, text.len);
}

struct str verify_field_text(const struct wire_column *wire, const struct plan_target_column *column,
                             const char *field, size_t size, struct arena *arena) {
    if (size < 4 || wire_get_u32(field) == UINT32_MAX) return (struct str){0};
    struct wire_column w = *wire;
    if (w.text_only) w.wire = WIRE_TEXT;
    return verify_shown(column, plain_text(&w, field + 4, size - 4, arena), arena);
}

static bool same_json(struct str a, struct str b) {
    struct buf x = {0}, y = {0};
    pg_canonical_json(a, false, &x);
    pg_canonical_json(b, false, &y);
    bool same = str_eq(buf_str(&x), buf_str(&y));
    buf_release(&x);
    buf_release(&y);
    return same;
}

bool verify_same_value(const struct wire_column *wire, const char *a, size_t a_size, const char *b,
                       size_t b_size) {
    if (a_size <= 4 || b_size <= 4) return false;
    if (wire->wire == WIRE_JSON) return same_json(str_from(a + 4, a_size - 4), str_from(b + 4, b_size - 4));
    if (wire->wire == WIRE_JSONB) return same_json(str_from(a + 5, a_size - 5), str_from(b + 5, b_size - 5));
    if (!wire->exact_scale || a_size != b_size) return false;
    struct buf x = {0}, y = {0};
    buf_append(&x, a, a_size);
    buf_append(&y, b, b_size);
    wire_drop_scale(wire, x.ptr);
    wire_drop_scale(wire, y.ptr);
    bool same = memcmp(x.ptr, y.ptr, a_size) == 0;
    buf_release(&x);
    buf_release(&y);
    return same;
}

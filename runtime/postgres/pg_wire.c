/* Values in PostgreSQL's binary forms. */
#include "runtime/postgres/pg_wire.h"
#include "runtime/postgres/pg_encode.h"
#include "runtime/value/convert.h"
#include "runtime/value/decimal.h"
#include "runtime/value/pg.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire functions and the row hashes are written for little-endian machines"
#endif

enum { LENGTH_WORD = 4, ARRAY_HEADER = 12, ARRAY_DIMENSION = 8, JSONB_VERSION = 1, NUMERIC_DSCALE_AT = 6 };

/* Built-in types that arrays are made of: oids are fixed (src/include/catalog/pg_type.dat). */
static const struct {
    const char *name;
    uint32_t oid;
    uint8_t wire;
} ELEMENTS[] = {
    {"boolean", 16, WIRE_BOOL},
    {"bytea", 17, WIRE_BYTEA},
    {"bigint", 20, WIRE_INT8},
    {"smallint", 21, WIRE_INT2},
    {"integer", 23, WIRE_INT4},
    {"text", 25, WIRE_TEXT},
    {"json", 114, WIRE_JSON},
    {"real", 700, WIRE_FLOAT4},
    {"double precision", 701, WIRE_FLOAT8},
    {"character varying", 1043, WIRE_TEXT},
    {"date", 1082, WIRE_DATE},
    {"time without time zone", 1083, WIRE_TIME},
    {"timestamp without time zone", 1114, WIRE_TIMESTAMP},
    {"timestamp with time zone", 1184, WIRE_TIMESTAMPTZ},
    {"interval", 1186, WIRE_INTERVAL},
    {"numeric", 1700, WIRE_NUMERIC},
    {"uuid", 2950, WIRE_UUID},
    {"jsonb", 3802, WIRE_JSONB},
};

/* Finds the element type in "numeric(10,2)[]" or "timestamp(3) with time zone[]". */
static bool find_element(struct str pg_type, uint8_t *wire, uint32_t *oid) {
    char name[64];
    size_t n = 0;
    bool inside = false;
    for (size_t i = 0; i < pg_type.len && pg_type.ptr[i] != '[' && n + 1 < sizeof name; i++) {
        char c = pg_type.ptr[i];
        if (c == '(') inside = true;
        if (!inside) name[n++] = c;
        if (c == ')') inside = false;
    }
    name[n] = '\0';
    for (size_t i = 0; i < sizeof ELEMENTS / sizeof ELEMENTS[0]; i++)
        if (strcmp(name, ELEMENTS[i].name) == 0) {
            *wire = ELEMENTS[i].wire;
            *oid = ELEMENTS[i].oid;
            return true;
        }
    return false;
}

/* Whether a register of this kind can be written as this wire form. */
static bool kind_fits_wire(uint8_t kind, uint8_t wire) {
    switch (wire) {
    case WIRE_BOOL: return kind == TYPE_BOOL;
    case WIRE_INT2:
    case WIRE_INT4:
    case WIRE_INT8: return kind == TYPE_INT;
    case WIRE_NUMERIC: return kind == TYPE_DECIMAL || kind == TYPE_INT;
    case WIRE_FLOAT4:
    case WIRE_FLOAT8: return kind == TYPE_FLOAT || kind == TYPE_INT;
    case WIRE_TEXT: return kind == TYPE_TEXT;
    case WIRE_BYTEA: return kind == TYPE_BYTES;
    case WIRE_DATE: return kind == TYPE_DATE;
    case WIRE_TIME: return kind == TYPE_TIME;
    case WIRE_TIMESTAMP: return kind == TYPE_TIMESTAMP;
    case WIRE_TIMESTAMPTZ: return kind == TYPE_TIMESTAMPTZ;
    case WIRE_INTERVAL: return kind == TYPE_INTERVAL;
    case WIRE_UUID: return kind == TYPE_UUID;
    case WIRE_JSON:
    case WIRE_JSONB: return kind == TYPE_JSON;
    case WIRE_ENUM: return kind == TYPE_ENUM;
    case WIRE_ARRAY: return kind == TYPE_ARRAY;
    default: return false;
    }
}

static uint32_t fixed_size(uint8_t wire) {
    switch (wire) {
    case WIRE_BOOL: return 1;
    case WIRE_INT2: return 2;
    case WIRE_INT4:
    case WIRE_FLOAT4:
    case WIRE_DATE: return 4;
    case WIRE_INT8:
    case WIRE_FLOAT8:
    case WIRE_TIME:
    case WIRE_TIMESTAMP:
    case WIRE_TIMESTAMPTZ: return 8;
    case WIRE_INTERVAL:
    case WIRE_UUID: return 16;
    case WIRE_NUMERIC: return DECIMAL_NUMERIC_BINARY_MAX;
    default: return 0;
    }
}

struct wire_column wire_column_make(const struct plan *plan, const struct plan_target_column *column,
                                    const struct plan_type *type, uint32_t reg) {
    struct wire_column c = {.wire = column->wire, .kind = type->kind, .reg = reg};
    if (type->kind == TYPE_NULL) c.kind = column->type.kind; /* always null */
    if (type->kind == TYPE_ENUM || (type->kind == TYPE_ARRAY && type->element == TYPE_ENUM))
        c.labels = &plan->enums[type->ref];
    struct str pg_type = column->pg_type;
    c.padded = str_starts_with(pg_type, STR("character(")) || str_is(pg_type, "character");
    c.exact_scale = str_is(pg_type, "numeric") || str_is(pg_type, "numeric[]");
    c.text_only = !kind_fits_wire(c.kind, c.wire);
    if (c.wire == WIRE_ARRAY) {
        c.element_kind = type->kind == TYPE_ARRAY ? type->element : column->type.element;
        if (!find_element(pg_type, &c.element_wire, &c.element_oid)) {
            /* An enum's oid is the database's own: such arrays travel as text, and are hashed without oid. */
            c.element_wire = c.element_kind == TYPE_ENUM ? WIRE_ENUM : WIRE_TEXT_FORM;
            c.text_only = true;
        } else if (!kind_fits_wire(c.element_kind, c.element_wire))
            c.text_only = true;
    }
    uint32_t size = fixed_size(c.wire);
    c.fixed = size != 0;
    c.max_size = LENGTH_WORD + size;
    return c;
}

/* -- sizes */

static struct wire_column element_column(const struct wire_column *array) {
    struct wire_column e = {.wire = array->element_wire,
                            .kind = array->element_kind,
                            .labels = array->labels,
                            .exact_scale = array->exact_scale};
    uint32_t size = fixed_size(e.wire);
    e.fixed = size != 0;
    e.max_size = LENGTH_WORD + size;
    return e;
}

static struct str enum_label(const struct plan_enum *labels, int64_t index) {
    return labels && index >= 0 && index < labels->labels_count ? labels->labels[index].text : STR("");
}

static const void *array_item(const struct array *array, size_t size, size_t i) {
    return (const char *)array->items + i * size;
}

size_t wire_field_size(const struct wire_column *column, const void *item) {
    if (column->fixed) return column->max_size;
    if (column->wire == WIRE_ENUM)
        return LENGTH_WORD + enum_label(column->labels, *(const int64_t *)item).len;
    if (column->wire == WIRE_JSONB) return LENGTH_WORD + 1 + ((const struct str *)item)->len;
    if (column->wire != WIRE_ARRAY) return LENGTH_WORD + ((const struct str *)item)->len;
    const struct array *array = item;
    struct wire_column element = element_column(column);
    size_t total = LENGTH_WORD + ARRAY_HEADER + ARRAY_DIMENSION, size = type_kind_size(element.kind);
    for (size_t i = 0; i < array->count; i++)
        total += array->nulls && array->nulls[i] ? LENGTH_WORD
                                                 : wire_field_size(&element, array_item(array, size, i));
    return total;
}

/* -- writing */

static char *put_bytes(char *to, struct str s) {
    to = wire_put_u32(to, (uint32_t)s.len);
    if (s.len) memcpy(to, s.ptr, s.len);
    return to + s.len;
}

static char *put_float(char *to, uint8_t wire, double f) {
    if (wire == WIRE_FLOAT4) {
        float single = (float)f;
        uint32_t bits;
        memcpy(&bits, &single, 4);
        return wire_put_u32(wire_put_u32(to, 4), bits);
    }
    uint64_t bits;
    memcpy(&bits, &f, 8);
    return wire_put_u64(wire_put_u32(to, 8), bits);
}

static char *put_numeric(char *to, struct decimal d) {
    size_t n = decimal_to_numeric_binary(d, (uint8_t *)to + LENGTH_WORD);
    wire_put_u32(to, (uint32_t)n);
    return to + LENGTH_WORD + n;
}

static char *put_interval(char *to, const struct interval *interval) {
    to = wire_put_u32(to, 16);
    to = wire_put_u64(to, (uint64_t)interval->micros);
    to = wire_put_u32(to, (uint32_t)interval->days);
    return wire_put_u32(to, (uint32_t)interval->months);
}

/* array_send: dimensions, null flag, element oid, then length and lower bound of the one dimension. */
static char *put_array(const struct wire_column *column, const struct array *array, char *to) {
    struct wire_column element = element_column(column);
    size_t size = type_kind_size(element.kind);
    char *length_at = to;
    bool has_null = false;
    for (size_t i = 0; i < array->count && array->nulls && !has_null; i++)
        has_null = array->nulls[i] != 0;
    to = wire_put_u32(to + LENGTH_WORD, array->count ? 1 : 0);
    to = wire_put_u32(to, has_null);
    to = wire_put_u32(to, column->element_oid);
    if (array->count) {
        to = wire_put_u32(to, (uint32_t)array->count);
        to = wire_put_u32(to, 1);
    }
    for (size_t i = 0; i < array->count; i++)
        to = array->nulls && array->nulls[i] ? wire_put_u32(to, UINT32_MAX)
                                             : wire_write_field(&element, array_item(array, size, i), to);
    wire_put_u32(length_at, (uint32_t)(to - length_at - LENGTH_WORD));
    return to;
}

char *wire_write_field(const struct wire_column *column, const void *item, char *to) {
    switch (column->wire) {
    case WIRE_BOOL:
        to = wire_put_u32(to, 1);
        *to = *(const uint8_t *)item != 0;
        return to + 1;
    case WIRE_INT2: return wire_put_u16(wire_put_u32(to, 2), (uint16_t) * (const int64_t *)item);
    case WIRE_INT4:
    case WIRE_DATE: return wire_put_u32(wire_put_u32(to, 4), (uint32_t) * (const int64_t *)item);
    case WIRE_INT8:
    case WIRE_TIME:
    case WIRE_TIMESTAMP:
    case WIRE_TIMESTAMPTZ: return wire_put_u64(wire_put_u32(to, 8), (uint64_t) * (const int64_t *)item);
    case WIRE_NUMERIC:
        return put_numeric(to, column->kind == TYPE_INT ? decimal_from_int(*(const int64_t *)item)
                                                        : *(const struct decimal *)item);
    case WIRE_FLOAT4:
    case WIRE_FLOAT8:
        return put_float(to, column->wire,
                         column->kind == TYPE_INT ? (double)*(const int64_t *)item : *(const double *)item);
    case WIRE_INTERVAL: return put_interval(to, item);
    case WIRE_UUID:
        to = wire_put_u32(to, 16);
        memcpy(to, item, 16);
        return to + 16;
    case WIRE_ENUM: return put_bytes(to, enum_label(column->labels, *(const int64_t *)item));
    case WIRE_JSONB: {
        struct str json = *(const struct str *)item;
        to = wire_put_u32(to, (uint32_t)json.len + 1);
        *to++ = JSONB_VERSION;
        if (json.len) memcpy(to, json.ptr, json.len);
        return to + json.len;
    }
    case WIRE_ARRAY: return put_array(column, item, to);
    default: return put_bytes(to, *(const struct str *)item);
    }
}

/* -- text form */

static struct str format_array(struct arena *arena, const struct wire_column *column,
                               const struct array *array) {
    struct wire_column element = element_column(column);
    size_t size = type_kind_size(element.kind);
    struct str *texts = ARENA_ARRAY(arena, struct str, array->count);
    for (size_t i = 0; i < array->count; i++)
        if (!(array->nulls && array->nulls[i]))
            texts[i] = wire_format_text(arena, &element, array_item(array, size, i));
    struct array as_texts = {texts, array->nulls, array->count};
    return pg_array_format(arena, &as_texts);
}

struct str wire_format_text(struct arena *arena, const struct wire_column *column, const void *item) {
    switch (column->kind) {
    case TYPE_ENUM: return enum_label(column->labels, *(const int64_t *)item);
    case TYPE_ARRAY: return format_array(arena, column, item);
    case TYPE_TEXT:
    case TYPE_JSON: return *(const struct str *)item;
    default: return value_format_item(arena, column->kind, item);
    }
}

/* -- canonical form for the hashes */

bool wire_needs_canonical(const struct wire_column *column) {
    if (column->padded) return true;
    if (column->exact_scale) return false;
    uint8_t wire = column->wire == WIRE_ARRAY ? column->element_wire : column->wire;
    return wire == WIRE_NUMERIC || wire == WIRE_FLOAT4 || wire == WIRE_FLOAT8 || wire == WIRE_JSONB;
}

static void append_canonical_jsonb(const char *field, size_t size, struct buf *out) {
    size_t length_at = out->len;
    if (size <= LENGTH_WORD) {
        buf_append(out, field, size);
        return;
    }
    buf_append(out, "\0\0\0\0\1", LENGTH_WORD + 1);
    pg_canonical_json(str_from(field + LENGTH_WORD + 1, size - LENGTH_WORD - 1), true, out);
    wire_put_u32(out->ptr + length_at, (uint32_t)(out->len - length_at - LENGTH_WORD));
}

/* Arrays come from the server, too: of any number of dimensions, and nothing is believed of their sizes. */
static const char *first_element(const char *field, size_t size) {
    if (size < LENGTH_WORD + ARRAY_HEADER) return field + size;
    size_t at = LENGTH_WORD + ARRAY_HEADER + (size_t)wire_get_u32(field + LENGTH_WORD) * ARRAY_DIMENSION;
    return field + (at < size ? at : size);
}

/* Bytes of the element with its length word; what does not fit is the rest. */
static size_t element_size(const char *at, const char *end) {
    size_t left = (size_t)(end - at);
    if (left < LENGTH_WORD) return left;
    uint32_t len = wire_get_u32(at);
    size_t n = LENGTH_WORD + (len == UINT32_MAX ? 0 : (size_t)len);
    return n < left ? n : left;
}

static void append_canonical_array(const struct wire_column *column, const char *field, size_t size,
                                   struct buf *out) {
    struct wire_column element = element_column(column);
    const char *at = first_element(field, size), *end = field + size;
    size_t length_at = out->len;
    buf_append(out, field, (size_t)(at - field));
    while (at < end) {
        size_t n = element_size(at, end);
        if (n <= LENGTH_WORD || n - LENGTH_WORD != wire_get_u32(at)) /* a null, or nothing to trust */
            buf_append(out, at, n);
        else
            wire_append_canonical(&element, at, n, out);
        at += n;
    }
    wire_put_u32(out->ptr + length_at, (uint32_t)(out->len - length_at - LENGTH_WORD));
}

void wire_append_canonical(const struct wire_column *column, const char *field, size_t size,
                           struct buf *out) {
    size_t at = out->len;
    bool null = size == LENGTH_WORD && wire_get_u32(field) == UINT32_MAX;
    if (null || (!wire_needs_canonical(column))) {
        buf_append(out, field, size);
        return;
    }
    if (column->wire == WIRE_JSONB) {
        append_canonical_jsonb(field, size, out);
        return;
    }
    if (column->wire == WIRE_ARRAY) {
        append_canonical_array(column, field, size, out);
        return;
    }
    buf_append(out, field, size);
    char *copy = out->ptr + at;
    if (column->padded) {
        while (out->len > at + LENGTH_WORD && out->ptr[out->len - 1] == ' ')
            out->len--;
        wire_put_u32(copy, (uint32_t)(out->len - at - LENGTH_WORD));
    } else
        wire_patch_canonical(column, copy);
}

bool wire_is_patched(const struct wire_column *column) {
    return (column->wire == WIRE_NUMERIC && !column->exact_scale) || column->wire == WIRE_FLOAT4 ||
           column->wire == WIRE_FLOAT8;
}

void wire_drop_scale(const struct wire_column *column, char *field) {
    uint32_t size = wire_get_u32(field);
    if (size == UINT32_MAX) return;
    if (column->wire == WIRE_NUMERIC) {
        if (size >= NUMERIC_DSCALE_AT + 2) memset(field + LENGTH_WORD + NUMERIC_DSCALE_AT, 0, 2);
        return;
    }
    if (column->wire != WIRE_ARRAY || column->element_wire != WIRE_NUMERIC) return;
    struct wire_column element = element_column(column);
    const char *end = field + LENGTH_WORD + size;
    for (char *at = field + (first_element(field, LENGTH_WORD + size) - field); at < end;) {
        size_t n = element_size(at, end);
        if (n > LENGTH_WORD && n - LENGTH_WORD == wire_get_u32(at)) wire_drop_scale(&element, at);
        at += n;
    }
}

/* A numeric loses its display scale, a float becomes 0 where it was -0. */
void wire_patch_canonical(const struct wire_column *column, char *field) {
    if (!wire_is_patched(column)) return;
    uint32_t size = wire_get_u32(field);
    if (size == UINT32_MAX) return;
    char *bytes = field + LENGTH_WORD;
    if (column->wire == WIRE_NUMERIC) {
        if (size >= NUMERIC_DSCALE_AT + 2) memset(bytes + NUMERIC_DSCALE_AT, 0, 2);
        return;
    }
    if (size == 0) return;
    bool zero = (bytes[0] & 0x7f) == 0;
    for (uint32_t i = 1; i < size; i++)
        zero = zero && bytes[i] == 0;
    if (zero) bytes[0] = 0;
}

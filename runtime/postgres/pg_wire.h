/* One value in the binary form of its type (manual: COPY, Binary Format; each type's send function), and how
 * a target column is sent. Shared by the encoder and the hashes. */
#ifndef MIG_POSTGRES_PG_WIRE_H
#define MIG_POSTGRES_PG_WIRE_H

#include "runtime/plan/plan.h"

/* How one column of a map travels. */
struct wire_column {
    uint8_t wire;         /* enum plan_wire */
    uint8_t kind;         /* enum type_kind of the register */
    uint8_t element_wire; /* WIRE_ARRAY */
    uint8_t element_kind;
    bool padded;                    /* char(n): blanks at the end do not count */
    bool text_only;                 /* cannot go in binary form */
    bool exact_scale;               /* numeric without precision, and arrays of it: the server keeps 1.50 */
    bool fixed;                     /* bytes never exceed max_size */
    uint32_t max_size;              /* with the length word, where fixed */
    uint32_t element_oid;           /* WIRE_ARRAY: pg_type.oid, 0 for a type that only the database knows */
    uint32_t reg;                   /* the register that holds it */
    const struct plan_enum *labels; /* ENUM or array of ENUM */
};

/* Describes a column whose values are in a register of this type. */
struct wire_column wire_column_make(const struct plan *plan, const struct plan_target_column *column,
                                    const struct plan_type *type, uint32_t reg);
/* Bytes of the field with its length word: exact for what varies, an upper bound for what is fixed. */
size_t wire_field_size(const struct wire_column *column, const void *item);
/* Writes length word and bytes; returns the end. item points at the storage of column->kind. */
char *wire_write_field(const struct wire_column *column, const void *item, char *to);
/* The value's text as Postgres reads it. In the arena, or where the value is. */
struct str wire_format_text(struct arena *arena, const struct wire_column *column, const void *item);
/* Appends the canonical form of a field (with its length word) for the row hash. See pg_encode.h. */
void wire_append_canonical(const struct wire_column *column, const char *field, size_t size, struct buf *out);
/* False: the canonical form is the field itself. */
bool wire_needs_canonical(const struct wire_column *column);
/* True when the canonical form is as long as the field: then wire_patch_canonical makes it in place (and
 * leaves other columns alone). */
bool wire_is_patched(const struct wire_column *column);
void wire_patch_canonical(const struct wire_column *column, char *field);
/* Takes a numeric's display scale off, of an array's elements too, in place: 1.50 is 1.5 then. */
void wire_drop_scale(const struct wire_column *column, char *field);

/* Big-endian numbers at any address. */
static inline char *wire_put_u16(char *to, uint16_t n) {
    n = __builtin_bswap16(n);
    memcpy(to, &n, 2);
    return to + 2;
}
static inline char *wire_put_u32(char *to, uint32_t n) {
    n = __builtin_bswap32(n);
    memcpy(to, &n, 4);
    return to + 4;
}
static inline char *wire_put_u64(char *to, uint64_t n) {
    n = __builtin_bswap64(n);
    memcpy(to, &n, 8);
    return to + 8;
}

/* The two above with the commonest types in line: the encoder's loop. */
static inline size_t wire_size_inline(const struct wire_column *column, const void *item) {
    return column->wire == WIRE_TEXT ? 4 + ((const struct str *)item)->len : wire_field_size(column, item);
}
static inline char *wire_write_inline(const struct wire_column *column, const void *item, char *to) {
    switch (column->wire) {
    case WIRE_INT4:
    case WIRE_DATE: return wire_put_u32(wire_put_u32(to, 4), (uint32_t) * (const int64_t *)item);
    case WIRE_INT8:
    case WIRE_TIMESTAMP:
    case WIRE_TIMESTAMPTZ: return wire_put_u64(wire_put_u32(to, 8), (uint64_t) * (const int64_t *)item);
    case WIRE_UUID: memcpy(wire_put_u32(to, 16), item, 16); return to + 20;
    case WIRE_TEXT: {
        struct str s = *(const struct str *)item;
        to = wire_put_u32(to, (uint32_t)s.len);
        if (s.len) memcpy(to, s.ptr, s.len);
        return to + s.len;
    }
    default: return wire_write_field(column, item, to);
    }
}
static inline uint32_t wire_get_u32(const char *from) {
    uint32_t n;
    memcpy(&n, from, 4);
    return __builtin_bswap32(n);
}

#endif

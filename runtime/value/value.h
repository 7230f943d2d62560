/* Values: what one element of a column holds, by type. Values are plain data; texts point into memory that
 * somebody else owns (the batch's arena, the reader's buffer, the plan). */
#ifndef MIG_VALUE_VALUE_H
#define MIG_VALUE_VALUE_H

#include "runtime/base/fault.h"

/* Exact decimal: coefficient * 10^-scale, as Postgres' numeric keeps it: 2.50 has scale 2. The coefficient
 * is a 128-bit two's complement integer whose magnitude stays below 10^38; scale is 0 to 38. */
struct decimal {
    uint64_t lo;
    int64_t hi;
    int32_t scale;
};

/* As Postgres: three parts that are not converted into each other. */
struct interval {
    int64_t micros;
    int32_t days;
    int32_t months;
};

struct uuid {
    uint8_t bytes[16];
};

/* An array value. items has count elements of the element type's storage; nulls[i] != 0: element i is null.
 */
struct array {
    const void *items;
    const uint8_t *nulls; /* NULL: no nulls */
    size_t count;
};

enum type_kind {
    TYPE_NONE = 0, /* no type: an erroneous expression; nothing is reported about it again */
    TYPE_NULL,     /* the type of a bare null */
#define TYPE(symbol, name, storage, letter) TYPE_##symbol,
#include "runtime/value/types.def"
#undef TYPE
    TYPE_KIND_COUNT
};

const char *type_kind_name(enum type_kind kind); /* "timestamptz" */
size_t type_kind_size(enum type_kind kind);      /* bytes of one element; 0 for NONE and NULL */
char type_kind_letter(enum type_kind kind);      /* '\0' for NONE and NULL */
/* Finds a scalar type's kind by its mig name ("int", "text", "secret"; not enum, array, row). */
bool type_kind_find(struct str name, enum type_kind *kind);

/* One value with its type, for constants, parameters and tests; not for hot paths. */
struct value {
    enum type_kind kind; /* TYPE_NULL: null of any type */
    union {
        uint8_t as_bool;
        int64_t as_int; /* INT, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, ENUM, ROW */
        double as_float;
        struct decimal as_decimal;
        struct str as_text; /* TEXT, BYTES, JSON, SECRET */
        struct interval as_interval;
        struct uuid as_uuid;
        struct array as_array;
    };
};

#endif

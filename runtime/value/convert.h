/* Values to and from their canonical text, by type; for keys, messages, interpolation, quarantine, readers.
 */
#ifndef MIG_VALUE_CONVERT_H
#define MIG_VALUE_CONVERT_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

struct zone_cache;

/* The text of one element (item points at the type's storage), as Postgres prints it: true/false for bool,
 * 2.50 for a decimal of scale 2, '\x…' for bytes, UTC for timestamptz. ENUM and ROW give their number: the
 * caller knows the labels. SECRET gives "[redacted]". ARRAY: use value_format_array. */
struct str value_format_item(struct arena *arena, enum type_kind kind, const void *item);
/* The same, but equal values have equal texts: decimals without trailing zeros, -0 as 0, intervals in one
 * form. For uuid5's arguments and other keys. SECRET gives its text: keyed functions need it. */
struct str value_format_key(struct arena *arena, enum type_kind kind, const void *item);
struct str value_format_array(struct arena *arena, enum type_kind element, const struct array *array);
/* TYPE_NULL gives "null". */
struct str value_format(struct arena *arena, const struct value *value);

/* Reads the canonical text (strictly, see each type's parse function) into *item. text and secret are taken
 * as they are (checked by text_check), bytes as pg_bytea_parse, json is validated. zones as in
 * timestamptz_parse. ENUM, ROW and ARRAY: FAULT_BAD_ARGUMENT. Texts may point into the argument. */
enum fault value_parse_item(struct arena *arena, enum type_kind kind, struct str text,
                            struct zone_cache *zones, void *item);
enum fault value_parse_array(struct arena *arena, enum type_kind element, struct str text,
                             struct zone_cache *zones, struct array *out);
enum fault value_parse(struct arena *arena, enum type_kind kind, struct str text, struct zone_cache *zones,
                       struct value *out);

/* Order of two elements of one type: <0, 0, >0. Texts by code point, json by its text. ARRAY: see
 * value_compare_array. */
int value_compare_item(enum type_kind kind, const void *a, const void *b);
/* Element by element, null last, the shorter first. */
int value_compare_array(enum type_kind element, const struct array *a, const struct array *b);
/* Both of one kind; null after everything, equal to null. */
int value_compare(const struct value *a, const struct value *b);
/* Equal for elements that compare equal. */
uint64_t value_hash_item(uint64_t seed, enum type_kind kind, const void *item);
/* Where the element's storage is in a value. */
const void *value_item(const struct value *value);

#endif

/* Postgres' text forms of arrays, bytea and bool, as psql, COPY and query results show them. */
#ifndef MIG_VALUE_PG_H
#define MIG_VALUE_PG_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

/* '{a,"b c",NULL}' with one dimension into texts: items are struct str, slices or in the arena; nulls may be
 * NULL. More dimensions, bounds ('[2:3]={…}') and broken texts are FAULT_NOT_ARRAY. */
enum fault pg_array_parse(struct arena *arena, struct str text, struct array *out);
/* Texts to such a literal, quoted where Postgres quotes. */
struct str pg_array_format(struct arena *arena, const struct array *texts);
/* '\x0aff' (hex form), or the old escape form. FAULT_NOT_BYTES. */
enum fault pg_bytea_parse(struct arena *arena, struct str text, struct str *out);
struct str pg_bytea_format(struct arena *arena, struct str bytes);
/* 't' and 'f'. FAULT_NOT_BOOL. */
enum fault pg_bool_parse(struct str text, uint8_t *out);

#endif

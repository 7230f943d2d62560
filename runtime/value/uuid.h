/* UUIDs (RFC 4122): texts, name-based version 5. */
#ifndef MIG_VALUE_UUID_H
#define MIG_VALUE_UUID_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

enum { UUID_TEXT_MAX = 36 };

/* 36 characters, or as Postgres takes it: any case, in braces, hyphens after any group of four digits or
 * none. FAULT_NOT_UUID. */
enum fault uuid_parse(struct str text, struct uuid *out);
void uuid_write(struct uuid uuid, char out[static UUID_TEXT_MAX]); /* exactly 36 bytes, lower case */
struct str uuid_format(struct arena *arena, struct uuid uuid);
static inline int uuid_compare(struct uuid a, struct uuid b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes);
}

/* Version 5: SHA-1 over the namespace and the name. */
struct uuid uuid5(struct uuid namespace_id, struct str name);
/* The namespace of a migration: uuid5(URL namespace, "mig:" + name). Make it once per run. */
struct uuid uuid5_migration_namespace(struct str migration);
/* The language's uuid5(a, b, …): the name is the arguments' canonical texts (value_format_key) joined by
 * U+001F. An argument that holds U+001F cannot be told from two: FAULT_BAD_ARGUMENT. */
enum fault uuid5_in_migration(struct uuid namespace_id, const struct str *args, size_t count,
                              struct uuid *out);
/* Version 4 from 16 random bytes of the caller's. */
struct uuid uuid4_from_random(const uint8_t random[static 16]);

#endif

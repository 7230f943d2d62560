/* The hashes of one row from its fields in binary form: the one implementation behind the encoder (fields as
 * sent) and verify (fields as stored). What the canonical form is: pg_encode.h. */
#ifndef MIG_POSTGRES_PG_ROW_HASH_H
#define MIG_POSTGRES_PG_ROW_HASH_H

#include "runtime/postgres/pg_encode.h"
#include "runtime/postgres/pg_wire.h"

/* Which fields go into one of the hashes. */
struct row_hash_part {
    uint32_t *fields;
    uint32_t count;
    bool loose; /* display scales do not count: keys, which the server finds by value */
};

struct row_hasher {
    const struct wire_column *columns; /* the map's, in its order */
    uint32_t count;
    uint32_t hashed; /* columns that are hashed: all but the text-only ones */
    bool canonical;  /* the hashed bytes are not the field's bytes … */
    bool in_place;   /* … but as long: numbers only, changed in a copy */
    struct row_hash_part row, key, update;
};

/* For a map into a target table. columns must outlive it; the parts lie in the arena. */
struct row_hasher row_hasher_make(struct arena *arena, const struct plan_map *map,
                                  const struct plan_target_table *table, const struct wire_column *columns);
/* The part made of these target columns. False when the map does not write one of them, or there are none. */
bool row_hasher_part(const struct row_hasher *hasher, struct arena *arena, const struct plan_map *map,
                     const uint32_t *columns, uint32_t count, struct row_hash_part *part);

/* fields: one behind the other, each with its length word, text-only ones left out; starts: count + 1
 * offsets. Returns the canonical fields: `fields` itself or bytes in `canonical`; starts then tells where
 * they are. */
const char *row_hasher_canonical(const struct row_hasher *hasher, const char *fields, size_t *starts,
                                 struct buf *canonical);
/* The same where the fields may be overwritten: no copy for what can be changed in place. */
const char *row_hasher_canonical_in(const struct row_hasher *hasher, char *fields, size_t *starts,
                                    struct buf *canonical);
/* Of canonical fields. */
struct hash128 row_hasher_part_hash(const struct row_hasher *hasher, const struct row_hash_part *part,
                                    const char *fields, const size_t *starts, struct buf *scratch);
struct row_hash row_hasher_hash(const struct row_hasher *hasher, const char *fields, const size_t *starts,
                                struct buf *scratch);

#endif

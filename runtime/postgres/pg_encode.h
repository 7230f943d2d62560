/* Rows of the VM as COPY data: BINARY, or TEXT where a column's type has no binary form that mig knows
 * (WIRE_TEXT_FORM). Beside each row stand its hashes for the journal's checksums. */
#ifndef MIG_POSTGRES_PG_ENCODE_H
#define MIG_POSTGRES_PG_ENCODE_H

#include "runtime/vm/vm.h"
#include "runtime/base/hash.h"

/* Canonical hashes of one row. A field is int32 length (big-endian; -1: null) and its bytes in the type's
 * binary form; the row is its fields in the order of plan_map.columns; the hash is hash_bytes128 with
 * PG_ROW_HASH_SEED over that, so it is the same in each run and on each little-endian machine. Where a value
 * has several binary forms that the server may exchange, one is chosen: numeric(p, s) without display scale
 * (2.5 = 2.50; plain numeric keeps its own: the server does so, too), -0 as 0, char(n) without trailing
 * blanks, jsonb with sorted keys, last of repeated keys, no blanks and numbers by digits and scale. Columns
 * that travel as text (WIRE_TEXT_FORM) are left out: the server may spell them anew. */
struct row_hash {
    struct hash128 row; /* all columns that the map writes */
    struct hash128 key; /* the primary key's columns, if the map writes them all, else the conflict columns,
                           else all columns */
    struct hash128
        update; /* `on conflict … update`: the conflict columns and those that are updated; else 0 */
};

#define PG_ROW_HASH_SEED UINT64_C(0x6d69672d726f7731) /* "mig-row1" */

/* Sum of hashes modulo 2^128: order does not matter, rows can be added and taken away. */
struct batch_checksum {
    unsigned __int128 row, key;
};
static inline unsigned __int128 hash128_number(struct hash128 h) {
    return (unsigned __int128)h.hi << 64 | h.lo;
}

/* Encoded rows. Reused: encoded_rows_clear keeps the memory. All-zero is valid and empty. */
struct encoded_rows {
    struct buf bytes; /* tuples one after the other, without COPY header and trailer */
    size_t *ends;     /* offset behind each row in bytes */
    struct row_hash *hashes;
    uint64_t *ordinals; /* as given to pg_encode_rows: tells the row again in load_result */
    uint32_t count, cap;
};
void encoded_rows_clear(struct encoded_rows *rows);
void encoded_rows_release(struct encoded_rows *rows);

struct pg_row_encoder;

/* For a map into a target table. program: the one with the map's COLUMN outputs (group_program of a grouped
 * map, else its program). Staged maps (pg_map_is_staged) get the ordinal as first field. Never NULL. The plan
 * must outlive it. Shared by threads once made. */
struct pg_row_encoder *pg_row_encoder_new(const struct plan *plan, const struct plan_map *map,
                                          const struct plan_program *program, bool returning);
/* Hashes stay zero: see run_options.without_journal. */
void pg_row_encoder_skip_hashes(struct pg_row_encoder *encoder);
void pg_row_encoder_free(struct pg_row_encoder *encoder);
bool pg_row_encoder_is_text(const struct pg_row_encoder *encoder); /* COPY TEXT instead of BINARY */

/* Appends rows[0..count) of the vm. first_ordinal: what the first of them is called, the others follow; must
 * be unique among the rows that are sent between two commits, and ascending in the order of rows. Registers
 * of the rows must be ROW_VALUE or ROW_NULL. False with a diagnostic for a row beyond COPY's limit of 1 GiB a
 * field. */
bool pg_encode_rows(const struct pg_row_encoder *encoder, const struct vm *vm, const uint32_t *rows,
                    uint32_t count, uint64_t first_ordinal, struct encoded_rows *out,
                    struct diag_list *diags);

/* Conflict maps and maps whose stored rows are asked for (returning: a crosswalk needs columns that the
 * server fills) go through a temporary table. */
static inline bool pg_map_is_staged(const struct plan_map *map, bool returning) {
    return map->conflict != CONFLICT_NONE || returning;
}
/* How rows of this encoder are hashed; lives with it. (pg_row_hash.h) */
const struct row_hasher *pg_row_encoder_hasher(const struct pg_row_encoder *encoder);
/* One row's fields in binary form, as pg_encode_rows would send them, without its header; columns that only
 * travel as text are left out. starts gets one offset for each column and the end, from out's length before.
 * False: larger than a field may be. */
bool pg_row_fields(const struct pg_row_encoder *encoder, const struct vm *vm, uint32_t row,
                   struct arena *scratch, struct buf *out, size_t *starts);
/* The text of one column (n-th of the map's) as it would be sent; ptr NULL: null. */
struct str pg_row_text(const struct pg_row_encoder *encoder, const struct vm *vm, uint32_t row,
                       uint32_t field, struct arena *arena);
/* True when some of the columns (of the target table) are not what the map sends: unassigned (default,
 * generated, identity), or the map has a conflict clause, so that another row may stand there. */
bool pg_map_needs_returning(const struct plan *plan, const struct plan_map *map, const uint32_t *columns,
                            uint32_t count);

/* The canonical text of a JSON value, as hashed for jsonb. Numbers keep all their digits; with
 * keep_scale 1.50 is not 1.5, as the server keeps both. */
void pg_canonical_json(struct str json, bool keep_scale, struct buf *out);

#endif

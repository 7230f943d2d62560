/* The container around a plan's content; internal to runtime/plan.
 *
 *   8 bytes   magic: 0x89 M I G CR LF 0x1A LF. As in PNG (RFC 2083, 3.1), transfers that change line ends,
 *             strip the eighth bit or stop at an end-of-file byte damage it visibly.
 *   4 bytes   PLAN_FORMAT_VERSION, little-endian
 *   16 bytes  the start of the SHA-256 of the instruction table
 *   8 bytes   length of the content, little-endian
 *   32 bytes  SHA-256 of the content
 *   content   struct plan, its fields in the order of plan.def
 *
 * Fields: u8 is one byte; u32 and counts are LEB128 in the fewest bytes; i64 the same after zigzag; str is a
 * count and bytes; lists are a count and items; sub structs stand without anything around them. */
#ifndef MIG_PLAN_CONTAINER_H
#define MIG_PLAN_CONTAINER_H

#include "runtime/plan/plan.h"

enum {
    PLAN_MAGIC_BYTES = 8,
    PLAN_TABLE_HASH_BYTES = 16,
    PLAN_VERSION_AT = PLAN_MAGIC_BYTES,
    PLAN_TABLE_HASH_AT = PLAN_VERSION_AT + 4,
    PLAN_LENGTH_AT = PLAN_TABLE_HASH_AT + PLAN_TABLE_HASH_BYTES,
    PLAN_SHA256_AT = PLAN_LENGTH_AT + 8,
    PLAN_HEADER_BYTES = PLAN_SHA256_AT + 32
};

extern const uint8_t PLAN_MAGIC[PLAN_MAGIC_BYTES];

/* Over names, signatures and flags of all instructions in their order. */
void plan_hash_instructions(uint8_t hash[static PLAN_TABLE_HASH_BYTES]);
void plan_hash_bytes(struct str bytes, uint8_t hash[static 32]);

#endif

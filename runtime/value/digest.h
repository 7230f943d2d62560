/* Digests: hexadecimal (lower case) in the arena, HMAC as bytes. */
#ifndef MIG_VALUE_DIGEST_H
#define MIG_VALUE_DIGEST_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

struct str digest_sha256_hex(struct arena *arena, struct str bytes);
struct str digest_sha1_hex(struct arena *arena, struct str bytes);
struct str digest_md5_hex(struct arena *arena, struct str bytes);
void digest_sha256(struct str bytes, uint8_t out[static 32]);
/* HMAC-SHA256 (RFC 2104), 32 bytes. */
struct str digest_hmac_sha256(struct arena *arena, struct str key, struct str bytes);
/* A stable stand-in for x: base64url of the first 16 bytes of HMAC-SHA256(key, x). */
struct str digest_pseudonym(struct arena *arena, struct str key, struct str x);
/* CRC-32 (ISO-HDLC, as in zlib and zip). */
uint32_t digest_crc32(struct str bytes);

#endif

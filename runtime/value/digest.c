/* Digests, through OpenSSL's direct functions (see uuid.c for why). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "runtime/value/digest.h"
#include "runtime/value/encode.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

void digest_sha256(struct str bytes, uint8_t out[static 32]) {
    SHA256_CTX sha;
    SHA256_Init(&sha);
    SHA256_Update(&sha, bytes.ptr, bytes.len);
    SHA256_Final(out, &sha);
}

static struct str to_hex(struct arena *arena, const uint8_t *digest, size_t len) {
    return hex_encode(arena, str_from((const char *)digest, len));
}

struct str digest_sha256_hex(struct arena *arena, struct str bytes) {
    uint8_t digest[SHA256_DIGEST_LENGTH];
    digest_sha256(bytes, digest);
    return to_hex(arena, digest, sizeof digest);
}

struct str digest_sha1_hex(struct arena *arena, struct str bytes) {
    uint8_t digest[SHA_DIGEST_LENGTH];
    SHA_CTX sha;
    SHA1_Init(&sha);
    SHA1_Update(&sha, bytes.ptr, bytes.len);
    SHA1_Final(digest, &sha);
    return to_hex(arena, digest, sizeof digest);
}

struct str digest_md5_hex(struct arena *arena, struct str bytes) {
    uint8_t digest[MD5_DIGEST_LENGTH];
    MD5_CTX md5;
    MD5_Init(&md5);
    MD5_Update(&md5, bytes.ptr, bytes.len);
    MD5_Final(digest, &md5);
    return to_hex(arena, digest, sizeof digest);
}

/* SHA-256 of the key's block XOR pad, then the message (RFC 2104). */
static void hash_with_pad(const uint8_t *block, uint8_t pad, const void *message, size_t len, uint8_t *out) {
    uint8_t padded[SHA256_CBLOCK];
    SHA256_CTX sha;
    for (size_t i = 0; i < sizeof padded; i++)
        padded[i] = block[i] ^ pad;
    SHA256_Init(&sha);
    SHA256_Update(&sha, padded, sizeof padded);
    SHA256_Update(&sha, message, len);
    SHA256_Final(out, &sha);
    OPENSSL_cleanse(padded, sizeof padded);
}

static void hmac(struct str key, struct str bytes, uint8_t out[static 32]) {
    uint8_t block[SHA256_CBLOCK] = {0}, inner[SHA256_DIGEST_LENGTH];
    if (key.len > sizeof block)
        digest_sha256(key, block);
    else if (key.len > 0)
        memcpy(block, key.ptr, key.len);
    hash_with_pad(block, 0x36, bytes.ptr, bytes.len, inner);
    hash_with_pad(block, 0x5c, inner, sizeof inner, out);
    OPENSSL_cleanse(block, sizeof block);
}

struct str digest_hmac_sha256(struct arena *arena, struct str key, struct str bytes) {
    uint8_t *out = arena_alloc(arena, SHA256_DIGEST_LENGTH);
    hmac(key, bytes, out);
    return str_from((const char *)out, SHA256_DIGEST_LENGTH);
}

struct str digest_pseudonym(struct arena *arena, struct str key, struct str x) {
    uint8_t out[SHA256_DIGEST_LENGTH];
    hmac(key, x, out);
    return base64url_encode(arena, str_from((const char *)out, 16));
}

uint32_t digest_crc32(struct str bytes) {
    static const uint32_t nibbles[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (uint8_t)bytes.ptr[i];
        crc = crc >> 4 ^ nibbles[crc & 15];
        crc = crc >> 4 ^ nibbles[crc & 15];
    }
    return ~crc;
}

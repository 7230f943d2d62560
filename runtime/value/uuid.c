/* UUIDs. */
/* OpenSSL 3 deprecates its one-algorithm functions for ones that look the algorithm up at each call; a
 * name-based UUID per row wants the direct ones. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "runtime/value/uuid.h"

#include <openssl/sha.h>

enum { UNIT_SEPARATOR = 0x1f };

static inline int32_t hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum fault uuid_parse(struct str text, struct uuid *out) {
    const char *p = text.ptr, *end = p + text.len;
    bool braces = text.len > 0 && *p == '{';
    if (braces) {
        if (end[-1] != '}') return FAULT_NOT_UUID;
        p++, end--;
    }
    for (int i = 0; i < 16; i++) {
        if (end - p < 2) return FAULT_NOT_UUID;
        int32_t high = hex_digit(p[0]), low = hex_digit(p[1]);
        if (high < 0 || low < 0) return FAULT_NOT_UUID;
        out->bytes[i] = (uint8_t)(high << 4 | low);
        p += 2;
        if (p < end && *p == '-' && i % 2 == 1 && i < 15) p++;
    }
    return p == end ? FAULT_NONE : FAULT_NOT_UUID;
}

void uuid_write(struct uuid uuid, char out[static UUID_TEXT_MAX]) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
        *out++ = digits[uuid.bytes[i] >> 4];
        *out++ = digits[uuid.bytes[i] & 15];
    }
}

struct str uuid_format(struct arena *arena, struct uuid uuid) {
    char *out = arena_alloc(arena, UUID_TEXT_MAX);
    uuid_write(uuid, out);
    return str_from(out, UUID_TEXT_MAX);
}

/* The version and variant bits of RFC 4122. */
static struct uuid stamp(const uint8_t *bytes, uint8_t version) {
    struct uuid uuid;
    memcpy(uuid.bytes, bytes, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | version << 4);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

static struct uuid finish_uuid5(SHA_CTX *sha) {
    uint8_t digest[SHA_DIGEST_LENGTH];
    SHA1_Final(digest, sha);
    return stamp(digest, 5);
}

/* What fits one block of SHA-1 beside its padding is hashed without the bookkeeping that OpenSSL needs for
 * messages in pieces. */
enum { BLOCK_MESSAGE_MAX = SHA_CBLOCK - 9 };

static struct uuid hash_block(uint8_t block[static SHA_CBLOCK], size_t len) {
    SHA_CTX sha;
    uint8_t digest[16];
    memset(block + len, 0, SHA_CBLOCK - len);
    block[len] = 0x80;
    block[SHA_CBLOCK - 2] = (uint8_t)(len * 8 >> 8);
    block[SHA_CBLOCK - 1] = (uint8_t)(len * 8);
    SHA1_Init(&sha);
    SHA1_Transform(&sha, block);
    const uint32_t words[4] = {sha.h0, sha.h1, sha.h2, sha.h3};
    for (int i = 0; i < 4; i++)
        for (int b = 0; b < 4; b++)
            digest[i * 4 + b] = (uint8_t)(words[i] >> (24 - b * 8));
    return stamp(digest, 5);
}

struct uuid uuid5(struct uuid namespace_id, struct str name) {
    SHA_CTX sha;
    SHA1_Init(&sha);
    SHA1_Update(&sha, namespace_id.bytes, sizeof namespace_id.bytes);
    SHA1_Update(&sha, name.ptr, name.len);
    return finish_uuid5(&sha);
}

struct uuid uuid5_migration_namespace(struct str migration) {
    static const struct uuid url = {
        {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};
    SHA_CTX sha;
    SHA1_Init(&sha);
    SHA1_Update(&sha, url.bytes, sizeof url.bytes);
    SHA1_Update(&sha, "mig:", 4);
    SHA1_Update(&sha, migration.ptr, migration.len);
    return finish_uuid5(&sha);
}

enum fault uuid5_in_migration(struct uuid namespace_id, const struct str *args, size_t count,
                              struct uuid *out) {
    static const char separator = UNIT_SEPARATOR;
    uint8_t block[SHA_CBLOCK];
    size_t len = sizeof namespace_id.bytes;
    bool fits = true;
    memcpy(block, namespace_id.bytes, len);
    for (size_t i = 0; i < count && fits; i++) {
        if (args[i].len && memchr(args[i].ptr, UNIT_SEPARATOR, args[i].len)) return FAULT_BAD_ARGUMENT;
        fits = args[i].len < BLOCK_MESSAGE_MAX - len; /* one for the separator */
        if (!fits) break;
        if (i > 0) block[len++] = UNIT_SEPARATOR;
        if (args[i].len) memcpy(block + len, args[i].ptr, args[i].len);
        len += args[i].len;
    }
    if (fits) {
        *out = hash_block(block, len);
        return FAULT_NONE;
    }
    SHA_CTX sha;
    SHA1_Init(&sha);
    SHA1_Update(&sha, namespace_id.bytes, sizeof namespace_id.bytes);
    for (size_t i = 0; i < count; i++) {
        if (args[i].len && memchr(args[i].ptr, UNIT_SEPARATOR, args[i].len)) return FAULT_BAD_ARGUMENT;
        if (i > 0) SHA1_Update(&sha, &separator, 1);
        SHA1_Update(&sha, args[i].ptr, args[i].len);
    }
    *out = finish_uuid5(&sha);
    return FAULT_NONE;
}

struct uuid uuid4_from_random(const uint8_t random[static 16]) {
    return stamp(random, 4);
}

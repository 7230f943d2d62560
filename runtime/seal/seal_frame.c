/* Segments' heads and their frames. */
#include "runtime/seal/seal_internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- heads */

static void append_number(struct buf *out, uint64_t n, int size) {
    uint8_t bytes[8];
    seal_put(bytes, n, size);
    buf_append(out, bytes, (size_t)size);
}

void seal_header_write(const struct seal_header *header, struct buf *out) {
    static const uint8_t VERSION[4] = {SEAL_VERSION, 0, 0, 0};
    buf_append(out, SEAL_MAGIC, SEAL_MAGIC_SIZE);
    buf_append(out, VERSION, sizeof VERSION);
    append_number(out, SEAL_FIXED_HEADER + header->map.len, 4);
    buf_append(out, header->run_id.bytes, sizeof header->run_id.bytes);
    append_number(out, (uint64_t)header->created_at, 8);
    append_number(out, (uint64_t)header->expires_at, 8);
    buf_append(out, header->key_id, SEAL_KEY_ID_BYTES);
    buf_append(out, header->salt, SEAL_SALT);
    buf_append(out, header->previous, SEAL_TAG);
    append_number(out, header->first_record, 8);
    append_number(out, header->map.len, 2);
    buf_append_str(out, header->map);
}

size_t seal_header_size(const uint8_t *bytes) {
    if (memcmp(bytes, SEAL_MAGIC, SEAL_MAGIC_SIZE) != 0 || bytes[8] != SEAL_VERSION) return 0;
    uint64_t size = seal_get(bytes + 12, 4);
    return size >= SEAL_FIXED_HEADER && size <= SEAL_MAX_HEADER ? (size_t)size : 0;
}

bool seal_header_read(const uint8_t *bytes, size_t size, struct seal_header *header) {
    const uint8_t *p = bytes + 16;
    if (seal_header_size(bytes) != size) return false;
    memcpy(header->run_id.bytes, p, 16);
    header->created_at = (int64_t)seal_get(p + 16, 8);
    header->expires_at = (int64_t)seal_get(p + 24, 8);
    memcpy(header->key_id, p + 32, SEAL_KEY_ID_BYTES);
    memcpy(header->salt, p + 40, SEAL_SALT);
    memcpy(header->previous, p + 56, SEAL_TAG);
    header->first_record = seal_get(p + 72, 8);
    header->map = str_from((const char *)p + 82, size - SEAL_FIXED_HEADER);
    return seal_get(p + 80, 2) == header->map.len;
}

/* ---------------------------------------------------------------- frames */

enum { HASH = 32, ASSOCIATED = HASH + 1 + 8 + 8, NONCE = 12 };

struct seal_cipher {
    EVP_CIPHER_CTX *context;
    uint8_t key[SEAL_KEY_BYTES]; /* the segment's own */
    uint8_t header_hash[HASH];
    uint64_t frame; /* the next one's number in the segment: its nonce */
};

struct seal_cipher *seal_cipher_new(const struct seal_key *key, const uint8_t *header, size_t header_size) {
    struct seal_header head;
    struct seal_cipher *cipher = memory_zalloc(sizeof *cipher);
    seal_header_read(header, header_size, &head);
    /* A key for each segment, from its random salt: nonces can be counted without ever coming twice. */
    seal_derive(key, head.salt, SEAL_SALT, "mig quarantine file 1", cipher->key);
    SHA256(header, header_size, cipher->header_hash);
    cipher->context = EVP_CIPHER_CTX_new();
    if (cipher->context == NULL) memory_exhausted(0);
    return cipher;
}

void seal_cipher_free(struct seal_cipher *cipher) {
    if (cipher == NULL) return;
    EVP_CIPHER_CTX_free(cipher->context);
    OPENSSL_cleanse(cipher, sizeof *cipher);
    free(cipher);
}

/* What a frame is bound to besides its text: file, place in it, number. */
static void associate(const struct seal_cipher *cipher, enum seal_kind kind, uint64_t record,
                      uint8_t out[ASSOCIATED]) {
    memcpy(out, cipher->header_hash, HASH);
    out[HASH] = (uint8_t)kind;
    seal_put(out + HASH + 1, cipher->frame, 8);
    seal_put(out + HASH + 9, record, 8);
}

static void start(struct seal_cipher *cipher, enum seal_kind kind, uint64_t record, bool sealing) {
    uint8_t nonce[NONCE] = {0}, associated[ASSOCIATED];
    int n;
    seal_put(nonce + 4, cipher->frame, 8);
    associate(cipher, kind, record, associated);
    bool good =
        EVP_CipherInit_ex(cipher->context, EVP_aes_256_gcm(), NULL, cipher->key, nonce, sealing) == 1 &&
        EVP_CipherUpdate(cipher->context, NULL, &n, associated, ASSOCIATED) == 1;
    if (!good) memory_exhausted(0);
    cipher->frame++;
}

void seal_cipher_seal(struct seal_cipher *cipher, enum seal_kind kind, uint64_t record, struct str text,
                      struct buf *out) {
    uint8_t head[SEAL_FRAME_HEAD] = {(uint8_t)kind};
    seal_put(head + 1, text.len, 4);
    buf_append(out, head, sizeof head);
    uint8_t *at = (uint8_t *)buf_reserve(out, text.len + SEAL_TAG);
    int n = 0, rest = 0;
    start(cipher, kind, record, true);
    bool good = (text.len == 0 ||
                 EVP_CipherUpdate(cipher->context, at, &n, (const uint8_t *)text.ptr, (int)text.len) == 1) &&
                EVP_CipherFinal_ex(cipher->context, at + n, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG, at + text.len) == 1;
    if (!good) memory_exhausted(0);
    out->len += text.len + SEAL_TAG;
}

bool seal_cipher_open(struct seal_cipher *cipher, enum seal_kind kind, uint64_t record, uint8_t *bytes,
                      size_t size, const uint8_t tag[SEAL_TAG]) {
    int n = 0, rest = 0;
    start(cipher, kind, record, false);
    return (size == 0 || EVP_CipherUpdate(cipher->context, bytes, &n, bytes, (int)size) == 1) &&
           EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_GCM_SET_TAG, SEAL_TAG, (void *)tag) == 1 &&
           EVP_CipherFinal_ex(cipher->context, bytes + n, &rest) == 1;
}

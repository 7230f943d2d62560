/* What writing and reading sealed files share. */
#ifndef MIG_SEAL_SEAL_INTERNAL_H
#define MIG_SEAL_SEAL_INTERNAL_H

#include "runtime/seal/seal.h"

enum {
    SEAL_VERSION = 1,
    SEAL_TAG = 16,
    SEAL_SALT = 16,
    SEAL_MAGIC_SIZE = 8,
    SEAL_FIXED_HEADER = 8 + 4 + 4 + 16 + 8 + 8 + SEAL_KEY_ID_BYTES + SEAL_SALT + SEAL_TAG + 8 + 2,
    SEAL_MAX_HEADER = SEAL_FIXED_HEADER + 1024,
    SEAL_FRAME_HEAD = 5, /* kind and length */
    SEAL_MARK_BYTES = 8  /* a mark's content: the records so far */
};
#define SEAL_MAGIC "migseal\n"

enum seal_kind { SEAL_KIND_RECORD = 'R', SEAL_KIND_MARK = 'M', SEAL_KIND_END = 'E' };

/* The head of a segment: what one process wrote of a file. */
struct seal_header {
    struct uuid run_id;
    int64_t created_at, expires_at;
    uint8_t key_id[SEAL_KEY_ID_BYTES];
    uint8_t salt[SEAL_SALT];
    uint8_t previous[SEAL_TAG]; /* the last tag before the segment; zeros in the first one */
    uint64_t first_record;
    struct str map;
};

void seal_header_write(const struct seal_header *header, struct buf *out);
/* bytes: at least SEAL_FIXED_HEADER of them. The size of the whole header; 0: it is none. */
size_t seal_header_size(const uint8_t *bytes);
/* bytes: a whole header. header->map points into it. False: it is none. */
bool seal_header_read(const uint8_t *bytes, size_t size, struct seal_header *header);

/* The cipher of one segment. */
struct seal_cipher;
struct seal_cipher *seal_cipher_new(const struct seal_key *key, const uint8_t *header, size_t header_size);
void seal_cipher_free(struct seal_cipher *cipher);
/* Appends a frame: kind, length, ciphertext, tag. record: its number, or how many there are before a mark. */
void seal_cipher_seal(struct seal_cipher *cipher, enum seal_kind kind, uint64_t record, struct str text,
                      struct buf *out);
/* In place: the frame's ciphertext becomes its text. False: it was changed, or stands elsewhere. */
bool seal_cipher_open(struct seal_cipher *cipher, enum seal_kind kind, uint64_t record, uint8_t *bytes,
                      size_t size, const uint8_t tag[SEAL_TAG]);

/* 32 bytes of HKDF-SHA256. */
void seal_derive(const struct seal_key *key, const uint8_t *salt, size_t salt_size, const char *purpose,
                 uint8_t out[SEAL_KEY_BYTES]);

static inline uint64_t seal_get(const uint8_t *bytes, int size) {
    uint64_t n = 0;
    for (int i = 0; i < size; i++)
        n = n << 8 | bytes[i];
    return n;
}

static inline void seal_put(uint8_t *bytes, uint64_t n, int size) {
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(n >> (8 * (size - 1 - i)));
}

#endif

/* Single values: a nonce drawn at random, the ciphertext, the tag. */
#include "runtime/seal/seal_internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/random.h>

enum { NONCE = 12 };

struct seal_box {
    EVP_CIPHER_CTX *context;
    uint8_t key[SEAL_KEY_BYTES];
};

struct seal_box *seal_box_new(const struct seal_key *key) {
    struct seal_box *box = memory_zalloc(sizeof *box);
    seal_derive(key, (const uint8_t *)"", 0, "mig values 1", box->key);
    box->context = EVP_CIPHER_CTX_new();
    if (box->context == NULL) memory_exhausted(0);
    return box;
}

void seal_box_free(struct seal_box *box) {
    if (box == NULL) return;
    EVP_CIPHER_CTX_free(box->context);
    OPENSSL_cleanse(box, sizeof *box);
    free(box);
}

static bool start(struct seal_box *box, const uint8_t *nonce, struct str subject, bool sealing) {
    int n;
    return EVP_CipherInit_ex(box->context, EVP_aes_256_gcm(), NULL, box->key, nonce, sealing) == 1 &&
           (subject.len == 0 ||
            EVP_CipherUpdate(box->context, NULL, &n, (const uint8_t *)subject.ptr, (int)subject.len) == 1);
}

struct str seal_box_close(struct seal_box *box, struct str subject, struct str text, struct arena *arena) {
    uint8_t *out = arena_alloc(arena, NONCE + text.len + SEAL_TAG);
    int n = 0, rest = 0;
    bool good =
        getrandom(out, NONCE, 0) == NONCE && start(box, out, subject, true) &&
        (text.len == 0 ||
         EVP_CipherUpdate(box->context, out + NONCE, &n, (const uint8_t *)text.ptr, (int)text.len) == 1) &&
        EVP_CipherFinal_ex(box->context, out + NONCE + n, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(box->context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG, out + NONCE + text.len) == 1;
    if (!good) memory_exhausted(0); /* nothing leaves unsealed */
    return str_from((const char *)out, NONCE + text.len + SEAL_TAG);
}

bool seal_box_open(struct seal_box *box, struct str subject, struct str sealed, struct arena *arena,
                   struct str *text) {
    if (sealed.len < NONCE + SEAL_TAG) return false;
    const uint8_t *in = (const uint8_t *)sealed.ptr;
    size_t size = sealed.len - NONCE - SEAL_TAG;
    uint8_t *out = arena_alloc(arena, size + 1);
    int n = 0, rest = 0;
    bool good =
        start(box, in, subject, false) &&
        (size == 0 || EVP_CipherUpdate(box->context, out, &n, in + NONCE, (int)size) == 1) &&
        EVP_CIPHER_CTX_ctrl(box->context, EVP_CTRL_GCM_SET_TAG, SEAL_TAG, (void *)(in + NONCE + size)) == 1 &&
        EVP_CipherFinal_ex(box->context, out + n, &rest) == 1;
    *text = str_from((const char *)out, good ? size : 0);
    return good;
}

/* The quarantine key: reading it, and what is derived from it. */
#include "runtime/seal/seal_internal.h"

#include "runtime/value/encode.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>

void seal_derive(const struct seal_key *key, const uint8_t *salt, size_t salt_size, const char *purpose,
                 uint8_t out[SEAL_KEY_BYTES]) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key->bytes, SEAL_KEY_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)purpose, strlen(purpose)),
        OSSL_PARAM_construct_end(),
    };
    /* It fails only where there is no memory: nothing is ever sealed with a key that was not made. */
    if (context == NULL || EVP_KDF_derive(context, out, SEAL_KEY_BYTES, params) != 1) memory_exhausted(0);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
}

bool seal_key_parse(struct str text, struct seal_key *key) {
    struct arena arena = {0};
    struct str bytes = STR("");
    uint8_t id[SEAL_KEY_BYTES];
    bool good = (text.len == 2 * SEAL_KEY_BYTES && hex_decode(&arena, text, &bytes) == FAULT_NONE) ||
                (text.len == 44 && base64_decode(&arena, text, &bytes) == FAULT_NONE);
    good = good && bytes.len == SEAL_KEY_BYTES;
    if (good) {
        memcpy(key->bytes, bytes.ptr, SEAL_KEY_BYTES);
        seal_derive(key, (const uint8_t *)"", 0, "mig quarantine key id", id);
        memcpy(key->id, id, SEAL_KEY_ID_BYTES);
    }
    if (bytes.len) OPENSSL_cleanse((void *)bytes.ptr, bytes.len);
    arena_release(&arena);
    return good;
}

enum seal_key_result seal_key_from_env(const char *variable, struct seal_key *key, struct diag_list *diags) {
    const char *text = getenv(variable);
    if (text == NULL || *text == '\0') return SEAL_KEY_NONE;
    if (seal_key_parse(str_cstr(text), key)) return SEAL_KEY_READ;
    struct diag *diag =
        diag_report(diags, X_SEAL_KEY, (struct span){0}, "%s holds no quarantine key: it has %zu characters",
                    variable, strlen(text));
    diag_help(diags, diag,
              "A key is 32 random bytes, as 64 hexadecimal digits (`openssl rand -hex 32`) or as base64 "
              "(`openssl rand -base64 32`), without blanks.");
    return SEAL_KEY_BAD;
}

void seal_key_forget(struct seal_key *key) {
    OPENSSL_cleanse(key, sizeof *key);
}

/* Digests against published vectors (RFC 1321, FIPS 180-4, RFC 4231). */
#include "runtime/value/digest.h"
#include "runtime/value/encode.h"
#include "tests/value/check.h"

static void test_vectors(void **state) {
    assert_text(digest_md5_hex(*state, STR("abc")), "900150983cd24fb0d6963f7d28e17f72");
    assert_text(digest_sha1_hex(*state, STR("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_text(digest_sha256_hex(*state, STR("abc")),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_text(digest_sha256_hex(*state, (struct str){0}),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(digest_crc32(STR("123456789")), 0xcbf43926);
    assert_int_equal(digest_crc32((struct str){0}), 0);
}

static void test_hmac(void **state) {
    struct str mac =
        digest_hmac_sha256(*state, STR("key"), STR("The quick brown fox jumps over the lazy dog"));
    assert_int_equal(mac.len, 32);
    assert_text(hex_encode(*state, mac), "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
    char key[100]; /* longer than a block: hashed first */
    memset(key, 'k', sizeof key);
    mac = digest_hmac_sha256(*state, str_from(key, sizeof key), (struct str){0});
    assert_text(hex_encode(*state, mac), "d46761768ee3c864fc76c08b3d73c8092853ae3fefa01b990963dfa2d56e7334");
    mac = digest_hmac_sha256(*state, STR("Jefe"), STR("what do ya want for nothing?"));
    assert_text(hex_encode(*state, mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_text(digest_pseudonym(*state, STR("key"), STR("x")), "T8O36vNNfllKb1HZUXulQw");
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_vectors), ARENA_TEST(test_hmac)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

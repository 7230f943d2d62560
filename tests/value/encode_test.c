/* base64, hexadecimal, percent encoding: RFC 4648's vectors and what must be refused. */
#include "runtime/value/encode.h"
#include "tests/value/check.h"

static void test_base64(void **state) {
    static const char *const cases[][3] = {{"", "", ""},
                                           {"f", "Zg==", "Zg"},
                                           {"fo", "Zm8=", "Zm8"},
                                           {"foo", "Zm9v", "Zm9v"},
                                           {"foob", "Zm9vYg==", "Zm9vYg"},
                                           {"fooba", "Zm9vYmE=", "Zm9vYmE"},
                                           {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                                           {"\xfb\xff", "+/8=", "-_8"}};
    struct str out;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_text(base64_encode(*state, str_cstr(cases[i][0])), cases[i][1]);
        assert_text(base64url_encode(*state, str_cstr(cases[i][0])), cases[i][2]);
        assert_ok(base64_decode(*state, str_cstr(cases[i][1]), &out));
        assert_text(out, cases[i][0]);
        assert_ok(base64url_decode(*state, str_cstr(cases[i][2]), &out));
        assert_text(out, cases[i][0]);
    }
    static const char *const bad[] = {"Zg",       "Zg=", "Zh==", "Z",    "Zm9v\n", "Zm 9",
                                      "Zg==Zg==", "=",   "====", "-_8=", "Zm9=v"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(base64_decode(*state, str_cstr(bad[i]), &out), FAULT_NOT_BYTES);
    assert_fault(base64url_decode(*state, STR("+/8"), &out), FAULT_NOT_BYTES);
    assert_fault(base64url_decode(*state, STR("Zg="), &out), FAULT_NOT_BYTES);
    assert_fault(base64url_decode(*state, STR("Zh"), &out), FAULT_NOT_BYTES);
    assert_ok(base64url_decode(*state, STR("Zg=="), &out));
}

static void test_hex_and_url(void **state) {
    struct str out;
    assert_text(hex_encode(*state, STR("\x00\xff\x0a")), "00ff0a");
    assert_ok(hex_decode(*state, STR("00FFa0"), &out));
    assert_true(str_eq(out, STR("\x00\xff\xa0")));
    assert_fault(hex_decode(*state, STR("0"), &out), FAULT_NOT_BYTES);
    assert_fault(hex_decode(*state, STR("0g"), &out), FAULT_NOT_BYTES);
    assert_text(url_encode(*state, STR("a b/é~-._")), "a%20b%2F%C3%A9~-._");
    assert_ok(url_decode(*state, STR("a%20b%2f%C3%A9+"), false, &out));
    assert_text(out, "a b/é+");
    assert_ok(url_decode(*state, STR("a+b"), true, &out));
    assert_text(out, "a b");
    assert_fault(url_decode(*state, STR("%2"), false, &out), FAULT_BAD_ARGUMENT);
    assert_fault(url_decode(*state, STR("%zz"), false, &out), FAULT_BAD_ARGUMENT);
    assert_fault(url_decode(*state, STR("%ff"), false, &out), FAULT_BAD_UTF8);
    assert_fault(url_decode(*state, STR("%00"), false, &out), FAULT_NUL_BYTE);
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_base64), ARENA_TEST(test_hex_and_url)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

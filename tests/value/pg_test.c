/* Postgres' array, bytea and bool texts. */
#include "runtime/value/pg.h"
#include "tests/value/check.h"

static void test_arrays(void **state) {
    static const char *const good[][2] = {{"{}", "{}"},
                                          {" { } ", "{}"},
                                          {"{a,b}", "{a,b}"},
                                          {"{ a b , c }", "{\"a b\",c}"},
                                          {"{\"a,b\",\"\\\"\",\"\"}", "{\"a,b\",\"\\\"\",\"\"}"},
                                          {"{NULL,null,\"NULL\",N\\ULL}", "{NULL,NULL,\"NULL\",\"NULL\"}"},
                                          {"{a\\,b}", "{\"a,b\"}"}};
    static const char *const bad[] = {"",     "a",        "{",         "{a",          "{a,",
                                      "{a,}", "{,a}",     "{{a},{b}}", "[1:2]={a,b}", "{a}b",
                                      "{\"a", "{\"a\"b}", "{a\"b}",    "{a\\"};
    struct array array;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(pg_array_parse(*state, str_cstr(good[i][0]), &array));
        assert_text(pg_array_format(*state, &array), good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(pg_array_parse(*state, str_cstr(bad[i]), &array), FAULT_NOT_ARRAY);
}

static void test_bytea(void **state) {
    struct str out;
    assert_ok(pg_bytea_parse(*state, STR("\\x0AfF"), &out));
    assert_true(str_eq(out, STR("\x0a\xff")));
    assert_text(pg_bytea_format(*state, out), "\\x0aff");
    assert_ok(pg_bytea_parse(*state, STR("a\\\\b\\001\\377"), &out));
    assert_true(str_eq(out, STR("a\\b\x01\xff")));
    static const char *const bad[] = {"\\x0", "\\xzz", "\\", "\\400", "\\08", "\\a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(pg_bytea_parse(*state, str_cstr(bad[i]), &out), FAULT_NOT_BYTES);
    uint8_t b;
    assert_ok(pg_bool_parse(STR("t"), &b));
    assert_fault(pg_bool_parse(STR("true"), &b), FAULT_NOT_BOOL);
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_arrays), ARENA_TEST(test_bytea)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* UUIDs: RFC 4122's forms, name-based ones against values that Python's uuid module gives. */
#include "runtime/value/uuid.h"
#include "tests/value/check.h"

static void test_parse(void **state) {
    static const char *const good[] = {
        "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10", "6F1C9A52-0F0E-4B58-9A55-0D6F2A1F3C10",
        "{6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10}", "6f1c9a520f0e4b589a550d6f2a1f3c10",
        "6f1c-9a52-0f0e-4b58-9a55-0d6f-2a1f-3c10"};
    static const char *const bad[] = {"",
                                      "{}",
                                      "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c1",
                                      "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c100",
                                      "{6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10",
                                      "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c1g",
                                      "6f1c9a5-20f0e-4b58-9a55-0d6f2a1f3c10",
                                      "6f1c9a52--0f0e-4b58-9a55-0d6f2a1f3c10",
                                      " 6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10",
                                      "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10-"};
    struct uuid uuid;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(uuid_parse(str_cstr(good[i]), &uuid));
        assert_text(uuid_format(*state, uuid), "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(uuid_parse(str_cstr(bad[i]), &uuid), FAULT_NOT_UUID);
}

static void test_uuid5(void **state) {
    struct uuid dns, id;
    assert_ok(uuid_parse(STR("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), &dns));
    assert_text(uuid_format(*state, uuid5(dns, STR("python.org"))), "886313e1-3b8a-5372-9b90-0c9aee199e5d");
    struct uuid migration = uuid5_migration_namespace(STR("motion_mavericks_portal"));
    assert_text(uuid_format(*state, migration), "8eda7dba-3a08-555f-9b52-928152d2d4c0");
    struct str args[] = {STR("task"), STR("T-000037")};
    assert_ok(uuid5_in_migration(migration, args, 2, &id));
    assert_text(uuid_format(*state, id), "548a2bd8-5939-5879-8a3f-79d078a3f879");
    args[1] = STR("a\x1f"
                  "b");
    assert_fault(uuid5_in_migration(migration, args, 2, &id), FAULT_BAD_ARGUMENT);
    args[1] = (struct str){0};
    assert_ok(uuid5_in_migration(migration, args, 2, &id));
    assert_int_equal(id.bytes[6] >> 4, 5);
    assert_int_equal(id.bytes[8] >> 6, 2);
    uint8_t random[16];
    memset(random, 0xff, sizeof random);
    assert_text(uuid_format(*state, uuid4_from_random(random)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_parse), ARENA_TEST(test_uuid5)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Types and values by kind: names, canonical texts, order, hashes. */
#include "runtime/value/convert.h"
#include "tests/value/check.h"

static const struct {
    enum type_kind kind;
    const char *text, *key, *same; /* same: another text of an equal value */
    const char *greater, *bad;
    enum fault fault;
} types[] = {
    {TYPE_BOOL, "false", "false", "f", "true", "maybe", FAULT_NOT_BOOL},
    {TYPE_INT, "-5", "-5", "-05", "4", "4.0", FAULT_NOT_INT},
    {TYPE_DECIMAL, "2.50", "2.5", "2.500", "10", "x", FAULT_NOT_DECIMAL},
    {TYPE_FLOAT, "-0", "0", "0.0", "0.5", "NaN", FAULT_NOT_FLOAT},
    {TYPE_TEXT, "b", "b", "b", "é", "\xff", FAULT_BAD_UTF8},
    {TYPE_BYTES, "\\x00ff", "\\x00ff", "\\000\\377", "\\x01", "\\x0", FAULT_NOT_BYTES},
    {TYPE_DATE, "2025-02-01", "2025-02-01", "2025-02-01", "2025-02-02", "2025-02-30", FAULT_NOT_DATE},
    {TYPE_TIME, "09:00:00", "09:00:00", "09:00", "09:00:00.1", "9:00", FAULT_NOT_TIME},
    {TYPE_TIMESTAMP, "2025-02-01 09:00:00", "2025-02-01 09:00:00", "2025-02-01T09:00", "2025-02-01 09:00:01",
     "2025-02-01", FAULT_NOT_TIMESTAMP},
    {TYPE_TIMESTAMPTZ, "2025-02-01 09:00:00+00", "2025-02-01 09:00:00+00", "2025-02-01 10:00+01",
     "2025-02-01T09:00:01Z", "2025-02-01 09:00", FAULT_NOT_TIMESTAMPTZ},
    {TYPE_INTERVAL, "1 mon", "30 days 0 us", "30 days", "31 days", "soon", FAULT_NOT_INTERVAL},
    {TYPE_UUID, "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001",
     "{00000000-0000-0000-0000-000000000001}", "00000000-0000-0000-0000-000000000002", "1", FAULT_NOT_UUID},
    {TYPE_JSON, "{\"a\":1}", "{\"a\":1}", "{\"a\":1}", "{\"b\":1}", "{a}", FAULT_NOT_JSON},
    {TYPE_SECRET, "[redacted]", "hush", "hush", "hushed", "\xff", FAULT_BAD_UTF8}};

static void test_by_kind(void **state) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        enum type_kind kind = types[i].kind;
        struct value value, same, greater, bad;
        bool secret = kind == TYPE_SECRET;
        assert_ok(value_parse(*state, kind, str_cstr(secret ? "hush" : types[i].text), NULL, &value));
        assert_ok(value_parse(*state, kind, str_cstr(types[i].same), NULL, &same));
        assert_ok(value_parse(*state, kind, str_cstr(types[i].greater), NULL, &greater));
        assert_fault(value_parse(*state, kind, str_cstr(types[i].bad), NULL, &bad), types[i].fault);
        assert_text(value_format(*state, &value), types[i].text);
        assert_text(value_format_key(*state, kind, value_item(&value)), types[i].key);
        assert_text(value_format_key(*state, kind, value_item(&same)), types[i].key);
        assert_int_equal(value_compare(&value, &same), 0);
        assert_true(value_compare(&value, &greater) < 0);
        assert_true(value_compare(&greater, &value) > 0);
        assert_true(value_hash_item(9, kind, value_item(&value)) ==
                    value_hash_item(9, kind, value_item(&same)));
        assert_true(value_hash_item(9, kind, value_item(&value)) !=
                    value_hash_item(9, kind, value_item(&greater)));
    }
    struct value null = {.kind = TYPE_NULL}, one = {.kind = TYPE_INT, .as_int = 1};
    assert_text(value_format(*state, &null), "null");
    assert_int_equal(value_compare(&null, &null), 0);
    assert_int_equal(value_compare(&one, &null), -1);
    assert_fault(value_parse(*state, TYPE_ENUM, STR("a"), NULL, &one), FAULT_BAD_ARGUMENT);
}

static void test_arrays(void **state) {
    struct array a, b;
    assert_ok(value_parse_array(*state, TYPE_INT, STR("{1,NULL,3}"), NULL, &a));
    assert_text(value_format_array(*state, TYPE_INT, &a), "{1,NULL,3}");
    assert_ok(value_parse_array(*state, TYPE_INT, STR("{1,2}"), NULL, &b));
    assert_int_equal(value_compare_array(TYPE_INT, &a, &b), 1); /* null is last */
    assert_int_equal(value_compare_array(TYPE_INT, &b, &b), 0);
    assert_fault(value_parse_array(*state, TYPE_INT, STR("{1,x}"), NULL, &a), FAULT_NOT_INT);
    assert_fault(value_parse_array(*state, TYPE_INT, STR("1"), NULL, &a), FAULT_NOT_ARRAY);
    assert_ok(value_parse_array(*state, TYPE_BOOL, STR("{t,false}"), NULL, &a));
    assert_text(value_format_array(*state, TYPE_BOOL, &a), "{t,f}");
    assert_ok(value_parse_array(*state, TYPE_TIMESTAMP, STR("{\"2025-01-01 10:00:00\"}"), NULL, &a));
    assert_text(value_format_array(*state, TYPE_TIMESTAMP, &a), "{\"2025-01-01 10:00:00\"}");
}

static void test_kinds(void **state) {
    enum type_kind kind;
    (void)state;
    assert_string_equal(type_kind_name(TYPE_TIMESTAMPTZ), "timestamptz");
    assert_int_equal(type_kind_size(TYPE_BOOL), 1);
    assert_int_equal(type_kind_size(TYPE_DECIMAL), sizeof(struct decimal));
    assert_int_equal(type_kind_size(TYPE_NULL), 0);
    assert_int_equal(type_kind_letter(TYPE_UUID), 'u');
    assert_int_equal(type_kind_letter(TYPE_NONE), '\0');
    assert_true(type_kind_find(STR("decimal"), &kind));
    assert_int_equal(kind, TYPE_DECIMAL);
    static const char *const none[] = {"", "Int", "enum", "array", "row", "null", "numeric"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(type_kind_find(str_cstr(none[i]), &kind));
    for (int a = TYPE_NULL + 1; a < TYPE_KIND_COUNT; a++) /* letters tell the types apart */
        for (int b = a + 1; b < TYPE_KIND_COUNT; b++)
            assert_true(type_kind_letter((enum type_kind)a) != type_kind_letter((enum type_kind)b));
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_by_kind), ARENA_TEST(test_arrays),
                                       cmocka_unit_test(test_kinds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* JSON: places of errors, limits, lookup, conversions. */
#include "runtime/value/json.h"
#include "runtime/value/decimal.h"
#include "tests/value/check.h"

static void test_errors(void **state) {
    static const struct {
        struct str text;
        size_t at;
        const char *message;
    } cases[] = {{STR(""), 0, "expected a value, the text ends here"},
                 {STR("  "), 2, "expected a value, the text ends here"},
                 {STR("[1,]"), 3, "expected a value"},
                 {STR("{\"a\" 1}"), 5, "expected `:` after the key"},
                 {STR("{a:1}"), 1, "expected a key in double quotes"},
                 {STR("{\"a\":1,}"), 7, "expected a key in double quotes"},
                 {STR("[1 2]"), 3, "expected `,` or `]`"},
                 {STR("{\"a\":1]"), 6, "expected `,` or `}`"},
                 {STR("1 2"), 2, "something stands behind the value"},
                 {STR("01"), 0, "a number cannot start with 0"},
                 {STR("1."), 2, "expected a digit behind the point"},
                 {STR("-"), 1, "expected a digit"},
                 {STR("1e+"), 3, "expected a digit in the exponent"},
                 {STR("\"abc"), 0, "the string is not closed"},
                 {STR("\"a\nb\""), 2, "a control character in a string must be escaped"},
                 {STR("\"\\x\""), 1, "no such escape"},
                 {STR("\"\\"), 1, "no such escape"},
                 {STR("\"\\u12"), 1, "expected four hexadecimal digits behind `\\u`"},
                 {STR("\"\\u0000\""), 1, "a text cannot hold \\u0000: Postgres cannot store it"},
                 {STR("\"\\ud800\""), 1, "the first half of a surrogate pair stands alone"},
                 {STR("\"\\ud800\\u0041\""), 1, "the first half of a surrogate pair stands alone"},
                 {STR("\"\\udc00\""), 1, "the second half of a surrogate pair stands alone"},
                 {STR("\"a\xff\""), 2, "invalid UTF-8"},
                 {STR("\"a\0b\""), 2, "a control character in a string must be escaped"},
                 {STR("nul"), 0, "expected a value"},
                 {STR("NaN"), 0, "expected a value"},
                 {STR("\xef\xbb\xbf{}"), 0, "expected a value"},
                 {STR("1e999999"), 0, "the number has more digits than Postgres can store"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_error error;
        assert_false(json_validate(cases[i].text, &error));
        assert_text(str_cstr(error.message), cases[i].message);
        assert_int_equal(error.at, cases[i].at);
    }
    assert_false(json_validate(STR("{"), NULL));
}

static void test_depth(void **state) {
    char text[2 * (JSON_DEPTH_MAX + 1)];
    struct json_error error;
    (void)state;
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_false(json_validate(str_from(text, sizeof text), &error));
    assert_text(str_cstr(error.message), "nested too deeply");
    assert_true(json_validate(str_from(text + 1, sizeof text - 2), &error));
}

static void test_prefix(void **state) {
    struct str text = STR("{\"a\":1}\n [2]");
    struct json_error error;
    (void)state;
    size_t end = json_validate_prefix(text, 0, &error);
    assert_int_equal(end, 7);
    assert_int_equal(json_validate_prefix(text, end, &error), text.len);
    assert_int_equal(json_validate_prefix(text, text.len, &error), 0);
}

static void test_paths(void **state) {
    struct str json = STR(" {\"a\": {\"b\": [10, {\"c\": \"x\"}, []], \"x.y\": 1, \"\": 2}, \"d\": null, "
                          "\"a\": {\"b\": [1, {\"c\":\"last\"}]},"
                          " \"$oid\": 7, \"q\\u0027s\": true, \"k\": {\"x.y\": 3}} ");
    static const char *const cases[][2] = {{"a.b[1].c", "\"last\""},
                                           {"$.a.b[0]", "1"},
                                           {"a.b[-1]", "{\"c\":\"last\"}"},
                                           {"$oid", "7"},
                                           {"d", "null"},
                                           {"k.'x.y'", "3"},
                                           {"k[\"x.y\"]", "3"},
                                           {"'q''s'", "true"},
                                           {"a.b[5]", NULL},
                                           {"a.b[-3]", NULL},
                                           {"d.e", NULL},
                                           {"a.c", NULL},
                                           {"[0]", NULL},
                                           {"a.b[0].c", NULL}};
    struct json_path path;
    struct str error, found;
    assert_true(json_validate(json, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(json_path_compile(*state, str_cstr(cases[i][0]), &path, &error));
        bool any = json_path_find(&path, json, &found);
        if (any != (cases[i][1] != NULL)) fail_msg("%s", cases[i][0]);
        if (any) assert_text(found, cases[i][1]);
    }
    assert_true(json_path_compile(*state, STR("threads[*]"), &path, &error));
    assert_true(path.each);
    assert_int_equal(path.count, 1);
    static const char *const bad[][2] = {
        {"", "the path is empty; `$` is the whole value"},
        {"a..b", "`.` in the path; a key with other characters stands in quotes"},
        {"a.", "the path ends where a key is expected"},
        {"a[", "expected an index, a key in quotes or `*` behind `[`"},
        {"a[1", "expected `]` in the path"},
        {"a[x]", "expected an index, a key in quotes or `*` behind `[`"},
        {"a[99999999999999999999]", "the index in the path is too large"},
        {"a[*].b", "`[*]` ends a path"},
        {"'a", "the quote in the path is not closed"},
        {"a b", "expected `.` or `[` in the path"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(json_path_compile(*state, str_cstr(bad[i][0]), &path, &error));
        assert_text(error, bad[i][1]);
    }
}

static void test_conversions(void **state) {
    struct str text;
    struct decimal d;
    int64_t n;
    double f;
    uint8_t b;
    assert_ok(json_to_text(*state, STR("\"a\\u00e9\\ud83d\\ude00\\n\\\"\\/\""), &text));
    assert_text(text, "aé😀\n\"/");
    assert_ok(json_to_text(*state, STR(" \"plain\" "), &text));
    assert_text(text, "plain");
    assert_fault(json_to_text(*state, STR("1"), &text), FAULT_WRONG_JSON_TYPE);
    assert_ok(json_to_decimal(STR("12345678901234567890.10"), &d));
    assert_text(decimal_format(*state, d), "12345678901234567890.10");
    assert_ok(json_to_int(STR("9007199254740993"), &n));
    assert_true(n == INT64_C(9007199254740993));
    assert_ok(json_to_int(STR("1.0"), &n));
    assert_ok(json_to_int(STR("1e2"), &n));
    assert_int_equal(n, 100);
    assert_fault(json_to_int(STR("1.5"), &n), FAULT_LOSSY);
    assert_fault(json_to_int(STR("1e30"), &n), FAULT_OUT_OF_RANGE);
    assert_fault(json_to_int(STR("1e300"), &n), FAULT_OUT_OF_RANGE);
    assert_fault(json_to_int(STR("\"1\""), &n), FAULT_WRONG_JSON_TYPE);
    assert_ok(json_to_float(STR("1e-3"), &f));
    assert_ok(json_to_bool(STR("true"), &b));
    assert_fault(json_to_bool(STR("1"), &b), FAULT_WRONG_JSON_TYPE);
    assert_ok(json_to_any_text(*state, STR("{\"a\": 1}"), &text));
    assert_text(text, "{\"a\": 1}");
    assert_text(json_minify(*state, STR("{ \"a b\" : [ 1 , \"\\\" \" ] }")), "{\"a b\":[1,\"\\\" \"]}");
    assert_text(json_quote(*state, STR("\x01\"é\\\n")), "\"\\u0001\\\"é\\\\\\n\"");
    assert_int_equal(json_array_length(STR("[ ]")), 0);
    assert_int_equal(json_array_length(STR("[1,[2,3],{\"a\":[4]}]")), 3);
    assert_int_equal(json_array_length(STR("{}")), -1);
}

/* On texts that were not validated the functions stay inside the text. */
static void test_invalid_input(void **state) {
    static const char *const texts[] = {
        "{",  "[", "{\"a",        "{\"a\"",           "{\"a\":",   "{\"a\":}", "[[",  "[,",
        "[1", "]", "{\"a\":\"\\", "{\"a\\ud800\":1}", "\"\\u12\"", "{:}",      "[\"", "{\"a\":1,"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct str s = str_cstr(texts[i]), out;
        struct str copy =
            str_from(memcpy(memory_alloc(s.len), s.ptr, s.len), s.len); /* bounds are watched there */
        json_get(copy, STR("a"), &out);
        json_get_index(copy, 0, &out);
        json_get_index(copy, -1, &out);
        json_array_length(copy);
        json_to_any_text(*state, copy, &out);
        json_minify(*state, copy);
        free((void *)copy.ptr);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_errors),      ARENA_TEST(test_depth),
                                       ARENA_TEST(test_prefix),      ARENA_TEST(test_paths),
                                       ARENA_TEST(test_conversions), ARENA_TEST(test_invalid_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

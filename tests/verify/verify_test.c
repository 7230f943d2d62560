/* What a partial pass proves, fields as texts, and what counts as the same value. */
#include "runtime/verify/verify_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_chance(uint64_t all, uint64_t read, uint64_t faulty, double wanted) {
    double got = verify_miss_chance(all, read, faulty);
    assert_true(got > wanted - 1e-9 && got < wanted + 1e-9);
}

static void test_miss_chance(void **state) {
    (void)state;
    assert_chance(80, 0, 1, 1);
    assert_chance(80, 80, 1, 0);
    assert_chance(80, 20, 1, 0.75);
    assert_chance(10, 5, 2, 2.0 / 9); /* C(8,5) / C(10,5) = 56 / 252 */
    assert_chance(10, 9, 2, 0);
    assert_chance(10, 3, 11, 0);
}

static void assert_text(const struct wire_column *wire, const char *bytes, size_t size, const char *wanted) {
    struct arena arena = {0};
    struct plan_target_column column = {.name = STR("c")};
    char field[256];
    wire_put_u32(field, (uint32_t)size);
    memcpy(field + 4, bytes, size);
    struct str text = verify_field_text(wire, &column, field, size + 4, &arena);
    assert_int_equal(text.len, strlen(wanted));
    assert_memory_equal(text.ptr, wanted, text.len);
    arena_release(&arena);
}

#define NUMERIC(text, wanted)                                                                                \
    assert_text(&(struct wire_column){.wire = WIRE_NUMERIC}, text, sizeof(text) - 1, wanted)

static void test_numeric_text(void **state) {
    (void)state;
    NUMERIC("\0\0\0\0\0\0\0\0", "0");
    NUMERIC("\0\0\0\0\0\0\0\2", "0.00");
    NUMERIC("\0\2\0\0\0\0\0\2\0\7\x13\x88", "7.50");     /* 7, 5000 */
    NUMERIC("\0\1\0\1\x40\0\0\0\0\1", "-10000");         /* weight 1 */
    NUMERIC("\0\1\xff\xfe\0\0\0\6\x04\xd2", "0.000012"); /* 1234 at weight -2 */
    NUMERIC("\0\3\0\1\0\0\0\1\0\1\0\2\x13\x88", "10002.5");
    NUMERIC("\0\0\0\0\xc0\0\0\0", "NaN");
    NUMERIC("\0\5\0\0\0\0\0\0\0\1", "?"); /* digits that are not there */
    NUMERIC("\0\1", "?");
}

static void test_other_texts(void **state) {
    (void)state;
    assert_text(&(struct wire_column){.wire = WIRE_INT2}, "\xff\xfe", 2, "-2");
    assert_text(&(struct wire_column){.wire = WIRE_INT8}, "\0\0\0\0\0\0\1\0", 8, "256");
    assert_text(&(struct wire_column){.wire = WIRE_BOOL}, "\1", 1, "true");
    assert_text(&(struct wire_column){.wire = WIRE_DATE}, "\0\0\0\1", 4, "2000-01-02");
    assert_text(&(struct wire_column){.wire = WIRE_DATE}, "\x7f\xff\xff\xff", 4, "infinity");
    assert_text(&(struct wire_column){.wire = WIRE_JSONB}, "\1[1]", 4, "[1]");
    assert_text(&(struct wire_column){.wire = WIRE_INT4}, "\1", 1, "?");
    struct wire_column array = {.wire = WIRE_ARRAY, .element_wire = WIRE_TEXT};
    assert_text(&array, "\0\0\0\0\0\0\0\0\0\0\0\x19", 12, "{}");
    assert_text(&array, "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\1a\xff\xff\xff\xff", 29,
                "{a,NULL}");
    assert_text(&array, "\0\0\0\1\0\0\0\1\0\0\0\x19\x7f\xff\xff\xff\0\0\0\1", 20, "?");
    assert_text(&array, "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\x7f\0\0\0a", 25, "?");
}

static void test_same_value(void **state) {
    (void)state;
    static const char A[] = "\0\0\0\x0c\0\2\0\0\0\0\0\2\0\7\x13\x88",
                      B[] = "\0\0\0\x0c\0\2\0\0\0\0\0\1\0\7\x13\x88",
                      C[] = "\0\0\0\x0c\0\2\0\0\0\0\0\1\0\7\x13\x89";
    struct wire_column plain = {.wire = WIRE_NUMERIC, .exact_scale = true};
    assert_true(verify_same_value(&plain, A, 16, B, 16));
    assert_false(verify_same_value(&plain, A, 16, C, 16));
    struct wire_column json = {.wire = WIRE_JSON};
    assert_true(verify_same_value(&json, "\0\0\0\5[1.0]", 9, "\0\0\0\3[1]", 7));
    assert_false(verify_same_value(&json, "\0\0\0\5[1.1]", 9, "\0\0\0\3[1]", 7));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_miss_chance),
                                       cmocka_unit_test(test_numeric_text),
                                       cmocka_unit_test(test_other_texts), cmocka_unit_test(test_same_value)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

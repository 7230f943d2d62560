/* int, float, bool. */
#include "runtime/value/number.h"
#include "tests/value/check.h"

static void test_int_parse(void **state) {
    (void)state;
    int64_t n;
    assert_ok(int_parse(STR("-9223372036854775808"), &n));
    assert_true(n == INT64_MIN);
    assert_ok(int_parse(STR("+007"), &n));
    assert_int_equal(n, 7);
    assert_fault(int_parse(STR("9223372036854775808"), &n), FAULT_OUT_OF_RANGE);
    assert_fault(int_parse(STR("-9223372036854775809"), &n), FAULT_OUT_OF_RANGE);
    assert_fault(int_parse(STR("18446744073709551617"), &n), FAULT_OUT_OF_RANGE);
    assert_fault(int_parse(STR("99999999999999999999999999x"), &n), FAULT_NOT_INT);
    static const char *const bad[] = {"", "-", "+", " 1", "1 ", "1.0", "1e3", "0x1", "1,000", "١"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(int_parse(str_cstr(bad[i]), &n), FAULT_NOT_INT);
}

static void test_int_arithmetic(void **state) {
    int64_t n;
    assert_fault(int_add(INT64_MAX, 1, &n), FAULT_OVERFLOW);
    assert_fault(int_subtract(INT64_MIN, 1, &n), FAULT_OVERFLOW);
    assert_fault(int_multiply(INT64_MIN, -1, &n), FAULT_OVERFLOW);
    assert_fault(int_divide(INT64_MIN, -1, &n), FAULT_OVERFLOW);
    assert_fault(int_divide(1, 0, &n), FAULT_DIVISION_BY_ZERO);
    assert_fault(int_modulo(1, 0, &n), FAULT_DIVISION_BY_ZERO);
    assert_fault(int_abs(INT64_MIN, &n), FAULT_OVERFLOW);
    assert_ok(int_modulo(INT64_MIN, -1, &n));
    assert_int_equal(n, 0);
    assert_ok(int_divide(-7, 2, &n));
    assert_int_equal(n, -3);
    assert_ok(int_modulo(-7, 2, &n));
    assert_int_equal(n, -1);
    assert_ok(int_round(1250, -2, &n));
    assert_int_equal(n, 1300);
    assert_ok(int_round(-1250, -2, &n));
    assert_int_equal(n, -1300);
    assert_ok(int_round(INT64_MAX, -30, &n));
    assert_int_equal(n, 0);
    assert_fault(int_round(INT64_MAX, -1, &n), FAULT_OVERFLOW);
    assert_text(int_format(*state, INT64_MIN), "-9223372036854775808");
    assert_text(int_format(*state, 0), "0");
}

static void test_float(void **state) {
    double f;
    assert_ok(float_parse(STR("1e-3"), &f));
    assert_text(float_format(*state, f), "0.001");
    assert_ok(float_parse(STR("-.5e1"), &f));
    assert_text(float_format(*state, f), "-5");
    assert_text(float_format(*state, 1e15), "1e+15");
    assert_text(float_format(*state, 123456789012345.0), "123456789012345");
    assert_text(float_format(*state, 0.1 + 0.2), "0.30000000000000004");
    assert_text(float_format(*state, 5e-324), "5e-324");
    assert_text(float_format(*state, -0.0), "-0");
    assert_fault(float_parse(STR("1e400"), &f), FAULT_OUT_OF_RANGE);
    assert_fault(float_parse(STR("1e-400"), &f), FAULT_OUT_OF_RANGE);
    assert_ok(float_parse(STR("0e-400"), &f));
    static const char *const bad[] = {"",      ".",  "-",  "NaN", "inf", "Infinity",
                                      "0x1p3", " 1", "1 ", "1e",  "1,5", "1e+"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(float_parse(str_cstr(bad[i]), &f), FAULT_NOT_FLOAT);
    char *ones = arena_alloc(*state, 2000);
    memset(ones, '1', 2000);
    assert_fault(float_parse(str_from(ones, 2000), &f), FAULT_TOO_LARGE);
}

static void test_float_arithmetic(void **state) {
    (void)state;
    double f;
    int64_t n;
    assert_fault(float_multiply(1e300, 1e300, &f), FAULT_OVERFLOW);
    assert_fault(float_divide(1, -0.0, &f), FAULT_DIVISION_BY_ZERO);
    assert_fault(float_to_int(1.5, &n), FAULT_LOSSY);
    assert_fault(float_to_int(9223372036854775808.0, &n), FAULT_OUT_OF_RANGE);
    assert_fault(float_to_int(0.0 / 0.0, &n), FAULT_OUT_OF_RANGE);
    assert_ok(float_to_int(-9223372036854775808.0, &n));
    assert_true(n == INT64_MIN);
    static const struct {
        double value;
        int64_t digits;
        double rounded;
    } cases[] = {{1.005, 2, 1.01}, {-2.5, 0, -3},     {9.995, 2, 10}, {1250, -2, 1300}, {0.04, 1, 0},
                 {0.06, 1, 0.1},   {1e300, 2, 1e300}, {49, -2, 0},    {51, -2, 100},    {1.5, 20, 1.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(float_round(cases[i].value, cases[i].digits, &f));
        assert_true(f == cases[i].rounded);
    }
    assert_int_equal(float_compare(-0.0, 0.0), 0);
    assert_int_equal(float_compare(0.0 / 0.0, 1), 1);
}

static void test_bool(void **state) {
    (void)state;
    uint8_t b;
    assert_ok(bool_parse(STR("TRUE"), &b));
    assert_int_equal(b, 1);
    assert_ok(bool_parse(STR("off"), &b));
    assert_int_equal(b, 0);
    static const char *const bad[] = {"", "tr", "truee", "2", " t", "ja"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(bool_parse(str_cstr(bad[i]), &b), FAULT_NOT_BOOL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_int_parse), ARENA_TEST(test_int_arithmetic),
                                       ARENA_TEST(test_float), cmocka_unit_test(test_float_arithmetic),
                                       cmocka_unit_test(test_bool)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Decimals: limits, faults, forms. Agreement with Postgres in bulk is oracle_test's. */
#include "runtime/value/decimal.h"
#include "tests/value/check.h"

static struct decimal make(const char *text) {
    struct decimal d;
    assert_ok(decimal_parse(str_cstr(text), &d));
    return d;
}

static void assert_decimal(struct decimal d, const char *want) {
    char text[DECIMAL_TEXT_MAX];
    assert_text(str_from(text, decimal_write(d, text)), want);
}

static void test_parse(void **state) {
    (void)state;
    assert_decimal(make("2.50"), "2.50");
    assert_decimal(make("-0.05"), "-0.05");
    assert_decimal(make("+7"), "7");
    assert_decimal(make(".5"), "0.5");
    assert_decimal(make("12."), "12");
    assert_decimal(make("-0"), "0");
    assert_decimal(make("1e5"), "100000");
    assert_decimal(make("1.5e-3"), "0.0015");
    assert_decimal(make("000000000000000000000000000000000000000000012.5"), "12.5");
    assert_decimal(make("99999999999999999999999999999999999999"), "99999999999999999999999999999999999999");
    assert_decimal(make("0.00000000000000000000000000000000000001"),
                   "0.00000000000000000000000000000000000001");
    /* zeros that do not fit are no loss */
    assert_decimal(make("1.00000000000000000000000000000000000000000000"),
                   "1.0000000000000000000000000000000000000");
    static const char *const bad[] = {"",    "-",   ".",        "+.",        "1.2.3", "1,5",  " 1",
                                      "1 ",  "NaN", "Infinity", "-Infinity", "inf",   "0x10", "1e",
                                      "1e+", "e5",  "1_000",    "--1",       "1-",    "１",   "1e5.5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct decimal d;
        assert_fault(decimal_parse(str_cstr(bad[i]), &d), FAULT_NOT_DECIMAL);
    }
}

static void test_limits(void **state) {
    (void)state;
    struct decimal d, max = make("99999999999999999999999999999999999999"), one = make("1");
    assert_fault(decimal_parse(STR("100000000000000000000000000000000000000"), &d), FAULT_OVERFLOW);
    assert_fault(decimal_parse(STR("1e38"), &d), FAULT_OVERFLOW);
    assert_fault(decimal_parse(STR("1e999999999999999999999"), &d), FAULT_OVERFLOW);
    assert_fault(decimal_parse(STR("1e-39"), &d), FAULT_LOSSY);
    assert_fault(decimal_parse(STR("1e-999999999999999999999"), &d), FAULT_LOSSY);
    assert_fault(decimal_parse(STR("0.123456789012345678901234567890123456789"), &d), FAULT_LOSSY);
    assert_fault(decimal_add(max, one, &d), FAULT_OVERFLOW);
    assert_fault(decimal_subtract(decimal_negate(max), one, &d), FAULT_OVERFLOW);
    assert_fault(decimal_add(max, make("0.1"), &d), FAULT_LOSSY);
    assert_fault(decimal_multiply(max, make("2"), &d), FAULT_OVERFLOW);
    assert_fault(decimal_multiply(make("0.00000000000000000001"), make("0.0000000000000000001"), &d),
                 FAULT_LOSSY);
    /* a product whose zeros go */
    assert_ok(decimal_multiply(make("0.50000000000000000000"), make("0.50000000000000000000"), &d));
    assert_int_equal(decimal_compare(d, make("0.25")), 0);
    assert_ok(decimal_add(max, decimal_negate(max), &d));
    assert_decimal(d, "0");
    assert_fault(decimal_divide(one, make("0.00"), &d), FAULT_DIVISION_BY_ZERO);
    assert_fault(decimal_modulo(one, make("0"), &d), FAULT_DIVISION_BY_ZERO);
    assert_fault(decimal_divide(max, make("0.1"), &d), FAULT_OVERFLOW);
    assert_fault(decimal_round(max, -1, &d), FAULT_OVERFLOW);
    assert_fault(decimal_round(one, 39, &d), FAULT_BAD_ARGUMENT);
}

static void test_divide(void **state) {
    (void)state;
    struct decimal d;
    assert_ok(decimal_divide(make("1"), make("3"), &d));
    assert_decimal(d, "0.33333333333333333333");
    assert_ok(decimal_divide(make("10"), make("4"), &d));
    assert_decimal(d, "2.5000000000000000");
    assert_ok(decimal_divide(make("-7"), make("2"), &d));
    assert_decimal(d, "-3.5000000000000000");
    /* fewer digits where 38 do not hold Postgres' scale */
    assert_ok(decimal_divide(make("12345678901234567890"), make("3.0000000000000000000001"), &d));
    assert_decimal(d, "4115226300411522629.9998628257899862826");
    assert_ok(decimal_modulo(make("-7.5"), make("2"), &d));
    assert_decimal(d, "-1.5");
}

static void test_rounding(void **state) {
    (void)state;
    static const struct {
        const char *value;
        int64_t n;
        const char *rounded, *truncated;
    } cases[] = {
        {"1.005", 2, "1.01", "1.00"}, {"-1.005", 2, "-1.01", "-1.00"}, {"2.5", 0, "3", "2"},
        {"-2.5", 0, "-3", "-2"},      {"1250", -2, "1300", "1200"},    {"49", -2, "0", "0"},
        {"1.5", 3, "1.500", "1.500"}, {"0.4999", 0, "0", "0"},         {"99.99", 1, "100.0", "99.9"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal d;
        assert_ok(decimal_round(make(cases[i].value), cases[i].n, &d));
        assert_decimal(d, cases[i].rounded);
        assert_ok(decimal_truncate(make(cases[i].value), cases[i].n, &d));
        assert_decimal(d, cases[i].truncated);
    }
    struct decimal d;
    assert_ok(decimal_ceil(make("-1.5"), &d));
    assert_decimal(d, "-1");
    assert_ok(decimal_floor(make("-1.5"), &d));
    assert_decimal(d, "-2");
    assert_ok(decimal_ceil(make("0.000000000000000000000000000000000001"), &d));
    assert_decimal(d, "1");
}

static void test_fit(void **state) {
    (void)state;
    struct decimal d;
    assert_ok(decimal_fit(make("2.500"), 6, 2, &d));
    assert_decimal(d, "2.50");
    assert_ok(decimal_fit(make("9999.99"), 6, 2, &d));
    assert_ok(decimal_fit(make("7"), 6, 2, &d));
    assert_decimal(d, "7.00");
    assert_ok(decimal_fit(make("0.000"), 2, 2, &d));
    assert_decimal(d, "0.00");
    assert_fault(decimal_fit(make("1.005"), 6, 2, &d), FAULT_NOT_FITTING_NUMERIC);
    assert_fault(decimal_fit(make("10000"), 6, 2, &d), FAULT_NOT_FITTING_NUMERIC);
    assert_fault(decimal_fit(make("10000.00"), 6, 2, &d), FAULT_NOT_FITTING_NUMERIC);
    assert_fault(decimal_fit(make("1"), 2, 2, &d), FAULT_NOT_FITTING_NUMERIC);
    assert_ok(decimal_fit(make("0.00099"), 2, 5, &d)); /* scale above precision */
    assert_fault(decimal_fit(make("0.001"), 2, 5, &d), FAULT_NOT_FITTING_NUMERIC);
    assert_ok(decimal_fit(make("12000"), 2, -3, &d)); /* negative scale */
    assert_decimal(d, "12000");
    assert_fault(decimal_fit(make("12500"), 2, -3, &d), FAULT_NOT_FITTING_NUMERIC);
    assert_fault(decimal_fit(make("120000"), 2, -3, &d), FAULT_NOT_FITTING_NUMERIC);
    assert_ok(
        decimal_fit(make("1234567890.5"), 60, 30, &d)); /* the value fits although all its zeros would not */
    assert_int_equal(decimal_compare(d, make("1234567890.5")), 0);
}

static void test_convert(void **state) {
    (void)state;
    int64_t n;
    struct decimal d;
    assert_ok(decimal_to_int(make("-9223372036854775808.00"), &n));
    assert_true(n == INT64_MIN);
    assert_fault(decimal_to_int(make("9223372036854775808"), &n), FAULT_OUT_OF_RANGE);
    assert_fault(decimal_to_int(make("0.5"), &n), FAULT_LOSSY);
    assert_ok(decimal_from_float(0.1, &d));
    assert_decimal(d, "0.1");
    assert_fault(decimal_from_float(1e300, &d), FAULT_OVERFLOW);
    assert_fault(decimal_from_float(1e-300, &d), FAULT_LOSSY);
    assert_fault(decimal_from_float(0.0 / 0.0, &d), FAULT_NOT_DECIMAL);
    assert_true(decimal_to_float(make("0.1")) == 0.1);
    assert_true(decimal_to_float(make("12345678901234567890.5")) == 12345678901234567890.5);
}

static void test_canonical(void **state) {
    (void)state;
    assert_decimal(decimal_canonical(make("2.500")), "2.5");
    assert_decimal(decimal_canonical(make("100")), "100");
    assert_decimal(decimal_canonical(make("0.000")), "0");
    assert_decimal(decimal_canonical(make("123456789012345678901234567890.5000")),
                   "123456789012345678901234567890.5");
    assert_true(decimal_hash(7, make("2.50")) == decimal_hash(7, make("2.5")));
    assert_true(decimal_hash(7, make("2.51")) != decimal_hash(7, make("2.5")));
    assert_int_equal(decimal_compare(make("-1"), make("-1.5")), 1);
    assert_int_equal(decimal_compare(make("0.00"), make("0")), 0);
}

static void test_bad_binary(void **state) {
    (void)state;
    struct decimal d;
    static const uint8_t nan[] = {0, 0, 0, 0, 0xc0, 0, 0, 0}, short_one[] = {0, 1, 0, 0, 0, 0, 0, 0},
                         big_digit[] = {0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10},
                         huge[] = {0, 1, 0x7f, 0, 0, 0, 0, 0, 0, 1},
                         tiny[] = {0, 1, 0x80, 0, 0, 0, 0, 0, 0, 1},
                         padded[] = {0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5};
    assert_fault(decimal_from_numeric_binary(nan, sizeof nan, &d), FAULT_NOT_DECIMAL);
    assert_fault(decimal_from_numeric_binary(nan, 3, &d), FAULT_NOT_DECIMAL);
    assert_fault(decimal_from_numeric_binary(short_one, sizeof short_one, &d), FAULT_NOT_DECIMAL);
    assert_fault(decimal_from_numeric_binary(big_digit, sizeof big_digit, &d), FAULT_NOT_DECIMAL);
    assert_fault(decimal_from_numeric_binary(huge, sizeof huge, &d), FAULT_OVERFLOW);
    assert_fault(decimal_from_numeric_binary(tiny, sizeof tiny, &d), FAULT_LOSSY);
    assert_ok(decimal_from_numeric_binary(padded, sizeof padded, &d));
    assert_decimal(d, "5");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse),     cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_divide),    cmocka_unit_test(test_rounding),
                                       cmocka_unit_test(test_fit),       cmocka_unit_test(test_convert),
                                       cmocka_unit_test(test_canonical), cmocka_unit_test(test_bad_binary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

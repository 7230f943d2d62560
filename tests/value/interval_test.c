/* Intervals. */
#include "runtime/value/interval.h"
#include "tests/value/check.h"

static void test_parse(void **state) {
    static const struct {
        const char *text, *printed;
    } good[] = {{"1 month", "1 mon"},
                {"14 days", "14 days"},
                {"14days", "14 days"},
                {"2 hours 30 minutes", "02:30:00"},
                {"P1Y2M", "1 year 2 mons"},
                {"P1W", "7 days"},
                {"PT1H0.5S", "01:00:00.5"},
                {"-1 years +2 mons -3 days +04:05:06", "-10 mons -3 days +04:05:06"},
                {"04:05:06.789", "04:05:06.789"},
                {"-00:00:01", "-00:00:01"},
                {"1 day ago", "-1 days"},
                {"1.5 days", "1 day 12:00:00"},
                {"1.5 years", "1 year 6 mons"},
                {"0 days", "00:00:00"},
                {"1 HOUR", "01:00:00"},
                {"500 ms", "00:00:00.5"}};
    struct interval interval;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(interval_parse(str_cstr(good[i].text), &interval));
        assert_text(interval_format(*state, interval), good[i].printed);
    }
    static const char *const bad[] = {
        "",          " ",   "1",     "day",      "1 fortnight",   "1 day 2 days",
        "1 day,",    "P",   "PT",    "P1H",      "P1D1Y",         "PT1H1H",
        "P1",        "1:2", "01:60", "01:00:60", "1 day ago ago", "1 day ",
        "1..5 days", "ago", "P1YT"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(interval_parse(str_cstr(bad[i]), &interval), FAULT_NOT_INTERVAL);
    assert_fault(interval_parse(STR("1.5 months"), &interval), FAULT_LOSSY);
    assert_fault(interval_parse(STR("0.0000001 seconds"), &interval), FAULT_LOSSY);
    assert_fault(interval_parse(STR("9999999999 months"), &interval), FAULT_OUT_OF_RANGE);
    assert_fault(interval_parse(STR("99999999999999999999 days"), &interval), FAULT_OUT_OF_RANGE);
    assert_fault(interval_parse(STR("-99999999999999999999 us"), &interval), FAULT_OUT_OF_RANGE);
    assert_fault(interval_parse(STR("200000000 years"), &interval), FAULT_OUT_OF_RANGE);
}

static void test_arithmetic(void **state) {
    struct interval month = {0, 0, 1}, days = {0, 30, 0}, out;
    assert_int_equal(interval_compare(month, days), 0);
    assert_true(interval_hash(1, month) == interval_hash(1, days));
    assert_int_equal(interval_compare((struct interval){1, 0, 0}, (struct interval){0, 0, 0}), 1);
    assert_fault(interval_negate((struct interval){0, INT32_MIN, 0}, &out), FAULT_OUT_OF_RANGE);
    assert_fault(interval_multiply(days, INT64_MAX, &out), FAULT_OUT_OF_RANGE);
    assert_ok(interval_from_unit(14, STR("days"), &out));
    assert_text(interval_format(*state, out), "14 days");
    assert_fault(interval_from_unit(1, STR("fortnights"), &out), FAULT_BAD_ARGUMENT);
    assert_fault(interval_from_unit(INT64_MAX, STR("years"), &out), FAULT_OUT_OF_RANGE);
    assert_text(interval_format(*state, (struct interval){INT64_MIN, INT32_MIN, INT32_MIN}),
                "-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808");
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_parse), ARENA_TEST(test_arithmetic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

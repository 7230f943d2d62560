/* Dates and times: strictness, ranges, arithmetic. */
#include "runtime/value/datetime.h"
#include "runtime/value/interval.h"
#include "runtime/value/zone.h"
#include "tests/value/check.h"

static int64_t date(const char *text) {
    int64_t days;
    assert_ok(date_parse(str_cstr(text), &days));
    return days;
}

static int64_t timestamp(const char *text) {
    int64_t micros;
    assert_ok(timestamp_parse(str_cstr(text), &micros));
    return micros;
}

static struct interval interval(const char *text) {
    struct interval i;
    assert_ok(interval_parse(str_cstr(text), &i));
    return i;
}

static void test_calendar(void **state) {
    (void)state;
    assert_int_equal(date("2000-01-01"), 0);
    assert_int_equal(date("1970-01-01"), -10957);
    for (int64_t days = -800000; days < 3000000; days += 977) {
        struct civil civil = civil_from_days(days);
        assert_true(civil_is_valid(civil.year, civil.month, civil.day));
        assert_int_equal(days_from_civil(civil), days);
    }
    assert_int_equal(days_in_month(1900, 2), 28);
    assert_int_equal(days_in_month(2000, 2), 29);
}

static void test_date_strict(void **state) {
    (void)state;
    int64_t days;
    assert_ok(date_parse(STR("2024-02-29"), &days));
    static const char *const bad[] = {"",           "2025-02-29",  "1900-02-29",  "2025-13-01",  "2025-00-10",
                                      "2025-01-00", "2025-04-31",  "0000-01-01",  "2025-1-01",   "20250101",
                                      "2025/01/01", "2025-01-01 ", " 2025-01-01", "2025-01-01T", "25-01-01",
                                      "-025-01-01", "2025-01-0x",  "2025-+1-01"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(date_parse(str_cstr(bad[i]), &days), FAULT_NOT_DATE);
}

static void test_time_strict(void **state) {
    int64_t micros;
    assert_ok(time_parse(STR("24:00:00"), &micros));
    assert_text(time_format(*state, micros), "24:00:00");
    assert_ok(time_parse(STR("09:05"), &micros));
    assert_text(time_format(*state, micros), "09:05:00");
    assert_ok(time_parse(STR("23:59:59.1234560000"), &micros));
    assert_text(time_format(*state, micros), "23:59:59.123456");
    assert_fault(time_parse(STR("23:59:59.1234567"), &micros), FAULT_LOSSY);
    static const char *const bad[] = {"",         "9:05",   "09:5",     "25:00",
                                      "24:00:01", "12:60",  "12:00:60", "12:00:00.",
                                      "12:00:",   "12:00 ", "12.00",    "12:00:00.1234567x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(time_parse(str_cstr(bad[i]), &micros), FAULT_NOT_TIME);
}

static void test_timestamp_strict(void **state) {
    (void)state;
    int64_t micros;
    assert_true(timestamp("2025-03-01T10:20") == timestamp("2025-03-01 10:20:00.000"));
    assert_fault(timestamp_parse(STR("2025-03-01T10:20:30.0000001"), &micros), FAULT_LOSSY);
    static const char *const bad[] = {"",
                                      "2025-03-01",
                                      "2025-03-01  10:20",
                                      "2025-03-01 24:00",
                                      "2025-03-01 10",
                                      "2025-03-01 10:20Z",
                                      "2025-02-29 10:20",
                                      "2025-03-01_10:20",
                                      "2025-03-01 10:20 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(timestamp_parse(str_cstr(bad[i]), &micros), FAULT_NOT_TIMESTAMP);
}

static void test_timestamptz(void **state) {
    struct arena *arena = *state;
    struct zone_cache zones = {.arena = arena};
    static const struct {
        const char *text, *utc;
    } good[] = {{"2025-09-19 00:00 Australia/Sydney", "2025-09-18 14:00:00+00"},
                {"2025-09-19T00:00:00Z", "2025-09-19 00:00:00+00"},
                {"2025-09-19 00:00+10", "2025-09-18 14:00:00+00"},
                {"2025-09-19 00:00 -0330", "2025-09-19 03:30:00+00"},
                {"2025-09-19T00:00:00.5+05:45", "2025-09-18 18:15:00.5+00"},
                {"1880-01-01 00:00:00-00:01:15", "1880-01-01 00:01:15+00"},
                {"2025-01-01 12:00 UTC", "2025-01-01 12:00:00+00"}};
    int64_t micros;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(timestamptz_parse(str_cstr(good[i].text), &zones, &micros));
        assert_text(timestamptz_format(arena, micros), good[i].utc);
    }
    static const char *const bad[] = {"2025-09-19 00:00",
                                      "2025-09-19 00:00 ",
                                      "2025-09-19 00:00+1",
                                      "2025-09-19 00:00+16",
                                      "2025-09-19 00:00+10:",
                                      "2025-09-19 00:00+10:60",
                                      "2025-09-19 00:00Europe/Berlin",
                                      "2025-09-19Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(timestamptz_parse(str_cstr(bad[i]), &zones, &micros), FAULT_NOT_TIMESTAMPTZ);
    assert_fault(timestamptz_parse(STR("2025-09-19 00:00 Mars/Olympus"), &zones, &micros), FAULT_NO_ZONE);
    assert_fault(timestamptz_parse(STR("2025-10-05 02:30 Australia/Sydney"), &zones, &micros),
                 FAULT_NO_LOCAL_TIME);
    assert_fault(timestamptz_parse(STR("2025-04-06 02:30 Australia/Sydney"), &zones, &micros),
                 FAULT_TWO_LOCAL_TIMES);
    assert_fault(timestamptz_parse(STR("2025-09-19 00:00 UTC"), NULL, &micros), FAULT_NOT_TIMESTAMPTZ);
}

static void test_intervals(void **state) {
    int64_t days, micros;
    assert_ok(date_add_interval(date("2025-01-31"), interval("1 month"), &days));
    assert_text(date_format(*state, days), "2025-02-28");
    assert_ok(date_subtract_interval(date("2024-03-31"), interval("1 month 1 day"), &days));
    assert_text(date_format(*state, days), "2024-02-28");
    assert_ok(date_subtract_interval(date("2025-09-19"), interval("12 months"), &days));
    assert_text(date_format(*state, days), "2024-09-19");
    assert_fault(date_add_interval(0, interval("1 hour"), &days), FAULT_LOSSY);
    assert_fault(date_add_interval(DATE_MAX, interval("1 day"), &days), FAULT_OUT_OF_RANGE);
    assert_fault(date_add_days(0, INT64_MAX, &days), FAULT_OUT_OF_RANGE);
    assert_ok(timestamptz_add_interval(0, interval("14 days"), &micros));
    assert_true(micros == 14 * MICROS_PER_DAY);
    assert_fault(timestamptz_add_interval(0, interval("1 month"), &micros), FAULT_BAD_ARGUMENT);
    assert_fault(timestamp_add_interval(TIMESTAMP_MAX, interval("1 us"), &micros), FAULT_OUT_OF_RANGE);
    assert_fault(timestamp_add_interval(0, (struct interval){0, 0, INT32_MAX}, &micros), FAULT_OUT_OF_RANGE);
    assert_fault(timestamp_subtract_interval(0, (struct interval){0, 0, INT32_MIN}, &micros),
                 FAULT_OUT_OF_RANGE);
    assert_fault(time_add_interval(0, interval("-1 second"), &micros), FAULT_OUT_OF_RANGE);
}

static void test_parts(void **state) {
    int64_t n;
    enum datetime_part part;
    int64_t at = timestamp("2024-12-30 13:14:15.678901");
    static const struct {
        const char *name;
        int64_t value;
    } cases[] = {{"year", 2024},      {"quarter", 4},     {"month", 12},
                 {"day", 30},         {"hour", 13},       {"minute", 14},
                 {"second", 15},      {"ms", 678},        {"microsecond", 678901},
                 {"week", 1},         {"iso_year", 2025}, {"weekday", 1},
                 {"day_of_year", 365}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(datetime_part_find(str_cstr(cases[i].name), &part));
        assert_ok(timestamp_extract(at, part, &n));
        assert_int_equal(n, cases[i].value);
    }
    assert_false(datetime_part_find(STR("fortnight"), &part));
    assert_fault(date_extract(0, PART_HOUR, &n), FAULT_BAD_ARGUMENT);
    assert_fault(timestamp_truncate(at, PART_WEEKDAY, &n), FAULT_BAD_ARGUMENT);
    assert_ok(date_month_end(date("2024-02-03"), &n));
    assert_text(date_format(*state, n), "2024-02-29");
    assert_ok(timestamptz_from_epoch(0, &n));
    assert_text(timestamptz_format(*state, n), "1970-01-01 00:00:00+00");
    assert_int_equal(timestamptz_to_epoch(n - 1), -1);
    assert_fault(timestamptz_from_epoch(INT64_MAX, &n), FAULT_OUT_OF_RANGE);
    assert_fault(timestamptz_from_epoch_micros(INT64_MIN, &n), FAULT_OUT_OF_RANGE);
}

static void test_excel(void **state) {
    int64_t days;
    assert_ok(date_from_excel(45000, false, &days));
    assert_text(date_format(*state, days), "2023-03-15");
    assert_ok(date_from_excel(1, false, &days));
    assert_text(date_format(*state, days), "1900-01-01");
    assert_ok(date_from_excel(61, false, &days));
    assert_text(date_format(*state, days), "1900-03-01");
    assert_ok(date_from_excel(0, true, &days));
    assert_text(date_format(*state, days), "1904-01-01");
    assert_fault(date_from_excel(60, false, &days), FAULT_NOT_DATE);
    assert_fault(date_from_excel(0, false, &days), FAULT_NOT_DATE);
    assert_fault(date_from_excel(-1, true, &days), FAULT_NOT_DATE);
    assert_fault(date_from_excel(2958466, false, &days), FAULT_NOT_DATE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar), cmocka_unit_test(test_date_strict),
        ARENA_TEST(test_time_strict),    cmocka_unit_test(test_timestamp_strict),
        ARENA_TEST(test_timestamptz),    ARENA_TEST(test_intervals),
        ARENA_TEST(test_parts),          ARENA_TEST(test_excel)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

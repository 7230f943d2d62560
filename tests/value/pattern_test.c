/* Template patterns: what compiles, strict reading, printing. */
#include "runtime/value/pattern.h"
#include "runtime/value/datetime.h"
#include "runtime/value/decimal.h"
#include "tests/value/check.h"

static const struct pattern *compile(struct arena *arena, const char *text, enum pattern_kind kind) {
    const struct pattern *pattern;
    struct str error;
    size_t at;
    if (!pattern_compile(arena, str_cstr(text), kind, &pattern, &error, &at))
        fail_msg("%s: %.*s", text, STR_ARG(error));
    return pattern;
}

static void test_refused(void **state) {
    static const struct {
        const char *text;
        enum pattern_kind kind;
        size_t at;
        const char *error;
    } cases[] = {
        {"DD/MM/YY", PATTERN_DATETIME, 6,
         "`YY` reads years without their century, which would be a guess; write YYYY"},
        {"YYYY-MM-DD x", PATTERN_DATETIME, 11, "`x` is no field; text stands in double quotes"},
        {"YYYY \"open", PATTERN_DATETIME, 5, "the double quote is not closed"},
        {"", PATTERN_DATETIME, 0, "the pattern has no field"},
        {"--", PATTERN_DATETIME, 0, "the pattern has no field"},
        {"YYYY-WW", PATTERN_DATETIME, 5, "`WW` is a field of Postgres' patterns that is not supported here"},
        {"9.9.9", PATTERN_NUMBER, 0, "the decimal point is there twice"},
        {"9.9,9", PATTERN_NUMBER, 0, "a group separator stands behind the decimal point"},
        {"S9S", PATTERN_NUMBER, 0, "the sign is there twice"},
        {"$", PATTERN_NUMBER, 0, "the pattern has no digit (9 or 0)"},
        {"9 9", PATTERN_NUMBER, 0, "`9` stands apart from the other digits"},
        {"99EEEE", PATTERN_NUMBER, 2, "`EEEE` is a field of Postgres' patterns that is not supported here"},
        {"PR9", PATTERN_NUMBER, 0, "PR stands at the end"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pattern *pattern;
        struct str error;
        size_t at;
        assert_false(pattern_compile(*state, str_cstr(cases[i].text), cases[i].kind, &pattern, &error, &at));
        assert_text(error, cases[i].error);
        assert_int_equal(at, cases[i].at);
    }
}

static void test_needs(void **state) {
    static const struct {
        const char *text;
        enum type_kind kind;
        const char *error;
    } cases[] = {
        {"MM/YYYY", TYPE_DATE, "the day (DD) is missing"},
        {"DD/MM", TYPE_DATE, "the year (YYYY) is missing"},
        {"DD/MM/YYYY HH24:MI", TYPE_DATE, "a date has no time of day, and dropping it would lose it"},
        {"DD/MM/YYYY", TYPE_TIMESTAMP, "the hour (HH24, or HH12 with AM) is missing"},
        {"DD/MM/YYYY HH24", TYPE_TIMESTAMP, "the minute (MI) is missing"},
        {"DD/MM/YYYY HH:MI", TYPE_TIMESTAMP,
         "HH12 needs AM or PM beside it; write HH24 for hours from 0 to 23"},
        {"DD/MM/YYYY HH24:MI OF", TYPE_TIMESTAMP, "a timestamp has no offset; read it as timestamptz"},
        {"DD/MM/MON/YYYY", TYPE_DATE, "the month is there twice"},
        {"DD/DD/MM/YYYY", TYPE_DATE, "`DD` is there twice"},
        {"IYYY-IW", TYPE_DATE, "an ISO week date needs IYYY, IW and ID, and no other date fields"},
        {"HH24:MI", TYPE_DATE, "a date has no time of day, and dropping it would lose it"},
        {"DD/MM/YYYY", TYPE_DECIMAL, "the pattern is one for dates and times"}};
    struct str error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pattern *pattern = compile(*state, cases[i].text, PATTERN_DATETIME);
        assert_false(pattern_check_reading(*state, pattern, cases[i].kind, &error));
        assert_text(error, cases[i].error);
    }
    assert_false(
        pattern_check_printing(*state, compile(*state, "DD HH24", PATTERN_DATETIME), TYPE_DATE, &error));
    assert_text(error, "a date has no `HH24`");
    assert_false(pattern_check_reading(*state, compile(*state, "9.9", PATTERN_NUMBER), TYPE_INT, &error));
    assert_true(
        pattern_check_reading(*state, compile(*state, "HH24:MI", PATTERN_DATETIME), TYPE_TIME, &error));
    assert_true(pattern_has_offset(compile(*state, "YYYY-MM-DD HH24:MITZH", PATTERN_DATETIME)));
}

static void test_read_dates(void **state) {
    static const struct {
        const char *pattern, *text, *date; /* NULL: not a date */
    } cases[] = {{"DD/MM/YYYY", "31/03/2025", "2025-03-31"},
                 {"DD/MM/YYYY", "1/2/2025", "2025-02-01"},
                 {"DD/MM/YYYY", "1/12/2025", "2025-12-01"},
                 {"DD/MM/YYYY", "31/02/2025", NULL},
                 {"DD/MM/YYYY", "1/2/25", NULL},
                 {"DD/MM/YYYY", "01/02/20255", NULL},
                 {"DD/MM/YYYY", "", NULL},
                 {"DD/MM/YYYY", "01/02/2025 junk", NULL},
                 {"DD/MM/YYYY", " 01/02/2025", NULL},
                 {"DD/MM/YYYY", "01-02-2025", NULL},
                 {"DD/MM/YYYY", "001/02/2025", NULL},
                 {"DD/MM/YYYY", "00/02/2025", NULL},
                 {"DD/MM/YYYY", "01/02/0000", NULL},
                 {"MM/DD/YYYY", "12/31/2025", "2025-12-31"},
                 {"MM/DD/YYYY", "31/12/2025", NULL},
                 {"YYYY-MM-DD", "2025-02-28", "2025-02-28"},
                 {"YYYY-MM-DD", "2025-2-3", "2025-02-03"},
                 {"YYYYMMDD", "20250228", "2025-02-28"},
                 {"YYYYMMDD", "2025228", NULL},
                 {"DD.MM.YYYY", "01.02.2025", "2025-02-01"},
                 {"DD MON YYYY", "3 feb 2025", "2025-02-03"},
                 {"DD MON YYYY", "3 february 2025", NULL},
                 {"Month DD, YYYY", "MAY 5, 2025", "2025-05-05"},
                 {"DY DD Mon YYYY", "Fri 19 Sep 2025", "2025-09-19"},
                 {"DY DD Mon YYYY", "Thu 19 Sep 2025", NULL},
                 {"YYYY-DDD", "2024-366", "2024-12-31"},
                 {"YYYY-DDD", "2025-366", NULL},
                 {"IYYY-\"W\"IW-ID", "2020-W53-7", "2021-01-03"},
                 {"IYYY-\"W\"IW-ID", "2021-W53-1", NULL},
                 {"\"on \"DD/MM/YYYY", "on 1/1/2025", "2025-01-01"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str error;
        int64_t days;
        const struct pattern *pattern = compile(*state, cases[i].pattern, PATTERN_DATETIME);
        assert_true(pattern_check_reading(*state, pattern, TYPE_DATE, &error));
        enum fault fault = pattern_parse_date(pattern, str_cstr(cases[i].text), &days);
        if (fault != (cases[i].date ? FAULT_NONE : FAULT_NOT_DATE))
            fail_msg("%s by %s", cases[i].text, cases[i].pattern);
        if (cases[i].date) assert_text(date_format(*state, days), cases[i].date);
    }
}

static void test_read_timestamps(void **state) {
    static const struct {
        const char *pattern, *text, *want;
    } cases[] = {{"YYYY-MM-DD HH24:MI", "2025-03-01 09:05", "2025-03-01 09:05:00+00"},
                 {"YYYY-MM-DD HH24:MI", "2025-03-01 9:5", "2025-03-01 09:05:00+00"},
                 {"YYYY-MM-DD HH24:MI", "2025-03-01 24:00", NULL},
                 {"YYYY-MM-DD HH24:MI", "2025-03-01 09:05:00", NULL},
                 {"YYYY-MM-DD HH24:MI:SS", "2025-03-01 09:05:59", "2025-03-01 09:05:59+00"},
                 {"YYYY-MM-DD HH24:MI:SS", "2025-03-01 09:05:60", NULL},
                 {"YYYY-MM-DDTHH24:MI:SS.MS", "2025-03-01T09:05:59.120", "2025-03-01 09:05:59.12+00"},
                 {"YYYY-MM-DDTHH24:MI:SS.MS", "2025-03-01T09:05:59.12", NULL},
                 {"DD/MM/YYYY HH12:MI am", "1/3/2025 12:05 AM", "2025-03-01 00:05:00+00"},
                 {"DD/MM/YYYY HH12:MI PM", "1/3/2025 12:05 pm", "2025-03-01 12:05:00+00"},
                 {"DD/MM/YYYY HH12:MI P.M.", "1/3/2025 1:05 p.m.", "2025-03-01 13:05:00+00"},
                 {"DD/MM/YYYY HH12:MI PM", "1/3/2025 13:05 PM", NULL},
                 {"DD/MM/YYYY HH24:MIOF", "1/3/2025 13:05+05:30", "2025-03-01 07:35:00+00"},
                 {"DD/MM/YYYY HH24:MI OF", "1/3/2025 13:05 Z", "2025-03-01 13:05:00+00"},
                 {"DD/MM/YYYY HH24:MI TZH:TZM", "1/3/2025 13:05 -03:30", "2025-03-01 16:35:00+00"},
                 {"DD/MM/YYYY HH24:MI TZH:TZM", "1/3/2025 13:05 -3:30", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str error;
        int64_t micros;
        const struct pattern *pattern = compile(*state, cases[i].pattern, PATTERN_DATETIME);
        assert_true(pattern_check_reading(*state, pattern, TYPE_TIMESTAMPTZ, &error));
        enum fault fault = pattern_parse_timestamptz(pattern, str_cstr(cases[i].text), &micros);
        if (fault != (cases[i].want ? FAULT_NONE : FAULT_NOT_TIMESTAMPTZ))
            fail_msg("%s by %s", cases[i].text, cases[i].pattern);
        if (cases[i].want) assert_text(timestamptz_format(*state, micros), cases[i].want);
        if (pattern_has_offset(pattern)) continue;
        fault = pattern_parse_timestamp(pattern, str_cstr(cases[i].text),
                                        &micros); /* by the fast way, where there is one */
        assert_fault(fault, cases[i].want ? FAULT_NONE : FAULT_NOT_TIMESTAMP);
        if (cases[i].want) assert_text(timestamptz_format(*state, micros), cases[i].want);
    }
}

static void test_read_numbers(void **state) {
    static const struct {
        const char *pattern, *text, *want;
    } cases[] = {{"9,999.99", "1,234.50", "1234.50"},
                 {"9,999.99", "1234.5", "1234.5"},
                 {"9,999.99", "12", "12"},
                 {"9,999.99", "-12.25", "-12.25"},
                 {"9,999.99", "12,34.50", NULL},
                 {"9,999.99", "12345", NULL},
                 {"9,999.99", "1.234", NULL},
                 {"9,999.99", "1,234.567", NULL},
                 {"9,999.99", "12.", NULL},
                 {"9,999.99", "", NULL},
                 {"9,999.99", ".5", "0.5"},
                 {"9,999.99", ",234", NULL},
                 {"9,999.99", "+1", NULL},
                 {"9G999D99", "9,999.99", "9999.99"},
                 {"990.00", "5.5", NULL},
                 {"990.00", "5.50", "5.50"},
                 {"0000", "12", NULL},
                 {"0000", "0012", "12"},
                 {"S999", "+12", "12"},
                 {"S999", "-12", "-12"},
                 {"999S", "12-", "-12"},
                 {"999MI", "12-", "-12"},
                 {"999PR", "<12>", "-12"},
                 {"999PR", "<12", NULL},
                 {"999PR", "12", "12"},
                 {"999PR", "-12", NULL},
                 {"$9,999.99", "$1,000.00", "1000.00"},
                 {"L9", "$5", "5"},
                 {"L9", "5", NULL},
                 {"99\" kg\"", "12 kg", "12"},
                 {"99\" kg\"", "12", NULL},
                 {"9,999,999", "1,234,567", "1234567"},
                 {"9,999,999", "1234,567", NULL},
                 {"9,999,999", "1,234567", NULL},
                 {"999", "1 2", NULL},
                 {"999", "1,2", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal d;
        const struct pattern *pattern = compile(*state, cases[i].pattern, PATTERN_NUMBER);
        enum fault fault = pattern_parse_decimal(pattern, str_cstr(cases[i].text), &d);
        if (fault != (cases[i].want ? FAULT_NONE : FAULT_NOT_DECIMAL))
            fail_msg("%s by %s", cases[i].text, cases[i].pattern);
        if (cases[i].want) assert_text(decimal_format(*state, d), cases[i].want);
    }
    int64_t n;
    assert_ok(pattern_parse_int(compile(*state, "9,999", PATTERN_NUMBER), STR("1,234"), &n));
    assert_int_equal(n, 1234);
    assert_fault(pattern_parse_int(compile(*state, "9,999", PATTERN_NUMBER), STR("x"), &n), FAULT_NOT_INT);
}

static void test_print(void **state) {
    struct str out;
    int64_t days;
    struct decimal d;
    assert_ok(date_parse(STR("2025-02-03"), &days));
    assert_ok(pattern_format_date(*state, compile(*state, "FMDay, FMDD FMMonth YYYY", PATTERN_DATETIME), days,
                                  &out));
    assert_text(out, "Monday, 3 February 2025");
    assert_ok(pattern_format_time(*state, compile(*state, "HH12:MI AM", PATTERN_DATETIME),
                                  13 * MICROS_PER_HOUR, &out));
    assert_text(out, "01:00 PM");
    assert_fault(pattern_format_date(*state, compile(*state, "YYYY", PATTERN_DATETIME), DATE_MIN, &out),
                 FAULT_OUT_OF_RANGE);
    assert_ok(decimal_parse(STR("-1234.5"), &d));
    assert_ok(pattern_format_decimal(*state, compile(*state, "FM$9,999.00", PATTERN_NUMBER), d, &out));
    assert_text(out, "$-1,234.50");
    assert_fault(pattern_format_decimal(*state, compile(*state, "999.99", PATTERN_NUMBER), d, &out),
                 FAULT_OUT_OF_RANGE);
    assert_fault(pattern_format_decimal(*state, compile(*state, "9999", PATTERN_NUMBER), d, &out),
                 FAULT_LOSSY);
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_refused),      ARENA_TEST(test_needs),
                                       ARENA_TEST(test_read_dates),   ARENA_TEST(test_read_timestamps),
                                       ARENA_TEST(test_read_numbers), ARENA_TEST(test_print)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

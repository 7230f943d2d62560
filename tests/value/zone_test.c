/* Time zones: gaps, overlaps, far years, names. */
#include "runtime/value/zone.h"
#include "runtime/value/datetime.h"
#include "tests/value/check.h"

static const struct zone *open_zone(struct arena *arena, const char *name) {
    const struct zone *zone;
    assert_ok(zone_open(arena, str_cstr(name), &zone));
    return zone;
}

static int64_t local(const char *text) {
    int64_t micros;
    assert_ok(timestamp_parse(str_cstr(text), &micros));
    return micros;
}

static void test_gap_and_overlap(void **state) {
    const struct zone *sydney = open_zone(*state, "Australia/Sydney");
    int64_t utc;
    assert_fault(zone_to_utc(sydney, local("2025-10-05 02:00:00"), &utc), FAULT_NO_LOCAL_TIME);
    assert_fault(zone_to_utc(sydney, local("2025-10-05 02:59:59.999999"), &utc), FAULT_NO_LOCAL_TIME);
    assert_ok(zone_to_utc(sydney, local("2025-10-05 03:00:00"), &utc));
    assert_text(timestamp_format(*state, utc), "2025-10-04 16:00:00");
    assert_ok(zone_to_utc(sydney, local("2025-10-05 01:59:59"), &utc));
    assert_fault(zone_to_utc(sydney, local("2025-04-06 02:00:00"), &utc), FAULT_TWO_LOCAL_TIMES);
    assert_fault(zone_to_utc(sydney, local("2025-04-06 02:59:59"), &utc), FAULT_TWO_LOCAL_TIMES);
    assert_ok(zone_to_utc(sydney, local("2025-04-06 03:00:00"), &utc));
    assert_ok(zone_assume(sydney, local("2025-04-06 02:30:00"), ZONE_EARLIER, &utc));
    assert_text(timestamp_format(*state, utc), "2025-04-05 15:30:00");
    assert_ok(zone_assume(sydney, local("2025-04-06 02:30:00"), ZONE_LATER, &utc));
    assert_text(timestamp_format(*state, utc), "2025-04-05 16:30:00");
    assert_ok(zone_assume(sydney, local("2025-10-05 02:30:00"), ZONE_EARLIER, &utc));
    assert_text(timestamp_format(*state, utc), "2025-10-04 16:30:00");
}

static void test_missing_day(void **state) {
    const struct zone *apia =
        open_zone(*state, "Pacific/Apia"); /* crossed the date line: no 30 December 2011 */
    int64_t utc, days;
    assert_fault(zone_to_utc(apia, local("2011-12-30 12:00"), &utc), FAULT_NO_LOCAL_TIME);
    assert_ok(zone_to_utc(apia, local("2011-12-31 00:00"), &utc));
    assert_ok(zone_to_local_date(apia, utc - 1, &days));
    assert_text(date_format(*state, days), "2011-12-29");
}

static void test_far_years(void **state) {
    const struct zone *berlin = open_zone(*state, "Europe/Berlin");
    int64_t utc, back;
    static const char *const times[] = {"2499-07-01 12:00", "2500-07-01 12:00", "3000-01-01 12:00",
                                        "9999-07-01 12:00"};
    static const int64_t offsets[] = {7200, 7200, 3600, 7200};
    for (size_t i = 0; i < 4; i++) {
        assert_ok(zone_to_utc(berlin, local(times[i]), &utc));
        assert_int_equal(local(times[i]) - utc, offsets[i] * MICROS_PER_SECOND);
        assert_ok(zone_to_local(berlin, utc, &back));
        assert_true(back == local(times[i]));
    }
    assert_fault(zone_to_utc(berlin, local("9998-03-29 02:30"), &utc),
                 FAULT_NO_LOCAL_TIME); /* a Sunday: as in 2398 */
    assert_int_equal(zone_offset_at(berlin, local("1900-01-01 00:00")), 3600);
    assert_int_equal(zone_offset_at(berlin, local("1800-01-01 00:00")), 3208); /* local mean time */
    assert_fault(zone_to_utc(open_zone(*state, "Asia/Tokyo"), TIMESTAMP_MIN, &utc), FAULT_OUT_OF_RANGE);
    assert_fault(zone_to_local(open_zone(*state, "Asia/Tokyo"), TIMESTAMP_MAX, &utc), FAULT_OUT_OF_RANGE);
    assert_ok(zone_to_local(open_zone(*state, "UTC"), TIMESTAMP_MIN, &utc));
}

/* Every half hour through years with changes: what maps one way maps back. */
static void test_round_trip(void **state) {
    static const char *const names[] = {"America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
                                        "Asia/Kolkata", "Pacific/Apia"};
    for (size_t z = 0; z < 5; z++) {
        const struct zone *zone = open_zone(*state, names[z]);
        for (int64_t utc = local("2009-01-01 00:00"); utc < local("2013-01-01 00:00");
             utc += 30 * MICROS_PER_MINUTE) {
            int64_t there, earlier, later;
            assert_ok(zone_to_local(zone, utc, &there));
            assert_ok(zone_assume(zone, there, ZONE_EARLIER, &earlier));
            assert_ok(zone_assume(zone, there, ZONE_LATER, &later));
            assert_true(utc == earlier || utc == later);
            assert_fault(zone_to_utc(zone, there, &there),
                         earlier == later ? FAULT_NONE : FAULT_TWO_LOCAL_TIMES);
        }
    }
}

static void test_names(void **state) {
    const struct zone *zone, *again;
    static const char *const bad[] = {
        "",       "Mars/Olympus", "australia/sydney",  "AET",          "IST",          "GMT+10",
        "+10:00", "Etc/Unknown",  "Australia/Sydney ", "SystemV/AST4", "Australia\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(zone_open(*state, str_cstr(bad[i]), &zone), FAULT_NO_ZONE);
    static const char *const good[] = {"UTC", "GMT",       "Etc/GMT+10", "America/Argentina/Buenos_Aires",
                                       "CET", "US/Eastern"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_ok(zone_open(*state, str_cstr(good[i]), &zone));
    struct zone_cache cache = {.arena = *state};
    assert_ok(zone_cache_find(&cache, STR("Asia/Tokyo"), &zone));
    assert_ok(zone_cache_find(&cache, STR("Asia/Tokyo"), &again));
    assert_ptr_equal(zone, again);
    assert_fault(zone_cache_find(&cache, STR("Nowhere"), &again), FAULT_NO_ZONE);
    assert_true(zone_data_version(*state).len >= 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_gap_and_overlap), ARENA_TEST(test_missing_day),
                                       ARENA_TEST(test_far_years), ARENA_TEST(test_round_trip),
                                       ARENA_TEST(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sums and differences of dates, times and intervals. */
#include "runtime/value/datetime.h"
#include "runtime/value/interval.h"

static enum fault check_date(int64_t days, int64_t *out) {
    if (days < DATE_MIN || days > DATE_MAX) return FAULT_OUT_OF_RANGE;
    *out = days;
    return FAULT_NONE;
}

static enum fault check_timestamp(int64_t micros, int64_t *out) {
    if (micros < TIMESTAMP_MIN || micros > TIMESTAMP_MAX) return FAULT_OUT_OF_RANGE;
    *out = micros;
    return FAULT_NONE;
}

enum fault date_add_days(int64_t days, int64_t more, int64_t *out) {
    int64_t sum;
    if (__builtin_add_overflow(days, more, &sum)) return FAULT_OUT_OF_RANGE;
    return check_date(sum, out);
}

enum fault date_subtract_date(int64_t a, int64_t b, int64_t *out) {
    *out = a - b;
    return FAULT_NONE;
}

/* The same day of another month, or that month's last day. */
static enum fault add_months(int64_t days, int64_t months, int64_t *out) {
    struct civil civil = civil_from_days(days);
    int64_t count = (int64_t)civil.year * 12 + civil.month - 1 + months;
    int64_t year = count >= 0 ? count / 12 : -((11 - count) / 12);
    if (year < -4800 || year > 5900000) return FAULT_OUT_OF_RANGE;
    civil.year = (int32_t)year;
    civil.month = (int32_t)(count - year * 12 + 1);
    int32_t last = days_in_month(civil.year, civil.month);
    if (civil.day > last) civil.day = last;
    return check_date(days_from_civil(civil), out);
}

enum fault date_add_interval(int64_t days, struct interval interval, int64_t *out) {
    if (interval.micros != 0) return FAULT_LOSSY;
    if (interval.months != 0) {
        enum fault fault = add_months(days, interval.months, &days);
        if (fault != FAULT_NONE) return fault;
    }
    return check_date(days + interval.days, out);
}

enum fault date_subtract_interval(int64_t days, struct interval interval, int64_t *out) {
    enum fault fault = interval_negate(interval, &interval);
    return fault != FAULT_NONE ? fault : date_add_interval(days, interval, out);
}

static enum fault add_days_and_time(int64_t micros, struct interval interval, int64_t *out) {
    int64_t sum;
    if (__builtin_mul_overflow((int64_t)interval.days, MICROS_PER_DAY, &sum) ||
        __builtin_add_overflow(sum, micros, &sum) || check_timestamp(sum, &sum) != FAULT_NONE ||
        __builtin_add_overflow(sum, interval.micros, &sum))
        return FAULT_OUT_OF_RANGE;
    return check_timestamp(sum, out);
}

enum fault timestamp_add_interval(int64_t micros, struct interval interval, int64_t *out) {
    if (interval.months != 0) {
        int64_t days;
        enum fault fault = add_months(date_of_timestamp(micros), interval.months, &days);
        if (fault == FAULT_NONE) fault = timestamp_from_date(days, time_of_timestamp(micros), &micros);
        if (fault != FAULT_NONE) return fault;
    }
    return add_days_and_time(micros, interval, out);
}

enum fault timestamp_subtract_interval(int64_t micros, struct interval interval, int64_t *out) {
    enum fault fault = interval_negate(interval, &interval);
    return fault != FAULT_NONE ? fault : timestamp_add_interval(micros, interval, out);
}

enum fault timestamptz_add_interval(int64_t micros, struct interval interval, int64_t *out) {
    if (interval.months != 0) return FAULT_BAD_ARGUMENT;
    return add_days_and_time(micros, interval, out);
}

enum fault timestamptz_subtract_interval(int64_t micros, struct interval interval, int64_t *out) {
    enum fault fault = interval_negate(interval, &interval);
    return fault != FAULT_NONE ? fault : timestamptz_add_interval(micros, interval, out);
}

enum fault timestamp_subtract_timestamp(int64_t a, int64_t b, struct interval *out) {
    int64_t micros;
    if (__builtin_sub_overflow(a, b, &micros)) return FAULT_OUT_OF_RANGE;
    *out = (struct interval){micros % MICROS_PER_DAY, (int32_t)(micros / MICROS_PER_DAY), 0};
    return FAULT_NONE;
}

enum fault timestamp_age(int64_t a, int64_t b, struct interval *out) {
    bool negative = a < b;
    int64_t later = negative ? b : a, earlier = negative ? a : b;
    struct civil to = civil_from_days(date_of_timestamp(later));
    struct civil from = civil_from_days(date_of_timestamp(earlier));
    int64_t months = ((int64_t)to.year - from.year) * 12 + to.month - from.month, days = to.day - from.day;
    int64_t time = time_of_timestamp(later) - time_of_timestamp(earlier);
    if (time < 0) {
        time += MICROS_PER_DAY;
        days--;
    }
    while (days < 0) { /* borrowed from the earlier date's month, as Postgres does */
        days += days_in_month(from.year, from.month);
        months--;
    }
    int sign = negative ? -1 : 1;
    *out = (struct interval){sign * time, (int32_t)(sign * days), (int32_t)(sign * months)};
    return FAULT_NONE;
}

enum fault time_add_interval(int64_t micros, struct interval interval, int64_t *out) {
    int64_t sum;
    if (interval.months != 0 || interval.days != 0 || __builtin_add_overflow(micros, interval.micros, &sum) ||
        sum < 0 || sum > MICROS_PER_DAY)
        return FAULT_OUT_OF_RANGE;
    *out = sum;
    return FAULT_NONE;
}

enum fault timestamptz_from_epoch_micros(int64_t micros, int64_t *out) {
    int64_t shifted;
    if (__builtin_sub_overflow(micros, INT64_C(10957) * MICROS_PER_DAY, &shifted)) return FAULT_OUT_OF_RANGE;
    return check_timestamp(shifted, out);
}

enum fault timestamptz_from_epoch(int64_t seconds, int64_t *out) {
    int64_t micros;
    if (seconds > INT64_C(10000000000000) || seconds < -INT64_C(10000000000000)) return FAULT_OUT_OF_RANGE;
    if (__builtin_mul_overflow(seconds - INT64_C(10957) * 86400, MICROS_PER_SECOND, &micros))
        return FAULT_OUT_OF_RANGE;
    return check_timestamp(micros, out);
}

int64_t timestamptz_to_epoch(int64_t micros) {
    int64_t seconds = micros / MICROS_PER_SECOND;
    return seconds - (micros % MICROS_PER_SECOND < 0) + INT64_C(10957) * 86400;
}

/* Parts of dates and times, and truncation to a unit. */
#include "runtime/value/datetime.h"

static const char *const part_names[PART_COUNT] = {
    "millennium", "century", "decade", "year",        "quarter",  "month",   "week",        "day",  "hour",
    "minute",     "second",  "ms",     "microsecond", "iso_year", "weekday", "day_of_year", "epoch"};

const char *datetime_part_name(enum datetime_part part) {
    return part_names[part];
}

bool datetime_part_find(struct str name, enum datetime_part *part) {
    static const struct {
        const char *name;
        enum datetime_part part;
    } others[] = {{"millisecond", PART_MILLISECOND},
                  {"isoyear", PART_ISO_YEAR},
                  {"isodow", PART_WEEKDAY},
                  {"doy", PART_DAY_OF_YEAR}};
    for (int i = 0; i < PART_COUNT; i++) {
        if (!str_is(name, part_names[i])) continue;
        *part = (enum datetime_part)i;
        return true;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!str_is(name, others[i].name)) continue;
        *part = others[i].part;
        return true;
    }
    return false;
}

/* Monday 0 to Sunday 6; 2000-01-01 was a Saturday. */
static int64_t weekday_of(int64_t days) {
    int64_t w = (days + 5) % 7;
    return w < 0 ? w + 7 : w;
}

/* A week belongs to the year that its Thursday is in (ISO 8601). */
static int32_t iso_year_of(int64_t days, int64_t *week) {
    int64_t thursday = days - weekday_of(days) + 3;
    int32_t year = civil_from_days(thursday).year;
    *week = (thursday - days_from_civil((struct civil){year, 1, 1})) / 7 + 1;
    return year;
}

/* Years are shown without a year 0. */
static int64_t shown_year(int64_t year) {
    return year > 0 ? year : year - 1;
}

static int64_t century_of(int64_t year, int64_t span) {
    return year > 0 ? (year + span - 1) / span : -((span - 1 - (year - 1)) / span);
}

static int64_t decade_of(int64_t year) {
    return year >= 0 ? year / 10 : -((8 - (year - 1)) / 10);
}

enum fault date_extract(int64_t days, enum datetime_part part, int64_t *out) {
    struct civil civil = civil_from_days(days);
    int64_t week;
    switch (part) {
    case PART_MILLENNIUM: *out = century_of(civil.year, 1000); return FAULT_NONE;
    case PART_CENTURY: *out = century_of(civil.year, 100); return FAULT_NONE;
    case PART_DECADE: *out = decade_of(civil.year); return FAULT_NONE;
    case PART_YEAR: *out = shown_year(civil.year); return FAULT_NONE;
    case PART_QUARTER: *out = (civil.month + 2) / 3; return FAULT_NONE;
    case PART_MONTH: *out = civil.month; return FAULT_NONE;
    case PART_DAY: *out = civil.day; return FAULT_NONE;
    case PART_WEEKDAY: *out = weekday_of(days) + 1; return FAULT_NONE;
    case PART_ISO_YEAR: *out = shown_year(iso_year_of(days, &week)); return FAULT_NONE;
    case PART_EPOCH: *out = (days + 10957) * 86400; return FAULT_NONE;
    case PART_DAY_OF_YEAR:
        *out = days - days_from_civil((struct civil){civil.year, 1, 1}) + 1;
        return FAULT_NONE;
    case PART_WEEK: iso_year_of(days, out); return FAULT_NONE;
    default: return FAULT_BAD_ARGUMENT;
    }
}

enum fault time_extract(int64_t micros, enum datetime_part part, int64_t *out) {
    switch (part) {
    case PART_HOUR: *out = micros / MICROS_PER_HOUR; return FAULT_NONE;
    case PART_MINUTE: *out = micros / MICROS_PER_MINUTE % 60; return FAULT_NONE;
    case PART_SECOND: *out = micros / MICROS_PER_SECOND % 60; return FAULT_NONE;
    case PART_MILLISECOND: *out = micros / 1000 % 1000; return FAULT_NONE;
    case PART_MICROSECOND: *out = micros % MICROS_PER_SECOND; return FAULT_NONE;
    default: return FAULT_BAD_ARGUMENT;
    }
}

enum fault timestamp_extract(int64_t micros, enum datetime_part part, int64_t *out) {
    if (part == PART_EPOCH) {
        *out = timestamptz_to_epoch(micros);
        return FAULT_NONE;
    }
    if (time_extract(time_of_timestamp(micros), part, out) == FAULT_NONE) return FAULT_NONE;
    return date_extract(date_of_timestamp(micros), part, out);
}

/* First year of the century or millennium that the year is in. */
static int64_t century_start(int64_t year, int64_t span) {
    return year > 0 ? (year + span - 1) / span * span - (span - 1)
                    : -((span - 1 - (year - 1)) / span) * span + 1;
}

enum fault date_truncate(int64_t days, enum datetime_part unit, int64_t *out) {
    struct civil civil = civil_from_days(days);
    int64_t year = civil.year;
    switch (unit) {
    case PART_MILLENNIUM: year = century_start(year, 1000); break;
    case PART_CENTURY: year = century_start(year, 100); break;
    case PART_DECADE: year = decade_of(year) * 10; break;
    case PART_YEAR: break;
    case PART_QUARTER:
        *out = days_from_civil((struct civil){civil.year, (civil.month - 1) / 3 * 3 + 1, 1});
        break;
    case PART_MONTH: *out = days - (civil.day - 1); break;
    case PART_WEEK: *out = days - weekday_of(days); break;
    case PART_DAY: *out = days; break;
    default: return FAULT_BAD_ARGUMENT;
    }
    if (unit <= PART_YEAR) *out = days_from_civil((struct civil){(int32_t)year, 1, 1});
    return *out < DATE_MIN ? FAULT_OUT_OF_RANGE : FAULT_NONE;
}

enum fault timestamp_truncate(int64_t micros, enum datetime_part unit, int64_t *out) {
    int64_t days = date_of_timestamp(micros), time = time_of_timestamp(micros), step = 0;
    switch (unit) {
    case PART_HOUR: step = MICROS_PER_HOUR; break;
    case PART_MINUTE: step = MICROS_PER_MINUTE; break;
    case PART_SECOND: step = MICROS_PER_SECOND; break;
    case PART_MILLISECOND: step = 1000; break;
    case PART_MICROSECOND: step = 1; break;
    default: break;
    }
    if (step) {
        *out = micros - time % step;
        return FAULT_NONE;
    }
    enum fault fault = date_truncate(days, unit, &days);
    return fault != FAULT_NONE ? fault : timestamp_from_date(days, 0, out);
}

enum fault date_month_end(int64_t days, int64_t *out) {
    struct civil civil = civil_from_days(days);
    return date_add_days(days, days_in_month(civil.year, civil.month) - civil.day, out);
}

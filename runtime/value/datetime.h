/* date, time, timestamp, timestamptz: ISO 8601 texts, parts, arithmetic. Storage is in types.def: days or
 * microseconds since 2000-01-01, proleptic Gregorian, so comparing two values is comparing integers.
 *
 * Range as in Postgres: dates and timestamps from 4713-11-24 BC (Julian day 0); dates to 5874897-12-31,
 * timestamps to before 294277-01-01. Texts are read for years 1 to 9999 only. Results beyond the range are
 * FAULT_OUT_OF_RANGE. Infinity does not exist here. */
#ifndef MIG_VALUE_DATETIME_H
#define MIG_VALUE_DATETIME_H

#include "runtime/base/arena.h"
#include "runtime/value/value.h"

struct zone_cache;

#define MICROS_PER_SECOND INT64_C(1000000)
#define MICROS_PER_MINUTE (60 * MICROS_PER_SECOND)
#define MICROS_PER_HOUR   (60 * MICROS_PER_MINUTE)
#define MICROS_PER_DAY    (24 * MICROS_PER_HOUR)

#define DATE_MIN      INT64_C(-2451545)
#define DATE_MAX      INT64_C(2145031948)
#define TIMESTAMP_MIN INT64_C(-211813488000000000)
#define TIMESTAMP_MAX INT64_C(9223371331199999999)

enum { DATETIME_TEXT_MAX = 48 };

struct civil {
    int32_t year;       /* astronomical: 0 is 1 BC, -1 is 2 BC */
    int32_t month, day; /* 1-based */
};

int64_t days_from_civil(struct civil civil); /* days since 2000-01-01; fields must be a valid date */
struct civil civil_from_days(int64_t days);
int32_t days_in_month(int32_t year, int32_t month);
/* True for a day that exists. */
bool civil_is_valid(int64_t year, int64_t month, int64_t day);

/* YYYY-MM-DD. FAULT_NOT_DATE. */
enum fault date_parse(struct str text, int64_t *out);
/* HH:MM, HH:MM:SS, HH:MM:SS.ffffff; 24:00:00 is the end of a day. FAULT_NOT_TIME; FAULT_LOSSY for digits
 * other than 0 beyond microseconds. */
enum fault time_parse(struct str text, int64_t *out);
/* A date, `T` or one blank, a time below 24:00, and nothing else. FAULT_NOT_TIMESTAMP, FAULT_LOSSY. */
enum fault timestamp_parse(struct str text, int64_t *out);
/* As timestamp, then Z or an offset (+HH, +HHMM, +HH:MM, +HH:MM:SS), or, after one blank, the name of an IANA
 * zone. zones NULL: names of zones are not taken. FAULT_NOT_TIMESTAMPTZ, FAULT_LOSSY, FAULT_NO_ZONE,
 * FAULT_NO_LOCAL_TIME, FAULT_TWO_LOCAL_TIMES. */
enum fault timestamptz_parse(struct str text, struct zone_cache *zones, int64_t *out);

/* As Postgres prints with DateStyle ISO in UTC: 2025-02-01, 09:05:00.5, 2025-02-01 09:05:00,
 * 2025-02-01 09:05:00+00; years before 1 end on " BC". The write functions return the bytes, add no NUL. */
size_t date_write(int64_t days, char out[static DATETIME_TEXT_MAX]);
size_t time_write(int64_t micros, char out[static DATETIME_TEXT_MAX]);
size_t timestamp_write(int64_t micros, char out[static DATETIME_TEXT_MAX]);
size_t timestamptz_write(int64_t micros, char out[static DATETIME_TEXT_MAX]);
struct str date_format(struct arena *arena, int64_t days);
struct str time_format(struct arena *arena, int64_t micros);
struct str timestamp_format(struct arena *arena, int64_t micros);
struct str timestamptz_format(struct arena *arena, int64_t micros);

/* From parts. FAULT_NOT_DATE, FAULT_NOT_TIME when there is no such day or time (years 1 to 9999). */
enum fault date_from_parts(int64_t year, int64_t month, int64_t day, int64_t *out);
enum fault time_from_parts(int64_t hour, int64_t minute, int64_t second, int64_t micros, int64_t *out);
enum fault timestamp_from_date(int64_t days, int64_t time_micros, int64_t *out);
/* The date that a timestamp falls on (floor), and the time of that day. */
int64_t date_of_timestamp(int64_t micros);
int64_t time_of_timestamp(int64_t micros);

enum fault date_add_days(int64_t days, int64_t more, int64_t *out);
enum fault date_subtract_date(int64_t a, int64_t b, int64_t *out); /* days */
/* The interval must have no time part (FAULT_LOSSY). Months first, clamped to the month's last day. */
enum fault date_add_interval(int64_t days, struct interval interval, int64_t *out);
enum fault date_subtract_interval(int64_t days, struct interval interval, int64_t *out);
/* Months (clamped), then days, then time. */
enum fault timestamp_add_interval(int64_t micros, struct interval interval, int64_t *out);
enum fault timestamp_subtract_interval(int64_t micros, struct interval interval, int64_t *out);
/* Days are 24 hours; an interval with months is FAULT_BAD_ARGUMENT (the language asks for at_zone). */
enum fault timestamptz_add_interval(int64_t micros, struct interval interval, int64_t *out);
enum fault timestamptz_subtract_interval(int64_t micros, struct interval interval, int64_t *out);
/* The difference as days and time, as Postgres' timestamp - timestamp. For timestamptz too. */
enum fault timestamp_subtract_timestamp(int64_t a, int64_t b, struct interval *out);
/* Months and days between, as Postgres' age(a, b). */
enum fault timestamp_age(int64_t a, int64_t b, struct interval *out);
/* Within the day: FAULT_OUT_OF_RANGE when the result leaves 00:00 to 24:00. */
enum fault time_add_interval(int64_t micros, struct interval interval, int64_t *out);

enum datetime_part {
    PART_MILLENNIUM, /* only for truncation and reading, as Postgres counts: 2001 starts the third */
    PART_CENTURY,
    PART_DECADE,
    PART_YEAR, /* years BC are negative: 1 BC is -1 */
    PART_QUARTER,
    PART_MONTH,
    PART_WEEK, /* ISO 8601 week, 1 to 53; truncation to Monday */
    PART_DAY,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,      /* whole seconds, 0 to 59 */
    PART_MILLISECOND, /* within the second, 0 to 999 */
    PART_MICROSECOND, /* within the second, 0 to 999999 */
    PART_ISO_YEAR,    /* the year that the ISO week belongs to */
    PART_WEEKDAY,     /* ISO: Monday 1 to Sunday 7 */
    PART_DAY_OF_YEAR,
    PART_EPOCH, /* whole seconds since 1970-01-01 00:00, floor */
    PART_COUNT
};

/* "year", "month", "weekday", "iso_year", "day_of_year", …; false when there is none of that name. */
bool datetime_part_find(struct str name, enum datetime_part *part);
const char *datetime_part_name(enum datetime_part part);
/* FAULT_BAD_ARGUMENT for parts that the type does not have (an hour of a date). */
enum fault date_extract(int64_t days, enum datetime_part part, int64_t *out);
enum fault time_extract(int64_t micros, enum datetime_part part, int64_t *out);
enum fault timestamp_extract(int64_t micros, enum datetime_part part, int64_t *out);
/* To the start of the unit (PART_MILLENNIUM … PART_MILLISECOND). FAULT_BAD_ARGUMENT for others. */
enum fault date_truncate(int64_t days, enum datetime_part unit, int64_t *out);
enum fault timestamp_truncate(int64_t micros, enum datetime_part unit, int64_t *out);
/* The last day of the month. */
enum fault date_month_end(int64_t days, int64_t *out);

/* Seconds since 1970-01-01 00:00 UTC to timestamptz and back (floor). */
enum fault timestamptz_from_epoch(int64_t seconds, int64_t *out);
enum fault timestamptz_from_epoch_micros(int64_t micros, int64_t *out);
int64_t timestamptz_to_epoch(int64_t micros);

/* Excel's serial day number to a date: date1904 for workbooks that count from 1904. The 1900 system's day
 * 60 (29 February 1900, which never was) is FAULT_NOT_DATE. */
enum fault date_from_excel(int64_t serial, bool date1904, int64_t *out);

#endif

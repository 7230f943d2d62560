/* Calendar arithmetic, texts of dates and times. Parts and truncation are in datetime_part.c, sums and
 * differences in datetime_math.c. */
#include "runtime/value/datetime.h"
#include "runtime/value/zone.h"

/* ---- calendar ---- */

enum { DAYS_TO_2000 = 730425 }; /* from 0000-03-01 to 2000-01-01 */

/* Counting years from March puts the leap day at the end of a year; 400-year eras do the rest (the algorithms
 * of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms"). */
int64_t days_from_civil(struct civil civil) {
    int64_t year = civil.year - (civil.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (civil.month + (civil.month > 2 ? -3 : 9)) + 2) / 5 + civil.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - DAYS_TO_2000;
}

struct civil civil_from_days(int64_t days) {
    days += DAYS_TO_2000;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    int32_t month = (int32_t)(shifted + (shifted < 10 ? 3 : -9));
    return (struct civil){(int32_t)(year_of_era + era * 400 + (month <= 2)), month,
                          (int32_t)(day_of_year - (153 * shifted + 2) / 5 + 1)};
}

static bool is_leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t days_in_month(int32_t year, int32_t month) {
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

bool civil_is_valid(int64_t year, int64_t month, int64_t day) {
    return month >= 1 && month <= 12 && day >= 1 && year >= INT32_MIN && year <= INT32_MAX &&
           day <= days_in_month((int32_t)year, (int32_t)month);
}

int64_t date_of_timestamp(int64_t micros) {
    int64_t days = micros / MICROS_PER_DAY;
    return days - (micros % MICROS_PER_DAY < 0);
}

int64_t time_of_timestamp(int64_t micros) {
    int64_t rest = micros % MICROS_PER_DAY;
    return rest < 0 ? rest + MICROS_PER_DAY : rest;
}

enum fault date_from_parts(int64_t year, int64_t month, int64_t day, int64_t *out) {
    if (year < 1 || year > 9999 || !civil_is_valid(year, month, day)) return FAULT_NOT_DATE;
    *out = days_from_civil((struct civil){(int32_t)year, (int32_t)month, (int32_t)day});
    return FAULT_NONE;
}

enum fault time_from_parts(int64_t hour, int64_t minute, int64_t second, int64_t micros, int64_t *out) {
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || micros < 0 ||
        micros > 999999)
        return FAULT_NOT_TIME;
    *out = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND + micros;
    return FAULT_NONE;
}

enum fault timestamp_from_date(int64_t days, int64_t time_micros, int64_t *out) {
    int64_t micros;
    if (__builtin_mul_overflow(days, MICROS_PER_DAY, &micros) ||
        __builtin_add_overflow(micros, time_micros, &micros) || micros < TIMESTAMP_MIN ||
        micros > TIMESTAMP_MAX)
        return FAULT_OUT_OF_RANGE;
    *out = micros;
    return FAULT_NONE;
}

enum fault date_from_excel(int64_t serial, bool date1904, int64_t *out) {
    enum { FEB_1900 = 60, SERIAL_MAX = 2958465 };
    if (date1904) {
        if (serial < 0 || serial > SERIAL_MAX - 1462) return FAULT_NOT_DATE;
        *out = days_from_civil((struct civil){1904, 1, 1}) + serial;
        return FAULT_NONE;
    }
    if (serial < 1 || serial == FEB_1900 || serial > SERIAL_MAX) return FAULT_NOT_DATE;
    *out = days_from_civil((struct civil){1899, 12, 31}) + serial - (serial > FEB_1900);
    return FAULT_NONE;
}

/* ---- reading ---- */

/* Two digits, or a number above 99. */
static inline uint32_t two_digits(const char *p) {
    uint32_t tens = (uint32_t)(uint8_t)p[0] - '0', ones = (uint32_t)(uint8_t)p[1] - '0';
    return tens <= 9 && ones <= 9 ? tens * 10 + ones : 1000;
}

/* YYYY-MM-DD at p, which has 10 bytes. */
static bool parse_ten(const char *p, int64_t *days) {
    uint32_t century = two_digits(p), rest = two_digits(p + 2), month = two_digits(p + 5),
             day = two_digits(p + 8);
    if (p[4] != '-' || p[7] != '-' || century > 99 || rest > 99) return false;
    return date_from_parts(century * 100 + rest, month, day, days) == FAULT_NONE;
}

enum fault date_parse(struct str text, int64_t *out) {
    return text.len == 10 && parse_ten(text.ptr, out) ? FAULT_NONE : FAULT_NOT_DATE;
}

/* Digits behind the point at *at: microseconds. */
static enum fault parse_fraction(struct str text, size_t *at, int64_t *micros, enum fault otherwise) {
    size_t start = *at;
    int64_t n = 0;
    bool lossy = false;
    for (; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; ++*at) {
        int digit = text.ptr[*at] - '0';
        if (*at - start < 6)
            n = n * 10 + digit;
        else if (digit != 0)
            lossy = true;
    }
    if (*at == start) return otherwise;
    for (size_t i = *at - start; i < 6; i++)
        n *= 10;
    *micros = n;
    return lossy ? FAULT_LOSSY : FAULT_NONE;
}

/* HH:MM[:SS[.f…]] at *at, which moves behind it. `otherwise` is the fault for what is no time. */
static enum fault parse_clock(struct str text, size_t *at, int64_t *out, enum fault otherwise) {
    const char *p = text.ptr + *at;
    size_t left = text.len - *at;
    uint32_t hour, minute, second = 0;
    int64_t micros = 0;
    if (left < 5 || p[2] != ':' || (hour = two_digits(p)) > 24 || (minute = two_digits(p + 3)) > 59)
        return otherwise;
    *at += 5;
    if (left >= 8 && p[5] == ':') {
        if ((second = two_digits(p + 6)) > 59) return otherwise;
        *at += 3;
        if (left > 8 && p[8] == '.') {
            ++*at;
            enum fault fault = parse_fraction(text, at, &micros, otherwise);
            if (fault != FAULT_NONE) return fault;
        }
    }
    *out = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND + micros;
    return *out > MICROS_PER_DAY ? otherwise : FAULT_NONE;
}

enum fault time_parse(struct str text, int64_t *out) {
    size_t at = 0;
    enum fault fault = parse_clock(text, &at, out, FAULT_NOT_TIME);
    if (at < text.len && fault != FAULT_NOT_TIME) return FAULT_NOT_TIME;
    return fault;
}

/* The local date and time that text starts with. */
static enum fault parse_local(struct str text, size_t *at, int64_t *out, enum fault otherwise) {
    int64_t days, time;
    if (text.len < 16 || (text.ptr[10] != ' ' && text.ptr[10] != 'T') || !parse_ten(text.ptr, &days))
        return otherwise;
    *at = 11;
    enum fault fault = parse_clock(text, at, &time, otherwise);
    if (fault != FAULT_NONE) return fault;
    if (time == MICROS_PER_DAY) return otherwise;
    *out = days * MICROS_PER_DAY + time;
    return FAULT_NONE;
}

enum fault timestamp_parse(struct str text, int64_t *out) {
    size_t at = 0;
    enum fault fault = parse_local(text, &at, out, FAULT_NOT_TIMESTAMP);
    if (at < text.len && fault != FAULT_NOT_TIMESTAMP) return FAULT_NOT_TIMESTAMP;
    return fault;
}

/* +HH, +HHMM, +HH:MM, +HH:MM:SS as seconds; the whole of text. */
static bool parse_offset(struct str text, int64_t *seconds) {
    uint32_t hour, minute = 0, second = 0;
    const char *p = text.ptr;
    bool colons = text.len > 3 && p[3] == ':';
    if (text.len != 3 && text.len != (colons ? 6 : 5) && !(colons && text.len == 9)) return false;
    hour = two_digits(p + 1);
    if (text.len > 3) minute = two_digits(p + (colons ? 4 : 3));
    if (text.len == 9) second = p[6] == ':' ? two_digits(p + 7) : 1000;
    if (hour > 15 || minute > 59 || second > 59) return false;
    *seconds = hour * 3600 + minute * 60 + second;
    if (p[0] == '-') *seconds = -*seconds;
    return true;
}

enum fault timestamptz_parse(struct str text, struct zone_cache *zones, int64_t *out) {
    size_t at = 0;
    int64_t local, seconds = 0;
    enum fault fault = parse_local(text, &at, &local, FAULT_NOT_TIMESTAMPTZ);
    if (fault != FAULT_NONE) return fault;
    struct str rest = str_from(text.ptr + at, text.len - at);
    bool blank = rest.len > 0 && rest.ptr[0] == ' ';
    if (blank) rest.ptr++, rest.len--;
    if (rest.len == 0) return FAULT_NOT_TIMESTAMPTZ;
    bool zulu = rest.len == 1 && (rest.ptr[0] == 'Z' || rest.ptr[0] == 'z');
    if (!zulu && (rest.ptr[0] == '+' || rest.ptr[0] == '-')) {
        if (!parse_offset(rest, &seconds)) return FAULT_NOT_TIMESTAMPTZ;
    } else if (!zulu) {
        const struct zone *zone;
        if (!blank || zones == NULL) return FAULT_NOT_TIMESTAMPTZ;
        fault = zone_cache_find(zones, rest, &zone);
        return fault != FAULT_NONE ? fault : zone_to_utc(zone, local, out);
    }
    *out = local - seconds * MICROS_PER_SECOND;
    return FAULT_NONE;
}

/* ---- printing ---- */

static inline char *put_two(char *p, uint32_t n) {
    p[0] = (char)('0' + n / 10);
    p[1] = (char)('0' + n % 10);
    return p + 2;
}

static char *put_year(char *p, uint32_t year) {
    if (year > 9999) {
        char digits[10];
        int count = 0;
        for (; year; year /= 10)
            digits[count++] = (char)('0' + year % 10);
        while (count)
            *p++ = digits[--count];
        return p;
    }
    return put_two(put_two(p, year / 100), year % 100);
}

/* The date without an era; *bc tells whether " BC" belongs behind all. */
static char *put_date(char *p, int64_t days, bool *bc) {
    struct civil civil = civil_from_days(days);
    *bc = civil.year <= 0;
    p = put_year(p, (uint32_t)(*bc ? 1 - civil.year : civil.year));
    *p++ = '-';
    p = put_two(p, (uint32_t)civil.month);
    *p++ = '-';
    return put_two(p, (uint32_t)civil.day);
}

static char *put_time(char *p, int64_t micros) {
    uint32_t seconds = (uint32_t)(micros / MICROS_PER_SECOND),
             fraction = (uint32_t)(micros % MICROS_PER_SECOND);
    p = put_two(p, seconds / 3600);
    *p++ = ':';
    p = put_two(p, seconds / 60 % 60);
    *p++ = ':';
    p = put_two(p, seconds % 60);
    if (fraction == 0) return p;
    *p++ = '.';
    for (uint32_t unit = 100000; fraction; unit /= 10) {
        *p++ = (char)('0' + fraction / unit);
        fraction %= unit;
    }
    return p;
}

static char *put_era(char *p, bool bc) {
    if (!bc) return p;
    memcpy(p, " BC", 3);
    return p + 3;
}

size_t date_write(int64_t days, char out[static DATETIME_TEXT_MAX]) {
    bool bc;
    char *p = put_date(out, days, &bc);
    return (size_t)(put_era(p, bc) - out);
}

size_t time_write(int64_t micros, char out[static DATETIME_TEXT_MAX]) {
    return (size_t)(put_time(out, micros) - out);
}

static size_t write_timestamp(int64_t micros, bool utc, char *out) {
    bool bc;
    char *p = put_date(out, date_of_timestamp(micros), &bc);
    *p++ = ' ';
    p = put_time(p, time_of_timestamp(micros));
    if (utc) {
        memcpy(p, "+00", 3);
        p += 3;
    }
    return (size_t)(put_era(p, bc) - out);
}

size_t timestamp_write(int64_t micros, char out[static DATETIME_TEXT_MAX]) {
    return write_timestamp(micros, false, out);
}

size_t timestamptz_write(int64_t micros, char out[static DATETIME_TEXT_MAX]) {
    return write_timestamp(micros, true, out);
}

struct str date_format(struct arena *arena, int64_t days) {
    char *out = arena_alloc(arena, DATETIME_TEXT_MAX);
    return str_from(out, date_write(days, out));
}

struct str time_format(struct arena *arena, int64_t micros) {
    char *out = arena_alloc(arena, DATETIME_TEXT_MAX);
    return str_from(out, time_write(micros, out));
}

struct str timestamp_format(struct arena *arena, int64_t micros) {
    char *out = arena_alloc(arena, DATETIME_TEXT_MAX);
    return str_from(out, timestamp_write(micros, out));
}

struct str timestamptz_format(struct arena *arena, int64_t micros) {
    char *out = arena_alloc(arena, DATETIME_TEXT_MAX);
    return str_from(out, timestamptz_write(micros, out));
}

/* Reading dates and times by a template pattern. */
#include "runtime/value/datetime.h"
#include "runtime/value/pattern_item.h"

struct fields {
    int32_t year, month, day, day_of_year, iso_week, iso_weekday, weekday; /* weekday: Monday 1, 0 none */
    int32_t hour, minute, second, micros, offset_minute, offset_hour;
    bool afternoon, hour12, iso, west;
};

struct reader {
    const char *p, *end;
    struct fields fields;
};

static bool read_digits(struct reader *r, int least, int most, int32_t *out) {
    int32_t n = 0;
    int count = 0;
    while (count < most && r->p < r->end && *r->p >= '0' && *r->p <= '9') {
        n = n * 10 + (*r->p++ - '0');
        count++;
    }
    *out = n;
    return count >= least;
}

static bool read_word(struct reader *r, const char *word, size_t len) {
    if ((size_t)(r->end - r->p) < len) return false;
    for (size_t i = 0; i < len; i++) {
        char c = r->p[i], w = word[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        if (w >= 'A' && w <= 'Z') w = (char)(w + 32);
        if (c != w) return false;
    }
    r->p += len;
    return true;
}

/* One of the names (0: whole, else its first `len` letters); its number from 1. */
static bool read_name(struct reader *r, const char *const *names, int count, size_t len, int32_t *out) {
    for (int i = 0; i < count; i++) {
        if (!read_word(r, names[i], len ? len : strlen(names[i]))) continue;
        *out = i + 1;
        return true;
    }
    return false;
}

static bool read_meridiem(struct reader *r, bool dots) {
    if (read_word(r, dots ? "a.m." : "am", dots ? 4 : 2)) return true;
    r->fields.afternoon = true;
    return read_word(r, dots ? "p.m." : "pm", dots ? 4 : 2);
}

/* Z, +HH or +HH:MM; TZH is the part without minutes. */
static bool read_offset(struct reader *r, bool whole) {
    struct fields *f = &r->fields;
    if (whole && r->p < r->end && *r->p == 'Z') {
        r->p++;
        return true;
    }
    if (r->p == r->end || (*r->p != '+' && *r->p != '-')) return false;
    f->west = *r->p++ == '-';
    if (!read_digits(r, 2, 2, &f->offset_hour) || f->offset_hour > 15) return false;
    if (!whole || r->p == r->end || *r->p != ':') return true;
    r->p++;
    return read_digits(r, 2, 2, &f->offset_minute) && f->offset_minute <= 59;
}

static bool read_item(struct reader *r, const struct pattern_item *item) {
    struct fields *f = &r->fields;
    int least = item->fixed ? 2 : 1;
    switch ((enum pattern_field)item->field) {
    case FIELD_LITERAL:
        if ((size_t)(r->end - r->p) < item->text.len || memcmp(r->p, item->text.ptr, item->text.len) != 0)
            return false;
        r->p += item->text.len;
        return true;
    case FIELD_YEAR: return read_digits(r, 4, 4, &f->year);
    case FIELD_MONTH: return read_digits(r, least, 2, &f->month);
    case FIELD_DAY: return read_digits(r, least, 2, &f->day);
    case FIELD_MONTH_SHORT: return read_name(r, pattern_month_names, 12, 3, &f->month);
    case FIELD_MONTH_LONG: return read_name(r, pattern_month_names, 12, 0, &f->month);
    case FIELD_DAY_OF_YEAR: return read_digits(r, item->fixed ? 3 : 1, 3, &f->day_of_year);
    case FIELD_ISO_YEAR: f->iso = true; return read_digits(r, 4, 4, &f->year);
    case FIELD_ISO_WEEK: return read_digits(r, least, 2, &f->iso_week);
    case FIELD_ISO_WEEKDAY: return read_digits(r, 1, 1, &f->iso_weekday);
    case FIELD_WEEKDAY_SHORT: return read_name(r, pattern_weekday_names, 7, 3, &f->weekday);
    case FIELD_WEEKDAY_LONG: return read_name(r, pattern_weekday_names, 7, 0, &f->weekday);
    case FIELD_HOUR24: return read_digits(r, least, 2, &f->hour) && f->hour <= 23;
    case FIELD_HOUR12:
        f->hour12 = true;
        return read_digits(r, least, 2, &f->hour) && f->hour >= 1 && f->hour <= 12;
    case FIELD_MINUTE: return read_digits(r, least, 2, &f->minute) && f->minute <= 59;
    case FIELD_SECOND: return read_digits(r, least, 2, &f->second) && f->second <= 59;
    case FIELD_MILLIS:
        if (!read_digits(r, 3, 3, &f->micros)) return false;
        f->micros *= 1000;
        return true;
    case FIELD_MICROS: return read_digits(r, 6, 6, &f->micros);
    case FIELD_MERIDIEM: return read_meridiem(r, false);
    case FIELD_MERIDIEM_DOTS: return read_meridiem(r, true);
    case FIELD_OFFSET: return read_offset(r, true);
    case FIELD_OFFSET_HOUR: return read_offset(r, false);
    case FIELD_OFFSET_MINUTE: return read_digits(r, 2, 2, &f->offset_minute) && f->offset_minute <= 59;
    default: return false; /* fields that are only printed: pattern_check_reading refuses them */
    }
}

static bool read_all(const struct pattern *pattern, struct str text, struct fields *out) {
    struct reader r = {.p = text.ptr, .end = text.ptr + text.len};
    for (uint32_t i = 0; i < pattern->count; i++)
        if (!read_item(&r, &pattern->items[i])) return false;
    *out = r.fields;
    return r.p == r.end;
}

static int32_t weekday_of(int64_t days) {
    int64_t weekday = 0;
    date_extract(days, PART_WEEKDAY, &weekday);
    return (int32_t)weekday;
}

static bool date_from_week(const struct fields *f, int64_t *out) {
    int64_t fourth_of_january, iso_year = 0;
    if (f->iso_week < 1 || f->iso_weekday < 1 || f->iso_weekday > 7) return false;
    if (date_from_parts(f->year, 1, 4, &fourth_of_january) != FAULT_NONE) return false;
    int64_t monday = fourth_of_january - (weekday_of(fourth_of_january) - 1);
    *out = monday + (f->iso_week - 1) * 7 + f->iso_weekday - 1;
    date_extract(*out, PART_ISO_YEAR, &iso_year);
    return iso_year == f->year; /* week 53 of a year with 52 */
}

static bool date_from_fields(const struct pattern *pattern, const struct fields *f, int64_t *out) {
    if (f->iso) {
        if (!date_from_week(f, out)) return false;
    } else if (pattern_has(pattern, FIELD_DAY_OF_YEAR)) {
        int64_t first, next;
        if (date_from_parts(f->year, 1, 1, &first) != FAULT_NONE) return false;
        next = days_from_civil((struct civil){f->year + 1, 1, 1});
        *out = first + f->day_of_year - 1;
        if (f->day_of_year < 1 || *out >= next) return false;
    } else if (date_from_parts(f->year, f->month, f->day, out) != FAULT_NONE) {
        return false;
    }
    return f->weekday == 0 || f->weekday == weekday_of(*out);
}

static int64_t time_from_fields(const struct fields *f) {
    int32_t hour = f->hour12 ? f->hour % 12 + (f->afternoon ? 12 : 0) : f->hour;
    return hour * MICROS_PER_HOUR + f->minute * MICROS_PER_MINUTE + f->second * MICROS_PER_SECOND + f->micros;
}

/* ---- the fast way ---- */

static inline uint32_t two(const char *p) {
    uint32_t tens = (uint32_t)(uint8_t)p[0] - '0', ones = (uint32_t)(uint8_t)p[1] - '0';
    return tens <= 9 && ones <= 9 ? tens * 10 + ones : 1000;
}

/* The date in ten bytes, all fields at full width. False: the general way decides. */
static bool read_fast_date(const struct pattern *pattern, const char *p, int64_t *days) {
    uint32_t high, low, month, day;
    if (pattern->shape == SHAPE_YMD) {
        if (p[4] != pattern->separators[0] || p[7] != pattern->separators[1]) return false;
        high = two(p), low = two(p + 2), month = two(p + 5), day = two(p + 8);
    } else {
        if (p[2] != pattern->separators[0] || p[5] != pattern->separators[1]) return false;
        bool month_first = pattern->shape == SHAPE_MDY;
        month = two(p + (month_first ? 0 : 3)), day = two(p + (month_first ? 3 : 0));
        high = two(p + 6), low = two(p + 8);
    }
    if (high > 99 || low > 99) return false;
    return date_from_parts(high * 100 + low, month, day, days) == FAULT_NONE;
}

static bool read_fast_time(const struct pattern *pattern, const char *p, int64_t *micros) {
    uint32_t hour = two(p + 1), minute = two(p + 4), second = pattern->time_fields == 3 ? two(p + 7) : 0;
    if (p[0] != ' ' || p[3] != ':' || (pattern->time_fields == 3 && p[6] != ':')) return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    *micros = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND;
    return true;
}

static bool read_fast(const struct pattern *pattern, struct str text, int64_t *days, int64_t *micros) {
    static const uint8_t lengths[] = {10, 0, 16, 19};
    if (pattern->shape == SHAPE_OTHER || text.len != lengths[pattern->time_fields]) return false;
    *micros = 0;
    if (!read_fast_date(pattern, text.ptr, days)) return false;
    return pattern->time_fields == 0 || read_fast_time(pattern, text.ptr + 10, micros);
}

/* ---- by type ---- */

enum fault pattern_parse_date(const struct pattern *pattern, struct str text, int64_t *out) {
    struct fields fields;
    int64_t micros;
    if (read_fast(pattern, text, out, &micros)) return FAULT_NONE;
    if (!read_all(pattern, text, &fields) || !date_from_fields(pattern, &fields, out)) return FAULT_NOT_DATE;
    return FAULT_NONE;
}

enum fault pattern_parse_time(const struct pattern *pattern, struct str text, int64_t *out) {
    struct fields fields;
    if (!read_all(pattern, text, &fields)) return FAULT_NOT_TIME;
    *out = time_from_fields(&fields);
    return FAULT_NONE;
}

enum fault pattern_parse_timestamp(const struct pattern *pattern, struct str text, int64_t *out) {
    struct fields fields;
    int64_t days, micros;
    if (!read_fast(pattern, text, &days, &micros)) {
        if (!read_all(pattern, text, &fields) || !date_from_fields(pattern, &fields, &days))
            return FAULT_NOT_TIMESTAMP;
        micros = time_from_fields(&fields);
    }
    *out = days * MICROS_PER_DAY + micros;
    return FAULT_NONE;
}

enum fault pattern_parse_timestamptz(const struct pattern *pattern, struct str text, int64_t *out) {
    struct fields fields;
    int64_t days;
    if (!read_all(pattern, text, &fields) || !date_from_fields(pattern, &fields, &days))
        return FAULT_NOT_TIMESTAMPTZ;
    int64_t offset = fields.offset_hour * MICROS_PER_HOUR + fields.offset_minute * MICROS_PER_MINUTE;
    *out = days * MICROS_PER_DAY + time_from_fields(&fields) + (fields.west ? offset : -offset);
    return FAULT_NONE;
}

/* Printing dates and times by a template pattern, as Postgres' to_char. */
#include "runtime/value/datetime.h"
#include "runtime/value/pattern_item.h"

#include <stdio.h>

struct printer {
    char *p, *end;
    struct civil civil;
    int64_t days, time;
};

static void put_number(struct printer *w, const struct pattern_item *item, int64_t n, int width) {
    if (item->unpadded) width = 0;
    w->p += snprintf(w->p, (size_t)(w->end - w->p), "%0*lld", width, (long long)n);
}

static void put_name(struct printer *w, const struct pattern_item *item, const char *name, size_t len) {
    enum { NAME_WIDTH = 9 }; /* the longest, September and Wednesday: what Postgres pads to */
    bool whole = len == 0;
    if (whole) len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (item->letters == CASE_UPPER && c >= 'a' && c <= 'z') c = (char)(c - 32);
        if (item->letters == CASE_LOWER && c >= 'A' && c <= 'Z') c = (char)(c + 32);
        *w->p++ = c;
    }
    if (whole && !item->unpadded)
        for (; len < NAME_WIDTH; len++)
            *w->p++ = ' ';
}

static void put_text(struct printer *w, const char *text) {
    size_t len = strlen(text);
    memcpy(w->p, text, len);
    w->p += len;
}

static void put_meridiem(struct printer *w, const struct pattern_item *item, bool dots) {
    bool afternoon = w->time >= 12 * MICROS_PER_HOUR && w->time < MICROS_PER_DAY;
    bool lower = item->letters == CASE_LOWER;
    const char *text = dots ? (afternoon ? (lower ? "p.m." : "P.M.") : (lower ? "a.m." : "A.M."))
                            : (afternoon ? (lower ? "pm" : "PM") : (lower ? "am" : "AM"));
    put_text(w, text);
}

static int64_t part(const struct printer *w, enum datetime_part which) {
    int64_t n = 0;
    date_extract(w->days, which, &n);
    return n;
}

static void put_date_item(struct printer *w, const struct pattern_item *item) {
    switch ((enum pattern_field)item->field) {
    case FIELD_YEAR: put_number(w, item, w->civil.year, 4); break;
    case FIELD_MONTH: put_number(w, item, w->civil.month, 2); break;
    case FIELD_DAY: put_number(w, item, w->civil.day, 2); break;
    case FIELD_MONTH_SHORT: put_name(w, item, pattern_month_names[w->civil.month - 1], 3); break;
    case FIELD_MONTH_LONG: put_name(w, item, pattern_month_names[w->civil.month - 1], 0); break;
    case FIELD_DAY_OF_YEAR: put_number(w, item, part(w, PART_DAY_OF_YEAR), 3); break;
    case FIELD_ISO_YEAR: put_number(w, item, part(w, PART_ISO_YEAR), 4); break;
    case FIELD_ISO_WEEK: put_number(w, item, part(w, PART_WEEK), 2); break;
    case FIELD_ISO_WEEKDAY: put_number(w, item, part(w, PART_WEEKDAY), 1); break;
    case FIELD_WEEKDAY: put_number(w, item, part(w, PART_WEEKDAY) % 7 + 1, 1); break; /* Sunday is 1 */
    case FIELD_WEEKDAY_SHORT: put_name(w, item, pattern_weekday_names[part(w, PART_WEEKDAY) - 1], 3); break;
    case FIELD_WEEKDAY_LONG: put_name(w, item, pattern_weekday_names[part(w, PART_WEEKDAY) - 1], 0); break;
    case FIELD_QUARTER: put_number(w, item, part(w, PART_QUARTER), 1); break;
    default: break;
    }
}

static void put_time_item(struct printer *w, const struct pattern_item *item) {
    int64_t hour = w->time / MICROS_PER_HOUR, fraction = w->time % MICROS_PER_SECOND;
    switch ((enum pattern_field)item->field) {
    case FIELD_HOUR24: put_number(w, item, hour, 2); break;
    case FIELD_HOUR12: put_number(w, item, (hour + 11) % 12 + 1, 2); break;
    case FIELD_MINUTE: put_number(w, item, w->time / MICROS_PER_MINUTE % 60, 2); break;
    case FIELD_SECOND: put_number(w, item, w->time / MICROS_PER_SECOND % 60, 2); break;
    case FIELD_MILLIS: put_number(w, item, fraction / 1000, 3); break;
    case FIELD_MICROS: put_number(w, item, fraction, 6); break;
    case FIELD_MERIDIEM: put_meridiem(w, item, false); break;
    case FIELD_MERIDIEM_DOTS: put_meridiem(w, item, true); break;
    case FIELD_OFFSET:
    case FIELD_OFFSET_HOUR: put_text(w, "+00"); break;
    case FIELD_OFFSET_MINUTE: put_text(w, "00"); break;
    default: break;
    }
}

/* No field prints more than this. */
enum { FIELD_WIDTH_MAX = 24 };

static enum fault print(struct arena *arena, const struct pattern *pattern, int64_t days, int64_t time,
                        struct str *out) {
    struct civil civil = civil_from_days(days);
    if (civil.year < 1 || civil.year > 9999) return FAULT_OUT_OF_RANGE;
    size_t size = 0;
    for (uint32_t i = 0; i < pattern->count; i++)
        size += pattern->items[i].field == FIELD_LITERAL ? pattern->items[i].text.len : FIELD_WIDTH_MAX;
    char *start = arena_alloc(arena, size + 1);
    struct printer w = {start, start + size + 1, civil, days, time};
    for (uint32_t i = 0; i < pattern->count; i++) {
        const struct pattern_item *item = &pattern->items[i];
        if (item->field == FIELD_LITERAL) {
            memcpy(w.p, item->text.ptr, item->text.len);
            w.p += item->text.len;
        } else if (item->field < FIELD_HOUR24) {
            put_date_item(&w, item);
        } else {
            put_time_item(&w, item);
        }
    }
    *out = str_from(start, (size_t)(w.p - start));
    return FAULT_NONE;
}

enum fault pattern_format_date(struct arena *arena, const struct pattern *pattern, int64_t days,
                               struct str *out) {
    return print(arena, pattern, days, 0, out);
}

enum fault pattern_format_time(struct arena *arena, const struct pattern *pattern, int64_t micros,
                               struct str *out) {
    return print(arena, pattern, 0, micros, out);
}

enum fault pattern_format_timestamp(struct arena *arena, const struct pattern *pattern, int64_t micros,
                                    struct str *out) {
    return print(arena, pattern, date_of_timestamp(micros), time_of_timestamp(micros), out);
}

enum fault pattern_format_timestamptz(struct arena *arena, const struct pattern *pattern, int64_t micros,
                                      struct str *out) {
    return pattern_format_timestamp(arena, pattern, micros, out);
}

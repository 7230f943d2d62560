/* Time zones from the system's compiled tz database: /usr/share/zoneinfo, in the format of RFC 8536 (TZif),
 * versions 2 and up: 64-bit transitions, then a POSIX TZ rule for the time after them. */
#include "runtime/value/datetime.h"
#include "runtime/value/zone_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER_SIZE = 44, MOST_BYTES = 1 << 20 };
#define UNIX_TO_MICROS(seconds) (((seconds)-INT64_C(946684800)) * MICROS_PER_SECOND)

struct tzif {
    const uint8_t *bytes;
    size_t len;
    uint32_t utc_count, std_count, leap_count, time_count, type_count, char_count;
};

static uint32_t big32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t big64(const uint8_t *p) {
    return (int64_t)((uint64_t)big32(p) << 32 | big32(p + 4));
}

static bool read_header(struct tzif *t, size_t at) {
    if (t->len < at + HEADER_SIZE || memcmp(t->bytes + at, "TZif", 4) != 0 || t->bytes[at + 4] < '2')
        return false;
    const uint8_t *p = t->bytes + at + 20;
    t->utc_count = big32(p);
    t->std_count = big32(p + 4);
    t->leap_count = big32(p + 8);
    t->time_count = big32(p + 12);
    t->type_count = big32(p + 16);
    t->char_count = big32(p + 20);
    return t->time_count < 10000 && t->type_count >= 1 && t->type_count < 256 && t->char_count < 10000 &&
           t->leap_count < 1000 && t->utc_count < 256 && t->std_count < 256;
}

static size_t body_size(const struct tzif *t, size_t time_size) {
    return t->time_count * (time_size + 1) + t->type_count * 6u + t->char_count +
           t->leap_count * (time_size + 4) + t->std_count + t->utc_count;
}

static void add_transition(struct arena *arena, struct transition_list *list, int64_t since, int32_t offset) {
    uint32_t n = list->items.count;
    if (n && list->items.items[n - 1].offset == offset) return;
    VEC_PUSH(arena, &list->items, (struct transition){since, offset});
}

static bool read_transitions(struct arena *arena, const struct tzif *t, size_t at,
                             struct transition_list *out) {
    const uint8_t *times = t->bytes + at, *kinds = times + t->time_count * 8, *types = kinds + t->time_count;
    add_transition(arena, out, INT64_MIN, (int32_t)big32(types));
    for (uint32_t i = 0; i < t->time_count; i++) {
        int64_t when = big64(times + i * 8);
        int32_t offset;
        if (kinds[i] >= t->type_count) return false;
        offset = (int32_t)big32(types + kinds[i] * 6);
        if (offset < -90000 || offset > 90000) return false;
        if (when < INT64_C(-210866803200)) continue; /* before 4713 BC: the first type says it all */
        if (when > INT64_C(20000000000)) break;
        add_transition(arena, out, UNIX_TO_MICROS(when), offset);
    }
    return true;
}

/* ---------------------------------------------------------------- the rule behind the last transition */

/* M10.1.0/3: month, week (5: last), weekday (0: Sunday), seconds after local midnight. */
struct rule_day {
    int month, week, weekday;
    int32_t seconds;
};

struct rule {
    int32_t standard, daylight; /* seconds east */
    bool has_daylight;
    struct rule_day start, end;
};

struct rule_text {
    const char *p, *end;
};

static bool skip_name(struct rule_text *t) {
    const char *from = t->p;
    if (t->p < t->end && *t->p == '<') {
        while (t->p < t->end && *t->p != '>')
            t->p++;
        if (t->p == t->end) return false;
        t->p++;
        return true;
    }
    while (t->p < t->end && isalpha((unsigned char)*t->p))
        t->p++;
    return t->p - from >= 3;
}

static bool read_number(struct rule_text *t, int *out) {
    const char *from = t->p;
    int n = 0;
    while (t->p < t->end && isdigit((unsigned char)*t->p) && n < 10000)
        n = n * 10 + (*t->p++ - '0');
    *out = n;
    return t->p > from;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(struct rule_text *t, int32_t *seconds) {
    int sign = 1, part, total, unit = 3600;
    if (t->p < t->end && (*t->p == '+' || *t->p == '-')) sign = *t->p++ == '-' ? -1 : 1;
    if (!read_number(t, &total) || total > 167) return false;
    total *= 3600;
    while (t->p < t->end && *t->p == ':' && unit > 1) {
        t->p++;
        unit /= 60;
        if (!read_number(t, &part) || part > 59) return false;
        total += part * unit;
    }
    *seconds = sign * total;
    return true;
}

static bool read_day(struct rule_text *t, struct rule_day *day) {
    if (t->end - t->p < 2 || t->p[0] != ',' || t->p[1] != 'M') return false;
    t->p += 2;
    if (!read_number(t, &day->month) || t->p == t->end || *t->p++ != '.') return false;
    if (!read_number(t, &day->week) || t->p == t->end || *t->p++ != '.') return false;
    if (!read_number(t, &day->weekday)) return false;
    day->seconds = 2 * 3600;
    if (t->p < t->end && *t->p == '/') {
        t->p++;
        if (!read_time(t, &day->seconds)) return false;
    }
    return day->month >= 1 && day->month <= 12 && day->week >= 1 && day->week <= 5 && day->weekday <= 6;
}

/* AEST-10AEDT,M10.1.0,M4.1.0/3. The forms with day numbers (Jn, n) are in no file of the tz database. */
static bool read_rule(struct rule_text text, struct rule *rule) {
    *rule = (struct rule){0};
    if (!skip_name(&text) || !read_time(&text, &rule->standard)) return false;
    rule->standard = -rule->standard; /* POSIX counts west */
    if (text.p == text.end) return true;
    rule->has_daylight = true;
    rule->daylight = rule->standard + 3600;
    if (!skip_name(&text)) return false;
    if (text.p < text.end && *text.p != ',') {
        if (!read_time(&text, &rule->daylight)) return false;
        rule->daylight = -rule->daylight;
    }
    return read_day(&text, &rule->start) && read_day(&text, &rule->end) && text.p == text.end;
}

/* Local seconds of a rule's day in a year, counted from 2000-01-01. */
static int64_t day_of_year(const struct rule_day *day, int year) {
    int64_t first = days_from_civil((struct civil){year, day->month, 1});
    int64_t next = day->month == 12 ? days_from_civil((struct civil){year + 1, 1, 1})
                                    : days_from_civil((struct civil){year, day->month + 1, 1});
    int64_t weekday = ((first + 6) % 7 + 7) % 7; /* 2000-01-01 was a Saturday */
    int64_t date = first + (day->weekday - weekday + 7) % 7 + (day->week - 1) * 7;
    while (date >= next)
        date -= 7;
    return date * 86400 + day->seconds;
}

static void extend(struct arena *arena, const struct rule *rule, struct transition_list *out) {
    int64_t last = out->items.count > 1 ? out->items.items[out->items.count - 1].since : INT64_MIN;
    int from_year = last == INT64_MIN ? 1900 : (int)civil_from_days(date_of_timestamp(last)).year;
    if (!rule->has_daylight) {
        if (last == INT64_MIN) out->items.items[0].offset = rule->standard;
        return;
    }
    for (int year = from_year; year < ZONE_TABLE_YEAR; year++) {
        int64_t start = (day_of_year(&rule->start, year) - rule->standard) * MICROS_PER_SECOND;
        int64_t end = (day_of_year(&rule->end, year) - rule->daylight) * MICROS_PER_SECOND;
        struct transition first = {start, rule->daylight}, second = {end, rule->standard};
        if (end < start) {
            struct transition swap = first;
            first = second;
            second = swap;
        }
        if (first.since > last) add_transition(arena, out, first.since, first.offset);
        if (second.since > last) add_transition(arena, out, second.since, second.offset);
    }
}

static bool read_zone(struct arena *arena, struct tzif *t, struct transition_list *out) {
    if (!read_header(t, 0)) return false;
    size_t second = HEADER_SIZE + body_size(t, 4);
    if (second > t->len || !read_header(t, second)) return false;
    size_t body = second + HEADER_SIZE, footer = body + body_size(t, 8);
    if (footer >= t->len || t->bytes[footer] != '\n') return false;
    if (!read_transitions(arena, t, body, out)) return false;
    struct rule_text text = {(const char *)t->bytes + footer + 1, (const char *)t->bytes + t->len};
    const char *line_end = memchr(text.p, '\n', (size_t)(text.end - text.p));
    struct rule rule;
    if (line_end == NULL) return false;
    text.end = line_end;
    if (text.p == text.end) return true; /* no rule: the last offset holds */
    if (!read_rule(text, &rule)) return false;
    extend(arena, &rule, out);
    return true;
}

static size_t read_file(const char *path, uint8_t *bytes, size_t cap) {
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(bytes, 1, cap, file) : 0;
    if (file && (ferror(file) || len == cap)) len = 0;
    if (file) fclose(file);
    return len;
}

bool zone_read_tzif(struct arena *arena, struct str name, struct transition_list *out) {
    if (str_starts_with(name, STR("posix")) || str_starts_with(name, STR("right/")) ||
        str_is(name, "localtime") || name.ptr[0] == '/')
        return false;
    struct str path = arena_printf(arena, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
    uint8_t *bytes = memory_alloc(MOST_BYTES);
    struct tzif t = {.bytes = bytes, .len = read_file(path.ptr, bytes, MOST_BYTES)};
    bool good = t.len > 0 && read_zone(arena, &t, out);
    free(bytes);
    return good;
}

struct str zone_tzif_version(struct arena *arena) {
    char line[64] = "";
    FILE *file = fopen("/usr/share/zoneinfo/tzdata.zi", "rb");
    if (file == NULL) return STR("");
    if (fgets(line, sizeof line, file) == NULL) line[0] = '\0';
    fclose(file);
    struct str text = str_cstr(line), prefix = STR("# version ");
    if (!str_starts_with(text, prefix)) return STR("");
    text = str_from(text.ptr + prefix.len, text.len - prefix.len);
    while (text.len && isspace((unsigned char)text.ptr[text.len - 1]))
        text.len--;
    return arena_copy_str(arena, text);
}

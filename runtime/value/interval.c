/* Intervals: texts and arithmetic. */
#include "runtime/value/interval.h"
#include "runtime/base/hash.h"
#include "runtime/value/datetime.h"

#include <stdio.h>

/* ---- units ---- */

enum unit {
    UNIT_YEAR,
    UNIT_MONTH,
    UNIT_WEEK,
    UNIT_DAY,
    UNIT_HOUR,
    UNIT_MINUTE,
    UNIT_SECOND,
    UNIT_MS,
    UNIT_US,
    UNIT_NONE
};

static const struct {
    const char *name;
    enum unit unit;
} unit_names[] = {
    {"year", UNIT_YEAR},       {"years", UNIT_YEAR},     {"yr", UNIT_YEAR},        {"yrs", UNIT_YEAR},
    {"y", UNIT_YEAR},          {"month", UNIT_MONTH},    {"months", UNIT_MONTH},   {"mon", UNIT_MONTH},
    {"mons", UNIT_MONTH},      {"week", UNIT_WEEK},      {"weeks", UNIT_WEEK},     {"w", UNIT_WEEK},
    {"day", UNIT_DAY},         {"days", UNIT_DAY},       {"d", UNIT_DAY},          {"hour", UNIT_HOUR},
    {"hours", UNIT_HOUR},      {"hr", UNIT_HOUR},        {"hrs", UNIT_HOUR},       {"h", UNIT_HOUR},
    {"minute", UNIT_MINUTE},   {"minutes", UNIT_MINUTE}, {"min", UNIT_MINUTE},     {"mins", UNIT_MINUTE},
    {"m", UNIT_MINUTE},        {"second", UNIT_SECOND},  {"seconds", UNIT_SECOND}, {"sec", UNIT_SECOND},
    {"secs", UNIT_SECOND},     {"s", UNIT_SECOND},       {"millisecond", UNIT_MS}, {"milliseconds", UNIT_MS},
    {"msec", UNIT_MS},         {"msecs", UNIT_MS},       {"ms", UNIT_MS},          {"microsecond", UNIT_US},
    {"microseconds", UNIT_US}, {"usec", UNIT_US},        {"usecs", UNIT_US},       {"us", UNIT_US}};

static const int64_t unit_micros[UNIT_NONE] = {[UNIT_HOUR] = MICROS_PER_HOUR,
                                               [UNIT_MINUTE] = MICROS_PER_MINUTE,
                                               [UNIT_SECOND] = MICROS_PER_SECOND,
                                               [UNIT_MS] = 1000,
                                               [UNIT_US] = 1};

static enum unit find_unit(struct str name) {
    char lower[16];
    if (name.len >= sizeof lower) return UNIT_NONE;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    for (size_t i = 0; i < sizeof unit_names / sizeof *unit_names; i++)
        if (str_is(str_from(lower, name.len), unit_names[i].name)) return unit_names[i].unit;
    return UNIT_NONE;
}

/* A number as written: whole + nanos / 10^9, both with the sign. */
enum { NANOS = 1000000000 };
struct quantity {
    int64_t whole, nanos;
};

static enum fault add_i32(int32_t *part, int64_t n) {
    int64_t sum;
    if (__builtin_add_overflow(n, (int64_t)*part, &sum) || sum < INT32_MIN || sum > INT32_MAX)
        return FAULT_OUT_OF_RANGE;
    *part = (int32_t)sum;
    return FAULT_NONE;
}

static enum fault add_micros(struct interval *interval, __int128 micros) {
    __int128 sum = interval->micros + micros;
    if (sum < INT64_MIN || sum > INT64_MAX) return FAULT_OUT_OF_RANGE;
    interval->micros = (int64_t)sum;
    return FAULT_NONE;
}

/* The quantity in whole parts of 1/parts; FAULT_LOSSY when it is none. */
static enum fault in_parts(struct quantity q, int64_t parts, __int128 *out) {
    __int128 fraction = (__int128)q.nanos * parts;
    if (fraction % NANOS != 0) return FAULT_LOSSY;
    *out = (__int128)q.whole * parts + fraction / NANOS;
    return FAULT_NONE;
}

static enum fault add_quantity(struct interval *interval, struct quantity q, enum unit unit) {
    __int128 n;
    enum fault fault;
    switch (unit) {
    case UNIT_YEAR:
        fault = in_parts(q, 12, &n);
        if (fault == FAULT_NONE && (n > INT32_MAX || n < INT32_MIN)) fault = FAULT_OUT_OF_RANGE;
        return fault != FAULT_NONE ? fault : add_i32(&interval->months, (int64_t)n);
    case UNIT_MONTH: return q.nanos ? FAULT_LOSSY : add_i32(&interval->months, q.whole);
    case UNIT_WEEK:
    case UNIT_DAY: /* the fraction of a day is time, as in Postgres */
        fault = in_parts(q, (unit == UNIT_WEEK ? 7 : 1) * MICROS_PER_DAY, &n);
        if (fault != FAULT_NONE) return fault;
        if (n / MICROS_PER_DAY > INT32_MAX || n / MICROS_PER_DAY < INT32_MIN) return FAULT_OUT_OF_RANGE;
        fault = add_i32(&interval->days, (int64_t)(n / MICROS_PER_DAY));
        return fault != FAULT_NONE ? fault : add_micros(interval, n % MICROS_PER_DAY);
    default:
        fault = in_parts(q, unit_micros[unit], &n);
        return fault != FAULT_NONE ? fault : add_micros(interval, n);
    }
}

enum fault interval_from_unit(int64_t n, struct str unit_name, struct interval *out) {
    enum unit unit = find_unit(unit_name);
    if (unit == UNIT_NONE) return FAULT_BAD_ARGUMENT;
    *out = (struct interval){0};
    return add_quantity(out, (struct quantity){n, 0}, unit);
}

/* ---- reading ---- */

struct reader {
    const char *p, *end;
    struct interval interval;
    uint32_t seen; /* bit per unit */
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_blanks(struct reader *r) {
    while (r->p < r->end && *r->p == ' ')
        r->p++;
}

static enum fault read_whole(struct reader *r, int64_t *out) {
    *out = 0;
    bool overflow = false;
    for (; r->p < r->end && is_digit(*r->p); r->p++)
        if (__builtin_mul_overflow(*out, (int64_t)10, out) ||
            __builtin_add_overflow(*out, (int64_t)(*r->p - '0'), out))
            overflow = true;
    return overflow ? FAULT_OUT_OF_RANGE : FAULT_NONE;
}

/* Digits behind a point as nanos. */
static enum fault read_nanos(struct reader *r, int64_t *out) {
    const char *start = r->p;
    *out = 0;
    for (; r->p < r->end && is_digit(*r->p); r->p++) {
        if (r->p - start < 9)
            *out = *out * 10 + (*r->p - '0');
        else if (*r->p != '0')
            return FAULT_LOSSY;
    }
    if (r->p == start) return FAULT_NOT_INTERVAL;
    for (int64_t i = r->p - start; i < 9; i++)
        *out *= 10;
    return FAULT_NONE;
}

static bool read_sign(struct reader *r) {
    bool negative = r->p < r->end && *r->p == '-';
    if (r->p < r->end && (*r->p == '-' || *r->p == '+')) r->p++;
    return negative;
}

/* digits[.digits] */
static enum fault read_quantity(struct reader *r, bool negative, struct quantity *q) {
    *q = (struct quantity){0};
    if (r->p == r->end || !is_digit(*r->p)) return FAULT_NOT_INTERVAL;
    enum fault fault = read_whole(r, &q->whole);
    if (fault == FAULT_NONE && r->p < r->end && *r->p == '.') {
        r->p++;
        fault = read_nanos(r, &q->nanos);
    }
    if (fault == FAULT_NONE && negative) *q = (struct quantity){-q->whole, -q->nanos};
    return fault;
}

static bool mark_seen(struct reader *r, enum unit unit) {
    uint32_t bit = 1u << unit;
    if (r->seen & bit) return false;
    r->seen |= bit;
    return true;
}

/* :MM[:SS[.f]] behind the hours. */
static enum fault read_clock(struct reader *r, struct quantity hours, bool negative) {
    int64_t fields[2] = {0}, nanos = 0;
    for (int i = 0; i < 2 && r->p < r->end && *r->p == ':'; i++) {
        if (r->end - r->p < 3 || !is_digit(r->p[1]) || !is_digit(r->p[2])) return FAULT_NOT_INTERVAL;
        fields[i] = (r->p[1] - '0') * 10 + r->p[2] - '0';
        if (fields[i] > 59) return FAULT_NOT_INTERVAL;
        r->p += 3;
        if (i == 0 || r->p == r->end || *r->p != '.') continue;
        r->p++;
        enum fault fault = read_nanos(r, &nanos);
        if (fault != FAULT_NONE) return fault;
    }
    if (hours.nanos != 0) return FAULT_NOT_INTERVAL;
    for (int unit = UNIT_HOUR; unit <= UNIT_SECOND; unit++)
        if (!mark_seen(r, (enum unit)unit)) return FAULT_NOT_INTERVAL;
    int sign = negative ? -1 : 1;
    enum fault fault = add_quantity(&r->interval, hours, UNIT_HOUR);
    if (fault == FAULT_NONE)
        fault = add_quantity(&r->interval, (struct quantity){sign * fields[0], 0}, UNIT_MINUTE);
    if (fault == FAULT_NONE)
        fault = add_quantity(&r->interval, (struct quantity){sign * fields[1], sign * nanos}, UNIT_SECOND);
    return fault;
}

/* One "3 days" or "04:05:06". */
static enum fault read_item(struct reader *r) {
    struct quantity q;
    bool negative = read_sign(r);
    enum fault fault = read_quantity(r, negative, &q);
    if (fault != FAULT_NONE) return fault;
    if (r->p < r->end && *r->p == ':') return read_clock(r, q, negative);
    skip_blanks(r);
    const char *start = r->p;
    while (r->p < r->end && is_letter(*r->p))
        r->p++;
    enum unit unit = find_unit(str_from(start, (size_t)(r->p - start)));
    if (unit == UNIT_NONE || !mark_seen(r, unit)) return FAULT_NOT_INTERVAL;
    /* a fraction of seconds is milliseconds and microseconds already, as Postgres sees it */
    if (unit == UNIT_SECOND && q.nanos && (!mark_seen(r, UNIT_MS) || !mark_seen(r, UNIT_US)))
        return FAULT_NOT_INTERVAL;
    return add_quantity(&r->interval, q, unit);
}

static bool at_ago(const struct reader *r) {
    return r->end - r->p == 3 && (r->p[0] | 32) == 'a' && (r->p[1] | 32) == 'g' && (r->p[2] | 32) == 'o';
}

static enum fault read_words(struct reader *r) {
    for (;;) {
        enum fault fault = read_item(r);
        if (fault != FAULT_NONE) return fault;
        if (r->p == r->end) return FAULT_NONE;
        if (*r->p != ' ') return FAULT_NOT_INTERVAL;
        skip_blanks(r);
        if (at_ago(r)) return interval_negate(r->interval, &r->interval);
    }
}

/* PnYnMnWnDTnHnMnS (ISO 8601), behind the P. Designators come in this order. */
static enum fault read_iso(struct reader *r) {
    static const char designators[] = "YMWDHMS";
    static const enum unit units[] = {UNIT_YEAR, UNIT_MONTH,  UNIT_WEEK,  UNIT_DAY,
                                      UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND};
    size_t next = 0;
    bool any = false, in_time = false;
    while (r->p < r->end) {
        if (*r->p == 'T') {
            if (in_time) return FAULT_NOT_INTERVAL;
            in_time = true;
            any = false;
            next = 4;
            r->p++;
            continue;
        }
        struct quantity q;
        bool negative = read_sign(r);
        enum fault fault = read_quantity(r, negative, &q);
        if (fault != FAULT_NONE) return fault;
        size_t limit = in_time ? 7 : 4;
        while (next < limit && (r->p == r->end || designators[next] != *r->p))
            next++;
        if (next == limit) return FAULT_NOT_INTERVAL;
        r->p++;
        fault = add_quantity(&r->interval, q, units[next++]);
        if (fault != FAULT_NONE) return fault;
        any = true;
    }
    return any ? FAULT_NONE : FAULT_NOT_INTERVAL;
}

enum fault interval_parse(struct str text, struct interval *out) {
    struct reader r = {.p = text.ptr, .end = text.ptr + text.len};
    if (text.len == 0) return FAULT_NOT_INTERVAL;
    enum fault fault;
    if (*r.p == 'P') {
        r.p++;
        fault = read_iso(&r);
    } else {
        fault = read_words(&r);
    }
    if (fault == FAULT_NONE) *out = r.interval;
    return fault;
}

/* ---- printing ---- */

struct writer {
    char *p, *end;
    bool any, after_negative;
};

static void put_part(struct writer *w, int32_t n, const char *unit) {
    if (n == 0) return;
    w->p += snprintf(w->p, (size_t)(w->end - w->p), "%s%s%d %s%s", w->any ? " " : "",
                     w->after_negative && n > 0 ? "+" : "", n, unit, n != 1 ? "s" : "");
    w->any = true;
    w->after_negative = n < 0;
}

static size_t interval_write(struct interval interval, char out[static INTERVAL_TEXT_MAX]) {
    struct writer w = {out, out + INTERVAL_TEXT_MAX, false, false};
    put_part(&w, interval.months / 12, "year");
    put_part(&w, interval.months % 12, "mon");
    put_part(&w, interval.days, "day");
    if (interval.micros == 0 && w.any) return (size_t)(w.p - out);
    bool negative = interval.micros < 0;
    uint64_t micros = negative ? -(uint64_t)interval.micros : (uint64_t)interval.micros;
    uint64_t seconds = micros / 1000000;
    uint32_t fraction = (uint32_t)(micros % 1000000);
    w.p += snprintf(w.p, (size_t)(w.end - w.p), "%s%s%02llu:%02u:%02u", w.any ? " " : "",
                    negative           ? "-"
                    : w.after_negative ? "+"
                                       : "",
                    (unsigned long long)(seconds / 3600), (uint32_t)(seconds / 60 % 60),
                    (uint32_t)(seconds % 60));
    if (fraction) {
        w.p += snprintf(w.p, (size_t)(w.end - w.p), ".%06u", fraction);
        while (w.p[-1] == '0')
            w.p--;
    }
    return (size_t)(w.p - out);
}

struct str interval_format(struct arena *arena, struct interval interval) {
    char *out = arena_alloc(arena, INTERVAL_TEXT_MAX);
    return str_from(out, interval_write(interval, out));
}

/* ---- arithmetic ---- */

enum fault interval_add(struct interval a, struct interval b, struct interval *out) {
    if (__builtin_add_overflow(a.micros, b.micros, &out->micros) ||
        __builtin_add_overflow(a.days, b.days, &out->days) ||
        __builtin_add_overflow(a.months, b.months, &out->months))
        return FAULT_OUT_OF_RANGE;
    return FAULT_NONE;
}

enum fault interval_subtract(struct interval a, struct interval b, struct interval *out) {
    if (__builtin_sub_overflow(a.micros, b.micros, &out->micros) ||
        __builtin_sub_overflow(a.days, b.days, &out->days) ||
        __builtin_sub_overflow(a.months, b.months, &out->months))
        return FAULT_OUT_OF_RANGE;
    return FAULT_NONE;
}

enum fault interval_negate(struct interval interval, struct interval *out) {
    return interval_subtract((struct interval){0}, interval, out);
}

enum fault interval_multiply(struct interval interval, int64_t factor, struct interval *out) {
    if (__builtin_mul_overflow(interval.micros, factor, &out->micros) ||
        __builtin_mul_overflow(interval.days, factor, &out->days) ||
        __builtin_mul_overflow(interval.months, factor, &out->months))
        return FAULT_OUT_OF_RANGE;
    return FAULT_NONE;
}

static __int128 span_of(struct interval interval) {
    return ((__int128)interval.months * 30 + interval.days) * MICROS_PER_DAY + interval.micros;
}

int interval_compare(struct interval a, struct interval b) {
    __int128 x = span_of(a), y = span_of(b);
    return (x > y) - (x < y);
}

uint64_t interval_hash(uint64_t seed, struct interval interval) {
    __int128 span = span_of(interval);
    return hash_u64(hash_u64(seed, (uint64_t)span), (uint64_t)(span >> 64));
}

size_t interval_write_key(struct interval interval, char out[static INTERVAL_TEXT_MAX]) {
    __int128 span = span_of(interval);
    bool negative = span < 0;
    if (negative) span = -span;
    int64_t days = (int64_t)(span / MICROS_PER_DAY), micros = (int64_t)(span % MICROS_PER_DAY);
    return (size_t)snprintf(out, INTERVAL_TEXT_MAX, "%s%lld days %lld us", negative ? "-" : "",
                            (long long)days, (long long)micros);
}

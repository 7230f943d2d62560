/* Number formats and serial dates. */
#include "runtime/reader/xlsx_number.h"

#include "runtime/base/buf.h"
#include "runtime/value/datetime.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { NUMBER_LONGEST = 64, SIGNIFICANT = 15, PLAIN_EXPONENT = 20, DAY_MS = 86400000 };

enum xlsx_format xlsx_builtin_format(uint32_t id) {
    if (id == 46) return XLSX_ELAPSED;
    if ((id >= 18 && id <= 21) || id == 32 || id == 33 || id == 45 || id == 47) return XLSX_TIME;
    if ((id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58)) return XLSX_DATE;
    return XLSX_NUMBER;
}

/* What a bracket holds: [h], [mm], [ss] count on; [Red], [$-409], [>5] mean nothing here. */
static bool is_elapsed_bracket(struct str inside) {
    if (inside.len == 0) return false;
    int c = tolower((unsigned char)inside.ptr[0]);
    if (c != 'h' && c != 'm' && c != 's') return false;
    for (size_t i = 1; i < inside.len; i++)
        if (tolower((unsigned char)inside.ptr[i]) != c) return false;
    return true;
}

/* Behind what stands at `at` when it is no format letter: a quoted text, an escaped character, AM/PM, an
 * exponent, General. Else `at`. */
static size_t skip_literal(struct str code, size_t at) {
    static const char *const words[] = {"general", "am/pm", "a/p", "e+", "e-"};
    char c = code.ptr[at];
    if (c == '"') {
        const char *close = memchr(code.ptr + at + 1, '"', code.len - at - 1);
        return close ? (size_t)(close - code.ptr) + 1 : code.len;
    }
    if (c == '\\' || c == '_' || c == '*') return at + 2 < code.len ? at + 2 : code.len;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);
        if (code.len - at >= len && strncasecmp(code.ptr + at, words[i], len) == 0) return at + len;
    }
    return at;
}

enum xlsx_format xlsx_format_of(struct str code) {
    bool day = false, month = false, clock = false;
    for (size_t at = 0; at < code.len && code.ptr[at] != ';';) {
        size_t behind = skip_literal(code, at);
        if (behind > at) {
            at = behind;
            continue;
        }
        int c = tolower((unsigned char)code.ptr[at]);
        if (c == '[') {
            const char *close = memchr(code.ptr + at, ']', code.len - at);
            if (close == NULL) break;
            size_t end = (size_t)(close - code.ptr);
            if (is_elapsed_bracket(str_from(code.ptr + at + 1, end - at - 1))) return XLSX_ELAPSED;
            at = end + 1;
            continue;
        }
        day = day || c == 'y' || c == 'd' || c == 'g' || c == 'e';
        month = month || c == 'm';
        clock = clock || c == 'h' || c == 's';
        at++;
    }
    if (day) return XLSX_DATE;
    if (clock) return XLSX_TIME;
    return month ? XLSX_DATE : XLSX_NUMBER;
}

bool xlsx_parse_number(struct str text, double *out) {
    char copy[NUMBER_LONGEST], *end;
    if (text.len == 0 || text.len >= sizeof copy) return false;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789+-.eE", text.ptr[i]) || text.ptr[i] == '\0') return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

static bool is_whole(struct str text) {
    size_t at = text.len && text.ptr[0] == '-';
    for (size_t i = at; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
    return text.len > at && (text.ptr[at] != '0' || text.len == 1);
}

/* The exponent of d.ddde±x. */
static int exponent_of(const char *scientific) {
    return (int)strtol(strchr(scientific, 'e') + 1, NULL, 10);
}

/* d.ddde±x without an exponent: the digits that count, and zeros. */
static struct str spread_digits(struct arena *arena, const char *scientific) {
    char digits[SIGNIFICANT + 1];
    int count = 0, exponent = exponent_of(scientific);
    bool minus = *scientific == '-';
    for (const char *p = scientific; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && count < SIGNIFICANT) digits[count++] = *p;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    struct buf out = {0};
    if (minus) buf_append_char(&out, '-');
    if (exponent < 0) {
        buf_append_cstr(&out, "0.");
        buf_repeat_char(&out, '0', (size_t)(-exponent - 1));
    }
    for (int i = 0; i < count; i++) {
        buf_append_char(&out, digits[i]);
        if (i == exponent && i + 1 < count) buf_append_char(&out, '.');
    }
    if (exponent >= count) buf_repeat_char(&out, '0', (size_t)(exponent - count + 1));
    struct str text = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return text;
}

bool xlsx_number_text(struct arena *arena, struct str text, struct str *out) {
    double value;
    char scientific[NUMBER_LONGEST];
    if (is_whole(text)) {
        *out = str_is(text, "-0") ? STR("0") : arena_copy_str(arena, text);
        return text.len < NUMBER_LONGEST;
    }
    if (!xlsx_parse_number(text, &value)) return false;
    *out = STR("0");
    if (value == 0) return true;
    snprintf(scientific, sizeof scientific, "%.*e", SIGNIFICANT - 1, value);
    int exponent = exponent_of(scientific);
    if (exponent <= PLAIN_EXPONENT && exponent >= -PLAIN_EXPONENT)
        *out = spread_digits(arena, scientific);
    else
        *out = arena_printf(arena, "%.*g", SIGNIFICANT, value);
    return true;
}

static struct str clock_text(struct arena *arena, int64_t ms) {
    int64_t hours = ms / 3600000, minutes = ms / 60000 % 60, seconds = ms / 1000 % 60, rest = ms % 1000;
    struct str text =
        arena_printf(arena, "%02lld:%02lld:%02lld", (long long)hours, (long long)minutes, (long long)seconds);
    return rest ? arena_printf(arena, "%.*s.%03lld", STR_ARG(text), (long long)rest) : text;
}

bool xlsx_serial_text(struct arena *arena, double serial, enum xlsx_format format, bool date1904,
                      struct str *out) {
    const double last = date1904 ? 2957003 : 2958465; /* 9999-12-31 */
    *out = STR("a day before the calendar of the workbook begins");
    if (format == XLSX_ELAPSED) {
        if (fabs(serial) > last) return false;
        struct str text = clock_text(arena, llround(fabs(serial) * DAY_MS));
        *out = serial < 0 ? arena_printf(arena, "-%.*s", STR_ARG(text)) : text;
        return true;
    }
    if (serial < 0) return false;
    *out = STR("a day behind the year 9999");
    if (serial >= last + 1) return false;
    int64_t ms = llround(serial * DAY_MS), day = ms / DAY_MS, rest = ms % DAY_MS;
    if (day > (int64_t)last) return false;
    if (day == 0 && (format == XLSX_TIME || (!date1904 && rest))) {
        *out = clock_text(arena, rest);
        return true;
    }
    *out = STR("day 0 of the workbook's calendar, which is no date");
    if (day == 0 && !date1904) return false;
    *out = STR("29 February 1900, a day that Excel counts and that never was");
    if (day == 60 && !date1904) return false;
    struct civil base = {.year = 1904, .month = 1, .day = 1};
    if (!date1904) base = (struct civil){.year = 1899, .month = 12, .day = day < 60 ? 31 : 30};
    struct civil date = civil_from_days(days_from_civil(base) + day);
    struct str text = arena_printf(arena, "%04d-%02d-%02d", (int)date.year, (int)date.month, (int)date.day);
    *out = rest ? arena_printf(arena, "%.*sT%.*s", STR_ARG(text), STR_ARG(clock_text(arena, rest))) : text;
    return true;
}

/* Reading a text as a typed value by a template or in the type's own form: shared by raw cells and by the
 * conversion functions. Inline, with a fast way for fixed date patterns. Internal to runtime/vm. */
#ifndef MIG_VM_KERNEL_READ_H
#define MIG_VM_KERNEL_READ_H

#include "runtime/value/datetime.h"
#include "runtime/value/decimal.h"
#include "runtime/value/number.h"
#include "runtime/value/text.h"
#include "runtime/vm/vm_internal.h"

static inline bool all_digits(const char *at, uint32_t count, int32_t *out) {
    int32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        unsigned digit = (unsigned char)at[i] - (unsigned)'0';
        if (digit > 9) return false;
        n = n * 10 + (int32_t)digit;
    }
    *out = n;
    return true;
}

/* Ten characters that fit a fixed layout and are a day that exists. False: ask the general pattern, which
 * also knows what is wrong. */
static inline bool read_fixed_date(const struct date_layout *layout, struct str text, int64_t *out) {
    struct civil civil;
    if (text.len != 10 || text.ptr[layout->separator_at[0]] != layout->separator ||
        text.ptr[layout->separator_at[1]] != layout->separator)
        return false;
    if (!all_digits(text.ptr + layout->year, 4, &civil.year) ||
        !all_digits(text.ptr + layout->month, 2, &civil.month) ||
        !all_digits(text.ptr + layout->day, 2, &civil.day))
        return false;
    if (civil.year < 1 || !civil_is_valid(civil.year, civil.month, civil.day)) return false;
    *out = days_from_civil(civil);
    return true;
}

static inline enum fault read_date_text(const struct compiled_pattern *template, struct str text,
                                        int64_t *out) {
    if (template == NULL) return date_parse(text, out);
    if (template->layout.separator && read_fixed_date(&template->layout, text, out)) return FAULT_NONE;
    return pattern_parse_date(template->template, text, out);
}

static inline enum fault read_time_text(const struct compiled_pattern *template, struct str text,
                                        int64_t *out) {
    return template ? pattern_parse_time(template->template, text, out) : time_parse(text, out);
}

static inline enum fault read_timestamp_text(const struct compiled_pattern *template, struct str text,
                                             int64_t *out) {
    return template ? pattern_parse_timestamp(template->template, text, out) : timestamp_parse(text, out);
}

static inline enum fault read_timestamptz_text(struct vm *vm, const struct compiled_pattern *template,
                                               struct str text, int64_t *out) {
    return template ? pattern_parse_timestamptz(template->template, text, out)
                    : timestamptz_parse(text, &vm->zones, out);
}

static inline enum fault read_int_text(const struct compiled_pattern *template, struct str text,
                                       int64_t *out) {
    return template ? pattern_parse_int(template->template, text, out) : int_parse(text, out);
}

static inline enum fault read_decimal_text(const struct compiled_pattern *template, struct str text,
                                           struct decimal *out) {
    return template ? pattern_parse_decimal(template->template, text, out) : decimal_parse(text, out);
}

/* Valid UTF-8 without NUL, eight bytes at a time while they are ASCII. */
static inline enum fault check_text(struct str text) {
    const uint64_t high = 0x8080808080808080u, low = 0x0101010101010101u;
    uint64_t seen = 0;
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t w;
        memcpy(&w, text.ptr + i, 8);
        seen |= w | (w - low); /* the high bit of a byte: it is not ASCII, or it is (or borrows from) a NUL */
    }
    for (; i < text.len; i++)
        seen |= (uint64_t)(unsigned char)text.ptr[i] | ((uint64_t)(unsigned char)text.ptr[i] - 1);
    return seen & high ? text_check(text, NULL) : FAULT_NONE;
}

#endif

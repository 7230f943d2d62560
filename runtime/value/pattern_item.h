/* What a compiled template pattern is made of. Internal to runtime/value. */
#ifndef MIG_VALUE_PATTERN_ITEM_H
#define MIG_VALUE_PATTERN_ITEM_H

#include "runtime/value/pattern.h"

enum pattern_field {
    FIELD_LITERAL,
    /* dates and times */
    FIELD_YEAR,
    FIELD_MONTH,
    FIELD_DAY,
    FIELD_MONTH_SHORT,
    FIELD_MONTH_LONG,
    FIELD_DAY_OF_YEAR,
    FIELD_ISO_YEAR,
    FIELD_ISO_WEEK,
    FIELD_ISO_WEEKDAY,
    FIELD_WEEKDAY,
    FIELD_WEEKDAY_SHORT,
    FIELD_WEEKDAY_LONG,
    FIELD_QUARTER,
    FIELD_HOUR24,
    FIELD_HOUR12,
    FIELD_MINUTE,
    FIELD_SECOND,
    FIELD_MILLIS,
    FIELD_MICROS,
    FIELD_MERIDIEM,      /* AM PM */
    FIELD_MERIDIEM_DOTS, /* A.M. P.M. */
    FIELD_OFFSET,
    FIELD_OFFSET_HOUR,
    FIELD_OFFSET_MINUTE,
    /* numbers */
    FIELD_NINE,
    FIELD_ZERO,
    FIELD_POINT,
    FIELD_GROUP,
    FIELD_SIGN,
    FIELD_SIGN_HERE, /* SG: printed where it stands, not beside the digits */
    FIELD_MINUS,
    FIELD_PLUS,
    FIELD_ANGLE, /* PR */
    FIELD_CURRENCY,
    FIELD_COUNT
};

enum letter_case { CASE_UPPER, CASE_TITLE, CASE_LOWER };

struct pattern_item {
    uint8_t field;   /* enum pattern_field */
    uint8_t letters; /* enum letter_case, for names */
    bool unpadded;   /* FM */
    bool fixed;      /* a number directly before another: takes all its digits */
    struct str text; /* FIELD_LITERAL: the bytes; else as written */
};

/* Shapes with a fast way of reading: ten bytes of date, maybe a blank and a time. */
enum pattern_shape { SHAPE_OTHER, SHAPE_DMY, SHAPE_MDY, SHAPE_YMD };

struct pattern {
    enum pattern_kind kind;
    uint64_t fields; /* bit per field that occurs */
    struct str text;
    struct pattern_item *items;
    uint32_t count;
    enum pattern_shape shape;
    char separators[2];
    uint8_t time_fields; /* 0, 2 (HH24:MI) or 3 (HH24:MI:SS) behind a blank */
    /* numbers */
    bool unpadded;
    int32_t whole_digits, fraction_digits;     /* positions on each side of the point */
    int32_t whole_required, fraction_required; /* from the first 0, to the last 0 */
    uint32_t core_start, core_end;             /* items of digits, groups and point */
};

#define FIELD_BIT(field) ((uint64_t)1 << (field))

static inline bool pattern_has(const struct pattern *pattern, enum pattern_field field) {
    return pattern->fields & FIELD_BIT(field);
}

/* The names of months and weekdays, "January", "Monday"; index from 0 (Monday first). */
extern const char *const pattern_month_names[12];
extern const char *const pattern_weekday_names[7];

/* Number patterns: finds the core and counts its digits. False: *error. */
bool pattern_arrange_number(struct arena *arena, struct pattern *pattern, struct str *error);

#endif

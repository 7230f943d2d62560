/* Template patterns: compiling, and what a pattern must have to read or print a type. */
#include "runtime/value/pattern_item.h"

const char *const pattern_month_names[12] = {"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};
const char *const pattern_weekday_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                              "Friday", "Saturday", "Sunday"};

/* A keyword and its field, or why it is refused. The longest keyword that fits wins, so that longer ones
 * stand first. */
struct keyword {
    const char *name;
    enum pattern_field field;
    const char *refused;
};

#define NO_CENTURY "reads years without their century, which would be a guess; write YYYY"
#define NOT_TAKEN  "is a field of Postgres' patterns that is not supported here"

static const struct keyword datetime_keywords[] = {{"A.M.", FIELD_MERIDIEM_DOTS, NULL},
                                                   {"P.M.", FIELD_MERIDIEM_DOTS, NULL},
                                                   {"B.C.", 0, NOT_TAKEN},
                                                   {"A.D.", 0, NOT_TAKEN},
                                                   {"MONTH", FIELD_MONTH_LONG, NULL},
                                                   {"SSSSS", 0, NOT_TAKEN},
                                                   {"Y,YYY", 0, NOT_TAKEN},
                                                   {"YYYY", FIELD_YEAR, NULL},
                                                   {"IYYY", FIELD_ISO_YEAR, NULL},
                                                   {"IDDD", 0, NOT_TAKEN},
                                                   {"SSSS", 0, NOT_TAKEN},
                                                   {"HH24", FIELD_HOUR24, NULL},
                                                   {"HH12", FIELD_HOUR12, NULL},
                                                   {"YYY", 0, NO_CENTURY},
                                                   {"IYY", 0, NO_CENTURY},
                                                   {"MON", FIELD_MONTH_SHORT, NULL},
                                                   {"DAY", FIELD_WEEKDAY_LONG, NULL},
                                                   {"DDD", FIELD_DAY_OF_YEAR, NULL},
                                                   {"TZH", FIELD_OFFSET_HOUR, NULL},
                                                   {"TZM", FIELD_OFFSET_MINUTE, NULL},
                                                   {"FF1", 0, NOT_TAKEN},
                                                   {"FF2", 0, NOT_TAKEN},
                                                   {"FF3", 0, NOT_TAKEN},
                                                   {"FF4", 0, NOT_TAKEN},
                                                   {"FF5", 0, NOT_TAKEN},
                                                   {"FF6", 0, NOT_TAKEN},
                                                   {"YY", 0, NO_CENTURY},
                                                   {"IY", 0, NO_CENTURY},
                                                   {"IW", FIELD_ISO_WEEK, NULL},
                                                   {"ID", FIELD_ISO_WEEKDAY, NULL},
                                                   {"MM", FIELD_MONTH, NULL},
                                                   {"MI", FIELD_MINUTE, NULL},
                                                   {"MS", FIELD_MILLIS, NULL},
                                                   {"DD", FIELD_DAY, NULL},
                                                   {"DY", FIELD_WEEKDAY_SHORT, NULL},
                                                   {"HH", FIELD_HOUR12, NULL},
                                                   {"SS", FIELD_SECOND, NULL},
                                                   {"US", FIELD_MICROS, NULL},
                                                   {"AM", FIELD_MERIDIEM, NULL},
                                                   {"PM", FIELD_MERIDIEM, NULL},
                                                   {"OF", FIELD_OFFSET, NULL},
                                                   {"TZ", 0, NOT_TAKEN},
                                                   {"TM", 0, NOT_TAKEN},
                                                   {"FX", 0, NOT_TAKEN},
                                                   {"CC", 0, NOT_TAKEN},
                                                   {"WW", 0, NOT_TAKEN},
                                                   {"RM", 0, NOT_TAKEN},
                                                   {"BC", 0, NOT_TAKEN},
                                                   {"AD", 0, NOT_TAKEN},
                                                   {"Y", 0, NO_CENTURY},
                                                   {"I", 0, NO_CENTURY},
                                                   {"D", FIELD_WEEKDAY, NULL},
                                                   {"Q", FIELD_QUARTER, NULL},
                                                   {"J", 0, NOT_TAKEN},
                                                   {"W", 0, NOT_TAKEN},
                                                   {NULL, 0, NULL}};

static const struct keyword number_keywords[] = {{"EEEE", 0, NOT_TAKEN},      {"RN", 0, NOT_TAKEN},
                                                 {"TH", 0, NOT_TAKEN},        {"V", 0, NOT_TAKEN},
                                                 {"MI", FIELD_MINUS, NULL},   {"PL", FIELD_PLUS, NULL},
                                                 {"PR", FIELD_ANGLE, NULL},   {"SG", FIELD_SIGN_HERE, NULL},
                                                 {"S", FIELD_SIGN, NULL},     {"9", FIELD_NINE, NULL},
                                                 {"0", FIELD_ZERO, NULL},     {".", FIELD_POINT, NULL},
                                                 {"D", FIELD_POINT, NULL},    {",", FIELD_GROUP, NULL},
                                                 {"G", FIELD_GROUP, NULL},    {"L", FIELD_CURRENCY, NULL},
                                                 {"$", FIELD_CURRENCY, NULL}, {"B", 0, NOT_TAKEN},
                                                 {"C", 0, NOT_TAKEN},         {NULL, 0, NULL}};

static char fold(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool is_letter(char c) {
    return fold(c) >= 'A' && fold(c) <= 'Z';
}

static bool starts_with_keyword(struct str text, size_t at, const char *name) {
    size_t i = 0;
    for (; name[i]; i++)
        if (at + i >= text.len || fold(text.ptr[at + i]) != name[i]) return false;
    return true;
}

struct compiler {
    struct arena *arena;
    struct str text, error;
    size_t at, error_at;
    struct pattern *pattern;
    VEC(struct pattern_item) items;
    bool unpadded; /* an FM waits for its field */
};

static bool refuse(struct compiler *c, size_t at, struct str error) {
    c->error = error;
    c->error_at = at;
    return false;
}

/* Literals that follow each other become one. */
static void add_literal(struct compiler *c, struct str text) {
    struct pattern_item *last = c->items.count ? &c->items.items[c->items.count - 1] : NULL;
    if (last && last->field == FIELD_LITERAL && last->text.ptr + last->text.len == text.ptr) {
        last->text.len += text.len;
        return;
    }
    VEC_PUSH(c->arena, &c->items, (struct pattern_item){.field = FIELD_LITERAL, .text = text});
}

static bool add_quoted(struct compiler *c) {
    size_t start = ++c->at;
    while (c->at < c->text.len && c->text.ptr[c->at] != '"')
        c->at++;
    if (c->at == c->text.len) return refuse(c, start - 1, STR("the double quote is not closed"));
    if (c->at > start) add_literal(c, str_from(c->text.ptr + start, c->at - start));
    c->at++;
    return true;
}

static void add_field(struct compiler *c, const struct keyword *keyword) {
    size_t len = strlen(keyword->name);
    struct str written = str_from(c->text.ptr + c->at, len);
    bool lower_first = written.ptr[0] != fold(written.ptr[0]),
         lower_second = len > 1 && written.ptr[1] != fold(written.ptr[1]);
    enum letter_case letters = lower_first ? CASE_LOWER : lower_second ? CASE_TITLE : CASE_UPPER;
    struct pattern_item item = {.field = (uint8_t)keyword->field,
                                .letters = (uint8_t)letters,
                                .unpadded = c->unpadded,
                                .text = written};
    VEC_PUSH(c->arena, &c->items, item);
    c->pattern->fields |= FIELD_BIT(keyword->field);
    c->unpadded = false;
    c->at += len;
}

/* ISO 8601's T between date and time is the one letter that needs no quotes. */
static bool is_iso_t(const struct compiler *c) {
    return c->pattern->kind == PATTERN_DATETIME && c->text.ptr[c->at] == 'T' && c->items.count > 0 &&
           c->items.items[c->items.count - 1].field != FIELD_LITERAL &&
           starts_with_keyword(c->text, c->at + 1, "HH24");
}

static bool compile_one(struct compiler *c) {
    const struct keyword *keyword = c->pattern->kind == PATTERN_NUMBER ? number_keywords : datetime_keywords;
    char first = c->text.ptr[c->at];
    if (first == '"') return add_quoted(c);
    if (starts_with_keyword(c->text, c->at, "FM")) {
        c->unpadded = c->pattern->unpadded = true;
        c->at += 2;
        return true;
    }
    if (is_iso_t(c)) {
        add_literal(c, str_from(c->text.ptr + c->at++, 1));
        return true;
    }
    while (keyword->name && !starts_with_keyword(c->text, c->at, keyword->name))
        keyword++;
    if (keyword->name == NULL) {
        if (is_letter(first))
            return refuse(c, c->at,
                          arena_printf(c->arena, "`%c` is no field; text stands in double quotes", first));
        add_literal(c, str_from(c->text.ptr + c->at++, 1));
        return true;
    }
    if (keyword->refused)
        return refuse(c, c->at, arena_printf(c->arena, "`%s` %s", keyword->name, keyword->refused));
    add_field(c, keyword);
    return true;
}

/* ---- after the fields are known ---- */

static bool is_number_field(uint8_t field) {
    switch (field) {
    case FIELD_YEAR:
    case FIELD_MONTH:
    case FIELD_DAY:
    case FIELD_DAY_OF_YEAR:
    case FIELD_ISO_YEAR:
    case FIELD_ISO_WEEK:
    case FIELD_ISO_WEEKDAY:
    case FIELD_HOUR24:
    case FIELD_HOUR12:
    case FIELD_MINUTE:
    case FIELD_SECOND:
    case FIELD_MILLIS:
    case FIELD_MICROS:
    case FIELD_OFFSET_MINUTE: return true;
    default: return false;
    }
}

static bool starts_with_digit(const struct pattern_item *item) {
    return is_number_field(item->field) ||
           (item->field == FIELD_LITERAL && item->text.ptr[0] >= '0' && item->text.ptr[0] <= '9');
}

static void mark_fixed(struct pattern *pattern) {
    for (uint32_t i = 0; i + 1 < pattern->count; i++)
        pattern->items[i].fixed =
            is_number_field(pattern->items[i].field) && starts_with_digit(&pattern->items[i + 1]);
}

static bool items_are(const struct pattern *pattern, uint32_t from, const uint8_t *fields, uint32_t count) {
    if (from + count > pattern->count) return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct pattern_item *item = &pattern->items[from + i];
        if (item->field != fields[i] || (item->field == FIELD_LITERAL && item->text.len != 1)) return false;
    }
    return true;
}

static void find_shape(struct pattern *pattern) {
    static const uint8_t dates[][5] = {{FIELD_DAY, FIELD_LITERAL, FIELD_MONTH, FIELD_LITERAL, FIELD_YEAR},
                                       {FIELD_MONTH, FIELD_LITERAL, FIELD_DAY, FIELD_LITERAL, FIELD_YEAR},
                                       {FIELD_YEAR, FIELD_LITERAL, FIELD_MONTH, FIELD_LITERAL, FIELD_DAY}};
    static const uint8_t time[] = {FIELD_LITERAL, FIELD_HOUR24,  FIELD_LITERAL,
                                   FIELD_MINUTE,  FIELD_LITERAL, FIELD_SECOND};
    uint32_t rest = pattern->count - 5;
    if (pattern->count != 5 && pattern->count != 9 && pattern->count != 11) return;
    if (rest && (!items_are(pattern, 5, time, rest) || pattern->items[5].text.ptr[0] != ' ' ||
                 pattern->items[7].text.ptr[0] != ':' || (rest == 6 && pattern->items[9].text.ptr[0] != ':')))
        return;
    for (int i = 0; i < 3; i++)
        if (items_are(pattern, 0, dates[i], 5)) pattern->shape = (enum pattern_shape)(SHAPE_DMY + i);
    pattern->separators[0] = pattern->items[1].text.ptr[0];
    pattern->separators[1] = pattern->items[3].text.ptr[0];
    pattern->time_fields = (uint8_t)(rest == 0 ? 0 : rest == 4 ? 2 : 3);
}

bool pattern_compile(struct arena *arena, struct str text, enum pattern_kind kind, const struct pattern **out,
                     struct str *error, size_t *error_at) {
    struct compiler c = {.arena = arena, .text = text, .pattern = ARENA_NEW(arena, struct pattern)};
    c.pattern->kind = kind;
    c.pattern->text = text;
    bool ok = true;
    while (ok && c.at < text.len)
        ok = compile_one(&c);
    if (ok && c.pattern->fields == 0) ok = refuse(&c, 0, STR("the pattern has no field"));
    c.pattern->items = c.items.items;
    c.pattern->count = c.items.count;
    if (ok && kind == PATTERN_NUMBER && !pattern_arrange_number(arena, c.pattern, &c.error))
        ok = refuse(&c, 0, c.error);
    if (!ok) {
        *error = c.error;
        *error_at = c.error_at;
        return false;
    }
    if (kind == PATTERN_DATETIME) {
        mark_fixed(c.pattern);
        find_shape(c.pattern);
    }
    *out = c.pattern;
    return true;
}

/* ---- what a type needs ---- */

#define YEAR_BITS  (FIELD_BIT(FIELD_YEAR) | FIELD_BIT(FIELD_ISO_YEAR))
#define MONTH_BITS (FIELD_BIT(FIELD_MONTH) | FIELD_BIT(FIELD_MONTH_SHORT) | FIELD_BIT(FIELD_MONTH_LONG))
#define ISO_BITS   (FIELD_BIT(FIELD_ISO_YEAR) | FIELD_BIT(FIELD_ISO_WEEK) | FIELD_BIT(FIELD_ISO_WEEKDAY))
#define WEEKDAY_BITS                                                                                         \
    (FIELD_BIT(FIELD_WEEKDAY) | FIELD_BIT(FIELD_WEEKDAY_SHORT) | FIELD_BIT(FIELD_WEEKDAY_LONG))
#define DATE_BITS                                                                                            \
    (YEAR_BITS | MONTH_BITS | ISO_BITS | WEEKDAY_BITS | FIELD_BIT(FIELD_DAY) |                               \
     FIELD_BIT(FIELD_DAY_OF_YEAR) | FIELD_BIT(FIELD_QUARTER))
#define MERIDIEM_BITS (FIELD_BIT(FIELD_MERIDIEM) | FIELD_BIT(FIELD_MERIDIEM_DOTS))
#define TIME_BITS                                                                                            \
    (FIELD_BIT(FIELD_HOUR24) | FIELD_BIT(FIELD_HOUR12) | FIELD_BIT(FIELD_MINUTE) | FIELD_BIT(FIELD_SECOND) | \
     FIELD_BIT(FIELD_MILLIS) | FIELD_BIT(FIELD_MICROS) | MERIDIEM_BITS)
#define OFFSET_BITS (FIELD_BIT(FIELD_OFFSET) | FIELD_BIT(FIELD_OFFSET_HOUR) | FIELD_BIT(FIELD_OFFSET_MINUTE))

bool pattern_has_offset(const struct pattern *pattern) {
    return pattern->fields & OFFSET_BITS;
}

static int count_bits(uint64_t bits) {
    return __builtin_popcountll(bits);
}

/* NULL when the date fields make up one date, with nothing over. */
static const char *check_date_fields(uint64_t fields) {
    uint64_t parts = fields & (DATE_BITS & ~WEEKDAY_BITS);
    if (fields & (FIELD_BIT(FIELD_QUARTER) | FIELD_BIT(FIELD_WEEKDAY))) return "Q and D can only be printed";
    if (parts & ISO_BITS)
        return parts == ISO_BITS ? NULL : "an ISO week date needs IYYY, IW and ID, and no other date fields";
    if (!(parts & FIELD_BIT(FIELD_YEAR))) return "the year (YYYY) is missing";
    if (parts & FIELD_BIT(FIELD_DAY_OF_YEAR))
        return parts == (FIELD_BIT(FIELD_YEAR) | FIELD_BIT(FIELD_DAY_OF_YEAR))
                   ? NULL
                   : "the day of the year (DDD) stands beside the year alone";
    if (!(parts & MONTH_BITS)) return "the month (MM, MON or MONTH) is missing";
    if (count_bits(parts & MONTH_BITS) > 1) return "the month is there twice";
    return parts & FIELD_BIT(FIELD_DAY) ? NULL : "the day (DD) is missing";
}

static const char *check_time_fields(uint64_t fields) {
    bool meridiem = fields & MERIDIEM_BITS;
    bool hour24 = fields & FIELD_BIT(FIELD_HOUR24), hour12 = fields & FIELD_BIT(FIELD_HOUR12);
    if (!hour24 && !hour12) return "the hour (HH24, or HH12 with AM) is missing";
    if (hour24 && hour12) return "the hour is there twice";
    if (hour12 && !meridiem) return "HH12 needs AM or PM beside it; write HH24 for hours from 0 to 23";
    if (hour24 && meridiem) return "AM and PM do not go with HH24; write HH12";
    if (count_bits(fields & MERIDIEM_BITS) > 1) return "AM or PM is there twice";
    if (!(fields & FIELD_BIT(FIELD_MINUTE))) return "the minute (MI) is missing";
    bool millis = fields & FIELD_BIT(FIELD_MILLIS), micros = fields & FIELD_BIT(FIELD_MICROS);
    if (millis && micros) return "MS and US are both fractions of the second; write one";
    if ((millis || micros) && !(fields & FIELD_BIT(FIELD_SECOND))) return "the second (SS) is missing";
    return NULL;
}

static const char *check_offset_fields(uint64_t fields) {
    bool whole = fields & FIELD_BIT(FIELD_OFFSET), hour = fields & FIELD_BIT(FIELD_OFFSET_HOUR);
    bool minute = fields & FIELD_BIT(FIELD_OFFSET_MINUTE);
    if (whole && (hour || minute)) return "the offset is there twice";
    return minute && !hour ? "TZM needs TZH beside it" : NULL;
}

static const char *check_reading(const struct pattern *pattern, enum type_kind kind) {
    uint64_t fields = pattern->fields;
    const char *wrong = NULL;
    switch (kind) {
    case TYPE_DATE:
        if (fields & (TIME_BITS | OFFSET_BITS))
            return "a date has no time of day, and dropping it would lose it";
        return check_date_fields(fields);
    case TYPE_TIME:
        if (fields & (DATE_BITS | OFFSET_BITS)) return "a time has no date and no offset";
        return check_time_fields(fields);
    case TYPE_TIMESTAMP:
        if (fields & OFFSET_BITS) return "a timestamp has no offset; read it as timestamptz";
        break;
    case TYPE_TIMESTAMPTZ: wrong = check_offset_fields(fields); break;
    default: return "the pattern is one for dates and times";
    }
    if (!wrong) wrong = check_date_fields(fields);
    return wrong ? wrong : check_time_fields(fields);
}

/* The first field that stands in the pattern twice. */
static const struct pattern_item *find_repeated(const struct pattern *pattern) {
    uint64_t seen = 0;
    for (uint32_t i = 0; i < pattern->count; i++) {
        uint8_t field = pattern->items[i].field;
        if (field == FIELD_LITERAL) continue;
        if (seen & FIELD_BIT(field)) return &pattern->items[i];
        seen |= FIELD_BIT(field);
    }
    return NULL;
}

bool pattern_check_reading(struct arena *arena, const struct pattern *pattern, enum type_kind kind,
                           struct str *error) {
    bool number = kind == TYPE_INT || kind == TYPE_DECIMAL;
    if (pattern->kind == PATTERN_NUMBER) {
        if (number && (kind != TYPE_INT || pattern->fraction_digits == 0)) return true;
        *error =
            number ? STR("an int has no digits behind the point") : STR("the pattern is one for numbers");
        return false;
    }
    const char *wrong = check_reading(pattern, kind);
    const struct pattern_item *repeated = wrong ? NULL : find_repeated(pattern);
    if (wrong) *error = str_cstr(wrong);
    if (repeated) *error = arena_printf(arena, "`%.*s` is there twice", STR_ARG(repeated->text));
    return !wrong && !repeated;
}

bool pattern_check_printing(struct arena *arena, const struct pattern *pattern, enum type_kind kind,
                            struct str *error) {
    uint64_t missing = 0;
    bool number = kind == TYPE_INT || kind == TYPE_DECIMAL;
    if (number != (pattern->kind == PATTERN_NUMBER)) {
        *error =
            number ? STR("the pattern is one for dates and times") : STR("the pattern is one for numbers");
        return false;
    }
    if (kind == TYPE_DATE) missing = TIME_BITS | OFFSET_BITS;
    if (kind == TYPE_TIME) missing = DATE_BITS | OFFSET_BITS;
    if (kind == TYPE_TIMESTAMP) missing = OFFSET_BITS;
    for (uint32_t i = 0; i < pattern->count; i++) {
        const struct pattern_item *item = &pattern->items[i];
        if (item->field == FIELD_LITERAL || !(missing & FIELD_BIT(item->field))) continue;
        *error = arena_printf(arena, "a %s has no `%.*s`", type_kind_name(kind), STR_ARG(item->text));
        return false;
    }
    return true;
}

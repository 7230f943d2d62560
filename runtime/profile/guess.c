/* The type guesser. */
#include "runtime/profile/guess.h"

#include "runtime/value/datetime.h"
#include "runtime/value/decimal.h"
#include "runtime/value/json.h"
#include "runtime/value/number.h"
#include "runtime/value/pattern.h"
#include "runtime/value/uuid.h"

#include <ctype.h>

enum {
    TRIED_FIRST = 2000, /* after so many values a candidate that less than a tenth fit is given up */
    LONGEST_DATE = 40,  /* bytes; nothing longer is tried as a date, number or the like */
    LONGEST_NUMBER = 48
};

/* Candidates in order of preference where as many values fit. */
static const struct {
    enum guess_kind kind;
    const char *pattern; /* NULL: none; "": ISO 8601 */
} CANDIDATES[] = {
    {GUESS_UUID, NULL},
    {GUESS_EMAIL, NULL},
    {GUESS_URL, NULL},
    {GUESS_JSON, NULL},
    {GUESS_TIMESTAMPTZ, ""},
    {GUESS_TIMESTAMP, ""},
    {GUESS_TIMESTAMP, "YYYY/MM/DD HH24:MI:SS"},
    {GUESS_TIMESTAMP, "DD/MM/YYYY HH24:MI"},
    {GUESS_TIMESTAMP, "MM/DD/YYYY HH24:MI"},
    {GUESS_TIMESTAMP, "DD/MM/YYYY HH24:MI:SS"},
    {GUESS_TIMESTAMP, "MM/DD/YYYY HH24:MI:SS"},
    {GUESS_TIMESTAMP, "DD.MM.YYYY HH24:MI"},
    {GUESS_TIMESTAMP, "DD.MM.YYYY HH24:MI:SS"},
    {GUESS_TIMESTAMP, "DD-MM-YYYY HH24:MI:SS"},
    {GUESS_TIMESTAMP, "DD/MM/YYYY HH12:MI AM"},
    {GUESS_TIMESTAMP, "MM/DD/YYYY HH12:MI AM"},
    {GUESS_TIMESTAMP, "MM/DD/YYYY HH12:MI:SS AM"},
    {GUESS_DATE, ""},
    {GUESS_DATE, "YYYY/MM/DD"},
    {GUESS_DATE, "YYYY.MM.DD"},
    {GUESS_DATE, "YYYYMMDD"},
    {GUESS_DATE, "DD/MM/YYYY"},
    {GUESS_DATE, "MM/DD/YYYY"},
    {GUESS_DATE, "DD.MM.YYYY"},
    {GUESS_DATE, "DD-MM-YYYY"},
    {GUESS_DATE, "MM-DD-YYYY"},
    {GUESS_DATE, "DD MON YYYY"},
    {GUESS_DATE, "DD-MON-YYYY"},
    {GUESS_DATE, "MON DD, YYYY"},
    {GUESS_DATE, "DD MONTH YYYY"},
    {GUESS_DATE, "MONTH DD, YYYY"},
    {GUESS_TIME, ""},
    {GUESS_BOOL, NULL},
    {GUESS_CARD, NULL},
    {GUESS_INT, NULL},
    {GUESS_DECIMAL, NULL},
    {GUESS_DECIMAL_GROUPS, NULL},
    {GUESS_DECIMAL_COMMA, NULL},
    {GUESS_PHONE, NULL},
};
enum { CANDIDATE_COUNT = sizeof CANDIDATES / sizeof *CANDIDATES };
_Static_assert(sizeof CANDIDATES / sizeof *CANDIDATES <= (size_t)GUESS_CANDIDATES,
               "room for every candidate");

const char *guess_kind_name(enum guess_kind kind) {
    static const char *const NAMES[GUESS_KIND_COUNT] = {"text",
                                                        "uuid",
                                                        "e-mail",
                                                        "URL",
                                                        "json",
                                                        "timestamptz",
                                                        "timestamp",
                                                        "date",
                                                        "time",
                                                        "bool",
                                                        "int",
                                                        "decimal",
                                                        "decimal with thousands separators",
                                                        "decimal with a comma",
                                                        "card number",
                                                        "phone"};
    return NAMES[kind];
}

struct guess_patterns {
    const struct pattern *compiled[CANDIDATE_COUNT]; /* NULL: read by its own function */
};

static enum type_kind type_of(enum guess_kind kind) {
    return kind == GUESS_DATE ? TYPE_DATE : kind == GUESS_TIMESTAMP ? TYPE_TIMESTAMP : TYPE_TIME;
}

const struct guess_patterns *guess_patterns_new(struct arena *arena) {
    struct guess_patterns *patterns = ARENA_NEW(arena, struct guess_patterns);
    for (uint32_t i = 0; i < CANDIDATE_COUNT; i++) {
        const char *text = CANDIDATES[i].pattern;
        struct str error;
        size_t at;
        if (text == NULL || *text == '\0') continue;
        if (!pattern_compile(arena, str_cstr(text), PATTERN_DATETIME, &patterns->compiled[i], &error, &at) ||
            !pattern_check_reading(arena, patterns->compiled[i], type_of(CANDIDATES[i].kind), &error))
            patterns->compiled[i] = NULL;
    }
    return patterns;
}

/* ---------------------------------------------------------------- numbers */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Without a currency sign in front or behind, and without blanks around what is left. */
static struct str drop_currency(struct str text, bool *had) {
    static const char *const SIGNS[] = {"$", "€", "£", "¥", "AUD", "USD", "EUR", "GBP", "CHF", "NZD"};
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++) {
        struct str sign = str_cstr(SIGNS[i]);
        if (str_starts_with(text, sign)) {
            *had = true;
            text = str_from(text.ptr + sign.len, text.len - sign.len);
        } else if (str_ends_with(text, sign)) {
            *had = true;
            text.len -= sign.len;
        }
    }
    while (text.len && text.ptr[0] == ' ')
        text.ptr++, text.len--;
    while (text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

/* Digits in groups of three behind the first, or without groups; then, perhaps, a point and digits. */
static bool read_grouped(struct str text, char group, char point, char *to, size_t *len) {
    size_t at = 0, n = 0, run = 0;
    bool groups = false;
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+')) to[n++] = text.ptr[at++];
    size_t first = at;
    for (; at < text.len && (is_digit(text.ptr[at]) || text.ptr[at] == group); at++) {
        if (is_digit(text.ptr[at])) {
            to[n++] = text.ptr[at];
            run++;
            continue;
        }
        if (run == 0 || run > 3 || (groups && run != 3)) return false;
        groups = true;
        run = 0;
    }
    if (at == first || (groups && run != 3)) return false;
    if (at < text.len) {
        if (text.ptr[at++] != point || at == text.len) return false;
        to[n++] = '.';
        for (; at < text.len && is_digit(text.ptr[at]); at++)
            to[n++] = text.ptr[at];
    }
    *len = n;
    return at == text.len;
}

bool guess_plain_number(enum guess_kind kind, struct str text, char *to, size_t *len) {
    struct decimal d;
    bool had = false;
    *len = 0;
    if (text.len == 0 || text.len > LONGEST_NUMBER) return false;
    if (kind == GUESS_DECIMAL || kind == GUESS_INT) {
        int64_t n;
        if (kind == GUESS_INT ? int_parse(text, &n) != FAULT_NONE : decimal_parse(text, &d) != FAULT_NONE)
            return false;
        memcpy(to, text.ptr, text.len);
        *len = text.len;
        return true;
    }
    text = drop_currency(text, &had);
    if (kind == GUESS_DECIMAL_GROUPS) return read_grouped(text, ',', '.', to, len);
    /* `12.50` among numbers with commas is a number, too; `1.234` then is in groups. */
    if (read_grouped(text, '.', ',', to, len)) return true;
    return !had && memchr(text.ptr, ',', text.len) == NULL && read_grouped(text, '\'', '.', to, len);
}

static void note_digits(struct guesser *guesser, const char *number, size_t len) {
    uint32_t before = 0, after = 0;
    bool point = false;
    for (size_t i = 0; i < len; i++) {
        if (number[i] == 'e' || number[i] == 'E') return;
        if (number[i] == '.') point = true;
        if (!is_digit(number[i])) continue;
        if (point)
            after++;
        else
            before++;
    }
    if (before > guesser->digits_before) guesser->digits_before = before;
    if (after > guesser->digits_after) guesser->digits_after = after;
}

/* ---------------------------------------------------------------- texts of a shape */

static bool is_email(struct str text) {
    const char *at = memchr(text.ptr, '@', text.len);
    if (at == NULL || at == text.ptr || text.len > 254) return false;
    const char *end = text.ptr + text.len, *dot = NULL;
    for (const char *p = text.ptr; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= ' ' || strchr("<>()[],;:\"\\", c)) return false;
        if (p > at && c == '@') return false;
        if (p > at && c == '.') dot = p;
    }
    return dot && dot > at + 1 && dot < end - 1;
}

static bool is_url(struct str text) {
    if (!str_starts_with(text, STR("https://")) && !str_starts_with(text, STR("http://")) &&
        !str_starts_with(text, STR("ftp://")))
        return false;
    return text.len > 10 && memchr(text.ptr, ' ', text.len) == NULL;
}

/* The last digit of a card's number checks the others (ISO/IEC 7812-1). */
static bool is_card(struct str text) {
    uint32_t digits = 0, sum = 0;
    for (size_t i = text.len; i-- > 0;) {
        char c = text.ptr[i];
        if (c == ' ' || c == '-') continue;
        if (!is_digit(c)) return false;
        uint32_t n = (uint32_t)(c - '0');
        if (digits++ % 2) n = n * 2 > 9 ? n * 2 - 9 : n * 2;
        sum += n;
    }
    return digits >= 13 && digits <= 19 && sum % 10 == 0 && text.ptr[0] != '0';
}

static bool is_phone(struct str text) {
    uint32_t digits = 0, signs = 0;
    if (text.len > 24) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_digit(c)) {
            digits++;
        } else if (c == '+' && i == 0) {
            signs++;
        } else if (c != '\0' && strchr(" -()", c)) {
            signs++;
        } else {
            return false;
        }
    }
    return digits >= 7 && digits <= 15 &&
           (text.ptr[0] == '+' || text.ptr[0] == '0' || text.ptr[0] == '(' || signs);
}

static bool is_json(struct str text) {
    struct json_error error;
    return text.len > 1 && (text.ptr[0] == '{' || text.ptr[0] == '[') && json_validate(text, &error);
}

/* ---------------------------------------------------------------- dates */

/* Cheap: is it worth trying? */
static bool may_be_date(struct str text) {
    uint32_t digits = 0;
    if (text.len < 4 || text.len > LONGEST_DATE) return false;
    for (size_t i = 0; i < text.len; i++)
        digits += is_digit(text.ptr[i]);
    return digits >= 3 && (is_digit(text.ptr[0]) || isalpha((unsigned char)text.ptr[0]));
}

static bool read_moment(const struct pattern *compiled, enum guess_kind kind, struct str text, double *axis) {
    int64_t value = 0;
    enum fault fault = FAULT_NOT_DATE;
    switch (kind) {
    case GUESS_DATE:
        fault = compiled ? pattern_parse_date(compiled, text, &value) : date_parse(text, &value);
        break;
    case GUESS_TIMESTAMP:
        fault = compiled ? pattern_parse_timestamp(compiled, text, &value) : timestamp_parse(text, &value);
        break;
    case GUESS_TIMESTAMPTZ: fault = timestamptz_parse(text, NULL, &value); break;
    case GUESS_TIME: fault = time_parse(text, &value); break;
    default: return false;
    }
    *axis = (double)value;
    return fault == FAULT_NONE;
}

/* Eight digits are a day only in years that people live in. */
static bool is_plausible(const char *pattern, struct str text) {
    return strcmp(pattern, "YYYYMMDD") != 0 ||
           (text.len == 8 && (memcmp(text.ptr, "19", 2) == 0 || memcmp(text.ptr, "20", 2) == 0));
}

/* ---------------------------------------------------------------- one value against all candidates */

static void keep_text(struct guess_text *to, struct str text) {
    size_t len = text.len < GUESS_EXAMPLE ? text.len : GUESS_EXAMPLE;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    memcpy(to->bytes, text.ptr, len);
    to->len = (uint8_t)len;
    to->cut = len < text.len;
}

static bool fits_candidate(struct guesser *guesser, const struct guess_patterns *patterns, uint32_t index,
                           struct str text, bool date_like, double *axis) {
    enum guess_kind kind = CANDIDATES[index].kind;
    const char *pattern = CANDIDATES[index].pattern;
    char number[LONGEST_NUMBER];
    size_t len;
    struct uuid uuid;
    uint8_t truth;
    struct decimal d;
    *axis = 0;
    switch (kind) {
    case GUESS_UUID: return text.len >= 32 && text.len <= 38 && uuid_parse(text, &uuid) == FAULT_NONE;
    case GUESS_EMAIL: return is_email(text);
    case GUESS_URL: return is_url(text);
    case GUESS_JSON: return is_json(text);
    case GUESS_CARD: return is_card(text);
    case GUESS_PHONE: return is_phone(text);
    case GUESS_BOOL:
        if (bool_parse(text, &truth) != FAULT_NONE) return false;
        guesser->bool_words += !is_digit(text.ptr[0]);
        return true;
    case GUESS_INT:
    case GUESS_DECIMAL:
    case GUESS_DECIMAL_GROUPS:
    case GUESS_DECIMAL_COMMA:
        if (!guess_plain_number(kind, text, number, &len)) return false;
        if (decimal_parse(str_from(number, len), &d) != FAULT_NONE) return false;
        if (kind != GUESS_DECIMAL_COMMA) note_digits(guesser, number, len);
        *axis = decimal_to_float(d);
        return true;
    default:
        if (!date_like || (pattern[0] && patterns->compiled[index] == NULL)) return false;
        return is_plausible(pattern, text) && read_moment(patterns->compiled[index], kind, text, axis);
    }
}

static void note_fit(struct guess_candidate *candidate, double axis, struct str text) {
    candidate->fits++;
    if (!candidate->any || axis < candidate->lo) {
        candidate->lo = axis;
        keep_text(&candidate->lo_text, text);
    }
    if (!candidate->any || axis > candidate->hi) {
        candidate->hi = axis;
        keep_text(&candidate->hi_text, text);
    }
    candidate->any = true;
}

/* A cell that says that it is a date fits every pattern of its kind: a spec reads it without one. */
static bool fits_natively(enum cell_kind cell, enum guess_kind kind, struct str text, double *axis) {
    bool day = text.len == 10;
    if (cell == CELL_DATETIME) {
        if (kind == GUESS_DATE) return day && read_moment(NULL, kind, text, axis);
        if (kind != GUESS_TIMESTAMP) return kind == GUESS_TIME && read_moment(NULL, kind, text, axis);
        if (!day) return read_moment(NULL, kind, text, axis);
        bool good = read_moment(NULL, GUESS_DATE, text, axis);
        *axis *= 86400e6;
        return good;
    }
    return false;
}

static bool may_fit(enum cell_kind cell, enum guess_kind kind) {
    switch (cell) {
    case CELL_NUMBER: return kind == GUESS_INT || kind == GUESS_DECIMAL;
    case CELL_BOOL: return kind == GUESS_BOOL;
    case CELL_JSON: return kind == GUESS_JSON;
    case CELL_DATETIME: return kind == GUESS_DATE || kind == GUESS_TIMESTAMP || kind == GUESS_TIME;
    default: return true;
    }
}

static void note_cell(struct guesser *guesser, enum cell_kind cell, struct str text) {
    bool digits = text.len > 1, currency = false;
    guesser->values++;
    guesser->native_dates += cell == CELL_DATETIME && text.len == 10;
    guesser->native_times += cell == CELL_DATETIME && text.len != 10;
    guesser->native_numbers += cell == CELL_NUMBER;
    guesser->native_bools += cell == CELL_BOOL;
    if (cell != CELL_TEXT) return;
    for (size_t i = 0; digits && i < text.len; i++)
        digits = is_digit(text.ptr[i]);
    guesser->leading_zeros += digits && text.ptr[0] == '0';
    struct str bare = drop_currency(text, &currency);
    guesser->currency += currency && bare.len && is_digit(bare.ptr[bare.len - 1]);
}

void guesser_add(struct guesser *guesser, const struct guess_patterns *patterns, enum cell_kind cell,
                 struct str text, uint64_t row) {
    bool date_like = may_be_date(text);
    note_cell(guesser, cell, text);
    for (uint32_t i = 0; i < CANDIDATE_COUNT; i++) {
        struct guess_candidate *candidate = &guesser->candidates[i];
        enum guess_kind kind = CANDIDATES[i].kind;
        double axis = 0;
        if (candidate->dead) continue;
        bool fits = cell == CELL_DATETIME ? fits_natively(cell, kind, text, &axis)
                    : cell == CELL_JSON
                        ? kind == GUESS_JSON
                        : may_fit(cell, kind) && fits_candidate(guesser, patterns, i, text, date_like, &axis);
        if (fits) {
            note_fit(candidate, axis, text);
            continue;
        }
        if (candidate->misfits < GUESS_MISFITS) {
            keep_text(&candidate->misfit[candidate->misfits], text);
            candidate->misfit_row[candidate->misfits] = row;
        }
        candidate->misfits++;
        if (guesser->values == TRIED_FIRST && candidate->fits * 10 < guesser->values) candidate->dead = true;
    }
}

bool guess_axis(const struct guess_patterns *patterns, enum guess_kind kind, struct str pattern,
                struct str text, double *out) {
    struct guesser scratch = {0};
    for (uint32_t i = 0; i < CANDIDATE_COUNT; i++) {
        if (CANDIDATES[i].kind != kind) continue;
        if (CANDIDATES[i].pattern && !str_is(pattern, CANDIDATES[i].pattern)) continue;
        if (fits_candidate(&scratch, patterns, i, text, may_be_date(text), out)) return true;
        return fits_natively(CELL_DATETIME, kind, text, out);
    }
    return false;
}

/* ---------------------------------------------------------------- answers */

static bool is_number_kind(enum guess_kind kind) {
    return kind == GUESS_INT || kind == GUESS_DECIMAL || kind == GUESS_DECIMAL_GROUPS ||
           kind == GUESS_DECIMAL_COMMA;
}

/* What speaks against a type although the values fit. */
static bool is_excluded(const struct guesser *guesser, enum guess_kind kind,
                        const struct guess_candidate *c) {
    /* Codes, postcodes and telephone numbers: as numbers they would lose their zeros. */
    if ((is_number_kind(kind) || kind == GUESS_CARD) && guesser->leading_zeros * 200 > guesser->values)
        return true;
    /* 0 and 1 alone are numbers, unless cells say that they are bools. */
    if (kind == GUESS_BOOL) return guesser->bool_words == 0 && guesser->native_bools == 0;
    /* Days alone are no moments. */
    if (kind == GUESS_TIMESTAMP && guesser->native_times == 0 && c->fits <= guesser->native_dates)
        return true;
    /* A comma for thousands or for the point: what both read is read with groups. */
    if (kind == GUESS_DECIMAL_COMMA) {
        const struct guess_candidate *groups = c - 1;
        return groups->fits >= c->fits;
    }
    return false;
}

/* Of patterns that differ in the order of day and month alone. */
static bool is_swapped(const char *a, const char *b) {
    return strlen(a) == strlen(b) && strlen(a) > 8 && memcmp(a, "DD", 2) == 0 && memcmp(b, "MM", 2) == 0 &&
           memcmp(a + 3, "MM", 2) == 0 && memcmp(b + 3, "DD", 2) == 0 && strcmp(a + 5, b + 5) == 0 &&
           a[2] == b[2];
}

static bool is_better(const struct guess *a, const struct guess *b) {
    if (a->fits != b->fits) return a->fits > b->fits;
    return false; /* the earlier one in the list stays */
}

/* Whole numbers are decimals, and decimals are decimals without separators: that says nothing new. */
static bool is_implied(const struct guess *answers, uint32_t count, const struct guess *guess) {
    for (uint32_t i = 0; i < count; i++)
        if (is_number_kind(answers[i].kind) && is_number_kind(guess->kind) && answers[i].kind < guess->kind &&
            guess->fits <= answers[i].fits)
            return true;
    return false;
}

static struct guess guess_at(const struct guesser *guesser, uint32_t i) {
    const struct guess_candidate *c = &guesser->candidates[i];
    struct guess guess = {.kind = CANDIDATES[i].kind,
                          .pattern = str_cstr(CANDIDATES[i].pattern ? CANDIDATES[i].pattern : ""),
                          .fits = c->fits,
                          .share = guesser->values ? (double)c->fits / (double)guesser->values : 0,
                          .candidate = c,
                          .other_pattern = STR("")};
    for (uint32_t n = 0; CANDIDATES[i].pattern && n < CANDIDATE_COUNT; n++)
        if (CANDIDATES[n].pattern && is_swapped(CANDIDATES[i].pattern, CANDIDATES[n].pattern) &&
            guesser->candidates[n].fits == c->fits && c->fits > guesser->native_dates + guesser->native_times)
            guess.other_pattern = str_cstr(CANDIDATES[n].pattern);
    return guess;
}

uint32_t guesser_answers(const struct guesser *guesser, struct guess answers[static GUESS_ANSWERS]) {
    static const double LIKELY = 0.5;
    bool seen[GUESS_KIND_COUNT] = {0};
    uint32_t count = 0;
    while (guesser->values && count + 1 < GUESS_ANSWERS) {
        struct guess best = {.fits = 0};
        for (uint32_t i = 0; i < CANDIDATE_COUNT; i++) {
            const struct guess_candidate *c = &guesser->candidates[i];
            struct guess guess = guess_at(guesser, i);
            if (c->dead || seen[guess.kind] || guess.share < LIKELY || is_excluded(guesser, guess.kind, c) ||
                is_implied(answers, count, &guess))
                continue;
            /* A date among moments is no date of its own; a day that cells hold fits both. */
            if (best.fits == 0 || is_better(&guess, &best) ||
                (guess.fits == best.fits && best.kind == GUESS_TIMESTAMP && guess.kind == GUESS_DATE &&
                 guesser->native_times == 0))
                best = guess;
        }
        if (best.fits == 0) break;
        seen[best.kind] = true;
        answers[count++] = best;
    }
    answers[count++] = (struct guess){.kind = GUESS_TEXT,
                                      .pattern = STR(""),
                                      .fits = guesser->values,
                                      .share = 1,
                                      .other_pattern = STR("")};
    return count;
}

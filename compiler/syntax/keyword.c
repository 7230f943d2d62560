/* The tables of words, made from keywords.def. */
#include "compiler/syntax/ast.h"
#include "compiler/syntax/filter.h"

#include "mig_parser.h"

static const struct keyword KEYWORDS[] = {
#define KEYWORD(text, token, use) {text, T_##token, KEYWORD_##use},
#include "compiler/syntax/keywords.def"
};

static const struct keyword DECLARATIONS[] = {
#define DECLARATION(text, token) {text, T_##token, KEYWORD_NAMEABLE},
#include "compiler/syntax/keywords.def"
};

enum { KEYWORD_COUNT = sizeof KEYWORDS / sizeof *KEYWORDS };
enum { DECLARATION_COUNT = sizeof DECLARATIONS / sizeof *DECLARATIONS };

const struct keyword *keyword_table(uint32_t *count) {
    *count = KEYWORD_COUNT;
    return KEYWORDS;
}

const struct keyword *declaration_table(uint32_t *count) {
    *count = DECLARATION_COUNT;
    return DECLARATIONS;
}

static const struct keyword *find(const struct keyword *table, uint32_t count, struct str text) {
    for (uint32_t i = 0; i < count; i++)
        if (table[i].text[0] == text.ptr[0] && str_is(text, table[i].text)) return &table[i];
    return NULL;
}

const struct keyword *keyword_find(struct str text) {
    return text.len ? find(KEYWORDS, KEYWORD_COUNT, text) : NULL;
}

const struct keyword *declaration_find(struct str text) {
    return text.len ? find(DECLARATIONS, DECLARATION_COUNT, text) : NULL;
}

static bool is_one_of(struct str text, const char *const *words, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (str_is(text, words[i])) return true;
    return false;
}

int keyword_event(struct str text) {
    static const char *const events[] = {
        [EVENT_ERROR] = "error",     [EVENT_NULL] = "null",           [EVENT_MISSING] = "missing",
        [EVENT_SKIPPED] = "skipped", [EVENT_DUPLICATE] = "duplicate", [EVENT_CONFLICT] = "conflict",
        [EVENT_FAIL] = "fail",       [EVENT_RAGGED] = "ragged",       [EVENT_BAD_ENCODING] = "bad_encoding",
    };
    for (int i = 0; i < (int)(sizeof events / sizeof *events); i++)
        if (str_is(text, events[i])) return i;
    return -1;
}

bool keyword_is_action(struct str text) {
    static const char *const actions[] = {"use", "skip", "reject", "warn", "fail", "first", "last", "update"};
    return is_one_of(text, actions, sizeof actions / sizeof *actions);
}

bool keyword_is_unit(struct str text) {
    static const char *const units[] = {
        "ms",  "millisecond", "milliseconds", "second", "seconds", "minute", "minutes", "hour", "hours",
        "day", "days",        "week",         "weeks",  "month",   "months", "year",    "years"};
    return is_one_of(text, units, sizeof units / sizeof *units);
}

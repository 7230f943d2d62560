/* Whether a type or tolerance accepts more or less than the one it takes the place of. */
#include "compiler/compare/facts.h"

#include <stdlib.h>

static bool cut_end(struct str *text, const char *end) {
    if (!str_ends_with(*text, str_cstr(end))) return false;
    text->len -= strlen(end);
    return true;
}

/* Every value of `narrow` is one of `wide`. */
static bool widens_to(struct str narrow, struct str wide) {
    static const char *const steps[][2] = {{"int", "decimal"}, {"int", "float"}, {"date", "timestamp"}};
    if (str_eq(narrow, wide) || str_is(wide, "text")) return true;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (str_is(narrow, steps[i][0]) && str_is(wide, steps[i][1])) return true;
    return false;
}

enum compare_class narrowing_of_type(struct str before, struct str after) {
    bool was_nullable = cut_end(&before, "?"), is_nullable = cut_end(&after, "?");
    if (was_nullable && !is_nullable) return COMPARE_BREAKING;
    return widens_to(before, after) ? COMPARE_WIDENING : COMPARE_BREAKING;
}

/* ------------------------------------------------------------------ Postgres' types */

/* `numeric(12,2)` is numeric, 12, 2; without limits they are -1. */
struct pg_type {
    struct str name;
    long first, second;
};

static struct pg_type read_pg_type(struct str text) {
    struct pg_type type = {text, -1, -1};
    const char *open = text.len ? memchr(text.ptr, '(', text.len) : NULL;
    if (open == NULL) return type;
    char *rest;
    type.name.len = (size_t)(open - text.ptr);
    type.first = strtol(open + 1, &rest, 10);
    if (*rest == ',') type.second = strtol(rest + 1, NULL, 10);
    return type;
}

static int whole_number_rank(struct str name) {
    static const char *const names[] = {"smallint", "integer", "bigint", "numeric"};
    for (int i = 0; i < 4; i++)
        if (str_is(name, names[i])) return i;
    return -1;
}

static bool pg_type_widens(struct pg_type before, struct pg_type after) {
    if (str_is(after.name, "text"))
        return str_is(before.name, "character varying") || str_is(before.name, "text");
    int rank = whole_number_rank(before.name), wider = whole_number_rank(after.name);
    if (!str_eq(before.name, after.name)) return rank >= 0 && wider > rank && after.first < 0;
    if (after.first < 0) return true;
    if (before.first < 0) return false;
    if (str_is(after.name, "numeric")) {
        long scale = before.second < 0 ? 0 : before.second, wider_scale = after.second < 0 ? 0 : after.second;
        return wider_scale >= scale && after.first - wider_scale >= before.first - scale;
    }
    return str_is(after.name, "character varying") && after.first >= before.first;
}

/* `varchar(20) not null default`: what add_column wrote. */
enum compare_class narrowing_of_column(struct str before, struct str after) {
    bool had_default = cut_end(&before, " default"), has_default = cut_end(&after, " default");
    bool was_required = cut_end(&before, " not null"), is_required = cut_end(&after, " not null");
    if (is_required && !was_required) return COMPARE_BREAKING;
    if (!str_eq(before, after) && !pg_type_widens(read_pg_type(before), read_pg_type(after)))
        return COMPARE_BREAKING;
    if (str_eq(before, after) && was_required == is_required && had_default && !has_default)
        return COMPARE_BEHAVIOUR;
    return COMPARE_WIDENING;
}

/* ------------------------------------------------------------------ tolerances */

enum compare_class narrowing_of_tolerance(struct str before, struct str after) {
    bool was_percent = cut_end(&before, "%"), is_percent = cut_end(&after, "%");
    if (was_percent != is_percent || before.len == 0 || after.len == 0 || before.ptr[0] == '$' ||
        after.ptr[0] == '$')
        return COMPARE_BEHAVIOUR;
    return strtod(after.ptr, NULL) > strtod(before.ptr, NULL) ? COMPARE_WIDENING : COMPARE_BEHAVIOUR;
}

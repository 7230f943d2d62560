/* How well a source column fits a target column. */
#include "runtime/infer/model.h"

#include <math.h>

double infer_share(const struct column_profile *profile, enum guess_kind kind) {
    for (uint32_t i = 0; i < profile->answer_count; i++)
        if (profile->answers[i].kind == kind) return profile->answers[i].share;
    return 0;
}

/* Kinds in order of preference for each type of a target's column. */
static const enum guess_kind *kinds_for(enum type_kind wanted) {
    static const enum guess_kind BOOLS[] = {GUESS_BOOL, GUESS_TEXT},
                                 INTS[] = {GUESS_INT, GUESS_DECIMAL, GUESS_DECIMAL_GROUPS, GUESS_TEXT},
                                 NUMBERS[] = {GUESS_INT, GUESS_DECIMAL, GUESS_DECIMAL_GROUPS,
                                              GUESS_DECIMAL_COMMA, GUESS_TEXT},
                                 DATES[] = {GUESS_DATE, GUESS_TIMESTAMP, GUESS_TIMESTAMPTZ, GUESS_TEXT},
                                 MOMENTS[] = {GUESS_TIMESTAMP, GUESS_TIMESTAMPTZ, GUESS_DATE, GUESS_TEXT},
                                 INSTANTS[] = {GUESS_TIMESTAMPTZ, GUESS_TIMESTAMP, GUESS_DATE, GUESS_INT,
                                               GUESS_TEXT},
                                 TIMES[] = {GUESS_TIME, GUESS_TEXT}, UUIDS[] = {GUESS_UUID, GUESS_TEXT},
                                 JSONS[] = {GUESS_JSON, GUESS_TEXT}, NOTHING[] = {GUESS_TEXT};
    switch (wanted) {
    case TYPE_BOOL: return BOOLS;
    case TYPE_INT: return INTS;
    case TYPE_DECIMAL:
    case TYPE_FLOAT: return NUMBERS;
    case TYPE_DATE: return DATES;
    case TYPE_TIMESTAMP: return MOMENTS;
    case TYPE_TIMESTAMPTZ: return INSTANTS;
    case TYPE_TIME: return TIMES;
    case TYPE_UUID: return UUIDS;
    case TYPE_JSON: return JSONS;
    default: return NOTHING;
    }
}

const struct guess *infer_guess_for(const struct column_profile *profile, enum type_kind wanted) {
    const struct guess *best = NULL;
    for (const enum guess_kind *kind = kinds_for(wanted); *kind != GUESS_TEXT; kind++)
        for (uint32_t i = 0; i < profile->answer_count; i++) {
            const struct guess *answer = &profile->answers[i];
            if (answer->kind == *kind && (best == NULL || answer->share > best->share + 0.001)) best = answer;
        }
    return best;
}

/* Seconds since 1970, of this century. */
static bool is_epoch(const struct column_profile *profile) {
    const struct guess *type = column_type(profile);
    return type->kind == GUESS_INT && type->candidate->lo > 946684800 && type->candidate->hi < 4102444800;
}

static double content_of_text(const struct schema_table *table, uint32_t target,
                              const struct column_profile *profile) {
    const struct schema_column *column = &table->columns.items[target];
    const struct guess *type = column_type(profile);
    double score = type->kind == GUESS_TEXT || type->kind == GUESS_PHONE || type->kind == GUESS_URL ? 0.8
                   : type->kind == GUESS_EMAIL                                                      ? 0.7
                   : type->kind == GUESS_UUID                                                       ? 0.55
                   : type->kind == GUESS_INT                                                        ? 0.5
                                                                                                    : 0.35;
    struct arena arena = {0};
    struct words words = words_split(&arena, column->name);
    if (words_has(&words, "email")) score = type->kind == GUESS_EMAIL ? 1 : 0.1;
    if (words_has(&words, "url")) score = type->kind == GUESS_URL ? 1 : 0.2;
    arena_release(&arena);
    if (profile->nested) return 0;
    if (column->type.length > 0 && profile->length_max > 2 * (uint32_t)column->type.length) score *= 0.5;
    if (infer_is_unique(table, target)) score = column_is_unique(profile) ? score + 0.15 : score - 0.3;
    return score < 0 ? 0 : score > 1 ? 1 : score;
}

static double content_of_enum(const struct schema_column *column, const struct column_profile *profile) {
    struct arena arena = {0};
    struct infer_codes codes;
    const struct schema_enum *e = column->type.enumeration;
    double score = 0;
    /* A draft shows the values of codes: none of people. */
    if (e && profile->personal == PERSONAL_NOT &&
        infer_codes_make(&arena, profile, e->labels.items, e->labels.count, &codes))
        score = codes.share < 0.3 ? 0 : 0.3 + 0.7 * codes.share;
    arena_release(&arena);
    return score;
}

double infer_content(const struct schema_table *table, uint32_t target, const struct infer_column *source) {
    const struct schema_column *column = &table->columns.items[target];
    const struct column_profile *profile = source->profile;
    enum type_kind wanted = column->type.kind;
    if (profile->values == 0) return 0.3;
    if (wanted == TYPE_TEXT) return content_of_text(table, target, profile);
    if (wanted == TYPE_ENUM) return content_of_enum(column, profile);
    if (wanted == TYPE_ARRAY) return profile->nested && column->type.element == TYPE_TEXT ? 0.8 : 0;
    const struct guess *guess = infer_guess_for(profile, wanted);
    if (guess == NULL && wanted == TYPE_BOOL) {
        const struct guess *type = column_type(profile);
        return type->kind == GUESS_INT && type->candidate->lo >= 0 && type->candidate->hi <= 1 ? 0.7 : 0;
    }
    if (guess == NULL) return 0;
    double score = guess->share;
    if (guess->kind == GUESS_INT && wanted == TYPE_TIMESTAMPTZ) score = is_epoch(profile) ? 0.7 : 0;
    if ((guess->kind == GUESS_DECIMAL || guess->kind == GUESS_DECIMAL_GROUPS) && wanted == TYPE_INT)
        score *= profile->guesser.digits_after ? 0.2 : 0.8;
    if (guess->kind == GUESS_DATE && wanted != TYPE_DATE) score *= 0.7;
    if (guess->kind != GUESS_DATE && wanted == TYPE_DATE) score *= 0.9;
    if (guess->kind == GUESS_INT && (wanted == TYPE_DECIMAL || wanted == TYPE_FLOAT)) score *= 0.9;
    if (infer_is_unique(table, target) && !column_is_unique(profile)) score *= 0.6;
    return score;
}

/* ---------------------------------------------------------------- names */

/* Values such as P-0012: of a shape, with digits, each but once. */
static bool is_codelike(const struct column_profile *profile) {
    struct arena arena = {0};
    const struct counted_value **top;
    uint32_t n = counted_top(&profile->patterns, &arena, 3, &top);
    uint64_t fits = 0;
    for (uint32_t i = 0; i < n; i++)
        if (memchr(top[i]->text, '9', top[i]->len) && !memchr(top[i]->text, '+', top[i]->len))
            fits += top[i]->count;
    arena_release(&arena);
    return profile->length_max <= 24 && fits * 10 >= profile->values * 7;
}

/* A column that is called like its table holds what identifies a row, or its name. */
static double own_name(const struct words *target, const struct column_profile *profile) {
    bool code = is_codelike(profile);
    if (target->count != 1) return 0;
    if (words_has(target, "code")) return code ? 0.95 : 0.4;
    if (words_has(target, "id") || words_has(target, "key")) return code ? 0.7 : 0.3;
    if (words_has(target, "name") || words_has(target, "title") || words_has(target, "label"))
        return code ? 0.35 : 0.95;
    return 0;
}

static double better(double a, double b) {
    return a > b ? a : b;
}

double infer_name(const struct infer_table *table, uint32_t target, const struct infer_source *source,
                  uint32_t column) {
    struct arena arena = {0};
    const struct column_profile *profile = source->columns[column].profile;
    struct words wanted = words_split(&arena, table->table->columns.items[target].name), bare, other,
                 stripped;
    const struct words *words = &source->columns[column].words;
    double score = names_likeness(&wanted, words);
    bool left = names_without(words, &table->words, &stripped);
    if (left && stripped.count < words->count)
        score = better(score, 0.97 * names_likeness(&wanted, &stripped));
    if (left && names_without(words, &source->words, &other) && other.count < words->count)
        score = better(score, 0.95 * names_likeness(&wanted, &other));
    if (names_without(&wanted, &table->words, &bare) && bare.count < wanted.count)
        score = better(score, 0.97 * names_likeness(&bare, left ? &stripped : words));
    if (!left) score = better(own_name(&wanted, profile), score * 0.6);
    arena_release(&arena);
    return score;
}

double infer_score(const struct infer_table *table, uint32_t target, const struct infer_source *source,
                   uint32_t column) {
    const struct schema_column *wanted = &table->table->columns.items[target];
    const struct infer_column *from = &source->columns[column];
    double content = infer_content(table->table, target, from);
    if (content <= 0) return 0;
    double name = infer_name(table, target, source, column);
    /* What maps nearly all values onto an enum's labels need not have its name. */
    if (wanted->type.kind == TYPE_ENUM && content > 0.85) name = better(name, 0.4);
    if (name < 0.35) return 0;
    double score = 0.7 * name + 0.3 * content;
    uint64_t missing = from->profile->rows - from->profile->values;
    if (wanted->not_null && missing * 2 > from->profile->rows) score -= 0.15;
    return score;
}

/* Suspicions that a column holds personal data. */
#include "runtime/profile/personal.h"

#include "runtime/base/utf8.h"
#include "runtime/profile/words.h"

const char *personal_kind_name(enum personal_kind kind) {
    static const char *const NAMES[PERSONAL_KIND_COUNT] = {"",
                                                           "e-mail addresses",
                                                           "phone numbers",
                                                           "names of people",
                                                           "addresses of people",
                                                           "card numbers",
                                                           "dates of birth",
                                                           "personal numbers",
                                                           "passwords or other secrets",
                                                           "personal data, as the spec says"};
    return NAMES[kind];
}

static bool any_of(const struct words *words, const char *const *list) {
    for (; *list; list++)
        if (words_has(words, *list)) return true;
    return false;
}

/* Names of people, not of products: by the words beside `name`, or by the table's. */
static bool is_persons_name(const struct words *column, const struct words *table) {
    static const char *const PARTS[] = {"first",  "last",   "full",    "given",    "family",   "middle",
                                        "maiden", "sur",    "contact", "real",     "display",  "person",
                                        "user",   "author", "owner",   "employee", "customer", "patient",
                                        "member", "player", "analyst", NULL};
    static const char *const WHOLE[] = {"surname", "forename", "firstname", "lastname", "fullname", NULL};
    static const char *const PEOPLE[] = {"person", "people",  "user",   "employee", "staff",
                                         "member", "contact", "author", "patient",  "student",
                                         "artist", "player",  NULL};
    if (any_of(column, WHOLE)) return true;
    if (!words_has(column, "name")) return false;
    return any_of(column, PARTS) || (column->count == 1 && any_of(table, PEOPLE));
}

enum personal_kind personal_by_name(struct str name, struct str table) {
    static const char *const EMAILS[] = {"email", "mail", NULL};
    static const char *const PHONES[] = {"phone", "telephone", "mobile", "fax",
                                         "tel",   "cellphone", "msisdn", NULL};
    static const char *const ADDRESSES[] = {"address", "street", "postcode", "zip",
                                            "zipcode", "postal", "suburb",   NULL};
    static const char *const BIRTHS[] = {"birth", "birthday", "birthdate", "dob", "born", NULL};
    static const char *const NUMBERS[] = {"ssn",      "passport", "iban",    "tfn",
                                          "medicare", "taxid",    "licence", NULL};
    static const char *const SECRETS[] = {"password", "passwd", "pwd", "secret",
                                          "apikey",   "pin",    "cvv", NULL};
    struct arena scratch = {0};
    struct words words = words_split(&scratch, name), of = words_split(&scratch, table);
    enum personal_kind kind =
        any_of(&words, SECRETS)        ? PERSONAL_SECRET
        : any_of(&words, EMAILS)       ? PERSONAL_EMAIL
        : any_of(&words, PHONES)       ? PERSONAL_PHONE
        : any_of(&words, BIRTHS)       ? PERSONAL_BIRTH
        : any_of(&words, NUMBERS)      ? PERSONAL_ID_NUMBER
        : is_persons_name(&words, &of) ? PERSONAL_NAME
        : any_of(&words, ADDRESSES) && !words_has(&words, "ip") && !words_has(&words, "code")
            ? PERSONAL_ADDRESS
        : words_has(&words, "postal") ? PERSONAL_ADDRESS
                                      : PERSONAL_NOT;
    arena_release(&scratch);
    return kind;
}

static double share_of(const struct column_profile *column, enum guess_kind kind) {
    for (uint32_t i = 0; i < column->answer_count; i++)
        if (column->answers[i].kind == kind) return column->answers[i].share;
    return 0;
}

/* `Ruby Smith` and the like in most of the frequent shapes. */
static bool looks_like_names(const struct column_profile *column) {
    static const char *const SHAPES[] = {"Aa Aa", "Aa Aa Aa", "Aa A. Aa", "Aa Aa-Aa", "Aa A'Aa"};
    uint64_t fits = 0;
    for (uint32_t i = 0; i < column->patterns.slot_count; i++) {
        const struct counted_value *value = &column->patterns.slots[i];
        char shape[COUNTED_TEXT + 1];
        size_t len = 0;
        for (size_t at = 0; value->hash && at < value->len; at++)
            if (value->text[at] != '+') shape[len++] = value->text[at];
        for (size_t s = 0; len > 0 && s < sizeof SHAPES / sizeof *SHAPES; s++)
            if (str_is(str_from(shape, len), SHAPES[s])) fits += value->count;
    }
    return column->values >= 5 && fits * 10 >= column->values * 6 &&
           sketch_count(&column->folded) * 2 > column->values;
}

enum personal_kind personal_suspect(const struct column_profile *column, struct str table) {
    enum personal_kind named = personal_by_name(column->from.len ? column->from : column->name, table);
    const struct guess *type = column_type(column);
    struct arena scratch = {0};
    struct words words = words_split(&scratch, column->from.len ? column->from : column->name);
    bool called_name = words_has(&words, "name") && !words_has(&words, "company") &&
                       !words_has(&words, "product") && !words_has(&words, "project");
    arena_release(&scratch);
    if (column->values == 0) return PERSONAL_NOT;
    if (share_of(column, GUESS_EMAIL) >= 0.5) return PERSONAL_EMAIL;
    if (share_of(column, GUESS_CARD) >= 0.8 && column->length_max >= 13) return PERSONAL_CARD;
    bool textual = type->kind == GUESS_TEXT || type->kind == GUESS_PHONE || type->kind == GUESS_CARD;
    if (named == PERSONAL_BIRTH)
        return type->kind == GUESS_DATE || type->kind == GUESS_TIMESTAMP ? named : PERSONAL_NOT;
    if (named == PERSONAL_PHONE || named == PERSONAL_ADDRESS || named == PERSONAL_ID_NUMBER)
        return column->is_code && named != PERSONAL_PHONE ? PERSONAL_NOT
               : textual || type->kind == GUESS_INT       ? named
                                                          : PERSONAL_NOT;
    if (named == PERSONAL_EMAIL) return share_of(column, GUESS_EMAIL) > 0 ? named : PERSONAL_NOT;
    if (named == PERSONAL_SECRET) return textual ? named : PERSONAL_NOT;
    if (named == PERSONAL_NAME) return textual ? named : PERSONAL_NOT;
    if (textual && called_name && looks_like_names(column)) return PERSONAL_NAME;
    if (share_of(column, GUESS_PHONE) >= 0.9 && (column->guesser.leading_zeros * 2 > column->values))
        return PERSONAL_PHONE;
    return PERSONAL_NOT;
}

struct str personal_mask(struct arena *arena, struct str text) {
    size_t length = utf8_count(text);
    return arena_printf(arena, "*** (%zu character%s)", length, length == 1 ? "" : "s");
}

/* What names of columns and parameters say about their values: a guess by their words, in English. */
#include "compiler/lint/rules.h"

#include <ctype.h>
#include <stdio.h>

enum { MOST_WORDS = 8, LONGEST_WORD = 24 };

struct words {
    char text[MOST_WORDS][LONGEST_WORD + 1]; /* lower case */
    uint32_t count;
};

/* unit_price, unitPrice, UNIT-PRICE: unit, price. */
static void split_words(struct str name, struct words *words) {
    uint32_t len = 0;
    *words = (struct words){0};
    for (size_t i = 0; i < name.len && words->count < MOST_WORDS; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool camel = i > 0 && isupper(c) && islower((unsigned char)name.ptr[i - 1]);
        if ((!isalpha(c) || camel) && len > 0) {
            words->count++;
            len = 0;
        }
        if (isalpha(c) && len < LONGEST_WORD && words->count < MOST_WORDS)
            words->text[words->count][len++] = (char)tolower(c);
    }
    if (len > 0 && words->count < MOST_WORDS) words->count++;
}

/* list: words with blanks around each; of two words "api_key". */
static bool holds_word(const struct words *words, const char *list) {
    char wanted[2 * LONGEST_WORD + 4];
    for (uint32_t i = 0; i < words->count; i++) {
        snprintf(wanted, sizeof wanted, " %s ", words->text[i]);
        if (strstr(list, wanted)) return true;
        if (i + 1 == words->count) break;
        snprintf(wanted, sizeof wanted, " %s_%s ", words->text[i], words->text[i + 1]);
        if (strstr(list, wanted)) return true;
    }
    return false;
}

bool lint_name_is_money(struct str name) {
    static const char WORDS[] =
        " amount price cost budget fee fees salary wage wages balance revenue turnover "
        "freight payment invoice_total total_due subtotal ";
    struct words words;
    split_words(name, &words);
    return holds_word(&words, WORDS);
}

bool lint_name_is_personal(struct str name) {
    static const char WORDS[] =
        " email mail phone telephone mobile fax ssn dob birthday birthdate birth_date born passport iban "
        "surname "
        "firstname lastname fullname first_name last_name full_name maiden_name home_address street_address "
        "password tax_number tax_id medicare ";
    struct words words;
    split_words(name, &words);
    return holds_word(&words, WORDS);
}

bool lint_name_is_secret(struct str name) {
    static const char WORDS[] =
        " secret password passwd pwd passphrase credential credentials apikey api_key "
        "private_key signing_key secret_key access_key auth_token access_token ";
    struct words words;
    split_words(name, &words);
    return holds_word(&words, WORDS);
}

/* Names in words. */
#include "runtime/profile/words.h"

#include "runtime/base/buf.h"
#include "runtime/value/text.h"

#include <ctype.h>

static struct str singular(struct arena *arena, struct str word) {
    size_t n = word.len;
    if (n > 4 && memcmp(word.ptr + n - 3, "ies", 3) == 0)
        return arena_printf(arena, "%.*sy", (int)n - 3, word.ptr);
    if (n > 4 &&
        (memcmp(word.ptr + n - 3, "ses", 3) == 0 || memcmp(word.ptr + n - 3, "xes", 3) == 0 ||
         (n > 5 && memcmp(word.ptr + n - 4, "ches", 4) == 0)) &&
        memcmp(word.ptr + n - 4, "ases", 4) != 0)
        return str_from(word.ptr, n - 2);
    if (n > 3 && word.ptr[n - 1] == 's' && !strchr("suai", word.ptr[n - 2])) return str_from(word.ptr, n - 1);
    return word;
}

static void add_word(struct arena *arena, struct words *words, struct str raw) {
    if (raw.len == 0 || words->count == WORDS_MAX) return;
    words->word[words->count++] = singular(arena, arena_copy_str(arena, raw));
}

/* A new word begins at this byte of ASCII text. */
static bool begins_word(struct str s, size_t at) {
    unsigned char c = (unsigned char)s.ptr[at], before = (unsigned char)s.ptr[at - 1];
    unsigned char after = at + 1 < s.len ? (unsigned char)s.ptr[at + 1] : 0;
    if (isupper(c) && (islower(before) || isdigit(before))) return true;
    if (isupper(c) && isupper(before) && islower(after)) return true;
    return false;
}

/* Without accents, and with e-mail as one word. */
static struct str plain_name(struct arena *arena, struct str name) {
    struct str plain = text_unaccent(arena, name), email;
    /* E-mail is one word. */
    static const char *const EMAILS[] = {"E-Mail", "E-mail", "e-mail", "E Mail",
                                         "e_mail", "E_Mail", "E_MAIL", "E-MAIL"};
    for (size_t i = 0; i < sizeof EMAILS / sizeof *EMAILS; i++)
        if (text_replace(arena, plain, str_cstr(EMAILS[i]), STR("Email"), &email) == FAULT_NONE)
            plain = email;
    return plain;
}

struct words words_split(struct arena *arena, struct str name) {
    struct words words = {.count = 0};
    struct buf word = {0};
    struct str plain = plain_name(arena, name);
    for (size_t i = 0; i < plain.len; i++) {
        unsigned char c = (unsigned char)plain.ptr[i];
        bool part = isalnum(c) || c >= 0x80;
        if (!part || (i > 0 && begins_word(plain, i))) {
            add_word(arena, &words, buf_str(&word));
            buf_clear(&word);
        }
        if (part) buf_append_char(&word, (char)tolower(c));
    }
    add_word(arena, &words, buf_str(&word));
    buf_release(&word);
    return words;
}

bool words_has(const struct words *words, const char *word) {
    for (uint32_t i = 0; i < words->count; i++)
        if (str_is(words->word[i], word)) return true;
    return false;
}

static bool is_taken_word(struct str name) {
    static const char *const TAKEN[] = {"and",    "or",   "not",    "null",   "true",    "false",   "if",
                                        "then",   "else", "match",  "in",     "is",      "when",    "skip",
                                        "reject", "warn", "fail",   "like",   "between", "matches", "as",
                                        "use",    "on",   "source", "parent", "root",    "depth"};
    for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++)
        if (str_is(name, TAKEN[i])) return true;
    return false;
}

struct str words_identifier(struct arena *arena, struct str name, const char *fallback) {
    struct buf out = {0};
    struct str plain = plain_name(arena, name);
    for (size_t i = 0; i < plain.len && out.len < 48; i++) {
        unsigned char c = (unsigned char)plain.ptr[i];
        if (isalnum(c) && i > 0 && begins_word(plain, i) && out.len && out.ptr[out.len - 1] != '_')
            buf_append_char(&out, '_');
        if (isalnum(c))
            buf_append_char(&out, (char)tolower(c));
        else if (out.len && out.ptr[out.len - 1] != '_')
            buf_append_char(&out, '_');
    }
    while (out.len && out.ptr[out.len - 1] == '_')
        out.len--;
    if (out.len == 0) buf_append_cstr(&out, fallback);
    struct str id = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    if (isdigit((unsigned char)id.ptr[0])) id = arena_printf(arena, "%s_%.*s", fallback, STR_ARG(id));
    return is_taken_word(id) ? arena_printf(arena, "%.*s_", STR_ARG(id)) : id;
}

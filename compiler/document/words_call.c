/* Calls in words: phrases.def for functions of the language, names for those of the spec. */
#include "compiler/document/words.h"

enum phrase_form { NOTE, NOUN };

static const struct function_phrase {
    const char *name;
    uint32_t arguments;
    enum phrase_form form;
    const char *words;
} PHRASES[] = {
#define PHRASE(name, arguments, form, words) {name, arguments, form, words},
#include "compiler/document/phrases.def"
#undef PHRASE
};

static bool has_name(const struct function_phrase *phrase, struct str name, char *variant) {
    size_t len = strlen(phrase->name);
    *variant = len > name.len ? phrase->name[name.len] : 0;
    return len >= name.len && len <= name.len + 1 && memcmp(phrase->name, name.ptr, name.len) == 0 &&
           (len == name.len || strchr("!-~", *variant));
}

const char *words_of_function(struct str name, uint32_t arguments) {
    char variant;
    for (size_t i = 0; i < sizeof PHRASES / sizeof *PHRASES; i++)
        if (has_name(&PHRASES[i], name, &variant) && variant == 0 && PHRASES[i].arguments == arguments)
            return PHRASES[i].words;
    return NULL;
}

static bool is_empty_text(const struct ast_expr *expr) {
    return expr && expr->kind == X_TEXT && expr->text.len == 0;
}

static bool variant_fits(char variant, struct str name, const struct ast_expr *call) {
    if (variant == 0) return true;
    const struct ast_expr *second = expr_bare(call->items.items[1]);
    const struct ast_expr *last = expr_bare(call->items.items[call->items.count - 1]);
    if (variant == '~') return is_empty_text(last);
    if (variant == '-') return (str_is(name, "split_part") ? last : second)->kind == X_NEGATE;
    return str_is(name, "regex_replace") ? is_empty_text(second) : second->kind == X_TEXT;
}

/* NULL: not a function of the language, or one with a form of its own. */
static const struct function_phrase *find_phrase(const struct words *words, const struct ast_expr *call) {
    struct str name = call_name(call);
    char variant;
    if (call->kind != X_CALL || index_find(words->scope.index, SPACE_CALL, name)) return NULL;
    for (uint32_t i = 0; i < call->items.count; i++)
        if (call->items.items[i]->kind == X_KEEP) return NULL;
    for (size_t i = 0; i < sizeof PHRASES / sizeof *PHRASES; i++)
        if (PHRASES[i].arguments == call->items.count && has_name(&PHRASES[i], name, &variant) &&
            variant_fits(variant, name, call))
            return &PHRASES[i];
    return NULL;
}

static void add_template(struct words *words, const struct function_phrase *phrase,
                         const struct ast_expr *call, struct phrase *out) {
    const char *text = phrase->words;
    while (*text) {
        size_t plain = strcspn(text, "$%");
        if (plain) phrase_add(words->arena, out, RUN_TEXT, str_from(text, plain));
        text += plain;
        if (*text == 0) return;
        const struct ast_expr *argument = expr_bare(call->items.items[text[1] - '0']);
        if (*text == '%' && argument->kind == X_TEXT)
            phrase_add(words->arena, out, RUN_PLAIN, argument->text);
        else
            words_part(words, argument, out);
        text += 2;
    }
}

/* "`Code` (without blanks at the ends, in upper case)"; as a whole phrase without the parentheses. */
static void add_notes(struct words *words, const struct ast_expr *call, bool whole, struct phrase *out) {
    VEC(const struct ast_expr *) calls = {0};
    const struct ast_expr *base = call;
    const struct function_phrase *phrase;
    while ((phrase = find_phrase(words, base)) && phrase->form == NOTE) {
        VEC_PUSH(words->arena, &calls, base);
        base = expr_bare(base->items.items[0]);
    }
    if (whole && base->kind != X_HANDLED) /* handlers of a part say what they belong to */
        words_value(words, base, out);
    else
        words_part(words, base, out);
    phrase_print(words->arena, out, whole ? ", " : " (");
    for (uint32_t i = calls.count; i-- > 0;) {
        add_template(words, find_phrase(words, calls.items[i]), calls.items[i], out);
        if (i) phrase_print(words->arena, out, ", ");
    }
    if (!whole) phrase_print(words->arena, out, ")");
}

static void add_mask(struct words *words, const struct ast_expr *call, struct phrase *out) {
    const struct ast_expr *keep = call->items.items[1];
    words_part(words, call->items.items[0], out);
    phrase_print(words->arena, out, " (starred out but for its %.*s ", STR_ARG(keep->name.text));
    words_part(words, keep->left, out);
    phrase_print(words->arena, out, " characters)");
}

static void add_uuid5(struct words *words, const struct ast_expr *call, struct phrase *out) {
    phrase_print(words->arena, out, "an id that is the same in every run, made of ");
    words_list(words, call->items.items, call->items.count, "and", out);
}

/* A function of the spec: its name leads to its own words. */
static void add_own_function(struct words *words, struct index_entry *entry, const struct ast_expr *call,
                             struct phrase *out) {
    entry->used = true;
    phrase_link(words->arena, out, RUN_TERM, call_name(call),
                phrase_anchor(words->arena, "fn", call_name(call)));
    if (call->items.count) phrase_print(words->arena, out, " of ");
    words_list(words, call->items.items, call->items.count, "and", out);
}

bool words_call_is_loose(const struct words *words, const struct ast_expr *call) {
    const struct function_phrase *phrase = find_phrase(words, call);
    return call->items.count > 1 && (phrase == NULL || phrase->form == NOUN);
}

void words_call(struct words *words, const struct ast_expr *call, bool whole, struct phrase *out) {
    struct str name = call_name(call);
    struct index_entry *own = index_find(words->scope.index, SPACE_CALL, name);
    const struct function_phrase *phrase = find_phrase(words, call);
    if (own) {
        add_own_function(words, own, call, out);
    } else if (str_is(name, "uuid5") && call->items.count) {
        add_uuid5(words, call, out);
    } else if (str_is(name, "mask") && call->items.count == 2 && call->items.items[1]->kind == X_KEEP) {
        add_mask(words, call, out);
    } else if (phrase && phrase->form == NOTE) {
        add_notes(words, call, whole, out);
    } else if (phrase) {
        add_template(words, phrase, call, out);
    } else {
        phrase_add(words->arena, out, RUN_CODE, span_text(call->span));
    }
}

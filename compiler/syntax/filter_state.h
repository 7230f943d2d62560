/* What the two halves of the filter share: filter.c (lines, brackets, declarations) and filter_words.c (which
 * token a word is). */
#ifndef MIG_SYNTAX_FILTER_STATE_H
#define MIG_SYNTAX_FILTER_STATE_H

#include "compiler/syntax/filter.h"

/* An open bracket; the lowest frame is the declaration itself. */
struct frame {
    int open;          /* T_LEFT_PAREN, T_LEFT_BRACKET, T_LEFT_BRACE; 0: the lowest */
    uint32_t token;    /* in the token list */
    uint32_t stream;   /* in the stream */
    bool inner;        /* a brace inside an item: match, a test's row */
    bool tainted;      /* holds a bad token: that it is not closed needs no second report */
    bool match;        /* `match` was seen, its brace not yet */
    bool sheet;        /* likewise `sheet` */
    uint32_t betweens; /* of which `and` was not yet seen */
    uint32_t cases;    /* SQL's `case` without its `end` */
};

struct filter {
    struct parse_stream *stream;
    struct arena *scratch;
    const struct token_list *list;
    struct syntax_reporter *reporter;
    enum filter_mode mode;
    VEC(struct frame) frames;
    int declaration;       /* T_D_…, or T_NAME for an unknown word; 0 outside */
    bool declaration_next; /* the next token is the word that starts it */
    bool has_body;         /* the declaration's own brace was seen */
    bool clauses;          /* line ends count between its clauses too (map, check) */
    bool indent_reported;
    bool abandoned; /* too deep: what is left of the declaration is dropped */
    bool doubtful;
    int last; /* the kind emitted last */
};

static inline struct frame *filter_top(struct filter *filter) {
    return &filter->frames.items[filter->frames.count - 1];
}
static inline enum token_kind filter_kind(const struct filter *filter, uint32_t i) {
    return i < filter->list->tokens.count ? (enum token_kind)filter->list->tokens.items[i].kind : TOKEN_END;
}
static inline bool filter_is_name(const struct filter *filter, uint32_t i) {
    return filter_kind(filter, i) == TOKEN_WORD || filter_kind(filter, i) == TOKEN_QUOTED_NAME;
}
/* Token i stands on the line of the one before it. */
static inline bool filter_same_line(const struct filter *filter, uint32_t i) {
    return i < filter->list->tokens.count && filter->list->tokens.items[i].newlines_before == 0;
}
static inline struct str filter_text(const struct filter *filter, uint32_t i) {
    return i < filter->list->tokens.count ? token_text(filter->list, i) : STR("");
}
/* Token i is this word. */
static inline bool filter_is_word(const struct filter *filter, uint32_t i, const char *word) {
    return filter_kind(filter, i) == TOKEN_WORD && str_is(filter_text(filter, i), word);
}
/* Token i is this word, in small letters or, as SQL writes it, in capitals. */
bool filter_is_operator_word(const struct filter *filter, uint32_t i, const char *word);

/* Adds tokens [first, first + count) as one of the stream. Returns count. */
uint32_t filter_emit(struct filter *filter, int kind, uint32_t first, uint32_t count);
/* `on EVENT` and an action behind it: the stream's token for it, else 0. */
int filter_event_token(const struct filter *filter, uint32_t i);
/* Adds the word or number at i, with those that belong to it; returns how many tokens that were. */
uint32_t filter_word(struct filter *filter, uint32_t i);
uint32_t filter_number(struct filter *filter, uint32_t i);

#endif

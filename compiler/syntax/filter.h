/* Between scanner and grammar: turns the tokens of a text into the stream that the grammar reads.
 *
 *  - line ends that end an item become a token, others vanish (language.md, section 2);
 *  - each declaration is followed by an end token;
 *  - words become keywords; those that belong together become one token (`on missing`, `group by`, `14
 * days`);
 *  - brackets are balanced: what is not closed is reported here, and closed where its item ends, so that the
 *    grammar's recovery never runs past a bracket. */
#ifndef MIG_SYNTAX_FILTER_H
#define MIG_SYNTAX_FILTER_H

#include "compiler/syntax/token.h"

struct parse_token {
    int kind;            /* a token of the grammar */
    uint32_t start, end; /* bytes; empty for line ends and what was put in */
    uint32_t first;      /* index of its first token in the token list (for line ends: of what follows) */
    uint32_t match;      /* opening brace: the stream index of its closing one */
    uint8_t event;       /* ON_EVENT: enum ast_event */
    bool put_in;         /* a closing bracket that is not in the text */
    bool inner;          /* a brace inside an item, not one that holds items of a declaration */
    bool doubtful;       /* behind a bad token of the same item: errors here are probably its echo */
};

struct parse_stream {
    VEC(struct parse_token) items;
};

enum filter_mode {
    FILTER_FILE, /* declarations */
    FILTER_EXPRESSION
};

/* Fills the stream; its array lives in `scratch`. The last token is the grammar's end of input. */
void filter_tokens(struct parse_stream *stream, struct arena *scratch, const struct token_list *tokens,
                   enum filter_mode mode, struct syntax_reporter *reporter);

enum keyword_use { KEYWORD_RESERVED, KEYWORD_NOT_BARE, KEYWORD_NAMEABLE };

struct keyword {
    const char *text;
    int token; /* of the grammar */
    enum keyword_use use;
};

/* All keywords but the declaration words; declaration words. */
const struct keyword *keyword_table(uint32_t *count);
const struct keyword *declaration_table(uint32_t *count);
/* By its text; NULL when it is none. */
const struct keyword *keyword_find(struct str text);
const struct keyword *declaration_find(struct str text);
/* The event named after `on`: an enum ast_event, or -1. */
int keyword_event(struct str text);
/* True for the words that an action starts with. */
bool keyword_is_action(struct str text);
/* days, minutes, ms … */
bool keyword_is_unit(struct str text);

#endif

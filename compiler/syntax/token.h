/* Tokens with everything between them: the lossless view of a spec. The parser reads a filtered stream of
 * them (filter.h); the formatter and the editor read them as they are. Comments, blanks and line breaks are
 * kept as trivia and belong to the token that follows them (the last ones to TOKEN_END). */
#ifndef MIG_SYNTAX_TOKEN_H
#define MIG_SYNTAX_TOKEN_H

#include "compiler/syntax/report.h"

/* TOKEN_KIND(symbol, description) */
#define TOKEN_KINDS(X)                                                                                       \
    X(TOKEN_END, "the end of the file")                                                                      \
    X(TOKEN_WORD, "a word")                                                                                  \
    X(TOKEN_QUOTED_NAME, "a name in backticks")                                                              \
    X(TOKEN_PARAM, "a parameter")  /* $name */                                                               \
    X(TOKEN_INT, "a whole number") /* 42, 1_000 */                                                           \
    X(TOKEN_DECIMAL, "a decimal")  /* 12.50 */                                                               \
    X(TOKEN_FLOAT, "a float")      /* 1e-3 */                                                                \
    X(TOKEN_RAW_TEXT, "a text")    /* 'raw' */                                                               \
    X(TOKEN_TEXT, "a text")        /* "with {expr}" */                                                       \
    X(TOKEN_BLOCK_TEXT, "a text")  /* three quotes, many lines */                                            \
    X(TOKEN_PLUS, "+")                                                                                       \
    X(TOKEN_MINUS, "-")                                                                                      \
    X(TOKEN_STAR, "*")                                                                                       \
    X(TOKEN_SLASH, "/")                                                                                      \
    X(TOKEN_PERCENT, "%")                                                                                    \
    X(TOKEN_CONCAT, "||")                                                                                    \
    X(TOKEN_COALESCE, "??")                                                                                  \
    X(TOKEN_EQUAL, "==")                                                                                     \
    X(TOKEN_NOT_EQUAL, "!=") /* also <> */                                                                   \
    X(TOKEN_LESS, "<")                                                                                       \
    X(TOKEN_LESS_EQUAL, "<=")                                                                                \
    X(TOKEN_GREATER, ">")                                                                                    \
    X(TOKEN_GREATER_EQUAL, ">=")                                                                             \
    X(TOKEN_ASSIGN, "=")                                                                                     \
    X(TOKEN_FAT_ARROW, "=>")                                                                                 \
    X(TOKEN_ARROW, "->")                                                                                     \
    X(TOKEN_COLON, ":")                                                                                      \
    X(TOKEN_DOUBLE_COLON, "::")                                                                              \
    X(TOKEN_SEMICOLON, ";")                                                                                  \
    X(TOKEN_COMMA, ",")                                                                                      \
    X(TOKEN_DOT, ".")                                                                                        \
    X(TOKEN_ELLIPSIS, "...")                                                                                 \
    X(TOKEN_QUESTION, "?")                                                                                   \
    X(TOKEN_LEFT_PAREN, "(")                                                                                 \
    X(TOKEN_RIGHT_PAREN, ")")                                                                                \
    X(TOKEN_LEFT_BRACKET, "[")                                                                               \
    X(TOKEN_RIGHT_BRACKET, "]")                                                                              \
    X(TOKEN_LEFT_BRACE, "{")                                                                                 \
    X(TOKEN_RIGHT_BRACE, "}")                                                                                \
    X(TOKEN_BAD, "a character that mig does not use")

enum token_kind {
#define X(symbol, description) symbol,
    TOKEN_KINDS(X)
#undef X
        TOKEN_KIND_COUNT
};

enum trivia_kind { TRIVIA_BLANK, TRIVIA_NEWLINE, TRIVIA_COMMENT };

struct trivia {
    enum trivia_kind kind;
    uint32_t start, len; /* bytes; a newline is LF or CR LF; a comment ends before its newline */
};

struct token {
    uint8_t kind; /* enum token_kind */
    bool bad;     /* already reported: an open text, a malformed number … */
    uint32_t start, len;
    uint32_t trivia_first, trivia_count; /* what stands before it, in token_list.trivia */
    uint32_t newlines_before;
};

struct token_list {
    const struct source_text *source;
    struct arena *arena;
    VEC(struct token) tokens; /* the last one is TOKEN_END */
    VEC(struct trivia) trivia;
};

/* The most tokens and pieces of trivia that one text may have: a bound on memory, for trees are some hundred
 * times the size of `a,a,a,…`. */
enum { TOKEN_LIST_MAX = 2 * 1000 * 1000 };

/* Splits bytes [from, to) of source (valid UTF-8) into tokens; faults of the text go to `reporter` and leave
 * tokens marked bad. list's arrays live in `arena`. False when there are too many tokens (reported). */
bool token_scan(struct token_list *list, struct arena *arena, const struct source_text *source, uint32_t from,
                uint32_t to, struct syntax_reporter *reporter);

/* The token's bytes. */
static inline struct str token_text(const struct token_list *list, uint32_t index) {
    const struct token *token = &list->tokens.items[index];
    return str_from(list->source->text.ptr + token->start, token->len);
}
static inline struct span token_span(const struct token_list *list, uint32_t index) {
    const struct token *token = &list->tokens.items[index];
    return (struct span){list->source, token->start, token->start + token->len};
}
/* "a word", "`=>`" is written without its backticks here: "=>". */
const char *token_kind_name(enum token_kind kind);
/* True for a token in the first column of its line. */
bool token_starts_line(const struct token_list *list, uint32_t index);
/* The comment block directly above the token (no blank line between), `-- ` and line ends of its lines
 * removed, lines joined by LF. A comment behind code on the line above is not part of it. */
struct str token_doc(const struct token_list *list, struct arena *arena, uint32_t index);

#endif

/* The stream that the grammar reads: which line ends end an item, where declarations begin and end, brackets
 * in balance. What a word is stands in filter_words.c. */
#include "compiler/syntax/filter.h"
#include "compiler/syntax/filter_state.h"
#include "compiler/syntax/parse.h"

#include "mig_parser.h"

static const struct parse_token *last_of_stream(const struct filter *filter) {
    return &filter->stream->items.items[filter->stream->items.count - 1];
}

static void push(struct filter *filter, struct parse_token token) {
    token.doubtful = filter->doubtful;
    VEC_PUSH(filter->scratch, &filter->stream->items, token);
    filter->last = token.kind;
}

uint32_t filter_emit(struct filter *filter, int kind, uint32_t first, uint32_t count) {
    struct span from = token_span(filter->list, first), to = token_span(filter->list, first + count - 1);
    for (uint32_t i = first; i < first + count; i++)
        if (filter->list->tokens.items[i].bad) {
            filter->doubtful = true;
            filter_top(filter)->tainted = true;
        }
    push(filter, (struct parse_token){.kind = kind, .start = from.start, .end = to.end, .first = first});
    return count;
}

/* A token without text, behind the last one. */
static void emit_empty(struct filter *filter, int kind, uint32_t next, bool put_in) {
    uint32_t at = filter->stream->items.count ? last_of_stream(filter)->end : 0;
    push(filter, (struct parse_token){.kind = kind, .start = at, .end = at, .first = next, .put_in = put_in});
}

static void end_item(struct filter *filter, uint32_t next) {
    struct frame *top = filter_top(filter);
    if (filter->last == T_NL || filter->last == T_LEFT_BRACE) return;
    emit_empty(filter, T_NL, next, false);
    filter->doubtful = false;
    top->match = top->sheet = false;
    top->betweens = top->cases = 0;
}

/* ------------------------------------------------------------------ brackets */

static const char *bracket_text(int open) {
    return open == T_LEFT_PAREN ? "(" : open == T_LEFT_BRACKET ? "[" : "{";
}

static int closing_of(int open) {
    return open == T_LEFT_PAREN ? T_RIGHT_PAREN : open == T_LEFT_BRACKET ? T_RIGHT_BRACKET : T_RIGHT_BRACE;
}

static void abandon_declaration(struct filter *filter, uint32_t i) {
    syntax_report(filter->reporter, E_TOO_DEEP, token_span(filter->list, i),
                  "brackets are nested more than %d deep", (int)PARSE_MAX_DEPTH);
    filter_emit(filter, T_MIG_error, i, 1);
    for (uint32_t f = 0; f < filter->frames.count; f++)
        filter->frames.items[f].tainted = true;
    filter->doubtful = true;
    filter->abandoned = true;
}

static uint32_t open_bracket(struct filter *filter, int kind, uint32_t i) {
    struct frame *top = filter_top(filter);
    if (filter->frames.count > PARSE_MAX_DEPTH) {
        abandon_declaration(filter, i);
        return 1;
    }
    bool inner = kind == T_LEFT_BRACE && (top->match || (filter->frames.count > 1 && !top->sheet));
    if (kind == T_LEFT_BRACE && !inner && filter->clauses && filter->frames.count == 1) end_item(filter, i);
    if (kind == T_LEFT_BRACE) top->match = top->sheet = false;
    filter_emit(filter, kind, i, 1);
    struct parse_token *token = &filter->stream->items.items[filter->stream->items.count - 1];
    token->inner = inner;
    token->match = filter->stream->items.count - 1;
    struct frame frame = {.open = kind, .token = i, .stream = token->match, .inner = inner};
    VEC_PUSH(filter->scratch, &filter->frames, frame);
    filter->has_body |= kind == T_LEFT_BRACE;
    return 1;
}

/* The body of a map begins with token i, without its brace, which is then put in: a brace further down closes
 * what nothing opened. */
static bool is_missing_body(const struct filter *filter, uint32_t i) {
    if (filter->declaration != T_D_MAP || filter->has_body || filter->frames.count > 1) return false;
    int open = 0;
    for (; filter_kind(filter, i) != TOKEN_END; i++) {
        bool column_1 = token_starts_line(filter->list, i);
        if (column_1 && filter_kind(filter, i) == TOKEN_WORD &&
            declaration_find(filter_text(filter, i)) != NULL)
            return false;
        if (filter_kind(filter, i) == TOKEN_LEFT_BRACE) open++;
        if (filter_kind(filter, i) == TOKEN_RIGHT_BRACE && --open < 0) return true;
    }
    return false;
}

static void put_in_body(struct filter *filter, uint32_t i) {
    struct span span = token_span(filter->list, i);
    struct diag *diag =
        syntax_report(filter->reporter, E_SYNTAX, span, "expected `{` before the map's body, found `%.*s`",
                      STR_ARG(span_text(span)));
    SYNTAX_FIX(filter->reporter, diag, ((struct span){span.source, span.start, span.start}), STR("{ "));
    end_item(filter, i);
    emit_empty(filter, T_LEFT_BRACE, i, false);
    uint32_t at = filter->stream->items.count - 1;
    filter->stream->items.items[at].match = at;
    VEC_PUSH(filter->scratch, &filter->frames,
             (struct frame){.open = T_LEFT_BRACE, .token = i, .stream = at});
    filter->has_body = true;
}

/* Forgets the innermost bracket, whose closing one was just emitted. */
static void pop_frame(struct filter *filter) {
    bool tainted = filter_top(filter)->tainted;
    filter->stream->items.items[filter_top(filter)->stream].match = filter->stream->items.count - 1;
    filter->frames.count--;
    if (tainted) filter_top(filter)->tainted = true;
}

/* Closes the innermost bracket, which has no closing one before token `next`. */
static void close_missing(struct filter *filter, uint32_t next) {
    struct frame *top = filter_top(filter);
    if (!top->tainted) {
        struct diag *diag = syntax_report(filter->reporter, E_UNCLOSED, token_span(filter->list, top->token),
                                          "`%s` is never closed", bracket_text(top->open));
        if (filter_kind(filter, next) != TOKEN_END)
            SYNTAX_LABEL(filter->reporter, diag, token_span(filter->list, next), "%s",
                         filter->frames.count == 2 && top->open == T_LEFT_BRACE
                             ? "the next declaration begins here"
                             : "something else begins here");
    }
    if (top->open == T_LEFT_BRACE) {
        end_item(filter, next);
    } else { /* what follows is read as if it stood inside: its errors are echoes of this one */
        for (uint32_t i = top->stream + 1; i < filter->stream->items.count; i++)
            filter->stream->items.items[i].doubtful = true;
        filter->doubtful = true;
    }
    emit_empty(filter, closing_of(top->open), next, true);
    pop_frame(filter);
}

static uint32_t close_bracket(struct filter *filter, int kind, uint32_t i) {
    uint32_t f = filter->frames.count - 1;
    while (f > 0 && closing_of(filter->frames.items[f].open) != kind) {
        if (filter->frames.items[f].open == T_LEFT_BRACE) f = 1; /* an item's bracket closes no block */
        f--;
    }
    int open = filter_top(filter)->open;
    if (f == 0 && kind != T_RIGHT_BRACE && (open == T_LEFT_PAREN || open == T_LEFT_BRACKET)) {
        const char *wanted = open == T_LEFT_PAREN ? ")" : "]";
        struct span span = token_span(filter->list, i);
        struct diag *diag = syntax_report(filter->reporter, E_UNCLOSED, span, "`%s` belongs here, not `%.*s`",
                                          wanted, STR_ARG(span_text(span)));
        SYNTAX_LABEL(filter->reporter, diag, token_span(filter->list, filter_top(filter)->token),
                     "opened here");
        SYNTAX_FIX(filter->reporter, diag, span, str_cstr(wanted));
        filter_emit(filter, closing_of(open), i, 1);
        pop_frame(filter);
        return 1;
    }
    if (f == 0) {
        if (!filter->doubtful && !filter_top(filter)->tainted) {
            struct span span = token_span(filter->list, i);
            struct diag *diag =
                syntax_report(filter->reporter, E_UNCLOSED, span, "`%.*s` closes nothing that is open here",
                              STR_ARG(span_text(span)));
            SYNTAX_FIX(filter->reporter, diag, span, STR(""));
        }
        return 1;
    }
    while (filter->frames.count - 1 > f)
        close_missing(filter, i);
    if (kind == T_RIGHT_BRACE) end_item(filter, i);
    filter_emit(filter, kind, i, 1);
    pop_frame(filter);
    return 1;
}

/* ------------------------------------------------------------------ line ends */

/* `- 1 =>` and `- 1, …`: a negative key. */
static bool starts_negative_key(const struct filter *filter, uint32_t i) {
    enum token_kind number = filter_kind(filter, i + 1), next = filter_kind(filter, i + 2);
    return filter_kind(filter, i) == TOKEN_MINUS &&
           (number == TOKEN_INT || number == TOKEN_DECIMAL || number == TOKEN_FLOAT) &&
           (next == TOKEN_FAT_ARROW || next == TOKEN_COMMA);
}

/* `('a', 'b') =>` in a code table: a composite key. */
static bool starts_composite_key(const struct filter *filter, uint32_t i) {
    if (filter_kind(filter, i) != TOKEN_LEFT_PAREN ||
        (filter->declaration != T_D_CODES && filter->declaration != T_D_TEST))
        return false;
    uint32_t at = i + 1;
    while (filter_same_line(filter, at) && filter_kind(filter, at) != TOKEN_RIGHT_PAREN &&
           filter_kind(filter, at) != TOKEN_END)
        at++;
    enum token_kind next = filter_kind(filter, at + 1);
    return filter_kind(filter, at) == TOKEN_RIGHT_PAREN && (next == TOKEN_FAT_ARROW || next == TOKEN_COMMA);
}

/* Two words that no operator joins: `let x`, `lookup y`, also when they are misspelt; never an expression. */
static bool starts_two_words(const struct filter *filter, uint32_t i) {
    static const char *const joins[] = {"and",     "or", "not", "in",   "is",  "like", "between",
                                        "matches", "as", "on",  "desc", "asc", "keep"};
    if (filter_kind(filter, i) != TOKEN_WORD || filter_kind(filter, i + 1) != TOKEN_WORD ||
        !filter_same_line(filter, i + 1))
        return false;
    for (size_t w = 0; w < sizeof joins / sizeof *joins; w++)
        if (filter_is_operator_word(filter, i, joins[w]) || filter_is_operator_word(filter, i + 1, joins[w]))
            return false;
    return true;
}

/* `word type` among the columns of a source. */
static bool starts_column(const struct filter *filter, uint32_t i) {
    static const char *const others[] = {"like", "between", "matches", "as", "use",  "and",
                                         "or",   "not",     "in",      "is", "then", "else"};
    if (filter->declaration != T_D_SOURCE || !filter_is_name(filter, i) ||
        filter_kind(filter, i + 1) != TOKEN_WORD || !filter_same_line(filter, i + 1) ||
        filter_event_token(filter, i))
        return false;
    for (size_t w = 0; w < sizeof others / sizeof *others; w++)
        if (filter_is_word(filter, i, others[w])) return false;
    return true;
}

/* A line that begins like this is an item, whatever was open before it. */
static bool always_starts_item(const struct filter *filter, uint32_t i) {
    enum token_kind next = filter_kind(filter, i + 1);
    if (starts_column(filter, i)) return true;
    bool steps = filter->declaration == T_D_TEST && filter_same_line(filter, i + 1);
    if (next == TOKEN_FAT_ARROW)
        return filter->frames.count > 1 && filter_kind(filter, i) <= TOKEN_BLOCK_TEXT;
    if (!filter_is_name(filter, i)) return filter_kind(filter, i) == TOKEN_ELLIPSIS;
    if (next == TOKEN_ASSIGN || next == TOKEN_COLON) return true;
    if (filter_is_word(filter, i, "let") || filter_is_word(filter, i, "validate"))
        return starts_two_words(filter, i) || filter_kind(filter, i + 1) == TOKEN_QUOTED_NAME;
    if (filter_is_word(filter, i, "param")) return steps && starts_two_words(filter, i);
    if (filter_is_word(filter, i, "given") || filter_is_word(filter, i, "assert"))
        return steps && filter_is_name(filter, i + 1);
    if (filter_is_word(filter, i, "expect"))
        return steps && (filter_is_name(filter, i + 1) || next == TOKEN_INT);
    return false;
}

static bool last_wants_more(const struct filter *filter) {
    switch (filter->last) {
    case T_COMMA:
    case T_PLUS:
    case T_MINUS:
    case T_STAR:
    case T_SLASH:
    case T_PERCENT:
    case T_CONCAT:
    case T_COALESCE:
    case T_EQUAL:
    case T_NOT_EQUAL:
    case T_LESS:
    case T_LESS_EQUAL:
    case T_GREATER:
    case T_GREATER_EQUAL:
    case T_ASSIGN:
    case T_FAT_ARROW:
    case T_ARROW:
    case T_COLON:
    case T_DOUBLE_COLON:
    case T_DOT:
    case T_ELLIPSIS:
    case T_AND:
    case T_OR:
    case T_NOT:
    case T_NOT_IN:
    case T_NOT_LIKE:
    case T_NOT_BETWEEN:
    case T_NOT_MATCHES:
    case T_BETWEEN_AND:
    case T_IN:
    case T_IS:
    case T_IF:
    case T_THEN:
    case T_ELSE:
    case T_MATCH: return true;
    default: return false;
    }
}

static bool is_clause_word(const struct filter *filter, uint32_t i) {
    static const char *const words[] = {"from",     "each",   "join",    "left",      "lookup",    "where",
                                        "group",    "order",  "unique",  "key",       "partition", "into",
                                        "rollback", "commit", "rebuild", "tolerance", "after",     "keep",
                                        "except",   "select", "source",  "target",    "sql",       "sample"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (filter_is_word(filter, i, words[w])) return true;
    return filter_event_token(filter, i) == T_ON_CONFLICT;
}

/* Between clauses: a clause's own word waits for what follows it. */
static bool last_is_open_clause(const struct filter *filter) {
    switch (filter->last) {
    case T_FROM:
    case T_EACH:
    case T_JOIN:
    case T_LEFT_JOIN:
    case T_LOOKUP:
    case T_LEFT_LOOKUP:
    case T_WHERE:
    case T_GROUP_BY:
    case T_ORDER_BY:
    case T_UNIQUE_BY:
    case T_KEY:
    case T_PARTITION_BY:
    case T_INTO:
    case T_SELECT:
    case T_ON:
    case T_AS:
    case T_BY:
    case T_SQL: return true;
    default: return false;
    }
}

/* A clause's word at the start of a line and what can only follow a clause's word: not part of an expression
 * that was left open. */
static bool certainly_starts_clause(const struct filter *filter, uint32_t i) {
    enum token_kind next = filter_kind(filter, i + 1);
    return filter->clauses && is_clause_word(filter, i) && filter_same_line(filter, i + 1) &&
           (next == TOKEN_WORD || next == TOKEN_QUOTED_NAME || next == TOKEN_INT ||
            next == TOKEN_BLOCK_TEXT) &&
           (starts_two_words(filter, i) || next != TOKEN_WORD);
}

/* A line that begins with token i goes on with the one before. */
static bool continues_line(const struct filter *filter, uint32_t i) {
    static const char *const words[] = {"and",  "or",   "not",  "in",      "is",
                                        "then", "else", "like", "between", "matches"};
    static const char *const clause_words[] = {"on", "as", "by", "desc", "asc", "because"};
    bool between_clauses = filter->frames.count == 1;
    if (last_wants_more(filter)) return true;
    if (between_clauses && last_is_open_clause(filter) && !is_clause_word(filter, i) &&
        !starts_two_words(filter, i))
        return true;
    enum token_kind kind = filter_kind(filter, i);
    if (kind != TOKEN_WORD)
        return kind >= TOKEN_PLUS && kind <= TOKEN_LEFT_BRACE && kind != TOKEN_SEMICOLON &&
               kind != TOKEN_ELLIPSIS && !starts_negative_key(filter, i) && !starts_composite_key(filter, i);
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (filter_is_operator_word(filter, i, words[w])) return true;
    if (filter_is_word(filter, i, "use") || filter_is_word(filter, i, "as")) return true;
    int event = filter_event_token(filter, i);
    if (event) return !(between_clauses && event == T_ON_CONFLICT);
    if (!between_clauses) return false;
    for (size_t w = 0; w < sizeof clause_words / sizeof *clause_words; w++)
        if (filter_is_word(filter, i, clause_words[w])) return true;
    return filter_is_word(filter, i, "keep") &&
           (filter_is_word(filter, i + 1, "first") || filter_is_word(filter, i + 1, "last"));
}

/* The lowest frame that holds items: a brace that is not inside an item. 0 when there is none. */
static uint32_t items_frame(const struct filter *filter) {
    for (uint32_t f = filter->frames.count; f-- > 1;)
        if (filter->frames.items[f].open == T_LEFT_BRACE && !filter->frames.items[f].inner) return f;
    return 0;
}

/* The frame that an item which begins at i belongs to: `name:` and `key =>` stand in braces inside items too,
 * all else in the declaration's own. */
static uint32_t frame_of_item(const struct filter *filter, uint32_t i) {
    if (filter_kind(filter, i + 1) == TOKEN_COLON || filter_kind(filter, i + 1) == TOKEN_FAT_ARROW)
        for (uint32_t f = filter->frames.count; f-- > 1;)
            if (filter->frames.items[f].open == T_LEFT_BRACE) return f;
    return items_frame(filter);
}

static void line_break(struct filter *filter, uint32_t i) {
    if (filter->frames.count == 1 && always_starts_item(filter, i) && is_missing_body(filter, i))
        put_in_body(filter, i);
    bool starts = filter->frames.count > 1 && always_starts_item(filter, i);
    uint32_t items = starts ? frame_of_item(filter, i) : 0;
    if (items)
        while (filter->frames.count - 1 > items)
            close_missing(filter, i);
    if (!items && items_frame(filter) == 0 && filter->frames.count > 1 && certainly_starts_clause(filter, i))
        while (filter->frames.count > 1)
            close_missing(filter, i);
    struct frame *top = filter_top(filter);
    if (top->open == T_LEFT_PAREN || top->open == T_LEFT_BRACKET) return;
    if (top->open == 0 && !filter->clauses) return;
    if (!starts && (top->cases || continues_line(filter, i))) return;
    if (top->open == 0 && filter_kind(filter, i) == TOKEN_RIGHT_BRACE) return;
    if (filter->stream->items.count && filter->last != T_START_FILE) end_item(filter, i);
}

static uint32_t semicolon(struct filter *filter, uint32_t i) {
    struct frame *top = filter_top(filter);
    struct span span = token_span(filter->list, i);
    if (top->open == T_LEFT_BRACE) {
        end_item(filter, i);
        return 1;
    }
    if (top->open == 0) {
        struct diag *diag = syntax_report(filter->reporter, E_SYNTAX, span, "a declaration ends without `;`");
        SYNTAX_HELP(filter->reporter, diag, "`;` separates items between braces.");
        SYNTAX_FIX(filter->reporter, diag, span, STR(""));
        return 1;
    }
    struct diag *diag =
        syntax_report(filter->reporter, E_SYNTAX, span, "`;` stands inside `%s`", bracket_text(top->open));
    SYNTAX_HELP(filter->reporter, diag, "Between brackets, values are separated by `,`.");
    return filter_emit(filter, T_COMMA, i, 1);
}

/* ------------------------------------------------------------------ declarations */

static bool is_declaration_start(const struct filter *filter, uint32_t i) {
    return (filter_is_word(filter, i, "before") && filter_is_word(filter, i + 1, "check")) ||
           (filter_is_word(filter, i, "extern") && filter_is_word(filter, i + 1, "fn")) ||
           (filter_kind(filter, i) == TOKEN_WORD && declaration_find(filter_text(filter, i)) != NULL);
}

/* A line of the declaration above that was not indented: read as if it were, and reported once. */
static bool is_unindented_line(struct filter *filter, uint32_t i) {
    bool item = filter->frames.count > 1 && always_starts_item(filter, i);
    bool clause = filter->frames.count == 1 && filter->clauses && is_clause_word(filter, i);
    if (!filter->declaration || (!item && !clause)) return false;
    if (!filter->indent_reported) {
        struct span span = token_span(filter->list, i);
        struct diag *diag = syntax_report(filter->reporter, E_SYNTAX, span, "`%.*s` must be indented",
                                          STR_ARG(span_text(span)));
        SYNTAX_HELP(filter->reporter, diag, "Only declarations start in column 1.");
    }
    filter->indent_reported = true;
    return true;
}

static bool starts_declaration(struct filter *filter, uint32_t i) {
    if (filter->mode != FILTER_FILE) return false;
    bool column_1 = token_starts_line(filter->list, i);
    if (!filter->declaration) {
        if (!column_1)
            syntax_report(filter->reporter, E_SYNTAX, token_span(filter->list, i),
                          "a declaration starts in column 1");
        return true;
    }
    if (!column_1) return false;
    if (is_declaration_start(filter, i)) return true;
    return filter_is_name(filter, i) && !is_unindented_line(filter, i);
}

static void end_declaration(struct filter *filter, uint32_t next) {
    if (filter->declaration) {
        while (filter->frames.count > 1)
            close_missing(filter, next);
        if (filter->clauses) end_item(filter, next);
        emit_empty(filter, T_END, next, false);
    }
    *filter_top(filter) = (struct frame){0};
    filter->declaration = 0;
    filter->abandoned = filter->indent_reported = filter->doubtful = filter->clauses = filter->has_body =
        false;
}

static void begin_declaration(struct filter *filter, uint32_t i) {
    end_declaration(filter, i);
    const struct keyword *word =
        filter_kind(filter, i) == TOKEN_WORD ? declaration_find(filter_text(filter, i)) : NULL;
    bool before = filter_is_word(filter, i, "before") && filter_is_word(filter, i + 1, "check");
    filter->declaration = word ? word->token : T_NAME;
    filter->declaration_next = filter_is_name(filter, i);
    filter->clauses = before || filter->declaration == T_D_MAP || filter->declaration == T_D_CHECK;
}

/* ------------------------------------------------------------------ all tokens */

static uint32_t sql_not_equal(struct filter *filter, uint32_t i) {
    struct span span = token_span(filter->list, i);
    /* `<> null` is told as a comparison with null. */
    if (str_is(span_text(span), "<>") && !filter_is_word(filter, i + 1, "null")) {
        struct diag *diag = syntax_report(filter->reporter, E_SQL_SPELLING, span, "mig writes `!=` for `<>`");
        SYNTAX_FIX(filter->reporter, diag, span, STR("!="));
    }
    return filter_emit(filter, T_NOT_EQUAL, i, 1);
}

static uint32_t emit_token(struct filter *filter, uint32_t i) {
    static const int signs[TOKEN_KIND_COUNT] = {[TOKEN_PLUS] = T_PLUS,
                                                [TOKEN_MINUS] = T_MINUS,
                                                [TOKEN_STAR] = T_STAR,
                                                [TOKEN_SLASH] = T_SLASH,
                                                [TOKEN_PERCENT] = T_PERCENT,
                                                [TOKEN_CONCAT] = T_CONCAT,
                                                [TOKEN_COALESCE] = T_COALESCE,
                                                [TOKEN_EQUAL] = T_EQUAL,
                                                [TOKEN_LESS] = T_LESS,
                                                [TOKEN_LESS_EQUAL] = T_LESS_EQUAL,
                                                [TOKEN_GREATER] = T_GREATER,
                                                [TOKEN_GREATER_EQUAL] = T_GREATER_EQUAL,
                                                [TOKEN_ASSIGN] = T_ASSIGN,
                                                [TOKEN_FAT_ARROW] = T_FAT_ARROW,
                                                [TOKEN_ARROW] = T_ARROW,
                                                [TOKEN_COLON] = T_COLON,
                                                [TOKEN_DOUBLE_COLON] = T_DOUBLE_COLON,
                                                [TOKEN_COMMA] = T_COMMA,
                                                [TOKEN_DOT] = T_DOT,
                                                [TOKEN_ELLIPSIS] = T_ELLIPSIS,
                                                [TOKEN_QUESTION] = T_QUESTION,
                                                [TOKEN_PARAM] = T_PARAM,
                                                [TOKEN_RAW_TEXT] = T_RAW_TEXT,
                                                [TOKEN_TEXT] = T_TEXT,
                                                [TOKEN_BLOCK_TEXT] = T_BLOCK_TEXT,
                                                [TOKEN_BAD] = T_MIG_error};
    enum token_kind kind = filter_kind(filter, i);
    if (kind == TOKEN_ELLIPSIS && is_missing_body(filter, i)) put_in_body(filter, i);
    switch (kind) {
    case TOKEN_WORD:
    case TOKEN_QUOTED_NAME: return filter_word(filter, i);
    case TOKEN_INT:
    case TOKEN_DECIMAL:
    case TOKEN_FLOAT: return filter_number(filter, i);
    case TOKEN_NOT_EQUAL: return sql_not_equal(filter, i);
    case TOKEN_SEMICOLON: return semicolon(filter, i);
    case TOKEN_LEFT_PAREN: return open_bracket(filter, T_LEFT_PAREN, i);
    case TOKEN_RIGHT_PAREN: return close_bracket(filter, T_RIGHT_PAREN, i);
    case TOKEN_LEFT_BRACKET:
        if (filter_kind(filter, i + 1) == TOKEN_RIGHT_BRACKET && filter_same_line(filter, i + 1))
            return filter_emit(filter, T_BRACKETS, i, 2);
        return open_bracket(filter, T_LEFT_BRACKET, i);
    case TOKEN_RIGHT_BRACKET: return close_bracket(filter, T_RIGHT_BRACKET, i);
    case TOKEN_LEFT_BRACE: return open_bracket(filter, T_LEFT_BRACE, i);
    case TOKEN_RIGHT_BRACE: return close_bracket(filter, T_RIGHT_BRACE, i);
    default: return filter_emit(filter, signs[kind], i, 1);
    }
}

void filter_tokens(struct parse_stream *stream, struct arena *scratch, const struct token_list *tokens,
                   enum filter_mode mode, struct syntax_reporter *reporter) {
    struct filter filter = {
        .stream = stream, .scratch = scratch, .list = tokens, .reporter = reporter, .mode = mode};
    *stream = (struct parse_stream){0};
    struct frame lowest = {0};
    VEC_PUSH(scratch, &filter.frames, lowest);
    uint32_t i = 0;
    while (filter_kind(&filter, i) != TOKEN_END) {
        if (starts_declaration(&filter, i)) begin_declaration(&filter, i);
        if (filter.abandoned) {
            i++;
            continue;
        }
        if (filter.list->tokens.items[i].newlines_before && !filter.declaration_next) line_break(&filter, i);
        i += emit_token(&filter, i);
    }
    while (filter.frames.count > 1)
        close_missing(&filter, i);
    if (mode == FILTER_FILE) end_declaration(&filter, i);
    emit_empty(&filter, T_END_OF_FILE, i, false);
}

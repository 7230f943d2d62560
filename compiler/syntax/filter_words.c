/* Which token of the grammar a word is, and which words make one token together. */
#include "compiler/syntax/ast.h"
#include "compiler/syntax/filter_state.h"

#include "mig_parser.h"

#include <ctype.h>

static bool is_upper_of(struct str text, const char *word) {
    if (text.len != strlen(word)) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != toupper((unsigned char)word[i])) return false;
    return true;
}

bool filter_is_operator_word(const struct filter *filter, uint32_t i, const char *word) {
    if (filter_kind(filter, i) != TOKEN_WORD) return false;
    struct str text = filter_text(filter, i);
    return str_is(text, word) || is_upper_of(text, word);
}

/* What the last token was can end an operand: an operator may follow. */
static bool filter_after_operand(const struct filter *filter) {
    switch (filter->last) {
    case T_NAME:
    case T_PARAM:
    case T_INT:
    case T_DECIMAL:
    case T_FLOAT:
    case T_RAW_TEXT:
    case T_TEXT:
    case T_BLOCK_TEXT:
    case T_TYPED:
    case T_DURATION:
    case T_BAD_LITERAL:
    case T_RIGHT_PAREN:
    case T_RIGHT_BRACKET:
    case T_RIGHT_BRACE:
    case T_BRACKETS:
    case T_TRUE:
    case T_FALSE:
    case T_NULL:
    case T_IS_NULL:
    case T_IS_NOT_NULL:
    case T_CASE_END: return true;
    case T_WHERE:
    case T_WHEN:
    case T_KEY:
    case T_ON:
    case T_BY:
    case T_USE:
    case T_ASSERT:
    case T_SELECT: return false;
    default: break;
    }
    uint32_t count;
    const struct keyword *table = keyword_table(&count);
    for (uint32_t i = 0; i < count; i++)
        if (table[i].token == filter->last) return table[i].use != KEYWORD_RESERVED;
    return false;
}

int filter_event_token(const struct filter *filter, uint32_t i) {
    if (!filter_is_word(filter, i, "on") || filter_kind(filter, i + 1) != TOKEN_WORD ||
        !filter_same_line(filter, i + 1))
        return 0;
    int event = keyword_event(filter_text(filter, i + 1));
    bool action = filter_kind(filter, i + 2) == TOKEN_WORD && keyword_is_action(filter_text(filter, i + 2));
    if (event < 0) return 0;
    if (event ==
        EVENT_CONFLICT) { /* anything but an operator: what is wrong with it is the grammar's to say */
        enum token_kind next = filter_kind(filter, i + 2);
        bool is_operator = (next >= TOKEN_PLUS && next <= TOKEN_QUESTION) || next == TOKEN_LEFT_BRACKET;
        return is_operator ? 0 : T_ON_CONFLICT;
    }
    if (!action) return 0;
    return event == EVENT_FAIL ? T_ON_FAIL : T_ON_EVENT;
}

/* Words that make one token when they stand beside each other on a line. */
static const struct {
    const char *first, *second;
    int token;
} PAIRS[] = {
    {"left", "join", T_LEFT_JOIN},
    {"left", "lookup", T_LEFT_LOOKUP},
    {"group", "by", T_GROUP_BY},
    {"order", "by", T_ORDER_BY},
    {"unique", "by", T_UNIQUE_BY},
    {"partition", "by", T_PARTITION_BY},
    {"keep", "crosswalk", T_KEEP_CROSSWALK},
};

static int pair_token(const struct filter *filter, uint32_t i) {
    if (filter_kind(filter, i + 1) != TOKEN_WORD || !filter_same_line(filter, i + 1)) return 0;
    for (size_t p = 0; p < sizeof PAIRS / sizeof *PAIRS; p++)
        if (filter_is_word(filter, i, PAIRS[p].first) && filter_is_word(filter, i + 1, PAIRS[p].second))
            return PAIRS[p].token;
    return 0;
}

/* date '…', uuid '…': the word is a type and a text follows. After `sheet` and in a declaration's own name it
 * is a name. */
static bool is_typed_literal(const struct filter *filter, uint32_t i) {
    static const char *const types[] = {"date",     "time", "timestamp", "timestamptz",
                                        "interval", "uuid", "json",      "bytes"};
    if (filter_kind(filter, i + 1) != TOKEN_RAW_TEXT || !filter_same_line(filter, i + 1)) return false;
    if (filter->last == T_SHEET || filter->last == T_D_CHECK || filter->last == T_D_BEFORE_CHECK)
        return false;
    if (filter->last == T_COLON && filter->frames.count == 1) return false; /* source x : json 'file' */
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        if (filter_is_word(filter, i, types[t])) return true;
    return false;
}

/* `sheet NAME …{` as a line of a source, not a column called sheet. */
static bool is_sheet(const struct filter *filter, uint32_t i) {
    if (filter->declaration != T_D_SOURCE || filter->frames.count != 2 ||
        !filter_is_word(filter, i, "sheet") || !filter_is_name(filter, i + 1) ||
        !filter_same_line(filter, i + 1) || (filter->last != T_NL && filter->last != T_LEFT_BRACE))
        return false;
    uint32_t at = i + 2;
    if (filter_same_line(filter, at) && filter_kind(filter, at) == TOKEN_RAW_TEXT) return true;
    for (; filter_same_line(filter, at) && filter_kind(filter, at) != TOKEN_END &&
           filter_kind(filter, at) != TOKEN_SEMICOLON;
         at++)
        if (filter_kind(filter, at) == TOKEN_LEFT_BRACE) return true;
    return filter_kind(filter, at) == TOKEN_LEFT_BRACE;
}

static struct span words_span(const struct filter *filter, uint32_t first, uint32_t count) {
    return span_join(token_span(filter->list, first), token_span(filter->list, first + count - 1));
}

/* Words of SQL in capitals: mig's are small. */
static void report_capitals(struct filter *filter, uint32_t first, uint32_t count, const char *spelling) {
    struct span span = words_span(filter, first, count);
    struct diag *diag =
        syntax_report(filter->reporter, E_SQL_SPELLING, span, "mig writes `%s` in small letters", spelling);
    SYNTAX_FIX(filter->reporter, diag, span, str_cstr(spelling));
}

static uint32_t emit_operator(struct filter *filter, int kind, uint32_t i, uint32_t count,
                              const char *spelling) {
    for (uint32_t w = 0; w < count; w++) {
        struct str text = filter_text(filter, i + w);
        if (isupper((unsigned char)text.ptr[0])) {
            report_capitals(filter, i, count, spelling);
            break;
        }
    }
    return filter_emit(filter, kind, i, count);
}

/* Operators that follow an operand: `is [not] null`, `[not] in|like|between|matches`, `and`, `or`. 0 when the
 * word at i is none. */
static uint32_t infix_word(struct filter *filter, uint32_t i) {
    static const struct {
        const char *word, *negated;
        int token, not_token;
    } operators[] = {{"in", "not in", T_IN, T_NOT_IN},
                     {"like", "not like", T_LIKE, T_NOT_LIKE},
                     {"between", "not between", T_BETWEEN, T_NOT_BETWEEN},
                     {"matches", "not matches", T_MATCHES, T_NOT_MATCHES}};
    if (filter_is_operator_word(filter, i, "is")) {
        bool negated = filter_is_operator_word(filter, i + 1, "not");
        if (!filter_is_operator_word(filter, i + 1 + negated, "null"))
            return emit_operator(filter, T_IS, i, 1, "is");
        return negated ? emit_operator(filter, T_IS_NOT_NULL, i, 3, "is not null")
                       : emit_operator(filter, T_IS_NULL, i, 2, "is null");
    }
    bool negated = filter_is_operator_word(filter, i, "not");
    for (size_t o = 0; o < sizeof operators / sizeof *operators; o++)
        if (filter_is_operator_word(filter, i + negated, operators[o].word)) {
            if (operators[o].token == T_BETWEEN) filter_top(filter)->betweens++;
            return negated ? emit_operator(filter, operators[o].not_token, i, 2, operators[o].negated)
                           : emit_operator(filter, operators[o].token, i, 1, operators[o].word);
        }
    if (filter_is_operator_word(filter, i, "and")) {
        struct frame *top = filter_top(filter);
        bool of_between = top->betweens > 0;
        if (of_between) top->betweens--;
        return emit_operator(filter, of_between ? T_BETWEEN_AND : T_AND, i, 1, "and");
    }
    if (filter_is_operator_word(filter, i, "or")) return emit_operator(filter, T_OR, i, 1, "or");
    return 0;
}

/* SQL's case, cast, NULL and NOT where an operand starts. 0 when the word at i is none of them. */
static uint32_t sql_prefix_word(struct filter *filter, uint32_t i) {
    struct str text = filter_text(filter, i);
    enum token_kind next = filter_kind(filter, i + 1);
    struct frame *top = filter_top(filter);
    bool item_start = filter->last == T_NL || filter->last == T_LEFT_BRACE;
    if (filter_is_operator_word(filter, i, "cast") && next == TOKEN_LEFT_PAREN && !item_start)
        return filter_emit(filter, T_CAST, i, 1);
    if (filter_is_operator_word(filter, i, "case") && !item_start) {
        const struct keyword *keyword = next == TOKEN_WORD ? keyword_find(filter_text(filter, i + 1)) : NULL;
        bool when = filter_is_operator_word(filter, i + 1, "when");
        if (when || next == TOKEN_PARAM || (next == TOKEN_WORD && keyword == NULL)) {
            top->cases++;
            return filter_emit(filter, T_CASE, i, 1);
        }
    }
    if (next == TOKEN_ASSIGN || next == TOKEN_COLON || next == TOKEN_DOT || next == TOKEN_LEFT_PAREN ||
        item_start)
        return 0;
    static const struct {
        const char *word;
        int token;
    } values[] = {{"null", T_NULL}, {"true", T_TRUE}, {"false", T_FALSE}};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        if (is_upper_of(text, values[v].word))
            return emit_operator(filter, values[v].token, i, 1, values[v].word);
    if (str_is(text, "NOT") && (next == TOKEN_WORD || next == TOKEN_PARAM))
        return emit_operator(filter, T_NOT, i, 1, "not");
    return 0;
}

/* when, then, else, end inside SQL's case, in any case of letters. */
static uint32_t case_word(struct filter *filter, uint32_t i) {
    struct frame *top = filter_top(filter);
    if (filter_is_operator_word(filter, i, "end")) {
        top->cases--;
        return filter_emit(filter, T_CASE_END, i, 1);
    }
    if (filter_is_operator_word(filter, i, "when")) return filter_emit(filter, T_WHEN, i, 1);
    if (filter_is_operator_word(filter, i, "then")) return filter_emit(filter, T_THEN, i, 1);
    if (filter_is_operator_word(filter, i, "else")) return filter_emit(filter, T_ELSE, i, 1);
    return 0;
}

static uint32_t declaration_word(struct filter *filter, uint32_t i) {
    filter->declaration_next = false;
    if (filter_is_word(filter, i, "before") && filter_is_word(filter, i + 1, "check"))
        return filter_emit(filter, T_D_BEFORE_CHECK, i, 2);
    if (filter_is_word(filter, i, "extern") && filter_is_word(filter, i + 1, "fn"))
        return filter_emit(filter, T_D_EXTERN_FN, i, 2);
    const struct keyword *word = declaration_find(filter_text(filter, i));
    return filter_emit(filter, word ? word->token : T_NAME, i, 1);
}

uint32_t filter_word(struct filter *filter, uint32_t i) {
    struct frame *top = filter_top(filter);
    if (filter->declaration_next) return declaration_word(filter, i);
    if (filter_kind(filter, i) == TOKEN_QUOTED_NAME || filter->last == T_DOT)
        return filter_emit(filter, T_NAME, i, 1);

    uint32_t used = top->cases ? case_word(filter, i) : 0;
    if (used == 0 && filter_after_operand(filter)) used = infix_word(filter, i);
    if (used == 0 && !filter_after_operand(filter)) used = sql_prefix_word(filter, i);
    if (used) return used;

    int token = filter_event_token(filter, i);
    if (token) {
        int event = keyword_event(filter_text(filter, i + 1));
        used = filter_emit(filter, token, i, 2);
        filter->stream->items.items[filter->stream->items.count - 1].event = (uint8_t)event;
        return used;
    }
    if ((token = pair_token(filter, i))) return filter_emit(filter, token, i, 2);
    if (is_typed_literal(filter, i)) return filter_emit(filter, T_TYPED, i, 2);
    enum token_kind sign = filter_kind(filter, i + 1);
    if (filter_is_word(filter, i, "_") &&
        (sign == TOKEN_FAT_ARROW ||
         (top->inner && (sign == TOKEN_ARROW || sign == TOKEN_ASSIGN || sign == TOKEN_COLON))))
        return filter_emit(filter, T_DEFAULT, i, 1);
    if (is_sheet(filter, i)) {
        top->sheet = true;
        return filter_emit(filter, T_SHEET, i, 1);
    }
    const struct keyword *keyword = keyword_find(filter_text(filter, i));
    if (keyword && keyword->token == T_MATCH) top->match = true;
    return filter_emit(filter, keyword ? keyword->token : T_NAME, i, 1);
}

uint32_t filter_number(struct filter *filter, uint32_t i) {
    const struct token *token = &filter->list->tokens.items[i];
    static const int kinds[] = {[TOKEN_INT] = T_INT, [TOKEN_DECIMAL] = T_DECIMAL, [TOKEN_FLOAT] = T_FLOAT};
    if (token->bad) return filter_emit(filter, T_BAD_LITERAL, i, 1);
    if (token->kind != TOKEN_FLOAT && filter->last != T_EXPECT && filter_same_line(filter, i + 1)) {
        const struct token *next = token + 1;
        if (next->kind == TOKEN_WORD && keyword_is_unit(filter_text(filter, i + 1)))
            return filter_emit(filter, T_DURATION, i, 2);
        if (next->kind == TOKEN_PERCENT && next->start == token->start + token->len)
            return filter_emit(filter, T_PERCENT_NUMBER, i, 2);
    }
    return filter_emit(filter, kinds[token->kind], i, 1);
}

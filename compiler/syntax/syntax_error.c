/* Wording syntax errors: what stood there, what could have, and what was probably meant. */
#include "compiler/syntax/parser.h"

#include "mig_parser.h"

#include <ctype.h>
#include <stdio.h>

/* Everything known about one error. */
struct fault_site {
    struct parser *parser;
    const struct parse_token *found, *before; /* before: NULL at the start */
    struct str found_text;
    const char *const *expected; /* names of the grammar's tokens */
    uint32_t count;
};

static bool expects(const struct fault_site *site, const char *name) {
    for (uint32_t i = 0; i < site->count; i++)
        if (strcmp(site->expected[i], name) == 0) return true;
    return false;
}

static struct span span_of(const struct fault_site *site, const struct parse_token *token) {
    return (struct span){site->parser->source, token->start, token->end};
}

static bool is_line_end(const struct parse_token *token) {
    return token->kind == T_NL || token->kind == T_END || token->kind == T_END_OF_FILE;
}

/* Where the caret goes: at the token found, or behind the one before it when that ended its line. */
static struct span caret(const struct fault_site *site) {
    if (site->before == NULL) return span_of(site, site->found);
    bool later_line = site->parser->tokens.tokens.items[site->found->first].newlines_before > 0;
    if (is_line_end(site->found) || (later_line && site->before->end > site->before->start))
        return (struct span){site->parser->source, site->before->end, site->before->end};
    return span_of(site, site->found);
}

/* ------------------------------------------------------------------ what was expected, in few words */

enum expected_class {
    CLASS_EXPRESSION,
    CLASS_VALUE,
    CLASS_NAME,
    CLASS_TEXT,
    CLASS_NUMBER,
    CLASS_OPERATOR,
    CLASS_COMPARISON,
    CLASS_CLAUSE,
    CLASS_ACTION,
    CLASS_HANDLER,
    CLASS_END,
    CLASS_COUNT
};

static const char *const CLASS_NAMES[CLASS_COUNT] = {
    "an expression", "a value",  "a name",    "a text", "a number",           "an operator",
    "a comparison",  "a clause", "an action", "`on …`", "the end of the line"};

static bool is_in(const char *name, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0) return true;
    return false;
}
#define IS_IN(name, list) is_in((name), (list), sizeof(list) / sizeof *(list))

/* The class that swallows an expected token; -1 when it stands for itself. */
static int class_of(const struct fault_site *site, const char *name, bool expression, bool has_name) {
    static const char *const operators[] = {"+",       "-",       "*",           "/",           "%",
                                            "||",      "??",      "==",          "!=",          "<",
                                            "<=",      ">",       ">=",          "and",         "or",
                                            "in",      "is null", "is not null", "like",        "between",
                                            "matches", "not in",  "not like",    "not between", "not matches",
                                            "[",       "(",       ".",           "::"};
    static const char *const numbers[] = {"a whole number", "a decimal", "a float"};
    static const char *const texts[] = {"a text", "a text with {}", "a text of several lines"};
    static const char *const starts[] = {
        "a parameter", "a typed literal", "a duration", "not", "if", "match", "null",
        "true",        "false",           "-",          "(",   "[",  "[]",    "a malformed literal"};
    static const char *const comparisons[] = {"==", "!=", "<", "<=", ">", ">="};
    static const char *const clauses[] = {
        "from",  "each",           "join",     "left join", "lookup",       "left lookup",
        "where", "group by",       "order by", "unique by", "partition by", "key",
        "into",  "on conflict",    "rollback", "commit",    "rebuild",      "tolerance",
        "after", "keep crosswalk", "except",   "select",    "source",       "target",
        "sql",   "sample",         "keep"};
    static const char *const actions[] = {"use", "skip", "reject", "warn", "fail", "first", "last", "update"};
    const struct keyword *keyword = keyword_find(str_cstr(name));
    bool operand = expects(site, "/"), value = expects(site, "a typed literal");
    if (strcmp(name, "the end of the line") == 0 || strcmp(name, "the end of the declaration") == 0 ||
        strcmp(name, "the end of the file") == 0)
        return CLASS_END;
    if (strcmp(name, "on error") == 0 || strcmp(name, "on fail") == 0) return CLASS_HANDLER;
    if (operand && IS_IN(name, operators)) return CLASS_OPERATOR;
    if (!operand && expects(site, "==") && IS_IN(name, comparisons)) return CLASS_COMPARISON;
    if (expects(site, "partition by") && IS_IN(name, clauses)) return CLASS_CLAUSE;
    if (strcmp(name, "a name") == 0) return expression ? CLASS_EXPRESSION : CLASS_NAME;
    if (expression && (IS_IN(name, starts) || IS_IN(name, numbers) || IS_IN(name, texts)))
        return CLASS_EXPRESSION;
    if (!has_name && expects(site, "use") && expects(site, "skip") && IS_IN(name, actions))
        return CLASS_ACTION;
    if (!expression && value && (IS_IN(name, starts) || IS_IN(name, numbers) || IS_IN(name, texts)))
        return CLASS_VALUE;
    if (has_name && keyword && keyword->use != KEYWORD_RESERVED)
        return expression && keyword->use == KEYWORD_NAMEABLE ? CLASS_EXPRESSION : CLASS_NAME;
    if (IS_IN(name, numbers)) return CLASS_NUMBER;
    if (IS_IN(name, texts)) return CLASS_TEXT;
    return -1;
}

/* Tokens that are read only to show another spelling are never suggested. */
static bool is_hidden(const struct fault_site *site, const char *name) {
    static const char *const hidden[] = {"::", "case", "cast", "end", "a malformed literal", "is", "[]"};
    if (strcmp(name, "=") == 0) return expects(site, "=="); /* SQL's comparison */
    if (strcmp(name, ".") == 0 || strcmp(name, "?") == 0)
        return site->count > 1; /* a longer path, a nullable type */
    return IS_IN(name, hidden);
}

/* "an operator, `then` or the end of the line"; empty when that would be a long list. */
static void describe_expected(const struct fault_site *site, struct buf *out) {
    enum { MOST = 4 };
    bool has_name = expects(site, "a name"),
         expression = has_name && expects(site, "a parameter") && expects(site, "if");
    bool seen[CLASS_COUNT] = {false};
    char words[MOST + 1][40];
    uint32_t count = 0;
    for (uint32_t i = 0; i < site->count && count <= MOST; i++) {
        const char *name = site->expected[i];
        int class = class_of(site, name, expression, has_name);
        if (is_hidden(site, name) || (class >= 0 && seen[class])) continue;
        if (class == CLASS_NAME && expression) continue;
        if (class >= 0) {
            seen[class] = true;
            snprintf(words[count++], sizeof words[0], "%s", CLASS_NAMES[class]);
        } else {
            if (strcmp(name, "and (of between)") == 0) name = "and";
            bool described = strncmp(name, "a ", 2) == 0 || strncmp(name, "the ", 4) == 0;
            snprintf(words[count++], sizeof words[0], described ? "%s" : "`%s`", name);
        }
    }
    if (count > MOST) return;
    for (uint32_t i = 0; i < count; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
}

/* How the found token is called. */
static void describe_found(const struct fault_site *site, struct buf *out) {
    enum { LONGEST = 40 };
    struct str text = site->found_text;
    if (is_line_end(site->found) || text.len == 0) {
        buf_append_cstr(out,
                        site->found->kind == T_NL ? "the end of the line" : "the end of the declaration");
        return;
    }
    switch (site->found->kind) {
    case T_RAW_TEXT:
    case T_TEXT:
    case T_BLOCK_TEXT: buf_append_cstr(out, "the text "); break;
    case T_INT:
    case T_DECIMAL:
    case T_FLOAT: buf_append_cstr(out, "the number "); break;
    default: break;
    }
    const char *newline = memchr(text.ptr, '\n', text.len);
    size_t len = newline ? (size_t)(newline - text.ptr) : text.len;
    bool cut = len > LONGEST || newline;
    if (len > LONGEST) {
        len = LONGEST;
        while (len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
            len--; /* not inside a character */
    }
    buf_printf(out, "`%.*s%s`", (int)len, text.ptr, cut ? "…" : "");
}

/* ------------------------------------------------------------------ what was probably meant */

/* The closest expected keyword to a misspelt word. */
static struct str closest_expected(const struct fault_site *site, struct str wanted) {
    struct str names[256];
    uint32_t count = 0;
    bool has_name = expects(site, "a name");
    for (uint32_t i = 0; i < site->count && count < 256; i++) {
        const char *name = site->expected[i];
        const struct keyword *keyword = keyword_find(str_cstr(name));
        if (!isalpha((unsigned char)name[0]) || is_hidden(site, name) || strncmp(name, "a ", 2) == 0 ||
            strncmp(name, "the ", 4) == 0)
            continue;
        if (has_name && keyword && keyword->use != KEYWORD_RESERVED) continue;
        struct str text = str_cstr(name);
        while (text.len && text.ptr[text.len - 1] == ' ')
            text.len--;
        names[count++] = text;
    }
    if (count == 0) return STR("");
    struct str closest = diag_closest_name(wanted, names, count);
    if (closest.len) return closest;
    for (uint32_t i = 0; i < count; i++) { /* the first word of `group by` */
        const char *blank = memchr(names[i].ptr, ' ', names[i].len);
        if (blank == NULL) continue;
        struct str first = {names[i].ptr, (size_t)(blank - names[i].ptr)};
        if (diag_closest_name(wanted, &first, 1).len) return names[i];
    }
    return STR("");
}

/* Other languages' words for mig's declarations. */
static const struct {
    const char *foreign, *mig;
} SYNONYMS[] = {
    {"import", "use"},     {"include", "use"},     {"require", "use"},      {"function", "fn"},
    {"func", "fn"},        {"def", "fn"},          {"define", "fn"},        {"transform", "map"},
    {"mapping", "map"},    {"table", "map"},       {"const", "param"},      {"parameter", "param"},
    {"var", "param"},      {"env", "environment"}, {"enum", "codes"},       {"dictionary", "codes"},
    {"validate", "check"}, {"assert", "check"},    {"verify", "check"},     {"database", "target"},
    {"input", "source"},   {"dataset", "source"},  {"extern", "extern fn"}, {"before", "before check"}};

static struct str meant_declaration(struct str word) {
    struct str names[40];
    uint32_t count = 0, total;
    const struct keyword *table = declaration_table(&total);
    for (size_t i = 0; i < sizeof SYNONYMS / sizeof *SYNONYMS; i++)
        if (str_is(word, SYNONYMS[i].foreign)) return str_cstr(SYNONYMS[i].mig);
    if (word.len < 3) return STR("");
    for (uint32_t i = 0; i < total && count < 40; i++)
        names[count++] = str_cstr(table[i].text);
    return diag_closest_name(word, names, count);
}

static struct diag *report(const struct fault_site *site, enum diag_code code, const char *message) {
    return syntax_report(site->parser->reporter, code, caret(site), "%s", message);
}

/* Something other than a declaration where one must start. */
static bool case_declaration(const struct fault_site *site) {
    if (!expects(site, "migration")) return false;
    struct syntax_reporter *reporter = site->parser->reporter;
    struct diag *diag = syntax_report(reporter, E_SYNTAX, span_of(site, site->found),
                                      "`%.*s` does not start a declaration", STR_ARG(site->found_text));
    struct str meant = meant_declaration(site->found_text);
    if (meant.len) {
        SYNTAX_HELP(reporter, diag, "Did you mean `%.*s`?", STR_ARG(meant));
        SYNTAX_FIX(reporter, diag, span_of(site, site->found), meant);
    } else {
        SYNTAX_HELP(reporter, diag,
                    "Declarations start with `map`, `source`, `target`, `codes`, `fn`, `param`, `check`, "
                    "`test` and the like, in column 1; all other lines are indented.");
    }
    return true;
}

/* The signs that stand between a name and its value are easily mixed up. */
static bool case_wrong_sign(const struct fault_site *site) {
    static const char *const signs[] = {"=", ":", "=>", "->"};
    static const int kinds[] = {T_ASSIGN, T_COLON, T_FAT_ARROW, T_ARROW, T_EQUAL, T_GREATER};
    const struct parse_token *sign = NULL;
    const char *wanted = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (site->found->kind == kinds[i]) sign = site->found;
    if (sign == NULL && is_line_end(site->found) && expects(site, "=>")) /* 'a' = 1: a comparison so far */
        for (const struct parse_token *t = site->found - 1;
             t > site->parser->stream.items.items && t->kind != T_NL && t->kind != T_LEFT_BRACE; t--)
            if (t->kind == T_ASSIGN) sign = t;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (expects(site, signs[i]) && !(signs[i][0] == '=' && signs[i][1] == '\0' && expects(site, "=="))) {
            if (wanted) return false;
            wanted = signs[i];
        }
    if (sign == NULL || wanted == NULL) return false;
    struct syntax_reporter *reporter = site->parser->reporter;
    struct span span = span_of(site, sign);
    struct diag *diag = syntax_report(reporter, E_SYNTAX, span, "`%s` belongs here, not `%.*s`", wanted,
                                      STR_ARG(span_text(span)));
    SYNTAX_FIX(reporter, diag, span, str_cstr(wanted));
    return true;
}

static bool case_reserved(const struct fault_site *site) {
    const struct keyword *keyword = keyword_find(site->found_text);
    bool expression = expects(site, "if"), name = expects(site, "a name");
    if (!name || keyword == NULL || keyword->use == KEYWORD_NAMEABLE) return false;
    if (expression && keyword->use != KEYWORD_NOT_BARE) return false;
    struct syntax_reporter *reporter = site->parser->reporter;
    struct diag *diag = syntax_report(reporter, E_RESERVED_WORD, span_of(site, site->found),
                                      "`%.*s` is a reserved word", STR_ARG(site->found_text));
    SYNTAX_HELP(reporter, diag, "As a name it needs backticks: `` `%.*s` ``.", STR_ARG(site->found_text));
    if (diag)
        diag_fix(reporter->diags, diag, span_of(site, site->found),
                 arena_printf(reporter->diags->arena, "`%.*s`", STR_ARG(site->found_text)));
    return true;
}

static bool case_chained_comparison(const struct fault_site *site) {
    static const int kinds[] = {T_EQUAL,         T_NOT_EQUAL,   T_LESS,    T_LESS_EQUAL,  T_GREATER,
                                T_GREATER_EQUAL, T_IN,          T_NOT_IN,  T_LIKE,        T_NOT_LIKE,
                                T_BETWEEN,       T_NOT_BETWEEN, T_MATCHES, T_NOT_MATCHES, T_IS_NULL,
                                T_IS_NOT_NULL,   T_ASSIGN};
    bool comparison = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        comparison = comparison || site->found->kind == kinds[i];
    if (!comparison || !expects(site, "and") || expects(site, "==")) return false;
    struct diag *diag = report(site, E_SYNTAX, "comparisons do not chain");
    SYNTAX_HELP(site->parser->reporter, diag,
                "Join them with `and`, or put one of them between parentheses.");
    return true;
}

/* `on` with an event or an action that there is not. */
static bool case_on(const struct fault_site *site) {
    static const struct str events[] = {{"error", 5},   {"null", 4},      {"missing", 7},
                                        {"skipped", 7}, {"duplicate", 9}, {"conflict", 8},
                                        {"fail", 4},    {"ragged", 6},    {"bad_encoding", 12}};
    static const struct str actions[] = {{"use", 3},  {"skip", 4},  {"reject", 6}, {"warn", 4},
                                         {"fail", 4}, {"first", 5}, {"last", 4},   {"update", 6}};
    struct parser *parser = site->parser;
    if (site->found->kind != T_ON || !expects(site, "on error")) {
        if (site->found->kind != T_ON || !(expects(site, "on fail") || expects(site, "on conflict")))
            return false;
    }
    uint32_t event = site->found->first + 1;
    if (event >= parser->tokens.tokens.count) return false;
    struct str event_text = token_text(&parser->tokens, event);
    bool known = keyword_event(event_text) >= 0;
    uint32_t at = known ? event + 1 : event;
    if (at >= parser->tokens.tokens.count) return false;
    struct str word = token_text(&parser->tokens, at);
    bool missing =
        parser->tokens.tokens.items[at].kind != TOKEN_WORD || parser->tokens.tokens.items[at].newlines_before;
    struct span span = missing ? (struct span){parser->source, site->found->end, site->found->end}
                               : token_span(&parser->tokens, at);
    if (missing && known) span.start = span.end = token_span(&parser->tokens, event).end;
    struct diag *diag;
    if (missing)
        diag = syntax_report(parser->reporter, E_SYNTAX, span, "expected an %s after `%s%.*s`",
                             known ? "action" : "event", known ? "on " : "on",
                             known ? (int)event_text.len : 0, event_text.ptr);
    else
        diag = syntax_report(parser->reporter, E_SYNTAX, span, "`%.*s` is no %s", STR_ARG(word),
                             known ? "action" : "event of `on`");
    struct str close = missing ? STR("")
                       : known ? diag_closest_name(word, actions, 8)
                               : diag_closest_name(word, events, 9);
    if (close.len) {
        SYNTAX_HELP(parser->reporter, diag, "Did you mean `%.*s`?", STR_ARG(close));
        SYNTAX_FIX(parser->reporter, diag, span, close);
    } else if (known) {
        SYNTAX_HELP(parser->reporter, diag,
                    "The actions are `use EXPR`, `skip`, `reject 'message'`, `warn 'message' use EXPR` and "
                    "`fail 'message'`.");
    } else {
        SYNTAX_HELP(
            parser->reporter, diag,
            "The events are `error`, `null`, `missing`, `skipped`, `duplicate`, `conflict` and `fail`.");
    }
    return true;
}

/* Mistakes known by the token found and the one before it. before 0: any. */
static const struct {
    int before, found;
    const char *lexeme; /* of what was found, or NULL */
    const char *wanted; /* only where this was expected, or NULL */
    const char *message, *help;
} CASES[] = {
    {0, T_PERCENT_NUMBER, NULL, "if", "a percentage is no value of an expression",
     "For the remainder put a blank before the sign: `5 % 3`."},
    {T_IN, 0, NULL, "(", "`in` wants a list between parentheses", "Write `x in ('a', 'b')`."},
    {T_NOT_IN, 0, NULL, "(", "`not in` wants a list between parentheses", "Write `x not in ('a', 'b')`."},
    {0, T_ON_EVENT, NULL, "on fail", "`validate` and `check` have `on fail` only",
     "Put the expression and its handler between parentheses."},
    {0, T_ON_FAIL, NULL, "on error", "`on fail` belongs to `validate` and `check`",
     "An expression has `on error`, `on null` and `on missing`."},
    {0, T_NAME, "inner", "join", "mig has no `inner`", "Write `join`: it is an inner join."},
    {0, T_NAME, "right", "join", "mig has no `right join`",
     "Start `from` the other side and write `left join`."},
    {0, T_NAME, "full", "join", "mig has no `full join`",
     "Use two maps, or `left join` from a source that holds both."},
    {0, T_NAME, "having", "where", "mig has no `having`",
     "Group in one map and filter with `where` in a map from it."},
    {0, T_NAME, "filter", "where", "mig has no `filter`", "Write `where`."},
    {0, T_QUESTION, NULL, "/", "mig has no `? :`", "Write `if c then a else b`."},
    {0, T_NAME, "elsif", NULL, "mig has no `elsif`", "Write `else if`."},
    {0, T_NAME, "elseif", NULL, "mig has no `elseif`", "Write `else if`."},
    {0, T_NAME, "elif", NULL, "mig has no `elif`", "Write `else if`."},
    {T_DOT, T_INT, NULL, NULL, "a name follows a dot", NULL},
    {0, T_DOT, NULL, "a decimal", "a number starts with a digit", "Write `0.5`."},
    {0, T_IS, NULL, NULL, "`is` asks for null only",
     "Write `is null` or `is not null`; compare values with `==`."},
    {T_COMMA, T_RIGHT_PAREN, NULL, NULL, "nothing follows the comma", NULL},
    {T_COMMA, T_RIGHT_BRACKET, NULL, NULL, "nothing follows the comma", NULL},
    {T_COMMA, T_NL, NULL, NULL, "nothing follows the comma", NULL},
    {0, T_ELSE, NULL, "_", "a `match` has no `else`", "The arm for all other values is `_ => …`."},
    {T_RIGHT_PAREN, T_ARROW, NULL, "a name", "mig has no `->`",
     "A function's type stands right behind its parameters: `fn tidy(x text) text = …`."},
    {0, T_COMMA, NULL, "pii", "columns are not parted by commas",
     "Each has a line of its own, or `;` stands between them."},
    {0, T_INTO, NULL, "in", "`from` gives each row a name",
     "Write `from x in people`; its columns are then `x.name`."},
    {T_VERSION, T_DECIMAL, NULL, NULL, "a version is a whole number", "Write `version 1`."},
    {T_NAME, T_TYPED, NULL, "a name", "the pattern of a column stands behind `format`",
     "Write `joined date format 'DD/MM/YYYY'`."},
    {0, T_STAR, NULL, "if", "`*` does not stand for columns", "`...row` copies all columns of a row."},
};

static bool case_from_table(const struct fault_site *site) {
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        if (CASES[i].before && (site->before == NULL || CASES[i].before != site->before->kind)) continue;
        if (CASES[i].found && CASES[i].found != site->found->kind) continue;
        if (CASES[i].lexeme && !str_is(site->found_text, CASES[i].lexeme)) continue;
        if (CASES[i].wanted && !expects(site, CASES[i].wanted)) continue;
        struct diag *diag = report(site, E_SYNTAX, CASES[i].message);
        if (CASES[i].help) SYNTAX_HELP(site->parser->reporter, diag, "%s", CASES[i].help);
        return true;
    }
    return false;
}

/* date "2025-12-31" */
static bool case_typed_literal(const struct fault_site *site) {
    static const char *const types[] = {"date",     "time", "timestamp", "timestamptz",
                                        "interval", "uuid", "json",      "bytes"};
    if (site->found->kind != T_TEXT || site->before == NULL || site->before->kind != T_NAME) return false;
    struct str word = span_text(span_of(site, site->before));
    bool type = false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        type = type || str_is(word, types[i]);
    if (!type) return false;
    struct diag *diag = report(site, E_SYNTAX, "a typed literal stands between ' and '");
    SYNTAX_HELP(site->parser->reporter, diag,
                "Write `%.*s '…'`; from a text made of parts convert with `%.*s(…)`.", STR_ARG(word),
                STR_ARG(word));
    return true;
}

/* The habit of other languages to end lines with a comma. */
static bool case_comma_at_end(const struct fault_site *site) {
    if (site->found->kind != T_COMMA || site->found[1].kind != T_NL || !expects(site, "the end of the line"))
        return false;
    struct diag *diag = report(site, E_SYNTAX, "a line needs no comma at its end");
    SYNTAX_FIX(site->parser->reporter, diag, span_of(site, site->found), STR(""));
    return true;
}

static bool case_map_without_body(const struct fault_site *site) {
    if (!expects(site, "{") || !expects(site, "partition by")) return false;
    if (site->found->kind != T_END && !(site->found->kind == T_NL && site->found[1].kind == T_END))
        return false;
    struct diag *diag = report(site, E_SYNTAX, "the map has no body");
    SYNTAX_HELP(site->parser->reporter, diag, "Its columns follow the clauses: `{ column = expression … }`.");
    return true;
}

static bool case_missing_else(const struct fault_site *site) {
    if (!expects(site, "else") || expects(site, "then")) return false;
    if (!is_line_end(site->found) && site->found->kind != T_RIGHT_PAREN && site->found->kind != T_COMMA &&
        site->found->kind != T_ON_EVENT && site->found->kind != T_RIGHT_BRACKET)
        return false;
    struct diag *diag = report(site, E_SYNTAX, "the `if` has no `else`");
    SYNTAX_HELP(site->parser->reporter, diag,
                "Every row needs a value: `if c then a else null` leaves it empty.");
    return true;
}

/* A unit of time that there is not: `14 dys`. */
static bool case_unit(const struct fault_site *site) {
    static const struct str units[] = {{"ms", 2},   {"seconds", 7}, {"minutes", 7}, {"hours", 5},
                                       {"days", 4}, {"weeks", 5},   {"months", 6},  {"years", 5}};
    if (site->before == NULL || site->found->kind != T_NAME ||
        (site->before->kind != T_INT && site->before->kind != T_DECIMAL))
        return false;
    struct str close = diag_closest_name(site->found_text, units, 8);
    if (close.len == 0) return false;
    struct syntax_reporter *reporter = site->parser->reporter;
    struct diag *diag = syntax_report(reporter, E_SYNTAX, span_of(site, site->found),
                                      "`%.*s` is no unit of time", STR_ARG(site->found_text));
    SYNTAX_HELP(reporter, diag, "Did you mean `%.*s`?", STR_ARG(close));
    SYNTAX_FIX(reporter, diag, span_of(site, site->found), close);
    return true;
}

/* A word before the found one that was taken for a name, at the start of an item: `vaildate x: …`. */
static bool case_item_word(const struct fault_site *site) {
    static const struct str words[] = {{"let", 3}, {"validate", 8}, {"ignored", 7}};
    static const struct str steps[] = {{"given", 5}, {"expect", 6}, {"assert", 6}, {"param", 5}};
    const struct parse_token *stream = site->parser->stream.items.items;
    if (site->before == NULL || site->before == stream || site->before->kind != T_NAME) return false;
    int start = site->before[-1].kind;
    if (start != T_NL && start != T_LEFT_BRACE) return false;
    bool body = site->count <= 2 && expects(site, "=");
    if (!body) return false;
    struct span span = span_of(site, site->before);
    struct str close = diag_closest_name(span_text(span), words, 3);
    if (close.len == 0) close = diag_closest_name(span_text(span), steps, 4);
    if (close.len == 0) return false;
    struct syntax_reporter *reporter = site->parser->reporter;
    struct diag *diag = syntax_report(reporter, E_SYNTAX, span, "`%.*s` does not start a line here",
                                      STR_ARG(span_text(span)));
    SYNTAX_HELP(reporter, diag, "Did you mean `%.*s`?", STR_ARG(close));
    SYNTAX_FIX(reporter, diag, span, close);
    return true;
}

/* `mtch x {`, `IF a`: the word before was taken for a name, so the error comes one word late. */
static bool case_prefix_word(const struct fault_site *site) {
    static const struct str words[] = {{"match", 5}, {"not", 3}, {"if", 2}};
    const struct parse_token *stream = site->parser->stream.items.items, *before = site->before;
    if (before == NULL || before == stream || before->kind != T_NAME || before[-1].kind == T_DOT)
        return false;
    if (!expects(site, "/") || (site->found->kind != T_NAME && site->found->kind != T_PARAM)) return false;
    struct span span = span_of(site, before);
    struct str word = span_text(span);
    if (word.len < 2 || word.ptr[0] == '`') return false;
    struct str close = diag_closest_name(word, words, word.len > 3 ? 1 : 3);
    if (close.len == 0 || (word.len <= 3 && diag_edit_distance(word, close) > 0)) return false;
    struct syntax_reporter *reporter = site->parser->reporter;
    struct diag *diag = syntax_report(reporter, E_SYNTAX, span, "`%.*s` is not known here", STR_ARG(word));
    SYNTAX_HELP(reporter, diag, "Did you mean `%.*s`?", STR_ARG(close));
    SYNTAX_FIX(reporter, diag, span, close);
    return true;
}

/* A keyword that is misspelt, or written in capitals. */
static bool case_misspelt(const struct fault_site *site) {
    if (site->found->kind != T_NAME) return false;
    char lower[32];
    struct str small = {lower, site->found_text.len};
    struct str close = STR("");
    if (site->found_text.len < sizeof lower) {
        for (size_t i = 0; i < small.len; i++)
            lower[i] = (char)tolower((unsigned char)site->found_text.ptr[i]);
        close = closest_expected(site, small);
    }
    if (close.len == 0 || site->found_text.len < 2) return false;
    struct syntax_reporter *reporter = site->parser->reporter;
    struct span span = span_of(site, site->found);
    struct diag *diag =
        syntax_report(reporter, E_SYNTAX, span, "`%.*s` is not known here", STR_ARG(site->found_text));
    SYNTAX_HELP(reporter, diag, "Did you mean `%.*s`?", STR_ARG(close));
    const char *blank = memchr(close.ptr, ' ', close.len);
    if (blank) { /* `gruop by`: both words at once; `gruop` alone may want more than a new word */
        struct span next = span_of(site, site->found + 1);
        if (!str_eq(span_text(next), str_from(blank + 1, close.len - (size_t)(blank + 1 - close.ptr))))
            return true;
        span.end = next.end;
    }
    SYNTAX_FIX(reporter, diag, span, close);
    return true;
}

/* `schema target.sql` */
static bool case_bare_path(const struct fault_site *site) {
    if (site->found->kind != T_DOT || site->before == NULL || site->before->end != site->found->start ||
        !isalpha((unsigned char)site->parser->source->text.ptr[site->before->start]) ||
        !expects(site, "a decimal"))
        return false;
    struct diag *diag = report(site, E_SYNTAX, "a path stands in quotes");
    SYNTAX_HELP(site->parser->reporter, diag, "Write for example `schema 'target.sql'`.");
    return true;
}

/* `from orders as o`, `varchar(20)`, `"name" = …` */
static bool case_sql_habit(const struct fault_site *site) {
    struct syntax_reporter *reporter = site->parser->reporter;
    int found = site->found->kind, before = site->before ? site->before->kind : 0;
    if (found == T_AS && before == T_NAME && expects(site, "in") && !expects(site, "==")) {
        struct diag *diag = report(site, E_SYNTAX, "expected `in`, found `as`");
        SYNTAX_HELP(reporter, diag, "The row's name comes first: `from row in source`.");
        return true;
    }
    if (found == T_LEFT_PAREN && before == T_NAME && expects(site, "?") && !expects(site, "/")) {
        struct diag *diag = report(site, E_SYNTAX, "a type has no length here");
        SYNTAX_HELP(reporter, diag,
                    "Write `text` or `decimal`; the target's column has the limit, and it is checked.");
        return true;
    }
    if (found == T_TEXT && expects(site, "...") && expects(site, "}") && !expects(site, "if")) {
        struct diag *diag = report(site, E_SYNTAX, "a column's name stands without quotes");
        SYNTAX_HELP(reporter, diag,
                    "Write `name = …`; a name with blanks stands in backticks: `` `Due Date` = … ``.");
        return true;
    }
    return false;
}

/* A type is written as a name; where one is wanted, say so. */
static bool wants_type(const struct fault_site *site) {
    const struct parse_token *before = site->before, *first = before;
    if (before == NULL || before == site->parser->stream.items.items) return false;
    while (first > site->parser->stream.items.items && first[-1].kind != T_END)
        first--;
    switch (first->kind) {
    case T_D_PARAM: return before == first + 1;
    case T_D_FN:
    case T_D_EXTERN_FN:
        return before->kind == T_RIGHT_PAREN ||
               (before->kind == T_NAME && (before[-1].kind == T_LEFT_PAREN || before[-1].kind == T_COMMA));
    case T_D_CODES: return before->kind == T_COLON || before->kind == T_ARROW || before->kind == T_COMMA;
    case T_D_SOURCE: return before[-1].kind == T_NL || before[-1].kind == T_LEFT_BRACE;
    default: return false;
    }
}

static void general_case(const struct fault_site *site) {
    struct buf expected = {0}, found = {0};
    struct syntax_reporter *reporter = site->parser->reporter;
    struct span span = caret(site);
    describe_expected(site, &expected);
    describe_found(site, &found);
    if (str_is(buf_str(&expected), "a name") && wants_type(site)) {
        buf_clear(&expected);
        buf_append_cstr(&expected, "a type");
    }
    bool behind = span.start == span.end && site->before;
    struct str before = site->before ? span_text(span_of(site, site->before)) : STR("");
    struct diag *diag;
    if (expected.len == 0)
        diag = syntax_report(reporter, E_SYNTAX, span, "%.*s does not belong here", STR_ARG(buf_str(&found)));
    else if (behind && before.len && before.len <= 40 && memchr(before.ptr, '\n', before.len) == NULL)
        diag = syntax_report(reporter, E_SYNTAX, span, "expected %.*s after `%.*s`",
                             STR_ARG(buf_str(&expected)), STR_ARG(before));
    else
        diag = syntax_report(reporter, E_SYNTAX, span, "expected %.*s, found %.*s",
                             STR_ARG(buf_str(&expected)), STR_ARG(buf_str(&found)));
    if (site->found->kind == T_NAME && expects(site, "a text") && !expects(site, "a name"))
        SYNTAX_HELP(reporter, diag, "Texts and paths stand in quotes: '…'.");
    if (str_is(buf_str(&expected), "the end of the line"))
        SYNTAX_HELP(reporter, diag, "Each item has a line of its own, or `;` stands between them.");
    if (behind && !is_line_end(site->found))
        SYNTAX_LABEL(reporter, diag, span_of(site, site->found), "found this instead");
    buf_release(&expected);
    buf_release(&found);
}

void parser_report_error(struct parser *parser, const char *const *expected, uint32_t count) {
    const struct parse_token *stream = parser->stream.items.items;
    uint32_t at = parser->current;
    struct fault_site site = {.parser = parser, .found = &stream[at], .expected = expected, .count = count};
    site.before = at > 0 ? &stream[at - 1] : NULL;
    site.found_text = span_text(span_of(&site, site.found));
    parser->recovering = !is_line_end(site.found);
    if (site.found->kind == T_LEFT_BRACE && site.found->inner) parser->next = site.found->match + 1;
    if (site.found->put_in || site.found->doubtful || parser->reporter->count >= SYNTAX_MAX_ERRORS) {
        /* reported already, or not to be shown: no words are needed */
        parser->reporter->count++;
        return;
    }
    if (case_declaration(&site) || case_on(&site) || case_comma_at_end(&site) ||
        case_map_without_body(&site) || case_typed_literal(&site) || case_bare_path(&site) ||
        case_from_table(&site) || case_wrong_sign(&site) || case_reserved(&site) ||
        case_chained_comparison(&site) || case_missing_else(&site) || case_unit(&site) ||
        case_item_word(&site) || case_prefix_word(&site) || case_misspelt(&site) || case_sql_habit(&site))
        return;
    general_case(&site);
}

void parser_report_exhausted(struct parser *parser) {
    struct span span = {parser->source, 0, 0};
    if (parser->stream.items.count) {
        const struct parse_token *token = &parser->stream.items.items[parser->current];
        span = (struct span){parser->source, token->start, token->end};
    }
    syntax_report(parser->reporter, E_TOO_DEEP, span, "an expression is nested too deeply to be read");
}

/* Drives the flex scanner over a piece of a source text and reports what is wrong with its characters. */
#include "compiler/syntax/filter.h"
#include "compiler/syntax/scan_state.h"
#include "runtime/base/utf8.h"

#include "mig_scanner.h"

enum { LONGEST_NUMBER = 1000 };

static struct span scan_span(const struct scan_state *scan) {
    return (struct span){scan->list->source, scan->start, scan->end};
}

void scan_add_trivia(struct scan_state *scan, enum trivia_kind kind) {
    if (kind == TRIVIA_NEWLINE) scan->newlines++;
    if (scan->full) return;
    struct trivia trivia = {kind, scan->start, scan->end - scan->start};
    VEC_PUSH(scan->list->arena, &scan->list->trivia, trivia);
}

static void add_token(struct scan_state *scan, enum token_kind kind, bool bad) {
    struct token_list *list = scan->list;
    if (scan->full) return;
    if (kind != TOKEN_END && list->tokens.count + list->trivia.count >= TOKEN_LIST_MAX) {
        scan->full = true;
        syntax_report(scan->reporter, E_TOO_LARGE, scan_span(scan),
                      "the spec has more than %d words and signs: split it into modules",
                      (int)TOKEN_LIST_MAX);
        return;
    }
    struct token token = {.kind = (uint8_t)kind,
                          .bad = bad,
                          .start = scan->start,
                          .len = scan->end - scan->start,
                          .trivia_first = scan->trivia_first,
                          .trivia_count = list->trivia.count - scan->trivia_first,
                          .newlines_before = scan->newlines};
    VEC_PUSH(list->arena, &list->tokens, token);
    scan->trivia_first = list->trivia.count;
    scan->newlines = 0;
}

void scan_add_token(struct scan_state *scan, enum token_kind kind) {
    add_token(scan, kind, false);
}

void scan_add_text(struct scan_state *scan, enum token_kind kind, bool bad) {
    scan->start = scan->open;
    add_token(scan, kind, bad);
}

void scan_report_open_text(struct scan_state *scan, const char *quote) {
    bool block = strlen(quote) == 3, name = *quote == '`';
    struct span span = {scan->list->source, scan->open, scan->open + (uint32_t)strlen(quote)};
    struct diag *diag =
        syntax_report(scan->reporter, E_STRING_OPEN, span, "%s has no closing %s%s",
                      name ? "the name in backticks" : "the text", quote, block ? "" : " on its line");
    if (!block && !name)
        SYNTAX_HELP(scan->reporter, diag, "A text of several lines stands between \"\"\" and \"\"\".");
}

void scan_report_open_hole(struct scan_state *scan) {
    struct span span = {scan->list->source, scan->hole, scan->hole + 1};
    struct diag *diag =
        syntax_report(scan->reporter, E_STRING_OPEN, span, "`{` in a text has no closing `}` on its line");
    SYNTAX_HELP(scan->reporter, diag, "Write `\\{` for a plain brace.");
}

void scan_add_number(struct scan_state *scan, enum token_kind kind) {
    bool bad = scan->end - scan->start > LONGEST_NUMBER;
    if (bad)
        syntax_report(scan->reporter, E_BAD_NUMBER, scan_span(scan), "a number has more than %d digits",
                      (int)LONGEST_NUMBER);
    add_token(scan, kind, bad);
}

void scan_report_number(struct scan_state *scan) {
    struct span span = scan_span(scan);
    struct str text = span_text(span);
    size_t digits = strspn(text.ptr, "0123456789_");
    if (digits > text.len) digits = text.len;
    struct diag *diag = syntax_report(scan->reporter, E_BAD_NUMBER, span, "`%.*s` is not a number",
                                      (int)(text.len > 40 ? 40 : text.len), text.ptr);
    if (digits > 0 && digits < text.len && keyword_is_unit(str_from(text.ptr + digits, text.len - digits)))
        SYNTAX_HELP(scan->reporter, diag, "Put a blank between a number and its unit: `%.*s %.*s`.",
                    (int)digits, text.ptr, (int)(text.len - digits), text.ptr + digits);
    else
        SYNTAX_HELP(scan->reporter, diag, "Numbers are written 42, 1_000_000, 12.50 or 1e-3.");
    add_token(scan, TOKEN_INT, true);
}

void scan_report_character(struct scan_state *scan) {
    static const struct {
        const char *text, *help, *fix;
    } hints[] = {
        {"&&", "Write `and`.", "and"},
        {"&", "Write `and`, or `||` to join texts.", NULL},
        {"|", "Texts are joined with `||`.", NULL},
        {"!", "Write `not`.", NULL},
        {"$", "A parameter is written `$name`.", NULL},
        {"\\", "A backslash means something only inside \"…\".", NULL},
        {"@", "A parameter is written `$name`.", NULL},
    };
    struct span span = scan_span(scan);
    struct str text = span_text(span);
    unsigned char c = (unsigned char)text.ptr[0];
    struct diag *diag = c < 0x20 || c == 0x7f ? syntax_report(scan->reporter, E_BAD_CHARACTER, span,
                                                              "the control character U+%04X stands here", c)
                                              : syntax_report(scan->reporter, E_BAD_CHARACTER, span,
                                                              "mig does not use `%.*s`", STR_ARG(text));
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (str_is(text, hints[i].text)) {
            SYNTAX_HELP(scan->reporter, diag, "%s", hints[i].help);
            if (hints[i].fix) SYNTAX_FIX(scan->reporter, diag, span, str_cstr(hints[i].fix));
        }
    add_token(scan, TOKEN_BAD, true);
}

void scan_report_comment(struct scan_state *scan) {
    struct str text = span_text(scan_span(scan));
    uint32_t lead = text.ptr[0] == '#' ? 1 : 2;
    struct span span = {scan->list->source, scan->start, scan->start + lead};
    struct diag *diag = syntax_report(scan->reporter, E_BAD_CHARACTER, span,
                                      "a comment starts with `--`, not with `%.*s`", (int)lead, text.ptr);
    if (text.ptr[lead - 1] != '*') SYNTAX_FIX(scan->reporter, diag, span, STR("--"));
    scan_add_trivia(scan, TRIVIA_COMMENT);
}

/* ------------------------------------------------------------------ characters outside ASCII */

static bool is_foreign_blank(int32_t c) {
    return c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || c == 0x202F || c == 0x205F || c == 0x3000 ||
           c == 0xFEFF;
}

static bool is_foreign_quote(int32_t c) {
    return c == 0x2018 || c == 0x2019 || c == 0x201A || (c >= 0x201C && c <= 0x201E);
}

/* Signs that people paste for ASCII ones; 0 when c is none of them. */
static const char *ascii_for(int32_t c) {
    switch (c) {
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212: return "-";
    case 0x2026: return "...";
    case 0x2260: return "!=";
    case 0x2264: return "<=";
    case 0x2265: return ">=";
    case 0x2192: return "->";
    case 0x21D2: return "=>";
    case 0xD7: return "*";
    default: return NULL;
    }
}

static uint32_t report_foreign_sign(struct scan_state *scan, int32_t c, uint32_t len, bool *opens_quote) {
    const char *ascii = ascii_for(c);
    struct span span = {scan->list->source, scan->start, scan->start + len};
    scan->end = span.end;
    if (is_foreign_quote(c)) {
        scan->open = scan->start;
        *opens_quote = true;
        return len;
    }
    if (is_foreign_blank(c)) {
        struct diag *diag = syntax_report(scan->reporter, E_BAD_CHARACTER, span,
                                          "the blank U+%04X stands here, not an ordinary one", (unsigned)c);
        SYNTAX_FIX(scan->reporter, diag, span, STR(" "));
        scan_add_trivia(scan, TRIVIA_BLANK);
        return len;
    }
    struct diag *diag = syntax_report(scan->reporter, E_BAD_CHARACTER, span, "mig does not use `%.*s`",
                                      STR_ARG(span_text(span)));
    if (ascii) {
        SYNTAX_HELP(scan->reporter, diag, "Write `%s`.", ascii);
        SYNTAX_FIX(scan->reporter, diag, span, str_cstr(ascii));
    }
    add_token(scan, TOKEN_BAD, true);
    return len;
}

uint32_t scan_foreign_run(struct scan_state *scan, bool *opens_quote) {
    struct str run = span_text(scan_span(scan));
    size_t at = 0;
    while (at < run.len) {
        size_t before = at;
        int32_t c = utf8_next(run, &at);
        if (is_foreign_blank(c) || is_foreign_quote(c) || ascii_for(c)) {
            if (before == 0) return report_foreign_sign(scan, c, (uint32_t)at, opens_quote);
            at = before;
            break;
        }
    }
    scan->end = scan->start + (uint32_t)at;
    if (utf8_is_ascii(str_from(run.ptr, at))) {
        add_token(scan, TOKEN_WORD, false);
        return (uint32_t)at;
    }
    struct span span = scan_span(scan);
    struct diag *diag = syntax_report(scan->reporter, E_BAD_CHARACTER, span,
                                      "the name `%.*s` has letters outside A-Z and needs backticks",
                                      STR_ARG(span_text(span)));
    if (diag) {
        struct str fixed = arena_printf(scan->reporter->diags->arena, "`%.*s`", STR_ARG(span_text(span)));
        SYNTAX_FIX(scan->reporter, diag, span, fixed);
    }
    add_token(scan, TOKEN_WORD, false);
    return (uint32_t)at;
}

void scan_add_smart_text(struct scan_state *scan, bool closed) {
    struct span span = {scan->list->source, scan->open, scan->end};
    struct str text = span_text(span);
    size_t quote = utf8_char_len(text, 0);
    struct diag *diag = syntax_report(scan->reporter, E_BAD_CHARACTER,
                                      (struct span){span.source, span.start, span.start + (uint32_t)quote},
                                      "a text stands between ' and ', not between typographic quotes");
    if (closed && diag && text.len >= quote + 3) {
        struct str inner = str_from(text.ptr + quote, text.len - quote - 3);
        if (memchr(inner.ptr, '\'', inner.len) == NULL)
            SYNTAX_FIX(scan->reporter, diag, span,
                       arena_printf(scan->reporter->diags->arena, "'%.*s'", STR_ARG(inner)));
    }
    scan_add_text(scan, TOKEN_RAW_TEXT, true);
}

/* ------------------------------------------------------------------ the driver */

bool token_scan(struct token_list *list, struct arena *arena, const struct source_text *source, uint32_t from,
                uint32_t to, struct syntax_reporter *reporter) {
    *list = (struct token_list){.source = source, .arena = arena};
    struct scan_state scan = {.list = list, .reporter = reporter, .start = from, .end = from};
    if (from == 0 && to >= 3 && memcmp(source->text.ptr, "\xEF\xBB\xBF", 3) == 0) {
        scan.end = from = 3; /* a byte order mark */
        scan_add_trivia(&scan, TRIVIA_BLANK);
    }
    yyscan_t scanner = NULL;
    if (mig_scan_lex_init_extra(&scan, &scanner) != 0) memory_exhausted(0);
    mig_scan__scan_bytes(source->text.ptr + from, (int)(to - from), scanner);
    mig_scan_lex(scanner);
    mig_scan_lex_destroy(scanner);
    scan.start = scan.end = to;
    bool complete = !scan.full;
    scan.full = false;
    add_token(&scan, TOKEN_END, false);
    return complete;
}

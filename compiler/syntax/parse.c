/* The entries of the parser, and what feeds the grammar: tokens of the filtered stream, one by one. */
#include "compiler/syntax/parser.h"
#include "compiler/syntax/build.h"
#include "runtime/base/utf8.h"

#include "mig_parser.h"

int mig_lex(MIG_STYPE *value, struct span *location, struct parser *parser);

/* Hands the grammar its next token. While it recovers from an error, braces inside items are left out whole:
 * their line ends are not those at which recovery waits. */
int mig_lex(MIG_STYPE *value, struct span *location, struct parser *parser) {
    if (parser->start_token) {
        int start = parser->start_token;
        parser->start_token = 0;
        *location = (struct span){parser->source, 0, 0};
        return start;
    }
    const struct parse_token *token = &parser->stream.items.items[parser->next];
    if (parser->recovering && token->kind == T_LEFT_BRACE && token->inner) {
        parser->next = token->match + 1;
        token = &parser->stream.items.items[parser->next];
    }
    if (token->kind == T_NL || token->kind == T_END) parser->recovering = false;
    if (token->kind == T_MIG_error) parser->recovering = true;
    *location = (struct span){parser->source, token->start, token->end};
    value->lex.span = *location;
    value->lex.index = parser->current = parser->next;
    value->lex.text = span_text(*location);
    if (value->lex.text.len > 1 && value->lex.text.ptr[0] == '`') {
        value->lex.text.ptr++;
        value->lex.text.len -= value->lex.text.ptr[value->lex.text.len - 2] == '`' ? 2 : 1;
    }
    if (token->kind != T_END_OF_FILE) parser->next++;
    return token->kind;
}

/* ------------------------------------------------------------------ what must be right before a word is read
 */

static bool report_size(const struct source_text *source, struct syntax_reporter *reporter) {
    if (source->text.len <= PARSE_MAX_BYTES) return true;
    syntax_report(reporter, E_TOO_LARGE, (struct span){source, 0, 0}, "the spec is larger than %d MiB",
                  (int)(PARSE_MAX_BYTES / 1024 / 1024));
    return false;
}

static bool report_encoding(const struct source_text *source, struct syntax_reporter *reporter) {
    struct str text = source->text;
    size_t bad = utf8_find_invalid(text);
    const char *nul = memchr(text.ptr, '\0', text.len);
    if (nul && (size_t)(nul - text.ptr) < bad) {
        uint32_t at = (uint32_t)(nul - text.ptr);
        syntax_report(reporter, E_ENCODING, (struct span){source, at, at + 1}, "a NUL byte stands here");
        return false;
    }
    if (bad == text.len) return true;
    uint32_t at = (uint32_t)bad;
    struct diag *diag = syntax_report(reporter, E_ENCODING, (struct span){source, at, at + 1},
                                      "byte 0x%02X is not UTF-8", (unsigned char)text.ptr[bad]);
    bool utf16 =
        text.len > 1 && (memcmp(text.ptr, "\xFF\xFE", 2) == 0 || memcmp(text.ptr, "\xFE\xFF", 2) == 0);
    SYNTAX_HELP(reporter, diag, "Save the file as UTF-8%s.", utf16 ? "; it is UTF-16 now" : "");
    return false;
}

/* Signs that change the order in which a line is shown hide what it says. */
static void report_direction_marks(const struct source_text *source, struct syntax_reporter *reporter) {
    const char *text = source->text.ptr;
    for (size_t at = 0; at + 2 < source->text.len; at++) {
        const char *found = memchr(text + at, '\xE2', source->text.len - at);
        if (found == NULL) return;
        at = (size_t)(found - text);
        if (at + 2 >= source->text.len) return;
        unsigned char second = (unsigned char)text[at + 1], third = (unsigned char)text[at + 2];
        if ((second == 0x80 && third >= 0xAA && third <= 0xAE) ||
            (second == 0x81 && third >= 0xA6 && third <= 0xA9))
            syntax_report(reporter, E_BAD_CHARACTER, (struct span){source, (uint32_t)at, (uint32_t)at + 3},
                          "an invisible sign that turns the direction of the line (U+%04X)",
                          (unsigned)(0x2000 | (second & 0x3F) << 6 | (third & 0x3F)));
    }
}

/* ------------------------------------------------------------------ entries */

static bool run_parser(struct parser *parser, enum filter_mode mode, uint32_t from, uint32_t to) {
    if (!token_scan(&parser->tokens, parser->scratch, parser->source, from, to, parser->reporter))
        return false;
    filter_tokens(&parser->stream, parser->scratch, &parser->tokens, mode, parser->reporter);
    parser->start_token = mode == FILTER_FILE ? T_START_FILE : T_START_EXPRESSION;
    return mig_parse(parser) == 0;
}

/* Marks the declarations that hold an error. They stand in source order and do not overlap. */
static void mark_broken(struct ast_file *file, const struct diag_list *diags, uint32_t first) {
    for (uint32_t d = first; d < diags->items.count; d++) {
        struct span span = diags->items.items[d]->primary.span;
        if (span.source != file->source) continue;
        uint32_t low = 0, high = file->decls.count;
        while (low < high) { /* the first declaration that starts behind the error */
            uint32_t middle = low + (high - low) / 2;
            if (file->decls.items[middle]->span.start <= span.start)
                low = middle + 1;
            else
                high = middle;
        }
        if (low > 0) file->decls.items[low - 1]->broken = true;
    }
}

struct ast_file *parse_file(struct arena *arena, const struct source_text *source, struct diag_list *diags) {
    struct syntax_reporter reporter = {.diags = diags};
    struct arena scratch;
    uint32_t holes = 0;
    uint32_t first_diag = diags->items.count;
    struct ast_file *file = ARENA_NEW(arena, struct ast_file);
    file->source = source;
    if (report_size(source, &reporter) && report_encoding(source, &reporter)) {
        arena_init(&scratch);
        struct parser parser = {.arena = arena,
                                .scratch = &scratch,
                                .source = source,
                                .reporter = &reporter,
                                .file = file,
                                .holes = &holes};
        report_direction_marks(source, &reporter);
        run_parser(&parser, FILTER_FILE, 0, (uint32_t)source->text.len);
        arena_release(&scratch);
        mark_broken(file, diags, first_diag);
    }
    file->has_errors = reporter.count > 0;
    return file;
}

struct ast_expr *parse_expression(struct arena *arena, const struct source_text *source,
                                  struct diag_list *diags) {
    struct syntax_reporter reporter = {.diags = diags};
    struct arena scratch;
    uint32_t holes = 0;
    if (!report_size(source, &reporter) || !report_encoding(source, &reporter)) return NULL;
    arena_init(&scratch);
    struct parser parser = {
        .arena = arena, .scratch = &scratch, .source = source, .reporter = &reporter, .holes = &holes};
    report_direction_marks(source, &reporter);
    run_parser(&parser, FILTER_EXPRESSION, 0, (uint32_t)source->text.len);
    arena_release(&scratch);
    return reporter.count ? NULL : parser.expr;
}

struct ast_expr *parser_read_hole(struct parser *outer, uint32_t from, uint32_t to) {
    struct span span = {outer->source, from, to};
    if (outer->text_depth >= PARSER_MAX_TEXT_DEPTH) {
        struct diag *diag =
            syntax_report(outer->reporter, E_TOO_DEEP, span, "texts are nested in texts more than %d deep",
                          (int)PARSER_MAX_TEXT_DEPTH);
        SYNTAX_HELP(outer->reporter, diag, "Give the inner text a name with `let`.");
        return build_expr(outer, X_ERROR, span);
    }
    if (++*outer->holes > PARSER_MAX_HOLES) {
        if (*outer->holes == PARSER_MAX_HOLES + 1)
            syntax_report(outer->reporter, E_TOO_LARGE, span, "the spec has more than %d `{}` in its texts",
                          (int)PARSER_MAX_HOLES);
        return build_expr(outer, X_ERROR, span);
    }
    struct arena scratch;
    arena_init(&scratch);
    struct parser parser = {.arena = outer->arena,
                            .scratch = &scratch,
                            .source = outer->source,
                            .reporter = outer->reporter,
                            .text_depth = outer->text_depth + 1,
                            .holes = outer->holes};
    uint32_t errors = outer->reporter->count;
    bool parsed = run_parser(&parser, FILTER_EXPRESSION, from, to);
    arena_release(&scratch);
    if (parsed && parser.expr && outer->reporter->count == errors) return parser.expr;
    return build_expr(outer, X_ERROR, span);
}

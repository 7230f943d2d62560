/* Completion's side of the parser: pushes the tokens before a place into it and asks what may follow. */
#include "compiler/syntax/expected.h"
#include "compiler/syntax/build.h"

#include "mig_parser.h"

/* The scanner's feeder (parse.c) and the grammar's question (mig.y). */
int mig_lex(MIG_STYPE *value, struct span *location, struct parser *parser);
uint32_t mig_expected(mig_pstate *state, const char **names, uint32_t most);

/* A declaration starts in column 1; so do brackets, comments and blank lines, which end none. */
static bool starts_declaration(struct str text, uint32_t line) {
    if (line >= text.len) return false;
    char c = text.ptr[line];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '`';
}

uint32_t syntax_declaration_start(struct str text, uint32_t at) {
    uint32_t line = at < text.len ? at : (uint32_t)text.len;
    for (;;) {
        while (line > 0 && text.ptr[line - 1] != '\n')
            line--;
        if (line == 0 || starts_declaration(text, line)) return line;
        line--;
    }
}

uint32_t syntax_declaration_end(struct str text, uint32_t at) {
    for (uint32_t i = at; i < text.len; i++)
        if (text.ptr[i] == '\n' && starts_declaration(text, i + 1)) return i + 1;
    return (uint32_t)text.len;
}

/* The text up to the place and a word there: whether a line end counts depends on what follows it. */
static const struct source_text *with_name_at_cursor(struct arena *scratch, struct str text, uint32_t from,
                                                     uint32_t at) {
    static const char PLACEHOLDER[] = "zz";
    struct buf buf = {0};
    buf_append(&buf, text.ptr + from, at - from);
    buf_append(&buf, PLACEHOLDER, sizeof PLACEHOLDER - 1);
    const struct source_text *source = source_text_new(scratch, STR(""), buf_str(&buf));
    buf_release(&buf);
    return source;
}

void syntax_expect(struct arena *scratch, struct str text, uint32_t from, uint32_t at, bool expression,
                   struct syntax_expected *expected) {
    expected->count = 0;
    if (at > text.len) at = (uint32_t)text.len;
    if (from > at) return;
    struct diag_list diags;
    uint32_t holes = 0;
    diag_list_init(&diags, scratch);
    struct syntax_reporter reporter = {.diags = &diags};
    const struct source_text *source = with_name_at_cursor(scratch, text, from, at);
    struct ast_file *file = ARENA_NEW(scratch, struct ast_file);
    file->source = source;
    struct parser parser = {.arena = scratch,
                            .scratch = scratch,
                            .source = source,
                            .reporter = &reporter,
                            .file = file,
                            .holes = &holes};
    if (!token_scan(&parser.tokens, scratch, source, 0, (uint32_t)source->text.len, &reporter)) return;
    filter_tokens(&parser.stream, scratch, &parser.tokens, expression ? FILTER_EXPRESSION : FILTER_FILE,
                  &reporter);
    parser.start_token = expression ? T_START_EXPRESSION : T_START_FILE;
    mig_pstate *state = mig_pstate_new();
    if (state == NULL) memory_exhausted(sizeof state);
    for (;;) {
        MIG_STYPE value;
        struct span location;
        memset(&value, 0, sizeof value);
        bool first = parser.start_token != 0;
        int token = mig_lex(&value, &location, &parser);
        const struct parse_token *read = &parser.stream.items.items[parser.current];
        /* The name that was put there, or whatever the filter has put there instead of it. */
        if (!first && (token == T_END_OF_FILE || (read->end > at - from && !read->put_in))) break;
        if (mig_push_parse(state, token, &value, &location, &parser) != YYPUSH_MORE) {
            mig_pstate_delete(state);
            return;
        }
    }
    expected->count = mig_expected(state, expected->names, EXPECTED_MAX);
    mig_pstate_delete(state);
}

bool syntax_expects(const struct syntax_expected *expected, const char *name) {
    for (uint32_t i = 0; i < expected->count; i++)
        if (strcmp(expected->names[i], name) == 0) return true;
    return false;
}

/* Reads backwards from a place, by words. */
#include "compiler/lsp/context.h"

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void scan(struct context *context, struct token_list *list, uint32_t from, uint32_t to) {
    struct diag_list diags;
    diag_list_init(&diags, context->arena);
    struct syntax_reporter reporter = {.diags = &diags};
    /* A copy: nothing behind the place may be seen. */
    const struct source_text *source = source_text_new(
        context->arena, STR(""), str_from(context->text.ptr + from, to > from ? to - from : 0));
    if (!token_scan(list, context->arena, source, 0, (uint32_t)source->text.len, &reporter))
        list->tokens.count = 0;
}

/* The last `{` of a text that is not closed; 0: none. */
static uint32_t find_hole(struct str text, uint32_t start, uint32_t end) {
    uint32_t hole = 0, depth = 0;
    for (uint32_t i = start; i < end; i++) {
        if (text.ptr[i] == '\\' && depth == 0)
            i++;
        else if (text.ptr[i] == '{' && depth++ == 0)
            hole = i + 1;
        else if (text.ptr[i] == '}' && depth > 0 && --depth == 0)
            hole = 0;
    }
    return hole;
}

/* The place within a comment, a text, or the braces of a text. */
static void read_surroundings(struct context *context) {
    uint32_t base = context->from;
    scan(context, &context->before, base, context->offset);
    const struct token_list *list = &context->before;
    if (list->tokens.count == 0) return;
    const struct token *end = &list->tokens.items[list->tokens.count - 1];
    for (uint32_t t = 0; t < end->trivia_count; t++) {
        const struct trivia *trivia = &list->trivia.items[end->trivia_first + t];
        context->in_comment =
            trivia->kind == TRIVIA_COMMENT && base + trivia->start + trivia->len == context->offset;
    }
    if (list->tokens.count < 2 || context->in_comment) return;
    const struct token *last = end - 1;
    bool open = last->bad && base + last->start + last->len >= context->offset &&
                (last->kind == TOKEN_RAW_TEXT || last->kind == TOKEN_TEXT || last->kind == TOKEN_BLOCK_TEXT);
    if (!open) return;
    uint32_t hole =
        last->kind == TOKEN_TEXT ? find_hole(context->text, base + last->start + 1, context->offset) : 0;
    if (hole) {
        context->in_hole = true;
        context->from = hole;
        return;
    }
    context->in_text = true;
    context->quote = base + last->start;
}

void context_read(struct context *context, struct arena *arena, struct lsp_analysis *analysis,
                  struct str text, uint32_t offset) {
    *context = (struct context){.arena = arena, .analysis = analysis, .text = text, .offset = offset};
    context->decl_start = context->from = syntax_declaration_start(text, offset);
    context->decl_end = syntax_declaration_end(text, offset);
    scan(context, &context->decl, context->decl_start, context->decl_end);
    for (uint32_t i = 0; i + 1 < context->decl.tokens.count && i < 2; i++) {
        context->decl_word = token_text(&context->decl, i);
        if (!str_is(context->decl_word, "extern") && !str_is(context->decl_word, "before")) break;
    }
    read_surroundings(context);
    context->word = offset;
    while (context->word > context->from && is_word_char(text.ptr[context->word - 1]))
        context->word--;
    if (context->in_text) context->word = context->quote;
    memset(&context->before, 0, sizeof context->before);
    scan(context, &context->before, context->from, context->word);
    context->count = context->before.tokens.count ? context->before.tokens.count - 1 : 0;
}

enum token_kind context_kind(const struct context *context, uint32_t back) {
    if (back >= context->count) return TOKEN_END;
    return (enum token_kind)context->before.tokens.items[context->count - 1 - back].kind;
}

struct str context_text(const struct context *context, uint32_t back) {
    if (back >= context->count) return STR("");
    struct str text = token_text(&context->before, context->count - 1 - back);
    if (text.len > 2 && text.ptr[0] == '`') return str_from(text.ptr + 1, text.len - 2);
    return text;
}

bool context_is(const struct context *context, uint32_t back, const char *word) {
    return str_is(context_text(context, back), word);
}

uint32_t context_brace_depth(const struct context *context) {
    uint32_t depth = 0;
    for (uint32_t i = 0; i < context->count; i++) {
        if (context->before.tokens.items[i].kind == TOKEN_LEFT_BRACE) depth++;
        if (context->before.tokens.items[i].kind == TOKEN_RIGHT_BRACE && depth > 0) depth--;
    }
    return depth;
}

/* ---------------------------------------------------------------- items */

/* `word =` starts an item wherever it stands at the start of a line or behind `;` or `{`. */
struct str context_assigned(const struct context *context) {
    struct token_list tokens = context->before;
    uint32_t count = context->count;
    if (context->in_hole) return STR("");
    for (uint32_t i = count; i-- > 1;) {
        const struct token *token = &tokens.tokens.items[i];
        if (token->kind == TOKEN_SEMICOLON) return STR("");
        if (token->kind != TOKEN_ASSIGN) continue;
        const struct token *name = token - 1;
        bool starts = name->newlines_before > 0 ||
                      (i > 1 && (name[-1].kind == TOKEN_LEFT_BRACE || name[-1].kind == TOKEN_SEMICOLON));
        if (name->kind != TOKEN_WORD && name->kind != TOKEN_QUOTED_NAME) return STR("");
        return starts ? token_text(&tokens, i - 1) : STR("");
    }
    return STR("");
}

static uint32_t read_path(const struct token_list *list, uint32_t at, struct str *parts) {
    uint32_t count = 0;
    while (at + 1 < list->tokens.count && count < 3) {
        const struct token *token = &list->tokens.items[at];
        if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED_NAME) break;
        parts[count++] = token_text(list, at);
        if (list->tokens.items[at + 1].kind != TOKEN_DOT) break;
        at += 2;
    }
    return count;
}

uint32_t context_row_path(const struct context *context, struct str row, struct str *parts) {
    const struct token_list *list = &context->decl;
    for (uint32_t i = 1; i + 2 < list->tokens.count; i++) {
        struct str word = token_text(list, i);
        if (!str_is(word, "from") && !str_is(word, "join") && !str_is(word, "lookup")) continue;
        if (!str_eq(token_text(list, i + 1), row) || !str_is(token_text(list, i + 2), "in")) continue;
        return read_path(list, i + 3, parts);
    }
    return 0;
}

const struct schema_table *context_find_table(const struct context *context, const struct str *parts,
                                              uint32_t count) {
    const struct checker *checker = &context->analysis->compile->checker;
    if (count < 2 || checker->target_schema == NULL || !str_eq(parts[0], checker->target_name)) return NULL;
    return schema_find_table(checker->target_schema, count == 3 ? parts[1] : (struct str){0},
                             parts[count - 1]);
}

const struct schema_table *context_target(const struct context *context) {
    const struct token_list *list = &context->decl;
    struct str parts[3];
    for (uint32_t i = 0; i + 1 < list->tokens.count; i++) {
        if (list->tokens.items[i].kind == TOKEN_LEFT_BRACE) break;
        if (!str_is(token_text(list, i), "into")) continue;
        const struct schema_table *table = context_find_table(context, parts, read_path(list, i + 1, parts));
        if (table) return table;
    }
    return NULL;
}

const struct checked_table *context_find_source_table(const struct context *context, const struct str *parts,
                                                      uint32_t count) {
    const struct checker *checker = &context->analysis->compile->checker;
    for (uint32_t i = 0; count > 0 && i < checker->sources.count; i++) {
        const struct checked_source *source = checker->sources.items[i];
        if (!str_eq(source->name, parts[0])) continue;
        for (uint32_t t = 0; t < source->tables.count; t++)
            if ((count == 1 && source->tables.count == 1) ||
                (count > 1 && str_eq(source->tables.items[t]->name, parts[count - 1])))
                return source->tables.items[t];
    }
    return NULL;
}

const struct checked_map *context_find_map(const struct context *context, struct str name) {
    const struct checker *checker = &context->analysis->compile->checker;
    for (uint32_t i = 0; i < checker->maps.count; i++)
        if (str_eq(checker->maps.items[i]->name, name)) return checker->maps.items[i];
    return NULL;
}

/* Colours by meaning: which words are keywords here, what names stand for. */
#include "compiler/lsp/server.h"

#include "compiler/syntax/filter.h"
#include "runtime/base/utf8.h"

enum semantic_type {
    AS_KEYWORD,
    AS_COMMENT,
    AS_STRING,
    AS_NUMBER,
    AS_OPERATOR,
    AS_TYPE,
    AS_FUNCTION,
    AS_VARIABLE,
    AS_PARAMETER,
    AS_PROPERTY,
    AS_CLASS,
    AS_ENUM,
    AS_NAMESPACE,
    AS_NOTHING
};

static const char *const TYPE_NAMES[] = {"keyword", "comment",  "string",   "number",    "operator",
                                         "type",    "function", "variable", "parameter", "property",
                                         "class",   "enum",     "namespace"};

cJSON *lsp_semantic_legend(void) {
    static const char *const MODIFIERS[] = {"declaration", "defaultLibrary"};
    cJSON *legend = cJSON_CreateObject();
    cJSON_AddItemToObject(legend, "tokenTypes", cJSON_CreateStringArray(TYPE_NAMES, AS_NOTHING));
    cJSON_AddItemToObject(legend, "tokenModifiers", cJSON_CreateStringArray(MODIFIERS, 2));
    return legend;
}

struct semantic {
    const struct lsp_analysis *analysis;
    const struct lsp_text *text;
    struct token_list tokens;
    cJSON *data;
    uint32_t line, character; /* of the token before */
};

/* Tokens do not span lines. */
static void emit(struct semantic *semantic, uint32_t start, uint32_t end, enum semantic_type type,
                 int modifiers) {
    struct str text = semantic->text->text;
    while (start < end) {
        uint32_t stop = start;
        while (stop < end && text.ptr[stop] != '\n' && text.ptr[stop] != '\r')
            stop++;
        if (stop > start) {
            uint32_t line, character, end_line, end_character;
            lsp_text_position(semantic->text, start, &line, &character);
            lsp_text_position(semantic->text, stop, &end_line, &end_character);
            bool same = line == semantic->line;
            const int numbers[] = {(int)(line - semantic->line),
                                   (int)(same ? character - semantic->character : character),
                                   (int)(end_character - character), type, modifiers};
            for (int i = 0; i < 5; i++)
                cJSON_AddItemToArray(semantic->data, cJSON_CreateNumber(numbers[i]));
            semantic->line = line;
            semantic->character = character;
        }
        start = stop + 1;
    }
}

static enum semantic_type type_of_symbol(enum lsp_symbol_kind kind) {
    switch (kind) {
    case SYMBOL_SOURCE:
    case SYMBOL_TARGET:
    case SYMBOL_MIGRATION:
    case SYMBOL_ENVIRONMENT:
    case SYMBOL_PHASE: return AS_NAMESPACE;
    case SYMBOL_SHEET:
    case SYMBOL_TABLE:
    case SYMBOL_MAP: return AS_CLASS;
    case SYMBOL_SOURCE_COLUMN:
    case SYMBOL_TARGET_COLUMN:
    case SYMBOL_LINE: return AS_PROPERTY;
    case SYMBOL_ENUM:
    case SYMBOL_CODES: return AS_ENUM;
    case SYMBOL_PARAM:
    case SYMBOL_ARGUMENT: return AS_PARAMETER;
    case SYMBOL_FN:
    case SYMBOL_CHECK:
    case SYMBOL_VALIDATE: return AS_FUNCTION;
    case SYMBOL_ROW:
    case SYMBOL_GROUP:
    case SYMBOL_PART:
    case SYMBOL_LET: return AS_VARIABLE;
    case SYMBOL_TEST: return AS_STRING;
    }
    return AS_VARIABLE;
}

/* The first use of the spec that ends behind the offset. Uses are in order. */
static uint32_t first_use(const struct semantic *semantic, uint32_t offset) {
    const struct lsp_analysis *analysis = semantic->analysis;
    uint32_t low = 0, high = analysis->uses.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct span at = analysis->uses.items[middle].at;
        bool before = at.source < analysis->spec || (at.source == analysis->spec && at.end <= offset);
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What a name stands for; AS_NOTHING: unknown. */
static enum semantic_type name_type(const struct semantic *semantic, uint32_t start, uint32_t end,
                                    int *modifiers) {
    const struct lsp_analysis *analysis = semantic->analysis;
    const struct lsp_symbol *symbol =
        lsp_analysis_declared(analysis, (struct span){analysis->spec, start, end});
    *modifiers = symbol != NULL;
    if (symbol) return type_of_symbol(symbol->kind);
    uint32_t use = first_use(semantic, start);
    if (use == analysis->uses.count) return AS_NOTHING;
    const struct lsp_use *found = &analysis->uses.items[use];
    if (found->at.source != analysis->spec || found->at.start > start || found->at.end < end ||
        found->symbol == UINT32_MAX)
        return AS_NOTHING;
    return type_of_symbol(analysis->symbols.items[found->symbol].kind);
}

static bool is_type_name(struct str word) {
    for (enum type_kind kind = TYPE_BOOL; kind < TYPE_KIND_COUNT; kind++)
        if (str_is(word, type_kind_name(kind))) return true;
    return false;
}

static void emit_word(struct semantic *semantic, uint32_t i) {
    const struct token *token = &semantic->tokens.tokens.items[i];
    uint32_t end = token->start + token->len;
    int modifiers = 0;
    enum semantic_type type = name_type(semantic, token->start, end, &modifiers);
    struct str word = token_text(&semantic->tokens, i), signature, doc;
    bool after_dot = i > 0 && semantic->tokens.tokens.items[i - 1].kind == TOKEN_DOT;
    bool calls = semantic->tokens.tokens.items[i + 1].kind == TOKEN_LEFT_PAREN &&
                 semantic->tokens.tokens.items[i + 1].trivia_count == 0;
    if (type == AS_NOTHING && token->kind == TOKEN_WORD && !after_dot) {
        bool declares = token_starts_line(&semantic->tokens, i);
        if (calls && lsp_function_signatures(word, &signature, &doc, 1)) {
            type = AS_FUNCTION;
            modifiers = 2;
        } else if (keyword_find(word) || keyword_event(word) >= 0 || (declares && declaration_find(word)))
            type = AS_KEYWORD;
        else if (is_type_name(word))
            type = AS_TYPE;
    }
    if (type == AS_NOTHING && after_dot) type = AS_PROPERTY;
    if (type != AS_NOTHING) emit(semantic, token->start, end, type, modifiers);
}

/* A text, and the names in its braces. */
static void emit_text(struct semantic *semantic, const struct token *token) {
    const struct lsp_analysis *analysis = semantic->analysis;
    uint32_t at = token->start, end = token->start + token->len;
    for (uint32_t i = first_use(semantic, at); token->kind == TOKEN_TEXT && i < analysis->uses.count; i++) {
        const struct lsp_use *use = &analysis->uses.items[i];
        if (use->at.source != analysis->spec || use->at.end > end) break;
        if (use->at.start < at || use->symbol == UINT32_MAX) continue;
        emit(semantic, at, use->at.start, AS_STRING, 0);
        emit(semantic, use->at.start, use->at.end, type_of_symbol(analysis->symbols.items[use->symbol].kind),
             0);
        at = use->at.end;
    }
    emit(semantic, at, end, AS_STRING, 0);
}

static void emit_token(struct semantic *semantic, uint32_t i) {
    const struct token *token = &semantic->tokens.tokens.items[i];
    uint32_t end = token->start + token->len;
    for (uint32_t t = 0; t < token->trivia_count; t++) {
        const struct trivia *trivia = &semantic->tokens.trivia.items[token->trivia_first + t];
        if (trivia->kind == TRIVIA_COMMENT)
            emit(semantic, trivia->start, trivia->start + trivia->len, AS_COMMENT, 0);
    }
    switch ((enum token_kind)token->kind) {
    case TOKEN_WORD:
    case TOKEN_QUOTED_NAME: emit_word(semantic, i); break;
    case TOKEN_PARAM: emit(semantic, token->start, end, AS_PARAMETER, 0); break;
    case TOKEN_INT:
    case TOKEN_DECIMAL:
    case TOKEN_FLOAT: emit(semantic, token->start, end, AS_NUMBER, 0); break;
    case TOKEN_RAW_TEXT:
    case TOKEN_TEXT:
    case TOKEN_BLOCK_TEXT: emit_text(semantic, token); break;
    default:
        if (token->kind >= TOKEN_PLUS && token->kind <= TOKEN_ARROW)
            emit(semantic, token->start, end, AS_OPERATOR, 0);
    }
}

cJSON *lsp_semantic_tokens(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    enum { LARGEST = 4 * 1024 * 1024 }; /* past this an editor does not colour either */
    struct lsp_document *document = lsp_document_of(server, params, error);
    if (document == NULL || !document->is_spec) return NULL;
    const struct lsp_analysis *analysis = lsp_document_analysis(server, document);
    struct semantic semantic = {.analysis = analysis, .text = &document->lines, .data = cJSON_CreateArray()};
    struct diag_list diags;
    diag_list_init(&diags, &server->arena);
    struct syntax_reporter reporter = {.diags = &diags};
    struct str text = analysis->spec->text;
    bool fine = text.len <= LARGEST && utf8_find_invalid(text) == text.len;
    if (fine &&
        token_scan(&semantic.tokens, &server->arena, analysis->spec, 0, (uint32_t)text.len, &reporter))
        for (uint32_t i = 0; i < semantic.tokens.tokens.count; i++)
            emit_token(&semantic, i);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "data", semantic.data);
    return result;
}

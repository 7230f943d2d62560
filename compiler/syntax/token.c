/* Questions about a token list. */
#include "compiler/syntax/token.h"

const char *token_kind_name(enum token_kind kind) {
    static const char *const names[] = {
#define X(symbol, description) [symbol] = description,
        TOKEN_KINDS(X)
#undef X
    };
    return names[kind];
}

bool token_starts_line(const struct token_list *list, uint32_t index) {
    uint32_t start = list->tokens.items[index].start;
    const char *text = list->source->text.ptr;
    if (start == 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) return true;
    return start == 0 || text[start - 1] == '\n';
}

/* The comment's words: without its dashes, a blank behind them, and blanks at its end. */
static struct str comment_words(const struct token_list *list, const struct trivia *trivia) {
    struct str text = {list->source->text.ptr + trivia->start, trivia->len};
    size_t lead = text.len > 1 && text.ptr[0] == '-' ? 2 : 0;
    if (lead < text.len && text.ptr[lead] == ' ') lead++;
    text.ptr += lead, text.len -= lead;
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

struct str token_doc(const struct token_list *list, struct arena *arena, uint32_t index) {
    const struct token *token = &list->tokens.items[index];
    const struct trivia *trivia = list->trivia.items + token->trivia_first;
    /* Backwards from the token: newline, comment, newline, comment … while each line holds just one. */
    uint32_t first = token->trivia_count, newlines = 0;
    bool own_line = false;
    for (uint32_t i = token->trivia_count; i-- > 0;) {
        if (trivia[i].kind == TRIVIA_NEWLINE && ++newlines > 1) break;
        if (trivia[i].kind != TRIVIA_COMMENT) continue;
        if (newlines == 0) break; /* a foreign comment on the token's own line */
        own_line = index == 0;    /* otherwise only a newline before it makes the line its own */
        for (uint32_t j = i; j-- > 0 && !own_line;) {
            if (trivia[j].kind == TRIVIA_NEWLINE) own_line = true;
            if (trivia[j].kind == TRIVIA_COMMENT) break;
        }
        if (!own_line) break;
        first = i;
        newlines = 0;
    }
    struct buf doc = {0};
    for (uint32_t i = first; i < token->trivia_count; i++)
        if (trivia[i].kind == TRIVIA_COMMENT) {
            if (doc.len) buf_append_char(&doc, '\n');
            buf_append_str(&doc, comment_words(list, &trivia[i]));
        }
    struct str text = arena_copy_str(arena, buf_str(&doc));
    buf_release(&doc);
    return text;
}

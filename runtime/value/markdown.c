/* CommonMark through libcmark. The parser keeps its tree on the heap: for long texts only, not for hot paths.
 */
#include "runtime/value/markdown.h"
#include "runtime/value/text_builder.h"

#include <cmark.h>
#include <stdlib.h>

enum { MARKDOWN_BYTES_MAX = 16 << 20 };

/* \r\n and \r as \n. */
static struct str normalise_lines(struct arena *arena, struct str text) {
    if (text.len == 0 || !memchr(text.ptr, '\r', text.len)) return text;
    char *start = arena_alloc(arena, text.len), *w = start;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\r') {
            if (i + 1 < text.len && text.ptr[i + 1] == '\n') continue;
            c = '\n';
        }
        *w++ = c;
    }
    return str_from(start, (size_t)(w - start));
}

static enum fault parse(struct arena *arena, struct str text, cmark_node **out) {
    if (text.len > MARKDOWN_BYTES_MAX) return FAULT_TOO_LARGE;
    text = normalise_lines(arena, text);
    *out =
        cmark_parse_document(text.len ? text.ptr : "", text.len, CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8);
    if (*out == NULL) memory_exhausted(text.len);
    return FAULT_NONE;
}

/* Takes over what libcmark rendered, without line breaks at the end. */
static struct str take_rendered(struct arena *arena, char *rendered) {
    struct str s = str_cstr(rendered);
    while (s.len && s.ptr[s.len - 1] == '\n')
        s.len--;
    s = arena_copy_str(arena, s);
    free(rendered);
    return s;
}

enum fault markdown_normalise(struct arena *arena, struct str text, struct str *out) {
    cmark_node *document;
    enum fault fault = parse(arena, text, &document);
    if (fault != FAULT_NONE) return fault;
    *out = take_rendered(arena, cmark_render_commonmark(document, CMARK_OPT_DEFAULT, 0));
    cmark_node_free(document);
    return FAULT_NONE;
}

enum fault markdown_to_html(struct arena *arena, struct str text, struct str *out) {
    cmark_node *document;
    enum fault fault = parse(arena, text, &document);
    if (fault != FAULT_NONE) return fault;
    *out = take_rendered(arena, cmark_render_html(document, CMARK_OPT_DEFAULT));
    cmark_node_free(document);
    return FAULT_NONE;
}

/* Line breaks that part this block from what stands before it. */
static void start_block(struct text_builder *b, bool tight) {
    if (b->len == 0) return;
    size_t have = 0, want = tight ? 1 : 2;
    while (have < b->len && b->ptr[b->len - 1 - have] == '\n')
        have++;
    for (; have < want; have++)
        text_builder_add(b, "\n", 1);
}

static bool is_in_tight_list(cmark_node *node) {
    cmark_node *item = cmark_node_parent(node), *list = item ? cmark_node_parent(item) : NULL;
    return list && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_tight(list);
}

static void enter_node(struct text_builder *b, cmark_node *node) {
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING:
        start_block(b, is_in_tight_list(node) && cmark_node_previous(cmark_node_parent(node)) != NULL);
        break;
    case CMARK_NODE_CODE_BLOCK:
        start_block(b, false);
        text_builder_add_str(b, str_cstr(cmark_node_get_literal(node)));
        break;
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE: text_builder_add_str(b, str_cstr(cmark_node_get_literal(node))); break;
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK: text_builder_add(b, "\n", 1); break;
    default: break;
    }
}

enum fault markdown_to_text(struct arena *arena, struct str text, struct str *out) {
    cmark_node *document;
    enum fault fault = parse(arena, text, &document);
    if (fault != FAULT_NONE) return fault;
    struct text_builder b = {.arena = arena};
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;)
        if (event == CMARK_EVENT_ENTER) enter_node(&b, cmark_iter_get_node(iter));
    cmark_iter_free(iter);
    cmark_node_free(document);
    while (b.len && b.ptr[b.len - 1] == '\n')
        b.len--;
    return text_builder_finish(&b, out);
}

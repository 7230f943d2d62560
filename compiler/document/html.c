/* The page as HTML: one file, no scripts, nothing from elsewhere. */
#include "compiler/document/page.h"

void html_append(struct buf *out, struct str text) {
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        const char *as = c == '&'                             ? "&amp;"
                         : c == '<'                           ? "&lt;"
                         : c == '>'                           ? "&gt;"
                         : c == '"'                           ? "&quot;"
                         : c == '\''                          ? "&#39;"
                         : (c < 32 && c != '\n' && c != '\t') ? "\xef\xbf\xbd"
                                                              : NULL;
        if (as == NULL) continue;
        buf_append(out, text.ptr + plain, i - plain);
        buf_append_cstr(out, as);
        plain = i + 1;
    }
    if (text.len > plain) buf_append(out, text.ptr + plain, text.len - plain);
}

/* ------------------------------------------------------------------ phrases */

static void append_run(struct buf *out, const struct phrase_run *run) {
    static const char *const OPEN[] = {[RUN_TEXT] = "",
                                       [RUN_NAME] = "<span class=\"name\">",
                                       [RUN_TERM] = "<span class=\"term\">",
                                       [RUN_VALUE] = "<span class=\"value\">“",
                                       [RUN_PLAIN] = "<span class=\"plain\">",
                                       [RUN_CODE] = "<code>",
                                       [RUN_MESSAGE] = "",
                                       [RUN_SLOT] = "<span class=\"slot\">",
                                       [RUN_BREAK] = "<br>"};
    static const char *const CLOSE[] = {
        [RUN_TEXT] = "",          [RUN_NAME] = "</span>",  [RUN_TERM] = "</span>",
        [RUN_VALUE] = "”</span>", [RUN_PLAIN] = "</span>", [RUN_CODE] = "</code>",
        [RUN_MESSAGE] = "",       [RUN_SLOT] = "</span>",  [RUN_BREAK] = ""};
    if (run->anchor.len) {
        buf_append_cstr(out, "<a href=\"#");
        html_append(out, run->anchor);
        buf_append_cstr(out, "\">");
    }
    buf_append_cstr(out, OPEN[run->kind]);
    html_append(out, run->text);
    buf_append_cstr(out, CLOSE[run->kind]);
    if (run->anchor.len) buf_append_cstr(out, "</a>");
}

static void append_phrase(struct buf *out, const struct phrase *phrase, uint32_t first) {
    for (uint32_t i = first; i < phrase->runs.count; i++)
        append_run(out, &phrase->runs.items[i]);
}

static const char *style_class(enum line_style style) {
    switch (style) {
    case LINE_NORMAL: return NULL;
    case LINE_NOTE: return "note";
    case LINE_CODE: return "code";
    case LINE_MARKS: return "marks";
    case LINE_USE: return "use";
    case LINE_SKIP: return "skip";
    case LINE_REJECT: return "reject";
    case LINE_WARN: return "warn";
    case LINE_FAIL: return "fail";
    case LINE_KEEP: return "keep";
    }
    return NULL;
}

/* The first run of what happens is a badge. */
static void append_line(struct buf *out, const struct page_line *line) {
    const char *class = style_class(line->style);
    if (line->style == LINE_CODE) {
        buf_append_cstr(out, "<pre class=\"code\">");
        html_append(out, line->phrase.runs.items[0].text);
        buf_append_cstr(out, "</pre>");
        return;
    }
    if (line->style == LINE_MARKS) {
        buf_append_cstr(out, "<p class=\"marks\">");
        for (uint32_t i = 0; i < line->phrase.runs.count; i++) {
            buf_append_cstr(out, i ? " <span class=\"mark\">" : "<span class=\"mark\">");
            html_append(out, line->phrase.runs.items[i].text);
            buf_append_cstr(out, "</span>");
        }
        buf_append_cstr(out, "</p>");
        return;
    }
    if (class)
        buf_printf(out, "<p class=\"%s\">", class);
    else
        buf_append_cstr(out, "<p>");
    bool badge = line->style >= LINE_USE;
    if (badge) {
        buf_append_cstr(out, "<b>");
        html_append(out, line->phrase.runs.items[0].text);
        buf_append_cstr(out, "</b>");
    }
    append_phrase(out, &line->phrase, badge);
    buf_append_cstr(out, "</p>");
}

static void append_cell(struct buf *out, const struct page_cell *cell) {
    for (uint32_t i = 0; i < cell->lines.count; i++)
        append_line(out, &cell->lines.items[i]);
}

static void append_id(struct buf *out, struct str anchor) {
    if (anchor.len == 0) return;
    buf_append_cstr(out, " id=\"");
    html_append(out, anchor);
    buf_append_cstr(out, "\"");
}

/* ------------------------------------------------------------------ blocks */

static void append_table(struct buf *out, const struct page_block *block) {
    buf_printf(out, "<div class=\"scroll\"><table class=\"%s\"><thead><tr>", block->name);
    for (uint32_t i = 0; i < block->head.count; i++) {
        buf_append_cstr(out, "<th scope=\"col\">");
        html_append(out, block->head.items[i]);
        buf_append_cstr(out, "</th>");
    }
    buf_append_cstr(out, "</tr></thead><tbody>\n");
    for (uint32_t r = 0; r < block->rows.count; r++) {
        buf_append_cstr(out, "<tr");
        if (block->rows.items[r].cells.count) append_id(out, block->rows.items[r].cells.items[0].anchor);
        buf_append_cstr(out, ">");
        for (uint32_t c = 0; c < block->rows.items[r].cells.count; c++) {
            buf_append_cstr(out, "<td data-label=\"");
            if (c < block->head.count) html_append(out, block->head.items[c]);
            buf_append_cstr(out, "\">");
            append_cell(out, &block->rows.items[r].cells.items[c]);
            buf_append_cstr(out, "</td>");
        }
        buf_append_cstr(out, "</tr>\n");
    }
    buf_append_cstr(out, "</tbody></table></div>\n");
}

static void append_facts(struct buf *out, const struct page_block *block) {
    buf_printf(out, "<dl class=\"%s\">\n", block->name);
    for (uint32_t r = 0; r < block->rows.count; r++) {
        const struct page_row *row = &block->rows.items[r];
        buf_append_cstr(out, "<div");
        append_id(out, row->cells.items[0].anchor);
        buf_append_cstr(out, "><dt>");
        append_cell(out, &row->cells.items[0]);
        buf_append_cstr(out, "</dt><dd>");
        append_cell(out, &row->cells.items[1]);
        buf_append_cstr(out, "</dd></div>\n");
    }
    buf_append_cstr(out, "</dl>\n");
}

static void append_heading(struct buf *out, const struct page_block *block, int level) {
    buf_printf(out, "<h%d", level);
    append_id(out, block->anchor);
    buf_append_cstr(out, ">");
    append_phrase(out, &block->title, 0);
    buf_printf(out, "</h%d>\n", level);
}

static void append_diagram(struct buf *out, const struct page *page) {
    struct arena arena;
    struct lineage lineage;
    arena_init(&arena);
    lineage_make(&arena, page->document, &lineage);
    buf_append_cstr(out, "<figure><div class=\"scroll\">\n");
    lineage_render_svg(&lineage, out);
    buf_append_cstr(out, "</div><figcaption><span class=\"key flows\"></span> rows go this way "
                         "<span class=\"key finds\"></span> rows are found there</figcaption></figure>\n");
    arena_release(&arena);
}

static void append_signatures(struct buf *out) {
    buf_append_cstr(out, "<p>The rules above are what the migration does. By signing, we agree to them.</p>\n"
                         "<div class=\"signatures\">\n");
    for (int i = 0; i < 3; i++)
        buf_append_cstr(out, "<div><p>Name</p><p>Role</p><p>Signature</p><p>Date</p></div>\n");
    buf_append_cstr(out, "</div>\n");
}

static void append_block(struct buf *out, const struct page *page, const struct page_block *block) {
    switch (block->kind) {
    case BLOCK_SECTION: append_heading(out, block, 2); return;
    case BLOCK_PART: append_heading(out, block, 3); return;
    case BLOCK_HEADING: append_heading(out, block, 4); return;
    case BLOCK_TEXT: append_cell(out, &block->text); break;
    case BLOCK_TABLE: append_table(out, block); return;
    case BLOCK_FACTS: append_facts(out, block); return;
    case BLOCK_CODE:
        buf_append_cstr(out, "<pre class=\"block\">");
        html_append(out, block->code);
        buf_append_cstr(out, "</pre>");
        break;
    case BLOCK_DIAGRAM: append_diagram(out, page); return;
    case BLOCK_SIGNATURES: append_signatures(out); return;
    }
    buf_append_char(out, '\n');
}

/* ------------------------------------------------------------------ the page */

static void append_contents(struct buf *out, const struct page *page) {
    bool in_parts = false;
    buf_append_cstr(out, "<nav aria-label=\"Contents\"><h2>Contents</h2>\n<ul>\n");
    for (uint32_t i = 0; i < page->blocks.count; i++) {
        const struct page_block *block = &page->blocks.items[i];
        if (block->kind != BLOCK_SECTION && block->kind != BLOCK_PART) continue;
        bool part = block->kind == BLOCK_PART;
        if (part && !in_parts) buf_append_cstr(out, "<ul>\n");
        if (!part && in_parts) buf_append_cstr(out, "</ul></li>\n");
        in_parts = part;
        buf_append_cstr(out, "<li><a href=\"#");
        html_append(out, block->anchor);
        buf_append_cstr(out, "\">");
        html_append(out, block->label);
        bool opens = i + 1 < page->blocks.count && !part;
        uint32_t next = i + 1;
        while (opens && next < page->blocks.count && page->blocks.items[next].kind != BLOCK_SECTION &&
               page->blocks.items[next].kind != BLOCK_PART)
            next++;
        opens = opens && next < page->blocks.count && page->blocks.items[next].kind == BLOCK_PART;
        buf_append_cstr(out, opens ? "</a>\n" : "</a></li>\n");
    }
    buf_append_cstr(out, in_parts ? "</ul></li>\n</ul></nav>\n" : "</ul></nav>\n");
}

static void append_head(struct buf *out, const struct document *document) {
    buf_append_cstr(
        out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    html_append(out, document->title);
    buf_printf(out, " version %lld: mapping document</title>\n<style>\n%s</style>\n</head>\n<body>\n",
               (long long)document->version, DOCUMENT_STYLE);
}

void document_render_html(const struct document *document, struct buf *out) {
    struct page page;
    page_make(&page, document);
    append_head(out, document);
    buf_append_cstr(out, "<header><p class=\"kind\">Mapping document</p><h1>");
    html_append(out, document->title);
    buf_printf(out, "</h1><p class=\"version\">version %lld", (long long)document->version);
    if (document->date.len) {
        buf_append_cstr(out, ", ");
        html_append(out, document->date);
    }
    buf_append_cstr(out, "</p>");
    if (document->doc.len) {
        buf_append_cstr(out, "<p class=\"lead\">");
        html_append(out, document->doc);
        buf_append_cstr(out, "</p>");
    }
    buf_append_cstr(out, "</header>\n<div class=\"sheet\">\n");
    append_contents(out, &page);
    buf_append_cstr(out, "<main>\n");
    for (uint32_t i = 0; i < page.blocks.count; i++)
        append_block(out, &page, &page.blocks.items[i]);
    buf_append_cstr(out, "</main>\n</div>\n</body>\n</html>\n");
    page_release(&page);
}

/* The page as Markdown: GitHub's tables, anchors as `<a id>`, names and code in code spans, everything else
 * escaped. The diagram is a nested list, which every renderer shows. */
#include "compiler/document/page.h"

#include <ctype.h>

/* Escapes what could begin markup, HTML or a link. Line breaks become blanks. */
void markdown_append(struct buf *out, struct str text) {
    size_t digits = 0;
    while (digits < text.len && isdigit((unsigned char)text.ptr[digits]))
        digits++;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i], next = i + 1 < text.len ? text.ptr[i + 1] : 0;
        bool at_start = i == 0 && strchr("#+-=", c) && c;
        bool numbers_list = digits && i == digits && (c == '.' || c == ')');
        bool links =
            (c == ':' && next == '/') || (c == '.' && i >= 3 && memcmp(text.ptr + i - 3, "www", 3) == 0);
        if (c == '\n' || c == '\t' || c == '\r')
            buf_append_char(out, ' ');
        else if (c == '<')
            buf_append_cstr(out, "&lt;");
        else if (c == '>')
            buf_append_cstr(out, "&gt;");
        else if (c == '&')
            buf_append_cstr(out, "&amp;");
        else if ((unsigned char)c < 32)
            buf_append_cstr(out, "\xef\xbf\xbd");
        else if (at_start || numbers_list || links || strchr("\\`*_[]|~$", c))
            buf_printf(out, "\\%c", c);
        else
            buf_append_char(out, c);
    }
}

/* A code span: a fence longer than any in the text. in_table: `|` would end the cell. */
static void append_code(struct buf *out, struct str text, bool in_table) {
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < text.len; i++) {
        run = text.ptr[i] == '`' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    if (text.len == 0) return;
    bool pads = text.ptr[0] == '`' || text.ptr[text.len - 1] == '`';
    buf_repeat_char(out, '`', longest + 1);
    if (pads) buf_append_char(out, ' ');
    bool blank = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool white = c == '\n' || c == '\r' || c == '\t' || ((unsigned char)c < 32);
        if (white && blank) continue;
        blank = white || c == ' ';
        if (in_table && c == '|') buf_append_char(out, '\\');
        buf_append_char(out, white ? ' ' : c);
    }
    if (pads) buf_append_char(out, ' ');
    buf_repeat_char(out, '`', longest + 1);
}

/* ------------------------------------------------------------------ phrases */

static void append_run(struct buf *out, const struct phrase_run *run, bool in_table) {
    bool links = run->anchor.len > 0;
    if (links) buf_append_char(out, '[');
    switch (run->kind) {
    case RUN_NAME:
    case RUN_CODE: append_code(out, run->text, in_table); break;
    case RUN_VALUE:
        buf_append_cstr(out, "“");
        markdown_append(out, run->text);
        buf_append_cstr(out, "”");
        break;
    case RUN_SLOT:
        buf_append_cstr(out, "‹");
        markdown_append(out, run->text);
        buf_append_cstr(out, "›");
        break;
    case RUN_BREAK: buf_append_cstr(out, "<br>"); break;
    case RUN_TEXT:
    case RUN_TERM:
    case RUN_PLAIN:
    case RUN_MESSAGE: markdown_append(out, run->text); break;
    }
    if (!links) return;
    buf_append_cstr(out, "](#");
    buf_append_str(out, run->anchor); /* letters, digits, - _ . only */
    buf_append_char(out, ')');
}

static void append_line(struct buf *out, const struct page_line *line, bool in_table) {
    for (uint32_t i = 0; i < line->phrase.runs.count; i++) {
        bool badge = i == 0 && line->style >= LINE_USE;
        if (line->style == LINE_MARKS && i) buf_append_cstr(out, ", ");
        if (badge) buf_append_cstr(out, "**");
        append_run(out, &line->phrase.runs.items[i], in_table);
        if (badge) buf_append_cstr(out, "**");
    }
}

static void append_anchor(struct buf *out, struct str anchor) {
    if (anchor.len) buf_printf(out, "<a id=\"%.*s\"></a>", STR_ARG(anchor));
}

/* ------------------------------------------------------------------ blocks */

static void append_table_cell(struct buf *out, const struct page_cell *cell) {
    append_anchor(out, cell->anchor);
    for (uint32_t i = 0; i < cell->lines.count; i++) {
        if (i) buf_append_cstr(out, "<br>");
        append_line(out, &cell->lines.items[i], true);
    }
}

static void append_table(struct buf *out, const struct page_block *block) {
    buf_append_char(out, '|');
    for (uint32_t i = 0; i < block->head.count; i++) {
        buf_append_char(out, ' ');
        markdown_append(out, block->head.items[i]);
        buf_append_cstr(out, " |");
    }
    buf_append_cstr(out, "\n|");
    for (uint32_t i = 0; i < block->head.count; i++)
        buf_append_cstr(out, "---|");
    buf_append_char(out, '\n');
    for (uint32_t r = 0; r < block->rows.count; r++) {
        buf_append_char(out, '|');
        for (uint32_t c = 0; c < block->rows.items[r].cells.count; c++) {
            buf_append_char(out, ' ');
            append_table_cell(out, &block->rows.items[r].cells.items[c]);
            buf_append_cstr(out, " |");
        }
        buf_append_char(out, '\n');
    }
    buf_append_char(out, '\n');
}

/* - **label**: first line, the others below it */
static void append_facts(struct buf *out, const struct page_block *block) {
    for (uint32_t r = 0; r < block->rows.count; r++) {
        const struct page_cell *label = &block->rows.items[r].cells.items[0];
        const struct page_cell *text = &block->rows.items[r].cells.items[1];
        buf_append_cstr(out, "- ");
        append_anchor(out, label->anchor);
        buf_append_cstr(out, "**");
        for (uint32_t i = 0; i < label->lines.count; i++) {
            struct page_line line = label->lines.items[i];
            line.style = LINE_NORMAL;
            append_line(out, &line, false);
        }
        buf_append_cstr(out, "**");
        for (uint32_t i = 0; i < text->lines.count; i++) {
            buf_append_cstr(out, i ? "\n  - " : ": ");
            append_line(out, &text->lines.items[i], false);
        }
        buf_append_char(out, '\n');
    }
    buf_append_char(out, '\n');
}

static void append_heading(struct buf *out, const struct page_block *block, const char *level) {
    append_anchor(out, block->anchor);
    if (block->anchor.len) buf_append_cstr(out, "\n\n");
    buf_printf(out, "%s ", level);
    for (uint32_t i = 0; i < block->title.runs.count; i++)
        append_run(out, &block->title.runs.items[i], false);
    buf_append_cstr(out, "\n\n");
}

static void append_code_block(struct buf *out, struct str code) {
    size_t longest = 2, run = 0;
    for (size_t i = 0; i < code.len; i++) {
        run = code.ptr[i] == '`' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    buf_repeat_char(out, '`', longest + 1);
    buf_append_cstr(out, "sql\n");
    buf_append_str(out, code);
    buf_append_char(out, '\n');
    buf_repeat_char(out, '`', longest + 1);
    buf_append_cstr(out, "\n\n");
}

/* ------------------------------------------------------------------ the diagram */

static void append_node(struct buf *out, const struct lineage_node *node) {
    if (node->kind == LINEAGE_MAP) {
        buf_append_cstr(out, "map [");
        markdown_append(out, node->label);
        buf_printf(out, "](#%.*s)", STR_ARG(node->anchor));
        return;
    }
    append_code(out, node->label, false);
    if (node->detail.len) {
        buf_append_cstr(out, " (");
        markdown_append(out, node->detail);
        buf_append_char(out, ')');
    }
}

/* What a map does beyond what its place in the list says: the table it fills, the maps it finds rows of. */
static void append_map(struct buf *out, const struct lineage *lineage, uint32_t map) {
    append_node(out, &lineage->nodes.items[map]);
    uint32_t found = 0;
    for (uint32_t e = 0; e < lineage->edges.count; e++) {
        const struct lineage_edge *edge = &lineage->edges.items[e];
        if (edge->from != map || lineage->nodes.items[edge->to].kind != LINEAGE_TABLE) continue;
        buf_append_cstr(out, " → ");
        append_node(out, &lineage->nodes.items[edge->to]);
    }
    for (uint32_t e = 0; e < lineage->edges.count; e++) {
        const struct lineage_edge *edge = &lineage->edges.items[e];
        if (edge->to != map || !edge->finds) continue;
        buf_append_cstr(out, found++ ? ", " : "; finds rows of ");
        append_node(out, &lineage->nodes.items[edge->from]);
    }
    buf_append_char(out, '\n');
}

static void append_diagram(struct buf *out, const struct page *page) {
    struct arena arena;
    struct lineage lineage;
    arena_init(&arena);
    lineage_make(&arena, page->document, &lineage);
    for (uint32_t n = 0; n < lineage.nodes.count; n++) {
        const struct lineage_node *node = &lineage.nodes.items[n];
        if (node->kind != LINEAGE_SOURCE || node->looked_up) continue;
        buf_append_cstr(out, "- ");
        append_node(out, node);
        buf_append_char(out, '\n');
        for (uint32_t e = 0; e < lineage.edges.count; e++) {
            if (lineage.edges.items[e].from != n) continue;
            buf_append_cstr(out, "  - ");
            append_map(out, &lineage, lineage.edges.items[e].to);
        }
    }
    for (uint32_t n = 0; n < lineage.nodes.count; n++) { /* maps that read other maps only */
        if (lineage.nodes.items[n].kind != LINEAGE_MAP) continue;
        bool reads = false;
        for (uint32_t e = 0; e < lineage.edges.count; e++)
            reads |= lineage.edges.items[e].to == n &&
                     lineage.nodes.items[lineage.edges.items[e].from].kind == LINEAGE_SOURCE &&
                     !lineage.edges.items[e].finds;
        if (reads) continue;
        buf_append_cstr(out, "- ");
        append_map(out, &lineage, n);
    }
    buf_append_char(out, '\n');
    arena_release(&arena);
}

static void append_block(struct buf *out, const struct page *page, const struct page_block *block) {
    switch (block->kind) {
    case BLOCK_SECTION: append_heading(out, block, "##"); return;
    case BLOCK_PART: append_heading(out, block, "###"); return;
    case BLOCK_HEADING: append_heading(out, block, "####"); return;
    case BLOCK_TEXT:
        for (uint32_t i = 0; i < block->text.lines.count; i++) {
            append_line(out, &block->text.lines.items[i], false);
            buf_append_cstr(out, "\n\n");
        }
        return;
    case BLOCK_TABLE: append_table(out, block); return;
    case BLOCK_FACTS: append_facts(out, block); return;
    case BLOCK_CODE: append_code_block(out, block->code); return;
    case BLOCK_DIAGRAM: append_diagram(out, page); return;
    case BLOCK_SIGNATURES:
        buf_append_cstr(out, "The rules above are what the migration does. By signing, we agree to them.\n\n"
                             "| Name | Role | Signature | Date |\n|---|---|---|---|\n"
                             "| &nbsp; | | | |\n| &nbsp; | | | |\n| &nbsp; | | | |\n");
        return;
    }
}

void document_render_markdown(const struct document *document, struct buf *out) {
    struct page page;
    page_make(&page, document);
    buf_append_cstr(out, "# ");
    markdown_append(out, document->title);
    buf_printf(out, "\n\nMapping document, version %lld", (long long)document->version);
    if (document->date.len) {
        buf_append_cstr(out, ", ");
        markdown_append(out, document->date);
    }
    buf_append_cstr(out, "\n\n");
    if (document->doc.len) {
        markdown_append(out, document->doc);
        buf_append_cstr(out, "\n\n");
    }
    for (uint32_t i = 0; i < page.blocks.count; i++) {
        const struct page_block *block = &page.blocks.items[i];
        if (block->kind != BLOCK_SECTION && block->kind != BLOCK_PART) continue;
        buf_append_cstr(out, block->kind == BLOCK_PART ? "  - [" : "- [");
        markdown_append(out, block->label);
        buf_printf(out, "](#%.*s)\n", STR_ARG(block->anchor));
    }
    buf_append_char(out, '\n');
    for (uint32_t i = 0; i < page.blocks.count; i++)
        append_block(out, &page, &page.blocks.items[i]);
    page_release(&page);
}

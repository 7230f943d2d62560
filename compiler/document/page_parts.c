/* Small things that pages are made of. */
#include "compiler/document/page.h"

struct page_block *page_add(struct page *page, enum block_kind kind) {
    VEC_PUSH(&page->arena, &page->blocks, (struct page_block){.kind = kind});
    return &page->blocks.items[page->blocks.count - 1];
}

void page_section(struct page *page, enum block_kind kind, const char *anchor, const char *title) {
    struct page_block *block = page_add(page, kind);
    block->anchor = str_cstr(anchor);
    block->label = str_cstr(title);
    phrase_add(&page->arena, &block->title, RUN_TEXT, block->label);
}

struct page_row *page_add_row(struct page *page, struct page_block *block) {
    VEC_PUSH(&page->arena, &block->rows, (struct page_row){0});
    return &block->rows.items[block->rows.count - 1];
}

struct page_cell *page_add_cell(struct page *page, struct page_row *row) {
    VEC_PUSH(&page->arena, &row->cells, (struct page_cell){0});
    return &row->cells.items[row->cells.count - 1];
}

void page_add_line(struct page *page, struct page_cell *cell, enum line_style style,
                   const struct phrase *phrase) {
    if (!phrase_is_empty(phrase))
        VEC_PUSH(&page->arena, &cell->lines, (struct page_line){.style = style, .phrase = *phrase});
}

void page_add_text(struct page *page, struct page_cell *cell, enum line_style style, enum run_kind kind,
                   struct str text) {
    struct phrase phrase = {0};
    if (text.len == 0) return;
    phrase_add(&page->arena, &phrase, kind, text);
    page_add_line(page, cell, style, &phrase);
}

void page_print(struct page *page, struct page_cell *cell, enum line_style style, const char *format, ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    page_add_text(page, cell, style, RUN_TEXT, arena_copy_str(&page->arena, buf_str(&text)));
    buf_release(&text);
}

/* ------------------------------------------------------------------ outcomes */

static bool is_just(const struct phrase *phrase, const char *text) {
    return phrase->runs.count == 1 && phrase->runs.items[0].kind == RUN_TEXT &&
           str_is(phrase->runs.items[0].text, text);
}

static void add_message(struct page *page, const struct document_outcome *outcome, const char *before,
                        struct phrase *out) {
    if (phrase_is_empty(&outcome->message)) return;
    phrase_print(&page->arena, out, "%s“", before);
    phrase_append(&page->arena, out, &outcome->message);
    phrase_print(&page->arena, out, "”");
}

static void add_use(struct page *page, const struct document_outcome *outcome, const char *before,
                    struct phrase *out) {
    if (phrase_is_empty(&outcome->use)) return;
    phrase_print(&page->arena, out, "%s", before);
    if (is_just(&outcome->use, "empty")) {
        phrase_print(&page->arena, out, "left empty");
        return;
    }
    phrase_append(&page->arena, out, &outcome->use);
    phrase_print(&page->arena, out, " instead");
}

static enum line_style outcome_style(const struct document_outcome *outcome) {
    switch (outcome->kind) {
    case OUTCOME_USE: return LINE_USE;
    case OUTCOME_SKIP: return LINE_SKIP;
    case OUTCOME_REJECT: return LINE_REJECT;
    case OUTCOME_WARN: return LINE_WARN;
    case OUTCOME_FAIL: return LINE_FAIL;
    case OUTCOME_KEEP:
    case OUTCOME_UPDATE: return LINE_KEEP;
    }
    return LINE_NORMAL;
}

/* "Rejected when …: “message”". The first word is of the line's style. */
static void add_outcome(struct page *page, struct page_cell *cell, const struct document_outcome *outcome) {
    static const char *const DONE[] = {
        [OUTCOME_USE] = "Replaced",  [OUTCOME_SKIP] = "Left out",  [OUTCOME_REJECT] = "Rejected",
        [OUTCOME_WARN] = "Warned",   [OUTCOME_FAIL] = "Run stops", [OUTCOME_KEEP] = "Taken",
        [OUTCOME_UPDATE] = "Updated"};
    struct arena *arena = &page->arena;
    struct phrase phrase = {0};
    phrase_print(arena, &phrase, "%s", DONE[outcome->kind]);
    phrase_print(arena, &phrase, " ");
    phrase_append(arena, &phrase, &outcome->when);
    add_message(page, outcome, ": ", &phrase);
    if (outcome->kind == OUTCOME_KEEP || outcome->kind == OUTCOME_UPDATE) {
        phrase_print(arena, &phrase, ": ");
        phrase_append(arena, &phrase, &outcome->use);
    } else {
        add_use(page, outcome, outcome->kind == OUTCOME_USE ? ": " : "; ", &phrase);
    }
    page_add_line(page, cell, outcome_style(outcome), &phrase);
}

void page_add_outcomes(struct page *page, struct page_cell *cell, const struct document_outcomes *outcomes) {
    for (uint32_t i = 0; i < outcomes->list.count; i++)
        add_outcome(page, cell, &outcomes->list.items[i]);
}

/* ------------------------------------------------------------------ rules */

void page_add_rule_lines(struct page *page, struct page_cell *cell, const struct document_rule *rule) {
    page_add_line(page, cell, LINE_NORMAL, &rule->words);
    page_add_text(page, cell, LINE_NOTE, RUN_TEXT, rule->doc);
    page_add_outcomes(page, cell, &rule->outcomes);
    page_add_text(page, cell, LINE_CODE, RUN_CODE, rule->code);
}

void page_add_rule(struct page *page, struct page_block *block, const struct document_rule *rule,
                   enum run_kind label) {
    struct page_row *row = page_add_row(page, block);
    struct page_cell *name = page_add_cell(page, row);
    name->anchor = rule->anchor;
    page_add_text(page, name, LINE_NORMAL, label, rule->label);
    page_add_rule_lines(page, page_add_cell(page, row), rule);
}

void page_paragraph(struct page *page, enum line_style style, struct str text) {
    if (text.len == 0) return;
    struct page_cell cell = {0};
    page_add_text(page, &cell, style, RUN_TEXT, text);
    page_add(page, BLOCK_TEXT)->text = cell;
}

void page_doc(struct page *page, struct str doc) {
    size_t start = 0;
    for (size_t at = 0; at <= doc.len; at++) {
        bool ends = at == doc.len || (doc.ptr[at] == '\n' && at + 1 < doc.len && doc.ptr[at + 1] == '\n');
        if (!ends) continue;
        page_paragraph(page, LINE_NOTE, str_from(doc.ptr + start, at - start));
        start = at + 1;
    }
}

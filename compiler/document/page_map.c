/* Target tables, column by column. */
#include "compiler/document/page.h"

static void add_marks(struct page *page, struct page_cell *cell, const struct document_column *column) {
    struct phrase marks = {0};
    if (column->primary) phrase_print(&page->arena, &marks, "key");
    if (column->not_null && !column->primary) phrase_print(&page->arena, &marks, "required");
    if (column->pii) phrase_print(&page->arena, &marks, "personal");
    page_add_line(page, cell, LINE_MARKS, &marks);
    if (column->references.len) {
        struct phrase reference = {0};
        phrase_print(&page->arena, &reference, "→ %.*s", STR_ARG(column->references));
        page_add_line(page, cell, LINE_NOTE, &reference);
    }
}

static void add_source(struct page *page, struct page_cell *cell, const struct document_column *column) {
    switch (column->origin) {
    case ORIGIN_ASSIGNED:
    case ORIGIN_COPIED: page_add_line(page, cell, LINE_NORMAL, &column->words); break;
    case ORIGIN_DATABASE: page_add_line(page, cell, LINE_NOTE, &column->words); break;
    case ORIGIN_IGNORED:
        page_print(page, cell, LINE_NOTE, "left empty on purpose%s%.*s", column->because.len ? ": " : "",
                   STR_ARG(column->because));
        break;
    case ORIGIN_EMPTY: page_print(page, cell, LINE_NOTE, "left empty"); break;
    }
    page_add_text(page, cell, LINE_NOTE, RUN_TEXT, column->doc);
    page_add_outcomes(page, cell, &column->outcomes);
    page_add_text(page, cell, LINE_CODE, RUN_CODE, column->code);
}

static void add_columns(struct page *page, const struct document_map *map) {
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "columns";
    VEC_PUSH(&page->arena, &block->head, STR("Column"));
    if (!map->is_file) VEC_PUSH(&page->arena, &block->head, STR("Type"));
    VEC_PUSH(&page->arena, &block->head, STR("Where it comes from"));
    for (uint32_t i = 0; i < map->columns.count; i++) {
        const struct document_column *column = &map->columns.items[i];
        struct page_row *row = page_add_row(page, block);
        struct page_cell *name = page_add_cell(page, row);
        name->anchor = column->anchor;
        page_add_text(page, name, LINE_NORMAL, RUN_NAME, column->name);
        if (map->is_file) add_marks(page, name, column);
        if (!map->is_file) {
            struct page_cell *type = page_add_cell(page, row);
            page_add_text(page, type, LINE_NORMAL, RUN_PLAIN, column->type);
            add_marks(page, type, column);
        }
        add_source(page, page_add_cell(page, row), column);
    }
}

static void add_rules(struct page *page, const char *title, const char *name,
                      const struct document_rules *rules, enum run_kind label) {
    if (rules->list.count == 0) return;
    if (title) phrase_print(&page->arena, &page_add(page, BLOCK_HEADING)->title, "%s", title);
    struct page_block *block = page_add(page, BLOCK_FACTS);
    block->name = name;
    for (uint32_t i = 0; i < rules->list.count; i++)
        page_add_rule(page, block, &rules->list.items[i], label);
}

static void add_place(struct page *page, const struct document_map *map) {
    const struct document *document = page->document;
    struct page_cell cell = {0};
    struct phrase text = {0};
    phrase_print(&page->arena, &text, "Filled by map ");
    phrase_add(&page->arena, &text, RUN_TERM, map->name);
    phrase_print(&page->arena, &text, ", number %u of %u", map->order, document->maps.count);
    if (map->phase.len) phrase_print(&page->arena, &text, ", in phase %.*s", STR_ARG(map->phase));
    for (uint32_t i = 0; i < map->after.count; i++) {
        const struct document_map *other = &document->maps.items[map->after.items[i]];
        phrase_print(&page->arena, &text, i == 0 ? ", after " : i + 1 < map->after.count ? ", " : " and ");
        phrase_link(&page->arena, &text, RUN_TERM, other->name, other->anchor);
    }
    phrase_print(&page->arena, &text, ".");
    page_add_line(page, &cell, LINE_NORMAL, &text);
    page_add(page, BLOCK_TEXT)->text = cell;
}

static void page_map(struct page *page, const struct document_map *map) {
    struct page_block *head = page_add(page, BLOCK_PART);
    head->anchor = map->anchor;
    head->label = map->table;
    phrase_add(&page->arena, &head->title, RUN_NAME, map->table);
    if (map->is_file) phrase_print(&page->arena, &head->title, " (a file for hand-over)");
    page_doc(page, map->doc);
    add_place(page, map);
    add_rules(page, NULL, "rules", &map->rules, RUN_TEXT);
    add_rules(page, "Values that the columns speak of", "terms", &map->terms, RUN_TERM);
    add_columns(page, map);
    add_rules(page, "What must hold for each row", "validations", &map->validations, RUN_TERM);
}

void page_maps(struct page *page) {
    const struct document *document = page->document;
    page_section(page, BLOCK_SECTION, "tables", "Target tables");
    if (document->maps.count == 0) page_paragraph(page, LINE_NORMAL, STR("No map writes anything."));
    for (uint32_t i = 0; i < document->maps.count; i++)
        page_map(page, &document->maps.items[i]);
}

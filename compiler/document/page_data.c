/* Sources, code tables, functions, personal data. */
#include "compiler/document/page.h"

enum { MOST_CODES = 2000 };

/* ------------------------------------------------------------------ sources */

static void add_use(struct page *page, struct page_cell *cell, const struct document_source_column *column) {
    if (column->used_for.count == 0) {
        page_print(page, cell, LINE_NOTE, "%s",
                   column->ignored ? "not used, on purpose"
                   : column->read  ? "decides, is not loaded"
                                   : "not used");
        page_add_text(page, cell, LINE_NOTE, RUN_TEXT, column->because);
        return;
    }
    struct phrase names = {0};
    for (uint32_t i = 0; i < column->used_for.count; i++) {
        if (i) phrase_print(&page->arena, &names, ", ");
        phrase_add(&page->arena, &names, RUN_NAME, column->used_for.items[i]);
    }
    page_add_line(page, cell, LINE_NORMAL, &names);
}

static void add_column(struct page *page, struct page_block *block,
                       const struct document_source_column *column) {
    struct page_row *row = page_add_row(page, block);
    struct page_cell *name = page_add_cell(page, row);
    name->anchor = column->anchor;
    page_add_text(page, name, LINE_NORMAL, RUN_NAME, column->title);
    page_add_text(page, name, LINE_NOTE, RUN_TEXT, column->doc);
    struct page_cell *type = page_add_cell(page, row);
    page_add_text(page, type, LINE_NORMAL, RUN_PLAIN, column->noun);
    page_add_text(page, type, LINE_NORMAL, RUN_PLAIN, column->format);
    struct phrase marks = {0};
    if (column->nullable) phrase_print(&page->arena, &marks, "may be empty");
    if (column->pii) phrase_print(&page->arena, &marks, "personal");
    page_add_line(page, type, LINE_MARKS, &marks);
    add_use(page, page_add_cell(page, row), column);
}

static void add_rows(struct page *page, const struct document_source_table *table) {
    if (table->rows.count == 0) return;
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "rows";
    for (uint32_t c = 0; c < table->columns.count; c++)
        VEC_PUSH(&page->arena, &block->head, table->columns.items[c].title);
    for (uint32_t r = 0; r < table->rows.count; r++) {
        struct page_row *row = page_add_row(page, block);
        for (uint32_t c = 0; c < table->rows.items[r].list.count; c++)
            page_add_text(page, page_add_cell(page, row), LINE_NORMAL, RUN_PLAIN,
                          table->rows.items[r].list.items[c]);
    }
    if (table->rows_count > table->rows.count)
        page_paragraph(page, LINE_NOTE,
                       arena_printf(&page->arena, "The first %u of %u rows; the others stand in the spec.",
                                    table->rows.count, table->rows_count));
}

static void add_table(struct page *page, const struct document_source *source,
                      const struct document_source_table *table) {
    if (!str_eq(table->anchor, source->anchor)) {
        struct page_block *head = page_add(page, BLOCK_HEADING);
        head->anchor = table->anchor;
        phrase_add(&page->arena, &head->title, RUN_NAME, table->title.len ? table->title : table->name);
        if (table->title.len) {
            phrase_print(&page->arena, &head->title, " ");
            phrase_add(&page->arena, &head->title, RUN_CODE, table->name);
        }
        page_doc(page, table->doc);
    }
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "source";
    VEC_PUSH(&page->arena, &block->head, STR("Column"));
    VEC_PUSH(&page->arena, &block->head, STR("Read as"));
    VEC_PUSH(&page->arena, &block->head, STR("Goes to"));
    for (uint32_t c = 0; c < table->columns.count; c++)
        add_column(page, block, &table->columns.items[c]);
    add_rows(page, table);
}

/* Tables of a database that nobody reads. */
static void add_unread(struct page *page, const struct document_source *source) {
    struct page_cell cell = {0};
    struct phrase names = {0};
    for (uint32_t t = 0; t < source->tables.count; t++) {
        const struct document_source_table *table = &source->tables.items[t];
        if (!table->is_table || table->is_read) continue;
        phrase_print(&page->arena, &names, phrase_is_empty(&names) ? "Tables that no map reads: " : ", ");
        phrase_add(&page->arena, &names, RUN_NAME, table->title);
    }
    page_add_line(page, &cell, LINE_NOTE, &names);
    if (cell.lines.count) page_add(page, BLOCK_TEXT)->text = cell;
}

static void add_unused(struct page *page) {
    const struct document *document = page->document;
    struct phrase names = {0};
    for (uint32_t s = 0; s < document->sources.count; s++)
        for (uint32_t t = 0; t < document->sources.items[s].tables.count; t++) {
            const struct document_source_table *table = &document->sources.items[s].tables.items[t];
            if (table->is_table && !table->is_read) continue;
            for (uint32_t c = 0; c < table->columns.count; c++) {
                const struct document_source_column *column = &table->columns.items[c];
                if (column->read) continue;
                if (names.runs.count) phrase_print(&page->arena, &names, ", ");
                phrase_link(&page->arena, &names, RUN_NAME, column->title, column->anchor);
                phrase_print(&page->arena, &names, " of %.*s", STR_ARG(table->name));
            }
        }
    page_section(page, BLOCK_PART, "unused", "Source columns that are not used");
    struct page_cell cell = {0};
    if (phrase_is_empty(&names))
        phrase_print(&page->arena, &names, "None: every column decides or is loaded.");
    page_add_line(page, &cell, LINE_NORMAL, &names);
    page_add(page, BLOCK_TEXT)->text = cell;
}

void page_sources(struct page *page) {
    const struct document *document = page->document;
    if (document->sources.count == 0) return;
    page_section(page, BLOCK_SECTION, "sources", "Sources");
    for (uint32_t i = 0; i < document->sources.count; i++) {
        const struct document_source *source = &document->sources.items[i];
        struct page_block *head = page_add(page, BLOCK_PART);
        head->anchor = source->anchor;
        head->label = source->name;
        phrase_add(&page->arena, &head->title, RUN_TERM, source->name);
        page_doc(page, source->doc);
        struct page_cell cell = {0};
        page_add_line(page, &cell, LINE_NORMAL, &source->words);
        page_add_outcomes(page, &cell, &source->outcomes);
        page_add(page, BLOCK_TEXT)->text = cell;
        if (source->sql.len) page_add(page, BLOCK_CODE)->code = source->sql;
        for (uint32_t t = 0; t < source->tables.count; t++)
            if (!source->tables.items[t].is_table || source->tables.items[t].is_read)
                add_table(page, source, &source->tables.items[t]);
        add_unread(page, source);
    }
    add_unused(page);
}

/* ------------------------------------------------------------------ codes */

static void add_pairs(struct page *page, const struct document_codes *codes) {
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "codes";
    VEC_PUSH(&page->arena, &block->head, STR("In the source"));
    VEC_PUSH(&page->arena, &block->head, STR("In the target"));
    for (uint32_t i = 0; i < codes->lines.count && i < MOST_CODES; i++) {
        const struct document_code_line *line = &codes->lines.items[i];
        struct page_row *row = page_add_row(page, block);
        struct phrase keys = {0};
        for (uint32_t k = 0; k < line->keys.count; k++) {
            if (k) phrase_print(&page->arena, &keys, ", ");
            phrase_add(&page->arena, &keys, RUN_VALUE, line->keys.items[k]);
        }
        page_add_line(page, page_add_cell(page, row), LINE_NORMAL, &keys);
        page_add_text(page, page_add_cell(page, row), LINE_NORMAL, RUN_PLAIN, line->value);
    }
    if (codes->lines.count > MOST_CODES)
        page_paragraph(
            page, LINE_NOTE,
            arena_printf(&page->arena, "The first %d of %u pairs.", MOST_CODES, codes->lines.count));
}

void page_codes(struct page *page) {
    const struct document *document = page->document;
    if (document->codes.count == 0) return;
    page_section(page, BLOCK_SECTION, "codes", "Codes");
    for (uint32_t i = 0; i < document->codes.count; i++) {
        const struct document_codes *codes = &document->codes.items[i];
        struct page_block *head = page_add(page, BLOCK_PART);
        head->anchor = codes->anchor;
        head->label = codes->name;
        phrase_add(&page->arena, &head->title, RUN_TERM, codes->name);
        page_doc(page, codes->doc);
        struct page_cell cell = {0};
        page_add_line(page, &cell, LINE_NOTE, &codes->types);
        if (codes->file.len) page_print(page, &cell, LINE_NOTE, "from the file %.*s", STR_ARG(codes->file));
        page_add_outcomes(page, &cell, &codes->outcomes);
        page_add(page, BLOCK_TEXT)->text = cell;
        add_pairs(page, codes);
    }
}

/* ------------------------------------------------------------------ functions */

void page_functions(struct page *page) {
    const struct document *document = page->document;
    if (document->functions.count == 0) return;
    page_section(page, BLOCK_SECTION, "functions", "Functions");
    struct page_block *block = page_add(page, BLOCK_FACTS);
    block->name = "functions";
    for (uint32_t i = 0; i < document->functions.count; i++) {
        const struct document_function *function = &document->functions.items[i];
        struct page_row *row = page_add_row(page, block);
        struct page_cell *name = page_add_cell(page, row);
        name->anchor = function->anchor;
        page_add_text(page, name, LINE_NORMAL, RUN_TERM, function->name);
        struct page_cell *cell = page_add_cell(page, row);
        page_add_text(page, cell, LINE_NOTE, RUN_TEXT, function->doc);
        page_add_line(page, cell, LINE_NORMAL, &function->words);
        struct buf code = {0};
        buf_append_str(&code, function->signature);
        if (function->code.len) buf_printf(&code, " = %.*s", STR_ARG(function->code));
        page_add_text(page, cell, LINE_CODE, RUN_CODE, arena_copy_str(&page->arena, buf_str(&code)));
        buf_release(&code);
    }
}

/* ------------------------------------------------------------------ personal data */

void page_personal(struct page *page) {
    const struct document *document = page->document;
    page_section(page, BLOCK_SECTION, "personal", "Personal data");
    if (document->personal.count == 0) {
        page_paragraph(page, LINE_NORMAL, STR("No column is declared personal."));
        return;
    }
    page_paragraph(page, LINE_NORMAL,
                   STR("Personal values are masked in logs, messages, reports and files of rejected rows."));
    struct page_block *block = page_add(page, BLOCK_TABLE);
    block->name = "personal";
    VEC_PUSH(&page->arena, &block->head, STR("From"));
    VEC_PUSH(&page->arena, &block->head, STR("To"));
    VEC_PUSH(&page->arena, &block->head, STR("Protection"));
    for (uint32_t i = 0; i < document->personal.count; i++) {
        const struct document_personal *entry = &document->personal.items[i];
        struct page_row *row = page_add_row(page, block);
        struct phrase from = {0}, to = {0};
        if (entry->source.len)
            phrase_link(&page->arena, &from, RUN_NAME, entry->source, entry->source_anchor);
        else
            phrase_print(&page->arena, &from, "—");
        if (entry->target.len)
            phrase_link(&page->arena, &to, RUN_NAME, entry->target, entry->target_anchor);
        else
            phrase_print(&page->arena, &to, "—");
        page_add_line(page, page_add_cell(page, row), LINE_NORMAL, &from);
        page_add_line(page, page_add_cell(page, row), LINE_NORMAL, &to);
        page_add_line(page, page_add_cell(page, row), LINE_NORMAL, &entry->protection);
    }
}

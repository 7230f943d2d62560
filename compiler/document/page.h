/* The document as blocks that follow each other: what both renderings share. Private to the document
 * library. */
#ifndef MIG_DOCUMENT_PAGE_H
#define MIG_DOCUMENT_PAGE_H

#include "compiler/document/document.h"

enum line_style {
    LINE_NORMAL,
    LINE_NOTE,  /* a remark of the author, or about what is beside it */
    LINE_CODE,  /* text of the spec, in one run */
    LINE_MARKS, /* short facts, each a run: "key", "personal" */
    LINE_USE,
    LINE_SKIP,
    LINE_REJECT,
    LINE_WARN,
    LINE_FAIL,
    LINE_KEEP /* what happens when … */
};

struct page_line {
    enum line_style style;
    struct phrase phrase;
};

struct page_cell {
    VEC(struct page_line) lines;
    struct str anchor;
};

struct page_row {
    VEC(struct page_cell) cells;
};

enum block_kind {
    BLOCK_SECTION, /* a heading that stands in the table of contents */
    BLOCK_PART,    /* one below it, likewise */
    BLOCK_HEADING, /* a small one, not there */
    BLOCK_TEXT,    /* lines */
    BLOCK_TABLE,
    BLOCK_FACTS, /* a table without a head: labels and lines */
    BLOCK_CODE,
    BLOCK_DIAGRAM,
    BLOCK_SIGNATURES
};

struct page_block {
    enum block_kind kind;
    struct str anchor;
    struct phrase title;       /* SECTION, PART, HEADING; TABLE: a caption or empty */
    struct str label;          /* in the table of contents */
    struct page_cell text;     /* TEXT */
    struct str code;           /* CODE */
    const char *name;          /* TABLE, FACTS: what kind of table: a class in HTML */
    VEC(struct str) head;      /* TABLE */
    VEC(struct page_row) rows; /* TABLE, FACTS */
};

struct page {
    struct arena arena;
    const struct document *document;
    VEC(struct page_block) blocks;
};

/* Lays a document out; page_release gives the memory back. */
void page_make(struct page *page, const struct document *document);
void page_release(struct page *page);

/* ---- page_parts.c: adding to a page */
struct page_block *page_add(struct page *page, enum block_kind kind); /* valid until the next */
void page_section(struct page *page, enum block_kind kind, const char *anchor, const char *title);
struct page_row *page_add_row(struct page *page, struct page_block *block);
struct page_cell *page_add_cell(struct page *page, struct page_row *row);
void page_add_line(struct page *page, struct page_cell *cell, enum line_style style,
                   const struct phrase *phrase);
/* One run; nothing where the text is empty. */
void page_add_text(struct page *page, struct page_cell *cell, enum line_style style, enum run_kind kind,
                   struct str text);
void page_print(struct page *page, struct page_cell *cell, enum line_style style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void page_add_outcomes(struct page *page, struct page_cell *cell, const struct document_outcomes *outcomes);
void page_add_rule_lines(struct page *page, struct page_cell *cell, const struct document_rule *rule);
/* A row of a FACTS block: label and the rule's lines. */
void page_add_rule(struct page *page, struct page_block *block, const struct document_rule *rule,
                   enum run_kind label);
/* A paragraph of its own. */
void page_paragraph(struct page *page, enum line_style style, struct str text);
/* Comment lines: a paragraph for each part between empty lines. */
void page_doc(struct page *page, struct str doc);

/* ---- page_map.c */
void page_maps(struct page *page);
/* ---- page_data.c */
void page_sources(struct page *page);
void page_codes(struct page *page);
void page_functions(struct page *page);
void page_personal(struct page *page);

/* ---- lineage.c, svg.c: sources → maps → tables */
enum lineage_kind { LINEAGE_SOURCE, LINEAGE_MAP, LINEAGE_TABLE };
struct lineage_node {
    enum lineage_kind kind;
    struct str label, detail, anchor;
    bool looked_up; /* a table that is only read */
    double y;       /* of its middle, in rows */
};
struct lineage_edge {
    uint32_t from, to;
    bool finds; /* a map finds rows of another map, or looks rows up */
};
struct lineage {
    VEC(struct lineage_node) nodes;
    VEC(struct lineage_edge) edges;
    double rows;
};
void lineage_make(struct arena *arena, const struct document *document, struct lineage *lineage);
void lineage_render_svg(const struct lineage *lineage, struct buf *out);

/* ---- html.c, markdown.c: escaping, for the diagram and tests too */
void html_append(struct buf *out, struct str text);
void markdown_append(struct buf *out, struct str text);

extern const char DOCUMENT_STYLE[]; /* document.css */

#endif

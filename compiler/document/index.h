/* The declarations of a plan's files by name, and what paths and names in expressions stand for. Private to
 * the document library. */
#ifndef MIG_DOCUMENT_INDEX_H
#define MIG_DOCUMENT_INDEX_H

#include "compiler/document/document.h"
#include "compiler/syntax/ast.h"

enum index_space { SPACE_SOURCE, SPACE_CALL, SPACE_KEYED, SPACE_PARAM };

struct index_entry {
    uint8_t space; /* enum index_space: the same name may stand once in each */
    bool used;     /* something that is told of speaks of it */
    struct str name;
    const struct ast_decl *decl;
};

struct document_index {
    struct arena *arena;
    const struct plan *plan;
    VEC(struct ast_file *) files;    /* the spec, then its modules */
    VEC(struct index_entry) entries; /* sorted */
};

/* False with diagnostics: a text of the plan is not a spec's. */
bool index_init(struct document_index *index, struct arena *arena, const struct plan *plan,
                struct diag_list *diags);
/* NULL: there is none. */
struct index_entry *index_find(const struct document_index *index, enum index_space space, struct str name);
/* Index in plan->maps; -1: none of that name. */
int32_t index_find_map(const struct document_index *index, struct str name);

/* Where rows come from. */
enum rows_kind { ROWS_UNKNOWN, ROWS_SOURCE, ROWS_TARGET, ROWS_MAP };
struct rows_of {
    enum rows_kind kind;
    const struct plan_source *source; /* SOURCE */
    const struct plan_source_table *table;
    const struct plan_target_table *target; /* TARGET; NULL: not in the plan, name holds it */
    int32_t map;                            /* MAP */
    struct str name;                        /* as written: master.projects */
    struct str anchor;
};
/* What `from x in PATH`, `lookup x in PATH` … mean. */
struct rows_of index_find_rows(const struct document_index *index, const struct ast_path *path);
struct str index_path_text(const struct document_index *index, const struct ast_path *path);
struct str index_source_anchor(const struct document_index *index, const struct plan_source *source,
                               const struct plan_source_table *table);
struct str index_column_anchor(const struct document_index *index, const struct plan_source *source,
                               const struct plan_source_table *table,
                               const struct plan_source_column *column);
const struct plan_source_column *index_find_column(const struct plan_source_table *table, struct str name);
/* "public.tasks" */
struct str index_table_name(const struct document_index *index, const struct plan_target_table *table);
/* The text of the comment lines directly above a span that starts its line, `-- ` removed; directives to the
 * linter are left out. Empty: none. */
struct str index_comment_above(const struct document_index *index, struct span span);
/* A doc comment without directives to the linter. */
struct str index_doc(const struct document_index *index, struct str doc);

/* ------------------------------------------------------------------ names in expressions */

/* What an expression sees. items_count: the lines of the body above it. */
struct name_scope {
    const struct document_index *index;
    const struct ast_clause *clauses;
    uint32_t clauses_count;
    const struct ast_item *items;
    uint32_t items_count;
    const struct ast_fn *fn;
    struct str owner; /* the map's name, for anchors; empty: none */
};

enum named_kind {
    NAMED_NOTHING,
    NAMED_ARGUMENT,
    NAMED_LET,
    NAMED_COLUMN,
    NAMED_ROW,
    NAMED_ELEMENT,
    NAMED_GROUP
};
struct named {
    enum named_kind kind;
    const struct ast_item *item;     /* LET, COLUMN */
    const struct ast_clause *clause; /* ROW, ELEMENT, GROUP */
    uint32_t at;                     /* ARGUMENT, GROUP: its number; LET, COLUMN: of the item */
};
struct named scope_find_name(const struct name_scope *scope, struct str name);
/* The alias of the `from` clause. */
static inline bool named_is_first_row(const struct named *named) {
    return named->kind == NAMED_ROW && named->clause->kind == CLAUSE_FROM;
}
/* Where the lines about a let or a looked-up row stand. */
struct str scope_term_anchor(const struct name_scope *scope, struct str name);

/* Without parentheses. */
static inline const struct ast_expr *expr_bare(const struct ast_expr *expr) {
    while (expr && expr->kind == X_GROUP && expr->left)
        expr = expr->left;
    return expr;
}
/* `name[key]` of a code table or map: its entry; NULL: the expression is something else. */
struct index_entry *index_of_keyed(const struct document_index *index, const struct ast_expr *expr);
/* The function's own name in a call. */
static inline struct str call_name(const struct ast_expr *call) {
    return call->path.parts.count ? call->path.parts.items[call->path.parts.count - 1].text : (struct str){0};
}

#endif

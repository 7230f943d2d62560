/* What stands before a place of a text that is being written: tokens of the declaration so far. It works on
 * words alone, so that it holds in declarations that do not parse yet. */
#ifndef MIG_LSP_CONTEXT_H
#define MIG_LSP_CONTEXT_H

#include "compiler/lsp/server.h"
#include "compiler/syntax/expected.h"

struct context {
    struct arena *arena;
    struct lsp_analysis *analysis;
    struct str text; /* the document's */
    uint32_t offset; /* the place */
    uint32_t word;   /* where the word before the place starts; offset: there is none */
    uint32_t from;   /* where what is read starts: the declaration, or a brace in a text */
    uint32_t decl_start, decl_end;
    bool in_hole; /* within {} of a text */
    bool in_text; /* within quotes; quote: where they open */
    bool in_comment;
    uint32_t quote;
    struct token_list before; /* tokens of [from, word); TOKEN_END last */
    uint32_t count;           /* of before, without TOKEN_END */
    struct token_list decl;   /* all of the declaration's, those behind the place too */
    struct str decl_word;     /* map, source, codes …; extern and before are skipped */
};

void context_read(struct context *context, struct arena *arena, struct lsp_analysis *analysis,
                  struct str text, uint32_t offset);
/* The n-th token before the place, 0 the nearest; TOKEN_END where there is none. */
enum token_kind context_kind(const struct context *context, uint32_t back);
/* Its text; empty where there is none. */
struct str context_text(const struct context *context, uint32_t back);
bool context_is(const struct context *context, uint32_t back, const char *word);
/* Open braces around the place. */
uint32_t context_brace_depth(const struct context *context);

/* The column that the item at the place assigns (`status = …|`); empty: none. */
struct str context_assigned(const struct context *context);
/* The path behind `in` of the clause that names this row; count 0: none. At most 3 parts. */
uint32_t context_row_path(const struct context *context, struct str row, struct str *parts);
/* The table behind `into`; NULL: none. */
const struct schema_table *context_target(const struct context *context);
/* A table of the target by `target.table` or `target.schema.table`. */
const struct schema_table *context_find_table(const struct context *context, const struct str *parts,
                                              uint32_t count);
const struct checked_table *context_find_source_table(const struct context *context, const struct str *parts,
                                                      uint32_t count);
const struct checked_map *context_find_map(const struct context *context, struct str name);

#endif

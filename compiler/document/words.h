/* Expressions, handlers and clauses in words. Private to the document library. */
#ifndef MIG_DOCUMENT_WORDS_H
#define MIG_DOCUMENT_WORDS_H

#include "compiler/document/index.h"

struct words {
    struct arena *arena;
    struct name_scope scope;
    struct document_outcomes *outcomes; /* where handlers inside are told; NULL: they are not */
    const struct ast_clause *clause;    /* the clause whose row needs no "of owner"; NULL: none */
};

/* Appends what the expression is. Handlers of the expression as a whole are told in words->outcomes, with
 * "it"; those inside with what they belong to. */
void words_value(struct words *words, const struct ast_expr *expr, struct phrase *out);
/* The same as a part of a phrase: in parentheses where it would be misread. */
void words_part(struct words *words, const struct ast_expr *expr, struct phrase *out);
/* The parts with commas between, "and" before the last. */
void words_list(struct words *words, struct ast_expr *const *exprs, uint32_t count, const char *last,
                struct phrase *out);
/* The words of a message, values as slots. */
void words_message(struct words *words, const struct ast_expr *message, struct phrase *out);
/* Adds what a handler does. about: the expression it belongs to, NULL: a clause or declaration; subject: what
 * "it" is, in words; NULL: "it". */
void words_handler(struct words *words, const struct ast_handler *handler, const struct ast_expr *about,
                   const struct phrase *subject);
void words_handlers(struct words *words, const struct ast_handlers *handlers, const struct ast_expr *about);
/* "column `Due` of sheet `Tasks`": what its rows are. */
void words_rows(struct words *words, const struct rows_of *rows, struct phrase *out);
/* "whole number"; NULL where the type's own name is the best word. */
const char *words_type_noun(enum type_kind kind);
/* What a source column is called in its file. */
struct str words_column_title(const struct plan_source *source, const struct plan_source_column *column);
/* words_call.c: a call, as a whole phrase or a part of one. */
void words_call(struct words *words, const struct ast_expr *call, bool whole, struct phrase *out);
/* Its phrase has several arguments: in front of an operator it needs parentheses. */
bool words_call_is_loose(const struct words *words, const struct ast_expr *call);
/* The words of phrases.def for a function with so many arguments; NULL: none. For tests too. */
const char *words_of_function(struct str name, uint32_t arguments);
/* words_path.c: names, members, indexes. */
void words_path(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out);
/* The source column that the path names; NULL: none. *source is its source. */
const struct plan_source_column *words_source_column(const struct name_scope *scope,
                                                     const struct ast_expr *expr,
                                                     const struct plan_source **source,
                                                     const struct plan_source_table **table);

#endif

/* From a plan and its spec's trees to the model. Private to the document library. */
#ifndef MIG_DOCUMENT_COLLECT_H
#define MIG_DOCUMENT_COLLECT_H

#include "compiler/document/implied.h"
#include "compiler/document/uses.h"
#include "compiler/document/words.h"

struct collector {
    struct arena *arena;
    const struct plan *plan;
    struct document_index index;
    struct document *document;
};

/* ---- collect.c */
struct str collect_type(struct collector *collector, const struct ast_type *type);
/* The text of an expression up to its handlers, indented as its first line; empty where the words of the
 * expression say as much. */
struct str collect_code(struct collector *collector, const struct ast_expr *expr);
/* A constant as people read it: a text without quotes. */
struct str collect_literal(struct collector *collector, const struct ast_expr *expr);
/* ---- collect_source.c */
void collect_sources(struct collector *collector);
/* Notes what an expression reads: the columns count as read, and as used for `column` unless that is empty.
 */
void collect_reads(struct collector *collector, const struct name_scope *scope, const struct ast_expr *expr,
                   struct str column, struct uses *uses);
void collect_read_handlers(struct collector *collector, const struct name_scope *scope,
                           const struct ast_handlers *handlers);
/* ---- collect_clause.c: the rows of a map or a check as rules; terms: lookups; NULL: they are rules, too. */
void collect_clauses(struct collector *collector, const struct name_scope *scope, struct implied *implied,
                     struct document_rules *rules, struct document_rules *terms);
/* ---- collect_map.c */
void collect_maps(struct collector *collector);
/* ---- collect_personal.c: after the maps */
void collect_personal(struct collector *collector);
/* One more place that a personal column reaches. */
void collect_note_personal(struct collector *collector, const struct use *use, struct str target,
                           struct str target_anchor, bool target_is_personal);
/* ---- collect_tolerance.c: `5 %; 10 of R0106 (is not a date)`; general may be empty. */
struct str collect_tolerance(struct arena *arena, struct str general, const struct ast_tolerance_rule *rules,
                             uint32_t count);
/* ---- collect_rest.c */
void collect_params(struct collector *collector);
void collect_environments(struct collector *collector);
void collect_checks(struct collector *collector);
void collect_tests(struct collector *collector);
void collect_phases(struct collector *collector);
void collect_audit(struct collector *collector);
/* ---- collect_code.c: what the rest of the document speaks of; last */
void collect_codes(struct collector *collector);
void collect_functions(struct collector *collector);

#endif

/* Typed expressions by hand, for tests: what the expression checker would make. */
#ifndef MIG_TESTS_EMIT_TREE_H
#define MIG_TESTS_EMIT_TREE_H

#include "compiler/emit/emit.h"

struct tree {
    struct arena *arena;
    struct diag_list diags;
    struct plan_builder *builder;
    const struct source_text *source;
};

void tree_init(struct tree *t, struct arena *arena, const char *spec);
/* The first place of the text in the spec; no place when it is not there. */
struct span tree_span(const struct tree *t, const char *text);

struct plan_type type_of_kind(enum type_kind kind, bool nullable);
struct texpr *tx_text(struct tree *t, const char *text);
struct texpr *tx_int(struct tree *t, int64_t n);
struct texpr *tx_bool(struct tree *t, bool truth);
struct texpr *tx_null(struct tree *t, struct plan_type type);
struct texpr *tx_cell(struct tree *t, uint32_t column, struct plan_type type, const char *at);
struct texpr *tx_param(struct tree *t, uint32_t index, struct plan_type type, const char *at);
struct texpr *tx_call(struct tree *t, enum opcode op, struct plan_type type, const char *at, uint32_t count,
                      ...);
struct texpr *tx_node(struct tree *t, enum texpr_kind kind, struct plan_type type, const char *at,
                      uint32_t count, ...);
struct texpr *tx_find(struct tree *t, uint32_t table, const char *at, struct texpr *key);
struct texpr *tx_fetch(struct tree *t, struct texpr *row, uint32_t column, struct plan_type type,
                       const char *at);
/* x with one more handler. */
struct texpr *tx_on(struct tree *t, struct texpr *x, enum thandler_event event, enum taction action,
                    struct texpr *message, struct texpr *use);
struct texpr *tx_bound(struct tree *t, struct tbinding *binding, const char *at);

/* A whole plan: a csv source, a code table, a lookup, and a map with filter, handlers, validation. */
struct plan *tree_make_plan(struct arena *arena, struct diag_list *diags);

#endif

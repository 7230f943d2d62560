/* Which source columns an expression is made from, `let`s and functions seen through, and whether a function
 * that hides personal data stands between. Private to the document library. */
#ifndef MIG_DOCUMENT_USES_H
#define MIG_DOCUMENT_USES_H

#include "compiler/document/index.h"

struct use {
    const struct plan_source *source;
    const struct plan_source_table *table;
    const struct plan_source_column *column;
    struct str hidden_by; /* redact, mask, pseudonym, hmac_sha256; empty: it comes through as it is */
};
struct uses {
    VEC(struct use) list;
    VEC(struct str) maps; /* names of maps whose rows it finds */
    VEC(struct str) codes;
};

/* Adds what the expression uses. NULL: nothing. */
void uses_collect(const struct name_scope *scope, const struct ast_expr *expr, struct uses *uses);
void uses_add_name(struct arena *arena, struct uses *uses, bool is_map, struct str name);

#endif

/* A migration as a list of facts: what it says, place by place, in a form that layout does not change. Two
 * such lists are compared. Private to the compare library. */
#ifndef MIG_COMPARE_FACTS_H
#define MIG_COMPARE_FACTS_H

#include "compiler/compare/compare.h"
#include "compiler/syntax/ast.h"

enum fact_kind {
    FACT_PLAIN,
    FACT_TYPE,      /* signature is a type of mig: narrower or wider can be told */
    FACT_COLUMN,    /* likewise a type of Postgres with its `not null` */
    FACT_TOLERANCE, /* signature is a number, with % behind it or not */
    FACT_HELPER     /* a function or let: its change counts where it is used */
};

struct fact {
    struct str place;     /* unique in its list */
    struct str parent;    /* place of what it is a part of: where that is new or gone, this one is not told */
    struct str text;      /* as written */
    struct str signature; /* equal for equal meaning */
    struct str identity;  /* signatures of what makes ids: its uuid5 calls; often empty */
    size_t signature_cap, identity_cap;
    VEC(struct str) uses;            /* places of helpers */
    uint8_t kind;                    /* enum fact_kind */
    uint8_t changed, added, removed; /* enum compare_class */
    uint32_t order;
    bool reached; /* while helpers are followed */
};

struct facts {
    struct arena *arena;
    const struct plan *plan;
    VEC(struct fact) list;
    VEC(struct ast_file *) files;
    struct str map; /* the place of the map whose expressions are being read; empty: none */
};

/* facts.c. Adds a fact with the classes of changed, added, removed; returns it (valid until the next). */
struct fact *facts_add(struct facts *facts, struct str place, struct str text, enum compare_class changed,
                       enum compare_class added, enum compare_class removed);
/* A part of `parent`, at "parent, name"; a change of it is of this class in all three ways. */
struct fact *facts_add_part(struct facts *facts, struct str parent, const char *name, struct str text,
                            enum compare_class class);
/* Appends to the fact's signature, uses and identity what the expression means. NULL appends nothing. */
void facts_put_expr(struct facts *facts, struct fact *fact, const struct ast_expr *expr);
void facts_put_exprs(struct facts *facts, struct fact *fact, struct ast_expr *const *exprs, uint32_t count);
void facts_put_handlers(struct facts *facts, struct fact *fact, const struct ast_handlers *handlers);
void facts_put_text(struct facts *facts, struct fact *fact, struct str text);
void facts_put_path(struct facts *facts, struct fact *fact, const struct ast_path *path);
struct str facts_path(struct facts *facts, const struct ast_path *path);
struct str facts_type(struct facts *facts, const struct ast_type *type);

/* facts_declaration.c, facts_map.c, facts_target.c */
void facts_collect_declarations(struct facts *facts);
void facts_collect_map(struct facts *facts, const struct ast_decl *decl);
void facts_collect_tolerance(struct facts *facts, struct str parent, const struct ast_expr *value,
                             bool percent);
void facts_collect_tolerance_rules(struct facts *facts, struct str parent,
                                   const struct ast_tolerance_rule *rules, uint32_t count);
void facts_collect_target(struct facts *facts);

/* narrowing.c: what it means that one type or tolerance takes the place of another. */
enum compare_class narrowing_of_type(struct str before, struct str after);
enum compare_class narrowing_of_column(struct str before, struct str after);
enum compare_class narrowing_of_tolerance(struct str before, struct str after);

#endif

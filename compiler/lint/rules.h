/* What the linter's rules share: the checked spec, reporting, walks, words. */
#ifndef MIG_LINT_RULES_H
#define MIG_LINT_RULES_H

#include "compiler/check/decl_walk.h"
#include "compiler/check/map.h"
#include "compiler/lint/lint.h"

/* A `mig:allow`: one for each rule that it names. */
struct lint_allow {
    const struct rule *rule;
    struct span comment;
    struct span covers; /* empty: nothing follows */
    bool used;
};

/* The comments of a file; where they are, and which of them suppress something. */
struct lint_comments {
    const struct source_text *source;
    VEC(struct span) comments; /* in order */
    VEC(struct lint_allow) allows;
};

struct lint {
    struct arena *arena;
    struct compile *compile;
    const struct lint_settings *settings;
    struct diag_list *diags;
    VEC(struct lint_comments *) files; /* the spec, its modules, the target's DDL */
};

/* ---- lint.c */

/* Adds a finding. NULL where the rule is off or the text allows it. */
struct diag *lint_report(struct lint *lint, enum diag_code code, struct span span, const char *message, ...)
    __attribute__((format(printf, 4, 5)));
/* diag_help, diag_label and diag_fix that take a NULL diag. */
#define LINT_HELP(lint, diag, ...)                                                                           \
    do {                                                                                                     \
        if (diag) diag_help((lint)->diags, (diag), __VA_ARGS__);                                             \
    } while (0)
#define LINT_LABEL(lint, diag, span, ...)                                                                    \
    do {                                                                                                     \
        if (diag) diag_label((lint)->diags, (diag), (span), __VA_ARGS__);                                    \
    } while (0)
#define LINT_FIX(lint, diag, span, text)                                                                     \
    do {                                                                                                     \
        if (diag) diag_fix((lint)->diags, (diag), (span), (text));                                           \
    } while (0)

/* Findings of one rule that are told together: places and a text that names them. */
struct lint_group {
    VEC(struct span) spans;
    struct str names; /* "a, b and c": see lint_group_add */
};
/* Adds a place that the text does not allow. name: what the message calls it. */
void lint_group_add(struct lint *lint, struct lint_group *group, enum diag_code code, struct span span,
                    struct str name);
/* The names with commas; past the sixth "and n more". */
struct str lint_group_names(struct lint *lint, const struct lint_group *group);

/* ---- comments.c */
struct lint_comments *lint_read_comments(struct arena *arena, const struct ast_file *file,
                                         struct diag_list *diags);
struct lint_comments *lint_read_sql_comments(struct arena *arena, const struct source_text *ddl,
                                             struct diag_list *diags);
/* A comment stands within these lines, or alone on the line above them; suppressions are no comments here. */
bool lint_has_comment(const struct lint *lint, struct span span);

/* ---- words.c: what names say */
bool lint_name_is_money(struct str name);
bool lint_name_is_personal(struct str name);
bool lint_name_is_secret(struct str name);

/* ---- walk.c */

/* An expression of a spec and where it stands. */
struct lint_place {
    struct lint *lint;
    const struct ast_decl *decl;
    const struct map_work *map;      /* NULL: not in a map */
    const struct ast_item *item;     /* of a map's body; NULL: not there */
    const struct ast_clause *clause; /* of a map or a check; NULL: not there */
};
typedef void lint_visit(const struct lint_place *place, const struct ast_expr *expr, void *context);
/* Each whole expression of maps, functions, checks and the audit of the spec itself; those of tests are not
 * among them. */
void lint_each_expr(struct lint *lint, lint_visit *visit, void *context);
/* Each action of a handler, wherever it stands. */
typedef void lint_visit_handler(const struct lint_place *place, const struct ast_handler *handler,
                                void *context);
void lint_each_handler(struct lint *lint, lint_visit_handler *visit, void *context);
/* The name of a built-in function that is called; empty: none, or one of the spec's own. */
struct str lint_builtin_name(const struct lint *lint, const struct ast_expr *expr);
/* The path is of a target's table. NULL: it is not. */
const struct schema_table *lint_target_table(const struct lint *lint, const struct ast_path *path);
bool lint_is_production(struct str environment);

/* ---- the rules */
void rules_expressions(struct lint *lint); /* rules_expr.c */
void rules_maps(struct lint *lint);        /* rules_map.c */
void rules_codes(struct lint *lint);       /* rules_codes.c */
void rules_tests(struct lint *lint);       /* rules_test.c */
void rules_spec(struct lint *lint);        /* rules_spec.c */
void rules_schema(struct lint *lint);      /* rules_schema.c */

#endif

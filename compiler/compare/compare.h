/* What changed in meaning between two plans: each difference with its place, its old and new text and what
 * kind of change it is. Layout, comments, the order of declarations and of clauses, parentheses that narrow
 * nothing: none of it counts. Expressions are compared with the functions, `let`s and columns they are made
 * from, so a changed function shows at every column that it changes. */
#ifndef MIG_COMPARE_COMPARE_H
#define MIG_COMPARE_COMPARE_H

#include "runtime/base/diag.h"
#include "runtime/plan/plan.h"

/* Mildest first. */
enum compare_class {
    COMPARE_COSMETIC,  /* rows, rejects and files stay what they are: layout, docs, tests, reasons */
    COMPARE_WIDENING,  /* more is accepted: tolerance up, codes added, nullable, a default */
    COMPARE_BEHAVIOUR, /* other values, other rows, other handlers */
    COMPARE_ROLLBACK,  /* what a rollback does */
    COMPARE_KEY, /* what identifies a row: keys, uuid5 arguments, conflict columns, the migration's name */
    COMPARE_BREAKING, /* something is gone or narrower: columns, maps, sources, types, a parameter to give */
    COMPARE_CLASS_COUNT
};

struct compare_change {
    enum compare_class class;
    struct str place;    /* "map tasks, column due_on" */
    bool added, removed; /* else changed */
    struct str old_text; /* as written; empty where added */
    struct str new_text; /* empty where removed */
    struct str through;  /* "fn agency_key, let project": what it is made from that changed; may be empty */
};

struct compare_result {
    VEC(struct compare_change) changes; /* gravest first, then by place */
    uint32_t counts[COMPARE_CLASS_COUNT];
};

/* Compares. Texts of the result lie in `arena` or in the plans. False, with diagnostics, when a plan's texts
 * are not those of a spec. */
bool compare_plans(struct arena *arena, const struct plan *before, const struct plan *after,
                   struct compare_result *result, struct diag_list *diags);

/* "breaking" */
const char *compare_class_name(enum compare_class class);
/* False when there is none of that name. */
bool compare_class_find(struct str name, enum compare_class *class);

/* For people: a paragraph for each change, a line with the counts. */
void compare_render_text(const struct compare_result *result, struct buf *out);
/* {"changes":[{"class","place","change","old","new","through"}],"counts":{"breaking":n,…}} */
void compare_render_json(const struct compare_result *result, struct buf *out);

#endif

/* A map (or the source side of a check) between checking and emitting: everything typed, nothing emitted yet.
 * All maps are checked before any is emitted, so that every mistake is reported and keyed tables know all
 * columns that somebody reads. */
#ifndef MIG_CHECK_MAP_H
#define MIG_CHECK_MAP_H

#include "compiler/check/decl.h"

enum { MAP_MAX_STAGES = 60 };

/* each, join, left join: makes rows out of a row. */
struct row_stage {
    enum plan_stage_kind kind;
    struct str alias;
    struct texpr *array;      /* EACH: in the scope of the rows so far */
    VEC(struct texpr *) keys; /* JOIN: the searching row's side */
    uint32_t table;           /* JOIN */
    bool multiplies;          /* may yield more than one row for a row */
    struct span span;
};

struct row_order {
    struct texpr *expr;
    bool descending;
};

/* The rows of a map: from, each, join, lookup, where, group by, order by, unique by. */
struct row_query {
    struct compile *compile;
    const struct ast_clause *clauses;
    uint32_t clause_count;
    struct span span;          /* where it is named, for what is missing */
    struct checked_map *owner; /* NULL: a check's */
    uint8_t from_kind;         /* enum plan_from */
    uint32_t source, source_table;
    struct checked_map *from_map;
    struct str from_alias;
    struct scope rows; /* from, stages, lookups */
    VEC(struct row_stage) stages;
    VEC(struct tbinding *) lookups;
    struct texpr *where;
    bool grouped;
    VEC(struct texpr *) groups;
    struct aggregate_calls aggregates;
    VEC(struct row_order) order;
    uint8_t unique; /* enum plan_unique */
    VEC(struct texpr *) unique_keys;
    bool has_on_duplicate;
    struct plan_action on_duplicate;
    struct scope body; /* rows as the body sees them: inside `rows`, or groups only */
};

enum map_line_kind { LINE_COLUMN, LINE_LET, LINE_VALIDATE };

struct map_line {
    enum map_line_kind kind;
    struct tbinding *binding; /* COLUMN, LET */
    uint32_t column;          /* COLUMN: target column, or n-th csv column */
    struct texpr *condition;  /* VALIDATE */
    struct thandler on_fail;
    struct str name;
    struct span span;
};

/* A column of a row that `...row` cannot copy as it is. */
struct left_out {
    const struct ast_item *item;
    uint32_t column; /* of the target */
    struct plan_type type;
};

struct map_work {
    struct compile *compile;
    struct checked_map *map;
    const struct ast_map *ast;
    const struct ast_decl *decl;
    struct row_query query;
    struct plan_map plan; /* filled as clauses are read; lists at the end */
    VEC(struct texpr *) keys;
    struct texpr *partition;
    struct texpr **parents; /* key parts of the own row that a row refers to; NULL: it refers to none */
    VEC(struct map_line) lines;
    VEC(struct str) csv_columns;
    const struct map_line **assigned; /* by target column; NULL: none */
    VEC(struct left_out) left_out;
    uint32_t level;
    bool broken;              /* parts did not parse: say nothing about what is missing */
    bool incomplete;          /* columns were wrong or missing: tests that name them say nothing new */
    VEC(struct str) misspelt; /* columns that were probably meant by names that the table does not have */
};

/* ---- map_rows.c: makes rows; false when `from` itself could not be resolved (reported) */
bool rows_check(struct row_query *query);
/* After `group by` there are groups, no rows: true (reported, in the map's own words) where the expression
 * names a row outside an aggregate. */
bool rows_name_row(struct row_query *query, const struct ast_expr *expr);
/* An expression of key, unique by, group by, order by: any single value. */
struct texpr *rows_check_key(struct scope *scope, const struct ast_expr *expr, const char *clause);
/* ---- map_search.c: lookup, left lookup, join, left join */
void search_check(struct row_query *query, const struct ast_clause *clause);
/* ---- map_clauses.c */
const struct ast_clause *map_clause(const struct ast_map *map, enum ast_clause_kind kind);
void map_check_clause_count(struct compile *compile, const struct ast_clause *clauses, uint32_t count);
/* The single key, partition and the rest that needs the rows' scope. */
void map_check_row_clauses(struct map_work *work);
/* into, on conflict, rollback, commit, tolerance, keep crosswalk: no rows needed. */
void map_check_target_clauses(struct map_work *work);
/* What `on duplicate` says; false when there is none or it was reported. */
bool map_read_on_duplicate(struct checker *checker, const struct ast_clause *clause,
                           struct plan_action *action);
/* ---- map_conflict.c: on conflict, rollback; after the body */
void map_check_conflict(struct map_work *work);
void map_check_rollback(struct map_work *work);
/* ---- map_body.c */
void map_check_body(struct map_work *work);
void map_add_column(struct map_work *work, struct ast_name name, const struct ast_expr *expr);
/* Whether a line `column = …` stands in the body. */
bool map_assigns_by_name(const struct map_work *work, struct str column);
bool map_ignores_column(const struct map_work *work, struct str column);
/* ---- map_spread.c: `...row` */
void map_check_spread(struct map_work *work, const struct ast_item *item);
bool map_spread_leaves_out(const struct map_work *work, uint32_t column);
/* After the whole body: columns that no spread could copy. */
void map_report_left_out(struct map_work *work);
/* ---- map_keys.c: keys that a fan-out repeats */
void map_check_repeated_keys(struct map_work *work);
/* ---- map_order.c: levels, order, cycles. Fills compile->maps in the order of running. */
void map_order_all(struct compile *compile, struct map_work **works, uint32_t count);
/* A path in `from`, `join`, `lookup`: sources come before maps of the same name. Ambiguous (and reported): in
 * the clauses of another map than the one of that name. owner NULL (a check): never. */
bool map_is_ambiguous(struct compile *compile, const struct checked_map *owner, const struct ast_path *path);
bool map_names_source(const struct checker *checker, const struct ast_path *path);
/* ---- map_self.c: true (reported) when a clause searches the map's own rows, which only the body can. */
bool map_self_in_clauses(struct map_work *work);
/* References to the map's own rows. Texprs of the parent's key, one for each part; false:
 * the map does not refer to itself, or does so in a way that was reported. */
bool map_self_keys(struct map_work *work, struct texpr **parents);
/* A copy of an expression that acts on nothing: named values in full, handlers without their actions. copied
 * counts nodes, beyond `most` they are errors. */
struct texpr *map_inline_silently(struct scope *scope, const struct texpr *texpr, uint32_t *copied,
                                  uint32_t most);
/* The expression, with null of the type for whatever goes wrong in it. */
struct texpr *map_or_null(struct scope *scope, struct texpr *texpr, struct plan_type type);
/* ---- map_part.c: maps that find rows of partitioned maps take their part */
void map_take_parts(struct compile *compile);
/* ---- map_emit.c: the plan's side of a check's source query; selected: its COLUMN outputs */
struct plan_map query_emit(struct row_query *query, struct plan_map plan, struct texpr *const *selected,
                           uint32_t count);

#endif

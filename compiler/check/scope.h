/* What the expression checker knows: the spec's declarations (struct checker) and the names that stand for
 * something at one place (struct scope). The declaration checker owns and fills both. */
#ifndef MIG_CHECK_SCOPE_H
#define MIG_CHECK_SCOPE_H

#include "compiler/check/check.h"

/* ---------------------------------------------------------------- declared things */

struct checked_column { /* of a source table */
    struct str name;
    struct plan_type type;
    uint32_t pattern; /* index + 1 of its format */
    bool pii;
    bool read; /* some expression reads it */
    struct span span;
};

struct checked_table { /* a source's table */
    struct str name;   /* empty: the source's only one */
    VEC(struct checked_column) columns;
    bool has_children; /* parent, root, depth exist */
    bool incomplete;   /* columns may be missing, because they did not parse: nothing is said about those */
    uint32_t index;    /* in plan_source.tables */
    struct span span;
};

struct checked_source {
    struct str name;
    uint8_t format; /* enum plan_source_format */
    VEC(struct checked_table *) tables;
    uint32_t index; /* in builder->sources */
    bool used;
    const struct schema *schema; /* postgres */
    struct span span;
};

struct checked_param {
    struct str name;
    struct plan_type type;
    uint32_t index;
    bool used;
    struct span span;
};

struct checked_codes {
    struct str name;
    VEC(struct plan_type) keys;
    struct plan_type value;
    VEC(struct value) single_keys; /* text keys of a one-part table, for did-you-mean of constants */
    uint32_t table;                /* index in builder->tables */
    bool used;
    bool incomplete; /* lines were wrong: nothing is said about keys that are not there */
    struct ast_handlers *handlers;
    struct span span;
};

struct checked_fn {
    struct str name;
    const struct ast_fn *ast;
    const struct ast_decl *decl;
    VEC(struct plan_type) params;
    struct plan_type result;
    int32_t extern_index; /* -1: written in mig */
    bool used;
    bool open;      /* being inlined right now: a second time is recursion */
    bool declaring; /* check_fn is at work on it: a call of itself, by whatever way, is reported here and only
                       here */
    bool erroneous; /* check_fn has reported its body: calls stay silent */
    bool checked;   /* check_fn has seen it: what a call makes wrong is the call's fault */
    struct span span;
};

/* A column of the target that a map makes known to others by map[key].column. */
struct checked_map_column {
    uint32_t target_column;
    struct str name;
    struct plan_type type;
    uint32_t column; /* in the crosswalk's keyed table */
};

struct checked_map {
    struct str name;
    const struct ast_map *ast;
    const struct ast_decl *decl;
    const struct schema_table *target; /* NULL: into csv, or erroneous */
    bool keyed;
    VEC(struct plan_type) keys; /* types of the key parts; known before any map that indexes it is checked */
    int32_t table;              /* its crosswalk in builder->tables, -1 until somebody indexes it */
    VEC(struct checked_map_column) columns; /* of the crosswalk: grows as others ask */
    uint32_t index;                         /* in builder->maps after ordering */
    bool used, erroneous;
    struct span span;
};

struct check_recorder;

/* `reject "unknown status {t.status}"`: for rules of a tolerance, which name it as it is written. */
struct checked_message {
    const struct ast_expr *message; /* X_TEXT or X_INTERPOLATED */
    enum ast_action_kind action;
};

struct checker {
    struct arena *arena;
    struct diag_list *diags;
    struct plan_builder *builder;
    const struct compile_files *files;
    struct str migration; /* name; seeds uuid5 */
    const struct schema *target_schema;
    struct str target_name;
    VEC(struct checked_source *) sources;
    VEC(struct checked_param *) params;
    VEC(struct checked_codes *) codes;
    VEC(struct checked_fn *) fns;
    VEC(struct checked_map *) maps;
    struct { /* `pii table (columns)`: what may receive personal data */
        VEC(const struct schema_table *) tables;
        VEC(uint32_t) columns;
        bool incomplete; /* a declaration was wrong: nothing is said about columns that it may have meant */
    } pii;
    VEC(struct checked_message) messages; /* of all actions that have one, as they are met */
    struct checked_map *current_map;      /* whose body is being checked, or NULL */
    VEC(struct checked_map *) references; /* maps that current_map's expressions index, once each */
    uint32_t depth;   /* the expression checker's own: nesting right now, inlined bodies included … */
    uint32_t inlined; /* … and function calls inlined so far; both have limits, because trees recurse */
    bool no_folding;  /* in conditions of tests: what they call is run, and its parts can be shown */
    const struct check_recorder *recorder; /* told what names stand for (recorder.h); NULL: nobody listens */
};

/* expr_handler.c: remembers an action's message, if it has one. */
void checker_note_message(struct checker *checker, const struct ast_action *action);

/* ---------------------------------------------------------------- names at a place */

/* How the kinds are filled:
 *
 * SOURCE_ROW: table, source. Columns are TX_CELL (stage 0). Also in a source table's build program
 * (in_build).
 *
 * KEYED_ROW: expr has type ROW of the keyed table (TX_BOUND of a lookup's binding, or TX_INPUT SLOT_JOIN),
 * nullable for left lookup and left join.
 *
 *  - with `keyed`: columns of a source (keyed->source_table) or target table (keyed->target_table = target);
 *    a column's position in keyed->wanted (pushed on first use) is the FETCH's column;
 *  - with `map`: a map's crosswalk, columns by checker_map_column;
 *  - with `map` and expr NULL: the row of `from x in map`; columns are TX_INPUT SLOT_MAP_COLUMN, index from
 *    checker_map_column;
 *  - with `target` and in_build: a target table's own build program; columns are TX_CELL whose cell.column is
 *    the column's index in the target table.
 *
 * EVENT: name is `event`. */
enum binding_kind {
    BIND_SOURCE_ROW, /* from x in source: x.column, x.parent.column, x.root, x.source.line, x.depth */
    BIND_KEYED_ROW,  /* lookup/join y: columns of a keyed table; row expression in `row` */
    BIND_ELEMENT,    /* each v in …: a value */
    BIND_VALUE,      /* let, column, function argument, group name: `binding` or `expr` */
    BIND_RECORD,     /* let project = projects[…]: a row expression of a map or table */
    BIND_EVENT       /* $event in audit */
};

struct scope_name {
    struct str name;
    enum binding_kind kind;
    struct checked_table *table;       /* SOURCE_ROW */
    struct checked_source *source;     /* SOURCE_ROW */
    const struct schema_table *target; /* KEYED_ROW over the target; NULL: over `table` */
    struct checked_map *map;           /* RECORD / KEYED_ROW of a map's crosswalk */
    struct texpr *expr;                /* ELEMENT, VALUE, KEYED_ROW, RECORD: its value; the row for rows */
    struct tbinding *binding;          /* when it is evaluated where declared */
    bool used;
    bool is_let;
    bool is_argument; /* of a fn that is inlined: what is wrong with it is wrong at the call */
    struct span span;
    /* KEYED_ROW: asked for a column's index in the keyed table (added on demand); -1: no such column. */
    struct keyed_columns *keyed;
};

/* Columns of a keyed table that expressions ask for; the declaration checker turns them into the build
 * program's VALUE outputs when the map is complete. */
struct keyed_columns {
    uint32_t table;                          /* in builder->tables */
    struct checked_table *source_table;      /* over a source */
    const struct schema_table *target_table; /* over the target */
    VEC(uint32_t) wanted;                    /* column indexes there, position = keyed column */
    struct span span;
};

struct scope {
    struct checker *checker;
    const struct scope *outer; /* NULL at top */
    VEC(struct scope_name) names;
    bool in_build;   /* inside a keyed table's build program: the row's cells are read directly */
    bool aggregates; /* count(), sum(x) … may be called (body of a grouped map) */
    bool allow_rows; /* false in fn bodies, defaults: no rows here */
    struct aggregate_calls *calls; /* collects aggregates, NULL where none may stand */
    const char *clause;            /* "where", "key", "column due_on": for messages */
    const struct fact
        *facts;           /* the expression checker's: what is known not to be null here; see scope_assume */
    bool missing_handled; /* the expression checker's: inside an expression that has `on missing` */
};

/* An aggregate call in a grouped map's body or a check's select. */
struct aggregate_call {
    enum plan_aggregate_kind kind;
    struct texpr *argument; /* in the scope before grouping; NULL: count() */
    struct plan_type type;
    struct str separator;
    struct span span;
};
struct aggregate_calls {
    const struct scope *row_scope; /* where arguments are checked */
    VEC(struct aggregate_call) calls;
};

/* The type of a keyed table's or target's column as an expression sees it. */
struct plan_type checker_type_of_column(struct checker *checker, const struct schema_type *type,
                                        bool nullable);
/* Index of an enum in builder->enums, added on first use. */
uint32_t checker_enum_index(struct checker *checker, const struct schema_enum *enumeration);
/* Index of a column in a map's crosswalk, added on first use (creates the crosswalk's keyed table too). -1:
 * the target has no such column. */
int checker_map_column(struct checker *checker, struct checked_map *map, struct str column);
/* The crosswalk's keyed table (index in builder->tables), created on first use; for `map[key]` before any of
 * its columns is read. */
uint32_t checker_map_table(struct checker *checker, struct checked_map *map);
/* Turns a written type into a plan_type; reports unknown names. TYPE_NONE on error. */
struct plan_type checker_resolve_type(struct checker *checker, const struct ast_type *type);

/* ---------------------------------------------------------------- expressions (compiler/check/expr*.c) */

/* What the place wants: kind TYPE_NONE: anything. Literals adapt to it (enum labels, int to decimal). */
struct expected {
    struct plan_type type;
    bool exact;                       /* a target column: must match or widen losslessly; fits are added */
    const struct schema_type *column; /* with exact: varchar(n), numeric(p,s), smallint … */
    const char *what;                 /* "column `due_on`": for messages */
    bool allow_null;                  /* null is fine here */
};

/* Checks an expression with its handlers. Never NULL; type TYPE_NONE when it had errors (all reported). */
struct texpr *check_expr(struct scope *scope, const struct ast_expr *expr, const struct expected *expected);
/* A condition: bool; null counts as false. */
struct texpr *check_condition(struct scope *scope, const struct ast_expr *expr);
/* Adds handlers that belong to a clause (lookup's on missing, on duplicate) to a row expression. */
struct texpr *check_handlers(struct scope *scope, struct texpr *expr, const struct ast_handlers *handlers,
                             const struct expected *expected);
/* validate / on fail: the handler as typed, NULL action message allowed. */
bool check_fail_handler(struct scope *scope, const struct ast_handlers *handlers, struct thandler *handler);
/* A message: text or interpolated; null parts print as null; personal parts masked. */
struct texpr *check_message(struct scope *scope, const struct ast_expr *message);
/* A value that must be known at compile time and does not depend on parameters. False when reported. */
bool check_constant(struct scope *scope, const struct ast_expr *expr, const struct expected *expected,
                    struct value *value);
/* Converts to the wanted type where that widens without loss; reports otherwise. */
struct texpr *check_convert(struct scope *scope, struct texpr *expr, const struct expected *expected);
const struct scope_name *scope_find(const struct scope *scope, struct str name);
/* From here on the condition holds (a `where` has let the row pass): `x is not null` in it makes x non-null
 * for everything that is checked in this scope and in scopes inside it later. */
void scope_assume(struct scope *scope, const struct ast_expr *condition);
/* Checks the declaration of a fn once, with unknown arguments, and reports everything that is wrong with it.
 * Calls inline the body silently: call this once for each fn written in mig, after all types are resolved. */
void check_fn(struct checker *checker, struct checked_fn *fn);
/* True when no personal data (and no secret) can reach `what` (such as "column `note`") by this value; else
 * reports, with the path it takes. */
bool check_not_personal(struct scope *scope, const struct texpr *expr, const char *what);

/* "text?", "portal.task_status", "int[]" for messages. */
struct str type_to_text(struct checker *checker, struct plan_type type);

#endif

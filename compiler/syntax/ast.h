/* The tree of what was written, nothing decided. Built by the parser's actions in the compile's arena, read
 * by the checker, the formatter and the editor. Every node has the span of its text. Erroneous parts are
 * X_ERROR / missing declarations: the parser has reported them, later passes stay silent about them.
 *
 * Added by the parser: ast_expr.depth, ast_decl.broken, ast_decl.change, strategy.options, and the shape of
 * composite keys (an X_ARRAY in ast_code_line.keys). */
#ifndef MIG_SYNTAX_AST_H
#define MIG_SYNTAX_AST_H

#include "runtime/base/diag.h"

/* A word as written (backticks removed). */
struct ast_name {
    struct str text; /* empty: missing */
    struct span span;
};

/* a.b.c */
struct ast_path {
    VEC(struct ast_name) parts;
    struct span span;
};

/* text, int?, portal.task_status, text[] */
struct ast_type {
    struct ast_path path;
    bool is_array;         /* T[] */
    bool element_nullable; /* T?[] */
    bool nullable;         /* trailing ? */
    struct span span;
};

/* ------------------------------------------------------------------ expressions */

enum ast_expr_kind {
    X_ERROR, /* did not parse; already reported */
    X_NULL,
    X_BOOL,         /* truth */
    X_INT,          /* text: digits, underscores removed */
    X_DECIMAL,      /* text: 12.50, underscores removed */
    X_FLOAT,        /* text: 1e-3 */
    X_TEXT,         /* text: the value, escapes resolved */
    X_INTERPOLATED, /* items: the parts, X_TEXT and others by turns as written */
    X_TYPED,        /* name: date, uuid, interval …; text: what stood in the quotes; text_span */
    X_DURATION,     /* 14 days: text = number, name = unit as written (days, months, minutes …) */
    X_NAME,         /* name */
    X_PARAM,        /* $name; `$run.id` is X_MEMBER over X_PARAM run */
    X_MEMBER,       /* left . name */
    X_INDEX,        /* left [ items ] */
    X_CALL,         /* path ( items ); items may be X_KEEP */
    X_KEEP,         /* only as argument: keep first|last N (mask): name = first|last, left = N */
    X_NEGATE,       /* - left */
    X_NOT,          /* not left */
    X_BINARY,       /* left op right */
    X_IN,           /* left in ( items ); negated: not in */
    X_BETWEEN,      /* left between items[0] and items[1]; negated */
    X_IS_NULL,      /* left is null; negated: is not null */
    X_LIKE,         /* left like right; negated */
    X_MATCHES,      /* left matches right; negated */
    X_IF,           /* if left then items[0] else items[1] */
    X_MATCH,        /* match left { arms }; left NULL: match { when … } */
    X_ARRAY,        /* [ items ] */
    X_GROUP,        /* ( left ): kept, because parentheses narrow handlers */
    X_HANDLED,      /* left with handlers behind it */
    X_ACTION        /* only as the result of a match arm: `_ => reject '…'`; action */
};

enum ast_operator {
    AST_ADD,
    AST_SUBTRACT,
    AST_MULTIPLY,
    AST_DIVIDE,
    AST_MODULO,
    AST_CONCAT,
    AST_EQUAL,
    AST_NOT_EQUAL,
    AST_LESS,
    AST_LESS_EQUAL,
    AST_GREATER,
    AST_GREATER_EQUAL,
    AST_AND,
    AST_OR,
    AST_COALESCE
};

enum ast_event {
    EVENT_ERROR,
    EVENT_NULL,
    EVENT_MISSING,
    EVENT_SKIPPED,
    EVENT_DUPLICATE,
    EVENT_CONFLICT,
    EVENT_FAIL,
    EVENT_RAGGED,
    EVENT_BAD_ENCODING
};

enum ast_action_kind {
    ACTION_NONE, /* did not parse */
    ACTION_USE,  /* use EXPR */
    ACTION_SKIP,
    ACTION_REJECT, /* message optional */
    ACTION_WARN,   /* message, use optional */
    ACTION_FAIL,   /* message optional */
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_UPDATE /* columns: empty means all */
};

struct ast_expr;

struct ast_action {
    enum ast_action_kind kind;
    struct ast_expr *message; /* X_TEXT or X_INTERPOLATED, or NULL */
    struct ast_expr *use;     /* or NULL */
    VEC(struct ast_name) columns;
    struct span span;
};

struct ast_handler {
    enum ast_event event;
    VEC(struct ast_name) columns; /* on conflict (a, b) */
    struct ast_action action;
    struct span span;       /* from `on` to the end of the action */
    struct span event_span; /* `on EVENT` */
};

struct ast_handlers {
    VEC(struct ast_handler) list;
};

struct ast_arm {
    bool is_default;                 /* _ */
    struct ast_expr *when;           /* when COND, or NULL */
    VEC(struct ast_expr *) patterns; /* 'a', 'b' */
    struct ast_expr *result;         /* may be X_ACTION or X_HANDLED */
    struct span span;
};

struct ast_expr {
    enum ast_expr_kind kind;
    uint16_t depth; /* height of the tree from here, at most PARSE_MAX_DEPTH: recursion over it is safe */
    enum ast_operator op;
    struct span span;
    struct span op_span; /* the operator, `is null`, `in` … for messages */
    bool negated, truth;
    struct str text;
    struct span text_span;
    struct ast_name name;
    struct ast_path path;
    struct ast_expr *left, *right;
    VEC(struct ast_expr *) items;
    VEC(struct ast_arm) arms;
    struct ast_handlers handlers;
    struct ast_action action;
};

/* ------------------------------------------------------------------ declarations */

enum ast_decl_kind {
    DECL_MIGRATION,
    DECL_USE,
    DECL_PARAM,
    DECL_ENVIRONMENT,
    DECL_SOURCE,
    DECL_TARGET,
    DECL_PII,
    DECL_CODES,
    DECL_FN,
    DECL_EXTERN_FN,
    DECL_MAP,
    DECL_CHECK,
    DECL_TEST,
    DECL_AUDIT,
    DECL_PHASE,
    DECL_STRATEGY,
    DECL_CHANGE
};

/* `10 of R0106`, `0.5% of 'unknown status {t.status}'`, `0 of validate due_after_start`: rejected rows of one
 * kind. The subject is one of name and message. */
struct ast_tolerance_rule {
    struct ast_expr *amount;
    bool percent;
    bool is_validate;         /* name is a validation's; else a code's */
    struct ast_name name;     /* empty: a message */
    struct ast_expr *message; /* X_TEXT, or X_INTERPOLATED, whose text is compared as it is written */
    struct span span;         /* of the subject */
};

/* key [=] value in environments: `tolerance 5%`, `portal = env 'X'`, `window 90 minutes`, `approvals 2` */
struct ast_setting {
    struct ast_name name;
    bool is_env; /* value is env 'NAME': text in env_name */
    struct ast_name env_name;
    struct ast_expr *value; /* X_INT, X_DURATION, …; NULL when is_env, or when there are only rules */
    bool percent;           /* 5% */
    VEC(struct ast_tolerance_rule) rules; /* tolerance 5%, 10 of R0106 */
    struct ast_name otherwise;            /* window 90 minutes else rollback: the last word; may be empty */
    struct span span;
};

/* An option of a source: `delimiter ';'`, `null '', 'N/A'`, `header none`, `header row 3`, `trim`,
 * `rows 'x'`, `children 'y'`, `schema 'old.sql'`, `encoding '…'`, `quote '…'`, `escape '…'`, `comment '…'` */
struct ast_option {
    struct ast_name name;
    VEC(struct ast_expr *) values; /* X_TEXT, X_INT; empty for flags; `none` and `row` come as X_NAME */
    struct span span;
};

struct ast_source_column {
    struct ast_name name;
    struct ast_type type;
    struct ast_name from;   /* from '…'; text empty and span.source NULL when absent */
    struct ast_name format; /* likewise */
    bool pii, ignored;      /* `pii`; `ignored because '…'` */
    struct ast_name because;
    struct str doc;
    struct span span;
};

struct ast_source_table { /* a sheet; for other sources the one nameless table */
    struct ast_name name;
    struct ast_name title; /* sheet projects 'Projects' */
    VEC(struct ast_option) options;
    VEC(struct ast_source_column) columns;
    struct ast_handlers handlers;
    struct str doc;
    struct span span;
};

struct ast_inline_row {
    VEC(struct ast_expr *) values;
    struct span span;
};

struct ast_source {
    struct ast_name name;
    struct ast_name format;   /* csv, json, ndjson, xlsx, dynamodb, inline, postgres, query */
    struct ast_name location; /* the file, glob or '-'; for postgres see env */
    bool location_is_env;     /* postgres env 'X' */
    struct ast_name query_of; /* query SOURCE: which postgres source */
    struct ast_name sql;      /* query … """sql""" */
    VEC(struct ast_option) options;
    VEC(struct ast_source_table) tables;
    VEC(struct ast_inline_row) rows;
    struct ast_handlers handlers; /* on ragged …, on bad_encoding … */
};

struct ast_target {
    struct ast_name name, format, location;
    bool location_is_env;
    VEC(struct ast_option) options; /* schema '…' */
};

struct ast_code_line {
    VEC(struct ast_expr *) keys; /* literals; a composite key ('a', 'b') is an X_ARRAY */
    struct ast_expr *value;      /* X_NAME for an enum label or a code, else a literal */
    struct span span;
};

struct ast_codes {
    struct ast_name name;
    VEC(struct ast_type) key_types;
    struct ast_type value_type;
    VEC(struct ast_code_line) lines;
    struct ast_name file; /* codes … from 'states.csv' (old, new) */
    VEC(struct ast_name) file_columns;
    struct ast_handlers handlers; /* on missing … for the whole table */
};

struct ast_fn {
    struct ast_name name;
    struct {
        VEC(struct ast_name) names;
        VEC(struct ast_type) types;
    } params;
    struct ast_type result;
    struct ast_expr *body;           /* NULL for extern */
    struct ast_name library, symbol; /* extern: from 'lib' symbol 'sym' */
};

enum ast_clause_kind {
    CLAUSE_FROM,
    CLAUSE_EACH,
    CLAUSE_JOIN,
    CLAUSE_LEFT_JOIN,
    CLAUSE_LOOKUP,
    CLAUSE_LEFT_LOOKUP,
    CLAUSE_WHERE,
    CLAUSE_GROUP_BY,
    CLAUSE_ORDER_BY,
    CLAUSE_UNIQUE_BY,
    CLAUSE_KEY,
    CLAUSE_PARTITION_BY,
    CLAUSE_INTO,
    CLAUSE_ON_CONFLICT,
    CLAUSE_ROLLBACK,
    CLAUSE_COMMIT,
    CLAUSE_REBUILD,
    CLAUSE_TOLERANCE,
    CLAUSE_AFTER,
    CLAUSE_KEEP_CROSSWALK,
    CLAUSE_EXCEPT_REJECTED, /* check sources: except rejected by MAP */
    CLAUSE_SELECT           /* check sources: select e, e, … */
};

/* The words that begin it: "left join". */
const char *ast_clause_name(enum ast_clause_kind kind);

struct ast_order_item {
    struct ast_expr *expr;
    bool descending;
};

struct ast_clause {
    enum ast_clause_kind kind;
    struct ast_name alias; /* from ALIAS in …, lookup ALIAS in …, each ALIAS in … */
    struct ast_path path;  /* … in PATH; into PATH; after PATH; except rejected by PATH */
    struct ast_expr *expr; /* on COND, where COND, each … in EXPR, partition by EXPR, tolerance N, commit N */
    VEC(struct ast_expr *) exprs; /* key, unique by, group by, select: the expressions */
    VEC(struct ast_name) names;   /* group by e AS name (empty text where absent), partition … as name */
    VEC(struct ast_order_item) order; /* order by; unique by … keep … by */
    enum ast_action_kind keep;        /* unique by … keep first|last: ACTION_FIRST/LAST, else ACTION_NONE */
    struct ast_name
        word; /* rollback delete|restore|sql|none; commit run|map|rows; rebuild indexes; into csv */
    struct ast_name text;                 /* rollback sql """…"""; none because '…'; into csv 'file' */
    bool percent;                         /* tolerance N% */
    VEC(struct ast_tolerance_rule) rules; /* tolerance N, N of …: expr is NULL where there are only rules */
    struct ast_handlers handlers;         /* on missing, on duplicate; on conflict: exactly one handler */
    struct span span;
};

enum ast_item_kind { ITEM_ASSIGN, ITEM_LET, ITEM_VALIDATE, ITEM_SPREAD, ITEM_IGNORED };

struct ast_item { /* a line of a map's body */
    enum ast_item_kind kind;
    struct ast_name name;       /* column, let, validation; spread: the row's alias */
    struct ast_expr *expr;      /* may be X_HANDLED; validate: the condition, without its on fail */
    VEC(struct ast_name) names; /* spread: except (…); ignored: the columns */
    struct ast_name because;
    struct ast_handlers handlers; /* validate: on fail */
    struct str doc;
    struct span span;
};

struct ast_map {
    struct ast_name name;
    VEC(struct ast_clause) clauses;
    VEC(struct ast_item) items;
    struct span body_span;
};

struct ast_check {
    struct ast_name name, title;
    bool before;
    bool is_sample; /* check sample N of MAP */
    struct ast_expr *count;
    struct ast_name map;
    bool has_source; /* source from … */
    VEC(struct ast_clause) source;
    struct ast_name sql; /* target sql """…""" or sql """…""" */
    bool has_compare;    /* sql … OP expr */
    enum ast_operator compare;
    struct ast_expr *expected;
    struct ast_expr *tolerance; /* or NULL */
    bool percent;
    struct ast_handlers handlers; /* on fail … */
};

struct ast_field { /* status: 'todo' */
    struct ast_name name;
    struct ast_expr *value;
    struct span span;
};

enum ast_test_step_kind {
    STEP_PARAM,        /* param NAME = expr */
    STEP_GIVEN,        /* given PATH { fields }; given PATH from 'file' */
    STEP_EXPECT_ROW,   /* expect MAP { fields } */
    STEP_EXPECT_COUNT, /* expect N MAP; expect N rejected | skipped | warned [by MAP] (path = rejected …) */
    STEP_EXPECT_REJECT, /* expect rejected MAP 'message' */
    STEP_ASSERT,        /* assert expr */
    STEP_CODE           /* 'wip' => active; 'zzz' => missing (table tests) */
};

struct ast_test_step {
    enum ast_test_step_kind kind;
    struct ast_name name;
    struct ast_path path;
    struct ast_path by;
    VEC(struct ast_field) fields;
    struct ast_name file;  /* given … from */
    struct ast_expr *expr; /* param value, count, assert, message */
    struct ast_code_line code;
    struct span span;
};

struct ast_test {
    struct ast_name title;
    struct ast_name subject; /* test '…' for codes_name { … } */
    VEC(struct ast_test_step) steps;
};

enum ast_change_step_kind {
    CHANGE_UP,        /* up SQL */
    CHANGE_BACKFILL,  /* backfill TABLE set c = e, … [where e] [batch N] [pause D] */
    CHANGE_AFTER,     /* after SQL */
    CHANGE_DOWN,      /* down SQL */
    CHANGE_DOWN_NONE, /* down none because '…' */
    CHANGE_RECOVERY   /* recovery SQL: what helps where there is no way down */
};

struct ast_change_step {
    enum ast_change_step_kind kind;
    struct ast_name sql;
    struct ast_name because;
    struct ast_path table;
    VEC(struct ast_item) sets; /* all ITEM_ASSIGN */
    struct ast_expr *where;    /* or NULL */
    struct ast_expr *batch;    /* X_INT or NULL */
    struct ast_expr *pause;    /* X_DURATION or NULL */
    struct span span;
};

struct ast_change {
    struct ast_name number; /* the digits: 202509191200 */
    VEC(struct ast_change_step) steps;
};

struct ast_decl {
    enum ast_decl_kind kind;
    /* Something inside did not parse and was reported: what stands in the tree is right, but say nothing
     * about what is missing from it (columns without a value, a map without `from`, …). */
    bool broken;
    struct ast_name name; /* migration, param, environment, phase, change title … */
    struct str doc;       /* the comment block directly above, `-- ` removed; may be empty */
    struct span span;     /* the whole declaration */
    union {
        struct {
            struct ast_expr *version; /* X_INT or NULL */
        } migration;
        struct {
            struct ast_path path;
        } use;
        struct {
            struct ast_type type;
            struct ast_expr *value; /* default or NULL */
        } param;
        struct {
            VEC(struct ast_setting) settings;
        } environment;
        struct ast_source source;
        struct ast_target target;
        struct {
            struct ast_path table;
            VEC(struct ast_name) columns;
        } pii;
        struct ast_codes codes;
        struct ast_fn fn;
        struct ast_map map;
        struct ast_check check;
        struct ast_test test;
        struct {
            struct ast_path table;
            VEC(struct ast_item) items;
        } audit;
        struct {
            VEC(struct ast_name) maps;
        } phase;
        struct {
            struct ast_name kind;           /* big_bang, phased, blue_green, parallel_run */
            VEC(struct ast_option) options; /* schema '…', swap '…' */
        } strategy;
        struct ast_change change; /* decl.name is the title */
    };
};

struct ast_file {
    const struct source_text *source;
    VEC(struct ast_decl *) decls; /* in source order */
    bool has_errors;
};

#endif

/* What the declaration checker keeps while it compiles a spec: the checker that expressions see, and beside
 * it the declarations of all files, the maps in the order of running, and the keyed tables whose columns are
 * not all asked for yet. */
#ifndef MIG_CHECK_DECL_H
#define MIG_CHECK_DECL_H

#include "compiler/check/scope.h"

/* Limits on what a spec may hold; each has its own message (E0411). */
enum {
    DECL_MAX_MODULES = 64,
    DECL_MAX_MODULE_DEPTH = 16,
    DECL_MAX_COLUMNS = 1600, /* as a Postgres table */
    DECL_MAX_INLINE_ROWS = 100000,
    DECL_MAX_CODES = 1000000,
    DECL_MAX_MAPS = 2000
};

/* A table of names: text to number, for finding duplicates and for did-you-mean. */
struct name_index {
    struct arena *arena;
    struct name_slot {
        struct str key;
        uint32_t value;
        bool taken;
    } * slots;
    uint32_t cap, count;
};
/* Adds key; false when it is there already, *existing (may be NULL) is then its value. */
bool name_index_add(struct name_index *index, struct str key, uint32_t value, uint32_t *existing);

/* What a name at top level stands for. Sources and targets share one space of names, code tables and maps
 * another. */
enum decl_name_kind {
    NAMED_SOURCE,
    NAMED_TARGET,
    NAMED_CODES,
    NAMED_MAP,
    NAMED_FN,
    NAMED_PARAM,
    NAMED_OTHER
};

/* A keyed table over a source or target, shared by all who search it by the same keys. */
struct keyed_work {
    uint32_t table; /* in builder->tables */
    uint32_t plan_source, plan_table;
    bool is_target, many;
    struct keyed_columns *columns;
    VEC(struct texpr *) keys;           /* in the build scope */
    VEC(struct texpr *) filters;        /* conditions over the table's own rows */
    const struct checked_map *only_for; /* a target table that maps write is searched as it stood when the map
                                           began: not shared with other maps. NULL: shared by all */
};

struct map_work;
struct check_work;
struct test_work;
struct audit_work;

struct param_default {
    uint32_t param;
    struct texpr *value;
};

/* `pii map (columns)` of a map into a csv file. */
struct csv_pii {
    const struct checked_map *map;
    struct ast_name column;
};

struct compile {
    struct checker checker; /* first: the checker_… functions find the rest behind it */
    const struct source_text *spec;
    VEC(const struct ast_file *) files; /* spec, then modules */
    VEC(const struct ast_decl *) decls; /* of all files */
    struct name_index names;            /* by space and name */
    VEC(struct span) name_spans;        /* by value in names */
    VEC(enum decl_name_kind) name_kinds;
    const struct ast_decl *target_decl;
    VEC(struct param_default) defaults;
    VEC(const struct schema_table *) tables; /* beside builder->target_tables */
    VEC(const struct schema_enum *) enums;   /* beside builder->enums */
    VEC(struct map_work *) declared;         /* maps as they stand in the spec */
    VEC(struct map_work *) maps;             /* beside builder->maps: in the order of running */
    VEC(struct keyed_work *) keyed;
    VEC(struct csv_pii) csv_pii;
    struct check_work **checks; /* in source order */
    uint32_t checks_count;
    struct test_work **tests;
    uint32_t tests_count;
    struct audit_work *audit; /* NULL: none */
    struct str target_ddl;
};

static inline struct compile *compile_of(struct checker *checker) {
    return (struct compile *)checker;
}

/* ---- check.c: a spec as checked, nothing emitted (compile_spec does both). NULL when diags has errors. */
struct compile *compile_check_spec(struct arena *arena, const struct source_text *spec,
                                   const struct compile_files *files, struct diag_list *diags);

/* ---- decl.c, decl_*.c: reporting */

/* Adds "did you mean `x`?" with a fix to diag where one of names is close to wanted. */
void decl_suggest(struct checker *checker, struct diag *diag, struct ast_name wanted, const struct str *names,
                  uint32_t count);
/* The names in a list for a help: `a`, `b` and `c`; at most 12, then "and n more". */
struct str decl_list_names(struct checker *checker, const struct str *names, uint32_t count);
/* Takes a top-level name; reports a second taker and returns false. */
bool decl_claim_name(struct compile *compile, enum decl_name_kind kind, struct ast_name name);
/* Adds a message of its own when a list grows past limit; false then. */
bool decl_check_limit(struct checker *checker, struct span span, uint64_t count, uint64_t limit,
                      const char *noun);
/* A whole number literal in a range; false when reported (with code, about `what`). */
bool decl_read_int(struct checker *checker, const struct ast_expr *expr, enum diag_code code,
                   const char *what, int64_t least, int64_t most, int64_t *value);
/* N or N% of a tolerance. False when reported. */
bool decl_read_tolerance(struct checker *checker, const struct ast_expr *expr, bool percent,
                         enum diag_code code, uint8_t *kind, struct str *text);
/* A duration such as `90 minutes` in seconds. False when reported. */
bool decl_read_seconds(struct checker *checker, const struct ast_expr *expr, enum diag_code code,
                       const char *what, int64_t *seconds);
/* The fixed text of a message; false when it holds values (reported). NULL message: empty text. */
bool decl_read_message(struct checker *checker, const struct ast_expr *message, const char *where,
                       struct str *text);
/* SQL block with its parameters bound to the spec's. params: indexes in builder->params. E0514 for
 * parameters, E0515 for text that is no single query. */
bool decl_read_sql(struct checker *checker, struct ast_name sql, bool single_select, struct str *text,
                   uint32_t **params, uint32_t *params_count);
/* SQL block where no parameter may stand: the first one is told, by these words. */
bool decl_read_plain_sql(struct checker *checker, struct ast_name sql, bool single_select, struct str *text,
                         const char *no_params, const char *instead);
struct plan_action decl_action(struct checker *checker, enum plan_action_kind kind, struct str message,
                               struct span span);

/* ---- tolerance.c: after maps and environments */
/* Rules such as `10 of R0106` of maps and environments. */
void tolerance_check_all(struct compile *compile);

/* ---- modules.c */
/* Reads the spec's modules, and theirs; fills compile->files and compile->decls. */
void modules_load(struct compile *compile, const struct ast_file *spec);

/* ---- decl.c */
void decl_check_migration(struct compile *compile);
void decl_collect_names(struct compile *compile);
void decl_check_params(struct compile *compile);
void decl_check_defaults(struct compile *compile); /* after functions and codes */
void decl_emit_params(struct compile *compile);
void decl_check_fns(struct compile *compile); /* signatures */
void decl_check_fn_bodies(struct compile *compile);
void decl_warn_unused(struct compile *compile);

/* ---- decl_environment.c */
void decl_check_environments(struct compile *compile);
void decl_check_phases(struct compile *compile);

/* ---- source.c, source_options.c, source_cell.c */
void source_check_all(struct compile *compile);
void source_read_options(struct compile *compile, const struct ast_source *ast, struct plan_source *source);
/* A constant of a type from the text in a file. False when the text is not of the type. */
bool codes_value_of_text(struct checker *checker, struct plan_type type, struct str text,
                         struct value *value);
/* The raw cell that a literal in an inline row or a test stands for. False when reported (with code). */
bool source_cell_of(struct checker *checker, const struct checked_column *column, const struct ast_expr *expr,
                    enum diag_code code, struct plan_cell *cell);
/* `source`, `source.table` or `source.schema.table`. NULL when reported, or silently when names[0] is no
 * source and may_be_other is set. */
struct checked_table *source_find_table(struct compile *compile, const struct ast_path *path,
                                        bool may_be_other, struct checked_source **source);

/* ---- target.c, target_type.c */
void target_read(struct compile *compile);
void target_check_pii(struct compile *compile);
/* Once a map's csv columns are known: reports those that `pii map (…)` names and the map does not write. */
void target_check_csv_pii(struct compile *compile, const struct checked_map *map, const struct str *columns,
                          uint32_t count);
/* A path `target.table` or `target.schema.table`; NULL when reported. */
const struct schema_table *target_find_table(struct compile *compile, const struct ast_path *path);
/* Index in builder->target_tables, added on first use. */
uint32_t target_use_table(struct compile *compile, const struct schema_table *table);
/* Index of a column; -1 when reported with did-you-mean. */
int target_find_column(struct compile *compile, const struct schema_table *table, struct ast_name name);
bool target_column_is_pii(const struct checker *checker, const struct schema_table *table, uint32_t column);
struct str target_table_name(struct checker *checker, const struct schema_table *table);

/* ---- codes.c, codes_file.c */
void codes_check_all(struct compile *compile);
void codes_read_file(struct compile *compile, struct checked_codes *codes, const struct ast_codes *ast);
/* Adds one line to the table; reports a key that stands there already. */
void codes_add_line(struct compile *compile, struct checked_codes *codes, struct name_index *keys,
                    const struct value *parts, const struct value *value, struct span at);

/* ---- map*.c */
void map_declare_all(struct compile *compile);
void map_check_all(struct compile *compile);
void map_emit_all(struct compile *compile);
struct map_work *map_find(struct compile *compile, struct str name);
/* Maps (in the order of running) that must be complete before this one. */
const uint32_t *map_depends(const struct compile *compile, uint32_t map, uint32_t *count);

/* ---- checks.c, spec_tests.c, audit.c */
void checks_check_all(struct compile *compile);
void checks_emit_all(struct compile *compile);
void spec_tests_check_all(struct compile *compile);
void spec_tests_emit_all(struct compile *compile);
void audit_check_all(struct compile *compile);
void audit_emit(struct compile *compile);

#endif

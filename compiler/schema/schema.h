/* A target's or source's DDL as a catalog: tables, columns, types, enums, domains, keys, foreign keys. Read
 * with libpg_query (Postgres' own parser). */
#ifndef MIG_SCHEMA_SCHEMA_H
#define MIG_SCHEMA_SCHEMA_H

#include "runtime/plan/plan.h"

struct schema_enum {
    struct str schema, name; /* schema "public" where not written */
    VEC(struct str) labels;
    struct span span;
};

struct schema_domain {
    struct str schema, name;
    struct schema_type *base;
    bool not_null, has_check;
    struct span span;
};

struct schema_type {
    enum type_kind kind;                   /* TYPE_NONE: a type that mig cannot write or read */
    enum type_kind element;                /* for arrays */
    uint8_t wire;                          /* enum plan_wire (of the element, for arrays) */
    struct str name;                       /* as Postgres writes it, with modifiers: character varying(20) */
    const struct schema_enum *enumeration; /* ENUM, or array of it */
    const struct schema_domain *domain;    /* declared through this domain */
    int32_t length;                        /* varchar(n), char(n): n; 0: none */
    int32_t precision, scale;              /* numeric(p,s): precision 0: none */
};

struct schema_column {
    struct str name;
    struct schema_type type;
    bool not_null, has_default, generated;
    uint8_t identity; /* 0 none, 1 by default, 2 always */
    struct span span;
};

struct schema_key {
    struct str name;
    VEC(uint32_t) columns;
    bool primary, deferrable;
    bool partial; /* unique index with WHERE, or over expressions: not usable for conflicts */
    struct span span;
};

struct schema_fk {
    struct str name;
    VEC(uint32_t) columns;
    struct str ref_schema, ref_table;
    VEC(struct str) ref_columns; /* resolved: the primary key where not written */
    bool deferrable;
    struct span span;
};

struct schema_table {
    struct str schema, name;
    VEC(struct schema_column) columns;
    VEC(struct schema_key) keys; /* primary first */
    VEC(struct schema_fk) fks;
    VEC(struct schema_key) indexes; /* non-unique indexes */
    VEC(struct span) policies;      /* of row level security, where they are created */
    VEC(struct span) triggers;
    bool rls_enabled, rls_forced, is_partitioned, is_view;
    struct span span;
};

struct schema {
    const struct source_text *source;
    struct str sql; /* the same text as a server takes it: what pg_dump writes for psql alone is a comment */
    VEC(struct schema_enum *) enums;
    VEC(struct schema_domain *) domains;
    VEC(struct schema_table *) tables;
};

/* Parses DDL. Statements that do not concern the catalog are passed over; ALTER TABLE … ADD and the like are
 * applied. Diagnostics (group E05) name the DDL's own line. NULL when the DDL does not parse. */
struct schema *schema_parse(struct arena *arena, const struct source_text *ddl, struct diag_list *diags);

/* By name; schema empty: search public, then any if unique. NULL: none. */
const struct schema_table *schema_find_table(const struct schema *schema, struct str schema_name,
                                             struct str name);
const struct schema_enum *schema_find_enum(const struct schema *schema, struct str schema_name,
                                           struct str name);
/* Index of a column, -1: none. */
int schema_find_column(const struct schema_table *table, struct str name);
/* True if these columns, in any order, are exactly a usable unique key. */
bool schema_is_unique(const struct schema_table *table, const uint32_t *columns, uint32_t count);

/* A SQL block of a spec: $name parameters replaced by $1 …, in order of first use; parsed by Postgres'
 * parser. names: the parameters' names. False with diagnostics at the place within the block. `at` is the
 * span of the SQL's literal in the spec, quotes included, or of its text alone. */
struct sql_block {
    struct str sql;
    VEC(struct str) params;
    VEC(struct span) param_spans; /* of each one's first use */
    VEC(uint32_t) uses;           /* the parameter (in params) of each use, in order */
    bool is_single_select;        /* one statement, a SELECT (or VALUES, TABLE) */
};
/* A table or view that a statement names. */
struct sql_table {
    struct str schema, name; /* schema empty where not written */
};
struct sql_tables {
    VEC(struct sql_table) items;
};
/* Those that SQL which parses names, each as often as it is named; names of its own WITH queries are none. */
void sql_tables_find(struct arena *arena, struct str sql, struct sql_tables *tables);
bool sql_block_parse(struct arena *arena, struct str text, struct span at, struct sql_block *block,
                     struct diag_list *diags);

#endif

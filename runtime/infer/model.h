/* The draft while it is made: source tables and target tables, and what each target column takes its value
 * from. */
#ifndef MIG_INFER_MODEL_H
#define MIG_INFER_MODEL_H

#include "compiler/schema/schema.h"
#include "runtime/infer/infer.h"
#include "runtime/infer/names.h"

#define INFER_NONE UINT32_MAX

struct infer_column {
    const struct column_profile *profile;
    struct words words; /* of its name, brackets aside */
    bool used;          /* a target column takes a value from it */
    bool as_text;       /* declared as text: its uses convert it */
    bool nullable;
    bool dropped; /* does not compile as declared */
};

struct infer_source {
    const struct table_profile *profile;
    struct str base;    /* the source's name in the spec */
    struct str name;    /* with the sheet's, where it has sheets */
    struct words words; /* of the file and the sheet or array */
    struct infer_column *columns;
    uint32_t column_count;
    struct str alias; /* in maps */
    bool used;
    bool trims; /* the source is declared with `trim` */
};

enum infer_origin {
    ORIGIN_NOTHING,   /* left to null, a default or an identity */
    ORIGIN_COLUMN,    /* converted from a source column */
    ORIGIN_REFERENCE, /* the row of another map, found by a source column */
    ORIGIN_PARENT,    /* the row above, of the same map */
    ORIGIN_LOOKUP,    /* a row of a target table that no map fills */
    ORIGIN_THROUGH,   /* the same column of a row that another column refers to */
    ORIGIN_ELEMENT,   /* of an array of the source: a row for each */
    ORIGIN_UUID,      /* uuid5 of the key */
    ORIGIN_ROW,       /* the row's number */
    ORIGIN_INVENTED   /* a literal, because the column must have a value */
};

struct infer_value {
    enum infer_origin origin;
    uint32_t column;     /* of the source: COLUMN, REFERENCE, LOOKUP, ELEMENT: the array */
    uint32_t table;      /* index of the table referred to; ELEMENT: or INFER_NONE */
    uint32_t through[4]; /* THROUGH: the columns of this table that refer to the row */
    uint32_t through_count;
    double score;
    double contained; /* share of the values found among the keys referred to */
    bool partial;     /* REFERENCE: only some of the values refer to that table */
    bool personal;    /* the column is declared pii */
    bool dropped;     /* it did not compile */
    struct str why;   /* for the comment; empty: certain */
};

struct infer_table {
    const struct schema_table *table;
    struct words words;
    uint32_t source; /* INFER_NONE: none */
    bool derived;    /* made from a repeating column of the source: `unique by` */
    bool elements;   /* a row for each element of an array: one value is ORIGIN_ELEMENT */
    double source_score;
    uint32_t nearest; /* where no source fits: the one that fits best all the same; INFER_NONE: none does */
    double nearest_score;
    uint32_t keys[8]; /* source columns */
    uint32_t key_count;
    bool key_text;              /* keys are texts, whatever their columns look like */
    bool key_folded;            /* keys are compared without regard to case and white space */
    struct str map;             /* its name */
    struct infer_value *values; /* one for each column of the table */
    bool dropped;
    bool key_dropped;
    struct str why; /* why it was dropped, or has no source */
};

struct infer_model {
    struct arena *arena;
    const struct infer_request *request;
    const struct schema *schema; /* NULL: no target */
    struct infer_source *sources;
    uint32_t source_count;
    struct infer_table *tables; /* those of the schema, then further maps into some of them */
    uint32_t table_count, table_cap;
    struct str target; /* its name in the spec */
};

/* model.c */
/* Whether the draft has a map at all. Without one it shows what all sources hold. */
bool infer_has_map(const struct infer_model *model);
void infer_model_init(struct infer_model *model, struct arena *arena, const struct infer_request *request,
                      const struct schema *schema);
/* Another map into the table's schema table. NULL: there is no room. */
struct infer_table *infer_add_table(struct infer_model *model, uint32_t table, struct str map);
bool infer_is_fk(const struct schema_table *table, uint32_t column, uint32_t *fk);
bool infer_is_primary(const struct schema_table *table, uint32_t column);
/* True for a primary key or unique constraint over this column alone. */
bool infer_is_unique(const struct schema_table *table, uint32_t column);
/* The database gives a value where none is assigned. */
bool infer_has_default(const struct schema_column *column);
bool infer_must_have(const struct schema_column *column);
uint32_t infer_table_index(const struct infer_model *model, const struct schema_fk *fk);

/* score.c: how well a source column fits a target column, 0 to 1. */
double infer_content(const struct schema_table *table, uint32_t target, const struct infer_column *column);
double infer_name(const struct infer_table *table, uint32_t target, const struct infer_source *source,
                  uint32_t column);
double infer_score(const struct infer_table *table, uint32_t target, const struct infer_source *source,
                   uint32_t column);
double infer_share(const struct column_profile *profile, enum guess_kind kind);
/* The kind that the values are read as where a column of this type asks for them. GUESS_TEXT: none fits. */
const struct guess *infer_guess_for(const struct column_profile *profile, enum type_kind wanted);

/* assign.c */
void infer_choose_sources(struct infer_model *model);
void infer_assign(struct infer_model *model);
/* True when the source has a column for at least half of what rows of the table must have. */
bool infer_source_fills(const struct infer_table *table, const struct infer_source *source);
/* relate.c */
void infer_derive_tables(
    struct infer_model *model); /* tables that only columns of other tables' sources feed */
void infer_choose_keys(struct infer_model *model);
void infer_relate(struct infer_model *model); /* references, by keys */
/* Columns whose values are keys of one table here, of another there; after the columns are assigned. */
void infer_relate_partly(struct infer_model *model);
/* Further maps into tables that another source fills already, for rows that must refer to them. */
void infer_add_second_maps(struct infer_model *model);
/* elements.c: tables that hold a row for each element of an array; after keys and references are known. */
void infer_relate_elements(struct infer_model *model);
/* The column that takes the elements. INFER_NONE: there is none. */
uint32_t infer_element_of(const struct infer_table *table);
/* complete.c: what is still missing when columns and references are known. */
void infer_complete(struct infer_model *model);

/* codes.c */
struct infer_codes {
    struct str *values; /* folded, most frequent first */
    uint64_t *counts;
    int *labels; /* -1: not mapped */
    uint32_t count, mapped;
    double share; /* of the values that are mapped */
};
bool infer_codes_make(struct arena *arena, const struct column_profile *column, const struct str *labels,
                      uint32_t label_count, struct infer_codes *codes);

/* write.c: the draft as text. owners: what each of its lines (1-based) is of. */
enum infer_owner_kind { OWNER_NONE, OWNER_SOURCE_COLUMN, OWNER_VALUE, OWNER_KEY, OWNER_MAP };
struct infer_owner {
    enum infer_owner_kind kind;
    uint32_t table; /* or source */
    uint32_t column;
};
struct infer_text {
    struct buf out;
    VEC(struct infer_owner) owners; /* of line i + 1 */
};
void infer_write(const struct infer_model *model, struct infer_text *text);
/* The expression of a column's value; false: none. *nullable: it may be null. In the arena. */
bool infer_expression(const struct infer_model *model, uint32_t table, uint32_t column, struct str *text,
                      bool *nullable, struct str *remark);
/* A name of the target as the language writes it: in backticks where it is no plain word. In the arena. */
struct str infer_name_of(struct arena *arena, struct str name);
/* A text as a literal of the language. In the arena. */
struct str infer_literal(struct arena *arena, struct str text);
/* Whether columns are declared as something else than text. */
enum type_kind infer_declared_kind(const struct infer_source *source, const struct infer_column *column);
/* The parts of the table's key for a row of its source. In the arena; empty: there is no key. */
struct str infer_key(const struct infer_model *model, const struct infer_table *table);
/* Settles how source columns are declared, by their uses. */
void infer_settle_columns(struct infer_model *model);
/* Names of code tables. In the arena. */
struct str infer_codes_name(const struct infer_model *model, uint32_t table, uint32_t column);

/* verify.c: compiles the draft and takes out what does not compile, until nothing is left to take out. False
 * with diagnostics. */
bool infer_verify(struct infer_model *model, struct infer_result *result, struct diag_list *diags);
/* The type that a source column is declared with. In the arena. */
struct str infer_declared_type(const struct infer_model *model, const struct infer_source *source,
                               const struct infer_column *column);

#endif

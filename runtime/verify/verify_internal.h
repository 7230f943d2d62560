/* What the files of this folder share. Not for others. */
#ifndef MIG_VERIFY_INTERNAL_H
#define MIG_VERIFY_INTERNAL_H

#include "runtime/postgres/pg_binary_copy.h"
#include "runtime/postgres/pg_row_hash.h"
#include "runtime/verify/verify.h"

#include <stdio.h>

/* -- sets */

/* A set of 64-bit hashes. All-zero is empty. */
struct hash_set {
    uint64_t *slots; /* 0: free */
    uint64_t count, cap;
};
void hash_set_add(struct hash_set *set, uint64_t hash);
bool hash_set_has(const struct hash_set *set, uint64_t hash);
void hash_set_free(struct hash_set *set);

/* Transaction ids of batches. All-zero is empty. */
struct xid_table {
    uint32_t *xids; /* 0 (no xid of rows): free */
    uint32_t *leaves;
    uint32_t cap; /* power of two */
};

/* -- rows as they should be */

enum { NO_VALUES = -1, NO_ROW = UINT32_MAX };

struct expected_row {
    struct hash128 match, row, update;
    int64_t values;    /* offset in expected_rows.values of the fields as sent; NO_VALUES: not kept */
    struct str *texts; /* of columns that travel as text, in their order; NULL: there are none */
    uint64_t line, place_row, seq;
    uint32_t file, leaf, next;
    bool seen;
    bool taken; /* of a part that was rolled back: it may be there, but need not */
};
struct expected_rows {
    struct expected_row *rows;
    uint32_t count, cap;
    uint32_t *heads; /* chains by match hash, made when all are in */
    uint32_t head_cap;
    struct buf values;
    struct arena texts;
    VEC(struct str) files;
    struct arena arena;
};

/* -- the run */

/* One batch of the journal and what was found of it. */
struct leaf {
    const struct journal_batch_info *info;
    uint64_t rows, updates;
    unsigned __int128 row, key, update_row, update_key;
    uint64_t derived; /* rows that the source pass gave it */
    unsigned __int128 derived_sum;
    uint64_t explained; /* rows touched, replaced or left as they were: its sums need not fit */
    uint64_t findings;
    VEC(struct journal_part_info)
    taken;                           /* parts that were rolled back in it: their rows are not looked for */
    int64_t block_from, block_to;    /* budget: where its rows lie; -1: not known */
    uint64_t rows_there;             /* budget: as counted */
    bool read, differs, drill, lost; /* lost: its rows did not fit into memory */
};

struct verify_table;

struct verify_map {
    uint32_t index; /* in plan->maps */
    const struct plan_map *map;
    struct verify_table *table;
    struct pg_row_encoder *encoder;
    const struct row_hasher *hasher;
    uint32_t *select;           /* for each of the map's columns its place in the table's SELECT */
    bool direct;                /* the SELECT's fields are the map's, one behind the other */
    bool keyless;               /* rows are told apart by all their columns only */
    struct row_hash_part match; /* what rows are found by when they are compared */
    struct leaf *leaves;
    uint32_t leaf_count;
    struct xid_table xids;
    struct hash_set images;    /* rows that a batch updated: key hash and batch */
    struct hash_set newcomers; /* keyless: hashes of rows written after the run's first batch */
    struct expected_rows expected;
    uint32_t last_leaf; /* of the visit before */
    /* a row at hand */
    size_t *starts;
    struct buf gathered, canonical, scratch;
};

struct select_item {
    uint32_t column;
    bool text;
};

struct verify_table {
    const struct plan_target_table *table;
    struct str name;
    VEC(struct verify_map *) maps;
    VEC(struct select_item) items;
    struct str *types; /* by column of the plan's table: as the server writes it, for casts */
    bool is_plain;     /* an ordinary table: its rows have one ctid range */
    bool has_text;
    size_t *starts;
    struct verify_table_report *report;
};

struct sample_row {
    struct verify_map *map;
    struct leaf *leaf;
    struct str *texts; /* by column of the map */
    struct str file;
    uint64_t line, row;
};

struct verify {
    const struct plan *plan;
    const struct run_options *run_options;
    const struct journal_run_info *info;
    struct pg_connection *connection;
    const struct verify_options *options;
    struct arena *arena;
    struct verify_report *report;
    struct diag_list *diags;
    VEC(struct verify_map *) maps;
    VEC(struct verify_table *) tables;
    uint32_t first_xid; /* low half of the run's first batch; rows after it may be edits */
    bool has_batches;
    double started, deadline; /* monotonic; deadline 0: none */
    FILE *out;
    struct arena out_arena;
    uint64_t random;
    struct sample_row *sample;
    uint32_t sample_count;
    uint64_t sample_seen;
    size_t value_bytes;                  /* kept of rows to compare */
    uint64_t drill_rows;                 /* … and rows */
    bool rows_known;                     /* the rows of all batches that differ were kept */
    bool target_partial, source_partial; /* the budget was over before the pass's end */
};

static inline bool xid_is_after(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) > 0;
}
static inline struct span no_place(void) {
    return (struct span){0};
}
double verify_clock(void);
bool verify_over(const struct verify *v); /* the budget is */
uint64_t verify_random(struct verify *v);

/* verify_tables.c */
bool verify_build(struct verify *v);
void verify_release(struct verify *v);
/* Which batch of a map has this transaction; NULL: none. */
struct leaf *verify_leaf_of_xid(const struct verify_map *map, uint32_t xid);
/* Which batch of the table's maps. */
struct leaf *verify_find_leaf(const struct verify_table *table, uint32_t xid, struct verify_map **map);
struct str verify_select(const struct verify_table *table, const char *where, struct arena *arena);
/* Reads the whole table so. NULL with diagnostics. */
struct pg_binary_copy *verify_open_table(struct verify *v, struct verify_table *table, struct arena *arena);
struct leaf *verify_leaf_of_batch(struct verify_map *map, uint64_t ordinal);

/* verify_scan.c */
/* The row's fields as the map has them, canonical, in map->starts. raw (or NULL): before that. */
const char *verify_take_fields(struct verify_map *map, const struct pg_binary_row *row, const size_t *starts);
/* Hashes a row of the batch and adds it up; the row's bytes may change. */
void verify_add_row(struct verify_map *map, struct leaf *leaf, const struct pg_binary_row *row,
                    const size_t *starts);
uint32_t verify_row_xid(const struct pg_binary_row *row);
bool verify_scan_targets(struct verify *v);
/* Finds batches whose rows were copied later, for maps without a key. */
bool verify_find_copies(struct verify *v);
bool verify_begin_reading(struct verify *v);
void verify_end_reading(struct verify *v);
uint64_t verify_image_hash(struct hash128 key, uint64_t batch);

/* verify_parts.c: parts of the run that were rolled back by themselves */
bool verify_read_parts(struct verify *v);
/* Is the row of a part that was rolled back in its batch? Uses scratch. */
bool verify_row_is_taken(const struct leaf *leaf, const struct plan_map *map, struct str part);

/* verify_budget.c */
bool verify_scan_in_budget(struct verify *v);
void verify_check_leaf(struct verify *v, struct verify_map *map, struct leaf *leaf);

/* verify_source.c. Goes through the sources: first: sums are compared, a sample is drawn; keep: the rows of
 * batches that differ are kept (else only those of maps whose sums leave columns out). The report says how it
 * went. */
void verify_derive(struct verify *v, bool first, bool keep);

/* verify_compare.c */
bool verify_compare_rows(struct verify *v);

/* verify_others.c */
bool verify_foreign_keys(struct verify *v);
bool verify_sample(struct verify *v);

/* verify_findings.c. leaf may be NULL. Takes the finding as it stands; texts are copied. */
void verify_add_finding(struct verify *v, struct verify_table *table, struct leaf *leaf,
                        const struct finding *finding);
bool verify_open_findings(struct verify *v);
bool verify_close_findings(struct verify *v);
void verify_append_finding_json(const struct finding *finding, struct buf *out);

/* verify_field.c: a field with its length word as text, masked where the column is personal. */
struct str verify_field_text(const struct wire_column *wire, const struct plan_target_column *column,
                             const char *field, size_t size, struct arena *arena);
struct str verify_shown(const struct plan_target_column *column, struct str text, struct arena *arena);
/* The same value in another spelling? */
bool verify_same_value(const struct wire_column *wire, const char *a, size_t a_size, const char *b,
                       size_t b_size);

#endif

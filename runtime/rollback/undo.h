/* What the files of this folder share. Not for others. */
#ifndef MIG_ROLLBACK_UNDO_H
#define MIG_ROLLBACK_UNDO_H

#include "runtime/postgres/pg_encode.h"
#include "runtime/postgres/pg_image.h"
#include "runtime/rollback/rollback.h"

enum { UNDO_NO_TABLE = -1, UNDO_SAMPLES = 5, UNDO_SQL_ORDINAL = -1, UNDO_SWEEP_ORDINAL = -2 };

struct replay_row;

struct undo_batch {
    int64_t ordinal;
    struct str xid; /* its 32 bits, as text */
    uint64_t written, updated, superseded;
    uint64_t present;       /* rows that carry its xid now */
    struct str first, last; /* their places in the table (ctid); empty: not known */
    uint64_t unchanged;     /* rows that were found in the table as they are: not the run's */
    uint64_t missing;       /* rows that it wrote, and that neither carry its xid nor are known from images */
    uint64_t held;
    bool undone;
    bool repaired;               /* loaded by `mig retry`: the sources do not give its rows */
    uint64_t settled;            /* rows that rollbacks of parts have undone, or found gone or changed */
    uint64_t left;               /* undone: rows of the part that could not go with it */
    VEC(struct undo_part) parts; /* taken back in it, when the whole run is to be */
    struct undo_batch
        *lead; /* the batch that counts for all of this transaction (commit per run); NULL: itself */
};

struct undo_fk {
    struct str name, schema, table; /* of the child */
    int32_t child;                  /* index in tables, or UNDO_NO_TABLE */
    struct str *columns, *keys;     /* the child's columns, the parent's that they refer to */
    uint32_t count;
    char action; /* pg_constraint.confdeltype */
    bool indexed, nullable;
    uint64_t held;
};

struct undo_table {
    struct str schema, name, oid;
    bool exists, partitioned, same_oid, same_file;
    bool may_delete, may_update, may_select, policies;
    struct pg_live_column *columns;
    bool *personal, *imaged, *changed; /* by column: pii; part of the images; the run's updates changed it */
    bool *user_column;                 /* generated ones aside */
    uint32_t column_count;
    uint32_t *key; /* columns that tell its rows apart; count 0: none */
    uint32_t key_count;
    struct str unkeyed;              /* why images cannot be matched with rows; empty: they can */
    struct str lost_column;          /* of the images, changed by the run, and not in the table any more */
    struct str all_xids, going_xids; /* array texts: of the run's batches; of those that may go */
    struct str chain;                /* name of the temporary table of changed rows; empty: none */
    struct str part; /* temporary table of the keys of the part's rows; empty: all are meant */
    bool by_content; /* xids are not to be trusted */
    uint64_t chain_rows;
    bool aliases;            /* rows put back by a rollback of a later run stand for ours */
    uint64_t newer;          /* rows that others wrote since the run began with the table */
    VEC(struct undo_fk) fks; /* that refer to it */
};

struct undo_map {
    const struct plan_map *map;
    struct undo_map_report *report;
    int32_t table;
    struct str identity;
    struct undo_batch *batches;
    uint32_t batch_count;
    bool sql_done;
    bool untold;      /* blocked for nothing but row versions that say nothing */
    struct str wrote; /* temporary table of the rows that it wrote, from its sources; empty: none */
    uint32_t *match;  /* live columns that tell those rows apart: a key that the map writes */
    uint32_t match_count;
    struct pg_row_encoder *encoder;
    struct encoded_rows rows;
    uint32_t last_batch;   /* of the row before, when the sources are read */
    uint64_t existed_here; /* updated rows that carry the run's xids */
};

struct undo {
    struct pg_connection *connection, *guard;
    const struct plan *plan;
    const struct journal_run_info *info;
    const struct undo_options *options;
    struct undo_report *report;
    struct arena *arena;
    struct diag_list *diags;
    struct journal_run run;
    struct arena scratch; /* of one row */
    struct str run_id, schema_oid;
    bool knows_parts; /* the journal has tables for them */
    bool part_begun;  /* this part was begun to be taken back before */
    VEC(struct undo_table) tables;
    VEC(struct undo_map) maps; /* in the order of undoing */
    bool temporary;            /* the temporary tables are made */
};

struct undo_counts {
    uint64_t deleted, restored, overwritten, merged, kept;
};

/* -- sql.c: pieces of statements */

/* "schema"."table" */
void undo_append_table(struct buf *sql, const struct undo_table *table);
/* a."k" = b.k1 AND …: row `row` of the table against row `chain` of its temporary table */
void undo_append_key_match(struct buf *sql, const struct undo_table *table, const char *row,
                           const char *chain);
/* The row was written by one of these transactions, or put back to what one of them wrote. xids: an
 * expression of type xid[]. */
void undo_append_written_by(struct buf *sql, const struct undo_table *table, const char *row,
                            const char *xids);
/* The row is one that the run inserted, and nobody has changed it (or the policy is to overwrite). */
void undo_append_ours(struct buf *sql, const struct undo *u, const struct undo_table *table, const char *row);
/* The row goes: ours, and not held. */
void undo_append_goes(struct buf *sql, const struct undo *u, const struct undo_table *table, const char *row);
/* NOT EXISTS for each foreign key that refers to the table: nothing refers to the row but itself. Starts with
 * AND. */
void undo_append_unreferenced(struct buf *sql, const struct undo_table *table, const char *row);
/* c.fk = p.key AND … */
void undo_append_reference(struct buf *sql, const struct undo_fk *fk, const char *child, const char *parent);
/* An expression of type json: the row's key; of a row of the temporary table. */
void undo_append_key_json(struct buf *sql, const struct undo_table *table, const char *row);
void undo_append_chain_key_json(struct buf *sql, const struct undo_table *table, const char *chain);
/* An expression of type text that is unique among the table's rows. */
void undo_append_key_text(struct buf *sql, const struct undo_table *table, const char *row);
/* Columns of the row differ from the image new_row of the chain; true or false. */
void undo_append_differs(struct buf *sql, const struct undo_table *table, const char *row, const char *chain);
/* A column that others changed is one that the run changed. */
void undo_append_overlaps(struct buf *sql, const struct undo_table *table, const char *row,
                          const char *chain);
/* A literal array of xids, cast: '{1,2}'::xid[] */
void undo_append_xids(struct buf *sql, struct str xids);
/* Takes the buffer's text into the arena. */
const char *undo_take_sql(struct undo *u, struct buf *sql);

/* -- survey.c: which maps, which tables, who refers to them, and may we? False with diagnostics. */
bool undo_survey(struct undo *u);
/* Whose rows may go; again when a map was found to have no way back. */
void undo_collect_xids(struct undo *u);

/* -- chains.c: the rows that the run updated, one for each, in temporary tables */
bool undo_make_temporary(struct undo *u); /* outside a read-only transaction */
bool undo_fill_chains(struct undo *u);

/* -- written.c: the rows that the run inserted, from its sources, where row versions do not tell */
bool undo_needs_sources(const struct undo *u);
/* Fills a temporary table for each map that needs it. False: it could not be done; the report says why. */
bool undo_read_sources(struct undo *u);
/* Adds the rows that a map inserted and that are no longer as it left them to the table's chain. */
bool undo_add_written(struct undo *u, struct undo_map *map);
void undo_free_written(struct undo *u);

/* Takes a key to tell rows apart by, if the map writes all its columns. */
bool undo_match_key(struct undo *u, struct undo_map *map, const struct plan_target_key *key);
/* t."k" = w."k" AND …, of the table and of what the sources gave */
void undo_append_match(struct buf *sql, const struct undo_map *map, const struct undo_table *table);
/* Maps whose row versions say nothing, but whose rows were read: content decides. True: there are such. */
bool undo_unblock(struct undo *u);

/* -- parts.c: one part of the run */
bool undo_has_part(const struct undo *u);
/* The run itself was made for that part alone: it is rolled back whole. */
bool undo_part_is_whole_run(const struct undo_options *options);
/* Parts taken back before, into the report; then of one map's batches. */
bool undo_read_parts(struct undo *u);
bool undo_read_settled(struct undo *u, struct undo_map *map);
/* May the part be taken back? Diagnostics say why not. */
enum undo_status undo_part_check(struct undo *u);
void undo_list_left_alone(struct undo *u);
/* Blocks maps whose rows cannot be told by part. */
void undo_part_check_maps(struct undo *u);
void undo_make_part_table(struct undo *u, uint32_t t, struct buf *sql);
/* Reads the sources, and fills the tables of keys. */
bool undo_read_part(struct undo *u);
bool undo_row_is_wanted(struct undo *u, const struct undo_batch *batch, const struct replay_row *row);
bool undo_prune_chain(struct undo *u, uint32_t t);
/* AND EXISTS …: the row is of the part; nothing if all are meant. */
void undo_append_part(struct buf *sql, const struct undo_table *table, const char *row);
/* Within a batch's transaction. False: see pg_last_failure. before: rows that it had at the start */
bool undo_part_fence(struct undo *u, bool *ours);
bool undo_part_write(struct undo *u, const struct undo_map *map, const struct undo_batch *batch,
                     uint64_t before, const struct undo_counts *counts);
/* Runs a DELETE of rows `t` that are left, and notes them with their batches. */
bool undo_part_sweep(struct undo *u, uint32_t t, const char *statement, uint64_t *deleted);
/* Notes all rows that are left as deleted, for they will be in this transaction. */
bool undo_part_note_left(struct undo *u, uint32_t t);
enum undo_status undo_part_start(struct undo *u, struct str detail, int64_t at);
bool undo_part_finish(struct undo *u, struct str detail, int64_t at);

/* -- preflight.c: what the rows are now. False: could not be asked. */
bool undo_preflight(struct undo *u);
/* Forgets what the last look found, for another one. */
bool undo_forget(struct undo *u);
/* The table's batch with that transaction; NULL: none. */
struct undo_batch *undo_find_batch(struct undo *u, int32_t t, struct str xid, struct undo_map **map);
/* The version of the row, or the one that it stands for. */
void undo_append_version(struct buf *sql, const struct undo_table *table, const char *row);

/* -- apply.c */
enum undo_status undo_apply(struct undo *u);
/* Runs a statement with parameters; affected may be NULL. False: see pg_last_failure. */
bool undo_run(struct undo *u, const char *sql, const struct str *params, uint32_t count, uint64_t *affected);
/* A number out of a statement without parameters; false with a diagnostic. */
bool undo_number(struct undo *u, const char *sql, uint64_t *number);
/* Rows that carry the batch's version now. False: see pg_last_failure. */
bool undo_count_now(struct undo *u, const struct undo_map *map, const struct undo_batch *batch,
                    uint64_t *now);

/* -- rows.c: the statements of one batch, in its transaction */
/* False: see pg_last_failure; with *refused, a row could not be put back and the policy is to stop. */
bool undo_batch_rows(struct undo *u, const struct undo_map *map, const struct undo_batch *batch,
                     struct undo_counts *counts, struct str *refused);

/* -- after.c */
/* Rows that could not go in their turn: again, until nothing moves; then loops of foreign keys at once. */
enum undo_status undo_sweep(struct undo *u);
/* Lists what stays, compares what was put back. */
enum undo_status undo_prove(struct undo *u);

/* indexes.c: what an interrupted run dropped for its load is put back first; foreign keys that the run's rows
 * kept from being validated are validated last. */
void undo_warn_of_indexes(struct undo *u);
enum undo_status undo_restore_indexes(struct undo *u);
enum undo_status undo_validate_keys(struct undo *u);

void undo_log(struct undo *u, char level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

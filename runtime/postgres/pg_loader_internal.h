/* What loader and stage share. Not for others. */
#ifndef MIG_POSTGRES_PG_LOADER_INTERNAL_H
#define MIG_POSTGRES_PG_LOADER_INTERNAL_H

#include "runtime/postgres/pg_image.h"
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"
#include "runtime/postgres/pg_loader.h"
#include "runtime/postgres/pg_map.h"

/* Names that no table or column of a target is likely to have. */
#define STAGE_NAME    "mig: stage"
#define STAGE_TABLE   "pg_temp.\"" STAGE_NAME "\""
#define HIT_TABLE     "pg_temp.\"mig: hit\""
#define STAGE_ORDINAL "\"mig: ordinal\""
#define STAGE_ROUND   "\"mig: round\""

enum loader_state {
    LOADER_IDLE, /* no transaction of ours */
    LOADER_OPEN, /* in a transaction, not in a COPY */
    LOADER_COPYING
};

/* The stage's statements. $1 is the round where there is a parameter. */
struct stage_sql {
    const char *create; /* stage and hit tables */
    const char *count_rounds, *number_rounds;
    const char *find_hits;   /* rows of a round that are in the target already */
    const char *update;      /* and, but in a rehearsal, images: $2 run, $3 map, $4 batch, $5 first seq; gives
                                rows updated, rows to be updated */
    const char *insert;      /* rows of a round that are not hits; with RETURNING when asked */
    const char *read_hits;   /* ordinal, differs */
    const char *read_stored; /* ordinal and returning columns of the hits */
};

struct pg_loader {
    struct pg_connection *connection;
    const struct plan *plan;
    const struct plan_map *map;
    const struct plan_target_table *table;
    struct journal_run run;
    struct pg_loader_options options;
    struct arena arena;       /* lives as the loader */
    struct arena batch_arena; /* ordinals, hashes and results of a batch */
    enum loader_state state;
    bool staged, text, stage_made;
    const char *copy_command;
    bool probing, probe_fails; /* pg_probe.c: now; never again */
    const char *probe_copy;    /* while probing without a stage */
    struct str what;           /* for messages; NUL-terminated */
    struct stage_sql sql;
    struct pg_live_column *live; /* maps that update: the table's columns, for images */
    uint32_t live_count;
    uint64_t sent;
    struct journal_load load;
    VEC(uint64_t) ordinals; /* staged: of the rows sent, ascending */
    VEC(struct row_hash) hashes;
};

/* Makes the statements. False: the plan's conflict columns cannot be used. */
bool stage_prepare(struct pg_loader *loader, struct diag_list *diags);
/* Makes the temporary tables, in the connection's session. */
bool stage_create(struct pg_loader *loader, struct diag_list *diags);
void stage_drop(struct pg_loader *loader);
/* Empties them in mid-transaction. */
bool stage_clear(struct pg_loader *loader);
/* From the stage into the target. Fills result and loader->load. */
enum load_status stage_merge(struct pg_loader *loader, uint64_t batch, struct load_result *result,
                             struct diag_list *diags);
/* Rolls back and turns the connection's failure into a status; reports what is not the engine's to handle. */
enum load_status loader_fail(struct pg_loader *loader, struct load_result *result, struct diag_list *diags);
/* The transaction (or savepoint) of a batch. */
enum load_status pg_loader_open_batch(struct pg_loader *loader, struct load_result *result,
                                      struct diag_list *diags);
/* Where in the order sent the row with this ordinal stands, or the first behind it. Staged maps only. */
uint32_t loader_row_position(const struct pg_loader *loader, uint64_t ordinal);
/* Ends the COPY well. False: the server refused it. */
bool pg_loader_end_copy(struct pg_loader *loader);

#endif

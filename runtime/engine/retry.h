/* Repaired rows of an earlier run, through the same maps, behind what the run has loaded: the whole run is
 * gone through again without writing (replay.h), so that lookups and crosswalks are what they were at its
 * end; then, map by map in the plan's order, repaired rows go the way of any row, and with them those that
 * were rejected because a row that they refer to was missing or rejected. They make further batches of the
 * same run (origin `retry`); the ledger's entries are closed in the transaction of the batch that settles
 * their rows. */
#ifndef MIG_ENGINE_RETRY_H
#define MIG_ENGINE_RETRY_H

#include "runtime/engine/engine.h"
#include "runtime/postgres/pg_journal_ledger.h"

/* A cell as a repair file has it. What equals the source's cell changes nothing. */
struct retry_cell {
    uint32_t column; /* of the map's source table */
    struct str text; /* ptr NULL: nothing stands there */
};

struct retry_row {
    uint32_t map;
    uint64_t ordinal;
    const struct retry_cell *cells;
    uint32_t cell_count;
    bool accepted;    /* right as it stands, whatever the reader found wrong with the record */
    struct str place; /* in the repair file, for messages */
};

struct retry_map_report {
    struct str map;
    uint64_t repaired; /* source rows of the repair files */
    uint64_t loaded, again,
        skipped;        /* rows made of them: in the target, rejected again, left out by the spec */
    uint64_t unchanged; /* source rows of the files that are as they were: they follow where they can */
    uint64_t followed;  /* rows loaded that were not repaired: what they refer to is there now */
};

struct retry_report {
    VEC(struct retry_map_report) maps; /* those that had something to do */
    struct ledger_totals left;
    enum journal_state state; /* the run's, afterwards */
};

/* rows: any order, each source row once. options as run_ref_open fills them. */
enum run_status retry_execute(const struct plan *plan, const struct run_options *options,
                              const struct journal_run_info *info, const struct retry_row *rows,
                              uint32_t count, struct arena *arena, struct run_report *report,
                              struct retry_report *retried, struct diag_list *diags);

/* After rejects were closed without loading: a run whose ledger is at zero is done. */
bool retry_settle_state(struct pg_connection *connection, const struct plan *plan,
                        const struct journal_run_info *info, const struct journal_run *run,
                        struct ledger_totals *left, enum journal_state *state, struct diag_list *diags);

/* ---------------------------------------------------------------- inside the engine */

struct retry_feed {
    uint64_t ordinal;
    const struct retry_row *repair; /* NULL: followed */
};

struct retry_position {
    uint64_t ordinal;
    uint32_t position; /* which of the rows made of it */
    uint32_t nth;      /* which of its good rows */
};

struct retry_map {
    struct retry_feed *feeds; /* by ordinal */
    uint32_t feed_count;
    VEC(struct retry_position) loaded; /* rows of those that the run has loaded, in the order of the run */
    uint64_t *rejected; /* source rows that the run's map rejected, ascending; NULL where a source row makes
                           several */
    uint32_t rejected_count;
    struct key_set *row_keys, *unique_keys; /* of the replay */
    struct winners *winners;
    uint8_t *present; /* rows of the crosswalk that a map reads from: 1: it has had them */
    uint64_t present_count;
    struct retry_map_report report;
};

struct retry {
    struct retry_map *maps;
    bool feeding; /* the replay is over */
};

/* Is the map fed now? Its state; else NULL. */
static inline struct retry_map *retry_feeding(const struct engine *engine, uint32_t map) {
    return engine->retry && engine->retry->feeding ? &engine->retry->maps[map] : NULL;
}
/* Did the run come to the map? */
bool retry_has_run(const struct journal_run_info *info, struct str map);
const struct retry_feed *retry_find_feed(const struct retry_map *map, uint64_t ordinal);

/* The rows of a batch that are fed, with their repairs put in. False: a repair does not fit (diagnostics). */
bool retry_take_rows(struct map_run *run, struct retry_map *map, struct row_batch *batch, uint32_t *rows,
                     uint32_t *count);
/* The same of a crosswalk's rows (`from x in map`). */
void retry_take_map_rows(struct retry_map *map, const struct keyed_table *table, uint64_t first,
                         uint32_t *rows, uint32_t *count);
/* Was this row loaded by the run itself? */
bool retry_was_loaded(const struct retry_map *map, uint64_t ordinal, uint32_t position);

/* retry_crosswalk.c: what earlier retries of the run have loaded, into the crosswalks: of all of them, or of
 * those before map `before` began in the run. */
enum { RETRY_ALL = UINT32_MAX };
bool retry_load_crosswalks(struct engine *engine, uint32_t before);

#endif

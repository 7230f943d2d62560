/* Going through a run's rows again: the plan is deterministic, so the same sources give the same accepted
 * rows in the same order, and the journal says for each of its batches how many of them it settled. From that
 * come: resume (settled rows are passed over, the rest is loaded), verify, lineage and retry (rows are looked
 * at, or only remembered in the crosswalks). Lookups into target tables see them as they stood when the map
 * began: rows that this run's batches of this or a later map wrote are left out, images of those that they
 * changed stand in.
 *
 * What the server said in the run itself comes from the journal: refused and conflicting rows are rejected
 * again (mig.quarantine), stored columns of a crosswalk are read back (mig.crosswalk). The row hashes of each
 * settled batch are added up, each with its place in the order, and compared with the journal's sent_sum: a
 * source, parameter or lookup that has changed since is found at the first batch that it touches
 * (X_REPLAY_DIFFERS). A run that is resumed commits nothing before all that is settled has come again. */
#ifndef MIG_ENGINE_REPLAY_H
#define MIG_ENGINE_REPLAY_H

#include "runtime/engine/engine.h"
#include "runtime/postgres/pg_journal.h"

enum replay_fate {
    REPLAY_LOADED,      /* its batch is committed: written, updated or unchanged */
    REPLAY_REFUSED,     /* the server refused it */
    REPLAY_CONFLICTING, /* `on conflict reject`: it was in the target already */
    REPLAY_UNSETTLED    /* the run did not come to it */
};

/* One accepted row. Lives during the visit. */
struct replay_row {
    enum replay_fate fate;
    uint32_t map;         /* in plan->maps */
    uint64_t seq;         /* which of the map's accepted rows, from 0 */
    uint64_t batch;       /* ordinal of the journal's batch; REPLAY_UNSETTLED: 0 */
    struct row_hash hash; /* as the loader hashes it */
    const struct vm *vm;  /* its values: vm_value_at(vm, run->outputs.columns[i], row) is the i-th of
                             plan_map.columns */
    uint32_t row;
    const struct map_run *run;     /* for map_row_ordinal, map_row_key, map_row_part, map_place_file */
    const struct row_place *place; /* where it came from */
    const struct str *stored;      /* the crosswalk's columns as the server stored them, where the journal has
                                      them; else NULL */
};

struct replay_options {
    void *context;
    /* False: stop; diagnostics say why. NULL: no visits. */
    bool (*visit)(void *context, const struct replay_row *row);
    /* The same for a row that was rejected or skipped; reason: its message, or why it was left out. NULL: no
     * visits. */
    bool (*visit_left_out)(void *context, const struct map_run *run, const struct row_place *place,
                           enum outcome outcome, struct str reason);
    const bool *wanted;  /* by map: visited or not; NULL: all. Maps behind the last wanted one are not run */
    uint32_t chunk_rows; /* another size of the VM's batches than the run had (second path); 0: the same */
};

/* A target table as it stood when map `from_map` of the run began, as an item of FROM: rows of this run's
 * batches from that map on left out, images of those that they changed in their stead. */
bool replay_append_table(struct engine *engine, struct pg_connection *connection, uint32_t table,
                         uint32_t from_map, struct buf *sql);

/* Goes through an earlier run without writing anything. `options` as run_ref_open fills them; the target is
 * read over a connection of its own. The report counts as the run's did. */
enum run_status replay_execute(const struct plan *plan, const struct run_options *options,
                               const struct journal_run_info *info, const struct replay_options *replay,
                               struct arena *arena, struct run_report *report, struct diag_list *diags);

#endif

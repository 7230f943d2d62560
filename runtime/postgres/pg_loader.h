/* The loader: sends one map's encoded rows over one connection, a batch a transaction, and leaves the batch's
 * journal row in that transaction.
 *
 *   pg_loader_open
 *     pg_loader_send …        rows of a batch, in as many calls as one likes; opens transaction and COPY
 * itself pg_loader_finish        ends the COPY, resolves conflicts; says what became of the rows; not yet
 * committed pg_loader_commit        quarantine, crosswalk and journal row, COMMIT pg_loader_close
 *
 * After anything but LOAD_OK the transaction is rolled back and the loader is ready for the next batch (or
 * for the same rows again, or for a part of them). No savepoints are used: they would change xmin. */
#ifndef MIG_POSTGRES_PG_LOADER_H
#define MIG_POSTGRES_PG_LOADER_H

#include "runtime/postgres/pg_journal.h"

enum load_status {
    LOAD_OK,
    LOAD_REFUSED,  /* a row's fault (constraint, type, trigger): split the batch; see load_result.refused_row
                    */
    LOAD_RETRY,    /* deadlock, serialization, lock timeout, a concurrent insert: the same again */
    LOAD_LOST,     /* the connection broke, surely nothing was committed; reconnected by the next send */
    LOAD_IN_DOUBT, /* the connection broke during COMMIT and the journal could not be asked; stop */
    LOAD_FENCED,   /* another mig took the run over; stop */
    LOAD_FAILED    /* permission, missing table, disk full, wrong row count …: stop */
};

/* A stored row, asked for by returning columns. */
struct load_returned {
    uint64_t ordinal;
    bool existing;           /* the row was in the target before this batch */
    const struct str *cells; /* one for each returning column, Postgres' text form; ptr NULL: null */
};

/* Lives until the loader's next send, or close. */
struct load_result {
    uint64_t written, updated, unchanged; /* rows of the target */
    const uint64_t *conflicting; /* on conflict reject: ordinals of rows that are in the target already */
    uint32_t conflicting_count;
    const uint64_t *unchanged_rows; /* on conflict skip, update: ordinals of rows that changed nothing */
    uint32_t unchanged_count;
    const struct load_returned
        *returned; /* by ascending ordinal; conflicting rows of `reject` are not among them */
    uint32_t returned_count;
    int64_t refused_row;       /* LOAD_REFUSED: index (0-based, in the order sent) of the offending row when
                                  the server named it; -1: not known, bisect */
    struct pg_failure failure; /* why, unless LOAD_OK; message without values */
};

struct pg_loader_options {
    const uint32_t *returning; /* target columns whose stored values are wanted; NULL: none */
    uint32_t returning_count;
    bool without_journal;     /* commits rows alone, see run_options */
    int32_t in_doubt_seconds; /* how long to try to reach the server again; 0: 30 */
    bool rehearse; /* the caller holds a transaction open over all maps and rolls it back at the end:
                      batches are savepoints in it, nothing goes to the journal (run may be NULL), and
                      deferred constraints are the caller's to check (SET CONSTRAINTS ALL IMMEDIATE) */
    bool in_run;   /* the caller holds a transaction open over all maps and commits it at the end: batches and
                      their journal rows become part of it, without savepoints (they change xmin); any failure
                      rolls all of it back. A connection that was lost is not made again, here and for
                      rehearse: what was loaded before is gone */
};

struct pg_loader;

/* The connection stays the caller's, but is the loader's alone until pg_loader_close. map: index in
 * plan->maps, with a target table. run is copied. NULL with a diagnostic. */
struct pg_loader *pg_loader_open(struct pg_connection *connection, const struct plan *plan, uint32_t map,
                                 const struct journal_run *run, const struct pg_loader_options *options,
                                 struct diag_list *diags);
/* Rolls back what is not committed. */
void pg_loader_close(struct pg_loader *loader);

/* Sends rows from..to (half-open, indexes in rows). LOAD_OK does not say yet that the server took them. The
 * other statuses as above, with diagnostics except for REFUSED and RETRY, whose reason is in the result. */
enum load_status pg_loader_send(struct pg_loader *loader, const struct encoded_rows *rows, uint32_t from,
                                uint32_t to, struct load_result *result, struct diag_list *diags);
/* Ends the COPY and resolves conflicts. Fine without any row sent. */
enum load_status pg_loader_finish(struct pg_loader *loader, uint64_t batch_ordinal,
                                  struct load_result *result, struct diag_list *diags);
/* Writes the journal and commits. batch->rejected counts the conflicting rows too. *result keeps what finish
 * said; refused_row and failure are set anew (deferred constraints speak here). */
enum load_status pg_loader_commit(struct pg_loader *loader, const struct journal_batch *batch,
                                  struct load_result *result, struct diag_list *diags);
/* Commits the transaction that in_run batches were loaded in. map, ordinal: a batch of it, by which the
 * journal is asked where the connection broke meanwhile. 1: committed; 0: not, nothing of it stands (see
 * pg_last_failure); -1: it could not be found out. */
int pg_loader_commit_run(struct pg_connection *connection, const struct journal_run *run, struct str map,
                         uint64_t ordinal);
/* Gives the batch up: leaves copy mode with a reason, rolls back. */
void pg_loader_abort(struct pg_loader *loader, const char *reason);

/* Asking which rows break a constraint, between batches: begin, pg_loader_send, probe, end. Nothing of it
 * stays. begin false: it cannot be asked (no right to make temporary tables, say). */
bool pg_loader_begin_probe(struct pg_loader *loader, struct diag_list *diags);
/* The positions (0-based, in the order sent, ascending) of the rows that this constraint of the target's
 * table refuses for what they hold. NULL: not known. */
uint64_t *pg_loader_probe(struct pg_loader *loader, struct str constraint, struct arena *arena,
                          uint32_t *count);
void pg_loader_end_probe(struct pg_loader *loader);

#endif

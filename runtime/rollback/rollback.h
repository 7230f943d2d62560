/* Taking a run back. Rows that still carry the version that the run gave them (xmin) are surely as it left
 * them: those that it inserted are deleted, those that it updated get their images back. Everything else was
 * touched by others since; the policy says what becomes of it. Rows of others are never deleted: what they
 * refer to stays.
 *
 * A rollback is made of batches, each one transaction with a row of its own in mig.undo, so it can be killed
 * at any point and goes on when it is started again. */
#ifndef MIG_ROLLBACK_ROLLBACK_H
#define MIG_ROLLBACK_ROLLBACK_H

#include "runtime/engine/run.h"
#include "runtime/postgres/pg_journal.h"

/* What becomes of rows of the run that others have changed. */
enum undo_policy {
    UNDO_STOP,      /* nothing is done at all if there are any */
    UNDO_KEEP,      /* they stay as they are, and are listed */
    UNDO_OVERWRITE, /* they are undone nevertheless; what others wrote goes into mig.conflict */
    UNDO_MERGE, /* updated rows whose other columns were changed get the run's columns back; the rest stays */
    UNDO_POLICY_COUNT
};
const char *undo_policy_name(enum undo_policy policy);

struct undo_options {
    enum undo_policy policy;
    bool check;                    /* look only, in a read-only transaction */
    bool skip_irreversible;        /* maps without a way back stay */
    struct str part, value;        /* only rows of this part (`partition by … as part`); empty: all */
    struct str url;                /* of the target, for the connection that holds the lock */
    const struct run_options *run; /* as run_ref_open fills them: to go through the sources again where row
                                      versions do not tell enough; NULL: that cannot be done */
    struct run_observer observer;
    const volatile int *stop; /* set to non-zero by a signal handler: end the batch and stop; may be NULL */
};

/* How it ended; each has an exit code. */
enum undo_status { UNDO_DONE, UNDO_REFUSED, UNDO_WRONG, UNDO_UNREACHABLE, UNDO_STOPPED, UNDO_USAGE };

/* A class of rows with some keys of it. */
struct undo_class {
    uint64_t rows;
    VEC(struct str) samples; /* keys as JSON objects, personal ones masked; at most 5 */
};

/* A foreign key from rows that stay to rows that would go. */
struct undo_reference {
    struct str child, constraint; /* schema.table; name */
    const char *action;           /* "no action", "cascade", … */
    uint64_t rows;                /* of the run's, that must stay for it */
    bool slow;                    /* no index begins with its columns: each deletion scans the child */
};

/* A part of the run that was taken back by itself, before. */
struct undo_part {
    struct str part, value;
    bool done; /* to its end */
};

struct undo_map_report {
    struct str map, table;
    enum plan_rollback way;
    struct str text;    /* ROLLBACK_SQL: the SQL; ROLLBACK_NONE: the reason */
    struct str blocked; /* why there is no way back; empty: there is one */
    bool none;          /* blocked because the spec says so */
    bool by_content;    /* row versions say nothing: keys and values decide */
    uint64_t inserted, updated, batches, batches_undone; /* what the run did */
    /* Before: what the rows are now. */
    struct undo_class untouched_inserted, untouched_updated;
    struct undo_class same;    /* written again by others, with the content that the run gave them */
    struct undo_class edited;  /* changed by others; or deleted and made anew under the same key */
    struct undo_class deleted; /* updated by the run, deleted by others */
    struct undo_class gone;    /* inserted by the run, deleted by others: nothing is left to do */
    struct undo_class unclear; /* inserted by the run, changed or deleted since: which, is not known */
    struct undo_class between; /* changed by others between two writes of the run */
    struct undo_class held;    /* untouched, but rows that stay refer to them */
    uint64_t part_rows;        /* with a part: rows of it that the map accepted and that are not undone yet */
    double seconds;            /* that loading them took */
    /* After. */
    uint64_t rows_deleted, rows_restored, rows_overwritten, rows_merged, rows_kept;
    bool sql_run;
    VEC(struct undo_reference) references;
};

struct undo_report {
    struct str run_id, migration, state; /* the run's state before */
    enum undo_policy policy;
    bool check;
    enum undo_status status;
    uint64_t conflicts;       /* rows that the policy must decide on */
    uint64_t blocked;         /* maps without a way back */
    int64_t xids_left;        /* transactions until row versions no longer tell rows apart */
    double load_seconds;      /* that the run took to load what is to be undone */
    uint64_t later_runs;      /* later runs that wrote into the same tables and are not rolled back */
    struct str later_run;     /* the latest of them; empty: none */
    struct str audit_table;   /* its rows stay; empty: none */
    bool replayed;            /* the sources were gone through again */
    struct str replay_failed; /* why they could not be; empty: they could, or it was not needed */
    uint64_t left_wrong;      /* restored rows that are not as they were */
    double seconds;
    struct str part, value;             /* what was asked for; empty: all */
    uint64_t part_rows;                 /* that the part has, as the maps' */
    bool nothing;                       /* the part has no rows in the run */
    VEC(struct undo_part) parts;        /* of the run, taken back before */
    VEC(struct str) left_alone;         /* maps that know no such part */
    VEC(struct undo_map_report *) maps; /* in the order of undoing */
};

/* ref's run in its target. connection: to the target, the caller's. Report and diagnostics live in arena. */
enum undo_status undo_execute(struct pg_connection *connection, const struct plan *plan,
                              const struct journal_run_info *info, const struct undo_options *options,
                              struct arena *arena, struct undo_report *report, struct diag_list *diags);

void undo_report_text(const struct undo_report *report, struct buf *out);
void undo_report_json(const struct undo_report *report, struct buf *out);

#endif

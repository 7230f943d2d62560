/* Proving a run: what the target holds is what the run wrote, and what it wrote is what its sources say.
 *
 * Target pass: each table is read once with a binary COPY, rows are hashed as they were when they were sent
 * and added up by batch (their xmin); the sums must be the journal's. Source pass: the sources are read and
 * transformed again, in batches of another size; the sums must be the journal's, too. Where a batch differs,
 * its rows are compared one by one, column by column. Beside that: rows whose foreign keys lead nowhere, and
 * a few rows drawn at random whose columns the server itself compares as text. */
#ifndef MIG_VERIFY_VERIFY_H
#define MIG_VERIFY_VERIFY_H

#include "runtime/engine/run.h"
#include "runtime/postgres/pg_journal.h"

struct verify_options {
    struct str out_path;    /* every finding as a line of JSON; empty: none */
    uint32_t shown;         /* findings kept for the report, of each table and kind */
    uint32_t sample;        /* rows compared by the server as text; 0: none */
    double budget_seconds;  /* 0: none: everything is read */
    struct str part, value; /* only rows of this part (partition by); empty: all */
    bool journal_only;      /* the sources are not read again */
    bool edits_allowed;     /* rows that were changed after the load do not make it differ */
};

enum verify_outcome {
    VERIFY_CLEAN,
    VERIFY_DIFFERS,
    VERIFY_NOT_POSSIBLE, /* diagnostics say why */
    VERIFY_UNREACHABLE,
    VERIFY_USAGE
};

enum finding_kind {
    FINDING_MISSING,        /* the run wrote it, it is not there */
    FINDING_EXTRA,          /* written by a transaction of the run, but not by the run's maps */
    FINDING_DUPLICATE,      /* there more often than the run wrote it */
    FINDING_CHANGED,        /* other values than were sent, from the start */
    FINDING_EDITED,         /* changed by someone else after the load */
    FINDING_REPRESENTATION, /* the same value, spelled in another way where the spelling is kept */
    FINDING_ORPHAN,         /* a foreign key without its parent */
    FINDING_BATCH,          /* a batch whose sums differ and whose rows could not be compared */
    FINDING_SOURCE,         /* a batch whose rows come out otherwise than they were sent */
    FINDING_KINDS
};
const char *finding_kind_name(enum finding_kind kind); /* "missing", "edited" … */

struct finding_column {
    struct str name, expected, actual; /* ptr NULL: null; personal ones masked */
};
struct finding {
    enum finding_kind kind;
    struct str table, map, key; /* key: `id = 7`; may be empty */
    uint64_t batch;             /* UINT64_MAX: none */
    struct str file;            /* of the source; may be empty */
    uint64_t line, row;         /* 0: not known */
    struct str note;            /* may be empty */
    struct finding_column *columns;
    uint32_t column_count;
};

struct verify_table_report {
    struct str name;      /* schema.table */
    uint64_t rows;        /* read */
    uint64_t of_run;      /* those that a batch of the run wrote */
    uint64_t older;       /* not of this run: written before it */
    uint64_t newer;       /* written, or rewritten, after it */
    uint64_t batches;     /* of the run into this table */
    uint64_t read;        /* batches that were read */
    uint64_t differing;   /* batches whose sums are not the journal's and which the rows do not explain */
    uint64_t compared;    /* rows compared one by one */
    uint64_t touched;     /* rows written again after the load with the same values */
    uint64_t replaced;    /* rows that a later batch of the run updated */
    uint64_t unread_rows; /* rows of differing batches that could not be compared one by one */
    uint64_t found[FINDING_KINDS];
    bool xmin;                      /* identity of the journal's step: transaction ids tell the rows */
    VEC(struct finding *) findings; /* at most `shown` of each kind */
};

struct verify_report {
    struct str run_id, migration, state;
    enum verify_outcome outcome;
    VEC(struct verify_table_report *) tables;
    uint64_t batches, read;           /* leaves of the target pass */
    uint64_t source_batches, derived; /* of the source pass: all, and those derived again */
    uint64_t source_rows;
    uint32_t source_files, source_unhashed;
    uint32_t sampled, sample_touched; /* rows that the server compared; of them changed since */
    uint32_t foreign_keys;
    uint64_t orphans;
    bool partial;           /* the budget was over before all was read */
    bool source_pass;       /* it was made, to its end or the budget's */
    bool source_equal;      /* … and everything came out as it was sent */
    struct str source_note; /* why there was no source pass; may be empty */
    struct str part, value;
    VEC(struct journal_part_info) taken; /* parts that were rolled back by themselves: left out */
    uint64_t taken_rows;                 /* rows of the sources that are theirs */
    uint64_t taken_unread;               /* batches that had such rows and were not compared without them */
    double target_seconds, source_seconds, compare_seconds, seconds;
    struct arena *arena;
};

/* info: with steps and sources. options: as run_ref_open fills them. The connection is verify's alone until
 * it returns. Writes the event `verified` into the journal's audit trail, nothing else. */
enum verify_outcome verify_run(const struct plan *plan, const struct run_options *run_options,
                               const struct journal_run_info *info, struct pg_connection *connection,
                               const struct verify_options *options, struct arena *arena,
                               struct verify_report *report, struct diag_list *diags);

/* The chance, 0 to 1, that faults in `faulty` of `all` leaves are all among those that were not read. */
double verify_miss_chance(uint64_t all, uint64_t read, uint64_t faulty);

void verify_report_text(const struct verify_report *report, struct buf *out);
void verify_report_json(const struct verify_report *report, struct buf *out);

#endif

/* The loading thread of one map: sends encoded rows, commits batches, and gets past what can be got past.
 *
 * Rows are sent as they come; a copy is kept until their batch is committed. When the server says no:
 * - deadlock, serialization failure, lock timeout, a lost connection: the whole batch again, after a pause
 * that grows (exactly once: a commit in doubt was looked up in the journal by the loader);
 * - a row's own fault (unique, foreign key, check, trigger …): where a CHECK or a foreign key refused it, the
 * server is asked for all rows of the batch that it refuses, and the others are loaded. Else the batch is cut
 * in two, each part a transaction and a journal row of its own, until the offending rows are alone. They are
 * refused, all others are loaded;
 * - anything else ends the load.
 * A map with `commit per map` keeps no copies: there any failure ends the load. */
#ifndef MIG_ENGINE_LOAD_THREAD_H
#define MIG_ENGINE_LOAD_THREAD_H

#include "runtime/base/vec.h"
#include "runtime/postgres/pg_loader.h"

/* Which source row a row was made of, and which of that row's rows it is (each, join), from 0. */
struct load_source {
    uint64_t ordinal;
    uint32_t nth;
};

/* Rows on their way. */
struct load_piece {
    struct encoded_rows rows;
    struct load_source *sources; /* rows.count of them */
    struct str *keys;            /* rows.count of them where the crosswalk is journaled; the sink's until the
                                    batch is committed */
    uint32_t source_cap, key_cap;
    struct load_piece *next; /* the thread's */
};

void load_piece_free(struct load_piece *piece);

/* What goes into the journal with a batch besides its counts: handed to the thread with the commit. */
struct load_ledger {
    struct arena arena;
    VEC(struct journal_reject) rejects;
    VEC(uint64_t) left_out; /* mig retry: source rows that the spec leaves out now */
};
struct load_ledger *load_ledger_new(void);
void load_ledger_free(struct load_ledger *ledger); /* NULL is fine */

/* A row that the server does not take. */
struct load_refused {
    uint64_t ordinal; /* as given with its piece */
    struct load_source source;
    struct str message; /* the server's primary message, values masked, with constraint and SQLSTATE */
};

struct load_returned_row {
    uint64_t ordinal;
    struct str *cells; /* one for each returning column; ptr NULL: null */
};

/* What the server said since the last load_thread_take_answers; texts live until the next one. */
struct load_answers {
    struct arena arena;
    VEC(uint64_t) conflicting; /* ordinals */
    VEC(struct load_returned_row) returned;
    VEC(struct load_refused) refused;
};

struct load_thread;

struct load_thread_options {
    struct pg_connection *connection; /* the thread's alone until close */
    const struct plan *plan;
    uint32_t map;
    struct journal_run run;
    const uint32_t *returning;
    uint32_t returning_count;
    bool without_journal;
    bool keep_rows;                /* false: commit per map or per run */
    bool in_run, rehearse;         /* see struct pg_loader_options */
    bool journals_crosswalk;       /* returned rows go into mig.crosswalk … */
    bool keeps_keys;               /* … with the keys of their pieces: later runs find them by those */
    const struct seal_key *seal;   /* … sealed with this key; NULL: in clear */
    struct str conflict_message;   /* for the ledger, of rows that are in the target already */
    int64_t expires_at;            /* of the ledger's rows (timestamptz); 0: never */
    bool from_retry;               /* repaired rows: the ledger's entries of their source rows are closed */
    uint64_t first_batch;          /* the ordinal of the first batch: those below are in the journal */
    struct journal_counts counts;  /* of those below */
    const volatile bool *given_up; /* the run is over for another reason: do not try again */
};

/* NULL with diagnostics. */
struct load_thread *load_thread_open(const struct load_thread_options *options, struct diag_list *diags);
/* An empty piece to fill; waits while too much is on its way. NULL: the load has failed. */
struct load_piece *load_thread_take_piece(struct load_thread *thread);
bool load_thread_send(struct load_thread *thread, struct load_piece *piece);
/* Commits what was sent since the last commit. batch's counts are of rows that were not sent (skipped,
 * rejected, warned); `in`, ordinal and the server's counts are filled in by the thread. The ledger becomes
 * the thread's; NULL: none. */
bool load_thread_commit(struct load_thread *thread, const struct journal_batch *batch,
                        struct load_ledger *ledger);
/* Waits until everything is done. False: the load has failed. */
bool load_thread_wait(struct load_thread *thread);
/* After a wait: what the server said. Valid until the next call. */
const struct load_answers *load_thread_take_answers(struct load_thread *thread);
/* Why the load failed; diagnostics, if the thread made any, are moved into the list. */
enum load_status load_thread_failure(struct load_thread *thread, struct diag_list *diags,
                                     struct str *message);
/* What is committed. */
const struct journal_counts *load_thread_counts(const struct load_thread *thread);
/* Rolls back what is not committed. NULL is fine. */
void load_thread_close(struct load_thread *thread);

#endif

/* The journal: schema `mig` in the target database. Each batch leaves one row in the transaction of its rows;
 * resume, exactly-once, verify, rollback and lineage are all made from it.
 *
 * mig.schema_version(version)                                     what this schema is; raised by migrations
 * of its own mig.run(run_id, fence, state, hashes, parameters, who, …)       one run mig.run_source(run_id,
 * source, file, bytes, sha256)             the files it read mig.step(run_id, map, state, target, identity,
 * filenode, counts) one map of a run mig.batch(run_id, map, ordinal, source range, counts, checksums, xid)
 * mig.image(run_id, map, ordinal, seq, operation, rows)           rows as they were before an update, and
 * after mig.undo(run_id, map, ordinal, counts, xid)                     batches that a rollback has undone
 * mig.conflict(run_id, map, outcome, key, user_row)               rows that others had changed before it
 * mig.same_row(relation, key, xid, stands_for)                    rows put back: what an earlier run had
 * written mig.event(id, run_id, at, kind, map, detail, previous, hash)    append-only, chained by SHA-256
 * mig.crosswalk(run_id, map, key, columns, expires_at)
 * mig.part_undo(run_id, part, value, state)                       parts of a run that were rolled back
 * mig.part_undo_batch(run_id, map, ordinal, part, value, counts)  … and in which batches
 * mig.undone_image(as mig.image, part, value)                     images that went back with their part
 * mig.quarantine(run_id, map, ordinal, seq, place, fault, message, raw, …)
 */
#ifndef MIG_POSTGRES_PG_JOURNAL_H
#define MIG_POSTGRES_PG_JOURNAL_H

#include "runtime/postgres/pg_connection.h"
#include "runtime/postgres/pg_encode.h"

enum { JOURNAL_SCHEMA_VERSION = 3 };

/* Creates or checks schema mig, in one transaction. False with diagnostics: no permission (with the GRANT
 * that helps), a version that this mig does not know. */
bool journal_prepare(struct pg_connection *connection, struct diag_list *diags);
/* Whether there is a journal at all: for status and report, which must not create one. */
enum journal_presence { JOURNAL_ABSENT, JOURNAL_PRESENT, JOURNAL_UNUSABLE };
enum journal_presence journal_find(struct pg_connection *connection, struct diag_list *diags);

/* Session advisory lock that keeps two runs off one target. Asked for until timeout_ms is over, never waited
 * for (a waiting session would block CREATE INDEX CONCURRENTLY). Held until unlock, or the connection's end:
 * use an idle connection of its own. False with a diagnostic that names the holder. */
bool journal_lock(struct pg_connection *connection, int32_t timeout_ms, struct diag_list *diags);
void journal_unlock(struct pg_connection *connection);
/* Does any session hold it, in this database? False when it cannot be asked, too. */
bool journal_is_locked(struct pg_connection *connection);
/* False when the session that held the lock is gone: the run must stop. */
bool journal_lock_is_held(struct pg_connection *connection);

struct journal_source {
    struct str source, file; /* name in the spec; file as the user would write it */
    uint64_t bytes;
    bool hashed; /* sha256 is known: a run that was killed early may not have come so far */
    uint8_t sha256[32];
};

struct journal_run_start {
    struct uuid run_id;
    struct str migration, environment, phase, only; /* the last three may be empty */
    int64_t version;
    uint8_t plan_hash[32];
    const uint8_t *spec_hash, *schema_hash; /* 32 bytes each; NULL: none */
    struct str plan;                        /* the plan file's bytes */
    struct str params_json;                 /* object; secrets and personal values left out by the caller */
    struct str options_json;                /* how it was started (struct invocation); may be empty */
    struct str mig_version, who, host;      /* who: the operating system's user */
    int64_t started_at;                     /* timestamptz */
    int64_t expires_at;                     /* end of the environment's retention; 0: never */
    const struct journal_source *sources;
    uint32_t source_count;
};

/* A run as batches see it: passed to every loader. */
struct journal_run {
    struct uuid id;
    int64_t fence; /* raised by whoever takes the run over: a batch with an older one is refused */
};

enum journal_state { JOURNAL_RUNNING, JOURNAL_DONE, JOURNAL_FAILED, JOURNAL_STOPPED, JOURNAL_STATE_COUNT };

/* Writes the run, its sources and the event `run_started`. */
bool journal_start_run(struct pg_connection *connection, const struct journal_run_start *start,
                       struct journal_run *run, struct diag_list *diags);
/* Writes the state, exit code and the event `run_finished`. summary_json: an object for `mig report`; may be
 * empty. */
bool journal_finish_run(struct pg_connection *connection, const struct journal_run *run,
                        enum journal_state state, int32_t exit_code, struct str summary_json, int64_t at,
                        struct diag_list *diags);
/* A source file, once it is known: again for the same seq to add the hash. */
bool journal_write_source(struct pg_connection *connection, const struct journal_run *run, uint32_t seq,
                          const struct journal_source *source, struct diag_list *diags);
/* The plan file's bytes as the run was started with, in the arena. False with a diagnostic. */
bool journal_read_plan(struct pg_connection *connection, struct uuid run_id, struct arena *arena,
                       struct str *bytes, struct diag_list *diags);
/* Takes an unfinished run over: raises its fence after all batches under way have ended. */
bool journal_take_over(struct pg_connection *connection, struct uuid run_id, struct journal_run *run,
                       struct diag_list *diags);

/* Sets a run to `rolling back`, whatever became of it, and raises its fence after all batches under way have
 * ended. False with a diagnostic: it is rolled back already. */
bool journal_start_rollback(struct pg_connection *connection, struct uuid run_id, struct journal_run *run,
                            struct str detail_json, int64_t at, struct diag_list *diags);
/* Sets the run, and its steps that are not to be kept, to `rolled back`, and writes the event. kept_maps:
 * their names as a Postgres array's text. */
bool journal_finish_rollback(struct pg_connection *connection, const struct journal_run *run,
                             struct str kept_maps, struct str detail_json, int64_t at,
                             struct diag_list *diags);

/* Counts of one map or one batch. in = written + updated + unchanged + skipped + rejected. */
struct journal_counts {
    uint64_t in, written, updated, unchanged, skipped, rejected, warned;
};

/* Steps are written by whoever has the run: not by one that was taken for dead.
 * Writes the step, with what verify and rollback need to know of the table as it is now: oid, file node, and
 * whether xmin tells its rows apart (`xmin`) or not (`content`: triggers, partitions). Again for the same
 * map: sets it running again. */
bool journal_start_step(struct pg_connection *connection, const struct journal_run *run,
                        const struct plan *plan, uint32_t map, int64_t at, struct diag_list *diags);
bool journal_finish_step(struct pg_connection *connection, const struct journal_run *run,
                         const struct plan *plan, uint32_t map, enum journal_state state,
                         const struct journal_counts *counts, int64_t at, struct diag_list *diags);

/* Appends to the audit trail. detail_json: an object, without secrets and personal values; empty: {}. map may
 * be empty. */
bool journal_event(struct pg_connection *connection, const struct journal_run *run, struct str kind,
                   struct str map, struct str detail_json, int64_t at, struct diag_list *diags);
/* The same within the caller's transaction. */
bool journal_append_event(struct pg_connection *connection, const struct journal_run *run, struct str kind,
                          struct str map, struct str detail_json, int64_t at, struct diag_list *diags);
/* Has the run so many events of this kind for the map? False also when it cannot be asked. */
bool journal_has_events(struct pg_connection *connection, const struct journal_run *run, struct str kind,
                        struct str map, uint32_t count);
/* Within the caller's transaction: nobody takes the run over before its end. False with a diagnostic:
 * somebody has, or it cannot be asked. */
bool journal_hold_run(struct pg_connection *connection, const struct journal_run *run,
                      struct diag_list *diags);
/* Recomputes the whole chain. False with a diagnostic that names the first event that does not fit. */
bool journal_verify_events(struct pg_connection *connection, uint64_t *count, struct diag_list *diags);

/* -- batches, written by the loader in the transaction of the rows */

/* A row that goes to quarantine with the batch. */
struct journal_reject {
    uint64_t row_ordinal;   /* of the source row among the map's rows */
    uint32_t nth;           /* which of that row's good rows (each, join), from 0; else 0 */
    bool by_server;         /* refused by the server or found there already: the map itself accepted it */
    struct str file;        /* source file; may be empty */
    uint64_t line, row;     /* 0: none */
    struct str fault;       /* "R0106" or the server's SQLSTATE */
    struct str message;     /* masked where personal */
    struct str faults_json; /* all faults of the row as a JSON array; may be empty */
    struct str raw;         /* the sealed record, or empty: bytes as the caller encrypted them */
    int64_t expires_at;     /* timestamptz; 0: never */
};

/* A row of a crosswalk that is kept (`keep crosswalk N days`). */
struct journal_crosswalk {
    uint64_t seq;            /* which of the map's accepted rows, from 0 */
    struct str key;          /* keyed_table_encode's bytes */
    struct str columns_json; /* array of the stored columns' texts and nulls, in the crosswalk's order */
};

/* What became of a source row that was rejected before and went its way again (mig retry); the worst last. */
enum journal_resolution { JOURNAL_LEFT_OUT, JOURNAL_LOADED, JOURNAL_REJECTED_AGAIN };
struct journal_close {
    uint64_t row_ordinal;
    enum journal_resolution resolution;
};

/* What the engine knows of a batch; the loader adds checksums, written/updated/unchanged and the xid. */
struct journal_batch {
    uint64_t ordinal;            /* 0, 1, … within the map; unique: exactly-once hangs on it */
    uint64_t first_row, end_row; /* half-open range of the map's rows (source ordinals) that it covers */
    struct str first_place, last_place; /* "tasks.csv:17"; may be empty */
    uint64_t end_offset;                /* bytes of input consumed after it */
    uint64_t in, skipped, rejected, warned;
    uint64_t sent;              /* rows that the map accepted: loaded, unchanged, refused or conflicting */
    unsigned __int128 sent_sum; /* their row hashes, each times 2 seq + 1 (seq: which of the map's accepted
                                   rows, from 0), added up: the order counts */
    const struct journal_reject *rejects;
    uint32_t reject_count;
    const struct journal_crosswalk *crosswalk;
    uint32_t crosswalk_count;
    int64_t crosswalk_expires_at; /* timestamptz */
    bool from_retry;              /* repaired rows, not the source's */
    const struct journal_close
        *closes; /* open entries of the ledger that the batch closes, one a source row … */
    uint32_t close_count;
    uint64_t close_below; /* … of batches below this */
};

/* A batch as the journal has it. */
struct journal_batch_info {
    uint64_t ordinal, first_row, end_row;
    struct journal_counts counts;
    uint64_t sent;
    unsigned __int128 sent_sum, row_sum, key_sum, update_row_sum, update_key_sum;
    uint64_t xid;    /* 64 bits, with epoch */
    bool from_retry; /* repaired rows, not the source's */
};
/* The batches of one map, by ordinal. */
bool journal_read_batches(struct pg_connection *connection, struct uuid run_id, struct str map,
                          struct arena *arena, struct journal_batch_info **batches, uint32_t *count,
                          struct diag_list *diags);

/* Rows that the map's batches have sent, repaired ones too. */
bool journal_count_sent(struct pg_connection *connection, const struct journal_run *run, struct str map,
                        uint64_t *sent, struct diag_list *diags);

/* What the server said of rows that the map had accepted. */
struct journal_verdict {
    uint64_t row_ordinal;
    uint32_t nth;
    bool conflict; /* found in the target already; else refused */
    struct str message;
};
/* The verdicts on one map's rows, by row_ordinal and nth. */
bool journal_read_verdicts(struct pg_connection *connection, struct uuid run_id, struct str map,
                           struct arena *arena, struct journal_verdict **verdicts, uint32_t *count,
                           struct diag_list *diags);

/* -- reading, for status, report, resume, verify */

struct journal_step_info {
    struct str map, target, state, identity;
    struct journal_counts counts; /* summed over the batches */
    uint64_t batches;
    uint64_t next_ordinal;              /* one past the highest batch */
    uint64_t end_row;                   /* source rows below it are settled */
    struct str started_at, finished_at; /* ISO, UTC; finished_at may be empty */
};

/* A part of a run that was rolled back by itself (mig rollback --only). */
struct journal_part_info {
    struct str part, value;
    bool done;             /* rolled back to its end; else begun */
    struct str changed_at; /* ISO, UTC: of its end, or else of its start */
};
/* The parts of a run that were rolled back, in the order of their starts. A journal of an earlier mig has
 * none. */
bool journal_read_parts(struct pg_connection *connection, struct uuid run_id, struct arena *arena,
                        struct journal_part_info **parts, uint32_t *count, struct diag_list *diags);

struct journal_run_info {
    struct uuid run_id;
    struct str migration, environment, phase, only, state, mig_version, who, host, params_json, summary_json,
        options_json;
    int64_t version, fence;
    int32_t exit_code;    /* -1: not finished */
    bool purged;          /* `mig purge` has removed what it kept of rows */
    struct str plan_hash; /* 64 hexadecimal digits */
    struct str started_at, finished_at;
    int64_t started_micros;          /* timestamptz */
    struct journal_step_info *steps; /* journal_read_run only */
    uint32_t step_count;
    struct journal_source *sources; /* journal_read_run only */
    uint32_t source_count;
};

/* The latest runs, newest first, at most limit. An absent journal gives none. False with a diagnostic on
 * errors. */
bool journal_read_runs(struct pg_connection *connection, struct arena *arena, uint32_t limit,
                       struct journal_run_info **runs, uint32_t *count, struct diag_list *diags);
/* One run with its steps. run_text: a run id or the start of one; empty: the latest. NULL with a diagnostic.
 */
struct journal_run_info *journal_read_run(struct pg_connection *connection, struct arena *arena,
                                          struct str run_text, struct diag_list *diags);

#endif

/* The ledger of rejected rows (mig.quarantine) for those who look after them: reading, closing, and removing
 * what a run has kept of rows once its time is over. */
#ifndef MIG_POSTGRES_PG_JOURNAL_LEDGER_H
#define MIG_POSTGRES_PG_JOURNAL_LEDGER_H

#include "runtime/postgres/pg_journal.h"

struct ledger_entry {
    struct str map;
    uint64_t row_ordinal; /* of the source row among the map's rows */
    uint32_t nth;         /* which of its good rows the server refused; else 0 */
    uint64_t batch, seq;  /* the ledger's key, with run and map */
    bool by_server, open;
    bool from_retry; /* of a batch of repaired rows */
    struct str file; /* empty: not known */
    uint64_t line, row;
    struct str fault, message;  /* message: without personal data */
    struct str spec_file, spec; /* the spec's text that rejected it; empty where the server did */
    uint32_t spec_line;
    struct str resolution; /* of a closed one: 'loaded', 'dismissed: …', 'expired' */
};

/* The rejected rows of a run, by map, place in the source. map empty: of all maps. False with diagnostics. */
bool ledger_read(struct pg_connection *connection, struct uuid run_id, struct str map, bool open_only,
                 struct arena *arena, struct ledger_entry **entries, uint32_t *count,
                 struct diag_list *diags);
struct ledger_totals {
    uint64_t open, closed;
};
bool ledger_count(struct pg_connection *connection, struct uuid run_id, struct ledger_totals *totals,
                  struct diag_list *diags);

/* Entries of one map's own batches that are closed. diags may be NULL. */
bool ledger_count_closed(struct pg_connection *connection, struct uuid run_id, struct str map,
                         uint64_t *closed, struct diag_list *diags);

/* Closes open entries of source rows without loading them; an event says why and by whom. *closed: how many
 * it were. */
struct ledger_id {
    struct str map;
    uint64_t row_ordinal;
};
bool ledger_dismiss(struct pg_connection *connection, const struct journal_run *run,
                    const struct ledger_id *ids, uint32_t count, struct str because, struct str who,
                    int64_t at, uint64_t *closed, struct diag_list *diags);

/* Takes a finished run over, to load repaired rows behind what it has loaded: as journal_take_over. */
bool journal_reopen(struct pg_connection *connection, struct uuid run_id, struct journal_run *run,
                    struct diag_list *diags);
/* The run's state and exit code afterwards, with an event; its summary stays. */
bool journal_close_again(struct pg_connection *connection, const struct journal_run *run,
                         enum journal_state state, int32_t exit_code, struct str detail_json, int64_t at,
                         struct diag_list *diags);

/* ---------------------------------------------------------------- what has expired */

struct purge_run {
    struct uuid run_id;
    struct str migration, state, expires_at; /* expires_at empty: never */
    int64_t version;
    bool expired;                        /* the run's own retention is over */
    uint64_t rejects, crosswalk, images; /* rows whose content has expired */
};

/* What has expired: of one run, or of all (run_id NULL). Runs of which nothing has expired come, too. */
bool purge_look(struct pg_connection *connection, const struct uuid *run_id, struct arena *arena,
                struct purge_run **runs, uint32_t *count, struct diag_list *diags);
/* Removes it, in one transaction with the event `purged`. detail_more: further members of the event's detail,
 * each behind a comma; may be empty. */
bool purge_remove(struct pg_connection *connection, const struct purge_run *run, struct str detail_more,
                  int64_t at, struct diag_list *diags);

#endif

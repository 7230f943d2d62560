/* The target in Postgres: one connection for loading, one for lookups and checks, one that holds the lock. */
#ifndef MIG_ENGINE_TARGET_POSTGRES_H
#define MIG_ENGINE_TARGET_POSTGRES_H

#include "runtime/engine/engine.h"
#include "runtime/postgres/pg_journal.h"
#include "runtime/postgres/pg_reader.h"

struct target_postgres {
    struct engine *engine;
    struct str url;
    struct pg_connection *load;  /* the sink thread's while a map runs */
    struct pg_connection *look;  /* lookups, checks, audit; NULL: the run has no database */
    struct pg_connection *guard; /* idle: holds the advisory lock */
    struct pg_connection *see; /* sees the run's own rows: `look`, or in one transaction over all maps `load`,
                                  which lookups and checks use while no COPY is under way */
    bool in_run;               /* commit per run: such a transaction is open, and is committed at the end */
    bool rehearsing;           /* such a transaction is open, and is rolled back at the end */
    struct rebuild *rebuild;   /* indexes and foreign keys dropped for the load; NULL: none */
    struct pg_result *sequences; /* a rehearsal: where they stood before */
    struct pg_sources *sources;
    struct journal_run run;
    bool journaling; /* false in a dry run, a replay, a rehearsal, and without a database */
};

/* Connects, compares catalogs, checks rights, takes the lock and starts the journal (not in a dry run).
 * An empty url: maps into files need no database; sources that name their own can be read all the same.
 * False: engine->status and diagnostics say why. close in any case. */
bool target_postgres_open(struct target_postgres *pg, struct engine *engine, struct str url,
                          struct target *target);
/* Between maps: connections that were lost while they were idle are made again, and the lock with them.
 * False: the server cannot be reached, or another mig holds the lock now. */
bool target_postgres_revive(struct target_postgres *pg);
/* Writes the run's end into the journal. */
void target_postgres_finish(struct target_postgres *pg);
void target_postgres_close(struct target_postgres *pg);

/* sink_postgres.c */
struct sink *sink_postgres_open(struct target_postgres *pg, struct map_run *run);

/* sequences.c: after a map's last batch */
void sequences_advance(struct target_postgres *pg, const struct plan_map *map);

/* What the journal calls a run or step that ended so. */
enum journal_state target_postgres_journal_state(enum run_status status);
/* Now, as timestamptz. */
int64_t timestamptz_now(void);

#endif

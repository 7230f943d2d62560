/* Inside the engine: what its files share. Public face: run.h. */
#ifndef MIG_ENGINE_ENGINE_H
#define MIG_ENGINE_ENGINE_H

#include "runtime/engine/run.h"
#include "runtime/seal/seal.h"
#include "runtime/vm/key_set.h"
#include "runtime/vm/keyed_table.h"

enum { MOST_KEY_PARTS = 32 }; /* as the plan verifier has it; an index in Postgres has no more columns */

struct map_run;
struct map_work;
struct zone_cache;
struct replay_options;
struct fingerprints;

/* ---------------------------------------------------------------- where rows go */

struct sink;

/* What a sink did with the rows it was given. */
struct sink_counts {
    uint64_t written, updated, unchanged;
};

/* One place for one map's rows. write sees rows whose every column is computed; counts come with finish,
 * because conflicts are known only there. */
struct sink_ops {
    bool (*write)(struct sink *sink, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                  uint32_t count);
    /* The rows so far are one batch of the journal: source ordinals [first, end). */
    bool (*end_batch)(struct sink *sink, struct map_run *run, uint64_t first, uint64_t end);
    bool (*finish)(struct sink *sink, struct map_run *run, struct sink_counts *counts);
    void (*close)(struct sink *sink); /* also after a failure: what is not committed is rolled back */
};

struct sink {
    const struct sink_ops *ops;
    bool full; /* wants its batch ended soon: it holds much */
};

/* Rows of a target table as cells, for lookups. */
struct table_feed {
    enum reader_status (*next)(struct table_feed *feed, struct row_batch *batch, struct diag_list *diags);
    void (*close)(struct table_feed *feed);
};

/* The target as the engine needs it: Postgres, or rows in memory for the tests of a spec. */
struct target_ops {
    struct sink *(*open_sink)(void *context, struct map_run *run);
    /* The named columns of a target table, in that order. */
    struct table_feed *(*open_table)(void *context, uint32_t target_table, const uint32_t *columns,
                                     uint32_t count);
};

struct target {
    const struct target_ops *ops;
    void *context;
    const struct reader_ops *postgres_ops; /* for POSTGRES and QUERY sources; NULL: none */
    void *postgres_context;
};

/* ---------------------------------------------------------------- a run */

struct table_state {
    bool built;
    uint64_t
        built_at; /* engine->writes when it was built: a target table is read anew when rows moved since */
};

struct outcomes;
struct quarantine;
struct target_postgres;
struct retry;
struct tallies;
struct eta;

struct engine {
    const struct plan *plan;
    const struct run_options *options;
    struct arena *arena;
    struct diag_list *diags;
    struct run_report *report;
    struct target *target;
    struct target_postgres *pg; /* that target, where it is in Postgres; NULL: not open */
    struct value *params;
    struct run_values values;
    struct keyed_table **tables;
    struct table_state *table_states;
    struct program_set *programs;
    struct outcomes *outcomes;     /* NULL: nobody will compare */
    struct quarantine *quarantine; /* NULL: rejected rows are only counted */
    struct key_set *
        *rejected_rows; /* by map: ordinals of rejected source rows, where a check asks; else NULL */
    uint64_t **sampled; /* by map: ordinals of written rows drawn for a sample check */
    uint32_t *sampled_count;
    const struct plan_environment *environment; /* that --env names; NULL: none */
    struct str stdin_copy;             /* standard input, kept in a temporary file; empty: it was not */
    int stdin_file;                    /* that file; 0: none */
    struct fingerprints *fingerprints; /* of the source files; NULL: none noted yet */
    struct zone_cache *zones;          /* for parameters and constants */
    uint32_t current_map;              /* the one that runs */
    bool looks_back;                   /* it has run before: a sample of it is made again */
    uint64_t writes;                   /* maps that have written so far */
    enum run_status status;
    enum run_status verdict;             /* a rehearsal: how a run would have ended first; RUN_OK: well */
    const struct replay_options *replay; /* going through an earlier run, writing nothing; NULL: a run */
    struct retry *retry;                 /* repaired rows of an earlier run (retry.h); NULL: none */
    int has_retries;                     /* of the run gone through again: -1 no, 1 yes, 0 not asked yet */
    uint32_t chunk_rows;    /* rows that go through the VM at once at most; 0: as many as a batch has */
    bool one_transaction;   /* commit per run, or a rehearsal */
    bool in_memory;         /* a test of the spec: maps into files go to memory, too */
    volatile bool given_up; /* status is no longer OK: threads need not try again */
    double started;
    struct eta *eta;          /* when the run will end; NULL: nobody asks */
    uint64_t **source_bytes;  /* by source and table, of those in files; 0: unknown; NULL: none */
    double deadline;          /* end of the environment's window (monotonic seconds); 0: none */
    struct seal_key seal_key; /* MIG_QUARANTINE_KEY */
    bool has_seal_key;
    int64_t expires_at; /* of what is kept of rows: the environment's retention (timestamptz); 0: never */
};

bool engine_stopped(const struct engine *engine);
/* Records that the run is over, the first reason wins; returns false. */
bool engine_fail(struct engine *engine, enum run_status status);
/* What stands of a run that stops before its end. */
void engine_help_stopped(struct engine *engine, struct diag *diag);
/* The user asked to stop: says so; returns false. */
bool engine_interrupted(struct engine *engine);
void engine_log(struct engine *engine, char level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A sentence for the report's notes, once: what a reader of the figures must know. */
void engine_note(struct engine *engine, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct span no_span(void);
double monotonic_seconds(void);
/* Where a plan_span is: file name and line. */
struct str plan_span_file(const struct plan *plan, const struct plan_span *span, uint32_t *line);
/* The text of a plan_span, on one line, cut at 80 characters. */
struct str plan_span_text(const struct plan *plan, const struct plan_span *span, struct arena *arena);

/* Text of a value as Postgres reads it: enums by label. */
struct str engine_value_text(const struct engine *engine, const struct plan_type *type,
                             const struct value *value);
/* Frees what the engine holds outside its arena. */
void engine_release(struct engine *engine);
/* Runs one map of the plan into the target; its report is the last of engine->report->maps. */
bool engine_run_map(struct engine *engine, uint32_t index);

/* So long after the run's start, as timestamptz; 0 (never) for 0 seconds, and for more than a timestamp
 * holds. */
int64_t engine_expiry(const struct engine *engine, int64_t seconds);

/* run.c, for those who go through a run again: names the run, takes what it was; parameters, programs and
 * codes; all maps, their rows looked at and not sent. False: engine->status and diagnostics. */
void engine_begin(struct engine *engine, struct run_report *report);
bool engine_prepare(struct engine *engine);
bool engine_replay_maps(struct engine *engine);
/* So that what is kept of rows expires when it should. */
void engine_take_environment(struct engine *engine);

/* Is it among the maps that this run runs (--phase, --only)? */
bool engine_runs_map(const struct engine *engine, uint32_t map);

/* sources.c: opens every file that will be read, once, before anything runs; false with diagnostics. Keeps
 * standard input in a temporary file where it will be read more than once; drop removes that. */
bool engine_check_sources(struct engine *engine);
void engine_drop_standard_input(struct engine *engine);

/* params.c: values for all parameters. False with diagnostics (status USAGE). */
bool engine_bind_params(struct engine *engine);

/* ---------------------------------------------------------------- reading */

/* A source table read by a thread of its own, a few batches ahead. */
struct scan;
struct scan *scan_open(struct engine *engine, struct reader *reader, uint32_t columns);
/* Next batch, or NULL at the end or after a failure (scan_failed). Give it back with scan_recycle. */
struct row_batch *scan_next(struct scan *scan);
void scan_recycle(struct scan *scan, struct row_batch *batch);
bool scan_failed(struct scan *scan);
uint64_t scan_rows(const struct scan *scan);
struct reader *scan_reader(struct scan *scan);
void scan_close(struct scan *scan); /* closes the reader, too; its diagnostics go to engine->diags */

/* A reader over a source's table, with the engine's options. */
struct reader *engine_open_source(struct engine *engine, uint32_t source, uint32_t table,
                                  const struct reader_column *columns, uint32_t count);

/* The cells that a set of programs reads from one source table: the projection of its reader. */
struct projection {
    VEC(struct reader_column) columns;
};
void projection_add_program(struct arena *arena, struct projection *projection,
                            const struct plan_program *program);
uint32_t projection_add(struct arena *arena, struct projection *projection, uint32_t column, uint8_t via);
/* For each CELL slot of the program, in order: the column of the projection. */
uint32_t *projection_bind(struct arena *arena, const struct projection *projection,
                          const struct plan_program *program);

/* tables.c: builds what the programs of a map find rows in. */
bool engine_prepare_tables(struct engine *engine, const uint32_t *programs, uint32_t count,
                           const struct plan_map *map);
bool engine_build_codes(struct engine *engine);
/* kept_crosswalk.c: `keep crosswalk N days`. Can this run do without map `needed`, because earlier runs have
 * kept its rows? */
bool crosswalk_is_kept(const struct engine *engine, uint32_t needed);
/* Is anything in the rows of the map's crosswalk personal: its key, a column that others take? */
bool crosswalk_is_personal(const struct plan *plan, const struct plan_map *map);
/* Fills the crosswalk of a map that this run leaves out with what earlier runs have kept. */
bool crosswalk_load_kept(struct engine *engine, uint32_t map);
/* A crosswalk, empty. */
bool engine_open_crosswalk(struct engine *engine, uint32_t table);

/* ---------------------------------------------------------------- a map */

struct map_outputs { /* registers of the program that yields the rows; NO_REGISTER where there is none */
    uint32_t *columns;
    uint32_t *keys;
    uint32_t key_count;
};
enum { NO_REGISTER = UINT32_MAX };

enum map_mode {
    MAP_LOAD,   /* the real thing */
    MAP_SAMPLE, /* only the sampled rows, handed to sample_row */
    MAP_CHECK   /* source side of a check: rows are handed to check_row */
};

/* One row, finished and accepted, for MAP_SAMPLE and MAP_CHECK. */
typedef bool (*row_visitor)(void *context, struct map_run *run, const struct vm *vm, uint32_t row);

struct map_run {
    struct engine *engine;
    const struct plan_map *map;
    uint32_t index; /* in plan->maps */
    enum map_mode mode;
    row_visitor visit;
    void *visit_context;
    struct run_map_report *report;
    struct tallies *tallies;
    struct sink *sink;
    struct map_outputs outputs;
    struct keyed_table *crosswalk; /* or NULL */
    bool sink_remembers;           /* the sink fills the crosswalk, with what the server stored */
    bool sink_journals;            /* the sink takes the ledger */
    struct load_ledger *ledger;    /* rows rejected since the last batch ended; NULL: none */
    struct map_work *work;
    struct scan *scan;
    VEC(struct str) file_names;            /* those of the scan, kept for rows whose fate comes later */
    const struct row_batch *current_batch; /* whose rows are at work */
    struct projection projection;
    bool reads_personal;     /* MAP_SAMPLE: personal cells, too: rows go to the quarantine */
    uint64_t *only_ordinals; /* MAP_SAMPLE: sorted */
    uint32_t only_ordinal_count;
    const uint32_t *except_maps; /* MAP_CHECK: rows that these maps rejected stay out */
    uint32_t except_count;
    struct arena arena;
};

/* Runs one map over its whole source. False: the run is over (engine->status, diagnostics). */
bool map_execute(struct map_run *run);

/* For sinks that learn of a row's fate later. The row that is being written, by its number in the vm. */
const struct row_place *map_row_place(const struct map_run *run, uint32_t row);
/* The source file of a place, as the user would write it. */
struct str map_place_file(const struct map_run *run, const struct row_place *place);
/* Its key as the crosswalk knows it; empty where it has none. */
struct str map_row_key(const struct map_run *run, const struct vm *vm, uint32_t row, struct arena *arena);
/* Its part (partition by), ptr NULL: none. */
struct str map_row_part(const struct map_run *run, uint32_t row, struct arena *arena);
/* Its number among the source's rows (a group's: among the groups). */
uint64_t map_row_ordinal(const struct map_run *run, uint32_t row);
/* Which of the good rows of its source row this is, from 0: of the index-th row handed to write, or of the
 * row that is being visited. Together with the ordinal it names a row in every pass. */
uint32_t map_accepted_nth(const struct map_run *run, uint32_t index);
uint32_t map_visited_nth(const struct map_run *run);
/* A row that was accepted is rejected after all. */
struct reject_origin;
bool map_reject_later(struct map_run *run, const struct reject_origin *origin, struct str key,
                      enum fault fault, struct str message);
/* The cells of a row that is at work now. False: it is of no source, or no longer there. copy: texts, too. */
struct row_cells;
bool map_row_cells(const struct map_run *run, const struct row_place *place, bool copy, struct arena *arena,
                   struct row_cells *cells);

/* Rows that the server refused, found again in the source by their ordinals: to the quarantine, out of the
 * crosswalk, into the counts. */
struct load_refused;
bool map_refuse_rows(struct map_run *run, const struct load_refused *refused, uint32_t count);

/* Register that an output of the program uses, NO_REGISTER where there is none. */
uint32_t program_output(const struct plan_program *program, enum plan_output_role role, uint32_t index);
uint32_t program_output_count(const struct plan_program *program, enum plan_output_role role);

/* part_key.c: the values of some registers as bytes; nulls equal nulls. All-zero is valid and empty. */
struct part_key {
    struct buf bytes, part;
};
void part_key_encode(struct part_key *key, const struct vm *vm, const struct plan_program *program,
                     const uint32_t *registers, uint32_t count, uint32_t row);
void part_key_release(struct part_key *key);

/* group.c */
struct group_table;
struct group_table *group_table_new(struct map_run *run);
void group_table_free(struct group_table *groups);
/* Folds one row into its group. *is_new: the row founded it. */
bool group_table_add(struct group_table *groups, const struct vm *vm, uint32_t row,
                     const struct row_place *place, bool *is_new);
/* All rows are in. Without keys there is one group even of no rows, as in SQL. */
void group_table_close(struct group_table *groups);
uint64_t group_table_count(const struct group_table *groups);
/* Inputs of the group program for groups [first, first + count). */
void group_table_inputs(struct group_table *groups, uint64_t first, uint32_t count, struct vm_input *inputs);
const struct row_place *group_table_place(const struct group_table *groups, uint64_t group);

/* tally.c: reasons with counts */
const char *tallies_skip_text(enum skip_reason reason);
struct tallies *tallies_new(struct engine *engine);
void tallies_count_report(struct tallies *tallies, struct run_map_report *map,
                          const struct plan_program *program, const struct row_report *report);
/* A reason counted before, which no longer holds: a warning of a row that is rejected after all. */
void tallies_take_back(struct tallies *tallies, struct run_map_report *map,
                       const struct plan_program *program, const struct row_report *report);
void tallies_count_fault(struct tallies *tallies, struct run_map_report *map, enum fault fault,
                         struct str message);
void tallies_count_warning(struct tallies *tallies, struct run_map_report *map, enum fault fault,
                           struct str message);
const char *skip_reason_text(enum skip_reason reason);
void tallies_count_skip(struct tallies *tallies, struct run_map_report *map, enum skip_reason reason);

/* A source row's cells as its map reads them. */
struct row_cells {
    const struct projection *projection;
    struct str *text;     /* by column of the projection */
    const uint8_t *state; /* enum row_state; ROW_ERROR: unreadable, its text says why */
    bool whole;           /* the record holds nothing else, and the reader could take it apart */
};

/* Which row was rejected, for the quarantine. */
struct reject_origin {
    const struct row_place *place;
    uint64_t ordinal; /* of its source row, as map_row_ordinal has it */
    uint32_t nth;     /* which of that row's good rows the server refused; 0 of a row that is not good */
    bool by_server;
    const struct row_cells *cells; /* NULL: not known any more */
};

/* quarantine.c: rejected rows, one file a map, mode 0600: WORK_DIR/RUN_ID/quarantine/MAP.ndjson without
 * personal data, and, where there is a key (MIG_QUARANTINE_KEY), MAP.sealed with the whole records. */
/* Ends the run (engine->status) where an earlier go has sealed and this one has no key. */
struct quarantine *quarantine_open(struct engine *engine, struct str directory);
/* A run that is resumed meets its rejected rows again: what an earlier go has left goes. */
void quarantine_clear(struct quarantine *quarantine);
bool quarantine_add(struct quarantine *quarantine, struct map_run *run, const struct plan_program *program,
                    const struct vm *vm, uint32_t row, const struct row_place *place);
/* The row's faults as a JSON array. */
void quarantine_append_faults(const struct engine *engine, const struct plan_program *program,
                              const struct vm *vm, uint32_t row, struct buf *json);
/* A row without a vm: one fault, no spec place. */
bool quarantine_add_plain(struct quarantine *quarantine, struct map_run *run,
                          const struct reject_origin *origin, enum fault fault, struct str message);
/* Everything handed over is on disk after this. */
bool quarantine_sync(struct quarantine *quarantine);
void quarantine_close(struct quarantine *quarantine);

/* ledger.c: a rejected row, for the journal */
void ledger_add(struct map_run *run, const struct plan_program *program, const struct vm *vm, uint32_t row,
                const struct row_place *place, uint64_t ordinal);
/* mig retry: the spec leaves a source row out that was rejected before. */
void ledger_add_left_out(struct map_run *run, uint64_t ordinal);

/* sink_csv.c, sink_null.c */
struct sink *sink_csv_open(struct map_run *run);
/* Counts, and writes nothing. */
struct sink *sink_null_open(void);

#endif

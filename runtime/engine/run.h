/* Running a plan: maps in their order, checks before and after, everything counted. This is the engine's
 * public face for the command line and the tests. */
#ifndef MIG_ENGINE_RUN_H
#define MIG_ENGINE_RUN_H

#include "runtime/reader/reader.h"
#include "runtime/vm/vm.h"

/* How a run ended; the command line turns it into its exit code. */
enum run_status {
    RUN_OK,
    RUN_USAGE,       /* parameters, environment or options do not fit the plan: nothing was done */
    RUN_TOLERANCE,   /* rejected rows beyond tolerance */
    RUN_CHECK,       /* a check failed */
    RUN_UNREACHABLE, /* a source or the target could not be read or written */
    RUN_STOPPED,     /* stopped half-way: what was committed stands and is journaled */
    RUN_REFUSED      /* the target is not what the plan was compiled for, is locked, or rights are missing */
};

/* 0, 2 … 7: see docs/cli.md */
int run_exit_code(enum run_status status);

struct run_param {
    struct str name, value; /* value's ptr NULL: null, as the journal has it of an earlier run */
};

/* What the run tells while it goes on. All may be NULL. Called from one thread at a time. */
struct run_observer {
    void *context;
    /* A line for the log: level 'I' info, 'W' warning, 'E' error. */
    void (*log)(void *context, char level, struct str line);
    /* Progress of the current map: bytes and rows so far; total_bytes 0: unknown. */
    void (*progress)(void *context, struct str map, uint64_t rows, uint64_t bytes, uint64_t total_bytes);
};

struct journal_run_info;

struct run_options {
    const struct journal_run_info *again; /* an earlier run to go on with; NULL: a new one */
    struct str environment;               /* empty: none */
    struct str target_url;  /* overrides target and environment (sandbox); empty: from the environment */
    struct str base_dir;    /* relative source paths start here */
    struct str sandbox_dir; /* the target is the sandbox in this folder; empty: it is not */
    struct str work_dir;    /* quarantine and report files: WORK_DIR/RUN_ID/ */
    struct str temp_dir;
    const struct run_param *params; /* --param and --param-file, later ones win */
    uint32_t param_count;
    const struct run_param *only; /* --only name=value */
    uint32_t only_count;
    struct str phase; /* empty: all */
    bool rehearse;    /* everything into the target, in one transaction that is rolled back at the end */
    bool dry_run; /* reads, transforms; writes nothing to the target, but lookups see what would be there */
    bool allow_extern;
    bool without_journal; /* for measuring what it costs: no batch rows, row hashes, ledger and checksums of
                             files, no rows kept for another try. Such a run can only be looked at */
    size_t memory_limit;  /* for keyed tables and key sets, before they spill; 0: 64 and 128 MiB each */
    struct run_observer observer;
    const struct reader_limits *limits; /* NULL: defaults */
    const volatile int
        *stop; /* set to non-zero by a signal handler: finish the batch and stop; may be NULL */
};

/* One reason with its count, for the report. */
struct run_reason {
    uint8_t kind; /* enum outcome: REJECTED, SKIPPED; OUTCOME_OK: warning */
    uint8_t skip_reason;
    enum fault fault;
    struct str file; /* spec file and line that decided; empty: no line */
    uint32_t line;
    struct str text;    /* the spec's own text of that place, or a plain name ("where", "duplicate key") */
    struct str example; /* first message */
    uint64_t count;
};

/* A rule of the tolerance that held for a map. */
struct run_rule_report {
    struct str subject; /* R0106, "unknown status {t.status}", validate due_after_start */
    struct str limit;   /* 10, 0.5% */
    uint64_t count;     /* rows rejected so */
    bool beyond;
    const struct plan_tolerance_rule *rule; /* NULL in a report that was read from its file */
};

struct run_map_report {
    struct str name;
    uint64_t read, written, updated, unchanged, skipped, rejected, warnings;
    double seconds;
    bool complete; /* false: the run stopped before or within */
    VEC(struct run_reason) reasons;
    VEC(struct run_rule_report) rules;
    uint64_t ruled; /* rejected rows that rules count, each once */
};

struct run_check_report {
    struct str name, title, detail; /* detail: what was compared, what differed */
    bool ran, passed, warned;
};

struct run_file_report {
    struct str source, name;
    uint64_t rows;
};

struct run_report {
    char run_id[37];
    struct str migration, environment, started_at;
    int64_t version;
    uint8_t plan_hash[32];
    bool dry_run;
    bool began;      /* the target was opened, and the run's lock was ours */
    bool rehearsal;  /* counts are what would stand */
    bool undo_asked; /* it did not fit into a window `else rollback`, and what it committed stands: the caller
                        takes it out */
    bool rolled_back; /* one transaction over all maps was rolled back: nothing of the run stands */
    double seconds;
    enum run_status status;
    struct str quarantine_dir;
    VEC(struct run_map_report *) maps;
    VEC(struct run_check_report *) checks;
    VEC(struct run_file_report) files;
    VEC(struct str)
    notes; /* whole sentences: how the figures came about, where that is not as usual; what the
              operator should know besides: sequences that moved, statistics */
    struct arena *arena;
};

/* Runs a verified plan. The report's texts live in `arena`. Diagnostics say what went wrong; report is filled
 * as far as the run came. */
enum run_status run_execute(const struct plan *plan, const struct run_options *options, struct arena *arena,
                            struct run_report *report, struct diag_list *diags);

/* The URL of the target: target_url if it is given, else what the spec's environment (may be empty) and
 * target say. Empty with a diagnostic: there is none. */
struct str run_target_url(const struct plan *plan, struct str environment, struct str target_url,
                          struct arena *arena, struct diag_list *diags);

/* Runs the tests written in the spec, without a database. */
struct spec_test_result {
    struct str title;
    bool passed;
    VEC(struct str) failures; /* what was expected, what came */
    struct plan_span span;
};
struct spec_test_report {
    VEC(struct spec_test_result) tests;
    uint32_t passed, failed;
};
struct coverage;
struct spec_test_options {
    struct str filter; /* only tests whose title holds this text; empty: all */
    bool allow_extern;
    struct coverage *coverage; /* of this plan (coverage.h): is told what tests come to; NULL: nobody asks */
};
/* False when a test failed. Without any test selected the report is empty: that is the caller's to refuse. */
bool run_spec_tests(const struct plan *plan, const struct spec_test_options *options, struct arena *arena,
                    struct spec_test_report *report);

void run_report_text(const struct run_report *report, bool colour, struct buf *out);
void run_report_json(const struct run_report *report, struct buf *out);
/* Reads back what run_report_json wrote (for `mig report`). False with a diagnostic. */
bool run_report_read(struct str json, struct arena *arena, struct run_report *report,
                     struct diag_list *diags);

#endif

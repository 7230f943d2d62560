/* Lineage, both ways: which source row a target row came from, and what became of a source row. */
#ifndef MIG_ENGINE_TRACE_H
#define MIG_ENGINE_TRACE_H

#include "runtime/engine/replay.h"

/* What is looked for: a row of a target table by its primary key, or all that a line of a source file became.
 */
struct trace_query {
    uint32_t table;        /* in plan->target.tables; UINT32_MAX: by file and line */
    const struct str *key; /* texts of the primary key's columns */
    uint32_t key_count;
    struct str file; /* as reports write it, or its last part */
    uint64_t line;
};

struct trace_column {
    struct str name;
    struct str value;           /* masked where personal; ptr NULL: null */
    struct str spec_file, text; /* the expression; spec_file empty: none of its own */
    uint32_t spec_line;
};

/* One row on its way. */
struct trace_hit {
    struct str map, table; /* table: qualified; empty: a file */
    struct str file;
    uint64_t line, row;
    struct str fate;   /* "loaded", "refused by the server", "rejected", "skipped", … */
    struct str reason; /* of a row that was not loaded; may be empty */
    bool settled;      /* batch tells which */
    uint64_t batch;
    struct str key; /* of the target row: its primary key's values, joined by ", "; may be empty */
    VEC(struct trace_column) columns;
};

struct trace_result {
    VEC(struct trace_hit) hits;
    bool cut; /* there are more than are listed */
};

enum { TRACE_MOST_HITS = 1000 };

/* Goes through the run's rows and lists those that the query asks for. Texts live in the arena. */
enum run_status trace_rows(const struct plan *plan, const struct run_options *options,
                           const struct journal_run_info *info, const struct trace_query *query,
                           struct arena *arena, struct trace_result *result, struct diag_list *diags);

#endif

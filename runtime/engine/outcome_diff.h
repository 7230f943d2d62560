/* Two runs or rehearsals beside each other, from the files that they left: which rows became something else.
 * Rows are the same when map, file, line and number are; outcomes when what happened, its code and its
 * message are. Where in the spec it was decided does not count: lines of a spec move. */
#ifndef MIG_ENGINE_OUTCOME_DIFF_H
#define MIG_ENGINE_OUTCOME_DIFF_H

#include "runtime/base/diag.h"
#include "runtime/base/vec.h"

enum { OUTCOME_SAMPLES = 5 };

struct outcome_sample {
    struct str file, message;
    struct str became; /* gone: what the row is in the second run; empty: it was accepted */
    uint64_t line, row;
};

/* Rows of one map with one outcome and code. */
struct outcome_group {
    struct str map, outcome, code, at; /* at: spec place in the newer of the runs that has it; may be empty */
    uint64_t same, fresh, gone;
    struct outcome_sample fresh_samples[OUTCOME_SAMPLES], gone_samples[OUTCOME_SAMPLES];
    uint32_t fresh_sample_count, gone_sample_count;
};

struct outcome_diff {
    struct arena *arena;
    VEC(struct outcome_group *) groups; /* in the order in which they were met */
    uint64_t same, fresh, gone;
};

/* first, second: paths of outcomes.ndjson.zst. False with a diagnostic. */
bool outcome_diff_make(struct str first, struct str second, struct arena *arena, struct outcome_diff *diff,
                       struct diag_list *diags);

#endif

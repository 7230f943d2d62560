/* Coverage of a spec by its tests. Mapping coverage is known from the plan alone: every column of a map's
 * table is assigned, defaulted or ignored on purpose, every source column is read or ignored. Transform
 * coverage is what the rows and calls of tests came to; it needs a measured plan (compile_spec_measured). */
#ifndef MIG_ENGINE_COVERAGE_H
#define MIG_ENGINE_COVERAGE_H

#include "runtime/engine/run.h"

/* The kinds behind those of enum plan_note are found without NOTE instructions. */
enum coverage_kind {
    COVERAGE_LINE = NOTE_LINE,
    COVERAGE_BRANCH = NOTE_BRANCH,
    COVERAGE_HANDLER = NOTE_HANDLER,
    COVERAGE_VALIDATION = NOTE_VALIDATION,
    COVERAGE_FUNCTION = NOTE_FUNCTION,
    COVERAGE_CODE = NOTE_KIND_COUNT, /* a line of a code table */
    COVERAGE_TARGET_COLUMN,          /* from here on: mapping */
    COVERAGE_SOURCE_COLUMN,
    COVERAGE_KIND_COUNT
};

/* One thing that is covered or not. */
struct coverage_item {
    uint8_t kind; /* enum coverage_kind */
    bool covered;
    struct plan_span span;
    struct str file; /* the spec's name, as written */
    uint32_t line;   /* 1-based */
    struct str text; /* what it is: the spec's own text, or "portal.tasks.note" */
};

struct coverage_count {
    uint32_t covered, total;
};

struct coverage {
    const struct plan *plan;
    struct arena *arena;
    struct coverage_marks marks;     /* for run_values: filled by the tests */
    bool *duplicates;                /* by map: a test had a row that its key or `unique by` refuses */
    VEC(struct coverage_item) items; /* after coverage_finish: by file and line */
    struct coverage_count mapping, transform, kinds[COVERAGE_KIND_COUNT];
};

struct coverage *coverage_new(struct arena *arena, const struct plan *plan);
/* After a test's maps ran. */
void coverage_add_report(struct coverage *coverage, const struct run_report *report);
/* After the last test: makes the items and counts. */
void coverage_finish(struct coverage *coverage);
/* Rounded down: 100 only where nothing is missing. Nothing at all is covered whole. */
uint32_t coverage_percent(struct coverage_count count);
/* "branch", "target column" … */
const char *coverage_kind_name(enum coverage_kind kind);

/* People's form; JSON: an object {"mapping":{…},"transform":{…},"missing":[…]}; and lcov's tracefile, where
 * handlers count as branches. */
void coverage_text(const struct coverage *coverage, struct buf *out);
void coverage_json(const struct coverage *coverage, struct buf *out);
void coverage_lcov(const struct coverage *coverage, struct buf *out);

#endif

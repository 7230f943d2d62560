/* A test of a spec while it runs: what its files share. */
#ifndef MIG_ENGINE_SPEC_TESTS_INTERNAL_H
#define MIG_ENGINE_SPEC_TESTS_INTERNAL_H

#include "runtime/engine/target_memory.h"

struct test_run {
    const struct plan *plan; /* with the given rows in place of the sources */
    const struct plan_test *test;
    struct engine engine;
    struct run_report report;
    struct target_memory memory;
    struct spec_test_result *result;
    struct arena *arena;
    struct diag_list diags;
    struct run_options options;
    struct coverage *coverage; /* NULL: nobody asks */
};

/* Adds a line to the result's failures. */
void spec_test_fail(struct test_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* After the maps ran: compares what came out with what the test expects. */
void spec_test_expectations(struct test_run *run);

#endif

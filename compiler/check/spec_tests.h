/* What the files that check a spec's tests share. */
#ifndef MIG_CHECK_SPEC_TESTS_H
#define MIG_CHECK_SPEC_TESTS_H

#include "compiler/check/map.h"

/* A fixture's limits; each has its own message (E0810). */
enum { TEST_MAX_FIXTURE_BYTES = 4 * 1024 * 1024, TEST_MAX_FIXTURE_ROWS = 10000, TEST_MAX_FIXTURE_DEPTH = 64 };

/* A part of a condition, with its place: shown with its value where the condition does not hold. */
struct test_part {
    struct texpr *value;
    struct span span;
};

/* One expectation or parameter, with its values typed and not yet emitted. */
struct test_program {
    VEC(struct texpr *) values;
    VEC(struct test_part) parts; /* of an assertion */
    uint32_t expect;             /* index in expects, or in params where is_param */
    bool is_param;
};

struct test_work {
    VEC(struct plan_test_param) params;
    VEC(struct plan_test_given) givens;
    VEC(struct plan_test_expect) expects;
    VEC(struct test_program) programs;
    struct plan_test plan;
    struct scope scope; /* without rows */
    bool subject_reported;
};

/* ---- spec_tests_value.c */
/* A constant that a column of the target holds, as the cell that the tests' target reads. */
struct plan_cell test_target_cell(struct checker *checker, struct plan_type type, const struct value *value);
/* The parts of a condition that say something: no constants, nothing of the functions that it calls. */
void test_find_parts(struct checker *checker, struct texpr *condition, struct span whole,
                     struct test_program *program);
void test_emit_parts(struct checker *checker, const struct test_program *program,
                     struct plan_test_expect *expect);
/* ---- spec_tests_file.c: given PATH from 'file' */
void test_given_file(struct compile *compile, struct test_work *test, const struct ast_test_step *step);

#endif

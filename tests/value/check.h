/* What the tests of runtime/value share: an arena, comparing texts and faults. */
#ifndef MIG_TESTS_VALUE_CHECK_H
#define MIG_TESTS_VALUE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/arena.h"
#include "runtime/base/fault.h"

static inline void check_text(struct str got, const char *want, const char *file, int line) {
    if (str_is(got, want)) return;
    print_error("got '%.*s', want '%s'\n", STR_ARG(got), want);
    _fail(file, line);
}

static inline void check_fault(enum fault got, enum fault want, const char *what, const char *file,
                               int line) {
    if (got == want) return;
    print_error("%s: got %s, want %s\n", what, got ? fault_id(got) : "none", want ? fault_id(want) : "none");
    _fail(file, line);
}

#define assert_text(got, want)  check_text((got), (want), __FILE__, __LINE__)
#define assert_fault(got, want) check_fault((got), (want), #got, __FILE__, __LINE__)
#define assert_ok(got)          check_fault((got), FAULT_NONE, #got, __FILE__, __LINE__)

static inline int setup_arena(void **state) {
    *state = memory_zalloc(sizeof(struct arena));
    return 0;
}

static inline int teardown_arena(void **state) {
    arena_release(*state);
    free(*state);
    return 0;
}

#define ARENA_TEST(function) cmocka_unit_test_setup_teardown(function, setup_arena, teardown_arena)

#endif

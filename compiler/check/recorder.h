/* What the checker tells an editor while it works: which name stands for which declaration, and what each
 * expression is. The checker runs the same without a recorder; all of this is then one test of a pointer. */
#ifndef MIG_CHECK_RECORDER_H
#define MIG_CHECK_RECORDER_H

#include "compiler/check/scope.h"

struct compile;
struct texpr;

struct check_recorder {
    void *context;
    /* The name at `at` stands for what is declared at `declared` (the name there). Told again where an
     * expression is checked more than once; bodies of functions are told once, as declared. */
    void (*use)(void *context, struct span at, struct span declared);
    /* The expression as it is by itself, before it is converted to what its place wants. */
    void (*expr)(void *context, struct span at, const struct texpr *typed);
    /* Filled by the compile: everything that was declared. Lives as long as the compile's arena. */
    struct compile *compile;
};

static inline void record_use(const struct checker *checker, struct span at, struct span declared) {
    const struct check_recorder *recorder = checker->recorder;
    if (recorder != NULL && at.source != NULL && declared.source != NULL && at.end > at.start)
        recorder->use(recorder->context, at, declared);
}

static inline struct texpr *record_expr(const struct checker *checker, struct span at, struct texpr *typed) {
    const struct check_recorder *recorder = checker->recorder;
    if (recorder != NULL && at.source != NULL) recorder->expr(recorder->context, at, typed);
    return typed;
}

/* From here to the matching record_resume nothing is told: what is checked was not written there. */
static inline const struct check_recorder *record_pause(struct checker *checker) {
    const struct check_recorder *recorder = checker->recorder;
    checker->recorder = NULL;
    return recorder;
}
static inline void record_resume(struct checker *checker, const struct check_recorder *recorder) {
    checker->recorder = recorder;
}

#endif

/* What the parts of the verifier share; internal to runtime/plan. */
#ifndef MIG_PLAN_VERIFY_H
#define MIG_PLAN_VERIFY_H

#include "runtime/plan/plan.h"

enum { VERIFY_PLACE_DEPTH = 8 };

struct verifier {
    const struct plan *plan;
    struct diag_list *diags;
    struct arena scratch;
    bool failed; /* the one diagnostic stands in diags */
    struct {
        const char *list;
        uint32_t index;
    } place[VERIFY_PLACE_DEPTH]; /* where we are: maps[3].stages[1] */
    uint32_t depth;
    const bool *const_has_nulls; /* for each constant: an array with null elements */
};

/* Adds the diagnostic with the place in front; false, for `return verify_fail(…)`. */
bool verify_fail(struct verifier *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void verify_enter(struct verifier *v, const char *list, uint32_t index) {
    if (v->depth < VERIFY_PLACE_DEPTH) {
        v->place[v->depth].list = list;
        v->place[v->depth].index = index;
    }
    v->depth++;
}
static inline void verify_leave(struct verifier *v) {
    v->depth--;
}

/* Requires a condition, else fails with the message. */
#define VERIFY(v, condition, ...)                                                                            \
    do {                                                                                                     \
        if (!(condition)) return verify_fail((v), __VA_ARGS__);                                              \
    } while (0)

/* Runs check(v, &list[i]) for each item of a list, the place kept. */
#define VERIFY_EACH(v, owner, list, check)                                                                   \
    for (uint32_t item_ = 0; item_ < (owner)->list##_count; item_++) {                                       \
        verify_enter((v), #list, item_);                                                                     \
        if (!check((v), &(owner)->list[item_])) return false;                                                \
        verify_leave(v);                                                                                     \
    }

/* A full type: none of TYPE_NONE, TYPE_NULL. */
bool verify_type(struct verifier *v, const struct plan_type *type, const char *what);
/* Everything but programs: enums in range, indexes, constants that parse, the graph of maps. */
bool verify_declarations(struct verifier *v);
/* One program by itself. */
bool verify_program(struct verifier *v, const struct plan_program *program);
/* Programs fit those who use them: slots, outputs, types. */
bool verify_usage(struct verifier *v);

/* "text", "text[]", "enum 3", "row 1" for messages; into scratch. */
struct str verify_type_text(struct verifier *v, struct plan_type type);

#endif

/* The rules of `mig lint`, from rules.def: names and categories of codes. */
#ifndef MIG_BASE_RULE_H
#define MIG_BASE_RULE_H

#include "runtime/base/diag.h"

enum rule_category {
    RULE_LINTER,
    RULE_DATA_LOSS,
    RULE_CORRECTNESS,
    RULE_PRIVACY,
    RULE_PERFORMANCE,
    RULE_STYLE
};

struct rule {
    enum diag_code code; /* its id, title and default severity */
    const char *name;    /* "hidden-error" */
    enum rule_category category;
};

extern const struct rule RULES[];
extern const uint32_t RULE_COUNT;

const char *rule_category_name(enum rule_category category); /* "data-loss" */
/* NULL: the code is no rule's. */
const struct rule *rule_of_code(enum diag_code code);
/* By name, or by id without regard to case. NULL: there is none. */
const struct rule *rule_find(struct str name);
/* The rule whose name is closest; NULL: none is close. */
const struct rule *rule_closest(struct str name);

#endif

/* Finding rules by code and by name. */
#include "runtime/base/rule.h"

const struct rule RULES[] = {
#define RULE(symbol, id, name, category, severity, title) {L_##symbol, name, RULE_##category},
#define KNOWN_RULE(code, name, category)                  {code, name, RULE_##category},
#include "runtime/base/rules.def"
};
const uint32_t RULE_COUNT = sizeof RULES / sizeof *RULES;

const char *rule_category_name(enum rule_category category) {
    static const char *const NAMES[] = {"linter",  "data-loss",   "correctness",
                                        "privacy", "performance", "style"};
    return NAMES[category];
}

const struct rule *rule_of_code(enum diag_code code) {
    for (uint32_t i = 0; i < RULE_COUNT; i++)
        if (RULES[i].code == code) return &RULES[i];
    return NULL;
}

const struct rule *rule_find(struct str name) {
    enum diag_code code;
    for (uint32_t i = 0; i < RULE_COUNT; i++)
        if (str_is(name, RULES[i].name)) return &RULES[i];
    return diag_code_find(name, &code) ? rule_of_code(code) : NULL;
}

const struct rule *rule_closest(struct str name) {
    struct str names[sizeof RULES / sizeof *RULES];
    for (uint32_t i = 0; i < RULE_COUNT; i++)
        names[i] = str_cstr(RULES[i].name);
    struct str closest = diag_closest_name(name, names, RULE_COUNT);
    return closest.len ? rule_find(closest) : NULL;
}

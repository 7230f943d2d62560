/* What no test reaches: maps of which no test expects anything, and code tables that neither a test of their
 * own nor a tested map nor an assertion looks into. */
#include "compiler/lint/rules.h"

enum { MOST_CALLS = 16 };

struct reach_walk {
    const struct lint *lint;
    struct str codes;
    uint32_t calls;
    bool found;
};

/* Functions are followed into their bodies. */
static bool visit_reach(const struct ast_expr *expr, void *context) {
    struct reach_walk *walk = context;
    if (walk->found) return false;
    if (expr->kind == X_INDEX && expr->left && expr->left->kind == X_NAME &&
        str_eq(expr->left->name.text, walk->codes)) {
        walk->found = true;
        return false;
    }
    const struct checker *checker = &walk->lint->compile->checker;
    if (expr->kind != X_CALL || expr->path.parts.count != 1 || walk->calls >= MOST_CALLS) return true;
    for (uint32_t i = 0; i < checker->fns.count; i++) {
        const struct checked_fn *fn = checker->fns.items[i];
        if (!str_eq(fn->name, expr->path.parts.items[0].text) || fn->ast->body == NULL) continue;
        walk->calls++;
        walk_expr(fn->ast->body, visit_reach, walk);
        walk->calls--;
    }
    return !walk->found;
}

static bool step_expects(const struct ast_test_step *step) {
    return step->kind == STEP_EXPECT_ROW || step->kind == STEP_EXPECT_COUNT ||
           step->kind == STEP_EXPECT_REJECT;
}

static bool path_names(const struct ast_path *path, struct str name) {
    for (uint32_t i = 0; i < path->parts.count; i++)
        if (str_eq(path->parts.items[i].text, name)) return true;
    return false;
}

static bool map_is_tested(const struct lint *lint, struct str map) {
    for (uint32_t i = 0; i < lint->compile->decls.count; i++) {
        const struct ast_decl *decl = lint->compile->decls.items[i];
        for (uint32_t s = 0; decl->kind == DECL_TEST && s < decl->test.steps.count; s++) {
            const struct ast_test_step *step = &decl->test.steps.items[s];
            if (step_expects(step) &&
                (path_names(&step->path, map) || path_names(&step->by, map) || str_eq(step->name.text, map)))
                return true;
        }
    }
    return false;
}

struct tested_codes {
    struct reach_walk reach;
    const bool *maps; /* by their index: a test expects something of it */
};

static void visit_tested(const struct lint_place *place, const struct ast_expr *expr, void *context) {
    struct tested_codes *tested = context;
    if (!tested->reach.found && place->map && tested->maps[place->map->map->index])
        walk_expr(expr, visit_reach, &tested->reach);
}

static bool codes_are_tested(struct lint *lint, const bool *maps, struct str codes) {
    struct tested_codes tested = {.reach = {.lint = lint, .codes = codes}, .maps = maps};
    for (uint32_t i = 0; i < lint->compile->decls.count; i++) {
        const struct ast_decl *decl = lint->compile->decls.items[i];
        if (decl->kind != DECL_TEST) continue;
        if (str_eq(decl->test.subject.text, codes)) return true;
        for (uint32_t s = 0; s < decl->test.steps.count; s++)
            walk_expr(decl->test.steps.items[s].expr, visit_reach, &tested.reach);
    }
    lint_each_expr(lint, visit_tested, &tested);
    return tested.reach.found;
}

static void report_group(struct lint *lint, enum diag_code code, const struct lint_group *group,
                         const char *noun, const char *help) {
    if (group->spans.count == 0) return;
    struct str names = lint_group_names(lint, group);
    struct diag *diag = lint_report(lint, code, group->spans.items[0], "no test reaches the %s%s %.*s", noun,
                                    group->spans.count == 1 ? "" : "s", STR_ARG(names));
    LINT_HELP(lint, diag, "%s", help);
}

void rules_tests(struct lint *lint) {
    struct lint_group maps = {0}, codes = {0};
    const struct compile *compile = lint->compile;
    bool *tested = ARENA_ARRAY(lint->arena, bool, compile->maps.count);
    for (uint32_t i = 0; i < compile->maps.count; i++)
        tested[compile->maps.items[i]->map->index] = map_is_tested(lint, compile->maps.items[i]->map->name);
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->span.source != compile->spec) continue;
        if (decl->kind == DECL_MAP && !map_is_tested(lint, decl->map.name.text))
            lint_group_add(lint, &maps, L_UNTESTED_MAP, decl->map.name.span, decl->map.name.text);
        if (decl->kind == DECL_CODES && !codes_are_tested(lint, tested, decl->codes.name.text))
            lint_group_add(lint, &codes, L_UNTESTED_CODES, decl->codes.name.span, decl->codes.name.text);
    }
    report_group(lint, L_UNTESTED_MAP, &maps, "map",
                 "write `test '…' { given … expect … }`: `mig test` needs no database");
    report_group(lint, L_UNTESTED_CODES, &codes, "code table",
                 "write `test '…' for name { 'code' => value; 'other' => missing }`");
}

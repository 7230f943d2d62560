/* Walks over what a spec is written of, for rules that look at expressions and handlers wherever they stand.
 */
#include "compiler/lint/rules.h"

static void visit_handlers(const struct lint_place *place, const struct ast_handlers *handlers,
                           lint_visit *visit, void *context) {
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        const struct ast_action *action = &handlers->list.items[i].action;
        if (action->message) visit(place, action->message, context);
        if (action->use) visit(place, action->use, context);
    }
}

static void visit_clauses(struct lint_place place, const struct ast_clause *clauses, uint32_t count,
                          lint_visit *visit, void *context) {
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_clause *clause = &clauses[i];
        place.clause = clause;
        if (clause->expr) visit(&place, clause->expr, context);
        for (uint32_t e = 0; e < clause->exprs.count; e++)
            visit(&place, clause->exprs.items[e], context);
        for (uint32_t e = 0; e < clause->order.count; e++)
            visit(&place, clause->order.items[e].expr, context);
        visit_handlers(&place, &clause->handlers, visit, context);
    }
}

static void visit_items(struct lint_place place, const struct ast_item *items, uint32_t count,
                        lint_visit *visit, void *context) {
    for (uint32_t i = 0; i < count; i++) {
        place.item = &items[i];
        if (items[i].expr) visit(&place, items[i].expr, context);
        visit_handlers(&place, &items[i].handlers, visit, context);
    }
}

/* Maps are declared in the order of the spec: *next is the first one that has not been met yet. */
static const struct map_work *work_of(const struct compile *compile, const struct ast_decl *decl,
                                      uint32_t *next) {
    if (*next >= compile->declared.count || compile->declared.items[*next]->decl != decl) return NULL;
    return compile->declared.items[(*next)++];
}

static void visit_decl(struct lint_place place, lint_visit *visit, void *context) {
    const struct ast_decl *decl = place.decl;
    switch (decl->kind) {
    case DECL_FN:
        if (decl->fn.body) visit(&place, decl->fn.body, context);
        break;
    case DECL_MAP:
        visit_clauses(place, decl->map.clauses.items, decl->map.clauses.count, visit, context);
        visit_items(place, decl->map.items.items, decl->map.items.count, visit, context);
        break;
    case DECL_CHECK:
        visit_clauses(place, decl->check.source.items, decl->check.source.count, visit, context);
        if (decl->check.expected) visit(&place, decl->check.expected, context);
        break;
    case DECL_AUDIT:
        visit_items(place, decl->audit.items.items, decl->audit.items.count, visit, context);
        break;
    default: break;
    }
}

void lint_each_expr(struct lint *lint, lint_visit *visit, void *context) {
    const struct compile *compile = lint->compile;
    uint32_t next = 0;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->span.source != compile->spec) continue;
        struct lint_place place = {.lint = lint, .decl = decl, .map = work_of(compile, decl, &next)};
        visit_decl(place, visit, context);
    }
}

/* ---------------------------------------------------------------- handlers */

struct handler_walk {
    const struct lint_place *place;
    lint_visit_handler *visit;
    void *context;
};

static void visit_handler_list(struct handler_walk *walk, const struct ast_handlers *handlers) {
    for (uint32_t i = 0; i < handlers->list.count; i++)
        walk->visit(walk->place, &handlers->list.items[i], walk->context);
}

static bool visit_handled(const struct ast_expr *expr, void *context) {
    if (expr->kind == X_HANDLED) visit_handler_list(context, &expr->handlers);
    return true;
}

static void visit_expr_handlers(const struct lint_place *place, const struct ast_expr *expr, void *context) {
    struct handler_walk *walk = context;
    walk->place = place;
    walk_expr(expr, visit_handled, walk);
}

void lint_each_handler(struct lint *lint, lint_visit_handler *visit, void *context) {
    struct handler_walk walk = {.visit = visit, .context = context};
    const struct compile *compile = lint->compile;
    uint32_t next = 0;
    lint_each_expr(lint, visit_expr_handlers, &walk);
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->span.source != compile->spec || decl->kind != DECL_MAP) continue;
        struct lint_place place = {.lint = lint, .decl = decl, .map = work_of(compile, decl, &next)};
        walk.place = &place;
        for (uint32_t c = 0; c < decl->map.clauses.count; c++) {
            place.clause = &decl->map.clauses.items[c];
            visit_handler_list(&walk, &place.clause->handlers);
        }
        place.clause = NULL;
        for (uint32_t c = 0; c < decl->map.items.count; c++) {
            place.item = &decl->map.items.items[c];
            visit_handler_list(&walk, &place.item->handlers);
        }
    }
}

/* ---------------------------------------------------------------- questions */

struct str lint_builtin_name(const struct lint *lint, const struct ast_expr *expr) {
    if (expr == NULL || expr->kind != X_CALL || expr->path.parts.count != 1) return STR("");
    struct str name = expr->path.parts.items[0].text;
    const struct checker *checker = &lint->compile->checker;
    for (uint32_t i = 0; i < checker->fns.count; i++)
        if (str_eq(checker->fns.items[i]->name, name)) return STR("");
    return name;
}

const struct schema_table *lint_target_table(const struct lint *lint, const struct ast_path *path) {
    const struct checker *checker = &lint->compile->checker;
    uint32_t count = path->parts.count;
    if (checker->target_schema == NULL || count < 2 || count > 3 ||
        !str_eq(path->parts.items[0].text, checker->target_name))
        return NULL;
    struct str schema = count == 3 ? path->parts.items[1].text : STR("");
    return schema_find_table(checker->target_schema, schema, path->parts.items[count - 1].text);
}

bool lint_is_production(struct str environment) {
    return str_starts_with(environment, STR("prod")) || str_is(environment, "live");
}

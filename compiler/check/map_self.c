/* A map that finds rows of its own (comments[c.parent.id]): the key of the row that each row refers to, so
 * that rows can go in waves, parents first. */
#include "compiler/check/map.h"

#include "compiler/check/decl_walk.h"
#include "compiler/check/expr.h"

struct self_memo {
    const struct tbinding *binding;
    struct texpr *parent;
};

struct self_walk {
    struct map_work *work;
    uint32_t table; /* the map's own crosswalk */
    uint32_t part;  /* of the key */
    VEC(struct texpr *) finds;
    VEC(struct self_memo) memo;
    uint32_t copied; /* nodes: values named over and over multiply */
};

enum { SELF_MAX_NODES = 20000 };

static bool self_visit(struct texpr *texpr, void *context) {
    struct self_walk *walk = context;
    if (texpr->kind == TX_FIND && texpr->index == walk->table)
        VEC_PUSH(walk->work->compile->checker.arena, &walk->finds, texpr);
    return true;
}

/* An expression on its own, before the body runs: named values in full, and without the actions of handlers,
 * which act where they were written. */
struct texpr *map_inline_silently(struct scope *scope, const struct texpr *texpr, uint32_t *copied,
                                  uint32_t most) {
    while (texpr->kind == TX_BOUND)
        texpr = texpr->binding->expr;
    if (++*copied > most) return node_error(scope, texpr->span);
    struct texpr *copy = node_copy(scope, texpr);
    if (texpr->kind == TX_ACT) {
        copy->kind = TX_CONST;
        copy->value = (struct value){.kind = TYPE_NULL};
        copy->type.nullable = 1;
    }
    memset(&copy->args, 0, sizeof copy->args);
    for (uint32_t i = 0; i < texpr->args.count; i++)
        VEC_PUSH(scope->checker->arena, &copy->args,
                 map_inline_silently(scope, texpr->args.items[i], copied, most));
    memset(&copy->handlers, 0, sizeof copy->handlers);
    for (uint32_t i = 0; i < texpr->handlers.count; i++) {
        struct thandler handler = texpr->handlers.items[i];
        if (handler.use == NULL) continue;
        handler.action = TACT_USE;
        handler.message = NULL;
        handler.use = map_inline_silently(scope, handler.use, copied, most);
        VEC_PUSH(scope->checker->arena, &copy->handlers, handler);
    }
    if (copy->kind == TX_HANDLED && copy->handlers.count == 0) return copy->args.items[0];
    return copy;
}

static struct texpr *self_inline(struct self_walk *walk, const struct texpr *texpr) {
    return map_inline_silently(&walk->work->query.body, texpr, &walk->copied, SELF_MAX_NODES);
}

static struct texpr *self_null(struct self_walk *walk, struct span at) {
    struct plan_type type = walk->work->map->keys.items[walk->part];
    type.nullable = 1;
    return node_null(&walk->work->query.body, type, at);
}

static struct texpr *self_either(struct self_walk *walk, struct texpr *a, struct texpr *b) {
    if (a == NULL || b == NULL || a == b) return a ? a : b;
    struct texpr *both = node_new(&walk->work->query.body, TX_COALESCE, a->type, a->span);
    node_push(&walk->work->query.body, both, a);
    node_push(&walk->work->query.body, both, b);
    both->type.nullable = 1;
    return both;
}

static struct texpr *self_parent(struct self_walk *walk, struct texpr *texpr);

static struct texpr *self_parent_of_bound(struct self_walk *walk, const struct tbinding *binding) {
    for (uint32_t i = 0; i < walk->memo.count; i++)
        if (walk->memo.items[i].binding == binding) return walk->memo.items[i].parent;
    struct self_memo memo = {binding, self_parent(walk, binding->expr)};
    VEC_PUSH(walk->work->compile->checker.arena, &walk->memo, memo);
    return memo.parent;
}

/* The key part of the own row that this expression finds; null where it finds none. NULL: it never does. */
static struct texpr *self_parent(struct self_walk *walk, struct texpr *texpr) {
    struct scope *scope = &walk->work->query.body;
    if (texpr == NULL) return NULL;
    if (texpr->kind == TX_BOUND) return self_parent_of_bound(walk, texpr->binding);
    if (texpr->kind == TX_FIND && texpr->index == walk->table)
        return self_inline(walk, texpr->args.items[walk->part]);
    struct texpr *found = NULL;
    if (texpr->kind == TX_IF) {
        struct texpr *then = self_parent(walk, texpr->args.items[1]),
                     *otherwise = self_parent(walk, texpr->args.items[2]);
        if (then || otherwise) {
            if (then == NULL) then = self_null(walk, texpr->span);
            if (otherwise == NULL) otherwise = self_null(walk, texpr->span);
            found = node_if(scope, self_inline(walk, texpr->args.items[0]), then, otherwise, texpr->span);
            found->type.nullable = 1;
        }
        return self_either(walk, found, self_parent(walk, texpr->args.items[0]));
    }
    for (uint32_t i = 0; i < texpr->args.count; i++)
        found = self_either(walk, found, self_parent(walk, texpr->args.items[i]));
    for (uint32_t i = 0; i < texpr->handlers.count; i++)
        found = self_either(walk, found, self_parent(walk, texpr->handlers.items[i].use));
    return found;
}

/* Any event of the expression means null: failures are the body's to report. */
struct texpr *map_or_null(struct scope *scope, struct texpr *texpr, struct plan_type type) {
    static const enum thandler_event EVENTS[] = {HANDLE_ERROR, HANDLE_MISSING, HANDLE_SKIPPED,
                                                 HANDLE_DUPLICATE};
    struct texpr *handled = node_copy(scope, texpr);
    type.nullable = 1;
    handled->kind = TX_HANDLED;
    handled->binding = NULL;
    memset(&handled->args, 0, sizeof handled->args);
    memset(&handled->handlers, 0, sizeof handled->handlers);
    VEC_PUSH(scope->checker->arena, &handled->args, texpr);
    handled->type.nullable = 1;
    for (size_t i = 0; i < sizeof EVENTS / sizeof *EVENTS; i++) {
        bool possible = EVENTS[i] == HANDLE_ERROR     ? texpr->can_fail
                        : EVENTS[i] == HANDLE_SKIPPED ? texpr->can_skip
                                                      : texpr->can_miss;
        if (!possible) continue;
        struct thandler handler = {.event = EVENTS[i],
                                   .action = TACT_USE,
                                   .use = node_null(scope, type, texpr->span),
                                   .span = texpr->span};
        VEC_PUSH(scope->checker->arena, &handled->handlers, handler);
    }
    handled->can_fail = handled->can_miss = handled->can_skip = false;
    return handled->handlers.count ? handled : texpr;
}

static bool self_same_keys(const struct texpr *a, const struct texpr *b) {
    for (uint32_t i = 0; i < a->args.count; i++)
        if (!walk_texpr_equal(a->args.items[i], b->args.items[i])) return false;
    return true;
}

/* ---------------------------------------------------------------- in clauses */

struct self_clause_walk {
    const struct map_work *work;
    const struct ast_expr *found;
};

static bool self_visit_clause(const struct ast_expr *expr, void *context) {
    struct self_clause_walk *walk = context;
    const struct ast_expr *left = expr->kind == X_INDEX ? walk_expr_ungroup(expr->left) : NULL;
    if (left && left->kind == X_NAME && str_eq(left->name.text, walk->work->map->name) && walk->found == NULL)
        walk->found = expr;
    return walk->found == NULL;
}

bool map_self_in_clauses(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    struct self_clause_walk walk = {.work = work};
    for (uint32_t i = 0; i < work->ast->clauses.count; i++) {
        const struct ast_clause *clause = &work->ast->clauses.items[i];
        walk_expr(clause->expr, self_visit_clause, &walk);
        for (uint32_t j = 0; j < clause->exprs.count; j++)
            walk_expr(clause->exprs.items[j], self_visit_clause, &walk);
        for (uint32_t j = 0; j < clause->order.count; j++)
            walk_expr(clause->order.items[j].expr, self_visit_clause, &walk);
    }
    if (walk.found == NULL) return false;
    struct diag *diag = diag_report(checker->diags, E_SELF_REFERENCE, walk.found->span,
                                    "the map's own rows are not known yet in this clause");
    diag_help(checker->diags, diag, "a map can find its own rows in its body only");
    return true;
}

bool map_self_keys(struct map_work *work, struct texpr **parents) {
    struct checker *checker = &work->compile->checker;
    if (work->map->table < 0) return false;
    struct self_walk walk = {.work = work, .table = (uint32_t)work->map->table};
    for (uint32_t i = 0; i < work->lines.count; i++) {
        struct map_line *line = &work->lines.items[i];
        walk_texpr(checker->arena, line->condition, self_visit, &walk);
        if (line->binding) walk_texpr(checker->arena, line->binding->expr, self_visit, &walk);
    }
    if (walk.finds.count == 0) return false;
    for (uint32_t i = 1; i < walk.finds.count; i++) {
        if (self_same_keys(walk.finds.items[0], walk.finds.items[i])) continue;
        struct diag *diag =
            diag_report(checker->diags, E_SELF_REFERENCE, walk.finds.items[i]->span,
                        "map `%.*s` refers to a second row of its own", STR_ARG(work->map->name));
        diag_label(checker->diags, diag, walk.finds.items[0]->span, "the first one is here");
        diag_help(checker->diags, diag,
                  "rows go parents first, and a row can have one parent: take the other value from the "
                  "source, such as `uuid5('%.*s', …)`",
                  STR_ARG(work->map->name));
        return false;
    }
    if (work->query.grouped) {
        struct diag *diag = diag_report(checker->diags, E_SELF_REFERENCE, walk.finds.items[0]->span,
                                        "a map with `group by` cannot find its own rows");
        diag_help(checker->diags, diag, "make the groups in one map and refer to them in a second one");
        return false;
    }
    for (uint32_t part = 0; part < work->map->keys.count; part++) {
        walk.part = part;
        walk.memo.count = 0;
        struct texpr *parent = NULL;
        for (uint32_t i = 0; i < work->lines.count; i++) {
            parent = self_either(&walk, parent, self_parent(&walk, work->lines.items[i].condition));
            if (work->lines.items[i].binding)
                parent =
                    self_either(&walk, parent, self_parent_of_bound(&walk, work->lines.items[i].binding));
        }
        if (!decl_check_limit(checker, walk.finds.items[0]->span, walk.copied, SELF_MAX_NODES,
                              "parts in the key of a row's parent"))
            return false;
        parents[part] = parent ? map_or_null(&work->query.body, parent, work->map->keys.items[part])
                               : self_null(&walk, work->map->span);
    }
    return true;
}

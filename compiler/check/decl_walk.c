/* Walks over untyped and typed trees. Untyped trees are bounded by the parser's depth limit; typed ones share
 * their bindings, so each node is visited once. */
#include "compiler/check/decl_walk.h"

#include "runtime/base/hash.h"
#include "runtime/value/convert.h"

static void walk_handlers(const struct ast_handlers *handlers, walk_expr_visit *visit, void *context) {
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        walk_expr(handlers->list.items[i].action.message, visit, context);
        walk_expr(handlers->list.items[i].action.use, visit, context);
    }
}

void walk_expr(const struct ast_expr *expr, walk_expr_visit *visit, void *context) {
    if (expr == NULL || !visit(expr, context)) return;
    walk_expr(expr->left, visit, context);
    walk_expr(expr->right, visit, context);
    for (uint32_t i = 0; i < expr->items.count; i++)
        walk_expr(expr->items.items[i], visit, context);
    for (uint32_t i = 0; i < expr->arms.count; i++) {
        const struct ast_arm *arm = &expr->arms.items[i];
        walk_expr(arm->when, visit, context);
        for (uint32_t j = 0; j < arm->patterns.count; j++)
            walk_expr(arm->patterns.items[j], visit, context);
        walk_expr(arm->result, visit, context);
    }
    walk_handlers(&expr->handlers, visit, context);
    walk_expr(expr->action.message, visit, context);
    walk_expr(expr->action.use, visit, context);
}

const struct ast_expr *walk_expr_ungroup(const struct ast_expr *expr) {
    while (expr != NULL && expr->kind == X_GROUP)
        expr = expr->left;
    return expr;
}

static bool walk_path_equal(const struct ast_path *a, const struct ast_path *b) {
    if (a->parts.count != b->parts.count) return false;
    for (uint32_t i = 0; i < a->parts.count; i++)
        if (!str_eq(a->parts.items[i].text, b->parts.items[i].text)) return false;
    return true;
}

bool walk_expr_equal(const struct ast_expr *a, const struct ast_expr *b) {
    a = walk_expr_ungroup(a);
    b = walk_expr_ungroup(b);
    if (a == NULL || b == NULL) return a == b;
    if (a->kind != b->kind || a->op != b->op || a->negated != b->negated || a->truth != b->truth)
        return false;
    if (!str_eq(a->text, b->text) || !str_eq(a->name.text, b->name.text)) return false;
    if (!walk_path_equal(&a->path, &b->path) || a->items.count != b->items.count) return false;
    /* Matches and handlers hardly ever stand in keys: written twice, they count as different. */
    if (a->arms.count || b->arms.count || a->handlers.list.count || b->handlers.list.count) return false;
    for (uint32_t i = 0; i < a->items.count; i++)
        if (!walk_expr_equal(a->items.items[i], b->items.items[i])) return false;
    return walk_expr_equal(a->left, b->left) && walk_expr_equal(a->right, b->right);
}

/* ---------------------------------------------------------------- typed trees */

struct seen_set {
    struct arena *arena;
    const void **slots;
    uint32_t cap, count;
};

static bool seen_add(struct seen_set *set, const void *pointer) {
    if (2 * (set->count + 1) > set->cap) {
        struct seen_set wider = {.arena = set->arena, .cap = set->cap ? set->cap * 2 : 64};
        wider.slots = ARENA_ARRAY(set->arena, const void *, wider.cap);
        for (uint32_t i = 0; i < set->cap; i++)
            if (set->slots[i]) seen_add(&wider, set->slots[i]);
        *set = wider;
    }
    uint32_t at = (uint32_t)hash_u64(0, (uint64_t)(uintptr_t)pointer) & (set->cap - 1);
    while (set->slots[at] != NULL) {
        if (set->slots[at] == pointer) return false;
        at = (at + 1) & (set->cap - 1);
    }
    set->slots[at] = pointer;
    set->count++;
    return true;
}

struct texpr_walk {
    struct seen_set seen;
    walk_texpr_visit *visit;
    void *context;
};

static void walk_texpr_node(struct texpr_walk *walk, struct texpr *texpr) {
    if (texpr == NULL || !seen_add(&walk->seen, texpr) || !walk->visit(texpr, walk->context)) return;
    for (uint32_t i = 0; i < texpr->args.count; i++)
        walk_texpr_node(walk, texpr->args.items[i]);
    if (texpr->binding != NULL) walk_texpr_node(walk, texpr->binding->expr);
    for (uint32_t i = 0; i < texpr->handlers.count; i++) {
        walk_texpr_node(walk, texpr->handlers.items[i].message);
        walk_texpr_node(walk, texpr->handlers.items[i].use);
    }
}

void walk_texpr(struct arena *arena, struct texpr *texpr, walk_texpr_visit *visit, void *context) {
    struct texpr_walk walk = {.seen = {.arena = arena}, .visit = visit, .context = context};
    walk_texpr_node(&walk, texpr);
}

static bool walk_type_equal(struct plan_type a, struct plan_type b) {
    return a.kind == b.kind && a.nullable == b.nullable && a.element == b.element &&
           a.element_nullable == b.element_nullable && a.ref == b.ref;
}

bool walk_texpr_equal(const struct texpr *a, const struct texpr *b) {
    if (a == b) return true;
    if (a == NULL || b == NULL || a->kind != b->kind || !walk_type_equal(a->type, b->type)) return false;
    if (a->kind == TX_BOUND) return walk_texpr_equal(a->binding->expr, b->binding->expr);
    if (a->index != b->index || a->imm != b->imm || a->imm2 != b->imm2 || a->opcode != b->opcode ||
        a->slot_kind != b->slot_kind || a->via != b->via || a->negated != b->negated ||
        a->args.count != b->args.count || a->handlers.count || b->handlers.count)
        return false;
    if (a->kind == TX_CELL && (a->cell.column != b->cell.column || a->cell.via != b->cell.via ||
                               a->cell.pattern != b->cell.pattern || a->cell.stage != b->cell.stage))
        return false;
    if (a->kind == TX_CONST) {
        if (a->value.kind != b->value.kind || a->value.kind == TYPE_ARRAY) return false;
        if (a->value.kind != TYPE_NULL && value_compare(&a->value, &b->value) != 0) return false;
    }
    for (uint32_t i = 0; i < a->args.count; i++)
        if (!walk_texpr_equal(a->args.items[i], b->args.items[i])) return false;
    return true;
}

static bool visit_rows(struct texpr *texpr, void *context) {
    uint64_t *rows = context;
    if (texpr->kind == TX_CELL) *rows |= 1;
    if (texpr->kind != TX_INPUT) return true;
    if (texpr->slot_kind == SLOT_JOIN || texpr->slot_kind == SLOT_EACH)
        *rows |= texpr->index < 63 ? (uint64_t)2 << texpr->index : ~(uint64_t)0;
    else
        *rows |= 1;
    return true;
}

uint64_t walk_texpr_rows(struct arena *arena, struct texpr *texpr) {
    uint64_t rows = 0;
    walk_texpr(arena, texpr, visit_rows, &rows);
    return rows;
}

/* A walk over expressions and what their names stand for. */
#include "compiler/document/uses.h"
#include "compiler/document/words.h"

enum { MOST_NODES = 200000, MOST_CALLS = 400 };

/* The arguments of a function whose body is walked, and where they stand. */
struct frame {
    const struct frame *outer;
    const struct name_scope *scope;
    const struct ast_expr *call;
};

struct walk {
    struct uses *uses;
    struct arena *arena;
    uint32_t nodes, calls;
    VEC(struct {
        const struct ast_item *item;
        struct str hidden_by;
    })
    seen; /* lets and columns that were walked already */
};

static void walk_expr(struct walk *walk, const struct name_scope *scope, const struct frame *frame,
                      const struct ast_expr *expr, struct str hidden_by);

static bool hides(struct str name) {
    return str_is(name, "redact") || str_is(name, "mask") || str_is(name, "pseudonym") ||
           str_is(name, "hmac_sha256");
}

static void add_column(struct walk *walk, const struct name_scope *scope, const struct ast_expr *expr,
                       struct str hidden_by) {
    struct use use = {.hidden_by = hidden_by};
    use.column = words_source_column(scope, expr, &use.source, &use.table);
    if (use.column == NULL) return;
    for (uint32_t i = 0; i < walk->uses->list.count; i++)
        if (walk->uses->list.items[i].column == use.column &&
            str_eq(walk->uses->list.items[i].hidden_by, hidden_by))
            return;
    VEC_PUSH(walk->arena, &walk->uses->list, use);
}

static bool was_seen(struct walk *walk, const struct ast_item *item, struct str hidden_by) {
    for (uint32_t i = 0; i < walk->seen.count; i++)
        if (walk->seen.items[i].item == item && str_eq(walk->seen.items[i].hidden_by, hidden_by)) return true;
    uint32_t at = walk->seen.count;
    if (at == walk->seen.cap)
        walk->seen.items =
            vec_grow(walk->arena, walk->seen.items, at, &walk->seen.cap, sizeof *walk->seen.items);
    walk->seen.items[at].item = item;
    walk->seen.items[at].hidden_by = hidden_by;
    walk->seen.count++;
    return false;
}

/* What a looked-up row was found by counts, too: without it there would be no value. */
static void walk_clause(struct walk *walk, const struct name_scope *scope, const struct ast_clause *clause,
                        struct str hidden_by) {
    if (clause->kind == CLAUSE_EACH) walk_expr(walk, scope, NULL, clause->expr, hidden_by);
}

static void walk_name(struct walk *walk, const struct name_scope *scope, const struct frame *frame,
                      const struct ast_expr *expr, struct str hidden_by) {
    struct named named = scope_find_name(scope, expr->name.text);
    if (named.kind == NAMED_ARGUMENT && frame && named.at < frame->call->items.count) {
        walk_expr(walk, frame->scope, frame->outer, frame->call->items.items[named.at], hidden_by);
    } else if ((named.kind == NAMED_LET || named.kind == NAMED_COLUMN) &&
               !was_seen(walk, named.item, hidden_by)) {
        struct name_scope above = *scope;
        above.items_count = named.at;
        walk_expr(walk, &above, frame, named.item->expr, hidden_by);
    } else if (named.kind == NAMED_GROUP && named.clause->kind == CLAUSE_GROUP_BY) {
        struct name_scope rows = *scope;
        rows.items_count = 0;
        walk_expr(walk, &rows, frame, named.clause->exprs.items[named.at], hidden_by);
    } else if (named.kind == NAMED_ELEMENT) {
        walk_clause(walk, scope, named.clause, hidden_by);
    }
}

static void walk_call(struct walk *walk, const struct name_scope *scope, const struct frame *frame,
                      const struct ast_expr *call, struct str hidden_by) {
    struct str name = call_name(call);
    struct index_entry *entry = index_find(scope->index, SPACE_CALL, name);
    if (entry && entry->decl->fn.body && walk->calls < MOST_CALLS) {
        struct frame inner = {.outer = frame, .scope = scope, .call = call};
        struct name_scope body = {.index = scope->index, .fn = &entry->decl->fn};
        walk->calls++;
        walk_expr(walk, &body, &inner, entry->decl->fn.body, hidden_by);
        walk->calls--;
        return;
    }
    if (entry == NULL && hides(name)) hidden_by = name;
    for (uint32_t i = 0; i < call->items.count; i++)
        walk_expr(walk, scope, frame, call->items.items[i], hidden_by);
}

void uses_add_name(struct arena *arena, struct uses *uses, bool is_map, struct str name) {
    for (uint32_t i = 0; is_map && i < uses->maps.count; i++)
        if (str_eq(uses->maps.items[i], name)) return;
    for (uint32_t i = 0; !is_map && i < uses->codes.count; i++)
        if (str_eq(uses->codes.items[i], name)) return;
    if (is_map)
        VEC_PUSH(arena, &uses->maps, name);
    else
        VEC_PUSH(arena, &uses->codes, name);
}

static void walk_parts(struct walk *walk, const struct name_scope *scope, const struct frame *frame,
                       const struct ast_expr *expr, struct str hidden_by) {
    walk_expr(walk, scope, frame, expr->left, hidden_by);
    walk_expr(walk, scope, frame, expr->right, hidden_by);
    for (uint32_t i = 0; i < expr->items.count; i++)
        walk_expr(walk, scope, frame, expr->items.items[i], hidden_by);
    for (uint32_t i = 0; i < expr->arms.count; i++) {
        const struct ast_arm *arm = &expr->arms.items[i];
        walk_expr(walk, scope, frame, arm->when, hidden_by);
        for (uint32_t p = 0; p < arm->patterns.count; p++)
            walk_expr(walk, scope, frame, arm->patterns.items[p], hidden_by);
        walk_expr(walk, scope, frame, arm->result, hidden_by);
    }
    for (uint32_t i = 0; i < expr->handlers.list.count; i++)
        walk_expr(walk, scope, frame, expr->handlers.list.items[i].action.use, hidden_by);
    if (expr->kind == X_ACTION) walk_expr(walk, scope, frame, expr->action.use, hidden_by);
}

static void walk_expr(struct walk *walk, const struct name_scope *scope, const struct frame *frame,
                      const struct ast_expr *expr, struct str hidden_by) {
    if (expr == NULL || walk->nodes++ > MOST_NODES) return;
    struct index_entry *keyed = index_of_keyed(scope->index, expr);
    if (keyed) uses_add_name(walk->arena, walk->uses, keyed->decl->kind == DECL_MAP, keyed->name);
    switch (expr->kind) {
    case X_MEMBER: add_column(walk, scope, expr, hidden_by); break;
    case X_NAME: walk_name(walk, scope, frame, expr, hidden_by); return;
    case X_CALL: walk_call(walk, scope, frame, expr, hidden_by); return;
    default: break;
    }
    walk_parts(walk, scope, frame, expr, hidden_by);
}

void uses_collect(const struct name_scope *scope, const struct ast_expr *expr, struct uses *uses) {
    struct walk walk = {.uses = uses, .arena = scope->index->arena};
    walk_expr(&walk, scope, NULL, expr, (struct str){0});
}

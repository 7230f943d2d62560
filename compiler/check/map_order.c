/* The order of maps: what refers to another map's rows comes after it, what a foreign key points to comes
 * first; level by level, so that maps of one level may run beside each other. */
#include "compiler/check/map.h"

#include "compiler/check/decl_walk.h"

enum edge_kind {
    EDGE_SOFT,       /* a wish: a lookup into a table that another map writes; two maps into one table */
    EDGE_COMPLETES,  /* from a map that completes rows to those that write them */
    EDGE_DEFERRABLE, /* a foreign key that can be checked at the end */
    EDGE_FOREIGN_KEY,
    EDGE_REFERENCE /* map[key], from, join, lookup, after */
};

struct order_edge {
    uint32_t to; /* the map that has to come first */
    enum edge_kind kind;
    struct span span;
    struct str constraint;
    bool dropped;
};

struct order_node {
    struct map_work *work;
    VEC(struct order_edge) edges;
    uint32_t level;
    uint8_t state; /* of the search: 0 not seen, 1 on the way, 2 done */
};

struct order_graph {
    struct compile *compile;
    struct order_node *nodes;
    uint32_t count;
    uint32_t current; /* whose references are collected */
    const struct ast_fn **inlined;
    uint32_t inlined_count;
};

static void order_add(struct order_graph *graph, uint32_t from, uint32_t to, enum edge_kind kind,
                      struct span span, struct str constraint) {
    if (from == to) return;
    struct order_node *node = &graph->nodes[from];
    for (uint32_t i = 0; i < node->edges.count; i++) {
        struct order_edge *edge = &node->edges.items[i];
        if (edge->to != to) continue;
        if (kind > edge->kind)
            *edge = (struct order_edge){.to = to, .kind = kind, .span = span, .constraint = constraint};
        return;
    }
    struct order_edge edge = {.to = to, .kind = kind, .span = span, .constraint = constraint};
    VEC_PUSH(graph->compile->checker.arena, &node->edges, edge);
}

static int order_find(const struct order_graph *graph, struct str name) {
    for (uint32_t i = 0; i < graph->count; i++)
        if (str_eq(graph->nodes[i].work->map->name, name)) return (int)i;
    return -1;
}

/* ---------------------------------------------------------------- references in expressions */

static bool order_visit(const struct ast_expr *expr, void *context);

static void order_follow_call(struct order_graph *graph, const struct ast_expr *call) {
    const struct checker *checker = &graph->compile->checker;
    if (call->path.parts.count != 1) return;
    for (uint32_t i = 0; i < checker->fns.count; i++) {
        const struct checked_fn *fn = checker->fns.items[i];
        if (!str_eq(fn->name, call->path.parts.items[0].text) || fn->ast->body == NULL) continue;
        for (uint32_t j = 0; j < graph->inlined_count; j++)
            if (graph->inlined[j] == fn->ast) return;
        graph->inlined[graph->inlined_count++] = fn->ast;
        walk_expr(fn->ast->body, order_visit, graph);
        return;
    }
}

static bool order_visit(const struct ast_expr *expr, void *context) {
    struct order_graph *graph = context;
    if (expr->kind == X_CALL) order_follow_call(graph, expr);
    if (expr->kind != X_INDEX) return true;
    const struct ast_expr *left = walk_expr_ungroup(expr->left);
    int to = left && left->kind == X_NAME ? order_find(graph, left->name.text) : -1;
    if (to >= 0) order_add(graph, graph->current, (uint32_t)to, EDGE_REFERENCE, expr->span, (struct str){0});
    return true;
}

static void order_handlers(struct order_graph *graph, const struct ast_handlers *handlers) {
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        walk_expr(handlers->list.items[i].action.message, order_visit, graph);
        walk_expr(handlers->list.items[i].action.use, order_visit, graph);
    }
}

/* Maps that write the table that a lookup searches come first where nothing stands against it. */
static void order_searched_table(struct order_graph *graph, const struct ast_clause *clause) {
    const struct checker *checker = &graph->compile->checker;
    const struct ast_path *path = &clause->path;
    if (checker->target_schema == NULL || path->parts.count < 2 ||
        !str_eq(path->parts.items[0].text, checker->target_name))
        return;
    struct str schema = path->parts.count == 3 ? path->parts.items[1].text : (struct str){0};
    const struct schema_table *table =
        schema_find_table(checker->target_schema, schema, path->parts.items[path->parts.count - 1].text);
    for (uint32_t i = 0; table && i < graph->count; i++)
        if (graph->nodes[i].work->map->target == table)
            order_add(graph, graph->current, i, EDGE_SOFT, clause->span, (struct str){0});
}

static void order_clause(struct order_graph *graph, const struct ast_clause *clause) {
    walk_expr(clause->expr, order_visit, graph);
    for (uint32_t i = 0; i < clause->exprs.count; i++)
        walk_expr(clause->exprs.items[i], order_visit, graph);
    for (uint32_t i = 0; i < clause->order.count; i++)
        walk_expr(clause->order.items[i].expr, order_visit, graph);
    order_handlers(graph, &clause->handlers);
    if (clause->kind == CLAUSE_INTO || clause->path.parts.count == 0) return;
    int to = clause->path.parts.count == 1 ? order_find(graph, clause->path.parts.items[0].text) : -1;
    if (clause->kind != CLAUSE_AFTER && map_names_source(&graph->compile->checker, &clause->path)) to = -1;
    if (to >= 0)
        order_add(graph, graph->current, (uint32_t)to, EDGE_REFERENCE, clause->span, (struct str){0});
    if (clause->kind == CLAUSE_AFTER && to < 0) {
        struct checker *checker = &graph->compile->checker;
        struct str *names = ARENA_ARRAY(checker->arena, struct str, graph->count);
        for (uint32_t i = 0; i < graph->count; i++)
            names[i] = graph->nodes[i].work->map->name;
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_NAME, clause->path.span,
                                        "there is no map `%.*s`", STR_ARG(span_text(clause->path.span)));
        decl_suggest(checker, diag, clause->path.parts.items[0], names, graph->count);
    } else if (clause->kind == CLAUSE_AFTER && (uint32_t)to == graph->current) {
        struct checker *checker = &graph->compile->checker;
        struct diag *diag =
            diag_report(checker->diags, E_MAP_CYCLE, clause->path.span, "a map cannot come after itself");
        diag_help(checker->diags, diag, "remove the clause");
    }
    order_searched_table(graph, clause);
}

/* ---------------------------------------------------------------- foreign keys */

static bool order_is_assigned(const struct map_work *work, struct str column) {
    for (uint32_t i = 0; i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        if (item->kind == ITEM_SPREAD || (item->kind == ITEM_ASSIGN && str_eq(item->name.text, column)))
            return true;
    }
    return false;
}

/* The second of two steps: `on conflict (…) update (column, …)` fills columns of rows that another map
 * writes. */
static bool order_completes(const struct map_work *work) {
    const struct ast_clause *clause = map_clause(work->ast, CLAUSE_ON_CONFLICT);
    if (clause == NULL || clause->handlers.list.count == 0) return false;
    const struct ast_action *action = &clause->handlers.list.items[0].action;
    return action->kind == ACTION_UPDATE && action->columns.count > 0;
}

/* A map of which rows of the table come at all. */
static bool order_has_provider(const struct order_graph *graph, const struct schema_table *table) {
    for (uint32_t i = 0; i < graph->count; i++)
        if (graph->nodes[i].work->map->target == table && !order_completes(graph->nodes[i].work)) return true;
    return false;
}

/* Whether rows found by this foreign key may wait for the columns that the map fills. */
static bool order_fills_key(const struct map_work *work, const struct schema_fk *fk) {
    const struct ast_clause *clause = map_clause(work->ast, CLAUSE_ON_CONFLICT);
    const struct ast_action *action = &clause->handlers.list.items[0].action;
    for (uint32_t i = 0; i < action->columns.count; i++)
        for (uint32_t j = 0; j < fk->ref_columns.count; j++)
            if (str_eq(action->columns.items[i].text, fk->ref_columns.items[j])) return true;
    return false;
}

/* Who only completes rows is not needed before rows that refer to them: that is how a circle of foreign keys
 * is loaded in two steps. */
static void order_foreign_key(struct order_graph *graph, uint32_t at, const struct schema_fk *fk,
                              const struct schema_table *parent) {
    bool provided = order_has_provider(graph, parent);
    for (uint32_t j = 0; j < graph->count; j++) {
        const struct map_work *work = graph->nodes[j].work;
        if (work->map->target != parent) continue;
        if (provided && order_completes(work) && !order_fills_key(work, fk)) continue;
        order_add(graph, at, j, fk->deferrable ? EDGE_DEFERRABLE : EDGE_FOREIGN_KEY, fk->span, fk->name);
    }
}

static void order_foreign_keys(struct order_graph *graph, uint32_t at) {
    const struct checker *checker = &graph->compile->checker;
    const struct schema_table *table = graph->nodes[at].work->map->target;
    for (uint32_t i = 0; table && i < table->fks.count; i++) {
        const struct schema_fk *fk = &table->fks.items[i];
        const struct schema_table *parent =
            schema_find_table(checker->target_schema, fk->ref_schema, fk->ref_table);
        bool assigned = false;
        for (uint32_t j = 0; j < fk->columns.count; j++)
            assigned = assigned || order_is_assigned(graph->nodes[at].work,
                                                     table->columns.items[fk->columns.items[j]].name);
        if (parent != NULL && parent != table && assigned) order_foreign_key(graph, at, fk, parent);
    }
}

/* Maps into one table follow each other as they are declared, those that complete rows after the others. */
static void order_same_table(struct order_graph *graph, uint32_t at) {
    const struct schema_table *table = graph->nodes[at].work->map->target;
    bool completes = order_completes(graph->nodes[at].work);
    for (uint32_t before = at; table && before-- > 0;)
        if (graph->nodes[before].work->map->target == table &&
            order_completes(graph->nodes[before].work) == completes) {
            order_add(graph, at, before, EDGE_SOFT, graph->nodes[at].work->map->span, (struct str){0});
            break;
        }
    for (uint32_t j = 0; table && completes && j < graph->count; j++)
        if (graph->nodes[j].work->map->target == table && !order_completes(graph->nodes[j].work))
            order_add(graph, at, j, EDGE_COMPLETES, graph->nodes[at].work->map->span, (struct str){0});
}

static void order_collect(struct order_graph *graph) {
    for (uint32_t i = 0; i < graph->count; i++) {
        const struct ast_map *map = graph->nodes[i].work->ast;
        graph->current = i;
        graph->inlined_count = 0;
        for (uint32_t j = 0; j < map->clauses.count; j++)
            order_clause(graph, &map->clauses.items[j]);
        for (uint32_t j = 0; j < map->items.count; j++) {
            walk_expr(map->items.items[j].expr, order_visit, graph);
            order_handlers(graph, &map->items.items[j].handlers);
        }
        order_foreign_keys(graph, i);
        order_same_table(graph, i);
    }
}

/* ---------------------------------------------------------------- cycles */

struct order_way {
    VEC(uint32_t) nodes;
    VEC(uint32_t) edges; /* the n-th leads from the n-th node to the next */
};

/* Depth first, with a way of its own, because maps may be many. True: way ends on a cycle, its last edge
 * leading back to the node at *start. */
static bool order_find_cycle(struct order_graph *graph, uint32_t root, struct order_way *way,
                             uint32_t *start) {
    struct arena *arena = graph->compile->checker.arena;
    way->nodes.count = way->edges.count = 0;
    VEC_PUSH(arena, &way->nodes, root);
    VEC_PUSH(arena, &way->edges, 0);
    graph->nodes[root].state = 1;
    while (way->nodes.count > 0) {
        uint32_t at = way->nodes.items[way->nodes.count - 1];
        uint32_t *next = &way->edges.items[way->edges.count - 1];
        struct order_node *node = &graph->nodes[at];
        while (*next < node->edges.count &&
               (node->edges.items[*next].dropped || graph->nodes[node->edges.items[*next].to].state == 2))
            (*next)++;
        if (*next == node->edges.count) {
            node->state = 2;
            way->nodes.count--;
            way->edges.count--;
            if (way->edges.count) way->edges.items[way->edges.count - 1]++;
            continue;
        }
        uint32_t to = node->edges.items[*next].to;
        if (graph->nodes[to].state == 1) {
            for (*start = 0; way->nodes.items[*start] != to;)
                (*start)++;
            return true;
        }
        graph->nodes[to].state = 1;
        VEC_PUSH(arena, &way->nodes, to);
        VEC_PUSH(arena, &way->edges, 0);
    }
    return false;
}

static struct order_edge *order_edge_at(const struct order_graph *graph, const struct order_way *way,
                                        uint32_t n) {
    return &graph->nodes[way->nodes.items[n]].edges.items[way->edges.items[n]];
}

static void order_report_cycle(struct order_graph *graph, const struct order_way *way, uint32_t start,
                               bool by_keys) {
    struct checker *checker = &graph->compile->checker;
    struct str names = {0};
    for (uint32_t i = start; i < way->nodes.count; i++)
        names = arena_printf(checker->arena, "%.*s%.*s -> ", STR_ARG(names),
                             STR_ARG(graph->nodes[way->nodes.items[i]].work->map->name));
    struct map_work *first = graph->nodes[way->nodes.items[start]].work;
    struct diag *diag = diag_report(checker->diags, E_MAP_CYCLE, first->map->span,
                                    "these maps each need another first: %.*s%.*s", STR_ARG(names),
                                    STR_ARG(first->map->name));
    for (uint32_t i = start; i < way->nodes.count; i++) {
        const struct order_edge *edge = order_edge_at(graph, way, i);
        struct str from = graph->nodes[way->nodes.items[i]].work->map->name,
                   to = graph->nodes[edge->to].work->map->name;
        if (edge->kind == EDGE_REFERENCE)
            diag_label(checker->diags, diag, edge->span, "`%.*s` needs the rows of `%.*s`", STR_ARG(from),
                       STR_ARG(to));
        else
            diag_label(checker->diags, diag, edge->span, "foreign key of `%.*s` into the table of `%.*s`",
                       STR_ARG(from), STR_ARG(to));
    }
    if (by_keys)
        diag_help(checker->diags, diag,
                  "declare one of the foreign keys DEFERRABLE, or load in two steps: leave the column empty "
                  "in one map and fill it by a second map with `on conflict (…) update (column)`");
    else
        diag_help(checker->diags, diag,
                  "take one of them from the source instead: an id made by uuid5 from the source's key needs "
                  "no other map");
}

/* Takes the weakest link out of a cycle; one that only has strong links is a mistake. */
static void order_break_cycle(struct order_graph *graph, const struct order_way *way, uint32_t start) {
    struct order_edge *weakest = NULL;
    bool by_keys = false;
    for (uint32_t i = start; i < way->nodes.count; i++) {
        struct order_edge *edge = order_edge_at(graph, way, i);
        if (weakest == NULL || edge->kind < weakest->kind) weakest = edge;
        by_keys = by_keys || edge->kind == EDGE_FOREIGN_KEY;
    }
    if (weakest->kind >= EDGE_FOREIGN_KEY) {
        order_report_cycle(graph, way, start, by_keys);
        weakest = order_edge_at(graph, way, way->nodes.count - 1);
        if (weakest->kind == EDGE_REFERENCE) graph->nodes[weakest->to].work->map->erroneous = true;
    }
    weakest->dropped = true;
}

static void order_break_cycles(struct order_graph *graph) {
    struct order_way way = {0};
    uint32_t start = 0;
    for (uint32_t i = 0; i < graph->count;) {
        if (graph->nodes[i].state == 2 || !order_find_cycle(graph, i, &way, &start)) {
            i++;
            continue;
        }
        order_break_cycle(graph, &way, start);
        for (uint32_t j = 0; j < way.nodes.count; j++)
            graph->nodes[way.nodes.items[j]].state = 0;
    }
}

/* ---------------------------------------------------------------- levels */

static void order_levels(struct order_graph *graph) {
    bool changed = true;
    for (uint32_t round = 0; changed && round <= graph->count; round++) {
        changed = false;
        for (uint32_t i = 0; i < graph->count; i++)
            for (uint32_t j = 0; j < graph->nodes[i].edges.count; j++) {
                const struct order_edge *edge = &graph->nodes[i].edges.items[j];
                uint32_t least = graph->nodes[edge->to].level + 1;
                if (edge->dropped || graph->nodes[i].level >= least) continue;
                graph->nodes[i].level = least;
                changed = true;
            }
    }
}

static void order_fill(struct order_graph *graph) {
    struct compile *compile = graph->compile;
    struct arena *arena = compile->checker.arena;
    for (uint32_t level = 0, placed = 0; placed < graph->count; level++)
        for (uint32_t i = 0; i < graph->count; i++) {
            struct map_work *work = graph->nodes[i].work;
            if (graph->nodes[i].level != level) continue;
            work->plan.level = level;
            work->map->index = placed++;
            VEC_PUSH(arena, &compile->maps, work);
        }
    for (uint32_t i = 0; i < graph->count; i++) {
        struct order_node *node = &graph->nodes[i];
        struct plan_map *plan = &node->work->plan;
        plan->depends = ARENA_ARRAY(arena, uint32_t, node->edges.count);
        for (uint32_t j = 0; j < node->edges.count; j++)
            if (!node->edges.items[j].dropped)
                plan->depends[plan->depends_count++] = graph->nodes[node->edges.items[j].to].work->map->index;
    }
}

void map_order_all(struct compile *compile, struct map_work **works, uint32_t count) {
    struct arena *arena = compile->checker.arena;
    struct order_graph graph = {.compile = compile,
                                .count = count,
                                .nodes = ARENA_ARRAY(arena, struct order_node, count),
                                .inlined =
                                    ARENA_ARRAY(arena, const struct ast_fn *, compile->checker.fns.count)};
    for (uint32_t i = 0; i < count; i++)
        graph.nodes[i].work = works[i];
    order_collect(&graph);
    order_break_cycles(&graph);
    order_levels(&graph);
    order_fill(&graph);
}

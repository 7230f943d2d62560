/* The facts of a map: its clauses and the lines of its body. */
#include "compiler/compare/facts.h"

static struct str clause_name(struct facts *facts, const struct ast_clause *clause) {
    /* A left join is the same clause, said otherwise. */
    enum ast_clause_kind kind = clause->kind == CLAUSE_LEFT_JOIN     ? CLAUSE_JOIN
                                : clause->kind == CLAUSE_LEFT_LOOKUP ? CLAUSE_LOOKUP
                                                                     : clause->kind;
    struct str name = str_cstr(ast_clause_name(kind));
    if (clause->kind == CLAUSE_AFTER)
        return arena_printf(facts->arena, "after %.*s", STR_ARG(facts_path(facts, &clause->path)));
    if (clause->alias.text.len == 0 || clause->kind == CLAUSE_FROM) return name;
    return arena_printf(facts->arena, "%.*s %.*s", STR_ARG(name), STR_ARG(clause->alias.text));
}

static enum compare_class clause_class(const struct ast_clause *clause) {
    switch (clause->kind) {
    case CLAUSE_KEY:
    case CLAUSE_UNIQUE_BY: return COMPARE_KEY;
    case CLAUSE_ROLLBACK: return COMPARE_ROLLBACK;
    case CLAUSE_INTO: return COMPARE_BREAKING;
    default: return COMPARE_BEHAVIOUR;
    }
}

/* What a clause says, without its handlers. */
static void put_clause(struct facts *facts, struct fact *fact, const struct ast_clause *clause) {
    facts_put_text(
        facts, fact,
        arena_printf(facts->arena, "%d %d %d", (int)clause->kind, (int)clause->keep, clause->percent));
    facts_put_text(facts, fact, clause->alias.text);
    facts_put_path(facts, fact, &clause->path);
    facts_put_text(facts, fact, clause->word.text);
    facts_put_text(facts, fact, clause->text.text);
    facts_put_expr(facts, fact,
                   clause->expr && clause->expr->kind == X_HANDLED ? clause->expr->left : clause->expr);
    facts_put_exprs(facts, fact, clause->exprs.items, clause->exprs.count);
    for (uint32_t i = 0; i < clause->names.count; i++)
        facts_put_text(facts, fact, clause->names.items[i].text);
    for (uint32_t i = 0; i < clause->order.count; i++) {
        facts_put_text(facts, fact, clause->order.items[i].descending ? STR("desc") : STR("asc"));
        facts_put_expr(facts, fact, clause->order.items[i].expr);
    }
}

static void add_handlers(struct facts *facts, struct str map, struct str of,
                         const struct ast_handlers *handlers) {
    if (handlers->list.count == 0) return;
    struct span span =
        span_join(handlers->list.items[0].span, handlers->list.items[handlers->list.count - 1].span);
    struct str name = arena_printf(facts->arena, "handlers of %.*s", STR_ARG(of));
    struct fact *fact = facts_add_part(facts, map, name.ptr, span_text(span), COMPARE_BEHAVIOUR);
    fact->parent = arena_printf(facts->arena, "%.*s, %.*s", STR_ARG(map), STR_ARG(of));
    facts_put_handlers(facts, fact, handlers);
}

/* The text of an item or clause up to its handlers. */
static struct str text_before(struct span span, const struct ast_handlers *handlers) {
    if (handlers->list.count) span.end = handlers->list.items[0].span.start;
    struct str text = span_text(span);
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\n' ||
                        text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

static const struct ast_handlers *handlers_of(const struct ast_expr *expr, const struct ast_handlers *own) {
    return expr && expr->kind == X_HANDLED ? &expr->handlers : own;
}

/* The columns by which a conflict is found identify rows; what happens then does not. */
static void add_conflict(struct facts *facts, struct str map, const struct ast_clause *clause) {
    if (clause->handlers.list.count == 0) return;
    const struct ast_handler *handler = &clause->handlers.list.items[0];
    struct fact *fact =
        facts_add_part(facts, map, "on conflict, columns", span_text(clause->span), COMPARE_KEY);
    for (uint32_t i = 0; i < handler->columns.count; i++)
        facts_put_text(facts, fact, handler->columns.items[i].text);
    struct ast_handler plain = *handler;
    plain.columns.count = 0;
    struct ast_handlers action = {.list = {&plain, 1, 1}};
    fact = facts_add_part(facts, map, "on conflict", span_text(clause->span), COMPARE_BEHAVIOUR);
    facts_put_handlers(facts, fact, &action);
}

static void add_clause(struct facts *facts, struct str map, const struct ast_clause *clause) {
    if (clause->kind == CLAUSE_TOLERANCE) {
        facts_collect_tolerance(facts, map, clause->expr, clause->percent);
        facts_collect_tolerance_rules(facts, map, clause->rules.items, clause->rules.count);
        return;
    }
    if (clause->kind == CLAUSE_ON_CONFLICT) {
        add_conflict(facts, map, clause);
        return;
    }
    const struct ast_handlers *handlers = handlers_of(clause->expr, &clause->handlers);
    struct str name = clause_name(facts, clause);
    struct fact *fact =
        facts_add_part(facts, map, name.ptr, text_before(clause->span, handlers), clause_class(clause));
    put_clause(facts, fact, clause);
    add_handlers(facts, map, name, handlers);
}

/* each and join multiply rows in the order in which they are written. */
static void add_stages(struct facts *facts, struct str map, const struct ast_map *written) {
    struct str text = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < written->clauses.count; i++) {
        const struct ast_clause *clause = &written->clauses.items[i];
        if (clause->kind != CLAUSE_EACH && clause->kind != CLAUSE_JOIN && clause->kind != CLAUSE_LEFT_JOIN)
            continue;
        text = arena_printf(facts->arena, "%.*s%s%.*s", STR_ARG(text), count++ ? ", " : "",
                            STR_ARG(clause->alias.text));
    }
    if (count < 2) return;
    struct fact *fact = facts_add_part(facts, map, "order of each and join", text, COMPARE_BEHAVIOUR);
    facts_put_text(facts, fact, text);
}

/* ------------------------------------------------------------------ bodies */

static const struct plan_map *find_plan_map(const struct facts *facts, struct str name) {
    for (uint32_t i = 0; i < facts->plan->maps_count; i++)
        if (str_eq(facts->plan->maps[i].name, name)) return &facts->plan->maps[i];
    return NULL;
}

static bool is_primary(const struct plan_target_table *table, struct str column) {
    for (uint32_t k = 0; k < table->keys_count; k++) {
        if (!table->keys[k].primary) continue;
        for (uint32_t c = 0; c < table->keys[k].columns_count; c++)
            if (str_eq(table->columns[table->keys[k].columns[c]].name, column)) return true;
    }
    return false;
}

static bool is_key_column(const struct facts *facts, const struct ast_map *map, struct str column) {
    const struct plan_map *plan_map = find_plan_map(facts, map->name.text);
    return plan_map && plan_map->target_table &&
           is_primary(&facts->plan->target.tables[plan_map->target_table - 1], column);
}

static void add_assignment(struct facts *facts, struct str map, const struct ast_map *written,
                           const struct ast_item *item) {
    const struct ast_handlers *handlers = handlers_of(item->expr, &item->handlers);
    const struct ast_expr *expr = item->expr && item->expr->kind == X_HANDLED ? item->expr->left : item->expr;
    bool is_let = item->kind == ITEM_LET;
    struct str name =
        arena_printf(facts->arena, "%s %.*s", is_let ? "let" : "column", STR_ARG(item->name.text));
    struct span span = item->expr ? item->expr->span : item->span;
    struct fact *fact = facts_add_part(facts, map, name.ptr, text_before(span, handlers), COMPARE_BEHAVIOUR);
    facts_put_expr(facts, fact, expr);
    if (is_let) {
        fact->kind = FACT_HELPER;
        facts_put_handlers(facts, fact, handlers);
        fact->text = span_text(span);
        return;
    }
    fact->removed = COMPARE_BREAKING;
    if (is_key_column(facts, written, item->name.text)) fact->changed = fact->added = COMPARE_KEY;
    add_handlers(facts, map, name, handlers);
}

static void add_item(struct facts *facts, struct str map, const struct ast_map *written,
                     const struct ast_item *item) {
    struct fact *fact;
    switch (item->kind) {
    case ITEM_ASSIGN:
    case ITEM_LET: add_assignment(facts, map, written, item); return;
    case ITEM_VALIDATE: {
        struct str name = arena_printf(facts->arena, "validate %.*s", STR_ARG(item->name.text));
        fact =
            facts_add_part(facts, map, name.ptr, text_before(item->span, &item->handlers), COMPARE_BEHAVIOUR);
        fact->removed = COMPARE_WIDENING;
        facts_put_expr(facts, fact, item->expr);
        add_handlers(facts, map, name, &item->handlers);
        return;
    }
    case ITEM_SPREAD: return; /* its columns are told one by one */
    case ITEM_IGNORED:
        for (uint32_t i = 0; i < item->names.count; i++) {
            struct str name = arena_printf(facts->arena, "ignored %.*s", STR_ARG(item->names.items[i].text));
            fact = facts_add_part(facts, map, name.ptr, span_text(item->span), COMPARE_COSMETIC);
            facts_put_text(facts, fact, item->because.text);
        }
    }
}

static bool is_assigned(const struct ast_map *map, struct str column) {
    for (uint32_t i = 0; i < map->items.count; i++)
        if (map->items.items[i].kind == ITEM_ASSIGN && str_eq(map->items.items[i].name.text, column))
            return true;
    return false;
}

/* Columns that `...row` copies. */
static void add_spread_columns(struct facts *facts, struct str map, const struct ast_map *written) {
    const struct plan_map *plan_map = find_plan_map(facts, written->name.text);
    const struct ast_item *spread = NULL;
    for (uint32_t i = 0; i < written->items.count; i++)
        if (written->items.items[i].kind == ITEM_SPREAD) spread = &written->items.items[i];
    if (spread == NULL || plan_map == NULL) return;
    uint32_t count = plan_map->target_table ? plan_map->columns_count : plan_map->csv_columns_count;
    for (uint32_t i = 0; i < count; i++) {
        struct str column =
            plan_map->target_table
                ? facts->plan->target.tables[plan_map->target_table - 1].columns[plan_map->columns[i]].name
                : plan_map->csv_columns[i].text;
        if (is_assigned(written, column)) continue;
        struct str name = arena_printf(facts->arena, "column %.*s", STR_ARG(column));
        struct str text = arena_printf(facts->arena, "...%.*s", STR_ARG(spread->name.text));
        struct fact *fact = facts_add_part(facts, map, name.ptr, text, COMPARE_BEHAVIOUR);
        fact->removed = COMPARE_BREAKING;
        if (is_key_column(facts, written, column)) fact->changed = fact->added = COMPARE_KEY;
        facts_put_text(facts, fact, text);
    }
}

/* A file's columns stand in the order of the body. */
static void add_file_order(struct facts *facts, struct str map, const struct ast_map *written) {
    const struct plan_map *plan_map = find_plan_map(facts, written->name.text);
    struct str text = {0};
    if (plan_map == NULL || plan_map->target_table) return;
    for (uint32_t i = 0; i < plan_map->csv_columns_count; i++)
        text = arena_printf(facts->arena, "%.*s%s%.*s", STR_ARG(text), i ? ", " : "",
                            STR_ARG(plan_map->csv_columns[i].text));
    struct fact *fact = facts_add_part(facts, map, "columns of the file", text, COMPARE_BREAKING);
    facts_put_text(facts, fact, text);
}

void facts_collect_map(struct facts *facts, const struct ast_decl *decl) {
    const struct ast_map *map = &decl->map;
    struct str place = arena_printf(facts->arena, "map %.*s", STR_ARG(map->name.text));
    facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR, COMPARE_BREAKING);
    facts->map = place;
    for (uint32_t i = 0; i < map->clauses.count; i++)
        add_clause(facts, place, &map->clauses.items[i]);
    add_stages(facts, place, map);
    for (uint32_t i = 0; i < map->items.count; i++)
        add_item(facts, place, map, &map->items.items[i]);
    add_spread_columns(facts, place, map);
    add_file_order(facts, place, map);
    facts->map = (struct str){0};
}

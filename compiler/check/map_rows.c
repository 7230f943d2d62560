/* The rows of a map or of a check's source side: from, each, join and lookup, where, group by, order by,
 * unique by, in the order in which they act. */
#include "compiler/check/map.h"

#include "compiler/check/decl_walk.h"
#include "compiler/check/expr.h"

static struct checker *rows_checker(struct row_query *query) {
    return &query->compile->checker;
}

static const struct ast_clause *rows_clause(const struct row_query *query, enum ast_clause_kind kind) {
    for (uint32_t i = 0; i < query->clause_count; i++)
        if (query->clauses[i].kind == kind) return &query->clauses[i];
    return NULL;
}

/* ---------------------------------------------------------------- from */

static bool rows_from_map(struct row_query *query, const struct ast_clause *clause) {
    struct checker *checker = rows_checker(query);
    const struct ast_path *path = &clause->path;
    if (map_is_ambiguous(query->compile, query->owner, path) || map_names_source(checker, path)) return false;
    for (uint32_t i = 0; i < checker->maps.count; i++) {
        struct checked_map *map = checker->maps.items[i];
        if (path->parts.count != 1 || !str_eq(map->name, path->parts.items[0].text)) continue;
        map->used = true;
        if (map->erroneous || (!map->keyed && map->decl && map->decl->broken)) return false;
        if (!map->keyed || map->target == NULL) {
            struct diag *diag = diag_report(checker->diags, E_KEY_NEEDED, path->span,
                                            "the rows of map `%.*s` are not remembered", STR_ARG(map->name));
            diag_label(checker->diags, diag, map->span,
                       map->target ? "it has no `key`" : "it writes a csv file");
            diag_help(checker->diags, diag,
                      map->target ? "give it a `key`, so that its rows are kept for other maps"
                                  : "read what it reads instead");
            return false;
        }
        query->from_kind = FROM_MAP;
        query->source = map->index;
        query->from_map = map;
        checker_map_table(checker, map);
        struct scope_name name = {
            .name = clause->alias.text, .kind = BIND_KEYED_ROW, .map = map, .span = clause->alias.span};
        VEC_PUSH(checker->arena, &query->rows.names, name);
        return true;
    }
    return false;
}

static bool rows_from(struct row_query *query, const struct ast_clause *clause) {
    struct checker *checker = rows_checker(query);
    uint32_t errors = checker->diags->error_count;
    query->from_alias = clause->alias.text;
    if (rows_from_map(query, clause)) return true;
    if (checker->diags->error_count > errors || clause->path.parts.count == 0) return false;
    bool map =
        clause->path.parts.count == 1 && map_find(query->compile, clause->path.parts.items[0].text) != NULL;
    if (map && !map_names_source(checker, &clause->path)) return false;
    if (str_eq(clause->path.parts.items[0].text, checker->target_name) && checker->target_name.len) {
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_TABLE, clause->path.span,
                                        "a map cannot read its rows from the target");
        diag_help(checker->diags, diag,
                  "declare a source over it: `source existing : query %.*s \"\"\"select …\"\"\" { … }`",
                  STR_ARG(checker->target_name));
        return false;
    }
    struct checked_source *source;
    struct checked_table *table = source_find_table(query->compile, &clause->path, false, &source);
    if (source) source->used = true;
    if (table == NULL) return false;
    query->from_kind = FROM_SOURCE;
    query->source = source->index;
    query->source_table = table->index;
    struct scope_name name = {.name = clause->alias.text,
                              .kind = BIND_SOURCE_ROW,
                              .source = source,
                              .table = table,
                              .span = clause->alias.span};
    VEC_PUSH(checker->arena, &query->rows.names, name);
    return true;
}

/* ---------------------------------------------------------------- each */

static void rows_each(struct row_query *query, const struct ast_clause *clause) {
    struct checker *checker = rows_checker(query);
    struct expected any = {.what = "`each`", .allow_null = true};
    query->rows.clause = "each";
    struct texpr *array = check_expr(&query->rows, clause->expr, &any);
    struct plan_type element = {0};
    if (array->type.kind == TYPE_ARRAY) {
        element = type_element(array->type);
    } else if (array->type.kind != TYPE_NONE) {
        struct diag *diag =
            diag_report(checker->diags, E_EACH_ARRAY, clause->expr->span,
                        "`each` needs an array, this is %.*s", STR_ARG(type_to_text(checker, array->type)));
        diag_help(checker->diags, diag,
                  array->type.kind == TYPE_JSON
                      ? "declare the column with its element type: `tags text[]` or `items json[]`"
                  : array->type.kind == TYPE_TEXT
                      ? "split the text: `split(x, ',')`, or declare the column as an array, `text[]`"
                      : "declare the column as an array, such as `text[]`, or remove the `each`");
    }
    struct texpr *value =
        node_new(&query->rows, element.kind == TYPE_NONE ? TX_CONST : TX_INPUT, element, clause->alias.span);
    value->slot_kind = SLOT_EACH;
    value->index = query->stages.count;
    value->varies = true;
    value->pii = array->pii;
    struct row_stage stage = {.kind = STAGE_EACH,
                              .alias = clause->alias.text,
                              .array = array,
                              .multiplies = true,
                              .span = clause->span};
    VEC_PUSH(checker->arena, &query->stages, stage);
    struct scope_name name = {
        .name = clause->alias.text, .kind = BIND_ELEMENT, .expr = value, .span = clause->alias.span};
    VEC_PUSH(checker->arena, &query->rows.names, name);
}

/* ---------------------------------------------------------------- rows after group by */

struct grouped_walk {
    struct row_query *query;
    const struct ast_expr *found; /* the first row that is named outside an aggregate */
};

static bool rows_visit_grouped(const struct ast_expr *expr, void *context) {
    struct grouped_walk *walk = context;
    if (walk->found || function_is_aggregate(expr) || function_is_unknown(&walk->query->body, expr))
        return false;
    bool row = expr->kind == X_NAME && scope_find(&walk->query->body, expr->name.text) == NULL &&
               scope_find(&walk->query->rows, expr->name.text) != NULL;
    if (row) walk->found = expr;
    return !row;
}

bool rows_name_row(struct row_query *query, const struct ast_expr *expr) {
    struct checker *checker = rows_checker(query);
    if (!query->grouped || expr == NULL) return false;
    struct grouped_walk walk = {.query = query};
    walk_expr(expr, rows_visit_grouped, &walk);
    if (walk.found == NULL) return false;
    struct str name = walk.found->name.text;
    struct diag *diag =
        diag_report(checker->diags, E_GROUPED_ROW, walk.found->span,
                    "`%.*s` is a single row, but after `group by` there are only groups", STR_ARG(name));
    const struct ast_clause *group = rows_clause(query, CLAUSE_GROUP_BY);
    if (group) diag_label(checker->diags, diag, group->span, "the rows are grouped here");
    diag_help(checker->diags, diag,
              "use a group's name, or an aggregate such as `first(%.*s.column)` or `max(%.*s.column)`",
              STR_ARG(name), STR_ARG(name));
    return true;
}

/* ---------------------------------------------------------------- where, order, unique */

static bool rows_fits_order(enum type_kind kind) {
    return kind != TYPE_ROW && kind != TYPE_ARRAY && kind != TYPE_JSON && kind != TYPE_SECRET;
}

struct texpr *rows_check_key(struct scope *scope, const struct ast_expr *expr, const char *clause) {
    struct checker *checker = scope->checker;
    struct expected any = {.what = clause, .allow_null = true};
    scope->clause = clause;
    struct texpr *key = check_expr(scope, expr, &any);
    if (key->type.kind == TYPE_NONE || rows_fits_order(key->type.kind)) return key;
    struct diag *diag =
        diag_report(checker->diags, E_CLAUSE_VALUE, expr->span, "%s cannot take a value of type %.*s", clause,
                    STR_ARG(type_to_text(checker, key->type)));
    diag_help(checker->diags, diag,
              "use single values: for a row one of its columns, for json `text(…)` of a part of it");
    return node_error(scope, expr->span);
}

static void rows_where(struct row_query *query) {
    const struct ast_clause *clause = rows_clause(query, CLAUSE_WHERE);
    if (clause == NULL || clause->expr == NULL) return;
    query->rows.clause = "where";
    query->where = check_condition(&query->rows, clause->expr);
    if (clause->handlers.list.count)
        query->where = check_handlers(&query->rows, query->where, &clause->handlers, NULL);
    scope_assume(&query->rows, clause->expr);
}

/* unique by and its order judge the rows that the body makes: the groups, where there are some. */
static struct texpr *rows_check_unique(struct row_query *query, const struct ast_expr *expr,
                                       const char *clause) {
    if (rows_name_row(query, expr)) return node_error(&query->body, expr->span);
    return rows_check_key(query->grouped ? &query->body : &query->rows, expr, clause);
}

static void rows_order(struct row_query *query, const struct ast_order_item *items, uint32_t count,
                       const char *clause) {
    for (uint32_t i = 0; i < count; i++) {
        struct row_order order = {rows_check_unique(query, items[i].expr, clause), items[i].descending};
        VEC_PUSH(rows_checker(query)->arena, &query->order, order);
    }
}

/* Rows are written as they come: an order that decides nothing would be a wish that nobody hears. */
static void rows_order_for_nothing(struct row_query *query, const struct ast_clause *order) {
    struct checker *checker = rows_checker(query);
    struct diag *diag =
        diag_report(checker->diags, E_MAP_SHAPE, order->span,
                    "`order by` says which row `unique by` keeps, and there is no `unique by`");
    diag_help(checker->diags, diag,
              query->grouped
                  ? "remove it: groups come in the order of their first rows, and `first(…)` and "
                    "`last(…)` go by the source's order"
                  : "remove it: rows are written in the order of the source; to keep one row of each "
                    "key, add `unique by … keep first`");
}

static void rows_unique(struct row_query *query) {
    struct checker *checker = rows_checker(query);
    const struct ast_clause *unique = rows_clause(query, CLAUSE_UNIQUE_BY),
                            *order = rows_clause(query, CLAUSE_ORDER_BY);
    if (order) rows_order(query, order->order.items, order->order.count, "order by");
    if (unique == NULL) {
        if (order) rows_order_for_nothing(query, order);
        return;
    }
    for (uint32_t i = 0; i < unique->exprs.count; i++)
        VEC_PUSH(checker->arena, &query->unique_keys,
                 rows_check_unique(query, unique->exprs.items[i], "unique by"));
    if (order && unique->order.count) {
        struct diag *diag = diag_report(checker->diags, E_CLAUSE_TWICE, unique->span,
                                        "`keep … by` and `order by` both order the rows");
        diag_label(checker->diags, diag, order->span, "`order by` is here");
        diag_help(checker->diags, diag, "`unique by` goes by `order by` too: keep one of the two");
    } else {
        rows_order(query, unique->order.items, unique->order.count, "keep … by");
    }
    query->has_on_duplicate = map_read_on_duplicate(checker, unique, &query->on_duplicate);
    if (unique->keep != ACTION_NONE && query->has_on_duplicate) {
        struct diag *diag = diag_report(checker->diags, E_CLAUSE_TWICE, unique->span,
                                        "`keep` and `on duplicate` both say what happens to the other rows");
        diag_help(checker->diags, diag, "keep one of the two");
    }
    query->unique = unique->keep == ACTION_FIRST  ? UNIQUE_FIRST
                    : unique->keep == ACTION_LAST ? UNIQUE_LAST
                                                  : UNIQUE_ON_DUPLICATE;
    if (query->has_on_duplicate && query->on_duplicate.kind == DO_FIRST) query->unique = UNIQUE_FIRST;
    if (query->has_on_duplicate && query->on_duplicate.kind == DO_LAST) query->unique = UNIQUE_LAST;
}

/* ---------------------------------------------------------------- group by */

/* A group's name: as written, else the column's own. */
static struct ast_name rows_group_name(const struct ast_clause *clause, uint32_t n) {
    if (n < clause->names.count && clause->names.items[n].text.len) return clause->names.items[n];
    const struct ast_expr *expr = walk_expr_ungroup(clause->exprs.items[n]);
    if (expr->kind == X_MEMBER || expr->kind == X_NAME) return expr->name;
    return (struct ast_name){0};
}

static void rows_group(struct row_query *query, const struct ast_clause *clause) {
    struct checker *checker = rows_checker(query);
    query->grouped = true;
    query->aggregates.row_scope = &query->rows;
    query->body = (struct scope){.checker = checker,
                                 .aggregates = true,
                                 .allow_rows = true,
                                 .calls = &query->aggregates,
                                 .clause = "the body"};
    for (uint32_t i = 0; i < clause->exprs.count; i++) {
        struct texpr *key = rows_check_key(&query->rows, clause->exprs.items[i], "group by");
        VEC_PUSH(checker->arena, &query->groups, key);
        struct ast_name name = rows_group_name(clause, i);
        struct texpr *value =
            node_new(&query->body, key->type.kind == TYPE_NONE ? TX_CONST : TX_INPUT, key->type, name.span);
        value->slot_kind = SLOT_GROUP;
        value->index = i;
        value->varies = true;
        value->pii = key->pii;
        if (name.text.len == 0) continue;
        for (uint32_t j = 0; j < query->body.names.count; j++)
            if (str_eq(query->body.names.items[j].name, name.text)) {
                struct diag *diag = diag_report(checker->diags, E_DECLARED_TWICE, name.span,
                                                "two groups are called `%.*s`", STR_ARG(name.text));
                diag_label(checker->diags, diag, query->body.names.items[j].span, "the first one is here");
                diag_help(checker->diags, diag, "name one of them differently: `… as other_name`");
            }
        struct scope_name group = {.name = name.text, .kind = BIND_VALUE, .expr = value, .span = name.span};
        VEC_PUSH(checker->arena, &query->body.names, group);
    }
}

static bool rows_visit_aggregate(const struct ast_expr *expr, void *context) {
    bool *found = context;
    *found = *found || function_is_aggregate(expr);
    return !*found;
}

/* A check's `select count()` without `group by`: all rows are one group. */
static bool rows_selects_aggregate(const struct row_query *query) {
    bool found = false;
    for (uint32_t i = 0; i < query->clause_count; i++)
        for (uint32_t j = 0; query->clauses[i].kind == CLAUSE_SELECT && j < query->clauses[i].exprs.count;
             j++)
            walk_expr(query->clauses[i].exprs.items[j], rows_visit_aggregate, &found);
    return found;
}

/* False: the name is taken (reported). */
static bool rows_check_alias(struct row_query *query, const struct ast_clause *clause) {
    struct checker *checker = rows_checker(query);
    for (uint32_t i = 0; i < query->rows.names.count; i++) {
        const struct scope_name *other = &query->rows.names.items[i];
        if (!str_eq(other->name, clause->alias.text) || clause->alias.text.len == 0) continue;
        struct diag *diag = diag_report(checker->diags, E_DECLARED_TWICE, clause->alias.span,
                                        "two rows are called `%.*s`", STR_ARG(other->name));
        diag_label(checker->diags, diag, other->span, "the first one is here");
        diag_help(checker->diags, diag, "give one of them another name");
        return false;
    }
    return true;
}

bool rows_check(struct row_query *query) {
    struct checker *checker = rows_checker(query);
    query->rows = (struct scope){.checker = checker, .allow_rows = true, .clause = "from"};
    const struct ast_clause *from = rows_clause(query, CLAUSE_FROM);
    if (from == NULL || !rows_from(query, from)) return false;
    for (uint32_t i = 0; i < query->clause_count; i++) {
        const struct ast_clause *clause = &query->clauses[i];
        bool stage =
            clause->kind == CLAUSE_EACH || clause->kind == CLAUSE_JOIN || clause->kind == CLAUSE_LEFT_JOIN;
        if (!stage) continue;
        if (!decl_check_limit(checker, clause->span, query->stages.count + 1, MAP_MAX_STAGES,
                              "`each` and `join` clauses"))
            break;
        if (!rows_check_alias(query, clause)) continue;
        if (clause->kind == CLAUSE_EACH)
            rows_each(query, clause);
        else
            search_check(query, clause);
    }
    for (uint32_t i = 0; i < query->clause_count; i++) {
        const struct ast_clause *clause = &query->clauses[i];
        if (clause->kind != CLAUSE_LOOKUP && clause->kind != CLAUSE_LEFT_LOOKUP) continue;
        if (rows_check_alias(query, clause)) search_check(query, clause);
    }
    rows_where(query);
    const struct ast_clause *group = rows_clause(query, CLAUSE_GROUP_BY), whole = {0};
    if (group == NULL && rows_selects_aggregate(query)) group = &whole;
    if (group != NULL) rows_group(query, group);
    rows_unique(query);
    if (group == NULL) query->body = scope_inner(&query->rows);
    query->body.clause = "the body";
    return true;
}

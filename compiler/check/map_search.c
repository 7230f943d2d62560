/* lookup and join: the ON condition is taken apart into what the searched rows are found by (their side is
 * the keyed table's key, the other side what is searched for) and conditions on the searched rows alone,
 * which stay out of the keyed table where they do not hold. */
#include "compiler/check/map.h"

#include "compiler/check/decl_walk.h"
#include "compiler/check/expr.h"

struct search {
    struct row_query *query;
    const struct ast_clause *clause;
    struct checked_source *source; /* over a source: with source_table */
    struct checked_table *source_table;
    const struct schema_table *target; /* over the target */
    struct checked_map *map;           /* over another map's rows */
    struct scope build;                /* the searched row alone */
    VEC(struct texpr *) keys, probes, filters;
    uint32_t table;
    struct keyed_columns *columns;
    bool failed;
};

static struct checker *search_checker(struct search *search) {
    return &search->query->compile->checker;
}

static bool search_is_join(const struct search *search) {
    return search->clause->kind == CLAUSE_JOIN || search->clause->kind == CLAUSE_LEFT_JOIN;
}

static bool search_is_left(const struct search *search) {
    return search->clause->kind == CLAUSE_LEFT_JOIN || search->clause->kind == CLAUSE_LEFT_LOOKUP;
}

static const char *search_noun(const struct search *search) {
    return search_is_join(search) ? "join" : "lookup";
}

/* ---------------------------------------------------------------- what is searched */

static bool search_resolve_codes(struct search *search) {
    struct checker *checker = search_checker(search);
    const struct ast_path *path = &search->clause->path;
    for (uint32_t i = 0; i < checker->codes.count; i++) {
        struct checked_codes *codes = checker->codes.items[i];
        if (!str_eq(codes->name, path->parts.items[0].text)) continue;
        codes->used = true;
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_TABLE, path->span,
                                        "`%.*s` is a code table, not rows", STR_ARG(codes->name));
        diag_help(checker->diags, diag, "take its value directly: `%.*s[…]`", STR_ARG(codes->name));
        return true;
    }
    return false;
}

static bool search_resolve_map(struct search *search) {
    struct checker *checker = search_checker(search);
    const struct ast_path *path = &search->clause->path;
    if (path->parts.count != 1 || map_find(search->query->compile, path->parts.items[0].text) == NULL)
        return false;
    if (map_is_ambiguous(search->query->compile, search->query->owner, path)) {
        search->failed = true;
        return true;
    }
    if (map_names_source(checker, path)) return false;
    struct checked_map *map = map_find(search->query->compile, path->parts.items[0].text)->map;
    map->used = true;
    search->map = map;
    if (map == search->query->owner) {
        struct diag *diag = diag_report(checker->diags, E_SELF_REFERENCE, path->span,
                                        "map `%.*s` cannot search its own rows", STR_ARG(map->name));
        diag_help(checker->diags, diag, "find a row of the map itself by its key: `%.*s[…]`",
                  STR_ARG(map->name));
        search->failed = true;
    } else if (map->erroneous || (!map->keyed && map->decl && map->decl->broken)) {
        search->failed = true;
    } else if (!map->keyed || map->target == NULL) {
        struct diag *diag = diag_report(checker->diags, E_KEY_NEEDED, path->span,
                                        "the rows of map `%.*s` are not remembered", STR_ARG(map->name));
        diag_label(checker->diags, diag, map->span, map->target ? "it has no `key`" : "it writes a csv file");
        diag_help(checker->diags, diag, map->target ? "give it a `key`" : "search what it reads instead");
        search->failed = true;
    }
    return true;
}

static bool search_resolve(struct search *search) {
    struct checker *checker = search_checker(search);
    struct compile *compile = search->query->compile;
    const struct ast_path *path = &search->clause->path;
    if (path->parts.count == 0) return false;
    if (!map_names_source(checker, path) && search_resolve_codes(search)) return false;
    if (search_resolve_map(search)) return !search->failed;
    if (checker->target_name.len && str_eq(path->parts.items[0].text, checker->target_name)) {
        search->target = target_find_table(compile, path);
        return search->target != NULL;
    }
    uint32_t errors = checker->diags->error_count;
    search->source_table = source_find_table(compile, path, true, &search->source);
    if (search->source) search->source->used = true;
    if (search->source_table != NULL) return true;
    if (search->source != NULL || checker->diags->error_count > errors) return false;
    struct str *names =
        ARENA_ARRAY(checker->arena, struct str, checker->sources.count + checker->maps.count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < checker->sources.count; i++)
        names[count++] = checker->sources.items[i]->name;
    for (uint32_t i = 0; i < checker->maps.count; i++)
        names[count++] = checker->maps.items[i]->name;
    if (checker->target_name.len) names[count++] = checker->target_name;
    struct diag *diag =
        diag_report(checker->diags, E_UNKNOWN_TABLE, path->parts.items[0].span,
                    "there is no source, target or map `%.*s`", STR_ARG(path->parts.items[0].text));
    decl_suggest(checker, diag, path->parts.items[0], names, count);
    return false;
}

/* ---------------------------------------------------------------- the condition */

enum { NAMES_SEARCHED = 1, NAMES_OTHERS = 2 };

struct named_rows {
    const struct search *search;
    uint32_t names;
};

static bool search_visit_names(const struct ast_expr *expr, void *context) {
    struct named_rows *rows = context;
    if (expr->kind == X_INDEX) {
        /* name[…] is a table or a map, never a row. */
        const struct ast_expr *left = walk_expr_ungroup(expr->left);
        if (left != NULL && left->kind == X_NAME) {
            for (uint32_t i = 0; i < expr->items.count; i++)
                walk_expr(expr->items.items[i], search_visit_names, rows);
            return false;
        }
    }
    if (expr->kind == X_NAME)
        rows->names |=
            str_eq(expr->name.text, rows->search->clause->alias.text) ? NAMES_SEARCHED : NAMES_OTHERS;
    return true;
}

static uint32_t search_names(const struct search *search, const struct ast_expr *expr) {
    struct named_rows rows = {.search = search};
    walk_expr(expr, search_visit_names, &rows);
    return rows.names;
}

static void search_add_pair(struct search *search, const struct ast_expr *searched,
                            const struct ast_expr *other) {
    struct checker *checker = search_checker(search);
    char *what = arena_copy_cstr(checker->arena,
                                 arena_printf(checker->arena, "the `on` of %s `%.*s`", search_noun(search),
                                              STR_ARG(search->clause->alias.text)));
    struct expected any = {.what = what, .allow_null = true};
    struct texpr *key = check_expr(&search->build, searched, &any);
    struct expected like = any;
    /* A literal takes the type of what it is compared with; numbers widen on either side. */
    if (key->type.kind != TYPE_INT) like.type = key->type, like.type.nullable = 1;
    if (key->type.kind == TYPE_NONE) like.type = (struct plan_type){0};
    struct texpr *probe = check_expr(&search->query->rows, other, &like);
    struct plan_type both;
    if (node_failed(key) || node_failed(probe)) {
        search->failed = true;
        return;
    }
    if (!type_unify(key->type, probe->type, &both)) {
        struct diag *diag =
            diag_report(checker->diags, E_JOIN_CONDITION, span_join(searched->span, other->span),
                        "%.*s and %.*s are never equal", STR_ARG(type_to_text(checker, key->type)),
                        STR_ARG(type_to_text(checker, probe->type)));
        struct str convert =
            type_conversion_text(checker->arena, probe->type, key->type, span_text(other->span));
        if (convert.len)
            diag_help(checker->diags, diag, "convert one of them: %.*s", STR_ARG(convert));
        else
            diag_help(checker->diags, diag, "compare values of one type");
        search->failed = true;
        return;
    }
    if (both.kind == TYPE_ROW || both.kind == TYPE_ARRAY || both.kind == TYPE_JSON ||
        both.kind == TYPE_NULL) {
        struct diag *diag =
            diag_report(checker->diags, E_JOIN_CONDITION, searched->span,
                        "rows cannot be found by a value of type %.*s", STR_ARG(type_to_text(checker, both)));
        diag_help(checker->diags, diag, "compare single values");
        search->failed = true;
        return;
    }
    VEC_PUSH(checker->arena, &search->keys,
             node_widen(&search->build, key, type_nullable(both, key->type.nullable)));
    VEC_PUSH(checker->arena, &search->probes,
             node_widen(&search->query->rows, probe, type_nullable(both, probe->type.nullable)));
}

static void search_bad_conjunct(struct search *search, const struct ast_expr *expr, uint32_t names) {
    struct checker *checker = search_checker(search);
    struct str alias = search->clause->alias.text;
    search->failed = true;
    if (!(names & NAMES_SEARCHED)) {
        struct diag *diag = diag_report(checker->diags, E_JOIN_CONDITION, expr->span,
                                        "this says nothing about `%.*s`", STR_ARG(alias));
        diag_help(checker->diags, diag, "a condition on the other rows belongs into `where`");
        return;
    }
    struct diag *diag = diag_report(checker->diags, E_JOIN_CONDITION, expr->span,
                                    "rows of `%.*s` cannot be found by this condition", STR_ARG(alias));
    if (expr->kind == X_BINARY && expr->op == AST_OR)
        diag_help(checker->diags, diag,
                  "`on` is equalities joined by `and`: write a %s for each side of the `or`",
                  search_noun(search));
    else
        diag_help(checker->diags, diag,
                  "`on` needs equalities with `%.*s` on one side only, such as `%.*s.id == x.id`; put the "
                  "rest into `where`",
                  STR_ARG(alias), STR_ARG(alias));
}

static void search_split(struct search *search, const struct ast_expr *expr) {
    expr = walk_expr_ungroup(expr);
    if (expr == NULL || expr->kind == X_ERROR) {
        search->failed = true;
        return;
    }
    if (expr->kind == X_BINARY && expr->op == AST_AND) {
        search_split(search, expr->left);
        search_split(search, expr->right);
        return;
    }
    uint32_t names = search_names(search, expr);
    if (names == NAMES_SEARCHED && search->map == NULL) {
        struct texpr *filter = check_condition(&search->build, expr);
        search->failed = search->failed || node_failed(filter);
        VEC_PUSH(search_checker(search)->arena, &search->filters, filter);
        return;
    }
    if (expr->kind == X_BINARY && expr->op == AST_EQUAL) {
        uint32_t left = search_names(search, expr->left), right = search_names(search, expr->right);
        if (left == NAMES_SEARCHED && !(right & NAMES_SEARCHED)) {
            search_add_pair(search, expr->left, expr->right);
            return;
        }
        if (right == NAMES_SEARCHED && !(left & NAMES_SEARCHED)) {
            search_add_pair(search, expr->right, expr->left);
            return;
        }
    }
    search_bad_conjunct(search, expr, names);
}

/* ---------------------------------------------------------------- keyed tables */

static bool search_same_list(const struct search *search, const struct keyed_work *keyed) {
    if (keyed->keys.count != search->keys.count || keyed->filters.count != search->filters.count)
        return false;
    for (uint32_t i = 0; i < search->keys.count; i++)
        if (!walk_texpr_equal(keyed->keys.items[i], search->keys.items[i])) return false;
    for (uint32_t i = 0; i < search->filters.count; i++)
        if (!walk_texpr_equal(keyed->filters.items[i], search->filters.items[i])) return false;
    return true;
}

/* A target table that maps write is searched as it stood when the map began, so each map has its own. */
static const struct checked_map *search_only_for(const struct search *search) {
    const struct checker *checker = &search->query->compile->checker;
    for (uint32_t i = 0; search->target != NULL && i < checker->maps.count; i++)
        if (checker->maps.items[i]->target == search->target) return search->query->owner;
    return NULL;
}

static struct keyed_work *search_find_shared(const struct search *search) {
    struct compile *compile = search->query->compile;
    const struct checked_map *only_for = search_only_for(search);
    for (uint32_t i = 0; i < compile->keyed.count; i++) {
        struct keyed_work *keyed = compile->keyed.items[i];
        bool same_rows = search->target
                             ? keyed->is_target && keyed->columns->target_table == search->target
                             : !keyed->is_target && keyed->columns->source_table == search->source_table;
        if (same_rows && keyed->many == search_is_join(search) && keyed->only_for == only_for &&
            search_same_list(search, keyed))
            return keyed;
    }
    return NULL;
}

static void search_use_table(struct search *search) {
    struct compile *compile = search->query->compile;
    struct checker *checker = &compile->checker;
    struct keyed_work *keyed = search_find_shared(search);
    if (keyed == NULL) {
        keyed = ARENA_NEW(checker->arena, struct keyed_work);
        keyed->table = checker->builder->tables.count;
        keyed->is_target = search->target != NULL;
        keyed->many = search_is_join(search);
        keyed->only_for = search_only_for(search);
        keyed->columns = ARENA_NEW(checker->arena, struct keyed_columns);
        *keyed->columns = (struct keyed_columns){.table = keyed->table,
                                                 .source_table = search->source_table,
                                                 .target_table = search->target,
                                                 .span = search->clause->span};
        for (uint32_t i = 0; i < search->keys.count; i++)
            VEC_PUSH(checker->arena, &keyed->keys, search->keys.items[i]);
        for (uint32_t i = 0; i < search->filters.count; i++)
            VEC_PUSH(checker->arena, &keyed->filters, search->filters.items[i]);
        if (search->target) {
            keyed->plan_source = target_use_table(compile, search->target);
        } else {
            keyed->plan_source = search->source->index;
            keyed->plan_table = search->source_table->index;
        }
        struct plan_keyed_table table = {.kind = search->target ? KEYED_TARGET : KEYED_SOURCE,
                                         .source = keyed->plan_source,
                                         .table = keyed->plan_table,
                                         .many = keyed->many,
                                         .span = plan_builder_span(checker->builder, search->clause->span)};
        table.name = search->target ? target_table_name(checker, search->target)
                     : search->source_table->name.len
                         ? arena_printf(checker->arena, "%.*s.%.*s", STR_ARG(search->source->name),
                                        STR_ARG(search->source_table->name))
                         : search->source->name;
        VEC_PUSH(checker->arena, &checker->builder->tables, table);
        VEC_PUSH(checker->arena, &compile->keyed, keyed);
    }
    search->table = keyed->table;
    search->columns = keyed->columns;
}

/* ---------------------------------------------------------------- a map's rows */

/* What a bare name in the body stands for, if that is a `let`. */
static const struct ast_expr *search_map_let(const struct map_work *work, const struct ast_expr *value) {
    value = walk_expr_ungroup(value);
    for (uint32_t i = 0; value && value->kind == X_NAME && i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        if (item->kind == ITEM_LET && str_eq(item->name.text, value->name.text)) return item->expr;
    }
    return value;
}

/* The key part that this column of the map holds: the column's expression is the key's, written alike. */
static int search_map_key_part(const struct map_work *work, struct str column) {
    const struct ast_clause *key = map_clause(work->ast, CLAUSE_KEY);
    for (uint32_t i = 0; i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        if (item->kind != ITEM_ASSIGN || !str_eq(item->name.text, column)) continue;
        const struct ast_expr *value =
            item->expr && item->expr->kind == X_HANDLED ? item->expr->left : item->expr;
        value = search_map_let(work, value);
        for (uint32_t k = 0; key && k < key->exprs.count; k++)
            if (walk_expr_equal(value, key->exprs.items[k])) return (int)k;
    }
    return -1;
}

static void search_map_help(struct search *search, const struct map_work *work, struct diag *diag) {
    struct checker *checker = search_checker(search);
    for (uint32_t i = 0; i < work->ast->items.count; i++) {
        const struct ast_item *item = &work->ast->items.items[i];
        if (item->kind == ITEM_ASSIGN && search_map_key_part(work, item->name.text) >= 0)
            diag_label(checker->diags, diag, item->name.span, "`%.*s` holds its key",
                       STR_ARG(item->name.text));
    }
    diag_help(checker->diags, diag,
              "compare each part of the key once, or search the table itself: `%s %.*s in %.*s on …`",
              search_noun(search), STR_ARG(search->clause->alias.text),
              STR_ARG(target_table_name(checker, work->map->target)));
}

static bool search_map_add(struct search *search, const struct map_work *work,
                           const struct ast_expr *searched, const struct ast_expr *other) {
    struct checker *checker = search_checker(search);
    searched = walk_expr_ungroup(searched);
    int part = searched->kind == X_MEMBER && walk_expr_ungroup(searched->left)->kind == X_NAME
                   ? search_map_key_part(work, searched->name.text)
                   : -1;
    if (part < 0 || (uint32_t)part >= search->map->keys.count || search->probes.items[part] != NULL) {
        struct diag *diag =
            diag_report(checker->diags, E_JOIN_CONDITION, searched->span,
                        "rows of map `%.*s` are found by its key only", STR_ARG(search->map->name));
        search_map_help(search, work, diag);
        return false;
    }
    struct expected expected = {
        .type = type_nullable(search->map->keys.items[part], true), .what = "the key", .allow_null = true};
    search->probes.items[part] = check_expr(&search->query->rows, other, &expected);
    return !node_failed(search->probes.items[part]);
}

static bool search_map_split(struct search *search, const struct map_work *work,
                             const struct ast_expr *expr) {
    expr = walk_expr_ungroup(expr);
    if (expr == NULL || expr->kind == X_ERROR) return false;
    if (expr->kind == X_BINARY && expr->op == AST_AND) {
        bool left = search_map_split(search, work, expr->left);
        return search_map_split(search, work, expr->right) && left;
    }
    if (expr->kind == X_BINARY && expr->op == AST_EQUAL) {
        uint32_t left = search_names(search, expr->left), right = search_names(search, expr->right);
        if (left == NAMES_SEARCHED && !(right & NAMES_SEARCHED))
            return search_map_add(search, work, expr->left, expr->right);
        if (right == NAMES_SEARCHED && !(left & NAMES_SEARCHED))
            return search_map_add(search, work, expr->right, expr->left);
    }
    search_bad_conjunct(search, expr, search_names(search, expr));
    return false;
}

static void search_condition_of_map(struct search *search) {
    struct checker *checker = search_checker(search);
    const struct map_work *work = map_find(search->query->compile, search->map->name);
    for (uint32_t i = 0; i < search->map->keys.count; i++)
        VEC_PUSH(checker->arena, &search->probes, NULL);
    if (!search_map_split(search, work, search->clause->expr)) {
        search->failed = true;
        return;
    }
    for (uint32_t i = 0; i < search->probes.count; i++) {
        if (search->probes.items[i] != NULL) continue;
        struct diag *diag = diag_report(checker->diags, E_JOIN_CONDITION, search->clause->expr->span,
                                        "the condition compares %u of the %u parts of the key of map `%.*s`",
                                        i, search->probes.count, STR_ARG(search->map->name));
        search_map_help(search, work, diag);
        search->failed = true;
        return;
    }
    search->table = checker_map_table(checker, search->map);
}

/* ---------------------------------------------------------------- what the rest of the map sees */

static struct texpr *search_null_row(struct search *search, struct plan_type row) {
    row.nullable = 1;
    return node_null(&search->query->rows, row, search->clause->span);
}

/* FIND for a lookup. A null searches for nothing and so finds nothing: missing, where an index would be null.
 */
static struct texpr *search_find(struct search *search) {
    struct scope *scope = &search->query->rows;
    struct plan_type row = {.kind = TYPE_ROW, .ref = search->table};
    struct span at = search->clause->expr->span;
    struct texpr *find = node_new(scope, TX_FIND, row, at);
    struct texpr *any_null = NULL;
    find->index = search->table;
    for (uint32_t i = 0; i < search->probes.count; i++) {
        struct texpr *probe = search->probes.items[i];
        if (probe->type.nullable) {
            probe = node_share(scope, probe);
            struct texpr *is_null = node_is_null(scope, probe, false, at);
            any_null = any_null ? node_logic(scope, TX_OR, any_null, is_null, at) : is_null;
        }
        node_push(scope, find, probe);
    }
    find->can_miss = true;
    find->can_skip = search->map != NULL;
    find->varies = true;
    if (any_null == NULL) return find;
    find->type.nullable = 1;
    struct texpr *missing = node_new(scope, TX_RAISE, row, at);
    missing->index = FAULT_MISSING_ROW;
    missing->can_miss = true;
    missing->varies = true;
    struct texpr *found = node_copy(scope, find);
    found->type.nullable = 0; /* the other branch took the nulls */
    return node_if(scope, any_null, missing, found, at);
}

static bool search_says(const struct ast_handlers *handlers, enum ast_event event) {
    for (uint32_t i = 0; i < handlers->list.count; i++)
        if (handlers->list.items[i].event == event) return true;
    return false;
}

static struct texpr *search_handle(struct search *search, struct texpr *find) {
    struct scope *scope = &search->query->rows;
    struct checker *checker = search_checker(search);
    const struct ast_handlers *handlers = &search->clause->handlers;
    struct plan_type row = {.kind = TYPE_ROW, .ref = search->table, .nullable = 1};
    struct texpr *handled = find;
    if (search_is_left(search)) {
        if (search_says(handlers, EVENT_MISSING)) {
            struct diag *diag = diag_report(checker->diags, E_CLAUSE_ACTION, handlers->list.items[0].span,
                                            "a `left lookup` takes no `on missing`");
            diag_help(checker->diags, diag,
                      "it keeps rows without a match, with nulls: write `lookup` to treat them otherwise");
        }
        handled = node_copy(scope, find);
        handled->kind = TX_HANDLED;
        memset(&handled->args, 0, sizeof handled->args);
        handled->can_fail = false;
        node_push(scope, handled, find);
        handled->type = row;
        handled->can_miss = search->map == NULL; /* duplicates stay */
        handled->can_skip = false;
        static const enum thandler_event EMPTY_EVENTS[] = {HANDLE_MISSING, HANDLE_SKIPPED};
        for (uint32_t i = 0; i < (search->map ? 2 : 1); i++) {
            struct thandler handler = {.event = EMPTY_EVENTS[i],
                                       .action = TACT_USE,
                                       .use = search_null_row(search, row),
                                       .span = search->clause->span};
            VEC_PUSH(checker->arena, &handled->handlers, handler);
        }
    }
    if (handlers->list.count == 0 || (search_is_left(search) && search_says(handlers, EVENT_MISSING)))
        return handled;
    struct expected expected = {.type = row, .what = "the row that is looked up", .allow_null = true};
    return check_handlers(scope, handled, handlers, &expected);
}

static void search_name_row(struct search *search, struct texpr *row) {
    struct checker *checker = search_checker(search);
    struct scope_name name = {.name = search->clause->alias.text,
                              .kind = BIND_KEYED_ROW,
                              .expr = row,
                              .keyed = search->columns,
                              .target = search->target,
                              .map = search->map,
                              .table = search->source_table,
                              .source = search->source,
                              .span = search->clause->alias.span};
    if (row->type.kind == TYPE_NONE) name.kind = BIND_VALUE;
    VEC_PUSH(checker->arena, &search->query->rows.names, name);
}

static void search_add_join(struct search *search) {
    struct checker *checker = search_checker(search);
    struct row_query *query = search->query;
    struct row_stage stage = {.kind = search_is_left(search) ? STAGE_LEFT_JOIN : STAGE_JOIN,
                              .alias = search->clause->alias.text,
                              .table = search->table,
                              .multiplies = search->map == NULL,
                              .span = search->clause->span};
    for (uint32_t i = 0; i < search->probes.count; i++)
        VEC_PUSH(checker->arena, &stage.keys, search->probes.items[i]);
    struct plan_type type = {.kind = TYPE_ROW, .ref = search->table, .nullable = search_is_left(search)};
    struct texpr *row = node_new(&query->rows, TX_INPUT, type, search->clause->alias.span);
    row->slot_kind = SLOT_JOIN;
    row->index = query->stages.count;
    row->varies = true;
    VEC_PUSH(checker->arena, &query->stages, stage);
    for (uint32_t i = 0; i < search->clause->handlers.list.count; i++) {
        struct diag *diag =
            diag_report(checker->diags, E_CLAUSE_ACTION, search->clause->handlers.list.items[i].span,
                        "a join takes no handlers");
        diag_help(checker->diags, diag,
                  "a row without a match is left out and counted; `left join` keeps it, with nulls");
    }
    search_name_row(search, row);
}

static void search_add_lookup(struct search *search) {
    struct checker *checker = search_checker(search);
    struct tbinding *binding = ARENA_NEW(checker->arena, struct tbinding);
    binding->name = search->clause->alias.text;
    binding->reported = true;
    binding->expr = search_handle(search, search_find(search));
    VEC_PUSH(checker->arena, &search->query->lookups, binding);
    if (binding->expr->type.kind == TYPE_NONE)
        search_name_row(search, binding->expr);
    else
        search_name_row(search, node_bound(&search->query->rows, binding, search->clause->alias.span));
}

/* Rows of a table that are found by one of its keys are one at most. */
static bool search_finds_one(const struct search *search) {
    if (search->map != NULL) return true;
    if (search->target == NULL) return false;
    uint32_t *columns = ARENA_ARRAY(search->query->compile->checker.arena, uint32_t, search->keys.count);
    for (uint32_t i = 0; i < search->keys.count; i++) {
        if (search->keys.items[i]->kind != TX_CELL) return false;
        columns[i] = search->keys.items[i]->cell.column;
    }
    return schema_is_unique(search->target, columns, search->keys.count);
}

void search_check(struct row_query *query, const struct ast_clause *clause) {
    struct checker *checker = &query->compile->checker;
    struct search *search = ARENA_NEW(checker->arena, struct search);
    *search = (struct search){.query = query, .clause = clause};
    query->rows.clause = search_noun(search);
    bool resolved = search_resolve(search) && clause->expr != NULL;
    if (resolved && search->map != NULL) {
        search_condition_of_map(search);
    } else if (resolved) {
        search->build = (struct scope){
            .checker = checker, .in_build = true, .allow_rows = true, .clause = search_noun(search)};
        struct scope_name row = {.name = clause->alias.text, .span = clause->alias.span};
        row.kind = search->target ? BIND_KEYED_ROW : BIND_SOURCE_ROW;
        row.target = search->target;
        row.source = search->source;
        row.table = search->source_table;
        VEC_PUSH(checker->arena, &search->build.names, row);
        search_split(search, clause->expr);
        if (!search->failed && search->keys.count == 0) {
            struct diag *diag =
                diag_report(checker->diags, E_JOIN_CONDITION, clause->expr->span,
                            "nothing ties `%.*s` to the row that searches", STR_ARG(clause->alias.text));
            diag_help(checker->diags, diag,
                      "add an equality with another row's column, such as `%.*s.id == x.id`",
                      STR_ARG(clause->alias.text));
            search->failed = true;
        }
        if (!search->failed) search_use_table(search);
    }
    if (!resolved || search->failed) {
        search_name_row(search, node_error(&query->rows, clause->alias.span));
        if (search_is_join(search)) {
            struct row_stage stage = {
                .kind = STAGE_JOIN, .alias = clause->alias.text, .multiplies = false, .span = clause->span};
            VEC_PUSH(checker->arena, &query->stages, stage);
        }
        return;
    }
    if (!search_is_join(search)) {
        search_add_lookup(search);
        return;
    }
    search_add_join(search);
    if (search_finds_one(search)) query->stages.items[query->stages.count - 1].multiplies = false;
}

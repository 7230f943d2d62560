/* codes_name[key] and map_name[key]: a search in a keyed table. What is not found there is missing, or
 * skipped where a map has left the row out. */
#include "compiler/check/expr.h"

#include "compiler/check/recorder.h"

/* The keys, converted to the types of the table's key. False when reported. */
static bool index_push_keys(struct scope *scope, const struct ast_expr *expr, struct texpr *find,
                            struct str name, const struct plan_type *types, uint32_t count) {
    struct checker *checker = scope->checker;
    if (expr->items.count != count) {
        struct diag *diag =
            diag_report(checker->diags, E_KEY_TYPES, expr->span, "the key of `%.*s` has %u part%s, not %u",
                        STR_ARG(name), count, count == 1 ? "" : "s", expr->items.count);
        diag_help(checker->diags, diag, count == 1 ? "write `%.*s[key]`" : "write all parts: `%.*s[a, b]`",
                  STR_ARG(name));
        return false;
    }
    bool good = true;
    for (uint32_t i = 0; i < count; i++) {
        struct plan_type wanted = type_nullable(types[i], true);
        struct texpr *key = expr_infer(scope, expr->items.items[i], wanted);
        if (node_failed(key) || wanted.kind == TYPE_NONE) {
            good = false;
        } else if (!type_widens(key->type, wanted)) {
            struct str found = type_to_text(checker, key->type);
            struct str needed = type_to_text(checker, types[i]);
            struct diag *diag =
                diag_report(checker->diags, E_KEY_TYPES, key->span, "the key of `%.*s` is %.*s, not %.*s",
                            STR_ARG(name), STR_ARG(needed), STR_ARG(found));
            struct str spelling =
                type_conversion_text(checker->arena, key->type, wanted, span_text(key->span));
            if (spelling.len > 0) {
                diag_help(checker->diags, diag, "convert it: %.*s", STR_ARG(spelling));
            } else {
                diag_help(checker->diags, diag, "index it by the same expression as its `key`");
            }
            good = false;
        } else {
            node_push(scope, find, node_widen(scope, key, wanted));
            find->type.nullable |= key->type.nullable;
        }
    }
    return good;
}

/* ---------------------------------------------------------------- codes */

/* A constant that no line of the table has can never be found. */
static bool index_check_code(struct scope *scope, const struct checked_codes *codes,
                             const struct texpr *key) {
    if (codes->single_keys.count == 0 || codes->incomplete || !node_is_text_const(key)) return true;
    struct name_list names = {0};
    for (uint32_t i = 0; i < codes->single_keys.count; i++) {
        struct str known = codes->single_keys.items[i].as_text;
        if (str_eq(known, key->value.as_text)) return true;
        name_list_add(scope, &names, known);
    }
    struct diag_list *diags = scope->checker->diags;
    struct diag *diag = diag_report(diags, E_UNKNOWN_CODE, key->span, "`%.*s` has no key '%.*s'",
                                    STR_ARG(codes->name), STR_ARG(key->value.as_text));
    if (codes->span.source != NULL) diag_label(diags, diag, codes->span, "declared here");
    struct str best = diag_closest_name(key->value.as_text, names.names.items, names.names.count);
    if (best.len > 0) {
        diag_help(diags, diag, "did you mean '%.*s'?", STR_ARG(best));
        if (memchr(best.ptr, '\'', best.len) == NULL)
            diag_fix(diags, diag, key->span, arena_printf(scope->checker->arena, "'%.*s'", STR_ARG(best)));
    } else {
        diag_help(diags, diag, "add a line for it to `codes %.*s`, or correct the constant",
                  STR_ARG(codes->name));
    }
    return false;
}

static struct texpr *index_codes(struct scope *scope, const struct ast_expr *expr,
                                 struct checked_codes *codes) {
    codes->used = true;
    record_use(scope->checker, ast_strip(expr->left)->span, codes->span);
    struct plan_type row = {.kind = TYPE_ROW, .ref = codes->table};
    struct texpr *find = node_new(scope, TX_FIND, row, expr->span);
    find->index = codes->table;
    if (!index_push_keys(scope, expr, find, codes->name, codes->keys.items, codes->keys.count) ||
        codes->value.kind == TYPE_NONE || node_failed(find))
        return node_error(scope, expr->span);
    if (find->args.count == 1 && !index_check_code(scope, codes, find->args.items[0]))
        return node_error(scope, expr->span);
    find->can_miss = true;
    find->varies = true;
    struct plan_type value = codes->value;
    value.nullable |= find->type.nullable;
    struct texpr *fetch = node_new(scope, TX_FETCH, value, expr->span);
    node_push(scope, fetch, find);
    if (codes->handlers == NULL || codes->handlers->list.count == 0) return fetch;
    struct scope top = scope_inner(scope);
    struct expected expected = {.type = type_nullable(codes->value, true), .allow_null = true};
    return check_handlers(&top, fetch, codes->handlers, &expected);
}

/* ---------------------------------------------------------------- maps */

static void index_mark_reference(struct checker *checker, struct checked_map *map) {
    map->used = true;
    for (uint32_t i = 0; i < checker->references.count; i++)
        if (checker->references.items[i] == map) return;
    VEC_PUSH(checker->arena, &checker->references, map);
}

static struct texpr *index_map(struct scope *scope, const struct ast_expr *expr, struct checked_map *map) {
    struct checker *checker = scope->checker;
    map->used = true;
    record_use(checker, ast_strip(expr->left)->span, map->span);
    if (map->erroneous || (!map->keyed && map->decl && map->decl->broken))
        return node_error(scope, expr->span);
    if (!map->keyed || map->target == NULL) {
        struct diag *diag = diag_report(checker->diags, E_NAME_PLACE, expr->span,
                                        map->keyed ? "map `%.*s` writes no table, so it has no crosswalk"
                                                   : "map `%.*s` has no `key`, so its rows cannot be found",
                                        STR_ARG(map->name));
        if (map->span.source != NULL) diag_label(checker->diags, diag, map->span, "declared here");
        diag_help(checker->diags, diag,
                  map->keyed ? "read the rows from where they came instead"
                             : "give `%.*s` a clause such as `key x.code`",
                  STR_ARG(map->name));
        return node_error(scope, expr->span);
    }
    if (!scope->allow_rows) {
        struct diag *diag = diag_report(
            checker->diags, E_NAME_PLACE, expr->span,
            "map `%.*s` cannot be searched here: only rows on their way see other maps", STR_ARG(map->name));
        diag_help(checker->diags, diag,
                  "search it in the map's body, and hand the result to the function as an argument");
        return node_error(scope, expr->span);
    }
    index_mark_reference(checker, map);
    struct plan_type row = {.kind = TYPE_ROW, .ref = checker_map_table(checker, map)};
    struct texpr *find = node_new(scope, TX_FIND, row, expr->span);
    find->index = row.ref;
    if (!index_push_keys(scope, expr, find, map->name, map->keys.items, map->keys.count) || node_failed(find))
        return node_error(scope, expr->span);
    find->can_miss = true;
    find->can_skip = true;
    find->varies = true;
    return find;
}

struct texpr *expr_index(struct scope *scope, const struct ast_expr *expr) {
    const struct ast_expr *left = ast_strip(expr->left);
    if (left->kind != X_NAME) return expr_value_index(scope, expr);
    struct checked_codes *codes = scope_find_codes(scope, left->name.text);
    if (codes != NULL) return index_codes(scope, expr, codes);
    struct checked_map *map = scope_find_map(scope, left->name.text);
    if (map != NULL) return index_map(scope, expr, map);
    if (scope_find(scope, left->name.text) != NULL) return expr_value_index(scope, expr);

    struct checker *checker = scope->checker;
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_NAME, left->span,
                                    "there is no code table or map `%.*s`", STR_ARG(left->name.text));
    struct name_list names = {0};
    for (uint32_t i = 0; i < checker->codes.count; i++)
        name_list_add(scope, &names, checker->codes.items[i]->name);
    for (uint32_t i = 0; i < checker->maps.count; i++)
        name_list_add(scope, &names, checker->maps.items[i]->name);
    if (!diag_suggest(scope, diag, left->span, left->name.text, &names))
        diag_help(checker->diags, diag,
                  "`name[key]` searches a table declared by `codes name : text -> …` or a `map name`");
    return node_error(scope, expr->span);
}

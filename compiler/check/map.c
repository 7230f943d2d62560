/* Maps: from their trees to typed lines, in the order of running. */
#include "compiler/check/map.h"

bool map_is_ambiguous(struct compile *compile, const struct checked_map *owner, const struct ast_path *path) {
    struct checker *checker = &compile->checker;
    if (path->parts.count != 1 || owner == NULL || str_eq(owner->name, path->parts.items[0].text))
        return false;
    for (uint32_t i = 0; i < checker->sources.count; i++) {
        if (!str_eq(checker->sources.items[i]->name, path->parts.items[0].text)) continue;
        struct map_work *work = map_find(compile, path->parts.items[0].text);
        if (work == NULL) return false;
        struct diag *diag =
            diag_report(checker->diags, E_NAME_PLACE, path->span,
                        "`%.*s` is a source and a map: which rows are meant?", STR_ARG(work->map->name));
        diag_label(checker->diags, diag, checker->sources.items[i]->span, "the source");
        diag_label(checker->diags, diag, work->map->span, "the map");
        diag_help(checker->diags, diag, "give one of the two another name");
        checker->sources.items[i]->used = true;
        return true;
    }
    return false;
}

bool map_names_source(const struct checker *checker, const struct ast_path *path) {
    for (uint32_t i = 0; i < checker->sources.count; i++)
        if (path->parts.count > 0 && str_eq(checker->sources.items[i]->name, path->parts.items[0].text))
            return true;
    return false;
}

struct map_work *map_find(struct compile *compile, struct str name) {
    for (uint32_t i = 0; i < compile->maps.count; i++)
        if (str_eq(compile->maps.items[i]->map->name, name)) return compile->maps.items[i];
    return NULL;
}

const uint32_t *map_depends(const struct compile *compile, uint32_t map, uint32_t *count) {
    *count = compile->maps.items[map]->plan.depends_count;
    return compile->maps.items[map]->plan.depends;
}

/* ---------------------------------------------------------------- crosswalks */

uint32_t checker_map_table(struct checker *checker, struct checked_map *map) {
    if (map->table >= 0) return (uint32_t)map->table;
    map->table = (int32_t)checker->builder->tables.count;
    /* Its keys and columns are filled in when all maps are checked. */
    struct plan_keyed_table table = {.name = map->name,
                                     .kind = KEYED_MAP,
                                     .source = map->index,
                                     .span = plan_builder_span(checker->builder, map->span)};
    VEC_PUSH(checker->arena, &checker->builder->tables, table);
    return (uint32_t)map->table;
}

int checker_map_column(struct checker *checker, struct checked_map *map, struct str column) {
    int found = map->target ? schema_find_column(map->target, column) : -1;
    if (found < 0) return -1;
    checker_map_table(checker, map);
    for (uint32_t i = 0; i < map->columns.count; i++)
        if (map->columns.items[i].target_column == (uint32_t)found) return (int)map->columns.items[i].column;
    const struct schema_column *target = &map->target->columns.items[found];
    struct checked_map_column added = {.target_column = (uint32_t)found,
                                       .name = target->name,
                                       .column = map->columns.count,
                                       .type =
                                           checker_type_of_column(checker, &target->type, !target->not_null)};
    VEC_PUSH(checker->arena, &map->columns, added);
    return (int)added.column;
}

/* ---------------------------------------------------------------- checking */

static struct map_work *map_declare(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    struct checked_map *map = ARENA_NEW(checker->arena, struct checked_map);
    *map = (struct checked_map){.name = decl->map.name.text,
                                .ast = &decl->map,
                                .decl = decl,
                                .table = -1,
                                .span = decl->map.name.span};
    map->keyed = map_clause(&decl->map, CLAUSE_KEY) != NULL;
    VEC_PUSH(checker->arena, &checker->maps, map);
    struct map_work *work = ARENA_NEW(checker->arena, struct map_work);
    *work = (struct map_work){
        .compile = compile, .map = map, .ast = &decl->map, .decl = decl, .broken = decl->broken};
    work->plan.name = map->name;
    work->plan.doc = decl->doc;
    work->plan.span = plan_builder_span(checker->builder, decl->span);
    work->plan.on_conflict = decl_action(checker, DO_REJECT, (struct str){0}, map->span);
    work->query = (struct row_query){.compile = compile,
                                     .clauses = decl->map.clauses.items,
                                     .clause_count = decl->map.clauses.count,
                                     .span = map->span,
                                     .owner = map};
    return work;
}

static void map_check(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    checker->current_map = work->map;
    checker->references.count = 0;
    if (map_clause(work->ast, CLAUSE_FROM) == NULL && !work->broken) {
        struct diag *diag = diag_report(checker->diags, E_MAP_SHAPE, work->map->span,
                                        "map `%.*s` has no rows to work on", STR_ARG(work->map->name));
        diag_help(checker->diags, diag, "add `from x in some_source`");
    }
    if (map_self_in_clauses(work)) work->map->erroneous = true;
    if (!rows_check(&work->query)) {
        /* Without its rows every name in the map would be unknown. */
        work->map->erroneous = true;
        checker->current_map = NULL;
        return;
    }
    map_check_row_clauses(work);
    map_check_body(work);
    if (work->map->target == NULL && !work->broken)
        target_check_csv_pii(work->compile, work->map, work->csv_columns.items, work->csv_columns.count);
    map_check_conflict(work);
    map_check_rollback(work);
    map_check_repeated_keys(work);
    struct texpr **parents = ARENA_ARRAY(checker->arena, struct texpr *, work->map->keys.count);
    if (map_self_keys(work, parents)) work->parents = parents;
    checker->current_map = NULL;
}

void map_declare_all(struct compile *compile) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (decl->kind != DECL_MAP || decl->map.name.text.len == 0) continue;
        if (!decl_check_limit(checker, decl->map.name.span, compile->declared.count + 1, DECL_MAX_MAPS,
                              "maps"))
            break;
        VEC_PUSH(checker->arena, &compile->declared, map_declare(compile, decl));
    }
}

void map_check_all(struct compile *compile) {
    for (uint32_t i = 0; i < compile->declared.count; i++) {
        struct map_work *work = compile->declared.items[i];
        map_check_clause_count(compile, work->ast->clauses.items, work->ast->clauses.count);
        map_check_target_clauses(work);
    }
    target_check_pii(compile);
    map_order_all(compile, compile->declared.items, compile->declared.count);
    for (uint32_t i = 0; i < compile->maps.count; i++)
        map_check(compile->maps.items[i]);
    map_take_parts(compile);
}

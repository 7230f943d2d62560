/* Keys that a fan-out repeats: a row that each or join makes into several, and a key that takes its value
 * from the one row alone. */
#include "compiler/check/map.h"

#include "compiler/check/decl_walk.h"

static uint64_t keys_multiplying(const struct row_query *query) {
    uint64_t rows = 0;
    for (uint32_t i = 0; i < query->stages.count; i++)
        if (query->stages.items[i].multiplies) rows |= (uint64_t)2 << i;
    return rows;
}

/* The rows a value is made from: `m`, `m` and `l`; "constants" where there are none. */
static struct str keys_row_names(struct checker *checker, const struct row_query *query, uint64_t rows) {
    struct str names[MAP_MAX_STAGES + 1];
    uint32_t count = 0;
    if (rows & 1) names[count++] = query->from_alias;
    for (uint32_t i = 0; i < query->stages.count; i++)
        if (rows & ((uint64_t)2 << i)) names[count++] = query->stages.items[i].alias;
    if (count == 0) return STR("constants");
    return decl_list_names(checker, names, count);
}

/* One fan-out is one mistake, however many keys repeat by it: later ones are labels of the first. */
static void keys_report(struct map_work *work, struct diag **first, struct span at, struct str what,
                        bool several, uint64_t from, uint64_t missing, const char *consequence) {
    struct checker *checker = &work->compile->checker;
    const struct row_query *query = &work->query;
    uint32_t stage = 0;
    while (!(missing & ((uint64_t)2 << stage)))
        stage++;
    const struct row_stage *fan = &query->stages.items[stage];
    if (*first != NULL) {
        diag_label(checker->diags, *first, at, "%s will repeat, too", consequence);
        return;
    }
    struct str rows = keys_row_names(checker, query, from);
    *first = diag_report(checker->diags, E_KEY_REPEATS, at,
                         "%.*s %s from %.*s alone, but each `%.*s` yields a row per `%.*s`: %s will repeat",
                         STR_ARG(what), several ? "take their values" : "takes its value", STR_ARG(rows),
                         STR_ARG(query->from_alias), STR_ARG(fan->alias), consequence);
    diag_label(checker->diags, *first, fan->span, "the rows multiply here");
    diag_help(checker->diags, *first,
              "take something of `%.*s` into it, such as `uuid5('%.*s', …, %.*s%s)`, or keep one row by "
              "`unique by`",
              STR_ARG(fan->alias), STR_ARG(work->map->name), STR_ARG(fan->alias),
              fan->kind == STAGE_EACH ? "" : ".id");
}

static bool keys_is_skipped_conflict(const struct map_work *work, const struct schema_key *key) {
    if (work->plan.conflict != CONFLICT_SKIP || work->plan.conflict_columns_count != key->columns.count)
        return false;
    for (uint32_t i = 0; i < key->columns.count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < key->columns.count; j++)
            found = found || work->plan.conflict_columns[j] == key->columns.items[i];
        if (!found) return false;
    }
    return true;
}

static void keys_check_target(struct map_work *work, struct diag **first, const struct schema_key *key,
                              uint64_t multiplying) {
    struct checker *checker = &work->compile->checker;
    const struct schema_table *table = work->map->target;
    struct str names[32];
    uint32_t count = 0;
    uint64_t rows = 0;
    struct span at = {0};
    if (key->partial || key->columns.count == 0 || keys_is_skipped_conflict(work, key)) return;
    for (uint32_t i = 0; i < key->columns.count; i++) {
        const struct map_line *line = work->assigned[key->columns.items[i]];
        if (line == NULL || line->binding->expr->type.kind == TYPE_NONE) return; /* the database fills it */
        rows |= walk_texpr_rows(checker->arena, line->binding->expr);
        if (count < 32) names[count++] = table->columns.items[key->columns.items[i]].name;
        if (at.source == NULL) at = line->span;
    }
    uint64_t missing = multiplying & ~rows;
    if (missing)
        keys_report(work, first, at, decl_list_names(checker, names, count), count > 1, rows, missing,
                    key->primary ? "the primary key" : "a unique key");
}

void map_check_repeated_keys(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    uint64_t multiplying = keys_multiplying(&work->query);
    struct diag *first = NULL;
    if (multiplying == 0 || work->query.grouped || work->query.unique != UNIQUE_NONE) return;
    for (uint32_t i = 0; work->map->target && i < work->map->target->keys.count; i++)
        keys_check_target(work, &first, &work->map->target->keys.items[i], multiplying);
    const struct ast_clause *clause = map_clause(work->ast, CLAUSE_KEY);
    if (clause == NULL || work->query.has_on_duplicate) return;
    uint64_t rows = 0;
    for (uint32_t i = 0; i < work->keys.count; i++) {
        if (work->keys.items[i]->type.kind == TYPE_NONE) return;
        rows |= walk_texpr_rows(checker->arena, work->keys.items[i]);
    }
    uint64_t missing = multiplying & ~rows;
    if (missing)
        keys_report(work, &first, clause->span, STR("the key"), false, rows, missing, "the map's key");
}

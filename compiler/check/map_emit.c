/* From checked maps to programs and plan structs. Runs only when nothing was wrong. */
#include "compiler/check/map.h"

#include "compiler/check/decl_walk.h"

/* ---------------------------------------------------------------- rows */

static void emit_list(struct emitter *emitter, enum plan_output_role role, struct texpr *const *list,
                      uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        emit_output_value(emitter, role, i, list[i]);
}

static void emit_stages(struct row_query *query, struct plan_map *plan) {
    struct checker *checker = &query->compile->checker;
    plan->stages = ARENA_ARRAY(checker->arena, struct plan_stage, query->stages.count);
    plan->stages_count = query->stages.count;
    for (uint32_t i = 0; i < query->stages.count; i++) {
        const struct row_stage *stage = &query->stages.items[i];
        struct emitter *emitter = emitter_new(checker->builder);
        if (stage->kind == STAGE_EACH)
            emit_output_value(emitter, OUT_VALUE, 0, stage->array);
        else
            emit_list(emitter, OUT_KEY, stage->keys.items, stage->keys.count);
        plan->stages[i] = (struct plan_stage){.kind = (uint8_t)stage->kind,
                                              .table = stage->table,
                                              .program = emitter_finish(emitter),
                                              .span = plan_builder_span(checker->builder, stage->span)};
    }
}

static void emit_aggregates(struct row_query *query, struct plan_map *plan, struct emitter *emitter) {
    struct checker *checker = &query->compile->checker;
    plan->aggregates = ARENA_ARRAY(checker->arena, struct plan_aggregate, query->aggregates.calls.count);
    plan->aggregates_count = query->aggregates.calls.count;
    for (uint32_t i = 0; i < query->aggregates.calls.count; i++) {
        const struct aggregate_call *call = &query->aggregates.calls.items[i];
        plan->aggregates[i] = (struct plan_aggregate){.kind = (uint8_t)call->kind,
                                                      .type = call->type,
                                                      .has_argument = call->argument != NULL,
                                                      .separator = call->separator};
        if (call->argument != NULL) emit_output_value(emitter, OUT_AGGREGATE, i, call->argument);
    }
}

struct row_extras {
    struct texpr *const *keys; /* of the map; not grouped */
    uint32_t key_count;
    struct texpr *partition;
    struct texpr *const *parents;
    uint32_t parent_count;
};

/* In the program whose rows they judge: of the groups, where there are some. */
static void emit_unique(const struct row_query *query, struct emitter *emitter) {
    emit_list(emitter, OUT_UNIQUE, query->unique_keys.items, query->unique_keys.count);
    for (uint32_t i = 0; i < query->order.count; i++)
        emit_output(emitter, OUT_ORDER, i, emit_value(emitter, query->order.items[i].expr),
                    query->order.items[i].descending);
}

/* Everything up to the body. Keys and the partition come before `where`, so that rows it leaves out are known
 * by their keys too: who refers to them is skipped, not missing. */
static struct emitter *emit_rows(struct row_query *query, struct plan_map *plan,
                                 const struct row_extras *extras) {
    struct checker *checker = &query->compile->checker;
    plan->from_kind = query->from_kind;
    plan->source = query->source;
    plan->source_table = query->source_table;
    emit_stages(query, plan);
    struct emitter *emitter = emitter_new(checker->builder);
    for (uint32_t i = 0; i < query->lookups.count; i++)
        emit_binding(emitter, query->lookups.items[i]);
    emit_list(emitter, OUT_KEY, extras->keys, extras->key_count);
    if (extras->partition) emit_output_value(emitter, OUT_PARTITION, 0, extras->partition);
    if (query->where) {
        emit_note(emitter, NOTE_LINE, query->where->span);
        emit_where(emitter, query->where);
    }
    if (!query->grouped) emit_unique(query, emitter);
    plan->ordered = query->order.count > 0;
    plan->unique = query->unique;
    plan->grouped = query->grouped;
    if (query->grouped) {
        emit_list(emitter, OUT_GROUP, query->groups.items, query->groups.count);
        emit_aggregates(query, plan, emitter);
    }
    emit_list(emitter, OUT_PARENT, extras->parents, extras->parent_count);
    emit_pre_end(emitter);
    return emitter;
}

struct plan_map query_emit(struct row_query *query, struct plan_map plan, struct texpr *const *selected,
                           uint32_t count) {
    struct checker *checker = &query->compile->checker;
    struct row_extras none = {0};
    struct emitter *emitter = emit_rows(query, &plan, &none);
    if (!query->grouped) {
        emit_list(emitter, OUT_COLUMN, selected, count);
        plan.program = emitter_finish(emitter);
        return plan;
    }
    plan.program = emitter_finish(emitter);
    struct emitter *body = emitter_new(checker->builder);
    emit_unique(query, body);
    emit_pre_end(body);
    emit_list(body, OUT_COLUMN, selected, count);
    plan.group_program = emitter_finish(body) + 1;
    return plan;
}

/* ---------------------------------------------------------------- bodies */

/* A target column's place among those assigned; csv columns are numbered as they are written. */
static uint32_t emit_column_index(const struct plan_map *plan, uint32_t column) {
    if (plan->target_table == 0) return column;
    for (uint32_t i = 0; i < plan->columns_count; i++)
        if (plan->columns[i] == column) return i;
    return 0;
}

static void emit_body(struct map_work *work, struct plan_map *plan, struct emitter *emitter) {
    for (uint32_t i = 0; i < work->lines.count; i++) {
        struct map_line *line = &work->lines.items[i];
        emit_note(emitter, line->kind == LINE_VALIDATE ? NOTE_VALIDATION : NOTE_LINE, line->span);
        if (line->kind == LINE_VALIDATE) {
            emit_validate(emitter, line->condition, &line->on_fail, line->name);
            continue;
        }
        uint32_t reg = emit_binding(emitter, line->binding);
        if (line->kind == LINE_COLUMN)
            emit_output(emitter, OUT_COLUMN, emit_column_index(plan, line->column), reg, false);
    }
}

/* Target columns in the table's order, so that a plan does not depend on the order of the body's lines. */
static void emit_columns(struct map_work *work, struct plan_map *plan) {
    struct checker *checker = &work->compile->checker;
    if (work->map->target == NULL) {
        plan->csv_columns = ARENA_ARRAY(checker->arena, struct plan_text, work->csv_columns.count);
        plan->csv_columns_count = work->csv_columns.count;
        for (uint32_t i = 0; i < work->csv_columns.count; i++)
            plan->csv_columns[i].text = work->csv_columns.items[i];
        return;
    }
    plan->target_table = target_use_table(work->compile, work->map->target) + 1;
    plan->columns = ARENA_ARRAY(checker->arena, uint32_t, work->map->target->columns.count);
    for (uint32_t i = 0; i < work->map->target->columns.count; i++)
        if (work->assigned[i] != NULL) plan->columns[plan->columns_count++] = i;
    plan->ignored = ARENA_ARRAY(checker->arena, uint32_t, work->map->target->columns.count);
    for (uint32_t i = 0; i < work->map->target->columns.count; i++)
        if (map_ignores_column(work, work->map->target->columns.items[i].name))
            plan->ignored[plan->ignored_count++] = i;
}

static void emit_map(struct map_work *work) {
    struct checker *checker = &work->compile->checker;
    struct plan_map plan = work->plan;
    struct row_query *query = &work->query;
    struct row_extras extras = {.keys = work->keys.items,
                                .key_count = query->grouped ? 0 : work->keys.count,
                                .partition = work->partition};
    if (work->parents != NULL) {
        plan.self_reference = 1;
        extras.parents = work->parents;
        extras.parent_count = work->map->keys.count;
    }
    emit_columns(work, &plan);
    struct emitter *emitter = emit_rows(query, &plan, &extras);
    if (query->grouped) {
        plan.program = emitter_finish(emitter);
        emitter = emitter_new(checker->builder);
        emit_list(emitter, OUT_KEY, work->keys.items, work->keys.count);
        emit_unique(query, emitter);
        emit_pre_end(emitter);
    }
    emit_body(work, &plan, emitter);
    uint32_t program = emitter_finish(emitter);
    if (query->grouped)
        plan.group_program = program + 1;
    else
        plan.program = program;
    plan.crosswalk = work->map->table >= 0 ? (uint32_t)work->map->table + 1 : 0;
    VEC_PUSH(checker->arena, &checker->builder->maps, plan);
}

/* ---------------------------------------------------------------- keyed tables */

static void emit_crosswalk(struct checker *checker, const struct checked_map *map) {
    struct plan_keyed_table *table = &checker->builder->tables.items[map->table];
    table->keys = map->keys.items;
    table->keys_count = map->keys.count;
    table->columns = ARENA_ARRAY(checker->arena, struct plan_type, map->columns.count);
    table->names = ARENA_ARRAY(checker->arena, struct plan_text, map->columns.count);
    table->target_columns = ARENA_ARRAY(checker->arena, uint32_t, map->columns.count);
    table->columns_count = table->names_count = table->target_columns_count = map->columns.count;
    for (uint32_t i = 0; i < map->columns.count; i++) {
        const struct checked_map_column *column = &map->columns.items[i];
        table->columns[column->column] = column->type;
        table->names[column->column].text = column->name;
        table->target_columns[column->column] = column->target_column;
    }
}

struct cells_walk {
    struct arena *arena;
    VEC(uint32_t) columns; /* of the target table, in the order of the slots */
};

/* A build program over the target reads only the columns it needs: cells are numbered by their place among
 * those. */
static bool emit_renumber_cell(struct texpr *texpr, void *context) {
    struct cells_walk *walk = context;
    if (texpr->kind != TX_CELL) return true;
    uint32_t at = 0;
    while (at < walk->columns.count && walk->columns.items[at] != texpr->cell.column)
        at++;
    if (at == walk->columns.count) VEC_PUSH(walk->arena, &walk->columns, texpr->cell.column);
    texpr->cell.column = at;
    return true;
}

static struct texpr *emit_keyed_value(struct checker *checker, const struct keyed_work *keyed,
                                      uint32_t wanted, struct str *name) {
    struct texpr *cell = ARENA_NEW(checker->arena, struct texpr);
    *cell = (struct texpr){.kind = TX_CELL, .can_fail = true, .varies = true, .span = keyed->columns->span};
    cell->cell.column = wanted;
    if (keyed->is_target) {
        const struct schema_column *column = &keyed->columns->target_table->columns.items[wanted];
        cell->type = checker_type_of_column(checker, &column->type, !column->not_null);
        cell->pii = target_column_is_pii(checker, keyed->columns->target_table, wanted);
        *name = column->name;
    } else {
        const struct checked_column *column = &keyed->columns->source_table->columns.items[wanted];
        cell->type = column->type;
        cell->pii = column->pii;
        cell->cell.pattern = column->pattern;
        *name = column->name;
    }
    return cell;
}

static void emit_keyed(struct compile *compile, struct keyed_work *keyed) {
    struct checker *checker = &compile->checker;
    uint32_t count = keyed->columns->wanted.count;
    struct texpr **values = ARENA_ARRAY(checker->arena, struct texpr *, count);
    struct plan_type *keys = ARENA_ARRAY(checker->arena, struct plan_type, keyed->keys.count);
    struct plan_type *columns = ARENA_ARRAY(checker->arena, struct plan_type, count);
    struct plan_text *names = ARENA_ARRAY(checker->arena, struct plan_text, count);
    for (uint32_t i = 0; i < keyed->keys.count; i++)
        keys[i] = keyed->keys.items[i]->type;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = emit_keyed_value(checker, keyed, keyed->columns->wanted.items[i], &names[i].text);
        columns[i] = values[i]->type;
    }
    struct cells_walk cells = {.arena = checker->arena};
    if (keyed->is_target) {
        /* One walk for each tree: a node renumbered twice would be wrong, and trees do not share cells. */
        for (uint32_t i = 0; i < keyed->keys.count; i++)
            walk_texpr(checker->arena, keyed->keys.items[i], emit_renumber_cell, &cells);
        for (uint32_t i = 0; i < keyed->filters.count; i++)
            walk_texpr(checker->arena, keyed->filters.items[i], emit_renumber_cell, &cells);
        for (uint32_t i = 0; i < count; i++)
            emit_renumber_cell(values[i], &cells);
    }
    struct emitter *emitter = emitter_new(checker->builder);
    for (uint32_t i = 0; i < keyed->filters.count; i++)
        emit_where(emitter, keyed->filters.items[i]);
    emit_list(emitter, OUT_KEY, keyed->keys.items, keyed->keys.count);
    emit_list(emitter, OUT_VALUE, values, count);
    uint32_t program = emitter_finish(emitter) + 1;
    struct plan_keyed_table *table = &checker->builder->tables.items[keyed->table];
    table->keys = keys;
    table->keys_count = keyed->keys.count;
    table->columns = columns;
    table->names = names;
    table->columns_count = table->names_count = count;
    table->target_columns = cells.columns.items;
    table->target_columns_count = keyed->is_target ? cells.columns.count : 0;
    table->program = program;
}

void map_emit_all(struct compile *compile) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < compile->keyed.count; i++)
        emit_keyed(compile, compile->keyed.items[i]);
    for (uint32_t i = 0; i < checker->maps.count; i++)
        if (checker->maps.items[i]->table >= 0) emit_crosswalk(checker, checker->maps.items[i]);
    for (uint32_t i = 0; i < compile->maps.count; i++)
        emit_map(compile->maps.items[i]);
}

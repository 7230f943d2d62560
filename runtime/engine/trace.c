/* See trace.h. */
#include "runtime/engine/trace.h"

struct trace {
    const struct plan *plan;
    const struct trace_query *query;
    struct arena *arena;
    struct trace_result *result;
};

/* "tasks.csv" names data/tasks.csv, too. */
static bool is_file(struct str name, struct str wanted) {
    if (str_eq(name, wanted)) return true;
    return name.len > wanted.len && str_ends_with(name, wanted) && name.ptr[name.len - wanted.len - 1] == '/';
}

static bool is_place(const struct trace *trace, const struct map_run *run, const struct row_place *place) {
    uint64_t line = place->line ? place->line : place->row;
    return line == trace->query->line && is_file(map_place_file(run, place), trace->query->file);
}

static struct str value_text(struct trace *trace, const struct map_run *run, const struct plan_type *type,
                             const struct value *value) {
    if (value->kind == TYPE_NULL) return (struct str){0};
    return arena_copy_str(trace->arena, engine_value_text(run->engine, type, value));
}

static const struct plan_program *program_of(const struct plan *plan, const struct plan_map *map) {
    return &plan->programs[map->grouped ? map->group_program - 1 : map->program];
}

/* The instruction that made an output stands for its expression. */
static void place_column(struct trace *trace, const struct plan_program *program, uint32_t reg,
                         struct trace_column *column) {
    for (uint32_t i = program->code_count; i-- > 0;) {
        const struct plan_instr *in = &program->code[i];
        if (in->dst != reg || strncmp(OPCODES[in->op].name, "SEL_", 4) == 0 || i >= program->spans_count)
            continue;
        column->spec_file = plan_span_file(trace->plan, &program->spans[i], &column->spec_line);
        column->text = plan_span_text(trace->plan, &program->spans[i], trace->arena);
        return;
    }
}

static struct str stored_cell(const struct plan *plan, const struct replay_row *row, uint32_t column) {
    const struct plan_map *map = &plan->maps[row->map];
    if (row->stored == NULL || map->crosswalk == 0) return (struct str){0};
    const struct plan_keyed_table *table = &plan->tables[map->crosswalk - 1];
    for (uint32_t i = 0; i < plan_stored_columns(table); i++)
        if (table->target_columns[i] == column) return row->stored[i];
    return (struct str){0};
}

/* The text of a target column of the row: as sent, or as the server filled it. ptr NULL: null or not known.
 */
static struct str column_text(struct trace *trace, const struct replay_row *row, uint32_t column) {
    const struct plan_map *map = &trace->plan->maps[row->map];
    const struct plan_program *program = program_of(trace->plan, map);
    for (uint32_t i = 0; i < map->columns_count; i++) {
        if (map->columns[i] != column) continue;
        uint32_t reg = row->run->outputs.columns[i];
        struct value value = vm_value_at(row->vm, reg, row->row);
        return value_text(trace, row->run, &program->regs[reg], &value);
    }
    return stored_cell(trace->plan, row, column);
}

static const struct plan_target_key *primary_key(const struct plan_target_table *table) {
    return table->keys_count && table->keys[0].primary ? &table->keys[0] : NULL;
}

static bool is_key(struct trace *trace, const struct replay_row *row) {
    const struct plan_map *map = &trace->plan->maps[row->map];
    if (map->target_table != trace->query->table + 1) return false;
    const struct plan_target_key *key = primary_key(&trace->plan->target.tables[trace->query->table]);
    for (uint32_t i = 0; key && i < key->columns_count && i < trace->query->key_count; i++) {
        struct str text = column_text(trace, row, key->columns[i]);
        if (text.ptr == NULL || !str_eq(text, trace->query->key[i])) return false;
    }
    return key != NULL;
}

static struct str key_text(struct trace *trace, const struct replay_row *row,
                           const struct plan_target_table *table) {
    const struct plan_target_key *key = primary_key(table);
    struct buf out = {0};
    for (uint32_t i = 0; key && i < key->columns_count; i++) {
        struct str text = column_text(trace, row, key->columns[i]);
        if (i) buf_append_cstr(&out, ", ");
        buf_append_str(&out, table->columns[key->columns[i]].pii ? STR("***") : text.ptr ? text : STR("?"));
    }
    struct str copy = arena_copy_str(trace->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

static void place_hit(struct trace *trace, const struct map_run *run, const struct row_place *place,
                      struct trace_hit *hit) {
    const struct plan_map *map = run->map;
    hit->map = map->name;
    hit->file = arena_copy_str(trace->arena, map_place_file(run, place));
    hit->line = place->line;
    hit->row = place->row;
    if (map->target_table == 0) return;
    const struct plan_target_table *table = &trace->plan->target.tables[map->target_table - 1];
    hit->table = table->schema.len
                     ? arena_printf(trace->arena, "%.*s.%.*s", STR_ARG(table->schema), STR_ARG(table->name))
                     : table->name;
}

static bool is_full(struct trace *trace) {
    trace->result->cut = trace->result->hits.count >= TRACE_MOST_HITS;
    return trace->result->cut;
}

static bool visit(void *context, const struct replay_row *row) {
    struct trace *trace = context;
    static const char *const FATES[] = {[REPLAY_LOADED] = "loaded",
                                        [REPLAY_REFUSED] = "refused by the server",
                                        [REPLAY_CONFLICTING] = "in the target already",
                                        [REPLAY_UNSETTLED] = "not loaded yet"};
    bool by_key = trace->query->table != UINT32_MAX;
    if (by_key ? !is_key(trace, row) : !is_place(trace, row->run, row->place)) return true;
    if (is_full(trace)) return true;
    const struct plan_map *map = &trace->plan->maps[row->map];
    const struct plan_program *program = program_of(trace->plan, map);
    struct trace_hit hit = {
        .fate = str_cstr(FATES[row->fate]), .settled = row->fate != REPLAY_UNSETTLED, .batch = row->batch};
    place_hit(trace, row->run, row->place, &hit);
    if (map->target_table) {
        const struct plan_target_table *table = &trace->plan->target.tables[map->target_table - 1];
        hit.key = key_text(trace, row, table);
        for (uint32_t i = 0; i < map->columns_count; i++) {
            const struct plan_target_column *target = &table->columns[map->columns[i]];
            struct trace_column column = {.name = target->name};
            column.value = column_text(trace, row, map->columns[i]);
            if (target->pii && column.value.ptr) column.value = STR("***");
            place_column(trace, program, row->run->outputs.columns[i], &column);
            VEC_PUSH(trace->arena, &hit.columns, column);
        }
    }
    VEC_PUSH(trace->arena, &trace->result->hits, hit);
    return true;
}

static bool visit_left_out(void *context, const struct map_run *run, const struct row_place *place,
                           enum outcome outcome, struct str reason) {
    struct trace *trace = context;
    if (trace->query->table != UINT32_MAX || !is_place(trace, run, place) || is_full(trace)) return true;
    struct trace_hit hit = {.fate = outcome == OUTCOME_REJECTED ? STR("rejected") : STR("skipped"),
                            .reason = arena_copy_str(trace->arena, reason)};
    place_hit(trace, run, place, &hit);
    VEC_PUSH(trace->arena, &trace->result->hits, hit);
    return true;
}

enum run_status trace_rows(const struct plan *plan, const struct run_options *options,
                           const struct journal_run_info *info, const struct trace_query *query,
                           struct arena *arena, struct trace_result *result, struct diag_list *diags) {
    struct trace trace = {plan, query, arena, result};
    bool *wanted = ARENA_ARRAY(arena, bool, plan->maps_count + 1);
    for (uint32_t m = 0; m < plan->maps_count; m++)
        wanted[m] = query->table == UINT32_MAX || plan->maps[m].target_table == query->table + 1;
    struct replay_options replay = {
        .context = &trace, .visit = visit, .visit_left_out = visit_left_out, .wanted = wanted};
    struct run_report report = {0};
    *result = (struct trace_result){0};
    return replay_execute(plan, options, info, &replay, arena, &report, diags);
}

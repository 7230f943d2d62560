/* Programs and who uses them: a program's slots can be filled there, and it yields what is read there, with
 * the types that are read. */
#include "runtime/plan/verify.h"

enum { ANY_COUNT = UINT32_MAX };

/* What the user reads of one role: count outputs with indexes 0 to count - 1, each once. ANY_COUNT: as many
 * as there are, without gaps. */
struct wanted {
    uint8_t role;
    uint32_t count;
    const struct plan_type *types; /* NULL, or kind TYPE_NONE: any type */
    uint32_t least;                /* with ANY_COUNT: at least so many */
};

/* What fills a program's slots. */
struct inputs {
    const struct plan_source *source; /* cells and places of a source's rows, or NULL */
    const struct plan_source_table *source_table;
    uint32_t cells;                          /* without a source: so many columns of cells */
    const struct plan_keyed_table *from_map; /* MAP_COLUMN, or NULL */
    const struct plan_map *map;              /* JOIN and EACH of its stages before `stages`, or NULL */
    uint32_t stages;
    const struct plan_program *group; /* GROUP and AGGREGATE of this program and its map, or NULL */
    const struct plan_map *group_map;
    bool event; /* EVENT slots */
};

static const struct plan_output *find_output(const struct plan_program *program, uint8_t role,
                                             uint32_t index) {
    for (uint32_t i = 0; i < program->outputs_count; i++)
        if (program->outputs[i].role == role && program->outputs[i].index == index)
            return &program->outputs[i];
    return NULL;
}

static uint32_t count_outputs(const struct plan_program *program, uint8_t role) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->outputs_count; i++)
        count += program->outputs[i].role == role;
    return count;
}

static const char *const ROLE_NAMES[OUT_ROLE_COUNT] = {
    [OUT_COLUMN] = "column",       [OUT_KEY] = "key",
    [OUT_VALUE] = "value",         [OUT_UNIQUE] = "unique",
    [OUT_ORDER] = "order",         [OUT_GROUP] = "group",
    [OUT_AGGREGATE] = "aggregate", [OUT_PARTITION] = "partition",
    [OUT_PARENT] = "parent",
};

/* Each index below count once. Outputs are as many as count (the caller has counted), so a second one of an
 * index leaves another index out. */
static bool check_role(struct verifier *v, const struct plan_program *program, const struct wanted *w) {
    uint32_t there = count_outputs(program, w->role), count = w->count == ANY_COUNT ? there : w->count;
    const char *name = ROLE_NAMES[w->role];
    VERIFY(v, there == count, "the program has %u %s outputs instead of %u", there, name, count);
    VERIFY(v, w->count != ANY_COUNT || there >= w->least, "the program has %u %s outputs, %u are needed",
           there, name, w->least);
    bool *seen = ARENA_ARRAY(&v->scratch, bool, count);
    for (uint32_t i = 0; i < program->outputs_count; i++) {
        const struct plan_output *out = &program->outputs[i];
        if (out->role != w->role) continue;
        VERIFY(v, out->index < count && !seen[out->index], "%s output %u of %u, or there twice", name,
               out->index, count);
        seen[out->index] = true;
        if (w->types == NULL || w->types[out->index].kind == TYPE_NONE) continue;
        if (plan_type_same(program->regs[out->reg], w->types[out->index])) continue;
        struct str is = verify_type_text(v, program->regs[out->reg]),
                   want = verify_type_text(v, w->types[out->index]);
        return verify_fail(v, "%s output %u is %.*s instead of %.*s", name, out->index, STR_ARG(is),
                           STR_ARG(want));
    }
    return true;
}

static bool check_outputs(struct verifier *v, const struct plan_program *program, const struct wanted *wanted,
                          uint32_t count) {
    bool allowed[OUT_ROLE_COUNT] = {false};
    for (uint32_t i = 0; i < count; i++)
        allowed[wanted[i].role] = true;
    for (uint32_t i = 0; i < program->outputs_count; i++)
        VERIFY(v, allowed[program->outputs[i].role], "nobody reads the program's %s outputs",
               ROLE_NAMES[program->outputs[i].role]);
    for (uint32_t i = 0; i < count; i++)
        if (!check_role(v, program, &wanted[i])) return false;
    return true;
}

/* ---------------------------------------------------------------- slots */

static bool check_stage_slot(struct verifier *v, const struct plan_slot *slot, const struct inputs *in) {
    VERIFY(v, in->map != NULL && slot->column < in->stages, "stage %u of %u", slot->column,
           in->map ? in->stages : 0);
    const struct plan_stage *stage = &in->map->stages[slot->column];
    if (slot->kind == SLOT_JOIN) {
        VERIFY(v, stage->kind != STAGE_EACH && slot->type.ref == stage->table,
               "the slot is no row of stage %u", slot->column);
        return true;
    }
    VERIFY(v, stage->kind == STAGE_EACH, "the slot is no element of stage %u", slot->column);
    const struct plan_program *program = &v->plan->programs[stage->program];
    const struct plan_output *out = find_output(program, OUT_VALUE, 0);
    VERIFY(v, out != NULL, "stage %u yields no array", slot->column);
    struct plan_type array = program->regs[out->reg];
    VERIFY(v,
           array.kind == TYPE_ARRAY && slot->type.kind == array.element &&
               (array.element != TYPE_ENUM || slot->type.ref == array.ref),
           "the slot has another type than the elements of stage %u", slot->column);
    return true;
}

static bool check_group_slot(struct verifier *v, const struct plan_slot *slot, const struct inputs *in) {
    VERIFY(v, in->group != NULL, "a group's value without a group");
    if (slot->kind == SLOT_AGGREGATE) {
        VERIFY(v,
               slot->column < in->group_map->aggregates_count &&
                   plan_type_same(slot->type, in->group_map->aggregates[slot->column].type),
               "aggregate %u is not there or has another type", slot->column);
        return true;
    }
    const struct plan_output *out = find_output(in->group, OUT_GROUP, slot->column);
    VERIFY(v, out != NULL && plan_type_same(slot->type, in->group->regs[out->reg]),
           "group value %u is not there or has another type", slot->column);
    return true;
}

static bool check_slot(struct verifier *v, const struct plan_slot *slot, const struct inputs *in) {
    switch ((enum plan_slot_kind)slot->kind) {
    case SLOT_CELL:
        VERIFY(v, slot->via == VIA_SELF || (in->source != NULL && in->source->children.len > 0),
               "a parent of rows that have none");
        VERIFY(v, slot->column < (in->source_table ? in->source_table->columns_count : in->cells),
               "cell column %u", slot->column);
        return true;
    case SLOT_FILE:
    case SLOT_LINE:
    case SLOT_ROW:
    case SLOT_DEPTH:
    case SLOT_HAS_PARENT: VERIFY(v, in->source != NULL, "the place of a row that has none"); return true;
    case SLOT_JOIN:
    case SLOT_EACH: return check_stage_slot(v, slot, in);
    case SLOT_GROUP:
    case SLOT_AGGREGATE: return check_group_slot(v, slot, in);
    case SLOT_MAP_COLUMN:
        VERIFY(v,
               in->from_map != NULL && slot->column < in->from_map->columns_count &&
                   plan_type_same(slot->type, in->from_map->columns[slot->column]),
               "column %u of a map is not there or has another type", slot->column);
        return true;
    default: VERIFY(v, in->event, "an event where there is none"); return true;
    }
}

static bool check_slots(struct verifier *v, const struct plan_program *program, const struct inputs *in) {
    for (uint32_t i = 0; i < program->slots_count; i++) {
        verify_enter(v, "program.slots", i);
        if (!check_slot(v, &program->slots[i], in)) return false;
        verify_leave(v);
    }
    return true;
}

static bool check_program(struct verifier *v, uint32_t index, const struct inputs *in,
                          const struct wanted *wanted, uint32_t count) {
    const struct plan_program *program = &v->plan->programs[index];
    return check_slots(v, program, in) && check_outputs(v, program, wanted, count);
}

/* A program without inputs that yields one value. */
static bool check_value_program(struct verifier *v, uint32_t index, const struct plan_type *type) {
    struct wanted wanted = {.role = OUT_VALUE, .count = 1, .types = type};
    return check_program(v, index, &(struct inputs){0}, &wanted, 1);
}

/* ---------------------------------------------------------------- maps */

static void describe_inputs(struct verifier *v, const struct plan_map *map, struct inputs *in) {
    const struct plan *plan = v->plan;
    *in = (struct inputs){.map = map, .stages = map->stages_count};
    if (map->from_kind == FROM_SOURCE) {
        in->source = &plan->sources[map->source];
        in->source_table = &in->source->tables[map->source_table];
    } else {
        in->from_map = &plan->tables[plan->maps[map->source].crosswalk - 1];
    }
}

static bool check_stages(struct verifier *v, const struct plan_map *map, struct inputs in) {
    for (uint32_t i = 0; i < map->stages_count; i++) {
        const struct plan_stage *stage = &map->stages[i];
        verify_enter(v, "stages", i);
        in.stages = i;
        struct wanted wanted = {.role = OUT_VALUE, .count = 1};
        if (stage->kind != STAGE_EACH) {
            const struct plan_keyed_table *table = &v->plan->tables[stage->table];
            wanted = (struct wanted){.role = OUT_KEY, .count = table->keys_count, .types = table->keys};
        }
        if (!check_program(v, stage->program, &in, &wanted, 1)) return false;
        if (stage->kind == STAGE_EACH) {
            const struct plan_program *program = &v->plan->programs[stage->program];
            uint32_t reg = find_output(program, OUT_VALUE, 0)->reg;
            VERIFY(v, program->regs[reg].kind == TYPE_ARRAY, "each of what is not an array");
        }
        verify_leave(v);
    }
    return true;
}

static bool is_number(uint8_t kind) {
    return kind == TYPE_INT || kind == TYPE_DECIMAL || kind == TYPE_FLOAT || kind == TYPE_INTERVAL;
}

static bool check_aggregate(struct verifier *v, const struct plan_aggregate *aggregate,
                            struct plan_type arg) {
    struct plan_type result = aggregate->type;
    bool same = plan_type_same(result, arg), fits = false;
    switch ((enum plan_aggregate_kind)aggregate->kind) {
    case AGG_COUNT: fits = result.kind == TYPE_INT; break;
    case AGG_SUM:
        fits = is_number(arg.kind) && (same || (arg.kind == TYPE_INT && result.kind == TYPE_DECIMAL));
        break;
    case AGG_AVG:
        fits = is_number(arg.kind) &&
               ((same && arg.kind != TYPE_INT) || (arg.kind == TYPE_INT && result.kind == TYPE_DECIMAL));
        break;
    case AGG_STRING: fits = same && arg.kind == TYPE_TEXT; break;
    case AGG_ARRAY:
        fits = result.kind == TYPE_ARRAY && result.element == arg.kind &&
               (arg.kind != TYPE_ENUM || result.ref == arg.ref);
        break;
    case AGG_BOOL_AND:
    case AGG_BOOL_OR: fits = same && arg.kind == TYPE_BOOL; break;
    default: fits = same && arg.kind != TYPE_ROW; break;
    }
    VERIFY(v, fits, "an aggregate's result does not fit its argument");
    return true;
}

/* AGGREGATE outputs carry the aggregate's index: one for each aggregate with an argument, none for others. */
static bool check_aggregates(struct verifier *v, const struct plan_map *map,
                             const struct plan_program *program) {
    uint32_t arguments = 0;
    for (uint32_t i = 0; i < map->aggregates_count; i++) {
        verify_enter(v, "aggregates", i);
        const struct plan_aggregate *aggregate = &map->aggregates[i];
        const struct plan_output *out = find_output(program, OUT_AGGREGATE, i);
        VERIFY(v, (out != NULL) == (aggregate->has_argument == 1),
               "the argument is not there, or there without need");
        arguments += aggregate->has_argument;
        if (out == NULL)
            VERIFY(v, aggregate->type.kind == TYPE_INT, "count() is not an int");
        else if (!check_aggregate(v, aggregate, program->regs[out->reg]))
            return false;
        verify_leave(v);
    }
    VERIFY(v, count_outputs(program, OUT_AGGREGATE) == arguments, "an argument of no aggregate");
    return true;
}

/* What the program with the map's body yields, apart from what stands before grouping. */
static uint32_t want_body(struct verifier *v, const struct plan_map *map, bool is_check,
                          struct wanted *wanted) {
    const struct plan *plan = v->plan;
    struct wanted columns = {.role = OUT_COLUMN, .count = map->csv_columns_count};
    if (is_check) columns = (struct wanted){.role = OUT_COLUMN, .count = ANY_COUNT, .least = 1};
    if (map->target_table > 0) {
        struct plan_type *types = ARENA_ARRAY(&v->scratch, struct plan_type, map->columns_count);
        for (uint32_t i = 0; i < map->columns_count; i++)
            types[i] = plan->target.tables[map->target_table - 1].columns[map->columns[i]].type;
        columns = (struct wanted){.role = OUT_COLUMN, .count = map->columns_count, .types = types};
    }
    struct wanted key = {.role = OUT_KEY, .count = map->keyed ? ANY_COUNT : 0, .least = 1};
    if (map->crosswalk > 0) {
        const struct plan_keyed_table *table = &plan->tables[map->crosswalk - 1];
        key = (struct wanted){.role = OUT_KEY, .count = table->keys_count, .types = table->keys};
    }
    uint32_t n = 0;
    wanted[n++] = columns;
    wanted[n++] = key;
    wanted[n++] =
        (struct wanted){.role = OUT_UNIQUE, .count = map->unique == UNIQUE_NONE ? 0 : ANY_COUNT, .least = 1};
    if (map->self_reference) {
        VERIFY(v, map->crosswalk > 0, "it refers to itself without a crosswalk");
        wanted[n++] = (struct wanted){.role = OUT_PARENT, .count = key.count, .types = key.types};
    }
    return n;
}

static const struct plan_type TEXT_TYPE = {.kind = TYPE_TEXT};

/* FIND in a crosswalk: its map runs before, or it is this map and rows go in waves. */
static bool check_finds(struct verifier *v, uint32_t program, const struct plan_map *map, uint32_t own,
                        bool is_check) {
    const struct plan_program *p = &v->plan->programs[program];
    for (uint32_t i = 0; i < p->code_count; i++) {
        if (OPCODES[p->code[i].op].imm2 != IMM_TABLE) continue;
        const struct plan_keyed_table *table = &v->plan->tables[p->code[i].imm2];
        if (table->kind != KEYED_MAP || is_check) continue;
        bool self = table->source == own && map->self_reference;
        VERIFY(v, self || (table->source < own && v->plan->maps[table->source].level < map->level),
               "instruction %u finds rows of map %u, which does not run before", i, table->source);
    }
    return true;
}

static bool check_map(struct verifier *v, const struct plan_map *map, uint32_t own, bool is_check) {
    struct inputs in;
    describe_inputs(v, map, &in);
    if (!check_stages(v, map, in)) return false;
    struct wanted wanted[8] = {{0}};
    bool parted = map->partition.len > 0;
    struct wanted order = {.role = OUT_ORDER, .count = ANY_COUNT, .least = map->ordered};
    struct wanted partition = {.role = OUT_PARTITION, .count = parted ? 1 : 0, .types = &TEXT_TYPE};
    if (!check_finds(v, map->program, map, own, is_check)) return false;
    if (!map->grouped) {
        uint32_t n = want_body(v, map, is_check, wanted);
        if (n == 0) return false;
        VERIFY(v, map->aggregates_count == 0, "aggregates without a group");
        wanted[n++] = order;
        wanted[n++] = partition;
        return check_program(v, map->program, &in, wanted, n);
    }
    const struct plan_program *program = &v->plan->programs[map->program];
    const struct wanted groups = {.role = OUT_GROUP, .count = ANY_COUNT};
    if (!check_slots(v, program, &in) || !check_aggregates(v, map, program)) return false;
    for (uint32_t i = 0; i < program->outputs_count; i++) {
        uint8_t role = program->outputs[i].role;
        VERIFY(v, role == OUT_GROUP || role == OUT_AGGREGATE || role == OUT_PARTITION,
               "the program before a group has %s outputs", ROLE_NAMES[role]);
    }
    if (!check_role(v, program, &groups) || !check_role(v, program, &partition)) return false;
    uint32_t n = want_body(v, map, is_check, wanted);
    if (n == 0) return false;
    wanted[n++] = order;
    struct inputs group = {.group = program, .group_map = map};
    return check_finds(v, map->group_program - 1, map, own, is_check) &&
           check_program(v, map->group_program - 1, &group, wanted, n);
}

/* ---------------------------------------------------------------- other users */

static bool check_table(struct verifier *v, const struct plan_keyed_table *table) {
    if (table->program == 0) return true;
    const struct plan *plan = v->plan;
    struct inputs in = {.cells = table->target_columns_count};
    if (table->kind == KEYED_SOURCE) {
        in.source = &plan->sources[table->source];
        in.source_table = &in.source->tables[table->table];
    }
    const struct wanted wanted[2] = {
        {.role = OUT_KEY, .count = table->keys_count, .types = table->keys},
        {.role = OUT_VALUE, .count = table->columns_count, .types = table->columns}};
    return check_program(v, table->program - 1, &in, wanted, 2);
}

static bool check_param(struct verifier *v, const struct plan_param *param) {
    return param->default_program == 0 || check_value_program(v, param->default_program - 1, &param->type);
}

static bool check_check(struct verifier *v, const struct plan_check *check) {
    return check->kind != CHECK_SCALAR || check_value_program(v, check->expected - 1, NULL);
}

static bool check_expect(struct verifier *v, const struct plan_test_expect *expect) {
    static const struct plan_type BOOL_TYPE = {.kind = TYPE_BOOL};
    if (expect->program == 0) return true;
    for (uint32_t i = 0; i < expect->parts_count; i++)
        if (!check_value_program(v, expect->parts[i].program, NULL)) return false;
    if (expect->kind == EXPECT_ASSERT) return check_value_program(v, expect->program - 1, &BOOL_TYPE);
    const struct plan_target_table *target =
        &v->plan->target.tables[v->plan->maps[expect->map - 1].target_table - 1];
    struct plan_type *types = ARENA_ARRAY(&v->scratch, struct plan_type, expect->columns_count);
    for (uint32_t i = 0; i < expect->columns_count; i++)
        types[i] = target->columns[expect->columns[i]].type;
    struct wanted wanted = {.role = OUT_VALUE, .count = expect->columns_count, .types = types};
    return check_program(v, expect->program - 1, &(struct inputs){0}, &wanted, 1);
}

static bool check_test(struct verifier *v, const struct plan_test *test) {
    for (uint32_t i = 0; i < test->params_count; i++)
        if (!check_value_program(v, test->params[i].program, &v->plan->params[test->params[i].param].type))
            return false;
    VERIFY_EACH(v, test, expects, check_expect);
    return true;
}

static bool check_audit(struct verifier *v) {
    const struct plan_audit *audit = &v->plan->audit;
    if (audit->target_table == 0) return true;
    verify_enter(v, "audit", 0);
    struct plan_type *types = ARENA_ARRAY(&v->scratch, struct plan_type, audit->columns_count);
    for (uint32_t i = 0; i < audit->columns_count; i++)
        types[i] = v->plan->target.tables[audit->target_table - 1].columns[audit->columns[i]].type;
    struct wanted wanted = {.role = OUT_COLUMN, .count = audit->columns_count, .types = types};
    if (!check_program(v, audit->program, &(struct inputs){.event = true}, &wanted, 1)) return false;
    verify_leave(v);
    return true;
}

bool verify_usage(struct verifier *v) {
    const struct plan *plan = v->plan;
    VERIFY_EACH(v, plan, params, check_param);
    VERIFY_EACH(v, plan, tables, check_table);
    for (uint32_t i = 0; i < plan->maps_count; i++) {
        verify_enter(v, "maps", i);
        if (!check_map(v, &plan->maps[i], i, false)) return false;
        verify_leave(v);
    }
    for (uint32_t i = 0; i < plan->check_maps_count; i++) {
        verify_enter(v, "check_maps", i);
        if (!check_map(v, &plan->check_maps[i], i, true)) return false;
        verify_leave(v);
    }
    VERIFY_EACH(v, plan, checks, check_check);
    VERIFY_EACH(v, plan, tests, check_test);
    return check_audit(v);
}

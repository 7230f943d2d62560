/* group by: rows are folded into their groups as they come; the groups then go through the map's second
 * program as rows of their own. Groups stay in memory, up to a limit with its own error. */
#include "runtime/engine/engine.h"

#include "runtime/base/hash.h"

#include "runtime/value/convert.h"
#include "runtime/value/decimal.h"
#include "runtime/value/interval.h"
#include "runtime/value/number.h"

#include <stdlib.h>

enum { MOST_GROUPS = 10 * 1000 * 1000 };

/* One aggregate of one group so far. */
struct accumulator {
    struct value value; /* TYPE_NULL: nothing yet */
    uint64_t count;     /* values seen, nulls left out (COUNT without argument: rows) */
    struct buf items;   /* STRING: the text; ARRAY: the elements as they are stored */
    struct buf nulls;   /* ARRAY */
};

struct group {
    struct value *keys;
    struct accumulator *accumulators;
    struct row_place place; /* of its first row */
};

struct group_table {
    struct map_run *run;
    const struct plan_program *program;
    struct key_set *index;
    struct group *groups;
    uint64_t count, cap;
    uint32_t *keys, *arguments;
    uint32_t key_count;
    struct part_key key;
    struct arena arena;
};

struct group_table *group_table_new(struct map_run *run) {
    struct group_table *t = memory_zalloc(sizeof *t);
    const struct plan_map *map = run->map;
    t->run = run;
    t->program = &run->engine->plan->programs[map->program];
    t->key_count = program_output_count(t->program, OUT_GROUP);
    t->keys = ARENA_ARRAY(&t->arena, uint32_t, t->key_count + 1);
    t->arguments = ARENA_ARRAY(&t->arena, uint32_t, map->aggregates_count + 1);
    for (uint32_t i = 0; i < t->key_count; i++)
        t->keys[i] = program_output(t->program, OUT_GROUP, i);
    for (uint32_t i = 0; i < map->aggregates_count; i++)
        t->arguments[i] =
            map->aggregates[i].has_argument ? program_output(t->program, OUT_AGGREGATE, i) : NO_REGISTER;
    t->index = key_set_new(64 << 20, run->engine->options->temp_dir,
                           hash_bytes64(1, run->engine->values.run_id.bytes, 16));
    return t;
}

void group_table_free(struct group_table *t) {
    if (t == NULL) return;
    for (uint64_t g = 0; g < t->count; g++)
        for (uint32_t a = 0; a < t->run->map->aggregates_count; a++) {
            buf_release(&t->groups[g].accumulators[a].items);
            buf_release(&t->groups[g].accumulators[a].nulls);
        }
    key_set_free(t->index);
    part_key_release(&t->key);
    free(t->groups);
    arena_release(&t->arena);
    free(t);
}

static struct value keep_value(struct group_table *t, struct value value) {
    if (value.kind == TYPE_TEXT || value.kind == TYPE_BYTES || value.kind == TYPE_JSON)
        value.as_text = arena_copy_str(&t->arena, value.as_text);
    return value;
}

static bool limit_reached(struct group_table *t) {
    struct diag *diag =
        diag_report(t->run->engine->diags, X_TOO_MANY_GROUPS, no_span(), "map `%.*s` has more than %d groups",
                    STR_ARG(t->run->map->name), MOST_GROUPS);
    diag_help(t->run->engine->diags, diag, "Group in the target by SQL, or split the source.");
    return engine_fail(t->run->engine, RUN_STOPPED);
}

static struct group *found_group(struct group_table *t, const struct vm *vm, uint32_t row,
                                 const struct row_place *place) {
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 256;
        t->groups = memory_realloc(t->groups, t->cap * sizeof *t->groups);
    }
    struct group *group = &t->groups[t->count++];
    group->place = *place;
    group->place.raw = arena_copy_str(&t->arena, place->raw);
    group->keys = ARENA_ARRAY(&t->arena, struct value, t->key_count + 1);
    group->accumulators = ARENA_ARRAY(&t->arena, struct accumulator, t->run->map->aggregates_count + 1);
    for (uint32_t i = 0; i < t->run->map->aggregates_count; i++)
        group->accumulators[i].value.kind = TYPE_NULL;
    for (uint32_t i = 0; i < t->key_count; i++)
        group->keys[i] = keep_value(t, vm_value_at(vm, t->keys[i], row));
    return group;
}

static enum fault add_values(struct value *sum, const struct value *value) {
    switch (value->kind) {
    case TYPE_INT: return int_add(sum->as_int, value->as_int, &sum->as_int);
    case TYPE_DECIMAL: {
        struct decimal so_far = sum->as_decimal;
        return decimal_add(so_far, value->as_decimal, &sum->as_decimal);
    }
    case TYPE_INTERVAL: {
        struct interval so_far = sum->as_interval;
        return interval_add(so_far, value->as_interval, &sum->as_interval);
    }
    default: sum->as_float += value->as_float; return FAULT_NONE;
    }
}

static struct value widen(const struct plan_aggregate *aggregate, struct value value) {
    if (value.kind == TYPE_INT && aggregate->type.kind == TYPE_DECIMAL)
        return (struct value){.kind = TYPE_DECIMAL, .as_decimal = decimal_from_int(value.as_int)};
    return value;
}

static void append_item(struct accumulator *acc, const struct plan_aggregate *aggregate, struct value value) {
    size_t width = type_kind_size((enum type_kind)aggregate->type.element);
    char *to = buf_reserve(&acc->items, width);
    memset(to, 0, width);
    if (value.kind != TYPE_NULL) memcpy(to, value_item(&value), width);
    acc->items.len += width;
    buf_append_char(&acc->nulls, value.kind == TYPE_NULL);
}

static enum fault accumulate(struct group_table *t, struct accumulator *acc,
                             const struct plan_aggregate *aggregate, struct value value) {
    int c;
    if (aggregate->kind == AGG_ARRAY) append_item(acc, aggregate, keep_value(t, value));
    if (value.kind == TYPE_NULL) return FAULT_NONE;
    acc->count++;
    bool first = acc->value.kind == TYPE_NULL;
    switch ((enum plan_aggregate_kind)aggregate->kind) {
    case AGG_SUM:
    case AGG_AVG:
        value = widen(aggregate, value);
        if (!first) return add_values(&acc->value, &value);
        acc->value = value;
        return FAULT_NONE;
    case AGG_MIN:
    case AGG_MAX:
        c = first ? 0 : value_compare(&value, &acc->value);
        if (first || (aggregate->kind == AGG_MIN ? c < 0 : c > 0)) acc->value = keep_value(t, value);
        return FAULT_NONE;
    case AGG_FIRST:
        if (first) acc->value = keep_value(t, value);
        return FAULT_NONE;
    case AGG_LAST: acc->value = keep_value(t, value); return FAULT_NONE;
    case AGG_STRING:
        if (acc->count > 1) buf_append_str(&acc->items, aggregate->separator);
        buf_append_str(&acc->items, value.as_text);
        return acc->items.len > (1u << 30) ? FAULT_TOO_LARGE : FAULT_NONE;
    case AGG_BOOL_AND:
    case AGG_BOOL_OR:
        if (first)
            acc->value = value;
        else if (aggregate->kind == AGG_BOOL_AND)
            acc->value.as_bool &= value.as_bool;
        else
            acc->value.as_bool |= value.as_bool;
        return FAULT_NONE;
    default: return FAULT_NONE;
    }
}

bool group_table_add(struct group_table *t, const struct vm *vm, uint32_t row, const struct row_place *place,
                     bool *is_new) {
    uint64_t index;
    part_key_encode(&t->key, vm, t->program, t->keys, t->key_count, row);
    enum key_set_result result =
        key_set_add(t->index, buf_str(&t->key.bytes), t->count, &index, t->run->engine->diags);
    if (result == KEY_SET_FAILED) return engine_fail(t->run->engine, RUN_STOPPED);
    if (result == KEY_SET_NEW && t->count >= MOST_GROUPS) return limit_reached(t);
    *is_new = result == KEY_SET_NEW;
    struct group *group = *is_new ? found_group(t, vm, row, place) : &t->groups[index];
    for (uint32_t a = 0; a < t->run->map->aggregates_count; a++) {
        const struct plan_aggregate *aggregate = &t->run->map->aggregates[a];
        struct value value = {.kind = TYPE_BOOL};
        if (aggregate->has_argument) value = vm_value_at(vm, t->arguments[a], row);
        enum fault fault = accumulate(t, &group->accumulators[a], aggregate, value);
        if (fault == FAULT_NONE) continue;
        diag_report(t->run->engine->diags, X_AGGREGATE, no_span(), "map `%.*s`: an aggregate %s",
                    STR_ARG(t->run->map->name), fault_title(fault));
        return engine_fail(t->run->engine, RUN_STOPPED);
    }
    return true;
}

void group_table_close(struct group_table *t) {
    static const struct row_place NOWHERE = {0};
    if (t->key_count == 0 && t->count == 0) found_group(t, NULL, 0, &NOWHERE);
}

uint64_t group_table_count(const struct group_table *t) {
    return t->count;
}
const struct row_place *group_table_place(const struct group_table *t, uint64_t group) {
    return &t->groups[group].place;
}

static struct value average(const struct accumulator *acc) {
    struct value result = acc->value;
    if (acc->value.kind == TYPE_FLOAT) result.as_float /= (double)acc->count;
    if (acc->value.kind == TYPE_DECIMAL &&
        decimal_divide(acc->value.as_decimal, decimal_from_int((int64_t)acc->count), &result.as_decimal) !=
            FAULT_NONE)
        result.kind = TYPE_NULL;
    return result;
}

static struct value aggregate_value(const struct plan_aggregate *aggregate, const struct accumulator *acc) {
    switch ((enum plan_aggregate_kind)aggregate->kind) {
    case AGG_COUNT: return (struct value){.kind = TYPE_INT, .as_int = (int64_t)acc->count};
    case AGG_AVG: return acc->count ? average(acc) : acc->value;
    case AGG_STRING:
        if (acc->count == 0) return (struct value){.kind = TYPE_NULL};
        return (struct value){.kind = TYPE_TEXT, .as_text = buf_str(&acc->items)};
    case AGG_ARRAY: {
        struct value result = {.kind = TYPE_ARRAY};
        result.as_array = (struct array){acc->items.ptr, (const uint8_t *)acc->nulls.ptr, acc->nulls.len};
        return result;
    }
    default: return acc->value;
    }
}

void group_table_inputs(struct group_table *t, uint64_t first, uint32_t count, struct vm_input *inputs) {
    const struct plan_program *program = &t->run->engine->plan->programs[t->run->map->group_program - 1];
    for (uint32_t s = 0; s < program->slots_count; s++) {
        const struct plan_slot *slot = &program->slots[s];
        if (slot->kind != SLOT_GROUP && slot->kind != SLOT_AGGREGATE) continue;
        size_t width = type_kind_size((enum type_kind)slot->type.kind);
        char *data = arena_zalloc(&t->arena, width * BATCH_ROWS);
        uint8_t *state = arena_zalloc(&t->arena, BATCH_ROWS);
        for (uint32_t i = 0; i < count; i++) {
            const struct group *group = &t->groups[first + i];
            struct value value = slot->kind == SLOT_GROUP
                                     ? group->keys[slot->column]
                                     : aggregate_value(&t->run->map->aggregates[slot->column],
                                                       &group->accumulators[slot->column]);
            state[i] = value.kind == TYPE_NULL ? ROW_NULL : ROW_VALUE;
            if (value.kind != TYPE_NULL) memcpy(data + i * width, value_item(&value), width);
        }
        inputs[s] = (struct vm_input){data, state};
    }
}

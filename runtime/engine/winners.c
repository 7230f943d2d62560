/* `unique by … keep last`, `keep … by …` and `order by`: which row of each key stands is known only when all
 * rows were seen. A first pass over the source keeps, for each key, the number of the row that stands so far
 * (and its order values); the second pass takes just those rows. */
#include "runtime/engine/map_internal.h"

#include "runtime/value/convert.h"

#include <stdlib.h>

struct winner {
    uint64_t row;
    struct value *orders;
};

struct winners {
    struct winner *items; /* the key set's ordinals number these */
    uint64_t count, cap;
};

static bool order_descending(const struct map_work *work, uint32_t index) {
    const struct plan_program *program = work->rows->program;
    for (uint32_t i = 0; i < program->outputs_count; i++)
        if (program->outputs[i].role == OUT_ORDER && program->outputs[i].index == index)
            return program->outputs[i].descending;
    return false;
}

static struct value copy_value(struct arena *arena, struct value value) {
    if (value.kind == TYPE_TEXT || value.kind == TYPE_BYTES || value.kind == TYPE_JSON)
        value.as_text = arena_copy_str(arena, value.as_text);
    return value;
}

/* <0: the row comes before the standing one in the order asked for. */
static int compare_orders(const struct map_work *work, const struct value *standing, uint32_t row) {
    for (uint32_t i = 0; i < work->order_count; i++) {
        struct value mine = vm_value_at(work->rows->vm, work->order[i], row);
        int c = value_compare(&mine, &standing[i]);
        if (c) return order_descending(work, i) ? -c : c;
    }
    return 0;
}

static void take_place(struct map_work *work, struct winner *winner, uint32_t row) {
    winner->row = work->row_base + row;
    if (work->order_count && winner->orders == NULL)
        winner->orders = ARENA_ARRAY(&work->run->arena, struct value, work->order_count);
    for (uint32_t i = 0; i < work->order_count; i++)
        winner->orders[i] = copy_value(&work->run->arena, vm_value_at(work->rows->vm, work->order[i], row));
}

static struct winner *add_winner(struct winners *winners) {
    if (winners->count == winners->cap) {
        winners->cap = winners->cap ? winners->cap * 2 : 1024;
        winners->items = memory_realloc(winners->items, winners->cap * sizeof *winners->items);
    }
    struct winner *winner = &winners->items[winners->count++];
    *winner = (struct winner){0};
    return winner;
}

static bool add_row(struct map_work *work, uint32_t row) {
    struct winners *winners = work->winners;
    uint64_t slot;
    part_key_encode(&work->unique_key, work->rows->vm, work->rows->program, work->unique, work->unique_count,
                    row);
    enum key_set_result result = key_set_add(work->unique_keys, buf_str(&work->unique_key.bytes),
                                             winners->count, &slot, work->run->engine->diags);
    if (result == KEY_SET_FAILED) return engine_fail(work->run->engine, RUN_STOPPED);
    if (result == KEY_SET_NEW) {
        take_place(work, add_winner(winners), row);
        return true;
    }
    int c = compare_orders(work, winners->items[slot].orders, row);
    bool last = work->run->map->unique == UNIQUE_LAST;
    if (last ? c >= 0 : c < 0) take_place(work, &winners->items[slot], row);
    return true;
}

bool winners_add(struct map_work *work, uint32_t count) {
    if (work->winners == NULL) work->winners = memory_zalloc(sizeof *work->winners);
    for (uint32_t row = 0; row < count; row++)
        if (vm_row_outcome(work->rows->vm, row) == OUTCOME_OK && !add_row(work, row)) return false;
    return true;
}

bool winners_is_standing(struct map_work *work, uint32_t row) {
    uint64_t slot;
    part_key_encode(&work->unique_key, work->rows->vm, work->rows->program, work->unique, work->unique_count,
                    row);
    return key_set_find(work->unique_keys, buf_str(&work->unique_key.bytes), &slot) &&
           work->winners->items[slot].row == work->row_base + row;
}

uint64_t winners_row(const struct winners *winners, uint64_t slot) {
    return winners->items[slot].row;
}

void winners_free(struct winners *winners) {
    if (winners) free(winners->items);
    free(winners);
}

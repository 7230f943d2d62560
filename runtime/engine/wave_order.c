/* Rows and keys as numbers, linked into lists: the rows that have a key, in order, and those that refer to
 * it. */
#include "runtime/engine/wave_order.h"

#include "runtime/base/arena.h"
#include "runtime/base/vec.h"
#include "runtime/vm/spill.h"

#include <stdlib.h>

enum { NONE = UINT32_MAX };

enum row_state { ROW_WAITS, ROW_QUEUED, ROW_TAKEN, ROW_DONE };

struct ordered_row {
    uint32_t key, parent;             /* numbers of keys; NONE */
    uint32_t next_holder, next_child; /* of the same key, of the same parent */
    uint32_t visit;                   /* of the search for loops */
    uint8_t state;                    /* enum row_state */
};

struct ordered_key {
    uint32_t first_holder, last_holder, first_child, last_child;
    bool settled; /* it finds a row, or never will */
};

struct wave_order {
    struct arena arena;
    struct key_set *keys;
    bool complete;
    struct spill spill; /* rows and known */
    struct {
        struct ordered_row *items;
        uint32_t count, cap;
    } rows;
    struct {
        struct ordered_key *items;
        uint32_t count, cap;
    } known;
    VEC(uint32_t) queue; /* can run */
    VEC(uint32_t) wave;  /* were taken last */
    uint32_t visits, looked_at;
};

struct wave_order *wave_order_new(struct key_set *keys, bool complete, size_t limit, struct str temp_dir) {
    struct wave_order *order = memory_zalloc(sizeof *order);
    order->keys = keys;
    order->complete = complete;
    spill_init(&order->spill, limit, temp_dir);
    return order;
}

void wave_order_free(struct wave_order *order) {
    if (order == NULL) return;
    key_set_free(order->keys);
    spill_release(&order->spill);
    arena_release(&order->arena);
    free(order);
}

/* Room for one more. False with a diagnostic. */
static bool make_room(struct wave_order *order, void **items, uint32_t count, uint32_t *cap, size_t size,
                      struct diag_list *diags) {
    enum { FIRST = 256 };
    if (count < *cap) return true;
    uint32_t larger = *cap ? *cap * 2 : FIRST;
    void *fresh = spill_alloc(&order->spill, larger * size, diags);
    if (fresh == NULL) return false;
    if (count) memcpy(fresh, *items, count * size);
    if (*items) spill_free(&order->spill, *items);
    *items = fresh;
    *cap = larger;
    return true;
}

static bool number_key(struct wave_order *order, struct str key, uint32_t *number, struct diag_list *diags) {
    uint64_t earlier = 0;
    *number = NONE;
    if (key.len == 0) return true;
    switch (key_set_add(order->keys, key, order->known.count, &earlier, diags)) {
    case KEY_SET_FAILED: return false;
    case KEY_SET_SEEN: *number = (uint32_t)earlier; return true;
    case KEY_SET_NEW: break;
    }
    if (!make_room(order, (void **)&order->known.items, order->known.count, &order->known.cap,
                   sizeof *order->known.items, diags))
        return false;
    *number = order->known.count++;
    order->known.items[*number] = (struct ordered_key){NONE, NONE, NONE, NONE, false};
    return true;
}

bool wave_order_add(struct wave_order *order, struct str key, struct str parent, struct diag_list *diags) {
    struct ordered_row row = {.next_holder = NONE, .next_child = NONE};
    uint32_t number = order->rows.count;
    if (!number_key(order, key, &row.key, diags) || !number_key(order, parent, &row.parent, diags))
        return false;
    if (!make_room(order, (void **)&order->rows.items, order->rows.count, &order->rows.cap,
                   sizeof *order->rows.items, diags))
        return false;
    order->rows.items[order->rows.count++] = row;
    if (row.key != NONE) {
        struct ordered_key *own = &order->known.items[row.key];
        if (own->first_holder == NONE)
            own->first_holder = number;
        else
            order->rows.items[own->last_holder].next_holder = number;
        own->last_holder = number;
    }
    if (row.parent != NONE) {
        struct ordered_key *parents = &order->known.items[row.parent];
        if (parents->first_child == NONE)
            parents->first_child = number;
        else
            order->rows.items[parents->last_child].next_child = number;
        parents->last_child = number;
    }
    return true;
}

static void queue_if_ready(struct wave_order *order, uint32_t number) {
    struct ordered_row *row = &order->rows.items[number];
    if (row->state != ROW_WAITS) return;
    if (row->key != NONE && order->known.items[row->key].first_holder != number) return;
    if (row->parent != NONE && !order->known.items[row->parent].settled) return;
    row->state = ROW_QUEUED;
    VEC_PUSH(&order->arena, &order->queue, number);
}

static void settle(struct wave_order *order, uint32_t number) {
    struct ordered_key *key = &order->known.items[number];
    if (key->settled) return;
    key->settled = true;
    for (uint32_t i = key->first_child; i != NONE; i = order->rows.items[i].next_child)
        queue_if_ready(order, i);
}

void wave_order_start(struct wave_order *order) {
    for (uint32_t i = 0; order->complete && i < order->known.count; i++)
        if (order->known.items[i].first_holder == NONE) settle(order, i);
    for (uint32_t i = 0; i < order->rows.count; i++)
        queue_if_ready(order, i);
}

static int compare_numbers(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

const uint32_t *wave_order_take(struct wave_order *order, uint32_t *count) {
    order->wave.count = 0;
    for (uint32_t i = 0; i < order->queue.count; i++) {
        order->rows.items[order->queue.items[i]].state = ROW_TAKEN;
        VEC_PUSH(&order->arena, &order->wave, order->queue.items[i]);
    }
    order->queue.count = 0;
    *count = order->wave.count;
    if (*count == 0) return NULL;
    qsort(order->wave.items, *count, sizeof *order->wave.items, compare_numbers);
    return order->wave.items;
}

void wave_order_done(struct wave_order *order, uint32_t row, bool written) {
    struct ordered_row *done = &order->rows.items[row];
    done->state = ROW_DONE;
    if (done->key == NONE) return;
    struct ordered_key *key = &order->known.items[done->key];
    key->first_holder = done->next_holder;
    if (written || (order->complete && key->first_holder == NONE)) settle(order, done->key);
    if (key->first_holder != NONE) queue_if_ready(order, key->first_holder);
}

bool wave_order_is_done(const struct wave_order *order, uint32_t row) {
    return order->rows.items[row].state == ROW_DONE;
}

/* ---------------------------------------------------------------- loops */

/* What a row waits for: the first row of its own key, or else the first one of its parent's. */
static uint32_t waits_for(const struct wave_order *order, uint32_t number) {
    const struct ordered_row *row = &order->rows.items[number];
    if (row->key != NONE && order->known.items[row->key].first_holder != number)
        return order->known.items[row->key].first_holder;
    return row->parent == NONE ? NONE : order->known.items[row->parent].first_holder;
}

/* Takes the circle that this row is on. */
static const uint32_t *take_circle(struct wave_order *order, uint32_t start, uint32_t *count) {
    uint32_t at = start;
    order->wave.count = 0;
    do {
        order->rows.items[at].state = ROW_TAKEN;
        VEC_PUSH(&order->arena, &order->wave, at);
        at = waits_for(order, at);
    } while (at != start);
    *count = order->wave.count;
    qsort(order->wave.items, *count, sizeof *order->wave.items, compare_numbers);
    return order->wave.items;
}

/* Each row waits for one other: the way from any of them leads into a circle. Only the first row of a key can
 * be on one. The search goes on where it last ended: what hangs on the circle it found has run since. */
const uint32_t *wave_order_take_loop(struct wave_order *order, uint32_t *count) {
    uint32_t first_visit = order->visits + 1;
    for (uint32_t looked = 0; looked < order->rows.count; looked++) {
        uint32_t at = order->looked_at, visit = ++order->visits;
        order->looked_at = (order->looked_at + 1) % order->rows.count;
        if (order->rows.items[at].state != ROW_WAITS) continue;
        while (at != NONE && order->rows.items[at].visit < first_visit) {
            order->rows.items[at].visit = visit;
            at = waits_for(order, at);
        }
        if (at != NONE && order->rows.items[at].visit == visit) return take_circle(order, at, count);
    }
    *count = 0;
    return NULL;
}

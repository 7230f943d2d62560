/* Who waits for whom among rows of one map that refer to rows of that map. A row can run when its parent is
 * settled and no earlier row of its own key still waits: of rows with one key the first in the source's order
 * stands, whatever they refer to. Each row is looked at when something it waits for is settled, not in every
 * round: the cost grows with the rows, not with the depth of their tree. */
#ifndef MIG_ENGINE_WAVE_ORDER_H
#define MIG_ENGINE_WAVE_ORDER_H

#include "runtime/vm/key_set.h"

struct wave_order;

/* `keys` numbers the keys and becomes the order's own. complete: no other rows will come, so what none of
 * these rows has as its key does not exist. Beyond `limit` bytes rows and keys lie in a file in temp_dir. */
struct wave_order *wave_order_new(struct key_set *keys, bool complete, size_t limit, struct str temp_dir);
void wave_order_free(struct wave_order *order); /* NULL is fine */

/* The next row, in the source's order; rows are numbered from 0. key: empty for none. parent: empty where it
 * refers to nothing, or to a row that is known to be written. False with a diagnostic: no more room. */
bool wave_order_add(struct wave_order *order, struct str key, struct str parent, struct diag_list *diags);
/* All rows are in: some of them may run. */
void wave_order_start(struct wave_order *order);
/* The rows that can run now, in the source's order, each once; NULL: none. Valid until the next call. */
const uint32_t *wave_order_take(struct wave_order *order, uint32_t *count);
/* The same for when there are none and rows are left: those of a circle of rows that refer to each other. */
const uint32_t *wave_order_take_loop(struct wave_order *order, uint32_t *count);
/* A row that was taken has run. written: its key now finds a row. */
void wave_order_done(struct wave_order *order, uint32_t row, bool written);
bool wave_order_is_done(const struct wave_order *order, uint32_t row);

#endif

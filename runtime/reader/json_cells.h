/* Many paths into one JSON element, followed in one walk over its text. */
#ifndef MIG_READER_JSON_CELLS_H
#define MIG_READER_JSON_CELLS_H

#include "runtime/reader/json_path.h"

struct json_node {
    enum path_step_kind kind;
    struct str key;
    int64_t index;
    uint32_t first_child, next_sibling; /* index + 1; 0: none */
    uint32_t first_slot;                /* index + 1 */
};

struct json_cells {
    VEC(struct json_node) nodes; /* 0: the element itself */
    VEC(uint32_t) next_slot;     /* the next slot with the same path, index + 1 */
};

void json_cells_init(struct json_cells *cells, struct arena *arena);
/* Adds a path (without [*]); its slot is the number of paths added before. */
void json_cells_add(struct json_cells *cells, struct arena *arena, const struct path_steps *steps);
/* found[slot] becomes the raw value, ptr NULL where there is none. The element is proved JSON. */
void json_cells_find(const struct json_cells *cells, struct str element, struct str *found);

#endif

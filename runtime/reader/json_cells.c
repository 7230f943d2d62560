/* The paths as a tree: where two begin alike they share nodes. */
#include "runtime/reader/json_cells.h"

#include "runtime/reader/json_scan.h"

void json_cells_init(struct json_cells *cells, struct arena *arena) {
    *cells = (struct json_cells){0};
    VEC_PUSH(arena, &cells->nodes, (struct json_node){0});
}

static uint32_t find_child(const struct json_cells *cells, uint32_t parent, const struct path_step *step) {
    for (uint32_t at = cells->nodes.items[parent].first_child; at;
         at = cells->nodes.items[at - 1].next_sibling) {
        const struct json_node *node = &cells->nodes.items[at - 1];
        if (node->kind == step->kind && node->index == step->index && str_eq(node->key, step->key)) return at;
    }
    return 0;
}

void json_cells_add(struct json_cells *cells, struct arena *arena, const struct path_steps *steps) {
    uint32_t at = 0, slot = cells->next_slot.count;
    for (uint32_t i = 0; i < steps->list.count; i++) {
        const struct path_step *step = &steps->list.items[i];
        uint32_t child = find_child(cells, at, step);
        if (child == 0) {
            struct json_node node = {.kind = step->kind,
                                     .key = step->key,
                                     .index = step->index,
                                     .next_sibling = cells->nodes.items[at].first_child};
            VEC_PUSH(arena, &cells->nodes, node);
            child = cells->nodes.items[at].first_child = cells->nodes.count;
        }
        at = child - 1;
    }
    VEC_PUSH(arena, &cells->next_slot, cells->nodes.items[at].first_slot);
    cells->nodes.items[at].first_slot = slot + 1;
}

/* Forgets what was found below a key that comes again. */
static void clear_below(const struct json_cells *cells, const struct json_node *node, struct str *found) {
    for (uint32_t at = node->first_child; at; at = cells->nodes.items[at - 1].next_sibling) {
        const struct json_node *child = &cells->nodes.items[at - 1];
        for (uint32_t slot = child->first_slot; slot; slot = cells->next_slot.items[slot - 1])
            found[slot - 1] = (struct str){0};
        clear_below(cells, child, found);
    }
}

static void visit(const struct json_cells *cells, const struct json_node *node, struct str value,
                  struct str *found);

/* Most keys are told apart by their first character or their length. */
static inline bool may_be_key(struct str raw, struct str key) {
    if (raw.len < key.len + 2 || key.len == 0) return key.len == 0;
    return raw.ptr[1] == key.ptr[0] || raw.ptr[1] == '\\';
}

static void visit_object(const struct json_cells *cells, const struct json_node *node, struct json_walk *walk,
                         struct str *found) {
    struct str key, item;
    while (json_walk_next(walk, &key, &item))
        for (uint32_t at = node->first_child; at; at = cells->nodes.items[at - 1].next_sibling) {
            const struct json_node *child = &cells->nodes.items[at - 1];
            if (child->kind != PATH_KEY || !may_be_key(key, child->key) || !json_key_equals(key, child->key))
                continue;
            clear_below(cells, child, found);
            visit(cells, child, item, found);
            break;
        }
}

static void visit_array(const struct json_cells *cells, const struct json_node *node, struct json_walk *walk,
                        struct str *found) {
    struct json_walk counting = *walk;
    struct str key, item;
    int64_t length = 0;
    while (json_walk_next(&counting, &key, &item))
        length++;
    for (int64_t i = 0; json_walk_next(walk, &key, &item); i++)
        for (uint32_t at = node->first_child; at; at = cells->nodes.items[at - 1].next_sibling) {
            const struct json_node *child = &cells->nodes.items[at - 1];
            if (child->kind == PATH_INDEX && (child->index == i || child->index == i - length))
                visit(cells, child, item, found);
        }
}

static void visit(const struct json_cells *cells, const struct json_node *node, struct str value,
                  struct str *found) {
    struct json_walk walk;
    for (uint32_t slot = node->first_slot; slot; slot = cells->next_slot.items[slot - 1])
        found[slot - 1] = value;
    if (node->first_child == 0 || !json_walk_start(&walk, value)) return;
    if (walk.object)
        visit_object(cells, node, &walk, found);
    else
        visit_array(cells, node, &walk, found);
}

void json_cells_find(const struct json_cells *cells, struct str element, struct str *found) {
    for (uint32_t i = 0; i < cells->next_slot.count; i++)
        found[i] = (struct str){0};
    visit(cells, &cells->nodes.items[0], element, found);
}

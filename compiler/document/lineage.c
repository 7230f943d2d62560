/* What flows from where to where: nodes in three columns, and where each stands. Maps stand in the order of
 * running; sources and tables beside the maps that they belong to. */
#include "compiler/document/page.h"

#include <stdlib.h>

static uint32_t add_node(struct arena *arena, struct lineage *lineage, struct lineage_node node) {
    VEC_PUSH(arena, &lineage->nodes, node);
    return lineage->nodes.count - 1;
}

static void add_edge(struct arena *arena, struct lineage *lineage, uint32_t from, uint32_t to, bool finds) {
    for (uint32_t i = 0; i < lineage->edges.count; i++)
        if (lineage->edges.items[i].from == from && lineage->edges.items[i].to == to) return;
    VEC_PUSH(arena, &lineage->edges, (struct lineage_edge){.from = from, .to = to, .finds = finds});
}

static int32_t find_node(const struct lineage *lineage, enum lineage_kind kind, bool looked_up,
                         struct str anchor) {
    for (uint32_t i = 0; i < lineage->nodes.count; i++) {
        const struct lineage_node *node = &lineage->nodes.items[i];
        if (node->kind == kind && node->looked_up == looked_up && str_eq(node->anchor, anchor))
            return (int32_t)i;
    }
    return -1;
}

/* ------------------------------------------------------------------ nodes and edges */

static void add_sources(struct arena *arena, const struct document *document, struct lineage *lineage) {
    for (uint32_t s = 0; s < document->sources.count; s++) {
        const struct document_source *source = &document->sources.items[s];
        for (uint32_t t = 0; t < source->tables.count; t++) {
            const struct document_source_table *table = &source->tables.items[t];
            if (table->is_table && !table->is_read) continue;
            struct lineage_node node = {.kind = LINEAGE_SOURCE, .anchor = table->anchor};
            node.label = table->title.len ? table->title : table->name;
            for (uint32_t r = 0; r < source->words.runs.count; r++) /* its file */
                if (source->words.runs.items[r].kind == RUN_NAME && node.detail.len == 0)
                    node.detail = source->words.runs.items[r].text;
            add_node(arena, lineage, node);
        }
    }
}

static uint32_t table_node(struct arena *arena, struct lineage *lineage, const struct document_map *map) {
    struct str anchor = phrase_anchor(arena, "table", map->table);
    int32_t found = find_node(lineage, LINEAGE_TABLE, false, anchor);
    if (found >= 0) return (uint32_t)found;
    struct lineage_node node = {.kind = LINEAGE_TABLE, .label = map->table, .anchor = anchor};
    if (map->is_file) node.detail = STR("file");
    return add_node(arena, lineage, node);
}

static void add_lookups(struct arena *arena, struct lineage *lineage, const struct document_map *map,
                        uint32_t at) {
    for (uint32_t i = 0; i < map->looks.count; i++) {
        struct str anchor = phrase_anchor(arena, "table", map->looks.items[i]);
        int32_t found = find_node(lineage, LINEAGE_SOURCE, true, anchor);
        struct lineage_node node = {.kind = LINEAGE_SOURCE,
                                    .looked_up = true,
                                    .label = map->looks.items[i],
                                    .anchor = anchor,
                                    .detail = STR("in the target")};
        add_edge(arena, lineage, found >= 0 ? (uint32_t)found : add_node(arena, lineage, node), at, true);
    }
}

static void add_maps(struct arena *arena, const struct document *document, struct lineage *lineage,
                     uint32_t first) {
    for (uint32_t m = 0; m < document->maps.count; m++) {
        const struct document_map *map = &document->maps.items[m];
        add_node(arena, lineage,
                 (struct lineage_node){.kind = LINEAGE_MAP, .label = map->name, .anchor = map->anchor});
    }
    for (uint32_t m = 0; m < document->maps.count; m++) {
        const struct document_map *map = &document->maps.items[m];
        uint32_t at = first + m;
        for (uint32_t i = 0; i < map->reads.count; i++) {
            int32_t source = find_node(lineage, LINEAGE_SOURCE, false, map->reads.items[i]);
            if (source >= 0) add_edge(arena, lineage, (uint32_t)source, at, false);
        }
        add_lookups(arena, lineage, map, at);
        for (uint32_t i = 0; i < map->finds.count; i++)
            if (map->finds.items[i] != m) add_edge(arena, lineage, first + map->finds.items[i], at, true);
        add_edge(arena, lineage, at, table_node(arena, lineage, map), false);
    }
}

/* ------------------------------------------------------------------ places */

struct wish {
    uint32_t node;
    double y;
};

static int by_wish(const void *a, const void *b) {
    const struct wish *x = a, *y = b;
    if (x->y != y->y) return x->y < y->y ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

/* Each node of a column where the maps that it belongs to are, on the average, one row apart at least. */
static void place_column(struct arena *arena, struct lineage *lineage, enum lineage_kind kind) {
    struct {
        VEC(struct wish) list;
    } wishes = {0};
    for (uint32_t n = 0; n < lineage->nodes.count; n++) {
        if (lineage->nodes.items[n].kind != kind) continue;
        double sum = 0;
        uint32_t count = 0;
        for (uint32_t e = 0; e < lineage->edges.count; e++) {
            const struct lineage_edge *edge = &lineage->edges.items[e];
            if (edge->from != n && edge->to != n) continue;
            sum += lineage->nodes.items[edge->from == n ? edge->to : edge->from].y;
            count++;
        }
        VEC_PUSH(arena, &wishes.list, (struct wish){n, count ? sum / count : 1e9});
    }
    if (wishes.list.count == 0) return;
    qsort(wishes.list.items, wishes.list.count, sizeof *wishes.list.items, by_wish);
    double next = 0;
    for (uint32_t i = 0; i < wishes.list.count; i++) {
        double y =
            wishes.list.items[i].y > 1e8 || wishes.list.items[i].y < next ? next : wishes.list.items[i].y;
        /* No lower than so that the rest still fits beside the maps. */
        double latest = lineage->rows - (wishes.list.count - i);
        if (y > latest && latest >= next) y = latest;
        lineage->nodes.items[wishes.list.items[i].node].y = y;
        next = y + 1;
    }
    if (next > lineage->rows) lineage->rows = next;
}

void lineage_make(struct arena *arena, const struct document *document, struct lineage *lineage) {
    *lineage = (struct lineage){0};
    add_sources(arena, document, lineage);
    uint32_t first = lineage->nodes.count;
    add_maps(arena, document, lineage, first);
    lineage->rows = document->maps.count;
    for (uint32_t m = 0; m < document->maps.count; m++)
        lineage->nodes.items[first + m].y = m;
    place_column(arena, lineage, LINEAGE_SOURCE);
    place_column(arena, lineage, LINEAGE_TABLE);
}

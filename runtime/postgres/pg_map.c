/* What encoder and loader both derive from a map. */
#include "runtime/postgres/pg_map.h"

static bool is_among(uint32_t column, const uint32_t *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (columns[i] == column) return true;
    return false;
}

uint32_t *pg_map_update_columns(struct arena *arena, const struct plan_map *map,
                                const struct plan_target_table *table, uint32_t *count) {
    bool named = map->update_columns_count != 0;
    const uint32_t *from = named ? map->update_columns : map->columns;
    uint32_t from_count = named ? map->update_columns_count : map->columns_count;
    uint32_t *out = ARENA_ARRAY(arena, uint32_t, from_count);
    *count = 0;
    for (uint32_t i = 0; i < from_count; i++) {
        const struct plan_target_column *column = &table->columns[from[i]];
        if (column->generated || column->identity == 2) continue;
        if (is_among(from[i], map->conflict_columns, map->conflict_columns_count)) continue;
        if (is_among(from[i], map->columns, map->columns_count)) out[(*count)++] = from[i];
    }
    return out;
}

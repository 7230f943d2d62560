/* What encoder and loader both derive from a map. */
#ifndef MIG_POSTGRES_PG_MAP_H
#define MIG_POSTGRES_PG_MAP_H

#include "runtime/plan/plan.h"

/* The target columns that `on conflict … update` sets: those named, else all that the map writes but the
 * conflict columns, and never a generated or identity-always column. In the arena. */
uint32_t *pg_map_update_columns(struct arena *arena, const struct plan_map *map,
                                const struct plan_target_table *table, uint32_t *count);

/* True when the map's rows travel in COPY's text form (pg_row_encoder_is_text). */
bool pg_map_is_text(const struct plan *plan, const struct plan_map *map);

#endif

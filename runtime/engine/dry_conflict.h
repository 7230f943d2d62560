/* What `on conflict` would do in a dry run: whether a row stands in the target already, and whether it is the
 * same there. For that the columns of the conflict and those that the map updates are read from the target
 * once. */
#ifndef MIG_ENGINE_DRY_CONFLICT_H
#define MIG_ENGINE_DRY_CONFLICT_H

#include "runtime/engine/engine.h"

struct dry_conflict;

enum dry_fate { DRY_NEW, DRY_SAME, DRY_DIFFERENT, DRY_FAILED /* reported */ };

/* The map has an `on conflict`. below: reads the target. NULL: it cannot be read (reported). */
struct dry_conflict *dry_conflict_open(struct map_run *run, const struct target *below);
void dry_conflict_close(struct dry_conflict *conflict); /* NULL is fine */
/* The row that the map would write, which from now on stands there. */
enum dry_fate dry_conflict_take(struct dry_conflict *conflict, const struct vm *vm, uint32_t row);

#endif

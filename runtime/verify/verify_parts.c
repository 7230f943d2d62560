/* Parts of the run that were rolled back by themselves (mig rollback --only): their rows are no longer the
 * run's. The batches that had such rows are compared row by row, without them. */
#include "runtime/verify/verify_internal.h"

#include "runtime/value/uuid.h"

static void note(struct verify *v, const struct pg_result *r, uint32_t row) {
    for (uint32_t i = 0; i < v->maps.count; i++) {
        struct verify_map *m = v->maps.items[i];
        if (!str_eq(m->map->name, pg_result_text(r, row, 0))) continue;
        struct leaf *leaf = verify_leaf_of_batch(m, (uint64_t)pg_result_int(r, row, 1));
        if (leaf == NULL) continue;
        VEC_PUSH(v->arena, &leaf->taken,
                 ((struct journal_part_info){.part = arena_copy_str(v->arena, pg_result_text(r, row, 2)),
                                             .value = arena_copy_str(v->arena, pg_result_text(r, row, 3)),
                                             .done = true}));
    }
}

bool verify_read_parts(struct verify *v) {
    struct journal_part_info *parts;
    uint32_t count = 0;
    struct str run = uuid_format(v->arena, v->info->run_id);
    if (!journal_read_parts(v->connection, v->info->run_id, v->arena, &parts, &count, v->diags)) return false;
    for (uint32_t i = 0; i < count; i++)
        VEC_PUSH(v->arena, &v->report->taken, parts[i]);
    if (count == 0) return true;
    struct pg_result *r = pg_query(
        v->connection,
        "SELECT map, ordinal, part, value FROM mig.part_undo_batch WHERE run_id = $1::uuid AND settled > 0",
        &run, 1, v->diags);
    for (uint32_t row = 0; r && row < pg_result_rows(r); row++)
        note(v, r, row);
    bool ok = r != NULL;
    pg_result_free(r);
    return ok;
}

bool verify_row_is_taken(const struct leaf *leaf, const struct plan_map *map, struct str part) {
    for (uint32_t i = 0; i < leaf->taken.count; i++)
        if (part.ptr && str_eq(leaf->taken.items[i].part, map->partition) &&
            str_eq(leaf->taken.items[i].value, part))
            return true;
    return false;
}

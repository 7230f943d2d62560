/* See pg_row_hash.h. */
#include "runtime/postgres/pg_row_hash.h"
#include "runtime/postgres/pg_map.h"

static int32_t field_of_column(const struct plan_map *map, uint32_t column) {
    for (uint32_t i = 0; i < map->columns_count; i++)
        if (map->columns[i] == column) return (int32_t)i;
    return -1;
}

bool row_hasher_part(const struct row_hasher *h, struct arena *arena, const struct plan_map *map,
                     const uint32_t *columns, uint32_t count, struct row_hash_part *part) {
    *part = (struct row_hash_part){.fields = ARENA_ARRAY(arena, uint32_t, count)};
    for (uint32_t i = 0; i < count; i++) {
        int32_t field = field_of_column(map, columns[i]);
        if (field < 0) return false;
        if (h->columns[field].text_only) continue;
        part->fields[part->count++] = (uint32_t)field;
    }
    return count > 0;
}

static void mark_loose(const struct row_hasher *h, struct row_hash_part *part) {
    for (uint32_t i = 0; i < part->count; i++)
        part->loose = part->loose || h->columns[part->fields[i]].exact_scale;
}

static void choose_parts(struct row_hasher *h, struct arena *arena, const struct plan_map *map,
                         const struct plan_target_table *table) {
    row_hasher_part(h, arena, map, map->columns, map->columns_count, &h->row);
    const struct plan_target_key *primary =
        table->keys_count && table->keys[0].primary ? &table->keys[0] : NULL;
    bool keyed = primary && row_hasher_part(h, arena, map, primary->columns, primary->columns_count, &h->key);
    if (!keyed)
        keyed = row_hasher_part(h, arena, map, map->conflict_columns, map->conflict_columns_count, &h->key);
    if (keyed)
        mark_loose(h, &h->key);
    else
        h->key = h->row;
    if (map->conflict != CONFLICT_UPDATE) return;
    uint32_t count;
    uint32_t *updated = pg_map_update_columns(arena, map, table, &count);
    uint32_t *both = ARENA_ARRAY(arena, uint32_t, count + map->conflict_columns_count);
    memcpy(both, map->conflict_columns, sizeof *both * map->conflict_columns_count);
    memcpy(both + map->conflict_columns_count, updated, sizeof *both * count);
    row_hasher_part(h, arena, map, both, count + map->conflict_columns_count, &h->update);
}

struct row_hasher row_hasher_make(struct arena *arena, const struct plan_map *map,
                                  const struct plan_target_table *table, const struct wire_column *columns) {
    struct row_hasher h = {.columns = columns, .count = map->columns_count};
    for (uint32_t i = 0; i < h.count; i++) {
        h.hashed += !columns[i].text_only;
        h.canonical = h.canonical || wire_needs_canonical(&columns[i]);
    }
    h.canonical = h.canonical || h.hashed < h.count;
    h.in_place = h.hashed == h.count;
    for (uint32_t i = 0; i < h.count; i++)
        if (wire_needs_canonical(&columns[i]) && !wire_is_patched(&columns[i])) h.in_place = false;
    choose_parts(&h, arena, map, table);
    return h;
}

const char *row_hasher_canonical(const struct row_hasher *h, const char *fields, size_t *starts,
                                 struct buf *canonical) {
    if (!h->canonical) return fields;
    buf_clear(canonical);
    if (h->in_place) {
        buf_append(canonical, fields, starts[h->count]);
        return row_hasher_canonical_in(h, canonical->ptr, starts, NULL);
    }
    size_t from = starts[0];
    for (uint32_t i = 0; i < h->count; i++) {
        size_t end = starts[i + 1], at = canonical->len;
        if (end > from) wire_append_canonical(&h->columns[i], fields + from, end - from, canonical);
        starts[i] = at;
        from = end;
    }
    starts[h->count] = canonical->len;
    return canonical->ptr ? canonical->ptr : "";
}

const char *row_hasher_canonical_in(const struct row_hasher *h, char *fields, size_t *starts,
                                    struct buf *canonical) {
    if (!h->canonical) return fields;
    if (!h->in_place) return row_hasher_canonical(h, fields, starts, canonical);
    for (uint32_t i = 0; i < h->count; i++)
        wire_patch_canonical(&h->columns[i], fields + starts[i]);
    return fields;
}

struct hash128 row_hasher_part_hash(const struct row_hasher *h, const struct row_hash_part *part,
                                    const char *fields, const size_t *starts, struct buf *scratch) {
    if (part->count == 1 && !part->loose) {
        uint32_t f = part->fields[0];
        return hash_bytes128(PG_ROW_HASH_SEED, fields + starts[f], starts[f + 1] - starts[f]);
    }
    buf_clear(scratch);
    for (uint32_t i = 0; i < part->count; i++) {
        uint32_t f = part->fields[i];
        size_t at = scratch->len;
        buf_append(scratch, fields + starts[f], starts[f + 1] - starts[f]);
        if (part->loose) wire_drop_scale(&h->columns[f], scratch->ptr + at);
    }
    return hash_bytes128(PG_ROW_HASH_SEED, scratch->ptr ? scratch->ptr : "", scratch->len);
}

struct row_hash row_hasher_hash(const struct row_hasher *h, const char *fields, const size_t *starts,
                                struct buf *scratch) {
    struct row_hash r = {.row = hash_bytes128(PG_ROW_HASH_SEED, fields, starts[h->count])};
    r.key = h->key.count == h->row.count && !h->key.loose
                ? r.row
                : row_hasher_part_hash(h, &h->key, fields, starts, scratch);
    if (h->update.count) r.update = row_hasher_part_hash(h, &h->update, fields, starts, scratch);
    return r;
}

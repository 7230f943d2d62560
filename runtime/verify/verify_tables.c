/* What there is to verify: the maps of the run with their batches, and the tables that they wrote into. */
#include "runtime/verify/verify_internal.h"

#include <stdlib.h>

static struct str table_name(struct verify *v, const struct plan_target_table *table) {
    return arena_printf(v->arena, "%.*s%s%.*s", STR_ARG(table->schema), table->schema.len ? "." : "",
                        STR_ARG(table->name));
}

static const struct journal_step_info *find_step(const struct verify *v, const struct plan_map *map) {
    for (uint32_t i = 0; i < v->info->step_count; i++)
        if (str_eq(v->info->steps[i].map, map->name)) return &v->info->steps[i];
    return NULL;
}

static struct verify_table *find_table(struct verify *v, const struct plan_target_table *table) {
    for (uint32_t i = 0; i < v->tables.count; i++)
        if (v->tables.items[i]->table == table) return v->tables.items[i];
    struct verify_table *t = ARENA_NEW(v->arena, struct verify_table);
    t->table = table;
    t->name = table_name(v, table);
    t->report = ARENA_NEW(v->arena, struct verify_table_report);
    t->report->name = t->name;
    t->report->xmin = true;
    VEC_PUSH(v->arena, &v->tables, t);
    VEC_PUSH(v->arena, &v->report->tables, t->report);
    return t;
}

/* -- transaction ids */

static void xids_add(struct verify *v, struct xid_table *table, uint32_t xid, uint32_t leaf) {
    (void)v;
    uint32_t at = xid * 2654435769u;
    while (table->xids[at &= table->cap - 1])
        at++;
    table->xids[at] = xid;
    table->leaves[at] = leaf;
}

static void make_xids(struct verify *v, struct verify_map *m) {
    m->xids.cap = 8;
    while (m->xids.cap < m->leaf_count * 2)
        m->xids.cap *= 2;
    m->xids.xids = ARENA_ARRAY(v->arena, uint32_t, m->xids.cap);
    m->xids.leaves = ARENA_ARRAY(v->arena, uint32_t, m->xids.cap);
    for (uint32_t i = 0; i < m->leaf_count; i++)
        xids_add(v, &m->xids, (uint32_t)m->leaves[i].info->xid, i);
}

struct leaf *verify_leaf_of_xid(const struct verify_map *m, uint32_t xid) {
    if (m->xids.cap == 0 || xid == 0) return NULL;
    for (uint32_t at = xid * 2654435769u;; at++) {
        at &= m->xids.cap - 1;
        if (m->xids.xids[at] == xid) return &m->leaves[m->xids.leaves[at]];
        if (m->xids.xids[at] == 0) return NULL;
    }
}

struct leaf *verify_find_leaf(const struct verify_table *table, uint32_t xid, struct verify_map **map) {
    for (uint32_t i = 0; i < table->maps.count; i++) {
        struct leaf *leaf = verify_leaf_of_xid(table->maps.items[i], xid);
        *map = table->maps.items[i];
        if (leaf) return leaf;
    }
    return NULL;
}

struct leaf *verify_leaf_of_batch(struct verify_map *m, uint64_t ordinal) {
    if (m->last_leaf < m->leaf_count && m->leaves[m->last_leaf].info->ordinal == ordinal)
        return &m->leaves[m->last_leaf];
    uint32_t low = 0, high = m->leaf_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (m->leaves[middle].info->ordinal < ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == m->leaf_count || m->leaves[low].info->ordinal != ordinal) return NULL;
    m->last_leaf = low;
    return &m->leaves[low];
}

/* -- maps */

/* Rows are compared by the key of the journal's hashes, or else by a unique key that the map writes. */
static void choose_match(struct verify *v, struct verify_map *m) {
    const struct plan_target_table *table = m->table->table;
    m->match = m->hasher->key;
    if (m->hasher->key.fields != m->hasher->row.fields) return;
    m->keyless = true;
    for (uint32_t i = 0; i < table->keys_count && m->keyless; i++) {
        const struct plan_target_key *key = &table->keys[i];
        struct row_hash_part part;
        if (!row_hasher_part(m->hasher, v->arena, m->map, key->columns, key->columns_count, &part)) continue;
        if (part.count != key->columns_count) continue;
        bool nullable = false;
        for (uint32_t c = 0; c < key->columns_count; c++)
            nullable = nullable || !table->columns[key->columns[c]].not_null;
        if (nullable) continue; /* nulls are no duplicates of each other */
        part.loose = true;
        m->match = part;
        m->keyless = false;
    }
}

static uint32_t select_item(struct verify *v, struct verify_table *t, uint32_t column, bool text) {
    for (uint32_t i = 0; i < t->items.count; i++)
        if (t->items.items[i].column == column && t->items.items[i].text == text) return i;
    VEC_PUSH(v->arena, &t->items, (struct select_item){column, text});
    return t->items.count - 1;
}

static void choose_columns(struct verify *v, struct verify_map *m) {
    m->select = ARENA_ARRAY(v->arena, uint32_t, m->map->columns_count);
    m->direct = m->hasher->hashed == m->map->columns_count;
    for (uint32_t i = 0; i < m->map->columns_count; i++) {
        bool text = m->hasher->columns[i].text_only;
        m->select[i] = select_item(v, m->table, m->map->columns[i], text);
        m->direct = m->direct && m->select[i] == i;
        m->table->has_text = m->table->has_text || text;
    }
}

static bool add_map(struct verify *v, uint32_t index, const struct journal_step_info *step) {
    const struct plan_map *map = &v->plan->maps[index];
    struct verify_map *m = ARENA_NEW(v->arena, struct verify_map);
    struct journal_batch_info *batches;
    m->index = index;
    m->map = map;
    if (!journal_read_batches(v->connection, v->info->run_id, map->name, v->arena, &batches, &m->leaf_count,
                              v->diags))
        return false;
    if (m->leaf_count == 0) return true;
    m->table = find_table(v, &v->plan->target.tables[map->target_table - 1]);
    m->table->report->xmin = m->table->report->xmin && str_is(step->identity, "xmin");
    m->table->report->batches += m->leaf_count;
    m->encoder = pg_row_encoder_new(
        v->plan, map, &v->plan->programs[map->grouped ? map->group_program - 1 : map->program], false);
    m->hasher = pg_row_encoder_hasher(m->encoder);
    m->leaves = ARENA_ARRAY(v->arena, struct leaf, m->leaf_count);
    for (uint32_t i = 0; i < m->leaf_count; i++) {
        m->leaves[i].info = &batches[i];
        m->leaves[i].block_from = m->leaves[i].block_to = -1;
        uint32_t xid = (uint32_t)batches[i].xid;
        if (!v->has_batches || xid_is_after(v->first_xid, xid)) v->first_xid = xid;
        v->has_batches = true;
    }
    make_xids(v, m);
    m->starts = ARENA_ARRAY(v->arena, size_t, map->columns_count + 1);
    VEC_PUSH(v->arena, &m->table->maps, m);
    VEC_PUSH(v->arena, &v->maps, m);
    v->report->batches += m->leaf_count;
    choose_match(v, m);
    choose_columns(v, m);
    return true;
}

/* What the server calls the columns' types; and what kind of relation it is. */
static bool ask_catalog(struct verify *v, struct verify_table *t) {
    static const char SQL[] =
        "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), c.relkind = 'r'"
        " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped";
    struct str params[] = {t->table->schema.len ? t->table->schema : STR("public"), t->table->name};
    struct pg_result *r = pg_query(v->connection, SQL, params, 2, v->diags);
    if (r == NULL) return false;
    t->types = ARENA_ARRAY(v->arena, struct str, t->table->columns_count);
    t->is_plain = pg_result_rows(r) && pg_result_bool(r, 0, 2);
    for (uint32_t i = 0; i < pg_result_rows(r); i++)
        for (uint32_t c = 0; c < t->table->columns_count; c++)
            if (str_eq(t->table->columns[c].name, pg_result_text(r, i, 0)))
                t->types[c] = arena_copy_str(v->arena, pg_result_text(r, i, 1));
    pg_result_free(r);
    for (uint32_t i = 0; i < t->items.count; i++) {
        const struct plan_target_column *column = &t->table->columns[t->items.items[i].column];
        if (t->types[t->items.items[i].column].ptr) continue;
        struct diag *d = diag_report(v->diags, X_VERIFY_NOT_POSSIBLE, no_place(),
                                     "%.*s no longer has the column `%.*s` that the run wrote",
                                     STR_ARG(t->name), STR_ARG(column->name));
        diag_help(v->diags, d, "The table was changed after the load: what stood there cannot be proven.");
        return false;
    }
    return true;
}

bool verify_build(struct verify *v) {
    for (uint32_t i = 0; i < v->plan->maps_count; i++) {
        const struct plan_map *map = &v->plan->maps[i];
        const struct journal_step_info *step = find_step(v, map);
        bool wanted = v->options->part.len == 0 || str_eq(map->partition, v->options->part);
        if (map->target_table == 0 || step == NULL || !wanted) continue;
        if (!add_map(v, i, step)) return false;
    }
    for (uint32_t i = 0; i < v->tables.count; i++) {
        v->tables.items[i]->starts = ARENA_ARRAY(v->arena, size_t, v->tables.items[i]->items.count + 2);
        if (!ask_catalog(v, v->tables.items[i])) return false;
    }
    return true;
}

void verify_release(struct verify *v) {
    for (uint32_t i = 0; i < v->maps.count; i++) {
        struct verify_map *m = v->maps.items[i];
        pg_row_encoder_free(m->encoder);
        hash_set_free(&m->images);
        hash_set_free(&m->newcomers);
        free(m->expected.rows);
        free(m->expected.heads);
        buf_release(&m->expected.values);
        arena_release(&m->expected.texts);
        arena_release(&m->expected.arena);
        buf_release(&m->gathered);
        buf_release(&m->canonical);
        buf_release(&m->scratch);
    }
}

struct str verify_select(const struct verify_table *t, const char *where, struct arena *arena) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "SELECT t.xmin");
    for (uint32_t i = 0; i < t->items.count; i++) {
        const struct select_item *item = &t->items.items[i];
        buf_append_cstr(&sql, ", t.");
        pg_append_identifier(&sql, t->table->columns[item->column].name);
        if (item->text) buf_append_cstr(&sql, "::text");
    }
    buf_append_cstr(&sql, " FROM ");
    pg_append_qualified(&sql, t->table->schema, t->table->name);
    buf_append_cstr(&sql, " t");
    buf_append_cstr(&sql, where);
    struct str text = arena_copy_str(arena, buf_str(&sql));
    buf_release(&sql);
    return text;
}

/* -- sets */

static void set_grow(struct hash_set *set) {
    struct hash_set wider = {.cap = set->cap ? set->cap * 2 : 1024};
    wider.slots = memory_zalloc(sizeof *wider.slots * wider.cap);
    for (uint64_t i = 0; i < set->cap; i++)
        if (set->slots[i]) hash_set_add(&wider, set->slots[i]);
    free(set->slots);
    *set = wider;
}

void hash_set_add(struct hash_set *set, uint64_t hash) {
    if (hash == 0) hash = 1;
    if (set->count * 2 >= set->cap) set_grow(set);
    uint64_t at = hash & (set->cap - 1);
    while (set->slots[at] && set->slots[at] != hash)
        at = (at + 1) & (set->cap - 1);
    set->count += set->slots[at] == 0;
    set->slots[at] = hash;
}

bool hash_set_has(const struct hash_set *set, uint64_t hash) {
    if (hash == 0) hash = 1;
    if (set->cap == 0) return false;
    uint64_t at = hash & (set->cap - 1);
    while (set->slots[at] && set->slots[at] != hash)
        at = (at + 1) & (set->cap - 1);
    return set->slots[at] == hash;
}

void hash_set_free(struct hash_set *set) {
    free(set->slots);
    *set = (struct hash_set){0};
}

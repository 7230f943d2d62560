/* The target pass: each table once, rows hashed and added up by batch. */
#include "runtime/verify/verify_internal.h"

#include "runtime/value/uuid.h"

enum { NEWCOMERS_MAX = 1 << 20 };

bool verify_begin_reading(struct verify *v) {
    return pg_exec(v->connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", v->diags);
}

void verify_end_reading(struct verify *v) {
    pg_rollback(v->connection);
}

uint32_t verify_row_xid(const struct pg_binary_row *row) {
    return row->size >= 8 && wire_get_u32(row->fields) == 4 ? wire_get_u32(row->fields + 4) : 0;
}

const char *verify_take_fields(struct verify_map *m, const struct pg_binary_row *row, const size_t *starts) {
    uint32_t count = m->map->columns_count;
    if (m->direct) {
        char *fields = row->fields + starts[1];
        for (uint32_t i = 0; i <= count; i++)
            m->starts[i] = starts[i + 1] - starts[1];
        return fields;
    }
    buf_clear(&m->gathered);
    for (uint32_t i = 0; i < count; i++) {
        size_t from = starts[m->select[i] + 1], end = starts[m->select[i] + 2];
        m->starts[i] = m->gathered.len;
        if (!m->hasher->columns[i].text_only) buf_append(&m->gathered, row->fields + from, end - from);
    }
    m->starts[count] = m->gathered.len;
    return m->gathered.ptr ? m->gathered.ptr : "";
}

uint64_t verify_image_hash(struct hash128 key, uint64_t batch) {
    return hash_u64(key.lo, key.hi ^ batch * UINT64_C(0x9e3779b97f4a7c15));
}

/* -- rows that batches updated */

static struct str images_select(const struct verify *v, const struct verify_map *m, uint32_t *fields,
                                struct arena *arena) {
    struct buf sql = {0};
    char id[37];
    uuid_write(v->info->run_id, id);
    buf_append_cstr(&sql, "SELECT i.ordinal");
    *fields = 1;
    for (uint32_t i = 0; i < m->map->columns_count; i++) {
        for (uint32_t k = 0; k < m->hasher->key.count; k++) {
            if (m->hasher->key.fields[k] != i) continue;
            buf_append_cstr(&sql, ", r.");
            pg_append_identifier(&sql, m->table->table->columns[m->map->columns[i]].name);
            (*fields)++;
        }
    }
    buf_append_cstr(&sql, " FROM mig.image i, LATERAL pg_catalog.json_populate_record(NULL::");
    pg_append_qualified(&sql, m->table->table->schema, m->table->table->name);
    buf_printf(&sql, ", i.old_row) r WHERE i.operation = 'update' AND i.run_id = '%.36s' AND i.map = ", id);
    pg_append_literal(&sql, m->map->name);
    struct str text = arena_copy_str(arena, buf_str(&sql));
    buf_release(&sql);
    return text;
}

static void add_image(struct verify_map *m, const struct pg_binary_row *row, const size_t *starts) {
    uint64_t ordinal = 0;
    memcpy(&ordinal, row->fields + 4, 8);
    ordinal = __builtin_bswap64(ordinal);
    buf_clear(&m->gathered);
    uint32_t next = 1;
    for (uint32_t i = 0; i < m->map->columns_count; i++) {
        m->starts[i] = m->gathered.len;
        for (uint32_t k = 0; k < m->hasher->key.count; k++)
            if (m->hasher->key.fields[k] == i) {
                buf_append(&m->gathered, row->fields + starts[next], starts[next + 1] - starts[next]);
                next++;
            }
    }
    m->starts[m->map->columns_count] = m->gathered.len;
    const char *fields = row_hasher_canonical(m->hasher, m->gathered.ptr, m->starts, &m->canonical);
    struct hash128 key = row_hasher_part_hash(m->hasher, &m->hasher->key, fields, m->starts, &m->scratch);
    hash_set_add(&m->images, verify_image_hash(key, ordinal));
}

static bool read_images(struct verify *v, struct verify_map *m) {
    uint64_t updated = 0;
    for (uint32_t i = 0; i < m->leaf_count; i++)
        updated += m->leaves[i].info->counts.updated;
    if (updated == 0 || m->hasher->update.count == 0) return true;
    struct arena arena = {0};
    uint32_t count;
    struct str select = images_select(v, m, &count, &arena);
    size_t *starts = ARENA_ARRAY(&arena, size_t, count + 1);
    struct pg_binary_copy *copy = pg_binary_copy_open(
        v->connection, select, count, STR("read the rows as they were (mig.image)"), v->diags);
    struct pg_binary_row row;
    enum pg_binary_status status = copy ? PG_BINARY_ROW : PG_BINARY_FAILED;
    while (status == PG_BINARY_ROW) {
        status = pg_binary_copy_next(copy, &row, starts, v->diags);
        if (status == PG_BINARY_ROW && starts[1] == 12) add_image(m, &row, starts);
    }
    pg_binary_copy_close(copy);
    arena_release(&arena);
    return status == PG_BINARY_END;
}

/* -- adding up */

static void add_to_leaf(struct verify_map *m, struct leaf *leaf, const char *fields) {
    struct row_hash h = row_hasher_hash(m->hasher, fields, m->starts, &m->scratch);
    bool updated = leaf->info->counts.updated != 0 &&
                   (leaf->info->counts.written == 0 ||
                    hash_set_has(&m->images, verify_image_hash(h.key, leaf->info->ordinal)));
    if (updated) {
        leaf->updates++;
        leaf->update_row += hash128_number(h.update);
        leaf->update_key += hash128_number(h.key);
    } else {
        leaf->rows++;
        leaf->row += hash128_number(h.row);
        leaf->key += hash128_number(h.key);
    }
}

static const char *own_fields(struct verify_map *m, const struct pg_binary_row *row, const size_t *starts) {
    verify_take_fields(m, row, starts);
    if (m->direct)
        return row_hasher_canonical_in(m->hasher, row->fields + starts[1], m->starts, &m->canonical);
    return row_hasher_canonical(m->hasher, m->gathered.ptr ? m->gathered.ptr : "", m->starts, &m->canonical);
}

void verify_add_row(struct verify_map *m, struct leaf *leaf, const struct pg_binary_row *row,
                    const size_t *starts) {
    add_to_leaf(m, leaf, own_fields(m, row, starts));
}

static void note_stranger(struct verify *v, struct verify_table *t, uint32_t xid,
                          const struct pg_binary_row *row, const size_t *starts) {
    if (!xid_is_after(xid, v->first_xid)) {
        t->report->older++;
        return;
    }
    t->report->newer++;
    for (uint32_t i = 0; i < t->maps.count; i++) {
        struct verify_map *m = t->maps.items[i];
        if (!m->keyless || m->newcomers.count >= NEWCOMERS_MAX) continue;
        const char *fields =
            row_hasher_canonical(m->hasher, verify_take_fields(m, row, starts), m->starts, &m->canonical);
        hash_set_add(
            &m->newcomers,
            verify_image_hash(hash_bytes128(PG_ROW_HASH_SEED, fields, m->starts[m->hasher->count]), 0));
    }
}

static bool is_clean(const struct leaf *leaf) {
    const struct journal_batch_info *b = leaf->info;
    return leaf->rows == b->counts.written && leaf->updates == b->counts.updated && leaf->row == b->row_sum &&
           leaf->key == b->key_sum && leaf->update_row == b->update_row_sum &&
           leaf->update_key == b->update_key_sum;
}

void verify_check_leaf(struct verify *v, struct verify_map *m, struct leaf *leaf) {
    leaf->read = true;
    v->report->read++;
    m->table->report->read++;
    leaf->differs = v->options->part.len == 0 && !is_clean(leaf);
    /* What the sums leave out can only be seen by comparing rows. */
    leaf->lost |= leaf->info->from_retry;      /* repaired by hand: the sources do not give its rows */
    leaf->explained += leaf->taken.count != 0; /* by rows that were rolled back */
    leaf->drill = leaf->differs || m->hasher->hashed < m->hasher->count || v->options->part.len;
}

struct pg_binary_copy *verify_open_table(struct verify *v, struct verify_table *t, struct arena *arena) {
    return pg_binary_copy_open(v->connection, verify_select(t, "", arena), t->items.count + 1,
                               arena_printf(arena, "read %.*s", STR_ARG(t->name)), v->diags);
}

static bool scan_table(struct verify *v, struct verify_table *t) {
    struct arena arena = {0};
    struct pg_binary_copy *copy = verify_open_table(v, t, &arena);
    struct pg_binary_row row;
    enum pg_binary_status status = copy ? PG_BINARY_ROW : PG_BINARY_FAILED;
    uint32_t last_xid = 0;
    struct leaf *leaf = NULL;
    struct verify_map *map = NULL;
    while (status == PG_BINARY_ROW) {
        status = pg_binary_copy_next(copy, &row, t->starts, v->diags);
        if (status != PG_BINARY_ROW) break;
        t->report->rows++;
        uint32_t xid = verify_row_xid(&row);
        if (xid != last_xid || last_xid == 0) {
            leaf = verify_find_leaf(t, xid, &map);
            last_xid = xid;
        }
        if (leaf) {
            t->report->of_run++;
            verify_add_row(map, leaf, &row, t->starts);
        } else
            note_stranger(v, t, xid, &row, t->starts);
    }
    pg_binary_copy_close(copy);
    arena_release(&arena);
    return status == PG_BINARY_END;
}

bool verify_scan_targets(struct verify *v) {
    double start = verify_clock();
    bool ok = verify_begin_reading(v);
    for (uint32_t i = 0; i < v->maps.count && ok; i++)
        ok = read_images(v, v->maps.items[i]);
    if (v->options->part.len == 0 && v->deadline > 0)
        ok = ok && verify_scan_in_budget(v);
    else {
        for (uint32_t i = 0; i < v->tables.count && ok && v->options->part.len == 0; i++)
            ok = scan_table(v, v->tables.items[i]);
        for (uint32_t i = 0; i < v->maps.count && ok; i++)
            for (uint32_t l = 0; l < v->maps.items[i]->leaf_count; l++)
                verify_check_leaf(v, v->maps.items[i], &v->maps.items[i]->leaves[l]);
        ok = ok && verify_find_copies(v);
    }
    verify_end_reading(v);
    v->report->target_seconds = verify_clock() - start;
    return ok;
}

/* A row written later that equals one of the run's: which batch has that one? */
static bool find_copies(struct verify *v, struct verify_table *t) {
    struct arena arena = {0};
    struct pg_binary_copy *copy = verify_open_table(v, t, &arena);
    struct pg_binary_row row;
    enum pg_binary_status status = copy ? PG_BINARY_ROW : PG_BINARY_FAILED;
    while (status == PG_BINARY_ROW) {
        status = pg_binary_copy_next(copy, &row, t->starts, v->diags);
        if (status != PG_BINARY_ROW) break;
        struct verify_map *m;
        struct leaf *leaf = verify_find_leaf(t, verify_row_xid(&row), &m);
        if (leaf == NULL || leaf->drill || m->newcomers.count == 0) continue;
        const char *fields = own_fields(m, &row, t->starts);
        struct hash128 h = hash_bytes128(PG_ROW_HASH_SEED, fields, m->starts[m->hasher->count]);
        leaf->drill = hash_set_has(&m->newcomers, verify_image_hash(h, 0));
    }
    pg_binary_copy_close(copy);
    arena_release(&arena);
    return status == PG_BINARY_END;
}

bool verify_find_copies(struct verify *v) {
    for (uint32_t i = 0; i < v->tables.count; i++) {
        bool any = false;
        for (uint32_t k = 0; k < v->tables.items[i]->maps.count; k++)
            any = any || v->tables.items[i]->maps.items[k]->newcomers.count;
        if (any && !find_copies(v, v->tables.items[i])) return false;
    }
    return true;
}

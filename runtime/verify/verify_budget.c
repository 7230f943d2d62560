/* The target pass within a time budget: batches one by one, the doubtful ones first, then in random order,
 * until the time is over. Where a batch's rows lie is asked of the server in one cheap pass: the blocks from
 * its first row to its last, and how many rows there are, so that a row that is gone is seen even in a batch
 * that is not read. */
#include "runtime/verify/verify_internal.h"

#include <stdlib.h>

struct task {
    struct verify_map *map;
    struct leaf *leaf;
    uint32_t rank; /* lower first */
    uint64_t order;
};

static bool locate(struct verify *v, struct verify_table *t) {
    struct buf sql = {0};
    buf_append_cstr(&sql, t->is_plain
                              ? "SELECT xmin::text::bigint, count(*), (min(ctid)::text::point)[0]::bigint,"
                                " (max(ctid)::text::point)[0]::bigint FROM "
                              : "SELECT xmin::text::bigint, count(*), -1, -1 FROM ");
    pg_append_qualified(&sql, t->table->schema, t->table->name);
    buf_append_cstr(&sql, " GROUP BY xmin");
    struct pg_result *r = pg_query(v->connection, sql.ptr, NULL, 0, v->diags);
    buf_release(&sql);
    if (r == NULL) return false;
    for (uint32_t i = 0; i < pg_result_rows(r); i++) {
        struct verify_map *m;
        uint32_t xid = (uint32_t)pg_result_int(r, i, 0);
        uint64_t count = (uint64_t)pg_result_int(r, i, 1);
        struct leaf *leaf = verify_find_leaf(t, xid, &m);
        t->report->rows += count;
        if (leaf == NULL) {
            *(xid_is_after(xid, v->first_xid) ? &t->report->newer : &t->report->older) += count;
            continue;
        }
        t->report->of_run += count;
        leaf->rows_there = count;
        leaf->block_from = pg_result_int(r, i, 2);
        leaf->block_to = pg_result_int(r, i, 3);
    }
    pg_result_free(r);
    return true;
}

static uint32_t rank_of(const struct leaf *leaf) {
    const struct journal_batch_info *b = leaf->info;
    if (leaf->rows_there != b->counts.written + b->counts.updated) return 0; /* already known to differ */
    if (b->from_retry) return 1;
    if (b->counts.rejected) return 2;
    if (b->counts.updated || b->counts.unchanged) return 3;
    return 4;
}

static int compare_tasks(const void *a, const void *b) {
    const struct task *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void append_range(const struct leaf *leaf, struct buf *where) {
    buf_printf(where, " WHERE t.xmin = '%u'::xid", (uint32_t)leaf->info->xid);
    if (leaf->block_from >= 0)
        buf_printf(where, " AND t.ctid >= '(%lld,0)'::tid AND t.ctid <= '(%lld,65535)'::tid",
                   (long long)leaf->block_from, (long long)leaf->block_to);
}

static bool read_leaf(struct verify *v, struct verify_map *m, struct leaf *leaf) {
    struct arena arena = {0};
    struct verify_table *t = m->table;
    struct buf where = {0};
    enum pg_binary_status status = PG_BINARY_END;
    if (leaf->rows_there) {
        append_range(leaf, &where);
        struct pg_binary_copy *copy =
            pg_binary_copy_open(v->connection, verify_select(t, where.ptr, &arena), t->items.count + 1,
                                arena_printf(&arena, "read %.*s", STR_ARG(t->name)), v->diags);
        struct pg_binary_row row;
        status = copy ? PG_BINARY_ROW : PG_BINARY_FAILED;
        while (status == PG_BINARY_ROW) {
            status = pg_binary_copy_next(copy, &row, t->starts, v->diags);
            if (status == PG_BINARY_ROW) verify_add_row(m, leaf, &row, t->starts);
        }
        pg_binary_copy_close(copy);
        buf_release(&where);
    }
    if (status == PG_BINARY_END) verify_check_leaf(v, m, leaf);
    arena_release(&arena);
    return status == PG_BINARY_END;
}

bool verify_scan_in_budget(struct verify *v) {
    bool ok = true;
    uint64_t count = 0;
    for (uint32_t i = 0; i < v->tables.count && ok; i++)
        ok = locate(v, v->tables.items[i]);
    struct task *tasks = ARENA_ARRAY(v->arena, struct task, v->report->batches);
    for (uint32_t i = 0; i < v->maps.count && ok; i++) {
        struct verify_map *m = v->maps.items[i];
        for (uint32_t l = 0; l < m->leaf_count; l++)
            tasks[count++] = (struct task){m, &m->leaves[l], rank_of(&m->leaves[l]), verify_random(v)};
    }
    if (count) qsort(tasks, count, sizeof *tasks, compare_tasks);
    for (uint64_t i = 0; i < count && ok; i++) {
        if (verify_over(v)) {
            v->target_partial = true;
            break;
        }
        ok = read_leaf(v, tasks[i].map, tasks[i].leaf);
    }
    return ok;
}

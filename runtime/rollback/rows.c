/* The statements of one batch: rows that the run inserted are deleted, rows that it updated put back, and
 * rows that others have changed since treated as the policy says. Each statement carries its guard: what has
 * changed since the look is left alone. */
#include "runtime/rollback/undo.h"

struct batch_work {
    struct undo *u;
    const struct undo_map *map;
    const struct undo_table *table;
    const struct undo_batch *batch;
    struct undo_counts *counts;
    struct str params[3]; /* run, map, ordinal */
    struct str refused;   /* the server's word on a row that cannot be put back */
};

enum { WORK_PARAMS = 3 };

bool undo_run(struct undo *u, const char *sql, const struct str *params, uint32_t count, uint64_t *affected) {
    struct pg_result *r = pg_query(u->connection, sql, params, count, NULL);
    if (r && affected) *affected = pg_result_affected(r);
    pg_result_free(r);
    return r != NULL;
}

static bool work_run(struct batch_work *w, struct buf *sql, uint64_t *affected) {
    bool ok = undo_run(w->u, sql->ptr, w->params, WORK_PARAMS, affected);
    buf_clear(sql);
    return ok;
}

/* c.map = … AND c.ordinal = …; all three parameters are named, so that their types are known. */
static void append_of_batch(struct buf *sql) {
    buf_append_cstr(sql, "c.map = $2::text AND c.ordinal = $3::bigint AND $1::uuid IS NOT NULL");
}

static void append_range(struct buf *sql, const struct batch_work *w) {
    buf_append_cstr(sql, " AND ");
    struct buf xid = {0};
    buf_printf(&xid, "ARRAY['%.*s'::xid]", STR_ARG(w->batch->xid));
    undo_append_written_by(sql, w->table, "t", xid.ptr);
    buf_release(&xid);
    if (w->batch->first.len)
        buf_printf(sql, " AND t.ctid >= '%.*s'::tid AND t.ctid <= '%.*s'::tid", STR_ARG(w->batch->first),
                   STR_ARG(w->batch->last));
    undo_append_part(sql, w->table, "t");
}

/* -- inserted rows */

/* Foreign keys that act on their children when a parent goes: the parents are locked first, so that no child
 * comes in between the look and the deletion. */
static bool lock_parents(struct batch_work *w) {
    bool acts = false;
    for (uint32_t i = 0; i < w->table->fks.count; i++)
        acts = acts || strchr("cnd", w->table->fks.items[i].action) != NULL;
    if (!acts) return true;
    struct buf sql = {0};
    buf_append_cstr(&sql, "SELECT count(*) FROM (SELECT FROM ");
    undo_append_table(&sql, w->table);
    buf_append_cstr(&sql,
                    " t WHERE $1::uuid IS NOT NULL AND $2::text IS NOT NULL AND $3::bigint IS NOT NULL");
    append_range(&sql, w);
    buf_append_cstr(&sql, " FOR UPDATE OF t) q");
    bool ok = work_run(w, &sql, NULL);
    buf_release(&sql);
    return ok;
}

static bool refers_to_itself(const struct batch_work *w) {
    for (uint32_t i = 0; i < w->table->fks.count; i++)
        if (w->table->fks.items[i].child == w->map->table) return true;
    return false;
}

/* Where a table refers to itself, leaves go first, then what they hung on. */
static bool delete_inserted(struct batch_work *w) {
    struct buf sql = {0};
    if (w->batch->present == 0) return true;
    if (!lock_parents(w)) return false;
    buf_append_cstr(&sql, "DELETE FROM ");
    undo_append_table(&sql, w->table);
    buf_append_cstr(&sql,
                    " t WHERE $1::uuid IS NOT NULL AND $2::text IS NOT NULL AND $3::bigint IS NOT NULL");
    append_range(&sql, w);
    if (w->table->chain.len) {
        buf_printf(&sql, " AND NOT EXISTS (SELECT FROM %.*s c WHERE ", STR_ARG(w->table->chain));
        undo_append_key_match(&sql, w->table, "t", "c");
        buf_append_cstr(&sql, " AND c.old_row IS NOT NULL)");
    }
    undo_append_unreferenced(&sql, w->table, "t");
    uint64_t deleted = 1;
    bool ok = true, again = refers_to_itself(w);
    for (bool first = true; ok && deleted && (first || again); first = false) {
        ok = undo_run(w->u, sql.ptr, w->params, WORK_PARAMS, &deleted);
        if (ok) w->counts->deleted += deleted;
    }
    buf_release(&sql);
    return ok;
}

/* Inserted, then updated by the run, then written by others: `class` says how. */
static bool delete_chained(struct batch_work *w, const char *class, uint64_t *count) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "DELETE FROM ");
    undo_append_table(&sql, w->table);
    buf_printf(&sql, " t USING %.*s c WHERE ", STR_ARG(w->table->chain));
    append_of_batch(&sql);
    buf_append_cstr(&sql, " AND c.old_row IS NULL AND ");
    undo_append_key_match(&sql, w->table, "t", "c");
    buf_printf(&sql, " AND c.class = '%s'", class);
    if (strcmp(class, "same") == 0) {
        buf_append_cstr(&sql, " AND NOT ");
        undo_append_differs(&sql, w->table, "t", "c");
    }
    undo_append_unreferenced(&sql, w->table, "t");
    uint64_t deleted = 0;
    bool ok = work_run(w, &sql, &deleted);
    *count += deleted;
    buf_release(&sql);
    return ok;
}

/* -- updated rows */

/* What the run changed as it was, the rest as it is: for untouched rows that is the whole image. */
static void append_put_back(struct buf *sql, const struct batch_work *w) {
    bool first = true;
    buf_append_cstr(sql, "UPDATE ");
    undo_append_table(sql, w->table);
    buf_append_cstr(sql, " t SET ");
    for (uint32_t i = 0; i < w->table->column_count; i++) {
        const struct pg_live_column *column = &w->table->columns[i];
        if (!w->table->changed[i] || column->generated || column->identity_always) continue;
        buf_append_cstr(sql, first ? "" : ", ");
        pg_append_identifier(sql, column->name);
        buf_append_cstr(sql, " = CASE WHEN ");
        pg_append_image_text(sql, "c.old_row", column);
        buf_append_cstr(sql, " IS DISTINCT FROM ");
        pg_append_image_text(sql, "c.new_row", column);
        buf_append_cstr(sql, " THEN ");
        pg_append_image_value(sql, "c.old_row", column);
        buf_append_cstr(sql, " ELSE t.");
        pg_append_identifier(sql, column->name);
        buf_append_cstr(sql, " END");
        first = false;
    }
    buf_printf(sql, " FROM %.*s c WHERE ", STR_ARG(w->table->chain));
    append_of_batch(sql);
    buf_append_cstr(sql, " AND c.old_row IS NOT NULL AND ");
    undo_append_key_match(sql, w->table, "t", "c");
}

static bool changes_anything(const struct batch_work *w) {
    for (uint32_t i = 0; i < w->table->column_count; i++)
        if (w->table->changed[i] && !w->table->columns[i].generated && !w->table->columns[i].identity_always)
            return true;
    return false;
}

static void append_untouched(struct buf *sql, const struct batch_work *w) {
    buf_append_cstr(sql, " AND c.class IN ('untouched', 'same') AND (");
    undo_append_written_by(sql, w->table, "t", "ARRAY[c.xid]");
    buf_append_cstr(sql, " OR NOT ");
    undo_append_differs(sql, w->table, "t", "c");
    buf_append_char(sql, ')');
}

/* Whoever rolls an earlier run back must know these rows again as that run's. They carry the version of this
 * transaction or of one of its savepoints. */
static bool note_same_rows(struct batch_work *w) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "INSERT INTO mig.same_row (relation, key, xid, stands_for) SELECT ");
    buf_printf(&sql, "%.*s, ", STR_ARG(w->table->oid));
    undo_append_key_text(&sql, w->table, "t");
    buf_printf(&sql,
               ", t.xmin::text::bigint, coalesce((SELECT put.stands_for FROM mig.same_row put "
               "WHERE put.relation = %.*s "
               "AND put.xid = c.old_xmin::text::bigint AND put.key = ",
               STR_ARG(w->table->oid));
    undo_append_key_text(&sql, w->table, "t");
    buf_append_cstr(&sql, "), c.old_xmin) FROM ");
    buf_printf(&sql, "%.*s c JOIN ", STR_ARG(w->table->chain));
    undo_append_table(&sql, w->table);
    buf_append_cstr(&sql, " t ON ");
    undo_append_key_match(&sql, w->table, "t", "c");
    buf_append_cstr(&sql, " WHERE ");
    append_of_batch(&sql);
    buf_append_cstr(
        &sql, " AND c.old_row IS NOT NULL AND c.class IN ('untouched', 'same') AND pg_catalog.age(t.xmin) <= "
              "pg_catalog.age(pg_catalog.xid(pg_catalog.pg_current_xact_id())) ON CONFLICT (relation, "
              "key, xid) DO UPDATE SET stands_for = excluded.stands_for");
    bool ok = work_run(w, &sql, NULL);
    buf_release(&sql);
    return ok;
}

/* What cannot be done to a row for a rule of the database: noted, or reason to stop. */
static bool note_refused(struct batch_work *w, struct str place, struct str why) {
    struct buf sql = {0};
    w->refused = why;
    if (w->u->options->policy == UNDO_STOP) return true;
    buf_append_cstr(&sql,
                    "INSERT INTO mig.conflict (run_id, map, outcome, reason, key) SELECT $1::uuid, $2::text, "
                    "'kept', ");
    pg_append_literal(&sql, why);
    buf_append_cstr(&sql, ", ");
    undo_append_chain_key_json(&sql, w->table, "c");
    buf_printf(&sql, " FROM %.*s c WHERE $3::bigint IS NOT NULL AND c.ctid = '%.*s'::tid",
               STR_ARG(w->table->chain), STR_ARG(place));
    w->counts->kept++;
    bool ok = work_run(w, &sql, NULL);
    buf_release(&sql);
    return ok;
}

static struct str refusal(struct batch_work *w) {
    const struct pg_failure *f = pg_last_failure(w->u->connection);
    return arena_printf(w->u->arena, "refused: %.*s%s%.*s", STR_ARG(f->message),
                        f->constraint.len ? ", constraint " : "", STR_ARG(f->constraint));
}

/* One by one, as often as that gets any further: an old value may be free only when another row has got its
 * own back. */
static bool run_singly(struct batch_work *w, const char *sql, const char *where, uint64_t *count) {
    struct buf text = {0};
    buf_printf(&text, "SELECT c.ctid FROM %.*s c WHERE ", STR_ARG(w->table->chain));
    append_of_batch(&text);
    buf_printf(&text, " AND %s ORDER BY c.k0", where);
    struct pg_result *rows = pg_query(w->u->connection, text.ptr, w->params, WORK_PARAMS, NULL);
    buf_clear(&text);
    if (rows == NULL) return false;
    uint32_t total = pg_result_rows(rows), left = total, before = total + 1;
    struct str *why = ARENA_ARRAY(w->u->arena, struct str, total + 1);
    bool *done = ARENA_ARRAY(w->u->arena, bool, total + 1), ok = true;
    while (ok && left && left < before) {
        before = left;
        for (uint32_t i = 0; i < total && ok; i++) {
            uint64_t affected = 0;
            if (done[i]) continue;
            buf_clear(&text);
            buf_printf(&text, "%s AND c.ctid = '%.*s'::tid", sql, STR_ARG(pg_result_text(rows, i, 0)));
            ok = pg_exec(w->u->connection, "SAVEPOINT mig_row", NULL);
            if (ok && undo_run(w->u, text.ptr, w->params, WORK_PARAMS, &affected)) {
                *count += affected;
                done[i] = true;
                left--;
                continue;
            }
            ok = ok && pg_last_failure(w->u->connection)->kind == PG_REFUSED;
            if (ok) why[i] = refusal(w);
            ok = ok && pg_exec(w->u->connection, "ROLLBACK TO SAVEPOINT mig_row", NULL);
        }
    }
    for (uint32_t i = 0; i < total && ok; i++)
        if (!done[i]) ok = note_refused(w, pg_result_text(rows, i, 0), why[i]);
    buf_release(&text);
    pg_result_free(rows);
    return ok;
}

/* All rows at once; where the server refuses one, one by one. sql: ends in a condition on the chain's row c;
 * where: the same for c alone. */
static bool run_rows(struct batch_work *w, const char *sql, const char *where, uint64_t *count) {
    uint64_t affected = 0;
    if (!pg_exec(w->u->connection, "SAVEPOINT mig_rows", NULL)) return false;
    if (undo_run(w->u, sql, w->params, WORK_PARAMS, &affected)) {
        *count += affected;
        return true;
    }
    return pg_last_failure(w->u->connection)->kind == PG_REFUSED &&
           pg_exec(w->u->connection, "ROLLBACK TO SAVEPOINT mig_rows", NULL) &&
           run_singly(w, sql, where, count);
}

static bool put_back(struct batch_work *w) {
    struct buf sql = {0};
    if (!changes_anything(w)) return true;
    append_put_back(&sql, w);
    append_untouched(&sql, w);
    bool ok = run_rows(w, sql.ptr, "c.old_row IS NOT NULL AND c.class IN ('untouched', 'same')",
                       &w->counts->restored);
    buf_release(&sql);
    return ok && note_same_rows(w);
}

/* -- rows that others have changed */

/* Notes rows of the chain in mig.conflict. where: further conditions on c and t; whole: with the row. */
static bool note_conflicts(struct batch_work *w, const char *outcome, bool whole, const char *where,
                           uint64_t *count) {
    struct buf sql = {0};
    buf_printf(
        &sql,
        "INSERT INTO mig.conflict (run_id, map, outcome, reason, key, user_row) SELECT $1::uuid, $2::text, "
        "'%s', c.class, ",
        outcome);
    undo_append_chain_key_json(&sql, w->table, "c");
    buf_append_cstr(&sql, ", ");
    if (whole) {
        buf_append_cstr(&sql, "CASE WHEN t.tableoid IS NOT NULL THEN ");
        pg_append_image(&sql, "t", w->table->columns, w->table->column_count);
        buf_append_cstr(&sql, " END");
    } else
        buf_append_cstr(&sql, "NULL");
    buf_printf(&sql, " FROM %.*s c LEFT JOIN ", STR_ARG(w->table->chain));
    undo_append_table(&sql, w->table);
    buf_append_cstr(&sql, " t ON ");
    undo_append_key_match(&sql, w->table, "t", "c");
    buf_append_cstr(&sql, " WHERE ");
    append_of_batch(&sql);
    buf_printf(&sql, " AND %s", where);
    uint64_t affected = 0;
    bool ok = work_run(w, &sql, &affected);
    if (ok && count) *count += affected;
    buf_release(&sql);
    return ok;
}

static bool overwrite_edited(struct batch_work *w) {
    struct buf sql = {0};
    bool first = true;
    buf_append_cstr(&sql, "UPDATE ");
    undo_append_table(&sql, w->table);
    buf_append_cstr(&sql, " t SET ");
    for (uint32_t i = 0; i < w->table->column_count; i++) {
        const struct pg_live_column *column = &w->table->columns[i];
        if (!w->table->imaged[i] || column->generated || column->identity_always) continue;
        buf_append_cstr(&sql, first ? "" : ", ");
        pg_append_identifier(&sql, column->name);
        buf_append_cstr(&sql, " = ");
        pg_append_image_value(&sql, "c.old_row", column);
        first = false;
    }
    buf_printf(&sql, " FROM %.*s c WHERE ", STR_ARG(w->table->chain));
    append_of_batch(&sql);
    buf_append_cstr(&sql, " AND c.old_row IS NOT NULL AND c.class IN ('edited', 'between') AND ");
    undo_append_key_match(&sql, w->table, "t", "c");
    bool ok = first || run_rows(w, sql.ptr, "c.old_row IS NOT NULL AND c.class IN ('edited', 'between')",
                                &w->counts->overwritten);
    buf_release(&sql);
    return ok;
}

static bool insert_deleted(struct batch_work *w) {
    struct buf names = {0}, values = {0}, sql = {0};
    for (uint32_t i = 0; i < w->table->column_count; i++) {
        const struct pg_live_column *column = &w->table->columns[i];
        if (!w->table->imaged[i] || column->generated) continue;
        buf_append_cstr(&names, names.len ? ", " : "");
        pg_append_identifier(&names, column->name);
        buf_append_cstr(&values, values.len ? ", " : "");
        pg_append_image_value(&values, "c.old_row", column);
    }
    buf_append_cstr(&sql, "INSERT INTO ");
    undo_append_table(&sql, w->table);
    buf_printf(&sql, " (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %.*s c WHERE ", names.ptr, values.ptr,
               STR_ARG(w->table->chain));
    append_of_batch(&sql);
    buf_append_cstr(&sql, " AND c.old_row IS NOT NULL AND c.class = 'deleted'");
    bool ok = names.len == 0 ||
              run_rows(w, sql.ptr, "c.old_row IS NOT NULL AND c.class = 'deleted'", &w->counts->overwritten);
    buf_release(&names);
    buf_release(&values);
    buf_release(&sql);
    return ok;
}

#define CHANGED "(c.class IN ('edited', 'between') OR (c.class = 'deleted' AND c.old_row IS NOT NULL))"

/* Inserted rows to which others refer stay, whatever the policy: they are listed at the end. */
static bool overwrite(struct batch_work *w) {
    return note_conflicts(w, "overwritten", true, CHANGED, NULL) && overwrite_edited(w) &&
           delete_chained(w, "edited", &w->counts->overwritten) && insert_deleted(w);
}

static bool merge(struct batch_work *w) {
    struct buf apart = {0}, where = {0}, sql = {0};
    if (!changes_anything(w)) return note_conflicts(w, "kept", false, CHANGED, &w->counts->kept);
    buf_append_cstr(&apart, "c.class = 'edited' AND c.old_row IS NOT NULL AND NOT ");
    undo_append_overlaps(&apart, w->table, "t", "c");
    buf_printf(&where, CHANGED " AND NOT coalesce(%s, false)", apart.ptr);
    append_put_back(&sql, w);
    buf_printf(&sql, " AND %s", apart.ptr);
    bool ok = note_conflicts(w, "kept", false, where.ptr, &w->counts->kept) &&
              note_conflicts(w, "merged", true, apart.ptr, NULL) &&
              run_rows(w, sql.ptr, "c.class = 'edited' AND c.old_row IS NOT NULL", &w->counts->merged);
    buf_release(&apart);
    buf_release(&where);
    buf_release(&sql);
    return ok;
}

static bool treat_changed(struct batch_work *w) {
    switch (w->u->options->policy) {
    case UNDO_OVERWRITE: return overwrite(w);
    case UNDO_MERGE: return merge(w);
    default: return note_conflicts(w, "kept", false, CHANGED, &w->counts->kept);
    }
}

bool undo_batch_rows(struct undo *u, const struct undo_map *map, const struct undo_batch *batch,
                     struct undo_counts *counts, struct str *refused) {
    struct batch_work w = {
        .u = u, .map = map, .table = &u->tables.items[map->table], .batch = batch, .counts = counts};
    w.params[0] = u->run_id;
    w.params[1] = map->map->name;
    w.params[2] = arena_printf(u->arena, "%lld", (long long)batch->ordinal);
    *refused = STR("");
    if (!delete_inserted(&w)) return false;
    if (w.table->chain.len == 0) return true;
    bool ok = delete_chained(&w, "same", &counts->deleted) && put_back(&w) && treat_changed(&w);
    *refused = w.refused;
    return ok;
}

/* Conflict maps: rows go through a temporary table and from there into the target.
 *
 * Rows of one batch may have the same conflict columns; then the second finds the row that the first wrote,
 * as it would in a later batch. So rows are numbered by rounds, and each round is: find the rows that are in
 * the target already (locked, when they are to be updated), keep their images, update, insert the others. An
 * insert that another session was faster with is seen by the count, and the batch is done again. Nulls never
 * conflict. */
#include "runtime/postgres/pg_loader_internal.h"

#include <stdlib.h>

/* -- statements */

static struct str column_name(const struct pg_loader *l, uint32_t column) {
    return l->table->columns[column].name;
}

static void append_names(struct buf *sql, const struct pg_loader *l, const char *prefix,
                         const uint32_t *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_append_cstr(sql, ", ");
        buf_append_cstr(sql, prefix);
        pg_append_identifier(sql, column_name(l, columns[i]));
    }
}

/* t."a" = s."a" AND …; t: the alias */
static void append_key_match(struct buf *sql, const struct pg_loader *l, const char *alias) {
    for (uint32_t i = 0; i < l->map->conflict_columns_count; i++) {
        struct str name = column_name(l, l->map->conflict_columns[i]);
        buf_printf(sql, "%s%s.", i ? " AND " : "", alias);
        pg_append_identifier(sql, name);
        buf_append_cstr(sql, " = s.");
        pg_append_identifier(sql, name);
    }
}

static void append_keys_not_null(struct buf *sql, const struct pg_loader *l) {
    for (uint32_t i = 0; i < l->map->conflict_columns_count; i++) {
        buf_append_cstr(sql, i ? " AND " : "");
        pg_append_identifier(sql, column_name(l, l->map->conflict_columns[i]));
        buf_append_cstr(sql, " IS NOT NULL");
    }
}

/* Types without an equality operator (json, point, xml) are compared by their texts. */
static const char *comparison_cast(const struct plan_target_column *column) {
    bool by_text = column->wire == WIRE_JSON || column->wire == WIRE_TEXT_FORM ||
                   str_starts_with(column->pg_type, STR("json["));
    return by_text ? "::text" : "";
}

static void append_differs(struct buf *sql, const struct pg_loader *l, const uint32_t *updated,
                           uint32_t count) {
    if (count == 0) buf_append_cstr(sql, "false");
    for (uint32_t i = 0; i < count; i++) {
        const struct plan_target_column *column = &l->table->columns[updated[i]];
        const char *cast = comparison_cast(column);
        buf_append_cstr(sql, i ? " OR t." : "t.");
        pg_append_identifier(sql, column->name);
        buf_printf(sql, "%s IS DISTINCT FROM s.", cast);
        pg_append_identifier(sql, column->name);
        buf_append_cstr(sql, cast);
    }
}

static const char *take_sql(struct pg_loader *l, struct buf *sql) {
    const char *text = arena_copy_cstr(&l->arena, buf_str(sql));
    buf_clear(sql);
    return text;
}

static void make_create(struct pg_loader *l, struct buf *sql) {
    const char *on_commit = l->options.rehearse || l->options.in_run ? "" : "ON COMMIT DELETE ROWS ";
    buf_append_cstr(sql, "DROP TABLE IF EXISTS " STAGE_TABLE ", " HIT_TABLE
                         "; CREATE TEMPORARY TABLE \"" STAGE_NAME "\" ");
    buf_printf(sql, "%sAS SELECT 0::bigint AS " STAGE_ORDINAL ", ", on_commit);
    append_names(sql, l, "", l->map->columns, l->map->columns_count);
    buf_append_cstr(sql, " FROM ");
    pg_append_qualified(sql, l->table->schema, l->table->name);
    buf_append_cstr(
        sql,
        " WITH NO DATA; ALTER TABLE " STAGE_TABLE " ADD COLUMN " STAGE_ROUND
        " bigint NOT NULL DEFAULT 1; CREATE TEMPORARY TABLE \"mig: hit\" (ordinal bigint, differs boolean) ");
    buf_append_cstr(sql, on_commit);
    l->sql.create = take_sql(l, sql);
}

static void make_rounds(struct pg_loader *l, struct buf *sql) {
    buf_append_cstr(sql, "SELECT coalesce(max(n), 1) FROM (SELECT count(*) AS n FROM " STAGE_TABLE " WHERE ");
    append_keys_not_null(sql, l);
    buf_append_cstr(sql, " GROUP BY ");
    append_names(sql, l, "", l->map->conflict_columns, l->map->conflict_columns_count);
    buf_append_cstr(sql, ") q");
    l->sql.count_rounds = take_sql(l, sql);
    /* Of rows with one key only the first can be new; for updates, each one is done after the one before. */
    buf_printf(sql,
               "UPDATE " STAGE_TABLE " s SET " STAGE_ROUND " = %s FROM (SELECT " STAGE_ORDINAL
               " AS o, row_number() OVER (PARTITION BY ",
               l->map->conflict == CONFLICT_UPDATE ? "q.r" : "2");
    append_names(sql, l, "", l->map->conflict_columns, l->map->conflict_columns_count);
    buf_append_cstr(sql, " ORDER BY " STAGE_ORDINAL ") AS r FROM " STAGE_TABLE " WHERE ");
    append_keys_not_null(sql, l);
    buf_append_cstr(sql, ") q WHERE q.o = s." STAGE_ORDINAL " AND q.r > 1");
    l->sql.number_rounds = take_sql(l, sql);
}

static void make_hits(struct pg_loader *l, struct buf *sql, const uint32_t *updated, uint32_t count) {
    bool update = l->map->conflict == CONFLICT_UPDATE;
    buf_append_cstr(sql, "INSERT INTO " HIT_TABLE " SELECT s." STAGE_ORDINAL ", ");
    append_differs(sql, l, updated, count);
    buf_append_cstr(sql, " FROM " STAGE_TABLE " s JOIN ");
    pg_append_qualified(sql, l->table->schema, l->table->name);
    buf_append_cstr(sql, " t ON ");
    append_key_match(sql, l, "t");
    buf_append_cstr(sql, " WHERE s." STAGE_ROUND " = $1::bigint");
    if (update) buf_append_cstr(sql, " FOR UPDATE OF t");
    l->sql.find_hits = take_sql(l, sql);
    l->sql.read_hits = "SELECT ordinal, differs FROM " HIT_TABLE " ORDER BY ordinal";
}

/* … FROM hit h JOIN stage s … JOIN target t … */
static void append_hit_join(struct buf *sql, const struct pg_loader *l) {
    buf_append_cstr(sql,
                    " FROM " HIT_TABLE " h JOIN " STAGE_TABLE " s ON s." STAGE_ORDINAL " = h.ordinal JOIN ");
    pg_append_qualified(sql, l->table->schema, l->table->name);
    buf_append_cstr(sql, " t ON ");
    append_key_match(sql, l, "t");
}

static void append_update(struct buf *sql, const struct pg_loader *l, const uint32_t *updated,
                          uint32_t count) {
    buf_append_cstr(sql, "UPDATE ");
    pg_append_qualified(sql, l->table->schema, l->table->name);
    buf_append_cstr(sql, " t SET ");
    for (uint32_t i = 0; i < count; i++) {
        buf_append_cstr(sql, i ? ", " : "");
        pg_append_identifier(sql, column_name(l, updated[i]));
        buf_append_cstr(sql, " = s.");
        pg_append_identifier(sql, column_name(l, updated[i]));
    }
    buf_append_cstr(sql, " FROM " HIT_TABLE " h JOIN " STAGE_TABLE " s ON s." STAGE_ORDINAL " = h.ordinal");
}

static void make_update(struct pg_loader *l, struct buf *sql, const uint32_t *updated, uint32_t count) {
    static const char CHOSEN[] = " AND h.differs AND s." STAGE_ROUND " = $1::bigint";
    if (l->options.rehearse) {
        append_update(sql, l, updated, count);
        buf_append_cstr(sql, " WHERE ");
        append_key_match(sql, l, "t");
        buf_append_cstr(sql, CHOSEN);
        l->sql.update = take_sql(l, sql);
        return;
    }
    /* The row as it was is the same row, joined once more: a statement does not see what it does itself. */
    buf_append_cstr(sql, "WITH changed AS (");
    append_update(sql, l, updated, count);
    buf_append_cstr(sql, " JOIN ");
    pg_append_qualified(sql, l->table->schema, l->table->name);
    buf_append_cstr(sql, " o ON ");
    append_key_match(sql, l, "o");
    buf_append_cstr(sql, " WHERE ");
    append_key_match(sql, l, "t");
    buf_printf(sql, "%s RETURNING h.ordinal AS n, o.xmin AS was, ", CHOSEN);
    pg_append_image(sql, "o", l->live, l->live_count);
    buf_append_cstr(sql, " AS old_row, ");
    pg_append_image(sql, "t", l->live, l->live_count);
    buf_append_cstr(sql, " AS new_row), saved AS (INSERT INTO mig.image (run_id, map, ordinal, seq, "
                         "operation, old_xmin, old_row,"
                         " new_row) SELECT $2::uuid, $3::text, $4::bigint, $5::bigint + row_number() OVER "
                         "(ORDER BY n), 'update', "
                         "was,"
                         " old_row, new_row FROM changed RETURNING 1) SELECT (SELECT count(*) FROM saved), "
                         "(SELECT count(*) FROM " HIT_TABLE " h JOIN " STAGE_TABLE " s ON s." STAGE_ORDINAL
                         " = h.ordinal WHERE true");
    buf_printf(sql, "%s)", CHOSEN);
    l->sql.update = take_sql(l, sql);
}

static void make_insert(struct pg_loader *l, struct buf *sql) {
    bool overriding = false, conflict = l->map->conflict != CONFLICT_NONE;
    for (uint32_t i = 0; i < l->map->columns_count; i++)
        overriding = overriding || l->table->columns[l->map->columns[i]].identity == 2;
    buf_append_cstr(sql, "INSERT INTO ");
    pg_append_qualified(sql, l->table->schema, l->table->name);
    buf_append_cstr(sql, " (");
    append_names(sql, l, "", l->map->columns, l->map->columns_count);
    buf_printf(sql, ") %sSELECT ", overriding ? "OVERRIDING SYSTEM VALUE " : "");
    append_names(sql, l, "s.", l->map->columns, l->map->columns_count);
    buf_append_cstr(sql, " FROM " STAGE_TABLE " s WHERE s." STAGE_ROUND " = $1::bigint");
    if (conflict)
        buf_append_cstr(sql, " AND NOT EXISTS (SELECT FROM " HIT_TABLE " h WHERE h.ordinal = s." STAGE_ORDINAL
                             ")");
    buf_append_cstr(sql, " ORDER BY s." STAGE_ORDINAL);
    if (conflict) {
        buf_append_cstr(sql, " ON CONFLICT (");
        append_names(sql, l, "", l->map->conflict_columns, l->map->conflict_columns_count);
        buf_append_cstr(sql, ") DO NOTHING");
    }
    if (l->options.returning_count) {
        buf_append_cstr(sql, " RETURNING ");
        append_names(sql, l, "", l->options.returning, l->options.returning_count);
    }
    l->sql.insert = take_sql(l, sql);
}

static void make_read_stored(struct pg_loader *l, struct buf *sql) {
    buf_append_cstr(sql, "SELECT h.ordinal, ");
    append_names(sql, l, "t.", l->options.returning, l->options.returning_count);
    append_hit_join(sql, l);
    buf_append_cstr(sql, " ORDER BY h.ordinal");
    l->sql.read_stored = take_sql(l, sql);
}

static bool is_written(const struct plan_map *map, uint32_t column) {
    for (uint32_t i = 0; i < map->columns_count; i++)
        if (map->columns[i] == column) return true;
    return false;
}

bool stage_prepare(struct pg_loader *l, struct diag_list *diags) {
    bool conflict = l->map->conflict != CONFLICT_NONE;
    for (uint32_t i = 0; i < l->map->conflict_columns_count; i++)
        if (!is_written(l->map, l->map->conflict_columns[i])) {
            struct diag *d =
                diag_report(diags, X_PG_STATEMENT, pg_no_span(),
                            "map `%.*s` looks for rows by `%.*s`, which it does not write",
                            STR_ARG(l->map->name), STR_ARG(column_name(l, l->map->conflict_columns[i])));
            diag_help(diags, d, "Assign the column, or name others in `on conflict`.");
            return false;
        }
    struct buf sql = {0};
    uint32_t count = 0;
    uint32_t *updated = NULL;
    if (l->map->conflict == CONFLICT_UPDATE)
        updated = pg_map_update_columns(&l->arena, l->map, l->table, &count);
    make_create(l, &sql);
    if (conflict) {
        make_rounds(l, &sql);
        make_hits(l, &sql, updated, count);
        if (l->options.returning_count) make_read_stored(l, &sql);
    }
    bool ok = count == 0 || l->options.rehearse ||
              pg_live_columns_read(l->connection, &l->arena, l->table->schema, l->table->name, &l->live,
                                   &l->live_count, diags);
    if (ok && count) make_update(l, &sql, updated, count);
    make_insert(l, &sql);
    buf_release(&sql);
    return ok;
}

bool stage_create(struct pg_loader *l, struct diag_list *diags) {
    if (!pg_exec(l->connection, l->sql.create, NULL)) {
        struct diag *d =
            pg_report_failure(l->connection, diags, "make the temporary table of a conflict map");
        if (l->connection->failure.kind == PG_PERMISSION)
            diag_help(diags, d, "`on conflict` needs TEMPORARY on the database and SELECT on the table.");
        return false;
    }
    l->stage_made = true;
    return true;
}

void stage_drop(struct pg_loader *l) {
    pg_exec(l->connection, "DROP TABLE IF EXISTS " STAGE_TABLE ", " HIT_TABLE, NULL);
    l->stage_made = false;
}

bool stage_clear(struct pg_loader *l) {
    return pg_exec(l->connection, "TRUNCATE " STAGE_TABLE ", " HIT_TABLE, NULL);
}

/* -- merging */

struct merge {
    struct pg_loader *l;
    uint64_t batch;
    uint64_t images;
    VEC(struct load_returned) returned;
};

static bool round_command(struct merge *m, const char *sql, const struct str *round, uint64_t *affected) {
    struct pg_result *r = pg_query(m->l->connection, sql, round, 1, NULL);
    if (r && affected) *affected = pg_result_affected(r);
    pg_result_free(r);
    return r != NULL;
}

static const struct str *copy_cells(struct merge *m, const struct pg_result *r, uint32_t row,
                                    uint32_t first) {
    uint32_t n = m->l->options.returning_count;
    struct str *cells = ARENA_ARRAY(&m->l->batch_arena, struct str, n);
    for (uint32_t c = 0; c < n; c++)
        if (!pg_result_is_null(r, row, c + first))
            cells[c] = arena_copy_str(&m->l->batch_arena, pg_result_text(r, row, c + first));
    return cells;
}

static int64_t position_of(const struct pg_loader *l, uint64_t ordinal) {
    uint32_t at = loader_row_position(l, ordinal);
    return at < l->ordinals.count && l->ordinals.items[at] == ordinal ? (int64_t)at : -1;
}

/* Rows of a round that are neither hits nor of another round: those that were inserted, by ordinal. */
static bool read_pending(struct merge *m, const struct str *round, uint64_t **pending, uint32_t *count) {
    bool conflict = m->l->map->conflict != CONFLICT_NONE;
    if (!conflict) {
        *pending = m->l->ordinals.items;
        *count = m->l->ordinals.count;
        return true;
    }
    struct pg_result *r = pg_query(m->l->connection,
                                   "SELECT s." STAGE_ORDINAL " FROM " STAGE_TABLE " s WHERE s." STAGE_ROUND
                                   " = $1::bigint AND NOT EXISTS (SELECT FROM " HIT_TABLE
                                   " h WHERE h.ordinal = s." STAGE_ORDINAL ") ORDER BY 1",
                                   round, 1, NULL);
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *pending = ARENA_ARRAY(&m->l->batch_arena, uint64_t, *count);
    for (uint32_t i = 0; i < *count; i++)
        (*pending)[i] = (uint64_t)pg_result_int(r, i, 0);
    pg_result_free(r);
    return true;
}

enum insert_outcome { INSERTED, INSERT_RACE, INSERT_FAILED };

/* Inserts the rows of a round that are not there yet. */
static enum insert_outcome insert_round(struct merge *m, const struct str *round) {
    struct pg_loader *l = m->l;
    uint64_t *pending = NULL;
    uint32_t count = 0;
    if (!read_pending(m, round, &pending, &count)) return INSERT_FAILED;
    struct pg_result *r = pg_query(l->connection, l->sql.insert, round, 1, NULL);
    if (r == NULL) return INSERT_FAILED;
    bool complete = pg_result_affected(r) == count;
    for (uint32_t i = 0; i < count && complete; i++) {
        int64_t at = position_of(l, pending[i]);
        if (at < 0) continue;
        l->load.inserted.row += hash128_number(l->hashes.items[at].row);
        l->load.inserted.key += hash128_number(l->hashes.items[at].key);
        /* RETURNING speaks in the order of insertion, which ORDER BY makes the order of ordinals. */
        if (l->options.returning_count)
            VEC_PUSH(&l->batch_arena, &m->returned,
                     (struct load_returned){pending[i], false, copy_cells(m, r, i, 0)});
    }
    if (complete) l->load.written += count;
    pg_result_free(r);
    return complete ? INSERTED : INSERT_RACE;
}

/* Updates the hits of a round that differ, and keeps them as they were. */
static enum insert_outcome update_round(struct merge *m, const struct str *round) {
    struct pg_loader *l = m->l;
    if (l->options.rehearse) {
        uint64_t updated = 0;
        if (!round_command(m, l->sql.update, round, &updated)) return INSERT_FAILED;
        l->load.updated += updated;
        return INSERTED;
    }
    char run[UUID_TEXT_SIZE], batch[INT_TEXT_SIZE], first[INT_TEXT_SIZE];
    struct str params[] = {*round, journal_uuid_text(l->run.id, run), l->map->name,
                           journal_int_text((int64_t)m->batch, batch),
                           journal_int_text((int64_t)m->images, first)};
    struct pg_result *r = pg_query(l->connection, l->sql.update, params, 5, NULL);
    if (r == NULL) return INSERT_FAILED;
    uint64_t updated = (uint64_t)pg_result_int(r, 0, 0);
    bool complete = updated == (uint64_t)pg_result_int(r, 0, 1);
    m->images += updated;
    l->load.updated += updated;
    pg_result_free(r);
    return complete ? INSERTED : INSERT_RACE;
}

static enum insert_outcome merge_round(struct merge *m, uint64_t number) {
    struct pg_loader *l = m->l;
    char text[INT_TEXT_SIZE];
    struct str round = journal_int_text((int64_t)number, text);
    bool conflict = l->map->conflict != CONFLICT_NONE;
    if (conflict && !round_command(m, l->sql.find_hits, &round, NULL)) return INSERT_FAILED;
    if (l->sql.update) {
        enum insert_outcome outcome = update_round(m, &round);
        if (outcome != INSERTED) return outcome;
    }
    return insert_round(m, &round);
}

/* What became of the rows that were there already. */
static bool read_hits(struct merge *m, struct load_result *result) {
    struct pg_loader *l = m->l;
    struct pg_result *r = pg_query(l->connection, l->sql.read_hits, NULL, 0, NULL);
    if (r == NULL) return false;
    uint32_t rows = pg_result_rows(r);
    uint64_t *same = ARENA_ARRAY(&l->batch_arena, uint64_t, rows);
    uint32_t same_count = 0;
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t ordinal = (uint64_t)pg_result_int(r, i, 0);
        int64_t at = position_of(l, ordinal);
        if (at >= 0 && pg_result_bool(r, i, 1)) {
            l->load.changed.row += hash128_number(l->hashes.items[at].update);
            l->load.changed.key += hash128_number(l->hashes.items[at].key);
        } else
            same[same_count++] = ordinal;
    }
    pg_result_free(r);
    if (l->map->conflict == CONFLICT_REJECT) {
        result->conflicting = same;
        result->conflicting_count = same_count;
    } else {
        result->unchanged_rows = same;
        result->unchanged_count = same_count;
        l->load.unchanged = same_count;
    }
    return true;
}

static bool read_stored(struct merge *m) {
    struct pg_loader *l = m->l;
    if (l->sql.read_stored == NULL || l->map->conflict == CONFLICT_REJECT) return true;
    struct pg_result *r = pg_query(l->connection, l->sql.read_stored, NULL, 0, NULL);
    if (r == NULL) return false;
    for (uint32_t i = 0; i < pg_result_rows(r); i++)
        VEC_PUSH(&l->batch_arena, &m->returned,
                 (struct load_returned){(uint64_t)pg_result_int(r, i, 0), true, copy_cells(m, r, i, 1)});
    pg_result_free(r);
    return true;
}

static int compare_returned(const void *a, const void *b) {
    const struct load_returned *x = a, *y = b;
    return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static bool number_rounds(struct merge *m, uint64_t *rounds) {
    struct pg_loader *l = m->l;
    *rounds = 1;
    if (l->map->conflict == CONFLICT_NONE) return true;
    struct pg_result *r = pg_query(l->connection, l->sql.count_rounds, NULL, 0, NULL);
    if (r == NULL) return false;
    *rounds = (uint64_t)pg_result_int(r, 0, 0);
    if (*rounds > 1 && l->map->conflict != CONFLICT_UPDATE) *rounds = 2;
    pg_result_free(r);
    return *rounds <= 1 || pg_exec(l->connection, l->sql.number_rounds, NULL);
}

static enum load_status fail_race(struct pg_loader *l, struct load_result *result, struct diag_list *diags) {
    arena_reset(&l->connection->failure_arena);
    l->connection->failure = (struct pg_failure){
        .kind = PG_TRANSIENT, .message = STR("another session wrote rows of the same keys at the same time")};
    return loader_fail(l, result, diags);
}

enum load_status stage_merge(struct pg_loader *l, uint64_t batch, struct load_result *result,
                             struct diag_list *diags) {
    struct merge m = {.l = l, .batch = batch};
    uint64_t rounds;
    if (!number_rounds(&m, &rounds)) return loader_fail(l, result, diags);
    for (uint64_t round = 1; round <= rounds; round++) {
        enum insert_outcome outcome = merge_round(&m, round);
        if (outcome == INSERT_RACE) return fail_race(l, result, diags);
        if (outcome == INSERT_FAILED) return loader_fail(l, result, diags);
    }
    if (l->map->conflict != CONFLICT_NONE && !(read_hits(&m, result) && read_stored(&m)))
        return loader_fail(l, result, diags);
    if (m.returned.count)
        qsort(m.returned.items, m.returned.count, sizeof *m.returned.items, compare_returned);
    result->returned = m.returned.items;
    result->returned_count = m.returned.count;
    result->written = l->load.written;
    result->updated = l->load.updated;
    result->unchanged = l->load.unchanged;
    return LOAD_OK;
}

/* Beside the sums: foreign keys that lead nowhere, and rows drawn at random that the server compares itself.
 */
#include "runtime/verify/verify_internal.h"

/* -- foreign keys */

static const char FOREIGN_KEYS[] =
    "SELECT k.conname, n.nspname, f.relname, k.confmatchtype = 'f',"
    " (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY u.n)"
    "   FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u(c, n)"
    "   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c),"
    " (SELECT pg_catalog.string_agg('c.' || pg_catalog.quote_ident(a.attname) || ' = p.'"
    "    || pg_catalog.quote_ident(b.attname), ' AND ' ORDER BY u.n)"
    "   FROM unnest(k.conkey, k.confkey) WITH ORDINALITY u(c, p, n)"
    "   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c"
    "   JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.p),"
    " (SELECT pg_catalog.string_agg('c.' || pg_catalog.quote_ident(a.attname) || ' IS NOT NULL',"
    "    CASE WHEN k.confmatchtype = 'f' THEN ' OR ' ELSE ' AND ' END ORDER BY u.n)"
    "   FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u(c, n)"
    "   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c)"
    " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
    " JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace"
    " JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace n ON n.oid = "
    "f.relnamespace"
    " WHERE k.contype = 'f' AND k.conparentid = 0 AND cn.nspname = $1 AND c.relname = $2 ORDER BY k.conname";

/* Are any of these columns personal? Then their values are not shown. */
static bool is_personal(const struct verify_table *t, struct str columns) {
    for (uint32_t i = 0; i < t->table->columns_count; i++) {
        struct str name = t->table->columns[i].name;
        if (!t->table->columns[i].pii || name.len == 0) continue;
        for (size_t at = 0; at + name.len <= columns.len; at++)
            if (memcmp(columns.ptr + at, name.ptr, name.len) == 0) return true;
    }
    return false;
}

static bool check_key(struct verify *v, struct verify_table *t, const struct pg_result *keys, uint32_t k) {
    struct str name = pg_result_text(keys, k, 0), columns = pg_result_text(keys, k, 4);
    struct buf sql = {0}, parent = {0};
    pg_append_qualified(&parent, pg_result_text(keys, k, 1), pg_result_text(keys, k, 2));
    buf_printf(
        &sql,
        "SELECT pg_catalog.row_to_json(o)::text, count(*), sum(count(*)) OVER () FROM (SELECT %.*s FROM ",
        STR_ARG(columns));
    pg_append_qualified(&sql, t->table->schema, t->table->name);
    buf_printf(&sql, " c WHERE (%.*s) AND NOT EXISTS (SELECT FROM %.*s p WHERE %.*s)) o GROUP BY 1 LIMIT %u",
               STR_ARG(pg_result_text(keys, k, 6)), STR_ARG(buf_str(&parent)),
               STR_ARG(pg_result_text(keys, k, 5)), v->options->shown ? v->options->shown : 1);
    struct pg_result *r = pg_query(v->connection, sql.ptr, NULL, 0, v->diags);
    buf_release(&sql);
    v->report->foreign_keys++;
    uint64_t told = 0, all = r && pg_result_rows(r) ? (uint64_t)pg_result_int(r, 0, 2) : 0;
    for (uint32_t i = 0; r && i < pg_result_rows(r); i++) {
        struct finding f = {.kind = FINDING_ORPHAN};
        f.key = is_personal(t, columns) ? STR("***") : pg_result_text(r, i, 0);
        f.note =
            arena_printf(v->arena, "%.*s: %.*s has no such row", STR_ARG(name), STR_ARG(buf_str(&parent)));
        verify_add_finding(v, t, NULL, &f);
        told++;
    }
    if (all > told) t->report->found[FINDING_ORPHAN] += all - told;
    v->report->orphans += all;
    buf_release(&parent);
    bool ok = r != NULL;
    pg_result_free(r);
    return ok;
}

bool verify_foreign_keys(struct verify *v) {
    for (uint32_t i = 0; i < v->tables.count; i++) {
        struct verify_table *t = v->tables.items[i];
        struct str params[] = {t->table->schema.len ? t->table->schema : STR("public"), t->table->name};
        struct pg_result *keys = pg_query(v->connection, FOREIGN_KEYS, params, 2, v->diags);
        bool ok = keys != NULL;
        for (uint32_t k = 0; ok && k < pg_result_rows(keys); k++) {
            if (verify_over(v)) {
                v->report->partial = true;
                break;
            }
            ok = check_key(v, t, keys, k);
        }
        pg_result_free(keys);
        if (!ok) return false;
    }
    return true;
}

/* -- rows compared by the server, as text */

static void append_cast(struct buf *sql, const struct verify_map *m, uint32_t field) {
    struct str type = m->table->types[m->map->columns[field]];
    buf_printf(sql, "$%u::text::%.*s", field + 1, STR_ARG(type));
}

static void append_column(struct buf *sql, const struct verify_map *m, uint32_t field) {
    buf_append_cstr(sql, "t.");
    pg_append_identifier(sql, m->table->table->columns[m->map->columns[field]].name);
}

static struct str sample_query(const struct verify_map *m, struct arena *arena) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "SELECT t.xmin::text::bigint");
    for (uint32_t i = 0; i < m->map->columns_count; i++) {
        buf_append_cstr(&sql, ", ");
        append_column(&sql, m, i);
        buf_append_cstr(&sql, "::text IS NOT DISTINCT FROM (");
        append_cast(&sql, m, i);
        buf_append_cstr(&sql, ")::text, ");
        append_column(&sql, m, i);
        buf_append_cstr(&sql, "::text");
    }
    buf_append_cstr(&sql, " FROM ");
    pg_append_qualified(&sql, m->table->table->schema, m->table->table->name);
    buf_append_cstr(&sql, " t WHERE ");
    for (uint32_t i = 0; i < m->match.count; i++) {
        if (i) buf_append_cstr(&sql, " AND ");
        append_column(&sql, m, m->match.fields[i]);
        buf_append_cstr(&sql, m->keyless ? "::text IS NOT DISTINCT FROM (" : " = (");
        append_cast(&sql, m, m->match.fields[i]);
        buf_append_cstr(&sql, m->keyless ? ")::text" : ")");
    }
    buf_append_cstr(&sql, " LIMIT 1");
    struct str text = arena_copy_str(arena, buf_str(&sql));
    buf_release(&sql);
    return text;
}

static struct str sample_key(struct verify *v, const struct sample_row *s) {
    struct buf out = {0};
    for (uint32_t i = 0; i < s->map->match.count; i++) {
        uint32_t f = s->map->match.fields[i];
        const struct plan_target_column *column = &s->map->table->table->columns[s->map->map->columns[f]];
        struct str text = verify_shown(column, s->texts[f], v->arena);
        buf_printf(&out, "%s%.*s = %.*s", i ? ", " : "", STR_ARG(column->name),
                   STR_ARG(text.ptr ? text : STR("null")));
    }
    struct str text = arena_copy_str(v->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

/* A batch with findings has its rows told already. */
static void judge_sample(struct verify *v, const struct sample_row *s, const struct pg_result *r) {
    uint32_t count = s->map->map->columns_count;
    struct finding f = {.kind = FINDING_CHANGED,
                        .map = s->map->map->name,
                        .file = s->file,
                        .line = s->line,
                        .row = s->row,
                        .note = STR("found by the server's own comparison")};
    if (s->leaf->findings) return;
    if (pg_result_rows(r) == 0)
        f.kind = FINDING_MISSING;
    else if ((uint32_t)pg_result_int(r, 0, 0) != (uint32_t)s->leaf->info->xid) {
        v->report->sample_touched++;
        return;
    }
    f.columns = ARENA_ARRAY(v->arena, struct finding_column, count);
    for (uint32_t i = 0; i < count && f.kind == FINDING_CHANGED; i++) {
        const struct plan_target_column *column = &s->map->table->table->columns[s->map->map->columns[i]];
        if (pg_result_bool(r, 0, 1 + 2 * i)) continue;
        f.columns[f.column_count++] =
            (struct finding_column){column->name, verify_shown(column, s->texts[i], v->arena),
                                    verify_shown(column, pg_result_text(r, 0, 2 + 2 * i), v->arena)};
    }
    if (f.kind == FINDING_CHANGED && f.column_count == 0) return;
    f.key = sample_key(v, s);
    verify_add_finding(v, s->map->table, s->leaf, &f);
}

bool verify_sample(struct verify *v) {
    for (uint32_t i = 0; i < v->sample_count; i++) {
        const struct sample_row *s = &v->sample[i];
        struct arena arena = {0};
        if (verify_over(v)) {
            v->report->partial = true;
            break;
        }
        if (s->leaf->info->counts.updated) continue; /* not all of its columns are the row's own */
        struct pg_result *r = pg_query(v->connection, sample_query(s->map, &arena).ptr, s->texts,
                                       s->map->map->columns_count, v->diags);
        bool ok = r != NULL;
        if (ok) judge_sample(v, s, r);
        v->report->sampled += ok;
        pg_result_free(r);
        arena_release(&arena);
        if (!ok) return false;
    }
    return true;
}

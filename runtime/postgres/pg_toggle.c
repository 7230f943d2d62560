/* See pg_toggle.h. */
#include "runtime/postgres/pg_toggle.h"

#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"
#include "runtime/value/uuid.h"

/* With an empty path the server qualifies every name that it writes into DDL. */
static const char PLAIN_PATH[] = "SET LOCAL search_path = pg_catalog";

/* ---------------------------------------------------------------- finding */

static struct str qualified(struct arena *arena, struct str schema, struct str table) {
    struct buf name = {0};
    pg_append_qualified(&name, schema, table);
    struct str text = arena_copy_str(arena, buf_str(&name));
    buf_release(&name);
    return text;
}

bool toggle_check_rights(struct pg_connection *connection, struct str schema, struct str table,
                         struct arena *arena, struct str *why_not, struct diag_list *diags) {
    static const char SQL[] =
        "SELECT c.relkind <> 'r' OR c.relispartition,"
        " pg_catalog.pg_has_role(c.relowner, 'USAGE'),"
        " pg_catalog.has_schema_privilege(c.relnamespace, 'CREATE'),"
        " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)),"
        " (SELECT pg_catalog.string_agg(k.confrelid::pg_catalog.regclass::text, ', ') FROM "
        "pg_catalog.pg_constraint k"
        "  WHERE k.conrelid = c.oid AND k.contype = 'f'"
        "  AND NOT pg_catalog.has_table_privilege(k.confrelid, 'REFERENCES')),"
        " pg_catalog.quote_ident(current_user), c.relnamespace::pg_catalog.regnamespace::text"
        " FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1)";
    struct str name = qualified(arena, schema, table), role;
    struct pg_result *r = pg_query(connection, SQL, &name, 1, diags);
    *why_not = STR("");
    if (r == NULL) return false;
    if (pg_result_rows(r) == 1) {
        role = pg_result_text(r, 0, 5);
        if (pg_result_bool(r, 0, 0))
            *why_not =
                STR("it is partitioned or a partition, whose indexes belong together: take the clause out");
        else if (!pg_result_bool(r, 0, 1))
            *why_not = arena_printf(arena, "it belongs to role %.*s: GRANT %.*s TO %.*s, or run as that role",
                                    STR_ARG(pg_result_text(r, 0, 3)), STR_ARG(pg_result_text(r, 0, 3)),
                                    STR_ARG(role));
        else if (!pg_result_bool(r, 0, 2))
            *why_not = arena_printf(
                arena, "an index needs a right on its schema: GRANT CREATE ON SCHEMA %.*s TO %.*s",
                STR_ARG(pg_result_text(r, 0, 6)), STR_ARG(role));
        else if (!pg_result_is_null(r, 0, 4))
            *why_not =
                arena_printf(arena,
                             "its foreign keys need a right on their parents: GRANT REFERENCES ON %.*s TO "
                             "%.*s",
                             STR_ARG(pg_result_text(r, 0, 4)), STR_ARG(role));
    }
    pg_result_free(r);
    return true;
}

static const char FIND_KEYS[] =
    "SELECT 'foreign key', k.conname,"
    " format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, k.conname),"
    " format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s%s', n.nspname, c.relname, k.conname,"
    "  pg_get_constraintdef(k.oid), CASE WHEN k.convalidated THEN ' NOT VALID' ELSE '' END)"
    " || coalesce(format('; COMMENT ON CONSTRAINT %I ON %I.%I IS %L', k.conname, n.nspname, c.relname,"
    "  obj_description(k.oid, 'pg_constraint')), ''),"
    " CASE WHEN k.convalidated THEN"
    "  format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', n.nspname, c.relname, k.conname) ELSE '' END"
    " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = "
    "c.relnamespace"
    " WHERE c.oid = to_regclass($1) AND k.contype = 'f' AND k.conparentid = 0"
    " AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled <> 'O')"
    " ORDER BY k.conname";

/* The comment's format is null without a comment, so it falls away. */
static const char FIND_INDEXES[] =
    "SELECT 'index', x.relname, format('DROP INDEX %I.%I', n.nspname, x.relname),"
    " format('SET LOCAL default_tablespace = %L; ', coalesce(s.spcname, '')) || pg_get_indexdef(x.oid)"
    " || CASE WHEN obj_description(x.oid, 'pg_class') IS NULL THEN '' ELSE"
    "  format('; COMMENT ON INDEX %I.%I IS %L', n.nspname, x.relname, obj_description(x.oid, 'pg_class')) END"
    " || CASE WHEN i.indisclustered THEN format('; ALTER TABLE %I.%I CLUSTER ON %I', n.nspname, c.relname, "
    "x.relname)"
    "  ELSE '' END"
    " || coalesce((SELECT string_agg(format('; ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', "
    "n.nspname,"
    "  x.relname, a.attnum, a.attstattarget), '' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = "
    "x.oid"
    "  AND a.attstattarget >= 0), ''),"
    " ''"
    " FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_tablespace s ON s.oid = x.reltablespace"
    " WHERE c.oid = to_regclass($1) AND c.relkind = 'r' AND NOT c.relispartition"
    " AND i.indisvalid AND i.indisready AND i.indislive"
    " AND NOT i.indisunique AND NOT i.indisprimary AND NOT i.indisexclusion AND NOT i.indisreplident"
    " AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid)"
    " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid"
    "  AND d.deptype IN ('x', 'e'))"
    " ORDER BY x.relname";

static bool find_some(struct pg_connection *connection, const char *sql, struct str name, struct toggle base,
                      struct arena *arena, struct toggle_list *list, struct diag_list *diags) {
    struct pg_result *r = pg_query(connection, sql, &name, 1, diags);
    if (r == NULL) return false;
    for (uint32_t i = 0; i < pg_result_rows(r); i++) {
        struct toggle t = base;
        t.kind = arena_copy_str(arena, pg_result_text(r, i, 0));
        t.name = arena_copy_str(arena, pg_result_text(r, i, 1));
        t.drop_ddl = arena_copy_str(arena, pg_result_text(r, i, 2));
        t.ddl = arena_copy_str(arena, pg_result_text(r, i, 3));
        t.after_ddl = arena_copy_str(arena, pg_result_text(r, i, 4));
        VEC_PUSH(arena, &list->items, t);
    }
    pg_result_free(r);
    return true;
}

bool toggle_find(struct pg_connection *connection, struct str schema, struct str table, struct arena *arena,
                 struct toggle_list *list, struct diag_list *diags) {
    struct toggle base = {.schema = schema, .table = table};
    struct str name = qualified(arena, schema, table);
    /* A savepoint where a transaction is open already, to have the path back. */
    bool inside = PQtransactionStatus(connection->pg) == PQTRANS_INTRANS;
    bool good = pg_exec(connection, inside ? "SAVEPOINT mig_find" : "BEGIN", diags) &&
                pg_exec(connection, PLAIN_PATH, diags) &&
                find_some(connection, FIND_KEYS, name, base, arena, list, diags) &&
                find_some(connection, FIND_INDEXES, name, base, arena, list, diags);
    pg_exec(connection, inside ? "ROLLBACK TO SAVEPOINT mig_find; RELEASE SAVEPOINT mig_find" : "ROLLBACK",
            NULL);
    return good;
}

/* ---------------------------------------------------------------- noting, dropping */

bool toggle_journal(struct pg_connection *connection, const struct journal_run *run, struct toggle_list *list,
                    uint32_t first, struct diag_list *diags) {
    static const char SQL[] =
        "INSERT INTO mig.toggled (run_id, seq, target_schema, target_table, kind, name, drop_ddl, ddl, "
        "after_ddl)"
        " SELECT $1::uuid, coalesce(max(t.seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM mig.toggled t"
        " WHERE t.run_id = $1::uuid RETURNING seq";
    char id[UUID_TEXT_SIZE];
    bool good = pg_begin(connection, diags);
    for (uint32_t i = first; i < list->items.count && good; i++) {
        struct toggle *t = &list->items.items[i];
        struct str params[] = {journal_uuid_text(run->id, id),
                               t->schema,
                               t->table,
                               t->kind,
                               t->name,
                               t->drop_ddl,
                               t->ddl,
                               t->after_ddl};
        struct pg_result *r = pg_query(connection, SQL, params, 8, diags);
        good = r != NULL;
        t->run_id = run->id;
        if (r) t->seq = pg_result_int(r, 0, 0);
        pg_result_free(r);
    }
    good = good && pg_commit(connection, diags);
    if (!good) pg_rollback(connection);
    return good;
}

bool toggle_drop(struct pg_connection *connection, const struct toggle_list *list, uint32_t first,
                 bool in_run, struct diag_list *diags) {
    struct arena arena = {0};
    bool good = in_run || pg_begin(connection, diags);
    for (uint32_t i = first; i < list->items.count && good; i++) {
        const struct toggle *t = &list->items.items[i];
        good = pg_exec(connection, arena_copy_cstr(&arena, t->drop_ddl), NULL);
        if (!good)
            pg_report_failure(connection, diags,
                              arena_printf(&arena, "drop %.*s %.*s of %.*s", STR_ARG(t->kind),
                                           STR_ARG(t->name), STR_ARG(t->table))
                                  .ptr);
    }
    if (!in_run) {
        good = good && pg_commit(connection, diags);
        if (!good) pg_rollback(connection);
    }
    arena_release(&arena);
    return good;
}

/* ---------------------------------------------------------------- putting back */

bool toggle_read_pending(struct pg_connection *connection, struct arena *arena, struct toggle_list *list,
                         struct diag_list *diags) {
    static const char PRESENT[] = "SELECT pg_catalog.to_regclass('mig.toggled') IS NOT NULL";
    static const char SQL[] =
        "SELECT run_id, seq, target_schema, target_table, kind, name, drop_ddl, ddl, after_ddl"
        " FROM mig.toggled WHERE state = 'dropped' ORDER BY kind DESC, run_id, seq";
    struct pg_result *r = pg_query(connection, PRESENT, NULL, 0, diags);
    if (r == NULL) return false;
    bool present = pg_result_bool(r, 0, 0);
    pg_result_free(r);
    if (!present) return true;
    r = pg_query(connection, SQL, NULL, 0, diags);
    if (r == NULL) return false;
    for (uint32_t i = 0; i < pg_result_rows(r); i++) {
        struct str texts[9];
        for (uint32_t c = 0; c < 9; c++)
            texts[c] = arena_copy_str(arena, pg_result_text(r, i, c));
        struct toggle t = {.seq = pg_result_int(r, i, 1),
                           .schema = texts[2],
                           .table = texts[3],
                           .kind = texts[4],
                           .name = texts[5],
                           .drop_ddl = texts[6],
                           .ddl = texts[7],
                           .after_ddl = texts[8]};
        uuid_parse(texts[0], &t.run_id);
        VEC_PUSH(arena, &list->items, t);
    }
    pg_result_free(r);
    return true;
}

/* Is it there? A key that is there may still wait for its validation. */
static bool look_for(struct pg_connection *connection, const struct toggle *t, bool *there,
                     struct diag_list *diags) {
    static const char INDEX[] =
        "SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
        " WHERE i.indrelid = pg_catalog.to_regclass($1) AND x.relname = $2 AND i.indisvalid";
    static const char KEY[] =
        "SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = pg_catalog.to_regclass($1)"
        " AND k.conname = $2 AND k.contype = 'f'";
    struct arena arena = {0};
    struct str params[] = {qualified(&arena, t->schema, t->table), t->name};
    struct pg_result *r = pg_query(connection, str_is(t->kind, "index") ? INDEX : KEY, params, 2, diags);
    *there = r && pg_result_rows(r) > 0;
    bool asked = r != NULL;
    pg_result_free(r);
    arena_release(&arena);
    return asked;
}

static bool note_restored(struct pg_connection *connection, const struct toggle *t, struct diag_list *diags) {
    char id[UUID_TEXT_SIZE], seq[INT_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(t->run_id, id), journal_int_text(t->seq, seq)};
    struct pg_result *r = pg_query(connection,
                                   "UPDATE mig.toggled SET state = 'restored', restored_at ="
                                   " pg_catalog.clock_timestamp() WHERE run_id = $1 AND seq = $2::integer",
                                   params, 2, diags);
    pg_result_free(r);
    return r != NULL;
}

static bool report_not_restored(struct pg_connection *connection, const struct toggle *t, const char *ddl,
                                struct diag_list *diags) {
    const struct pg_failure *f = pg_last_failure(connection);
    struct diag *d =
        diag_report(diags, X_NOT_REBUILT, pg_no_span(), "%.*s %.*s of %.*s could not be put back: %.*s",
                    STR_ARG(t->kind), STR_ARG(t->name), STR_ARG(t->table), STR_ARG(f->message));
    diag_help(diags, d,
              "It is noted in mig.toggled; the next `mig resume` or `mig run` on this target tries again. By "
              "hand, as "
              "the table's owner: %s;",
              ddl);
    return false;
}

/* One statement list in a transaction of its own (in_run: in the open one), with the journal's word on it. */
static bool apply(struct pg_connection *connection, const struct toggle *t, struct str ddl, bool last,
                  bool in_run, struct diag_list *diags) {
    struct arena arena = {0};
    const char *text = arena_copy_cstr(&arena, ddl);
    bool good = in_run || pg_begin(connection, diags);
    if (good && ddl.len && !pg_exec(connection, text, NULL)) {
        good = false;
        struct pg_failure kept = *pg_last_failure(connection);
        bool orphans = strcmp(kept.sqlstate, "23503") == 0;
        if (!orphans) report_not_restored(connection, t, text, diags);
    }
    if (!in_run) {
        good = good && (!last || note_restored(connection, t, diags)) && pg_commit(connection, diags);
        if (!good) pg_exec(connection, "ROLLBACK", NULL);
    }
    arena_release(&arena);
    return good;
}

/* A table that was dropped since has nothing to put back. */
static bool table_is_gone(struct pg_connection *connection, const struct toggle *t) {
    struct arena arena = {0};
    struct str name = qualified(&arena, t->schema, t->table);
    struct pg_result *r = pg_query(connection, "SELECT pg_catalog.to_regclass($1) IS NULL", &name, 1, NULL);
    bool gone = r && pg_result_bool(r, 0, 0);
    pg_result_free(r);
    arena_release(&arena);
    return gone;
}

enum toggle_outcome toggle_restore(struct pg_connection *connection, const struct toggle *t, bool in_run,
                                   struct diag_list *diags) {
    bool there;
    uint32_t errors = diags->error_count;
    if (!look_for(connection, t, &there, diags)) return TOGGLE_FAILED;
    if (!there && !in_run && table_is_gone(connection, t))
        return note_restored(connection, t, diags) ? TOGGLE_RESTORED : TOGGLE_FAILED;
    bool validates = t->after_ddl.len > 0;
    if (!there && !apply(connection, t, t->ddl, !validates, in_run, diags)) return TOGGLE_FAILED;
    if (there && !validates && !in_run)
        return note_restored(connection, t, diags) ? TOGGLE_RESTORED : TOGGLE_FAILED;
    if (!validates || apply(connection, t, t->after_ddl, true, in_run, diags)) return TOGGLE_RESTORED;
    return diags->error_count == errors ? TOGGLE_ORPHANS : TOGGLE_FAILED;
}

/* ---------------------------------------------------------------- rows without parents */

/* The SELECT over rows without parents; MATCH SIMPLE: a null in any column asks for no parent. */
static bool orphan_query(struct pg_connection *connection, const struct toggle *t, struct arena *arena,
                         struct str *query, struct diag_list *diags) {
    static const char SQL[] =
        "SELECT format('FROM %s c WHERE %s AND NOT EXISTS (SELECT FROM %s p WHERE %s)',"
        " k.conrelid::pg_catalog.regclass, string_agg(format('c.%I IS NOT NULL', a.attname), ' AND '),"
        " k.confrelid::pg_catalog.regclass, string_agg(format('p.%I = c.%I', b.attname, a.attname), ' AND "
        "')),"
        " string_agg(format('%I', a.attname), ', ' ORDER BY u.n),"
        " string_agg(format('c.%I::text', a.attname), E' || \\', \\' || ' ORDER BY u.n)"
        " FROM pg_catalog.pg_constraint k, LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY u(child, "
        "parent, n)"
        " JOIN pg_catalog.pg_attribute a ON a.attnum = u.child JOIN pg_catalog.pg_attribute b ON b.attnum = "
        "u.parent"
        " WHERE a.attrelid = k.conrelid AND b.attrelid = k.confrelid"
        " AND k.conrelid = pg_catalog.to_regclass($1) AND k.conname = $2 AND k.contype = 'f'"
        " GROUP BY k.oid, k.conrelid, k.confrelid";
    struct str params[] = {qualified(arena, t->schema, t->table), t->name};
    struct pg_result *r = pg_query(connection, SQL, params, 2, diags);
    if (r == NULL) return false;
    *query = STR("");
    if (pg_result_rows(r) == 1)
        *query = arena_printf(arena,
                              "SELECT (SELECT count(*) FROM (SELECT 1 %.*s LIMIT 1000000) n), "
                              "string_agg(DISTINCT s.v, '; ') FROM (SELECT"
                              " '(%.*s) = (' || %.*s || ')' AS v %.*s LIMIT 5) s",
                              STR_ARG(pg_result_text(r, 0, 0)), STR_ARG(pg_result_text(r, 0, 1)),
                              STR_ARG(pg_result_text(r, 0, 2)), STR_ARG(pg_result_text(r, 0, 0)));
    pg_result_free(r);
    return true;
}

bool toggle_find_orphans(struct pg_connection *connection, const struct toggle *t, struct arena *arena,
                         uint64_t *count, struct str *samples, struct diag_list *diags) {
    struct str query;
    *count = 0;
    *samples = STR("");
    if (!orphan_query(connection, t, arena, &query, diags)) return false;
    if (query.len == 0) return true;
    struct pg_result *r = pg_query(connection, arena_copy_cstr(arena, query), NULL, 0, diags);
    if (r == NULL) return false;
    *count = (uint64_t)pg_result_int(r, 0, 0);
    struct str text = pg_result_text(r, 0, 1);
    if (text.ptr) *samples = arena_copy_str(arena, text);
    pg_result_free(r);
    return true;
}

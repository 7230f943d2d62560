/* Writing the journal: runs, steps, events. */
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"
#include "runtime/value/datetime.h"
#include "runtime/value/uuid.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { HASH_SIZE = 32 };

static const char *const STATE_NAMES[JOURNAL_STATE_COUNT] = {"running", "done", "failed", "stopped"};

/* "running", "done", "failed", "stopped" */
static const char *journal_state_name(enum journal_state state) {
    return STATE_NAMES[state];
}

struct str journal_uuid_text(struct uuid id, char text[static UUID_TEXT_SIZE]) {
    uuid_write(id, text);
    text[UUID_TEXT_SIZE - 1] = '\0';
    return str_from(text, UUID_TEXT_SIZE - 1);
}

struct str journal_int_text(int64_t n, char text[static INT_TEXT_SIZE]) {
    return str_from(text, (size_t)snprintf(text, INT_TEXT_SIZE, "%lld", (long long)n));
}

static struct str or_empty(struct str s) {
    return s.ptr ? s : STR("");
}

static struct str time_text(struct arena *arena, int64_t micros) {
    return timestamptz_format(arena, micros);
}

static struct str int_text(struct arena *arena, int64_t n) {
    return arena_printf(arena, "%lld", (long long)n);
}

static struct str bytes_text(struct arena *arena, const uint8_t *bytes, size_t len) {
    if (bytes == NULL) return (struct str){0};
    struct buf hex = {0};
    pg_append_hex(&hex, bytes, len);
    struct str text = arena_copy_str(arena, buf_str(&hex));
    buf_release(&hex);
    return text;
}

static struct str uuid_text(struct arena *arena, struct uuid id) {
    return uuid_format(arena, id);
}

static bool run_statement(struct pg_connection *connection, const char *sql, const struct str *params,
                          uint32_t count, uint64_t *affected, struct diag_list *diags) {
    struct pg_result *r = pg_query(connection, sql, params, count, diags);
    if (r && affected) *affected = pg_result_affected(r);
    pg_result_free(r);
    return r != NULL;
}

/* -- events */

static void hash_field(EVP_MD_CTX *ctx, struct str field) {
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)field.len >> (56 - 8 * i));
    EVP_DigestUpdate(ctx, length, sizeof length);
    EVP_DigestUpdate(ctx, field.ptr ? field.ptr : "", field.len);
}

void journal_hash_event(const struct str *fields, uint32_t count, uint8_t hash[HASH_SIZE]) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL) memory_exhausted(0);
    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    for (uint32_t i = 0; i < count; i++)
        hash_field(ctx, fields[i]);
    EVP_DigestFinal_ex(ctx, hash, NULL);
    EVP_MD_CTX_free(ctx);
}

/* Appends within the open transaction. The table lock makes the chain one chain, whoever appends. */
static bool append_event(struct pg_connection *connection, struct arena *arena, const struct uuid *run_id,
                         struct str kind, struct str map, struct str detail, int64_t at,
                         struct diag_list *diags) {
    if (!pg_exec(connection, "LOCK TABLE mig.event IN SHARE ROW EXCLUSIVE MODE", diags)) return false;
    struct pg_result *r = pg_query(
        connection, "SELECT id, pg_catalog.encode(hash, 'hex') FROM mig.event ORDER BY id DESC LIMIT 1", NULL,
        0, diags);
    if (r == NULL) return false;
    bool first = pg_result_rows(r) == 0;
    struct str id = int_text(arena, first ? 1 : pg_result_int(r, 0, 0) + 1);
    struct str previous = first ? STR("") : arena_copy_str(arena, pg_result_text(r, 0, 1));
    pg_result_free(r);
    struct str run_text = run_id ? uuid_text(arena, *run_id) : STR("");
    detail = detail.len ? detail : STR("{}");
    struct str fields[] = {previous, id, run_text, int_text(arena, at), kind, or_empty(map), detail};
    uint8_t hash[HASH_SIZE];
    journal_hash_event(fields, sizeof fields / sizeof fields[0], hash);
    struct str params[] = {
        id,       run_id ? run_text : (struct str){0}, time_text(arena, at), kind, or_empty(map), detail,
        previous, bytes_text(arena, hash, HASH_SIZE)};
    return run_statement(connection,
                         "INSERT INTO mig.event (id, run_id, at, kind, map, detail, previous, hash)"
                         " VALUES ($1, $2, $3, $4, $5, $6, pg_catalog.decode($7, 'hex'), $8)",
                         params, 8, NULL, diags);
}

static bool end_transaction(struct pg_connection *connection, bool ok, struct diag_list *diags) {
    if (ok) ok = pg_commit(connection, diags);
    if (!ok) pg_rollback(connection);
    return ok;
}

bool journal_append_event(struct pg_connection *connection, const struct journal_run *run, struct str kind,
                          struct str map, struct str detail_json, int64_t at, struct diag_list *diags) {
    struct arena arena = {0};
    bool ok = append_event(connection, &arena, run ? &run->id : NULL, kind, map, detail_json, at, diags);
    arena_release(&arena);
    return ok;
}

bool journal_has_event(struct pg_connection *connection, const struct journal_run *run, struct str kind,
                       struct str map) {
    char text[UUID_TEXT_SIZE];
    struct str params[] = {journal_uuid_text(run->id, text), kind, map};
    struct pg_result *r =
        pg_query(connection,
                 "SELECT EXISTS (SELECT FROM mig.event WHERE run_id = $1::uuid AND kind = $2 AND map = $3)",
                 params, 3, NULL);
    bool found = r && pg_result_bool(r, 0, 0);
    pg_result_free(r);
    return found;
}

bool journal_event(struct pg_connection *connection, const struct journal_run *run, struct str kind,
                   struct str map, struct str detail_json, int64_t at, struct diag_list *diags) {
    struct arena arena = {0};
    bool ok = pg_begin(connection, diags);
    if (ok)
        ok = end_transaction(
            connection,
            append_event(connection, &arena, run ? &run->id : NULL, kind, map, detail_json, at, diags),
            diags);
    arena_release(&arena);
    return ok;
}

/* -- runs */

static bool insert_run(struct pg_connection *connection, struct arena *arena,
                       const struct journal_run_start *s, struct diag_list *diags) {
    struct str params[] = {
        uuid_text(arena, s->run_id),
        s->migration,
        int_text(arena, s->version),
        or_empty(s->environment),
        or_empty(s->phase),
        or_empty(s->only),
        bytes_text(arena, s->plan_hash, HASH_SIZE),
        s->plan.len ? bytes_text(arena, (const uint8_t *)s->plan.ptr, s->plan.len) : (struct str){0},
        bytes_text(arena, s->spec_hash, HASH_SIZE),
        bytes_text(arena, s->schema_hash, HASH_SIZE),
        s->params_json.len ? s->params_json : STR("{}"),
        s->options_json.len ? s->options_json : STR("{}"),
        or_empty(s->mig_version),
        or_empty(s->who),
        or_empty(s->host),
        time_text(arena, s->started_at),
        s->expires_at ? time_text(arena, s->expires_at) : (struct str){0},
    };
    return run_statement(
        connection,
        "INSERT INTO mig.run (run_id, state, migration, version, environment, phase, only_part,"
        " plan_hash, plan, spec_hash, schema_hash, params, options, mig_version, who, host, started_at,"
        " expires_at)"
        " VALUES ($1, 'running', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        params, sizeof params / sizeof params[0], NULL, diags);
}

bool journal_write_source(struct pg_connection *connection, const struct journal_run *run, uint32_t seq,
                          const struct journal_source *source, struct diag_list *diags) {
    struct arena arena = {0};
    struct str params[] = {uuid_text(&arena, run->id),
                           int_text(&arena, seq),
                           source->source,
                           source->file,
                           int_text(&arena, (int64_t)source->bytes),
                           bytes_text(&arena, source->hashed ? source->sha256 : NULL, HASH_SIZE)};
    bool ok = run_statement(connection,
                            "INSERT INTO mig.run_source (run_id, seq, source, file, bytes, sha256)"
                            " VALUES ($1, $2, $3, $4, $5, $6)"
                            " ON CONFLICT (run_id, seq) DO UPDATE SET bytes = excluded.bytes,"
                            " sha256 = excluded.sha256",
                            params, 6, NULL, diags);
    arena_release(&arena);
    return ok;
}

static bool insert_sources(struct pg_connection *connection, const struct journal_run_start *s,
                           struct diag_list *diags) {
    const struct journal_run run = {s->run_id, 1};
    for (uint32_t i = 0; i < s->source_count; i++)
        if (!journal_write_source(connection, &run, i, &s->sources[i], diags)) return false;
    return true;
}

bool journal_start_run(struct pg_connection *connection, const struct journal_run_start *start,
                       struct journal_run *run, struct diag_list *diags) {
    struct arena arena = {0};
    bool ok = pg_begin(connection, diags);
    if (ok) {
        struct buf detail = {0};
        buf_append_cstr(&detail, "{\"plan\":");
        buf_append_json(&detail, bytes_text(&arena, start->plan_hash, HASH_SIZE));
        buf_append_cstr(&detail, ",\"who\":");
        buf_append_json(&detail, start->who);
        buf_append_cstr(&detail, "}");
        ok = insert_run(connection, &arena, start, diags) && insert_sources(connection, start, diags) &&
             append_event(connection, &arena, &start->run_id, STR("run_started"), STR(""), buf_str(&detail),
                          start->started_at, diags);
        buf_release(&detail);
        ok = end_transaction(connection, ok, diags);
    }
    if (ok) *run = (struct journal_run){start->run_id, 1};
    arena_release(&arena);
    return ok;
}

static bool report_fenced(const struct journal_run *run, struct diag_list *diags) {
    char text[UUID_TEXT_SIZE];
    struct diag *d = diag_report(diags, X_PG_FENCED, pg_no_span(), "another mig has taken over run %.*s",
                                 STR_ARG(journal_uuid_text(run->id, text)));
    diag_help(diags, d, "This one stops; `mig status` shows what the other does.");
    return false;
}

bool journal_finish_run(struct pg_connection *connection, const struct journal_run *run,
                        enum journal_state state, int32_t exit_code, struct str summary_json, int64_t at,
                        struct diag_list *diags) {
    struct arena arena = {0};
    bool ok = pg_begin(connection, diags);
    if (ok) {
        struct str params[] = {uuid_text(&arena, run->id),
                               int_text(&arena, run->fence),
                               str_cstr(journal_state_name(state)),
                               int_text(&arena, exit_code),
                               summary_json.len ? summary_json : (struct str){0},
                               time_text(&arena, at)};
        uint64_t affected = 0;
        ok = run_statement(connection,
                           "UPDATE mig.run SET state = $3, exit_code = $4, summary = $5, finished_at = $6"
                           " WHERE run_id = $1 AND fence = $2",
                           params, 6, &affected, diags);
        if (ok && affected == 0) ok = report_fenced(run, diags);
        struct str detail =
            arena_printf(&arena, "{\"state\":\"%s\",\"exit_code\":%d}", journal_state_name(state), exit_code);
        ok =
            ok && append_event(connection, &arena, &run->id, STR("run_finished"), STR(""), detail, at, diags);
        ok = end_transaction(connection, ok, diags);
    }
    arena_release(&arena);
    return ok;
}

bool journal_take_over(struct pg_connection *connection, struct uuid run_id, struct journal_run *run,
                       struct diag_list *diags) {
    char text[UUID_TEXT_SIZE];
    struct str param = journal_uuid_text(run_id, text);
    /* Batches hold a share lock on the row until they end: the update waits for those under way. */
    struct pg_result *r = pg_query(
        connection,
        "UPDATE mig.run SET fence = fence + 1, state = 'running', finished_at = NULL,"
        " exit_code = NULL WHERE run_id = $1 AND state IN ('running', 'failed', 'stopped') RETURNING fence",
        &param, 1, diags);
    if (r == NULL) return false;
    bool found = pg_result_rows(r) == 1;
    if (found)
        *run = (struct journal_run){run_id, pg_result_int(r, 0, 0)};
    else
        diag_report(diags, X_PG_JOURNAL, pg_no_span(),
                    "run %s is finished or unknown, there is nothing to resume", text);
    pg_result_free(r);
    return found;
}

bool journal_start_rollback(struct pg_connection *connection, struct uuid run_id, struct journal_run *run,
                            struct str detail_json, int64_t at, struct diag_list *diags) {
    struct arena arena = {0};
    struct str param = uuid_text(&arena, run_id);
    bool ok = pg_begin(connection, diags);
    if (ok) {
        struct pg_result *r =
            pg_query(connection,
                     "UPDATE mig.run SET fence = fence + 1, state = 'rolling back' WHERE run_id = $1"
                     " AND state <> 'rolled back' RETURNING fence",
                     &param, 1, diags);
        ok = r && pg_result_rows(r) == 1;
        if (ok) *run = (struct journal_run){run_id, pg_result_int(r, 0, 0)};
        if (r && !ok)
            diag_report(diags, X_ROLLBACK_STATE, pg_no_span(), "run %.*s is rolled back already",
                        STR_ARG(param));
        pg_result_free(r);
        ok = ok && append_event(connection, &arena, &run_id, STR("rollback_started"), STR(""), detail_json,
                                at, diags);
        ok = end_transaction(connection, ok, diags);
    }
    arena_release(&arena);
    return ok;
}

bool journal_finish_rollback(struct pg_connection *connection, const struct journal_run *run,
                             struct str kept_maps, struct str detail_json, int64_t at,
                             struct diag_list *diags) {
    struct arena arena = {0};
    bool ok = pg_begin(connection, diags);
    if (ok) {
        struct str params[] = {uuid_text(&arena, run->id), int_text(&arena, run->fence), kept_maps};
        uint64_t affected = 0;
        ok = run_statement(connection,
                           "UPDATE mig.run SET state = 'rolled back' WHERE run_id = $1 AND fence = $2",
                           params, 2, &affected, diags);
        if (ok && affected == 0) ok = report_fenced(run, diags);
        params[1] = kept_maps;
        ok = ok &&
             run_statement(connection,
                           "UPDATE mig.step SET state = 'rolled back' WHERE run_id = $1"
                           " AND map <> ALL ($2::text[])",
                           params, 2, NULL, diags) &&
             append_event(connection, &arena, &run->id, STR("rolled_back"), STR(""), detail_json, at, diags);
        ok = end_transaction(connection, ok, diags);
    }
    arena_release(&arena);
    return ok;
}

/* -- steps */

bool journal_start_step(struct pg_connection *connection, const struct journal_run *run,
                        const struct plan *plan, uint32_t map, int64_t at, struct diag_list *diags) {
    /* xmin tells loaded rows from others unless a trigger may write in a subtransaction, or another table
     * than the named one holds the rows. */
    static const char SQL[] =
        "INSERT INTO mig.step (run_id, map, state, target_schema, target_table, target_oid, target_filenode, "
        "identity,"
        " started_at)"
        " SELECT $1, $2, 'running', $3, $4, c.oid, pg_catalog.pg_relation_filenode(c.oid),"
        " CASE WHEN $4 = '' THEN 'none'"
        "  WHEN c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid"
        "   AND NOT g.tgisinternal AND g.tgenabled <> 'D') THEN 'xmin' ELSE 'content' END, $5"
        " FROM (SELECT 1) one LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        "  ON n.oid = c.relnamespace) ON n.nspname = $3 AND c.relname = $4"
        " ON CONFLICT (run_id, map) DO UPDATE SET state = 'running', finished_at = NULL";
    struct arena arena = {0};
    const struct plan_map *m = &plan->maps[map];
    const struct plan_target_table *table =
        m->target_table ? &plan->target.tables[m->target_table - 1] : NULL;
    struct str schema = table ? table->schema : STR("");
    if (table && schema.len == 0) schema = STR("public");
    struct str params[] = {uuid_text(&arena, run->id), m->name, schema, table ? table->name : STR(""),
                           time_text(&arena, at)};
    bool ok = run_statement(connection, SQL, params, 5, NULL, diags);
    arena_release(&arena);
    return ok;
}

bool journal_finish_step(struct pg_connection *connection, const struct journal_run *run,
                         const struct plan *plan, uint32_t map, enum journal_state state,
                         const struct journal_counts *counts, int64_t at, struct diag_list *diags) {
    struct arena arena = {0};
    struct str params[] = {
        uuid_text(&arena, run->id),
        plan->maps[map].name,
        str_cstr(journal_state_name(state)),
        time_text(&arena, at),
        int_text(&arena, (int64_t)counts->in),
        int_text(&arena, (int64_t)counts->written),
        int_text(&arena, (int64_t)counts->updated),
        int_text(&arena, (int64_t)counts->unchanged),
        int_text(&arena, (int64_t)counts->skipped),
        int_text(&arena, (int64_t)counts->rejected),
        int_text(&arena, (int64_t)counts->warned),
    };
    uint64_t affected = 0;
    bool ok = run_statement(connection,
                            "UPDATE mig.step SET state = $3, finished_at = $4, rows_in = $5, written = $6,"
                            " updated = $7, unchanged = $8, skipped = $9, rejected = $10, warned = $11"
                            " WHERE run_id = $1 AND map = $2",
                            params, sizeof params / sizeof params[0], &affected, diags);
    if (ok && affected == 0) {
        diag_report(diags, X_PG_JOURNAL, pg_no_span(), "map `%.*s` was never started in the journal",
                    STR_ARG(plan->maps[map].name));
        ok = false;
    }
    arena_release(&arena);
    return ok;
}

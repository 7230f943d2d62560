/* Opening the target: connections, catalog, rights, lock, journal. */
#include "runtime/engine/target_postgres.h"

#include "runtime/engine/approvals.h"
#include "runtime/engine/fingerprint.h"
#include "runtime/engine/invocation.h"
#include "runtime/engine/rebuild.h"
#include "runtime/engine/replay.h"
#include "runtime/engine/retry.h"
#include "runtime/postgres/pg_catalog.h"

#include <pwd.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_PATIENCE_MS = 3000 };

int64_t timestamptz_now(void) {
    enum { POSTGRES_EPOCH = 946684800 }; /* 2000-01-01 in Unix time */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec - POSTGRES_EPOCH) * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Exit status that fits a Postgres failure. */
static enum run_status target_postgres_status(enum pg_error error) {
    switch (error) {
    case PG_OK: return RUN_OK;
    case PG_BAD_URL: return RUN_USAGE;
    case PG_PERMISSION:
    case PG_MISSING: return RUN_REFUSED;
    default: return RUN_UNREACHABLE;
    }
}

static struct pg_connection *open_connection(struct target_postgres *pg) {
    enum pg_error error = PG_OK;
    struct pg_options options = {.application_name =
                                     arena_printf(pg->engine->arena, "mig %s", pg->engine->report->run_id)};
    struct pg_connection *connection = pg_connect(pg->url, &options, &error, pg->engine->diags);
    if (connection == NULL) engine_fail(pg->engine, target_postgres_status(error));
    return connection;
}

/* ---------------------------------------------------------------- lookups */

struct postgres_feed {
    struct table_feed base;
    struct pg_copy_reader *reader;
};

static enum reader_status feed_next(struct table_feed *feed, struct row_batch *batch,
                                    struct diag_list *diags) {
    return pg_copy_reader_next(((struct postgres_feed *)feed)->reader, batch, diags);
}

static void feed_close(struct table_feed *feed) {
    pg_copy_reader_close(((struct postgres_feed *)feed)->reader);
    free(feed);
}

static struct table_feed *open_table(void *context, uint32_t table, const uint32_t *columns, uint32_t count) {
    struct target_postgres *pg = context;
    struct engine *engine = pg->engine;
    struct pg_copy_reader *reader = NULL;
    struct buf from = {0};
    /* Repaired rows see the tables as they are; rows that come again as they were. */
    if (engine->options->again == NULL || (engine->retry && engine->retry->feeding) ||
        replay_append_table(engine, pg->look, table, engine->current_map, &from))
        reader = pg_reader_target_table(pg->see, engine->plan, table, columns, count, buf_str(&from),
                                        engine->diags);
    buf_release(&from);
    if (reader == NULL) return NULL;
    struct postgres_feed *feed = memory_zalloc(sizeof *feed);
    feed->base = (struct table_feed){feed_next, feed_close};
    feed->reader = reader;
    return &feed->base;
}

static struct sink *open_sink(void *context, struct map_run *run) {
    struct target_postgres *pg = context;
    return sink_postgres_open(pg, run);
}

/* ---------------------------------------------------------------- journal */

/* Parameters without secrets; personal values do not come as parameters. */
static struct str params_json(struct engine *engine) {
    struct buf out = {0};
    buf_append_char(&out, '{');
    for (uint32_t i = 0; i < engine->plan->params_count; i++) {
        if (engine->plan->params[i].type.kind == TYPE_SECRET || engine->params[i].kind == TYPE_NULL) continue;
        if (out.len > 1) buf_append_char(&out, ',');
        buf_append_json(&out, engine->plan->params[i].name);
        buf_append_char(&out, ':');
        buf_append_json(&out, engine_value_text(engine, &engine->plan->params[i].type, &engine->params[i]));
    }
    buf_append_char(&out, '}');
    struct str copy = arena_copy_str(engine->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

/* name=value, … */
static struct str only_text(struct engine *engine) {
    struct buf out = {0};
    for (uint32_t i = 0; i < engine->options->only_count; i++)
        buf_printf(&out, "%s%.*s=%.*s", i ? ", " : "", STR_ARG(engine->options->only[i].name),
                   STR_ARG(engine->options->only[i].value));
    struct str copy = arena_copy_str(engine->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

/* The tables that the run loaded must be those that are there now. */
static bool tables_stand(struct target_postgres *pg) {
    static const char SQL[] =
        "SELECT s.map, s.target_schema || '.' || s.target_table FROM mig.step s WHERE s.run_id = $1::uuid"
        " AND s.target_oid IS NOT NULL AND s.target_oid IS DISTINCT FROM pg_catalog.to_regclass("
        "pg_catalog.quote_ident(s.target_schema) || '.' || pg_catalog.quote_ident(s.target_table))::oid";
    struct engine *engine = pg->engine;
    struct str param = str_cstr(engine->report->run_id);
    struct pg_result *r = pg_query(pg->look, SQL, &param, 1, engine->diags);
    if (r == NULL) return engine_fail(engine, RUN_UNREACHABLE);
    for (uint32_t i = 0; i < pg_result_rows(r); i++) {
        struct diag *diag = diag_report(engine->diags, X_NOT_RESUMABLE, no_span(),
                                        "table %.*s, which map `%.*s` loaded, was dropped since; if there is "
                                        "one of that name, it is another",
                                        STR_ARG(pg_result_text(r, i, 1)), STR_ARG(pg_result_text(r, i, 0)));
        diag_help(engine->diags, diag, "Start anew: `mig run`.");
        engine_fail(engine, RUN_REFUSED);
    }
    pg_result_free(r);
    return !engine_stopped(engine);
}

/* The target said no, or it is gone: they look alike to whoever asked. */
static bool fail_refused(struct target_postgres *pg) {
    struct pg_connection *connections[] = {pg->look, pg->load, pg->guard};
    for (int i = 0; i < 3; i++)
        if (connections[i] && !pg_is_alive(connections[i])) return engine_fail(pg->engine, RUN_UNREACHABLE);
    return engine_fail(pg->engine, RUN_REFUSED);
}

static bool take_run_over(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    const struct journal_run_info *again = engine->options->again;
    if (!tables_stand(pg)) return false;
    if (!fingerprint_compare(engine, again->sources, again->source_count)) return false;
    return (journal_lock(pg->guard, LOCK_PATIENCE_MS, engine->diags) &&
            (engine->retry ? journal_reopen : journal_take_over)(pg->look, again->run_id, &pg->run,
                                                                 engine->diags)) ||
           fail_refused(pg);
}

/* Whoever starts anew beside a run that was interrupted should know it. */
static bool warn_of_interrupted(struct target_postgres *pg) {
    static const char SQL[] = "SELECT run_id::text, started_at::timestamptz(0)::text FROM mig.run"
                              " WHERE state IN ('running', 'stopped') AND migration = $1"
                              " ORDER BY started_at DESC LIMIT 1";
    struct engine *engine = pg->engine;
    struct pg_result *r = pg_query(pg->look, SQL, &engine->plan->migration, 1, NULL);
    if (r && pg_result_rows(r))
        engine_log(
            engine, 'W',
            "run %.8s of this migration, started %.*s, was interrupted; what it has committed stands: `mig "
            "resume %.8s` goes on with it, `mig rollback %.8s` takes it out",
            pg_result_text(r, 0, 0).ptr, STR_ARG(pg_result_text(r, 0, 1)), pg_result_text(r, 0, 0).ptr,
            pg_result_text(r, 0, 0).ptr);
    pg_result_free(r);
    return true;
}

static bool start_journal(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    char host[256] = "";
    const struct passwd *user = getpwuid(getuid());
    gethostname(host, sizeof host - 1);
    struct journal_run_start start = {
        .run_id = engine->values.run_id,
        .migration = engine->plan->migration,
        .version = engine->plan->version,
        .environment = engine->options->environment,
        .phase = engine->options->phase,
        .only = only_text(engine),
        .params_json = params_json(engine),
        .mig_version = engine->plan->compiler,
        .who = str_cstr(user ? user->pw_name : "unknown"),
        .host = str_cstr(host),
        .started_at = engine->values.started_at,
        .expires_at = engine->expires_at,
    };
    struct invocation invocation;
    struct buf options = {0}, plan = {0};
    start.source_count = fingerprint_list(engine, &start.sources);
    invocation_of(engine->options, engine->arena, &invocation);
    invocation_write(&invocation, &options);
    plan_write(engine->plan, &plan);
    start.options_json = buf_str(&options);
    start.plan = buf_str(&plan);
    memcpy(start.plan_hash, engine->report->plan_hash, sizeof start.plan_hash);
    if (engine->plan->spec_sha256.len == 32) start.spec_hash = (const uint8_t *)engine->plan->spec_sha256.ptr;
    if (engine->plan->schema_sha256.len == 32)
        start.schema_hash = (const uint8_t *)engine->plan->schema_sha256.ptr;
    bool good = journal_prepare(pg->look, engine->diags) &&
                journal_lock(pg->guard, LOCK_PATIENCE_MS, engine->diags) && warn_of_interrupted(pg) &&
                journal_start_run(pg->look, &start, &pg->run, engine->diags);
    buf_release(&options);
    buf_release(&plan);
    if (!good) return fail_refused(pg);
    return invocation_save(engine->plan, engine->options, engine->report->run_id, engine->arena,
                           engine->diags) ||
           engine_fail(engine, RUN_STOPPED);
}

bool target_postgres_open(struct target_postgres *pg, struct engine *engine, struct str url,
                          struct target *target) {
    static const struct target_ops OPS = {open_sink, open_table};
    bool replay = engine->replay != NULL;
    *pg = (struct target_postgres){.engine = engine,
                                   .url = url,
                                   .journaling =
                                       !engine->options->dry_run && !replay && !engine->options->rehearse};
    if (engine->options->again) pg->run.id = engine->options->again->run_id;
    *target = (struct target){.ops = &OPS, .context = pg, .postgres_ops = &PG_READER_OPS};
    engine->pg = pg;
    pg->sources = pg_sources_new(engine->plan, url, NULL);
    target->postgres_context = pg->sources;
    if (url.len == 0) {
        pg->journaling = false;
        return true;
    }
    pg->look = open_connection(pg);
    if (pg->look == NULL) return false;
    pg->see = pg->look;
    if (!pg_catalog_compare(pg->look, engine->plan, engine->diags)) return fail_refused(pg);
    if (engine->options->dry_run || replay) return true;
    if (!pg_catalog_check_privileges(pg->look, engine->plan, engine->diags)) return fail_refused(pg);
    if (!rebuild_check_rights(pg)) return false;
    if (pg->journaling && !approvals_suffice(engine, pg->look)) return false;
    pg->load = open_connection(pg);
    pg->guard = pg->load ? open_connection(pg) : NULL;
    if (pg->guard && !pg->journaling)
        return journal_lock(pg->guard, LOCK_PATIENCE_MS, engine->diags) || engine_fail(engine, RUN_REFUSED);
    return pg->guard && (engine->options->again ? take_run_over(pg) : start_journal(pg));
}

enum journal_state target_postgres_journal_state(enum run_status status) {
    switch (status) {
    case RUN_OK: return JOURNAL_DONE;
    case RUN_STOPPED:
    case RUN_UNREACHABLE: return JOURNAL_STOPPED;
    default: return JOURNAL_FAILED;
    }
}

/* A connection that died while it was idle is found out by using it. */
static bool revive_connection(struct target_postgres *pg, struct pg_connection *connection) {
    if (pg_exec(connection, "select", NULL)) return true;
    return (!pg_is_alive(connection) && pg_reconnect(connection, pg->engine->diags)) ||
           engine_fail(pg->engine, RUN_UNREACHABLE);
}

bool target_postgres_revive(struct target_postgres *pg) {
    if (pg->look == NULL) return true;
    if (!revive_connection(pg, pg->look)) return false;
    if (!pg->journaling || journal_lock_is_held(pg->guard)) return true;
    if (!pg_is_alive(pg->guard) && !pg_reconnect(pg->guard, pg->engine->diags))
        return engine_fail(pg->engine, RUN_UNREACHABLE);
    return journal_lock(pg->guard, LOCK_PATIENCE_MS, pg->engine->diags) || fail_refused(pg);
}

void target_postgres_finish(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    if (!pg->journaling || pg->run.fence == 0 || pg->look == NULL) return;
    struct buf summary = {0};
    if (!pg_is_alive(pg->look) && !pg_reconnect(pg->look, engine->diags)) return;
    pg_rollback(pg->look);
    run_report_json(engine->report, &summary);
    journal_finish_run(pg->look, &pg->run, target_postgres_journal_state(engine->status),
                       run_exit_code(engine->status), buf_str(&summary), timestamptz_now(), engine->diags);
    buf_release(&summary);
}

void target_postgres_close(struct target_postgres *pg) {
    rebuild_free(pg->rebuild);
    pg_sources_free(pg->sources);
    pg_close(pg->load);
    pg_close(pg->look);
    pg_close(pg->guard);
}

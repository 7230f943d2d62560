/* See one_transaction.h. */
#include "runtime/engine/one_transaction.h"

#include "runtime/engine/checks.h"
#include "runtime/postgres/pg_loader.h"

bool one_transaction_wanted(const struct engine *engine) {
    if (engine->options->rehearse) return true;
    if (engine->options->dry_run) return false;
    for (uint32_t i = 0; i < engine->plan->maps_count; i++)
        if (engine->plan->maps[i].commit == COMMIT_RUN && engine_runs_map(engine, i)) return true;
    return false;
}

/* ---------------------------------------------------------------- sequences */

/* The target's sequences as `schema.name value` lines: what a rollback leaves moved. */
static struct pg_result *read_sequences(struct target_postgres *pg) {
    return pg_query(
        pg->look,
        "SELECT pg_catalog.quote_ident(schemaname) || '.' || pg_catalog.quote_ident(sequencename),"
        " last_value FROM pg_catalog.pg_sequences WHERE last_value IS NOT NULL ORDER BY 1",
        NULL, 0, pg->engine->diags);
}

static int64_t value_before(const struct pg_result *before, struct str name, bool *known) {
    for (uint32_t i = 0; i < pg_result_rows(before); i++)
        if (str_eq(pg_result_text(before, i, 0), name)) {
            *known = true;
            return pg_result_int(before, i, 1);
        }
    *known = false;
    return 0;
}

static void note_sequences(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    struct pg_result *now = read_sequences(pg);
    for (uint32_t i = 0; now && pg->sequences && i < pg_result_rows(now); i++) {
        bool known;
        struct str name = pg_result_text(now, i, 0);
        int64_t before = value_before(pg->sequences, name, &known), after = pg_result_int(now, i, 1);
        if (known && before == after) continue;
        struct str note =
            known ? arena_printf(
                        engine->arena,
                        "sequence %.*s went from %lld to %lld: a rollback does not take numbers back. It "
                        "stays there, as other sessions may have drawn numbers too; the numbers between are "
                        "not used",
                        STR_ARG(name), (long long)before, (long long)after)
                  : arena_printf(
                        engine->arena,
                        "sequence %.*s went to %lld: a rollback does not take numbers back, those up to it "
                        "are not used",
                        STR_ARG(name), (long long)after);
        VEC_PUSH(engine->arena, &engine->report->notes, note);
        engine_log(engine, 'W', "%.*s", STR_ARG(note));
    }
    pg_result_free(now);
    pg_result_free(pg->sequences);
    pg->sequences = NULL;
}

/* ---------------------------------------------------------------- begin, deferred constraints */

bool one_transaction_begin(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    if (pg->load == NULL || !one_transaction_wanted(engine)) return true; /* maps into files need none */
    if (engine->options->rehearse) {
        pg->sequences = read_sequences(pg);
        if (pg->sequences == NULL) return engine_fail(engine, RUN_UNREACHABLE);
    }
    if (!pg_begin(pg->load, engine->diags)) return engine_fail(engine, RUN_UNREACHABLE);
    pg->in_run = !engine->options->rehearse;
    pg->rehearsing = engine->options->rehearse;
    pg->see = pg->load;
    engine->one_transaction = true;
    engine_log(engine, 'I',
               pg->in_run ? "commit per run: all maps are one transaction, committed after the checks"
                          : "a rehearsal: all maps are one transaction, rolled back after the checks");
    return true;
}

static bool is_open(const struct target_postgres *pg) {
    return pg->in_run || pg->rehearsing;
}

bool one_transaction_check_deferred(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    if (!is_open(pg)) return true;
    /* A rehearsal goes on afterwards; a run ends where this fails, and rows that its constraint triggers
     * write shall carry the transaction's own number. */
    if (pg->rehearsing) pg_exec(pg->load, "SAVEPOINT mig_deferred", NULL);
    if (pg_exec(pg->load, "SET CONSTRAINTS ALL IMMEDIATE", NULL)) return true;
    const struct pg_failure *f = pg_last_failure(pg->load);
    if (f->kind == PG_LOST || !pg_is_alive(pg->load)) {
        pg_report_failure(pg->load, engine->diags, "check deferred constraints");
        return engine_fail(engine, RUN_UNREACHABLE);
    }
    struct diag *diag = diag_report(engine->diags, X_DEFERRED, no_span(),
                                    "a deferred constraint does not hold: %.*s (%s%.*s%sSQLSTATE %s)",
                                    STR_ARG(f->message), f->constraint.len ? "constraint " : "",
                                    STR_ARG(f->constraint), f->constraint.len ? ", " : "", f->sqlstate);
    diag_help(
        engine->diags, diag,
        "The server names only the first. Look for the rows in the source: a parent that is missing or was "
        "rejected, a value that stands twice.");
    if (pg->rehearsing) pg_exec(pg->load, "ROLLBACK TO SAVEPOINT mig_deferred", NULL);
    return engine_fail(engine, RUN_CHECK);
}

/* ---------------------------------------------------------------- the end */

/* Nothing stands: reports, steps and the trail say so. */
static void take_back(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    struct run_report *report = engine->report;
    const struct plan *plan = engine->plan;
    report->rolled_back = true;
    for (uint32_t i = 0; i < report->maps.count; i++) {
        struct run_map_report *m = report->maps.items[i];
        m->written = m->updated = m->unchanged = 0;
        m->complete = false;
    }
    if (!pg->journaling || (!pg_is_alive(pg->look) && !pg_reconnect(pg->look, engine->diags))) return;
    for (uint32_t i = 0; i < plan->maps_count; i++)
        for (uint32_t m = 0; m < report->maps.count; m++) {
            struct journal_counts none = {0};
            if (!str_eq(report->maps.items[m]->name, plan->maps[i].name) || plan->maps[i].target_table == 0)
                continue;
            struct diag_list quiet; /* a step that was not started needs no end */
            struct arena arena = {0};
            diag_list_init(&quiet, &arena);
            journal_finish_step(pg->look, &pg->run, plan, i, target_postgres_journal_state(engine->status),
                                &none, timestamptz_now(), &quiet);
            arena_release(&arena);
        }
    journal_event(pg->look, &pg->run, STR("run_rolled_back"), STR(""), STR("{}"), timestamptz_now(),
                  engine->diags);
}

static void report_not_committed(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    const struct pg_failure *f = pg_last_failure(pg->load);
    struct diag *diag = diag_report(engine->diags, X_RUN_NOT_COMMITTED, no_span(),
                                    "the server refused to commit the run: %.*s (SQLSTATE %s)",
                                    STR_ARG(f->message), f->sqlstate);
    diag_help(engine->diags, diag, "Nothing of it was committed. Start again: `mig run`.");
    engine_fail(engine, pg_is_alive(pg->load) ? RUN_CHECK : RUN_UNREACHABLE);
}

static void report_in_doubt(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    struct diag *diag =
        diag_report(engine->diags, X_PG_IN_DOUBT, no_span(),
                    "the connection broke while the run was being committed, and the server could "
                    "not be asked whether it was");
    diag_help(engine->diags, diag,
              "Once the server answers: SELECT count(*) FROM mig.batch WHERE run_id = '%s'; 0 means that "
              "nothing of "
              "it was kept, anything else that all of it stands.",
              engine->report->run_id);
    engine_fail(engine, RUN_UNREACHABLE);
}

/* A map whose first batch the journal is asked for: each map that was loaded has one. */
static const struct plan_map *any_loaded_map(const struct target_postgres *pg) {
    const struct engine *engine = pg->engine;
    for (uint32_t i = 0; i < engine->plan->maps_count; i++)
        if (engine->plan->maps[i].target_table && engine_runs_map(engine, i)) return &engine->plan->maps[i];
    return NULL;
}

static void commit(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    const struct plan_map *map = any_loaded_map(pg);
    int committed = pg_loader_commit_run(pg->load, &pg->run, map ? map->name : STR(""), 0);
    if (committed > 0) {
        for (uint32_t i = 0; i < engine->plan->maps_count; i++)
            if (engine->plan->maps[i].target_table && engine_runs_map(engine, i) &&
                target_postgres_revive(pg))
                sequences_advance(pg, &engine->plan->maps[i]);
        return;
    }
    if (committed == 0)
        report_not_committed(pg);
    else
        report_in_doubt(pg);
    pg_rollback(pg->load);
    take_back(pg);
}

void one_transaction_end(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    if (!is_open(pg)) return;
    if (pg->rehearsing) {
        pg_rollback(pg->load);
        note_sequences(pg);
        engine->report->rolled_back = true;
    } else if (engine_stopped(engine)) {
        pg_rollback(pg->load);
        take_back(pg);
        engine_log(engine, 'W', "everything was rolled back: nothing of this run stands");
    } else {
        commit(pg);
    }
    pg->see = pg->look;
    pg->in_run = pg->rehearsing = false;
}

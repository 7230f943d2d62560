/* A run from its start to its end: parameters, target, checks, maps in order, checks again. */
#include "runtime/engine/checks.h"
#include "runtime/engine/retry.h"
#include "runtime/engine/fingerprint.h"
#include "runtime/engine/replay.h"
#include "runtime/engine/eta.h"
#include "runtime/engine/target_dry.h"
#include "runtime/engine/tolerance.h"

#include "runtime/engine/analyze.h"
#include "runtime/engine/rebuild.h"
#include "runtime/engine/outcomes.h"
#include "runtime/engine/one_transaction.h"
#include "runtime/value/convert.h"
#include "runtime/value/datetime.h"
#include "runtime/value/uuid.h"
#include "runtime/value/zone.h"

#include <stdlib.h>
#include <sys/random.h>

int run_exit_code(enum run_status status) {
    static const int CODES[] = {
        [RUN_OK] = 0,          [RUN_USAGE] = 2,   [RUN_TOLERANCE] = 3, [RUN_CHECK] = 4,
        [RUN_UNREACHABLE] = 5, [RUN_STOPPED] = 6, [RUN_REFUSED] = 7};
    return CODES[status];
}

struct str engine_value_text(const struct engine *engine, const struct plan_type *type,
                             const struct value *value) {
    if (value->kind == TYPE_ENUM && type->kind == TYPE_ENUM)
        return engine->plan->enums[type->ref].labels[value->as_int].text;
    if (value->kind == TYPE_ARRAY)
        return value_format_array(engine->arena, (enum type_kind)type->element, &value->as_array);
    return value_format(engine->arena, value);
}

struct reader *engine_open_source(struct engine *engine, uint32_t source, uint32_t table,
                                  const struct reader_column *columns, uint32_t count) {
    struct reader_options options = {
        .base_dir = engine->options->base_dir,
        .limits = engine->options->limits ? *engine->options->limits : READER_DEFAULT_LIMITS,
        .stdin_copy = engine->stdin_copy,
        .keep_raw = true,
        .postgres_ops = engine->target ? engine->target->postgres_ops : NULL,
        .postgres_context = engine->target ? engine->target->postgres_context : NULL,
    };
    struct reader *reader = reader_open(engine->plan, source, table, columns, count, &options, engine->diags);
    if (reader == NULL) engine_fail(engine, RUN_UNREACHABLE);
    return reader;
}

/* ---------------------------------------------------------------- before */

static const struct plan_environment *find_environment(struct engine *engine) {
    const struct plan *plan = engine->plan;
    struct str wanted = engine->options->environment;
    struct str *names = ARENA_ARRAY(engine->arena, struct str, plan->environments_count + 1);
    for (uint32_t i = 0; i < plan->environments_count; i++) {
        names[i] = plan->environments[i].name;
        if (str_eq(names[i], wanted)) return &plan->environments[i];
    }
    if (wanted.len == 0) return NULL;
    struct diag *diag = diag_report(engine->diags, X_ENVIRONMENT_UNKNOWN, no_span(),
                                    "the spec has no environment `%.*s`", STR_ARG(wanted));
    struct str close = diag_closest_name(wanted, names, plan->environments_count);
    if (close.len) diag_help(engine->diags, diag, "Did you mean `%.*s`?", STR_ARG(close));
    if (plan->environments_count == 0)
        diag_help(engine->diags, diag,
                  "It declares none: leave `--env` out, or write `environment %.*s { … }`.", STR_ARG(wanted));
    engine_fail(engine, RUN_USAGE);
    return NULL;
}

/* Without a target all maps are into files. Only a journal would need a database; with --sandbox or --target
 * it is kept there. */
static bool run_needs_no_target(const struct plan *plan, const struct run_options *options) {
    return plan->target.name.len == 0 && options->target_url.len == 0;
}

static struct str miss_target(struct diag_list *diags) {
    struct diag *diag = diag_report(diags, X_NO_TARGET_URL, no_span(),
                                    "the spec has no target, so its runs are in no journal");
    diag_help(diags, diag, "A run has a journal with --sandbox or --target URL: give the same here.");
    return STR("");
}

struct str run_target_url(const struct plan *plan, struct str environment, struct str target_url,
                          struct arena *arena, struct diag_list *diags) {
    const struct plan_target *target = &plan->target;
    struct str variable = target->location;
    bool is_variable = target->location_is_env;
    if (target_url.len) return target_url;
    if (target->name.len == 0) return miss_target(diags);
    for (uint32_t i = 0; i < plan->environments_count; i++) {
        const struct plan_environment *e = &plan->environments[i];
        if (!str_eq(e->name, environment) || e->target_env.len == 0) continue;
        variable = e->target_env;
        is_variable = true;
    }
    if (!is_variable) return target->location;
    const char *url = getenv(arena_copy_cstr(arena, variable));
    if (url && *url) return str_cstr(url);
    struct diag *diag = diag_report(diags, X_NO_TARGET_URL, no_span(),
                                    "no connection for target `%.*s`: %.*s is not set in the environment",
                                    STR_ARG(target->name), STR_ARG(variable));
    diag_help(diags, diag, "Set %.*s=postgresql://user@host/database, or run with --sandbox.",
              STR_ARG(variable));
    return STR("");
}

void engine_take_environment(struct engine *engine) {
    const struct plan_environment *environment = NULL;
    for (uint32_t i = 0; i < engine->plan->environments_count; i++)
        if (str_eq(engine->plan->environments[i].name, engine->options->environment))
            environment = &engine->plan->environments[i];
    engine->expires_at = engine_expiry(engine, environment ? environment->retention_seconds : 0);
}

int64_t engine_expiry(const struct engine *engine, int64_t seconds) {
    int64_t from = engine->values.started_at, span;
    if (seconds <= 0 || __builtin_mul_overflow(seconds, INT64_C(1000000), &span) ||
        __builtin_add_overflow(from, span, &span))
        return 0;
    return span;
}

static void open_window(struct engine *engine, const struct plan_environment *environment) {
    if (environment && environment->window_seconds && !engine->options->rehearse && !engine->options->dry_run)
        engine->deadline = engine->started + (double)environment->window_seconds;
}

static void draw_run_id(struct uuid *id) {
    if (getrandom(id->bytes, sizeof id->bytes, 0) != (ssize_t)sizeof id->bytes) {
        int64_t now = timestamptz_now();
        memcpy(id->bytes, &now, sizeof now);
    }
    id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0f) | 0x40); /* RFC 4122 version 4 */
    id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3f) | 0x80);
}

static void name_run(struct engine *engine) {
    struct uuid *id = &engine->values.run_id;
    const struct journal_run_info *again = engine->options->again;
    if (again) {
        *id = again->run_id;
        engine->values.started_at = again->started_micros;
    } else {
        draw_run_id(id);
        engine->values.started_at = timestamptz_now();
    }
    struct value value = {.kind = TYPE_UUID, .as_uuid = *id};
    struct str text = value_format(engine->arena, &value);
    memcpy(engine->report->run_id, text.ptr, 36);
    value = (struct value){.kind = TYPE_TIMESTAMPTZ, .as_int = engine->values.started_at};
    engine->report->started_at = value_format(engine->arena, &value);
}

static bool take_seal_key(struct engine *engine) {
    enum seal_key_result result = seal_key_from_env(SEAL_KEY_VARIABLE, &engine->seal_key, engine->diags);
    engine->has_seal_key = result == SEAL_KEY_READ;
    return result != SEAL_KEY_BAD || engine_fail(engine, RUN_USAGE);
}

bool engine_prepare(struct engine *engine) {
    const struct plan *plan = engine->plan;
    if (!take_seal_key(engine)) return false;
    engine->zones = ARENA_NEW(engine->arena, struct zone_cache);
    engine->zones->arena = engine->arena;
    engine->tables = ARENA_ARRAY(engine->arena, struct keyed_table *, plan->tables_count + 1);
    engine->table_states = ARENA_ARRAY(engine->arena, struct table_state, plan->tables_count + 1);
    engine->values.tables = engine->tables;
    engine->values.environment = engine->options->environment;
    engine->values.allow_extern = engine->options->allow_extern;
    if (!engine_bind_params(engine)) return false;
    engine->programs = program_set_new(plan, &engine->values, engine->diags);
    if (engine->programs == NULL) return engine_fail(engine, RUN_USAGE);
    checks_prepare_samples(engine);
    return engine_build_codes(engine);
}

void engine_release(struct engine *engine) {
    for (uint32_t i = 0; engine->tables && i < engine->plan->tables_count; i++)
        keyed_table_free(engine->tables[i]);
    for (uint32_t i = 0; engine->rejected_rows && i < engine->plan->maps_count; i++)
        key_set_free(engine->rejected_rows[i]);
    program_set_free(engine->programs);
    engine_drop_standard_input(engine);
    quarantine_close(engine->quarantine);
    seal_key_forget(&engine->seal_key);
    outcomes_close(engine->outcomes);
    fingerprint_release(engine);
}

/* ---------------------------------------------------------------- maps */

static bool in_phase(const struct engine *engine, uint32_t map) {
    const struct plan *plan = engine->plan;
    if (engine->options->phase.len == 0) return true;
    for (uint32_t p = 0; p < plan->phases_count; p++) {
        if (!str_eq(plan->phases[p].name, engine->options->phase)) continue;
        for (uint32_t i = 0; i < plan->phases[p].maps_count; i++)
            if (plan->phases[p].maps[i] == map) return true;
    }
    return false;
}

static bool phase_exists(struct engine *engine) {
    const struct plan *plan = engine->plan;
    if (engine->options->phase.len == 0) return true;
    for (uint32_t p = 0; p < plan->phases_count; p++)
        if (str_eq(plan->phases[p].name, engine->options->phase)) return true;
    struct str *names = ARENA_ARRAY(engine->arena, struct str, plan->phases_count + 1);
    for (uint32_t p = 0; p < plan->phases_count; p++)
        names[p] = plan->phases[p].name;
    struct diag *diag = diag_report(engine->diags, X_PHASE_UNKNOWN, no_span(), "the spec has no phase `%.*s`",
                                    STR_ARG(engine->options->phase));
    struct str close = diag_closest_name(engine->options->phase, names, plan->phases_count);
    if (close.len) diag_help(engine->diags, diag, "Did you mean `%.*s`?", STR_ARG(close));
    if (plan->phases_count == 0)
        diag_help(engine->diags, diag,
                  "It declares none: leave `--phase` out, or write `phase %.*s { map, … }`.",
                  STR_ARG(engine->options->phase));
    return engine_fail(engine, RUN_USAGE);
}

static bool parts_exist(struct engine *engine) {
    for (uint32_t o = 0; o < engine->options->only_count; o++) {
        bool found = false;
        for (uint32_t m = 0; m < engine->plan->maps_count; m++)
            found |= str_eq(engine->plan->maps[m].partition, engine->options->only[o].name);
        if (found) continue;
        struct diag *diag =
            diag_report(engine->diags, X_PARTITION_UNKNOWN, no_span(), "no map is partitioned by `%.*s`",
                        STR_ARG(engine->options->only[o].name));
        diag_help(engine->diags, diag, "Name a part that a map declares with `partition by … as name`.");
        engine_fail(engine, RUN_USAGE);
    }
    return !engine_stopped(engine);
}

bool engine_runs_map(const struct engine *engine, uint32_t map) {
    return in_phase(engine, map) &&
           (engine->options->only_count == 0 || engine->plan->maps[map].partition.len > 0);
}

/* What is kept for months must not lie about in clear. */
static bool refuse_clear_crosswalk(struct engine *engine, const struct plan_map *map) {
    struct diag *diag =
        diag_report(engine->diags, X_SEAL_KEY, no_span(),
                    "map `%.*s` keeps its crosswalk, which holds personal data, and %s is not set",
                    STR_ARG(map->name), SEAL_KEY_VARIABLE);
    diag_help(engine->diags, diag,
              "It is sealed with that key for later runs. Make one (`openssl rand -hex 32`) and keep it; or "
              "take `keep crosswalk` out of the spec.");
    return engine_fail(engine, RUN_USAGE);
}

static bool may_keep_crosswalks(struct engine *engine) {
    for (uint32_t i = 0;
         i < engine->plan->maps_count && !engine->options->dry_run && !engine->options->rehearse; i++) {
        const struct plan_map *map = &engine->plan->maps[i];
        if (map->crosswalk_days == 0 || !engine_runs_map(engine, i)) continue;
        if (map->crosswalk == 0)
            engine_log(engine, 'W', "map %.*s keeps no crosswalk: no map of the spec finds rows through it",
                       STR_ARG(map->name));
        if (!engine->has_seal_key && crosswalk_is_personal(engine->plan, map))
            return refuse_clear_crosswalk(engine, map);
    }
    return true;
}

static bool refuse_unseen(struct engine *engine, const struct plan_map *map, uint32_t needed) {
    struct diag *diag = diag_report(engine->diags, X_UNSUPPORTED, no_span(),
                                    "map `%.*s` finds rows through map `%.*s`, which this run leaves out",
                                    STR_ARG(map->name), STR_ARG(engine->plan->maps[needed].name));
    diag_help(engine->diags, diag,
              "Put both maps into one phase or part; or write `keep crosswalk N days` in `%.*s`, so that "
              "later runs "
              "know its rows; or find the rows with `lookup … in` the target's table.",
              STR_ARG(engine->plan->maps[needed].name));
    return engine_fail(engine, RUN_REFUSED);
}

static bool knows_map(const struct engine *engine, uint32_t map) {
    return engine_runs_map(engine, map) || crosswalk_is_kept(engine, map);
}

/* All maps whose rows this one finds by key. */
static bool sees_what_it_needs(struct engine *engine, uint32_t index) {
    const struct plan *plan = engine->plan;
    const struct plan_map *map = &plan->maps[index];
    if (map->from_kind == FROM_MAP && !knows_map(engine, map->source))
        return refuse_unseen(engine, map, map->source);
    for (uint32_t s = 0; s < map->stages_count; s++)
        if (map->stages[s].kind != STAGE_EACH && plan->tables[map->stages[s].table].kind == KEYED_MAP &&
            !knows_map(engine, plan->tables[map->stages[s].table].source))
            return refuse_unseen(engine, map, plan->tables[map->stages[s].table].source);
    uint32_t programs[] = {map->program, map->grouped ? map->group_program - 1 : map->program};
    for (uint32_t p = 0; p < 2; p++)
        for (uint32_t i = 0; i < plan->programs[programs[p]].code_count; i++) {
            const struct plan_instr *in = &plan->programs[programs[p]].code[i];
            if (OPCODES[in->op].imm2 != IMM_TABLE || plan->tables[in->imm2].kind != KEYED_MAP) continue;
            if (!knows_map(engine, plan->tables[in->imm2].source))
                return refuse_unseen(engine, map, plan->tables[in->imm2].source);
        }
    return true;
}

static bool maps_see_each_other(struct engine *engine) {
    bool good = true;
    if (engine->options->phase.len == 0 && engine->options->only_count == 0) return true;
    for (uint32_t i = 0; i < engine->plan->maps_count; i++)
        if (engine_runs_map(engine, i)) good = sees_what_it_needs(engine, i) && good;
    return good;
}

static struct str map_detail(struct engine *engine, const struct run_map_report *r) {
    return arena_printf(
        engine->arena,
        "{\"read\":%llu,\"written\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"skipped\":%llu,"
        "\"rejected\":%llu,\"warnings\":%llu}",
        (unsigned long long)r->read, (unsigned long long)r->written, (unsigned long long)r->updated,
        (unsigned long long)r->unchanged, (unsigned long long)r->skipped, (unsigned long long)r->rejected,
        (unsigned long long)r->warnings);
}

/* A rehearsal notes what would end a run, and goes on: it is to find everything. */
static bool go_on_rehearsing(struct engine *engine) {
    bool may = engine->options->rehearse && (engine->status == RUN_TOLERANCE || engine->status == RUN_CHECK);
    if (!may) return !engine_stopped(engine);
    if (engine->verdict == RUN_OK) engine->verdict = engine->status;
    engine->status = RUN_OK;
    engine->given_up = false;
    return true;
}

/* Rejected rows of the map that `mig retry` has seen to since. */
static uint64_t closed_since(struct engine *engine, struct target_postgres *pg, const struct plan_map *map) {
    uint64_t closed = 0;
    if (engine->options->again &&
        !ledger_count_closed(pg->look, engine->values.run_id, map->name, &closed, NULL))
        return 0;
    return closed;
}

bool engine_run_map(struct engine *engine, uint32_t index) {
    const struct plan_map *map = &engine->plan->maps[index];
    struct run_map_report *report = ARENA_NEW(engine->arena, struct run_map_report);
    report->name = map->name;
    VEC_PUSH(engine->arena, &engine->report->maps, report);
    struct map_run run = {.engine = engine, .map = map, .index = index, .mode = MAP_LOAD, .report = report};
    run.tallies = tallies_new(engine);
    tolerance_begin(engine, map, report);
    bool into_file = map->target_table == 0 && !engine->in_memory;
    engine->current_map = index;
    run.sink = into_file && engine->replay ? sink_null_open()
               : into_file && !engine->options->dry_run
                   ? sink_csv_open(&run)
                   : engine->target->ops->open_sink(engine->target->context, &run);
    return run.sink && map_execute(&run);
}

static void log_map(struct engine *engine, const struct run_map_report *r) {
    engine_log(engine, r->rejected ? 'W' : 'I',
               "map %.*s: %llu read, %llu written, %llu updated, %llu unchanged, %llu skipped, %llu rejected "
               "in %.2f s",
               STR_ARG(r->name), (unsigned long long)r->read, (unsigned long long)r->written,
               (unsigned long long)r->updated, (unsigned long long)r->unchanged,
               (unsigned long long)r->skipped, (unsigned long long)r->rejected, r->seconds);
}

static bool run_maps(struct engine *engine, struct target_postgres *pg) {
    for (uint32_t i = 0; i < engine->plan->maps_count; i++) {
        const struct plan_map *map = &engine->plan->maps[i];
        if (!in_phase(engine, i)) continue;
        if (!engine_runs_map(engine, i)) {
            engine_log(engine, 'I', "map %.*s is left out: it belongs to no part", STR_ARG(map->name));
            continue;
        }
        eta_begin_map(engine, i);
        if (eta_is_too_late(engine)) return engine_fail(engine, RUN_STOPPED);
        if (!target_postgres_revive(pg)) return false;
        if (pg->journaling && !fingerprint_write(engine, pg->look, &pg->run, false)) return false;
        bool good =
            rebuild_before_map(pg, i) && (engine->options->again == NULL || retry_load_crosswalks(engine, i));
        if (!good) return false;
        good = engine_run_map(engine, i) && rebuild_after_map(pg, i);
        struct run_map_report *report = engine->report->maps.items[engine->report->maps.count - 1];
        eta_end_map(engine, report);
        log_map(engine, report);
        if (!good || !audit_write(engine, pg, "map_finished", map->name, map_detail(engine, report)))
            return false;
        if (!tolerance_judge(engine, map, report, closed_since(engine, pg, map)))
            engine_fail(engine, RUN_TOLERANCE);
        if (!go_on_rehearsing(engine)) return false;
    }
    return true;
}

static bool run_all(struct engine *engine, struct target_postgres *pg) {
    const struct journal_run_info *again = engine->options->again;
    if (!rebuild_pending(pg)) return false;
    if (again == NULL || again->step_count == 0) {
        if (!audit_write(engine, pg, "run_started", STR(""), STR("{}"))) return false;
        /* before a row moves: only then */
        if (!checks_run(engine, pg, true) && !go_on_rehearsing(engine)) return false;
    } else if (!audit_write(engine, pg, "run_resumed", STR(""), STR("{}")))
        return false;
    if (pg->journaling && !engine->options->without_journal) fingerprint_start(engine);
    eta_open(engine);
    bool good = one_transaction_begin(pg) && run_maps(engine, pg) &&
                (!pg->journaling || fingerprint_write(engine, pg->look, &pg->run, true)) &&
                (one_transaction_check_deferred(pg) || go_on_rehearsing(engine)) &&
                checks_run(engine, pg, false);
    good = outcomes_finish(engine->outcomes) && good;
    one_transaction_end(pg);
    good = rebuild_finish(pg) && good;
    if (good) analyze_tables(pg);
    if (good) eta_note_rehearsal(engine);
    if (go_on_rehearsing(engine) && engine->verdict != RUN_OK) engine_fail(engine, engine->verdict);
    return good;
}

/* Whether rows of this run stand in the target, so that there is something to resume. */
static bool batches_stand(const struct engine *engine, const struct target_postgres *pg) {
    if (!pg->journaling || pg->run.fence == 0) return false;
    bool any = engine->options->again && !engine->one_transaction;
    for (uint32_t i = 0; i < engine->report->maps.count; i++) {
        const struct run_map_report *r = engine->report->maps.items[i];
        any = any || r->written + r->updated + r->unchanged > 0;
    }
    return any;
}

static void finish(struct engine *engine, struct target_postgres *pg) {
    struct run_report *report = engine->report;
    if (engine->status == RUN_UNREACHABLE && batches_stand(engine, pg)) engine->status = RUN_STOPPED;
    report->seconds = monotonic_seconds() - engine->started;
    report->status = engine->status;
    if (pg->journaling && pg->run.fence && pg_is_alive(pg->look)) {
        enum run_status status = engine->status;
        engine->status = RUN_OK; /* the audit of a failed run is written all the same */
        struct str detail = arena_printf(engine->arena, "{\"exit_code\":%d}", run_exit_code(status));
        audit_write(engine, pg, "run_finished", STR(""), detail);
        if (status != RUN_OK) engine->status = status;
        report->status = engine->status;
    }
    target_postgres_finish(pg);
}

/* Maps up to the last that is wanted, their rows looked at and not sent. */
bool engine_replay_maps(struct engine *engine) {
    const bool *wanted = engine->replay->wanted;
    uint32_t end = engine->plan->maps_count;
    while (wanted && end && !wanted[end - 1])
        end--;
    for (uint32_t i = 0; i < end; i++) {
        if (engine->retry && !retry_has_run(engine->options->again, engine->plan->maps[i].name)) continue;
        if (engine_runs_map(engine, i) && (!retry_load_crosswalks(engine, i) || !engine_run_map(engine, i)))
            return false;
    }
    return true;
}

void engine_begin(struct engine *engine, struct run_report *report) {
    report->arena = engine->arena;
    report->migration = engine->plan->migration;
    report->version = engine->plan->version;
    report->environment = engine->options->environment;
    report->dry_run = engine->options->dry_run;
    report->rehearsal = engine->options->rehearse;
    plan_hash(engine->plan, report->plan_hash);
    name_run(engine);
}

enum run_status replay_execute(const struct plan *plan, const struct run_options *options,
                               const struct journal_run_info *info, const struct replay_options *replay,
                               struct arena *arena, struct run_report *report, struct diag_list *diags) {
    struct target target = {0};
    struct target_postgres pg = {0};
    struct run_options again = *options;
    again.again = info;
    struct engine engine = {.plan = plan,
                            .options = &again,
                            .arena = arena,
                            .diags = diags,
                            .report = report,
                            .replay = replay,
                            .chunk_rows = replay->chunk_rows,
                            .started = monotonic_seconds()};
    engine_begin(&engine, report);
    bool good = engine_prepare(&engine) && engine_check_sources(&engine) &&
                fingerprint_compare(&engine, info->sources, info->source_count);
    struct str url =
        good ? run_target_url(plan, options->environment, options->target_url, arena, diags) : STR("");
    if (good && url.len == 0) engine_fail(&engine, RUN_USAGE);
    engine.target = &target;
    if (!engine_stopped(&engine) && target_postgres_open(&pg, &engine, url, &target))
        engine_replay_maps(&engine);
    report->status = engine.status;
    engine_release(&engine);
    target_postgres_close(&pg);
    return report->status;
}

enum run_status run_execute(const struct plan *plan, const struct run_options *options, struct arena *arena,
                            struct run_report *report, struct diag_list *diags) {
    struct target target = {0};
    struct target_postgres pg = {0};
    struct target_dry *dry = NULL;
    struct engine engine = {.plan = plan,
                            .options = options,
                            .arena = arena,
                            .diags = diags,
                            .report = report,
                            .started = monotonic_seconds()};
    engine_begin(&engine, report);
    const struct plan_environment *environment = engine.environment = find_environment(&engine);
    engine_take_environment(&engine);
    open_window(&engine, environment);
    bool good = !engine_stopped(&engine) && phase_exists(&engine) && parts_exist(&engine) &&
                maps_see_each_other(&engine) && engine_prepare(&engine) && may_keep_crosswalks(&engine) &&
                engine_check_sources(&engine);
    bool detached = run_needs_no_target(plan, options);
    struct str url = good && !detached
                         ? run_target_url(plan, options->environment, options->target_url, arena, diags)
                         : STR("");
    if (good && url.len == 0 && !detached) engine_fail(&engine, RUN_USAGE);
    if (good && !engine_stopped(&engine)) {
        report->quarantine_dir =
            arena_printf(arena, "%.*s/%s/quarantine", STR_ARG(options->work_dir), report->run_id);
        engine.quarantine = quarantine_open(&engine, report->quarantine_dir);
        engine.outcomes = outcomes_open(&engine);
        engine.target = &target;
        if (detached)
            engine_note(&engine, "The spec has no target: this run was made without a database and is in no "
                                 "journal.");
        bool open = !engine_stopped(&engine) && target_postgres_open(&pg, &engine, url, &target);
        if (open && options->dry_run) dry = target_dry_open(&engine, &target);
        report->began = open;
        if (open && options->again) quarantine_clear(engine.quarantine); /* the run is this one's now */
        if (open) run_all(&engine, &pg);
    }
    finish(&engine, &pg);
    target_dry_close(dry);
    engine_release(&engine);
    target_postgres_close(&pg);
    return report->status;
}

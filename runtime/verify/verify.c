/* The order of the passes, and the verdict. */
#include "runtime/verify/verify_internal.h"

#include "runtime/engine/target_postgres.h"
#include "runtime/value/uuid.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

double verify_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool verify_over(const struct verify *v) {
    return v->deadline > 0 && verify_clock() >= v->deadline;
}

/* splitmix64 */
uint64_t verify_random(struct verify *v) {
    uint64_t z = v->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double verify_miss_chance(uint64_t all, uint64_t read, uint64_t faulty) {
    double chance = 1;
    if (faulty > all || read > all - faulty) return 0;
    for (uint64_t i = 0; i < faulty; i++) /* C(N-d, m) / C(N, m) */
        chance *= (double)(all - read - i) / (double)(all - i);
    return chance;
}

/* -- may it be verified? */

static bool refuse(struct verify *v, const char *help, const char *why) {
    diag_help(v->diags, diag_report(v->diags, X_VERIFY_NOT_POSSIBLE, no_place(), "the run %s", why), "%s",
              help);
    return false;
}

static bool may_verify(struct verify *v) {
    struct str state = v->info->state;
    if (str_is(state, "rolled back") || str_is(state, "rolling back"))
        return refuse(v, "`mig status` shows what stands.", "was rolled back: its rows are gone");
    if (str_is(state, "running") && journal_is_locked(v->connection))
        return refuse(v, "Wait until it has ended; `mig status` shows what it does.", "is under way");
    return true;
}

static bool check_part(struct verify *v) {
    if (v->options->part.len == 0) return true;
    for (uint32_t i = 0; i < v->plan->maps_count; i++)
        if (str_eq(v->plan->maps[i].partition, v->options->part)) return true;
    struct diag *d = diag_report(v->diags, X_VERIFY_NOT_POSSIBLE, no_place(),
                                 "no map of the run is partitioned by `%.*s`", STR_ARG(v->options->part));
    diag_help(v->diags, d, "Name what stands behind `partition by` in the spec.");
    return false;
}

/* -- verdict */

static bool has_differences(const struct verify *v) {
    for (uint32_t i = 0; i < v->tables.count; i++) {
        const struct verify_table_report *r = v->tables.items[i]->report;
        for (int k = 0; k < FINDING_KINDS; k++)
            if (r->found[k] && !(k == FINDING_EDITED && v->options->edits_allowed)) return true;
    }
    return false;
}

/* A failure of the server: gone, or unwilling to show the rows? */
static enum verify_outcome failure_outcome(struct verify *v) {
    if (!pg_is_alive(v->connection)) return VERIFY_UNREACHABLE;
    switch (pg_last_failure(v->connection)->kind) {
    case PG_LOST:
    case PG_UNREACHABLE: return VERIFY_UNREACHABLE;
    default: break;
    }
    struct diag *d = diag_report(v->diags, X_VERIFY_NOT_POSSIBLE, no_place(),
                                 "the target could not be read whole: nothing is proven");
    diag_help(
        v->diags, d,
        "Verify needs SELECT on the tables and on schema mig, and to see every row: where row level security "
        "is forced, a role with BYPASSRLS.");
    return VERIFY_NOT_POSSIBLE;
}

static bool was_partial_by_choice(const struct verify *v) {
    return v->report->partial || v->options->journal_only;
}

static enum verify_outcome judge(struct verify *v) {
    struct verify_report *r = v->report;
    if (has_differences(v) || r->outcome == VERIFY_DIFFERS) {
        struct diag *d = diag_report(v->diags, X_VERIFY_DIFFERS, no_place(),
                                     "the target is not what the run wrote: see the findings");
        diag_help(v->diags, d,
                  "`mig verify --out FILE` writes every finding; `mig rollback` takes the run out.");
        return VERIFY_DIFFERS;
    }
    if (r->partial && r->batches && r->read == 0 && r->part.len == 0) {
        struct diag *d = diag_report(v->diags, X_VERIFY_NOT_POSSIBLE, no_place(),
                                     "the budget was over before a single batch was read: nothing is proven");
        diag_help(v->diags, d, "Give it more time: --budget 10m.");
        return VERIFY_NOT_POSSIBLE;
    }
    if (r->source_pass || was_partial_by_choice(v)) return VERIFY_CLEAN;
    struct diag *d = diag_report(
        v->diags, X_VERIFY_NOT_POSSIBLE, no_place(),
        "the target holds what the journal says was sent, but the sources could not be gone through again");
    diag_help(v->diags, d,
              "--data DIR names the folder where the files are now; --journal-only leaves the sources out.");
    return VERIFY_NOT_POSSIBLE;
}

/* The audit trail gets to know; a role that may only read leaves no trace, and is told. */
static void write_event(struct verify *v) {
    struct verify_report *r = v->report;
    static const char *const OUTCOMES[] = {"clean", "differs", "not possible", "unreachable", "usage"};
    struct buf detail = {0};
    struct diag_list quiet;
    struct arena arena = {0};
    struct journal_run run = {v->info->run_id, v->info->fence};
    buf_printf(&detail,
               "{\"outcome\":\"%s\",\"partial\":%s,\"batches\":%llu,\"read\":%llu,\"source_batches\":%llu,"
               "\"derived\":%llu,\"orphans\":%llu,\"tables\":{",
               OUTCOMES[r->outcome], r->partial ? "true" : "false", (unsigned long long)r->batches,
               (unsigned long long)r->read, (unsigned long long)r->source_batches,
               (unsigned long long)r->derived, (unsigned long long)r->orphans);
    for (uint32_t i = 0; i < r->tables.count; i++) {
        const struct verify_table_report *t = r->tables.items[i];
        if (i) buf_append_char(&detail, ',');
        buf_append_json(&detail, t->name);
        buf_printf(&detail, ":{\"rows\":%llu", (unsigned long long)t->of_run);
        for (int k = 0; k < FINDING_KINDS; k++)
            if (t->found[k])
                buf_printf(&detail, ",\"%s\":%llu", finding_kind_name(k), (unsigned long long)t->found[k]);
        buf_append_char(&detail, '}');
    }
    buf_append_cstr(&detail, "}}");
    diag_list_init(&quiet, &arena);
    if (!journal_event(v->connection, &run, STR("verified"), STR(""), buf_str(&detail), timestamptz_now(),
                       &quiet))
        diag_report(v->diags, X_VERIFY_UNRECORDED, no_place(),
                    "this was not written into the audit trail: the role may not write to mig.event");
    buf_release(&detail);
    arena_release(&arena);
}

/* -- the passes */

/* Must the sources be gone through (again) for rows to compare? Those of maps whose sums leave columns out
 * were kept the first time. */
static bool needs_rows(const struct verify *v, bool alone) {
    for (uint32_t i = 0; i < v->maps.count; i++) {
        const struct verify_map *m = v->maps.items[i];
        bool summed = m->hasher->hashed == m->hasher->count;
        for (uint32_t l = 0; l < m->leaf_count; l++) {
            const struct leaf *leaf = &m->leaves[l];
            if (leaf->drill && (summed || (alone && (leaf->differs || v->options->part.len)))) return true;
        }
    }
    return false;
}

/* The target pass on a thread of its own: it waits for the server while the sources are read. */
struct target_pass {
    struct verify v; /* with an arena and diagnostics of its own; writes other fields of leaves and report */
    struct arena arena;
    struct diag_list diags;
    bool ok;
};

static void *run_target_pass(void *context) {
    struct target_pass *pass = context;
    pass->ok = verify_scan_targets(&pass->v);
    return NULL;
}

static bool run_both(struct verify *v) {
    struct target_pass pass = {.v = *v};
    pthread_t thread;
    pass.v.arena = &pass.arena;
    pass.v.diags = &pass.diags;
    diag_list_init(&pass.diags, &pass.arena);
    bool beside = pthread_create(&thread, NULL, run_target_pass, &pass) == 0;
    if (!beside) run_target_pass(&pass);
    verify_derive(v, true, false);
    if (beside) pthread_join(thread, NULL);
    v->target_partial = pass.v.target_partial;
    diag_list_move(&pass.diags, v->diags);
    arena_release(&pass.arena);
    return pass.ok;
}

static bool run_passes(struct verify *v) {
    bool alone = v->options->journal_only || v->options->part.len;
    if (!verify_build(v) || !verify_read_parts(v)) return false;
    bool ok = alone ? verify_scan_targets(v) : run_both(v);
    v->report->partial = v->target_partial || v->source_partial;
    if (!ok) return false;
    bool whole = v->report->source_pass && !v->report->partial;
    if (!needs_rows(v, alone))
        v->rows_known = whole;
    else if (alone || whole)
        verify_derive(v, alone && !v->options->journal_only, true);
    v->report->partial = v->report->partial || v->source_partial;
    return verify_compare_rows(v) && verify_foreign_keys(v) && verify_sample(v);
}

enum verify_outcome verify_run(const struct plan *plan, const struct run_options *run_options,
                               const struct journal_run_info *info, struct pg_connection *connection,
                               const struct verify_options *options, struct arena *arena,
                               struct verify_report *report, struct diag_list *diags) {
    *report = (struct verify_report){.arena = arena, .migration = info->migration, .state = info->state};
    struct verify v = {.plan = plan,
                       .run_options = run_options,
                       .info = info,
                       .connection = connection,
                       .options = options,
                       .arena = arena,
                       .report = report,
                       .diags = diags};
    v.started = verify_clock();
    v.random = (uint64_t)(v.started * 1e9) ^ (uint64_t)getpid() << 32;
    if (options->budget_seconds > 0) v.deadline = v.started + options->budget_seconds;
    report->run_id = uuid_format(arena, info->run_id);
    report->part = options->part;
    report->value = options->value;
    if (!may_verify(&v)) return report->outcome = VERIFY_NOT_POSSIBLE;
    if (!check_part(&v) || !verify_open_findings(&v)) return report->outcome = VERIFY_USAGE;
    bool ok = run_passes(&v), written = verify_close_findings(&v);
    report->seconds = verify_clock() - v.started;
    if (ok)
        report->outcome = judge(&v);
    else if (report->outcome == VERIFY_CLEAN)
        report->outcome = failure_outcome(&v);
    if (ok) write_event(&v);
    verify_release(&v);
    if (!written && report->outcome == VERIFY_CLEAN) report->outcome = VERIFY_NOT_POSSIBLE;
    return report->outcome;
}

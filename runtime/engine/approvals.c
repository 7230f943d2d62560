/* See approvals.h. */
#include "runtime/engine/approvals.h"

#include "runtime/postgres/pg_approval.h"

static const struct plan_environment *find_environment(const struct engine *engine) {
    for (uint32_t i = 0; i < engine->plan->environments_count; i++)
        if (str_eq(engine->plan->environments[i].name, engine->options->environment))
            return &engine->plan->environments[i];
    return NULL;
}

static struct str short_hash(struct engine *engine, const uint8_t *hash) {
    struct buf text = {0};
    for (int i = 0; i < 6; i++)
        buf_printf(&text, "%02x", hash[i]);
    struct str copy = arena_copy_str(engine->arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

static struct str list_people(struct engine *engine, const struct approval *approvals, uint32_t count) {
    struct buf text = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct approval *a = &approvals[i];
        buf_printf(&text, "%s%.*s (%.*s, %.*s)%s", i ? ", " : "", STR_ARG(a->role), STR_ARG(a->account),
                   STR_ARG(a->at), a->counts ? "" : " from the same account, which counts once");
    }
    struct str copy = arena_copy_str(engine->arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

/* Approvals of another version of the plan explain most surprises. */
static void mention_other_plan(struct engine *engine, struct pg_connection *connection, struct diag *diag) {
    struct approval *all;
    uint32_t count;
    struct str environment = engine->options->environment;
    if (!approval_read(connection, NULL, environment, engine->arena, &all, &count, engine->diags)) return;
    for (uint32_t i = count; i-- > 0;) {
        if (memcmp(all[i].plan_hash, engine->report->plan_hash, 32) == 0 ||
            !str_eq(all[i].migration, engine->plan->migration))
            continue;
        diag_help(
            engine->diags, diag,
            "Another plan of this migration is approved, %.*s by %.*s: this one was compiled from another "
            "spec, schema, file name or mig. `mig diff` shows what differs.",
            STR_ARG(short_hash(engine, all[i].plan_hash)), STR_ARG(all[i].role));
        return;
    }
}

bool approvals_suffice(struct engine *engine, struct pg_connection *connection) {
    const struct plan_environment *environment = find_environment(engine);
    struct approval *approvals;
    uint32_t count;
    if (environment == NULL || environment->approvals == 0) return true;
    if (!approval_read(connection, engine->report->plan_hash, environment->name, engine->arena, &approvals,
                       &count, engine->diags))
        return engine_fail(engine, RUN_REFUSED);
    uint32_t people = approval_people(approvals, count);
    if (people >= environment->approvals) {
        engine_log(engine, 'I', "approved for %.*s by %.*s", STR_ARG(environment->name),
                   STR_ARG(list_people(engine, approvals, count)));
        return true;
    }
    struct diag *diag = diag_report(engine->diags, X_NOT_APPROVED, no_span(),
                                    "environment `%.*s` asks for %u approvals of plan %.*s, and has %u%s%.*s",
                                    STR_ARG(environment->name), environment->approvals,
                                    STR_ARG(short_hash(engine, engine->report->plan_hash)), people,
                                    count ? ": " : "", STR_ARG(list_people(engine, approvals, count)));
    const char *file = engine->plan->files_count ? engine->plan->files[0].name.ptr : "SPEC";
    int length = engine->plan->files_count ? (int)engine->plan->files[0].name.len : 4;
    diag_help(engine->diags, diag,
              "%u more, each under a database role and an account of their own, read the plan and type "
              "`mig approve %.*s --env %.*s` (or the plan file, if a plan is run).",
              environment->approvals - people, length, file, STR_ARG(environment->name));
    mention_other_plan(engine, connection, diag);
    return engine_fail(engine, RUN_REFUSED);
}

/* See rebuild.h. */
#include "runtime/engine/rebuild.h"

#include "runtime/postgres/pg_toggle.h"

#include <stdlib.h>

struct rebuild {
    struct arena arena;
    struct toggle_list list;
};

void rebuild_free(struct rebuild *rebuild) {
    if (rebuild == NULL) return;
    arena_release(&rebuild->arena);
    free(rebuild);
}

static const struct plan_target_table *table_of(const struct engine *engine, uint32_t map) {
    return &engine->plan->target.tables[engine->plan->maps[map].target_table - 1];
}

static struct str schema_of(const struct plan_target_table *table) {
    return table->schema.len ? table->schema : STR("public");
}

/* Does a map of this run ask for it, for this table? */
static bool is_asked(const struct engine *engine, uint32_t target_table) {
    for (uint32_t i = 0; i < engine->plan->maps_count; i++)
        if (engine->plan->maps[i].target_table == target_table && engine->plan->maps[i].rebuild &&
            engine_runs_map(engine, i))
            return true;
    return false;
}

static bool is_first_of_table(const struct engine *engine, uint32_t map) {
    for (uint32_t i = 0; i < map; i++)
        if (engine->plan->maps[i].target_table == engine->plan->maps[map].target_table &&
            engine_runs_map(engine, i))
            return false;
    return true;
}

static bool is_last_of_table(const struct engine *engine, uint32_t map) {
    for (uint32_t i = map + 1; i < engine->plan->maps_count; i++)
        if (engine->plan->maps[i].target_table == engine->plan->maps[map].target_table &&
            engine_runs_map(engine, i))
            return false;
    return true;
}

bool rebuild_check_rights(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    for (uint32_t i = 0; i < engine->plan->maps_count && !engine->options->rehearse; i++) {
        if (engine->plan->maps[i].target_table == 0 || !engine->plan->maps[i].rebuild ||
            !engine_runs_map(engine, i))
            continue;
        const struct plan_target_table *table = table_of(engine, i);
        struct str why;
        if (!toggle_check_rights(pg->look, schema_of(table), table->name, engine->arena, &why, engine->diags))
            return engine_fail(engine, RUN_UNREACHABLE);
        if (why.len == 0) continue;
        struct diag *diag =
            diag_report(engine->diags, X_REBUILD_RIGHTS, no_span(),
                        "map `%.*s` asks to rebuild the indexes of %.*s, which cannot be done: %.*s",
                        STR_ARG(engine->plan->maps[i].name), STR_ARG(table->name), STR_ARG(why));
        diag_help(engine->diags, diag,
                  "Or take `rebuild indexes` out of the map: it only makes the load faster.");
        engine_fail(engine, RUN_REFUSED);
    }
    return !engine_stopped(engine);
}

/* ---------------------------------------------------------------- putting back */

static bool has_personal_columns(const struct engine *engine, struct str schema, struct str name) {
    for (uint32_t t = 0; t < engine->plan->target.tables_count; t++) {
        const struct plan_target_table *table = &engine->plan->target.tables[t];
        if (!str_eq(table->name, name) || !str_eq(schema_of(table), schema)) continue;
        for (uint32_t c = 0; c < table->columns_count; c++)
            if (table->columns[c].pii) return true;
        return false;
    }
    return true; /* a table that this plan does not know */
}

static bool report_orphans(struct target_postgres *pg, struct pg_connection *connection,
                           const struct toggle *t) {
    struct engine *engine = pg->engine;
    uint64_t count = 0;
    struct str samples = STR("");
    if (!toggle_find_orphans(connection, t, engine->arena, &count, &samples, engine->diags)) return false;
    struct diag *diag =
        diag_report(engine->diags, X_ORPHANS, no_span(),
                    "%llu row%s of %.*s %s no parent: foreign key %.*s is back, but does not hold",
                    (unsigned long long)count, count == 1 ? "" : "s", STR_ARG(t->table),
                    count == 1 ? "has" : "have", STR_ARG(t->name));
    if (samples.len && !has_personal_columns(engine, t->schema, t->table))
        diag_help(engine->diags, diag, "For example %.*s.", STR_ARG(samples));
    diag_help(
        engine->diags, diag,
        "It binds new rows already. Add the parents or take the rows out, then the next `mig run` or `mig "
        "resume` validates it (by hand: %.*s;). To have such rows rejected one by one, take `rebuild "
        "indexes` "
        "out, or find the parent by `lookup … on missing reject`.",
        STR_ARG(t->after_ddl));
    return false;
}

static bool restore(struct target_postgres *pg, struct toggle *t) {
    struct engine *engine = pg->engine;
    struct pg_connection *connection = pg->in_run ? pg->load : pg->look;
    double started = monotonic_seconds();
    enum toggle_outcome outcome = toggle_restore(connection, t, pg->in_run, engine->diags);
    t->restored = true; /* or reported, which is enough once */
    if (outcome == TOGGLE_ORPHANS) return pg->in_run ? false : report_orphans(pg, connection, t);
    if (outcome == TOGGLE_FAILED) return false;
    engine_log(engine, 'I', "%.*s %.*s of %.*s is back, in %.2f s", STR_ARG(t->kind), STR_ARG(t->name),
               STR_ARG(t->table), monotonic_seconds() - started);
    return true;
}

/* Indexes first: foreign keys are validated faster with them. */
static bool restore_all(struct target_postgres *pg, struct toggle_list *list,
                        const struct plan_target_table *table) {
    bool good = true;
    for (int keys = 0; keys < 2; keys++)
        for (uint32_t i = 0; i < list->items.count; i++) {
            struct toggle *t = &list->items.items[i];
            if (t->restored || str_is(t->kind, "foreign key") != (bool)keys) continue;
            if (table && (!str_eq(t->table, table->name) || !str_eq(t->schema, schema_of(table)))) continue;
            good = restore(pg, t) && good;
        }
    return good;
}

bool rebuild_pending(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    struct toggle_list list = {0};
    if (!pg->journaling) return true;
    if (!toggle_read_pending(pg->look, engine->arena, &list, engine->diags))
        return engine_fail(engine, RUN_UNREACHABLE);
    if (list.items.count)
        engine_log(engine, 'W',
                   "an earlier run was interrupted while %u indexes and foreign keys were dropped: they "
                   "are put back first",
                   list.items.count);
    return restore_all(pg, &list, NULL) || engine_fail(engine, RUN_REFUSED);
}

/* ---------------------------------------------------------------- around maps */

bool rebuild_before_map(struct target_postgres *pg, uint32_t map) {
    struct engine *engine = pg->engine;
    uint32_t target = engine->plan->maps[map].target_table;
    if (!pg->journaling || target == 0 || !is_asked(engine, target) || !is_first_of_table(engine, map))
        return true;
    const struct plan_target_table *table = table_of(engine, map);
    struct pg_connection *connection = pg->in_run ? pg->load : pg->look;
    if (pg->rebuild == NULL) pg->rebuild = memory_zalloc(sizeof *pg->rebuild);
    struct rebuild *r = pg->rebuild;
    uint32_t first = r->list.items.count;
    if (!toggle_find(connection, schema_of(table), table->name, &r->arena, &r->list, engine->diags))
        return engine_fail(engine, RUN_UNREACHABLE);
    if (r->list.items.count == first) return true;
    if (!pg->in_run && !toggle_journal(connection, &pg->run, &r->list, first, engine->diags)) {
        r->list.items.count = first;
        return engine_fail(engine, RUN_UNREACHABLE);
    }
    if (!toggle_drop(connection, &r->list, first, pg->in_run, engine->diags))
        return engine_fail(engine, RUN_STOPPED); /* rebuild_finish finds all of them there, and notes it */
    for (uint32_t i = first; i < r->list.items.count; i++)
        engine_log(engine, 'I', "%.*s %.*s of %.*s is dropped for the load",
                   STR_ARG(r->list.items.items[i].kind), STR_ARG(r->list.items.items[i].name),
                   STR_ARG(table->name));
    return true;
}

bool rebuild_after_map(struct target_postgres *pg, uint32_t map) {
    if (pg->rebuild == NULL || engine_stopped(pg->engine)) return true;
    if (pg->engine->plan->maps[map].target_table == 0 || !is_last_of_table(pg->engine, map)) return true;
    uint32_t errors = pg->engine->diags->error_count;
    if (restore_all(pg, &pg->rebuild->list, table_of(pg->engine, map))) return true;
    if (pg->in_run && pg->engine->diags->error_count == errors)
        diag_report(pg->engine->diags, X_ORPHANS, no_span(),
                    "rows of %.*s have no parent: its foreign key does not hold, and nothing was committed",
                    STR_ARG(table_of(pg->engine, map)->name));
    return engine_fail(pg->engine, RUN_CHECK);
}

bool rebuild_finish(struct target_postgres *pg) {
    struct engine *engine = pg->engine;
    if (pg->rebuild == NULL) return true;
    bool any = false;
    for (uint32_t i = 0; i < pg->rebuild->list.items.count; i++)
        any = any || !pg->rebuild->list.items.items[i].restored;
    /* What one transaction dropped came back with its end. */
    if (!any || engine->one_transaction) return true;
    if (!pg_is_alive(pg->look) && !pg_reconnect(pg->look, engine->diags)) return false;
    return restore_all(pg, &pg->rebuild->list, NULL) || engine_fail(engine, RUN_CHECK);
}

/* Which checks a run of one phase makes: not those that ask about rows which only a later phase writes. */
#include "runtime/engine/checks.h"

/* The number of the map's phase among all, from 0; the number of phases: it has none. */
static uint32_t phase_of_map(const struct plan *plan, uint32_t map) {
    for (uint32_t p = 0; p < plan->phases_count; p++)
        for (uint32_t i = 0; i < plan->phases[p].maps_count; i++)
            if (plan->phases[p].maps[i] == map) return p;
    return plan->phases_count;
}

static uint32_t phase_by_name(const struct plan *plan, struct str name) {
    uint32_t p = 0;
    while (p < plan->phases_count && !str_eq(plan->phases[p].name, name))
        p++;
    return p;
}

/* The first phase that writes the table; the number of phases: none does. */
static uint32_t first_writer(const struct plan *plan, uint32_t table) {
    uint32_t first = plan->phases_count;
    for (uint32_t m = 0; m < plan->maps_count; m++)
        if (plan->maps[m].target_table == table + 1 && phase_of_map(plan, m) < first)
            first = phase_of_map(plan, m);
    return first;
}

/* What the check looks at and a later phase loads; *phase: which. Empty: nothing. */
static struct str find_later(const struct engine *engine, const struct plan_check *check, uint32_t *phase) {
    const struct plan *plan = engine->plan;
    uint32_t last = phase_by_name(plan, engine->options->phase);
    struct str what = {0};
    for (uint32_t i = 0; i < check->tables_count; i++) {
        uint32_t writer = first_writer(plan, check->tables[i]);
        if (writer <= last || writer == plan->phases_count) continue;
        *phase = last = writer;
        what = plan->target.tables[check->tables[i]].name;
    }
    return what;
}

struct str check_left_out(const struct engine *engine, const struct plan_check *check) {
    const struct plan *plan = engine->plan;
    uint32_t phase = 0;
    if (engine->options->phase.len == 0 || check->before) return (struct str){0};
    if (check->kind == CHECK_SAMPLE && !engine_runs_map(engine, check->map))
        return arena_printf(engine->arena, "not run: map %.*s belongs to another phase",
                            STR_ARG(plan->maps[check->map].name));
    for (uint32_t i = 0; i < check->except_rejected_count; i++)
        if (!engine_runs_map(engine, check->except_rejected[i]))
            return arena_printf(engine->arena,
                                "not run: which rows map %.*s rejected is known only when its phase runs",
                                STR_ARG(plan->maps[check->except_rejected[i]].name));
    struct str what = find_later(engine, check, &phase);
    if (what.len == 0) return what;
    return arena_printf(engine->arena, "not run: it asks about %.*s, which phase %.*s loads", STR_ARG(what),
                        STR_ARG(plan->phases[phase].name));
}

/* The tests written in a spec: given rows stand in for the sources and the target, the maps run into memory,
 * and what came out is compared with what was expected. */
#include "runtime/engine/spec_tests_internal.h"

#include "runtime/engine/checks.h"
#include "runtime/engine/coverage.h"
#include "runtime/value/zone.h"

#include <stdlib.h>

void spec_test_fail(struct test_run *run, const char *format, ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    VEC_PUSH(run->arena, &run->result->failures, arena_copy_str(run->arena, buf_str(&text)));
    buf_release(&text);
}

/* ---------------------------------------------------------------- sources made of given rows */

static void add_given_rows(struct test_run *run, uint32_t source, uint32_t table,
                           struct plan_source_table *out) {
    VEC(struct plan_row) rows = {0};
    for (uint32_t i = 0; i < run->test->givens_count; i++) {
        const struct plan_test_given *given = &run->test->givens[i];
        if (!given->is_target && given->source == source && given->table == table)
            VEC_PUSH(run->arena, &rows, given->row);
    }
    out->rows = rows.items;
    out->rows_count = rows.count;
}

static struct plan *plan_with_givens(struct test_run *run, const struct plan *plan) {
    struct plan *copy = ARENA_NEW(run->arena, struct plan);
    *copy = *plan;
    copy->sources = ARENA_ARRAY(run->arena, struct plan_source, plan->sources_count + 1);
    for (uint32_t s = 0; s < plan->sources_count; s++) {
        copy->sources[s] = plan->sources[s];
        if (plan->sources[s].format == SOURCE_INLINE) continue;
        copy->sources[s].format = SOURCE_INLINE;
        copy->sources[s].tables =
            ARENA_ARRAY(run->arena, struct plan_source_table, plan->sources[s].tables_count + 1);
        for (uint32_t t = 0; t < plan->sources[s].tables_count; t++) {
            copy->sources[s].tables[t] = plan->sources[s].tables[t];
            add_given_rows(run, s, t, &copy->sources[s].tables[t]);
        }
    }
    return copy;
}

/* ---------------------------------------------------------------- parameters */

static bool bind_params(struct test_run *run) {
    struct engine *engine = &run->engine;
    const struct plan *plan = run->plan;
    engine->params = ARENA_ARRAY(run->arena, struct value, plan->params_count + 1);
    for (uint32_t i = 0; i < plan->params_count; i++) {
        engine->params[i].kind = TYPE_NULL;
        if (plan->params[i].type.kind == TYPE_SECRET)
            engine->params[i] = (struct value){.kind = TYPE_SECRET, .as_text = STR("test secret")};
    }
    engine->values.params = engine->params;
    struct program_set *set = program_set_new(plan, &engine->values, &run->diags);
    bool good = set != NULL;
    for (uint32_t i = 0; good && i < plan->params_count; i++)
        if (plan->params[i].default_program)
            good = program_evaluate(set, plan->params[i].default_program - 1, 0, run->arena,
                                    &engine->params[i], &run->diags);
    for (uint32_t i = 0; good && i < run->test->params_count; i++)
        good = program_evaluate(set, run->test->params[i].program, 0, run->arena,
                                &engine->params[run->test->params[i].param], &run->diags);
    program_set_free(set);
    return good;
}

static bool start(struct test_run *run) {
    struct engine *engine = &run->engine;
    const struct plan *plan = run->plan;
    engine->zones = ARENA_NEW(run->arena, struct zone_cache);
    engine->zones->arena = run->arena;
    engine->tables = ARENA_ARRAY(run->arena, struct keyed_table *, plan->tables_count + 1);
    engine->table_states = ARENA_ARRAY(run->arena, struct table_state, plan->tables_count + 1);
    engine->values.tables = engine->tables;
    engine->values.allow_extern = run->options.allow_extern;
    if (run->coverage) engine->values.coverage = &run->coverage->marks;
    if (!bind_params(run)) return false;
    engine->programs = program_set_new(plan, &engine->values, &run->diags);
    checks_prepare_samples(engine);
    return engine->programs && engine_build_codes(engine);
}

static bool needs_maps(const struct plan_test *test) {
    for (uint32_t i = 0; i < test->expects_count; i++)
        if (test->expects[i].kind != EXPECT_ASSERT) return true;
    return false;
}

static void run_test(struct test_run *run, const struct plan *plan) {
    struct target target;
    run->plan = plan_with_givens(run, plan);
    run->options.work_dir = STR("");
    run->options.temp_dir = STR("/tmp");
    run->engine = (struct engine){.plan = run->plan,
                                  .options = &run->options,
                                  .arena = run->arena,
                                  .diags = &run->diags,
                                  .in_memory = true,
                                  .report = &run->report,
                                  .target = &target};
    run->report.arena = run->arena;
    target_memory_init(&run->memory, run->plan, run->test, run->arena, &target);
    bool good = start(run);
    for (uint32_t m = 0; good && needs_maps(run->test) && m < run->plan->maps_count; m++)
        good = engine_run_map(&run->engine, m);
    if (good) spec_test_expectations(run);
    if (run->coverage) coverage_add_report(run->coverage, &run->report);
    for (uint32_t i = 0; i < run->diags.items.count; i++)
        spec_test_fail(run, "%.*s", STR_ARG(run->diags.items.items[i]->message));
    if (!good && run->result->failures.count == 0) spec_test_fail(run, "could not be run");
    run->result->passed = run->result->failures.count == 0;
    engine_release(&run->engine);
}

static bool is_wanted(struct str title, struct str filter) {
    for (size_t i = 0; i + filter.len <= title.len; i++)
        if (filter.len == 0 || memcmp(title.ptr + i, filter.ptr, filter.len) == 0) return true;
    return filter.len == 0;
}

bool run_spec_tests(const struct plan *plan, const struct spec_test_options *options, struct arena *arena,
                    struct spec_test_report *report) {
    for (uint32_t i = 0; i < plan->tests_count; i++) {
        if (!is_wanted(plan->tests[i].title, options->filter)) continue;
        struct spec_test_result result = {.title = plan->tests[i].title, .span = plan->tests[i].span};
        struct test_run *run = ARENA_NEW(arena, struct test_run);
        run->test = &plan->tests[i];
        run->arena = arena;
        run->result = &result;
        run->coverage = options->coverage;
        run->options.allow_extern = options->allow_extern;
        diag_list_init(&run->diags, arena);
        run_test(run, plan);
        VEC_PUSH(arena, &report->tests, result);
        report->passed += result.passed;
        report->failed += !result.passed;
    }
    return report->failed == 0;
}

/* The tests written in a spec: given rows stand in for the sources and the target, the maps run into memory,
 * and what came out is compared with what was expected. */
#include "runtime/engine/target_memory.h"

#include "runtime/engine/checks.h"
#include "runtime/value/convert.h"
#include "runtime/value/zone.h"

#include <stdlib.h>

struct test_run {
    const struct plan *plan; /* with the given rows in place of the sources */
    const struct plan_test *test;
    struct engine engine;
    struct run_report report;
    struct target_memory memory;
    struct spec_test_result *result;
    struct arena *arena;
    struct diag_list diags;
    struct run_options options;
};

static void fail_test(struct test_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail_test(struct test_run *run, const char *format, ...) {
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
    if (!bind_params(run)) return false;
    engine->programs = program_set_new(plan, &engine->values, &run->diags);
    checks_prepare_samples(engine);
    return engine->programs && engine_build_codes(engine);
}

/* ---------------------------------------------------------------- expectations */

static const struct run_map_report *map_report(const struct test_run *run, uint32_t map) {
    for (uint32_t i = 0; i < run->report.maps.count; i++)
        if (str_eq(run->report.maps.items[i]->name, run->plan->maps[map].name))
            return run->report.maps.items[i];
    return NULL;
}

static struct value expected_value(struct test_run *run, const struct plan_test_expect *expect,
                                   uint32_t index) {
    struct value value = {.kind = TYPE_NULL};
    const struct plan_program *program = &run->plan->programs[expect->program - 1];
    program_evaluate(run->engine.programs, expect->program - 1, index, run->arena, &value, &run->diags);
    uint32_t reg = program_output(program, OUT_VALUE, index);
    if (value.kind == TYPE_ENUM || value.kind == TYPE_ARRAY)
        return (struct value){.kind = TYPE_TEXT,
                              .as_text = engine_value_text(&run->engine, &program->regs[reg], &value)};
    return value;
}

static const struct value *written_value(const struct test_run *run, const struct memory_row *row,
                                         uint32_t column) {
    static const struct value NONE = {.kind = TYPE_NULL};
    const struct plan_map *map = &run->plan->maps[row->map];
    for (uint32_t i = 0; i < map->columns_count; i++)
        if (map->columns[i] == column) return &row->values[i];
    return &NONE;
}

static bool same_value(const struct value *a, const struct value *b) {
    if (a->kind == TYPE_NULL || b->kind == TYPE_NULL) return a->kind == b->kind;
    return a->kind == b->kind && value_compare(a, b) == 0;
}

/* How many of the expected columns a row has; the best row is shown when none has all. */
static uint32_t matching_columns(struct test_run *run, const struct plan_test_expect *expect,
                                 const struct value *expected, const struct memory_row *row) {
    uint32_t same = 0;
    for (uint32_t i = 0; i < expect->columns_count; i++)
        same += same_value(&expected[i], written_value(run, row, expect->columns[i]));
    return same;
}

static void show_difference(struct test_run *run, const struct plan_test_expect *expect,
                            const struct value *expected, const struct memory_row *row) {
    const struct plan_map *map = &run->plan->maps[expect->map - 1];
    const struct plan_target_table *table = &run->plan->target.tables[map->target_table - 1];
    for (uint32_t i = 0; i < expect->columns_count; i++) {
        const struct value *came = written_value(run, row, expect->columns[i]);
        if (same_value(&expected[i], came)) continue;
        struct str wanted_text = value_format(run->arena, &expected[i]),
                   came_text = value_format(run->arena, came);
        fail_test(run, "%.*s.%.*s: expected %.*s, got %.*s", STR_ARG(map->name),
                  STR_ARG(table->columns[expect->columns[i]].name), STR_ARG(wanted_text), STR_ARG(came_text));
    }
}

static void expect_row(struct test_run *run, const struct plan_test_expect *expect) {
    struct value *expected = ARENA_ARRAY(run->arena, struct value, expect->columns_count + 1);
    const struct memory_row *best = NULL;
    uint32_t most = 0;
    for (uint32_t i = 0; i < expect->columns_count; i++)
        expected[i] = expected_value(run, expect, i);
    for (uint32_t r = 0; r < run->memory.rows.count; r++) {
        const struct memory_row *row = &run->memory.rows.items[r];
        if (row->map != expect->map - 1) continue;
        uint32_t same = matching_columns(run, expect, expected, row);
        if (same == expect->columns_count) return;
        if (best == NULL || same > most) {
            best = row;
            most = same;
        }
    }
    if (best)
        show_difference(run, expect, expected, best);
    else
        fail_test(run, "%.*s: no row was written", STR_ARG(run->plan->maps[expect->map - 1].name));
}

static uint64_t count_outcome(const struct test_run *run, const struct plan_test_expect *expect) {
    uint64_t count = 0;
    for (uint32_t m = 0; m < run->plan->maps_count; m++) {
        const struct run_map_report *r = map_report(run, m);
        if (r == NULL || (expect->map && expect->map - 1 != m)) continue;
        count += expect->kind == EXPECT_MAP_COUNT  ? r->written
                 : expect->kind == EXPECT_REJECTED ? r->rejected
                 : expect->kind == EXPECT_SKIPPED  ? r->skipped
                                                   : r->warnings;
    }
    return count;
}

static void explain_rejects(struct test_run *run, const struct plan_test_expect *expect) {
    for (uint32_t m = 0; m < run->report.maps.count; m++) {
        const struct run_map_report *r = run->report.maps.items[m];
        if (expect->map && !str_eq(run->plan->maps[expect->map - 1].name, r->name)) continue;
        for (uint32_t i = 0; i < r->reasons.count; i++)
            if (r->reasons.items[i].kind == OUTCOME_REJECTED)
                fail_test(run, "  %.*s rejected: %.*s", STR_ARG(r->name),
                          STR_ARG(r->reasons.items[i].example));
    }
}

static void expect_count(struct test_run *run, const struct plan_test_expect *expect) {
    static const char *const WORDS[] = {[EXPECT_MAP_COUNT] = "written",
                                        [EXPECT_REJECTED] = "rejected",
                                        [EXPECT_SKIPPED] = "skipped",
                                        [EXPECT_WARNED] = "warned about"};
    uint64_t count = count_outcome(run, expect);
    if (count == (uint64_t)expect->count) return;
    struct str name = expect->map ? run->plan->maps[expect->map - 1].name : STR("all maps");
    fail_test(run, "%.*s: expected %lld rows %s, got %llu", STR_ARG(name), (long long)expect->count,
              WORDS[expect->kind], (unsigned long long)count);
    explain_rejects(run, expect);
}

static void expect_message(struct test_run *run, const struct plan_test_expect *expect) {
    for (uint32_t m = 0; m < run->report.maps.count; m++) {
        const struct run_map_report *r = run->report.maps.items[m];
        if (expect->map && !str_eq(run->plan->maps[expect->map - 1].name, r->name)) continue;
        for (uint32_t i = 0; i < r->reasons.count; i++)
            if (r->reasons.items[i].kind == OUTCOME_REJECTED &&
                (expect->message.len == 0 || str_eq(r->reasons.items[i].example, expect->message)))
                return;
    }
    fail_test(run, "no row was rejected with \"%.*s\"", STR_ARG(expect->message));
    explain_rejects(run, expect);
}

static void expect_assert(struct test_run *run, const struct plan_test_expect *expect) {
    struct value value = {.kind = TYPE_NULL};
    if (!program_evaluate(run->engine.programs, expect->program - 1, 0, run->arena, &value, &run->diags)) {
        fail_test(run, "could not be computed: %.*s",
                  STR_ARG(plan_span_text(run->plan, &expect->span, run->arena)));
        return;
    }
    if (value.kind == TYPE_BOOL && value.as_bool) return;
    fail_test(run, "%s: %.*s", value.kind == TYPE_NULL ? "is null" : "does not hold",
              STR_ARG(plan_span_text(run->plan, &expect->span, run->arena)));
}

static bool needs_maps(const struct plan_test *test) {
    for (uint32_t i = 0; i < test->expects_count; i++)
        if (test->expects[i].kind != EXPECT_ASSERT) return true;
    return false;
}

static void check_expectations(struct test_run *run) {
    for (uint32_t i = 0; i < run->test->expects_count; i++) {
        const struct plan_test_expect *expect = &run->test->expects[i];
        uint32_t before = run->result->failures.count;
        switch ((enum plan_expect_kind)expect->kind) {
        case EXPECT_ROW: expect_row(run, expect); break;
        case EXPECT_ASSERT: expect_assert(run, expect); break;
        case EXPECT_REJECT_MESSAGE: expect_message(run, expect); break;
        default: expect_count(run, expect); break;
        }
        if (run->result->failures.count == before) continue;
        uint32_t line;
        struct str file = plan_span_file(run->plan, &expect->span, &line);
        run->result->failures.items[before] = arena_printf(run->arena, "%.*s:%u: %.*s", STR_ARG(file), line,
                                                           STR_ARG(run->result->failures.items[before]));
    }
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
    if (good) check_expectations(run);
    for (uint32_t i = 0; i < run->diags.items.count; i++)
        fail_test(run, "%.*s", STR_ARG(run->diags.items.items[i]->message));
    if (!good && run->result->failures.count == 0) fail_test(run, "could not be run");
    run->result->passed = run->result->failures.count == 0;
    engine_release(&run->engine);
}

static bool is_wanted(struct str title, struct str filter) {
    for (size_t i = 0; i + filter.len <= title.len; i++)
        if (filter.len == 0 || memcmp(title.ptr + i, filter.ptr, filter.len) == 0) return true;
    return filter.len == 0;
}

bool run_spec_tests(const struct plan *plan, struct str filter, bool allow_extern, struct arena *arena,
                    struct spec_test_report *report, struct diag_list *diags) {
    for (uint32_t i = 0; i < plan->tests_count; i++) {
        if (!is_wanted(plan->tests[i].title, filter)) continue;
        struct spec_test_result result = {.title = plan->tests[i].title, .span = plan->tests[i].span};
        struct test_run *run = ARENA_NEW(arena, struct test_run);
        run->test = &plan->tests[i];
        run->arena = arena;
        run->result = &result;
        run->options.allow_extern = allow_extern;
        diag_list_init(&run->diags, arena);
        run_test(run, plan);
        VEC_PUSH(arena, &report->tests, result);
        report->passed += result.passed;
        report->failed += !result.passed;
    }
    if (report->tests.count) return report->failed == 0;
    struct diag *diag = diag_report(diags, X_NO_TESTS, no_span(),
                                    filter.len ? "no test's title holds `%.*s`" : "the spec has no tests%.*s",
                                    STR_ARG(filter));
    if (plan->tests_count)
        diag_help(diags, diag, "The spec has %u tests, the first is '%.*s'.", plan->tests_count,
                  STR_ARG(plan->tests[0].title));
    else
        diag_help(diags, diag, "Write `test 'title' { given … expect … }` in the spec.");
    return false;
}

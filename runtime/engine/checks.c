/* Checks: a number from SQL against a value, a query over the source against SQL on the target, samples of
 * written rows re-derived from their source and compared in the target, column by column. */
#include "runtime/engine/checks.h"

#include "runtime/value/convert.h"
#include "runtime/value/decimal.h"

#include <stdlib.h>

struct check_run {
    struct engine *engine;
    struct target_postgres *pg;
    const struct plan_check *check;
    struct run_check_report *report;
    struct arena arena;
};

static bool say(struct check_run *run, bool passed, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool say(struct check_run *run, bool passed, const char *format, ...) {
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    run->report->passed = passed;
    run->report->detail = arena_copy_str(run->engine->arena, buf_str(&text));
    buf_release(&text);
    return passed;
}

static struct pg_result *run_sql(struct check_run *run) {
    const struct plan_check *check = run->check;
    struct engine *engine = run->engine;
    struct str *params = ARENA_ARRAY(&run->arena, struct str, check->params_count + 1);
    for (uint32_t i = 0; i < check->params_count; i++) {
        const struct value *value = &engine->params[check->params[i]];
        if (value->kind != TYPE_NULL)
            params[i] = engine_value_text(engine, &engine->plan->params[check->params[i]].type, value);
    }
    struct pg_result *result = pg_query(run->pg->see, arena_copy_cstr(&run->arena, check->sql), params,
                                        check->params_count, engine->diags);
    if (result == NULL) {
        say(run, false, "its SQL could not run");
        if (!pg_is_alive(run->pg->see)) engine_fail(engine, RUN_UNREACHABLE);
    }
    return result;
}

/* ---------------------------------------------------------------- sql … == value */

static bool holds(enum plan_compare compare, int c) {
    switch (compare) {
    case COMPARE_EQ: return c == 0;
    case COMPARE_NE: return c != 0;
    case COMPARE_LT: return c < 0;
    case COMPARE_LE: return c <= 0;
    case COMPARE_GT: return c > 0;
    default: return c >= 0;
    }
}

static bool check_scalar(struct check_run *run) {
    static const char *const SIGNS[] = {"==", "!=", "<", "<=", ">", ">="};
    struct engine *engine = run->engine;
    struct value expected, actual = {.kind = TYPE_NULL};
    if (!program_evaluate(engine->programs, run->check->expected - 1, 0, &run->arena, &expected,
                          engine->diags))
        return say(run, false, "its expected value could not be computed");
    struct pg_result *result = run_sql(run);
    if (result == NULL) return false;
    if (pg_result_rows(result) != 1 || pg_result_columns(result) != 1) {
        say(run, false, "its SQL gave %u rows of %u columns, not one value", pg_result_rows(result),
            pg_result_columns(result));
        pg_result_free(result);
        return false;
    }
    struct str text = pg_result_text(result, 0, 0);
    bool good = text.ptr && expected.kind != TYPE_NULL &&
                value_parse(&run->arena, expected.kind, text, engine->zones, &actual) == FAULT_NONE &&
                holds((enum plan_compare)run->check->compare, value_compare(&actual, &expected));
    struct str wanted = value_format(&run->arena, &expected);
    say(run, good, "SQL gives %.*s, wanted %s %.*s", text.ptr ? (int)text.len : 4,
        text.ptr ? text.ptr : "null", SIGNS[run->check->compare], STR_ARG(wanted));
    pg_result_free(result);
    return good;
}

/* ---------------------------------------------------------------- source … target sql … */

struct check_row {
    struct str key, value; /* all columns but the last, joined by U+001F; the last */
    bool matched;
};

struct check_rows {
    struct check_run *run;
    VEC(struct check_row) rows;
};

/* A decimal's text without zeros at the end of its fraction: 4.0 is 4 on whichever side. */
static struct str without_zeros(struct str text) {
    if (text.ptr == NULL || memchr(text.ptr, '.', text.len) == NULL) return text;
    while (text.ptr[text.len - 1] == '0')
        text.len--;
    if (text.ptr[text.len - 1] == '.') text.len--;
    return text;
}

static void add_row(struct check_rows *rows, const struct str *cells, uint32_t count) {
    struct buf key = {0};
    for (uint32_t i = 0; i + 1 < count; i++) {
        if (i) buf_append_char(&key, '\x1f');
        buf_append_str(&key, cells[i].ptr ? cells[i] : STR("null"));
    }
    struct arena *arena = &rows->run->arena;
    struct check_row row = {.key = arena_copy_str(arena, buf_str(&key))};
    if (count) row.value = cells[count - 1].ptr ? arena_copy_str(arena, cells[count - 1]) : STR("null");
    buf_release(&key);
    VEC_PUSH(arena, &rows->rows, row);
}

static bool visit_source_row(void *context, struct map_run *run, const struct vm *vm, uint32_t row) {
    struct check_rows *rows = context;
    const struct plan_program *program =
        &run->engine->plan->programs[run->map->grouped ? run->map->group_program - 1 : run->map->program];
    uint32_t count = program_output_count(program, OUT_COLUMN);
    struct str cells[64];
    for (uint32_t i = 0; i < count && i < 64; i++) {
        uint32_t reg = program_output(program, OUT_COLUMN, i);
        struct value value = vm_value_at(vm, reg, row);
        cells[i] = value.kind == TYPE_NULL ? (struct str){0}
                                           : engine_value_text(run->engine, &program->regs[reg], &value);
        if (value.kind == TYPE_DECIMAL) cells[i] = without_zeros(cells[i]);
    }
    add_row(rows, cells, count < 64 ? count : 64);
    return true;
}

static int compare_rows(const void *a, const void *b) {
    const struct check_row *x = a, *y = b;
    int c = str_compare(x->key, y->key);
    return c ? c : str_compare(x->value, y->value);
}

/* Difference of two last columns within the tolerance? Texts that are no numbers must be equal. */
static bool values_agree(const struct check_run *run, struct str a, struct str b) {
    struct decimal x, y, difference, allowed, hundred = decimal_from_int(100);
    if (str_eq(a, b)) return true;
    if (decimal_parse(a, &x) != FAULT_NONE || decimal_parse(b, &y) != FAULT_NONE) return false;
    if (decimal_compare(x, y) == 0) return true;
    if (run->check->tolerance_kind == TOLERANCE_UNSET ||
        decimal_parse(run->check->tolerance, &allowed) != FAULT_NONE ||
        decimal_subtract(x, y, &difference) != FAULT_NONE)
        return false;
    if (difference.hi < 0) difference = decimal_negate(difference);
    if (run->check->tolerance_kind == TOLERANCE_ROWS) return decimal_compare(difference, allowed) <= 0;
    if (x.hi < 0) x = decimal_negate(x);
    return decimal_multiply(difference, hundred, &difference) == FAULT_NONE &&
           decimal_multiply(x, allowed, &allowed) == FAULT_NONE && decimal_compare(difference, allowed) <= 0;
}

/* Numbers are counts and sums; anything else of a personal check is not shown. */
static struct str shown_value(struct str value, bool personal) {
    struct decimal number;
    bool plain = !personal || str_is(value, "nothing") || decimal_parse(value, &number) == FAULT_NONE;
    return plain ? value : STR("***");
}

static void note_difference(struct buf *out, uint32_t *count, bool personal, struct str key,
                            struct str source, struct str target) {
    enum { SHOWN = 5 };
    if ((*count)++ >= SHOWN) return;
    if (out->len) buf_append_cstr(out, "; ");
    if (personal && key.len) key = STR("***");
    source = shown_value(source, personal);
    target = shown_value(target, personal);
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] == '\x1f')
            buf_append_cstr(out, ", ");
        else
            buf_append_char(out, key.ptr[i]);
    buf_printf(out, "%ssource %.*s, target %.*s", key.len ? ": " : "", STR_ARG(source), STR_ARG(target));
}

/* Is anything that the source side reads personal? */
static bool is_personal(const struct check_run *run) {
    const struct plan *plan = run->engine->plan;
    const struct plan_map *map = &plan->check_maps[run->check->map - 1];
    uint32_t programs[] = {map->program, map->grouped ? map->group_program - 1 : map->program};
    for (uint32_t p = 0; p < 2; p++)
        for (uint32_t i = 0; i < plan->programs[programs[p]].spans_count; i++)
            if (plan->programs[programs[p]].spans[i].pii) return true;
    return false;
}

static void sort_rows(struct check_rows *rows) {
    if (rows->rows.count) qsort(rows->rows.items, rows->rows.count, sizeof(struct check_row), compare_rows);
}

static bool compare_sides(struct check_run *run, struct check_rows *source, struct check_rows *target) {
    struct buf differences = {0};
    bool personal = is_personal(run);
    uint32_t count = 0, s = 0, t = 0;
    sort_rows(source);
    sort_rows(target);
    while (s < source->rows.count || t < target->rows.count) {
        const struct check_row *a = s < source->rows.count ? &source->rows.items[s] : NULL;
        const struct check_row *b = t < target->rows.count ? &target->rows.items[t] : NULL;
        int c = a == NULL ? 1 : b == NULL ? -1 : str_compare(a->key, b->key);
        if (c == 0 && !values_agree(run, a->value, b->value))
            note_difference(&differences, &count, personal, a->key, a->value, b->value);
        if (c < 0 && !values_agree(run, a->value, STR("0")))
            note_difference(&differences, &count, personal, a->key, a->value, STR("nothing"));
        if (c > 0 && !values_agree(run, STR("0"), b->value))
            note_difference(&differences, &count, personal, b->key, STR("nothing"), b->value);
        s += c <= 0;
        t += c >= 0;
    }
    bool good = count == 0;
    if (good)
        say(run, true, "%u rows agree", source->rows.count);
    else
        say(run, false, "%u of %u rows differ: %s", count, source->rows.count, differences.ptr);
    buf_release(&differences);
    return good;
}

static bool read_source_side(struct check_run *run, struct check_rows *rows) {
    struct run_map_report ignored = {0};
    struct map_run map = {.engine = run->engine,
                          .map = &run->engine->plan->check_maps[run->check->map - 1],
                          .mode = MAP_CHECK,
                          .visit = visit_source_row,
                          .visit_context = rows,
                          .report = &ignored,
                          .except_maps = run->check->except_rejected,
                          .except_count = run->check->except_rejected_count};
    map.tallies = tallies_new(run->engine);
    return map_execute(&map);
}

static bool check_source(struct check_run *run) {
    struct check_rows source = {.run = run}, target = {.run = run};
    if (!read_source_side(run, &source)) return say(run, false, "its source could not be read");
    struct pg_result *result = run_sql(run);
    if (result == NULL) return false;
    uint32_t columns = pg_result_columns(result);
    for (uint32_t row = 0; row < pg_result_rows(result); row++) {
        struct str cells[64];
        for (uint32_t c = 0; c < columns && c < 64; c++) {
            cells[c] = pg_result_text(result, row, c);
            if (pg_result_is_numeric(result, c)) cells[c] = without_zeros(cells[c]);
        }
        add_row(&target, cells, columns < 64 ? columns : 64);
    }
    pg_result_free(result);
    return compare_sides(run, &source, &target);
}

/* ---------------------------------------------------------------- sample N of map */

struct sample {
    struct check_run *run;
    const struct plan_target_table *table;
    const struct plan_target_key *key;
    struct buf sql, differences;
    uint32_t compared, differing;
};

/* A key that the map assigns whole: how to find the row again. */
static const struct plan_target_key *sample_key(const struct plan_map *map,
                                                const struct plan_target_table *table) {
    for (uint32_t k = 0; k < table->keys_count; k++) {
        uint32_t assigned = 0;
        for (uint32_t c = 0; c < table->keys[k].columns_count; c++)
            for (uint32_t i = 0; i < map->columns_count; i++)
                assigned += map->columns[i] == table->keys[k].columns[c];
        if (assigned == table->keys[k].columns_count) return &table->keys[k];
    }
    return NULL;
}

/* select (a is not distinct from $1::uuid), … from t where id = $1::uuid: the server compares, so that no
 * spelling of a value makes a difference. */
static void build_sample_sql(struct sample *sample, const struct plan_map *map) {
    buf_append_cstr(&sample->sql, "select ");
    for (uint32_t i = 0; i < map->columns_count; i++) {
        const struct plan_target_column *column = &sample->table->columns[map->columns[i]];
        bool json = column->wire == WIRE_JSON;
        if (i) buf_append_cstr(&sample->sql, ", ");
        buf_append_char(&sample->sql, '(');
        pg_append_identifier(&sample->sql, column->name);
        buf_printf(&sample->sql, "%s is not distinct from $%u::%.*s%s)", json ? "::jsonb" : "", i + 1,
                   STR_ARG(column->pg_type), json ? "::jsonb" : "");
    }
    buf_append_cstr(&sample->sql, " from ");
    pg_append_qualified(&sample->sql, sample->table->schema, sample->table->name);
    buf_append_cstr(&sample->sql, " where ");
    for (uint32_t k = 0; k < sample->key->columns_count; k++)
        for (uint32_t i = 0; i < map->columns_count; i++) {
            const struct plan_target_column *column = &sample->table->columns[map->columns[i]];
            if (map->columns[i] != sample->key->columns[k]) continue;
            if (k) buf_append_cstr(&sample->sql, " and ");
            pg_append_identifier(&sample->sql, column->name);
            buf_printf(&sample->sql, " = $%u::%.*s", i + 1, STR_ARG(column->pg_type));
        }
}

static void note_columns(struct sample *sample, const struct plan_map *map, const struct pg_result *result,
                         struct str where) {
    enum { SHOWN = 400 };
    sample->differing++;
    if (sample->differences.len > SHOWN) return;
    buf_printf(&sample->differences, "%srow of %.*s", sample->differences.len ? "; " : "", STR_ARG(where));
    if (pg_result_rows(result) != 1) {
        buf_append_cstr(&sample->differences, " is not in the target");
        return;
    }
    for (uint32_t i = 0; i < map->columns_count; i++)
        if (!pg_result_bool(result, 0, i))
            buf_printf(&sample->differences, " `%.*s`",
                       STR_ARG(sample->table->columns[map->columns[i]].name));
}

static bool visit_sample_row(void *context, struct map_run *run, const struct vm *vm, uint32_t row) {
    struct sample *sample = context;
    const struct plan_map *map = run->map;
    const struct plan_program *program =
        &run->engine->plan->programs[map->grouped ? map->group_program - 1 : map->program];
    struct str *params = ARENA_ARRAY(&sample->run->arena, struct str, map->columns_count + 1);
    for (uint32_t i = 0; i < map->columns_count; i++) {
        uint32_t reg = program_output(program, OUT_COLUMN, i);
        struct value value = vm_value_at(vm, reg, row);
        if (value.kind != TYPE_NULL) params[i] = engine_value_text(run->engine, &program->regs[reg], &value);
    }
    struct pg_result *result =
        pg_query(sample->run->pg->see, sample->sql.ptr, params, map->columns_count, run->engine->diags);
    if (result == NULL) return engine_fail(run->engine, RUN_UNREACHABLE);
    bool same = pg_result_rows(result) == 1;
    for (uint32_t i = 0; same && i < map->columns_count; i++)
        same = pg_result_bool(result, 0, i);
    if (!same) {
        const struct row_place *place = map_row_place(run, row);
        struct str where = arena_printf(&sample->run->arena, "line %llu", (unsigned long long)place->line);
        note_columns(sample, map, result, where);
    }
    sample->compared++;
    pg_result_free(result);
    return true;
}

static int compare_ordinals(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The sampled map's lookups into target tables see what they saw then: later maps may have changed them. */
static bool execute_as_then(struct map_run *again) {
    struct engine *engine = again->engine;
    uint32_t current = engine->current_map;
    engine->current_map = again->index;
    engine->looks_back = true;
    engine->writes++; /* tables in memory are of now */
    bool ran = map_execute(again);
    engine->writes++;
    engine->looks_back = false;
    engine->current_map = current;
    return ran;
}

static bool check_sample(struct check_run *run) {
    struct engine *engine = run->engine;
    const struct plan_map *map = &engine->plan->maps[run->check->map];
    if (map->target_table == 0)
        return say(run, false, "map `%.*s` does not write a table", STR_ARG(map->name));
    struct sample sample = {.run = run, .table = &engine->plan->target.tables[map->target_table - 1]};
    sample.key = sample_key(map, sample.table);
    if (sample.key == NULL)
        return say(run, false,
                   "map `%.*s` assigns no unique key of its table whole: its rows cannot be found again",
                   STR_ARG(map->name));
    build_sample_sql(&sample, map);
    struct run_map_report ignored = {0};
    struct map_run again = {.engine = engine,
                            .map = map,
                            .index = run->check->map,
                            .mode = MAP_SAMPLE,
                            .visit = visit_sample_row,
                            .visit_context = &sample,
                            .report = &ignored};
    again.tallies = tallies_new(engine);
    again.only_ordinals = engine->sampled[run->check->map];
    again.only_ordinal_count = engine->sampled_count[run->check->map];
    if (again.only_ordinal_count > run->check->sample) again.only_ordinal_count = run->check->sample;
    qsort(again.only_ordinals, again.only_ordinal_count, sizeof(uint64_t), compare_ordinals);
    bool ran = execute_as_then(&again);
    if (!ran)
        say(run, false, "the sample could not be read again");
    else if (sample.differing)
        say(run, false, "%u of %u sampled rows differ: %s", sample.differing, sample.compared,
            sample.differences.ptr);
    else
        say(run, true, "%u sampled rows equal their source, column by column", sample.compared);
    buf_release(&sample.sql);
    buf_release(&sample.differences);
    return run->report->passed;
}

/* ---------------------------------------------------------------- all of them */

void checks_prepare_samples(struct engine *engine) {
    const struct plan *plan = engine->plan;
    engine->sampled = ARENA_ARRAY(engine->arena, uint64_t *, plan->maps_count + 1);
    engine->sampled_count = ARENA_ARRAY(engine->arena, uint32_t, plan->maps_count + 1);
    engine->rejected_rows = ARENA_ARRAY(engine->arena, struct key_set *, plan->maps_count + 1);
    for (uint32_t i = 0; i < plan->checks_count; i++) {
        const struct plan_check *check = &plan->checks[i];
        if (check->kind == CHECK_SAMPLE)
            engine->sampled[check->map] = ARENA_ARRAY(engine->arena, uint64_t, check->sample + 1);
        for (uint32_t e = 0; e < check->except_rejected_count; e++)
            if (engine->rejected_rows[check->except_rejected[e]] == NULL)
                engine->rejected_rows[check->except_rejected[e]] =
                    key_set_new(64 << 20, engine->options->temp_dir, 0x6d696772656a6563);
    }
}

static bool run_check(struct check_run *run) {
    switch ((enum plan_check_kind)run->check->kind) {
    case CHECK_SCALAR: return check_scalar(run);
    case CHECK_SOURCE: return check_source(run);
    default: return check_sample(run);
    }
}

/* A check whose SQL fails must not end a transaction over all maps: the other checks are to be heard. */
static bool run_in_savepoint(struct check_run *run) {
    struct pg_connection *see = run->pg->see;
    bool open = run->pg->in_run || run->pg->rehearsing;
    if (open) pg_exec(see, "SAVEPOINT mig_check", NULL);
    bool passed = run_check(run);
    if (open) pg_exec(see, "ROLLBACK TO SAVEPOINT mig_check; RELEASE SAVEPOINT mig_check", NULL);
    return passed;
}

bool checks_run(struct engine *engine, struct target_postgres *pg, bool before) {
    const struct plan *plan = engine->plan;
    bool good = true;
    for (uint32_t i = 0; i < plan->checks_count; i++) {
        const struct plan_check *check = &plan->checks[i];
        if ((bool)check->before != before) continue;
        struct run_check_report *report = ARENA_NEW(engine->arena, struct run_check_report);
        *report = (struct run_check_report){.name = check->name, .title = check->title};
        VEC_PUSH(engine->arena, &engine->report->checks, report);
        if (engine->options->dry_run && !before) {
            report->detail = STR("not run: a dry run writes nothing to check");
            continue;
        }
        report->detail = check_left_out(engine, check);
        if (report->detail.len) continue;
        if (check->kind == CHECK_SOURCE && !before && engine->options->only_count) {
            report->detail = STR("not run: only a part of the source was loaded");
            continue;
        }
        struct check_run run = {.engine = engine, .pg = pg, .check = check, .report = report};
        report->ran = true;
        bool passed = run_in_savepoint(&run);
        arena_release(&run.arena);
        report->warned = !passed && check->on_fail.kind == DO_WARN;
        engine_log(engine, passed ? 'I' : 'W', "check %.*s %s: %.*s", STR_ARG(check->name),
                   passed ? "holds" : "FAILS", STR_ARG(report->detail));
        if (!passed && !report->warned) good = false;
    }
    /* Only now: what has given up reads no source again, and the other checks are to be heard, too. */
    return good || engine_fail(engine, RUN_CHECK);
}

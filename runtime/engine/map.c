/* One map from its source to its sink. The way of a row: scanned, multiplied by each and join (stages.c),
 * first part of the program (lookups, where, keys), then unique by or group by, then the rest of the program
 * (in waves where rows refer to rows of their own map, waves.c), then counted: quarantine, crosswalk, sink.
 */
#include "runtime/engine/load_thread.h"
#include "runtime/engine/eta.h"
#include "runtime/engine/map_internal.h"
#include "runtime/engine/outcomes.h"
#include "runtime/engine/retry.h"
#include "runtime/engine/replay.h"

#include <stdlib.h>

/* ---------------------------------------------------------------- setting up */

static void collect_outputs(struct map_run *run, const struct plan_program *program) {
    run->outputs.columns = ARENA_ARRAY(&run->arena, uint32_t, run->map->columns_count + 1);
    for (uint32_t i = 0; i < run->map->columns_count; i++)
        run->outputs.columns[i] = program_output(program, OUT_COLUMN, i);
    run->outputs.key_count = program_output_count(program, OUT_KEY);
    run->outputs.keys = ARENA_ARRAY(&run->arena, uint32_t, run->outputs.key_count + 1);
    for (uint32_t i = 0; i < run->outputs.key_count; i++)
        run->outputs.keys[i] = program_output(program, OUT_KEY, i);
}

static uint32_t *collect_registers(struct map_run *run, const struct plan_program *program,
                                   enum plan_output_role role, uint32_t *count) {
    *count = program_output_count(program, role);
    uint32_t *registers = ARENA_ARRAY(&run->arena, uint32_t, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        registers[i] = program_output(program, role, i);
    return registers;
}

static void add_pii_columns(struct map_run *run) {
    if (run->map->from_kind != FROM_SOURCE) return;
    const struct plan_source *source = &run->engine->plan->sources[run->map->source];
    const struct plan_source_table *table = &source->tables[run->map->source_table];
    for (uint32_t i = 0; i < table->columns_count; i++)
        if (table->columns[i].pii) projection_add(&run->arena, &run->projection, i, VIA_SELF);
}

static void set_up_program(struct map_work *work, struct map_program *p, uint32_t program) {
    struct map_run *run = work->run;
    p->program = &run->engine->plan->programs[program];
    p->vm = vm_new(run->engine->programs, program);
    p->cells = projection_bind(&run->arena, &run->projection, p->program);
    p->inputs = ARENA_ARRAY(&run->arena, struct vm_input, p->program->slots_count + 1);
}

static void set_up_projection(struct map_work *work, uint32_t *programs, uint32_t count) {
    struct map_run *run = work->run;
    for (uint32_t i = 0; i < count; i++)
        projection_add_program(&run->arena, &run->projection, &run->engine->plan->programs[programs[i]]);
    if (run->mode == MAP_LOAD || run->reads_personal) add_pii_columns(run);
}

/* Programs of the map in the order of the row's way: stages, main, group. */
static uint32_t list_programs(const struct plan_map *map, uint32_t *programs) {
    uint32_t count = 0;
    for (uint32_t s = 0; s < map->stages_count; s++)
        programs[count++] = map->stages[s].program;
    programs[count++] = map->program;
    if (map->grouped) programs[count++] = map->group_program - 1;
    return count;
}

size_t map_key_memory(const struct engine *engine) {
    enum { DEFAULT_KEY_MEMORY = 128 << 20 };
    return engine->options->memory_limit ? engine->options->memory_limit : DEFAULT_KEY_MEMORY;
}

struct key_set *map_new_key_set(struct engine *engine) {
    uint64_t seed = hash_bytes64(0, engine->values.run_id.bytes, sizeof engine->values.run_id.bytes);
    return key_set_new(map_key_memory(engine), engine->options->temp_dir, seed);
}

static bool set_up(struct map_work *work) {
    struct map_run *run = work->run;
    struct engine *engine = run->engine;
    const struct plan_map *map = run->map;
    uint32_t *programs = ARENA_ARRAY(&run->arena, uint32_t, map->stages_count + 2);
    uint32_t count = list_programs(map, programs);
    set_up_projection(work, programs, count - map->grouped);
    work->stages = ARENA_ARRAY(&run->arena, struct map_stage, map->stages_count + 1);
    for (uint32_t s = 0; s < map->stages_count; s++)
        set_up_program(work, &work->stages[s].program, programs[s]);
    set_up_program(work, &work->main, map->program);
    if (map->grouped) {
        set_up_program(work, &work->group, map->group_program - 1);
        work->groups = group_table_new(run);
    }
    work->rows = map->grouped ? &work->group : &work->main;
    collect_outputs(run, work->rows->program);
    work->rows->yields_rows = true;
    work->unique = collect_registers(run, work->rows->program, OUT_UNIQUE, &work->unique_count);
    work->order = collect_registers(run, work->rows->program, OUT_ORDER, &work->order_count);
    work->parents = collect_registers(run, work->main.program, OUT_PARENT, &work->parent_count);
    work->partition = program_output(work->main.program, OUT_PARTITION, 0);
    if (map->unique != UNIQUE_NONE) work->unique_keys = map_new_key_set(engine);
    if (run->outputs.key_count && run->mode == MAP_LOAD) work->row_keys = map_new_key_set(engine);
    map_retry_lend_keys(work);
    if (!engine_prepare_tables(engine, programs, count, map)) return false;
    if (map->crosswalk && run->mode == MAP_LOAD && !engine->table_states[map->crosswalk - 1].built &&
        !engine_open_crosswalk(engine, map->crosswalk - 1))
        return false;
    run->crosswalk = map->crosswalk ? engine->tables[map->crosswalk - 1] : NULL;
    return true;
}

static void tear_down(struct map_work *work) {
    struct map_run *run = work->run;
    for (uint32_t s = 0; work->stages && s < run->map->stages_count; s++)
        vm_free(work->stages[s].program.vm);
    vm_free(work->main.vm);
    vm_free(work->group.vm);
    group_table_free(work->groups);
    map_retry_keep_keys(work);
    key_set_free(work->unique_keys);
    key_set_free(work->row_keys);
    waves_free(work->waves);
    winners_free(work->winners);
    buf_release(&work->key);
    part_key_release(&work->unique_key);
    if (run->sink) run->sink->ops->close(run->sink);
    run->sink = NULL;
    load_ledger_free(run->ledger);
    run->ledger = NULL;
    arena_release(&run->arena);
}

/* ---------------------------------------------------------------- keys */

/* The map's own key as other maps look it up. False: a part is null. */
static bool encode_key(struct map_work *work, const struct vm *vm, const struct plan_program *program,
                       uint32_t row) {
    struct map_run *run = work->run;
    struct value parts[MOST_KEY_PARTS];
    struct plan_type types[MOST_KEY_PARTS];
    uint32_t count = run->outputs.key_count < MOST_KEY_PARTS ? run->outputs.key_count : MOST_KEY_PARTS;
    buf_clear(&work->key);
    for (uint32_t i = 0; i < count; i++) {
        parts[i] = vm_value_at(vm, run->outputs.keys[i], row);
        types[i] = program->regs[run->outputs.keys[i]];
    }
    return count && keyed_table_encode(types, parts, count, &work->key);
}

static bool remember_row(struct map_work *work, const struct vm *vm, uint32_t row, enum keyed_status status) {
    struct map_run *run = work->run;
    const struct plan_keyed_table *table = &run->engine->plan->tables[run->map->crosswalk - 1];
    struct value columns[256];
    uint32_t count = table->columns_count < 256 ? table->columns_count : 256;
    for (uint32_t c = 0; c < count; c++) {
        columns[c].kind = TYPE_NULL;
        for (uint32_t i = 0; status == KEYED_PRESENT && i < run->map->columns_count; i++)
            if (run->map->columns[i] == table->target_columns[c])
                columns[c] = vm_value_at(vm, run->outputs.columns[i], row);
        if (table->target_columns[c] == PLAN_COLUMN_PARTITION && !run->map->grouped &&
            work->partition != NO_REGISTER)
            columns[c] = vm_value_at(work->main.vm, work->partition, row);
    }
    return keyed_table_add(run->crosswalk, buf_str(&work->key), status, columns, run->engine->diags) ||
           engine_fail(run->engine, RUN_STOPPED);
}

/* ---------------------------------------------------------------- finishing rows */

static void count_reports(struct map_work *work, const struct plan_program *program, const struct vm *vm,
                          uint32_t row, uint8_t kind) {
    for (const struct row_report *r = vm_first_report(vm, row); r; r = vm_next_report(vm, r)) {
        if (r->kind != kind) continue;
        tallies_count_report(work->run->tallies, work->run->report, program, r);
        if (kind != OUTCOME_OK) return; /* a row counts once, under its first reason */
    }
}

static bool stop_for_row(struct map_work *work, const struct plan_program *program, const struct vm *vm,
                         uint32_t row) {
    struct engine *engine = work->run->engine;
    for (const struct row_report *r = vm_first_report(vm, row); r; r = vm_next_report(vm, r)) {
        if (r->kind != OUTCOME_FAILED) continue;
        const struct row_place *place = work->place_of(work, row);
        uint32_t line;
        struct str file = plan_span_file(engine->plan, &program->spans[r->instr], &line);
        struct diag *diag =
            diag_report(engine->diags, X_ROW_FAILED, no_span(), "map `%.*s` stops the run: %.*s",
                        STR_ARG(work->run->map->name), STR_ARG(r->message));
        diag_place(engine->diags, diag, "%.*s line %llu, asked for by %.*s line %u",
                   STR_ARG(map_place_file(work->run, place)), (unsigned long long)place->line, STR_ARG(file),
                   line);
        break;
    }
    return engine_fail(engine, RUN_STOPPED);
}

static void note_rejected_ordinal(struct map_work *work, uint32_t row) {
    struct map_run *run = work->run;
    struct key_set *set = run->engine->rejected_rows[run->index];
    uint64_t ordinal = work->ordinal_of(work, row);
    if (set && run->mode == MAP_LOAD)
        key_set_add(set, str_from((const char *)&ordinal, sizeof ordinal), 0, NULL, run->engine->diags);
}

/* A row that goes no further, for whoever looks on. */
static bool show_left_out(struct map_work *work, const struct map_program *p, uint32_t row) {
    struct map_run *run = work->run;
    const struct replay_options *replay = run->engine->replay;
    if (replay == NULL || replay->visit_left_out == NULL || run->mode != MAP_LOAD) return true;
    if (replay->wanted && !replay->wanted[run->index]) return true;
    enum outcome outcome = vm_row_outcome(p->vm, row);
    const struct row_report *r = vm_first_report(p->vm, row);
    while (r && r->kind != outcome)
        r = vm_next_report(p->vm, r);
    struct str reason = r && r->message.len ? r->message
                        : outcome == OUTCOME_SKIPPED
                            ? str_cstr(skip_reason_text(vm_row_skip_reason(p->vm, row)))
                            : STR("");
    return replay->visit_left_out(replay->context, run, work->place_of(work, row), outcome, reason) ||
           engine_fail(run->engine, RUN_STOPPED);
}

static bool quarantine_row(struct map_work *work, const struct map_program *p, uint32_t row) {
    struct map_run *run = work->run;
    const struct row_place *place = work->place_of(work, row);
    if (run->mode != MAP_LOAD) return true;
    if (!outcomes_add(run, p->program, p->vm, row, place, OUTCOME_REJECTED)) return false;
    if (!show_left_out(work, p, row)) return false;
    ledger_add(run, p->program, p->vm, row, place, work->ordinal_of(work, row));
    return run->engine->quarantine == NULL ||
           quarantine_add(run->engine->quarantine, run, p->program, p->vm, row, place);
}

static bool finish_rejected(struct map_work *work, const struct map_program *p, uint32_t row) {
    struct map_run *run = work->run;
    run->report->rejected++;
    count_reports(work, p->program, p->vm, row, OUTCOME_REJECTED);
    note_rejected_ordinal(work, row);
    if (run->crosswalk && p->yields_rows && encode_key(work, p->vm, p->program, row) &&
        !remember_row(work, p->vm, row, KEYED_REJECTED))
        return false;
    return quarantine_row(work, p, row);
}

static bool finish_skipped(struct map_work *work, const struct map_program *p, uint32_t row) {
    struct map_run *run = work->run;
    run->report->skipped++;
    if (!show_left_out(work, p, row)) return false;
    if (retry_feeding(run->engine, run->index)) ledger_add_left_out(run, work->ordinal_of(work, row));
    bool by_spec = false;
    for (const struct row_report *r = vm_first_report(p->vm, row); r; r = vm_next_report(p->vm, r))
        by_spec |= r->kind == OUTCOME_SKIPPED;
    if (by_spec)
        count_reports(work, p->program, p->vm, row, OUTCOME_SKIPPED);
    else
        tallies_count_skip(run->tallies, run->report, vm_row_skip_reason(p->vm, row));
    bool noted = by_spec
                     ? outcomes_add(run, p->program, p->vm, row, work->place_of(work, row), OUTCOME_SKIPPED)
                     : outcomes_add_skip(run, work->place_of(work, row),
                                         tallies_skip_text(vm_row_skip_reason(p->vm, row)));
    if (!noted) return false;
    /* A duplicate's key belongs to the row that stands. */
    enum skip_reason reason = vm_row_skip_reason(p->vm, row);
    if (run->crosswalk == NULL || !p->yields_rows || reason == SKIPPED_DUPLICATE || reason == SKIPPED_FOLDED)
        return true;
    return !encode_key(work, p->vm, p->program, row) || remember_row(work, p->vm, row, KEYED_SKIPPED);
}

/* Reservoir sampling (Vitter's algorithm R) with a generator seeded by run and map, so a run can be repeated.
 */
static void draw_sample(struct map_work *work, uint32_t row) {
    struct engine *engine = work->run->engine;
    uint64_t *sample = engine->sampled[work->run->index];
    if (sample == NULL || work->run->mode != MAP_LOAD) return;
    uint32_t size = work->sample_size;
    uint64_t seen = work->sample_seen++, ordinal = work->ordinal_of(work, row);
    if (seen < size) {
        sample[engine->sampled_count[work->run->index]++] = ordinal;
        return;
    }
    uint64_t draw = hash_u64(work->sample_seed, seen) % (seen + 1);
    if (draw < size) sample[draw] = ordinal;
}

/* Rows whose keys are hashed together, so that their places in the set are fetched together. */
enum { KEY_GROUP = 64 };

struct row_key {
    struct hash128 hash;
    bool known; /* false: the row takes no part, or a part of its key is null */
};

/* True: the key is new. A set that cannot grow ends the run. */
static bool add_key(struct map_work *work, struct key_set *set, const struct row_key *key, uint64_t ordinal) {
    uint64_t earlier = 0;
    enum key_set_result result =
        key_set_add_hashed(set, key->hash, ordinal, &earlier, work->run->engine->diags);
    if (result == KEY_SET_FAILED) engine_fail(work->run->engine, RUN_STOPPED);
    return result == KEY_SET_NEW ||
           (result == KEY_SET_SEEN && map_retry_owns_key(work, set, earlier, ordinal));
}

/* The map's key is unique among the rows that are written; the first stands. */
static struct row_key hash_row_key(struct map_work *work, const struct map_program *p, uint32_t row) {
    struct row_key key = {.known = false};
    if (vm_row_outcome(p->vm, row) != OUTCOME_OK || !encode_key(work, p->vm, p->program, row)) return key;
    return (struct row_key){key_set_hash(work->row_keys, buf_str(&work->key)), true};
}

static bool finish_duplicate(struct map_work *work, const struct map_program *p, uint32_t row) {
    const struct plan_action *action = &work->run->map->on_duplicate;
    if (map_retry_follows(work, row)) {
        work->run->report->read--;
        return true;
    }
    if (action->kind == DO_SKIP || action->kind == DO_FIRST) {
        vm_skip_row(p->vm, row, SKIPPED_DUPLICATE);
        return finish_skipped(work, p, row);
    }
    struct str message = action->message.len ? action->message : STR("an earlier row has the same key");
    vm_reject_row(p->vm, row, FAULT_DUPLICATE_KEY, NO_REGISTER, message);
    work->run->report->rejected++;
    count_reports(work, p->program, p->vm, row, OUTCOME_REJECTED);
    note_rejected_ordinal(work, row);
    return quarantine_row(work, p, row);
}

static bool accept_row(struct map_work *work, const struct map_program *p, uint32_t row) {
    struct map_run *run = work->run;
    if (run->mode != MAP_LOAD) return run->visit(run->visit_context, run, p->vm, row);
    uint32_t warnings = vm_row_warnings(p->vm, row);
    if (warnings) {
        run->report->warnings += warnings;
        count_reports(work, p->program, p->vm, row, OUTCOME_OK);
        if (!outcomes_add(run, p->program, p->vm, row, work->place_of(work, row), OUTCOME_OK)) return false;
    }
    if (retry_feeding(run->engine, run->index) == NULL) draw_sample(work, row);
    if (run->engine->retry) map_retry_note(work, row);
    if (run->crosswalk && !run->sink_remembers && encode_key(work, p->vm, p->program, row) &&
        !remember_row(work, p->vm, row, KEYED_PRESENT))
        return false;
    work->accepted_nth[work->accepted_count] = work->nth;
    work->accepted[work->accepted_count++] = row;
    return true;
}

/* Rows that each and join made of one source row come one after the other. */
static void count_nth(struct map_work *work, uint32_t row) {
    uint64_t ordinal = work->ordinal_of(work, row);
    work->nth = ordinal == work->nth_ordinal ? work->nth + 1 : 0;
    work->nth_ordinal = ordinal;
}

static bool finish_row(struct map_work *work, const struct map_program *p, uint32_t row,
                       const struct row_key *key) {
    if (work->run->engine->retry && work->run->mode == MAP_LOAD && map_retry_passes(work, p, row))
        return true;
    switch (vm_row_outcome(p->vm, row)) {
    case OUTCOME_FAILED: return stop_for_row(work, p->program, p->vm, row);
    case OUTCOME_SKIPPED: return finish_skipped(work, p, row);
    case OUTCOME_REJECTED: return finish_rejected(work, p, row);
    case OUTCOME_OK: break;
    }
    count_nth(work, row);
    bool taken = key->known && !add_key(work, work->row_keys, key, work->ordinal_of(work, row));
    return taken ? finish_duplicate(work, p, row) : accept_row(work, p, row);
}

const struct row_place *map_row_place(const struct map_run *run, uint32_t row) {
    return run->work->place_of(run->work, row);
}

uint32_t map_accepted_nth(const struct map_run *run, uint32_t index) {
    return run->work->accepted_nth[index];
}

uint32_t map_visited_nth(const struct map_run *run) {
    return run->work->nth;
}

uint64_t map_row_ordinal(const struct map_run *run, uint32_t row) {
    return run->work->ordinal_of(run->work, row);
}

struct str map_row_key(const struct map_run *run, const struct vm *vm, uint32_t row, struct arena *arena) {
    const struct map_program *p = run->map->grouped ? &run->work->group : &run->work->main;
    if (!encode_key(run->work, vm, p->program, row)) return STR("");
    return arena_copy_str(arena, buf_str(&run->work->key));
}

struct str map_row_part(const struct map_run *run, uint32_t row, struct arena *arena) {
    const struct map_work *work = run->work;
    if (work->partition == NO_REGISTER || run->map->grouped) return (struct str){0};
    struct value part = vm_value_at(work->main.vm, work->partition, row);
    return part.kind == TYPE_TEXT ? arena_copy_str(arena, part.as_text) : (struct str){0};
}

bool map_reject_later(struct map_run *run, const struct reject_origin *origin, struct str key,
                      enum fault fault, struct str message) {
    run->report->rejected++;
    tallies_count_fault(run->tallies, run->report, fault, message);
    if (run->crosswalk && key.len) {
        struct value none[256];
        for (int i = 0; i < 256; i++)
            none[i].kind = TYPE_NULL;
        if (!keyed_table_add(run->crosswalk, key, KEYED_REJECTED, none, run->engine->diags))
            return engine_fail(run->engine, RUN_STOPPED);
        keyed_table_reject(run->crosswalk, key); /* it was taken for written until now */
    }
    return outcomes_add_plain(run, origin->place, fault, message) &&
           (run->engine->quarantine == NULL ||
            quarantine_add_plain(run->engine->quarantine, run, origin, fault, message));
}

bool map_finish_rows(struct map_work *work, const struct map_program *p, const uint32_t *rows,
                     uint32_t count) {
    struct row_key keys[KEY_GROUP] = {0};
    work->accepted_count = 0;
    for (uint32_t first = 0; first < count; first += KEY_GROUP) {
        uint32_t n = count - first < KEY_GROUP ? count - first : KEY_GROUP;
        for (uint32_t k = 0; work->row_keys && k < n; k++)
            keys[k] = hash_row_key(work, p, rows ? rows[first + k] : first + k);
        for (uint32_t k = 0; k < n; k++)
            if (!finish_row(work, p, rows ? rows[first + k] : first + k, &keys[k])) return false;
    }
    if (work->accepted_count == 0 || work->run->sink == NULL) return true;
    return work->run->sink->ops->write(work->run->sink, work->run, p->vm, work->accepted,
                                       work->accepted_count);
}

/* ---------------------------------------------------------------- unique by, group by */

static struct row_key hash_unique_key(struct map_work *work, uint32_t row) {
    if (vm_row_outcome(work->rows->vm, row) != OUTCOME_OK) return (struct row_key){.known = false};
    part_key_encode(&work->unique_key, work->rows->vm, work->rows->program, work->unique, work->unique_count,
                    row);
    return (struct row_key){key_set_hash(work->unique_keys, buf_str(&work->unique_key.bytes)), true};
}

/* True: the row goes on. Winners (keep last, ordered) were found by an earlier pass. */
static bool is_unique(struct map_work *work, uint32_t row, const struct row_key *key) {
    return work->winners && retry_feeding(work->run->engine, work->run->index) == NULL
               ? winners_is_standing(work, row)
               : add_key(work, work->unique_keys, key, work->ordinal_of(work, row));
}

static void drop_duplicates(struct map_work *work, uint32_t count) {
    const struct plan_action *action = &work->run->map->on_duplicate;
    struct row_key keys[KEY_GROUP] = {0};
    for (uint32_t row = 0; row < count; row++) {
        uint32_t left = count - row;
        if (row % KEY_GROUP == 0 &&
            (work->winners == NULL || retry_feeding(work->run->engine, work->run->index)))
            for (uint32_t k = 0; k < KEY_GROUP && k < left; k++)
                keys[k] = hash_unique_key(work, row + k);
        if (vm_row_outcome(work->rows->vm, row) != OUTCOME_OK || is_unique(work, row, &keys[row % KEY_GROUP]))
            continue;
        if (work->run->map->unique == UNIQUE_ON_DUPLICATE && action->kind == DO_REJECT)
            vm_reject_row(work->rows->vm, row, FAULT_DUPLICATE_KEY, NO_REGISTER,
                          action->message.len ? action->message : STR("an earlier row has the same values"));
        else
            vm_skip_row(work->rows->vm, row, SKIPPED_DUPLICATE);
    }
}

static bool fold_into_groups(struct map_work *work, uint32_t count) {
    uint32_t *done = ARENA_ARRAY(&work->chunk->batch->arena, uint32_t, count + 1), done_count = 0;
    for (uint32_t row = 0; row < count; row++) {
        bool is_new = false;
        if (vm_row_outcome(work->main.vm, row) != OUTCOME_OK) {
            done[done_count++] = row;
        } else {
            if (!group_table_add(work->groups, work->main.vm, row, work->place_of(work, row), &is_new))
                return false;
            if (is_new) continue; /* its group's row counts for it */
            vm_skip_row(work->main.vm, row, SKIPPED_FOLDED);
            done[done_count++] = row;
        }
    }
    return map_finish_rows(work, &work->main, done, done_count);
}

static void drop_unsampled(struct map_work *work, struct vm *vm, uint32_t count) {
    const struct map_run *run = work->run;
    for (uint32_t row = 0; row < count; row++) {
        uint64_t ordinal = work->ordinal_of(work, row);
        uint32_t low = 0, high = run->only_ordinal_count;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (run->only_ordinals[middle] < ordinal)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == run->only_ordinal_count || run->only_ordinals[low] != ordinal)
            vm_skip_row(vm, row, SKIPPED_PARTITION);
    }
}

static const struct row_place *group_place(struct map_work *work, uint32_t row) {
    return group_table_place(work->groups, work->first_group + row);
}
static uint64_t group_ordinal(struct map_work *work, uint32_t row) {
    return work->first_group + row;
}

/* The groups as rows: unique by judges them as it judges rows of a source. */
static bool run_group_batch(struct map_work *work, struct row_batch *batch, uint32_t count) {
    struct map_program *p = &work->group;
    row_batch_reset(batch);
    batch->count = count;
    group_table_inputs(work->groups, work->first_group, count, p->inputs);
    vm_begin(p->vm, batch, count, p->cells, NULL, p->inputs);
    vm_run_pre(p->vm);
    work->row_base = work->first_group;
    if (work->pass == PASS_WINNERS) return winners_add(work, count);
    if (work->unique_keys) drop_duplicates(work, count);
    if (engine_stopped(work->run->engine)) return false;
    if (work->run->mode == MAP_SAMPLE) drop_unsampled(work, p->vm, count);
    vm_run_rest(p->vm);
    return map_finish_rows(work, p, NULL, count);
}

static bool run_groups_once(struct map_work *work) {
    struct row_batch batch = {0};
    row_batch_init(&batch, 0);
    uint64_t total = group_table_count(work->groups);
    bool good = true;
    for (work->first_group = 0; good && work->first_group < total; work->first_group += BATCH_ROWS) {
        uint64_t left = total - work->first_group;
        uint32_t count = left < BATCH_ROWS ? (uint32_t)left : BATCH_ROWS;
        good = run_group_batch(work, &batch, count);
    }
    row_batch_release(&batch);
    return good;
}

/* Which row of each key stands is known only after a pass over all of them (winners.c). */
static bool needs_winners(const struct map_work *work) {
    return work->unique_keys && (work->run->map->unique == UNIQUE_LAST || work->order_count);
}

static bool run_groups(struct map_work *work) {
    work->run->current_batch = NULL;
    work->place_of = group_place;
    work->ordinal_of = group_ordinal;
    group_table_close(work->groups);
    if (needs_winners(work)) {
        work->pass = PASS_WINNERS;
        if (!run_groups_once(work)) return false;
    }
    work->pass = PASS_ROWS;
    return run_groups_once(work);
}

/* ---------------------------------------------------------------- rows in play */

static void drop_other_parts(struct map_work *work, uint32_t count) {
    const struct run_options *options = work->run->engine->options;
    for (uint32_t o = 0; o < options->only_count; o++) {
        if (!str_eq(options->only[o].name, work->run->map->partition) || work->partition == NO_REGISTER)
            continue;
        for (uint32_t row = 0; row < count; row++) {
            struct value part = vm_value_at(work->main.vm, work->partition, row);
            bool same = part.kind == TYPE_TEXT && str_eq(part.as_text, options->only[o].value);
            if (!same && vm_row_outcome(work->main.vm, row) != OUTCOME_FAILED)
                vm_skip_row(work->main.vm, row, SKIPPED_PARTITION);
        }
    }
}

static void drop_rejected_elsewhere(struct map_work *work, uint32_t count) {
    const struct map_run *run = work->run;
    for (uint32_t e = 0; e < run->except_count; e++) {
        const struct key_set *set = run->engine->rejected_rows[run->except_maps[e]];
        for (uint32_t row = 0; set && row < count; row++) {
            uint64_t ordinal = work->ordinal_of(work, row), found;
            if (key_set_find(set, str_from((const char *)&ordinal, sizeof ordinal), &found))
                vm_skip_row(work->main.vm, row, SKIPPED_BY_ACTION);
        }
    }
}

static void warn_of_reader_fault(struct map_work *work, const struct row_fault *fault, struct str message) {
    struct map_run *run = work->run;
    if (work->pass == PASS_WINNERS || run->mode != MAP_LOAD || work->chunk->again) return;
    run->report->warnings++;
    tallies_count_warning(run->tallies, run->report, fault->fault, message);
}

static void stop_for_reader_fault(struct map_work *work, const struct chunk *chunk,
                                  const struct row_fault *fault, struct str message) {
    struct engine *engine = work->run->engine;
    const struct row_place *place = &chunk->batch->places[fault->row];
    struct diag *diag = diag_report(engine->diags, X_ROW_FAILED, no_span(), "map `%.*s` stops the run: %.*s",
                                    STR_ARG(work->run->map->name), STR_ARG(message));
    diag_place(engine->diags, diag, "%.*s line %llu", STR_ARG(map_place_file(work->run, place)),
               (unsigned long long)place->line);
    engine_fail(engine, RUN_STOPPED);
}

/* What the reader itself found: ragged rows, bad encoding, unreadable documents. */
static void apply_reader_faults(struct map_work *work, const struct chunk *chunk) {
    const struct plan_map *map = work->run->map;
    if (chunk->batch->faults.count == 0 || map->from_kind != FROM_SOURCE) return;
    const struct plan_source *source = &work->run->engine->plan->sources[map->source];
    for (uint32_t f = 0; f < chunk->batch->faults.count; f++) {
        const struct row_fault *fault = &chunk->batch->faults.items[f];
        const struct plan_action *action =
            fault->fault == FAULT_RAGGED ? &source->on_ragged : &source->on_bad_encoding;
        struct str message = action->message.len ? action->message : fault->detail;
        for (uint32_t row = 0; row < chunk->count; row++) {
            if (chunk->row_index[row] != fault->row) continue;
            if (action->kind == DO_SKIP)
                vm_skip_row(work->main.vm, row, SKIPPED_BY_ACTION);
            else if (action->kind == DO_REJECT || action->kind == DO_FAIL)
                vm_reject_row(work->main.vm, row, fault->fault, NO_REGISTER, message);
            else
                warn_of_reader_fault(work, fault, message);
            if (action->kind == DO_FAIL) stop_for_reader_fault(work, chunk, fault, message);
        }
    }
}

static const struct row_place *chunk_place(struct map_work *work, uint32_t row) {
    return &work->chunk->batch->places[work->chunk->row_index[row]];
}
static uint64_t chunk_ordinal(struct map_work *work, uint32_t row) {
    return work->chunk->ordinals ? work->chunk->ordinals[work->chunk->row_index[row]]
                                 : work->chunk->batch->first + work->chunk->row_index[row];
}

void map_use_chunk(struct map_work *work, struct chunk *chunk) {
    work->chunk = chunk;
    work->run->current_batch = chunk->batch;
    work->place_of = chunk_place;
    work->ordinal_of = chunk_ordinal;
}

bool map_run_chunk(struct map_work *work, struct chunk *chunk) {
    struct map_program *p = &work->main;
    map_use_chunk(work, chunk);
    if (work->pass != PASS_WINNERS) work->run->report->read += chunk->again ? 0 : chunk->count;
    stages_bind_inputs(work, p, chunk, work->run->map->stages_count);
    vm_begin(p->vm, chunk->batch, chunk->count, p->cells, chunk_index(chunk), p->inputs);
    apply_reader_faults(work, chunk);
    if (engine_stopped(work->run->engine)) return false;
    vm_run_pre(p->vm);
    drop_other_parts(work, chunk->count);
    if (work->pass == PASS_WINNERS) {
        bool added = winners_add(work, chunk->count);
        work->row_base += chunk->count;
        return added;
    }
    if (work->reject_loops) return waves_reject_loop(work, chunk);
    if (work->unique_keys && work->groups == NULL && !chunk->again) drop_duplicates(work, chunk->count);
    work->row_base += chunk->count;
    if (engine_stopped(work->run->engine)) return false;
    if (work->run->mode == MAP_SAMPLE && work->groups == NULL)
        drop_unsampled(work, work->main.vm, chunk->count);
    drop_rejected_elsewhere(work, chunk->count);
    if (work->groups) return fold_into_groups(work, chunk->count);
    if (work->waves) return waves_run(work, chunk);
    vm_run_rest(p->vm);
    return map_finish_rows(work, p, NULL, chunk->count);
}

/* ---------------------------------------------------------------- passes over the source */

static void tell_progress(struct map_work *work, const struct row_batch *batch) {
    struct map_run *run = work->run;
    const struct run_observer *observer = &run->engine->options->observer;
    if (run->mode != MAP_LOAD) return;
    uint64_t total = run->scan ? reader_total_bytes(scan_reader(run->scan)) : 0;
    eta_note_progress(run->engine, batch->end_offset, total, run->report->read,
                      work->pass == PASS_ROWS && work->winners,
                      work->winners || work->pass == PASS_WINNERS ? 2 : 1);
    if (observer->progress == NULL) return;
    observer->progress(observer->context, run->map->name, run->report->read, batch->end_offset, total);
}

static bool asked_to_stop(struct engine *engine) {
    if (eta_is_too_late(engine)) return true;
    if (engine->options->stop == NULL || !*engine->options->stop) return false;
    engine_interrupted(engine);
    return true;
}

bool map_flush(struct map_work *work, uint64_t end) {
    struct map_run *run = work->run;
    if (run->sink == NULL) return true;
    if (run->engine->quarantine && !quarantine_sync(run->engine->quarantine)) return false;
    if (!run->sink->ops->end_batch(run->sink, run, work->batch_first, end)) return false;
    work->batch_first = end;
    return true;
}

/* Source rows to one commit. */
static uint64_t rows_per_commit(const struct map_run *run) {
    enum { COMMIT_EVERY = 100000 };
    const struct plan_map *map = run->map;
    if (map->commit == COMMIT_MAP && !run->engine->options->rehearse) return UINT64_MAX;
    return map->commit == COMMIT_ROWS && map->commit_rows ? map->commit_rows : COMMIT_EVERY;
}

/* Runs rows of a batch, with a commit wherever one is due. */
static bool run_rows(struct map_work *work, struct row_batch *batch, const uint32_t *rows, uint32_t count) {
    uint64_t every = rows_per_commit(work->run);
    /* Waves put rows into an order of their own in each chunk: that order is part of what the journal knows.
     */
    bool smaller = work->run->engine->chunk_rows && work->waves == NULL;
    uint32_t most = smaller ? work->run->engine->chunk_rows : BATCH_ROWS;
    if (work->pass != PASS_ROWS) return stages_run(work, batch, rows, count);
    for (uint32_t from = 0; from < count;) {
        uint64_t due = every - (batch->first + rows[from] - work->batch_first);
        uint32_t to = from + 1;
        while (to < count && to - from < most && rows[to] - rows[from] < due)
            to++;
        if (!stages_run(work, batch, rows + from, to - from)) return false;
        uint64_t end = batch->first + rows[to - 1] + 1;
        bool full = work->run->sink && work->run->sink->full;
        if ((full || end - work->batch_first >= every) && !map_flush(work, end)) return false;
        from = to;
    }
    return true;
}

static bool scan_source(struct map_work *work) {
    struct map_run *run = work->run;
    struct reader *reader = engine_open_source(run->engine, run->map->source, run->map->source_table,
                                               run->projection.columns.items, run->projection.columns.count);
    if (reader == NULL) return engine_fail(run->engine, RUN_UNREACHABLE);
    struct scan *scan = run->scan = scan_open(run->engine, reader, run->projection.columns.count);
    uint32_t *all_rows = ARENA_ARRAY(&run->arena, uint32_t, BATCH_ROWS);
    for (uint32_t i = 0; i < BATCH_ROWS; i++)
        all_rows[i] = i;
    bool good = true;
    work->batch_first = 0;
    struct retry_map *retry = run->mode == MAP_LOAD ? retry_feeding(run->engine, run->index) : NULL;
    for (struct row_batch *batch; good && (batch = scan_next(scan)) != NULL;) {
        uint32_t count = batch->count;
        if (retry) good = retry_take_rows(run, retry, batch, all_rows, &count);
        good = good && (count == 0 || run_rows(work, batch, all_rows, count));
        tell_progress(work, batch);
        run->current_batch = NULL; /* what the server says later is about rows that are no longer there */
        scan_recycle(scan, batch);
        if (good && asked_to_stop(run->engine)) good = engine_fail(run->engine, RUN_STOPPED);
    }
    if (scan_failed(scan)) good = engine_fail(run->engine, RUN_UNREACHABLE);
    if (good && work->pass == PASS_ROWS && run->mode == MAP_LOAD)
        map_note_files(run, reader, scan_rows(scan));
    work->rows_end = scan_rows(scan);
    map_keep_file_names(run, reader);
    scan_close(scan);
    run->scan = NULL;
    return good;
}

/* `from x in other_map`: the rows are those of its crosswalk that were written. */
static bool scan_map(struct map_work *work) {
    struct map_run *run = work->run;
    const struct plan_map *from = &run->engine->plan->maps[run->map->source];
    const struct keyed_table *table = run->engine->tables[from->crosswalk - 1];
    uint64_t total = keyed_table_count(table);
    struct row_batch batch = {0};
    struct retry_map *retry = run->mode == MAP_LOAD ? retry_feeding(run->engine, run->index) : NULL;
    bool good = true;
    uint32_t *present = ARENA_ARRAY(&run->arena, uint32_t, BATCH_ROWS), count;
    row_batch_init(&batch, run->projection.columns.count);
    for (uint64_t first = 0; good && first < total; first += BATCH_ROWS) {
        row_batch_reset(&batch);
        batch.first = first;
        batch.count = total - first < BATCH_ROWS ? (uint32_t)(total - first) : BATCH_ROWS;
        count = 0;
        for (uint32_t i = 0; i < batch.count; i++) {
            batch.places[i] = (struct row_place){.row = first + i + 1};
            if (keyed_table_status(table, (int64_t)(first + i)) == KEYED_PRESENT) present[count++] = i;
        }
        if (retry) retry_take_map_rows(retry, table, first, present, &count);
        good = count == 0 || run_rows(work, &batch, present, count);
        if (good && asked_to_stop(run->engine)) good = engine_fail(run->engine, RUN_STOPPED);
    }
    work->rows_end = total;
    row_batch_release(&batch);
    return good;
}

static bool scan_rows_once(struct map_work *work) {
    return work->run->map->from_kind == FROM_MAP ? scan_map(work) : scan_source(work);
}

static bool run_passes(struct map_work *work) {
    const struct plan_map *map = work->run->map;
    if (work->groups == NULL && needs_winners(work) &&
        (work->run->mode != MAP_LOAD || retry_feeding(work->run->engine, work->run->index) == NULL)) {
        work->pass = PASS_WINNERS;
        if (!scan_rows_once(work)) return false;
        work->row_base = 0;
    }
    work->pass = PASS_ROWS;
    if (map->self_reference) work->waves = waves_new(work);
    if (!scan_rows_once(work)) return false;
    if (work->waves && !waves_finish(work, work->rows_end)) return false;
    return work->groups == NULL || run_groups(work);
}

static bool finish_sink(struct map_work *work) {
    struct map_run *run = work->run;
    struct sink_counts counts = {0};
    if (run->sink == NULL) return true;
    if (!map_flush(work, work->rows_end)) return false;
    if (!run->sink->ops->finish(run->sink, run, &counts)) return false;
    run->report->written = counts.written;
    run->report->updated = counts.updated;
    run->report->unchanged = counts.unchanged;
    return true;
}

/* The law: nothing is lost. A difference is a fault of mig itself and stops the run. */
static bool check_conservation(struct map_run *run) {
    const struct run_map_report *r = run->report;
    uint64_t out = r->written + r->updated + r->unchanged + r->skipped + r->rejected;
    if (out == r->read) return true;
    diag_report(run->engine->diags, X_NOT_CONSERVED, no_span(),
                "map `%.*s`: %llu rows came in, but %llu are accounted for", STR_ARG(run->map->name),
                (unsigned long long)r->read, (unsigned long long)out);
    return engine_fail(run->engine, RUN_STOPPED);
}

bool map_execute(struct map_run *run) {
    struct map_work *work = memory_zalloc(sizeof *work);
    double started = monotonic_seconds();
    work->run = run;
    work->nth_ordinal = work->position_ordinal = UINT64_MAX;
    run->work = work;
    if (run->mode == MAP_LOAD) work->sample_size = map_sample_size(run);
    work->sample_seed = hash_bytes64(run->index, run->engine->values.run_id.bytes, 16);
    bool good = set_up(work) && run_passes(work) && finish_sink(work);
    if (good && run->mode == MAP_LOAD) good = check_conservation(run);
    if (good && run->mode == MAP_LOAD) run->engine->writes++;
    run->report->seconds = monotonic_seconds() - started;
    run->report->complete = good;
    tear_down(work);
    free(work);
    return good;
}

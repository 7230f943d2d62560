/* Rows that the server refused. Only their ordinals were kept: they are found again by reading the source
 * once more, so that the quarantine has them whole. */
#include "runtime/engine/load_thread.h"
#include "runtime/engine/map_internal.h"
#include "runtime/engine/outcomes.h"

#include <stdlib.h>

struct refused_search {
    struct map_run *loaded; /* the run whose rows were refused */
    const struct load_refused *refused;
    uint32_t count;
};

static int compare_ordinals(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A rejected row counts once, as rejected: the warnings it was accepted with go. */
static void take_back_warnings(struct map_run *loaded, const struct vm *vm, uint32_t row) {
    const struct plan_map *map = loaded->map;
    const struct plan_program *program =
        &loaded->engine->plan->programs[map->grouped ? map->group_program - 1 : map->program];
    loaded->report->warnings -= vm_row_warnings(vm, row);
    for (const struct row_report *r = vm_first_report(vm, row); r; r = vm_next_report(vm, r))
        if (r->kind == OUTCOME_OK) tallies_take_back(loaded->tallies, loaded->report, program, r);
}

static int compare_refused(const void *a, const void *b) {
    const struct load_source *x = &((const struct load_refused *)a)->source;
    const struct load_source *y = &((const struct load_refused *)b)->source;
    if (x->ordinal != y->ordinal) return x->ordinal < y->ordinal ? -1 : 1;
    return (x->nth > y->nth) - (x->nth < y->nth);
}

static bool visit_refused(void *context, struct map_run *run, const struct vm *vm, uint32_t row) {
    struct refused_search *search = context;
    struct map_run *loaded = search->loaded;
    uint64_t ordinal = map_row_ordinal(run, row);
    struct load_refused wanted = {.source = {ordinal, map_visited_nth(run)}};
    const struct load_refused *found =
        bsearch(&wanted, search->refused, search->count, sizeof wanted, compare_refused);
    if (found == NULL) return true;
    take_back_warnings(loaded, vm, row);
    struct str key = map_row_key(run, vm, row, &run->arena);
    if (loaded->crosswalk && key.len) keyed_table_reject(loaded->crosswalk, key);
    struct key_set *rejected = loaded->engine->rejected_rows[loaded->index];
    if (rejected && key_set_add(rejected, str_from((const char *)&ordinal, sizeof ordinal), 0, NULL,
                                loaded->engine->diags) == KEY_SET_FAILED)
        return engine_fail(loaded->engine, RUN_STOPPED);
    loaded->scan = run->scan; /* for the file's name */
    struct row_cells cells;
    struct reject_origin origin = {map_row_place(run, row), ordinal, found->source.nth, true, NULL};
    if (map_row_cells(run, origin.place, false, &run->arena, &cells)) origin.cells = &cells;
    bool good =
        outcomes_add_plain(loaded, origin.place, FAULT_REFUSED, found->message) &&
        (loaded->engine->quarantine == NULL ||
         quarantine_add_plain(loaded->engine->quarantine, loaded, &origin, FAULT_REFUSED, found->message));
    loaded->scan = NULL;
    return good;
}

static void forget_samples(struct engine *engine, uint32_t map, const uint64_t *ordinals, uint32_t count) {
    uint64_t *sample = engine->sampled[map];
    uint32_t kept = 0;
    for (uint32_t i = 0; sample && i < engine->sampled_count[map]; i++)
        if (bsearch(&sample[i], ordinals, count, sizeof *ordinals, compare_ordinals) == NULL)
            sample[kept++] = sample[i];
    if (sample) engine->sampled_count[map] = kept;
}

bool map_refuse_rows(struct map_run *run, const struct load_refused *refused, uint32_t count) {
    struct engine *engine = run->engine;
    struct load_refused *sorted = ARENA_ARRAY(&run->arena, struct load_refused, count);
    struct refused_search search = {run, sorted, count};
    memcpy(sorted, refused, sizeof *sorted * count);
    qsort(sorted, count, sizeof *sorted, compare_refused);
    uint64_t *ordinals = ARENA_ARRAY(&run->arena, uint64_t, count);
    for (uint32_t i = 0; i < count; i++) {
        ordinals[i] = refused[i].source.ordinal;
        run->report->rejected++;
        tallies_count_fault(run->tallies, run->report, FAULT_REFUSED, refused[i].message);
    }
    qsort(ordinals, count, sizeof *ordinals, compare_ordinals);
    forget_samples(engine, run->index, ordinals, count);
    struct run_map_report ignored = {0};
    struct map_run again = {.engine = engine,
                            .map = run->map,
                            .index = run->index,
                            .mode = MAP_SAMPLE,
                            .visit = visit_refused,
                            .visit_context = &search,
                            .report = &ignored};
    again.tallies = tallies_new(engine);
    again.reads_personal = engine->quarantine != NULL;
    again.only_ordinals = ordinals;
    again.only_ordinal_count = count;
    return map_execute(&again);
}

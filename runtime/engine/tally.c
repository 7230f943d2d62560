/* Reasons with counts: why rows were rejected, left out or warned about, by the place in the spec. */
#include "runtime/engine/tolerance.h"

static const char *const SKIP_TEXTS[SKIP_REASON_COUNT] = {
    [SKIPPED_NOT] = "",
    [SKIPPED_WHERE] = "where",
    [SKIPPED_BY_ACTION] = "skip",
    [SKIPPED_PARENT] = "its parent was left out",
    [SKIPPED_DUPLICATE] = "duplicate",
    [SKIPPED_NO_MATCH] = "no match in a join",
    [SKIPPED_EMPTY] = "nothing in the array",
    [SKIPPED_FOLDED] = "folded into its group",
    [SKIPPED_PARTITION] = "another part than the one asked for",
};

const char *tallies_skip_text(enum skip_reason reason) {
    return SKIP_TEXTS[reason];
}

struct tallies {
    struct engine *engine;
};

struct tallies *tallies_new(struct engine *engine) {
    struct tallies *tallies = ARENA_NEW(engine->arena, struct tallies);
    tallies->engine = engine;
    return tallies;
}

static struct run_reason *find_reason(struct run_map_report *map, uint8_t kind, uint8_t skip,
                                      enum fault fault, struct str file, uint32_t line) {
    for (uint32_t i = 0; i < map->reasons.count; i++) {
        struct run_reason *r = &map->reasons.items[i];
        if (r->kind == kind && r->skip_reason == skip && r->fault == fault && r->line == line &&
            str_eq(r->file, file))
            return r;
    }
    return NULL;
}

static struct run_reason *add_reason(struct tallies *tallies, struct run_map_report *map,
                                     struct run_reason reason) {
    VEC_PUSH(tallies->engine->arena, &map->reasons, reason);
    return &map->reasons.items[map->reasons.count - 1];
}

void tallies_count_report(struct tallies *tallies, struct run_map_report *map,
                          const struct plan_program *program, const struct row_report *report) {
    const struct plan *plan = tallies->engine->plan;
    struct plan_span span = {0};
    if (report->instr < program->spans_count) span = program->spans[report->instr];
    uint32_t line;
    struct str file = plan_span_file(plan, &span, &line);
    struct run_reason *reason =
        find_reason(map, report->kind, report->skip_reason, report->fault, file, line);
    if (reason == NULL) {
        struct run_reason fresh = {.kind = report->kind,
                                   .skip_reason = report->skip_reason,
                                   .fault = report->fault,
                                   .file = file,
                                   .line = line};
        fresh.text = line                              ? plan_span_text(plan, &span, tallies->engine->arena)
                     : report->kind == OUTCOME_SKIPPED ? str_cstr(SKIP_TEXTS[report->skip_reason])
                                                       : str_cstr(fault_title(report->fault));
        fresh.example = arena_copy_str(tallies->engine->arena, report->message);
        reason = add_reason(tallies, map, fresh);
    }
    reason->count++;
    if (report->kind == OUTCOME_REJECTED)
        tolerance_count(tallies->engine, map, report->action ? program : NULL, report->action - 1,
                        report->fault, report->message);
}

void tallies_take_back(struct tallies *tallies, struct run_map_report *map,
                       const struct plan_program *program, const struct row_report *report) {
    struct plan_span span = {0};
    if (report->instr < program->spans_count) span = program->spans[report->instr];
    uint32_t line;
    struct str file = plan_span_file(tallies->engine->plan, &span, &line);
    struct run_reason *reason =
        find_reason(map, report->kind, report->skip_reason, report->fault, file, line);
    if (reason == NULL || --reason->count > 0) return;
    for (struct run_reason *last = &map->reasons.items[map->reasons.count - 1]; reason < last; reason++)
        reason[0] = reason[1];
    map->reasons.count--;
}

const char *skip_reason_text(enum skip_reason reason) {
    return SKIP_TEXTS[reason];
}

void tallies_count_skip(struct tallies *tallies, struct run_map_report *map, enum skip_reason skip) {
    struct run_reason *reason = find_reason(map, OUTCOME_SKIPPED, (uint8_t)skip, FAULT_NONE, STR(""), 0);
    if (reason == NULL)
        reason = add_reason(tallies, map,
                            (struct run_reason){.kind = OUTCOME_SKIPPED,
                                                .skip_reason = (uint8_t)skip,
                                                .text = str_cstr(SKIP_TEXTS[skip])});
    reason->count++;
}

static void count_without_line(struct tallies *tallies, struct run_map_report *map, enum outcome kind,
                               enum fault fault, struct str message) {
    struct run_reason *reason = find_reason(map, (uint8_t)kind, 0, fault, STR(""), 0);
    if (reason == NULL)
        reason = add_reason(tallies, map,
                            (struct run_reason){.kind = (uint8_t)kind,
                                                .fault = fault,
                                                .text = str_cstr(fault_title(fault)),
                                                .example = arena_copy_str(tallies->engine->arena, message)});
    reason->count++;
}

void tallies_count_fault(struct tallies *tallies, struct run_map_report *map, enum fault fault,
                         struct str message) {
    tolerance_count(tallies->engine, map, NULL, 0, fault, message);
    count_without_line(tallies, map, OUTCOME_REJECTED, fault, message);
}

void tallies_count_warning(struct tallies *tallies, struct run_map_report *map, enum fault fault,
                           struct str message) {
    count_without_line(tallies, map, OUTCOME_OK, fault, message);
}

/* What tests came to, as a list of items with their places, each once: a function that stands in three maps
 * has three NOTE instructions at one place, and is reached when one of them is. */
#include "runtime/engine/coverage.h"

#include "runtime/engine/engine.h"

#include <stdlib.h>

struct coverage *coverage_new(struct arena *arena, const struct plan *plan) {
    struct coverage *coverage = ARENA_NEW(arena, struct coverage);
    coverage->plan = plan;
    coverage->arena = arena;
    coverage->marks.notes = ARENA_ARRAY(arena, uint8_t *, plan->programs_count + 1);
    coverage->marks.codes = ARENA_ARRAY(arena, uint8_t *, plan->tables_count + 1);
    coverage->duplicates = ARENA_ARRAY(arena, bool, plan->maps_count + 1);
    for (uint32_t i = 0; i < plan->programs_count; i++)
        coverage->marks.notes[i] = ARENA_ARRAY(arena, uint8_t, plan->programs[i].code_count + 1);
    for (uint32_t i = 0; i < plan->tables_count; i++)
        if (plan->tables[i].kind == KEYED_CODES)
            coverage->marks.codes[i] = ARENA_ARRAY(arena, uint8_t, plan->tables[i].codes_count + 1);
    return coverage;
}

void coverage_add_report(struct coverage *coverage, const struct run_report *report) {
    for (uint32_t i = 0; i < report->maps.count; i++) {
        const struct run_map_report *r = report->maps.items[i];
        for (uint32_t m = 0; m < coverage->plan->maps_count; m++) {
            if (!str_eq(coverage->plan->maps[m].name, r->name)) continue;
            for (uint32_t n = 0; n < r->reasons.count; n++)
                coverage->duplicates[m] |= r->reasons.items[n].skip_reason == SKIPPED_DUPLICATE ||
                                           r->reasons.items[n].fault == FAULT_DUPLICATE_KEY;
        }
    }
}

/* ---------------------------------------------------------------- transforms */

static void add_item(struct coverage *coverage, enum coverage_kind kind, const struct plan_span *span,
                     struct str text, bool covered) {
    struct coverage_item item = {.kind = (uint8_t)kind, .covered = covered, .span = *span, .text = text};
    VEC_PUSH(coverage->arena, &coverage->items, item);
}

/* The author's own text: not the standard library's, not a data file's, not the tests themselves. */
static bool is_spec_text(const struct plan *plan, const struct plan_span *span) {
    if (span->file >= plan->files_count || span->end == 0) return false;
    struct str name = plan->files[span->file].name;
    if (str_starts_with(name, STR("std/")) || !str_ends_with(name, STR(".mig"))) return false;
    for (uint32_t i = 0; i < plan->tests_count; i++) {
        const struct plan_span *test = &plan->tests[i].span;
        if (test->file == span->file && test->start <= span->start && span->end <= test->end) return false;
    }
    return true;
}

static void add_notes(struct coverage *coverage) {
    const struct plan *plan = coverage->plan;
    for (uint32_t p = 0; p < plan->programs_count; p++) {
        const struct plan_program *program = &plan->programs[p];
        for (uint32_t i = 0; i < program->code_count; i++)
            if (program->code[i].op == OP_NOTE && is_spec_text(plan, &program->spans[i]))
                add_item(coverage, (enum coverage_kind)program->code[i].imm, &program->spans[i],
                         (struct str){0}, coverage->marks.notes[p][i]);
    }
}

/* Whether two keys stand on one line of a code table: no arrow between them. */
static bool is_same_code_line(const struct plan *plan, const struct plan_code *a, const struct plan_code *b) {
    if (a->span.file != b->span.file || a->value != b->value || b->span.start < a->span.end) return false;
    struct str text = plan->files[a->span.file].text;
    for (uint32_t i = a->span.end; i + 1 < b->span.start && i + 1 < text.len; i++)
        if (text.ptr[i] == '=' && text.ptr[i + 1] == '>') return false;
    return true;
}

static void add_codes(struct coverage *coverage) {
    const struct plan *plan = coverage->plan;
    for (uint32_t t = 0; t < plan->tables_count; t++) {
        const struct plan_keyed_table *table = &plan->tables[t];
        for (uint32_t i = 0; table->kind == KEYED_CODES && i < table->codes_count; i++) {
            const struct plan_code *code = &table->codes[i];
            bool reached = coverage->marks.codes[t][i];
            if (!is_spec_text(plan, &code->span)) continue;
            if (i > 0 && is_same_code_line(plan, &table->codes[i - 1], code)) {
                struct coverage_item *line = &coverage->items.items[coverage->items.count - 1];
                line->covered |= reached;
                line->span.end = code->span.end;
            } else {
                add_item(coverage, COVERAGE_CODE, &code->span, (struct str){0}, reached);
            }
        }
    }
}

/* `on duplicate` at key and unique by is the engine's: no instruction stands there. */
static void add_clauses(struct coverage *coverage) {
    const struct plan *plan = coverage->plan;
    for (uint32_t m = 0; m < plan->maps_count; m++) {
        const struct plan_span *span = &plan->maps[m].on_duplicate.span;
        if (!is_spec_text(plan, span)) continue;
        if (str_starts_with(plan_span_text(plan, span, coverage->arena), STR("on duplicate")))
            add_item(coverage, COVERAGE_HANDLER, span, (struct str){0}, coverage->duplicates[m]);
    }
}

/* ---------------------------------------------------------------- mapping */

static void add_target_columns(struct coverage *coverage, const struct plan_map *map) {
    if (map->target_table == 0) return;
    const struct plan_target_table *table = &coverage->plan->target.tables[map->target_table - 1];
    for (uint32_t c = 0; c < table->columns_count; c++) {
        const struct plan_target_column *column = &table->columns[c];
        bool covered = column->has_default || column->generated || column->identity;
        for (uint32_t i = 0; i < map->columns_count; i++)
            covered |= map->columns[i] == c;
        for (uint32_t i = 0; i < map->ignored_count; i++)
            covered |= map->ignored[i] == c;
        struct str text = arena_printf(coverage->arena, "%.*s.%.*s in map %.*s", STR_ARG(table->name),
                                       STR_ARG(column->name), STR_ARG(map->name));
        add_item(coverage, COVERAGE_TARGET_COLUMN, &map->span, text, covered);
    }
}

/* Which columns of one source table programs read. */
struct column_reads {
    const struct plan *plan;
    uint32_t source, table;
    bool *read;
};

static void read_by_program(struct column_reads *reads, uint32_t program) {
    const struct plan_program *p = &reads->plan->programs[program];
    uint32_t count = reads->plan->sources[reads->source].tables[reads->table].columns_count;
    for (uint32_t i = 0; i < p->slots_count; i++)
        if (p->slots[i].kind == SLOT_CELL && p->slots[i].column < count)
            reads->read[p->slots[i].column] = true;
}

static void read_by_map(struct column_reads *reads, const struct plan_map *map) {
    if (map->from_kind != FROM_SOURCE || map->source != reads->source || map->source_table != reads->table)
        return;
    read_by_program(reads, map->program);
    for (uint32_t i = 0; i < map->stages_count; i++)
        read_by_program(reads, map->stages[i].program);
}

static void add_source_columns(struct coverage *coverage, uint32_t source, uint32_t index) {
    const struct plan *plan = coverage->plan;
    const struct plan_source_table *table = &plan->sources[source].tables[index];
    struct column_reads reads = {plan, source, index,
                                 ARENA_ARRAY(coverage->arena, bool, table->columns_count + 1)};
    for (uint32_t m = 0; m < plan->maps_count; m++)
        read_by_map(&reads, &plan->maps[m]);
    for (uint32_t m = 0; m < plan->check_maps_count; m++)
        read_by_map(&reads, &plan->check_maps[m]);
    for (uint32_t t = 0; t < plan->tables_count; t++) {
        const struct plan_keyed_table *keyed = &plan->tables[t];
        if (keyed->kind == KEYED_SOURCE && keyed->source == source && keyed->table == index && keyed->program)
            read_by_program(&reads, keyed->program - 1);
    }
    for (uint32_t c = 0; c < table->columns_count; c++) {
        const struct plan_source_column *column = &table->columns[c];
        struct str text =
            arena_printf(coverage->arena, "%.*s%s%.*s.%.*s", STR_ARG(plan->sources[source].name),
                         table->name.len ? "." : "", STR_ARG(table->name), STR_ARG(column->name));
        /* Columns that come from DDL have no line in the spec. */
        const struct plan_span *span = column->span.end ? &column->span : &plan->sources[source].span;
        add_item(coverage, COVERAGE_SOURCE_COLUMN, span, text, reads.read[c] || column->ignored);
    }
}

static void add_mapping(struct coverage *coverage) {
    const struct plan *plan = coverage->plan;
    for (uint32_t m = 0; m < plan->maps_count; m++)
        add_target_columns(coverage, &plan->maps[m]);
    for (uint32_t s = 0; s < plan->sources_count; s++)
        for (uint32_t t = 0; t < plan->sources[s].tables_count; t++)
            add_source_columns(coverage, s, t);
}

/* ---------------------------------------------------------------- each item once */

static int compare_items(const void *left, const void *right) {
    const struct coverage_item *a = left, *b = right;
    if (a->span.file != b->span.file) return a->span.file < b->span.file ? -1 : 1;
    if (a->span.start != b->span.start) return a->span.start < b->span.start ? -1 : 1;
    if (a->span.end != b->span.end) return a->span.end < b->span.end ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return str_compare(a->text, b->text);
}

/* Files and lines of sorted items, in one walk over each text. */
static void place_items(struct coverage *coverage) {
    const struct plan *plan = coverage->plan;
    uint32_t file = UINT32_MAX, at = 0, line = 1;
    for (uint32_t i = 0; i < coverage->items.count; i++) {
        struct coverage_item *item = &coverage->items.items[i];
        if (item->span.file >= plan->files_count) continue;
        if (item->span.file != file) {
            file = item->span.file;
            at = 0;
            line = 1;
        }
        struct str text = plan->files[file].text;
        for (; at < item->span.start && at < text.len; at++)
            line += text.ptr[at] == '\n';
        item->file = plan->files[file].name;
        item->line = line;
        if (item->text.len == 0) item->text = plan_span_text(plan, &item->span, coverage->arena);
    }
}

void coverage_finish(struct coverage *coverage) {
    add_notes(coverage);
    add_codes(coverage);
    add_clauses(coverage);
    add_mapping(coverage);
    struct coverage_item *items = coverage->items.items;
    uint32_t count = coverage->items.count, kept = 0;
    if (count) qsort(items, count, sizeof *items, compare_items);
    for (uint32_t i = 0; i < count; i++) {
        if (kept && compare_items(&items[kept - 1], &items[i]) == 0)
            items[kept - 1].covered |= items[i].covered;
        else
            items[kept++] = items[i];
    }
    coverage->items.count = kept;
    place_items(coverage);
    for (uint32_t i = 0; i < kept; i++) {
        struct coverage_count *sum =
            items[i].kind >= COVERAGE_TARGET_COLUMN ? &coverage->mapping : &coverage->transform;
        sum->total++;
        sum->covered += items[i].covered;
        coverage->kinds[items[i].kind].total++;
        coverage->kinds[items[i].kind].covered += items[i].covered;
    }
}

uint32_t coverage_percent(struct coverage_count count) {
    return count.total == 0 ? 100 : (uint32_t)((uint64_t)count.covered * 100 / count.total);
}

const char *coverage_kind_name(enum coverage_kind kind) {
    static const char *const NAMES[COVERAGE_KIND_COUNT] = {
        [COVERAGE_LINE] = "line",
        [COVERAGE_BRANCH] = "branch",
        [COVERAGE_HANDLER] = "handler",
        [COVERAGE_VALIDATION] = "validation",
        [COVERAGE_FUNCTION] = "function",
        [COVERAGE_CODE] = "code line",
        [COVERAGE_TARGET_COLUMN] = "target column",
        [COVERAGE_SOURCE_COLUMN] = "source column",
    };
    return NAMES[kind];
}

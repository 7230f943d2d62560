/* Two lists of facts side by side. */
#include "compiler/compare/compare.h"
#include "compiler/compare/facts.h"
#include "compiler/syntax/parse.h"

#include <stdlib.h>

static const char *const CLASS_NAMES[] = {"cosmetic", "widening", "behaviour", "rollback", "key", "breaking"};

const char *compare_class_name(enum compare_class class) {
    return CLASS_NAMES[class];
}

bool compare_class_find(struct str name, enum compare_class *class) {
    for (int i = 0; i < COMPARE_CLASS_COUNT; i++)
        if (str_is(name, CLASS_NAMES[i])) {
            *class = (enum compare_class)i;
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------ facts by their places */

struct comparison {
    struct arena *arena;
    struct facts before, after; /* sorted by place */
    uint8_t *part_class;        /* of each fact of `after`: the gravest class among those made from it */
    struct compare_result *result;
};

static int by_place(const void *a, const void *b) {
    const struct fact *x = a, *y = b;
    int order = str_compare(x->place, y->place);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static struct fact *find_fact(const struct facts *facts, struct str place) {
    uint32_t low = 0, high = facts->list.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (str_compare(facts->list.items[middle].place, place) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < facts->list.count && str_eq(facts->list.items[low].place, place) ? &facts->list.items[low]
                                                                                  : NULL;
}

/* Sorts by place; facts of one place (a repeated clause) become one. */
static void sort_facts(struct facts *facts) {
    if (facts->list.count == 0) return;
    if (facts->list.count) qsort(facts->list.items, facts->list.count, sizeof *facts->list.items, by_place);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < facts->list.count; i++) {
        struct fact *fact = &facts->list.items[i], *last = &facts->list.items[kept - 1];
        if (!str_eq(fact->place, last->place)) {
            facts->list.items[kept++] = *fact;
            continue;
        }
        last->text = arena_printf(facts->arena, "%.*s\n%.*s", STR_ARG(last->text), STR_ARG(fact->text));
        last->signature =
            arena_printf(facts->arena, "%.*s %.*s", STR_ARG(last->signature), STR_ARG(fact->signature));
    }
    facts->list.count = kept;
}

static bool collect(struct comparison *comparison, struct facts *facts, const struct plan *plan,
                    struct diag_list *diags) {
    *facts = (struct facts){.arena = comparison->arena, .plan = plan};
    for (uint32_t i = 0; i < plan->files_count; i++) {
        /* The spec, then modules and the files of code tables, whose pairs stand in the plan. */
        if (i > 0 && !str_ends_with(plan->files[i].name, STR(".mig"))) continue;
        const struct source_text *text =
            source_text_new(comparison->arena, plan->files[i].name, plan->files[i].text);
        struct ast_file *file = parse_file(comparison->arena, text, diags);
        if (file->has_errors) return false;
        VEC_PUSH(comparison->arena, &facts->files, file);
    }
    facts_collect_declarations(facts);
    facts_collect_target(facts);
    sort_facts(facts);
    return true;
}

/* ------------------------------------------------------------------ what a fact is made from */

static bool is_changed(const struct comparison *comparison, const struct fact *after) {
    const struct fact *before = find_fact(&comparison->before, after->place);
    return before == NULL || !str_eq(before->signature, after->signature);
}

/* The last part of a place: "let project" of "map tasks, let project". */
static struct str short_place(struct str place) {
    const char *comma = place.len ? memrchr(place.ptr, ',', place.len) : NULL;
    size_t skipped = comma && comma + 2 <= place.ptr + place.len ? (size_t)(comma + 2 - place.ptr) : 0;
    return str_from(place.ptr + skipped, place.len - skipped);
}

struct reach {
    VEC(struct fact *) found; /* everything that the fact is made from, itself first */
};

static void follow(struct comparison *comparison, struct fact *fact, struct reach *reach) {
    fact->reached = true;
    VEC_PUSH(comparison->arena, &reach->found, fact);
    for (uint32_t i = 0; i < reach->found.count; i++) {
        const struct fact *user = reach->found.items[i];
        for (uint32_t u = 0; u < user->uses.count; u++) {
            struct fact *used = find_fact(&comparison->after, user->uses.items[u]);
            if (used == NULL || used->reached) continue;
            used->reached = true;
            VEC_PUSH(comparison->arena, &reach->found, used);
        }
    }
    for (uint32_t i = 0; i < reach->found.count; i++)
        reach->found.items[i]->reached = false;
}

/* What changed among the things that the fact is made from; *makes_ids: ids are among what it makes of them.
 */
static struct str changed_parts(struct comparison *comparison, const struct reach *reach, bool *makes_ids) {
    struct str names = {0};
    *makes_ids = reach->found.items[0]->identity.len > 0;
    for (uint32_t i = 1; i < reach->found.count; i++) {
        const struct fact *part = reach->found.items[i];
        if (part->identity.len) *makes_ids = true;
        if (!is_changed(comparison, part)) continue;
        names = arena_printf(comparison->arena, "%.*s%s%.*s", STR_ARG(names), names.len ? ", " : "",
                             STR_ARG(short_place(part->place)));
    }
    return names;
}

static void raise_parts(struct comparison *comparison, const struct reach *reach, enum compare_class class) {
    for (uint32_t i = 1; i < reach->found.count; i++) {
        size_t index = (size_t)(reach->found.items[i] - comparison->after.list.items);
        if (comparison->part_class[index] < class) comparison->part_class[index] = (uint8_t) class;
    }
}

/* ------------------------------------------------------------------ changes */

static void add_change(struct comparison *comparison, struct compare_change change) {
    VEC_PUSH(comparison->arena, &comparison->result->changes, change);
    comparison->result->counts[change.class]++;
}

static enum compare_class class_of_change(const struct fact *before, const struct fact *after,
                                          bool ids_change) {
    switch ((enum fact_kind)after->kind) {
    case FACT_TYPE: return narrowing_of_type(before->signature, after->signature);
    case FACT_COLUMN: return narrowing_of_column(before->signature, after->signature);
    case FACT_TOLERANCE: return narrowing_of_tolerance(before->signature, after->signature);
    case FACT_PLAIN:
    case FACT_HELPER: break;
    }
    bool is_key = ids_change || !str_eq(before->identity, after->identity);
    return is_key && after->changed < COMPARE_KEY ? COMPARE_KEY : (enum compare_class)after->changed;
}

static void compare_fact(struct comparison *comparison, const struct fact *before, struct fact *after) {
    struct reach reach = {0};
    bool makes_ids, own = !str_eq(before->signature, after->signature);
    follow(comparison, after, &reach);
    struct str through = changed_parts(comparison, &reach, &makes_ids);
    if (!own && through.len == 0) return;
    enum compare_class class = class_of_change(before, after, through.len && makes_ids);
    raise_parts(comparison, &reach, class);
    if (after->kind == FACT_HELPER) return; /* told once it is known what it changes */
    add_change(comparison, (struct compare_change){.class = class,
                                                   .place = after->place,
                                                   .old_text = before->text,
                                                   .new_text = after->text,
                                                   .through = through});
}

static void compare_helper(struct comparison *comparison, const struct fact *before,
                           const struct fact *after) {
    if (after->kind != FACT_HELPER || str_eq(before->signature, after->signature)) return;
    size_t index = (size_t)(after - comparison->after.list.items);
    add_change(comparison, (struct compare_change){.class = (enum compare_class)comparison->part_class[index],
                                                   .place = after->place,
                                                   .old_text = before->text,
                                                   .new_text = after->text});
}

/* What is a part of something new or gone goes without saying. */
static bool is_told_by_parent(const struct fact *fact, const struct facts *other) {
    return fact->parent.len && find_fact(other, fact->parent) == NULL;
}

static void compare_facts(struct comparison *comparison) {
    struct facts *before = &comparison->before, *after = &comparison->after;
    for (uint32_t i = 0; i < after->list.count; i++) {
        struct fact *fact = &after->list.items[i];
        const struct fact *old = find_fact(before, fact->place);
        if (old)
            compare_fact(comparison, old, fact);
        else if (!is_told_by_parent(fact, before))
            add_change(comparison, (struct compare_change){.class = fact->kind == FACT_HELPER
                                                                        ? COMPARE_COSMETIC
                                                                        : (enum compare_class)fact->added,
                                                           .place = fact->place,
                                                           .added = true,
                                                           .new_text = fact->text});
    }
    for (uint32_t i = 0; i < after->list.count; i++) {
        const struct fact *old = find_fact(before, after->list.items[i].place);
        if (old) compare_helper(comparison, old, &after->list.items[i]);
    }
    for (uint32_t i = 0; i < before->list.count; i++) {
        const struct fact *fact = &before->list.items[i];
        if (find_fact(after, fact->place) || is_told_by_parent(fact, after)) continue;
        add_change(comparison, (struct compare_change){.class = fact->kind == FACT_HELPER
                                                                    ? COMPARE_COSMETIC
                                                                    : (enum compare_class)fact->removed,
                                                       .place = fact->place,
                                                       .removed = true,
                                                       .old_text = fact->text});
    }
}

/* ------------------------------------------------------------------ the whole */

static bool same_files(const struct plan *before, const struct plan *after) {
    if (before->files_count != after->files_count) return false;
    for (uint32_t i = 0; i < before->files_count; i++)
        if (!str_eq(before->files[i].text, after->files[i].text)) return false;
    return true;
}

static int gravest_first(const void *a, const void *b) {
    const struct compare_change *x = a, *y = b;
    if (x->class != y->class) return x->class > y->class ? -1 : 1;
    return str_compare(x->place, y->place);
}

bool compare_plans(struct arena *arena, const struct plan *before, const struct plan *after,
                   struct compare_result *result, struct diag_list *diags) {
    struct comparison comparison = {.arena = arena, .result = result};
    *result = (struct compare_result){0};
    if (!collect(&comparison, &comparison.before, before, diags)) return false;
    if (!collect(&comparison, &comparison.after, after, diags)) return false;
    comparison.part_class = ARENA_ARRAY(arena, uint8_t, comparison.after.list.count + 1);
    compare_facts(&comparison);
    if (result->changes.count == 0 && !same_files(before, after))
        add_change(&comparison, (struct compare_change){.place = STR("layout, comments or documentation")});
    if (result->changes.count)
        qsort(result->changes.items, result->changes.count, sizeof *result->changes.items, gravest_first);
    return true;
}

/* The plan under construction: constants and patterns once each, spans as places in files, and at the end the
 * lists moved into the plan. */
#include "compiler/emit/emit.h"
#include "runtime/base/hash.h"

/* Finds equal items by a hash of what they are; the items themselves stand in the builder's lists. */
struct intern_entry {
    uint64_t hash;
    uint32_t index; /* in the list */
    uint32_t next;  /* entry + 1 in the same bucket */
};
struct intern_table {
    VEC(struct intern_entry) entries;
    uint32_t *buckets; /* entry + 1 */
    uint32_t mask;     /* buckets - 1; 0: none yet */
};

struct builder {
    struct plan_builder shared; /* first: the address of the builder */
    struct intern_table consts, patterns;
};

struct plan_builder *plan_builder_new(struct arena *arena, struct diag_list *diags) {
    struct builder *builder = ARENA_NEW(arena, struct builder);
    builder->shared.arena = arena;
    builder->shared.diags = diags;
    return &builder->shared;
}

static void intern_grow(struct arena *arena, struct intern_table *table) {
    if (table->mask != 0 && table->entries.count <= table->mask) return;
    uint32_t buckets = table->mask == 0 ? 64 : 2 * (table->mask + 1);
    table->mask = buckets - 1;
    table->buckets = ARENA_ARRAY(arena, uint32_t, buckets);
    for (uint32_t i = 0; i < table->entries.count; i++) {
        struct intern_entry *entry = &table->entries.items[i];
        entry->next = table->buckets[entry->hash & table->mask];
        table->buckets[entry->hash & table->mask] = i + 1;
    }
}

static void intern_add(struct arena *arena, struct intern_table *table, uint64_t hash, uint32_t index) {
    intern_grow(arena, table);
    struct intern_entry entry = {hash, index, table->buckets[hash & table->mask]};
    VEC_PUSH(arena, &table->entries, entry);
    table->buckets[hash & table->mask] = table->entries.count;
}

/* The next entry with this hash after `from` (0: the first), as entry + 1; 0: none. */
static uint32_t intern_next(const struct intern_table *table, uint64_t hash, uint32_t from) {
    if (table->mask == 0) return 0;
    uint32_t at = from ? table->entries.items[from - 1].next : table->buckets[hash & table->mask];
    while (at != 0 && table->entries.items[at - 1].hash != hash)
        at = table->entries.items[at - 1].next;
    return at;
}

static uint64_t hash_type(uint64_t seed, struct plan_type type) {
    seed = hash_u64(seed, (uint64_t)type.kind << 16 | (uint64_t)type.element << 8);
    return hash_u64(seed, type.ref);
}

uint32_t plan_builder_const(struct plan_builder *shared, struct plan_type type, const struct value *value) {
    struct builder *builder = (struct builder *)shared;
    bool is_null = value->kind == TYPE_NULL;
    struct str text = plan_const_text(shared->arena, shared->enums.items, type, value);
    uint64_t hash = hash_bytes64(hash_type(is_null, type), text.ptr, text.len);
    for (uint32_t at = 0; (at = intern_next(&builder->consts, hash, at)) != 0;) {
        uint32_t index = builder->consts.entries.items[at - 1].index;
        const struct plan_const *there = &shared->consts.items[index];
        if (plan_type_same(there->type, type) && there->is_null == is_null && str_eq(there->text, text))
            return index;
    }
    struct plan_const constant = {.type = type, .is_null = is_null, .text = text};
    constant.type.nullable = is_null;
    intern_add(shared->arena, &builder->consts, hash, shared->consts.count);
    VEC_PUSH(shared->arena, &shared->consts, constant);
    return shared->consts.count - 1;
}

uint32_t plan_builder_pattern(struct plan_builder *shared, enum plan_pattern_kind kind, enum type_kind type,
                              struct str text) {
    struct builder *builder = (struct builder *)shared;
    uint64_t hash = hash_bytes64((uint64_t)kind << 8 | type, text.ptr, text.len);
    for (uint32_t at = 0; (at = intern_next(&builder->patterns, hash, at)) != 0;) {
        uint32_t index = builder->patterns.entries.items[at - 1].index;
        const struct plan_pattern *there = &shared->patterns.items[index];
        if (there->kind == kind && there->type == type && str_eq(there->text, text)) return index;
    }
    struct plan_pattern pattern = {
        .kind = (uint8_t)kind, .type = (uint8_t)type, .text = arena_copy_str(shared->arena, text)};
    intern_add(shared->arena, &builder->patterns, hash, shared->patterns.count);
    VEC_PUSH(shared->arena, &shared->patterns, pattern);
    return shared->patterns.count - 1;
}

uint32_t plan_builder_file(struct plan_builder *builder, const struct source_text *source) {
    for (uint32_t i = 0; i < builder->sources_of_files.count; i++)
        if (builder->sources_of_files.items[i] == source) return i;
    struct plan_file file = {.name = source->name, .text = source->text};
    VEC_PUSH(builder->arena, &builder->files, file);
    VEC_PUSH(builder->arena, &builder->sources_of_files, source);
    return builder->files.count - 1;
}

struct plan_span plan_builder_span(struct plan_builder *builder, struct span span) {
    struct plan_span place = {0};
    if (span.source == NULL) return place;
    place.file = plan_builder_file(builder, span.source);
    place.start = span.start;
    place.end = span.end < span.start ? span.start : span.end;
    return place;
}

#define MOVE(to, from)                                                                                       \
    do {                                                                                                     \
        plan->to = builder->from.items;                                                                      \
        plan->to##_count = builder->from.count;                                                              \
    } while (0)

struct plan *plan_builder_finish(struct plan_builder *builder) {
    struct plan *plan = &builder->plan;
    MOVE(consts, consts);
    MOVE(patterns, patterns);
    MOVE(programs, programs);
    MOVE(tables, tables);
    MOVE(enums, enums);
    MOVE(params, params);
    MOVE(externs, externs);
    MOVE(sources, sources);
    MOVE(target.tables, target_tables);
    MOVE(maps, maps);
    MOVE(check_maps, check_maps);
    MOVE(checks, checks);
    MOVE(tests, tests);
    MOVE(environments, environments);
    MOVE(phases, phases);
    MOVE(files, files);
    return plan;
}

/* The facts of the target's tables that the plan was made against. */
#include "compiler/compare/facts.h"

static void add_column(struct facts *facts, struct str table, const struct plan_target_column *column) {
    struct str name = arena_printf(facts->arena, "column %.*s", STR_ARG(column->name));
    bool must_be_given = column->not_null && !column->has_default && !column->generated && !column->identity;
    struct str text =
        arena_printf(facts->arena, "%.*s%s%s", STR_ARG(column->pg_type), column->not_null ? " not null" : "",
                     column->has_default ? " default" : "");
    struct fact *fact = facts_add_part(facts, table, name.ptr, text, COMPARE_BREAKING);
    fact->kind = FACT_COLUMN;
    fact->signature = text;
    fact->added = must_be_given ? COMPARE_BREAKING : COMPARE_WIDENING;
    struct str place = fact->place;
    if (column->generated || column->identity) {
        struct str how = column->generated       ? STR("generated")
                         : column->identity == 1 ? STR("identity")
                                                 : STR("identity always");
        facts_put_text(facts, facts_add_part(facts, place, "filled by the database", how, COMPARE_BEHAVIOUR),
                       how);
    }
}

static void add_key(struct facts *facts, struct str place, const struct plan_target_table *table,
                    const struct plan_target_key *key) {
    struct str columns = {0};
    for (uint32_t i = 0; i < key->columns_count; i++)
        columns = arena_printf(facts->arena, "%.*s%s%.*s", STR_ARG(columns), i ? ", " : "",
                               STR_ARG(table->columns[key->columns[i]].name));
    struct str name =
        arena_printf(facts->arena, "%s (%.*s)", key->primary ? "primary key" : "unique", STR_ARG(columns));
    struct fact *fact = facts_add_part(facts, place, name.ptr, columns, COMPARE_KEY);
    facts_put_text(facts, fact, key->deferrable ? STR("deferrable") : STR(""));
}

static void add_reference(struct facts *facts, struct str place, const struct plan_target_table *table,
                          const struct plan_target_fk *fk) {
    struct str columns = {0};
    for (uint32_t i = 0; i < fk->columns_count; i++)
        columns = arena_printf(facts->arena, "%.*s%s%.*s", STR_ARG(columns), i ? ", " : "",
                               STR_ARG(table->columns[fk->columns[i]].name));
    struct str name = arena_printf(facts->arena, "foreign key (%.*s)", STR_ARG(columns));
    struct str text = arena_printf(facts->arena, "references %.*s.%.*s%s", STR_ARG(fk->ref_schema),
                                   STR_ARG(fk->ref_table), fk->deferrable ? " deferrable" : "");
    struct fact *fact = facts_add_part(facts, place, name.ptr, text, COMPARE_BEHAVIOUR);
    fact->removed = COMPARE_WIDENING;
    facts_put_text(facts, fact, text);
}

static void add_labels(struct facts *facts) {
    for (uint32_t e = 0; e < facts->plan->enums_count; e++) {
        const struct plan_enum *type = &facts->plan->enums[e];
        struct str place =
            arena_printf(facts->arena, "target type %.*s.%.*s", STR_ARG(type->schema), STR_ARG(type->name));
        facts_add(facts, place, type->name, COMPARE_BEHAVIOUR, COMPARE_WIDENING, COMPARE_BREAKING);
        for (uint32_t i = 0; i < type->labels_count; i++) {
            struct str name = arena_printf(facts->arena, "label %.*s", STR_ARG(type->labels[i].text));
            struct fact *fact =
                facts_add_part(facts, place, name.ptr, type->labels[i].text, COMPARE_BEHAVIOUR);
            fact->added = COMPARE_WIDENING;
            fact->removed = COMPARE_BREAKING;
        }
    }
}

void facts_collect_target(struct facts *facts) {
    add_labels(facts);
    for (uint32_t t = 0; t < facts->plan->target.tables_count; t++) {
        const struct plan_target_table *table = &facts->plan->target.tables[t];
        struct str place = arena_printf(facts->arena, "target table %.*s.%.*s", STR_ARG(table->schema),
                                        STR_ARG(table->name));
        struct fact *fact =
            facts_add(facts, place, table->name, COMPARE_BEHAVIOUR, COMPARE_WIDENING, COMPARE_BREAKING);
        facts_put_text(facts, fact, arena_printf(facts->arena, "row level security %u", table->rls));
        fact->text = arena_printf(facts->arena, "row level security %s",
                                  table->rls == 0   ? "off"
                                  : table->rls == 1 ? "on"
                                                    : "forced");
        for (uint32_t i = 0; i < table->columns_count; i++)
            add_column(facts, place, &table->columns[i]);
        for (uint32_t i = 0; i < table->keys_count; i++)
            add_key(facts, place, table, &table->keys[i]);
        for (uint32_t i = 0; i < table->fks_count; i++)
            add_reference(facts, place, table, &table->fks[i]);
    }
}

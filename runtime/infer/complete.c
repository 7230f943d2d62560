/* What is still missing when columns and references are known: ids, values that come through a reference,
 * keys of several parts, and what must have a value although no source has it. */
#include "runtime/infer/model.h"

/* ---------------------------------------------------------------- derived tables */

/* A table made from one column: its name is that column, its slug is made of it. */
static void fill_derived(struct infer_model *model, struct infer_table *table) {
    uint32_t must = 0;
    for (uint32_t c = 0; c < table->table->columns.count; c++)
        must += table->table->columns.items[c].type.kind == TYPE_TEXT &&
                infer_must_have(&table->table->columns.items[c]);
    for (uint32_t c = 0; c < table->table->columns.count; c++) {
        const struct schema_column *column = &table->table->columns.items[c];
        struct words words = words_split(model->arena, column->name);
        bool named = words_has(&words, "name") || words_has(&words, "title") || words_has(&words, "label") ||
                     words_has(&words, "code") || words_has(&words, "slug");
        if (column->type.kind != TYPE_TEXT || column->generated) continue;
        if (!named && !(must == 1 && infer_must_have(column))) continue;
        table->values[c] = (struct infer_value){.origin = ORIGIN_COLUMN,
                                                .column = table->keys[0],
                                                .score = 0.6,
                                                .why = STR("the table is made from this column")};
    }
}

/* ---------------------------------------------------------------- through a reference */

/* A tenant's id in a task is that of the task's project. */
static void fill_through(struct infer_model *model, uint32_t t, uint32_t column, uint32_t fk) {
    struct infer_table *table = &model->tables[t];
    struct infer_value value = {.origin = ORIGIN_THROUGH, .score = 0.7};
    const struct schema_column *wanted = &table->table->columns.items[column];
    uint32_t referred = infer_table_index(model, &table->table->fks.items[fk]);
    for (uint32_t d = 0; d < table->table->columns.count && value.through_count < 4; d++) {
        const struct infer_value *by = &table->values[d];
        if (by->origin != ORIGIN_REFERENCE || by->table == t) continue;
        const struct infer_table *parent = &model->tables[by->table];
        int at = schema_find_column(parent->table, wanted->name);
        uint32_t other;
        if (at < 0 || !infer_is_fk(parent->table, (uint32_t)at, &other)) continue;
        if (infer_table_index(model, &parent->table->fks.items[other]) != referred) continue;
        if (parent->values[at].origin == ORIGIN_NOTHING) continue;
        if (!by->partial) value.through_count = 0;
        value.through[value.through_count++] = d;
        if (!by->partial) break;
    }
    if (value.through_count) table->values[column] = value;
}

static void fill_all_through(struct infer_model *model) {
    for (uint32_t round = 0; round < 4; round++)
        for (uint32_t t = 0; t < model->table_count; t++) {
            struct infer_table *table = &model->tables[t];
            for (uint32_t c = 0; table->source != INFER_NONE && c < table->table->columns.count; c++) {
                uint32_t fk;
                if (table->values[c].origin == ORIGIN_NOTHING && infer_is_fk(table->table, c, &fk))
                    fill_through(model, t, c, fk);
            }
        }
}

/* ---------------------------------------------------------------- keys of several parts */

static bool take_composite(struct infer_table *table, const struct schema_key *key) {
    if (key->columns.count < 2 || key->columns.count > 8 || key->partial) return false;
    for (uint32_t i = 0; i < key->columns.count; i++) {
        const struct infer_value *value = &table->values[key->columns.items[i]];
        if (value->origin != ORIGIN_COLUMN && value->origin != ORIGIN_REFERENCE) return false;
        table->keys[i] = value->column;
    }
    table->key_count = key->columns.count;
    return true;
}

/* A single column that a key takes its value from, by a reference. */
static bool take_single(struct infer_table *table, const struct schema_key *key) {
    if (key->columns.count != 1 || key->partial) return false;
    const struct infer_value *value = &table->values[key->columns.items[0]];
    if (value->origin != ORIGIN_COLUMN && value->origin != ORIGIN_REFERENCE && value->origin != ORIGIN_LOOKUP)
        return false;
    table->keys[0] = value->column;
    table->key_count = 1;
    table->key_text = true;
    table->key_folded = true;
    return true;
}

static void choose_composite(struct infer_table *table) {
    for (uint32_t k = 0; k < table->table->keys.count && table->key_count == 0; k++)
        if (!take_composite(table, &table->table->keys.items[k]))
            take_single(table, &table->table->keys.items[k]);
}

/* ---------------------------------------------------------------- ids and inventions */

static void fill_primary(const struct infer_model *model, struct infer_table *table, uint32_t column) {
    struct infer_value *value = &table->values[column];
    enum type_kind kind = table->table->columns.items[column].type.kind;
    const struct infer_column *key =
        table->key_count == 1 ? &model->sources[table->source].columns[table->keys[0]] : NULL;
    if (key && (kind == TYPE_INT || kind == TYPE_TEXT) && infer_content(table->table, column, key) > 0.4)
        *value = (struct infer_value){.origin = ORIGIN_COLUMN,
                                      .column = table->keys[0],
                                      .score = 0.6,
                                      .why = STR("it identifies a row")};
    else if (kind == TYPE_UUID)
        *value = (struct infer_value){.origin = ORIGIN_UUID, .score = 0.9};
    else if (!infer_has_default(&table->table->columns.items[column]) &&
             (kind == TYPE_INT || kind == TYPE_TEXT))
        *value = (struct infer_value){.origin = ORIGIN_ROW, .score = 0.2};
}

static bool is_left(const struct infer_table *table, uint32_t x) {
    for (uint32_t c = 0; c < table->table->columns.count; c++)
        if ((table->values[c].origin == ORIGIN_COLUMN || table->values[c].origin == ORIGIN_REFERENCE) &&
            table->values[c].column == x)
            return false;
    for (uint32_t k = 0; k < table->key_count; k++)
        if (table->keys[k] == x) return false;
    return true;
}

/* No two rows may have the same text: the first short column whose values differ, or else the row's number.
 */
static void fill_unique(const struct infer_model *model, struct infer_table *table, uint32_t column) {
    enum { LONGEST = 60 };
    const struct infer_source *source = &model->sources[table->source];
    struct infer_value *value = &table->values[column];
    *value = (struct infer_value){.origin = ORIGIN_ROW, .score = 0.2};
    for (uint32_t x = 0; x < source->column_count && value->origin == ORIGIN_ROW; x++) {
        const struct column_profile *profile = source->columns[x].profile;
        bool fits = profile->values == profile->rows && !profile->nested && profile->length_max <= LONGEST &&
                    column_is_unique(profile) && column_type(profile)->kind == GUESS_TEXT;
        if (!fits || !is_left(table, x)) continue;
        *value = (struct infer_value){
            .origin = ORIGIN_COLUMN,
            .column = x,
            .score = 0.3,
            .why = STR("REVIEW: no two rows may have the same, and this column's values differ")};
    }
}

/* The one column that is left and can fill it. */
static bool fill_leftover(const struct infer_model *model, struct infer_table *table, uint32_t column) {
    const struct infer_source *source = &model->sources[table->source];
    uint32_t found = INFER_NONE, count = 0;
    for (uint32_t x = 0; x < source->column_count; x++) {
        if (!is_left(table, x) || source->columns[x].profile->values == 0) continue;
        if (infer_content(table->table, column, &source->columns[x]) < 0.5) continue;
        found = x;
        count++;
    }
    if (count != 1) return false;
    table->values[column] = (struct infer_value){.origin = ORIGIN_COLUMN,
                                                 .column = found,
                                                 .score = 0.4,
                                                 .why = STR("the only column left that could fill it")};
    return true;
}

static void fill_rest(const struct infer_model *model, struct infer_table *table) {
    for (uint32_t c = 0; c < table->table->columns.count; c++) {
        const struct schema_column *column = &table->table->columns.items[c];
        uint32_t fk;
        if (table->values[c].origin != ORIGIN_NOTHING || column->generated || column->identity == 2) continue;
        if (infer_is_primary(table->table, c) && !infer_is_fk(table->table, c, &fk))
            fill_primary(model, table, c);
        if (table->values[c].origin == ORIGIN_NOTHING && infer_must_have(column) &&
            !infer_is_fk(table->table, c, &fk) && !fill_leftover(model, table, c)) {
            table->values[c] = (struct infer_value){.origin = ORIGIN_INVENTED};
            if (column->type.kind == TYPE_TEXT && infer_is_unique(table->table, c) && !table->elements)
                fill_unique(model, table, c);
        }
    }
}

/* A reference that must be there and cannot be made: the table cannot be filled. */
static void drop_impossible(struct infer_model *model, struct infer_table *table) {
    for (uint32_t c = 0; c < table->table->columns.count && !table->dropped; c++) {
        const struct schema_column *column = &table->table->columns.items[c];
        if (table->values[c].origin != ORIGIN_NOTHING || !infer_must_have(column)) continue;
        table->dropped = true;
        table->why =
            arena_printf(model->arena, "no source column tells `%.*s`, which must refer to another table",
                         STR_ARG(column->name));
    }
}

void infer_complete(struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++)
        if (model->tables[t].source != INFER_NONE && model->tables[t].derived)
            fill_derived(model, &model->tables[t]);
    fill_all_through(model);
    infer_add_second_maps(model);
    infer_assign(model);
    for (uint32_t t = 0; t < model->table_count; t++) {
        struct infer_table *table = &model->tables[t];
        if (table->source == INFER_NONE) continue;
        if (table->key_count == 0) choose_composite(table);
        fill_rest(model, table);
        drop_impossible(model, table);
    }
}

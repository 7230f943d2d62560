/* Tables that link two things, or list several of one: a row for each element of an array of a source. */
#include "runtime/infer/model.h"

static const double LIKE_LEAST = 0.75;

/* The two columns of a key of two, where rows need nothing else. */
static bool is_link(const struct schema_table *table, uint32_t a, uint32_t b) {
    if (table->is_view || !infer_is_primary(table, a) || !infer_is_primary(table, b)) return false;
    for (uint32_t c = 0; c < table->columns.count; c++)
        if (c != a && c != b && (infer_is_primary(table, c) || infer_must_have(&table->columns.items[c])))
            return false;
    return true;
}

static bool is_array_of_texts(const struct infer_source *source, uint32_t column) {
    const struct plan_source_column *found = &source->profile->table->columns[column];
    return infer_declared_kind(source, &source->columns[column]) == TYPE_ARRAY &&
           found->type.element == TYPE_TEXT;
}

/* How much an array is called like the table's column, or like the table without its parent's name: members
 * in channel_members of channels. */
static double likeness(const struct infer_model *model, const struct infer_table *table, uint32_t column,
                       const struct infer_table *parent, const struct infer_column *array) {
    struct words wanted = words_split(model->arena, table->table->columns.items[column].name), own;
    double best = names_likeness(&wanted, &array->words);
    if (!names_without(&table->words, &parent->words, &own)) return best;
    double like = names_likeness(&own, &array->words);
    return like > best ? like : best;
}

/* What elements become: texts, or rows of another table whose keys they are. */
static bool takes_elements(const struct infer_model *model, const struct infer_table *table, uint32_t column,
                           uint32_t *referred) {
    uint32_t fk;
    *referred = INFER_NONE;
    if (!infer_is_fk(table->table, column, &fk))
        return table->table->columns.items[column].type.kind == TYPE_TEXT;
    *referred = infer_table_index(model, &table->table->fks.items[fk]);
    if (*referred == INFER_NONE) return false;
    const struct infer_table *other = &model->tables[*referred];
    return other->source != INFER_NONE && !other->derived && other->key_count == 1;
}

/* The table's column a refers to rows of the parent, whose source has an array for its column b. */
static bool try_link(struct infer_model *model, struct infer_table *table, uint32_t a, uint32_t b) {
    uint32_t fk, referred, found = INFER_NONE;
    double best = LIKE_LEAST;
    if (!infer_is_fk(table->table, a, &fk) || !is_link(table->table, a, b)) return false;
    uint32_t p = infer_table_index(model, &table->table->fks.items[fk]);
    if (p == INFER_NONE || &model->tables[p] == table || !takes_elements(model, table, b, &referred))
        return false;
    const struct infer_table *parent = &model->tables[p];
    if (parent->source == INFER_NONE || parent->derived || parent->key_count != 1) return false;
    const struct infer_source *source = &model->sources[parent->source];
    for (uint32_t c = 0; c < source->column_count; c++) {
        if (!is_array_of_texts(source, c)) continue;
        double like = likeness(model, table, b, parent, &source->columns[c]);
        if (like < best) continue;
        best = like;
        found = c;
    }
    if (found == INFER_NONE) return false;
    table->source = parent->source;
    table->source_score = 1;
    table->key_count = 0;
    table->derived = false;
    table->elements = true;
    table->values[a] = (struct infer_value){
        .origin = ORIGIN_REFERENCE, .column = parent->keys[0], .table = p, .score = 0.9, .contained = 1};
    table->values[b] = (struct infer_value){
        .origin = ORIGIN_ELEMENT, .column = found, .table = referred, .score = best * 0.95};
    if (referred != INFER_NONE) model->tables[referred].key_text = true;
    return true;
}

void infer_relate_elements(struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++) {
        struct infer_table *table = &model->tables[t];
        bool done = false;
        for (uint32_t a = 0; a < table->table->columns.count && !done; a++)
            for (uint32_t b = 0; b < table->table->columns.count && !done; b++)
                done = a != b && try_link(model, table, a, b);
    }
}

uint32_t infer_element_of(const struct infer_table *table) {
    for (uint32_t c = 0; table->elements && c < table->table->columns.count; c++)
        if (table->values[c].origin == ORIGIN_ELEMENT) return c;
    return INFER_NONE;
}

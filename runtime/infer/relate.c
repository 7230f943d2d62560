/* Keys of target tables and the references between them, found by what the values of source columns have in
 * common. */
#include "runtime/infer/model.h"

static const double CONTAINED_LEAST = 0.5, NAME_LEAST = 0.4, PARTLY_LEAST = 0.15;

static bool is_number(const struct column_profile *profile) {
    enum guess_kind kind = column_type(profile)->kind;
    return kind == GUESS_INT || kind == GUESS_DECIMAL;
}

static bool can_refer(const struct column_profile *profile) {
    enum guess_kind kind = column_type(profile)->kind;
    return profile->values > 0 && !profile->nested && profile->length_max <= 120 && kind != GUESS_DATE &&
           kind != GUESS_TIMESTAMP && kind != GUESS_TIMESTAMPTZ && kind != GUESS_DECIMAL &&
           kind != GUESS_JSON && kind != GUESS_BOOL;
}

/* How much the name of a column says that it refers to the parent. */
static double reference_name(const struct infer_model *model, const struct infer_table *table,
                             uint32_t column, const struct infer_table *parent,
                             const struct infer_column *x) {
    struct words wanted = words_split(model->arena, table->table->columns.items[column].name);
    double own = names_likeness(&wanted, &x->words), by_table = names_likeness(&parent->words, &x->words);
    struct words id = words_split(model->arena, STR("id")), bare;
    if (names_without(&wanted, &id, &bare)) {
        double like = names_likeness(&bare, &x->words);
        if (like > own) own = like;
    }
    /* The parent's name speaks for the column only where the reference is called so, too. */
    double same = names_likeness(&bare, &parent->words);
    by_table *= same > 0.5 ? 1 : 0.6;
    return own > by_table ? own : by_table;
}

struct reference {
    uint32_t x;
    double contained, name, score;
};

/* The column of the table's source that best refers to this column of the parent's source. */
static struct reference find_reference(const struct infer_model *model, const struct infer_table *table,
                                       uint32_t column, const struct infer_table *parent, uint32_t key) {
    const struct infer_source *source = &model->sources[table->source];
    const struct infer_column *y = &model->sources[parent->source].columns[key];
    struct reference best = {.x = INFER_NONE};
    for (uint32_t c = 0; c < source->column_count; c++) {
        const struct infer_column *x = &source->columns[c];
        bool itself = table->source == parent->source && c == key;
        if (!can_refer(x->profile) || (itself && table == parent)) continue;
        struct reference r = {.x = c};
        r.contained = itself ? 1 : sketch_contained(&x->profile->folded, &y->profile->folded);
        r.name = itself ? 0.6 : reference_name(model, table, column, parent, x);
        bool telling = r.contained >= 0.8 && !is_number(x->profile) && x->profile->folded.count >= 5;
        if (r.contained < CONTAINED_LEAST || (r.name < NAME_LEAST && !telling)) continue;
        r.score = 0.5 * r.contained + 0.5 * r.name;
        if (r.score > best.score) best = r;
    }
    return best;
}

/* ---------------------------------------------------------------- tables without a source of their own */

static bool try_derive(struct infer_model *model, const struct infer_table *table, uint32_t column,
                       struct infer_table *parent) {
    const struct infer_source *source = &model->sources[table->source];
    double best = 0.6;
    uint32_t found = INFER_NONE;
    for (uint32_t c = 0; c < source->column_count; c++) {
        const struct column_profile *profile = source->columns[c].profile;
        if (!can_refer(profile) || column_is_unique(profile) || column_type(profile)->kind == GUESS_EMAIL)
            continue;
        double name = reference_name(model, table, column, parent, &source->columns[c]);
        if (name < best) continue;
        best = name;
        found = c;
    }
    if (found == INFER_NONE) return false;
    parent->source = table->source;
    parent->derived = true;
    parent->keys[0] = found;
    parent->key_count = 1;
    return true;
}

void infer_derive_tables(struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++) {
        const struct infer_table *table = &model->tables[t];
        for (uint32_t c = 0; table->source != INFER_NONE && c < table->table->columns.count; c++) {
            uint32_t fk;
            if (table->derived || !infer_is_fk(table->table, c, &fk)) continue;
            uint32_t p = infer_table_index(model, &table->table->fks.items[fk]);
            if (p == INFER_NONE || model->tables[p].source != INFER_NONE) continue;
            try_derive(model, table, c, &model->tables[p]);
        }
    }
}

/* ---------------------------------------------------------------- keys */

static double vote_for(const struct infer_model *model, uint32_t parent, uint32_t key) {
    const struct infer_table *p = &model->tables[parent];
    const struct column_profile *profile = model->sources[p->source].columns[key].profile;
    double votes = 0.01;
    for (uint32_t t = 0; t < model->table_count; t++) {
        const struct infer_table *table = &model->tables[t];
        for (uint32_t f = 0; table->source != INFER_NONE && !table->derived && f < table->table->fks.count;
             f++) {
            const struct schema_fk *fk = &table->table->fks.items[f];
            if (fk->columns.count != 1 || infer_table_index(model, fk) != parent) continue;
            if (table->source == p->source && t != parent) continue;
            votes += find_reference(model, table, fk->columns.items[0], p, key).score;
        }
    }
    for (uint32_t c = 0; c < p->table->columns.count; c++) {
        double score = infer_score(p, c, &model->sources[p->source], key);
        if (infer_is_primary(p->table, c) && score >= 0.45)
            votes += score;
        else if (infer_is_unique(p->table, c) && score >= 0.45)
            votes += 0.6 * score;
    }
    if (profile->length_max > 60) votes *= 0.3;
    return votes;
}

/* The column that is unique and that others refer to, or that the table's own key takes its value from. */
static void choose_key(struct infer_model *model, uint32_t t) {
    struct infer_table *table = &model->tables[t];
    const struct infer_source *source = &model->sources[table->source];
    double best = 0;
    for (uint32_t c = 0; c < source->column_count; c++) {
        const struct column_profile *profile = source->columns[c].profile;
        if (!can_refer(profile) || !column_is_unique(profile)) continue;
        double votes = vote_for(model, t, c);
        if (votes <= best) continue;
        best = votes;
        table->keys[0] = c;
        table->key_count = 1;
    }
}

/* The table's primary key takes its value from a column that repeats: a row for each of its values. */
static void choose_repeating_key(struct infer_model *model, uint32_t t) {
    struct infer_table *table = &model->tables[t];
    const struct infer_source *source = &model->sources[table->source];
    if (table->table->keys.count == 0) return;
    for (uint32_t k = 0; k < table->table->keys.count && table->key_count == 0; k++) {
        const struct schema_key *key = &table->table->keys.items[k];
        double best = 0.45;
        uint32_t fk;
        if (key->columns.count != 1 || key->partial || infer_is_fk(table->table, key->columns.items[0], &fk))
            continue;
        for (uint32_t c = 0; c < source->column_count; c++) {
            double score = infer_score(table, key->columns.items[0], source, c);
            if (score <= best || !can_refer(source->columns[c].profile)) continue;
            best = score;
            table->keys[0] = c;
            table->key_count = 1;
            table->derived = false;
        }
    }
}

void infer_choose_keys(struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++) {
        struct infer_table *table = &model->tables[t];
        if (table->source == INFER_NONE || table->derived) continue;
        choose_key(model, t);
        if (table->key_count == 0) choose_repeating_key(model, t);
    }
}

/* ---------------------------------------------------------------- references */

/* Keys and what refers to them are compared as one type. */
static void agree_on_type(struct infer_model *model, struct infer_table *parent,
                          const struct infer_column *x) {
    const struct infer_column *y = &model->sources[parent->source].columns[parent->keys[0]];
    enum guess_kind a = column_type(x->profile)->kind, b = column_type(y->profile)->kind;
    bool typed = a == b && (a == GUESS_INT || a == GUESS_UUID);
    if (!typed) parent->key_text = true;
    if (typed) return;
    double as_written = sketch_contained(&x->profile->distinct, &y->profile->distinct);
    double folded = sketch_contained(&x->profile->folded, &y->profile->folded);
    if (folded > as_written + 0.0001) parent->key_folded = true;
}

static void own_key_type(struct infer_model *model, struct infer_table *table) {
    for (uint32_t k = 0; k < table->key_count; k++) {
        const struct column_profile *profile = model->sources[table->source].columns[table->keys[k]].profile;
        enum guess_kind kind = column_type(profile)->kind;
        if (kind == GUESS_INT || kind == GUESS_UUID) continue;
        table->key_text = true;
        if (profile->padded || profile->distinct.count != profile->folded.count) table->key_folded = true;
    }
}

static void relate_column(struct infer_model *model, uint32_t t, uint32_t column, uint32_t p) {
    struct infer_table *table = &model->tables[t], *parent = &model->tables[p];
    const struct infer_source *source = &model->sources[table->source];
    struct infer_value *value = &table->values[column];
    if (t == p && source->profile->child_rows && table->key_count == 1) {
        *value = (struct infer_value){.origin = ORIGIN_PARENT, .table = t, .score = 1};
        return;
    }
    if (parent->source == INFER_NONE || parent->key_count != 1) return;
    struct reference r = find_reference(model, table, column, parent, parent->keys[0]);
    if (r.x == INFER_NONE) return;
    *value = (struct infer_value){
        .origin = ORIGIN_REFERENCE, .column = r.x, .table = p, .score = r.score, .contained = r.contained};
    agree_on_type(model, parent, &source->columns[r.x]);
}

static bool is_taken(const struct infer_table *table, uint32_t column) {
    for (uint32_t t = 0; t < table->table->columns.count; t++)
        if (table->values[t].origin == ORIGIN_COLUMN && table->values[t].column == column) return true;
    for (uint32_t k = 0; k < table->key_count; k++)
        if (table->keys[k] == column) return true;
    return false;
}

/* A column that refers to one table in some rows and to another one in others, such as T-17 and M-3. */
static void relate_partly(struct infer_model *model, uint32_t t, uint32_t column, uint32_t p) {
    struct infer_table *table = &model->tables[t], *parent = &model->tables[p];
    const struct infer_source *source = &model->sources[table->source];
    struct infer_value *value = &table->values[column];
    if (parent->source == INFER_NONE || parent->key_count != 1 || t == p) return;
    const struct infer_column *y = &model->sources[parent->source].columns[parent->keys[0]];
    for (uint32_t c = 0; c < source->column_count; c++) {
        const struct infer_column *x = &source->columns[c];
        if (!can_refer(x->profile) || is_number(x->profile) || x->profile->folded.count < 10 ||
            is_taken(table, c))
            continue;
        double contained = sketch_contained(&x->profile->folded, &y->profile->folded);
        if (contained < PARTLY_LEAST || contained <= value->contained) continue;
        *value = (struct infer_value){.origin = ORIGIN_REFERENCE,
                                      .column = c,
                                      .table = p,
                                      .score = 0.5 + contained / 4,
                                      .contained = contained,
                                      .partial = true};
    }
    if (value->origin == ORIGIN_REFERENCE) agree_on_type(model, parent, &source->columns[value->column]);
}

/* A table that no map fills, but that has rows: found by an e-mail address, a code, a name. */
static void relate_by_lookup(struct infer_model *model, uint32_t t, uint32_t column, uint32_t p) {
    struct infer_table *table = &model->tables[t], *parent = &model->tables[p];
    const struct infer_source *source = &model->sources[table->source];
    struct infer_value *value = &table->values[column];
    if (parent->source != INFER_NONE) return;
    for (uint32_t u = 0; u < parent->table->columns.count; u++) {
        const struct schema_column *by = &parent->table->columns.items[u];
        struct words words = words_split(model->arena, by->name);
        if (by->type.kind != TYPE_TEXT || !infer_is_unique(parent->table, u)) continue;
        for (uint32_t c = 0; c < source->column_count; c++) {
            const struct infer_column *x = &source->columns[c];
            bool email = column_type(x->profile)->kind == GUESS_EMAIL;
            double name = reference_name(model, table, column, parent, x);
            if (email != words_has(&words, "email") || !can_refer(x->profile)) continue;
            double score = email ? 0.5 + 0.5 * name : name;
            if (score < 0.6 && !email) continue;
            if (value->origin != ORIGIN_NOTHING && score <= value->score) continue;
            *value = (struct infer_value){
                .origin = ORIGIN_LOOKUP, .column = c, .table = p, .through = {u}, .score = score};
        }
    }
}

/* A table that another source fills, but whose rows this source has, too: a second map into it, with the same
 * key as the rows that refer to it. */
static void relate_by_second_map(struct infer_model *model, uint32_t t, uint32_t column, uint32_t p) {
    struct infer_table *table = &model->tables[t];
    const struct infer_table *parent = &model->tables[p];
    if (table->key_count != 1 || parent->source == INFER_NONE || parent->source == table->source) return;
    if (!infer_must_have(&table->table->columns.items[column]) ||
        !infer_source_fills(parent, &model->sources[table->source]))
        return;
    struct str map = arena_printf(model->arena, "%.*s_of_%.*s", STR_ARG(parent->map), STR_ARG(table->map));
    struct infer_table *second = infer_add_table(model, p, map);
    if (second == NULL) return;
    second->source = table->source;
    second->source_score = 0.5;
    second->keys[0] = table->keys[0];
    second->key_count = 1;
    second->key_text = table->key_text;
    second->key_folded = table->key_folded;
    table->values[column] = (struct infer_value){.origin = ORIGIN_REFERENCE,
                                                 .column = table->keys[0],
                                                 .table = model->table_count - 1,
                                                 .score = 0.5,
                                                 .contained = 1};
}

typedef void relate_fn(struct infer_model *model, uint32_t t, uint32_t column, uint32_t p);

static void relate_all(struct infer_model *model, relate_fn *relate, bool only_nullable) {
    uint32_t count = model->table_count;
    for (uint32_t t = 0; t < count; t++) {
        struct infer_table *table = &model->tables[t];
        if (table->source == INFER_NONE || table->derived) continue;
        for (uint32_t c = 0; c < table->table->columns.count; c++) {
            uint32_t fk;
            if (table->values[c].origin != ORIGIN_NOTHING || !infer_is_fk(table->table, c, &fk)) continue;
            if (only_nullable && table->table->columns.items[c].not_null) continue;
            uint32_t p = infer_table_index(model, &table->table->fks.items[fk]);
            if (p != INFER_NONE) relate(model, t, c, p);
        }
    }
}

void infer_relate(struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++)
        if (model->tables[t].source != INFER_NONE) own_key_type(model, &model->tables[t]);
    relate_all(model, relate_column, false);
    relate_all(model, relate_by_lookup, false);
}

void infer_add_second_maps(struct infer_model *model) {
    relate_all(model, relate_by_second_map, false);
}

void infer_relate_partly(struct infer_model *model) {
    relate_all(model, relate_partly, true);
}

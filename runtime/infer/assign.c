/* Which source table feeds which target table, and which column which. */
#include "runtime/infer/model.h"

#include <stdlib.h>

static const double COLUMN_LEAST = 0.45, TABLE_LEAST = 0.38, NAMELESS_LEAST = 0.55;
enum { NAMELESS_COLUMNS = 4 };

/* ---------------------------------------------------------------- tables */

static double table_name_score(const struct infer_table *table, const struct infer_source *source) {
    double score = names_likeness(&table->words, &source->words);
    struct words own = {.count = 0};
    /* The sheet's or array's own name comes first, the file's follow: shares_links in share_links.csv. */
    for (uint32_t n = 1; n <= source->words.count; n++) {
        own.count = n;
        for (uint32_t i = 0; i < n; i++)
            own.word[i] = source->words.word[i];
        double like = names_likeness(&table->words, &own);
        if (like > score) score = like;
    }
    return score;
}

/* A part of nested elements may be what the table holds: `repository.id`, `repository.full_name`. */
static double part_name_score(const struct infer_table *table, const struct infer_source *source) {
    uint32_t with = 0;
    uint8_t format = source->profile->source->format;
    if (format == SOURCE_CSV || format == SOURCE_XLSX) return 0;
    for (uint32_t c = 0; c < source->column_count; c++) {
        const struct infer_column *column = &source->columns[c];
        if (column->profile->from.len == 0 ||
            memchr(column->profile->from.ptr, '.', column->profile->from.len) == NULL)
            continue;
        with += names_holds(&column->words, &table->words);
    }
    return with >= 2 ? 0.6 : 0;
}

/* How much of a table its columns can fill. */
static double coverage(const struct infer_table *table, const struct infer_source *source,
                       uint32_t *matched) {
    double got = 0, all = 0;
    *matched = 0;
    for (uint32_t t = 0; t < table->table->columns.count; t++) {
        const struct schema_column *column = &table->table->columns.items[t];
        uint32_t fk;
        double weight = infer_must_have(column) ? 1 : 0.5, best = 0;
        bool key = infer_is_primary(table->table, t) && column->type.kind == TYPE_UUID;
        if (column->generated || column->identity == 2 || key) continue;
        if (infer_is_fk(table->table, t, &fk)) weight *= 0.5;
        for (uint32_t c = 0; c < source->column_count; c++) {
            double score = infer_score(table, t, source, c);
            if (score > best) best = score;
        }
        *matched += best >= COLUMN_LEAST;
        if (best >= COLUMN_LEAST) got += weight * best;
        all += weight;
    }
    return all > 0 ? got / all : 0;
}

bool infer_source_fills(const struct infer_table *table, const struct infer_source *source) {
    uint32_t columns;
    return coverage(table, source, &columns) >= 0.4;
}

void infer_choose_sources(struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++) {
        struct infer_table *table = &model->tables[t];
        for (uint32_t s = 0; s < model->source_count; s++) {
            if (model->sources[s].profile->rows == 0 || table->table->is_view) continue;
            double name = table_name_score(table, &model->sources[s]);
            double part = part_name_score(table, &model->sources[s]);
            if (part > name) name = part;
            uint32_t columns;
            double covers = coverage(table, &model->sources[s], &columns);
            double score = 0.45 * name + 0.55 * covers;
            bool nameless = name < 0.3;
            if (covers > 0 && score > table->nearest_score) {
                table->nearest_score = score;
                table->nearest = s;
            }
            if (covers < 0.1 || (!nameless && score < TABLE_LEAST)) continue;
            /* Without a name in common, much of the table must be there, and there must be much of it. */
            if (nameless && (covers < NAMELESS_LEAST || columns < NAMELESS_COLUMNS)) continue;
            if (score <= table->source_score) continue;
            table->source_score = score;
            table->source = s;
        }
    }
}

/* ---------------------------------------------------------------- columns */

struct pair {
    uint32_t target, column;
    double score, rank;
};

static int compare_pairs(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? 1 : -1;
    if (x->target != y->target) return x->target < y->target ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static bool is_taken(const struct infer_table *table, uint32_t column) {
    for (uint32_t t = 0; t < table->table->columns.count; t++)
        if (table->values[t].origin == ORIGIN_COLUMN && table->values[t].column == column) return true;
    return false;
}

/* The object that holds a key: `sender` of sender.id. Empty: the row itself. */
static struct str object_of(struct str path) {
    while (path.len > 0 && path.ptr[path.len - 1] != '.')
        path.len--;
    return path;
}

/* Where the table's key is a member of an object in the row, the other columns are its members, too, rather
 * than those of another object: sender.login beside sender.id, not issue.user.login. */
static double beside_key(const struct infer_table *table, const struct infer_source *source,
                         uint32_t column) {
    if (table->key_count != 1) return 0;
    struct str object = object_of(source->columns[table->keys[0]].profile->from);
    return object.len && str_eq(object, object_of(source->columns[column].profile->from)) ? 0.3 : 0;
}

/* Best pairs first, each column once. */
static void assign_table(struct infer_model *model, struct infer_table *table) {
    const struct infer_source *source = &model->sources[table->source];
    uint32_t targets = table->table->columns.count, count = 0;
    struct pair *pairs = memory_alloc(sizeof *pairs * ((size_t)targets * source->column_count + 1));
    for (uint32_t t = 0; t < targets; t++) {
        const struct schema_column *column = &table->table->columns.items[t];
        uint32_t fk;
        if (column->generated || column->identity == 2 || table->values[t].origin != ORIGIN_NOTHING) continue;
        /* References are found by their values, later. */
        if (infer_is_fk(table->table, t, &fk)) continue;
        for (uint32_t c = 0; c < source->column_count; c++) {
            double score = infer_score(table, t, source, c);
            if (score < COLUMN_LEAST) continue;
            pairs[count++] = (struct pair){t, c, score, score + beside_key(table, source, c)};
        }
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (uint32_t i = 0; i < count; i++) {
        struct infer_value *value = &table->values[pairs[i].target];
        if (value->origin != ORIGIN_NOTHING || is_taken(table, pairs[i].column)) continue;
        *value =
            (struct infer_value){.origin = ORIGIN_COLUMN, .column = pairs[i].column, .score = pairs[i].score};
    }
    free(pairs);
}

void infer_assign(struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++)
        if (model->tables[t].source != INFER_NONE && !model->tables[t].derived)
            assign_table(model, &model->tables[t]);
}

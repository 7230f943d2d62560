/* The draft while it is made. */
#include "runtime/infer/model.h"

#include "runtime/profile/words.h"

#include <ctype.h>

bool infer_has_map(const struct infer_model *model) {
    for (uint32_t t = 0; t < model->table_count; t++)
        if (model->tables[t].source != INFER_NONE && !model->tables[t].dropped) return true;
    return false;
}

bool infer_is_fk(const struct schema_table *table, uint32_t column, uint32_t *fk) {
    for (uint32_t i = 0; i < table->fks.count; i++)
        if (table->fks.items[i].columns.count == 1 && table->fks.items[i].columns.items[0] == column) {
            *fk = i;
            return true;
        }
    return false;
}

bool infer_is_primary(const struct schema_table *table, uint32_t column) {
    if (table->keys.count == 0 || !table->keys.items[0].primary) return false;
    for (uint32_t i = 0; i < table->keys.items[0].columns.count; i++)
        if (table->keys.items[0].columns.items[i] == column) return true;
    return false;
}

bool infer_is_unique(const struct schema_table *table, uint32_t column) {
    for (uint32_t i = 0; i < table->keys.count; i++)
        if (!table->keys.items[i].partial && table->keys.items[i].columns.count == 1 &&
            table->keys.items[i].columns.items[0] == column)
            return true;
    return false;
}

bool infer_has_default(const struct schema_column *column) {
    return column->has_default || column->generated || column->identity;
}

bool infer_must_have(const struct schema_column *column) {
    return column->not_null && !infer_has_default(column);
}

uint32_t infer_table_index(const struct infer_model *model, const struct schema_fk *fk) {
    for (uint32_t i = 0; i < model->table_count; i++)
        if (str_eq(model->tables[i].table->name, fk->ref_table) &&
            str_eq(model->tables[i].table->schema, fk->ref_schema))
            return i;
    return INFER_NONE;
}

/* ---------------------------------------------------------------- sources */

static struct str column_title(const struct infer_source *source, const struct column_profile *column) {
    uint8_t format = source->profile->source->format;
    bool headed = (format == SOURCE_CSV || format == SOURCE_XLSX) && column->from.len;
    return headed ? column->from : column->name;
}

static struct words source_words(struct arena *arena, const struct table_profile *profile) {
    struct words file = words_split(arena, profile->source->name);
    struct words own = words_split(arena, profile->table->title.len ? profile->table->title : STR(""));
    /* An array's name says more than the file's. */
    if (own.count == 0 && profile->source->rows.len > 3) own = words_split(arena, profile->source->rows);
    for (uint32_t i = 0; i < file.count && own.count < WORDS_MAX; i++)
        if (!words_has(&own, arena_copy_cstr(arena, file.word[i]))) own.word[own.count++] = file.word[i];
    return own;
}

static void make_source(struct infer_model *model, uint32_t index) {
    struct infer_source *source = &model->sources[index];
    struct arena *arena = model->arena;
    source->profile = model->request->profiles[index];
    source->words = source_words(arena, source->profile);
    source->column_count = source->profile->column_count;
    source->columns = ARENA_ARRAY(arena, struct infer_column, source->column_count);
    const char *first = source->profile->table->name.len ? source->profile->table->name.ptr
                                                         : source->profile->source->name.ptr;
    source->alias = arena_printf(arena, "%c", tolower((unsigned char)*first));
    bool lays_out =
        source->profile->source->format == SOURCE_CSV || source->profile->source->format == SOURCE_XLSX;
    for (uint32_t i = 0; i < source->column_count; i++) {
        struct infer_column *column = &source->columns[i];
        column->profile = &source->profile->columns[i];
        column->words =
            words_split(arena, names_outside_brackets(arena, column_title(source, column->profile)));
        uint64_t missing = column->profile->nulls + column->profile->null_words + column->profile->blank;
        if (lays_out) missing += column->profile->empty;
        column->nullable = missing > 0 || column->profile->rows == 0;
        if (lays_out && (column->profile->padded || column->profile->blank)) source->trims = true;
    }
}

static void make_table(struct infer_model *model, uint32_t index) {
    struct infer_table *table = &model->tables[index];
    table->table = model->schema->tables.items[index];
    table->words = words_split(model->arena, table->table->name);
    table->source = table->nearest = INFER_NONE;
    table->map = words_identifier(model->arena, table->table->name, "map");
    table->values = ARENA_ARRAY(model->arena, struct infer_value, table->table->columns.count);
    for (uint32_t i = 0; i < index; i++) /* the same name in two schemas */
        if (str_eq(model->tables[i].map, table->map))
            table->map =
                arena_printf(model->arena, "%.*s_%.*s", STR_ARG(table->table->schema), STR_ARG(table->map));
}

struct infer_table *infer_add_table(struct infer_model *model, uint32_t table, struct str map) {
    if (model->table_count == model->table_cap) return NULL;
    struct infer_table *added = &model->tables[model->table_count++];
    *added = (struct infer_table){.table = model->tables[table].table,
                                  .words = model->tables[table].words,
                                  .source = INFER_NONE,
                                  .nearest = INFER_NONE,
                                  .map = map};
    added->values = ARENA_ARRAY(model->arena, struct infer_value, added->table->columns.count);
    return added;
}

/* A source that is called like a map would be taken for its rows. */
static void name_sources(struct infer_model *model) {
    static const char *const ENDINGS[] = {"csv", "json", "ndjson", "xlsx", "dynamodb"};
    for (uint32_t s = 0; s < model->source_count; s++) {
        struct infer_source *source = &model->sources[s];
        const struct plan_source_table *table = source->profile->table;
        source->base = source->profile->source->name;
        bool taken = str_eq(source->base, model->target);
        for (uint32_t t = 0; t < model->table_count; t++)
            taken = taken || str_eq(model->tables[t].map, source->base);
        if (taken)
            source->base = arena_printf(model->arena, "%.*s_%s", STR_ARG(source->base),
                                        ENDINGS[source->profile->source->format]);
        source->name = table->name.len ? arena_printf(model->arena, "%.*s.%.*s", STR_ARG(source->base),
                                                      STR_ARG(table->name))
                                       : source->base;
    }
}

void infer_model_init(struct infer_model *model, struct arena *arena, const struct infer_request *request,
                      const struct schema *schema) {
    *model = (struct infer_model){.arena = arena, .request = request, .schema = schema};
    model->source_count = request->profile_count;
    model->sources = ARENA_ARRAY(arena, struct infer_source, model->source_count);
    for (uint32_t i = 0; i < model->source_count; i++)
        make_source(model, i);
    if (schema == NULL) {
        name_sources(model);
        return;
    }
    model->table_count = schema->tables.count;
    model->table_cap = 2 * model->table_count;
    model->tables = ARENA_ARRAY(arena, struct infer_table, model->table_cap);
    for (uint32_t i = 0; i < model->table_count; i++)
        make_table(model, i);
    size_t from = request->ddl_path.len, end;
    while (from > 0 && request->ddl_path.ptr[from - 1] != '/')
        from--;
    for (end = from; end < request->ddl_path.len && request->ddl_path.ptr[end] != '.';)
        end++;
    model->target = words_identifier(arena, str_from(request->ddl_path.ptr + from, end - from), "target");
    for (uint32_t i = 0; i < model->table_count; i++) /* a map of that name would be hidden */
        if (str_eq(model->tables[i].map, model->target))
            model->target = arena_printf(arena, "%.*s_db", STR_ARG(model->target));
    name_sources(model);
}

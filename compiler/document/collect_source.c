/* Sources, their columns, and who reads them. */
#include "compiler/document/collect.h"

enum { MOST_INLINE_ROWS = 100 };

/* ------------------------------------------------------------------ what a source is */

static void add_text(struct collector *collector, struct phrase *out, const char *before, struct str text) {
    phrase_print(collector->arena, out, "%s", before);
    phrase_add(collector->arena, out, RUN_VALUE, text);
}

static void add_csv(struct collector *collector, const struct plan_source *source, struct phrase *out) {
    struct arena *arena = collector->arena;
    if (source->delimiter.len && !str_is(source->delimiter, ","))
        add_text(collector, out, ", fields separated by ",
                 str_is(source->delimiter, "\t") ? STR("tab") : source->delimiter);
    if (source->quote.len == 0) phrase_print(arena, out, ", fields never quoted");
    if (!source->header) phrase_print(arena, out, ", without a header: columns by their order");
}

static void add_options(struct collector *collector, const struct plan_source *source, struct phrase *out) {
    struct arena *arena = collector->arena;
    if (source->encoding.len) phrase_print(arena, out, ", in %.*s", STR_ARG(source->encoding));
    if (source->rows.len) add_text(collector, out, ", rows at ", source->rows);
    if (source->children.len) add_text(collector, out, ", each row's children at ", source->children);
    if (source->trim) phrase_print(arena, out, ", blanks around values dropped");
    for (uint32_t i = 0; i < source->nulls_count; i++) {
        phrase_print(arena, out, i ? i + 1 < source->nulls_count ? ", " : " or " : ", empty where it says ");
        if (source->nulls[i].text.len)
            phrase_add(arena, out, RUN_VALUE, source->nulls[i].text);
        else
            phrase_print(arena, out, "nothing");
    }
}

static void add_database(struct collector *collector, const struct plan_source *source, struct phrase *out) {
    phrase_print(collector->arena, out, "Postgres database");
    if (!source->location_is_env) return; /* a URL may hold a password */
    phrase_print(collector->arena, out, ", its address in the environment variable ");
    phrase_add(collector->arena, out, RUN_CODE, source->location);
}

static void describe_source(struct collector *collector, const struct plan_source *source,
                            struct phrase *out) {
    static const char *const FILES[] = {[SOURCE_CSV] = "CSV file ",
                                        [SOURCE_JSON] = "JSON file ",
                                        [SOURCE_NDJSON] = "file of JSON lines ",
                                        [SOURCE_XLSX] = "Excel workbook ",
                                        [SOURCE_DYNAMODB] = "DynamoDB export "};
    struct arena *arena = collector->arena;
    switch ((enum plan_source_format)source->format) {
    case SOURCE_INLINE: phrase_print(arena, out, "rows that stand in the spec itself"); return;
    case SOURCE_POSTGRES: add_database(collector, source, out); return;
    case SOURCE_QUERY:
        phrase_print(arena, out, "query on ");
        phrase_add(arena, out, RUN_TERM,
                   source->query_of ? collector->plan->sources[source->query_of - 1].name
                                    : collector->plan->target.name);
        return;
    default:
        phrase_print(arena, out, "%s", FILES[source->format]);
        if (str_is(source->location, "-"))
            phrase_print(arena, out, "from standard input");
        else
            phrase_add(arena, out, RUN_NAME, source->location);
        if (source->format == SOURCE_CSV) add_csv(collector, source, out);
        add_options(collector, source, out);
    }
}

/* ------------------------------------------------------------------ columns */

static struct str plan_type_text(struct collector *collector, const struct plan_type *type) {
    const char *name =
        type_kind_name((enum type_kind)(type->kind == TYPE_ARRAY ? type->element : type->kind));
    if (type->kind == TYPE_ENUM && type->ref < collector->plan->enums_count)
        return collector->plan->enums[type->ref].name;
    return arena_printf(collector->arena, "%s%s", name, type->kind == TYPE_ARRAY ? "[]" : "");
}

static struct str ignored_because(const struct ast_source_table *written, struct str name) {
    for (uint32_t i = 0; written && i < written->columns.count; i++)
        if (str_eq(written->columns.items[i].name.text, name)) return written->columns.items[i].because.text;
    return (struct str){0};
}

static struct document_source_column describe_column(struct collector *collector,
                                                     const struct plan_source *source,
                                                     const struct plan_source_table *table,
                                                     const struct plan_source_column *column,
                                                     const struct ast_source_table *written) {
    const char *noun = words_type_noun((enum type_kind)column->type.kind);
    return (struct document_source_column){
        .name = column->name,
        .title = column->from.len ? column->from : column->name,
        .anchor = index_column_anchor(&collector->index, source, table, column),
        .type = plan_type_text(collector, &column->type),
        .noun = noun ? str_cstr(noun) : plan_type_text(collector, &column->type),
        .format = column->format,
        .doc = index_doc(&collector->index, column->doc),
        .because = ignored_because(written, column->name),
        .nullable = column->type.nullable,
        .pii = column->pii,
        .ignored = column->ignored,
    };
}

static void add_inline_rows(struct collector *collector, const struct ast_source *written,
                            const struct plan_source_table *plan_table, struct document_source_table *table) {
    for (uint32_t r = 0; r < written->rows.count && r < MOST_INLINE_ROWS; r++) {
        struct document_texts row = {0};
        const struct ast_inline_row *values = &written->rows.items[r];
        for (uint32_t c = 0; c < values->values.count && c < plan_table->columns_count; c++) {
            struct str text =
                plan_table->columns[c].pii ? STR("***") : collect_literal(collector, values->values.items[c]);
            VEC_PUSH(collector->arena, &row.list, text);
        }
        VEC_PUSH(collector->arena, &table->rows, row);
    }
}

static const struct ast_source_table *written_table(const struct ast_source *written, struct str name) {
    for (uint32_t i = 0; written && i < written->tables.count; i++)
        if (str_eq(written->tables.items[i].name.text, name)) return &written->tables.items[i];
    return NULL;
}

/* "public"."orders" without its quotes. */
static struct str unquoted(struct collector *collector, struct str name) {
    struct buf text = {0};
    for (size_t i = 0; i < name.len; i++) {
        bool doubled = name.ptr[i] == '"' && i + 1 < name.len && name.ptr[i + 1] == '"';
        if (name.ptr[i] != '"' || doubled) buf_append_char(&text, name.ptr[i]);
        i += doubled;
    }
    struct str copy = arena_copy_str(collector->arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

static void add_table(struct collector *collector, const struct plan_source *source,
                      const struct plan_source_table *plan_table, const struct ast_source *written,
                      struct document_source *to) {
    const struct ast_source_table *written_as = written_table(written, plan_table->name);
    struct document_source_table table = {
        .title = source->format == SOURCE_XLSX       ? plan_table->title
                 : source->format == SOURCE_POSTGRES ? unquoted(collector, plan_table->title)
                                                     : (struct str){0},
        .is_table = source->format == SOURCE_POSTGRES,
        .name = plan_table->name.len ? arena_printf(collector->arena, "%.*s.%.*s", STR_ARG(source->name),
                                                    STR_ARG(plan_table->name))
                                     : source->name,
        .anchor = index_source_anchor(&collector->index, source, plan_table),
        .doc = written_as && plan_table->name.len ? index_doc(&collector->index, written_as->doc)
                                                  : (struct str){0},
    };
    for (uint32_t c = 0; c < plan_table->columns_count; c++)
        VEC_PUSH(collector->arena, &table.columns,
                 describe_column(collector, source, plan_table, &plan_table->columns[c], written_as));
    if (source->format == SOURCE_INLINE && written) {
        table.rows_count = written->rows.count;
        add_inline_rows(collector, written, plan_table, &table);
    }
    VEC_PUSH(collector->arena, &to->tables, table);
}

void collect_sources(struct collector *collector) {
    const struct plan *plan = collector->plan;
    for (uint32_t i = 0; i < plan->sources_count; i++) {
        const struct plan_source *source = &plan->sources[i];
        struct index_entry *entry = index_find(&collector->index, SPACE_SOURCE, source->name);
        const struct ast_source *written = entry ? &entry->decl->source : NULL;
        struct document_source to = {.name = source->name,
                                     .anchor = phrase_anchor(collector->arena, "source", source->name),
                                     .doc = index_doc(&collector->index, source->doc)};
        struct words words = {
            .arena = collector->arena, .scope = {.index = &collector->index}, .outcomes = &to.outcomes};
        describe_source(collector, source, &to.words);
        struct phrase line = {0};
        phrase_print(collector->arena, &line, "a line");
        if (source->format == SOURCE_QUERY && source->tables_count) to.sql = source->tables[0].title;
        for (uint32_t h = 0; written && h < written->handlers.list.count; h++)
            words_handler(&words, &written->handlers.list.items[h], NULL, &line);
        for (uint32_t t = 0; t < source->tables_count; t++)
            add_table(collector, source, &source->tables[t], written, &to);
        VEC_PUSH(collector->arena, &collector->document->sources, to);
    }
}

/* ------------------------------------------------------------------ who reads them */

/* The model's table and column beside a plan's: the lists have one order. */
static struct document_source_table *table_of(struct collector *collector, const struct use *use) {
    struct document_source *source =
        &collector->document->sources.items[use->source - collector->plan->sources];
    return &source->tables.items[use->table - use->source->tables];
}

static struct document_source_column *column_of(struct collector *collector, const struct use *use) {
    return &table_of(collector, use)->columns.items[use->column - use->table->columns];
}

void collect_reads(struct collector *collector, const struct name_scope *scope, const struct ast_expr *expr,
                   struct str column, struct uses *uses) {
    struct uses own = {0};
    uses_collect(scope, expr, &own);
    for (uint32_t i = 0; i < own.list.count; i++) {
        struct document_source_column *read = column_of(collector, &own.list.items[i]);
        bool told = column.len == 0;
        read->read = true;
        table_of(collector, &own.list.items[i])->is_read = true;
        for (uint32_t u = 0; u < read->used_for.count && !told; u++)
            told = str_eq(read->used_for.items[u], column);
        if (!told) VEC_PUSH(collector->arena, &read->used_for, column);
        if (uses) VEC_PUSH(collector->arena, &uses->list, own.list.items[i]);
    }
    for (uint32_t i = 0; uses && i < own.maps.count; i++)
        uses_add_name(collector->arena, uses, true, own.maps.items[i]);
    for (uint32_t i = 0; uses && i < own.codes.count; i++)
        uses_add_name(collector->arena, uses, false, own.codes.items[i]);
}

void collect_read_handlers(struct collector *collector, const struct name_scope *scope,
                           const struct ast_handlers *handlers) {
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        collect_reads(collector, scope, handlers->list.items[i].action.use, (struct str){0}, NULL);
        collect_reads(collector, scope, handlers->list.items[i].action.message, (struct str){0}, NULL);
    }
}

/* Declarations by name, rows by path, names by place. */
#include "compiler/document/index.h"
#include "compiler/syntax/parse.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b) {
    const struct index_entry *x = a, *y = b;
    if (x->space != y->space) return x->space < y->space ? -1 : 1;
    return str_compare(x->name, y->name);
}

static void add_entry(struct document_index *index, const struct ast_decl *decl) {
    struct index_entry entry = {.decl = decl};
    switch (decl->kind) {
    case DECL_SOURCE: entry.space = SPACE_SOURCE, entry.name = decl->source.name.text; break;
    case DECL_FN:
    case DECL_EXTERN_FN: entry.space = SPACE_CALL, entry.name = decl->fn.name.text; break;
    case DECL_CODES: entry.space = SPACE_KEYED, entry.name = decl->codes.name.text; break;
    case DECL_MAP: entry.space = SPACE_KEYED, entry.name = decl->map.name.text; break;
    case DECL_PARAM: entry.space = SPACE_PARAM, entry.name = decl->name.text; break;
    default: return;
    }
    VEC_PUSH(index->arena, &index->entries, entry);
}

bool index_init(struct document_index *index, struct arena *arena, const struct plan *plan,
                struct diag_list *diags) {
    *index = (struct document_index){.arena = arena, .plan = plan};
    for (uint32_t i = 0; i < plan->files_count; i++) {
        /* The spec, then modules and the files of code tables. */
        if (i > 0 && !str_ends_with(plan->files[i].name, STR(".mig"))) continue;
        const struct source_text *text = source_text_new(arena, plan->files[i].name, plan->files[i].text);
        struct ast_file *file = parse_file(arena, text, diags);
        if (file->has_errors) return false;
        VEC_PUSH(arena, &index->files, file);
        for (uint32_t d = 0; d < file->decls.count; d++)
            add_entry(index, file->decls.items[d]);
    }
    if (index->entries.count)
        qsort(index->entries.items, index->entries.count, sizeof *index->entries.items, by_name);
    return true;
}

struct index_entry *index_find(const struct document_index *index, enum index_space space, struct str name) {
    struct index_entry key = {.space = (uint8_t)space, .name = name};
    if (index->entries.count == 0) return NULL;
    return bsearch(&key, index->entries.items, index->entries.count, sizeof key, by_name);
}

int32_t index_find_map(const struct document_index *index, struct str name) {
    for (uint32_t i = 0; i < index->plan->maps_count; i++)
        if (str_eq(index->plan->maps[i].name, name)) return (int32_t)i;
    return -1;
}

/* ------------------------------------------------------------------ rows */

struct str index_path_text(const struct document_index *index, const struct ast_path *path) {
    struct buf text = {0};
    for (uint32_t i = 0; i < path->parts.count; i++) {
        if (i) buf_append_char(&text, '.');
        buf_append_str(&text, path->parts.items[i].text);
    }
    struct str copy = arena_copy_str(index->arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

struct str index_source_anchor(const struct document_index *index, const struct plan_source *source,
                               const struct plan_source_table *table) {
    struct str name = table && table->name.len ? arena_printf(index->arena, "%.*s.%.*s",
                                                              STR_ARG(source->name), STR_ARG(table->name))
                                               : source->name;
    return phrase_anchor(index->arena, "source", name);
}

struct str index_column_anchor(const struct document_index *index, const struct plan_source *source,
                               const struct plan_source_table *table,
                               const struct plan_source_column *column) {
    struct str name = arena_printf(index->arena, "%.*s.%.*s.%.*s", STR_ARG(source->name),
                                   STR_ARG(table->name), STR_ARG(column->name));
    return phrase_anchor(index->arena, "from", name);
}

const struct plan_source_column *index_find_column(const struct plan_source_table *table, struct str name) {
    for (uint32_t i = 0; i < table->columns_count; i++)
        if (str_eq(table->columns[i].name, name)) return &table->columns[i];
    return NULL;
}

struct str index_table_name(const struct document_index *index, const struct plan_target_table *table) {
    return arena_printf(index->arena, "%.*s.%.*s", STR_ARG(table->schema), STR_ARG(table->name));
}

static bool find_source_rows(const struct document_index *index, const struct ast_path *path,
                             struct rows_of *rows) {
    struct str last = path->parts.items[path->parts.count - 1].text;
    for (uint32_t i = 0; i < index->plan->sources_count; i++) {
        const struct plan_source *source = &index->plan->sources[i];
        if (!str_eq(source->name, path->parts.items[0].text)) continue;
        for (uint32_t t = 0; t < source->tables_count; t++) {
            const struct plan_source_table *table = &source->tables[t];
            if (path->parts.count > 1 && !str_eq(table->name, last)) continue;
            rows->kind = ROWS_SOURCE;
            rows->source = source;
            rows->table = table;
            rows->anchor = index_source_anchor(index, source, table);
            return true;
        }
    }
    return false;
}

static bool find_target_rows(const struct document_index *index, const struct ast_path *path,
                             struct rows_of *rows) {
    const struct plan *plan = index->plan;
    if (path->parts.count < 2 || !str_eq(plan->target.name, path->parts.items[0].text)) return false;
    struct str last = path->parts.items[path->parts.count - 1].text;
    rows->kind = ROWS_TARGET;
    for (uint32_t t = 0; t < plan->target.tables_count; t++) {
        const struct plan_target_table *table = &plan->target.tables[t];
        if (!str_eq(table->name, last)) continue;
        if (path->parts.count == 3 && !str_eq(table->schema, path->parts.items[1].text)) continue;
        rows->target = table;
        rows->name = index_table_name(index, table);
        return true;
    }
    return true;
}

struct rows_of index_find_rows(const struct document_index *index, const struct ast_path *path) {
    struct rows_of rows = {.name = index_path_text(index, path), .map = -1};
    if (path->parts.count == 0) return rows;
    if (find_source_rows(index, path, &rows) || find_target_rows(index, path, &rows)) return rows;
    rows.map = index_find_map(index, path->parts.items[0].text);
    if (rows.map >= 0) {
        rows.kind = ROWS_MAP;
        rows.anchor = phrase_anchor(index->arena, "map", rows.name);
    }
    return rows;
}

/* ------------------------------------------------------------------ comments */

static struct str trim_blanks(struct str text) {
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text.ptr++, text.len--;
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t' ||
                        text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

struct str index_doc(const struct document_index *index, struct str doc) {
    struct buf out = {0};
    for (size_t at = 0; at < doc.len;) {
        const char *end = memchr(doc.ptr + at, '\n', doc.len - at);
        size_t stop = end ? (size_t)(end - doc.ptr) : doc.len;
        struct str line = trim_blanks(str_from(doc.ptr + at, stop - at));
        at = stop + 1;
        bool is_rule = line.len >= 4; /* a line drawn to part sections */
        for (size_t i = 0; i < line.len && i < 4; i++)
            is_rule &= line.ptr[i] == '-' || line.ptr[i] == '=';
        if (is_rule || str_starts_with(line, STR("mig:allow"))) continue;
        if (out.len) buf_append_char(&out, '\n');
        buf_append_str(&out, line);
    }
    struct str copy = arena_copy_str(index->arena, trim_blanks(buf_str(&out)));
    buf_release(&out);
    return copy;
}

struct str index_comment_above(const struct document_index *index, struct span span) {
    if (span.source == NULL) return (struct str){0};
    uint32_t line = source_text_locate(span.source, span.start).line, first = line;
    struct str own = source_text_line(span.source, line);
    if (trim_blanks(own).ptr != span.source->text.ptr + span.start) return (struct str){0};
    while (first > 1 && str_starts_with(trim_blanks(source_text_line(span.source, first - 1)), STR("--")))
        first--;
    struct buf text = {0};
    for (; first < line; first++) {
        struct str comment = trim_blanks(source_text_line(span.source, first));
        comment.ptr += 2, comment.len -= 2;
        if (text.len) buf_append_char(&text, '\n');
        buf_append_str(&text, trim_blanks(comment));
    }
    struct str doc = index_doc(index, buf_str(&text));
    buf_release(&text);
    return doc;
}

/* ------------------------------------------------------------------ names */

static bool find_in_clauses(const struct name_scope *scope, struct str name, struct named *named) {
    for (uint32_t i = 0; i < scope->clauses_count; i++) {
        const struct ast_clause *clause = &scope->clauses[i];
        named->clause = clause;
        switch (clause->kind) {
        case CLAUSE_FROM:
        case CLAUSE_JOIN:
        case CLAUSE_LEFT_JOIN:
        case CLAUSE_LOOKUP:
        case CLAUSE_LEFT_LOOKUP:
            named->kind = NAMED_ROW;
            if (str_eq(clause->alias.text, name)) return true;
            break;
        case CLAUSE_EACH:
            named->kind = NAMED_ELEMENT;
            if (str_eq(clause->alias.text, name)) return true;
            break;
        case CLAUSE_GROUP_BY:
        case CLAUSE_PARTITION_BY:
            named->kind = NAMED_GROUP;
            for (named->at = 0; named->at < clause->names.count; named->at++)
                if (str_eq(clause->names.items[named->at].text, name)) return true;
            break;
        default: break;
        }
    }
    return false;
}

struct named scope_find_name(const struct name_scope *scope, struct str name) {
    struct named named = {0};
    for (uint32_t i = 0; scope->fn && i < scope->fn->params.names.count; i++)
        if (str_eq(scope->fn->params.names.items[i].text, name))
            return (struct named){.kind = NAMED_ARGUMENT, .at = i};
    for (uint32_t i = scope->items_count; i-- > 0;) {
        const struct ast_item *item = &scope->items[i];
        if ((item->kind != ITEM_LET && item->kind != ITEM_ASSIGN) || !str_eq(item->name.text, name)) continue;
        return (struct named){
            .kind = item->kind == ITEM_LET ? NAMED_LET : NAMED_COLUMN, .item = item, .at = i};
    }
    if (find_in_clauses(scope, name, &named)) return named;
    return (struct named){0};
}

struct str scope_term_anchor(const struct name_scope *scope, struct str name) {
    if (scope->owner.len == 0) return (struct str){0};
    struct str full = arena_printf(scope->index->arena, "%.*s.%.*s", STR_ARG(scope->owner), STR_ARG(name));
    return phrase_anchor(scope->index->arena, "term", full);
}

struct index_entry *index_of_keyed(const struct document_index *index, const struct ast_expr *expr) {
    if (expr->kind != X_INDEX || expr->left == NULL || expr->left->kind != X_NAME) return NULL;
    return index_find(index, SPACE_KEYED, expr->left->name.text);
}

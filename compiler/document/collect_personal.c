/* Personal data: from which columns it comes, where it goes, how it is protected. */
#include "compiler/document/collect.h"

static struct str source_place(struct collector *collector, const struct plan_source *source,
                               const struct plan_source_table *table,
                               const struct plan_source_column *column) {
    struct str title = column->from.len ? column->from : column->name;
    return table->name.len
               ? arena_printf(collector->arena, "%.*s.%.*s: %.*s", STR_ARG(source->name),
                              STR_ARG(table->name), STR_ARG(title))
               : arena_printf(collector->arena, "%.*s: %.*s", STR_ARG(source->name), STR_ARG(title));
}

void collect_note_personal(struct collector *collector, const struct use *use, struct str target,
                           struct str target_anchor, bool target_is_personal) {
    struct arena *arena = collector->arena;
    struct document_personal entry = {
        .source = source_place(collector, use->source, use->table, use->column),
        .source_anchor = index_column_anchor(&collector->index, use->source, use->table, use->column),
        .target = target,
        .target_anchor = target_anchor};
    const char *how = str_is(use->hidden_by, "redact")        ? "its text is replaced by [redacted]"
                      : str_is(use->hidden_by, "mask")        ? "characters are starred out"
                      : str_is(use->hidden_by, "pseudonym")   ? "a stable stand-in made with a secret"
                      : str_is(use->hidden_by, "hmac_sha256") ? "a keyed hash made with a secret"
                      : target_is_personal ? "loaded as it is; the column is declared personal"
                                           : "decides the value, is no part of it";
    phrase_print(arena, &entry.protection, "%s", how);
    VEC_PUSH(arena, &collector->document->personal, entry);
}

static bool is_told(const struct collector *collector, struct str source_anchor, struct str target) {
    for (uint32_t i = 0; i < collector->document->personal.count; i++) {
        const struct document_personal *entry = &collector->document->personal.items[i];
        if (source_anchor.len ? str_eq(entry->source_anchor, source_anchor) : str_eq(entry->target, target))
            return true;
    }
    return false;
}

/* Personal columns of sources that reach no column. */
static void add_unreached(struct collector *collector) {
    const struct plan *plan = collector->plan;
    for (uint32_t s = 0; s < plan->sources_count; s++)
        for (uint32_t t = 0; t < plan->sources[s].tables_count; t++) {
            const struct plan_source_table *table = &plan->sources[s].tables[t];
            for (uint32_t c = 0; c < table->columns_count; c++) {
                const struct plan_source_column *column = &table->columns[c];
                struct str anchor = index_column_anchor(&collector->index, &plan->sources[s], table, column);
                if (!column->pii || is_told(collector, anchor, (struct str){0})) continue;
                struct document_personal entry = {
                    .source = source_place(collector, &plan->sources[s], table, column),
                    .source_anchor = anchor};
                phrase_print(collector->arena, &entry.protection, "not loaded; masked in messages and files");
                VEC_PUSH(collector->arena, &collector->document->personal, entry);
            }
        }
}

/* Columns of the target that are declared personal, and get nothing that is personal in a source. */
static void add_declared(struct collector *collector, const struct ast_decl *decl) {
    struct rows_of rows = index_find_rows(&collector->index, &decl->pii.table);
    struct str table = rows.target ? rows.name : index_path_text(&collector->index, &decl->pii.table);
    for (uint32_t i = 0; i < decl->pii.columns.count; i++) {
        struct str place = arena_printf(collector->arena, "%.*s.%.*s", STR_ARG(table),
                                        STR_ARG(decl->pii.columns.items[i].text));
        if (is_told(collector, (struct str){0}, place)) continue;
        struct document_personal entry = {.target = place};
        phrase_print(collector->arena, &entry.protection, "declared personal: masked in messages and files");
        VEC_PUSH(collector->arena, &collector->document->personal, entry);
    }
}

void collect_personal(struct collector *collector) {
    add_unreached(collector);
    for (uint32_t f = 0; f < collector->index.files.count; f++) {
        const struct ast_file *file = collector->index.files.items[f];
        for (uint32_t i = 0; i < file->decls.count; i++)
            if (file->decls.items[i]->kind == DECL_PII && file->decls.items[i]->pii.table.parts.count > 1)
                add_declared(collector, file->decls.items[i]);
    }
}

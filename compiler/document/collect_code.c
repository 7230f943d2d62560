/* Code tables and functions: those that the rest of the document speaks of. */
#include "compiler/document/collect.h"

#include <stdlib.h>

/* ------------------------------------------------------------------ codes */

static struct str key_text(struct collector *collector, const struct ast_expr *key) {
    if (key->kind != X_ARRAY) return collect_literal(collector, key);
    struct str text = {0};
    for (uint32_t i = 0; i < key->items.count; i++) {
        struct str part = collect_literal(collector, key->items.items[i]);
        text = i ? arena_printf(collector->arena, "%.*s, %.*s", STR_ARG(text), STR_ARG(part)) : part;
    }
    return text;
}

static void add_line(struct collector *collector, const struct ast_code_line *line,
                     struct document_codes *codes) {
    struct document_code_line to = {.value = collect_literal(collector, line->value)};
    for (uint32_t i = 0; i < line->keys.count; i++)
        VEC_PUSH(collector->arena, &to.keys, key_text(collector, line->keys.items[i]));
    VEC_PUSH(collector->arena, &codes->lines, to);
}

static struct str constant_text(const struct plan *plan, uint32_t constant) {
    if (constant >= plan->consts_count || plan->consts[constant].is_null) return STR("empty");
    return plan->consts[constant].text;
}

/* The pairs of a file stand in the plan alone. */
static void add_lines_of_plan(struct collector *collector, struct document_codes *codes) {
    const struct plan *plan = collector->plan;
    for (uint32_t t = 0; t < plan->tables_count; t++) {
        const struct plan_keyed_table *table = &plan->tables[t];
        if (table->kind != KEYED_CODES || !str_eq(table->name, codes->name)) continue;
        for (uint32_t i = 0; i < table->codes_count; i++) {
            struct document_code_line line = {.value = constant_text(plan, table->codes[i].value)};
            struct str key = {0};
            for (uint32_t k = 0; k < table->codes[i].keys_count; k++) {
                struct str part = constant_text(plan, table->codes[i].keys[k]);
                key = k ? arena_printf(collector->arena, "%.*s, %.*s", STR_ARG(key), STR_ARG(part)) : part;
            }
            VEC_PUSH(collector->arena, &line.keys, key);
            VEC_PUSH(collector->arena, &codes->lines, line);
        }
    }
}

static void add_codes(struct collector *collector, const struct ast_decl *decl) {
    const struct ast_codes *ast = &decl->codes;
    struct document_codes codes = {.name = ast->name.text,
                                   .anchor = phrase_anchor(collector->arena, "codes", ast->name.text),
                                   .doc = index_doc(&collector->index, decl->doc)};
    struct words words = {
        .arena = collector->arena, .scope = {.index = &collector->index}, .outcomes = &codes.outcomes};
    for (uint32_t i = 0; i < ast->key_types.count; i++)
        phrase_print(collector->arena, &codes.types, "%s%.*s", i ? ", " : "",
                     STR_ARG(collect_type(collector, &ast->key_types.items[i])));
    phrase_print(collector->arena, &codes.types, " → %.*s",
                 STR_ARG(collect_type(collector, &ast->value_type)));
    for (uint32_t i = 0; i < ast->lines.count; i++)
        add_line(collector, &ast->lines.items[i], &codes);
    if (ast->file.span.source) {
        codes.file = ast->file.text;
        add_lines_of_plan(collector, &codes);
    }
    words_handlers(&words, &ast->handlers, NULL);
    VEC_PUSH(collector->arena, &collector->document->codes, codes);
}

/* ------------------------------------------------------------------ functions */

static struct str signature(struct collector *collector, const struct ast_fn *fn) {
    struct buf text = {0};
    buf_append_str(&text, fn->name.text);
    buf_append_char(&text, '(');
    for (uint32_t i = 0; i < fn->params.names.count; i++) {
        struct str type = i < fn->params.types.count ? collect_type(collector, &fn->params.types.items[i])
                                                     : (struct str){0};
        buf_printf(&text, "%s%.*s %.*s", i ? ", " : "", STR_ARG(fn->params.names.items[i].text),
                   STR_ARG(type));
    }
    buf_printf(&text, ") %.*s", STR_ARG(collect_type(collector, &fn->result)));
    struct str copy = arena_copy_str(collector->arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

static void add_function(struct collector *collector, const struct ast_decl *decl) {
    const struct ast_fn *fn = &decl->fn;
    struct document_function function = {.name = fn->name.text,
                                         .anchor = phrase_anchor(collector->arena, "fn", fn->name.text),
                                         .doc = index_doc(&collector->index, decl->doc),
                                         .signature = signature(collector, fn)};
    struct words words = {.arena = collector->arena, .scope = {.index = &collector->index, .fn = fn}};
    if (fn->body) {
        words_value(&words, fn->body, &function.words);
        function.code = collect_code(collector, fn->body);
    } else {
        phrase_print(collector->arena, &function.words, "computed by ");
        phrase_add(collector->arena, &function.words, RUN_CODE, fn->symbol.text);
        phrase_print(collector->arena, &function.words, " of the library ");
        phrase_add(collector->arena, &function.words, RUN_NAME, fn->library.text);
    }
    VEC_PUSH(collector->arena, &collector->document->functions, function);
}

static int by_place(const void *a, const void *b) {
    const struct ast_decl *x = *(const struct ast_decl *const *)a, *y = *(const struct ast_decl *const *)b;
    if (x->span.source != y->span.source)
        return str_compare(x->span.source ? x->span.source->name : (struct str){0},
                           y->span.source ? y->span.source->name : (struct str){0});
    return (x->span.start > y->span.start) - (x->span.start < y->span.start);
}

static bool is_used(const struct index_entry *entry, enum ast_decl_kind a, enum ast_decl_kind b) {
    return entry->used && (entry->decl->kind == a || entry->decl->kind == b);
}

/* Telling of one makes others used: until nothing is added. Then in the order of the spec. */
void collect_functions(struct collector *collector) {
    struct {
        VEC(const struct ast_decl *) list;
    } used = {0};
    uint32_t before;
    do {
        before = used.list.count;
        for (uint32_t i = 0; i < collector->index.entries.count; i++) {
            struct index_entry *entry = &collector->index.entries.items[i];
            bool is_there = false;
            for (uint32_t u = 0; u < used.list.count; u++)
                is_there |= used.list.items[u] == entry->decl;
            if (is_there || !is_used(entry, DECL_FN, DECL_EXTERN_FN)) continue;
            VEC_PUSH(collector->arena, &used.list, entry->decl);
            struct words words = {.arena = collector->arena,
                                  .scope = {.index = &collector->index, .fn = &entry->decl->fn}};
            struct phrase unused = {0};
            if (entry->decl->fn.body) words_value(&words, entry->decl->fn.body, &unused);
        }
    } while (used.list.count > before);
    if (used.list.count) qsort(used.list.items, used.list.count, sizeof *used.list.items, by_place);
    for (uint32_t i = 0; i < used.list.count; i++)
        add_function(collector, used.list.items[i]);
}

void collect_codes(struct collector *collector) {
    struct {
        VEC(const struct ast_decl *) list;
    } used = {0};
    for (uint32_t i = 0; i < collector->index.entries.count; i++)
        if (is_used(&collector->index.entries.items[i], DECL_CODES, DECL_CODES))
            VEC_PUSH(collector->arena, &used.list, collector->index.entries.items[i].decl);
    if (used.list.count) qsort(used.list.items, used.list.count, sizeof *used.list.items, by_place);
    for (uint32_t i = 0; i < used.list.count; i++)
        add_codes(collector, used.list.items[i]);
}

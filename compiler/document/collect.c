/* The document as a whole. */
#include "compiler/document/collect.h"

#include "compiler/schema/schema.h"

struct str collect_type(struct collector *collector, const struct ast_type *type) {
    return arena_printf(
        collector->arena, "%.*s%s%s%s", STR_ARG(index_path_text(&collector->index, &type->path)),
        type->element_nullable ? "?" : "", type->is_array ? "[]" : "", type->nullable ? "?" : "");
}

/* Its words are as good as the text: a column, a name, a constant. */
static bool is_plain(const struct ast_expr *expr) {
    expr = expr_bare(expr);
    switch (expr->kind) {
    case X_NULL:
    case X_BOOL:
    case X_INT:
    case X_DECIMAL:
    case X_FLOAT:
    case X_TEXT:
    case X_TYPED:
    case X_DURATION:
    case X_NAME:
    case X_PARAM: return true;
    case X_MEMBER: return is_plain(expr->left);
    default: return false;
    }
}

/* Lines after the first lose the indentation that they have in common. */
static struct str dedent(struct arena *arena, struct str text) {
    size_t common = SIZE_MAX;
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        if (end == NULL) break;
        at = (size_t)(end - text.ptr) + 1;
        size_t blanks = 0;
        while (at + blanks < text.len && text.ptr[at + blanks] == ' ')
            blanks++;
        if (blanks < common) common = blanks;
    }
    if (common == SIZE_MAX || common == 0) return text;
    struct buf out = {0};
    for (size_t at = 0; at < text.len; at++) {
        buf_append_char(&out, text.ptr[at]);
        if (text.ptr[at] == '\n') at += common;
    }
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

struct str collect_code(struct collector *collector, const struct ast_expr *expr) {
    if (expr == NULL) return (struct str){0};
    if (expr->kind == X_HANDLED && expr->left) expr = expr->left;
    return is_plain(expr) ? (struct str){0} : dedent(collector->arena, span_text(expr->span));
}

struct str collect_literal(struct collector *collector, const struct ast_expr *expr) {
    if (expr == NULL) return (struct str){0};
    switch (expr->kind) {
    case X_TEXT:
    case X_INT:
    case X_DECIMAL:
    case X_FLOAT:
    case X_TYPED: return expr->text;
    case X_NAME: return expr->name.text;
    default: return span_text(expr->span);
    }
    (void)collector;
}

/* ------------------------------------------------------------------ the head */

static struct str hexadecimal(struct arena *arena, const uint8_t *bytes, size_t count) {
    struct buf text = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%02x", bytes[i]);
    struct str copy = arena_copy_str(arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

static void collect_head(struct collector *collector) {
    const struct plan *plan = collector->plan;
    struct document *document = collector->document;
    uint8_t hash[32];
    plan_hash(plan, hash);
    document->title = plan->migration;
    document->version = plan->version;
    document->compiler = plan->compiler;
    document->plan_hash = hexadecimal(collector->arena, hash, sizeof hash);
    document->spec_hash =
        hexadecimal(collector->arena, (const uint8_t *)plan->spec_sha256.ptr, plan->spec_sha256.len);
    if (plan->schema_text.len)
        document->schema =
            hexadecimal(collector->arena, (const uint8_t *)plan->schema_sha256.ptr, plan->schema_sha256.len);
    document->target = plan->target.name;
    if (plan->target.location_is_env) document->target_env = plan->target.location;
    for (uint32_t i = 0; i < plan->files_count; i++)
        VEC_PUSH(collector->arena, &document->files, plan->files[i].name);
}

static void collect_declared(struct collector *collector) {
    const struct ast_file *spec = collector->index.files.count ? collector->index.files.items[0] : NULL;
    for (uint32_t i = 0; spec && i < spec->decls.count; i++) {
        const struct ast_decl *decl = spec->decls.items[i];
        if (decl->kind == DECL_MIGRATION) collector->document->doc = index_doc(&collector->index, decl->doc);
        if (decl->kind == DECL_STRATEGY) collector->document->strategy = decl->strategy.kind.text;
    }
}

/* ------------------------------------------------------------------ tables that no map writes */

static bool is_written(const struct collector *collector, struct str table) {
    for (uint32_t i = 0; i < collector->document->maps.count; i++)
        if (!collector->document->maps.items[i].is_file &&
            str_eq(collector->document->maps.items[i].table, table))
            return true;
    return str_eq(collector->document->audit_table, table);
}

static void collect_unwritten(struct collector *collector) {
    if (collector->plan->schema_text.len == 0) return;
    struct diag_list diags; /* the DDL was fine when the plan was made */
    diag_list_init(&diags, collector->arena);
    const struct source_text *ddl =
        source_text_new(collector->arena, STR("the target's DDL"), collector->plan->schema_text);
    const struct schema *schema = schema_parse(collector->arena, ddl, &diags);
    for (uint32_t i = 0; schema && i < schema->tables.count; i++) {
        const struct schema_table *table = schema->tables.items[i];
        struct str name =
            arena_printf(collector->arena, "%.*s.%.*s", STR_ARG(table->schema), STR_ARG(table->name));
        if (!table->is_view && !is_written(collector, name))
            VEC_PUSH(collector->arena, &collector->document->unwritten, name);
    }
}

struct document *document_make(struct arena *arena, const struct plan *plan, struct str date,
                               struct diag_list *diags) {
    struct collector collector = {.arena = arena, .plan = plan};
    if (!index_init(&collector.index, arena, plan, diags)) return NULL;
    collector.document = ARENA_NEW(arena, struct document);
    collector.document->date = date;
    collect_head(&collector);
    collect_declared(&collector);
    collect_params(&collector);
    collect_environments(&collector);
    collect_sources(&collector);
    collect_phases(&collector);
    collect_maps(&collector);
    collect_checks(&collector);
    collect_tests(&collector);
    collect_audit(&collector);
    collect_personal(&collector);
    collect_functions(&collector);
    collect_codes(&collector);
    collect_unwritten(&collector);
    return collector.document;
}

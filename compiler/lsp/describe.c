/* Facts about symbols and functions in people's words. */
#include "compiler/lsp/server.h"

#include "compiler/check/expr.h"

static const char *kind_noun(enum lsp_symbol_kind kind) {
    switch (kind) {
    case SYMBOL_MIGRATION: return "migration";
    case SYMBOL_SOURCE: return "source";
    case SYMBOL_SHEET: return "sheet";
    case SYMBOL_SOURCE_COLUMN: return "source column";
    case SYMBOL_TARGET: return "target";
    case SYMBOL_TABLE: return "table";
    case SYMBOL_TARGET_COLUMN: return "column";
    case SYMBOL_ENUM: return "enum";
    case SYMBOL_PARAM: return "param";
    case SYMBOL_CODES: return "codes";
    case SYMBOL_FN: return "fn";
    case SYMBOL_ARGUMENT: return "argument";
    case SYMBOL_MAP: return "map";
    case SYMBOL_ROW: return "row";
    case SYMBOL_GROUP: return "group";
    case SYMBOL_PART: return "part";
    case SYMBOL_LET: return "let";
    case SYMBOL_LINE: return "column";
    case SYMBOL_VALIDATE: return "validation";
    case SYMBOL_CHECK: return "check";
    case SYMBOL_ENVIRONMENT: return "environment";
    case SYMBOL_PHASE: return "phase";
    case SYMBOL_TEST: return "test";
    }
    return "name";
}

struct str lsp_fn_signature(struct lsp_analysis *analysis, const struct checked_fn *fn) {
    struct checker *checker = &analysis->compile->checker;
    struct buf text = {0};
    buf_printf(&text, "%.*s(", STR_ARG(fn->name));
    for (uint32_t i = 0; i < fn->params.count; i++) {
        struct str name = i < fn->ast->params.names.count ? fn->ast->params.names.items[i].text : STR("x");
        buf_printf(&text, "%s%.*s %.*s", i ? ", " : "", STR_ARG(name),
                   STR_ARG(type_to_text(checker, fn->params.items[i])));
    }
    buf_printf(&text, ") %.*s", STR_ARG(type_to_text(checker, fn->result)));
    struct str copy = arena_copy_str(&analysis->arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

/* ---------------------------------------------------------------- symbols */

static void append_codes(struct lsp_analysis *analysis, struct str name, struct buf *out) {
    struct checker *checker = &analysis->compile->checker;
    for (uint32_t i = 0; i < checker->codes.count; i++) {
        const struct checked_codes *codes = checker->codes.items[i];
        if (!str_eq(codes->name, name)) continue;
        buf_append_cstr(out, " : ");
        for (uint32_t k = 0; k < codes->keys.count; k++)
            buf_printf(out, "%s%.*s", k ? ", " : "", STR_ARG(type_to_text(checker, codes->keys.items[k])));
        buf_printf(out, " -> %.*s", STR_ARG(type_to_text(checker, codes->value)));
        return;
    }
}

static void append_map(struct lsp_analysis *analysis, struct str name, struct buf *out) {
    struct checker *checker = &analysis->compile->checker;
    for (uint32_t i = 0; i < checker->maps.count; i++) {
        const struct checked_map *map = checker->maps.items[i];
        if (!str_eq(map->name, name)) continue;
        if (map->target) buf_printf(out, " into %.*s", STR_ARG(target_table_name(checker, map->target)));
        for (uint32_t k = 0; k < map->keys.count; k++)
            buf_printf(out, "%s%.*s", k ? ", " : " key ", STR_ARG(type_to_text(checker, map->keys.items[k])));
        return;
    }
}

static void append_labels(const struct schema_enum *labels, struct buf *out) {
    enum { MOST = 40 };
    buf_append_cstr(out, "\n\nlabels: ");
    for (uint32_t i = 0; i < labels->labels.count && i < MOST; i++)
        buf_printf(out, "%s`%.*s`", i ? ", " : "", STR_ARG(labels->labels.items[i]));
    if (labels->labels.count > MOST) buf_append_cstr(out, ", …");
}

/* What the value of a let, a group or a line is. */
static struct str value_type(struct lsp_analysis *analysis, const struct ast_expr *value) {
    if (value == NULL) return (struct str){0};
    const struct lsp_expr *expr = lsp_analysis_expr_at(analysis, ast_strip(value)->span);
    if (expr == NULL || expr->typed->type.kind == TYPE_NONE) return (struct str){0};
    return type_to_text(&analysis->compile->checker, expr->typed->type);
}

static void append_head(struct lsp_analysis *analysis, const struct lsp_symbol *symbol, struct buf *out) {
    if (symbol->kind == SYMBOL_FN) {
        for (uint32_t i = 0; i < analysis->compile->checker.fns.count; i++) {
            const struct checked_fn *fn = analysis->compile->checker.fns.items[i];
            if (fn->span.source == symbol->at.source && fn->span.start == symbol->at.start)
                buf_printf(out, "fn %.*s", STR_ARG(lsp_fn_signature(analysis, fn)));
        }
        return;
    }
    buf_printf(out, "%s %.*s", kind_noun(symbol->kind), STR_ARG(symbol->name));
    if (symbol->kind == SYMBOL_CODES) append_codes(analysis, symbol->name, out);
    if (symbol->kind == SYMBOL_MAP) append_map(analysis, symbol->name, out);
    struct str type = symbol->type.len ? symbol->type : value_type(analysis, symbol->value);
    if (type.len)
        buf_printf(out, "%s%.*s", symbol->kind == SYMBOL_ROW && symbol->value == NULL ? " in " : " ",
                   STR_ARG(type));
}

struct str lsp_describe_symbol(struct lsp_analysis *analysis, const struct lsp_symbol *symbol, bool in_full) {
    struct buf out = {0};
    if (in_full) buf_append_cstr(&out, "```mig\n");
    append_head(analysis, symbol, &out);
    if (in_full) {
        buf_append_cstr(&out, "\n```");
        if (symbol->doc.len) buf_printf(&out, "\n\n%.*s", STR_ARG(symbol->doc));
        if (symbol->note.len) buf_printf(&out, "\n\n%.*s", STR_ARG(symbol->note));
        if (symbol->pii)
            buf_append_cstr(&out, symbol->kind == SYMBOL_TARGET_COLUMN
                                      ? "\n\ndeclared `pii`: it may receive personal data"
                                      : "\n\npersonal data (`pii`)");
        if (symbol->labels) append_labels(symbol->labels, &out);
    }
    struct str copy = arena_copy_str(&analysis->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

/* ---------------------------------------------------------------- built-in functions */

/* Those whose arguments have a form of their own, and aggregates: they have no line in functions.def. */
static const char *const MORE_FUNCTIONS[] = {
    "uuid5(text, any, …) uuid: the same id for the same values in every run of this migration",
    "mask(text, keep first|last int) text: stars but for so many characters; `mask(x)` hides all",
    "truncate_to(timestamp, text) timestamp: the start of the 'year', 'month', 'day' … that it is in",
    "count() int: rows of the group; `count(x)` counts values that are not null",
    "sum(number) number: of the group's values",
    "min(any) any: the least of the group's values",
    "max(any) any: the greatest of the group's values",
    "avg(number) decimal: the mean of the group's values",
    "first(any) any: of the group's first row",
    "last(any) any: of the group's last row",
    "string_agg(text, text) text: the group's texts, joined by the second",
    "array_agg(any) any[]: the group's values",
    "bool_and(bool) bool: true for all rows of the group",
    "bool_or(bool) bool: true for at least one row of the group",
};

static bool take_signature(const char *doc, struct str name, struct str *signature, struct str *text) {
    size_t len = strlen(doc);
    if (len <= name.len || memcmp(doc, name.ptr, name.len) != 0 || doc[name.len] != '(') return false;
    const char *colon = strstr(doc, ": ");
    *signature = str_from(doc, colon ? (size_t)(colon - doc) : len);
    *text = colon ? str_cstr(colon + 2) : (struct str){0};
    return true;
}

uint32_t lsp_function_signatures(struct str name, struct str *signatures, struct str *docs, uint32_t most) {
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof MORE_FUNCTIONS / sizeof *MORE_FUNCTIONS && count < most; i++)
        count += take_signature(MORE_FUNCTIONS[i], name, &signatures[count], &docs[count]);
    for (enum opcode op = 0; op < OP_COUNT && count < most; op++)
        if (OPCODES[op].function[0] && str_is(name, OPCODES[op].function))
            count += take_signature(OPCODES[op].doc, name, &signatures[count], &docs[count]);
    return count;
}

struct str lsp_describe_function(struct arena *arena, struct str name) {
    enum { MOST = 24 };
    struct str signatures[MOST], docs[MOST];
    uint32_t count = lsp_function_signatures(name, signatures, docs, MOST);
    struct buf out = {0};
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(&out, "%s```mig\n%.*s\n```", i ? "\n\n" : "", STR_ARG(signatures[i]));
        if (docs[i].len) buf_printf(&out, "\n%.*s", STR_ARG(docs[i]));
    }
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

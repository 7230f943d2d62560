/* Hover: what a name is, what type an expression has, where its personal data comes from. */
#include "compiler/lsp/server.h"

#include "compiler/check/expr.h"

/* The value that brings personal data into the expression; NULL: none found. Trees are bounded in depth by
 * the checker; shared parts are cut off by the count. */
static const struct texpr *find_personal(const struct texpr *typed, uint32_t *budget) {
    if (typed == NULL || !typed->pii || *budget == 0) return NULL;
    --*budget;
    for (uint32_t i = 0; i < typed->args.count; i++) {
        const struct texpr *found = find_personal(typed->args.items[i], budget);
        if (found) return found;
    }
    const struct texpr *bound = typed->binding ? find_personal(typed->binding->expr, budget) : NULL;
    return bound ? bound : typed;
}

static void append_personal(const struct lsp_place *place, const struct texpr *typed, struct buf *out) {
    uint32_t budget = 10000;
    const struct texpr *from = find_personal(typed, &budget);
    if (from == NULL) return;
    buf_append_cstr(out, "\n\npersonal data");
    if (from->span.source == NULL) return;
    struct line_column at = source_text_locate(from->span.source, from->span.start);
    buf_printf(out, ": from `%.*s`", STR_ARG(span_text(from->span)));
    if (from->span.source == place->source) buf_printf(out, " in line %u", at.line);
}

static void append_enum(const struct lsp_place *place, struct plan_type type, struct buf *out) {
    const struct plan_builder *builder = place->analysis->compile->checker.builder;
    if (type.kind != TYPE_ENUM || type.ref >= builder->enums.count) return;
    const struct plan_enum *e = &builder->enums.items[type.ref];
    buf_append_cstr(out, "\n\nlabels: ");
    for (uint32_t i = 0; i < e->labels_count && i < 40; i++)
        buf_printf(out, "%s`%.*s`", i ? ", " : "", STR_ARG(e->labels[i].text));
}

static void append_expr(const struct lsp_place *place, const struct lsp_expr *expr, struct buf *out) {
    struct checker *checker = &place->analysis->compile->checker;
    struct str text = span_text(expr->at);
    bool shown = text.len <= 80 && memchr(text.ptr, '\n', text.len) == NULL;
    struct str type =
        expr->typed->type.kind == TYPE_ROW ? STR("a row") : type_to_text(checker, expr->typed->type);
    buf_printf(out, "```mig\n%.*s : %.*s\n```", STR_ARG(shown ? text : STR("…")), STR_ARG(type));
    append_personal(place, expr->typed, out);
    append_enum(place, expr->typed->type, out);
}

/* The word around the place. */
static struct span word_at(const struct lsp_place *place) {
    struct str text = place->source->text;
    uint32_t start = place->offset, end = place->offset;
#define IS_WORD(c)                                                                                           \
    (((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || ((c) >= '0' && (c) <= '9') || (c) == '_')
    while (start > 0 && IS_WORD(text.ptr[start - 1]))
        start--;
    while (end < text.len && IS_WORD(text.ptr[end]))
        end++;
#undef IS_WORD
    return (struct span){place->source, start, end};
}

static bool is_call(struct span word) {
    struct str text = word.source->text;
    return word.end > word.start && word.end < text.len && text.ptr[word.end] == '(';
}

/* The expression that the name at `at` ends: `t.code` for `code`. Its type says more than the declaration:
 * what a condition or a left lookup made of it. */
static const struct lsp_expr *expr_ending_at(const struct lsp_analysis *analysis, struct span at) {
    const struct lsp_expr *found = NULL;
    for (uint32_t i = 0; i < analysis->exprs.count; i++) {
        const struct lsp_expr *expr = &analysis->exprs.items[i];
        if (expr->at.source != at.source || expr->at.end != at.end || expr->at.start > at.start) continue;
        if (found == NULL || expr->at.start > found->at.start) found = expr;
    }
    return found;
}

static void append_use(const struct lsp_place *place, struct span at, const struct lsp_symbol *symbol,
                       struct buf *out) {
    buf_append_str(out, lsp_describe_symbol(place->analysis, symbol, true));
    bool value = symbol->kind == SYMBOL_SOURCE_COLUMN || symbol->kind == SYMBOL_TARGET_COLUMN ||
                 symbol->kind == SYMBOL_LET || symbol->kind == SYMBOL_LINE || symbol->kind == SYMBOL_ROW;
    const struct lsp_expr *expr = value ? expr_ending_at(place->analysis, at) : NULL;
    if (expr == NULL || expr->typed->type.kind == TYPE_NONE || expr->typed->type.kind == TYPE_ROW) return;
    struct str type = type_to_text(&place->analysis->compile->checker, expr->typed->type);
    if (!str_eq(type, symbol->type)) buf_printf(out, "\n\nhere: `%.*s`", STR_ARG(type));
    if (expr->typed->pii && !symbol->pii) append_personal(place, expr->typed, out);
}

cJSON *lsp_hover(struct lsp_server *server, const cJSON *params, struct lsp_error *error) {
    struct lsp_place place;
    if (!lsp_place_of(server, params, &place, error)) return NULL;
    struct lsp_analysis *analysis = place.analysis;
    const struct lsp_use *use = lsp_analysis_use(analysis, place.source, place.offset);
    const struct lsp_symbol *symbol = NULL;
    struct buf out = {0};
    struct span at = {0}, word = word_at(&place);
    if (use && use->symbol != UINT32_MAX) {
        symbol = &analysis->symbols.items[use->symbol];
        at = use->at;
    } else if ((symbol = lsp_analysis_symbol(analysis, place.source, place.offset)) != NULL) {
        at = symbol->at;
    }
    if (symbol) {
        append_use(&place, at, symbol, &out);
    } else if (is_call(word) && lsp_describe_function(&server->arena, span_text(word)).len) {
        at = word;
        buf_append_str(&out, lsp_describe_function(&server->arena, span_text(word)));
        /* The call as it stands here, with what its arguments make of it. */
        const struct lsp_expr *call = lsp_analysis_expr(analysis, place.source, word.start);
        if (call && call->at.start == word.start && call->typed->type.kind != TYPE_NONE) {
            buf_append_cstr(&out, "\n\n");
            append_expr(&place, call, &out);
        }
    } else {
        const struct lsp_expr *expr = lsp_analysis_expr(analysis, place.source, place.offset);
        if (expr && expr->typed->type.kind != TYPE_NONE) {
            at = expr->at;
            append_expr(&place, expr, &out);
        }
    }
    if (out.len == 0) {
        buf_release(&out);
        return NULL;
    }
    cJSON *hover = cJSON_CreateObject();
    cJSON_AddItemToObject(hover, "contents", lsp_markdown(buf_str(&out)));
    cJSON_AddItemToObject(hover, "range", lsp_text_range(&place.document->lines, at.start, at.end));
    buf_release(&out);
    return hover;
}

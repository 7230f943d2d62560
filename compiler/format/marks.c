/* What the tree says about tokens: where items start, which brackets belong to the word before them, which
 * signs are operators between operands, which tokens begin a cell of an aligned line. */
#include "compiler/format/layout.h"

/* The first token that starts at `at` or behind. */
static uint32_t token_from(const struct format *format, uint32_t at) {
    uint32_t low = 0, high = format->tokens.tokens.count - 1; /* TOKEN_END */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (format->tokens.tokens.items[middle].start < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t next_of_kind(const struct format *format, uint32_t token, enum token_kind kind) {
    while (format->tokens.tokens.items[token].kind != kind &&
           format->tokens.tokens.items[token].kind != TOKEN_END)
        token++;
    return token;
}

static void mark(struct format *format, uint32_t token, enum format_flag flag) {
    format->marks[token].flags |= (uint8_t)flag;
}
static void mark_span(struct format *format, struct span span, enum format_flag flag) {
    if (span.source) mark(format, token_from(format, span.start), flag);
}
static void mark_cell(struct format *format, uint32_t token, enum format_class class, uint32_t cell) {
    if (cell > FORMAT_MAX_CELLS) return;
    format->marks[token].cell_class = (uint8_t) class;
    format->marks[token].cell = (uint8_t)cell;
}

static void mark_type(struct format *format, const struct ast_type *type) {
    if (type->span.source == NULL) return;
    uint32_t token = token_from(format, type->span.start) + 1;
    while (format->tokens.tokens.items[token].kind != TOKEN_END &&
           format->tokens.tokens.items[token].start < type->span.end)
        mark(format, token++, FORMAT_TIGHT);
}

/* ------------------------------------------------------------------ expressions */

static void mark_expr(struct format *format, const struct ast_expr *expr);

static void mark_exprs(struct format *format, struct ast_expr *const *exprs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        mark_expr(format, exprs[i]);
}

static void mark_handlers(struct format *format, const struct ast_handlers *handlers) {
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        mark_expr(format, handlers->list.items[i].action.message);
        mark_expr(format, handlers->list.items[i].action.use);
    }
}

/* The handlers of an item, clause or declaration: the first one stands apart. */
static void mark_item_handlers(struct format *format, const struct ast_handlers *handlers) {
    if (handlers->list.count) mark_span(format, handlers->list.items[0].span, FORMAT_HANDLER);
    mark_handlers(format, handlers);
}

/* An expression that may carry an item's handlers. */
static void mark_item_expr(struct format *format, const struct ast_expr *expr) {
    if (expr && expr->kind == X_HANDLED && expr->handlers.list.count)
        mark_span(format, expr->handlers.list.items[0].span, FORMAT_HANDLER);
    mark_expr(format, expr);
}

static void mark_match(struct format *format, const struct ast_expr *match) {
    uint32_t from = match->left ? match->left->span.end : match->span.start;
    mark(format, next_of_kind(format, token_from(format, from), TOKEN_LEFT_BRACE), FORMAT_INNER_BRACE);
    for (uint32_t i = 0; i < match->arms.count; i++) {
        const struct ast_arm *arm = &match->arms.items[i];
        mark_span(format, arm->span, FORMAT_ITEM);
        mark_expr(format, arm->when);
        mark_exprs(format, arm->patterns.items, arm->patterns.count);
        mark_expr(format, arm->result);
    }
}

static void mark_expr(struct format *format, const struct ast_expr *expr) {
    /* What stands in the braces of a text belongs to the text's token. */
    if (expr == NULL || expr->kind == X_INTERPOLATED) return;
    switch (expr->kind) {
    case X_CALL:
        mark(format, next_of_kind(format, token_from(format, expr->span.start), TOKEN_LEFT_PAREN),
             FORMAT_TIGHT);
        break;
    case X_INDEX: mark(format, token_from(format, expr->left->span.end), FORMAT_TIGHT); break;
    case X_BINARY: mark_span(format, expr->op_span, FORMAT_BINARY); break;
    case X_MATCH: mark_match(format, expr); break;
    default: break;
    }
    mark_expr(format, expr->left);
    mark_expr(format, expr->right);
    mark_exprs(format, expr->items.items, expr->items.count);
    mark_handlers(format, &expr->handlers);
    mark_expr(format, expr->action.message);
    mark_expr(format, expr->action.use);
}

/* ------------------------------------------------------------------ sources, codes, functions */

static void mark_column(struct format *format, const struct ast_source_column *column) {
    mark_span(format, column->span, FORMAT_ITEM);
    mark_type(format, &column->type);
    mark_cell(format, token_from(format, column->type.span.start), CLASS_COLUMN, 1);
    uint32_t cell = 2;
    const struct token *tokens = format->tokens.tokens.items;
    for (uint32_t i = token_from(format, column->type.span.end); tokens[i].start < column->span.end; i++)
        if (tokens[i].kind == TOKEN_WORD && !str_is(token_text(&format->tokens, i), "because"))
            mark_cell(format, i, CLASS_COLUMN, cell++);
}

static void mark_source(struct format *format, const struct ast_source *source) {
    mark_handlers(format, &source->handlers);
    for (uint32_t t = 0; t < source->tables.count; t++) {
        const struct ast_source_table *table = &source->tables.items[t];
        if (table->name.text.len) mark_span(format, table->span, FORMAT_ITEM);
        mark_handlers(format, &table->handlers);
        for (uint32_t i = 0; i < table->columns.count; i++)
            mark_column(format, &table->columns.items[i]);
    }
    for (uint32_t r = 0; r < source->rows.count; r++) {
        const struct ast_inline_row *row = &source->rows.items[r];
        mark_span(format, row->span, FORMAT_ITEM);
        for (uint32_t i = 1; i < row->values.count; i++)
            mark_cell(format, token_from(format, row->values.items[i]->span.start), CLASS_INLINE_ROW, i);
    }
}

static void mark_code_line(struct format *format, const struct ast_code_line *line) {
    mark_span(format, line->span, FORMAT_ITEM);
    mark_exprs(format, line->keys.items, line->keys.count);
    mark_expr(format, line->value);
    uint32_t last = line->keys.count - 1;
    if (line->keys.count)
        mark_cell(format, token_from(format, line->keys.items[last]->span.end), CLASS_CODE, 1);
}

static void mark_codes(struct format *format, const struct ast_codes *codes) {
    for (uint32_t i = 0; i < codes->key_types.count; i++)
        mark_type(format, &codes->key_types.items[i]);
    mark_type(format, &codes->value_type);
    mark_handlers(format, &codes->handlers);
    for (uint32_t i = 0; i < codes->lines.count; i++)
        mark_code_line(format, &codes->lines.items[i]);
}

static void mark_fn(struct format *format, const struct ast_fn *fn) {
    mark(format, token_from(format, fn->name.span.end), FORMAT_TIGHT);
    for (uint32_t i = 0; i < fn->params.types.count; i++)
        mark_type(format, &fn->params.types.items[i]);
    mark_type(format, &fn->result);
    mark_item_expr(format, fn->body);
}

static void mark_param(struct format *format, const struct ast_decl *decl) {
    mark_type(format, &decl->param.type);
    mark_item_expr(format, decl->param.value);
    mark_cell(format, token_from(format, decl->param.type.span.start), CLASS_PARAM, 1);
    if (decl->param.value) mark_cell(format, token_from(format, decl->param.type.span.end), CLASS_PARAM, 2);
}

/* ------------------------------------------------------------------ maps, checks, tests */

static void mark_clause(struct format *format, const struct ast_clause *clause) {
    mark_span(format, clause->span, FORMAT_ITEM);
    mark_item_expr(format, clause->expr);
    mark_exprs(format, clause->exprs.items, clause->exprs.count);
    for (uint32_t i = 0; i < clause->order.count; i++)
        mark_expr(format, clause->order.items[i].expr);
    if (clause->kind == CLAUSE_ON_CONFLICT)
        mark_handlers(format, &clause->handlers);
    else
        mark_item_handlers(format, &clause->handlers);
}

static void mark_item(struct format *format, const struct ast_item *item) {
    mark_span(format, item->span, FORMAT_ITEM);
    mark_item_expr(format, item->expr);
    mark_item_handlers(format, &item->handlers);
    if (item->kind == ITEM_ASSIGN || item->kind == ITEM_LET)
        mark_cell(format, token_from(format, item->name.span.end),
                  item->kind == ITEM_LET ? CLASS_LET : CLASS_ASSIGN, 1);
}

static void mark_items(struct format *format, const struct ast_item *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        mark_item(format, &items[i]);
}

static void mark_check(struct format *format, const struct ast_decl *decl) {
    const struct ast_check *check = &decl->check;
    mark_span(format, decl->span, FORMAT_CHECK);
    for (uint32_t i = 0; i < check->source.count; i++) {
        mark_clause(format, &check->source.items[i]);
        mark_span(format, check->source.items[i].span, FORMAT_CHECK_SOURCE);
    }
    mark_expr(format, check->expected);
    mark_item_handlers(format, &check->handlers);
}

static void mark_step(struct format *format, const struct ast_test_step *step) {
    if (step->kind == STEP_CODE) {
        mark_code_line(format, &step->code);
        return;
    }
    mark_span(format, step->span, FORMAT_ITEM);
    mark_item_expr(format, step->expr);
    for (uint32_t i = 0; i < step->fields.count; i++) {
        mark_span(format, step->fields.items[i].span, FORMAT_ITEM);
        mark_expr(format, step->fields.items[i].value);
    }
}

static void mark_change(struct format *format, const struct ast_change *change) {
    for (uint32_t i = 0; i < change->steps.count; i++) {
        const struct ast_change_step *step = &change->steps.items[i];
        uint32_t first = token_from(format, step->span.start);
        mark(format, first, FORMAT_ITEM);
        mark_cell(format, first + 1, CLASS_CHANGE, 1);
        for (uint32_t s = 0; s < step->sets.count; s++)
            mark_item_expr(format, step->sets.items[s].expr);
        mark_item_expr(format, step->where);
    }
}

static void mark_environment(struct format *format, const struct ast_decl *decl) {
    for (uint32_t i = 0; i < decl->environment.settings.count; i++) {
        const struct ast_setting *setting = &decl->environment.settings.items[i];
        mark_span(format, setting->span, FORMAT_ITEM);
        mark_expr(format, setting->value);
        mark_cell(format, token_from(format, setting->name.span.end), CLASS_SETTING, 1);
    }
}

static void mark_decl(struct format *format, const struct ast_decl *decl) {
    mark_span(format, decl->span, FORMAT_ITEM);
    switch (decl->kind) {
    case DECL_PARAM: mark_param(format, decl); break;
    case DECL_ENVIRONMENT: mark_environment(format, decl); break;
    case DECL_SOURCE: mark_source(format, &decl->source); break;
    case DECL_CODES: mark_codes(format, &decl->codes); break;
    case DECL_FN:
    case DECL_EXTERN_FN: mark_fn(format, &decl->fn); break;
    case DECL_MAP:
        for (uint32_t i = 0; i < decl->map.clauses.count; i++)
            mark_clause(format, &decl->map.clauses.items[i]);
        mark_items(format, decl->map.items.items, decl->map.items.count);
        break;
    case DECL_CHECK: mark_check(format, decl); break;
    case DECL_TEST:
        for (uint32_t i = 0; i < decl->test.steps.count; i++)
            mark_step(format, &decl->test.steps.items[i]);
        break;
    case DECL_AUDIT: mark_items(format, decl->audit.items.items, decl->audit.items.count); break;
    case DECL_PHASE:
        for (uint32_t i = 0; i < decl->phase.maps.count; i++)
            mark_span(format, decl->phase.maps.items[i].span, FORMAT_ITEM);
        break;
    case DECL_CHANGE: mark_change(format, &decl->change); break;
    case DECL_MIGRATION:
    case DECL_USE:
    case DECL_TARGET:
    case DECL_PII:
    case DECL_STRATEGY: break;
    }
}

void format_mark_tokens(struct format *format) {
    for (uint32_t i = 0; i < format->file->decls.count; i++)
        mark_decl(format, format->file->decls.items[i]);
}

/* Building expressions. */
#include "compiler/syntax/build.h"
#include "compiler/syntax/text_literal.h"

struct ast_expr *build_expr(struct parser *parser, enum ast_expr_kind kind, struct span span) {
    struct ast_expr *expr = ARENA_NEW(parser->arena, struct ast_expr);
    expr->kind = kind;
    expr->span = span;
    expr->depth = 1;
    return expr;
}

static void take_depth(uint32_t *depth, const struct ast_expr *child) {
    if (child && child->depth > *depth) *depth = child->depth;
}

struct ast_expr *build_seal(struct parser *parser, struct ast_expr *expr) {
    uint32_t depth = 0;
    take_depth(&depth, expr->left);
    take_depth(&depth, expr->right);
    for (uint32_t i = 0; i < expr->items.count; i++)
        take_depth(&depth, expr->items.items[i]);
    for (uint32_t i = 0; i < expr->arms.count; i++) {
        const struct ast_arm *arm = &expr->arms.items[i];
        take_depth(&depth, arm->when);
        take_depth(&depth, arm->result);
        for (uint32_t p = 0; p < arm->patterns.count; p++)
            take_depth(&depth, arm->patterns.items[p]);
    }
    for (uint32_t i = 0; i < expr->handlers.list.count; i++) {
        take_depth(&depth, expr->handlers.list.items[i].action.message);
        take_depth(&depth, expr->handlers.list.items[i].action.use);
    }
    take_depth(&depth, expr->action.message);
    take_depth(&depth, expr->action.use);
    if (depth + 1 <= PARSE_MAX_DEPTH) {
        expr->depth = (uint16_t)(depth + 1);
        return expr;
    }
    if (!parser->too_deep)
        syntax_report(parser->reporter, E_TOO_DEEP,
                      (struct span){expr->span.source, expr->span.start, expr->span.start},
                      "an expression is nested more than %d deep: share parts of it with `let`",
                      (int)PARSE_MAX_DEPTH);
    parser->too_deep = true;
    return build_expr(parser, X_ERROR, expr->span);
}

struct ast_name build_ast_name(struct lexeme word) {
    return (struct ast_name){word.text, word.span};
}

struct ast_expr *build_word(struct parser *parser, enum ast_expr_kind kind, struct lexeme word) {
    struct ast_expr *expr = build_expr(parser, kind, word.span);
    expr->name = build_ast_name(word);
    if (kind == X_PARAM) {
        expr->name.text.ptr++; /* the $ */
        expr->name.text.len--;
    }
    return expr;
}

struct ast_expr *build_name(struct parser *parser, struct ast_name name) {
    struct ast_expr *expr = build_expr(parser, X_NAME, name.span);
    expr->name = name;
    return expr;
}

/* The digits of a number: no underscores. */
static struct str plain_number(struct parser *parser, struct str text) {
    char *plain = arena_alloc(parser->arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '_' && text.ptr[i] != '%') plain[len++] = text.ptr[i];
    plain[len] = '\0';
    return str_from(plain, len);
}

struct ast_expr *build_number(struct parser *parser, enum ast_expr_kind kind, struct lexeme number) {
    if (kind == X_INT && memchr(number.text.ptr, '.', number.text.len)) kind = X_DECIMAL; /* 2.5% */
    struct ast_expr *expr = build_expr(parser, kind, number.span);
    expr->text = plain_number(parser, number.text);
    expr->text_span = number.span;
    return expr;
}

struct ast_expr *build_typed(struct parser *parser, struct lexeme literal) {
    uint32_t first = parser->stream.items.items[literal.index].first;
    struct ast_expr *expr = build_expr(parser, X_TYPED, literal.span);
    expr->name = (struct ast_name){token_text(&parser->tokens, first), token_span(&parser->tokens, first)};
    expr->text = text_literal_raw(parser->arena, token_text(&parser->tokens, first + 1));
    expr->text_span = token_span(&parser->tokens, first + 1);
    if (parser->tokens.tokens.items[first + 1].bad) expr->kind = X_ERROR;
    return expr;
}

struct ast_expr *build_duration(struct parser *parser, struct lexeme literal) {
    uint32_t first = parser->stream.items.items[literal.index].first;
    struct ast_expr *expr = build_expr(parser, X_DURATION, literal.span);
    expr->text = plain_number(parser, token_text(&parser->tokens, first));
    expr->text_span = token_span(&parser->tokens, first);
    expr->name =
        (struct ast_name){token_text(&parser->tokens, first + 1), token_span(&parser->tokens, first + 1)};
    return expr;
}

struct ast_expr *build_bool(struct parser *parser, bool truth, struct span span) {
    struct ast_expr *expr = build_expr(parser, X_BOOL, span);
    expr->truth = truth;
    return expr;
}

struct ast_expr *build_text(struct parser *parser, struct lexeme text) {
    return text_literal_expr(parser, parser->stream.items.items[text.index].first);
}

struct ast_expr *build_unary(struct parser *parser, enum ast_expr_kind kind, struct ast_expr *left,
                             struct span op_span, struct span span) {
    struct ast_expr *expr = build_expr(parser, kind, span);
    expr->left = left;
    expr->op_span = op_span;
    return build_seal(parser, expr);
}

struct ast_expr *build_binary(struct parser *parser, enum ast_operator op, struct ast_expr *left,
                              struct ast_expr *right, struct span op_span) {
    struct ast_expr *expr = build_expr(parser, X_BINARY, span_join(left->span, right->span));
    expr->op = op;
    expr->left = left;
    expr->right = right;
    expr->op_span = op_span;
    return build_seal(parser, expr);
}

struct ast_expr *build_predicate(struct parser *parser, enum ast_expr_kind kind, bool negated,
                                 struct ast_expr *left, struct ast_expr *right, struct span op_span,
                                 struct span span) {
    struct ast_expr *expr = build_expr(parser, kind, span);
    expr->negated = negated;
    expr->left = left;
    expr->right = right;
    expr->op_span = op_span;
    return build_seal(parser, expr);
}

struct ast_expr *build_in(struct parser *parser, bool negated, struct ast_expr *left, struct expr_list *items,
                          struct span op_span, struct span span) {
    struct ast_expr *expr = build_expr(parser, X_IN, span);
    expr->negated = negated;
    expr->left = left;
    expr->op_span = op_span;
    VEC_MOVE(expr->items, items->v);
    return build_seal(parser, expr);
}

struct ast_expr *build_between(struct parser *parser, bool negated, struct ast_expr *left,
                               struct ast_expr *low, struct ast_expr *high, struct span op_span) {
    struct ast_expr *expr = build_expr(parser, X_BETWEEN, span_join(left->span, high->span));
    expr->negated = negated;
    expr->left = left;
    expr->op_span = op_span;
    VEC_PUSH(parser->arena, &expr->items, low);
    VEC_PUSH(parser->arena, &expr->items, high);
    return build_seal(parser, expr);
}

struct ast_expr *build_member(struct parser *parser, struct ast_expr *left, struct ast_name name,
                              struct span span) {
    struct ast_expr *expr = build_expr(parser, X_MEMBER, span);
    expr->left = left;
    expr->name = name;
    return build_seal(parser, expr);
}

struct ast_expr *build_list(struct parser *parser, enum ast_expr_kind kind, struct ast_expr *left,
                            struct expr_list *items, struct span span) {
    struct ast_expr *expr = build_expr(parser, kind, span);
    expr->left = left;
    VEC_MOVE(expr->items, items->v);
    return build_seal(parser, expr);
}

/* The names of `a.b.c`; false when the expression is anything else. */
static bool path_of(struct parser *parser, const struct ast_expr *expr, struct ast_path *path) {
    if (expr->kind == X_MEMBER) {
        if (!path_of(parser, expr->left, path)) return false;
    } else if (expr->kind != X_NAME) {
        return false;
    }
    VEC_PUSH(parser->arena, &path->parts, expr->name);
    return true;
}

struct ast_expr *build_call(struct parser *parser, struct ast_expr *callee, struct expr_list *args,
                            struct span close, struct span span) {
    /* The bracket is not in the text: which arguments are whose nobody knows. */
    if (close.start == close.end) return build_expr(parser, X_ERROR, span);
    struct ast_expr *expr = build_expr(parser, X_CALL, span);
    expr->path.span = callee->span;
    if (!path_of(parser, callee, &expr->path)) {
        if (callee->kind != X_ERROR) {
            struct diag *diag = syntax_report(parser->reporter, E_SYNTAX, callee->span,
                                              "only a function's name can be called");
            SYNTAX_HELP(parser->reporter, diag, "A call is written `name(argument, …)`.");
        }
        return build_expr(parser, X_ERROR, span);
    }
    VEC_MOVE(expr->items, args->v);
    return build_seal(parser, expr);
}

struct ast_expr *build_keep(struct parser *parser, struct lexeme which, struct ast_expr *count,
                            struct span span) {
    struct ast_expr *expr = build_expr(parser, X_KEEP, span);
    expr->name = build_ast_name(which);
    expr->left = count;
    return build_seal(parser, expr);
}

struct ast_expr *build_if(struct parser *parser, struct ast_expr *condition, struct ast_expr *then,
                          struct ast_expr *otherwise, struct span span) {
    struct ast_expr *expr = build_expr(parser, X_IF, span);
    expr->left = condition;
    VEC_PUSH(parser->arena, &expr->items, then);
    VEC_PUSH(parser->arena, &expr->items, otherwise);
    return build_seal(parser, expr);
}

struct ast_expr *build_match(struct parser *parser, struct ast_expr *subject, struct arm_list *arms,
                             struct span span) {
    struct ast_expr *expr = build_expr(parser, X_MATCH, span);
    expr->left = subject;
    VEC_MOVE(expr->arms, arms->v);
    return build_seal(parser, expr);
}

struct ast_expr *build_handled(struct parser *parser, struct ast_expr *left, struct handler_list *handlers,
                               struct span span) {
    struct ast_expr *expr = build_expr(parser, X_HANDLED, span);
    expr->left = left;
    VEC_MOVE(expr->handlers.list, handlers->v);
    return build_seal(parser, expr);
}

struct ast_expr *build_action_result(struct parser *parser, struct ast_action *action) {
    struct ast_expr *expr = build_expr(parser, X_ACTION, action->span);
    expr->action = *action;
    return build_seal(parser, expr);
}

struct ast_action *build_action(struct parser *parser, enum ast_action_kind kind, struct ast_expr *message,
                                struct ast_expr *use, struct name_list *columns, struct span span) {
    struct ast_action *action = ARENA_NEW(parser->arena, struct ast_action);
    action->kind = kind;
    action->message = message;
    action->use = use;
    action->span = span;
    if (columns) VEC_MOVE(action->columns, columns->v);
    return action;
}

struct ast_handler build_handler(struct parser *parser, struct lexeme event, struct name_list *columns,
                                 struct ast_action *action, struct span span) {
    struct ast_handler handler = {.event = (enum ast_event)parser->stream.items.items[event.index].event,
                                  .action = *action,
                                  .span = span,
                                  .event_span = event.span};
    if (columns) VEC_MOVE(handler.columns, columns->v);
    return handler;
}

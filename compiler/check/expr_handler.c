/* `on EVENT ACTION` behind an expression: which events it can raise, what is done about them, and which
 * handlers wait for something that cannot happen. */
#include "compiler/check/expr.h"

static const char *handler_event_text(enum ast_event event) {
    switch (event) {
    case EVENT_ERROR: return "on error";
    case EVENT_NULL: return "on null";
    case EVENT_MISSING: return "on missing";
    case EVENT_SKIPPED: return "on skipped";
    case EVENT_DUPLICATE: return "on duplicate";
    case EVENT_CONFLICT: return "on conflict";
    case EVENT_FAIL: return "on fail";
    case EVENT_RAGGED: return "on ragged";
    case EVENT_BAD_ENCODING: return "on bad_encoding";
    }
    return "on error";
}

static bool handler_find_event(enum ast_event event, enum thandler_event *found) {
    switch (event) {
    case EVENT_ERROR: *found = HANDLE_ERROR; return true;
    case EVENT_NULL: *found = HANDLE_NULL; return true;
    case EVENT_MISSING: *found = HANDLE_MISSING; return true;
    case EVENT_SKIPPED: *found = HANDLE_SKIPPED; return true;
    case EVENT_DUPLICATE: *found = HANDLE_DUPLICATE; return true;
    default: return false;
    }
}

static bool handler_refuse(struct scope *scope, struct span span, const char *message, const char *help) {
    struct diag *diag = diag_report(scope->checker->diags, E_BAD_HANDLER, span, "%s", message);
    diag_help(scope->checker->diags, diag, "%s", help);
    return false;
}

/* ---------------------------------------------------------------- actions */

struct handler_work {
    const struct expected *expected; /* for the values of `use` */
    bool convert;                    /* they must be of that type; else it is a hint */
    bool needs_value;                /* warn must come with use */
};

static bool handler_check_use(struct scope *scope, const struct ast_action *action,
                              const struct handler_work *work, struct thandler *handler) {
    if (action->use == NULL) return true;
    if (action->use->kind == X_HANDLED)
        return handler_refuse(scope, action->use->span, "the value of `use` carries no handlers of its own",
                              "put the handler in parentheses: `use (x on error use null)`");
    struct expected wanted = *work->expected;
    wanted.allow_null = true;
    handler->use = work->convert ? check_expr(scope, action->use, &wanted)
                                 : expr_infer(scope, action->use, work->expected->type);
    return !node_failed(handler->use);
}

void checker_note_message(struct checker *checker, const struct ast_action *action) {
    if (action->message == NULL) return;
    const struct ast_expr *message = ast_strip(action->message);
    if (message->kind != X_TEXT && message->kind != X_INTERPOLATED) return;
    VEC_PUSH(checker->arena, &checker->messages, (struct checked_message){message, action->kind});
}

static bool handler_check_message(struct scope *scope, const struct ast_action *action,
                                  struct thandler *handler) {
    if (action->message == NULL) return true;
    checker_note_message(scope->checker, action);
    handler->message = check_message(scope, action->message);
    return !node_failed(handler->message);
}

/* The action as typed. False when reported. */
static bool handler_check_action(struct scope *scope, const struct ast_action *action,
                                 const struct handler_work *work, struct thandler *handler) {
    handler->span = action->span;
    bool duplicate = handler->event == HANDLE_DUPLICATE;
    switch (action->kind) {
    case ACTION_NONE: return false;
    case ACTION_USE: handler->action = TACT_USE; break;
    case ACTION_SKIP: handler->action = TACT_SKIP; break;
    case ACTION_REJECT: handler->action = TACT_REJECT; break;
    case ACTION_FAIL: handler->action = TACT_FAIL; break;
    case ACTION_WARN:
        handler->action = TACT_WARN;
        if (work->needs_value && action->use == NULL)
            return handler_refuse(scope, action->span, "`warn` does not say which value to go on with",
                                  "add it: `warn 'message' use null`");
        break;
    case ACTION_FIRST:
    case ACTION_LAST:
        if (!duplicate)
            return handler_refuse(scope, action->span, "`first` and `last` choose among duplicates",
                                  "use them with `on duplicate`");
        handler->action = action->kind == ACTION_FIRST ? TACT_FIRST : TACT_LAST;
        return true;
    case ACTION_UPDATE:
        return handler_refuse(scope, action->span, "`update` is for rows that the target has already",
                              "write it as a clause of the map: `on conflict (id) update`");
    }
    bool good = handler_check_message(scope, action, handler);
    return handler_check_use(scope, action, work, handler) && good;
}

struct texpr *expr_action(struct scope *scope, const struct ast_action *action, struct span span) {
    struct expected anything = {.allow_null = true};
    struct handler_work work = {.expected = &anything, .needs_value = true};
    struct thandler handler = {.event = HANDLE_MISSING};
    if (!handler_check_action(scope, action, &work, &handler)) return node_error(scope, span);
    if (handler.use == NULL) {
        struct texpr *act = node_new(scope, TX_ACT, type_of(TYPE_NULL, false), span);
        VEC_PUSH(scope->checker->arena, &act->handlers, handler);
        act->varies = true;
        return act;
    }
    if (handler.action == TACT_USE) return handler.use;
    /* warn … use: as if no arm had matched, and that were handled. */
    struct texpr *raise = node_new(scope, TX_RAISE, type_nullable(handler.use->type, false), span);
    raise->index = FAULT_NO_BRANCH;
    struct texpr *node = node_new(scope, TX_HANDLED, handler.use->type, span);
    node_push(scope, node, raise);
    node->pii |= handler.use->pii;
    node->can_fail |= handler.use->can_fail;
    node->varies = true;
    VEC_PUSH(scope->checker->arena, &node->handlers, handler);
    return node;
}

/* ---------------------------------------------------------------- useless handlers */

static bool handler_can_happen(const struct texpr *expr, enum thandler_event event) {
    switch (event) {
    case HANDLE_ERROR: return expr->can_fail;
    case HANDLE_NULL: return expr->type.nullable;
    case HANDLE_MISSING:
    case HANDLE_DUPLICATE: return expr->can_miss;
    case HANDLE_SKIPPED: return expr->can_skip;
    }
    return true;
}

static void handler_warn_useless(struct scope *scope, const struct texpr *expr,
                                 const struct ast_handler *handler) {
    struct diag_list *diags = scope->checker->diags;
    struct str text = span_text(expr->span);
    if (text.len > 60 || memchr(text.ptr, '\n', text.len) != NULL) text = STR("the expression");
    static const char *const reasons[] = {[HANDLE_ERROR] = "cannot fail",
                                          [HANDLE_NULL] = "is never null",
                                          [HANDLE_MISSING] = "searches nothing that could be missing",
                                          [HANDLE_SKIPPED] = "searches no map whose rows could be left out",
                                          [HANDLE_DUPLICATE] = "finds at most one row"};
    enum thandler_event event = HANDLE_ERROR;
    handler_find_event(handler->event, &event);
    struct diag *diag =
        diag_report(diags, W_USELESS_HANDLER, handler->event_span, "`%s` waits for nothing: `%.*s` %s",
                    handler_event_text(handler->event), STR_ARG(text), reasons[event]);
    bool lookup = event == HANDLE_ERROR && expr->can_miss;
    diag_help(diags, diag,
              lookup ? "an index raises `missing`: write `on missing …`" : "take the handler out");
    struct span gap = handler->span;
    const char *bytes = gap.source == NULL ? NULL : gap.source->text.ptr;
    while (bytes != NULL && gap.start > 0 && (bytes[gap.start - 1] == ' ' || bytes[gap.start - 1] == '\t'))
        gap.start--;
    if (bytes != NULL) diag_fix(diags, diag, gap, STR(""));
}

/* ---------------------------------------------------------------- handled expressions */

/* True when the list has a second handler for the event, above `index`. */
static bool handler_repeats(struct scope *scope, const struct ast_handlers *handlers, uint32_t index) {
    const struct ast_handler *handler = &handlers->list.items[index];
    for (uint32_t i = 0; i < index; i++) {
        if (handlers->list.items[i].event != handler->event) continue;
        struct diag *diag = diag_report(scope->checker->diags, E_BAD_HANDLER, handler->event_span,
                                        "`%s` stands here twice", handler_event_text(handler->event));
        diag_label(scope->checker->diags, diag, handlers->list.items[i].event_span, "first here");
        diag_help(scope->checker->diags, diag, "an expression has one handler for each event");
        return true;
    }
    return false;
}

static bool handler_check_one(struct scope *scope, const struct ast_handler *ast, const struct texpr *expr,
                              const struct handler_work *work, struct thandler *handler) {
    if (!handler_find_event(ast->event, &handler->event)) {
        struct diag *diag =
            diag_report(scope->checker->diags, E_BAD_HANDLER, ast->event_span,
                        "`%s` cannot stand behind an expression", handler_event_text(ast->event));
        diag_help(scope->checker->diags, diag,
                  "an expression takes `on error`, `on null`, `on missing` and `on skipped`");
        return false;
    }
    bool good = handler_check_action(scope, &ast->action, work, handler);
    handler->span = ast->span;
    if (!node_failed(expr) && !handler_can_happen(expr, handler->event))
        handler_warn_useless(scope, expr, ast);
    return good;
}

/* What is left of the expression's events and type behind its handlers. */
static void handler_take_events(struct texpr *node, const struct texpr *arg) {
    node->can_fail = arg->can_fail;
    node->can_miss = arg->can_miss;
    node->can_skip = arg->can_skip;
    node->type.nullable = arg->type.nullable;
    for (uint32_t i = 0; i < node->handlers.count; i++) {
        switch (node->handlers.items[i].event) {
        case HANDLE_ERROR: node->can_fail = false; break;
        case HANDLE_NULL: node->type.nullable = 0; break;
        case HANDLE_MISSING: node->can_miss = false; break;
        case HANDLE_SKIPPED: node->can_skip = false; break;
        case HANDLE_DUPLICATE: break;
        }
    }
    for (uint32_t i = 0; i < node->handlers.count; i++) {
        const struct texpr *use = node->handlers.items[i].use;
        if (use == NULL) continue;
        node->can_fail |= use->can_fail;
        node->can_miss |= use->can_miss;
        node->can_skip |= use->can_skip;
        node->pii |= use->pii;
        node->varies |= use->varies;
        node->type.nullable |= use->type.nullable;
    }
}

/* Brings the expression and all `use` values to one type. False when reported. */
static bool handler_unify(struct scope *scope, struct texpr **expr, struct texpr *node) {
    struct checker *checker = scope->checker;
    struct plan_type type = (*expr)->type;
    for (uint32_t i = 0; i < node->handlers.count; i++) {
        struct texpr *use = node->handlers.items[i].use;
        if (use == NULL) continue;
        struct plan_type both;
        if (!type_unify(type, use->type, &both)) {
            struct str found = type_to_text(checker, use->type),
                       wanted = type_to_text(checker, type_nullable(type, false));
            struct diag *diag =
                diag_report(checker->diags, E_TYPE_MISMATCH, use->span,
                            "`use` gives %.*s, and the expression %.*s", STR_ARG(found), STR_ARG(wanted));
            diag_label(checker->diags, diag, (*expr)->span, "%.*s", STR_ARG(wanted));
            struct str spelling = type_conversion_text(checker->arena, use->type, type, span_text(use->span));
            if (spelling.len > 0)
                diag_help(checker->diags, diag, "convert it: %.*s", STR_ARG(spelling));
            else
                diag_help(checker->diags, diag, "use a value of type %.*s, or null", STR_ARG(wanted));
            return false;
        }
        type = both;
    }
    *expr = node_widen(scope, *expr, type_nullable(type, (*expr)->type.nullable));
    for (uint32_t i = 0; i < node->handlers.count; i++)
        if (node->handlers.items[i].use != NULL)
            node->handlers.items[i].use = node_widen(scope, node->handlers.items[i].use, type);
    return true;
}

static struct texpr *handler_attach(struct scope *scope, struct texpr *expr,
                                    const struct ast_handlers *handlers, const struct expected *expected,
                                    bool convert) {
    struct expected hint = {.type = expr->type, .allow_null = true};
    if (expected == NULL || expected->type.kind == TYPE_NONE) {
        expected = &hint;
        convert = false;
    }
    struct handler_work work = {.expected = expected, .convert = convert, .needs_value = true};
    struct texpr *node = node_new(scope, TX_HANDLED, expr->type, expr->span);
    bool good = !node_failed(expr);
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        if (handler_repeats(scope, handlers, i)) {
            good = false;
            continue;
        }
        const struct ast_handler *ast = &handlers->list.items[i];
        struct thandler handler = {0};
        if (handler_check_one(scope, ast, expr, &work, &handler)) {
            VEC_PUSH(scope->checker->arena, &node->handlers, handler);
        } else {
            good = false;
        }
    }
    if (!good || !handler_unify(scope, &expr, node)) return node_error(scope, node->span);
    node->type = expr->type;
    node_push(scope, node, expr);
    handler_take_events(node, expr);
    return node;
}

static bool handlers_have(const struct ast_handlers *handlers, enum ast_event event) {
    for (uint32_t i = 0; i < handlers->list.count; i++)
        if (handlers->list.items[i].event == event) return true;
    return false;
}

struct texpr *expr_handled(struct scope *scope, const struct ast_expr *expr, const struct expected *expected,
                           bool convert) {
    struct scope inner = scope_inner(scope);
    if (handlers_have(&expr->handlers, EVENT_MISSING)) inner.missing_handled = true;
    struct expected wanted = *expected;
    wanted.allow_null = true;
    struct texpr *arg =
        convert ? check_expr(&inner, expr->left, &wanted) : expr_infer(&inner, expr->left, expected->type);
    struct texpr *node = handler_attach(scope, arg, &expr->handlers, expected, convert);
    return convert ? convert_null_check(scope, node, expected) : node;
}

struct texpr *check_handlers(struct scope *scope, struct texpr *expr, const struct ast_handlers *handlers,
                             const struct expected *expected) {
    if (handlers == NULL || handlers->list.count == 0) return expr;
    return handler_attach(scope, expr, handlers, expected, expected != NULL);
}

bool check_fail_handler(struct scope *scope, const struct ast_handlers *handlers, struct thandler *handler) {
    *handler = (struct thandler){.event = HANDLE_ERROR, .action = TACT_REJECT};
    bool good = true;
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        const struct ast_handler *ast = &handlers->list.items[i];
        if (ast->event != EVENT_FAIL) {
            struct diag *diag = diag_report(scope->checker->diags, E_BAD_HANDLER, ast->event_span,
                                            "`%s` cannot stand here", handler_event_text(ast->event));
            diag_help(scope->checker->diags, diag,
                      "a validation or check has `on fail reject 'message'`; a handler inside the "
                      "condition stands in parentheses");
            good = false;
            continue;
        }
        if (handler_repeats(scope, handlers, i)) {
            good = false;
            continue;
        }
        if (ast->action.kind == ACTION_USE || ast->action.use != NULL) {
            handler_refuse(scope, ast->action.span, "there is no value here that `use` could replace",
                           "write `on fail reject 'message'`, `warn 'message'`, `skip` or `fail 'message'`");
            good = false;
            continue;
        }
        struct expected anything = {.allow_null = true};
        struct handler_work work = {.expected = &anything};
        good &= handler_check_action(scope, &ast->action, &work, handler);
        handler->span = ast->span;
    }
    return good;
}

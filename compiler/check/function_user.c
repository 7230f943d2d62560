/* Functions of the spec: written in mig they are inlined, in C they are called. A null argument for a
 * parameter that takes none makes the result null; what is wrong with an argument never reaches the handlers
 * inside. */
#include "compiler/check/expr.h"

#include "compiler/check/recorder.h"

/* ---------------------------------------------------------------- arguments */

static struct texpr *user_wrong_count(struct scope *scope, const struct ast_expr *call,
                                      const struct checked_fn *fn) {
    struct checker *checker = scope->checker;
    struct diag *diag =
        diag_report(checker->diags, E_ARGUMENT_COUNT, call->span, "`%.*s` takes %u argument%s, not %u",
                    STR_ARG(fn->name), fn->params.count, fn->params.count == 1 ? "" : "s", call->items.count);
    if (fn->span.source != NULL) diag_label(checker->diags, diag, fn->span, "declared here");
    struct buf text = {0};
    for (uint32_t i = 0; i < fn->params.count; i++) {
        struct str type = type_to_text(checker, fn->params.items[i]);
        struct str name = fn->ast != NULL && i < fn->ast->params.names.count
                              ? fn->ast->params.names.items[i].text
                              : STR("x");
        buf_printf(&text, "%s%.*s %.*s", i ? ", " : "", STR_ARG(name), STR_ARG(type));
    }
    diag_help(checker->diags, diag, "it is declared as `%.*s(%.*s)`", STR_ARG(fn->name),
              STR_ARG(buf_str(&text)));
    buf_release(&text);
    return node_error(scope, call->span);
}

static bool user_check_args(struct scope *scope, const struct ast_expr *call, const struct checked_fn *fn,
                            struct texpr **args) {
    struct checker *checker = scope->checker;
    bool good = true;
    for (uint32_t i = 0; i < fn->params.count; i++) {
        struct str name = fn->ast != NULL && i < fn->ast->params.names.count
                              ? fn->ast->params.names.items[i].text
                              : STR("");
        struct expected wanted = {.type = type_nullable(fn->params.items[i], true), .allow_null = true};
        wanted.what =
            arena_printf(checker->arena, "argument `%.*s` of `%.*s`", STR_ARG(name), STR_ARG(fn->name)).ptr;
        args[i] = check_expr(scope, call->items.items[i], &wanted);
        good &= !node_failed(args[i]) && fn->params.items[i].kind != TYPE_NONE;
    }
    return good && fn->result.kind != TYPE_NONE;
}

/* ---------------------------------------------------------------- extern */

static struct texpr *user_extern(struct scope *scope, const struct ast_expr *call,
                                 const struct checked_fn *fn, struct texpr **args) {
    struct texpr *node = node_new(scope, TX_CALL, fn->result, call->span);
    node->opcode = OP_EXTERN;
    node->imm2 = (uint32_t)fn->extern_index;
    for (uint32_t i = 0; i < fn->params.count; i++) {
        node_push(scope, node, args[i]);
        node->type.nullable |= args[i]->type.nullable;
    }
    node->can_fail = true;
    return node;
}

/* ---------------------------------------------------------------- inlining */

/* A name for a parameter inside the body. Constants stand for themselves, so that they still fold. */
static struct scope_name user_bind(struct scope *scope, struct str name, struct plan_type type,
                                   struct texpr *arg) {
    struct scope_name bound = {.name = name, .kind = BIND_VALUE, .is_argument = true, .span = arg->span};
    if (arg->kind == TX_CONST && arg->value.kind != TYPE_NULL) {
        bound.expr = arg;
        return bound;
    }
    struct texpr *shared = node_copy(scope, node_share(scope, arg));
    /* The guard around the body has taken nulls and failures out: inside there are neither. */
    shared->type.nullable = type.nullable;
    shared->can_fail = shared->can_miss = shared->can_skip = false;
    bound.expr = shared;
    return bound;
}

static bool user_arg_has_events(const struct texpr *arg) {
    return arg->can_fail || arg->can_miss || arg->can_skip;
}

/* The condition under which the body does not count: true where a parameter that takes no null gets one;
 * failed where an argument is. NULL: the body always counts. */
static struct texpr *user_guard(struct scope *scope, const struct checked_fn *fn, struct texpr **args,
                                struct span span) {
    struct texpr *guard = NULL;
    for (uint32_t i = 0; i < fn->params.count; i++) {
        struct texpr *arg = args[i];
        bool strict = !fn->params.items[i].nullable;
        if (!(strict && arg->type.nullable) && !user_arg_has_events(arg)) continue;
        struct texpr *one = node_is_null(scope, node_copy(scope, arg), false, span);
        if (!strict) {
            /* Null is fine; only a failure must not get inside: false for every value and for null. */
            one = node_call(scope, OP_NE_BOOL, type_of(TYPE_BOOL, false), span, one,
                            node_is_null(scope, node_copy(scope, arg), false, span), NULL);
        }
        guard = guard == NULL ? one : node_logic(scope, TX_OR, guard, one, span);
    }
    if (guard != NULL) guard->pii = false;
    return guard;
}

static struct texpr *user_check_body(struct scope *scope, struct checked_fn *fn, struct texpr **args) {
    struct checker *checker = scope->checker;
    struct scope body = {.checker = checker, .clause = "fn"};
    for (uint32_t i = 0; i < fn->params.count; i++) {
        struct scope_name bound =
            user_bind(scope, fn->ast->params.names.items[i].text, fn->params.items[i], args[i]);
        VEC_PUSH(checker->arena, &body.names, bound);
    }
    struct expected wanted = {.type = fn->result};
    wanted.what = arena_printf(checker->arena, "the result of `%.*s`", STR_ARG(fn->name)).ptr;
    fn->open = true;
    struct texpr *result = check_expr(&body, fn->ast->body, &wanted);
    fn->open = false;
    return result;
}

/* The body is fine for other arguments, but not for these constants (or it recurses, or nests too deeply by
 * way of others). */
static void user_report_call(struct scope *scope, const struct ast_expr *call, const struct checked_fn *fn,
                             const struct diag_list *silent) {
    struct diag_list *diags = scope->checker->diags;
    for (uint32_t i = 0; i < silent->items.count; i++) {
        const struct diag *inner = silent->items.items[i];
        if (diag_code_severity(inner->code) != DIAG_ERROR) continue;
        /* What is wrong with a body that check_fn has not come to yet will be said there. */
        if (!fn->checked && inner->code != E_RECURSIVE_FN) continue;
        struct diag *diag = diag_report(diags, inner->code, call->span, "this call of `%.*s`: %.*s",
                                        STR_ARG(fn->name), STR_ARG(inner->message));
        diag_label(diags, diag, inner->primary.span, "in the function");
        diag_help(diags, diag,
                  inner->code == E_TOO_DEEP       ? "give parts of it names with `let`"
                  : inner->code == E_RECURSIVE_FN ? "functions are inlined and cannot be recursive"
                                                  : "correct the constant argument");
        return;
    }
}

/* A constant null where the parameter takes none. */
static bool user_null_argument(const struct checked_fn *fn, struct texpr **args) {
    for (uint32_t i = 0; i < fn->params.count; i++)
        if (!fn->params.items[i].nullable && args[i]->kind == TX_CONST && args[i]->value.kind == TYPE_NULL)
            return true;
    return false;
}

static struct texpr *user_inline(struct scope *scope, const struct ast_expr *call, struct checked_fn *fn,
                                 struct texpr **args) {
    struct checker *checker = scope->checker;
    if (user_null_argument(fn, args)) return node_null(scope, type_nullable(fn->result, true), call->span);
    for (uint32_t i = 0; i < fn->params.count; i++)
        if (args[i]->kind != TX_CONST) args[i] = node_share(scope, args[i]);
    /* What is wrong with the body was said at its declaration. */
    struct diag_list silent;
    diag_list_init(&silent, checker->arena);
    struct diag_list *diags = checker->diags;
    checker->diags = &silent;
    const struct check_recorder *recorder = record_pause(checker);
    struct texpr *body = user_check_body(scope, fn, args);
    checker->diags = diags;
    record_resume(checker, recorder);
    if (node_failed(body)) {
        user_report_call(scope, call, fn, &silent);
        return node_error(scope, call->span);
    }
    body = node_copy(scope, body);
    if (body->body.source == NULL) body->body = fn->ast->body->span;
    body->call = call->span;
    struct texpr *guard = user_guard(scope, fn, args, call->span);
    if (guard == NULL) return body;
    struct texpr *null = node_null(scope, type_nullable(body->type, true), call->span);
    struct texpr *node = node_if(scope, guard, null, body, call->span);
    bool may_be_null = body->type.nullable;
    for (uint32_t i = 0; i < fn->params.count; i++) {
        if (fn->params.items[i].nullable || !args[i]->type.nullable) continue;
        may_be_null = true;
        if (node->null_argument.source) continue;
        node->null_argument = args[i]->span;
        node->null_parameter = fn->ast->params.names.items[i].span;
    }
    node->type.nullable = may_be_null;
    return node;
}

struct texpr *function_user(struct scope *scope, const struct ast_expr *call, struct checked_fn *fn) {
    struct checker *checker = scope->checker;
    fn->used = true;
    record_use(checker, call->path.span, fn->span);
    if (fn->decl != NULL && fn->decl->broken && call->items.count != fn->params.count)
        return node_error(scope, call->span); /* what it takes did not parse */
    if (call->items.count != fn->params.count) return user_wrong_count(scope, call, fn);
    struct texpr **args = ARENA_ARRAY(checker->arena, struct texpr *, fn->params.count);
    if (!user_check_args(scope, call, fn, args)) return node_error(scope, call->span);
    if (fn->extern_index >= 0) return user_extern(scope, call, fn, args);
    if (fn->erroneous || fn->ast == NULL || fn->ast->body == NULL) return node_error(scope, call->span);
    if (fn->open && !fn->declaring) return node_error(scope, call->span);
    if (fn->open) {
        struct diag *diag = diag_report(checker->diags, E_RECURSIVE_FN, call->path.span,
                                        "`%.*s` calls itself", STR_ARG(fn->name));
        if (fn->span.source != NULL) diag_label(checker->diags, diag, fn->span, "declared here");
        diag_help(checker->diags, diag,
                  "functions are inlined and cannot be recursive; every row must come to an end");
        return node_error(scope, call->span);
    }
    if (++checker->inlined > EXPR_MAX_INLINED) {
        if (checker->inlined == EXPR_MAX_INLINED + 1) {
            struct diag *diag = diag_report(checker->diags, E_TOO_DEEP, call->span,
                                            "the spec comes to more than %d calls when functions are inlined",
                                            EXPR_MAX_INLINED);
            diag_help(
                checker->diags, diag,
                "a function that calls others several times multiplies: share values with `let` in the maps");
        }
        return node_error(scope, call->span);
    }
    return user_inline(scope, call, fn, args);
}

/* ---------------------------------------------------------------- declarations */

void check_fn(struct checker *checker, struct checked_fn *fn) {
    if (fn->extern_index >= 0 || fn->ast == NULL || fn->ast->body == NULL || fn->open) return;
    struct scope scope = {.checker = checker, .clause = "fn"};
    struct texpr **args = ARENA_ARRAY(checker->arena, struct texpr *, fn->params.count);
    for (uint32_t i = 0; i < fn->params.count; i++) {
        /* Any value of the type, known to nobody. */
        struct span span = fn->ast->params.names.items[i].span;
        args[i] = node_new(&scope, TX_INPUT, fn->params.items[i], span);
        args[i]->slot_kind = SLOT_EACH;
        args[i]->varies = true;
        if (fn->params.items[i].kind == TYPE_NONE) return;
    }
    if (fn->result.kind == TYPE_NONE) return;
    fn->declaring = true;
    fn->erroneous = node_failed(user_check_body(&scope, fn, args));
    fn->declaring = false;
    fn->checked = true;
}

/* Making typed nodes: every node's nullability, taint and events follow from its arguments here, in one
 * place. */
#include "compiler/check/expr.h"

struct texpr *node_new(struct scope *scope, enum texpr_kind kind, struct plan_type type, struct span span) {
    struct texpr *node = ARENA_NEW(scope->checker->arena, struct texpr);
    node->kind = kind;
    node->type = type;
    node->span = span;
    return node;
}

struct texpr *node_error(struct scope *scope, struct span span) {
    return node_new(scope, TX_CONST, type_of(TYPE_NONE, false), span);
}

struct texpr *node_const(struct scope *scope, struct plan_type type, const struct value *value,
                         struct span span) {
    struct texpr *node = node_new(scope, TX_CONST, type, span);
    node->value = *value;
    node->type.nullable = value->kind == TYPE_NULL;
    return node;
}

struct texpr *node_text(struct scope *scope, struct str text, struct span span) {
    struct value value = {.kind = TYPE_TEXT, .as_text = text};
    return node_const(scope, type_of(TYPE_TEXT, false), &value, span);
}

struct texpr *node_bool(struct scope *scope, bool truth, struct span span) {
    struct value value = {.kind = TYPE_BOOL, .as_bool = truth};
    return node_const(scope, type_of(TYPE_BOOL, false), &value, span);
}

struct texpr *node_null(struct scope *scope, struct plan_type type, struct span span) {
    struct value value = {.kind = TYPE_NULL};
    return node_const(scope, type, &value, span);
}

struct texpr *node_copy(struct scope *scope, const struct texpr *expr) {
    struct texpr *copy = ARENA_NEW(scope->checker->arena, struct texpr);
    *copy = *expr;
    return copy;
}

void node_push(struct scope *scope, struct texpr *node, struct texpr *arg) {
    VEC_PUSH(scope->checker->arena, &node->args, arg);
    node->pii |= arg->pii;
    node->can_fail |= arg->can_fail;
    node->can_miss |= arg->can_miss;
    node->can_skip |= arg->can_skip;
    node->varies |= arg->varies;
    if (node_failed(arg)) node->type = type_of(TYPE_NONE, false);
}

static bool node_args_are_const(const struct texpr *node) {
    for (uint32_t i = 0; i < node->args.count; i++)
        if (node->args.items[i]->kind != TX_CONST) return false;
    return true;
}

/* Computes a call over constants, so that what always fails is a mistake of the spec, not of every row. */
static struct texpr *node_fold(struct scope *scope, struct texpr *call) {
    struct checker *checker = scope->checker;
    struct value value = {.kind = TYPE_NULL};
    enum fault fault = FAULT_NONE;
    if (!emit_fold(checker->builder, call, &value, &fault)) return call;
    if (fault == FAULT_NONE) {
        struct texpr *folded = node_const(scope, call->type, &value, call->span);
        return folded;
    }
    struct str text = span_text(call->span);
    struct diag *diag = diag_report(checker->diags, E_ALWAYS_FAILS, call->span, "`%.*s` always fails: it %s",
                                    STR_ARG(text), fault_title(fault));
    diag_help(checker->diags, diag,
              "its parts are constants, so no row can change the result: correct the constant");
    return node_error(scope, call->span);
}

struct texpr *node_finish(struct scope *scope, struct texpr *call) {
    if (node_failed(call)) return node_error(scope, call->span);
    uint16_t flags = OPCODES[call->opcode].flags;
    bool null_const = false;
    if (!(flags & OPF_RAW)) {
        for (uint32_t i = 0; i < call->args.count; i++) {
            const struct texpr *arg = call->args.items[i];
            call->type.nullable |= arg->type.nullable;
            null_const |= arg->kind == TX_CONST && arg->value.kind == TYPE_NULL;
        }
    }
    if (flags & OPF_MAY_NULL) call->type.nullable = 1;
    if (flags & OPF_CAN_FAIL) call->can_fail = true;
    if (flags & OPF_VOLATILE) call->varies = true;
    if (!node_args_are_const(call)) return call;
    if (flags & (OPF_NO_FOLD | OPF_VOLATILE | OPF_ACTION | OPF_SELECT)) return call;
    if (null_const) return node_null(scope, call->type, call->span);
    struct texpr *folded = node_fold(scope, call);
    return scope->checker->no_folding && !node_failed(folded) ? call : folded;
}

struct texpr *node_call(struct scope *scope, enum opcode opcode, struct plan_type result, struct span span,
                        struct texpr *a, struct texpr *b, struct texpr *c) {
    struct texpr *call = node_new(scope, TX_CALL, result, span);
    call->opcode = opcode;
    if (a != NULL) node_push(scope, call, a);
    if (b != NULL) node_push(scope, call, b);
    if (c != NULL) node_push(scope, call, c);
    return node_finish(scope, call);
}

struct texpr *node_if(struct scope *scope, struct texpr *condition, struct texpr *then,
                      struct texpr *otherwise, struct span span) {
    struct plan_type type = then->type;
    type.nullable |= otherwise->type.nullable;
    struct texpr *node = node_new(scope, TX_IF, type, span);
    node_push(scope, node, condition);
    node_push(scope, node, then);
    node_push(scope, node, otherwise);
    return node_failed(node) ? node_error(scope, span) : node;
}

struct texpr *node_logic(struct scope *scope, enum texpr_kind kind, struct texpr *left, struct texpr *right,
                         struct span span) {
    bool nullable = left->type.nullable || right->type.nullable;
    struct texpr *node = node_new(scope, kind, type_of(TYPE_BOOL, nullable), span);
    node_push(scope, node, left);
    node_push(scope, node, right);
    return node_failed(node) ? node_error(scope, span) : node;
}

struct texpr *node_is_null(struct scope *scope, struct texpr *arg, bool negated, struct span span) {
    struct texpr *node = node_new(scope, TX_IS_NULL, type_of(TYPE_BOOL, false), span);
    node_push(scope, node, arg);
    node->negated = negated;
    /* Whether there is a value says nothing about the person. */
    node->pii = false;
    return node_failed(node) ? node_error(scope, span) : node;
}

struct texpr *node_bound(struct scope *scope, struct tbinding *binding, struct span span) {
    const struct texpr *expr = binding->expr;
    struct texpr *node = node_new(scope, TX_BOUND, expr->type, span);
    node->binding = binding;
    node->pii = expr->pii;
    node->varies = expr->varies;
    if (!binding->reported) {
        node->can_fail = expr->can_fail;
        node->can_miss = expr->can_miss;
        node->can_skip = expr->can_skip;
    }
    return node;
}

struct texpr *node_share(struct scope *scope, struct texpr *expr) {
    switch (expr->kind) {
    case TX_CONST:
    case TX_PARAM:
    case TX_RUN:
    case TX_CELL:
    case TX_INPUT:
    case TX_BOUND: return expr;
    default: break;
    }
    struct tbinding *binding = ARENA_NEW(scope->checker->arena, struct tbinding);
    binding->expr = expr;
    return node_bound(scope, binding, expr->span);
}

struct texpr *node_retype_null(struct scope *scope, struct texpr *node, struct plan_type type) {
    if (node->type.kind != TYPE_NULL) return node;
    struct texpr *copy = node_copy(scope, node);
    copy->type = type;
    switch (node->kind) {
    case TX_ACT:
    case TX_RAISE: copy->type.nullable = 0; return copy;
    case TX_IF:
    case TX_COALESCE: {
        uint32_t first = node->kind == TX_IF ? 1 : 0;
        copy->args.items = ARENA_ARRAY(scope->checker->arena, struct texpr *, node->args.count);
        copy->args.cap = node->args.count;
        for (uint32_t i = 0; i < node->args.count; i++)
            copy->args.items[i] =
                i < first ? node->args.items[i] : node_retype_null(scope, node->args.items[i], type);
        copy->type.nullable = node->type.nullable;
        return copy;
    }
    default: return node_null(scope, type, node->span);
    }
}

struct texpr *node_widen(struct scope *scope, struct texpr *node, struct plan_type to) {
    if (node_failed(node)) return node;
    if (node->type.kind == TYPE_NULL) return node_retype_null(scope, node, type_nullable(to, true));
    if (node->type.kind != TYPE_INT || to.kind != TYPE_DECIMAL) return node;
    if (node->kind == TX_ACT || node->kind == TX_RAISE) {
        struct texpr *copy = node_copy(scope, node);
        copy->type = type_nullable(to, false);
        return copy;
    }
    return node_call(scope, OP_INT_TO_DECIMAL, type_of(TYPE_DECIMAL, false), node->span, node, NULL, NULL);
}

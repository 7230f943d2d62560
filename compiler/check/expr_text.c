/* Texts with {values} in them, as values and as messages, and arrays. */
#include "compiler/check/expr.h"

bool secret_refused(struct scope *scope, const struct texpr *node) {
    if (node->type.kind != TYPE_SECRET &&
        !(node->type.kind == TYPE_ARRAY && node->type.element == TYPE_SECRET))
        return false;
    struct str text = span_text(node->span);
    struct diag *diag =
        diag_report(scope->checker->diags, E_SECRET_USE, node->span,
                    "`%.*s` is a secret: it is never printed, compared or stored", STR_ARG(text));
    diag_help(scope->checker->diags, diag,
              "give it to a keyed function: `hmac_sha256(%.*s, x)` or `pseudonym(x, %.*s)`", STR_ARG(text),
              STR_ARG(text));
    return true;
}

struct texpr *node_to_text(struct scope *scope, struct texpr *node) {
    if (node_failed(node) || node->type.kind == TYPE_TEXT) return node;
    if (node->type.kind == TYPE_NULL) return node_retype_null(scope, node, type_of(TYPE_TEXT, true));
    if (secret_refused(scope, node)) return node_error(scope, node->span);
    if (node->type.kind == TYPE_ARRAY || node->type.kind == TYPE_ROW) {
        struct str type = type_to_text(scope->checker, node->type);
        struct diag *diag = diag_report(scope->checker->diags, E_TYPE_MISMATCH, node->span,
                                        "%.*s has no text", STR_ARG(type));
        diag_help(scope->checker->diags, diag,
                  node->type.kind == TYPE_ARRAY ? "join its elements: `join(x, ', ')`"
                                                : "name one of the row's columns");
        return node_error(scope, node->span);
    }
    return node_call(scope, OP_TO_TEXT, type_of(TYPE_TEXT, false), node->span, node, NULL, NULL);
}

struct texpr *expr_interpolated(struct scope *scope, const struct ast_expr *expr) {
    struct texpr *call = node_new(scope, TX_CALL, type_of(TYPE_TEXT, false), expr->span);
    call->opcode = OP_CONCAT;
    bool good = true;
    for (uint32_t i = 0; i < expr->items.count; i++) {
        struct texpr *part =
            node_to_text(scope, expr_infer(scope, expr->items.items[i], type_of(TYPE_NONE, true)));
        good &= !node_failed(part);
        node_push(scope, call, part);
    }
    if (!good) return node_error(scope, expr->span);
    if (call->args.count == 0) return node_text(scope, STR(""), expr->span);
    if (call->args.count == 1) return call->args.items[0];
    return node_finish(scope, call);
}

/* A part of a message: personal values are masked, whatever else the spec says about them. */
static struct texpr *message_part(struct scope *scope, const struct ast_expr *item) {
    struct texpr *part = node_to_text(scope, expr_infer(scope, item, type_of(TYPE_NONE, true)));
    if (node_failed(part) || !part->pii) return part;
    struct texpr *masked =
        node_call(scope, OP_MASK_MESSAGE, type_of(TYPE_TEXT, false), part->span, part, NULL, NULL);
    masked->pii = false;
    return masked;
}

struct texpr *check_message(struct scope *scope, const struct ast_expr *message) {
    const struct ast_expr *expr = ast_strip(message);
    if (expr->kind == X_TEXT) return node_text(scope, expr->text, expr->span);
    if (expr->kind != X_INTERPOLATED) {
        if (expr->kind == X_ERROR) return node_error(scope, expr->span);
        struct diag *diag =
            diag_report(scope->checker->diags, E_BAD_HANDLER, expr->span, "a message is a text");
        diag_help(scope->checker->diags, diag,
                  "write it in quotes, values in braces: \"unknown status {t.status}\"");
        return node_error(scope, expr->span);
    }
    struct texpr *call = node_new(scope, TX_CALL, type_of(TYPE_TEXT, false), expr->span);
    call->opcode = OP_CONCAT_MESSAGE;
    for (uint32_t i = 0; i < expr->items.count; i++)
        node_push(scope, call, message_part(scope, expr->items.items[i]));
    if (node_failed(call)) return node_error(scope, expr->span);
    if (call->args.count == 0) return node_text(scope, STR(""), expr->span);
    call->can_fail = call->can_miss = call->can_skip = false;
    return call;
}

struct texpr *expr_array(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    struct checker *checker = scope->checker;
    struct plan_type element = hint.kind == TYPE_ARRAY ? type_element(hint) : type_of(TYPE_NONE, true);
    struct texpr **items = ARENA_ARRAY(checker->arena, struct texpr *, expr->items.count);
    struct plan_type type = type_of(TYPE_NULL, false);
    bool good = true;
    for (uint32_t i = 0; i < expr->items.count; i++) {
        items[i] = expr_infer(scope, expr->items.items[i], element);
        if (node_failed(items[i]) || secret_refused(scope, items[i])) {
            good = false;
            continue;
        }
        struct plan_type both;
        if (type.kind == TYPE_NULL && !type.nullable && i == 0) {
            type = items[i]->type;
        } else if (type_unify(type, items[i]->type, &both)) {
            type = both;
        } else {
            struct str a = type_to_text(checker, type), b = type_to_text(checker, items[i]->type);
            struct diag *diag = diag_report(
                checker->diags, E_BRANCH_TYPES, items[i]->span,
                "the elements of an array have one type, and this is %.*s, not %.*s", STR_ARG(b), STR_ARG(a));
            diag_help(checker->diags, diag, "bring all elements to one type");
            good = false;
        }
    }
    if (!good) return node_error(scope, expr->span);
    if (type.kind == TYPE_NULL && hint.kind == TYPE_ARRAY)
        type = type_nullable(type_element(hint), expr->items.count > 0);
    if (type.kind == TYPE_NULL || type.kind == TYPE_ARRAY || type.kind == TYPE_ROW) {
        struct diag *diag = diag_report(checker->diags, E_TYPE_MISMATCH, expr->span,
                                        type.kind == TYPE_NULL ? "the elements' type is not known here"
                                                               : "an array holds values, not arrays or rows");
        diag_help(checker->diags, diag,
                  "write at least one element whose type is known, such as `['a', 'b']`");
        return node_error(scope, expr->span);
    }
    bool decimals = hint.kind == TYPE_ARRAY && hint.element == TYPE_DECIMAL && type.kind == TYPE_INT;
    if (decimals) type.kind = TYPE_DECIMAL;
    struct plan_type array = {
        .kind = TYPE_ARRAY, .element = type.kind, .element_nullable = type.nullable, .ref = type.ref};
    struct texpr *call = node_new(scope, TX_CALL, array, expr->span);
    call->opcode = OP_ARRAY;
    for (uint32_t i = 0; i < expr->items.count; i++)
        node_push(scope, call, node_widen(scope, items[i], type));
    return node_finish(scope, call);
}

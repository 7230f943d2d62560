/* The few functions whose arguments have a form of their own: mask(x, keep last 3), uuid5(any, …),
 * truncate_to(x, 'month'). */
#include "compiler/check/expr.h"

#include "runtime/value/datetime.h"

bool function_clears_personal(struct str name) {
    static const char *const names[] = {"redact",         "mask",      "mask_keep_first",
                                        "mask_keep_last", "pseudonym", "hmac_sha256"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(name, names[i])) return true;
    return false;
}

/* ---------------------------------------------------------------- mask */

static struct texpr *special_mask(struct scope *scope, const struct ast_expr *call) {
    if (call->items.count != 2 || call->items.items[1]->kind != X_KEEP) {
        if (call->items.count < 2) return NULL;
        struct diag *diag = diag_report(scope->checker->diags, E_ARGUMENT_TYPES, call->span,
                                        "`mask` does not say which end to keep");
        diag_help(scope->checker->diags, diag,
                  "write `mask(x, keep first 2)` or `mask(x, keep last 3)`, or `mask(x)` for all");
        return node_error(scope, call->span);
    }
    const struct ast_expr *keep = call->items.items[1];
    struct texpr *args[2] = {expr_infer(scope, call->items.items[0], type_of(TYPE_NONE, true)),
                             expr_infer(scope, keep->left, type_of(TYPE_NONE, true))};
    if (node_failed(args[0]) || node_failed(args[1])) return node_error(scope, call->span);
    struct str name = str_is(keep->name.text, "first") ? STR("mask_keep_first") : STR("mask_keep_last");
    return function_resolve(scope, name, args, 2, call);
}

/* ---------------------------------------------------------------- uuid5 */

static struct texpr *special_uuid5(struct scope *scope, const struct ast_expr *call) {
    struct diag_list *diags = scope->checker->diags;
    if (call->items.count == 0) {
        struct diag *diag = diag_report(diags, E_ARGUMENT_COUNT, call->span,
                                        "`uuid5` needs the values that the id is made of");
        diag_help(diags, diag, "name what it identifies, then its key: `uuid5('task', t.code)`");
        return node_error(scope, call->span);
    }
    struct texpr *node = node_new(scope, TX_CALL, type_of(TYPE_UUID, false), call->span);
    node->opcode = OP_UUID5;
    bool good = true;
    for (uint32_t i = 0; i < call->items.count; i++) {
        struct texpr *part =
            node_to_text(scope, expr_infer(scope, call->items.items[i], type_of(TYPE_NONE, true)));
        good &= !node_failed(part);
        node_push(scope, node, part);
        node->type.nullable |= part->type.nullable;
    }
    node->can_fail = true; /* an argument that holds the separator */
    /* Never folded here: the namespace is the migration's, and belongs to the whole plan. */
    return good ? node : node_error(scope, call->span);
}

/* ---------------------------------------------------------------- truncate_to */

static struct texpr *special_truncate_to(struct scope *scope, const struct ast_expr *call) {
    if (call->items.count != 2) return NULL;
    const struct ast_expr *unit = ast_strip(call->items.items[1]);
    enum datetime_part part;
    if (unit->kind != X_TEXT || datetime_part_find(unit->text, &part)) return NULL;
    struct checker *checker = scope->checker;
    struct diag *diag = diag_report(checker->diags, E_BAD_PATTERN, unit->span, "'%.*s' is not a unit of time",
                                    STR_ARG(unit->text));
    struct name_list names = {0};
    for (enum datetime_part p = PART_MILLENNIUM; p < PART_ISO_YEAR; p++)
        name_list_add(scope, &names, str_cstr(datetime_part_name(p)));
    struct str best = diag_closest_name(unit->text, names.names.items, names.names.count);
    if (best.len > 0) {
        diag_help(checker->diags, diag, "did you mean '%.*s'?", STR_ARG(best));
        diag_fix(checker->diags, diag, unit->span, arena_printf(checker->arena, "'%.*s'", STR_ARG(best)));
    } else {
        diag_help(checker->diags, diag,
                  "units are 'year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'");
    }
    return node_error(scope, call->span);
}

bool function_is_special(struct str name) {
    return str_is(name, "mask") || str_is(name, "uuid5") || str_is(name, "truncate_to");
}

struct texpr *function_special(struct scope *scope, const struct ast_expr *call, struct str name) {
    if (str_is(name, "mask")) return special_mask(scope, call);
    if (str_is(name, "uuid5")) return special_uuid5(scope, call);
    if (str_is(name, "truncate_to")) return special_truncate_to(scope, call);
    return NULL;
}

/* count(), sum(x) … over the rows of a group: the argument belongs to the rows, the result to the group. */
#include "compiler/check/expr.h"

static const struct {
    const char *name;
    uint8_t kind;
} AGGREGATES[] = {
    {"count", AGG_COUNT},       {"sum", AGG_SUM},           {"min", AGG_MIN},
    {"max", AGG_MAX},           {"avg", AGG_AVG},           {"first", AGG_FIRST},
    {"last", AGG_LAST},         {"string_agg", AGG_STRING}, {"array_agg", AGG_ARRAY},
    {"bool_and", AGG_BOOL_AND}, {"bool_or", AGG_BOOL_OR},
};

bool function_is_aggregate(const struct ast_expr *call) {
    if (call->kind != X_CALL || call->path.parts.count != 1) return false;
    for (size_t i = 0; i < sizeof AGGREGATES / sizeof *AGGREGATES; i++)
        if (str_is(call->path.parts.items[0].text, AGGREGATES[i].name)) return true;
    return false;
}

void function_add_names(struct scope *scope, struct name_list *list) {
    for (enum opcode op = 0; op < OP_COUNT; op++)
        name_list_add(scope, list, str_cstr(OPCODES[op].function));
    name_list_add(scope, list, STR("uuid5"));
    if (!scope->aggregates) return;
    for (size_t i = 0; i < sizeof AGGREGATES / sizeof *AGGREGATES; i++)
        name_list_add(scope, list, str_cstr(AGGREGATES[i].name));
}

static struct texpr *aggregate_refuse(struct scope *scope, const struct ast_expr *call,
                                      const struct texpr *arg, struct str name, const char *takes) {
    struct checker *checker = scope->checker;
    struct str type = type_to_text(checker, arg->type);
    if (secret_refused(scope, arg)) return node_error(scope, call->span);
    struct diag *diag = diag_report(checker->diags, E_ARGUMENT_TYPES, arg->span, "`%.*s` takes %s, not %.*s",
                                    STR_ARG(name), takes, STR_ARG(type));
    diag_help(checker->diags, diag, "convert the argument inside: `%.*s(decimal(x))`, `%.*s(text(x))` …",
              STR_ARG(name), STR_ARG(name));
    return node_error(scope, call->span);
}

static bool aggregate_is_ordered(enum type_kind kind) {
    return kind != TYPE_JSON && kind != TYPE_ARRAY && kind != TYPE_ROW && kind != TYPE_SECRET &&
           kind != TYPE_NULL;
}

/* The type of the result; NULL when the argument fits, else what it should be. */
static const char *aggregate_type(enum plan_aggregate_kind kind, struct plan_type arg,
                                  struct plan_type *result) {
    enum type_kind k = (enum type_kind)arg.kind;
    bool number = k == TYPE_INT || k == TYPE_DECIMAL || k == TYPE_FLOAT;
    *result = arg;
    switch (kind) {
    case AGG_COUNT: *result = type_of(TYPE_INT, false); return NULL;
    case AGG_SUM: return number || k == TYPE_INTERVAL ? NULL : "numbers or intervals";
    case AGG_AVG:
        *result = type_of(k == TYPE_FLOAT ? TYPE_FLOAT : TYPE_DECIMAL, arg.nullable);
        return number ? NULL : "numbers";
    case AGG_MIN:
    case AGG_MAX: return aggregate_is_ordered(k) ? NULL : "values that can be compared";
    case AGG_FIRST:
    case AGG_LAST: return k != TYPE_ROW && k != TYPE_SECRET && k != TYPE_NULL ? NULL : "values";
    case AGG_STRING: return k == TYPE_TEXT ? NULL : "texts";
    case AGG_ARRAY:
        *result = (struct plan_type){
            .kind = TYPE_ARRAY, .element = arg.kind, .element_nullable = arg.nullable, .ref = arg.ref};
        return k != TYPE_ARRAY && k != TYPE_ROW && k != TYPE_SECRET && k != TYPE_NULL
                   ? NULL
                   : "values that are no arrays";
    case AGG_BOOL_AND:
    case AGG_BOOL_OR: return k == TYPE_BOOL ? NULL : "conditions";
    case AGG_KIND_COUNT: break;
    }
    return "values";
}

static bool aggregate_check_count(struct scope *scope, const struct ast_expr *call, struct str name,
                                  enum plan_aggregate_kind kind) {
    uint32_t least = kind == AGG_COUNT ? 0 : kind == AGG_STRING ? 2 : 1;
    uint32_t most = kind == AGG_STRING ? 2 : 1;
    if (call->items.count >= least && call->items.count <= most) return true;
    struct diag *diag =
        diag_report(scope->checker->diags, E_ARGUMENT_COUNT, call->span, "`%.*s` does not take %u argument%s",
                    STR_ARG(name), call->items.count, call->items.count == 1 ? "" : "s");
    diag_help(scope->checker->diags, diag,
              kind == AGG_STRING  ? "write `string_agg(x, ', ')`"
              : kind == AGG_COUNT ? "write `count()` for rows, `count(x)` for values that are not null"
                                  : "write `%.*s(x)`",
              STR_ARG(name));
    return false;
}

static struct texpr *aggregate_misplaced(struct scope *scope, const struct ast_expr *call, struct str name) {
    struct diag *diag =
        diag_report(scope->checker->diags, E_AGGREGATE_PLACE, call->span,
                    "`%.*s` works on the rows of a group, and here is one row", STR_ARG(name));
    diag_help(
        scope->checker->diags, diag,
        "aggregates stand in the body of a map with `group by`, not inside each other; of two values the "
        "larger is `greatest(a, b)`");
    return node_error(scope, call->span);
}

struct texpr *function_aggregate(struct scope *scope, const struct ast_expr *call, struct str name) {
    size_t at = 0;
    while (at < sizeof AGGREGATES / sizeof *AGGREGATES && !str_is(name, AGGREGATES[at].name))
        at++;
    if (at == sizeof AGGREGATES / sizeof *AGGREGATES) return NULL;
    if (!scope->aggregates || scope->calls == NULL) return aggregate_misplaced(scope, call, name);
    enum plan_aggregate_kind kind = (enum plan_aggregate_kind)AGGREGATES[at].kind;
    if (!aggregate_check_count(scope, call, name, kind)) return node_error(scope, call->span);

    struct aggregate_call made = {.kind = kind, .type = type_of(TYPE_INT, false), .span = call->span};
    if (call->items.count > 0) {
        struct scope rows = scope_inner((struct scope *)scope->calls->row_scope);
        rows.aggregates = false;
        rows.calls = NULL;
        made.argument = expr_infer(&rows, call->items.items[0], type_of(TYPE_NONE, true));
        if (node_failed(made.argument)) return node_error(scope, call->span);
        const char *takes = aggregate_type(kind, made.argument->type, &made.type);
        if (takes != NULL) return aggregate_refuse(scope, call, made.argument, name, takes);
    }
    if (kind == AGG_STRING) {
        struct expected wanted = {.type = type_of(TYPE_TEXT, false), .what = "the separator"};
        struct value separator = {0};
        if (!check_constant(scope, call->items.items[1], &wanted, &separator))
            return node_error(scope, call->span);
        made.separator = separator.as_text;
    }
    VEC_PUSH(scope->checker->arena, &scope->calls->calls, made);
    struct texpr *node = node_new(scope, TX_INPUT, made.type, call->span);
    node->slot_kind = SLOT_AGGREGATE;
    node->index = scope->calls->calls.count - 1;
    node->pii = made.argument != NULL && made.argument->pii && kind != AGG_COUNT;
    node->varies = true;
    return node;
}

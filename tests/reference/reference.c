/* Control: nodes, nulls, failures, handlers, outcomes. See reference.h. */
#include "tests/reference/reference.h"

#include "runtime/value/convert.h"

static struct ref_value ref_state(enum row_state state, enum fault fault) {
    return (struct ref_value){.state = state, .fault = fault, .value = {.kind = TYPE_NULL}};
}

static struct ref_value ref_of(struct value value) {
    if (value.kind == TYPE_NULL) return ref_state(ROW_NULL, FAULT_NONE);
    return (struct ref_value){.state = ROW_VALUE, .value = value};
}

static struct ref_value ref_bool(bool truth) {
    return ref_of((struct value){.kind = TYPE_BOOL, .as_bool = truth});
}

static bool ref_is_fresh(enum row_state state) {
    return state >= ROW_ERROR;
}

/* ---------------------------------------------------------------- outcomes */

static void ref_report(struct ref_row *row, enum outcome kind, enum fault fault, struct str message) {
    struct ref_report report = {kind, fault, message};
    VEC_PUSH(row->arena, &row->reports, report);
    /* Fail beats skip beats reject beats warn. */
    static const int strength[] = {
        [OUTCOME_OK] = 0, [OUTCOME_REJECTED] = 1, [OUTCOME_SKIPPED] = 2, [OUTCOME_FAILED] = 3};
    if (strength[kind] > strength[row->outcome]) row->outcome = kind;
    if (kind == OUTCOME_SKIPPED || kind == OUTCOME_FAILED) row->stopped = true;
}

static struct str ref_message(struct ref_row *row, const struct texpr *message) {
    if (message == NULL) return STR("");
    struct ref_value value = ref_eval(row, message);
    return value.state == ROW_VALUE ? value.value.as_text : STR("");
}

/* Performs an action for the row; `event`: what it answers. */
static struct ref_value ref_act(struct ref_row *row, const struct thandler *handler,
                                const struct ref_value *event) {
    struct str message = ref_message(row, handler->message);
    switch (handler->action) {
    case TACT_SKIP: ref_report(row, OUTCOME_SKIPPED, FAULT_NONE, STR("")); break;
    case TACT_FAIL: ref_report(row, OUTCOME_FAILED, FAULT_REJECTED, message); break;
    case TACT_WARN: ref_report(row, OUTCOME_OK, FAULT_NONE, message); break;
    case TACT_REJECT: {
        enum fault fault = FAULT_REJECTED;
        if (event != NULL) fault = event->state == ROW_NULL ? FAULT_NULL_VALUE : event->fault;
        ref_report(row, OUTCOME_REJECTED, fault, message);
        break;
    }
    case TACT_USE:
    case TACT_FIRST:
    case TACT_LAST: break;
    }
    if (handler->use != NULL && !row->stopped) return ref_eval(row, handler->use);
    return ref_state(ROW_POISON, FAULT_NONE);
}

static enum row_state ref_event_state(enum thandler_event event) {
    switch (event) {
    case HANDLE_ERROR: return ROW_ERROR;
    case HANDLE_NULL: return ROW_NULL;
    case HANDLE_MISSING: return ROW_MISSING;
    case HANDLE_SKIPPED: return ROW_SKIPPED;
    case HANDLE_DUPLICATE: return ROW_DUPLICATE;
    }
    return ROW_ERROR;
}

static struct ref_value ref_handled(struct ref_row *row, const struct texpr *expr) {
    struct ref_value value = ref_eval(row, expr->args.items[0]);
    for (uint32_t i = 0; i < expr->handlers.count && !row->stopped; i++)
        if (value.state == ref_event_state(expr->handlers.items[i].event))
            return ref_act(row, &expr->handlers.items[i], &value);
    return value;
}

/* ---------------------------------------------------------------- leaves */

static struct ref_value ref_cell(struct ref_row *row, const struct texpr *expr) {
    const struct ref_cell *cell = &row->cells[expr->cell.column];
    if (cell->state == ROW_ERROR) return ref_state(ROW_ERROR, FAULT_BAD_CELL);
    if (cell->state == ROW_NULL)
        return expr->type.nullable ? ref_state(ROW_NULL, FAULT_NONE) : ref_state(ROW_ERROR, FAULT_EMPTY);
    struct value value = {.kind = TYPE_NULL};
    enum fault fault = ref_read_cell(row, expr->type, expr->cell.pattern, cell->text, &value);
    return fault == FAULT_NONE ? ref_of(value) : ref_state(ROW_ERROR, fault);
}

static struct ref_value ref_run(struct ref_row *row, const struct texpr *expr) {
    switch (expr->index) {
    case RUN_ID: return ref_of((struct value){.kind = TYPE_UUID, .as_uuid = row->run->run_id});
    case RUN_STARTED_AT:
        return ref_of((struct value){.kind = TYPE_TIMESTAMPTZ, .as_int = row->run->started_at});
    default:
        if (row->run->environment.len == 0) return ref_state(ROW_NULL, FAULT_NONE);
        return ref_of((struct value){.kind = TYPE_TEXT, .as_text = row->run->environment});
    }
}

struct ref_value ref_eval_binding(struct ref_row *row, struct tbinding *binding) {
    for (uint32_t i = 0; i < row->memos.count; i++)
        if (row->memos.items[i].binding == binding) return row->memos.items[i].value;
    struct ref_value value = ref_eval(row, binding->expr);
    if (binding->reported && ref_is_fresh(value.state) && !row->stopped) {
        bool skipped = value.state == ROW_SKIPPED;
        ref_report(row, skipped ? OUTCOME_SKIPPED : OUTCOME_REJECTED, value.fault, STR(""));
        value = ref_state(ROW_POISON, FAULT_NONE);
    }
    struct ref_memo memo = {binding, value};
    VEC_PUSH(row->arena, &row->memos, memo);
    return value;
}

/* ---------------------------------------------------------------- branches */

static struct ref_value ref_if(struct ref_row *row, const struct texpr *expr) {
    struct ref_value condition = ref_eval(row, expr->args.items[0]);
    if (condition.state > ROW_NULL) return condition;
    bool truth = condition.state == ROW_VALUE && condition.value.as_bool;
    return ref_eval(row, expr->args.items[truth ? 1 : 2]);
}

/* SQL's three values; `decided` is the one that makes the right side not count. */
static struct ref_value ref_logic(struct ref_row *row, const struct texpr *expr, bool decided) {
    struct ref_value left = ref_eval(row, expr->args.items[0]);
    if (left.state > ROW_NULL) return left;
    if (left.state == ROW_VALUE && left.value.as_bool == decided) return left;
    struct ref_value right = ref_eval(row, expr->args.items[1]);
    if (right.state > ROW_NULL || left.state == ROW_VALUE) return right;
    return right.state == ROW_VALUE && right.value.as_bool == decided ? right : left;
}

/* ---------------------------------------------------------------- calls */

static struct ref_value ref_nullif(struct ref_row *row, const struct texpr *expr) {
    struct ref_value a = ref_eval(row, expr->args.items[0]), b = ref_eval(row, expr->args.items[1]);
    if (a.state > ROW_NULL || b.state > ROW_NULL) return a.state >= b.state ? a : b;
    if (a.state == ROW_NULL || b.state == ROW_NULL) return a;
    return value_compare(&a.value, &b.value) == 0 ? ref_state(ROW_NULL, FAULT_NONE) : a;
}

static struct ref_value ref_message_text(struct ref_row *row, const struct texpr *expr) {
    struct buf out = {0};
    for (uint32_t i = 0; i < expr->args.count; i++) {
        struct ref_value part = ref_eval(row, expr->args.items[i]);
        buf_append_str(&out, part.state == ROW_VALUE ? part.value.as_text : STR("null"));
    }
    struct str text = arena_copy_str(row->arena, buf_str(&out));
    buf_release(&out);
    return ref_of((struct value){.kind = TYPE_TEXT, .as_text = text});
}

static struct ref_value ref_array(struct ref_row *row, const struct texpr *expr) {
    uint32_t count = expr->args.count;
    size_t size = type_kind_size((enum type_kind)expr->type.element);
    char *items = arena_zalloc(row->arena, size * (count + 1));
    uint8_t *nulls = ARENA_ARRAY(row->arena, uint8_t, count + 1);
    struct ref_value worst = ref_state(ROW_VALUE, FAULT_NONE);
    for (uint32_t i = 0; i < count; i++) {
        struct ref_value part = ref_eval(row, expr->args.items[i]);
        if (part.state > ROW_NULL && part.state > worst.state) worst = part;
        nulls[i] = part.state == ROW_NULL;
        if (part.state == ROW_VALUE) memcpy(items + i * size, value_item(&part.value), size);
    }
    if (worst.state > ROW_NULL) return worst;
    return ref_of(
        (struct value){.kind = TYPE_ARRAY, .as_array = {.items = items, .nulls = nulls, .count = count}});
}

/* The arguments as values; where one is none, the strongest state is the result. */
static bool ref_args(struct ref_row *row, const struct texpr *expr, struct value *args,
                     struct ref_value *out) {
    struct ref_value worst = ref_state(ROW_VALUE, FAULT_NONE);
    for (uint32_t i = 0; i < expr->args.count; i++) {
        struct ref_value arg = ref_eval(row, expr->args.items[i]);
        if (arg.state > worst.state) worst = arg;
        args[i] = arg.value;
    }
    *out = worst;
    return worst.state == ROW_VALUE;
}

static struct ref_value ref_tx_call(struct ref_row *row, const struct texpr *expr) {
    switch (expr->opcode) {
    case OP_CONCAT_MESSAGE: return ref_message_text(row, expr);
    case OP_ARRAY: return ref_array(row, expr);
    case OP_NULLIF_TEXT:
    case OP_NULLIF_INT:
    case OP_NULLIF_DECIMAL:
    case OP_NULLIF_DATE: return ref_nullif(row, expr);
    default: break;
    }
    struct value *args = ARENA_ARRAY(row->arena, struct value, expr->args.count + 1);
    struct ref_value out;
    if (!ref_args(row, expr, args, &out)) return out;
    if (!ref_call(row, expr, args, &out)) row->unknown = expr->opcode;
    return out;
}

static struct ref_value ref_find(struct ref_row *row, const struct texpr *expr) {
    struct value *args = ARENA_ARRAY(row->arena, struct value, expr->args.count + 1);
    struct ref_value out;
    if (!ref_args(row, expr, args, &out)) return out;
    for (uint32_t i = 0; i < row->code_count; i++) {
        const struct ref_code *code = &row->codes[i];
        bool same = code->table == expr->index && code->key_count == expr->args.count;
        for (uint32_t k = 0; k < code->key_count && same; k++)
            same = value_compare(&code->keys[k], &args[k]) == 0;
        if (same) return ref_of((struct value){.kind = TYPE_ROW, .as_int = i});
    }
    return ref_state(ROW_MISSING, FAULT_MISSING_CODE);
}

struct ref_value ref_eval(struct ref_row *row, const struct texpr *expr) {
    if (row->stopped) return ref_state(ROW_POISON, FAULT_NONE);
    switch (expr->kind) {
    case TX_CONST: return ref_of(expr->value);
    case TX_PARAM: return ref_of(row->params[expr->index]);
    case TX_RUN: return ref_run(row, expr);
    case TX_CELL: return ref_cell(row, expr);
    case TX_INPUT: return ref_state(ROW_POISON, FAULT_NONE);
    case TX_CALL: return ref_tx_call(row, expr);
    case TX_FIND: return ref_find(row, expr);
    case TX_FETCH: {
        struct ref_value found = ref_eval(row, expr->args.items[0]);
        return found.state == ROW_VALUE ? ref_of(row->codes[found.value.as_int].value) : found;
    }
    case TX_IF: return ref_if(row, expr);
    case TX_AND: return ref_logic(row, expr, false);
    case TX_OR: return ref_logic(row, expr, true);
    case TX_COALESCE: {
        struct ref_value left = ref_eval(row, expr->args.items[0]);
        return left.state == ROW_NULL ? ref_eval(row, expr->args.items[1]) : left;
    }
    case TX_IS_NULL: {
        struct ref_value arg = ref_eval(row, expr->args.items[0]);
        return arg.state > ROW_NULL ? arg : ref_bool((arg.state == ROW_NULL) != expr->negated);
    }
    case TX_HANDLED: return ref_handled(row, expr);
    case TX_BOUND: return ref_eval_binding(row, expr->binding);
    case TX_ACT: return ref_act(row, &expr->handlers.items[0], NULL);
    case TX_RAISE: return ref_state(ROW_MISSING, (enum fault)expr->index);
    }
    return ref_state(ROW_POISON, FAULT_NONE);
}

/* Typed expressions by hand, for tests. */
#include "tests/emit/tree.h"

#include <stdarg.h>

void tree_init(struct tree *t, struct arena *arena, const char *spec) {
    *t = (struct tree){.arena = arena};
    diag_list_init(&t->diags, arena);
    t->builder = plan_builder_new(arena, &t->diags);
    t->source = source_text_new(arena, STR("test.mig"), str_cstr(spec));
    plan_builder_file(t->builder, t->source);
    t->builder->plan.migration = STR("test");
}

struct span tree_span(const struct tree *t, const char *text) {
    const char *at = text ? strstr(t->source->text.ptr, text) : NULL;
    if (at == NULL) return (struct span){0};
    uint32_t start = (uint32_t)(at - t->source->text.ptr);
    return (struct span){t->source, start, start + (uint32_t)strlen(text)};
}

struct plan_type type_of_kind(enum type_kind kind, bool nullable) {
    return (struct plan_type){.kind = (uint8_t)kind, .nullable = nullable};
}

static struct texpr *new_node(struct tree *t, enum texpr_kind kind, struct plan_type type, const char *at) {
    struct texpr *x = ARENA_NEW(t->arena, struct texpr);
    x->kind = kind;
    x->type = type;
    x->span = tree_span(t, at);
    return x;
}

static void push_arg(struct tree *t, struct texpr *x, struct texpr *arg) {
    VEC_PUSH(t->arena, &x->args, arg);
    x->can_fail |= arg->can_fail;
    x->can_miss |= arg->can_miss;
    x->can_skip |= arg->can_skip;
    x->pii |= arg->pii;
    x->varies |= arg->varies;
}

static struct texpr *new_const(struct tree *t, struct plan_type type, struct value value) {
    struct texpr *x = new_node(t, TX_CONST, type, NULL);
    x->value = value;
    return x;
}

struct texpr *tx_text(struct tree *t, const char *text) {
    return new_const(t, type_of_kind(TYPE_TEXT, false),
                     (struct value){.kind = TYPE_TEXT, .as_text = str_cstr(text)});
}

struct texpr *tx_int(struct tree *t, int64_t n) {
    return new_const(t, type_of_kind(TYPE_INT, false), (struct value){.kind = TYPE_INT, .as_int = n});
}

struct texpr *tx_bool(struct tree *t, bool truth) {
    return new_const(t, type_of_kind(TYPE_BOOL, false), (struct value){.kind = TYPE_BOOL, .as_bool = truth});
}

struct texpr *tx_null(struct tree *t, struct plan_type type) {
    type.nullable = 1;
    return new_const(t, type, (struct value){.kind = TYPE_NULL});
}

struct texpr *tx_cell(struct tree *t, uint32_t column, struct plan_type type, const char *at) {
    struct texpr *x = new_node(t, TX_CELL, type, at);
    x->cell.column = column;
    x->can_fail = x->varies = true;
    return x;
}

struct texpr *tx_param(struct tree *t, uint32_t index, struct plan_type type, const char *at) {
    struct texpr *x = new_node(t, TX_PARAM, type, at);
    x->index = index;
    return x;
}

#define PUSH_ARGS(t, x, count)                                                                               \
    do {                                                                                                     \
        va_list args_;                                                                                       \
        va_start(args_, count);                                                                              \
        for (uint32_t i_ = 0; i_ < (count); i_++)                                                            \
            push_arg((t), (x), va_arg(args_, struct texpr *));                                               \
        va_end(args_);                                                                                       \
    } while (0)

struct texpr *tx_call(struct tree *t, enum opcode op, struct plan_type type, const char *at, uint32_t count,
                      ...) {
    struct texpr *x = new_node(t, TX_CALL, type, at);
    x->opcode = op;
    PUSH_ARGS(t, x, count);
    if (OPCODES[op].flags & OPF_CAN_FAIL) x->can_fail = true;
    return x;
}

struct texpr *tx_node(struct tree *t, enum texpr_kind kind, struct plan_type type, const char *at,
                      uint32_t count, ...) {
    struct texpr *x = new_node(t, kind, type, at);
    PUSH_ARGS(t, x, count);
    return x;
}

struct texpr *tx_find(struct tree *t, uint32_t table, const char *at, struct texpr *key) {
    struct texpr *x = new_node(t, TX_FIND, (struct plan_type){.kind = TYPE_ROW, .ref = table}, at);
    x->index = table;
    push_arg(t, x, key);
    x->can_miss = true;
    return x;
}

struct texpr *tx_fetch(struct tree *t, struct texpr *row, uint32_t column, struct plan_type type,
                       const char *at) {
    struct texpr *x = new_node(t, TX_FETCH, type, at);
    push_arg(t, x, row);
    x->imm = column;
    return x;
}

struct texpr *tx_on(struct tree *t, struct texpr *x, enum thandler_event event, enum taction action,
                    struct texpr *message, struct texpr *use) {
    struct texpr *handled = x;
    if (x->kind != TX_HANDLED) {
        handled = new_node(t, TX_HANDLED, x->type, NULL);
        handled->span = x->span;
        push_arg(t, handled, x);
    }
    struct thandler handler = {.event = event, .action = action, .message = message, .use = use};
    VEC_PUSH(t->arena, &handled->handlers, handler);
    return handled;
}

struct texpr *tx_bound(struct tree *t, struct tbinding *binding, const char *at) {
    struct texpr *x = new_node(t, TX_BOUND, binding->expr->type, at);
    x->binding = binding;
    return x;
}

/* ---------------------------------------------------------------- a whole plan */

static const char PLAN_SPEC[] =
    "migration test version 1\n"
    "param cutover timestamptz\n"
    "source tasks : csv 'tasks.csv' { code text; state text; due text?; priority int?; owner text? }\n"
    "codes task_state : text -> app.status { 'wip' => doing; 'done' => done }\n"
    "map tasks\n"
    "  from t in tasks\n"
    "  into app.tasks\n"
    "  lookup o in people on o.email == lower(trim(t.owner)) on missing reject \"no user {t.owner}\"\n"
    "  where t.state != 'deleted'\n"
    "  key upper(trim(t.code))\n"
    "{\n"
    "  id       = uuid5('task', t.code)\n"
    "  status   = task_state[lower(trim(t.state))] on missing reject \"unknown {t.state}\"\n"
    "  due_on   = date(t.due, 'DD/MM/YYYY') on error warn \"due {t.due} left empty\" use null\n"
    "  priority = t.priority ?? 3\n"
    "  title    = if t.owner is null then 'nobody' else trim(t.owner)\n"
    "  made_at  = $cutover\n"
    "  validate range: priority >= 1 and priority <= 5 on fail reject \"priority {priority}\"\n"
    "}\n";

enum { COLUMN_CODE, COLUMN_STATE, COLUMN_DUE, COLUMN_PRIORITY, COLUMN_OWNER, COLUMN_COUNT };

static void add_source(struct tree *t, const char *name, const char *const *columns,
                       const struct plan_type *types, uint32_t count) {
    struct plan_source source = {.name = str_cstr(name),
                                 .format = SOURCE_CSV,
                                 .location = STR("tasks.csv"),
                                 .delimiter = STR(","),
                                 .quote = STR("\""),
                                 .header = 1};
    struct plan_source_table *table = ARENA_NEW(t->arena, struct plan_source_table);
    table->columns = ARENA_ARRAY(t->arena, struct plan_source_column, count);
    table->columns_count = count;
    for (uint32_t i = 0; i < count; i++) {
        table->columns[i].name = table->columns[i].from = str_cstr(columns[i]);
        table->columns[i].type = types[i];
    }
    source.tables = table;
    source.tables_count = 1;
    VEC_PUSH(t->arena, &t->builder->sources, source);
}

static void add_target(struct tree *t, const char *const *names, const struct plan_type *types,
                       const uint8_t *wires, uint32_t count) {
    struct plan_target_table table = {.schema = STR("app"), .name = STR("tasks")};
    table.columns = ARENA_ARRAY(t->arena, struct plan_target_column, count);
    table.columns_count = count;
    for (uint32_t i = 0; i < count; i++) {
        table.columns[i].name = str_cstr(names[i]);
        table.columns[i].type = types[i];
        table.columns[i].wire = wires[i];
        table.columns[i].pg_type = str_cstr(type_kind_name((enum type_kind)types[i].kind));
    }
    VEC_PUSH(t->arena, &t->builder->target_tables, table);
    t->builder->plan.target.name = STR("app");
}

static void add_codes(struct tree *t, struct plan_type status) {
    struct plan_keyed_table table = {.name = STR("task_state"),
                                     .kind = KEYED_CODES,
                                     .keys_count = 1,
                                     .columns_count = 1,
                                     .names_count = 1};
    table.keys = ARENA_NEW(t->arena, struct plan_type);
    *table.keys = type_of_kind(TYPE_TEXT, false);
    table.columns = ARENA_NEW(t->arena, struct plan_type);
    *table.columns = status;
    table.names = ARENA_NEW(t->arena, struct plan_text);
    table.names->text = STR("value");
    static const char *const keys[] = {"wip", "done"};
    table.codes = ARENA_ARRAY(t->arena, struct plan_code, 2);
    table.codes_count = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct value key = {.kind = TYPE_TEXT, .as_text = str_cstr(keys[i])},
                     label = {.kind = TYPE_ENUM, .as_int = i + 1};
        table.codes[i].keys = ARENA_NEW(t->arena, uint32_t);
        *table.codes[i].keys = plan_builder_const(t->builder, type_of_kind(TYPE_TEXT, false), &key);
        table.codes[i].keys_count = 1;
        table.codes[i].value = plan_builder_const(t->builder, status, &label);
    }
    VEC_PUSH(t->arena, &t->builder->tables, table);
}

/* A lookup over a source: keyed by its first column. */
static void add_people(struct tree *t) {
    static const char *const columns[] = {"email", "name"};
    struct plan_type text = type_of_kind(TYPE_TEXT, false), types[2] = {text, text};
    add_source(t, "people", columns, types, 2);
    struct plan_keyed_table table = {.name = STR("people"),
                                     .kind = KEYED_SOURCE,
                                     .source = 1,
                                     .keys_count = 1,
                                     .columns_count = 1,
                                     .names_count = 1};
    table.keys = ARENA_NEW(t->arena, struct plan_type);
    table.columns = ARENA_NEW(t->arena, struct plan_type);
    *table.keys = *table.columns = text;
    table.names = ARENA_NEW(t->arena, struct plan_text);
    table.names->text = STR("name");
    struct emitter *e = emitter_new(t->builder);
    emit_output_value(e, OUT_KEY, 0, tx_cell(t, 0, text, NULL));
    emit_output_value(e, OUT_VALUE, 0, tx_cell(t, 1, text, NULL));
    table.program = emitter_finish(e) + 1;
    VEC_PUSH(t->arena, &t->builder->tables, table);
}

static struct texpr *trimmed(struct tree *t, enum opcode op, uint32_t column, const char *at,
                             const char *cell, const char *trim) {
    struct plan_type text = type_of_kind(TYPE_TEXT, false);
    struct texpr *inner = tx_call(t, OP_TRIM, text, trim, 1, tx_cell(t, column, text, cell));
    return tx_call(t, op, text, at, 1, inner);
}

static struct texpr *message(struct tree *t, const char *text, struct texpr *part, const char *at) {
    return tx_call(t, OP_CONCAT_MESSAGE, type_of_kind(TYPE_TEXT, false), at, 2, tx_text(t, text), part);
}

static void emit_first_part(struct tree *t, struct emitter *e) {
    struct plan_type text = type_of_kind(TYPE_TEXT, false), text_null = type_of_kind(TYPE_TEXT, true),
                     boolean = type_of_kind(TYPE_BOOL, false);
    emit_output_value(e, OUT_KEY, 0,
                      trimmed(t, OP_UPPER, COLUMN_CODE, "upper(trim(t.code))", "t.code", "trim(t.code)"));
    struct texpr *owner = tx_call(
        t, OP_LOWER, text_null, "lower(trim(t.owner))", 1,
        tx_call(t, OP_TRIM, text_null, "trim(t.owner)", 1, tx_cell(t, COLUMN_OWNER, text_null, "t.owner")));
    struct texpr *found = tx_find(t, 1, "o.email == lower(trim(t.owner))", owner);
    found =
        tx_on(t, found, HANDLE_MISSING, TACT_REJECT,
              message(t, "no user ", tx_cell(t, COLUMN_OWNER, text_null, "t.owner"), "\"no user {t.owner}\""),
              NULL);
    emit_value(e, found);
    emit_where(e, tx_call(t, OP_NE_TEXT, boolean, "t.state != 'deleted'", 2,
                          tx_cell(t, COLUMN_STATE, text, "t.state"), tx_text(t, "deleted")));
}

static void emit_body(struct tree *t, struct emitter *e, struct plan_type status) {
    struct plan_type text = type_of_kind(TYPE_TEXT, false), text_null = type_of_kind(TYPE_TEXT, true),
                     boolean = type_of_kind(TYPE_BOOL, false);
    struct plan_type date = type_of_kind(TYPE_DATE, true), integer = type_of_kind(TYPE_INT, false);
    emit_output_value(e, OUT_COLUMN, 0,
                      tx_call(t, OP_UUID5, type_of_kind(TYPE_UUID, false), "uuid5('task', t.code)", 2,
                              tx_text(t, "task"), tx_cell(t, COLUMN_CODE, text, "t.code")));
    struct texpr *code =
        tx_find(t, 0, "task_state[lower(trim(t.state))]",
                trimmed(t, OP_LOWER, COLUMN_STATE, "lower(trim(t.state))", "t.state", "trim(t.state)"));
    struct texpr *state = tx_fetch(t, code, 0, status, "task_state[lower(trim(t.state))]");
    state = tx_on(t, state, HANDLE_MISSING, TACT_REJECT,
                  message(t, "unknown ", tx_cell(t, COLUMN_STATE, text, "t.state"), "\"unknown {t.state}\""),
                  NULL);
    emit_output_value(e, OUT_COLUMN, 1, state);
    struct texpr *due = tx_call(t, OP_TEXT_TO_DATE, date, "date(t.due, 'DD/MM/YYYY')", 1,
                                tx_cell(t, COLUMN_DUE, text_null, "t.due"));
    due->imm = plan_builder_pattern(t->builder, PATTERN_TEMPLATE, TYPE_DATE, STR("DD/MM/YYYY")) + 1;
    due = tx_on(t, due, HANDLE_ERROR, TACT_WARN,
                message(t, "due left empty: ", tx_cell(t, COLUMN_DUE, text_null, "t.due"),
                        "\"due {t.due} left empty\""),
                tx_null(t, date));
    emit_output_value(e, OUT_COLUMN, 2, due);
    struct tbinding *priority = ARENA_NEW(t->arena, struct tbinding);
    priority->reported = true;
    priority->expr =
        tx_node(t, TX_COALESCE, integer, "t.priority ?? 3", 2,
                tx_cell(t, COLUMN_PRIORITY, type_of_kind(TYPE_INT, true), "t.priority"), tx_int(t, 3));
    emit_output(e, OUT_COLUMN, 3, emit_binding(e, priority), false);
    struct texpr *is_null =
        tx_node(t, TX_IS_NULL, boolean, "t.owner is null", 1, tx_cell(t, COLUMN_OWNER, text_null, "t.owner"));
    struct texpr *title = tx_node(
        t, TX_IF, text, "if t.owner is null then 'nobody' else trim(t.owner)", 3, is_null,
        tx_text(t, "nobody"),
        tx_call(t, OP_TRIM, text, "trim(t.owner)", 1, tx_cell(t, COLUMN_OWNER, text_null, "t.owner")));
    emit_output_value(e, OUT_COLUMN, 4, title);
    emit_output_value(e, OUT_COLUMN, 5, tx_param(t, 0, type_of_kind(TYPE_TIMESTAMPTZ, false), "$cutover"));
    struct texpr *low =
        tx_call(t, OP_GE_I64, boolean, "priority >= 1", 2, tx_bound(t, priority, "priority"), tx_int(t, 1));
    struct texpr *high =
        tx_call(t, OP_LE_I64, boolean, "priority <= 5", 2, tx_bound(t, priority, "priority"), tx_int(t, 5));
    struct texpr *both = tx_node(t, TX_AND, boolean, "priority >= 1 and priority <= 5", 2, low, high);
    struct texpr *shown = tx_call(t, OP_TO_TEXT, text, NULL, 1, tx_bound(t, priority, "priority"));
    struct thandler fail = {.action = TACT_REJECT,
                            .message = message(t, "priority ", shown, "\"priority {priority}\"")};
    emit_validate(e, both, &fail, STR("range"));
}

struct plan *tree_make_plan(struct arena *arena, struct diag_list *diags) {
    struct tree tree, *t = &tree;
    tree_init(t, arena, PLAN_SPEC);
    static const char *const columns[] = {"code", "state", "due", "priority", "owner"};
    struct plan_type text = type_of_kind(TYPE_TEXT, false), text_null = type_of_kind(TYPE_TEXT, true);
    const struct plan_type types[] = {text, text, text_null, type_of_kind(TYPE_INT, true), text_null};
    add_source(t, "tasks", columns, types, COLUMN_COUNT);
    static const char *const labels[] = {"todo", "doing", "done"};
    struct plan_enum status_enum = {.schema = STR("app"), .name = STR("status"), .labels_count = 3};
    status_enum.labels = ARENA_ARRAY(arena, struct plan_text, 3);
    for (uint32_t i = 0; i < 3; i++)
        status_enum.labels[i].text = str_cstr(labels[i]);
    VEC_PUSH(arena, &t->builder->enums, status_enum);
    struct plan_type status = {.kind = TYPE_ENUM};
    struct plan_param cutover = {.name = STR("cutover"), .type = type_of_kind(TYPE_TIMESTAMPTZ, false)};
    VEC_PUSH(arena, &t->builder->params, cutover);
    add_codes(t, status);
    add_people(t);
    static const char *const names[] = {"id", "status", "due_on", "priority", "title", "made_at"};
    const struct plan_type target_types[] = {
        type_of_kind(TYPE_UUID, false), status, type_of_kind(TYPE_DATE, true),
        type_of_kind(TYPE_INT, false),  text,   type_of_kind(TYPE_TIMESTAMPTZ, false)};
    static const uint8_t wires[] = {WIRE_UUID, WIRE_ENUM, WIRE_DATE, WIRE_INT4, WIRE_TEXT, WIRE_TIMESTAMPTZ};
    add_target(t, names, target_types, wires, 6);
    struct emitter *e = emitter_new(t->builder);
    emit_first_part(t, e);
    emit_pre_end(e);
    emit_body(t, e, status);
    struct plan_map map = {.name = STR("tasks"), .keyed = 1, .target_table = 1, .columns_count = 6};
    map.columns = ARENA_ARRAY(arena, uint32_t, 6);
    for (uint32_t i = 0; i < 6; i++)
        map.columns[i] = i;
    map.program = emitter_finish(e);
    map.span = plan_builder_span(t->builder, tree_span(t, "map tasks"));
    VEC_PUSH(arena, &t->builder->maps, map);
    for (uint32_t i = 0; i < t->diags.items.count; i++)
        VEC_PUSH(diags->arena, &diags->items, t->diags.items.items[i]);
    return plan_builder_finish(t->builder);
}

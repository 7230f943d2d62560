/* a.b.c and a['key']: from the left to the right, rows give columns, json gives json. Steps into json that
 * are known now are gathered into one path, so that the text is walked once. */
#include "compiler/check/expr.h"

#include "compiler/check/recorder.h"

/* Places that a path holds; others are looked up by their own instruction. */
enum { PATH_MAX_INDEX = 1000000 };

/* What stands left of the next step. */
struct path_state {
    struct texpr *node;
    const struct scope_name *row; /* the row of a source: node is NULL */
    uint8_t via;                  /* … itself, its parent or its root */
    bool is_place;                /* row.source */
    struct buf steps;             /* of json, not applied to node yet */
    struct span start;
};

static void path_eval(struct scope *scope, const struct ast_expr *expr, struct path_state *state);

static void path_fail(struct scope *scope, struct path_state *state, struct span span) {
    state->node = node_error(scope, span);
    state->row = NULL;
    state->is_place = false;
    buf_clear(&state->steps);
}

/* ---------------------------------------------------------------- json */

static bool path_step_is_plain(struct str key) {
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) return false;
    }
    return key.len > 0;
}

/* Applies the gathered steps. */
static void path_finish_json(struct scope *scope, struct path_state *state, struct span span) {
    if (state->steps.len == 0 || node_failed(state->node)) return;
    struct checker *checker = scope->checker;
    struct str text = arena_copy_str(checker->arena, buf_str(&state->steps));
    buf_clear(&state->steps);
    struct texpr *call = node_new(scope, TX_CALL, type_of(TYPE_JSON, true), span_join(state->start, span));
    call->opcode = OP_JSON_GET;
    call->imm = plan_builder_pattern(checker->builder, PATTERN_JSON_PATH, TYPE_JSON, text);
    node_push(scope, call, state->node);
    state->node = node_finish(scope, call);
}

static void path_json_key(struct scope *scope, struct path_state *state, struct str key, struct span span) {
    if (path_step_is_plain(key)) {
        buf_printf(&state->steps, "%s%.*s", state->steps.len ? "." : "", STR_ARG(key));
        return;
    }
    bool quotable =
        key.len > 0 && memchr(key.ptr, '\'', key.len) == NULL && memchr(key.ptr, '\\', key.len) == NULL;
    if (quotable) {
        buf_printf(&state->steps, "%s'%.*s'", state->steps.len ? "." : "", STR_ARG(key));
        return;
    }
    path_finish_json(scope, state, span);
    struct texpr *name = node_text(scope, key, span);
    state->node = node_call(scope, OP_JSON_KEY, type_of(TYPE_JSON, true), span_join(state->start, span),
                            state->node, name, NULL);
}

/* json[…]: a key or a place, known now or not. */
static void path_json_index(struct scope *scope, struct path_state *state, const struct ast_expr *expr) {
    struct diag_list *diags = scope->checker->diags;
    if (expr->items.count != 1) {
        struct diag *diag =
            diag_report(diags, E_KEY_TYPES, expr->span, "json is indexed by one key or place");
        diag_help(diags, diag, "write `x['key']` for a member, `x[0]` for the first element");
        path_fail(scope, state, expr->span);
        return;
    }
    struct texpr *key = expr_infer(scope, expr->items.items[0], type_of(TYPE_NONE, true));
    if (node_failed(key)) {
        path_fail(scope, state, expr->span);
    } else if (node_is_text_const(key)) {
        path_json_key(scope, state, key->value.as_text, expr->span);
    } else if (node_is_const(key) && key->value.kind == TYPE_INT && state->steps.len > 0 &&
               key->value.as_int >= 0 && key->value.as_int <= PATH_MAX_INDEX) {
        buf_printf(&state->steps, "[%lld]", (long long)key->value.as_int);
    } else if (key->type.kind == TYPE_TEXT || key->type.kind == TYPE_INT) {
        path_finish_json(scope, state, expr->span);
        state->node = node_call(scope, key->type.kind == TYPE_TEXT ? OP_JSON_KEY : OP_JSON_AT,
                                type_of(TYPE_JSON, true), expr->span, state->node, key, NULL);
    } else {
        struct str type = type_to_text(scope->checker, key->type);
        struct diag *diag = diag_report(diags, E_KEY_TYPES, key->span,
                                        "json is indexed by a text or an int, not by %.*s", STR_ARG(type));
        diag_help(diags, diag, "write `x['key']` for a member, `x[0]` for the first element");
        path_fail(scope, state, expr->span);
    }
}

/* ---------------------------------------------------------------- rows of sources */

/* row.parent, row.root, row.source: no values yet. False: an ordinary column. */
static bool path_row_word(struct scope *scope, struct path_state *state, const struct ast_name *name) {
    const struct checked_table *table = state->row->table;
    for (uint32_t i = 0; i < table->columns.count; i++)
        if (str_eq(table->columns.items[i].name, name->text)) return false;
    if (str_is(name->text, "source") && state->via == VIA_SELF) {
        state->is_place = true;
        return true;
    }
    if (!table->has_children) return false;
    if (str_is(name->text, "root")) {
        state->via = VIA_ROOT;
        return true;
    }
    if (!str_is(name->text, "parent")) return false;
    if (state->via == VIA_SELF) {
        state->via = VIA_PARENT;
        return true;
    }
    struct diag_list *diags = scope->checker->diags;
    struct diag *diag =
        diag_report(diags, E_NAME_PLACE, name->span, "a row reaches its parent and its root, no others");
    diag_help(diags, diag,
              state->via == VIA_ROOT ? "a root has no parent"
                                     : "a parent's parent is the `parent` of that row, in its own turn");
    path_fail(scope, state, name->span);
    return true;
}

static void path_row_place(struct scope *scope, struct path_state *state, const struct ast_name *name,
                           struct span span) {
    static const struct {
        const char *name;
        uint8_t slot, kind;
    } places[] = {{"file", SLOT_FILE, TYPE_TEXT}, {"line", SLOT_LINE, TYPE_INT}, {"row", SLOT_ROW, TYPE_INT}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!str_is(name->text, places[i].name)) continue;
        struct texpr *node = node_new(scope, TX_INPUT, type_of(places[i].kind, false), span);
        node->slot_kind = places[i].slot;
        node->varies = true;
        state->node = node;
        state->row = NULL;
        state->is_place = false;
        return;
    }
    struct diag_list *diags = scope->checker->diags;
    struct diag *diag =
        diag_report(diags, E_UNKNOWN_MEMBER, name->span, "a row's place has no `%.*s`", STR_ARG(name->text));
    diag_help(diags, diag, "it has `.source.file`, `.source.line` and `.source.row`");
    path_fail(scope, state, span);
}

/* A column of a row's parent: null for a top row, else as declared, so that an empty required cell of the
 * parent is still found. */
static struct texpr *path_parent_column(struct scope *scope, const struct path_state *state,
                                        struct texpr *cell, const struct ast_expr *row) {
    if (node_failed(cell) || state->via != VIA_PARENT || scope_knows_not_null(scope, row)) return cell;
    if (cell->type.nullable) return cell;
    struct texpr *has = row_parent_is_null(scope, true, cell->span);
    return node_if(scope, has, cell, node_null(scope, type_nullable(cell->type, true), cell->span),
                   cell->span);
}

static void path_row_member(struct scope *scope, struct path_state *state, const struct ast_expr *expr) {
    if (state->is_place) {
        path_row_place(scope, state, &expr->name, expr->span);
        return;
    }
    if (path_row_word(scope, state, &expr->name)) return;
    struct texpr *cell = row_source_column(scope, state->row, state->via, &expr->name, expr->span);
    state->node = path_parent_column(scope, state, cell, expr->left);
    state->row = NULL;
}

/* ---------------------------------------------------------------- the run's own values */

static bool path_run_member(struct scope *scope, struct path_state *state, const struct ast_expr *expr) {
    static const struct {
        const char *name;
        uint8_t run, kind;
    } parts[] = {{"id", RUN_ID, TYPE_UUID},
                 {"started_at", RUN_STARTED_AT, TYPE_TIMESTAMPTZ},
                 {"environment", RUN_ENVIRONMENT, TYPE_TEXT}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!str_is(expr->name.text, parts[i].name)) continue;
        /* A run may be made without naming an environment. */
        struct texpr *node =
            node_new(scope, TX_RUN, type_of(parts[i].kind, parts[i].run == RUN_ENVIRONMENT), expr->span);
        node->index = parts[i].run;
        if (scope_knows_not_null(scope, expr)) node->type.nullable = 0;
        state->node = node;
        return true;
    }
    struct diag *diag = diag_report(scope->checker->diags, E_UNKNOWN_PARAM, expr->span,
                                    "`$run` has no part `%.*s`", STR_ARG(expr->name.text));
    diag_help(scope->checker->diags, diag, "it has `$run.id`, `$run.started_at` and `$run.environment`");
    path_fail(scope, state, expr->span);
    return true;
}

static void path_event_member(struct scope *scope, struct path_state *state, const struct ast_expr *expr) {
    static const struct {
        const char *name;
        uint8_t slot, kind;
        bool nullable;
    } parts[] = {{"kind", SLOT_EVENT_KIND, TYPE_TEXT, false},
                 {"map", SLOT_EVENT_MAP, TYPE_TEXT, true},
                 {"at", SLOT_EVENT_AT, TYPE_TIMESTAMPTZ, false},
                 {"json", SLOT_EVENT_JSON, TYPE_JSON, false}};
    struct diag_list *diags = scope->checker->diags;
    const struct scope_name *event = scope_find(scope, STR("event"));
    if (event == NULL || event->kind != BIND_EVENT) {
        struct diag *diag = diag_report(diags, E_NAME_PLACE, expr->span, "`$event` exists only in `audit`");
        diag_help(diags, diag, "elsewhere the run is known by `$run.id` and `$run.started_at`");
        path_fail(scope, state, expr->span);
        return;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!str_is(expr->name.text, parts[i].name)) continue;
        struct texpr *node = node_new(scope, TX_INPUT, type_of(parts[i].kind, parts[i].nullable), expr->span);
        node->slot_kind = parts[i].slot;
        node->varies = true;
        if (scope_knows_not_null(scope, expr)) node->type.nullable = 0;
        state->node = node;
        return;
    }
    struct diag *diag = diag_report(diags, E_UNKNOWN_PARAM, expr->span, "`$event` has no part `%.*s`",
                                    STR_ARG(expr->name.text));
    diag_help(diags, diag, "it has `$event.kind`, `$event.map`, `$event.at` and `$event.json`");
    path_fail(scope, state, expr->span);
}

/* ---------------------------------------------------------------- one step */

static void path_member_of_value(struct scope *scope, struct path_state *state, const struct ast_expr *expr) {
    if (node_failed(state->node) || expr->name.text.len == 0) {
        path_fail(scope, state, expr->span);
    } else if (state->node->type.kind == TYPE_JSON) {
        path_json_key(scope, state, expr->name.text, expr->span);
    } else if (state->node->type.kind == TYPE_ROW) {
        state->node = row_column(scope, state->node, &expr->name, expr->span);
    } else {
        struct str type = type_to_text(scope->checker, state->node->type);
        struct diag *diag = diag_report(scope->checker->diags, E_UNKNOWN_MEMBER, expr->span,
                                        "a value of type %.*s has no members", STR_ARG(type));
        diag_help(scope->checker->diags, diag, "rows have columns and json has members: `json(x).%.*s`",
                  STR_ARG(expr->name.text));
        path_fail(scope, state, expr->span);
    }
}

/* A name's member: the row of a source, of a keyed table, or any value. */
static bool path_name_member(struct scope *scope, struct path_state *state, const struct ast_expr *expr) {
    const struct ast_expr *left = ast_strip(expr->left);
    if (left->kind == X_PARAM && str_is(left->name.text, "run")) return path_run_member(scope, state, expr);
    if (left->kind == X_PARAM && str_is(left->name.text, "event")) {
        path_event_member(scope, state, expr);
        return true;
    }
    if (left->kind != X_NAME) return false;
    struct scope_name *name = (struct scope_name *)scope_find(scope, left->name.text);
    if (name == NULL || name->kind != BIND_KEYED_ROW || expr->name.text.len == 0) return false;
    name->used = true;
    record_use(scope->checker, left->span, name->span);
    struct texpr *row =
        name->binding == NULL && name->expr == NULL ? NULL : expr_name(scope, left, type_of(TYPE_NONE, true));
    state->node =
        row != NULL && node_failed(row) ? row : row_keyed_column(scope, name, row, &expr->name, expr->span);
    return true;
}

static void path_eval_member(struct scope *scope, const struct ast_expr *expr, struct path_state *state) {
    if (path_name_member(scope, state, expr)) return;
    path_eval(scope, expr->left, state);
    if (state->row != NULL) {
        path_row_member(scope, state, expr);
    } else {
        path_member_of_value(scope, state, expr);
    }
    /* What a condition has said about this very path. */
    if (state->node != NULL && !node_failed(state->node) && state->node->type.nullable &&
        state->steps.len == 0 && state->node->kind != TX_CONST && scope_knows_not_null(scope, expr)) {
        state->node = node_copy(scope, state->node);
        state->node->type.nullable = 0;
    }
}

static void path_eval_index(struct scope *scope, const struct ast_expr *expr, struct path_state *state) {
    path_eval(scope, expr->left, state);
    if (state->row != NULL) {
        path_fail(scope, state, expr->span);
        struct diag *diag =
            diag_report(scope->checker->diags, E_ROW_AS_VALUE, expr->span, "a row of a source has no index");
        diag_help(scope->checker->diags, diag,
                  "name a column: `row.column`; odd names stand in backticks: row.`Due Date`");
    } else if (node_failed(state->node)) {
        path_fail(scope, state, expr->span);
    } else if (state->node->type.kind == TYPE_JSON) {
        path_json_index(scope, state, expr);
    } else {
        struct str type = type_to_text(scope->checker, state->node->type);
        struct diag *diag = diag_report(scope->checker->diags, E_KEY_TYPES, expr->span,
                                        "a value of type %.*s has no index", STR_ARG(type));
        diag_help(scope->checker->diags, diag,
                  state->node->type.kind == TYPE_ARRAY
                      ? "the n-th element of an array is `element(x, 1)`"
                      : "code tables, maps and json are indexed: `states[code]`");
        path_fail(scope, state, expr->span);
    }
}

static bool path_is_keyed_index(struct scope *scope, const struct ast_expr *expr) {
    const struct ast_expr *left = ast_strip(expr->left);
    return left->kind == X_NAME && (scope_find_map(scope, left->name.text) != NULL ||
                                    scope_find_codes(scope, left->name.text) != NULL);
}

static void path_eval(struct scope *scope, const struct ast_expr *expr, struct path_state *state) {
    expr = ast_strip(expr);
    if (state->start.source == NULL) state->start = expr->span;
    struct checker *checker = scope->checker;
    bool step = expr->kind == X_MEMBER || (expr->kind == X_INDEX && !path_is_keyed_index(scope, expr));
    if (expr->kind == X_NAME) {
        struct scope_name *name = (struct scope_name *)scope_find(scope, expr->name.text);
        if (name != NULL && name->kind == BIND_SOURCE_ROW && name->table != NULL) {
            name->used = true;
            record_use(checker, expr->span, name->span);
            state->row = name;
            state->via = VIA_SELF;
            return;
        }
    }
    if (!step || checker->depth >= EXPR_MAX_DEPTH) {
        state->node = expr_infer(scope, expr, type_of(TYPE_NONE, true));
        return;
    }
    checker->depth++;
    if (expr->kind == X_MEMBER) {
        path_eval_member(scope, expr, state);
    } else {
        path_eval_index(scope, expr, state);
    }
    checker->depth--;
}

/* The whole path as a value. */
static struct texpr *path_value(struct scope *scope, const struct ast_expr *expr, struct path_state *state) {
    struct texpr *node;
    if (state->row != NULL) {
        struct str text = span_text(expr->span);
        struct diag *diag = diag_report(scope->checker->diags, E_ROW_AS_VALUE, expr->span,
                                        "`%.*s` is no value", STR_ARG(text));
        diag_help(scope->checker->diags, diag,
                  state->is_place ? "name a part: `%.*s.file`, `%.*s.line` or `%.*s.row`"
                                  : "it is a row: name one of its columns, `%.*s.column`",
                  STR_ARG(text), STR_ARG(text), STR_ARG(text));
        node = node_error(scope, expr->span);
    } else {
        path_finish_json(scope, state, expr->span);
        node = state->node;
    }
    buf_release(&state->steps);
    if (!node_failed(node) && node->type.nullable && node->kind != TX_CONST &&
        scope_knows_not_null(scope, expr)) {
        node = node_copy(scope, node);
        node->type.nullable = 0;
    }
    return node;
}

struct texpr *expr_member(struct scope *scope, const struct ast_expr *expr) {
    struct path_state state = {0};
    path_eval_member(scope, expr, &state);
    return path_value(scope, expr, &state);
}

struct texpr *expr_value_index(struct scope *scope, const struct ast_expr *expr) {
    struct path_state state = {0};
    path_eval_index(scope, expr, &state);
    return path_value(scope, expr, &state);
}

enum path_row path_find_row(struct scope *scope, const struct ast_expr *expr) {
    expr = ast_strip(expr);
    if (expr->kind != X_NAME && expr->kind != X_MEMBER) return PATH_NO_ROW;
    const struct ast_expr *base = expr;
    while (base->kind == X_MEMBER) {
        if (!str_is(base->name.text, "parent") && !str_is(base->name.text, "root")) return PATH_NO_ROW;
        base = ast_strip(base->left);
    }
    if (base->kind != X_NAME) return PATH_NO_ROW;
    const struct scope_name *name = scope_find(scope, base->name.text);
    if (name == NULL || name->kind != BIND_SOURCE_ROW || name->table == NULL) return PATH_NO_ROW;
    struct path_state state = {0};
    path_eval(scope, expr, &state);
    enum path_row found = PATH_NO_ROW;
    if (state.row != NULL && !state.is_place)
        found = state.via == VIA_PARENT ? PATH_PARENT : state.via == VIA_ROOT ? PATH_ROOT : PATH_SELF;
    buf_release(&state.steps);
    return found;
}

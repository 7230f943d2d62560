/* The tree as indented text: a node a line, its parts indented below it. Lines read `kind what-it-says`;
 * spans are left out, so that golden texts survive a change of layout. */
#include "compiler/syntax/parse.h"

struct dump {
    struct buf *out;
    int depth;
};

static void line_start(struct dump *dump) {
    buf_repeat_char(dump->out, ' ', (size_t)dump->depth * 2);
}
static void line_end(struct dump *dump) {
    buf_append_char(dump->out, '\n');
}
static void line(struct dump *dump, const char *text) {
    line_start(dump);
    buf_append_cstr(dump->out, text);
    line_end(dump);
}

static void put_text(struct dump *dump, const char *label, struct str text) {
    buf_append_cstr(dump->out, label);
    buf_append_json(dump->out, text);
}

static void put_path(struct dump *dump, const struct ast_path *path) {
    for (uint32_t i = 0; i < path->parts.count; i++)
        buf_printf(dump->out, "%s%.*s", i ? "." : "", STR_ARG(path->parts.items[i].text));
}

static void put_names(struct dump *dump, const struct ast_name *names, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        buf_printf(dump->out, " %.*s", STR_ARG(names[i].text));
}

static void put_type(struct dump *dump, const struct ast_type *type) {
    put_path(dump, &type->path);
    buf_printf(dump->out, "%s%s%s", type->element_nullable ? "?" : "", type->is_array ? "[]" : "",
               type->nullable ? "?" : "");
}

static void dump_doc(struct dump *dump, struct str doc) {
    if (doc.len == 0) return;
    line_start(dump);
    put_text(dump, "doc ", doc);
    line_end(dump);
}

/* ------------------------------------------------------------------ expressions */

static void dump_expr(struct dump *dump, const struct ast_expr *expr);

static void dump_labelled(struct dump *dump, const char *label, const struct ast_expr *expr) {
    if (expr == NULL) return;
    line(dump, label);
    dump->depth++;
    dump_expr(dump, expr);
    dump->depth--;
}

static void dump_action(struct dump *dump, const struct ast_action *action) {
    static const char *const names[] = {"none", "use",   "skip", "reject", "warn",
                                        "fail", "first", "last", "update"};
    buf_append_cstr(dump->out, names[action->kind]);
    put_names(dump, action->columns.items, action->columns.count);
    line_end(dump);
    dump->depth++;
    if (action->message) dump_labelled(dump, "message", action->message);
    if (action->use) dump_labelled(dump, "value", action->use);
    dump->depth--;
}

static void dump_handlers(struct dump *dump, const struct ast_handlers *handlers) {
    static const char *const events[] = {"error",    "null", "missing", "skipped",     "duplicate",
                                         "conflict", "fail", "ragged",  "bad_encoding"};
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        const struct ast_handler *handler = &handlers->list.items[i];
        line_start(dump);
        buf_printf(dump->out, "on %s", events[handler->event]);
        if (handler->columns.count) {
            buf_append_cstr(dump->out, " (");
            put_names(dump, handler->columns.items, handler->columns.count);
            buf_append_cstr(dump->out, " )");
        }
        buf_append_cstr(dump->out, " ");
        dump_action(dump, &handler->action);
    }
}

static void dump_arm(struct dump *dump, const struct ast_arm *arm) {
    line(dump, arm->is_default ? "arm _" : "arm");
    dump->depth++;
    for (uint32_t i = 0; i < arm->patterns.count; i++)
        dump_expr(dump, arm->patterns.items[i]);
    dump_labelled(dump, "when", arm->when);
    dump_labelled(dump, "=>", arm->result);
    dump->depth--;
}

static const char *operator_text(enum ast_operator op) {
    static const char *const texts[] = {
        "+", "-", "*", "/", "%", "||", "==", "!=", "<", "<=", ">", ">=", "and", "or", "??"};
    return texts[op];
}

static const char *kind_text(enum ast_expr_kind kind) {
    static const char *const texts[] = {[X_ERROR] = "error",     [X_NULL] = "null",
                                        [X_BOOL] = "bool",       [X_INT] = "int",
                                        [X_DECIMAL] = "decimal", [X_FLOAT] = "float",
                                        [X_TEXT] = "text",       [X_INTERPOLATED] = "interpolated",
                                        [X_TYPED] = "typed",     [X_DURATION] = "duration",
                                        [X_NAME] = "name",       [X_PARAM] = "param",
                                        [X_MEMBER] = "member",   [X_INDEX] = "index",
                                        [X_CALL] = "call",       [X_KEEP] = "keep",
                                        [X_NEGATE] = "negate",   [X_NOT] = "not",
                                        [X_BINARY] = "binary",   [X_IN] = "in",
                                        [X_BETWEEN] = "between", [X_IS_NULL] = "is null",
                                        [X_LIKE] = "like",       [X_MATCHES] = "matches",
                                        [X_IF] = "if",           [X_MATCH] = "match",
                                        [X_ARRAY] = "array",     [X_GROUP] = "group",
                                        [X_HANDLED] = "handled", [X_ACTION] = "action"};
    return texts[kind];
}

/* What the node says by itself, behind its kind. */
static void put_own_words(struct dump *dump, const struct ast_expr *expr) {
    switch (expr->kind) {
    case X_BOOL: buf_append_cstr(dump->out, expr->truth ? " true" : " false"); break;
    case X_INT:
    case X_DECIMAL:
    case X_FLOAT: buf_printf(dump->out, " %.*s", STR_ARG(expr->text)); break;
    case X_TEXT: put_text(dump, " ", expr->text); break;
    case X_TYPED:
        buf_printf(dump->out, " %.*s", STR_ARG(expr->name.text));
        put_text(dump, " ", expr->text);
        break;
    case X_DURATION:
        buf_printf(dump->out, " %.*s %.*s", STR_ARG(expr->text), STR_ARG(expr->name.text));
        break;
    case X_PARAM: buf_printf(dump->out, " $%.*s", STR_ARG(expr->name.text)); break;
    case X_NAME:
    case X_MEMBER:
    case X_KEEP: buf_printf(dump->out, " %.*s", STR_ARG(expr->name.text)); break;
    case X_CALL:
        buf_append_char(dump->out, ' ');
        put_path(dump, &expr->path);
        break;
    case X_BINARY: buf_printf(dump->out, " %s", operator_text(expr->op)); break;
    default: break;
    }
    if (expr->negated) buf_append_cstr(dump->out, " negated");
}

static void dump_expr(struct dump *dump, const struct ast_expr *expr) {
    line_start(dump);
    if (expr->kind == X_ACTION) {
        buf_append_cstr(dump->out, "action ");
        dump_action(dump, &expr->action);
        return;
    }
    buf_append_cstr(dump->out, kind_text(expr->kind));
    put_own_words(dump, expr);
    line_end(dump);
    dump->depth++;
    if (expr->left) dump_expr(dump, expr->left);
    if (expr->right) dump_expr(dump, expr->right);
    for (uint32_t i = 0; i < expr->items.count; i++)
        dump_expr(dump, expr->items.items[i]);
    for (uint32_t i = 0; i < expr->arms.count; i++)
        dump_arm(dump, &expr->arms.items[i]);
    dump_handlers(dump, &expr->handlers);
    dump->depth--;
}

/* ------------------------------------------------------------------ sources and targets */

static void dump_options(struct dump *dump, const struct ast_option *options, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        line_start(dump);
        buf_printf(dump->out, "option %.*s", STR_ARG(options[i].name.text));
        for (uint32_t v = 0; v < options[i].values.count; v++) {
            const struct ast_expr *value = options[i].values.items[v];
            buf_printf(dump->out, " %s", kind_text(value->kind));
            put_own_words(dump, value);
        }
        line_end(dump);
    }
}

static void dump_column(struct dump *dump, const struct ast_source_column *column) {
    line_start(dump);
    buf_printf(dump->out, "column %.*s ", STR_ARG(column->name.text));
    put_type(dump, &column->type);
    if (column->from.span.source) put_text(dump, " from ", column->from.text);
    if (column->format.span.source) put_text(dump, " format ", column->format.text);
    if (column->pii) buf_append_cstr(dump->out, " pii");
    if (column->ignored) buf_append_cstr(dump->out, " ignored");
    if (column->because.span.source) put_text(dump, " because ", column->because.text);
    line_end(dump);
    dump->depth++;
    dump_doc(dump, column->doc);
    dump->depth--;
}

static void dump_table(struct dump *dump, const struct ast_source_table *table) {
    line_start(dump);
    buf_printf(dump->out, "table %.*s", STR_ARG(table->name.text));
    if (table->title.span.source) put_text(dump, " ", table->title.text);
    line_end(dump);
    dump->depth++;
    dump_doc(dump, table->doc);
    dump_options(dump, table->options.items, table->options.count);
    dump_handlers(dump, &table->handlers);
    for (uint32_t i = 0; i < table->columns.count; i++)
        dump_column(dump, &table->columns.items[i]);
    dump->depth--;
}

static void dump_location(struct dump *dump, struct ast_name format, struct ast_name location, bool is_env) {
    line_start(dump);
    buf_printf(dump->out, "format %.*s", STR_ARG(format.text));
    if (location.span.source) put_text(dump, is_env ? " env " : " at ", location.text);
    line_end(dump);
}

static void dump_source(struct dump *dump, const struct ast_source *source) {
    dump_location(dump, source->format, source->location, source->location_is_env);
    if (source->query_of.text.len) {
        line_start(dump);
        buf_printf(dump->out, "query of %.*s", STR_ARG(source->query_of.text));
        put_text(dump, " ", source->sql.text);
        line_end(dump);
    }
    dump_options(dump, source->options.items, source->options.count);
    dump_handlers(dump, &source->handlers);
    for (uint32_t i = 0; i < source->tables.count; i++)
        dump_table(dump, &source->tables.items[i]);
    for (uint32_t i = 0; i < source->rows.count; i++) {
        line(dump, "row");
        dump->depth++;
        for (uint32_t v = 0; v < source->rows.items[i].values.count; v++)
            dump_expr(dump, source->rows.items[i].values.items[v]);
        dump->depth--;
    }
}

/* ------------------------------------------------------------------ code tables, functions, environments */

static void dump_code_line(struct dump *dump, const struct ast_code_line *code) {
    line(dump, "code");
    dump->depth++;
    for (uint32_t i = 0; i < code->keys.count; i++)
        dump_expr(dump, code->keys.items[i]);
    dump_labelled(dump, "=>", code->value);
    dump->depth--;
}

static void dump_codes(struct dump *dump, const struct ast_codes *codes) {
    line_start(dump);
    buf_append_cstr(dump->out, "types");
    for (uint32_t i = 0; i < codes->key_types.count; i++) {
        buf_append_char(dump->out, ' ');
        put_type(dump, &codes->key_types.items[i]);
    }
    buf_append_cstr(dump->out, " -> ");
    put_type(dump, &codes->value_type);
    if (codes->file.span.source) {
        put_text(dump, " from ", codes->file.text);
        put_names(dump, codes->file_columns.items, codes->file_columns.count);
    }
    line_end(dump);
    for (uint32_t i = 0; i < codes->lines.count; i++)
        dump_code_line(dump, &codes->lines.items[i]);
    dump_handlers(dump, &codes->handlers);
}

static void dump_fn(struct dump *dump, const struct ast_fn *fn) {
    for (uint32_t i = 0; i < fn->params.names.count; i++) {
        line_start(dump);
        buf_printf(dump->out, "param %.*s ", STR_ARG(fn->params.names.items[i].text));
        put_type(dump, &fn->params.types.items[i]);
        line_end(dump);
    }
    line_start(dump);
    buf_append_cstr(dump->out, "result ");
    put_type(dump, &fn->result);
    if (fn->library.span.source) {
        put_text(dump, " from ", fn->library.text);
        put_text(dump, " symbol ", fn->symbol.text);
    }
    line_end(dump);
    if (fn->body) dump_expr(dump, fn->body);
}

static void dump_rules(struct dump *dump, const struct ast_tolerance_rule *rules, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_tolerance_rule *rule = &rules[i];
        line_start(dump);
        buf_append_cstr(dump->out, rule->is_validate ? "rule validate" : "rule");
        if (rule->name.text.len) buf_printf(dump->out, " %.*s", STR_ARG(rule->name.text));
        if (rule->percent) buf_append_cstr(dump->out, " percent");
        line_end(dump);
        dump->depth++;
        if (rule->amount) dump_expr(dump, rule->amount);
        if (rule->message) dump_expr(dump, rule->message);
        dump->depth--;
    }
}

static void dump_setting(struct dump *dump, const struct ast_setting *setting) {
    line_start(dump);
    buf_printf(dump->out, "setting %.*s", STR_ARG(setting->name.text));
    if (setting->is_env) put_text(dump, " env ", setting->env_name.text);
    if (setting->percent) buf_append_cstr(dump->out, " percent");
    if (setting->otherwise.text.len) buf_printf(dump->out, " else %.*s", STR_ARG(setting->otherwise.text));
    line_end(dump);
    dump->depth++;
    if (setting->value) dump_expr(dump, setting->value);
    dump_rules(dump, setting->rules.items, setting->rules.count);
    dump->depth--;
}

/* ------------------------------------------------------------------ maps */

const char *ast_clause_name(enum ast_clause_kind kind) {
    static const char *const names[] = {[CLAUSE_FROM] = "from",
                                        [CLAUSE_EACH] = "each",
                                        [CLAUSE_JOIN] = "join",
                                        [CLAUSE_LEFT_JOIN] = "left join",
                                        [CLAUSE_LOOKUP] = "lookup",
                                        [CLAUSE_LEFT_LOOKUP] = "left lookup",
                                        [CLAUSE_WHERE] = "where",
                                        [CLAUSE_GROUP_BY] = "group by",
                                        [CLAUSE_ORDER_BY] = "order by",
                                        [CLAUSE_UNIQUE_BY] = "unique by",
                                        [CLAUSE_KEY] = "key",
                                        [CLAUSE_PARTITION_BY] = "partition by",
                                        [CLAUSE_INTO] = "into",
                                        [CLAUSE_ON_CONFLICT] = "on conflict",
                                        [CLAUSE_ROLLBACK] = "rollback",
                                        [CLAUSE_COMMIT] = "commit",
                                        [CLAUSE_REBUILD] = "rebuild",
                                        [CLAUSE_TOLERANCE] = "tolerance",
                                        [CLAUSE_AFTER] = "after",
                                        [CLAUSE_KEEP_CROSSWALK] = "keep crosswalk",
                                        [CLAUSE_EXCEPT_REJECTED] = "except rejected by",
                                        [CLAUSE_SELECT] = "select"};
    return names[kind];
}

static void dump_clause(struct dump *dump, const struct ast_clause *clause) {
    line_start(dump);
    buf_append_cstr(dump->out, ast_clause_name(clause->kind));
    if (clause->kind == CLAUSE_ON_CONFLICT) buf_append_cstr(dump->out, " clause");
    if (clause->alias.text.len) buf_printf(dump->out, " %.*s in", STR_ARG(clause->alias.text));
    if (clause->path.parts.count) buf_append_char(dump->out, ' ');
    put_path(dump, &clause->path);
    if (clause->word.text.len) buf_printf(dump->out, " %.*s", STR_ARG(clause->word.text));
    if (clause->text.span.source) put_text(dump, " ", clause->text.text);
    if (clause->percent) buf_append_cstr(dump->out, " percent");
    if (clause->keep) buf_append_cstr(dump->out, clause->keep == ACTION_FIRST ? " keep first" : " keep last");
    line_end(dump);
    dump->depth++;
    if (clause->expr) dump_expr(dump, clause->expr);
    dump_rules(dump, clause->rules.items, clause->rules.count);
    for (uint32_t i = 0; i < clause->exprs.count; i++)
        dump_expr(dump, clause->exprs.items[i]);
    for (uint32_t i = 0; i < clause->names.count; i++) {
        line_start(dump);
        buf_printf(dump->out, "as %.*s", STR_ARG(clause->names.items[i].text));
        line_end(dump);
    }
    for (uint32_t i = 0; i < clause->order.count; i++)
        dump_labelled(dump, clause->order.items[i].descending ? "descending" : "ascending",
                      clause->order.items[i].expr);
    dump_handlers(dump, &clause->handlers);
    dump->depth--;
}

static void dump_item(struct dump *dump, const struct ast_item *item) {
    static const char *const names[] = {"assign", "let", "validate", "spread", "ignored"};
    line_start(dump);
    buf_append_cstr(dump->out, names[item->kind]);
    if (item->name.text.len) buf_printf(dump->out, " %.*s", STR_ARG(item->name.text));
    if (item->names.count) buf_append_cstr(dump->out, item->kind == ITEM_SPREAD ? " except" : "");
    put_names(dump, item->names.items, item->names.count);
    if (item->because.span.source) put_text(dump, " because ", item->because.text);
    line_end(dump);
    dump->depth++;
    dump_doc(dump, item->doc);
    if (item->expr) dump_expr(dump, item->expr);
    dump_handlers(dump, &item->handlers);
    dump->depth--;
}

static void dump_clauses(struct dump *dump, const struct ast_clause *clauses, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        dump_clause(dump, &clauses[i]);
}
static void dump_items(struct dump *dump, const struct ast_item *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        dump_item(dump, &items[i]);
}

/* ------------------------------------------------------------------ checks, tests, changes */

static void dump_check(struct dump *dump, const struct ast_check *check) {
    if (check->before) line(dump, "before");
    if (check->title.span.source) {
        line_start(dump);
        put_text(dump, "title ", check->title.text);
        line_end(dump);
    }
    if (check->is_sample) {
        line_start(dump);
        buf_printf(dump->out, "sample of %.*s", STR_ARG(check->map.text));
        line_end(dump);
        dump->depth++;
        dump_expr(dump, check->count);
        dump->depth--;
    }
    if (check->has_source) line(dump, "source");
    dump->depth++;
    dump_clauses(dump, check->source.items, check->source.count);
    dump->depth--;
    if (check->sql.span.source) {
        line_start(dump);
        put_text(dump, "sql ", check->sql.text);
        if (check->has_compare) buf_printf(dump->out, " %s", operator_text(check->compare));
        line_end(dump);
    }
    dump_labelled(dump, "expected", check->expected);
    dump_labelled(dump, check->percent ? "tolerance percent" : "tolerance", check->tolerance);
    dump_handlers(dump, &check->handlers);
}

static void dump_step(struct dump *dump, const struct ast_test_step *step) {
    static const char *const names[] = {"param",           "given",  "expect row", "expect count",
                                        "expect rejected", "assert", "code"};
    if (step->kind == STEP_CODE) {
        dump_code_line(dump, &step->code);
        return;
    }
    line_start(dump);
    buf_append_cstr(dump->out, names[step->kind]);
    if (step->name.text.len) buf_printf(dump->out, " %.*s", STR_ARG(step->name.text));
    if (step->path.parts.count) buf_append_char(dump->out, ' ');
    put_path(dump, &step->path);
    if (step->by.parts.count) buf_append_cstr(dump->out, " by ");
    put_path(dump, &step->by);
    if (step->file.text.len) put_text(dump, " from ", step->file.text);
    line_end(dump);
    dump->depth++;
    if (step->expr) dump_expr(dump, step->expr);
    for (uint32_t i = 0; i < step->fields.count; i++) {
        line_start(dump);
        buf_printf(dump->out, "field %.*s", STR_ARG(step->fields.items[i].name.text));
        line_end(dump);
        dump->depth++;
        dump_expr(dump, step->fields.items[i].value);
        dump->depth--;
    }
    dump->depth--;
}

static void dump_change(struct dump *dump, const struct ast_change *change) {
    static const char *const names[] = {"up", "backfill", "after", "down", "down none", "recovery"};
    line_start(dump);
    buf_printf(dump->out, "number %.*s", STR_ARG(change->number.text));
    line_end(dump);
    for (uint32_t i = 0; i < change->steps.count; i++) {
        const struct ast_change_step *step = &change->steps.items[i];
        line_start(dump);
        buf_append_cstr(dump->out, names[step->kind]);
        if (step->sql.span.source) put_text(dump, " ", step->sql.text);
        if (step->because.span.source) put_text(dump, " because ", step->because.text);
        if (step->table.parts.count) buf_append_char(dump->out, ' ');
        put_path(dump, &step->table);
        line_end(dump);
        dump->depth++;
        dump_items(dump, step->sets.items, step->sets.count);
        dump_labelled(dump, "where", step->where);
        dump_labelled(dump, "batch", step->batch);
        dump_labelled(dump, "pause", step->pause);
        dump->depth--;
    }
}

/* ------------------------------------------------------------------ declarations */

static void dump_decl_parts(struct dump *dump, const struct ast_decl *decl) {
    switch (decl->kind) {
    case DECL_MIGRATION: dump_labelled(dump, "version", decl->migration.version); break;
    case DECL_USE:
        line_start(dump);
        put_path(dump, &decl->use.path);
        line_end(dump);
        break;
    case DECL_PARAM:
        line_start(dump);
        put_type(dump, &decl->param.type);
        line_end(dump);
        dump_labelled(dump, "default", decl->param.value);
        break;
    case DECL_ENVIRONMENT:
        for (uint32_t i = 0; i < decl->environment.settings.count; i++)
            dump_setting(dump, &decl->environment.settings.items[i]);
        break;
    case DECL_SOURCE: dump_source(dump, &decl->source); break;
    case DECL_TARGET:
        dump_location(dump, decl->target.format, decl->target.location, decl->target.location_is_env);
        dump_options(dump, decl->target.options.items, decl->target.options.count);
        break;
    case DECL_PII:
        line_start(dump);
        put_path(dump, &decl->pii.table);
        put_names(dump, decl->pii.columns.items, decl->pii.columns.count);
        line_end(dump);
        break;
    case DECL_CODES: dump_codes(dump, &decl->codes); break;
    case DECL_FN:
    case DECL_EXTERN_FN: dump_fn(dump, &decl->fn); break;
    case DECL_MAP:
        dump_clauses(dump, decl->map.clauses.items, decl->map.clauses.count);
        dump_items(dump, decl->map.items.items, decl->map.items.count);
        break;
    case DECL_CHECK: dump_check(dump, &decl->check); break;
    case DECL_TEST:
        if (decl->test.subject.text.len) {
            line_start(dump);
            buf_printf(dump->out, "for %.*s", STR_ARG(decl->test.subject.text));
            line_end(dump);
        }
        for (uint32_t i = 0; i < decl->test.steps.count; i++)
            dump_step(dump, &decl->test.steps.items[i]);
        break;
    case DECL_AUDIT:
        line_start(dump);
        buf_append_cstr(dump->out, "into ");
        put_path(dump, &decl->audit.table);
        line_end(dump);
        dump_items(dump, decl->audit.items.items, decl->audit.items.count);
        break;
    case DECL_PHASE:
        line_start(dump);
        buf_append_cstr(dump->out, "maps");
        put_names(dump, decl->phase.maps.items, decl->phase.maps.count);
        line_end(dump);
        break;
    case DECL_STRATEGY: dump_options(dump, decl->strategy.options.items, decl->strategy.options.count); break;
    case DECL_CHANGE: dump_change(dump, &decl->change); break;
    }
}

void ast_dump(const struct ast_file *file, struct buf *out) {
    static const char *const names[] = {"migration", "use",   "param", "environment", "source", "target",
                                        "pii",       "codes", "fn",    "extern fn",   "map",    "check",
                                        "test",      "audit", "phase", "strategy",    "change"};
    struct dump dump = {out, 0};
    for (uint32_t i = 0; i < file->decls.count; i++) {
        const struct ast_decl *decl = file->decls.items[i];
        buf_printf(out, "%s %.*s%s\n", names[decl->kind], STR_ARG(decl->name.text),
                   decl->broken ? " (broken)" : "");
        dump.depth = 1;
        dump_doc(&dump, decl->doc);
        dump_decl_parts(&dump, decl);
    }
}

void ast_dump_expr(const struct ast_expr *expr, struct buf *out) {
    struct dump dump = {out, 0};
    dump_expr(&dump, expr);
}

/* Facts and their signatures. A signature is the expression's tree as text, parentheses that hold no handler
 * left out; names that stand for helpers are noted as uses. */
#include "compiler/compare/facts.h"

struct fact *facts_add(struct facts *facts, struct str place, struct str text, enum compare_class changed,
                       enum compare_class added, enum compare_class removed) {
    struct fact fact = {.place = place,
                        .text = text,
                        .changed = (uint8_t)changed,
                        .added = (uint8_t)added,
                        .removed = (uint8_t)removed,
                        .order = facts->list.count};
    VEC_PUSH(facts->arena, &facts->list, fact);
    return &facts->list.items[facts->list.count - 1];
}

struct fact *facts_add_part(struct facts *facts, struct str parent, const char *name, struct str text,
                            enum compare_class class) {
    struct str place = arena_printf(facts->arena, "%.*s, %s", STR_ARG(parent), name);
    struct fact *fact = facts_add(facts, place, text, class, class, class);
    fact->parent = parent;
    return fact;
}

struct str facts_path(struct facts *facts, const struct ast_path *path) {
    struct str text = {0};
    for (uint32_t i = 0; i < path->parts.count; i++)
        text = i == 0 ? path->parts.items[0].text
                      : arena_printf(facts->arena, "%.*s.%.*s", STR_ARG(text),
                                     STR_ARG(path->parts.items[i].text));
    return text;
}

struct str facts_type(struct facts *facts, const struct ast_type *type) {
    return arena_printf(facts->arena, "%.*s%s%s%s", STR_ARG(facts_path(facts, &type->path)),
                        type->element_nullable ? "?" : "", type->is_array ? "[]" : "",
                        type->nullable ? "?" : "");
}

/* ------------------------------------------------------------------ signatures */

struct writer {
    struct facts *facts;
    struct fact *fact;
    struct buf out;
};

static void put_expr(struct writer *writer, const struct ast_expr *expr);

static void append(struct facts *facts, struct str *to, size_t *cap, struct str more) {
    if (to->len + more.len > *cap) {
        *cap = 2 * (to->len + more.len);
        char *wider = arena_alloc(facts->arena, *cap);
        if (to->len) memcpy(wider, to->ptr, to->len);
        to->ptr = wider;
    }
    if (more.len) memcpy((char *)to->ptr + to->len, more.ptr, more.len);
    to->len += more.len;
}

static void add_use(struct writer *writer, struct str place) {
    for (uint32_t i = 0; i < writer->fact->uses.count; i++)
        if (str_eq(writer->fact->uses.items[i], place)) return;
    VEC_PUSH(writer->facts->arena, &writer->fact->uses, place);
}

/* A name in a map's expression may be a let or a column of its body: whichever there is. */
static void add_name_uses(struct writer *writer, struct str name) {
    struct facts *facts = writer->facts;
    if (facts->map.len == 0) return;
    add_use(writer, arena_printf(facts->arena, "%.*s, let %.*s", STR_ARG(facts->map), STR_ARG(name)));
    add_use(writer, arena_printf(facts->arena, "%.*s, column %.*s", STR_ARG(facts->map), STR_ARG(name)));
}

static void put_action(struct writer *writer, const struct ast_action *action) {
    buf_printf(&writer->out, "(action %d", (int)action->kind);
    for (uint32_t i = 0; i < action->columns.count; i++)
        buf_append_json(&writer->out, action->columns.items[i].text);
    buf_append_cstr(&writer->out, " message ");
    put_expr(writer, action->message);
    buf_append_cstr(&writer->out, " use ");
    put_expr(writer, action->use);
    buf_append_char(&writer->out, ')');
}

static void put_handlers(struct writer *writer, const struct ast_handlers *handlers) {
    for (uint32_t i = 0; i < handlers->list.count; i++) {
        const struct ast_handler *handler = &handlers->list.items[i];
        buf_printf(&writer->out, "(on %d", (int)handler->event);
        for (uint32_t c = 0; c < handler->columns.count; c++)
            buf_append_json(&writer->out, handler->columns.items[c].text);
        put_action(writer, &handler->action);
        buf_append_char(&writer->out, ')');
    }
}

static void put_arm(struct writer *writer, const struct ast_arm *arm) {
    buf_append_cstr(&writer->out, arm->is_default ? "(arm _" : "(arm");
    for (uint32_t i = 0; i < arm->patterns.count; i++)
        put_expr(writer, arm->patterns.items[i]);
    buf_append_cstr(&writer->out, " when ");
    put_expr(writer, arm->when);
    put_expr(writer, arm->result);
    buf_append_char(&writer->out, ')');
}

/* The arguments of uuid5 make ids: they are kept once more, by themselves. */
static void keep_identity(struct writer *writer, size_t start) {
    struct str call = str_from(writer->out.ptr + start, writer->out.len - start);
    append(writer->facts, &writer->fact->identity, &writer->fact->identity_cap, call);
}

static void put_call_name(struct writer *writer, const struct ast_expr *call) {
    struct str name = call->path.parts.items[call->path.parts.count - 1].text;
    buf_append_json(&writer->out, name);
    add_use(writer, arena_printf(writer->facts->arena, "fn %.*s", STR_ARG(name)));
}

static void put_expr(struct writer *writer, const struct ast_expr *expr) {
    while (expr && expr->kind == X_GROUP && expr->left && expr->left->kind != X_HANDLED)
        expr = expr->left;
    if (expr == NULL) return;
    size_t start = writer->out.len;
    buf_printf(&writer->out, "(%d.%d%s%s ", (int)expr->kind, (int)expr->op, expr->negated ? "!" : "",
               expr->truth ? "true" : "");
    if (expr->text.len || expr->kind == X_TEXT) buf_append_json(&writer->out, expr->text);
    if (expr->name.text.len) buf_append_json(&writer->out, expr->name.text);
    if (expr->kind == X_NAME) add_name_uses(writer, expr->name.text);
    bool is_call = expr->kind == X_CALL && expr->path.parts.count;
    if (is_call) put_call_name(writer, expr);
    put_expr(writer, expr->left);
    put_expr(writer, expr->right);
    for (uint32_t i = 0; i < expr->items.count; i++)
        put_expr(writer, expr->items.items[i]);
    for (uint32_t i = 0; i < expr->arms.count; i++)
        put_arm(writer, &expr->arms.items[i]);
    put_handlers(writer, &expr->handlers);
    if (expr->kind == X_ACTION) put_action(writer, &expr->action);
    buf_append_char(&writer->out, ')');
    if (is_call && str_is(expr->path.parts.items[0].text, "uuid5")) keep_identity(writer, start);
}

static void finish(struct writer *writer) {
    append(writer->facts, &writer->fact->signature, &writer->fact->signature_cap, buf_str(&writer->out));
    buf_release(&writer->out);
}

void facts_put_expr(struct facts *facts, struct fact *fact, const struct ast_expr *expr) {
    facts_put_exprs(facts, fact, (struct ast_expr *const *)&expr, 1);
}

void facts_put_exprs(struct facts *facts, struct fact *fact, struct ast_expr *const *exprs, uint32_t count) {
    struct writer writer = {.facts = facts, .fact = fact};
    for (uint32_t i = 0; i < count; i++)
        put_expr(&writer, exprs[i]);
    finish(&writer);
}

void facts_put_handlers(struct facts *facts, struct fact *fact, const struct ast_handlers *handlers) {
    struct writer writer = {.facts = facts, .fact = fact};
    put_handlers(&writer, handlers);
    finish(&writer);
}

void facts_put_text(struct facts *facts, struct fact *fact, struct str text) {
    struct writer writer = {.facts = facts, .fact = fact};
    buf_append_json(&writer.out, text);
    finish(&writer);
}

void facts_put_path(struct facts *facts, struct fact *fact, const struct ast_path *path) {
    facts_put_text(facts, fact, facts_path(facts, path));
}

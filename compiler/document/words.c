/* Expressions in words: literals, operators, conditions, branches. */
#include "compiler/document/words.h"

/* How tightly an expression holds together: what holds less than its surroundings gets parentheses. */
enum rank {
    RANK_BRANCH,
    RANK_OR,
    RANK_AND,
    RANK_NOT,
    RANK_COMPARE,
    RANK_ELSE,
    RANK_CONCAT,
    RANK_ADD,
    RANK_MULTIPLY,
    RANK_WHOLE
};

static enum rank rank_of(const struct ast_expr *expr) {
    switch (expr->kind) {
    case X_IF:
    case X_MATCH: return RANK_BRANCH;
    case X_NOT: return RANK_NOT;
    case X_IN:
    case X_BETWEEN:
    case X_IS_NULL:
    case X_LIKE:
    case X_MATCHES: return RANK_COMPARE;
    case X_BINARY:
        switch (expr->op) {
        case AST_OR: return RANK_OR;
        case AST_AND: return RANK_AND;
        case AST_COALESCE: return RANK_ELSE;
        case AST_CONCAT: return RANK_CONCAT;
        case AST_ADD:
        case AST_SUBTRACT: return RANK_ADD;
        case AST_MULTIPLY:
        case AST_DIVIDE:
        case AST_MODULO: return RANK_MULTIPLY;
        default: return RANK_COMPARE;
        }
    default: return RANK_WHOLE;
    }
}

static void add_expr(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out);

/* In parentheses unless it holds at least as tightly as that. */
static void add_operand(struct words *words, const struct ast_expr *expr, enum rank least,
                        struct phrase *out) {
    expr = expr_bare(expr);
    bool loose = rank_of(expr) < least;
    if (loose) phrase_print(words->arena, out, "(");
    add_expr(words, expr, false, out);
    if (loose) phrase_print(words->arena, out, ")");
}

void words_part(struct words *words, const struct ast_expr *expr, struct phrase *out) {
    add_operand(words, expr, RANK_WHOLE, out);
}

void words_list(struct words *words, struct ast_expr *const *exprs, uint32_t count, const char *last,
                struct phrase *out) {
    for (uint32_t i = 0; i < count; i++) {
        if (i) phrase_print(words->arena, out, i + 1 < count ? ", " : " %s ", last);
        words_part(words, exprs[i], out);
    }
}

/* ------------------------------------------------------------------ literals */

static void add_literal(struct words *words, const struct ast_expr *expr, struct phrase *out) {
    struct arena *arena = words->arena;
    switch (expr->kind) {
    case X_NULL: phrase_print(arena, out, "empty"); return;
    case X_BOOL: phrase_add(arena, out, RUN_PLAIN, expr->truth ? STR("true") : STR("false")); return;
    case X_TEXT:
        if (expr->text.len)
            phrase_add(arena, out, RUN_VALUE, expr->text);
        else
            phrase_print(arena, out, "an empty text");
        return;
    case X_DURATION:
        phrase_add(arena, out, RUN_PLAIN,
                   arena_printf(arena, "%.*s %.*s", STR_ARG(expr->text), STR_ARG(expr->name.text)));
        return;
    default: phrase_add(arena, out, RUN_PLAIN, expr->text); return;
    }
}

/* What a message is filled with, where it is no column. */
static struct str slot_text(struct words *words, const struct ast_expr *part) {
    bool of_run = part->kind == X_MEMBER && part->left && part->left->kind == X_PARAM;
    if (part->kind == X_PARAM) return part->name.text;
    if (!of_run) return span_text(part->span);
    struct phrase phrase = {0};
    struct buf plain = {0};
    words_path(words, part, false, &phrase);
    phrase_plain(&phrase, &plain);
    struct str text = arena_copy_str(words->arena, buf_str(&plain));
    buf_release(&plain);
    return text;
}

void words_message(struct words *words, const struct ast_expr *message, struct phrase *out) {
    if (message == NULL) return;
    if (message->kind != X_INTERPOLATED) {
        phrase_add(words->arena, out, RUN_MESSAGE, message->text);
        return;
    }
    for (uint32_t i = 0; i < message->items.count; i++) {
        const struct ast_expr *part = expr_bare(message->items.items[i]);
        const struct plan_source *source;
        const struct plan_source_table *table;
        if (part->kind == X_TEXT) {
            phrase_add(words->arena, out, RUN_MESSAGE, part->text);
            continue;
        }
        const struct plan_source_column *column = words_source_column(&words->scope, part, &source, &table);
        struct str slot = column ? words_column_title(source, column) : slot_text(words, part);
        phrase_add(words->arena, out, RUN_SLOT, slot);
    }
}

/* ------------------------------------------------------------------ operators */

static const char *operator_words(enum ast_operator op) {
    switch (op) {
    case AST_ADD: return " + ";
    case AST_SUBTRACT: return " − ";
    case AST_MULTIPLY: return " × ";
    case AST_DIVIDE: return " ÷ ";
    case AST_MODULO: return " modulo ";
    case AST_CONCAT: return " followed by ";
    case AST_EQUAL: return " equals ";
    case AST_NOT_EQUAL: return " differs from ";
    case AST_LESS: return " is less than ";
    case AST_LESS_EQUAL: return " is at most ";
    case AST_GREATER: return " is more than ";
    case AST_GREATER_EQUAL: return " is at least ";
    case AST_AND:
    case AST_OR:
    case AST_COALESCE: break; /* have functions of their own */
    }
    return " ";
}

/* a ?? b ?? c */
static void add_coalesce(struct words *words, const struct ast_expr *expr, struct phrase *out) {
    VEC(const struct ast_expr *) parts = {0};
    const struct ast_expr *at = expr;
    while (at->kind == X_BINARY && at->op == AST_COALESCE) {
        VEC_PUSH(words->arena, &parts, at->right);
        at = expr_bare(at->left);
    }
    VEC_PUSH(words->arena, &parts, at);
    if (parts.count > 2) phrase_print(words->arena, out, "the first of ");
    for (uint32_t i = parts.count; i-- > 0;) {
        words_part(words, parts.items[i], out);
        if (i)
            phrase_print(words->arena, out,
                         parts.count > 2 && i > 1 ? ", "
                         : parts.count > 2        ? " and "
                                                  : ", or ");
    }
    phrase_print(words->arena, out, parts.count > 2 ? " that is not empty" : " where it is empty");
}

/* Its words have an "and", "or" or list of their own. */
static bool is_loose_condition(const struct ast_expr *expr) {
    while (expr->kind == X_NOT && expr->left)
        expr = expr_bare(expr->left);
    return expr->kind == X_BETWEEN || (expr->kind == X_IN && expr->items.count > 1);
}

static void add_logic_operand(struct words *words, const struct ast_expr *expr, struct phrase *out) {
    bool loose = is_loose_condition(expr) || rank_of(expr) < RANK_NOT;
    if (loose) phrase_print(words->arena, out, "(");
    add_expr(words, expr, false, out);
    if (loose) phrase_print(words->arena, out, ")");
}

/* a or b or c: as a whole on a line each. */
static void add_logic(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out) {
    VEC(const struct ast_expr *) parts = {0};
    const struct ast_expr *at = expr;
    for (; at->kind == X_BINARY && at->op == expr->op; at = expr_bare(at->left))
        VEC_PUSH(words->arena, &parts, expr_bare(at->right));
    VEC_PUSH(words->arena, &parts, at);
    for (uint32_t i = parts.count; i-- > 0;) {
        add_logic_operand(words, parts.items[i], out);
        if (i == 0) return;
        if (whole) phrase_add(words->arena, out, RUN_BREAK, (struct str){0});
        phrase_print(words->arena, out, whole ? "%s " : " %s ", expr->op == AST_AND ? "and" : "or");
    }
}

static void add_binary(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out) {
    const struct ast_expr *sides[] = {expr_bare(expr->left), expr_bare(expr->right)};
    if (expr->op == AST_COALESCE) {
        add_coalesce(words, expr, out);
        return;
    }
    if (expr->op == AST_AND || expr->op == AST_OR) {
        add_logic(words, expr, whole, out);
        return;
    }
    enum rank rank = rank_of(expr);
    for (int i = 0; i < 2; i++) {
        bool same = i == 0 && sides[i]->kind == X_BINARY && rank_of(sides[i]) == rank && rank != RANK_COMPARE;
        bool call = rank != RANK_COMPARE && sides[i]->kind == X_CALL && words_call_is_loose(words, sides[i]);
        if (i) phrase_print(words->arena, out, "%s", operator_words(expr->op));
        if (call) phrase_print(words->arena, out, "(");
        add_operand(words, sides[i], same ? rank : rank + 1, out);
        if (call) phrase_print(words->arena, out, ")");
    }
}

/* ------------------------------------------------------------------ conditions */

static bool find_byte(struct str text, char c) {
    return text.len && memchr(text.ptr, c, text.len) != NULL;
}

/* The most common patterns have words of their own: 'x%', '%x', '%x%'. */
static void add_like(struct words *words, const struct ast_expr *expr, bool negated, struct phrase *out) {
    struct arena *arena = words->arena;
    const struct ast_expr *pattern = expr_bare(expr->right);
    words_part(words, expr->left, out);
    struct str text = pattern->kind == X_TEXT ? pattern->text : (struct str){0};
    bool before = text.len > 1 && text.ptr[0] == '%', after = text.len > 1 && text.ptr[text.len - 1] == '%';
    struct str inner =
        str_from(text.ptr ? text.ptr + before : NULL, text.len - (size_t)before - (size_t)after);
    if ((before || after) && inner.len && !find_byte(inner, '%') && !find_byte(inner, '_') &&
        !find_byte(inner, '\\')) {
        const char *verb = before && after ? "contain" : after ? "start with" : "end with";
        const char *third = before && after ? "contains" : after ? "starts with" : "ends with";
        phrase_print(arena, out, negated ? " does not %s " : " %s ", negated ? verb : third);
        phrase_add(arena, out, RUN_VALUE, inner);
        return;
    }
    phrase_print(arena, out, negated ? " is not like " : " is like ");
    words_part(words, expr->right, out);
    if (text.len) phrase_print(arena, out, " (%% stands for any characters, _ for one)");
}

static void add_condition(struct words *words, const struct ast_expr *expr, bool negate, struct phrase *out) {
    struct arena *arena = words->arena;
    bool negated = expr->negated != negate;
    const char *not = negated ? "not " : "";
    if (expr->kind == X_LIKE) {
        add_like(words, expr, negated, out);
        return;
    }
    words_part(words, expr->left, out);
    switch (expr->kind) {
    case X_IS_NULL: phrase_print(arena, out, " is %sempty", not ); return;
    case X_IN:
        phrase_print(arena, out, expr->items.count == 1 ? " is %s" : " is %sone of ", not );
        words_list(words, expr->items.items, expr->items.count, "or", out);
        return;
    case X_BETWEEN:
        phrase_print(arena, out, " is %sbetween ", not );
        words_list(words, expr->items.items, expr->items.count, "and", out);
        return;
    default: /* X_MATCHES */
        phrase_print(arena, out, negated ? " does not match " : " matches ");
        if (expr->right->kind == X_TEXT) {
            phrase_print(arena, out, "the pattern ");
            phrase_add(arena, out, RUN_PLAIN, expr->right->text);
        } else {
            words_part(words, expr->right, out);
        }
    }
}

static bool is_condition(const struct ast_expr *expr) {
    return expr->kind == X_IN || expr->kind == X_BETWEEN || expr->kind == X_IS_NULL || expr->kind == X_LIKE ||
           expr->kind == X_MATCHES;
}

static void add_not(struct words *words, const struct ast_expr *expr, struct phrase *out) {
    const struct ast_expr *inner = expr_bare(expr->left);
    if (is_condition(inner)) {
        add_condition(words, inner, true, out);
        return;
    }
    phrase_print(words->arena, out, "not ");
    if (rank_of(inner) == RANK_WHOLE) {
        words_part(words, inner, out);
        return;
    }
    phrase_print(words->arena, out, "(");
    add_expr(words, inner, false, out);
    phrase_print(words->arena, out, ")");
}

/* ------------------------------------------------------------------ branches */

static void add_if(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out) {
    struct arena *arena = words->arena;
    const struct ast_expr *at = expr;
    for (bool first = true; at->kind == X_IF && at->items.count == 2; first = false) {
        if (!first) {
            if (whole) phrase_add(arena, out, RUN_BREAK, (struct str){0});
            phrase_print(arena, out, whole ? "otherwise, " : "; otherwise, ");
        }
        phrase_print(arena, out, "if ");
        add_expr(words, expr_bare(at->left), false, out);
        phrase_print(arena, out, ": ");
        add_operand(words, at->items.items[0], RANK_COMPARE, out);
        at = expr_bare(at->items.items[1]);
    }
    if (whole) phrase_add(arena, out, RUN_BREAK, (struct str){0});
    phrase_print(arena, out, whole ? "otherwise: " : "; otherwise: ");
    add_operand(words, at, RANK_COMPARE, out);
}

/* An arm that does something instead of giving a value. */
static void add_action_value(struct words *words, const struct ast_action *action, struct phrase *out) {
    static const char *const DONE[] = {[ACTION_SKIP] = "the row is left out",
                                       [ACTION_REJECT] = "the row is rejected",
                                       [ACTION_FAIL] = "the run stops",
                                       [ACTION_UPDATE] = NULL};
    struct arena *arena = words->arena;
    if (action->kind == ACTION_WARN || action->kind == ACTION_USE) {
        if (action->use) words_part(words, action->use, out);
        if (action->message) phrase_print(arena, out, ", with the warning ");
    } else {
        phrase_print(arena, out, "%s", DONE[action->kind] ? DONE[action->kind] : "nothing");
        if (action->message) phrase_print(arena, out, ": ");
    }
    if (action->message == NULL) return;
    phrase_print(arena, out, "“");
    words_message(words, action->message, out);
    phrase_print(arena, out, "”");
}

static void add_arm(struct words *words, const struct ast_expr *match, const struct ast_arm *arm,
                    struct phrase *out) {
    struct arena *arena = words->arena;
    if (arm->is_default) {
        phrase_print(arena, out, "otherwise");
    } else if (arm->when) {
        phrase_print(arena, out, "if ");
        add_expr(words, expr_bare(arm->when), false, out);
    }
    if (arm->patterns.count) {
        if (match->left == NULL) phrase_print(arena, out, "if ");
        words_list(words, arm->patterns.items, arm->patterns.count, "or", out);
    }
    phrase_print(arena, out, ": ");
    if (arm->result) add_operand(words, arm->result, RANK_COMPARE, out);
}

static void add_match(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out) {
    struct arena *arena = words->arena;
    if (expr->left) {
        phrase_print(arena, out, "by ");
        words_part(words, expr->left, out);
        phrase_print(arena, out, ":");
    }
    for (uint32_t i = 0; i < expr->arms.count; i++) {
        if (whole && (i || expr->left))
            phrase_add(arena, out, RUN_BREAK, (struct str){0});
        else if (i)
            phrase_print(arena, out, "; ");
        else if (expr->left)
            phrase_print(arena, out, " ");
        add_arm(words, expr, &expr->arms.items[i], out);
    }
}

/* ------------------------------------------------------------------ the whole */

/* Handlers inside an expression are told beside it, with what they belong to. */
static void add_handled(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out) {
    struct phrase subject = {0};
    struct words silent = *words;
    silent.outcomes = NULL;
    if (!whole && words->outcomes) words_part(&silent, expr->left, &subject);
    if (whole)
        words_value(words, expr->left, out);
    else
        words_part(words, expr->left, out);
    for (uint32_t i = 0; words->outcomes && i < expr->handlers.list.count; i++)
        words_handler(words, &expr->handlers.list.items[i], expr->left, whole ? NULL : &subject);
}

static void add_param(struct words *words, const struct ast_expr *expr, struct phrase *out) {
    struct index_entry *entry = index_find(words->scope.index, SPACE_PARAM, expr->name.text);
    if (entry) entry->used = true;
    phrase_print(words->arena, out, "parameter ");
    phrase_link(words->arena, out, RUN_TERM, expr->name.text,
                phrase_anchor(words->arena, "param", expr->name.text));
}

static void add_expr(struct words *words, const struct ast_expr *expr, bool whole, struct phrase *out) {
    if (expr == NULL) return;
    switch (expr->kind) {
    case X_NULL:
    case X_BOOL:
    case X_INT:
    case X_DECIMAL:
    case X_FLOAT:
    case X_TEXT:
    case X_TYPED:
    case X_DURATION: add_literal(words, expr, out); return;
    case X_INTERPOLATED:
        phrase_print(words->arena, out, "the text “");
        words_message(words, expr, out);
        phrase_print(words->arena, out, "”");
        return;
    case X_NAME:
    case X_MEMBER:
    case X_INDEX: words_path(words, expr, whole, out); return;
    case X_PARAM: add_param(words, expr, out); return;
    case X_CALL: words_call(words, expr, whole, out); return;
    case X_NEGATE:
        phrase_print(words->arena, out, "−");
        words_part(words, expr->left, out);
        return;
    case X_NOT: add_not(words, expr, out); return;
    case X_BINARY: add_binary(words, expr, whole, out); return;
    case X_IN:
    case X_BETWEEN:
    case X_IS_NULL:
    case X_LIKE:
    case X_MATCHES: add_condition(words, expr, false, out); return;
    case X_IF: add_if(words, expr, whole, out); return;
    case X_MATCH: add_match(words, expr, whole, out); return;
    case X_ARRAY:
        phrase_print(words->arena, out, expr->items.count ? "the list of " : "an empty list");
        words_list(words, expr->items.items, expr->items.count, "and", out);
        return;
    case X_GROUP: add_expr(words, expr->left, whole, out); return;
    case X_HANDLED: add_handled(words, expr, whole, out); return;
    case X_ACTION: add_action_value(words, &expr->action, out); return;
    case X_KEEP:
    case X_ERROR: phrase_add(words->arena, out, RUN_CODE, span_text(expr->span)); return;
    }
}

void words_value(struct words *words, const struct ast_expr *expr, struct phrase *out) {
    add_expr(words, expr_bare(expr), true, out);
}

/* if, match, and/or, ??, is null: what decides which part of an expression counts, and what is known in it.
 */
#include "compiler/check/expr.h"

/* ---------------------------------------------------------------- common type of branches */

static bool branch_is_bottom(const struct texpr *node) {
    return node->kind == TX_ACT || node->kind == TX_RAISE;
}

static void branch_report(struct scope *scope, const struct texpr *first, const struct texpr *other,
                          const char *what) {
    struct checker *checker = scope->checker;
    struct str a = type_to_text(checker, first->type), b = type_to_text(checker, other->type);
    struct diag *diag =
        diag_report(checker->diags, E_BRANCH_TYPES, other->span,
                    "%s have one type, and this is %.*s, not %.*s", what, STR_ARG(b), STR_ARG(a));
    diag_label(checker->diags, diag, first->span, "%.*s", STR_ARG(a));
    if (first->type.kind == TYPE_ENUM || other->type.kind == TYPE_ENUM) {
        diag_help(checker->diags, diag,
                  "only a text literal becomes a label; other texts go through a code table");
        return;
    }
    struct str spelling =
        type_conversion_text(checker->arena, other->type, first->type, span_text(other->span));
    if (spelling.len == 0)
        spelling = type_conversion_text(checker->arena, first->type, other->type, span_text(first->span));
    if (spelling.len > 0)
        diag_help(checker->diags, diag, "convert one of them: %.*s", STR_ARG(spelling));
    else
        diag_help(checker->diags, diag, "bring both to one type");
}

/* The branches, all of their common type. False when one failed or there is none (reported). */
static bool branch_unify(struct scope *scope, struct texpr **branches, uint32_t count, const char *what,
                         struct plan_type *type) {
    const struct texpr *first = NULL;
    *type = type_of(TYPE_NULL, false);
    bool good = true, nullable = false;
    for (uint32_t i = 0; i < count; i++) {
        struct texpr *branch = branches[i];
        if (node_failed(branch)) {
            good = false;
            continue;
        }
        if (branch_is_bottom(branch)) continue;
        nullable |= branch->type.nullable;
        if (first == NULL || type->kind == TYPE_NULL) {
            first = branch;
            *type = branch->type;
        } else if (!type_unify(*type, branch->type, type)) {
            branch_report(scope, first, branch, what);
            good = false;
        }
    }
    type->nullable = nullable;
    for (uint32_t i = 0; i < count && good; i++) {
        if (!branch_is_bottom(branches[i])) {
            branches[i] = node_widen(scope, branches[i], *type);
        } else {
            branches[i] = node_copy(scope, branches[i]);
            branches[i]->type = type_nullable(*type, false);
        }
    }
    return good;
}

/* True where every value that the expression can give is a text literal (or null). */
static bool branch_is_literal(const struct ast_expr *expr) {
    expr = ast_strip(expr);
    switch (expr->kind) {
    case X_TEXT:
    case X_NULL:
    case X_ACTION: return true;
    case X_IF:
        return expr->items.count == 2 && branch_is_literal(expr->items.items[0]) &&
               branch_is_literal(expr->items.items[1]);
    case X_BINARY:
        return expr->op == AST_COALESCE && branch_is_literal(expr->left) && branch_is_literal(expr->right);
    case X_MATCH:
        for (uint32_t i = 0; i < expr->arms.count; i++)
            if (expr->arms.items[i].result == NULL || !branch_is_literal(expr->arms.items[i].result))
                return false;
        return true;
    default: return false;
    }
}

/* Literals that were read as texts before another branch turned out to be of an enum: they become its labels.
 */
static struct texpr *branch_adapt(struct scope *scope, const struct ast_expr *expr, struct texpr *node,
                                  const struct texpr *other) {
    if (node->type.kind != TYPE_TEXT || other->type.kind != TYPE_ENUM || !branch_is_literal(expr))
        return node;
    return expr_infer(scope, expr, other->type);
}

/* A text literal in one branch adapts to the enum of another. */
static struct plan_type branch_hint(const struct texpr *other, struct plan_type hint) {
    if (hint.kind != TYPE_NONE) return hint;
    return other->type.kind == TYPE_ENUM || other->type.kind == TYPE_FLOAT ? other->type : hint;
}

/* ---------------------------------------------------------------- if */

struct texpr *expr_if(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    if (expr->items.count != 2) return node_error(scope, expr->span);
    struct texpr *condition = check_condition(scope, expr->left);
    struct scope then = scope_inner(scope), otherwise = scope_inner(scope);
    then.facts = scope_facts(scope, expr->left, true);
    otherwise.facts = scope_facts(scope, expr->left, false);
    struct texpr *branches[2];
    branches[0] = expr_infer(&then, expr->items.items[0], hint);
    branches[1] = expr_infer(&otherwise, expr->items.items[1], branch_hint(branches[0], hint));
    branches[0] = branch_adapt(&then, expr->items.items[0], branches[0], branches[1]);
    struct plan_type type;
    if (!branch_unify(scope, branches, 2, "the branches of `if`", &type) || node_failed(condition))
        return node_error(scope, expr->span);
    struct texpr *node = node_if(scope, condition, branches[0], branches[1], expr->span);
    node->sides[0] = expr->items.items[0]->span;
    /* The sides of `else if` speak for themselves. */
    if (ast_strip(expr->items.items[1])->kind != X_IF) node->sides[1] = expr->items.items[1]->span;
    return node;
}

/* ---------------------------------------------------------------- and, or */

struct texpr *expr_and_or(struct scope *scope, const struct ast_expr *expr) {
    bool is_and = expr->op == AST_AND;
    struct texpr *left = check_condition(scope, expr->left);
    struct scope inner = scope_inner(scope);
    inner.facts = scope_facts(scope, expr->left, is_and);
    struct texpr *right = check_condition(&inner, expr->right);
    if (node_failed(left) || node_failed(right)) return node_error(scope, expr->span);
    left = node_widen(scope, left, type_of(TYPE_BOOL, true));
    right = node_widen(scope, right, type_of(TYPE_BOOL, true));
    return node_logic(scope, is_and ? TX_AND : TX_OR, left, right, expr->span);
}

/* ---------------------------------------------------------------- ?? */

struct texpr *expr_coalesce(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    struct checker *checker = scope->checker;
    struct texpr *sides[2];
    sides[0] = expr_infer(scope, expr->left, hint);
    sides[1] = expr_infer(scope, expr->right, branch_hint(sides[0], hint));
    sides[0] = branch_adapt(scope, expr->left, sides[0], sides[1]);
    if (node_failed(sides[0]) || node_failed(sides[1])) return node_error(scope, expr->span);
    if (!sides[0]->type.nullable) {
        struct str left = span_text(expr->left->span);
        struct diag *diag = diag_report(checker->diags, W_USELESS_DEFAULT, expr->op_span,
                                        "`%.*s` is never null: the default is never used", STR_ARG(left));
        diag_help(checker->diags, diag, "leave `?? …` out");
        diag_fix(checker->diags, diag,
                 (struct span){expr->span.source, expr->left->span.end, expr->right->span.end}, STR(""));
        return sides[0];
    }
    struct plan_type type;
    if (!branch_unify(scope, sides, 2, "both sides of `??`", &type)) return node_error(scope, expr->span);
    type.nullable = sides[1]->type.nullable;
    struct texpr *node = node_new(scope, TX_COALESCE, type, expr->span);
    node_push(scope, node, sides[0]);
    node_push(scope, node, sides[1]);
    node->sides[1] = expr->right->span;
    return node;
}

/* ---------------------------------------------------------------- is null */

struct texpr *expr_is_null(struct scope *scope, const struct ast_expr *expr) {
    switch (path_find_row(scope, expr->left)) {
    case PATH_PARENT: return row_parent_is_null(scope, expr->negated, expr->span);
    case PATH_SELF:
    case PATH_ROOT: return node_bool(scope, expr->negated, expr->span);
    case PATH_NO_ROW: break;
    }
    struct texpr *arg = expr_infer(scope, expr->left, type_of(TYPE_NONE, true));
    if (node_failed(arg)) return node_error(scope, expr->span);
    if (secret_refused(scope, arg)) return node_error(scope, expr->span);
    if (arg->kind == TX_CONST)
        return node_bool(scope, (arg->value.kind == TYPE_NULL) != expr->negated, expr->span);
    return node_is_null(scope, arg, expr->negated, expr->span);
}

/* ---------------------------------------------------------------- match */

struct match_work {
    const struct ast_expr *expr;
    struct texpr *subject; /* shared; NULL: match { when … } */
    struct plan_type hint;
    struct texpr **conditions;    /* of each arm; NULL: default */
    struct texpr **results;       /* of each arm, then of no arm */
    VEC(struct texpr *) patterns; /* constants that stood before */
    uint64_t seen_labels[16];     /* bits of an enum's labels, up to 1024 */
    bool seen_bool[2], seen_null;
    bool has_default;
};

static bool match_values_equal(const struct value *a, const struct value *b) {
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case TYPE_TEXT: return str_eq(a->as_text, b->as_text);
    case TYPE_BOOL: return a->as_bool == b->as_bool;
    case TYPE_INT:
    case TYPE_DATE:
    case TYPE_ENUM: return a->as_int == b->as_int;
    default: return false;
    }
}

static void match_note_pattern(struct scope *scope, struct match_work *work, struct texpr *pattern) {
    if (!node_is_const(pattern)) return;
    for (uint32_t i = 0; i < work->patterns.count; i++) {
        if (!match_values_equal(&work->patterns.items[i]->value, &pattern->value)) continue;
        struct diag_list *diags = scope->checker->diags;
        struct str text = span_text(pattern->span);
        struct diag *diag = diag_report(diags, W_UNREACHABLE_ARM, pattern->span,
                                        "%.*s stands in an arm above already", STR_ARG(text));
        diag_label(diags, diag, work->patterns.items[i]->span, "here");
        diag_help(diags, diag, "the first arm that fits counts: take one of them out");
        return;
    }
    VEC_PUSH(scope->checker->arena, &work->patterns, pattern);
    if (pattern->value.kind == TYPE_BOOL) work->seen_bool[pattern->value.as_bool ? 1 : 0] = true;
    if (pattern->value.kind == TYPE_ENUM && pattern->value.as_int < 1024)
        work->seen_labels[pattern->value.as_int / 64] |= UINT64_C(1) << (pattern->value.as_int % 64);
}

/* `'a', 'b' =>`: the subject is one of them; null may be one. */
static struct texpr *match_patterns(struct scope *scope, struct match_work *work, const struct ast_arm *arm) {
    struct checker *checker = scope->checker;
    struct texpr **items = ARENA_ARRAY(checker->arena, struct texpr *, arm->patterns.count);
    uint32_t count = 0;
    bool null = false, good = true;
    for (uint32_t i = 0; i < arm->patterns.count; i++) {
        const struct ast_expr *pattern = ast_strip(arm->patterns.items[i]);
        if (pattern->kind == X_NULL) {
            null = true;
            work->seen_null = true;
            continue;
        }
        struct texpr *item = expr_infer(scope, pattern, work->subject->type);
        good &= !node_failed(item);
        if (node_failed(item)) continue;
        match_note_pattern(scope, work, item);
        items[count++] = item;
    }
    if (!good || node_failed(work->subject)) return node_error(scope, arm->span);
    struct texpr *is_null =
        null ? node_is_null(scope, node_copy(scope, work->subject), false, arm->span) : NULL;
    if (count == 0) return is_null != NULL ? is_null : node_error(scope, arm->span);
    struct texpr *any = compare_any(scope, node_copy(scope, work->subject), items, count, arm->span);
    if (is_null == NULL || node_failed(any)) return any;
    return node_logic(scope, TX_OR, is_null, any, arm->span);
}

/* The labels that no arm names, for the message. */
static void match_list_missing(struct scope *scope, const struct match_work *work, struct buf *out) {
    uint32_t shown = 0;
    if (work->subject != NULL && work->subject->type.kind == TYPE_ENUM) {
        const struct plan_enum *e = &scope->checker->builder->enums.items[work->subject->type.ref];
        for (uint32_t i = 0; i < e->labels_count; i++) {
            if (i < 1024 && (work->seen_labels[i / 64] >> (i % 64) & 1)) continue;
            if (shown++ < 8) buf_printf(out, "%s'%.*s'", out->len ? ", " : "", STR_ARG(e->labels[i].text));
        }
        if (shown > 8) buf_printf(out, " and %u more", shown - 8);
    }
    if (work->subject != NULL && work->subject->type.kind == TYPE_BOOL)
        for (int i = 1; i >= 0; i--)
            if (!work->seen_bool[i]) buf_printf(out, "%s%s", out->len ? ", " : "", i ? "true" : "false");
    if (work->subject != NULL && work->subject->type.nullable && !work->seen_null)
        buf_printf(out, "%snull", out->len ? ", " : "");
}

/* Whether every value has an arm; if not, `on missing` must take what is left. False when reported. */
static bool match_check_complete(struct scope *scope, const struct match_work *work, bool *complete) {
    *complete = work->has_default;
    if (work->has_default || (work->subject != NULL && node_failed(work->subject))) return true;
    bool finite = work->subject != NULL &&
                  (work->subject->type.kind == TYPE_ENUM || work->subject->type.kind == TYPE_BOOL);
    struct buf missing = {0};
    match_list_missing(scope, work, &missing);
    bool reported = false;
    if (finite && missing.len == 0) {
        *complete = true;
    } else if (!scope->missing_handled) {
        struct diag_list *diags = scope->checker->diags;
        struct diag *diag = finite ? diag_report(diags, E_MATCH_INCOMPLETE, work->expr->span,
                                                 "the match has no arm for %.*s", STR_ARG(buf_str(&missing)))
                                   : diag_report(diags, E_MATCH_INCOMPLETE, work->expr->span,
                                                 "the match does not say what happens to other values");
        diag_help(diags, diag,
                  "add an arm `_ => …` for all others, such as `_ => reject 'unknown'`, or write `on missing "
                  "…` behind the match");
        reported = true;
    }
    buf_release(&missing);
    return !reported;
}

static struct texpr *match_arm_result(struct scope *scope, struct match_work *work,
                                      const struct ast_arm *arm) {
    struct plan_type hint = work->hint;
    for (uint32_t i = 0; hint.kind == TYPE_NONE && work->results[i] != NULL; i++)
        hint = branch_hint(work->results[i], hint);
    return expr_infer(scope, arm->result, hint);
}

static bool match_adapt_arms(struct scope *scope, struct match_work *work) {
    const struct texpr *label = NULL;
    for (uint32_t i = 0; i < work->expr->arms.count; i++)
        if (work->results[i]->type.kind == TYPE_ENUM) label = work->results[i];
    bool good = true;
    for (uint32_t i = 0; i < work->expr->arms.count && label != NULL; i++) {
        work->results[i] = branch_adapt(scope, work->expr->arms.items[i].result, work->results[i], label);
        good &= !node_failed(work->results[i]);
    }
    return good;
}

/* All arms' conditions and results. False when one failed. */
static bool match_check_arms(struct scope *scope, struct match_work *work) {
    const struct ast_expr *expr = work->expr;
    struct scope rest = scope_inner(scope);
    bool good = true;
    for (uint32_t i = 0; i < expr->arms.count; i++) {
        const struct ast_arm *arm = &expr->arms.items[i];
        struct scope inner = scope_inner(&rest);
        if (work->has_default) {
            struct diag *diag = diag_report(scope->checker->diags, W_UNREACHABLE_ARM, arm->span,
                                            "no value reaches an arm below `_`");
            diag_help(scope->checker->diags, diag, "`_` takes everything: put it last");
        }
        if (arm->is_default) {
            work->has_default = true;
        } else if (arm->when != NULL) {
            work->conditions[i] = check_condition(&inner, arm->when);
            inner.facts = scope_facts(&rest, arm->when, true);
            rest.facts = scope_facts(&rest, arm->when, false);
        } else if (work->subject == NULL) {
            struct diag *diag = diag_report(scope->checker->diags, E_NAME_PLACE, arm->span,
                                            "a match without a subject has only `when` arms");
            diag_help(scope->checker->diags, diag, "write `match x { 'a' => … }`, or `when x == 'a' => …`");
            good = false;
        } else {
            bool null_before = work->seen_null;
            work->conditions[i] = match_patterns(&inner, work, arm);
            if (work->seen_null == null_before) scope_note_not_null(&inner, expr->left);
            if (work->seen_null) scope_note_not_null(&rest, expr->left);
        }
        if (work->conditions[i] != NULL) good &= !node_failed(work->conditions[i]);
        work->results[i] = match_arm_result(&inner, work, arm);
        good &= !node_failed(work->results[i]);
    }
    return good && match_adapt_arms(scope, work);
}

/* From the last arm to the first: if c1 then r1 else if c2 then r2 … else what no arm takes. */
static struct texpr *match_lower(struct scope *scope, struct match_work *work, bool complete) {
    const struct ast_expr *expr = work->expr;
    uint32_t count = expr->arms.count;
    struct plan_type type;
    uint32_t used = 0;
    while (used < count && work->conditions[used] != NULL)
        used++;
    if (used < count) used++; /* the default */
    /* Something may match no arm; else the last arm takes what is left. */
    if (!complete || used == 0) {
        struct texpr *raise = node_new(scope, TX_RAISE, type_of(TYPE_NULL, false), expr->span);
        raise->index = FAULT_NO_BRANCH;
        raise->can_miss = true;
        work->results[used++] = raise;
    }
    if (!branch_unify(scope, work->results, used, "the arms of a match", &type))
        return node_error(scope, expr->span);
    uint32_t last = used - 1;
    struct texpr *node = work->results[last];
    for (uint32_t i = last; i-- > 0;) {
        node = node_if(scope, work->conditions[i], work->results[i], node, expr->span);
        node->type = type;
        if (expr->arms.items[i].result != NULL) node->sides[0] = expr->arms.items[i].result->span;
        if (i + 1 == last && i + 1 < count) node->sides[1] = expr->arms.items[i + 1].result->span;
    }
    return node;
}

struct texpr *expr_match(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    struct checker *checker = scope->checker;
    if (expr->arms.count == 0) {
        struct diag *diag =
            diag_report(checker->diags, E_MATCH_INCOMPLETE, expr->span, "the match has no arms");
        diag_help(checker->diags, diag, "write `match x { 'a', 'b' => 1; _ => 2 }`");
        return node_error(scope, expr->span);
    }
    if (expr->arms.count > EXPR_MAX_ARMS) {
        struct diag *diag = diag_report(checker->diags, E_TOO_DEEP, expr->span,
                                        "the match has more than %d arms", EXPR_MAX_ARMS);
        diag_help(checker->diags, diag,
                  "a table of constants is a `codes` declaration; it has no such limit");
        return node_error(scope, expr->span);
    }
    struct match_work work = {.expr = expr, .hint = hint};
    work.conditions = ARENA_ARRAY(checker->arena, struct texpr *, expr->arms.count + 2);
    work.results = ARENA_ARRAY(checker->arena, struct texpr *, expr->arms.count + 2);
    if (expr->left != NULL) {
        struct texpr *subject = expr_infer(scope, expr->left, type_of(TYPE_NONE, true));
        if (node_failed(subject)) {
            /* The arms are checked all the same: their mistakes are their own. */
            for (uint32_t i = 0; i < expr->arms.count; i++)
                if (expr->arms.items[i].result != NULL) expr_infer(scope, expr->arms.items[i].result, hint);
            return node_error(scope, expr->span);
        }
        work.subject = node_share(scope, subject);
    }
    /* Arms become ifs inside ifs: they count as nesting. */
    checker->depth += expr->arms.count;
    bool good = match_check_arms(scope, &work), complete;
    checker->depth -= expr->arms.count;
    if (!match_check_complete(scope, &work, &complete) || !good) return node_error(scope, expr->span);
    return match_lower(scope, &work, complete);
}

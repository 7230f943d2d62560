/* Rules about expressions: what they lose, what they hide, what they repeat. */
#include "compiler/lint/rules.h"

struct expr_walk {
    const struct lint_place *place;
    const struct ast_expr *tested; /* a condition or subject: its value is looked at, not kept */
};

static bool is_comparison(const struct ast_expr *expr) {
    switch (expr->kind) {
    case X_BINARY: return expr->op >= AST_EQUAL && expr->op <= AST_GREATER_EQUAL;
    case X_IN:
    case X_BETWEEN:
    case X_IS_NULL:
    case X_LIKE:
    case X_MATCHES: return true;
    default: return false;
    }
}

/* ---------------------------------------------------------------- lossy conversions, assumed zones */

static const char *what_is_lost(struct str function) {
    static const struct {
        const char *name, *lost;
    } LOSSY[] = {
        {"round", "digits behind the last one that is kept"},
        {"truncate", "digits behind the last one that is kept"},
        {"ceil", "the fraction"},
        {"floor", "the fraction"},
        {"left", "the rest of the text"},
    };
    for (size_t i = 0; i < sizeof LOSSY / sizeof *LOSSY; i++)
        if (str_is(function, LOSSY[i].name)) return LOSSY[i].lost;
    return NULL;
}

static bool is_explained(const struct lint_place *place, const struct ast_expr *expr) {
    struct span item = place->item     ? place->item->span
                       : place->clause ? place->clause->span
                                       : place->decl->span;
    return lint_has_comment(place->lint, expr->span) || lint_has_comment(place->lint, item);
}

static void check_call(struct expr_walk *walk, const struct ast_expr *expr) {
    struct lint *lint = walk->place->lint;
    struct str name = lint_builtin_name(lint, expr);
    const char *lost = what_is_lost(name);
    if (lost && !is_explained(walk->place, expr)) {
        struct diag *diag = lint_report(lint, L_LOSSY_CONVERSION, expr->span,
                                        "`%.*s` loses %s, and nobody says why", STR_ARG(name), lost);
        LINT_HELP(lint, diag, "say in a comment why that is right, beside or above the line");
    }
    if (str_is(name, "assume_zone") && !is_explained(walk->place, expr)) {
        struct diag *diag =
            lint_report(lint, L_ASSUMED_ZONE, expr->span, "nobody says how the zone of these times is known");
        LINT_HELP(lint, diag,
                  "name the source of that knowledge in a comment; `at_zone` fails for the hour that happens "
                  "twice, "
                  "`assume_zone` picks one");
    }
}

static bool visit_kept(const struct ast_expr *expr, void *context) {
    struct expr_walk *walk = context;
    if (expr == walk->tested || is_comparison(expr)) return false;
    if (expr->kind == X_IF || expr->kind == X_MATCH) walk->tested = expr->left;
    if (expr->kind == X_INDEX) return false; /* a key is searched for, not kept */
    if (expr->kind == X_CALL) {
        check_call(walk, expr);
        return !str_is(lint_builtin_name(walk->place->lint, expr), "uuid5");
    }
    return true;
}

static void visit_value(const struct lint_place *place, const struct ast_expr *expr, void *context) {
    (void)context;
    struct expr_walk walk = {.place = place};
    bool kept = place->item ? place->item->kind == ITEM_ASSIGN || place->item->kind == ITEM_LET
                            : place->decl->kind == DECL_FN;
    /* Messages are for people: nothing is stored of them. */
    if (kept && (place->item == NULL || expr == place->item->expr)) walk_expr(expr, visit_kept, &walk);
}

/* ---------------------------------------------------------------- what is written twice */

static void check_repeated_call(const struct lint_place *place, const struct ast_expr *expr) {
    static const char ONCE[] =
        " trim ltrim rtrim squeeze lower upper fold normalise normalise_compat unaccent slug "
        "digits abs ";
    struct lint *lint = place->lint;
    struct str name = lint_builtin_name(lint, expr);
    if (name.len == 0 || name.len > 30 || expr->items.count != 1) return;
    const struct ast_expr *inner = walk_expr_ungroup(expr->items.items[0]);
    struct str wanted = arena_printf(lint->arena, " %.*s ", STR_ARG(name));
    if (!strstr(ONCE, wanted.ptr) || !str_eq(lint_builtin_name(lint, inner), name)) return;
    struct diag *diag = lint_report(lint, L_REPEATED_CALL, expr->path.span,
                                    "`%.*s` of `%.*s` changes nothing more", STR_ARG(name), STR_ARG(name));
    LINT_HELP(lint, diag, "call it once");
    LINT_FIX(lint, diag, expr->span, span_text(inner->span));
}

static void check_like(const struct lint_place *place, const struct ast_expr *expr) {
    struct lint *lint = place->lint;
    if (expr->right == NULL || expr->right->kind != X_TEXT) return;
    struct str pattern = expr->right->text;
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.ptr[i] == '%' || pattern.ptr[i] == '_' || pattern.ptr[i] == '\\') return;
    const char *sign = expr->negated ? "!=" : "==";
    struct diag *diag = lint_report(lint, L_LIKE_WITHOUT_WILDCARD, expr->op_span,
                                    "the pattern has no `%%` and no `_`: this is `%s`", sign);
    LINT_HELP(lint, diag, "write `%s`, or add the wildcard that is missing", sign);
    LINT_FIX(lint, diag, expr->op_span, str_cstr(sign));
}

static void check_equal_sides(const struct lint_place *place, const struct ast_expr *expr) {
    bool logic = expr->op == AST_AND || expr->op == AST_OR;
    if (!is_comparison(expr) && !logic) return;
    if (expr->left == NULL || expr->right == NULL || !walk_expr_equal(expr->left, expr->right)) return;
    struct diag *diag = lint_report(place->lint, L_SELF_COMPARISON, expr->span, "both sides are `%.*s`",
                                    STR_ARG(span_text(walk_expr_ungroup(expr->left)->span)));
    LINT_HELP(place->lint, diag, "one of them should probably be another value");
}

static void check_branches(const struct lint_place *place, const struct ast_expr *expr) {
    if (expr->items.count != 2 || !walk_expr_equal(expr->items.items[0], expr->items.items[1])) return;
    struct diag *diag =
        lint_report(place->lint, L_SAME_BRANCHES, expr->span, "`then` and `else` are both `%.*s`",
                    STR_ARG(span_text(walk_expr_ungroup(expr->items.items[0])->span)));
    LINT_HELP(place->lint, diag, "correct one of them, or leave the `if` out");
}

static bool visit_spelling(const struct ast_expr *expr, void *context) {
    const struct lint_place *place = context;
    switch (expr->kind) {
    case X_CALL: check_repeated_call(place, expr); break;
    case X_LIKE: check_like(place, expr); break;
    case X_BINARY: check_equal_sides(place, expr); break;
    case X_IF: check_branches(place, expr); break;
    default: break;
    }
    return true;
}

static void visit_any(const struct lint_place *place, const struct ast_expr *expr, void *context) {
    (void)context;
    walk_expr(expr, visit_spelling, (void *)place);
}

/* ---------------------------------------------------------------- handlers */

static void check_hidden_error(const struct lint_place *place, const struct ast_handler *handler) {
    struct lint *lint = place->lint;
    if (handler->event != EVENT_ERROR || handler->action.kind != ACTION_USE) return;
    struct diag *diag = lint_report(lint, L_HIDDEN_ERROR, handler->span,
                                    "bad values are replaced here, and no report will show how many");
    struct str use = handler->action.use ? span_text(handler->action.use->span) : STR("…");
    LINT_HELP(lint, diag, "count them: `on error warn \"…\" use %.*s`", STR_ARG(use));
}

struct message_walk {
    const struct lint_place *place;
};

/* A column of a source, named plainly, that sounds personal and is not marked as such. */
static bool visit_message_part(const struct ast_expr *expr, void *context) {
    const struct lint_place *place = ((struct message_walk *)context)->place;
    struct lint *lint = place->lint;
    struct str name = lint_builtin_name(lint, expr);
    if (str_is(name, "mask") || str_is(name, "redact") || str_is(name, "pseudonym") ||
        str_is(name, "hmac_sha256"))
        return false;
    if (expr->kind != X_MEMBER || expr->left == NULL || expr->left->kind != X_NAME) return true;
    const struct scope_name *row = scope_find(&place->map->query.rows, expr->left->name.text);
    const struct checked_table *table = row && row->kind == BIND_SOURCE_ROW ? row->table
                                        : row && row->keyed                 ? row->keyed->source_table
                                                                            : NULL;
    for (uint32_t i = 0; table && i < table->columns.count; i++) {
        const struct checked_column *column = &table->columns.items[i];
        if (!str_eq(column->name, expr->name.text) || column->pii || !lint_name_is_personal(column->name))
            continue;
        struct diag *diag = lint_report(lint, L_PERSONAL_MESSAGE, expr->span,
                                        "the message shows `%.*s` in clear, in logs and reports as well",
                                        STR_ARG(span_text(expr->span)));
        LINT_LABEL(lint, diag, column->span, "it is not marked as personal");
        LINT_HELP(lint, diag, "mark the column `pii`, then messages mask it; or write `{mask(%.*s)}`",
                  STR_ARG(span_text(expr->span)));
    }
    return false;
}

static void visit_handler(const struct lint_place *place, const struct ast_handler *handler, void *context) {
    (void)context;
    check_hidden_error(place, handler);
    const struct ast_expr *message = handler->action.message;
    struct message_walk walk = {place};
    if (place->map && message && message->kind == X_INTERPOLATED)
        walk_expr(message, visit_message_part, &walk);
}

/* ---------------------------------------------------------------- digests of personal data */

struct digest_walk {
    struct lint *lint;
};

static bool visit_digest(struct texpr *texpr, void *context) {
    static const char *const DIGESTS[] = {"md5", "sha1", "sha256", "crc32"};
    struct lint *lint = ((struct digest_walk *)context)->lint;
    if (texpr->kind != TX_CALL || texpr->args.count == 0 || !texpr->args.items[0]->pii) return true;
    for (size_t i = 0; i < sizeof DIGESTS / sizeof *DIGESTS; i++) {
        if (strcmp(OPCODES[texpr->opcode].function, DIGESTS[i]) != 0) continue;
        struct diag *diag = lint_report(lint, L_UNKEYED_DIGEST, texpr->span,
                                        "whoever can guess the value can compute its `%s`", DIGESTS[i]);
        LINT_HELP(lint, diag, "use a key: `pseudonym(x, $secret)` or `hmac_sha256($secret, x)`");
    }
    return true;
}

static void check_digests(struct lint *lint) {
    struct digest_walk walk = {lint};
    for (uint32_t m = 0; m < lint->compile->maps.count; m++) {
        const struct map_work *work = lint->compile->maps.items[m];
        for (uint32_t i = 0; i < work->lines.count; i++)
            if (work->lines.items[i].binding)
                walk_texpr(lint->arena, work->lines.items[i].binding->expr, visit_digest, &walk);
    }
}

void rules_expressions(struct lint *lint) {
    lint_each_expr(lint, visit_value, NULL);
    lint_each_expr(lint, visit_any, NULL);
    lint_each_handler(lint, visit_handler, NULL);
    check_digests(lint);
}

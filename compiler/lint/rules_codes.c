/* Codes that no lookup can find: what the spec does to a text before it looks it up (lower case, trimmed …)
 * is known, and the code is spelled otherwise. */
#include "compiler/lint/rules.h"

enum { LOWERED = 1, UPPERED = 2, TRIMMED = 4, SQUEEZED = 8 };
enum { MOST_CALLS = 16 };

static const struct ast_fn *find_fn(const struct lint *lint, const struct ast_expr *call) {
    const struct checker *checker = &lint->compile->checker;
    for (uint32_t i = 0; i < checker->fns.count; i++)
        if (call->path.parts.count == 1 &&
            str_eq(checker->fns.items[i]->name, call->path.parts.items[0].text))
            return checker->fns.items[i]->ast;
    return NULL;
}

static unsigned spelling_of_text(struct str text) {
    unsigned spelling = LOWERED | UPPERED | TRIMMED | SQUEEZED;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= 'A' && c <= 'Z') spelling &= ~(unsigned)LOWERED;
        if (c >= 'a' && c <= 'z') spelling &= ~(unsigned)UPPERED;
        if (c == ' ' && (i == 0 || i + 1 == text.len)) spelling &= ~(unsigned)TRIMMED;
        if (c == ' ' && i > 0 && text.ptr[i - 1] == ' ') spelling &= ~(unsigned)SQUEEZED;
    }
    return spelling;
}

/* What is known of the value's spelling. */
static unsigned spelling_of(const struct lint *lint, const struct ast_expr *expr, uint32_t calls) {
    expr = walk_expr_ungroup(expr);
    if (expr == NULL || calls > MOST_CALLS) return 0;
    if (expr->kind == X_TEXT) return spelling_of_text(expr->text);
    if (expr->kind == X_BINARY && expr->op == AST_COALESCE)
        return spelling_of(lint, expr->left, calls) & spelling_of(lint, expr->right, calls);
    if (expr->kind != X_CALL || expr->items.count != 1) return 0;
    const struct ast_fn *fn = find_fn(lint, expr);
    if (fn) return spelling_of(lint, fn->body, calls + 1);
    struct str name = lint_builtin_name(lint, expr);
    unsigned inner = spelling_of(lint, expr->items.items[0], calls);
    if (str_is(name, "lower") || str_is(name, "fold")) return (inner & ~(unsigned)UPPERED) | LOWERED;
    if (str_is(name, "upper")) return (inner & ~(unsigned)LOWERED) | UPPERED;
    if (str_is(name, "trim")) return inner | TRIMMED;
    if (str_is(name, "squeeze")) return inner | SQUEEZED;
    return 0;
}

struct codes_walk {
    struct lint *lint;
    struct str name;
    bool used;
    unsigned spelling;
};

static bool visit_index(const struct ast_expr *expr, void *context) {
    struct codes_walk *walk = context;
    if (expr->kind != X_INDEX || expr->left == NULL || expr->left->kind != X_NAME ||
        !str_eq(expr->left->name.text, walk->name) || expr->items.count != 1)
        return true;
    unsigned spelling = spelling_of(walk->lint, expr->items.items[0], 0);
    walk->spelling = walk->used ? walk->spelling & spelling : spelling;
    walk->used = true;
    return true;
}

static void visit_expr(const struct lint_place *place, const struct ast_expr *expr, void *context) {
    (void)place;
    walk_expr(expr, visit_index, context);
}

static bool is_key(const struct ast_codes *codes, struct str text) {
    for (uint32_t i = 0; i < codes->lines.count; i++)
        for (uint32_t k = 0; k < codes->lines.items[i].keys.count; k++) {
            const struct ast_expr *key = codes->lines.items[i].keys.items[k];
            if (key->kind == X_TEXT && str_eq(key->text, text)) return true;
        }
    return false;
}

static struct str change_case(struct arena *arena, struct str text, bool lower) {
    struct str copy = arena_copy_str(arena, text);
    for (size_t i = 0; i < copy.len; i++) {
        char c = copy.ptr[i];
        bool change = lower ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z';
        if (change) ((char *)copy.ptr)[i] = (char)(c ^ 0x20);
    }
    return copy;
}

static void check_key(const struct codes_walk *walk, const struct ast_codes *codes,
                      const struct ast_expr *key) {
    struct lint *lint = walk->lint;
    unsigned missing = walk->spelling & ~spelling_of_text(key->text);
    if (key->kind != X_TEXT || missing == 0) return;
    const char *why = missing & LOWERED   ? "in lower case"
                      : missing & UPPERED ? "in upper case"
                      : missing & TRIMMED ? "trimmed"
                                          : "with single blanks";
    struct diag *diag = lint_report(lint, L_UNREACHABLE_CODE, key->span,
                                    "nothing finds `%.*s`: what is looked up in `%.*s` comes %s",
                                    STR_ARG(key->text), STR_ARG(walk->name), why);
    LINT_HELP(lint, diag, "spell the code as it is looked up");
    if (diag == NULL || (missing != LOWERED && missing != UPPERED) ||
        memchr(key->text.ptr, '\'', key->text.len))
        return;
    struct str spelled = change_case(lint->arena, key->text, missing == LOWERED);
    if (!is_key(codes, spelled))
        LINT_FIX(lint, diag, key->span, arena_printf(lint->arena, "'%.*s'", STR_ARG(spelled)));
}

void rules_codes(struct lint *lint) {
    for (uint32_t i = 0; i < lint->compile->decls.count; i++) {
        const struct ast_decl *decl = lint->compile->decls.items[i];
        if (decl->kind != DECL_CODES || decl->span.source != lint->compile->spec) continue;
        struct codes_walk walk = {.lint = lint, .name = decl->codes.name.text};
        lint_each_expr(lint, visit_expr, &walk);
        for (uint32_t l = 0; walk.used && l < decl->codes.lines.count; l++)
            for (uint32_t k = 0; k < decl->codes.lines.items[l].keys.count; k++)
                check_key(&walk, &decl->codes, decl->codes.lines.items[l].keys.items[k]);
    }
}

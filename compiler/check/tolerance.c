/* Rules of a tolerance: `10 of R0106`, `0 of 'unknown status {t.status}'`, `1% of validate due_after_start`.
 * A rule names what it counts as the spec does elsewhere, so a name that nothing has is a mistake that would
 * let rows pass, or stop a run, unseen. */
#include "compiler/check/map.h"

#include "compiler/check/expr.h"
#include "runtime/base/fault.h"

struct tolerance_work {
    struct compile *compile;
    const struct map_work *map; /* NULL: an environment's, which hold for all maps */
    enum diag_code code;
    VEC(struct plan_tolerance_rule) rules;
    VEC(struct str) names; /* that the subject could have been, for did-you-mean */
};

/* A message as it stands in the spec, between its quotes; of a fixed one its text. */
static struct str written_message(const struct ast_expr *message) {
    struct str text = span_text(message->span);
    if (message->kind == X_TEXT) return message->text;
    size_t quotes = str_starts_with(text, STR("\"\"\"")) ? 3 : 1;
    if (text.len < 2 * quotes) return text;
    return str_from(text.ptr + quotes, text.len - 2 * quotes);
}

static bool is_within(struct span inner, struct span outer) {
    return inner.source == outer.source && inner.start >= outer.start && inner.end <= outer.end;
}

/* Whether rows of the work's maps can be rejected by a message at this place: checks, tests and other maps
 * have messages, too. Functions, codes and sources are for all. */
static bool message_is_near(const struct tolerance_work *work, struct span span) {
    const struct compile *compile = work->compile;
    for (uint32_t i = 0; i < compile->decls.count; i++) {
        const struct ast_decl *decl = compile->decls.items[i];
        if (!is_within(span, decl->span)) continue;
        if (decl->kind == DECL_CHECK || decl->kind == DECL_TEST) return false;
        return decl->kind != DECL_MAP || work->map == NULL || decl == work->map->decl;
    }
    return true;
}

static struct diag *report_unknown(struct tolerance_work *work, const struct ast_tolerance_rule *ast,
                                   const char *what) {
    return diag_report(work->compile->checker.diags, work->code, ast->span, "%s", what);
}

static void suggest(struct tolerance_work *work, struct diag *diag, struct str wanted, struct span span,
                    const char *otherwise) {
    struct diag_list *diags = work->compile->checker.diags;
    if (work->names.count)
        decl_suggest(&work->compile->checker, diag, (struct ast_name){wanted, span}, work->names.items,
                     work->names.count);
    else
        diag_help(diags, diag, "%s", otherwise);
}

/* ---------------------------------------------------------------- codes */

static bool find_code(struct tolerance_work *work, const struct ast_tolerance_rule *ast) {
    struct checker *checker = &work->compile->checker;
    struct str *ids = ARENA_ARRAY(checker->arena, struct str, FAULT_COUNT);
    for (int f = 1; f < FAULT_COUNT; f++) {
        ids[f - 1] = str_cstr(fault_id((enum fault)f));
        if (str_eq(ids[f - 1], ast->name.text)) return true;
    }
    struct diag *diag =
        report_unknown(work, ast, "a rule is about a fault's code, a message or a validation");
    for (uint32_t m = 0; m < work->compile->declared.count; m++) {
        const struct map_work *map = work->compile->declared.items[m];
        for (uint32_t l = 0; l < map->lines.count; l++)
            if (map->lines.items[l].kind == LINE_VALIDATE &&
                str_eq(map->lines.items[l].name, ast->name.text)) {
                diag_help(checker->diags, diag, "write `of validate %.*s`", STR_ARG(ast->name.text));
                diag_fix(checker->diags, diag, ast->span,
                         arena_printf(checker->arena, "validate %.*s", STR_ARG(ast->name.text)));
                return false;
            }
    }
    struct str close = diag_closest_name(ast->name.text, ids, FAULT_COUNT - 1);
    if (close.len) {
        diag_help(checker->diags, diag, "did you mean `%.*s`?", STR_ARG(close));
        diag_fix(checker->diags, diag, ast->span, close);
        return false;
    }
    diag_help(checker->diags, diag,
              "reports name the code of each reason: `10 of R0106` is for what is not a date");
    return false;
}

/* ---------------------------------------------------------------- messages and validations */

static void add_span(struct tolerance_work *work, struct plan_tolerance_rule *rule, struct span span) {
    struct checker *checker = &work->compile->checker;
    struct plan_span *spans = ARENA_ARRAY(checker->arena, struct plan_span, rule->spans_count + 1);
    struct plan_span place = plan_builder_span(checker->builder, span);
    for (uint32_t i = 0; i < rule->spans_count; i++) {
        spans[i] = rule->spans[i];
        /* a function's body is checked anew wherever it is called */
        if (spans[i].file == place.file && spans[i].start == place.start) return;
    }
    spans[rule->spans_count++] = place;
    rule->spans = spans;
}

static bool find_message(struct tolerance_work *work, const struct ast_tolerance_rule *ast,
                         struct plan_tolerance_rule *rule) {
    struct checker *checker = &work->compile->checker;
    bool found = false, warns = false;
    work->names.count = 0;
    rule->subject = written_message(ast->message);
    for (uint32_t i = 0; i < checker->messages.count; i++) {
        const struct checked_message *noted = &checker->messages.items[i];
        if (!message_is_near(work, noted->message->span)) continue;
        struct str text = written_message(noted->message);
        bool same = str_eq(text, rule->subject);
        if (noted->action != ACTION_REJECT) {
            warns = warns || same;
            continue;
        }
        if (!same) VEC_PUSH(checker->arena, &work->names, text);
        if (same && noted->message->kind == X_INTERPOLATED) add_span(work, rule, noted->message->span);
        found = found || same;
    }
    if (found || (work->map && work->map->broken)) return found;
    if (warns) {
        struct diag *diag = report_unknown(work, ast, "no row is rejected with this message");
        diag_help(checker->diags, diag,
                  "it belongs to a warning or to `fail`, which a tolerance is not about");
        return false;
    }
    suggest(work, report_unknown(work, ast, "no row is rejected with this message"), rule->subject, ast->span,
            "write it as it stands behind `reject`, braces and all");
    return false;
}

static bool find_validation(struct tolerance_work *work, const struct ast_tolerance_rule *ast,
                            struct plan_tolerance_rule *rule) {
    struct checker *checker = &work->compile->checker;
    bool broken = false;
    work->names.count = 0;
    for (uint32_t m = 0; m < work->compile->declared.count; m++) {
        const struct map_work *map = work->compile->declared.items[m];
        if (work->map && map != work->map) continue;
        broken = broken || map->broken;
        for (uint32_t i = 0; i < map->lines.count; i++) {
            const struct map_line *line = &map->lines.items[i];
            if (line->kind != LINE_VALIDATE) continue;
            VEC_PUSH(checker->arena, &work->names, line->name);
            if (!str_eq(line->name, ast->name.text)) continue;
            add_span(work, rule, line->condition->span);
            if (line->on_fail.action == TACT_REJECT) continue;
            struct diag *diag = diag_report(checker->diags, work->code, ast->span,
                                            "validation `%.*s` rejects no rows", STR_ARG(line->name));
            diag_label(checker->diags, diag, line->on_fail.span, "this is what it does");
            diag_help(checker->diags, diag, "take the rule out: a tolerance is about rejected rows");
            return false;
        }
    }
    if (rule->spans_count || broken) return rule->spans_count > 0;
    struct diag *diag = diag_report(checker->diags, work->code, ast->span, "%s has no validation `%.*s`",
                                    work->map ? "the map" : "the spec", STR_ARG(ast->name.text));
    suggest(work, diag, ast->name.text, ast->name.span, "a validation is a line `validate name: condition`");
    return false;
}

/* ---------------------------------------------------------------- lists */

static bool rule_is_there(struct tolerance_work *work, const struct plan_tolerance_rule *rule,
                          const struct ast_tolerance_rule *ast) {
    for (uint32_t i = 0; i < work->rules.count; i++) {
        if (work->rules.items[i].kind != rule->kind || !str_eq(work->rules.items[i].subject, rule->subject))
            continue;
        struct diag *diag = diag_report(work->compile->checker.diags, work->code, ast->span,
                                        "there is a rule about this already");
        diag_help(work->compile->checker.diags, diag, "keep one of the two");
        return true;
    }
    return false;
}

static void check_rules(struct tolerance_work *work, const struct ast_tolerance_rule *list, uint32_t count) {
    struct checker *checker = &work->compile->checker;
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_tolerance_rule *ast = &list[i];
        struct plan_tolerance_rule rule = {.subject = ast->name.text,
                                           .span = plan_builder_span(checker->builder, ast->span)};
        bool good = decl_read_tolerance(checker, ast->amount, ast->percent, work->code, &rule.tolerance_kind,
                                        &rule.tolerance);
        if (ast->message && ast->message->kind == X_ERROR) continue;
        rule.kind = ast->message ? RULE_MESSAGE : ast->is_validate ? RULE_VALIDATE : RULE_CODE;
        bool found = ast->message       ? find_message(work, ast, &rule)
                     : ast->is_validate ? find_validation(work, ast, &rule)
                                        : find_code(work, ast);
        if (good && found && !rule_is_there(work, &rule, ast)) VEC_PUSH(checker->arena, &work->rules, rule);
    }
}

static void check_map(struct compile *compile, struct map_work *map) {
    const struct ast_clause *clause = map_clause(map->ast, CLAUSE_TOLERANCE);
    struct tolerance_work work = {.compile = compile, .map = map, .code = E_CLAUSE_VALUE};
    if (clause == NULL) return;
    check_rules(&work, clause->rules.items, clause->rules.count);
    map->plan.tolerance_own = 1;
    map->plan.tolerance_rules = work.rules.items;
    map->plan.tolerance_rules_count = work.rules.count;
}

static void check_environment(struct compile *compile, const struct ast_decl *decl,
                              struct plan_environment *plan) {
    struct tolerance_work work = {.compile = compile, .code = E_SETTING};
    for (uint32_t i = 0; i < decl->environment.settings.count; i++) {
        const struct ast_setting *setting = &decl->environment.settings.items[i];
        if (str_is(setting->name.text, "tolerance"))
            check_rules(&work, setting->rules.items, setting->rules.count);
    }
    plan->tolerance_rules = work.rules.items;
    plan->tolerance_rules_count = work.rules.count;
}

void tolerance_check_all(struct compile *compile) {
    uint32_t environment = 0;
    for (uint32_t i = 0; i < compile->declared.count; i++)
        check_map(compile, compile->declared.items[i]);
    for (uint32_t i = 0; i < compile->decls.count; i++)
        if (compile->decls.items[i]->kind == DECL_ENVIRONMENT)
            check_environment(compile, compile->decls.items[i],
                              &compile->checker.builder->environments.items[environment++]);
}

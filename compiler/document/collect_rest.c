/* Parameters, environments, checks, tests, phases, the audit trail. */
#include "compiler/document/collect.h"

/* ------------------------------------------------------------------ parameters, environments */

static bool is_secret(const struct ast_type *type) {
    return type->path.parts.count && str_is(type->path.parts.items[0].text, "secret");
}

static void add_param(struct collector *collector, const struct ast_decl *decl) {
    struct document_param param = {.name = decl->name.text,
                                   .anchor = phrase_anchor(collector->arena, "param", decl->name.text),
                                   .doc = index_doc(&collector->index, decl->doc),
                                   .type = collect_type(collector, &decl->param.type),
                                   .secret = is_secret(&decl->param.type)};
    struct words words = {.arena = collector->arena, .scope = {.index = &collector->index}};
    if (decl->param.value && !param.secret) words_value(&words, decl->param.value, &param.value);
    VEC_PUSH(collector->arena, &collector->document->params, param);
}

/* The declarations of a kind in the spec itself, one after the other. */
static const struct ast_decl *next_decl(const struct collector *collector, enum ast_decl_kind kind,
                                        uint32_t *at) {
    const struct ast_file *spec = collector->index.files.count ? collector->index.files.items[0] : NULL;
    while (spec && *at < spec->decls.count) {
        const struct ast_decl *decl = spec->decls.items[(*at)++];
        if (decl->kind == kind) return decl;
    }
    return NULL;
}

void collect_params(struct collector *collector) {
    const struct ast_decl *decl;
    for (uint32_t at = 0; (decl = next_decl(collector, DECL_PARAM, &at));)
        add_param(collector, decl);
}

static struct str setting_text(struct collector *collector, const struct ast_setting *setting) {
    const struct ast_expr *value = setting->value;
    if (value == NULL) return (struct str){0};
    if (value->kind == X_DURATION)
        return arena_printf(collector->arena, "%.*s %.*s", STR_ARG(value->text), STR_ARG(value->name.text));
    return setting->percent ? arena_printf(collector->arena, "%.*s %%", STR_ARG(value->text)) : value->text;
}

void collect_environments(struct collector *collector) {
    const struct ast_decl *decl;
    for (uint32_t at = 0; (decl = next_decl(collector, DECL_ENVIRONMENT, &at));) {
        struct document_environment environment = {.name = decl->name.text,
                                                   .doc = index_doc(&collector->index, decl->doc)};
        for (uint32_t i = 0; i < decl->environment.settings.count; i++) {
            const struct ast_setting *setting = &decl->environment.settings.items[i];
            struct str text = setting_text(collector, setting);
            if (str_is(setting->name.text, "tolerance"))
                environment.tolerance =
                    collect_tolerance(collector->arena, text, setting->rules.items, setting->rules.count);
            if (str_is(setting->name.text, "window"))
                environment.window =
                    str_is(setting->otherwise.text, "rollback")
                        ? arena_printf(collector->arena, "%.*s, else rolled back", STR_ARG(text))
                        : text;
            if (str_is(setting->name.text, "retention")) environment.retention = text;
        }
        for (uint32_t i = 0; i < collector->plan->environments_count; i++)
            if (str_eq(collector->plan->environments[i].name, decl->name.text))
                environment.approvals = collector->plan->environments[i].approvals;
        VEC_PUSH(collector->arena, &collector->document->environments, environment);
    }
}

/* ------------------------------------------------------------------ checks */

static void add_rule(struct collector *collector, struct document_rules *rules, struct str label,
                     const struct phrase *words) {
    struct document_rule rule = {.label = label, .words = *words};
    VEC_PUSH(collector->arena, &rules->list, rule);
}

static void describe_check(struct collector *collector, const struct ast_check *check,
                           struct document_check *to) {
    static const char *const COMPARED[] = {[AST_EQUAL] = "is ",
                                           [AST_NOT_EQUAL] = "is not ",
                                           [AST_LESS] = "is less than ",
                                           [AST_LESS_EQUAL] = "is at most ",
                                           [AST_GREATER] = "is more than ",
                                           [AST_GREATER_EQUAL] = "is at least "};
    struct arena *arena = collector->arena;
    struct words words = {.arena = arena, .scope = {.index = &collector->index}};
    struct phrase phrase = {0};
    if (check->is_sample) {
        words_part(&words, check->count, &phrase);
        phrase_print(arena, &phrase, " rows of map ");
        phrase_link(arena, &phrase, RUN_TERM, check->map.text, phrase_anchor(arena, "map", check->map.text));
        phrase_print(arena, &phrase,
                     " are made again from the source and compared with the target, column by "
                     "column");
        add_rule(collector, &to->rules, STR("Sample"), &phrase);
    } else if (check->has_source) {
        phrase_print(arena, &phrase,
                     "the rows above equal the rows of the statement below: all columns but the "
                     "last are their key, the last is compared");
        add_rule(collector, &to->rules, STR("Holds when"), &phrase);
    } else if (check->has_compare && check->compare <= AST_GREATER_EQUAL && check->compare >= AST_EQUAL) {
        phrase_print(arena, &phrase, "the result of the statement below %s", COMPARED[check->compare]);
        words_part(&words, check->expected, &phrase);
        add_rule(collector, &to->rules, STR("Holds when"), &phrase);
    }
    if (check->tolerance == NULL) return;
    struct phrase tolerance = {0};
    words_part(&words, check->tolerance, &tolerance);
    if (check->percent) phrase_print(arena, &tolerance, " %%");
    add_rule(collector, &to->rules, STR("Tolerated difference"), &tolerance);
}

static void add_check(struct collector *collector, const struct ast_decl *decl) {
    const struct ast_check *check = &decl->check;
    struct str name = check->name.text.len
                          ? check->name.text
                          : arena_printf(collector->arena, "sample of %.*s", STR_ARG(check->map.text));
    struct document_check to = {.name = name,
                                .anchor = phrase_anchor(collector->arena, "check", name),
                                .title = check->title.text,
                                .doc = index_doc(&collector->index, decl->doc),
                                .before = check->before,
                                .sql = check->sql.text};
    struct name_scope scope = {
        .index = &collector->index, .clauses = check->source.items, .clauses_count = check->source.count};
    collect_clauses(collector, &scope, NULL, &to.rules, NULL);
    describe_check(collector, check, &to);
    struct words words = {.arena = collector->arena, .scope = scope, .outcomes = &to.outcomes};
    words_handlers(&words, &check->handlers, NULL);
    VEC_PUSH(collector->arena, &collector->document->checks, to);
}

void collect_checks(struct collector *collector) {
    const struct ast_decl *decl;
    for (uint32_t at = 0; (decl = next_decl(collector, DECL_CHECK, &at));)
        add_check(collector, decl);
}

/* ------------------------------------------------------------------ tests, phases, audit */

void collect_tests(struct collector *collector) {
    const struct ast_decl *decl;
    for (uint32_t at = 0; (decl = next_decl(collector, DECL_TEST, &at));) {
        struct document_test test = {.title = decl->test.title.text,
                                     .doc = index_doc(&collector->index, decl->doc)};
        for (uint32_t i = 0; i < decl->test.steps.count; i++) {
            enum ast_test_step_kind kind = decl->test.steps.items[i].kind;
            test.givens += kind == STEP_GIVEN;
            test.expectations += kind != STEP_GIVEN && kind != STEP_PARAM;
        }
        VEC_PUSH(collector->arena, &collector->document->tests, test);
    }
}

void collect_phases(struct collector *collector) {
    const struct ast_decl *decl;
    for (uint32_t at = 0; (decl = next_decl(collector, DECL_PHASE, &at));) {
        struct document_phase phase = {.name = decl->name.text,
                                       .doc = index_doc(&collector->index, decl->doc)};
        for (uint32_t i = 0; i < decl->phase.maps.count; i++)
            VEC_PUSH(collector->arena, &phase.maps, decl->phase.maps.items[i].text);
        VEC_PUSH(collector->arena, &collector->document->phases, phase);
    }
}

void collect_audit(struct collector *collector) {
    uint32_t at = 0;
    const struct ast_decl *decl = next_decl(collector, DECL_AUDIT, &at);
    if (decl == NULL) return;
    struct rows_of rows = index_find_rows(&collector->index, &decl->audit.table);
    collector->document->audit_table = rows.name;
    for (uint32_t i = 0; i < decl->audit.items.count; i++) {
        const struct ast_item *item = &decl->audit.items.items[i];
        struct document_rule rule = {.label = item->name.text, .code = collect_code(collector, item->expr)};
        struct words words = {
            .arena = collector->arena, .scope = {.index = &collector->index}, .outcomes = &rule.outcomes};
        words_value(&words, item->expr, &rule.words);
        VEC_PUSH(collector->arena, &collector->document->audit.list, rule);
    }
}

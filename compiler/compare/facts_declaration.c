/* The facts of declarations other than maps. */
#include "compiler/compare/facts.h"

static struct fact *add_text(struct facts *facts, struct str parent, const char *name, struct str text,
                             enum compare_class class) {
    struct fact *fact = facts_add_part(facts, parent, name, text, class);
    facts_put_text(facts, fact, text);
    return fact;
}

static void add_limit(struct facts *facts, struct str parent, const char *name, const struct ast_expr *value,
                      bool percent, enum compare_class added) {
    if (value == NULL) return;
    struct str text = span_text(value->span);
    if (percent && !str_ends_with(text, STR("%"))) text = arena_printf(facts->arena, "%.*s%%", STR_ARG(text));
    struct fact *fact = facts_add_part(facts, parent, name, text, COMPARE_BEHAVIOUR);
    fact->kind = FACT_TOLERANCE;
    fact->added = added;
    fact->signature = value->kind == X_PARAM
                          ? text
                          : arena_printf(facts->arena, "%.*s%s", STR_ARG(value->text), percent ? "%" : "");
}

void facts_collect_tolerance(struct facts *facts, struct str parent, const struct ast_expr *value,
                             bool percent) {
    add_limit(facts, parent, "tolerance", value, percent, COMPARE_WIDENING);
}

/* A rule is a part of its own, by its subject, so that a changed number is told as such. A new one may allow
 * more or less than the general tolerance did. */
void facts_collect_tolerance_rules(struct facts *facts, struct str parent,
                                   const struct ast_tolerance_rule *rules, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct str subject = span_text(rules[i].span);
        struct str name = arena_printf(facts->arena, "tolerance of %.*s", STR_ARG(subject));
        add_limit(facts, parent, name.ptr, rules[i].amount, rules[i].percent, COMPARE_BEHAVIOUR);
    }
}

/* ------------------------------------------------------------------ parameters, environments */

static void add_param(struct facts *facts, const struct ast_decl *decl) {
    struct str place = arena_printf(facts->arena, "param %.*s", STR_ARG(decl->name.text));
    enum compare_class added = decl->param.value ? COMPARE_WIDENING : COMPARE_BREAKING;
    facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, added, COMPARE_BREAKING);
    struct fact *fact =
        facts_add_part(facts, place, "type", span_text(decl->param.type.span), COMPARE_BREAKING);
    fact->kind = FACT_TYPE;
    fact->signature = facts_type(facts, &decl->param.type);
    if (decl->param.value == NULL) return;
    fact = facts_add_part(facts, place, "default", span_text(decl->param.value->span), COMPARE_BEHAVIOUR);
    fact->added = COMPARE_WIDENING;
    fact->removed = COMPARE_BREAKING;
    facts_put_expr(facts, fact, decl->param.value);
}

static void add_environment(struct facts *facts, const struct ast_decl *decl) {
    struct str place = arena_printf(facts->arena, "environment %.*s", STR_ARG(decl->name.text));
    facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_WIDENING, COMPARE_BREAKING);
    for (uint32_t i = 0; i < decl->environment.settings.count; i++) {
        const struct ast_setting *setting = &decl->environment.settings.items[i];
        if (str_is(setting->name.text, "tolerance")) {
            facts_collect_tolerance(facts, place, setting->value, setting->percent);
            facts_collect_tolerance_rules(facts, place, setting->rules.items, setting->rules.count);
            continue;
        }
        struct str name = arena_copy_str(facts->arena, setting->name.text);
        struct fact *fact =
            facts_add_part(facts, place, name.ptr, span_text(setting->span), COMPARE_BEHAVIOUR);
        facts_put_text(facts, fact, setting->env_name.text);
        facts_put_expr(facts, fact, setting->value);
        facts_put_text(facts, fact, setting->otherwise.text);
    }
}

/* ------------------------------------------------------------------ sources and targets */

static void add_options(struct facts *facts, struct str place, const struct ast_option *options,
                        uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct str name = arena_copy_str(facts->arena, options[i].name.text);
        struct fact *fact =
            facts_add_part(facts, place, name.ptr, span_text(options[i].span), COMPARE_BEHAVIOUR);
        facts_put_exprs(facts, fact, options[i].values.items, options[i].values.count);
    }
}

static void add_handlers(struct facts *facts, struct str place, const struct ast_handlers *handlers) {
    if (handlers->list.count == 0) return;
    struct span span =
        span_join(handlers->list.items[0].span, handlers->list.items[handlers->list.count - 1].span);
    struct fact *fact = facts_add_part(facts, place, "handlers", span_text(span), COMPARE_BEHAVIOUR);
    facts_put_handlers(facts, fact, handlers);
}

static void add_source_column(struct facts *facts, struct str table, const struct ast_source_column *column) {
    struct str name = arena_printf(facts->arena, "column %.*s", STR_ARG(column->name.text));
    struct fact *fact = facts_add_part(facts, table, name.ptr, span_text(column->span), COMPARE_BEHAVIOUR);
    struct str place = fact->place;
    fact->removed = COMPARE_BREAKING;
    facts_put_text(facts, fact, column->from.span.source ? column->from.text : column->name.text);
    facts_put_text(facts, fact, column->format.text);
    facts_put_text(facts, fact, column->pii ? STR("pii") : STR(""));
    fact = facts_add_part(facts, place, "type", facts_type(facts, &column->type), COMPARE_BREAKING);
    fact->kind = FACT_TYPE;
    fact->signature = facts_type(facts, &column->type);
    if (column->ignored) add_text(facts, place, "ignored", column->because.text, COMPARE_COSMETIC);
}

static void add_inline_rows(struct facts *facts, struct str place, const struct ast_source *source) {
    if (source->rows.count == 0) return;
    struct span span = span_join(source->rows.items[0].span, source->rows.items[source->rows.count - 1].span);
    struct fact *fact = facts_add_part(facts, place, "rows", span_text(span), COMPARE_BEHAVIOUR);
    for (uint32_t i = 0; i < source->rows.count; i++) {
        facts_put_text(facts, fact, STR("row"));
        facts_put_exprs(facts, fact, source->rows.items[i].values.items, source->rows.items[i].values.count);
    }
}

static void add_source(struct facts *facts, const struct ast_decl *decl) {
    const struct ast_source *source = &decl->source;
    struct str place = arena_printf(facts->arena, "source %.*s", STR_ARG(source->name.text));
    facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR, COMPARE_BREAKING);
    add_text(facts, place, "format", source->format.text, COMPARE_BEHAVIOUR);
    struct str location = arena_printf(facts->arena, "%s%.*s", source->location_is_env ? "env " : "",
                                       STR_ARG(source->location.text));
    add_text(facts, place, "location", location, COMPARE_BEHAVIOUR);
    if (source->query_of.text.len) {
        add_text(facts, place, "query of", source->query_of.text, COMPARE_BEHAVIOUR);
        add_text(facts, place, "query", source->sql.text, COMPARE_BEHAVIOUR);
    }
    add_options(facts, place, source->options.items, source->options.count);
    add_handlers(facts, place, &source->handlers);
    for (uint32_t t = 0; t < source->tables.count; t++) {
        const struct ast_source_table *table = &source->tables.items[t];
        struct str of = place;
        if (table->name.text.len) {
            of = arena_printf(facts->arena, "%.*s.%.*s", STR_ARG(place), STR_ARG(table->name.text));
            facts_add(facts, of, span_text(table->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR,
                      COMPARE_BREAKING)
                ->parent = place;
            add_text(facts, of, "title", table->title.text, COMPARE_BEHAVIOUR);
        }
        add_options(facts, of, table->options.items, table->options.count);
        for (uint32_t i = 0; i < table->columns.count; i++)
            add_source_column(facts, of, &table->columns.items[i]);
    }
    add_inline_rows(facts, place, source);
}

static void add_pii(struct facts *facts, const struct ast_decl *decl) {
    struct str table = facts_path(facts, &decl->pii.table);
    for (uint32_t i = 0; i < decl->pii.columns.count; i++) {
        struct str place = arena_printf(facts->arena, "pii %.*s.%.*s", STR_ARG(table),
                                        STR_ARG(decl->pii.columns.items[i].text));
        facts_add(facts, place, decl->pii.columns.items[i].text, COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR,
                  COMPARE_BEHAVIOUR);
    }
}

/* ------------------------------------------------------------------ codes and functions */

static void add_code(struct facts *facts, struct str codes, struct str key, struct str value) {
    struct str place = arena_printf(facts->arena, "%.*s, code %.*s", STR_ARG(codes), STR_ARG(key));
    struct fact *fact =
        facts_add(facts, place, arena_printf(facts->arena, "%.*s => %.*s", STR_ARG(key), STR_ARG(value)),
                  COMPARE_BEHAVIOUR, COMPARE_WIDENING, COMPARE_BREAKING);
    fact->parent = codes;
    facts_put_text(facts, fact, value);
}

static struct str constant_text(struct facts *facts, uint32_t index) {
    if (index >= facts->plan->consts_count) return STR("");
    const struct plan_const *constant = &facts->plan->consts[index];
    return constant->is_null ? STR("null") : arena_printf(facts->arena, "'%.*s'", STR_ARG(constant->text));
}

/* Codes from a file stand in the plan alone. */
static void add_codes_of_plan(struct facts *facts, struct str place, struct str name) {
    for (uint32_t t = 0; t < facts->plan->tables_count; t++) {
        const struct plan_keyed_table *table = &facts->plan->tables[t];
        if (table->kind != KEYED_CODES || !str_eq(table->name, name)) continue;
        for (uint32_t i = 0; i < table->codes_count; i++) {
            struct str key = {0};
            for (uint32_t k = 0; k < table->codes[i].keys_count; k++)
                key = arena_printf(facts->arena, "%.*s%s%.*s", STR_ARG(key), k ? ", " : "",
                                   STR_ARG(constant_text(facts, table->codes[i].keys[k])));
            add_code(facts, place, key, constant_text(facts, table->codes[i].value));
        }
    }
}

static void add_codes(struct facts *facts, const struct ast_decl *decl) {
    const struct ast_codes *codes = &decl->codes;
    struct str place = arena_printf(facts->arena, "codes %.*s", STR_ARG(codes->name.text));
    struct fact *fact =
        facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_COSMETIC, COMPARE_COSMETIC);
    for (uint32_t i = 0; i < codes->key_types.count; i++)
        facts_put_text(facts, fact, facts_type(facts, &codes->key_types.items[i]));
    facts_put_text(facts, fact, facts_type(facts, &codes->value_type));
    add_handlers(facts, place, &codes->handlers);
    if (codes->file.span.source) {
        add_text(facts, place, "file", codes->file.text, COMPARE_COSMETIC);
        add_codes_of_plan(facts, place, codes->name.text);
    }
    for (uint32_t i = 0; i < codes->lines.count; i++) {
        const struct ast_code_line *line = &codes->lines.items[i];
        for (uint32_t k = 0; k < line->keys.count; k++)
            add_code(facts, place, span_text(line->keys.items[k]->span), span_text(line->value->span));
    }
}

static void add_fn(struct facts *facts, const struct ast_decl *decl) {
    const struct ast_fn *fn = &decl->fn;
    struct str place = arena_printf(facts->arena, "fn %.*s", STR_ARG(fn->name.text));
    struct fact *fact =
        facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_COSMETIC, COMPARE_COSMETIC);
    fact->kind = FACT_HELPER;
    for (uint32_t i = 0; i < fn->params.names.count; i++) {
        facts_put_text(facts, fact, fn->params.names.items[i].text);
        facts_put_text(facts, fact, facts_type(facts, &fn->params.types.items[i]));
    }
    facts_put_text(facts, fact, facts_type(facts, &fn->result));
    facts_put_text(facts, fact, fn->library.text);
    facts_put_text(facts, fact, fn->symbol.text);
    facts_put_expr(facts, fact, fn->body);
}

/* ------------------------------------------------------------------ checks, tests, the rest */

static void put_check_source(struct facts *facts, struct fact *fact, const struct ast_check *check) {
    for (uint32_t i = 0; i < check->source.count; i++) {
        const struct ast_clause *clause = &check->source.items[i];
        facts_put_text(facts, fact, arena_printf(facts->arena, "clause %d", (int)clause->kind));
        facts_put_text(facts, fact, clause->alias.text);
        facts_put_path(facts, fact, &clause->path);
        facts_put_expr(facts, fact, clause->expr);
        facts_put_exprs(facts, fact, clause->exprs.items, clause->exprs.count);
        for (uint32_t n = 0; n < clause->names.count; n++)
            facts_put_text(facts, fact, clause->names.items[n].text);
        facts_put_handlers(facts, fact, &clause->handlers);
    }
}

static void add_check(struct facts *facts, const struct ast_decl *decl) {
    const struct ast_check *check = &decl->check;
    struct str place = check->name.text.len
                           ? arena_printf(facts->arena, "check %.*s", STR_ARG(check->name.text))
                           : arena_printf(facts->arena, "check sample of %.*s", STR_ARG(check->map.text));
    struct fact *fact = facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR,
                                  COMPARE_BEHAVIOUR);
    facts_put_text(facts, fact, check->before ? STR("before") : STR("after"));
    facts_put_text(facts, fact, check->map.text);
    facts_put_expr(facts, fact, check->count);
    put_check_source(facts, fact, check);
    facts_put_text(facts, fact, check->sql.text);
    facts_put_text(facts, fact,
                   arena_printf(facts->arena, "%d", check->has_compare ? (int)check->compare : -1));
    facts_put_expr(facts, fact, check->expected);
    facts_put_handlers(facts, fact, &check->handlers);
    facts_collect_tolerance(facts, place, check->tolerance, check->percent);
    if (check->title.span.source) add_text(facts, place, "title", check->title.text, COMPARE_COSMETIC);
}

/* Whatever rows are given and expected: a run does not notice. */
static void add_test(struct facts *facts, const struct ast_decl *decl) {
    const struct ast_test *test = &decl->test;
    struct str place = arena_printf(facts->arena, "test '%.*s'", STR_ARG(test->title.text));
    struct fact *fact =
        facts_add(facts, place, span_text(decl->span), COMPARE_COSMETIC, COMPARE_COSMETIC, COMPARE_COSMETIC);
    facts_put_text(facts, fact, test->subject.text);
    for (uint32_t i = 0; i < test->steps.count; i++) {
        const struct ast_test_step *step = &test->steps.items[i];
        facts_put_text(facts, fact, arena_printf(facts->arena, "step %d", (int)step->kind));
        facts_put_text(facts, fact, step->name.text);
        facts_put_path(facts, fact, &step->path);
        facts_put_path(facts, fact, &step->by);
        facts_put_text(facts, fact, step->file.text);
        facts_put_expr(facts, fact, step->expr);
        facts_put_exprs(facts, fact, step->code.keys.items, step->code.keys.count);
        facts_put_expr(facts, fact, step->code.value);
        for (uint32_t f = 0; f < step->fields.count; f++) {
            facts_put_text(facts, fact, step->fields.items[f].name.text);
            facts_put_expr(facts, fact, step->fields.items[f].value);
        }
    }
    fact->uses.count = 0;
}

static void add_audit(struct facts *facts, const struct ast_decl *decl) {
    struct str place = STR("audit");
    struct fact *fact = facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR,
                                  COMPARE_BREAKING);
    facts_put_path(facts, fact, &decl->audit.table);
    for (uint32_t i = 0; i < decl->audit.items.count; i++) {
        const struct ast_item *item = &decl->audit.items.items[i];
        struct str name = arena_printf(facts->arena, "column %.*s", STR_ARG(item->name.text));
        fact = facts_add_part(facts, place, name.ptr, span_text(item->span), COMPARE_BEHAVIOUR);
        fact->removed = COMPARE_BREAKING;
        facts_put_expr(facts, fact, item->expr);
    }
}

static void add_phase(struct facts *facts, const struct ast_decl *decl) {
    struct str place = arena_printf(facts->arena, "phase %.*s", STR_ARG(decl->name.text));
    struct fact *fact = facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR,
                                  COMPARE_BREAKING);
    for (uint32_t i = 0; i < decl->phase.maps.count; i++)
        facts_put_text(facts, fact, decl->phase.maps.items[i].text);
}

static void add_change(struct facts *facts, const struct ast_decl *decl) {
    struct str place = arena_printf(facts->arena, "change %.*s", STR_ARG(decl->change.number.text));
    struct fact *fact = facts_add(facts, place, span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR,
                                  COMPARE_BREAKING);
    for (uint32_t i = 0; i < decl->change.steps.count; i++) {
        const struct ast_change_step *step = &decl->change.steps.items[i];
        bool goes_back =
            step->kind == CHANGE_DOWN || step->kind == CHANGE_DOWN_NONE || step->kind == CHANGE_RECOVERY;
        struct str name = arena_printf(facts->arena, "step %u", i + 1);
        fact = facts_add_part(facts, place, name.ptr, span_text(step->span),
                              goes_back ? COMPARE_ROLLBACK : COMPARE_BEHAVIOUR);
        facts_put_text(facts, fact, arena_printf(facts->arena, "%d", (int)step->kind));
        facts_put_text(facts, fact, step->sql.text);
        facts_put_path(facts, fact, &step->table);
        for (uint32_t s = 0; s < step->sets.count; s++) {
            facts_put_text(facts, fact, step->sets.items[s].name.text);
            facts_put_expr(facts, fact, step->sets.items[s].expr);
        }
        facts_put_expr(facts, fact, step->where);
        facts_put_expr(facts, fact, step->batch);
        facts_put_expr(facts, fact, step->pause);
    }
}

static void add_small(struct facts *facts, const struct ast_decl *decl) {
    struct fact *fact;
    switch (decl->kind) {
    case DECL_MIGRATION: /* its name is the namespace of every uuid5 */
        fact = facts_add(facts, STR("migration"), decl->name.text, COMPARE_KEY, COMPARE_KEY, COMPARE_KEY);
        facts_put_text(facts, fact, decl->name.text);
        if (decl->migration.version)
            add_text(facts, STR("migration"), "version", decl->migration.version->text, COMPARE_COSMETIC);
        break;
    case DECL_TARGET:
        fact = facts_add(facts, STR("target"), span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR,
                         COMPARE_BREAKING);
        facts_put_text(facts, fact, decl->target.format.text);
        facts_put_text(facts, fact, decl->target.location.text);
        facts_put_text(facts, fact, decl->target.location_is_env ? STR("env") : STR(""));
        break;
    case DECL_STRATEGY:
        fact = facts_add(facts, STR("strategy"), span_text(decl->span), COMPARE_BEHAVIOUR, COMPARE_BEHAVIOUR,
                         COMPARE_BEHAVIOUR);
        facts_put_text(facts, fact, decl->strategy.kind.text);
        add_options(facts, STR("strategy"), decl->strategy.options.items, decl->strategy.options.count);
        break;
    default: break;
    }
}

static void add_declaration(struct facts *facts, const struct ast_decl *decl) {
    switch (decl->kind) {
    case DECL_PARAM: add_param(facts, decl); break;
    case DECL_ENVIRONMENT: add_environment(facts, decl); break;
    case DECL_SOURCE: add_source(facts, decl); break;
    case DECL_PII: add_pii(facts, decl); break;
    case DECL_CODES: add_codes(facts, decl); break;
    case DECL_FN:
    case DECL_EXTERN_FN: add_fn(facts, decl); break;
    case DECL_MAP: facts_collect_map(facts, decl); break;
    case DECL_CHECK: add_check(facts, decl); break;
    case DECL_TEST: add_test(facts, decl); break;
    case DECL_AUDIT: add_audit(facts, decl); break;
    case DECL_PHASE: add_phase(facts, decl); break;
    case DECL_CHANGE: add_change(facts, decl); break;
    case DECL_MIGRATION:
    case DECL_TARGET:
    case DECL_STRATEGY:
    case DECL_USE: add_small(facts, decl); break;
    }
}

void facts_collect_declarations(struct facts *facts) {
    for (uint32_t f = 0; f < facts->files.count; f++)
        for (uint32_t i = 0; i < facts->files.items[f]->decls.count; i++)
            add_declaration(facts, facts->files.items[f]->decls.items[i]);
}

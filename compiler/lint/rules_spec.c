/* Rules about the other declarations: sources, parameters, environments, checks. */
#include "compiler/lint/rules.h"

/* ---------------------------------------------------------------- sources */

static void check_columns(struct lint *lint, const struct ast_decl *decl) {
    for (uint32_t t = 0; t < decl->source.tables.count; t++)
        for (uint32_t c = 0; c < decl->source.tables.items[t].columns.count; c++) {
            const struct ast_source_column *column = &decl->source.tables.items[t].columns.items[c];
            bool is_float =
                column->type.path.parts.count == 1 && str_is(column->type.path.parts.items[0].text, "float");
            if (!is_float || !lint_name_is_money(column->name.text)) continue;
            struct diag *diag = lint_report(lint, L_FLOAT_MONEY, column->type.span,
                                            "`%.*s` sounds like money, and a float cannot hold cents exactly",
                                            STR_ARG(column->name.text));
            LINT_HELP(lint, diag, "read it as `decimal`");
        }
}

static void check_unread(struct lint *lint, const struct checked_source *source, struct lint_group *group) {
    for (uint32_t t = 0; t < source->tables.count; t++) {
        const struct checked_table *table = source->tables.items[t];
        for (uint32_t c = 0; !table->incomplete && c < table->columns.count; c++) {
            const struct checked_column *column = &table->columns.items[c];
            struct str owner = table->name.len ? arena_printf(lint->arena, "%.*s.%.*s", STR_ARG(source->name),
                                                              STR_ARG(table->name))
                                               : source->name;
            if (!column->read)
                lint_group_add(lint, group, L_UNREAD_COLUMN, column->span,
                               arena_printf(lint->arena, "%.*s.%.*s", STR_ARG(owner), STR_ARG(column->name)));
        }
    }
}

static void check_sources(struct lint *lint) {
    const struct compile *compile = lint->compile;
    struct lint_group unread = {0};
    for (uint32_t i = 0; i < compile->decls.count; i++)
        if (compile->decls.items[i]->kind == DECL_SOURCE) check_columns(lint, compile->decls.items[i]);
    for (uint32_t i = 0; i < compile->checker.sources.count; i++) {
        const struct checked_source *source = compile->checker.sources.items[i];
        if (source->used && source->schema == NULL) check_unread(lint, source, &unread);
    }
    if (unread.spans.count == 0) return;
    struct str names = lint_group_names(lint, &unread);
    struct diag *diag =
        lint_report(lint, L_UNREAD_COLUMN, unread.spans.items[0], "nothing reads %.*s", STR_ARG(names));
    LINT_HELP(lint, diag,
              "map what is worth keeping; for the others write why they are left behind: `ignored because "
              "'…'` at the end of the column's line");
}

/* ---------------------------------------------------------------- parameters */

static void check_param(struct lint *lint, const struct ast_decl *decl) {
    const struct ast_path *type = &decl->param.type.path;
    if (type->parts.count != 1 || !str_is(type->parts.items[0].text, "text") ||
        !lint_name_is_secret(decl->name.text))
        return;
    struct diag *diag =
        lint_report(lint, L_PLAIN_SECRET, decl->name.span,
                    decl->param.value ? "`%.*s` sounds like a secret, and its value stands in the spec"
                                      : "`%.*s` sounds like a secret, but can be given on the command "
                                        "line and printed",
                    STR_ARG(decl->name.text));
    LINT_HELP(lint, diag,
              "declare it as `param %.*s secret`; its value comes from the environment or from a file",
              STR_ARG(decl->name.text));
}

/* ---------------------------------------------------------------- tolerance in production */

static bool is_above_zero(const struct ast_expr *value) {
    if (value == NULL || (value->kind != X_INT && value->kind != X_DECIMAL)) return false;
    for (size_t i = 0; i < value->text.len; i++)
        if (value->text.ptr[i] >= '1' && value->text.ptr[i] <= '9') return true;
    return false;
}

static bool is_tolerant(const struct ast_expr *value, const struct ast_tolerance_rule *rules,
                        uint32_t count) {
    bool tolerant = is_above_zero(value);
    for (uint32_t i = 0; i < count; i++)
        tolerant = tolerant || is_above_zero(rules[i].amount);
    return tolerant;
}

static void check_environment(struct lint *lint, const struct ast_decl *decl) {
    for (uint32_t i = 0; i < decl->environment.settings.count; i++) {
        const struct ast_setting *setting = &decl->environment.settings.items[i];
        if (!str_is(setting->name.text, "tolerance") ||
            !is_tolerant(setting->value, setting->rules.items, setting->rules.count))
            continue;
        struct diag *diag =
            lint_report(lint, L_PROD_TOLERANCE, setting->span, "rejected rows would not stop a run in `%.*s`",
                        STR_ARG(decl->name.text));
        LINT_HELP(lint, diag, "write `tolerance 0`: settle in rehearsals what the rejected rows become");
    }
}

static void check_tolerances(struct lint *lint) {
    const struct ast_decl *production = NULL;
    for (uint32_t i = 0; i < lint->compile->decls.count; i++) {
        const struct ast_decl *decl = lint->compile->decls.items[i];
        if (decl->kind != DECL_ENVIRONMENT || !lint_is_production(decl->name.text)) continue;
        production = decl;
        check_environment(lint, decl);
    }
    for (uint32_t i = 0; production && i < lint->compile->maps.count; i++) {
        const struct map_work *work = lint->compile->maps.items[i];
        const struct ast_clause *tolerance = map_clause(work->ast, CLAUSE_TOLERANCE);
        if (tolerance == NULL ||
            !is_tolerant(tolerance->expr, tolerance->rules.items, tolerance->rules.count))
            continue;
        struct diag *diag =
            lint_report(lint, L_PROD_TOLERANCE, tolerance->span, "a map's tolerance holds in `%.*s` too",
                        STR_ARG(production->name.text));
        LINT_HELP(lint, diag,
                  "give the tolerance to the environments that rehearse, or make the rows' fault a `warn`");
    }
}

/* ---------------------------------------------------------------- checks that always pass */

static bool starts_with_count(struct str sql) {
    static const char START[] = "select count(";
    size_t at = 0, matched = 0;
    while (at < sql.len && matched < sizeof START - 1) {
        char c = sql.ptr[at++];
        bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        if (blank && (matched == 0 || START[matched] != ' ')) continue;
        if (blank ? START[matched] != ' ' : (c | 0x20) != (START[matched] | 0x20)) return false;
        matched++;
    }
    return matched == sizeof START - 1;
}

static bool is_zero(const struct ast_expr *expr) {
    return expr && expr->kind == X_INT && !is_above_zero(expr);
}

static void check_check(struct lint *lint, const struct ast_decl *decl) {
    const struct ast_check *check = &decl->check;
    struct diag *diag = NULL;
    if (check->has_compare && starts_with_count(check->sql.text) &&
        ((check->compare == AST_GREATER_EQUAL && is_zero(check->expected)) ||
         (check->compare == AST_GREATER && check->expected && check->expected->kind == X_NEGATE)))
        diag = lint_report(lint, L_CHECK_NEVER_FAILS, check->expected->span, "a count is never below zero");
    else if (check->tolerance && check->percent && check->tolerance->text.len >= 3 &&
             check->tolerance->kind == X_INT)
        diag = lint_report(lint, L_CHECK_NEVER_FAILS, check->tolerance->span,
                           "with a tolerance of %.*s%% nearly everything passes",
                           STR_ARG(check->tolerance->text));
    LINT_HELP(lint, diag, "compare with the number that is expected");
}

static void check_validations(struct lint *lint) {
    for (uint32_t m = 0; m < lint->compile->maps.count; m++) {
        const struct map_work *work = lint->compile->maps.items[m];
        for (uint32_t i = 0; i < work->lines.count; i++) {
            const struct map_line *line = &work->lines.items[i];
            if (line->kind != LINE_VALIDATE || line->condition->kind != TX_CONST ||
                line->condition->value.kind != TYPE_BOOL || !line->condition->value.as_bool)
                continue;
            struct diag *diag = lint_report(lint, L_CHECK_NEVER_FAILS, line->span,
                                            "validation `%.*s` is true for all rows", STR_ARG(line->name));
            LINT_HELP(lint, diag, "compare a value of the row, or take the line out");
        }
    }
}

void rules_spec(struct lint *lint) {
    check_sources(lint);
    check_tolerances(lint);
    check_validations(lint);
    for (uint32_t i = 0; i < lint->compile->decls.count; i++) {
        const struct ast_decl *decl = lint->compile->decls.items[i];
        if (decl->kind == DECL_PARAM) check_param(lint, decl);
        if (decl->kind == DECL_CHECK) check_check(lint, decl);
    }
}

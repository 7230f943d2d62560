/* Building declarations and their parts. */
#include "compiler/syntax/build.h"
#include "compiler/syntax/text_literal.h"

#include "mig_parser.h"

struct ast_name build_constant_text(struct parser *parser, struct lexeme text) {
    struct ast_expr *expr = build_text(parser, text);
    struct ast_name name = {expr->text, text.span};
    if (expr->kind == X_INTERPOLATED) {
        struct diag *diag = syntax_report(parser->reporter, E_SYNTAX, text.span,
                                          "this text is a constant: it cannot hold `{…}`");
        SYNTAX_HELP(parser->reporter, diag,
                    "Write `\\{` for a plain brace, or put the text between ' and '.");
    }
    return name;
}

struct ast_type *build_type(struct parser *parser, struct ast_path *path, struct span span) {
    struct ast_type *type = ARENA_NEW(parser->arena, struct ast_type);
    type->path = *path;
    type->span = span;
    return type;
}

struct str build_doc(struct parser *parser, struct span span) {
    const struct token *tokens = parser->tokens.tokens.items;
    uint32_t low = 0, high = parser->tokens.tokens.count;
    while (low + 1 < high) { /* the last token that starts at or before the span */
        uint32_t middle = low + (high - low) / 2;
        if (tokens[middle].start <= span.start)
            low = middle;
        else
            high = middle;
    }
    return token_doc(&parser->tokens, parser->arena, low);
}

struct ast_decl *build_decl(struct parser *parser, enum ast_decl_kind kind, struct ast_name name,
                            struct span span) {
    struct ast_decl *decl = ARENA_NEW(parser->arena, struct ast_decl);
    decl->kind = kind;
    decl->name = name;
    decl->span = span;
    decl->doc = build_doc(parser, span);
    VEC_PUSH(parser->arena, &parser->file->decls, decl);
    return decl;
}

/* What is left of a declaration when its header did not parse: its kind and name, so that those who refer to
 * it are not told that it does not exist. */
void build_broken_decl(struct parser *parser, struct span end) {
    static const struct {
        int token;
        enum ast_decl_kind kind;
    } kinds[] = {{T_D_PARAM, DECL_PARAM},   {T_D_SOURCE, DECL_SOURCE},
                 {T_D_TARGET, DECL_TARGET}, {T_D_CODES, DECL_CODES},
                 {T_D_FN, DECL_FN},         {T_D_EXTERN_FN, DECL_EXTERN_FN},
                 {T_D_MAP, DECL_MAP},       {T_D_ENVIRONMENT, DECL_ENVIRONMENT},
                 {T_D_PHASE, DECL_PHASE},   {T_D_MIGRATION, DECL_MIGRATION}};
    const struct parse_token *stream = parser->stream.items.items;
    uint32_t at = parser->next; /* behind the END that was just read */
    while (at > 0 && !(stream[at - 1].kind == T_END && stream[at - 1].start == end.start))
        at--;
    if (at == 0) return;
    uint32_t first = at - 1;
    while (first > 0 && stream[first - 1].kind != T_END)
        first--;
    uint32_t word = stream[first + 1].first;
    if (first + 1 >= at - 1 || parser->tokens.tokens.items[word].kind != TOKEN_WORD) return;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (kinds[k].token != stream[first].kind) continue;
        struct ast_name name = {token_text(&parser->tokens, word), token_span(&parser->tokens, word)};
        struct span span = {parser->source, stream[first].start, end.start};
        /* Its head was read, and something behind it was wrong. */
        struct ast_decl *head =
            parser->file->decls.count ? parser->file->decls.items[parser->file->decls.count - 1] : NULL;
        if (head != NULL && head->span.start == span.start && head->kind == kinds[k].kind) {
            head->broken = true;
            return;
        }
        struct ast_decl *decl = build_decl(parser, kinds[k].kind, name, span);
        decl->broken = true;
        switch (decl->kind) {
        case DECL_SOURCE: decl->source.name = name; break;
        case DECL_TARGET: decl->target.name = name; break;
        case DECL_CODES: decl->codes.name = name; break;
        case DECL_FN:
        case DECL_EXTERN_FN: decl->fn.name = name; break;
        case DECL_MAP: decl->map.name = name; break;
        default: break;
        }
    }
}

/* ------------------------------------------------------------------ sources */

void build_source_tables(struct parser *parser, struct ast_source *source, struct table_list *tables,
                         struct span span) {
    if (tables->columns.count || !tables->sheets.count) {
        struct ast_source_table table = {.span = span};
        VEC_MOVE(table.columns, tables->columns);
        VEC_PUSH(parser->arena, &source->tables, table);
    }
    for (uint32_t i = 0; i < tables->sheets.count; i++)
        VEC_PUSH(parser->arena, &source->tables, tables->sheets.items[i]);
    if (tables->columns.count && tables->sheets.count)
        syntax_report(parser->reporter, E_SYNTAX, tables->columns.items[0].name.span,
                      "column `%.*s` stands outside the sheets of its source",
                      STR_ARG(tables->columns.items[0].name.text));
}

struct ast_source_table *build_sheet(struct parser *parser, struct ast_name name, struct ast_name title,
                                     struct option_list *options, struct table_list *lines,
                                     struct span span) {
    struct ast_source_table *sheet = ARENA_NEW(parser->arena, struct ast_source_table);
    sheet->name = name;
    sheet->title = title;
    sheet->span = span;
    sheet->doc = build_doc(parser, span);
    if (options) {
        VEC_MOVE(sheet->options, options->v);
        VEC_MOVE(sheet->handlers.list, options->handlers);
    }
    VEC_MOVE(sheet->columns, lines->columns);
    return sheet;
}

struct ast_option *build_option(struct parser *parser, struct span word, struct expr_list *values,
                                struct span span) {
    struct ast_option *option = ARENA_NEW(parser->arena, struct ast_option);
    option->name = (struct ast_name){span_text(word), word};
    option->span = span;
    if (values) VEC_MOVE(option->values, values->v);
    return option;
}

struct ast_inline_row build_row(struct expr_list *values, struct span span) {
    struct ast_inline_row row = {.span = span};
    VEC_MOVE(row.values, values->v);
    return row;
}

/* ------------------------------------------------------------------ small declarations */

struct ast_tolerance_rule *build_limit(struct parser *parser, struct ast_expr *amount, bool percent) {
    struct ast_tolerance_rule *limit = ARENA_NEW(parser->arena, struct ast_tolerance_rule);
    limit->amount = amount;
    limit->percent = percent;
    return limit;
}

struct ast_setting *build_setting(struct parser *parser, struct ast_name name,
                                  const struct ast_tolerance_rule *limit, struct span span) {
    struct ast_setting *setting = ARENA_NEW(parser->arena, struct ast_setting);
    setting->name = name;
    if (limit) {
        setting->value = limit->amount;
        setting->percent = limit->percent;
    }
    setting->span = span;
    return setting;
}

struct ast_tolerance_rule *build_rule(struct parser *parser, struct ast_name name, struct ast_expr *message,
                                      struct span span) {
    struct ast_tolerance_rule *rule = ARENA_NEW(parser->arena, struct ast_tolerance_rule);
    rule->name = name;
    rule->message = message;
    rule->span = span;
    return rule;
}

struct rule_list *build_rules(struct parser *parser, const struct ast_tolerance_rule *first,
                              const struct rule_list *rest) {
    struct rule_list *rules = ARENA_NEW(parser->arena, struct rule_list);
    VEC_PUSH(parser->arena, &rules->v, *first);
    for (uint32_t i = 0; i < rest->v.count; i++)
        VEC_PUSH(parser->arena, &rules->v, rest->v.items[i]);
    return rules;
}

/* `10 of R0106`: the amount was read as the general one before `of` came. */
static void close_rules(struct rule_list *rules, struct ast_expr **amount, bool *percent) {
    if (!rules->open) return;
    rules->v.items[0].amount = *amount;
    rules->v.items[0].percent = *percent;
    *amount = NULL;
    *percent = false;
}

void build_setting_tail(struct ast_setting *setting, struct setting_tail *tail) {
    setting->otherwise = tail->otherwise;
    if (tail->rules == NULL) return;
    close_rules(tail->rules, &setting->value, &setting->percent);
    VEC_MOVE(setting->rules, tail->rules->v);
}

void build_tolerance(struct ast_clause *clause, const struct ast_tolerance_rule *limit,
                     struct rule_list *rules) {
    clause->expr = limit->amount;
    clause->percent = limit->percent;
    if (rules == NULL) return;
    close_rules(rules, &clause->expr, &clause->percent);
    VEC_MOVE(clause->rules, rules->v);
}

struct ast_decl *build_codes(struct parser *parser, struct ast_name name, struct type_list *keys,
                             struct ast_type *value, struct span span) {
    struct ast_decl *decl = build_decl(parser, DECL_CODES, name, span);
    decl->codes.name = name;
    VEC_MOVE(decl->codes.key_types, keys->v);
    decl->codes.value_type = *value;
    return decl;
}

void build_add_handlers(struct parser *parser, struct ast_handlers *handlers, struct handler_list *more) {
    for (uint32_t i = 0; more && i < more->v.count; i++)
        VEC_PUSH(parser->arena, &handlers->list, more->v.items[i]);
}

/* ------------------------------------------------------------------ maps */

struct ast_clause *build_clause(struct parser *parser, enum ast_clause_kind kind, struct span span) {
    struct ast_clause *clause = ARENA_NEW(parser->arena, struct ast_clause);
    clause->kind = kind;
    clause->span = span;
    return clause;
}

struct ast_clause *build_join(struct parser *parser, enum ast_clause_kind kind, struct ast_name alias,
                              struct ast_path *source, struct ast_expr *condition,
                              struct handler_list *handlers, struct span span) {
    struct ast_clause *clause = build_clause(parser, kind, span);
    clause->alias = alias;
    clause->path = *source;
    clause->expr = condition;
    build_add_handlers(parser, &clause->handlers, handlers);
    return clause;
}

void build_after(struct parser *parser, struct clause_list *clauses, struct name_list *maps,
                 struct span span) {
    for (uint32_t i = 0; i < maps->v.count; i++) {
        struct ast_clause *clause = build_clause(parser, CLAUSE_AFTER, span);
        clause->path.span = maps->v.items[i].span;
        VEC_PUSH(parser->arena, &clause->path.parts, maps->v.items[i]);
        VEC_PUSH(parser->arena, &clauses->v, *clause);
    }
}

void build_commit(struct parser *parser, struct ast_clause *clause, struct ast_expr *count,
                  struct ast_name word) {
    bool right = count ? str_is(word.text, "rows") : str_is(word.text, "run") || str_is(word.text, "map");
    clause->word = word;
    clause->expr = count;
    if (!right) {
        struct diag *diag = syntax_report(parser->reporter, E_SYNTAX, word.span, "cannot commit per `%.*s`",
                                          STR_ARG(word.text));
        SYNTAX_HELP(parser->reporter, diag,
                    "Write `commit per run`, `commit per map` or `commit per 5000 rows`.");
    }
}

void build_rebuild(struct parser *parser, struct ast_clause *clause, struct ast_name word) {
    clause->word = word;
    if (str_is(word.text, "indexes")) return;
    struct diag *diag =
        syntax_report(parser->reporter, E_SYNTAX, word.span, "cannot rebuild `%.*s`", STR_ARG(word.text));
    SYNTAX_HELP(parser->reporter, diag, "Write `rebuild indexes`.");
}

struct ast_item *build_item(struct parser *parser, enum ast_item_kind kind, struct ast_name name,
                            struct ast_expr *expr, struct span span) {
    struct ast_item *item = ARENA_NEW(parser->arena, struct ast_item);
    item->kind = kind;
    item->name = name;
    item->expr = expr;
    item->span = span;
    item->doc = build_doc(parser, span);
    return item;
}

/* The first token at or behind a place; the list's end when there is none. */
static uint32_t token_at(const struct token_list *list, uint32_t start) {
    uint32_t low = 0, high = list->tokens.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (list->tokens.items[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_word_at(const struct token_list *list, uint32_t i) {
    return i < list->tokens.count && list->tokens.items[i].kind == TOKEN_WORD;
}

/* Of an item that did not parse its name is left, so that lines which use it are not wrong too. */
void build_dropped_item(struct parser *parser, struct item_list *items, struct span span) {
    const struct token_list *list = &parser->tokens;
    uint32_t first = token_at(list, span.start);
    if (!is_word_at(list, first)) return;
    bool let = str_is(token_text(list, first), "let") && is_word_at(list, first + 1);
    if (!let && (first + 1 >= list->tokens.count || list->tokens.items[first + 1].kind != TOKEN_ASSIGN))
        return;
    uint32_t word = let ? first + 1 : first;
    struct ast_name name = {token_text(list, word), token_span(list, word)};
    struct ast_item *item = build_item(parser, let ? ITEM_LET : ITEM_ASSIGN, name,
                                       build_expr(parser, X_ERROR, name.span), name.span);
    VEC_PUSH(parser->arena, &items->v, *item);
}

/* Of `each x …`, `join x …`, `lookup x …` that did not parse the row's name is left: an array of nobody knows
 * what. */
void build_dropped_clause(struct parser *parser, struct clause_list *clauses, struct span span) {
    const struct token_list *list = &parser->tokens;
    uint32_t at = token_at(list, span.start);
    if (is_word_at(list, at) && str_is(token_text(list, at), "left")) at++;
    if (!is_word_at(list, at) || !is_word_at(list, at + 1)) return;
    struct str word = token_text(list, at);
    if (!str_is(word, "each") && !str_is(word, "join") && !str_is(word, "lookup")) return;
    struct ast_clause *clause = build_clause(parser, CLAUSE_EACH, span);
    clause->alias = (struct ast_name){token_text(list, at + 1), token_span(list, at + 1)};
    clause->expr = build_expr(parser, X_ERROR, span);
    VEC_PUSH(parser->arena, &clauses->v, *clause);
}

/* ------------------------------------------------------------------ checks, tests, changes */

static void refuse_rules(struct parser *parser, struct span span) {
    struct diag *diag = syntax_report(parser->reporter, E_SYNTAX, span,
                                      "the tolerance of a check is one number: a check rejects no rows");
    SYNTAX_HELP(parser->reporter, diag, "Write rules such as `10 of R0106` into a map or an environment.");
}

void build_check_clause(struct parser *parser, struct check_parts *parts, struct ast_clause *clause) {
    if (clause->kind == CLAUSE_TOLERANCE) {
        if (clause->rules.count) refuse_rules(parser, clause->rules.items[0].span);
        parts->check.tolerance = clause->expr;
        parts->check.percent = clause->percent;
    } else {
        VEC_PUSH(parser->arena, &parts->check.source, *clause);
    }
}

void build_check_form(struct parser *parser, struct ast_check *check, uint32_t forms, struct span span) {
    struct span head = {span.source, span.start, check->name.text.len ? check->name.span.end : span.end};
    const char *wrong = NULL;
    uint32_t end = parser->stream.items.items[parser->current].end;
    if (!check->has_source && check->source.count)
        wrong = "`source` is missing before the check's `from`";
    else if (forms == 0)
        wrong = "the check compares nothing";
    else if (forms > 1)
        wrong = "the check compares in two ways";
    else if (check->has_source && check->sql.span.source == NULL)
        wrong = "the check's source is compared with nothing: `target sql \"\"\"…\"\"\"` is missing";
    if (wrong == NULL) return;
    /* Lines of it that did not parse were reported; what they would have said is unknown. */
    for (uint32_t i = 0; i < parser->reporter->diags->items.count; i++) {
        struct span seen = parser->reporter->diags->items.items[i]->primary.span;
        if (seen.source == span.source && seen.start >= span.start && seen.start <= end) return;
    }
    struct diag *diag = syntax_report(parser->reporter, E_SYNTAX, head, "%s", wrong);
    SYNTAX_HELP(parser->reporter, diag,
                "A check is `source from … select …` with `target sql \"\"\"…\"\"\"`, or `sql \"\"\"…\"\"\" "
                "== 0`, or "
                "`sample 100 of MAP`.");
}

struct ast_test_step *build_step(struct parser *parser, enum ast_test_step_kind kind, struct span span) {
    struct ast_test_step *step = ARENA_NEW(parser->arena, struct ast_test_step);
    step->kind = kind;
    step->span = span;
    return step;
}

struct ast_change_step *build_change_step(struct parser *parser, enum ast_change_step_kind kind,
                                          struct ast_name sql, struct span span) {
    struct ast_change_step *step = ARENA_NEW(parser->arena, struct ast_change_step);
    step->kind = kind;
    step->sql = sql;
    step->span = span;
    return step;
}

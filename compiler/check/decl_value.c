/* Small written values of declarations and clauses: whole numbers, tolerances, durations, fixed messages,
 * SQL. */
#include "compiler/check/decl.h"

#include "compiler/check/recorder.h"

#include <ctype.h>

static bool decl_digits(struct str text, int64_t most, int64_t *value) {
    int64_t n = 0;
    if (text.len == 0) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
        if (n > (INT64_MAX - 9) / 10) return false;
        n = n * 10 + (text.ptr[i] - '0');
    }
    *value = n;
    return n <= most;
}

bool decl_read_int(struct checker *checker, const struct ast_expr *expr, enum diag_code code,
                   const char *what, int64_t least, int64_t most, int64_t *value) {
    if (expr == NULL || expr->kind == X_ERROR) return false;
    if (expr->kind == X_INT && decl_digits(expr->text, most, value) && *value >= least) return true;
    struct diag *diag =
        diag_report(checker->diags, code, expr->span, "%s is not a whole number from %lld to %lld", what,
                    (long long)least, (long long)most);
    diag_help(checker->diags, diag, "write a number such as %lld here", (long long)(least > 0 ? least : 0));
    return false;
}

bool decl_read_tolerance(struct checker *checker, const struct ast_expr *expr, bool percent,
                         enum diag_code code, uint8_t *kind, struct str *text) {
    if (expr == NULL || expr->kind == X_ERROR) return false;
    bool number = expr->kind == X_INT || (percent && expr->kind == X_DECIMAL);
    int64_t whole = 0;
    struct str digits = expr->text;
    for (size_t i = 0; number && i < digits.len; i++)
        if (digits.ptr[i] == '.') digits.len = i;
    if (number) number = decl_digits(digits, percent ? 100 : INT64_MAX, &whole);
    if (number && percent && whole == 100)
        for (size_t i = digits.len + 1; i < expr->text.len; i++)
            number = number && expr->text.ptr[i] == '0';
    if (!number) {
        struct diag *diag =
            diag_report(checker->diags, code, expr->span, "a tolerance is a number of rows or 0%% to 100%%");
        diag_help(checker->diags, diag,
                  "write `tolerance 10` for ten rows or `tolerance 5%%` for a share of them");
        return false;
    }
    *kind = percent ? TOLERANCE_PERCENT : TOLERANCE_ROWS;
    *text = expr->text;
    return true;
}

bool decl_read_seconds(struct checker *checker, const struct ast_expr *expr, enum diag_code code,
                       const char *what, int64_t *seconds) {
    static const struct {
        const char *unit;
        int64_t seconds;
    } UNITS[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 7 * 86400}};
    if (expr == NULL || expr->kind == X_ERROR) return false;
    struct str unit = expr->name.text;
    if (unit.len > 1 && unit.ptr[unit.len - 1] == 's') unit.len--;
    int64_t count = 0;
    if (expr->kind == X_DURATION && decl_digits(expr->text, 1000000, &count))
        for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
            if (str_is(unit, UNITS[i].unit)) {
                *seconds = count * UNITS[i].seconds;
                return true;
            }
    struct diag *diag =
        diag_report(checker->diags, code, expr->span, "%s is not a span of time that mig can count", what);
    diag_help(checker->diags, diag,
              "write a number of minutes, hours, days or weeks, such as `90 minutes` or `7 days`");
    return false;
}

bool decl_read_message(struct checker *checker, const struct ast_expr *message, const char *where,
                       struct str *text) {
    *text = (struct str){0};
    if (message == NULL) return true;
    if (message->kind == X_TEXT) {
        *text = message->text;
        return true;
    }
    if (message->kind == X_ERROR) return false;
    struct diag *diag = diag_report(checker->diags, E_CLAUSE_ACTION, message->span,
                                    "a message of %s is fixed text, no values can stand in it", where);
    diag_help(checker->diags, diag, "write it without `{…}`: the report shows the row and its key beside it");
    return false;
}

struct plan_action decl_action(struct checker *checker, enum plan_action_kind kind, struct str message,
                               struct span span) {
    return (struct plan_action){
        .kind = (uint8_t)kind, .message = message, .span = plan_builder_span(checker->builder, span)};
}

static int decl_find_param(struct checker *checker, struct str name) {
    for (uint32_t i = 0; i < checker->params.count; i++)
        if (str_eq(checker->params.items[i]->name, name)) return (int)i;
    return -1;
}

/* Where a parameter stands in the SQL as it was written. Nothing is told when the same words stand in quotes
 * or comments of the SQL too, for then it is not known which are uses. */
static void decl_record_sql_uses(const struct checker *checker, struct ast_name sql,
                                 const struct sql_block *block, uint32_t param, struct span declared) {
    struct str text = span_text(sql.span), name = block->params.items[param];
    for (int telling = 0; telling < 2; telling++) {
        uint32_t found = 0, uses = 0;
        for (size_t i = 0; checker->recorder && i + name.len < text.len; i++) {
            size_t end = i + 1 + name.len;
            char next = end < text.len ? text.ptr[end] : '\0';
            bool longer = next == '_' || next == '$' || isalnum((unsigned char)next) || (next & 0x80);
            if (text.ptr[i] != '$' || longer || !str_eq(str_from(text.ptr + i + 1, name.len), name)) continue;
            uint32_t start = sql.span.start + (uint32_t)i;
            struct span at = {sql.span.source, start, start + 1 + (uint32_t)name.len};
            if (telling) record_use(checker, at, declared);
            found++;
        }
        for (uint32_t i = 0; i < block->uses.count; i++)
            uses += block->uses.items[i] == param;
        if (found != uses) return;
    }
}

static bool decl_parse_sql(struct checker *checker, struct ast_name sql, bool single_select,
                           struct sql_block *block) {
    if (sql.span.source == NULL) return false;
    if (!sql_block_parse(checker->arena, sql.text, sql.span, block, checker->diags)) return false;
    if (!single_select || block->is_single_select) return true;
    struct diag *diag = diag_report(checker->diags, E_SQL_SHAPE, sql.span, "one SELECT is needed here");
    diag_help(checker->diags, diag, "write a single query without other statements around it");
    return false;
}

bool decl_read_plain_sql(struct checker *checker, struct ast_name sql, bool single_select, struct str *text,
                         const char *no_params, const char *instead) {
    struct sql_block block = {0};
    bool fine = decl_parse_sql(checker, sql, single_select, &block);
    *text = block.sql;
    if (block.param_spans.count == 0) return fine;
    struct diag *diag = diag_report(checker->diags, E_SQL_PARAM, block.param_spans.items[0], "%s", no_params);
    diag_help(checker->diags, diag, "%s", instead);
    return false;
}

bool decl_read_sql(struct checker *checker, struct ast_name sql, bool single_select, struct str *text,
                   uint32_t **params, uint32_t *params_count) {
    struct sql_block block = {0};
    bool fine = decl_parse_sql(checker, sql, single_select, &block);
    if (block.sql.ptr == NULL) return false;
    *text = block.sql;
    *params_count = block.params.count;
    uint32_t *indexes = ARENA_ARRAY(checker->arena, uint32_t, block.params.count);
    for (uint32_t i = 0; i < block.params.count; i++) {
        struct str name = block.params.items[i];
        struct span span = block.param_spans.items[i];
        int found = decl_find_param(checker, name);
        if (found < 0) {
            struct str *names = ARENA_ARRAY(checker->arena, struct str, checker->params.count);
            for (uint32_t j = 0; j < checker->params.count; j++)
                names[j] = checker->params.items[j]->name;
            struct diag *diag = diag_report(checker->diags, E_SQL_PARAM, span,
                                            "there is no parameter `$%.*s`", STR_ARG(name));
            decl_suggest(checker, diag, (struct ast_name){name, {0}}, names, checker->params.count);
            if (checker->params.count == 0)
                diag_help(checker->diags, diag, "declare it: `param %.*s text`", STR_ARG(name));
            fine = false;
            continue;
        }
        checker->params.items[found]->used = true;
        decl_record_sql_uses(checker, sql, &block, i, checker->params.items[found]->span);
        indexes[i] = checker->params.items[found]->index;
        if (checker->params.items[found]->type.kind == TYPE_SECRET) {
            struct diag *diag =
                diag_report(checker->diags, E_SQL_PARAM, span,
                            "the secret `$%.*s` cannot be sent to the database", STR_ARG(name));
            diag_help(checker->diags, diag,
                      "a secret goes into keyed functions only, such as `hmac_sha256($%.*s, x)`",
                      STR_ARG(name));
            fine = false;
        }
    }
    *params = indexes;
    return fine;
}

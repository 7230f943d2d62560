/* SQL's spellings: read as what they mean, reported with mig's spelling. */
#include "compiler/syntax/build.h"

void report_sql_equal(struct parser *parser, struct span op_span) {
    struct diag *diag =
        syntax_report(parser->reporter, E_SQL_SPELLING, op_span, "mig compares with `==`; `=` assigns");
    SYNTAX_FIX(parser->reporter, diag, op_span, STR("=="));
}

struct ast_expr *build_sql_equal(struct parser *parser, struct ast_expr *left, struct ast_expr *right,
                                 struct span op_span) {
    report_sql_equal(parser, op_span);
    return build_binary(parser, AST_EQUAL, left, right, op_span);
}

struct ast_expr *build_sql_cast(struct parser *parser, struct ast_expr *value, struct ast_type *type,
                                struct span span, bool colons) {
    struct str value_text = span_text(value->span), type_text = span_text(type->path.span);
    struct diag *diag =
        syntax_report(parser->reporter, E_SQL_SPELLING, span, "mig converts with `%.*s(…)`, not with `%s`",
                      STR_ARG(type_text), colons ? "::" : "cast");
    if (diag)
        diag_fix(parser->reporter->diags, diag, span,
                 arena_printf(parser->reporter->diags->arena, "%.*s(%.*s)", STR_ARG(type_text),
                              STR_ARG(value_text)));
    struct ast_expr *call = build_expr(parser, X_CALL, span);
    call->path = type->path;
    VEC_PUSH(parser->arena, &call->items, value);
    return build_seal(parser, call);
}

/* `if … then … else …` or `match … { … }` in the words of the case. */
static struct str case_in_mig(struct parser *parser, const struct ast_expr *subject,
                              const struct arm_list *arms, const struct ast_expr *otherwise) {
    struct buf text = {0};
    if (subject) buf_printf(&text, "match %.*s { ", STR_ARG(span_text(subject->span)));
    for (uint32_t i = 0; i < arms->v.count; i++) {
        struct str when = span_text(arms->v.items[i].when->span),
                   then = span_text(arms->v.items[i].result->span);
        buf_printf(&text, subject ? "%.*s => %.*s; " : "if %.*s then %.*s else ", STR_ARG(when),
                   STR_ARG(then));
    }
    struct str rest = otherwise ? span_text(otherwise->span) : STR("null");
    buf_printf(&text, subject ? "_ => %.*s }" : "%.*s", STR_ARG(rest));
    struct str mig = arena_copy_str(parser->reporter->diags->arena, buf_str(&text));
    buf_release(&text);
    return mig;
}

struct ast_expr *build_sql_case(struct parser *parser, struct ast_expr *subject, struct arm_list *arms,
                                struct ast_expr *otherwise, struct span span) {
    struct span word = {span.source, span.start, span.start + 4};
    struct diag *diag =
        syntax_report(parser->reporter, E_SQL_SPELLING, word, "mig writes %s for SQL's `case`",
                      subject ? "`match x { 'a' => …; _ => … }`" : "`if c then a else b`");
    if (diag) {
        struct str mig = case_in_mig(parser, subject, arms, otherwise);
        SYNTAX_HELP(parser->reporter, diag, "Write `%.*s`.", STR_ARG(mig));
        diag_fix(parser->reporter->diags, diag, span,
                 subject ? mig : arena_printf(parser->reporter->diags->arena, "(%.*s)", STR_ARG(mig)));
    }
    return build_expr(parser, X_ERROR, span);
}

struct ast_expr *build_sql_count_star(struct parser *parser, struct ast_expr *callee, struct span star,
                                      struct span span) {
    struct diag *diag =
        syntax_report(parser->reporter, E_SQL_SPELLING, star, "mig counts rows with `count()`");
    SYNTAX_FIX(parser->reporter, diag, star, STR(""));
    struct expr_list none = {0};
    return build_call(parser, callee, &none, star, span);
}

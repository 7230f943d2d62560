/* The grammar of mig (docs/language.md). It reads the filtered token stream (compiler/syntax/filter.h), in
 * which line ends are tokens where they end an item, brackets are balanced, and keywords have been told from
 * names after a dot. The actions build the tree and decide nothing: no names are looked up, no types, no
 * settings.
 *
 * Recovery: `error` stands only before a token that is sure to come: NL inside braces and between the clauses
 * of maps and checks, END behind every declaration. While recovering, the stream leaves out braces inside
 * items, so an NL that arrives is one of the level at which recovery waits. */

%require "3.8"
%language "C"
%define api.pure full
%define api.prefix {mig_}
%define api.token.prefix {T_}
%define api.location.type {struct span}
%define api.push-pull both
%define lr.type ielr
%define parse.lac full
%define parse.error custom
%define parse.trace
%locations
%expect 0
%param {struct parser *parser}

%code requires {
#include "compiler/syntax/build.h"
}

%code {
/* From the first part with any text to the last: line ends and what was put in are empty. */
#define YYLLOC_DEFAULT(current, rhs, n)                                                                      \
    do {                                                                                                     \
        int first_ = 1, last_ = (n);                                                                         \
        while (first_ < last_ && YYRHSLOC(rhs, first_).start == YYRHSLOC(rhs, first_).end) first_++;         \
        while (last_ > first_ && YYRHSLOC(rhs, last_).start == YYRHSLOC(rhs, last_).end) last_--;            \
        if (n) {                                                                                             \
            (current) = YYRHSLOC(rhs, first_);                                                               \
            (current).end = YYRHSLOC(rhs, last_).end;                                                        \
        } else {                                                                                             \
            (current) = YYRHSLOC(rhs, 0);                                                                    \
            (current).start = (current).end;                                                                 \
        }                                                                                                    \
    } while (0)

/* Nesting is limited by the filter and the builders; this bounds what neither sees (`not not not …`). */
#define YYMAXDEPTH 4000

int mig_lex(MIG_STYPE *value, struct span *location, struct parser *parser);
uint32_t mig_expected(mig_pstate *state, const char **names, uint32_t most);
static void mig_error(const struct span *location, struct parser *parser, const char *message);

#define NEW(type)        ARENA_NEW(parser->arena, type)
#define PUSH(list, ...)  VEC_PUSH(parser->arena, (list), __VA_ARGS__)
}

%union {
    struct lexeme lex;
    struct ast_name name;
    struct ast_path *path;
    struct ast_type *type;
    struct ast_expr *expr;
    struct ast_action *action;
    struct ast_decl *decl;
    struct ast_source_column *column;
    struct ast_source_table *table;
    struct ast_clause *clause;
    struct ast_item *item;
    struct ast_option *option;
    struct ast_setting *setting;
    struct ast_field *field;
    struct ast_test_step *step;
    struct ast_change_step *change;
    struct ast_code_line *line;
    struct ast_arm *arm;
    struct ast_handler *handler;
    struct check_parts *check;
    struct place place;
    struct expr_list *exprs; struct name_list *names; struct named_list *named;
    struct handler_list *handlers; struct arm_list *arms; struct type_list *types;
    struct order_list *order; struct clause_list *clauses; struct item_list *items;
    struct option_list *options; struct table_list *tables; struct row_list *rows;
    struct line_list *lines; struct setting_list *settings; struct setting_tail *tail;
    struct rule_list *rules; struct ast_tolerance_rule *rule; struct field_list *fields;
    struct step_list *steps; struct change_list *changes; struct ast_fn *fn;
    enum ast_operator op;
    bool flag;
}

%code requires {
/* Where a source or target is. */
struct place {
    struct ast_name text;
    bool is_env;
};
}

%token END_OF_FILE 0 "the end of the file"
%token START_FILE START_EXPRESSION
%token NL "the end of the line"
%token END "the end of the declaration"

%token <lex> NAME "a name"
%token <lex> PARAM "a parameter"
%token <lex> INT "a whole number"
%token <lex> DECIMAL "a decimal"
%token <lex> FLOAT "a float"
%token <lex> RAW_TEXT "a text"
%token <lex> TEXT "a text with {}"
%token <lex> BLOCK_TEXT "a text of several lines"
%token <lex> TYPED "a typed literal"
%token <lex> DURATION "a duration"
%token <lex> PERCENT_NUMBER "a percentage"
%token <lex> BAD_LITERAL "a malformed literal"

%token PLUS "+" MINUS "-" STAR "*" SLASH "/" PERCENT "%" CONCAT "||" COALESCE "??"
%token EQUAL "==" NOT_EQUAL "!=" LESS "<" LESS_EQUAL "<=" GREATER ">" GREATER_EQUAL ">="
%token ASSIGN "=" FAT_ARROW "=>" ARROW "->" COLON ":" DOUBLE_COLON "::" COMMA "," DOT "." ELLIPSIS "..."
%token QUESTION "?" BRACKETS "[]"
%token LEFT_PAREN "(" RIGHT_PAREN ")" LEFT_BRACKET "[" RIGHT_BRACKET "]" LEFT_BRACE "{" RIGHT_BRACE "}"

/* reserved words */
%token AND "and" OR "or" NOT "not" NULL "null" TRUE "true" FALSE "false"
%token IF "if" THEN "then" ELSE "else" MATCH "match" IN "in" IS "is"
/* put together by the filter */
%token NOT_IN "not in" NOT_LIKE "not like" NOT_BETWEEN "not between" NOT_MATCHES "not matches"
%token IS_NULL "is null" IS_NOT_NULL "is not null" BETWEEN_AND "and (of between)"
%token <lex> ON_EVENT "on error" ON_FAIL "on fail" ON_CONFLICT "on conflict"
%token LEFT_JOIN "left join" LEFT_LOOKUP "left lookup" GROUP_BY "group by" ORDER_BY "order by"
%token UNIQUE_BY "unique by" PARTITION_BY "partition by" KEEP_CROSSWALK "keep crosswalk"
%token DEFAULT "_"
%token SHEET "sheet"
/* SQL's case and cast, read in order to show mig's spelling */
%token CASE "case" CASE_END "end" CAST "cast"

/* words that are names unless the grammar wants them: keywords.def */
%token <lex> WHEN "when" SKIP "skip" REJECT "reject" WARN "warn" FAIL "fail"
%token <lex> AFTER "after" AS "as" ASC "asc" ASSERT "assert" BACKFILL "backfill" BATCH "batch"
%token <lex> BECAUSE "because" BETWEEN "between" BY "by" COMMIT "commit" DESC "desc" DOWN "down" EACH "each"
%token <lex> ENV "env" EXCEPT "except" EXPECT "expect" FIRST "first" FOR "for" FORMAT "format" FROM "from"
%token <lex> GIVEN "given" IGNORED "ignored" INLINE "inline" INTO "into" JOIN "join" KEEP "keep" KEY "key"
%token <lex> LAST "last" LET "let" LIKE "like" LOOKUP "lookup" MATCHES "matches" NONE "none" OF "of" ON "on"
%token <lex> PARAM_STEP "param" PAUSE "pause" PER "per" PII "pii" QUERY "query" REBUILD "rebuild" RECOVERY "recovery"
%token <lex> REJECTED "rejected" ROLLBACK "rollback" ROW "row" SAMPLE "sample" SELECT "select" SET "set"
%token <lex> SOURCE "source" SQL "sql" SYMBOL "symbol" TARGET "target" TOLERANCE "tolerance" UP "up"
%token <lex> UPDATE "update" USE "use" VALIDATE "validate" VERSION "version" WHERE "where"

/* declarations: words in column 1 */
%token D_MIGRATION "migration" D_USE "use " D_PARAM "param " D_ENVIRONMENT "environment" D_SOURCE "source "
%token D_TARGET "target " D_PII "pii " D_CODES "codes" D_FN "fn" D_EXTERN_FN "extern fn" D_MAP "map"
%token D_CHECK "check" D_BEFORE_CHECK "before check" D_TEST "test" D_AUDIT "audit" D_PHASE "phase"
%token D_STRATEGY "strategy" D_CHANGE "change"

/* loosest first */
%precedence IF_ELSE
%left OR
%left AND
%precedence NOT
%nonassoc EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL ASSIGN IN NOT_IN
          LIKE NOT_LIKE MATCHES NOT_MATCHES BETWEEN NOT_BETWEEN BETWEEN_AND IS_NULL IS_NOT_NULL
%left COALESCE
%left CONCAT
%left PLUS MINUS
%left STAR SLASH PERCENT
%precedence NEGATE
%precedence TYPE
%precedence DOT LEFT_BRACKET LEFT_PAREN DOUBLE_COLON

%nterm <lex> nameable text reserved_action
%nterm <name> name bare_name member_name constant opt_constant
%nterm <place> location
%nterm <path> path
%nterm <type> type
%nterm <types> types
%nterm <expr> expr handled argument text_expr number amount literal case_subject case_else
%nterm <expr> code_value code_key option_value arm_result opt_message backfill_where backfill_batch backfill_pause
%nterm <exprs> exprs arguments opt_arguments literals code_keys option_values
%nterm <names> names map_names
%nterm <named> named_exprs
%nterm <handlers> handlers opt_handlers
%nterm <handler> handler fail_handler
%nterm <action> action
%nterm <arms> arms case_arms
%nterm <arm> arm
%nterm <order> order_items
%nterm <clauses> clauses
%nterm <clause> clause
%nterm <items> items body assignments
%nterm <item> item
%nterm <options> options
%nterm <option> option
%nterm <tables> table_lines braced_tables
%nterm <table> sheet
%nterm <column> column column_options
%nterm <rows> rows inline_rows
%nterm <lines> code_lines
%nterm <line> code_line
%nterm <settings> settings
%nterm <tail> setting_tail
%nterm <rules> tolerance_tail more_rules
%nterm <rule> tolerance_rule tolerance_subject setting_value limit
%nterm <setting> setting
%nterm <fields> fields
%nterm <field> field
%nterm <steps> steps
%nterm <step> step
%nterm <changes> change_steps
%nterm <change> change_step
%nterm <check> check_items
%nterm <fn> fn_head fn_params
%nterm <decl> source_head source_shape
%nterm <op> compare
%nterm <flag> check_word descending
%nterm <lex> keep_which

%%

input:
    START_FILE declarations
|   START_EXPRESSION handled                    { parser->expr = $2; }
;

declarations:
    %empty
|   declarations declaration END                { yyerrok; }
|   declarations error END                      { yyerrok; build_broken_decl(parser, @3); }
;

declaration:
    D_MIGRATION name                            { build_decl(parser, DECL_MIGRATION, $2, @$); }
|   D_MIGRATION name VERSION INT
        { build_decl(parser, DECL_MIGRATION, $2, @$)->migration.version = build_number(parser, X_INT, $4); }
|   D_USE path
        { build_decl(parser, DECL_USE, $2->parts.items[$2->parts.count - 1], @$)->use.path = *$2; }
|   D_PARAM name type                           { build_decl(parser, DECL_PARAM, $2, @$)->param.type = *$3; }
|   D_PARAM name type ASSIGN handled
        {
            struct ast_decl *decl = build_decl(parser, DECL_PARAM, $2, @$);
            decl->param.type = *$3;
            decl->param.value = $5;
        }
|   D_ENVIRONMENT name LEFT_BRACE settings RIGHT_BRACE
        { VEC_MOVE(build_decl(parser, DECL_ENVIRONMENT, $2, @$)->environment.settings, $4->v); }
|   source_declaration
|   D_TARGET name COLON member_name location options
        {
            struct ast_decl *decl = build_decl(parser, DECL_TARGET, $2, @$);
            decl->target = (struct ast_target){
                .name = $2, .format = $4, .location = $5.text, .location_is_env = $5.is_env};
            VEC_MOVE(decl->target.options, $6->v);
        }
|   D_PII path LEFT_PAREN names RIGHT_PAREN
        {
            struct ast_decl *decl = build_decl(parser, DECL_PII, $2->parts.items[$2->parts.count - 1], @$);
            decl->pii.table = *$2;
            VEC_MOVE(decl->pii.columns, $4->v);
        }
|   codes_declaration
|   D_FN fn_head ASSIGN handled
        { $2->body = $4; build_decl(parser, DECL_FN, $2->name, @$)->fn = *$2; }
|   D_EXTERN_FN fn_head FROM constant SYMBOL constant
        { $2->library = $4; $2->symbol = $6; build_decl(parser, DECL_EXTERN_FN, $2->name, @$)->fn = *$2; }
|   D_MAP name clauses body opt_line_end
        {
            struct ast_decl *decl = build_decl(parser, DECL_MAP, $2, @$);
            decl->map = (struct ast_map){.name = $2, .body_span = @4};
            VEC_MOVE(decl->map.clauses, $3->v);
            VEC_MOVE(decl->map.items, $4->v);
        }
|   D_MAP name clauses error
        {
            struct ast_decl *decl = build_decl(parser, DECL_MAP, $2, @$);
            decl->broken = true;
            decl->map = (struct ast_map){.name = $2, .body_span = @4};
            VEC_MOVE(decl->map.clauses, $3->v);
        }
|   check_word name opt_constant check_items
        {
            struct ast_decl *decl = build_decl(parser, DECL_CHECK, $2, @$);
            decl->check = $4->check;
            decl->check.name = $2;
            decl->check.title = $3;
            decl->check.before = $1;
            build_check_form(parser, &decl->check, $4->forms, @$);
        }
|   check_word SAMPLE INT OF name check_items
        {
            struct ast_decl *decl = build_decl(parser, DECL_CHECK, (struct ast_name){.span = @2}, @$);
            decl->check = $6->check;
            decl->check.before = $1;
            decl->check.is_sample = true;
            decl->check.count = build_number(parser, X_INT, $3);
            decl->check.map = $5;
            build_check_form(parser, &decl->check, $6->forms + 1, @$);
        }
|   D_TEST constant LEFT_BRACE steps RIGHT_BRACE
        {
            struct ast_decl *decl = build_decl(parser, DECL_TEST, $2, @$);
            decl->test.title = $2;
            VEC_MOVE(decl->test.steps, $4->v);
        }
|   D_TEST constant FOR name LEFT_BRACE steps RIGHT_BRACE
        {
            struct ast_decl *decl = build_decl(parser, DECL_TEST, $2, @$);
            decl->test.title = $2;
            decl->test.subject = $4;
            VEC_MOVE(decl->test.steps, $6->v);
        }
|   D_AUDIT INTO path body
        {
            struct ast_decl *decl = build_decl(parser, DECL_AUDIT, $3->parts.items[$3->parts.count - 1], @$);
            decl->audit.table = *$3;
            VEC_MOVE(decl->audit.items, $4->v);
        }
|   D_PHASE name LEFT_BRACE map_names RIGHT_BRACE
        { VEC_MOVE(build_decl(parser, DECL_PHASE, $2, @$)->phase.maps, $4->v); }
|   D_STRATEGY name options
        {
            struct ast_decl *decl = build_decl(parser, DECL_STRATEGY, $2, @$);
            decl->strategy.kind = $2;
            VEC_MOVE(decl->strategy.options, $3->v);
        }
|   D_CHANGE INT constant LEFT_BRACE change_steps RIGHT_BRACE
        {
            struct ast_decl *decl = build_decl(parser, DECL_CHANGE, $3, @$);
            decl->change.number = build_ast_name($2);
            VEC_MOVE(decl->change.steps, $5->v);
        }
;

opt_line_end: %empty | NL ;

/* ------------------------------------------------------------------ sources */

source_declaration:
    source_head
|   source_head braced_tables
        { build_source_tables(parser, &$1->source, $2, @2); $1->span = span_join($1->span, @2); }
|   source_head braced_tables inline_rows
        {
            build_source_tables(parser, &$1->source, $2, @2);
            VEC_MOVE($1->source.rows, $3->v);
            $1->span = span_join($1->span, @3);
        }
|   D_SOURCE name error braced_tables
        {
            struct ast_decl *decl = build_decl(parser, DECL_SOURCE, $2, @$);
            decl->source.name = $2;
            build_source_tables(parser, &decl->source, $4, @4);
        }
;

source_head:
    source_shape options
        {
            VEC_MOVE($1->source.options, $2->v);
            VEC_MOVE($1->source.handlers.list, $2->handlers);
            $1->span = @$;
            $$ = $1;
        }
;

source_shape:
    D_SOURCE name COLON member_name location
        {
            $$ = build_decl(parser, DECL_SOURCE, $2, @$);
            $$->source.name = $2;
            $$->source.format = $4;
            $$->source.location = $5.text;
            $$->source.location_is_env = $5.is_env;
        }
|   D_SOURCE name COLON QUERY name constant
        {
            $$ = build_decl(parser, DECL_SOURCE, $2, @$);
            $$->source.name = $2;
            $$->source.format = build_ast_name($4);
            $$->source.query_of = $5;
            $$->source.sql = $6;
        }
|   D_SOURCE name COLON INLINE
        {
            $$ = build_decl(parser, DECL_SOURCE, $2, @$);
            $$->source.name = $2;
            $$->source.format = build_ast_name($4);
        }
;

location:
    constant                                    { $$ = (struct place){$1, false}; }
|   ENV constant                                { $$ = (struct place){$2, true}; }
;

/* Options and handlers of sources and sheets, in any order. */
options:
    %empty                                      { $$ = NEW(struct option_list); }
|   options option                              { PUSH(&$1->v, *$2); $$ = $1; }
|   options handler                             { PUSH(&$1->handlers, *$2); $$ = $1; }
;

option:
    option_word                                 { $$ = build_option(parser, @1, NULL, @$); }
|   option_word option_values                   { $$ = build_option(parser, @1, $2, @$); }
;

option_word: NAME | NULL | ROLLBACK | FORMAT | QUERY | UPDATE | TARGET | SOURCE | VERSION | KEY ;

option_values:
    option_value                                { $$ = NEW(struct expr_list); PUSH(&$$->v, $1); }
|   ROW INT
        {
            $$ = NEW(struct expr_list);
            PUSH(&$$->v, build_word(parser, X_NAME, $1));
            PUSH(&$$->v, build_number(parser, X_INT, $2));
        }
|   NONE
        { $$ = NEW(struct expr_list); PUSH(&$$->v, build_word(parser, X_NAME, $1)); }
|   option_values COMMA option_value            { PUSH(&$1->v, $3); $$ = $1; }
;

option_value:
    text_expr
|   number
;

braced_tables:
    LEFT_BRACE table_lines RIGHT_BRACE          { $$ = $2; }
;

table_lines:
    %empty                                      { $$ = NEW(struct table_list); }
|   table_lines column NL                       { PUSH(&$1->columns, *$2); $$ = $1; }
|   table_lines sheet NL                        { PUSH(&$1->sheets, *$2); $$ = $1; }
|   table_lines error NL                        { yyerrok; $$ = $1; }
;

sheet:
    SHEET name opt_constant options braced_tables
        { $$ = build_sheet(parser, $2, $3, $4, $5, @$); }
|   SHEET name error braced_tables
        { yyerrok; $$ = build_sheet(parser, $2, (struct ast_name){0}, NULL, $4, @$); }
;

column:
    name type column_options
        {
            $3->name = $1;
            $3->type = *$2;
            $3->span = @$;
            $3->doc = build_doc(parser, @$);
            $$ = $3;
        }
;

column_options:
    %empty                                      { $$ = NEW(struct ast_source_column); }
|   column_options FROM constant                { $1->from = $3; $$ = $1; }
|   column_options FORMAT constant              { $1->format = $3; $$ = $1; }
|   column_options PII                          { $1->pii = true; $$ = $1; }
|   column_options IGNORED                      { $1->ignored = true; $$ = $1; }
|   column_options BECAUSE constant             { $1->because = $3; $$ = $1; }
;

inline_rows:
    LEFT_BRACKET rows opt_comma RIGHT_BRACKET   { $$ = $2; }
|   BRACKETS                                    { $$ = NEW(struct row_list); }
;

rows:
    LEFT_PAREN literals RIGHT_PAREN
        { $$ = NEW(struct row_list); PUSH(&$$->v, build_row($2, @$)); }
|   rows COMMA LEFT_PAREN literals RIGHT_PAREN  { PUSH(&$1->v, build_row($4, span_join(@3, @5))); $$ = $1; }
;

opt_comma: %empty | COMMA ;

/* --------------------------------------------------- environments, phases, code tables, functions */

settings:
    %empty                                      { $$ = NEW(struct setting_list); }
|   settings setting NL                         { PUSH(&$1->v, *$2); $$ = $1; }
|   settings error NL                           { yyerrok; $$ = $1; }
;

setting:
    name opt_assign setting_value setting_tail
        { $$ = build_setting(parser, $1, $3, @$); build_setting_tail($$, $4); }
|   name opt_assign ENV constant
        { $$ = build_setting(parser, $1, NULL, @$); $$->is_env = true; $$->env_name = $4; }
;

opt_assign: %empty | ASSIGN ;

setting_tail:
    ELSE name                                   { $$ = NEW(struct setting_tail); $$->otherwise = $2; }
|   tolerance_tail                              { $$ = NEW(struct setting_tail); $$->rules = $1; }
;

tolerance_tail:
    %empty                                      { $$ = NULL; }
|   OF tolerance_subject more_rules
        { $$ = build_rules(parser, $2, $3); $$->open = true; }
|   COMMA tolerance_rule more_rules             { $$ = build_rules(parser, $2, $3); }
;

more_rules:
    %empty                                      { $$ = NEW(struct rule_list); }
|   more_rules COMMA tolerance_rule             { PUSH(&$1->v, *$3); $$ = $1; }
;

tolerance_rule:
    limit OF tolerance_subject    { $$ = $3; $$->amount = $1->amount; $$->percent = $1->percent; }
;

tolerance_subject:
    NAME                                        { $$ = build_rule(parser, build_ast_name($1), NULL, @$); }
|   VALIDATE name
        { $$ = build_rule(parser, $2, NULL, @$); $$->is_validate = true; }
|   text_expr                                   { $$ = build_rule(parser, (struct ast_name){0}, $1, @$); }
;

setting_value:
    literal                                     { $$ = build_limit(parser, $1, false); }
|   member_name                                 { $$ = build_limit(parser, build_name(parser, $1), false); }
|   PARAM                       { $$ = build_limit(parser, build_word(parser, X_PARAM, $1), false); }
|   PERCENT_NUMBER              { $$ = build_limit(parser, build_number(parser, X_INT, $1), true); }
;

map_names:
    %empty                                      { $$ = NEW(struct name_list); }
|   map_names name COMMA                        { PUSH(&$1->v, $2); $$ = $1; }
|   map_names name NL                           { PUSH(&$1->v, $2); $$ = $1; }
|   map_names NL
|   map_names error NL                          { yyerrok; $$ = $1; }
;

codes_declaration:
    D_CODES name COLON types ARROW type opt_handlers LEFT_BRACE code_lines RIGHT_BRACE opt_handlers
        {
            struct ast_decl *decl = build_codes(parser, $2, $4, $6, @$);
            VEC_MOVE(decl->codes.lines, $9->v);
            build_add_handlers(parser, &decl->codes.handlers, $7);
            build_add_handlers(parser, &decl->codes.handlers, $11);
        }
|   D_CODES name COLON types ARROW type FROM constant LEFT_PAREN names RIGHT_PAREN opt_handlers
        {
            struct ast_decl *decl = build_codes(parser, $2, $4, $6, @$);
            decl->codes.file = $8;
            VEC_MOVE(decl->codes.file_columns, $10->v);
            build_add_handlers(parser, &decl->codes.handlers, $12);
        }
|   D_CODES name error LEFT_BRACE code_lines RIGHT_BRACE
        {
            struct ast_decl *decl = build_decl(parser, DECL_CODES, $2, @$);
            decl->codes.name = $2;
            VEC_MOVE(decl->codes.lines, $5->v);
        }
;

code_lines:
    %empty                                      { $$ = NEW(struct line_list); }
|   code_lines code_line NL                     { PUSH(&$1->v, *$2); $$ = $1; }
|   code_lines error NL                         { yyerrok; $$ = $1; }
;

code_line:
    code_keys FAT_ARROW code_value
        { $$ = NEW(struct ast_code_line); VEC_MOVE($$->keys, $1->v); $$->value = $3; $$->span = @$; }
;

code_keys:
    code_key                                    { $$ = NEW(struct expr_list); PUSH(&$$->v, $1); }
|   code_keys COMMA code_key                    { PUSH(&$1->v, $3); $$ = $1; }
;

code_key:
    literal
|   LEFT_PAREN literals RIGHT_PAREN             { $$ = build_list(parser, X_ARRAY, NULL, $2, @$); }
;

code_value:
    literal
|   name                                        { $$ = build_name(parser, $1); }
;

fn_head:
    name LEFT_PAREN fn_params RIGHT_PAREN type  { $3->name = $1; $3->result = *$5; $$ = $3; }
|   name LEFT_PAREN RIGHT_PAREN type
        { $$ = NEW(struct ast_fn); $$->name = $1; $$->result = *$4; }
;

fn_params:
    name type
        { $$ = NEW(struct ast_fn); PUSH(&$$->params.names, $1); PUSH(&$$->params.types, *$2); }
|   fn_params COMMA name type
        { PUSH(&$1->params.names, $3); PUSH(&$1->params.types, *$4); $$ = $1; }
;

/* --------------------------------------------------- clauses of maps and of checks' sources */

clauses:
    %empty                                      { $$ = NEW(struct clause_list); }
|   clauses clause                              { PUSH(&$1->v, *$2); $$ = $1; }
|   clauses AFTER names                         { build_after(parser, $1, $3, span_join(@2, @3)); $$ = $1; }
|   clauses NL                                  { yyerrok; }
|   clauses error NL                            { yyerrok; build_dropped_clause(parser, $1, @2); $$ = $1; }
;

clause:
    FROM name IN path
        { $$ = build_clause(parser, CLAUSE_FROM, @$); $$->alias = $2; $$->path = *$4; }
|   EACH name IN handled
        { $$ = build_clause(parser, CLAUSE_EACH, @$); $$->alias = $2; $$->expr = $4; }
|   JOIN name IN path ON expr opt_handlers
        { $$ = build_join(parser, CLAUSE_JOIN, $2, $4, $6, $7, @$); }
|   LEFT_JOIN name IN path ON expr opt_handlers
        { $$ = build_join(parser, CLAUSE_LEFT_JOIN, $2, $4, $6, $7, @$); }
|   LOOKUP name IN path ON expr opt_handlers
        { $$ = build_join(parser, CLAUSE_LOOKUP, $2, $4, $6, $7, @$); }
|   LEFT_LOOKUP name IN path ON expr opt_handlers
        { $$ = build_join(parser, CLAUSE_LEFT_LOOKUP, $2, $4, $6, $7, @$); }
|   WHERE handled
        { $$ = build_clause(parser, CLAUSE_WHERE, @$); $$->expr = $2; }
|   GROUP_BY named_exprs
        {
            $$ = build_clause(parser, CLAUSE_GROUP_BY, @$);
            VEC_MOVE($$->exprs, $2->exprs);
            VEC_MOVE($$->names, $2->names);
        }
|   SELECT named_exprs
        {
            $$ = build_clause(parser, CLAUSE_SELECT, @$);
            VEC_MOVE($$->exprs, $2->exprs);
            VEC_MOVE($$->names, $2->names);
        }
|   ORDER_BY order_items
        { $$ = build_clause(parser, CLAUSE_ORDER_BY, @$); VEC_MOVE($$->order, $2->v); }
|   UNIQUE_BY exprs opt_handlers
        {
            $$ = build_clause(parser, CLAUSE_UNIQUE_BY, @$);
            VEC_MOVE($$->exprs, $2->v);
            build_add_handlers(parser, &$$->handlers, $3);
        }
|   UNIQUE_BY exprs KEEP keep_which opt_handlers
        {
            $$ = build_clause(parser, CLAUSE_UNIQUE_BY, @$);
            VEC_MOVE($$->exprs, $2->v);
            $$->keep = str_is($4.text, "first") ? ACTION_FIRST : ACTION_LAST;
            build_add_handlers(parser, &$$->handlers, $5);
        }
|   UNIQUE_BY exprs KEEP keep_which BY order_items opt_handlers
        {
            $$ = build_clause(parser, CLAUSE_UNIQUE_BY, @$);
            VEC_MOVE($$->exprs, $2->v);
            $$->keep = str_is($4.text, "first") ? ACTION_FIRST : ACTION_LAST;
            VEC_MOVE($$->order, $6->v);
            build_add_handlers(parser, &$$->handlers, $7);
        }
|   KEY exprs opt_handlers
        {
            $$ = build_clause(parser, CLAUSE_KEY, @$);
            VEC_MOVE($$->exprs, $2->v);
            build_add_handlers(parser, &$$->handlers, $3);
        }
|   PARTITION_BY expr AS name
        { $$ = build_clause(parser, CLAUSE_PARTITION_BY, @$); $$->expr = $2; PUSH(&$$->names, $4); }
|   INTO path
        { $$ = build_clause(parser, CLAUSE_INTO, @$); $$->path = *$2; }
|   INTO name constant
        { $$ = build_clause(parser, CLAUSE_INTO, @$); $$->word = $2; $$->text = $3; }
|   ON_CONFLICT action
        {
            $$ = build_clause(parser, CLAUSE_ON_CONFLICT, @$);
            PUSH(&$$->handlers.list, build_handler(parser, $1, NULL, $2, @$));
        }
|   ON_CONFLICT LEFT_PAREN names RIGHT_PAREN action
        {
            $$ = build_clause(parser, CLAUSE_ON_CONFLICT, @$);
            PUSH(&$$->handlers.list, build_handler(parser, $1, $3, $5, @$));
        }
|   ROLLBACK name
        { $$ = build_clause(parser, CLAUSE_ROLLBACK, @$); $$->word = $2; }
|   ROLLBACK SQL constant
        { $$ = build_clause(parser, CLAUSE_ROLLBACK, @$); $$->word = build_ast_name($2); $$->text = $3; }
|   ROLLBACK NONE BECAUSE constant
        { $$ = build_clause(parser, CLAUSE_ROLLBACK, @$); $$->word = build_ast_name($2); $$->text = $4; }
|   COMMIT PER name
        { $$ = build_clause(parser, CLAUSE_COMMIT, @$); build_commit(parser, $$, NULL, $3); }
|   COMMIT PER INT name
        {
            $$ = build_clause(parser, CLAUSE_COMMIT, @$);
            build_commit(parser, $$, build_number(parser, X_INT, $3), $4);
        }
|   REBUILD name
        { $$ = build_clause(parser, CLAUSE_REBUILD, @$); build_rebuild(parser, $$, $2); }
|   TOLERANCE limit tolerance_tail
        { $$ = build_clause(parser, CLAUSE_TOLERANCE, @$); build_tolerance($$, $2, $3); }
|   KEEP_CROSSWALK DURATION
        { $$ = build_clause(parser, CLAUSE_KEEP_CROSSWALK, @$); $$->expr = build_duration(parser, $2); }
|   EXCEPT REJECTED BY path
        { $$ = build_clause(parser, CLAUSE_EXCEPT_REJECTED, @$); $$->path = *$4; }
;

limit:
    amount                                      { $$ = build_limit(parser, $1, false); }
|   PERCENT_NUMBER              { $$ = build_limit(parser, build_number(parser, X_INT, $1), true); }
;

amount:
    number
|   PARAM                                       { $$ = build_word(parser, X_PARAM, $1); }
;

keep_which: FIRST | LAST ;

named_exprs:
    expr
        { $$ = NEW(struct named_list); PUSH(&$$->exprs, $1); PUSH(&$$->names, (struct ast_name){0}); }
|   expr AS name
        { $$ = NEW(struct named_list); PUSH(&$$->exprs, $1); PUSH(&$$->names, $3); }
|   named_exprs COMMA expr
        { PUSH(&$1->exprs, $3); PUSH(&$1->names, (struct ast_name){0}); $$ = $1; }
|   named_exprs COMMA expr AS name              { PUSH(&$1->exprs, $3); PUSH(&$1->names, $5); $$ = $1; }
;

order_items:
    expr descending
        { $$ = NEW(struct order_list); PUSH(&$$->v, (struct ast_order_item){$1, $2}); }
|   order_items COMMA expr descending           { PUSH(&$1->v, (struct ast_order_item){$3, $4}); $$ = $1; }
;

descending:
    %empty                                      { $$ = false; }
|   ASC                                         { $$ = false; }
|   DESC                                        { $$ = true; }
;

/* ------------------------------------------------------------------ bodies of maps and of audit */

body:
    LEFT_BRACE items RIGHT_BRACE                { $$ = $2; }
;

items:
    %empty                                      { $$ = NEW(struct item_list); }
|   items item NL                               { PUSH(&$1->v, *$2); $$ = $1; }
|   items error NL                              { yyerrok; build_dropped_item(parser, $1, @2); $$ = $1; }
;

item:
    name ASSIGN handled                         { $$ = build_item(parser, ITEM_ASSIGN, $1, $3, @$); }
|   LET name ASSIGN handled                     { $$ = build_item(parser, ITEM_LET, $2, $4, @$); }
|   VALIDATE name COLON expr                    { $$ = build_item(parser, ITEM_VALIDATE, $2, $4, @$); }
|   VALIDATE name COLON expr fail_handler
        { $$ = build_item(parser, ITEM_VALIDATE, $2, $4, @$); PUSH(&$$->handlers.list, *$5); }
|   ELLIPSIS name                               { $$ = build_item(parser, ITEM_SPREAD, $2, NULL, @$); }
|   ELLIPSIS name EXCEPT LEFT_PAREN names RIGHT_PAREN
        { $$ = build_item(parser, ITEM_SPREAD, $2, NULL, @$); VEC_MOVE($$->names, $5->v); }
|   IGNORED names BECAUSE constant
        {
            $$ = build_item(parser, ITEM_IGNORED, (struct ast_name){0}, NULL, @$);
            VEC_MOVE($$->names, $2->v);
            $$->because = $4;
        }
;

/* ------------------------------------------------------------------ checks and tests */

check_word:
    D_CHECK                                     { $$ = false; }
|   D_BEFORE_CHECK                              { $$ = true; }
;

check_items:
    %empty                                      { $$ = NEW(struct check_parts); }
|   check_items NL                              { yyerrok; }
|   check_items error NL                        { yyerrok; $$ = $1; }
|   check_items SOURCE                          { $1->check.has_source = true; $1->forms++; $$ = $1; }
|   check_items clause                          { build_check_clause(parser, $1, $2); $$ = $1; }
|   check_items TARGET SQL constant             { $1->check.sql = $4; $$ = $1; }
|   check_items SQL constant compare expr
        {
            $1->check.sql = $3;
            $1->check.has_compare = true;
            $1->check.compare = $4;
            $1->check.expected = $5;
            $1->forms++;
            $$ = $1;
        }
|   check_items SAMPLE INT OF name
        {
            $1->check.is_sample = true;
            $1->check.count = build_number(parser, X_INT, $3);
            $1->check.map = $5;
            $1->forms++;
            $$ = $1;
        }
|   check_items fail_handler                    { PUSH(&$1->check.handlers.list, *$2); $$ = $1; }
;

compare:
    EQUAL                                       { $$ = AST_EQUAL; }
|   NOT_EQUAL                                   { $$ = AST_NOT_EQUAL; }
|   LESS                                        { $$ = AST_LESS; }
|   LESS_EQUAL                                  { $$ = AST_LESS_EQUAL; }
|   GREATER                                     { $$ = AST_GREATER; }
|   GREATER_EQUAL                               { $$ = AST_GREATER_EQUAL; }
|   ASSIGN                                      { $$ = AST_EQUAL; report_sql_equal(parser, @1); }
;

steps:
    %empty                                      { $$ = NEW(struct step_list); }
|   steps step NL                               { PUSH(&$1->v, *$2); $$ = $1; }
|   steps error NL                              { yyerrok; $$ = $1; }
;

step:
    PARAM_STEP name ASSIGN handled
        { $$ = build_step(parser, STEP_PARAM, @$); $$->name = $2; $$->expr = $4; }
|   GIVEN path LEFT_BRACE fields RIGHT_BRACE
        { $$ = build_step(parser, STEP_GIVEN, @$); $$->path = *$2; VEC_MOVE($$->fields, $4->v); }
|   GIVEN path FROM constant
        { $$ = build_step(parser, STEP_GIVEN, @$); $$->path = *$2; $$->file = $4; }
|   EXPECT path LEFT_BRACE fields RIGHT_BRACE
        { $$ = build_step(parser, STEP_EXPECT_ROW, @$); $$->path = *$2; VEC_MOVE($$->fields, $4->v); }
|   EXPECT INT path
        {
            $$ = build_step(parser, STEP_EXPECT_COUNT, @$);
            $$->expr = build_number(parser, X_INT, $2);
            $$->path = *$3;
        }
|   EXPECT INT path BY path
        {
            $$ = build_step(parser, STEP_EXPECT_COUNT, @$);
            $$->expr = build_number(parser, X_INT, $2);
            $$->path = *$3;
            $$->by = *$5;
        }
|   EXPECT REJECTED path opt_message
        { $$ = build_step(parser, STEP_EXPECT_REJECT, @$); $$->path = *$3; $$->expr = $4; }
|   ASSERT handled                              { $$ = build_step(parser, STEP_ASSERT, @$); $$->expr = $2; }
|   code_line                                   { $$ = build_step(parser, STEP_CODE, @$); $$->code = *$1; }
;

fields:
    %empty                                      { $$ = NEW(struct field_list); }
|   fields field COMMA                          { PUSH(&$1->v, *$2); $$ = $1; }
|   fields field NL                             { PUSH(&$1->v, *$2); $$ = $1; }
|   fields NL
|   fields error NL                             { yyerrok; $$ = $1; }
;

field:
    name COLON handled
        { $$ = NEW(struct ast_field); *$$ = (struct ast_field){$1, $3, @$}; }
;

/* ------------------------------------------------------------------ schema changes */

change_steps:
    %empty                                      { $$ = NEW(struct change_list); }
|   change_steps change_step NL                 { PUSH(&$1->v, *$2); $$ = $1; }
|   change_steps error NL                       { yyerrok; $$ = $1; }
;

change_step:
    UP constant                                 { $$ = build_change_step(parser, CHANGE_UP, $2, @$); }
|   AFTER constant                              { $$ = build_change_step(parser, CHANGE_AFTER, $2, @$); }
|   DOWN constant                               { $$ = build_change_step(parser, CHANGE_DOWN, $2, @$); }
|   DOWN NONE BECAUSE constant
        { $$ = build_change_step(parser, CHANGE_DOWN_NONE, (struct ast_name){0}, @$); $$->because = $4; }
|   RECOVERY constant                           { $$ = build_change_step(parser, CHANGE_RECOVERY, $2, @$); }
|   BACKFILL path SET assignments backfill_where backfill_batch backfill_pause
        {
            $$ = build_change_step(parser, CHANGE_BACKFILL, (struct ast_name){0}, @$);
            $$->table = *$2;
            VEC_MOVE($$->sets, $4->v);
            $$->where = $5;
            $$->batch = $6;
            $$->pause = $7;
        }
;

assignments:
    name ASSIGN handled
        { $$ = NEW(struct item_list); PUSH(&$$->v, *build_item(parser, ITEM_ASSIGN, $1, $3, @$)); }
|   assignments COMMA name ASSIGN handled
        { PUSH(&$1->v, *build_item(parser, ITEM_ASSIGN, $3, $5, span_join(@3, @5))); $$ = $1; }
;

backfill_where:
    %empty                                      { $$ = NULL; }
|   WHERE handled                               { $$ = $2; }
;
backfill_batch:
    %empty                                      { $$ = NULL; }
|   BATCH INT                                   { $$ = build_number(parser, X_INT, $2); }
;
backfill_pause:
    %empty                                      { $$ = NULL; }
|   PAUSE DURATION                              { $$ = build_duration(parser, $2); }
;

/* ------------------------------------------------------------------ handlers */

opt_handlers:
    %empty                                      { $$ = NULL; }
|   handlers
;

handlers:
    handler                                     { $$ = NEW(struct handler_list); PUSH(&$$->v, *$1); }
|   handlers handler                            { PUSH(&$1->v, *$2); $$ = $1; }
;

handler:
    ON_EVENT action
        { $$ = NEW(struct ast_handler); *$$ = build_handler(parser, $1, NULL, $2, @$); }
;

fail_handler:
    ON_FAIL action
        { $$ = NEW(struct ast_handler); *$$ = build_handler(parser, $1, NULL, $2, @$); }
;

action:
    USE expr                                    { $$ = build_action(parser, ACTION_USE, NULL, $2, NULL, @$); }
|   SKIP
        { $$ = build_action(parser, ACTION_SKIP, NULL, NULL, NULL, @$); }
|   REJECT opt_message
        { $$ = build_action(parser, ACTION_REJECT, $2, NULL, NULL, @$); }
|   WARN opt_message
        { $$ = build_action(parser, ACTION_WARN, $2, NULL, NULL, @$); }
|   WARN opt_message USE expr                   { $$ = build_action(parser, ACTION_WARN, $2, $4, NULL, @$); }
|   FAIL opt_message
        { $$ = build_action(parser, ACTION_FAIL, $2, NULL, NULL, @$); }
|   FIRST
        { $$ = build_action(parser, ACTION_FIRST, NULL, NULL, NULL, @$); }
|   LAST
        { $$ = build_action(parser, ACTION_LAST, NULL, NULL, NULL, @$); }
|   UPDATE
        { $$ = build_action(parser, ACTION_UPDATE, NULL, NULL, NULL, @$); }
|   UPDATE LEFT_PAREN names RIGHT_PAREN
        { $$ = build_action(parser, ACTION_UPDATE, NULL, NULL, $3, @$); }
;

opt_message:
    %empty                                      { $$ = NULL; }
|   text_expr
;

/* ------------------------------------------------------------------ expressions */

handled:
    expr
|   expr handlers                               { $$ = build_handled(parser, $1, $2, @$); }
;

expr:
    bare_name                                   { $$ = build_name(parser, $1); }
|   PARAM                                       { $$ = build_word(parser, X_PARAM, $1); }
|   text_expr
|   number
|   TRUE                                        { $$ = build_bool(parser, true, @$); }
|   FALSE                                       { $$ = build_bool(parser, false, @$); }
|   NULL                                        { $$ = build_expr(parser, X_NULL, @$); }
|   TYPED                                       { $$ = build_typed(parser, $1); }
|   DURATION                                    { $$ = build_duration(parser, $1); }
|   BAD_LITERAL                                 { $$ = build_expr(parser, X_ERROR, @$); }
|   LEFT_PAREN handled RIGHT_PAREN              { $$ = build_unary(parser, X_GROUP, $2, @1, @$); }
|   LEFT_BRACKET arguments RIGHT_BRACKET        { $$ = build_list(parser, X_ARRAY, NULL, $2, @$); }
|   BRACKETS                                    { $$ = build_expr(parser, X_ARRAY, @$); }
|   expr DOT member_name                        { $$ = build_member(parser, $1, $3, @$); }
|   expr LEFT_BRACKET arguments RIGHT_BRACKET   { $$ = build_list(parser, X_INDEX, $1, $3, @$); }
|   expr LEFT_PAREN opt_arguments RIGHT_PAREN   { $$ = build_call(parser, $1, $3, @4, @$); }
|   expr LEFT_PAREN STAR RIGHT_PAREN            { $$ = build_sql_count_star(parser, $1, @3, @$); }
|   expr DOUBLE_COLON type                      { $$ = build_sql_cast(parser, $1, $3, @$, true); }
|   CAST LEFT_PAREN expr AS type RIGHT_PAREN    { $$ = build_sql_cast(parser, $3, $5, @$, false); }
|   CASE case_subject case_arms case_else CASE_END { $$ = build_sql_case(parser, $2, $3, $4, @$); }
|   MINUS expr %prec NEGATE                     { $$ = build_unary(parser, X_NEGATE, $2, @1, @$); }
|   expr STAR expr                              { $$ = build_binary(parser, AST_MULTIPLY, $1, $3, @2); }
|   expr SLASH expr                             { $$ = build_binary(parser, AST_DIVIDE, $1, $3, @2); }
|   expr PERCENT expr                           { $$ = build_binary(parser, AST_MODULO, $1, $3, @2); }
|   expr PLUS expr                              { $$ = build_binary(parser, AST_ADD, $1, $3, @2); }
|   expr MINUS expr                             { $$ = build_binary(parser, AST_SUBTRACT, $1, $3, @2); }
|   expr CONCAT expr                            { $$ = build_binary(parser, AST_CONCAT, $1, $3, @2); }
|   expr COALESCE expr                          { $$ = build_binary(parser, AST_COALESCE, $1, $3, @2); }
|   expr EQUAL expr                             { $$ = build_binary(parser, AST_EQUAL, $1, $3, @2); }
|   expr NOT_EQUAL expr                         { $$ = build_binary(parser, AST_NOT_EQUAL, $1, $3, @2); }
|   expr LESS expr                              { $$ = build_binary(parser, AST_LESS, $1, $3, @2); }
|   expr LESS_EQUAL expr                        { $$ = build_binary(parser, AST_LESS_EQUAL, $1, $3, @2); }
|   expr GREATER expr                           { $$ = build_binary(parser, AST_GREATER, $1, $3, @2); }
|   expr GREATER_EQUAL expr                     { $$ = build_binary(parser, AST_GREATER_EQUAL, $1, $3, @2); }
|   expr ASSIGN expr                            { $$ = build_sql_equal(parser, $1, $3, @2); }
|   expr IN LEFT_PAREN arguments RIGHT_PAREN    { $$ = build_in(parser, false, $1, $4, @2, @$); }
|   expr NOT_IN LEFT_PAREN arguments RIGHT_PAREN { $$ = build_in(parser, true, $1, $4, @2, @$); }
|   expr BETWEEN expr BETWEEN_AND expr          { $$ = build_between(parser, false, $1, $3, $5, @2); }
|   expr NOT_BETWEEN expr BETWEEN_AND expr      { $$ = build_between(parser, true, $1, $3, $5, @2); }
|   expr LIKE expr
        { $$ = build_predicate(parser, X_LIKE, false, $1, $3, @2, @$); }
|   expr NOT_LIKE expr
        { $$ = build_predicate(parser, X_LIKE, true, $1, $3, @2, @$); }
|   expr MATCHES expr
        { $$ = build_predicate(parser, X_MATCHES, false, $1, $3, @2, @$); }
|   expr NOT_MATCHES expr
        { $$ = build_predicate(parser, X_MATCHES, true, $1, $3, @2, @$); }
|   expr IS_NULL
        { $$ = build_predicate(parser, X_IS_NULL, false, $1, NULL, @2, @$); }
|   expr IS_NOT_NULL
        { $$ = build_predicate(parser, X_IS_NULL, true, $1, NULL, @2, @$); }
|   NOT expr                                    { $$ = build_unary(parser, X_NOT, $2, @1, @$); }
|   expr AND expr                               { $$ = build_binary(parser, AST_AND, $1, $3, @2); }
|   expr OR expr                                { $$ = build_binary(parser, AST_OR, $1, $3, @2); }
|   IF expr THEN expr ELSE expr %prec IF_ELSE   { $$ = build_if(parser, $2, $4, $6, @$); }
|   MATCH expr LEFT_BRACE arms RIGHT_BRACE      { $$ = build_match(parser, $2, $4, @$); }
|   MATCH LEFT_BRACE arms RIGHT_BRACE           { $$ = build_match(parser, NULL, $3, @$); }
;

arms:
    %empty                                      { $$ = NEW(struct arm_list); }
|   arms arm NL                                 { PUSH(&$1->v, *$2); $$ = $1; }
|   arms error NL                               { yyerrok; $$ = $1; }
;

arm:
    exprs FAT_ARROW arm_result
        { $$ = NEW(struct ast_arm); VEC_MOVE($$->patterns, $1->v); $$->result = $3; $$->span = @$; }
|   WHEN expr FAT_ARROW arm_result
        { $$ = NEW(struct ast_arm); $$->when = $2; $$->result = $4; $$->span = @$; }
|   DEFAULT FAT_ARROW arm_result
        { $$ = NEW(struct ast_arm); $$->is_default = true; $$->result = $3; $$->span = @$; }
;

arm_result:
    handled
|   SKIP
        { $$ = build_action_result(parser, build_action(parser, ACTION_SKIP, NULL, NULL, NULL, @$)); }
|   REJECT opt_message
        { $$ = build_action_result(parser, build_action(parser, ACTION_REJECT, $2, NULL, NULL, @$)); }
|   FAIL opt_message
        { $$ = build_action_result(parser, build_action(parser, ACTION_FAIL, $2, NULL, NULL, @$)); }
|   WARN opt_message USE expr
        { $$ = build_action_result(parser, build_action(parser, ACTION_WARN, $2, $4, NULL, @$)); }
;

case_subject:
    %empty                                      { $$ = NULL; }
|   expr
;

case_arms:
    WHEN expr THEN expr
        { $$ = NEW(struct arm_list); PUSH(&$$->v, (struct ast_arm){.when = $2, .result = $4, .span = @$}); }
|   case_arms WHEN expr THEN expr
        { PUSH(&$1->v, (struct ast_arm){.when = $3, .result = $5, .span = span_join(@2, @5)}); $$ = $1; }
;

case_else:
    %empty                                      { $$ = NULL; }
|   ELSE expr                                   { $$ = $2; }
;

opt_arguments:
    %empty                                      { $$ = NEW(struct expr_list); }
|   arguments
;

arguments:
    argument                                    { $$ = NEW(struct expr_list); PUSH(&$$->v, $1); }
|   arguments COMMA argument                    { PUSH(&$1->v, $3); $$ = $1; }
;

argument:
    handled
|   KEEP keep_which INT
        { $$ = build_keep(parser, $2, build_number(parser, X_INT, $3), @$); }
;

exprs:
    expr                                        { $$ = NEW(struct expr_list); PUSH(&$$->v, $1); }
|   exprs COMMA expr                            { PUSH(&$1->v, $3); $$ = $1; }
;

text_expr:
    text                                        { $$ = build_text(parser, $1); }
;

text: RAW_TEXT | TEXT | BLOCK_TEXT ;

number:
    INT                                         { $$ = build_number(parser, X_INT, $1); }
|   DECIMAL                                     { $$ = build_number(parser, X_DECIMAL, $1); }
|   FLOAT                                       { $$ = build_number(parser, X_FLOAT, $1); }
;

literal:
    text_expr
|   number
|   MINUS number                                { $$ = build_unary(parser, X_NEGATE, $2, @1, @$); }
|   TRUE                                        { $$ = build_bool(parser, true, @$); }
|   FALSE                                       { $$ = build_bool(parser, false, @$); }
|   NULL                                        { $$ = build_expr(parser, X_NULL, @$); }
|   TYPED                                       { $$ = build_typed(parser, $1); }
|   DURATION                                    { $$ = build_duration(parser, $1); }
|   BAD_LITERAL                                 { $$ = build_expr(parser, X_ERROR, @$); }
;

literals:
    literal                                     { $$ = NEW(struct expr_list); PUSH(&$$->v, $1); }
|   literals COMMA literal                      { PUSH(&$1->v, $3); $$ = $1; }
;

/* --------------------------------------------------- texts that are no expressions, types, names */

constant:
    text                                        { $$ = build_constant_text(parser, $1); }
;

opt_constant:
    %empty                                      { $$ = (struct ast_name){0}; }
|   constant
;

types:
    type                                        { $$ = NEW(struct type_list); PUSH(&$$->v, *$1); }
|   types COMMA type                            { PUSH(&$1->v, *$3); $$ = $1; }
;

type:
    path %prec TYPE                             { $$ = build_type(parser, $1, @$); }
|   path QUESTION                               { $$ = build_type(parser, $1, @$); $$->nullable = true; }
|   path BRACKETS                               { $$ = build_type(parser, $1, @$); $$->is_array = true; }
|   path BRACKETS QUESTION
        { $$ = build_type(parser, $1, @$); $$->is_array = $$->nullable = true; }
|   path QUESTION BRACKETS
        { $$ = build_type(parser, $1, @$); $$->is_array = $$->element_nullable = true; }
|   path QUESTION BRACKETS QUESTION
        { $$ = build_type(parser, $1, @$); $$->is_array = $$->element_nullable = $$->nullable = true; }
;

path:
    name
        { $$ = NEW(struct ast_path); PUSH(&$$->parts, $1); $$->span = @$; }
|   path DOT member_name                        { PUSH(&$1->parts, $3); $1->span = @$; $$ = $1; }
;

names:
    name                                        { $$ = NEW(struct name_list); PUSH(&$$->v, $1); }
|   names COMMA name                            { PUSH(&$1->v, $3); $$ = $1; }
;

/* A word that is no keyword; the filter makes every word behind a dot one. */
member_name: NAME                               { $$ = build_ast_name($1); } ;

name:
    bare_name
|   reserved_action                             { $$ = build_ast_name($1); }
;

reserved_action: WHEN | SKIP | REJECT | WARN | FAIL ;

bare_name:
    NAME                                        { $$ = build_ast_name($1); }
|   nameable                                    { $$ = build_ast_name($1); }
;

nameable:
    AFTER | AS | ASC | ASSERT | BACKFILL | BATCH | BECAUSE | BETWEEN | BY | COMMIT | DESC | DOWN | EACH | ENV
|   EXCEPT | EXPECT | FIRST | FOR | FORMAT | FROM | GIVEN | IGNORED | INLINE | INTO | JOIN | KEEP | KEY | LAST
|   LET | LIKE | LOOKUP | MATCHES | NONE | OF | ON | PARAM_STEP | PAUSE | PER | PII | QUERY | REBUILD | RECOVERY
|   REJECTED | ROLLBACK | ROW | SAMPLE | SELECT | SET | SOURCE | SQL | SYMBOL | TARGET | TOLERANCE | UP | UPDATE | USE
|   VALIDATE | VERSION | WHERE
;

%%

static void mig_error(const struct span *location, struct parser *parser, const char *message) {
    (void)location;
    (void)message; /* syntax errors come through yyreport_syntax_error; what is left is "memory exhausted" */
    parser_report_exhausted(parser);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *parser) {
    enum { MOST = YYNTOKENS };
    yysymbol_kind_t kinds[MOST];
    const char *names[MOST];
    int count = yypcontext_expected_tokens(context, kinds, MOST);
    if (count < 0) return count;
    for (int i = 0; i < count; i++) names[i] = yysymbol_name(kinds[i]);
    parser_report_error(parser, names, (uint32_t)count);
    return 0;
}

/* The tokens that may follow what the parser has read: their names, at most `most`. Returns how many. */
uint32_t mig_expected(mig_pstate *state, const char **names, uint32_t most) {
    yysymbol_kind_t kinds[YYNTOKENS];
    int count = yypstate_expected_tokens(state, kinds, YYNTOKENS);
    uint32_t kept = 0;
    for (int i = 0; i < count && kept < most; i++) names[kept++] = yysymbol_name(kinds[i]);
    return kept;
}

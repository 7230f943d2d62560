/* What parses, and the trees it gives. Longer texts stand in golden/NAME.mig with their trees in
 * golden/NAME.ast. */
#include "tests/syntax/test_syntax.h"
#include "compiler/syntax/token.h"

#include <stdio.h>

static void check_golden(const char *name) {
    char path[512];
    struct buf text = {0}, tree = {0};
    snprintf(path, sizeof path, "%s/golden/%s.mig", MIG_SYNTAX_TESTS, name);
    read_file(path, &text);
    snprintf(path, sizeof path, "%s/golden/%s.ast", MIG_SYNTAX_TESTS, name);
    read_file(path, &tree);
    assert_tree(text.ptr, tree.ptr);
    buf_release(&text);
    buf_release(&tree);
}

static void sources(void **state) {
    (void)state;
    check_golden("sources");
}
static void declarations(void **state) {
    (void)state;
    check_golden("declarations");
}
static void maps(void **state) {
    (void)state;
    check_golden("maps");
}
static void expressions(void **state) {
    (void)state;
    check_golden("expressions");
}
static void checks(void **state) {
    (void)state;
    check_golden("checks");
}

static void portal_spec_parses(void **state) {
    (void)state;
    struct buf text = {0}, errors = {0};
    struct parsed parsed;
    read_file(MIG_PORTAL_SPEC, &text);
    parsed_init(&parsed, buf_str(&text));
    parsed_errors(&parsed, &errors);
    assert_string_equal(errors.ptr, "");
    assert_true(parsed.file->decls.count > 30);
    buf_release(&text);
    buf_release(&errors);
    parsed_release(&parsed);
}

/* ------------------------------------------------------------------ line structure */

#define MAP(body) "map m from t in s into x {\n" body "}\n"
#define MAP_TREE  "map m\n  from t in s\n  into x\n"

static void operators_at_line_ends_continue(void **state) {
    (void)state;
    assert_tree(MAP("  a = b +\n    c\n  d = e\n"),
                MAP_TREE "  assign a\n    binary +\n      name b\n      name c\n  assign d\n    name e\n");
    assert_tree(MAP("  a = b\n    or c\n  d =\n    e\n"),
                MAP_TREE "  assign a\n    binary or\n      name b\n      name c\n  assign d\n    name e\n");
    assert_tree(MAP("  a = b not\n    in (c,\n d)\n"),
                MAP_TREE "  assign a\n    in negated\n      name b\n      name c\n"
                         "      name d\n");
}

static void brackets_at_line_starts_continue(void **state) {
    (void)state;
    assert_tree(MAP("  a = f\n    (b)\n    .c\n    [d]\n"), MAP_TREE
                "  assign a\n    index\n      member c\n        call f\n          name b\n      name d\n");
}

static void assignments_always_start_items(void **state) {
    (void)state;
    assert_tree(MAP("  a = b\n  use = c\n  like = d\n  in_x = e\n"),
                MAP_TREE "  assign a\n    name b\n  assign use\n    name c\n  assign like\n    name d\n"
                         "  assign in_x\n    name e\n");
    assert_tree(MAP("  let from = a\n  on = b; by = c\n"),
                MAP_TREE "  let from\n    name a\n  assign on\n    name b\n  assign by\n    name c\n");
}

static void negative_keys_start_arms(void **state) {
    (void)state;
    assert_tree(
        MAP("  a = match x {\n    1 => b\n    -1 => c\n    -2, -3 => d - 1\n  }\n"), MAP_TREE
        "  assign a\n    match\n      name x\n      arm\n        int 1\n        =>\n          name b\n"
        "      arm\n        negate\n          int 1\n        =>\n          name c\n"
        "      arm\n        negate\n          int 2\n        negate\n          int 3\n        =>\n"
        "          binary -\n            name d\n            int 1\n");
}

static void brackets_may_stand_in_column_1(void **state) {
    (void)state;
    assert_tree("source a : inline\n{ x int }\n[ (1)\n]\n",
                "source a\n  format inline\n  table \n    column x int\n  row\n    int 1\n");
}

static void clauses_may_share_a_line(void **state) {
    (void)state;
    assert_tree("map m from t in s where a\n  == b into x key a, b\n  on conflict skip { }\n",
                "map m\n  from t in s\n  where\n    binary ==\n      name a\n      name b\n  into x\n  key\n "
                "   name a\n"
                "    name b\n  on conflict clause\n    on conflict skip\n");
}

static void comments_stand_anywhere(void **state) {
    (void)state;
    assert_tree("-- doc\n-- more\nmap m -- one\n  -- two\n  from t -- three\n in s\n  into x\n{ -- four\n  a "
                "= -- five\n"
                "  -- six\n  b\n  -- about c\n  c = d -- seven\n  -- eight\n}\n-- nine\n",
                "map m\n  doc \"doc\\nmore\"\n  from t in s\n  into x\n  assign a\n    name b\n"
                "  assign c\n    doc \"about c\"\n    name d\n");
}

static void blank_line_parts_comment_from_declaration(void **state) {
    (void)state;
    assert_tree("-- not this\n\n-- this\nuse a\nuse b -- nor this\nuse c\n",
                "use a\n  doc \"this\"\n  a\nuse b\n  b\nuse c\n  c\n");
}

static void windows_line_ends_and_mark(void **state) {
    (void)state;
    assert_tree("\xEF\xBB\xBFuse a\r\n-- x\r\nuse b\r\n", "use a\n  a\nuse b\n  doc \"x\"\n  b\n");
}

static void empty_texts(void **state) {
    (void)state;
    assert_tree("", "");
    assert_tree("\n\n", "");
    assert_tree("-- only a comment", "");
}

/* Every word that is not reserved can name a column, a field, a let and, but for a few, a value. */
static void clause_words_are_names(void **state) {
    (void)state;
    static const struct {
        const char *text, *use;
    } words[] = {
#define KEYWORD(text, token, use) {text, #use},
#define DECLARATION(text, token)  {text, "NAMEABLE"},
#include "compiler/syntax/keywords.def"
        {"left", "NAMEABLE"}, {"group", "NAMEABLE"}, {"error", "NAMEABLE"}, {"date", "NAMEABLE"},
        {"days", "NAMEABLE"}, {"sheet", "NAMEABLE"}, {"case", "NAMEABLE"},  {"end", "NAMEABLE"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *w = words[i].text;
        bool reserved = strcmp(words[i].use, "RESERVED") == 0, bare = strcmp(words[i].use, "NAMEABLE") == 0;
        bool column = strcmp(w, "like") && strcmp(w, "between") && strcmp(w, "matches") && strcmp(w, "as") &&
                      strcmp(w, "use");
        char text[512];
        int n = snprintf(text, sizeof text, "map m from t in s into x {\n  a = t.%s + t.%s.b\n  `%s` = 1\n",
                         w, w, w);
        if (!reserved)
            n += snprintf(text + n, sizeof text - (size_t)n,
                          "  %s = 1\n  let %s = 2\n  z = f(t.%s) -- c\n  y = x\n", w, w, w);
        if (bare) n += snprintf(text + n, sizeof text - (size_t)n, "  b = %s + f(%s, 1) == %s\n", w, w, w);
        n += snprintf(text + n, sizeof text - (size_t)n, "}\n");
        if (!reserved && column)
            n += snprintf(text + n, sizeof text - (size_t)n,
                          "source s : csv 'x' {\n  one text\n  %s text from 'x'\n  two int }\n", w);
        assert_errors(text, "");
        if (!reserved && column) {
            struct parsed parsed;
            parsed_init(&parsed, str_cstr(text));
            assert_int_equal(parsed.file->decls.items[1]->source.tables.items[0].columns.count, 3);
            parsed_release(&parsed);
        }
    }
}

/* ------------------------------------------------------------------ expressions by themselves */

static void precedence(void **state) {
    (void)state;
    assert_expr("-a.b[1] * 2",
                "binary *\n  negate\n    index\n      member b\n        name a\n      int 1\n  int 2\n");
    assert_expr("not a is null and b", "binary and\n  not\n    is null\n      name a\n  name b\n");
    assert_expr("a ?? b || c + d",
                "binary ??\n  name a\n  binary ||\n    name b\n    binary +\n      name c\n      name d\n");
    assert_expr("a ?? b == c", "binary ==\n  binary ??\n    name a\n    name b\n  name c\n");
    assert_expr("if a then b else c or d", "if\n  name a\n  name b\n  binary or\n    name c\n    name d\n");
    assert_expr("a - b - c", "binary -\n  binary -\n    name a\n    name b\n  name c\n");
    assert_expr("a between 1 and 2 and b",
                "binary and\n  between\n    name a\n    int 1\n    int 2\n  name b\n");
    assert_expr("5 % 3", "binary %\n  int 5\n  int 3\n");
    assert_expr("a%3", "binary %\n  name a\n  int 3\n");
}

static void handlers_belong_to_the_whole(void **state) {
    (void)state;
    assert_expr(
        "if a then b else c[d] on missing use e",
        "handled\n  if\n    name a\n    name b\n    index\n      name c\n      name d\n  on missing use\n"
        "    value\n      name e\n");
    assert_expr("f(a on null skip)", "call f\n  handled\n    name a\n    on null skip\n");
    assert_expr("on + missing", "binary +\n  name on\n  name missing\n");
}

static void texts(void **state) {
    (void)state;
    assert_expr("''", "text \"\"\n");
    assert_expr("\"\"", "text \"\"\n");
    assert_expr("'a''b\\n{c}'", "text \"a'b\\\\n{c}\"\n");
    assert_expr("\"a\\\\\\\"\\{\\}}\"", "text \"a\\\\\\\"{}}\"\n");
    assert_expr("\"{a}\"", "interpolated\n  name a\n");
    assert_expr("\"{a[\"x\"]}{'}'}\"", "interpolated\n  index\n    name a\n    text \"x\"\n  text \"}\"\n");
    assert_expr("\"{match a { 1 => 2; _ => 3 }}\"", "interpolated\n  match\n    name a\n    arm\n      int "
                                                    "1\n      =>\n        int 2\n    arm _\n      =>\n"
                                                    "        int 3\n");
    assert_expr("\"\"\"a {b} \\n 'c' \"d\" \"\"\"", "text \"a {b} \\\\n 'c' \\\"d\\\" \"\n");
    assert_expr("\"\"\"\n    a\n      b\n\n    c\n    \"\"\"", "text \"a\\n  b\\n\\nc\"\n");
    assert_expr("\"\"\"\r\n  a\r\n  b\"\"\"", "text \"a\\nb\"\n");
    assert_expr("\"\"\"\"\"\"", "text \"\"\n");
}

/* Spans inside the braces of a text are those of the source. */
static void spans_in_texts(void **state) {
    (void)state;
    struct arena arena = {0};
    struct diag_list diags;
    diag_list_init(&diags, &arena);
    const struct source_text *source =
        source_text_new(&arena, STR("t"), STR("x || \"\xC3\xA9 {  t.name } b\""));
    struct ast_expr *expr = parse_expression(&arena, source, &diags);
    assert_non_null(expr);
    struct ast_expr *hole = expr->right->items.items[1];
    struct str text = span_text(hole->span);
    assert_int_equal(text.len, 6);
    assert_memory_equal(text.ptr, "t.name", 6);
    arena_release(&arena);
}

/* ------------------------------------------------------------------ tokens keep everything */

static void tokens_are_lossless(void **state) {
    (void)state;
    struct arena arena = {0};
    struct diag_list diags;
    struct token_list list;
    struct buf text = {0}, joined = {0};
    diag_list_init(&diags, &arena);
    struct syntax_reporter reporter = {.diags = &diags};
    read_file(MIG_PORTAL_SPEC, &text);
    const struct source_text *source = source_text_new(&arena, STR("portal.mig"), buf_str(&text));
    assert_true(token_scan(&list, &arena, source, 0, (uint32_t)text.len, &reporter));
    for (uint32_t i = 0; i < list.tokens.count; i++) {
        const struct token *token = &list.tokens.items[i];
        uint32_t newlines = 0;
        for (uint32_t t = 0; t < token->trivia_count; t++) {
            const struct trivia *trivia = &list.trivia.items[token->trivia_first + t];
            newlines += trivia->kind == TRIVIA_NEWLINE;
            buf_append(&joined, text.ptr + trivia->start, trivia->len);
        }
        assert_int_equal(newlines, token->newlines_before);
        buf_append_str(&joined, token_text(&list, i));
    }
    assert_int_equal(joined.len, text.len);
    assert_memory_equal(joined.ptr, text.ptr, text.len);
    assert_string_equal(token_kind_name(TOKEN_FAT_ARROW), "=>");
    buf_release(&text);
    buf_release(&joined);
    arena_release(&arena);
}

int run_tree_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources),
        cmocka_unit_test(declarations),
        cmocka_unit_test(maps),
        cmocka_unit_test(expressions),
        cmocka_unit_test(checks),
        cmocka_unit_test(portal_spec_parses),
        cmocka_unit_test(operators_at_line_ends_continue),
        cmocka_unit_test(brackets_at_line_starts_continue),
        cmocka_unit_test(assignments_always_start_items),
        cmocka_unit_test(negative_keys_start_arms),
        cmocka_unit_test(brackets_may_stand_in_column_1),
        cmocka_unit_test(clauses_may_share_a_line),
        cmocka_unit_test(comments_stand_anywhere),
        cmocka_unit_test(blank_line_parts_comment_from_declaration),
        cmocka_unit_test(windows_line_ends_and_mark),
        cmocka_unit_test(empty_texts),
        cmocka_unit_test(clause_words_are_names),
        cmocka_unit_test(precedence),
        cmocka_unit_test(handlers_belong_to_the_whole),
        cmocka_unit_test(texts),
        cmocka_unit_test(spans_in_texts),
        cmocka_unit_test(tokens_are_lossless),
    };
    return cmocka_run_group_tests_name("syntax: trees", tests, NULL, NULL);
}

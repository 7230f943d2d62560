/* Wrong specs and what is said about them: errors.txt holds each text with all its errors. */
#include "tests/syntax/test_syntax.h"

#include <stdio.h>
#include <stdlib.h>

/* errors.txt: cases begin with a line `=== name`; the text follows, then `---`, then the errors. */
static void error_cases(void **state) {
    (void)state;
    struct buf file = {0};
    read_file(MIG_SYNTAX_TESTS "/errors.txt", &file);
    uint32_t count = 0;
    char *at = strstr(file.ptr, "=== ");
    while (at) {
        char *next = strstr(at + 4, "\n=== ");
        char *text = strchr(at, '\n') + 1;
        if (next) next[1] = '\0';
        char *errors = strstr(text, "\n---\n");
        assert_non_null(errors);
        errors[1] = '\0';
        errors += 5;
        struct parsed parsed;
        struct buf got = {0};
        parsed_init(&parsed, str_cstr(text));
        parsed_errors(&parsed, &got);
        if (strcmp(got.ptr, errors) != 0) {
            print_error("case %.*s\n%s---\n", (int)strcspn(at + 4, "\n"), at + 4, text);
            assert_string_equal(got.ptr, errors);
        }
        assert_true(parsed.file->has_errors);
        buf_release(&got);
        parsed_release(&parsed);
        count++;
        if (next) next[1] = '=';
        at = next ? next + 1 : NULL;
    }
    assert_true(count >= 60);
    buf_release(&file);
}

/* Independent mistakes all over a spec: each is reported, on its line, and nothing else. */
static void many_mistakes_at_once(void **state) {
    (void)state;
    assert_errors("migration demo version 1\n"
                  "\n"
                  "source people : csv 'people.csv' {\n"
                  "  id    int from 'Id'\n"
                  "  name  text form 'Name'\n"
                  "  email text?\n"
                  "}\n"
                  "codes state : text -> app.state {\n"
                  "  'a' -> active\n"
                  "  'b' => blocked\n"
                  "}\n"
                  "fn clean(x text) text = lower(trim(x)\n"
                  "mapp wrong\n"
                  "  from p in people\n"
                  "{\n"
                  "  id = p.id\n"
                  "}\n"
                  "map users\n"
                  "  from p in people\n"
                  "  wher p.name != ''\n"
                  "  into app.users\n"
                  "  key p.id\n"
                  "{\n"
                  "  id    = p.id\n"
                  "  name  = clean(p.name) +\n"
                  "  email = p.email on missing rejct 'no'\n"
                  "  state = if p.id > 3 then 'a'\n"
                  "  note  = \"hello {p.name + } there\"\n"
                  "}\n",
                  "5:14 E0101 `form` is not known here\n"
                  "9:7 E0101 `=>` belongs here, not `->`\n"
                  "12:30 E0112 `(` is never closed\n"
                  "13:1 E0101 `mapp` does not start a declaration\n"
                  "20:3 E0101 `wher` is not known here\n"
                  "25:26 E0101 expected an expression after `+`\n"
                  "26:30 E0101 `rejct` is no action\n"
                  "27:31 E0101 the `if` has no `else`\n"
                  "28:27 E0101 expected an expression after `+`\n");
}

/* What parsed stays in the tree, and the declaration says that something is missing from it. */
static void trees_of_broken_texts(void **state) {
    (void)state;
    struct parsed parsed;
    struct buf got = {0};
    parsed_init(
        &parsed,
        STR("source s : csv {\n  a text\n  b tex t\n}\nfn f(x text = 1\nmap m\n  from t in s\n  into 5\n"
            "  key t.a\n{\n  a = 1\n  b =\n  c = 3\n}\nmap ok from t in s into x { }\n"));
    ast_dump(parsed.file, &got);
    assert_string_equal(
        got.ptr, "source s (broken)\n  format \n  table \n    column a text\n"
                 "fn f (broken)\n  result \n"
                 "map m (broken)\n  from t in s\n  key\n    member a\n      name t\n  assign a\n    int 1\n"
                 "  assign b\n    error\n  assign c\n    int 3\n"
                 "map ok\n  from t in s\n  into x\n");
    buf_release(&got);
    parsed_release(&parsed);
}

/* Applying a fix gives a text that parses. */
static void fixes_parse(void **state) {
    (void)state;
    static const char *const expressions[] = {"a = 1",
                                              "a <> 1",
                                              "a IS NOT NULL",
                                              "x::int",
                                              "cast(x as text)",
                                              "case when a then b else c end",
                                              "case x when 1 then 2 end",
                                              "count(*)",
                                              "14 dys",
                                              "a OR NOT b",
                                              "\xE2\x80\x98x\xE2\x80\x99",
                                              "x on eror skip",
                                              "match a { 1 : 2 }"};
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        struct arena arena = {0};
        struct diag_list diags;
        char fixed[256], text[256];
        snprintf(text, sizeof text, "%s", expressions[i]);
        for (int round = 0;; round++) { /* one fix a round */
            diag_list_init(&diags, &arena);
            const struct source_text *source = source_text_new(&arena, STR("t"), str_cstr(text));
            if (parse_expression(&arena, source, &diags)) break;
            assert_true(round < 4 && diags.items.items[0]->has_fix);
            const struct diag *diag = diags.items.items[0];
            snprintf(fixed, sizeof fixed, "%.*s%.*s%s", (int)diag->fix_span.start, text,
                     STR_ARG(diag->fix_text), text + diag->fix_span.end);
            memcpy(text, fixed, sizeof text);
        }
        arena_release(&arena);
    }
}

int run_error_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_cases),
        cmocka_unit_test(many_mistakes_at_once),
        cmocka_unit_test(trees_of_broken_texts),
        cmocka_unit_test(fixes_parse),
    };
    return cmocka_run_group_tests_name("syntax: errors", tests, NULL, NULL);
}

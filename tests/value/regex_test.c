/* Regular expressions. */
#include "runtime/value/regex.h"
#include "tests/value/check.h"

static struct regex *compile(struct arena *arena, const char *pattern) {
    struct regex *regex;
    struct str error;
    size_t at;
    if (!regex_compile(arena, str_cstr(pattern), &regex, &error, &at))
        fail_msg("%s: %.*s", pattern, STR_ARG(error));
    return regex;
}

static void test_match(void **state) {
    static const struct {
        const char *pattern, *text;
        bool want;
    } cases[] = {{"^[A-Za-z0-9]{20,}$", "abcdefghij0123456789", true},
                 {"^[A-Za-z0-9]{20,}$", "abcdefghij0123456789\n", false}, /* $ is the very end */
                 {"b", "abc", true},
                 {"^.$", "é", true},
                 {"^\\d+$", "٣", false},
                 {"(*UCP)^\\d+$", "٣", true},
                 {"(?i)^é$", "É", true},
                 {"", "", true},
                 {"^a(?=b)", "ab", true},
                 {"x", "", false}};
    struct regex_scratch *scratch = regex_scratch_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct regex *regex = compile(*state, cases[i].pattern);
        bool yes;
        assert_ok(regex_match(regex, scratch, str_cstr(cases[i].text), &yes));
        if (yes != cases[i].want) fail_msg("'%s' matches '%s'", cases[i].text, cases[i].pattern);
        regex_free(regex);
    }
    regex_scratch_free(scratch);
}

static void test_bad_patterns(void **state) {
    static const char *const cases[] = {"a(b", "[z-a]",  "a)",         "(?<n>a)(?<n>b)", "\\C",
                                        "*a",  "a{2,1}", "[[:nope:]]", "(?<=a*)b"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct regex *bad;
        struct str message = {0};
        size_t where = 99;
        assert_false(regex_compile(*state, str_cstr(cases[i]), &bad, &message, &where));
        assert_null(bad);
        assert_true(message.len > 0);
        assert_true(where <= strlen(cases[i]));
    }
    struct regex *regex;
    struct str error;
    size_t at;
    char *long_pattern = arena_zalloc(*state, 70000);
    memset(long_pattern, 'a', 70000);
    assert_false(regex_compile(*state, str_from(long_pattern, 70000), &regex, &error, &at));
    regex_free(NULL);
    regex_scratch_free(NULL);
}

static void test_groups(void **state) {
    struct regex_scratch *scratch = regex_scratch_new();
    struct regex *regex = compile(*state, "(?<year>\\d{4})-(\\d\\d)(x)?");
    struct str out;
    bool found;
    assert_int_equal(regex_group_count(regex), 3);
    assert_int_equal(regex_group_find(regex, STR("year")), 1);
    assert_int_equal(regex_group_find(regex, STR("month")), -1);
    assert_ok(regex_extract(regex, scratch, STR("on 2025-09-19"), 2, &found, &out));
    assert_true(found);
    assert_text(out, "09");
    assert_ok(regex_extract(regex, scratch, STR("on 2025-09-19"), 3, &found, &out));
    assert_false(found);
    assert_ok(regex_extract(regex, scratch, STR("never"), 0, &found, &out));
    assert_false(found);
    assert_fault(regex_extract(regex, scratch, STR("x"), 4, &found, &out), FAULT_BAD_ARGUMENT);
    regex_free(regex);
    char many[200] = ""; /* more groups than the scratch has room for at first */
    for (int i = 0; i < 40; i++)
        memcpy(many + 4 * i, "(a)?", 4);
    regex = compile(*state, many);
    assert_ok(regex_extract(regex, scratch, STR("aaaa"), 4, &found, &out));
    assert_text(out, "a");
    assert_ok(regex_extract(regex, scratch, STR("aaaa"), 40, &found, &out));
    assert_false(found);
    regex_free(regex);
    regex_scratch_free(scratch);
}

static void test_replace(void **state) {
    static const struct {
        const char *pattern, *text, *replacement, *want;
        bool first_only;
    } cases[] = {{"[^0-9]+", "+61 (2) 55", "", "61255", false},
                 {"(\\w+) (\\w+)", "Ada Lovelace", "$2, $1", "Lovelace, Ada", false},
                 {"a*", "baaac", "-", "-b--c-", false},
                 {"a", "aaa", "b", "baa", true},
                 {"(?<x>a)|(b)", "ab", "[${x}$2]", "[a][b]", false},
                 {"a", "a", "$$1", "$1", false},
                 {"x", "none", "y", "none", false},
                 {"", "é", "-", "-é-", false},
                 {"(?=b)", "ab", "|", "a|b", false},
                 {"a\\Kb", "abab", "X", "aXaX", false}};
    struct regex_scratch *scratch = regex_scratch_new();
    struct str out;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct regex *regex = compile(*state, cases[i].pattern);
        assert_ok(regex_replace(regex, scratch, *state, str_cstr(cases[i].text),
                                str_cstr(cases[i].replacement), cases[i].first_only, &out));
        assert_text(out, cases[i].want);
        regex_free(regex);
    }
    struct regex *regex = compile(*state, "(a)");
    static const char *const bad[] = {"$2", "${b}", "${", "$", "$x", "${12}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fault(regex_replace(regex, scratch, *state, STR("a"), str_cstr(bad[i]), false, &out),
                     FAULT_BAD_ARGUMENT);
    regex_free(regex);
    regex = compile(*state, "\\s*,\\s*");
    struct array fields;
    assert_ok(regex_split(regex, scratch, *state, STR("a , b,,c"), &fields));
    assert_int_equal(fields.count, 4);
    assert_text(((const struct str *)fields.items)[1], "b");
    assert_text(((const struct str *)fields.items)[2], "");
    regex_free(regex);
    regex_scratch_free(scratch);
}

static void test_limits(void **state) {
    struct regex_scratch *scratch = regex_scratch_new();
    struct regex *regex = compile(*state, "^(a+)+$");
    char text[64];
    bool yes;
    memset(text, 'a', sizeof text);
    text[63] = 'b';
    assert_fault(regex_match(regex, scratch, str_from(text, sizeof text), &yes), FAULT_REGEX_LIMIT);
    assert_false(yes);
    assert_ok(regex_match(regex, scratch, str_from(text, 63), &yes)); /* the scratch is good for more */
    assert_true(yes);
    regex_free(regex);
    regex_scratch_free(scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {ARENA_TEST(test_match), ARENA_TEST(test_bad_patterns),
                                       ARENA_TEST(test_groups), ARENA_TEST(test_replace),
                                       ARENA_TEST(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

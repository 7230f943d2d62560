/* Text functions, where Postgres has no equal; the rest is compared in oracle_test. */
#include "runtime/value/text.h"
#include "tests/value/check.h"

static void test_space(void **state) {
    static const struct {
        const char *text, *trimmed, *squeezed;
    } cases[] = {{"", "", ""},
                 {"abc", "abc", "abc"},
                 {"  a  b ", "a  b", " a b "},
                 {"\u00a0\u2003a\u3000\tb\n", "a\u3000\tb", " a b "},
                 {"a\tb", "a\tb", "a b"},
                 {" ", "", " "},
                 {"\t\r\n\v\f\xc2\x85\u1680\u2028\u202f\u205f", "", " "},
                 {"\u200bé\u200b", "\u200bé\u200b", "\u200bé\u200b"}, /* no white space */
                 {"é  é", "é  é", "é é"},
                 {"â\u00a0", "â", "â "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_text(text_trim(str_cstr(cases[i].text)), cases[i].trimmed);
        assert_text(text_squeeze(*state, str_cstr(cases[i].text)), cases[i].squeezed);
    }
    assert_text(text_trim_left(STR(" a ")), "a ");
    assert_text(text_trim_right(STR(" a ")), " a");
    assert_true(text_is_blank(STR(" \u00a0")));
    assert_false(text_is_blank(STR(" .")));
    struct str same = STR("no change");
    assert_ptr_equal(text_squeeze(*state, same).ptr, same.ptr);
}

static void test_case(void **state) {
    assert_text(text_lower(*state, STR("ÄÖÜ Straße İ")), "äöü straße i\u0307");
    assert_text(text_upper(*state, STR("straße ﬁ ŉ ÿ")), "STRASSE FI ʼN Ÿ");
    assert_text(text_lower(*state, STR("ΟΔΥΣΣΕΥΣ")), "οδυσσευς");
    assert_text(text_fold(*state, STR("STRAẞE")), "strasse");
    static const char *const titles[][2] = {{"acme pty", "Acme Pty"},
                                            {"o'brien-smith 3rd", "O'brien-Smith 3rd"},
                                            {"don\u2019t STOP mcDonald", "Don\u2019t STOP McDonald"},
                                            {"élan vital", "Élan Vital"},
                                            {"'quoted' (word) a/b", "'Quoted' (Word) A/B"},
                                            {"e\u0301tude", "E\u0301tude"},
                                            {"", ""}};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        assert_text(text_title(*state, str_cstr(titles[i][0])), titles[i][1]);
}

static void test_slug(void **state) {
    static const char *const cases[][2] = {{"  ACME   Pty. Ltd. ", "acme-pty-ltd"},
                                           {"Crème Brûlée!", "creme-brulee"},
                                           {"--a--", "a"},
                                           {"", ""},
                                           {"漢字", ""},
                                           {"ﬁne ½ K", "fine-1-2-k"},
                                           {"Ångström №5", "angstrom-no5"},
                                           {"straße", "stra-e"},
                                           {"a漢b", "a-b"},
                                           {"e\u0301a", "ea"},
                                           {"İstanbul", "istanbul"},
                                           {"\ufdfa1", "1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_text(text_slug(*state, str_cstr(cases[i][0])), cases[i][1]);
    assert_text(text_unaccent(*state, STR("Crème Brûlée Ñandú ø 한국 कि")), "Creme Brulee Nandu ø 한국 कि");
    assert_text(text_unaccent(*state, STR("e\u0301")), "e");
}

static void test_slices(void **state) {
    struct str out;
    assert_text(text_left(STR("añb"), 2), "añ");
    assert_text(text_left(STR("añb"), -1), "añ");
    assert_text(text_left(STR("añb"), INT64_MIN), "");
    assert_text(text_right(STR("añb"), 2), "ñb");
    assert_text(text_right(STR("añb"), INT64_MIN), "");
    assert_text(text_right(STR("añb"), INT64_MAX), "añb");
    assert_ok(text_substr(STR("hello"), -1, 4, &out));
    assert_text(out, "he");
    assert_ok(text_substr(STR("hello"), INT64_MAX, INT64_MAX, &out));
    assert_text(out, "");
    assert_ok(text_substr(STR("hello"), INT64_MIN, INT64_MAX, &out));
    assert_text(out, "");
    assert_fault(text_substr(STR("hello"), 1, -1, &out), FAULT_BAD_ARGUMENT);
    assert_true(text_fits(STR("ñññ"), 3));
    assert_false(text_fits(STR("ñññ"), 2));
    assert_false(text_fits(STR(""), -1));
    assert_fault(text_split_part(STR("a"), STR(","), 0, &out), FAULT_BAD_ARGUMENT);
    assert_ok(text_split_part(STR("a,b,c"), STR(","), -1, &out));
    assert_text(out, "c");
    assert_ok(text_split_part(STR("a"), STR(","), INT64_MIN, &out));
    assert_text(out, "");
    (void)state;
}

static void test_build(void **state) {
    struct str out;
    assert_ok(text_replace(*state, STR("aaa"), STR("aa"), STR("b"), &out));
    assert_text(out, "ba");
    assert_ok(text_replace(*state, STR("abc"), STR(""), STR("x"), &out));
    assert_text(out, "abc");
    assert_ok(text_pad_left(*state, STR("7"), 3, STR("0"), &out));
    assert_text(out, "007");
    assert_ok(text_pad_left(*state, STR("12345"), 3, STR("0"), &out));
    assert_text(out, "12345"); /* not cut, other than in Postgres */
    assert_ok(text_pad_right(*state, STR("é"), 4, STR("ab"), &out));
    assert_text(out, "éaba");
    assert_fault(text_pad_left(*state, STR("7"), INT64_MAX, STR("0"), &out), FAULT_TOO_LARGE);
    assert_fault(text_repeat(*state, STR("ab"), INT64_MAX, &out), FAULT_TOO_LARGE);
    assert_ok(text_repeat(*state, STR("ab"), -1, &out));
    assert_text(out, "");
    assert_text(text_reverse(*state, STR("añ😀")), "😀ña");
    assert_text(text_only_digits(*state, STR("+61 (2) 5550-1234٣")), "61255501234");
    struct array fields = text_split(*state, STR("a,,b"), STR(","));
    assert_int_equal(fields.count, 3);
    assert_text(((const struct str *)fields.items)[1], "");
    assert_ok(text_join(*state, &fields, STR("--"), &out));
    assert_text(out, "a----b");
    uint8_t nulls[] = {0, 1, 0};
    fields.nulls = nulls;
    assert_ok(text_join(*state, &fields, STR("-"), &out));
    assert_text(out, "a-b");
    assert_int_equal(text_split(*state, STR(""), STR(",")).count, 0);
    assert_int_equal(text_split(*state, STR("ab"), STR("")).count, 1);
}

static void test_like(void **state) {
    static const struct {
        const char *text, *pattern;
        bool want;
    } cases[] = {{"T-12", "T-%", true},    {"M-12", "T-%", false}, {"", "%", true},
                 {"", "_", false},         {"é", "_", true},       {"abc", "a%c", true},
                 {"abcb", "a%c", false},   {"a%c", "a\\%c", true}, {"abc", "a\\%c", false},
                 {"aXbXc", "%X%X%", true}, {"ñañ", "%a_", true},   {"ab", "a", false},
                 {"a", "ab", false},       {"aab", "%ab", true},   {"s3://x", "s3://%", true}};
    bool yes;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(text_like(str_cstr(cases[i].text), str_cstr(cases[i].pattern), &yes));
        if (yes != cases[i].want) fail_msg("'%s' like '%s'", cases[i].text, cases[i].pattern);
    }
    assert_fault(text_like(STR("a"), STR("a\\"), &yes), FAULT_BAD_ARGUMENT);
    assert_fault(text_like_check(STR("%\\")), FAULT_BAD_ARGUMENT);
    assert_ok(text_like_check(STR("\\\\")));
}

static void test_masks(void **state) {
    struct str out;
    assert_ok(text_mask_keep_last(*state, STR("+61 5550 123"), 3, &out));
    assert_text(out, "*********123");
    assert_ok(text_mask_keep_first(*state, STR("ñandú"), 2, &out));
    assert_text(out, "ña***");
    assert_ok(text_mask_keep_last(*state, STR("abc"), 3, &out));
    assert_text(out, "***");
    assert_ok(text_mask_keep_last(*state, STR("abc"), INT64_MAX, &out));
    assert_text(out, "***");
    assert_ok(text_mask_keep_first(*state, STR(""), 0, &out));
    assert_text(out, "");
    assert_fault(text_mask_keep_first(*state, STR("abc"), -1, &out), FAULT_BAD_ARGUMENT);
    assert_text(text_redact(STR("secret")), "[redacted]");
}

static void test_check(void **state) {
    size_t at;
    (void)state;
    assert_ok(text_check(STR("aé😀"), &at));
    assert_fault(text_check(STR("a\0b"), &at), FAULT_NUL_BYTE);
    assert_int_equal(at, 1);
    assert_fault(text_check(STR("ab\xff"), &at), FAULT_BAD_UTF8);
    assert_int_equal(at, 2);
    assert_fault(text_check(STR("a\xff\0"), &at), FAULT_BAD_UTF8);
    assert_int_equal(at, 1);
    assert_fault(text_check(STR("\xed\xa0\x80"), NULL), FAULT_BAD_UTF8); /* a surrogate */
    assert_ok(text_check((struct str){0}, NULL));
}

/* Functions may be handed the empty text without a pointer, and broken UTF-8 must not lead them astray. */
static void test_odd_input(void **state) {
    static const char *const odd[] = {"\xff", "a\xc3", "\xe2\x80", "\x80\x80", "\xf0\x9f", "é\xff  \xe2\x80"};
    struct str none = {0}, out;
    bool yes;
    assert_int_equal(text_trim(none).len, 0);
    assert_int_equal(text_lower(*state, none).len, 0);
    assert_int_equal(text_slug(*state, none).len, 0);
    assert_int_equal(text_title(*state, none).len, 0);
    assert_int_equal(text_unaccent(*state, none).len, 0);
    assert_int_equal(text_position(none, STR("a")), 0);
    assert_ok(text_replace(*state, none, STR("a"), STR("b"), &out));
    assert_ok(text_normalize(*state, none, TEXT_NFC, &out));
    assert_ok(text_like(none, none, &yes));
    assert_true(yes);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct str s = str_cstr(odd[i]);
        text_trim(s);
        text_squeeze(*state, s);
        text_lower(*state, s);
        text_upper(*state, s);
        text_title(*state, s);
        text_slug(*state, s);
        text_unaccent(*state, s);
        text_reverse(*state, s);
        text_left(s, 1);
        text_right(s, 1);
        assert_fault(text_normalize(*state, s, TEXT_NFKD, &out), FAULT_BAD_UTF8);
        assert_ok(text_like(s, STR("_%"), &yes));
        assert_ok(text_mask_keep_last(*state, s, 1, &out));
        assert_ok(text_translate(*state, s, STR("a\xff"), STR("b"), &out));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ARENA_TEST(test_space),  ARENA_TEST(test_case),  ARENA_TEST(test_slug),
        ARENA_TEST(test_slices), ARENA_TEST(test_build), ARENA_TEST(test_like),
        ARENA_TEST(test_masks),  ARENA_TEST(test_check), ARENA_TEST(test_odd_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The type guesser: what columns of texts are taken for. */
#include "runtime/profile/column.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* A column of these values, separated by `|`; empty ones are nulls. */
static struct column_profile *column_of(struct arena *arena, const char *name, const char *values) {
    struct column_profile *column = ARENA_NEW(arena, struct column_profile);
    const struct guess_patterns *patterns = guess_patterns_new(arena);
    column_init(column, arena, 1000);
    column->name = column->from = str_cstr(name);
    for (uint64_t row = 1;; row++) {
        size_t len = strcspn(values, "|");
        column_add(column, patterns, len ? ROW_VALUE : ROW_NULL, CELL_TEXT, str_from(values, len), row);
        if (values[len] == '\0') break;
        values += len + 1;
    }
    column_finish(column, patterns, STR("table"));
    return column;
}

static void expect(const char *values, const char *wanted) {
    struct arena arena = {0};
    struct column_profile *column = column_of(&arena, "x", values);
    const struct guess *type = column_type(column);
    char got[128];
    snprintf(got, sizeof got, "%s%s%.*s", guess_kind_name(type->kind), type->pattern.len ? " " : "",
             STR_ARG(type->pattern));
    assert_string_equal(got, wanted);
    column_release(column);
    arena_release(&arena);
}

static void test_dates(void **state) {
    (void)state;
    expect("2025-01-31|2025-02-01", "date");
    expect("31/01/2025|01/02/2025", "date DD/MM/YYYY");
    expect("01/31/2025|02/01/2025", "date MM/DD/YYYY");
    expect("31.01.2025|1.2.2025", "date DD.MM.YYYY");
    expect("1 Feb 2025|12 Mar 2024", "date DD MON YYYY");
    expect("20250131|19991231", "date YYYYMMDD");
    expect("20251331|19991231|20250101|12345678", "int");
    expect("2025-01-31 10:00|2025-01-31 10:00:05", "timestamp");
    expect("31/01/2025 10:00|01/02/2025 9:05", "timestamp DD/MM/YYYY HH24:MI");
    expect("2025-01-31T10:00:00Z|2025-01-31T10:00:00+11:00", "timestamptz");
    expect("10:00|23:59:59", "time");
    expect("31/02/2025|30/02/2025", "text"); /* days that do not exist */
}

/* No day above 12: both orders fit, the answer says so. One above 12 settles it. */
static void test_day_or_month(void **state) {
    (void)state;
    struct arena arena = {0};
    struct column_profile *both = column_of(&arena, "x", "01/02/2025|03/04/2025");
    assert_true(str_is(column_type(both)->pattern, "DD/MM/YYYY"));
    assert_true(str_is(column_type(both)->other_pattern, "MM/DD/YYYY"));
    struct column_profile *one = column_of(&arena, "x", "01/02/2025|13/04/2025");
    assert_true(str_is(column_type(one)->pattern, "DD/MM/YYYY"));
    assert_int_equal(column_type(one)->other_pattern.len, 0);
    struct column_profile *other = column_of(&arena, "x", "01/02/2025|04/13/2025");
    assert_true(str_is(column_type(other)->pattern, "MM/DD/YYYY"));
    assert_int_equal(column_type(other)->other_pattern.len, 0);
    column_release(both);
    column_release(one);
    column_release(other);
    arena_release(&arena);
}

static void test_numbers(void **state) {
    (void)state;
    expect("1|-2|+30", "int");
    expect("1|2.5|1e3", "decimal");
    expect("1,234.50|1,000|12", "decimal with thousands separators");
    expect("$1,234.50|$5", "decimal with thousands separators");
    expect("12,50|7|3,25", "decimal with a comma");
    expect("1.234,50|7,1", "decimal with a comma");
    expect("1,23,456|1,2|1,2345", "text"); /* neither groups of three nor one comma each: the first */
    expect("9223372036854775808|1", "decimal");
    expect("0001|0002|0010", "text"); /* as numbers they would lose their zeros */
    expect("0|10|20", "int");
}

static void test_grouped_digits_are_no_decimals(void **state) {
    (void)state;
    char to[48];
    size_t len;
    assert_true(guess_plain_number(GUESS_DECIMAL_GROUPS, STR("-1,234,567.80"), to, &len));
    assert_true(str_eq(str_from(to, len), STR("-1234567.80")));
    assert_true(guess_plain_number(GUESS_DECIMAL_COMMA, STR("1.234,5"), to, &len));
    assert_true(str_eq(str_from(to, len), STR("1234.5")));
    assert_false(guess_plain_number(GUESS_DECIMAL_GROUPS, STR("1,2345"), to, &len));
    assert_false(guess_plain_number(GUESS_DECIMAL_GROUPS, STR("1,234,56"), to, &len));
    assert_false(guess_plain_number(GUESS_DECIMAL_GROUPS, STR("1,234."), to, &len));
    assert_false(guess_plain_number(GUESS_DECIMAL_GROUPS, STR("$"), to, &len));
    assert_false(guess_plain_number(GUESS_DECIMAL, STR("1,234"), to, &len));
}

static void test_words(void **state) {
    (void)state;
    expect("Y|n|YES|no", "bool");
    expect("true|false", "bool");
    expect("1|0|1", "int"); /* zeros and ones alone are numbers */
    expect("6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10|00000000-0000-0000-0000-000000000000", "uuid");
    expect("a@b.example|x.y+z@host.example", "e-mail");
    expect("a@b|@b.c|a b@c.d", "text");
    expect("https://example.test/a|http://example.test", "URL");
    expect("{\"a\":1}|[1,2]", "json");
    expect("{a:1}|[1,2", "text");
    expect("+61 412 345 678|0412 345 679|(02) 9999 1234", "phone");
    expect("4111 1111 1111 1111|5500005555555559", "card number");
    expect("4111 1111 1111 1112|5500005555555558", "text"); /* the last digit checks the others */
    expect("", "text");
}

/* Nine of ten values must fit; the others are told, by row. */
static void test_misfits(void **state) {
    (void)state;
    struct arena arena = {0};
    struct column_profile *column = column_of(&arena, "x", "1|2|3|4|5|6|7|8|9|tbc");
    const struct guess *type = column_type(column);
    assert_int_equal(type->kind, GUESS_INT);
    assert_int_equal(type->fits, 9);
    assert_int_equal(type->candidate->misfits, 1);
    assert_int_equal(type->candidate->misfit_row[0], 10);
    assert_memory_equal(type->candidate->misfit[0].bytes, "tbc", 3);
    column_release(column);
    column = column_of(&arena, "x", "1|2|3|a|b");
    assert_int_equal(column_type(column)->kind, GUESS_TEXT);
    assert_int_equal(column->answers[0].kind, GUESS_INT);
    column_release(column);
    arena_release(&arena);
}

static void test_counts(void **state) {
    (void)state;
    struct arena arena = {0};
    struct column_profile *column = column_of(&arena, "x", "wip||N/A|Wip|done| wip |done|done|n/a|WIP");
    assert_int_equal(column->rows, 10);
    assert_int_equal(column->nulls, 1);
    assert_int_equal(column->null_words, 2);
    assert_int_equal(column->values, 7);
    assert_int_equal(column->padded, 1);
    assert_int_equal(column->distinct.count, 5);
    assert_int_equal(column->folded.count, 2);
    assert_true(column->is_code);
    assert_false(column_is_unique(column));
    column_release(column);
    column = column_of(&arena, "x", "a|b|c|d");
    assert_true(column_is_unique(column));
    assert_false(column->is_code);
    column_release(column);
    column = column_of(&arena, "x", "a|A ");
    assert_false(column_is_unique(column)); /* written in two ways */
    column_release(column);
    arena_release(&arena);
}

static void test_patterns(void **state) {
    (void)state;
    struct arena arena = {0};
    static const char *const SHAPES[][2] = {
        {"12/03/2024", "99/99/9999"}, {"ABC-123", "AAA-999"}, {"P-0001", "A-9999"},
        {"Ruby Smith", "Aa+ Aa+"},    {"Zoë", "Aa+"},         {"a\nb", "a\\na"}};
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++)
        assert_true(str_is(column_pattern(&arena, str_cstr(SHAPES[i][0])), SHAPES[i][1]));
    arena_release(&arena);
}

static void expect_personal(const char *name, const char *values, enum personal_kind wanted) {
    struct arena arena = {0};
    struct column_profile *column = column_of(&arena, name, values);
    assert_int_equal(column->personal, wanted);
    column_release(column);
    arena_release(&arena);
}

static void test_personal(void **state) {
    (void)state;
    expect_personal("contact", "a@b.example|c@d.example", PERSONAL_EMAIL);
    expect_personal("Mobile", "0412345678|0412345679", PERSONAL_PHONE);
    expect_personal("First Name", "Ruby|Liam", PERSONAL_NAME);
    expect_personal("name", "Ruby Smith|Liam Lee|Bo Ng|Mia Lo|Ivy Oh|Max Ma", PERSONAL_NAME);
    expect_personal("company name", "Blue Gum|Red Rock|Big Sky|Old Oak|New Sun|Far Sea", PERSONAL_NOT);
    expect_personal("pan", "4111111111111111|5500005555555559", PERSONAL_CARD);
    expect_personal("date_of_birth", "2001-01-01|1999-12-31", PERSONAL_BIRTH);
    expect_personal("street", "1 Main St|2 High Rd", PERSONAL_ADDRESS);
    expect_personal("password", "hunter2|secret", PERSONAL_SECRET);
    expect_personal("created", "2001-01-01|1999-12-31", PERSONAL_NOT);
    expect_personal("status", "open|closed", PERSONAL_NOT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_day_or_month),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_misfits),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_personal),
        cmocka_unit_test(test_grouped_digits_are_no_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

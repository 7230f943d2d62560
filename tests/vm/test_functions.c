/* Every strict opcode with operands, in the three ways it can stand in a program: over rows, over scalars, in
 * the init part; and with a null for each operand. */
#include "tests/vm/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct function_case {
    enum opcode op;
    const char *args[3];
    const char *imm; /* text of the pattern, zone, regex, path or list */
    const char *expected;
};

static const struct function_case CASES[] = {
    /* text */
    {OP_LOWER, {"ÀB c"}, NULL, "àb c"},
    {OP_UPPER, {"straße"}, NULL, "STRASSE"},
    {OP_TITLE, {"o'brien-smith 3rd"}, NULL, "O'brien-Smith 3rd"},
    {OP_FOLD, {"Straße"}, NULL, "strasse"},
    {OP_TRIM, {" \xC2\xA0 a b \t"}, NULL, "a b"},
    {OP_TRIM, {"ab"}, NULL, "ab"},
    {OP_TRIM, {""}, NULL, ""},
    {OP_TRIM_LEFT, {"  a "}, NULL, "a "},
    {OP_TRIM_RIGHT, {" a  "}, NULL, " a"},
    {OP_SQUEEZE, {"a  b \n c"}, NULL, "a b c"},
    {OP_SLUG, {"Ünder  Way!"}, NULL, "under-way"},
    {OP_UNACCENT, {"é ø"}, NULL, "e ø"},
    {OP_NORMALISE, {"e\xCC\x81"}, NULL, "é"},
    {OP_NORMALISE_KC, {"ﬁ"}, NULL, "fi"},
    {OP_DIGITS, {"+61 (4) 1"}, NULL, "6141"},
    {OP_LEFT, {"héllo", "2"}, NULL, "hé"},
    {OP_LEFT, {"héllo", "-2"}, NULL, "hél"},
    {OP_RIGHT, {"héllo", "4"}, NULL, "éllo"},
    {OP_SUBSTR_FROM, {"héllo", "3"}, NULL, "llo"},
    {OP_SUBSTR, {"héllo", "2", "2"}, NULL, "él"},
    {OP_SUBSTR, {"hello", "2", "-1"}, NULL, "error R0156"},
    {OP_LENGTH, {"héllo"}, NULL, "5"},
    {OP_POSITION, {"héllo", "l"}, NULL, "3"},
    {OP_STARTS_WITH, {"abc", "ab"}, NULL, "true"},
    {OP_ENDS_WITH, {"abc", "ab"}, NULL, "false"},
    {OP_CONTAINS, {"abc", "b"}, NULL, "true"},
    {OP_IS_BLANK, {" \t"}, NULL, "true"},
    {OP_REPLACE, {"a,b,c", ",", "--"}, NULL, "a--b--c"},
    {OP_TRANSLATE, {"abc", "ab", "x"}, NULL, "xc"},
    {OP_PAD_LEFT_BLANK, {"7", "3"}, NULL, "  7"},
    {OP_PAD_LEFT, {"7", "3", "0"}, NULL, "007"},
    {OP_PAD_LEFT, {"7", "9000000000", "0"}, NULL, "error R0154"},
    {OP_PAD_RIGHT_BLANK, {"7", "2"}, NULL, "7 "},
    {OP_PAD_RIGHT, {"7", "3", "ab"}, NULL, "7ab"},
    {OP_REPEAT, {"ab", "3"}, NULL, "ababab"},
    {OP_REPEAT, {"ab", "9223372036854775807"}, NULL, "error R0154"},
    {OP_REVERSE, {"hé"}, NULL, "éh"},
    {OP_SPLIT_PART, {"a-b-c", "-", "-1"}, NULL, "c"},
    {OP_SPLIT_PART, {"a-b-c", "-", "0"}, NULL, "error R0156"},
    {OP_BLANK_TO_NULL, {"  "}, NULL, "null"},
    {OP_BLANK_TO_NULL, {" x"}, NULL, " x"},
    {OP_REGEX_REPLACE, {"a1b22", "<$2>"}, "[0-9]+", "error R0156"},
    {OP_REGEX_REPLACE, {"a1b22", "<$1>"}, "([0-9]+)", "a<1>b<22>"},
    {OP_REGEX_EXTRACT, {"id=42;"}, "id=([0-9]+)", "42"},
    {OP_REGEX_EXTRACT, {"id=42;"}, "[0-9]+", "42"},
    {OP_REGEX_EXTRACT, {"none"}, "[0-9]+", "null"},
    {OP_REGEX_SPLIT, {"a, b,c"}, ", *", "{a,b,c}"},
    {OP_MATCHES, {"abc"}, "^[a-c]+$", "true"},
    {OP_MATCHES,
     {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"},
     "^((a+)+)+$",
     "error R0133"},
    {OP_URL_ENCODE, {"a b/é"}, NULL, "a%20b%2F%C3%A9"},
    {OP_URL_DECODE, {"a%20b"}, NULL, "a b"},
    {OP_URL_DECODE, {"a%2"}, NULL, "error R0156"},
    /* numbers */
    {OP_ADD_INT, {"2", "3"}, NULL, "5"},
    {OP_ADD_INT, {"9223372036854775807", "1"}, NULL, "error R0121"},
    {OP_SUB_INT, {"-9223372036854775808", "1"}, NULL, "error R0121"},
    {OP_MUL_INT, {"-7", "6"}, NULL, "-42"},
    {OP_MOD_INT, {"-7", "3"}, NULL, "-1"},
    {OP_MOD_INT, {"-9223372036854775808", "-1"}, NULL, "0"},
    {OP_MOD_INT, {"1", "0"}, NULL, "error R0122"},
    {OP_DIV_INT, {"-9223372036854775808", "-1"}, NULL, "error R0121"},
    {OP_NEG_INT, {"-9223372036854775808"}, NULL, "error R0121"},
    {OP_ADD_DECIMAL, {"0.10", "0.2"}, NULL, "0.30"},
    {OP_SUB_DECIMAL, {"1", "0.25"}, NULL, "0.75"},
    {OP_MUL_DECIMAL, {"1.5", "1.5"}, NULL, "2.25"},
    {OP_DIV_DECIMAL, {"1", "3"}, NULL, "0.33333333333333333333"},
    {OP_DIV_DECIMAL, {"1", "0"}, NULL, "error R0122"},
    {OP_MOD_DECIMAL, {"7.5", "2"}, NULL, "1.5"},
    {OP_NEG_DECIMAL, {"2.50"}, NULL, "-2.50"},
    {OP_ADD_FLOAT, {"1.5", "2"}, NULL, "3.5"},
    {OP_SUB_FLOAT, {"1.5", "2"}, NULL, "-0.5"},
    {OP_MUL_FLOAT, {"1e308", "10"}, NULL, "error R0121"},
    {OP_DIV_FLOAT, {"1", "0"}, NULL, "error R0122"},
    {OP_NEG_FLOAT, {"1.5"}, NULL, "-1.5"},
    {OP_ABS_INT, {"-5"}, NULL, "5"},
    {OP_ABS_DECIMAL, {"-5.0"}, NULL, "5.0"},
    {OP_ABS_FLOAT, {"-5"}, NULL, "5"},
    {OP_SIGN_INT, {"-5"}, NULL, "-1"},
    {OP_SIGN_DECIMAL, {"0.00"}, NULL, "0"},
    {OP_SIGN_FLOAT, {"0.1"}, NULL, "1"},
    {OP_ROUND_DECIMAL, {"2.5"}, NULL, "3"},
    {OP_ROUND_DECIMAL_TO, {"2.345", "2"}, NULL, "2.35"},
    {OP_ROUND_FLOAT, {"-2.5"}, NULL, "-3"},
    {OP_ROUND_FLOAT_TO, {"1.005", "2"}, NULL, "1.01"},
    {OP_TRUNCATE_DECIMAL, {"-2.9"}, NULL, "-2"},
    {OP_TRUNCATE_DECIMAL_TO, {"2.999", "1"}, NULL, "2.9"},
    {OP_CEIL_DECIMAL, {"2.1"}, NULL, "3"},
    {OP_FLOOR_DECIMAL, {"-2.1"}, NULL, "-3"},
    {OP_GREATEST_INT, {"2", "3"}, NULL, "3"},
    {OP_LEAST_DECIMAL, {"2.50", "2.5"}, NULL, "2.50"},
    {OP_GREATEST_FLOAT, {"2", "-3"}, NULL, "2"},
    {OP_GREATEST_TEXT, {"a", "b"}, NULL, "b"},
    {OP_LEAST_DATE, {"2025-02-01", "2024-12-31"}, NULL, "2024-12-31"},
    {OP_LEAST_TIME, {"10:00", "09:00"}, NULL, "09:00:00"},
    {OP_GREATEST_TIMESTAMP, {"2025-01-01 00:00:00", "2025-01-01 00:00:01"}, NULL, "2025-01-01 00:00:01"},
    {OP_LEAST_INTERVAL, {"1 day", "23:00:00"}, NULL, "23:00:00"},
    /* comparisons */
    {OP_EQ_I64, {"1", "1"}, NULL, "true"},
    {OP_NE_I64, {"1", "1"}, NULL, "false"},
    {OP_LT_I64, {"-1", "1"}, NULL, "true"},
    {OP_LE_I64, {"2", "1"}, NULL, "false"},
    {OP_GT_I64, {"2", "1"}, NULL, "true"},
    {OP_GE_I64, {"1", "1"}, NULL, "true"},
    {OP_EQ_BOOL, {"true", "true"}, NULL, "true"},
    {OP_LT_BOOL, {"false", "true"}, NULL, "true"},
    {OP_EQ_DECIMAL, {"2.50", "2.5"}, NULL, "true"},
    {OP_GT_DECIMAL, {"2.51", "2.5"}, NULL, "true"},
    {OP_EQ_FLOAT, {"0", "-0"}, NULL, "true"},
    {OP_EQ_TEXT, {"abc", "abd"}, NULL, "false"},
    {OP_EQ_TEXT, {"", ""}, NULL, "true"},
    {OP_NE_TEXT, {"abc", "abcd"}, NULL, "true"},
    {OP_LT_TEXT, {"ab", "abc"}, NULL, "true"},
    {OP_GE_TEXT, {"é", "z"}, NULL, "true"},
    {OP_EQ_BYTES, {"\\x00ff", "\\x00ff"}, NULL, "true"},
    {OP_LT_UUID,
     {"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"},
     NULL,
     "true"},
    {OP_EQ_INTERVAL, {"1 mon", "30 days"}, NULL, "true"},
    {OP_IN_TEXT, {"b"}, "[\"a\",\"b\",\"\"]", "true"},
    {OP_IN_TEXT, {"c"}, "[\"a\",\"b\"]", "false"},
    {OP_IN_TEXT, {""}, "[]", "false"},
    {OP_IN_INT, {"7"}, "[\"9\",\"7\",\"-1\"]", "true"},
    {OP_IN_INT, {"8"}, "[\"9\",\"7\",\"-1\"]", "false"},
    {OP_LIKE, {"abc"}, "abc", "true"},
    {OP_LIKE, {"abc"}, "ab%", "true"},
    {OP_LIKE, {"abc"}, "%bc", "true"},
    {OP_LIKE, {"abc"}, "%b%", "true"},
    {OP_LIKE, {"abc"}, "%", "true"},
    {OP_LIKE, {""}, "%%", "true"},
    {OP_LIKE, {"abc"}, "a_c", "true"},
    {OP_LIKE, {"a%c"}, "a\\%c", "true"},
    {OP_LIKE, {"abc"}, "a\\%c", "false"},
    {OP_LIKE_ANY, {"abc", "a%"}, NULL, "true"},
    {OP_NOT, {"true"}, NULL, "false"},
    /* conversions */
    {OP_TEXT_TO_BOOL, {"Yes"}, NULL, "true"},
    {OP_TEXT_TO_BOOL, {"x"}, NULL, "error R0102"},
    {OP_TEXT_TO_INT, {"-12"}, NULL, "-12"},
    {OP_TEXT_TO_INT, {"1 2"}, NULL, "error R0103"},
    {OP_TEXT_TO_INT, {"1,234"}, "9,999", "1234"},
    {OP_TEXT_TO_DECIMAL, {"2.50"}, NULL, "2.50"},
    {OP_TEXT_TO_DECIMAL, {"NaN"}, NULL, "error R0104"},
    {OP_TEXT_TO_DECIMAL, {"$1,234.50"}, "$9,999.99", "1234.50"},
    {OP_TEXT_TO_FLOAT, {"1e-3"}, NULL, "0.001"},
    {OP_TEXT_TO_DATE, {"2025-02-28"}, NULL, "2025-02-28"},
    {OP_TEXT_TO_DATE, {"31/03/2025"}, "DD/MM/YYYY", "2025-03-31"},
    {OP_TEXT_TO_DATE, {"1/3/2025"}, "DD/MM/YYYY", "2025-03-01"},
    {OP_TEXT_TO_DATE, {"31/02/2025"}, "DD/MM/YYYY", "error R0106"},
    {OP_TEXT_TO_DATE, {"31/03/2025 "}, "DD/MM/YYYY", "error R0106"},
    {OP_TEXT_TO_DATE, {"00/03/2025"}, "DD/MM/YYYY", "error R0106"},
    {OP_TEXT_TO_DATE, {"01/03/0000"}, "DD/MM/YYYY", "error R0106"},
    {OP_TEXT_TO_DATE, {"2025.03.31"}, "YYYY.MM.DD", "2025-03-31"},
    {OP_TEXT_TO_DATE, {"03-31-2025"}, "MM-DD-YYYY", "2025-03-31"},
    {OP_TEXT_TO_TIME, {"09:30"}, NULL, "09:30:00"},
    {OP_TEXT_TO_TIME, {"9.30 pm"}, "HH12.MI am", "21:30:00"},
    {OP_TEXT_TO_TIMESTAMP, {"2025-02-01 09:30"}, "YYYY-MM-DD HH24:MI", "2025-02-01 09:30:00"},
    {OP_TEXT_TO_TIMESTAMPTZ, {"2025-02-01 09:30 Australia/Sydney"}, NULL, "2025-01-31 22:30:00+00"},
    {OP_TEXT_TO_TIMESTAMPTZ, {"2025-02-01 09:30"}, NULL, "error R0109"},
    {OP_TEXT_TO_INTERVAL, {"14 days"}, NULL, "14 days"},
    {OP_TEXT_TO_UUID, {"{6F1C9A520F0E4B589A550D6F2A1F3C10}"}, NULL, "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10"},
    {OP_TEXT_TO_UUID, {"6f1c"}, NULL, "error R0111"},
    {OP_TEXT_TO_JSON, {"{\"a\": 1}"}, NULL, "{\"a\": 1}"},
    {OP_TEXT_TO_JSON, {"{a: 1}"}, NULL, "error R0112"},
    {OP_TEXT_TO_BYTES, {"é"}, NULL, "\\xc3a9"},
    {OP_DECIMAL_TO_INT, {"5.00"}, NULL, "5"},
    {OP_DECIMAL_TO_INT, {"5.01"}, NULL, "error R0123"},
    {OP_FLOAT_TO_INT, {"5.5"}, NULL, "error R0123"},
    {OP_BOOL_TO_INT, {"true"}, NULL, "1"},
    {OP_INT_TO_DECIMAL, {"-7"}, NULL, "-7"},
    {OP_INT_AS_DECIMAL, {"-7"}, NULL, "-7"},
    {OP_FLOAT_TO_DECIMAL, {"0.1"}, NULL, "0.1"},
    {OP_INT_TO_FLOAT, {"9007199254740993"}, NULL, "error R0123"},
    {OP_INT_TO_FLOAT, {"9223372036854775807"}, NULL, "error R0123"},
    {OP_DECIMAL_TO_FLOAT, {"0.1"}, NULL, "0.1"},
    {OP_DECIMAL_TO_FLOAT, {"0.12345678901234567890"}, NULL, "error R0123"},
    {OP_TEXT_OF_INT, {"-7"}, NULL, "-7"},
    {OP_TEXT_OF_BOOL, {"true"}, NULL, "true"},
    {OP_TEXT_OF_DECIMAL, {"2.50"}, NULL, "2.50"},
    {OP_TEXT_OF_FLOAT, {"1.5"}, NULL, "1.5"},
    {OP_TEXT_OF_BYTES, {"\\x0aff"}, NULL, "\\x0aff"},
    {OP_TEXT_OF_DATE, {"2025-02-01"}, NULL, "2025-02-01"},
    {OP_TEXT_OF_TIME, {"09:30:00"}, NULL, "09:30:00"},
    {OP_TEXT_OF_TIMESTAMP, {"2025-02-01 09:30:00"}, NULL, "2025-02-01 09:30:00"},
    {OP_TEXT_OF_INTERVAL, {"1 year 2 mons"}, NULL, "1 year 2 mons"},
    {OP_TEXT_OF_UUID, {"6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10"}, NULL, "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10"},
    {OP_TO_TEXT, {"plain"}, NULL, "plain"},
    {OP_FORMAT_DATE, {"2025-02-01"}, "DD.MM.YYYY", "01.02.2025"},
    {OP_FORMAT_TIME, {"21:05:00"}, "HH24:MI", "21:05"},
    {OP_FORMAT_TIMESTAMP, {"2025-02-01 09:30:00"}, "DD/MM/YYYY HH24:MI", "01/02/2025 09:30"},
    {OP_FORMAT_DECIMAL, {"1234.5"}, "FM9,999.00", "1,234.50"},
    {OP_FORMAT_DECIMAL, {"12345.5"}, "FM9,999.00", "error R0120"},
    {OP_FORMAT_INT, {"7"}, "FM000", "007"},
    {OP_FIT_LENGTH, {"héllo"}, "5", "héllo"},
    {OP_FIT_LENGTH, {"héllo!"}, "5", "error R0124"},
    {OP_FIT_NUMERIC, {"2.500"}, "6,2", "2.50"},
    {OP_FIT_NUMERIC, {"1.005"}, "6,2", "error R0125"},
    {OP_FIT_NUMERIC, {"12345"}, "6,2", "error R0125"},
    {OP_FIT_INT2, {"32767"}, NULL, "32767"},
    {OP_FIT_INT2, {"32768"}, NULL, "error R0120"},
    {OP_FIT_INT4, {"-2147483648"}, NULL, "-2147483648"},
    {OP_FIT_INT4, {"-2147483649"}, NULL, "error R0120"},
    {OP_FIT_FLOAT4, {"0.1"}, NULL, "0.1"},
    {OP_FIT_FLOAT4, {"0.123456789"}, NULL, "error R0123"},
    {OP_FIT_FLOAT4, {"1e39"}, NULL, "error R0120"},
    /* dates */
    {OP_ADD_DATE_INT, {"2025-02-28", "1"}, NULL, "2025-03-01"},
    {OP_SUB_DATE_INT, {"2025-03-01", "1"}, NULL, "2025-02-28"},
    {OP_SUB_DATE_INT, {"2025-03-01", "-9223372036854775808"}, NULL, "error R0120"},
    {OP_SUB_DATE_DATE, {"2025-03-01", "2025-02-01"}, NULL, "28"},
    {OP_ADD_DATE_INTERVAL, {"2025-01-31", "1 mon"}, NULL, "2025-02-28"},
    {OP_SUB_DATE_INTERVAL, {"2025-03-31", "1 mon"}, NULL, "2025-02-28"},
    {OP_ADD_DATE_INTERVAL, {"2025-01-31", "01:00:00"}, NULL, "error R0123"},
    {OP_ADD_TIMESTAMP_INTERVAL, {"2025-01-31 10:00:00", "1 mon 01:00:00"}, NULL, "2025-02-28 11:00:00"},
    {OP_SUB_TIMESTAMP_INTERVAL, {"2025-01-01 00:00:00", "1 day"}, NULL, "2024-12-31 00:00:00"},
    {OP_SUB_TIMESTAMP_TIMESTAMP, {"2025-01-02 01:00:00", "2025-01-01 00:00:00"}, NULL, "1 day 01:00:00"},
    {OP_ADD_TIMESTAMPTZ_INTERVAL, {"2025-01-01 00:00:00+00", "14 days"}, NULL, "2025-01-15 00:00:00+00"},
    {OP_ADD_TIMESTAMPTZ_INTERVAL, {"2025-01-01 00:00:00+00", "1 mon"}, NULL, "error R0156"},
    {OP_SUB_TIMESTAMPTZ_INTERVAL, {"2025-01-01 00:00:00+00", "1 day"}, NULL, "2024-12-31 00:00:00+00"},
    {OP_SUB_TIMESTAMPTZ_TIMESTAMPTZ, {"2025-01-02 00:00:00+00", "2025-01-01 00:00:00+00"}, NULL, "1 day"},
    {OP_ADD_INTERVAL, {"1 day", "1 mon"}, NULL, "1 mon 1 day"},
    {OP_SUB_INTERVAL, {"2 days", "1 day"}, NULL, "1 day"},
    {OP_MUL_INTERVAL_INT, {"1 day", "3"}, NULL, "3 days"},
    {OP_NEG_INTERVAL, {"1 day"}, NULL, "-1 days"},
    {OP_AT_ZONE, {"2025-09-19 00:00:00"}, "Australia/Sydney", "2025-09-18 14:00:00+00"},
    {OP_AT_ZONE, {"2025-10-05 02:30:00"}, "Australia/Sydney", "error R0130"},
    {OP_AT_ZONE, {"2025-04-06 02:30:00"}, "Australia/Sydney", "error R0131"},
    {OP_ASSUME_ZONE, {"2025-04-06 02:30:00"}, "Australia/Sydney", "2025-04-05 16:30:00+00"},
    {OP_DATE_AT, {"2025-09-18 14:00:00+00"}, "Australia/Sydney", "2025-09-19"},
    {OP_TIMESTAMP_AT, {"2025-09-18 14:00:00+00"}, "Australia/Sydney", "2025-09-19 00:00:00"},
    {OP_DATE_OF, {"2025-02-01 23:00:00"}, NULL, "2025-02-01"},
    {OP_TIME_OF, {"2025-02-01 23:00:00"}, NULL, "23:00:00"},
    {OP_DATE_TO_TIMESTAMP, {"2025-02-01"}, NULL, "2025-02-01 00:00:00"},
    {OP_DATE_AND_TIME, {"2025-02-01", "10:00:00"}, NULL, "2025-02-01 10:00:00"},
    {OP_MAKE_DATE, {"2025", "2", "29"}, NULL, "error R0106"},
    {OP_MAKE_DATE, {"2024", "2", "29"}, NULL, "2024-02-29"},
    {OP_MAKE_TIME, {"25", "0", "0"}, NULL, "error R0107"},
    {OP_TIMESTAMPTZ_OF_EPOCH, {"0"}, NULL, "1970-01-01 00:00:00+00"},
    {OP_EPOCH_OF_TIMESTAMPTZ, {"1970-01-01 00:00:01+00"}, NULL, "1"},
    {OP_YEAR_OF_DATE, {"2025-02-01"}, NULL, "2025"},
    {OP_WEEK_OF_DATE, {"2025-12-29"}, NULL, "1"},
    {OP_WEEKDAY_OF_TIMESTAMP, {"2025-02-02 10:00:00"}, NULL, "7"},
    {OP_HOUR_OF_TIME, {"10:30:00"}, NULL, "10"},
    {OP_SECOND_OF_TIMESTAMP, {"2025-02-02 10:00:59"}, NULL, "59"},
    {OP_TRUNCATE_DATE, {"2025-02-17", "month"}, NULL, "2025-02-01"},
    {OP_TRUNCATE_DATE, {"2025-02-17", "fortnight"}, NULL, "error R0156"},
    {OP_TRUNCATE_TIMESTAMP, {"2025-02-17 10:30:00", "hour"}, NULL, "2025-02-17 10:00:00"},
    {OP_MONTH_END, {"2024-02-17"}, NULL, "2024-02-29"},
    {OP_AGE_DATE, {"2025-03-01", "2024-02-01"}, NULL, "1 year 1 mon"},
    {OP_AGE, {"2025-03-01 00:00:00", "2024-02-01 00:00:00"}, NULL, "1 year 1 mon"},
    {OP_ADD_TIME_INTERVAL, {"23:00:00", "02:00:00"}, NULL, "error R0120"},
    {OP_SUB_TIME_TIME, {"10:00:00", "09:30:00"}, NULL, "00:30:00"},
    /* json */
    {OP_JSON_GET, {"{\"a\":{\"b\":[1,2]}}"}, "a.b[1]", "2"},
    {OP_JSON_GET, {"{\"a\":null}"}, "a", "null"},
    {OP_JSON_GET, {"{\"a\":1}"}, "x.y", "null"},
    {OP_JSON_KEY, {"{\"a b\":\"x\"}", "a b"}, NULL, "\"x\""},
    {OP_JSON_AT, {"[1,2,3]", "-1"}, NULL, "3"},
    {OP_JSON_AT, {"[1,2,3]", "3"}, NULL, "null"},
    {OP_JSON_TO_BOOL, {"true"}, NULL, "true"},
    {OP_JSON_TO_INT, {"12345678901234567"}, NULL, "12345678901234567"},
    {OP_JSON_TO_INT, {"\"12\""}, NULL, "error R0116"},
    {OP_JSON_TO_INT, {" null "}, NULL, "null"},
    {OP_JSON_TO_DECIMAL, {"0.10"}, NULL, "0.10"},
    {OP_JSON_TO_FLOAT, {"1.5"}, NULL, "1.5"},
    {OP_JSON_TO_TEXT, {"\"a\\u00e9\""}, NULL, "aé"},
    {OP_JSON_TO_TEXT, {"5"}, NULL, "error R0116"},
    {OP_JSON_RAW, {"[1, 2]"}, NULL, "[1, 2]"},
    {OP_JSON_LENGTH, {"[1, 2]"}, NULL, "2"},
    {OP_JSON_LENGTH, {"{}"}, NULL, "error R0116"},
    {OP_JSON_TEXTS, {"[\"a\",\"b c\"]"}, NULL, "{a,\"b c\"}"},
    {OP_JSON_TEXTS, {"[\"a\",null]"}, NULL, "error R0116"},
    {OP_JSON_OF_TEXT, {"a\"b"}, NULL, "\"a\\\"b\""},
    {OP_JSON_OF_INT, {"5"}, NULL, "5"},
    {OP_JSON_OF_DECIMAL, {"5.50"}, NULL, "5.50"},
    {OP_JSON_OF_BOOL, {"false"}, NULL, "false"},
    /* arrays */
    {OP_SPLIT, {"a,b,,c", ","}, NULL, "{a,b,\"\",c}"},
    {OP_JOIN, {"[\"a\",null,\"b\"]", "+"}, NULL, "a+b"},
    {OP_ARRAY_LENGTH, {"[\"a\",\"b\"]"}, NULL, "2"},
    {OP_ARRAY_CONTAINS, {"[\"a\",null,\"b\"]", "b"}, NULL, "true"},
    {OP_ARRAY_CONTAINS, {"[]", "b"}, NULL, "false"},
    {OP_ARRAY_AT, {"[\"a\",null,\"b\"]", "-1"}, NULL, "b"},
    {OP_ARRAY_AT, {"[\"a\",null,\"b\"]", "2"}, NULL, "null"},
    {OP_ARRAY_AT, {"[\"a\"]", "0"}, NULL, "null"},
    {OP_ARRAY_AT, {"[\"a\"]", "-9223372036854775808"}, NULL, "null"},
    /* bytes, digests, privacy */
    {OP_BYTES_LENGTH, {"\\x0aff"}, NULL, "2"},
    {OP_BYTES_TO_UTF8, {"\\xc3a9"}, NULL, "é"},
    {OP_BYTES_TO_UTF8, {"\\xff"}, NULL, "error R0127"},
    {OP_BASE64, {"\\xfbff"}, NULL, "+/8="},
    {OP_BASE64URL, {"\\xfbff"}, NULL, "-_8"},
    {OP_HEX, {"\\x0aff"}, NULL, "0aff"},
    {OP_BASE64_TO_BYTES, {"+/8="}, NULL, "\\xfbff"},
    {OP_BASE64URL_TO_BYTES, {"-_8"}, NULL, "\\xfbff"},
    {OP_HEX_TO_BYTES, {"0g"}, NULL, "error R0113"},
    {OP_SHA256, {"abc"}, NULL, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {OP_SHA1, {"abc"}, NULL, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {OP_MD5, {"abc"}, NULL, "900150983cd24fb0d6963f7d28e17f72"},
    {OP_CRC32, {"123456789"}, NULL, "3421780262"},
    {OP_REDACT, {"Bo"}, NULL, "[redacted]"},
    {OP_MASK_ALL, {"secret"}, NULL, "******"},
    {OP_MASK_FIRST, {"123456", "2"}, NULL, "12****"},
    {OP_MASK_LAST, {"123456", "3"}, NULL, "***456"},
    {OP_MASK_LAST, {"12", "3"}, NULL, "**"},
    {OP_MASK_MESSAGE, {"0412 345 678"}, NULL, "*** (9-16 characters)"},
    /* lists */
    {OP_CONCAT, {"a", "b", "c"}, NULL, "abc"},
    {OP_UUID5, {"tenant", "acme"}, NULL, NULL},
    /* markdown */
    {OP_MARKDOWN_TO_TEXT, {"*a* b"}, NULL, "a b"},
    {OP_MARKDOWN_NORMALISE, {"a\r\nb"}, NULL, "a\nb"},
};

static struct plan_type type_of_letter(char letter) {
    if (letter == 'a')
        return (struct plan_type){.kind = TYPE_ARRAY, .element = TYPE_TEXT, .element_nullable = 1};
    if (letter == 'N') return type_of(TYPE_INT);
    for (int k = TYPE_NULL + 1; k < TYPE_KIND_COUNT; k++)
        if (type_kind_letter((enum type_kind)k) == letter) return type_of((enum type_kind)k);
    return type_of(TYPE_TEXT); /* '*', '=' */
}

static uint32_t make_imm(struct program_builder *b, const struct function_case *test) {
    const struct opcode_info *info = &OPCODES[test->op];
    char result = info->result[0];
    struct plan_type reads = type_of_letter(result == 't' ? info->operands[0] : result);
    if (test->imm == NULL) return 0;
    switch (info->imm) {
    case IMM_TEMPLATE: return builder_pattern(b, PATTERN_TEMPLATE, (enum type_kind)reads.kind, test->imm) + 1;
    case IMM_REGEX: return builder_pattern(b, PATTERN_REGEX, TYPE_TEXT, test->imm);
    case IMM_LIKE: return builder_pattern(b, PATTERN_LIKE, TYPE_TEXT, test->imm);
    case IMM_ZONE: return builder_pattern(b, PATTERN_ZONE, TYPE_TEXT, test->imm);
    case IMM_PATH: return builder_pattern(b, PATTERN_JSON_PATH, TYPE_TEXT, test->imm);
    case IMM_CONST: {
        struct plan_type type = {.kind = TYPE_ARRAY, .element = test->op == OP_IN_INT ? TYPE_INT : TYPE_TEXT};
        return builder_const(b, type, test->imm);
    }
    default: return (uint32_t)strtoul(test->imm, NULL, 10);
    }
}

/* FIT_NUMERIC has two numbers: "6,2". */
static uint32_t make_imm2(const struct function_case *test) {
    const char *comma = test->op == OP_FIT_NUMERIC ? strchr(test->imm, ',') : NULL;
    return comma ? (uint32_t)strtoul(comma + 1, NULL, 10) : 0;
}

enum way { OVER_ROWS, OVER_SCALARS, IN_INIT, WAYS };

/* The result's text when operand `null_at` is null (3: none is). */
static const char *run_case(struct program_builder *b, const struct function_case *test, enum way way,
                            uint32_t null_at) {
    const struct opcode_info *info = &OPCODES[test->op];
    uint32_t args[3] = {0}, count = 0;
    builder_init(b);
    bool list = info->imm == IMM_LIST;
    for (; count < 3 && (list ? test->args[count] != NULL : info->operands[count] != '\0'); count++) {
        struct plan_type type = type_of_letter(info->operands[list ? 0 : count]);
        args[count] = builder_reg(b, type);
        uint32_t constant = builder_const(b, type, count == null_at ? NULL : test->args[count]);
        builder_into(b, OP_CONST, args[count], 0, 0, 0, 0, constant, 0);
    }
    if (way == OVER_SCALARS) builder_init_end(b);
    uint32_t imm = list ? builder_list(b, count, args) : make_imm(b, test);
    uint32_t dst = builder_reg(b, type_of_letter(info->result[0]));
    builder_into(b, test->op, dst, 0, list ? 0 : args[0], list ? 0 : args[1], list ? 0 : args[2], imm,
                 make_imm2(test));
    if (way == IN_INIT) builder_init_end(b);
    if (!builder_load(b)) fail_msg("%s: %s", info->name, b->diags.items.items[0]->message.ptr);
    builder_run(b, 3);
    const char *first = builder_show(b, dst, 0);
    if (way != IN_INIT) assert_string_equal(first, builder_show(b, dst, 2));
    return first;
}

static void every_function_gives_its_result(void **state) {
    (void)state;
    struct program_builder b;
    for (size_t t = 0; t < sizeof CASES / sizeof CASES[0]; t++) {
        const struct function_case *test = &CASES[t];
        for (enum way way = OVER_ROWS; way < WAYS; way++) {
            const char *got = run_case(&b, test, way, 3);
            if (test->expected && strcmp(got, test->expected) != 0)
                fail_msg("%s(%s, %s, %s) in way %d: %s instead of %s", OPCODES[test->op].name, test->args[0],
                         test->args[1], test->args[2], way, got, test->expected);
            builder_release(&b);
        }
    }
}

static void a_null_operand_gives_null(void **state) {
    (void)state;
    struct program_builder b;
    for (size_t t = 0; t < sizeof CASES / sizeof CASES[0]; t++) {
        const struct function_case *test = &CASES[t];
        for (uint32_t n = 0; n < 3 && test->args[n]; n++) {
            const char *got = run_case(&b, test, (enum way)(t % WAYS), n);
            if (strcmp(got, "null") != 0) fail_msg("%s with a null is %s", OPCODES[test->op].name, got);
            builder_release(&b);
        }
    }
}

/* A list of what the table above leaves to other tests: nothing goes untested unseen. */
static bool tested_elsewhere(enum opcode op) {
    const struct opcode_info *info = &OPCODES[op];
    if (info->imm == IMM_SLOT || info->flags & (OPF_RAW | OPF_ACTION | OPF_SELECT)) return true;
    switch (op) {
    case OP_CONST:
    case OP_PARAM:
    case OP_RUN:
    case OP_FIND:
    case OP_FETCH:
    case OP_EXTERN:
    case OP_HMAC_SHA256:
    case OP_PSEUDONYM:
    case OP_TEXT_TO_ENUM:
    case OP_TEXT_OF_ENUM:
    case OP_UUID4: return true;
    default: return false;
    }
}

/* Families whose members differ in the type or the order alone: one member tested is enough. */
static bool sibling_tested(enum opcode op) {
    static const char *const families[] = {
        "EQ_",      "NE_",     "LT_",      "LE_",      "GT_",     "GE_",      "GREATEST_", "LEAST_",
        "TEXT_OF_", "YEAR_",   "QUARTER_", "MONTH_OF", "WEEK_",   "DAY_",     "WEEKDAY_",  "HOUR_",
        "MINUTE_",  "SECOND_", "SHA",      "MD5",      "FORMAT_", "MARKDOWN_"};
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
        if (strncmp(OPCODES[op].name, families[f], strlen(families[f])) == 0) return true;
    return false;
}

static void no_opcode_is_forgotten(void **state) {
    (void)state;
    for (enum opcode op = 0; op < OP_COUNT; op++) {
        bool found = tested_elsewhere(op) || sibling_tested(op);
        for (size_t t = 0; !found && t < sizeof CASES / sizeof CASES[0]; t++)
            found = CASES[t].op == op;
        if (!found) fail_msg("%s has no case", OPCODES[op].name);
    }
}

static void secrets_feed_keyed_functions(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    struct value secret = {.kind = TYPE_SECRET, .as_text = STR("key")};
    struct plan_param param = {.name = STR("k"), .type = {.kind = TYPE_SECRET}};
    b.plan.params = &param;
    b.plan.params_count = 1;
    b.values.params = &secret;
    uint32_t key = builder_op(&b, OP_PARAM, TYPE_SECRET, 0, 0, 0, 0, 0, 0);
    uint32_t text = builder_literal(&b, TYPE_TEXT, "The quick brown fox jumps over the lazy dog");
    uint32_t hmac = builder_op(&b, OP_HMAC_SHA256, TYPE_BYTES, 0, key, text, 0, 0, 0);
    uint32_t hex = builder_op(&b, OP_HEX, TYPE_TEXT, 0, hmac, 0, 0, 0, 0);
    uint32_t pseudonym = builder_op(&b, OP_PSEUDONYM, TYPE_TEXT, 0, text, key, 0, 0, 0);
    assert_true(builder_load(&b));
    builder_run(&b, 1);
    /* RFC 4231 style vector, as every HMAC-SHA256 implementation gives it. */
    assert_string_equal(builder_show(&b, hex, 0),
                        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
    assert_int_equal(strlen(builder_show(&b, pseudonym, 0)), 22);
    builder_release(&b);
}

static void enums_have_labels(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    static const char *const labels[] = {"todo", "doing", "done"};
    struct plan_type type = {.kind = TYPE_ENUM, .ref = builder_enum(&b, 3, labels)};
    uint32_t good = builder_reg(&b, type), bad = builder_reg(&b, type);
    builder_into(&b, OP_TEXT_TO_ENUM, good, 0, builder_literal(&b, TYPE_TEXT, "done"), 0, 0, 0, 0);
    builder_into(&b, OP_TEXT_TO_ENUM, bad, 0, builder_literal(&b, TYPE_TEXT, "Done"), 0, 0, 0, 0);
    uint32_t text = builder_op(&b, OP_TEXT_OF_ENUM, TYPE_TEXT, 0, good, 0, 0, 0, 0);
    assert_true(builder_load(&b));
    builder_run(&b, 2);
    assert_string_equal(builder_show(&b, good, 1), "2");
    assert_string_equal(builder_show(&b, bad, 1), "error R0158");
    assert_string_equal(builder_show(&b, text, 1), "done");
    builder_release(&b);
}

static void uuid4_differs_by_row(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t id = builder_op(&b, OP_UUID4, TYPE_UUID, 0, 0, 0, 0, 0, 0);
    assert_true(builder_load(&b));
    builder_run(&b, 2);
    assert_string_not_equal(builder_show(&b, id, 0), builder_show(&b, id, 1));
    builder_release(&b);
}

/* 2048 rows of 64 MiB would be 128 GiB: the batch's limit ends it with a fault for each row beyond. */
static void texts_end_at_the_limit(void **state) {
    (void)state;
    struct program_builder b;
    builder_init(&b);
    uint32_t text = builder_literal(&b, TYPE_TEXT, "x");
    uint32_t n = builder_literal(&b, TYPE_INT, "268435456");
    uint32_t big = builder_op(&b, OP_REPEAT, TYPE_TEXT, 0, text, n, 0, 0, 0);
    uint32_t list[] = {big, big};
    uint32_t both = builder_op(&b, OP_CONCAT, TYPE_TEXT, 0, 0, 0, 0, builder_list(&b, 2, list), 0);
    builder_span(&b, "big || big", false);
    builder_output(&b, OUT_VALUE, 0, both);
    assert_true(builder_load(&b));
    builder_run(&b, 1);
    /* concat cannot fail by its signature: the row is rejected on the spot. */
    assert_string_equal(builder_show(&b, both, 0), "poison");
    assert_int_equal(vm_row_outcome(b.vm, 0), OUTCOME_REJECTED);
    const struct row_report *report = vm_first_report(b.vm, 0);
    assert_int_equal(report->fault, FAULT_TOO_LARGE);
    assert_string_equal(report->message.ptr, "big || big is larger than the limit");
    builder_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_gives_its_result),
        cmocka_unit_test(a_null_operand_gives_null),
        cmocka_unit_test(no_opcode_is_forgotten),
        cmocka_unit_test(secrets_feed_keyed_functions),
        cmocka_unit_test(enums_have_labels),
        cmocka_unit_test(uuid4_differs_by_row),
        cmocka_unit_test(texts_end_at_the_limit),
    };
    return cmocka_run_group_tests_name("vm functions", tests, NULL, NULL);
}

/* The CSV reader: what it makes of files, good and bad. */
#include "tests/reader/reader_fixture.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

static void start(struct fixture *f, const char *columns, const char *text) {
    fixture_start(f, SOURCE_CSV, "a.csv");
    fixture_columns(f, columns);
    fixture_text(f, "a.csv", text);
}

/* Reads with blocks of many sizes and compares. */
static void check(const char *columns, const char *text, const char *expected) {
    struct fixture f;
    start(&f, columns, text);
    assert_string_equal(fixture_read_all_blocks(&f), expected);
    fixture_end(&f);
}

static void test_plain(void **state) {
    (void)state;
    check("a b", "a,b\n1,2\n3,4\n", "2/1 \"1\" \"2\"\n3/2 \"3\" \"4\"\n");
    check("b a", "a,b\r\n1,2\r\n3,4", "2/1 \"2\" \"1\"\n3/2 \"4\" \"3\"\n");
    check("a", "a\r1\r2\r", "2/1 \"1\"\n3/2 \"2\"\n");
    check("a b", "a,b\n", "");
    check("a=Full_Name", " Full_Name ,x\nv,w\n", "2/1 \"v\"\n");
}

static void test_quotes(void **state) {
    (void)state;
    check("a b", "a,b\n\"x, y\",\"say \"\"hi\"\"\"\n", "2/1 \"x, y\" \"say \\\"hi\\\"\"\n");
    check("a b", "a,b\n\"1\r\n2\n3\r4\",x\n5,6\n", "2/1 \"1\\r\\n2\\n3\\r4\" \"x\"\n6/2 \"5\" \"6\"\n");
    check("a b", "a,b\n\"\",\n,\"\"\n", "2/1 \"\" -\n3/2 - \"\"\n");
    check("a", "a\n\"\"\n\"\"\"\"\n\"\"\"x\"\"\"", "2/1 \"\"\n3/2 \"\\\"\"\n4/3 \"\\\"x\\\"\"\n");
    check("a b", "\"a\",\"b\"\n1,\"2\"", "2/1 \"1\" \"2\"\n");
}

static void test_nothing_is_no_row(void **state) {
    (void)state;
    check("a b", "\n\r\na,b\n\n1,2\n,\n\r\n\r3,4\n\n", "5/1 \"1\" \"2\"\n9/2 \"3\" \"4\"\n");
    check("a b", "a,b\n\"\",\n", "2/1 \"\" -\n");
}

static void test_ragged(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "a b c", "a,b,c\n1,2\n1,2,3\n1,2,3,4\nx\n");
    assert_reads(
        &f, "2/1 \"1\" \"2\" - R0152 2 fields, expected 3\n3/2 \"1\" \"2\" \"3\"\n"
            "4/3 \"1\" \"2\" \"3\" R0152 4 fields, expected 3\n5/4 \"x\" - - R0152 1 field, expected 3\n");
    f.source.on_ragged.kind = DO_PAD;
    assert_reads(&f, "2/1 \"1\" \"2\" -\n3/2 \"1\" \"2\" \"3\"\n"
                     "4/3 \"1\" \"2\" \"3\" R0152 4 fields, expected 3\n5/4 \"x\" - -\n");
    fixture_end(&f);
}

static void test_stray_quotes(void **state) {
    (void)state;
    check("a b", "a,b\n1,x\"y\n\"p\"q,2\n3,4\n",
          "2/1 \"1\" \"x\\\"y\" R0157 field 2 has a quote in it but does not begin with one; a field with "
          "quotes must "
          "be quoted and each quote in it doubled\n"
          "3/2 \"p\" \"2\" R0157 field 1 goes on behind its closing quote; a quote inside a quoted field "
          "must be "
          "doubled\n4/3 \"3\" \"4\"\n");
}

static void test_open_quote(void **state) {
    (void)state;
    check("a b", "a,b\n1,2\n3,\"four\nfive\n",
          "X0210 a.csv line 3: a quote opens here, in field 2, and the file ends before it is closed\n"
          "  close the quote, or write a quote inside a field twice\n");
    check("a b", "a,b\n\"1\n2\",\"x",
          "X0210 a.csv line 3: a quote opens here, in field 2, and the file ends before it is closed\n"
          "  close the quote, or write a quote inside a field twice\n");
}

static void test_raw(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "b", "a,b\n\"x \"\"1\"\"\",2\r\n3,4");
    f.show_raw = true;
    assert_string_equal(fixture_read_all_blocks(&f),
                        "2/1 \"2\" raw \"\\\"x \\\"\\\"1\\\"\\\"\\\",2\"\n3/2 \"4\" raw \"3,4\"\n");
    fixture_end(&f);
}

static void test_dialect(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "a b c", "# made by hand\na;b;c\n 'x;y' ; z ;'don\\'t'\n#;;\n\xc2\xa0u\xc2\xa0;'';\n");
    f.source.delimiter = STR(";");
    f.source.quote = STR("'");
    f.source.escape = STR("\\");
    f.source.comment = STR("#");
    f.source.trim = 1;
    assert_string_equal(fixture_read_all_blocks(&f), "3/1 \"x;y\" \"z\" \"don't\"\n5/2 \"u\" \"\" -\n");
    fixture_end(&f);
    start(&f, "a b", "a\tb\n\"x\t'y\"\n");
    f.source.delimiter = STR("\t");
    f.source.quote = STR("");
    assert_reads(&f, "2/1 \"\\\"x\" \"'y\\\"\"\n");
    fixture_end(&f);
    start(&f, "a b", "1,2\n,3\n");
    f.source.header = 0;
    assert_reads(&f, "1/1 \"1\" \"2\"\n2/2 - \"3\"\n");
    fixture_end(&f);
    start(&f, "a b", "Report of May\n\na,b\n1,2\n");
    f.table.header_row = 3;
    assert_string_equal(fixture_read_all_blocks(&f), "4/1 \"1\" \"2\"\n");
    fixture_end(&f);
}

static void test_dialect_refused(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "a", "a\n1\n");
    f.source.delimiter = STR("::");
    assert_reads(&f, "X0218 source `src`: `delimiter` cannot be '::'\n  write one ASCII character that is no "
                     "line break\n");
    f.source.delimiter = STR("\"");
    assert_reads(&f, "X0218 source `src`: delimiter, quote, escape and comment must be different characters\n"
                     "  an escape character counts inside quoted fields only\n");
    fixture_end(&f);
}

static void test_nulls(void **state) {
    (void)state;
    struct fixture f;
    static struct plan_text nulls[] = {{STR("N/A")}, {STR("-")}};
    start(&f, "a b c", "a,b,c\nN/A,-,\n\"N/A\",x,\"\"\n");
    f.source.has_nulls = 1;
    f.source.nulls = nulls;
    f.source.nulls_count = 2;
    assert_string_equal(fixture_read_all_blocks(&f), "2/1 - - \"\"\n3/2 - \"x\" \"\"\n");
    fixture_end(&f);
}

static void test_headers_refused(void **state) {
    (void)state;
    check("email name", "id,e-mail,Name\n1,2,3\n",
          "X0208 a.csv line 1: there are no columns `email`, `name`\n"
          "  for `email`, did you mean `e-mail`? write it behind `from` of column `email`\n"
          "  for `name`, did you mean `Name`? write it behind `from` of column `name`\n"
          "  the file has: `id`, `e-mail`, `Name`\n");
    check("a", "a,b,a\n1,2,3\n",
          "X0209 a.csv line 1: column `a` stands twice in the header, as field 1 and field 3\n"
          "  rename one of the two in the file, so that it is clear which is meant\n");
    check("b", "a,b,a\n1,2,3\n", "2/1 \"2\"\n");
    check("a", "",
          "X0207 a.csv: the file is empty\n"
          "  a CSV source needs a row that names the columns, or the option `header none`\n");
    check("a", "\n\n",
          "X0207 a.csv: the file ends before its header row\n"
          "  a CSV source needs a row that names the columns, or the option `header none`\n");
}

static void test_nul_bytes(void **state) {
    (void)state;
    struct fixture f;
    static const char text[] = "a,b\nx\0y,2\n3,4\n";
    fixture_start(&f, SOURCE_CSV, "a.csv");
    fixture_columns(&f, "a b");
    fixture_file(&f, "a.csv", text, sizeof text - 1);
    assert_string_equal(fixture_read_all_blocks(&f), "2/1 !holds a NUL byte \"2\"\n3/2 \"3\" \"4\"\n");
    fixture_end(&f);
}

static void test_long_record(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "a b", "a,b\n1,2\n\"3,4\n5,6\n7,8\n9,10\n11,12\n13,14\n15,16\n");
    f.options.limits.max_record_bytes = 16;
    f.options.limits.block_bytes = 8;
    assert_reads(&f, "X0211 a.csv line 3: the row that begins here is longer than 16 bytes\n"
                     "  a quote opens in line 3: is it ever closed?\n");
    fixture_end(&f);
}

static void test_bad_utf8(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "a b", "a,b\n\xc3\xa9,\xe9t\xe9\n\xe9,x\n\xe2\x82\xac,\xed\xa0\x80\n");
    assert_string_equal(fixture_read_all_blocks(&f),
                        "2/1 \"\xc3\xa9\" !holds bytes that are not UTF-8 (line 2, byte 7 of the file) R0153 "
                        "`b` holds bytes that are "
                        "not UTF-8 (line 2, byte 7 of the file)\n"
                        "3/2 !holds bytes that are not UTF-8 (line 3, byte 11 of the file) \"x\" R0153 `a` "
                        "holds bytes that are not "
                        "UTF-8 (line 3, byte 11 of the file)\n"
                        "4/3 \"\xe2\x82\xac\" !holds bytes that are not UTF-8 (line 4, byte 19 of the file) "
                        "R0153 `b` holds bytes that "
                        "are not UTF-8 (line 4, byte 19 of the file)\n");
    f.source.on_bad_encoding.kind = DO_WARN;
    f.projection_count = 1;
    assert_reads(
        &f,
        "2/1 \"\xc3\xa9\"\n3/2 \"\xef\xbf\xbd\" R0153 `a` holds bytes that are not UTF-8 (line 3, byte 11 "
        "of the file)\n4/3 \"\xe2\x82\xac\"\n");
    fixture_end(&f);
    start(&f, "a\xe9", "a\xe9\n1\n");
    assert_reads(&f, "X0206 a.csv line 1: the header row holds bytes that are not UTF-8 text\n"
                     "  name the file's encoding: encoding 'windows-1252', say\n");
    fixture_end(&f);
}

static void test_faults_in_row_order(void **state) {
    (void)state;
    check("a b", "a,b\n\xff,1\n2\n\xff,3\n4\n\xff\n",
          "2/1 !holds bytes that are not UTF-8 (line 2, byte 4 of the file) \"1\" R0153 `a` holds bytes that "
          "are not "
          "UTF-8 (line 2, byte 4 of the file)\n"
          "3/2 \"2\" - R0152 1 field, expected 2\n"
          "4/3 !holds bytes that are not UTF-8 (line 4, byte 10 of the file) \"3\" R0153 `a` holds bytes "
          "that are not "
          "UTF-8 (line 4, byte 10 of the file)\n"
          "5/4 \"4\" - R0152 1 field, expected 2\n"
          "6/5 !holds bytes that are not UTF-8 (line 6, byte 16 of the file) - R0152 1 field, expected 2\n");
}

static void test_many_batches(void **state) {
    (void)state;
    struct fixture f;
    struct buf text = {0}, expected = {0};
    fixture_start(&f, SOURCE_CSV, "a.csv");
    fixture_columns(&f, "n t");
    buf_append_cstr(&text, "n,t\n");
    for (int i = 1; i <= 5000; i++) {
        buf_printf(&text, "%d,\"v \"\"%d\"\"\"\n", i, i);
        buf_printf(&expected, "%d/%d \"%d\" \"v \\\"%d\\\"\"\n", i + 1, i, i, i);
    }
    fixture_file(&f, "a.csv", text.ptr, text.len);
    for (size_t block = 0; block < 3; block++) {
        f.options.limits.block_bytes = (size_t[]){0, 100, 5000}[block];
        assert_reads(&f, expected.ptr);
    }
    buf_release(&text);
    buf_release(&expected);
    fixture_end(&f);
}

/* csv-spectrum: each CSV has a JSON twin. */
static void test_spectrum(void **state) {
    (void)state;
    static const char *const names[] = {"comma_in_quotes",
                                        "empty",
                                        "empty_crlf",
                                        "escaped_quotes",
                                        "json",
                                        "newlines",
                                        "newlines_crlf",
                                        "quotes_and_newlines",
                                        "simple",
                                        "simple_crlf",
                                        "utf8",
                                        "location_coordinates"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct fixture f;
        fixture_start(&f, SOURCE_CSV, "");
        const char *root = shared_data(&f, "csv/csv-spectrum");
        if (root == NULL) {
            fixture_end(&f);
            skip();
        }
        struct str twin =
            read_whole_file(&f.arena, arena_printf(&f.arena, "%s/json/%s.json", root, names[i]).ptr);
        cJSON *rows = cJSON_Parse(twin.ptr), *row, *cell;
        if (cJSON_IsObject(rows)) { /* one row, without brackets around it */
            row = cJSON_CreateArray();
            cJSON_AddItemToArray(row, rows);
            rows = row;
        }
        struct buf expected = {0};
        uint64_t count = 0;
        cJSON_ArrayForEach(cell, rows->child) fixture_column(&f, cell->string);
        cJSON_ArrayForEach(row, rows) {
            count++;
            cJSON_ArrayForEach(cell, row) {
                buf_append_char(&expected, ' ');
                if (strcmp(cell->valuestring, "") == 0 && strncmp(names[i], "empty", 5) != 0)
                    buf_append_char(&expected, '-');
                else
                    buf_append_json(&expected, str_cstr(cell->valuestring));
            }
            buf_append_char(&expected, '\n');
        }
        f.source.location = arena_printf(&f.arena, "%s/csvs/%s.csv", root, names[i]);
        const char *got = fixture_read(&f), *want = expected.ptr;
        assert_int_equal(f.rows, count);
        /* The coordinates' twin has another telephone number than its CSV. */
        bool compare = strcmp(names[i], "location_coordinates") != 0;
        while (compare && *got) {
            size_t len = strcspn(want, "\n");
            got = strchr(got, ' '); /* behind LINE/ROW */
            assert_memory_equal(got, want, len + 1);
            got += len + 1;
            want += len + 1;
        }
        buf_release(&expected);
        cJSON_Delete(rows);
        fixture_end(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_nothing_is_no_row),
        cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_stray_quotes),
        cmocka_unit_test(test_open_quote),
        cmocka_unit_test(test_raw),
        cmocka_unit_test(test_dialect),
        cmocka_unit_test(test_dialect_refused),
        cmocka_unit_test(test_nulls),
        cmocka_unit_test(test_headers_refused),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_long_record),
        cmocka_unit_test(test_bad_utf8),
        cmocka_unit_test(test_faults_in_row_order),
        cmocka_unit_test(test_many_batches),
        cmocka_unit_test(test_spectrum),
    };
    return cmocka_run_group_tests_name("reader_csv", tests, NULL, NULL);
}

/* The dynamodb reader. */
#include "tests/reader/reader_fixture.h"

static void check(const char *columns, const char *text, const char *expected) {
    struct fixture f;
    fixture_start(&f, SOURCE_DYNAMODB, "a.json");
    fixture_columns(&f, columns);
    fixture_text(&f, "a.json", text);
    assert_string_equal(fixture_read_all_blocks(&f), expected);
    fixture_end(&f);
}

static void test_types(void **state) {
    (void)state;
    check("s n b x z",
          "{\"Item\":{\"s\":{\"S\":\"t\\\"\"},\"n\":{\"N\":\"12.50\"},\"b\":{\"BOOL\":true},\"x\":{\"B\":"
          "\"AQI=\"},\"z\":{\"NULL\":true}}}\n",
          "1/1 \"t\\\"\" #12.50 ?true \"AQI=\" -\n");
    check("ss ns l=l[1].k m=m.a.b e=m",
          "{\"Item\":{\"ss\":{\"SS\":[\"a\",\"b\"]},\"ns\":{\"NS\":[\"1\",\"-2e3\"]},"
          "\"l\":{\"L\":[{\"N\":\"1\"},{\"M\":{\"k\":{\"S\":\"v\"}}}]},\"m\":{\"M\":{\"a\":{\"M\":{\"b\":{"
          "\"N\":\"3\"}}}}}}}",
          "1/1 [\"a\",\"b\"] [1,-2e3] \"v\" #3 {\"a\":{\"b\":3}}\n");
}

static void test_forms(void **state) {
    (void)state;
    check("a", "{\"Item\":{\"a\":{\"N\":\"1\"}}}\n\n{\"Item\":{\"a\":{\"N\":\"2\"}}}\n", "1/1 #1\n3/2 #2\n");
    check("a", "[{\"Item\":{\"a\":{\"N\":\"1\"}}},\n{\"a\":{\"N\":\"2\"}}]", "1/1 #1\n2/2 #2\n");
    check("a",
          "{\"T\":[{\"PutRequest\":{\"Item\":{\"a\":{\"N\":\"1\"}}}},{\"PutRequest\":{\"Item\":{\"a\":{\"N\":"
          "\"2\"}}}}]}",
          "1/1 #1\n1/2 #2\n");
    check("a", "{\"Items\":[{\"a\":{\"N\":\"1\"}},{\"a\":{\"N\":\"2\"}}],\"Count\":2}", "1/1 #1\n1/2 #2\n");
    check("a", "", "");
    struct fixture f;
    static const char line[] = "{\"Item\":{\"a\":{\"N\":\"1\"}}}\n";
    fixture_start(&f, SOURCE_DYNAMODB, "e/*.json.gz");
    fixture_columns(&f, "a");
    f.source.location = STR("x*.json.gz");
    f.show_raw = true;
    fixture_gzip(&f, "x1.json.gz", line, sizeof line - 1);
    assert_reads(&f, "1/1 #1 raw \"{\\\"a\\\":{\\\"N\\\":\\\"1\\\"}}\"\n");
    fixture_end(&f);
}

#define PLAIN_HELP                                                                                           \
    "  a file of plain JSON values is read by `json`, or by `ndjson` when it has one document a line\n"

static void test_plain_values_refused(void **state) {
    (void)state;
    check("a", "{\"a\":1}",
          "X0214 a.json line 1: attribute \"a\" is not a typed DynamoDB value such as {\"S\": "
          "\"text\"}\n" PLAIN_HELP);
    check("a", "{\"Item\":{\"a\":{\"N\":\"1\"},\"b\":\"x\"}}",
          "X0214 a.json line 1: attribute \"b\" is not a typed DynamoDB value such as {\"S\": "
          "\"text\"}\n" PLAIN_HELP);
    check("a", "{\"Item\":{\"a\":{\"N\":\"one\"}}}",
          "X0214 a.json line 1: attribute \"a\" is not a typed DynamoDB value such as {\"S\": "
          "\"text\"}\n" PLAIN_HELP);
    check("a", "{\"T\":[{\"PutRequest\":{\"Item\":{\"a\":\"plain\"}}}]}",
          "X0214 a.json line 1: attribute \"a\" is not a typed DynamoDB value such as {\"S\": "
          "\"text\"}\n" PLAIN_HELP);
    check("a", "[1]", "X0214 a.json line 1: this is not a DynamoDB item\n" PLAIN_HELP);
    check("a", "{\"T\":[{\"DeleteRequest\":{}}]}",
          "X0214 a.json line 1: this is not a DynamoDB item\n" PLAIN_HELP);
    check("a", "{\"T\":[],\"U\":[]}",
          "X0214 a.json: the file holds items of more than one table: \"T\" and \"U\"\n"
          "  split it into a file for each table\n");
}

static void test_shared_files(void **state) {
    (void)state;
    static const struct {
        const char *file, *columns, *expected;
        uint64_t rows;
    } cases[] = {
        {"json/dynamodb/aws-sampledata/Forum.json", "Name Threads", "\"Amazon DynamoDB\" #2", 2},
        {"json/dynamodb/aws-sampledata/Thread.json", "ForumName Views", "\"Amazon DynamoDB\" #0", 3},
        {"json/dynamodb/aws-sampledata/ProductCatalog.json", "Id Color", "#101 -", 8},
        {"json/dynamodb/forum-thread-reply/Forum.json", "Name", "X0214", 0},
        {"json/dynamodb/single-table-ndjson/items.json", "PK", "X0214", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        fixture_start(&f, SOURCE_DYNAMODB, "");
        const char *path = shared_data(&f, cases[i].file);
        if (path == NULL) {
            fixture_end(&f);
            skip();
        }
        f.source.location = str_cstr(path);
        fixture_columns(&f, cases[i].columns);
        const char *text = fixture_read(&f);
        assert_non_null(strstr(text, cases[i].expected));
        assert_int_equal(f.rows, cases[i].rows);
        fixture_end(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_plain_values_refused),
        cmocka_unit_test(test_shared_files),
    };
    return cmocka_run_group_tests_name("reader_dynamodb", tests, NULL, NULL);
}

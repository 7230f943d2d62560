/* The json and ndjson readers. */
#include "tests/reader/reader_fixture.h"

#include "runtime/reader/json_scan.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

static void start(struct fixture *f, enum plan_source_format format, const char *rows, const char *columns,
                  const char *text) {
    fixture_start(f, format, "a.json");
    fixture_columns(f, columns);
    f->source.rows = str_cstr(rows);
    fixture_text(f, "a.json", text);
}

static void check(enum plan_source_format format, const char *rows, const char *columns, const char *text,
                  const char *expected) {
    struct fixture f;
    start(&f, format, rows, columns, text);
    assert_string_equal(fixture_read_all_blocks(&f), expected);
    fixture_end(&f);
}

static void test_rows(void **state) {
    (void)state;
    check(SOURCE_JSON, "", "a", "[{\"a\":1},\n {\"a\":\"x\"}, {\"b\":1}]", "1/1 #1\n2/2 \"x\"\n2/3 -\n");
    check(SOURCE_JSON, "", "a", "{\"a\":true}", "1/1 ?true\n");
    check(SOURCE_JSON, "", "a", "[]", "");
    check(SOURCE_JSON, "t[*]", "a",
          "{\"x\":[{\"a\":9}],\n\"t\":\n[{\"a\":1},{\"a\":2}],\"y\":{\"t\":[{\"a\":8}]}}",
          "3/1 #1\n3/2 #2\n");
    check(SOURCE_JSON, "t", "a", "{\"t\":[{\"a\":1}]}", "1/1 #1\n");
    check(SOURCE_JSON, "t", "a", "{\"t\":{\"a\":1}}", "1/1 #1\n");
    check(SOURCE_JSON, "$.a.b[*].c[*]", "n",
          "{\"a\":{\"b\":[{\"c\":[{\"n\":1},{\"n\":2}]},{},{\"c\":null},{\"c\":[{\"n\":3}]}]}}",
          "1/1 #1\n1/2 #2\n1/3 #3\n");
    check(SOURCE_JSON, "[1][*]", "n", "[[{\"n\":1}],[{\"n\":2}],[{\"n\":3}]]", "1/1 #2\n");
    check(SOURCE_JSON, "'a.b'[*]", "n", "{\"a\":1,\"a.b\":[{\"n\":1}]}", "1/1 #1\n");
    check(SOURCE_JSON, "t[*]", "n", "{\"t\":null}", "");
    check(SOURCE_JSON, "t[*]", "n", "{\"t\":[]}", "");
    check(SOURCE_JSON, "", "a", "[null, {}, { }, {\"a\":null}]", "1/1 -\n");
    check(SOURCE_JSON, "", "v=$", "[1, \"x\", [2], {\"a\": [ ]}]",
          "1/1 #1\n1/2 \"x\"\n1/3 [2]\n1/4 {\"a\": [ ]}\n");
}

static void test_columns(void **state) {
    (void)state;
    check(SOURCE_JSON, "", "mail=author.email tag=tags[0] last=tags[-1] all=$ a=$.a dots='x.y' dots2=['x.y']",
          "[{\"author\":{\"email\":\"e\"},\"tags\":[\"p\",\"q\"],\"a\":1,\"x.y\":2}]",
          "1/1 \"e\" \"p\" \"q\" {\"author\":{\"email\":\"e\"},\"tags\":[\"p\",\"q\"],\"a\":1,\"x.y\":2} #1 "
          "#2 #2\n");
    /* Through what is no object, past the end, into null: null. */
    check(SOURCE_JSON, "", "a=x.y b=t[5] c=n.z", "[{\"x\":1,\"t\":[1],\"n\":null}]", "1/1 - - -\n");
    /* The last of repeated keys counts, with all below it. */
    check(SOURCE_JSON, "", "a b=o.p c=o.q", "[{\"a\":1,\"a\":2,\"o\":{\"p\":1,\"q\":2},\"o\":{\"p\":3}}]",
          "1/1 #2 #3 -\n");
    check(SOURCE_JSON, "", "k=k\xc3\xa9y", "[{\"k\\u00e9y\":1}]", "1/1 #1\n");
    /* A name without a path is one key, dots and all. */
    struct fixture f;
    start(&f, SOURCE_JSON, "", "a.b", "[{\"a.b\":1,\"a\":{\"b\":2}}]");
    assert_reads(&f, "1/1 #1\n");
    fixture_end(&f);
}

static void test_values(void **state) {
    (void)state;
    check(SOURCE_JSON, "", "a b c",
          "[{\"a\":12345678901234567890123456789.10,\"b\":-0,\"c\":1E+2},{\"a\":false,\"b\":{\"x\": [1, "
          "\"}\"]},\"c\":[]}]",
          "1/1 #12345678901234567890123456789.10 #-0 #1E+2\n1/2 ?false {\"x\": [1, \"}\"]} []\n");
    check(SOURCE_JSON, "", "a", "[{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}]",
          "1/1 \"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\xc3\xa9\xf0\x9f\x98\x80\"\n");
    check(SOURCE_JSON, "", "a b",
          "[{\"a\":\"x\\ud800y\",\"b\":\"\\u0000\"},{\"a\":[\"\\udc00\"],\"b\":\"\\\\u0000\"}]",
          "1/1 !holds half a surrogate pair !holds a NUL character\n1/2 !holds half a surrogate pair "
          "\"\\\\u0000\"\n");
    check(SOURCE_JSON, "", "a b", "[{\"a\":\"\xe9\",\"b\":1}]",
          "1/1 !holds bytes that are not UTF-8 (line 1) #1 R0153 `a` holds bytes that are not UTF-8 (line "
          "1)\n");
}

static void test_children(void **state) {
    (void)state;
    struct fixture f;
    start(&f, SOURCE_JSON, "t[*]", "id parent:id root:id",
          "{\"t\":[\n{\"id\":1,\"r\":[\n{\"id\":2,\"r\":[{\"id\":3}]},\n{\"id\":4,\"r\":[]},null]},\n{\"id\":"
          "5,\"r\":{\"id\":6}}]}");
    f.source.children = STR("r");
    assert_string_equal(fixture_read_all_blocks(&f),
                        "2/1 #1 - #1\n3/2> #2 #1 #1\n3/3>> #3 #2 #1\n4/4> #4 #1 #1\n"
                        "5/5 #5 - #5\n5/6> #6 #5 #5\n");
    f.source.children = STR("x.y[*]");
    fixture_text(&f, "a.json", "{\"t\":[{\"id\":1,\"x\":{\"y\":[{\"id\":2},{\"id\":3}]}}]}");
    assert_reads(&f, "1/1 #1 - #1\n1/2> #2 #1 #1\n1/3> #3 #1 #1\n");
    fixture_end(&f);
}

/* More children than a batch holds: they go on in the next, with their ancestors' cells. */
static void test_children_over_batches(void **state) {
    (void)state;
    struct fixture f;
    struct buf text = {0}, expected = {0};
    buf_append_cstr(&text, "[{\"id\":\"top\",\"r\":[");
    buf_append_cstr(&expected, "1/1 \"top\" - \"top\"\n");
    for (int i = 0; i < 3000; i++) {
        buf_printf(&text, "%s{\"id\":%d,\"r\":[{\"id\":\"\\u0061%d\"}]}\n", i ? "," : "", i, i);
        buf_printf(&expected, "%d/%d> #%d \"top\" \"top\"\n%d/%d>> \"a%d\" #%d \"top\"\n", i + 1, 2 * i + 2,
                   i, i + 1, 2 * i + 3, i, i);
    }
    buf_append_cstr(&text, "]}]");
    fixture_start(&f, SOURCE_JSON, "a.json");
    fixture_columns(&f, "id parent:id root:id");
    f.source.children = STR("r");
    fixture_file(&f, "a.json", text.ptr, text.len);
    assert_reads(&f, expected.ptr);
    buf_release(&text);
    buf_release(&expected);
    fixture_end(&f);
}

static void test_syntax_errors(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"[{\"a\":1},\n{\"a\" 2}]",
         "X0212 a.json line 2 column 6 (byte 15): this is not JSON: expected `:` behind the key\n"},
        {"[{\"a\":1} {\"a\":2}]",
         "X0212 a.json line 1 column 10 (byte 9): this is not JSON: expected `,` or `]`\n"},
        {"[{\"a\":1},]", "X0212 a.json line 1 column 10 (byte 9): this is not JSON: expected a value\n"},
        {"[{\"\xc3\xa9\":01}]",
         "X0212 a.json line 1 column 8 (byte 8): this is not JSON: a number must not begin with 0\n"},
        {"[{\"a\":nul}]", "X0212 a.json line 1 column 10 (byte 9): this is not JSON: expected a value; only "
                          "true, false and null are words\n"},
        {"[{\"a\":\"x\ty\"}]", "X0212 a.json line 1 column 9 (byte 8): this is not JSON: a control character "
                               "must be written as an escape in a text\n"},
        {"[{\"a\":\"\\q\"}]",
         "X0212 a.json line 1 column 9 (byte 8): this is not JSON: there is no such escape\n"},
        {"[{\"a\":-}]",
         "X0212 a.json line 1 column 8 (byte 7): this is not JSON: expected a digit behind `-`\n"},
        {"[{a:1}]",
         "X0212 a.json line 1 column 3 (byte 2): this is not JSON: expected a key in double quotes\n"},
        {"[{\"a\":1", "X0212 a.json line 1 column 8 (byte 7): the file is cut short: it ends in the middle "
                      "of an object\n"},
        {"[{\"a\":\"x",
         "X0212 a.json line 1 column 9 (byte 8): the file is cut short: it ends in the middle of a text\n"},
        {"[{\"a\":1},", "X0212 a.json line 1 column 10 (byte 9): the file is cut short: it ends where a "
                        "value is expected\n"},
        {"[{\"a\":1}",
         "X0212 a.json line 1 column 9 (byte 8): the file is cut short: it ends in the middle of an array\n"},
        {" \n", "X0212 a.json line 2 column 1 (byte 2): the file is cut short: the file is empty\n"},
        {"{\"a\":1}\n{\"a\":2}",
         "X0212 a.json line 2 column 1 (byte 8): this is not JSON: expected nothing behind the document\n"
         "  if the file holds one document a line, the source's kind is `ndjson`\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        start(&f, SOURCE_JSON, "", "a", cases[i].text);
        for (size_t block = 1; block < 20; block++) {
            f.options.limits.block_bytes = block;
            const char *got = fixture_read(&f), *error = strstr(got, "X0212");
            assert_non_null(error);
            assert_memory_equal(error, cases[i].expected, strlen(cases[i].expected));
        }
        fixture_end(&f);
    }
}

static void test_paths_refused(void **state) {
    (void)state;
    check(SOURCE_JSON, "threads[*]", "a", "{\"thread\":[]}",
          "X0213 a.json: the path `threads[*]` leads nowhere in this file\n"
          "  `rows` gives the path to the array of rows, such as 'data.items[*]'\n");
    check(SOURCE_JSON, "a[*]", "a", "{\"a\":3}",
          "X0213 a.json line 1 column 6 (byte 5): expected an array\n"
          "  `rows` gives the path to the array of rows, such as 'data.items[*]'\n");
    check(SOURCE_JSON, "a.b[*]", "a", "{\"a\":[]}",
          "X0213 a.json line 1 column 6 (byte 5): expected an object that holds `b`\n"
          "  `rows` gives the path to the array of rows, such as 'data.items[*]'\n");
    check(SOURCE_JSON, "a[", "a", "{}",
          "X0218 source `src`: rows path `a[` is not a path: brackets hold a number, `*` or a key in quotes\n"
          "  write a path like threads[*] or data.items[*]\n");
    check(SOURCE_JSON, "", "a=x[*]", "{}",
          "X0218 source `src`: column path `x[*]` is not a path: a column takes one value, not [*]\n"
          "  write paths like author.email, tags[0] or 'a key with dots'.name\n");
    check(SOURCE_JSON, "", "a=x..y", "{}",
          "X0218 source `src`: column path `x..y` is not a path: a key is missing\n"
          "  write paths like author.email, tags[0] or 'a key with dots'.name\n");
}

static void test_limits(void **state) {
    (void)state;
    struct fixture f;
    start(&f, SOURCE_JSON, "", "a", "[{\"a\":1},{\"a\":\"0123456789012345678901234567890123456789\"}]");
    f.options.limits.max_record_bytes = 30;
    f.options.limits.block_bytes = 8;
    assert_reads(
        &f, "X0211 a.json line 1 column 10 (byte 9): the value that begins here is longer than 30 bytes\n"
            "  `rows 'path[*]'` names the array whose elements are the rows\n");
    f.options.limits.max_record_bytes = 0;
    f.options.limits.max_depth = 4;
    fixture_text(&f, "a.json", "[{\"a\":[[[1]]]}]");
    assert_reads(&f, "1/1 [[[1]]]\n");
    fixture_text(&f, "a.json", "[{\"a\":[[[[1]]]]}]");
    assert_reads(&f,
                 "X0212 a.json line 1 column 10 (byte 9): this is not JSON: nested deeper than the limit\n"
                 "  correct the file, or export it again\n");
    fixture_end(&f);
}

static void test_ndjson(void **state) {
    (void)state;
    check(SOURCE_NDJSON, "", "a", "{\"a\":1}\r\n\n  {\"a\":2}  \n[3]\n{\"a\":4}",
          "1/1 #1\n3/2 #2\n4/3 -\n5/4 #4\n");
    check(SOURCE_NDJSON, "", "v=[0]", "[1,2]\n[3]\n", "1/1 #1\n2/2 #3\n");
    check(SOURCE_NDJSON, "r[*]", "a", "{\"r\":[{\"a\":1},{\"a\":2}]}\n{\"r\":[]}\n{\"r\":[{\"a\":3}]}\n",
          "1/1 #1\n1/2 #2\n3/3 #3\n");
    check(SOURCE_NDJSON, "", "a", "", "");
    struct fixture f;
    start(&f, SOURCE_NDJSON, "", "a", "{\"a\":1}\n{\"a\":}\n{\"a\":2\n{\"a\":3} x\n{\"a\":4}\n");
    f.show_raw = true;
    assert_string_equal(
        fixture_read_all_blocks(&f),
        "1/1 #1 raw \"{\\\"a\\\":1}\"\n"
        "2/2 - raw \"{\\\"a\\\":}\" R0112 the line is not JSON at column 6: expected a value\n"
        "3/3 - raw \"{\\\"a\\\":2\" R0112 the line is not JSON at column 7: it ends in the middle of an "
        "object\n"
        "4/4 - raw \"{\\\"a\\\":3} x\" R0112 the line is not JSON at column 9: expected nothing behind the "
        "value\n"
        "5/5 #4 raw \"{\\\"a\\\":4}\"\n");
    f.options.limits.max_record_bytes = 5;
    f.options.limits.block_bytes = 4;
    assert_reads(&f, "X0211 a.json line 1 column 1 (byte 0): the line is longer than 5 bytes\n"
                     "  if the file is one document, the source's kind is `json`\n");
    fixture_end(&f);
}

/* The checker against cJSON on random damage: what the checker takes, cJSON takes; what cJSON refuses, the
 * checker refuses. (cJSON takes more: control characters in texts, numbers like 01.) */
static void test_scanner_against_cjson(void **state) {
    (void)state;
    static const char sample[] =
        "{\"a\":[1,-2.5e+10,true,false,null,\"x\\u00e9\\n\\\"\"],\"b\":{\"c\":{},\"d\":[[],[0]]}}";
    static const char alphabet[] = "{}[]:,\"\\ 0123456789eE+-.truefalsn\n";
    uint64_t seed = 99;
    unsigned taken = 0;
    struct json_scanner *scanner = memory_alloc(sizeof *scanner);
    for (unsigned round = 0; round < 40000; round++) {
        char text[sizeof sample];
        size_t len = sizeof sample - 1, at;
        const char *error;
        memcpy(text, sample, sizeof sample);
        for (unsigned change = 0; change < round % 4; change++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[(seed >> 33) % len] = alphabet[(seed >> 20) % (sizeof alphabet - 1)];
        }
        bool good = json_scan_text(scanner, str_from(text, len), 100, &at, &error);
        cJSON *tree = cJSON_ParseWithLengthOpts(text, len + 1, NULL, 1);
        if (good && tree == NULL) print_message("taken: %s\n", text);
        assert_true(!good || tree);
        if (good && tree) { /* and the walk sees the same members */
            struct json_walk walk;
            struct str key, value;
            int count = 0;
            assert_true(json_walk_start(&walk, str_from(text, len)));
            while (json_walk_next(&walk, &key, &value))
                count++;
            assert_int_equal(count, cJSON_GetArraySize(tree));
        }
        taken += good;
        cJSON_Delete(tree);
    }
    free(scanner);
    assert_in_range(taken, 10000, 39000);
}

static void test_shared_files(void **state) {
    (void)state;
    static const struct {
        const char *file, *rows, *columns;
        enum plan_source_format format;
        uint64_t count;
    } cases[] = {
        {"json/github-issue-archive/privacypass-base-drafts.archive.json", "issues[*]", "number title=title",
         SOURCE_JSON, 0},
        {"json/simdjson-examples/amazon_cellphones.ndjson", "", "a=[0]", SOURCE_NDJSON, 793},
        {"json/simdjson-examples/github_events.json", "", "id login=actor.login", SOURCE_JSON, 30},
        {"json/github-webhooks/issues.opened.payload.json", "", "action n=issue.number", SOURCE_JSON, 1},
        {"rel/chinook/ChinookData.json", "Artist[*]", "ArtistId Name", SOURCE_JSON, 275},
        {"json/dynamodb/single-table-ndjson/items.json", "", "PK SK", SOURCE_NDJSON, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        fixture_start(&f, cases[i].format, "");
        const char *path = shared_data(&f, cases[i].file);
        if (path == NULL) {
            fixture_end(&f);
            skip();
        }
        f.source.location = str_cstr(path);
        f.source.rows = str_cstr(cases[i].rows);
        fixture_columns(&f, cases[i].columns);
        const char *text = fixture_read(&f);
        assert_null(strstr(text, "\nX0"));
        assert_null(strstr(text, " R0"));
        if (cases[i].count)
            assert_int_equal(f.rows, cases[i].count);
        else
            assert_true(f.rows > 20);
        fixture_end(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_children),
        cmocka_unit_test(test_children_over_batches),
        cmocka_unit_test(test_syntax_errors),
        cmocka_unit_test(test_paths_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_ndjson),
        cmocka_unit_test(test_scanner_against_cjson),
        cmocka_unit_test(test_shared_files),
    };
    return cmocka_run_group_tests_name("reader_json", tests, NULL, NULL);
}

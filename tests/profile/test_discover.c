/* What files hold, without a spec. */
#include "runtime/profile/discover.h"
#include "runtime/profile/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* Discovers a file of this name and content; every source as a line. */
static void expect(const char *name, struct str content, const char *wanted) {
    char dir[] = "/tmp/mig_discover_XXXXXX";
    struct arena arena = {0};
    struct discovery discovery;
    struct diag_list diags;
    struct buf out = {0};
    static const char *const FORMATS[] = {"csv", "json", "ndjson", "xlsx", "dynamodb"};
    assert_non_null(mkdtemp(dir));
    struct str path = arena_printf(&arena, "%s/%s", dir, name);
    FILE *file = fopen(path.ptr, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.ptr, 1, content.len, file), content.len);
    fclose(file);
    diag_list_init(&diags, &arena);
    discovery_init(&discovery, &arena);
    bool good = discover_location(&discovery, str_cstr(name), str_cstr(dir), &diags);
    assert_true(good == (diags.error_count == 0));
    for (uint32_t s = 0; s < discovery.sources.count; s++) {
        const struct plan_source *source = &discovery.sources.items[s];
        buf_printf(&out, "%s%.*s %s", s ? "\n" : "", STR_ARG(source->name), FORMATS[source->format]);
        if (source->format == SOURCE_CSV) buf_printf(&out, " %.*s", STR_ARG(source->delimiter));
        if (source->format == SOURCE_CSV && !source->header) buf_append_cstr(&out, " headless");
        if (source->encoding.len) buf_printf(&out, " %.*s", STR_ARG(source->encoding));
        if (source->rows.len) buf_printf(&out, " rows %.*s", STR_ARG(source->rows));
        if (source->children.len) buf_printf(&out, " children %.*s", STR_ARG(source->children));
        buf_append_cstr(&out, ":");
        for (uint32_t c = 0; c < source->tables[0].columns_count; c++)
            buf_printf(&out, " %.*s", STR_ARG(source->tables[0].columns[c].name));
    }
    for (uint32_t i = 0; i < diags.items.count; i++)
        buf_printf(&out, "%s", diag_code_id(diags.items.items[i]->code));
    buf_append_cstr(&out, "");
    assert_string_equal(out.ptr, wanted);
    buf_release(&out);
    unlink(path.ptr);
    rmdir(dir);
    arena_release(&arena);
}

static void test_csv(void **state) {
    (void)state;
    expect("people.csv", STR("id,Full Name,E-mail\n1,Bo,b@c.example\n"), "people csv ,: id full_name email");
    expect("x.csv", STR("a;b\n1,5;2\n2,5;3\n"), "x csv ;: a b");
    expect("x.tsv", STR("a\tb\n1,2\t2\n"), "x csv \t: a b");
    expect("x.txt", STR("a|b\n1|2\n"), "x csv |: a b");
    expect("x.csv", STR("\"a;b\",c\n1,2\n"), "x csv ,: a_b c");
    expect("x.csv", STR("1,2\n3,4\n"), "x csv , headless: column_1 column_2");
    expect("x.csv", STR("name\nZo\xeb\nBj\xf6rn\n"), "x csv , windows-1252: name");
    expect("x.csv", STR("name\nZo\xc3\xab\n"), "x csv ,: name");
    expect("x.csv", STR("n\0a\0m\0e\0\n\0x\0\n\0"), "x csv , UTF-16LE: name");
    expect("x.csv", STR("a,a,,b\n1,2,3,4\n"), "x csv ,: b"); /* what cannot be named apart is left out */
    expect("x.csv", STR("A B,a b,a-b\n1,2,3\n"), "x csv ,: a_b a_b_2 a_b_3");
    expect("x.csv", STR("not,from,1st\n1,2,3\n"), "x csv ,: not_ from column_1st");
    expect("x.csv", STR(""), "X0207");
}

static void test_json(void **state) {
    (void)state;
    expect("a.json", STR("[{\"id\":1,\"who\":{\"email\":\"x\"}},{\"id\":2,\"tags\":[\"a\"]}]"),
           "a json rows [*]: id who_email tags");
    expect("a.json", STR("{\"at\":1,\"Album\":[{\"AlbumId\":1}],\"Genre\":[{\"Name\":\"x\"}]}"),
           "a_album json rows Album[*]: album_id\na_genre json rows Genre[*]: name");
    expect("a.json", STR("{\"data\":{\"items\":[{\"x\":1}]}}"), "a_items json rows data.items[*]: x");
    expect("a.json", STR("{\"action\":\"x\",\"issue\":{\"id\":1},\"sender\":{\"id\":2}}"),
           "a json: action issue_id sender_id");
    expect("a.ndjson", STR("{\"a\":1}\n{\"a\":2,\"b\":3}\n"), "a ndjson: a b");
    expect("a.json", STR("{\"a\":1}\n{\"b\":2}\n"), "a ndjson: a b");
    expect("a.json",
           STR("{\"T\":[{\"id\":1,\"body\":\"x\",\"replies\":[{\"id\":2,\"body\":\"y\",\"replies\":[]}]}]}"),
           "a_t json rows T[*] children replies: id body");
    expect("a.ndjson", STR("[\"asin\",\"brand\"]\n[\"B1\",\"x\"]\n"), "a ndjson: asin brand");
    expect("a.json", STR("{\"T\":[{\"P\":{\"Item\":{\"a\":1,\"b\":2}}}]}"), "a_t json rows T[*]: a b");
    expect("a.json", STR("[]"), "");
    expect("a.json", STR(""), "X0212");
    expect("a.json", STR("[{\"a\":1},"), "X0212");
}

static void test_dynamodb(void **state) {
    (void)state;
    expect("t.json", STR("{\"Item\":{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}}}\n"), "t dynamodb: id n");
    expect("t.json", STR("{\"T\":[{\"PutRequest\":{\"Item\":{\"id\":{\"S\":\"a\"}}}}]}"), "t dynamodb: id");
    expect("t.json", STR("{\"T\":[{\"PutRequest\":{\"Item\":{\"id\":\"a\"}}}]}"), "t_t json rows T[*]: id");
}

static void expect_words(const char *name, const char *wanted) {
    struct arena arena = {0};
    struct buf out = {0};
    struct words words = words_split(&arena, str_cstr(name));
    for (uint32_t i = 0; i < words.count; i++)
        buf_printf(&out, "%s%.*s", i ? " " : "", STR_ARG(words.word[i]));
    assert_string_equal(out.ptr, wanted);
    buf_release(&out);
    arena_release(&arena);
}

static void test_words(void **state) {
    (void)state;
    expect_words("ProjectCode", "project code");
    expect_words("project_codes", "project code");
    expect_words("Due (Sydney time)", "due sydney time");
    expect_words("E-Mail", "email");
    expect_words("HTTPStatus", "http status");
    expect_words("countries", "country");
    expect_words("status", "status");
    expect_words("addresses", "address");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_dynamodb),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

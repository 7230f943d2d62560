/* The demo's five sources, each as its spec declares it. */
#include "tests/reader/reader_fixture.h"

#include <stdlib.h>
#include <sys/stat.h>

static bool find_data(struct fixture *f) {
    const char *path = MIG_SOURCE_DIR "/specs/portal/data";
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (!there) path = shared_data(f, "../specs/portal/data");
    if (path) f->options.base_dir = arena_copy_str(&f->arena, str_cstr(path));
    return path != NULL;
}

static const char *read_source(struct fixture *f, enum plan_source_format format, const char *file,
                               uint64_t rows) {
    f->source.format = (uint8_t)format;
    f->source.location = str_cstr(file);
    const char *text = fixture_read(f);
    assert_null(strstr(text, " R0"));
    assert_null(strstr(text, "\nX02"));
    assert_int_equal(f->rows, rows);
    return text;
}

#define START(f)                                                                                             \
    fixture_start(f, SOURCE_CSV, "");                                                                        \
    if (!find_data(f)) {                                                                                     \
        fixture_end(f);                                                                                      \
        skip();                                                                                              \
    }

static void test_workbook(void **state) {
    (void)state;
    struct fixture f;
    START(&f);
    fixture_column(&f, "code=Project Code");
    fixture_column(&f, "starts=Start");
    fixture_column(&f, "ends=End");
    fixture_column(&f, "budget=Budget (AUD)");
    f.table.title = STR("Projects");
    const char *text = read_source(&f, SOURCE_XLSX, "projects_master.xlsx", 60);
    /* A real date in one cell and text in the next. */
    assert_non_null(strstr(text, "2/1 \"P-0001\" @2025-03-27 \"01/06/2026\" \" 1,234.5 \"\n"));
    f.table.title = STR("Milestones");
    f.columns[1].from = STR("Title");
    f.projection_count = f.table.columns_count = 2;
    f.columns[0].from = STR("Milestone");
    read_source(&f, SOURCE_XLSX, "projects_master.xlsx", 180);
    f.table.title = STR("Tasks");
    f.columns[0].from = STR("Task");
    read_source(&f, SOURCE_XLSX, "projects_master.xlsx", 720);
    fixture_end(&f);
}

static void test_share_links(void **state) {
    (void)state;
    struct fixture f;
    START(&f);
    fixture_column(&f, "token=Token");
    fixture_column(&f, "revoked=Revoked");
    const char *text = read_source(&f, SOURCE_CSV, "share_links.csv", 240);
    assert_non_null(strstr(text, "7/6 \"5e3f5bd32061547f7d1035d4\" -\n"));
    fixture_end(&f);
}

static void test_digests(void **state) {
    (void)state;
    struct fixture f;
    START(&f);
    fixture_column(&f, "email=E-mail");
    fixture_column(&f, "name=Name");
    f.source.delimiter = STR(";");
    f.source.encoding = STR("windows-1252");
    const char *text = read_source(&f, SOURCE_CSV, "notifications_settings.csv", 34);
    assert_non_null(strstr(text, "\"Max M\xc3\xbcller\"\n"));
    fixture_end(&f);
}

static void test_manifest(void **state) {
    (void)state;
    static struct plan_text nulls[] = {{STR("")}, {STR("N/A")}, {STR("-")}};
    struct fixture f;
    START(&f);
    fixture_columns(&f, "title path=file_path mux_id");
    f.source.has_nulls = 1;
    f.source.nulls = nulls;
    f.source.nulls_count = 3;
    const char *text = read_source(&f, SOURCE_CSV, "assets_manifest.csv", 306);
    assert_memory_equal(text,
                        "2/1 \"Asset 1, \\\"v1\\\"\" \"s3://bucket/P-0035/0.mov\" -\n"
                        "3/2 \"Asset 2, \\\"v8\\\"\" - \"072iT2gT78cViW0V9YYMjUX2\"\n",
                        100);
    fixture_end(&f);
}

static void test_comments(void **state) {
    (void)state;
    struct fixture f;
    START(&f);
    fixture_columns(&f, "id parent:id root:item author=author.email");
    f.source.rows = STR("threads[*]");
    f.source.children = STR("replies");
    const char *text = read_source(&f, SOURCE_JSON, "comments_export.json", 801);
    assert_non_null(strstr(text, "/1 \"c1\" - \"M-00093\" \"bjrn.singh19@acme.test\"\n"));
    fixture_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_workbook), cmocka_unit_test(test_share_links), cmocka_unit_test(test_digests),
        cmocka_unit_test(test_manifest), cmocka_unit_test(test_comments),
    };
    return cmocka_run_group_tests_name("reader_portal", tests, NULL, NULL);
}

/* Files: paths, patterns, packing, encodings. */
#include "tests/reader/reader_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void start(struct fixture *f, const char *location) {
    fixture_start(f, SOURCE_CSV, location);
    fixture_columns(f, "a b");
}

static void test_missing(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "no.csv");
    assert_reads(&f, "X0201 source `src`: there is no file `no.csv`\n"
                     "  relative paths start in `DIR`; `--data DIR` names another folder\n");
    f.source.location = STR("x*.csv");
    assert_reads(&f, "X0203 source `src`: no file matches `x*.csv`\n"
                     "  the pattern starts in `DIR`; `--data DIR` names another folder\n");
    f.source.location = STR(".");
    assert_reads(&f,
                 "X0202 source `src`: could not read `.`: Is a directory\n  check the file's permissions\n");
    fixture_end(&f);
}

static void test_patterns(void **state) {
    (void)state;
    struct fixture f;
    start(&f, "p*.csv");
    fixture_text(&f, "p2.csv", "b,a\n1,2\n");
    fixture_text(&f, "p10.csv", "a,b\n3,4\n5,6\n");
    fixture_text(&f, "q.csv", "a,b\n7,8\n");
    fixture_text(&f, "pB.csv", "a,b,c\n");
    fixture_gzip(&f, "p3.csv", "a,b\n9,0\n", 8);
    assert_string_equal(
        fixture_read_all_blocks(&f),
        "p10.csv:2/1 \"3\" \"4\"\np10.csv:3/2 \"5\" \"6\"\np2.csv:2/1 \"2\" \"1\"\np3.csv:2/1 \"9\" \"0\"\n");
    fixture_text(&f, "p99.csv", "a,c\n");
    assert_reads(&f, "X0208 p99.csv line 1: there is no column `b`\n"
                     "  did you mean `a`? write it behind `from` of column `b`\n  the file has: `a`, `c`\n");
    /* A file may have a name that looks like a pattern. */
    fixture_text(&f, "z[1].csv", "a,b\nx,y\n");
    f.source.location = STR("z[1].csv");
    assert_reads(&f, "2/1 \"x\" \"y\"\n");
    fixture_end(&f);
}

static void test_unnamed_columns(void **state) {
    (void)state;
    struct fixture f;
    struct diag_list diags;
    struct str *names;
    start(&f, "p*.csv");
    fixture_text(&f, "p1.csv", "x,b,a,,y\n");
    fixture_text(&f, "p2.csv", "a,b,y,z\n");
    diag_list_init(&diags, &f.arena);
    struct reader *reader = reader_open(&f.plan, 0, 0, f.projection, 2, &f.options, &diags);
    assert_non_null(reader);
    assert_int_equal(reader_unnamed_columns(reader, &f.arena, &names), 3);
    assert_int_equal(reader_file_count(reader), 2);
    assert_int_equal(reader_total_bytes(reader), 17);
    assert_true(str_is(reader_file_name(reader, 1), "p2.csv"));
    reader_close(reader);
    fixture_end(&f);
}

static void test_packed(void **state) {
    (void)state;
    struct fixture f;
    static const char text[] = "a,b\n1,2\n3,4\n";
    start(&f, "a.csv.gz");
    fixture_gzip(&f, "a.csv.gz", text, sizeof text - 1);
    assert_string_equal(fixture_read_all_blocks(&f), "2/1 \"1\" \"2\"\n3/2 \"3\" \"4\"\n");
    /* Two members behind each other, zeros behind them. */
    struct str member = read_whole_file(&f.arena, arena_printf(&f.arena, "%s/a.csv.gz", f.dir).ptr);
    fixture_gzip(&f, "b", "5,6\n", 4);
    struct str second = read_whole_file(&f.arena, arena_printf(&f.arena, "%s/b", f.dir).ptr);
    struct str both = arena_printf(&f.arena, "%*s", (int)(member.len + second.len + 5), "");
    memcpy((char *)both.ptr, member.ptr, member.len);
    memcpy((char *)both.ptr + member.len, second.ptr, second.len);
    memset((char *)both.ptr + member.len + second.len, 0, 5);
    fixture_file(&f, "a.csv.gz", both.ptr, both.len);
    assert_string_equal(fixture_read_all_blocks(&f), "2/1 \"1\" \"2\"\n3/2 \"3\" \"4\"\n4/3 \"5\" \"6\"\n");
    memset((char *)both.ptr + member.len + second.len, 'x', 5);
    fixture_file(&f, "a.csv.gz", both.ptr, both.len);
    assert_non_null(strstr(fixture_read(&f), "the gzip data has other bytes behind its end\n"));
    f.source.location = STR("a.csv.zst");
    fixture_zstd(&f, "a.csv.zst", text, sizeof text - 1);
    assert_string_equal(fixture_read_all_blocks(&f), "2/1 \"1\" \"2\"\n3/2 \"3\" \"4\"\n");
    fixture_end(&f);
}

static void test_packed_damaged(void **state) {
    (void)state;
    struct fixture f;
    struct buf text = {0};
    buf_append_cstr(&text, "a,b\n");
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "%d,%d\n", i * 7919 % 10007, i);
    start(&f, "a.csv.gz");
    for (int zst = 0; zst < 2; zst++) {
        const char *name = zst ? "a.csv.zst" : "a.csv.gz";
        f.source.location = str_cstr(name);
        if (zst)
            fixture_zstd(&f, name, text.ptr, text.len);
        else
            fixture_gzip(&f, name, text.ptr, text.len);
        struct str packed = read_whole_file(&f.arena, arena_printf(&f.arena, "%s/%s", f.dir, name).ptr);
        /* Cut anywhere: never an end of file. */
        for (size_t cut = 1; cut < packed.len; cut += 1 + packed.len / 23) {
            fixture_file(&f, name, packed.ptr, cut);
            const char *got = fixture_read(&f), *error = strstr(got, "X0204 ");
            assert_non_null(error);
            if (cut > 10 && strstr(error, "cut short"))
                assert_non_null(strstr(error, arena_printf(&f.arena, "byte %zu: ", cut).ptr));
        }
        char *broken = (char *)packed.ptr;
        memset(broken + packed.len / 2, 0x55, 20);
        fixture_file(&f, name, packed.ptr, packed.len);
        assert_non_null(strstr(fixture_read(&f), "X0204 "));
        fixture_file(&f, name, "a,b\n", 4);
        assert_non_null(strstr(fixture_read(&f), zst ? "the zstd data does not begin as such data does"
                                                     : "the gzip data does not begin as such data does"));
        fixture_file(&f, name, "", 0);
        assert_non_null(strstr(fixture_read(&f), "is missing: the file is empty"));
    }
    buf_release(&text);
    fixture_end(&f);
}

static void test_bomb(void **state) {
    (void)state;
    struct fixture f;
    size_t len = 8 << 20;
    char *zeros = memory_alloc(len);
    memset(zeros, '\n', len);
    memcpy(zeros, "a,b\n", 4);
    start(&f, "a.csv.zst");
    fixture_zstd(&f, "a.csv.zst", zeros, len);
    f.options.limits.max_unpacked_ratio = 100;
    assert_reads(&f, "X0205 a.csv.zst: the file unpacks to more than 100 times its size\n"
                     "  if it really is data, unpack it first and read the unpacked file\n");
    f.options.limits.max_unpacked_ratio = 1000000;
    assert_reads(&f, "");
    free(zeros);
    fixture_end(&f);
}

static void test_standard_input(void **state) {
    (void)state;
    struct fixture f;
    int saved = dup(STDIN_FILENO), ends[2];
    start(&f, "-");
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "a,b\n1,2\n", 8), 8);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_reads(&f, "2/1 \"1\" \"2\"\n");
    dup2(saved, STDIN_FILENO);
    close(saved);
    fixture_text(&f, "spooled", "a,b\n3,4\n");
    f.options.stdin_copy = arena_printf(&f.arena, "%s/spooled", f.dir);
    assert_reads(&f, "2/1 \"3\" \"4\"\n");
    fixture_end(&f);
}

static void check_encoding(const char *encoding, const void *bytes, size_t len, const char *expected) {
    struct fixture f;
    start(&f, "a.csv");
    f.source.encoding = str_cstr(encoding);
    fixture_file(&f, "a.csv", bytes, len);
    assert_string_equal(fixture_read_all_blocks(&f), expected);
    fixture_end(&f);
}
#define CHECK_ENCODING(encoding, bytes, expected) check_encoding(encoding, bytes, sizeof(bytes) - 1, expected)

static void test_encodings(void **state) {
    (void)state;
    CHECK_ENCODING("",
                   "\xef\xbb\xbf"
                   "a,b\n\xc3\xa9,1\n",
                   "2/1 \"\xc3\xa9\" \"1\"\n");
    CHECK_ENCODING("utf-8",
                   "\xef\xbb\xbf"
                   "a,b\n\xc3\xa9,1\n",
                   "2/1 \"\xc3\xa9\" \"1\"\n");
    CHECK_ENCODING("windows-1252", "a,b\n\xe9\x80,1\n", "2/1 \"\xc3\xa9\xe2\x82\xac\" \"1\"\n");
    CHECK_ENCODING("ISO-8859-15", "a,b\n\xa4,1\n", "2/1 \"\xe2\x82\xac\" \"1\"\n");
    CHECK_ENCODING("ISO-8859-2", "a,b\n\xb3\xf3\x64\xbc,1\n", "2/1 \"\xc5\x82\xc3\xb3\x64\xc5\xba\" \"1\"\n");
    CHECK_ENCODING("Shift_JIS", "a,b\n\x93\xfa\x96\x7b,1\n", "2/1 \"\xe6\x97\xa5\xe6\x9c\xac\" \"1\"\n");
    CHECK_ENCODING("",
                   "\xff\xfe"
                   "a\0,\0b\0\n\0"
                   "\xe9\0,\0"
                   "\x3d\xd8\x00\xde"
                   "\n\0",
                   "2/1 \"\xc3\xa9\" \"\xf0\x9f\x98\x80\"\n");
    CHECK_ENCODING("UTF-16",
                   "\xfe\xff\0a\0,\0b\0\n\0"
                   "1\0,\0"
                   "2",
                   "2/1 \"1\" \"2\"\n");
    CHECK_ENCODING("UTF-16LE",
                   "a\0,\0b\0\n\0"
                   "1\0,\0"
                   "2\0",
                   "2/1 \"1\" \"2\"\n");
    CHECK_ENCODING("UTF-16",
                   "a\0,\0b\0\n\0"
                   "1\0,\0"
                   "2\0",
                   "2/1 \"1\" \"2\"\n");
}

static void test_encodings_refused(void **state) {
    (void)state;
    CHECK_ENCODING("klingon", "a,b\n",
                   "X0206 a.csv: `klingon` is not an encoding that mig knows\n"
                   "  use an IANA name such as UTF-8, UTF-16LE, ISO-8859-15 or windows-1252\n");
    CHECK_ENCODING("windows-1252",
                   "\xef\xbb\xbf"
                   "a,b\n",
                   "X0206 a.csv: the file begins with a UTF-8 mark, but the spec says it is windows-1252\n"
                   "  leave the `encoding` option out: the file is UTF-8\n");
    CHECK_ENCODING("UTF-8",
                   "\xff\xfe"
                   "a\0",
                   "X0206 a.csv: the file begins with a UTF-16 mark, but the spec says it is UTF-8\n"
                   "  leave the `encoding` option out: the file tells by itself\n");
    CHECK_ENCODING("", "a\0,\0b\0\n\0",
                   "X0206 a.csv: the file looks like UTF-16 without a mark, not like UTF-8\n"
                   "  write encoding 'UTF-16LE'\n");
    /* Bytes that the encoding does not know: 0xAE in ISO-8859-7, half a character at the end, a lone
     * surrogate. */
    CHECK_ENCODING(
        "ISO-8859-7", "a,b\n1,x\xae\n2,y\n",
        "2/1 \"1\" !holds bytes that are not ISO-8859-7 (line 2) R0153 `b` holds bytes that are not "
        "ISO-8859-7 (line 2)\n3/2 \"2\" \"y\"\n");
    CHECK_ENCODING(
        "Shift_JIS", "a,b\n1,x\x93",
        "2/1 \"1\" !holds bytes that are not Shift_JIS (line 2) R0153 `b` holds bytes that are not "
        "Shift_JIS (line 2)\n");
    CHECK_ENCODING("UTF-16LE",
                   "a\0,\0b\0\n\0"
                   "1\0,\0"
                   "\x3d\xd8"
                   "z\0\n\0",
                   "2/1 \"1\" !holds bytes that are not UTF-16LE (line 2) R0153 `b` holds bytes that are not "
                   "UTF-16LE (line 2)\n");
}

static void test_encoded_in_bulk(void **state) {
    (void)state;
    struct fixture f;
    struct buf text = {0}, expected = {0};
    start(&f, "a.csv");
    f.source.encoding = STR("windows-1252");
    buf_append_cstr(&text, "a,b\n");
    for (int i = 1; i <= 4000; i++) {
        buf_printf(&text, "%d,%.*s\n", i, 1 + i % 9, "\xe9\xe8\x80\xe9\xe8\x80\xe9\xe8\x80");
        buf_printf(&expected, "%d/%d \"%d\" \"", i + 1, i, i);
        for (int k = 0; k < 1 + i % 9; k++)
            buf_append_cstr(&expected, k % 3 == 0 ? "\xc3\xa9" : k % 3 == 1 ? "\xc3\xa8" : "\xe2\x82\xac");
        buf_append_cstr(&expected, "\"\n");
    }
    fixture_file(&f, "a.csv", text.ptr, text.len);
    assert_reads(&f, expected.ptr);
    buf_release(&text);
    buf_release(&expected);
    fixture_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing),           cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_unnamed_columns),   cmocka_unit_test(test_packed),
        cmocka_unit_test(test_packed_damaged),    cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_standard_input),    cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_encodings_refused), cmocka_unit_test(test_encoded_in_bulk),
    };
    return cmocka_run_group_tests_name("reader_files", tests, NULL, NULL);
}

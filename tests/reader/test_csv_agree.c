/* The CSV splitter against libcsv in strict mode, on random nasty text: where libcsv takes a record, so does
 * the splitter, with the same fields; where libcsv refuses, so does the splitter. And all scanning stages
 * find the same places. */
#include "tests/reader/reader_fixture.h"

#include "runtime/reader/csv_record.h"
#include "runtime/reader/csv_scan.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 60000, LONGEST = 120 };

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* ---- what libcsv makes of a text: fields in brackets, a line for each record */

struct reference {
    struct buf out;
    bool any, all_empty;
};

static void reference_field(void *field, size_t len, void *data) {
    struct reference *r = data;
    r->any = true;
    buf_append_char(&r->out, '[');
    buf_append(&r->out, field, len);
    buf_append_char(&r->out, ']');
    r->all_empty = r->all_empty && field == NULL; /* CSV_EMPTY_IS_NULL: unquoted and empty */
}

/* A record of empty unquoted fields is no row. */
static void reference_record(int separator, void *data) {
    struct reference *r = data;
    (void)separator;
    size_t start = r->out.len;
    while (start > 0 && r->out.ptr[start - 1] != '\x1e')
        start--;
    if (r->all_empty)
        r->out.len = start;
    else
        buf_append_char(&r->out, '\x1e');
    r->all_empty = true;
}

static int never(unsigned char c) {
    (void)c;
    return 0;
}

/* False: libcsv refused; out holds what it took before. */
static bool run_reference(const char *text, size_t len, struct buf *out) {
    struct csv_parser parser;
    struct reference r = {.all_empty = true};
    assert_int_equal(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL), 0);
    csv_set_space_func(&parser, never);
    bool good = csv_parse(&parser, text, len, reference_field, reference_record, &r) == len &&
                csv_fini(&parser, reference_field, reference_record, &r) == 0;
    csv_free(&parser);
    if (!good) /* drop the fields of the refused record */
        while (r.out.len && r.out.ptr[r.out.len - 1] != '\x1e')
            r.out.len--;
    *out = r.out;
    return good;
}

/* ---- the splitter over the same text */

static bool run_splitter(csv_scan_fn *scan, const char *text, size_t len, struct buf *out) {
    const struct csv_dialect dialect = {',', '"', -1, -1, false};
    const struct csv_specials specials = {',', '"', ','};
    struct csv_field fields[LONGEST + 1];
    uint32_t places[LONGEST + 2];
    unsigned flags = 0;
    char data[LONGEST + 1], plain[LONGEST];
    if (len) memcpy(data, text, len);
    data[len] = '\n';
    uint32_t count = scan(data, 0, (uint32_t)len, &specials, places, &flags);
    places[count++] = (uint32_t)len;
    struct csv_cursor cursor = {data, 0, (uint32_t)len, places, 0, count, true};
    struct csv_record record = {.fields = fields, .max_fields = LONGEST + 1};
    for (;;) {
        enum csv_outcome outcome = csv_next_record(&cursor, &dialect, &record);
        if (outcome == CSV_MORE) return cursor.pos == cursor.end;
        if (record.flaw != CSV_SOUND) return false;
        if (outcome == CSV_NOTHING) continue;
        for (uint32_t i = 0; i < record.field_count; i++) {
            struct str field = str_from(data + fields[i].start, fields[i].end - fields[i].start);
            buf_append_char(out, '[');
            if (fields[i].escaped) field = str_from(plain, csv_unescape(&dialect, field, plain));
            buf_append_str(out, field);
            buf_append_char(out, ']');
        }
        buf_append_char(out, '\x1e');
    }
}

static void test_agrees_with_libcsv(void **state) {
    (void)state;
    static const char alphabet[] = ",,,\"\"\"\"\n\n\rab c\xc3\xa9";
    uint64_t seed = 0x9e3779b97f4a7c15u;
    unsigned refused = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char text[LONGEST];
        size_t len = next_random(&seed) % LONGEST;
        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
        if (round % 2) /* mostly well-formed: quotes only where they belong */
            for (size_t i = 0; i < len; i++)
                if (text[i] == '"' && next_random(&seed) % 8) text[i] = 'q';
        struct buf want = {0};
        bool good = run_reference(text, len, &want);
        refused += !good;
        for (unsigned v = 0; csv_scan_variant(v); v++) {
            struct buf got = {0};
            bool taken = run_splitter(csv_scan_variant(v), text, len, &got);
            if (taken != good || !str_eq(buf_str(&got), buf_str(&want)))
                print_message("text: %.*s\nlibcsv (%s): %.*s\nsplitter (%s): %.*s\n", (int)len, text,
                              good ? "took it" : "refused", STR_ARG(buf_str(&want)),
                              taken ? "took it" : "refused", STR_ARG(buf_str(&got)));
            assert_int_equal(taken, good);
            assert_true(str_eq(buf_str(&got), buf_str(&want)));
            buf_release(&got);
        }
        buf_release(&want);
    }
    /* The test means something only when both kinds come often. */
    assert_in_range(refused, ROUNDS / 10, ROUNDS * 9 / 10);
}

static void test_scans_agree(void **state) {
    (void)state;
    enum { SIZE = 3000 };
    char *text = memory_alloc(SIZE);
    uint32_t *want = memory_alloc(SIZE * sizeof *want), *got = memory_alloc(SIZE * sizeof *got);
    const struct csv_specials specials = {';', '\'', '\\'};
    uint64_t seed = 42;
    for (unsigned round = 0; round < 2000; round++) {
        static const char alphabet[] = ";'\\\n\rabcdefghij \xff";
        size_t kinds = sizeof alphabet - (round % 3 ? 2 : 1);
        for (size_t i = 0; i < SIZE; i++)
            text[i] = alphabet[next_random(&seed) % kinds];
        if (round % 5 == 0) text[next_random(&seed) % SIZE] = 0;
        uint32_t from = (uint32_t)(next_random(&seed) % 200),
                 to = SIZE - (uint32_t)(next_random(&seed) % 200);
        unsigned flags = 0;
        uint32_t count = csv_scan_scalar(text, from, to, &specials, want, &flags);
        for (unsigned v = 1; csv_scan_variant(v); v++) {
            unsigned flags2 = 0;
            assert_int_equal(csv_scan_variant(v)(text, from, to, &specials, got, &flags2), count);
            assert_memory_equal(got, want, count * sizeof *want);
            assert_int_equal(flags2, flags);
        }
    }
    free(text);
    free(want);
    free(got);
}

/* Random text through the whole reader: the same whatever the blocks. */
static void test_blocks_do_not_matter(void **state) {
    (void)state;
    static const char alphabet[] = ",,\"\"\n\rab\xc3\xa9\xff";
    uint64_t seed = 7;
    for (unsigned round = 0; round < 60; round++) {
        struct fixture f;
        char text[200] = "x,y\n";
        size_t len = 4 + next_random(&seed) % 180;
        for (size_t i = 4; i < len; i++)
            text[i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
        fixture_start(&f, SOURCE_CSV, "a.csv");
        fixture_columns(&f, "x y");
        fixture_file(&f, "a.csv", text, len);
        f.show_raw = true;
        fixture_read_all_blocks(&f);
        fixture_end(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_libcsv),
        cmocka_unit_test(test_scans_agree),
        cmocka_unit_test(test_blocks_do_not_matter),
    };
    return cmocka_run_group_tests_name("reader_csv_agree", tests, NULL, NULL);
}

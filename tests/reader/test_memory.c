/* Memory stays bounded, whatever the size of the source; and a look at speed, to be read, not judged. */
#include "tests/reader/reader_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { MEGABYTE = 1 << 20, INPUT_MEGABYTES = 64, MAY_GROW = 24 };

static long peak_memory(void) { /* MiB */
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Writes rows until the file has its size, reads it, and returns how many rows came. */
static uint64_t read_large(enum plan_source_format format, const char *head, const char *row,
                           const char *between, const char *tail, uint64_t *written) {
    struct fixture f;
    struct arena arena = {0};
    struct diag_list diags;
    struct row_batch batch;
    fixture_start(&f, format, "big");
    fixture_columns(&f, "id note");
    FILE *file = fopen(arena_printf(&f.arena, "%s/big", f.dir).ptr, "w");
    fputs(head, file);
    for (*written = 0; ftell(file) < (long)INPUT_MEGABYTES * MEGABYTE; ++*written) {
        if (*written) fputs(between, file);
        fprintf(file, row, (unsigned)*written);
    }
    fputs(tail, file);
    double bytes = (double)ftell(file);
    fclose(file);
    diag_list_init(&diags, &arena);
    long before = peak_memory();
    double start = now();
    struct reader *reader = reader_open(&f.plan, 0, 0, f.projection, f.projection_count, &f.options, &diags);
    assert_non_null(reader);
    uint64_t rows = 0;
    enum reader_status status;
    row_batch_init(&batch, f.projection_count);
    while ((status = reader_next(reader, &batch, &diags)) == READER_ROWS) {
        rows += batch.count;
        row_batch_reset(&batch);
    }
    assert_int_equal(status, READER_END);
    print_message("%.0f MB at %.2f GB/s, memory grew by %ld MiB\n", bytes / 1e6,
                  bytes / 1e9 / (now() - start), peak_memory() - before);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(peak_memory() - before < MAY_GROW);
#endif
    row_batch_release(&batch);
    reader_close(reader);
    arena_release(&arena);
    fixture_end(&f);
    return rows;
}

static void test_json_array(void **state) {
    (void)state;
    uint64_t written;
    uint64_t rows = read_large(
        SOURCE_JSON, "[",
        "{\"id\":%u,\"note\":\"a text of some length, with \\\"quotes\\\"\",\"x\":[1,2,{\"y\":null}]}", ",\n",
        "]", &written);
    assert_int_equal(rows, written);
}

static void test_ndjson(void **state) {
    (void)state;
    uint64_t written;
    uint64_t rows = read_large(
        SOURCE_NDJSON, "",
        "{\"id\":%u,\"note\":\"a text of some length, with \\\"quotes\\\"\",\"x\":[1,2,{\"y\":null}]}", "\n",
        "\n", &written);
    assert_int_equal(rows, written);
}

static void test_csv(void **state) {
    (void)state;
    uint64_t written;
    uint64_t rows =
        read_large(SOURCE_CSV, "id,agency,note,date\n",
                   "%u,\"Agency, Pty Ltd\",a text of some length,2025-09-19", "\n", "\n", &written);
    assert_int_equal(rows, written);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_array),
        cmocka_unit_test(test_ndjson),
        cmocka_unit_test(test_csv),
    };
    return cmocka_run_group_tests_name("reader_memory", tests, NULL, NULL);
}

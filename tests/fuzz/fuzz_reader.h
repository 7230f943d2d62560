/* What the readers' fuzz targets share: a source over bytes in memory, read with blocks of two sizes, which
 * must give the same. */
#ifndef MIG_TESTS_FUZZ_READER_H
#define MIG_TESTS_FUZZ_READER_H

#include "runtime/base/hash.h"
#include "runtime/reader/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static inline uint64_t fuzz_hash_str(uint64_t hash, struct str s) {
    return hash_bytes64(hash_u64(hash, s.len), s.ptr, s.len);
}

/* Reads everything; a hash of all that came. */
static inline uint64_t fuzz_read_once(const struct plan *plan, const struct reader_column *projection,
                                      uint32_t count, const struct reader_options *options) {
    struct arena arena = {0};
    struct diag_list diags;
    struct row_batch batch;
    uint64_t hash = 1;
    diag_list_init(&diags, &arena);
    row_batch_init(&batch, count);
    struct reader *reader = reader_open(plan, 0, 0, projection, count, options, &diags);
    while (reader && reader_next(reader, &batch, &diags) == READER_ROWS) {
        for (uint32_t row = 0; row < batch.count; row++) {
            hash = fuzz_hash_str(hash_u64(hash, batch.places[row].line), batch.places[row].raw);
            for (uint32_t c = 0; c < count; c++) {
                hash = hash_u64(hash, batch.columns[c].state[row]);
                hash = fuzz_hash_str(hash, batch.columns[c].text[row]);
            }
        }
        for (uint32_t f = 0; f < batch.faults.count; f++)
            hash = fuzz_hash_str(hash_u64(hash, batch.faults.items[f].row), batch.faults.items[f].detail);
        row_batch_reset(&batch);
    }
    reader_close(reader);
    /* Which error of several comes first may depend on how far the reader has looked ahead; that there is one
     * not. */
    hash = hash_u64(hash, diags.error_count > 0);
    row_batch_release(&batch);
    arena_release(&arena);
    return hash;
}

/* The bytes as a file; its path stays valid until the descriptor, which is returned, is closed. */
static inline int fuzz_file(const uint8_t *bytes, size_t len, char path[32]) {
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || (len && write(fd, bytes, len) != (ssize_t)len)) abort();
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static inline void fuzz_read(struct plan_source *source, const uint8_t *bytes, size_t len,
                             size_t small_block) {
    static const char *const names[] = {"a", "b", "c"};
    struct plan plan = {.sources = source, .sources_count = 1};
    struct plan_source_column columns[3] = {
        {.name = str_cstr(names[0])}, {.name = str_cstr(names[1])}, {.name = str_cstr(names[2])}};
    struct plan_source_table table = {.columns = columns, .columns_count = 3};
    struct reader_column projection[] = {{0, VIA_SELF}, {2, VIA_SELF}, {1, VIA_PARENT}, {1, VIA_ROOT}};
    struct reader_options options = {.keep_raw = true};
    char path[32];
    int fd = fuzz_file(bytes, len, path);
    options.limits.max_record_bytes = 1 << 20;
    options.limits.max_unpacked_bytes = 16 << 20;
    source->tables = &table;
    source->tables_count = 1;
    source->location = str_cstr(path);
    uint64_t whole = fuzz_read_once(&plan, projection, 4, &options);
    options.limits.block_bytes = small_block;
    if (small_block && fuzz_read_once(&plan, projection, 4, &options) != whole) abort();
    close(fd);
}

#endif

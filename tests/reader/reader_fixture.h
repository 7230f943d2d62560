/* For the readers' tests: a source declared in C, files in a folder of their own, and everything that a
 * reader says written out as text to compare. */
#ifndef MIG_TESTS_READER_FIXTURE_H
#define MIG_TESTS_READER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/reader/reader.h"

enum { FIXTURE_COLUMNS = 64 };

struct fixture {
    struct arena arena;
    struct plan plan;
    struct plan_source source;
    struct plan_source_table table;
    struct plan_source_column columns[FIXTURE_COLUMNS];
    struct reader_column projection[FIXTURE_COLUMNS];
    uint32_t projection_count;
    struct reader_options options;
    char dir[64];
    bool show_raw;
    uint64_t rows; /* of the last fixture_read */
};

/* A source of this format at `location`, in a new folder. */
void fixture_start(struct fixture *f, enum plan_source_format format, const char *location);
void fixture_end(struct fixture *f);
/* "name", "name=from"; in front "parent:" or "root:" projects the column of an ancestor. All are projected.
 */
void fixture_column(struct fixture *f, const char *declaration);
void fixture_columns(struct fixture *f, const char *declarations); /* separated by blanks */
void fixture_file(struct fixture *f, const char *name, const void *bytes, size_t len);
void fixture_text(struct fixture *f, const char *name, const char *text);
void fixture_gzip(struct fixture *f, const char *name, const void *bytes, size_t len);
void fixture_zstd(struct fixture *f, const char *name, const void *bytes, size_t len);
/* Reads all. A line for each row, "LINE/ROW cells", then its fault; at the end the diagnostics, or nothing.
 * Cells: "text", #number, ?bool, @date, {json} as it is, - null, !why. In the fixture's arena. */
const char *fixture_read(struct fixture *f);
/* As fixture_read; must be the same with blocks of every size from 1 to 40 and some larger ones. */
const char *fixture_read_all_blocks(struct fixture *f);

#define assert_reads(fixture, expected) assert_string_equal(fixture_read(fixture), expected)

/* The folder of shared data sets, or NULL after saying that the test is skipped. */
const char *shared_data(struct fixture *f, const char *below);
/* A whole file; NUL-terminated behind its end. Fails the test when it is not there. */
struct str read_whole_file(struct arena *arena, const char *path);

#endif

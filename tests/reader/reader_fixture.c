/* The readers' test fixture. */
#include "tests/reader/reader_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

void fixture_start(struct fixture *f, enum plan_source_format format, const char *location) {
    *f = (struct fixture){0};
    snprintf(f->dir, sizeof f->dir, "/tmp/mig_reader_XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->source.name = STR("src");
    f->source.format = (uint8_t)format;
    f->source.location = str_cstr(location);
    f->source.header = 1;
    f->source.delimiter = STR(",");
    f->source.quote = STR("\"");
    f->source.tables = &f->table;
    f->source.tables_count = 1;
    f->table.columns = f->columns;
    f->plan.sources = &f->source;
    f->plan.sources_count = 1;
    f->options.base_dir = str_cstr(f->dir);
    f->options.keep_raw = true;
}

void fixture_end(struct fixture *f) {
    DIR *dir = opendir(f->dir);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(f->dir);
    arena_release(&f->arena);
}

void fixture_column(struct fixture *f, const char *declaration) {
    struct str text = arena_copy_str(&f->arena, str_cstr(declaration));
    uint8_t via = VIA_SELF;
    if (str_starts_with(text, STR("parent:"))) via = VIA_PARENT, text = str_from(text.ptr + 7, text.len - 7);
    if (str_starts_with(text, STR("root:"))) via = VIA_ROOT, text = str_from(text.ptr + 5, text.len - 5);
    const char *equals = memchr(text.ptr, '=', text.len);
    struct plan_source_column column = {.name = text};
    if (equals) {
        column.name = str_from(text.ptr, (size_t)(equals - text.ptr));
        column.from = str_cstr(equals + 1);
    }
    assert_true(f->projection_count < FIXTURE_COLUMNS);
    uint32_t at = 0;
    while (at < f->table.columns_count && !str_eq(f->columns[at].name, column.name))
        at++;
    if (at == f->table.columns_count) f->columns[f->table.columns_count++] = column;
    f->projection[f->projection_count++] = (struct reader_column){at, via};
}

void fixture_columns(struct fixture *f, const char *declarations) {
    while (*declarations) {
        size_t len = strcspn(declarations, " ");
        fixture_column(f, arena_copy_cstr(&f->arena, str_from(declarations, len)));
        declarations += len + (declarations[len] == ' ');
    }
}

void fixture_file(struct fixture *f, const char *name, const void *bytes, size_t len) {
    struct str path = arena_printf(&f->arena, "%s/%s", f->dir, name);
    FILE *file = fopen(path.ptr, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

void fixture_text(struct fixture *f, const char *name, const char *text) {
    fixture_file(f, name, text, strlen(text));
}

void fixture_gzip(struct fixture *f, const char *name, const void *bytes, size_t len) {
    struct str path = arena_printf(&f->arena, "%s/%s", f->dir, name);
    gzFile file = gzopen(path.ptr, "wb");
    assert_int_equal(gzwrite(file, bytes, (unsigned)len), len);
    gzclose(file);
}

void fixture_zstd(struct fixture *f, const char *name, const void *bytes, size_t len) {
    size_t cap = ZSTD_compressBound(len);
    char *packed = arena_alloc(&f->arena, cap);
    fixture_file(f, name, packed, ZSTD_compress(packed, cap, bytes, len, 3));
}

/* ---- writing out */

static void put_cell(struct buf *out, const struct cell_column *column, uint32_t row) {
    struct str text = column->text[row];
    buf_append_char(out, ' ');
    if (column->state[row] == ROW_NULL) {
        buf_append_char(out, '-');
        return;
    }
    enum cell_kind kind = column->kind ? (enum cell_kind)column->kind[row] : CELL_TEXT;
    assert_true(column->state[row] == (kind == CELL_BAD ? ROW_ERROR : ROW_VALUE));
    switch (kind) {
    case CELL_TEXT: buf_append_json(out, text); return;
    case CELL_NUMBER: buf_append_char(out, '#'); break;
    case CELL_BOOL: buf_append_char(out, '?'); break;
    case CELL_DATETIME: buf_append_char(out, '@'); break;
    case CELL_BAD: buf_append_char(out, '!'); break;
    default: break;
    }
    buf_append_str(out, text);
}

static void put_batch(struct fixture *f, const struct reader *reader, const struct row_batch *batch,
                      struct buf *out) {
    uint32_t fault = 0;
    for (uint32_t row = 0; row < batch->count; row++) {
        const struct row_place *place = &batch->places[row];
        if (reader_file_count(reader) > 1)
            buf_printf(out, "%.*s:", STR_ARG(reader_file_name(reader, place->file)));
        buf_printf(out, "%llu/%llu", (unsigned long long)place->line, (unsigned long long)place->row);
        for (uint32_t d = 0; d < place->depth; d++)
            buf_append_char(out, '>');
        bool clean = true;
        for (uint32_t c = 0; c < batch->column_count; c++) {
            put_cell(out, &batch->columns[c], row);
            clean = clean && (batch->columns[c].state[row] == ROW_VALUE || !batch->columns[c].clean);
        }
        assert_true(clean);
        if (f->show_raw) {
            buf_append_cstr(out, " raw ");
            buf_append_json(out, place->raw);
        }
        for (; fault < batch->faults.count && batch->faults.items[fault].row == row; fault++)
            buf_printf(out, " %s %.*s", fault_id(batch->faults.items[fault].fault),
                       STR_ARG(batch->faults.items[fault].detail));
        buf_append_char(out, '\n');
    }
    assert_int_equal(fault, batch->faults.count);
}

static void put_diags(const struct diag_list *diags, const char *dir, struct buf *out) {
    for (uint32_t i = 0; i < diags->items.count; i++) {
        const struct diag *d = diags->items.items[i];
        buf_printf(out, "%s %.*s%s%.*s\n", diag_code_id(d->code), STR_ARG(d->place), d->place.len ? ": " : "",
                   STR_ARG(d->message));
        assert_true(d->help.count > 0); /* every error says what to do */
        for (uint32_t h = 0; h < d->help.count; h++) {
            struct str help = d->help.items[h];
            const char *at = memmem(help.ptr, help.len, dir, strlen(dir));
            if (at)
                buf_printf(out, "  %.*sDIR%.*s\n", (int)(at - help.ptr), help.ptr,
                           (int)(help.ptr + help.len - at - (ptrdiff_t)strlen(dir)), at + strlen(dir));
            else
                buf_printf(out, "  %.*s\n", STR_ARG(help));
        }
    }
}

const char *fixture_read(struct fixture *f) {
    struct arena arena = {0};
    struct diag_list diags;
    struct buf out = {0};
    diag_list_init(&diags, &arena);
    f->rows = 0;
    struct reader *reader =
        reader_open(&f->plan, 0, 0, f->projection, f->projection_count, &f->options, &diags);
    if (reader) {
        struct row_batch batch;
        enum reader_status status;
        uint64_t progress = 0;
        row_batch_init(&batch, f->projection_count);
        while ((status = reader_next(reader, &batch, &diags)) == READER_ROWS) {
            assert_true(batch.count > 0);
            assert_int_equal(batch.first, f->rows);
            assert_true(batch.end_offset >= progress);
            progress = batch.end_offset;
            f->rows += batch.count;
            put_batch(f, reader, &batch, &out);
            row_batch_reset(&batch);
        }
        if (status == READER_END) assert_true(progress <= reader_total_bytes(reader));
        assert_true((status == READER_FAILED) == (diags.error_count > 0));
        if (status == READER_END) assert_int_equal(reader_next(reader, &batch, &diags), READER_END);
        row_batch_release(&batch);
        reader_close(reader);
    } else {
        assert_true(diags.error_count > 0);
    }
    put_diags(&diags, f->dir, &out);
    const char *text = arena_copy_cstr(&f->arena, buf_str(&out));
    buf_release(&out);
    arena_release(&arena);
    return text;
}

const char *fixture_read_all_blocks(struct fixture *f) {
    static const size_t larger[] = {63, 64, 65, 127, 128, 1000, 4096};
    const char *whole = fixture_read(f);
    for (size_t i = 1; i < 41 + sizeof larger / sizeof *larger; i++) {
        f->options.limits.block_bytes = i < 41 ? i : larger[i - 41];
        assert_string_equal(fixture_read(f), whole);
    }
    f->options.limits.block_bytes = 0;
    return whole;
}

const char *shared_data(struct fixture *f, const char *below) {
    const char *root = getenv("MIG_SHARED_DATA");
    const char *path =
        arena_printf(&f->arena, "%s/%s", root && *root ? root : MIG_SOURCE_DIR "/../shared/data", below).ptr;
    struct stat st;
    if (stat(path, &st) == 0) return path;
    print_message("skipped: %s is not there (MIG_SHARED_DATA names its folder)\n", path);
    return NULL;
}

struct str read_whole_file(struct arena *arena, const char *path) {
    struct buf out = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t n; (n = fread(buf_reserve(&out, 65536), 1, 65536, file)) > 0;)
        out.len += n;
    fclose(file);
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

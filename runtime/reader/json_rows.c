/* Elements into rows. */
#include "runtime/reader/json_rows.h"

#include "runtime/reader/json_scan.h"
#include "runtime/reader/utf8_check.h"

#include <stdlib.h>

static bool fail_path(const struct reader *reader, const char *what, struct str path, struct str error,
                      struct diag_list *diags) {
    struct diag *d =
        reader_error(diags, X_SOURCE_OPTION, STR(""), "source `%.*s`: %s `%.*s` is not a path: %.*s",
                     STR_ARG(reader->source->name), what, STR_ARG(path), STR_ARG(error));
    diag_help(diags, d, "write paths like author.email, tags[0] or 'a key with dots'.name");
    return false;
}

static bool column_steps(struct json_rows *rows, const struct plan_source_column *column,
                         struct path_steps *steps, struct diag_list *diags) {
    struct str error;
    struct reader *reader = rows->reader;
    if (column->from.len == 0 || str_eq(column->from, column->name)) { /* the name itself is one key */
        *steps = (struct path_steps){.text = column->name};
        VEC_PUSH(&reader->arena, &steps->list, (struct path_step){.kind = PATH_KEY, .key = column->name});
        return true;
    }
    if (!path_parse(&reader->arena, column->from, steps, &error))
        return fail_path(reader, "column path", column->from, error, diags);
    for (uint32_t i = 0; i < steps->list.count; i++)
        if (steps->list.items[i].kind == PATH_EACH)
            return fail_path(reader, "column path", column->from, STR("a column takes one value, not [*]"),
                             diags);
    return true;
}

bool json_rows_init(struct json_rows *rows, struct reader *reader, struct diag_list *diags) {
    struct str error;
    memset(rows, 0, sizeof *rows);
    rows->reader = reader;
    rows->has_children = reader->source->children.len > 0;
    if (rows->has_children && !path_parse(&reader->arena, reader->source->children, &rows->children, &error))
        return fail_path(reader, "children path", reader->source->children, error, diags);
    for (uint32_t via = 0; via < VIA_COUNT; via++) {
        json_cells_init(&rows->cells[via], &reader->arena);
        rows->column_of[via] = ARENA_ARRAY(&reader->arena, uint32_t, reader->projection_count);
    }
    for (uint32_t i = 0; i < reader->projection_count; i++) {
        const struct reader_column *wanted = &reader->projection[i];
        struct path_steps steps;
        if (!column_steps(rows, &reader->table->columns[wanted->column], &steps, diags)) return false;
        rows->column_of[wanted->via][rows->cells[wanted->via].next_slot.count] = i;
        json_cells_add(&rows->cells[wanted->via], &reader->arena, &steps);
    }
    rows->found = ARENA_ARRAY(&reader->arena, struct str, reader->projection_count);
    rows->root = ARENA_ARRAY(&reader->arena, struct json_spot, reader->projection_count);
    return true;
}

void json_rows_release(struct json_rows *rows) {
    free(rows->pending);
    free(rows->parents);
    buf_release(&rows->kept);
    buf_release(&rows->kept_raw);
}

void json_rows_start_file(struct json_rows *rows, uint32_t file) {
    rows->file = file;
    rows->row = 0;
}

/* ---- an element's rows */

static bool holds_nothing(struct str value) {
    const char *end = value.ptr + value.len, *p = value.ptr;
    if (value.len == 4 && *p == 'n') return true;
    return p < end && *p == '{' && (p = json_skip_blanks(p + 1, end)) < end && *p == '}';
}

struct expansion {
    struct json_rows *rows;
    uint32_t depth;
};

static bool expand(void *context, struct str value) {
    struct expansion *e = context, inner = {e->rows, e->depth + 1};
    struct json_rows *rows = e->rows;
    if (holds_nothing(value)) return true;
    if (rows->pending_count == rows->pending_cap) {
        rows->pending_cap = rows->pending_cap ? rows->pending_cap * 2 : 64;
        rows->pending = memory_realloc(rows->pending, rows->pending_cap * sizeof *rows->pending);
    }
    rows->pending[rows->pending_count++] =
        (struct json_pending){(uint32_t)(value.ptr - rows->element.ptr), (uint32_t)value.len, e->depth};
    if (rows->has_children) path_select(&rows->children, true, value, expand, &inner);
    return true;
}

void json_rows_add(struct json_rows *rows, struct row_batch *batch, struct str element, struct str raw,
                   uint64_t line) {
    struct expansion top = {rows, 0};
    rows->element = arena_copy_str(&batch->arena, element);
    rows->raw = raw.len ? arena_copy_str(&batch->arena, raw) : raw;
    rows->valid_utf8 = utf8_check_text(element) == element.len;
    rows->pending_at = rows->pending_count = 0;
    rows->counted = 0;
    rows->line = line;
    if (rows->path)
        path_select(rows->path, true, rows->element, expand, &top);
    else
        expand(&top, rows->element);
}

void json_rows_suspend(struct json_rows *rows) {
    if (!json_rows_pending(rows)) return;
    buf_clear(&rows->kept);
    buf_clear(&rows->kept_raw);
    buf_append_str(&rows->kept, rows->element);
    buf_append_str(&rows->kept_raw, rows->raw);
}

void json_rows_resume(struct json_rows *rows, struct row_batch *batch) {
    if (!json_rows_pending(rows)) return;
    rows->element = arena_copy_str(&batch->arena, buf_str(&rows->kept));
    if (rows->raw.len) rows->raw = arena_copy_str(&batch->arena, buf_str(&rows->kept_raw));
}

/* ---- cells */

static void put_text(struct json_rows *rows, struct row_batch *batch, uint32_t column, uint32_t row,
                     struct str raw) {
    struct str text;
    const char *flaw;
    const struct plan_source *source = rows->reader->source;
    if (!json_string_text(&batch->arena, raw, &text, &flaw)) {
        batch_set_bad(batch, column, row, str_cstr(flaw));
    } else if (!rows->valid_utf8 && utf8_check_text(text) < text.len) {
        struct str where =
            arena_printf(&batch->arena, "line %llu", (unsigned long long)batch->places[row].line);
        batch_set_bad_encoding(rows->reader, batch, column, row, text, where);
    } else if (source->has_nulls && source_is_null_text(source, text)) {
        batch_set_null(batch, column, row);
    } else {
        batch_set_cell(batch, column, row, CELL_TEXT, text);
    }
}

static void put_fragment(struct json_rows *rows, struct row_batch *batch, uint32_t column, uint32_t row,
                         struct str raw) {
    const char *flaw = json_fragment_flaw(raw);
    if (flaw) {
        batch_set_bad(batch, column, row, str_cstr(flaw));
    } else if (!rows->valid_utf8 && utf8_check_text(raw) < raw.len) {
        struct str where =
            arena_printf(&batch->arena, "line %llu", (unsigned long long)batch->places[row].line);
        batch_set_bad_encoding(rows->reader, batch, column, row, raw, where);
        if (batch->columns[column].state[row] == ROW_VALUE) batch->columns[column].kind[row] = CELL_JSON;
    } else {
        batch_set_cell(batch, column, row, CELL_JSON, raw);
    }
}

/* A string read as json stays a JSON string; its text need not be JSON. */
static bool wants_json(const struct json_rows *rows, uint32_t column) {
    const struct reader *reader = rows->reader;
    return reader->table->columns[reader->projection[column].column].type.kind == TYPE_JSON;
}

static void put_value(struct json_rows *rows, struct row_batch *batch, uint32_t column, uint32_t row,
                      struct str raw) {
    char c = raw.ptr && raw.len ? raw.ptr[0] : 'n';
    switch (c) {
    case 'n': batch_set_null(batch, column, row); break;
    case 't':
    case 'f': batch_set_cell(batch, column, row, CELL_BOOL, raw); break;
    case '"':
        if (wants_json(rows, column))
            put_fragment(rows, batch, column, row, raw);
        else
            put_text(rows, batch, column, row, raw);
        break;
    case '{':
    case '[': put_fragment(rows, batch, column, row, raw); break;
    default: batch_set_cell(batch, column, row, CELL_NUMBER, raw); break;
    }
}

static void put_spots(struct json_rows *rows, struct row_batch *batch, enum plan_via via, uint32_t row,
                      const struct json_spot *spots) {
    for (uint32_t slot = 0; slot < rows->cells[via].next_slot.count; slot++) {
        struct str raw = {0};
        if (spots && spots[slot].offset != UINT32_MAX)
            raw = str_from(rows->element.ptr + spots[slot].offset, spots[slot].len);
        put_value(rows, batch, rows->column_of[via][slot], row, raw);
    }
}

/* Finds what children of this row will read of it. As offsets, for the element moves with the batches. */
static void keep_spots(struct json_rows *rows, enum plan_via via, struct str value, struct json_spot *spots) {
    json_cells_find(&rows->cells[via], value, rows->found);
    for (uint32_t slot = 0; slot < rows->cells[via].next_slot.count; slot++) {
        struct str found = rows->found[slot];
        spots[slot].offset = found.ptr ? (uint32_t)(found.ptr - rows->element.ptr) : UINT32_MAX;
        spots[slot].len = (uint32_t)found.len;
    }
}

static struct json_spot *parent_spots(struct json_rows *rows, uint32_t depth) {
    uint32_t slots = rows->cells[VIA_PARENT].next_slot.count;
    if (depth >= rows->parents_depth) {
        rows->parents_depth = depth + 16;
        rows->parents =
            memory_realloc(rows->parents, (size_t)rows->parents_depth * slots * sizeof *rows->parents + 1);
    }
    return rows->parents + (size_t)depth * slots;
}

static void put_ancestors(struct json_rows *rows, struct row_batch *batch, uint32_t row,
                          const struct json_pending *pending, struct str value) {
    if (rows->cells[VIA_ROOT].next_slot.count) {
        if (pending->depth == 0) keep_spots(rows, VIA_ROOT, value, rows->root);
        put_spots(rows, batch, VIA_ROOT, row, rows->root);
    }
    if (rows->cells[VIA_PARENT].next_slot.count) {
        put_spots(rows, batch, VIA_PARENT, row,
                  pending->depth ? parent_spots(rows, pending->depth - 1) : NULL);
        bool has_children =
            rows->pending_at < rows->pending_count && rows->pending[rows->pending_at].depth > pending->depth;
        if (has_children) keep_spots(rows, VIA_PARENT, value, parent_spots(rows, pending->depth));
    }
}

void json_rows_emit(struct json_rows *rows, struct row_batch *batch, uint32_t *row) {
    for (; json_rows_pending(rows) && *row < BATCH_ROWS; ++*row) {
        const struct json_pending pending = rows->pending[rows->pending_at++];
        struct str value = str_from(rows->element.ptr + pending.start, pending.len);
        if (pending.start > rows->counted) {
            rows->line +=
                count_line_feeds(str_from(rows->element.ptr + rows->counted, pending.start - rows->counted));
            rows->counted = pending.start;
        }
        batch->places[*row] = (struct row_place){.line = rows->line,
                                                 .row = ++rows->row,
                                                 .file = rows->file,
                                                 .depth = pending.depth,
                                                 .raw = rows->raw.len ? rows->raw : value};
        json_cells_find(&rows->cells[VIA_SELF], value, rows->found);
        for (uint32_t slot = 0; slot < rows->cells[VIA_SELF].next_slot.count; slot++)
            put_value(rows, batch, rows->column_of[VIA_SELF][slot], *row, rows->found[slot]);
        put_ancestors(rows, batch, *row, &pending, value);
    }
}

void json_rows_put_malformed(struct json_rows *rows, struct row_batch *batch, uint32_t row, struct str text,
                             uint64_t line, size_t at, const char *error) {
    for (uint32_t i = 0; i < batch->column_count; i++)
        batch_set_null(batch, i, row);
    batch->places[row] = (struct row_place){
        .line = line, .row = ++rows->row, .file = rows->file, .raw = arena_copy_str(&batch->arena, text)};
    size_t column = count_columns(str_from(text.ptr, at)) + 1;
    batch_add_fault(batch, row, FAULT_NOT_JSON, "the line is not JSON at column %zu: %s", column, error);
}

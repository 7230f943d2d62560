/* The row encoder: VM registers to COPY data, and the hashes of each row. */
#include "runtime/postgres/pg_encode.h"
#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_map.h"
#include "runtime/postgres/pg_row_hash.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TABLE_COLUMNS_MAX = 1600,          /* PostgreSQL's own limit (MaxHeapAttributeNumber) */
    FIELD_BYTES_MAX = 0x3fffffff - 64, /* MaxAllocSize, less what the server adds */
    ROW_HEADER = 2,
    ORDINAL_FIELD = 12
};

struct pg_row_encoder {
    struct arena arena;
    struct str table;
    struct wire_column *columns;
    uint32_t count;
    bool text, staged;
    bool unhashed;
    uint32_t fixed_bytes; /* upper bound of a row's fixed part */
    struct row_hasher hasher;
};

/* -- making it */

static uint32_t output_register(const struct plan_program *program, uint32_t column) {
    for (uint32_t i = 0; i < program->outputs_count; i++)
        if (program->outputs[i].role == OUT_COLUMN && program->outputs[i].index == column)
            return program->outputs[i].reg;
    return UINT32_MAX;
}

static int32_t field_of_column(const struct plan_map *map, uint32_t column) {
    for (uint32_t i = 0; i < map->columns_count; i++)
        if (map->columns[i] == column) return (int32_t)i;
    return -1;
}

struct pg_row_encoder *pg_row_encoder_new(const struct plan *plan, const struct plan_map *map,
                                          const struct plan_program *program, bool returning) {
    struct pg_row_encoder *e = memory_zalloc(sizeof *e);
    const struct plan_target_table *table = &plan->target.tables[map->target_table - 1];
    e->table = table->name;
    e->count = map->columns_count;
    e->columns = ARENA_ARRAY(&e->arena, struct wire_column, e->count);
    e->staged = pg_map_is_staged(map, returning);
    e->fixed_bytes = ROW_HEADER + ORDINAL_FIELD;
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t reg = output_register(program, i);
        const struct plan_target_column *column = &table->columns[map->columns[i]];
        const struct plan_type *type = reg < program->regs_count ? &program->regs[reg] : &column->type;
        e->columns[i] = wire_column_make(plan, column, type, reg);
        e->text = e->text || e->columns[i].text_only;
        e->fixed_bytes += e->columns[i].max_size;
    }
    e->hasher = row_hasher_make(&e->arena, map, table, e->columns);
    return e;
}

void pg_row_encoder_skip_hashes(struct pg_row_encoder *e) {
    e->unhashed = true;
}

void pg_row_encoder_free(struct pg_row_encoder *encoder) {
    if (encoder == NULL) return;
    arena_release(&encoder->arena);
    free(encoder);
}

bool pg_row_encoder_is_text(const struct pg_row_encoder *encoder) {
    return encoder->text;
}

bool pg_map_needs_returning(const struct plan *plan, const struct plan_map *map, const uint32_t *columns,
                            uint32_t count) {
    (void)plan;
    if (map->conflict == CONFLICT_SKIP || map->conflict == CONFLICT_UPDATE) return count > 0;
    for (uint32_t i = 0; i < count; i++)
        if (field_of_column(map, columns[i]) < 0) return true;
    return false;
}

bool pg_map_is_text(const struct plan *plan, const struct plan_map *map) {
    const struct plan_program *program =
        &plan->programs[map->grouped ? map->group_program - 1 : map->program];
    struct pg_row_encoder *e = pg_row_encoder_new(plan, map, program, false);
    bool text = e->text;
    pg_row_encoder_free(e);
    return text;
}

/* -- encoded rows */

void encoded_rows_clear(struct encoded_rows *rows) {
    buf_clear(&rows->bytes);
    rows->count = 0;
}

void encoded_rows_release(struct encoded_rows *rows) {
    buf_release(&rows->bytes);
    free(rows->ends);
    free(rows->hashes);
    free(rows->ordinals);
    *rows = (struct encoded_rows){0};
}

static void reserve_rows(struct encoded_rows *rows, uint32_t more) {
    if (rows->cap - rows->count >= more) return;
    if (rows->count > UINT32_MAX / 2 - more) memory_exhausted(SIZE_MAX);
    rows->cap = (rows->count + more) * 2;
    rows->ends = memory_realloc(rows->ends, sizeof *rows->ends * rows->cap);
    rows->hashes = memory_realloc(rows->hashes, sizeof *rows->hashes * rows->cap);
    rows->ordinals = memory_realloc(rows->ordinals, sizeof *rows->ordinals * rows->cap);
}

/* -- encoding */

/* One column's register, ready for the loop over rows. */
struct field_source {
    const char *data;
    const uint8_t *state; /* NULL: all values */
    size_t size;          /* of an element; 0: a scalar, element 0 stands for all rows */
    bool scalar;
};

static const void *field_item(const struct field_source *source, uint32_t row) {
    uint32_t at = source->scalar ? 0 : row;
    if (source->state && source->state[at] != ROW_VALUE) return NULL;
    return source->data + source->size * at;
}

static void gather_sources(const struct pg_row_encoder *e, const struct vm *vm,
                           struct field_source *sources) {
    static const uint8_t ALWAYS_NULL = ROW_NULL;
    for (uint32_t i = 0; i < e->count; i++) {
        const struct vm_register *reg =
            e->columns[i].reg == UINT32_MAX ? NULL : vm_register_at(vm, e->columns[i].reg);
        if (reg == NULL) {
            sources[i] = (struct field_source){.state = &ALWAYS_NULL, .scalar = true};
            continue;
        }
        sources[i] = (struct field_source){reg->data, reg->clean ? NULL : reg->state,
                                           type_kind_size(e->columns[i].kind), reg->scalar};
    }
}

/* Writes the fields in binary form. starts gets count + 1 offsets from `out`'s position before. Columns that
 * only travel as text are left out. */
static bool write_fields(const struct pg_row_encoder *e, const struct field_source *sources, uint32_t row,
                         struct buf *out, size_t *starts) {
    size_t need = e->fixed_bytes;
    for (uint32_t i = 0; i < e->count; i++) {
        if (e->columns[i].fixed || e->columns[i].text_only) continue;
        const void *item = field_item(&sources[i], row);
        size_t size = item ? wire_size_inline(&e->columns[i], item) : 0;
        if (size > FIELD_BYTES_MAX || need > FIELD_BYTES_MAX) return false;
        need += size;
    }
    char *to = buf_reserve(out, need), *from = to;
    for (uint32_t i = 0; i < e->count; i++) {
        starts[i] = (size_t)(to - from);
        if (e->columns[i].text_only) continue;
        const void *item = field_item(&sources[i], row);
        to = item ? wire_write_inline(&e->columns[i], item, to) : wire_put_u32(to, UINT32_MAX);
    }
    starts[e->count] = (size_t)(to - from);
    out->len += (size_t)(to - from);
    return true;
}

static void write_text_row(const struct pg_row_encoder *e, const struct field_source *sources, uint32_t row,
                           uint64_t ordinal, struct arena *scratch, struct buf *out) {
    if (e->staged) buf_printf(out, "%llu%s", (unsigned long long)ordinal, e->count ? "\t" : "");
    for (uint32_t i = 0; i < e->count; i++) {
        if (i) buf_append_char(out, '\t');
        const void *item = field_item(&sources[i], row);
        struct str text = item ? wire_format_text(scratch, &e->columns[i], item) : (struct str){0};
        if (item && text.ptr == NULL) text = STR("");
        pg_append_copy_text(out, text);
    }
    buf_append_char(out, '\n');
}

/* -- hashes */

static struct row_hash hash_row(const struct pg_row_encoder *e, const char *fields, size_t *starts,
                                struct buf *canonical, struct buf *scratch) {
    return row_hasher_hash(&e->hasher, row_hasher_canonical(&e->hasher, fields, starts, canonical), starts,
                           scratch);
}

const struct row_hasher *pg_row_encoder_hasher(const struct pg_row_encoder *encoder) {
    return &encoder->hasher;
}

bool pg_row_fields(const struct pg_row_encoder *e, const struct vm *vm, uint32_t row, struct arena *texts,
                   struct buf *out, size_t *starts) {
    struct field_source *sources = ARENA_ARRAY(texts, struct field_source, e->count);
    gather_sources(e, vm, sources);
    return write_fields(e, sources, row, out, starts);
}

struct str pg_row_text(const struct pg_row_encoder *e, const struct vm *vm, uint32_t row, uint32_t field,
                       struct arena *arena) {
    struct field_source *sources = ARENA_ARRAY(arena, struct field_source, e->count);
    gather_sources(e, vm, sources);
    const void *item = field_item(&sources[field], row);
    if (item == NULL) return (struct str){0};
    struct str text = wire_format_text(arena, &e->columns[field], item);
    return text.ptr ? text : STR("");
}

bool pg_encode_rows(const struct pg_row_encoder *e, const struct vm *vm, const uint32_t *rows, uint32_t count,
                    uint64_t first_ordinal, struct encoded_rows *out, struct diag_list *diags) {
    struct arena scratch_arena = {0};
    struct field_source *sources = ARENA_ARRAY(&scratch_arena, struct field_source, e->count);
    size_t *starts = ARENA_ARRAY(&scratch_arena, size_t, e->count + 1);
    struct arena texts = {0};
    struct buf canonical = {0}, scratch = {0}, unsent = {0};
    bool ok = e->count <= TABLE_COLUMNS_MAX;
    gather_sources(e, vm, sources);
    reserve_rows(out, count);
    for (uint32_t i = 0; i < count && ok; i++) {
        uint64_t ordinal = first_ordinal + i;
        size_t before = out->bytes.len;
        struct buf *to = e->text ? &unsent : &out->bytes;
        if (e->text) {
            arena_reset(&texts);
            buf_clear(&unsent); /* binary form, for the hashes only */
            write_text_row(e, sources, rows[i], ordinal, &texts, &out->bytes);
        } else {
            char *head = buf_reserve(to, ROW_HEADER + ORDINAL_FIELD);
            char *end = wire_put_u16(head, (uint16_t)(e->count + e->staged));
            if (e->staged) end = wire_put_u64(wire_put_u32(end, 8), ordinal);
            to->len += (size_t)(end - head);
        }
        size_t fields_at = to->len;
        ok = write_fields(e, sources, rows[i], to, starts) && out->bytes.len - before <= FIELD_BYTES_MAX;
        if (!ok) {
            out->bytes.len = before;
            break;
        }
        out->hashes[out->count] =
            e->unhashed ? (struct row_hash){0}
                        : hash_row(e, to->ptr ? to->ptr + fields_at : "", starts, &canonical, &scratch);
        out->ordinals[out->count] = ordinal;
        out->ends[out->count++] = out->bytes.len;
    }
    if (!ok)
        diag_report(diags, X_PG_REFUSED, pg_no_span(),
                    "a row of `%.*s` is larger than PostgreSQL's limit of 1 GiB", STR_ARG(e->table));
    buf_release(&canonical);
    buf_release(&scratch);
    buf_release(&unsent);
    arena_release(&texts);
    arena_release(&scratch_arena);
    return ok;
}

/* See dry_conflict.h. A row is remembered by its key and by a hash of the columns that the map updates. */
#include "runtime/engine/dry_conflict.h"
#include "runtime/engine/map_internal.h"

#include "runtime/base/hash.h"
#include "runtime/postgres/pg_encode.h"
#include "runtime/value/convert.h"
#include "runtime/vm/spill.h"

#include <stdlib.h>

enum { HASHES_OF_BLOCK = 4096 };

struct dry_conflict {
    struct map_run *run;
    const struct plan_target_table *table;
    const struct plan_program *program;
    uint32_t *columns, count, key_count; /* of the table: the conflict's first, then those that are updated */
    uint32_t *registers;                 /* by these; NO_REGISTER: the map does not assign it */
    struct key_set *keys;
    struct spill spill;
    VEC(uint64_t *) hashes; /* by ordinal of the key, HASHES_OF_BLOCK each */
    uint64_t known;
    struct arena arena, row_arena;
    struct buf bytes;
};

void dry_conflict_close(struct dry_conflict *c) {
    if (c == NULL) return;
    key_set_free(c->keys);
    spill_release(&c->spill);
    buf_release(&c->bytes);
    arena_release(&c->row_arena);
    arena_release(&c->arena);
    free(c);
}

/* Equal values give equal bytes, however they are written. ptr NULL: null. */
static void append_text(struct dry_conflict *c, const struct plan_target_column *column, struct str text) {
    enum type_kind kind = (enum type_kind)column->type.kind;
    struct value value;
    if (text.ptr == NULL) {
        buf_append_char(&c->bytes, '-');
        return;
    }
    if (kind != TYPE_ENUM && kind != TYPE_ARRAY && kind != TYPE_JSON &&
        value_parse(&c->row_arena, kind, text, c->run->engine->zones, &value) == FAULT_NONE)
        text = value_format_key(&c->row_arena, kind, value_item(&value));
    if (kind == TYPE_JSON) {
        pg_canonical_json(text, true, &c->bytes);
        buf_append_char(&c->bytes, '\n');
        return;
    }
    buf_printf(&c->bytes, "%zu:", text.len);
    buf_append(&c->bytes, text.ptr, text.len);
}

/* False: a part of the key is null, and such a row conflicts with none. */
static bool encode_row(struct dry_conflict *c, const struct str *texts, struct hash128 *key, uint64_t *rest) {
    buf_clear(&c->bytes);
    for (uint32_t i = 0; i < c->key_count; i++) {
        if (texts[i].ptr == NULL) return false;
        append_text(c, &c->table->columns[c->columns[i]], texts[i]);
    }
    *key = key_set_hash(c->keys, buf_str(&c->bytes));
    buf_clear(&c->bytes);
    for (uint32_t i = c->key_count; i < c->count; i++)
        append_text(c, &c->table->columns[c->columns[i]], texts[i]);
    *rest = hash_bytes64(0, c->bytes.ptr ? c->bytes.ptr : "", c->bytes.len);
    return true;
}

/* What of the row's columns was known before; it is `rest` from now on. */
static enum dry_fate note_row(struct dry_conflict *c, struct hash128 key, uint64_t rest) {
    struct diag_list *diags = c->run->engine->diags;
    uint64_t at = c->known;
    enum key_set_result result = key_set_add_hashed(c->keys, key, c->known, &at, diags);
    if (result == KEY_SET_FAILED) return DRY_FAILED;
    if (result == KEY_SET_NEW) {
        at = c->known;
        if (c->known % HASHES_OF_BLOCK == 0) {
            uint64_t *block = spill_alloc(&c->spill, HASHES_OF_BLOCK * sizeof *block, diags);
            if (block == NULL) return DRY_FAILED;
            VEC_PUSH(&c->arena, &c->hashes, block);
        }
        c->known++;
    }
    uint64_t *hash = &c->hashes.items[at / HASHES_OF_BLOCK][at % HASHES_OF_BLOCK];
    enum dry_fate fate = result == KEY_SET_NEW ? DRY_NEW : *hash == rest ? DRY_SAME : DRY_DIFFERENT;
    if (fate == DRY_NEW || c->run->map->conflict == CONFLICT_UPDATE) *hash = rest;
    return fate;
}

static bool read_batch(struct dry_conflict *c, const struct row_batch *batch) {
    struct str *texts = ARENA_ARRAY(&c->row_arena, struct str, c->count + 1);
    bool good = true;
    for (uint32_t row = 0; good && row < batch->count; row++) {
        struct hash128 key;
        uint64_t rest;
        for (uint32_t i = 0; i < c->count; i++) {
            const struct cell_column *cells = &batch->columns[i];
            bool null = cells->state[row] == ROW_NULL;
            texts[i] = null ? (struct str){0} : cells->text[row];
            if (!null && texts[i].ptr == NULL) texts[i] = STR("");
        }
        good = !encode_row(c, texts, &key, &rest) || note_row(c, key, rest) != DRY_FAILED;
    }
    arena_reset(&c->row_arena);
    return good;
}

static bool read_target(struct dry_conflict *c, const struct target *below) {
    struct engine *engine = c->run->engine;
    struct table_feed *feed =
        below->ops->open_table(below->context, c->run->map->target_table - 1, c->columns, c->count);
    if (feed == NULL) return engine_fail(engine, RUN_UNREACHABLE);
    struct row_batch batch = {0};
    enum reader_status status = READER_ROWS;
    bool good = true;
    row_batch_init(&batch, c->count);
    while (good && status == READER_ROWS) {
        row_batch_reset(&batch);
        status = feed->next(feed, &batch, engine->diags);
        if (status == READER_ROWS) good = read_batch(c, &batch) || engine_fail(engine, RUN_STOPPED);
    }
    if (good && status != READER_END) good = engine_fail(engine, RUN_UNREACHABLE);
    feed->close(feed);
    row_batch_release(&batch);
    return good;
}

static void choose_columns(struct dry_conflict *c) {
    const struct plan_map *map = c->run->map;
    c->columns =
        ARENA_ARRAY(&c->arena, uint32_t, map->conflict_columns_count + map->update_columns_count + 1);
    c->registers =
        ARENA_ARRAY(&c->arena, uint32_t, map->conflict_columns_count + map->update_columns_count + 1);
    for (uint32_t i = 0; i < map->conflict_columns_count; i++)
        c->columns[c->count++] = map->conflict_columns[i];
    c->key_count = c->count;
    for (uint32_t i = 0; map->conflict == CONFLICT_UPDATE && i < map->update_columns_count; i++)
        c->columns[c->count++] = map->update_columns[i];
    for (uint32_t i = 0; i < c->count; i++) {
        c->registers[i] = NO_REGISTER;
        for (uint32_t m = 0; m < map->columns_count; m++)
            if (map->columns[m] == c->columns[i]) c->registers[i] = c->run->outputs.columns[m];
    }
}

struct dry_conflict *dry_conflict_open(struct map_run *run, const struct target *below) {
    const struct engine *engine = run->engine;
    const struct plan_map *map = run->map;
    struct dry_conflict *c = memory_zalloc(sizeof *c);
    size_t limit = map_key_memory(engine);
    c->run = run;
    c->table = &engine->plan->target.tables[map->target_table - 1];
    c->program = &engine->plan->programs[map->grouped ? map->group_program - 1 : map->program];
    c->keys = map_new_key_set(run->engine);
    spill_init(&c->spill, limit, engine->options->temp_dir);
    choose_columns(c);
    if (read_target(c, below)) return c;
    dry_conflict_close(c);
    return NULL;
}

static struct str value_text(struct dry_conflict *c, uint32_t reg, struct value value) {
    const struct plan_type *type = &c->program->regs[reg];
    if (value.kind == TYPE_NULL) return (struct str){0};
    struct str text = value.kind == TYPE_ENUM
                          ? c->run->engine->plan->enums[type->ref].labels[value.as_int].text
                      : value.kind == TYPE_ARRAY
                          ? value_format_array(&c->row_arena, (enum type_kind)type->element, &value.as_array)
                          : value_format(&c->row_arena, &value);
    return text.ptr ? text : STR("");
}

enum dry_fate dry_conflict_take(struct dry_conflict *c, const struct vm *vm, uint32_t row) {
    struct str *texts = ARENA_ARRAY(&c->row_arena, struct str, c->count + 1);
    struct hash128 key;
    uint64_t rest;
    for (uint32_t i = 0; i < c->count; i++)
        if (c->registers[i] != NO_REGISTER)
            texts[i] = value_text(c, c->registers[i], vm_value_at(vm, c->registers[i], row));
    enum dry_fate fate = encode_row(c, texts, &key, &rest) ? note_row(c, key, rest) : DRY_NEW;
    arena_reset(&c->row_arena);
    return fate;
}

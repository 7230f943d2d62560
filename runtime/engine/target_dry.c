/* Rows that a dry run would have written. Each is one record: for each kept column its state, whether an
 * update puts it into a row that is in the target already, and its text. Rows are found by the columns by
 * which the maps of their table find conflicts, as the server would find them. */
#include "runtime/engine/dry_conflict.h"
#include "runtime/engine/target_dry.h"

#include "runtime/value/convert.h"
#include "runtime/vm/spill.h"

#include <stdlib.h>

enum { DEFAULT_DRY_MEMORY = 64 << 20 };

/* Whether a map gives the column a value: what it does not give, the server would fill in. */
enum dry_state { DRY_UNASSIGNED, DRY_NULL, DRY_VALUE };

struct dry_cell {
    uint32_t len;
    uint8_t state; /* enum dry_state */
    uint8_t updates;
};

struct dry_row {
    struct dry_cell *cells; /* by kept column; their texts follow in the same piece */
};

/* By which a row is found: columns of the table. */
struct dry_key {
    const uint32_t *columns;
    uint32_t count;
    struct key_set *rows;
};

struct dry_table {
    const struct plan_target_table *table;
    uint32_t *kept, kept_count; /* columns of the table */
    struct dry_key *keys;
    uint32_t key_count;
    VEC(struct dry_row) rows;
};

struct target_dry {
    struct engine *engine;
    struct target below;
    struct dry_table **tables; /* by target table; NULL: no lookup reads it */
    struct spill spill;
    struct arena arena, row_arena;
    struct buf key;
};

/* ---------------------------------------------------------------- what is kept */

/* The columns by which the server would find a row of this map in its table; count 0: by none. */
static const uint32_t *find_key_columns(const struct plan *plan, const struct plan_map *map,
                                        uint32_t *count) {
    const struct plan_target_table *table = &plan->target.tables[map->target_table - 1];
    *count = map->conflict_columns_count;
    if (*count) return map->conflict_columns;
    for (uint32_t k = 0; k < table->keys_count; k++) {
        uint32_t given = 0;
        for (uint32_t i = 0; i < table->keys[k].columns_count; i++)
            for (uint32_t c = 0; c < map->columns_count; c++)
                given += map->columns[c] == table->keys[k].columns[i];
        if (given < table->keys[k].columns_count) continue;
        *count = table->keys[k].columns_count;
        return table->keys[k].columns;
    }
    return NULL;
}

static void keep_columns(bool *kept, const uint32_t *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        kept[columns[i]] = true;
}

static bool same_columns(const struct dry_key *key, const uint32_t *columns, uint32_t count) {
    return key->count == count && memcmp(key->columns, columns, count * sizeof *columns) == 0;
}

static struct key_set *new_key_set(const struct target_dry *dry) {
    const struct engine *engine = dry->engine;
    uint64_t seed = hash_bytes64(0, engine->values.run_id.bytes, sizeof engine->values.run_id.bytes);
    return key_set_new(dry->spill.limit, engine->options->temp_dir, seed);
}

static void add_map_key(struct target_dry *dry, struct dry_table *t, const struct plan_map *map) {
    uint32_t count;
    const uint32_t *columns = find_key_columns(dry->engine->plan, map, &count);
    for (uint32_t k = 0; k < t->key_count; k++)
        if (same_columns(&t->keys[k], columns, count)) return;
    if (count) t->keys[t->key_count++] = (struct dry_key){columns, count, new_key_set(dry)};
}

static struct dry_table *keep_table(struct target_dry *dry, uint32_t index) {
    const struct plan *plan = dry->engine->plan;
    struct dry_table *t = ARENA_NEW(&dry->arena, struct dry_table);
    t->table = &plan->target.tables[index];
    t->keys = ARENA_ARRAY(&dry->arena, struct dry_key, plan->maps_count + 1);
    t->kept = ARENA_ARRAY(&dry->arena, uint32_t, t->table->columns_count + 1);
    bool *kept = ARENA_ARRAY(&dry->arena, bool, t->table->columns_count + 1);
    for (uint32_t i = 0; i < plan->tables_count; i++)
        if (plan->tables[i].kind == KEYED_TARGET && plan->tables[i].source == index)
            keep_columns(kept, plan->tables[i].target_columns, plan->tables[i].target_columns_count);
    for (uint32_t m = 0; m < plan->maps_count; m++)
        if (plan->maps[m].target_table == index + 1) add_map_key(dry, t, &plan->maps[m]);
    for (uint32_t k = 0; k < t->key_count; k++)
        keep_columns(kept, t->keys[k].columns, t->keys[k].count);
    for (uint32_t c = 0; c < t->table->columns_count; c++)
        if (kept[c]) t->kept[t->kept_count++] = c;
    return t;
}

/* ---------------------------------------------------------------- records */

static struct str cell_text(const struct dry_table *t, const struct dry_row *row, uint32_t n) {
    const char *at = (const char *)(row->cells + t->kept_count);
    for (uint32_t i = 0; i < n; i++)
        at += row->cells[i].len;
    return str_from(at, row->cells[n].len);
}

/* A record of these cells and texts. cells NULL: no room, reported. */
static struct dry_row make_row(struct target_dry *dry, const struct dry_table *t,
                               const struct dry_cell *cells, const struct str *texts) {
    size_t size = sizeof *cells * t->kept_count;
    for (uint32_t i = 0; i < t->kept_count; i++)
        size += cells[i].len;
    struct dry_row row = {spill_piece(&dry->spill, size, dry->engine->diags)};
    if (row.cells == NULL) return row;
    memcpy(row.cells, cells, sizeof *cells * t->kept_count);
    char *at = (char *)(row.cells + t->kept_count);
    for (uint32_t i = 0; i < t->kept_count; i++) {
        if (cells[i].len) memcpy(at, texts[i].ptr, cells[i].len);
        at += cells[i].len;
    }
    return row;
}

/* ---------------------------------------------------------------- keys */

static uint32_t kept_index(const struct dry_table *t, uint32_t column) {
    uint32_t n = 0;
    while (t->kept[n] != column)
        n++;
    return n;
}

/* Appends one part so that equal values give equal bytes however they are written. */
static void append_part(struct target_dry *dry, const struct plan_target_column *column, struct str text) {
    enum type_kind kind = (enum type_kind)column->type.kind;
    struct value value;
    if (kind != TYPE_ENUM && kind != TYPE_ARRAY &&
        value_parse(&dry->row_arena, kind, text, dry->engine->zones, &value) == FAULT_NONE)
        text = value_format_key(&dry->row_arena, kind, value_item(&value));
    buf_printf(&dry->key, "%zu:", text.len);
    buf_append(&dry->key, text.ptr, text.len);
}

/* texts by kept column; ptr NULL: none. False: a part is missing, such a row conflicts with no other. */
static bool encode_key(struct target_dry *dry, const struct dry_table *t, const struct dry_key *key,
                       const struct str *texts) {
    buf_clear(&dry->key);
    for (uint32_t i = 0; i < key->count; i++) {
        struct str text = texts[kept_index(t, key->columns[i])];
        if (text.ptr == NULL) return false;
        append_part(dry, &t->table->columns[key->columns[i]], text);
    }
    return true;
}

static bool find_row(struct target_dry *dry, const struct dry_table *t, const struct dry_key *key,
                     const struct str *texts, uint64_t *row) {
    return encode_key(dry, t, key, texts) && key_set_find(key->rows, buf_str(&dry->key), row);
}

/* ---------------------------------------------------------------- what only the server gives */

/* A value of the column's type, so that the row can be found: a default, an identity, a generated column. */
static struct str stand_in(struct target_dry *dry, const struct plan_target_column *column, uint64_t row) {
    struct arena *arena = &dry->row_arena;
    struct value started = {.kind = TYPE_TIMESTAMPTZ, .as_int = dry->engine->values.started_at};
    switch ((enum type_kind)column->type.kind) {
    case TYPE_INT:
        return arena_printf(arena, "-%llu",
                            (unsigned long long)(column->wire == WIRE_INT2 ? row % INT16_MAX : row) + 1);
    case TYPE_UUID:
        return arena_printf(arena, "00000000-0000-0000-0000-%012llx", (unsigned long long)row + 1);
    case TYPE_BOOL: return STR("false");
    case TYPE_DECIMAL:
    case TYPE_FLOAT: return STR("0");
    case TYPE_DATE: return (struct str){value_format(arena, &started).ptr, 10};
    case TYPE_TIMESTAMP: return (struct str){value_format(arena, &started).ptr, 19};
    case TYPE_TIMESTAMPTZ: return value_format(arena, &started);
    case TYPE_TIME:
    case TYPE_INTERVAL: return STR("00:00:00");
    case TYPE_JSON: return STR("null");
    case TYPE_BYTES: return STR("\\x");
    case TYPE_ARRAY: return STR("{}");
    case TYPE_ENUM: return dry->engine->plan->enums[column->type.ref].labels[0].text;
    default: return STR("");
    }
}

/* ---------------------------------------------------------------- the sink */

struct sink_dry {
    struct sink base;
    struct target_dry *dry;
    struct dry_table *table; /* NULL: only counts */
    const struct dry_key *key;
    struct dry_conflict *conflict; /* NULL: each row would be written; opened with the first rows */
    struct sink_counts counts;
};

static struct str column_text(struct target_dry *dry, const struct plan_type *type, struct value value) {
    if (value.kind == TYPE_ENUM) return dry->engine->plan->enums[type->ref].labels[value.as_int].text;
    if (value.kind == TYPE_ARRAY)
        return value_format_array(&dry->row_arena, (enum type_kind)type->element, &value.as_array);
    return value_format(&dry->row_arena, &value);
}

/* The row that is there gets the columns that the map updates. */
static bool update_row(struct target_dry *dry, struct dry_table *t, const struct plan_map *map,
                       struct dry_row *row, const struct dry_cell *fresh, const struct str *fresh_texts) {
    struct dry_cell *cells = ARENA_ARRAY(&dry->row_arena, struct dry_cell, t->kept_count + 1);
    struct str *texts = ARENA_ARRAY(&dry->row_arena, struct str, t->kept_count + 1);
    for (uint32_t i = 0; i < t->kept_count; i++) {
        cells[i] = row->cells[i];
        texts[i] = cell_text(t, row, i);
        for (uint32_t u = 0; u < map->update_columns_count; u++)
            if (map->update_columns[u] == t->kept[i]) {
                cells[i] = fresh[i];
                cells[i].updates = true;
                texts[i] = fresh_texts[i];
            }
    }
    *row = make_row(dry, t, cells, texts);
    return row->cells != NULL;
}

static bool add_row(struct sink_dry *sink, const struct plan_map *map, struct dry_cell *cells,
                    struct str *texts) {
    struct target_dry *dry = sink->dry;
    struct dry_table *t = sink->table;
    uint64_t found;
    if (sink->key && find_row(dry, t, sink->key, texts, &found)) {
        if (map->conflict != CONFLICT_UPDATE) return true;
        return update_row(dry, t, map, &t->rows.items[found], cells, texts);
    }
    for (uint32_t i = 0; i < t->kept_count; i++) {
        const struct plan_target_column *column = &t->table->columns[t->kept[i]];
        bool given = column->has_default || column->identity || column->generated;
        if (cells[i].state != DRY_UNASSIGNED || !(column->not_null && given)) continue;
        texts[i] = stand_in(dry, column, t->rows.count);
        cells[i].len = (uint32_t)texts[i].len;
        cells[i].state = DRY_VALUE;
    }
    struct dry_row row = make_row(dry, t, cells, texts);
    if (row.cells == NULL) return false;
    for (uint32_t k = 0; k < t->key_count; k++)
        if (encode_key(dry, t, &t->keys[k], texts) &&
            key_set_add(t->keys[k].rows, buf_str(&dry->key), t->rows.count, NULL, dry->engine->diags) ==
                KEY_SET_FAILED)
            return false;
    VEC_PUSH(&dry->arena, &t->rows, row);
    return true;
}

/* index: of those handed to write. */
static bool reject_row(struct sink_dry *sink, struct map_run *run, const struct vm *vm, uint32_t row,
                       uint32_t index) {
    struct str message = run->map->on_conflict.message;
    struct str key = map_row_key(run, vm, row, &sink->dry->row_arena);
    if (message.len == 0) message = STR("a row with these values is in the target already");
    const struct reject_origin origin = {map_row_place(run, row), map_row_ordinal(run, row),
                                         map_accepted_nth(run, index), true, NULL};
    return map_reject_later(run, &origin, key, FAULT_CONFLICT, message);
}

/* What `on conflict` would make of each. */
static bool count_rows(struct sink_dry *sink, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                       uint32_t count) {
    const struct plan_map *map = run->map;
    if (map->target_table == 0 || map->conflict == CONFLICT_NONE) {
        sink->counts.written += count;
        return true;
    }
    if (sink->conflict == NULL) sink->conflict = dry_conflict_open(run, &sink->dry->below);
    if (sink->conflict == NULL) return false;
    for (uint32_t r = 0; r < count; r++) {
        enum dry_fate fate = dry_conflict_take(sink->conflict, vm, rows[r]);
        if (fate == DRY_FAILED) return false;
        if (fate == DRY_NEW)
            sink->counts.written++;
        else if (fate == DRY_DIFFERENT && map->conflict == CONFLICT_UPDATE)
            sink->counts.updated++;
        else if (map->conflict != CONFLICT_REJECT)
            sink->counts.unchanged++;
        else if (!reject_row(sink, run, vm, rows[r], r))
            return false;
    }
    return true;
}

static bool dry_write(struct sink *base, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                      uint32_t count) {
    struct sink_dry *sink = (struct sink_dry *)base;
    struct target_dry *dry = sink->dry;
    const struct dry_table *t = sink->table;
    const struct plan_map *map = run->map;
    const struct plan_program *program =
        &dry->engine->plan->programs[map->grouped ? map->group_program - 1 : map->program];
    if (!count_rows(sink, run, vm, rows, count)) return engine_fail(dry->engine, RUN_STOPPED);
    for (uint32_t r = 0; t && r < count; r++) {
        struct dry_cell *cells = ARENA_ARRAY(&dry->row_arena, struct dry_cell, t->kept_count + 1);
        struct str *texts = ARENA_ARRAY(&dry->row_arena, struct str, t->kept_count + 1);
        for (uint32_t c = 0; c < map->columns_count; c++)
            for (uint32_t i = 0; i < t->kept_count; i++) {
                if (t->kept[i] != map->columns[c]) continue;
                uint32_t reg = run->outputs.columns[c];
                struct value value = vm_value_at(vm, reg, rows[r]);
                cells[i].state = value.kind == TYPE_NULL ? DRY_NULL : DRY_VALUE;
                if (value.kind == TYPE_NULL) continue;
                texts[i] = column_text(dry, &program->regs[reg], value);
                if (texts[i].ptr == NULL) texts[i] = STR("");
                cells[i].len = (uint32_t)texts[i].len;
            }
        for (uint32_t i = 0; map->conflict == CONFLICT_UPDATE && i < t->kept_count; i++)
            for (uint32_t u = 0; u < map->update_columns_count; u++)
                cells[i].updates |= map->update_columns[u] == t->kept[i];
        bool good = add_row(sink, map, cells, texts);
        arena_reset(&dry->row_arena);
        if (!good) return engine_fail(dry->engine, RUN_STOPPED);
    }
    return true;
}

static bool dry_end_batch(struct sink *sink, struct map_run *run, uint64_t first, uint64_t end) {
    (void)sink, (void)run, (void)first, (void)end;
    return true;
}

static bool dry_finish(struct sink *sink, struct map_run *run, struct sink_counts *counts) {
    (void)run;
    *counts = ((struct sink_dry *)sink)->counts;
    return true;
}

static void dry_close(struct sink *sink) {
    dry_conflict_close(((struct sink_dry *)sink)->conflict);
    free(sink);
}

/* A lookup that reads what the server would fill in gets a stand-in: said once for each map. */
static void note_unknown_columns(struct target_dry *dry, const struct dry_table *t,
                                 const struct plan_map *map) {
    struct str names = {0};
    for (uint32_t i = 0; i < t->kept_count; i++) {
        bool given = false, looked_up = false;
        const struct plan *plan = dry->engine->plan;
        for (uint32_t c = 0; c < map->columns_count; c++)
            given |= map->columns[c] == t->kept[i];
        for (uint32_t k = 0; k < plan->tables_count; k++)
            for (uint32_t c = 0; plan->tables[k].kind == KEYED_TARGET &&
                                 &plan->target.tables[plan->tables[k].source] == t->table &&
                                 c < plan->tables[k].target_columns_count;
                 c++)
                looked_up |= plan->tables[k].target_columns[c] == t->kept[i];
        if (!given && looked_up)
            names = arena_printf(dry->engine->arena, "%.*s%s%.*s", STR_ARG(names), names.len ? ", " : "",
                                 STR_ARG(t->table->columns[t->kept[i]].name));
    }
    if (names.len)
        engine_note(
            dry->engine,
            "Lookups into %.*s found the rows that map %.*s would write, with stand-ins for what only the "
            "server gives them: %.*s.",
            STR_ARG(t->table->name), STR_ARG(map->name), STR_ARG(names));
}

static struct sink *open_sink(void *context, struct map_run *run) {
    static const struct sink_ops OPS = {dry_write, dry_end_batch, dry_finish, dry_close};
    struct target_dry *dry = context;
    struct sink_dry *sink = memory_zalloc(sizeof *sink);
    sink->base.ops = &OPS;
    sink->dry = dry;
    sink->table = run->map->target_table ? dry->tables[run->map->target_table - 1] : NULL;
    if (sink->table == NULL) return &sink->base;
    uint32_t count;
    const uint32_t *columns = find_key_columns(dry->engine->plan, run->map, &count);
    for (uint32_t k = 0; count && k < sink->table->key_count; k++)
        if (same_columns(&sink->table->keys[k], columns, count)) sink->key = &sink->table->keys[k];
    note_unknown_columns(dry, sink->table, run->map);
    return &sink->base;
}

/* ---------------------------------------------------------------- lookups */

struct dry_feed {
    struct table_feed base;
    struct target_dry *dry;
    const struct dry_table *table;
    const uint32_t *columns;
    uint32_t count;
    struct table_feed *below; /* reads the table's kept columns; NULL: read to its end */
    struct row_batch batch;
    bool *in_target; /* by row: what it would be stands in the target already */
    uint64_t next_row;
};

static void put_text(struct row_batch *batch, uint32_t column, uint32_t row, struct str text) {
    struct cell_column *cells = &batch->columns[column];
    cells->clean = false;
    cells->state[row] = text.ptr ? ROW_VALUE : ROW_NULL;
    if (text.ptr) cells->text[row] = text;
}

/* One row of the target, as it would be after what this run does to it. texts: by kept column. */
static void apply_updates(struct dry_feed *feed, struct str *texts) {
    const struct dry_table *t = feed->table;
    for (uint32_t k = 0; k < t->key_count; k++) {
        uint64_t found;
        if (!find_row(feed->dry, t, &t->keys[k], texts, &found)) continue;
        const struct dry_row *row = &t->rows.items[found];
        feed->in_target[found] = true;
        for (uint32_t i = 0; i < t->kept_count; i++)
            if (row->cells[i].updates)
                texts[i] = row->cells[i].state == DRY_VALUE ? cell_text(t, row, i) : (struct str){0};
        return;
    }
}

static void put_row(struct dry_feed *feed, struct row_batch *batch, const struct str *texts) {
    for (uint32_t c = 0; c < feed->count; c++)
        put_text(batch, c, batch->count, texts[kept_index(feed->table, feed->columns[c])]);
    batch->count++;
}

static enum reader_status next_from_target(struct dry_feed *feed, struct row_batch *batch,
                                           struct diag_list *diags) {
    const struct dry_table *t = feed->table;
    row_batch_reset(&feed->batch);
    enum reader_status status = feed->below->next(feed->below, &feed->batch, diags);
    if (status != READER_ROWS) return status;
    struct str *texts = ARENA_ARRAY(&batch->arena, struct str, t->kept_count + 1);
    for (uint32_t row = 0; row < feed->batch.count; row++) {
        for (uint32_t i = 0; i < t->kept_count; i++) {
            const struct cell_column *cells = &feed->batch.columns[i];
            texts[i] = cells->state[row] == ROW_NULL ? (struct str){0} : cells->text[row];
            if (cells->state[row] != ROW_NULL && texts[i].ptr == NULL) texts[i] = STR("");
        }
        apply_updates(feed, texts);
        arena_reset(&feed->dry->row_arena);
        put_row(feed, batch, texts);
    }
    return READER_ROWS;
}

static enum reader_status feed_next(struct table_feed *base, struct row_batch *batch,
                                    struct diag_list *diags) {
    struct dry_feed *feed = (struct dry_feed *)base;
    const struct dry_table *t = feed->table;
    if (feed->below) {
        enum reader_status status = next_from_target(feed, batch, diags);
        if (status != READER_END) return status;
        feed->below->close(feed->below);
        feed->below = NULL;
    }
    struct str *texts = ARENA_ARRAY(&batch->arena, struct str, t->kept_count + 1);
    for (; feed->next_row < t->rows.count && batch->count < BATCH_ROWS; feed->next_row++) {
        const struct dry_row *row = &t->rows.items[feed->next_row];
        if (feed->in_target[feed->next_row]) continue;
        for (uint32_t i = 0; i < t->kept_count; i++)
            texts[i] = row->cells[i].state == DRY_VALUE ? cell_text(t, row, i) : (struct str){0};
        put_row(feed, batch, texts);
    }
    return batch->count ? READER_ROWS : READER_END;
}

static void feed_close(struct table_feed *base) {
    struct dry_feed *feed = (struct dry_feed *)base;
    if (feed->below) feed->below->close(feed->below);
    row_batch_release(&feed->batch);
    free(feed->in_target);
    free(feed);
}

static struct table_feed *open_table(void *context, uint32_t table, const uint32_t *columns, uint32_t count) {
    struct target_dry *dry = context;
    const struct dry_table *t = dry->tables[table];
    const struct target *below = &dry->below;
    if (t == NULL || t->rows.count == 0) return below->ops->open_table(below->context, table, columns, count);
    struct table_feed *rows = below->ops->open_table(below->context, table, t->kept, t->kept_count);
    if (rows == NULL) return NULL;
    struct dry_feed *feed = memory_zalloc(sizeof *feed);
    feed->base = (struct table_feed){feed_next, feed_close};
    feed->dry = dry;
    feed->table = t;
    feed->columns = columns;
    feed->count = count;
    feed->below = rows;
    feed->in_target = memory_zalloc(t->rows.count * sizeof *feed->in_target);
    row_batch_init(&feed->batch, t->kept_count);
    return &feed->base;
}

struct target_dry *target_dry_open(struct engine *engine, struct target *target) {
    static const struct target_ops OPS = {open_sink, open_table};
    const struct plan *plan = engine->plan;
    struct target_dry *dry = memory_zalloc(sizeof *dry);
    dry->engine = engine;
    dry->below = *target;
    spill_init(&dry->spill,
               engine->options->memory_limit ? engine->options->memory_limit : DEFAULT_DRY_MEMORY,
               engine->options->temp_dir);
    dry->tables = ARENA_ARRAY(&dry->arena, struct dry_table *, plan->target.tables_count + 1);
    for (uint32_t i = 0; i < plan->tables_count; i++)
        if (plan->tables[i].kind == KEYED_TARGET && dry->tables[plan->tables[i].source] == NULL)
            dry->tables[plan->tables[i].source] = keep_table(dry, plan->tables[i].source);
    target->ops = &OPS;
    target->context = dry;
    return dry;
}

void target_dry_close(struct target_dry *dry) {
    if (dry == NULL) return;
    for (uint32_t i = 0; i < dry->engine->plan->target.tables_count; i++)
        for (uint32_t k = 0; dry->tables[i] && k < dry->tables[i]->key_count; k++)
            key_set_free(dry->tables[i]->keys[k].rows);
    spill_release(&dry->spill);
    arena_release(&dry->arena);
    arena_release(&dry->row_arena);
    buf_release(&dry->key);
    free(dry);
}

/* Rows in segments of columns; a hash index of 8-byte slots (32 bits of the hash, row + 1) finds the first
 * row of a key, further rows of it hang behind in a chain. Nothing ever moves but the index, so fetched texts
 * stay valid while a self-referencing map adds rows between its waves. */
#include "runtime/vm/keyed_table.h"

#include "runtime/base/hash.h"
#include "runtime/value/decimal.h"
#include "runtime/vm/spill.h"

#include <stdlib.h>
#include <sys/random.h>

enum { SEGMENT_BITS = 9, SEGMENT_ROWS = 1 << SEGMENT_BITS, FIRST_SLOTS = 64 };
#define ROWS_MAX (UINT32_MAX - 1)
#define NO_ROW   UINT32_MAX

struct row_head {
    uint64_t hash;
    const char *key;
    uint32_t key_len;
    uint32_t next; /* row of the same key, NO_ROW after the last */
    uint32_t last; /* in the first row of a key: the chain's end */
    uint8_t status;
};

struct segment {
    struct row_head *heads;
    uint8_t **nulls; /* by column: SEGMENT_ROWS */
    void **items;    /* by column: SEGMENT_ROWS elements */
};

struct keyed_table {
    const struct plan_keyed_table *plan;
    struct spill spill;
    struct segment *segments;
    uint32_t segment_count;
    uint64_t rows;
    uint64_t *slots; /* 0: free */
    uint64_t mask;
    uint64_t keys;
    uint64_t seed;
};

/* ---------------------------------------------------------------- keys */

static void append_number(struct buf *out, uint64_t n) {
    buf_append(out, &n, sizeof n);
}

static void append_text(struct buf *out, struct str s, bool alone) {
    if (!alone) {
        uint32_t len = (uint32_t)s.len;
        buf_append(out, &len, sizeof len);
    }
    buf_append_str(out, s);
}

static void append_item(enum type_kind kind, const void *item, bool alone, struct buf *out) {
    switch (kind) {
    case TYPE_BOOL: buf_append_char(out, *(const uint8_t *)item != 0); break;
    case TYPE_TEXT:
    case TYPE_BYTES:
    case TYPE_JSON:
    case TYPE_SECRET: append_text(out, *(const struct str *)item, alone); break;
    case TYPE_DECIMAL: {
        struct decimal d = decimal_canonical(*(const struct decimal *)item);
        append_number(out, d.lo);
        append_number(out, (uint64_t)d.hi);
        append_number(out, (uint64_t)d.scale);
        break;
    }
    case TYPE_FLOAT: {
        double f = *(const double *)item;
        if (f == 0) f = 0; /* -0 equals 0 */
        buf_append(out, &f, sizeof f);
        break;
    }
    case TYPE_INTERVAL: {
        /* Equal as interval_compare has it: months of 30 days, days of 24 hours. */
        const struct interval *i = item;
        __int128 micros = ((__int128)i->months * 30 + i->days) * 86400 * 1000000 + i->micros;
        buf_append(out, &micros, sizeof micros);
        break;
    }
    case TYPE_UUID: buf_append(out, item, sizeof(struct uuid)); break;
    default: buf_append(out, item, sizeof(int64_t)); break; /* all that is stored as int64 */
    }
}

static void append_array(const struct plan_type *type, const struct array *array, struct buf *out) {
    enum type_kind element = (enum type_kind)type->element;
    size_t size = type_kind_size(element);
    append_number(out, array->count);
    for (size_t i = 0; i < array->count; i++) {
        bool null = array->nulls && array->nulls[i];
        buf_append_char(out, null);
        if (!null) append_item(element, (const char *)array->items + i * size, false, out);
    }
}

void keyed_key_append(const struct plan_type *types, const void *const *parts, uint32_t count,
                      struct buf *out) {
    for (uint32_t i = 0; i < count; i++) {
        if (types[i].kind == TYPE_ARRAY)
            append_array(&types[i], parts[i], out);
        else
            append_item((enum type_kind)types[i].kind, parts[i], count == 1, out);
    }
}

bool keyed_table_encode(const struct plan_type *types, const struct value *parts, uint32_t count,
                        struct buf *out) {
    buf_clear(out);
    for (uint32_t i = 0; i < count; i++) {
        const struct value *part = &parts[i];
        const void *item = &part->as_bool;
        struct decimal widened;
        if (part->kind == TYPE_NULL) return false;
        if (types[i].kind == TYPE_DECIMAL && part->kind == TYPE_INT) {
            widened = decimal_from_int(part->as_int);
            item = &widened;
        }
        if (types[i].kind == TYPE_ARRAY)
            append_array(&types[i], item, out);
        else
            append_item((enum type_kind)types[i].kind, item, count == 1, out);
    }
    return true;
}

/* ---------------------------------------------------------------- making */

struct keyed_table *keyed_table_new(const struct plan *plan, uint32_t table, size_t memory_limit,
                                    struct str temp_dir) {
    struct keyed_table *t = memory_zalloc(sizeof *t);
    t->plan = &plan->tables[table];
    spill_init(&t->spill, memory_limit, temp_dir);
    /* A failing getrandom leaves a fixed seed: tables still work, only their hashes can be foreseen. */
    if (getrandom(&t->seed, sizeof t->seed, 0) < 0) t->seed = 0x9e3779b97f4a7c15u;
    return t;
}

void keyed_table_free(struct keyed_table *table) {
    if (table == NULL) return;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        free(table->segments[i].nulls);
        free(table->segments[i].items);
    }
    free(table->segments);
    spill_release(&table->spill);
    free(table);
}

uint64_t keyed_table_count(const struct keyed_table *table) {
    return table->rows;
}

size_t keyed_table_memory(const struct keyed_table *table) {
    return table->spill.heap + table->spill.disk;
}

static struct row_head *head_at(const struct keyed_table *table, uint32_t row) {
    return &table->segments[row >> SEGMENT_BITS].heads[row & (SEGMENT_ROWS - 1)];
}

static bool add_segment(struct keyed_table *table, struct diag_list *diags) {
    uint32_t columns = table->plan->columns_count;
    struct segment s = {0};
    s.heads = spill_alloc(&table->spill, sizeof *s.heads * SEGMENT_ROWS, diags);
    if (s.heads == NULL) return false;
    s.nulls = memory_zalloc(sizeof *s.nulls * columns);
    s.items = memory_zalloc(sizeof *s.items * columns);
    table->segments = memory_realloc(table->segments, sizeof s * (table->segment_count + 1));
    table->segments[table->segment_count++] = s;
    for (uint32_t c = 0; c < columns; c++) {
        size_t size = type_kind_size((enum type_kind)table->plan->columns[c].kind);
        char *block = spill_alloc(&table->spill, (size + 1) * SEGMENT_ROWS, diags);
        if (block == NULL) {
            table->segment_count--;
            free(s.nulls);
            free(s.items);
            return false;
        }
        s.items[c] = block;
        s.nulls[c] = (uint8_t *)block + size * SEGMENT_ROWS;
    }
    return true;
}

static bool grow_index(struct keyed_table *table, struct diag_list *diags) {
    uint64_t wider = table->slots ? (table->mask + 1) * 2 : FIRST_SLOTS;
    uint64_t *slots = spill_alloc(&table->spill, wider * sizeof *slots, diags);
    if (slots == NULL) return false;
    for (uint64_t i = 0; table->slots && i <= table->mask; i++) {
        uint64_t slot = table->slots[i];
        if (slot == 0) continue;
        uint64_t at = head_at(table, (uint32_t)slot - 1)->hash & (wider - 1);
        while (slots[at])
            at = (at + 1) & (wider - 1);
        slots[at] = slot;
    }
    if (table->slots) spill_free(&table->spill, table->slots);
    table->slots = slots;
    table->mask = wider - 1;
    return true;
}

static void *copy_bytes(struct keyed_table *table, const void *bytes, size_t len, struct diag_list *diags) {
    void *copy = spill_piece(&table->spill, len ? len : 1, diags);
    if (copy && len) memcpy(copy, bytes, len);
    return copy;
}

static bool copy_text(struct keyed_table *table, struct str s, struct str *out, struct diag_list *diags) {
    const char *copy = s.len ? copy_bytes(table, s.ptr, s.len, diags) : "";
    *out = str_from(copy, s.len);
    return copy != NULL;
}

static bool kind_is_text(enum type_kind kind) {
    return kind == TYPE_TEXT || kind == TYPE_BYTES || kind == TYPE_JSON || kind == TYPE_SECRET;
}

static bool copy_array(struct keyed_table *table, enum type_kind element, const struct array *from,
                       struct array *out, struct diag_list *diags) {
    size_t size = type_kind_size(element);
    void *items = copy_bytes(table, from->items, size * from->count, diags);
    uint8_t *nulls = from->nulls ? copy_bytes(table, from->nulls, from->count, diags) : NULL;
    if (items == NULL || (from->nulls && nulls == NULL)) return false;
    struct str *texts = items;
    for (size_t i = 0; kind_is_text(element) && i < from->count; i++) {
        if (nulls && nulls[i])
            texts[i] = STR("");
        else if (!copy_text(table, texts[i], &texts[i], diags))
            return false;
    }
    *out = (struct array){items, nulls, from->count};
    return true;
}

static bool set_columns(struct keyed_table *table, uint32_t row, const struct value *columns,
                        struct diag_list *diags) {
    const struct segment *s = &table->segments[row >> SEGMENT_BITS];
    uint32_t at = row & (SEGMENT_ROWS - 1);
    for (uint32_t c = 0; c < table->plan->columns_count; c++) {
        enum type_kind kind = (enum type_kind)table->plan->columns[c].kind;
        const struct value *value = columns ? &columns[c] : NULL;
        size_t size = type_kind_size(kind);
        void *item = (char *)s->items[c] + at * size;
        struct decimal widened;
        const void *from = value ? &value->as_bool : NULL;
        if (value && value->kind == TYPE_INT && kind == TYPE_DECIMAL) {
            widened = decimal_from_int(value->as_int);
            from = &widened;
        }
        s->nulls[c][at] = value == NULL || value->kind == TYPE_NULL;
        if (s->nulls[c][at]) continue;
        if (kind_is_text(kind)) {
            if (!copy_text(table, *(const struct str *)from, item, diags)) return false;
        } else if (kind == TYPE_ARRAY) {
            if (!copy_array(table, (enum type_kind)table->plan->columns[c].element, from, item, diags))
                return false;
        } else {
            memcpy(item, from, size);
        }
    }
    return true;
}

/* ---------------------------------------------------------------- finding */

uint64_t keyed_table_hash(const struct keyed_table *table, struct str key) {
    return hash_bytes64(table->seed, key.ptr, key.len);
}

void keyed_table_prefetch(const struct keyed_table *table, uint64_t hash) {
    if (table->slots) __builtin_prefetch(&table->slots[hash & table->mask]);
}

/* The slot that holds the key, or the free one where it belongs. */
static uint64_t *find_slot(const struct keyed_table *table, struct str key, uint64_t hash) {
    for (uint64_t i = hash & table->mask;; i = (i + 1) & table->mask) {
        uint64_t *slot = &table->slots[i];
        if (*slot == 0) return slot;
        if (*slot >> 32 != hash >> 32) continue;
        const struct row_head *head = head_at(table, (uint32_t)*slot - 1);
        if (head->key_len == key.len && (key.len == 0 || memcmp(head->key, key.ptr, key.len) == 0))
            return slot;
    }
}

enum keyed_result keyed_table_find_hashed(const struct keyed_table *table, struct str key, uint64_t hash,
                                          int64_t *row) {
    *row = -1;
    if (table->slots == NULL) return KEYED_MISSING;
    uint64_t slot = *find_slot(table, key, hash);
    if (slot == 0) return KEYED_MISSING;
    uint32_t found = (uint32_t)slot - 1;
    const struct row_head *head = head_at(table, found);
    if (head->status == KEYED_REJECTED) return KEYED_WAS_REJECTED;
    if (head->status == KEYED_SKIPPED) return KEYED_WAS_SKIPPED;
    *row = found;
    return head->next == NO_ROW ? KEYED_FOUND : KEYED_SEVERAL;
}

enum keyed_result keyed_table_find(const struct keyed_table *table, struct str key, int64_t *row) {
    return keyed_table_find_hashed(table, key, keyed_table_hash(table, key), row);
}

int64_t keyed_table_next(const struct keyed_table *table, int64_t row) {
    if (row < 0 || (uint64_t)row >= table->rows) return -1;
    uint32_t next = head_at(table, (uint32_t)row)->next;
    return next == NO_ROW ? -1 : (int64_t)next;
}

bool keyed_table_fetch(const struct keyed_table *table, int64_t row, uint32_t column, void *out) {
    if (row < 0 || (uint64_t)row >= table->rows) return false;
    const struct segment *s = &table->segments[row >> SEGMENT_BITS];
    uint32_t at = (uint32_t)row & (SEGMENT_ROWS - 1);
    if (s->nulls[column][at]) return false;
    size_t size = type_kind_size((enum type_kind)table->plan->columns[column].kind);
    memcpy(out, (const char *)s->items[column] + at * size, size);
    return true;
}

enum keyed_status keyed_table_status(const struct keyed_table *table, int64_t row) {
    return (enum keyed_status)head_at(table, (uint32_t)row)->status;
}

struct str keyed_table_key(const struct keyed_table *table, int64_t row) {
    const struct row_head *head = head_at(table, (uint32_t)row);
    return str_from(head->key, head->key_len);
}

/* ---------------------------------------------------------------- adding */

/* A new row at the end; its key is `shared` where the chain's first row holds the bytes already. */
static bool append_row(struct keyed_table *table, struct str key, const char *shared, uint64_t hash,
                       enum keyed_status status, const struct value *columns, struct diag_list *diags) {
    if (table->rows >= ROWS_MAX || key.len > UINT32_MAX) {
        diag_report(diags, X_TABLE_FULL, (struct span){0}, "the table `%.*s` cannot hold more than 2^32 rows",
                    STR_ARG(table->plan->name));
        return false;
    }
    uint32_t row = (uint32_t)table->rows;
    if (row >> SEGMENT_BITS == table->segment_count && !add_segment(table, diags)) return false;
    struct str own = str_from(shared, key.len);
    if (shared == NULL && !copy_text(table, key, &own, diags)) return false;
    if (!set_columns(table, row, columns, diags)) return false;
    *head_at(table, row) = (struct row_head){hash, own.ptr, (uint32_t)key.len, NO_ROW, row, (uint8_t)status};
    table->rows++;
    return true;
}

/* PRESENT before REJECTED before SKIPPED, see keyed_table.h. */
static bool add_to_crosswalk(struct keyed_table *table, uint32_t row, enum keyed_status status,
                             const struct value *columns, struct diag_list *diags) {
    struct row_head *head = head_at(table, row);
    if (status >= head->status) return true;
    if (!set_columns(table, row, columns, diags)) return false;
    head->status = (uint8_t)status;
    return true;
}

bool keyed_table_add(struct keyed_table *table, struct str key, enum keyed_status status,
                     const struct value *columns, struct diag_list *diags) {
    if ((table->slots == NULL || (table->keys + 1) * 4 > (table->mask + 1) * 3) && !grow_index(table, diags))
        return false;
    uint64_t hash = keyed_table_hash(table, key);
    uint64_t *slot = find_slot(table, key, hash);
    uint32_t row = (uint32_t)table->rows;
    if (*slot == 0) {
        if (!append_row(table, key, NULL, hash, status, columns, diags)) return false;
        *slot = (hash >> 32 << 32) | (row + 1);
        table->keys++;
        return true;
    }
    uint32_t first = (uint32_t)*slot - 1;
    bool both = status == KEYED_PRESENT && head_at(table, first)->status == KEYED_PRESENT;
    if (!both) return add_to_crosswalk(table, first, status, columns, diags);
    if (!append_row(table, key, head_at(table, first)->key, hash, status, columns, diags)) return false;
    head_at(table, head_at(table, first)->last)->next = row;
    head_at(table, first)->last = row;
    return true;
}

void keyed_table_reject(struct keyed_table *table, struct str key) {
    if (table->slots == NULL) return;
    uint64_t slot = *find_slot(table, key, keyed_table_hash(table, key));
    if (slot) head_at(table, (uint32_t)slot - 1)->status = KEYED_REJECTED;
}

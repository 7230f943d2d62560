/* Rows against rows, for the batches that differ: the table is read once more, each row is looked up among
 * the rows that its batch should have written, by key. */
#include "runtime/verify/verify_internal.h"

#include "runtime/postgres/pg_map.h"
#include "runtime/value/pg.h"

#include <stdlib.h>

enum { TEXTS_AT_ONCE = 1000 };

struct compare {
    struct verify *v;
    struct verify_table *table;
    struct arena arena; /* of a row */
    struct buf expected_canonical;
};

static bool same_hash(struct hash128 a, struct hash128 b) {
    return a.lo == b.lo && a.hi == b.hi;
}

static void make_chains(struct expected_rows *e) {
    e->head_cap = 1024;
    while (e->head_cap < e->count && e->head_cap < UINT32_C(1) << 30)
        e->head_cap *= 2;
    e->heads = memory_alloc(sizeof *e->heads * e->head_cap);
    memset(e->heads, 0xff, sizeof *e->heads * e->head_cap);
    for (uint32_t i = e->count; i-- > 0;) { /* so that chains run in the order of rows */
        uint32_t *head = &e->heads[e->rows[i].match.lo & (e->head_cap - 1)];
        e->rows[i].next = *head;
        *head = i;
    }
}

static struct expected_row *next_match(const struct expected_rows *e, struct hash128 match, uint32_t at) {
    for (; at != NO_ROW; at = e->rows[at].next)
        if (same_hash(e->rows[at].match, match)) return &e->rows[at];
    return NULL;
}

static struct expected_row *first_match(const struct expected_rows *e, struct hash128 match) {
    return e->heads ? next_match(e, match, e->heads[match.lo & (e->head_cap - 1)]) : NULL;
}

/* -- texts as the server spells them */

static bool respell(struct verify *v, struct verify_map *m, uint32_t column, uint32_t nth, uint32_t from,
                    uint32_t to) {
    struct arena arena = {0};
    struct expected_rows *e = &m->expected;
    struct str *texts = ARENA_ARRAY(&arena, struct str, to - from);
    uint8_t *nulls = ARENA_ARRAY(&arena, uint8_t, to - from);
    for (uint32_t i = from; i < to; i++) {
        texts[i - from] = e->rows[i].texts[nth];
        nulls[i - from] = texts[i - from].ptr == NULL;
    }
    struct array array = {texts, nulls, to - from};
    struct str param = pg_array_format(&arena, &array);
    struct str sql = arena_printf(
        &arena, "SELECT u.x::%.*s::text FROM unnest($1::text[]) WITH ORDINALITY AS u(x, n) ORDER BY u.n",
        STR_ARG(m->table->types[m->map->columns[column]]));
    struct pg_result *r = pg_query(v->connection, sql.ptr, &param, 1, v->diags);
    for (uint32_t i = from; r && i < to; i++)
        if (!nulls[i - from])
            e->rows[i].texts[nth] = arena_copy_str(&e->texts, pg_result_text(r, i - from, 0));
    bool ok = r != NULL;
    pg_result_free(r);
    arena_release(&arena);
    return ok;
}

static bool respell_texts(struct verify *v, struct verify_map *m) {
    uint32_t nth = 0;
    for (uint32_t c = 0; c < m->hasher->count; c++) {
        if (!m->hasher->columns[c].text_only) continue;
        for (uint32_t i = 0; i < m->expected.count; i += TEXTS_AT_ONCE) {
            uint32_t to = m->expected.count - i < TEXTS_AT_ONCE ? m->expected.count : i + TEXTS_AT_ONCE;
            if (!respell(v, m, c, nth, i, to)) return false;
        }
        nth++;
    }
    return true;
}

/* -- findings */

static struct str key_text(struct compare *c, struct verify_map *m, const char *fields,
                           const size_t *starts) {
    struct buf out = {0};
    for (uint32_t i = 0; i < m->match.count; i++) {
        uint32_t f = m->match.fields[i];
        const struct plan_target_column *column = &c->table->table->columns[m->map->columns[f]];
        struct str text = verify_field_text(&m->hasher->columns[f], column, fields + starts[f],
                                            starts[f + 1] - starts[f], &c->arena);
        buf_printf(&out, "%s%.*s = ", i ? ", " : "", STR_ARG(column->name));
        if (text.ptr)
            buf_append_str(&out, text);
        else
            buf_append_cstr(&out, "null");
    }
    struct str text = arena_copy_str(&c->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

/* The fields of an expected row, as they were sent; starts in `starts`. NULL: not kept. */
static const char *expected_fields(const struct verify_map *m, const struct expected_row *e, size_t *starts) {
    if (e->values == NO_VALUES) return NULL;
    const char *fields = m->expected.values.ptr + e->values;
    size_t at = 0;
    for (uint32_t i = 0; i < m->hasher->count; i++) {
        starts[i] = at;
        if (m->hasher->columns[i].text_only) continue;
        uint32_t len = wire_get_u32(fields + at);
        at += 4 + (len == UINT32_MAX ? 0 : len);
    }
    starts[m->hasher->count] = at;
    return fields;
}

static void place_finding(const struct verify_map *m, const struct expected_row *e, struct finding *f) {
    f->map = m->map->name;
    f->file = e->file < m->expected.files.count ? m->expected.files.items[e->file] : STR("");
    f->line = e->line;
    f->row = e->place_row;
}

/* A row's columns side by side: those that differ, or (all) every one. */
struct two_rows {
    const char *expected, *actual; /* as sent, as stored; expected NULL: not kept */
    size_t *expected_starts, *actual_starts;
    const struct pg_binary_row *row; /* for texts */
    const struct expected_row *e;
    const bool *left_out; /* by the map's columns; NULL: none */
};

struct column_pair {
    struct str expected, actual;
    bool same, same_value;
};

static struct column_pair compare_text(struct compare *c, struct verify_map *m, const struct two_rows *two,
                                       uint32_t i, uint32_t nth) {
    struct column_pair pair = {0};
    const struct plan_target_column *column = &c->table->table->columns[m->map->columns[i]];
    size_t from = c->table->starts[m->select[i] + 1], end = c->table->starts[m->select[i] + 2];
    const char *field = two->row->fields + from;
    struct str expected = two->e->texts ? two->e->texts[nth] : (struct str){0};
    bool null = wire_get_u32(field) == UINT32_MAX;
    struct str actual = null ? (struct str){0} : str_from(field + 4, end - from - 4);
    pair.same = null ? expected.ptr == NULL : expected.ptr && str_eq(expected, actual);
    pair.expected = verify_shown(column, expected, &c->arena);
    pair.actual = verify_shown(column, actual, &c->arena);
    return pair;
}

static struct column_pair compare_field(struct compare *c, struct verify_map *m, const struct two_rows *two,
                                        uint32_t i) {
    struct column_pair pair = {.same = true};
    const struct wire_column *wire = &m->hasher->columns[i];
    const char *a = two->expected + two->expected_starts[i], *b = two->actual + two->actual_starts[i];
    size_t a_size = two->expected_starts[i + 1] - two->expected_starts[i],
           b_size = two->actual_starts[i + 1] - two->actual_starts[i];
    struct buf x = {0}, y = {0};
    wire_append_canonical(wire, a, a_size, &x);
    wire_append_canonical(wire, b, b_size, &y);
    pair.same = str_eq(buf_str(&x), buf_str(&y));
    if (!pair.same) {
        const struct plan_target_column *column = &c->table->table->columns[m->map->columns[i]];
        pair.same_value = verify_same_value(wire, a, a_size, b, b_size);
        pair.expected = verify_field_text(wire, column, a, a_size, &c->arena);
        pair.actual = verify_field_text(wire, column, b, b_size, &c->arena);
    }
    buf_release(&x);
    buf_release(&y);
    return pair;
}

/* Fills the finding with the columns that differ; false: none does. *representation: all of them are the same
 * value in another spelling. */
static bool compare_columns(struct compare *c, struct verify_map *m, const struct two_rows *two,
                            struct finding *f, bool *representation) {
    uint32_t count = 0, nth = 0, spelled = 0;
    f->columns = ARENA_ARRAY(&c->arena, struct finding_column, m->hasher->count);
    for (uint32_t i = 0; i < m->hasher->count; i++) {
        struct column_pair pair;
        if (m->hasher->columns[i].text_only)
            pair = compare_text(c, m, two, i, nth++);
        else
            pair = compare_field(c, m, two, i);
        if (pair.same || (two->left_out && two->left_out[i])) continue;
        f->columns[count++] = (struct finding_column){c->table->table->columns[m->map->columns[i]].name,
                                                      pair.expected, pair.actual};
        spelled += pair.same_value;
    }
    f->column_count = count;
    *representation = count && spelled == count;
    return count > 0;
}

/* Columns that another map's (or batch's) update has set since. */
static bool *updated_columns(struct compare *c, const struct verify_map *m, const struct verify_map *by) {
    uint32_t count;
    bool *out = ARENA_ARRAY(&c->arena, bool, m->map->columns_count);
    uint32_t *updated = pg_map_update_columns(&c->arena, by->map, by->table->table, &count);
    for (uint32_t i = 0; i < m->map->columns_count; i++)
        for (uint32_t k = 0; k < count; k++)
            out[i] = out[i] || m->map->columns[i] == updated[k];
    return out;
}

/* Columns that an update does not set: they may be what they were before. */
static bool *columns_not_updated(struct compare *c, const struct verify_map *m) {
    bool *out = updated_columns(c, m, m);
    for (uint32_t i = 0; i < m->map->columns_count; i++)
        out[i] = !out[i];
    return out;
}

/* -- one row of the table */

enum standing { BY_ITS_BATCH, BY_LATER_BATCH, AFTER_LOAD, BEFORE_LOAD };

static void note_same(struct compare *c, struct leaf *leaf, enum standing standing) {
    if (standing == BY_ITS_BATCH) return;
    leaf->explained++;
    if (standing == AFTER_LOAD) c->table->report->touched++;
    if (standing == BY_LATER_BATCH) c->table->report->replaced++;
}

static void judge_row(struct compare *c, struct verify_map *m, struct expected_row *e, enum standing standing,
                      const struct verify_map *later, struct two_rows *two, struct row_hash actual) {
    struct leaf *leaf = &m->leaves[e->leaf];
    bool update_map = m->map->conflict == CONFLICT_UPDATE, representation = false;
    bool all_hashed = m->hasher->hashed == m->hasher->count;
    bool was_updated =
        update_map && hash_set_has(&m->images, verify_image_hash(actual.key, leaf->info->ordinal));
    c->table->report->compared++;
    if (update_map) leaf->explained += leaf->info->counts.updated != 0;
    if (m->map->conflict == CONFLICT_SKIP && standing == BEFORE_LOAD) return; /* it stood there already */
    if (all_hashed && same_hash(e->row, actual.row)) {
        note_same(c, leaf, standing);
        return;
    }
    bool partly = was_updated || (update_map && standing == BEFORE_LOAD);
    if (partly && all_hashed && same_hash(e->update, actual.update)) {
        note_same(c, leaf, standing);
        return;
    }
    struct finding f = {.kind = FINDING_CHANGED};
    two->e = e;
    two->expected = expected_fields(m, e, two->expected_starts);
    if (standing == BY_LATER_BATCH) two->left_out = updated_columns(c, m, later);
    if (partly) two->left_out = columns_not_updated(c, m);
    if (two->expected == NULL) {
        if (standing == BY_LATER_BATCH) {
            note_same(c, leaf, standing);
            return;
        }
        f.note = STR("its columns were not kept: too many rows differ");
    } else if (!compare_columns(c, m, two, &f, &representation)) {
        note_same(c, leaf, standing);
        return;
    }
    if (standing == AFTER_LOAD && c->table->report->xmin)
        f.kind = FINDING_EDITED;
    else if (representation)
        f.kind = FINDING_REPRESENTATION;
    if (representation && (standing == BEFORE_LOAD || partly)) { /* the server found it equal and left it */
        note_same(c, leaf, standing);
        return;
    }
    place_finding(m, e, &f);
    f.key = key_text(c, m, two->actual, two->actual_starts);
    verify_add_finding(c->v, c->table, leaf, &f);
}

static void add_extra(struct compare *c, struct verify_map *m, struct leaf *leaf, enum finding_kind kind,
                      const struct expected_row *e, const struct two_rows *two, const char *note) {
    struct finding f = {.kind = kind, .map = m->map->name, .note = str_cstr(note)};
    if (e) place_finding(m, e, &f);
    f.key = key_text(c, m, two->actual, two->actual_starts);
    verify_add_finding(c->v, c->table, leaf, &f);
}

/* Without a key rows are found by all their values: one row of the table for each expected one. */
static void look_up_keyless(struct compare *c, struct verify_map *m, struct leaf *own, uint32_t xid,
                            struct hash128 match, struct two_rows *two) {
    struct expected_row *first = first_match(&m->expected, match), *free_one = NULL;
    for (struct expected_row *e = first; e; e = next_match(&m->expected, match, e->next)) {
        if (e->seen) continue;
        if (own == &m->leaves[e->leaf]) {
            free_one = e;
            break;
        }
        if (free_one == NULL) free_one = e;
    }
    bool ours = own && own >= m->leaves && own < m->leaves + m->leaf_count;
    if (free_one) {
        struct row_hash actual = {.row = free_one->row};
        free_one->seen = true;
        judge_row(c, m, free_one, ours ? BY_ITS_BATCH : AFTER_LOAD, NULL, two, actual);
        return;
    }
    if (first && (ours || (own == NULL && xid_is_after(xid, c->v->first_xid))))
        add_extra(c, m, ours ? own : &m->leaves[first->leaf], FINDING_DUPLICATE, first, two,
                  "the run wrote such a row less often");
    else if (ours && own->drill && !own->lost && c->v->options->part.len == 0)
        add_extra(c, m, own, FINDING_EXTRA, NULL, two, "none of the run's rows looks like it");
}

/* Of several rows of one key the one that counts: its own batch's, else the last one that an update came
 * from, else the first. */
static struct expected_row *choose_row(struct verify_map *m, struct expected_row *first,
                                       const struct leaf *own, struct hash128 match) {
    struct expected_row *chosen = first;
    bool update = m->map->conflict == CONFLICT_UPDATE, owned = own == &m->leaves[first->leaf];
    for (struct expected_row *e = first; e; e = next_match(&m->expected, match, e->next)) {
        bool its = own == &m->leaves[e->leaf];
        if ((its && !owned) || (update && its == owned)) chosen = e;
        owned = owned || its;
    }
    return chosen;
}

static void look_up(struct compare *c, struct verify_map *m, struct leaf *own, struct verify_map *own_map,
                    uint32_t xid, const struct pg_binary_row *row) {
    size_t count = m->hasher->count + 1;
    struct two_rows two = {.row = row};
    two.actual = verify_take_fields(m, row, c->table->starts);
    two.actual_starts = ARENA_ARRAY(&c->arena, size_t, count);
    two.expected_starts = ARENA_ARRAY(&c->arena, size_t, count);
    memcpy(two.actual_starts, m->starts, sizeof *m->starts * count);
    const char *fields = row_hasher_canonical(m->hasher, two.actual, m->starts, &m->canonical);
    struct hash128 match = row_hasher_part_hash(m->hasher, &m->match, fields, m->starts, &m->scratch);
    if (m->keyless) {
        look_up_keyless(c, m, own, xid, match, &two);
        return;
    }
    struct expected_row *first = first_match(&m->expected, match);
    if (first == NULL) {
        if (own_map == m && own->drill && !own->lost && c->v->options->part.len == 0)
            add_extra(c, m, own, FINDING_EXTRA, NULL, &two, "no row of the run has this key");
        return;
    }
    struct expected_row *e = choose_row(m, first, own, match);
    struct leaf *leaf = &m->leaves[e->leaf];
    uint32_t leaf_xid = (uint32_t)leaf->info->xid;
    enum standing standing = own == leaf                    ? BY_ITS_BATCH
                             : !xid_is_after(xid, leaf_xid) ? BEFORE_LOAD
                             : own                          ? BY_LATER_BATCH
                                                            : AFTER_LOAD;
    if (e->taken && standing != BY_ITS_BATCH) return; /* the part was loaded anew, say */
    if (e->seen) {
        add_extra(c, m, leaf, FINDING_DUPLICATE, e, &two, "another row has this key, too");
        return;
    }
    for (struct expected_row *s = first; s; s = next_match(&m->expected, match, s->next)) {
        s->seen = true;
        if (s->leaf != e->leaf) note_same(c, &m->leaves[s->leaf], BY_LATER_BATCH);
    }
    struct row_hash actual = row_hasher_hash(m->hasher, fields, m->starts, &m->scratch);
    judge_row(c, m, e, standing, own_map, &two, actual);
}

/* -- a table */

static void report_missing(struct compare *c, struct verify_map *m) {
    for (uint32_t i = 0; i < m->expected.count; i++) {
        struct expected_row *e = &m->expected.rows[i];
        if (e->seen || e->taken) continue;
        arena_reset(&c->arena);
        struct finding f = {.kind = FINDING_MISSING};
        size_t *starts = ARENA_ARRAY(&c->arena, size_t, m->hasher->count + 1);
        const char *fields = expected_fields(m, e, starts);
        place_finding(m, e, &f);
        if (fields) f.key = key_text(c, m, fields, starts);
        verify_add_finding(c->v, c->table, &m->leaves[e->leaf], &f);
    }
}

static bool compare_table(struct verify *v, struct verify_table *t) {
    struct compare c = {.v = v, .table = t};
    struct arena arena = {0};
    uint64_t rows = 0;
    bool ok = true, any = false;
    for (uint32_t i = 0; i < t->maps.count && ok; i++) {
        struct verify_map *m = t->maps.items[i];
        ok = m->expected.count == 0 || respell_texts(v, m);
        make_chains(&m->expected);
        for (uint32_t l = 0; l < m->leaf_count; l++)
            any = any || m->leaves[l].drill;
    }
    if (!ok || !any) return ok;
    struct pg_binary_copy *copy = verify_open_table(v, t, &arena);
    struct pg_binary_row row;
    enum pg_binary_status status = copy ? PG_BINARY_ROW : PG_BINARY_FAILED;
    while (status == PG_BINARY_ROW) {
        status = pg_binary_copy_next(copy, &row, t->starts, v->diags);
        if (status != PG_BINARY_ROW) break;
        if ((++rows & 1023) == 0 && verify_over(v)) {
            v->report->partial = true;
            break;
        }
        struct verify_map *own_map = NULL;
        uint32_t xid = verify_row_xid(&row);
        struct leaf *own = verify_find_leaf(t, xid, &own_map);
        arena_reset(&c.arena);
        for (uint32_t i = 0; i < t->maps.count; i++)
            look_up(&c, t->maps.items[i], own, own ? own_map : NULL, xid, &row);
    }
    pg_binary_copy_close(copy);
    ok = status != PG_BINARY_FAILED;
    for (uint32_t i = 0; i < t->maps.count && status == PG_BINARY_END; i++)
        report_missing(&c, t->maps.items[i]);
    arena_release(&c.arena);
    arena_release(&arena);
    return ok;
}

/* What is left of a batch whose sums differ once its rows were compared. */
static void settle_leaf(struct verify *v, struct verify_map *m, struct leaf *leaf, bool compared) {
    bool whole = compared && !leaf->lost;
    if (!leaf->drill) return;
    if (leaf->lost && leaf->differs)
        m->table->report->unread_rows += leaf->info->counts.written + leaf->info->counts.updated;
    if (leaf->differs && !whole && leaf->taken.count) {
        v->report->taken_unread++;
        return;
    }
    if (leaf->differs && leaf->findings == 0 && !(whole && leaf->explained)) {
        const struct journal_batch_info *b = leaf->info;
        struct finding f = {.kind = FINDING_BATCH, .map = m->map->name};
        f.note = arena_printf(v->arena,
                              "%llu rows of it are there, the journal has %llu written and %llu updated%s",
                              (unsigned long long)(leaf->rows + leaf->updates),
                              (unsigned long long)b->counts.written, (unsigned long long)b->counts.updated,
                              whole ? "; row by row all is as it should be: its sums in the journal are not"
                                    : "; its rows could not be compared one by one");
        verify_add_finding(v, m->table, leaf, &f);
    }
    m->table->report->differing += leaf->findings != 0;
}

bool verify_compare_rows(struct verify *v) {
    double start = verify_clock();
    bool rows = v->rows_known && !v->report->partial, ok = true;
    if (rows) {
        ok = verify_begin_reading(v);
        for (uint32_t i = 0; i < v->tables.count && ok; i++)
            ok = compare_table(v, v->tables.items[i]);
        verify_end_reading(v);
        rows = !v->report->partial;
    }
    for (uint32_t i = 0; i < v->maps.count && ok; i++)
        for (uint32_t l = 0; l < v->maps.items[i]->leaf_count; l++)
            settle_leaf(v, v->maps.items[i], &v->maps.items[i]->leaves[l], rows);
    v->report->compare_seconds = verify_clock() - start;
    return ok;
}

/* The source pass: the run's rows once more from its sources, in batches of another size than the run had.
 * Each batch's rows must add up to what the journal has of it; rows of batches that differ in the target are
 * kept, to be compared. */
#include "runtime/verify/verify_internal.h"

#include "runtime/engine/map_internal.h"
#include "runtime/engine/replay.h"

#include <stdlib.h>

enum { SECOND_PATH_ROWS = 619 }; /* another size than the run's 2,048, and no divisor of it */
static const size_t VALUES_MAX = (size_t)512 << 20;
static const uint64_t ROWS_MAX = 8u << 20; /* to compare one by one: a gigabyte without their values */

struct source_pass {
    struct verify *v;
    struct verify_map **by_map; /* of the plan */
    struct arena scratch;
    /* Of its own: the target pass goes on at the same time with those of the maps. */
    struct buf fields, canonical, bytes;
    size_t *starts;
    uint64_t rows;
    bool counts; /* the first time: sums and sample */
    bool keeps;  /* rows of batches that differ; else only of maps whose sums leave columns out */
    bool over;
};

/* -- rows to compare */

static uint32_t file_index(struct expected_rows *e, struct str name) {
    for (uint32_t i = e->files.count; i-- > 0;)
        if (str_eq(e->files.items[i], name)) return i;
    VEC_PUSH(&e->arena, &e->files, arena_copy_str(&e->arena, name));
    return e->files.count - 1;
}

static void keep_texts(struct verify_map *m, const struct replay_row *row, struct expected_row *out) {
    uint32_t count = m->hasher->count - m->hasher->hashed, n = 0;
    if (count == 0) return;
    out->texts = ARENA_ARRAY(&m->expected.texts, struct str, count);
    for (uint32_t i = 0; i < m->hasher->count; i++) {
        if (!m->hasher->columns[i].text_only) continue;
        struct str text = pg_row_text(m->encoder, row->vm, row->row, i, &m->expected.texts);
        if (text.ptr) out->texts[n] = arena_copy_str(&m->expected.texts, text);
        n++;
    }
}

static bool keep_row(struct source_pass *pass, struct verify_map *m, struct leaf *leaf,
                     const struct replay_row *row, bool taken) {
    struct verify *v = pass->v;
    struct expected_rows *e = &m->expected;
    if (v->drill_rows >= ROWS_MAX) {
        leaf->lost = true;
        return true;
    }
    if (e->count == e->cap) {
        e->cap = e->cap ? e->cap * 2 : 1024;
        e->rows = memory_realloc(e->rows, sizeof *e->rows * e->cap);
    }
    struct expected_row *out = &e->rows[e->count];
    *out = (struct expected_row){.values = NO_VALUES,
                                 .row = row->hash.row,
                                 .update = row->hash.update,
                                 .line = row->place->line,
                                 .place_row = row->place->row,
                                 .seq = row->seq,
                                 .file = file_index(e, map_place_file(row->run, row->place)),
                                 .leaf = (uint32_t)(leaf - m->leaves),
                                 .taken = taken};
    buf_clear(&pass->fields);
    if (!pg_row_fields(m->encoder, row->vm, row->row, &pass->scratch, &pass->fields, pass->starts))
        return true;
    if (v->value_bytes + pass->fields.len <= VALUES_MAX) {
        out->values = (int64_t)e->values.len;
        buf_append_str(&e->values, buf_str(&pass->fields));
        v->value_bytes += pass->fields.len;
    }
    const char *fields =
        row_hasher_canonical(m->hasher, buf_str(&pass->fields).ptr, pass->starts, &pass->canonical);
    out->match = row_hasher_part_hash(m->hasher, &m->match, fields, pass->starts, &pass->bytes);
    keep_texts(m, row, out);
    e->count++;
    v->drill_rows++;
    return true;
}

/* -- rows for the server to compare */

static void draw(struct source_pass *pass, struct verify_map *m, struct leaf *leaf,
                 const struct replay_row *row) {
    struct verify *v = pass->v;
    uint64_t seen = v->sample_seen++;
    uint64_t at = seen < v->options->sample ? seen : verify_random(v) % (seen + 1);
    if (at >= v->options->sample) return;
    struct sample_row *s = &v->sample[at];
    *s = (struct sample_row){.map = m, .leaf = leaf, .line = row->place->line, .row = row->place->row};
    s->file = arena_copy_str(v->arena, map_place_file(row->run, row->place));
    s->texts = ARENA_ARRAY(v->arena, struct str, m->map->columns_count);
    for (uint32_t i = 0; i < m->map->columns_count; i++) {
        struct str text = pg_row_text(m->encoder, row->vm, row->row, i, &pass->scratch);
        if (text.ptr) s->texts[i] = arena_copy_str(v->arena, text);
    }
    if (v->sample_count <= at) v->sample_count = (uint32_t)at + 1;
}

/* -- the pass */

static bool in_part(struct source_pass *pass, const struct replay_row *row) {
    const struct verify_options *o = pass->v->options;
    if (o->part.len == 0) return true;
    struct str part = map_row_part(row->run, row->row, &pass->scratch);
    return part.ptr && str_eq(part, o->value);
}

static bool visit(void *context, const struct replay_row *row) {
    struct source_pass *pass = context;
    struct verify *v = pass->v;
    struct verify_map *m = pass->by_map[row->map];
    if ((pass->rows++ & 1023) == 0 && verify_over(v)) {
        pass->over = true;
        return false;
    }
    if (m == NULL || row->fate != REPLAY_LOADED) return true;
    struct leaf *leaf = verify_leaf_of_batch(m, row->batch);
    if (leaf == NULL) return true;
    if (pass->counts) {
        leaf->derived++;
        leaf->derived_sum += hash128_number(row->hash.row);
    }
    arena_reset(&pass->scratch);
    if (!in_part(pass, row)) return true;
    bool taken = leaf->taken.count &&
                 verify_row_is_taken(leaf, m->map, map_row_part(row->run, row->row, &pass->scratch));
    v->report->taken_rows += taken && pass->counts;
    if (pass->counts && v->options->sample && !m->keyless && !taken) draw(pass, m, leaf, row);
    bool wanted = pass->keeps ? leaf->drill : m->hasher->hashed < m->hasher->count;
    return !wanted || keep_row(pass, m, leaf, row, taken);
}

/* A batch that only inserted: its rows are those that the map accepted and the server took. */
static void check_derived(struct verify *v, bool complete) {
    v->report->source_files = v->info->source_count;
    for (uint32_t i = 0; i < v->info->source_count; i++)
        v->report->source_unhashed += !v->info->sources[i].hashed;
    for (uint32_t i = 0; i < v->maps.count; i++) {
        struct verify_map *m = v->maps.items[i];
        for (uint32_t l = 0; l < m->leaf_count; l++) {
            struct leaf *leaf = &m->leaves[l];
            const struct journal_batch_info *b = leaf->info;
            v->report->source_batches += !b->from_retry;
            if (b->from_retry || (!complete && leaf->derived == 0)) continue;
            if (!complete && leaf->derived != b->counts.written + b->counts.updated + b->counts.unchanged)
                continue;
            v->report->derived++;
            if (b->counts.updated || b->counts.unchanged) continue;
            if (leaf->derived == b->counts.written && leaf->derived_sum == b->row_sum) continue;
            v->report->source_equal = false;
            struct finding f = {.kind = FINDING_SOURCE, .map = m->map->name};
            f.note = arena_printf(v->arena, "%llu rows come out of the sources, the journal has %llu%s",
                                  (unsigned long long)leaf->derived, (unsigned long long)b->counts.written,
                                  leaf->derived == b->counts.written ? " with other values" : "");
            verify_add_finding(v, m->table, leaf, &f);
        }
    }
}

/* Why the sources could not be gone through: as a note of the report. */
static void take_reason(struct verify *v, struct diag_list *diags) {
    if (diags->items.count) v->report->source_note = arena_copy_str(v->arena, diags->items.items[0]->message);
}

static void end_pass(struct verify *v, struct source_pass *pass, enum run_status status,
                     struct diag_list *diags) {
    bool differs = false;
    if (pass->counts) v->report->source_equal = true;
    for (uint32_t i = 0; i < diags->items.count; i++)
        differs = differs || diags->items.items[i]->code == X_REPLAY_DIFFERS;
    if (pass->counts) v->report->source_rows = pass->rows;
    v->rows_known = pass->keeps && status == RUN_OK;
    if (pass->over) {
        v->source_partial = true;
        v->report->source_pass = v->report->source_pass || pass->counts;
        if (pass->counts) check_derived(v, false);
        return;
    }
    if (pass->counts) v->report->source_pass = status == RUN_OK;
    if (status == RUN_OK) {
        if (pass->counts) check_derived(v, true);
    } else {
        v->report->source_equal = false;
        take_reason(v, diags);
        for (uint32_t i = 0; i < diags->items.count; i++)
            diag_add(v->diags, diags->items.items[i]);
        if (differs) v->report->outcome = VERIFY_DIFFERS;
    }
}

/* Rows that were kept before the differing batches were known. */
static void forget_rows(struct verify *v) {
    for (uint32_t i = 0; i < v->maps.count; i++) {
        struct expected_rows *e = &v->maps.items[i]->expected;
        e->count = 0;
        buf_clear(&e->values);
        arena_reset(&e->texts);
    }
    v->value_bytes = 0;
    v->drill_rows = 0;
}

void verify_derive(struct verify *v, bool first, bool keep) {
    double start = verify_clock();
    struct source_pass pass = {.v = v, .counts = first, .keeps = keep};
    struct run_report report = {0};
    struct diag_list diags;
    bool *wanted = ARENA_ARRAY(v->arena, bool, v->plan->maps_count);
    pass.by_map = ARENA_ARRAY(v->arena, struct verify_map *, v->plan->maps_count);
    uint32_t columns = 0;
    for (uint32_t i = 0; i < v->maps.count; i++)
        if (v->maps.items[i]->map->columns_count > columns) columns = v->maps.items[i]->map->columns_count;
    pass.starts = ARENA_ARRAY(v->arena, size_t, columns + 1);
    for (uint32_t i = 0; i < v->maps.count; i++) {
        pass.by_map[v->maps.items[i]->index] = v->maps.items[i];
        wanted[v->maps.items[i]->index] = true;
    }
    forget_rows(v);
    if (v->sample == NULL) v->sample = ARENA_ARRAY(v->arena, struct sample_row, v->options->sample);
    diag_list_init(&diags, v->arena);
    struct replay_options replay = {
        .context = &pass, .visit = visit, .wanted = wanted, .chunk_rows = SECOND_PATH_ROWS};
    enum run_status status =
        replay_execute(v->plan, v->run_options, v->info, &replay, v->arena, &report, &diags);
    end_pass(v, &pass, status, &diags);
    buf_release(&pass.fields);
    buf_release(&pass.canonical);
    buf_release(&pass.bytes);
    arena_release(&pass.scratch);
    v->report->source_seconds += verify_clock() - start;
}

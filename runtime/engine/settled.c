/* See settled.h. */
#include "runtime/engine/settled.h"

#include "runtime/engine/crosswalk_row.h"

#include "runtime/value/uuid.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

struct stored_row {
    uint64_t seq;
    struct str *cells;
};

struct settled {
    struct pg_connection *connection;
    struct uuid run_id;
    const struct plan_map *map;
    struct arena *arena;
    struct journal_batch_info *batches; /* those made of source rows */
    uint32_t count, at;                 /* at: the batch whose rows come now */
    uint64_t taken;                     /* of its rows */
    uint64_t left;                      /* rows of all batches to come */
    unsigned __int128 sum;              /* of those taken */
    uint32_t told;                      /* batches before it were told by settled_end_batch */
    bool differs;
    uint32_t differing;
    struct journal_verdict *verdicts;
    uint32_t verdict_count;
    struct journal_counts counts, retried;
    uint64_t next_batch;
    uint32_t returning_count;
    struct arena stored_arena; /* of one batch */
    struct stored_row *stored;
    uint32_t stored_count, stored_at;
    int64_t stored_batch; /* whose they are; -1: none */
    struct seal_box *box; /* NULL: there is no key */
};

static void sum_counts(struct journal_counts *sum, const struct journal_counts *add) {
    sum->in += add->in;
    sum->written += add->written;
    sum->updated += add->updated;
    sum->unchanged += add->unchanged;
    sum->skipped += add->skipped;
    sum->rejected += add->rejected;
    sum->warned += add->warned;
}

struct settled *settled_open(struct pg_connection *connection, struct uuid run_id, const struct plan_map *map,
                             uint32_t returning_count, const struct seal_key *seal, struct arena *arena,
                             struct diag_list *diags) {
    struct settled *s = ARENA_NEW(arena, struct settled);
    uint32_t all;
    *s = (struct settled){.connection = connection,
                          .run_id = run_id,
                          .map = map,
                          .arena = arena,
                          .returning_count = returning_count,
                          .stored_batch = -1};
    if (!journal_read_batches(connection, run_id, map->name, arena, &s->batches, &all, diags) ||
        !journal_read_verdicts(connection, run_id, map->name, arena, &s->verdicts, &s->verdict_count, diags))
        return NULL;
    if (seal) s->box = seal_box_new(seal);
    for (uint32_t i = 0; i < all; i++) {
        sum_counts(&s->counts, &s->batches[i].counts);
        s->next_batch = s->batches[i].ordinal + 1;
        if (s->batches[i].from_retry) {
            sum_counts(&s->retried, &s->batches[i].counts);
            continue;
        }
        s->left += s->batches[i].sent;
        s->batches[s->count++] = s->batches[i];
    }
    return s;
}

void settled_close(struct settled *s) {
    if (s == NULL) return;
    seal_box_free(s->box);
    arena_release(&s->stored_arena);
}

static const struct journal_verdict *find_verdict(const struct settled *s, struct load_source source) {
    uint32_t low = 0, high = s->verdict_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct journal_verdict *v = &s->verdicts[middle];
        if (v->row_ordinal < source.ordinal || (v->row_ordinal == source.ordinal && v->nth < source.nth))
            low = middle + 1;
        else
            high = middle;
    }
    const struct journal_verdict *v = &s->verdicts[low];
    return low < s->verdict_count && v->row_ordinal == source.ordinal && v->nth == source.nth ? v : NULL;
}

/* Batches without rows are passed when the next one begins; a full one is compared. */
static void end_current(struct settled *s) {
    if (s->sum != s->batches[s->at].sent_sum && !s->differs) {
        s->differs = true;
        s->differing = s->at;
    }
    s->at++;
    s->taken = 0;
    s->sum = 0;
}

bool settled_take(struct settled *s, const struct row_hash *hash, struct load_source source,
                  enum replay_fate *fate, uint64_t *batch, struct str *message) {
    *fate = REPLAY_UNSETTLED;
    *batch = 0;
    while (s->at < s->count && s->batches[s->at].sent == s->taken)
        end_current(s);
    if (s->at == s->count) return false;
    *batch = s->batches[s->at].ordinal;
    *fate = REPLAY_LOADED;
    s->sum += hash128_number(hash->row);
    s->taken++;
    s->left--;
    const struct journal_verdict *verdict = find_verdict(s, source);
    if (verdict) {
        *fate = verdict->conflict ? REPLAY_CONFLICTING : REPLAY_REFUSED;
        *message = verdict->message;
    }
    return true;
}

uint64_t settled_rows_left(const struct settled *s) {
    return s->left;
}

const struct journal_counts *settled_counts(const struct settled *s) {
    return &s->counts;
}

const struct journal_counts *settled_retried(const struct settled *s) {
    return &s->retried;
}

uint64_t settled_next_batch(const struct settled *s) {
    return s->next_batch;
}

static bool report_difference(const struct settled *s, struct diag_list *diags) {
    const struct journal_batch_info *b = &s->batches[s->differing];
    struct diag *diag = diag_report(
        diags, X_REPLAY_DIFFERS, no_span(),
        "map `%.*s`: the rows of batch %llu (source rows %llu to %llu) are not what the run loaded",
        STR_ARG(s->map->name), (unsigned long long)b->ordinal, (unsigned long long)b->first_row + 1,
        (unsigned long long)b->end_row);
    diag_help(diags, diag,
              "A source, a secret parameter or a table that the map looks rows up in has changed since the "
              "run. Put it back as it was; or `mig rollback`, and run anew.");
    return false;
}

bool settled_end_batch(struct settled *s, uint64_t first, uint64_t end, struct journal_counts *counts,
                       struct diag_list *diags) {
    *counts = (struct journal_counts){0};
    while (s->at < s->count && s->batches[s->at].sent == s->taken &&
           (s->taken || (s->batches[s->at].first_row == first && s->batches[s->at].end_row == end)))
        end_current(s);
    for (; s->told < s->at; s->told++)
        sum_counts(counts, &s->batches[s->told].counts);
    return !s->differs || report_difference(s, diags);
}

bool settled_finish(struct settled *s, struct diag_list *diags) {
    while (s->at < s->count && s->batches[s->at].sent == s->taken)
        end_current(s);
    if (s->left && !s->differs) {
        s->differs = true;
        s->differing = s->at;
    }
    return !s->differs || report_difference(s, diags);
}

/* ---------------------------------------------------------------- what the server stored */

static struct str *read_cells(struct settled *s, struct str json) {
    cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
    const cJSON *item;
    struct str *cells = ARENA_ARRAY(&s->stored_arena, struct str, s->returning_count + 1);
    uint32_t i = 0;
    cJSON_ArrayForEach(item, root) {
        if (i == s->returning_count) break;
        if (cJSON_IsString(item)) cells[i] = arena_copy_str(&s->stored_arena, str_cstr(item->valuestring));
        i++;
    }
    cJSON_Delete(root);
    return cells;
}

static bool read_stored(struct settled *s, uint64_t batch, struct diag_list *diags) {
    static const char SQL[] = "SELECT seq, columns::text FROM mig.crosswalk WHERE run_id = $1::uuid"
                              " AND map = $2 AND batch = $3::bigint ORDER BY seq";
    struct arena scratch = {0};
    struct str params[] = {uuid_format(&scratch, s->run_id), s->map->name,
                           arena_printf(&scratch, "%llu", (unsigned long long)batch)};
    struct pg_result *r = pg_query(s->connection, SQL, params, 3, diags);
    arena_release(&scratch);
    arena_reset(&s->stored_arena);
    s->stored_batch = (int64_t)batch;
    s->stored_count = r ? pg_result_rows(r) : 0;
    s->stored_at = 0;
    s->stored = ARENA_ARRAY(&s->stored_arena, struct stored_row, s->stored_count + 1);
    bool good = r != NULL;
    for (uint32_t i = 0; good && i < s->stored_count; i++) {
        struct journal_crosswalk row = {.seq = (uint64_t)pg_result_int(r, i, 0),
                                        .columns_json = pg_result_text(r, i, 1)};
        good = crosswalk_row_open(s->box, s->run_id, s->map->name, &row, &s->stored_arena) ||
               crosswalk_report_sealed(s->map->name, s->box != NULL, diags);
        if (good) s->stored[i] = (struct stored_row){row.seq, read_cells(s, row.columns_json)};
    }
    pg_result_free(r);
    return good;
}

bool settled_stored(struct settled *s, uint64_t seq, const struct str **cells, struct diag_list *diags) {
    *cells = NULL;
    if (s->at < s->count && (int64_t)s->batches[s->at].ordinal != s->stored_batch &&
        !read_stored(s, s->batches[s->at].ordinal, diags))
        return false;
    while (s->stored_at < s->stored_count && s->stored[s->stored_at].seq < seq)
        s->stored_at++;
    if (s->stored_at < s->stored_count && s->stored[s->stored_at].seq == seq)
        *cells = s->stored[s->stored_at].cells;
    return true;
}

/* The loading thread. */
#include "runtime/engine/load_thread.h"

#include "runtime/base/fault.h"
#include "runtime/base/hash.h"
#include "runtime/engine/crosswalk_row.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    ORDERS = 16,
    PIECES_ON_THEIR_WAY = 24,
    MOST_ATTEMPTS = 8,
    FIRST_PAUSE_MS = 50,
    LONGEST_PAUSE_MS = 5000
};

struct order {
    struct load_piece *piece; /* NULL: commit `batch` */
    struct journal_batch batch;
    struct load_ledger *ledger; /* the batch's, or NULL */
};

/* What is known of rows that are not held (commit per map), by ordinal. */
struct kept_source {
    uint64_t ordinal;
    struct load_source source;
    struct str key; /* as with its piece */
};

/* A held row that a constraint refuses. */
struct known_refused {
    uint64_t row;
    struct str message;
};

struct load_thread {
    struct load_thread_options options;
    struct pg_loader *loader;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct order orders[ORDERS];
    uint32_t order_first, order_count, on_their_way;
    struct load_piece *idle;
    bool started, closing, failed, working;

    /* the thread's own, read by others only while it waits */
    struct load_piece *held, **held_end; /* of the batch that is not committed yet, in order */
    uint64_t held_rows;
    unsigned __int128 held_sum; /* of their row hashes */
    /* rows of the batch that are known to be refused: sent no more, counted by the commit of their span */
    VEC(struct known_refused) known_bad;
    bool asked_in_vain; /* in this batch: the server cannot tell which rows it refuses */
    struct arena known_arena;
    /* refused rows that no journal row has counted yet */
    uint64_t waiting;
    unsigned __int128 waiting_sum;
    struct arena waiting_arena;
    VEC(struct journal_reject) waiting_rejects;
    struct kept_source *kept; /* commit per map, where conflicts are rejected or a crosswalk is journaled */
    size_t kept_count, kept_cap;
    enum load_status status; /* of the sends of this batch so far */
    struct load_result result;
    struct journal_counts counts;
    uint64_t journal_ordinal;
    struct load_answers answers, handed;
    struct seal_box *box;             /* NULL: nothing is sealed */
    const struct load_ledger *ledger; /* of the batch that is committed now, or NULL */
    struct str failure_message;
    struct arena arena;
    struct diag_list diags;
};

/* ---------------------------------------------------------------- one transaction */

/* The first row in the list at or behind this one. */
static uint32_t first_known_bad(const struct load_thread *t, uint64_t row) {
    uint32_t low = 0, high = t->known_bad.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->known_bad.items[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t count_known_bad(const struct load_thread *t, uint64_t from, uint64_t to) {
    return first_known_bad(t, to) - first_known_bad(t, from);
}

/* Rows [from, to) of the held ones, in their order, none of them known to be refused. */
static enum load_status send_good(struct load_thread *t, uint64_t from, uint64_t to) {
    uint64_t at = 0;
    for (struct load_piece *p = t->held; p && at < to; at += p->rows.count, p = p->next) {
        uint64_t end = at + p->rows.count;
        if (end <= from) continue;
        uint32_t first = from > at ? (uint32_t)(from - at) : 0,
                 last = to < end ? (uint32_t)(to - at) : p->rows.count;
        enum load_status status = pg_loader_send(t->loader, &p->rows, first, last, &t->result, &t->diags);
        if (status != LOAD_OK) return status;
    }
    return LOAD_OK;
}

/* Rows [from, to) of the held ones, in their order, but for those that are known to be refused. */
static enum load_status send_span(struct load_thread *t, uint64_t from, uint64_t to) {
    enum load_status status = LOAD_OK;
    for (uint32_t k = first_known_bad(t, from); k < t->known_bad.count && t->known_bad.items[k].row < to;
         k++) {
        if (from < t->known_bad.items[k].row) status = send_good(t, from, t->known_bad.items[k].row);
        if (status != LOAD_OK) return status;
        from = t->known_bad.items[k].row + 1;
    }
    return from < to ? send_good(t, from, to) : LOAD_OK;
}

static void keep_answers(struct load_thread *t) {
    struct arena *arena = &t->answers.arena;
    for (uint32_t i = 0; i < t->result.conflicting_count; i++)
        VEC_PUSH(arena, &t->answers.conflicting, t->result.conflicting[i]);
    for (uint32_t i = 0; i < t->result.returned_count; i++) {
        const struct load_returned *from = &t->result.returned[i];
        struct load_returned_row row = {.ordinal = from->ordinal};
        row.cells = ARENA_ARRAY(arena, struct str, t->options.returning_count + 1);
        for (uint32_t c = 0; c < t->options.returning_count; c++)
            if (from->cells[c].ptr) row.cells[c] = arena_copy_str(arena, from->cells[c]);
        VEC_PUSH(arena, &t->answers.returned, row);
    }
}

static void add_counts(struct load_thread *t, const struct journal_batch *batch) {
    t->counts.in += batch->in;
    t->counts.written += t->result.written;
    t->counts.updated += t->result.updated;
    t->counts.unchanged += t->result.unchanged;
    t->counts.skipped += batch->skipped;
    t->counts.rejected += batch->rejected;
    t->counts.warned += batch->warned;
}

struct load_ledger *load_ledger_new(void) {
    return memory_zalloc(sizeof(struct load_ledger));
}

void load_ledger_free(struct load_ledger *ledger) {
    if (ledger == NULL) return;
    arena_release(&ledger->arena);
    free(ledger);
}

/* The row hashes of held rows [from, to), added up. */
static unsigned __int128 sum_span(const struct load_thread *t, uint64_t from, uint64_t to) {
    unsigned __int128 sum = 0;
    uint64_t at = 0;
    for (const struct load_piece *p = t->held; p && at < to; at += p->rows.count, p = p->next)
        for (uint64_t i = from > at ? from - at : 0; i < p->rows.count && at + i < to; i++)
            sum += hash128_number(p->rows.hashes[i].row);
    return sum;
}

static const struct load_piece *find_ordinal(const struct load_thread *t, uint64_t ordinal, uint32_t *index) {
    for (const struct load_piece *p = t->held; p; p = p->next) {
        if (p->rows.count == 0 || ordinal > p->rows.ordinals[p->rows.count - 1]) continue;
        if (ordinal < p->rows.ordinals[0]) return NULL;
        *index = (uint32_t)(ordinal - p->rows.ordinals[0]); /* consecutive within a piece */
        return p;
    }
    return NULL;
}

static struct kept_source kept_of(const struct load_thread *t, uint64_t ordinal) {
    uint32_t index;
    const struct load_piece *p = find_ordinal(t, ordinal, &index);
    if (p) return (struct kept_source){ordinal, p->sources[index], p->keys ? p->keys[index] : STR("")};
    size_t low = 0, high = t->kept_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->kept[middle].ordinal < ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->kept_count ? t->kept[low] : (struct kept_source){0};
}

static const struct load_piece *find_row(const struct load_thread *t, uint64_t row, uint32_t *index) {
    const struct load_piece *p = t->held;
    for (; p && row >= p->rows.count; p = p->next)
        row -= p->rows.count;
    *index = (uint32_t)row;
    return p;
}

static struct journal_reject refused_reject(const struct load_thread *t, const struct load_piece *piece,
                                            uint32_t index, struct str message) {
    return (struct journal_reject){.row_ordinal = piece->sources[index].ordinal,
                                   .nth = piece->sources[index].nth,
                                   .by_server = true,
                                   .fault = str_cstr(fault_id(FAULT_REFUSED)),
                                   .message = message,
                                   .expires_at = t->options.expires_at};
}

/* Rows that the server refused and rows that are in the target already, for the journal: behind those that
 * are rejected anyway. */
static void add_rejects(struct load_thread *t, struct arena *arena, struct journal_batch *batch,
                        uint64_t from, uint64_t to) {
    uint32_t count = t->result.conflicting_count, known = first_known_bad(t, from),
             known_end = first_known_bad(t, to), index;
    if (count == 0 && t->waiting_rejects.count == 0 && known == known_end) return;
    uint32_t total = batch->reject_count + t->waiting_rejects.count + (known_end - known) + count,
             at = batch->reject_count;
    struct journal_reject *rejects = ARENA_ARRAY(arena, struct journal_reject, total);
    if (at) memcpy(rejects, batch->rejects, sizeof *rejects * at);
    for (uint32_t i = 0; i < t->waiting_rejects.count; i++)
        rejects[at++] = t->waiting_rejects.items[i];
    for (uint32_t k = known; k < known_end; k++) {
        const struct load_piece *p = find_row(t, t->known_bad.items[k].row, &index);
        rejects[at++] = refused_reject(t, p, index, t->known_bad.items[k].message);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct load_source source = kept_of(t, t->result.conflicting[i]).source;
        rejects[at++] = (struct journal_reject){.row_ordinal = source.ordinal,
                                                .nth = source.nth,
                                                .by_server = true,
                                                .fault = str_cstr(fault_id(FAULT_CONFLICT)),
                                                .message = t->options.conflict_message,
                                                .expires_at = t->options.expires_at};
    }
    batch->rejects = rejects;
    batch->reject_count = total;
}

/* Stored columns as a JSON array of texts and nulls. */
static struct str cells_json(struct arena *arena, const struct str *cells, uint32_t count) {
    struct buf json = {0};
    buf_append_char(&json, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_append_char(&json, ',');
        if (cells[i].ptr)
            buf_append_json(&json, cells[i]);
        else
            buf_append_cstr(&json, "null");
    }
    buf_append_char(&json, ']');
    struct str text = arena_copy_str(arena, buf_str(&json));
    buf_release(&json);
    return text;
}

/* What the server stored of the batch's rows: so that whoever comes back to the run knows it without asking
 * rows that may have changed since. */
static void add_crosswalk(struct load_thread *t, struct arena *arena, struct journal_batch *batch) {
    if (!t->options.journals_crosswalk || t->result.returned_count == 0) return;
    struct journal_crosswalk *rows = ARENA_ARRAY(arena, struct journal_crosswalk, t->result.returned_count);
    for (uint32_t i = 0; i < t->result.returned_count; i++) {
        const struct load_returned *r = &t->result.returned[i];
        rows[i] = (struct journal_crosswalk){r->ordinal, STR(""),
                                             cells_json(arena, r->cells, t->options.returning_count)};
        if (t->options.keeps_keys) rows[i].key = kept_of(t, r->ordinal).key;
        if (t->box)
            crosswalk_row_seal(t->box, t->options.run.id, t->options.plan->maps[t->options.map].name,
                               &rows[i], arena);
    }
    batch->crosswalk = rows;
    batch->crosswalk_count = t->result.returned_count;
}

static void add_close(struct journal_close *closes, uint32_t *count, uint64_t ordinal,
                      enum journal_resolution how) {
    closes[(*count)++] = (struct journal_close){ordinal, how};
}

static int compare_closes(const void *a, const void *b) {
    const struct journal_close *x = a, *y = b;
    if (x->row_ordinal != y->row_ordinal) return x->row_ordinal < y->row_ordinal ? -1 : 1;
    return (int)y->resolution - (int)x->resolution; /* the worst one first */
}

/* mig retry: the ledger's entries that the batch settles, one for each source row. */
static void add_closes(struct load_thread *t, struct arena *arena, uint64_t from, uint64_t to,
                       const struct load_ledger *ledger, struct journal_batch *batch) {
    uint32_t most = (uint32_t)(to - from) + batch->reject_count + (ledger ? ledger->left_out.count : 0),
             count = 0;
    struct journal_close *closes = ARENA_ARRAY(arena, struct journal_close, most + 1);
    uint64_t at = 0;
    for (const struct load_piece *p = t->held; p && at < to; at += p->rows.count, p = p->next)
        for (uint64_t i = from > at ? from - at : 0; i < p->rows.count && at + i < to; i++)
            add_close(closes, &count, p->sources[i].ordinal, JOURNAL_LOADED);
    for (uint32_t i = 0; i < batch->reject_count; i++)
        add_close(closes, &count, batch->rejects[i].row_ordinal, JOURNAL_REJECTED_AGAIN);
    for (uint32_t i = 0; ledger && i < ledger->left_out.count; i++)
        add_close(closes, &count, ledger->left_out.items[i], JOURNAL_LEFT_OUT);
    qsort(closes, count, sizeof *closes, compare_closes);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || closes[i].row_ordinal != closes[batch->close_count - 1].row_ordinal)
            closes[batch->close_count++] = closes[i];
    batch->closes = closes;
    batch->close_below = t->options.first_batch;
}

static void forget_waiting(struct load_thread *t) {
    t->waiting = 0;
    t->waiting_sum = 0;
    arena_reset(&t->waiting_arena);
    memset(&t->waiting_rejects, 0, sizeof t->waiting_rejects);
}

static void tell_refused(struct load_thread *t, uint64_t row, struct str message) {
    uint32_t index;
    const struct load_piece *p = find_row(t, row, &index);
    struct load_refused refused = {.ordinal = p->rows.ordinals[index],
                                   .source = p->sources[index],
                                   .message = arena_copy_str(&t->answers.arena, message)};
    VEC_PUSH(&t->answers.arena, &t->answers.refused, refused);
}

/* Ends the COPY and commits held rows [from, to); batch->in and rejected are completed by what was sent and
 * what the server says. */
static enum load_status commit_sent(struct load_thread *t, struct journal_batch batch, uint64_t from,
                                    uint64_t to) {
    struct arena arena = {0};
    batch.ordinal = t->journal_ordinal;
    enum load_status status = pg_loader_finish(t->loader, batch.ordinal, &t->result, &t->diags);
    if (status != LOAD_OK) return status;
    uint32_t known_bad = count_known_bad(t, from, to);
    batch.in = to - from + t->waiting + batch.skipped + batch.rejected;
    batch.rejected += t->waiting + known_bad + t->result.conflicting_count;
    batch.sent = to - from + t->waiting;
    batch.sent_sum = (t->options.keep_rows ? sum_span(t, from, to) : t->held_sum) + t->waiting_sum;
    add_rejects(t, &arena, &batch, from, to);
    add_crosswalk(t, &arena, &batch);
    batch.from_retry = t->options.from_retry;
    if (batch.from_retry) add_closes(t, &arena, from, to, t->ledger, &batch);
    status = pg_loader_commit(t->loader, &batch, &t->result, &t->diags);
    arena_release(&arena);
    if (status != LOAD_OK) return status;
    t->journal_ordinal++;
    forget_waiting(t);
    for (uint32_t k = first_known_bad(t, from); known_bad-- > 0; k++)
        tell_refused(t, t->known_bad.items[k].row, t->known_bad.items[k].message);
    keep_answers(t);
    add_counts(t, &batch);
    return LOAD_OK;
}

/* ---------------------------------------------------------------- again */

static bool may_try_again(enum load_status status) {
    return status == LOAD_RETRY || status == LOAD_LOST;
}

/* Full jitter: any pause up to a bound that doubles, so that two who met do not meet again. */
static void pause_before(struct load_thread *t, uint32_t attempt) {
    uint64_t bound = FIRST_PAUSE_MS;
    for (uint32_t i = 0; i < attempt && bound < LONGEST_PAUSE_MS; i++)
        bound *= 2;
    uint64_t ms = 1 + hash_u64(t->journal_ordinal ^ (uint64_t)(uintptr_t)t, attempt) % bound;
    struct timespec pause = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

/* Loads rows [from, to) in a transaction of their own, as often as it takes. status: LOAD_OK, or how a first
 * try ended. */
static enum load_status load_span(struct load_thread *t, uint64_t from, uint64_t to,
                                  const struct journal_batch *batch, enum load_status status) {
    for (uint32_t attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        if (attempt || may_try_again(status)) {
            if (*t->options.given_up) return status;
            pause_before(t, attempt);
        }
        uint32_t diags_before = t->diags.items.count;
        status = send_span(t, from, to);
        if (status == LOAD_OK) status = commit_sent(t, *batch, from, to);
        if (!may_try_again(status)) return status;
        if (attempt + 1 < MOST_ATTEMPTS) t->diags.items.count = diags_before; /* not the last word */
    }
    return status;
}

/* ---------------------------------------------------------------- refused rows */

/* Behind a unique violation by a key of the table: what the spec could say about it. */
static struct str conflict_hint(const struct load_thread *t, struct arena *arena) {
    const struct plan_map *map = &t->options.plan->maps[t->options.map];
    const struct plan_target_table *table = &t->options.plan->target.tables[map->target_table - 1];
    const struct pg_failure *f = &t->result.failure;
    if (strcmp(f->sqlstate, "23505") != 0 || map->conflict != CONFLICT_NONE) return STR("");
    for (uint32_t k = 0; k < table->keys_count; k++) {
        const struct plan_target_key *key = &table->keys[k];
        struct str columns = {0}, name = table->name;
        for (uint32_t i = 0; i < key->columns_count; i++) {
            struct str column = table->columns[key->columns[i]].name;
            columns = arena_printf(arena, "%.*s%s%.*s", STR_ARG(columns), i ? ", " : "", STR_ARG(column));
            if (!key->primary) name = arena_printf(arena, "%.*s_%.*s", STR_ARG(name), STR_ARG(column));
        }
        /* What the DDL does not name, Postgres does. */
        name = key->name.len ? key->name
                             : arena_printf(arena, "%.*s_%s", STR_ARG(name), key->primary ? "pkey" : "key");
        if (!str_eq(name, f->constraint) || key->deferrable) continue;
        return arena_printf(arena,
                            "; for rows that are there already, `on conflict (%.*s) …` says what happens",
                            STR_ARG(columns));
    }
    return STR("");
}

static struct str refusal_text(const struct load_thread *t, struct arena *arena) {
    const struct pg_failure *f = &t->result.failure;
    struct str hint = conflict_hint(t, arena);
    return f->constraint.len
               ? arena_printf(arena, "the server refuses it: %.*s (constraint %.*s, SQLSTATE %s)%.*s",
                              STR_ARG(f->message), STR_ARG(f->constraint), f->sqlstate, STR_ARG(hint))
               : arena_printf(arena, "the server refuses it: %.*s (SQLSTATE %s)", STR_ARG(f->message),
                              f->sqlstate);
}

static void refuse_row(struct load_thread *t, uint64_t row) {
    uint32_t index;
    const struct load_piece *p = find_row(t, row, &index);
    struct str message = refusal_text(t, &t->waiting_arena);
    tell_refused(t, row, message);
    t->waiting++;
    t->waiting_sum += hash128_number(p->rows.hashes[index].row);
    VEC_PUSH(&t->waiting_arena, &t->waiting_rejects, refused_reject(t, p, index, message));
}

/* The row that is the n-th of a span's to be sent. */
static uint64_t nth_sent(const struct load_thread *t, uint64_t from, uint64_t n) {
    uint64_t row = from + n;
    for (uint32_t k = first_known_bad(t, from); k < t->known_bad.count && t->known_bad.items[k].row <= row;
         k++)
        row++;
    return row;
}

/* Adds rows, given by their positions among those sent of the span, to the known ones. */
static void add_known_bad(struct load_thread *t, uint64_t from, const uint64_t *positions, uint32_t count,
                          struct str message) {
    uint32_t old_count = t->known_bad.count, a = 0, b = 0;
    struct known_refused *fresh = ARENA_ARRAY(&t->known_arena, struct known_refused, count);
    for (uint32_t i = 0; i < count; i++)
        fresh[i] = (struct known_refused){nth_sent(t, from, positions[i]), message};
    struct known_refused *merged = ARENA_ARRAY(&t->known_arena, struct known_refused, old_count + count);
    for (uint32_t i = 0; i < old_count + count; i++) {
        bool old = b == count || (a < old_count && t->known_bad.items[a].row < fresh[b].row);
        merged[i] = old ? t->known_bad.items[a++] : fresh[b++];
    }
    t->known_bad.items = merged;
    t->known_bad.count = t->known_bad.cap = old_count + count;
}

/* Asks the server for all rows of a refused span that its constraint refuses. True: some are known now, and
 * the rest is worth a try. */
static bool ask_for_refused(struct load_thread *t, uint64_t from, uint64_t to) {
    enum { FEW_ROWS = 8 };
    uint32_t count = 0, diags_before = t->diags.items.count;
    if (t->asked_in_vain || t->result.failure.constraint.len == 0 ||
        to - from - count_known_bad(t, from, to) < FEW_ROWS)
        return false;
    const struct load_result refusal = t->result;
    struct arena arena = {0};
    struct str constraint = arena_copy_str(&arena, refusal.failure.constraint),
               message = refusal_text(t, &t->known_arena);
    if (pg_loader_begin_probe(t->loader, &t->diags)) {
        uint64_t *positions = NULL;
        if (send_span(t, from, to) == LOAD_OK)
            positions = pg_loader_probe(t->loader, constraint, &arena, &count);
        if (positions) add_known_bad(t, from, positions, count, message);
        pg_loader_end_probe(t->loader);
    }
    t->diags.items.count = diags_before;
    t->result = refusal;
    t->asked_in_vain = count == 0;
    arena_release(&arena);
    return count > 0;
}

struct span_to_load {
    uint64_t from, to;
    bool known_bad; /* was refused as it stands */
};

/* Where a refused span is cut: around the row that the server named, or in the middle. */
static uint32_t cut_span(const struct load_thread *t, struct span_to_load span,
                         struct span_to_load parts[3]) {
    int64_t bad = t->result.refused_row;
    uint64_t size = span.to - span.from;
    if (bad >= 0 && (uint64_t)bad < size) {
        uint64_t at = nth_sent(t, span.from, (uint64_t)bad);
        parts[0] = (struct span_to_load){span.from, at, false};
        parts[1] = (struct span_to_load){at, at + 1, false};
        parts[2] = (struct span_to_load){at + 1, span.to, false};
        return 3;
    }
    uint64_t middle = span.from + size / 2;
    parts[0] = (struct span_to_load){span.from, middle, false};
    parts[1] = (struct span_to_load){middle, span.to, false};
    return 2;
}

/* Parts in order, each loaded or cut again. Rows refused so far are counted with the next part that commits;
 * the last one carries the counts of rows that were not sent. A stack: no recursion on what the server says.
 */
static enum load_status load_in_parts(struct load_thread *t, const struct journal_batch *batch) {
    enum { DEEPEST = 200 };
    struct span_to_load stack[DEEPEST];
    uint32_t depth = 0;
    stack[depth++] = (struct span_to_load){0, t->held_rows, true};
    bool first = true;
    while (depth) {
        struct span_to_load span = stack[--depth], parts[3];
        if (span.from == span.to && depth) continue;
        struct journal_batch part = {.first_row = batch->first_row, .end_row = batch->first_row};
        if (depth == 0) part = *batch;
        enum load_status status = first ? LOAD_REFUSED : load_span(t, span.from, span.to, &part, LOAD_OK);
        first = false;
        if (status == LOAD_OK) continue;
        if (status != LOAD_REFUSED) return status;
        if (ask_for_refused(t, span.from, span.to)) {
            stack[depth++] = span;
            continue;
        }
        if (span.to - span.from == count_known_bad(t, span.from, span.to)) return LOAD_FAILED;
        if (span.to - span.from <= 1) {
            refuse_row(t, span.from);
            if (depth == 0) stack[depth++] = (struct span_to_load){span.to, span.to, false};
            continue;
        }
        uint32_t count = cut_span(t, span, parts);
        if (depth + count > DEEPEST) return LOAD_FAILED;
        while (count)
            stack[depth++] = parts[--count];
    }
    return LOAD_OK;
}

/* ---------------------------------------------------------------- orders */

static void release_held(struct load_thread *t) {
    pthread_mutex_lock(&t->lock);
    while (t->held) {
        struct load_piece *p = t->held;
        t->held = p->next;
        p->next = t->idle;
        t->idle = p;
    }
    pthread_mutex_unlock(&t->lock);
    t->held_end = &t->held;
    t->held_rows = 0;
    t->held_sum = 0;
    t->kept_count = 0;
    t->known_bad.count = t->known_bad.cap = 0;
    t->asked_in_vain = false;
    arena_reset(&t->known_arena);
    t->status = LOAD_OK;
}

/* Rows that are not held: what the journal needs of them. */
static void keep_sums(struct load_thread *t, const struct load_piece *piece) {
    for (uint32_t i = 0; i < piece->rows.count; i++)
        t->held_sum += hash128_number(piece->rows.hashes[i].row);
    if (t->options.conflict_message.len == 0 && !t->options.journals_crosswalk) return;
    if (t->kept_count + piece->rows.count > t->kept_cap) {
        t->kept_cap = 2 * (t->kept_count + piece->rows.count);
        t->kept = memory_realloc(t->kept, sizeof *t->kept * t->kept_cap);
    }
    for (uint32_t i = 0; i < piece->rows.count; i++)
        t->kept[t->kept_count++] = (struct kept_source){piece->rows.ordinals[i], piece->sources[i],
                                                        piece->keys ? piece->keys[i] : STR("")};
}

static bool carry_out_rows(struct load_thread *t, struct load_piece *piece) {
    if (t->status == LOAD_OK)
        t->status = pg_loader_send(t->loader, &piece->rows, 0, piece->rows.count, &t->result, &t->diags);
    if (!t->options.keep_rows) {
        t->held_rows += piece->rows.count;
        keep_sums(t, piece);
        pthread_mutex_lock(&t->lock);
        piece->next = t->idle;
        t->idle = piece;
        t->on_their_way--;
        pthread_mutex_unlock(&t->lock);
        return t->status == LOAD_OK;
    }
    piece->next = NULL;
    *t->held_end = piece;
    t->held_end = &piece->next;
    t->held_rows += piece->rows.count;
    pthread_mutex_lock(&t->lock);
    t->on_their_way--;
    pthread_mutex_unlock(&t->lock);
    return t->status == LOAD_OK || t->status == LOAD_REFUSED || may_try_again(t->status);
}

static bool carry_out_commit(struct load_thread *t, struct journal_batch *batch,
                             const struct load_ledger *ledger) {
    t->ledger = ledger;
    if (ledger) {
        batch->rejects = ledger->rejects.items;
        batch->reject_count = ledger->rejects.count;
    }
    uint32_t diags_before = t->diags.items.count;
    enum load_status status = t->status;
    if (status == LOAD_OK) status = commit_sent(t, *batch, 0, t->held_rows);
    if (may_try_again(status) && t->options.keep_rows) {
        t->diags.items.count = diags_before;
        status = load_span(t, 0, t->held_rows, batch, status);
    }
    if (status == LOAD_REFUSED && t->options.keep_rows) status = load_in_parts(t, batch);
    t->status = status;
    if (status == LOAD_OK) release_held(t);
    return status == LOAD_OK;
}

static bool take_order(struct load_thread *t, struct order *order) {
    pthread_mutex_lock(&t->lock);
    t->working = false;
    pthread_cond_broadcast(&t->changed);
    while (t->order_count == 0 && !t->closing)
        pthread_cond_wait(&t->changed, &t->lock);
    bool taken = t->order_count > 0;
    if (taken) {
        *order = t->orders[t->order_first];
        t->order_first = (t->order_first + 1) % ORDERS;
        t->order_count--;
        t->working = true;
    }
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return taken;
}

void load_piece_free(struct load_piece *piece) {
    encoded_rows_release(&piece->rows);
    free(piece->sources);
    free(piece->keys);
    free(piece);
}

static void *run_thread(void *argument) {
    struct load_thread *t = argument;
    struct order order;
    while (take_order(t, &order)) {
        bool good = !t->failed && (order.piece ? carry_out_rows(t, order.piece)
                                               : carry_out_commit(t, &order.batch, order.ledger));
        load_ledger_free(order.ledger);
        if (t->failed && order.piece) load_piece_free(order.piece);
        pthread_mutex_lock(&t->lock);
        if (!good) t->failed = true;
        pthread_cond_broadcast(&t->changed);
        pthread_mutex_unlock(&t->lock);
    }
    return NULL;
}

/* ---------------------------------------------------------------- the map's side */

struct load_thread *load_thread_open(const struct load_thread_options *options, struct diag_list *diags) {
    struct load_thread *t = memory_zalloc(sizeof *t);
    struct pg_loader_options loading = {.returning = options->returning,
                                        .returning_count = options->returning_count,
                                        .in_run = options->in_run,
                                        .rehearse = options->rehearse,
                                        .without_journal = options->without_journal};
    t->options = *options;
    t->held_end = &t->held;
    t->journal_ordinal = options->first_batch;
    if (options->seal) t->box = seal_box_new(options->seal);
    t->counts = options->counts;
    diag_list_init(&t->diags, &t->arena);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    t->loader =
        pg_loader_open(options->connection, options->plan, options->map, &options->run, &loading, diags);
    t->started = t->loader && pthread_create(&t->thread, NULL, run_thread, t) == 0;
    if (t->started) return t;
    if (t->loader) {
        struct diag *diag =
            diag_report(diags, X_NO_THREAD, (struct span){0}, "could not start the loading thread");
        diag_help(diags, diag, "The system's limit of threads or memory is reached; see `ulimit -u`.");
    }
    load_thread_close(t);
    return NULL;
}

struct load_piece *load_thread_take_piece(struct load_thread *t) {
    pthread_mutex_lock(&t->lock);
    while (t->on_their_way >= PIECES_ON_THEIR_WAY && !t->failed)
        pthread_cond_wait(&t->changed, &t->lock);
    bool failed = t->failed;
    struct load_piece *piece = t->idle;
    if (piece) t->idle = piece->next;
    pthread_mutex_unlock(&t->lock);
    if (failed) {
        if (piece) load_piece_free(piece);
        return NULL;
    }
    if (piece == NULL) piece = memory_zalloc(sizeof *piece);
    encoded_rows_clear(&piece->rows);
    return piece;
}

static bool give_order(struct load_thread *t, struct order order) {
    pthread_mutex_lock(&t->lock);
    while (t->order_count == ORDERS && !t->failed)
        pthread_cond_wait(&t->changed, &t->lock);
    bool good = !t->failed;
    if (good) {
        t->orders[(t->order_first + t->order_count++) % ORDERS] = order;
        if (order.piece) t->on_their_way++;
    }
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    if (!good && order.piece) load_piece_free(order.piece);
    if (!good) load_ledger_free(order.ledger);
    return good;
}

bool load_thread_send(struct load_thread *t, struct load_piece *piece) {
    return give_order(t, (struct order){.piece = piece});
}

bool load_thread_commit(struct load_thread *t, const struct journal_batch *batch,
                        struct load_ledger *ledger) {
    return give_order(t, (struct order){.batch = *batch, .ledger = ledger});
}

bool load_thread_wait(struct load_thread *t) {
    pthread_mutex_lock(&t->lock);
    while ((t->order_count || t->working) && !t->failed)
        pthread_cond_wait(&t->changed, &t->lock);
    bool good = !t->failed;
    pthread_mutex_unlock(&t->lock);
    return good;
}

const struct load_answers *load_thread_take_answers(struct load_thread *t) {
    arena_release(&t->handed.arena);
    t->handed = t->answers;
    t->answers = (struct load_answers){0};
    return &t->handed;
}

enum load_status load_thread_failure(struct load_thread *t, struct diag_list *diags, struct str *message) {
    pthread_mutex_lock(&t->lock);
    while (t->working && t->started)
        pthread_cond_wait(&t->changed, &t->lock);
    pthread_mutex_unlock(&t->lock);
    diag_list_move(&t->diags, diags);
    const struct pg_failure *f = &t->result.failure;
    *message = f->constraint.len ? arena_printf(diags->arena, "%.*s (constraint %.*s, SQLSTATE %s)",
                                                STR_ARG(f->message), STR_ARG(f->constraint), f->sqlstate)
                                 : arena_copy_str(diags->arena, f->message);
    return t->status;
}

const struct journal_counts *load_thread_counts(const struct load_thread *t) {
    return &t->counts;
}

void load_thread_close(struct load_thread *t) {
    if (t == NULL) return;
    pthread_mutex_lock(&t->lock);
    t->closing = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    if (t->started) pthread_join(t->thread, NULL);
    if (t->loader) pg_loader_close(t->loader);
    seal_box_free(t->box);
    release_held(t);
    while (t->order_count) { /* never taken: the thread did not start */
        load_ledger_free(t->orders[t->order_first].ledger);
        t->order_first = (t->order_first + 1) % ORDERS;
        t->order_count--;
    }
    free(t->kept);
    arena_release(&t->waiting_arena);
    arena_release(&t->known_arena);
    while (t->idle) {
        struct load_piece *p = t->idle;
        t->idle = p->next;
        load_piece_free(p);
    }
    arena_release(&t->answers.arena);
    arena_release(&t->handed.arena);
    arena_release(&t->arena);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->changed);
    free(t);
}

/* Rows into Postgres: encoded here, sent by a thread of its own, so that the server's time and ours overlap.
 * The thread takes orders from a bounded queue: rows to send, batches to commit. Maps whose stored rows
 * matter to others (conflicts, columns that the server fills) wait for each commit and take the answers in.
 */
#include "runtime/engine/map_internal.h"
#include "runtime/engine/target_postgres.h"

#include "runtime/postgres/pg_loader.h"
#include "runtime/value/convert.h"

#include <pthread.h>
#include <stdlib.h>

enum { PIECES = 6, PIECE_BYTES = 512 * 1024, ORDERS = 16 };

struct order {
    struct encoded_rows *rows; /* NULL: commit `batch` */
    struct journal_batch batch;
};

/* A row whose fate the server decides: kept until its batch is committed. */
struct pending_row {
    uint64_t ordinal;
    struct row_place place;
    struct str key;
    struct str part; /* ptr NULL: none */
};

struct sink_postgres {
    struct sink base;
    struct target_postgres *pg;
    struct map_run *run;
    struct pg_row_encoder *encoder;
    struct pg_loader *loader;
    struct encoded_rows pieces[PIECES], *idle[PIECES], *current;
    struct order orders[ORDERS];
    uint32_t idle_count, order_first, order_count;
    bool waits; /* answers matter: each commit is waited for */
    bool closing, failed, working, started, finished;
    enum load_status failure;
    struct load_result result;
    uint64_t next_ordinal, batch_ordinal;
    uint64_t batch_start;            /* next_ordinal when the last batch ended */
    struct journal_counts committed; /* the batches that the server has */
    struct journal_counts told;      /* counts of the report when the last batch ended */
    struct arena pending_arena;
    VEC(struct pending_row) pending;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct arena arena;
    struct diag_list diags; /* the thread's own */
};

/* ---------------------------------------------------------------- the loading thread */

static bool commit_batch(struct sink_postgres *sink, struct journal_batch *batch) {
    enum load_status status = pg_loader_finish(sink->loader, batch->ordinal, &sink->result, &sink->diags);
    if (status == LOAD_OK) {
        batch->rejected += sink->result.conflicting_count;
        status = pg_loader_commit(sink->loader, batch, &sink->result, &sink->diags);
    }
    sink->failure = status;
    if (status != LOAD_OK) return false;
    struct journal_counts *total = &sink->committed;
    total->in += batch->in;
    total->written += sink->result.written;
    total->updated += sink->result.updated;
    total->unchanged += sink->result.unchanged;
    total->skipped += batch->skipped;
    total->rejected += batch->rejected;
    total->warned += batch->warned;
    return true;
}

static bool carry_out(struct sink_postgres *sink, struct order *order) {
    if (order->rows == NULL) return commit_batch(sink, &order->batch);
    sink->failure =
        pg_loader_send(sink->loader, order->rows, 0, order->rows->count, &sink->result, &sink->diags);
    return sink->failure == LOAD_OK;
}

static bool take_order(struct sink_postgres *sink, struct order *order) {
    pthread_mutex_lock(&sink->lock);
    sink->working = false;
    pthread_cond_broadcast(&sink->changed);
    while (sink->order_count == 0 && !sink->closing)
        pthread_cond_wait(&sink->changed, &sink->lock);
    bool taken = sink->order_count > 0;
    if (taken) {
        *order = sink->orders[sink->order_first];
        sink->order_first = (sink->order_first + 1) % ORDERS;
        sink->order_count--;
        sink->working = true;
    }
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
    return taken;
}

static void *load_rows(void *argument) {
    struct sink_postgres *sink = argument;
    struct order order;
    while (take_order(sink, &order)) {
        bool good = !sink->failed && carry_out(sink, &order);
        pthread_mutex_lock(&sink->lock);
        if (!good) sink->failed = true;
        if (order.rows) sink->idle[sink->idle_count++] = order.rows;
        pthread_cond_broadcast(&sink->changed);
        pthread_mutex_unlock(&sink->lock);
    }
    return NULL;
}

/* ---------------------------------------------------------------- the map's thread */

static void move_diags(struct sink_postgres *sink) {
    struct diag_list *to = sink->run->engine->diags;
    for (uint32_t i = 0; i < sink->diags.items.count; i++) {
        const struct diag *from = sink->diags.items.items[i];
        struct diag *diag = diag_report(to, from->code, from->primary.span, "%.*s", STR_ARG(from->message));
        if (from->place.len) diag_place(to, diag, "%.*s", STR_ARG(from->place));
        for (uint32_t h = 0; h < from->help.count; h++)
            diag_help(to, diag, "%.*s", STR_ARG(from->help.items[h]));
    }
    sink->diags.items.count = 0;
}

/* Statuses that the loader leaves to its caller to word. */
static bool report_failure(struct sink_postgres *sink) {
    struct engine *engine = sink->run->engine;
    bool told = sink->diags.error_count > 0;
    move_diags(sink);
    sink->diags.error_count = 0;
    if (engine_stopped(engine)) return false;
    if (!told) {
        struct diag *diag = diag_report(engine->diags, X_ROWS_REFUSED, no_span(),
                                        "the server refused rows of map `%.*s`: %.*s",
                                        STR_ARG(sink->run->map->name), STR_ARG(sink->result.failure.message));
        if (sink->result.failure.constraint.len)
            diag_help(engine->diags, diag, "Constraint `%.*s` of table `%.*s` (SQLSTATE %s).",
                      STR_ARG(sink->result.failure.constraint), STR_ARG(sink->result.failure.table),
                      sink->result.failure.sqlstate);
        diag_help(
            engine->diags, diag,
            "Nothing of this batch was committed; the batches before it stand. Catch such rows in the spec "
            "with `validate` or `on conflict`, then run again.");
    }
    bool reach = sink->failure == LOAD_LOST || sink->failure == LOAD_IN_DOUBT;
    return engine_fail(engine, reach ? RUN_UNREACHABLE : RUN_STOPPED);
}

static bool has_failed(struct sink_postgres *sink) {
    pthread_mutex_lock(&sink->lock);
    bool failed = sink->failed;
    pthread_mutex_unlock(&sink->lock);
    return failed;
}

static bool give_order(struct sink_postgres *sink, struct order order) {
    pthread_mutex_lock(&sink->lock);
    while (sink->order_count == ORDERS && !sink->failed)
        pthread_cond_wait(&sink->changed, &sink->lock);
    if (!sink->failed) sink->orders[(sink->order_first + sink->order_count++) % ORDERS] = order;
    bool good = !sink->failed;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
    return good || report_failure(sink);
}

static void wait_until_done(struct sink_postgres *sink) {
    pthread_mutex_lock(&sink->lock);
    while ((sink->order_count || sink->working) && !sink->failed)
        pthread_cond_wait(&sink->changed, &sink->lock);
    pthread_mutex_unlock(&sink->lock);
}

static bool take_piece(struct sink_postgres *sink) {
    if (sink->current) return true;
    pthread_mutex_lock(&sink->lock);
    while (sink->idle_count == 0 && !sink->failed)
        pthread_cond_wait(&sink->changed, &sink->lock);
    if (sink->idle_count) sink->current = sink->idle[--sink->idle_count];
    pthread_mutex_unlock(&sink->lock);
    if (sink->current == NULL) return report_failure(sink);
    encoded_rows_clear(sink->current);
    return true;
}

static bool send_piece(struct sink_postgres *sink) {
    struct order order = {.rows = sink->current};
    sink->current = NULL;
    return order.rows == NULL || give_order(sink, order);
}

static void keep_pending(struct sink_postgres *sink, const struct vm *vm, const uint32_t *rows,
                         uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct pending_row row = {.ordinal = sink->next_ordinal + i};
        row.place = *map_row_place(sink->run, rows[i]);
        row.place.raw = arena_copy_str(&sink->pending_arena, row.place.raw);
        row.key = map_row_key(sink->run, vm, rows[i], &sink->pending_arena);
        row.part = map_row_part(sink->run, rows[i], &sink->pending_arena);
        VEC_PUSH(&sink->pending_arena, &sink->pending, row);
    }
}

static bool postgres_write(struct sink *base, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                           uint32_t count) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    if (has_failed(sink)) return report_failure(sink);
    if (!take_piece(sink)) return false;
    if (sink->waits) keep_pending(sink, vm, rows, count);
    if (!pg_encode_rows(sink->encoder, vm, rows, count, sink->next_ordinal, sink->current,
                        run->engine->diags))
        return engine_fail(run->engine, RUN_STOPPED);
    sink->next_ordinal += count;
    return sink->current->bytes.len < PIECE_BYTES || send_piece(sink);
}

/* ---------------------------------------------------------------- answers of the server */

static struct value returned_value(struct sink_postgres *sink, const struct plan_type *type,
                                   struct str text) {
    const struct plan *plan = sink->run->engine->plan;
    struct value value = {.kind = TYPE_NULL};
    if (text.ptr == NULL) return value;
    if (type->kind == TYPE_ENUM) {
        for (uint32_t i = 0; i < plan->enums[type->ref].labels_count; i++)
            if (str_eq(plan->enums[type->ref].labels[i].text, text))
                return (struct value){.kind = TYPE_ENUM, .as_int = i};
        return value;
    }
    if (value_parse(&sink->pending_arena, (enum type_kind)type->kind, text, sink->run->engine->zones,
                    &value) != FAULT_NONE)
        value.kind = TYPE_NULL;
    return value;
}

static const struct pending_row *find_pending(const struct sink_postgres *sink, uint64_t ordinal) {
    uint64_t first = sink->pending.count ? sink->pending.items[0].ordinal : 0;
    return ordinal >= first && ordinal - first < sink->pending.count ? &sink->pending.items[ordinal - first]
                                                                     : NULL;
}

static bool remember_returned(struct sink_postgres *sink) {
    struct map_run *run = sink->run;
    const struct plan_keyed_table *table = &run->engine->plan->tables[run->map->crosswalk - 1];
    for (uint32_t i = 0; i < sink->result.returned_count; i++) {
        const struct load_returned *returned = &sink->result.returned[i];
        const struct pending_row *row = find_pending(sink, returned->ordinal);
        struct value columns[256];
        uint32_t stored = plan_stored_columns(table);
        for (uint32_t c = 0; c < stored && c < 256; c++)
            columns[c] = returned_value(sink, &table->columns[c], returned->cells[c]);
        if (row && stored < table->columns_count && stored < 256)
            columns[stored] =
                (struct value){.kind = row->part.ptr ? TYPE_TEXT : TYPE_NULL, .as_text = row->part};
        if (row && row->key.len &&
            !keyed_table_add(run->crosswalk, row->key, KEYED_PRESENT, columns, run->engine->diags))
            return engine_fail(run->engine, RUN_STOPPED);
    }
    return true;
}

static bool reject_conflicting(struct sink_postgres *sink) {
    struct map_run *run = sink->run;
    struct str message = run->map->on_conflict.message;
    if (message.len == 0) message = STR("a row with these values is in the target already");
    for (uint32_t i = 0; i < sink->result.conflicting_count; i++) {
        const struct pending_row *row = find_pending(sink, sink->result.conflicting[i]);
        if (row && !map_reject_later(run, &row->place, row->key, FAULT_CONFLICT, message)) return false;
    }
    return true;
}

static bool take_answers(struct sink_postgres *sink) {
    wait_until_done(sink);
    if (has_failed(sink)) return report_failure(sink);
    bool good = reject_conflicting(sink) && (!sink->run->sink_remembers || remember_returned(sink));
    sink->told.rejected += sink->result.conflicting_count; /* the batch's journal row has them */
    arena_reset(&sink->pending_arena);
    memset(&sink->pending, 0, sizeof sink->pending);
    return good;
}

/* A batch has the rows that were settled in it: those that wait for their parents, or for their group to be
 * whole, were read before. */
static bool postgres_end_batch(struct sink *base, struct map_run *run, uint64_t first, uint64_t end) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    const struct run_map_report *r = run->report;
    struct order order = {.batch = {.ordinal = sink->batch_ordinal, .first_row = first, .end_row = end}};
    order.batch.skipped = r->skipped - sink->told.skipped;
    order.batch.rejected = r->rejected - sink->told.rejected;
    order.batch.warned = r->warnings - sink->told.warned;
    order.batch.in = sink->next_ordinal - sink->batch_start + order.batch.skipped + order.batch.rejected;
    if (order.batch.in == 0 && sink->batch_ordinal) return true;
    sink->told =
        (struct journal_counts){.skipped = r->skipped, .rejected = r->rejected, .warned = r->warnings};
    sink->batch_start = sink->next_ordinal;
    sink->batch_ordinal++;
    if (!send_piece(sink) || !give_order(sink, order)) return false;
    return !sink->waits || take_answers(sink);
}

static bool postgres_finish(struct sink *base, struct map_run *run, struct sink_counts *counts) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    wait_until_done(sink);
    if (has_failed(sink)) return report_failure(sink);
    const struct journal_counts *total = &sink->committed;
    *counts = (struct sink_counts){total->written, total->updated, total->unchanged};
    sink->finished = true;
    if (total->written) sequences_advance(sink->pg, run->map);
    return journal_finish_step(sink->pg->look, &sink->pg->run, run->engine->plan, run->index, JOURNAL_DONE,
                               total, timestamptz_now(), run->engine->diags) ||
           engine_fail(run->engine, RUN_UNREACHABLE);
}

/* What is committed of a map that did not come to its end is counted all the same: in the report, and in the
 * journal where that can be reached. */
static void account_for_stopped(struct sink_postgres *sink) {
    struct map_run *run = sink->run;
    struct engine *engine = run->engine;
    const struct journal_counts *total = &sink->committed;
    run->report->written = total->written;
    run->report->updated = total->updated;
    run->report->unchanged = total->unchanged;
    if (!pg_is_alive(sink->pg->look)) return;
    journal_finish_step(sink->pg->look, &sink->pg->run, engine->plan, run->index,
                        target_postgres_journal_state(engine->status), total, timestamptz_now(),
                        engine->diags);
}

static void postgres_close(struct sink *base) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    pthread_mutex_lock(&sink->lock);
    if (engine_stopped(sink->run->engine)) sink->failed = true;
    sink->closing = true;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
    if (sink->started) pthread_join(sink->thread, NULL);
    if (sink->loader) pg_loader_close(sink->loader);
    if (sink->started && !sink->finished) account_for_stopped(sink);
    pg_row_encoder_free(sink->encoder);
    for (int i = 0; i < PIECES; i++)
        encoded_rows_release(&sink->pieces[i]);
    arena_release(&sink->pending_arena);
    arena_release(&sink->arena);
    pthread_mutex_destroy(&sink->lock);
    pthread_cond_destroy(&sink->changed);
    free(sink);
}

/* A row may be stored otherwise than it was sent: then others must see what is stored. */
static bool triggers_change_rows(struct sink_postgres *sink) {
    static const char SQL[] = "select exists (select from pg_catalog.pg_trigger"
                              " where tgrelid = pg_catalog.to_regclass($1) and not tgisinternal"
                              " and tgenabled in ('O', 'A')"
                              " and tgtype & 7 = 7)"; /* for each row, before, insert */
    const struct plan_map *map = sink->run->map;
    const struct plan_target_table *table = &sink->run->engine->plan->target.tables[map->target_table - 1];
    struct buf name = {0};
    pg_append_qualified(&name, table->schema, table->name);
    struct str text = buf_str(&name);
    struct pg_result *result = pg_query(sink->pg->look, SQL, &text, 1, sink->run->engine->diags);
    bool found = result && pg_result_bool(result, 0, 0);
    pg_result_free(result);
    buf_release(&name);
    return found;
}

static bool open_loader(struct sink_postgres *sink) {
    struct map_run *run = sink->run;
    const struct plan *plan = run->engine->plan;
    const struct plan_map *map = run->map;
    struct pg_loader_options options = {0};
    if (map->crosswalk) {
        const struct plan_keyed_table *table = &plan->tables[map->crosswalk - 1];
        run->sink_remembers =
            pg_map_needs_returning(plan, map, table->target_columns, plan_stored_columns(table)) ||
            triggers_change_rows(sink);
        options.returning = run->sink_remembers ? table->target_columns : NULL;
        options.returning_count = run->sink_remembers ? plan_stored_columns(table) : 0;
    }
    sink->waits = run->sink_remembers || map->conflict != CONFLICT_NONE;
    const struct plan_program *program =
        &plan->programs[map->grouped ? map->group_program - 1 : map->program];
    sink->encoder = pg_row_encoder_new(plan, map, program, options.returning_count > 0);
    sink->loader =
        pg_loader_open(sink->pg->load, plan, run->index, &sink->pg->run, &options, run->engine->diags);
    return sink->loader && journal_start_step(sink->pg->look, &sink->pg->run, plan, run->index,
                                              timestamptz_now(), run->engine->diags);
}

struct sink *sink_postgres_open(struct target_postgres *pg, struct map_run *run) {
    static const struct sink_ops OPS = {postgres_write, postgres_end_batch, postgres_finish, postgres_close};
    struct sink_postgres *sink = memory_zalloc(sizeof *sink);
    sink->base.ops = &OPS;
    sink->pg = pg;
    sink->run = run;
    diag_list_init(&sink->diags, &sink->arena);
    for (int i = 0; i < PIECES; i++)
        sink->idle[sink->idle_count++] = &sink->pieces[i];
    pthread_mutex_init(&sink->lock, NULL);
    pthread_cond_init(&sink->changed, NULL);
    sink->started = open_loader(sink) && pthread_create(&sink->thread, NULL, load_rows, sink) == 0;
    if (sink->started) return &sink->base;
    engine_fail(run->engine, RUN_UNREACHABLE);
    postgres_close(&sink->base);
    return NULL;
}

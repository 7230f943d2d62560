/* Rows into Postgres: encoded here, sent by a thread of its own, so that the server's time and ours overlap.
 * Maps whose stored rows matter to others (conflicts, columns that the server fills) wait for each commit and
 * take the answers in. */
#include "runtime/engine/map_internal.h"
#include "runtime/engine/target_postgres.h"

#include "runtime/engine/load_thread.h"
#include "runtime/value/convert.h"

#include <stdlib.h>

enum { PIECE_BYTES = 512 * 1024, BATCH_BYTES = 32 * 1024 * 1024 };

/* A row whose fate the server decides: kept until its batch is committed. */
struct pending_row {
    uint64_t ordinal;
    struct row_place place;
    struct load_source source;
    bool has_cells;
    struct row_cells cells;
    struct str key;
    struct str part; /* ptr NULL: none */
};

struct sink_postgres {
    struct sink base;
    struct target_postgres *pg;
    struct map_run *run;
    struct pg_row_encoder *encoder;
    struct load_thread *thread;
    struct load_piece *current;
    bool waits; /* answers matter: each commit is waited for */
    bool finished;
    bool committed_any;
    uint64_t next_ordinal;
    uint64_t batch_start;       /* next_ordinal when the last batch ended */
    size_t batch_bytes;         /* sent since the last batch ended */
    struct journal_counts told; /* counts of the report when the last batch ended */
    struct arena pending_arena;
    VEC(struct pending_row) pending;
};

/* The load has failed: says why, once. */
static bool report_failure(struct sink_postgres *sink) {
    struct engine *engine = sink->run->engine;
    uint32_t errors_before = engine->diags->error_count;
    struct str message;
    enum load_status status = load_thread_failure(sink->thread, engine->diags, &message);
    if (engine_stopped(engine)) return false;
    if (engine->diags->error_count == errors_before) {
        struct diag *diag = diag_report(engine->diags, X_ROWS_REFUSED, no_span(),
                                        "the server refused rows of map `%.*s`: %.*s",
                                        STR_ARG(sink->run->map->name), STR_ARG(message));
        diag_help(
            engine->diags, diag,
            "Nothing of this batch was committed; the batches before it stand. Without `commit per map` mig "
            "finds such rows one by one and loads the others.");
    }
    bool reach = status == LOAD_LOST || status == LOAD_IN_DOUBT;
    return engine_fail(engine, reach ? RUN_UNREACHABLE : RUN_STOPPED);
}

static bool take_piece(struct sink_postgres *sink) {
    if (sink->current == NULL) sink->current = load_thread_take_piece(sink->thread);
    return sink->current != NULL || report_failure(sink);
}

static bool send_piece(struct sink_postgres *sink) {
    struct load_piece *piece = sink->current;
    sink->current = NULL;
    return piece == NULL || load_thread_send(sink->thread, piece) || report_failure(sink);
}

static void note_sources(struct sink_postgres *sink, const uint32_t *rows, uint32_t count) {
    struct load_piece *piece = sink->current;
    uint32_t at = piece->rows.count - count;
    if (piece->source_cap < piece->rows.count) {
        piece->source_cap = piece->rows.cap;
        piece->sources = memory_realloc(piece->sources, sizeof *piece->sources * piece->source_cap);
    }
    for (uint32_t i = 0; i < count; i++)
        piece->sources[at + i] =
            (struct load_source){map_row_ordinal(sink->run, rows[i]), map_accepted_nth(sink->run, i)};
}

static void keep_pending(struct sink_postgres *sink, const struct vm *vm, const uint32_t *rows,
                         uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct pending_row row = {.ordinal = sink->next_ordinal + i};
        row.place = *map_row_place(sink->run, rows[i]);
        row.source =
            (struct load_source){map_row_ordinal(sink->run, rows[i]), map_accepted_nth(sink->run, i)};
        row.has_cells = map_row_cells(sink->run, map_row_place(sink->run, rows[i]), true,
                                      &sink->pending_arena, &row.cells);
        row.place.raw = arena_copy_str(&sink->pending_arena, row.place.raw);
        row.key = map_row_key(sink->run, vm, rows[i], &sink->pending_arena);
        row.part = map_row_part(sink->run, rows[i], &sink->pending_arena);
        VEC_PUSH(&sink->pending_arena, &sink->pending, row);
    }
}

static bool postgres_write(struct sink *base, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                           uint32_t count) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    if (!take_piece(sink)) return false;
    if (sink->waits) keep_pending(sink, vm, rows, count);
    size_t before = sink->current->rows.bytes.len;
    if (!pg_encode_rows(sink->encoder, vm, rows, count, sink->next_ordinal, &sink->current->rows,
                        run->engine->diags))
        return engine_fail(run->engine, RUN_STOPPED);
    note_sources(sink, rows, count);
    sink->next_ordinal += count;
    sink->batch_bytes += sink->current->rows.bytes.len - before;
    sink->base.full = sink->batch_bytes >= BATCH_BYTES && run->map->commit != COMMIT_MAP;
    return sink->current->rows.bytes.len < PIECE_BYTES || send_piece(sink);
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

static bool remember_returned(struct sink_postgres *sink, const struct load_answers *answers) {
    struct map_run *run = sink->run;
    const struct plan_keyed_table *table = &run->engine->plan->tables[run->map->crosswalk - 1];
    for (uint32_t i = 0; i < answers->returned.count; i++) {
        const struct load_returned_row *returned = &answers->returned.items[i];
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

static bool reject_pending(struct sink_postgres *sink, const struct pending_row *row, enum fault fault,
                           struct str message) {
    const struct reject_origin origin = {&row->place, row->source.ordinal, row->source.nth, true,
                                         row->has_cells ? &row->cells : NULL};
    return map_reject_later(sink->run, &origin, row->key, fault, message);
}

static bool reject_conflicting(struct sink_postgres *sink, const struct load_answers *answers) {
    struct map_run *run = sink->run;
    struct str message = run->map->on_conflict.message;
    if (message.len == 0) message = STR("a row with these values is in the target already");
    for (uint32_t i = 0; i < answers->conflicting.count; i++) {
        const struct pending_row *row = find_pending(sink, answers->conflicting.items[i]);
        if (row && !reject_pending(sink, row, FAULT_CONFLICT, message)) return false;
    }
    return true;
}

static bool reject_refused(struct sink_postgres *sink, const struct load_answers *answers) {
    for (uint32_t i = 0; i < answers->refused.count; i++) {
        const struct load_refused *refused = &answers->refused.items[i];
        const struct pending_row *row = find_pending(sink, refused->ordinal);
        if (row && !reject_pending(sink, row, FAULT_REFUSED, refused->message)) return false;
    }
    return true;
}

static bool take_answers(struct sink_postgres *sink) {
    if (!load_thread_wait(sink->thread)) return report_failure(sink);
    const struct load_answers *answers = load_thread_take_answers(sink->thread);
    bool good = reject_conflicting(sink, answers) && reject_refused(sink, answers) &&
                (!sink->run->sink_remembers || remember_returned(sink, answers));
    /* The batch's journal row has them. */
    sink->told.rejected += answers->conflicting.count + answers->refused.count;
    arena_reset(&sink->pending_arena);
    memset(&sink->pending, 0, sizeof sink->pending);
    return good;
}

/* A batch has the rows that were settled in it: those that wait for their parents, or for their group to be
 * whole, were read before. */
static bool postgres_end_batch(struct sink *base, struct map_run *run, uint64_t first, uint64_t end) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    const struct run_map_report *r = run->report;
    struct journal_batch batch = {.first_row = first, .end_row = end};
    batch.skipped = r->skipped - sink->told.skipped;
    batch.rejected = r->rejected - sink->told.rejected;
    batch.warned = r->warnings - sink->told.warned;
    uint64_t in = sink->next_ordinal - sink->batch_start + batch.skipped + batch.rejected;
    if (in == 0 && sink->committed_any) return true;
    sink->told =
        (struct journal_counts){.skipped = r->skipped, .rejected = r->rejected, .warned = r->warnings};
    sink->batch_start = sink->next_ordinal;
    sink->batch_bytes = 0;
    sink->base.full = false;
    sink->committed_any = true;
    if (!send_piece(sink)) return false;
    if (!load_thread_commit(sink->thread, &batch)) return report_failure(sink);
    return !sink->waits || take_answers(sink);
}

/* The end of the step, into the journal: over a new connection where the old one is gone. */
static bool finish_step(struct sink_postgres *sink, enum journal_state state) {
    struct engine *engine = sink->run->engine;
    const struct journal_counts *total = load_thread_counts(sink->thread);
    struct arena arena = {0};
    struct diag_list quiet;
    diag_list_init(&quiet, &arena);
    bool good = journal_finish_step(sink->pg->look, &sink->pg->run, engine->plan, sink->run->index, state,
                                    total, timestamptz_now(), &quiet);
    if (!good && !pg_is_alive(sink->pg->look) && pg_reconnect(sink->pg->look, &quiet)) {
        quiet.items.count = quiet.error_count = 0;
        good = journal_finish_step(sink->pg->look, &sink->pg->run, engine->plan, sink->run->index, state,
                                   total, timestamptz_now(), &quiet);
    }
    if (!good && !engine_stopped(engine)) diag_list_move(&quiet, engine->diags);
    arena_release(&arena);
    return good;
}

static bool postgres_finish(struct sink *base, struct map_run *run, struct sink_counts *counts) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    if (!load_thread_wait(sink->thread)) return report_failure(sink);
    const struct load_answers *answers = load_thread_take_answers(sink->thread);
    if (answers->refused.count && !map_refuse_rows(run, answers->refused.items, answers->refused.count))
        return false;
    const struct journal_counts *total = load_thread_counts(sink->thread);
    *counts = (struct sink_counts){total->written, total->updated, total->unchanged};
    if (!target_postgres_revive(sink->pg)) return false;
    if (total->written) sequences_advance(sink->pg, run->map);
    sink->finished = finish_step(sink, JOURNAL_DONE);
    return sink->finished || engine_fail(run->engine, RUN_UNREACHABLE);
}

/* What is committed of a map that did not come to its end is counted all the same: in the report, and in the
 * journal where that can be reached. */
static void account_for_stopped(struct sink_postgres *sink) {
    struct map_run *run = sink->run;
    struct engine *engine = run->engine;
    const struct journal_counts *total = load_thread_counts(sink->thread);
    run->report->written = total->written;
    run->report->updated = total->updated;
    run->report->unchanged = total->unchanged;
    finish_step(sink, target_postgres_journal_state(engine->status));
}

static void postgres_close(struct sink *base) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    if (sink->thread && !sink->finished) {
        load_thread_wait(sink->thread);
        account_for_stopped(sink);
    }
    if (sink->current) load_piece_free(sink->current);
    load_thread_close(sink->thread);
    pg_row_encoder_free(sink->encoder);
    arena_release(&sink->pending_arena);
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

static bool open_thread(struct sink_postgres *sink) {
    struct map_run *run = sink->run;
    const struct plan *plan = run->engine->plan;
    const struct plan_map *map = run->map;
    struct load_thread_options options = {.connection = sink->pg->load,
                                          .plan = plan,
                                          .map = run->index,
                                          .run = sink->pg->run,
                                          .keep_rows = map->commit != COMMIT_MAP,
                                          .given_up = &run->engine->given_up};
    if (map->crosswalk) {
        const struct plan_keyed_table *table = &plan->tables[map->crosswalk - 1];
        run->sink_remembers =
            pg_map_needs_returning(plan, map, table->target_columns, plan_stored_columns(table)) ||
            triggers_change_rows(sink);
        options.returning = run->sink_remembers ? table->target_columns : NULL;
        options.returning_count = run->sink_remembers ? plan_stored_columns(table) : 0;
    }
    /* Groups cannot be found again in the source: their places are kept, too. */
    sink->waits = run->sink_remembers || map->conflict != CONFLICT_NONE || map->grouped;
    const struct plan_program *program =
        &plan->programs[map->grouped ? map->group_program - 1 : map->program];
    sink->encoder = pg_row_encoder_new(plan, map, program, options.returning_count > 0);
    sink->thread = load_thread_open(&options, run->engine->diags);
    return sink->thread && journal_start_step(sink->pg->look, &sink->pg->run, plan, run->index,
                                              timestamptz_now(), run->engine->diags);
}

struct sink *sink_postgres_open(struct target_postgres *pg, struct map_run *run) {
    static const struct sink_ops OPS = {postgres_write, postgres_end_batch, postgres_finish, postgres_close};
    struct sink_postgres *sink = memory_zalloc(sizeof *sink);
    sink->base.ops = &OPS;
    sink->pg = pg;
    sink->run = run;
    if (open_thread(sink)) return &sink->base;
    engine_fail(run->engine, RUN_UNREACHABLE);
    postgres_close(&sink->base);
    return NULL;
}

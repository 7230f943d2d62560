/* Rows into Postgres: encoded here, sent by a thread of its own, so that the server's time and ours overlap.
 * Maps whose stored rows matter to others (conflicts, columns that the server fills) wait for each commit and
 * take the answers in. */
#include "runtime/engine/map_internal.h"
#include "runtime/engine/target_postgres.h"

#include "runtime/engine/crosswalk_row.h"
#include "runtime/engine/load_thread.h"
#include "runtime/engine/retry.h"
#include "runtime/engine/settled.h"

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
    struct settled *settled;      /* what an earlier go at this run has committed; NULL: this is the first */
    struct encoded_rows again;    /* rows that are settled, encoded for their hashes */
    struct load_answers answered; /* what the server said of them then */
    uint32_t answered_before;     /* refused rows among them that were told before this batch */
    uint64_t batch_settled;       /* of the rows since the last batch ended */
    const struct replay_options *replay; /* only looking: nothing is sent. NULL: a run */
    struct journal_counts before;        /* of batches that are not of these rows: of repaired ones, or (mig
                                            retry) of the run's own */
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
            sink->pg->in_run
                ? "Under `commit per run` one such row ends the run, and nothing of it was committed. "
                  "`mig rehearse` finds them all; without `commit per run` mig loads the others."
                : "Nothing of this batch was committed; the batches before it stand. Without `commit per "
                  "map` mig finds such rows one by one and loads the others.");
    }
    /* A commit in doubt may stand: `mig resume` finds out. What is lost with nothing committed is nothing. */
    bool reach = status == LOAD_LOST || (status == LOAD_FAILED && !pg_is_alive(sink->pg->load));
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

static void note_sources(struct sink_postgres *sink, const uint32_t *rows, uint32_t first, uint32_t count) {
    struct load_piece *piece = sink->current;
    uint32_t at = piece->rows.count - count;
    if (piece->source_cap < piece->rows.count) {
        piece->source_cap = piece->rows.cap;
        piece->sources = memory_realloc(piece->sources, sizeof *piece->sources * piece->source_cap);
    }
    for (uint32_t i = 0; i < count; i++)
        piece->sources[at + i] =
            (struct load_source){map_row_ordinal(sink->run, rows[i]), map_accepted_nth(sink->run, first + i)};
    if (!sink->run->sink_remembers) return;
    if (piece->key_cap < piece->rows.count) {
        piece->key_cap = piece->rows.cap;
        piece->keys = memory_realloc(piece->keys, sizeof *piece->keys * piece->key_cap);
    }
    for (uint32_t i = 0; i < count; i++)
        piece->keys[at + i] = sink->pending.items[sink->pending.count - count + i].key;
}

static void keep_pending(struct sink_postgres *sink, const struct vm *vm, const uint32_t *rows,
                         uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct pending_row row = {.ordinal = sink->next_ordinal + i};
        row.place = *map_row_place(sink->run, rows[i]);
        row.source =
            (struct load_source){map_row_ordinal(sink->run, rows[i]), map_accepted_nth(sink->run, i)};
        row.has_cells =
            sink->run->engine->quarantine && map_row_cells(sink->run, map_row_place(sink->run, rows[i]), true,
                                                           &sink->pending_arena, &row.cells);
        row.place.raw = arena_copy_str(&sink->pending_arena, row.place.raw);
        row.key = map_row_key(sink->run, vm, rows[i], &sink->pending_arena);
        row.part = map_row_part(sink->run, rows[i], &sink->pending_arena);
        VEC_PUSH(&sink->pending_arena, &sink->pending, row);
    }
}

/* ---------------------------------------------------------------- rows that are settled */

static bool visit_row(struct sink_postgres *sink, const struct vm *vm, uint32_t row, uint32_t index,
                      enum replay_fate fate, uint64_t batch, uint64_t seq) {
    const struct replay_options *replay = sink->replay;
    if (replay == NULL || replay->visit == NULL) return true;
    if (replay->wanted && !replay->wanted[sink->run->index]) return true;
    struct replay_row seen = {.fate = fate,
                              .map = sink->run->index,
                              .seq = seq,
                              .batch = batch,
                              .hash = sink->again.hashes[index],
                              .vm = vm,
                              .row = row,
                              .run = sink->run,
                              .place = map_row_place(sink->run, row)};
    const struct load_answers *answers = &sink->answered;
    if (answers->returned.count && answers->returned.items[answers->returned.count - 1].ordinal == seq)
        seen.stored = answers->returned.items[answers->returned.count - 1].cells;
    return replay->visit(replay->context, &seen) || engine_fail(sink->run->engine, RUN_STOPPED);
}

/* What the server said of the row when it was loaded is said again. */
static bool answer_again(struct sink_postgres *sink, uint64_t seq, struct load_source source,
                         enum replay_fate fate, struct str message) {
    struct load_answers *answers = &sink->answered;
    const struct str *cells;
    if (fate == REPLAY_CONFLICTING) VEC_PUSH(&answers->arena, &answers->conflicting, seq);
    if (fate == REPLAY_REFUSED) {
        struct load_refused refused = {seq, source, message};
        VEC_PUSH(&answers->arena, &answers->refused, refused);
    }
    if (fate != REPLAY_LOADED || !sink->run->sink_remembers) return true;
    if (!settled_stored(sink->settled, seq, &cells, sink->run->engine->diags))
        return engine_fail(sink->run->engine, RUN_UNREACHABLE);
    if (cells == NULL) return true;
    const struct plan_keyed_table *table = &sink->run->engine->plan->tables[sink->run->map->crosswalk - 1];
    uint32_t count = plan_stored_columns(table);
    struct load_returned_row row = {seq, ARENA_ARRAY(&answers->arena, struct str, count + 1)};
    for (uint32_t c = 0; c < count; c++)
        if (cells[c].ptr) row.cells[c] = arena_copy_str(&answers->arena, cells[c]);
    VEC_PUSH(&answers->arena, &answers->returned, row);
    return true;
}

/* Passes over those of the rows that are settled, the first *taken. */
static bool take_settled(struct sink_postgres *sink, const struct vm *vm, const uint32_t *rows,
                         uint32_t count, uint32_t *taken) {
    struct engine *engine = sink->run->engine;
    uint64_t left = sink->settled ? settled_rows_left(sink->settled) : 0;
    *taken = 0;
    if (left == 0 && sink->replay == NULL) return true;
    *taken = sink->replay || left >= count ? count : (uint32_t)left;
    encoded_rows_clear(&sink->again);
    if (!pg_encode_rows(sink->encoder, vm, rows, *taken, sink->next_ordinal, &sink->again, engine->diags))
        return engine_fail(engine, RUN_STOPPED);
    for (uint32_t i = 0; i < *taken; i++) {
        struct load_source source = {map_row_ordinal(sink->run, rows[i]), map_accepted_nth(sink->run, i)};
        enum replay_fate fate;
        uint64_t batch, seq = sink->next_ordinal + i;
        struct str message = STR("");
        if (settled_take(sink->settled, &sink->again.hashes[i], source, &fate, &batch, &message) &&
            !answer_again(sink, seq, source, fate, message))
            return false;
        if (!visit_row(sink, vm, rows[i], i, fate, batch, seq)) return false;
    }
    sink->next_ordinal += *taken;
    sink->batch_settled += *taken;
    sink->batch_bytes += sink->again.bytes.len;
    return true;
}

static bool send_rows(struct sink_postgres *sink, const struct vm *vm, const uint32_t *rows, uint32_t first,
                      uint32_t count) {
    struct engine *engine = sink->run->engine;
    if (!take_piece(sink)) return false;
    size_t before = sink->current->rows.bytes.len;
    if (!pg_encode_rows(sink->encoder, vm, rows, count, sink->next_ordinal, &sink->current->rows,
                        engine->diags))
        return engine_fail(engine, RUN_STOPPED);
    note_sources(sink, rows, first, count);
    sink->next_ordinal += count;
    sink->batch_bytes += sink->current->rows.bytes.len - before;
    return sink->current->rows.bytes.len < PIECE_BYTES || send_piece(sink);
}

static bool postgres_write(struct sink *base, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                           uint32_t count) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    uint32_t settled;
    if (sink->waits) keep_pending(sink, vm, rows, count);
    if (!take_settled(sink, vm, rows, count, &settled)) return false;
    if (settled < count && !send_rows(sink, vm, rows + settled, settled, count - settled)) return false;
    sink->base.full =
        sink->batch_bytes >= BATCH_BYTES && (run->map->commit != COMMIT_MAP || sink->pg->rehearsing);
    return true;
}

/* ---------------------------------------------------------------- answers of the server */

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
            columns[c] = crosswalk_value(run->engine->plan, &table->columns[c], returned->cells[c],
                                         &sink->pending_arena, run->engine->zones);
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

static struct str conflict_message(const struct plan_map *map) {
    return map->on_conflict.message.len ? map->on_conflict.message
                                        : STR("a row with these values is in the target already");
}

static bool reject_conflicting(struct sink_postgres *sink, const struct load_answers *answers) {
    struct map_run *run = sink->run;
    struct str message = conflict_message(run->map);
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

static bool use_answers(struct sink_postgres *sink, const struct load_answers *answers) {
    return reject_conflicting(sink, answers) && reject_refused(sink, answers) &&
           (!sink->run->sink_remembers || remember_returned(sink, answers));
}

static bool take_answers(struct sink_postgres *sink) {
    if (!load_thread_wait(sink->thread)) return report_failure(sink);
    const struct load_answers *answers = load_thread_take_answers(sink->thread);
    bool good = use_answers(sink, answers);
    /* The batch's journal row has them. */
    sink->told.rejected += answers->conflicting.count + answers->refused.count;
    return good;
}

/* What the journal has of the rows since the last batch ended counts as told. */
static bool end_settled(struct sink_postgres *sink, uint64_t first, uint64_t end) {
    struct engine *engine = sink->run->engine;
    struct journal_counts counts;
    if (sink->settled == NULL) return true;
    if (!settled_end_batch(sink->settled, first, end, &counts, engine->diags))
        return engine_fail(engine, RUN_REFUSED);
    sink->told.skipped += counts.skipped;
    sink->told.rejected += counts.rejected;
    sink->told.warned += counts.warned;
    sink->committed_any = sink->committed_any || counts.in;
    if (sink->waits) {
        bool good = use_answers(sink, &sink->answered);
        arena_reset(&sink->answered.arena);
        struct arena arena = sink->answered.arena;
        sink->answered = (struct load_answers){.arena = arena};
        return good;
    }
    /* The map itself learns of them at its end. */
    sink->told.rejected -= sink->answered.refused.count - sink->answered_before;
    sink->answered_before = sink->answered.refused.count;
    return true;
}

static void end_pending(struct sink_postgres *sink) {
    arena_reset(&sink->pending_arena);
    memset(&sink->pending, 0, sizeof sink->pending);
}

/* The ledger goes with the batch that counts its rows; with settled ones it has gone before. */
static struct load_ledger *take_ledger(struct map_run *run, uint64_t rejected) {
    struct load_ledger *ledger = run->ledger;
    run->ledger = NULL;
    if (ledger && (rejected || ledger->left_out.count)) return ledger;
    load_ledger_free(ledger);
    return NULL;
}

/* A batch has the rows that were settled in it: those that wait for their parents, or for their group to be
 * whole, were read before. */
static bool postgres_end_batch(struct sink *base, struct map_run *run, uint64_t first, uint64_t end) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    const struct run_map_report *r = run->report;
    struct journal_batch batch = {.first_row = first, .end_row = end};
    if (run->map->crosswalk_days)
        batch.crosswalk_expires_at = engine_expiry(run->engine, INT64_C(86400) * run->map->crosswalk_days);
    if (!end_settled(sink, first, end)) return false;
    batch.skipped = r->skipped - sink->told.skipped;
    batch.rejected = r->rejected - sink->told.rejected;
    batch.warned = r->warnings - sink->told.warned;
    uint64_t sent = sink->next_ordinal - sink->batch_start - sink->batch_settled;
    uint64_t in = sent + batch.skipped + batch.rejected;
    struct load_ledger *ledger = take_ledger(run, batch.rejected);
    sink->batch_start = sink->next_ordinal;
    sink->batch_settled = 0;
    sink->batch_bytes = 0;
    sink->base.full = false;
    if (sink->replay || (in == 0 && sink->committed_any)) {
        load_ledger_free(ledger);
        end_pending(sink);
        return true;
    }
    sink->told =
        (struct journal_counts){.skipped = r->skipped, .rejected = r->rejected, .warned = r->warnings};
    sink->committed_any = true;
    if (!send_piece(sink)) {
        load_ledger_free(ledger);
        return false;
    }
    if (!load_thread_commit(sink->thread, &batch, ledger)) return report_failure(sink);
    bool good = !sink->waits || take_answers(sink);
    end_pending(sink);
    return good;
}

/* The end of the step, into the journal: over a new connection where the old one is gone. */
static bool finish_step(struct sink_postgres *sink, enum journal_state state) {
    struct engine *engine = sink->run->engine;
    const struct journal_counts *total = load_thread_counts(sink->thread);
    struct arena arena = {0};
    struct diag_list quiet;
    if (sink->pg->rehearsing) return true;
    /* The end of a step of one transaction over all maps is part of it; its failure is written at its end. */
    if (sink->pg->in_run)
        return state != JOURNAL_DONE ||
               journal_finish_step(sink->pg->load, &sink->pg->run, engine->plan, sink->run->index, state,
                                   total, timestamptz_now(), engine->diags);
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

/* Rows that were refused, of this go and of those before, to the quarantine. */
static bool refuse_rows(struct sink_postgres *sink) {
    struct map_run *run = sink->run;
    const struct load_answers *now = sink->thread ? load_thread_take_answers(sink->thread) : NULL;
    uint32_t before = sink->answered.refused.count, count = before + (now ? now->refused.count : 0);
    if (count == 0) return true;
    struct load_refused *all = ARENA_ARRAY(&run->arena, struct load_refused, count);
    for (uint32_t i = 0; i < count; i++)
        all[i] = i < before ? sink->answered.refused.items[i] : now->refused.items[i - before];
    return map_refuse_rows(run, all, count);
}

static bool postgres_finish(struct sink *base, struct map_run *run, struct sink_counts *counts) {
    struct sink_postgres *sink = (struct sink_postgres *)base;
    if (sink->thread && !load_thread_wait(sink->thread)) return report_failure(sink);
    if (sink->settled && !settled_finish(sink->settled, run->engine->diags))
        return engine_fail(run->engine, RUN_REFUSED);
    if (!refuse_rows(sink)) return false;
    const struct journal_counts *total =
        sink->thread ? load_thread_counts(sink->thread) : settled_counts(sink->settled);
    const struct journal_counts *before = &sink->before;
    *counts = (struct sink_counts){total->written - before->written, total->updated - before->updated,
                                   total->unchanged - before->unchanged};
    sink->finished = true;
    if (sink->replay) return true;
    sink->finished = false;
    if (!target_postgres_revive(sink->pg)) return false;
    if (total->written && !sink->pg->in_run && !sink->pg->rehearsing) sequences_advance(sink->pg, run->map);
    sink->finished = finish_step(sink, JOURNAL_DONE);
    return sink->finished || engine_fail(run->engine, RUN_UNREACHABLE);
}

/* What is committed of a map that did not come to its end is counted all the same: in the report, and in the
 * journal where that can be reached. */
static void account_for_stopped(struct sink_postgres *sink) {
    struct map_run *run = sink->run;
    struct engine *engine = run->engine;
    const struct journal_counts none = {0}, *before = &sink->before;
    const struct journal_counts *total = sink->pg->in_run ? &none : load_thread_counts(sink->thread);
    if (sink->pg->in_run) before = &none;
    run->report->written = total->written - before->written;
    run->report->updated = total->updated - before->updated;
    run->report->unchanged = total->unchanged - before->unchanged;
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
    settled_close(sink->settled);
    encoded_rows_release(&sink->again);
    arena_release(&sink->answered.arena);
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

/* What the thread is asked to bring back of stored rows, and whether each commit is waited for. */
static void set_up_answers(struct sink_postgres *sink, struct load_thread_options *options) {
    struct map_run *run = sink->run;
    const struct plan *plan = run->engine->plan;
    const struct plan_map *map = run->map;
    if (map->crosswalk) {
        const struct plan_keyed_table *table = &plan->tables[map->crosswalk - 1];
        run->sink_remembers =
            map->crosswalk_days > 0 ||
            retry_feeding(run->engine,
                          run->index) || /* what is kept for later runs is what the server stored */
            pg_map_needs_returning(plan, map, table->target_columns, plan_stored_columns(table)) ||
            triggers_change_rows(sink);
        options->returning = run->sink_remembers ? table->target_columns : NULL;
        options->returning_count = run->sink_remembers ? plan_stored_columns(table) : 0;
        options->journals_crosswalk = run->sink_remembers;
        options->keeps_keys = map->crosswalk_days > 0 || retry_feeding(run->engine, run->index);
        if (run->engine->has_seal_key && crosswalk_is_personal(plan, map))
            options->seal = &run->engine->seal_key;
    }
    if (map->conflict == CONFLICT_REJECT) options->conflict_message = conflict_message(map);
    /* Groups cannot be found again in the source: their places are kept, too. */
    sink->waits = run->sink_remembers || map->conflict != CONFLICT_NONE || map->grouped ||
                  retry_feeding(run->engine, run->index); /* nor can repaired rows */
    const struct plan_program *program =
        &plan->programs[map->grouped ? map->group_program - 1 : map->program];
    sink->encoder = pg_row_encoder_new(plan, map, program, options->returning_count > 0);
}

/* Repaired rows come behind all others: batches, and rows of the crosswalk. */
static bool go_behind(struct sink_postgres *sink, struct load_thread_options *options) {
    struct engine *engine = sink->run->engine;
    if (retry_feeding(engine, sink->run->index) == NULL) return true;
    options->from_retry = options->keep_rows = true;
    sink->before = options->counts;
    sink->committed_any = true; /* no batch where there is nothing to say */
    settled_close(sink->settled);
    sink->settled = NULL;
    if (!journal_count_sent(sink->pg->look, &sink->pg->run, sink->run->map->name, &sink->next_ordinal,
                            engine->diags))
        return false;
    sink->batch_start = sink->next_ordinal;
    return true;
}

static bool open_thread(struct sink_postgres *sink, struct load_thread_options *options) {
    struct map_run *run = sink->run;
    if (sink->settled) {
        options->first_batch = settled_next_batch(sink->settled);
        options->counts = *settled_counts(sink->settled);
    }
    run->sink_journals = !sink->pg->rehearsing && !options->without_journal;
    if (!go_behind(sink, options)) return false;
    sink->thread = load_thread_open(options, run->engine->diags);
    if (sink->pg->rehearsing) return sink->thread != NULL;
    return sink->thread && journal_start_step(sink->pg->look, &sink->pg->run, run->engine->plan, run->index,
                                              timestamptz_now(), run->engine->diags);
}

struct sink *sink_postgres_open(struct target_postgres *pg, struct map_run *run) {
    static const struct sink_ops OPS = {postgres_write, postgres_end_batch, postgres_finish, postgres_close};
    struct engine *engine = run->engine;
    struct sink_postgres *sink = memory_zalloc(sizeof *sink);
    struct load_thread_options options = {.connection = pg->load,
                                          .plan = engine->plan,
                                          .map = run->index,
                                          .run = pg->run,
                                          .expires_at = engine->expires_at,
                                          .without_journal = engine->options->without_journal,
                                          .keep_rows = !pg->in_run && !engine->options->without_journal &&
                                                       (pg->rehearsing || run->map->commit != COMMIT_MAP),
                                          .in_run = pg->in_run,
                                          .rehearse = pg->rehearsing,
                                          .given_up = &engine->given_up};
    sink->base.ops = &OPS;
    sink->pg = pg;
    sink->run = run;
    sink->replay = engine->replay;
    set_up_answers(sink, &options);
    if (options.without_journal) pg_row_encoder_skip_hashes(sink->encoder);
    bool good = true;
    if (engine->options->again) {
        sink->settled = settled_open(pg->look, pg->run.id, run->map, options.returning_count, options.seal,
                                     &run->arena, engine->diags);
        good = sink->settled != NULL;
        if (good) sink->before = *settled_retried(sink->settled);
    }
    if (good && (sink->replay || open_thread(sink, &options))) return &sink->base;
    engine_fail(engine, RUN_UNREACHABLE);
    postgres_close(&sink->base);
    return NULL;
}

/* The loader's life: transaction, COPY, journal row, COMMIT. Conflicts are pg_stage.c's. */
#include "runtime/postgres/pg_loader_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { COPY_PIECE = 1 << 18, IN_DOUBT_DEFAULT = 30 };

static const char COPY_HEADER[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
static const char COPY_TRAILER[2] = {'\377', '\377'};

/* -- opening and closing */

static void make_copy_command(struct pg_loader *l) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "COPY ");
    if (l->staged)
        buf_append_cstr(&sql, STAGE_TABLE " (" STAGE_ORDINAL);
    else {
        pg_append_qualified(&sql, l->table->schema, l->table->name);
        buf_append_cstr(&sql, " (");
    }
    for (uint32_t i = 0; i < l->map->columns_count; i++) {
        if (i || l->staged) buf_append_cstr(&sql, ", ");
        pg_append_identifier(&sql, l->table->columns[l->map->columns[i]].name);
    }
    buf_append_cstr(&sql, l->text ? ") FROM STDIN" : ") FROM STDIN (FORMAT binary)");
    l->copy_command = arena_copy_cstr(&l->arena, buf_str(&sql));
    buf_release(&sql);
}

/* Messages of the server may keep what they quote of values where no column holds personal data. */
static bool has_personal_columns(const struct pg_loader *l) {
    for (uint32_t i = 0; i < l->map->columns_count; i++)
        if (l->table->columns[l->map->columns[i]].pii) return true;
    return false;
}

struct pg_loader *pg_loader_open(struct pg_connection *connection, const struct plan *plan, uint32_t map,
                                 const struct journal_run *run, const struct pg_loader_options *options,
                                 struct diag_list *diags) {
    struct pg_loader *l = memory_zalloc(sizeof *l);
    l->connection = connection;
    l->plan = plan;
    l->map = &plan->maps[map];
    l->table = &plan->target.tables[l->map->target_table - 1];
    if (run) l->run = *run;
    if (options) l->options = *options;
    uint32_t n = l->options.returning_count;
    if (n) {
        uint32_t *columns = ARENA_ARRAY(&l->arena, uint32_t, n);
        memcpy(columns, l->options.returning, sizeof *columns * n);
        l->options.returning = columns;
    }
    l->staged = pg_map_is_staged(l->map, n != 0);
    l->text = pg_map_is_text(plan, l->map);
    make_copy_command(l);
    l->what = arena_printf(&l->arena, "load into %.*s%s%.*s", STR_ARG(l->table->schema),
                           l->table->schema.len ? "." : "", STR_ARG(l->table->name));
    pg_connection_show_values(connection, !has_personal_columns(l));
    bool ok = !l->staged || (stage_prepare(l, diags) && stage_create(l, diags));
    if (ok) return l;
    pg_loader_close(l);
    return NULL;
}

void pg_loader_close(struct pg_loader *l) {
    if (l == NULL) return;
    pg_loader_abort(l, "the load was given up");
    if (l->staged && l->stage_made && pg_is_alive(l->connection)) stage_drop(l);
    pg_connection_show_values(l->connection, false);
    arena_release(&l->arena);
    arena_release(&l->batch_arena);
    free(l);
}

/* -- failures */

/* Leaves copy mode, properly: says why, reads results to the end. */
static bool leave_copy(struct pg_loader *l, const char *reason, uint64_t *copied) {
    if (l->state != LOADER_COPYING) return true;
    l->state = LOADER_OPEN;
    if (!pg_is_alive(l->connection)) {
        pg_note_lost(l->connection);
        return false;
    }
    bool sent = PQputCopyEnd(l->connection->pg, reason) == 1;
    bool ok = pg_drain_results(l->connection, copied);
    return ok && sent;
}

static void undo(struct pg_loader *l) {
    struct pg_failure kept = l->connection->failure;
    if (l->options.rehearse) {
        if (l->state != LOADER_IDLE)
            pg_exec(l->connection, "ROLLBACK TO SAVEPOINT mig_batch; RELEASE SAVEPOINT mig_batch", NULL);
    } else
        pg_rollback(l->connection);
    l->connection->failure = kept;
    l->state = LOADER_IDLE;
    l->connection->copy_relation = (struct str){0};
}

enum load_status loader_fail(struct pg_loader *l, struct load_result *result, struct diag_list *diags) {
    struct pg_connection *c = l->connection;
    undo(l);
    result->failure = c->failure;
    result->refused_row = -1;
    switch (c->failure.kind) {
    case PG_REFUSED:
        if (c->failure.copy_line > 0 && (uint64_t)c->failure.copy_line <= l->sent)
            result->refused_row = c->failure.copy_line - 1;
        return LOAD_REFUSED;
    case PG_TRANSIENT: return LOAD_RETRY;
    case PG_LOST: return LOAD_LOST;
    default: pg_report_failure(c, diags, l->what.ptr); return LOAD_FAILED;
    }
}

/* A failure that the server did not speak of. */
static enum load_status fail_with(struct pg_loader *l, enum load_status status, struct load_result *result,
                                  enum pg_error kind, const char *message) {
    undo(l);
    arena_reset(&l->connection->failure_arena);
    l->connection->failure = (struct pg_failure){.kind = kind, .message = str_cstr(message)};
    result->failure = l->connection->failure;
    result->refused_row = -1;
    return status;
}

/* -- sending */

/* Rows of earlier batches went with the transaction: to load this one again would leave them out. */
static enum load_status report_gone(struct pg_loader *l, struct load_result *result,
                                    struct diag_list *diags) {
    struct diag *diag = diag_report(diags, X_PG_LOST, pg_no_span(),
                                    "the transaction over all maps is gone: the connection broke, or another "
                                    "statement of it failed");
    diag_help(diags, diag, "Nothing of it was committed. Start again.");
    return fail_with(l, LOAD_FAILED, result, PG_LOST, "the transaction over all maps is gone");
}

static bool in_transaction_of_caller(const struct pg_loader *l) {
    return l->options.rehearse || l->options.in_run;
}

/* The transaction (or savepoint), and with rows the COPY. */
enum load_status pg_loader_open_batch(struct pg_loader *l, struct load_result *result,
                                      struct diag_list *diags) {
    struct pg_connection *c = l->connection;
    if (in_transaction_of_caller(l) && PQtransactionStatus(c->pg) != PQTRANS_INTRANS)
        return report_gone(l, result, diags);
    if (!pg_is_alive(c)) {
        l->stage_made = false;
        if (!pg_reconnect(c, diags)) {
            fail_with(l, LOAD_FAILED, result, c->failure.kind, "could not reconnect");
            return LOAD_FAILED;
        }
        pg_connection_show_values(c, !has_personal_columns(l));
    }
    if (l->staged && !l->stage_made && !stage_create(l, diags)) {
        result->failure = c->failure;
        return LOAD_FAILED;
    }
    arena_reset(&l->batch_arena);
    l->ordinals.items = NULL;
    l->ordinals.count = l->ordinals.cap = 0;
    l->hashes.items = NULL;
    l->hashes.count = l->hashes.cap = 0;
    l->sent = 0;
    l->load = (struct journal_load){0};
    if (!l->options.in_run && !pg_exec(c, l->options.rehearse ? "SAVEPOINT mig_batch" : "BEGIN", NULL))
        return loader_fail(l, result, diags);
    l->state = LOADER_OPEN;
    if (l->staged && in_transaction_of_caller(l) && !stage_clear(l)) return loader_fail(l, result, diags);
    return LOAD_OK;
}

static enum load_status start_copy(struct pg_loader *l, struct load_result *result, struct diag_list *diags) {
    struct pg_connection *c = l->connection;
    c->copy_relation = l->staged ? STR(STAGE_NAME) : l->table->name;
    PGresult *r = PQexec(c->pg, l->probing && !l->staged ? l->probe_copy : l->copy_command);
    bool started = PQresultStatus(r) == PGRES_COPY_IN;
    if (!started) pg_note_failure(c, r);
    PQclear(r);
    if (!started) return loader_fail(l, result, diags);
    l->state = LOADER_COPYING;
    if (!l->text && PQputCopyData(c->pg, COPY_HEADER, sizeof COPY_HEADER) != 1) {
        leave_copy(l, "sending failed", NULL);
        return loader_fail(l, result, diags);
    }
    return LOAD_OK;
}

uint32_t loader_row_position(const struct pg_loader *l, uint64_t ordinal) {
    uint32_t low = 0, high = l->ordinals.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->ordinals.items[middle] < ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void note_rows(struct pg_loader *l, const struct encoded_rows *rows, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) {
        if (l->staged) {
            VEC_PUSH(&l->batch_arena, &l->ordinals, rows->ordinals[i]);
            VEC_PUSH(&l->batch_arena, &l->hashes, rows->hashes[i]);
        } else {
            l->load.inserted.row += hash128_number(rows->hashes[i].row);
            l->load.inserted.key += hash128_number(rows->hashes[i].key);
        }
    }
    l->sent += to - from;
}

enum load_status pg_loader_send(struct pg_loader *l, const struct encoded_rows *rows, uint32_t from,
                                uint32_t to, struct load_result *result, struct diag_list *diags) {
    enum load_status status = LOAD_OK;
    *result = (struct load_result){.refused_row = -1};
    if (l->state == LOADER_IDLE) status = pg_loader_open_batch(l, result, diags);
    if (status == LOAD_OK && from < to && l->state == LOADER_OPEN) status = start_copy(l, result, diags);
    if (status != LOAD_OK || from >= to) return status;
    note_rows(l, rows, from, to);
    size_t at = from ? rows->ends[from - 1] : 0, end = rows->ends[to - 1];
    while (at < end) {
        size_t n = end - at < COPY_PIECE ? end - at : COPY_PIECE;
        if (PQputCopyData(l->connection->pg, rows->bytes.ptr + at, (int)n) != 1) {
            leave_copy(l, "sending failed", NULL);
            if (l->connection->failure.kind == PG_OK) pg_note_lost(l->connection);
            return loader_fail(l, result, diags);
        }
        at += n;
    }
    return LOAD_OK;
}

/* -- finishing */

static enum load_status report_row_count(struct pg_loader *l, uint64_t copied, struct load_result *result,
                                         struct diag_list *diags) {
    struct diag *d =
        diag_report(diags, X_PG_ROW_COUNT, pg_no_span(),
                    "%llu rows were sent to %.*s, which took %llu: nothing of the batch was kept",
                    (unsigned long long)l->sent, STR_ARG(l->table->name), (unsigned long long)copied);
    diag_help(
        diags, d,
        "A trigger or rule of the table drops rows; mig must know where each row went. Disable it for the "
        "load, or leave such rows out in the spec.");
    return fail_with(l, LOAD_FAILED, result, PG_OTHER, "the table took another number of rows than was sent");
}

bool pg_loader_end_copy(struct pg_loader *l) {
    bool ok = l->text || PQputCopyData(l->connection->pg, COPY_TRAILER, sizeof COPY_TRAILER) == 1;
    return leave_copy(l, NULL, NULL) && ok;
}

enum load_status pg_loader_finish(struct pg_loader *l, uint64_t batch_ordinal, struct load_result *result,
                                  struct diag_list *diags) {
    *result = (struct load_result){.refused_row = -1};
    if (l->state == LOADER_IDLE) {
        enum load_status status = pg_loader_open_batch(l, result, diags);
        if (status != LOAD_OK) return status;
    }
    uint64_t copied = 0;
    if (l->state == LOADER_COPYING) {
        bool ok = l->text || PQputCopyData(l->connection->pg, COPY_TRAILER, sizeof COPY_TRAILER) == 1;
        ok = leave_copy(l, NULL, &copied) && ok;
        if (!ok) return loader_fail(l, result, diags);
        if (copied != l->sent) return report_row_count(l, copied, result, diags);
    }
    l->connection->copy_relation = (struct str){0};
    if (l->staged && l->sent) return stage_merge(l, batch_ordinal, result, diags);
    l->load.written = l->sent;
    result->written = l->sent;
    return LOAD_OK;
}

void pg_loader_abort(struct pg_loader *l, const char *reason) {
    if (l->state == LOADER_IDLE) return;
    leave_copy(l, reason ? reason : "given up", NULL);
    undo(l);
}

/* -- committing */

static int64_t now_ms(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void report_in_doubt(struct pg_loader *l, uint64_t ordinal, struct diag_list *diags) {
    char id[UUID_TEXT_SIZE];
    journal_uuid_text(l->run.id, id);
    struct diag *d =
        diag_report(diags, X_PG_IN_DOUBT, pg_no_span(),
                    "the connection broke while batch %llu of map `%.*s` was being committed, and the server "
                    "could not be asked whether it was",
                    (unsigned long long)ordinal, STR_ARG(l->map->name));
    diag_help(
        diags, d,
        "Once the server answers: SELECT count(*) FROM mig.batch WHERE run_id = '%s' AND map = '%.*s' AND "
        "ordinal = %llu; 1 means committed, 0 means nothing of it was kept.",
        id, STR_ARG(l->map->name), (unsigned long long)ordinal);
}

/* Asks the journal on a new connection until it knows: 1 committed, 0 not, -1 it could not be asked. */
static int ask_journal(struct pg_connection *c, const struct journal_run *run, struct str map,
                       uint64_t ordinal, int32_t backend_id, int32_t seconds) {
    int64_t deadline = now_ms() + (int64_t)seconds * 1000;
    for (;;) {
        struct arena arena = {0};
        struct diag_list silent;
        diag_list_init(&silent, &arena);
        bool in_progress = true;
        int found = pg_is_alive(c) || pg_reconnect(c, &silent)
                        ? journal_find_batch(c, run, map, ordinal, backend_id, &in_progress)
                        : -1;
        arena_release(&arena);
        if (found == 1) return 1;
        if (found == 0 && !in_progress) return 0;
        if (now_ms() >= deadline) return -1;
        nanosleep(&(struct timespec){0, 200000000}, NULL);
    }
}

int pg_loader_commit_run(struct pg_connection *c, const struct journal_run *run, struct str map,
                         uint64_t ordinal) {
    int32_t backend_id = pg_backend_id(c);
    PGresult *r = PQexec(c->pg, "COMMIT");
    bool committed = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") == 0;
    if (!committed) pg_note_failure(c, r);
    PQclear(r);
    if (committed) return 1;
    if (c->failure.kind != PG_LOST) return 0;
    return ask_journal(c, run, map, ordinal, backend_id, IN_DOUBT_DEFAULT);
}

/* The connection broke during COMMIT. */
static enum load_status resolve_doubt(struct pg_loader *l, uint64_t ordinal, int32_t backend_id,
                                      struct load_result *result, struct diag_list *diags) {
    int32_t seconds = l->options.in_doubt_seconds > 0 ? l->options.in_doubt_seconds : IN_DOUBT_DEFAULT;
    l->stage_made = false;
    switch (ask_journal(l->connection, &l->run, l->map->name, ordinal, backend_id, seconds)) {
    case 1: l->state = LOADER_IDLE; return LOAD_OK;
    case 0:
        return fail_with(l, LOAD_LOST, result, PG_LOST,
                         "the connection broke before the batch was committed");
    default: break;
    }
    report_in_doubt(l, ordinal, diags);
    return fail_with(l, LOAD_IN_DOUBT, result, PG_LOST, "it is not known whether the batch was committed");
}

static enum load_status report_fenced(struct pg_loader *l, struct load_result *result,
                                      struct diag_list *diags) {
    char id[UUID_TEXT_SIZE];
    struct diag *d =
        diag_report(diags, X_PG_FENCED, pg_no_span(), "run %.*s is no longer this mig's to write",
                    STR_ARG(journal_uuid_text(l->run.id, id)));
    diag_help(diags, d,
              "Another mig has taken it over or ended it; this batch was not kept. See `mig status`.");
    return fail_with(l, LOAD_FENCED, result, PG_OTHER, "another mig has taken over the run");
}

static enum load_status commit_journaled(struct pg_loader *l, const struct journal_batch *batch,
                                         struct load_result *result, struct diag_list *diags) {
    struct pg_connection *c = l->connection;
    enum journal_write written = l->options.without_journal
                                     ? JOURNAL_WRITTEN
                                     : journal_write_batch(c, &l->run, l->map->name, batch, &l->load);
    switch (written) {
    case JOURNAL_WRITTEN: break;
    case JOURNAL_FENCED: return report_fenced(l, result, diags);
    case JOURNAL_WRITE_FAILED:
        /* The journal's own constraints are not the rows' fault. */
        if (c->failure.kind == PG_REFUSED) c->failure.kind = PG_OTHER;
        return loader_fail(l, result, diags);
    }
    if (l->options.in_run) {
        l->state = LOADER_IDLE;
        return LOAD_OK;
    }
    int32_t backend_id = pg_backend_id(c);
    PGresult *r = PQexec(c->pg, "COMMIT");
    bool committed = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") == 0;
    if (!committed) pg_note_failure(c, r);
    PQclear(r);
    if (committed) {
        l->state = LOADER_IDLE;
        return LOAD_OK;
    }
    if (c->failure.kind == PG_LOST) return resolve_doubt(l, batch->ordinal, backend_id, result, diags);
    return loader_fail(l, result, diags);
}

enum load_status pg_loader_commit(struct pg_loader *l, const struct journal_batch *batch,
                                  struct load_result *result, struct diag_list *diags) {
    result->refused_row = -1;
    if (!l->options.rehearse) return commit_journaled(l, batch, result, diags);
    if (!pg_exec(l->connection, "RELEASE SAVEPOINT mig_batch", NULL)) return loader_fail(l, result, diags);
    l->state = LOADER_IDLE;
    return LOAD_OK;
}

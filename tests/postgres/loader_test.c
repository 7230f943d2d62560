/* Loading without conflicts: transactions, journal rows, refused rows, lost connections. */
#include "tests/postgres/support.h"
#include "runtime/postgres/pg_internal.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct column_spec ITEMS[] = {
    {"id", TYPE_INT, "integer", WIRE_INT4, true, 0},
    {"name", TYPE_TEXT, "character varying(10)", WIRE_TEXT, false, 0},
    {"owner", TYPE_INT, "integer", WIRE_INT4, false, 0},
};

struct load {
    struct fixture *f;
    struct plan *plan;
    struct journal_run run;
    struct pg_loader *loader;
    struct load_result result;
};

static void open_load(struct load *l, struct fixture *f, const struct pg_loader_options *options) {
    *l = (struct load){.f = f, .plan = make_plan(f, "items", ITEMS, 3)};
    run_sql(f, "CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1);"
               "CREATE TABLE items (id int PRIMARY KEY, name varchar(10) CHECK (name <> 'bad'),"
               " owner int REFERENCES owners DEFERRABLE)");
    l->run = start_run(f, l->plan);
    l->loader = pg_loader_open(f->c, l->plan, 0, &l->run, options, &f->diags);
    assert_non_null(l->loader);
}

static struct encoded_rows some_rows(struct load *l, int32_t first, uint32_t count, uint32_t odd,
                                     const char *odd_name, int64_t odd_owner) {
    struct vm *vm = fake_vm_new(l->f, l->plan, count);
    for (uint32_t i = 0; i < count; i++) {
        fake_vm_set(vm, 0, i, int_value(first + (int64_t)i));
        fake_vm_set(vm, 1, i, text_value(i == odd ? odd_name : "fine"));
        fake_vm_set(vm, 2, i, int_value(i == odd ? odd_owner : 1));
    }
    return encode_all(l->f, l->plan, vm, count, (uint64_t)first, false);
}

static enum load_status send_rows(struct load *l, const struct encoded_rows *rows, uint32_t from,
                                  uint32_t to) {
    return pg_loader_send(l->loader, rows, from, to, &l->result, &l->f->diags);
}

static enum load_status end(struct load *l, uint64_t ordinal, uint64_t rows) {
    struct journal_batch batch = batch_of(ordinal, rows);
    enum load_status status = pg_loader_finish(l->loader, ordinal, &l->result, &l->f->diags);
    return status == LOAD_OK ? pg_loader_commit(l->loader, &batch, &l->result, &l->f->diags) : status;
}

static enum load_status load(struct load *l, struct encoded_rows rows, uint64_t ordinal) {
    enum load_status status = send_rows(l, &rows, 0, rows.count);
    if (status == LOAD_OK) status = end(l, ordinal, rows.count);
    encoded_rows_release(&rows);
    return status;
}

static void test_batches_and_journal(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    struct encoded_rows rows = some_rows(&l, 0, 10, 99, "", 0);
    assert_int_equal(send_rows(&l, &rows, 0, 4), LOAD_OK);
    assert_int_equal(send_rows(&l, &rows, 4, 10), LOAD_OK);
    assert_int_equal(end(&l, 0, 10), LOAD_OK);
    assert_int_equal(l.result.written, 10);
    assert_int_equal(load(&l, some_rows(&l, 10, 5, 99, "", 0), 1), LOAD_OK);
    pg_loader_close(l.loader);
    assert_answer(f, "SELECT count(*) FROM items", "15");
    assert_answer(
        f,
        "SELECT string_agg(concat_ws('/', map, ordinal, first_row, end_row, rows_in, written, updated,"
        " unchanged, rejected), ' ' ORDER BY ordinal) FROM mig.batch",
        "items/0/0/10/10/10/0/0/0 items/1/1000/1005/5/5/0/0/0");
    /* The rows carry their batch's transaction id. */
    assert_answer(f, "SELECT count(*) FROM items i JOIN mig.batch b ON b.xid::text = i.xmin::text", "15");
    encoded_rows_release(&rows);
}

static void test_checksum_is_a_sum(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    struct encoded_rows rows = some_rows(&l, 0, 3, 99, "", 0);
    unsigned __int128 sum = 0;
    for (uint32_t i = 0; i < 3; i++)
        sum += hash128_number(rows.hashes[i].row);
    assert_int_equal(send_rows(&l, &rows, 2, 3), LOAD_OK);
    assert_int_equal(send_rows(&l, &rows, 0, 2), LOAD_OK);
    assert_int_equal(end(&l, 0, 3), LOAD_OK);
    pg_loader_close(l.loader);
    char expected[40];
    snprintf(expected, sizeof expected, "\\x%016llx%016llx", (unsigned long long)(sum >> 64),
             (unsigned long long)sum);
    assert_answer(f, "SELECT row_sum FROM mig.batch", expected);
    encoded_rows_release(&rows);
}

static void test_refused_rows_are_named(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    assert_int_equal(load(&l, some_rows(&l, 0, 2000, 1234, "bad", 1), 0), LOAD_REFUSED);
    assert_int_equal(l.result.refused_row, 1234);
    assert_string_equal(l.result.failure.sqlstate, "23514");
    assert_int_equal(load(&l, some_rows(&l, 0, 10, 3, "much too long a name", 1), 0), LOAD_REFUSED);
    assert_int_equal(l.result.refused_row, 3);
    assert_int_equal(load(&l, some_rows(&l, 0, 10, 3, "fine", 77), 0), LOAD_REFUSED);
    assert_true(str_is(l.result.failure.constraint, "items_owner_fkey"));
    assert_int_equal(l.result.refused_row, -1);
    assert_answer(f, "SELECT count(*) FROM items", "0");
    assert_answer(f, "SELECT count(*) FROM mig.batch", "0");
    /* A unique violation in the middle of a buffer of rows names its row, too. */
    run_sql(f, "INSERT INTO items VALUES (517)");
    assert_int_equal(load(&l, some_rows(&l, 0, 2000, 9999, "", 1), 0), LOAD_REFUSED);
    assert_int_equal(l.result.refused_row, 517);
    assert_string_equal(l.result.failure.sqlstate, "23505");
    /* And the loader goes on. */
    assert_int_equal(load(&l, some_rows(&l, 1000, 2, 9, "", 1), 0), LOAD_OK);
    assert_answer(f, "SELECT count(*) FROM items", "3");
    pg_loader_close(l.loader);
    assert_int_equal(f->diags.items.count, 0);
}

static void test_deferred_constraint_speaks_at_commit(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    run_sql(f, "ALTER TABLE items ALTER CONSTRAINT items_owner_fkey DEFERRABLE INITIALLY DEFERRED");
    struct encoded_rows rows = some_rows(&l, 0, 3, 1, "x", 99);
    assert_int_equal(send_rows(&l, &rows, 0, 3), LOAD_OK);
    assert_int_equal(pg_loader_finish(l.loader, 0, &l.result, &f->diags), LOAD_OK);
    struct journal_batch batch = batch_of(0, 3);
    assert_int_equal(pg_loader_commit(l.loader, &batch, &l.result, &f->diags), LOAD_REFUSED);
    assert_answer(f, "SELECT count(*) FROM items", "0");
    assert_answer(f, "SELECT count(*) FROM mig.batch", "0");
    pg_loader_close(l.loader);
    encoded_rows_release(&rows);
}

static void test_rejects_and_crosswalk_ride_along(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    struct encoded_rows rows = some_rows(&l, 0, 2, 9, "", 0);
    struct journal_reject rejects[] = {{.row_ordinal = 7,
                                        .file = STR("a\tb.csv"),
                                        .line = 12,
                                        .fault = STR("R0106"),
                                        .message = STR("no\ndate \\N"),
                                        .raw = STR("\0\\x"),
                                        .expires_at = 811728000000000},
                                       {.row_ordinal = 8,
                                        .fault = STR("23505"),
                                        .message = STR("x"),
                                        .faults_json = STR("[{\"a\":\"\\\\\"}]")}};
    struct journal_crosswalk crosswalk[] = {{4, STR("\0k\\"), STR("[\"1\"]")}};
    struct journal_batch batch = batch_of(0, 4);
    batch.rejected = 2;
    batch.rejects = rejects;
    batch.reject_count = 2;
    batch.crosswalk = crosswalk;
    batch.crosswalk_count = 1;
    batch.crosswalk_expires_at = 811728000000000;
    assert_int_equal(send_rows(&l, &rows, 0, 2), LOAD_OK);
    assert_int_equal(pg_loader_finish(l.loader, 0, &l.result, &f->diags), LOAD_OK);
    assert_int_equal(pg_loader_commit(l.loader, &batch, &l.result, &f->diags), LOAD_OK);
    assert_answer(f,
                  "SELECT concat_ws('|', file, line, row_number, fault, message, raw, expires_at, batch)"
                  " FROM mig.quarantine WHERE row_ordinal = 7",
                  "a\tb.csv|12|R0106|no\ndate \\N|\\x005c78|2025-09-21 00:00:00+00|0");
    assert_answer(f, "SELECT faults->0->>'a' FROM mig.quarantine WHERE row_ordinal = 8", "\\");
    assert_answer(f, "SELECT concat_ws('|', key, columns, batch, seq) FROM mig.crosswalk",
                  "\\x006b5c|[\"1\"]|0|4");
    /* A batch in which every row was rejected has a journal row, too. */
    batch.ordinal = 1;
    batch.crosswalk_count = 0;
    assert_int_equal(pg_loader_finish(l.loader, 1, &l.result, &f->diags), LOAD_OK);
    assert_int_equal(pg_loader_commit(l.loader, &batch, &l.result, &f->diags), LOAD_OK);
    assert_answer(f, "SELECT count(*) || '/' || (SELECT count(*) FROM mig.quarantine) FROM mig.batch", "2/4");
    pg_loader_close(l.loader);
    encoded_rows_release(&rows);
}

static void test_same_batch_twice_is_refused(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    assert_int_equal(load(&l, some_rows(&l, 0, 2, 9, "", 0), 0), LOAD_OK);
    assert_int_equal(load(&l, some_rows(&l, 2, 2, 9, "", 0), 0), LOAD_FAILED);
    assert_answer(f, "SELECT count(*) FROM items", "2");
    pg_loader_close(l.loader);
    take_diags(f);
}

static void test_taken_over_run_is_fenced(void **state) {
    struct fixture *f = *state;
    struct load l;
    struct journal_run other;
    open_load(&l, f, NULL);
    struct pg_connection *c = pg_connect(test_url(), NULL, NULL, &f->diags);
    assert_true(journal_take_over(c, l.run.id, &other, &f->diags));
    assert_int_equal(other.fence, 2);
    pg_close(c);
    assert_int_equal(load(&l, some_rows(&l, 0, 2, 9, "", 0), 0), LOAD_FENCED);
    assert_true(has_code(f, X_PG_FENCED));
    assert_answer(f, "SELECT count(*) FROM items", "0");
    pg_loader_close(l.loader);
}

static void terminate(struct fixture *f, struct pg_connection *c) {
    struct pg_connection *killer = pg_connect(test_url(), NULL, NULL, &f->diags);
    struct buf sql = {0};
    buf_printf(&sql, "SELECT pg_terminate_backend(%d, 5000)", pg_backend_id(c));
    assert_true(pg_exec(killer, sql.ptr, &f->diags));
    buf_release(&sql);
    pg_close(killer);
}

struct cut {
    int socket;
};

static void *cut_reading(void *context) {
    struct cut *cut = context;
    usleep(200000);
    shutdown(cut->socket, SHUT_RD);
    return NULL;
}

static void test_lost_in_the_middle(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    struct encoded_rows rows = some_rows(&l, 0, 100, 999, "", 0);
    assert_int_equal(send_rows(&l, &rows, 0, 50), LOAD_OK);
    terminate(f, f->c);
    enum load_status status = send_rows(&l, &rows, 50, 100);
    if (status == LOAD_OK) status = end(&l, 0, 100);
    assert_int_equal(status, LOAD_LOST);
    assert_int_equal(load(&l, rows, 0), LOAD_OK); /* reconnects */
    assert_answer(f, "SELECT count(*) FROM items", "100");
    pg_loader_close(l.loader);
}

static void test_lost_before_commit(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, &(struct pg_loader_options){.in_doubt_seconds = 3});
    struct encoded_rows rows = some_rows(&l, 0, 5, 999, "", 0);
    assert_int_equal(send_rows(&l, &rows, 0, 5), LOAD_OK);
    assert_int_equal(pg_loader_finish(l.loader, 0, &l.result, &f->diags), LOAD_OK);
    terminate(f, f->c);
    struct journal_batch batch = batch_of(0, 5);
    assert_int_equal(pg_loader_commit(l.loader, &batch, &l.result, &f->diags), LOAD_LOST);
    assert_int_equal(load(&l, rows, 0), LOAD_OK);
    assert_answer(f, "SELECT count(*) FROM items", "5");
    pg_loader_close(l.loader);
}

/* The server takes the COMMIT, but the answer never arrives: a deferred trigger ends the session's client
 * side. */
static void test_commit_in_doubt_is_looked_up(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, &(struct pg_loader_options){.in_doubt_seconds = 5});
    run_sql(f,
            "CREATE FUNCTION kill_self() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$;"
            "CREATE CONSTRAINT TRIGGER k AFTER INSERT ON mig.batch DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
            " EXECUTE FUNCTION kill_self()");
    assert_int_equal(load(&l, some_rows(&l, 0, 5, 999, "", 0), 0), LOAD_LOST);
    run_sql(f, "DROP TRIGGER k ON mig.batch");
    assert_answer(f, "SELECT count(*) FROM items", "0");
    assert_int_equal(load(&l, some_rows(&l, 0, 5, 999, "", 0), 0), LOAD_OK);
    pg_loader_close(l.loader);
}

/* The COMMIT arrives, its answer does not: our side of the socket is closed for reading. */
static void test_commit_whose_answer_is_lost(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, &(struct pg_loader_options){.in_doubt_seconds = 5});
    run_sql(f, "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); "
               "RETURN NULL;"
               " END $$; CREATE CONSTRAINT TRIGGER w AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED FOR "
               "EACH ROW"
               " EXECUTE FUNCTION wait()");
    struct encoded_rows rows = some_rows(&l, 0, 1, 999, "", 0);
    assert_int_equal(send_rows(&l, &rows, 0, 1), LOAD_OK);
    assert_int_equal(pg_loader_finish(l.loader, 0, &l.result, &f->diags), LOAD_OK);
    struct journal_batch batch = batch_of(0, 1);
    /* Whoever writes the journal needs answers; so the cut comes from a thread, while COMMIT waits for the
     * trigger. */
    struct cut cut = {PQsocket(f->c->pg)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cut_reading, &cut), 0);
    assert_int_equal(pg_loader_commit(l.loader, &batch, &l.result, &f->diags), LOAD_OK);
    pthread_join(thread, NULL);
    assert_answer(f, "SELECT count(*) FROM items", "1");
    assert_answer(f, "SELECT count(*) FROM mig.batch", "1");
    pg_loader_close(l.loader);
    encoded_rows_release(&rows);
}

static void test_abort_leaves_copy_mode(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    struct encoded_rows rows = some_rows(&l, 0, 5, 999, "", 0);
    assert_int_equal(send_rows(&l, &rows, 0, 5), LOAD_OK);
    pg_loader_abort(l.loader, "the source failed");
    assert_answer(f, "SELECT count(*) FROM items", "0");
    assert_int_equal(send_rows(&l, &rows, 0, 5), LOAD_OK);
    pg_loader_close(l.loader);
    assert_answer(f, "SELECT count(*) FROM items", "0");
    encoded_rows_release(&rows);
}

static void test_dropping_trigger_is_an_error(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    run_sql(f, "CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 2 THEN "
               "RETURN NULL;"
               " END IF; RETURN NEW; END $$; CREATE TRIGGER d BEFORE INSERT ON items FOR EACH ROW EXECUTE "
               "FUNCTION drop_row()");
    assert_int_equal(load(&l, some_rows(&l, 0, 5, 999, "", 0), 0), LOAD_FAILED);
    assert_true(has_code(f, X_PG_ROW_COUNT));
    assert_answer(f, "SELECT count(*) FROM items", "0");
    pg_loader_close(l.loader);
}

static void test_missing_table_and_rights(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, NULL);
    run_sql(f, "ALTER TABLE items RENAME TO elsewhere");
    assert_int_equal(load(&l, some_rows(&l, 0, 1, 9, "", 0), 0), LOAD_FAILED);
    assert_true(has_code(f, X_PG_MISSING));
    run_sql(f, "ALTER TABLE elsewhere RENAME TO items; DROP ROLE IF EXISTS loader; CREATE ROLE loader; SET "
               "ROLE loader");
    assert_int_equal(load(&l, some_rows(&l, 0, 1, 9, "", 0), 0), LOAD_FAILED);
    assert_true(has_code(f, X_PG_PERMISSION));
    pg_loader_close(l.loader);
    run_sql(f, "RESET ROLE");
    take_diags(f);
}

static void test_rehearsal_leaves_nothing(void **state) {
    struct fixture *f = *state;
    struct load l;
    open_load(&l, f, &(struct pg_loader_options){.rehearse = true});
    assert_true(pg_begin(f->c, &f->diags));
    assert_int_equal(load(&l, some_rows(&l, 0, 5, 99, "", 1), 0), LOAD_OK);
    assert_int_equal(load(&l, some_rows(&l, 5, 5, 2, "bad", 1), 1), LOAD_REFUSED);
    assert_int_equal(l.result.refused_row, 2);
    assert_int_equal(load(&l, some_rows(&l, 5, 5, 99, "", 1), 1), LOAD_OK);
    assert_answer(f, "SELECT count(*) FROM items", "10");
    pg_loader_close(l.loader);
    pg_rollback(f->c);
    assert_answer(f, "SELECT count(*) FROM items", "0");
    assert_answer(f, "SELECT count(*) FROM mig.batch", "0");
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_batches_and_journal),
        CASE(test_checksum_is_a_sum),
        CASE(test_refused_rows_are_named),
        CASE(test_deferred_constraint_speaks_at_commit),
        CASE(test_rejects_and_crosswalk_ride_along),
        CASE(test_same_batch_twice_is_refused),
        CASE(test_taken_over_run_is_fenced),
        CASE(test_lost_in_the_middle),
        CASE(test_lost_before_commit),
        CASE(test_commit_in_doubt_is_looked_up),
        CASE(test_commit_whose_answer_is_lost),
        CASE(test_abort_leaves_copy_mode),
        CASE(test_dropping_trigger_is_an_error),
        CASE(test_missing_table_and_rights),
        CASE(test_rehearsal_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

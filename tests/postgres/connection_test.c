/* Connecting, statements, errors and what they never show. */
#include "tests/postgres/support.h"

static void test_name_hides_password(void **state) {
    struct fixture *f = *state;
    struct str name =
        pg_url_without_password(&f->arena, STR("postgresql://bo:s3cr3t@db.test:5433/portal?sslmode=require"));
    assert_true(str_is(name, "postgresql://bo@db.test:5433/portal"));
    name = pg_url_without_password(&f->arena, STR("host=/tmp user=bo password=s3cr3t dbname=x"));
    assert_true(str_is(name, "postgresql://bo@/x?host=/tmp"));
    name = pg_url_without_password(&f->arena, STR("http://s3cr3t"));
    assert_true(str_is(name, "the connection URL"));
}

static void expect_no_connection(struct fixture *f, const char *url, enum pg_error kind, enum diag_code code,
                                 const char *word) {
    enum pg_error error;
    struct pg_connection *c =
        pg_connect(str_cstr(url), &(struct pg_options){.connect_timeout_seconds = 3}, &error, &f->diags);
    assert_null(c);
    assert_int_equal(error, kind);
    assert_true(has_code(f, code));
    const char *text = take_diags(f);
    assert_non_null(strstr(text, word));
    assert_null(strstr(text, "s3cr3t"));
}

static void test_connect_errors(void **state) {
    struct fixture *f = *state;
    expect_no_connection(f, "", PG_BAD_URL, X_PG_URL, "empty");
    expect_no_connection(f, "postgresql://bo:s3cr3t@/x?nonsense=1", PG_BAD_URL, X_PG_URL, "cannot be read");
    expect_no_connection(f, "postgresql://bo:s3cr3t@127.0.0.1:1/x", PG_UNREACHABLE, X_PG_UNREACHABLE,
                         "postgresql://bo@127.0.0.1:1/x");
    const char *host = getenv("PGHOST");
    const char *url = arena_printf(&f->arena, "postgresql://tester:s3cr3t@/nowhere?host=%s", host).ptr;
    expect_no_connection(f, url, PG_NO_DATABASE, X_PG_NO_DATABASE, "nowhere");
    url = arena_printf(&f->arena, "postgresql://nobody_here:s3cr3t@/postgres?host=%s", host).ptr;
    expect_no_connection(f, url, PG_AUTH, X_PG_AUTH, "nobody_here");
}

static void test_wrong_password(void **state) {
    struct fixture *f = *state;
    run_sql(f, "DROP ROLE IF EXISTS locked; SET password_encryption = 'scram-sha-256';"
               "CREATE ROLE locked LOGIN PASSWORD 'right'");
    const char *file = ask(f, "SHOW hba_file");
    run_sql(
        f, arena_printf(&f->arena,
                        "COPY (SELECT unnest(ARRAY['local all locked scram-sha-256', 'local all all trust']))"
                        " TO '%s'",
                        file)
               .ptr);
    run_sql(f, "SELECT pg_reload_conf(); SELECT pg_sleep(0.3)");
    const char *host = getenv("PGHOST");
    const char *url = arena_printf(&f->arena, "postgresql://locked:s3cr3t@/postgres?host=%s", host).ptr;
    expect_no_connection(f, url, PG_AUTH, X_PG_AUTH, "password authentication failed");
    url = arena_printf(&f->arena, "postgresql://locked@/postgres?host=%s", host).ptr;
    expect_no_connection(f, url, PG_AUTH, X_PG_AUTH, "no password supplied");
    url = arena_printf(&f->arena, "postgresql://locked:right@/postgres?host=%s", host).ptr;
    struct pg_connection *c = pg_connect(str_cstr(url), NULL, NULL, &f->diags);
    assert_non_null(c);
    pg_close(c);
}

static void test_session_settings(void **state) {
    struct fixture *f = *state;
    assert_answer(f, "SHOW TimeZone", "UTC");
    assert_answer(f, "SHOW lock_timeout", "10s");
    assert_answer(f, "SHOW row_security", "off");
    assert_answer(f, "SHOW client_encoding", "UTF8");
    assert_answer(f, "SHOW application_name", "mig");
    assert_answer(f, "SHOW search_path", "\"$user\", public");
}

static void test_role_named_mig(void **state) {
    struct fixture *f = *state;
    run_sql(f, "DROP ROLE IF EXISTS mig; CREATE ROLE mig LOGIN");
    const char *url = arena_printf(&f->arena, "postgresql://mig@/postgres?host=%s", getenv("PGHOST")).ptr;
    struct pg_connection *c = pg_connect(str_cstr(url), NULL, NULL, &f->diags);
    assert_non_null(c);
    struct pg_result *r = pg_query(c, "SHOW search_path", NULL, 0, &f->diags);
    assert_true(str_is(pg_result_text(r, 0, 0), "public"));
    pg_result_free(r);
    pg_close(c);
}

static void test_parameters_and_results(void **state) {
    struct fixture *f = *state;
    struct str params[] = {STR("4"), STR("it's \\ \"x\""), {0}};
    struct pg_result *r =
        pg_query(f->c, "SELECT $1::int + 1 AS a, $2::text AS b, $3::text AS c", params, 3, &f->diags);
    assert_non_null(r);
    assert_int_equal(pg_result_int(r, 0, 0), 5);
    assert_true(str_is(pg_result_text(r, 0, 1), "it's \\ \"x\""));
    assert_true(pg_result_is_null(r, 0, 2));
    assert_true(str_is(pg_result_column_name(r, 1), "b"));
    pg_result_free(r);
    struct buf sql = {0};
    buf_append_cstr(&sql, "SELECT ");
    pg_append_literal(&sql, STR("a'b\\c"));
    buf_append_cstr(&sql, " AS ");
    pg_append_identifier(&sql, STR("we\"ird name"));
    assert_answer(f, sql.ptr, "a'b\\c");
    buf_release(&sql);
}

static const struct pg_failure *fail_sql(struct fixture *f, const char *sql) {
    assert_false(pg_exec(f->c, sql, &f->diags));
    return pg_last_failure(f->c);
}

static void test_errors_hide_values(void **state) {
    struct fixture *f = *state;
    run_sql(f, "CREATE TABLE people (email text UNIQUE, age int CHECK (age > 0), name varchar(3))");
    run_sql(f, "INSERT INTO people VALUES ('bo@acme.test', 3, 'Bo')");
    const struct pg_failure *e = fail_sql(f, "INSERT INTO people VALUES ('bo@acme.test', 3, 'Bo')");
    assert_int_equal(e->kind, PG_REFUSED);
    assert_string_equal(e->sqlstate, "23505");
    assert_true(str_is(e->constraint, "people_email_key"));
    fail_sql(f, "INSERT INTO people VALUES ('bo@acme.test', -3, 'Bo')");
    fail_sql(f, "SELECT 'bo@acme.test'::int");
    fail_sql(f, "SELECT 'bo@acme.test'::date");
    fail_sql(f, "DO $$ BEGIN RAISE EXCEPTION 'bad mail bo@acme.test'; END $$");
    fail_sql(f, "DO $$ BEGIN RAISE EXCEPTION 'bad mail bo@acme.test' USING ERRCODE = '23514', HINT = "
                "'bo@acme.test'; END $$");
    const char *text = take_diags(f);
    assert_null(strstr(text, "bo@acme.test"));
    assert_non_null(strstr(text, "people_email_key"));
    assert_non_null(strstr(text, "[value]"));
    pg_connection_show_values(f->c, true);
    fail_sql(f, "DO $$ BEGIN RAISE EXCEPTION 'no mail'; END $$");
    assert_non_null(strstr(take_diags(f), "no mail"));
}

static void test_error_classes(void **state) {
    struct fixture *f = *state;
    assert_int_equal(fail_sql(f, "SELECT * FROM nowhere")->kind, PG_MISSING);
    assert_int_equal(fail_sql(f, "SELECT nothing FROM pg_class")->kind, PG_MISSING);
    assert_int_equal(fail_sql(f, "SELEKT")->kind, PG_OTHER);
    assert_true(has_code(f, X_PG_MISSING) && has_code(f, X_PG_STATEMENT));
    run_sql(f, "CREATE TABLE held (a int); DROP ROLE IF EXISTS weak; CREATE ROLE weak; SET ROLE weak");
    assert_int_equal(fail_sql(f, "SELECT * FROM held")->kind, PG_PERMISSION);
    run_sql(f, "RESET ROLE");
    struct pg_connection *other = pg_connect(test_url(), NULL, NULL, &f->diags);
    assert_true(pg_exec(other, "BEGIN; LOCK TABLE held", &f->diags));
    run_sql(f, "SET lock_timeout = 50");
    assert_int_equal(fail_sql(f, "SELECT * FROM held")->kind, PG_TRANSIENT);
    pg_close(other);
    run_sql(f, "SET statement_timeout = 50");
    assert_int_equal(fail_sql(f, "SELECT pg_sleep(5)")->kind, PG_CANCELLED);
    take_diags(f);
}

static void test_loss_and_reconnect(void **state) {
    struct fixture *f = *state;
    struct pg_connection *other = pg_connect(test_url(), NULL, NULL, &f->diags);
    pg_execf(f->c, &f->diags, "SELECT pg_terminate_backend(%d)", pg_backend_id(other));
    assert_false(pg_exec(other, "SELECT 1", NULL));
    assert_int_equal(pg_last_failure(other)->kind, PG_LOST);
    assert_false(pg_is_alive(other));
    assert_true(pg_reconnect(other, &f->diags));
    assert_true(pg_exec(other, "SELECT 1", &f->diags));
    pg_close(other);
}

static void test_failed_transaction_does_not_commit(void **state) {
    struct fixture *f = *state;
    assert_true(pg_begin(f->c, &f->diags));
    fail_sql(f, "SELECT 1/0");
    assert_false(pg_commit(f->c, &f->diags));
    assert_answer(f, "SELECT 1", "1");
    take_diags(f);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_name_hides_password), CASE(test_connect_errors),
        CASE(test_wrong_password),      CASE(test_session_settings),
        CASE(test_role_named_mig),      CASE(test_parameters_and_results),
        CASE(test_errors_hide_values),  CASE(test_error_classes),
        CASE(test_loss_and_reconnect),  CASE(test_failed_transaction_does_not_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

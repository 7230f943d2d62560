/* The sandbox: start, use, stop, remove. Works as root and as anybody. */
#include "tests/postgres/support.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    struct arena arena;
    struct diag_list diags;
    char root[64];
    struct str dir;
};

static int place_setup(void **state) {
    struct place *p = memory_zalloc(sizeof *p);
    diag_list_init(&p->diags, &p->arena);
    snprintf(p->root, sizeof p->root, "/tmp/mig-sandbox-test-XXXXXX");
    if (mkdtemp(p->root) == NULL || chmod(p->root, 0755) != 0) return -1;
    p->dir = arena_printf(&p->arena, "%s/with a blank/box", p->root);
    *state = p;
    return 0;
}

static int place_teardown(void **state) {
    struct place *p = *state;
    sandbox_remove(&p->arena, p->dir, &p->diags);
    rmdir(arena_printf(&p->arena, "%s/with a blank", p->root).ptr);
    rmdir(p->root);
    arena_release(&p->arena);
    free(p);
    return 0;
}

static void show(struct place *p) {
    struct buf out = {0};
    diag_list_render_text(&p->diags, false, 0, &out);
    if (out.len) fprintf(stderr, "%s", out.ptr);
    buf_release(&out);
}

static void start(struct place *p, struct sandbox *box) {
    bool ok = sandbox_start(&p->arena, p->dir, box, &p->diags);
    show(p);
    assert_true(ok);
    assert_true(box->running && box->exists && box->pid > 0);
}

static void use(struct place *p, const struct sandbox *box, const char *sql, const char *expected) {
    struct pg_connection *c = pg_connect(box->url, NULL, NULL, &p->diags);
    show(p);
    assert_non_null(c);
    struct pg_result *r = pg_query(c, sql, NULL, 0, &p->diags);
    assert_non_null(r);
    if (expected) assert_true(str_is(pg_result_text(r, 0, 0), expected));
    pg_result_free(r);
    pg_close(c);
}

static void test_life(void **state) {
    struct place *p = *state;
    struct sandbox box, again;
    assert_true(sandbox_status(&p->arena, p->dir, &box, &p->diags));
    assert_false(box.exists || box.running);
    start(p, &box);
    use(p, &box, "CREATE TABLE kept AS SELECT 42 AS n", NULL);
    use(p, &box, "SHOW listen_addresses", "");
    use(p, &box, "SHOW server_encoding", "UTF8");
    start(p, &again);
    assert_int_equal(again.pid, box.pid);
    assert_true(sandbox_stop(&p->arena, p->dir, &p->diags));
    assert_true(sandbox_status(&p->arena, p->dir, &box, &p->diags));
    assert_true(box.exists && !box.running && box.pid == 0);
    assert_true(sandbox_stop(&p->arena, p->dir, &p->diags));
    start(p, &box);
    use(p, &box, "SELECT n FROM kept", "42");
    struct stat st;
    assert_int_equal(stat(arena_copy_cstr(&p->arena, box.socket_dir), &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    assert_true(sandbox_remove(&p->arena, p->dir, &p->diags));
    assert_int_not_equal(access(arena_copy_cstr(&p->arena, p->dir), F_OK), 0);
}

static void test_long_path(void **state) {
    struct place *p = *state;
    struct str short_dir = p->dir;
    p->dir = arena_printf(&p->arena, "%.*s-%0120d", STR_ARG(short_dir), 1);
    struct sandbox box;
    start(p, &box);
    assert_true(box.socket_dir.len < 60);
    use(p, &box, "SELECT 1", "1");
    assert_true(sandbox_stop(&p->arena, p->dir, &p->diags));
    start(p, &box);
    use(p, &box, "SELECT 1", "1");
    assert_true(sandbox_remove(&p->arena, p->dir, &p->diags));
    assert_int_not_equal(access(arena_copy_cstr(&p->arena, box.socket_dir), F_OK), 0);
    p->dir = short_dir;
}

static void test_crashed_server_starts_again(void **state) {
    struct place *p = *state;
    struct sandbox box;
    start(p, &box);
    assert_int_equal(kill((pid_t)box.pid, SIGKILL), 0);
    usleep(300000);
    start(p, &box);
    use(p, &box, "SELECT 1", "1");
}

static void test_foreign_folder_is_not_removed(void **state) {
    struct place *p = *state;
    assert_false(sandbox_remove(&p->arena, str_cstr(p->root), &p->diags));
    assert_int_equal(access(p->root, F_OK), 0);
}

static void test_no_programs(void **state) {
    struct place *p = *state;
    struct sandbox box;
    setenv("MIG_PG_BIN", "/nowhere", 1);
    bool ok = sandbox_start(&p->arena, p->dir, &box, &p->diags);
    unsetenv("MIG_PG_BIN");
    assert_false(ok);
    assert_int_equal(p->diags.items.items[0]->code, X_PG_NO_SERVER);
}

static void test_default_folder(void **state) {
    struct place *p = *state;
    setenv("MIG_SANDBOX", "/srv/box", 1);
    assert_true(str_is(sandbox_default_dir(&p->arena), "/srv/box"));
    unsetenv("MIG_SANDBOX");
    assert_true(sandbox_default_dir(&p->arena).ptr[0] == '/');
}

int main(void) {
    struct arena arena = {0};
    bool installed = sandbox_find_programs(&arena).len > 0;
    arena_release(&arena);
    if (!installed) return 77;
#define CASE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {CASE(test_life),
                                       CASE(test_long_path),
                                       CASE(test_crashed_server_starts_again),
                                       CASE(test_foreign_folder_is_not_removed),
                                       CASE(test_no_programs),
                                       CASE(test_default_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

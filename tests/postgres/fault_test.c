/* The server dies in the middle of a load: an error that says so, nothing half done, and the same rows load
 * again. */
#include "tests/postgres/support.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct column_spec ITEMS[] = {{"id", TYPE_INT, "integer", WIRE_INT4, true, 0},
                                           {"name", TYPE_TEXT, "text", WIRE_TEXT, false, 0}};
enum { ROWS = 2000 };

struct scene {
    struct fixture f;
    struct str dir;
    char root[64];
    struct sandbox box;
};

static int scene_setup(void **state) {
    struct scene *s = memory_zalloc(sizeof *s);
    diag_list_init(&s->f.diags, &s->f.arena);
    snprintf(s->root, sizeof s->root, "/tmp/mig-fault-test-XXXXXX");
    if (mkdtemp(s->root) == NULL || chmod(s->root, 0755) != 0) return -1;
    s->dir = arena_printf(&s->f.arena, "%s/box", s->root);
    if (!sandbox_start(&s->f.arena, s->dir, &s->box, &s->f.diags)) return -1;
    s->f.c = pg_connect(s->box.url, NULL, NULL, &s->f.diags);
    *state = s;
    return s->f.c ? 0 : -1;
}

static int scene_teardown(void **state) {
    struct scene *s = *state;
    pg_close(s->f.c);
    sandbox_remove(&s->f.arena, s->dir, &s->f.diags);
    rmdir(s->root);
    arena_release(&s->f.arena);
    free(s);
    return 0;
}

static struct encoded_rows make_rows(struct fixture *f, const struct plan *plan) {
    struct vm *vm = fake_vm_new(f, plan, ROWS);
    char *filler = arena_zalloc(&f->arena, 2001);
    memset(filler, 'x', 2000);
    for (uint32_t i = 0; i < ROWS; i++) {
        fake_vm_set(vm, 0, i, int_value(i));
        fake_vm_set(vm, 1, i, text_value(filler));
    }
    return encode_all(f, plan, vm, ROWS, 0, false);
}

static void test_killed_in_the_middle_of_copy(void **state) {
    struct scene *s = *state;
    struct fixture *f = &s->f;
    struct plan *plan = make_plan(f, "items", ITEMS, 2);
    run_sql(f, "CREATE TABLE items (id int PRIMARY KEY, name text)");
    struct journal_run run = start_run(f, plan);
    struct encoded_rows rows = make_rows(f, plan);
    struct pg_loader *l = pg_loader_open(f->c, plan, 0, &run, NULL, &f->diags);
    struct load_result result;
    assert_int_equal(pg_loader_send(l, &rows, 0, ROWS / 2, &result, &f->diags), LOAD_OK);
    assert_int_equal(kill((pid_t)s->box.pid, SIGKILL), 0); /* the postmaster; its children follow */
    kill((pid_t)pg_backend_id(f->c), SIGKILL);
    usleep(200000);
    enum load_status status = pg_loader_send(l, &rows, ROWS / 2, ROWS, &result, &f->diags);
    if (status == LOAD_OK) status = pg_loader_finish(l, 0, &result, &f->diags);
    assert_int_equal(status, LOAD_LOST);
    assert_int_equal(result.failure.kind, PG_LOST);
    /* While the server is away the loader says so. */
    assert_int_equal(pg_loader_send(l, &rows, 0, ROWS, &result, &f->diags), LOAD_FAILED);
    assert_true(has_code(f, X_PG_UNREACHABLE));
    take_diags(f);
    assert_true(sandbox_start(&f->arena, s->dir, &s->box, &f->diags));
    assert_int_equal(pg_loader_send(l, &rows, 0, ROWS, &result, &f->diags), LOAD_OK);
    assert_int_equal(pg_loader_finish(l, 0, &result, &f->diags), LOAD_OK);
    struct journal_batch batch = batch_of(0, ROWS);
    status = pg_loader_commit(l, &batch, &result, &f->diags);
    if (status != LOAD_OK) fprintf(stderr, "%s", take_diags(f));
    assert_int_equal(status, LOAD_OK);
    assert_answer(f, "SELECT count(*) || '/' || (SELECT count(*) FROM mig.batch) FROM items", "2000/1");
    pg_loader_close(l);
    encoded_rows_release(&rows);
}

int main(void) {
    struct arena arena = {0};
    bool installed = sandbox_find_programs(&arena).len > 0;
    arena_release(&arena);
    if (!installed) return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_in_the_middle_of_copy, scene_setup, scene_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

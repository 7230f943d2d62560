/* Shared parts of the tests of runtime/postgres. */
#include "tests/postgres/support.h"
#include "runtime/value/decimal.h"

struct str test_url(void) {
    const char *url = getenv("MIG_TEST_PG_URL");
    if (url == NULL || url[0] == '\0') {
        fprintf(stderr, "MIG_TEST_PG_URL is not set: run this below tests/pg/with_postgres.sh\n");
        exit(77);
    }
    return str_cstr(url);
}

int fixture_setup(void **state) {
    struct fixture *f = memory_zalloc(sizeof *f);
    diag_list_init(&f->diags, &f->arena);
    f->c = pg_connect(test_url(), NULL, NULL, &f->diags);
    if (f->c == NULL) return -1;
    run_sql(f, "DROP SCHEMA IF EXISTS mig CASCADE; DROP SCHEMA IF EXISTS portal CASCADE;"
               "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE SCHEMA portal;"
               "GRANT USAGE ON SCHEMA public TO PUBLIC;"
               "CREATE TYPE portal.mood AS ENUM ('sad', 'ok', 'happy')");
    *state = f;
    return 0;
}

int fixture_teardown(void **state) {
    struct fixture *f = *state;
    pg_close(f->c);
    arena_release(&f->arena);
    free(f);
    return 0;
}

void run_sql(struct fixture *f, const char *sql) {
    if (pg_exec(f->c, sql, &f->diags)) return;
    fprintf(stderr, "%s\n%s\n", sql, take_diags(f));
    fail();
}

const char *ask(struct fixture *f, const char *sql) {
    struct pg_result *r = pg_query(f->c, sql, NULL, 0, &f->diags);
    if (r == NULL) {
        fprintf(stderr, "%s\n%s\n", sql, take_diags(f));
        fail();
    }
    const char *text = "no row";
    if (pg_result_rows(r))
        text = pg_result_is_null(r, 0, 0) ? "NULL" : arena_copy_cstr(&f->arena, pg_result_text(r, 0, 0));
    pg_result_free(r);
    return text;
}

const char *take_diags(struct fixture *f) {
    struct buf out = {0};
    diag_list_render_text(&f->diags, false, 0, &out);
    const char *text = arena_copy_cstr(&f->arena, buf_str(&out));
    buf_release(&out);
    diag_list_init(&f->diags, &f->arena);
    return text;
}

bool has_code(const struct fixture *f, enum diag_code code) {
    for (uint32_t i = 0; i < f->diags.items.count; i++)
        if (f->diags.items.items[i]->code == code) return true;
    return false;
}

/* -- plans */

static struct plan_type type_of(const struct column_spec *spec) {
    return (struct plan_type){
        .kind = (uint8_t)spec->kind, .nullable = !spec->not_null, .element = (uint8_t)spec->element};
}

struct plan *make_plan(struct fixture *f, const char *table, const struct column_spec *columns,
                       uint32_t count) {
    struct arena *a = &f->arena;
    struct plan *plan = ARENA_NEW(a, struct plan);
    plan->migration = STR("test");
    static struct plan_text labels[] = {{STR("sad")}, {STR("ok")}, {STR("happy")}};
    plan->enums = ARENA_NEW(a, struct plan_enum);
    plan->enums_count = 1;
    plan->enums[0] = (struct plan_enum){STR("portal"), STR("mood"), labels, 3};
    struct plan_target_table *t = ARENA_NEW(a, struct plan_target_table);
    t->schema = STR("public");
    t->name = str_cstr(table);
    t->columns = ARENA_ARRAY(a, struct plan_target_column, count);
    t->columns_count = count;
    struct plan_program *program = ARENA_NEW(a, struct plan_program);
    program->regs = ARENA_ARRAY(a, struct plan_type, count);
    program->regs_count = count;
    program->outputs = ARENA_ARRAY(a, struct plan_output, count);
    program->outputs_count = count;
    struct plan_map *map = ARENA_NEW(a, struct plan_map);
    map->name = str_cstr(table);
    map->target_table = 1;
    map->columns = ARENA_ARRAY(a, uint32_t, count);
    map->columns_count = count;
    for (uint32_t i = 0; i < count; i++) {
        t->columns[i] = (struct plan_target_column){.name = str_cstr(columns[i].name),
                                                    .type = type_of(&columns[i]),
                                                    .pg_type = str_cstr(columns[i].pg_type),
                                                    .wire = (uint8_t)columns[i].wire,
                                                    .not_null = columns[i].not_null};
        program->regs[i] = t->columns[i].type;
        program->outputs[i] = (struct plan_output){.role = OUT_COLUMN, .index = i, .reg = i};
        map->columns[i] = i;
    }
    t->keys = ARENA_NEW(a, struct plan_target_key);
    t->keys_count = 1;
    t->keys[0] = (struct plan_target_key){
        .name = STR("pkey"), .columns = ARENA_ARRAY(a, uint32_t, 1), .columns_count = 1, .primary = 1};
    plan->target = (struct plan_target){.name = STR("portal"), .tables = t, .tables_count = 1};
    plan->programs = program;
    plan->programs_count = 1;
    plan->maps = map;
    plan->maps_count = 1;
    return plan;
}

/* -- registers */

struct vm {
    struct vm_register *registers;
    const struct plan_program *program;
};

struct vm *fake_vm_new(struct fixture *f, const struct plan *plan, uint32_t rows) {
    struct vm *vm = ARENA_NEW(&f->arena, struct vm);
    vm->program = &plan->programs[0];
    vm->registers = ARENA_ARRAY(&f->arena, struct vm_register, vm->program->regs_count);
    for (uint32_t i = 0; i < vm->program->regs_count; i++) {
        size_t size = type_kind_size(vm->program->regs[i].kind);
        vm->registers[i].data = arena_zalloc(&f->arena, (size ? size : 1) * rows);
        vm->registers[i].state = ARENA_ARRAY(&f->arena, uint8_t, rows);
        vm->registers[i].clean = true;
    }
    return vm;
}

void fake_vm_set(struct vm *vm, uint32_t reg, uint32_t row, struct value value) {
    struct vm_register *r = &vm->registers[reg];
    size_t size = type_kind_size(vm->program->regs[reg].kind);
    if (value.kind == TYPE_NULL) {
        r->state[row] = ROW_NULL;
        r->clean = false;
        return;
    }
    assert_int_equal(value.kind, vm->program->regs[reg].kind);
    r->state[row] = ROW_VALUE;
    memcpy((char *)r->data + size * row, &value.as_int, size);
}

void fake_vm_set_scalar(struct vm *vm, uint32_t reg, struct value value) {
    fake_vm_set(vm, reg, 0, value);
    vm->registers[reg].scalar = true;
}

const struct vm_register *vm_register_at(const struct vm *vm, uint32_t reg) {
    return &vm->registers[reg];
}

struct encoded_rows encode_all(struct fixture *f, const struct plan *plan, struct vm *vm, uint32_t rows,
                               uint64_t first, bool returning) {
    struct pg_row_encoder *e = pg_row_encoder_new(plan, &plan->maps[0], &plan->programs[0], returning);
    uint32_t *indexes = ARENA_ARRAY(&f->arena, uint32_t, rows);
    for (uint32_t i = 0; i < rows; i++)
        indexes[i] = i;
    struct encoded_rows out = {0};
    assert_true(pg_encode_rows(e, vm, indexes, rows, first, &out, &f->diags));
    assert_int_equal(out.count, rows);
    pg_row_encoder_free(e);
    return out;
}

/* -- runs */

struct journal_run start_run(struct fixture *f, const struct plan *plan) {
    static uint8_t number = 0;
    struct journal_run run = {0};
    number++;
    struct journal_run_start start = {
        .run_id = {{0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, number}},
        .migration = plan->migration,
        .version = 3,
        .environment = STR("test"),
        .mig_version = STR("0.1.0"),
        .who = STR("tester"),
        .host = STR("here"),
        .started_at = 811728000000000 + number};
    if (!journal_prepare(f->c, &f->diags) || !journal_start_run(f->c, &start, &run, &f->diags) ||
        !journal_start_step(f->c, &run, plan, 0, start.started_at, &f->diags)) {
        fprintf(stderr, "%s\n", take_diags(f));
        fail();
    }
    return run;
}

struct journal_batch batch_of(uint64_t ordinal, uint64_t rows) {
    return (struct journal_batch){.ordinal = ordinal,
                                  .first_row = ordinal * 1000,
                                  .end_row = ordinal * 1000 + rows,
                                  .first_place = STR("file.csv:1"),
                                  .last_place = STR("file.csv:9"),
                                  .in = rows};
}

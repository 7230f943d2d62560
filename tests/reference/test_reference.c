/* Random typed programs over nasty rows: the compiler with the virtual machine, and the reference evaluator,
 * must say the same about every row. A failure prints the program and the row, and the seed that makes it
 * again (MIG_SEED; MIG_PROGRAMS is the number of programs). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "runtime/value/convert.h"
#include "runtime/value/uuid.h"
#include "runtime/vm/keyed_table.h"
#include "tests/expr/world.h"
#include "tests/reference/generate.h"

enum { LINES = 6, ROWS = 24, CODES = 16 };

/* One program and what it runs over. */
struct trial {
    struct world world;
    struct random random;
    uint64_t seed;
    char types[LINES];
    struct str texts[LINES];
    struct tbinding *bindings[LINES];
    struct ref_code codes[CODES];
    uint32_t code_count;
    struct value params[3];
    struct run_values run;
    struct keyed_table *tables[8];
    struct ref_cell *cells; /* ROWS times the columns */
    uint32_t refused;       /* expressions that the checker refused (constants that always fail) */
};

/* ---------------------------------------------------------------- the world's constants */

static struct value text_value_of(const char *text) {
    return (struct value){.kind = TYPE_TEXT, .as_text = str_cstr(text)};
}

static struct value int_value_of(int64_t n) {
    return (struct value){.kind = TYPE_INT, .as_int = n};
}

static void add_code(struct trial *trial, const char *table, struct value first, struct value second,
                     struct value value) {
    struct checker *checker = &trial->world.checker;
    struct ref_code *code = &trial->codes[trial->code_count++];
    for (uint32_t i = 0; i < checker->codes.count; i++)
        if (str_is(checker->codes.items[i]->name, table)) code->table = checker->codes.items[i]->table;
    code->keys[0] = first;
    code->keys[1] = second;
    code->key_count = second.kind == TYPE_NULL ? 1 : 2;
    code->value = value;
}

static void add_codes(struct trial *trial) {
    struct value none = {.kind = TYPE_NULL}, truth = {.kind = TYPE_BOOL, .as_bool = 1};
    static const char *const keys[] = {"wip", "done", "open"};
    for (int i = 0; i < 3; i++)
        add_code(trial, "states", text_value_of(keys[i]), none,
                 (struct value){.kind = TYPE_ENUM, .as_int = i});
    add_code(trial, "labels", int_value_of(1), none, text_value_of("one"));
    add_code(trial, "labels", int_value_of(7), none, text_value_of("sev\xc3\xa9n"));
    struct value rate = {.kind = TYPE_DECIMAL, .as_decimal = {.lo = 150, .scale = 2}};
    add_code(trial, "rates", text_value_of("a"), int_value_of(1), rate);
    add_code(trial, "rates", text_value_of("a"), int_value_of(7), rate);
    add_code(trial, "strict", text_value_of("a"), none, truth);
}

/* Only what a program without maps needs stays in the plan: the code tables. */
static void reduce_world(struct trial *trial) {
    struct world *world = &trial->world;
    struct plan_builder *builder = world->checker.builder;
    builder->tables.count = world->checker.codes.count;
    for (uint32_t i = 0; i < world->checker.codes.count; i++) {
        struct checked_codes *codes = world->checker.codes.items[i];
        struct plan_keyed_table *table = &builder->tables.items[codes->table];
        table->keys = codes->keys.items;
        table->keys_count = codes->keys.count;
        table->columns = &codes->value;
        table->columns_count = 1;
        table->names = ARENA_NEW(&world->arena, struct plan_text);
        table->names->text = STR("value");
        table->names_count = 1;
    }
    world->checker.maps.count = 0;
    while (world->scope.names.count > 0 &&
           !str_is(world->scope.names.items[world->scope.names.count - 1].name, "t"))
        world->scope.names.count--;
    /* plan_code's constants: so that the tables are whole in the plan, too. */
    for (uint32_t i = 0; i < trial->code_count; i++) {
        const struct ref_code *code = &trial->codes[i];
        struct plan_keyed_table *table = &builder->tables.items[code->table];
        if (table->codes == NULL) table->codes = ARENA_ARRAY(&world->arena, struct plan_code, CODES);
        struct plan_code *line = &table->codes[table->codes_count++];
        line->keys = ARENA_ARRAY(&world->arena, uint32_t, 2);
        for (uint32_t k = 0; k < code->key_count; k++)
            line->keys[line->keys_count++] = plan_builder_const(builder, table->keys[k], &code->keys[k]);
        line->value = plan_builder_const(builder, table->columns[0], &code->value);
    }
}

static void begin_trial(struct trial *trial, uint64_t seed) {
    memset(trial, 0, sizeof *trial);
    trial->seed = seed;
    trial->random.state = seed * 0x2545f4914f6cdd1du + 99;
    world_init(&trial->world);
    world_add_fn(&trial->world,
                 "fn tidy(x text) text = squeeze(lower(trim(x)))\n"
                 "fn money(x text) decimal = decimal(replace(trim(x), ',', '')) on error use -1.0\n"
                 "fn safe(x text) int = int(x) on error use 0\n"
                 "fn opt(x text?) text = (x ?? 'none') || '!'\n"
                 "fn twice(x text) text = tidy(x) || tidy(x)\n");
    assert_int_equal(trial->world.diags.error_count, 0);
    add_codes(trial);
    reduce_world(trial);
    trial->params[0] = (struct value){.kind = TYPE_TIMESTAMPTZ, .as_int = INT64_C(811180800000000)};
    trial->params[1] = (struct value){.kind = TYPE_SECRET, .as_text = STR("hush")};
    trial->params[2] = seed % 2 ? (struct value){.kind = TYPE_NULL} : text_value_of("north");
    trial->run = (struct run_values){
        .params = trial->params, .started_at = INT64_C(811180800000001), .tables = trial->tables};
    trial->run.run_id.bytes[3] = 7;
}

static void end_trial(struct trial *trial) {
    for (size_t i = 0; i < sizeof trial->tables / sizeof *trial->tables; i++)
        if (trial->tables[i] != NULL) keyed_table_free(trial->tables[i]);
    free(trial->cells);
    world_release(&trial->world);
}

/* ---------------------------------------------------------------- making the program */

static void name_line(struct trial *trial, uint32_t line, struct texpr *expr) {
    struct world *world = &trial->world;
    struct tbinding *binding = ARENA_NEW(&world->arena, struct tbinding);
    binding->name = arena_printf(&world->arena, "x%u", line);
    binding->expr = expr;
    binding->reported = true;
    trial->bindings[line] = binding;
    struct scope_name name = {.name = binding->name, .kind = BIND_VALUE, .binding = binding, .is_let = true};
    VEC_PUSH(&world->arena, &world->scope.names, name);
}

static bool diag_is_expected(enum diag_code code) {
    return code == E_ALWAYS_FAILS || code == E_DIVISION_BY_ZERO || code == E_TOO_DEEP ||
           code == E_UNKNOWN_CODE;
}

static void make_line(struct trial *trial, uint32_t line) {
    struct buf text = {0};
    for (int attempt = 0;; attempt++) {
        buf_clear(&text);
        trial->types[line] = generate_expression(&trial->random, trial->types, line, &text);
        if (attempt > 50) {
            buf_clear(&text);
            buf_append_cstr(&text, "t.s");
            trial->types[line] = 't';
        }
        struct str copy = arena_copy_str(&trial->world.arena, buf_str(&text));
        struct texpr *expr = world_check(&trial->world, copy.ptr, NULL);
        struct diag_list *diags = &trial->world.diags;
        if (diags->error_count == 0 && (expr == NULL || expr->type.kind == TYPE_NONE))
            fail_msg("refused in silence: %s", copy.ptr);
        if (expr != NULL && diags->error_count == 0 && expr->type.kind != TYPE_NULL) {
            trial->texts[line] = copy;
            name_line(trial, line, expr);
            break;
        }
        for (uint32_t i = 0; i < diags->items.count; i++) {
            const struct diag *diag = diags->items.items[i];
            if (diag_code_severity(diag->code) == DIAG_ERROR && !diag_is_expected(diag->code))
                fail_msg("seed %llu: %s\n%s: %.*s", (unsigned long long)trial->seed, copy.ptr,
                         diag_code_id(diag->code), STR_ARG(diag->message));
        }
        trial->refused++;
    }
    buf_release(&text);
}

static uint32_t make_program(struct trial *trial) {
    for (uint32_t line = 0; line < LINES; line++)
        make_line(trial, line);
    struct emitter *emitter = emitter_new(trial->world.checker.builder);
    for (uint32_t line = 0; line < LINES; line++)
        emit_binding(emitter, trial->bindings[line]);
    for (uint32_t line = 0; line < LINES; line++) {
        struct texpr *bound = node_bound(&trial->world.scope, trial->bindings[line], (struct span){0});
        emit_output_value(emitter, OUT_VALUE, line, bound);
    }
    return emitter_finish(emitter);
}

static void fill_tables(struct trial *trial, const struct plan *plan) {
    struct buf key = {0};
    for (uint32_t i = 0; i < plan->tables_count; i++) {
        trial->tables[i] = keyed_table_new(plan, i, 1 << 20, STR("/tmp"));
        for (uint32_t c = 0; c < trial->code_count; c++) {
            const struct ref_code *code = &trial->codes[c];
            if (code->table != i) continue;
            buf_clear(&key);
            assert_true(keyed_table_encode(plan->tables[i].keys, code->keys, code->key_count, &key));
            assert_true(keyed_table_add(trial->tables[i], buf_str(&key), KEYED_PRESENT, &code->value,
                                        &trial->world.diags));
        }
    }
    buf_release(&key);
}

static void make_rows(struct trial *trial) {
    const struct checked_table *table = &trial->world.rows;
    trial->cells = memory_zalloc(sizeof *trial->cells * ROWS * table->columns.count);
    for (uint32_t row = 0; row < ROWS; row++)
        for (uint32_t c = 0; c < table->columns.count; c++)
            trial->cells[row * table->columns.count + c] = generate_cell(
                &trial->random, type_kind_letter((enum type_kind)table->columns.items[c].type.kind));
}

/* ---------------------------------------------------------------- comparing */

static struct str show_value(struct trial *trial, const struct value *value, struct plan_type type) {
    if (value->kind == TYPE_ARRAY)
        return value_format_array(&trial->world.arena, (enum type_kind)type.element, &value->as_array);
    return value_format(&trial->world.arena, value);
}

static void print_trial(const struct trial *trial, uint32_t row) {
    const struct checked_table *table = &trial->world.rows;
    fprintf(stderr, "MIG_SEED=%llu\n", (unsigned long long)trial->seed);
    for (uint32_t line = 0; line < LINES; line++)
        fprintf(stderr, "  x%u = %.*s\n", line, STR_ARG(trial->texts[line]));
    for (uint32_t c = 0; c < table->columns.count; c++) {
        const struct ref_cell *cell = &trial->cells[row * table->columns.count + c];
        struct str name = table->columns.items[c].name;
        fprintf(stderr, "  %.*s: %s%.*s\n", STR_ARG(name),
                cell->state == ROW_NULL    ? "null"
                : cell->state == ROW_ERROR ? "unreadable "
                                           : "",
                STR_ARG(cell->text));
    }
}

static const struct ref_report *ref_main_report(const struct ref_row *row) {
    for (uint32_t i = 0; i < row->reports.count; i++)
        if (row->reports.items[i].kind == row->outcome) return &row->reports.items[i];
    return NULL;
}

static uint32_t ref_count_warnings(const struct ref_row *row) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < row->reports.count; i++)
        count += row->reports.items[i].kind == OUTCOME_OK;
    return count;
}

/* A message of the spec's own must be the same; a standard one is the machine's business. */
static bool same_report(const struct row_report *got, const struct ref_report *want) {
    if (got->kind != want->kind) return false;
    if (got->kind == OUTCOME_REJECTED && got->fault != want->fault) return false;
    return want->message.len == 0 || str_eq(got->message, want->message);
}

static bool ref_has_report(const struct ref_row *row, const struct row_report *got) {
    for (uint32_t i = 0; i < row->reports.count; i++)
        if (same_report(got, &row->reports.items[i])) return true;
    return false;
}

static bool same_line(struct trial *trial, struct vm *vm, uint32_t reg, uint32_t row, uint32_t line,
                      const struct ref_row *ref) {
    struct plan_type type = trial->bindings[line]->expr->type;
    struct ref_value want = ref_eval_binding((struct ref_row *)ref, trial->bindings[line]);
    const struct vm_register *got = vm_register_at(vm, reg);
    enum row_state state = (enum row_state)got->state[got->scalar ? 0 : row];
    struct value value = vm_value_at(vm, reg, row);
    struct str got_text = state == ROW_VALUE ? show_value(trial, &value, type) : STR("");
    struct str want_text = want.state == ROW_VALUE ? show_value(trial, &want.value, type) : STR("");
    if (state == want.state && str_eq(got_text, want_text)) return true;
    fprintf(stderr, "x%u: the machine has state %d [%.*s], the reference %d [%.*s]\n", line, (int)state,
            STR_ARG(got_text), (int)want.state, STR_ARG(want_text));
    return false;
}

static bool same_outcome(struct vm *vm, uint32_t row, const struct ref_row *ref) {
    if (vm_row_outcome(vm, row) != ref->outcome) {
        const struct row_report *first = vm_first_report(vm, row);
        fprintf(stderr, "the machine's outcome is %d (%s: %.*s), the reference's %d\n",
                (int)vm_row_outcome(vm, row), first ? fault_id(first->fault) : "",
                first ? (int)first->message.len : 0, first ? first->message.ptr : "", (int)ref->outcome);
        return false;
    }
    if (ref->stopped) return true;
    if (vm_row_warnings(vm, row) != ref_count_warnings(ref)) {
        fprintf(stderr, "the machine warns %u times, the reference %u times\n", vm_row_warnings(vm, row),
                ref_count_warnings(ref));
        return false;
    }
    const struct row_report *report = vm_first_report(vm, row);
    const struct ref_report *want = ref_main_report(ref);
    if (want != NULL && ref->outcome == OUTCOME_REJECTED && !same_report(report, want)) {
        fprintf(stderr, "main report: the machine says %s %.*s, the reference %s %.*s\n",
                fault_id(report->fault), STR_ARG(report->message), fault_id(want->fault),
                STR_ARG(want->message));
        return false;
    }
    for (; report != NULL; report = vm_next_report(vm, report)) {
        if (ref_has_report(ref, report)) continue;
        fprintf(stderr, "the reference does not say %s %.*s\n", fault_id(report->fault),
                STR_ARG(report->message));
        return false;
    }
    return true;
}

static bool compare_row(struct trial *trial, struct vm *vm, const struct plan_program *program,
                        uint32_t row) {
    struct arena arena;
    arena_init(&arena);
    struct ref_row ref = {.arena = &arena,
                          .builder = trial->world.checker.builder,
                          .params = trial->params,
                          .codes = trial->codes,
                          .code_count = trial->code_count,
                          .run = &trial->run,
                          .unknown = OP_COUNT};
    ref.cells = trial->cells + row * trial->world.rows.columns.count;
    for (uint32_t line = 0; line < LINES && !ref.stopped; line++)
        ref_eval_binding(&ref, trial->bindings[line]);
    bool same = true;
    if (ref.unknown != OP_COUNT) {
        fprintf(stderr, "the reference evaluator does not know %s\n", OPCODES[ref.unknown].name);
        same = false;
    }
    same = same && same_outcome(vm, row, &ref);
    for (uint32_t i = 0; i < program->outputs_count && same && !ref.stopped; i++)
        same = same_line(trial, vm, program->outputs[i].reg, row, program->outputs[i].index, &ref);
    if (!same) print_trial(trial, row);
    arena_release(&arena);
    return same;
}

/* ---------------------------------------------------------------- running */

static void fill_batch(const struct trial *trial, struct row_batch *batch) {
    uint32_t columns = trial->world.rows.columns.count;
    batch->count = ROWS;
    for (uint32_t c = 0; c < columns; c++) {
        struct cell_column *column = &batch->columns[c];
        column->clean = false;
        for (uint32_t row = 0; row < ROWS; row++) {
            const struct ref_cell *cell = &trial->cells[row * columns + c];
            column->text[row] = cell->text;
            column->state[row] = (uint8_t)cell->state;
            if (column->kind != NULL) column->kind[row] = cell->state == ROW_ERROR ? CELL_BAD : CELL_TEXT;
        }
    }
}

static bool run_program(struct trial *trial, const struct plan *plan, const struct program_set *set,
                        uint32_t program) {
    struct row_batch batch;
    row_batch_init(&batch, trial->world.rows.columns.count);
    fill_batch(trial, &batch);
    const struct plan_program *code = &plan->programs[program];
    uint32_t *cell_columns = ARENA_ARRAY(&trial->world.arena, uint32_t, code->slots_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < code->slots_count; i++)
        if (code->slots[i].kind == SLOT_CELL) cell_columns[count++] = code->slots[i].column;
    struct vm *vm = vm_new(set, program);
    vm_begin(vm, &batch, ROWS, cell_columns, NULL, NULL);
    vm_run_pre(vm);
    vm_run_rest(vm);
    bool same = true;
    for (uint32_t row = 0; row < ROWS && same; row++)
        same = compare_row(trial, vm, code, row);
    vm_free(vm);
    row_batch_release(&batch);
    return same;
}

static bool run_trial(uint64_t seed, uint32_t *refused) {
    struct trial *trial = memory_alloc(sizeof *trial);
    begin_trial(trial, seed);
    uint32_t program = make_program(trial);
    make_rows(trial);
    struct plan *plan = plan_builder_finish(trial->world.checker.builder);
    diag_list_init(&trial->world.diags, &trial->world.arena);
    bool same = plan_verify(plan, &trial->world.diags);
    struct program_set *set = same ? program_set_new(plan, &trial->run, &trial->world.diags) : NULL;
    if (set != NULL) {
        fill_tables(trial, plan);
        same = run_program(trial, plan, set, program);
        program_set_free(set);
    } else {
        struct buf text = {0};
        diag_list_render_text(&trial->world.diags, false, 0, &text);
        fprintf(stderr, "%.*s", STR_ARG(buf_str(&text)));
        buf_release(&text);
        print_trial(trial, 0);
        same = false;
    }
    *refused += trial->refused;
    end_trial(trial);
    free(trial);
    return same;
}

static uint64_t setting(const char *name, uint64_t standard) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : standard;
}

static void test_programs(void **state) {
    (void)state;
    uint64_t first = setting("MIG_SEED", 1), count = setting("MIG_PROGRAMS", getenv("MIG_SEED") ? 1 : 1000);
    uint32_t wrong = 0, refused = 0;
    for (uint64_t i = 0; i < count && wrong < 5; i++)
        wrong += !run_trial(first + i, &refused);
    /* A generator whose expressions are mostly refused would test nothing. */
    assert_true(refused < count * LINES);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_programs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a typical program of twelve columns costs in the VM: ns a row for the whole and for each instruction.
 * Not a test; run it from a build with optimisation. The program: ids, names, dates as DD/MM/YYYY, decimals
 * with separators, statuses through a code table, a lookup, e-mails, a uuid5, a validation. */
#include "runtime/vm/vm_internal.h"
#include "tests/vm/program_builder.h"

#include <stdio.h>
#include <time.h>

enum { COLUMNS = 12, ROUNDS = 300 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t cell(struct program_builder *b, enum opcode op, enum type_kind kind, uint32_t column,
                     uint32_t template) {
    return builder_op(b, op, kind, 0, 0, 0, 0, builder_cell_slot(b, column), template);
}

static uint32_t on1(struct program_builder *b, enum opcode op, enum type_kind kind, uint32_t x) {
    return builder_op(b, op, kind, 0, x, 0, 0, 0, 0);
}

static uint32_t report(struct program_builder *b, uint32_t reg) {
    return on1(b, OP_REPORT, (enum type_kind)b->program.regs[reg].kind, reg);
}

static void build(struct program_builder *b) {
    struct plan_type text = type_of(TYPE_TEXT), number = type_of(TYPE_INT);
    uint32_t states = builder_table(b, "states", KEYED_CODES, &text, 1, &number, 1);
    uint32_t users = builder_table(b, "users", KEYED_TARGET, &text, 1, &number, 1);
    uint32_t comma = builder_literal(b, TYPE_TEXT, ","), empty = builder_literal(b, TYPE_TEXT, "");
    uint32_t row = builder_literal(b, TYPE_TEXT, "row"), limit = builder_literal(b, TYPE_INT, "200");
    uint32_t first = builder_literal(b, TYPE_DATE, "2000-01-01");
    builder_init_end(b);
    uint32_t dmy = builder_pattern(b, PATTERN_TEMPLATE, TYPE_DATE, "DD/MM/YYYY") + 1;
    uint32_t stamp = builder_pattern(b, PATTERN_TEMPLATE, TYPE_TIMESTAMP, "YYYY-MM-DD HH24:MI:SS") + 1;
    uint32_t sydney = builder_pattern(b, PATTERN_ZONE, TYPE_TEXT, "Australia/Sydney");

    uint32_t code =
        on1(b, OP_UPPER, TYPE_TEXT, on1(b, OP_TRIM, TYPE_TEXT, cell(b, OP_CELL_TEXT, TYPE_TEXT, 0, 0)));
    uint32_t list[] = {row, code};
    builder_output(b, OUT_COLUMN, 0,
                   builder_op(b, OP_UUID5, TYPE_UUID, 0, 0, 0, 0, builder_list(b, 2, list), 0));
    builder_output(b, OUT_COLUMN, 1, code);
    uint32_t name = on1(b, OP_TRIM, TYPE_TEXT, cell(b, OP_CELL_TEXT, TYPE_TEXT, 1, 0));
    builder_output(b, OUT_COLUMN, 2, builder_op(b, OP_LEFT, TYPE_TEXT, 0, name, limit, 0, 0, 0));
    uint32_t email =
        on1(b, OP_LOWER, TYPE_TEXT, on1(b, OP_TRIM, TYPE_TEXT, cell(b, OP_CELL_TEXT, TYPE_TEXT, 2, 0)));
    uint32_t user = builder_op(b, OP_FIND, TYPE_ROW, 0, 0, 0, 0, builder_list(b, 1, &email), users);
    builder_output(b, OUT_COLUMN, 3, report(b, builder_op(b, OP_FETCH, TYPE_INT, 0, user, 0, 0, 0, 0)));
    uint32_t state = cell(b, OP_CELL_TEXT, TYPE_TEXT, 3, 0);
    state = on1(b, OP_SQUEEZE, TYPE_TEXT, on1(b, OP_LOWER, TYPE_TEXT, on1(b, OP_TRIM, TYPE_TEXT, state)));
    uint32_t known = builder_op(b, OP_FIND, TYPE_ROW, 0, 0, 0, 0, builder_list(b, 1, &state), states);
    builder_output(b, OUT_COLUMN, 4, report(b, builder_op(b, OP_FETCH, TYPE_INT, 0, known, 0, 0, 0, 0)));
    uint32_t due = report(b, cell(b, OP_CELL_DATE, TYPE_DATE, 4, dmy));
    builder_output(b, OUT_COLUMN, 5, due);
    uint32_t amount =
        builder_op(b, OP_REPLACE, TYPE_TEXT, 0, cell(b, OP_CELL_TEXT, TYPE_TEXT, 5, 0), comma, empty, 0, 0);
    uint32_t decimal = on1(b, OP_TEXT_TO_DECIMAL, TYPE_DECIMAL, amount);
    builder_output(b, OUT_COLUMN, 6,
                   report(b, builder_op(b, OP_FIT_NUMERIC, TYPE_DECIMAL, 0, decimal, 0, 0, 12, 2)));
    uint32_t count = cell(b, OP_CELL_INT, TYPE_INT, 6, 0);
    builder_output(b, OUT_COLUMN, 7, report(b, on1(b, OP_FIT_INT2, TYPE_INT, count)));
    builder_output(b, OUT_COLUMN, 8, report(b, cell(b, OP_CELL_BOOL, TYPE_BOOL, 7, 0)));
    uint32_t local = cell(b, OP_CELL_TIMESTAMP, TYPE_TIMESTAMP, 8, stamp);
    builder_output(b, OUT_COLUMN, 9,
                   report(b, builder_op(b, OP_AT_ZONE, TYPE_TIMESTAMPTZ, 0, local, 0, 0, sydney, 0)));
    builder_output(b, OUT_COLUMN, 10, cell(b, OP_CELL_TEXT, TYPE_TEXT, 9, 0));
    uint32_t note = cell(b, OP_CELL_TEXT, TYPE_TEXT, 10, 0);
    builder_output(b, OUT_COLUMN, 11,
                   report(b, builder_op(b, OP_FIT_LENGTH, TYPE_TEXT, 0, note, 0, 0, 500, 0)));
    uint32_t late = builder_op(b, OP_GE_I64, TYPE_BOOL, 0, due, first, 0, 0, 0);
    builder_act(b, OP_REJECT, builder_select(b, OP_SEL_NOT_TRUE, 0, late, 0), row, 0, FAULT_INVALID);
}

static void add_key(struct program_builder *b, uint32_t table, const char *key, int64_t column) {
    struct value value = {.kind = TYPE_INT, .as_int = column};
    keyed_table_add(b->values.tables[table], str_cstr(key), KEYED_PRESENT, &value, &b->diags);
}

static void fill_tables(struct program_builder *b) {
    static const char *const states[] = {"to do", "in progress", "done", "cancelled"};
    char key[64];
    b->values.tables = ARENA_ARRAY(&b->arena, struct keyed_table *, 2);
    for (uint32_t t = 0; t < 2; t++)
        b->values.tables[t] = keyed_table_new(&b->plan, t, (size_t)1 << 28, STR("/tmp"));
    for (int i = 0; i < 4; i++)
        add_key(b, 0, states[i], i);
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "user%d@example.test", i);
        add_key(b, 1, key, i);
    }
}

static void fill_batch(struct program_builder *b) {
    static const char *const states[] = {"To Do", "in progress", " DONE ", "cancelled"};
    const char **cells = arena_alloc(&b->arena, sizeof *cells * COLUMNS * BATCH_ROWS);
    for (int r = 0; r < BATCH_ROWS; r++) {
        const char **row = &cells[r * COLUMNS];
        row[0] = arena_printf(&b->arena, "T-%07d", r * 7919).ptr;
        row[1] = r % 7 ? "Smith, Alexandra Josephine" : "Müller, Zoë";
        row[2] = arena_printf(&b->arena, "User%d@Example.test", r * 48).ptr;
        row[3] = states[r % 4];
        row[4] = arena_printf(&b->arena, "%02d/%02d/%d", r % 28 + 1, r % 12 + 1, 2000 + r % 30).ptr;
        row[5] = arena_printf(&b->arena, "%d,%03d.%02d", r % 900 + 1, r % 1000, r % 100).ptr;
        row[6] = arena_printf(&b->arena, "%d", r % 500).ptr;
        row[7] = r % 2 ? "yes" : "no";
        row[8] =
            arena_printf(&b->arena, "2024-%02d-%02d %02d:%02d:00", r % 12 + 1, r % 28 + 1, r % 24, r % 60)
                .ptr;
        row[9] = "https://example.test/some/path/to/a/file.pdf";
        row[10] = "A note of some length,\nwith a line break and a little more text behind it.";
        row[11] = "unused";
    }
    builder_cells(b, COLUMNS, BATCH_ROWS, cells);
    for (uint32_t c = 0; c < COLUMNS; c++)
        b->batch.columns[c].checked = true;
}

/* Shortest of several rounds: what the machine can do when it is not disturbed. */
static double time_program(struct program_builder *b) {
    double best = 1e18;
    for (int i = 0; i < ROUNDS; i++) {
        arena_reset(&b->batch.arena);
        double start = now();
        builder_run(b, BATCH_ROWS);
        double spent = now() - start;
        if (spent < best) best = spent;
    }
    return best / BATCH_ROWS;
}

int main(void) {
    struct program_builder b;
    builder_init(&b);
    build(&b);
    fill_tables(&b);
    fill_batch(&b);
    if (!builder_load(&b)) return 1;
    double whole = time_program(&b);
    for (uint32_t r = 0; r < BATCH_ROWS; r++)
        if (vm_row_outcome(b.vm, r) != OUTCOME_OK) {
            printf("row %u: %.*s\n", r, STR_ARG(vm_first_report(b.vm, r)->message));
            return 1;
        }
    printf("%-16s %8.1f ns/row for %u columns\n", "whole", whole, COLUMNS);
    /* Each instruction: the program up to it, less the program up to the one before. */
    double before = 0;
    uint32_t all = b.program.code_count;
    for (uint32_t i = b.program.init_end; i < all; i++) {
        b.program.code_count = b.program.pre_end = i + 1;
        double spent = time_program(&b);
        printf("%-16s %8.1f\n", OPCODES[b.program.code[i].op].name, spent - before);
        before = spent;
    }
    b.program.code_count = all;
    builder_release(&b);
    return 0;
}

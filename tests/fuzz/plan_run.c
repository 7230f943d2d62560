/* Runs untrusted plans on random cells: whatever the bytes are, a plan is refused or verified, and a verified
 * one runs without touching memory that is not its own. */
#include "tests/fuzz/plan_run.h"
#include "runtime/plan/container.h"
#include "runtime/vm/keyed_table.h"
#include "runtime/vm/vm.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 64, TABLE_ROWS = 3, RUN_REGS_MAX = 512 };

static const char *const CELLS[] = {"",
                                    " ",
                                    "abc",
                                    "3",
                                    "-9223372036854775808",
                                    "9223372036854775808",
                                    "1e400",
                                    "31/02/2025",
                                    "01/02/2025",
                                    "2025-02-01",
                                    "2025-02-01T10:00:00Z",
                                    "\xc3\xa9\xcc\x81",
                                    "\xff\xfe",
                                    "{\"a\":[1,null]}",
                                    "[",
                                    "{1,2,NULL}",
                                    "true",
                                    "wip",
                                    " DONE ",
                                    "0.000000000000000000000000000000000000001",
                                    "12:30",
                                    "1 month",
                                    "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10",
                                    "\\x00ff",
                                    "NaN"};

static struct str random_text(uint64_t *seed) {
    return str_cstr(CELLS[below(seed, sizeof CELLS / sizeof CELLS[0])]);
}

/* One element of a type, as the engine may hand it to the VM. */
static void random_item(const struct plan *plan, struct plan_type type, uint64_t *seed, void *item) {
    static const int64_t ints[] = {0, 1, -1, INT64_MAX, INT64_MIN, 86399999999, 8765432, -2000000};
    switch (type.kind) {
    case TYPE_BOOL: *(uint8_t *)item = (uint8_t)below(seed, 2); break;
    case TYPE_DECIMAL:
        *(struct decimal *)item =
            (struct decimal){.lo = next_random(seed) >> 1, .scale = (int32_t)below(seed, 10)};
        break;
    case TYPE_FLOAT: *(double *)item = (double)(int64_t)next_random(seed) / 3; break;
    case TYPE_TEXT:
    case TYPE_SECRET:
    case TYPE_BYTES: *(struct str *)item = STR("\xc3\xa9t\xc3\xa9"); break;
    case TYPE_JSON: *(struct str *)item = STR("{\"a\":[1,null,\"x\"]}"); break;
    case TYPE_INTERVAL:
        *(struct interval *)item = (struct interval){(int64_t)below(seed, 1000000), (int32_t)below(seed, 100),
                                                     (int32_t)below(seed, 20)};
        break;
    case TYPE_UUID: memset(item, (int)below(seed, 256), sizeof(struct uuid)); break;
    case TYPE_ARRAY: *(struct array *)item = (struct array){0}; break;
    case TYPE_ENUM:
        *(int64_t *)item =
            below(seed, plan->enums[type.ref].labels_count + (plan->enums[type.ref].labels_count == 0));
        break;
    case TYPE_ROW: *(int64_t *)item = below(seed, TABLE_ROWS); break;
    case TYPE_TIME: *(int64_t *)item = below(seed, 86400) * (int64_t)1000000; break;
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ: *(int64_t *)item = below(seed, 20000); break;
    default: *(int64_t *)item = ints[below(seed, sizeof ints / sizeof ints[0])]; break;
    }
}

static bool can_make(const struct plan *plan, struct plan_type type) {
    return type.kind != TYPE_ENUM || plan->enums[type.ref].labels_count > 0;
}

static struct value random_value(const struct plan *plan, struct plan_type type, uint64_t *seed) {
    struct value value = {.kind = (enum type_kind)type.kind};
    if (!can_make(plan, type)) return (struct value){.kind = TYPE_NULL};
    random_item(plan, type, seed, &value.as_decimal);
    return value;
}

static struct keyed_table *fill_table(const struct plan *plan, uint32_t index, uint64_t *seed,
                                      struct diag_list *diags) {
    const struct plan_keyed_table *decl = &plan->tables[index];
    struct keyed_table *table = keyed_table_new(plan, index, 1 << 20, STR("/tmp"));
    struct value *parts = ARENA_ARRAY(diags->arena, struct value, decl->keys_count);
    struct value *columns = ARENA_ARRAY(diags->arena, struct value, decl->columns_count);
    for (uint32_t row = 0; row < TABLE_ROWS; row++) {
        struct buf key = {0};
        for (uint32_t i = 0; i < decl->keys_count; i++)
            parts[i] = random_value(plan, decl->keys[i], seed);
        for (uint32_t i = 0; i < decl->columns_count; i++)
            columns[i] = random_value(plan, decl->columns[i], seed);
        if (!keyed_table_encode(decl->keys, parts, decl->keys_count, &key)) buf_append_char(&key, (char)row);
        buf_append_char(&key, (char)row); /* so that each row has a key of its own */
        keyed_table_add(table, buf_str(&key), KEYED_PRESENT, columns, diags);
        buf_release(&key);
    }
    return table;
}

static void fill_cells(struct row_batch *batch, uint32_t columns, uint64_t *seed) {
    batch->count = ROWS;
    for (uint32_t c = 0; c < columns; c++) {
        struct cell_column *column = &batch->columns[c];
        column->clean = false;
        for (uint32_t i = 0; i < ROWS; i++) {
            uint32_t dice = below(seed, 8);
            column->state[i] = dice == 0 ? ROW_NULL : dice == 1 ? ROW_ERROR : ROW_VALUE;
            if (column->kind != NULL)
                column->kind[i] = dice == 1 ? CELL_BAD : (uint8_t)below(seed, CELL_KIND_COUNT);
            struct str text = random_text(seed);
            char *copy =
                arena_alloc(&batch->arena, text.len); /* of its own, so that a stale pointer is seen */
            memcpy(copy, text.ptr, text.len);
            column->text[i] = str_from(copy, text.len);
        }
    }
}

static struct vm_input *fill_inputs(const struct plan *plan, const struct plan_program *program,
                                    struct arena *arena, uint64_t *seed) {
    struct vm_input *inputs = ARENA_ARRAY(arena, struct vm_input, program->slots_count);
    for (uint32_t s = 0; s < program->slots_count; s++) {
        if (program->slots[s].kind == SLOT_CELL) continue;
        struct plan_type type = program->slots[s].type;
        size_t size = type_kind_size((enum type_kind)type.kind);
        char *data = arena_zalloc(arena, size * ROWS);
        uint8_t *state = ARENA_ARRAY(arena, uint8_t, ROWS);
        for (uint32_t i = 0; i < ROWS; i++) {
            state[i] = can_make(plan, type) && below(seed, 4) ? ROW_VALUE : ROW_NULL;
            if (state[i] == ROW_VALUE) random_item(plan, type, seed, data + i * size);
        }
        inputs[s] = (struct vm_input){data, state};
    }
    return inputs;
}

/* Reads every byte of what the program yields, also for rows that were left out on the way. */
static uint32_t touch_outputs(const struct vm *vm, const struct plan_program *program) {
    uint32_t sum = 0;
    for (uint32_t o = 0; o < program->outputs_count; o++) {
        for (uint32_t row = 0; row < ROWS; row++) {
            struct value value = vm_value_at(vm, program->outputs[o].reg, row);
            if (value.kind != TYPE_TEXT && value.kind != TYPE_JSON && value.kind != TYPE_BYTES) continue;
            for (size_t i = 0; i < value.as_text.len; i++)
                sum += (uint8_t)value.as_text.ptr[i];
        }
    }
    for (uint32_t row = 0; row < ROWS; row++)
        for (const struct row_report *r = vm_first_report(vm, row); r != NULL; r = vm_next_report(vm, r))
            for (size_t i = 0; i < r->message.len; i++)
                sum += (uint8_t)r->message.ptr[i];
    return sum;
}

static void run_program(const struct plan *plan, const struct program_set *set, uint32_t index,
                        uint64_t *seed) {
    const struct plan_program *program = &plan->programs[index];
    if (program->regs_count > RUN_REGS_MAX || program->selections > RUN_REGS_MAX)
        return; /* too slow to do often */
    uint32_t cells = 0;
    for (uint32_t s = 0; s < program->slots_count; s++)
        cells += program->slots[s].kind == SLOT_CELL;
    struct vm *vm = vm_new(set, index);
    struct row_batch batch;
    row_batch_init(&batch, cells);
    uint32_t *columns = ARENA_ARRAY(&batch.fixed, uint32_t, cells);
    for (uint32_t c = 0; c < cells; c++)
        columns[c] = c;
    for (int round = 0; round < 2; round++) { /* the second batch must not see the first one's elements */
        fill_cells(&batch, cells, seed);
        vm_begin(vm, &batch, ROWS, columns, NULL, fill_inputs(plan, program, &batch.arena, seed));
        vm_run_pre(vm);
        vm_run_rest(vm);
        touch_outputs(vm, program);
        row_batch_reset(&batch);
        arena_release(&batch.arena);
    }
    row_batch_release(&batch);
    vm_free(vm);
}

static void run_plan(const struct plan *plan, struct diag_list *diags) {
    uint64_t seed = 88172645463325252u;
    struct value *params = ARENA_ARRAY(diags->arena, struct value, plan->params_count);
    for (uint32_t i = 0; i < plan->params_count; i++)
        params[i] = random_value(plan, plan->params[i].type, &seed);
    struct keyed_table **tables = ARENA_ARRAY(diags->arena, struct keyed_table *, plan->tables_count);
    for (uint32_t i = 0; i < plan->tables_count; i++)
        tables[i] = fill_table(plan, i, &seed, diags);
    struct run_values values = {.params = params, .environment = STR("test"), .tables = tables};
    struct program_set *set = program_set_new(plan, &values, diags);
    if (getenv("FUZZ_VERBOSE") && set == NULL)
        fprintf(stderr, "not run: %.*s\n", STR_ARG(diags->items.items[0]->message));
    for (uint32_t i = 0; set != NULL && i < plan->programs_count; i++)
        run_program(plan, set, i, &seed);
    if (set != NULL) program_set_free(set);
    for (uint32_t i = 0; i < plan->tables_count; i++)
        keyed_table_free(tables[i]);
}

bool plan_run_bytes(struct str bytes) {
    struct arena arena = {0};
    struct diag_list diags;
    diag_list_init(&diags, &arena);
    struct plan *plan = plan_read(&arena, bytes, STR("fuzz"), &diags);
    if (plan == NULL && diags.items.count == 0) abort(); /* refused without a word */
    if (plan != NULL) {
        struct buf text = {0};
        plan_disassemble(plan, &text);
        buf_release(&text);
        run_plan(plan, &diags);
    }
    arena_release(&arena);
    return plan != NULL;
}

void plan_repair(struct buf *bytes) {
    if (bytes->len < PLAN_HEADER_BYTES) return;
    char *b = bytes->ptr;
    uint64_t length = bytes->len - PLAN_HEADER_BYTES;
    memcpy(b, PLAN_MAGIC, PLAN_MAGIC_BYTES);
    for (int i = 0; i < 4; i++)
        b[PLAN_VERSION_AT + i] = (char)((uint32_t)PLAN_FORMAT_VERSION >> (8 * i));
    plan_hash_instructions((uint8_t *)b + PLAN_TABLE_HASH_AT);
    for (int i = 0; i < 8; i++)
        b[PLAN_LENGTH_AT + i] = (char)(length >> (8 * i));
    plan_hash_bytes(str_from(b + PLAN_HEADER_BYTES, length), (uint8_t *)b + PLAN_SHA256_AT);
}

/* Kernels for keyed tables: finding rows by key, reading their columns. */
#include "runtime/vm/vm_internal.h"

#include "runtime/value/convert.h"

/* Keys are made, hashed and prefetched for so many rows before the first is looked up: the index of a large
 * table is not in the cache. */
enum { GROUP = 16, PARTS_MAX = 64 };

static const struct keyed_table *table_at(const struct vm *vm, uint32_t table) {
    return vm->set->values.tables && table < vm->plan->tables_count ? vm->set->values.tables[table] : NULL;
}

/* The key of one row as bytes: a single text is its own; others go to vm->key. */
static struct str key_at(struct vm_call *call, const struct plan_keyed_table *table, uint32_t row,
                         size_t *offset) {
    struct vm *vm = call->vm;
    const uint32_t count = call->code->operand_count < PARTS_MAX ? call->code->operand_count : PARTS_MAX;
    const void *parts[PARTS_MAX];
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t r = call->code->operands[n];
        const struct vm_register *reg = &vm->regs[r];
        parts[n] = (const char *)reg->data +
                   type_kind_size((enum type_kind)call_type(call, r)->kind) * register_row(reg, row);
    }
    *offset = SIZE_MAX;
    if (count == 1 && table->keys[0].kind == TYPE_TEXT) return *(const struct str *)parts[0];
    *offset = vm->key.len;
    keyed_key_append(table->keys, parts, count, &vm->key);
    return str_from(NULL, vm->key.len - *offset);
}

/* What the message of a missing row shows: the parts of the key with commas. */
static struct value shown_key(struct vm_call *call, uint32_t row) {
    struct vm *vm = call->vm;
    const uint32_t count = call->code->operand_count;
    struct str text = {0};
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t r = call->code->operands[n];
        const struct vm_register *reg = &vm->regs[r];
        const struct plan_type *type = call_type(call, r);
        const void *item =
            (const char *)reg->data + type_kind_size((enum type_kind)type->kind) * register_row(reg, row);
        struct value part = vm_element_value(vm, type, item);
        if (count == 1) return part;
        struct str shown = part.kind == TYPE_NULL ? STR("") : value_format(call->arena, &part);
        text = n == 0 ? shown : arena_printf(call->arena, "%.*s, %.*s", STR_ARG(text), STR_ARG(shown));
        text = vm_clip_message(call->arena, text);
    }
    return text_value(text);
}

static void not_found(struct vm_call *call, const struct plan_keyed_table *table, uint32_t row,
                      enum keyed_result result) {
    switch (result) {
    case KEYED_WAS_REJECTED:
        call_event(call, row, ROW_MISSING, FAULT_PARENT_REJECTED, shown_key(call, row));
        break;
    case KEYED_WAS_SKIPPED:
        call_event(call, row, ROW_SKIPPED, FAULT_PARENT_SKIPPED, shown_key(call, row));
        break;
    case KEYED_SEVERAL:
        call_event(call, row, ROW_DUPLICATE, FAULT_DUPLICATE_MATCH, shown_key(call, row));
        break;
    default: {
        enum fault fault = table->kind == KEYED_CODES ? FAULT_MISSING_CODE : FAULT_MISSING_ROW;
        call_event(call, row, ROW_MISSING, fault, shown_key(call, row));
        break;
    }
    }
}

static void find_group(struct vm_call *call, const struct plan_keyed_table *plan,
                       const struct keyed_table *table, const uint32_t *rows, uint32_t count) {
    struct vm *vm = call->vm;
    struct str keys[GROUP];
    size_t offsets[GROUP];
    uint64_t hashes[GROUP];
    int64_t *out = call->out;
    buf_clear(&vm->key);
    for (uint32_t k = 0; k < count; k++)
        keys[k] = key_at(call, plan, rows[k], &offsets[k]);
    for (uint32_t k = 0; k < count; k++) {
        if (offsets[k] != SIZE_MAX) keys[k].ptr = vm->key.ptr ? vm->key.ptr + offsets[k] : "";
        hashes[k] = keyed_table_hash(table, keys[k]);
        keyed_table_prefetch(table, hashes[k]);
    }
    for (uint32_t k = 0; k < count; k++) {
        int64_t found;
        enum keyed_result result = keyed_table_find_hashed(table, keys[k], hashes[k], &found);
        /* The key may be shown from the operands, which dst may be: the event first. */
        if (result != KEYED_FOUND) not_found(call, plan, rows[k], result);
        out[rows[k]] = found;
    }
}

KERNEL(FIND) {
    const struct plan_keyed_table *plan = &call->vm->plan->tables[call->instr->imm2];
    const struct keyed_table *table = table_at(call->vm, call->instr->imm2);
    uint32_t group[GROUP], n = 0;
    USE_ROWS;
    EACH_ROW(i) {
        if (table == NULL) {
            not_found(call, plan, i, KEYED_MISSING);
            continue;
        }
        group[n++] = i;
        if (n < GROUP) continue;
        find_group(call, plan, table, group, n);
        n = 0;
    }
    if (n) find_group(call, plan, table, group, n);
}

KERNEL(FETCH) {
    const struct plan_type *row_type = call_type(call, call->code->operands[0]);
    const struct keyed_table *table = table_at(call->vm, row_type->ref);
    const size_t size = type_kind_size((enum type_kind)call_type(call, call->instr->dst)->kind);
    const int64_t *a = call->arg[0].data;
    const uint32_t step = call->arg[0].step, column = call->instr->imm;
    char *out = call->out;
    USE_ROWS;
    EACH_ROW(i) {
        if (table == NULL || !keyed_table_fetch(table, a[i * step], column, out + i * size))
            call_null(call, i);
    }
}

/* The FIND that wrote a register before this instruction. */
static uint32_t find_writer(const struct vm_call *call, uint32_t reg) {
    const struct plan_program *program = call->vm->program;
    uint32_t at = call->index;
    while (at > 0 && !(program->code[at - 1].op == OP_FIND && program->code[at - 1].dst == reg))
        at--;
    return at - 1;
}

/* `on duplicate first` and `last`: the row found first stands in the register beside the event. An event that
 * only passed through the key has none. */
static void settle_duplicates(struct vm_call *call, bool last) {
    const struct plan_type *type = call_type(call, call->code->operands[0]);
    const struct keyed_table *table = type->kind == TYPE_ROW ? table_at(call->vm, type->ref) : NULL;
    const struct operand *a = &call->arg[0];
    const int64_t *rows = a->data;
    int64_t *out = call->out;
    const size_t size = type_kind_size((enum type_kind)type->kind);
    const uint32_t writer = find_writer(call, call->code->operands[0]);
    USE_ROWS;
    EACH_ROW(i) {
        bool several = register_state(a->reg, i) == ROW_DUPLICATE && table != NULL &&
                       call->vm->faults[a->reg->fault[register_row(a->reg, i)]].instr == writer;
        if (!several) {
            call_copy_state(call, i, a->reg);
            copy_item((char *)call->out + i * size, (const char *)a->data + size * i * a->step, size);
            continue;
        }
        int64_t row = rows[i * a->step], next = row;
        while (last && (next = keyed_table_next(table, row)) >= 0)
            row = next;
        call->dst->state[i] = ROW_VALUE;
        out[i] = row;
    }
}

KERNEL(FIRST_MATCH) {
    settle_duplicates(call, false);
}

KERNEL(LAST_MATCH) {
    settle_duplicates(call, true);
}

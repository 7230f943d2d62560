/* What the VM's parts share: compiled plans, the machine's state, and the call that a kernel gets. Internal
 * to runtime/vm. */
#ifndef MIG_VM_INTERNAL_H
#define MIG_VM_INTERNAL_H

#include "runtime/plan/opcode.h"
#include "runtime/value/json.h"
#include "runtime/value/pattern.h"
#include "runtime/value/regex.h"
#include "runtime/value/uuid.h"
#include "runtime/value/zone.h"
#include "runtime/vm/keyed_table.h"
#include "runtime/vm/vm.h"

/* What one program may add to a batch's arena before texts that grow become FAULT_TOO_LARGE. */
#define VM_ARENA_LIMIT ((size_t)1 << 30)
#define VM_MESSAGE_MAX 1000 /* bytes of a message or shown value */

/* ---------------------------------------------------------------- compiled plans */

/* Fixed date patterns of ten characters, read without the general pattern: where each field starts. */
struct date_layout {
    uint8_t year, month, day; /* offsets; all 0: none of these patterns */
    uint8_t separator_at[2];
    char separator;
};

enum like_shape { LIKE_EXACT, LIKE_PREFIX, LIKE_SUFFIX, LIKE_PART, LIKE_GENERAL };

struct compiled_pattern {
    const struct pattern *template;
    struct date_layout layout;
    struct regex *regex;
    enum like_shape like;
    struct str like_text; /* GENERAL: the pattern; else the literal part */
    const struct zone *zone;
    struct json_path path;
};

/* Finds a text in a list that never changes. */
struct text_index {
    const struct str *texts;
    uint32_t *slots; /* position + 1; 0: free */
    uint32_t mask;
};

/* A constant list of IN_TEXT or IN_INT. */
struct const_list {
    struct text_index texts;
    int64_t *ints; /* sorted */
    uint32_t int_count;
};

struct vm_call;
typedef void kernel_function(struct vm_call *call);

/* One instruction as the loop wants it. */
struct prepared {
    kernel_function *kernel;
    const uint32_t *operands; /* registers: a, b, c or the list */
    uint32_t operand_count;
    uint16_t flags;
    bool has_result;
};

struct prepared_program {
    struct prepared *code;
    uint32_t *cell_slots; /* by slot: number among the CELL slots */
    bool *output_in_pre;  /* by output: its register is last written before pre_end */
};

struct program_set {
    const struct plan *plan;
    struct run_values values;
    struct arena arena;
    struct value *consts;
    struct const_list *lists; /* by constant, filled where an IN_ instruction uses it */
    struct compiled_pattern *patterns;
    struct text_index *labels; /* by enum */
    struct extern_function *externs;
    struct prepared_program *programs;
    struct uuid namespace_id;
};

extern kernel_function *const KERNELS[OP_COUNT];

void text_index_build(struct arena *arena, const struct str *texts, uint32_t count, struct text_index *index);
/* Position, or -1. */
int64_t text_index_find(const struct text_index *index, struct str text);

bool like_match(const struct compiled_pattern *pattern, struct str text);

/* Loads the library and prepares the call. False with a diagnostic. */
bool extern_function_open(struct extern_function *function, const struct plan *plan,
                          const struct plan_extern *decl, bool allowed, struct arena *arena,
                          struct diag_list *diags);
void extern_function_close(struct extern_function *function);
size_t extern_function_size(void);
struct extern_function *extern_function_at(struct extern_function *functions, uint32_t index);

/* ---------------------------------------------------------------- the machine */

/* Rows in ascending order. `rows` is as the instruction made it; `live` without the rows that were dropped or
 * are not in this wave, renewed when the vm's stamp has moved on. */
struct selection {
    uint16_t *rows, *live;
    uint32_t count, live_count;
    uint32_t stamp;
    bool dense, live_dense; /* exactly 0 … count-1; then the list may be unfilled */
};

/* Why a fresh row state is what it is. */
struct vm_fault {
    uint32_t instr;
    uint16_t fault;
    bool reported;
    struct value value; /* the offending value; TYPE_NULL: none to show */
};

struct row_info {
    uint8_t outcome, skip_reason;
    uint32_t warnings;
    uint32_t first, last; /* index + 1 in reports */
};

struct vm {
    const struct program_set *set;
    const struct plan *plan;
    const struct plan_program *program;
    const struct prepared_program *prepared;
    struct vm_register *regs;
    void **own;               /* each register's own elements: data may point elsewhere for a while */
    struct selection *sels;   /* 0: all rows */
    uint32_t stamp;           /* moves on when `alive` changes */
    uint8_t *alive, *dropped; /* by row */
    uint32_t waves;           /* calls of vm_run_rest_rows since vm_begin */
    bool in_init, init_done;

    struct row_batch *batch;
    uint32_t count;
    const uint32_t *cell_columns, *row_index;
    const struct vm_input *inputs;

    struct arena *arena;      /* for results: the batch's, or one of the two below */
    struct arena long_arena;  /* as long as the vm */
    struct arena batch_arena; /* batch NULL */
    size_t arena_limit;       /* arena->total beyond which growing texts fail */

    struct vm_fault *faults;
    uint32_t fault_count, fault_cap, init_faults;
    uint32_t init_failure; /* index + 1 of a fault that the init part met and nobody can handle */
    struct row_report *reports;
    uint32_t *report_faults; /* by report: index + 1 of its fault */
    uint32_t report_count, report_cap;
    struct row_info *rows; /* by row */

    struct regex_scratch *scratch;
    struct zone_cache zones;
    struct buf key;
    uint16_t *list; /* BATCH_ROWS: rows for strict kernels */
    uint8_t *mask;  /* BATCH_ROWS, all 0 between instructions */
};

/* One operand as a kernel sees it: element i is data[i * step]. */
struct operand {
    const void *data;
    const struct vm_register *reg;
    uint32_t step; /* 0: scalar */
};

struct vm_call {
    struct vm *vm;
    struct arena *arena;
    const struct plan_instr *instr;
    const struct prepared *code;
    uint32_t index; /* of the instruction */
    uint32_t count;
    const uint16_t *rows; /* NULL: 0 … count-1 */
    struct operand arg[3];
    struct vm_register *dst;
    void *out;   /* dst's elements */
    bool dirty;  /* a row is something else than ROW_VALUE */
    bool failed; /* call_fail was called */
};

/* Loops over the call's rows; needs USE_ROWS before it in the same block. The locals keep the compiler from
 * reloading the call's fields after each store. */
#define USE_ROWS                                                                                             \
    const uint16_t *const rows_ = call->rows;                                                                \
    const uint32_t count_ = call->count
#define EACH_ROW(i) for (uint32_t k_ = 0, i = 0; k_ < count_ && (i = rows_ ? rows_[k_] : k_, true); k_++)

#define KERNEL(symbol) void op_##symbol(struct vm_call *call)

/* The row becomes ROW_ERROR for this fault; `value` is the offending one, TYPE_NULL for none. */
void call_fail_value(struct vm_call *call, uint32_t row, enum fault fault, struct value value);
/* The same; the offending value is the first operand's. */
void call_fail(struct vm_call *call, uint32_t row, enum fault fault);
/* The same for another operand. */
void call_fail_operand(struct vm_call *call, uint32_t row, enum fault fault, uint32_t operand);
/* A fresh event of another kind: ROW_MISSING, ROW_SKIPPED, ROW_DUPLICATE. */
void call_event(struct vm_call *call, uint32_t row, enum row_state state, enum fault fault,
                struct value value);
static inline void call_null(struct vm_call *call, uint32_t row) {
    call->dst->state[row] = ROW_NULL;
    call->dirty = true;
}
static inline bool call_over_budget(const struct vm_call *call) {
    return call->arena->total > call->vm->arena_limit;
}
/* Where a value holds its element, for writing; value_item (value/convert.h) is the one for reading. */
static inline void *value_storage(struct value *value) {
    return (char *)value + offsetof(struct value, as_bool);
}
static inline struct value text_value(struct str s) {
    return (struct value){.kind = TYPE_TEXT, .as_text = s};
}

static inline uint32_t register_row(const struct vm_register *reg, uint32_t row) {
    return reg->scalar ? 0 : row;
}
static inline enum row_state register_state(const struct vm_register *reg, uint32_t row) {
    return reg->clean ? ROW_VALUE : (enum row_state)reg->state[register_row(reg, row)];
}
static inline bool state_is_fresh(enum row_state state) {
    return state >= ROW_ERROR;
}
/* For RAW kernels: the row's state in dst becomes that of src, fault included. */
static inline void call_copy_state(struct vm_call *call, uint32_t row, const struct vm_register *src) {
    enum row_state state = register_state(src, row);
    call->dst->state[row] = (uint8_t)state;
    if (state == ROW_VALUE) return;
    call->dirty = true;
    if (state_is_fresh(state)) call->dst->fault[row] = src->fault[register_row(src, row)];
}
/* Copies one element; size is type_kind_size of some type. */
static inline void copy_item(void *to, const void *from, size_t size) {
    switch (size) {
    case 1: memcpy(to, from, 1); break;
    case 8: memcpy(to, from, 8); break;
    case 16: memcpy(to, from, 16); break;
    default: memcpy(to, from, 24); break;
    }
}
_Static_assert(sizeof(struct decimal) == 24 && sizeof(struct array) == 24 && sizeof(struct str) == 16 &&
                   sizeof(struct uuid) == 16 && sizeof(struct interval) == 16,
               "copy_item knows these sizes");
/* For RAW kernels whose dst becomes their first operand: takes the whole column at once, without copying what
 * the batch itself holds. False, with nothing done: row by row, because not all rows are at work, or some
 * have fresh events. */
bool call_take_column(struct vm_call *call, size_t size);
const struct plan_type *call_type(const struct vm_call *call, uint32_t reg);

/* One element as a value, with the label for an enum; texts are not copied. */
struct value vm_element_value(const struct vm *vm, const struct plan_type *type, const void *item);

/* The selection's rows that are alive, renewed if needed. */
struct selection *vm_select(struct vm *vm, uint32_t index);

/* ---------------------------------------------------------------- outcomes */

/* Reports one thing about a row; fault_index + 1 or 0. Texts must live in the batch's arena. */
void vm_report(struct vm *vm, const struct row_report *report, uint32_t fault_index);
/* True when this fault stands in one of the row's reports already. */
bool vm_fault_is_reported(const struct vm *vm, uint32_t row, uint32_t fault_index);
/* Reports a fresh event with its default message (reject; skipped: skip), once for a row. */
void vm_report_event(struct vm *vm, uint32_t row, enum row_state state, uint32_t fault_index, uint32_t instr);
/* Takes a row out of all selections. */
void vm_drop_row(struct vm *vm, uint32_t row);

/* The default message and the shown value of a fault, masked where the instruction's span is personal. */
void vm_fault_message(const struct vm *vm, enum row_state state, const struct vm_fault *fault, bool pii,
                      struct arena *arena, struct str *message, struct str *value);
/* At most VM_MESSAGE_MAX bytes, cut at a character. */
struct str vm_clip_message(struct arena *arena, struct str text);
/* What stands for personal text in messages: how long it is, roughly. */
struct str vm_mask_text(struct str text);

#define OP(symbol, fn, result, operands, imm, imm2, flags, doc) kernel_function op_##symbol;
#include "runtime/plan/opcodes.def"
#include "runtime/plan/functions.def"
#undef OP

#endif

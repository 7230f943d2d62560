/* The virtual machine: runs a program's straight-line code over the rows of a batch, a column at a time.
 *
 * Null and failure are handled once, in front of each kernel: an instruction's result takes the strongest
 * row_state of its operands, and the kernel sees only the rows where all operands are values (OPF_RAW
 * kernels see every row of the selection). So kernels are plain loops over plain values.
 *
 * A vm belongs to one thread; the program_set behind it is immutable and shared. */
#ifndef MIG_VM_VM_H
#define MIG_VM_VM_H

#include "runtime/vm/batch.h"

struct keyed_table;
struct extern_function;

/* What the rows of tests came to, for plans with NOTE instructions. One byte each, 1: reached. */
struct coverage_marks {
    uint8_t **notes; /* by program, then by instruction */
    uint8_t **codes; /* by table, then by code; NULL entries for tables that are no code tables */
};

/* What a plan's programs need besides code: constants as values, compiled patterns, zones, extern functions.
 * Made once when a plan is loaded. */
struct program_set;

/* Where values of the run come from. All pointers must outlive the vms. */
struct run_values {
    const struct value *params; /* plan->params_count values; kind TYPE_NULL: null */
    struct uuid run_id;
    int64_t started_at;     /* timestamptz */
    struct str environment; /* empty: null */
    struct keyed_table *
        *tables; /* plan->tables_count; NULL entries for tables not built (yet): nothing is found
                    there. NULL: no tables at all. Read at each use, so filled at any time. */
    bool allow_extern;
    struct coverage_marks *coverage; /* NULL: nobody asks */
};

/* Compiles patterns, zones and constants of a verified plan. NULL with diagnostics when one does not compile
 * or when an extern function cannot be loaded or is not allowed. */
struct program_set *program_set_new(const struct plan *plan, const struct run_values *values,
                                    struct diag_list *diags);
void program_set_free(struct program_set *set);

enum outcome { OUTCOME_OK, OUTCOME_REJECTED, OUTCOME_SKIPPED, OUTCOME_FAILED };
enum skip_reason {
    SKIPPED_NOT,
    SKIPPED_WHERE,
    SKIPPED_BY_ACTION,
    SKIPPED_PARENT,
    SKIPPED_DUPLICATE,
    SKIPPED_NO_MATCH,
    SKIPPED_EMPTY,
    SKIPPED_FOLDED,
    SKIPPED_PARTITION,
    SKIP_REASON_COUNT
};

#define VM_NO_INSTR UINT32_MAX

/* One thing that is wrong with a row. A row's first report is its main reason: the first one of the strongest
 * kind (fail, skip, reject, warn); the others follow in the order of the row's way. */
struct row_report {
    uint32_t row;
    uint8_t kind; /* enum outcome it asks for; OUTCOME_OK: a warning */
    uint8_t skip_reason;
    enum fault fault;
    uint32_t instr;     /* index in the program's code: its span says which spec text; VM_NO_INSTR: the
                           engine's own reason (vm_skip_row) */
    uint32_t action;    /* index + 1 of the REJECT that the spec wrote; 0: none, a fault nobody handled */
    struct str message; /* finished, masked where personal; never empty for rejects and warnings */
    struct str value;   /* the offending value's text, masked where personal; may be empty */
    uint32_t next;      /* index + 1 of the row's next report; 0: last */
};

struct vm_register {
    void *data;      /* BATCH_ROWS (scalar: 1) elements of the type's storage */
    uint8_t *state;  /* enum row_state of each row; valid even when clean */
    uint32_t *fault; /* index in vm->faults where the state is fresh */
    bool scalar;     /* element 0 stands for all rows */
    bool clean;      /* no row of the selection it was written under is anything but ROW_VALUE */
};

/* Typed inputs of the rows (SLOT_JOIN, SLOT_EACH, SLOT_GROUP, …), by slot index; cells come from the batch.
 * data NULL: SLOT_LINE, SLOT_ROW, SLOT_DEPTH and SLOT_HAS_PARENT are taken from the batch's places, any other
 * is null. */
struct vm_input {
    const void *data;
    const uint8_t *state; /* NULL: all values */
};

struct vm;

struct vm *vm_new(const struct program_set *set, uint32_t program);
void vm_free(struct vm *vm);

/* Starts on a batch: count rows whose cells are batch->columns[cell_columns[n]] for the n-th CELL slot.
 * row_index (or NULL): row i of the vm reads cells of batch row row_index[i] (after each / join).
 * ancestor cells: a CELL slot with via PARENT or ROOT has its own entry in cell_columns.
 * batch NULL: a program without cells, of one row or more; its texts then live in the vm until the next
 * vm_begin. inputs may be NULL. All pointers must stay valid until the next vm_begin. */
void vm_begin(struct vm *vm, struct row_batch *batch, uint32_t count, const uint32_t *cell_columns,
              const uint32_t *row_index, const struct vm_input *inputs);
/* Runs the code before pre_end over all rows, then (vm_run_rest) the code behind it over the rows that are
 * not skipped, failed or dropped. The engine may drop rows in between with vm_skip_row / vm_reject_row. */
void vm_run_pre(struct vm *vm);
void vm_run_rest(struct vm *vm);
/* As vm_run_rest for a part of the rows: a self-referencing map runs its waves like this. Rows are in
 * ascending order; each row may run once. */
void vm_run_rest_rows(struct vm *vm, const uint32_t *rows, uint32_t count);

enum outcome vm_row_outcome(const struct vm *vm, uint32_t row);
enum skip_reason vm_row_skip_reason(const struct vm *vm, uint32_t row);
uint32_t vm_row_warnings(const struct vm *vm, uint32_t row);
void vm_skip_row(struct vm *vm, uint32_t row, enum skip_reason reason);
void vm_reject_row(struct vm *vm, uint32_t row, enum fault fault, uint32_t instr, struct str message);
/* First report of a row (its main reason), or NULL; follow with vm_next_report. */
const struct row_report *vm_first_report(const struct vm *vm, uint32_t row);
const struct row_report *vm_next_report(const struct vm *vm, const struct row_report *report);

const struct vm_register *vm_register_at(const struct vm *vm, uint32_t reg);
/* One element as a value (texts not copied). state other than ROW_VALUE gives TYPE_NULL; so does an output of
 * a row that left (skipped, failed, not yet in a wave) before the output was written. */
struct value vm_value_at(const struct vm *vm, uint32_t reg, uint32_t row);

/* Runs a program without inputs (defaults, expected values, assertions) and returns the VALUE output with
 * this index. False with a diagnostic when it fails or reports. Texts are copied into the arena. */
bool program_evaluate(const struct program_set *set, uint32_t program, uint32_t output, struct arena *arena,
                      struct value *result, struct diag_list *diags);

#endif

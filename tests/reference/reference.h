/* The reference evaluator: typed expressions, one row at a time, by walking the tree. No batches, no
 * registers, no sharing, no folding: what it says is what the language says, and the virtual machine must say
 * the same. */
#ifndef MIG_TESTS_REFERENCE_H
#define MIG_TESTS_REFERENCE_H

#include "compiler/emit/emit.h"
#include "runtime/vm/vm.h"

/* What an expression is for one row. */
struct ref_value {
    enum row_state state;
    enum fault fault;   /* where the state is fresh */
    struct value value; /* where it is ROW_VALUE */
};

/* A raw cell of the row. */
struct ref_cell {
    enum row_state state; /* ROW_VALUE, ROW_NULL, ROW_ERROR: cannot be read */
    struct str text;
};

/* One line of a code table: up to two key parts. */
struct ref_code {
    uint32_t table; /* index in builder->tables */
    struct value keys[2];
    uint32_t key_count;
    struct value value;
};

/* What happened to the row, in order. kind OUTCOME_OK: a warning. */
struct ref_report {
    enum outcome kind;
    enum fault fault;
    struct str message; /* empty: the standard message */
};

struct ref_memo {
    const struct tbinding *binding;
    struct ref_value value;
};

struct ref_row {
    struct arena *arena;
    const struct plan_builder *builder;
    const struct ref_cell *cells;
    const struct value *params;
    const struct ref_code *codes;
    uint32_t code_count;
    const struct run_values *run;
    enum outcome outcome;
    bool stopped; /* skipped or failed: nothing more is computed */
    VEC(struct ref_report) reports;
    VEC(struct ref_memo) memos;
    enum opcode unknown; /* an opcode that the evaluator does not know; OP_COUNT: none */
};

struct ref_value ref_eval(struct ref_row *row, const struct texpr *expr);
/* A let or column: evaluated once; fresh events are reported and stay silent from then on. */
struct ref_value ref_eval_binding(struct ref_row *row, struct tbinding *binding);
/* reference_ops.c: one instruction over values. False: unknown to the evaluator. */
bool ref_call(struct ref_row *row, const struct texpr *call, const struct value *args, struct ref_value *out);
/* A raw cell as its type. */
enum fault ref_read_cell(struct ref_row *row, struct plan_type type, uint32_t pattern, struct str text,
                         struct value *out);

#endif

/* Builds plans by hand for tests of the VM: one program at a time, instruction by instruction, and runs it
 * over rows of cells. */
#ifndef MIG_TEST_PROGRAM_BUILDER_H
#define MIG_TEST_PROGRAM_BUILDER_H

#include "runtime/vm/keyed_table.h"
#include "runtime/vm/vm.h"

enum { BUILDER_MAX = 256, NO_REG = UINT32_MAX };

struct program_builder {
    struct arena arena;
    struct diag_list diags;
    struct plan plan;
    struct plan_program program;
    struct run_values values;
    struct program_set *set;
    struct vm *vm;
    struct row_batch batch;
    uint32_t cell_columns[BUILDER_MAX];
    struct str spec; /* what spans point into */
};

void builder_init(struct program_builder *b);
void builder_release(struct program_builder *b);

struct plan_type type_of(enum type_kind kind);
uint32_t builder_reg(struct program_builder *b, struct plan_type type);
/* Adds an instruction whose result goes to a new register of that type, under selection sel; returns it. */
uint32_t builder_op(struct program_builder *b, enum opcode op, enum type_kind result, uint32_t sel,
                    uint32_t x, uint32_t y, uint32_t z, uint32_t imm, uint32_t imm2);
/* The same into a given register. */
void builder_into(struct program_builder *b, enum opcode op, uint32_t dst, uint32_t sel, uint32_t x,
                  uint32_t y, uint32_t z, uint32_t imm, uint32_t imm2);
/* A selection instruction; returns the new selection. */
uint32_t builder_select(struct program_builder *b, enum opcode op, uint32_t sel, uint32_t x, uint32_t imm);
/* An instruction without a result. */
void builder_act(struct program_builder *b, enum opcode op, uint32_t sel, uint32_t x, uint32_t y,
                 uint32_t imm);
uint32_t builder_list(struct program_builder *b, uint32_t count, const uint32_t *regs);
/* Ends the init part here. */
void builder_init_end(struct program_builder *b);
void builder_pre_end(struct program_builder *b);
void builder_output(struct program_builder *b, enum plan_output_role role, uint32_t index, uint32_t reg);
/* The text that the last instruction stands for. */
void builder_span(struct program_builder *b, const char *text, bool pii);

uint32_t builder_const(struct program_builder *b, struct plan_type type, const char *text); /* NULL: null */
/* A constant and the instruction that loads it. */
uint32_t builder_literal(struct program_builder *b, enum type_kind kind, const char *text);
uint32_t builder_pattern(struct program_builder *b, enum plan_pattern_kind kind, enum type_kind type,
                         const char *text);
uint32_t builder_cell_slot(struct program_builder *b, uint32_t column);
uint32_t builder_input_slot(struct program_builder *b, enum plan_slot_kind kind, struct plan_type type);
uint32_t builder_enum(struct program_builder *b, uint32_t count, const char *const *labels);
uint32_t builder_table(struct program_builder *b, const char *name, enum plan_keyed_kind kind,
                       const struct plan_type *keys, uint32_t key_count, const struct plan_type *columns,
                       uint32_t column_count);

/* Makes program set and vm; false with diagnostics in b->diags. */
bool builder_load(struct program_builder *b);
/* Cells of columns × rows, in row order; NULL: a null cell. */
void builder_cells(struct program_builder *b, uint32_t columns, uint32_t rows, const char *const *cells);
/* vm_begin and both parts. count: rows. */
void builder_run(struct program_builder *b, uint32_t count);
/* A register's row as text: "value", "null", "poison", "error R0106 …", "missing", "skipped", "duplicate". */
const char *builder_show(struct program_builder *b, uint32_t reg, uint32_t row);

#endif

/* The program while it is built: instructions over as many registers and selections as wanted, each written
 * once. Internal to compiler/emit. */
#ifndef MIG_EMIT_IR_H
#define MIG_EMIT_IR_H

#include "compiler/emit/emit.h"

/* Fresh events that a register may hold: bit n is enum row_state n. */
enum {
    EVENT_ERROR = 1 << ROW_ERROR,
    EVENT_MISSING = 1 << ROW_MISSING,
    EVENT_SKIPPED = 1 << ROW_SKIPPED,
    EVENT_DUPLICATE = 1 << ROW_DUPLICATE,
    EVENTS_FRESH = EVENT_ERROR | EVENT_MISSING | EVENT_SKIPPED | EVENT_DUPLICATE
};

enum ir_part { PART_INIT, PART_FIRST, PART_REST };

struct ir_instr {
    enum opcode op;
    uint32_t sel, dst;
    uint32_t args[3]; /* operand registers; those of a list stand in list */
    const uint32_t *list;
    uint32_t list_count;
    uint32_t imm, imm2; /* SLOT, CONST: index in the emitter's own lists, until the program is finished */
    struct span span;
    bool pii;
    enum ir_part part;
    bool live;
};

/* What is known of a register at compile time. */
enum ir_known { KNOWN_NOTHING, KNOWN_VALUE, KNOWN_FAULT };

struct ir_reg {
    struct plan_type type;
    uint32_t instr; /* that writes it */
    uint32_t sel;
    bool scalar;     /* in the init part */
    uint32_t events; /* fresh events it may hold */
    enum ir_known known;
    struct value value; /* KNOWN_VALUE */
    enum fault fault;   /* KNOWN_FAULT: computing it always fails */
};

/* A constant of the program; only those that the finished code uses go into the plan. */
struct ir_const {
    struct plan_type type;
    struct value value;
    struct str text;
};

struct ir_sel {
    uint32_t parent, depth;
    uint32_t instr; /* that makes it */
};

struct ir_output {
    enum plan_output_role role;
    uint32_t index, reg;
    bool descending;
};

/* A binding that has a register already. */
struct ir_binding {
    const struct tbinding *binding;
    uint32_t reg, sel;
    bool emitted;
    int8_t acts; /* whether its expression has actions: -1 not known yet */
};

/* A binding whose evaluation acts on rows and that several places of one expression name: it must be
 * evaluated before their ways part. */
struct ir_pin {
    struct tbinding *binding;
    uint32_t uses;
};

struct emitter {
    struct plan_builder *builder;
    struct arena *arena;
    VEC(struct ir_instr) instrs; /* of all parts, in the order of making */
    VEC(struct ir_reg) regs;
    VEC(struct ir_sel) sels; /* 0: all rows */
    VEC(struct plan_slot) slots;
    VEC(struct ir_const) consts; /* CONST's imm */
    VEC(struct ir_output) outputs;
    VEC(struct ir_binding) bindings;
    uint32_t *binding_buckets; /* by address: index + 1 in bindings */
    uint32_t binding_mask;
    VEC(uint32_t) chain; /* beside instrs: next instruction + 1 with the same hash bucket */
    uint32_t *buckets;
    uint32_t bucket_mask, shared_count;
    VEC(struct ir_pin) pins;
    VEC(const struct texpr *) assumed; /* cells that `is null` was asked about: no REQUIRE for them inside */
    enum ir_part part;                 /* FIRST or REST */
    uint32_t depth;                    /* of the expression being walked */
    enum { MATCH_ONE, MATCH_FIRST, MATCH_LAST } match; /* what a FIND with several rows gives */
    bool too_deep;
    bool no_folding;
};

/* ---- ir.c */
/* Adds an instruction, or finds an equal one that is valid in instr->sel, or folds it. Returns its register,
 * or for SEL_ instructions its selection; 0 for those without result. type: of the result. */
uint32_t ir_add(struct emitter *e, struct ir_instr instr, struct plan_type type);
uint32_t ir_const(struct emitter *e, struct plan_type type, const struct value *value, struct span span);
uint32_t ir_text(struct emitter *e, struct str text, struct span span);
/* Inner is outer or a part of it. */
bool ir_is_within(const struct emitter *e, uint32_t inner, uint32_t outer);
uint32_t ir_slot(struct emitter *e, struct plan_slot slot);
struct ir_binding *ir_binding(struct emitter *e, const struct tbinding *binding);
/* Registers of an instruction: args or list. */
const uint32_t *ir_operands(const struct ir_instr *instr, uint32_t *count);
struct plan_type type_simple(enum type_kind kind);

/* ---- emit_expr.c */
uint32_t emit_expr(struct emitter *e, struct texpr *x, uint32_t sel);
/* An instruction for the expression, with its span and taint. */
struct ir_instr expr_instr(const struct texpr *x, enum opcode op, uint32_t sel);

/* ---- emit_note.c */
/* Where the builder is measured: notes that rows of the selection come to the text. Nothing for a span
 * without a source. */
void note_place(struct emitter *e, enum plan_note note, struct span span, uint32_t sel);
void note_codes(struct emitter *e, const struct texpr *x, uint32_t reg, uint32_t sel);

/* ---- emit_branch.c */
uint32_t emit_if(struct emitter *e, struct texpr *x, uint32_t sel);
uint32_t emit_logic(struct emitter *e, struct texpr *x, uint32_t sel);
uint32_t emit_coalesce(struct emitter *e, struct texpr *x, uint32_t sel);
uint32_t emit_bound(struct emitter *e, struct texpr *x, uint32_t sel);
/* Before an expression: finds the bindings to pin. Before a branch of it: evaluates those that the branch
 * shares with other places. */
void emit_find_pins(struct emitter *e, struct texpr *x);
void emit_pins(struct emitter *e, struct texpr *branch, uint32_t sel);

/* ---- emit_guard.c */
/* `if x is null then null else f(x)` where f alone is the same: its register. False: it is not of that kind.
 */
bool emit_without_guard(struct emitter *e, struct texpr *x, uint32_t sel, uint32_t *reg);
/* The cell was asked for null around here: where it is null, what reads it is null too. */
bool emit_is_assumed(const struct emitter *e, const struct texpr *cell);

/* ---- emit_handler.c */
uint32_t emit_handled(struct emitter *e, struct texpr *x, uint32_t sel);
uint32_t emit_act(struct emitter *e, struct texpr *x, uint32_t sel);
/* The register with its fresh events reported. */
uint32_t emit_report(struct emitter *e, const struct texpr *x, uint32_t reg, uint32_t sel);

/* ---- emit_fold.c */
/* Computes a pure instruction over known operands with the VM. KNOWN_NOTHING: leave it to run time. */
enum ir_known fold_instr(struct emitter *e, const struct ir_instr *instr, struct plan_type type,
                         struct value *value, enum fault *fault);

#endif

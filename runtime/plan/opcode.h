/* The instruction set: enum, operand shapes and flags, all from opcodes.def and functions.def. */
#ifndef MIG_PLAN_OPCODE_H
#define MIG_PLAN_OPCODE_H

#include "runtime/base/str.h"

enum opcode {
#define OP(symbol, fn, result, operands, imm, imm2, flags, doc) OP_##symbol,
#include "runtime/plan/opcodes.def"
#include "runtime/plan/functions.def"
#undef OP
    OP_COUNT
};

/* What imm or imm2 means. */
enum imm_kind {
    IMM_NONE,
    IMM_CONST,    /* index in consts */
    IMM_PARAM,    /* index in params */
    IMM_SLOT,     /* index in the program's slots */
    IMM_TEMPLATE, /* index + 1 in patterns, kind TEMPLATE; 0: ISO */
    IMM_REGEX,    /* index in patterns, kind REGEX */
    IMM_LIKE,     /* index in patterns, kind LIKE */
    IMM_ZONE,     /* index in patterns, kind ZONE */
    IMM_PATH,     /* index in patterns, kind JSON_PATH */
    IMM_TABLE,    /* index in tables */
    IMM_COLUMN,   /* column of the keyed table */
    IMM_LIST,     /* offset in the program's operands: count, then registers */
    IMM_SEL,      /* selection */
    IMM_EVENTS,   /* set of row states: bit n is enum row_state n */
    IMM_EXTERN,   /* index in externs */
    IMM_NUMBER,   /* plain number */
    IMM_RUN,      /* enum run_value: what $run gives */
    IMM_KIND_COUNT
};

enum op_flags {
    OPF_NONE = 0,
    OPF_CAN_FAIL = 1,  /* may set rows to ROW_ERROR */
    OPF_MAY_NULL = 2,  /* may yield null for values that are not */
    OPF_RAW = 4,       /* sees rows of any state, not only values: the kernel does its own state */
    OPF_SELECT = 8,    /* dst is a new selection */
    OPF_ACTION = 16,   /* changes the row's outcome: never folded, shared, hoisted or dropped */
    OPF_SPECIAL = 32,  /* operand types are checked by the verifier's own rule for this opcode */
    OPF_VOLATILE = 64, /* another value each time: never folded or shared */
    OPF_NO_FOLD = 128  /* depends on the run or on tables: never folded at compile time */
};

struct opcode_info {
    const char *name;     /* "ADD_INT" */
    const char *function; /* name in mig, or "" */
    const char *result;   /* type letter, "" for none */
    const char *operands; /* a letter for each register operand in a, b, c; with imm LIST: of the list */
    uint8_t imm, imm2;    /* enum imm_kind */
    uint16_t flags;
    const char *doc;
};

extern const struct opcode_info OPCODES[OP_COUNT];
extern const char *const IMM_KIND_NAMES[IMM_KIND_COUNT];

/* True for instructions that may stand in a program's init part: their result depends on nothing but their
 * operands and the run, so on no row, selection or table. */
bool opcode_is_hoistable(enum opcode op);
/* True for IF, AND, OR, PATCH, POISON, NULLED: instructions with a selection in imm. */
static inline bool opcode_is_merge(enum opcode op) {
    return OPCODES[op].imm == IMM_SEL;
}
/* True when the registers stand in a list behind imm. */
static inline bool opcode_has_list(enum opcode op) {
    return OPCODES[op].imm == IMM_LIST;
}
/* Register operands in a, b, c (0 to 3); 0 for instructions with a list. */
static inline uint32_t opcode_operand_count(enum opcode op) {
    return opcode_has_list(op) ? 0 : (uint32_t)strlen(OPCODES[op].operands);
}

/* $run.id, $run.started_at, $run.environment */
enum run_value { RUN_ID, RUN_STARTED_AT, RUN_ENVIRONMENT, RUN_VALUE_COUNT };

/* What one row of a register is. Larger is stronger: an instruction's result takes the strongest state of
 * its operands, and is computed only where all are ROW_VALUE. */
enum row_state {
    ROW_VALUE = 0,
    ROW_NULL,
    ROW_POISON,    /* failed, and already reported: stays silent */
    ROW_ERROR,     /* fresh: an `on error` may still take it */
    ROW_MISSING,   /* fresh: `on missing` */
    ROW_SKIPPED,   /* fresh: `on skipped` */
    ROW_DUPLICATE, /* fresh: `on duplicate` of a lookup */
    ROW_STATE_COUNT
};

extern const char *const ROW_STATE_NAMES[ROW_STATE_COUNT];

#endif

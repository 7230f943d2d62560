/* Typed expressions: what an expression means. Made by the expression checker, read by the emitter and by the
 * reference evaluator of the tests. Names are resolved, conversions are explicit, functions inlined, match
 * lowered to if. A tree without TYPE_NONE is complete and well-typed. */
#ifndef MIG_CHECK_TEXPR_H
#define MIG_CHECK_TEXPR_H

#include "runtime/plan/plan.h"

enum texpr_kind {
    TX_CONST, /* value (kind TYPE_NULL: null of `type`) */
    TX_PARAM, /* index in plan->params */
    TX_RUN,   /* index: enum run_value */
    TX_CELL,  /* source cell read as `type`: cell; nullable as declared (REQUIRE is implied when not) */
    TX_INPUT, /* typed slot: slot_kind, index (, via) */
    TX_CALL,  /* opcode over args; imm, imm2 as the opcode wants (LIST opcodes take all args as the list) */
    TX_FIND,  /* row of table `index` with key args; type ROW */
    TX_FETCH, /* column imm of the row args[0] */
    TX_IF,    /* args: condition, then, else */
    TX_AND,
    TX_OR,       /* two args, three-valued, the right one only evaluated where it matters */
    TX_COALESCE, /* args[0] ?? args[1] */
    TX_IS_NULL,  /* args[0]; negated */
    TX_HANDLED,  /* args[0] with handlers */
    TX_BOUND,    /* the value of `binding` (a let, a column named by later lines, an inlined argument) */
    TX_ACT,      /* result of a match arm that is an action: performs it for its rows, yields poison */
    TX_RAISE     /* missing (no arm matched): fault in index */
};

struct texpr;

/* An expression with a name that is evaluated once for each row, where its declaration stands. */
struct tbinding {
    struct str name;
    struct texpr *expr;
    bool reported; /* a let or a column: its events are reported at its own line; an argument: they are not */
    void *emitted; /* the emitter's */
};

enum thandler_event { HANDLE_ERROR, HANDLE_NULL, HANDLE_MISSING, HANDLE_SKIPPED, HANDLE_DUPLICATE };

struct thandler {
    enum thandler_event event;
    enum taction { TACT_USE, TACT_SKIP, TACT_REJECT, TACT_WARN, TACT_FAIL, TACT_FIRST, TACT_LAST } action;
    struct texpr *message; /* text, built with CONCAT_MESSAGE, masked where personal; NULL: default message */
    struct texpr *use;     /* for USE and WARN (NULL there: validate/check only) */
    struct span span;
};

struct texpr {
    enum texpr_kind kind;
    struct plan_type type;
    bool pii;             /* personal data can reach this value */
    bool can_fail;        /* fresh ERROR possible here (not counting what handlers take) */
    bool can_miss;        /* fresh MISSING (or DUPLICATE) possible */
    bool can_skip;        /* fresh SKIPPED possible */
    bool varies;          /* depends on the row */
    struct span span;     /* of the source expression, for faults */
    struct span declared; /* the source's column that this is, where it is personal; else no source */
    VEC(struct texpr *) args;
    struct value value; /* TX_CONST */
    uint32_t index, imm, imm2;
    enum opcode opcode;  /* TX_CALL */
    struct {             /* TX_CELL */
        uint32_t column; /* in the source table */
        uint8_t via;
        uint32_t pattern; /* index + 1 in plan->patterns */
        uint32_t stage;   /* 0: the row of `from`; n: the row of the n-th joined source, read in its table's
                             build program */
    } cell;
    uint8_t slot_kind, via;        /* TX_INPUT */
    bool negated;                  /* TX_IS_NULL */
    struct span sides[2];          /* TX_IF, TX_COALESCE that the author wrote: the text of both sides, for
                                      coverage; without a source: not written, or another `if` of a match */
    struct span body, call;        /* the body of a function that stands here, for coverage, and its call */
    struct span null_argument;     /* TX_IF around a function's body: an argument that may be null, */
    struct span null_parameter;    /* and the parameter that takes none; else no source */
    struct tbinding *binding;      /* TX_BOUND */
    VEC(struct thandler) handlers; /* TX_HANDLED */
};

#endif

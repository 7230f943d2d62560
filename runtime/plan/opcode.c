/* The opcode table, from opcodes.def and functions.def. */
#include "runtime/plan/opcode.h"

const struct opcode_info OPCODES[OP_COUNT] = {
#define OP(symbol, function, result, operands, imm, imm2, flags, doc)                                        \
    [OP_##symbol] = {#symbol, function, result, operands, imm, imm2, flags, doc},
#include "runtime/plan/opcodes.def"
#include "runtime/plan/functions.def"
#undef OP
};

/* Without designators the same lines must fill the table exactly: no symbol stands twice, none is left out.
 */
enum {
    OPCODE_LINES = 0
#define OP(symbol, function, result, operands, imm, imm2, flags, doc) +1
#include "runtime/plan/opcodes.def"
#include "runtime/plan/functions.def"
#undef OP
};
_Static_assert((int)OPCODE_LINES == (int)OP_COUNT, "each opcode has one line");

/* A register operand has a, b or c to stand in; a list has one letter for all its registers. */
#define OP(symbol, function, result, operands, imm, imm2, flags, doc)                                        \
    _Static_assert(sizeof(operands) <= 4 && sizeof(result) <= 2, #symbol);
#include "runtime/plan/opcodes.def"
#include "runtime/plan/functions.def"
#undef OP

const char *const IMM_KIND_NAMES[IMM_KIND_COUNT] = {
    [IMM_NONE] = "-",        [IMM_CONST] = "const",       [IMM_PARAM] = "param",
    [IMM_SLOT] = "slot",     [IMM_TEMPLATE] = "template", [IMM_REGEX] = "regex",
    [IMM_LIKE] = "like",     [IMM_ZONE] = "zone",         [IMM_PATH] = "path",
    [IMM_TABLE] = "table",   [IMM_COLUMN] = "column",     [IMM_LIST] = "list",
    [IMM_SEL] = "selection", [IMM_EVENTS] = "states",     [IMM_EXTERN] = "extern",
    [IMM_NUMBER] = "number", [IMM_RUN] = "run",
};

const char *const ROW_STATE_NAMES[ROW_STATE_COUNT] = {
    [ROW_VALUE] = "value",         [ROW_NULL] = "null",       [ROW_POISON] = "poison",
    [ROW_ERROR] = "error",         [ROW_MISSING] = "missing", [ROW_SKIPPED] = "skipped",
    [ROW_DUPLICATE] = "duplicate",
};

bool opcode_is_hoistable(enum opcode op) {
    const struct opcode_info *info = &OPCODES[op];
    if (info->flags & (OPF_SELECT | OPF_ACTION | OPF_VOLATILE)) return false;
    if (info->imm == IMM_SLOT || info->imm == IMM_SEL || info->imm == IMM_COLUMN) return false;
    if (info->imm2 == IMM_TABLE || info->imm2 == IMM_EXTERN) return false;
    return op != OP_RAISE_MISSING;
}

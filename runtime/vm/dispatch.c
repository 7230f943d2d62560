/* The table of kernels, from the opcode tables: an opcode without a kernel does not link. */
#include "runtime/vm/vm_internal.h"

kernel_function *const KERNELS[OP_COUNT] = {
#define OP(symbol, fn, result, operands, imm, imm2, flags, doc) [OP_##symbol] = op_##symbol,
#include "runtime/plan/opcodes.def"
#include "runtime/plan/functions.def"
#undef OP
};

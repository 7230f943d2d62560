/* Untrusted plans, run: what the fuzz target and the mutating test of plans share. */
#ifndef MIG_TESTS_FUZZ_PLAN_RUN_H
#define MIG_TESTS_FUZZ_PLAN_RUN_H

#include "runtime/base/buf.h"

/* xorshift64; the seed must not be 0. */
static inline uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline uint32_t below(uint64_t *state, uint64_t limit) {
    return (uint32_t)(next_random(state) % limit);
}

/* Reads, verifies and disassembles the bytes and, when they are a plan that passes, runs its programs on
 * random cells. True when they are. */
bool plan_run_bytes(struct str bytes);
/* Puts a right container (magic, versions, length, hash) around whatever content the bytes have. */
void plan_repair(struct buf *bytes);

#endif

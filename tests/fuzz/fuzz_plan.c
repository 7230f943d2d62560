/* Fuzz target: plans, with the container put right so that the content is what is judged. */
#include "tests/fuzz/plan_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf bytes = {0};
    buf_append(&bytes, data, size);
    plan_repair(&bytes);
    plan_run_bytes(buf_str(&bytes));
    buf_release(&bytes);
    return 0;
}

/* Several values as one key in which nulls equal nulls: for unique by and group by, which see null as a
 * value. */
#include "runtime/engine/engine.h"

void part_key_encode(struct part_key *key, const struct vm *vm, const struct plan_program *program,
                     const uint32_t *registers, uint32_t count, uint32_t row) {
    buf_clear(&key->bytes);
    for (uint32_t i = 0; i < count; i++) {
        struct value part = vm_value_at(vm, registers[i], row);
        uint32_t length = UINT32_MAX; /* null */
        buf_clear(&key->part);
        if (part.kind != TYPE_NULL) {
            keyed_table_encode(&program->regs[registers[i]], &part, 1, &key->part);
            length = (uint32_t)key->part.len;
        }
        buf_append(&key->bytes, &length, sizeof length);
        buf_append_str(&key->bytes, buf_str(&key->part));
    }
}

void part_key_release(struct part_key *key) {
    buf_release(&key->bytes);
    buf_release(&key->part);
}

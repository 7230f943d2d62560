/* Which cells of a source table the programs of a map read: only those are parsed. */
#include "runtime/engine/engine.h"

uint32_t projection_add(struct arena *arena, struct projection *projection, uint32_t column, uint8_t via) {
    for (uint32_t i = 0; i < projection->columns.count; i++)
        if (projection->columns.items[i].column == column && projection->columns.items[i].via == via)
            return i;
    VEC_PUSH(arena, &projection->columns, (struct reader_column){.column = column, .via = via});
    return projection->columns.count - 1;
}

void projection_add_program(struct arena *arena, struct projection *projection,
                            const struct plan_program *program) {
    for (uint32_t i = 0; i < program->slots_count; i++)
        if (program->slots[i].kind == SLOT_CELL)
            projection_add(arena, projection, program->slots[i].column, program->slots[i].via);
}

uint32_t *projection_bind(struct arena *arena, const struct projection *projection,
                          const struct plan_program *program) {
    uint32_t *bound = ARENA_ARRAY(arena, uint32_t, program->slots_count + 1), n = 0;
    for (uint32_t i = 0; i < program->slots_count; i++) {
        const struct plan_slot *slot = &program->slots[i];
        if (slot->kind != SLOT_CELL) continue;
        for (uint32_t c = 0; c < projection->columns.count; c++)
            if (projection->columns.items[c].column == slot->column &&
                projection->columns.items[c].via == slot->via)
                bound[n] = c;
        n++;
    }
    return bound;
}

uint32_t program_output(const struct plan_program *program, enum plan_output_role role, uint32_t index) {
    for (uint32_t i = 0; i < program->outputs_count; i++)
        if (program->outputs[i].role == role && program->outputs[i].index == index)
            return program->outputs[i].reg;
    return NO_REGISTER;
}

uint32_t program_output_count(const struct plan_program *program, enum plan_output_role role) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->outputs_count; i++)
        count += program->outputs[i].role == role;
    return count;
}

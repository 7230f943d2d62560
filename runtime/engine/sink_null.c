/* A sink that only counts: of maps into files, when a run is gone over again. */
#include "runtime/engine/engine.h"

#include <stdlib.h>

struct sink_null {
    struct sink base;
    uint64_t rows;
};

static bool null_write(struct sink *sink, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                       uint32_t count) {
    (void)run, (void)vm, (void)rows;
    ((struct sink_null *)sink)->rows += count;
    return true;
}
static bool null_end_batch(struct sink *sink, struct map_run *run, uint64_t first, uint64_t end) {
    (void)sink, (void)run, (void)first, (void)end;
    return true;
}
static bool null_finish(struct sink *sink, struct map_run *run, struct sink_counts *counts) {
    (void)run;
    counts->written = ((struct sink_null *)sink)->rows;
    return true;
}
static void null_close(struct sink *sink) {
    free(sink);
}

struct sink *sink_null_open(void) {
    static const struct sink_ops OPS = {null_write, null_end_batch, null_finish, null_close};
    struct sink_null *sink = memory_zalloc(sizeof *sink);
    sink->base.ops = &OPS;
    return &sink->base;
}

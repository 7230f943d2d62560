/* The ledger: each rejected row, with its reasons and where it came from, into mig.quarantine in the
 * transaction of its batch. The record itself stays in the quarantine file. */
#include "runtime/engine/load_thread.h"
#include "runtime/engine/map_internal.h"

static struct str faults_json(struct map_run *run, const struct plan_program *program, const struct vm *vm,
                              uint32_t row) {
    struct buf json = {0};
    quarantine_append_faults(run->engine, program, vm, row, &json);
    struct str text = arena_copy_str(&run->ledger->arena, buf_str(&json));
    buf_release(&json);
    return text;
}

void ledger_add(struct map_run *run, const struct plan_program *program, const struct vm *vm, uint32_t row,
                const struct row_place *place, uint64_t ordinal) {
    if (!run->sink_journals) return;
    if (run->ledger == NULL) run->ledger = load_ledger_new();
    struct arena *arena = &run->ledger->arena;
    struct journal_reject reject = {.row_ordinal = ordinal,
                                    .line = place->line,
                                    .row = place->row,
                                    .expires_at = run->engine->expires_at};
    const struct row_report *r = vm_first_report(vm, row);
    while (r && r->kind != OUTCOME_REJECTED)
        r = vm_next_report(vm, r);
    reject.file = arena_copy_str(arena, map_place_file(run, place));
    reject.fault = str_cstr(fault_id(r ? r->fault : FAULT_NONE));
    reject.message = r ? arena_copy_str(arena, r->message) : STR("");
    reject.faults_json = faults_json(run, program, vm, row);
    VEC_PUSH(arena, &run->ledger->rejects, reject);
}

void ledger_add_left_out(struct map_run *run, uint64_t ordinal) {
    if (!run->sink_journals) return;
    if (run->ledger == NULL) run->ledger = load_ledger_new();
    VEC_PUSH(&run->ledger->arena, &run->ledger->left_out, ordinal);
}

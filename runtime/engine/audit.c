/* `audit into table { … }`: a row for each thing the run does. */
#include "runtime/engine/checks.h"

static struct vm_input event_input(enum plan_slot_kind kind, struct arena *arena, const char *event,
                                   struct str map, struct str detail, int64_t at) {
    uint8_t *state = ARENA_ARRAY(arena, uint8_t, 1);
    if (kind == SLOT_EVENT_AT) {
        int64_t *value = ARENA_ARRAY(arena, int64_t, 1);
        *value = at;
        return (struct vm_input){value, state};
    }
    struct str *text = ARENA_ARRAY(arena, struct str, 1);
    *text = kind == SLOT_EVENT_KIND ? str_cstr(event) : kind == SLOT_EVENT_MAP ? map : detail;
    if (kind == SLOT_EVENT_MAP && map.len == 0) *state = ROW_NULL;
    return (struct vm_input){text, state};
}

static void build_insert(const struct plan *plan, struct buf *sql) {
    const struct plan_target_table *table = &plan->target.tables[plan->audit.target_table - 1];
    buf_append_cstr(sql, "insert into ");
    pg_append_qualified(sql, table->schema, table->name);
    buf_append_cstr(sql, " (");
    for (uint32_t i = 0; i < plan->audit.columns_count; i++) {
        if (i) buf_append_cstr(sql, ", ");
        pg_append_identifier(sql, table->columns[plan->audit.columns[i]].name);
    }
    buf_append_cstr(sql, ") values (");
    for (uint32_t i = 0; i < plan->audit.columns_count; i++)
        buf_printf(sql, "%s$%u::%.*s", i ? ", " : "", i + 1,
                   STR_ARG(table->columns[plan->audit.columns[i]].pg_type));
    buf_append_char(sql, ')');
}

static bool insert_event(struct engine *engine, struct target_postgres *pg,
                         const struct plan_program *program, const struct vm *vm, struct arena *arena) {
    const struct plan *plan = engine->plan;
    struct str *params = ARENA_ARRAY(arena, struct str, plan->audit.columns_count + 1);
    struct buf sql = {0};
    for (uint32_t i = 0; i < plan->audit.columns_count; i++) {
        uint32_t reg = program_output(program, OUT_COLUMN, i);
        struct value value = vm_value_at(vm, reg, 0);
        if (value.kind != TYPE_NULL) params[i] = engine_value_text(engine, &program->regs[reg], &value);
    }
    build_insert(plan, &sql);
    struct pg_result *result = pg_query(pg->look, sql.ptr, params, plan->audit.columns_count, engine->diags);
    buf_release(&sql);
    pg_result_free(result);
    return result != NULL || engine_fail(engine, RUN_UNREACHABLE);
}

/* The row that the spec makes of the event. */
static bool make_row(struct engine *engine, struct target_postgres *pg, const char *kind, struct str map,
                     struct str detail, int64_t at) {
    const struct plan *plan = engine->plan;
    const struct plan_program *program = &plan->programs[plan->audit.program];
    struct row_batch batch = {0};
    struct arena arena = {0};
    struct vm_input *inputs = ARENA_ARRAY(&arena, struct vm_input, program->slots_count + 1);
    for (uint32_t i = 0; i < program->slots_count; i++)
        inputs[i] = event_input((enum plan_slot_kind)program->slots[i].kind, &arena, kind, map, detail, at);
    row_batch_init(&batch, 0);
    batch.count = 1;
    struct vm *vm = vm_new(engine->programs, plan->audit.program);
    vm_begin(vm, &batch, 1, NULL, NULL, inputs);
    vm_run_pre(vm);
    vm_run_rest(vm);
    bool good = vm_row_outcome(vm, 0) == OUTCOME_OK && insert_event(engine, pg, program, vm, &arena);
    if (vm_row_outcome(vm, 0) != OUTCOME_OK) {
        const struct row_report *report = vm_first_report(vm, 0);
        diag_report(engine->diags, X_AUDIT, no_span(), "the audit row could not be made: %.*s",
                    report ? (int)report->message.len : 0, report ? report->message.ptr : "");
        engine_fail(engine, RUN_STOPPED);
    }
    vm_free(vm);
    row_batch_release(&batch);
    arena_release(&arena);
    return good;
}

/* Was it written before the run was interrupted? That the run was started the journal itself says once. */
static bool is_written(struct engine *engine, struct target_postgres *pg, struct str kind, struct str map) {
    bool start = str_is(kind, "run_started");
    return engine->options->again && (map.len || start) &&
           journal_has_events(pg->look, &pg->run, kind, map, start ? 2 : 1);
}

/* Event and row are one transaction: a run that is resumed leaves none out and none twice. */
bool audit_write(struct engine *engine, struct target_postgres *pg, const char *kind, struct str map,
                 struct str detail) {
    int64_t at = timestamptz_now();
    if (!pg->journaling) return true;
    if (is_written(engine, pg, str_cstr(kind), map)) return true;
    bool held = pg_begin(pg->look, engine->diags) && journal_hold_run(pg->look, &pg->run, engine->diags);
    bool good =
        held && journal_append_event(pg->look, &pg->run, str_cstr(kind), map, detail, at, engine->diags);
    if (!good) {
        bool taken = !held && pg_is_alive(pg->look);
        pg_rollback(pg->look);
        return engine_fail(engine, taken ? RUN_REFUSED : RUN_UNREACHABLE);
    }
    good = engine->plan->audit.target_table == 0 || make_row(engine, pg, kind, map, detail, at);
    if (good && pg_commit(pg->look, engine->diags)) return true;
    pg_rollback(pg->look);
    return good ? engine_fail(engine, RUN_UNREACHABLE) : false;
}

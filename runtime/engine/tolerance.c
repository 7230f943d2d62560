/* See tolerance.h. */
#include "runtime/engine/tolerance.h"

#include "runtime/value/decimal.h"

void tolerance_begin(struct engine *engine, const struct plan_map *map, struct run_map_report *report) {
    const struct plan_tolerance_rule *rules = map->tolerance_rules;
    uint32_t count = map->tolerance_rules_count;
    if (!map->tolerance_own && engine->environment) {
        rules = engine->environment->tolerance_rules;
        count = engine->environment->tolerance_rules_count;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct plan_tolerance_rule *rule = &rules[i];
        struct run_rule_report told = {.rule = rule};
        told.limit = arena_printf(engine->arena, "%.*s%s", STR_ARG(rule->tolerance),
                                  rule->tolerance_kind == TOLERANCE_PERCENT ? "%" : "");
        told.subject = arena_printf(engine->arena,
                                    rule->kind == RULE_MESSAGE    ? "\"%.*s\""
                                    : rule->kind == RULE_VALIDATE ? "validate %.*s"
                                                                  : "%.*s",
                                    STR_ARG(rule->subject));
        VEC_PUSH(engine->arena, &report->rules, told);
    }
}

/* ---------------------------------------------------------------- counting */

static bool has_span(const struct plan_tolerance_rule *rule, const struct plan_span *span) {
    for (uint32_t i = 0; i < rule->spans_count; i++)
        if (rule->spans[i].file == span->file && rule->spans[i].start == span->start &&
            rule->spans[i].end == span->end)
            return true;
    return false;
}

/* Where the message of a rejecting instruction is made; NULL: it is fixed text, or the VM's own. Registers
 * are shared, so what counts is who wrote it last before. */
static const struct plan_span *message_span(const struct plan_program *program, uint32_t instr) {
    const struct plan_instr *in = &program->code[instr];
    uint32_t reg = in->op == OP_REJECT ? in->a : in->b;
    if (in->op != OP_REJECT && in->op != OP_REJECT_EVENT) return NULL;
    for (uint32_t i = instr; i-- > 0;)
        if (program->code[i].op == OP_CONCAT_MESSAGE && program->code[i].dst == reg)
            return &program->spans[i];
    return NULL;
}

static bool rule_fits(const struct plan_tolerance_rule *rule, const struct plan_program *program,
                      uint32_t instr, enum fault fault, struct str message) {
    if (rule->kind == RULE_CODE) return str_eq(rule->subject, str_cstr(fault_id(fault)));
    bool placed = program && instr < program->code_count && instr < program->spans_count;
    if (rule->kind == RULE_VALIDATE)
        return placed && program->code[instr].op == OP_REJECT && fault == FAULT_INVALID &&
               has_span(rule, &program->spans[instr]);
    if (str_eq(message, rule->subject)) return true;
    const struct plan_span *span = placed && rule->spans_count ? message_span(program, instr) : NULL;
    return span && has_span(rule, span);
}

void tolerance_count(const struct engine *engine, struct run_map_report *report,
                     const struct plan_program *program, uint32_t instr, enum fault fault,
                     struct str message) {
    bool ruled = false;
    (void)engine;
    for (uint32_t i = 0; i < report->rules.count; i++) {
        struct run_rule_report *told = &report->rules.items[i];
        if (!rule_fits(told->rule, program, instr, fault, message)) continue;
        told->count++;
        ruled = true;
    }
    report->ruled += ruled;
}

/* ---------------------------------------------------------------- judging */

static bool is_beyond(uint8_t kind, struct str text, uint64_t rejected_rows, uint64_t read) {
    struct decimal limit = decimal_from_int(0), rejected = decimal_from_int((int64_t)rejected_rows);
    if (kind != TOLERANCE_UNSET && decimal_parse(text, &limit) != FAULT_NONE) limit = decimal_from_int(0);
    if (kind == TOLERANCE_PERCENT) {
        decimal_multiply(limit, decimal_from_int((int64_t)read), &limit);
        decimal_multiply(rejected, decimal_from_int(100), &rejected);
    }
    return decimal_compare(rejected, limit) > 0;
}

static void help_rejected(struct engine *engine, const struct plan_map *map, struct diag *diag) {
    if (engine->report->quarantine_dir.len)
        diag_help(engine->diags, diag, "The rows are in %.*s/%.*s.ndjson, each with its reason.",
                  STR_ARG(engine->report->quarantine_dir), STR_ARG(map->name));
    diag_help(engine->diags, diag,
              "%s. Repair the source or the spec, or set `tolerance` for the map or the environment.",
              engine->options->rehearse ? "A run would stop here; the rehearsal goes on"
              : engine->one_transaction ? "Nothing was committed"
                                        : "What is loaded stands");
}

static bool judge_general(struct engine *engine, const struct plan_map *map, const struct run_map_report *r,
                          uint64_t closed) {
    uint8_t kind = map->tolerance_kind;
    struct str text = map->tolerance;
    uint64_t rejected = r->rejected - (r->ruled < r->rejected ? r->ruled : r->rejected);
    rejected = rejected > closed ? rejected - closed : 0;
    if (kind == TOLERANCE_UNSET && engine->environment) {
        kind = engine->environment->tolerance_kind;
        text = engine->environment->tolerance;
    }
    if (!is_beyond(kind, text, rejected, r->read)) return true;
    struct diag *diag =
        diag_report(engine->diags, X_TOLERANCE, no_span(),
                    "map `%.*s` rejected %llu of %llu rows%s, more than the tolerance of %.*s%s",
                    STR_ARG(map->name), (unsigned long long)rejected, (unsigned long long)r->read,
                    r->rules.count ? " for reasons without a rule of their own" : "",
                    kind == TOLERANCE_UNSET ? 1 : (int)text.len, kind == TOLERANCE_UNSET ? "0" : text.ptr,
                    kind == TOLERANCE_PERCENT ? "%" : "");
    help_rejected(engine, map, diag);
    return false;
}

static uint64_t less(uint64_t count, uint64_t by) {
    return count > by ? count - by : 0;
}

bool tolerance_judge(struct engine *engine, const struct plan_map *map, struct run_map_report *report,
                     uint64_t closed) {
    bool good = true;
    for (uint32_t i = 0; i < report->rules.count; i++) {
        struct run_rule_report *told = &report->rules.items[i];
        told->beyond = is_beyond(told->rule->tolerance_kind, told->rule->tolerance, less(told->count, closed),
                                 report->read);
        if (!told->beyond || engine->options->dry_run) continue;
        struct diag *diag =
            diag_report(engine->diags, X_TOLERANCE_RULE, no_span(),
                        "map `%.*s` rejected %llu of %llu rows by %.*s, more than the tolerance of %.*s",
                        STR_ARG(map->name), (unsigned long long)told->count, (unsigned long long)report->read,
                        STR_ARG(told->subject), STR_ARG(told->limit));
        help_rejected(engine, map, diag);
        good = false;
    }
    if (engine->options->dry_run) return true;
    return judge_general(engine, map, report, closed) && good;
}

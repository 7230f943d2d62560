/* The report of a run: for people, and as JSON. */
#include "runtime/engine/run.h"

#include <cjson/cJSON.h>

static const char *status_text(enum run_status status) {
    static const char *const TEXTS[] = {
        [RUN_OK] = "done",
        [RUN_USAGE] = "not started: parameters, options or environment do not fit",
        [RUN_TOLERANCE] = "stopped: more rows rejected than tolerated",
        [RUN_CHECK] = "a check failed",
        [RUN_UNREACHABLE] = "stopped: a source could not be read, or the target not reached",
        [RUN_STOPPED] = "stopped half-way",
        [RUN_REFUSED] = "refused",
    };
    return TEXTS[status];
}

static void append_row(struct buf *out, const struct run_map_report *m, int width) {
    buf_printf(out, "  %-*.*s %9llu %9llu %9llu %9llu %9llu %9llu %9llu%s\n", width, STR_ARG(m->name),
               (unsigned long long)m->read, (unsigned long long)m->written, (unsigned long long)m->updated,
               (unsigned long long)m->unchanged, (unsigned long long)m->skipped,
               (unsigned long long)m->rejected, (unsigned long long)m->warnings,
               m->complete ? "" : "  incomplete");
}

static void append_reasons(struct buf *out, const struct run_map_report *m) {
    static const char *const KINDS[] = {[OUTCOME_OK] = "warned",
                                        [OUTCOME_REJECTED] = "rejected",
                                        [OUTCOME_SKIPPED] = "skipped",
                                        [OUTCOME_FAILED] = "failed"};
    static const uint8_t ORDER[] = {OUTCOME_REJECTED, OUTCOME_OK, OUTCOME_SKIPPED};
    for (size_t k = 0; k < sizeof ORDER; k++)
        for (uint32_t i = 0; i < m->reasons.count; i++) {
            const struct run_reason *r = &m->reasons.items[i];
            if (r->kind != ORDER[k]) continue;
            buf_printf(out, "  %.*s: %llu %s", STR_ARG(m->name), (unsigned long long)r->count,
                       KINDS[r->kind]);
            if (r->line) buf_printf(out, " by %.*s:%u", STR_ARG(r->file), r->line);
            if (r->text.len) buf_printf(out, "  %.*s", STR_ARG(r->text));
            buf_append_char(out, '\n');
            if (r->kind != OUTCOME_SKIPPED && r->example.len)
                buf_printf(out, "      for example: %.*s\n", STR_ARG(r->example));
        }
}

static void append_rules(struct buf *out, const struct run_map_report *m) {
    for (uint32_t i = 0; i < m->rules.count; i++) {
        const struct run_rule_report *r = &m->rules.items[i];
        buf_printf(out, "  %.*s: %llu of at most %.*s rejected by %.*s%s\n", STR_ARG(m->name),
                   (unsigned long long)r->count, STR_ARG(r->limit), STR_ARG(r->subject),
                   r->beyond ? ": TOO MANY" : "");
    }
}

static void append_checks(const struct run_report *report, struct buf *out) {
    if (report->checks.count == 0) return;
    buf_append_cstr(out, "\nChecks\n");
    for (uint32_t i = 0; i < report->checks.count; i++) {
        const struct run_check_report *c = report->checks.items[i];
        const char *verdict = !c->ran ? "not run" : c->passed ? "holds" : c->warned ? "warning" : "FAILS";
        struct str title = c->title.len ? c->title : c->name;
        buf_printf(out, "  %-8s %.*s", verdict, STR_ARG(title));
        if (c->detail.len) buf_printf(out, ": %.*s", STR_ARG(c->detail));
        buf_append_char(out, '\n');
    }
}

static void append_end(const struct run_report *report, struct buf *out) {
    if (report->rehearsal)
        buf_append_cstr(out, "rolled back, as a rehearsal is: the counts are those that a run would leave\n");
    else if (report->rolled_back)
        buf_append_cstr(out, "rolled back: nothing of this run stands\n");
}

/* How long a run will take, map by map; and what else is worth knowing. */
static void append_notes(const struct run_report *report, int width, struct buf *out) {
    if (report->rehearsal && report->maps.count) {
        buf_append_cstr(out, "\nExpected duration\n");
        for (uint32_t i = 0; i < report->maps.count; i++)
            buf_printf(out, "  %-*.*s %9.2f s\n", width, STR_ARG(report->maps.items[i]->name),
                       report->maps.items[i]->seconds);
        buf_printf(out, "  %-*s %9.2f s with checks, on this target, as busy as it was\n", width, "all",
                   report->seconds);
    }
    if (report->notes.count) buf_append_cstr(out, "\nNotes\n");
    for (uint32_t i = 0; i < report->notes.count; i++)
        buf_printf(out, "  %.*s\n", STR_ARG(report->notes.items[i]));
}

void run_report_text(const struct run_report *report, bool colour, struct buf *out) {
    int width = 4;
    bool any_reason = false, any_rule = false;
    for (uint32_t i = 0; i < report->maps.count; i++) {
        if ((int)report->maps.items[i]->name.len > width) width = (int)report->maps.items[i]->name.len;
        any_reason |= report->maps.items[i]->reasons.count > 0;
        any_rule |= report->maps.items[i]->rules.count > 0;
    }
    buf_printf(out, "%s%.*s%s version %lld%s, run %s\n", colour ? "\x1b[1m" : "", STR_ARG(report->migration),
               colour ? "\x1b[0m" : "", (long long)report->version,
               report->dry_run     ? " (dry run)"
               : report->rehearsal ? " (rehearsal)"
                                   : "",
               report->run_id);
    buf_printf(out, "started %.*s, %.2f s%s%.*s\n", STR_ARG(report->started_at), report->seconds,
               report->environment.len ? ", environment " : "", STR_ARG(report->environment));
    const char *paint = !colour ? "" : report->status == RUN_OK ? "\x1b[1;32m" : "\x1b[1;31m";
    buf_printf(out, "%s%s%s\n", paint, status_text(report->status), colour ? "\x1b[0m" : "");
    append_end(report, out);
    if (report->maps.count) {
        buf_printf(out, "\n  %-*s %9s %9s %9s %9s %9s %9s %9s\n", width, "map", "read", "written", "updated",
                   "unchanged", "skipped", "rejected", "warnings");
        for (uint32_t i = 0; i < report->maps.count; i++)
            append_row(out, report->maps.items[i], width);
    }
    if (any_reason) buf_append_cstr(out, "\nReasons\n");
    for (uint32_t i = 0; i < report->maps.count; i++)
        append_reasons(out, report->maps.items[i]);
    if (any_rule) buf_append_cstr(out, "\nTolerance by rule\n");
    for (uint32_t i = 0; i < report->maps.count; i++)
        append_rules(out, report->maps.items[i]);
    append_checks(report, out);
    append_notes(report, width, out);
    bool rejected = false;
    for (uint32_t i = 0; i < report->maps.count; i++)
        rejected |= report->maps.items[i]->rejected > 0;
    if (rejected && report->quarantine_dir.len)
        buf_printf(out, "\nRejected rows are in %.*s\n", STR_ARG(report->quarantine_dir));
}

/* ---------------------------------------------------------------- JSON */

static void json_text(struct buf *out, const char *name, struct str text) {
    buf_printf(out, "\"%s\":", name);
    buf_append_json(out, text);
}

static void json_reason(struct buf *out, const struct run_reason *r) {
    static const char *const KINDS[] = {[OUTCOME_OK] = "warned",
                                        [OUTCOME_REJECTED] = "rejected",
                                        [OUTCOME_SKIPPED] = "skipped",
                                        [OUTCOME_FAILED] = "failed"};
    buf_printf(out, "{\"outcome\":\"%s\",\"skip_reason\":%u,\"code\":\"%s\",\"count\":%llu,", KINDS[r->kind],
               r->skip_reason, fault_id(r->fault), (unsigned long long)r->count);
    json_text(out, "file", r->file);
    buf_printf(out, ",\"line\":%u,", r->line);
    json_text(out, "text", r->text);
    buf_append_char(out, ',');
    json_text(out, "example", r->example);
    buf_append_char(out, '}');
}

static void json_map(struct buf *out, const struct run_map_report *m) {
    buf_append_char(out, '{');
    json_text(out, "name", m->name);
    buf_printf(out,
               ",\"read\":%llu,\"written\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"skipped\":%llu,"
               "\"rejected\":%llu,\"warnings\":%llu,\"seconds\":%.3f,\"complete\":%s,\"reasons\":[",
               (unsigned long long)m->read, (unsigned long long)m->written, (unsigned long long)m->updated,
               (unsigned long long)m->unchanged, (unsigned long long)m->skipped,
               (unsigned long long)m->rejected, (unsigned long long)m->warnings, m->seconds,
               m->complete ? "true" : "false");
    for (uint32_t i = 0; i < m->reasons.count; i++) {
        if (i) buf_append_char(out, ',');
        json_reason(out, &m->reasons.items[i]);
    }
    buf_append_cstr(out, "],\"rules\":[");
    for (uint32_t i = 0; i < m->rules.count; i++) {
        const struct run_rule_report *r = &m->rules.items[i];
        buf_append_cstr(out, i ? ",{" : "{");
        json_text(out, "subject", r->subject);
        buf_append_char(out, ',');
        json_text(out, "limit", r->limit);
        buf_printf(out, ",\"count\":%llu,\"beyond\":%s}", (unsigned long long)r->count,
                   r->beyond ? "true" : "false");
    }
    buf_append_cstr(out, "]}");
}

static void json_check(struct buf *out, const struct run_check_report *c) {
    buf_append_char(out, '{');
    json_text(out, "name", c->name);
    buf_append_char(out, ',');
    json_text(out, "title", c->title);
    buf_append_char(out, ',');
    json_text(out, "detail", c->detail);
    buf_printf(out, ",\"ran\":%s,\"passed\":%s,\"warned\":%s}", c->ran ? "true" : "false",
               c->passed ? "true" : "false", c->warned ? "true" : "false");
}

void run_report_json(const struct run_report *report, struct buf *out) {
    buf_append_char(out, '{');
    json_text(out, "run", str_cstr(report->run_id));
    buf_append_char(out, ',');
    json_text(out, "migration", report->migration);
    buf_printf(out, ",\"version\":%lld,", (long long)report->version);
    json_text(out, "environment", report->environment);
    buf_append_char(out, ',');
    json_text(out, "started_at", report->started_at);
    buf_append_cstr(out, ",\"plan_hash\":\"");
    for (size_t i = 0; i < sizeof report->plan_hash; i++)
        buf_printf(out, "%02x", report->plan_hash[i]);
    buf_printf(out, "\",\"dry_run\":%s,\"seconds\":%.3f,\"status\":%d,", report->dry_run ? "true" : "false",
               report->seconds, run_exit_code(report->status));
    buf_printf(out, "\"rehearsal\":%s,\"rolled_back\":%s,", report->rehearsal ? "true" : "false",
               report->rolled_back ? "true" : "false");
    json_text(out, "status_text", str_cstr(status_text(report->status)));
    buf_append_char(out, ',');
    json_text(out, "quarantine", report->quarantine_dir);
    buf_append_cstr(out, ",\"maps\":[");
    for (uint32_t i = 0; i < report->maps.count; i++) {
        if (i) buf_append_char(out, ',');
        json_map(out, report->maps.items[i]);
    }
    buf_append_cstr(out, "],\"checks\":[");
    for (uint32_t i = 0; i < report->checks.count; i++) {
        if (i) buf_append_char(out, ',');
        json_check(out, report->checks.items[i]);
    }
    buf_append_cstr(out, "],\"files\":[");
    for (uint32_t i = 0; i < report->files.count; i++) {
        const struct run_file_report *f = &report->files.items[i];
        buf_append_cstr(out, i ? ",{" : "{");
        json_text(out, "source", f->source);
        buf_append_char(out, ',');
        json_text(out, "file", f->name);
        buf_printf(out, ",\"rows\":%llu}", (unsigned long long)f->rows);
    }
    buf_append_cstr(out, "],\"notes\":[");
    for (uint32_t i = 0; i < report->notes.count; i++) {
        if (i) buf_append_char(out, ',');
        buf_append_json(out, report->notes.items[i]);
    }
    buf_append_cstr(out, "]}\n");
}

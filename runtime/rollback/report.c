/* What a rollback found and did, for people and for programs. */
#include "runtime/rollback/rollback.h"

static const char *const STATUS_NAMES[] = {"done", "refused", "wrong", "unreachable", "stopped", "usage"};
static const char *const WAY_NAMES[ROLLBACK_COUNT] = {"delete", "restore", "sql", "none"};

struct class_text {
    const struct undo_class *class;
    const char *name, *text;
};

enum { CLASSES = 9 };

static void list_classes(const struct undo_map_report *m, struct class_text out[static CLASSES]) {
    const struct class_text all[CLASSES] = {
        {&m->untouched_inserted, "untouched_inserted", "inserted, untouched since"},
        {&m->untouched_updated, "untouched_updated", "updated, untouched since"},
        {&m->same, "same", "written again by others with the same content"},
        {&m->gone, "gone", "inserted, deleted by others"},
        {&m->edited, "edited", "changed by others, or deleted and made anew"},
        {&m->deleted, "deleted", "updated, then deleted by others"},
        {&m->between, "between", "changed by others between two writes of the run"},
        {&m->unclear, "unclear", "inserted, then changed or deleted by others"},
        {&m->held, "held", "untouched, but rows that stay refer to them"},
    };
    memcpy(out, all, sizeof all);
}

/* 1234567 as 1,234,567 */
static void append_number(struct buf *out, uint64_t n) {
    char digits[32];
    int len = 0;
    do {
        if (len % 4 == 3) digits[len++] = ',';
        digits[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    while (len)
        buf_append_char(out, digits[--len]);
}

static void append_count_line(struct buf *out, uint64_t n, const char *text) {
    struct buf number = {0};
    append_number(&number, n);
    buf_printf(out, "    %12s  %s", number.ptr, text);
    buf_release(&number);
}

static void text_samples(const struct undo_class *class, struct buf *out) {
    for (uint32_t i = 0; i < class->samples.count; i++)
        buf_printf(out, "%s%.*s", i ? "; " : ": ", STR_ARG(class->samples.items[i]));
    if (class->samples.count && class->rows > class->samples.count) buf_append_cstr(out, "; …");
}

static void text_references(const struct undo_map_report *m, struct buf *out) {
    for (uint32_t i = 0; i < m->references.count; i++) {
        const struct undo_reference *r = &m->references.items[i];
        if (r->rows) {
            append_count_line(out, r->rows, "");
            buf_printf(out, "rows must stay for %.*s (%.*s, on delete %s)\n", STR_ARG(r->child),
                       STR_ARG(r->constraint), r->action);
        }
        if (r->slow)
            buf_printf(out,
                       "    slow: no index begins with the columns of %.*s (%.*s): each deletion searches "
                       "the table\n",
                       STR_ARG(r->child), STR_ARG(r->constraint));
    }
}

static void text_done(const struct undo_map_report *m, struct buf *out) {
    const struct {
        uint64_t n;
        const char *text;
    } lines[] = {{m->rows_deleted, "deleted"},
                 {m->rows_restored, "put back as they were"},
                 {m->rows_overwritten, "undone over changes of others, which are in mig.conflict"},
                 {m->rows_merged, "put back in the columns that the run wrote; changes of others stay"},
                 {m->rows_kept, "kept, listed in mig.conflict"}};
    bool any = false;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (lines[i].n == 0) continue;
        append_count_line(out, lines[i].n, lines[i].text);
        buf_append_char(out, '\n');
        any = true;
    }
    if (m->sql_run) buf_append_cstr(out, "    its SQL was run\n");
    if (!any && !m->sql_run) buf_append_cstr(out, "    nothing was left to undo\n");
}

static void text_found(const struct undo_map_report *m, struct buf *out) {
    struct class_text classes[CLASSES];
    list_classes(m, classes);
    bool any = false;
    for (int i = 0; i < CLASSES; i++) {
        if (classes[i].class->rows == 0) continue;
        append_count_line(out, classes[i].class->rows, classes[i].text);
        text_samples(classes[i].class, out);
        buf_append_char(out, '\n');
        any = true;
    }
    if (!any) buf_append_cstr(out, "    nothing is left to undo\n");
    if (m->by_content)
        buf_append_cstr(out, "    row versions say nothing here: keys and values were compared\n");
    if (m->batches_undone)
        buf_printf(out, "    %llu of %llu batches are undone already\n",
                   (unsigned long long)m->batches_undone, (unsigned long long)m->batches);
    if (m->way == ROLLBACK_SQL) buf_append_cstr(out, "    its way back is the spec's own SQL\n");
}

static void text_map(const struct undo_report *report, const struct undo_map_report *m, struct buf *out) {
    buf_printf(out, "\n  %.*s into %.*s: ", STR_ARG(m->map), STR_ARG(m->table));
    append_number(out, m->inserted);
    buf_append_cstr(out, " inserted, ");
    append_number(out, m->updated);
    buf_append_cstr(out, " updated\n");
    if (m->blocked.len) {
        buf_printf(out, "    stays: %.*s\n", STR_ARG(m->blocked));
        return;
    }
    bool applied = !report->check && (report->status == UNDO_DONE || report->status == UNDO_WRONG ||
                                      report->status == UNDO_STOPPED || report->status == UNDO_UNREACHABLE);
    if (applied)
        text_done(m, out);
    else
        text_found(m, out);
    text_references(m, out);
}

static void text_check(const struct undo_report *report, struct buf *out) {
    buf_append_char(out, '\n');
    if (report->conflicts == 0 && report->blocked == 0)
        buf_append_cstr(out, "All of it can be undone exactly.\n");
    if (report->conflicts) {
        append_number(out, report->conflicts);
        buf_append_cstr(out,
                        " rows are no longer as the run left them: without --policy nothing is undone.\n");
    }
    if (report->blocked)
        buf_printf(out, "%llu maps have no way back: without --skip-irreversible nothing is undone.\n",
                   (unsigned long long)report->blocked);
    if (report->replay_failed.len)
        buf_printf(out,
                   "Which of the inserted rows others have changed would be told by the sources, but: %.*s\n",
                   STR_ARG(report->replay_failed));
    if (report->later_runs)
        buf_printf(out, "Later runs wrote into these tables, the latest is %.8s: roll them back first.\n",
                   report->later_run.ptr);
    buf_printf(out, "It takes about as long as loading did: %.0f s.\n",
               report->load_seconds < 1 ? 1 : report->load_seconds);
    buf_append_cstr(out, "Row versions tell the run's rows from others for ");
    append_number(out, report->xids_left > 0 ? (uint64_t)report->xids_left : 0);
    buf_append_cstr(out, " more transactions.\n");
}

static void text_stays(const struct undo_report *report, struct buf *out) {
    buf_append_cstr(out, "Sequences are not moved back: numbers that the run used are not used again.\n");
    if (report->audit_table.len)
        buf_printf(out, "Rows of the audit table %.*s stay.\n", STR_ARG(report->audit_table));
}

static void text_part(const struct undo_report *report, struct buf *out) {
    for (uint32_t i = 0; i < report->parts.count; i++) {
        const struct undo_part *p = &report->parts.items[i];
        buf_printf(out, "part %.*s=%.*s %s\n", STR_ARG(p->part), STR_ARG(p->value),
                   p->done ? "was rolled back before" : "was begun to be rolled back before");
    }
    if (report->part.len == 0) return;
    if (report->nothing) {
        buf_printf(out, "no row of the run is of part %.*s=%.*s: there is nothing to do\n",
                   STR_ARG(report->part), STR_ARG(report->value));
        return;
    }
    buf_printf(out, "only rows of part %.*s=%.*s; all others stay as they are\n", STR_ARG(report->part),
               STR_ARG(report->value));
    for (uint32_t i = 0; i < report->left_alone.count; i++)
        buf_printf(out, "%s%.*s", i ? ", " : "left alone, because they know no such part: ",
                   STR_ARG(report->left_alone.items[i]));
    if (report->left_alone.count) buf_append_char(out, '\n');
}

void undo_report_text(const struct undo_report *report, struct buf *out) {
    buf_printf(out, "rollback of run %.*s of %.*s: ", STR_ARG(report->run_id), STR_ARG(report->migration));
    if (report->check && report->status == UNDO_DONE)
        buf_append_cstr(out, "looked at, nothing was changed\n");
    else
        buf_printf(out, "%s, policy %s, %.1f s\n", STATUS_NAMES[report->status],
                   undo_policy_name(report->policy), report->seconds);
    text_part(report, out);
    if (report->nothing) return;
    for (uint32_t i = 0; i < report->maps.count; i++)
        text_map(report, report->maps.items[i], out);
    if (report->check && report->status == UNDO_DONE) text_check(report, out);
    if (!report->check && (report->status == UNDO_DONE || report->status == UNDO_WRONG)) {
        buf_append_char(out, '\n');
        text_stays(report, out);
    }
}

/* -- JSON */

static void json_class(const struct class_text *c, struct buf *out) {
    buf_printf(out, ",\"%s\":{\"rows\":%llu,\"keys\":[", c->name, (unsigned long long)c->class->rows);
    for (uint32_t i = 0; i < c->class->samples.count; i++) {
        if (i) buf_append_char(out, ',');
        buf_append_json(out, c->class->samples.items[i]);
    }
    buf_append_cstr(out, "]}");
}

static void json_map(const struct undo_map_report *m, struct buf *out) {
    struct class_text classes[CLASSES];
    buf_append_cstr(out, "{\"map\":");
    buf_append_json(out, m->map);
    buf_append_cstr(out, ",\"table\":");
    buf_append_json(out, m->table);
    buf_printf(out, ",\"rollback\":\"%s\",\"by_content\":%s", WAY_NAMES[m->way],
               m->by_content ? "true" : "false");
    if (m->blocked.len) {
        buf_append_cstr(out, ",\"stays\":");
        buf_append_json(out, m->blocked);
    }
    buf_printf(out, ",\"inserted\":%llu,\"updated\":%llu,\"batches\":%llu,\"batches_undone\":%llu",
               (unsigned long long)m->inserted, (unsigned long long)m->updated,
               (unsigned long long)m->batches, (unsigned long long)m->batches_undone);
    list_classes(m, classes);
    for (int i = 0; i < CLASSES; i++)
        json_class(&classes[i], out);
    buf_append_cstr(out, ",\"references\":[");
    for (uint32_t i = 0; i < m->references.count; i++) {
        const struct undo_reference *r = &m->references.items[i];
        buf_append_cstr(out, i ? ",{\"table\":" : "{\"table\":");
        buf_append_json(out, r->child);
        buf_append_cstr(out, ",\"constraint\":");
        buf_append_json(out, r->constraint);
        buf_printf(out, ",\"on_delete\":\"%s\",\"rows\":%llu,\"indexed\":%s}", r->action,
                   (unsigned long long)r->rows, r->slow ? "false" : "true");
    }
    buf_printf(
        out,
        "],\"deleted_rows\":%llu,\"restored_rows\":%llu,\"overwritten_rows\":%llu,\"merged_rows\":%llu,"
        "\"kept_rows\":%llu,\"sql_run\":%s}",
        (unsigned long long)m->rows_deleted, (unsigned long long)m->rows_restored,
        (unsigned long long)m->rows_overwritten, (unsigned long long)m->rows_merged,
        (unsigned long long)m->rows_kept, m->sql_run ? "true" : "false");
}

static void json_parts(const struct undo_report *report, struct buf *out) {
    buf_append_cstr(out, ",\"parts\":[");
    for (uint32_t i = 0; i < report->parts.count; i++) {
        const struct undo_part *p = &report->parts.items[i];
        buf_append_cstr(out, i ? ",{\"part\":" : "{\"part\":");
        buf_append_json(out, p->part);
        buf_append_cstr(out, ",\"value\":");
        buf_append_json(out, p->value);
        buf_printf(out, ",\"state\":\"%s\"}", p->done ? "rolled back" : "rolling back");
    }
    buf_append_char(out, ']');
}

void undo_report_json(const struct undo_report *report, struct buf *out) {
    buf_append_cstr(out, "{\"run\":");
    buf_append_json(out, report->run_id);
    buf_append_cstr(out, ",\"migration\":");
    buf_append_json(out, report->migration);
    buf_append_cstr(out, ",\"state_before\":");
    buf_append_json(out, report->state);
    buf_printf(
        out,
        ",\"status\":\"%s\",\"check\":%s,\"policy\":\"%s\",\"conflicts\":%llu,\"maps_without_way\":%llu,"
        "\"transactions_left\":%lld,\"load_seconds\":%.3f,\"seconds\":%.3f,\"later_runs\":%llu,\"not_as_"
        "before\":"
        "%llu,\"audit_table\":",
        STATUS_NAMES[report->status], report->check ? "true" : "false", undo_policy_name(report->policy),
        (unsigned long long)report->conflicts, (unsigned long long)report->blocked,
        (long long)report->xids_left, report->load_seconds, report->seconds,
        (unsigned long long)report->later_runs, (unsigned long long)report->left_wrong);
    buf_append_json(out, report->audit_table);
    buf_printf(out, ",\"sources_read\":%s,\"sources_failed\":", report->replayed ? "true" : "false");
    buf_append_json(out, report->replay_failed);
    if (report->part.len) {
        buf_append_cstr(out, ",\"part\":");
        buf_append_json(out, report->part);
        buf_append_cstr(out, ",\"value\":");
        buf_append_json(out, report->value);
        buf_printf(out, ",\"part_rows\":%llu,\"nothing\":%s,\"left_alone\":[",
                   (unsigned long long)report->part_rows, report->nothing ? "true" : "false");
        for (uint32_t i = 0; i < report->left_alone.count; i++) {
            if (i) buf_append_char(out, ',');
            buf_append_json(out, report->left_alone.items[i]);
        }
        buf_append_char(out, ']');
    }
    json_parts(report, out);
    buf_append_cstr(out, ",\"undone\":[");
    for (uint32_t i = 0; i < report->maps.count; i++) {
        if (i) buf_append_char(out, ',');
        json_map(report->maps.items[i], out);
    }
    buf_append_cstr(out, "]}\n");
}

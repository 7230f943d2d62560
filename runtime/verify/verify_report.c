/* The report: text for people, JSON for programs. */
#include "runtime/verify/verify_internal.h"

static const char *const HEADINGS[FINDING_KINDS] = {
    "missing: the run wrote them, they are not there",
    "extra: written by a transaction of the run, but not by its maps",
    "duplicate: there more often than the run wrote them",
    "changed: other values than were sent, since the load itself",
    "edited: changed by someone else after the load",
    "representation: the same value in another spelling, where the spelling is kept",
    "without parent: a foreign key leads nowhere",
    "batch: its sums are not the journal's",
    "source: the sources give other rows than were sent"};

static void append_count(struct buf *out, uint64_t n) {
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) buf_append_char(out, ',');
        buf_append_char(out, digits[i]);
    }
}

static void append_value(struct buf *out, struct str text) {
    if (text.ptr == NULL) {
        buf_append_cstr(out, "null");
        return;
    }
    buf_append_json(out, text);
}

static void append_finding(const struct finding *f, struct buf *out) {
    buf_append_cstr(out, "    ");
    if (f->key.len) buf_append_str(out, f->key);
    if (f->key.len == 0 && f->batch != UINT64_MAX)
        buf_printf(out, "batch %llu", (unsigned long long)f->batch);
    if (f->file.len) {
        buf_printf(out, "   from %.*s", STR_ARG(f->file));
        if (f->line) buf_printf(out, ":%llu", (unsigned long long)f->line);
        if (!f->line && f->row) buf_printf(out, " row %llu", (unsigned long long)f->row);
    }
    if (f->map.len) buf_printf(out, "   map %.*s", STR_ARG(f->map));
    if (f->note.len) buf_printf(out, "   %.*s", STR_ARG(f->note));
    buf_append_char(out, '\n');
    for (uint32_t i = 0; i < f->column_count; i++) {
        buf_printf(out, "        %.*s: expected ", STR_ARG(f->columns[i].name));
        append_value(out, f->columns[i].expected);
        buf_append_cstr(out, ", is ");
        append_value(out, f->columns[i].actual);
        buf_append_char(out, '\n');
    }
}

static void append_kinds(const struct verify_table_report *t, struct buf *out) {
    for (int k = 0; k < FINDING_KINDS; k++) {
        uint64_t shown = 0;
        if (t->found[k] == 0) continue;
        buf_append_cstr(out, "  ");
        append_count(out, t->found[k]);
        buf_printf(out, " %s\n", HEADINGS[k]);
        for (uint32_t i = 0; i < t->findings.count; i++)
            if (t->findings.items[i]->kind == (enum finding_kind)k) {
                append_finding(t->findings.items[i], out);
                shown++;
            }
        if (shown == t->found[k]) continue;
        buf_append_cstr(out, "    … and ");
        append_count(out, t->found[k] - shown);
        buf_append_cstr(out, " more\n");
    }
}

static void append_table(const struct verify_table_report *t, bool part, struct buf *out) {
    uint64_t found = 0;
    for (int k = 0; k < FINDING_KINDS; k++)
        found += t->found[k];
    buf_printf(out, "%.*s: ", STR_ARG(t->name));
    if (part) {
        append_count(out, t->compared);
        buf_append_cstr(out, " rows of the part compared one by one");
    } else {
        append_count(out, t->of_run);
        buf_append_cstr(out, " rows of the run in ");
        append_count(out, t->batches);
        buf_append_cstr(out, t->batches == 1 ? " batch" : " batches");
        if (t->read < t->batches) buf_printf(out, ", %llu of them read", (unsigned long long)t->read);
    }
    buf_append_cstr(out, found                  ? ": DIFFERS"
                         : t->read < t->batches ? ": nothing found in what was read"
                                                : ": as written");
    buf_append_char(out, '\n');
    append_kinds(t, out);
    struct {
        uint64_t n;
        const char *text;
    } notes[] = {{t->older, "rows were there before the run"},
                 {t->newer, "rows were written or rewritten after the load"},
                 {t->touched, "of those are rows of the run that were written again with the same values"},
                 {t->replaced, "rows were set anew by a later batch of the run"},
                 {t->unread_rows, "rows of differing batches were too many to be compared one by one"}};
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        if (notes[i].n == 0) continue;
        buf_append_cstr(out, "  ");
        append_count(out, notes[i].n);
        buf_printf(out, " %s\n", notes[i].text);
    }
    if (!t->xmin)
        buf_append_cstr(
            out, "  transaction ids do not tell this table's rows (a trigger, or partitions): what was "
                 "changed during the load and after it cannot be told apart\n");
}

static void append_coverage(const struct verify_report *r, struct buf *out) {
    for (uint32_t i = 0; i < r->taken.count; i++) {
        const struct journal_part_info *p = &r->taken.items[i];
        buf_printf(out, "part %.*s=%.*s was %staken back (mig rollback --only): its rows are left out\n",
                   STR_ARG(p->part), STR_ARG(p->value), p->done ? "" : "in part ");
    }
    if (r->taken_unread)
        buf_printf(
            out, "%llu batches that had such rows were not compared: that takes the sources, and no budget\n",
            (unsigned long long)r->taken_unread);
    if (r->part.len) {
        buf_printf(out, "part %.*s=%.*s only: rows that the run did not write are not looked for\n",
                   STR_ARG(r->part), STR_ARG(r->value));
        return;
    }
    double percent = r->batches ? 100.0 * (double)r->read / (double)r->batches : 100;
    buf_printf(out, "target: %llu of %llu batches read (%.*f %%)", (unsigned long long)r->read,
               (unsigned long long)r->batches, percent < 100 && percent > 99.9 ? 3 : 1, percent);
    if (r->read < r->batches) {
        static const uint64_t FAULTY[] = {1, 10, 100};
        buf_append_cstr(out, "; a fault is missed with a probability of");
        for (int i = 0; i < 3; i++)
            if (FAULTY[i] <= r->batches)
                buf_printf(out, "%s %.3g if it touches %llu %s", i ? "," : "",
                           verify_miss_chance(r->batches, r->read, FAULTY[i]), (unsigned long long)FAULTY[i],
                           FAULTY[i] == 1 ? "batch" : "batches");
    }
    buf_append_char(out, '\n');
}

static void append_source(const struct verify_report *r, struct buf *out) {
    buf_append_cstr(out, "sources: ");
    if (r->source_pass) {
        append_count(out, r->source_rows);
        buf_printf(out, " rows derived again over a second path, %llu of %llu batches: %s\n",
                   (unsigned long long)r->derived, (unsigned long long)r->source_batches,
                   r->source_equal ? "as they were sent" : "NOT as they were sent");
    } else if (r->source_note.len)
        buf_printf(out, "could not be gone through again: %.*s\n", STR_ARG(r->source_note));
    else
        buf_append_cstr(out, "not read again\n");
    if (r->source_pass && r->source_unhashed)
        buf_printf(out,
                   "  %u of %u files have no checksum in the journal: the run ended before it was ready\n",
                   r->source_unhashed, r->source_files);
}

void verify_report_text(const struct verify_report *r, struct buf *out) {
    buf_printf(out, "verify run %.*s of %.*s\n\n", STR_ARG(r->run_id), STR_ARG(r->migration));
    for (uint32_t i = 0; i < r->tables.count; i++)
        append_table(r->tables.items[i], r->part.len != 0, out);
    if (r->tables.count == 0) buf_append_cstr(out, "the run has written no rows\n");
    buf_append_char(out, '\n');
    append_coverage(r, out);
    append_source(r, out);
    buf_printf(out, "foreign keys: %u checked, ", r->foreign_keys);
    append_count(out, r->orphans);
    buf_append_cstr(out, " rows without their parent\n");
    if (r->sampled || r->source_pass) {
        buf_printf(out, "sample: %u rows compared by the server, column by column", r->sampled);
        if (r->sample_touched)
            buf_printf(out, "; %u of them written again since and left out", r->sample_touched);
        buf_append_cstr(out, " (maps without a key are not sampled)\n");
    }
    buf_printf(out, "took %.1f s (target %.1f, sources %.1f, rows %.1f)\n\n", r->seconds, r->target_seconds,
               r->source_seconds, r->compare_seconds);
    if (r->outcome == VERIFY_DIFFERS)
        buf_append_cstr(out, "DIFFERS\n");
    else if (r->outcome != VERIFY_CLEAN)
        buf_append_cstr(out, "NOT PROVEN\n");
    else if (r->part.len)
        buf_printf(out, "the rows of %.*s=%.*s are as they were written\n", STR_ARG(r->part),
                   STR_ARG(r->value));
    else if (r->partial)
        buf_printf(out,
                   "nothing found in %.1f %% of the target and %.1f %% of the sources; the budget is over\n",
                   r->batches ? 100.0 * (double)r->read / (double)r->batches : 100,
                   r->source_batches ? 100.0 * (double)r->derived / (double)r->source_batches : 0);
    else
        buf_printf(out, "verified: 100 %% of the target%s\n",
                   r->source_pass ? " and 100 % of the sources"
                                  : ", against the journal; the sources were not read again");
}

static void append_json_table(const struct verify_table_report *t, struct buf *out) {
    buf_append_cstr(out, "{\"table\":");
    buf_append_json(out, t->name);
    struct {
        const char *name;
        uint64_t n;
    } counts[] = {{"rows", t->rows},           {"of_run", t->of_run},          {"older", t->older},
                  {"newer", t->newer},         {"batches", t->batches},        {"read", t->read},
                  {"differing", t->differing}, {"compared", t->compared},      {"touched", t->touched},
                  {"replaced", t->replaced},   {"unread_rows", t->unread_rows}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        buf_printf(out, ",\"%s\":%llu", counts[i].name, (unsigned long long)counts[i].n);
    buf_printf(out, ",\"identity\":\"%s\",\"found\":{", t->xmin ? "xmin" : "content");
    for (int k = 0; k < FINDING_KINDS; k++)
        buf_printf(out, "%s\"%s\":%llu", k ? "," : "", finding_kind_name(k), (unsigned long long)t->found[k]);
    buf_append_cstr(out, "},\"findings\":[");
    for (uint32_t i = 0; i < t->findings.count; i++) {
        if (i) buf_append_char(out, ',');
        verify_append_finding_json(t->findings.items[i], out);
    }
    buf_append_cstr(out, "]}");
}

void verify_report_json(const struct verify_report *r, struct buf *out) {
    static const char *const OUTCOMES[] = {"clean", "differs", "not possible", "unreachable", "usage"};
    buf_append_cstr(out, "{\"run\":");
    buf_append_json(out, r->run_id);
    buf_append_cstr(out, ",\"migration\":");
    buf_append_json(out, r->migration);
    buf_append_cstr(out, ",\"taken_back\":[");
    for (uint32_t i = 0; i < r->taken.count; i++) {
        const struct journal_part_info *p = &r->taken.items[i];
        buf_append_cstr(out, i ? ",{\"part\":" : "{\"part\":");
        buf_append_json(out, p->part);
        buf_append_cstr(out, ",\"value\":");
        buf_append_json(out, p->value);
        buf_printf(out, ",\"whole\":%s}", p->done ? "true" : "false");
    }
    buf_printf(out, "],\"taken_back_rows\":%llu,\"taken_back_unread\":%llu",
               (unsigned long long)r->taken_rows, (unsigned long long)r->taken_unread);
    buf_printf(out, ",\"outcome\":\"%s\",\"partial\":%s,\"part\":", OUTCOMES[r->outcome],
               r->partial ? "true" : "false");
    if (r->part.len) {
        struct str part = arena_printf(r->arena, "%.*s=%.*s", STR_ARG(r->part), STR_ARG(r->value));
        buf_append_json(out, part);
    } else
        buf_append_cstr(out, "null");
    buf_printf(out, ",\"target\":{\"batches\":%llu,\"read\":%llu,\"seconds\":%.3f,\"missed\":{",
               (unsigned long long)r->batches, (unsigned long long)r->read, r->target_seconds);
    static const uint64_t FAULTY[] = {1, 10, 100};
    for (int i = 0; i < 3; i++)
        buf_printf(out, "%s\"%llu\":%.6g", i ? "," : "", (unsigned long long)FAULTY[i],
                   FAULTY[i] <= r->batches ? verify_miss_chance(r->batches, r->read, FAULTY[i]) : 0.0);
    buf_printf(out,
               "}},\"sources\":{\"read\":%s,\"equal\":%s,\"rows\":%llu,\"batches\":%llu,\"derived\":%llu,"
               "\"seconds\":%.3f,\"note\":",
               r->source_pass ? "true" : "false", r->source_pass && r->source_equal ? "true" : "false",
               (unsigned long long)r->source_rows, (unsigned long long)r->source_batches,
               (unsigned long long)r->derived, r->source_seconds);
    buf_append_json(out, r->source_note);
    buf_printf(out, "},\"foreign_keys\":%u,\"orphans\":%llu,\"sampled\":%u,\"seconds\":%.3f,\"tables\":[",
               r->foreign_keys, (unsigned long long)r->orphans, r->sampled, r->seconds);
    for (uint32_t i = 0; i < r->tables.count; i++) {
        if (i) buf_append_char(out, ',');
        append_json_table(r->tables.items[i], out);
    }
    buf_append_cstr(out, "]}\n");
}

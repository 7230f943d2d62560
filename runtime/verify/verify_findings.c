/* What was found: counted, the first of each kind kept for the report, all of them into a file. */
#include "runtime/verify/verify_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const NAMES[FINDING_KINDS] = {"missing",        "extra",  "duplicate", "changed", "edited",
                                                 "representation", "orphan", "batch",     "source"};

const char *finding_kind_name(enum finding_kind kind) {
    return NAMES[kind];
}

static struct str copy_text(struct arena *arena, struct str s) {
    return s.ptr ? arena_copy_str(arena, s) : s;
}

static struct finding *copy_finding(struct arena *arena, const struct finding *f) {
    struct finding *copy = ARENA_NEW(arena, struct finding);
    *copy = *f;
    copy->key = copy_text(arena, f->key);
    copy->file = copy_text(arena, f->file);
    copy->note = copy_text(arena, f->note);
    copy->columns = ARENA_ARRAY(arena, struct finding_column, f->column_count);
    for (uint32_t i = 0; i < f->column_count; i++)
        copy->columns[i] =
            (struct finding_column){f->columns[i].name, copy_text(arena, f->columns[i].expected),
                                    copy_text(arena, f->columns[i].actual)};
    return copy;
}

static void append_text(struct buf *out, const char *name, struct str text) {
    buf_printf(out, ",\"%s\":", name);
    if (text.ptr)
        buf_append_json(out, text);
    else
        buf_append_cstr(out, "null");
}

void verify_append_finding_json(const struct finding *f, struct buf *out) {
    buf_printf(out, "{\"kind\":\"%s\"", finding_kind_name(f->kind));
    append_text(out, "table", f->table);
    if (f->map.len) append_text(out, "map", f->map);
    if (f->batch != UINT64_MAX) buf_printf(out, ",\"batch\":%llu", (unsigned long long)f->batch);
    if (f->key.len) append_text(out, "key", f->key);
    if (f->file.len) append_text(out, "file", f->file);
    if (f->line) buf_printf(out, ",\"line\":%llu", (unsigned long long)f->line);
    if (f->row) buf_printf(out, ",\"row\":%llu", (unsigned long long)f->row);
    if (f->note.len) append_text(out, "note", f->note);
    buf_append_cstr(out, ",\"columns\":[");
    for (uint32_t i = 0; i < f->column_count; i++) {
        buf_append_cstr(out, i ? ",{\"name\":" : "{\"name\":");
        buf_append_json(out, f->columns[i].name);
        append_text(out, "expected", f->columns[i].expected);
        append_text(out, "actual", f->columns[i].actual);
        buf_append_char(out, '}');
    }
    buf_append_cstr(out, "]}");
}

void verify_add_finding(struct verify *v, struct verify_table *table, struct leaf *leaf,
                        const struct finding *finding) {
    struct verify_table_report *r = table->report;
    struct finding f = *finding;
    f.table = table->name;
    f.batch = leaf ? leaf->info->ordinal : UINT64_MAX;
    if (leaf) leaf->findings++;
    if (r->found[f.kind]++ < v->options->shown) VEC_PUSH(v->arena, &r->findings, copy_finding(v->arena, &f));
    if (v->out == NULL) return;
    struct buf line = {0};
    verify_append_finding_json(&f, &line);
    buf_append_char(&line, '\n');
    fwrite(line.ptr, 1, line.len, v->out);
    buf_release(&line);
}

static bool report_output(struct verify *v) {
    struct diag *d = diag_report(v->diags, X_VERIFY_OUTPUT, no_place(), "%.*s cannot be written: %s",
                                 STR_ARG(v->options->out_path), strerror(errno));
    diag_help(v->diags, d, "Name another file with --out.");
    return false;
}

bool verify_open_findings(struct verify *v) {
    if (v->options->out_path.len == 0) return true;
    char *path = arena_copy_cstr(v->arena, v->options->out_path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* it holds values of the target */
    v->out = fd < 0 ? NULL : fdopen(fd, "w");
    if (v->out) return true;
    if (fd >= 0) close(fd);
    return report_output(v);
}

bool verify_close_findings(struct verify *v) {
    if (v->out == NULL) return true;
    bool ok = ferror(v->out) == 0;
    ok = fclose(v->out) == 0 && ok;
    v->out = NULL;
    return ok || report_output(v);
}

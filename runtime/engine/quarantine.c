/* Rejected rows as NDJSON, one file a map, mode 0600: where the row came from, the record as it stands there,
 * every fault with the spec line that found it. Personal values are masked, in the raw record too. */
#include "runtime/engine/engine.h"

#include "runtime/engine/map_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct quarantine {
    struct engine *engine;
    struct str directory;
    const struct plan_map *map; /* whose file is open */
    struct str path;
    int fd;
    struct buf out;
};

enum { FLUSH_AT = 256 * 1024 };

static bool report_write_error(struct quarantine *q, const char *what) {
    struct diag *diag = diag_report(q->engine->diags, X_QUARANTINE_WRITE, no_span(),
                                    "could not %s the quarantine: %s", what, strerror(errno));
    diag_place(q->engine->diags, diag, "%.*s", STR_ARG(q->path.len ? q->path : q->directory));
    diag_help(q->engine->diags, diag,
              "Rejected rows must not be lost, so the run stops; what is committed stands. Make room or "
              "rights there, or choose another folder with --work-dir, and run again.");
    return engine_fail(q->engine, RUN_STOPPED);
}

static bool make_directory(struct quarantine *q) {
    struct buf path = {0};
    bool good = true;
    for (size_t i = 1; good && i <= q->directory.len; i++) {
        if (i < q->directory.len && q->directory.ptr[i] != '/') continue;
        buf_clear(&path);
        buf_append(&path, q->directory.ptr, i);
        good = mkdir(path.ptr, 0700) == 0 || errno == EEXIST;
    }
    buf_release(&path);
    return good || report_write_error(q, "create");
}

struct quarantine *quarantine_open(struct engine *engine, struct str directory) {
    struct quarantine *q = memory_zalloc(sizeof *q);
    q->engine = engine;
    q->directory = directory;
    q->fd = -1;
    return q;
}

void quarantine_clear(struct quarantine *q) {
    DIR *dir = opendir(arena_copy_cstr(q->engine->arena, q->directory));
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.') unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir) closedir(dir);
}

static bool write_out(struct quarantine *q) {
    size_t done = 0;
    while (done < q->out.len) {
        ssize_t n = write(q->fd, q->out.ptr + done, q->out.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return report_write_error(q, "write");
        done += (size_t)n;
    }
    buf_clear(&q->out);
    return true;
}

bool quarantine_sync(struct quarantine *q) {
    if (q->fd < 0) return true;
    if (!write_out(q)) return false;
    if (fsync(q->fd) != 0 && errno != EINVAL && errno != EROFS) return report_write_error(q, "write");
    return true;
}

static bool close_file(struct quarantine *q) {
    bool good = true;
    if (q->fd >= 0) {
        good = quarantine_sync(q);
        if (close(q->fd) != 0 && good) good = report_write_error(q, "write");
    }
    q->fd = -1;
    return good;
}

void quarantine_close(struct quarantine *q) {
    if (q == NULL) return;
    close_file(q);
    buf_release(&q->out);
    free(q);
}

static bool open_file(struct quarantine *q, const struct plan_map *map) {
    if (q->map == map && q->fd >= 0) return true;
    if (!close_file(q) || !make_directory(q)) return false;
    q->path = arena_printf(q->engine->arena, "%.*s/%.*s.ndjson", STR_ARG(q->directory), STR_ARG(map->name));
    q->fd = open(q->path.ptr, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    q->map = map;
    return q->fd >= 0 || report_write_error(q, "create");
}

/* ---------------------------------------------------------------- one record */

static bool find_text(struct str in, struct str what, size_t from, size_t *at) {
    for (size_t i = from; i + what.len <= in.len; i++)
        if (memcmp(in.ptr + i, what.ptr, what.len) == 0) {
            *at = i;
            return true;
        }
    return false;
}

static void replace_all(struct buf *text, struct str what) {
    struct buf out = {0};
    size_t from = 0, at;
    while (find_text(buf_str(text), what, from, &at)) {
        buf_append(&out, text->ptr + from, at - from);
        buf_append_cstr(&out, "***");
        from = at + what.len;
    }
    buf_append(&out, text->ptr + from, text->len - from);
    buf_release(text);
    *text = out;
}

/* Can personal cells be told from the others in the raw record? Not in one that the reader could not take
 * apart, nor where a record holds others, nor in JSON that is no object. */
static bool cells_are_known(const struct map_run *run, const struct row_batch *batch, uint32_t batch_row) {
    if (batch == NULL) return false;
    const struct plan_source *source = &run->engine->plan->sources[run->map->source];
    bool json = source->format == SOURCE_JSON || source->format == SOURCE_NDJSON;
    struct str raw = batch->places[batch_row].raw;
    if (source->children.len || (json && (raw.len == 0 || raw.ptr[0] != '{'))) return false;
    for (uint32_t f = 0; f < batch->faults.count; f++)
        if (batch->faults.items[f].row == batch_row) return false;
    return true;
}

/* The raw record without its personal cells. What cannot be found in it as it stands (escaped, quoted) makes
 * the whole record personal: it is left out. */
static bool mask_raw(struct map_run *run, const struct row_place *place, const struct row_batch *batch,
                     uint32_t batch_row, struct buf *raw) {
    buf_append_str(raw, place->raw);
    if (run->map->from_kind != FROM_SOURCE) return true;
    const struct plan_source_table *table =
        &run->engine->plan->sources[run->map->source].tables[run->map->source_table];
    for (uint32_t c = 0; c < run->projection.columns.count; c++) {
        const struct reader_column *column = &run->projection.columns.items[c];
        if (!table->columns[column->column].pii) continue;
        if (!cells_are_known(run, batch, batch_row)) return false;
        if (batch->columns[c].state[batch_row] == ROW_NULL) continue;
        struct str value = batch->columns[c].text[batch_row];
        size_t at;
        if (value.len == 0) continue;
        if (!find_text(buf_str(raw), value, 0, &at)) return false;
        replace_all(raw, value);
    }
    return true;
}

static void append_fault(const struct plan *plan, const struct plan_program *program,
                         const struct row_report *r, struct buf *out) {
    struct plan_span span = {0};
    uint32_t line;
    if (r->instr < program->spans_count) span = program->spans[r->instr];
    struct str file = plan_span_file(plan, &span, &line);
    buf_printf(out, "{\"code\":\"%s\",\"message\":", fault_id(r->fault));
    buf_append_json(out, r->message);
    if (r->value.len) {
        buf_append_cstr(out, ",\"value\":");
        buf_append_json(out, r->value);
    }
    if (line) {
        struct arena scratch = {0};
        buf_append_cstr(out, ",\"spec\":{\"file\":");
        buf_append_json(out, file);
        buf_printf(out, ",\"line\":%u,\"text\":", line);
        buf_append_json(out, plan_span_text(plan, &span, &scratch));
        buf_append_char(out, '}');
        arena_release(&scratch);
    }
    buf_append_char(out, '}');
}

void quarantine_append_faults(const struct engine *engine, const struct plan_program *program,
                              const struct vm *vm, uint32_t row, struct buf *json) {
    bool first = true;
    /* A record that could not be read says so once: what its cells then lack is no fault of theirs. */
    const struct row_report *main = vm_first_report(vm, row);
    bool unreadable = main && main->instr == NO_REGISTER;
    buf_append_char(json, '[');
    for (const struct row_report *r = vm_first_report(vm, row); r; r = vm_next_report(vm, r)) {
        if (r->kind != OUTCOME_REJECTED || (unreadable && r->instr != NO_REGISTER)) continue;
        if (!first) buf_append_char(json, ',');
        first = false;
        append_fault(engine->plan, program, r, json);
    }
    buf_append_char(json, ']');
}

static void append_head(struct quarantine *q, struct map_run *run, const struct row_place *place) {
    buf_append_cstr(&q->out, "{\"map\":");
    buf_append_json(&q->out, run->map->name);
    buf_append_cstr(&q->out, ",\"file\":");
    buf_append_json(&q->out, map_place_file(run, place));
    buf_printf(&q->out, ",\"line\":%llu,\"row\":%llu", (unsigned long long)place->line,
               (unsigned long long)place->row);
}

static bool finish_record(struct quarantine *q, struct map_run *run, const struct row_place *place) {
    struct buf raw = {0};
    const struct row_batch *batch = NULL;
    uint32_t batch_row = 0;
    if (run->current_batch && place >= run->current_batch->places &&
        place < run->current_batch->places + BATCH_ROWS) {
        batch = run->current_batch;
        batch_row = (uint32_t)(place - batch->places);
    }
    if (mask_raw(run, place, batch, batch_row, &raw)) {
        buf_append_cstr(&q->out, ",\"raw\":");
        buf_append_json(&q->out, buf_str(&raw));
    } else {
        buf_append_cstr(&q->out, ",\"raw\":null,\"raw_withheld\":\"it holds personal data\"");
    }
    buf_append_cstr(&q->out, "}\n");
    buf_release(&raw);
    return q->out.len < FLUSH_AT || write_out(q);
}

bool quarantine_add(struct quarantine *q, struct map_run *run, const struct plan_program *program,
                    const struct vm *vm, uint32_t row, const struct row_place *place) {
    if (!open_file(q, run->map)) return false;
    append_head(q, run, place);
    buf_append_cstr(&q->out, ",\"faults\":");
    quarantine_append_faults(q->engine, program, vm, row, &q->out);
    return finish_record(q, run, place);
}

bool quarantine_add_plain(struct quarantine *q, struct map_run *run, const struct row_place *place,
                          enum fault fault, struct str message) {
    if (!open_file(q, run->map)) return false;
    append_head(q, run, place);
    buf_printf(&q->out, ",\"faults\":[{\"code\":\"%s\",\"message\":", fault_id(fault));
    buf_append_json(&q->out, message);
    buf_append_cstr(&q->out, "}]");
    return finish_record(q, run, place);
}

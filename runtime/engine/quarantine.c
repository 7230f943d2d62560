/* Files of rejected rows, one map after the other: MAP.ndjson, which holds no personal data, and MAP.sealed
 * with the whole records where there is a key. */
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
    const struct plan_map *map; /* whose files are open */
    struct str path;
    int fd;
    struct buf out;
    bool sealing;
    struct seal_writer *sealed; /* NULL: not open */
    struct quarantine_record record;
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

/* Whole records that an earlier go has sealed are not given up for lines without personal data. */
static bool refuse_without_key(struct quarantine *q, struct str name) {
    struct diag *diag =
        diag_report(q->engine->diags, X_SEAL_KEY, no_span(),
                    "the run sealed its quarantine, and %s is not set now", SEAL_KEY_VARIABLE);
    diag_place(q->engine->diags, diag, "%.*s/%.*s", STR_ARG(q->directory), STR_ARG(name));
    diag_help(q->engine->diags, diag, "Set it to the key that the run had.");
    return engine_fail(q->engine, RUN_USAGE);
}

static void find_sealed(struct quarantine *q) {
    DIR *dir = opendir(arena_copy_cstr(q->engine->arena, q->directory));
    bool good = true;
    for (struct dirent *entry; good && dir && (entry = readdir(dir)) != NULL;)
        if (str_ends_with(str_cstr(entry->d_name), STR(".sealed")))
            good = refuse_without_key(q, str_cstr(entry->d_name));
    if (dir) closedir(dir);
}

struct quarantine *quarantine_open(struct engine *engine, struct str directory) {
    struct quarantine *q = memory_zalloc(sizeof *q);
    q->engine = engine;
    q->directory = directory;
    q->fd = -1;
    q->sealing = engine->has_seal_key;
    if (!q->sealing && engine->options->again) find_sealed(q);
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
    return q->sealed == NULL || seal_writer_sync(q->sealed) || report_write_error(q, "seal");
}

static bool close_file(struct quarantine *q) {
    bool good = true;
    if (q->fd >= 0) {
        good = quarantine_sync(q);
        if (close(q->fd) != 0 && good) good = report_write_error(q, "write");
    }
    if (q->sealed && !seal_writer_close(q->sealed) && good) good = report_write_error(q, "seal");
    q->sealed = NULL;
    q->fd = -1;
    return good;
}

void quarantine_close(struct quarantine *q) {
    if (q == NULL) return;
    close_file(q);
    buf_release(&q->out);
    quarantine_record_release(&q->record);
    free(q);
}

/* A process that was killed may have left half a line. */
static bool cut_half_line(int fd) {
    off_t end = lseek(fd, 0, SEEK_END);
    char last = '\n';
    for (off_t at = end; at > 0; at--) {
        if (pread(fd, &last, 1, at - 1) != 1) return false;
        if (last == '\n') return at == end || ftruncate(fd, at) == 0;
    }
    return end == 0 || ftruncate(fd, 0) == 0;
}

static bool open_sealed(struct quarantine *q) {
    struct seal_subject subject = {q->engine->values.run_id, q->map->name, q->engine->values.started_at,
                                   q->engine->expires_at};
    struct str clear = q->path;
    q->path =
        arena_printf(q->engine->arena, "%.*s/%.*s.sealed", STR_ARG(q->directory), STR_ARG(q->map->name));
    q->sealed = seal_writer_open(q->path.ptr, &q->engine->seal_key, &subject);
    if (q->sealed == NULL) return report_write_error(q, "seal");
    q->path = clear;
    return true;
}

static bool open_files(struct quarantine *q, const struct plan_map *map) {
    if (q->map == map && q->fd >= 0) return true;
    if (!close_file(q) || !make_directory(q)) return false;
    q->path = arena_printf(q->engine->arena, "%.*s/%.*s.ndjson", STR_ARG(q->directory), STR_ARG(map->name));
    q->fd = open(q->path.ptr, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    q->map = map;
    if (q->fd < 0 || !cut_half_line(q->fd)) return report_write_error(q, "create");
    return !q->sealing || open_sealed(q);
}

/* ---------------------------------------------------------------- one row */

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

/* The row's faults are written; now the row. */
static bool add_row(struct quarantine *q, struct map_run *run, const struct reject_origin *origin) {
    quarantine_record_write(run, origin, q->sealing, &q->record);
    if (q->sealing && !seal_writer_add(q->sealed, buf_str(&q->record.sealed)))
        return report_write_error(q, "seal");
    buf_append_str(&q->out, buf_str(&q->record.line));
    return q->out.len < FLUSH_AT || write_out(q);
}

bool quarantine_add(struct quarantine *q, struct map_run *run, const struct plan_program *program,
                    const struct vm *vm, uint32_t row, const struct row_place *place) {
    if (!open_files(q, run->map)) return false;
    struct arena scratch = {0};
    struct row_cells cells;
    struct reject_origin origin = {place, map_row_ordinal(run, row), 0, false, NULL};
    if (map_row_cells(run, place, false, &scratch, &cells)) origin.cells = &cells;
    buf_clear(&q->record.faults);
    quarantine_append_faults(q->engine, program, vm, row, &q->record.faults);
    bool good = add_row(q, run, &origin);
    arena_release(&scratch);
    return good;
}

bool quarantine_add_plain(struct quarantine *q, struct map_run *run, const struct reject_origin *origin,
                          enum fault fault, struct str message) {
    if (!open_files(q, run->map)) return false;
    buf_clear(&q->record.faults);
    buf_printf(&q->record.faults, "[{\"code\":\"%s\",\"message\":", fault_id(fault));
    buf_append_json(&q->record.faults, message);
    buf_append_cstr(&q->record.faults, "}]");
    return add_row(q, run, origin);
}

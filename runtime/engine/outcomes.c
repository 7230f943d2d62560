/* See outcomes.h. */
#include "runtime/engine/outcomes.h"

#include "runtime/engine/map_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { BLOCK = 1 << 17, LEVEL = 1 };

struct outcomes {
    struct engine *engine;
    struct str path;
    ZSTD_CCtx *packer;
    struct buf lines;
    struct arena scratch; /* of a line */
    char *packed;
    size_t packed_cap;
    int fd;
    bool failed;
};

struct outcomes *outcomes_open(struct engine *engine) {
    struct outcomes *o = memory_zalloc(sizeof *o);
    struct str work = engine->options->work_dir;
    o->engine = engine;
    o->path =
        arena_printf(engine->arena, "%.*s/%s/outcomes.ndjson.zst", STR_ARG(work), engine->report->run_id);
    o->packer = ZSTD_createCCtx();
    if (o->packer == NULL) memory_exhausted(0);
    ZSTD_CCtx_setParameter(o->packer, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(o->packer, ZSTD_c_checksumFlag, 1);
    o->packed_cap = ZSTD_CStreamOutSize();
    o->packed = memory_zalloc(o->packed_cap);
    o->fd = -1;
    return o;
}

static bool fail(struct outcomes *o) {
    struct engine *engine = o->engine;
    if (!o->failed) {
        struct diag *diag = diag_report(engine->diags, X_OUTPUT_WRITE, no_span(),
                                        "could not write what became of single rows: %s", strerror(errno));
        diag_place(engine->diags, diag, "%.*s", STR_ARG(o->path));
        diag_help(engine->diags, diag, "Make room there, or choose another --work-dir.");
    }
    o->failed = true;
    return engine_fail(engine, RUN_STOPPED);
}

static bool open_file(struct outcomes *o) {
    char *path = arena_copy_cstr(o->engine->arena, o->path);
    for (char *p = path; *p; p++) {
        if (*p != '/' || p == path) continue;
        *p = '\0';
        int made = mkdir(path, 0700);
        *p = '/';
        if (made != 0 && errno != EEXIST) return fail(o);
    }
    o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return o->fd >= 0 || fail(o);
}

static bool write_packed(struct outcomes *o, size_t len) {
    for (size_t done = 0; done < len;) {
        ssize_t n = write(o->fd, o->packed + done, len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(o);
        done += (size_t)n;
    }
    return true;
}

static bool flush_lines(struct outcomes *o, ZSTD_EndDirective end) {
    if (o->failed) return false;
    if (o->fd < 0 && !open_file(o)) return false;
    ZSTD_inBuffer in = {o->lines.ptr, o->lines.len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {o->packed, o->packed_cap, 0};
        left = ZSTD_compressStream2(o->packer, &out, &in, end);
        if (ZSTD_isError(left)) {
            errno = ENOMEM;
            return fail(o);
        }
        if (!write_packed(o, out.pos)) return false;
    } while (end == ZSTD_e_end ? left != 0 : in.pos < in.size);
    buf_clear(&o->lines);
    return true;
}

static void append_text(struct buf *out, const char *name, struct str text) {
    buf_printf(out, "\"%s\":", name);
    buf_append_json(out, text);
}

static void begin_line(struct outcomes *o, struct map_run *run, const struct row_place *place,
                       const char *outcome) {
    buf_append_char(&o->lines, '{');
    append_text(&o->lines, "map", run->map->name);
    buf_append_char(&o->lines, ',');
    append_text(&o->lines, "file", map_place_file(run, place));
    buf_printf(&o->lines, ",\"line\":%llu,\"row\":%llu,\"outcome\":\"%s\",", (unsigned long long)place->line,
               (unsigned long long)place->row, outcome);
}

static bool end_line(struct outcomes *o, const char *code, struct str at, uint32_t line, struct str message) {
    buf_printf(&o->lines, "\"code\":\"%s\",", code);
    if (line) {
        buf_append_cstr(&o->lines, "\"at\":");
        buf_append_json(&o->lines, arena_printf(&o->scratch, "%.*s:%u", STR_ARG(at), line));
        buf_append_char(&o->lines, ',');
    }
    append_text(&o->lines, "message", message);
    buf_append_cstr(&o->lines, "}\n");
    arena_reset(&o->scratch);
    return o->lines.len < BLOCK || flush_lines(o, ZSTD_e_continue);
}

static const char *outcome_name(uint8_t kind) {
    return kind == OUTCOME_REJECTED ? "rejected" : kind == OUTCOME_SKIPPED ? "skipped" : "warned";
}

bool outcomes_add(struct map_run *run, const struct plan_program *program, const struct vm *vm, uint32_t row,
                  const struct row_place *place, uint8_t kind) {
    struct outcomes *o = run->engine->outcomes;
    if (o == NULL || run->mode != MAP_LOAD) return true;
    for (const struct row_report *r = vm_first_report(vm, row); r; r = vm_next_report(vm, r)) {
        struct plan_span span = {0};
        uint32_t line;
        if (r->kind != kind) continue;
        if (r->instr < program->spans_count) span = program->spans[r->instr];
        struct str file = plan_span_file(run->engine->plan, &span, &line);
        begin_line(o, run, place, outcome_name(kind));
        if (!end_line(o,
                      kind == OUTCOME_SKIPPED ? tallies_skip_text((enum skip_reason)r->skip_reason)
                                              : fault_id(r->fault),
                      file, line, r->message))
            return false;
        if (kind != OUTCOME_OK) break;
    }
    return true;
}

bool outcomes_add_skip(struct map_run *run, const struct row_place *place, const char *reason) {
    struct outcomes *o = run->engine->outcomes;
    if (o == NULL || run->mode != MAP_LOAD) return true;
    begin_line(o, run, place, "skipped");
    return end_line(o, reason, STR(""), 0, STR(""));
}

bool outcomes_add_plain(struct map_run *run, const struct row_place *place, enum fault fault,
                        struct str message) {
    struct outcomes *o = run->engine->outcomes;
    if (o == NULL) return true;
    begin_line(o, run, place, "rejected");
    return end_line(o, fault_id(fault), STR(""), 0, message);
}

bool outcomes_finish(struct outcomes *o) {
    if (o == NULL) return true;
    bool good = flush_lines(o, ZSTD_e_end);
    if (o->fd >= 0 && close(o->fd) != 0 && good) good = fail(o);
    o->fd = -1;
    return good;
}

void outcomes_close(struct outcomes *o) {
    if (o == NULL) return;
    if (o->fd >= 0) close(o->fd);
    ZSTD_freeCCtx(o->packer);
    buf_release(&o->lines);
    arena_release(&o->scratch);
    free(o->packed);
    free(o);
}

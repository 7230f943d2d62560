/* The run's small common things: status, log lines, places in the spec. */
#include "runtime/engine/engine.h"

#include <stdarg.h>
#include <time.h>

struct span no_span(void) {
    return (struct span){0};
}

double monotonic_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool engine_stopped(const struct engine *engine) {
    return engine->status != RUN_OK;
}

bool engine_fail(struct engine *engine, enum run_status status) {
    if (engine->status == RUN_OK) engine->status = status;
    engine->given_up = true;
    return false;
}

void engine_help_stopped(struct engine *engine, struct diag *diag) {
    diag_help(engine->diags, diag, "%s",
              engine->one_transaction ? "Nothing was committed."
                                      : "Batches that were committed stand; `mig resume` goes on.");
}

bool engine_interrupted(struct engine *engine) {
    struct diag *diag =
        diag_report(engine->diags, X_INTERRUPTED, no_span(), "the run was stopped by a signal");
    engine_help_stopped(engine, diag);
    return engine_fail(engine, RUN_STOPPED);
}

void engine_log(struct engine *engine, char level, const char *format, ...) {
    const struct run_observer *observer = &engine->options->observer;
    if (observer->log == NULL) return;
    struct buf line = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    observer->log(observer->context, level, buf_str(&line));
    buf_release(&line);
}

void engine_note(struct engine *engine, const char *format, ...) {
    struct buf line = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    bool known = false;
    for (uint32_t i = 0; i < engine->report->notes.count; i++)
        known |= str_eq(engine->report->notes.items[i], buf_str(&line));
    if (!known)
        VEC_PUSH(engine->arena, &engine->report->notes, arena_copy_str(engine->arena, buf_str(&line)));
    buf_release(&line);
}

struct str plan_span_file(const struct plan *plan, const struct plan_span *span, uint32_t *line) {
    *line = 0;
    if (span->file >= plan->files_count || span->end == 0) return STR("");
    struct str text = plan->files[span->file].text;
    *line = 1;
    for (size_t i = 0; i < span->start && i < text.len; i++)
        *line += text.ptr[i] == '\n';
    return plan->files[span->file].name;
}

struct str plan_span_text(const struct plan *plan, const struct plan_span *span, struct arena *arena) {
    enum { WIDEST = 80 };
    if (span->file >= plan->files_count || span->end == 0) return STR("");
    struct str text = plan->files[span->file].text;
    struct buf out = {0};
    bool blank = false;
    for (size_t i = span->start; i < span->end && i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            blank = out.len > 0;
            continue;
        }
        if (blank) buf_append_char(&out, ' ');
        blank = false;
        buf_append_char(&out, c);
        if (out.len >= WIDEST && ((unsigned char)c & 0x80) == 0) {
            buf_append_cstr(&out, " …");
            break;
        }
    }
    struct str copy = arena_copy_str(arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

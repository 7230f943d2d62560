/* `into csv 'file'`: rows for hand-over, RFC 4180 with a header. The file appears under its name only when it
 * is complete; mode 0600, as it may hold anything. */
#include "runtime/engine/engine.h"

#include "runtime/value/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct sink_csv {
    struct sink base;
    int fd;
    struct str path, part; /* part: the name while it grows */
    struct buf out;
    uint64_t rows;
};

enum { FLUSH_AT = 256 * 1024 };

static bool csv_error(struct map_run *run, const struct sink_csv *sink, const char *what) {
    struct diag *diag =
        diag_report(run->engine->diags, X_OUTPUT_WRITE, no_span(), "could not %s the file of map `%.*s`: %s",
                    what, STR_ARG(run->map->name), strerror(errno));
    diag_place(run->engine->diags, diag, "%.*s", STR_ARG(sink->path));
    diag_help(run->engine->diags, diag, "Make room or rights there and run again.");
    return engine_fail(run->engine, RUN_STOPPED);
}

static bool csv_flush(struct sink_csv *sink, struct map_run *run) {
    for (size_t done = 0; done < sink->out.len;) {
        ssize_t n = write(sink->fd, sink->out.ptr + done, sink->out.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return csv_error(run, sink, "write");
        done += (size_t)n;
    }
    buf_clear(&sink->out);
    return true;
}

/* Null is an empty field, an empty text is "". */
static void append_field(struct buf *out, struct str text) {
    bool quoted = text.len == 0;
    for (size_t i = 0; !quoted && i < text.len; i++)
        quoted =
            strchr(",\"\r\n", text.ptr[i]) != NULL || (text.ptr[i] == ' ' && (i == 0 || i + 1 == text.len));
    if (!quoted) {
        buf_append_str(out, text);
        return;
    }
    buf_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') buf_append_char(out, '"');
        buf_append_char(out, text.ptr[i]);
    }
    buf_append_char(out, '"');
}

static struct str field_text(const struct map_run *run, const struct plan_type *type, struct value value,
                             struct arena *arena) {
    if (value.kind == TYPE_ENUM) return run->engine->plan->enums[type->ref].labels[value.as_int].text;
    if (value.kind == TYPE_ARRAY)
        return value_format_array(arena, (enum type_kind)type->element, &value.as_array);
    return value_format(arena, &value);
}

static bool csv_write(struct sink *base, struct map_run *run, const struct vm *vm, const uint32_t *rows,
                      uint32_t count) {
    struct sink_csv *sink = (struct sink_csv *)base;
    const struct plan_map *map = run->map;
    const struct plan_program *program =
        &run->engine->plan->programs[map->grouped ? map->group_program - 1 : map->program];
    struct arena scratch = {0};
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t c = 0; c < map->csv_columns_count; c++) {
            uint32_t reg = program_output(program, OUT_COLUMN, c);
            struct value value = vm_value_at(vm, reg, rows[i]);
            if (c) buf_append_char(&sink->out, ',');
            if (value.kind != TYPE_NULL)
                append_field(&sink->out, field_text(run, &program->regs[reg], value, &scratch));
        }
        buf_append_cstr(&sink->out, "\r\n");
    }
    arena_release(&scratch);
    sink->rows += count;
    return sink->out.len < FLUSH_AT || csv_flush(sink, run);
}

static bool csv_end_batch(struct sink *base, struct map_run *run, uint64_t first, uint64_t end) {
    (void)first, (void)end;
    return csv_flush((struct sink_csv *)base, run);
}

static bool csv_finish(struct sink *base, struct map_run *run, struct sink_counts *counts) {
    struct sink_csv *sink = (struct sink_csv *)base;
    counts->written = sink->rows;
    if (!csv_flush(sink, run)) return false;
    if (fsync(sink->fd) != 0 && errno != EINVAL) return csv_error(run, sink, "write");
    int fd = sink->fd;
    sink->fd = -1;
    if (close(fd) != 0) return csv_error(run, sink, "write");
    return rename(sink->part.ptr, sink->path.ptr) == 0 || csv_error(run, sink, "name");
}

static void csv_close(struct sink *base) {
    struct sink_csv *sink = (struct sink_csv *)base;
    if (sink->fd >= 0) {
        close(sink->fd);
        unlink(sink->part.ptr);
    }
    buf_release(&sink->out);
    free(sink);
}

struct sink *sink_csv_open(struct map_run *run) {
    static const struct sink_ops OPS = {csv_write, csv_end_batch, csv_finish, csv_close};
    struct sink_csv *sink = memory_zalloc(sizeof *sink);
    struct str work = run->engine->options->work_dir, name = run->map->csv_file;
    sink->base.ops = &OPS;
    bool relative = name.len && name.ptr[0] != '/' && work.len;
    sink->path = relative ? arena_printf(run->engine->arena, "%.*s/%.*s", STR_ARG(work), STR_ARG(name))
                          : arena_copy_str(run->engine->arena, name);
    sink->part = arena_printf(run->engine->arena, "%.*s.part", STR_ARG(sink->path));
    if (relative) mkdir(arena_copy_cstr(run->engine->arena, work), 0700);
    sink->fd = open(sink->part.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (sink->fd < 0) {
        csv_error(run, sink, "create");
        csv_close(&sink->base);
        return NULL;
    }
    for (uint32_t c = 0; c < run->map->csv_columns_count; c++) {
        if (c) buf_append_char(&sink->out, ',');
        append_field(&sink->out, run->map->csv_columns[c].text);
    }
    buf_append_cstr(&sink->out, "\r\n");
    return &sink->base;
}

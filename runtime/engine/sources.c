/* Sources before anything runs: each file that the run will read is opened once, so that a missing file or
 * column is told before the first row moves; standard input, where it is read more than once, is kept in a
 * temporary file. */
#include "runtime/engine/checks.h"
#include "runtime/engine/eta.h"
#include "runtime/engine/fingerprint.h"
#include "runtime/vm/spill.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct source_uses {
    struct engine *engine;
    uint32_t **reads;     /* by source and table: how often it will be read, 2 for "more than once" */
    uint32_t input_reads; /* of standard input, over all sources */
};

static void count_read(struct source_uses *uses, uint32_t source, uint32_t table, uint32_t times) {
    uint32_t *reads = &uses->reads[source][table];
    *reads = *reads + times > 1 ? 2 : *reads + times;
}

static void count_map(struct source_uses *uses, const struct plan_map *map) {
    const struct plan *plan = uses->engine->plan;
    const struct plan_program *program = &plan->programs[map->program];
    bool twice =
        !map->grouped && (map->unique == UNIQUE_LAST || program_output_count(program, OUT_ORDER) > 0);
    if (map->from_kind == FROM_SOURCE) count_read(uses, map->source, map->source_table, twice ? 2 : 1);
}

static void count_reads(struct source_uses *uses) {
    const struct engine *engine = uses->engine;
    const struct plan *plan = engine->plan;
    bool whole = engine->options->phase.len == 0 && engine->options->only_count == 0;
    for (uint32_t m = 0; m < plan->maps_count; m++)
        if (engine_runs_map(engine, m)) count_map(uses, &plan->maps[m]);
    for (uint32_t t = 0; whole && t < plan->tables_count; t++)
        if (plan->tables[t].kind == KEYED_SOURCE)
            count_read(uses, plan->tables[t].source, plan->tables[t].table, 1);
    for (uint32_t c = 0; c < plan->checks_count; c++) {
        const struct plan_check *check = &plan->checks[c];
        if (engine->options->dry_run && !check->before) continue;
        if (check_left_out(engine, check).len) continue;
        if (check->kind == CHECK_SOURCE) count_map(uses, &plan->check_maps[check->map - 1]);
        if (check->kind == CHECK_SAMPLE && engine_runs_map(engine, check->map))
            count_map(uses, &plan->maps[check->map]);
    }
}

/* ---------------------------------------------------------------- standard input */

static bool spool_error(struct engine *engine, const char *what) {
    struct diag *diag =
        diag_report(engine->diags, X_TEMP_FILE, no_span(), "could not %s: %s", what, strerror(errno));
    diag_place(engine->diags, diag, "%.*s", STR_ARG(engine->stdin_copy));
    diag_help(
        engine->diags, diag,
        "Standard input is read more than once, so it is kept in the temporary folder: make room there, "
        "set TMPDIR to another one, or give the source a file.");
    return engine_fail(engine, RUN_STOPPED);
}

static bool copy_input(int to) {
    enum { BLOCK = 1 << 16 };
    char *block = memory_alloc(BLOCK);
    ssize_t n;
    bool good = true;
    while (good && (n = read(STDIN_FILENO, block, BLOCK)) != 0) {
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        for (ssize_t done = 0; good && done < n;) {
            ssize_t written = write(to, block + done, (size_t)(n - done));
            if (written < 0 && errno == EINTR) continue;
            good = written > 0;
            done += written;
        }
    }
    free(block);
    return good;
}

/* The copy has no name in any folder; readers open it through the process's own list of files. */
static bool spool_standard_input(struct engine *engine) {
    int fd = spill_open_nameless(engine->options->temp_dir);
    engine->stdin_copy = engine->options->temp_dir; /* for messages */
    if (fd < 0) return spool_error(engine, "create a temporary file");
    engine->stdin_file = fd;
    if (!copy_input(fd)) return spool_error(engine, "keep standard input");
    engine->stdin_copy = arena_printf(engine->arena, "/proc/self/fd/%d", fd);
    return access(engine->stdin_copy.ptr, R_OK) == 0 || spool_error(engine, "read a temporary file again");
}

void engine_drop_standard_input(struct engine *engine) {
    if (engine->stdin_file > 0) close(engine->stdin_file);
    engine->stdin_file = 0;
    engine->stdin_copy = STR("");
}

/* ---------------------------------------------------------------- files */

static bool is_standard_input(const struct plan_source *source) {
    return !source->location_is_env && str_is(source->location, "-");
}

static bool in_database(const struct plan_source *source) {
    return source->format == SOURCE_POSTGRES || source->format == SOURCE_QUERY;
}

/* What comes through a pipe comes once. */
static bool is_pipe(const struct engine *engine, const struct plan_source *source) {
    struct str base = engine->options->base_dir;
    bool absolute = source->location.len && source->location.ptr[0] == '/';
    struct str path = absolute || base.len == 0 ? arena_copy_str(engine->arena, source->location)
                                                : arena_printf(engine->arena, "%.*s/%.*s", STR_ARG(base),
                                                               STR_ARG(source->location));
    struct stat st;
    return stat(arena_copy_cstr(engine->arena, path), &st) == 0 &&
           (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode));
}

static void note_files(struct engine *engine, struct str source, const struct reader *reader) {
    for (uint32_t f = 0; f < reader_file_count(reader); f++) {
        uint64_t bytes;
        struct str path = reader_file_path(reader, f, &bytes);
        if (path.len) fingerprint_add(engine, source, reader_file_name(reader, f), path, bytes);
    }
}

static bool check_source(struct source_uses *uses, uint32_t s) {
    struct engine *engine = uses->engine;
    const struct plan_source *source = &engine->plan->sources[s];
    uint32_t reads = 0;
    for (uint32_t t = 0; t < source->tables_count; t++)
        reads += uses->reads[s][t];
    if (reads == 0 || in_database(source)) return true;
    if (is_standard_input(source)) {
        uses->input_reads += reads;
        fingerprint_add_pipe(engine, source->name);
        return true;
    }
    if (is_pipe(engine, source)) {
        fingerprint_add_pipe(engine, source->name);
        return true;
    }
    bool good = true;
    for (uint32_t t = 0; t < source->tables_count; t++) {
        if (uses->reads[s][t] == 0) continue;
        struct reader *reader = engine_open_source(engine, s, t, NULL, 0);
        if (reader) {
            note_files(engine, source->name, reader);
            eta_note_source(engine, s, t, reader_total_bytes(reader));
            reader_close(reader);
        }
        good = good && reader != NULL;
        if (reader == NULL && reader_lacks_file(engine->diags)) break;
    }
    return good;
}

bool engine_check_sources(struct engine *engine) {
    const struct plan *plan = engine->plan;
    struct source_uses uses = {.engine = engine};
    bool good = true;
    uses.reads = ARENA_ARRAY(engine->arena, uint32_t *, plan->sources_count + 1);
    for (uint32_t s = 0; s < plan->sources_count; s++)
        uses.reads[s] = ARENA_ARRAY(engine->arena, uint32_t, plan->sources[s].tables_count + 1);
    count_reads(&uses);
    for (uint32_t s = 0; s < plan->sources_count; s++)
        good = check_source(&uses, s) && good;
    return good && (uses.input_reads <= 1 || spool_standard_input(engine));
}

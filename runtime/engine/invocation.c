/* See invocation.h. */
#include "runtime/engine/invocation.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct str absolute(struct arena *arena, struct str path) {
    char resolved[PATH_MAX];
    if (path.len == 0) path = STR(".");
    if (realpath(arena_copy_cstr(arena, path), resolved)) return arena_copy_str(arena, str_cstr(resolved));
    if (path.ptr[0] == '/' || getcwd(resolved, sizeof resolved) == NULL) return path;
    return arena_printf(arena, "%s/%.*s", resolved, STR_ARG(path));
}

void invocation_of(const struct run_options *options, struct arena *arena, struct invocation *out) {
    *out = (struct invocation){
        .environment = options->environment,
        .phase = options->phase,
        .data_dir = absolute(arena, options->base_dir),
        .work_dir = absolute(arena, options->work_dir),
        .sandbox_dir = options->sandbox_dir.len ? absolute(arena, options->sandbox_dir) : STR(""),
        .url_given = options->target_url.len && options->sandbox_dir.len == 0,
        .allow_extern = options->allow_extern,
        .only = options->only,
        .only_count = options->only_count,
    };
}

static void append_member(struct buf *json, const char *name, struct str text) {
    buf_printf(json, ",\"%s\":", name);
    buf_append_json(json, text);
}

void invocation_write(const struct invocation *in, struct buf *json) {
    buf_printf(json, "{\"url_given\":%s,\"allow_extern\":%s", in->url_given ? "true" : "false",
               in->allow_extern ? "true" : "false");
    append_member(json, "environment", in->environment);
    append_member(json, "phase", in->phase);
    append_member(json, "data_dir", in->data_dir);
    append_member(json, "work_dir", in->work_dir);
    append_member(json, "sandbox_dir", in->sandbox_dir);
    buf_append_cstr(json, ",\"only\":[");
    for (uint32_t i = 0; i < in->only_count; i++) {
        buf_append_cstr(json, i ? ",{\"name\":" : "{\"name\":");
        buf_append_json(json, in->only[i].name);
        append_member(json, "value", in->only[i].value);
        buf_append_char(json, '}');
    }
    buf_append_cstr(json, "]}");
}

static struct str get_text(struct arena *arena, const cJSON *node, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node, name);
    return cJSON_IsString(item) ? arena_copy_str(arena, str_cstr(item->valuestring)) : STR("");
}

bool invocation_read(struct str json, struct arena *arena, struct invocation *out, struct diag_list *diags) {
    cJSON *root = cJSON_ParseWithLength(json.ptr ? json.ptr : "", json.len);
    *out = (struct invocation){0};
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        diag_report(diags, X_NOT_A_REPORT, (struct span){0},
                    "what the run was started with cannot be read: it is not the JSON that mig wrote");
        return false;
    }
    out->environment = get_text(arena, root, "environment");
    out->phase = get_text(arena, root, "phase");
    out->data_dir = get_text(arena, root, "data_dir");
    out->work_dir = get_text(arena, root, "work_dir");
    out->sandbox_dir = get_text(arena, root, "sandbox_dir");
    out->url_given = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "url_given"));
    out->allow_extern = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "allow_extern"));
    const cJSON *only = cJSON_GetObjectItemCaseSensitive(root, "only"), *item;
    struct run_param *params = ARENA_ARRAY(arena, struct run_param, (size_t)cJSON_GetArraySize(only) + 1);
    cJSON_ArrayForEach(item, only) params[out->only_count++] =
        (struct run_param){get_text(arena, item, "name"), get_text(arena, item, "value")};
    out->only = params;
    cJSON_Delete(root);
    return true;
}

/* ---------------------------------------------------------------- beside the report */

static bool make_dirs(struct arena *arena, struct str path) {
    for (size_t i = 1; i <= path.len; i++)
        if (i == path.len || path.ptr[i] == '/')
            if (mkdir(arena_copy_cstr(arena, str_from(path.ptr, i)), 0700) != 0 && errno != EEXIST)
                return false;
    return true;
}

static bool write_file(struct arena *arena, struct str dir, const char *name, const struct buf *bytes) {
    struct str path = arena_printf(arena, "%.*s/%s", STR_ARG(dir), name);
    int fd = open(path.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < bytes->len;) {
        ssize_t n = write(fd, bytes->ptr + done, bytes->len - done);
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        done += n > 0 ? (size_t)n : 0;
    }
    good = good && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0) good = false;
    return good;
}

bool invocation_point(struct str work_dir, const char *name, const char *run_id) {
    struct arena arena = {0};
    struct str link = arena_printf(&arena, "%.*s/%s", STR_ARG(work_dir), name);
    struct str fresh = arena_printf(&arena, "%.*s/.%s.%s", STR_ARG(work_dir), name, run_id);
    unlink(fresh.ptr); /* of a run that was killed here */
    bool good = symlink(run_id, fresh.ptr) == 0 && rename(fresh.ptr, link.ptr) == 0;
    int failed = errno;
    if (!good) unlink(fresh.ptr);
    errno = failed;
    arena_release(&arena);
    return good;
}

bool invocation_save(const struct plan *plan, const struct run_options *options, const char *run_id,
                     struct arena *arena, struct diag_list *diags) {
    struct str dir = arena_printf(arena, "%.*s/%s", STR_ARG(options->work_dir), run_id);
    struct invocation invocation;
    struct buf json = {0}, bytes = {0};
    invocation_of(options, arena, &invocation);
    invocation_write(&invocation, &json);
    plan_write(plan, &bytes);
    bool good = make_dirs(arena, dir) && write_file(arena, dir, "plan.migc", &bytes) &&
                write_file(arena, dir, "invocation.json", &json);
    good = good && invocation_point(options->work_dir, "latest", run_id);
    int failed = errno;
    buf_release(&json);
    buf_release(&bytes);
    if (good) return true;
    struct diag *diag = diag_report(diags, X_OUTPUT_WRITE, (struct span){0},
                                    "could not note how the run was started: %s", strerror(failed));
    diag_place(diags, diag, "%.*s", STR_ARG(dir));
    diag_help(diags, diag, "`mig resume` needs it: make room or rights there, or choose another --work-dir.");
    return false;
}

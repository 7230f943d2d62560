/* Which files a source reads: paths relative to the base folder, patterns, standard input. */
#include "runtime/reader/reader_internal.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

static char *full_path(struct reader *reader, struct str location) {
    struct str base = reader->options.base_dir;
    if (base.len == 0 || (location.len && location.ptr[0] == '/'))
        return arena_copy_cstr(&reader->arena, location);
    return (char *)arena_printf(&reader->arena, "%.*s%s%.*s", STR_ARG(base),
                                str_ends_with(base, STR("/")) ? "" : "/", STR_ARG(location))
        .ptr;
}

static bool report_stat(struct str name, struct reader *reader, int error, struct diag_list *diags) {
    if (error == ENOENT || error == ENOTDIR) {
        struct diag *d =
            reader_error(diags, X_FILE_MISSING, STR(""), "source `%.*s`: there is no file `%.*s`",
                         STR_ARG(reader->source->name), STR_ARG(name));
        if (name.len && name.ptr[0] != '/' && reader->options.base_dir.len)
            diag_help(diags, d, "relative paths start in `%.*s`; `--data DIR` names another folder",
                      STR_ARG(reader->options.base_dir));
        return false;
    }
    struct diag *d =
        reader_error(diags, X_FILE_UNREADABLE, STR(""), "source `%.*s`: could not read `%.*s`: %s",
                     STR_ARG(reader->source->name), STR_ARG(name), strerror(error));
    diag_help(diags, d, "check the file's permissions");
    return false;
}

static bool add_file(struct reader *reader, struct source_file *file, struct str name, char *path,
                     struct diag_list *diags) {
    struct stat st;
    *file = (struct source_file){name, path, 0};
    if (path[0] == '\0') return true;
    if (stat(path, &st) != 0) return report_stat(name, reader, errno, diags);
    if (S_ISDIR(st.st_mode)) return report_stat(name, reader, EISDIR, diags);
    file->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    reader->total_bytes += file->size;
    return true;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The base folder's own *, ? and [ are no pattern. */
static char *glob_pattern(struct reader *reader, struct str location, size_t *prefix) {
    struct buf out = {0};
    struct str base = reader->options.base_dir;
    *prefix = 0;
    if (base.len && location.ptr[0] != '/') {
        for (size_t i = 0; i < base.len; i++) {
            if (strchr("*?[]\\", base.ptr[i])) buf_append_char(&out, '\\');
            buf_append_char(&out, base.ptr[i]);
        }
        *prefix = base.len;
        if (!str_ends_with(base, STR("/"))) {
            buf_append_char(&out, '/');
            ++*prefix;
        }
    }
    buf_append_str(&out, location);
    char *pattern = arena_copy_cstr(&reader->arena, buf_str(&out));
    buf_release(&out);
    return pattern;
}

static bool find_by_pattern(struct reader *reader, struct diag_list *diags) {
    struct str location = reader->source->location;
    size_t prefix;
    glob_t found = {0};
    char *pattern = glob_pattern(reader, location, &prefix);
    size_t count = 0;
    char **paths = NULL;
    if (glob(pattern, GLOB_NOSORT | GLOB_MARK, NULL, &found) == 0) {
        paths = ARENA_ARRAY(&reader->arena, char *, found.gl_pathc);
        for (size_t i = 0; i < found.gl_pathc; i++) { /* folders are marked by a final slash */
            struct str path = str_cstr(found.gl_pathv[i]);
            if (!str_ends_with(path, STR("/"))) paths[count++] = arena_copy_cstr(&reader->arena, path);
        }
        globfree(&found);
        qsort(paths, count, sizeof *paths, compare_names);
    }
    bool good = count > 0;
    if (count == 0) {
        struct diag *d = reader_error(diags, X_NO_MATCH, STR(""), "source `%.*s`: no file matches `%.*s`",
                                      STR_ARG(reader->source->name), STR_ARG(location));
        if (reader->options.base_dir.len)
            diag_help(diags, d, "the pattern starts in `%.*s`; `--data DIR` names another folder",
                      STR_ARG(reader->options.base_dir));
    }
    reader->files = ARENA_ARRAY(&reader->arena, struct source_file, count);
    for (size_t i = 0; i < count; i++)
        if (!add_file(reader, &reader->files[i], str_cstr(paths[i] + prefix), paths[i], diags)) good = false;
    reader->file_count = (uint32_t)count;
    return good;
}

bool source_files_find(struct reader *reader, struct diag_list *diags) {
    struct str location = reader->source->location;
    if (memchr(location.len ? location.ptr : "", '\0', location.len) || location.len == 0)
        return report_stat(location, reader, ENOENT, diags);
    char *path = full_path(reader, location);
    struct stat st;
    bool is_pattern = strpbrk(path + strlen(path) - location.len, "*?[") != NULL && stat(path, &st) != 0;
    if (is_pattern) return find_by_pattern(reader, diags);
    reader->files = ARENA_NEW(&reader->arena, struct source_file);
    reader->file_count = 1;
    if (str_is(location, "-")) {
        char *spooled = arena_copy_cstr(&reader->arena, reader->options.stdin_copy);
        return add_file(reader, reader->files, STR("standard input"), spooled, diags);
    }
    return add_file(reader, reader->files, location, path, diags);
}

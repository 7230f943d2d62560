/* Files that tests read, find and compare with. */
#include "tests/support/files.h"
#include "runtime/base/buf.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

bool files_read(struct arena *arena, const char *path, struct str *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    struct buf content = {0};
    size_t n;
    while ((n = fread(buf_reserve(&content, 65536), 1, 65536, file)) > 0)
        content.len += n;
    bool good = !ferror(file);
    fclose(file);
    *bytes = arena_copy_str(arena, buf_str(&content));
    buf_release(&content);
    return good;
}

static int by_name(const void *a, const void *b) {
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void find_below(struct arena *arena, const char *folder, const char *ending,
                       struct file_names *names) {
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        struct str path = arena_printf(arena, "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_DIR)
            find_below(arena, path.ptr, ending, names);
        else if (str_ends_with(path, str_cstr(ending)))
            VEC_PUSH(arena, &names->v, path);
    }
    if (dir) closedir(dir);
}

void files_find(struct arena *arena, const char *folder, const char *ending, struct file_names *names) {
    find_below(arena, folder, ending, names);
    if (names->v.count) qsort(names->v.items, names->v.count, sizeof *names->v.items, by_name);
}

bool files_match(struct arena *arena, const char *path, struct str actual) {
    if (getenv("MIG_UPDATE_GOLDEN") != NULL) {
        FILE *file = fopen(path, "wb");
        if (file == NULL) return false;
        fwrite(actual.ptr, 1, actual.len, file);
        return fclose(file) == 0;
    }
    struct str expected;
    if (!files_read(arena, path, &expected)) {
        fprintf(stderr, "%s is missing; make it with MIG_UPDATE_GOLDEN=1\n", path);
        return false;
    }
    if (str_eq(expected, actual)) return true;
    fprintf(stderr, "---- %s: expected\n%.*s---- but got\n%.*s", path, STR_ARG(expected), STR_ARG(actual));
    return false;
}

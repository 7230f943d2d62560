/* Compiling specs from files, and comparing what was said with what is expected. */
#include "tests/compiler/golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

struct golden_files {
    struct arena *arena;
    struct str folder;
};

static const struct source_text *golden_read(void *context, struct str path, struct span asked_at,
                                             struct diag_list *diags) {
    struct golden_files *files = context;
    struct str bytes, folder = files->folder;
    struct str rest = path;
    if (str_starts_with(path, STR("std/"))) {
        folder = STR(MIG_SOURCE_DIR "/stdlib");
        rest = str_from(path.ptr + 4, path.len - 4);
    }
    struct str full = arena_printf(files->arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(rest));
    if (files_read(files->arena, full.ptr, &bytes)) return source_text_new(files->arena, path, bytes);
    diag_report(diags, E_MODULE, asked_at, "there is no file `%.*s`", STR_ARG(path));
    return NULL;
}

void golden_compile_text(struct compiled *compiled, const char *folder, struct str text) {
    *compiled = (struct compiled){0};
    diag_list_init(&compiled->diags, &compiled->arena);
    struct golden_files context = {&compiled->arena, str_cstr(folder)};
    struct compile_files files = {golden_read, &context};
    const struct source_text *spec = source_text_new(&compiled->arena, STR("test.mig"), text);
    compiled->plan = compile_spec(&compiled->arena, spec, &files, &compiled->diags);
}

void golden_compile(struct compiled *compiled, const char *path) {
    *compiled = (struct compiled){0};
    diag_list_init(&compiled->diags, &compiled->arena);
    const char *slash = strrchr(path, '/');
    struct golden_files context = {&compiled->arena, str_from(path, (size_t)(slash - path))};
    struct compile_files files = {golden_read, &context};
    struct str text;
    if (!files_read(&compiled->arena, path, &text)) return;
    const struct source_text *spec = source_text_new(&compiled->arena, str_cstr(slash + 1), text);
    compiled->plan = compile_spec(&compiled->arena, spec, &files, &compiled->diags);
}

void golden_release(struct compiled *compiled) {
    arena_release(&compiled->arena);
}

struct str golden_render(struct compiled *compiled) {
    struct buf text = {0};
    diag_list_sort(&compiled->diags);
    diag_list_render_text(&compiled->diags, false, 0, &text);
    struct str copy = arena_copy_str(&compiled->arena, buf_str(&text));
    buf_release(&text);
    return copy;
}

static int golden_by_name(const void *a, const void *b) {
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

uint32_t golden_list(struct arena *arena, const char *folder, const char *ending, struct str **names) {
    VEC(struct str) found = {0};
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        if (str_ends_with(str_cstr(entry->d_name), str_cstr(ending)))
            VEC_PUSH(arena, &found, arena_copy_str(arena, str_cstr(entry->d_name)));
    if (dir) closedir(dir);
    if (found.count) qsort(found.items, found.count, sizeof *found.items, golden_by_name);
    *names = found.items;
    return found.count;
}

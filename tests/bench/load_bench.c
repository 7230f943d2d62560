/* One load of a plan, with its journal or without it: what the journal costs is the difference. Prints the
 * seconds of the maps. Not a test; tests/bench/run calls it.
 *
 * usage: load_bench PLAN DATA_DIR WORK_DIR URL journal|bare */
#include "runtime/base/diag.h"
#include "runtime/engine/run.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_file(struct arena *arena, const char *path, struct str *bytes) {
    struct buf content = {0};
    FILE *file = fopen(path, "rb");
    size_t n = 1;
    while (file && (n = fread(buf_reserve(&content, 65536), 1, 65536, file)) > 0)
        content.len += n;
    bool good = file && !ferror(file);
    if (file) fclose(file);
    *bytes = arena_copy_str(arena, buf_str(&content));
    buf_release(&content);
    return good;
}

static int complain(const struct diag_list *diags) {
    for (uint32_t i = 0; i < diags->items.count; i++)
        fprintf(stderr, "%.*s\n", STR_ARG(diags->items.items[i]->message));
    return 1;
}

int main(int argc, char **argv) {
    struct arena arena = {0};
    struct diag_list diags;
    struct str bytes;
    struct run_report report = {0};
    diag_list_init(&diags, &arena);
    if (argc != 6 || !read_file(&arena, argv[1], &bytes)) return 2;
    struct plan *plan = plan_read(&arena, bytes, str_cstr(argv[1]), &diags);
    if (plan == NULL) return complain(&diags);
    struct run_options options = {.environment = STR("bench"),
                                  .base_dir = str_cstr(argv[2]),
                                  .work_dir = str_cstr(argv[3]),
                                  .target_url = str_cstr(argv[4]),
                                  .temp_dir = STR("/tmp"),
                                  .without_journal = str_is(str_cstr(argv[5]), "bare")};
    enum run_status status = run_execute(plan, &options, &arena, &report, &diags);
    printf("%.3f\n", report.seconds);
    int code = status == RUN_OK ? 0 : complain(&diags);
    arena_release(&arena);
    return code;
}

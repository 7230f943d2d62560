/* Fuzz target: scanner, filter, grammar and the wording of errors, over any bytes. Built with clang's
 * -fsanitize=fuzzer, or with standalone_main.c to replay a corpus. */
#include "compiler/syntax/parse.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena = {0};
    struct diag_list diags;
    struct buf out = {0};
    struct str text = {(const char *)data, size};
    arena_init(&arena);
    diag_list_init(&diags, &arena);
    const struct source_text *source = source_text_new(&arena, STR("fuzz.mig"), text);
    struct ast_file *file = parse_file(&arena, source, &diags);
    ast_dump(file, &out);
    diag_list_sort(&diags);
    diag_list_render_text(&diags, false, 20, &out);
    struct ast_expr *expr = parse_expression(&arena, source, &diags);
    if (expr) ast_dump_expr(expr, &out);
    buf_release(&out);
    arena_release(&arena);
    return 0;
}

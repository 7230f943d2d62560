/* Runs the tests of the syntax; what they share. */
#include "tests/syntax/test_syntax.h"

#include <stdio.h>

void parsed_init(struct parsed *parsed, struct str text) {
    arena_init(&parsed->arena);
    diag_list_init(&parsed->diags, &parsed->arena);
    parsed->source = source_text_new(&parsed->arena, STR("test.mig"), text);
    parsed->file = parse_file(&parsed->arena, parsed->source, &parsed->diags);
    diag_list_sort(&parsed->diags);
}

void parsed_release(struct parsed *parsed) {
    arena_release(&parsed->arena);
}

void parsed_errors(const struct parsed *parsed, struct buf *out) {
    for (uint32_t i = 0; i < parsed->diags.items.count; i++) {
        const struct diag *diag = parsed->diags.items.items[i];
        struct line_column at = source_text_locate(parsed->source, diag->primary.span.start);
        buf_printf(out, "%u:%u %s %.*s\n", at.line, at.column, diag_code_id(diag->code),
                   STR_ARG(diag->message));
    }
    if (out->ptr == NULL) buf_append_cstr(out, "");
    buf_append_char(out, '\0');
    out->len--;
}

void assert_errors(const char *text, const char *errors) {
    struct parsed parsed;
    struct buf got = {0};
    parsed_init(&parsed, str_cstr(text));
    parsed_errors(&parsed, &got);
    assert_string_equal(got.ptr, errors);
    assert_int_equal(parsed.file->has_errors, errors[0] != '\0');
    buf_release(&got);
    parsed_release(&parsed);
}

void assert_tree(const char *text, const char *tree) {
    struct parsed parsed;
    struct buf got = {0};
    parsed_init(&parsed, str_cstr(text));
    parsed_errors(&parsed, &got);
    assert_string_equal(got.ptr, "");
    buf_clear(&got);
    ast_dump(parsed.file, &got);
    assert_string_equal(got.ptr, tree);
    buf_release(&got);
    parsed_release(&parsed);
}

void assert_expr(const char *text, const char *tree) {
    struct arena arena = {0};
    struct diag_list diags;
    struct buf got = {0};
    diag_list_init(&diags, &arena);
    struct ast_expr *expr =
        parse_expression(&arena, source_text_new(&arena, STR("test.mig"), str_cstr(text)), &diags);
    if (expr == NULL) diag_list_render_text(&diags, false, 0, &got);
    if (expr) ast_dump_expr(expr, &got);
    assert_string_equal(got.ptr, tree);
    buf_release(&got);
    arena_release(&arena);
}

void read_file(const char *path, struct buf *out) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot read %s", path);
    char part[4096];
    size_t got;
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        buf_append(out, part, got);
    fclose(file);
    if (out->ptr == NULL) buf_append(out, "", 0);
}

int main(void) {
    return run_tree_tests() + run_error_tests() + run_hostile_tests();
}

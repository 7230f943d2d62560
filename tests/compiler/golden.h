/* Compiling specs from files in tests: modules and DDL beside the spec, the standard library from stdlib/. */
#ifndef MIG_TESTS_COMPILER_GOLDEN_H
#define MIG_TESTS_COMPILER_GOLDEN_H

#include "compiler/check/check.h"
#include "tests/support/files.h"

struct compiled {
    struct arena arena;
    struct diag_list diags;
    struct plan *plan; /* NULL: the spec has errors */
};

/* Compiles the spec at this path; in messages it goes by its file's name alone. */
void golden_compile(struct compiled *compiled, const char *path);
/* Compiles a text as if it stood in a file in that folder. */
void golden_compile_text(struct compiled *compiled, const char *folder, struct str text);
void golden_release(struct compiled *compiled);
/* The diagnostics as people see them, sorted, without colour. */
struct str golden_render(struct compiled *compiled);
/* Names of the folder's files with this ending, sorted. */
uint32_t golden_list(struct arena *arena, const char *folder, const char *ending, struct str **names);

#endif

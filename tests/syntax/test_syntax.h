/* What the tests of the syntax share. */
#ifndef MIG_TESTS_SYNTAX_H
#define MIG_TESTS_SYNTAX_H

#include "compiler/syntax/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A text that was parsed; give it back with parsed_release. */
struct parsed {
    struct arena arena;
    struct diag_list diags; /* sorted */
    const struct source_text *source;
    struct ast_file *file;
};

void parsed_init(struct parsed *parsed, struct str text);
void parsed_release(struct parsed *parsed);
/* "2:7 E0101 message" for each error, a line each. Release the buffer. */
void parsed_errors(const struct parsed *parsed, struct buf *out);
/* The errors of a text are exactly these lines. */
void assert_errors(const char *text, const char *errors);
/* The text parses, and its tree is this. */
void assert_tree(const char *text, const char *tree);
/* The expression parses, and its tree is this. */
void assert_expr(const char *text, const char *tree);
/* The whole of a file; fails the test when it cannot be read. Release the buffer. */
void read_file(const char *path, struct buf *out);

int run_tree_tests(void);
int run_error_tests(void);
int run_hostile_tests(void);

#endif

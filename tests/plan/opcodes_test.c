/* The opcode table against itself and the verifier: every line is well-formed, and a program with every
 * instruction passes. */
#include "tests/plan/all_opcodes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static bool is_letter(char letter) {
    if (strchr("*=N", letter) != NULL) return true;
    for (int kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++)
        if (type_kind_letter((enum type_kind)kind) == letter) return true;
    return false;
}

static void test_lines(void **state) {
    (void)state;
    for (int op = 0; op < OP_COUNT; op++) {
        const struct opcode_info *info = &OPCODES[op];
        for (const char *l = info->operands; *l; l++)
            if (!is_letter(*l)) fail_msg("%s: operand letter %c", info->name, *l);
        for (const char *l = info->result; *l; l++)
            if (!is_letter(*l)) fail_msg("%s: result letter %c", info->name, *l);
        if ((info->flags & OPF_SELECT) && info->result[0])
            fail_msg("%s: a selection with a result", info->name);
        if (info->doc[0] == '\0') fail_msg("%s: no doc", info->name);
        /* docs/functions.md takes the signature from the doc. */
        size_t name = strlen(info->function);
        if (name > 0 && strchr(info->doc, ')') == NULL) fail_msg("%s: no signature in its doc", info->name);
        for (int other = 0; other < op; other++)
            if (strcmp(info->name, OPCODES[other].name) == 0) fail_msg("%s stands twice", info->name);
    }
}

static void test_all_verify(void **state) {
    (void)state;
    struct arena arena = {0};
    struct diag_list diags;
    uint32_t count;
    diag_list_init(&diags, &arena);
    struct plan *plan = make_all_opcodes(&arena, &count);
    /* It is no map's and no table's program, so its outputs are nobody's: the program alone is judged. */
    if (!plan_verify(plan, &diags)) fail_msg("%.*s", STR_ARG(diags.items.items[0]->message));
    assert_true(count > 200);
    arena_release(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_all_verify)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

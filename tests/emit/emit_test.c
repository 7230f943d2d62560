/* Golden texts of emitted programs: each case builds typed expressions and compares the disassembly. Run with
 * `--update` to write the golden files anew. Every program must also pass the verifier. */
#include "tests/emit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static bool update;

static struct buf read_golden(const char *name) {
    struct buf text = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/%s.txt", GOLDEN_DIR, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return text;
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_append(&text, chunk, n);
    fclose(file);
    return text;
}

static void write_golden(const char *name, struct str text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.txt", GOLDEN_DIR, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    fclose(file);
}

static void assert_verified(const struct plan *plan, struct arena *arena) {
    struct diag_list diags;
    diag_list_init(&diags, arena);
    if (plan_verify(plan, &diags)) return;
    struct buf text = {0};
    diag_list_render_text(&diags, false, 0, &text);
    plan_disassemble(plan, &text);
    fail_msg("%.*s", STR_ARG(buf_str(&text)));
}

static void assert_golden(const struct plan *plan, const char *name, struct arena *arena) {
    assert_verified(plan, arena);
    struct buf text = {0};
    plan_disassemble(plan, &text);
    if (update) write_golden(name, buf_str(&text));
    struct buf golden = read_golden(name);
    if (!str_eq(buf_str(&text), buf_str(&golden)))
        fail_msg("%s differs:\n%.*s", name, STR_ARG(buf_str(&text)));
    buf_release(&text);
    buf_release(&golden);
}

/* One program over a source with text columns a, b, c and ints n, m. */
static const char SPEC[] =
    "let x = if a == 'x' then int(b) else n\nlet y = a ?? b ?? c\nlet z = int(a) on error use 0\n"
    "lookup o in people on o.email == a on duplicate first\nf(int(a) on error warn 'bad' use 1)\n";

struct fixture {
    struct arena arena;
    struct tree tree;
    struct emitter *e;
};

static void setup(struct fixture *f) {
    *f = (struct fixture){0};
    tree_init(&f->tree, &f->arena, SPEC);
    f->e = emitter_new(f->tree.builder);
}

static struct texpr *text_cell(struct fixture *f, uint32_t column) {
    return tx_cell(&f->tree, column, type_of_kind(TYPE_TEXT, true), NULL);
}

static struct texpr *parsed(struct fixture *f, uint32_t column) {
    return tx_call(&f->tree, OP_TEXT_TO_INT, type_of_kind(TYPE_INT, true), "int(a)", 1, text_cell(f, column));
}

static void finish(struct fixture *f, const char *name) {
    emitter_finish(f->e);
    assert_golden(plan_builder_finish(f->tree.builder), name, &f->arena);
    arena_release(&f->arena);
}

static void test_whole_plan(void **state) {
    (void)state;
    struct arena arena = {0};
    struct diag_list diags;
    diag_list_init(&diags, &arena);
    assert_golden(tree_make_plan(&arena, &diags), "tasks", &arena);
    assert_int_equal(diags.items.count, 0);
    arena_release(&arena);
}

/* The branches' common part is evaluated once, where it holds for both. */
static void test_if_shares(void **state) {
    (void)state;
    struct fixture f;
    setup(&f);
    struct tree *t = &f.tree;
    struct plan_type boolean = type_of_kind(TYPE_BOOL, true), integer = type_of_kind(TYPE_INT, true);
    struct texpr *is_x = tx_call(t, OP_EQ_TEXT, boolean, "a == 'x'", 2, text_cell(&f, 0), tx_text(t, "x"));
    struct texpr *sum = tx_call(t, OP_ADD_INT, integer, NULL, 2, parsed(&f, 0), tx_int(t, 1));
    struct texpr *x =
        tx_node(t, TX_IF, integer, "if a == 'x' then int(b) else n", 3, is_x, parsed(&f, 1), sum);
    emit_output_value(f.e, OUT_VALUE, 0, x);
    emit_output_value(f.e, OUT_VALUE, 1, parsed(&f, 1)); /* not shared: the first holds for one branch only */
    emit_output_value(f.e, OUT_VALUE, 2, parsed(&f, 1)); /* shared with the line above */
    finish(&f, "if");
}

static void test_coalesce(void **state) {
    (void)state;
    struct fixture f;
    setup(&f);
    struct tree *t = &f.tree;
    struct plan_type text = type_of_kind(TYPE_TEXT, true);
    struct texpr *ab = tx_node(t, TX_COALESCE, text, "a ?? b", 2, text_cell(&f, 0), text_cell(&f, 1));
    emit_output_value(f.e, OUT_VALUE, 0,
                      tx_node(t, TX_COALESCE, text, "a ?? b ?? c", 2, ab, text_cell(&f, 2)));
    finish(&f, "coalesce");
}

static void test_logic(void **state) {
    (void)state;
    struct fixture f;
    setup(&f);
    struct tree *t = &f.tree;
    struct plan_type boolean = type_of_kind(TYPE_BOOL, true);
    struct texpr *low = tx_call(t, OP_GE_I64, boolean, NULL, 2, parsed(&f, 0), tx_int(t, 1));
    struct texpr *high = tx_call(t, OP_LE_I64, boolean, NULL, 2, parsed(&f, 0), tx_int(t, 9));
    struct texpr *both = tx_node(t, TX_AND, boolean, NULL, 2, low, high);
    struct texpr *none = tx_node(t, TX_IS_NULL, boolean, NULL, 1, text_cell(&f, 1));
    emit_where(f.e, tx_node(t, TX_OR, boolean, NULL, 2, none, both));
    emit_where(f.e, tx_node(t, TX_AND, boolean, NULL, 2, tx_bool(t, true), low)); /* true and x is x */
    emit_where(f.e, tx_node(t, TX_OR, boolean, NULL, 2, tx_bool(t, true), low));  /* true or x: no code */
    finish(&f, "logic");
}

/* All handlers of an expression look at its own events; an impossible event leaves no code. */
static void test_handlers(void **state) {
    (void)state;
    struct fixture f;
    setup(&f);
    struct tree *t = &f.tree;
    struct texpr *z = tx_on(t, parsed(&f, 0), HANDLE_ERROR, TACT_USE, NULL, tx_int(t, 0));
    emit_output_value(f.e, OUT_VALUE, 0, z);
    z = tx_on(t, parsed(&f, 1), HANDLE_ERROR, TACT_SKIP, NULL, NULL);
    z = tx_on(t, z, HANDLE_NULL, TACT_REJECT, NULL, NULL);
    z = tx_on(t, z, HANDLE_MISSING, TACT_USE, NULL, tx_int(t, 7));
    emit_output_value(f.e, OUT_VALUE, 1, z);
    z = tx_on(t, parsed(&f, 2), HANDLE_ERROR, TACT_REJECT, NULL, NULL);
    emit_output_value(f.e, OUT_VALUE, 2, z);
    z = tx_on(t, parsed(&f, 3), HANDLE_ERROR, TACT_FAIL, tx_text(t, "stop"), NULL);
    emit_output_value(f.e, OUT_VALUE, 3, z);
    finish(&f, "handlers");
}

/* An argument that warns is evaluated once, before the branches that share it part. */
static void test_pinned_argument(void **state) {
    (void)state;
    struct fixture f;
    setup(&f);
    struct tree *t = &f.tree;
    struct plan_type integer = type_of_kind(TYPE_INT, true), boolean = type_of_kind(TYPE_BOOL, true);
    struct tbinding argument = {
        .expr = tx_on(t, parsed(&f, 0), HANDLE_ERROR, TACT_WARN, tx_text(t, "bad"), tx_int(t, 1))};
    struct texpr *test = tx_node(t, TX_IS_NULL, boolean, NULL, 1, text_cell(&f, 1));
    struct texpr *twice =
        tx_call(t, OP_MUL_INT, integer, NULL, 2, tx_bound(t, &argument, NULL), tx_int(t, 2));
    emit_output_value(f.e, OUT_VALUE, 0,
                      tx_node(t, TX_IF, integer, NULL, 3, test, twice, tx_bound(t, &argument, NULL)));
    finish(&f, "pinned");
}

/* 2 * 3600 is folded, $cutover + that is hoisted, nothing of the unused let stays. */
static void test_constants(void **state) {
    (void)state;
    struct fixture f;
    setup(&f);
    struct tree *t = &f.tree;
    struct plan_type integer = type_of_kind(TYPE_INT, false);
    struct plan_param limit = {.name = STR("limit"), .type = integer};
    VEC_PUSH(t->arena, &t->builder->params, limit);
    struct texpr *product = tx_call(t, OP_MUL_INT, integer, NULL, 2, tx_int(t, 2), tx_int(t, 3600));
    struct texpr *bound = tx_call(t, OP_ADD_INT, integer, NULL, 2, tx_param(t, 0, integer, NULL), product);
    struct tbinding unused = {
        .expr = tx_call(t, OP_LOWER, type_of_kind(TYPE_TEXT, true), NULL, 1, text_cell(&f, 2)),
        .reported = true};
    emit_binding(f.e, &unused);
    emit_output_value(f.e, OUT_VALUE, 0, tx_call(t, OP_ADD_INT, integer, NULL, 2, parsed(&f, 0), bound));
    finish(&f, "constants");
}

/* fn(a) over a nullable cell: the question for null leaves no code; over what fails in two ways it stays. */
static void test_guard(void **state) {
    (void)state;
    struct fixture f;
    setup(&f);
    struct tree *t = &f.tree;
    struct plan_type text = type_of_kind(TYPE_TEXT, true), integer = type_of_kind(TYPE_INT, true),
                     boolean = type_of_kind(TYPE_BOOL, false);
    struct texpr *inside = tx_cell(t, 0, type_of_kind(TYPE_TEXT, false), NULL);
    struct texpr *body = tx_call(t, OP_LOWER, text, NULL, 1, tx_call(t, OP_TRIM, text, NULL, 1, inside));
    struct texpr *test = tx_node(t, TX_IS_NULL, boolean, NULL, 1, text_cell(&f, 0));
    emit_output_value(f.e, OUT_VALUE, 0, tx_node(t, TX_IF, text, NULL, 3, test, tx_null(t, text), body));
    struct texpr *either =
        tx_node(t, TX_OR, boolean, NULL, 2, tx_node(t, TX_IS_NULL, boolean, NULL, 1, parsed(&f, 0)),
                tx_node(t, TX_IS_NULL, boolean, NULL, 1, parsed(&f, 1)));
    struct texpr *sum = tx_call(t, OP_ADD_INT, integer, NULL, 2, parsed(&f, 0), parsed(&f, 1));
    emit_output_value(f.e, OUT_VALUE, 1,
                      tx_node(t, TX_IF, integer, NULL, 3, either, tx_null(t, integer), sum));
    finish(&f, "guard");
}

/* Registers of one type are used again; each part has its own. */
static void test_register_reuse(void **state) {
    (void)state;
    struct fixture f;
    setup(&f);
    struct tree *t = &f.tree;
    struct plan_type text = type_of_kind(TYPE_TEXT, true);
    static const enum opcode chain[] = {OP_TRIM, OP_LOWER, OP_UPPER, OP_TRIM, OP_LOWER, OP_TITLE};
    struct texpr *x = text_cell(&f, 0);
    for (size_t i = 0; i < sizeof chain / sizeof chain[0]; i++)
        x = tx_call(t, chain[i], text, NULL, 1, x);
    emit_output_value(f.e, OUT_KEY, 0, x);
    emit_pre_end(f.e);
    emit_output_value(f.e, OUT_COLUMN, 0,
                      tx_call(t, OP_UPPER, text, NULL, 1, tx_call(t, OP_TRIM, text, NULL, 1, x)));
    finish(&f, "registers");
}

int main(int argc, char **argv) {
    update = argc > 1 && strcmp(argv[1], "--update") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_plan), cmocka_unit_test(test_if_shares),
        cmocka_unit_test(test_coalesce),   cmocka_unit_test(test_logic),
        cmocka_unit_test(test_handlers),   cmocka_unit_test(test_pinned_argument),
        cmocka_unit_test(test_constants),  cmocka_unit_test(test_register_reuse),
        cmocka_unit_test(test_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

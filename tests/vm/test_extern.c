/* Extern functions through libffi. */
#include "tests/vm/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct plan_extern declare(const char *symbol, const char *library, enum type_kind result,
                                  uint32_t count, struct plan_type *params) {
    return (struct plan_extern){.name = str_cstr(symbol),
                                .library = str_cstr(library),
                                .symbol = str_cstr(symbol),
                                .params = params,
                                .params_count = count,
                                .result = {.kind = (uint8_t)result}};
}

static const char *call(struct plan_extern *function, enum type_kind kind, const char *const *args) {
    static char shown[64];
    struct program_builder b;
    builder_init(&b);
    b.plan.externs = function;
    b.plan.externs_count = 1;
    b.values.allow_extern = true;
    uint32_t regs[4];
    for (uint32_t p = 0; p < function->params_count; p++)
        regs[p] = builder_literal(&b, (enum type_kind)function->params[p].kind, args[p]);
    uint32_t r =
        builder_op(&b, OP_EXTERN, kind, 0, 0, 0, 0, builder_list(&b, function->params_count, regs), 0);
    if (!builder_load(&b)) fail_msg("%s", b.diags.items.items[0]->message.ptr);
    builder_run(&b, 2);
    snprintf(shown, sizeof shown, "%s", builder_show(&b, r, 1));
    builder_release(&b);
    return shown;
}

static void every_type_crosses_the_border(void **state) {
    (void)state;
    struct plan_type texts[] = {{.kind = TYPE_TEXT}}, ints[] = {{.kind = TYPE_INT}, {.kind = TYPE_INT}};
    struct plan_type floats[] = {{.kind = TYPE_FLOAT}};
    struct plan_extern luhn = declare("luhn_ok", EXTERN_LIBRARY, TYPE_BOOL, 1, texts);
    struct plan_extern add = declare("add", EXTERN_LIBRARY, TYPE_INT, 2, ints);
    struct plan_extern half = declare("half", EXTERN_LIBRARY, TYPE_FLOAT, 1, floats);
    struct plan_extern greet = declare("greet", EXTERN_LIBRARY, TYPE_TEXT, 1, texts);
    struct plan_extern broken = declare("broken", EXTERN_LIBRARY, TYPE_TEXT, 1, texts);
    const char *good[] = {"79927398713"}, *bad[] = {"79927398710"}, *numbers[] = {"-3", "5"}, *real[] = {"5"};
    const char *bo[] = {"Bo"}, *empty[] = {""}, *null[] = {NULL};
    assert_string_equal(call(&luhn, TYPE_BOOL, good), "true");
    assert_string_equal(call(&luhn, TYPE_BOOL, bad), "false");
    assert_string_equal(call(&luhn, TYPE_BOOL, null), "null");
    assert_string_equal(call(&add, TYPE_INT, numbers), "2");
    assert_string_equal(call(&half, TYPE_FLOAT, real), "2.5");
    assert_string_equal(call(&greet, TYPE_TEXT, bo), "Hello Bo");
    assert_string_equal(call(&greet, TYPE_TEXT, empty), "error R0155");
    greet.result.nullable = 1;
    assert_string_equal(call(&greet, TYPE_TEXT, empty), "null");
    assert_string_equal(call(&broken, TYPE_TEXT, bo), "error R0127");
}

static void expect_refusal(struct plan_extern *function, bool allow, enum diag_code code, const char *part) {
    struct program_builder b;
    builder_init(&b);
    b.plan.externs = function;
    b.plan.externs_count = 1;
    b.values.allow_extern = allow;
    assert_false(builder_load(&b));
    assert_int_equal(b.diags.items.items[0]->code, code);
    if (strstr(b.diags.items.items[0]->message.ptr, part) == NULL)
        fail_msg("%s", b.diags.items.items[0]->message.ptr);
    builder_release(&b);
}

static void what_cannot_be_loaded_is_refused(void **state) {
    (void)state;
    struct plan_type dates[] = {{.kind = TYPE_DATE}}, texts[] = {{.kind = TYPE_TEXT}};
    struct plan_extern luhn = declare("luhn_ok", EXTERN_LIBRARY, TYPE_BOOL, 1, texts);
    expect_refusal(&luhn, false, X_EXTERN_FORBIDDEN, "luhn_ok");
    struct plan_extern typed = declare("luhn_ok", EXTERN_LIBRARY, TYPE_BOOL, 1, dates);
    expect_refusal(&typed, true, X_EXTERN_LIBRARY, "only bool, int, float and text");
    struct plan_extern symbol = declare("nobody", EXTERN_LIBRARY, TYPE_BOOL, 1, texts);
    expect_refusal(&symbol, true, X_EXTERN_LIBRARY, "nobody");
    struct plan_extern library = declare("luhn_ok", "/nonexistent/libx.so", TYPE_BOOL, 1, texts);
    expect_refusal(&library, true, X_EXTERN_LIBRARY, "/nonexistent/libx.so");
}

static void broken_patterns_are_refused(void **state) {
    (void)state;
    static const struct {
        enum plan_pattern_kind kind;
        enum type_kind type;
        const char *text;
    } cases[] = {
        {PATTERN_REGEX, TYPE_TEXT, "("},         {PATTERN_ZONE, TYPE_TEXT, "Mars/Base"},
        {PATTERN_LIKE, TYPE_TEXT, "a\\"},        {PATTERN_TEMPLATE, TYPE_DATE, "DD/MM/YY"},
        {PATTERN_JSON_PATH, TYPE_TEXT, "a..b["},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct program_builder b;
        builder_init(&b);
        builder_pattern(&b, cases[c].kind, cases[c].type, cases[c].text);
        assert_false(builder_load(&b));
        assert_int_equal(b.diags.items.items[0]->code, X_PATTERN);
        builder_release(&b);
    }
    /* A pattern without a day cannot read a date. */
    struct program_builder b;
    builder_init(&b);
    uint32_t pattern = builder_pattern(&b, PATTERN_TEMPLATE, TYPE_DATE, "MM/YYYY");
    builder_op(&b, OP_TEXT_TO_DATE, TYPE_DATE, 0, builder_literal(&b, TYPE_TEXT, "x"), 0, 0, pattern + 1, 0);
    assert_false(builder_load(&b));
    builder_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_crosses_the_border),
        cmocka_unit_test(what_cannot_be_loaded_is_refused),
        cmocka_unit_test(broken_patterns_are_refused),
    };
    return cmocka_run_group_tests_name("vm extern", tests, NULL, NULL);
}

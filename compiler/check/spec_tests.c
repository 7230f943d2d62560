/* Tests in a spec: rows that are given, rows and counts that are expected, assertions. */
#include "compiler/check/spec_tests.h"

#include "compiler/check/recorder.h"
#include "compiler/check/decl_walk.h"
#include "compiler/check/expr.h"
#include "runtime/value/convert.h"

static struct texpr *test_value(struct test_work *test, const struct ast_expr *expr, struct plan_type type,
                                const struct schema_type *column, const char *what) {
    struct expected expected = {
        .type = type, .exact = column != NULL, .column = column, .what = what, .allow_null = true};
    expected.type.nullable = 1;
    return check_expr(&test->scope, expr, &expected);
}

static void test_add_program(struct checker *checker, struct test_work *test, bool is_param,
                             struct texpr *value) {
    struct test_program program = {.expect = is_param ? test->params.count : test->expects.count,
                                   .is_param = is_param};
    VEC_PUSH(checker->arena, &program.values, value);
    VEC_PUSH(checker->arena, &test->programs, program);
}

/* ---------------------------------------------------------------- param */

static void test_param(struct compile *compile, struct test_work *test, const struct ast_test_step *step) {
    struct checker *checker = &compile->checker;
    struct str *names = ARENA_ARRAY(checker->arena, struct str, checker->params.count);
    for (uint32_t i = 0; i < checker->params.count; i++) {
        struct checked_param *param = checker->params.items[i];
        names[i] = param->name;
        if (!str_eq(param->name, step->name.text) || step->expr == NULL) continue;
        record_use(checker, step->name.span, param->span);
        if (param->type.kind == TYPE_SECRET) {
            struct diag *diag = diag_report(checker->diags, E_TEST_STEP, step->span,
                                            "a secret cannot have its value in the spec, in a test neither");
            diag_help(checker->diags, diag,
                      "remove the line: in tests each secret is the text `test secret`");
            return;
        }
        char *what = arena_copy_cstr(checker->arena,
                                     arena_printf(checker->arena, "parameter `%.*s`", STR_ARG(param->name)));
        struct texpr *value = test_value(test, step->expr, param->type, NULL, what);
        test_add_program(checker, test, true, value);
        VEC_PUSH(checker->arena, &test->params, (struct plan_test_param){.param = param->index});
        return;
    }
    if (step->name.text.len == 0 || step->expr == NULL) return;
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_PARAM, step->name.span,
                                    "there is no parameter `%.*s`", STR_ARG(step->name.text));
    decl_suggest(checker, diag, step->name, names, checker->params.count);
    if (checker->params.count == 0)
        diag_help(checker->diags, diag, "the spec declares no parameters: remove the line");
}

/* ---------------------------------------------------------------- given */

static const struct ast_field *test_find_field(const struct ast_test_step *step, struct str name) {
    for (uint32_t i = 0; i < step->fields.count; i++)
        if (str_eq(step->fields.items[i].name.text, name)) return &step->fields.items[i];
    return NULL;
}

static void test_fields_twice(struct checker *checker, const struct ast_test_step *step) {
    for (uint32_t i = 0; i < step->fields.count; i++) {
        const struct ast_field *field = &step->fields.items[i];
        if (test_find_field(step, field->name.text) == field) continue;
        struct diag *diag = diag_report(checker->diags, E_TEST_STEP, field->name.span, "`%.*s` stands twice",
                                        STR_ARG(field->name.text));
        diag_help(checker->diags, diag, "keep one of the two");
    }
}

static void test_unknown_fields(struct checker *checker, const struct ast_test_step *step,
                                const struct str *names, uint32_t count) {
    for (uint32_t i = 0; i < step->fields.count; i++) {
        bool known = false;
        for (uint32_t j = 0; j < count; j++)
            known = known || str_eq(names[j], step->fields.items[i].name.text);
        if (known) continue;
        struct diag *diag = diag_report(checker->diags, E_UNKNOWN_COLUMN, step->fields.items[i].name.span,
                                        "`%.*s` has no column `%.*s`", STR_ARG(span_text(step->path.span)),
                                        STR_ARG(step->fields.items[i].name.text));
        decl_suggest(checker, diag, step->fields.items[i].name, names, count);
    }
}

static void test_given_source(struct compile *compile, struct test_work *test,
                              const struct ast_test_step *step, const struct checked_source *source,
                              const struct checked_table *table) {
    struct checker *checker = &compile->checker;
    uint32_t count = table->columns.count;
    struct plan_test_given given = {.source = source->index, .table = table->index};
    struct str *names = ARENA_ARRAY(checker->arena, struct str, count);
    given.row.cells = ARENA_ARRAY(checker->arena, struct plan_cell, count);
    given.row.cells_count = count;
    for (uint32_t i = 0; i < count; i++) {
        names[i] = table->columns.items[i].name;
        given.row.cells[i].is_null = 1;
        const struct ast_field *field = test_find_field(step, names[i]);
        if (field) record_use(checker, field->name.span, table->columns.items[i].span);
        if (field && field->value)
            source_cell_of(checker, &table->columns.items[i], field->value, E_TEST_VALUE,
                           &given.row.cells[i]);
    }
    if (!table->incomplete) test_unknown_fields(checker, step, names, count);
    VEC_PUSH(checker->arena, &test->givens, given);
}

static void test_given_target(struct compile *compile, struct test_work *test,
                              const struct ast_test_step *step, const struct schema_table *table) {
    struct checker *checker = &compile->checker;
    uint32_t count = table->columns.count;
    struct plan_test_given given = {.is_target = 1, .table = target_use_table(compile, table)};
    struct str *names = ARENA_ARRAY(checker->arena, struct str, count);
    given.row.cells = ARENA_ARRAY(checker->arena, struct plan_cell, count);
    given.row.cells_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct schema_column *column = &table->columns.items[i];
        names[i] = column->name;
        given.row.cells[i].is_null = 1;
        const struct ast_field *field = test_find_field(step, names[i]);
        if (field) record_use(checker, field->name.span, column->span);
        if (field == NULL || field->value == NULL || field->value->kind == X_NULL) continue;
        struct expected expected = {.type = checker_type_of_column(checker, &column->type, true),
                                    .exact = true,
                                    .column = &column->type,
                                    .allow_null = true};
        expected.what =
            arena_copy_cstr(checker->arena, arena_printf(checker->arena, "column `%.*s`", STR_ARG(names[i])));
        struct value value;
        if (check_constant(&test->scope, field->value, &expected, &value))
            given.row.cells[i] = test_target_cell(checker, expected.type, &value);
    }
    test_unknown_fields(checker, step, names, count);
    VEC_PUSH(checker->arena, &test->givens, given);
}

static void test_given(struct compile *compile, struct test_work *test, const struct ast_test_step *step) {
    struct checker *checker = &compile->checker;
    if (step->path.parts.count == 0) return;
    if (step->file.text.len > 0) {
        test_given_file(compile, test, step);
        return;
    }
    test_fields_twice(checker, step);
    if (checker->target_name.len && str_eq(step->path.parts.items[0].text, checker->target_name)) {
        const struct schema_table *target = target_find_table(compile, &step->path);
        if (target) test_given_target(compile, test, step, target);
        return;
    }
    struct checked_source *source;
    struct checked_table *table = source_find_table(compile, &step->path, false, &source);
    if (table) test_given_source(compile, test, step, source, table);
}

/* ---------------------------------------------------------------- expect */

static struct map_work *test_find_map(struct compile *compile, const struct ast_path *path) {
    struct checker *checker = &compile->checker;
    if (path->parts.count == 0) return NULL;
    struct map_work *work = path->parts.count == 1 ? map_find(compile, path->parts.items[0].text) : NULL;
    if (work != NULL) return work;
    struct str *names = ARENA_ARRAY(checker->arena, struct str, compile->maps.count);
    for (uint32_t i = 0; i < compile->maps.count; i++)
        names[i] = compile->maps.items[i]->map->name;
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_NAME, path->span, "there is no map `%.*s`",
                                    STR_ARG(span_text(path->span)));
    if (path->parts.count > 1)
        diag_help(checker->diags, diag, "name the map that writes the rows, not its table");
    decl_suggest(checker, diag, path->parts.items[path->parts.count - 1], names, compile->maps.count);
    return NULL;
}

static const struct map_line *test_find_line(const struct map_work *work, struct str name) {
    for (uint32_t i = 0; i < work->lines.count; i++)
        if (work->lines.items[i].kind == LINE_COLUMN && str_eq(work->lines.items[i].name, name))
            return &work->lines.items[i];
    return NULL;
}

static void test_expect_row(struct compile *compile, struct test_work *test,
                            const struct ast_test_step *step) {
    struct checker *checker = &compile->checker;
    struct map_work *work = test_find_map(compile, &step->path);
    if (work == NULL || work->map->erroneous) return;
    test_fields_twice(checker, step);
    struct plan_test_expect expect = {.kind = EXPECT_ROW,
                                      .map = work->map->index + 1,
                                      .columns = ARENA_ARRAY(checker->arena, uint32_t, step->fields.count),
                                      .span = plan_builder_span(checker->builder, step->span)};
    struct test_program program = {.expect = test->expects.count};
    for (uint32_t i = 0; i < step->fields.count; i++) {
        const struct ast_field *field = &step->fields.items[i];
        const struct schema_table *table = work->map->target;
        if (table && target_find_column(compile, table, field->name) < 0) continue;
        const struct map_line *line = test_find_line(work, field->name.text);
        if (line == NULL && (work->broken || work->incomplete)) continue;
        if (line == NULL) {
            struct diag *diag = diag_report(checker->diags, E_TEST_STEP, field->name.span,
                                            "map `%.*s` gives column `%.*s` no value to compare",
                                            STR_ARG(work->map->name), STR_ARG(field->name.text));
            diag_help(checker->diags, diag, "without a database only columns that the map assigns are known");
            continue;
        }
        if (field->value == NULL) continue;
        char *what = arena_copy_cstr(
            checker->arena, arena_printf(checker->arena, "column `%.*s`", STR_ARG(field->name.text)));
        const struct schema_type *column = table ? &table->columns.items[line->column].type : NULL;
        struct plan_type type =
            table ? checker_type_of_column(checker, column, true) : line->binding->expr->type;
        VEC_PUSH(checker->arena, &program.values, test_value(test, field->value, type, column, what));
        expect.columns[expect.columns_count++] = line->column;
    }
    VEC_PUSH(checker->arena, &test->programs, program);
    VEC_PUSH(checker->arena, &test->expects, expect);
}

static void test_expect_count(struct compile *compile, struct test_work *test,
                              const struct ast_test_step *step) {
    static const struct {
        const char *word;
        enum plan_expect_kind kind;
    } WORDS[] = {{"rejected", EXPECT_REJECTED}, {"skipped", EXPECT_SKIPPED}, {"warned", EXPECT_WARNED}};
    struct checker *checker = &compile->checker;
    struct plan_test_expect expect = {.kind = EXPECT_MAP_COUNT,
                                      .span = plan_builder_span(checker->builder, step->span)};
    if (step->path.parts.count == 0 ||
        !decl_read_int(checker, step->expr, E_TEST_STEP, "the number of rows", 0, INT32_MAX, &expect.count))
        return;
    struct str word = step->path.parts.items[0].text;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (step->path.parts.count == 1 && str_is(word, WORDS[i].word) && map_find(compile, word) == NULL)
            expect.kind = (uint8_t)WORDS[i].kind;
    const struct ast_path *path = expect.kind == EXPECT_MAP_COUNT ? &step->path : &step->by;
    if (path->parts.count > 0) {
        struct map_work *work = test_find_map(compile, path);
        if (work == NULL) return;
        expect.map = work->map->index + 1;
    }
    VEC_PUSH(checker->arena, &test->expects, expect);
}

static void test_expect_reject(struct compile *compile, struct test_work *test,
                               const struct ast_test_step *step) {
    struct checker *checker = &compile->checker;
    struct map_work *work = test_find_map(compile, &step->path);
    struct plan_test_expect expect = {.kind = EXPECT_REJECT_MESSAGE,
                                      .span = plan_builder_span(checker->builder, step->span)};
    if (!decl_read_message(checker, step->expr, "an expectation", &expect.message) || work == NULL) return;
    expect.map = work->map->index + 1;
    VEC_PUSH(checker->arena, &test->expects, expect);
}

/* ---------------------------------------------------------------- assertions and table tests */

static void test_assert(struct compile *compile, struct test_work *test, const struct ast_expr *condition,
                        struct span span) {
    struct checker *checker = &compile->checker;
    if (condition == NULL) return;
    struct plan_test_expect expect = {.kind = EXPECT_ASSERT,
                                      .span = plan_builder_span(checker->builder, span)};
    checker->no_folding = true;
    struct texpr *typed = check_condition(&test->scope, condition);
    checker->no_folding = false;
    test_add_program(checker, test, false, typed);
    test_find_parts(checker, typed, span, &test->programs.items[test->programs.count - 1]);
    VEC_PUSH(checker->arena, &test->expects, expect);
}

static struct ast_expr *test_new_expr(struct checker *checker, enum ast_expr_kind kind, struct span span) {
    struct ast_expr *expr = ARENA_NEW(checker->arena, struct ast_expr);
    expr->kind = kind;
    expr->span = expr->op_span = span;
    expr->depth = 3;
    return expr;
}

static bool test_enum_has(struct checker *checker, struct plan_type type, struct str label) {
    if (type.kind != TYPE_ENUM) return false;
    const struct plan_enum *enumeration = &checker->builder->enums.items[type.ref];
    for (uint32_t i = 0; i < enumeration->labels_count; i++)
        if (str_eq(enumeration->labels[i].text, label)) return true;
    return false;
}

/* `'zzz' => missing`: known here and now, since the table's keys are. */
static void test_code_missing(struct compile *compile, struct test_work *test,
                              const struct checked_codes *codes, const struct ast_expr *key,
                              struct span span) {
    struct checker *checker = &compile->checker;
    const struct plan_keyed_table *table = &checker->builder->tables.items[codes->table];
    uint32_t count = codes->keys.count;
    uint32_t *wanted = ARENA_ARRAY(checker->arena, uint32_t, count);
    bool listed = key->kind == X_ARRAY && count > 1;
    if ((listed ? key->items.count : 1) != count) {
        struct diag *diag = diag_report(checker->diags, E_TEST_STEP, key->span,
                                        "a key of `%.*s` has %u parts", STR_ARG(codes->name), count);
        diag_help(checker->diags, diag, "write them in parentheses: ('a', 'b') => missing");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct expected expected = {.type = codes->keys.items[i], .what = "a key"};
        struct value value;
        if (codes->keys.items[i].kind == TYPE_NONE ||
            !check_constant(&test->scope, listed ? key->items.items[i] : key, &expected, &value))
            return;
        wanted[i] = plan_builder_const(checker->builder, codes->keys.items[i], &value);
    }
    bool found = false;
    for (uint32_t i = 0; i < table->codes_count && !found; i++)
        found = memcmp(table->codes[i].keys, wanted, sizeof *wanted * count) == 0;
    struct plan_test_expect expect = {.kind = EXPECT_ASSERT,
                                      .span = plan_builder_span(checker->builder, span)};
    test_add_program(checker, test, false, node_bool(&test->scope, !found, span));
    VEC_PUSH(checker->arena, &test->expects, expect);
}

/* A line of a table test means: table[key] == value, or fn(key) == value. */
static void test_code_line(struct compile *compile, struct test_work *test, struct ast_name subject,
                           const struct checked_codes *codes, const struct ast_code_line *line,
                           const struct ast_expr *key) {
    struct checker *checker = &compile->checker;
    const struct ast_expr *value = line->value;
    if (key->kind == X_ERROR || value == NULL || value->kind == X_ERROR) return;
    if (codes && value->kind == X_NAME && str_is(value->name.text, "missing") &&
        !test_enum_has(checker, codes->value, value->name.text)) {
        test_code_missing(compile, test, codes, key, line->span);
        return;
    }
    if (value->kind == X_NAME) {
        struct ast_expr *label = test_new_expr(checker, X_TEXT, value->span);
        label->text = value->name.text;
        value = label;
    }
    struct ast_expr *call = test_new_expr(checker, codes ? X_INDEX : X_CALL, key->span);
    if (codes) {
        call->left = test_new_expr(checker, X_NAME, subject.span);
        call->left->name = subject;
    } else {
        VEC_PUSH(checker->arena, &call->path.parts, subject);
        call->path.span = subject.span;
    }
    bool listed = key->kind == X_ARRAY && (codes == NULL || codes->keys.count > 1);
    for (uint32_t i = 0; listed && i < key->items.count; i++)
        VEC_PUSH(checker->arena, &call->items, key->items.items[i]);
    if (!listed) VEC_PUSH(checker->arena, &call->items, (struct ast_expr *)key);
    struct ast_expr *compare =
        test_new_expr(checker, value->kind == X_NULL ? X_IS_NULL : X_BINARY, line->span);
    compare->op = AST_EQUAL;
    compare->left = call;
    if (value->kind != X_NULL) compare->right = (struct ast_expr *)value;
    test_assert(compile, test, compare, line->span);
}

static void test_code(struct compile *compile, struct test_work *test, const struct ast_test *ast,
                      const struct ast_test_step *step) {
    struct checker *checker = &compile->checker;
    struct checked_codes *codes = NULL;
    bool is_fn = false;
    struct str *names = ARENA_ARRAY(checker->arena, struct str, checker->codes.count + checker->fns.count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < checker->codes.count; i++) {
        names[count++] = checker->codes.items[i]->name;
        if (str_eq(checker->codes.items[i]->name, ast->subject.text)) codes = checker->codes.items[i];
    }
    for (uint32_t i = 0; i < checker->fns.count; i++) {
        names[count++] = checker->fns.items[i]->name;
        is_fn = is_fn || str_eq(checker->fns.items[i]->name, ast->subject.text);
    }
    if (ast->subject.text.len == 0) {
        if (test->subject_reported) return;
        test->subject_reported = true;
        struct diag *diag = diag_report(checker->diags, E_TEST_STEP, step->span,
                                        "the test does not say what this line is about");
        diag_help(checker->diags, diag, "write `test 'title' for some_codes { … }`");
        return;
    }
    if (codes == NULL && !is_fn) {
        struct diag *diag =
            diag_report(checker->diags, E_UNKNOWN_NAME, ast->subject.span,
                        "there is no code table or function `%.*s`", STR_ARG(ast->subject.text));
        decl_suggest(checker, diag, ast->subject, names, count);
        return;
    }
    for (uint32_t i = 0; i < step->code.keys.count; i++)
        test_code_line(compile, test, ast->subject, codes, &step->code, step->code.keys.items[i]);
}

/* ---------------------------------------------------------------- all */

static void test_step(struct compile *compile, struct test_work *test, const struct ast_test *ast,
                      const struct ast_test_step *step) {
    switch (step->kind) {
    case STEP_PARAM: test_param(compile, test, step); break;
    case STEP_GIVEN: test_given(compile, test, step); break;
    case STEP_EXPECT_ROW: test_expect_row(compile, test, step); break;
    case STEP_EXPECT_COUNT: test_expect_count(compile, test, step); break;
    case STEP_EXPECT_REJECT: test_expect_reject(compile, test, step); break;
    case STEP_ASSERT:
        if (step->expr != NULL) test_assert(compile, test, step->expr, step->expr->span);
        break;
    case STEP_CODE: test_code(compile, test, ast, step); break;
    }
}

static struct test_work *test_check(struct compile *compile, const struct ast_decl *decl) {
    struct checker *checker = &compile->checker;
    const struct ast_test *ast = &decl->test;
    struct test_work *test = ARENA_NEW(checker->arena, struct test_work);
    test->plan =
        (struct plan_test){.title = ast->title.text, .span = plan_builder_span(checker->builder, decl->span)};
    test->scope = (struct scope){.checker = checker, .clause = "a test"};
    uint32_t errors = checker->diags->error_count;
    for (uint32_t i = 0; i < ast->steps.count; i++)
        test_step(compile, test, ast, &ast->steps.items[i]);
    bool expects = test->expects.count > 0 || decl->broken || checker->diags->error_count > errors;
    if (!expects) {
        struct diag *diag =
            diag_report(checker->diags, E_TEST_STEP, ast->title.span,
                        "test `%.*s` expects nothing, so it cannot fail", STR_ARG(ast->title.text));
        diag_help(
            checker->diags, diag,
            "add what must come out: `expect some_map { column: value }`, `expect 0 rejected` or `assert …`");
    }
    return test;
}

void spec_tests_check_all(struct compile *compile) {
    struct checker *checker = &compile->checker;
    VEC(struct test_work *) works = {0};
    for (uint32_t i = 0; i < compile->decls.count; i++)
        if (compile->decls.items[i]->kind == DECL_TEST)
            VEC_PUSH(checker->arena, &works, test_check(compile, compile->decls.items[i]));
    compile->tests = works.items;
    compile->tests_count = works.count;
}

void spec_tests_emit_all(struct compile *compile) {
    struct checker *checker = &compile->checker;
    for (uint32_t i = 0; i < compile->tests_count; i++) {
        struct test_work *test = compile->tests[i];
        for (uint32_t j = 0; j < test->programs.count; j++) {
            const struct test_program *program = &test->programs.items[j];
            struct emitter *emitter = emitter_new(checker->builder);
            emit_without_folding(emitter);
            for (uint32_t k = 0; k < program->values.count; k++)
                emit_output_value(emitter, OUT_VALUE, k, program->values.items[k]);
            uint32_t index = emitter_finish(emitter);
            if (program->is_param) {
                test->params.items[program->expect].program = index;
            } else {
                test->expects.items[program->expect].program = index + 1;
                test_emit_parts(checker, program, &test->expects.items[program->expect]);
            }
        }
        test->plan.params = test->params.items;
        test->plan.params_count = test->params.count;
        test->plan.givens = test->givens.items;
        test->plan.givens_count = test->givens.count;
        test->plan.expects = test->expects.items;
        test->plan.expects_count = test->expects.count;
        VEC_PUSH(checker->arena, &checker->builder->tests, test->plan);
    }
}

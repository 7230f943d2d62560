/* Values in tests: cells of given rows, and the parts of a condition that a failing test shows. */
#include "compiler/check/spec_tests.h"

#include "compiler/check/decl_walk.h"
#include "runtime/value/convert.h"

#include <stdlib.h>

struct plan_cell test_target_cell(struct checker *checker, struct plan_type type, const struct value *value) {
    struct plan_cell cell = {.kind = CELL_TEXT};
    if (value->kind == TYPE_NULL)
        cell.is_null = 1;
    else if (value->kind == TYPE_ENUM)
        cell.text = checker->builder->enums.items[type.ref].labels[value->as_int].text;
    else if (value->kind == TYPE_ARRAY)
        cell.text = value_format_array(checker->arena, type.element, &value->as_array);
    else
        cell.text = value_format(checker->arena, value);
    return cell;
}

/* ---------------------------------------------------------------- parts of a condition */

enum { MOST_PARTS = 24 };

struct part_walk {
    struct arena *arena;
    struct span whole, condition;
    struct test_program *program;
};

static bool is_shown(const struct texpr *node) {
    enum type_kind kind = (enum type_kind)node->type.kind;
    return node->kind != TX_CONST && node->kind != TX_ACT && node->kind != TX_RAISE && kind != TYPE_NONE &&
           kind != TYPE_NULL && kind != TYPE_ROW && kind != TYPE_SECRET;
}

/* A literal is its own value, also where it stands as an argument. */
static bool is_literal(struct span span) {
    struct str text = str_from(span.source->text.ptr + span.start, span.end - span.start);
    if (text.ptr[0] == '\'') return memchr(text.ptr + 1, '\'', text.len - 1) == text.ptr + text.len - 1;
    if (str_is(text, "true") || str_is(text, "false")) return true;
    for (size_t i = 0; i < text.len; i++)
        if (!(text.ptr[i] >= '0' && text.ptr[i] <= '9') && text.ptr[i] != '_' && text.ptr[i] != '.')
            return false;
    return true;
}

static bool visit_part(struct texpr *node, void *context) {
    struct part_walk *walk = context;
    struct span span = node->call.source != NULL ? node->call : node->span;
    bool within = span.source == walk->whole.source && span.start >= walk->whole.start &&
                  span.end <= walk->whole.end && span.end > span.start;
    bool is_whole = span.start == walk->condition.start && span.end == walk->condition.end;
    if (!within || is_whole || !is_shown(node) ||
        (node->kind != TX_FIND && node->kind != TX_FETCH && is_literal(span)) ||
        walk->program->parts.count >= MOST_PARTS)
        return true;
    /* Conversions and guards that the compiler adds stand at one place with what the author wrote: the
     * outermost is its value. */
    for (uint32_t i = 0; i < walk->program->parts.count; i++) {
        struct span there = walk->program->parts.items[i].span;
        if (there.start == span.start && there.end == span.end) return true;
    }
    VEC_PUSH(walk->arena, &walk->program->parts, (struct test_part){node, span});
    return true;
}

static int compare_parts(const void *left, const void *right) {
    const struct test_part *a = left, *b = right;
    if (a->span.start != b->span.start) return a->span.start < b->span.start ? -1 : 1;
    return a->span.end < b->span.end ? -1 : a->span.end > b->span.end;
}

void test_find_parts(struct checker *checker, struct texpr *condition, struct span whole,
                     struct test_program *program) {
    if (condition->type.kind == TYPE_NONE) return;
    struct part_walk walk = {checker->arena, whole, condition->span, program};
    walk_texpr(checker->arena, condition, visit_part, &walk);
    if (program->parts.count)
        qsort(program->parts.items, program->parts.count, sizeof *program->parts.items, compare_parts);
}

void test_emit_parts(struct checker *checker, const struct test_program *program,
                     struct plan_test_expect *expect) {
    if (program->parts.count == 0) return;
    bool measured = checker->builder->measured;
    checker->builder->measured = false; /* what is shown is not what is tested */
    expect->parts = ARENA_ARRAY(checker->arena, struct plan_test_part, program->parts.count);
    expect->parts_count = program->parts.count;
    for (uint32_t i = 0; i < program->parts.count; i++) {
        struct emitter *emitter = emitter_new(checker->builder);
        emit_output_value(emitter, OUT_VALUE, 0, program->parts.items[i].value);
        expect->parts[i] =
            (struct plan_test_part){.span = plan_builder_span(checker->builder, program->parts.items[i].span),
                                    .program = emitter_finish(emitter)};
    }
    checker->builder->measured = measured;
}

/* The verifier on declarations and on who uses which program: a good plan passes, and each change that breaks
 * a rule is refused with a message about that rule. */
#include "tests/emit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct breakage {
    const char *message; /* part of the diagnostic */
    void (*change)(struct plan *plan);
};

static void set_span_end(struct plan *p) {
    p->maps[0].span.end = 100000;
}
static void set_span_file(struct plan *p) {
    p->maps[0].span.file = 7;
}
static void set_bad_utf8(struct plan *p) {
    p->maps[0].name = STR("\xc3(");
}
static void set_nul(struct plan *p) {
    p->sources[0].name = STR("a\0b");
}
static void set_hash(struct plan *p) {
    p->spec_sha256 = STR("short");
}
static void set_type(struct plan *p) {
    p->params[0].type.kind = TYPE_KIND_COUNT;
}
static void set_type_null(struct plan *p) {
    p->params[0].type.kind = TYPE_NULL;
}
static void set_no_type(struct plan *p) {
    p->params[0].type.kind = TYPE_NONE;
}
static void set_enum_ref(struct plan *p) {
    p->tables[0].columns[0].ref = 5;
}
static void set_element(struct plan *p) {
    p->params[0].type.element = TYPE_INT;
}
static void set_array_element(struct plan *p) {
    p->params[0].type = (struct plan_type){.kind = TYPE_ARRAY, .element = TYPE_ROW};
}
static void set_param_row(struct plan *p) {
    p->params[0].type = (struct plan_type){.kind = TYPE_ROW};
}
static void set_default(struct plan *p) {
    p->params[0].default_program = 9;
}
static void set_const_text(struct plan *p) {
    p->consts[9].text = STR("three");
}
static void set_const_label(struct plan *p) {
    p->consts[1].text = STR("nothing");
}
static void set_const_secret(struct plan *p) {
    p->consts[0].type.kind = TYPE_SECRET;
}
static void set_pattern_kind(struct plan *p) {
    p->patterns[0].kind = 99;
}
static void set_source_format(struct plan *p) {
    p->sources[0].format = SOURCE_FORMAT_COUNT;
}
static void set_source_flag(struct plan *p) {
    p->sources[0].header = 3;
}
static void set_query_of(struct plan *p) {
    p->sources[0].query_of = 2;
}
static void set_wire(struct plan *p) {
    p->target.tables[0].columns[0].wire = WIRE_INT8;
}
static void set_wire_range(struct plan *p) {
    p->target.tables[0].columns[0].wire = WIRE_COUNT;
}
static void set_table_kind(struct plan *p) {
    p->tables[0].kind = KEYED_KIND_COUNT;
}
static void set_table_source(struct plan *p) {
    p->tables[1].source = 2;
}
static void set_table_program(struct plan *p) {
    p->tables[1].program = 0;
}
static void set_code_key(struct plan *p) {
    p->tables[0].codes[0].keys[0] = 9;
}
static void set_code_value(struct plan *p) {
    p->tables[0].codes[0].value = 0;
}
static void set_code_index(struct plan *p) {
    p->tables[0].codes[0].value = 1000;
}
static void set_map_source(struct plan *p) {
    p->maps[0].source = 4;
}
static void set_map_program(struct plan *p) {
    p->maps[0].program = 2;
}
static void set_map_column(struct plan *p) {
    p->maps[0].columns[2] = 6;
}
static void set_map_conflict(struct plan *p) {
    p->maps[0].conflict = CONFLICT_COUNT;
}
static void set_map_grouped(struct plan *p) {
    p->maps[0].grouped = 1;
}
static void set_map_depends(struct plan *p) {
    static uint32_t self[1] = {0};
    p->maps[0].depends = self;
    p->maps[0].depends_count = 1;
}
static void set_map_crosswalk(struct plan *p) {
    p->maps[0].crosswalk = 1;
}
static void set_tolerance(struct plan *p) {
    p->maps[0].tolerance_kind = TOLERANCE_PERCENT;
    p->maps[0].tolerance = STR("five");
}
static void set_phase(struct plan *p) {
    static uint32_t map[1] = {3};
    static struct plan_phase phase = {.maps = map, .maps_count = 1};
    p->phases = &phase;
    p->phases_count = 1;
}
static void set_audit(struct plan *p) {
    p->audit = (struct plan_audit){.target_table = 1, .program = 5};
}

/* ---- programs and their users */
static struct plan_output *find_output(struct plan *p, uint8_t role, uint32_t index) {
    struct plan_program *program = &p->programs[p->maps[0].program];
    for (uint32_t i = 0; i < program->outputs_count; i++)
        if (program->outputs[i].role == role && program->outputs[i].index == index)
            return &program->outputs[i];
    return NULL;
}
static void swap_programs(struct plan *p) {
    p->maps[0].program = 0;
}
static void drop_output(struct plan *p) {
    p->programs[1].outputs_count--;
}
static void repeat_output(struct plan *p) {
    find_output(p, OUT_COLUMN, 2)->index = 1;
}
static void mistype_output(struct plan *p) {
    find_output(p, OUT_COLUMN, 2)->reg = find_output(p, OUT_COLUMN, 4)->reg;
}
static void unwanted_output(struct plan *p) {
    p->maps[0].keyed = 0;
}
static void partition_missing(struct plan *p) {
    p->maps[0].partition = STR("tenant");
}
static void unique_missing(struct plan *p) {
    p->maps[0].unique = UNIQUE_FIRST;
}
static void slot_column(struct plan *p) {
    p->programs[1].slots[0].column = 5;
}
static void slot_parent(struct plan *p) {
    p->programs[1].slots[0].via = VIA_PARENT;
}
static void slot_kind(struct plan *p) {
    p->programs[1].slots[0].kind = SLOT_KIND_COUNT;
}
static void slot_stage(struct plan *p) {
    p->programs[1].slots[0] = (struct plan_slot){.kind = SLOT_JOIN, .type = {.kind = TYPE_ROW}};
}
static void output_role(struct plan *p) {
    p->programs[1].outputs[0].role = OUT_ROLE_COUNT;
}
static void output_direction(struct plan *p) {
    p->programs[1].outputs[0].descending = 1;
}
static void find_later_map(struct plan *p) {
    /* The lookup becomes this map's own crosswalk, without self reference. */
    struct plan_keyed_table *table = &p->tables[1];
    static uint32_t columns[1] = {4};
    table->kind = KEYED_MAP;
    table->source = 0;
    table->program = 0;
    table->target_columns = columns;
    table->target_columns_count = 1;
    p->maps[0].crosswalk = 2;
}

static const struct breakage BREAKAGES[] = {
    {"is not within its file", set_span_end},
    {"a span is in file 7 of 1", set_span_file},
    {"maps[0]: name is not valid UTF-8", set_bad_utf8},
    {"name holds a NUL byte", set_nul},
    {"spec_sha256 has 5 bytes", set_hash},
    {"type kind", set_type},
    {"type kind", set_type_null},
    {"the parameter has no type", set_no_type},
    {"tables[0].columns[0]: enum 5 of 1", set_enum_ref},
    {"an element of what is not an array", set_element},
    {"array of element kind", set_array_element},
    {"a parameter is a row", set_param_row},
    {"program 9 of 2", set_default},
    {"consts[9]: the text is not a whole number", set_const_text},
    {"consts[1]: the text is not in the code table", set_const_label},
    {"consts[0]: the text", set_const_secret},
    {"pattern kind 99", set_pattern_kind},
    {"source format", set_source_format},
    {"header is neither 0 nor 1", set_source_flag},
    {"query of what is not a database", set_query_of},
    {"does not carry uuid", set_wire},
    {"wire form", set_wire_range},
    {"table kind", set_table_kind},
    {"tables[1]: source 2 of 2", set_table_source},
    {"tables[1]: program 0 of 2", set_table_program},
    {"tables[0].codes[0]: key part 0 has another type", set_code_key},
    {"the value has another type", set_code_value},
    {"constant 1000", set_code_index},
    {"maps[0]: source 4 of 2", set_map_source},
    {"maps[0]: program 2 of 2", set_map_program},
    {"target column 6 of 6", set_map_column},
    {"conflict", set_map_conflict},
    {"group program 0 of 2", set_map_grouped},
    {"depends on map 0, which does not run before", set_map_depends},
    {"the crosswalk is another map's", set_map_crosswalk},
    {"the tolerance is not a number", set_tolerance},
    {"phases[0]: map 3 of 1", set_phase},
    {"audit: program 5 of 2", set_audit},
    {"nobody reads the program's value outputs", swap_programs},
    {"5 column outputs instead of 6", drop_output},
    {"or there twice", repeat_output},
    {"column output 2 is text instead of date", mistype_output},
    {"1 key outputs instead of 0", unwanted_output},
    {"0 partition outputs instead of 1", partition_missing},
    {"0 unique outputs, 1 are needed", unique_missing},
    {"cell column 5", slot_column},
    {"a parent of rows that have none", slot_parent},
    {"slot kind", slot_kind},
    {"is not a raw cell", slot_stage},
    {"output role", output_role},
    {"a direction on what is not an order", output_direction},
    {"finds rows of map 0, which does not run before", find_later_map},
};

static void test_good_plan(void **state) {
    (void)state;
    struct arena arena = {0};
    struct diag_list diags;
    diag_list_init(&diags, &arena);
    assert_true(plan_verify(tree_make_plan(&arena, &diags), &diags));
    assert_int_equal(diags.items.count, 0);
    arena_release(&arena);
}

static void complain(uint32_t *failures, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(uint32_t *failures, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprint_error(format, args);
    va_end(args);
    print_error("\n");
    ++*failures;
}

static void test_breakages(void **state) {
    (void)state;
    uint32_t failures = 0;
    for (size_t i = 0; i < sizeof BREAKAGES / sizeof BREAKAGES[0]; i++) {
        struct arena arena = {0};
        struct diag_list diags;
        diag_list_init(&diags, &arena);
        struct plan *plan = tree_make_plan(&arena, &diags);
        BREAKAGES[i].change(plan);
        if (plan_verify(plan, &diags)) complain(&failures, "not noticed: %s", BREAKAGES[i].message);
        struct str message = diags.items.count == 1 ? diags.items.items[0]->message : STR("");
        if (memmem(message.ptr, message.len, BREAKAGES[i].message, strlen(BREAKAGES[i].message)) == NULL)
            complain(&failures, "wanted: %s\ngot: %.*s", BREAKAGES[i].message, STR_ARG(message));
        arena_release(&arena);
    }
    assert_int_equal(failures, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good_plan), cmocka_unit_test(test_breakages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

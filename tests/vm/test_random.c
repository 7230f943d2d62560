/* Random programs over nasty rows: every opcode gets operands of its types in any state, results feed each
 * other. Nothing is expected but that the VM stays within its memory (a sanitizer build says so), that a
 * register's states are consistent, and that running the same batch again gives the same result. */
#include "tests/vm/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { PROGRAMS = 250, INSTRUCTIONS = 60, ROWS = 40, COLUMNS = 3 };

static uint64_t seed;

static uint32_t pick(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static const char *const TEXTS[] = {
    "",
    " ",
    "a",
    "Ünïcödé ß ﬁ",
    "\xF0\x9F\x98\x80\xE2\x80\x8D",
    "31/12/2024",
    "29/02/2025",
    "2025-02-01",
    "-1",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "99999999999999999999999999999999999999",
    "0.00000001",
    "{\"a\":{\"b\":[1,null,\"x\"]},\"k\":null}",
    "[1,2",
    "\"\\u00e9\"",
    "{a,\"b\",NULL}",
    "null",
    "true",
    "2025-02-01 10:30",
    "2025-10-05 02:30:00",
    "6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10",
    "\\x0aff",
    "1 mon -3 days 04:05:06.789",
    "$1",
    "%\\",
    "a,b,,c",
    "year",
    "month",
    "*bold* [x](javascript:y)\r\n- z",
    "todo",
};
static const struct {
    enum type_kind kind;
    const char *text;
} CONSTANTS[] = {
    {TYPE_BOOL, "true"},
    {TYPE_BOOL, "false"},
    {TYPE_BOOL, NULL},
    {TYPE_INT, "0"},
    {TYPE_INT, "-1"},
    {TYPE_INT, "7"},
    {TYPE_INT, "9223372036854775807"},
    {TYPE_INT, "-9223372036854775808"},
    {TYPE_INT, NULL},
    {TYPE_DECIMAL, "0"},
    {TYPE_DECIMAL, "99999999999999999999999999999999999999"},
    {TYPE_DECIMAL, "-0.00000000000000000000000000000000000001"},
    {TYPE_FLOAT, "1e308"},
    {TYPE_FLOAT, "-0"},
    {TYPE_FLOAT, "4.9e-324"},
    {TYPE_TEXT, "x"},
    {TYPE_TEXT, ""},
    {TYPE_TEXT, NULL},
    {TYPE_BYTES, "\\x00ff80"},
    {TYPE_DATE, "9999-12-31"},
    {TYPE_DATE, "0001-01-01"},
    {TYPE_TIME, "24:00:00"},
    {TYPE_TIMESTAMP, "2025-04-06 02:30:00"},
    {TYPE_TIMESTAMP, "9999-12-31 23:59:59.999999"},
    {TYPE_TIMESTAMPTZ, "0001-01-01 00:00:00+00"},
    {TYPE_INTERVAL, "1000000 years"},
    {TYPE_INTERVAL, "-2147483648 days"},
    {TYPE_UUID, "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    {TYPE_JSON, "[[],{\"a\":[]}]"},
    {TYPE_JSON, "null"},
    {TYPE_ARRAY, "[\"a\",null,\"\"]"},
    {TYPE_ARRAY, "[]"},
    {TYPE_ENUM, "todo"},
};
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

struct generator {
    struct program_builder b;
    uint32_t patterns[PATTERN_KIND_COUNT], template_of[TYPE_KIND_COUNT];
    uint32_t table, text_list, int_list;
    uint32_t sels[8], sel_count;
    bool partial[BUILDER_MAX]; /* registers written under a part of the rows: read by nobody, as the verifier
                                  asks */
};

static struct plan_type full_type(enum type_kind kind) {
    struct plan_type type = type_of(kind);
    if (kind == TYPE_ARRAY) type.element = TYPE_TEXT, type.element_nullable = 1;
    return type;
}

static enum type_kind kind_of_letter(char letter) {
    for (int k = TYPE_NULL + 1; k < TYPE_KIND_COUNT; k++)
        if (type_kind_letter((enum type_kind)k) == letter) return (enum type_kind)k;
    return TYPE_NONE;
}

/* A register of the kind, or NO_REG. */
static uint32_t pick_register(struct generator *g, enum type_kind kind) {
    uint32_t count = g->b.program.regs_count, start = pick(count);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t r = (start + n) % count;
        if (g->b.program.regs[r].kind == kind && !g->partial[r]) return r;
    }
    return NO_REG;
}

static void begin(struct generator *g) {
    static const char *const labels[] = {"todo", "done"};
    struct program_builder *b = &g->b;
    builder_init(b);
    memset(g->partial, 0, sizeof g->partial);
    builder_enum(b, 2, labels);
    g->sel_count = 1;
    g->sels[0] = 0;
    g->patterns[PATTERN_REGEX] = builder_pattern(b, PATTERN_REGEX, TYPE_TEXT, "([a-z0-9]+)-?");
    g->patterns[PATTERN_LIKE] = builder_pattern(b, PATTERN_LIKE, TYPE_TEXT, "%a_%");
    g->patterns[PATTERN_ZONE] = builder_pattern(b, PATTERN_ZONE, TYPE_TEXT, "Australia/Sydney");
    g->patterns[PATTERN_JSON_PATH] = builder_pattern(b, PATTERN_JSON_PATH, TYPE_TEXT, "a.b[0]");
    memset(g->template_of, 0, sizeof g->template_of);
    g->template_of[TYPE_DATE] = builder_pattern(b, PATTERN_TEMPLATE, TYPE_DATE, "DD/MM/YYYY") + 1;
    g->template_of[TYPE_TIMESTAMP] =
        builder_pattern(b, PATTERN_TEMPLATE, TYPE_TIMESTAMP, "YYYY-MM-DD HH24:MI") + 1;
    g->template_of[TYPE_DECIMAL] = builder_pattern(b, PATTERN_TEMPLATE, TYPE_DECIMAL, "S999,999.99") + 1;
    struct plan_type key = full_type(TYPE_TEXT), column = full_type(TYPE_TEXT);
    g->table = builder_table(b, "t", KEYED_MAP, &key, 1, &column, 1);
    struct plan_type ints = {.kind = TYPE_ARRAY, .element = TYPE_INT};
    g->text_list = builder_const(b, full_type(TYPE_ARRAY), "[\"a\",\"todo\",\"\"]");
    g->int_list = builder_const(b, ints, "[\"7\",\"-1\"]");
    for (size_t c = 0; c < COUNT(CONSTANTS); c++) {
        struct plan_type type = full_type(CONSTANTS[c].kind);
        uint32_t reg = builder_reg(b, type);
        builder_into(b, OP_CONST, reg, 0, 0, 0, 0, builder_const(b, type, CONSTANTS[c].text), 0);
        if (c == COUNT(CONSTANTS) / 2) builder_init_end(b);
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
        builder_op(b, OP_CELL_TEXT, TYPE_TEXT, 0, 0, 0, 0, builder_cell_slot(b, c), 0);
}

static uint32_t pick_imm(struct generator *g, enum opcode op, enum imm_kind kind, enum type_kind type) {
    switch (kind) {
    case IMM_TEMPLATE: return type < TYPE_KIND_COUNT && op != OP_CELL_TEXT ? g->template_of[type] : 0;
    case IMM_REGEX: return g->patterns[PATTERN_REGEX];
    case IMM_LIKE: return g->patterns[PATTERN_LIKE];
    case IMM_ZONE: return g->patterns[PATTERN_ZONE];
    case IMM_PATH: return g->patterns[PATTERN_JSON_PATH];
    case IMM_TABLE: return g->table;
    case IMM_SLOT: return pick(COLUMNS);
    case IMM_SEL: return g->sels[pick(g->sel_count)];
    case IMM_EVENTS: return pick(128);
    case IMM_CONST: return op == OP_IN_INT ? g->int_list : g->text_list;
    case IMM_NUMBER:
        return op == OP_RAISE_MISSING || op == OP_REJECT ? 1 + pick(FAULT_COUNT - 1) : 1 + pick(8);
    default: return 0;
    }
}

static bool leave_out(enum opcode op) {
    /* Volatile, needs what this plan lacks, or another type rule. */
    return op == OP_UUID4 || op == OP_EXTERN || op == OP_PARAM || op == OP_CONST || op == OP_RUN ||
           op == OP_INPUT || op == OP_SKIP || op == OP_FAIL || op == OP_ARRAY_AT;
}

static void add_instruction(struct generator *g) {
    struct program_builder *b = &g->b;
    enum opcode op = (enum opcode)pick(OP_COUNT);
    const struct opcode_info *info = &OPCODES[op];
    bool list = info->imm == IMM_LIST, rows = op == OP_FIRST_MATCH || op == OP_LAST_MATCH;
    enum type_kind same = rows ? TYPE_ROW : (enum type_kind)CONSTANTS[pick(COUNT(CONSTANTS))].kind;
    if (op == OP_FETCH) same = TYPE_TEXT;
    enum type_kind number = pick(2) ? TYPE_INT : TYPE_DATE;
    uint32_t args[3] = {0}, n = 0;
    const char *letters = op == OP_FIND || op == OP_ARRAY ? "t" : info->operands;
    if (leave_out(op)) return;
    uint32_t wanted = list ? (op == OP_FIND ? 1 : 1 + pick(3)) : (uint32_t)strlen(letters);
    for (; n < wanted; n++) {
        char letter = letters[list ? 0 : n];
        enum type_kind kind = letter == '=' ? same : letter == 'N' ? number : kind_of_letter(letter);
        if (letter == '*')
            kind = op == OP_ARRAY_CONTAINS || op == OP_TO_TEXT
                       ? TYPE_TEXT
                       : (enum type_kind)CONSTANTS[pick(COUNT(CONSTANTS))].kind;
        args[n] = pick_register(g, kind);
        if (args[n] == NO_REG) return;
    }
    char letter = info->result[0];
    enum type_kind result = letter == '=' ? same : letter ? kind_of_letter(letter) : TYPE_NONE;
    enum type_kind reads =
        result == TYPE_TEXT && wanted ? (enum type_kind)b->program.regs[args[0]].kind : result;
    uint32_t imm = list ? builder_list(b, wanted, args) : pick_imm(g, op, (enum imm_kind)info->imm, reads);
    uint32_t imm2 = pick_imm(g, op, (enum imm_kind)info->imm2, reads);
    uint32_t sel = pick(4) ? 0 : g->sels[pick(g->sel_count)];
    if (list) memset(args, 0, sizeof args);
    if (info->flags & OPF_SELECT) {
        if (g->sel_count == COUNT(g->sels)) return;
        g->sels[g->sel_count++] = builder_select(b, op, sel, args[0], imm);
    } else if (letter == '\0') {
        builder_act(b, op, sel, args[0], args[1], imm);
    } else {
        uint32_t dst = builder_reg(b, full_type(result));
        g->partial[dst] = sel != 0;
        builder_into(b, op, dst, sel, args[0], args[1], args[2], imm, imm2);
    }
    builder_span(b, "expression", pick(4) == 0);
}

static struct str show_all(struct generator *g) {
    struct program_builder *b = &g->b;
    struct buf all = {0};
    for (uint32_t r = 0; r < b->program.regs_count; r++) {
        if (b->program.regs[r].kind == TYPE_ROW || g->partial[r]) continue;
        for (uint32_t row = 0; row < ROWS; row++)
            buf_printf(&all, "%s\n", builder_show(b, r, row));
    }
    for (uint32_t row = 0; row < ROWS; row++) {
        const struct row_report *report = vm_first_report(b->vm, row);
        for (; report; report = vm_next_report(b->vm, report)) {
            assert_true(report->message.len > 0);
            buf_append_str(&all, report->message);
        }
    }
    struct str copy = arena_copy_str(&b->arena, buf_str(&all));
    buf_release(&all);
    return copy;
}

static void fill_rows(struct generator *g) {
    const char *cells[ROWS * COLUMNS];
    for (size_t c = 0; c < COUNT(cells); c++)
        cells[c] = pick(6) ? TEXTS[pick(COUNT(TEXTS))] : NULL;
    builder_cells(&g->b, COLUMNS, ROWS, cells);
}

static void random_programs_stay_within_bounds(void **state) {
    (void)state;
    for (uint32_t p = 0; p < PROGRAMS; p++) {
        struct generator g;
        seed = 0x9e3779b97f4a7c15u * (p + 1);
        begin(&g);
        for (uint32_t i = 0; i < INSTRUCTIONS; i++)
            add_instruction(&g);
        g.b.values.tables = ARENA_ARRAY(&g.b.arena, struct keyed_table *, 1);
        g.b.values.tables[0] = keyed_table_new(&g.b.plan, 0, 1 << 20, STR("/tmp"));
        struct value column = {.kind = TYPE_TEXT, .as_text = STR("found")};
        for (int n = 0; n < 2; n++)
            keyed_table_add(g.b.values.tables[0], STR("a"), KEYED_PRESENT, &column, &g.b.diags);
        keyed_table_add(g.b.values.tables[0], STR("todo"), KEYED_SKIPPED, NULL, &g.b.diags);
        if (!builder_load(&g.b)) fail_msg("program %u: %s", p, g.b.diags.items.items[0]->message.ptr);
        fill_rows(&g);
        builder_run(&g.b, ROWS);
        struct str first = show_all(&g);
        builder_run(&g.b, ROWS);
        struct str again = show_all(&g);
        if (!str_eq(first, again)) fail_msg("program %u gives another result the second time", p);
        builder_release(&g.b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_programs_stay_within_bounds)};
    return cmocka_run_group_tests_name("vm random", tests, NULL, NULL);
}

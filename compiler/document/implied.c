/* Follows, through the instructions of a map, what can go wrong with each register. */
#include "compiler/document/implied.h"
#include "compiler/document/words.h"

enum { MOST_CAUSES = 24 }; /* of one register: beyond it they are no sentence any more */

struct causes {
    VEC(struct cause) list;
};

struct flow {
    const struct document_index *index;
    const struct plan_map *map;
    const struct plan_program *program;
    const struct plan_source_table *rows; /* of CELL slots; NULL: unknown */
    struct causes *registers;
    const struct plan_source_column **cells; /* by register: the column that it was read from */
    bool *constants;                         /* by register: it holds a constant */
    uint32_t *states;                        /* by selection: the states it selects; 0: something else */
    struct implied *implied;
};

static bool same_cause(const struct cause *a, const struct cause *b) {
    return a->kind == b->kind && a->column == b->column && a->table == b->table && a->number == b->number &&
           (a->column || a->table || (a->span.start == b->span.start && a->span.file == b->span.file));
}

static void add_cause(struct flow *flow, struct causes *causes, struct cause cause) {
    for (uint32_t i = 0; i < causes->list.count; i++)
        if (same_cause(&causes->list.items[i], &cause)) return;
    if (causes->list.count < MOST_CAUSES) VEC_PUSH(flow->index->arena, &causes->list, cause);
}

static void add_all(struct flow *flow, struct causes *causes, const struct causes *more, uint32_t without) {
    for (uint32_t i = 0; i < more->list.count; i++)
        if ((without >> more->list.items[i].state & 1) == 0) add_cause(flow, causes, more->list.items[i]);
}

/* ------------------------------------------------------------------ what an instruction adds */

static bool is_cell(enum opcode op) {
    return op >= OP_CELL_BOOL && op <= OP_CELL_ARRAY;
}

static bool has_prefix(const char *name, const char *prefix) {
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Fails beyond the largest numbers and the last days only: said once for all maps. So does a division by a
 * constant, which is not zero. */
static bool is_arithmetic(const struct flow *flow, const struct plan_instr *instr) {
    const char *name = OPCODES[instr->op].name;
    if (OPCODES[instr->op].function[0]) return false;
    if (has_prefix(name, "DIV_") || has_prefix(name, "MOD_")) return flow->constants[instr->b];
    return has_prefix(name, "ADD_") || has_prefix(name, "SUB_") || has_prefix(name, "MUL_") ||
           has_prefix(name, "NEG_");
}

static void add_find(struct flow *flow, struct causes *causes, const struct plan_instr *instr,
                     struct plan_span span) {
    const struct plan_keyed_table *table = &flow->index->plan->tables[instr->imm2];
    struct cause cause = {.kind = CAUSE_MISSING, .state = ROW_MISSING, .span = span, .table = table};
    add_cause(flow, causes, cause);
    cause.kind = CAUSE_LEFT_OUT, cause.state = ROW_SKIPPED;
    if (table->kind == KEYED_MAP) add_cause(flow, causes, cause);
    cause.kind = CAUSE_SEVERAL, cause.state = ROW_DUPLICATE;
    if (table->kind == KEYED_SOURCE || table->kind == KEYED_TARGET) add_cause(flow, causes, cause);
}

/* A function that makes another kind of value of a text or of JSON: int('12'). */
static bool reads_text(enum opcode op) {
    static const char *const READERS[] = {"int",      "decimal", "float", "bool", "date",      "time",
                                          "interval", "uuid",    "json",  "text", "timestamp", "timestamptz"};
    if (OPCODES[op].operands[0] != 't' && OPCODES[op].operands[0] != 'j') return false;
    for (size_t i = 0; i < sizeof READERS / sizeof *READERS; i++)
        if (strcmp(OPCODES[op].function, READERS[i]) == 0) return true;
    return false;
}

static void add_own(struct flow *flow, struct causes *causes, const struct plan_instr *instr,
                    struct plan_span span) {
    struct cause cause = {.kind = CAUSE_FAILS, .state = ROW_ERROR, .span = span};
    switch ((enum opcode)instr->op) {
    case OP_FIND: add_find(flow, causes, instr, span); return;
    case OP_RAISE_MISSING: return; /* a null key: what it would be looked up in is told by FIND */
    case OP_UUID5:                 /* an argument that holds U+001F: nobody's files do */
    case OP_MATCHES:
    case OP_LIKE_ANY: return;
    case OP_REQUIRE: /* elsewhere a condition has said before that it is not empty */
        cause.kind = CAUSE_EMPTY;
        cause.column = flow->cells[instr->a];
        if (cause.column == NULL || cause.column->type.nullable) return;
        break;
    case OP_FIT_LENGTH:
        cause.kind = CAUSE_LENGTH;
        cause.number = instr->imm;
        break;
    case OP_FIT_NUMERIC:
    case OP_FIT_INT2:
    case OP_FIT_INT4:
    case OP_FIT_FLOAT4: cause.kind = CAUSE_SIZE; break;
    case OP_TEXT_TO_ENUM: cause.kind = CAUSE_LABEL; break;
    case OP_CELL_TEXT:
    case OP_CELL_JSON: return; /* only where bytes are not text at all: said once for all maps */
    default:
        if (!(OPCODES[instr->op].flags & OPF_CAN_FAIL) || has_prefix(OPCODES[instr->op].function, "mask") ||
            is_arithmetic(flow, instr))
            return;
        if (is_cell((enum opcode)instr->op)) {
            cause.kind = CAUSE_UNREADABLE;
            cause.column = flow->cells[instr->dst];
        }
    }
    cause.reads = reads_text((enum opcode)instr->op);
    add_cause(flow, causes, cause);
}

/* ------------------------------------------------------------------ the flow */

static const uint32_t *operands_of(const struct plan_program *program, const struct plan_instr *instr,
                                   uint32_t *count) {
    if (opcode_has_list((enum opcode)instr->op)) {
        *count = program->operands[instr->imm];
        return program->operands + instr->imm + 1;
    }
    *count = opcode_operand_count((enum opcode)instr->op);
    return &instr->a; /* a, b, c stand one behind the other */
}

static void note_cell(struct flow *flow, const struct plan_instr *instr) {
    const struct plan_slot *slot = &flow->program->slots[instr->imm];
    flow->cells[instr->dst] = NULL;
    if (slot->kind == SLOT_CELL && flow->rows && slot->column < flow->rows->columns_count)
        flow->cells[instr->dst] = &flow->rows->columns[slot->column];
}

static void report(struct flow *flow, const struct plan_instr *instr, struct plan_span span) {
    const struct causes *causes = &flow->registers[instr->a];
    if (causes->list.count == 0) return;
    struct implied_report entry = {.span = span};
    for (uint32_t i = 0; i < causes->list.count; i++)
        VEC_PUSH(flow->index->arena, &entry.causes, causes->list.items[i]);
    VEC_PUSH(flow->index->arena, &flow->implied->reports, entry);
}

static void step(struct flow *flow, const struct plan_instr *instr, struct plan_span span) {
    enum opcode op = (enum opcode)instr->op;
    if (op == OP_REPORT) report(flow, instr, span);
    if (OPCODES[op].flags & OPF_SELECT) {
        flow->states[instr->dst] = op == OP_SEL_STATE ? instr->imm : 0;
        return;
    }
    if (OPCODES[op].result[0] == 0) return;
    struct causes causes = {0};
    if (is_cell(op)) note_cell(flow, instr);
    uint32_t count, without = 0;
    const uint32_t *operands = operands_of(flow->program, instr, &count);
    bool patches = op == OP_PATCH || op == OP_POISON || op == OP_NULLED;
    if (patches) without = flow->states[instr->imm];
    for (uint32_t i = 0; i < count && op != OP_REPORT && op != OP_CONCAT_MESSAGE; i++)
        add_all(flow, &causes, &flow->registers[operands[i]], patches && i == 0 ? without : 0);
    if (op == OP_FIRST_MATCH || op == OP_LAST_MATCH) {
        struct causes kept = {0};
        add_all(flow, &kept, &causes, 1u << ROW_DUPLICATE);
        causes = kept;
    }
    add_own(flow, &causes, instr, span);
    flow->registers[instr->dst] = causes;
    if (!is_cell(op)) flow->cells[instr->dst] = NULL;
}

static void follow(const struct document_index *index, const struct plan_map *map, uint32_t program,
                   struct implied *implied) {
    const struct plan *plan = index->plan;
    struct flow flow = {.index = index, .map = map, .program = &plan->programs[program], .implied = implied};
    if (map->from_kind == FROM_SOURCE) flow.rows = &plan->sources[map->source].tables[map->source_table];
    flow.registers = ARENA_ARRAY(index->arena, struct causes, flow.program->regs_count + 1);
    flow.cells = ARENA_ARRAY(index->arena, const struct plan_source_column *, flow.program->regs_count + 1);
    flow.states = ARENA_ARRAY(index->arena, uint32_t, flow.program->selections + 1);
    flow.constants = ARENA_ARRAY(index->arena, bool, flow.program->regs_count + 1);
    for (uint32_t i = 0; i < flow.program->init_end; i++)
        if (flow.program->code[i].op == OP_CONST) flow.constants[flow.program->code[i].dst] = true;
    for (uint32_t i = flow.program->init_end; i < flow.program->code_count; i++)
        step(&flow, &flow.program->code[i], flow.program->spans[i]);
}

void implied_collect(const struct document_index *index, const struct plan_map *map,
                     struct implied *implied) {
    follow(index, map, map->program, implied);
    if (map->group_program) follow(index, map, map->group_program - 1, implied);
}

/* ------------------------------------------------------------------ in words */

static void add_keyed_name(const struct document_index *index, const struct plan_keyed_table *table,
                           struct phrase *out) {
    const char *kind = table->kind == KEYED_MAP ? "map" : table->kind == KEYED_CODES ? "codes" : NULL;
    struct str anchor = kind ? phrase_anchor(index->arena, kind, table->name) : (struct str){0};
    struct str name = table->kind == KEYED_TARGET
                          ? index_table_name(index, &index->plan->target.tables[table->source])
                          : table->name;
    phrase_link(index->arena, out, kind ? RUN_TERM : RUN_NAME, name, anchor);
}

static struct str column_title(const struct plan_source_column *column) {
    return column->from.len && !str_is(column->from, "$") ? column->from : column->name;
}

/* The text of the expression that fails; "it" where that is the whole. */
static void add_subject(const struct document_index *index, const struct cause *cause, struct plan_span whole,
                        struct phrase *out) {
    struct str text = index->plan->files[cause->span.file].text;
    bool named = cause->span.end <= text.len && cause->span.start < cause->span.end &&
                 (cause->span.start != whole.start || cause->span.end != whole.end);
    if (named)
        phrase_add(index->arena, out, RUN_CODE,
                   str_from(text.ptr + cause->span.start, cause->span.end - cause->span.start));
    else
        phrase_print(index->arena, out, "it");
}

static void add_cause_words(const struct document_index *index, const struct cause *cause,
                            struct plan_span whole, struct phrase *out) {
    struct arena *arena = index->arena;
    switch (cause->kind) {
    case CAUSE_EMPTY:
    case CAUSE_UNREADABLE:
        phrase_add(arena, out, RUN_NAME, column_title(cause->column));
        phrase_print(arena, out, cause->kind == CAUSE_EMPTY ? " is empty" : " cannot be read");
        return;
    case CAUSE_FAILS:
        add_subject(index, cause, whole, out);
        phrase_print(arena, out, cause->reads ? " cannot be read" : " cannot be computed");
        return;
    case CAUSE_LENGTH: phrase_print(arena, out, "it is longer than %u characters", cause->number); return;
    case CAUSE_SIZE: phrase_print(arena, out, "it does not fit the column's type"); return;
    case CAUSE_LABEL: phrase_print(arena, out, "it is no label of the column's type"); return;
    case CAUSE_MISSING:
        phrase_print(arena, out,
                     cause->table->kind == KEYED_CODES ? "it is not among the codes of "
                     : cause->table->kind == KEYED_MAP ? "there is no such row in "
                                                       : "there is none in ");
        add_keyed_name(index, cause->table, out);
        return;
    case CAUSE_LEFT_OUT:
        phrase_print(arena, out, "that row of ");
        add_keyed_name(index, cause->table, out);
        phrase_print(arena, out, " was left out");
        return;
    case CAUSE_SEVERAL:
        phrase_print(arena, out, "there are several in ");
        add_keyed_name(index, cause->table, out);
        return;
    }
}

/* One sentence for all causes of a kind of outcome. */
static void tell(const struct document_index *index, const struct implied_report *report, bool skipped,
                 struct document_outcomes *outcomes) {
    struct document_outcome outcome = {.kind = skipped ? OUTCOME_SKIP : OUTCOME_REJECT, .implied = true};
    uint32_t count = 0;
    for (uint32_t i = 0; i < report->causes.count; i++) {
        const struct cause *cause = &report->causes.items[i];
        if ((cause->state == ROW_SKIPPED) != skipped) continue;
        phrase_print(index->arena, &outcome.when, count++ ? ", or " : "when ");
        add_cause_words(index, cause, report->span, &outcome.when);
    }
    if (count) VEC_PUSH(index->arena, &outcomes->list, outcome);
}

void implied_tell(const struct document_index *index, struct implied *implied, struct span span,
                  struct document_outcomes *outcomes) {
    for (uint32_t i = 0; i < implied->reports.count; i++) {
        struct implied_report *report = &implied->reports.items[i];
        bool inside = span.source && report->span.file == 0 && report->span.start >= span.start &&
                      report->span.end <= span.end;
        if (!inside || report->causes.count == 0) continue;
        tell(index, report, false, outcomes);
        tell(index, report, true, outcomes);
        report->causes.count = 0;
    }
}

/* ------------------------------------------------------------------ cells */

static bool take_cells(struct implied *implied, enum cause_kind kind,
                       const struct plan_source_column *column) {
    bool found = false;
    for (uint32_t r = 0; r < implied->reports.count; r++) {
        struct implied_report *report = &implied->reports.items[r];
        uint32_t kept = 0;
        for (uint32_t i = 0; i < report->causes.count; i++) {
            const struct cause *cause = &report->causes.items[i];
            bool taken = cause->kind == kind && cause->column == column;
            found |= taken;
            if (!taken) report->causes.items[kept++] = *cause;
        }
        report->causes.count = kept;
    }
    return found;
}

bool implied_take_column(struct implied *implied, const struct plan_source_column *column, bool empty) {
    return take_cells(implied, empty ? CAUSE_EMPTY : CAUSE_UNREADABLE, column);
}

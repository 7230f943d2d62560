/* Everything of a plan that is made once, before rows come: constants, patterns, zones, lists, extern
 * functions, and the code as the loop wants it. */
#include "runtime/vm/vm_internal.h"

#include "runtime/value/convert.h"
#include "runtime/value/text.h"

#include <stdlib.h>

/* ---------------------------------------------------------------- diagnostics */

static bool fail_pattern(const struct program_set *set, struct diag_list *diags,
                         const struct plan_pattern *pattern, const char *what, struct str why) {
    (void)set;
    diag_report(diags, X_PATTERN, (struct span){0}, "%s `%.*s` does not work here: %.*s", what,
                STR_ARG(pattern->text), STR_ARG(why));
    return false;
}

/* ---------------------------------------------------------------- patterns */

/* DD/MM/YYYY and the like: fields of fixed width with one separator twice. */
static struct date_layout find_layout(struct str text) {
    static const char *const shapes[] = {"DD?MM?YYYY", "MM?DD?YYYY", "YYYY?MM?DD", "YYYY?DD?MM"};
    struct date_layout none = {0};
    if (text.len != 10) return none;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const char *shape = shapes[s];
        struct date_layout layout = {0};
        uint32_t separators = 0;
        bool same = true;
        for (uint8_t i = 0; same && i < 10; i++) {
            if (shape[i] == '?')
                layout.separator_at[separators++ & 1] = i;
            else
                same = shape[i] == text.ptr[i];
        }
        char separator = text.ptr[layout.separator_at[0]];
        if (!same || separator != text.ptr[layout.separator_at[1]] || strchr("/-. ", separator) == NULL)
            continue;
        layout.separator = separator;
        layout.year = (uint8_t)(strchr(shape, 'Y') - shape);
        layout.month = (uint8_t)(strchr(shape, 'M') - shape);
        layout.day = (uint8_t)(strchr(shape, 'D') - shape);
        return layout;
    }
    return none;
}

static void compile_like(struct arena *arena, struct str text, struct compiled_pattern *out) {
    bool front = text.len > 0 && text.ptr[0] == '%';
    bool back = text.len > 1 && text.ptr[text.len - 1] == '%';
    struct str middle = str_from(text.ptr + front, text.len - front - back);
    out->like = LIKE_GENERAL;
    out->like_text = arena_copy_str(arena, text);
    for (size_t i = 0; i < middle.len; i++)
        if (strchr("%_\\", middle.ptr[i]) != NULL) return;
    out->like = front && back ? LIKE_PART : front ? LIKE_SUFFIX : back ? LIKE_PREFIX : LIKE_EXACT;
    out->like_text = arena_copy_str(arena, middle);
}

bool like_match(const struct compiled_pattern *pattern, struct str text) {
    struct str part = pattern->like_text;
    bool match = false;
    switch (pattern->like) {
    case LIKE_EXACT: return str_eq(text, part);
    case LIKE_PREFIX: return str_starts_with(text, part);
    case LIKE_SUFFIX: return str_ends_with(text, part);
    case LIKE_PART:
        return part.len == 0 || (text.len && memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
    case LIKE_GENERAL: break;
    }
    return text_like(text, part, &match) == FAULT_NONE && match;
}

static bool compile_pattern(struct program_set *set, const struct plan_pattern *pattern,
                            struct compiled_pattern *out, struct diag_list *diags) {
    struct str error = {0};
    size_t at;
    struct str text = arena_copy_str(&set->arena, pattern->text);
    bool number = pattern->type == TYPE_INT || pattern->type == TYPE_DECIMAL || pattern->type == TYPE_FLOAT;
    switch (pattern->kind) {
    case PATTERN_TEMPLATE:
        out->layout = number ? (struct date_layout){0} : find_layout(text);
        return pattern_compile(&set->arena, text, number ? PATTERN_NUMBER : PATTERN_DATETIME, &out->template,
                               &error, &at) ||
               fail_pattern(set, diags, pattern, "the pattern", error);
    case PATTERN_REGEX:
        return regex_compile(&set->arena, text, &out->regex, &error, &at) ||
               fail_pattern(set, diags, pattern, "the regular expression", error);
    case PATTERN_LIKE:
        compile_like(&set->arena, text, out);
        return text_like_check(text) == FAULT_NONE ||
               fail_pattern(set, diags, pattern, "the like pattern", STR("it ends on the escape `\\`"));
    case PATTERN_ZONE:
        return zone_open(&set->arena, text, &out->zone) == FAULT_NONE ||
               fail_pattern(set, diags, pattern, "the time zone",
                            STR("this machine's time zone data has none of that name"));
    case PATTERN_JSON_PATH:
        return json_path_compile(&set->arena, text, &out->path, &error) ||
               fail_pattern(set, diags, pattern, "the JSON path", error);
    default: return fail_pattern(set, diags, pattern, "the pattern", STR("its kind is unknown"));
    }
}

/* The type that an instruction reads or prints by its template; *printing: which of the two. */
static enum type_kind template_use(enum opcode op, const struct plan_program *program,
                                   const struct plan_instr *instr, bool *printing) {
    *printing = true;
    switch (op) {
    case OP_FORMAT_DATE: return TYPE_DATE;
    case OP_FORMAT_TIME: return TYPE_TIME;
    case OP_FORMAT_TIMESTAMP: return TYPE_TIMESTAMP;
    case OP_FORMAT_TIMESTAMPTZ: return TYPE_TIMESTAMPTZ;
    case OP_FORMAT_DECIMAL:
    case OP_FORMAT_INT: return TYPE_DECIMAL;
    case OP_CELL_TEXT: return TYPE_NONE; /* prints what the cell holds: looked at for each cell */
    default: break;
    }
    *printing = false;
    enum type_kind kind = (enum type_kind)program->regs[instr->dst].kind;
    return kind == TYPE_FLOAT ? TYPE_DECIMAL : kind;
}

/* Patterns must have the fields that their instructions need: the functions that read by them rely on it. */
static bool check_templates(struct program_set *set, const struct plan_program *program,
                            struct diag_list *diags) {
    const struct plan *plan = set->plan;
    for (uint32_t i = 0; i < program->code_count; i++) {
        const struct plan_instr *instr = &program->code[i];
        const struct opcode_info *info = &OPCODES[instr->op];
        uint32_t index = info->imm == IMM_TEMPLATE    ? instr->imm
                         : info->imm2 == IMM_TEMPLATE ? instr->imm2
                                                      : 0;
        bool printing;
        if (index == 0) continue;
        const struct pattern *template = set->patterns[index - 1].template;
        enum type_kind kind = template_use((enum opcode)instr->op, program, instr, &printing);
        struct str error = {0};
        if (kind == TYPE_NONE) continue;
        if (template == NULL)
            return fail_pattern(set, diags, &plan->patterns[index - 1], "the pattern",
                                STR("it is of another kind"));
        bool good = printing ? pattern_check_printing(&set->arena, template, kind, &error)
                             : pattern_check_reading(&set->arena, template, kind, &error);
        if (!good) return fail_pattern(set, diags, &plan->patterns[index - 1], "the pattern", error);
    }
    return true;
}

/* ---------------------------------------------------------------- constants */

static bool make_consts(struct program_set *set, struct diag_list *diags) {
    const struct plan *plan = set->plan;
    set->consts = ARENA_ARRAY(&set->arena, struct value, plan->consts_count);
    set->lists = ARENA_ARRAY(&set->arena, struct const_list, plan->consts_count);
    for (uint32_t i = 0; i < plan->consts_count; i++) {
        enum fault fault = plan_const_value(&set->arena, plan, &plan->consts[i], &set->consts[i]);
        if (fault == FAULT_NONE) continue;
        diag_report(diags, X_PATTERN, (struct span){0}, "the constant `%.*s` of the plan %s",
                    STR_ARG(plan->consts[i].text), fault_title(fault));
        return false;
    }
    return true;
}

static int compare_ints(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void make_list(struct program_set *set, uint32_t index, enum opcode op) {
    struct const_list *list = &set->lists[index];
    const struct value *value = &set->consts[index];
    const struct array *array = &value->as_array;
    if (list->texts.slots || list->ints) return;
    /* A null list, or one of another type, holds nothing. */
    uint32_t count = value->kind == TYPE_ARRAY ? (uint32_t)array->count : 0;
    enum type_kind element = (enum type_kind)set->plan->consts[index].type.element;
    if (op == OP_IN_TEXT) {
        text_index_build(&set->arena, array->items, element == TYPE_TEXT ? count : 0, &list->texts);
        return;
    }
    if (element != TYPE_INT) count = 0;
    list->ints = ARENA_ARRAY(&set->arena, int64_t, count);
    list->int_count = count;
    if (count) memcpy(list->ints, array->items, sizeof(int64_t) * count);
    if (count) qsort(list->ints, count, sizeof(int64_t), compare_ints);
}

static void make_labels(struct program_set *set) {
    const struct plan *plan = set->plan;
    set->labels = ARENA_ARRAY(&set->arena, struct text_index, plan->enums_count);
    for (uint32_t e = 0; e < plan->enums_count; e++) {
        const struct plan_enum *enumeration = &plan->enums[e];
        struct str *texts = ARENA_ARRAY(&set->arena, struct str, enumeration->labels_count);
        for (uint32_t l = 0; l < enumeration->labels_count; l++)
            texts[l] = enumeration->labels[l].text;
        text_index_build(&set->arena, texts, enumeration->labels_count, &set->labels[e]);
    }
}

/* ---------------------------------------------------------------- programs */

static void prepare_instr(struct program_set *set, const struct plan_program *program, uint32_t index,
                          struct prepared *out) {
    const struct plan_instr *instr = &program->code[index];
    const struct opcode_info *info = &OPCODES[instr->op];
    out->kernel = KERNELS[instr->op];
    out->flags = info->flags;
    out->has_result = info->result[0] != '\0';
    if (info->imm == IMM_LIST) {
        out->operands = program->operands + instr->imm + 1;
        out->operand_count = program->operands[instr->imm];
    } else {
        /* a, b, c stand side by side in plan_instr. */
        out->operands = &instr->a;
        out->operand_count = (uint32_t)strlen(info->operands);
    }
    if (instr->op == OP_IN_TEXT || instr->op == OP_IN_INT) make_list(set, instr->imm, (enum opcode)instr->op);
}

static void prepare_program(struct program_set *set, uint32_t index) {
    const struct plan_program *program = &set->plan->programs[index];
    struct prepared_program *out = &set->programs[index];
    out->code = ARENA_ARRAY(&set->arena, struct prepared, program->code_count);
    for (uint32_t i = 0; i < program->code_count; i++)
        prepare_instr(set, program, i, &out->code[i]);
    out->cell_slots = ARENA_ARRAY(&set->arena, uint32_t, program->slots_count);
    uint32_t cells = 0;
    for (uint32_t s = 0; s < program->slots_count; s++)
        out->cell_slots[s] = program->slots[s].kind == SLOT_CELL ? cells++ : UINT32_MAX;
    out->output_in_pre = ARENA_ARRAY(&set->arena, bool, program->outputs_count);
    for (uint32_t o = 0; o < program->outputs_count; o++) {
        uint32_t last = 0;
        for (uint32_t i = 0; i < program->code_count; i++)
            if (out->code[i].has_result && program->code[i].dst == program->outputs[o].reg) last = i;
        out->output_in_pre[o] = last < program->pre_end;
    }
}

static bool open_externs(struct program_set *set, struct diag_list *diags) {
    const struct plan *plan = set->plan;
    set->externs = arena_zalloc(&set->arena, extern_function_size() * plan->externs_count);
    for (uint32_t i = 0; i < plan->externs_count; i++)
        if (!extern_function_open(extern_function_at(set->externs, i), plan, &plan->externs[i],
                                  set->values.allow_extern, &set->arena, diags))
            return false;
    return true;
}

static bool make_all(struct program_set *set, struct diag_list *diags) {
    const struct plan *plan = set->plan;
    set->namespace_id = uuid5_migration_namespace(plan->migration);
    set->patterns = ARENA_ARRAY(&set->arena, struct compiled_pattern, plan->patterns_count);
    for (uint32_t i = 0; i < plan->patterns_count; i++)
        if (!compile_pattern(set, &plan->patterns[i], &set->patterns[i], diags)) return false;
    if (!make_consts(set, diags)) return false;
    make_labels(set);
    set->programs = ARENA_ARRAY(&set->arena, struct prepared_program, plan->programs_count);
    for (uint32_t p = 0; p < plan->programs_count; p++) {
        if (!check_templates(set, &plan->programs[p], diags)) return false;
        prepare_program(set, p);
    }
    return open_externs(set, diags);
}

struct program_set *program_set_new(const struct plan *plan, const struct run_values *values,
                                    struct diag_list *diags) {
    struct program_set *set = memory_zalloc(sizeof *set);
    set->plan = plan;
    if (values) set->values = *values;
    if (make_all(set, diags)) return set;
    program_set_free(set);
    return NULL;
}

void program_set_free(struct program_set *set) {
    if (set == NULL) return;
    for (uint32_t i = 0; set->patterns && i < set->plan->patterns_count; i++)
        regex_free(set->patterns[i].regex);
    for (uint32_t i = 0; set->externs && i < set->plan->externs_count; i++)
        extern_function_close(extern_function_at(set->externs, i));
    arena_release(&set->arena);
    free(set);
}

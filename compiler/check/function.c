/* Calls of the functions in functions.def: the overload whose operand letters take the arguments, with as
 * little widening as possible. New functions need nothing here. */
#include "compiler/check/expr.h"

#include "runtime/value/decimal.h"

enum { FUNCTION_MAX_ARGS = 100 };

static bool imm_is_pattern(uint8_t imm) {
    return imm == IMM_TEMPLATE || imm == IMM_REGEX || imm == IMM_LIKE || imm == IMM_ZONE || imm == IMM_PATH;
}

static bool function_is_named(enum opcode op, struct str name) {
    return OPCODES[op].function[0] != '\0' && str_is(name, OPCODES[op].function);
}

/* The pattern may be left out where the signature says `pattern?`. */
static bool function_takes_count(const struct opcode_info *info, uint32_t count) {
    uint32_t operands = (uint32_t)strlen(info->operands);
    if (info->imm == IMM_NONE) return count == operands;
    if (!imm_is_pattern(info->imm)) return false;
    return count == operands + 1 || (count == operands && strstr(info->doc, "pattern?") != NULL);
}

/* The part of the doc before its colon: "left(text, int) text". */
static struct str function_signature(const struct opcode_info *info) {
    const char *colon = strstr(info->doc, ": ");
    return str_from(info->doc, colon != NULL ? (size_t)(colon - info->doc) : strlen(info->doc));
}

/* ---------------------------------------------------------------- fitting arguments */

enum { COST_NEVER = 1000 };

static bool function_number_is_float(const struct texpr *arg) {
    return node_is_const(arg) && (arg->value.kind == TYPE_INT || arg->value.kind == TYPE_DECIMAL);
}

/* How far the argument is from what the letter wants. element: of the array argument before, for `*`. */
static uint32_t function_cost(char letter, const struct texpr *arg, const struct plan_type *element) {
    enum type_kind kind = (enum type_kind)arg->type.kind;
    if ((kind == TYPE_SECRET) != (letter == 'x')) return COST_NEVER;
    if (kind == TYPE_NULL) return 1;
    if (letter == '*' && element != NULL) return type_widens(arg->type, *element) ? 0 : COST_NEVER;
    if (letter == '*' || letter == '=' || letter == 'N')
        return type_letter_takes(letter, kind) ? 1 : COST_NEVER;
    if (letter == type_kind_letter(kind)) return 0;
    if (letter == 'd' && kind == TYPE_INT) return 2;
    if (letter == 'f' && function_number_is_float(arg)) return 4;
    return COST_NEVER;
}

/* mismatches: how many arguments do not fit. */
static uint32_t function_total_cost(const struct opcode_info *info, struct texpr **args, uint32_t count,
                                    uint32_t *mismatches) {
    uint32_t total = 0, operands = (uint32_t)strlen(info->operands);
    struct plan_type element, *known = NULL;
    *mismatches = 0;
    for (uint32_t i = 0; i < operands && i < count; i++) {
        uint32_t cost = function_cost(info->operands[i], args[i], known);
        if (cost == COST_NEVER) ++*mismatches;
        total += cost;
        if (args[i]->type.kind == TYPE_ARRAY) {
            element = type_element(args[i]->type);
            known = &element;
        }
    }
    if (count > operands && args[operands]->type.kind != TYPE_TEXT) {
        ++*mismatches;
        total += COST_NEVER;
    }
    return total;
}

/* ---------------------------------------------------------------- messages */

static void function_list_signatures(struct scope *scope, struct diag *diag, struct str name) {
    struct buf text = {0};
    for (enum opcode op = 0; op < OP_COUNT; op++) {
        if (!function_is_named(op, name)) continue;
        struct str signature = function_signature(&OPCODES[op]);
        buf_printf(&text, "%s`%.*s`", text.len ? ", " : "", STR_ARG(signature));
    }
    if (text.len > 0) diag_help(scope->checker->diags, diag, "it is %.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
}

/* What analysts write who know SQL and spreadsheets. */
static const char *function_foreign_help(struct str name) {
    static const struct {
        const char *name, *help;
    } foreign[] = {
        {"now", "there is no clock in a migration: use `$run.started_at`, or a parameter"},
        {"today", "there is no clock in a migration: use `date_at($run.started_at, 'Australia/Sydney')`, or "
                  "a parameter"},
        {"current_timestamp", "there is no clock in a migration: use `$run.started_at`, or a parameter"},
        {"current_date", "there is no clock in a migration: use `date_at($run.started_at, "
                         "'Australia/Sydney')`, or a parameter"},
        {"random", "results must not differ from run to run: use `uuid5('name', x)` or a digest of the row's "
                   "own values"},
        {"gen_random_uuid", "an id that is the same in each run comes from `uuid5('name', x)`"},
        {"coalesce", "a default for null is written `a ?? b`"},
        {"ifnull", "a default for null is written `a ?? b`"},
        {"isnull", "write `x is null`, or for a default `a ?? b`"},
        {"nvl", "a default for null is written `a ?? b`"},
        {"concat", "texts are joined by `a || b`, or written as \"{a} {b}\""},
        {"to_date", "write `date(x, 'DD/MM/YYYY')`"},
        {"to_timestamp", "write `timestamp(x, 'DD/MM/YYYY HH24:MI')`"},
        {"to_char", "write `format(x, 'DD/MM/YYYY')`"},
        {"to_number", "write `decimal(x, '999G999D99')` or `int(x)`"},
        {"cast", "a conversion has the name of its type: `int(x)`, `date(x, 'DD/MM/YYYY')`"},
        {"str", "write `text(x)`"},
        {"string", "write `text(x)`"},
        {"number", "write `int(x)` or `decimal(x)`"},
        {"boolean", "write `bool(x)`"},
        {"len", "write `length(x)`"},
        {"char_length", "write `length(x)`"},
        {"substring", "write `substr(x, 1, 3)`"},
        {"mid", "write `substr(x, 1, 3)`"},
        {"proper", "write `title(x)`"},
        {"initcap", "write `title(x)`"},
        {"btrim", "write `trim(x)`"},
        {"strip", "write `trim(x)`"},
        {"lcase", "write `lower(x)`"},
        {"ucase", "write `upper(x)`"},
        {"lpad", "write `pad_left(x, 5, '0')`"},
        {"rpad", "write `pad_right(x, 5, ' ')`"},
        {"regexp_replace", "write `regex_replace(x, 'replacement', 'regex')`"},
        {"strpos", "write `position(x, 'part')`"},
        {"if", "write `if condition then a else b`"},
        {"iif", "write `if condition then a else b`"},
        {"date_trunc", "write `truncate_to(x, 'month')`"},
        {"date_part", "write `year(x)`, `month(x)`, `day(x)` …"},
        {"extract", "write `year(x)`, `month(x)`, `day(x)` …"},
        {"normalize", "write `normalise(x)`"},
        {"mod", "the remainder is `a % b`"},
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (strlen(foreign[i].name) != name.len) continue;
        bool same = true;
        for (size_t c = 0; c < name.len && same; c++)
            same = (name.ptr[c] | 0x20) == (foreign[i].name[c] | 0x20);
        if (same) return foreign[i].help;
    }
    return NULL;
}

static struct texpr *function_unknown(struct scope *scope, const struct ast_expr *call, struct str name) {
    struct checker *checker = scope->checker;
    struct diag *diag = diag_report(checker->diags, E_UNKNOWN_FUNCTION, call->path.span,
                                    "there is no function `%.*s`", STR_ARG(name));
    const char *help = function_foreign_help(name);
    if (help != NULL) {
        diag_help(checker->diags, diag, "%s", help);
        return node_error(scope, call->span);
    }
    struct name_list names = {0};
    for (uint32_t i = 0; i < checker->fns.count; i++)
        name_list_add(scope, &names, checker->fns.items[i]->name);
    function_add_names(scope, &names);
    if (diag_suggest(scope, diag, call->path.span, name, &names)) return node_error(scope, call->span);
    if (scope_find_codes(scope, name) != NULL || scope_find_map(scope, name) != NULL)
        diag_help(checker->diags, diag, "code tables and maps are indexed with square brackets: `%.*s[key]`",
                  STR_ARG(name));
    else
        diag_help(checker->diags, diag, "declare it, `fn %.*s(x text) text = …`", STR_ARG(name));
    return node_error(scope, call->span);
}

static struct texpr *function_wrong_count(struct scope *scope, const struct ast_expr *call, struct str name,
                                          uint32_t count) {
    struct diag *diag =
        diag_report(scope->checker->diags, E_ARGUMENT_COUNT, call->span, "`%.*s` does not take %u argument%s",
                    STR_ARG(name), count, count == 1 ? "" : "s");
    function_list_signatures(scope, diag, name);
    return node_error(scope, call->span);
}

static void function_help_conversion(struct scope *scope, struct diag *diag,
                                     const struct opcode_info *closest, struct texpr **args, uint32_t count) {
    struct checker *checker = scope->checker;
    for (uint32_t i = 0; i < count && closest->operands[i] != '\0'; i++) {
        if (function_cost(closest->operands[i], args[i], NULL) != COST_NEVER) continue;
        enum type_kind wanted = TYPE_NONE;
        for (enum type_kind kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++)
            if (type_kind_letter(kind) == closest->operands[i]) wanted = kind;
        diag_label(checker->diags, diag, args[i]->span, "%s is wanted here",
                   type_letter_text(closest->operands[i]));
        struct str spelling = wanted == TYPE_NONE
                                  ? (struct str){0}
                                  : type_conversion_text(checker->arena, args[i]->type,
                                                         type_of(wanted, false), span_text(args[i]->span));
        if (spelling.len > 0) diag_help(checker->diags, diag, "convert it: %.*s", STR_ARG(spelling));
        return;
    }
}

static struct texpr *function_wrong_types(struct scope *scope, const struct ast_expr *call, struct str name,
                                          struct texpr **args, uint32_t count,
                                          const struct opcode_info *closest) {
    struct checker *checker = scope->checker;
    for (uint32_t i = 0; i < count; i++) {
        bool keyed = false;
        for (enum opcode op = 0; op < OP_COUNT; op++)
            keyed |= function_is_named(op, name) && strchr(OPCODES[op].operands, 'x') != NULL;
        if (!keyed && secret_refused(scope, args[i])) return node_error(scope, call->span);
    }
    struct buf types = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct str type = type_to_text(checker, args[i]->type);
        buf_printf(&types, "%s%.*s", i ? ", " : "", STR_ARG(type));
    }
    struct diag *diag = diag_report(checker->diags, E_ARGUMENT_TYPES, call->span,
                                    "`%.*s` does not take (%.*s)", STR_ARG(name), STR_ARG(buf_str(&types)));
    buf_release(&types);
    function_help_conversion(scope, diag, closest, args, count);
    function_list_signatures(scope, diag, name);
    return node_error(scope, call->span);
}

/* ---------------------------------------------------------------- resolution */

static enum type_kind function_kind_of_letter(char letter) {
    for (enum type_kind kind = TYPE_NULL + 1; kind < TYPE_KIND_COUNT; kind++)
        if (type_kind_letter(kind) == letter) return kind;
    return TYPE_NONE;
}

static struct plan_type function_result(const struct opcode_info *info, struct texpr **args) {
    if (info->result[0] == '=') {
        struct plan_type type =
            args[0]->type.kind == TYPE_ARRAY ? type_element(args[0]->type) : args[0]->type;
        return type_nullable(type, false);
    }
    enum type_kind kind = function_kind_of_letter(info->result[0]);
    if (kind == TYPE_ARRAY) return (struct plan_type){.kind = TYPE_ARRAY, .element = TYPE_TEXT};
    return type_of(kind, false);
}

static struct texpr *function_adapt(struct scope *scope, char letter, struct texpr *arg,
                                    const struct plan_type *element) {
    if (letter == '*' && element != NULL) return node_widen(scope, arg, type_nullable(*element, true));
    enum type_kind wanted = function_kind_of_letter(letter);
    if (arg->type.kind == TYPE_NULL)
        return node_retype_null(
            scope, arg, type_of(wanted == TYPE_NONE || wanted == TYPE_ARRAY ? TYPE_TEXT : wanted, true));
    if (letter == 'd') return node_widen(scope, arg, type_of(TYPE_DECIMAL, true));
    if (letter == 'f' && arg->type.kind != TYPE_FLOAT) {
        struct value value = {.kind = TYPE_FLOAT};
        value.as_float =
            arg->value.kind == TYPE_INT ? (double)arg->value.as_int : decimal_to_float(arg->value.as_decimal);
        return node_const(scope, type_of(TYPE_FLOAT, false), &value, arg->span);
    }
    return arg;
}

static struct texpr *function_build(struct scope *scope, enum opcode opcode, struct texpr **args,
                                    uint32_t count, const struct ast_expr *call) {
    const struct opcode_info *info = &OPCODES[opcode];
    uint32_t operands = (uint32_t)strlen(info->operands);
    struct texpr *node = node_new(scope, TX_CALL, function_result(info, args), call->span);
    node->opcode = opcode;
    if (count > operands &&
        !function_pattern(scope, opcode, (enum imm_kind)info->imm, args[operands], &node->imm))
        return node_error(scope, call->span);
    struct plan_type element, *known = NULL;
    for (uint32_t i = 0; i < operands; i++) {
        node_push(scope, node, function_adapt(scope, info->operands[i], args[i], known));
        if (args[i]->type.kind == TYPE_ARRAY) {
            element = type_element(args[i]->type);
            known = &element;
        }
    }
    if (info->flags & OPF_VOLATILE) {
        struct diag *diag = diag_report(scope->checker->diags, W_VOLATILE, call->span,
                                        "`%s` gives another value in each run", info->function);
        diag_help(scope->checker->diags, diag,
                  "a resumed, repeated or verified run cannot know it again: `uuid5('name', key)` is always "
                  "the same");
    }
    if (function_clears_personal(str_cstr(info->function))) node->pii = false;
    return node_finish(scope, node);
}

struct texpr *function_resolve(struct scope *scope, struct str name, struct texpr **args, uint32_t count,
                               const struct ast_expr *call) {
    enum opcode best = OP_COUNT, closest = OP_COUNT;
    uint32_t best_cost = COST_NEVER, least = UINT32_MAX;
    bool exists = false;
    for (enum opcode op = 0; op < OP_COUNT; op++) {
        if (!function_is_named(op, name)) continue;
        exists = true;
        if (!function_takes_count(&OPCODES[op], count)) continue;
        uint32_t mismatches, cost = function_total_cost(&OPCODES[op], args, count, &mismatches);
        if (mismatches < least) {
            least = mismatches;
            closest = op;
        }
        if (cost < best_cost) {
            best_cost = cost;
            best = op;
        }
    }
    if (!exists) return function_unknown(scope, call, name);
    if (closest == OP_COUNT) return function_wrong_count(scope, call, name, count);
    if (best == OP_COUNT) return function_wrong_types(scope, call, name, args, count, &OPCODES[closest]);
    return function_build(scope, best, args, count, call);
}

/* Arguments as they are, handlers included. False when one failed. */
static bool function_check_args(struct scope *scope, const struct ast_expr *call, struct texpr **args) {
    bool good = true;
    for (uint32_t i = 0; i < call->items.count; i++) {
        args[i] = expr_infer(scope, call->items.items[i], type_of(TYPE_NONE, true));
        good &= !node_failed(args[i]);
    }
    return good;
}

bool function_is_unknown(struct scope *scope, const struct ast_expr *call) {
    if (call->kind != X_CALL || call->path.parts.count != 1) return false;
    struct str name = call->path.parts.items[0].text;
    struct name_list names = {0};
    if (scope_find_fn(scope, name) != NULL) return false;
    function_add_names(scope, &names);
    for (uint32_t i = 0; i < names.names.count; i++)
        if (str_eq(names.names.items[i], name)) return false;
    return !function_is_special(name);
}

struct texpr *expr_call(struct scope *scope, const struct ast_expr *expr, struct plan_type hint) {
    (void)hint;
    if (expr->path.parts.count == 0) return node_error(scope, expr->span);
    struct str name = expr->path.parts.items[expr->path.parts.count - 1].text;
    if (expr->path.parts.count > 1) name = span_text(expr->path.span);
    struct checked_fn *fn = scope_find_fn(scope, name);
    if (fn != NULL) return function_user(scope, expr, fn);
    struct texpr *special = function_special(scope, expr, name);
    if (special == NULL) special = function_aggregate(scope, expr, name);
    if (special != NULL) return special;
    if (expr->items.count > FUNCTION_MAX_ARGS)
        return function_wrong_count(scope, expr, name, expr->items.count);
    struct texpr *args[FUNCTION_MAX_ARGS];
    /* An aggregate that is misspelt has arguments of the rows, which this scope does not know. */
    if (scope->aggregates && function_is_unknown(scope, expr)) return function_unknown(scope, expr, name);
    bool good = function_check_args(scope, expr, args);
    if (!good) {
        /* An unknown function is worth saying even where its arguments are wrong too. */
        for (enum opcode op = 0; op < OP_COUNT; op++)
            if (function_is_named(op, name)) return node_error(scope, expr->span);
        return function_unknown(scope, expr, name);
    }
    return function_resolve(scope, name, args, expr->items.count, expr);
}

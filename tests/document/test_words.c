/* What each form of expression, and each function, says in words. */
#include "compiler/document/document.h"
#include "compiler/document/words.h"
#include "tests/compiler/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char FOLDER[] = MIG_SOURCE_DIR "/tests/document";

/* A map with a row of each kind; %s is a line that fills a column of all types, or a clause. */
static const char SPEC[] =
    "migration words version 1\n"
    "param cutover timestamptz\n"
    "param key secret\n"
    "source old : csv 'old.csv' {\n"
    "  id text from 'Id'; code text? from 'Code'; due text? from 'Due Date'; n int? from 'N'; d decimal? "
    "from 'D'\n"
    "  day date? from 'Day' format 'DD/MM/YYYY'; at timestamptz? from 'At'; ok bool? from 'Ok'; raw json? "
    "from 'Raw'\n"
    "  tags text[]? from 'Tags'; phone text? from 'Phone' pii; time_at time? from 'Time'; stamp timestamp? "
    "from 'Stamp'\n"
    "}\n"
    "source tree : json 'tree.json' children 'kids' { id text; name text? from 'full.name' }\n"
    "source other : csv 'other.csv' { id text; title text? from 'Title' }\n"
    "target app : postgres env 'APP' schema 'words.sql'\n"
    "codes state : text -> app.state { 'o', 'open' => open; 'c' => closed }\n"
    "codes pair : text, text -> text { ('a', 'b') => 'ab' }\n"
    "-- As people are known.\n"
    "fn same(x text) text = lower(trim(x))\n"
    "map parents\n  from o in other\n  into app.parents\n  key o.id\n{ id = o.id; title = o.title }\n"
    "map items\n  from r in %s\n  into app.items\n%s  key r.id\n{\n  id = r.id\n%s\n}\n";

struct made {
    struct compiled compiled;
    struct document *document;
    struct arena arena;
};

static void make(struct made *made, const char *source, const char *clauses, const char *lines) {
    *made = (struct made){0};
    struct str text = arena_printf(&made->arena, SPEC, source, clauses, lines);
    golden_compile_text(&made->compiled, FOLDER, text);
    if (made->compiled.plan == NULL)
        fail_msg("%s%s\n%.*s", clauses, lines, STR_ARG(golden_render(&made->compiled)));
    made->document = document_make(&made->arena, made->compiled.plan, (struct str){0}, &made->compiled.diags);
    assert_non_null(made->document);
}

static void made_release(struct made *made) {
    golden_release(&made->compiled);
    arena_release(&made->arena);
}

static const struct document_map *items_of(const struct made *made) {
    for (uint32_t i = 0; i < made->document->maps.count; i++)
        if (str_is(made->document->maps.items[i].name, "items")) return &made->document->maps.items[i];
    fail_msg("the map is not there");
    return NULL;
}

static void append_outcomes(struct buf *out, const struct document_outcomes *outcomes) {
    static const char *const KINDS[] = {
        [OUTCOME_USE] = "use",      [OUTCOME_SKIP] = "skip", [OUTCOME_REJECT] = "reject",
        [OUTCOME_WARN] = "warn",    [OUTCOME_FAIL] = "fail", [OUTCOME_KEEP] = "keep",
        [OUTCOME_UPDATE] = "update"};
    for (uint32_t i = 0; i < outcomes->list.count; i++) {
        const struct document_outcome *outcome = &outcomes->list.items[i];
        buf_printf(out, " | %s%s ", outcome->implied ? "implied " : "", KINDS[outcome->kind]);
        phrase_plain(&outcome->when, out);
        if (!phrase_is_empty(&outcome->message)) buf_append_cstr(out, " : ");
        for (uint32_t r = 0; r < outcome->message.runs.count; r++)
            buf_printf(out, outcome->message.runs.items[r].kind == RUN_SLOT ? "{%.*s}" : "%.*s",
                       STR_ARG(outcome->message.runs.items[r].text));
        if (!phrase_is_empty(&outcome->use)) buf_append_cstr(out, " -> ");
        phrase_plain(&outcome->use, out);
    }
}

/* All that differ are shown before the test fails. */
static bool says_so(const char *what, const struct buf *actual, const char *expected) {
    if (str_is(buf_str(actual), expected)) return true;
    print_error("%s\n  says      %.*s\n  should be %s\n", what, STR_ARG(buf_str(actual)), expected);
    return false;
}

/* ------------------------------------------------------------------ expressions */

struct says {
    const char *expr; /* what fills the column */
    const char *column;
    const char *words; /* and outcomes: " | reject when … : message -> value" */
};

static const struct says EXPRESSIONS[] = {
    {"'x'", "t", "“x”"},
    {"''", "t", "an empty text"},
    {"null", "t", "empty"},
    {"12", "n", "12"},
    {"-12", "n", "−12"},
    {"1.50", "d", "1.50"},
    {"1e3", "f", "1e3"},
    {"true", "b", "true"},
    {"date '2025-12-31'", "day", "2025-12-31"},
    {"$cutover + 14 days", "at", "parameter cutover + 14 days"},
    {"$cutover", "at", "parameter cutover"},
    {"$run.started_at", "at", "the time at which the run started"},
    {"r.code", "t", "column `Code`"},
    {"r.day", "day", "the date in column `Day` read as DD/MM/YYYY"},
    {"r.source.file", "t", "the name of the file"},
    {"r.source.line", "n", "the number of the line"},
    {"r.n + 1 * 2", "n", "`N` + 1 × 2"},
    {"(r.n + 1) * 2", "n", "(`N` + 1) × 2"},
    {"r.n - (1 - 2)", "n", "`N` − (1 − 2)"},
    {"r.n % 7", "n", "`N` modulo 7"},
    {"r.d / 2", "d", "`D` ÷ 2"},
    {"10 / r.d", "d", "10 ÷ `D` | implied reject when it cannot be computed"},
    {"r.id || '-' || r.id", "t", "`Id` followed by “-” followed by `Id`"},
    {"\"{r.id} of {upper(r.id)}\"", "t", "the text “‹Id› of ‹upper(r.id)›”"},
    {"r.code ?? 'none'", "t", "`Code`, or “none” where it is empty"},
    {"r.code ?? r.due ?? 'none'", "t", "the first of `Code`, `Due Date` and “none” that is not empty"},
    {"r.code == 'a'", "b", "`Code` equals “a”"},
    {"r.code != 'a'", "b", "`Code` differs from “a”"},
    {"r.n < 1", "b", "`N` is less than 1"},
    {"r.n <= 1", "b", "`N` is at most 1"},
    {"r.n > 1", "b", "`N` is more than 1"},
    {"r.n >= 1", "b", "`N` is at least 1"},
    {"r.ok and r.n > 1", "b", "`Ok`; and `N` is more than 1"},
    {"r.n in (1, 2, 3)", "b", "`N` is one of 1, 2 or 3"},
    {"r.n not in (1, 2)", "b", "`N` is not one of 1 or 2"},
    {"r.n in (1)", "b", "`N` is 1"},
    {"r.n between 1 and 5", "b", "`N` is between 1 and 5"},
    {"r.n not between 1 and 5", "b", "`N` is not between 1 and 5"},
    {"r.code is null", "b", "`Code` is empty"},
    {"r.code is not null", "b", "`Code` is not empty"},
    {"not (r.code is null)", "b", "`Code` is not empty"},
    {"not r.ok", "b", "not `Ok`"},
    {"not (r.ok or r.n > 1)", "b", "not (`Ok` or `N` is more than 1)"},
    {"r.code like 'a%'", "b", "`Code` starts with “a”"},
    {"r.code like '%a'", "b", "`Code` ends with “a”"},
    {"r.code not like '%a%'", "b", "`Code` does not contain “a”"},
    {"r.code like 'a_b%'", "b", "`Code` is like “a_b%” (% stands for any characters, _ for one)"},
    {"r.code matches '^a+$'", "b", "`Code` matches the pattern ^a+$"},
    {"r.code not matches '^a+$'", "b", "`Code` does not match the pattern ^a+$"},
    {"if r.ok then 'a' else if r.n > 1 then 'b' else 'c'", "t",
     "if `Ok`: “a”; otherwise, if `N` is more than 1: “b”; otherwise: “c”"},
    {"match r.code { 'a', 'b' => 'x'; when r.n > 1 => 'y'; _ => reject \"no {r.code}\" }", "t",
     "by `Code`:; “a” or “b”: “x”; if `N` is more than 1: “y”; otherwise: the row is rejected: “no ‹Code›”"},
    {"match { when r.ok => 1; _ => skip }", "n", "if `Ok`: 1; otherwise: the row is left out"},
    {"text(r.raw.a.b)", "t", "`a.b` in `Raw`, as text | implied reject when it cannot be read"},
    {"text(r.raw['a'])", "t", "`['a']` in `Raw`, as text | implied reject when it cannot be read"},
    {"['a', r.id]", "tags", "the list of “a” and `Id`"},
    {"upper(trim(r.id))", "t", "column `Id`, without blanks at the ends, in upper case"},
    {"length(trim(r.id))", "n", "the length of `Id` (without blanks at the ends)"},
    {"replace(r.id, ',', '')", "t", "column `Id`, “,” removed"},
    {"replace(r.id, ',', '.')", "t", "column `Id`, “,” replaced by “.”"},
    {"same(r.id)", "t", "same of `Id`"},
    {"mask(r.phone, keep last 3)", "t", "`Phone` (starred out but for its last 3 characters)"},
    {"uuid5('item', r.id)", "u", "an id that is the same in every run, made of “item” and `Id`"},
    {"date(r.due, 'DD/MM/YYYY')  on error warn \"due {r.due} left empty\" use null", "day",
     "the date in `Due Date` read as DD/MM/YYYY | warn when it cannot be read : due {Due Date} left empty -> "
     "empty"},
    {"date(r.due)  on error skip", "day", "the date in `Due Date` | skip when it cannot be read"},
    {"int(r.id)  on error fail 'no number'", "n",
     "the whole number in `Id` | fail when it cannot be read : no number"},
    {"int(r.id)", "n", "the whole number in `Id` | implied reject when it cannot be read"},
    {"upper(r.code)  on null reject", "must", "column `Code`, in upper case | reject when it is empty"},
    {"upper((r.code on null use 'x'))", "must", "`Code`, in upper case | use when `Code` is empty -> “x”"},
    {"state[same(r.id)]  on missing reject \"no {r.id}\"", "state",
     "looked up in codes state by same of `Id` | reject when it is not among the codes of state : no {Id}"},
    {"state[r.id]", "state",
     "looked up in codes state by `Id` | implied reject when it is not among the codes of state"},
    {"if r.ok then 'a' else (pair[r.id, 'b'] on missing use 'c')", "t",
     "if `Ok`: “a”; otherwise: the pair code of `Id` and “b” | use when `Id` and “b” is not among the codes "
     "of pair "
     "-> “c”"},
    {"parents[r.id].id  on missing skip", "t",
     "the `id` of the row of map parents whose key is `Id` | skip when there is no such row in parents | "
     "implied "
     "skip when that row of parents was left out"},
};

static void test_expressions(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof EXPRESSIONS / sizeof *EXPRESSIONS; i++) {
        const struct says *says = &EXPRESSIONS[i];
        struct made made;
        struct buf actual = {0};
        char line[600];
        snprintf(line, sizeof line, "  %s = %s", says->column, says->expr);
        make(&made, "old", "", line);
        const struct document_map *map = items_of(&made);
        for (uint32_t c = 0; c < map->columns.count; c++) {
            if (!str_is(map->columns.items[c].name, says->column)) continue;
            phrase_plain(&map->columns.items[c].words, &actual);
            append_outcomes(&actual, &map->columns.items[c].outcomes);
        }
        wrong += !says_so(says->expr, &actual, says->words);
        buf_release(&actual);
        made_release(&made);
    }
    assert_int_equal(wrong, 0);
}

/* ------------------------------------------------------------------ clauses */

static const struct clause {
    const char *source, *clauses, *lines, *label, *words;
} CLAUSES[] = {
    {"old", "  where r.code == 'a' or r.n in (1, 2)\n", "", "Only rows where",
     "`Code` equals “a”; or (`N` is one of 1 or 2)"},
    {"old", "  unique by r.id keep last by r.n desc\n", "", "No two rows with the same",
     "`Id`; the last one is kept in the order of `N`, largest first, the others are left out"},
    {"old", "  unique by r.id on duplicate reject 'twice'\n", "", "No two rows with the same",
     "`Id` | reject when a later row with the same is there more than once : twice"},
    {"old", "  each v in r.tags\n  unique by r.id keep first\n", "  t = v", "For each",
     "a row for each element v of column `Tags`"},
    {"old", "  join o in other on o.id == r.id\n  unique by r.id keep first\n", "  t = o.title",
     "Joined with",
     "each row of source other, called o, where `id` equals `Id`; a row without any is left out"},
    {"old", "  left join o in other on o.id == r.id\n  unique by r.id keep first\n", "  t = o.title",
     "Joined with", "each row of source other, called o, where `id` equals `Id`; empty where there is none"},
    {"old", "  tolerance 2%\n", "", "Rejected rows tolerated", "2 %"},
    {"old", "  after parents\n", "", "Only after map", "parents"},
    {"old", "  partition by r.id as tenant\n", "", "Part",
     "column `Id`, called tenant; a run can be limited to one"},
    {"old", "  on conflict (id) update\n", "  t = r.code", "Rows that are in the target already",
     "are found by `id` | update when a row is in the target already -> all columns that the map fills, but "
     "not "
     "its key"},
    {"old", "  on conflict (id) update (t)\n", "  t = r.code", "Rows that are in the target already",
     "are found by `id` | update when a row is in the target already -> `t`"},
    {"old", "  on conflict (id) skip\n", "", "Rows that are in the target already",
     "are found by `id` | skip when a row is in the target already"},
    {"old", "  on conflict (id) reject 'old'\n", "", "Rows that are in the target already",
     "are found by `id` | reject when a row is in the target already : old"},
    {"old", "", "", "Rows that are in the target already",
     "stay as they are | implied reject when the target refuses the new row"},
    {"old", "", "  n = r.n", "Must be readable",
     "`N` (whole number) | implied reject when one that the row needs is of another kind"},
    {"old", "", "  t = r.id", "Must be filled in",
     "`Id` | implied reject when one that the row needs is empty"},
    {"tree", "", "  t = r.parent.name", "Rows",
     "each row of source tree, with the rows below it (`tree.json`)"},
    {"old", "  lookup o in other on o.id == r.id  on missing skip\n", "  t = o.title", "o",
     "the row of source other where `id` equals `Id` | skip when there is none | implied reject when there "
     "are "
     "several in `other`"},
    {"old", "  left lookup p in app.parents on p.id == r.id\n", "  t = p.title", "p",
     "the row of the target's table `public.parents` where `id` equals `Id`; empty where there is none | "
     "implied "
     "reject when there are several in `public.parents`"},
    {"old", "", "  let x = upper(r.code)\n  t = x", "x", "column `Code`, in upper case"},
    {"old", "", "  n = r.n\n  validate small: n is null or n < 9  on fail warn \"{n} is large\"", "small",
     "n is empty; or n is less than 9 | warn when it does not hold : {n} is large"},
};

static const struct document_rule *find_rule(const struct document_map *map, const char *label) {
    const struct document_rules *lists[] = {&map->rules, &map->terms, &map->validations};
    for (int l = 0; l < 3; l++)
        for (uint32_t i = 0; i < lists[l]->list.count; i++)
            if (str_is(lists[l]->list.items[i].label, label)) return &lists[l]->list.items[i];
    return NULL;
}

static void test_clauses(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof CLAUSES / sizeof *CLAUSES; i++) {
        struct made made;
        struct buf actual = {0};
        make(&made, CLAUSES[i].source, CLAUSES[i].clauses, CLAUSES[i].lines);
        const struct document_rule *rule = find_rule(items_of(&made), CLAUSES[i].label);
        if (rule == NULL)
            fail_msg("%s%s: no rule %s", CLAUSES[i].clauses, CLAUSES[i].lines, CLAUSES[i].label);
        phrase_plain(&rule->words, &actual);
        append_outcomes(&actual, &rule->outcomes);
        wrong += !says_so(CLAUSES[i].clauses, &actual, CLAUSES[i].words);
        buf_release(&actual);
        made_release(&made);
    }
    assert_int_equal(wrong, 0);
}

/* ------------------------------------------------------------------ functions */

static void check_template(const char *name, uint32_t arguments) {
    const char *words = words_of_function(str_cstr(name), arguments);
    if (words == NULL) {
        fail_msg("phrases.def has no words for %s of %u arguments", name, arguments);
        return;
    }
    for (const char *at = words; *at; at++)
        if ((*at == '$' || *at == '%') && (at[1] < '0' || at[1] >= (char)('0' + arguments)))
            fail_msg("%s of %u arguments: `%s` speaks of another one", name, arguments, words);
}

/* Each function of the language, with and without its pattern. */
static void test_every_function(void **state) {
    (void)state;
    uint32_t count = 0;
    for (int op = 0; op < OP_COUNT; op++) {
        const struct opcode_info *info = &OPCODES[op];
        if (info->function[0] == 0 || strstr(info->function, "_keep_")) continue; /* mask(x, keep last 3) */
        uint32_t operands = (uint32_t)strlen(info->operands);
        bool constant = info->imm == IMM_TEMPLATE || info->imm == IMM_REGEX || info->imm == IMM_ZONE ||
                        info->imm == IMM_PATH;
        bool optional = constant && strstr(info->doc, "pattern?") != NULL;
        check_template(info->function, operands + constant);
        if (optional) check_template(info->function, operands);
        count++;
    }
    assert_true(count > 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_clauses),
        cmocka_unit_test(test_every_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

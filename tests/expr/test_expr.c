/* Golden cases of the expression checker: what an expression is, or what is said about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/expr/world.h"

struct golden {
    const char *text;
    const char *want; /* see world_describe; or "E0301 part of the message or help" */
};

/* "E0301 message | help | help" of the first diagnostic. */
static struct str first_diag(struct world *world) {
    struct buf out = {0};
    for (uint32_t i = 0; i < world->diags.items.count; i++) {
        const struct diag *diag = world->diags.items.items[i];
        buf_printf(&out, "%s%s %.*s", i ? "\n" : "", diag_code_id(diag->code), STR_ARG(diag->message));
        for (uint32_t h = 0; h < diag->help.count; h++)
            buf_printf(&out, " | %.*s", STR_ARG(diag->help.items[h]));
        if (diag->has_fix) buf_printf(&out, " | fix=[%.*s]", STR_ARG(diag->fix_text));
    }
    struct str copy = arena_copy_str(&world->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

static bool str_holds(struct str text, struct str part) {
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (memcmp(text.ptr + i, part.ptr, part.len) == 0) return true;
    return false;
}

static bool golden_is_code(const char *want) {
    return (want[0] == 'E' || want[0] == 'W') && want[1] == '0';
}

/* A case holds when the code is the first one's and every part between ` & ` stands in what is said. */
static bool golden_said(struct str said, struct str want, size_t errors) {
    if (said.len < 5 || memcmp(said.ptr, want.ptr, 5) != 0 || errors > 1) return false;
    want.ptr += 5;
    want.len -= 5;
    while (want.len > 0) {
        while (want.len > 0 && want.ptr[0] == ' ') {
            want.ptr++;
            want.len--;
        }
        size_t end = 0;
        while (end < want.len && !(want.ptr[end] == '&' && end > 0 && want.ptr[end - 1] == ' '))
            end++;
        size_t len = end;
        while (len > 0 && want.ptr[len - 1] == ' ')
            len--;
        if (!str_holds(said, str_from(want.ptr, len))) return false;
        size_t step = end < want.len ? end + 1 : end;
        want.ptr += step;
        want.len -= step;
    }
    return true;
}

static unsigned run_golden(struct world *world, const struct golden *cases, size_t count,
                           const struct expected *expected) {
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct texpr *node = world_check(world, cases[i].text, expected);
        struct str said = first_diag(world);
        struct str got = node == NULL ? STR("(does not parse)") : world_describe(world, node);
        bool good;
        if (golden_is_code(cases[i].want)) {
            good = golden_said(said, str_cstr(cases[i].want), world->diags.items.count);
            bool warning = cases[i].want[0] == 'W';
            good = good && node != NULL && (node->type.kind == TYPE_NONE) != warning;
        } else {
            good = said.len == 0 && str_is(got, cases[i].want);
        }
        if (good) continue;
        wrong++;
        fprintf(stderr, "%s\n  want: %s\n  got:  %.*s\n  said: %.*s\n", cases[i].text, cases[i].want,
                STR_ARG(got), STR_ARG(said));
    }
    return wrong;
}

#define RUN(cases, expected)                                                                                 \
    do {                                                                                                     \
        struct world *world = *state;                                                                        \
        assert_int_equal(run_golden(world, cases, sizeof(cases) / sizeof *(cases), expected), 0);            \
    } while (0)

static int set_up(void **state) {
    struct world *world = memory_alloc(sizeof *world);
    world_init(world);
    world_add_fn(world, "fn tidy(x text) text = squeeze(lower(trim(x)))\n"
                        "fn money(x text) decimal = decimal(replace(trim(x), ',', ''))\n"
                        "fn safe(x text) int = int(x) on error use 0\n"
                        "fn opt(x text?) text = x ?? 'none'\n"
                        "fn twice(x text) text = tidy(x) || tidy(x)\n"
                        "fn flag(e status) bool = e == 'done'\n"
                        "fn keyed(k secret, x text) bytes = hmac_sha256(k, x)\n"
                        "extern fn luhn(x text) bool from 'libcards.so' symbol 'luhn'\n");
    assert_int_equal(world->diags.items.count, 0);
    *state = world;
    return 0;
}

static int tear_down(void **state) {
    world_release(*state);
    free(*state);
    return 0;
}

/* ---------------------------------------------------------------- literals */

static void test_literals(void **state) {
    static const struct golden cases[] = {
        {"1", "int C"},
        {"1_000_000", "int C"},
        {"-9223372036854775808", "int C"},
        {"9223372036854775808", "E0109 9223372036854775808 & is out of range & decimal"},
        {"12.50", "decimal C"},
        {"1e-3", "float C"},
        {"true", "bool C"},
        {"'x'", "text C"},
        {"null", "null C"},
        {"date '2025-02-28'", "date C"},
        {"date '2025-02-31'", "E0109 `2025-02-31` is not a date & date '2025-12-31'"},
        {"time '13:45'", "time C"},
        {"timestamp '2025-02-28 10:00'", "timestamp C"},
        {"timestamptz '2025-09-19 00:00 Australia/Sydney'", "timestamptz C"},
        {"timestamptz '2025-09-19 00:00'", "E0109 is not a timestamp with a time zone & offset or zone"},
        {"uuid '6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10'", "uuid C"},
        {"uuid 'nope'", "E0109 is not a UUID"},
        {"interval '1 month'", "interval C"},
        {"14 days", "interval C"},
        {"12 months", "interval C"},
        {"json '{\"a\": 1}'", "json C"},
        {"json '{a}'", "E0109 is not JSON"},
        {"[1, 2]", "int[] C"},
        {"['a', null]", "text?[] C"},
        {"[1, 2.5]", "decimal[] C"},
        {"[1, 'a']", "E0306 elements of an array have one type & text, not int"},
        {"[t.s, 'a']", "text[] FV"},
        {"[]", "E0301 elements' type is not known"},
    };
    RUN(cases, NULL);
}

/* ---------------------------------------------------------------- names */

static void test_names(void **state) {
    static const struct golden cases[] = {
        {"t.s", "text FV"},
        {"t.s_n", "text? FV"},
        {"t.phone", "text FPV"},
        {"t.e", "status FV"},
        {"t.a", "text[] FV"},
        {"t.n", "unknown C"},
        {"t.n + 1", "unknown C"},
        {"lower(t.n)", "unknown C"},
        {"t.phon", "E0202 `t` has no column `phon` & did you mean `phone`? & fix=[phone]"},
        {"t.zzzzzzz", "E0202 its columns are `b`"},
        {"t", "E0315 `t` is a row, not a value & t.column"},
        {"x", "E0201 nothing here is named `x`"},
        {"itme", "E0201 did you mean `item`? & fix=[item]"},
        {"phone", "E0201 it is a column of a row: write `t.phone` & fix=[t.phone]"},
        {"cutover", "E0201 with its dollar sign & fix=[$cutover]"},
        {"projects", "E0207 `projects` is a map, not a value & projects[key]"},
        {"states", "E0207 is a code table & states[key]"},
        {"tidy", "E0207 is a function & tidy("},
        {"item", "text? V"},
        {"$cutover", "timestamptz"},
        {"$region", "text?"},
        {"$cutovr", "E0204 no parameter `$cutovr` & did you mean `$cutover`? & fix=[$cutover]"},
        {"$nothing_like_it", "E0204 declare it: `param nothing_like_it text`"},
        {"$run.id", "uuid"},
        {"$run.started_at", "timestamptz"},
        {"$run.environment", "text?"},
        {"$run.user", "E0204 `$run` has no part `user`"},
        {"$run", "E0207 has parts & $run.id"},
        {"$event.kind", "E0207 exists only in `audit`"},
        {"t.source.file", "text V"},
        {"t.source.line", "int V"},
        {"t.source.row", "int V"},
        {"t.source.column", "E0202 a row's place has no `column` & .source.line"},
        {"t.source", "E0315 is no value & t.source.file"},
        {"t.parent.s", "E0207 `parent` is not known of this row & json sources"},
        {"c.parent.id", "text? FV"},
        {"c.parent.item", "text? FV"},
        {"c.root.id", "text FV"},
        {"c.root.root.id", "text FV"},
        {"c.depth", "int V"},
        {"c.parent.parent.id", "E0207 its parent and its root, no others"},
        {"c.parent", "E0315 it is a row"},
        {"c.parent is null", "bool V"},
        {"c.parent is not null", "bool V"},
        {"c is null", "bool C"},
        {"c.parent.idd", "E0202 did you mean `id`?"},
        {"boss.id", "uuid V"},
        {"boss.nick", "text? V"},
        {"boss.email", "text PV"},
        {"owner.id", "uuid? V"},
        {"owner.mail", "E0202 `owner` has no column `mail` & email"},
        {"owner is null", "bool V"},
        {"project.id", "uuid? V"},
        {"project.note", "text? V"},
        {"project.titel", "E0202 `projects` has no column `titel`"},
        {"t.s.x", "E0202 a value of type text has no members"},
        {"t.j.a", "json? FV"},
        {"t.j.a.b['odd key'][0]", "json? FV"},
        {"t.j['a']", "json? FV"},
        {"t.j[0]", "json? FV"},
        {"t.j[t.s]", "json? FV"},
        {"t.j[t.b]", "E0313 by a text or an int, not by bool"},
        {"text(t.j.a)", "text? FV"},
        {"t.s[1]", "E0313 a value of type text has no index"},
        {"t.a[1]", "E0313 element(x, 1)"},
    };
    RUN(cases, NULL);
}

/* ---------------------------------------------------------------- codes and maps */

static void test_indexes(void **state) {
    static const struct golden cases[] = {
        {"states[t.s]", "status FMV"},
        {"states[t.s_n]", "status? FMV"},
        {"states['wip']", "status MV"},
        {"states['wpi']", "E0206 `states` has no key 'wpi' & did you mean 'wip'? & fix=['wip']"},
        {"states['nothing alike']", "E0206 add a line for it"},
        {"states[t.i]", "E0313 the key of `states` is text, not int & `text(t.i)`"},
        {"states[t.s, t.s]", "E0313 has 1 part, not 2"},
        {"labels[t.i]", "text FMV"},
        {"labels[t.s]", "E0313 is int, not text & `int(t.s)`"},
        {"rates[t.s, t.i]", "decimal FMV"},
        {"rates[t.s]", "E0313 has 2 parts, not 1"},
        {"strict[t.s]", "bool FV"},
        {"stats[t.s]", "E0201 no code table or map `stats` & did you mean `states`?"},
        {"projects[t.s].id", "uuid FMSV"},
        {"projects[t.s].note", "text? FMSV"},
        {"projects[t.s_n].id", "uuid? FMSV"},
        {"projects[t.phone].id", "uuid FMSV"},
        {"projects[t.s]", "a row of projects FMSV"},
        {"projects[t.i].id", "E0313 the key of `projects` is text, not int"},
        {"projects[t.s].nam", "E0202 did you mean `name`?"},
        {"pairs[t.s, t.i].id", "uuid FMSV"},
        {"pairs[t.s].id", "E0313 2 parts, not 1"},
        {"unkeyed[t.s].id", "E0207 has no `key` & key x.code"},
        {"broken[t.s].id", "unknown C"},
        {"states(t.s)", "E0203 square brackets"},
    };
    RUN(cases, NULL);
}

/* ---------------------------------------------------------------- operators */

static void test_operators(void **state) {
    static const struct golden cases[] = {
        {"t.i + 1", "int FV"},
        {"1 + 2", "int C"},
        {"t.i + t.d", "decimal FV"},
        {"t.i_n + 1", "int? FV"},
        {"t.i / 2", "decimal FV"},
        {"t.i % 2", "int FV"},
        {"t.d % 2", "decimal FV"},
        {"t.f * 2", "float FV"},
        {"2 * t.f", "float FV"},
        {"t.f + t.i", "E0302 `+` does not take float and int & `float(t.i)`"},
        {"t.s + t.s", "E0302 `+` does not take text and text & `||` joins texts"},
        {"t.s * 2", "E0302 `*` does not take text and int & `int(t.s)`"},
        {"t.b + 1", "E0302 `+` does not take bool and int"},
        {"t.i / 0", "E0314 a division by zero"},
        {"t.d % 0.0", "E0314 a division by zero"},
        {"9223372036854775807 + 1", "E0311 always fails: it is too large"},
        {"t.da + 1", "date FV"},
        {"t.da - t.da", "int FV"},
        {"t.da + 12 months", "date FV"},
        {"12 months + t.da", "date FV"},
        {"t.da + 3 hours", "E0311 no time of day & timestamp(x)"},
        {"t.ts - 3 hours", "timestamp FV"},
        {"t.ts - t.ts", "interval FV"},
        {"t.tz + 14 days", "timestamptz FV"},
        {"t.tz + 1 month", "E0311 takes no months & at_zone"},
        {"t.tz - t.tz", "interval FV"},
        {"t.da - t.ts", "E0302 `-` does not take date and timestamp"},
        {"t.iv * 3", "interval FV"},
        {"3 * t.iv", "interval FV"},
        {"-t.i", "int FV"},
        {"-t.iv", "interval FV"},
        {"-t.s", "E0302 `-` does not take text & decimal(t.s)"},
        {"t.s || 'x'", "text FV"},
        {"t.s || t.s_n || 'x'", "text? FV"},
        {"t.s || t.i", "E0302 `||` joins texts, and this is int & `text(t.i)`"},
        {"'a' || 'b'", "text C"},
        {"$key || 'a'", "E0702 is a secret & hmac_sha256($key, x)"},
        {"t.i + x", "E0201 nothing here"},
    };
    RUN(cases, NULL);
}

static void test_comparisons(void **state) {
    static const struct golden cases[] = {
        {"t.i == 1", "bool FV"},
        {"t.i_n == 1", "bool? FV"},
        {"t.i == 1.5", "bool FV"},
        {"t.s < 'm'", "bool FV"},
        {"t.u == t.u", "bool FV"},
        {"t.e == 'done'", "bool FV"},
        {"'done' == t.e", "bool FV"},
        {"t.e == 'dome'", "E0205 `status` has no label 'dome' & did you mean 'done'? & fix=['done']"},
        {"t.e == 'nothing alike'", "E0205 its labels are 'todo', 'doing', 'done'"},
        {"t.e == done", "E0201 a label is written as a text: 'done' & fix=['done']"},
        {"t.e == t.s", "E0302 `==` does not compare status with text & code table"},
        {"t.e < 'done'", "bool FV"},
        {"t.da == t.s", "E0302 `==` does not compare date with text & date(t.s, 'DD/MM/YYYY')"},
        {"t.s == 1", "E0302 `==` does not compare text with int & `int(t.s)`"},
        {"t.ts >= t.da", "E0302 does not compare timestamp with date"},
        {"t.j == t.j", "E0302 does not compare json with json & text(x)"},
        {"t.a == t.a", "E0302 element"},
        {"t.i == null", "E0316 write `t.i is null` & fix=[t.i is null]"},
        {"t.i != null", "E0316 fix=[t.i is not null]"},
        {"$key == 'x'", "E0702 is a secret"},
        {"t.s in ('a', 'b')", "bool FV"},
        {"t.s not in ('a', 'b')", "bool FV"},
        {"t.s_n in ('a', 'b')", "bool? FV"},
        {"t.i in (1, 2, 3)", "bool FV"},
        {"t.i in (1, 2.5)", "bool FV"},
        {"t.e in ('todo', 'done')", "bool FV"},
        {"t.e in ('todo', 'dne')", "E0205 has no label 'dne'"},
        {"t.d in (1, t.i)", "bool FV"},
        {"t.s in ('a', null)", "E0316 t.s is null or t.s in"},
        {"t.s in (1, 2)", "E0302 does not compare text with int"},
        {"t.i between 1 and 5", "bool FV"},
        {"t.i_n not between 1 and 5", "bool? FV"},
        {"t.da between date '2025-01-01' and t.da_n", "bool? FV"},
        {"t.s between 1 and 2", "E0302 does not compare text with int"},
        {"t.s like 'a%'", "bool FV"},
        {"t.s_n like t.s", "bool? FV"},
        {"t.s like 'a\\'", "E0309 ends on its escape"},
        {"t.i like 'a%'", "E0302 `like` takes texts, not int & text(t.i)"},
        {"t.s matches '^[a-z]+$'", "bool FV"},
        {"t.s not matches '^[a-z]+$'", "bool FV"},
        {"t.s matches '[a-z'", "E0309 regular expression is malformed"},
        {"t.s matches t.s", "E0310 the regular expression must be a constant"},
        {"t.b and t.b_n", "bool? FV"},
        {"t.b or not t.b", "bool FV"},
        {"t.s and t.b", "E0301 a condition takes bool, not text & is not null"},
        {"not t.i", "E0301 a condition takes bool, not int"},
    };
    RUN(cases, NULL);
}

/* ---------------------------------------------------------------- branches */

static void test_branches(void **state) {
    static const struct golden cases[] = {
        {"if t.b then 1 else 2", "int FV"},
        {"if t.b then 1 else null", "int? FV"},
        {"if t.b then 1 else 2.5", "decimal FV"},
        {"if t.b then 'x' else 1", "E0306 the branches of `if` have one type & int, not text"},
        {"if t.b then t.e else 'done'", "status FV"},
        {"if t.b then 'done' else t.e", "status FV"},
        {"if t.b then t.e else 'dne'", "E0205"},
        {"if t.b then t.e else t.s", "E0306 text, not status & only a text literal becomes a label"},
        {"if t.s then 1 else 2", "E0301 a condition takes bool, not text"},
        {"t.s_n ?? 'x'", "text FV"},
        {"t.s_n ?? t.s_n", "text? FV"},
        {"t.i_n ?? 1.5", "decimal FV"},
        {"t.e_n ?? 'todo'", "status FV"},
        {"t.s ?? 'x'", "W0902 `t.s` is never null & fix=[]"},
        {"t.s_n ?? 1", "E0306 both sides of `??`"},
        {"if t.s_n is null then 'x' else t.s_n", "text FV"},
        {"if t.s_n is not null then t.s_n else 'x'", "text FV"},
        {"if not (t.s_n is null) then t.s_n else 'x'", "text FV"},
        {"if t.s_n is null or t.i_n is null then 0 else length(t.s_n) + t.i_n", "int FV"},
        {"if t.s_n is null and t.i_n is null then 0 else length(t.s_n)", "int? FV"},
        {"t.s_n is null or length(t.s_n) > 2", "bool FV"},
        {"t.s_n is not null and length(t.s_n) > 2", "bool FV"},
        {"length(t.s_n) > 2 or t.s_n is null", "bool? FV"},
        {"if c.parent is null then 'x' else c.parent.id", "text FV"},
        {"if item is null then 'x' else item", "text V"},
        {"if owner is null then null else owner.id", "uuid? V"},
        {"if owner is not null then owner.email else 'x'", "text PV"},
        {"if $region is null then 'x' else $region", "text"},
        {"match t.s { 'a', 'b' => 1; _ => 2 }", "int FV"},
        {"match t.s { 'a' => 1; _ => 2.5 }", "decimal FV"},
        {"match t.s { 'a' => 1; _ => 'x' }", "E0306 the arms of a match"},
        {"match t.s { 'a' => 1 }", "E0307 what happens to other values & `_ => …`"},
        {"match t.s { 'a' => 1 } on missing use 0", "int FV"},
        {"match t.s { 'a' => 1; _ => reject 'no' }", "int FV"},
        {"match t.s { 'a' => 1; _ => skip }", "int FV"},
        {"match t.s { 'a' => 1; _ => warn 'odd' use null }", "int? FV"},
        {"match t.e { 'todo', 'doing' => 1; 'done' => 2 }", "int FV"},
        {"match t.e { 'todo' => 1; 'done' => 2 }", "E0307 no arm for 'doing'"},
        {"match t.e_n { 'todo', 'doing' => 1; 'done' => 2 }", "E0307 no arm for null"},
        {"match t.e_n { 'todo', 'doing' => 1; 'done' => 2; null => 3 }", "int FV"},
        {"match t.e { 'todo' => 1; 'dne' => 2; _ => 3 }", "E0205 has no label 'dne'"},
        {"match t.b { true => 'y'; false => 'n' }", "text FV"},
        {"match t.b { true => 'y' }", "E0307 no arm for false"},
        {"match t.b_n { true => 'y'; _ => 'n' }", "text FV"},
        {"match t.s { 'a' => 1; 'a' => 2; _ => 3 }", "W0903 'a' stands in an arm above"},
        {"match t.s { _ => 1; 'a' => 2 }", "W0903 below `_`"},
        {"match { when t.i > 1 => 'big'; _ => 'small' }", "text FV"},
        {"match { when t.s_n is null => 'x'; _ => t.s_n }", "text FV"},
        {"match t.s_n { null => 'x'; _ => t.s_n }", "text FV"},
        {"match t.s { when t.i > 1 => 1; 'a' => 2; _ => 3 }", "int FV"},
        {"match t.i { 'a' => 1; _ => 2 }", "E0302 does not compare int with text"},
        {"match t.s { 'a' => 'todo'; _ => t.e }", "status FV"},
        {"if t.b then (if t.b then 'todo' else 'done') else t.e", "status FV"},
        {"if t.b then (if t.b then 'todo' else 'dne') else t.e", "E0205"},
        {"if t.b then lower('done') else t.e", "E0306"},
        {"match t.s { 'a' => t.e; _ => 'todo' }", "status FV"},
        {"1 is null", "bool C"},
        {"null is null", "bool C"},
        {"$key is null", "E0702"},
    };
    RUN(cases, NULL);
}

/* ---------------------------------------------------------------- functions */

static void test_functions(void **state) {
    static const struct golden cases[] = {
        {"lower(t.s)", "text FV"},
        {"lower('A')", "text C"},
        {"lower(t.s_n)", "text? FV"},
        {"lower(null)", "text? C"},
        {"lower(t.i)", "E0303 `lower` does not take (int) & `text(t.i)` & lower(text) text"},
        {"lower(t.s, t.s)", "E0304 `lower` does not take 2 arguments & lower(text) text"},
        {"lowr(t.s)", "E0203 no function `lowr` & did you mean `lower`? & fix=[lower]"},
        {"now()", "E0203 $run.started_at"},
        {"coalesce(t.s_n, 'x')", "E0203 a ?? b"},
        {"left(t.s, 3)", "text FV"},
        {"left(t.s, '3')", "E0303 `left` does not take (text, text) & `int('3')`"},
        {"abs(t.i)", "int FV"},
        {"abs(t.d)", "decimal FV"},
        {"round(t.i, 2)", "decimal FV"},
        {"round(t.f, 2)", "float FV"},
        {"greatest(t.f, 0)", "float FV"},
        {"greatest(t.d, t.i)", "decimal FV"},
        {"greatest(t.s, t.i)", "E0303 does not take (text, int)"},
        {"int(t.s)", "int FV"},
        {"int('12')", "int C"},
        {"int('abc')", "E0311 `int('abc')` always fails: it is not a whole number"},
        {"int(t.d)", "int FV"},
        {"text(t.da)", "text FV"},
        {"text(t.e)", "text FV"},
        {"text(t.a)", "E0303 `text` does not take (text[])"},
        {"date(t.s)", "date FV"},
        {"date(t.s, 'DD/MM/YYYY')", "date FV"},
        {"date('31/02/2025', 'DD/MM/YYYY')", "E0311 is not a date"},
        {"date(t.s, 'DD/MM/YY')", "E0309 pattern is malformed"},
        {"date(t.s, 'DD/MM')", "E0309 pattern does not fit its type"},
        {"date(t.s, t.s)", "E0310 the pattern must be a constant text"},
        {"timestamptz(t.s, 'DD/MM/YYYY HH24:MI')", "E0309 no offset & at_zone"},
        {"format(t.da, 'DD/MM/YYYY')", "text FV"},
        {"format(t.da)", "E0304 format(date, pattern) text"},
        {"decimal(t.s, '999G999D99')", "decimal FV"},
        {"at_zone(t.ts, 'Australia/Sydney')", "timestamptz FV"},
        {"at_zone(t.ts, 'Sydney')", "E0309 'Sydney' is not a time zone & Australia/Sydney"},
        {"at_zone(t.ts)", "E0304 at_zone(timestamp, zone)"},
        {"date_at($cutover, 'Australia/Sydney')", "date"},
        {"truncate_to(t.da, 'month')", "date FV"},
        {"truncate_to(t.da, 'mnth')", "E0309 'mnth' is not a unit of time & did you mean 'month'?"},
        {"regex_replace(t.s, '$1', '(a)')", "text FV"},
        {"regex_replace(t.s, '$1', '(a')", "E0309 regular expression"},
        {"regex_extract(t.s, '[0-9]+')", "text? FV"},
        {"split(t.s, ',')", "text[] FV"},
        {"join(t.a, ',')", "text FV"},
        {"length(t.a)", "int FV"},
        {"contains(t.a, 'x')", "bool FV"},
        {"contains(t.a, 1)", "E0303"},
        {"element(t.a, 1)", "text? FV"},
        {"element([1, 2], 1)", "int C"},
        {"nullif(t.s, '')", "text? FV"},
        {"uuid5('task', t.s, t.i)", "uuid FV"},
        {"uuid5('task', t.s_n)", "uuid? FV"},
        {"uuid5()", "E0304 uuid5('task', t.code)"},
        {"uuid5($key)", "E0702"},
        {"uuid5(t.a)", "E0301 text[] has no text & join"},
        {"uuid4()", "W0904 another value in each run"},
        {"hmac_sha256($key, t.s)", "bytes FV"},
        {"hmac_sha256(t.s, t.s)", "E0303"},
        {"hmac_sha256($key, t.phone)", "bytes FV"},
        {"pseudonym(t.phone, $key)", "text FV"},
        {"lower($key)", "E0702 is a secret"},
        {"redact(t.phone)", "text FV"},
        {"mask(t.phone)", "text FV"},
        {"mask(t.phone, keep last 3)", "text FV"},
        {"mask(t.phone, 3)", "E0303 keep last 3"},
        {"lower(t.phone)", "text FPV"},
        {"sha256(t.phone)", "text FPV"},
        {"t.phone is null", "bool FV"},
        {"count()", "E0317 `count` works on the rows of a group"},
        {"tidy(t.s)", "text FV"},
        {"tidy(t.s_n)", "text? FV"},
        {"tidy('A  b')", "text C"},
        {"tidy(t.i)", "E0301 argument `x` of `tidy` takes text, not int & `text(t.i)`"},
        {"tidy()", "E0304 `tidy` takes 1 argument, not 0 & tidy(x text)"},
        {"money(t.s)", "decimal FV"},
        {"money('abc')", "E0311 this call of `money`"},
        {"safe(t.s)", "int FV"},
        {"safe('12')", "int"},
        {"opt(t.s_n)", "text FV"},
        {"opt(null)", "text"},
        {"opt(item)", "text V"},
        {"twice(t.s)", "text FV"},
        {"twice(null)", "text? C"},
        {"t.j[twice(null)]", "json? FV"},
        {"flag(t.e)", "bool FV"},
        {"flag('done')", "bool C"},
        {"flag('dne')", "E0205"},
        {"keyed($key, t.phone)", "bytes FV"},
        {"luhn(t.s)", "bool FV"},
        {"luhn(t.s_n)", "bool? FV"},
        {"tidy(nope)", "E0201 nothing here is named `nope`"},
        {"lower(nope)", "E0201 nothing here is named `nope`"},
    };
    RUN(cases, NULL);
}

/* ---------------------------------------------------------------- handlers */

static void test_handlers(void **state) {
    static const struct golden cases[] = {
        {"int(t.s) on error use 0", "int V"},
        {"int(t.s) on error use null", "int? V"},
        {"int(t.s) on error use 1.5", "decimal V"},
        {"int(t.s) on error use 'x'", "E0301 `use` gives text, and the expression int"},
        {"int(t.s) on error warn 'bad' use null", "int? V"},
        {"int(t.s) on error warn 'bad'", "E0308 which value to go on with & use null"},
        {"int(t.s) on error reject \"bad {t.s}\"", "int V"},
        {"int(t.s) on error skip", "int V"},
        {"int(t.s) on error fail 'stop'", "int V"},
        {"int(t.s) on error first", "E0308 among duplicates"},
        {"int(t.s_n) on null use 0 on error use 1", "int V"},
        {"int(t.s_n) on null reject 'none'", "int FV"},
        {"int(t.s) on error use 0 on error use 1", "E0308 stands here twice"},
        {"int(t.s) on null use 0", "W0901 `on null` waits for nothing & is never null & fix=[]"},
        {"item on error use 'x'", "W0901 `on error` waits for nothing & cannot fail"},
        {"t.s on missing use 'x'", "W0901 `on missing`"},
        {"states[t.s] on missing use 'todo'", "status FV"},
        {"states[t.s] on missing use 'tood'", "E0205 has no label 'tood' & did you mean 'todo'?"},
        {"states[t.s] on missing reject \"unknown {t.s}\"", "status FV"},
        {"states[lower('wip')] on error use 'todo'", "W0901 an index raises `missing`"},
        {"strict[t.s] on missing use true", "W0901 `on missing`"},
        {"projects[t.s].id on missing use null on skipped skip", "uuid? FV"},
        {"projects[t.s].id on missing reject 'no'", "uuid FSV"},
        {"(int(t.s) on error use 0) + 1", "int FV"},
        {"(t.s_n on null use 'x') || 'y'", "text FV"},
        {"lower(t.s_n on null use 'x')", "text FV"},
        {"int(t.s) on error reject \"secret {$key}\"", "E0702 is a secret"},
        {"int(t.s) on error reject \"no {t.zz}\"", "E0202 has no column `zz`"},
        {"int(t.phone) on error reject \"no {t.phone}\"", "int PV"},
        {"nope on error use 1", "E0201 nothing here"},
        {"nope on error use alsonope", "E0201"},
        {"\"a {t.s} b\"", "text FV"},
        {"\"a {t.s_n} b\"", "text? FV"},
        {"\"a {t.i} {t.da} b\"", "text FV"},
        {"\"{t.a}\"", "E0301 text[] has no text & join(x, ', ')"},
        {"\"{$key}\"", "E0702"},
        {"\"a {t.phone}\"", "text FPV"},
        {"\"a {1 + 2}\"", "text C"},
    };
    struct world *world = *state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* Two independent mistakes are two reports. */
        if (strcmp(cases[i].text, "nope on error use alsonope") == 0) {
            world_check(world, cases[i].text, NULL);
            assert_int_equal(world->diags.error_count, 2);
            continue;
        }
        wrong += run_golden(world, &cases[i], 1, NULL);
    }
    assert_int_equal(wrong, 0);
}

/* ---------------------------------------------------------------- target columns */

static void check_column(struct world *world, struct schema_type column, struct plan_type type,
                         const char *text, const char *want) {
    struct expected expected = {.type = type, .exact = true, .column = &column, .what = "column `x`"};
    expected.allow_null = type.nullable;
    struct golden one = {text, want};
    if (run_golden(world, &one, 1, &expected) != 0) fail_msg("column case: %s", text);
}

static void test_text_columns(void **state) {
    struct world *world = *state;
    struct schema_type varchar5 = {
        .kind = TYPE_TEXT, .name = STR("character varying(5)"), .length = 5, .wire = WIRE_TEXT};
    struct plan_type text = type_of(TYPE_TEXT, false), maybe = type_of(TYPE_TEXT, true);
    check_column(world, varchar5, text, "t.s", "text FV");
    check_column(world, varchar5, text, "'abcde'", "text C");
    check_column(world, varchar5, text, "'äöüßé'", "text C");
    check_column(world, varchar5, text, "'abcdef'",
                 "E0312 `abcdef` does not fit column `x`, which is character varying(5) & left(x, 5)");
    check_column(world, varchar5, text, "if t.b then 'ok' else 'abcdef'", "E0312 `abcdef`");
    check_column(world, varchar5, text, "t.s_n ?? 'abcdef'", "E0312");
    check_column(world, varchar5, text, "t.s on error use 'abcdef'", "E0312");
    check_column(world, varchar5, text, "if t.b then 'ok' else 'abc'", "text FV");
    check_column(world, varchar5, text, "if $region is null then 'ok' else 'abc'", "text");
    check_column(world, varchar5, text, "left(item, 5) ?? 'x'", "text V");
    check_column(world, varchar5, text, "left(item, 6) ?? 'x'", "text FV");
    check_column(world, varchar5, text, "(item ?? 'x') on error use 'y'", "text V");
    check_column(
        world, varchar5, text, "t.s_n",
        "E0305 column `x` must not be null, and `t.s_n` may be & on null reject & t.s_n ?? 'unknown'");
    check_column(world, varchar5, text, "null", "E0305 column `x` must not be null");
    check_column(world, varchar5, text, "t.s on error use null", "E0305 must not be null");
    check_column(world, varchar5, text, "t.s_n on null reject 'none'", "text FV");
    check_column(world, varchar5, maybe, "t.s_n", "text? FV");
    check_column(world, varchar5, maybe, "null", "text? C");
    check_column(world, varchar5, text, "t.i", "E0301 column `x` takes text, not int & `text(t.i)`");
    check_column(world, varchar5, text, "$key", "E0702");
    check_column(world, varchar5, text, "owner", "E0301 takes text, not a row of portal.users & owner.id");
}

static void test_number_columns(void **state) {
    struct world *world = *state;
    struct schema_type money = {
        .kind = TYPE_DECIMAL, .name = STR("numeric(6,2)"), .precision = 6, .scale = 2, .wire = WIRE_NUMERIC};
    struct schema_type small = {.kind = TYPE_INT, .name = STR("smallint"), .wire = WIRE_INT2};
    struct schema_type big = {.kind = TYPE_INT, .name = STR("bigint"), .wire = WIRE_INT8};
    struct schema_type real = {.kind = TYPE_FLOAT, .name = STR("real"), .wire = WIRE_FLOAT4};
    struct plan_type decimal = type_of(TYPE_DECIMAL, false), whole = type_of(TYPE_INT, false);
    check_column(world, money, decimal, "t.d", "decimal FV");
    check_column(world, money, decimal, "t.i", "decimal FV");
    check_column(world, money, decimal, "2.500", "decimal C");
    check_column(world, money, decimal, "1.005", "E0312 `1.005` does not fit & round(x, 2)");
    check_column(world, money, decimal, "12345", "E0312");
    check_column(world, money, decimal, "t.f", "E0318 takes decimal & `decimal(t.f)`");
    check_column(world, money, type_of(TYPE_DECIMAL, true), "decimal(t.s) on error warn 'x' use null",
                 "decimal? V");
    check_column(world, small, whole, "t.i", "int FV");
    check_column(world, small, whole, "3", "int C");
    check_column(world, small, whole, "40000", "E0312 `40000` does not fit");
    check_column(world, small, whole, "t.d", "E0318 loses a part & int(round(t.d))");
    check_column(world, small, whole, "t.i on error use 1", "int V");
    check_column(world, big, whole, "t.i_n ?? 0", "int FV");
    check_column(world, real, type_of(TYPE_FLOAT, false), "t.f", "float FV");
    check_column(world, real, type_of(TYPE_FLOAT, false), "1.5", "float C");
}

static void test_other_columns(void **state) {
    struct world *world = *state;
    struct schema_type date = {.kind = TYPE_DATE, .name = STR("date"), .wire = WIRE_DATE};
    struct schema_type stamp = {
        .kind = TYPE_TIMESTAMPTZ, .name = STR("timestamp with time zone"), .wire = WIRE_TIMESTAMPTZ};
    struct schema_type status = {
        .kind = TYPE_ENUM, .name = STR("status"), .wire = WIRE_ENUM, .enumeration = &world->status};
    struct schema_type truth = {.kind = TYPE_BOOL, .name = STR("boolean"), .wire = WIRE_BOOL};
    check_column(world, date, type_of(TYPE_DATE, false), "t.da", "date FV");
    check_column(world, date, type_of(TYPE_DATE, false), "t.ts",
                 "E0318 loses a part of the value & date_of(t.ts)");
    check_column(world, date, type_of(TYPE_DATE, false), "t.tz", "E0318 date_at(t.tz, 'Australia/Sydney')");
    check_column(world, date, type_of(TYPE_DATE, false), "t.s", "E0301 date(t.s, 'DD/MM/YYYY')");
    check_column(world, stamp, type_of(TYPE_TIMESTAMPTZ, false), "t.ts",
                 "E0301 at_zone(t.ts, 'Australia/Sydney')");
    check_column(world, truth, type_of(TYPE_BOOL, false), "t.i", "E0301 takes bool, not int");
    struct plan_type label = world_type(world, STR("status"));
    check_column(world, status, label, "'done'", "status C");
    check_column(world, status, label, "if t.b then 'done' else 'todo'", "status FV");
    check_column(world, status, label, "match t.s { 'x' => 'done'; _ => 'todo' }", "status FV");
    check_column(world, status, label, "t.e_n ?? 'todo'", "status FV");
    check_column(world, status, label, "states[t.s] on missing use 'todo'", "status FV");
    check_column(world, status, label, "t.s", "E0301 takes status, not text & codes states : text -> status");
    check_column(world, status, label, "if t.b then 'done' else 'tod'", "E0205");
}

/* ---------------------------------------------------------------- clauses */

static void test_fns(void **state) {
    (void)state;
    static const struct golden cases[] = {
        {"fn a(x text) int = x\n", "E0301 the result of `a` takes int, not text & int(x)"},
        {"fn a(x text?) text = x\n", "E0305 the result of `a` must not be null, and `x` may be"},
        {"fn a(x text) text = y\n", "E0201 nothing here is named `y`"},
        {"fn a(x text) text = a(x)\n", "E0208 `a` calls itself"},
        {"fn a(x int) int = x / 0\n", "E0314"},
        {"fn a(x text) uuid = projects[x].id\n", "E0207 cannot be searched here"},
        {"fn a(x text) text = x on error use 'y'\n", "W0901 cannot fail"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        diag_list_init(&world.diags, &world.arena);
        world_add_fn(&world, cases[i].text);
        struct str said = first_diag(&world);
        if (!golden_said(said, str_cstr(cases[i].want), world.diags.items.count))
            fail_msg("%s  want: %s\n  said: %.*s", cases[i].text, cases[i].want, STR_ARG(said));
        /* What is wrong with the function is not said again at its calls. */
        if (cases[i].want[0] == 'E') {
            assert_int_equal(world_check(&world, "a(null)", NULL)->type.kind, TYPE_NONE);
            assert_int_equal(world.diags.items.count, 0);
        }
        world_release(&world);
    }
}

static void test_mutual_recursion(void **state) {
    (void)state;
    struct world world;
    world_init(&world);
    diag_list_init(&world.diags, &world.arena);
    world_add_fn(&world, "fn d(x text) text = a(x)\nfn a(x text) text = b(x)\nfn b(x text) text = a(x)\n");
    assert_int_equal(world.diags.items.count, 1);
    assert_string_equal(diag_code_id(world.diags.items.items[0]->code), "E0208");
    world_release(&world);
}

static void test_explosion_is_bounded(void **state) {
    (void)state;
    struct world world;
    world_init(&world);
    diag_list_init(&world.diags, &world.arena);
    struct buf text = {0};
    buf_append_cstr(&text, "fn f0(x text) text = x || x\n");
    for (int i = 1; i < 40; i++)
        buf_printf(&text, "fn f%d(x text) text = f%d(x) || f%d(x)\n", i, i - 1, i - 1);
    world_add_fn(&world, text.ptr);
    buf_release(&text);
    bool found = false;
    for (uint32_t i = 0; i < world.diags.items.count; i++)
        found |= world.diags.items.items[i]->code == E_TOO_DEEP;
    assert_true(found);
    world_release(&world);
}

/* A chain of functions nests deeper than any expression that the parser takes. */
static void test_depth_is_bounded(void **state) {
    (void)state;
    struct world world;
    world_init(&world);
    diag_list_init(&world.diags, &world.arena);
    struct buf text = {0};
    buf_append_cstr(&text, "fn g0(x int) int = x + 1\n");
    for (int i = 1; i < 600; i++)
        buf_printf(&text, "fn g%d(x int) int = if x > %d then g%d(x) + 1 else 0\n", i, i, i - 1);
    world_add_fn(&world, text.ptr);
    buf_clear(&text);
    assert_true(world.diags.error_count >= 1);
    for (uint32_t i = 0; i < world.diags.items.count; i++)
        assert_int_equal(world.diags.items.items[i]->code, E_TOO_DEEP);
    for (int i = 0; i < 150; i++)
        buf_append_cstr(&text, "if t.b then 1 else (");
    buf_append_cstr(&text, "2");
    for (int i = 0; i < 150; i++)
        buf_append_cstr(&text, ")");
    struct texpr *node = world_check(&world, text.ptr, NULL);
    assert_true(node == NULL || node->type.kind == TYPE_INT || world.diags.error_count == 1);
    buf_release(&text);
    world_release(&world);
}

static void test_aggregates(void **state) {
    static const struct golden cases[] = {
        {"count()", "int V"},
        {"count(t.s_n)", "int V"},
        {"sum(t.i)", "int V"},
        {"sum(t.d_n)", "decimal? V"},
        {"avg(t.i)", "decimal V"},
        {"min(t.da)", "date V"},
        {"max(t.j)", "E0303 `max` takes values that can be compared, not json"},
        {"sum(t.s)", "E0303 `sum` takes numbers or intervals, not text"},
        {"sum(sum(t.i))", "E0317"},
        {"string_agg(t.s, ', ')", "text V"},
        {"string_agg(t.s)", "E0304 string_agg(x, ', ')"},
        {"string_agg(t.s, t.s)", "E0310"},
        {"array_agg(t.i)", "int[] V"},
        {"bool_and(t.b)", "bool V"},
        {"first(t.phone)", "text PV"},
        {"count(t.phone)", "int V"},
        {"count() + 1", "int FV"},
        {"sum(t.i) on error use 0", "W0901"},
    };
    struct world *world = *state;
    struct aggregate_calls calls = {.row_scope = &world->scope};
    struct scope rows = world->scope;
    world->scope.aggregates = true;
    world->scope.calls = &calls;
    calls.row_scope = &rows;
    unsigned wrong = run_golden(world, cases, sizeof cases / sizeof *cases, NULL);
    world->scope.aggregates = false;
    world->scope.calls = NULL;
    assert_int_equal(wrong, 0);
}

static void test_messages(void **state) {
    struct world *world = *state;
    struct texpr *message = check_message(&world->scope, world_parse(world, "\"x {t.phone} {t.s_n} {t.i}\""));
    assert_int_equal(message->opcode, OP_CONCAT_MESSAGE);
    assert_false(message->pii);
    assert_false(message->type.nullable);
    assert_false(message->can_fail);
    diag_list_init(&world->diags, &world->arena);
    assert_int_equal(check_message(&world->scope, world_parse(world, "t.s"))->type.kind, TYPE_NONE);
    assert_string_equal(diag_code_id(world->diags.items.items[0]->code), "E0308");
}

static void test_personal(void **state) {
    struct world *world = *state;
    struct texpr *node = world_check(world, "lower(t.phone)", NULL);
    assert_false(check_not_personal(&world->scope, node, "column `note`"));
    assert_true(str_holds(first_diag(world), STR("E0701 personal data would reach column `note`")));
    node = world_check(world, "mask(t.phone, keep last 3)", NULL);
    assert_true(check_not_personal(&world->scope, node, "column `note`"));
}

static void test_assume(void **state) {
    struct world *world = *state;
    const struct fact *facts = world->scope.facts;
    scope_assume(&world->scope, world_parse(world, "t.i > 1 and t.s_n is not null"));
    assert_false(world_check(world, "t.s_n", NULL)->type.nullable);
    assert_true(world_check(world, "t.i_n", NULL)->type.nullable);
    world->scope.facts = facts;
}

static void test_constant(void **state) {
    struct world *world = *state;
    struct value value;
    struct expected decimal = {.type = type_of(TYPE_DECIMAL, false), .what = "the rate"};
    diag_list_init(&world->diags, &world->arena);
    assert_true(check_constant(&world->scope, world_parse(world, "1 + 2 * 3"), &decimal, &value));
    assert_int_equal(value.kind, TYPE_DECIMAL);
    assert_int_equal(value.as_decimal.lo, 7);
    assert_false(check_constant(&world->scope, world_parse(world, "t.d"), &decimal, &value));
    assert_string_equal(diag_code_id(world->diags.items.items[0]->code), "E0310");
    diag_list_init(&world->diags, &world->arena);
    assert_false(check_constant(&world->scope, world_parse(world, "$cutover"), NULL, &value));
    assert_string_equal(diag_code_id(world->diags.items.items[0]->code), "E0310");
}

/* `on fail` stands behind validations only: here it is made of another event. */
static const struct ast_handlers *parse_on_fail(struct world *world, const char *text) {
    const struct ast_expr *expr = world_parse(world, text);
    assert_non_null(expr);
    assert_int_equal(expr->kind, X_HANDLED);
    expr->handlers.list.items[0].event = EVENT_FAIL;
    return &expr->handlers;
}

static void test_fail_handler(void **state) {
    struct world *world = *state;
    struct thandler handler;
    diag_list_init(&world->diags, &world->arena);
    assert_true(check_fail_handler(&world->scope,
                                   parse_on_fail(world, "t.b on error warn \"odd {t.s}\" use true"),
                                   &handler) == false);
    assert_string_equal(diag_code_id(world->diags.items.items[0]->code), "E0308");
    diag_list_init(&world->diags, &world->arena);
    assert_true(check_fail_handler(&world->scope, parse_on_fail(world, "t.b on error reject \"odd {t.s}\""),
                                   &handler));
    assert_int_equal(handler.action, TACT_REJECT);
    assert_non_null(handler.message);
    assert_true(check_fail_handler(&world->scope, parse_on_fail(world, "t.b on error skip"), &handler));
    assert_int_equal(handler.action, TACT_SKIP);
    assert_int_equal(world->diags.items.count, 0);
    assert_int_equal(world_check(world, "t.s on error use 'x'", NULL)->kind, TX_HANDLED);
    const struct ast_expr *conflict = world_parse(world, "t.s on error skip");
    conflict->handlers.list.items[0].event = EVENT_CONFLICT;
    assert_int_equal(check_expr(&world->scope, conflict, NULL)->type.kind, TYPE_NONE);
    assert_true(str_holds(first_diag(world), STR("E0308 `on conflict` cannot stand behind an expression")));
}

static void test_references(void **state) {
    struct world *world = *state;
    world->checker.references.count = 0;
    world_check(world, "projects[t.s].id", NULL);
    world_check(world, "projects[t.s].name", NULL);
    assert_int_equal(world->checker.references.count, 1);
    assert_true(str_is(world->checker.references.items[0]->name, "projects"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),         cmocka_unit_test(test_names),
        cmocka_unit_test(test_indexes),          cmocka_unit_test(test_operators),
        cmocka_unit_test(test_comparisons),      cmocka_unit_test(test_branches),
        cmocka_unit_test(test_functions),        cmocka_unit_test(test_handlers),
        cmocka_unit_test(test_text_columns),     cmocka_unit_test(test_number_columns),
        cmocka_unit_test(test_other_columns),    cmocka_unit_test(test_fns),
        cmocka_unit_test(test_mutual_recursion), cmocka_unit_test(test_explosion_is_bounded),
        cmocka_unit_test(test_depth_is_bounded), cmocka_unit_test(test_aggregates),
        cmocka_unit_test(test_messages),         cmocka_unit_test(test_personal),
        cmocka_unit_test(test_assume),           cmocka_unit_test(test_constant),
        cmocka_unit_test(test_fail_handler),     cmocka_unit_test(test_references),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

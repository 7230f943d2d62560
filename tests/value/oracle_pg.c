/* uuid, bool, arrays, bytea and JSON texts against Postgres. */
#include "runtime/value/json.h"
#include "runtime/value/number.h"
#include "runtime/value/pg.h"
#include "runtime/value/text.h"
#include "runtime/value/uuid.h"
#include "tests/value/oracle.h"

static struct str damage(struct arena *arena, struct str s, const char *chars) {
    char *copy = arena_copy_cstr(arena, s);
    if (s.len && oracle_below(3) == 0) copy[oracle_below(s.len)] = chars[oracle_below(strlen(chars))];
    struct str damaged = str_from(copy, oracle_below(20) || !s.len ? s.len : s.len - 1);
    return text_check(damaged, NULL) == FAULT_NONE ? damaged : s; /* only texts can be sent */
}

static struct str parse_uuid(struct arena *arena, const struct str *args) {
    struct uuid uuid;
    return uuid_parse(args[0], &uuid) == FAULT_NONE ? uuid_format(arena, uuid) : ORACLE_ERROR;
}

static struct str parse_bool(struct arena *arena, const struct str *args) {
    uint8_t yes;
    (void)arena;
    if (bool_parse(args[0], &yes) != FAULT_NONE) return ORACLE_ERROR;
    return yes ? STR("true") : STR("false");
}

static struct str parse_array(struct arena *arena, const struct str *args) {
    struct array array;
    if (pg_array_parse(arena, args[0], &array) == FAULT_NONE) return pg_array_format(arena, &array);
    /* Postgres has arrays of more dimensions and with bounds */
    bool more = args[0].len && (memchr(args[0].ptr + 1, '{', args[0].len - 1) || args[0].ptr[0] == '[');
    return more ? ORACLE_STRICTER : ORACLE_ERROR;
}

static struct str parse_bytea(struct arena *arena, const struct str *args) {
    struct str bytes;
    if (pg_bytea_parse(arena, args[0], &bytes) == FAULT_NONE) return pg_bytea_format(arena, bytes);
    return str_starts_with(args[0], STR("\\x")) && memchr(args[0].ptr, ' ', args[0].len) ? ORACLE_STRICTER
                                                                                         : ORACLE_ERROR;
}

static struct str check_json(struct arena *arena, const struct str *args) {
    (void)arena;
    return json_validate(args[0], NULL) ? STR("true") : ORACLE_ERROR;
}

static struct str find_json(struct arena *arena, const struct str *args) {
    struct json_path path;
    struct str error, found, text;
    if (!json_validate(args[0], NULL)) return ORACLE_ERROR;
    if (!json_path_compile(arena, args[1], &path, &error)) return error;
    if (!json_path_find(&path, args[0], &found) || json_kind_of(found) == JSON_NULL) return STR("none");
    if (json_kind_of(found) == JSON_OBJECT || json_kind_of(found) == JSON_ARRAY)
        return json_minify(arena, found);
    return json_to_any_text(arena, found, &text) == FAULT_NONE ? text : STR("no text");
}

static struct str quote_json(struct arena *arena, const struct str *args) {
    struct str quoted = json_quote(arena, args[0]), back;
    if (json_to_text(arena, quoted, &back) != FAULT_NONE || !str_eq(back, args[0]))
        return STR("does not come back");
    return quoted;
}

static void compare_scalars(struct oracle *oracle, struct arena *arena) {
    static const char *const bools[] = {"true", "FALSE", "t", "f", "yes",    "No", "y",  "N",    "on",  "OFF",
                                        "1",    "0",     "",  "2", "truely", "o",  "tt", "ye s", "null"};
    struct oracle_rows rows;
    oracle_rows_init(&rows, arena);
    for (int i = 0; i < 10000; i++) {
        struct uuid uuid;
        for (int b = 0; b < 16; b++)
            uuid.bytes[b] = (uint8_t)oracle_random();
        struct str text = uuid_format(arena, uuid);
        if (oracle_below(4) == 0) text = arena_printf(arena, "{%.*s}", STR_ARG(text));
        if (oracle_below(4) == 0) { /* hyphens at other places */
            char *w = arena_alloc(arena, 64), *start = w;
            for (int b = 0; b < 16; b++) {
                memcpy(w, arena_printf(arena, "%02X", uuid.bytes[b]).ptr, 2);
                w += 2;
                if (b % 2 == 1 && b < 15 && oracle_below(3) == 0) *w++ = '-';
            }
            text = str_from(start, (size_t)(w - start));
        }
        oracle_rows_add(&rows, damage(arena, text, "-g0{} "), STR(""), STR(""));
    }
    oracle_compare(oracle, "uuid in, out", "a::uuid", &rows, parse_uuid);
    oracle_rows_init(&rows, arena);
    for (size_t i = 0; i < sizeof bools / sizeof *bools; i++)
        oracle_rows_add(&rows, str_cstr(bools[i]), STR(""), STR(""));
    oracle_compare(oracle, "bool in, out", "a::bool", &rows, parse_bool);
}

static void compare_arrays(struct oracle *oracle, struct arena *arena) {
    static const char *const pieces[] = {"a",    "b c",      "\"q\"", "\"x,y\"", "\"\\\"\"", "\\\\", "NULL",
                                         "null", "\"NULL\"", "\"\"",  "é",       " d ",      "\\,",  "\"{\"",
                                         "1.5",  "{",        "}",     ",",       "\"",       ""};
    static const char *const bytes[] = {"\\x0aff", "\\x",        "\\xAB", "\\x1", "\\xzz",   "abc",
                                        "a\\\\b",  "\\001\\377", "\\400", "\\",   "\\x0a ff"};
    struct oracle_rows rows;
    oracle_rows_init(&rows, arena);
    for (int i = 0; i < 10000; i++) {
        struct str text = STR("{");
        for (int64_t n = oracle_between(0, 4), k = 0; k < n; k++)
            text = arena_printf(arena, "%.*s%s%s", STR_ARG(text), k ? "," : "",
                                pieces[oracle_below(oracle_below(3) ? 15 : 20)]);
        oracle_rows_add(&rows, arena_printf(arena, "%.*s}", STR_ARG(text)), STR(""), STR(""));
    }
    oracle_compare(oracle, "text[] in, out", "a::text[]", &rows, parse_array);
    oracle_rows_init(&rows, arena);
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        oracle_rows_add(&rows, str_cstr(bytes[i]), STR(""), STR(""));
    oracle_compare(oracle, "bytea in, out", "a::bytea", &rows, parse_bytea);
}

/* ---- JSON ---- */

static struct str random_json(struct arena *arena, int depth) {
    static const char *const scalars[] = {
        "1",    "-0.5",      "1e3",         "12345678901234567890", "true",  "false",     "null", "\"x\"",
        "\"\"", "\"a\\nb\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"",   "\"é\"", "\"a\\/b\"", "0"};
    static const char *const keys[] = {"\"a\"", "\"b\"", "\"c\"", "\"\\u0061\"", "\"a b\""};
    uint64_t kind = depth > 0 ? oracle_below(4) : 3;
    if (kind == 3) return str_cstr(scalars[oracle_below(sizeof scalars / sizeof *scalars)]);
    struct str text = kind == 0 ? STR("[") : STR("{");
    uint64_t first = oracle_below(3); /* no key twice: Postgres' json then answers by chance */
    for (int64_t n = oracle_between(0, 3), i = 0; i < n; i++) {
        struct str value = random_json(arena, depth - 1);
        text = arena_printf(arena, "%.*s%s%s%s%.*s%s", STR_ARG(text), i ? "," : "",
                            kind ? keys[first + (uint64_t)i] : "", kind ? ":" : "", STR_ARG(value),
                            oracle_below(4) ? "" : " ");
    }
    return arena_printf(arena, "%.*s%c", STR_ARG(text), kind == 0 ? ']' : '}');
}

static void compare_json(struct oracle *oracle, struct arena *arena) {
    static const char *const broken[] = {
        "",      "[1,]",        "{\"a\":}",    "01",          "1.",           ".5",     "+1",
        "[1 2]", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\t\"", "\"\\x\"",
        "nul",   "{a:1}",       "[",           "]",           "{\"a\" 1}",    "1e",     "--1",
        "\"abc", "{\"a\":1,}",  "[]]",         "true false"};
    static const char *const paths[][2] = {{"a", "{a}"},        {"a.b", "{a,b}"}, {"[0]", "{0}"},
                                           {"a[1]", "{a,1}"},   {"$", "{}"},      {"'a b'.c", "{a b,c}"},
                                           {"[-1].a", "{-1,a}"}};
    struct oracle_rows rows, lookups;
    oracle_rows_init(&rows, arena);
    oracle_rows_init(&lookups, arena);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        oracle_rows_add(&rows, str_cstr(broken[i]), STR(""), STR(""));
    static const char *const numbers[] = {"1e131071",    "1e131072", "0.1e131072",
                                          "12e131071",   "1e-16383", "1e-16384",
                                          "0.01e-16380", "0e99999",  "1e99999999999999999999"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        oracle_rows_add(&rows, str_cstr(numbers[i]), STR(""), STR(""));
    for (int i = 0; i < 10000; i++) {
        struct str json = random_json(arena, 4);
        oracle_rows_add(&rows, damage(arena, json, "{}[],:\"\\1e. "), STR(""), STR(""));
        const char *const *path = paths[oracle_below(7)];
        oracle_rows_add(&lookups, json, str_cstr(path[0]), str_cstr(path[1]));
    }
    oracle_compare(oracle, "json valid", "a::jsonb is not null", &rows, check_json);
    /* json, not jsonb: numbers and member order stay as written; blanks go from both */
    oracle_compare(oracle, "json path",
                   "coalesce(case when json_typeof(a::json #> c::text[]) in ('object', 'array') then "
                   "replace(replace((a::json #> c::text[])::text, ' ', ''), '\"ab\"', '\"a b\"') "
                   "else a::json #>> c::text[] end, 'none')",
                   &lookups, find_json);
    oracle_rows_init(&rows, arena);
    static const char *const texts[] = {"", "a", "\"", "\\", "\n\t\r\b\f", "\x01\x1f", "é😀", "/", "\x7f"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        oracle_rows_add(&rows, str_cstr(texts[i]), STR(""), STR(""));
    oracle_compare(oracle, "to_json(text)", "to_json(a)", &rows, quote_json);
}

void oracle_pg(struct oracle *oracle) {
    struct arena arena;
    arena_init(&arena);
    compare_scalars(oracle, &arena);
    compare_arrays(oracle, &arena);
    compare_json(oracle, &arena);
    arena_release(&arena);
}

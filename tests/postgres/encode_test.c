/* Every type through COPY and back: what the server prints is what was meant, in binary and in text form. */
#include "tests/postgres/support.h"
#include "runtime/value/decimal.h"
#include "runtime/value/interval.h"
#include "runtime/value/uuid.h"

static const struct column_spec ALL[] = {
    {"id", TYPE_INT, "bigint", WIRE_INT8, true, 0},
    {"b", TYPE_BOOL, "boolean", WIRE_BOOL, false, 0},
    {"i2", TYPE_INT, "smallint", WIRE_INT2, false, 0},
    {"i4", TYPE_INT, "integer", WIRE_INT4, false, 0},
    {"n", TYPE_DECIMAL, "numeric(30,4)", WIRE_NUMERIC, false, 0},
    {"f4", TYPE_FLOAT, "real", WIRE_FLOAT4, false, 0},
    {"f8", TYPE_FLOAT, "double precision", WIRE_FLOAT8, false, 0},
    {"t", TYPE_TEXT, "text", WIRE_TEXT, false, 0},
    {"vc", TYPE_TEXT, "character varying(20)", WIRE_TEXT, false, 0},
    {"ch", TYPE_TEXT, "character(5)", WIRE_TEXT, false, 0},
    {"by", TYPE_BYTES, "bytea", WIRE_BYTEA, false, 0},
    {"d", TYPE_DATE, "date", WIRE_DATE, false, 0},
    {"ti", TYPE_TIME, "time without time zone", WIRE_TIME, false, 0},
    {"ts", TYPE_TIMESTAMP, "timestamp without time zone", WIRE_TIMESTAMP, false, 0},
    {"tz", TYPE_TIMESTAMPTZ, "timestamp with time zone", WIRE_TIMESTAMPTZ, false, 0},
    {"iv", TYPE_INTERVAL, "interval", WIRE_INTERVAL, false, 0},
    {"u", TYPE_UUID, "uuid", WIRE_UUID, false, 0},
    {"j", TYPE_JSON, "json", WIRE_JSON, false, 0},
    {"jb", TYPE_JSON, "jsonb", WIRE_JSONB, false, 0},
    {"e", TYPE_ENUM, "portal.mood", WIRE_ENUM, false, 0},
    {"ta", TYPE_ARRAY, "text[]", WIRE_ARRAY, false, TYPE_TEXT},
    {"ia", TYPE_ARRAY, "integer[]", WIRE_ARRAY, false, TYPE_INT},
    {"na", TYPE_ARRAY, "numeric(10,2)[]", WIRE_ARRAY, false, TYPE_DECIMAL},
    {"ni", TYPE_INT, "numeric", WIRE_NUMERIC, false, 0},
};
enum { COLUMNS = sizeof ALL / sizeof ALL[0], ROWS = 4 };

static const char *create_table(struct fixture *f, const struct column_spec *columns, uint32_t count) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "DROP TABLE IF EXISTS things; CREATE TABLE things (");
    for (uint32_t i = 0; i < count; i++)
        buf_printf(&sql, "%s\"%s\" %s%s", i ? ", " : "", columns[i].name, columns[i].pg_type,
                   i ? "" : " PRIMARY KEY");
    buf_append_cstr(&sql, ")");
    run_sql(f, sql.ptr);
    const char *text = arena_copy_cstr(&f->arena, buf_str(&sql));
    buf_release(&sql);
    return text;
}

static struct value decimal_value(const char *text) {
    struct value v = {.kind = TYPE_DECIMAL};
    assert_int_equal(decimal_parse(str_cstr(text), &v.as_decimal), FAULT_NONE);
    return v;
}

static struct value of(enum type_kind kind, int64_t n) {
    return (struct value){.kind = kind, .as_int = n};
}

static struct value float_value(double d) {
    return (struct value){.kind = TYPE_FLOAT, .as_float = d};
}

static struct value str_value(enum type_kind kind, struct str s) {
    return (struct value){.kind = kind, .as_text = s};
}

static struct value array_value(const void *items, const uint8_t *nulls, size_t count) {
    return (struct value){.kind = TYPE_ARRAY, .as_array = {items, nulls, count}};
}

/* Row 0: ordinary values; row 1: edges; row 2: other edges; row 3: all null. */
static struct vm *all_values(struct fixture *f, const struct plan *plan) {
    struct vm *vm = fake_vm_new(f, plan, ROWS);
    static const struct str texts[] = {STR("a"), STR("b \"q\" \\ {},"), STR(""), STR("NULL")};
    static const uint8_t nulls[] = {0, 1, 0, 0};
    static const int64_t ints[] = {1, -2147483648, 2147483647};
    struct decimal *decimals = ARENA_ARRAY(&f->arena, struct decimal, 2);
    decimals[0] = decimal_value("1.50").as_decimal;
    decimals[1] = decimal_value("-0.01").as_decimal;
    struct value interval = {.kind = TYPE_INTERVAL}, uuid = {.kind = TYPE_UUID};
    assert_int_equal(interval_parse(STR("1 year 2 mons -3 days 04:05:06.789"), &interval.as_interval),
                     FAULT_NONE);
    assert_int_equal(uuid_parse(STR("6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10"), &uuid.as_uuid), FAULT_NONE);
    struct value zero_interval = {.kind = TYPE_INTERVAL}, zero_uuid = {.kind = TYPE_UUID};
    struct value rows[3][COLUMNS] = {
        {int_value(1),
         of(TYPE_BOOL, 1),
         int_value(7),
         int_value(70000),
         decimal_value("12345.6700"),
         float_value(1.5),
         float_value(0.1),
         text_value("plain"),
         text_value("vc"),
         text_value("ab"),
         str_value(TYPE_BYTES, STR("\0\x01\xff")),
         of(TYPE_DATE, 9000),
         of(TYPE_TIME, 3661000001),
         of(TYPE_TIMESTAMP, 811728000123456),
         of(TYPE_TIMESTAMPTZ, 811728000000000),
         interval,
         uuid,
         str_value(TYPE_JSON, STR("{\"a\" : [1, 2.50]}")),
         str_value(TYPE_JSON, STR("{\"b\":2.50,\"a\":\"x\"}")),
         of(TYPE_ENUM, 2),
         array_value(texts, NULL, 2),
         array_value(ints, NULL, 3),
         array_value(decimals, NULL, 2),
         int_value(-12)},
        {int_value(INT64_MAX),
         of(TYPE_BOOL, 0),
         int_value(-32768),
         int_value(-2147483648),
         decimal_value("-99999999999999999999999999.9999"),
         float_value(-0.0),
         float_value(1.7976931348623157e308),
         text_value("tab\t nl\n cr\r back\\slash \\N \xc3\xa9 \xf0\x9f\x98\x80"),
         text_value(""),
         text_value("     "),
         str_value(TYPE_BYTES, STR("")),
         of(TYPE_DATE, -730119),
         of(TYPE_TIME, 86399999999),
         of(TYPE_TIMESTAMP, -63082281600000000),
         of(TYPE_TIMESTAMPTZ, -1),
         zero_interval,
         zero_uuid,
         str_value(TYPE_JSON, STR("null")),
         str_value(TYPE_JSON, STR("[1e2, -0, \"\\u00e9\\n\"]")),
         of(TYPE_ENUM, 0),
         array_value(NULL, NULL, 0),
         array_value(ints, nulls, 3),
         array_value(decimals, nulls, 2),
         int_value(0)},
        {int_value(-1),
         null_value(),
         int_value(0),
         int_value(0),
         decimal_value("0"),
         float_value(1e-30),
         float_value(-2.5e-308),
         text_value("\\N"),
         text_value("12345678901234567890"),
         text_value("a b"),
         str_value(TYPE_BYTES, STR("abc\\")),
         of(TYPE_DATE, 0),
         of(TYPE_TIME, 0),
         of(TYPE_TIMESTAMP, 0),
         of(TYPE_TIMESTAMPTZ, 0),
         interval,
         uuid,
         str_value(TYPE_JSON, STR("\"t\"")),
         str_value(TYPE_JSON, STR("{}")),
         of(TYPE_ENUM, 1),
         array_value(texts, nulls, 4),
         array_value(NULL, NULL, 0),
         null_value(),
         int_value(INT64_MIN)},
    };
    for (uint32_t r = 0; r < 3; r++)
        for (uint32_t c = 0; c < plan->programs[0].regs_count; c++)
            fake_vm_set(vm, c, r, c < COLUMNS ? rows[r][c] : text_value("10.0.0.1/8"));
    for (uint32_t c = 0; c < plan->programs[0].regs_count; c++)
        fake_vm_set(vm, c, 3, c == 0 ? int_value(4) : null_value());
    return vm;
}

static void load(struct fixture *f, const struct plan *plan, struct vm *vm, uint32_t rows) {
    struct journal_run run = start_run(f, plan);
    struct encoded_rows encoded = encode_all(f, plan, vm, rows, 0, false);
    struct pg_loader *l = pg_loader_open(f->c, plan, 0, &run, NULL, &f->diags);
    struct load_result result;
    assert_non_null(l);
    enum load_status status = pg_loader_send(l, &encoded, 0, encoded.count, &result, &f->diags);
    if (status == LOAD_OK) status = pg_loader_finish(l, 0, &result, &f->diags);
    struct journal_batch batch = batch_of(0, rows);
    if (status == LOAD_OK) status = pg_loader_commit(l, &batch, &result, &f->diags);
    if (status != LOAD_OK) fprintf(stderr, "%.*s %s", STR_ARG(result.failure.message), take_diags(f));
    assert_int_equal(status, LOAD_OK);
    assert_int_equal(result.written, rows);
    pg_loader_close(l);
    encoded_rows_release(&encoded);
}

/* What the server makes of the same values written as SQL. */
static const char EXPECTED[] =
    "SELECT count(*) FROM (SELECT md5(ROW(x.*)::text) FROM things x EXCEPT SELECT md5(ROW(y.*)::text) FROM "
    "(VALUES"
    " (1::bigint, true, 7::smallint, 70000, 12345.6700::numeric(30,4), 1.5::real, 0.1::float8, 'plain',"
    "  'vc'::varchar(20), 'ab'::char(5), '\\x0001ff'::bytea, date '2024-08-22', time '01:01:01.000001',"
    "  timestamp '2025-09-21 00:00:00.123456', timestamptz '2025-09-21 00:00:00+00',"
    "  interval '1 year 2 mons -3 days 04:05:06.789', '6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10'::uuid,"
    "  '{\"a\" : [1, 2.50]}'::json, '{\"b\":2.50,\"a\":\"x\"}'::jsonb, 'happy'::portal.mood,"
    "  ARRAY['a', 'b \"q\" \\ {},'], ARRAY[1, -2147483648, 2147483647], ARRAY[1.50, -0.01]::numeric(10,2)[], "
    "-12::numeric),"
    " (9223372036854775807, false, -32768, -2147483648, -99999999999999999999999999.9999, '-0'::real,"
    "  1.7976931348623157e308, E'tab\\t nl\\n cr\\r back\\\\slash \\\\N \\u00e9 \\U0001F600', '', '     ', "
    "'',"
    "  '0001-01-01', '23:59:59.999999', '0001-01-01 00:00:00', '1999-12-31 23:59:59.999999+00', '0',"
    "  '00000000-0000-0000-0000-000000000000', 'null', '[1e2, -0, \"\\u00e9\\n\"]', 'sad', '{}', "
    "'{1,NULL,2147483647}',"
    "  '{1.50,NULL}', 0),"
    " (-1, NULL, 0, 0, 0.0000, 1e-30, -2.5e-308, '\\N', '12345678901234567890', 'a b  ', 'abc\\\\'::bytea, "
    "'2000-01-01',"
    "  '00:00', '2000-01-01', '2000-01-01+00', '1 year 2 mons -3 days 04:05:06.789',"
    "  '6f1c9a52-0f0e-4b58-9a55-0d6f2a1f3c10', '\"t\"', '{}', 'ok', ARRAY['a', NULL, '', 'NULL'], '{}', NULL,"
    "  -9223372036854775808),"
    " (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL, NULL,"
    "  NULL, NULL, NULL, NULL)) y) z";

static const char *row_text(struct fixture *f, const char *columns) {
    return ask(f, arena_printf(&f->arena, "SELECT string_agg(ROW(%s)::text, E'\\n' ORDER BY id) FROM things",
                               columns)
                      .ptr);
}

static void test_binary_round_trip(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "things", ALL, COLUMNS);
    struct vm *vm = all_values(f, plan);
    create_table(f, ALL, COLUMNS);
    struct pg_row_encoder *e = pg_row_encoder_new(plan, &plan->maps[0], &plan->programs[0], false);
    assert_false(pg_row_encoder_is_text(e));
    pg_row_encoder_free(e);
    load(f, plan, vm, ROWS);
    assert_answer(f, "SELECT count(*) FROM things", "4");
    if (strcmp(ask(f, EXPECTED), "0") != 0) fprintf(stderr, "%s\n", row_text(f, "things.*"));
    assert_answer(f, EXPECTED, "0");
}

static void test_text_form_is_the_same(void **state) {
    struct fixture *f = *state;
    struct column_spec with_inet[COLUMNS + 1];
    memcpy(with_inet, ALL, sizeof ALL);
    with_inet[COLUMNS] = (struct column_spec){"addr", TYPE_TEXT, "inet", WIRE_TEXT_FORM, false, 0};
    struct plan *binary = make_plan(f, "things", ALL, COLUMNS),
                *text = make_plan(f, "things", with_inet, COLUMNS + 1);
    create_table(f, ALL, COLUMNS);
    load(f, binary, all_values(f, binary), ROWS);
    const char *names =
        ask(f, "SELECT string_agg(quote_ident(attname), ',') FROM pg_attribute WHERE attrelid = "
               "'things'::regclass AND attnum > 0");
    const char *by_binary = row_text(f, names);
    create_table(f, with_inet, COLUMNS + 1);
    struct vm *vm = all_values(f, text);
    struct pg_row_encoder *e = pg_row_encoder_new(text, &text->maps[0], &text->programs[0], false);
    assert_true(pg_row_encoder_is_text(e));
    pg_row_encoder_free(e);
    load(f, text, vm, ROWS);
    assert_string_equal(row_text(f, names), by_binary);
    assert_answer(f, "SELECT addr::text FROM things WHERE id = 1", "10.0.0.1/8");
    /* The checksums do not depend on the way. */
    assert_answer(f, "SELECT count(DISTINCT (row_sum, key_sum)) FROM mig.batch", "1");
}

static void test_enum_arrays_go_as_text(void **state) {
    struct fixture *f = *state;
    static const struct column_spec columns[] = {
        {"id", TYPE_INT, "integer", WIRE_INT4, true, 0},
        {"moods", TYPE_ARRAY, "portal.mood[]", WIRE_ARRAY, false, TYPE_ENUM}};
    static const int64_t items[] = {2, 0};
    struct plan *plan = make_plan(f, "things", columns, 2);
    struct vm *vm = fake_vm_new(f, plan, 1);
    create_table(f, columns, 2);
    fake_vm_set(vm, 0, 0, int_value(1));
    fake_vm_set(vm, 1, 0, array_value(items, NULL, 2));
    load(f, plan, vm, 1);
    assert_answer(f, "SELECT moods::text FROM things", "{happy,sad}");
}

static void test_scalar_registers(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "things", ALL, 2);
    struct vm *vm = fake_vm_new(f, plan, 3);
    create_table(f, ALL, 2);
    for (uint32_t i = 0; i < 3; i++)
        fake_vm_set(vm, 0, i, int_value(i));
    fake_vm_set_scalar(vm, 1, of(TYPE_BOOL, 1));
    load(f, plan, vm, 3);
    assert_answer(f, "SELECT count(*) FROM things WHERE b", "3");
}

static struct row_hash hash_one(struct fixture *f, const struct plan *plan, uint32_t reg,
                                struct value value) {
    struct vm *vm = fake_vm_new(f, plan, 1);
    for (uint32_t c = 1; c < plan->programs[0].regs_count; c++)
        fake_vm_set(vm, c, 0, null_value());
    fake_vm_set(vm, 0, 0, int_value(1));
    fake_vm_set(vm, reg, 0, value);
    struct encoded_rows rows = encode_all(f, plan, vm, 1, 0, false);
    struct row_hash h = rows.hashes[0];
    encoded_rows_release(&rows);
    return h;
}

static bool same_hash(struct fixture *f, const struct plan *plan, uint32_t reg, struct value a,
                      struct value b) {
    struct row_hash x = hash_one(f, plan, reg, a), y = hash_one(f, plan, reg, b);
    assert_true(x.key.lo == y.key.lo && x.key.hi == y.key.hi);
    return x.row.lo == y.row.lo && x.row.hi == y.row.hi;
}

static void test_hashes_are_canonical(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "things", ALL, COLUMNS);
    assert_true(same_hash(f, plan, 4, decimal_value("2.5"), decimal_value("2.5000")));
    assert_true(same_hash(f, plan, 4, decimal_value("0"), decimal_value("0.00")));
    assert_false(same_hash(f, plan, 4, decimal_value("2.5"), decimal_value("25")));
    assert_false(same_hash(f, plan, 4, decimal_value("2.5"), decimal_value("-2.5")));
    assert_true(same_hash(f, plan, 6, float_value(0.0), float_value(-0.0)));
    assert_false(same_hash(f, plan, 6, float_value(0.0), float_value(5e-324)));
    assert_true(same_hash(f, plan, 9, text_value("ab"), text_value("ab   ")));
    assert_false(same_hash(f, plan, 7, text_value("ab"), text_value("ab   ")));
    assert_false(same_hash(f, plan, 7, text_value(""), null_value()));
    assert_true(same_hash(f, plan, 18, str_value(TYPE_JSON, STR("{\"b\":1,\"a\":[1e2,\"\\u0041\"]}")),
                          str_value(TYPE_JSON, STR(" { \"a\" : [100, \"A\"], \"b\" : 2, \"b\" : 1 }"))));
    assert_false(
        same_hash(f, plan, 18, str_value(TYPE_JSON, STR("[1,2]")), str_value(TYPE_JSON, STR("[2,1]"))));
    /* The server keeps the scale of numbers in jsonb and in numeric without precision. */
    assert_false(same_hash(f, plan, 18, str_value(TYPE_JSON, STR("1.50")), str_value(TYPE_JSON, STR("1.5"))));
    plan->target.tables[0].columns[4].pg_type = STR("numeric");
    assert_false(same_hash(f, plan, 4, decimal_value("2.5"), decimal_value("2.50")));
    assert_true(same_hash(f, plan, 4, decimal_value("2.50"), decimal_value("2.50")));
    assert_false(
        same_hash(f, plan, 17, str_value(TYPE_JSON, STR("[1,2]")), str_value(TYPE_JSON, STR("[1, 2]"))));
}

/* The journal lives on: these must never change. */
static void test_hashes_are_stable(void **state) {
    struct fixture *f = *state;
    struct plan *plan = make_plan(f, "things", ALL, 8);
    struct row_hash h = hash_one(f, plan, 7, text_value("Sydney"));
    char text[80];
    snprintf(text, sizeof text, "%016llx%016llx %016llx", (unsigned long long)h.row.hi,
             (unsigned long long)h.row.lo, (unsigned long long)h.key.lo);
    assert_string_equal(text, "b0b574af1690cb66787b898514a2f40b cbbfc7e9b24d5fe5");
}

static void test_canonical_json_spelling(void **state) {
    (void)state;
    static const char *const CASES[][3] = {
        /* spelling, without scale, with it where that differs */
        {"0.0", "0", "0s1"},
        {"-0", "0"},
        {"1500", "15e2"},
        {"1.50", "15e-1", "15e-1s2"},
        {"-0.00120E+2", "-12e-2", "-12e-2s3"},
        {"100.0", "1e2", "1e2s1"},
        {"1E-2", "1e-2"},
        {"{}", "{}"},
        {"[ ]", "[]"},
        {"true", "true"},
        {"\"\\/\"", "\"/\""},
        {"{\"b\":1,\"a\":{\"c\":null,\"c\":2}}", "{\"a\":{\"c\":2e0},\"b\":1e0}"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct buf out = {0};
        pg_canonical_json(str_cstr(CASES[i][0]), false, &out);
        assert_string_equal(out.ptr, CASES[i][1]);
        buf_clear(&out);
        pg_canonical_json(str_cstr(CASES[i][0]), true, &out);
        assert_string_equal(out.ptr, CASES[i][2] ? CASES[i][2] : CASES[i][1]);
        buf_release(&out);
    }
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_binary_round_trip),
        CASE(test_text_form_is_the_same),
        CASE(test_enum_arrays_go_as_text),
        CASE(test_scalar_registers),
        CASE(test_hashes_are_canonical),
        CASE(test_hashes_are_stable),
        cmocka_unit_test(test_canonical_json_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

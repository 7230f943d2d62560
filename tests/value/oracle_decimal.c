/* Decimals, ints, floats and number patterns against Postgres' numeric, bigint, float8 and to_char. */
#include "runtime/value/decimal.h"
#include "runtime/value/encode.h"
#include "runtime/value/number.h"
#include "runtime/value/pattern.h"
#include "tests/value/oracle.h"

#include <stdio.h>

static const char *const nasty[] = {"0",
                                    "0.0",
                                    "-0",
                                    "1",
                                    "-1",
                                    "0.5",
                                    "-0.5",
                                    "2.5",
                                    "-2.5",
                                    "1.005",
                                    "9.995",
                                    "0.00000000000000000001",
                                    "99999999999999999999999999999999999999",
                                    "-99999999999999999999999999999999999999",
                                    "0.99999999999999999999999999999999999999",
                                    "9223372036854775807",
                                    "-9223372036854775808",
                                    "9223372036854775808",
                                    "18446744073709551616",
                                    "10000",
                                    "9999",
                                    "10000000000000000000000000000000000000",
                                    "3",
                                    "7",
                                    "0.1",
                                    "0.0001",
                                    "0.00001",
                                    "1e5",
                                    "1.5e-3",
                                    "1.50e1",
                                    "1E+2",
                                    "12.",
                                    ".5",
                                    "+7.50"};

/* Mostly short numbers, as in data; some of up to 38 digits. */
static struct str random_decimal(struct arena *arena) {
    char digits[40];
    size_t count = oracle_below(4) ? 1 + oracle_below(12) : 1 + oracle_below(38);
    for (size_t i = 0; i < count; i++)
        digits[i] = (char)('0' + (oracle_below(3) ? oracle_below(10) : oracle_below(2) * 9));
    size_t scale = oracle_below(3) ? oracle_below(5) : oracle_below(count + 3);
    if (scale > 38) scale = 38;
    const char *sign = oracle_below(3) ? "" : "-";
    if (scale == count) return arena_printf(arena, "%s0.%.*s", sign, (int)count, digits);
    if (scale > count)
        return arena_printf(arena, "%s0.%0*d%.*s", sign, (int)(scale - count), 0, (int)count, digits);
    if (scale == 0) return arena_printf(arena, "%s%.*s", sign, (int)count, digits);
    return arena_printf(arena, "%s%.*s.%.*s", sign, (int)(count - scale), digits, (int)scale,
                        digits + count - scale);
}

static void add_pairs(struct oracle_rows *rows, uint32_t count) {
    size_t n = sizeof nasty / sizeof *nasty;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            oracle_rows_add(rows, str_cstr(nasty[i]), str_cstr(nasty[j]), STR(""));
    for (uint32_t i = 0; i < count; i++)
        oracle_rows_add(rows, random_decimal(rows->arena), random_decimal(rows->arena), STR(""));
}

static struct str answer(struct arena *arena, enum fault fault, struct decimal d) {
    if (fault == FAULT_NONE) return decimal_format(arena, d);
    return fault == FAULT_OVERFLOW || fault == FAULT_LOSSY ? ORACLE_LIMIT : ORACLE_ERROR;
}

typedef enum fault (*binary_operation)(struct decimal a, struct decimal b, struct decimal *out);

static struct str operate(struct arena *arena, const struct str *args, binary_operation operation) {
    struct decimal a, b, result = {0};
    enum fault fault = decimal_parse(args[0], &a);
    if (fault == FAULT_NONE) fault = decimal_parse(args[1], &b);
    if (fault == FAULT_NONE) fault = operation(a, b, &result);
    return answer(arena, fault, result);
}

static struct str add(struct arena *arena, const struct str *args) {
    return operate(arena, args, decimal_add);
}

static struct str subtract(struct arena *arena, const struct str *args) {
    return operate(arena, args, decimal_subtract);
}

static struct str multiply(struct arena *arena, const struct str *args) {
    return operate(arena, args, decimal_multiply);
}

/* Quotients of more than 38 digits are cut shorter than Postgres' and cannot be compared as texts. */
static struct str divide(struct arena *arena, const struct str *args) {
    struct decimal a, b;
    struct str ours = operate(arena, args, decimal_divide);
    if (decimal_parse(args[0], &a) != FAULT_NONE || decimal_parse(args[1], &b) != FAULT_NONE) return ours;
    size_t digits = 0;
    for (size_t i = 0; i < ours.len; i++)
        digits += ours.ptr[i] >= '0' && ours.ptr[i] <= '9';
    return digits >= 38 ? ORACLE_STRICTER : ours;
}

static struct str modulo(struct arena *arena, const struct str *args) {
    return operate(arena, args, decimal_modulo);
}

static struct str compare(struct arena *arena, const struct str *args) {
    struct decimal a, b;
    if (decimal_parse(args[0], &a) != FAULT_NONE || decimal_parse(args[1], &b) != FAULT_NONE)
        return ORACLE_ERROR;
    return arena_printf(arena, "%d", decimal_compare(a, b));
}

static struct str parse(struct arena *arena, const struct str *args) {
    struct decimal d;
    return answer(arena, decimal_parse(args[0], &d), d);
}

static struct str binary(struct arena *arena, const struct str *args) {
    struct decimal d, back;
    uint8_t bytes[DECIMAL_NUMERIC_BINARY_MAX];
    if (decimal_parse(args[0], &d) != FAULT_NONE) return ORACLE_LIMIT;
    size_t len = decimal_to_numeric_binary(d, bytes);
    if (decimal_from_numeric_binary(bytes, len, &back) != FAULT_NONE) return STR("does not come back");
    if (decimal_compare(d, back) != 0 || d.scale != back.scale) return STR("comes back as another");
    return hex_encode(arena, str_from((const char *)bytes, len));
}

static struct str round_to(struct arena *arena, const struct str *args) {
    struct decimal d, result = {0};
    int64_t n;
    enum fault fault = decimal_parse(args[0], &d);
    if (fault == FAULT_NONE) fault = int_parse(args[1], &n);
    if (fault == FAULT_NONE) fault = decimal_round(d, n, &result);
    return answer(arena, fault, result);
}

static struct str truncate_to(struct arena *arena, const struct str *args) {
    struct decimal d, result = {0};
    int64_t n;
    enum fault fault = decimal_parse(args[0], &d);
    if (fault == FAULT_NONE) fault = int_parse(args[1], &n);
    if (fault == FAULT_NONE) fault = decimal_truncate(d, n, &result);
    return answer(arena, fault, result);
}

static struct str ceil_floor(struct arena *arena, const struct str *args) {
    struct decimal d, up, down;
    enum fault fault = decimal_parse(args[0], &d);
    if (fault == FAULT_NONE) fault = decimal_ceil(d, &up);
    if (fault == FAULT_NONE) fault = decimal_floor(d, &down);
    if (fault != FAULT_NONE) return ORACLE_LIMIT;
    struct str a = decimal_format(arena, up), b = decimal_format(arena, down);
    return arena_printf(arena, "%.*s/%.*s", STR_ARG(a), STR_ARG(b));
}

/* Fits when Postgres' cast to numeric(6,2) does and does not change the value. */
static struct str fit(struct arena *arena, const struct str *args) {
    struct decimal d, result = {0};
    if (decimal_parse(args[0], &d) != FAULT_NONE || decimal_fit(d, 6, 2, &result) != FAULT_NONE)
        return ORACLE_ERROR;
    return decimal_format(arena, result);
}

static void compare_decimals(struct oracle *oracle, struct arena *arena) {
    struct oracle_rows rows;
    oracle_rows_init(&rows, arena);
    add_pairs(&rows, 12000);
    oracle_compare(oracle, "numeric in, out", "a::numeric", &rows, parse);
    oracle_compare(oracle, "numeric +", "a::numeric + b::numeric", &rows, add);
    oracle_compare(oracle, "numeric -", "a::numeric - b::numeric", &rows, subtract);
    oracle_compare(oracle, "numeric *", "a::numeric * b::numeric", &rows, multiply);
    oracle_compare(oracle, "numeric /", "a::numeric / b::numeric", &rows, divide);
    oracle_compare(oracle, "numeric %", "a::numeric % b::numeric", &rows, modulo);
    oracle_compare(oracle, "numeric compare", "sign(a::numeric - b::numeric)::int", &rows, compare);
    oracle_compare(oracle, "numeric binary", "encode(numeric_send(a::numeric), 'hex')", &rows, binary);
    oracle_compare(oracle, "numeric ceil, floor", "ceil(a::numeric)::text || '/' || floor(a::numeric)", &rows,
                   ceil_floor);
    oracle_compare(oracle, "numeric(6,2)",
                   "case when a::numeric = a::numeric(6,2) then a::numeric(6,2)::text else '<error>' end",
                   &rows, fit);
    oracle_rows_init(&rows, arena);
    for (int i = 0; i < 12000; i++)
        oracle_rows_add(&rows,
                        oracle_below(10) ? random_decimal(arena)
                                         : str_cstr(nasty[oracle_below(sizeof nasty / sizeof *nasty)]),
                        int_format(arena, oracle_between(-8, 12)), STR(""));
    oracle_compare(oracle, "round(numeric, n)", "round(a::numeric, b::int)", &rows, round_to);
    oracle_compare(oracle, "trunc(numeric, n)", "trunc(a::numeric, b::int)", &rows, truncate_to);
}

/* ---- texts that are no numbers, ints ---- */

static struct str mutate(struct arena *arena, struct str s) {
    static const char chars[] = "0123456789+-.eE x_N";
    char *copy = arena_copy_cstr(arena, s);
    size_t at = s.len ? oracle_below(s.len) : 0;
    if (s.len) copy[at] = chars[oracle_below(sizeof chars - 1)];
    return str_from(copy, s.len);
}

/* Postgres trims blanks and takes NaN and Infinity; here they are refused. */
static bool has_blank(struct str s) {
    return s.len && (memchr(s.ptr, ' ', s.len) || s.ptr[0] == 'N' || s.ptr[0] == 'I');
}

static struct str parse_mutated(struct arena *arena, const struct str *args) {
    struct decimal d;
    enum fault fault = decimal_parse(args[0], &d);
    if (fault == FAULT_NOT_DECIMAL && has_blank(args[0])) return ORACLE_STRICTER;
    if (fault == FAULT_NONE && decimal_sign(d) == 0 && args[0].len > 8)
        return ORACLE_STRICTER; /* 0e9999999999 */
    return answer(arena, fault, d);
}

static struct str parse_int(struct arena *arena, const struct str *args) {
    int64_t n;
    enum fault fault = int_parse(args[0], &n);
    if (fault != FAULT_NONE && has_blank(args[0])) return ORACLE_STRICTER;
    return fault == FAULT_NONE ? int_format(arena, n) : ORACLE_ERROR;
}

static void compare_texts(struct oracle *oracle, struct arena *arena) {
    struct oracle_rows rows;
    oracle_rows_init(&rows, arena);
    for (int i = 0; i < 12000; i++)
        oracle_rows_add(&rows, mutate(arena, random_decimal(arena)), STR(""), STR(""));
    for (int e = -60; e <= 60; e++)
        oracle_rows_add(&rows, arena_printf(arena, "1.250e%d", e), STR(""), STR(""));
    oracle_compare(oracle, "numeric, broken", "a::numeric", &rows, parse_mutated);
    oracle_rows_init(&rows, arena);
    for (int i = 0; i < 12000; i++) {
        struct str s = int_format(arena, (int64_t)oracle_random() >> oracle_below(64));
        oracle_rows_add(&rows, oracle_below(2) ? s : mutate(arena, s), STR(""), STR(""));
    }
    static const char *const edges[] = {"9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "-9223372036854775809",
                                        "+1",
                                        "",
                                        "-",
                                        "00012",
                                        "99999999999999999999999"};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        oracle_rows_add(&rows, str_cstr(edges[i]), STR(""), STR(""));
    oracle_compare(oracle, "bigint in, out", "a::bigint", &rows, parse_int);
}

/* ---- floats ---- */

static struct str parse_float(struct arena *arena, const struct str *args) {
    double f;
    return float_parse(args[0], &f) == FAULT_NONE ? float_format(arena, f) : ORACLE_ERROR;
}

static void compare_floats(struct oracle *oracle, struct arena *arena) {
    struct oracle_rows rows;
    oracle_rows_init(&rows, arena);
    for (int i = 0; i < 20000; i++) {
        double f;
        uint64_t bits = oracle_random();
        memcpy(&f, &bits, sizeof f);
        if (!(f - f == 0)) continue;
        if (i % 4 == 0) f = (double)oracle_between(-100000000, 100000000) / 1000;
        if (i % 16 == 1) f = (double)(bits >> 12) * 4.9406564584124654e-324;
        oracle_rows_add(&rows, arena_printf(arena, "%.17g", f), STR(""), STR(""));
    }
    static const char *const edges[] = {
        "0",     "-0",    "1e15",   "1e14",   "123456789012345678",     "0.0001",          "0.00001",
        "1e308", "1e309", "5e-324", "1e-400", "1.7976931348623157e308", "9007199254740993"};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        oracle_rows_add(&rows, str_cstr(edges[i]), STR(""), STR(""));
    oracle_compare(oracle, "float8 in, out", "a::float8", &rows, parse_float);
}

/* ---- patterns ---- */

static struct str print_pattern(struct arena *arena, const struct str *args) {
    struct decimal d;
    const struct pattern *pattern;
    struct str error, out;
    size_t at;
    if (decimal_parse(args[0], &d) != FAULT_NONE) return ORACLE_ERROR;
    if (!pattern_compile(arena, args[1], PATTERN_NUMBER, &pattern, &error, &at)) return error;
    enum fault fault = pattern_format_decimal(arena, pattern, d, &out);
    return fault == FAULT_NONE ? out : ORACLE_STRICTER;
}

static void compare_patterns(struct oracle *oracle, struct arena *arena) {
    static const char *const patterns[] = {
        "9",          "999",
        "9999.99",    "9,999.99",
        "0",          "000",
        "0999",       "0,000.00",
        "990.00",     "9G999D99",
        "FM9",        "FM999.99",
        "FM990.00",   "FM9,999",
        "FM0,000.90", "S999.9",
        "999.9S",     "MI999.9",
        "999.9MI",    "PL999",
        "999PR",      "FM999PR",
        "FMS999.99",  "SG9999",
        "99\" kg\"",  "FM9,999.00MI",
        "9,9,9,9.0",  "FM999MI",
        "999.9PL",    "0.9",
        "99,99,999",  "B9"}; /* without digits before the point ('.99') Postgres prints ## for 0.5 */
    struct oracle_rows rows;
    oracle_rows_init(&rows, arena);
    for (size_t p = 0; p + 1 < sizeof patterns / sizeof *patterns; p++) {
        static const char *const values[] = {"0",     "1",       "-1",      "0.5",    "-0.5",  "12",
                                             "-12.3", "1234.56", "-1234.5", "0.05",   "-0.05", "999",
                                             "1000",  "0.00",    "100.10",  "99999.9"};
        for (size_t v = 0; v < sizeof values / sizeof *values; v++)
            oracle_rows_add(&rows, str_cstr(values[v]), str_cstr(patterns[p]), STR(""));
        for (int i = 0; i < 300; i++)
            oracle_rows_add(&rows,
                            arena_printf(arena, "%s%d.%0*d", oracle_below(3) ? "" : "-",
                                         (int)(oracle_random() >> (33 + oracle_below(31))),
                                         1 + (int)oracle_below(2), (int)oracle_below(10)),
                            str_cstr(patterns[p]), STR(""));
    }
    oracle_compare(oracle, "to_char(numeric)", "to_char(a::numeric, b)", &rows, print_pattern);
}

void oracle_decimal(struct oracle *oracle) {
    struct arena arena;
    arena_init(&arena);
    compare_decimals(oracle, &arena);
    compare_texts(oracle, &arena);
    compare_floats(oracle, &arena);
    compare_patterns(oracle, &arena);
    arena_release(&arena);
}

/* Runs all comparisons with the Postgres that MIG_TEST_PG_URL names; says "skipped" without it. */
#include "tests/value/oracle.h"
#include "runtime/value/pg.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

struct oracle {
    PGconn *connection;
    uint32_t failed;
};

/* The generator's state; a test program has one thread. */
static uint64_t random_state = 20250919;

uint64_t oracle_random(void) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t oracle_below(uint64_t n) {
    return oracle_random() % n;
}

void oracle_rows_init(struct oracle_rows *rows, struct arena *arena) {
    *rows = (struct oracle_rows){.arena = arena};
}

void oracle_rows_add(struct oracle_rows *rows, struct str a, struct str b, struct str c) {
    if (rows->count == rows->cap)
        rows->args =
            vec_grow(rows->arena, rows->args, rows->count, &rows->cap, sizeof(struct str) * ORACLE_ARGS);
    struct str *args = rows->args + (size_t)rows->count++ * ORACLE_ARGS;
    args[0] = a;
    args[1] = b;
    args[2] = c;
}

static PGresult *run(struct oracle *oracle, const char *sql, int count, const char *const *values) {
    PGresult *result = PQexecParams(oracle->connection, sql, count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fprintf(stderr, "%s\n%s", sql, PQresultErrorMessage(result));
        exit(1);
    }
    return result;
}

static void define(struct oracle *oracle, struct arena *arena, const char *expression) {
    struct str sql =
        arena_printf(arena,
                     "create or replace function pg_temp.oracle(a text, b text, c text) returns text "
                     "language plpgsql as $f$ begin return (%s)::text; exception when others then "
                     "return '<error>'; end $f$",
                     expression);
    PQclear(run(oracle, sql.ptr, 0, NULL));
}

static const char *column_literal(struct arena *arena, const struct oracle_rows *rows, int column) {
    struct str *items = ARENA_ARRAY(arena, struct str, rows->count);
    for (uint32_t i = 0; i < rows->count; i++)
        items[i] = rows->args[i * ORACLE_ARGS + (uint32_t)column];
    struct array array = {items, NULL, rows->count};
    return arena_copy_cstr(arena, pg_array_format(arena, &array));
}

/* ---- numbers beyond 38 digits ---- */

static bool is_plain_number(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!memchr("-.0123456789", s.ptr[i], 13)) return false;
    return s.len > 0;
}

static struct str trim_zeros(struct str s) {
    if (!s.len || !memchr(s.ptr, '.', s.len)) return s;
    while (s.ptr[s.len - 1] == '0')
        s.len--;
    if (s.ptr[s.len - 1] == '.') s.len--;
    return s;
}

/* Whether a number has more digits than mig's decimals. */
static bool is_too_long(struct str s) {
    const char *point = s.len ? memchr(s.ptr, '.', s.len) : NULL;
    size_t scale = point ? (size_t)(s.ptr + s.len - point) - 1 : 0, digits = 0;
    bool leading = true;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') continue;
        if (s.ptr[i] != '0') leading = false;
        digits += !leading;
    }
    return scale > 38 || digits > 38;
}

static bool agree(struct str ours, struct str theirs) {
    if (str_eq(ours, theirs)) return true;
    if (str_eq(ours, ORACLE_LIMIT)) return str_eq(theirs, ORACLE_ERROR) || is_too_long(trim_zeros(theirs));
    if (!is_plain_number(ours) || !is_plain_number(theirs) || !is_too_long(theirs)) return false;
    return str_eq(trim_zeros(ours), trim_zeros(theirs));
}

void oracle_compare(struct oracle *oracle, const char *name, const char *expression,
                    const struct oracle_rows *rows, oracle_function function) {
    struct arena arena, row_arena;
    uint32_t wrong = 0, errors = 0, stricter = 0, limits = 0;
    arena_init(&arena);
    arena_init(&row_arena);
    define(oracle, &arena, expression);
    const char *values[ORACLE_ARGS];
    for (int i = 0; i < ORACLE_ARGS; i++)
        values[i] = column_literal(&arena, rows, i);
    PGresult *result = run(oracle,
                           "select pg_temp.oracle(a, b, c) from unnest($1::text[], $2::text[], $3::text[]) "
                           "with ordinality as rows (a, b, c, n) order by n",
                           ORACLE_ARGS, values);
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct str *args = rows->args + (size_t)i * ORACLE_ARGS;
        struct str theirs = str_from(PQgetvalue(result, (int)i, 0), (size_t)PQgetlength(result, (int)i, 0));
        arena_reset(&row_arena);
        struct str ours = function(&row_arena, args);
        errors += str_eq(ours, ORACLE_ERROR);
        limits += str_eq(ours, ORACLE_LIMIT);
        stricter += str_eq(ours, ORACLE_STRICTER);
        if (str_eq(ours, ORACLE_STRICTER) || agree(ours, theirs)) continue;
        if (wrong++ < 12)
            fprintf(stderr, "%s ('%.*s', '%.*s', '%.*s'): ours '%.*s', Postgres '%.*s'\n", name,
                    STR_ARG(args[0]), STR_ARG(args[1]), STR_ARG(args[2]), STR_ARG(ours), STR_ARG(theirs));
    }
    printf("%-28s %6u rows, %6u errors on both sides, %5u beyond 38 digits, %5u stricter, %u wrong\n", name,
           rows->count, errors, limits, stricter, wrong);
    oracle->failed += wrong > 0;
    PQclear(result);
    arena_release(&arena);
    arena_release(&row_arena);
}

int main(void) {
    const char *url = getenv("MIG_TEST_PG_URL");
    if (url == NULL || *url == '\0') {
        puts("skipped: MIG_TEST_PG_URL is not set");
        return 0;
    }
    struct oracle oracle = {.connection = PQconnectdb(url)};
    if (PQstatus(oracle.connection) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(oracle.connection));
        return 1;
    }
    PQclear(run(&oracle, "set timezone = 'UTC'", 0, NULL));
    PQclear(run(&oracle, "set datestyle = 'ISO, YMD'", 0, NULL));
    PQclear(run(&oracle, "set client_encoding = 'UTF8'", 0, NULL));
    PQclear(run(&oracle, "set lc_monetary = 'C'", 0, NULL));
    oracle_decimal(&oracle);
    oracle_datetime(&oracle);
    oracle_text(&oracle);
    oracle_pg(&oracle);
    PQfinish(oracle.connection);
    if (oracle.failed) fprintf(stderr, "%u comparisons differ\n", oracle.failed);
    return oracle.failed != 0;
}

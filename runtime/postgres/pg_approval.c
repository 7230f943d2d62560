/* See pg_approval.h. */
#include "runtime/postgres/pg_approval.h"

#include "runtime/postgres/pg_internal.h"
#include "runtime/postgres/pg_journal_internal.h"

#include <pwd.h>
#include <unistd.h>

struct str approval_account(struct arena *arena) {
    char host[256] = "";
    const struct passwd *user = getpwuid(getuid());
    gethostname(host, sizeof host - 1);
    return user ? arena_printf(arena, "%s@%s", user->pw_name, host)
                : arena_printf(arena, "uid %u@%s", (unsigned)getuid(), host);
}

static struct str hash_text(struct arena *arena, const uint8_t hash[32]) {
    struct buf hex = {0};
    pg_append_hex(&hex, hash, 32);
    struct str text = arena_copy_str(arena, buf_str(&hex));
    buf_release(&hex);
    return text;
}

static struct str or_empty(struct str s) {
    return s.ptr ? s : STR("");
}

static void append_member(struct buf *json, const char *name, struct str text) {
    buf_printf(json, "%s\"%s\":", json->len > 1 ? "," : "", name);
    buf_append_json(json, or_empty(text));
}

/* The row as the trigger completed it, and its event. */
static bool insert_approval(struct pg_connection *connection, const struct approval *a, bool *again,
                            struct arena *arena, struct diag_list *diags) {
    static const char SQL[] =
        "INSERT INTO mig.approval (plan_hash, environment, migration, version, role, account, alias, note, "
        "at)"
        " VALUES ($1, $2, $3, $4, session_user, $5, $6, $7, pg_catalog.clock_timestamp())"
        " ON CONFLICT DO NOTHING RETURNING role,"
        " (extract(epoch FROM at - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint";
    char version[INT_TEXT_SIZE];
    struct str hash = hash_text(arena, a->plan_hash);
    struct str params[] = {
        hash,       or_empty(a->environment), a->migration,     journal_int_text(a->version, version),
        a->account, or_empty(a->alias),       or_empty(a->note)};
    struct pg_result *r = pg_query(connection, SQL, params, 7, diags);
    if (r == NULL) return false;
    *again = pg_result_rows(r) == 0;
    struct buf detail = {0};
    buf_append_char(&detail, '{');
    append_member(&detail, "plan", str_from(hash.ptr + 2, hash.len - 2));
    append_member(&detail, "environment", a->environment);
    if (!*again) append_member(&detail, "role", pg_result_text(r, 0, 0));
    append_member(&detail, "account", a->account);
    append_member(&detail, "as", a->alias);
    append_member(&detail, "note", a->note);
    buf_append_char(&detail, '}');
    bool good = *again || journal_append_event(connection, NULL, STR("plan_approved"), STR(""),
                                               buf_str(&detail), pg_result_int(r, 0, 1), diags);
    buf_release(&detail);
    pg_result_free(r);
    return good;
}

bool approval_write(struct pg_connection *connection, const struct approval *approval, bool *again,
                    struct diag_list *diags) {
    struct arena arena = {0};
    bool good = pg_begin(connection, diags);
    if (good) {
        good = insert_approval(connection, approval, again, &arena, diags) && pg_commit(connection, diags);
        if (!good) pg_rollback(connection);
    }
    arena_release(&arena);
    return good;
}

/* ---------------------------------------------------------------- reading */

static uint8_t hex_digit(char c) {
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static struct approval read_row(const struct pg_result *r, uint32_t row, struct arena *arena) {
    struct approval a = {
        .environment = arena_copy_str(arena, pg_result_text(r, row, 1)),
        .migration = arena_copy_str(arena, pg_result_text(r, row, 2)),
        .version = pg_result_int(r, row, 3),
        .role = arena_copy_str(arena, pg_result_text(r, row, 4)),
        .account = arena_copy_str(arena, pg_result_text(r, row, 5)),
        .alias = arena_copy_str(arena, pg_result_text(r, row, 6)),
        .note = arena_copy_str(arena, pg_result_text(r, row, 7)),
        .at = arena_copy_str(arena, pg_result_text(r, row, 8)),
    };
    struct str hex = pg_result_text(r, row, 0);
    for (size_t i = 0; i < 32 && 2 * i + 1 < hex.len; i++)
        a.plan_hash[i] = (uint8_t)(hex_digit(hex.ptr[2 * i]) << 4 | hex_digit(hex.ptr[2 * i + 1]));
    return a;
}

/* Each role stands once; the first of each account counts. */
static void mark_people(struct approval *approvals, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        approvals[i].counts = true;
        for (uint32_t j = 0; j < i; j++)
            if (memcmp(approvals[j].plan_hash, approvals[i].plan_hash, 32) == 0 &&
                str_eq(approvals[j].environment, approvals[i].environment) &&
                str_eq(approvals[j].account, approvals[i].account))
                approvals[i].counts = false;
    }
}

bool approval_read(struct pg_connection *connection, const uint8_t plan_hash[32], struct str environment,
                   struct arena *arena, struct approval **approvals, uint32_t *count,
                   struct diag_list *diags) {
    static const char PRESENT[] = "SELECT pg_catalog.to_regclass('mig.approval') IS NOT NULL";
    static const char SQL[] =
        "SELECT pg_catalog.encode(plan_hash, 'hex'), environment, migration, version, role, account, alias, "
        "note,"
        " pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"+00\"') FROM mig.approval"
        " WHERE ($1::bytea IS NULL OR plan_hash = $1) AND ($2::text = '' OR environment = $2)"
        " ORDER BY plan_hash, environment, mig.approval.at, role";
    *approvals = NULL;
    *count = 0;
    struct pg_result *r = pg_query(connection, PRESENT, NULL, 0, diags);
    if (r == NULL) return false;
    bool present = pg_result_bool(r, 0, 0);
    pg_result_free(r);
    if (!present) return true;
    struct str params[] = {plan_hash ? hash_text(arena, plan_hash) : (struct str){0}, or_empty(environment)};
    r = pg_query(connection, SQL, params, 2, diags);
    if (r == NULL) return false;
    *count = pg_result_rows(r);
    *approvals = ARENA_ARRAY(arena, struct approval, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        (*approvals)[i] = read_row(r, i, arena);
    pg_result_free(r);
    mark_people(*approvals, *count);
    return true;
}

uint32_t approval_people(const struct approval *approvals, uint32_t count) {
    uint32_t people = 0;
    for (uint32_t i = 0; i < count; i++)
        people += approvals[i].counts;
    return people;
}

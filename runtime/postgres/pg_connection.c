/* Connecting, closing, statements and results. What errors mean is in pg_failure.c. */
#include "runtime/postgres/pg_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    SERVER_VERSION_MIN = 130000, /* xid8 and pg_current_xact_id */
    CONNECT_TIMEOUT_DEFAULT = 10,
    LOCK_TIMEOUT_DEFAULT = 10000,
    URL_PARAMETERS_MAX = 64
};

/* -- URLs */

static const char *option_value(const PQconninfoOption *options, const char *keyword) {
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0) return o->val && o->val[0] ? o->val : NULL;
    return NULL;
}

/* NULL when the text is no connection string. Free with PQconninfoFree. */
static PQconninfoOption *parse_url(struct str url) {
    if (url.len == 0 || memchr(url.ptr, '\0', url.len)) return NULL;
    struct arena arena = {0};
    char *text = arena_copy_cstr(&arena, url), *error = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &error);
    if (error) PQfreemem(error); /* may quote the password: not shown */
    explicit_bzero(text, url.len);
    arena_release(&arena);
    return options;
}

static struct str name_of_options(struct arena *arena, const PQconninfoOption *options) {
    const char *user = option_value(options, "user"), *host = option_value(options, "host");
    const char *port = option_value(options, "port"), *name = option_value(options, "dbname");
    const char *service = option_value(options, "service");
    bool socket = host && host[0] == '/';
    if (service && !host) return arena_printf(arena, "service %s", service);
    return arena_printf(arena, "postgresql://%s%s%s%s%s/%s%s%s", user ? user : "", user ? "@" : "",
                        host && !socket ? host : "", port && !socket ? ":" : "", port && !socket ? port : "",
                        name ? name : "", socket ? "?host=" : "", socket ? host : "");
}

struct str pg_url_without_password(struct arena *arena, struct str url) {
    PQconninfoOption *options = parse_url(url);
    if (options == NULL) return STR("the connection URL");
    struct str name = name_of_options(arena, options);
    PQconninfoFree(options);
    return name;
}

/* -- connecting */

static int64_t now_ms(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Polls a started connection to its end. Not PQconnectdb, because only here the server's refusal can be asked
 * for with its SQLSTATE, which no locale changes. False: timed out. */
static bool poll_connection(PGconn *pg, int32_t timeout_seconds) {
    int64_t deadline = now_ms() + (int64_t)timeout_seconds * 1000;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        int64_t left = deadline - now_ms();
        if (left <= 0) return false;
        struct pollfd fd = {PQsocket(pg), state == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};
        int n = poll(&fd, 1, (int)left);
        if (n < 0 && errno != EINTR) return true;
        if (n > 0) state = PQconnectPoll(pg);
    }
    return true;
}

static PGconn *start_connection(struct pg_connection *connection, const PQconninfoOption *parsed,
                                bool *timed_out) {
    const char *keys[URL_PARAMETERS_MAX + 8], *values[URL_PARAMETERS_MAX + 8];
    size_t n = 0;
    for (const PQconninfoOption *o = parsed; o->keyword && n < URL_PARAMETERS_MAX; o++) {
        if (o->val == NULL || strcmp(o->keyword, "application_name") == 0) continue;
        if (strcmp(o->keyword, "client_encoding") == 0) continue;
        keys[n] = o->keyword;
        values[n++] = o->val;
    }
    static const char *const DEFAULTS[][2] = {
        {"keepalives_idle", "30"}, {"keepalives_interval", "10"}, {"keepalives_count", "6"}};
    for (size_t i = 0; i < 3; i++)
        if (!option_value(parsed, DEFAULTS[i][0])) {
            keys[n] = DEFAULTS[i][0];
            values[n++] = DEFAULTS[i][1];
        }
    struct str app = connection->options.application_name;
    keys[n] = "application_name";
    values[n++] = app.ptr;
    keys[n] = "client_encoding";
    values[n++] = "UTF8";
    keys[n] = values[n] = NULL;
    PGconn *pg = PQconnectStartParams(keys, values, 0);
    if (pg == NULL) memory_exhausted(0);
    *timed_out = false;
    if (PQstatus(pg) == CONNECTION_BAD) return pg;
    PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
    const char *asked = option_value(parsed, "connect_timeout");
    int32_t timeout = connection->options.connect_timeout_seconds;
    if (timeout <= 0) timeout = asked ? (int32_t)strtol(asked, NULL, 10) : 0;
    *timed_out = !poll_connection(pg, timeout > 0 ? timeout : CONNECT_TIMEOUT_DEFAULT);
    PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
    return pg;
}

/* The SQLSTATE in a verbose message ("FATAL:  28P01: password …"), or "". */
static void find_sqlstate(const char *message, char state[6]) {
    state[0] = '\0';
    for (const char *p = message; (p = strstr(p, ":  ")) != NULL; p += 3) {
        size_t n = strspn(p + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (n == 5 && p[8] == ':') {
            memcpy(state, p + 3, 5);
            state[5] = '\0';
        }
    }
}

/* First line of libpq's message, without the SQLSTATE that the verbose form adds. */
static struct str connect_message(struct arena *arena, const char *message, const char *state) {
    size_t len = strcspn(message, "\n");
    struct str line = str_from(message, len);
    const char *at = state[0] ? strstr(message, state) : NULL;
    if (at && (size_t)(at - message) < len && at[5] == ':') {
        const char *end = message + len;
        return arena_printf(arena, "%.*s", (int)(end - at - 7 > 0 ? end - at - 7 : 0), at + 7);
    }
    return arena_copy_str(arena, line);
}

static enum pg_error classify_connect(PGconn *pg, const char *state) {
    if (strcmp(state, "3D000") == 0) return PG_NO_DATABASE;
    if (strncmp(state, "28", 2) == 0 || PQconnectionNeedsPassword(pg)) return PG_AUTH;
    if (strcmp(state, "42501") == 0) return PG_PERMISSION;
    if (strncmp(state, "53", 2) == 0) return PG_RESOURCES;
    return PG_UNREACHABLE;
}

static void report_connect(const struct pg_connection *connection, enum pg_error kind, bool timed_out,
                           struct str why, struct diag_list *diags) {
    struct str name = connection->name;
    const char *what =
        kind == PG_UNREACHABLE || kind == PG_RESOURCES ? "could not connect to" : "cannot connect to";
    struct diag *d = timed_out ? diag_report(diags, X_PG_UNREACHABLE, pg_no_span(),
                                             "%s %.*s: no answer in time", what, STR_ARG(name))
                               : diag_report(diags, pg_error_code(kind), pg_no_span(), "%s %.*s: %.*s", what,
                                             STR_ARG(name), STR_ARG(why));
    switch (kind) {
    case PG_AUTH:
        diag_help(diags, d,
                  "Check user and password in the connection URL; a password with `@`, `/` or `:` must be "
                  "percent-encoded. pg_hba.conf says how each user may log in.");
        break;
    case PG_NO_DATABASE:
        diag_help(diags, d,
                  "Check the name behind the last `/` of the URL, or create the database with `createdb`.");
        break;
    case PG_RESOURCES: diag_help(diags, d, "Close other connections, or raise max_connections."); break;
    case PG_PERMISSION: diag_help(diags, d, "GRANT CONNECT ON DATABASE … TO this role."); break;
    default:
        diag_help(diags, d,
                  "Check that the server runs, and host, port and firewall between here and there; "
                  "`mig sandbox start` gives a private server.");
        break;
    }
}

static void fail_connect(struct pg_connection *connection, bool timed_out, struct diag_list *diags) {
    char state[6];
    const char *message = PQerrorMessage(connection->pg);
    find_sqlstate(message, state);
    enum pg_error kind = timed_out ? PG_UNREACHABLE : classify_connect(connection->pg, state);
    arena_reset(&connection->failure_arena);
    connection->failure = (struct pg_failure){.kind = kind};
    memcpy(connection->failure.sqlstate, state, sizeof state);
    connection->failure.message = connect_message(&connection->failure_arena, message, state);
    report_connect(connection, kind, timed_out, connection->failure.message, diags);
}

static bool settle_session(struct pg_connection *connection, struct diag_list *diags) {
    const struct pg_options *o = &connection->options;
    int32_t lock = o->lock_timeout_ms ? o->lock_timeout_ms : LOCK_TIMEOUT_DEFAULT;
    /* For a role named mig, "$user" in search_path would mean the journal's schema. */
    return pg_execf(
        connection, diags,
        "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';"
        "SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on;"
        "SET statement_timeout = 0; SET lock_timeout = %d; SET synchronize_seqscans = off;"
        "SET idle_in_transaction_session_timeout = %d;%s%s"
        "SELECT pg_catalog.set_config('search_path', pg_catalog.regexp_replace("
        "pg_catalog.current_setting('search_path'), '\"?[$]user\"?[ ,]*', ''), false)"
        " WHERE current_user = 'mig';",
        lock > 0 ? lock : 0, o->idle_in_transaction_ms,
        PQserverVersion(connection->pg) >= 140000 ? "SET idle_session_timeout = 0;" : "",
        o->keep_row_security ? "" : "SET row_security = off;");
}

static void ignore_notice(void *context, const PGresult *result) {
    (void)context;
    (void)result; /* notices may quote rows */
}

static bool open_connection(struct pg_connection *connection, struct diag_list *diags) {
    PQconninfoOption *parsed = parse_url(connection->url);
    if (parsed == NULL) {
        connection->failure = (struct pg_failure){.kind = PG_BAD_URL, .message = STR("not a connection URL")};
        struct diag *d =
            diag_report(diags, X_PG_URL, pg_no_span(), "%s",
                        connection->url.len
                            ? "the connection URL cannot be read (it is not shown: it may hold a password)"
                            : "the connection URL is empty");
        diag_help(diags, d, "It looks like postgresql://user:password@host:5432/database.");
        return false;
    }
    connection->name = name_of_options(&connection->arena, parsed);
    bool timed_out;
    connection->pg = start_connection(connection, parsed, &timed_out);
    PQconninfoFree(parsed);
    if (timed_out || PQstatus(connection->pg) != CONNECTION_OK) {
        fail_connect(connection, timed_out, diags);
        return false;
    }
    PQsetNoticeReceiver(connection->pg, ignore_notice, NULL);
    if (PQserverVersion(connection->pg) < SERVER_VERSION_MIN) {
        int32_t version = PQserverVersion(connection->pg);
        connection->failure = (struct pg_failure){.kind = PG_TOO_OLD, .message = STR("server too old")};
        struct diag *d =
            diag_report(diags, X_PG_VERSION, pg_no_span(), "%.*s is PostgreSQL %d; mig needs 13 or newer",
                        STR_ARG(connection->name), version / 10000);
        diag_help(diags, d, "Upgrade the server, or migrate into a newer one.");
        return false;
    }
    return settle_session(connection, diags);
}

struct pg_connection *pg_connect(struct str url, const struct pg_options *options, enum pg_error *error,
                                 struct diag_list *diags) {
    struct pg_connection *connection = memory_zalloc(sizeof *connection);
    if (options) connection->options = *options;
    struct str app = connection->options.application_name;
    connection->options.application_name = arena_copy_str(&connection->arena, app.len ? app : STR("mig"));
    connection->url = arena_copy_str(&connection->arena, url);
    connection->name = STR("the connection URL");
    bool ok = open_connection(connection, diags);
    if (error) *error = ok ? PG_OK : connection->failure.kind;
    if (ok) return connection;
    pg_close(connection);
    return NULL;
}

bool pg_reconnect(struct pg_connection *connection, struct diag_list *diags) {
    if (connection->pg) PQfinish(connection->pg);
    connection->pg = NULL;
    connection->broken = false;
    return open_connection(connection, diags);
}

void pg_close(struct pg_connection *connection) {
    if (connection == NULL) return;
    if (connection->pg) PQfinish(connection->pg);
    explicit_bzero((char *)connection->url.ptr, connection->url.len);
    arena_release(&connection->failure_arena);
    arena_release(&connection->arena);
    free(connection);
}

bool pg_is_alive(const struct pg_connection *connection) {
    return connection->pg && !connection->broken && PQstatus(connection->pg) == CONNECTION_OK;
}

struct str pg_connection_name(const struct pg_connection *connection) {
    return connection->name;
}

int32_t pg_backend_id(const struct pg_connection *connection) {
    return connection->pg ? PQbackendPID(connection->pg) : 0;
}

void pg_connection_show_values(struct pg_connection *connection, bool show) {
    connection->show_values = show;
}

bool pg_cancel(struct pg_connection *connection) {
    PGcancel *cancel = connection->pg ? PQgetCancel(connection->pg) : NULL;
    if (cancel == NULL) return false;
    char error[256];
    bool ok = PQcancel(cancel, error, sizeof error) == 1;
    PQfreeCancel(cancel);
    return ok;
}

/* -- statements */

static bool result_is_good(const PGresult *result) {
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY: return true;
    default: return false;
    }
}

bool pg_exec(struct pg_connection *connection, const char *sql, struct diag_list *diags) {
    PGresult *result = connection->pg ? PQexec(connection->pg, sql) : NULL;
    bool ok = result && result_is_good(result);
    if (!ok) {
        pg_note_failure(connection, result);
        if (diags) pg_report_failure(connection, diags, NULL);
    }
    PQclear(result);
    return ok;
}

bool pg_execf(struct pg_connection *connection, struct diag_list *diags, const char *format, ...) {
    struct buf sql = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&sql, format, args);
    va_end(args);
    bool ok = pg_exec(connection, sql.ptr, diags);
    buf_release(&sql);
    return ok;
}

struct pg_result *pg_query(struct pg_connection *connection, const char *sql, const struct str *params,
                           uint32_t count, struct diag_list *diags) {
    struct arena arena = {0};
    const char **values = ARENA_ARRAY(&arena, const char *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        values[i] = params[i].ptr ? arena_copy_cstr(&arena, params[i]) : NULL;
    PGresult *result =
        connection->pg ? PQexecParams(connection->pg, sql, (int)count, NULL, values, NULL, NULL, 0) : NULL;
    arena_release(&arena);
    if (result && result_is_good(result)) {
        struct pg_result *out = memory_alloc(sizeof *out);
        out->pg = result;
        return out;
    }
    pg_note_failure(connection, result);
    if (diags) pg_report_failure(connection, diags, NULL);
    PQclear(result);
    return NULL;
}

void pg_result_free(struct pg_result *result) {
    if (result == NULL) return;
    PQclear(result->pg);
    free(result);
}

uint32_t pg_result_rows(const struct pg_result *result) {
    return (uint32_t)PQntuples(result->pg);
}

uint32_t pg_result_columns(const struct pg_result *result) {
    return (uint32_t)PQnfields(result->pg);
}

struct str pg_result_column_name(const struct pg_result *result, uint32_t column) {
    return str_cstr(PQfname(result->pg, (int)column));
}

bool pg_result_is_numeric(const struct pg_result *result, uint32_t column) {
    enum { NUMERIC_OID = 1700 }; /* pg_type.dat */
    return PQftype(result->pg, (int)column) == NUMERIC_OID;
}

bool pg_result_is_null(const struct pg_result *result, uint32_t row, uint32_t column) {
    return PQgetisnull(result->pg, (int)row, (int)column);
}

struct str pg_result_text(const struct pg_result *result, uint32_t row, uint32_t column) {
    if (pg_result_is_null(result, row, column)) return (struct str){0};
    return str_from(PQgetvalue(result->pg, (int)row, (int)column),
                    (size_t)PQgetlength(result->pg, (int)row, (int)column));
}

int64_t pg_result_int(const struct pg_result *result, uint32_t row, uint32_t column) {
    return strtoll(PQgetvalue(result->pg, (int)row, (int)column), NULL, 10);
}

bool pg_result_bool(const struct pg_result *result, uint32_t row, uint32_t column) {
    return PQgetvalue(result->pg, (int)row, (int)column)[0] == 't';
}

uint64_t pg_result_affected(const struct pg_result *result) {
    return strtoull(PQcmdTuples(result->pg), NULL, 10);
}

bool pg_drain_results(struct pg_connection *connection, uint64_t *affected) {
    bool ok = true;
    PGresult *result;
    while (connection->pg && (result = PQgetResult(connection->pg)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_COPY_IN) {
            PQputCopyEnd(connection->pg, "given up");
        } else if (status == PGRES_COPY_OUT) { /* its rows, unwanted */
            char *row;
            while (PQgetCopyData(connection->pg, &row, 0) > 0)
                PQfreemem(row);
        } else if (!result_is_good(result)) {
            pg_note_failure(connection, result);
            ok = false;
        } else if (affected) {
            *affected = strtoull(PQcmdTuples(result), NULL, 10);
        }
        PQclear(result);
        if (!pg_is_alive(connection)) break;
    }
    if (ok && !pg_is_alive(connection)) {
        pg_note_lost(connection);
        ok = false;
    }
    return ok;
}

/* -- transactions */

bool pg_begin(struct pg_connection *connection, struct diag_list *diags) {
    return pg_exec(connection, "BEGIN", diags);
}

bool pg_commit(struct pg_connection *connection, struct diag_list *diags) {
    /* COMMIT of a failed transaction answers ROLLBACK without an error. */
    if (connection->pg && PQtransactionStatus(connection->pg) == PQTRANS_INERROR) {
        pg_rollback(connection);
        if (diags)
            diag_report(diags, X_PG_STATEMENT, pg_no_span(),
                        "the transaction had failed and was rolled back");
        return false;
    }
    return pg_exec(connection, "COMMIT", diags);
}

void pg_rollback(struct pg_connection *connection) {
    if (!pg_is_alive(connection)) return;
    PGTransactionStatusType status = PQtransactionStatus(connection->pg);
    if (status == PQTRANS_IDLE || status == PQTRANS_UNKNOWN) return;
    struct pg_failure kept = connection->failure; /* rolling back does not hide why */
    PGresult *result = PQexec(connection->pg, "ROLLBACK");
    PQclear(result);
    connection->failure = kept;
}

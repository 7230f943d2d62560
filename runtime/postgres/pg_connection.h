/* Connections to PostgreSQL over libpq: connecting by URL, statements, errors sorted by what a caller can do
 * about them, quoting.
 *
 * Nothing that leaves this folder holds a URL's password or a row's values: server messages lose their DETAIL
 * (it quotes rows and keys), and, unless pg_connection_show_values allows it, whatever a primary message
 * quotes of a value.
 *
 * A connection belongs to one thread at a time; pg_cancel alone may be called from another. */
#ifndef MIG_POSTGRES_PG_CONNECTION_H
#define MIG_POSTGRES_PG_CONNECTION_H

#include "runtime/base/diag.h"

/* What went wrong, by what can be done. The SQLSTATE classes are those of the manual's appendix A. */
enum pg_error {
    PG_OK,
    PG_BAD_URL,     /* not a connection URL */
    PG_UNREACHABLE, /* no server answers, or it does not take connections now */
    PG_AUTH,        /* wrong password, unknown role, pg_hba.conf */
    PG_NO_DATABASE,
    PG_TOO_OLD,    /* server version */
    PG_LOST,       /* the connection broke; what was not committed is gone */
    PG_PERMISSION, /* 42501 */
    PG_MISSING,    /* 42P01, 42703, 3F000, …: an object that is not there */
    PG_TRANSIENT,  /* deadlock, serialization failure, lock timeout: the same again may succeed */
    PG_REFUSED,    /* a row's fault: classes 22, 23, 44, 21 and what triggers raise (P0) */
    PG_RESOURCES,  /* class 53: disk full, too many connections, out of memory */
    PG_CANCELLED,  /* 57014 */
    PG_OTHER,
    PG_ERROR_COUNT
};

/* The last failure of a connection. Texts live until its next statement. */
struct pg_failure {
    enum pg_error kind;
    char sqlstate[6];                                   /* "" when the server did not say */
    struct str message;                                 /* primary message, values masked */
    struct str hint;                                    /* the server's own; may be empty */
    struct str schema, table, column, type, constraint; /* each may be empty */
    int64_t copy_line; /* COPY: 1-based row of the COPY that the server refused; 0: not known */
};

struct pg_options {
    struct str application_name;     /* empty: "mig" */
    int32_t connect_timeout_seconds; /* 0: 10 */
    int32_t lock_timeout_ms;         /* 0: 10000; negative: none */
    int32_t idle_in_transaction_ms;  /* 0: none */
    bool keep_row_security; /* true: row_security stays on. Default off: a policy that would hide rows
                               is then an error, not a silent lack of rows */
};

struct pg_connection;

/* Connects and sets the session: TimeZone UTC, DateStyle ISO, IntervalStyle postgres, client_encoding UTF8,
 * bytea_output hex, extra_float_digits 1, standard_conforming_strings on, statement_timeout 0, lock_timeout,
 * synchronize_seqscans off, row_security off, TCP keepalives. search_path stays the role's own (less "$user"
 * for a role named mig, whose namesake is the journal's schema): every statement of mig qualifies its names.
 * url: postgres://… or postgresql://… (or libpq's key=value form). options may be NULL. NULL with a
 * diagnostic (and *error, which may be NULL). Free with pg_close. */
struct pg_connection *pg_connect(struct str url, const struct pg_options *options, enum pg_error *error,
                                 struct diag_list *diags);
void pg_close(struct pg_connection *connection); /* NULL is fine; an open transaction is rolled back */
/* The same again after a loss. Open transactions, temporary tables and locks are gone. */
bool pg_reconnect(struct pg_connection *connection, struct diag_list *diags);
/* False once the connection is known to be broken. */
bool pg_is_alive(const struct pg_connection *connection);

/* The URL without password, for messages: postgresql://user@host:5432/name. Lives with the connection. */
struct str pg_connection_name(const struct pg_connection *connection);
/* The same for a URL that is not connected; anything that does not parse gives "the connection URL". */
struct str pg_url_without_password(struct arena *arena, struct str url);
int32_t pg_backend_id(const struct pg_connection *connection); /* process id of the server process */
const struct pg_failure *pg_last_failure(const struct pg_connection *connection);
/* Lets messages keep what the server quotes of values: only where no column holds personal data. */
void pg_connection_show_values(struct pg_connection *connection, bool show);

/* -- statements. Parameters are texts ($1 …); ptr NULL is null; types are inferred by the server. */

struct pg_result;

/* One statement with parameters, result as text. NULL with a diagnostic. Free with pg_result_free. */
struct pg_result *pg_query(struct pg_connection *connection, const char *sql, const struct str *params,
                           uint32_t count, struct diag_list *diags);
/* One or several statements without parameters, whose results do not matter. diags NULL: silent, see
 * pg_last_failure. */
bool pg_exec(struct pg_connection *connection, const char *sql, struct diag_list *diags);
/* pg_exec with printf. Use pg_append_identifier and pg_append_literal for what comes from outside. */
bool pg_execf(struct pg_connection *connection, struct diag_list *diags, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void pg_result_free(struct pg_result *result);
uint32_t pg_result_rows(const struct pg_result *result);
uint32_t pg_result_columns(const struct pg_result *result);
struct str pg_result_column_name(const struct pg_result *result, uint32_t column);
bool pg_result_is_numeric(const struct pg_result *result, uint32_t column); /* of the type numeric */
/* Points into the result. A null gives ptr NULL. */
struct str pg_result_text(const struct pg_result *result, uint32_t row, uint32_t column);
bool pg_result_is_null(const struct pg_result *result, uint32_t row, uint32_t column);
int64_t pg_result_int(const struct pg_result *result, uint32_t row, uint32_t column); /* null: 0 */
bool pg_result_bool(const struct pg_result *result, uint32_t row, uint32_t column);   /* null: false */
uint64_t pg_result_affected(const struct pg_result *result); /* rows inserted, updated, deleted, copied */

/* Asks the server to stop the connection's current statement. Thread-safe. */
bool pg_cancel(struct pg_connection *connection);

/* -- errors and quoting */

/* Adds the last failure as a diagnostic: `what` says what mig was doing ("load into portal.users"). */
struct diag *pg_report_failure(struct pg_connection *connection, struct diag_list *diags, const char *what);
enum diag_code pg_error_code(enum pg_error error);
/* "name" with quotes doubled; always quoted, so that no name is a keyword or folded. */
void pg_append_identifier(struct buf *out, struct str name);
/* "schema"."name"; an empty schema is left out. */
void pg_append_qualified(struct buf *out, struct str schema, struct str name);
/* 'text' with quotes doubled, E'' where it holds a backslash. */
void pg_append_literal(struct buf *out, struct str text);
/* Starts or ends a transaction block. */
bool pg_begin(struct pg_connection *connection, struct diag_list *diags);
bool pg_commit(struct pg_connection *connection, struct diag_list *diags);
/* Never fails: a broken connection has nothing left to roll back. */
void pg_rollback(struct pg_connection *connection);

#endif

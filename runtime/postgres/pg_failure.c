/* What an error of the server means, how it is shown without showing values, and quoting for SQL and COPY. */
#include "runtime/postgres/pg_internal.h"
#include "runtime/value/datetime.h"

#include <stdio.h>
#include <stdlib.h>

/* SQLSTATE (or its first letters) → kind; the first match counts. */
static const struct {
    const char *state;
    enum pg_error kind;
} STATES[] = {
    {"40", PG_TRANSIENT},  {"55P03", PG_TRANSIENT},   {"55006", PG_TRANSIENT},  {"57014", PG_CANCELLED},
    {"57P01", PG_LOST},    {"57P02", PG_LOST},        {"57P03", PG_LOST},       {"57P05", PG_LOST},
    {"25P03", PG_LOST},    {"08", PG_LOST},           {"42501", PG_PERMISSION}, {"28", PG_AUTH},
    {"42P01", PG_MISSING}, {"42703", PG_MISSING},     {"42704", PG_MISSING},    {"42883", PG_MISSING},
    {"3F000", PG_MISSING}, {"3D000", PG_NO_DATABASE}, {"25006", PG_PERMISSION}, {"21", PG_REFUSED},
    {"22P03", PG_OTHER},   {"22P04", PG_OTHER},       {"22", PG_REFUSED},       {"23", PG_REFUSED},
    {"44", PG_REFUSED},    {"38", PG_REFUSED},        {"39", PG_REFUSED},       {"54", PG_REFUSED},
    {"P0", PG_REFUSED},    {"53", PG_RESOURCES},      {"58", PG_RESOURCES},
};

static enum pg_error classify_state(const char *state) {
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++)
        if (strncmp(state, STATES[i].state, strlen(STATES[i].state)) == 0) return STATES[i].kind;
    return PG_OTHER;
}

enum diag_code pg_error_code(enum pg_error error) {
    switch (error) {
    case PG_BAD_URL: return X_PG_URL;
    case PG_UNREACHABLE: return X_PG_UNREACHABLE;
    case PG_AUTH: return X_PG_AUTH;
    case PG_NO_DATABASE: return X_PG_NO_DATABASE;
    case PG_TOO_OLD: return X_PG_VERSION;
    case PG_LOST: return X_PG_LOST;
    case PG_PERMISSION: return X_PG_PERMISSION;
    case PG_MISSING: return X_PG_MISSING;
    case PG_TRANSIENT: return X_PG_TRANSIENT;
    case PG_REFUSED: return X_PG_REFUSED;
    case PG_RESOURCES: return X_PG_RESOURCES;
    case PG_CANCELLED: return X_PG_CANCELLED;
    default: return X_PG_STATEMENT;
    }
}

/* Servers quote values in many locales' ways; everything from the first quote to the last is hidden. */
static struct str mask_quoted(struct arena *arena, struct str text) {
    static const char *const QUOTES[] = {"\"", "'", "«", "»", "„", "“", "”", "‘", "’", "`"};
    size_t first = text.len, last = 0;
    for (size_t i = 0; i < text.len; i++)
        for (size_t q = 0; q < sizeof QUOTES / sizeof QUOTES[0]; q++) {
            size_t n = strlen(QUOTES[q]);
            if (text.len - i < n || memcmp(text.ptr + i, QUOTES[q], n) != 0) continue;
            if (i < first) first = i;
            last = i + n;
        }
    if (first >= last) return arena_copy_str(arena, text);
    return arena_printf(arena, "%.*s[value]%.*s", (int)first, text.ptr, (int)(text.len - last),
                        text.ptr + last);
}

/* The primary message, fit to be shown. Messages of class 22 quote values; what RAISE says is the author's
 * own text and may hold anything; the others quote names only. */
static struct str shown_message(struct pg_connection *connection, const PGresult *result, const char *state) {
    struct arena *arena = &connection->failure_arena;
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *source = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    struct str message = str_cstr(primary ? primary : "the server gave no reason");
    bool raised = strncmp(state, "P0", 2) == 0 || (source && strcmp(source, "exec_stmt_raise") == 0);
    if (connection->show_values) return arena_copy_str(arena, message);
    if (raised)
        return STR("a trigger or function of the database refuses it (its message is not shown: it may hold "
                   "values)");
    if (strcmp(state, "22021") == 0 || strcmp(state, "22P05") == 0)
        return STR("a text holds bytes or characters that the database cannot store");
    if (strncmp(state, "22", 2) == 0) return mask_quoted(arena, message);
    return arena_copy_str(arena, message);
}

static struct str result_field(struct arena *arena, const PGresult *result, int field) {
    const char *text = PQresultErrorField(result, field);
    return text ? arena_copy_str(arena, str_cstr(text)) : (struct str){0};
}

/* "COPY users, line 5, column email: …": the server tells the row. The words around the number are
 * translated, the order is not. */
static int64_t find_copy_line(struct str relation, const char *context) {
    const char *at = context ? strstr(context, "COPY ") : NULL;
    if (at == NULL || relation.len == 0) return 0;
    at += 5;
    if (strncmp(at, relation.ptr, relation.len) != 0) return 0;
    at += relation.len;
    size_t skip = strcspn(at, "0123456789\n");
    return at[skip] >= '0' && at[skip] <= '9' ? strtoll(at + skip, NULL, 10) : 0;
}

enum pg_error pg_note_failure(struct pg_connection *connection, const PGresult *result) {
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (state == NULL) {
        pg_note_lost(connection);
        if (pg_is_alive(connection)) connection->failure.kind = PG_OTHER;
        return connection->failure.kind;
    }
    struct arena *arena = &connection->failure_arena;
    arena_reset(arena);
    struct pg_failure *f = &connection->failure;
    *f = (struct pg_failure){.kind = classify_state(state)};
    snprintf(f->sqlstate, sizeof f->sqlstate, "%s", state);
    f->message = shown_message(connection, result, f->sqlstate);
    bool own_words =
        strncmp(state, "42", 2) == 0 || strncmp(state, "53", 2) == 0 || strncmp(state, "55", 2) == 0;
    if (own_words) f->hint = result_field(arena, result, PG_DIAG_MESSAGE_HINT);
    f->schema = result_field(arena, result, PG_DIAG_SCHEMA_NAME);
    f->table = result_field(arena, result, PG_DIAG_TABLE_NAME);
    f->column = result_field(arena, result, PG_DIAG_COLUMN_NAME);
    f->type = result_field(arena, result, PG_DIAG_DATATYPE_NAME);
    f->constraint = result_field(arena, result, PG_DIAG_CONSTRAINT_NAME);
    f->copy_line = find_copy_line(connection->copy_relation, PQresultErrorField(result, PG_DIAG_CONTEXT));
    if (!pg_is_alive(connection)) f->kind = PG_LOST;
    connection->broken = connection->broken || f->kind == PG_LOST;
    return f->kind;
}

void pg_note_lost(struct pg_connection *connection) {
    arena_reset(&connection->failure_arena);
    connection->failure =
        (struct pg_failure){.kind = PG_LOST, .message = STR("the connection to the server was lost")};
}

const struct pg_failure *pg_last_failure(const struct pg_connection *connection) {
    return &connection->failure;
}

static void add_help(struct pg_connection *connection, struct diag_list *diags, struct diag *d) {
    const struct pg_failure *f = &connection->failure;
    if (f->constraint.len) diag_help(diags, d, "Constraint `%.*s`.", STR_ARG(f->constraint));
    if (f->hint.len) diag_help(diags, d, "%.*s", STR_ARG(f->hint));
    switch (f->kind) {
    case PG_LOST:
        diag_help(diags, d,
                  "Look at the server's log: it was stopped, crashed, or something between closed the "
                  "connection. What was not committed was not loaded.");
        break;
    case PG_PERMISSION:
        if (strcmp(f->sqlstate, "25006") == 0)
            diag_help(diags, d, "The server takes no writes: connect to the primary, not to a standby.");
        else
            diag_help(diags, d, "Grant the right to this role, or use a role that has it.");
        break;
    case PG_TRANSIENT:
        diag_help(diags, d, "Another session was in the way; the same again may succeed.");
        break;
    case PG_RESOURCES: diag_help(diags, d, "Make room on the server, then resume."); break;
    default: break;
    }
}

struct diag *pg_report_failure(struct pg_connection *connection, struct diag_list *diags, const char *what) {
    const struct pg_failure *f = &connection->failure;
    struct buf text = {0};
    if (what) buf_printf(&text, "could not %s: ", what);
    buf_append_str(&text, f->message);
    if (f->sqlstate[0]) buf_printf(&text, " (SQLSTATE %s)", f->sqlstate);
    struct diag *d =
        diag_report(diags, pg_error_code(f->kind), pg_no_span(), "%.*s", STR_ARG(buf_str(&text)));
    buf_release(&text);
    if (f->table.len && f->column.len)
        diag_place(diags, d, "%.*s.%.*s, column %.*s", STR_ARG(f->schema), STR_ARG(f->table),
                   STR_ARG(f->column));
    else if (f->table.len)
        diag_place(diags, d, "%.*s.%.*s", STR_ARG(f->schema), STR_ARG(f->table));
    add_help(connection, diags, d);
    return d;
}

/* -- quoting */

void pg_append_identifier(struct buf *out, struct str name) {
    buf_append_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"') buf_append_char(out, '"');
        buf_append_char(out, name.ptr[i]);
    }
    buf_append_char(out, '"');
}

void pg_append_qualified(struct buf *out, struct str schema, struct str name) {
    if (schema.len) {
        pg_append_identifier(out, schema);
        buf_append_char(out, '.');
    }
    pg_append_identifier(out, name);
}

void pg_append_literal(struct buf *out, struct str text) {
    bool escape = text.len && memchr(text.ptr, '\\', text.len);
    buf_append_cstr(out, escape ? "E'" : "'");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'' || text.ptr[i] == '\\') buf_append_char(out, text.ptr[i]);
        buf_append_char(out, text.ptr[i]);
    }
    buf_append_char(out, '\'');
}

void pg_append_copy_text(struct buf *out, struct str text) {
    if (text.ptr == NULL) {
        buf_append(out, "\\N", 2);
        return;
    }
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i], escape = c == '\\'   ? '\\'
                                       : c == '\t' ? 't'
                                       : c == '\n' ? 'n'
                                       : c == '\r' ? 'r'
                                                   : '\0';
        if (escape == '\0') continue;
        buf_append(out, text.ptr + plain, i - plain);
        buf_append_char(out, '\\');
        buf_append_char(out, escape);
        plain = i + 1;
    }
    buf_append(out, text.ptr + plain, text.len - plain);
}

void pg_append_hex(struct buf *out, const void *bytes, size_t len) {
    static const char DIGITS[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    buf_append(out, "\\x", 2);
    char *to = buf_reserve(out, 2 * len);
    for (size_t i = 0; i < len; i++) {
        *to++ = DIGITS[p[i] >> 4];
        *to++ = DIGITS[p[i] & 15];
    }
    *to = '\0';
    out->len += 2 * len;
}

void pg_append_timestamptz(struct buf *out, int64_t micros) {
    char text[DATETIME_TEXT_MAX];
    buf_append(out, text, timestamptz_write(micros, text));
}

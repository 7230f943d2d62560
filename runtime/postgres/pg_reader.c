/* PostgreSQL sources: which database, which snapshot, which SELECT. The rows are pg_copy_out.c's. */
#include "runtime/postgres/pg_reader.h"
#include "runtime/postgres/pg_copy_out.h"
#include "runtime/reader/reader_internal.h"

#include <pthread.h>
#include <stdlib.h>

/* -- the databases of a run */

struct pg_source {
    struct pg_connection *lead; /* holds the snapshot open; NULL: not connected yet */
    struct str snapshot;        /* as pg_export_snapshot names it */
};

struct pg_sources {
    const struct plan *plan;
    struct arena arena;
    struct str target_url;
    struct pg_options options;
    pthread_mutex_t lock;        /* over `databases` */
    struct pg_source *databases; /* by plan source; one more, the last: the target */
};

struct pg_sources *pg_sources_new(const struct plan *plan, struct str target_url,
                                  const struct pg_options *options) {
    struct pg_sources *s = memory_zalloc(sizeof *s);
    s->plan = plan;
    s->target_url = arena_copy_str(&s->arena, target_url);
    if (options) s->options = *options;
    s->options.application_name = arena_copy_str(&s->arena, s->options.application_name);
    s->options.idle_in_transaction_ms = 0; /* the lead is idle in its transaction by design */
    s->databases = ARENA_ARRAY(&s->arena, struct pg_source, plan->sources_count + 1);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void pg_sources_free(struct pg_sources *s) {
    if (s == NULL) return;
    for (uint32_t i = 0; i <= s->plan->sources_count; i++)
        pg_close(s->databases[i].lead);
    pthread_mutex_destroy(&s->lock);
    explicit_bzero((char *)s->target_url.ptr, s->target_url.len);
    arena_release(&s->arena);
    free(s);
}

/* False with a diagnostic when the environment lacks the variable. */
static bool source_url(const struct pg_sources *s, uint32_t database, struct str *url,
                       struct diag_list *diags) {
    if (database == s->plan->sources_count) {
        *url = s->target_url;
        return true;
    }
    const struct plan_source *source = &s->plan->sources[database];
    *url = source->location;
    if (!source->location_is_env) return true;
    struct arena arena = {0};
    const char *value = getenv(arena_copy_cstr(&arena, source->location));
    arena_release(&arena);
    *url = str_cstr(value);
    if (value && value[0]) return true;
    struct diag *d =
        diag_report(diags, X_PG_URL, pg_no_span(),
                    "the environment variable `%.*s`, which names the database of source `%.*s`, is %s",
                    STR_ARG(source->location), STR_ARG(source->name), value ? "empty" : "not set");
    diag_help(diags, d, "Set it to a URL such as postgresql://user:password@host:5432/database.");
    return false;
}

static bool open_lead(struct pg_sources *s, struct pg_source *database, struct str url,
                      struct diag_list *diags) {
    struct pg_connection *lead = pg_connect(url, &s->options, NULL, diags);
    struct pg_result *r = NULL;
    if (lead && pg_exec(lead, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", diags))
        r = pg_query(lead, "SELECT pg_catalog.pg_export_snapshot()", NULL, 0, diags);
    if (r == NULL) {
        pg_close(lead);
        return false;
    }
    database->lead = lead;
    database->snapshot = arena_copy_str(&s->arena, pg_result_text(r, 0, 0));
    pg_result_free(r);
    return true;
}

/* A connection of the reader's own, in the database's snapshot. */
static struct pg_connection *join_snapshot(struct pg_sources *s, uint32_t index, struct diag_list *diags) {
    struct str url, snapshot = {0};
    if (!source_url(s, index, &url, diags)) return NULL;
    struct pg_source *database = &s->databases[index];
    pthread_mutex_lock(&s->lock);
    bool ok = database->lead != NULL || open_lead(s, database, url, diags);
    if (ok) snapshot = database->snapshot;
    pthread_mutex_unlock(&s->lock);
    if (!ok) return NULL;
    struct pg_connection *connection = pg_connect(url, &s->options, NULL, diags);
    if (connection == NULL) return NULL;
    struct buf name = {0};
    pg_append_literal(&name, snapshot);
    ok = pg_execf(connection, diags,
                  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT %.*s;"
                  /* Rows that several processes gather come in another order each time. */
                  " SET LOCAL max_parallel_workers_per_gather = 0",
                  STR_ARG(buf_str(&name)));
    buf_release(&name);
    if (ok) return connection;
    pg_close(connection);
    return NULL;
}

/* -- the SELECT */

struct pg_source_reader {
    struct pg_connection *connection;
    struct pg_copy_reader *copy;
    uint32_t *cell_of;      /* by projection: column of the COPY; UINT32_MAX: always null (a parent) */
    struct row_batch batch; /* the COPY's columns, where a projection has nulls of its own */
};

/* The query without semicolon and blanks at its end, so that it can stand in brackets. */
static struct str trim_query(struct str sql) {
    while (sql.len && strchr("; \t\r\n", sql.ptr[sql.len - 1]))
        sql.len--;
    return sql;
}

/* The table, or the query in brackets; a comment at its end needs the line break. */
static void append_from(const struct reader *reader, struct buf *sql) {
    struct str title = reader->table->title;
    if (reader->source->format == SOURCE_QUERY) {
        buf_append_cstr(sql, "(");
        buf_append_str(sql, trim_query(title));
        buf_append_cstr(sql, "\n) AS source_rows");
    } else
        buf_append_str(sql, title);
}

/* Rows come in the order of the primary key, so that two runs see them alike. */
static bool append_order(struct pg_connection *connection, const struct reader *reader, struct buf *sql,
                         struct diag_list *diags) {
    if (reader->source->format == SOURCE_QUERY) return true;
    struct pg_result *r =
        pg_query(connection,
                 "SELECT a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a"
                 " ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
                 " WHERE i.indrelid = $1::pg_catalog.regclass AND i.indisprimary"
                 " ORDER BY pg_catalog.array_position(i.indkey::smallint[], a.attnum)",
                 &reader->table->title, 1, diags);
    if (r == NULL) return false;
    for (uint32_t i = 0; i < pg_result_rows(r); i++) {
        buf_append_cstr(sql, i ? ", " : " ORDER BY ");
        pg_append_identifier(sql, pg_result_text(r, i, 0));
    }
    pg_result_free(r);
    return true;
}

static struct str reader_what(const struct reader *reader, struct arena *arena) {
    if (reader->table->name.len)
        return arena_printf(arena, "%.*s.%.*s", STR_ARG(reader->source->name), STR_ARG(reader->table->name));
    return reader->source->name;
}

/* Names the columns that the source really has; checks them against the spec's. */
static bool check_columns(struct reader *reader, struct pg_connection *connection, uint32_t *field_of,
                          struct pg_description *description, struct diag_list *diags) {
    struct buf sql = {0};
    buf_append_cstr(&sql, "SELECT * FROM ");
    append_from(reader, &sql);
    bool ok = pg_describe(connection, &reader->arena, buf_str(&sql), description);
    buf_release(&sql);
    struct str what = reader_what(reader, &reader->arena);
    if (!ok) {
        pg_report_failure(connection, diags, arena_printf(&reader->arena, "read %.*s", STR_ARG(what)).ptr);
        return false;
    }
    return header_check(reader, description->names, description->count, what, field_of, diags);
}

static bool make_select(struct reader *reader, struct pg_source_reader *state, const uint32_t *field_of,
                        const struct pg_description *description, struct buf *sql, struct diag_list *diags) {
    uint32_t count = 0;
    buf_append_cstr(sql, "SELECT ");
    for (uint32_t i = 0; i < reader->projection_count; i++) {
        bool parent = reader->projection[i].via == VIA_PARENT; /* rows of a table have none */
        state->cell_of[i] = parent ? UINT32_MAX : count;
        if (parent) continue;
        buf_append_cstr(sql, count++ ? ", " : "");
        pg_append_identifier(sql, description->names[field_of[reader->projection[i].column]]);
    }
    if (count == 0) buf_append_cstr(sql, "NULL");
    buf_append_cstr(sql, " FROM ");
    append_from(reader, sql);
    row_batch_init(&state->batch, count ? count : 1);
    return append_order(state->connection, reader, sql, diags);
}

static bool pg_source_open(struct reader *reader, struct diag_list *diags) {
    struct pg_sources *sources = reader->options.postgres_context;
    struct pg_source_reader *state = ARENA_NEW(&reader->arena, struct pg_source_reader);
    reader->state = state;
    bool query = reader->source->format == SOURCE_QUERY;
    uint32_t database = !query                     ? reader->source_index
                        : reader->source->query_of ? reader->source->query_of - 1
                                                   : sources->plan->sources_count;
    state->connection = join_snapshot(sources, database, diags);
    if (state->connection == NULL) return false;
    struct pg_description description;
    uint32_t *field_of = ARENA_ARRAY(&reader->arena, uint32_t, reader->table->columns_count);
    state->cell_of = ARENA_ARRAY(&reader->arena, uint32_t, reader->projection_count);
    if (!check_columns(reader, state->connection, field_of, &description, diags)) return false;
    struct buf sql = {0};
    struct str what = reader_what(reader, &reader->arena);
    if (make_select(reader, state, field_of, &description, &sql, diags))
        state->copy =
            pg_copy_reader_new(state->connection, buf_str(&sql), state->batch.column_count, what,
                               reader->options.limits.max_record_bytes, reader->options.keep_raw, diags);
    buf_release(&sql);
    reader->files = ARENA_NEW(&reader->arena, struct source_file);
    *reader->files = (struct source_file){.name = what, .path = arena_copy_cstr(&reader->arena, STR(""))};
    reader->file_count = 1;
    return state->copy != NULL;
}

static enum reader_status pg_source_next(struct reader *reader, struct row_batch *batch,
                                         struct diag_list *diags) {
    struct pg_source_reader *state = reader->state;
    row_batch_reset(&state->batch);
    enum reader_status status = pg_copy_reader_next(state->copy, &state->batch, diags);
    struct row_batch *from = &state->batch;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        struct cell_column *to = &batch->columns[i];
        if (state->cell_of[i] == UINT32_MAX) {
            memset(to->state, ROW_NULL, BATCH_ROWS);
            for (uint32_t r = 0; r < from->count; r++)
                to->text[r] = STR("");
            to->clean = false;
            continue;
        }
        const struct cell_column *column = &from->columns[state->cell_of[i]];
        memcpy(to->text, column->text, sizeof *to->text * from->count);
        memcpy(to->state, column->state, from->count);
        to->clean = column->clean;
        to->checked = true;
    }
    memcpy(batch->places, from->places, sizeof *batch->places * from->count);
    batch->count = from->count;
    batch->first = from->first;
    batch->end_offset = from->end_offset;
    /* The rows' texts change hands; what the batch held was dropped by its reset. */
    struct arena texts = batch->arena;
    batch->arena = from->arena;
    from->arena = texts;
    return status;
}

static void pg_source_close(struct reader *reader) {
    struct pg_source_reader *state = reader->state;
    if (state == NULL) return;
    pg_copy_reader_close(state->copy);
    pg_close(state->connection);
    row_batch_release(&state->batch);
}

const struct reader_ops PG_READER_OPS = {pg_source_open, pg_source_next, pg_source_close};

/* -- target tables */

struct pg_copy_reader *pg_reader_query(struct pg_connection *connection, struct str select,
                                       uint32_t column_count, struct str what, struct diag_list *diags) {
    return pg_copy_reader_new(connection, trim_query(select), column_count, what,
                              READER_DEFAULT_LIMITS.max_record_bytes, false, diags);
}

struct pg_copy_reader *pg_reader_target_table(struct pg_connection *connection, const struct plan *plan,
                                              uint32_t table, const uint32_t *columns, uint32_t count,
                                              struct str from, struct diag_list *diags) {
    const struct plan_target_table *t = &plan->target.tables[table];
    struct buf sql = {0};
    buf_append_cstr(&sql, "SELECT ");
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_append_cstr(&sql, ", ");
        pg_append_identifier(&sql, t->columns[columns[i]].name);
    }
    if (count == 0) buf_append_cstr(&sql, "NULL");
    buf_append_cstr(&sql, " FROM ");
    if (from.len)
        buf_append_str(&sql, from);
    else
        pg_append_qualified(&sql, t->schema, t->name);
    /* By key, so that `first` and `last` of a lookup mean the same each time; the primary one comes first. */
    for (uint32_t i = 0; t->keys_count && i < t->keys[0].columns_count; i++) {
        buf_append_cstr(&sql, i ? ", " : " ORDER BY ");
        pg_append_identifier(&sql, t->columns[t->keys[0].columns[i]].name);
    }
    struct arena arena = {0};
    struct str what =
        t->schema.len ? arena_printf(&arena, "%.*s.%.*s", STR_ARG(t->schema), STR_ARG(t->name)) : t->name;
    struct pg_copy_reader *reader = pg_copy_reader_new(connection, buf_str(&sql), count ? count : 1, what,
                                                       READER_DEFAULT_LIMITS.max_record_bytes, false, diags);
    arena_release(&arena);
    buf_release(&sql);
    return reader;
}

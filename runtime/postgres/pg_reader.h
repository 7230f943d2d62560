/* Tables and queries of PostgreSQL as sources: COPY … TO STDOUT in text form, cells as the server prints
 * them. All readers of one database see one snapshot (REPEATABLE READ, READ ONLY) for the whole run. */
#ifndef MIG_POSTGRES_PG_READER_H
#define MIG_POSTGRES_PG_READER_H

#include "runtime/postgres/pg_connection.h"
#include "runtime/reader/reader.h"

/* reader_options.postgres_ops, for SOURCE_POSTGRES and SOURCE_QUERY; postgres_context is a struct pg_sources.
 */
extern const struct reader_ops PG_READER_OPS;

/* The databases that a run reads, each with its snapshot. Thread-safe: readers open connections of their own
 * into the shared snapshot. */
struct pg_sources;

/* target_url: for queries without a source database (query_of 0). A source's own URL comes from the
 * environment variable that plan_source.location names. options are copied (may be NULL). */
struct pg_sources *pg_sources_new(const struct plan *plan, struct str target_url,
                                  const struct pg_options *options);
void pg_sources_free(struct pg_sources *sources); /* after all of its readers are closed */

/* A reader over a target table, for lookups (KEYED_TARGET): the n-th column of the batches is columns[n] of
 * the table. from: what to read instead of the table, an item of FROM; empty: the table. Sees what is
 * committed when it is opened. The connection is the reader's alone until close, and usable afterwards. NULL
 * with a diagnostic. */
struct pg_copy_reader;
struct pg_copy_reader *pg_reader_target_table(struct pg_connection *connection, const struct plan *plan,
                                              uint32_t table, const uint32_t *columns, uint32_t count,
                                              struct str from, struct diag_list *diags);
/* The same over any SELECT without parameters that yields column_count columns. what: for messages. */
struct pg_copy_reader *pg_reader_query(struct pg_connection *connection, struct str select,
                                       uint32_t column_count, struct str what, struct diag_list *diags);
/* As reader_next: the batch was reset and has column_count columns. */
enum reader_status pg_copy_reader_next(struct pg_copy_reader *reader, struct row_batch *batch,
                                       struct diag_list *diags);
void pg_copy_reader_close(struct pg_copy_reader *reader); /* early is fine: the rest is cancelled */

#endif
